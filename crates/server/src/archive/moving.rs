//! A stopped gateway's store as one file, and a new store from such a file.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::Path;

use anyhow::{Context as _, Result};
use tillgate_store::sqlite::transfer;
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

/// Writes every row of the database into a new file.
pub fn export(database: &Path, to: &Path, program: &str, made_at: &str) -> Result<Summary> {
    files::refuse_existing(to)?;
    let new = files::unfinished(to);
    let file = files::create_private(&new)
        .context("it is another export at work, or what is left of one that did not end; then remove it")?;
    let written = write(database, file, program, made_at).and_then(|summary| {
        files::put_in_place(&new, to)?;
        Ok(summary)
    });
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

fn write(database: &Path, file: File, program: &str, made_at: &str) -> Result<Summary> {
    let mut writer = Writer::new(BufWriter::with_capacity(1 << 18, file), &Header::new(program, made_at))?;
    transfer::read_file(database, &mut writer)?;
    let (file, summary) = writer.finish()?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    Ok(summary)
}

/// Opens a file for an import; each secret in it must open with our key.
fn source<'a>(from: &Path, vault: &'a Vault) -> Result<Opened<'a, Reader<BufReader<File>>>> {
    let file = File::open(from).with_context(|| format!("opening {}", from.display()))?;
    let source = Reader::open(BufReader::with_capacity(1 << 18, file))?;
    Ok(Opened { source, opening: Opening::new(vault) })
}

/// Makes a database of the file, whole or not at all.
pub fn import_file(from: &Path, database: &Path, vault: &Vault) -> Result<Moved> {
    let mut source = source(from, vault)?;
    let summary = transfer::create_file(database, &mut source)?;
    Ok(Moved { summary, secrets: source.opening.opened })
}
