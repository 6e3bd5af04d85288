//! Who speaks in this room: apps, merchants with their stores, terminals. Each is a login of the store, in a directory
//! of its own.

use std::fmt;

use anyhow::{Context as _, Result};
use aws_lc_rs::constant_time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tillgate_core::{Account, MerchantId};
use tillgate_protocols::codepay::{self as room, Access, AesKey, App, AppMerchant, BasicSecret, PublicKey};
use tillgate_store::Credential;
use zeroize::Zeroizing;

use crate::rooms::keys;
use crate::vault::Vault;

/// How an app proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authentication {
    #[default]
    Rsa2,
    Basic,
}

/// An app's login, as JSON in the store. Its key is the app's public key, or `user:password`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppSettings {
    pub authentication: Authentication,
    pub object_data: bool,
    pub merchants: Vec<KnownMerchant>,
    /// What it encrypts cards with if not with the gateway's public key: sealed, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_key: Option<String>,
}

fn card_key_place(app_id: &str) -> String {
    format!("{}/card", keys::key_place(super::ROOM, app_id))
}

/// As [`AppSettings::card_key`] has it.
pub fn seal_card_key(vault: &Vault, app_id: &str, key: &AesKey) -> Result<String> {
    Ok(STANDARD.encode(vault.seal(&card_key_place(app_id), &key.to_text())?))
}

pub fn open_card_key(vault: &Vault, app_id: &str, sealed: &str) -> Result<AesKey> {
    let sealed = STANDARD.decode(sealed).context("the app's card key")?;
    let text = vault.open_sealed(&card_key_place(app_id), &sealed)?;
    AesKey::from_text(&text).context("the app's card key")
}

/// A merchant an app may act for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownMerchant {
    pub merchant_no: String,
    pub merchant: u32,
}

pub fn app_of(credential: Credential, vault: &Vault) -> Result<App> {
    let settings: AppSettings = serde_json::from_str(&credential.settings).context("the app's settings")?;
    let keys = keys::opened(&credential, vault)?;
    let access = match settings.authentication {
        Authentication::Rsa2 => {
            let read = |text: &Zeroizing<String>| PublicKey::from_text(text);
            Access::Rsa2(keys.iter().map(read).collect::<Result<_, _>>().context("the app's key")?)
        }
        Authentication::Basic => {
            let secret = keys.first().and_then(|text| text.split_once(':'));
            let secret = secret.and_then(|(user, password)| BasicSecret::new(user, password));
            Access::Basic(secret.context("the app's password")?)
        }
    };
    let card_key = settings.card_key.as_deref();
    let aes_key = card_key.map(|sealed| open_card_key(vault, &credential.login, sealed)).transpose()?;
    let known = |known: KnownMerchant| AppMerchant {
        merchant_no: known.merchant_no,
        merchant: MerchantId(known.merchant),
    };
    Ok(App {
        app_id: credential.login,
        enabled: credential.enabled,
        access,
        merchants: settings.merchants.into_iter().map(known).collect(),
        settings: room::Settings { object_data: settings.object_data },
        aes_key,
    })
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MerchantSettings {
    pub stores: Vec<StoreEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreEntry {
    pub store_no: String,
    pub name: String,
}

/// A merchant as this room sees it.
#[derive(Debug, Clone)]
pub struct Merchant {
    pub merchant: MerchantId,
    pub merchant_no: String,
    pub name: String,
    pub enabled: bool,
    pub stores: Vec<StoreEntry>,
    /// One per currency, `302300000926-USD`.
    pub accounts: Vec<Account>,
}

pub fn merchant_of(credential: Credential) -> Result<Merchant> {
    let settings: MerchantSettings =
        serde_json::from_str(&credential.settings).context("the merchant's settings")?;
    Ok(Merchant {
        merchant: credential.merchant,
        merchant_no: credential.login,
        name: credential.name,
        enabled: credential.enabled,
        stores: settings.stores,
        accounts: credential.accounts,
    })
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TerminalSettings {
    pub merchant_no: String,
    pub merchant_name: String,
    pub store_no: String,
}

/// A terminal as this room sees it.
pub struct Terminal {
    pub merchant: MerchantId,
    pub terminal_sn: String,
    pub name: String,
    pub enabled: bool,
    pub merchant_no: String,
    pub merchant_name: String,
    pub store_no: String,
    secrets: Vec<Zeroizing<String>>,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal").field("terminal_sn", &self.terminal_sn).finish_non_exhaustive()
    }
}

impl Terminal {
    /// The newest, for the sandbox's own terminals.
    pub fn secret(&self) -> Option<&str> {
        self.secrets.first().map(|secret| secret.as_str())
    }

    /// Whether it is the terminal's secret. In constant time.
    pub fn has(&self, secret: &str) -> bool {
        let is_same = |own: &Zeroizing<String>| {
            constant_time::verify_slices_are_equal(own.as_bytes(), secret.as_bytes()).is_ok()
        };
        self.secrets.iter().filter(|own| is_same(own)).count() > 0
    }
}

pub fn terminal_of(credential: Credential, vault: &Vault) -> Result<Terminal> {
    let settings: TerminalSettings =
        serde_json::from_str(&credential.settings).context("the terminal's settings")?;
    let secrets = keys::opened(&credential, vault)?;
    Ok(Terminal {
        merchant: credential.merchant,
        terminal_sn: credential.login,
        name: credential.name,
        enabled: credential.enabled,
        merchant_no: settings.merchant_no,
        merchant_name: settings.merchant_name,
        store_no: settings.store_no,
        secrets,
    })
}
