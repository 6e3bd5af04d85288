//! Merchants, logins, keys and accounts; rates.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tillgate_core::{Account, MerchantId, Timestamp};

use super::rows;
use crate::directory::{Credential, NewKey, SealedKey};
use crate::rate::QuotedRate;

const CREDENTIAL: &str = "SELECT c.merchant_id, m.name, c.room, c.login, c.name, c.enabled, c.settings
     FROM credentials c JOIN merchants m ON m.merchant_id = c.merchant_id";

fn bare(row: &Row<'_>) -> rusqlite::Result<Credential> {
    Ok(Credential {
        merchant: MerchantId(row.get(0)?),
        merchant_name: row.get(1)?,
        room: row.get(2)?,
        login: row.get(3)?,
        name: row.get(4)?,
        enabled: row.get(5)?,
        settings: row.get(6)?,
        keys: Vec::new(),
        accounts: Vec::new(),
    })
}

fn complete(connection: &Connection, mut credential: Credential) -> rusqlite::Result<Credential> {
    let key = params![credential.merchant.0, credential.room, credential.login];
    credential.keys = connection
        .prepare_cached(
            "SELECT key_no, sealed, created_at, valid_until, used_at IS NOT NULL FROM credential_keys
             WHERE merchant_id = ?1 AND room = ?2 AND login = ?3 ORDER BY key_no DESC",
        )?
        .query_map(key, |row| {
            Ok(SealedKey {
                number: row.get(0)?,
                sealed: row.get(1)?,
                created_at: Timestamp(row.get(2)?),
                valid_until: row.get::<_, Option<i64>>(3)?.map(Timestamp),
                is_used: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    credential.accounts = connection
        .prepare_cached(
            "SELECT body FROM accounts WHERE merchant_id = ?1 AND room = ?2 AND login = ?3 ORDER BY code",
        )?
        .query_map(key, |row| rows::json(row, 0))?
        .collect::<Result<_, _>>()?;
    Ok(credential)
}

pub fn credential(connection: &Connection, room: &str, login: &str) -> rusqlite::Result<Option<Credential>> {
    connection
        .prepare_cached(&format!("{CREDENTIAL} WHERE c.room = ?1 AND c.login = ?2"))?
        .query_row(params![room, login], bare)
        .optional()?
        .map(|found| complete(connection, found))
        .transpose()
}

pub fn credentials(connection: &Connection) -> rusqlite::Result<Vec<Credential>> {
    let found: Vec<Credential> = connection
        .prepare(&format!("{CREDENTIAL} ORDER BY c.merchant_id, c.room, c.login"))?
        .query_map((), bare)?
        .collect::<Result<_, _>>()?;
    found.into_iter().map(|found| complete(connection, found)).collect()
}

pub fn logins(connection: &Connection, merchant: MerchantId, room: &str) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached("SELECT login FROM credentials WHERE merchant_id = ?1 AND room = ?2 ORDER BY login")?
        .query_map(params![merchant.0, room], |row| row.get(0))?
        .collect()
}

pub fn login_of(
    connection: &Connection,
    merchant: MerchantId,
    room: &str,
    account: &str,
) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT login FROM accounts WHERE merchant_id = ?1 AND room = ?2 AND code = ?3")?
        .query_row(params![merchant.0, room, account], |row| row.get(0))
        .optional()
}

pub fn add_merchant(connection: &Connection, name: &str, now: Timestamp) -> rusqlite::Result<MerchantId> {
    connection
        .prepare_cached(
            "INSERT INTO merchants (merchant_id, name, created_at)
             SELECT coalesce(max(merchant_id), 0) + 1, ?1, ?2 FROM merchants RETURNING merchant_id",
        )?
        .query_row(params![name, now.0], |row| row.get(0).map(MerchantId))
}

pub fn put_credential(connection: &Connection, credential: &Credential) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO credentials (merchant_id, room, login, name, enabled, settings)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (merchant_id, room, login)
                 DO UPDATE SET name = excluded.name, enabled = excluded.enabled, settings = excluded.settings",
        )?
        .execute(params![
            credential.merchant.0,
            credential.room,
            credential.login,
            credential.name,
            credential.enabled,
            credential.settings,
        ])?;
    for account in &credential.accounts {
        put_account(connection, credential.merchant, &credential.room, &credential.login, account)?;
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
    connection
        .prepare_cached(
            "INSERT INTO accounts (merchant_id, room, login, code, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (merchant_id, room, code) DO UPDATE SET login = excluded.login, body = excluded.body",
        )?
        .execute(params![merchant.0, room, login, account.code, rows::to_json(account)?])?;
    Ok(())
}

pub fn add_key(
    connection: &Connection,
    merchant: MerchantId,
    room: &str,
    login: &str,
    key: &NewKey,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE credential_keys SET valid_until = min(coalesce(valid_until, ?4), ?4)
             WHERE merchant_id = ?1 AND room = ?2 AND login = ?3",
        )?
        .execute(params![merchant.0, room, login, key.old_valid_until.0])?;
    connection
        .prepare_cached(
            "INSERT INTO credential_keys (merchant_id, room, login, key_no, sealed, created_at)
             SELECT ?1, ?2, ?3, coalesce(max(key_no), 0) + 1, ?4, ?5 FROM credential_keys
             WHERE merchant_id = ?1 AND room = ?2 AND login = ?3",
        )?
        .execute(params![merchant.0, room, login, key.sealed, key.created_at.0])?;
    Ok(())
}

pub fn key_was_used(
    connection: &Connection,
    merchant: MerchantId,
    room: &str,
    login: &str,
    (key_no, at): (u32, Timestamp),
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE credential_keys SET used_at = coalesce(used_at, ?5)
             WHERE merchant_id = ?1 AND room = ?2 AND login = ?3 AND key_no = ?4",
        )?
        .execute(params![merchant.0, room, login, key_no, at.0])?;
    Ok(())
}

pub fn put_rate(connection: &Connection, rate: &QuotedRate) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO rates (base, quote, set_at, rate_e8, source) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (base, quote, set_at) DO UPDATE SET rate_e8 = excluded.rate_e8, source = excluded.source",
        )?
        .execute(params![
            rate.base.code(),
            rate.quote.code(),
            rate.set_at.0,
            rate.rate.e8(),
            rate.source
        ])?;
    Ok(())
}

pub fn gateway_key(
    connection: &Connection,
    name: &str,
    new: Option<&[u8]>,
) -> rusqlite::Result<Option<Vec<u8>>> {
    if let Some(new) = new {
        connection
            .prepare_cached("INSERT INTO gateway_keys (name, sealed) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![name, new])?;
    }
    connection
        .prepare_cached("SELECT sealed FROM gateway_keys WHERE name = ?1")?
        .query_row(params![name], |row| row.get(0))
        .optional()
}
