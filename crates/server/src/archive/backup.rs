//! Takes a backup beside a gateway at work.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use tillgate_store::sqlite::transfer;
use tillgate_store::transfer::{SCHEMA, catalogue};

use super::manifest::{FileSum, Manifest};
use super::{DATABASE, JOURNALS, files};

/// Makes the folder `to`: the database as it is at one moment, the sandbox's journals, and the manifest.
pub fn take(database: &Path, to: &Path, program: &str, made_at: &str) -> Result<Manifest> {
    if !database.exists() {
        bail!("there is no database at {}", database.display());
    }
    let schema = transfer::schema_of(database)?;
    if schema != SCHEMA as usize {
        bail!(
            "the database has schema {schema}, this program {SCHEMA}: take the backup with the tillgate that runs it, before this one's gateway brings it up to date"
        );
    }
    files::refuse_existing(to)?;
    let new = files::unfinished(to);
    files::create_private_folder(&new)
        .context("it is another backup at work, or what is left of one that did not end; then remove it")?;
    let taken = fill(database, &new, program, made_at).and_then(|manifest| {
        fs::File::open(&new)?.sync_all()?;
        files::put_in_place(&new, to)?;
        Ok(manifest)
    });
    if taken.is_err() {
        let _ = fs::remove_dir_all(&new);
    }
    taken
}

fn fill(database: &Path, new: &Path, program: &str, made_at: &str) -> Result<Manifest> {
    let copy = new.join(DATABASE);
    // Made first, so that it is private from its first byte.
    drop(files::create_private(&copy)?);
    transfer::copy_file(database, &copy).context("copying the database")?;
    let faults = transfer::faults_in_file(&copy)?;
    if !faults.is_empty() {
        bail!("the database is damaged; nothing was kept of this copy:\n{}", faults.join("\n"));
    }
    let summary = transfer::sum_file(&copy, catalogue())?;
    let mut sums = vec![FileSum::of(new, DATABASE)?];
    // After the database: of what it knows nothing is missing, as with a real channel.
    let folder = database.parent().unwrap_or(Path::new("."));
    for name in JOURNALS {
        let journal = folder.join(name);
        if journal.exists() {
            files::copy(&journal, &new.join(name), Some(whole_lines(&journal)?))?;
            sums.push(FileSum::of(new, name)?);
        }
    }
    Manifest::new(program, made_at, sums, catalogue(), summary).write(new)
}

/// How many bytes: the last line may be half written.
fn whole_lines(journal: &Path) -> Result<u64> {
    let (mut reader, mut whole, mut line) = (BufReader::new(fs::File::open(journal)?), 0, Vec::new());
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Ok(whole);
        }
        whole += read as u64;
    }
}
