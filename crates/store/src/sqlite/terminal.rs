//! Terminals: the queue before each, batches, signatures, pairing codes.

use rusqlite::{Connection, OptionalExtension, params};
use tillgate_core::{BatchPlace, Currency, Deed, MerchantId, Order, OrderNo, Queue, Stage, Timestamp};

use super::rows::{self, order_columns};
use crate::terminal::{Batch, BatchLine, Pairing};

/// Before all that wait: what a terminal has already.
const AT_TERMINAL_RANK: i64 = i64::MIN;

/// Where an open order stands in its terminal's queue; `None` if it does not.
pub fn queue_rank(order: &Order) -> Option<i64> {
    let (terms, counter) = (order.terms.counter.as_ref()?, order.counter.as_ref()?);
    if !order.state.is_open() || !order.is_for_terminal() {
        return None;
    }
    let created_ms = order.terms.created_at.millis();
    Some(match (counter.stage, terms.queue) {
        (Stage::Offered | Stage::Taken, _) => AT_TERMINAL_RANK,
        (Stage::Waiting, Queue::Fifo) => created_ms,
        (Stage::Waiting, Queue::Filo) => -created_ms,
    })
}

/// What the terminal has first, then those that wait, in their order; within an instant their numbers', which grow.
pub fn queue(
    connection: &Connection,
    merchant: MerchantId,
    terminal: &str,
    limit: u32,
) -> rusqlite::Result<Vec<Order>> {
    connection
        .prepare_cached(concat!(
            order_columns!(),
            " WHERE merchant_id = ?1 AND terminal = ?2 AND queue_rank IS NOT NULL
              ORDER BY queue_rank,
                  CASE WHEN queue_rank < 0 AND queue_rank > ?4 THEN -order_no ELSE order_no END LIMIT ?3"
        ))?
        .query_map(params![merchant.0, terminal, limit, AT_TERMINAL_RANK], rows::order)?
        .collect()
}

pub fn queue_length(
    connection: &Connection,
    merchant: MerchantId,
    terminal: &str,
    limit: u32,
) -> rusqlite::Result<u32> {
    connection
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM orders
                 WHERE merchant_id = ?1 AND terminal = ?2 AND queue_rank IS NOT NULL LIMIT ?3)",
        )?
        .query_row(params![merchant.0, terminal, limit], |row| row.get(0))
}

