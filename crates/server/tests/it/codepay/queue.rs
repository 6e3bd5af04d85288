//! Who is next: one order on the screen at a time, those that wait in their order.

use serde_json::{Value, json};
use tillgate_protocols::codepay::Method;

use super::counter::terminal;
use super::raw::{Raw, raw};
use super::till::{COUNTER, Said as _, TERRACE, field, till};
use crate::harness::TestWorld;

/// Takes the next and gives it up; its number in the till's words.
async fn next_of(counter: &mut Raw) -> String {
    let order = counter.takes().await;
    counter.answers(&order, "102", json!({ "trade_no": order["biz_data"]["trade_no"] })).await;
    counter.hears("ecrhub.pay.result").await;
    order["biz_data"]["merchant_order_no"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn first_in_first_out_and_the_other_way_round() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut waiting = Vec::new();
    for mode in ["FIFO", "FIFO", "FILO", "FIFO", "FILO"] {
        waiting.push(till.orders(&format!("order_queue_mode={mode}")).await);
    }
    let mut counter = raw(&world, COUNTER).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(next_of(&mut counter).await);
    }
    let [a, b, c, d, e] = &waiting[..] else { unreachable!() };
    assert_eq!(seen, [e, c, a, b, d].map(String::as_str));
    counter.hears_nothing_for(200).await;
}

#[tokio::test]
async fn one_order_on_the_screen() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    let first = till.orders("").await;
    let order = counter.takes().await;
    let (second, third) = (till.orders("").await, till.orders("order_queue_mode=FILO").await);
    counter.hears_nothing_for(300).await;
    assert_eq!((till.status(&first).await, till.status(&second).await), ("0".into(), "9".into()));
    // One that waits is closed without the terminal hearing of it.
    till.closes(&second).await.gives("0");
    counter.hears_nothing_for(200).await;
    counter.answers(&order, "110", json!({})).await;
    assert_eq!(counter.hears("ecrhub.pay.result").await["biz_data"]["trans_status"], 1);
    assert_eq!(next_of(&mut counter).await, third);
    till.becomes(&third, "1").await.has(&[("trans_error_code", "102")]);
}

/// What a terminal is sent.
#[tokio::test]
async fn an_order_as_its_terminal_sees_it() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    let number = till
        .orders("tip_amount=1.5&confirm_on_terminal=true&receipt_print_mode=3&pay_method_id=Visa&card_type=2&attach=a;b&on_screen_signature=false")
        .await;
    let order = counter.takes().await;
    let biz = &order["biz_data"];
    let left = biz["expires"].as_i64().unwrap();
    assert!((295..=300).contains(&left), "{left}");
    let expected = json!({
        "trade_no": order["request_id"], "trans_no": till.seen(&number).await.field("trans_no"),
        "merchant_order_no": number, "trans_type": 1, "order_amount": "24.00", "tip_amount": "1.50",
        "price_currency": "USD", "pay_scenario": "SWIPE_CARD", "pay_method_id": "Visa", "card_type": 2,
        "on_screen_tip": false, "on_screen_signature": false, "confirm_on_terminal": true,
        "required_terminal_authentication": false, "receipt_print_mode": 3, "expires": left, "attach": "a;b",
        "description": "Fish and chips", "merchant_name": "Harbor Grill",
    });
    assert_eq!(*biz, expected);
    counter.answers(&order, "102", json!({})).await;
    let ended = counter.hears("ecrhub.pay.result").await;
    assert_eq!(
        ended["biz_data"],
        json!({ "trade_no": order["request_id"], "trans_status": 1, "message": "102 by hand" })
    );
}

#[tokio::test]
async fn orders_for_a_terminal_that_is_off() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let data = till.order("");
    let answer = till.sends(till.body(Method::PayOrder, &data)).await;
    answer.gives("0").has(&[("terminal_online_status", "offline")]);
    let refused = till.order("reject_trade_when_terminal_offline=true");
    till.sends(till.body(Method::PayOrder, &refused)).await.gives("TG005").names("offline");
    till.query(field(&refused, "merchant_order_no")).await.gives("E04111");
    let _terrace = terminal(&world, TERRACE, &[]).await;
    till.at(TERRACE).is_paid("reject_trade_when_terminal_offline=true").await;
    let counter = terminal(&world, COUNTER, &[]).await;
    let number = field(&data, "merchant_order_no");
    world
        .place
        .receiver
        .answers(&format!("/told/{number}"), &[crate::harness::Reply::Status(200, "success")]);
    till.becomes(number, "2").await;
    let answer = till.sends(till.body(Method::PayOrder, &till.order("-notify_url"))).await;
    answer.has(&[("terminal_online_status", "online")]);
    counter.sees("confirmed", 2).await;
}

/// So many wait for one terminal and no more.
#[tokio::test]
async fn a_queue_has_an_end() {
    let world = TestWorld::with(|config| config.limits.terminal_queue = 3).await;
    let till = till(&world).await;
    let mut numbers = Vec::new();
    for _ in 0..3 {
        numbers.push(till.orders("").await);
    }
    till.is_refused("", "TG005", "3 orders wait").await;
    let _terrace = terminal(&world, TERRACE, &[]).await;
    till.at(TERRACE).is_paid("").await;
    till.closes(&numbers[0]).await.gives("0");
    numbers.push(till.orders("").await);
    till.is_refused("", "TG005", "3 orders wait").await;
    let _counter = terminal(&world, COUNTER, &[]).await;
    for number in &numbers[1..] {
        till.becomes(number, "2").await;
    }
    till.is_paid("").await;
}

/// Refused at once: the till hears why, the next is sent.
#[tokio::test]
async fn a_terminal_says_no_at_once() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    for (code, said) in [
        ("114", "114"),
        ("117", "117"),
        ("120", "120"),
        ("121", "121"),
        ("106", "106"),
        ("202", "202"),
        ("111", "111"),
    ] {
        let number = till.orders("").await;
        let order = counter.hears("ecrhub.pay.order").await;
        counter.answers(&order, code, json!({})).await;
        let ended: Value = counter.hears("ecrhub.pay.result").await;
        assert_eq!(ended["biz_data"]["trans_status"], 1, "{code}");
        till.seen(&number).await.has(&[
            ("trans_status", "1"),
            ("trans_error_code", said),
            ("trans_error_msg", "by hand"),
        ]);
    }
    let number = till.orders("").await;
    let order = counter.hears("ecrhub.pay.order").await;
    counter.answers(&order, "115", json!({ "processor_code": "05", "processor_msg": "DO NOT HONOR" })).await;
    till.becomes(&number, "1").await.has(&[("trans_error_code", "05"), ("trans_error_msg", "DO NOT HONOR")]);
}
