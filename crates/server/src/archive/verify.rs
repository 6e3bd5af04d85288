//! Whether a backup is what it was when it was made.

use std::path::Path;

use anyhow::Result;
use tillgate_store::Sqlite;
use tillgate_store::sqlite::transfer;
use tillgate_store::transfer::SCHEMA;

use super::manifest::{FileSum, Manifest};
use super::secrets::Opening;
use super::{DATABASE, JOURNALS};
use crate::books::check::check;
use crate::vault::Vault;

/// What was looked at, and everything that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    pub wrong: Vec<String>,
    /// Secrets that opened; `None`: there was no key to try.
    pub secrets: Option<u64>,
    /// Orders whose books were read; `None`: they were not.
    pub orders: Option<u64>,
}

/// Files against their sums, rows against theirs, and what SQLite itself says.
pub fn verify(manifest: &Manifest, folder: &Path) -> Verified {
    let mut verified = Verified::default();
    let wrong = &mut verified.wrong;
    if !manifest.files.iter().any(|sum| sum.name == DATABASE) {
        wrong.push(format!("the manifest names no {DATABASE}"));
    }
    for expected in &manifest.files {
        let name = &expected.name;
        if name != DATABASE && !JOURNALS.contains(&name.as_str()) {
            wrong.push(format!("{name}: a backup has no such file"));
            continue;
        }
        match FileSum::of(folder, name) {
            Err(error) => wrong.push(format!("{name}: {error:#}")),
            Ok(found) if found.bytes != expected.bytes => {
                wrong.push(format!("{name}: {} bytes, there should be {}", found.bytes, expected.bytes));
            }
            Ok(found) if found.sha256 != expected.sha256 => {
                wrong.push(format!("{name}: it is not what was written (SHA-256)"));
            }
            Ok(_) => {}
        }
    }
    let database = folder.join(DATABASE);
    if !database.exists() {
        return verified;
    }
    match transfer::schema_of(&database) {
        Ok(schema) if schema == manifest.schema as usize => {}
        Ok(schema) => wrong.push(format!("{DATABASE}: schema {schema}, there should be {}", manifest.schema)),
        Err(error) => wrong.push(format!("{DATABASE}: {error}")),
    }
    match transfer::faults_in_file(&database) {
        Ok(faults) => wrong.extend(faults.into_iter().map(|fault| format!("{DATABASE}: {fault}"))),
        Err(error) => wrong.push(format!("{DATABASE}: {error}")),
    }
    match transfer::sum_file(&database, &manifest.tables) {
        Ok(found) => wrong.extend(manifest.summary.differences(&found)),
        Err(error) => wrong.push(format!("{DATABASE}: {error}")),
    }
    verified
}

impl Verified {
    /// Reads the books too, and opens every secret if there is a key.
    pub async fn read_books(&mut self, folder: &Path, vault: Option<&Vault>) -> Result<()> {
        let database = folder.join(DATABASE);
        if transfer::schema_of(&database)? != SCHEMA as usize {
            return Ok(());
        }
        let store = Sqlite::open_copy(&database)?;
        let looked = check(&store, None, &mut |finding| self.wrong.push(finding.to_string())).await?;
        self.orders = Some(looked.orders);
        if let Some(vault) = vault {
            let mut opening = Opening::new(vault);
            if let Err(error) = transfer::read_copy(&database, &mut opening) {
                self.wrong.push(error.to_string());
            }
            self.secrets = Some(opening.opened);
        }
        Ok(())
    }
}
