//! Walks for reports: page by page, one merchant at a time, by the primary key or by the index of times.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tillgate_core::{Currency, MerchantId, Order, OrderNo, Timestamp};

use super::rows::{self, order_columns};
use crate::report::{
    Balance, BatchHead, LedgerLine, LinePlace, StatementFile, StatementHead, StatementKind, StatementLine,
};

pub fn merchants(connection: &Connection) -> rusqlite::Result<Vec<MerchantId>> {
    connection
        .prepare_cached("SELECT merchant_id FROM merchants ORDER BY merchant_id")?
        .query_map((), |row| row.get(0).map(MerchantId))?
        .collect()
}

pub fn walk_orders(
    connection: &Connection,
    merchant: MerchantId,
    after: OrderNo,
    limit: u32,
) -> rusqlite::Result<Vec<Order>> {
    connection
        .prepare_cached(concat!(
            order_columns!(),
            " WHERE merchant_id = ?1 AND order_no > ?2 ORDER BY order_no LIMIT ?3"
        ))?
        .query_map(params![merchant.0, after.0, limit], rows::order)?
        .collect()
}

pub fn walk_batch(
    connection: &Connection,
    merchant: MerchantId,
    (terminal, number): (&str, u32),
    after: OrderNo,
    limit: u32,
) -> rusqlite::Result<Vec<Order>> {
    connection
        .prepare_cached(concat!(
            order_columns!(),
            " WHERE merchant_id = ?1 AND batch_terminal = ?2 AND batch_no = ?3 AND batch_no > 0 AND order_no > ?4
              ORDER BY order_no LIMIT ?5"
        ))?
        .query_map(params![merchant.0, terminal, number, after.0, limit], rows::order)?
        .collect()
}

pub fn batches(connection: &Connection, merchant: MerchantId) -> rusqlite::Result<Vec<BatchHead>> {
    connection
        .prepare_cached(
            "SELECT terminal, batch_no, opened_at, closed_at FROM batches WHERE merchant_id = ?1
             ORDER BY terminal, batch_no",
        )?
        .query_map([merchant.0], |row| {
            Ok(BatchHead {
                terminal: row.get(0)?,
                number: row.get(1)?,
                opened_at: Timestamp(row.get(2)?),
                closed_at: row.get::<_, Option<i64>>(3)?.map(Timestamp),
            })
        })?
        .collect()
}

/// All of a merchant's lines are read, by his part of the primary key.
pub fn balances(
    connection: &Connection,
    merchant: MerchantId,
    before: Option<Timestamp>,
) -> rusqlite::Result<Vec<Balance>> {
    connection
        .prepare_cached(
            "SELECT 0, account, currency, sum(amount_minor) FROM postings
             WHERE merchant_id = ?1 AND at < ?2 GROUP BY account, currency ORDER BY account, currency",
        )?
        .query_map(params![merchant.0, before.map_or(i64::MAX, |before| before.0)], |row| {
            let (_, posting) = rows::posting(row)?;
            Ok(Balance { account: posting.account, amount: posting.amount })
        })?
        .collect()
}

pub fn walk_ledger(
    connection: &Connection,
    merchant: MerchantId,
    (from, until): (Timestamp, Timestamp),
    after: Option<LinePlace>,
    limit: u32,
) -> rusqlite::Result<Vec<LedgerLine>> {
    let after = after.unwrap_or(LinePlace { at: from, order: OrderNo(i64::MIN), event: 0, line: 0 });
    connection
        .prepare_cached(
            "SELECT event_no, account, currency, amount_minor, at, order_no, line FROM postings
             WHERE merchant_id = ?1 AND at >= ?2 AND at < ?3
                 AND (at, order_no, event_no, line) > (?2, ?4, ?5, ?6)
             ORDER BY at, order_no, event_no, line LIMIT ?7",
        )?
        .query_map(
            params![merchant.0, after.at.0, until.0, after.order.0, after.event, after.line, limit],
            |row| {
                let (event, posting) = rows::posting(row)?;
                let at = Timestamp(row.get(4)?);
                let place = LinePlace { at, order: OrderNo(row.get(5)?), event, line: row.get(6)? };
                Ok(LedgerLine { place, account: posting.account, amount: posting.amount })
            },
        )?
        .collect()
}

/// In one look, so that a gateway at work does not make any.
pub fn stray_lines(connection: &Connection, merchant: MerchantId) -> rusqlite::Result<Vec<(OrderNo, u32)>> {
    connection
        .prepare_cached(
            "SELECT DISTINCT p.order_no, p.event_no FROM postings p
             LEFT JOIN events e USING (merchant_id, order_no, event_no)
             LEFT JOIN orders o USING (merchant_id, order_no)
             WHERE p.merchant_id = ?1 AND (e.event_no IS NULL OR o.order_no IS NULL OR e.at <> p.at)
             ORDER BY p.order_no, p.event_no",
        )?
        .query_map([merchant.0], |row| Ok((OrderNo(row.get(0)?), row.get(1)?)))?
        .collect()
}

