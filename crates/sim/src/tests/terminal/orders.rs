//! Orders that nobody disturbs.

use serde_json::json;

use super::{Counter, START_MS, approval, refusal, sale, sale_with};

#[test]
fn a_sale_is_taken_charged_and_told() {
    let mut counter = Counter::open("pay");
    assert_eq!(counter.orders(sale("7-1")), "101");
    assert_eq!(
        counter.asked,
        [json!({
            "trade_no": "7-1", "action": "authorize", "is_capture": true, "amount": "12.00", "tip": "0.00",
            "cashback": "0.00", "currency": "USD", "entry": "contactless", "pan": "4111111111111111",
        })]
    );
    counter.approves("7-1");
    assert_eq!(
        counter.sent,
        [json!({
            "topic": "ecrhub.pay.order", "request_id": "7-1", "response_code": "000", "response_msg": "success",
            "biz_data": {
                "trade_no": "7-1", "trans_amount": "12.00", "pay_method_id": "Visa", "card_type": 2,
                "card_no": "411111****1111", "auth_code": "A12345", "ref_no": "000000000001", "entry_mode": 3,
                "trans_end_time": "2026-01-01 00:00:00",
            },
        })]
    );
    assert!(!counter.terminal.is_idle());
    counter.confirms("7-1", 2);
    assert!(counter.terminal.is_idle());
    assert_eq!(counter.terminal.settled(), 1);
    assert_eq!(counter.now_ms, START_MS);
}

/// Type, the fields it needs, and what the acquirer is asked.
#[test]
fn each_type_asks_the_acquirer_in_its_way() {
    let follow_up = json!({ "orig_trade_no": "6-1" });
    let cashback = json!({ "cashback_amount": "5.00" });
    for (trans_type, fields, action, is_capture, amount) in [
        (1, json!({}), "authorize", true, "12.00"),
        (11, cashback, "authorize", true, "17.00"),
        (4, json!({}), "authorize", false, "12.00"),
        (6, follow_up.clone(), "capture", true, "12.00"),
        (3, follow_up.clone(), "refund", false, "12.00"),
        (2, follow_up, "void", false, "12.00"),
    ] {
        let mut counter = Counter::open("pay");
        let mut order = sale_with("7-1", fields);
        order["trans_type"] = json!(trans_type);
        assert_eq!(counter.orders(order), "101", "{trans_type}");
        let asked = &counter.asked[0];
        assert_eq!(
            (&asked["action"], &asked["is_capture"]),
            (&json!(action), &json!(is_capture)),
            "{trans_type}"
        );
        assert_eq!(asked["amount"], amount, "{trans_type}");
        let follows = asked["orig_trade_no"] == "6-1";
        assert_eq!(
            (follows, asked.get("pan").is_some()),
            (trans_type < 11 && ![1, 4].contains(&trans_type), !follows)
        );
        counter.approves("7-1");
        assert_eq!(counter.sent[0]["biz_data"]["trans_amount"], amount);
        counter.confirms("7-1", 2);
    }
}

/// What is wrong with an order, and the code it gets at once.
#[test]
fn orders_a_terminal_cannot_work_with() {
    for (fields, code) in [
        (json!({ "trans_type": 5 }), "114"),
        (json!({ "trans_type": "1" }), "202"),
        (json!({ "trans_type": null }), "202"),
        (json!({ "pay_scenario": "CASH" }), "117"),
        (json!({ "pay_scenario": "BSCANQR_PAY", "trans_type": 4 }), "117"),
        (json!({ "pay_scenario": "SCANQR_PAY" }), "202"),
        (json!({ "trans_type": 3 }), "202"),
        (json!({ "price_currency": "" }), "202"),
        (json!({ "order_amount": 12.5 }), "121"),
        (json!({ "order_amount": "12.505" }), "121"),
        (json!({ "order_amount": "0.00" }), "121"),
        (json!({ "order_amount": "-1.00" }), "121"),
        (json!({ "order_amount": "12.50", "price_currency": "JPY" }), "121"),
        (json!({ "order_amount": "999999999999999.99" }), "121"),
        (json!({ "tip_amount": "x" }), "121"),
        (json!({ "on_screen_tip": "yes" }), "202"),
        (json!({ "expires": "soon" }), "202"),
    ] {
        let mut counter = Counter::open("pay");
        assert_eq!(counter.orders(sale_with("7-1", fields.clone())), code, "{fields}");
        assert!(counter.asked.is_empty());
        // Its refusal is its result: the same again, and nothing is started.
        assert_eq!(counter.orders(sale("7-1")), code, "{fields}");
        assert!(counter.asked.is_empty() && !counter.terminal.is_idle());
        counter.confirms("7-1", 1);
        assert!(counter.terminal.is_idle());
    }
    let mut counter = Counter::open("pay");
    assert_eq!(counter.orders(json!({ "trans_type": 1 })), "202");
    assert!(counter.terminal.is_idle(), "without a number there is nothing to keep");
}

