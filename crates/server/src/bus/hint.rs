//! What nodes tell each other, as texts. A text that is not understood is from a newer version, and is left alone.

use serde::{Deserialize, Serialize};
use tillgate_core::{MerchantId, OrderNo, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    /// I serve.
    Here,
    /// I serve no more.
    Gone,
    /// The order has moved.
    Order(MerchantId, OrderNo),
    /// The terminal's queue may have changed.
    Queue(MerchantId, String),
    /// A terminal has connected to me, under this number: older connections are over.
    Line(MerchantId, String, u64),
    /// The terminal was paired anew: whoever is connected with an old secret goes.
    Unpaired(MerchantId, String),
    /// What is kept of a login of that room is no longer true.
    Login(String, String),
    /// Work falls due then.
    Work(Timestamp),
    /// For that node, which has the terminal: to be told to it.
    Tell { to: String, merchant: MerchantId, terminal: String, frame: String },
    /// The same, to be asked of it; the answer is awaited under that number.
    Ask {
        to: String,
        number: u64,
        merchant: MerchantId,
        terminal: String,
        topic: String,
        about: String,
        frame: String,
    },
    /// What the terminal said. What it said of money its own node has carried out.
    Answer { to: String, number: u64, code: u16, message: String, trade_no: String },
}

impl Hint {
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_reads_back_and_a_newer_one_is_left_alone() {
        let hints = [
            Hint::Here,
            Hint::Order(MerchantId(7), OrderNo(2_026_112_600_000_033)),
            Hint::Queue(MerchantId(7), "T\n\"1".into()),
            Hint::Answer {
                to: "ab".into(),
                number: 3,
                code: 0,
                message: "好".into(),
                trade_no: "7-33".into(),
            },
        ];
        for hint in hints {
            let text = hint.text();
            assert!(!text.contains('\n'), "{text}: lines keep hints apart");
            assert_eq!(Hint::read(&text), Some(hint), "{text}");
        }
        for newer in ["", "{}", "\"later\"", r#"{"order":[1]}"#, r#"{"later":[1,2]}"#] {
            assert_eq!(Hint::read(newer), None, "{newer}");
        }
    }
}
