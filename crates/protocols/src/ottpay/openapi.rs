//! The API as an OpenAPI 3.1 document, built from the tables the code itself reads.

use serde_json::{Map, Value, json};

use super::fields::{self, FieldSpec, Kind, source};
use super::{Action, BIZ_TYPES, PATHS, PREPAY, codes};

pub fn document() -> Value {
    let paths: Map<String, Value> = PATHS
        .iter()
        .enumerate()
        .map(|(at, path)| ((*path).to_owned(), json!({ "post": operation(at) })))
        .collect();
    let mut schemas = Map::new();
    for action in Action::ALL {
        schemas.insert(request_name(action), request(action));
        schemas.insert(data_name(action), request_data(action));
        schemas.insert(answer_name(action), answer(action));
        schemas.insert(answer_data_name(action), answer_data(action));
    }
    schemas.insert("RefundStatus_answer_data".to_owned(), object(REFUND_STATUS, source::OURS));
    schemas.insert("CallBack_data".to_owned(), object(CALL_BACK, source::CALL_BACK));
    schemas.insert("Error".to_owned(), error());
    schemas.insert("Error_data".to_owned(), object(ERROR_DATA, source::OURS));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "OTT Pay Payment Web API as served by tillgate",
            "version": "2.0",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": ABOUT,
        },
        "paths": paths,
        "webhooks": { "call_back": { "post": call_back() } },
        "components": { "schemas": schemas },
        "x-codes": codes::CODES
            .iter()
            .map(|code| json!({ "rsp_code": code.word, "description": code.about }))
            .collect::<Value>(),
    })
}

const ABOUT: &str = "\
Every business answer is HTTP 200 with an `rsp_code`; the words are listed under `x-codes`. Amounts are whole minor units as text: \
`\"100\"` is 1.00. Every value we send is a JSON string.

All data objects travel encrypted, in requests, answers and callbacks alike. `S` is the values of the object in the order of their \
names (UTF-16 code units), one after the other, nothing between them. `md5` is the upper-case hexadecimal MD5 of `S` in UTF-8. \
The AES key is characters 8 to 24 of the upper-case hexadecimal MD5 of md5 + sign key, taken as 16 ASCII bytes. `data` is the base64 \
of AES-128-ECB with PKCS7 padding of the object's JSON text. To read: derive the key from the received md5, decrypt, \
compute md5 again, compare.

A number in a request's object is digested as it is written, or as Java prints a double (`100` as `100.0`), all of one message alike. \
Absent and null are empty text. Fields nobody knows are digested and otherwise ignored.

Whatever is wrong with merchant, key, encryption or digest gives the same PARAM_INVALID without data and md5.";

fn request_name(action: Action) -> String {
    format!("{}_request", action.word())
}

fn data_name(action: Action) -> String {
    format!("{}_data", action.word())
}

fn answer_name(action: Action) -> String {
    format!("{}_answer", action.word())
}

fn answer_data_name(action: Action) -> String {
    format!("{}_answer_data", action.word())
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn operation(path_number: usize) -> Value {
    let suffix = if path_number == 0 { String::new() } else { format!("_{}", path_number + 1) };
    let one_of = |name: fn(Action) -> String| Action::ALL.map(|action| reference(&name(action))).to_vec();
    let mut answers = one_of(answer_name);
    answers.push(reference("Error"));
    json!({
        "operationId": format!("process{suffix}"),
        "summary": "Every action; which one says the envelope",
        "description": format!("All paths are alike. Source: {}.", source::PASSIVE),
        "requestBody": { "required": true, "content": { "application/json": { "schema": {
            "oneOf": one_of(request_name),
        } } } },
        "responses": { "200": {
            "description": "The action's answer, or an error.",
            "content": { "application/json": { "schema": { "oneOf": answers } } },
        } },
        "x-codes": Action::ALL
            .iter()
            .map(|action| (action.word().to_owned(), json!(codes::of(*action))))
            .collect::<Map<_, _>>(),
    })
}

fn summary(action: Action) -> &'static str {
    match action {
        Action::PassivePay => "Charge the code the payer's wallet shows",
        Action::ActivePay => "Create an order the payer pays by scanning a QR code",
        Action::StatusQuery => "How an order or a refund stands",
        Action::Refund => "Give back all or part of a paid order",
        Action::ExRateQuery => "Yuan for one unit of a currency",
        Action::PrepayInit => "Create an order the payer pays on a page of ours",
        Action::PrepayQuery => "How the order of such a page stands",
        Action::MappPay => "Create an order paid inside a WeChat mini program",
    }
}

