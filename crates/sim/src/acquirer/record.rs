//! One operation under its number, and what became of it.
//!
//! Knows: what an operation was told, what it was answered, and where its money stands. Deliberately does not
//! know: the rules by which that changes (`desk`, `follow_up`), other records.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::card::{CardFacts, TestCardInput};
use super::issuer::{Authentication, Challenge, Payer};
use super::refusal::Refusal;

/// Largest total, so that sums cannot overflow.
pub const AMOUNT_MAX: i64 = 10_000_000_000_000;
const NAME_MAX: usize = 64;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Authorized and captured in one step.
    Sale,
    Authorization,
    Increment,
    Capture,
    Void,
    Refund,
}

/// What was asked for under a number. The same again is a repetition; anything else is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub trade_no: String,
    pub terminal: String,
    pub operation: Operation,
    /// The number of the operation it follows, empty if it follows none.
    pub original: String,
    /// All of it, tip and cashback included.
    pub amount_minor: i64,
    pub tip_minor: i64,
    pub cashback_minor: i64,
    pub currency: String,
    /// The payer is in a browser.
    #[serde(default)]
    pub is_online: bool,
}

impl Terms {
    /// Whether it can be kept and said again; amounts are a rule's matter.
    pub fn is_well_formed(&self) -> bool {
        let is_currency = self.currency.len() == 3 && self.currency.bytes().all(|b| b.is_ascii_uppercase());
        is_name(&self.trade_no)
            && (self.terminal.is_empty() || is_name(&self.terminal))
            && (self.original.is_empty() || is_name(&self.original))
            && is_currency
    }

    /// A void may leave out how much it undoes.
    pub fn has_good_amounts(&self) -> bool {
        let least = i64::from(self.operation != Operation::Void);
        (least..=AMOUNT_MAX).contains(&self.amount_minor)
            && self.tip_minor >= 0
            && self.cashback_minor >= 0
            && self.tip_minor.checked_add(self.cashback_minor).is_some_and(|extra| extra <= self.amount_minor)
    }
}

/// A number, a terminal or a batch as it may stand in a message.
pub fn is_name(text: &str) -> bool {
    (1..=NAME_MAX).contains(&text.len()) && !text.chars().any(|c| c.is_control() || c == '&')
}

/// A request to do something under a new number.
#[derive(Debug)]
pub struct Order {
    pub terms: Terms,
    pub card: Option<TestCardInput>,
    pub online: Option<Online>,
}

/// What comes along where the payer is in a browser. Nothing of it is kept unless the payer is challenged, and then not
/// the first two.
pub struct Online {
    pub cvv: Zeroizing<String>,
    pub zip: String,
    pub payer: Payer,
}

impl fmt::Debug for Online {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Online").finish_non_exhaustive()
    }
}

/// Where the money of a sale or an authorization stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Funds {
    /// Increments and later tips included.
    pub authorized_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub tip_minor: i64,
    /// Where the capture is booked.
    pub captured_at: String,
    pub settle_refused: bool,
}

/// Why nobody hears an answer for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    Silence,
    Garbage,
    /// The answer is "pending".
    Pending,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub position: usize,
    pub terms: Terms,
    /// The original's for what follows one.
    pub card: Option<CardFacts>,
    /// The sale, the authorization or the refund it changed.
    pub follows: Option<usize>,
    pub at_ms: i64,
    /// `None`: approved.
    pub refusal: Option<Refusal>,
    pub auth_code: String,
    pub ref_no: String,
    pub trouble: Option<(Trouble, i64)>,
    pub funds: Funds,
    pub is_voided: bool,
    pub batch: Option<String>,
    #[serde(default)]
    pub authentication: Authentication,
    /// Where the issuer wanted to hear from the payer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
}

impl Record {
    pub fn is_approved(&self) -> bool {
        self.refusal.is_none() && self.waiting().is_none()
    }

    /// The challenge that the payer is still to answer: nothing is reserved before.
    pub fn waiting(&self) -> Option<&Challenge> {
        self.challenge.as_ref().filter(|challenge| !challenge.is_over)
    }

    /// Whether it is a sale or an authorization, which captures, voids and refunds follow.
    pub fn is_root(&self) -> bool {
        matches!(self.terms.operation, Operation::Sale | Operation::Authorization)
    }

    /// Whether the same is asked for again. The card counts only where it pays.
    pub fn is_same(&self, terms: &Terms, card: Option<&CardFacts>) -> bool {
        self.terms == *terms && (!terms.original.is_empty() || self.card.as_ref() == card)
    }

    pub fn trouble_at(&self, now_ms: i64) -> Option<Trouble> {
        self.trouble.filter(|(_, until_ms)| now_ms < *until_ms).map(|(trouble, _)| trouble)
    }

    /// What it took itself; its refunds count for themselves.
    pub fn captured_minor(&self) -> i64 {
        if self.is_voided { 0 } else { self.funds.captured_minor }
    }

    /// What it gave back itself.
    pub fn refunded_minor(&self) -> i64 {
        let is_made = self.terms.operation == Operation::Refund && self.is_approved() && !self.is_voided;
        if is_made { self.terms.amount_minor } else { 0 }
    }

    /// Where it is booked: a follow-up that names no terminal, where its original was.
    pub fn booked_at<'a>(&'a self, original: &'a Self) -> &'a str {
        if self.terms.terminal.is_empty() { &original.terms.terminal } else { &self.terms.terminal }
    }
}
