//! Sums over the acquirer's operations: by terminal, and by batch.
//!
//! Knows: where each operation is booked. Deliberately does not know: how operations change. Amounts are whole
//! minor units of their currency.

use std::collections::BTreeMap;

use serde::Serialize;

use super::books::Books;
use super::record::{Operation, Record};

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
        if record.is_root() && record.captured_minor() > 0 {
            let taken = all.entry((record.funds.captured_at.as_str(), currency)).or_default();
            taken.captured_minor += record.captured_minor();
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
    if record.waiting().is_some() {
        return;
    }
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
    own.refunded_minor += record.refunded_minor();
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
        view.captured_minor += record.captured_minor();
        view.refunded_minor += record.refunded_minor();
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
