//! `merchant add | list | rotate-key | set-wallet | enable | disable`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use tillgate_core::{Account, Currency, MerchantId, Method, Money};
use tillgate_protocols::latipay::{Ack, Settings};
use tillgate_store::{Credential, NewKey, Store};

use super::{DataArgs, say};
use crate::rooms::key_place;
use crate::rooms::latipay::ROOM;
use crate::sandbox::merchants::DOCUMENT_KEY;
use crate::{app, clock, random};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Adds a merchant with a Latipay user and its wallets; prints the api key once.
    Add(AddArgs),
    /// Lists merchants, users and wallets; never a key.
    List(DataArgs),
    /// Makes a new api key; the old one stays valid for a while.
    RotateKey(RotateArgs),
    /// Adds a wallet to a user, or changes it. Orders that exist keep their terms.
    SetWallet(SetWalletArgs),
    /// Lets a user call again.
    Enable(UserArgs),
    /// Refuses a user's calls with code 205; payments under way go on.
    Disable(UserArgs),
}

#[derive(Debug, clap::Args)]
pub struct AddArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The merchant's name, as shoppers see it.
    #[arg(long)]
    name: String,
    /// Adds the user to this merchant instead of making a new one.
    #[arg(long)]
    merchant: Option<u32>,
    /// A file with the api key the merchant's tills use already, so that they need no change.
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// The Latipay user id: U and 9 digits; made if absent.
    #[arg(long)]
    user_id: Option<String>,
    /// A wallet: id:currency:methods:fee in basis points[:limit per payment], such as W00000001:NZD:alipay,wechat:120:5000.00
    #[arg(long = "wallet", required = true)]
    wallets: Vec<String>,
    /// What acknowledges a notification: status 200, or the body `sent` as well.
    #[arg(long, value_parser = ["200", "sent"], default_value = "200")]
    ack: String,
    /// Print amounts in answers as JSON numbers instead of strings.
    #[arg(long)]
    amount_as_number: bool,
    /// Accept the 2017 signature that does not cover the reference. Avoid.
    #[arg(long)]
    legacy_signature: bool,
}

#[derive(Debug, clap::Args)]
pub struct RotateArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The Latipay user id.
    user_id: String,
    /// How long the old key is still accepted, hours.
    #[arg(long, default_value_t = 24)]
    old_valid_hours: i64,
}

#[derive(Debug, clap::Args)]
pub struct SetWalletArgs {
    #[command(flatten)]
    user: UserArgs,
    /// As in `merchant add`: id:currency:methods:fee[:limit]
    wallet: String,
}

#[derive(Debug, clap::Args)]
pub struct UserArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The Latipay user id.
    user_id: String,
}

impl UserArgs {
    async fn open(&self) -> Result<(Arc<dyn Store>, Credential)> {
        let (store, _) = app::open(&self.data.config()?, false)?;
        let credential = store.load_credential(ROOM, &self.user_id).await?;
        let credential = credential.with_context(|| format!("there is no user {}", self.user_id))?;
        Ok((store, credential))
    }
}

pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Add(args) => add(args).await,
        Command::List(data) => list(data).await,
        Command::RotateKey(args) => rotate_key(args).await,
        Command::SetWallet(args) => set_wallet(args).await,
        Command::Enable(user) => enable(user, true).await,
        Command::Disable(user) => enable(user, false).await,
    }
}

/// `W00000001:NZD:alipay,wechat:120:5000.00`
fn wallet(text: &str, name: &str) -> Result<Account> {
    let parts: Vec<&str> = text.split(':').collect();
    let (code, currency, methods, fee, limit) = match parts[..] {
        [code, currency, methods, fee] => (code, currency, methods, fee, None),
        [code, currency, methods, fee, limit] => (code, currency, methods, fee, Some(limit)),
        _ => bail!("--wallet {text}: not id:currency:methods:fee[:limit]"),
    };
    let currency = Currency::from_code(currency)
        .with_context(|| format!("--wallet {text}: {currency} is not a currency"))?;
    let known = [tillgate_channels::ALIPAY, tillgate_channels::WECHAT, tillgate_channels::UNIONPAY];
    let methods: Vec<&str> = methods.split(',').collect();
    if let Some(unknown) = methods.iter().find(|method| !known.contains(*method)) {
        bail!("--wallet {text}: {unknown} is not one of {}", known.join(", "));
    }
    let limit = limit.map(|limit| {
        Money::parse_decimal(limit, currency).with_context(|| format!("--wallet {text}: limit"))
    });
    Ok(Account {
        code: code.into(),
        name: format!("{name} {}", currency.code()),
        currency,
        methods: methods.into_iter().map(Method::new).collect(),
        fee_bp: Some(
            fee.parse().ok().filter(|fee| *fee <= 10_000).with_context(|| format!("--wallet {text}: fee"))?,
        ),
        payment_limit_minor: limit.transpose()?.map(|limit| limit.minor),
    })
}

