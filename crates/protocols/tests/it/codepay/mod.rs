//! An app with its keys, the document's requests, and the way a message goes through the room.

use std::sync::LazyLock;

use tillgate_core::{Currency, MerchantId, Money, Timestamp};
use tillgate_protocols::codepay::words::{
    EntryModel, OnlineStatus, PayMethod, PayScenario, TransStatus, TransType,
};
use tillgate_protocols::codepay::{
    self as room, Access, App, AppMerchant, Asked, BasicSecret, Call, Code, Method, OrderView, PrivateKey,
    Psn, RefundView, Reject, Reply, Route, Settings, client, sign,
};

mod answers;
mod basic;
mod cards;
mod documents;
mod explained;
mod fuzz;
mod fuzz_online;
mod inputs;
mod keys;
mod notified;
mod online;
mod online_terms;
mod openapi;
mod openssl;
mod order_details;
mod page;
mod random;
mod refusals;
mod terms;
mod texts;
mod vectors;
mod views;

pub const APP_ID: &str = "wz6012822ca2f1as78";
pub const MERCHANT_NO: &str = "302300000926";
/// 2024-02-28 07:41:22 UTC.
pub const NOW: Timestamp = Timestamp(1_709_106_082_819);

pub static APP_KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate().unwrap());
pub static GATEWAY_KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate().unwrap());

pub fn app() -> App {
    let merchant =
        |merchant_no: &str, id| AppMerchant { merchant_no: merchant_no.to_owned(), merchant: MerchantId(id) };
    App {
        app_id: APP_ID.to_owned(),
        enabled: true,
        access: Access::Rsa2(vec![APP_KEY.public().clone()]),
        merchants: vec![
            merchant(MERCHANT_NO, 7),
            merchant("302100041048", 8),
            merchant("312100041048", 9),
            merchant("312300000471", 10),
            merchant("302100002572", 11),
        ],
        settings: Settings::default(),
        aes_key: None,
    }
}

/// Name and the JSON text of the value.
pub type Raw<'a> = (&'a str, &'a str);

