//! The document's request samples, as printed but for the time, the signature and numbers that exist here: each is
//! answered as the document says.

use serde_json::Value as Json;
use tillgate::sandbox::codepay as sandbox;
use tillgate_protocols::codepay::client;
use tillgate_protocols::codepay::client::Answer;
use tillgate_protocols::wire::json::{Value, read_object};

use super::counter::terminal;
use super::till::{COUNTER, Said as _, Till, now_ms, till};
use crate::harness::TestWorld;

const ORDER: &str = r#"{"charset":"UTF-8","pay_scenario":"SWIPE_CARD","description":"ECRCloudPurchase",
    "on_screen_signature":false,"merchant_order_no":"1709106082732","on_screen_tip":false,
    "order_amount":144.34,"app_id":"wz6012822ca2f1as78","sign_type":"RSA2","price_currency":"USD",
    "reject_trade_when_terminal_offline":true,"terminal_sn":"WPYB002248000865","trans_type":1,
    "timestamp":"1709106082819","merchant_no":"302300000926","method":"wisehub.cloud.pay.order",
    "format":"JSON","order_queue_mode":"FILO","api_version":"2.0","version":"1.0",
    "confirm_on_terminal":false,"message_receiving_application":"CodePay Register","tip_amount":30}"#;
const CLOSE: &str = r#"{"merchant_no":"312300000471","charset":"UTF-8","method":"wisehub.cloud.pay.close",
    "store_no":"4123000005","format":"JSON","version":"1.0","merchant_order_no":"1709188002729",
    "message_receiving_application":"CodePay Register","app_id":"wz6012822ca2f1as78",
    "sign_type":"RSA2","terminal_sn":"WPYB002248000865","timestamp":"1709188013826"}"#;
const QUERY: &str = r#"{"merchant_no":"312100041048","charset":"UTF-8","method":"order.query","format":"JSON",
    "app_id":"wz9f2a175d0e0ef632","sign_type":"RSA2","version":"1.0",
    "merchant_order_no":"TEST_1686732708342","timestamp":"1693898084054"}"#;
const REFUND_QUERY: &str = r#"{"merchant_no":"302100002572","charset":"UTF-8","method":"order.refund.query",
    "format":"JSON","app_id":"wz9f2a175d0e0ef632","sign_type":"RSA2","version":"1.0",
    "merchant_order_no":"TEST_1623925902130_002","timestamp":"1693905451835"}"#;
const REVOKE: &str = r#"{"merchant_no":"302100041048","charset":"UTF-8","method":"order.revoker","format":"JSON",
    "app_id":"wz9f2a175d0e0ef632","sign_type":"RSA2","version":"1.0",
    "merchant_order_no":"TEST_1654765371046","timestamp":"1693902797892"}"#;
const REFUND: &str = r#"{"merchant_no":"302100041048","charset":"UTF-8","method":"order.refund.submit","format":"JSON",
    "description":"test refund","trans_amount":100,"version":"1.0","merchant_order_no":"TEST_16547658746871_2",
    "orig_merchant_order_no":"TEST_1654765874687","app_id":"wz9f2a175d0e0ef632","sign_type":"RSA2",
    "timestamp":"1693904002543"}"#;

