//! What the acquirer does: new operations, each once; tips, settlement and closing, as often as asked.
//!
//! Knows: the order of things: the number first, then the card, then the rules, then the journal. Deliberately
//! does not know: who asks and how the answer travels (`counter`, `terminal`), what follow-ups may do.

use std::io;

use aws_lc_rs::hmac;

use super::Own;
use super::books::Books;
use super::card::{CardFacts, CardType, TestCardInput};
use super::follow_up;
use super::issuer::{Authentication, End};
use super::record::{Funds, Operation, Order, Record, Terms, Trouble, is_name};
use super::refusal::Refusal;
use super::rules::{CARD_PENDING_MS, CARD_TROUBLE_MS, CardScript, card_rule_for};
use super::test_cards::{self, Verdict};

/// What came of an order.
pub enum Done {
    /// It never arrived.
    Lost,
    /// Refused without a trace: the number is not its own.
    Refused(Refusal),
    /// The record, and whether nobody may hear of it this once.
    Kept { position: usize, answer_lost: bool },
}

/// Why an order is not done.
pub enum No {
    Lost,
    Refused(Refusal),
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Does the order, unless its number was used: then it says what came of that.
pub fn perform(books: &mut Books, own: &Own, now_ms: i64, order: &Order) -> io::Result<Done> {
    let terms = &order.terms;
    if !terms.is_well_formed() {
        return Ok(Done::Refused(Refusal::Format));
    }
    let facts = order.card.as_ref().map(facts);
    if let Some(record) = books.by_number(&terms.trade_no) {
        return Ok(match record.is_same(terms, facts.as_ref()) {
            true => Done::Kept { position: record.position, answer_lost: false },
            false => Done::Refused(Refusal::DuplicateNumber),
        });
    }
    if books.is_closed(&terms.trade_no) {
        return Ok(Done::Refused(Refusal::Closed));
    }
    let mut record = blank(books.next_position(), &own.key, now_ms, terms, facts);
    let changed = match decide(books, own, now_ms, order, &mut record) {
        Ok(changed) => changed,
        Err(No::Lost) => return Ok(Done::Lost),
        Err(No::Refused(refusal)) => {
            record.refusal = Some(refusal);
            None
        }
    };
    let script = record.refusal.is_none().then(|| script(changed.as_ref(), terms)).flatten();
    if record.is_approved() {
        record.trouble = trouble(terms.operation, script, now_ms);
    }
    let position = record.position;
    let is_authorized =
        matches!(terms.operation, Operation::Sale | Operation::Authorization | Operation::Increment);
    books.save(changed.into_iter().chain([record]).collect())?;
    Ok(Done::Kept { position, answer_lost: is_authorized && script == Some(CardScript::AnswerLost) })
}

fn facts(card: &TestCardInput) -> CardFacts {
    let own = test_cards::find(&card.pan).map_or(CardType::Credit, |test_card| test_card.kind);
    CardFacts::of(card, card.kind.unwrap_or(own))
}

fn blank(position: usize, key: &hmac::Key, now_ms: i64, terms: &Terms, card: Option<CardFacts>) -> Record {
    Record {
        position,
        terms: terms.clone(),
        card,
        follows: None,
        at_ms: now_ms,
        refusal: None,
        auth_code: digits(key, &format!("auth {}", terms.trade_no), 6),
        ref_no: digits(key, &format!("ref {}", terms.trade_no), 12),
        trouble: None,
        funds: Funds::default(),
        is_voided: false,
        batch: None,
        authentication: Authentication::None,
        challenge: None,
    }
}

/// The same digits for the same text, whoever asks and whenever.
fn digits(key: &hmac::Key, text: &str, count: usize) -> String {
    let tag = hmac::sign(key, text.as_bytes());
    tag.as_ref().iter().take(count).map(|byte| char::from(b'0' + byte % 10)).collect()
}

/// Fills the new record in; gives back the one it follows, changed.
fn decide(
    books: &Books,
    own: &Own,
    now_ms: i64,
    order: &Order,
    record: &mut Record,
) -> Result<Option<Record>, No> {
    let terms = &order.terms;
    if !terms.has_good_amounts() {
        return Err(Refusal::InvalidAmount.into());
    }
    match terms.operation {
        Operation::Sale | Operation::Authorization if terms.original.is_empty() => {
            check_card(order, now_ms)?;
            check_payer(own, order, record, now_ms)?;
            if record.is_approved() {
                record.funds = open_funds(terms);
            }
            Ok(None)
        }
        Operation::Refund if terms.original.is_empty() => {
            check_card(order, now_ms)?;
            match card_rule_for(terms.amount_minor).map(|rule| rule.script) {
                Some(CardScript::RefundDeclined) => Err(Refusal::NotPermitted.into()),
                _ => Ok(None),
            }
        }
        Operation::Sale | Operation::Authorization => Err(Refusal::Invalid.into()),
        Operation::Increment | Operation::Capture | Operation::Void | Operation::Refund => {
            if terms.operation == Operation::Increment {
                check_rule(terms)?;
            }
            let followed = follow_up::apply(books, terms)?;
            record.follows = Some(followed.position);
            record.card.clone_from(&followed.card);
            record.auth_code.clone_from(&followed.auth_code);
            Ok(Some(followed))
        }
    }
}

fn open_funds(terms: &Terms) -> Funds {
    let is_sale = terms.operation == Operation::Sale;
    Funds {
        authorized_minor: terms.amount_minor,
        captured_minor: if is_sale { terms.amount_minor } else { 0 },
        tip_minor: terms.tip_minor,
        captured_at: if is_sale { terms.terminal.clone() } else { String::new() },
        ..Funds::default()
    }
}

fn check_card(order: &Order, now_ms: i64) -> Result<(), No> {
    let card = order.card.as_ref().ok_or(Refusal::Format)?;
    match test_cards::judge(card, order.online.is_some(), now_ms) {
        Verdict::Good => Ok(()),
        Verdict::Refused(refusal) => Err(refusal.into()),
        Verdict::Unreachable => Err(No::Lost),
    }
}

/// Whether it may be reserved; online the payer may have to prove first that it is he, and the record waits for that.
fn check_payer(own: &Own, order: &Order, record: &mut Record, now_ms: i64) -> Result<(), No> {
    let checked = check_rule(&order.terms);
    let (Some(online), Some(card)) = (&order.online, &order.card) else { return checked };
    let then = match checked {
        Ok(()) => test_cards::mismatch(&online.cvv, &online.zip),
        Err(No::Refused(refusal)) => Some(refusal),
        Err(No::Lost) => return Err(No::Lost),
    };
    let asked = (test_cards::enrolment(&card.pan), &online.payer);
    own.issuer.authenticate(record, asked, then, now_ms).map_err(No::from)
}

/// The rules on what reserves money.
fn check_rule(terms: &Terms) -> Result<(), No> {
    match card_rule_for(terms.amount_minor).map(|rule| rule.script) {
        Some(CardScript::InsufficientFunds) => Err(Refusal::InsufficientFunds.into()),
        Some(CardScript::DoNotHonor) => Err(Refusal::DoNotHonor.into()),
        Some(CardScript::RequestLost) => Err(No::Lost),
        _ => Ok(()),
    }
}

/// The rule of a new operation: its own total's, or that of what it follows.
fn script(followed: Option<&Record>, terms: &Terms) -> Option<CardScript> {
    let total = followed
        .filter(|_| terms.operation != Operation::Increment)
        .map_or(terms.amount_minor, |record| record.terms.amount_minor);
    card_rule_for(total).map(|rule| rule.script)
}

fn trouble(operation: Operation, script: Option<CardScript>, now_ms: i64) -> Option<(Trouble, i64)> {
    let silence = Some((Trouble::Silence, now_ms.saturating_add(CARD_TROUBLE_MS)));
    match (operation, script?) {
        (Operation::Sale | Operation::Authorization | Operation::Increment, script) => match script {
            CardScript::PendingThenApproved => {
                Some((Trouble::Pending, now_ms.saturating_add(CARD_PENDING_MS)))
            }
            CardScript::Garbage => Some((Trouble::Garbage, now_ms.saturating_add(CARD_TROUBLE_MS))),
            CardScript::Outage => silence,
            _ => None,
        },
        (Operation::Refund, CardScript::RefundSilentThenDone)
        | (Operation::Void, CardScript::VoidSilentThenDone) => silence,
        _ => None,
    }
}

/// Makes `tip_minor` the whole tip. Only what is captured has one.
pub fn adjust_tip(
    books: &mut Books,
    trade_no: &str,
    tip_minor: i64,
    currency: &str,
) -> io::Result<Result<(), Refusal>> {
    match follow_up::tipped(books, trade_no, tip_minor, currency) {
        Ok(Some(changed)) => books.save(vec![changed]).map(Ok),
        Ok(None) => Ok(Ok(())),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Puts it into the batch. Once settled it stays in that batch.
pub fn settle(books: &mut Books, trade_no: &str, batch: &str) -> io::Result<Result<(), Refusal>> {
    let settled = match is_name(batch) {
        true => follow_up::settled(books, trade_no, batch),
        false => Err(Refusal::Format),
    };
    match settled {
        Ok(Some(changed)) if changed.batch.is_none() => {
            books.save(vec![changed]).map(|()| Err(Refusal::TryAgain))
        }
        Ok(Some(changed)) => books.save(vec![changed]).map(Ok),
        Ok(None) => Ok(Ok(())),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// The record after its challenge has ended. If it was the payer, the authorization follows at once.
pub fn after(record: &Record, end: End, now_ms: i64) -> Record {
    let mut record = record.clone();
    let Some(challenge) = &mut record.challenge else { return record };
    challenge.is_over = true;
    let then = challenge.then;
    record.at_ms = now_ms;
    match end {
        End::Passed => {
            record.authentication = Authentication::Challenge;
            record.refusal = then;
        }
        End::Refused(refusal) => {
            record.authentication = Authentication::Failed;
            record.refusal = Some(refusal);
        }
    }
    if record.is_approved() {
        record.funds = open_funds(&record.terms);
        record.trouble = trouble(record.terms.operation, script(None, &record.terms), now_ms);
    }
    record
}

/// The issuer gives a payer up whose time is over.
pub fn give_up(books: &mut Books, position: usize, now_ms: i64) -> io::Result<()> {
    let Some(record) = books.at(position) else { return Ok(()) };
    let until_ms =
        record.waiting().map(|challenge| challenge.until_ms).filter(|until_ms| *until_ms <= now_ms);
    match until_ms {
        Some(until_ms) => {
            let over = after(record, End::Refused(Refusal::AuthenticationTimedOut), until_ms);
            books.save(vec![over])
        }
        None => Ok(()),
    }
}

/// Makes sure that nothing will be done under the number if nothing was. A payer is not waited for any more.
pub fn close(books: &mut Books, trade_no: &str, now_ms: i64) -> io::Result<()> {
    match books.by_number(trade_no) {
        Some(record) if record.waiting().is_some() => {
            let shut = after(record, End::Refused(Refusal::Closed), now_ms);
            books.save(vec![shut])
        }
        Some(_) => Ok(()),
        None if books.is_closed(trade_no) => Ok(()),
        None => books.close(trade_no, now_ms),
    }
}
