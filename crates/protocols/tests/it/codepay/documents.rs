//! The document's request samples, signed anew with the test's key (the printed signatures are cut or of other texts).

use tillgate_protocols::codepay::words::QueueMode;
use tillgate_protocols::codepay::{CloseCall, Number, read_trans_no, trans_no};

use super::*;

/// Fields of a sample as printed, without `sign`; the time it was sent is in it.
fn ask(sample: &str, app_id: &str) -> Result<Asked, Reject> {
    let map: serde_json::Map<String, serde_json::Value> = serde_json::from_str(sample).unwrap();
    let raw: Vec<(String, String)> = map.iter().map(|(n, v)| (n.clone(), v.to_string())).collect();
    let fields: Vec<Raw<'_>> = raw.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let text = second_text(&fields, not_empty);
    let app = App { app_id: app_id.to_owned(), ..app() };
    let at = map["timestamp"].as_str().unwrap().parse().unwrap();
    let (json, form) = (signed_as(&fields, &text), form(&fields, &text));
    let understand = |body: &str| {
        let opened = room::read_body(Route::Entry, body.as_bytes())?;
        opened.open(Some(&app), None, Timestamp(at))?.decode(&app)
    };
    let asked = understand(&json);
    assert_eq!(understand(&form), asked, "as a form");
    asked
}

const FIRST_APP: &str = "wz6012822ca2f1as78";
const SECOND_APP: &str = "wz9f2a175d0e0ef632";

#[test]
fn create_order() {
    let sample = r#"{"charset":"UTF-8","pay_scenario":"SWIPE_CARD","description":"ECRCloudPurchase",
        "on_screen_signature":false,"merchant_order_no":"1709106082732","on_screen_tip":false,
        "order_amount":144.34,"app_id":"wz6012822ca2f1as78","sign_type":"RSA2","price_currency":"USD",
        "reject_trade_when_terminal_offline":true,"terminal_sn":"WPYB002248000865","trans_type":1,
        "timestamp":"1709106082819","merchant_no":"302300000926","method":"wisehub.cloud.pay.order",
        "format":"JSON","order_queue_mode":"FILO","api_version":"2.0","version":"1.0",
        "confirm_on_terminal":false,"message_receiving_application":"CodePay Register","tip_amount":30}"#;
    let asked = ask(sample, FIRST_APP).unwrap();
    let merchant = AppMerchant { merchant_no: MERCHANT_NO.to_owned(), merchant: MerchantId(7) };
    assert_eq!(asked.whose, room::Whose::Merchant(merchant));
    let Call::Order(order) = asked.call else { panic!("no order") };
    assert_eq!((order.trans_type, order.merchant_order_no.as_str()), (TransType::Sale, "1709106082732"));
    assert_eq!((order.amount, order.tip_minor, order.cashback_minor), (money(14_434, "USD"), 3_000, 0));
    assert_eq!((order.queue_mode, order.pay_scenario), (QueueMode::Filo, PayScenario::SwipeCard));
    assert!(order.reject_when_offline && !order.on_screen_signature && !order.on_screen_tip);
    assert_eq!((order.description.as_str(), order.expires_s), ("ECRCloudPurchase", None));
}

#[test]
fn close_order() {
    let sample = r#"{"merchant_no":"312300000471","charset":"UTF-8","method":"wisehub.cloud.pay.close",
        "store_no":"4123000005","format":"JSON","version":"1.0","merchant_order_no":"1709188002729",
        "message_receiving_application":"CodePay Register","app_id":"wz6012822ca2f1as78",
        "sign_type":"RSA2","terminal_sn":"WPYB002248000865","timestamp":"1709188013826"}"#;
    let expected = CloseCall {
        store_no: Some("4123000005".to_owned()),
        terminal_sn: "WPYB002248000865".to_owned(),
        merchant_order_no: "1709188002729".to_owned(),
        description: None,
    };
    assert_eq!(ask(sample, FIRST_APP).unwrap().call, Call::Close(expected));
}

#[test]
fn queries() {
    let sample = r#"{"merchant_no":"312100041048","charset":"UTF-8","method":"order.query","format":"JSON",
        "app_id":"wz9f2a175d0e0ef632","sign_type":"RSA2","version":"1.0",
        "merchant_order_no":"TEST_1686732708342","timestamp":"1693898084054"}"#;
    let number = |text: &str| Number::Merchant(text.to_owned());
    assert_eq!(ask(sample, SECOND_APP).unwrap().call, Call::Query(number("TEST_1686732708342")));
    let sample = r#"{"merchant_no":"302100002572","charset":"UTF-8","method":"order.refund.query",
        "format":"JSON","app_id":"wz9f2a175d0e0ef632","sign_type":"RSA2","version":"1.0",
        "merchant_order_no":"TEST_1623925902130_002","timestamp":"1693905451835"}"#;
    assert_eq!(ask(sample, SECOND_APP).unwrap().call, Call::RefundQuery(number("TEST_1623925902130_002")));
}

#[test]
fn cancel_order() {
    let sample = r#"{"merchant_no":"302100041048","charset":"UTF-8","method":"order.revoker","format":"JSON",
        "app_id":"wz9f2a175d0e0ef632","sign_type":"RSA2","version":"1.0",
        "merchant_order_no":"TEST_1654765371046","timestamp":"1693902797892"}"#;
    let expected = Call::Revoke { merchant_order_no: "TEST_1654765371046".to_owned() };
    assert_eq!(ask(sample, SECOND_APP).unwrap().call, expected);
}

