//! The fields of each message, as data: reading takes its limits from here, and the AsyncAPI document is held against it.

use super::Topic;

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Printable ASCII without blanks.
    Name,
    /// The same, without the number of a card.
    Reference,
    /// A text for people. What is too long is cut, control characters become blanks.
    Prose,
    /// Any text without control characters, not shown.
    Secret,
    /// The same: what a payer's code says.
    PayerCode,
    /// Decimal text.
    Amount,
    /// A whole number.
    Integer,
    Switch,
    /// `yyyy-MM-dd HH:mm:ss`, UTC.
    Time,
    /// Masked, first six and last four digits.
    CardNo,
    /// In base64.
    Png,
    /// `biz_data`.
    Object,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSpec {
    pub name: &'static str,
    pub kind: Kind,
    /// Characters.
    pub max: usize,
    pub is_required: bool,
}

const fn needs(name: &'static str, kind: Kind, max: usize) -> FieldSpec {
    FieldSpec { name, kind, max, is_required: true }
}

const fn may(name: &'static str, kind: Kind, max: usize) -> FieldSpec {
    FieldSpec { name, kind, max, is_required: false }
}

pub const TOPIC: FieldSpec = needs("topic", Kind::Name, 64);
pub const REQUEST_ID: FieldSpec = needs("request_id", Kind::Name, 64);
/// Not read: the clock of a terminal proves nothing.
pub const TIMESTAMP: FieldSpec = may("timestamp", Kind::Name, 16);
/// Not read either.
pub const VERSION: FieldSpec = may("version", Kind::Name, 8);
pub const RESPONSE_CODE: FieldSpec = needs("response_code", Kind::Integer, 3);
pub const RESPONSE_MSG: FieldSpec = may("response_msg", Kind::Prose, 128);
pub const BIZ_DATA: FieldSpec = may("biz_data", Kind::Object, super::FRAME_BYTES);

/// Around the fields of a request.
pub const REQUEST: &[FieldSpec] = &[TOPIC, REQUEST_ID, TIMESTAMP, VERSION, BIZ_DATA];
/// Around the fields of an answer.
pub const ANSWER: &[FieldSpec] = &[TOPIC, REQUEST_ID, RESPONSE_CODE, RESPONSE_MSG, BIZ_DATA];

pub const TERMINAL_SN: FieldSpec = needs("terminal_sn", Kind::Name, 32);
pub const SECRET: FieldSpec = needs("secret", Kind::Secret, 128);
pub const SOFTWARE: FieldSpec = may("software", Kind::Prose, 64);
pub const TRADE_NO: FieldSpec = needs("trade_no", Kind::Name, 64);
/// Exactly as many digits.
pub const PAIRING_CODE: FieldSpec = needs("pairing_code", Kind::Secret, 8);
pub const PAYER_CODE: FieldSpec = needs("payer_code", Kind::PayerCode, 512);

pub const TRANS_AMOUNT: FieldSpec = may("trans_amount", Kind::Amount, 16);
pub const TIP_AMOUNT: FieldSpec = may("tip_amount", Kind::Amount, 16);
pub const CASHBACK_AMOUNT: FieldSpec = may("cashback_amount", Kind::Amount, 16);
pub const PAY_METHOD_ID: FieldSpec = may("pay_method_id", Kind::Prose, 32);
pub const CARD_TYPE: FieldSpec = may("card_type", Kind::Integer, 1);
pub const CARD_NO: FieldSpec = may("card_no", Kind::CardNo, 32);
pub const AUTH_CODE: FieldSpec = may("auth_code", Kind::Reference, 12);
pub const REF_NO: FieldSpec = may("ref_no", Kind::Reference, 32);
pub const ENTRY_MODE: FieldSpec = may("entry_mode", Kind::Integer, 1);
pub const TRANS_END_TIME: FieldSpec = may("trans_end_time", Kind::Time, 19);
/// Base64 of 24 KiB.
pub const SIGNATURE: FieldSpec = may("signature", Kind::Png, 32_768);
pub const PROCESSOR_CODE: FieldSpec = may("processor_code", Kind::Reference, 16);
pub const PROCESSOR_MSG: FieldSpec = may("processor_msg", Kind::Prose, 128);

