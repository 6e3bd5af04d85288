//! The API as an OpenAPI 3.1 document, built from the tables the code itself reads.

use serde_json::{Map, Value, json};

mod rows;

use rows::{CALL_BACK, ORDER, REFUND, Row, answer_rows};

use super::address;
use super::card::Encryption;
use super::fields::{self, FieldSpec, Kind};
use super::words::{
    CardType, EntryModel, OnlineStatus, PayMethod, PayScenario, QueueMode, ReceiptPrint, TERMINAL_CODES,
    TransStatus, TransType,
};
use super::{Code, ENTRY, ITEMS, Method};

pub fn document() -> Value {
    let mut schemas = Map::new();
    for method in Method::ALL {
        schemas.insert(name(method, "request"), request(method));
        schemas.insert(name(method, "data"), object(answer_rows(method)));
    }
    schemas.insert("Answer".to_owned(), answer());
    schemas.insert("CallBack".to_owned(), call_back_body());
    schemas.insert("BillingAddress".to_owned(), billing());
    schemas.insert("OrderDetail".to_owned(), order_detail());
    let named: Vec<Method> = Method::ALL.into_iter().filter(|method| method.has_word()).collect();
    let mut paths = Map::new();
    paths.insert(
        ENTRY.to_owned(),
        json!({ "post": operation("entry", "Every method; which one says the envelope", &named) }),
    );
    for method in Method::ALL.into_iter().filter(|method| !method.has_word()) {
        let id = method.word().trim_start_matches("/api/").replace('/', "_");
        let post = operation(&id, summary(method), &[method]);
        paths.insert(method.word().to_owned(), json!({ "post": post }));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "CodePay Cloud Open API as served by tillgate",
            "version": "1.0.0",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": ABOUT,
        },
        "paths": paths,
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
knows are signed and otherwise ignored. `/api/entry` may be followed by anything. What has a path of its own needs `app_id` and `sign` \
of the envelope only.";

/// The name of a method's `request` or `data` among the schemas. Paths have slashes, which references cannot.
pub fn name(method: Method, part: &str) -> String {
    format!("{}_{part}", method.word().trim_start_matches("/api/").replace('/', "_"))
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn operation(id: &str, summary: &str, served: &[Method]) -> Value {
    let one_of: Vec<Value> = served.iter().map(|method| reference(&name(*method, "request"))).collect();
    let body = json!({ "schema": { "oneOf": one_of } });
    json!({
        "operationId": id,
        "summary": summary,
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
        Method::Checkout => "Make an order that is paid on a page of the gateway",
        Method::MerchantCheckout => "Pay with a card that the merchant has asked for",
        Method::PaymentCapture => "Take what is authorized, or less; once",
        Method::PaymentIncrement => "Authorize more",
        Method::PaymentCancel => "Let go of an authorization that was not captured",
        Method::PaymentRefund => "Give back a payment or parts of it",
        Method::PaymentTip => "Set the tip of a payment that is not settled",
        Method::PaymentRecall => "How the last thing done to a transaction ended",
        Method::OpenBatchClose => "Close the batches of a store's terminals",
        Method::OpenBatch => "What is in the open batches of a store's terminals",
    }
}

fn request(method: Method) -> Value {
    let table = || fields::ENVELOPE.iter().chain(fields::of(method));
    let is_required = |spec: &&FieldSpec| fields::is_required(method, spec);
    let required: Vec<&str> = table().filter(is_required).map(|spec| spec.name).collect();
    let mut properties: Map<String, Value> =
        table().map(|spec| (spec.name.to_owned(), field(spec))).collect();
    match method.has_word() {
        true => properties.insert("method".to_owned(), json!({ "const": method.word() })),
        false => properties.remove("method"),
    };
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
        Kind::NotifyUrl | Kind::ReturnUrl => ("format", json!("uri")),
        Kind::Ip => ("examples", json!(["203.0.113.7", "2001:db8::7"])),
        Kind::Longitude | Kind::Latitude => ("pattern", json!("^-?[0-9]{1,3}(\\.[0-9]{1,16})?$")),
        Kind::EncType => ("enum", words(Encryption::ALL.into_iter().map(Encryption::word))),
        Kind::Card => ("contentEncoding", json!("base64")),
        Kind::Address => ("contentSchema", reference("BillingAddress")),
        Kind::OrderDetail => ("contentSchema", reference("OrderDetail")),
        Kind::Terminals => {
            let serial = json!({ "type": "string", "minLength": 1, "maxLength": 32 });
            ("contentSchema", json!({ "type": "array", "maxItems": 100, "items": serial }))
        }
        Kind::Expires => ("pattern", json!("^[0-9]{1,6}$")),
        Kind::QueueMode => ("enum", words(QueueMode::ALL.iter().map(|known| known.word()))),
        Kind::Flag => ("enum", json!([true, false, "true", "false", 1, 0, "1", "0"])),
        Kind::ReceiptPrint => ("enum", numbers(ReceiptPrint::ALL.iter().map(|known| known.number()))),
        Kind::AppId | Kind::Method | Kind::MerchantNo | Kind::Text | Kind::Attach | Kind::TerminalSn => {
            ("minLength", json!(if spec.is_required() { 1 } else { 0 }))
        }
    };
    schema[key] = value;
    if spec.kind.may_be_nested() {
        schema["type"] = json!(["string", "object", "array"]);
        schema["contentMediaType"] = json!("application/json");
    }
    schema
}

fn billing() -> Value {
    let part = |(name, max): &(&str, usize)| {
        let part = json!({ "type": "string", "maxLength": max });
        ((*name).to_owned(), part)
    };
    json!({
        "type": "object",
        "description": "`country` is an ISO 3166-1 alpha-2 code.",
        "required": ["country"],
        "properties": address::PARTS.iter().map(part).collect::<Map<_, _>>(),
        "additionalProperties": false,
    })
}

fn order_detail() -> Value {
    let object = |properties: Value| json!({ "type": ["object", "string"], "properties": properties, "additionalProperties": false });
    let list =
        |of: &str| json!({ "type": ["array", "string"], "items": { "type": "string" }, "description": of });
    let color = json!({ "type": "string", "description": "`#rgb`, `#rrggbb` or `rgb(r,g,b)`." });
    let regions = object(json!({ "allow_regions": list("ISO 3166-1 alpha-2 codes; none: everywhere.") }));
    let decimal = json!({ "type": ["number", "string"], "pattern": "^[0-9]+(\\.[0-9]+)?$" });
    let mut item = object(json!({
        "code": { "type": "string", "maxLength": 64 },
        "name": { "type": "string", "minLength": 1, "maxLength": 256 },
        "quantity": { "type": ["integer", "string"], "minimum": 1, "maximum": 999_999 },
        "unit_price": decimal,
        "amount": decimal,
        "image": { "type": "string", "format": "uri", "maxLength": 2_048 },
    }));
    item["required"] = json!(["name"]);
    let primary = object(json!({ "main": color, "contrastText": color }));
    let palette = object(json!({ "primary": primary, "text": object(json!({ "primary": color })) }));
    json!({
        "type": "object",
        "description": "What is in it as an object or a list may be its JSON text.",
        "required": ["type"],
        "properties": {
            "type": { "const": "GENERAL" },
            "data": object(json!({
                "items": { "type": ["array", "string"], "maxItems": ITEMS, "items": item },
                "shipping": regions,
                "billing": regions,
                "payment": object(json!({
                    "allow_options": list("`Card`, or words of pay_method_id; others are taken and not offered."),
                    "disallow_options": list("The same."),
                })),
                "theme": object(json!({ "palette": palette })),
            })),
        },
        "additionalProperties": false,
    })
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
