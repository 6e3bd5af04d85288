//! Orders that are closed: before the screen, on it, under the card, after the end; by the till and by the clock.

use std::time::Duration;

use serde_json::json;

use super::counter::terminal;
use super::raw::{charged, raw, result};
use super::till::{COUNTER, Said as _, TERRACE, till};
use crate::harness::{TestWorld, pause_ms};

#[tokio::test]
async fn before_it_reaches_a_screen() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let number = till.orders("").await;
    let created = till.seen(&number).await;
    created.has(&[("trans_status", "9"), ("paid_amount", ""), ("trans_end_time", "")]);
    till.at(TERRACE).closes(&number).await.gives("TG002").names("terminal_sn");
    till.closes(&number)
        .await
        .gives("0")
        .has(&[("trans_no", created.field("trans_no")), ("terminal_online_status", "")]);
    till.seen(&number).await.has(&[("trans_status", "1"), ("trans_error_code", "102")]);
    assert_eq!(till.is_told(&number).await.get("trans_status"), Some("1"));
    till.closes(&number).await.gives("0");
    till.closes("nobody").await.gives("E04111");
    // The terminal that comes later never sees it; the number may be used again.
    let terminal = terminal(&world, COUNTER, &[]).await;
    till.is_paid(&format!("merchant_order_no={number}")).await;
    assert_eq!(terminal.count("order"), 1);
    till.closes(&number).await.gives("TG005").names("paid");
    assert_eq!(till.status(&number).await, "2");
}

#[tokio::test]
async fn on_the_screen_before_the_card() {
    let world = TestWorld::new().await;
    let (till, terminal) = (till(&world).await, terminal(&world, COUNTER, &["walk-away", "pay"]).await);
    let number = till.orders("").await;
    till.becomes(&number, "0").await;
    till.closes(&number).await.gives("0");
    till.seen(&number).await.has(&[("trans_status", "1"), ("trans_error_code", "102")]);
    // The screen is free.
    till.is_paid("").await;
    assert_eq!(terminal.count("order"), 2);
}

#[tokio::test]
async fn while_the_card_is_charged() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    let number = till.orders("").await;
    let order = counter.takes().await;
    till.becomes(&number, "0").await;
    let word = charged(&world, COUNTER.0, &order, json!({})).await;
    let (answer, question) = tokio::join!(till.closes(&number), async {
        let question = counter.hears("ecrhub.pay.close").await;
        assert_eq!(question["biz_data"], json!({ "trade_no": order["biz_data"]["trade_no"] }));
        counter.answers(&question, "201", json!({})).await;
        question
    });
    answer.gives("TG005").names("charged");
    assert_eq!(question["request_id"], order["request_id"]);
    assert_eq!(till.status(&number).await, "0");
    counter.answers(&order, "000", result(&order, &word)).await;
    counter.hears("ecrhub.pay.result").await;
    till.becomes(&number, "2").await;
}

/// A terminal that says closed and charges all the same is caught by the acquirer, where the number is shut.
#[tokio::test]
async fn the_number_is_shut_at_the_acquirer() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    let number = till.orders("").await;
    let order = counter.takes().await;
    till.becomes(&number, "0").await;
    let (answer, ()) = tokio::join!(till.closes(&number), async {
        for _ in 0..2 {
            let question = counter.hears("ecrhub.pay.close").await;
            counter.answers(&question, "000", json!({})).await;
        }
        assert_eq!(counter.hears("ecrhub.pay.result").await["biz_data"]["trans_status"], 1);
    });
    answer.gives("0");
    let word = charged(&world, COUNTER.0, &order, json!({})).await;
    assert_eq!(word["approved"], false, "{word}");
    till.seen(&number).await.has(&[("trans_status", "1")]);
}

/// The result of an order that was closed without its terminal: the money is nobody's sale and goes back.
#[tokio::test]
async fn a_result_after_the_close() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    let number = till.orders("").await;
    let order = counter.takes().await;
    till.becomes(&number, "0").await;
    let word = charged(&world, COUNTER.0, &order, json!({})).await;
    counter.vanishes();
    // Nobody there to ask: the acquirer is, and it says paid.
    till.closes(&number).await.gives("TG005").names("paid");
    till.becomes(&number, "2").await;
    let mut counter = raw(&world, COUNTER).await;
    for _ in 0..2 {
        counter.answers(&order, "000", result(&order, &word)).await;
        assert_eq!(counter.hears("ecrhub.pay.result").await["biz_data"]["trans_status"], 2);
    }
    till.seen(&number).await.has(&[("paid_amount", "24")]);
}

/// A word against the acquirer's: closed there, and the terminal insists that it was paid. Nothing is booked.
#[tokio::test]
async fn a_late_yes_to_what_was_never_charged() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    let number = till.orders("").await;
    let order = counter.takes().await;
    till.becomes(&number, "0").await;
    counter.vanishes();
    till.closes(&number).await.gives("0");
    let mut counter = raw(&world, COUNTER).await;
    for (code, said) in [("115", json!({})), ("000", json!({ "trans_amount": "24.00", "auth_code": "A1" }))] {
        counter.answers(&order, code, said).await;
        assert_eq!(counter.hears("ecrhub.pay.result").await["biz_data"]["trans_status"], 1, "{code}");
    }
    till.seen(&number).await.has(&[("trans_status", "1"), ("trans_error_code", "102"), ("auth_no", "")]);
}

/// It said no, and charged the card: when it comes out the money goes back.
#[tokio::test]
async fn a_no_that_was_a_yes() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    let number = till.orders("").await;
    let order = counter.takes().await;
    till.becomes(&number, "0").await;
    let word = charged(&world, COUNTER.0, &order, json!({})).await;
    counter.answers(&order, "102", json!({})).await;
    assert_eq!(counter.hears("ecrhub.pay.result").await["biz_data"]["trans_status"], 1);
    for _ in 0..2 {
        counter.answers(&order, "000", result(&order, &word)).await;
        assert_eq!(counter.hears("ecrhub.pay.result").await["biz_data"]["trans_status"], 1);
    }
    let acquirer = &world.simulation().acquirer;
    let trade_no = order["request_id"].as_str().unwrap();
    crate::harness::eventually("the money is back", super::till::SOON, async || {
        (acquirer.transaction(trade_no).unwrap().refunded_minor == 2_400).then_some(())
    })
    .await;
    till.seen(&number).await.has(&[("trans_status", "1"), ("paid_amount", "")]);
}

#[tokio::test]
async fn time_runs_out() {
    let world = TestWorld::new().await;
    let (till, terrace) = (till(&world).await, till(&world).await.at(TERRACE));
    let _terrace = terminal(&world, TERRACE, &["walk-away"]).await;
    let (unseen, on_screen) = (till.orders("expires=1").await, terrace.orders("expires=2").await);
    terrace.becomes(&on_screen, "0").await;
    for (till, number) in [(&till, &unseen), (&terrace, &on_screen)] {
        let seen = till.becomes_within(number, "1", Duration::from_secs(6)).await;
        assert!(["107", "111"].contains(&seen.field("trans_error_code")), "{seen:?}");
        assert_eq!(till.is_told(number).await.get("trans_status"), Some("1"));
    }
    till.seen(&unseen).await.has(&[("trans_error_code", "107")]);
    till.closes(&unseen).await.gives("TG005");
    // Used again, by an order that is paid.
    pause_ms(10).await;
    let _counter = terminal(&world, COUNTER, &[]).await;
    till.is_paid(&format!("merchant_order_no={unseen}")).await;
}
