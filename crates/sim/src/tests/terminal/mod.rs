//! The terminal, frame by frame.

mod breaks;
mod orders;
mod random;
mod scripts;
mod topics;

use serde_json::{Value, json};

use crate::terminal::{Action, Identity, Script, Terminal};

/// A terminal, its clock, and what it did since one last looked.
pub struct Counter {
    pub terminal: Terminal,
    pub now_ms: i64,
    pub sent: Vec<Value>,
    pub asked: Vec<Value>,
    pub printed: Vec<String>,
    pub notes: Vec<String>,
    pub closed: Vec<Option<u16>>,
    pub connects: usize,
    /// Heartbeats are answered and not shown.
    pub is_heartbeat_answered: bool,
    scripts: Vec<Script>,
}

pub const START_MS: i64 = 1_767_225_600_000;

fn identity() -> Identity {
    Identity { sn: "T1".into(), secret: "s3cret".into(), software: "test 1".into() }
}

impl Counter {
    /// Not connected yet.
    pub fn cold(scripts: &[&str]) -> Self {
        let scripts: Vec<Script> = scripts.iter().map(|text| text.parse().unwrap()).collect();
        Self {
            terminal: Terminal::new(identity(), scripts.clone(), 7),
            now_ms: START_MS,
            sent: Vec::new(),
            asked: Vec::new(),
            printed: Vec::new(),
            notes: Vec::new(),
            closed: Vec::new(),
            connects: 0,
            is_heartbeat_answered: true,
            scripts,
        }
    }

    /// Online.
    pub fn open(script: &str) -> Self {
        Self::open_with(&[script])
    }

    pub fn open_with(scripts: &[&str]) -> Self {
        let mut counter = Self::cold(scripts);
        counter.wait(0);
        assert_eq!(counter.connects, 1);
        counter.go_online();
        counter
    }

    /// The connection is made and the gateway welcomes.
    pub fn go_online(&mut self) {
        let actions = self.terminal.connected(self.now_ms);
        self.perform(actions);
        let init = self.sent.pop().unwrap();
        assert_eq!(init["topic"], "ecrhub.init");
        self.hears(&json!({
            "topic": "ecrhub.init", "request_id": init["request_id"], "response_code": "000",
            "biz_data": { "merchant_no": "M1", "name": "Till", "epoch": 1, "heartbeat_s": 20 },
        }));
    }

    pub fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Connect => self.connects += 1,
                Action::Send(text) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    if frame["topic"] == "ecrhub.heartbeat" && self.is_heartbeat_answered {
                        let answer = json!({ "topic": "ecrhub.heartbeat", "response_code": "000" });
                        self.hears(&answer);
                    } else {
                        self.sent.push(frame);
                    }
                }
                Action::Ask(question) => {
                    let body: Value = serde_json::from_str(&question.body).unwrap();
                    assert_eq!(body["trade_no"], question.trade_no);
                    self.asked.push(body);
                }
                Action::Close(code) => self.closed.push(code),
                Action::Print(line) => self.printed.push(line),
                Action::Note(note) => self.notes.push(note.what.to_owned()),
            }
        }
    }

    pub fn hears(&mut self, frame: &Value) {
        let actions = self.terminal.received(&frame.to_string(), self.now_ms);
        self.perform(actions);
    }

    /// A request of the gateway; the first thing sent after it must be its answer.
    pub fn asks(&mut self, topic: &str, biz: Value) -> Value {
        self.sent.clear();
        let request_id = biz["trade_no"].as_str().unwrap_or("r1").to_owned();
        self.hears(&json!({ "topic": topic, "request_id": request_id, "version": "1.0", "biz_data": biz }));
        let answer = self.sent.remove(0);
        assert_eq!((&answer["topic"], &answer["request_id"]), (&json!(topic), &json!(request_id)));
        answer
    }

    /// The code of the answer.
    pub fn code(&mut self, topic: &str, biz: Value) -> String {
        self.asks(topic, biz)["response_code"].as_str().unwrap().to_owned()
    }

    pub fn orders(&mut self, biz: Value) -> String {
        self.code("ecrhub.pay.order", biz)
    }

    /// The word that an order has ended.
    pub fn confirms(&mut self, trade_no: &str, trans_status: i64) {
        let biz = json!({ "trade_no": trade_no, "trans_status": trans_status, "trans_amount": "12.00" });
        assert_eq!(self.code("ecrhub.pay.result", biz), "000");
    }

    /// Ticks at each moment that is due, up to `ms` from now.
    pub fn wait(&mut self, ms: i64) {
        let until_ms = self.now_ms + ms;
        while let Some(due_ms) = self.terminal.next_due().filter(|due_ms| *due_ms <= until_ms) {
            self.now_ms = due_ms.max(self.now_ms);
            let actions = self.terminal.tick(self.now_ms);
            self.perform(actions);
        }
        self.now_ms = until_ms;
    }

    pub fn acquirer_says(&mut self, trade_no: &str, body: Option<&Value>) {
        let body = body.map(Value::to_string);
        let actions = self.terminal.acquirer_says(trade_no, body.as_deref(), self.now_ms);
        self.perform(actions);
    }

    pub fn approves(&mut self, trade_no: &str) {
        self.acquirer_says(trade_no, Some(&approval()));
    }

    pub fn line_breaks(&mut self) {
        let actions = self.terminal.disconnected(None, self.now_ms);
        self.perform(actions);
    }

    /// Off and on again: only what was saved is left.
    pub fn loses_power(&mut self) {
        let saved = self.terminal.save();
        assert!(!saved.contains("s3cret"));
        self.terminal = Terminal::restore(identity(), self.scripts.clone(), &saved, self.now_ms).unwrap();
        self.sent.clear();
    }

    /// What was sent since: the codes of results. That an order is on the screen (101) is none.
    pub fn results(&mut self) -> Vec<(String, String)> {
        let of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let is_result =
            |frame: &&Value| frame["topic"] == "ecrhub.pay.order" && frame["response_code"] != "101";
        let results = self.sent.iter().filter(is_result);
        results.map(|frame| (of(&frame["request_id"]), of(&frame["response_code"]))).collect()
    }
}

pub fn sale(trade_no: &str) -> Value {
    json!({
        "trade_no": trade_no, "merchant_order_no": "A-1", "trans_type": 1, "order_amount": "12.00",
        "price_currency": "USD", "pay_scenario": "SWIPE_CARD", "receipt_print_mode": 0, "expires": 120,
    })
}

/// A sale with other fields.
pub fn sale_with(trade_no: &str, fields: Value) -> Value {
    let mut order = sale(trade_no);
    order.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    order
}

pub fn approval() -> Value {
    json!({
        "approved": true, "response_code": "00", "response_msg": "APPROVAL", "auth_code": "A12345",
        "ref_no": "000000000001", "brand": "Visa", "card_no": "411111****1111", "card_type": 2, "entry_mode": 3,
    })
}

pub fn refusal() -> Value {
    json!({ "approved": false, "response_code": "51", "response_msg": "INSUFFICIENT FUNDS" })
}
