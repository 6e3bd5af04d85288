//! Merchants' secrets: opened for the rooms, in the order in which they are to be used.

use anyhow::Result;
use tillgate_core::MerchantId;
use tillgate_store::{Credential, NewKey, SealedKey, Store};
use zeroize::Zeroizing;

use crate::clock;
use crate::vault::Vault;

/// What a login's key is sealed for.
pub fn key_place(room: &str, login: &str) -> String {
    format!("{room}/{login}")
}

/// A secret as it is stored; those before it end now.
pub fn new_key(vault: &Vault, room: &str, login: &str, secret: &str) -> Result<NewKey> {
    let now = clock::now();
    Ok(NewKey { sealed: vault.seal(&key_place(room, login), secret)?, created_at: now, old_valid_until: now })
}

/// The secrets that are valid now. The first is the one we speak with: the newest the merchant has used.
pub fn opened(credential: &Credential, vault: &Vault) -> Result<Vec<Zeroizing<String>>> {
    let place = key_place(&credential.room, &credential.login);
    let now = clock::now();
    let mut valid: Vec<&SealedKey> =
        credential.keys.iter().filter(|key| key.valid_until.is_none_or(|until| until > now)).collect();
    if valid.first().is_some_and(|newest| !newest.is_used) {
        // The merchant may not have it in use yet: what we say is signed with the one before.
        valid.rotate_left(1);
    }
    valid.into_iter().map(|key| vault.open_sealed(&place, &key.sealed)).collect()
}

/// The first request with a new key tells that the merchant has it: from now on we speak with it too. True if that
/// was news.
pub async fn note_used(
    store: &dyn Store,
    vault: &Vault,
    (room, login): (&str, &str),
    secret: &str,
) -> Result<bool> {
    let Some(credential) = store.load_credential(room, login).await? else { return Ok(false) };
    let (place, merchant): (String, MerchantId) = (key_place(room, login), credential.merchant);
    let mut is_news = false;
    for key in credential.keys.iter().filter(|key| !key.is_used) {
        if vault.open_sealed(&place, &key.sealed)?.as_str() == secret {
            store.key_was_used(merchant, room, login, (key.number, clock::now())).await?;
            is_news = true;
        }
    }
    Ok(is_news)
}