fn request(action: Action) -> Value {
    let mut properties: Map<String, Value> =
        fields::ENVELOPE.iter().map(|spec| (spec.name.to_owned(), field(spec))).collect();
    properties.insert("action".to_owned(), json!({ "const": action.word() }));
    properties.insert("data".to_owned(), encrypted(&data_name(action)));
    let required: Vec<&str> = fields::ENVELOPE.iter().filter(|f| f.is_required()).map(|f| f.name).collect();
    json!({ "type": "object", "description": summary(action), "required": required, "properties": properties })
}

fn encrypted(object: &str) -> Value {
    json!({
        "type": "string",
        "contentEncoding": "base64",
        "description": format!("Encrypted: the JSON text of {object}."),
        "x-decrypted": reference(object),
    })
}

fn request_data(action: Action) -> Value {
    let table = fields::of(action);
    let required: Vec<&str> = table.iter().filter(|f| f.is_required()).map(|f| f.name).collect();
    let mut properties: Map<String, Value> =
        table.iter().map(|spec| (spec.name.to_owned(), field(spec))).collect();
    if action == Action::MappPay {
        properties["biz_type"]["enum"] = json!(["WECHATPAY"]);
    }
    if action == Action::PrepayInit {
        properties["biz_type"]["enum"] = json!([PREPAY]);
    }
    json!({
        "type": "object",
        "description": "The decrypted data object. Further fields are digested and otherwise ignored.",
        "required": required,
        "properties": properties,
        "additionalProperties": true,
    })
}

fn field(spec: &FieldSpec) -> Value {
    let mut schema = json!({
        "type": ["string", "number"],
        "description": format!("{} Source: {}.", spec.about, spec.source),
    });
    if spec.max < usize::MAX {
        schema["maxLength"] = json!(spec.max);
    }
    let wallets: Vec<&str> = BIZ_TYPES.iter().map(|known| known.word).collect();
    let (key, value) = match spec.kind {
        Kind::Action => ("enum", json!(Action::ALL.map(Action::word))),
        Kind::Version => ("pattern", json!("^(1|1\\.0|1\\.1|2|2\\.0)$")),
        Kind::Data => ("contentEncoding", json!("base64")),
        Kind::Md5 => ("pattern", json!("^[0-9A-Fa-f]{32}$")),
        Kind::Amount | Kind::RefundAmount => ("pattern", json!("^0*[1-9][0-9]*$")),
        Kind::Tip => ("pattern", json!("^[0-9]+$")),
        Kind::Duration => ("pattern", json!("^[0-9]{2,6}$")),
        Kind::AuthCode => ("pattern", json!("^[0-9]{16,24}$")),
        Kind::BizType => ("enum", json!(wallets)),
        Kind::CallBackUrl | Kind::RedirectUrl => ("format", json!("uri")),
        Kind::Currency | Kind::FeeType => ("pattern", json!("^[A-Z]{3}$")),
        Kind::AppId | Kind::OpenId => ("pattern", json!("^[!-~]+$")),
        Kind::MerchantId
        | Kind::OrderId
        | Kind::KnownOrderId
        | Kind::Operator
        | Kind::Terminal
        | Kind::Particular
        | Kind::Description => ("minLength", json!(if spec.is_required() { 1 } else { 0 })),
    };
    schema[key] = value;
    schema
}

type Row = (&'static str, &'static str);

const ORDER_ID: Row = ("order_id", "The merchant's number of the order, or the one made for it.");
const BIZPAY: Row =
    ("bizpay_order_id", "Ours: AL, WX or UP and 16 digits; empty while the payer has not chosen a wallet.");
const RATE: Row = ("exchange_rate", "Yuan for one unit, eight digits after the point.");
const STATUS: Row = (
    "order_status",
    "init, notpay, canceling, success, partial_refunded, fully_refunded, failure (declined) or orderclosed.",
);
const TRADE_TIME: Row =
    ("trade_time", "When the money moved: `Aug 21, 2020 11:44:18 AM` in the merchant's zone; absent before.");

