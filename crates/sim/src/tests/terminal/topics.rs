//! Each topic, and the connection itself.

use serde_json::json;

use super::{Counter, START_MS, sale, sale_with};
use crate::terminal::Stop;

#[test]
fn the_first_words_say_who_it_is() {
    let mut counter = Counter::cold(&["pay"]);
    counter.wait(0);
    let actions = counter.terminal.connected(START_MS);
    counter.perform(actions);
    assert_eq!(
        counter.sent,
        [json!({
            "topic": "ecrhub.init", "request_id": "T1-1", "timestamp": START_MS.to_string(), "version": "1.0",
            "biz_data": { "terminal_sn": "T1", "secret": "s3cret", "software": "test 1" },
        })]
    );
    // Nobody answers: it hangs up and tries again, later each time.
    counter.wait(10_000);
    assert_eq!(counter.closed, [Some(1000)]);
    counter.wait(500);
    assert_eq!(counter.connects, 2);
}

#[test]
fn heartbeats_come_in_time_and_a_silent_gateway_is_left() {
    let mut counter = Counter::open("pay");
    counter.is_heartbeat_answered = false;
    for beat in 1..=5 {
        counter.wait(20_000);
        let sent = counter.sent.remove(0);
        assert_eq!(sent["topic"], "ecrhub.heartbeat", "{beat}");
        counter.hears(
            &json!({ "topic": "ecrhub.heartbeat", "request_id": sent["request_id"], "response_code": "000" }),
        );
    }
    counter.wait(59_999);
    assert_eq!((counter.sent.len(), counter.closed.len()), (2, 0));
    counter.wait(1);
    assert_eq!(counter.closed, [Some(1000)]);
    counter.wait(500);
    assert_eq!(counter.connects, 2);
}

/// What a close code means to the terminal.
#[test]
fn some_ends_are_for_good() {
    for (code, stopped) in [
        (Some(4401), Some(Stop::WrongSecret)),
        (Some(4409), Some(Stop::TakenOver)),
        (Some(4410), Some(Stop::SwitchedOff)),
        (Some(4408), None),
        (Some(1001), None),
        (None, None),
    ] {
        let mut counter = Counter::open("pay");
        let actions = counter.terminal.disconnected(code, counter.now_ms);
        counter.perform(actions);
        counter.wait(60_000);
        assert_eq!(counter.terminal.stopped(), stopped, "{code:?}");
        assert_eq!(counter.connects, if stopped.is_some() { 1 } else { 2 }, "{code:?}");
    }
}

