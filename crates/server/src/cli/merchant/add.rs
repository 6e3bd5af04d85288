//! `merchant add`: a login with its accounts and its key.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tillgate_core::{Account, MerchantId};
use tillgate_protocols::{latipay, ottpay};
use tillgate_store::{Credential, Store};

use super::switches::Switches;
use super::{DataArgs, RoomName, account, fresh_key, note_missing_rates, say, say_rows, words};
use crate::cli::login::{RoomOption, refuse_foreign};
use crate::rooms::new_key;
use crate::sandbox::merchants::PRINTED_KEYS;
use crate::{clock, database, random};

/// Characters of a key that cannot be guessed at leisure.
const KEY_MIN: usize = 16;
/// Characters of a login that a running gateway remembers.
const LOGIN_MAX: usize = 64;

#[derive(Debug, clap::Args)]
pub struct AddArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The protocol the merchant's tills speak.
    #[arg(long, default_value = "latipay")]
    room: RoomName,
    /// The merchant's name, as shoppers see it.
    #[arg(long)]
    name: String,
    /// Adds the login to this merchant instead of making a new one.
    #[arg(long)]
    merchant: Option<u32>,
    /// A file with the key the merchant's tills use already, so that they need no change.
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// Latipay: the user id, U and 9 digits; made if absent.
    #[arg(long)]
    user_id: Option<String>,
    /// Latipay: a wallet, id:currency:methods:fee in basis points[:limit per payment], such as W00000001:NZD:alipay,wechat:120:5000.00
    #[arg(long = "wallet")]
    wallets: Vec<String>,
    /// OTT Pay: the merchant id, QC and 8 digits; made if absent.
    #[arg(long)]
    merchant_id: Option<String>,
    /// OTT Pay: a currency, currency:methods:fee in basis points[:limit per payment], such as CAD:alipay,wechat,unionpay:120:5000.00; the first is the default currency
    #[arg(long = "account")]
    accounts: Vec<String>,
    #[command(flatten)]
    switches: Switches,
}

impl AddArgs {
    fn check(&self) -> Result<()> {
        use RoomName::{Latipay, Ottpay};
        let option = |room, name, is_given| RoomOption { room, name, is_given };
        let mut options = self.switches.options();
        options.extend([
            option(Latipay, "--user-id", self.user_id.is_some()),
            option(Latipay, "--wallet", !self.wallets.is_empty()),
            option(Ottpay, "--merchant-id", self.merchant_id.is_some()),
            option(Ottpay, "--account", !self.accounts.is_empty()),
        ]);
        refuse_foreign(self.room, &options)?;
        match self.room {
            Latipay if self.wallets.is_empty() => {
                bail!("--wallet is missing: id:currency:methods:fee[:limit]")
            }
            Ottpay if self.accounts.is_empty() => bail!("--account is missing: currency:methods:fee[:limit]"),
            Latipay | Ottpay => Ok(()),
        }
    }

    fn parts(&self, login: &str) -> Result<(Vec<Account>, String)> {
        let (mut accounts, switches) = (Vec::new(), &self.switches);
        let settings = match self.room {
            RoomName::Latipay => {
                for text in &self.wallets {
                    accounts.push(account::wallet(text, &self.name)?);
                }
                serde_json::to_string(&switches.over_latipay(latipay::Settings::default()))?
            }
            RoomName::Ottpay => {
                for text in &self.accounts {
                    accounts.push(account::account(text, login, &self.name)?);
                }
                let mut settings = switches.over_ottpay(ottpay::Settings::default())?;
                if let Some(first) = accounts.first() {
                    first.currency.code().clone_into(&mut settings.currency);
                }
                serde_json::to_string(&settings)?
            }
        };
        for (at, account) in accounts.iter().enumerate() {
            if accounts[..at].iter().any(|earlier| earlier.code == account.code) {
                bail!("{} is given twice", account.code);
            }
        }
        Ok((accounts, settings))
    }
}

pub async fn run(args: AddArgs) -> Result<()> {
    args.check()?;
    let room = args.room;
    let login = checked_login(&args)?;
    let (accounts, settings) = args.parts(&login)?;
    let imported = args.key_file.as_deref().map(|file| imported_key(room, file)).transpose()?;
    let (store, vault) = database::open_beside(&args.data.config()?, true).await?;
    let (login_word, key_word) = words(room);
    if store.load_credential(room.word(), &login).await?.is_some() {
        bail!("{login_word} {login} exists");
    }
    let mut credential = Credential {
        merchant: MerchantId(args.merchant.unwrap_or_default()),
        merchant_name: args.name.clone(),
        room: room.word().into(),
        login: login.clone(),
        name: args.name.clone(),
        enabled: true,
        settings,
        keys: Vec::new(),
        accounts,
    };
    match args.merchant {
        Some(_) => existing(&*store, &credential).await?,
        None => credential.merchant = store.add_merchant(&args.name, clock::now()).await?,
    }
    let (merchant, accounts) = (credential.merchant, credential.accounts.clone());
    store.put_credential(credential).await?;
    let shown = match &imported {
        Some(_) => "(the one you gave)".to_owned(),
        None => fresh_key(room),
    };
    let key = new_key(&vault, room.word(), &login, imported.as_ref().unwrap_or(&shown))?;
    store.add_key(merchant, room.word(), &login, key).await?;
    say_rows(&[("merchant", &merchant.0.to_string()), (login_word, &login), (key_word, &shown)]);
    say("\nThe key is not shown again.");
    note_missing_rates(&*store, &accounts).await
}

/// The login that was given, or a new one.
fn checked_login(args: &AddArgs) -> Result<String> {
    if args.name.trim().is_empty() {
        bail!("--name is empty");
    }
    let (given, name) = match args.room {
        RoomName::Latipay => (&args.user_id, "--user-id"),
        RoomName::Ottpay => (&args.merchant_id, "--merchant-id"),
    };
    let Some(given) = given else {
        return Ok(match args.room {
            RoomName::Latipay => format!("U{:09}", random::below(1_000_000_000)),
            RoomName::Ottpay => format!("QC{:08}", random::below(100_000_000)),
        });
    };
    let is_plain = given.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if given.is_empty() || given.len() > LOGIN_MAX || !is_plain {
        bail!("{name} {given}: 1 to {LOGIN_MAX} letters, digits, - and _");
    }
    Ok(given.clone())
}

async fn existing(store: &dyn Store, credential: &Credential) -> Result<()> {
    let MerchantId(number) = credential.merchant;
    let known = store.list_credentials().await?;
    if !known.iter().any(|known| known.merchant == credential.merchant) {
        bail!("there is no merchant {number}");
    }
    for account in &credential.accounts {
        account::is_free(store, credential, account).await?;
    }
    Ok(())
}

/// Refuses what everyone knows and what can be guessed.
fn imported_key(room: RoomName, file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let (key, file) = (text.trim(), file.display());
    if PRINTED_KEYS.iter().any(|(_, printed)| key.eq_ignore_ascii_case(printed)) {
        bail!("{file}: this key is printed in the documents");
    }
    // Strangers see what is made with it, so it must not be guessed at leisure.
    if key.len() < KEY_MIN || key.contains(char::is_whitespace) {
        bail!("{file}: a key has at least {KEY_MIN} characters and no blanks");
    }
    let is_hex = key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
    if room == RoomName::Ottpay && !is_hex {
        bail!("{file}: a sign key of OTT Pay is upper-case hexadecimal");
    }
    Ok(key.to_owned())
}