const PASSIVE: &[Row] = &[
    STATUS,
    TRADE_TIME,
    ORDER_ID,
    BIZPAY,
    ("buyer_login_id", "The payer, as the wallet names him; empty while unpaid."),
    ("buyer_logon_id", "The same."),
    ("total_amount", "Amount and tip, minor units."),
    ("receive_amount", "The same: there are no discounts."),
    ("pay_amount", "The same."),
    RATE,
];
const ACTIVE: &[Row] = &[("code_url", "The text to show as a QR code."), ORDER_ID, BIZPAY];
const ORDER_STATUS: &[Row] = &[
    ORDER_ID,
    BIZPAY,
    ("total_amount", "Amount and tip, minor units."),
    ("refund_fee", "What has been given back, minor units."),
    STATUS,
    TRADE_TIME,
    ("tip", "Minor units."),
    RATE,
    (
        "payInfo",
        "While it can be paid: the code's text, or the mini program's fields as JSON text; else empty.",
    ),
    ("return_code", "SUCCESS."),
];
const REFUND: &[Row] = &[
    ("order_id", "The refund's own number; empty if it has none."),
    ("ori_order_id", "The order's number."),
    ("refund_amt", "Minor units."),
    (
        "order_status",
        "init while under way, partial_refunded or fully_refunded when done, failure if declined.",
    ),
    TRADE_TIME,
    BIZPAY,
];
const REFUND_STATUS: &[Row] =
    &[REFUND[0], REFUND[1], REFUND[2], REFUND[3], TRADE_TIME, BIZPAY, ("return_code", "SUCCESS.")];
const EX_RATE: &[Row] = &[("feeType", "The currency."), ("rate", "Yuan for one unit, times 10^8.")];
const PREPAY_INIT: &[Row] = &[
    ("payinfo", "The page to send the payer to."),
    ("payInfo", "The same."),
    ("expire_time", "yyyyMMddHHmmss, Beijing: until when it can be paid."),
    ("prepay_order_id", "As it was sent."),
];
const PREPAY_QUERY: &[Row] = &[
    ("rspCode", "SUCCESS."),
    ("rspMsg", "success."),
    ("merchant_id", "The merchant."),
    ("amount", "Minor units, without the tip."),
    ("tip", "Minor units."),
    ("status", "SUCCESS when paid, ORDERCLOSE when it can no longer be paid, else PROCESSING."),
    STATUS,
    ("prepay_order_id", "As it was sent."),
    ("order_id", "The same, for STATUS_QUERY and REFUND."),
    ("currency_type", "The account's currency."),
    RATE,
    ("create_time", "yyyyMMddHHmmss, Beijing."),
    ("expire_time", "yyyyMMddHHmmss, Beijing."),
    ("finish_time", "yyyyMMddHHmmss, Beijing; absent while unpaid."),
    ("biz_type", "The wallet the payer chose; absent before."),
    ("operator_id", "As it was sent, or empty."),
    ("remarks", "As it was sent, or empty."),
    BIZPAY,
    ("sale_num", "As it was sent, or absent."),
    ("shop_id", "As it was sent, or absent."),
    ("email", "As it was sent, or absent."),
];
const MAPP: &[Row] = &[
    ("payInfo", "JSON text: appId, timeStamp, nonceStr, packageStr, signType, paySign."),
    ("merchant_id", "The merchant."),
    ORDER_ID,
    ("amount", "Minor units, without the tip."),
    BIZPAY,
];
const CALL_BACK: &[Row] = &[
    ("amount", "Minor units, without the tip."),
    BIZPAY,
    ("tip", "Minor units."),
    ("merchant_id", "The merchant."),
    ORDER_ID,
    ("finish_time", "When it was paid: yyyyMMddHHmmss, Beijing."),
    ("order_status", "success."),
    RATE,
    ("sale_num", "As it was sent, or absent."),
];
const ERROR_DATA: &[Row] = &[
    ("rsp_code", "As in clear."),
    ("rsp_msg", "As in clear."),
    ("order_id", "The number it is about, if one was read. ORDER_PAID has all fields of STATUS_QUERY."),
];

