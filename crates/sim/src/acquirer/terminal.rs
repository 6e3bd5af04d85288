//! What a simulated terminal asks and hears. It is trusted: nothing here is signed.
//!
//! Knows: a terminal's words. Deliberately does not know: how terminals talk to the gateway, or what is done
//! (`desk`).

use std::io;

use serde::{Deserialize, Serialize};

use super::Own;
use super::books::Books;
use super::card::TestCardInput;
use super::desk::{self, Done};
use super::record::{Operation, Order, Record, Terms, Trouble};
use super::refusal::{APPROVED, Refusal};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalRequest {
    pub terminal: String,
    /// Taken once: the same request again gets the same answer, another under the number is refused.
    pub trade_no: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orig_trade_no: Option<String>,
    pub action: TerminalAction,
    /// The total, tip and cashback included.
    pub amount_minor: i64,
    #[serde(default)]
    pub tip_minor: i64,
    #[serde(default)]
    pub cashback_minor: i64,
    /// `USD`.
    pub currency: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<TestCardInput>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminalAction {
    /// A sale is captured at once.
    Authorize {
        is_capture: bool,
    },
    Capture,
    Void,
    /// Without an original it needs a card.
    Refund,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminalReply {
    Answer(TerminalAnswer),
    /// Nothing, until the terminal gives up.
    Silence,
}

/// What is not known is empty or 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalAnswer {
    pub trade_no: String,
    pub approved: bool,
    /// `00`, or who says no and why.
    pub response_code: String,
    pub response_msg: String,
    /// Six digits.
    pub auth_code: String,
    /// Twelve digits.
    pub ref_no: String,
    pub brand: String,
    /// `411111****1111`.
    pub card_no: String,
    /// 1 debit, 2 credit, 3 EBT, 4 gift.
    pub card_type: u8,
    /// 1 swipe, 2 chip, 3 contactless, 4 manual.
    pub entry_mode: u8,
    /// When it was done.
    pub at_ms: i64,
    /// The answer takes so long; the caller, who has a clock, waits.
    pub after_ms: i64,
}

pub fn ask(own: &Own, books: &mut Books, now_ms: i64, request: TerminalRequest) -> io::Result<TerminalReply> {
    let trade_no = request.trade_no.clone();
    Ok(match desk::perform(books, own, now_ms, &order(request))? {
        Done::Lost | Done::Kept { answer_lost: true, .. } => TerminalReply::Silence,
        Done::Refused(refusal) => TerminalReply::Answer(refused(trade_no, refusal, now_ms)),
        Done::Kept { position, .. } => {
            books.at(position).map_or(TerminalReply::Silence, |record| answer(record, now_ms))
        }
    })
}

fn order(request: TerminalRequest) -> Order {
    let operation = match request.action {
        TerminalAction::Authorize { is_capture: true } => Operation::Sale,
        TerminalAction::Authorize { is_capture: false } => Operation::Authorization,
        TerminalAction::Capture => Operation::Capture,
        TerminalAction::Void => Operation::Void,
        TerminalAction::Refund => Operation::Refund,
    };
    let terms = Terms {
        trade_no: request.trade_no,
        terminal: request.terminal,
        operation,
        original: request.orig_trade_no.unwrap_or_default(),
        amount_minor: request.amount_minor,
        tip_minor: request.tip_minor,
        cashback_minor: request.cashback_minor,
        currency: request.currency,
        is_online: false,
    };
    Order { terms, card: request.card, online: None }
}

fn answer(record: &Record, now_ms: i64) -> TerminalReply {
    let after_ms = match record.trouble_at(now_ms) {
        Some(Trouble::Silence | Trouble::Garbage) => return TerminalReply::Silence,
        Some(Trouble::Pending) => record.trouble.map_or(0, |(_, until_ms)| until_ms - now_ms),
        None => 0,
    };
    let (code, words) = record.refusal.map_or(APPROVED, |refusal| (refusal.code(), refusal.words()));
    let card = record.card.as_ref();
    TerminalReply::Answer(TerminalAnswer {
        trade_no: record.terms.trade_no.clone(),
        approved: record.is_approved(),
        response_code: code.to_owned(),
        response_msg: words.to_owned(),
        auth_code: if record.is_approved() { record.auth_code.clone() } else { String::new() },
        ref_no: record.ref_no.clone(),
        brand: card.map_or_else(String::new, |card| card.brand.clone()),
        card_no: card.map_or_else(String::new, |card| card.masked()),
        card_type: card.map_or(0, |card| card.kind as u8),
        entry_mode: card.map_or(0, |card| card.entry as u8),
        at_ms: record.at_ms,
        after_ms,
    })
}

fn refused(trade_no: String, refusal: Refusal, now_ms: i64) -> TerminalAnswer {
    TerminalAnswer {
        trade_no,
        approved: false,
        response_code: refusal.code().to_owned(),
        response_msg: refusal.words().to_owned(),
        auth_code: String::new(),
        ref_no: String::new(),
        brand: String::new(),
        card_no: String::new(),
        card_type: 0,
        entry_mode: 0,
        at_ms: now_ms,
        after_ms: 0,
    }
}
