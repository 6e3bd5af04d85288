//! Where the configuration says that everything is kept, and opening it: one way for the gateway and its commands.
//!
//! Knows: a file in the data folder, or an address of PostgreSQL and where its password may stand. Deliberately does not
//! know what is kept.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use tillgate_store::postgres::Settings;
use tillgate_store::{Nodes, Postgres, Sqlite, Store};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::random;
use crate::rooms::codepay::GATEWAY_KEY;
use crate::vault::Vault;

/// An address that may hold a password: it shows hosts and database only.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Address(Zeroizing<String>);

impl Address {
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// None: a file in the data folder.
    fn postgres(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|text| !text.is_empty())
    }

    pub fn check(&self) -> Result<()> {
        match self.postgres() {
            Some(text) if !["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) => {
                bail!("database is neither empty nor an address that begins with postgres://")
            }
            _ => Ok(()),
        }
    }

    pub fn is_postgres(&self) -> bool {
        self.postgres().is_some()
    }

    /// What is between the user and the options. An `@` among the options may belong to a password.
    fn shown(&self) -> &str {
        let text = self.0.as_str();
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        match place.rsplit_once('@') {
            Some((_, shown)) => shown,
            None if options.contains('@') => "(hidden)",
            None => place,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_postgres() {
            true => write!(f, "postgres://{}", self.shown()),
            false => f.write_str("sqlite"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a gateway needs of its database.
#[derive(Debug)]
pub struct Opened {
    pub store: Arc<dyn Store>,
    /// Opens its secrets.
    pub vault: Arc<Vault>,
    /// The others who serve from it; none where it is a file.
    pub nodes: Option<Arc<dyn Nodes>>,
}

#[derive(Clone, Copy)]
enum As {
    /// Brings it up to date.
    Gateway,
    /// Perhaps beside a gateway at work: what is out of date is refused.
    Command { creates: bool },
}

/// Opens the database for a gateway, brought up to date, and the key its secrets are sealed with.
pub async fn open(config: &Config) -> Result<Opened> {
    open_as(config, As::Gateway).await
}

/// The same for a command. `creates`: also one that is not there yet.
pub async fn open_beside(config: &Config, creates: bool) -> Result<(Arc<dyn Store>, Arc<Vault>)> {
    open_as(config, As::Command { creates }).await.map(|opened| (opened.store, opened.vault))
}

async fn open_as(config: &Config, who: As) -> Result<Opened> {
    let creates = matches!(who, As::Gateway | As::Command { creates: true });
    if creates {
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("creating {}", config.data_dir.display()))?;
    }
    match settings(config)? {
        Some(settings) => open_postgres(config, &settings, (who, creates)).await,
        None => open_file(config, (who, creates)),
    }
}

fn open_file(config: &Config, (who, creates): (As, bool)) -> Result<Opened> {
    let path = config.sqlite_file();
    // Beside a database that exists a new key would open nothing and hide that the old one is missing.
    let vault = vault(config, creates && !path.exists())?;
    let opened = match who {
        As::Gateway => Sqlite::open(&path),
        As::Command { .. } => Sqlite::open_beside(&path),
    };
    let store = opened.with_context(|| format!("opening {}", path.display()))?;
    Ok(Opened { store: Arc::new(store), vault: Arc::new(vault), nodes: None })
}

fn vault(config: &Config, creates: bool) -> Result<Vault> {
    match &config.master_key {
        Some(key) => Vault::new(&key.0),
        None => Vault::open(&config.master_key_file(), creates),
    }
}

async fn open_postgres(config: &Config, at: &Settings, (who, creates): (As, bool)) -> Result<Opened> {
    let connected = match who {
        As::Gateway => Postgres::connect(at).await,
        As::Command { .. } => Postgres::connect_beside(at).await,
    };
    let store = connected.with_context(|| format!("opening {}", config.database))?;
    let nodes: Arc<dyn Nodes> = Arc::new(store.nodes(random::hex::<6>()));
    let store: Arc<dyn Store> = Arc::new(store);
    let has_key = config.master_key.is_some() || config.master_key_file().exists();
    if creates && !has_key && holds_secrets(&*store).await? {
        bail!(
            "{} holds secrets that are sealed with another node's master key, and {} does not exist: every node needs \
             the same key. Copy the file, or set master_key_file or TILLGATE_MASTER_KEY",
            config.database,
            config.master_key_file().display()
        );
    }
    let vault = vault(config, creates)?;
    Ok(Opened { store, vault: Arc::new(vault), nodes: Some(nodes) })
}

async fn holds_secrets(store: &dyn Store) -> Result<bool> {
    if store.gateway_key(GATEWAY_KEY, None).await?.is_some() {
        return Ok(true);
    }
    Ok(store.list_credentials().await?.iter().any(|credential| !credential.keys.is_empty()))
}

/// Where PostgreSQL is, with the password, if it stands elsewhere.
pub fn settings(config: &Config) -> Result<Option<Settings>> {
    let Some(address) = config.database.postgres() else { return Ok(None) };
    let password = match (&config.database_password, &config.database_password_file) {
        (Some(password), _) => Some(password.0.to_string()),
        (None, Some(file)) => Some(password_in(file)?),
        (None, None) => None,
    };
    Ok(Some(Settings { password, connections: config.database_connections, ..Settings::new(address) }))
}

fn password_in(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file)
        .map(Zeroizing::new)
        .with_context(|| format!("reading the database's password from {}", file.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_does_not_show_its_secrets() {
        for (address, shown) in [
            ("postgres://till:se%40cret@db1:5432,db2/till?sslmode=require", "postgres://db1:5432,db2/till"),
            ("postgres://till:se@cret@db1/till", "postgres://db1/till"),
            ("postgres://till:s3cret?x@db1/till", "postgres://(hidden)"),
            ("postgres://db1/till?user=till&password=s3cret", "postgres://db1/till"),
            ("postgres://db1/till?password=s3@cret", "postgres://(hidden)"),
            ("", "sqlite"),
        ] {
            let (display, debug) =
                (Address::new(address).to_string(), format!("{:?}", Address::new(address)));
            assert_eq!((display.as_str(), debug.as_str()), (shown, shown), "{address}");
        }
        assert!(
            Address::new("mysql://db").check().is_err() && Address::new("host=db user=x").check().is_err()
        );
        assert!(Address::new("").check().is_ok() && Address::new("postgresql://db").check().is_ok());
    }

    #[test]
    fn a_password_may_stand_elsewhere() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "p@ss w/rd\n").unwrap();
        let mut config = Config::load(None).unwrap();
        let password = |config: &Config| settings(config).unwrap().map(|settings| settings.password);
        assert_eq!(password(&config), None);
        config.database = Address::new("postgres://till@db/till");
        assert_eq!(password(&config), Some(None));
        config.database_password_file = Some(file.path().to_owned());
        assert_eq!(password(&config), Some(Some("p@ss w/rd".into())));
        config.database_password = Some(crate::config::Secret("007".to_owned().into()));
        assert_eq!(password(&config), Some(Some("007".into())), "the environment's goes first");
        assert!(!format!("{config:?}").contains("007"));
    }
}
