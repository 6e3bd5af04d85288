//! The gateway's counter: one signed request in, one signed answer out.
//!
//! Knows: the services and the words of their answers. Deliberately does not know: what they do (`desk`).
//! A request that is not understood or not signed is answered with an error and changes nothing.

use std::io;

use parking_lot::Mutex;

use super::Own;
use super::books::Books;
use super::card::{CardFacts, CardType, EntryMode, TestCardInput};
use super::desk::{self, Done};
use super::issuer::Payer;
use super::record::{Online, Operation, Order, Record, Terms, Trouble, is_name};
use super::refusal::{APPROVED, Refusal};
use super::wire::{Fields, Message, seal};
use crate::world::Reply;

/// What a request says about itself; the answer says it again. The first two are about any request.
const ECHOED: [&str; 11] = [
    "service", "trade_no", "original", "capture", "terminal", "amount", "currency", "tip", "cashback",
    "batch", "online",
];

/// Longest address a browser goes back to.
const URL_MAX: usize = 2_048;

pub fn handle(own: &Own, books: &Mutex<Books>, now_ms: i64, body: &[u8]) -> io::Result<Reply> {
    let key = &own.key;
    let error = |words: &'static str| {
        Ok(Reply::Answer(seal(vec![("status", "error".into()), ("response_msg", words.into())], key)))
    };
    let Some(message) = Message::read(body, key) else { return error("ILLEGAL SIGN") };
    let trade_no = message.get("trade_no");
    if !is_name(trade_no) {
        return error("INVALID PARAMETER");
    }
    // signatures are checked before, so that nobody waits for them
    let books = &mut *books.lock();
    if let Some(position) = books.by_number(trade_no).map(|record| record.position) {
        desk::give_up(books, position, now_ms)?;
    }
    if let Some(reply) = books.by_number(trade_no).and_then(|record| trouble(record, now_ms)) {
        return Ok(reply);
    }
    let is_question = matches!(message.get("service"), "query" | "close");
    // the answer to a question says what is kept, whatever the question holds
    let echoed = if is_question { &ECHOED[..2] } else { &ECHOED[..] };
    let mut fields: Fields<'_> = echoed.iter().map(|name| (*name, message.get(name).into())).collect();
    match message.get("service") {
        "query" | "close" => {
            if message.get("service") == "close" {
                desk::close(books, trade_no, now_ms)?;
            }
            fields.extend(standing(own, books, trade_no, now_ms));
        }
        "adjust_tip" => {
            let tip = message.minor("tip").filter(|_| !message.get("tip").is_empty());
            let Some(tip_minor) = tip else { return error("INVALID PARAMETER") };
            let done = desk::adjust_tip(books, trade_no, tip_minor, message.get("currency"))?;
            fields.extend(done_or_not(books, trade_no, done));
        }
        "settle" => {
            let done = desk::settle(books, trade_no, message.get("batch"))?;
            fields.extend(done_or_not(books, trade_no, done));
        }
        _ => {
            let Some(order) = order(&message) else { return error("INVALID PARAMETER") };
            match desk::perform(books, own, now_ms, &order)? {
                Done::Lost | Done::Kept { answer_lost: true, .. } => return Ok(Reply::Silence),
                Done::Refused(refusal) => fields.extend(refused(refusal)),
                Done::Kept { position, .. } => {
                    let Some(record) = books.at(position) else { return Ok(Reply::Silence) };
                    if let Some(reply) = trouble(record, now_ms) {
                        return Ok(reply);
                    }
                    fields.extend(outcome(own, record, now_ms));
                }
            }
        }
    }
    Ok(Reply::Answer(seal(fields, key)))
}

/// Silence or garbage, where the rule has it so at this time.
fn trouble(record: &Record, now_ms: i64) -> Option<Reply> {
    match record.trouble_at(now_ms)? {
        Trouble::Silence => Some(Reply::Silence),
        Trouble::Garbage => Some(Reply::Garbage(b"<html><body>502 Bad Gateway</body></html>".to_vec())),
        Trouble::Pending => None,
    }
}

/// What a request asks to be done; `None` if it cannot be understood.
fn order(message: &Message) -> Option<Order> {
    let operation = match (message.get("service"), message.get("capture")) {
        ("authorize", "yes") => Operation::Sale,
        ("authorize", "no") => Operation::Authorization,
        ("increment", "") => Operation::Increment,
        ("capture", "") => Operation::Capture,
        ("void", "") => Operation::Void,
        ("refund", "") => Operation::Refund,
        _ => return None,
    };
    let text = |name| message.get(name).to_owned();
    let terms = Terms {
        trade_no: text("trade_no"),
        terminal: text("terminal"),
        operation,
        original: text("original"),
        amount_minor: message.minor("amount")?,
        tip_minor: message.minor("tip")?,
        cashback_minor: message.minor("cashback")?,
        currency: text("currency"),
        is_online: message.get("online") == "yes",
    };
    let card = match message.get("pan") {
        "" => None,
        pan => Some(TestCardInput {
            expiry: message.get("expiry").to_owned().into(),
            entry: entry_of(message.get("entry"))?,
            ..TestCardInput::new(pan)
        }),
    };
    let online = if terms.is_online { Some(online(message)?) } else { None };
    let is_understood = terms.is_well_formed() && matches!(message.get("online"), "" | "yes");
    is_understood.then_some(Order { terms, card, online })
}

