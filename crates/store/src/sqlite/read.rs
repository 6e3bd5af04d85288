//! Reads, each by key or by an index.

use std::fmt::Write as _;

use rusqlite::{Connection, OptionalExtension, ToSql, params};
use tillgate_core::{Event, MerchantId, Order, OrderNo, Posting, Refund, RefundNo, Timestamp, Work};

use super::rows::{self, order_columns};
use crate::notification::{Notification, NotificationAttempt, NotificationState};
use crate::port::{OrderKey, Totals};
use crate::rate::QuotedRate;
use crate::search::OrderSearch;

pub fn order(
    connection: &Connection,
    merchant: MerchantId,
    key: &OrderKey<'_>,
) -> rusqlite::Result<Option<Order>> {
    match key {
        OrderKey::Number(number) => connection
            .prepare_cached(concat!(order_columns!(), " WHERE merchant_id = ?1 AND order_no = ?2"))?
            .query_row(params![merchant.0, number.0], rows::order)
            .optional(),
        OrderKey::Reference { room, reference } => connection
            .prepare_cached(concat!(
                order_columns!(),
                " WHERE merchant_id = ?1 AND order_no = (SELECT order_no FROM order_references
                      WHERE merchant_id = ?1 AND room = ?2 AND reference = ?3 AND refund_no = 0)"
            ))?
            .query_row(params![merchant.0, room, reference], rows::order)
            .optional(),
    }
}

/// Newest first.
pub fn search(
    connection: &Connection,
    merchant: MerchantId,
    search: &OrderSearch,
) -> rusqlite::Result<Vec<Order>> {
    let mut sql = concat!(order_columns!(), " WHERE merchant_id = ?1").to_owned();
    let mut values: Vec<&dyn ToSql> = vec![&merchant.0];
    for (column, word) in [
        ("operator", &search.operator),
        ("terminal", &search.terminal),
        ("room", &search.room),
        ("state", &search.state),
    ] {
        if !word.is_empty() {
            values.push(word);
            // `<> ''` lets the partial indexes be used.
            let _ = write!(sql, " AND {column} = ?{} AND {column} <> ''", values.len());
        }
    }
    values.push(&search.limit);
    let _ = write!(sql, " ORDER BY order_no DESC LIMIT ?{}", values.len());
    connection.prepare_cached(&sql)?.query_map(&values[..], rows::order)?.collect()
}

/// The order and the refund that a merchant's number of a refund belongs to.
pub fn refund_place(
    connection: &Connection,
    merchant: MerchantId,
    room: &str,
    reference: &str,
) -> rusqlite::Result<Option<(OrderNo, RefundNo)>> {
    connection
        .prepare_cached(
            "SELECT order_no, refund_no FROM order_references
             WHERE merchant_id = ?1 AND room = ?2 AND reference = ?3 AND refund_no > 0",
        )?
        .query_row(params![merchant.0, room, reference], |row| {
            Ok((OrderNo(row.get(0)?), RefundNo(row.get(1)?)))
        })
        .optional()
}

/// All there have been, each pair's newest first.
pub fn rates(connection: &Connection) -> rusqlite::Result<Vec<QuotedRate>> {
    connection
        .prepare_cached(
            "SELECT base, quote, set_at, rate_e8, source FROM rates ORDER BY base, quote, set_at DESC",
        )?
        .query_map((), rows::rate)?
        .collect()
}

/// Two steps by the primary key for each pair there is, however long its history.
pub fn current_rates(connection: &Connection) -> rusqlite::Result<Vec<QuotedRate>> {
    let mut next_pair = connection.prepare_cached(
        "SELECT base, quote FROM rates WHERE (base, quote) > (?1, ?2) ORDER BY base, quote LIMIT 1",
    )?;
    let mut newest = connection.prepare_cached(
        "SELECT base, quote, set_at, rate_e8, source FROM rates WHERE base = ?1 AND quote = ?2
         ORDER BY set_at DESC LIMIT 1",
    )?;
    let mut current = Vec::new();
    let mut pair = (String::new(), String::new());
    loop {
        let found = next_pair.query_row(params![pair.0, pair.1], |row| Ok((row.get(0)?, row.get(1)?)));
        let Some(found) = found.optional()? else { return Ok(current) };
        pair = found;
        current.push(newest.query_row(params![pair.0, pair.1], rows::rate)?);
    }
}

