//! `export` and `import`: a stopped gateway's store moves to another one.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use tillgate_store::postgres::Settings;
use tillgate_store::transfer::Summary;
use tillgate_store::{Postgres, Sqlite, Store};

use super::{DataArgs, one_line, say};
use crate::archive::{self, FolderLock, Place};
use crate::books::check::check;
use crate::clock;
use crate::config::Config;
use crate::database;
use crate::vault::Vault;

/// Where the store is.
#[derive(Debug, clap::Args)]
struct StoreArgs {
    #[command(flatten)]
    data: DataArgs,
    /// A PostgreSQL database, postgres://…, in place of the one in the data folder.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Its password. Others on this machine can read a command line, so give it in the environment.
    #[arg(long, env = "PGPASSWORD", hide_env_values = true, hide = true)]
    database_password: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// The file to make. Nothing is written over.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// The file an export has made.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

impl StoreArgs {
    fn place(&self, config: &Config) -> Result<Place> {
        let configured = database::settings(config)?;
        Ok(match (&self.database, configured) {
            (Some(url), _) => Place::Postgres(Settings {
                password: self.database_password.clone(),
                ..Settings::new(url.clone())
            }),
            (None, Some(settings)) => Place::Postgres(settings),
            (None, None) => Place::File(config.sqlite_file()),
        })
    }
}

pub async fn export(args: &ExportArgs) -> Result<()> {
    let config = args.store.data.config()?;
    let place = args.store.place(&config)?;
    let _lock = match &place {
        Place::File(database) if !database.exists() => {
            bail!("there is no database at {}", database.display())
        }
        Place::File(_) => Some(FolderLock::take(&config.data_dir)?),
        Place::Postgres(_) => None,
    };
    let made_at = clock::iso(clock::now());
    let summary = archive::export(&place, &args.to, env!("CARGO_PKG_VERSION"), &made_at).await?;
    say(&format!("{} is made\n{}", args.to.display(), contents(&summary)));
    say("The master key is not in it: the gateway that imports it needs the same one.");
    Ok(())
}

fn contents(summary: &Summary) -> String {
    let tables = summary.tables.iter().filter(|sum| sum.rows > 0);
    let mut text: Vec<String> = tables.map(|sum| format!("  {:<22} {}", sum.table, sum.rows)).collect();
    let sums = summary.by_currency().into_iter();
    text.extend(sums.map(|(currency, minor)| format!("  ledger {currency}: debits less credits {minor}")));
    text.join("\n")
}

pub async fn import(args: &ImportArgs) -> Result<ExitCode> {
    let config = args.store.data.config()?;
    let place = args.store.place(&config)?;
    let _lock = match &place {
        Place::File(_) => Some(FolderLock::take(&config.data_dir)?),
        Place::Postgres(_) => None,
    };
    let vault = vault(&config)?;
    let moved = archive::import(&args.from, &place, &vault)
        .await
        .with_context(|| format!("nothing was imported from {}", args.from.display()))?;
    let (file, rows) = (args.from.display(), contents(&moved.summary));
    say(&format!("{file} is imported and was read back: the same rows\n{rows}"));
    say(&format!("{} secrets open with the master key", moved.secrets));
    let store: Arc<dyn Store> = match &place {
        Place::File(database) => Arc::new(Sqlite::open_beside(database)?),
        Place::Postgres(settings) => Arc::new(Postgres::connect_beside(settings).await?),
    };
    confirm(&*store, &moved.summary).await
}

fn vault(config: &Config) -> Result<Vault> {
    match &config.master_key {
        Some(key) => Vault::new(&key.0),
        None => Vault::open(&config.master_key_file(), false)
            .context("the key of the gateway that was exported must be there first"),
    }
}

/// Asks the new store itself, in the ways a gateway does.
async fn confirm(store: &dyn Store, summary: &Summary) -> Result<ExitCode> {
    let mut held = Vec::new();
    for merchant in store.list_merchants().await? {
        for balance in store.balances(merchant, None).await? {
            let currency = balance.amount.currency.code().to_owned();
            held.push((i64::from(merchant.0), balance.account.to_string(), currency, balance.amount.minor));
        }
    }
    let told = summary.balances.iter();
    let told: Vec<_> =
        told.map(|held| (held.merchant, held.account.clone(), held.currency.clone(), held.minor)).collect();
    if held != told {
        bail!("the accounts do not hold what the file says: do not use this store");
    }
    let mut tell = |finding| say(&one_line(&format!("{finding}")));
    let looked = check(store, None, &mut tell).await?;
    if looked.findings > 0 {
        say(&format!("{} things are wrong in the books; they came with the file", looked.findings));
        return Ok(ExitCode::FAILURE);
    }
    say(&format!("{} accounts hold the same, the books of {} orders are right", held.len(), looked.orders));
    Ok(ExitCode::SUCCESS)
}
