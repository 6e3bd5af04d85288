//! Puts a backup into a data folder that has no database.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use super::lock::FolderLock;
use super::manifest::Manifest;
use super::verify::{Verified, verify};
use super::{DATABASE, JOURNALS, files};
use crate::vault::Vault;

/// Copies, verifies the copy, and only then gives the files their names. `deep`: with books and secrets.
pub async fn restore(from: &Path, data_dir: &Path, deep: bool, vault: Option<&Vault>) -> Result<Verified> {
    let manifest = Manifest::read(from)?;
    let _lock = FolderLock::take(data_dir)?;
    let beside = [DATABASE.to_owned(), format!("{DATABASE}-wal"), format!("{DATABASE}-shm")];
    for name in beside.iter().map(String::as_str).chain(JOURNALS) {
        files::refuse_existing(&data_dir.join(name))?;
    }
    let new = data_dir.join("restore.unfinished");
    // We hold the lock: it is what is left of one that did not end.
    if new.exists() {
        fs::remove_dir_all(&new)?;
    }
    files::create_private_folder(&new)?;
    let restored = fill(&manifest, from, &new, deep, vault).await.and_then(|verified| {
        if verified.wrong.is_empty() {
            put_in_place(&manifest, &new, data_dir)?;
        }
        Ok(verified)
    });
    fs::remove_dir_all(&new)?;
    restored
}

async fn fill(
    manifest: &Manifest,
    from: &Path,
    new: &Path,
    deep: bool,
    vault: Option<&Vault>,
) -> Result<Verified> {
    for sum in &manifest.files {
        if sum.name != DATABASE && !JOURNALS.contains(&sum.name.as_str()) {
            bail!("{}: a backup has no such file", sum.name);
        }
        files::copy(&from.join(&sum.name), &new.join(&sum.name), None)?;
    }
    let mut verified = verify(manifest, new);
    if deep && verified.wrong.is_empty() {
        verified.read_books(new, vault).await?;
    }
    Ok(verified)
}

/// The database last: without it the others are nothing.
fn put_in_place(manifest: &Manifest, new: &Path, data_dir: &Path) -> Result<()> {
    for sum in manifest.files.iter().rev() {
        files::put_in_place(&new.join(&sum.name), &data_dir.join(&sum.name))?;
    }
    Ok(())
}
