//! The frames the gateway sends.

use tillgate_core::{Money, Timestamp};

use super::codes::Code;
use super::{HEARTBEAT_S, Topic, VERSION};

/// A JSON object being written. What is empty or zero-sized is for the caller to leave out.
#[derive(Default)]
pub(super) struct Object(String);

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Object {
    fn raw(&mut self, name: &str, json: &str) {
        let between = if self.0.is_empty() { "" } else { "," };
        self.0.extend([between, "\"", name, "\":", json]);
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.raw(name, &quoted(text));
    }

    fn some(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.text(name, text);
        }
    }

    fn number(&mut self, name: &str, number: impl Into<i128>) {
        self.raw(name, &number.into().to_string());
    }

    fn switch(&mut self, name: &str, is_on: bool) {
        self.raw(name, if is_on { "true" } else { "false" });
    }

    fn amount(&mut self, name: &str, money: Money) {
        self.text(name, &money.to_string());
    }

    pub(super) fn json(self) -> String {
        ["{", &self.0, "}"].concat()
    }
}

fn request(topic: Topic, request_id: &str, now: Timestamp, biz: Object) -> String {
    let mut frame = Object::default();
    frame.text("topic", topic.word());
    frame.text("request_id", request_id);
    frame.text("timestamp", &now.millis().to_string());
    frame.text("version", VERSION);
    frame.raw("biz_data", &biz.json());
    frame.json()
}

fn answer_with(topic: &str, request_id: &str, code: Code, message: &str, biz: Object) -> String {
    let mut frame = Object::default();
    frame.text("topic", topic);
    frame.text("request_id", request_id);
    frame.text("response_code", &code.word());
    frame.text("response_msg", message);
    frame.raw("biz_data", &biz.json());
    frame.json()
}

pub(super) fn answered(topic: &str, request_id: &str, code: Code, message: &str) -> String {
    answer_with(topic, request_id, code, message, Object::default())
}

/// To a request of the terminal that has nothing more to be told: a scan, mostly.
pub fn answer(topic: Topic, request_id: &str, code: Code) -> String {
    answered(topic.word(), request_id, code, code.message())
}

/// 202, with the topic as the terminal wrote it.
pub fn unknown_topic(topic: &str, request_id: &str) -> String {
    answered(topic, request_id, Code::ParameterError, "unknown topic")
}

/// What a terminal is told when it is let in.
#[derive(Debug, Clone, Copy)]
pub struct Init<'a> {
    pub merchant_no: &'a str,
    pub store_no: &'a str,
    /// The terminal's, for people.
    pub name: &'a str,
    /// Of this connection, greater than that of each before.
    pub epoch: u64,
}

pub fn init_answer(request_id: &str, init: &Init<'_>, now: Timestamp) -> String {
    let mut biz = Object::default();
    biz.text("merchant_no", init.merchant_no);
    biz.text("store_no", init.store_no);
    biz.text("name", init.name);
    biz.number("epoch", init.epoch);
    biz.number("heartbeat_s", HEARTBEAT_S);
    biz.number("time", now.millis());
    let code = Code::Success;
    answer_with(Topic::Init.word(), request_id, code, code.message(), biz)
}

pub fn heartbeat_answer(request_id: &str, now: Timestamp) -> String {
    let mut biz = Object::default();
    biz.number("time", now.millis());
    let code = Code::Success;
    answer_with(Topic::Heartbeat.word(), request_id, code, code.message(), biz)
}

/// An order for the screen. Texts that are `None` or empty are left out.
#[derive(Debug, Clone, Copy)]
pub struct OrderMessage<'a> {
    /// Also the request's number.
    pub trade_no: &'a str,
    pub orig_trade_no: Option<&'a str>,
    pub trans_no: &'a str,
    pub merchant_order_no: &'a str,
    pub orig_merchant_order_no: Option<&'a str>,
    pub trans_type: u8,
    pub order_amount: Money,
    /// Minor units of the same currency; zero is left out.
    pub tip_minor: i64,
    pub cashback_minor: i64,
    /// `SWIPE_CARD`, `SCANQR_PAY` or `BSCANQR_PAY`.
    pub pay_scenario: &'a str,
    pub pay_method_id: Option<&'a str>,
    pub card_type: Option<u8>,
    /// Text of the code to show.
    pub qr_code: Option<&'a str>,
    pub on_screen_tip: bool,
    pub on_screen_signature: bool,
    pub confirm_on_terminal: bool,
    pub required_terminal_authentication: bool,
    pub receipt_print_mode: u8,
    /// Left, from `now`.
    pub expires_s: u32,
    pub order_queue_mode: Option<&'a str>,
    pub attach: Option<&'a str>,
    pub description: Option<&'a str>,
    pub merchant_name: Option<&'a str>,
}

