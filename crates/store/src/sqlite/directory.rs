//! Merchants, logins, keys and accounts; rates.

use rusqlite::{Connection, params};
use tillgate_core::{Account, MerchantId, Timestamp};

use super::rows::{all, one, run, to_json};
use crate::directory::{Credential, NewKey};
use crate::rate::QuotedRate;
use crate::rows;
use crate::sql;

fn complete(connection: &Connection, mut credential: Credential) -> rusqlite::Result<Credential> {
    let key = params![credential.merchant.0, credential.room, credential.login];
    credential.keys = all(connection, sql::KEYS, key, rows::sealed_key)?;
    credential.accounts = all(connection, sql::ACCOUNTS, key, |row| row.json(0))?;
    Ok(credential)
}

pub fn credential(connection: &Connection, room: &str, login: &str) -> rusqlite::Result<Option<Credential>> {
    let of_login = "SELECT merchant_id FROM credentials WHERE room = ?1 AND login = ?2";
    let Some(merchant) = one(connection, of_login, params![room, login], |row| row.merchant(0))? else {
        return Ok(None);
    };
    one(connection, sql::CREDENTIAL, params![merchant.0, room, login], rows::credential)?
        .map(|found| complete(connection, found))
        .transpose()
}

pub fn credentials(connection: &Connection) -> rusqlite::Result<Vec<Credential>> {
    let found = all(connection, sql::CREDENTIALS, (), rows::credential)?;
    found.into_iter().map(|found| complete(connection, found)).collect()
}

pub fn logins(connection: &Connection, merchant: MerchantId, room: &str) -> rusqlite::Result<Vec<String>> {
    all(connection, sql::LOGINS, params![merchant.0, room], |row| row.string(0))
}

pub fn login_of(
    connection: &Connection,
    merchant: MerchantId,
    room: &str,
    account: &str,
) -> rusqlite::Result<Option<String>> {
    one(connection, sql::LOGIN_OF, params![merchant.0, room, account], |row| row.string(0))
}

pub fn add_merchant(connection: &Connection, name: &str, now: Timestamp) -> rusqlite::Result<MerchantId> {
    one(connection, sql::ADD_MERCHANT, params![name, now.0], |row| row.merchant(0))?
        .ok_or(rusqlite::Error::QueryReturnedNoRows)
}

pub fn put_credential(connection: &Connection, credential: &Credential) -> rusqlite::Result<()> {
    let Credential { merchant, room, login, name, enabled, settings, .. } = credential;
    run(connection, sql::PUT_CREDENTIAL, params![merchant.0, room, login, name, enabled, settings])?;
    for account in &credential.accounts {
        put_account(connection, *merchant, room, login, account)?;
    }
    Ok(())
}

pub fn put_account(
    connection: &Connection,
    merchant: MerchantId,
    room: &str,
    login: &str,
    account: &Account,
) -> rusqlite::Result<()> {
    let values = params![merchant.0, room, login, account.code, to_json(account)?];
    run(connection, sql::PUT_ACCOUNT, values).map(drop)
}

pub fn add_key(
    connection: &Connection,
    merchant: MerchantId,
    room: &str,
    login: &str,
    key: &NewKey,
) -> rusqlite::Result<()> {
    run(connection, sql::END_KEYS, params![key.old_valid_until.0, merchant.0, room, login])?;
    let values = params![merchant.0, room, login, key.sealed, key.created_at.0];
    run(connection, sql::ADD_KEY, values).map(drop)
}

pub fn key_was_used(
    connection: &Connection,
    merchant: MerchantId,
    room: &str,
    login: &str,
    (key_no, at): (u32, Timestamp),
) -> rusqlite::Result<()> {
    run(connection, sql::KEY_WAS_USED, params![at.0, merchant.0, room, login, key_no]).map(drop)
}

pub fn put_rate(connection: &Connection, rate: &QuotedRate) -> rusqlite::Result<()> {
    let values = params![rate.base.code(), rate.quote.code(), rate.set_at.0, rate.rate.e8(), rate.source];
    run(connection, sql::PUT_RATE, values).map(drop)
}

pub fn gateway_key(
    connection: &Connection,
    name: &str,
    new: Option<&[u8]>,
) -> rusqlite::Result<Option<Vec<u8>>> {
    if let Some(new) = new {
        run(connection, sql::PUT_GATEWAY_KEY, params![name, new])?;
    }
    one(connection, sql::GATEWAY_KEY, params![name], |row| row.bytes(0))
}

/// What the database is for; the first to say so decides.
pub fn purpose(connection: &Connection, word: &str) -> rusqlite::Result<String> {
    run(connection, sql::PUT_PURPOSE, params![word])?;
    one(connection, sql::PURPOSE, (), |row| row.string(0))?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}