#[test]
fn amounts_are_exact_in_each_currency() {
    for (currency, amount, tip, total) in [
        ("USD", "144.34", "21.65", "165.99"),
        ("USD", "12", "1.80", "13.80"),
        ("USD", "0.1", "0.02", "0.12"),
        ("JPY", "1003", "150", "1153"),
        ("KWD", "1.005", "0.151", "1.156"),
        ("USD", "9999999999999.99", "1500000000000.00", "11499999999999.99"),
    ] {
        let mut counter = Counter::open("tip=15%");
        let order = json!({ "order_amount": amount, "price_currency": currency, "on_screen_tip": true });
        counter.orders(sale_with("7-1", order));
        assert_eq!(counter.asked[0]["tip"], tip, "{currency} {amount}");
        assert_eq!(counter.asked[0]["amount"], total, "{currency} {amount}");
        counter.approves("7-1");
        let result = &counter.sent[0]["biz_data"];
        assert_eq!((&result["trans_amount"], &result["tip_amount"]), (&json!(total), &json!(tip)));
    }
}

/// The acquirer's answer and what it makes of the order.
#[test]
fn an_acquirers_word_is_told_as_it_is() {
    for (body, trans_type, code) in [
        (Some(approval()), 1, "000"),
        (Some(refusal()), 1, "115"),
        (Some(refusal()), 2, "119"),
        (Some(json!("garbage")), 1, "108"),
        (Some(json!({ "response_code": "00" })), 1, "108"),
        (None, 1, "107"),
    ] {
        let mut counter = Counter::open("pay");
        counter.orders(sale_with("7-1", json!({ "trans_type": trans_type, "orig_trade_no": "6-1" })));
        counter.sent.clear();
        counter.acquirer_says("7-1", body.as_ref());
        assert_eq!(counter.results(), [("7-1".to_owned(), code.to_owned())], "{body:?}");
        if let "115" | "119" = code {
            let told = &counter.sent[0]["biz_data"];
            assert_eq!(
                (&told["processor_code"], &told["processor_msg"]),
                (&json!("51"), &json!("INSUFFICIENT FUNDS"))
            );
        }
        // The answer once more changes nothing.
        counter.sent.clear();
        counter.approves("7-1");
        assert!(counter.sent.is_empty());
    }
}

#[test]
fn a_payers_code_is_scanned_and_the_gateway_does_the_rest() {
    for (script, wallet, start, length) in [
        ("pay", "WeChatPay", "13", 18),
        ("pay", "Alipay", "28", 18),
        ("pay", "UnionPay", "62", 19),
        ("scan=134567890123456789", "Alipay", "134567890123456789", 18),
    ] {
        let mut counter = Counter::open(script);
        let order = json!({ "pay_scenario": "BSCANQR_PAY", "pay_method_id": wallet });
        assert_eq!(counter.orders(sale_with("7-1", order)), "101");
        let scan = counter.sent.remove(0);
        assert_eq!(
            (&scan["topic"], &scan["biz_data"]["trade_no"]),
            (&json!("ecrhub.pay.scan"), &json!("7-1"))
        );
        let code = scan["biz_data"]["payer_code"].as_str().unwrap().to_owned();
        assert!(code.starts_with(start) && code.len() == length, "{code}");
        counter.hears(
            &json!({ "topic": "ecrhub.pay.scan", "request_id": scan["request_id"], "response_code": "101" }),
        );
        assert_eq!(counter.code("ecrhub.pay.query", json!({ "trade_no": "7-1" })), "101");
        counter.confirms("7-1", 2);
        assert!(counter.terminal.is_idle() && counter.asked.is_empty());
    }
}

#[test]
fn a_shown_code_stays_until_the_gateway_says_it_was_paid() {
    let mut counter = Counter::open("pay");
    let order = json!({ "pay_scenario": "SCANQR_PAY", "qr_code": "https://pay/1", "receipt_print_mode": 2 });
    assert_eq!(counter.orders(sale_with("7-1", order)), "101");
    counter.wait(60_000);
    assert_eq!(counter.code("ecrhub.pay.query", json!({ "trade_no": "7-1" })), "101");
    counter.confirms("7-1", 2);
    assert!(counter.terminal.is_idle() && counter.printed.contains(&"CUSTOMER COPY".to_owned()));
    assert_eq!(counter.code("ecrhub.pay.query", json!({ "trade_no": "7-1" })), "000");
}

/// Scenario, script, and how it ends when nobody comes: never with a card charged.
#[test]
fn time_runs_out() {
    for (scenario, script, code) in [
        ("SWIPE_CARD", "walk-away", "111"),
        ("SWIPE_CARD", "think=121s", "111"),
        ("SCANQR_PAY", "pay", "112"),
        ("BSCANQR_PAY", "walk-away", "112"),
        // The gateway has the payer's code: it alone knows.
        ("BSCANQR_PAY", "pay", "107"),
    ] {
        let mut counter = Counter::open(script);
        counter.orders(sale_with("7-1", json!({ "pay_scenario": scenario, "qr_code": "q" })));
        counter.wait(119_999);
        assert_eq!(counter.results(), [], "{scenario} {script}");
        counter.wait(1);
        assert_eq!(counter.results(), [("7-1".to_owned(), code.to_owned())], "{scenario} {script}");
        assert!(counter.asked.is_empty());
    }
    let mut late = Counter::open("pay");
    assert_eq!(late.orders(sale_with("7-1", json!({ "expires": 0 }))), "101");
    assert_eq!((late.results(), late.asked.len()), (vec![("7-1".to_owned(), "111".to_owned())], 0));
}
