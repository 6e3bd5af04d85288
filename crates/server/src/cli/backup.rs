//! `backup` and `restore`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};

use super::{DataArgs, say};
use crate::archive::{self, Manifest, Verified};
use crate::clock;
use crate::config::Config;
use crate::vault::Vault;

#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The folder to make. Nothing is written over.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// The folder a backup has made.
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// The data folder to fill; there must be no database in it. Without it nothing is restored.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Reads the books of the backup too, and opens each secret if the master key is there.
    #[arg(long)]
    verify: bool,
    /// The configuration file: it says where the master key is.
    #[arg(short, long)]
    config: Option<PathBuf>,
}

/// How much lower than the gateway's its priority is.
const NICER: i32 = 10;

pub fn backup(args: &BackupArgs) -> Result<()> {
    let _ = rustix::process::nice(NICER);
    let config = args.data.config()?;
    if config.database.is_postgres() {
        bail!(
            "a PostgreSQL database is backed up by its own tools: pg_basebackup or pg_dump, see docs/backup.md"
        );
    }
    let made_at = clock::iso(clock::now());
    let manifest = archive::take(&config.sqlite_file(), &args.to, env!("CARGO_PKG_VERSION"), &made_at)?;
    say(&format!("{} is made\n{}", args.to.display(), contents(&manifest)));
    say(&match config.master_key {
        Some(_) => "The master key (TILLGATE_MASTER_KEY) is not in it.".to_owned(),
        None => format!("The master key ({}) is not in it.", config.master_key_file().display()),
    });
    say(
        "Keep a copy of the key in another place: without it the secrets in the backup are lost, and whoever has both has them.",
    );
    Ok(())
}

/// What a backup holds, in a few lines.
fn contents(manifest: &Manifest) -> String {
    let mut text =
        format!("made {} by tillgate {}, schema {}", manifest.made_at, manifest.program, manifest.schema);
    for file in &manifest.files {
        text += &format!("\n  {:<18} {} bytes", file.name, file.bytes);
    }
    let rows = |table: &str| manifest.summary.rows_of(table);
    text += &format!(
        "\n  {} merchants, {} orders, {} events, {} rows in all",
        rows("merchants"),
        rows("orders"),
        rows("events"),
        manifest.summary.rows()
    );
    for (currency, minor) in manifest.summary.by_currency() {
        text += &format!("\n  ledger {currency}: debits less credits {minor}");
    }
    text
}

pub async fn restore(args: &RestoreArgs) -> Result<ExitCode> {
    let mut config = Config::load(args.config.as_deref())?;
    if let Some(data_dir) = &args.data_dir {
        config.data_dir.clone_from(data_dir);
    } else if !args.verify {
        bail!("restore needs --data-dir, the folder to fill, or --verify, to look only");
    }
    let vault = if args.verify { present_key(&config)? } else { None };
    let manifest = Manifest::read(&args.from)?;
    say(&contents(&manifest));
    let verified = match &args.data_dir {
        Some(data_dir) => archive::restore(&args.from, data_dir, args.verify, vault.as_ref()).await?,
        None => looked_at(&manifest, &args.from, vault.as_ref()).await?,
    };
    if !verified.wrong.is_empty() {
        for what in &verified.wrong {
            say(&super::one_line(what));
        }
        bail!(
            "the backup is not good{}",
            if args.data_dir.is_some() { "; nothing was restored" } else { "" }
        );
    }
    say("Files and rows are as they were written.");
    if args.verify {
        say(&words(&verified, &manifest, &config));
    }
    if let Some(data_dir) = &args.data_dir {
        say(&format!("Restored to {}.", data_dir.display()));
        if config.master_key.is_none() && !config.master_key_file().exists() {
            say(&format!("Put the master key at {} before you start.", config.master_key_file().display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn looked_at(manifest: &Manifest, from: &Path, vault: Option<&Vault>) -> Result<Verified> {
    let mut verified = archive::verify(manifest, from);
    if verified.wrong.is_empty() {
        verified.read_books(from, vault).await?;
    }
    Ok(verified)
}

fn words(verified: &Verified, manifest: &Manifest, config: &Config) -> String {
    let books = match verified.orders {
        Some(orders) => format!("The books of {orders} orders are right."),
        None => format!(
            "The books were not read: schema {} is an older one. Use ledger check once a gateway has brought it up to date.",
            manifest.schema
        ),
    };
    let secrets = match verified.secrets {
        Some(count) => format!("{count} secrets open with the master key."),
        None if verified.orders.is_none() => "Nor were secrets opened.".to_owned(),
        None => format!(
            "No secret was opened: there is no master key at {} nor in TILLGATE_MASTER_KEY.",
            config.master_key_file().display()
        ),
    };
    format!("{books}\n{secrets}")
}

fn present_key(config: &Config) -> Result<Option<Vault>> {
    match &config.master_key {
        Some(key) => Vault::new(&key.0).map(Some),
        None if config.master_key_file().exists() => Vault::open(&config.master_key_file(), false).map(Some),
        None => Ok(None),
    }
}
