//! The line breaks and the power fails, at each point of an order.

use serde_json::json;

use super::{Counter, sale, sale_with};

type Reach = fn(&mut Counter);

const ON_THE_SCREEN: Reach = |counter| {
    counter.orders(sale("7-1"));
};
const CHARGING: Reach = |counter| {
    counter.orders(sale("7-1"));
    counter.wait(1_000);
};
const READY: Reach = |counter| {
    CHARGING(counter);
    counter.approves("7-1");
};
const TOLD: Reach = |counter| {
    READY(counter);
    counter.wait(1_000);
};
const CONFIRMED: Reach = |counter| {
    TOLD(counter);
    counter.confirms("7-1", 2);
};

/// The point, whether the power fails as well, the code of the result, and how often the acquirer was asked.
#[test]
fn a_break_at_each_point() {
    for (name, reach, is_power, code) in [
        ("on the screen", ON_THE_SCREEN, false, "000"),
        ("on the screen", ON_THE_SCREEN, true, "000"),
        ("charging", CHARGING, false, "000"),
        ("charging", CHARGING, true, "107"),
        ("answered, not told", READY, false, "000"),
        ("answered, not told", READY, true, "000"),
        ("told", TOLD, false, "000"),
        ("told", TOLD, true, "000"),
        ("confirmed", CONFIRMED, false, "000"),
        ("confirmed", CONFIRMED, true, "000"),
    ] {
        let mut counter = Counter::open("think=1s answer-late=1s");
        reach(&mut counter);
        counter.sent.clear();
        if is_power {
            counter.loses_power()
        } else {
            counter.line_breaks()
        }
        counter.wait(500);
        counter.go_online();
        counter.wait(1_000);
        counter.approves("7-1");
        counter.wait(1_000);
        // Held results come by themselves, others when the order is sent again.
        let held = counter.results();
        assert_eq!(held.is_empty(), name == "confirmed", "{name}, power {is_power}");
        assert_eq!(counter.orders(sale("7-1")), code, "{name}, power {is_power}");
        assert!(held.iter().all(|(_, told)| told == code), "{name}, power {is_power}: {held:?}");
        assert_eq!(counter.asked.len(), 1, "{name}, power {is_power}");
        counter.confirms("7-1", 2);
        assert!(counter.terminal.is_idle(), "{name}, power {is_power}");
        assert_eq!(counter.terminal.settled(), 1, "{name}, power {is_power}");
    }
}

/// An order that was sent again after a break is answered, not started again.
#[test]
fn an_order_sent_again_is_known() {
    let mut counter = Counter::open("think=1s");
    for _ in 0..3 {
        assert_eq!(counter.orders(sale("7-1")), "101");
        counter.line_breaks();
        counter.wait(500);
        counter.go_online();
    }
    counter.wait(1_000);
    assert_eq!(counter.asked.len(), 1);
}

/// After a break it says what is on its screen, whatever is being done with it: the gateway may have ended it.
#[test]
fn an_order_that_ended_during_a_break_leaves_the_screen() {
    for (name, reach) in [("on the screen", ON_THE_SCREEN), ("charging", CHARGING), ("answered", READY)] {
        let mut counter = Counter::open("think=1s answer-late=1m");
        reach(&mut counter);
        counter.line_breaks();
        counter.wait(500);
        counter.sent.clear();
        counter.go_online();
        let said: Vec<_> = counter.sent.iter().filter(|frame| frame["response_code"] == "101").collect();
        assert_eq!(said.len(), 1, "{name}: {:?}", counter.sent);
        let about = (&said[0]["topic"], &said[0]["request_id"], &said[0]["biz_data"]["trade_no"]);
        assert_eq!(about, (&json!("ecrhub.pay.order"), &json!("7-1"), &json!("7-1")), "{name}");
        counter.confirms("7-1", 1);
        assert_eq!(counter.orders(sale("7-2")), "101", "{name}: the next order has the screen");
    }
    let mut idle = Counter::open("");
    idle.line_breaks();
    idle.wait(500);
    idle.go_online();
    assert!(idle.sent.is_empty(), "{:?}", idle.sent);
}

