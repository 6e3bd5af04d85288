//! Terminals: the queue before each, batches, signatures, pairing codes.

use rusqlite::{Connection, params};
use tillgate_core::{BatchPlace, MerchantId, Order, OrderNo, Timestamp};

use super::rows::{all, one, run};
use crate::rows::{self, AT_TERMINAL_RANK};
use crate::sql;
use crate::terminal::{Batch, Pairing};

/// What the terminal has first, then those that wait, in their order; within an instant their numbers', which grow.
pub fn queue(
    connection: &Connection,
    merchant: MerchantId,
    terminal: &str,
    limit: u32,
) -> rusqlite::Result<Vec<Order>> {
    all(connection, sql::QUEUE, params![merchant.0, terminal, AT_TERMINAL_RANK, limit], rows::order)
}

pub fn queue_length(
    connection: &Connection,
    merchant: MerchantId,
    terminal: &str,
    limit: u32,
) -> rusqlite::Result<u32> {
    let counted = one(connection, sql::QUEUE_LENGTH, params![merchant.0, terminal, limit], |row| row.int(0))?;
    Ok(counted.unwrap_or_default())
}

/// The number of the batch that is open, whether or not anything is in it yet.
pub fn open_batch(connection: &Connection, merchant: MerchantId, terminal: &str) -> rusqlite::Result<u32> {
    let newest = one(connection, sql::NEWEST_BATCH, params![merchant.0, terminal], rows::open_batch)?;
    Ok(newest.unwrap_or(1))
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
    run(
        connection,
        "INSERT INTO batches (merchant_id, terminal, batch_no, opened_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
        params![merchant.0, place.terminal, place.number, now.0],
    )?;
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
    run(
        connection,
        "UPDATE batches SET closed_at = ?4
         WHERE merchant_id = ?1 AND terminal = ?2 AND batch_no = ?3 AND closed_at IS NULL",
        params![merchant.0, terminal, number, now.0],
    )?;
    run(connection, sql::OWE_SETTLEMENT, params![now.0, merchant.0, terminal, number])?;
    Ok(Some(Batch { closed_at: Some(now), ..batch }))
}

pub fn batch(
    connection: &Connection,
    merchant: MerchantId,
    terminal: &str,
    number: u32,
) -> rusqlite::Result<Option<Batch>> {
    let place = params![merchant.0, terminal, number];
    let Some(closed_at) = one(connection, sql::BATCH_END, place, rows::batch_end)? else { return Ok(None) };
    let lines = all(connection, sql::BATCH_LINES, place, rows::batch_line)?;
    Ok(Some(Batch { number, closed_at, lines }))
}

pub fn put_signature(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
    png: &[u8],
) -> rusqlite::Result<()> {
    run(
        connection,
        "INSERT INTO signatures (merchant_id, order_no, png) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![merchant.0, order.0, png],
    )
    .map(drop)
}

pub fn signature(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
) -> rusqlite::Result<Option<Vec<u8>>> {
    one(connection, sql::SIGNATURE, params![merchant.0, order.0], |row| row.bytes(0))
}

pub fn put_pairing(connection: &Connection, pairing: &Pairing) -> rusqlite::Result<()> {
    let Pairing { merchant, terminal, code_digest, expires_at, tries_left } = pairing;
    let values = params![merchant.0, terminal, code_digest, expires_at.0, tries_left];
    run(connection, sql::PUT_PAIRING, values).map(drop)
}

/// Uses the terminal's code up. A wrong one costs a try, the last try the code.
pub fn take_pairing(
    connection: &Connection,
    merchant: MerchantId,
    terminal: &str,
    code_digest: &[u8],
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let taken = run(connection, sql::TAKE_PAIRING, params![merchant.0, terminal, code_digest, now.0])?;
    if taken == 0 {
        run(connection, sql::MISS_PAIRING, params![merchant.0, terminal])?;
        run(connection, sql::DROP_PAIRING, params![merchant.0, terminal, now.0])?;
    }
    Ok(taken == 1)
}