impl Till {
    /// Sends a sample with these fields otherwise, numbers and switches as they were printed.
    async fn sends_sample(&self, sample: &str, changes: &[(&str, &str)]) -> Answer {
        let stamp = now_ms();
        let always = [
            ("timestamp", stamp.as_str()),
            ("app_id", sandbox::APP_ID),
            ("merchant_no", sandbox::MERCHANT_NO),
        ];
        let mut fields = read_object(sample.as_bytes()).unwrap();
        for (name, value) in always.iter().chain(changes) {
            let known = fields.iter_mut().find(|field| field.name == *name);
            known.unwrap_or_else(|| panic!("{name} is in the sample")).value = Value::Text((*value).into());
        }
        let sent: Vec<(&str, Value<'_>)> =
            fields.iter().map(|field| (&*field.name, field.value.clone())).collect();
        self.sends(client::json_body(&sent, Some(&sandbox::app_key().unwrap()))).await
    }
}

/// The names of an answer's data, as the document's sample has them.
fn names(answer: &Answer) -> Vec<&str> {
    answer.data.iter().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn each_is_answered_as_documented() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    till.sends_sample(ORDER, &[]).await.gives("TG005").names("offline");
    let counter = terminal(&world, COUNTER, &[]).await;
    let answer = till.sends_sample(ORDER, &[]).await;
    answer.gives("0").has(&[("terminal_online_status", "online")]);
    assert_eq!(names(&answer), ["message_id", "trans_no", "terminal_online_status"]);
    let paid = till.becomes("1709106082732", "2").await;
    paid.has(&[("order_amount", "144.34"), ("tip_amount", "30"), ("paid_amount", "174.34")]);

    let answer = till.sends_sample(QUERY, &[("merchant_order_no", "1709106082732")]).await;
    answer.gives("0");
    // All of the document's sample that there is of a card payment.
    for name in [
        "trans_no",
        "trans_end_time",
        "pay_user_account_id",
        "store_no",
        "pay_scenario",
        "pay_method_id",
        "trans_fee_c",
        "trans_amount",
        "merchant_order_no",
        "pay_channel_trans_no",
        "discount_bpc",
        "vat_amount",
        "order_amount",
        "paid_amount",
        "trans_status",
        "price_currency",
        "trans_type",
        "discount_bmopc",
    ] {
        assert!(!answer.field(name).is_empty(), "{name}: {answer:?}");
    }
    till.sends_sample(QUERY, &[]).await.gives("E04111");

    let answer = till.sends_sample(REFUND, &[("orig_merchant_order_no", "1709106082732")]).await;
    answer.gives("0").has(&[("trans_amount", "100"), ("trans_fee_c", "0"), ("vat_amount", "0")]);
    assert_eq!(names(&answer), ["trans_no", "trans_amount", "trans_fee_c", "vat_amount"]);
    till.refund_becomes("TEST_16547658746871_2", "2").await;
    let answer = till.sends_sample(REFUND_QUERY, &[("merchant_order_no", "TEST_16547658746871_2")]).await;
    answer.gives("0").has(&[
        ("trans_type", "3"),
        ("trans_amount", "100"),
        ("price_currency", "USD"),
        ("trans_status", "2"),
    ]);
    counter.off().await;

    let open = till.orders("merchant_order_no=1709188002729").await;
    let answer = till.sends_sample(CLOSE, &[]).await;
    answer.gives("0");
    assert_eq!(names(&answer), ["message_id", "trans_no"]);
    assert_eq!(till.status(&open).await, "1");

    let _counter = terminal(&world, COUNTER, &[]).await;
    let number = "merchant_order_no=TEST_1654765371046";
    till.is_paid(&format!("{number}&pay_scenario=BSCANQR_PAY&pay_method_id=Alipay")).await;
    let answer = till.sends_sample(REVOKE, &[]).await;
    answer.gives("0");
    assert_eq!(names(&answer), ["message_id", "trans_no"]);
    till.becomes("TEST_1654765371046", "3").await;

    // The two whose samples are not printed in full, by their tables.
    let sale = till.is_paid("").await;
    till.adjusts_tip(&sale, "2.00").await.gives("0");
    till.closes_batch().await.gives("0");
}

/// `trans_status`, `trans_type` and counts are integers, amounts are texts; `data` is JSON in a text.
#[tokio::test]
async fn types_of_an_answer() {
    let world = TestWorld::new().await;
    let (till, _counter) = (till(&world).await, terminal(&world, COUNTER, &["entry=chip"]).await);
    let sale = till.is_paid("").await;
    let body = till.body(
        tillgate_protocols::codepay::Method::OrderQuery,
        &vec![("merchant_no".into(), sandbox::MERCHANT_NO.into()), ("merchant_order_no".into(), sale)],
    );
    let answer = world.place.post("/api/entry", body).await;
    let envelope: Vec<&String> = answer.json.as_object().unwrap().keys().collect();
    assert_eq!(envelope.len(), 5, "{envelope:?}");
    let data: Json = serde_json::from_str(answer.json["data"].as_str().unwrap()).unwrap();
    for (name, value) in data.as_object().unwrap() {
        let is_number = ["trans_type", "trans_status", "entry_model"].contains(&name.as_str());
        assert_eq!(value.is_i64(), is_number, "{name}: {value}");
        assert!(is_number || value.as_str().is_some_and(|text| !text.is_empty()), "{name}: {value}");
    }
    let psn = answer.json["psn"].as_str().unwrap();
    assert!(psn.len() == 20 && psn.bytes().all(|byte| byte.is_ascii_digit()), "{psn}");
}

/// An app that asked for it gets `data` as the document prints it. The signature is the same.
#[tokio::test]
async fn data_as_an_object() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut app = world.store().load_credential("codepay", sandbox::APP_ID).await.unwrap().unwrap();
    app.settings = app.settings.replace("\"object_data\":false", "\"object_data\":true");
    world.store().put_credential(app).await.unwrap();
    world.app().codepay.apps.forget(sandbox::APP_ID);
    let body = till.body(tillgate_protocols::codepay::Method::PayOrder, &till.order("expires=1&-notify_url"));
    let answer = world.place.post("/api/entry", body).await;
    assert!(answer.json["data"]["trans_no"].is_string(), "{}", answer.text());
    client::read_answer(&answer.body, &till.key).unwrap().gives("0");
}