pub fn order(order: &OrderMessage<'_>, now: Timestamp) -> String {
    let mut biz = Object::default();
    biz.text("trade_no", order.trade_no);
    biz.some("orig_trade_no", order.orig_trade_no);
    biz.text("trans_no", order.trans_no);
    biz.text("merchant_order_no", order.merchant_order_no);
    biz.some("orig_merchant_order_no", order.orig_merchant_order_no);
    biz.number("trans_type", order.trans_type);
    biz.amount("order_amount", order.order_amount);
    let currency = order.order_amount.currency;
    for (name, minor) in [("tip_amount", order.tip_minor), ("cashback_amount", order.cashback_minor)] {
        if minor != 0 {
            biz.amount(name, Money::new(minor, currency));
        }
    }
    biz.text("price_currency", currency.code());
    biz.text("pay_scenario", order.pay_scenario);
    biz.some("pay_method_id", order.pay_method_id);
    if let Some(card_type) = order.card_type {
        biz.number("card_type", card_type);
    }
    biz.some("qr_code", order.qr_code);
    biz.switch("on_screen_tip", order.on_screen_tip);
    biz.switch("on_screen_signature", order.on_screen_signature);
    biz.switch("confirm_on_terminal", order.confirm_on_terminal);
    biz.switch("required_terminal_authentication", order.required_terminal_authentication);
    biz.number("receipt_print_mode", order.receipt_print_mode);
    biz.number("expires", order.expires_s);
    biz.some("order_queue_mode", order.order_queue_mode);
    biz.some("attach", order.attach);
    biz.some("description", order.description);
    biz.some("merchant_name", order.merchant_name);
    request(Topic::Order, order.trade_no, now, biz)
}

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Paid,
    NotPaid,
    TakenBack,
}

impl Ended {
    /// `trans_status`.
    pub fn number(self) -> u8 {
        match self {
            Self::Paid => 2,
            Self::NotPaid => 1,
            Self::TakenBack => 3,
        }
    }
}

/// Whoever said so: it takes the order off the screen and is the receipt for the terminal's own result.
#[derive(Debug, Clone, Copy)]
pub struct ResultMessage<'a> {
    pub trade_no: &'a str,
    pub ended: Ended,
    /// What was paid.
    pub trans_amount: Option<Money>,
    pub pay_method_id: Option<&'a str>,
    /// For the person at the terminal.
    pub message: Option<&'a str>,
}

pub fn result(request_id: &str, result: &ResultMessage<'_>, now: Timestamp) -> String {
    let mut biz = Object::default();
    biz.text("trade_no", result.trade_no);
    biz.number("trans_status", result.ended.number());
    if let Some(amount) = result.trans_amount {
        biz.amount("trans_amount", amount);
    }
    biz.some("pay_method_id", result.pay_method_id);
    biz.some("message", result.message);
    request(Topic::Result, request_id, now, biz)
}

fn about_order(topic: Topic, request_id: &str, trade_no: &str, now: Timestamp) -> String {
    let mut biz = Object::default();
    biz.text("trade_no", trade_no);
    request(topic, request_id, now, biz)
}

/// How does the order stand?
pub fn query(request_id: &str, trade_no: &str, now: Timestamp) -> String {
    about_order(Topic::Query, request_id, trade_no, now)
}

/// Take it off the screen.
pub fn close(request_id: &str, trade_no: &str, now: Timestamp) -> String {
    about_order(Topic::Close, request_id, trade_no, now)
}

/// Print the receipt again.
pub fn reprint(request_id: &str, trade_no: &str, now: Timestamp) -> String {
    about_order(Topic::Reprint, request_id, trade_no, now)
}

/// The receipt's tip is this now; zero too.
pub fn tip_adjustment(request_id: &str, trade_no: &str, tip: Money, now: Timestamp) -> String {
    let mut biz = Object::default();
    biz.text("trade_no", trade_no);
    biz.amount("tip_amount", tip);
    request(Topic::TipAdjustment, request_id, now, biz)
}

/// A batch that is closed.
#[derive(Debug, Clone, Copy)]
pub struct BatchClose<'a> {
    pub batch_no: &'a str,
    pub count: u32,
    pub total: Money,
}

/// Print the report.
pub fn batch_close(request_id: &str, batch: &BatchClose<'_>, now: Timestamp) -> String {
    let mut biz = Object::default();
    biz.text("batch_no", batch.batch_no);
    biz.number("count", batch.count);
    biz.amount("total_amount", batch.total);
    biz.text("price_currency", batch.total.currency.code());
    request(Topic::BatchClose, request_id, now, biz)
}
