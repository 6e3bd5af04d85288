//! What merchants are told: the message, each try, putting it back to the front.

use rusqlite::{Connection, OptionalExtension, params};
use tillgate_core::{MerchantId, OrderNo, Timestamp, WorkKey, WorkKind};

use super::apply::put_work;
use crate::notification::{Notification, NotificationAttempt, NotificationState};

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
    let attempts: Option<u32> = connection
        .prepare_cached(
            "UPDATE notifications SET state = ?4 WHERE merchant_id = ?1 AND order_no = ?2 AND event_no = ?3
             RETURNING attempts",
        )?
        .query_row(params![merchant.0, order.0, event, NotificationState::Waiting.as_str()], |row| row.get(0))
        .optional()?;
    if attempts.is_some() {
        let key = WorkKey { merchant, order, kind: WorkKind::Notify(event) };
        put_work(connection, &key, now, 0)?;
    }
    Ok(attempts.is_some())
}
