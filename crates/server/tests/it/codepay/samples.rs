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
const CHECKOUT: &str = r#"{"merchant_no":"302300000342","charset":"UTF-8","method":"pay.checkout","format":"JSON",
    "description":"Iphone 16","order_detail": "{\"data\":{\"shipping\":{\"allow_regions\":\"[\\\"US\\\"]\"},\"payment\":{\"disallow_options\":\"[\\\"GooglePay\\\"]\",\"allow_options\":\"[\\\"Card\\\", \\\"ApplePay\\\"]\"},\"theme\":{\"palette\":{\"text\":{\"primary\":\"rgb(173,216,230)\"},\"primary\":{\"contrastText\":\"rgb(230,230,230)\",\"main\":\"rgb(255,0,0)\"}}},\"items\":[{\"image\":\"https://img0.baidu.com/it/u=451654732,3389558718&fm=253&fmt=auto&app=138&f=JPEG?w=607&h=443\",\"amount\":300.68,\"code\":\"C001787199\",\"quantity\":2,\"name\":\"Iphone 16\",\"unit_price\":150.34},{\"image\":\"https://img2.baidu.com/it/u=3979873743,2390981689&fm=253&fmt=auto&app=120&f=JPEG?w=889&h=500\",\"amount\":50.01,\"code\":\"C001787198\",\"quantity\":1,\"name\":\"AirPods 4\",\"unit_price\":50.01}],\"billing\":{\"allow_regions\":\"[\\\"US\\\"]\"}},\"type\":\"GENERAL\"}",
    "version":"1.0","merchant_order_no":"TEST_1734343519886","order_amount":150.34,"app_id":"wze0fcae4016b4da15",
    "sign_type":"NONE","price_currency":"USD","timestamp":"1734343520010"}"#;
/// Where the document prints `string` there is something that fits.
const MERCHANT_CHECKOUT: &str = r#"{"app_id":"wz3c35784c2cbe6f37","format":"JSON","charset":"UTF-8","sign_type":"RSA2",
    "version":"1.0","timestamp":1693280636972,"method":"pay.merchant.checkout","merchant_no":"string",
    "store_no":"4021000008","card":{"pan":"4111111111111111","holder":"A B","cvv":"123","expiry":"1230"},
    "billing_address":{"name":"A B","country":"US","province":"CA","city":"LA","address1":"1 Main St",
    "address2":"string","zip":"90001","phone":"+1 555"},"merchant_order_no":"1217752501201407033233368018",
    "price_currency":"USD","order_amount":34.5,"expires":5,"description":"IPhone White X2",
    "term_ip":"203.0.113.7","longitude":"-118.25","latitude":"34.05","return_url":"https://shop.example/back",
    "attach":"{“key”:”value”, “key2”:”value2”}"}"#;
const CAPTURE: &str = r#"{"app_id":"wz9f2a175d0e0ef632","merchant_order_no":"1217752501201407033233368019",
    "trans_no":"5021000010210602000003","trans_amount":85}"#;
const INCREASE: &str =
    r#"{"app_id":"wz9f2a175d0e0ef632","trans_no":"5021000010210602000003","trans_amount":85}"#;
const CANCEL: &str = r#"{"app_id":"wz9f2a175d0e0ef632","merchant_order_no":"1217752501201407033233368020",
    "trans_no":"5021000010210602000003"}"#;
const REFUND_PARTS: &str = r#"{"app_id":"wz9f2a175d0e0ef632","merchant_order_no":"1217752501201407033233368021",
    "trans_no":"5021000010210602000003","order_amount":2}"#;
const TIP: &str = r#"{"app_id":"wz9f2a175d0e0ef632","trans_no":"5021000010210602000003","tip_amount":1}"#;
const RECALL: &str = r#"{"app_id":"wz9f2a175d0e0ef632","trans_no":"5021000010210602000003"}"#;
const BATCH: &str = r#"{"app_id":"wz9f2a175d0e0ef632","merchant_no":"302100041048","store_no":"4021000008",
    "terminal_sn_list":["WPYB002248000865","WPYB002248000866"]}"#;

impl Till {
    async fn sends_sample(&self, sample: &str, changes: &[(&str, &str)]) -> Answer {
        self.sends_sample_to("/api/entry", sample, changes).await
    }

