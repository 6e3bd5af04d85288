//! The command line. Knows how to print; what it prints comes from the store and the rooms.

mod backup;
mod codepay;
mod health;
mod ledger;
mod login;
mod merchant;
mod moving;
mod notify;
mod order;
mod rate;
mod reconcile;
mod report;
mod run;
mod sign;
pub mod sim;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tillgate_protocols::{codepay as codepay_room, latipay, ottpay};

use crate::config::{self, Config};

/// A self-hosted payment gateway that speaks Latipay v2, OTT Pay and CodePay Cloud.
#[derive(Debug, Parser)]
#[command(name = "tillgate", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs with simulated wallets and the merchants of the documents; nothing to configure.
    Sandbox(run::SandboxArgs),
    /// Runs live.
    Serve(run::ServeArgs),
    /// Prints the configuration with every key explained.
    DefaultConfig,
    /// Merchants, their accounts and keys.
    #[command(subcommand)]
    Merchant(merchant::Command),
    /// CodePay: apps, merchants, stores, terminals, batches, keys.
    #[command(subcommand)]
    Codepay(codepay::Command),
    /// Exchange rates.
    #[command(subcommand)]
    Rate(rate::Command),
    /// Signs a request: prints each step to the signature, or to the encrypted message.
    #[command(subcommand)]
    Sign(sign::SignRoom),
    /// Checks a message: says in which form it is right, or why it is not.
    #[command(subcommand)]
    Verify(sign::VerifyRoom),
    /// Orders.
    #[command(subcommand)]
    Order(order::Command),
    /// The books: whether they are right.
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Balances, statements, batches.
    #[command(subcommand)]
    Report(report::Command),
    /// Channels' statements against what we did.
    #[command(subcommand)]
    Reconcile(reconcile::Command),
    /// Copies the database while a gateway works, with what is needed to verify the copy.
    Backup(backup::BackupArgs),
    /// Verifies a backup, or puts it into a new data folder.
    Restore(backup::RestoreArgs),
    /// Writes a stopped gateway's whole store into one file.
    Export(moving::ExportArgs),
    /// Fills an empty store from such a file.
    Import(moving::ImportArgs),
    /// Notifications to merchants.
    #[command(subcommand)]
    Notify(notify::Command),
    /// Prints a room's OpenAPI document.
    Openapi {
        #[arg(default_value = "latipay")]
        room: DocumentName,
    },
    /// Simulated devices that talk to a running gateway.
    #[command(subcommand)]
    Sim(sim::Command),
    /// Asks a running gateway whether it is ready; for containers and supervisors.
    Healthcheck(health::Args),
}

/// A room with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum DocumentName {
    Latipay,
    Ottpay,
    Codepay,
}

/// Where the data is, for commands beside a running gateway.
#[derive(Debug, clap::Args)]
struct DataArgs {
    /// The configuration file.
    #[arg(short, long)]
    config: Option<PathBuf>,
    /// The data folder, in place of the configured one.
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

impl DataArgs {
    fn config(&self) -> Result<Config> {
        let mut config = Config::load(self.config.as_deref())?;
        if let Some(data_dir) = &self.data_dir {
            config.data_dir.clone_from(data_dir);
        }
        Ok(config)
    }
}

pub fn main() -> ExitCode {
    match dispatch(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tillgate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<ExitCode> {
    // A socket for each till that waits.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Sandbox(args) => run::sandbox(args).await?,
            Command::Serve(args) => run::serve(args).await?,
            Command::DefaultConfig => say(config::DEFAULT.trim_end()),
            Command::Merchant(command) => merchant::run(command).await?,
            Command::Codepay(command) => codepay::run(command).await?,
            Command::Rate(command) => rate::run(command).await?,
            Command::Sign(room) => sign::sign(room)?,
            Command::Verify(room) => return sign::verify(room),
            Command::Order(command) => order::run(command).await?,
            Command::Ledger(command) => return ledger::run(command).await,
            Command::Report(command) => report::run(command).await?,
            Command::Reconcile(command) => return reconcile::run(command).await,
            Command::Backup(args) => backup::backup(&args)?,
            Command::Restore(args) => return backup::restore(&args).await,
            Command::Export(args) => moving::export(&args).await?,
            Command::Import(args) => return moving::import(&args).await,
            Command::Notify(command) => notify::run(command).await?,
            Command::Openapi { room } => {
                let document = match room {
                    DocumentName::Latipay => latipay::openapi::document(),
                    DocumentName::Ottpay => ottpay::openapi::document(),
                    DocumentName::Codepay => codepay_room::openapi::document(),
                };
                say(&serde_json::to_string_pretty(&document)?);
            }
            Command::Sim(command) => return sim::run(command).await,
            Command::Healthcheck(args) => return health::check(args).await,
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Prints a line for people; a closed pipe is no error. What merchants and shops sent cannot steer the terminal.
fn say(text: &str) {
    use std::io::Write as _;
    let shown: String = text
        .chars()
        .map(|c| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    let _ = writeln!(std::io::stdout(), "{shown}");
}

/// What merchants and payers wrote, on one line: it cannot pass for a line of ours.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
