//! The API as an OpenAPI 3.1 document, built from the tables the code itself reads.

use serde_json::{Map, Value, json};

use super::fields::{self, FieldSpec, Kind};
use super::words::{
    CardType, EntryModel, OnlineStatus, PayMethod, PayScenario, QueueMode, ReceiptPrint, TERMINAL_CODES,
    TransStatus, TransType,
};
use super::{Code, ENTRY, Method};

pub fn document() -> Value {
    let served = || Method::ALL.into_iter().filter(|method| method.is_served());
    let mut schemas = Map::new();
    for method in served() {
        schemas.insert(name(method, "request"), request(method));
        schemas.insert(name(method, "data"), object(answer_rows(method)));
    }
    schemas.insert("Answer".to_owned(), answer());
    schemas.insert("CallBack".to_owned(), call_back_body());
    let post = json!({ "post": operation(&served().collect::<Vec<_>>()) });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "CodePay Cloud Open API as served by tillgate",
            "version": "1.0.0",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": ABOUT,
        },
        "paths": { ENTRY: post },
        "webhooks": { "call_back": { "post": call_back() } },
        "components": {
            "schemas": schemas,
            "securitySchemes": { "basic": { "type": "http", "scheme": "basic" } },
        },
        "x-codes": Code::ALL
            .map(|code| json!({ "code": code.word(), "msg": code.message(), "description": code.about() })),
        "x-terminal-codes": TERMINAL_CODES
            .iter()
            .map(|(code, about)| json!({ "trans_error_code": format!("{code:03}"), "description": about }))
            .collect::<Value>(),
    })
}

const ABOUT: &str = "\
Every business answer is HTTP 200 with a signed envelope, errors too. `data` is JSON text inside a string. `code` is `0` or \
one of `x-codes`; `msg` is then `success` or begins with the code in brackets.