    /// Sends a sample with these fields otherwise, numbers and switches as they were printed.
    async fn sends_sample_to(&self, path: &str, sample: &str, changes: &[(&str, &str)]) -> Answer {
        let stamp = now_ms();
        let always = [
            ("timestamp", stamp.as_str()),
            ("app_id", self.app_id.as_str()),
            ("merchant_no", sandbox::MERCHANT_NO),
        ];
        let mut fields = read_object(sample.as_bytes()).unwrap();
        for (name, value) in always {
            if let Some(field) = fields.iter_mut().find(|field| field.name == name) {
                field.value = Value::Text(value.into());
            }
        }
        for (name, value) in changes {
            let known = fields.iter_mut().find(|field| field.name == *name);
            known.unwrap_or_else(|| panic!("{name} is in the sample")).value = Value::Text((*value).into());
        }
        let sent: Vec<(&str, Value<'_>)> =
            fields.iter().map(|field| (&*field.name, field.value.clone())).collect();
        let key = sandbox::app_key().unwrap();
        let body = client::json_body(&sent, self.password.is_none().then_some(&key));
        self.sends_to(path, "application/json", body).await
    }

    /// What was done at a path.
    async fn pays_sample(&self, path: &str, sample: &str, changes: &[(&str, &str)]) -> Answer {
        let answer = self.sends_sample_to(path, sample, changes).await;
        answer.gives("0").has(&[("trans_status", "2")]);
        if names(&answer) != ["trans_time", "trans_status"] {
            answer.has(&[("resp_code", "000"), ("resp_msg", "[000]APPROVAL")]);
        }
        answer
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

#[tokio::test]
async fn hosted_checkout() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    // The document's app has a password; the same signed is answered alike.
    let signed: [(&str, &str); 2] = [("sign_type", "RSA2"), ("merchant_order_no", "TEST_1734343519887")];
    for (till, changes) in [(till.with_password(), &[][..]), (till.clone(), &signed)] {
        let answer = till.sends_sample(CHECKOUT, changes).await;
        answer.gives("0");
        assert_eq!(names(&answer), ["pay_url"]);
        assert!(answer.field("pay_url").starts_with(&world.place.url("/checkout/")), "{answer:?}");
    }
    till.seen("TEST_1734343519886").await.has(&[("trans_status", "9"), ("order_amount", "150.34")]);
    for number in ["TEST_1734343519886", "TEST_1734343519887"] {
        till.revokes(number).await.gives("0");
    }
}

#[tokio::test]
async fn merchant_hosted_checkout() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let store = ("store_no", sandbox::STORE_NO);
    // As it is printed, which is for the sandbox, and encrypted as it is described.
    let answer = till.sends_sample(MERCHANT_CHECKOUT, &[store]).await;
    answer.gives("0").has(&[("trans_status", "2"), ("pay_method_id", "Visa")]);
    let all = ["trans_no", "trans_status", "pay_channel_trans_no", "pay_user_account_id", "trans_end_time"];
    assert_eq!(names(&answer), [&all[..], &["ref_no", "pay_method_id"]].concat());
    till.seen("1217752501201407033233368018").await.has(&[("paid_amount", "34.5"), ("trans_status", "2")]);
    let text = r#"{"pan":"4000000000001091","holder":"A B","cvv":"123","expiry":"1230"}"#;
    let card = client::encrypt_card(text, &till.key).unwrap();
    let changes = [
        store,
        ("card", card.as_str()),
        ("expires", "300"),
        ("merchant_order_no", "1217752501201407033233368017"),
    ];
    let answer = till.sends_sample(MERCHANT_CHECKOUT, &changes).await;
    answer.gives("0").has(&[("trans_status", "0")]);
    assert!(answer.field("redirect_url_3dsecure").starts_with("http"), "{answer:?}");
    till.revokes("1217752501201407033233368017").await.gives("0");
}

#[tokio::test]
async fn payments_and_batches_by_path() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let _counter = terminal(&world, COUNTER, &[]).await;
    let held = till.is_paid("trans_type=4&order_amount=100").await;
    let trans_no = till.trans_no(&held).await;
    let of_held = ("trans_no", trans_no.as_str());
    let with_number = ["resp_msg", "resp_code", "trans_no", "auth_no", "trans_time", "trans_status"];
    let recalled = till.pays_sample("/api/payments/recall", RECALL, &[of_held]).await;
    assert_eq!(names(&recalled), with_number);
    let more = till.pays_sample("/api/payments/incremental_authorization", INCREASE, &[of_held]).await;
    assert_eq!(names(&more), ["resp_msg", "resp_code", "auth_no", "trans_time", "trans_status"]);
    let captured = till.pays_sample("/api/payments/capture", CAPTURE, &[of_held]).await;
    assert_eq!(names(&captured), with_number);
    let of_capture = ("trans_no", captured.field("trans_no"));
    let tipped = till.pays_sample("/api/payments/tip_adjustment", TIP, &[of_capture]).await;
    assert_eq!(names(&tipped), ["trans_time", "trans_status"]);
    let refunded = till.pays_sample("/api/payments/refund", REFUND_PARTS, &[of_capture]).await;
    assert_eq!(names(&refunded), with_number);
    till.seen(&held).await.has(&[("trans_status", "4"), ("paid_amount", "86"), ("tip_amount", "1")]);
    let other = till.is_paid("trans_type=4&order_amount=20").await;
    let trans_no = till.trans_no(&other).await;
    let cancelled = till.pays_sample("/api/payments/cancel", CANCEL, &[("trans_no", &trans_no)]).await;
    assert_eq!(names(&cancelled), with_number);
    till.becomes(&other, "3").await;
    // The numbers of the document are nobody's here.
    for (path, sample) in [
        ("/api/payments/recall", RECALL),
        ("/api/payments/incremental_authorization", INCREASE),
        ("/api/payments/capture", CAPTURE),
        ("/api/payments/tip_adjustment", TIP),
        ("/api/payments/refund", REFUND_PARTS),
        ("/api/payments/cancel", CANCEL),
    ] {
        till.sends_sample_to(path, sample, &[]).await.gives("E04110");
    }
    let store = ("store_no", sandbox::STORE_NO);
    for path in ["/api/batch/open", "/api/batch/close"] {
        let answer = till.sends_sample_to(path, BATCH, &[store]).await;
        answer.gives("0");
        assert_eq!(names(&answer), ["count", "total_amount"], "{path}");
    }
    till.sends_sample_to("/api/batch/close", BATCH, &[store]).await.gives("ET007");
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