/// The body of a pairing, and of its answers.
pub const PAIR: &[FieldSpec] = &[TERMINAL_SN, PAIRING_CODE];
pub const PAIRED: &[FieldSpec] = &[
    TERMINAL_SN,
    SECRET,
    needs("merchant_no", Kind::Name, 32),
    needs("store_no", Kind::Prose, 32),
    needs("name", Kind::Prose, 128),
];
pub const PAIR_REFUSED: &[FieldSpec] = &[needs("error", Kind::Prose, 128)];

const INIT: &[FieldSpec] = &[TERMINAL_SN, SECRET, SOFTWARE];
const INIT_ANSWER: &[FieldSpec] = &[
    needs("merchant_no", Kind::Name, 32),
    needs("store_no", Kind::Prose, 32),
    needs("name", Kind::Prose, 128),
    needs("epoch", Kind::Integer, 20),
    needs("heartbeat_s", Kind::Integer, 3),
    needs("time", Kind::Integer, 16),
];
const HEARTBEAT_ANSWER: &[FieldSpec] = &[needs("time", Kind::Integer, 16)];
const ORDER: &[FieldSpec] = &[
    TRADE_NO,
    may("orig_trade_no", Kind::Name, 64),
    needs("trans_no", Kind::Name, 32),
    needs("merchant_order_no", Kind::Name, 32),
    may("orig_merchant_order_no", Kind::Name, 32),
    needs("trans_type", Kind::Integer, 2),
    needs("order_amount", Kind::Amount, 16),
    TIP_AMOUNT,
    CASHBACK_AMOUNT,
    needs("price_currency", Kind::Name, 3),
    needs("pay_scenario", Kind::Name, 32),
    PAY_METHOD_ID,
    CARD_TYPE,
    may("qr_code", Kind::PayerCode, 2_048),
    needs("on_screen_tip", Kind::Switch, 5),
    needs("on_screen_signature", Kind::Switch, 5),
    needs("confirm_on_terminal", Kind::Switch, 5),
    needs("required_terminal_authentication", Kind::Switch, 5),
    needs("receipt_print_mode", Kind::Integer, 1),
    needs("expires", Kind::Integer, 6),
    may("order_queue_mode", Kind::Name, 8),
    may("attach", Kind::Prose, 128),
    may("description", Kind::Prose, 128),
    may("merchant_name", Kind::Prose, 128),
];
const RESULT_OF_ORDER: &[FieldSpec] = &[
    FieldSpec { is_required: false, ..TRADE_NO },
    TRANS_AMOUNT,
    TIP_AMOUNT,
    CASHBACK_AMOUNT,
    PAY_METHOD_ID,
    CARD_TYPE,
    CARD_NO,
    AUTH_CODE,
    REF_NO,
    ENTRY_MODE,
    TRANS_END_TIME,
    SIGNATURE,
    PROCESSOR_CODE,
    PROCESSOR_MSG,
];
const ONE_ORDER: &[FieldSpec] = &[TRADE_NO];
const RESULT: &[FieldSpec] = &[
    TRADE_NO,
    needs("trans_status", Kind::Integer, 1),
    TRANS_AMOUNT,
    PAY_METHOD_ID,
    may("message", Kind::Prose, 128),
];
const BATCH: &[FieldSpec] = &[
    needs("batch_no", Kind::Name, 32),
    needs("count", Kind::Integer, 10),
    needs("total_amount", Kind::Amount, 16),
    needs("price_currency", Kind::Name, 3),
];
const TIP: &[FieldSpec] = &[TRADE_NO, FieldSpec { is_required: true, ..TIP_AMOUNT }];

/// `biz_data` of a request.
pub fn request(topic: Topic) -> &'static [FieldSpec] {
    match topic {
        Topic::Init => INIT,
        Topic::Heartbeat => &[],
        Topic::Order => ORDER,
        Topic::Query | Topic::Close | Topic::Reprint => ONE_ORDER,
        Topic::BatchClose => BATCH,
        Topic::TipAdjustment => TIP,
        Topic::Result => RESULT,
        Topic::Scan => &[TRADE_NO, PAYER_CODE],
    }
}

/// `biz_data` of an answer.
pub fn answer(topic: Topic) -> &'static [FieldSpec] {
    match topic {
        Topic::Init => INIT_ANSWER,
        Topic::Heartbeat => HEARTBEAT_ANSWER,
        Topic::Order | Topic::Query => RESULT_OF_ORDER,
        Topic::Close
        | Topic::BatchClose
        | Topic::TipAdjustment
        | Topic::Reprint
        | Topic::Result
        | Topic::Scan => &[],
    }
}