Signed text: every top-level field except `sign` and empty ones, sorted by the bytes of the names, `name=value` joined with `&`, \
nothing encoded; numbers and booleans as they are written, objects and lists as their source text. `sign` is SHA256withRSA \
(PKCS#1 v1.5) of it in base64. Requests are signed with the app's key, answers and callbacks with the gateway's; keys travel as \
bare base64 of SPKI and PKCS#8 or PKCS#1. An app with Basic authentication sends `sign_type` NONE and an Authorization \
header instead; which of the two is fixed per app.

A request whose signed text can be read as other fields is refused (SYS002), as is one with a field sent twice (TG004). Fields nobody \
knows are signed and otherwise ignored. The path may be followed by anything.";

fn name(method: Method, part: &str) -> String {
    format!("{}_{part}", method.word())
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn operation(served: &[Method]) -> Value {
    let one_of: Vec<Value> = served.iter().map(|method| reference(&name(*method, "request"))).collect();
    let body = json!({ "schema": { "oneOf": one_of } });
    json!({
        "operationId": "entry",
        "summary": "Every method; which one says the envelope",
        "security": [{}, { "basic": [] }],
        "requestBody": { "required": true, "content": {
            "application/json": body,
            "application/x-www-form-urlencoded": body,
        } },
        "responses": { "200": {
            "description": "The method's answer, or an error.",
            "content": { "application/json": { "schema": reference("Answer") } },
        } },
        "x-data": served
            .iter()
            .map(|method| (method.word().to_owned(), reference(&name(*method, "data"))))
            .collect::<Map<_, _>>(),
    })
}

fn summary(method: Method) -> &'static str {
    match method {
        Method::PayOrder => "Send a sale, void, refund, authorization or completion to a terminal",
        Method::PayClose => "Close an order no terminal has taken",
        Method::OrderQuery => "How an order stands; also `pay.orderquery`",
        Method::RefundSubmit => "Give back all or part of a paid order",
        Method::RefundQuery => "How a refund stands",
        Method::Revoke => "Cancel an order, whatever became of it; not for cards on a terminal",
        Method::TipAdjustment => "Set the tip of a transaction that is not settled",
        Method::BatchClose => "Close a terminal's batch",
        Method::Checkout
        | Method::MerchantCheckout
        | Method::PaymentCapture
        | Method::PaymentIncrement
        | Method::PaymentCancel
        | Method::PaymentRefund
        | Method::PaymentTip
        | Method::PaymentRecall
        | Method::OpenBatchClose
        | Method::OpenBatch => "Not served yet",
    }
}

fn request(method: Method) -> Value {
    let table = || fields::ENVELOPE.iter().chain(fields::of(method));
    let required: Vec<&str> = table().filter(|spec| spec.is_required()).map(|spec| spec.name).collect();
    let mut properties: Map<String, Value> =
        table().map(|spec| (spec.name.to_owned(), field(spec))).collect();
    properties.insert("method".to_owned(), json!({ "const": method.word() }));
    json!({
        "type": "object",
        "description": summary(method),
        "required": required,
        "properties": properties,
        "additionalProperties": true,
    })
}

fn numbers(all: impl Iterator<Item = u8>) -> Value {
    all.flat_map(|number| [json!(number), json!(number.to_string())]).collect()
}

fn words(all: impl Iterator<Item = &'static str>) -> Value {
    all.map(|word| json!(word)).collect()
}

fn field(spec: &FieldSpec) -> Value {
    let mut schema = json!({
        "type": ["string", "number", "boolean"],
        "description": spec.about,
        "maxLength": spec.max,
    });
    let (key, value) = match spec.kind {
        Kind::Format => ("const", json!("JSON")),
        Kind::Charset => ("const", json!("UTF-8")),
        Kind::SignType => ("enum", json!(["RSA2", "NONE"])),
        Kind::Sign => ("contentEncoding", json!("base64")),
        Kind::Version => ("const", json!("1.0")),
        Kind::Timestamp => ("pattern", json!("^[0-9]{13}$")),
        Kind::Application => ("const", json!("CodePay Register")),
        Kind::ApiVersion => ("const", json!("2.0")),
        Kind::Scenario => ("enum", words(PayScenario::ALL.iter().map(|known| known.word()))),
        Kind::PayMethod => ("enum", words(PayMethod::ALL.iter().map(|known| known.word()))),
        Kind::CardType => ("enum", numbers(CardType::ALL.iter().map(|known| known.number()))),
        Kind::Currency => ("pattern", json!("^[A-Z]{3}$")),
        Kind::Amount | Kind::ExtraAmount => ("pattern", json!("^[0-9]+(\\.[0-9]+)?$")),
        Kind::TransType => {
            let served = TransType::ALL.iter().filter(|known| known.is_served());
            ("enum", numbers(served.map(|known| known.number())))
        }
        Kind::NewOrderNo | Kind::KnownOrderNo => ("pattern", json!("^[0-9A-Za-z_|*@-]{1,32}$")),
        Kind::KnownTransNo => ("pattern", json!("^[0-9A-Za-z]{1,32}$")),
        Kind::NotifyUrl => ("format", json!("uri")),
        Kind::Expires => ("pattern", json!("^[0-9]{1,6}$")),
        Kind::QueueMode => ("enum", words(QueueMode::ALL.iter().map(|known| known.word()))),
        Kind::Flag => ("enum", json!([true, false, "true", "false", 1, 0, "1", "0"])),
        Kind::ReceiptPrint => ("enum", numbers(ReceiptPrint::ALL.iter().map(|known| known.number()))),
        Kind::AppId | Kind::Method | Kind::MerchantNo | Kind::Text | Kind::Attach | Kind::TerminalSn => {
            ("minLength", json!(if spec.is_required() { 1 } else { 0 }))
        }
    };
    schema[key] = value;
    schema
}

/// A field of an answer.
struct Row {
    name: &'static str,
    about: &'static str,
    is_required: bool,
}

const fn always(name: &'static str, about: &'static str) -> Row {
    Row { name, about, is_required: true }
}

const fn maybe(name: &'static str, about: &'static str) -> Row {
    Row { name, about, is_required: false }
}

const TRANS_NO: Row = always("trans_no", "Our number of the transaction.");
const ORDER_NO: Row = always("merchant_order_no", "The merchant's number.");
const TRANS_TYPE: Row = always("trans_type", "As in the request.");
const STATUS: Row = always(
    "trans_status",
    "9 created, 0 processing, 1 closed or failed, 2 successful, 3 void or cancelled, 4 captured.",
);
const CURRENCY: Row = always("price_currency", "ISO 4217.");
const ORDER_AMOUNT: Row = always("order_amount", "Decimal text without zeros at its end, like all amounts.");
const FEE: Row = always("trans_fee_c", "The fee.");
const VAT: Row = always("vat_amount", "VAT.");
const END_TIME: Row = maybe("trans_end_time", "`yyyy-MM-dd HH:mm:ss`, UTC; once it has ended.");
const CHANNEL_NO: Row = maybe("pay_channel_trans_no", "The channel's number.");

const SENT: &[Row] = &[
    always("message_id", "The message to the terminal."),
    TRANS_NO,
    maybe("terminal_online_status", "Of wisehub.cloud.pay.order: `online` or `offline`."),
];
const ORDER: &[Row] = &[
    ORDER_NO,
    TRANS_NO,
    TRANS_TYPE,
    STATUS,
    CURRENCY,
    ORDER_AMOUNT,
    always("trans_amount", "The order with tip and cashback."),
    maybe("paid_amount", "What was paid; absent before."),
    maybe("tip_amount", "The tip."),
    maybe("cashback_amount", "The cash the payer was given."),
    FEE,
    VAT,
    always("discount_bpc", "Discount of the channel."),
    always("discount_bmopc", "Discount of the merchant."),
    END_TIME,
    maybe("store_no", "As sent."),
    maybe("terminal_sn", "The terminal."),
    maybe("pay_scenario", "How it was paid."),
    maybe("pay_method_id", "With what."),
    maybe("pay_user_account_id", "The card, masked `411111****1111`, or the payer's account."),
    CHANNEL_NO,
    maybe("pay_platform_trans_no", "The wallet's number."),
    maybe("entry_model", "1 swipe, 2 chip, 3 contactless, 4 manual."),
    maybe("ref_no", "Retrieval reference number."),
    maybe("auth_no", "Authorization code."),
    maybe("attach", "As sent."),
    maybe("trans_error_code", "With trans_status 1: one of `x-terminal-codes` or the channel's code."),
    maybe("trans_error_msg", "Its text."),
    maybe("electron_sign_url", "Where the signature can be seen."),
];
const REFUND: &[Row] = &[
    ORDER_NO,
    TRANS_NO,
    TRANS_TYPE,
    STATUS,
    CURRENCY,
    ORDER_AMOUNT,
    always("trans_amount", "The same."),
    FEE,
    VAT,
    END_TIME,
    CHANNEL_NO,
];
const SUBMITTED: &[Row] = &[TRANS_NO, always("trans_amount", "What goes back."), FEE, VAT];
const BATCH: &[Row] = &[
    maybe("count", "Transactions in the batch. Ours."),
    maybe("total_amount", "Their sum, a number. Ours."),
];
const CALL_BACK: &[Row] = &[
    always("app_id", "The app."),
    always("merchant_no", "The merchant."),
    always("method", "What made the transaction."),
    always("format", "JSON."),
    always("charset", "UTF-8."),
    always("sign_type", "RSA2."),
    always("version", "1.0."),
    always("timestamp", "Milliseconds since 1970, 13 digits."),
    always("sign", "By the gateway's key."),
];

fn answer_rows(method: Method) -> &'static [Row] {
    match method {
        Method::PayOrder | Method::PayClose | Method::Revoke => SENT,
        Method::OrderQuery => ORDER,
        Method::RefundQuery => REFUND,
        Method::RefundSubmit => SUBMITTED,
        Method::BatchClose => BATCH,
        Method::TipAdjustment
        | Method::Checkout
        | Method::MerchantCheckout
        | Method::PaymentCapture
        | Method::PaymentIncrement
        | Method::PaymentCancel
        | Method::PaymentRefund
        | Method::PaymentTip
        | Method::PaymentRecall
        | Method::OpenBatchClose
        | Method::OpenBatch => &[],
    }
}

