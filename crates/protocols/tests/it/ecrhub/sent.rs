//! What the gateway sends.

use super::*;

fn order_message() -> OrderMessage<'static> {
    OrderMessage {
        trade_no: "T50",
        orig_trade_no: Some("T49"),
        trans_no: "5000202008210000003301",
        merchant_order_no: "1709106082732",
        orig_merchant_order_no: Some("1709106082731"),
        trans_type: 11,
        order_amount: money(14_434, "USD"),
        tip_minor: 3_000,
        cashback_minor: 2_000,
        pay_scenario: "SCANQR_PAY",
        pay_method_id: Some("Visa"),
        card_type: Some(2),
        qr_code: Some("https://pay.example/q?a=1&b=\"2\""),
        on_screen_tip: true,
        on_screen_signature: false,
        confirm_on_terminal: true,
        required_terminal_authentication: false,
        receipt_print_mode: 3,
        expires_s: 300,
        order_queue_mode: Some("FIFO"),
        attach: Some("a\u{0}b 张"),
        description: Some("Tea"),
        merchant_name: Some("O'Neill"),
    }
}

/// Every message the gateway can send, with all its fields.
pub(super) fn all() -> Vec<(Topic, String)> {
    let ended = ResultMessage {
        trade_no: "T50",
        ended: Ended::Paid,
        trans_amount: Some(money(14_434, "USD")),
        pay_method_id: Some("Visa"),
        message: Some("paid"),
    };
    let batch = BatchClose { batch_no: "1", count: 3, total: money(100, "USD") };
    vec![
        (Topic::Order, ecrhub::order(&order_message(), NOW)),
        (Topic::Query, ecrhub::query("q", "T50", NOW)),
        (Topic::Close, ecrhub::close("c", "T50", NOW)),
        (Topic::BatchClose, ecrhub::batch_close("b", &batch, NOW)),
        (Topic::TipAdjustment, ecrhub::tip_adjustment("t", "T50", money(0, "USD"), NOW)),
        (Topic::Reprint, ecrhub::reprint("p", "T50", NOW)),
        (Topic::Result, ecrhub::result("r", &ended, NOW)),
    ]
}

#[test]
fn an_order() {
    let frame = ecrhub::order(&order_message(), NOW);
    let expected = json!({
        "topic": "ecrhub.pay.order", "request_id": "T50", "timestamp": "1709106082819", "version": "1.0",
        "biz_data": {
            "trade_no": "T50", "orig_trade_no": "T49", "trans_no": "5000202008210000003301",
            "merchant_order_no": "1709106082732", "orig_merchant_order_no": "1709106082731", "trans_type": 11,
            "order_amount": "144.34", "tip_amount": "30.00", "cashback_amount": "20.00", "price_currency": "USD",
            "pay_scenario": "SCANQR_PAY", "pay_method_id": "Visa", "card_type": 2,
            "qr_code": "https://pay.example/q?a=1&b=\"2\"", "on_screen_tip": true, "on_screen_signature": false,
            "confirm_on_terminal": true, "required_terminal_authentication": false, "receipt_print_mode": 3,
            "expires": 300, "order_queue_mode": "FIFO", "attach": "a\u{0}b 张", "description": "Tea",
            "merchant_name": "O'Neill",
        },
    });
    assert_eq!(serde_json::from_str::<Value>(&frame).unwrap(), expected);
    assert!(frame.starts_with(r#"{"topic":"ecrhub.pay.order","request_id":"T50","timestamp":"#));
}

#[test]
fn what_there_is_none_of_is_left_out() {
    let plain = OrderMessage {
        orig_trade_no: None,
        orig_merchant_order_no: None,
        order_amount: money(30, "JPY"),
        tip_minor: 0,
        cashback_minor: 0,
        pay_method_id: None,
        card_type: None,
        qr_code: Some(""),
        order_queue_mode: None,
        attach: None,
        description: None,
        merchant_name: None,
        ..order_message()
    };
    let frame: Value = serde_json::from_str(&ecrhub::order(&plain, NOW)).unwrap();
    let mut sent: Vec<&str> = frame["biz_data"].as_object().unwrap().keys().map(String::as_str).collect();
    let table = fields::request(Topic::Order).iter().filter(|spec| spec.is_required);
    let mut required: Vec<&str> = table.map(|spec| spec.name).collect();
    sent.sort_unstable();
    required.sort_unstable();
    assert_eq!(sent, required);
    assert_eq!(frame["biz_data"]["order_amount"], "30");
}

/// Full messages have every field of their table and no other, and fit a frame.
#[test]
fn messages_have_the_fields_of_the_tables() {
    for (topic, text) in all() {
        let frame: Value = serde_json::from_str(&text).unwrap();
        let names = |value: &Value| {
            let mut names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
            names.sort_unstable();
            names
        };
        let table = |specs: &[fields::FieldSpec]| {
            let mut names: Vec<String> = specs.iter().map(|spec| spec.name.to_owned()).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(names(&frame), table(fields::REQUEST), "{topic:?}");
        assert_eq!(names(&frame["biz_data"]), table(fields::request(topic)), "{topic:?}");
        assert_eq!(frame["topic"], topic.word());
        assert!(text.len() < FRAME_BYTES);
    }
    let init = Init { merchant_no: "3023", store_no: "1", name: "Till", epoch: u64::MAX };
    for (topic, text) in [
        (Topic::Init, init_answer("i", &init, NOW)),
        (Topic::Heartbeat, heartbeat_answer("h", NOW)),
        (Topic::Scan, answer(Topic::Scan, "s", Code::InProgress)),
    ] {
        let frame: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(frame.as_object().unwrap().len(), fields::ANSWER.len(), "{text}");
        for spec in fields::answer(topic) {
            assert!(!frame["biz_data"][spec.name].is_null(), "{topic:?} {}", spec.name);
        }
        assert_eq!(frame["biz_data"].as_object().unwrap().len(), fields::answer(topic).len());
    }
}

#[test]
fn the_small_ones_to_the_letter() {
    let init = Init { merchant_no: "3023", store_no: "1", name: "Till", epoch: 7 };
    for (text, expected) in [
        (
            init_answer("i", &init, NOW),
            r#"{"topic":"ecrhub.init","request_id":"i","response_code":"000","response_msg":"success","biz_data":{"merchant_no":"3023","store_no":"1","name":"Till","epoch":7,"heartbeat_s":20,"time":1709106082819}}"#,
        ),
        (
            answer(Topic::Scan, "s\"1", Code::InProgress),
            r#"{"topic":"ecrhub.pay.scan","request_id":"s\"1","response_code":"101","response_msg":"in progress","biz_data":{}}"#,
        ),
        (
            ecrhub::result(
                "r",
                &ResultMessage {
                    trade_no: "T50",
                    ended: Ended::NotPaid,
                    trans_amount: None,
                    pay_method_id: None,
                    message: None,
                },
                NOW,
            ),
            r#"{"topic":"ecrhub.pay.result","request_id":"r","timestamp":"1709106082819","version":"1.0","biz_data":{"trade_no":"T50","trans_status":1}}"#,
        ),
        (
            ecrhub::close("c", "T50", NOW),
            r#"{"topic":"ecrhub.pay.close","request_id":"c","timestamp":"1709106082819","version":"1.0","biz_data":{"trade_no":"T50"}}"#,
        ),
    ] {
        assert_eq!(text, expected);
    }
}
