//! Reads, each by key or by an index.

use rusqlite::{Connection, ToSql, params};
use tillgate_core::{Event, MerchantId, Order, OrderNo, Posting, Refund, RefundNo, Timestamp, Work};

use super::rows::{all, one};
use crate::notification::{Notification, NotificationAttempt, NotificationState};
use crate::port::{OrderKey, Totals};
use crate::rate::QuotedRate;
use crate::rows;
use crate::search::OrderSearch;
use crate::sql;

pub fn order(
    connection: &Connection,
    merchant: MerchantId,
    key: &OrderKey<'_>,
) -> rusqlite::Result<Option<Order>> {
    match key {
        OrderKey::Number(number) => one(connection, sql::ORDER, params![merchant.0, number.0], rows::order),
        OrderKey::Reference { room, reference } => {
            one(connection, sql::ORDER_BY_REFERENCE, params![merchant.0, room, reference], rows::order)
        }
    }
}

/// Newest first.
pub fn search(
    connection: &Connection,
    merchant: MerchantId,
    search: &OrderSearch,
) -> rusqlite::Result<Vec<Order>> {
    let words = search.words();
    let mut values: Vec<&dyn ToSql> = vec![&merchant.0];
    values.extend(words.iter().map(|(_, word)| word as &dyn ToSql));
    values.push(&search.limit);
    let columns: Vec<&str> = words.iter().map(|(column, _)| *column).collect();
    all(connection, &sql::search_orders(&columns), &values[..], rows::order)
}

/// The order and the refund that a merchant's number of a refund belongs to.
pub fn refund_place(
    connection: &Connection,
    merchant: MerchantId,
    room: &str,
    reference: &str,
) -> rusqlite::Result<Option<(OrderNo, RefundNo)>> {
    one(connection, sql::REFUND_PLACE, params![merchant.0, room, reference], rows::refund_place)
}

/// All there have been, each pair's newest first.
pub fn rates(connection: &Connection) -> rusqlite::Result<Vec<QuotedRate>> {
    all(connection, sql::RATES, (), rows::rate)
}

/// Two steps by the primary key for each pair there is, however long its history.
pub fn current_rates(connection: &Connection) -> rusqlite::Result<Vec<QuotedRate>> {
    let mut current = Vec::new();
    let mut pair = (String::new(), String::new());
    while let Some(next) = one(connection, sql::NEXT_PAIR, params![pair.0, pair.1], rows::pair_of_words)? {
        current.extend(one(connection, sql::NEWEST_RATE, params![next.0, next.1], rows::rate)?);
        pair = next;
    }
    Ok(current)
}

pub fn refunds(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
) -> rusqlite::Result<Vec<Refund>> {
    all(connection, sql::REFUNDS, params![merchant.0, order.0], rows::refund)
}

pub fn events(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
) -> rusqlite::Result<Vec<(Timestamp, Event)>> {
    all(connection, sql::EVENTS, params![merchant.0, order.0], rows::event)
}

pub fn postings(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
) -> rusqlite::Result<Vec<(u32, Posting)>> {
    all(connection, sql::POSTINGS, params![merchant.0, order.0], rows::posting)
}

pub fn work(connection: &Connection, merchant: MerchantId, order: OrderNo) -> rusqlite::Result<Vec<Work>> {
    all(connection, sql::WORK, params![merchant.0, order.0], rows::work)
}

pub fn next_due(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    one(connection, sql::NEXT_DUE, (), |row| row.time(0))
}

pub fn notification(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
    event: u32,
) -> rusqlite::Result<Option<Notification>> {
    one(connection, sql::NOTIFICATION, params![merchant.0, order.0, event], rows::notification)
}

pub fn notifications(
    connection: &Connection,
    merchant: Option<MerchantId>,
    state: Option<NotificationState>,
    limit: u32,
) -> rusqlite::Result<Vec<Notification>> {
    let state = state.map_or("", NotificationState::as_str);
    match merchant {
        Some(merchant) => {
            all(connection, sql::NOTIFICATIONS_OF, params![merchant.0, state, limit], rows::notification)
        }
        None => all(connection, sql::NOTIFICATIONS, params![state, limit], rows::notification),
    }
}

pub fn attempts(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
    event: u32,
) -> rusqlite::Result<Vec<NotificationAttempt>> {
    all(connection, sql::ATTEMPTS, params![merchant.0, order.0, event], rows::attempt)
}

pub fn totals(connection: &Connection) -> rusqlite::Result<Totals> {
    let count = |sql| one(connection, sql, (), |row| row.long(0)).map(Option::unwrap_or_default);
    Ok(Totals {
        orders: all(connection, sql::COUNT_ORDERS, (), rows::word_and_count)?,
        postings: all(connection, sql::SUM_POSTINGS, (), rows::word_and_count)?,
        work: count(sql::COUNT_WORK)?,
        notifications_exhausted: count(sql::COUNT_EXHAUSTED)?,
    })
}
