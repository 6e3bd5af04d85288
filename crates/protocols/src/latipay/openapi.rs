//! The API as an OpenAPI 3.1 document, built from the tables the code itself reads.

use serde_json::{Map, Value, json};

use super::fields::{self, FieldSpec, Kind, source};
use super::{HOSTED_PAGE, METHOD_WORDS, Route, WAIT_S, codes};

pub fn document() -> Value {
    let mut paths = Map::new();
    for route in Route::ALL {
        for (at, path) in route.paths().iter().enumerate() {
            let verb = if route.is_post() { "post" } else { "get" };
            let entry = paths.entry((*path).to_owned()).or_insert_with(|| json!({}));
            entry[verb] = operation(route, at);
        }
    }
    paths.insert(format!("{HOSTED_PAGE}/{{nonce}}"), json!({ "get": hosted_page() }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Latipay v2 as served by tillgate",
            "version": "2.0",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": ABOUT,
        },
        "paths": paths,
        "webhooks": { "notification": { "post": notification() } },
        "components": { "schemas": { "Error": error_schema() } },
        "x-codes": codes_table(),
    })
}

const ABOUT: &str = "\
Every business answer is HTTP 200 with an integer `code`: 0 is success, the others are listed under `x-codes`. \
Amounts are decimals in the wallet's currency with at most its digits after the point; times are UTC+8.

Requests are signed with HMAC-SHA256, key = api_key, printed in lower-case hexadecimal. The signed text is all fields but \
`signature` and empty ones, sorted by name (byte order), joined as `name=value` with `&`, with the api_key appended. Values are \
signed after JSON decoding and not URL-encoded; a JSON number is signed as it is written. A value with an `&` that could be \
read as further fields is refused (206).";

fn operation(route: Route, path_number: usize) -> Value {
    let suffix = if path_number == 0 { String::new() } else { format!("_{}", path_number + 1) };
    let mut operation = json!({
        "operationId": format!("{}{suffix}", route.word()),
        "summary": summary(route),
        "description": format!("Signature: {}. Source: {}.", signed_text(route), request_source(route)),
        "responses": { "200": {
            "description": format!("Success, or an error with one of the codes {}.", codes_of(route)),
            "content": { "application/json": { "schema": {
                "oneOf": [answer_schema(route), { "$ref": "#/components/schemas/Error" }]
            } } },
        } },
        "x-codes": codes::of(route),
    });
    let table = fields::of(route);
    if route.is_post() {
        let required: Vec<&str> = table.iter().filter(|f| f.is_required()).map(|f| f.name).collect();
        let properties: Map<String, Value> =
            table.iter().map(|spec| (spec.name.to_owned(), field_schema(spec))).collect();
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": {
            "type": "object", "required": required, "properties": properties,
            "description": further_fields(route),
            "additionalProperties": !fields::is_closed(route),
        } } } });
    } else {
        let parameter = |spec: &FieldSpec| {
            let in_path = route.path_field() == Some(spec.name);
            let place = if in_path { "path" } else { "query" };
            json!({ "name": spec.name, "in": place, "required": spec.is_required(), "schema": field_schema(spec) })
        };
        if fields::is_closed(route) {
            let about = operation["description"].as_str().unwrap_or_default();
            operation["description"] = json!(format!("{about} {}", further_fields(route)));
        }
        operation["parameters"] = table.iter().map(parameter).collect();
    }
    operation
}

fn further_fields(route: Route) -> &'static str {
    match fields::is_closed(route) {
        true => "Further fields are refused (3).",
        false => "Further fields are signed and otherwise ignored.",
    }
}

fn summary(route: Route) -> String {
    match route {
        Route::Transaction => "Create an order the payer pays by scanning a QR code".to_owned(),
        Route::Gatewaydata => "The QR code of an order with host_type 1".to_owned(),
        Route::Query => format!("The state of an order; with is_block=1 waits up to {WAIT_S} s for its end"),
        Route::Barcode => "Charge the code the payer's wallet shows".to_owned(),
        Route::MiniAlipay => "Create an order paid inside an Alipay mini app".to_owned(),
        Route::Refund => "Give back all or part of a paid order".to_owned(),
        Route::Cancel => "Cancel an order that is not paid; twice is fine".to_owned(),
        Route::Detail => "The payment methods of a wallet".to_owned(),
    }
}

