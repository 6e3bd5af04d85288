//! `codepay app | merchant | store | terminal | batch | key | sandbox-key`: who speaks in the CodePay room, and the
//! batches of its terminals. Works beside a running gateway, which sees a change within 2 seconds.

mod app;
mod batch;
mod merchant;
mod shop;
mod terminal;

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;
use tillgate_store::{Credential, Store};

use super::merchant::{account_line, say_rows};
use super::{DataArgs, one_line, say};
use crate::rooms::codepay::{MERCHANTS, MerchantSettings, ROOM, StoreEntry, TERMINALS};
use crate::sandbox::codepay as sandbox;
use crate::{app as gateway, database};

/// Characters of a login, a store's number, a serial number: what the wire has room for.
const NUMBER_MAX: usize = 32;
/// Said after every change.
const SEEN: &str = "a running gateway sees it within 2 seconds";

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Apps: whoever sends requests, with a key pair or a password.
    #[command(subcommand)]
    App(app::Command),
    /// Merchants, by their `merchant_no`.
    #[command(subcommand)]
    Merchant(merchant::Command),
    /// Merchants' stores.
    #[command(subcommand)]
    Store(shop::Command),
    /// Card terminals, by their serial number.
    #[command(subcommand)]
    Terminal(terminal::Command),
    /// Terminals' batches.
    #[command(subcommand)]
    Batch(batch::Command),
    /// Prints the gateway's public key, with which apps check answers and callbacks.
    Key(KeyArgs),
    /// Prints the private key of the sandbox's app. Everyone knows it; a live gateway refuses it.
    SandboxKey,
}

#[derive(Debug, clap::Args)]
pub struct KeyArgs {
    #[command(flatten)]
    data: DataArgs,
}

pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::App(command) => app::run(command).await,
        Command::Merchant(command) => merchant::run(command).await,
        Command::Store(command) => shop::run(command).await,
        Command::Terminal(command) => terminal::run(command).await,
        Command::Batch(command) => batch::run(command).await,
        Command::Key(args) => key(args).await,
        Command::SandboxKey => sandbox_key(),
    }
}

/// The key of the gateway's first start; made now if there has been none.
async fn key(args: KeyArgs) -> Result<()> {
    let (store, vault) = database::open_beside(&args.data.config()?, false).await?;
    let key = gateway::gateway_key(&*store, &vault).await?;
    say(&key.public().to_text());
    Ok(())
}

fn sandbox_key() -> Result<()> {
    // Apart from the key, so that what is printed can be kept in a file.
    eprintln!("the private key of the sandbox's app {}: everyone knows it", sandbox::APP_ID);
    say(&sandbox::app_key()?.to_text());
    Ok(())
}

/// A switch that is turned one way or the other, or left alone.
#[derive(Debug, clap::Args)]
struct EnabledArgs {
    /// Lets it take part again.
    #[arg(long, conflicts_with = "disabled")]
    enabled: bool,
    /// Refuses it; what is under way goes on.
    #[arg(long)]
    disabled: bool,
}

impl EnabledArgs {
    fn is_given(&self) -> bool {
        self.enabled || self.disabled
    }

    fn over(&self, was: bool) -> bool {
        if self.is_given() { self.enabled } else { was }
    }
}

/// A number somebody gave: plain characters, and not more than the wire has room for.
fn checked<'t>(what: &str, text: &'t str) -> Result<&'t str> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if text.is_empty() || text.len() > NUMBER_MAX || !is_plain {
        bail!("{what} {}: 1 to {NUMBER_MAX} letters, digits, - and _", one_line(text));
    }
    Ok(text)
}

/// A name as payers and cashiers see it.
fn checked_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if name.is_empty() || name.contains(char::is_control) {
        bail!("--name is empty, or has characters that cannot be printed");
    }
    Ok(name)
}

async fn found(store: &dyn Store, (room, what): (&str, &str), login: &str) -> Result<Credential> {
    let found = store.load_credential(room, login).await?;
    found.with_context(|| format!("there is no {what} {}", one_line(login)))
}

async fn found_app(store: &dyn Store, app_id: &str) -> Result<Credential> {
    found(store, (ROOM, "app"), app_id).await
}

async fn found_merchant(store: &dyn Store, merchant_no: &str) -> Result<Credential> {
    found(store, (MERCHANTS, "merchant"), merchant_no).await
}

async fn found_terminal(store: &dyn Store, terminal_sn: &str) -> Result<Credential> {
    found(store, (TERMINALS, "terminal"), terminal_sn).await
}

fn settings_of<S: DeserializeOwned>(credential: &Credential) -> Result<S> {
    serde_json::from_str(&credential.settings)
        .with_context(|| format!("the settings of {}", credential.login))
}

fn stores_of(merchant: &Credential) -> Result<Vec<StoreEntry>> {
    Ok(settings_of::<MerchantSettings>(merchant)?.stores)
}

/// Refuses a store the merchant does not have, and names those he has.
fn check_store(merchant: &Credential, store_no: &str) -> Result<()> {
    let stores = stores_of(merchant)?;
    if stores.iter().any(|store| store.store_no == store_no) {
        return Ok(());
    }
    let known: Vec<&str> = stores.iter().map(|store| store.store_no.as_str()).collect();
    let known =
        if known.is_empty() { "it has none yet".into() } else { format!("it has {}", known.join(", ")) };
    bail!("merchant {} has no store {}: {known}", merchant.login, one_line(store_no))
}

/// All logins of a directory, by merchant.
async fn listed(store: &Arc<dyn Store>, room: &str) -> Result<Vec<Credential>> {
    let all = store.list_credentials().await?;
    Ok(all.into_iter().filter(|credential| credential.room == room).collect())
}

fn state_word(credential: &Credential) -> &'static str {
    if credential.enabled { "" } else { "  DISABLED" }
}