async fn add(args: AddArgs) -> Result<()> {
    let wallets = args.wallets.iter().map(|text| wallet(text, &args.name)).collect::<Result<Vec<_>>>()?;
    let config = args.data.config()?;
    let (store, vault) = app::open(&config, true)?;
    let user_id = args.user_id.unwrap_or_else(|| format!("U{:09}", random::below(1_000_000_000)));
    if store.load_credential(ROOM, &user_id).await?.is_some() {
        bail!("user {user_id} exists");
    }
    let settings = Settings {
        ack: if args.ack == "sent" { Ack::BodySent } else { Ack::Status200 },
        legacy_signature: args.legacy_signature,
        amount_as_number: args.amount_as_number,
    };
    let imported = args.key_file.as_deref().map(imported_key).transpose()?;
    let now = clock::now();
    let merchant = match args.merchant {
        Some(number) => existing(&*store, MerchantId(number)).await?,
        None => store.add_merchant(&args.name, now).await?,
    };
    let credential = Credential {
        merchant,
        merchant_name: args.name.clone(),
        room: ROOM.into(),
        login: user_id.clone(),
        name: args.name,
        enabled: true,
        settings: serde_json::to_string(&settings)?,
        keys: Vec::new(),
        accounts: wallets,
    };
    store.put_credential(credential).await?;
    let shown = match &imported {
        Some(_) => "(the one you gave)".to_owned(),
        None => random::hex::<24>(),
    };
    let sealed = vault.seal(&key_place(ROOM, &user_id), imported.as_ref().unwrap_or(&shown))?;
    store.add_key(merchant, ROOM, &user_id, NewKey { sealed, created_at: now, old_valid_until: now }).await?;
    say(&format!(
        "merchant  {}\nuser_id   {user_id}\napi_key   {shown}\n\nThe key is not shown again.",
        merchant.0
    ));
    Ok(())
}

async fn existing(store: &dyn Store, merchant: MerchantId) -> Result<MerchantId> {
    let known = store.list_credentials().await?.iter().any(|credential| credential.merchant == merchant);
    if known { Ok(merchant) } else { bail!("there is no merchant {}", merchant.0) }
}

/// Refuses what everyone knows and what can be guessed.
fn imported_key(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let key = text.trim();
    if key == DOCUMENT_KEY {
        bail!("{}: this key is printed in the documents", file.display());
    }
    // Shoppers see signatures made with it, so it must not be guessed at leisure.
    if key.len() < 16 || key.contains(char::is_whitespace) {
        bail!("{}: a key has at least 16 characters and no blanks", file.display());
    }
    Ok(key.to_owned())
}

async fn list(data: DataArgs) -> Result<()> {
    let (store, _) = app::open(&data.config()?, false)?;
    let mut last = None;
    for credential in store.list_credentials().await? {
        let MerchantId(merchant) = credential.merchant;
        if last != Some(merchant) {
            say(&format!("merchant {merchant}  {}", credential.merchant_name));
            last = Some(merchant);
        }
        let state = if credential.enabled { "" } else { "  DISABLED" };
        say(&format!(
            "  {} {}  {}  keys {}{state}",
            credential.room,
            credential.login,
            credential.name,
            credential.keys.len()
        ));
        for account in credential.accounts {
            let methods: Vec<&str> = account.methods.iter().map(Method::as_str).collect();
            let fee = account.fee_bp.map_or_else(|| "no fee plan".into(), |fee| format!("{fee} bp"));
            say(&format!("    {}  {}  {}  {fee}", account.code, account.currency.code(), methods.join(",")));
        }
    }
    Ok(())
}

async fn rotate_key(args: RotateArgs) -> Result<()> {
    let (store, vault) = app::open(&args.data.config()?, false)?;
    let credential = store
        .load_credential(ROOM, &args.user_id)
        .await?
        .with_context(|| format!("there is no user {}", args.user_id))?;
    let key = random::hex::<24>();
    let now = clock::now();
    let old_valid_until = now.plus_s(args.old_valid_hours.max(0).saturating_mul(3_600));
    let sealed = vault.seal(&key_place(ROOM, &args.user_id), &key)?;
    store
        .add_key(
            credential.merchant,
            ROOM,
            &args.user_id,
            NewKey { sealed, created_at: now, old_valid_until },
        )
        .await?;
    say(&format!(
        "api_key   {key}\nold keys  valid until {}\n\nThe key is not shown again.",
        clock::display(old_valid_until)
    ));
    Ok(())
}

async fn set_wallet(args: SetWalletArgs) -> Result<()> {
    let (store, credential) = args.user.open().await?;
    let account = wallet(&args.wallet, &credential.name)?;
    if let Some(old) = credential.accounts.iter().find(|old| old.code == account.code)
        && old.currency != account.currency
    {
        bail!("{} is kept in {}; a wallet's currency does not change", old.code, old.currency.code());
    }
    let owner = store.load_login_of(credential.merchant, ROOM, &account.code).await?;
    if owner.is_some_and(|owner| owner != credential.login) {
        bail!("{} belongs to another user of this merchant", account.code);
    }
    let code = account.code.clone();
    store.put_account(credential.merchant, ROOM, &credential.login, account).await?;
    say(&format!("wallet {code} set; a running gateway sees it within 2 seconds"));
    Ok(())
}

async fn enable(user: UserArgs, enabled: bool) -> Result<()> {
    let (store, credential) = user.open().await?;
    let login = credential.login.clone();
    store.put_credential(Credential { enabled, ..credential }).await?;
    let state = if enabled { "enabled" } else { "disabled" };
    say(&format!("{login} {state}; a running gateway sees it within 2 seconds"));
    Ok(())
}
