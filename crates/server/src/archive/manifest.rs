//! What stands beside a backup: when it was made of what, and what it must come to.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use tillgate_store::transfer::{SCHEMA, Summary, Table};

use super::files;

pub const NAME: &str = "manifest.json";
const FORMAT: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub tillgate_backup: u32,
    pub schema: u32,
    pub program: String,
    pub made_at: String,
    pub files: Vec<FileSum>,
    /// So that a later program can read this one's rows.
    pub tables: Vec<Table>,
    pub summary: Summary,
    /// Of this text, with nothing here.
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSum {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

impl FileSum {
    pub fn of(folder: &Path, name: &str) -> Result<Self> {
        let (bytes, sha256) = files::sum(&folder.join(name))?;
        Ok(Self { name: name.to_owned(), bytes, sha256 })
    }
}

/// What a manifest of any version has.
#[derive(Deserialize)]
struct AnyManifest {
    tillgate_backup: u32,
    schema: u32,
    program: String,
}

impl Manifest {
    pub fn new(
        program: &str,
        made_at: &str,
        files: Vec<FileSum>,
        tables: &[Table],
        summary: Summary,
    ) -> Self {
        Self {
            tillgate_backup: FORMAT,
            schema: SCHEMA,
            program: program.to_owned(),
            made_at: made_at.to_owned(),
            files,
            tables: tables.to_vec(),
            summary,
            sha256: String::new(),
        }
    }

    fn text(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    fn digest(&self) -> Result<String> {
        let bare = Self { sha256: String::new(), ..self.clone() };
        Ok(hex::encode(digest(&SHA256, bare.text()?.as_bytes())))
    }

    pub fn write(mut self, folder: &Path) -> Result<Self> {
        self.sha256 = self.digest()?;
        files::write_private(&folder.join(NAME), &self.text()?)?;
        Ok(self)
    }

    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{} is no backup of tillgate: reading {NAME}", folder.display()))?;
        let any: AnyManifest = serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged, or another program's", path.display()))?;
        if any.tillgate_backup > FORMAT || any.schema > SCHEMA {
            bail!(
                "the backup was made by tillgate {} with schema {}, this program knows up to {SCHEMA}: use the newer tillgate",
                any.program,
                any.schema
            );
        }
        let damaged = || format!("{} is damaged", path.display());
        let manifest: Self = serde_json::from_str(&text).with_context(damaged)?;
        if manifest.text()? != text || manifest.digest()? != manifest.sha256 {
            bail!("{}: it is not what was written", damaged());
        }
        Ok(manifest)
    }
}
