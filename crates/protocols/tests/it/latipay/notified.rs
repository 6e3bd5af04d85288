//! Notifications, their receipt and the way back to the shop.

use tillgate_protocols::latipay::Ack;

use super::*;

#[test]
fn the_form_a_merchant_is_posted() {
    let mut order = order(Flow::HostedPage, paid());
    order.reference = "order 1&2".to_owned();
    let sent = room::notification(&profile(), &order);
    let signature = room::sign::hmac_hex(&key(), "order 1&2alipaypaidNZD120.00");
    assert_eq!(sent.url, "https://merchantsite.com/confirm?shop=1");
    assert_eq!(sent.content_type, "application/x-www-form-urlencoded");
    let body = String::from_utf8(sent.body.clone()).unwrap();
    assert_eq!(
        body,
        format!(
            "merchant_reference=order%201%262&order_id=S2018071000000033&currency=NZD&amount=120.00&payment_method=alipay\
             &status=paid&pay_time=2017-07-07%2010%3A55%3A00&amount_cny=557.39&rate=4.64490&signature={signature}"
        )
    );
    assert_eq!(room::notification(&profile(), &order), sent);
    let fields = client::check_notification(&body, &key()).unwrap();
    assert_eq!(fields.get("pay_time"), Some("2017-07-07 10:55:00"));
    assert!(client::check_notification(&body.replace("=paid", "=failed"), &key()).is_err());
}

#[test]
fn receipts() {
    let check = |ack: Ack, status: u16, body: &str, expected: bool| {
        let settings = Settings { ack, ..Settings::default() };
        assert_eq!(
            room::acknowledged(&settings, status, body.as_bytes()),
            expected,
            "{ack:?} {status} {body}"
        );
    };
    check(Ack::Status200, 200, "", true);
    check(Ack::Status200, 200, "error", true);
    check(Ack::Status200, 201, "sent", false);
    check(Ack::Status200, 302, "sent", false);
    check(Ack::BodySent, 200, "sent", true);
    check(Ack::BodySent, 200, " Sent\r\n", true);
    check(Ack::BodySent, 200, "", false);
    check(Ack::BodySent, 200, "not sent", false);
    check(Ack::BodySent, 500, "sent", false);
}

#[test]
fn retries_end_after_two_days() {
    let delays: Vec<i64> = (1..).map_while(room::retry_delay_s).collect();
    assert_eq!(delays[..20], [30; 20]);
    assert_eq!(delays[20..], [60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400]);
    assert_eq!((room::retry_delay_s(0), room::retry_delay_s(u32::MAX)), (Some(0), None));
}

#[test]
fn back_to_the_shop() {
    let check = |url: &str, expected: Option<&str>| {
        let mut order = order(Flow::HostedPage, paid());
        order.terms.return_url = url.to_owned();
        let location = room::return_location(&profile(), &order);
        assert_eq!(
            location.as_deref().and_then(|at| at.split_once("merchant_reference=")).map(|at| at.0),
            expected
        );
        if let Some((_, query)) = location.as_deref().and_then(|at| at.split_once('?')) {
            assert!(client::check_notification(query, &key()).is_ok(), "{query}");
        }
    };
    check("", None);
    check("https://shop.example/thanks", Some("https://shop.example/thanks?"));
    check("https://shop.example/?", Some("https://shop.example/?"));
    check("https://shop.example/?a=1", Some("https://shop.example/?a=1&"));
    check("https://shop.example/?a=1&", Some("https://shop.example/?a=1&"));
}

#[test]
fn settings_are_read_strictly() {
    let read = |text: &str| serde_json::from_str::<Settings>(text).ok();
    assert_eq!(read("{}"), Some(Settings::default()));
    let all = r#"{"ack":"sent","legacy_signature":true,"amount_as_number":true}"#;
    assert_eq!(serde_json::to_string(&read(all).unwrap()).unwrap(), all);
    assert_eq!(read(r#"{"ack":"200"}"#), Some(Settings::default()));
    assert_eq!(read(r#"{"ack":"maybe"}"#), None);
    assert_eq!(read(r#"{"acks":"200"}"#), None);
}
