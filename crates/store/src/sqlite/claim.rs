//! Requests that have an effect once.

use rusqlite::{Connection, params};
use tillgate_core::{MerchantId, Timestamp};

use super::rows::{one, run};
use crate::claim::{Claim, Claimed};
use crate::rows;
use crate::sql;

/// False if it was made before.
pub fn put(connection: &Connection, claim: &Claim) -> rusqlite::Result<bool> {
    let written = run(
        connection,
        "INSERT INTO claims (merchant_id, claim_key, subject, answer, at) VALUES (?1, ?2, ?3, NULL, ?4)
         ON CONFLICT DO NOTHING",
        params![claim.merchant.0, claim.key, claim.subject, claim.at.millis()],
    )?;
    Ok(written == 1)
}

pub fn load(connection: &Connection, merchant: MerchantId, key: &[u8]) -> rusqlite::Result<Option<Claimed>> {
    one(connection, sql::CLAIM, params![merchant.0, key], rows::claimed)
}

/// The first answer stays, and is what comes back. What is older is forgotten on the way, a few rows at a time.
pub fn answer(
    connection: &Connection,
    claim: &Claim,
    answer: &[u8],
    forget_before: Timestamp,
) -> rusqlite::Result<Vec<u8>> {
    run(connection, sql::FORGET_CLAIMS, params![claim.merchant.0, forget_before.millis()])?;
    let values = params![claim.merchant.0, claim.key, claim.subject, answer, claim.at.millis()];
    one(connection, sql::ANSWER_CLAIM, values, |row| row.bytes(0))?
        .ok_or(rusqlite::Error::QueryReturnedNoRows)
}