/// False, and nothing is kept, if the channel has given us this very file before.
pub fn put_statement(connection: &Connection, file: &StatementFile) -> rusqlite::Result<bool> {
    connection.prepare_cached("SAVEPOINT statement")?.execute(())?;
    let written = put_statement_rows(connection, file);
    if written.is_err() {
        connection.prepare_cached("ROLLBACK TO statement")?.execute(())?;
    }
    connection.prepare_cached("RELEASE statement")?.execute(())?;
    written
}

fn put_statement_rows(connection: &Connection, file: &StatementFile) -> rusqlite::Result<bool> {
    let is_new = connection
        .prepare_cached(
            "INSERT INTO statement_files (channel, digest, name, line_count, imported_at)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            file.channel,
            file.digest,
            file.name,
            file.lines.len() as i64,
            file.imported_at.0
        ])?;
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
    connection
        .prepare_cached(
            "SELECT channel, name, line_count, imported_at FROM statement_files WHERE channel = ?1 AND digest = ?2",
        )?
        .query_row(params![channel, digest], head)
        .optional()
}

fn head(row: &Row<'_>) -> rusqlite::Result<StatementHead> {
    Ok(StatementHead {
        channel: row.get(0)?,
        name: row.get(1)?,
        line_count: row.get(2)?,
        imported_at: Timestamp(row.get(3)?),
    })
}

pub fn statements(connection: &Connection) -> rusqlite::Result<Vec<StatementHead>> {
    connection
        .prepare_cached(
            "SELECT channel, name, line_count, imported_at FROM statement_files ORDER BY imported_at, name",
        )?
        .query_map((), head)?
        .collect()
}

/// Merchants that a channel speaks of in that time; 0 stands for none of ours.
pub fn stated_merchants(connection: &Connection) -> rusqlite::Result<Vec<MerchantId>> {
    // A step by the primary key for each.
    let mut next =
        connection.prepare_cached("SELECT min(merchant_id) FROM statement_lines WHERE merchant_id > ?1")?;
    let (mut found, mut last) = (Vec::new(), -1_i64);
    while let Some(merchant) = next.query_row([last], |row| row.get::<_, Option<i64>>(0))? {
        found.push(MerchantId(u32::try_from(merchant).unwrap_or_default()));
        last = merchant;
    }
    Ok(found)
}

const LINE_COLUMNS: &str = "merchant_id, order_no, line_no, trade_no, original_trade_no, kind, amount_minor, \
     currency, at, reference, batch";

/// Orders a channel speaks of in that time, each once.
pub fn stated_orders(
    connection: &Connection,
    merchant: MerchantId,
    channel: &str,
    (from, until): (Timestamp, Timestamp),
) -> rusqlite::Result<Vec<OrderNo>> {
    connection
        .prepare_cached(
            "SELECT DISTINCT order_no FROM statement_lines
             WHERE merchant_id = ?1 AND channel = ?2 AND at >= ?3 AND at < ?4 ORDER BY order_no",
        )?
        .query_map(params![merchant.0, channel, from.0, until.0], |row| row.get(0).map(OrderNo))?
        .collect()
}

/// All that a channel ever said of an order.
pub fn lines_of_order(
    connection: &Connection,
    merchant: MerchantId,
    channel: &str,
    order: OrderNo,
) -> rusqlite::Result<Vec<StatementLine>> {
    connection
        .prepare_cached(&format!(
            "SELECT {LINE_COLUMNS} FROM statement_lines WHERE merchant_id = ?1 AND channel = ?2 AND order_no = ?3
             ORDER BY at, trade_no, digest, line_no"
        ))?
        .query_map(params![merchant.0, channel, order.0], statement_line)?
        .collect()
}

fn statement_line(row: &Row<'_>) -> rusqlite::Result<StatementLine> {
    let bad = |column: usize, what: &'static str| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, what.into())
    };
    let (merchant, order) = (MerchantId(row.get(0)?), OrderNo(row.get(1)?));
    Ok(StatementLine {
        order: (merchant.0 > 0).then_some((merchant, order)),
        line_no: row.get(2)?,
        trade_no: row.get(3)?,
        original_trade_no: row.get(4)?,
        kind: StatementKind::from_word(row.get_ref(5)?.as_str()?).ok_or_else(|| bad(5, "unknown kind"))?,
        amount_minor: row.get(6)?,
        currency: Currency::from_code(row.get_ref(7)?.as_str()?).ok_or_else(|| bad(7, "unknown currency"))?,
        at: Timestamp(row.get(8)?),
        reference: row.get(9)?,
        batch: row.get(10)?,
    })
}

/// Orders with an entry in that time, each once; and those made in it that only held money, which books no entry.
pub fn moved_orders(
    connection: &Connection,
    merchant: MerchantId,
    (from, until): (Timestamp, Timestamp),
    (first, last): (OrderNo, OrderNo),
) -> rusqlite::Result<Vec<OrderNo>> {
    connection
        .prepare_cached(
            "SELECT order_no FROM postings WHERE merchant_id = ?1 AND at >= ?2 AND at < ?3
             UNION SELECT order_no FROM orders
                 WHERE merchant_id = ?1 AND order_no BETWEEN ?4 AND ?5 AND deed = 'authorization'
             ORDER BY 1",
        )?
        .query_map(params![merchant.0, from.0, until.0, first.0, last.0], |row| row.get(0).map(OrderNo))?
        .collect()
}
