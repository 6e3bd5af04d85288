//! Callbacks, receipts, retries, and the way back to the shop.

use super::*;

#[test]
fn a_callback_has_the_documented_fields() {
    let order = order(Action::ActivePay, "sale_num=S1", paid(), code());
    let note = room::notification(&profile(), &order);
    assert_eq!((note.url.as_str(), note.content_type), ("https://shop.example/cb", "application/json"));
    let body = String::from_utf8(note.body.clone()).unwrap();
    assert!(!body.contains(['%', '+']));
    let outer: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&body).unwrap();
    let names: Vec<&str> = outer.keys().map(String::as_str).collect();
    assert_eq!(names, ["data", "md5", "merchant_id", "rsp_code", "rsp_msg"]);
    assert_eq!((outer["rsp_code"].as_str(), outer["rsp_msg"].as_str()), (Some("SUCCESS"), Some("success")));
    assert_eq!(outer["merchant_id"], MERCHANT);
    let fields = client::check_notification(&body, &key()).unwrap();
    let told: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        told.join(" "),
        "amount=100 bizpay_order_id=AL2020082100000033 tip=15 merchant_id=QC00005496 order_id=TEST0000001 \
         finish_time=20200821234528 order_status=success exchange_rate=5.20000000 sale_num=S1"
    );
    assert!(client::check_notification(&body, &SignKey::new("other")).is_err());
}

#[test]
fn a_later_refund_does_not_change_it() {
    let mut order = order(Action::PrepayInit, "", paid(), code());
    order.choices = vec![Method::new("wechat")];
    let before = room::notification(&profile(), &order);
    order.funds.refunded_minor = 100;
    assert_eq!(room::notification(&profile(), &order), before);
    let fields = client::check_notification(std::str::from_utf8(&before.body).unwrap(), &key()).unwrap();
    assert_eq!(fields.get("order_id"), Some("PRE1"));
    assert_eq!(fields.get("bizpay_order_id"), Some("WX2020082100000033"));
}

#[test]
fn an_unpaid_order_is_never_called_a_success() {
    for (state, word) in [(OrderState::Pending, "PROCESSING"), (declined(), "FAIL"), (expired(), "FAIL")] {
        let note = room::notification(&profile(), &order(Action::ActivePay, "", state, code()));
        let body = String::from_utf8(note.body).unwrap();
        assert!(body.contains(&format!("\"rsp_code\":\"{word}\"")), "{body}");
        assert_ne!(client::check_notification(&body, &key()).unwrap().get("order_status"), Some("success"));
    }
}

#[test]
fn receipts() {
    for (status, body, expected) in [
        (200, &b"{\"rsp_code\":\"SUCCESS\"}"[..], true),
        (200, b"SUCCESS", true),
        (200, b"OK", true),
        (200, b"", true),
        (204, b"", true),
        (299, b"<html>", true),
        (200, b"\xff\xfe", true),
        (200, b"{\"rsp_code\":\"FAIL\"}", false),
        (200, b" {\"rsp_msg\":\"x\", \"rsp_code\":\"fail\"} ", false),
        (200, b"{\"rsp_c\\u006fde\":\"FAIL\"}", false),
        (200, b"FAIL", false),
        (200, b"{\"data\":\"FAIL\"}", true),
        (199, b"SUCCESS", false),
        (302, b"SUCCESS", false),
        (404, b"SUCCESS", false),
        (500, b"{\"rsp_code\":\"SUCCESS\"}", false),
    ] {
        assert_eq!(room::acknowledged(status, body), expected, "{status} {}", String::from_utf8_lossy(body));
    }
}

#[test]
fn retries_grow_to_half_a_day() {
    let delays: Vec<i64> = (0..).map_while(room::retry_delay_s).collect();
    assert_eq!(delays, [0, 15, 60, 300, 1_800, 3_600, 7_200, 21_600, 43_200]);
    assert_eq!(room::retry_delay_s(u32::MAX), None);
}

#[test]
fn the_way_back() {
    let back = |redirect: &str, state: OrderState| {
        let mut order = order(Action::PrepayInit, "tip=7|prepay_order_id=PRE 1&x", state, code());
        order.terms.return_url = redirect.to_owned();
        room::return_location(&order)
    };
    let tail = |status: &str| {
        format!("total_fee=107&trade_no=2020082100000033&out_trade_no=PRE%201%26x&trade_status={status}")
    };
    let url = "https://shop.example/t";
    assert_eq!(back(url, paid()), Some(format!("{url}?{}", tail("Trade_Finished"))));
    assert_eq!(
        back("https://shop.example/t?a=1", paid()),
        Some(format!("{url}?a=1&{}", tail("Trade_Finished")))
    );
    assert_eq!(back("https://shop.example/t?", expired()), Some(format!("{url}?{}", tail("Trade_Closed"))));
    assert_eq!(
        back("https://shop.example/t?a&", declined()),
        Some(format!("{url}?a&{}", tail("Trade_Closed")))
    );
    assert_eq!(back(url, OrderState::Pending), Some(format!("{url}?{}", tail("Trade_Pending"))));
    assert_eq!(back("", paid()), None);
}
