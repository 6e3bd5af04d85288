//! One payment at a wallet: what it was asked, where it stands, what is still going to happen to it.
//!
//! Knows: how the rules move it. Deliberately does not know: messages, other trades, where it is kept.

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::refund::Refund;
use crate::rules::{
    CLOSED_TO_LATE_MS, PENDING_TO_PAID_MS, Rule, SHOWN_TO_PAID_MS, Script, TROUBLE_MS, rule_for,
};
use crate::statement::{Kind, Movement};
use crate::wallet::Wallet;

/// A trade as it is kept in the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trade {
    /// Where it stands among all trades, from 0.
    pub position: usize,
    pub terms: Terms,
    /// The wallet's own number.
    pub wallet_no: String,
    pub payer: String,
    /// The QR code's text, empty for bar codes and mini apps.
    pub code_url: String,
    /// What a WeChat mini program pays with, empty otherwise.
    #[serde(default)]
    pub prepay_id: String,
    pub created_ms: i64,
    pub state: State,
    /// It was paid after it had been closed or had expired.
    #[serde(default)]
    pub late: bool,
    /// When it pays itself.
    pub pays_at_ms: Option<i64>,
    /// Until then requests about it are not answered readably.
    pub trouble_until_ms: i64,
    pub walked_away: bool,
    pub refunds: Vec<Refund>,
    /// Those still owed.
    pub callbacks: Vec<Callback>,
    pub callbacks_made: u64,
    /// How often money was taken for it; more than once would be a fault of this crate.
    pub charges: u32,
    pub duplicate_presents: u32,
    pub duplicate_charges: u32,
    pub duplicate_refunds: u32,
}

/// What the gateway asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Terms {
    /// The gateway's number.
    pub number: String,
    pub wallet: Wallet,
    pub flow: String,
    pub amount: Amount,
    pub currency: String,
    pub payer_amount: String,
    pub payer_currency: String,
    pub subject: String,
    pub seller: String,
    /// Empty unless a till scanned one.
    pub payer_code: String,
    /// The mini app it is paid in and who pays there; empty unless the gateway said so.
    #[serde(default)]
    pub app_id: String,
    #[serde(default)]
    pub payer_id: String,
    pub expires_ms: i64,
}

impl Terms {
    /// The gateway's number without the payer's choice, `1-33` of `1-33.2`: all trades of one order share it.
    pub fn order(&self) -> &str {
        self.number.split_once('.').map_or(&self.number, |(order, _)| order)
    }

    pub fn is_mini_app(&self) -> bool {
        self.flow == "mini_app"
    }

    /// WeChat's kind of mini app, which is paid with a prepay id.
    pub fn is_mini_program(&self) -> bool {
        self.is_mini_app() && self.wallet == Wallet::Wechat
    }

    /// Whether an earlier trade of the same order was closed for this one.
    pub fn is_later_choice(&self) -> bool {
        self.number.contains('.')
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Pending,
    Paid { at_ms: i64 },
    Declined { at_ms: i64, reason: String },
    Closed { at_ms: i64 },
    Expired { at_ms: i64 },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    pub id: u64,
    pub due_ms: i64,
    pub forged: bool,
}

/// What came of the shopper's pressing pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressed {
    Paid,
    /// The wallet has taken it up and is not done.
    Waiting,
    Declined,
    NoConnection,
    /// It is not open any more.
    NotPayable,
}

/// More than any trade ever has: an id is the trade's position times this, plus a count.
pub const CALLBACKS_MAX: u64 = 16;

