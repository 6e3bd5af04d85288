//! The merchants of the vendors' documents, with the keys printed there, so that the documents' examples
//! run as they stand. A live gateway refuses these keys.

use anyhow::Result;
use tillgate_channels::{ALIPAY, UNIONPAY, WECHAT};
use tillgate_core::{Account, Currency, MerchantId, Method};
use tillgate_protocols::latipay::Settings;
use tillgate_store::{Credential, NewKey, Store};

use crate::clock;
use crate::rooms::latipay::{ROOM, key_place};
use crate::vault::Vault;

/// The api key of the documents; known to everyone.
pub const DOCUMENT_KEY: &str = "111222333";

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

/// Adds what is missing; what somebody changed since is left alone.
pub async fn seed(store: &dyn Store, vault: &Vault) -> Result<()> {
    for user in users() {
        let now = clock::now();
        let known = store.load_credential(ROOM, user.user_id).await?;
        if known.as_ref().is_some_and(|known| !known.keys.is_empty()) {
            continue;
        }
        // Without a key we were killed half way through the first start.
        let merchant = match known {
            Some(known) => known.merchant,
            None => store.add_merchant(user.organisation, now).await?,
        };
        store.put_credential(credential(&user, merchant)?).await?;
        let sealed = vault.seal(&key_place(user.user_id), DOCUMENT_KEY)?;
        store
            .add_key(merchant, ROOM, user.user_id, NewKey { sealed, created_at: now, old_valid_until: now })
            .await?;
    }
    Ok(())
}

fn credential(user: &SandboxUser, merchant: MerchantId) -> Result<Credential> {
    let accounts = user.wallets.iter().filter_map(|(code, name, currency)| {
        Some(Account {
            code: (*code).into(),
            name: (*name).into(),
            currency: Currency::from_code(currency)?,
            methods: [ALIPAY, WECHAT, UNIONPAY].into_iter().map(Method::new).collect(),
            fee_bp: Some(120),
            payment_limit_minor: Some(100_000_000),
        })
    });
    Ok(Credential {
        merchant,
        merchant_name: user.organisation.into(),
        room: ROOM.into(),
        login: user.user_id.into(),
        name: user.user_name.into(),
        enabled: true,
        settings: serde_json::to_string(&Settings::default())?,
        keys: Vec::new(),
        accounts: accounts.collect(),
    })
}
