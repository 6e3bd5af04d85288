//! Authorizations: money that is held, then taken in whole, in part or not at all.

use super::counter::terminal;
use super::till::{COUNTER, Said as _, TERRACE, till};
use crate::harness::TestWorld;

#[tokio::test]
async fn a_part_of_what_was_held_is_captured() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let held = till.is_paid("trans_type=4&order_amount=100").await;
    till.seen(&held).await.has(&[("trans_type", "4"), ("order_amount", "100"), ("trans_amount", "100")]);
    till.is_refused(
        &format!("trans_type=6&orig_merchant_order_no={held}&order_amount=100.01"),
        "TG002",
        "order_amount",
    )
    .await;
    till.is_refused(
        &format!("trans_type=6&orig_merchant_order_no={held}&order_amount=90&tip_amount=10.01"),
        "TG002",
        "order_amount",
    )
    .await;
    let captured = till
        .is_paid(&format!("trans_type=6&orig_merchant_order_no={held}&order_amount=80&tip_amount=5"))
        .await;
    till.seen(&captured).await.has(&[
        ("trans_type", "6"),
        ("order_amount", "80"),
        ("tip_amount", "5"),
        ("paid_amount", "85"),
    ]);
    till.seen(&held).await.has(&[
        ("trans_status", "4"),
        ("paid_amount", "85"),
        ("tip_amount", "5"),
        ("trans_fee_c", "1.28"),
    ]);
    // Once.
    till.is_refused(
        &format!("trans_type=6&orig_merchant_order_no={held}&order_amount=10"),
        "ET003",
        "orig_merchant_order_no",
    )
    .await;
    assert_eq!(till.is_told(&captured).await.get("trans_type"), Some("6"));
    // What was captured is voided by the number of the completion or of the authorization.
    let undone =
        till.is_paid(&format!("trans_type=2&orig_merchant_order_no={captured}&order_amount=85")).await;
    till.seen(&undone).await.has(&[("trans_type", "2")]);
    assert_eq!(till.status(&held).await, "3");
}

/// What is held is not paid, and on its way nothing else can be done to it.
#[tokio::test]
async fn one_thing_at_a_time() {
    let world = TestWorld::new().await;
    let (till, terrace) = (till(&world).await, till(&world).await.at(TERRACE));
    let _counter = terminal(&world, COUNTER, &[]).await;
    let held = till.is_paid("trans_type=4&order_amount=50").await;
    let first = format!("trans_type=6&orig_merchant_order_no={held}&order_amount=50");
    // The terrace's terminal is off: the completion waits.
    let waiting = terrace.orders(&first).await;
    till.is_refused(&first, "TG005", "busy").await;
    till.is_refused(&format!("trans_type=2&orig_merchant_order_no={held}&order_amount=50"), "TG005", "busy")
        .await;
    till.is_refused(&format!("trans_type=3&orig_merchant_order_no={held}&order_amount=5"), "TG005", "").await;
    terrace.closes(&waiting).await.gives("0");
    // Given up, it holds nothing back.
    let undone = till.is_paid(&format!("trans_type=2&orig_merchant_order_no={held}&order_amount=50")).await;
    assert_eq!((till.status(&held).await, till.status(&undone).await), ("3".into(), "2".into()));
    till.is_refused(&first, "ET003", "orig_merchant_order_no").await;
}

#[tokio::test]
async fn a_capture_the_issuer_declines() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let held = till.is_paid("trans_type=4&order_amount=10.70").await;
    let declined =
        till.orders(&format!("trans_type=6&orig_merchant_order_no={held}&order_amount=10.70")).await;
    till.becomes(&declined, "1").await.has(&[("trans_error_code", "05")]);
    assert_eq!(till.status(&held).await, "2", "still held");
    till.is_paid(&format!("trans_type=2&orig_merchant_order_no={held}&order_amount=10.70")).await;
    assert_eq!(till.status(&held).await, "3");
}

/// A tip of an authorization is part of what is held.
#[tokio::test]
async fn a_tip_on_the_screen_is_held_too() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &["tip=2.50"]).await);
    let held = till.is_paid("trans_type=4&order_amount=40&on_screen_tip=true").await;
    till.seen(&held).await.has(&[("tip_amount", "2.5"), ("trans_amount", "42.5")]);
    till.is_paid(&format!("trans_type=6&orig_merchant_order_no={held}&order_amount=42.50")).await;
    till.seen(&held).await.has(&[("trans_status", "4"), ("paid_amount", "42.5")]);
}
