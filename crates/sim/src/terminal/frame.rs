//! The envelope: one JSON object in a text frame, a request or an answer.
//!
//! Knows: the envelope and how to read a field of `biz_data` strictly. Deliberately does not know: topics.

use serde_json::{Map, Value, json};

use super::codes::Code;

pub type Fields = Map<String, Value>;

/// What came in.
#[derive(Debug)]
pub struct Frame {
    pub topic: String,
    pub request_id: String,
    /// Set in an answer.
    pub code: Option<String>,
    pub message: String,
    pub biz: Fields,
}

impl Frame {
    /// `None` if it is not JSON or not of this shape. A request needs a topic, an answer a code.
    pub fn read(text: &str) -> Option<Self> {
        let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else { return None };
        let biz = match fields.remove("biz_data") {
            None | Some(Value::Null) => Fields::new(),
            Some(Value::Object(biz)) => biz,
            Some(_) => return None,
        };
        let mut word = |name: &str| match fields.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(Value::String(text)) => Some(Some(text)),
            Some(Value::Number(number)) => Some(Some(number.to_string())),
            Some(_) => None,
        };
        let (topic, request_id) = (word("topic")??, word("request_id")?.unwrap_or_default());
        let (code, message) = (word("response_code")?, word("response_msg")?.unwrap_or_default());
        Some(Self { topic, request_id, code, message, biz })
    }

    pub fn trade_no(&self) -> &str {
        text(&self.biz, "trade_no")
    }
}

pub fn request(topic: &str, request_id: &str, now_ms: i64, biz: Value) -> String {
    json!({
        "topic": topic,
        "request_id": request_id,
        "timestamp": now_ms.to_string(),
        "version": "1.0",
        "biz_data": biz,
    })
    .to_string()
}

pub fn answer(topic: &str, request_id: &str, code: Code, message: &str, biz: &Fields) -> String {
    json!({
        "topic": topic,
        "request_id": request_id,
        "response_code": code.text(),
        "response_msg": if message.is_empty() { code.message() } else { message },
        "biz_data": biz,
    })
    .to_string()
}

/// The fields of an answer that says no more than which order it is about.
pub fn trade_no(trade_no: &str) -> Fields {
    Fields::from_iter([("trade_no".to_owned(), trade_no.into())])
}

/// Text, empty if there is none.
pub fn text<'a>(biz: &'a Fields, name: &str) -> &'a str {
    biz.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A whole number: `Some(None)` if there is none, `None` if it is something else.
pub fn whole(biz: &Fields, name: &str) -> Option<Option<i64>> {
    match biz.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(value) => value.as_i64().map(Some),
    }
}

/// A switch: off if absent, `None` if it is neither true nor false.
pub fn switch(biz: &Fields, name: &str) -> Option<bool> {
    match biz.get(name) {
        None | Some(Value::Null) => Some(false),
        Some(value) => value.as_bool(),
    }
}
