//! Tips that change after the sale, and batches, after which they cannot.

use serde_json::json;

use super::counter::terminal;
use super::raw::{charged, raw, result};
use super::till::{COUNTER, Said as _, TERRACE, till};
use crate::harness::TestWorld;

#[tokio::test]
async fn a_tip_is_raised_lowered_and_taken_away() {
    let world = TestWorld::new().await;
    let (till, terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let sale = till.is_paid("order_amount=20&tip_amount=2&receipt_print_mode=1").await;
    for (tip, total, fee) in [
        ("3.5", "23.5", "0.35"),
        ("1", "21", "0.32"),
        ("1.00", "21", "0.32"),
        ("0", "20", "0.3"),
        ("40", "60", "0.9"),
    ] {
        let answer = till.adjusts_tip(&sale, tip).await;
        answer.gives("0");
        assert_eq!(answer.data.iter().count(), 0, "{answer:?}");
        till.seen(&sale).await.has(&[
            ("order_amount", "20"),
            ("paid_amount", total),
            ("trans_amount", total),
            ("trans_fee_c", fee),
        ]);
    }
    // The receipt of each is printed again.
    for total in ["22.00", "23.50", "21.00", "20.00", "60.00"] {
        terminal.prints(total).await;
    }
    for (tip, code) in
        [("-1", "TG002"), ("x", "TG002"), ("1.005", "TG002"), ("999999999", "TG002"), ("", "TG001")]
    {
        till.adjusts_tip(&sale, tip).await.gives(code).names("tip_adjustment_amount");
    }
    till.adjusts_tip("nobody", "1").await.gives("E04111");
    // 69: the acquirer says no, and all stays as it was.
    let refused = till.is_paid("order_amount=20.69").await;
    till.adjusts_tip(&refused, "1").await.gives("TG005").names("acquirer");
    till.seen(&refused).await.has(&[("paid_amount", "20.69")]);
    // Not once a part has gone back, and not of what took no money.
    let part = till.is_paid("").await;
    till.is_paid(&format!("trans_type=3&orig_merchant_order_no={part}&order_amount=1")).await;
    till.adjusts_tip(&part, "1").await.gives("TG005");
    let open = till.at(TERRACE).orders("").await;
    till.adjusts_tip(&open, "1").await.gives("TG005");
    till.at(TERRACE).closes(&open).await.gives("0");
    let held = till.is_paid("trans_type=4").await;
    till.adjusts_tip(&held, "1").await.gives("TG005");
    till.is_paid(&format!("trans_type=2&orig_merchant_order_no={held}&order_amount=24")).await;
}

#[tokio::test]
async fn a_batch_is_closed() {
    let world = TestWorld::new().await;
    let (till, terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    till.closes_batch().await.gives("ET007");
    let sale = till.is_paid("order_amount=20&tip_amount=4").await;
    let with_cash = till.is_paid("trans_type=11&order_amount=10&cashback_amount=20").await;
    let voided = till.is_paid("order_amount=99").await;
    till.is_paid(&format!("trans_type=2&orig_merchant_order_no={voided}&order_amount=99")).await;
    let held = till.is_paid("trans_type=4&order_amount=50").await;
    let captured = till.is_paid(&format!("trans_type=6&orig_merchant_order_no={held}&order_amount=40")).await;
    till.is_paid(&format!("trans_type=3&orig_merchant_order_no={sale}&order_amount=5")).await;
    let slow = till.is_paid("order_amount=10.68").await;
    // 24 + 30 + 40 - 5 + 10.68
    till.closes_batch().await.gives("0").has(&[("count", "5"), ("total_amount", "99.68")]);
    till.closes_batch().await.gives("ET007");
    terminal.prints("99.68").await;
    for number in [&sale, &with_cash, &captured, &held] {
        till.adjusts_tip(number, "1").await.gives("ET008");
    }
    for (number, amount) in [(&with_cash, "10"), (&captured, "40"), (&slow, "10.68")] {
        till.is_refused(
            &format!("trans_type=2&orig_merchant_order_no={number}&order_amount={amount}"),
            "ET008",
            "settled",
        )
        .await;
    }
    // Money still goes back, into the next batch.
    till.is_paid(&format!("trans_type=3&orig_merchant_order_no={with_cash}&order_amount=30")).await;
    let next = till.is_paid("order_amount=7").await;
    till.closes_batch().await.gives("0").has(&[("count", "2"), ("total_amount", "-23")]);
    till.is_refused(&format!("trans_type=2&orig_merchant_order_no={next}&order_amount=7"), "ET008", "").await;
    till.at(TERRACE).closes_batch().await.gives("ET007");
}

/// Of several currencies there is no sum.
#[tokio::test]
async fn a_batch_of_two_currencies() {
    let world = TestWorld::new().await;
    let (till, terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    till.is_paid("").await;
    till.is_paid("price_currency=JPY&order_amount=300").await;
    till.closes_batch().await.gives("0").has(&[("count", "2"), ("total_amount", "")]);
    terminal.prints("USD").await;
    terminal.prints("JPY").await;
}

/// Only who is asked for a tip may add one: what a terminal says must be what was ordered.
#[tokio::test]
async fn amounts_that_nobody_ordered() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    for (changes, more) in [
        ("", json!({ "trans_amount": "26.00", "tip_amount": "2.00" })),
        ("on_screen_tip=true", json!({ "trans_amount": "24.00", "tip_amount": "2.00" })),
        ("on_screen_tip=true", json!({ "trans_amount": "24.00", "tip_amount": -2 })),
        ("", json!({ "trans_amount": 24.00 })),
        ("", json!({ "trans_amount": "24.00", "cashback_amount": "1.00" })),
        ("", json!({ "trans_amount": "1.00" })),
    ] {
        let number = till.orders(changes).await;
        let order = counter.takes().await;
        let word = charged(&world, COUNTER.0, &order, json!({})).await;
        let mut said = result(&order, &word);
        said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        counter.answers(&order, "000", said).await;
        // The acquirer knows how much it was.
        let ended = loop {
            let frame = counter.hears_any().await;
            match frame["topic"].as_str().unwrap() {
                "ecrhub.pay.query" => {
                    counter.answers(&frame, "108", json!({ "trade_no": order["biz_data"]["trade_no"] })).await
                }
                _ => break frame,
            }
        };
        assert_eq!(
            (ended["topic"].as_str(), &ended["biz_data"]["trans_amount"]),
            (Some("ecrhub.pay.result"), &json!("24.00"))
        );
        till.becomes(&number, "2").await.has(&[("paid_amount", "24"), ("tip_amount", "")]);
    }
}

/// A refund is what the till said: the screen asks nobody for a tip on it, and nobody can add one.
#[tokio::test]
async fn no_tip_on_a_refund() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let sale = {
        let _terminal = terminal(&world, COUNTER, &[]).await;
        let sale = till.is_paid("").await;
        _terminal.off().await;
        sale
    };
    let mut counter = raw(&world, COUNTER).await;
    let number = till
        .orders(&format!("trans_type=3&orig_merchant_order_no={sale}&order_amount=5&on_screen_tip=true"))
        .await;
    let order = counter.takes().await;
    assert_eq!(order["biz_data"]["on_screen_tip"], false);
    let asked = json!({ "action": "refund", "is_capture": false, "orig_trade_no": order["biz_data"]["orig_trade_no"] });
    let word = charged(&world, COUNTER.0, &order, asked).await;
    let mut said = result(&order, &word);
    said["trans_amount"] = json!("6.00");
    said["tip_amount"] = json!("1.00");
    counter.answers(&order, "000", said).await;
    let question = counter.hears("ecrhub.pay.query").await;
    counter.answers(&question, "108", json!({})).await;
    counter.hears("ecrhub.pay.result").await;
    till.seen(&number).await.has(&[("trans_status", "2"), ("trans_amount", "5")]);
}