fn signed_text(route: Route) -> &'static str {
    match route {
        Route::Gatewaydata => "none, the nonce is the secret",
        Route::Query => "merchant_reference + user_id, or the sorted fields with the api_key appended",
        Route::Detail => "wallet_id + user_id",
        Route::Cancel => "the sorted fields with the api_key appended; user_id first is accepted too",
        Route::Transaction | Route::Barcode | Route::MiniAlipay | Route::Refund => {
            "the sorted fields with the api_key appended"
        }
    }
}

fn request_source(route: Route) -> &'static str {
    fields::of(route).first().map_or("", |spec| spec.source)
}

fn codes_of(route: Route) -> String {
    let codes: Vec<String> = codes::of(route).iter().filter(|code| **code != 0).map(i32::to_string).collect();
    codes.join(", ")
}

fn field_schema(spec: &FieldSpec) -> Value {
    let mut schema = json!({
        "type": "string",
        "description": format!("{} Source: {}.", spec.about, spec.source),
        "maxLength": spec.max,
    });
    let decimal = json!(["string", "number"]);
    let words: Vec<&str> = METHOD_WORDS.iter().map(|word| word.word).collect();
    let (key, value) = match spec.kind {
        Kind::Amount | Kind::RefundAmount => {
            schema["type"] = decimal;
            ("pattern", json!("^[0-9]+(\\.[0-9]+)?$"))
        }
        Kind::UserId | Kind::WalletId | Kind::Reference | Kind::KnownReference => ("minLength", json!(1)),
        Kind::Method => ("enum", json!(words)),
        Kind::ReturnUrl | Kind::CallbackUrl => ("format", json!("uri")),
        Kind::Ip => ("example", json!("122.122.122.1")),
        Kind::Version => ("const", json!("2.0")),
        Kind::ProductName | Kind::Note => ("minLength", json!(0)),
        Kind::HostType => ("enum", json!(["", "1"])),
        Kind::PayCode => ("pattern", json!("^[0-9]{16,24}$")),
        Kind::Currency => ("pattern", json!("^[A-Z]{3}$")),
        Kind::OrderId => ("pattern", json!("^S?[1-9][0-9]{0,15}$")),
        Kind::Wait => ("enum", json!(["0", "1"])),
        Kind::Nonce => ("pattern", json!("^[0-9a-f]{50}$")),
        Kind::Signature => ("pattern", json!("^[0-9a-f]{64}$")),
    };
    schema[key] = value;
    schema
}

const ORDER_STATE: &[(&str, &str)] = &[
    ("merchant_reference", "The merchant's number of the order."),
    ("currency", "The wallet's currency."),
    ("amount", "Decimal with all digits of the currency; this very text is signed."),
    ("payment_method", "How the payer pays."),
    ("status", "`pending`, `paid`, `failed` or `canceled`. A refunded order stays `paid`."),
    ("pay_time", "yyyy-MM-dd HH:mm:ss, UTC+8: when it became final, else when it was created."),
    ("order_id", "Our number of the order."),
    ("amount_cny", "The amount in yuan, rounded half up to two digits."),
    ("rate", "Yuan for one unit, five digits."),
    (
        "signature",
        "HMAC-SHA256 of merchant_reference + payment_method + status + currency + amount, key = api_key.",
    ),
];

fn answer_fields(route: Route) -> &'static [(&'static str, &'static str)] {
    match route {
        Route::Transaction => &[
            (
                "host_url",
                "Append `/` and the nonce: the QR code (host_type 1) or the page to send the payer to.",
            ),
            ("nonce", "50 characters, good until the order is final or expires."),
            ("signature", "HMAC-SHA256 of nonce + host_url, key = api_key."),
        ],
        Route::Gatewaydata => &[
            ("order_id", "Our number of the order."),
            ("nonce", "The nonce asked for."),
            ("payment_method", "How the payer pays."),
            ("amount", "Decimal with all digits of the currency."),
            ("amount_cny", "The amount in yuan, rounded half up to two digits."),
            ("currency", "The wallet's currency."),
            ("product_name", "What is sold."),
            ("organisation_id", "The merchant's number."),
            ("organisation_name", "The merchant's name."),
            ("user_id", "The merchant's user."),
            ("user_name", "The user's name."),
            ("wallet_id", "The wallet the money goes to."),
            ("wallet_name", "The wallet's name."),
            ("qr_code", "The QR code as data:image/png;base64."),
            ("qr_code_url", "The text in the QR code."),
            ("currency_rate", "Yuan for one unit, five digits."),
            ("merchant_reference", "The merchant's number of the order."),
            ("signature", "By the rule of requests over the fields of data."),
        ],
        Route::Query => ORDER_STATE,
        Route::Barcode => &[
            ("order_id", "Our number of the order."),
            ("merchant_reference", "The merchant's number, made by us if none was sent."),
        ],
        Route::MiniAlipay => &[
            ("gatewaydata", "Fields to join as name=value with `&`, in this order, for my.tradePay."),
            ("paydata", "orderId and customerOrderId (the merchant_reference)."),
        ],
        Route::Detail => &[("payment_method", "Comma-separated: `Wechat,Alipay`.")],
        Route::Refund | Route::Cancel => &[],
    }
}

