//! What came to the merchant's address: which protocol it is, and what the client's half of that protocol says of it.

use tillgate_protocols::codepay::{PublicKey, client as codepay_client};
use tillgate_protocols::latipay::client as latipay_client;
use tillgate_protocols::ottpay::client as ottpay_client;
use tillgate_store::Credential;

use crate::rooms::{latipay, ottpay};
use crate::vault::Vault;

/// Whose it is and what it says, in the protocol's names.
pub struct Checked {
    pub merchant: String,
    pub fields: Vec<(String, String)>,
}

/// A notification's body, by the protocol it looks like.
#[derive(Clone, Copy)]
pub enum Letter<'a> {
    Latipay(&'a str),
    OttPay(&'a str),
    CodePay(&'a str),
}

/// What a letter is checked with. The receiver listens for every merchant of this sandbox, so any of their keys may be
/// the right one.
pub struct Means<'m> {
    pub credentials: &'m [Credential],
    pub vault: &'m Vault,
    /// CodePay's callbacks are signed with the gateway's own key.
    pub gateway_key: &'m PublicKey,
}

impl<'a> Letter<'a> {
    /// Latipay sends forms, the others JSON; CodePay's has its signature beside the fields.
    pub fn of(body: &'a str) -> Self {
        if !body.trim_start().starts_with('{') {
            return Self::Latipay(body);
        }
        let object: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
        match ["sign", "app_id"].iter().any(|name| object.get(name).is_some()) {
            true => Self::CodePay(body),
            false => Self::OttPay(body),
        }
    }

    pub fn check(self, means: &Means<'_>) -> Result<Checked, String> {
        let room = match self {
            Self::CodePay(body) => return signed_by_gateway(body, means.gateway_key),
            Self::Latipay(_) => latipay::ROOM,
            Self::OttPay(_) => ottpay::ROOM,
        };
        let mut why = "no merchant of this sandbox has a key".to_owned();
        for credential in means.credentials.iter().filter(|credential| credential.room == room) {
            match self.check_for(credential.clone(), means.vault) {
                Ok(checked) => return Ok(checked),
                Err(other) => why = other,
            }
        }
        Err(why)
    }

    fn check_for(self, credential: Credential, vault: &Vault) -> Result<Checked, String> {
        let merchant = credential.login.clone();
        let mut why = format!("{merchant} has no key");
        match self {
            Self::CodePay(_) => {}
            Self::Latipay(body) => {
                let profile = latipay::profile_of(credential, vault).map_err(|error| error.to_string())?;
                for key in &profile.keys {
                    match latipay_client::check_notification(body, key) {
                        Ok(_) => return Ok(Checked { merchant, fields: Vec::new() }),
                        Err(error) => why = error.to_string(),
                    }
                }
            }
            Self::OttPay(body) => {
                let profile = ottpay::profile_of(credential, vault).map_err(|error| error.to_string())?;
                for key in &profile.keys {
                    match ottpay_client::check_notification(body, key) {
                        // Two merchants may have the same key, as those of the documents do.
                        Ok(fields) if fields.get("merchant_id").is_some_and(|id| id != merchant) => {
                            why = format!("opens with the key of {merchant}, but is another's");
                        }
                        Ok(fields) => return Ok(Checked { merchant, fields: owned(fields.iter()) }),
                        Err(error) => why = error.to_string(),
                    }
                }
            }
        }
        Err(why)
    }
}

fn signed_by_gateway(body: &str, key: &PublicKey) -> Result<Checked, String> {
    let fields =
        codepay_client::check_notification(body.as_bytes(), key).map_err(|error| error.to_string())?;
    let merchant = fields.get("merchant_no").unwrap_or_default().to_owned();
    Ok(Checked { merchant, fields: owned(fields.iter()) })
}

fn owned<'f>(fields: impl Iterator<Item = (&'f str, &'f str)>) -> Vec<(String, String)> {
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
