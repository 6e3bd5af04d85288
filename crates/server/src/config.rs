//! The configuration. `tillgate default-config` prints it with every key explained; that text is the manual
//! and is itself read here, so the two cannot differ.
//!
//! Flags > `TILLGATE_*` (`TILLGATE_LISTEN`, `TILLGATE_ORDERS__LIFETIME_S`) > file > defaults.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use ipnet::IpNet;
use serde::Deserialize;

use crate::database::Address;

/// The text of `tillgate default-config`.
pub const DEFAULT: &str = include_str!("default-config.toml");

/// Read as it stands: what looks like a number would be read as one.
const DATABASE_PASSWORD: &str = "TILLGATE_DATABASE_PASSWORD";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub listen: SocketAddr,
    pub admin_listen: SocketAddr,
    pub public_url: String,
    pub data_dir: PathBuf,
    /// Empty: a file in the data folder.
    #[serde(default)]
    pub database: Address,
    pub database_connections: usize,
    pub database_password_file: Option<PathBuf>,
    /// In place of the file; from the environment only.
    pub database_password: Option<Secret>,
    /// `master.key` in the data folder if absent.
    pub master_key_file: Option<PathBuf>,
    /// In place of the file; from the environment only.
    pub master_key: Option<Secret>,
    pub log: Log,
    pub orders: Orders,
    pub limits: Limits,
    pub outbound: Outbound,
    pub notify: Notify,
    pub channels: Channels,
    pub cards: Cards,
    pub stop: Stop,
    /// Where rates were before they moved to the store; refused with a word on where they are now.
    #[serde(default)]
    rates: Option<toml::Table>,
}

/// A text that does not show itself.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub zeroize::Zeroizing<String>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    pub filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Human,
    Json,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Orders {
    pub lifetime_s: u32,
    pub barcode_lifetime_s: u32,
    pub answer_within_s: u32,
    pub verdict_within_s: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub connections: usize,
    pub header_timeout_s: u32,
    pub body_timeout_s: u32,
    pub body_bytes: usize,
    pub long_polls: usize,
    pub long_polls_per_merchant: usize,
    pub long_poll_s: u32,
    pub terminals: usize,
    pub terminal_queue: u32,
    pub crypto_threads: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbound {
    pub allow_networks: Vec<IpNet>,
    pub timeout_s: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    pub per_endpoint: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channels {
    pub timeout_s: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cards {
    pub pci_scope_acknowledged: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    pub unready_s: u32,
}

impl Config {
    /// Reads defaults, then the file, then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        Self::load_over("", file)
    }

    /// The same with other defaults over ours.
    pub fn load_over(defaults: &str, file: Option<&Path>) -> Result<Self> {
        let mut builder = config::Config::builder()
            .add_source(config::File::from_str(DEFAULT, config::FileFormat::Toml))
            .add_source(config::File::from_str(defaults, config::FileFormat::Toml));
        if let Some(file) = file {
            let text =
                std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
            builder = builder.add_source(config::File::from_str(&text, config::FileFormat::Toml));
        }
        let is_setting = |name: &str| !name.starts_with("TILLGATE_TEST_") && name != DATABASE_PASSWORD;
        let settings = std::env::vars().filter(|(name, _)| is_setting(name)).collect();
        let environment = config::Environment::with_prefix("TILLGATE")
            .prefix_separator("_")
            .separator("__")
            .ignore_empty(true)
            .try_parsing(true)
            .list_separator(",")
            .with_list_parse_key("outbound.allow_networks")
            .source(Some(settings));
        let mut config: Self = builder.add_source(environment).build()?.try_deserialize()?;
        if let Some(password) = std::env::var(DATABASE_PASSWORD).ok().filter(|password| !password.is_empty())
        {
            config.database_password = Some(Secret(password.into()));
        }
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let url = url::Url::parse(&self.public_url).context("public_url is not a URL")?;
        if !matches!(url.scheme(), "http" | "https") || self.public_url.ends_with('/') {
            bail!("public_url must be http:// or https://, without a slash at the end");
        }
        self.database.check()?;
        // A worker that waits longer than its lease loses it; a refund counts as lost after a minute.
        for (name, value, range) in [
            ("database_connections", self.database_connections, 4..=1_000),
            ("stop.unready_s", self.stop.unready_s as usize, 0..=300),
            ("limits.connections", self.limits.connections, 1..=1_000_000),
            ("limits.body_bytes", self.limits.body_bytes, 1_024..=1_048_576),
            ("limits.crypto_threads", self.limits.crypto_threads, 0..=256),
            ("limits.terminals", self.limits.terminals, 1..=1_000_000),
            ("limits.terminal_queue", self.limits.terminal_queue as usize, 1..=10_000),
            ("notify.per_endpoint", self.notify.per_endpoint, 1..=1_024),
            ("outbound.timeout_s", self.outbound.timeout_s as usize, 1..=20),
            ("channels.timeout_s", self.channels.timeout_s as usize, 1..=20),
            ("orders.lifetime_s", self.orders.lifetime_s as usize, 1..=604_800),
            ("orders.barcode_lifetime_s", self.orders.barcode_lifetime_s as usize, 1..=3_600),
            ("orders.answer_within_s", self.orders.answer_within_s as usize, 0..=60),
            ("orders.verdict_within_s", self.orders.verdict_within_s as usize, 0..=60),
        ] {
            if !range.contains(&value) {
                bail!("{name} is {value}; it must be {} to {}", range.start(), range.end());
            }
        }
        if self.rates.is_some() {
            bail!("[rates] is no longer read: rates are in the database, see tillgate rate set");
        }
        Ok(())
    }

    pub fn master_key_file(&self) -> PathBuf {
        self.master_key_file.clone().unwrap_or_else(|| self.data_dir.join("master.key"))
    }

    pub fn sqlite_file(&self) -> PathBuf {
        self.data_dir.join("tillgate.sqlite")
    }
}