/// The words that break the line: how long it stays away, the code of the result, how often it is told.
#[test]
fn scripted_breaks() {
    for (script, code, told) in [
        ("unplug-before-card", "000", 1),
        ("unplug-after-card", "000", 1),
        ("power-cut", "107", 1),
        ("offline=5s", "000", 2),
        ("unplug-after-card offline=5s", "000", 1),
        ("unplug-after-card answer-late=1s", "000", 1),
    ] {
        let away_ms = if script.contains("offline") { 5_000 } else { 2_000 };
        let mut counter = Counter::open(script);
        counter.orders(sale("7-1"));
        counter.approves("7-1");
        counter.wait(if script.contains("late") { 1_000 } else { 0 });
        assert_eq!(counter.closed, [None], "{script}");
        let told_before = counter.results().len();
        counter.wait(away_ms - 1);
        assert_eq!(counter.connects, 1, "{script}");
        counter.wait(1);
        assert_eq!(counter.connects, 2, "{script}");
        counter.go_online();
        counter.wait(0);
        counter.approves("7-1");
        let results = counter.results();
        assert_eq!((results.len(), counter.asked.len()), (told, 1), "{script}: {results:?}");
        assert!(results.iter().all(|result| result.1 == code) && told_before < told.max(2), "{script}");
        counter.confirms("7-1", 2);
        assert!(counter.terminal.is_idle(), "{script}");
    }
}

/// Unplugged for longer than the order lives: no card is charged when the line is back.
#[test]
fn nothing_is_charged_after_a_long_break() {
    let mut counter = Counter::open("unplug-before-card offline=3m");
    counter.orders(sale("7-1"));
    counter.wait(180_000);
    counter.go_online();
    counter.wait(1_000);
    assert_eq!((counter.results(), counter.asked.len()), (vec![("7-1".to_owned(), "111".to_owned())], 0));
}

#[test]
fn a_scanned_code_is_sent_again_until_it_was_heard() {
    for is_heard in [false, true] {
        let mut counter = Counter::open("unplug-after-card");
        counter.orders(sale_with("7-1", json!({ "pay_scenario": "BSCANQR_PAY" })));
        let first = counter.sent.remove(0);
        assert_eq!(counter.closed, [None]);
        counter.wait(2_000);
        counter.go_online();
        counter.sent.retain(|frame| frame["topic"] == "ecrhub.pay.scan");
        let again = counter.sent.remove(0);
        assert_eq!(again["biz_data"], first["biz_data"]);
        if is_heard {
            let answer = json!({ "topic": "ecrhub.pay.scan", "request_id": again["request_id"], "response_code": "101" });
            counter.hears(&answer);
        }
        counter.line_breaks();
        counter.wait(500);
        counter.go_online();
        counter.sent.retain(|frame| frame["topic"] == "ecrhub.pay.scan");
        assert_eq!(counter.sent.is_empty(), is_heard);
    }
}

/// What was confirmed long ago may be forgotten, what was not may not.
#[test]
fn memory_is_bounded() {
    let mut counter = Counter::open("pay");
    for number in 0..1_000 {
        let trade_no = format!("7-{number}");
        counter.orders(sale(&trade_no));
        counter.approves(&trade_no);
        if number > 0 {
            counter.confirms(&trade_no, 2);
        }
    }
    assert!(counter.terminal.save().len() < 300_000);
    assert_eq!(counter.code("ecrhub.pay.query", json!({ "trade_no": "7-0" })), "000");
    assert_eq!(counter.code("ecrhub.pay.query", json!({ "trade_no": "7-999" })), "000");
    assert_eq!(counter.code("ecrhub.pay.query", json!({ "trade_no": "7-1" })), "104");
}

#[test]
fn a_spoilt_memory_is_an_error() {
    let identity = super::identity();
    assert!(crate::terminal::Terminal::restore(identity, Vec::new(), "{}", 0).is_err());
}