impl Trade {
    /// The rule that applies. All trades of an order have one amount; the late success is the first one's only,
    /// so that the payer's next choice can be paid beside it.
    pub fn rule(&self) -> Option<&'static Rule> {
        rule_for(self.terms.amount.ending())
            .filter(|rule| rule.script != Script::LateSuccess || !self.terms.is_later_choice())
    }

    pub fn script(&self) -> Option<Script> {
        self.rule().map(|rule| rule.script)
    }

    pub fn is_pending(&self) -> bool {
        self.state == State::Pending
    }

    /// A code or a mini app order was made.
    pub fn presented(&mut self, now_ms: i64) {
        match self.script() {
            Some(Script::PendingThenPaid) => self.pays_at_ms = Some(now_ms + PENDING_TO_PAID_MS),
            Some(Script::PaysItself) => self.pays_at_ms = Some(now_ms + SHOWN_TO_PAID_MS),
            Some(Script::Garbage) => self.trouble_until_ms = now_ms + TROUBLE_MS,
            Some(Script::ForgedCallback) => self.call_back(now_ms, true),
            _ => {}
        }
    }

    /// A till scanned the payer's code.
    pub fn charged(&mut self, now_ms: i64) {
        if Wallet::of_payer_code(&self.terms.payer_code) != Some(self.terms.wallet) {
            self.decline_silently(now_ms, "AUTH_CODE_INVALID");
            return;
        }
        match self.script() {
            Some(Script::Decline) => self.decline_silently(now_ms, "BALANCE_NOT_ENOUGH"),
            Some(Script::PendingThenPaid | Script::NoCallback) => {
                self.pays_at_ms = Some(now_ms + PENDING_TO_PAID_MS);
            }
            Some(Script::SilentThenPaid | Script::Garbage) => {
                self.take_money(now_ms);
                self.trouble_until_ms = now_ms + TROUBLE_MS;
            }
            Some(Script::SilentNeverPaid) => self.trouble_until_ms = now_ms + TROUBLE_MS,
            Some(Script::LateSuccess | Script::ConfirmOnPhone) => {}
            Some(Script::ForgedCallback) => self.call_back(now_ms, true),
            Some(Script::CallbackThrice) => self.paid(now_ms),
            Some(Script::RefundDeclined | Script::RefundSilentThenDone | Script::PaysItself) | None => {
                self.take_money(now_ms);
            }
        }
    }

    /// The shopper presses pay.
    pub fn press_pay(&mut self, now_ms: i64) -> Pressed {
        if !self.is_pending() {
            return Pressed::NotPayable;
        }
        self.walked_away = false;
        match self.script() {
            Some(Script::Decline) => {
                self.decline(now_ms, "BALANCE_NOT_ENOUGH");
                Pressed::Declined
            }
            Some(Script::LateSuccess) => Pressed::Waiting,
            Some(Script::SilentNeverPaid) => {
                self.trouble_until_ms = now_ms + TROUBLE_MS;
                Pressed::NoConnection
            }
            script => {
                if script == Some(Script::SilentThenPaid) {
                    self.trouble_until_ms = now_ms + TROUBLE_MS;
                }
                self.paid(now_ms);
                Pressed::Paid
            }
        }
    }

    /// The wallet or the shopper says no, and the wallet reports it.
    pub fn decline(&mut self, now_ms: i64, reason: &str) {
        self.decline_silently(now_ms, reason);
        self.call_back(now_ms, false);
    }

    fn decline_silently(&mut self, now_ms: i64, reason: &str) {
        self.state = State::Declined { at_ms: now_ms, reason: reason.to_owned() };
        self.pays_at_ms = None;
    }

    /// The shopper closes the app: nothing happens by itself any more.
    pub fn walk_away(&mut self) {
        self.walked_away = true;
        self.pays_at_ms = None;
    }

    pub fn close(&mut self, now_ms: i64) {
        self.end(State::Closed { at_ms: now_ms }, now_ms);
    }

    fn end(&mut self, state: State, now_ms: i64) {
        self.state = state;
        let late = self.script() == Some(Script::LateSuccess) && !self.walked_away;
        self.pays_at_ms = late.then_some(now_ms + CLOSED_TO_LATE_MS);
    }

    /// What moved for it: the payment, then its refunds.
    pub fn movements(&self) -> impl Iterator<Item = Movement<'_>> {
        let sale = Movement {
            channel: self.terms.wallet.word(),
            trade_no: &self.terms.number,
            original: "",
            kind: Kind::Sale,
            amount_minor: self.terms.amount.minor,
            digits: self.terms.amount.decimals,
            currency: &self.terms.currency,
            at_ms: 0,
            reference: &self.wallet_no,
            batch: "",
        };
        let paid = match self.state {
            State::Paid { at_ms } => Some(Movement { at_ms, ..sale.clone() }),
            _ => None,
        };
        let refunds = self.refunds_made().map(move |refund| Movement {
            trade_no: &refund.number,
            original: sale.trade_no,
            kind: Kind::Refund,
            amount_minor: refund.amount.minor,
            at_ms: refund.at_ms,
            reference: &refund.wallet_no,
            ..sale.clone()
        });
        paid.into_iter().chain(refunds)
    }

    /// When something happens to it by itself.
    pub fn next_due(&self) -> Option<i64> {
        let expiry = self.is_pending().then_some(self.terms.expires_ms);
        self.pays_at_ms.into_iter().chain(expiry).min()
    }

    /// Lets everything happen that was due by now; whether there was anything.
    pub fn advance(&mut self, now_ms: i64) -> bool {
        let mut changed = false;
        while let Some(due_ms) = self.next_due().filter(|due_ms| *due_ms <= now_ms) {
            if self.pays_at_ms == Some(due_ms) {
                self.paid(due_ms);
            } else {
                self.end(State::Expired { at_ms: due_ms }, due_ms);
            }
            changed = true;
        }
        changed
    }

    /// Paid, and reported as the rule says.
    fn paid(&mut self, at_ms: i64) {
        self.take_money(at_ms);
        let callbacks = match self.script() {
            Some(Script::CallbackThrice) => 3,
            Some(Script::NoCallback | Script::SilentThenPaid) => 0,
            _ => 1,
        };
        for _ in 0..callbacks {
            self.call_back(at_ms, false);
        }
    }

    /// The one place where money is taken.
    fn take_money(&mut self, at_ms: i64) {
        self.late = !self.is_pending();
        self.state = State::Paid { at_ms };
        self.pays_at_ms = None;
        self.charges += 1;
    }

    fn call_back(&mut self, due_ms: i64, forged: bool) {
        let id = self.position as u64 * CALLBACKS_MAX + self.callbacks_made;
        self.callbacks_made += 1;
        self.callbacks.push(Callback { id, due_ms, forged });
    }
}
