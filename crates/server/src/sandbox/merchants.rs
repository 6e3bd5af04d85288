//! The merchants of the vendors' documents, with the keys printed there, so that the documents' examples
//! run as they stand. A live gateway refuses these keys.

use anyhow::{Context as _, Result};
use tillgate_channels::{ALIPAY, UNIONPAY, WECHAT};
use tillgate_core::{Account, Currency, FeePlan, MerchantId, Method, Rate};
use tillgate_protocols::{latipay, ottpay};
use tillgate_store::{Credential, QuotedRate, Store};

use crate::clock;
use crate::rates::PAYERS;
use crate::rooms::{self, new_key};
use crate::vault::Vault;

/// The api key of the Latipay documents; known to everyone.
pub const DOCUMENT_KEY: &str = "111222333";
/// The sign key of OTT Pay's worked example, just as well known.
pub const OTTPAY_KEY: &str = "6698851A525C9433";
/// Every secret that is printed somewhere, by room.
pub const PRINTED_KEYS: [(&str, &str); 3] = [
    (rooms::latipay::ROOM, DOCUMENT_KEY),
    (rooms::ottpay::ROOM, OTTPAY_KEY),
    (rooms::ottpay::ROOM, "A8B5FE540E38A5A9"),
];

/// CNY for one unit, as the sandbox has it until somebody sets another rate.
const RATES: [(&str, &str); 4] =
    [("NZD", "4.64490"), ("AUD", "4.75320"), ("CAD", "5.25000"), ("USD", "7.12000")];

#[derive(Debug, Clone)]
pub struct SandboxUser {
    pub organisation: &'static str,
    pub user_id: &'static str,
    pub user_name: &'static str,
    pub wallets: &'static [(&'static str, &'static str, &'static str)],
}

/// Users and their wallets (id, name, currency), as the three Latipay documents name them.
pub fn users() -> Vec<SandboxUser> {
    vec![
        SandboxUser {
            organisation: "Harbour Cellars",
            user_id: "U000334333",
            user_name: "Harbour Cellars Auckland",
            wallets: &[
                ("W00000001", "New Zealand dollars", "NZD"),
                ("W00000002", "Australian dollars", "AUD"),
                ("W00000003", "Chinese yuan", "CNY"),
            ],
        },
        SandboxUser {
            organisation: "Corner Dairy",
            user_id: "U000000013",
            user_name: "Corner Dairy",
            wallets: &[("W000000023", "New Zealand dollars", "NZD")],
        },
        SandboxUser {
            organisation: "Southern Food Hall",
            user_id: "U00001534",
            user_name: "Southern Food Hall",
            wallets: &[("W00000001", "New Zealand dollars", "NZD")],
        },
    ]
}

/// A merchant of OTT Pay; the first of his currencies is the one his messages mean.
#[derive(Debug, Clone)]
pub struct SandboxTill {
    pub merchant_id: &'static str,
    pub name: &'static str,
    pub currencies: &'static [&'static str],
    pub time_zone: &'static str,
}

/// The merchant of the document's callback, and one who sells in US dollars.
pub fn tills() -> Vec<SandboxTill> {
    vec![
        SandboxTill {
            merchant_id: "QC00005496",
            name: "Maple Bakery Montréal",
            currencies: &["CAD", "USD"],
            time_zone: "America/Toronto",
        },
        SandboxTill {
            merchant_id: "QC00005497",
            name: "Lakeshore Books",
            currencies: &["USD"],
            time_zone: "America/Chicago",
        },
    ]
}

/// How many merchants there are, numbered from 1.
pub const COUNT: u32 = 6;

/// Adds what is missing; what somebody changed since is left alone.
pub async fn seed(store: &dyn Store, vault: &Vault) -> Result<()> {
    for user in users() {
        add(store, vault, user_credential(&user)?, DOCUMENT_KEY).await?;
    }
    for till in tills() {
        add(store, vault, till_credential(&till)?, OTTPAY_KEY).await?;
    }
    super::codepay::seed(store, vault).await?;
    let known = store.list_rates().await?;
    let currency = |code| Currency::from_code(code).context("a currency");
    for (base, rate) in RATES {
        let base = currency(base)?;
        if known.iter().all(|quoted| quoted.base != base) {
            let rate = Rate::parse(rate).context("a rate")?;
            let (quote, source) = (currency(PAYERS)?, "sandbox".to_owned());
            store.put_rate(QuotedRate { base, quote, rate, source, set_at: clock::now() }).await?;
        }
    }
    Ok(())
}

async fn add(store: &dyn Store, vault: &Vault, credential: Credential, secret: &str) -> Result<()> {
    let (room, login) = (credential.room.clone(), credential.login.clone());
    let known = store.load_credential(&room, &login).await?;
    if known.as_ref().is_some_and(|known| !known.keys.is_empty()) {
        return Ok(());
    }
    // Without a key we were killed half way through the first start.
    let merchant = match known {
        Some(known) => known.merchant,
        None => store.add_merchant(&credential.merchant_name, clock::now()).await?,
    };
    store.put_credential(Credential { merchant, ..credential }).await?;
    store.add_key(merchant, &room, &login, new_key(vault, &room, &login, secret)?).await?;
    Ok(())
}

/// Its merchant's number is the store's to give.
fn user_credential(user: &SandboxUser) -> Result<Credential> {
    let accounts = user.wallets.iter().map(|(code, name, currency)| account(code, name, currency));
    Ok(Credential {
        merchant: MerchantId(0),
        merchant_name: user.organisation.into(),
        room: rooms::latipay::ROOM.into(),
        login: user.user_id.into(),
        name: user.user_name.into(),
        enabled: true,
        settings: serde_json::to_string(&latipay::Settings::default())?,
        keys: Vec::new(),
        accounts: accounts.collect::<Result<_>>()?,
    })
}

fn till_credential(till: &SandboxTill) -> Result<Credential> {
    let account = |currency: &&str| {
        account(&format!("{}-{currency}", till.merchant_id), &format!("{} {currency}", till.name), currency)
    };
    let settings = ottpay::Settings { currency: till.currencies[0].into(), time_zone: till.time_zone.into() };
    Ok(Credential {
        merchant: MerchantId(0),
        merchant_name: till.name.into(),
        room: rooms::ottpay::ROOM.into(),
        login: till.merchant_id.into(),
        name: till.name.into(),
        enabled: true,
        settings: serde_json::to_string(&settings)?,
        keys: Vec::new(),
        accounts: till.currencies.iter().map(account).collect::<Result<_>>()?,
    })
}

fn account(code: &str, name: &str, currency: &str) -> Result<Account> {
    Ok(Account {
        code: code.into(),
        name: name.into(),
        currency: Currency::from_code(currency).context("a currency")?,
        methods: [ALIPAY, WECHAT, UNIONPAY].into_iter().map(Method::new).collect(),
        fees: Some(FeePlan::rate(120)),
        payment_limit_minor: Some(100_000_000),
    })
}
