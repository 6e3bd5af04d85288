//! Requests that have an effect once.

use rusqlite::{Connection, OptionalExtension, params};
use tillgate_core::{MerchantId, Timestamp};

use crate::claim::{Claim, Claimed};

/// False if it was made before.
pub fn put(connection: &Connection, claim: &Claim) -> rusqlite::Result<bool> {
    let written = connection
        .prepare_cached(
            "INSERT INTO claims (merchant_id, claim_key, subject, answer, at) VALUES (?1, ?2, ?3, NULL, ?4)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![claim.merchant.0, claim.key, claim.subject, claim.at.millis()])?;
    Ok(written == 1)
}

pub fn load(connection: &Connection, merchant: MerchantId, key: &[u8]) -> rusqlite::Result<Option<Claimed>> {
    connection
        .prepare_cached("SELECT subject, answer FROM claims WHERE merchant_id = ?1 AND claim_key = ?2")?
        .query_row(params![merchant.0, key], |row| Ok(Claimed { subject: row.get(0)?, answer: row.get(1)? }))
        .optional()
}

/// The first answer stays, and is what comes back. What is older is forgotten on the way, a few rows at a time.
pub fn answer(
    connection: &Connection,
    claim: &Claim,
    answer: &[u8],
    forget_before: Timestamp,
) -> rusqlite::Result<Vec<u8>> {
    connection
        .prepare_cached(
            "DELETE FROM claims WHERE merchant_id = ?1 AND claim_key IN
                 (SELECT claim_key FROM claims WHERE merchant_id = ?1 AND at < ?2 ORDER BY at LIMIT 8)",
        )?
        .execute(params![claim.merchant.0, forget_before.millis()])?;
    connection
        .prepare_cached(
            "INSERT INTO claims (merchant_id, claim_key, subject, answer, at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (merchant_id, claim_key) DO UPDATE SET answer = coalesce(answer, excluded.answer)
             RETURNING answer",
        )?
        .query_row(params![claim.merchant.0, claim.key, claim.subject, answer, claim.at.millis()], |row| {
            row.get(0)
        })
}
