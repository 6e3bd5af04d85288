//! The acquirer's movements of one day.
//!
//! Knows: which operations move or reserve money, and their figures as they stand now: a tip that was changed later and
//! what an increment added are in the amount of the sale or the authorization. Deliberately does not know: the file's
//! format.

use super::books::Books;
use super::record::{Operation, Record};
use crate::money;
use crate::statement::{Day, Kind, Movement};

/// The name in the file.
const CHANNEL: &str = "acquirer";

/// Approved ones only, in the order they came. An increment is part of its authorization.
pub fn movements(books: &Books, day: Day) -> Vec<Movement<'_>> {
    books
        .records()
        .iter()
        .filter(|record| record.is_approved() && day.holds(record.at_ms))
        .filter_map(|record| movement(books, record))
        .collect()
}

fn movement<'a>(books: &'a Books, record: &'a Record) -> Option<Movement<'a>> {
    let terms = &record.terms;
    let root = record.follows.and_then(|position| books.at(position));
    let (kind, amount_minor, batch) = match terms.operation {
        Operation::Sale => (Kind::Sale, record.funds.captured_minor, &record.batch),
        Operation::Authorization => (Kind::Authorization, record.funds.authorized_minor, &None),
        Operation::Capture => (Kind::Capture, root?.funds.captured_minor, &root?.batch),
        Operation::Refund => (Kind::Refund, terms.amount_minor, &record.batch),
        Operation::Void => (Kind::Void, voided_minor(root?), &None),
        Operation::Increment => return None,
    };
    Some(Movement {
        channel: CHANNEL,
        trade_no: &terms.trade_no,
        original: &terms.original,
        kind,
        amount_minor,
        digits: money::digits(&terms.currency),
        currency: &terms.currency,
        at_ms: record.at_ms,
        reference: &record.ref_no,
        batch: batch.as_deref().unwrap_or_default(),
    })
}

/// What a void undid: what was taken, or reserved if nothing was.
fn voided_minor(root: &Record) -> i64 {
    match (root.terms.operation, root.funds.captured_minor) {
        (Operation::Refund, _) => root.terms.amount_minor,
        (_, 0) => root.funds.authorized_minor,
        (_, captured_minor) => captured_minor,
    }
}