/// The number of the batch that is open, whether or not anything is in it yet.
pub fn open_batch(connection: &Connection, merchant: MerchantId, terminal: &str) -> rusqlite::Result<u32> {
    let newest: Option<(u32, bool)> = connection
        .prepare_cached(
            "SELECT batch_no, closed_at IS NOT NULL FROM batches WHERE merchant_id = ?1 AND terminal = ?2
             ORDER BY batch_no DESC LIMIT 1",
        )?
        .query_row(params![merchant.0, terminal], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(newest.map_or(1, |(number, is_closed)| number + u32::from(is_closed)))
}

/// Whether an order may still join the batch. It begins with its first order.
pub fn batch_is_open(
    connection: &Connection,
    merchant: MerchantId,
    place: &BatchPlace,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    if open_batch(connection, merchant, &place.terminal)? != place.number {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "INSERT INTO batches (merchant_id, terminal, batch_no, opened_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![merchant.0, place.terminal, place.number, now.0])?;
    Ok(true)
}

/// Closes the open batch and owes the settlement of each order in it. `None` if there is nothing in it.
pub fn close_batch(
    connection: &Connection,
    merchant: MerchantId,
    terminal: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<Batch>> {
    let number = open_batch(connection, merchant, terminal)?;
    let Some(batch) = batch(connection, merchant, terminal, number)?.filter(|batch| !batch.lines.is_empty())
    else {
        return Ok(None);
    };
    connection
        .prepare_cached(
            "UPDATE batches SET closed_at = ?4
             WHERE merchant_id = ?1 AND terminal = ?2 AND batch_no = ?3 AND closed_at IS NULL",
        )?
        .execute(params![merchant.0, terminal, number, now.0])?;
    connection
        .prepare_cached(
            "INSERT INTO work (merchant_id, order_no, slot, slot_no, due_at, attempt)
             SELECT merchant_id, order_no, 's', 0, ?4, 0 FROM orders
             WHERE merchant_id = ?1 AND batch_terminal = ?2 AND batch_no = ?3 AND batch_no > 0 AND state = 'paid'
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![merchant.0, terminal, number, now.0])?;
    Ok(Some(Batch { closed_at: Some(now), ..batch }))
}

pub fn batch(
    connection: &Connection,
    merchant: MerchantId,
    terminal: &str,
    number: u32,
) -> rusqlite::Result<Option<Batch>> {
    let closed_at: Option<Option<i64>> = connection
        .prepare_cached(
            "SELECT closed_at FROM batches WHERE merchant_id = ?1 AND terminal = ?2 AND batch_no = ?3",
        )?
        .query_row(params![merchant.0, terminal, number], |row| row.get(0))
        .optional()?;
    let Some(closed_at) = closed_at else { return Ok(None) };
    // What a refund gives back is not captured by it: its amount is its own.
    let lines = connection
        .prepare_cached(
            "SELECT deed, state = 'voided', currency, count(*),
                 sum(CASE deed WHEN 'refund' THEN amount_minor + tip_minor ELSE captured_minor END), sum(tip_minor)
             FROM orders WHERE merchant_id = ?1 AND batch_terminal = ?2 AND batch_no = ?3 AND batch_no > 0
             GROUP BY deed, state = 'voided', currency ORDER BY deed, state = 'voided', currency",
        )?
        .query_map(params![merchant.0, terminal, number], line)?
        .collect::<Result<_, _>>()?;
    Ok(Some(Batch { number, closed_at: closed_at.map(Timestamp), lines }))
}

fn line(row: &rusqlite::Row<'_>) -> rusqlite::Result<BatchLine> {
    let bad = |what: &'static str| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, what.into())
    };
    Ok(BatchLine {
        deed: Deed::from_word(row.get_ref(0)?.as_str()?).ok_or_else(|| bad("unknown deed"))?,
        is_voided: row.get(1)?,
        currency: Currency::from_code(row.get_ref(2)?.as_str()?).ok_or_else(|| bad("unknown currency"))?,
        count: row.get(3)?,
        total_minor: row.get(4)?,
        tip_minor: row.get(5)?,
    })
}

pub fn put_signature(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
    png: &[u8],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO signatures (merchant_id, order_no, png) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![merchant.0, order.0, png])
        .map(drop)
}

pub fn signature(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT png FROM signatures WHERE merchant_id = ?1 AND order_no = ?2")?
        .query_row(params![merchant.0, order.0], |row| row.get(0))
        .optional()
}

pub fn put_pairing(connection: &Connection, pairing: &Pairing) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO pairings (merchant_id, terminal, code_digest, expires_at, tries_left)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (merchant_id, terminal) DO UPDATE SET code_digest = excluded.code_digest,
                 expires_at = excluded.expires_at, tries_left = excluded.tries_left",
        )?
        .execute(params![
            pairing.merchant.0,
            pairing.terminal,
            pairing.code_digest,
            pairing.expires_at.0,
            pairing.tries_left
        ])
        .map(drop)
}

/// Uses the terminal's code up. A wrong one costs a try, the last try the code.
pub fn take_pairing(
    connection: &Connection,
    merchant: MerchantId,
    terminal: &str,
    code_digest: &[u8],
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let taken = connection
        .prepare_cached(
            "DELETE FROM pairings WHERE merchant_id = ?1 AND terminal = ?2 AND code_digest = ?3
                 AND expires_at > ?4",
        )?
        .execute(params![merchant.0, terminal, code_digest, now.0])?;
    if taken == 0 {
        connection
            .prepare_cached(
                "UPDATE pairings SET tries_left = tries_left - 1 WHERE merchant_id = ?1 AND terminal = ?2",
            )?
            .execute(params![merchant.0, terminal])?;
        connection
            .prepare_cached(
                "DELETE FROM pairings WHERE merchant_id = ?1 AND terminal = ?2
                     AND (tries_left <= 0 OR expires_at <= ?3)",
            )?
            .execute(params![merchant.0, terminal, now.0])?;
    }
    Ok(taken == 1)
}
