//! Where the gateway under test keeps everything, looked into from outside.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use rusqlite::{Connection as Database, OpenFlags};
use tillgate::vault::Vault;
use tillgate_store::postgres::Settings;
use tillgate_store::{Postgres, Sqlite, Store};

use super::check::{Finding, Kind};

#[derive(Debug, Clone)]
pub struct Home {
    /// Holds the key of its secrets, and the database if that is a file.
    data: PathBuf,
    /// Its address, if it is not.
    postgres: Option<String>,
}

impl Home {
    pub fn new(data: &Path) -> Self {
        Self { data: data.to_owned(), postgres: None }
    }

    pub fn shared(data: &Path, address: &str) -> Self {
        Self { data: data.to_owned(), postgres: Some(address.to_owned()) }
    }

    fn file(&self) -> PathBuf {
        self.data.join("tillgate.sqlite")
    }

    pub async fn open(&self) -> Result<Arc<dyn Store>> {
        match &self.postgres {
            Some(address) => beside(address).await,
            None => Ok(Arc::new(Sqlite::open(&self.file())?)),
        }
    }

    /// The same beside a gateway at work, to write.
    pub async fn open_beside(&self) -> Result<Arc<dyn Store>> {
        match &self.postgres {
            Some(address) => beside(address).await,
            None => Ok(Arc::new(Sqlite::open_beside(&self.file())?)),
        }
    }

    pub fn vault(&self) -> Result<Vault> {
        Vault::open(&self.data.join("master.key"), false)
    }

    /// What is wrong with the file itself, if it is one.
    pub fn damage(&self) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        if self.postgres.is_some() {
            return Ok(findings);
        }
        let database = Database::open_with_flags(self.file(), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let whole: String = database.query_row("PRAGMA integrity_check", (), |row| row.get(0))?;
        if whole != "ok" {
            findings.push(Finding::new(Kind::Lost, format!("the database is damaged: {whole}")));
        }
        let astray = database.prepare("PRAGMA foreign_key_check")?.query_map((), |_| Ok(()))?.count();
        if astray > 0 {
            findings.push(Finding::new(Kind::OneSided, format!("{astray} rows refer to nothing")));
        }
        Ok(findings)
    }
}

async fn beside(address: &str) -> Result<Arc<dyn Store>> {
    let settings = Settings { connections: CONNECTIONS, ..Settings::new(address) };
    Ok(Arc::new(Postgres::connect_beside(&settings).await?))
}

/// The gateways need theirs.
const CONNECTIONS: usize = 3;
