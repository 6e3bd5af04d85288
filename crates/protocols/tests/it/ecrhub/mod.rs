//! The terminal protocol seen from outside: frames in, frames out.

use serde_json::{Value, json};
use tillgate_core::{Currency, Money, Timestamp};
use tillgate_protocols::ecrhub::{self, *};

mod answers;
mod documents;
mod fuzz;
mod pairing;
mod requests;
mod sent;

const NOW: Timestamp = Timestamp(1_709_106_082_819);

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, currency(code))
}

/// A request of a terminal.
fn asks(topic: &str, biz: Value) -> String {
    json!({ "topic": topic, "request_id": "r-1", "timestamp": "1709106082819", "version": "1.0", "biz_data": biz })
        .to_string()
}

/// An answer of a terminal, to the request T50.
fn answers(topic: &str, code: &str, biz: Value) -> String {
    json!({ "topic": topic, "request_id": "T50", "response_code": code, "response_msg": "said", "biz_data": biz })
        .to_string()
}

fn answer_of(text: &str) -> TerminalAnswer {
    match ecrhub::read(text) {
        Ok(FromTerminal::Answer { answer, .. }) => answer,
        other => panic!("{text}: {other:?}"),
    }
}

/// The result in an answer to an order.
fn result_of(biz: Value) -> TerminalResult {
    answer_of(&answers("ecrhub.pay.order", "000", biz)).result
}