fn answer_source(route: Route) -> &'static str {
    match route {
        Route::Transaction => source::CREATE,
        Route::Gatewaydata => source::PAY,
        Route::Query => source::QUERY,
        Route::Barcode => source::BARCODE,
        Route::MiniAlipay => source::MINI,
        Route::Refund => source::REFUND,
        Route::Cancel => source::CANCEL,
        Route::Detail => source::OBSERVED,
    }
}

fn properties_of(table: &[(&str, &str)]) -> Map<String, Value> {
    let kind = |name: &str| match name {
        "organisation_id" => json!("integer"),
        "gatewaydata" | "paydata" => json!("object"),
        // A number only for merchants who asked for it.
        "amount" | "amount_cny" => json!(["string", "number"]),
        _ => json!("string"),
    };
    let property = |(name, about): &(&str, &str)| {
        ((*name).to_owned(), json!({ "type": kind(name), "description": about }))
    };
    table.iter().map(property).collect()
}

fn answer_schema(route: Route) -> Value {
    let mut properties = properties_of(answer_fields(route));
    if route == Route::Gatewaydata {
        properties =
            Map::from_iter([("data".to_owned(), json!({ "type": "object", "properties": properties }))]);
    }
    if route == Route::Query {
        let same = json!({ "type": "string", "description": "The same as order_id." });
        properties.insert("transaction_id".to_owned(), same);
    }
    properties.insert("code".to_owned(), json!({ "const": 0 }));
    properties.insert("message".to_owned(), json!({ "const": codes::find(codes::SUCCESS).message }));
    properties.insert("messageCN".to_owned(), json!({ "const": codes::find(codes::SUCCESS).message_cn }));
    let required: Vec<&String> = properties.keys().collect();
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "description": format!("Source: {}.", answer_source(route)),
    })
}

fn error_schema() -> Value {
    let errors: Vec<i32> = codes::CODES.iter().map(|row| row.code).filter(|code| *code != 0).collect();
    json!({
        "type": "object",
        "required": ["code", "message", "messageCN"],
        "properties": {
            "code": { "type": "integer", "enum": errors },
            "message": { "type": "string", "description": "What is wrong, with the field's name." },
            "messageCN": { "type": "string", "description": "The code in Chinese." },
        },
    })
}

fn codes_table() -> Value {
    codes::CODES
        .iter()
        .map(|row| json!({ "code": row.code, "message": row.message, "messageCN": row.message_cn }))
        .collect()
}

fn hosted_page() -> Value {
    let nonce = fields::of(Route::Gatewaydata).first().map(field_schema);
    json!({
        "operationId": "hosted_page",
        "summary": "The page of an order without host_type: QR code, amount, countdown, then back to return_url",
        "description": format!(
            "The browser returns with merchant_reference, payment_method, status, currency, amount, order_id, pay_time and \
             signature in the query. Source: {}.",
            source::ONLINE
        ),
        "parameters": [{ "name": "nonce", "in": "path", "required": true, "schema": nonce }],
        "responses": { "200": { "description": "A page", "content": { "text/html": {} } } },
    })
}

fn notification() -> Value {
    json!({
        "operationId": "notification",
        "summary": "Posted to callback_url when an order has become final",
        "description": format!(
            "Acknowledged by HTTP 200 (or, if the merchant wants it so, by 200 and the body `sent`); otherwise sent again every \
             30 s for 10 minutes, then ever more seldom for two days, each time the same bytes. Source: {}.",
            source::NOTIFY
        ),
        "requestBody": { "content": { "application/x-www-form-urlencoded": { "schema": {
            "type": "object", "properties": properties_of(ORDER_STATE),
        } } } },
        "responses": { "200": { "description": "Received" } },
    })
}