fn property(row: &Row) -> Value {
    match row.name {
        "trans_status" => {
            let all = TransStatus::ALL.iter().map(|known| known.number());
            json!({ "type": "integer", "enum": all.collect::<Vec<_>>(), "description": row.about })
        }
        "entry_model" => {
            let all = EntryModel::ALL.iter().map(|known| known.number());
            json!({ "type": "integer", "enum": all.collect::<Vec<_>>(), "description": row.about })
        }
        "terminal_online_status" => {
            json!({ "enum": words(OnlineStatus::ALL.iter().map(|known| known.word())), "description": row.about })
        }
        "trans_type" | "count" => json!({ "type": "integer", "description": row.about }),
        "total_amount" => json!({ "type": "number", "description": row.about }),
        _ => json!({ "type": "string", "minLength": 1, "description": row.about }),
    }
}

fn object(rows: &[Row]) -> Value {
    let required: Vec<&str> = rows.iter().filter(|row| row.is_required).map(|row| row.name).collect();
    json!({
        "type": "object",
        "required": required,
        "properties": rows.iter().map(|row| (row.name.to_owned(), property(row))).collect::<Map<_, _>>(),
    })
}

fn answer() -> Value {
    let text = |about: &str| json!({ "type": "string", "minLength": 1, "description": about });
    json!({
        "type": "object",
        "required": ["code", "msg", "psn", "data", "sign"],
        "properties": {
            "code": { "enum": Code::ALL.map(Code::word) },
            "msg": text("`success`, or `[code]` and what is the matter."),
            "psn": { "type": "string", "pattern": "^[0-9]{20}$", "description": "Our number of the answer." },
            "data": text("JSON text of the method's object (`x-data`); `{}` for an error."),
            "sign": text("By the gateway's key."),
        },
    })
}

fn call_back_body() -> Value {
    let rows = |own: &[Row]| object(own);
    json!({ "allOf": [rows(CALL_BACK), { "oneOf": [rows(ORDER), rows(REFUND)] }] })
}

fn call_back() -> Value {
    json!({
        "operationId": "call_back",
        "summary": "Posted to notify_url when a transaction has ended",
        "description": "Acknowledged by any 2xx with the text `success` within 5 s; otherwise sent again after 5, 10, 15, 30 and 60 s, \
            3, 10 and 15 minutes, three times half an hour and three times 3 hours.",
        "requestBody": { "content": { "application/json": { "schema": reference("CallBack") } } },
        "responses": { "200": { "description": "`success`" } },
    })
}