/// It has `trans_amount` where the schema says `order_amount`, and no `price_currency`.
#[test]
fn submit_refund() {
    let sample = r#"{"merchant_no":"302100041048","charset":"UTF-8","method":"order.refund.submit",
        "format":"JSON","description":"test refund","trans_amount":100,"version":"1.0",
        "merchant_order_no":"TEST_16547658746871_2","orig_merchant_order_no":"TEST_1654765874687",
        "app_id":"wz9f2a175d0e0ef632","sign_type":"RSA2","timestamp":"1693904002543"}"#;
    let Call::Refund(refund) = ask(sample, SECOND_APP).unwrap().call else { panic!("no refund") };
    assert_eq!(refund.original, Number::Merchant("TEST_1654765874687".to_owned()));
    assert_eq!((refund.merchant_order_no.as_str(), refund.currency), ("TEST_16547658746871_2", None));
    assert_eq!(refund.amount.money(currency("JPY")), Ok(money(100, "JPY")));
}

#[test]
fn adjust_the_tip_and_close_the_batch() {
    let sample = r#"{"merchant_no":"302100041048","charset":"UTF-8","method":"tip.adjustment","format":"JSON",
        "app_id":"wz9f2a175d0e0ef632","sign_type":"RSA2","version":"1.0","merchant_order_no":
        "TEST_1654765371046","timestamp":"1693902797892","tip_adjustment_amount":"30.05"}"#;
    let Call::AdjustTip(tip) = ask(sample, SECOND_APP).unwrap().call else { panic!("no tip") };
    assert_eq!(tip.tip.money(currency("USD")), Ok(money(3_005, "USD")));
    let sample = r#"{"merchant_no":"302100041048","charset":"UTF-8","method":"batch.close","format":"JSON",
        "app_id":"wz9f2a175d0e0ef632","sign_type":"RSA2","version":"1.0","timestamp":"1693902797892",
        "terminal_sn":"P3171916581910"}"#;
    let expected = Call::CloseBatch { terminal_sn: "P3171916581910".to_owned() };
    assert_eq!(ask(sample, SECOND_APP).unwrap().call, expected);
}

#[test]
fn paths() {
    for path in ["/api/entry", "//api/entry", "/api/entry/", "/api/entry/order.query", "/api/entry/a/b"] {
        assert_eq!(Route::of(path), Some(Route::Entry), "{path}");
    }
    for (path, method) in [
        ("/api/payments/capture", Method::PaymentCapture),
        ("/api/payments/recall", Method::PaymentRecall),
        ("//api/batch/open", Method::OpenBatch),
        ("/api/batch/close", Method::OpenBatchClose),
    ] {
        assert_eq!(Route::of(path), Some(Route::Path(method)), "{path}");
    }
    for path in ["", "/", "/api", "/api/entryx", "/api/payments/", "/api/payments/tip", "/order.query"] {
        assert_eq!(Route::of(path), None, "{path}");
    }
    for method in Method::ALL {
        assert_eq!(Method::from_word(method.word()), Some(method).filter(|method| method.has_word()));
        assert_eq!(method.is_timed(), method.has_word());
        assert!(!(method.needs_replay_key() && method.is_timed()));
        assert_eq!(method.has_word(), NAMED.contains(&method));
        assert!(!room::fields::of(method).is_empty());
    }
}

/// A signed query has all the fields a cancel has; sent there it must not become one.
#[test]
fn what_is_signed_for_the_entry_is_good_for_no_path() {
    let trans_no = ("trans_no", r#""5021""#);
    let body = body(Method::OrderQuery, &[trans_no]);
    let app = app();
    for method in Method::ALL.into_iter().filter(|method| !method.has_word()) {
        let received = room::read_body(Route::Path(method), body.as_bytes()).unwrap();
        let reject = received.open(Some(&app), None, NOW).unwrap_err();
        assert_eq!(reject.msg(), "[TG002]method must not be sent to this path");
    }
    // And the other way round.
    let fields = [("app_id", r#""wz6012822ca2f1as78""#), trans_no, ("sign_type", r#""RSA2""#)];
    let minimal = signed_as(&fields, &second_text(&fields, not_empty));
    let cancel = room::read_body(Route::Path(Method::PaymentCancel), minimal.as_bytes()).unwrap();
    let opened = cancel.open(Some(&app), None, NOW).unwrap();
    assert_eq!(opened.replay_key().unwrap().route, "/api/payments/cancel");
    assert_eq!(understand(&minimal).unwrap_err().msg(), "[TG001]format is missing or empty");
}

#[test]
fn transaction_numbers() {
    assert_eq!(trans_no(2_020_082_100_000_033, 1).as_deref(), Some("5000202008210000003301"));
    assert_eq!((trans_no(u64::MAX, 1), trans_no(1, 100)), (None, None));
    assert_eq!(
        read_trans_no(&trans_no(999_999_999_999_999_999, 99).unwrap()),
        Some((999_999_999_999_999_999, 99))
    );
    assert_eq!(read_trans_no("5000202008210000003301"), Some((2_020_082_100_000_033, 1)));
    for other in ["", "50", "5100202008210000003301", "500020200821000000330", "50002020082100000033x1"] {
        assert_eq!(read_trans_no(other), None, "{other}");
    }
    assert_eq!(room::message_id("5021000010210602000003"), "M021000010210602000003");
    assert_eq!(room::masked_pan("411111", "1111").as_deref(), Some("411111****1111"));
    assert_eq!(room::masked_pan("4111111", "1111"), None);
    assert_eq!(room::masked_pan("411111", "111x"), None);
}
