//! What a terminal asks its acquirer, and how it reads the answer.
//!
//! Knows: the JSON of the sandbox's acquirer. Deliberately does not know: how it is carried, and that there
//! are orders without a card.

use serde::Deserialize;
use serde_json::json;

use super::order::{Order, TransType};
use super::script::Script;

/// One question: to be posted, once, to the acquirer's route of this terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub trade_no: String,
    /// JSON.
    pub body: String,
}

/// The acquirer's word. A field it left out is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Word {
    pub approved: bool,
    pub response_code: String,
    pub response_msg: String,
    pub auth_code: String,
    pub ref_no: String,
    pub brand: String,
    pub card_no: String,
    pub card_type: Option<i64>,
    pub entry_mode: Option<i64>,
}

impl Word {
    /// `None` if it is not readable, or does not say whether it approved.
    pub fn read(body: &str) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_str(body).ok()?;
        value.get("approved")?.as_bool()?;
        serde_json::from_value(value).ok()
    }
}

pub fn question(order: &Order, script: &Script) -> Question {
    let (action, is_capture) = match order.trans_type {
        TransType::Sale | TransType::SaleWithCashback => ("authorize", true),
        TransType::Authorization => ("authorize", false),
        TransType::Completion => ("capture", true),
        TransType::Void => ("void", false),
        TransType::Refund => ("refund", false),
    };
    let mut body = json!({
        "trade_no": order.trade_no,
        "action": action,
        "is_capture": is_capture,
        "amount": order.print(order.total()),
        "tip": order.print(order.tip),
        "cashback": order.print(order.cashback),
        "currency": order.currency,
        "entry": script.entry.word(),
    });
    if order.trans_type.is_follow_up() {
        body["orig_trade_no"] = json!(order.orig_trade_no);
    } else {
        body["pan"] = json!(script.card.as_deref().unwrap_or_else(|| test_card(&order.pay_method_id)));
    }
    Question { trade_no: order.trade_no.clone(), body: body.to_string() }
}

/// A card of the brand the register asked for; the numbers everybody tests with.
fn test_card(brand: &str) -> &'static str {
    match brand {
        "MasterCard" => "5555555555554444",
        "Amex" => "378282246310005",
        "Discover" => "6011111111111117",
        "JCB" => "3530111333300000",
        "DinersClub" => "30569309025904",
        "UnionPay" => "6200000000000005",
        _ => "4111111111111111",
    }
}