/// Absent under some conditions; the row says which.
fn may_be_absent(about: &str) -> bool {
    about.contains("absent") || about.contains("if one was read")
}

fn answer_rows(action: Action) -> (&'static [Row], &'static str) {
    match action {
        Action::PassivePay => (PASSIVE, source::PASSIVE),
        Action::ActivePay => (ACTIVE, source::ACTIVE),
        Action::StatusQuery => (ORDER_STATUS, source::STATUS),
        Action::Refund => (REFUND, source::REFUND),
        Action::ExRateQuery => (EX_RATE, source::RATE),
        Action::PrepayInit => (PREPAY_INIT, source::PREPAY),
        Action::PrepayQuery => (PREPAY_QUERY, source::PREPAY),
        Action::MappPay => (MAPP, source::MAPP),
    }
}

fn object(rows: &[Row], source: &str) -> Value {
    let property =
        |(name, about): &Row| ((*name).to_owned(), json!({ "type": "string", "description": about }));
    let required: Vec<&str> =
        rows.iter().filter(|(_, about)| !may_be_absent(about)).map(|(name, _)| *name).collect();
    json!({
        "type": "object",
        "description": format!("A decrypted data object. Source: {source}."),
        "required": required,
        "properties": rows.iter().map(property).collect::<Map<_, _>>(),
    })
}

fn answer_data(action: Action) -> Value {
    let (rows, source) = answer_rows(action);
    let own = object(rows, source);
    match action {
        // A refund has a number of its own to ask for.
        Action::StatusQuery => json!({ "oneOf": [own, reference("RefundStatus_answer_data")] }),
        _ => own,
    }
}

/// The codes that come with the action's own data object.
fn answer_codes(action: Action) -> &'static [&'static str] {
    match action {
        Action::PassivePay => &[codes::SUCCESS, codes::PROCESSING, codes::FAIL, codes::TIMEOUT],
        Action::Refund => &[codes::SUCCESS, codes::PROCESSING, codes::FAIL],
        Action::ActivePay
        | Action::StatusQuery
        | Action::ExRateQuery
        | Action::PrepayInit
        | Action::PrepayQuery
        | Action::MappPay => &[codes::SUCCESS],
    }
}

fn sealed(codes: Value, object: &str) -> Value {
    json!({
        "rsp_code": codes,
        "rsp_msg": { "type": "string", "description": "`success`, or what is the matter." },
        "data": encrypted(object),
        "md5": { "type": "string", "pattern": "^[0-9A-F]{32}$" },
    })
}

fn answer(action: Action) -> Value {
    json!({
        "type": "object",
        "description": format!("{}: the answer.", action.word()),
        "required": ["rsp_code", "rsp_msg", "data", "md5"],
        "properties": sealed(json!({ "enum": answer_codes(action) }), &answer_data_name(action)),
    })
}

fn error() -> Value {
    let own = [codes::SUCCESS, codes::PROCESSING, codes::FAIL, codes::TIMEOUT];
    let errors: Vec<&str> =
        codes::CODES.iter().map(|code| code.word).filter(|word| !own.contains(word)).collect();
    json!({
        "type": "object",
        "description": "data and md5 only for a sender that was recognised.",
        "required": ["rsp_code", "rsp_msg"],
        "properties": sealed(json!({ "enum": errors }), "Error_data"),
    })
}

fn call_back() -> Value {
    let mut properties = sealed(json!({ "const": codes::SUCCESS }), "CallBack_data");
    properties["merchant_id"] = json!({ "type": "string", "description": "The merchant." });
    json!({
        "operationId": "call_back",
        "summary": "Posted to call_back_url when an order has been paid",
        "description": format!(
            "Acknowledged by any 2xx, unless the answer's rsp_code (or its whole body) is FAIL; otherwise sent again after 15 s, 1, 5 and 30 \
             minutes, 1, 2, 6 and 12 hours, each time the same bytes. Source: {}.",
            source::CALL_BACK
        ),
        "requestBody": { "content": { "application/json": { "schema": {
            "type": "object",
            "required": ["rsp_code", "rsp_msg", "merchant_id", "data", "md5"],
            "properties": properties,
        } } } },
        "responses": { "200": { "description": "Received" } },
    })
}
