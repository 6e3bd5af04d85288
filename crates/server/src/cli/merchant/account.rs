//! Accounts as they are written on the command line: what a wallet or a currency takes, costs and is limited to.

use anyhow::{Context as _, Result, bail};
use tillgate_core::{Account, Currency, FeePlan, Method, Money};
use tillgate_store::{Credential, Store};

use super::{LoginArgs, RoomName, note_missing_rates, say};

#[derive(Debug, clap::Args)]
pub struct WalletArgs {
    #[command(flatten)]
    login: LoginArgs,
    /// As in `merchant add`: id:currency:methods:fee[:limit]
    wallet: String,
}

#[derive(Debug, clap::Args)]
pub struct AccountArgs {
    #[command(flatten)]
    login: LoginArgs,
    /// As in `merchant add`: currency:methods:fee[:limit]
    account: String,
}

/// `W00000001:NZD:alipay,wechat:120:5000.00`
pub fn wallet(text: &str, name: &str) -> Result<Account> {
    let parts: Vec<&str> = text.split(':').collect();
    let [code, terms @ ..] = &parts[..] else { bail!("--wallet is empty") };
    if code.is_empty() || !(3..=4).contains(&terms.len()) {
        bail!("--wallet {text}: not id:currency:methods:fee[:limit]");
    }
    account_of(code, terms, name).with_context(|| format!("--wallet {text}"))
}

/// `CAD:alipay,wechat,unionpay:120:5000.00` of a merchant_id.
pub fn account(text: &str, merchant_id: &str, name: &str) -> Result<Account> {
    let terms: Vec<&str> = text.split(':').collect();
    if !(3..=4).contains(&terms.len()) {
        bail!("--account {text}: not currency:methods:fee[:limit]");
    }
    let code = format!("{merchant_id}-{}", terms[0]);
    account_of(&code, &terms, name).with_context(|| format!("--account {text}"))
}

/// What an account is called if nobody says otherwise.
pub fn default_name(name: &str, currency: Currency) -> String {
    format!("{name} {}", currency.code())
}

/// `terms`: currency, methods, fee and perhaps a limit.
fn account_of(code: &str, terms: &[&str], name: &str) -> Result<Account> {
    let (currency, methods, fee) = (terms[0], terms[1], terms[2]);
    let currency = Currency::from_code(currency).with_context(|| format!("{currency} is not a currency"))?;
    let known = [tillgate_channels::ALIPAY, tillgate_channels::WECHAT, tillgate_channels::UNIONPAY];
    let methods: Vec<&str> = methods.split(',').collect();
    if let Some(unknown) = methods.iter().find(|method| !known.contains(*method)) {
        bail!("{unknown} is not one of {}", known.join(", "));
    }
    let fee = fee.parse().ok().filter(|fee| *fee <= 10_000);
    let limit =
        terms.get(3).map(|limit| Money::parse_decimal(limit, currency).context("limit")).transpose()?;
    Ok(Account {
        code: code.into(),
        name: default_name(name, currency),
        currency,
        methods: methods.into_iter().map(Method::new).collect(),
        fees: Some(FeePlan::rate(fee.context("fee: not basis points, 0 to 10000")?)),
        payment_limit_minor: limit.map(|limit| limit.minor),
    })
}

/// An account of another login of the same merchant is not taken over.
pub async fn is_free(store: &dyn Store, credential: &Credential, account: &Account) -> Result<()> {
    let owner = store.load_login_of(credential.merchant, &credential.room, &account.code).await?;
    match owner.filter(|owner| *owner != credential.login) {
        Some(owner) => bail!("{} belongs to {owner}, another login of this merchant", account.code),
        None => Ok(()),
    }
}

pub async fn set_wallet(args: WalletArgs) -> Result<()> {
    let (store, room, credential) = args.login.open().await?;
    if room != RoomName::Latipay {
        bail!("set-wallet is for Latipay's users; {} takes set-account", credential.login);
    }
    let account = wallet(&args.wallet, &credential.name)?;
    put(&*store, &credential, account, "wallet").await
}

pub async fn set_account(args: AccountArgs) -> Result<()> {
    let (store, room, credential) = args.login.open().await?;
    if room != RoomName::Ottpay {
        bail!("set-account is for OTT Pay's merchants; {} takes set-wallet", credential.login);
    }
    let account = account(&args.account, &credential.login, &credential.name)?;
    put(&*store, &credential, account, "account").await
}

fn with_rest_of_fees(mut account: Account, known: Option<&FeePlan>) -> Account {
    if let (Some(fees), Some(known)) = (&mut account.fees, known) {
        let rate_bp = fees.usual.rate_bp;
        *fees = known.clone();
        fees.usual.rate_bp = rate_bp;
    }
    account
}

async fn put(store: &dyn Store, credential: &Credential, account: Account, word: &str) -> Result<()> {
    if let Some(old) = credential.accounts.iter().find(|old| old.code == account.code)
        && old.currency != account.currency
    {
        bail!("{} is kept in {}; a wallet's currency does not change", old.code, old.currency.code());
    }
    // Only the rate is written here; what else the fee has stays.
    let known = credential.accounts.iter().find(|old| old.code == account.code);
    let account = with_rest_of_fees(account, known.and_then(|known| known.fees.as_ref()));
    is_free(store, credential, &account).await?;
    let code = account.code.clone();
    store.put_account(credential.merchant, &credential.room, &credential.login, account.clone()).await?;
    say(&format!("{word} {code} set; a running gateway sees it within 2 seconds"));
    note_missing_rates(store, &[account]).await
}
