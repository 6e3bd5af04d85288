//! How an order ended at this terminal, and what the acquirer's word makes of it.
//!
//! Knows: which fields a result has. Deliberately does not know: when it is told.

use serde::{Deserialize, Serialize};

use super::acquirer::Word;
use super::codes::Code;
use super::frame::Fields;
use super::order::{Order, TransType};
use super::script::Script;
use crate::civil;

/// How an order ended at this terminal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub code: Code,
    /// Empty: the code's own.
    pub message: String,
    pub biz: Fields,
}

impl Outcome {
    pub fn new(trade_no: &str, code: Code) -> Self {
        let biz = [("trade_no".to_owned(), trade_no.into())].into_iter().collect();
        Self { code, message: String::new(), biz }
    }

    pub fn because(trade_no: &str, code: Code, message: &str) -> Self {
        Self { message: message.to_owned(), ..Self::new(trade_no, code) }
    }
}

/// `None` is silence: it is not known what happened.
pub(super) fn of_word(order: &Order, script: &Script, body: Option<&str>, now_ms: i64) -> Outcome {
    let trade_no = &order.trade_no;
    let Some(body) = body else { return Outcome::new(trade_no, Code::TimeOut) };
    let Some(word) = Word::read(body) else { return Outcome::new(trade_no, Code::Unknown) };
    if word.approved {
        return approved(order, script, word, now_ms);
    }
    let is_void = order.trans_type == TransType::Void;
    let mut outcome = Outcome::new(trade_no, if is_void { Code::CannotVoid } else { Code::Rejected });
    outcome.biz.insert("processor_code".into(), word.response_code.into());
    outcome.biz.insert("processor_msg".into(), word.response_msg.into());
    outcome
}

fn approved(order: &Order, script: &Script, word: Word, now_ms: i64) -> Outcome {
    let mut outcome = Outcome::new(&order.trade_no, Code::Success);
    let mut put = |name: &str, value: serde_json::Value| outcome.biz.insert(name.to_owned(), value);
    put("trans_amount", order.print(order.total()).into());
    for (name, minor) in [("tip_amount", order.tip), ("cashback_amount", order.cashback)] {
        if minor > 0 {
            put(name, order.print(minor).into());
        }
    }
    let words = [
        ("pay_method_id", word.brand),
        ("card_no", word.card_no),
        ("auth_code", word.auth_code),
        ("ref_no", word.ref_no),
    ];
    for (name, value) in words.into_iter().filter(|(_, value)| !value.is_empty()) {
        put(name, value.into());
    }
    if let Some(card_type) = word.card_type {
        put("card_type", card_type.into());
    }
    if let Some(entry) = word.entry_mode.or((!order.trans_type.is_follow_up()).then(|| script.entry.number()))
    {
        put("entry_mode", entry.into());
    }
    put("trans_end_time", civil::print(now_ms).into());
    outcome
}
