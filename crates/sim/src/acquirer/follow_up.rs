//! What may follow a transaction, and what it then is.
//!
//! Knows: a void only before settlement and before any refund; one capture, of no more than is reserved; no more
//! refunded than captured. Deliberately does not know: numbers, cards, the journal: it gives back the changed
//! record of the sale, the authorization or the refund, for the caller to keep.

use super::books::Books;
use super::record::{AMOUNT_MAX, Operation, Record, Terms};
use super::refusal::Refusal;
use super::rules::{CardScript, card_rule_for};

pub fn apply(books: &Books, terms: &Terms) -> Result<Record, Refusal> {
    let original = approved(books, &terms.original)?;
    if original.terms.currency != terms.currency {
        return Err(Refusal::Invalid);
    }
    if terms.operation == Operation::Void && original.terms.operation == Operation::Refund {
        return void_refund(original, terms);
    }
    let mut root = root(books, original)?.clone();
    if root.is_voided {
        return Err(Refusal::Voided);
    }
    match terms.operation {
        Operation::Increment => increment(&mut root, terms)?,
        Operation::Capture => capture(&mut root, terms)?,
        Operation::Void => void(&mut root, terms)?,
        Operation::Refund => refund(&mut root, terms)?,
        Operation::Sale | Operation::Authorization => return Err(Refusal::Invalid),
    }
    Ok(root)
}

fn approved<'a>(books: &'a Books, trade_no: &str) -> Result<&'a Record, Refusal> {
    books.by_number(trade_no).filter(|record| record.is_approved()).ok_or(Refusal::OriginalNotFound)
}

/// A capture stands for what it captured.
fn root<'a>(books: &'a Books, record: &'a Record) -> Result<&'a Record, Refusal> {
    match record.terms.operation {
        Operation::Sale | Operation::Authorization => Ok(record),
        Operation::Capture => {
            record.follows.and_then(|position| books.at(position)).ok_or(Refusal::OriginalNotFound)
        }
        Operation::Increment | Operation::Void | Operation::Refund => Err(Refusal::Invalid),
    }
}

fn has_rule(record: &Record, script: CardScript) -> bool {
    card_rule_for(record.terms.amount_minor).is_some_and(|rule| rule.script == script)
}

fn increment(root: &mut Record, terms: &Terms) -> Result<(), Refusal> {
    if root.funds.captured_minor > 0 {
        return Err(Refusal::Captured);
    }
    let more = root.funds.authorized_minor.checked_add(terms.amount_minor);
    root.funds.authorized_minor = more.filter(|sum| *sum <= AMOUNT_MAX).ok_or(Refusal::ExceedsAmount)?;
    Ok(())
}

fn capture(root: &mut Record, terms: &Terms) -> Result<(), Refusal> {
    if root.funds.captured_minor > 0 {
        return Err(Refusal::Captured);
    }
    if has_rule(root, CardScript::CaptureDeclined) {
        return Err(Refusal::DoNotHonor);
    }
    if terms.amount_minor > root.funds.authorized_minor {
        return Err(Refusal::ExceedsAmount);
    }
    let terminal = if terms.terminal.is_empty() { &root.terms.terminal } else { &terms.terminal };
    root.funds.captured_at.clone_from(terminal);
    root.funds.captured_minor = terms.amount_minor;
    root.funds.tip_minor = terms.tip_minor;
    Ok(())
}

fn void(root: &mut Record, terms: &Terms) -> Result<(), Refusal> {
    if root.batch.is_some() {
        return Err(Refusal::Settled);
    }
    if root.funds.refunded_minor > 0 {
        return Err(Refusal::Refunded);
    }
    if has_rule(root, CardScript::VoidRefused) {
        return Err(Refusal::CannotVoid);
    }
    let whole = [0, root.terms.amount_minor, root.funds.authorized_minor, root.funds.captured_minor];
    if !whole.contains(&terms.amount_minor) {
        // whoever asks for a part must not find that he undid all of it
        return Err(Refusal::InvalidAmount);
    }
    root.is_voided = true;
    Ok(())
}

fn refund(root: &mut Record, terms: &Terms) -> Result<(), Refusal> {
    if root.funds.captured_minor == 0 {
        return Err(Refusal::NotCaptured);
    }
    if has_rule(root, CardScript::RefundDeclined) {
        return Err(Refusal::NotPermitted);
    }
    if terms.amount_minor > root.funds.captured_minor - root.funds.refunded_minor {
        return Err(Refusal::ExceedsAmount);
    }
    root.funds.refunded_minor += terms.amount_minor;
    Ok(())
}

fn void_refund(refund: &Record, terms: &Terms) -> Result<Record, Refusal> {
    if refund.follows.is_some() {
        // its sale would change as well; whoever wants the money back sells again
        return Err(Refusal::CannotVoid);
    }
    let mut refund = refund.clone();
    if refund.is_voided {
        return Err(Refusal::Voided);
    }
    if refund.batch.is_some() {
        return Err(Refusal::Settled);
    }
    if ![0, refund.terms.amount_minor].contains(&terms.amount_minor) {
        return Err(Refusal::InvalidAmount);
    }
    refund.is_voided = true;
    Ok(refund)
}

/// The transaction with the tip; `None` if that is its tip already.
pub fn tipped(
    books: &Books,
    trade_no: &str,
    tip_minor: i64,
    currency: &str,
) -> Result<Option<Record>, Refusal> {
    let mut root = root(books, approved(books, trade_no)?)?.clone();
    if root.is_voided {
        return Err(Refusal::Voided);
    }
    if root.funds.captured_minor == 0 {
        return Err(Refusal::NotCaptured);
    }
    if root.terms.currency != currency {
        return Err(Refusal::Invalid);
    }
    if root.funds.tip_minor == tip_minor {
        return Ok(None);
    }
    if root.batch.is_some() {
        return Err(Refusal::Settled);
    }
    if has_rule(&root, CardScript::TipRefused) {
        return Err(Refusal::NotPermitted);
    }
    let captured = (root.funds.captured_minor - root.funds.tip_minor).checked_add(tip_minor);
    let least = root.funds.refunded_minor.max(1);
    root.funds.captured_minor = captured
        .filter(|minor| tip_minor >= 0 && (least..=AMOUNT_MAX).contains(minor))
        .ok_or(Refusal::InvalidAmount)?;
    root.funds.authorized_minor = root.funds.authorized_minor.max(root.funds.captured_minor);
    root.funds.tip_minor = tip_minor;
    Ok(Some(root))
}

/// What holds the money, in the batch; `None` if it is there already. Without a batch: refused this once.
pub fn settled(books: &Books, trade_no: &str, batch: &str) -> Result<Option<Record>, Refusal> {
    let record = approved(books, trade_no)?;
    let is_refund = record.terms.operation == Operation::Refund;
    let mut record = if is_refund { record } else { root(books, record)? }.clone();
    if record.is_voided {
        return Err(Refusal::Voided);
    }
    if !is_refund && record.funds.captured_minor == 0 {
        return Err(Refusal::NotCaptured);
    }
    match &record.batch {
        Some(known) if known == batch => return Ok(None),
        Some(_) => return Err(Refusal::Settled),
        None => {}
    }
    if !is_refund && !record.funds.settle_refused && has_rule(&record, CardScript::SettleRefusedOnce) {
        record.funds.settle_refused = true;
    } else {
        record.batch = Some(batch.to_owned());
    }
    Ok(Some(record))
}
