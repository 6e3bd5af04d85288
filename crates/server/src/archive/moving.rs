//! A stopped gateway's store as one file, and a new store from such a file.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tillgate_store::postgres::{Settings, transfer as in_postgres};
use tillgate_store::sqlite::transfer as in_sqlite;
use tillgate_store::transfer::{Header, Reader, Summary, Writer};

use super::files;
use super::secrets::{Opened, Opening};
use crate::vault::Vault;

/// What was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub summary: Summary,
    /// Secrets that this gateway's key opened on the way.
    pub secrets: u64,
}

/// Where a store is.
#[derive(Debug)]
pub enum Place {
    File(PathBuf),
    Postgres(Settings),
}

/// Writes every row of the store into a new file.
pub async fn export(from: &Place, to: &Path, program: &str, made_at: &str) -> Result<Summary> {
    files::refuse_existing(to)?;
    let new = files::unfinished(to);
    let file = files::create_private(&new)
        .context("it is another export at work, or what is left of one that did not end; then remove it")?;
    let written = write(from, file, program, made_at).await.and_then(|summary| {
        files::put_in_place(&new, to)?;
        Ok(summary)
    });
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

async fn write(from: &Place, file: File, program: &str, made_at: &str) -> Result<Summary> {
    let mut writer = Writer::new(BufWriter::with_capacity(1 << 18, file), &Header::new(program, made_at))?;
    match from {
        Place::File(database) => in_sqlite::read_file(database, &mut writer)?,
        Place::Postgres(settings) => in_postgres::read_rows(settings, &mut writer).await?,
    }
    let (file, summary) = writer.finish()?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    Ok(summary)
}

/// Makes a store of the file, whole or not at all. Each secret in it must open with our key.
pub async fn import(from: &Path, to: &Place, vault: &Vault) -> Result<Moved> {
    let file = File::open(from).with_context(|| format!("opening {}", from.display()))?;
    let source = Reader::open(BufReader::with_capacity(1 << 18, file))?;
    let mut source = Opened { source, opening: Opening::new(vault) };
    let summary = match to {
        Place::File(database) => in_sqlite::create_file(database, &mut source)?,
        Place::Postgres(settings) => in_postgres::fill(settings, &mut source).await?,
    };
    Ok(Moved { summary, secrets: source.opening.opened })
}
