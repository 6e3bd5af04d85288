//! Refunds of one payment.
//!
//! Knows: what may be given back. Deliberately does not know: messages.

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::rules::{Script, TROUBLE_MS};
use crate::trade::{State, Trade};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refund {
    pub number: String,
    pub wallet_no: String,
    pub amount: Amount,
    pub at_ms: i64,
    /// Why it was declined; `None` if the money went back.
    pub declined: Option<String>,
    pub silent_until_ms: i64,
}

impl Trade {
    pub fn refund(&self, number: &str) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.number == number)
    }

    /// A refund not asked for before.
    pub fn start_refund(&mut self, now_ms: i64, number: &str, amount: Amount, currency: &str) {
        let left = self.terms.amount.minor - self.refunded_minor();
        let same_kind = amount.decimals == self.terms.amount.decimals && currency == self.terms.currency;
        let declined = match (&self.state, self.script()) {
            (State::Paid { .. }, Some(Script::RefundDeclined)) => Some("REFUND_NOT_ALLOWED"),
            (State::Paid { .. }, _) if !same_kind || amount.minor == 0 => Some("REFUND_AMOUNT_INVALID"),
            (State::Paid { .. }, _) if amount.minor > left => Some("REFUND_AMOUNT_TOO_HIGH"),
            (State::Paid { .. }, _) => None,
            _ => Some("TRADE_NOT_PAID"),
        };
        let silent = declined.is_none() && self.script() == Some(Script::RefundSilentThenDone);
        let part = self.refunds.len() + 1;
        self.refunds.push(Refund {
            number: number.to_owned(),
            wallet_no: self.terms.wallet.number(now_ms, self.position, part),
            amount,
            at_ms: now_ms,
            declined: declined.map(str::to_owned),
            silent_until_ms: if silent { now_ms + TROUBLE_MS } else { 0 },
        });
    }

    /// Refunds that were made, not those declined.
    pub fn refunds_made(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(|refund| refund.declined.is_none())
    }

    pub fn refunded_minor(&self) -> i64 {
        self.refunds_made().map(|refund| refund.amount.minor).sum()
    }
}
