//! Callbacks: flat, signed, sent fifteen times at most.

use tillgate_protocols::codepay::{Told, acknowledged, notification, retry_delay_s};

use super::*;

#[test]
fn a_callback_is_flat_and_signed() {
    let make =
        || notification(APP_ID, MERCHANT_NO, Method::PayOrder, Told::Order(&order_view()), NOW, &GATEWAY_KEY);
    let callback = make();
    assert_eq!(callback, make());
    assert_eq!(callback.content_type, "application/json");
    let fields = client::check_notification(&callback.body, GATEWAY_KEY.public()).unwrap();
    for (name, value) in [
        ("app_id", APP_ID),
        ("merchant_no", MERCHANT_NO),
        ("method", "wisehub.cloud.pay.order"),
        ("format", "JSON"),
        ("charset", "UTF-8"),
        ("sign_type", "RSA2"),
        ("version", "1.0"),
        ("timestamp", "1709106082819"),
        ("trans_status", "2"),
        ("trans_amount", "212.4"),
        ("attach", "table=5 \"é中\""),
        ("merchant_order_no", "TEST_1686732708342"),
    ] {
        assert_eq!(fields.get(name), Some(value), "{name}");
    }
    let json: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&callback.body).unwrap();
    assert!(json["trans_status"].is_i64());
    assert!(json.values().all(|value| value.is_i64() || value.as_str().is_some_and(|text| !text.is_empty())));
    let changed =
        String::from_utf8(callback.body).unwrap().replace("\"trans_status\":2", "\"trans_status\":1");
    let checked = client::check_notification(changed.as_bytes(), GATEWAY_KEY.public());
    assert_eq!(checked, Err(client::ClientError::Signature));
}

#[test]
fn a_refund_is_told_too() {
    let told = Told::Refund(&refund_view());
    let callback = notification(APP_ID, MERCHANT_NO, Method::RefundSubmit, told, NOW, &GATEWAY_KEY);
    let fields = client::check_notification(&callback.body, GATEWAY_KEY.public()).unwrap();
    assert_eq!(fields.get("trans_type"), Some("3"));
    assert_eq!(fields.get("method"), Some("order.refund.submit"));
}

/// What a merchant lets a shopper write cannot become fields of a callback: the request is refused.
#[test]
fn a_note_cannot_become_fields() {
    let mut view = order_view();
    view.attach = Some("x&merchant_order_no=A&trans_status=2&u=".to_owned());
    let callback = notification(APP_ID, MERCHANT_NO, Method::PayOrder, Told::Order(&view), NOW, &GATEWAY_KEY);
    let checked = client::check_notification(&callback.body, GATEWAY_KEY.public());
    assert_eq!(checked, Err(client::ClientError::Ambiguous));
    let attach = ("attach", r#""x&merchant_order_no=A&trans_status=2&u=""#);
    assert!(said(Method::PayOrder, &[attach]).starts_with("[SYS002]"));
}

#[test]
fn the_receipt_is_the_word() {
    for body in ["success", "SUCCESS", " success\n", "\"success\""] {
        assert!(acknowledged(200, body.as_bytes()), "{body}");
        assert!(acknowledged(204, body.as_bytes()));
        assert!(!acknowledged(500, body.as_bytes()));
        assert!(!acknowledged(302, body.as_bytes()));
    }
    for body in ["", "fail", "success!", "{\"code\":\"success\"}", "ok", "\"success"] {
        assert!(!acknowledged(200, body.as_bytes()), "{body}");
    }
}

#[test]
fn the_schedule() {
    let delays: Vec<i64> = (0..).map_while(retry_delay_s).collect();
    assert_eq!(delays, [0, 5, 10, 15, 30, 60, 180, 600, 900, 1800, 1800, 1800, 10800, 10800, 10800]);
    assert_eq!(retry_delay_s(u32::MAX), None);
    assert_eq!(room::ANSWER_TIME_MS, 5_000);
}