#[test]
fn it_backs_off() {
    let mut counter = Counter::cold(&["pay"]);
    let mut waits = Vec::new();
    counter.wait(0);
    for _ in 0..9 {
        counter.line_breaks();
        let due_ms = counter.terminal.next_due().unwrap();
        waits.push(due_ms - counter.now_ms);
        counter.wait(due_ms - counter.now_ms);
    }
    for (wait_ms, most_ms) in
        waits.iter().zip([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
    {
        assert!((most_ms / 2..=most_ms).contains(wait_ms), "{waits:?}");
    }
}

#[test]
fn what_is_no_frame_ends_the_connection() {
    for text in
        ["", "hello", "[]", "{}", r#"{"topic":7}x"#, r#"{"topic":"ecrhub.pay.order","biz_data":"{}"}"#]
    {
        let mut counter = Counter::open("pay");
        let actions = counter.terminal.received(text, counter.now_ms);
        counter.perform(actions);
        assert_eq!(counter.closed, [Some(4400)], "{text}");
    }
    let mut counter = Counter::open("pay");
    assert_eq!(counter.code("ecrhub.unheard.of", json!({})), "202");
    counter.hears(&json!({ "topic": "ecrhub.unheard.of", "response_code": "000" }));
    assert!(counter.closed.is_empty());
}

#[test]
fn one_order_is_on_the_screen_at_a_time() {
    let mut counter = Counter::open("think=1s");
    assert_eq!(counter.orders(sale("7-1")), "101");
    assert_eq!(counter.orders(sale("7-1")), "101", "sent again");
    assert_eq!(counter.orders(sale("7-2")), "106");
    counter.confirms("7-2", 1);
    counter.wait(1_000);
    assert_eq!(counter.orders(sale("7-1")), "101", "sent again while the card is charged");
    counter.approves("7-1");
    assert_eq!(counter.orders(sale("7-3")), "101", "the one before has ended, if unconfirmed");
    assert_eq!(counter.orders(sale("7-1")), "000");
    assert_eq!(counter.asked.len(), 1);
}

/// Brings an order to a point.
fn reach(point: &str) -> Counter {
    let mut counter = Counter::open("think=1s");
    let fields = match point {
        "never heard of" => return counter,
        "expired" => json!({ "expires": 1, "confirm_on_terminal": true }),
        "scanned" => json!({ "pay_scenario": "BSCANQR_PAY" }),
        _ => json!({}),
    };
    counter.orders(sale_with("7-1", fields));
    counter.wait(if point == "on the screen" { 0 } else { 1_000 });
    match point {
        "approved" | "confirmed" => counter.approves("7-1"),
        "not known" => counter.acquirer_says("7-1", None),
        _ => {}
    }
    if point == "confirmed" {
        counter.confirms("7-1", 2);
    }
    counter
}

/// At each point of an order: what a query and a close are answered, and whether the close ended it.
#[test]
fn queries_and_closes_at_each_point() {
    for (name, query, close) in [
        ("never heard of", "104", "104"),
        ("on the screen", "101", "000"),
        ("charging", "101", "201"),
        ("approved", "000", "201"),
        ("confirmed", "000", "201"),
        ("not known", "107", "201"),
        ("expired", "111", "000"),
        ("scanned", "101", "201"),
    ] {
        for asks_first in [true, false] {
            let mut counter = reach(name);
            let about = json!({ "trade_no": "7-1" });
            if asks_first {
                assert_eq!(counter.code("ecrhub.pay.query", about.clone()), query, "{name}");
            }
            // Who was asked about it in vain has promised not to start it.
            let close = if asks_first && close == "104" { "000" } else { close };
            assert_eq!(counter.code("ecrhub.pay.close", about.clone()), close, "{name}");
            let asked = counter.asked.len();
            if close != "201" {
                assert_ne!(counter.orders(sale("7-1")), "101", "{name}: it is not started again");
                counter.wait(10_000);
                assert_eq!(counter.asked.len(), asked, "{name}");
            }
        }
    }
}

/// The gateway's word at each point: it takes the order off the screen, and money it did not hear of is told.
#[test]
fn the_gateways_word_ends_an_order() {
    let mut counter = Counter::open("think=1s");
    counter.orders(sale("7-1"));
    counter.confirms("7-1", 1);
    counter.wait(10_000);
    assert!(counter.terminal.is_idle() && counter.asked.is_empty(), "before the card");

    for (trans_status, is_told) in [(1, true), (2, false)] {
        let mut counter = Counter::open("pay");
        counter.orders(sale("7-1"));
        counter.confirms("7-1", trans_status);
        assert!(counter.terminal.is_idle(), "while charging");
        assert_eq!(counter.orders(sale("7-2")), "101", "the screen is free");
        counter.sent.clear();
        counter.approves("7-1");
        assert_eq!(counter.results().len(), usize::from(is_told));
        assert_eq!(counter.code("ecrhub.pay.query", json!({ "trade_no": "7-1" })), "000");
        counter.confirms("7-1", 3);
        assert_eq!(counter.terminal.settled(), 1);
        counter.wait(3_000_000);
        assert_eq!(counter.results().iter().filter(|(trade_no, _)| trade_no == "7-1").count(), 0);
    }

    let mut counter = Counter::open("answer-late=5s");
    counter.orders(sale("7-1"));
    counter.approves("7-1");
    counter.confirms("7-1", 1);
    assert_eq!(counter.orders(sale("7-1")), "000", "it was approved, and the gateway has to hear it");
    counter.confirms("7-1", 3);
    assert!(counter.terminal.is_idle());

    let mut counter = Counter::open("pay");
    counter.confirms("7-9", 2);
    assert_eq!(counter.orders(sale("7-9")), "102", "ended before it came");
}

#[test]
fn what_a_terminal_did_not_know_it_learns() {
    let mut counter = Counter::open("pay");
    counter.orders(sale_with("7-1", json!({ "receipt_print_mode": 1 })));
    counter.acquirer_says("7-1", None);
    assert_eq!(counter.printed.len(), 0);
    counter.confirms("7-1", 2);
    assert!(counter.printed.contains(&"total USD 12.00".to_owned()));
    assert_eq!(counter.code("ecrhub.pay.query", json!({ "trade_no": "7-1" })), "000");
}

#[test]
fn a_result_is_repeated_until_it_is_confirmed() {
    let mut counter = Counter::open("pay");
    counter.orders(sale("7-1"));
    counter.sent.clear();
    counter.approves("7-1");
    let mut times = Vec::new();
    let mut seen = counter.results().len();
    for second in 0..100 {
        if counter.results().len() > seen {
            seen = counter.results().len();
            times.push(second);
        }
        counter.wait(1_000);
    }
    assert_eq!(times, [3, 9, 21, 45, 93]);
    let results: Vec<_> = counter.sent.iter().filter(|frame| frame["topic"] == "ecrhub.pay.order").collect();
    assert!(results.iter().all(|result| *result == results[0]), "always the same");
    counter.confirms("7-1", 2);
    counter.sent.clear();
    counter.wait(59_000);
    assert_eq!(counter.results(), []);
}

#[test]
fn the_printer() {
    let mut counter = Counter::open("pay");
    let order = json!({ "receipt_print_mode": 3, "merchant_name": "Tea House", "tip_amount": "1.00" });
    counter.orders(sale_with("7-1", order));
    counter.approves("7-1");
    let copies = counter.printed.iter().filter(|line| line.ends_with("COPY")).count();
    assert_eq!(copies, 2);
    for line in
        ["Tea House", "SALE", "card Visa 411111****1111", "auth A12345", "tip 1.00", "total USD 13.00"]
    {
        assert!(counter.printed.contains(&line.to_owned()), "{line}: {:?}", counter.printed);
    }
    counter.confirms("7-1", 2);

    counter.printed.clear();
    assert_eq!(counter.code("ecrhub.pay.reprint", json!({ "trade_no": "7-1" })), "000");
    assert_eq!(counter.printed[0], "REPRINT");
    assert_eq!(counter.code("ecrhub.pay.reprint", json!({ "trade_no": "7-2" })), "104");

    let tip = |amount| json!({ "trade_no": "7-1", "tip_amount": amount });
    assert_eq!(counter.code("ecrhub.pay.tip.adjustment", tip("2.50")), "000");
    assert!(counter.printed.contains(&"total USD 14.50".to_owned()));
    assert_eq!(counter.code("ecrhub.pay.tip.adjustment", tip("2.505")), "121");
    let unknown = json!({ "trade_no": "7-2", "tip_amount": "1" });
    assert_eq!(counter.code("ecrhub.pay.tip.adjustment", unknown), "104");

    counter.printed.clear();
    let batch = json!({ "batch_no": "42", "count": 3, "total_amount": "36.00", "price_currency": "USD" });
    assert_eq!(counter.code("ecrhub.pay.batch.close", batch), "000");
    assert_eq!(counter.printed, ["BATCH 42 CLOSED", "3 transactions", "total USD 36.00"]);
}
