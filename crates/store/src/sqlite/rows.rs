//! Rows to values and back.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::Row;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tillgate_core::{
    Currency, Event, Funds, LedgerAccount, MerchantId, Method, Money, Order, OrderNo, Posting, Rate, Refund,
    RefundNo, Timestamp, Work, WorkKey, WorkKind,
};

use crate::notification::{Notification, NotificationAttempt, NotificationState};
use crate::rate::QuotedRate;

pub fn to_json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn bad(column: usize, what: impl Into<Cow<'static, str>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, what.into().into())
}

pub fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| bad(column, error.to_string()))
}

/// Selects what [`order`] reads; a macro, so that the statement's text is made by the compiler.
macro_rules! order_columns {
    () => {
        "SELECT merchant_id, order_no, version, room, reference, state_body, captured_minor, refunded_minor, \
         refunding_minor, refunds, events, presentation, terms, choices, given_back, counter FROM orders"
    };
}
pub(super) use order_columns;

pub fn order(row: &Row<'_>) -> rusqlite::Result<Order> {
    Ok(Order {
        merchant: MerchantId(row.get(0)?),
        number: OrderNo(row.get(1)?),
        version: row.get(2)?,
        room: Arc::from(row.get_ref(3)?.as_str()?),
        reference: row.get(4)?,
        state: json(row, 5)?,
        funds: Funds {
            captured_minor: row.get(6)?,
            refunded_minor: row.get(7)?,
            refunding_minor: row.get(8)?,
        },
        refunds: row.get(9)?,
        events: row.get(10)?,
        presentation: json(row, 11)?,
        terms: json(row, 12)?,
        choices: choices(row.get_ref(13)?.as_str()?),
        given_back: row.get(14)?,
        counter: if row.get_ref(15)?.as_str()?.is_empty() { None } else { Some(Box::new(json(row, 15)?)) },
    })
}

fn choices(words: &str) -> Vec<Method> {
    words.split(',').filter(|word| !word.is_empty()).map(Method::new).collect()
}

/// The stored form of an order's choices.
pub fn choice_words(choices: &[Method]) -> String {
    choices.iter().map(Method::as_str).collect::<Vec<_>>().join(",")
}

pub fn refund(row: &Row<'_>) -> rusqlite::Result<Refund> {
    Ok(Refund {
        merchant: MerchantId(row.get(0)?),
        order: OrderNo(row.get(1)?),
        number: RefundNo(row.get(2)?),
        amount_minor: row.get(3)?,
        note: row.get(4)?,
        requested_at: Timestamp(row.get(5)?),
        reverses_late_payment: row.get(6)?,
        means: json(row, 10)?,
        state: json(row, 7)?,
        reference: row.get(8)?,
        choice: row.get(9)?,
    })
}

pub fn rate(row: &Row<'_>) -> rusqlite::Result<QuotedRate> {
    let currency = |column: usize| -> rusqlite::Result<Currency> {
        Currency::from_code(row.get_ref(column)?.as_str()?).ok_or_else(|| bad(column, "unknown currency"))
    };
    Ok(QuotedRate {
        base: currency(0)?,
        quote: currency(1)?,
        set_at: Timestamp(row.get(2)?),
        rate: Rate::from_e8(row.get(3)?).ok_or_else(|| bad(3, "not a rate"))?,
        source: row.get(4)?,
    })
}

pub fn event(row: &Row<'_>) -> rusqlite::Result<(Timestamp, Event)> {
    Ok((Timestamp(row.get(0)?), json(row, 1)?))
}

pub fn posting(row: &Row<'_>) -> rusqlite::Result<(u32, Posting)> {
    let account =
        ledger_account(row.get_ref(1)?.as_str()?).ok_or_else(|| bad(1, "unknown ledger account"))?;
    let code: String = row.get(2)?;
    let currency = Currency::from_code(&code).ok_or_else(|| bad(2, "unknown currency"))?;
    Ok((row.get(0)?, Posting { account, amount: Money::new(row.get(3)?, currency) }))
}

fn ledger_account(text: &str) -> Option<LedgerAccount> {
    let (kind, name) = text.split_once(':').unwrap_or((text, ""));
    match kind {
        "merchant_payable" => Some(LedgerAccount::MerchantPayable(name.to_owned())),
        "tips_payable" => Some(LedgerAccount::TipsPayable(name.to_owned())),
        "channel_receivable" => Some(LedgerAccount::ChannelReceivable(name.to_owned())),
        "settlement_receivable" => Some(LedgerAccount::SettlementReceivable(name.to_owned())),
        "fee_income" => Some(LedgerAccount::FeeIncome),
        "vat_payable" => Some(LedgerAccount::VatPayable),
        "late_payments" => Some(LedgerAccount::LatePayments),
        _ => None,
    }
}

pub fn work(row: &Row<'_>) -> rusqlite::Result<Work> {
    let slot = row.get_ref(2)?.as_str()?.chars().next().unwrap_or(' ');
    let kind = WorkKind::from_slot(slot, row.get(3)?).ok_or_else(|| bad(2, "unknown work"))?;
    Ok(Work {
        key: WorkKey { merchant: MerchantId(row.get(0)?), order: OrderNo(row.get(1)?), kind },
        due_at: Timestamp(row.get(4)?),
        attempt: row.get(5)?,
    })
}

pub fn notification(row: &Row<'_>) -> rusqlite::Result<Notification> {
    let state = NotificationState::parse(row.get_ref(6)?.as_str()?).ok_or_else(|| bad(6, "unknown state"))?;
    Ok(Notification {
        merchant: MerchantId(row.get(0)?),
        order: OrderNo(row.get(1)?),
        event: row.get(2)?,
        url: row.get(3)?,
        content_type: row.get(4)?,
        body: row.get(5)?,
        state,
        attempts: row.get(7)?,
    })
}

pub fn attempt(row: &Row<'_>) -> rusqlite::Result<NotificationAttempt> {
    Ok(NotificationAttempt {
        attempt: row.get(0)?,
        at: Timestamp(row.get(1)?),
        took_ms: row.get(2)?,
        status: row.get(3)?,
        answer: row.get(4)?,
    })
}
