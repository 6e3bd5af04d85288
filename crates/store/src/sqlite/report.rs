//! Walks for reports: page by page, one merchant at a time, by the primary key or by the index of times.

use rusqlite::{Connection, params};
use tillgate_core::{MerchantId, Order, OrderNo, Timestamp};

use super::rows::{all, one, run};
use crate::report::{Balance, BatchHead, LedgerLine, LinePlace, StatementFile, StatementHead, StatementLine};
use crate::rows;
use crate::sql;

pub fn merchants(connection: &Connection) -> rusqlite::Result<Vec<MerchantId>> {
    all(connection, sql::MERCHANTS, (), |row| row.merchant(0))
}

pub fn walk_orders(
    connection: &Connection,
    merchant: MerchantId,
    after: OrderNo,
    limit: u32,
) -> rusqlite::Result<Vec<Order>> {
    all(connection, sql::WALK_ORDERS, params![merchant.0, after.0, limit], rows::order)
}

pub fn walk_batch(
    connection: &Connection,
    merchant: MerchantId,
    (terminal, number): (&str, u32),
    after: OrderNo,
    limit: u32,
) -> rusqlite::Result<Vec<Order>> {
    all(connection, sql::WALK_BATCH, params![merchant.0, terminal, number, after.0, limit], rows::order)
}

pub fn batches(connection: &Connection, merchant: MerchantId) -> rusqlite::Result<Vec<BatchHead>> {
    all(connection, sql::BATCHES, params![merchant.0], rows::batch_head)
}

pub fn balances(
    connection: &Connection,
    merchant: MerchantId,
    before: Option<Timestamp>,
) -> rusqlite::Result<Vec<Balance>> {
    let before = before.map_or(i64::MAX, |before| before.0);
    all(connection, sql::BALANCES, params![merchant.0, before], rows::balance)
}

pub fn walk_ledger(
    connection: &Connection,
    merchant: MerchantId,
    (from, until): (Timestamp, Timestamp),
    after: Option<LinePlace>,
    limit: u32,
) -> rusqlite::Result<Vec<LedgerLine>> {
    let LinePlace { at, order, event, line } = after.unwrap_or(LinePlace::before(from));
    let values = params![merchant.0, at.0, until.0, order.0, event, line, limit];
    all(connection, sql::WALK_LEDGER, values, rows::ledger_line)
}

pub fn stray_lines(connection: &Connection, merchant: MerchantId) -> rusqlite::Result<Vec<(OrderNo, u32)>> {
    all(connection, sql::STRAY_LINES, params![merchant.0], rows::stray_line)
}

/// False, and nothing is kept, if the channel has given us this very file before.
pub fn put_statement(connection: &Connection, file: &StatementFile) -> rusqlite::Result<bool> {
    run(connection, "SAVEPOINT statement", ())?;
    let written = put_statement_rows(connection, file);
    if written.is_err() {
        run(connection, "ROLLBACK TO statement", ())?;
    }
    run(connection, "RELEASE statement", ())?;
    written
}

fn put_statement_rows(connection: &Connection, file: &StatementFile) -> rusqlite::Result<bool> {
    let StatementFile { channel, digest, name, imported_at, lines } = file;
    let values = params![channel, digest, name, lines.len() as i64, imported_at.0];
    let is_new = run(connection, sql::PUT_STATEMENT_FILE, values)?;
    if is_new == 0 {
        return Ok(false);
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO statement_lines (merchant_id, order_no, channel, digest, line_no, trade_no,
             original_trade_no, kind, amount_minor, currency, at, reference, batch)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    for line in &file.lines {
        let (merchant, order) = line.order.unwrap_or((MerchantId(0), OrderNo(0)));
        insert.execute(params![
            merchant.0,
            order.0,
            file.channel,
            file.digest,
            line.line_no,
            line.trade_no,
            line.original_trade_no,
            line.kind.as_str(),
            line.amount_minor,
            line.currency.code(),
            line.at.0,
            line.reference,
            line.batch,
        ])?;
    }
    Ok(true)
}

pub fn statement(
    connection: &Connection,
    channel: &str,
    digest: &[u8],
) -> rusqlite::Result<Option<StatementHead>> {
    one(connection, sql::STATEMENT_FILE, params![channel, digest], rows::statement_head)
}

pub fn statements(connection: &Connection) -> rusqlite::Result<Vec<StatementHead>> {
    all(connection, sql::STATEMENT_FILES, (), rows::statement_head)
}

/// Merchants that statements name; 0 stands for numbers that are none of ours.
pub fn stated_merchants(connection: &Connection) -> rusqlite::Result<Vec<MerchantId>> {
    let (mut found, mut last) = (Vec::new(), -1_i64);
    let next = |last| one(connection, sql::NEXT_STATED_MERCHANT, params![last], |row| row.optional_int(0));
    while let Some(merchant) = next(last)?.flatten() {
        found.push(MerchantId(u32::try_from(merchant).unwrap_or_default()));
        last = merchant;
    }
    Ok(found)
}

/// Orders a channel speaks of in that time, each once.
pub fn stated_orders(
    connection: &Connection,
    merchant: MerchantId,
    channel: &str,
    (from, until): (Timestamp, Timestamp),
) -> rusqlite::Result<Vec<OrderNo>> {
    all(connection, sql::STATED_ORDERS, params![merchant.0, channel, from.0, until.0], |row| row.number(0))
}

/// All that a channel ever said of an order.
pub fn lines_of_order(
    connection: &Connection,
    merchant: MerchantId,
    channel: &str,
    order: OrderNo,
) -> rusqlite::Result<Vec<StatementLine>> {
    all(connection, sql::STATEMENT_LINES, params![merchant.0, channel, order.0], rows::statement_line)
}

pub fn moved_orders(
    connection: &Connection,
    merchant: MerchantId,
    (from, until): (Timestamp, Timestamp),
    (first, last): (OrderNo, OrderNo),
) -> rusqlite::Result<Vec<OrderNo>> {
    let values = params![merchant.0, from.0, until.0, first.0, last.0];
    all(connection, sql::MOVED_ORDERS, values, |row| row.number(0))
}