/// Who pays in a browser; `None` if nobody could be sent back.
fn online(message: &Message) -> Option<Online> {
    let return_url = String::from_utf8(hex::decode(message.get("return_url")).ok()?).ok()?;
    let is_web = return_url.starts_with("https://") || return_url.starts_with("http://");
    let is_clean = return_url.len() <= URL_MAX && return_url.bytes().all(|byte| byte.is_ascii_graphic());
    (is_web && is_clean).then(|| Online {
        cvv: message.get("cvv").to_owned().into(),
        zip: message.get("bill_zip").to_owned(),
        payer: Payer { seller: message.get("seller").to_owned(), return_url },
    })
}

fn entry_of(word: &str) -> Option<EntryMode> {
    match word {
        "swipe" => Some(EntryMode::Swipe),
        "chip" => Some(EntryMode::Chip),
        "contactless" => Some(EntryMode::Contactless),
        "manual" => Some(EntryMode::Manual),
        _ => None,
    }
}

/// How the operation under a number ended, with what was asked for under it.
fn standing(own: &Own, books: &Books, trade_no: &str, now_ms: i64) -> Fields<'static> {
    let Some(record) = books.by_number(trade_no) else {
        return match books.is_closed(trade_no) {
            true => refused(Refusal::Closed),
            false => vec![("status", "not_found".into())],
        };
    };
    let terms = &record.terms;
    let mut fields = outcome(own, record, now_ms);
    fields.extend([
        ("original", terms.original.clone().into()),
        ("terminal", terms.terminal.clone().into()),
        ("amount", terms.amount_minor.to_string().into()),
        ("currency", terms.currency.clone().into()),
        ("tip", terms.tip_minor.to_string().into()),
        ("cashback", terms.cashback_minor.to_string().into()),
    ]);
    fields
}

fn done_or_not(books: &Books, trade_no: &str, done: Result<(), Refusal>) -> Fields<'static> {
    match (done, books.by_number(trade_no)) {
        (Ok(()), Some(record)) => approved(record),
        (Ok(()), None) => refused(Refusal::OriginalNotFound),
        (Err(refusal), _) => refused(refusal),
    }
}

fn outcome(own: &Own, record: &Record, now_ms: i64) -> Fields<'static> {
    if let Some(challenge) = record.waiting() {
        let url = hex::encode(own.issuer.url(challenge));
        return vec![("status", "challenge".into()), ("challenge_url", url.into())];
    }
    match (record.trouble_at(now_ms), record.refusal) {
        (Some(_), _) => vec![("status", "pending".into())],
        (None, None) => approved(record),
        (None, Some(refusal)) => {
            let mut fields = refused(refusal);
            fields.push(("ref_no", record.ref_no.clone().into()));
            fields.push(("authentication", record.authentication.word().into()));
            fields.extend(record.card.iter().flat_map(card_fields));
            fields
        }
    }
}

fn approved(record: &Record) -> Fields<'static> {
    let mut fields: Fields<'static> = vec![
        ("status", "approved".into()),
        ("response_code", APPROVED.0.into()),
        ("response_msg", APPROVED.1.into()),
        ("auth_code", record.auth_code.clone().into()),
        ("ref_no", record.ref_no.clone().into()),
        ("at_ms", record.at_ms.to_string().into()),
        ("authentication", record.authentication.word().into()),
    ];
    fields.extend(record.card.iter().flat_map(card_fields));
    fields
}

fn refused(refusal: Refusal) -> Fields<'static> {
    vec![
        ("status", "declined".into()),
        ("response_code", refusal.code().into()),
        ("response_msg", refusal.words().into()),
    ]
}

fn card_fields(card: &CardFacts) -> Fields<'static> {
    let kind = match card.kind {
        CardType::Debit => "debit",
        CardType::Credit => "credit",
        CardType::Ebt => "ebt",
        CardType::Gift => "gift",
    };
    let entry = match card.entry {
        EntryMode::Swipe => "swipe",
        EntryMode::Chip => "chip",
        EntryMode::Contactless => "contactless",
        EntryMode::Manual => "manual",
    };
    vec![
        ("brand", card.brand.clone().into()),
        ("first_six", card.first_six.clone().into()),
        ("last_four", card.last_four.clone().into()),
        ("kind", kind.into()),
        ("entry", entry.into()),
    ]
}
