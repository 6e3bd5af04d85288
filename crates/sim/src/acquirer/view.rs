//! What pages, tests and checkers get to see of the acquirer, ready to serialise.
//!
//! Knows: records. Deliberately does not know: how they change. Amounts are whole minor units of their currency.

use serde::{Deserialize, Serialize};

use super::books::Books;
use super::card::{CardType, EntryMode};
use super::issuer::Authentication;
use super::record::{Operation, Record};
use super::refusal::APPROVED;
use super::rules::card_rule_for;

/// One operation. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransactionView {
    /// Counts operations from 0; for [`TransactionFilter::before`].
    pub position: usize,
    pub trade_no: String,
    /// The number it follows, empty if it follows none.
    pub original: String,
    pub terminal: String,
    pub operation: Operation,
    pub state: TransactionState,
    /// As it was asked for, tip and cashback included.
    pub amount_minor: i64,
    pub tip_minor: i64,
    pub cashback_minor: i64,
    pub currency: String,
    pub brand: String,
    /// `411111****1111`
    pub card_no: String,
    pub kind: Option<CardType>,
    pub entry: Option<EntryMode>,
    /// How a payer online proved who he is.
    pub authentication: Authentication,
    pub approved: bool,
    /// Empty while it is not decided.
    pub response_code: String,
    pub response_msg: String,
    pub auth_code: String,
    pub ref_no: String,
    pub at_ms: i64,
    /// These four are a sale's or an authorization's as it stands now; elsewhere 0.
    pub authorized_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    /// The whole tip as it is now.
    pub current_tip_minor: i64,
    /// What it has moved to the merchant and not back; a refund's is negative.
    pub net_minor: i64,
    pub batch: Option<String>,
    /// The ending of the rule that applies, see [`crate::card_rule_for`].
    pub rule: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionState {
    /// The payer is still to prove who he is; nothing is reserved.
    Challenged,
    /// Reserved and not captured.
    Authorized,
    Captured,
    Voided,
    Declined,
    /// An increment, a capture, a void or a refund that was made.
    Done,
}

impl TransactionState {
    fn of(record: &Record) -> Self {
        match record {
            _ if record.waiting().is_some() => Self::Challenged,
            _ if !record.is_approved() => Self::Declined,
            _ if record.is_voided => Self::Voided,
            _ if !record.is_root() => Self::Done,
            _ if record.funds.captured_minor > 0 => Self::Captured,
            _ => Self::Authorized,
        }
    }
}

impl From<&Record> for TransactionView {
    fn from(record: &Record) -> Self {
        let (code, words) = match (record.refusal, record.waiting()) {
            (Some(refusal), _) => (refusal.code(), refusal.words()),
            (None, Some(_)) => ("", ""),
            (None, None) => APPROVED,
        };
        let (terms, card, funds) = (&record.terms, record.card.as_ref(), &record.funds);
        Self {
            position: record.position,
            trade_no: terms.trade_no.clone(),
            original: terms.original.clone(),
            terminal: terms.terminal.clone(),
            operation: terms.operation,
            state: TransactionState::of(record),
            amount_minor: terms.amount_minor,
            tip_minor: terms.tip_minor,
            cashback_minor: terms.cashback_minor,
            currency: terms.currency.clone(),
            brand: card.map_or_else(String::new, |card| card.brand.clone()),
            card_no: card.map_or_else(String::new, |card| card.masked()),
            kind: card.map(|card| card.kind),
            entry: card.map(|card| card.entry),
            authentication: record.authentication,
            approved: record.is_approved(),
            response_code: code.to_owned(),
            response_msg: words.to_owned(),
            auth_code: if record.is_approved() { record.auth_code.clone() } else { String::new() },
            ref_no: record.ref_no.clone(),
            at_ms: record.at_ms,
            authorized_minor: funds.authorized_minor,
            captured_minor: funds.captured_minor,
            refunded_minor: funds.refunded_minor,
            current_tip_minor: funds.tip_minor,
            net_minor: record.captured_minor() - record.refunded_minor(),
            batch: record.batch.clone(),
            rule: card_rule_for(terms.amount_minor).map(|rule| rule.ending),
        }
    }
}

/// Which operations to list. Looks no further back than 10,000 of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransactionFilter {
    pub terminal: Option<String>,
    pub operation: Option<Operation>,
    pub state: Option<TransactionState>,
    pub batch: Option<String>,
    /// Only older than this position.
    pub before: Option<usize>,
    /// At most so many, 100 unless told.
    pub limit: usize,
}

impl Default for TransactionFilter {
    fn default() -> Self {
        Self { terminal: None, operation: None, state: None, batch: None, before: None, limit: 100 }
    }
}

impl TransactionFilter {
    fn wants(&self, record: &Record) -> bool {
        self.terminal.as_ref().is_none_or(|terminal| *terminal == record.terms.terminal)
            && self.operation.is_none_or(|operation| operation == record.terms.operation)
            && self.state.is_none_or(|state| state == TransactionState::of(record))
            && self.batch.as_ref().is_none_or(|batch| record.batch.as_ref() == Some(batch))
    }
}

/// How many operations are looked at for one list.
const LOOK_BACK: usize = 10_000;

/// Newest first.
pub fn list(books: &Books, filter: &TransactionFilter) -> Vec<TransactionView> {
    let end = filter.before.unwrap_or(usize::MAX).min(books.records().len());
    books.records()[..end]
        .iter()
        .rev()
        .take(LOOK_BACK)
        .filter(|record| filter.wants(record))
        .take(filter.limit)
        .map(TransactionView::from)
        .collect()
}

/// A number under which nothing was done and nothing will be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ClosedNumber {
    pub at_ms: i64,
    pub trade_no: String,
}

/// Oldest first.
pub fn closed(books: &Books) -> Vec<ClosedNumber> {
    let mut all: Vec<_> =
        books.closed().map(|(trade_no, at_ms)| ClosedNumber { at_ms, trade_no: trade_no.clone() }).collect();
    all.sort();
    all
}
