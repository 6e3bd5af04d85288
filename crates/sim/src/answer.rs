//! What the wallets say, in answers and callbacks.
//!
//! Knows: the words and fields of the messages. Deliberately does not know: what was asked.

use std::borrow::Cow;

use crate::refund::Refund;
use crate::trade::{State, Trade};
use crate::wire::seal;

pub type Fields<'a> = Vec<(&'a str, Cow<'a, str>)>;

pub fn trade_fields(trade: &Trade) -> Fields<'_> {
    let terms = &trade.terms;
    let mut fields: Fields<'_> = Vec::with_capacity(14);
    fields.extend([
        ("out_trade_no", (&terms.number).into()),
        ("amount", (&terms.amount.text).into()),
        ("currency", (&terms.currency).into()),
    ]);
    fields
}

pub fn state_fields(trade: &Trade) -> Fields<'_> {
    match &trade.state {
        State::Pending => vec![("status", "pending".into())],
        State::Paid { at_ms } => moved("paid", &trade.wallet_no, &trade.payer, *at_ms),
        State::Declined { reason, .. } => vec![("status", "declined".into()), ("reason", reason.into())],
        State::Closed { .. } => vec![("status", "closed".into()), ("reason", "TRADE_CLOSED".into())],
        State::Expired { .. } => vec![("status", "closed".into()), ("reason", "TRADE_EXPIRED".into())],
    }
}

pub fn refund_fields<'a>(trade: &'a Trade, refund: &'a Refund) -> Fields<'a> {
    let mut fields = match &refund.declined {
        Some(reason) => vec![("status", "declined".into()), ("reason", reason.into())],
        None => moved("refunded", &refund.wallet_no, &trade.payer, refund.at_ms),
    };
    fields.push(("refund_no", (&refund.number).into()));
    fields.push(("refund_amount", (&refund.amount.text).into()));
    fields
}

fn moved<'a>(status: &'a str, trade_no: &'a str, payer: &'a str, at_ms: i64) -> Fields<'a> {
    vec![
        ("status", status.into()),
        ("trade_no", trade_no.into()),
        ("payer", payer.into()),
        ("paid_at_ms", at_ms.to_string().into()),
    ]
}

/// What the wallet tells of the trade by itself. A forged one says paid and is signed with another key.
pub fn callback_body(key: &str, trade: &Trade, forged: bool, now_ms: i64) -> Vec<u8> {
    let mut fields = trade_fields(trade);
    fields.push(("service", "notify".into()));
    fields.push(("payer_amount", (&trade.terms.payer_amount).into()));
    fields.push(("payer_currency", (&trade.terms.payer_currency).into()));
    if forged {
        fields.extend(moved("paid", &trade.wallet_no, &trade.payer, now_ms));
        return seal(fields, &format!("not {key}"));
    }
    fields.extend(state_fields(trade));
    seal(fields, key)
}
