//! What pages, tests and checkers get to see of the acquirer, ready to serialise.
//!
//! Knows: records. Deliberately does not know: how they change. Amounts are whole minor units of their currency.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::books::Books;
use super::card::{CardType, EntryMode};
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
    pub approved: bool,
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
        let (code, words) = record.refusal.map_or(APPROVED, |refusal| (refusal.code(), refusal.words()));
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
            net_minor: captured(record) - refunded(record),
            batch: record.batch.clone(),
            rule: card_rule_for(terms.amount_minor).map(|rule| rule.ending),
        }
    }
}

/// What a record itself took; a transaction's refunds count for themselves.
fn captured(record: &Record) -> i64 {
    if record.is_voided { 0 } else { record.funds.captured_minor }
}

fn refunded(record: &Record) -> i64 {
    let is_made = record.terms.operation == Operation::Refund && record.is_approved() && !record.is_voided;
    if is_made { record.terms.amount_minor } else { 0 }
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

/// What one terminal moved in one currency. The terminal is empty for what came online.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TerminalTotals {
    pub terminal: String,
    pub currency: String,
    /// Sales and authorizations that were approved.
    pub transactions: u64,
    pub voids: u64,
    pub refunds: u64,
    pub declines: u64,
    /// Reserved by transactions that are not voided, captured or not.
    pub authorized_minor: i64,
    /// Of it, what is not captured yet.
    pub open_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    /// Captured less refunded.
    pub net_minor: i64,
}

/// By terminal and currency. A capture or a refund counts at the terminal that made it.
pub fn totals(books: &Books, terminal: Option<&str>) -> Vec<TerminalTotals> {
    let mut all = BTreeMap::<(&str, &str), TerminalTotals>::new();
    for record in books.records() {
        let currency = record.terms.currency.as_str();
        let own = all.entry((booked_at(books, record), currency)).or_default();
        count(own, record);
        if record.is_root() && captured(record) > 0 {
            let taken = all.entry((record.funds.captured_at.as_str(), currency)).or_default();
            taken.captured_minor += captured(record);
        }
    }
    all.into_iter()
        .filter(|((at, _), _)| terminal.is_none_or(|terminal| terminal == *at))
        .map(|((terminal, currency), totals)| TerminalTotals {
            terminal: terminal.to_owned(),
            currency: currency.to_owned(),
            net_minor: totals.captured_minor - totals.refunded_minor,
            ..totals
        })
        .collect()
}

fn booked_at<'a>(books: &'a Books, record: &'a Record) -> &'a str {
    let original = record.follows.and_then(|position| books.at(position)).unwrap_or(record);
    record.booked_at(original)
}

fn count(own: &mut TerminalTotals, record: &Record) {
    if !record.is_approved() {
        own.declines += 1;
        return;
    }
    match record.terms.operation {
        Operation::Sale | Operation::Authorization => own.transactions += 1,
        Operation::Void => own.voids += 1,
        Operation::Refund => own.refunds += 1,
        Operation::Increment | Operation::Capture => {}
    }
    if !record.is_voided {
        own.authorized_minor += record.funds.authorized_minor;
        let is_open = record.funds.captured_minor == 0;
        own.open_minor += if is_open { record.funds.authorized_minor } else { 0 };
    }
    own.refunded_minor += refunded(record);
}

/// What was settled under one name in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct BatchView {
    pub batch: String,
    pub currency: String,
    /// Sales, authorizations and refunds in it, oldest first.
    pub trade_nos: Vec<String>,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub net_minor: i64,
}

/// By name and currency.
pub fn batches(books: &Books) -> Vec<BatchView> {
    let mut all = BTreeMap::<(&str, &str), BatchView>::new();
    for record in books.records() {
        let Some(batch) = &record.batch else { continue };
        let view = all.entry((batch, &record.terms.currency)).or_default();
        view.trade_nos.push(record.terms.trade_no.clone());
        view.captured_minor += captured(record);
        view.refunded_minor += refunded(record);
    }
    all.into_iter()
        .map(|((batch, currency), view)| BatchView {
            batch: batch.to_owned(),
            currency: currency.to_owned(),
            net_minor: view.captured_minor - view.refunded_minor,
            ..view
        })
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