pub fn refunds(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
) -> rusqlite::Result<Vec<Refund>> {
    connection
        .prepare_cached(
            "SELECT merchant_id, order_no, refund_no, amount_minor, note, requested_at, late, state_body, reference,
                 choice, means
             FROM refunds WHERE merchant_id = ?1 AND order_no = ?2 ORDER BY refund_no",
        )?
        .query_map(params![merchant.0, order.0], rows::refund)?
        .collect()
}

pub fn events(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
) -> rusqlite::Result<Vec<(Timestamp, Event)>> {
    connection
        .prepare_cached(
            "SELECT at, body FROM events WHERE merchant_id = ?1 AND order_no = ?2 ORDER BY event_no",
        )?
        .query_map(params![merchant.0, order.0], rows::event)?
        .collect()
}

pub fn postings(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
) -> rusqlite::Result<Vec<(u32, Posting)>> {
    connection
        .prepare_cached(
            "SELECT event_no, account, currency, amount_minor FROM postings
             WHERE merchant_id = ?1 AND order_no = ?2 ORDER BY event_no, line",
        )?
        .query_map(params![merchant.0, order.0], rows::posting)?
        .collect()
}

pub fn work(connection: &Connection, merchant: MerchantId, order: OrderNo) -> rusqlite::Result<Vec<Work>> {
    connection
        .prepare_cached(
            "SELECT merchant_id, order_no, slot, slot_no, due_at, attempt FROM work
             WHERE merchant_id = ?1 AND order_no = ?2 ORDER BY due_at",
        )?
        .query_map(params![merchant.0, order.0], rows::work)?
        .collect()
}

pub fn next_due(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .prepare_cached("SELECT due_at FROM work ORDER BY due_at LIMIT 1")?
        .query_row((), |row| row.get(0).map(Timestamp))
        .optional()
}

const NOTIFICATION_COLUMNS: &str =
    "merchant_id, order_no, event_no, url, content_type, body, state, attempts";

pub fn notification(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
    event: u32,
) -> rusqlite::Result<Option<Notification>> {
    connection
        .prepare_cached(&format!(
            "SELECT {NOTIFICATION_COLUMNS} FROM notifications
             WHERE merchant_id = ?1 AND order_no = ?2 AND event_no = ?3"
        ))?
        .query_row(params![merchant.0, order.0, event], rows::notification)
        .optional()
}

pub fn notifications(
    connection: &Connection,
    merchant: Option<MerchantId>,
    state: Option<NotificationState>,
    limit: u32,
) -> rusqlite::Result<Vec<Notification>> {
    connection
        .prepare(&format!(
            "SELECT {NOTIFICATION_COLUMNS} FROM notifications
             WHERE (?1 IS NULL OR merchant_id = ?1) AND (?2 IS NULL OR state = ?2)
             ORDER BY order_no DESC, event_no DESC LIMIT ?3"
        ))?
        .query_map(
            params![merchant.map(|id| id.0), state.map(NotificationState::as_str), limit],
            rows::notification,
        )?
        .collect()
}

pub fn attempts(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
    event: u32,
) -> rusqlite::Result<Vec<NotificationAttempt>> {
    connection
        .prepare_cached(
            "SELECT attempt, at, took_ms, status, answer FROM notification_attempts
             WHERE merchant_id = ?1 AND order_no = ?2 AND event_no = ?3 ORDER BY attempt",
        )?
        .query_map(params![merchant.0, order.0, event], rows::attempt)?
        .collect()
}

pub fn totals(connection: &Connection) -> rusqlite::Result<Totals> {
    let pairs = |sql: &str| -> rusqlite::Result<Vec<(String, i64)>> {
        connection.prepare(sql)?.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    let count = |sql: &str| connection.query_row(sql, (), |row| row.get(0));
    Ok(Totals {
        orders: pairs("SELECT state, count(*) FROM orders GROUP BY state ORDER BY state")?,
        postings: pairs(
            "SELECT currency, sum(amount_minor) FROM postings GROUP BY currency ORDER BY currency",
        )?,
        work: count("SELECT count(*) FROM work")?,
        notifications_exhausted: count("SELECT count(*) FROM notifications WHERE state = 'exhausted'")?,
    })
}
