//! Lines that break, terminals that restart or vanish, two that speak for one: each payment is made once.

use std::time::Duration;

use serde_json::json;
use tillgate_sim::terminal::Stop;

use super::counter::{switched_on, terminal};
use super::raw::{charged, is_offline, raw, result};
use super::till::{COUNTER, Said as _, TERRACE, till};
use crate::harness::TestWorld;

#[tokio::test]
async fn the_line_breaks_at_every_step() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let scripts = [
        "unplug-before-card,offline=300ms",
        "unplug-after-card,offline=300ms",
        "offline=300ms",
        "answer-twice",
        "power-cut,offline=300ms",
    ];
    let terminal = terminal(&world, COUNTER, &scripts).await;
    let mut numbers = Vec::new();
    for _ in scripts {
        numbers.push(till.orders("").await);
    }
    for number in &numbers {
        till.becomes_within(number, "2", Duration::from_secs(20)).await.has(&[("paid_amount", "24")]);
    }
    assert_eq!(terminal.count("order"), 5, "none is started twice");
    assert_eq!(terminal.count("charging"), 5);
    terminal.sees("confirmed", 5).await;
    assert!(terminal.off().await.is_idle);
}

/// Switched off with an order on the screen, and on again with what it had written down.
#[tokio::test]
async fn a_terminal_restarts() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let state = world.data_dir().join("terminal.json");
    let url = world.place.url("");
    let first = switched_on(&url, COUNTER, &["walk-away", "pay"], Some(state.clone()));
    let number = till.orders("").await;
    till.becomes(&number, "0").await;
    assert!(!first.off().await.is_idle);
    // The order is still on its screen, where nobody pays it: the till takes it off.
    let second = switched_on(&url, COUNTER, &["walk-away", "pay"], Some(state));
    second.sees("online", 1).await;
    till.closes(&number).await.gives("0");
    till.is_paid("").await;
    second.off().await;
    // Another device under the number takes up what the first had.
    let third = terminal(&world, COUNTER, &["walk-away"]).await;
    let number = till.orders("").await;
    till.becomes(&number, "0").await;
    third.off().await;
    let _fourth = terminal(&world, COUNTER, &[]).await;
    till.becomes(&number, "2").await;
}

/// Gone after the card: whoever asks first, the acquirer says that it was paid.
#[tokio::test]
async fn a_terminal_vanishes_after_the_card() {
    let world = TestWorld::new().await;
    let (till, terrace) = (till(&world).await, till(&world).await.at(TERRACE));
    let (mut counter, mut other) = (raw(&world, COUNTER).await, raw(&world, TERRACE).await);
    let (paid, unpaid) = (till.orders("expires=3").await, terrace.orders("expires=3").await);
    let (order, never) = (counter.takes().await, other.takes().await);
    till.becomes(&paid, "0").await;
    terrace.becomes(&unpaid, "0").await;
    let word = charged(&world, COUNTER.0, &order, json!({})).await;
    counter.vanishes();
    other.vanishes();
    let seen = till.becomes_within(&paid, "2", Duration::from_secs(15)).await;
    seen.has(&[
        ("paid_amount", "24"),
        ("auth_no", word["auth_code"].as_str().unwrap()),
        ("pay_user_account_id", "411111****1111"),
    ]);
    terrace.becomes_within(&unpaid, "1", Duration::from_secs(15)).await;
    is_offline(&world).await;
    // It is back, and would charge: the number is shut.
    let late = charged(&world, TERRACE.0, &never, json!({})).await;
    assert_eq!(late["approved"], false, "{late}");
}

/// "I do not know": the acquirer is asked at once, and the terminal is told.
#[tokio::test]
async fn a_terminal_does_not_know() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    for (code, is_charged) in [
        ("107", true),
        ("108", true),
        ("109", true),
        ("999", true),
        ("113", true),
        ("777", true),
        ("107", false),
    ] {
        let number = till.orders("expires=4").await;
        let order = counter.takes().await;
        if is_charged {
            charged(&world, COUNTER.0, &order, json!({})).await;
        }
        counter.answers(&order, code, json!({ "trade_no": order["request_id"] })).await;
        let ended = loop {
            let frame = counter.hears_any().await;
            match frame["topic"].as_str().unwrap() {
                "ecrhub.pay.query" => {
                    counter.answers(&frame, "108", json!({ "trade_no": order["request_id"] })).await
                }
                "ecrhub.pay.close" => counter.answers(&frame, "106", json!({})).await,
                _ => break frame,
            }
        };
        assert_eq!(ended["biz_data"]["trans_status"], if is_charged { 2 } else { 1 }, "{code}: {ended}");
        till.becomes(&number, if is_charged { "2" } else { "1" }).await;
    }
}

/// A second connection speaks for the terminal now; the first is told so and the order goes to the new one.
#[tokio::test]
async fn a_newer_connection_takes_over() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut first = raw(&world, COUNTER).await;
    let number = till.orders("").await;
    let order = first.takes().await;
    till.becomes(&number, "0").await;
    let mut second = raw(&world, COUNTER).await;
    first.is_closed(4409).await;
    let again = second.takes().await;
    assert_eq!(again["request_id"], order["request_id"]);
    assert!(world.app().gateway.terminals.count() == 1, "the second is there");
    let word = charged(&world, COUNTER.0, &order, json!({})).await;
    second.answers(&again, "000", result(&again, &word)).await;
    assert_eq!(second.hears("ecrhub.pay.result").await["biz_data"]["trans_status"], 2);
    till.becomes(&number, "2").await;
    // A device that is taken over does not fight.
    drop(second);
    let device = terminal(&world, COUNTER, &[]).await;
    let _third = raw(&world, COUNTER).await;
    assert_eq!(device.stops().await.stopped, Some(Stop::TakenOver));
}

/// A result is told over and over until it was heard, and again after a break: it counts once.
#[tokio::test]
async fn a_result_is_repeated() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    let number = till.orders("tip_amount=1.00").await;
    let order = counter.takes().await;
    let word = charged(&world, COUNTER.0, &order, json!({ "amount": "25.00", "tip": "1.00" })).await;
    let mut said = result(&order, &word);
    said["trans_amount"] = json!("25.00");
    said["tip_amount"] = json!("1.00");
    for _ in 0..3 {
        counter.answers(&order, "000", said.clone()).await;
        assert_eq!(counter.hears("ecrhub.pay.result").await["biz_data"]["trans_amount"], "25.00");
    }
    // Other words about what has ended change nothing.
    for code in ["115", "107", "101", "102", "000"] {
        counter
            .answers(&order, code, json!({ "trade_no": order["request_id"], "trans_amount": "1.00" }))
            .await;
        assert_eq!(counter.hears("ecrhub.pay.result").await["biz_data"]["trans_status"], 2);
    }
    counter.vanishes();
    let mut counter = raw(&world, COUNTER).await;
    counter.answers(&order, "000", said).await;
    counter.hears("ecrhub.pay.result").await;
    till.seen(&number).await.has(&[("trans_status", "2"), ("paid_amount", "25"), ("tip_amount", "1")]);
    assert_eq!(till.callbacks_at(&format!("/told/{number}")).len(), 1);
    counter.hears_nothing_for(100).await;
}
