//! What merchants are told: the message, each try, putting it back to the front.

use rusqlite::{Connection, params};
use tillgate_core::{MerchantId, OrderNo, Timestamp, WorkKey, WorkKind};

use super::apply::put_work;
use super::rows::run;
use crate::notification::{Notification, NotificationAttempt};
use crate::sql;

pub fn put(connection: &Connection, notification: &Notification) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO notifications
                 (merchant_id, order_no, event_no, url, content_type, body, state, attempts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (merchant_id, order_no, event_no)
                 DO UPDATE SET state = excluded.state, attempts = excluded.attempts",
        )?
        .execute(params![
            notification.merchant.0,
            notification.order.0,
            notification.event,
            notification.url,
            notification.content_type,
            notification.body,
            notification.state.as_str(),
            notification.attempts,
        ])?;
    Ok(())
}

pub fn put_attempt(
    connection: &Connection,
    notification: &Notification,
    attempt: &NotificationAttempt,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO notification_attempts
                 (merchant_id, order_no, event_no, attempt, at, took_ms, status, answer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            notification.merchant.0,
            notification.order.0,
            notification.event,
            attempt.attempt,
            attempt.at.0,
            attempt.took_ms,
            attempt.status,
            attempt.answer,
        ])?;
    Ok(())
}

pub fn resend(
    connection: &Connection,
    merchant: MerchantId,
    order: OrderNo,
    event: u32,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let is_known = run(connection, sql::RESEND, params![merchant.0, order.0, event])? == 1;
    if is_known {
        put_work(connection, &WorkKey { merchant, order, kind: WorkKind::Notify(event) }, now, 0)?;
    }
    Ok(is_known)
}
