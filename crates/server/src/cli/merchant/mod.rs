//! `merchant add | list | set | rotate-key | set-wallet | set-account | enable | disable`.

mod account;
mod add;
pub mod fees;
mod set;
mod switches;

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Result;
use tillgate_core::{Account, Fee, FeePlan, MerchantId, Method, Money, OnRefund};
use tillgate_store::{Credential, NewKey, Store};

use super::login::{self, Logins as _, OrderRoom, RoomName};
use super::{DataArgs, one_line, rate, say};
use crate::rooms::{self, new_key};
use crate::{clock, database, random};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Adds a merchant with a login and its accounts; prints the key once.
    Add(add::AddArgs),
    /// Lists merchants, logins and accounts; never a key.
    List(ListArgs),
    /// Changes a login's name and switches.
    Set(set::SetArgs),
    /// Makes a new key; the old one stays valid for a while.
    RotateKey(RotateArgs),
    /// Latipay: adds a wallet to a user, or changes it. Orders that exist keep their terms.
    SetWallet(account::WalletArgs),
    /// OTT Pay: adds a currency to a merchant_id, or changes it. Orders that exist keep their terms.
    SetAccount(account::AccountArgs),
    /// What an account's payments cost: rate, fixed part, VAT, what refunds give back; for all methods or one.
    SetFee(fees::SetFeeArgs),
    /// Lets a login call again.
    Enable(LoginArgs),
    /// Refuses a login's calls; payments under way go on.
    Disable(LoginArgs),
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Only this room's logins.
    #[arg(long)]
    room: Option<OrderRoom>,
}

#[derive(Debug, clap::Args)]
pub struct RotateArgs {
    #[command(flatten)]
    login: LoginArgs,
    /// How long the old key is still accepted, hours.
    #[arg(long, default_value_t = 24)]
    old_valid_hours: i64,
}

#[derive(Debug, clap::Args)]
pub struct LoginArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Whichever room has the login if absent.
    #[arg(long)]
    room: Option<RoomName>,
    /// The Latipay user_id or the OTT Pay merchant_id.
    login: String,
}

impl LoginArgs {
    async fn open(&self) -> Result<(Arc<dyn Store>, RoomName, Credential)> {
        let (store, _) = database::open_beside(&self.data.config()?, false).await?;
        let (room, credential) = login::find(&*store, self.room, &self.login).await?;
        Ok((store, room, credential))
    }
}

pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Add(args) => add::run(args).await,
        Command::List(args) => list(args).await,
        Command::Set(args) => set::run(args).await,
        Command::RotateKey(args) => rotate_key(args).await,
        Command::SetWallet(args) => account::set_wallet(args).await,
        Command::SetAccount(args) => account::set_account(args).await,
        Command::SetFee(args) => fees::set_fee(args).await,
        Command::Enable(login) => enable(login, true).await,
        Command::Disable(login) => enable(login, false).await,
    }
}

/// What a room calls a login and its secret.
fn words(room: RoomName) -> (&'static str, &'static str) {
    match room {
        RoomName::Latipay => ("user_id", "api_key"),
        RoomName::Ottpay => ("merchant_id", "sign_key"),
    }
}

fn fresh_key(room: RoomName) -> String {
    match room {
        RoomName::Latipay => random::hex::<24>(),
        RoomName::Ottpay => random::hex::<16>().to_uppercase(),
    }
}

/// Prints names and values under each other.
pub fn say_rows(rows: &[(&str, &str)]) {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, value) in rows {
        say(&format!("{name:<width$}  {value}"));
    }
}

/// Says so if merchants cannot sell in one of these yet.
async fn note_missing_rates(store: &dyn Store, accounts: &[Account]) -> Result<()> {
    let lacking = rate::without_rate(store).await?;
    let own = lacking.iter().filter(|lacking| accounts.iter().any(|account| account.currency == **lacking));
    let codes: Vec<&str> = own.map(|currency| currency.code()).collect();
    if let Some(first) = codes.first() {
        let codes = codes.join(", ");
        say(&format!("\nNothing can be sold in {codes} yet: set a rate, tillgate rate set {first} …"));
    }
    Ok(())
}

async fn list(args: ListArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let mut last = None;
    for credential in store.list_credentials().await? {
        // Apps and terminals have lists of their own.
        let is_apart = [rooms::codepay::ROOM, rooms::codepay::TERMINALS].contains(&credential.room.as_str());
        if is_apart || args.room.is_some_and(|room| room.directory() != credential.room) {
            continue;
        }
        let MerchantId(merchant) = credential.merchant;
        if last != Some(merchant) {
            say(&format!("merchant {merchant}  {}", one_line(&credential.merchant_name)));
            last = Some(merchant);
        }
        let state = if credential.enabled { "" } else { "  DISABLED" };
        say(&format!(
            "  {} {}  {}{}{state}",
            credential.room,
            credential.login,
            one_line(&credential.name),
            switches::shown(&credential)?
        ));
        for account in &credential.accounts {
            say(&format!("    {}", account_line(account)));
        }
    }
    Ok(())
}

/// Code, currency, methods, fee and limit.
pub fn account_line(account: &Account) -> String {
    let methods: Vec<&str> = account.methods.iter().map(Method::as_str).collect();
    let fee = account.fees.as_ref().map_or_else(|| "no fee plan".into(), |fees| fees_shown(fees, account));
    let limit = account
        .payment_limit_minor
        .map(|limit| format!("  limit {}", Money::new(limit, account.currency)))
        .unwrap_or_default();
    format!("{}  {}  {}  {fee}{limit}", account.code, account.currency.code(), methods.join(","))
}

/// `120 bp`, or `120 bp + 0.30, VAT 1900 bp, given back; card 250 bp`.
fn fees_shown(fees: &FeePlan, account: &Account) -> String {
    let mut text = fee_shown(&fees.usual, account);
    for (method, fee) in &fees.by_method {
        let _ = write!(text, "; {} {}", method.as_str(), fee_shown(fee, account));
    }
    text
}

fn fee_shown(fee: &Fee, account: &Account) -> String {
    let mut text = format!("{} bp", fee.rate_bp);
    if fee.fixed_minor > 0 {
        let _ = write!(text, " + {}", Money::new(fee.fixed_minor, account.currency));
    }
    if fee.vat_bp > 0 {
        let _ = write!(text, ", VAT {} bp", fee.vat_bp);
    }
    if fee.on_refund == OnRefund::GiveBack {
        text += ", given back";
    }
    text
}

async fn rotate_key(args: RotateArgs) -> Result<()> {
    let (store, vault) = database::open_beside(&args.login.data.config()?, false).await?;
    let (room, credential) = login::find(&*store, args.login.room, &args.login.login).await?;
    let key = fresh_key(room);
    let made = new_key(&vault, room.word(), &credential.login, &key)?;
    let old_valid_until = made.created_at.plus_s(args.old_valid_hours.max(0).saturating_mul(3_600));
    let made = NewKey { old_valid_until, ..made };
    store.add_key(credential.merchant, room.word(), &credential.login, made).await?;
    let until = format!("valid until {}", clock::display(old_valid_until));
    say_rows(&[(words(room).1, &key), ("old keys", &until)]);
    say("\nThe key is not shown again.");
    Ok(())
}

async fn enable(args: LoginArgs, enabled: bool) -> Result<()> {
    let (store, _, credential) = args.open().await?;
    let login = credential.login.clone();
    store.put_credential(Credential { enabled, ..credential }).await?;
    let state = if enabled { "enabled" } else { "disabled" };
    say(&format!("{login} {state}; a running gateway sees it within 2 seconds"));
    Ok(())
}