const ENVELOPE: &[Raw<'_>] = &[
    ("app_id", r#""wz6012822ca2f1as78""#),
    ("format", r#""JSON""#),
    ("charset", r#""UTF-8""#),
    ("sign_type", r#""RSA2""#),
    ("version", r#""1.0""#),
    ("timestamp", "1709106082819"),
    ("merchant_no", r#""302300000926""#),
];

fn own(method: Method) -> &'static [Raw<'static>] {
    match method {
        Method::PayOrder => &[
            ("method", r#""wisehub.cloud.pay.order""#),
            ("terminal_sn", r#""WPYB002248000865""#),
            ("message_receiving_application", r#""CodePay Register""#),
            ("price_currency", r#""USD""#),
            ("order_amount", "144.34"),
            ("trans_type", "1"),
            ("merchant_order_no", r#""1709106082732""#),
            ("description", r#""IPhone White X2""#),
            ("expires", "300"),
            ("api_version", r#""2.0""#),
        ],
        Method::PayClose => &[
            ("method", r#""wisehub.cloud.pay.close""#),
            ("terminal_sn", r#""WPYB002248000865""#),
            ("message_receiving_application", r#""CodePay Register""#),
            ("merchant_order_no", r#""1709188002729""#),
        ],
        Method::OrderQuery => {
            &[("method", r#""order.query""#), ("merchant_order_no", r#""TEST_1686732708342""#)]
        }
        Method::RefundQuery => {
            &[("method", r#""order.refund.query""#), ("merchant_order_no", r#""TEST_1623925902130_002""#)]
        }
        Method::RefundSubmit => &[
            ("method", r#""order.refund.submit""#),
            ("orig_merchant_order_no", r#""1709106082732""#),
            ("merchant_order_no", r#""R1""#),
            ("price_currency", r#""USD""#),
            ("order_amount", "100"),
            ("description", r#""test refund""#),
        ],
        Method::Revoke => {
            &[("method", r#""order.revoker""#), ("merchant_order_no", r#""TEST_1654765371046""#)]
        }
        Method::TipAdjustment => &[
            ("method", r#""tip.adjustment""#),
            ("merchant_order_no", r#""TEST_1654765371046""#),
            ("tip_adjustment_amount", r#""30.05""#),
        ],
        Method::BatchClose => &[("method", r#""batch.close""#), ("terminal_sn", r#""P3171916581910""#)],
        Method::Checkout => &[
            ("method", r#""pay.checkout""#),
            ("merchant_order_no", r#""TEST_1734343519886""#),
            ("price_currency", r#""USD""#),
            ("order_amount", "150.34"),
            ("description", r#""Iphone 16""#),
        ],
        Method::MerchantCheckout => &[
            ("method", r#""pay.merchant.checkout""#),
            ("card", r#""QUJD""#),
            ("billing_address", r#""{\"country\":\"US\"}""#),
            ("merchant_order_no", r#""1217752501201407033233368018""#),
            ("price_currency", r#""USD""#),
            ("order_amount", "34.5"),
            ("description", r#""IPhone White X2""#),
        ],
        Method::PaymentCapture => {
            &[("merchant_order_no", r#""C1""#), ("trans_no", TRANS_NO), ("trans_amount", "85")]
        }
        Method::PaymentIncrement => &[("trans_no", TRANS_NO), ("trans_amount", "85")],
        Method::PaymentCancel => &[("merchant_order_no", r#""C1""#), ("trans_no", TRANS_NO)],
        Method::PaymentRefund => {
            &[("merchant_order_no", r#""C1""#), ("trans_no", TRANS_NO), ("order_amount", "2")]
        }
        Method::PaymentTip => &[("trans_no", TRANS_NO), ("tip_amount", "1")],
        Method::PaymentRecall => &[("trans_no", TRANS_NO)],
        Method::OpenBatchClose | Method::OpenBatch => &[("store_no", r#""4021000008""#)],
    }
}

const TRANS_NO: &str = r#""5021000010210602000003""#;

/// Those of the one path.
pub const NAMED: [Method; 10] = [
    Method::PayOrder,
    Method::PayClose,
    Method::OrderQuery,
    Method::RefundSubmit,
    Method::RefundQuery,
    Method::Revoke,
    Method::TipAdjustment,
    Method::BatchClose,
    Method::Checkout,
    Method::MerchantCheckout,
];

pub fn route(method: Method) -> Route {
    if method.has_word() { Route::Entry } else { Route::Path(method) }
}

/// A request's fields; `changes` replace, add or, with an empty text, take away.
pub fn request<'a>(method: Method, changes: &[Raw<'a>]) -> Vec<Raw<'a>> {
    let mut fields: Vec<Raw<'a>> = ENVELOPE.iter().chain(own(method)).copied().collect();
    for (name, value) in changes {
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some(field) => field.1 = value,
            None => fields.push((name, value)),
        }
    }
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

/// A value as it is signed, read without the room's code.
pub fn plain_text(raw: &str) -> String {
    match raw {
        "null" => String::new(),
        text if text.starts_with('"') => serde_json::from_str(text).unwrap(),
        other => other.to_owned(),
    }
}

/// The documents' text, made without the room's code.
pub fn second_text(fields: &[Raw<'_>], keep: impl Fn(&str) -> bool) -> String {
    let mut sorted: Vec<(&[u8], String)> =
        fields.iter().map(|(name, raw)| (name.as_bytes(), plain_text(raw))).collect();
    sorted.sort();
    let parts = sorted.into_iter().filter(|(_, value)| keep(value));
    parts.map(|(n, v)| format!("{}={v}", String::from_utf8_lossy(n))).collect::<Vec<_>>().join("&")
}

pub fn not_empty(value: &str) -> bool {
    !value.is_empty()
}

/// A JSON body with a signature over any text.
pub fn signed_as(fields: &[Raw<'_>], text: &str) -> String {
    let sign = format!("{:?}", APP_KEY.sign(text));
    let all = fields.iter().copied().chain([("sign", sign.as_str())]);
    let pairs: Vec<String> = all.map(|(name, raw)| format!("{name:?}:{raw}")).collect();
    format!("{{{}}}", pairs.join(","))
}

pub fn body(method: Method, changes: &[Raw<'_>]) -> String {
    let fields = request(method, changes);
    signed_as(&fields, &second_text(&fields, not_empty))
}

/// The same as a form.
pub fn form(fields: &[Raw<'_>], text: &str) -> String {
    let encode = tillgate_protocols::wire::query::encode;
    let mut pairs: Vec<String> =
        fields.iter().map(|(name, raw)| format!("{name}={}", encode(&plain_text(raw)))).collect();
    pairs.push(format!("sign={}", encode(&APP_KEY.sign(text))));
    pairs.join("&")
}

pub fn opened<'b>(body: &'b str, app: &App) -> Result<room::Opened<'b>, Reject> {
    opened_at(Route::Entry, body, app)
}

pub fn opened_at<'b>(route: Route, body: &'b str, app: &App) -> Result<room::Opened<'b>, Reject> {
    room::read_body(route, body.as_bytes())?.open(Some(app), None, NOW)
}

/// What the server does with a body.
pub fn understand(body: &str) -> Result<Asked, Reject> {
    let app = app();
    opened(body, &app)?.decode(&app)
}

pub fn asked(method: Method, changes: &[Raw<'_>]) -> Result<Asked, Reject> {
    let (app, body) = (app(), body(method, changes));
    opened_at(route(method), &body, &app)?.decode(&app)
}

pub fn call(method: Method, changes: &[Raw<'_>]) -> Result<Call, Reject> {
    asked(method, changes).map(|asked| asked.call)
}

/// `msg` of the refusal, or `ok`.
pub fn said(method: Method, changes: &[Raw<'_>]) -> String {
    call(method, changes).map_or_else(|reject| reject.msg(), |_| "ok".to_owned())
}

pub fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

pub fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, currency(code))
}

pub fn psn() -> Psn {
    Psn::new(NOW, 4_008_038_160_280)
}

pub fn answer(make: impl FnOnce(Reply<'_>) -> String) -> String {
    make(Reply { key: &GATEWAY_KEY, psn: &psn(), object_data: false })
}

/// The document's sample, and more.
pub fn order_view() -> OrderView {
    OrderView {
        merchant_order_no: "TEST_1686732708342".to_owned(),
        trans_no: "50210004102306140000003".to_owned(),
        trans_type: TransType::Sale,
        trans_status: TransStatus::Successful,
        order_amount: money(20_000, "USD"),
        tip_minor: Some(1_240),
        cashback_minor: Some(0),
        paid_minor: Some(21_240),
        fee_minor: 0,
        vat_minor: 0,
        discount_bpc_minor: 0,
        discount_bmopc_minor: 0,
        trans_end_time: Some(Timestamp(1_686_732_711_000)),
        store_no: Some("4021000201".to_owned()),
        terminal_sn: Some("WPYB002248000865".to_owned()),
        pay_scenario: Some(PayScenario::BScanQr),
        pay_method: Some(PayMethod::AlipayPlus),
        pay_user_account_id: Some("411111****1111".to_owned()),
        pay_channel_trans_no: Some("20230614190741010007G0004187182".to_owned()),
        pay_platform_trans_no: Some("20230614198881010003B0000463071".to_owned()),
        entry_model: Some(EntryModel::Chip),
        ref_no: Some("306140000003".to_owned()),
        auth_no: Some("919070".to_owned()),
        attach: Some("table=5 \"é中\"".to_owned()),
        trans_error: Some(("110".to_owned(), "operator cancelled".to_owned())),
        electron_sign_url: Some("https://till.example/s/1?a=2".to_owned()),
    }
}

pub fn refund_view() -> RefundView {
    RefundView {
        merchant_order_no: "TEST_1686732708342".to_owned(),
        trans_no: "50210004102306140000003".to_owned(),
        trans_status: TransStatus::Successful,
        order_amount: money(200, "JPY"),
        fee_minor: 0,
        vat_minor: 0,
        trans_end_time: Some(Timestamp(1_686_732_711_000)),
        pay_channel_trans_no: Some("20230614190741010007G0004187182".to_owned()),
    }
}

pub const ONLINE: Option<OnlineStatus> = Some(OnlineStatus::Online);
