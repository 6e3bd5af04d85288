//! What is taken back at the terminal: voids of the whole, refunds of parts.

use super::counter::terminal;
use super::till::{COUNTER, Said as _, TERRACE, till};
use crate::harness::TestWorld;

#[tokio::test]
async fn a_sale_is_voided() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &["tip=2.00"]).await);
    let sale = till.is_paid("on_screen_tip=true").await;
    let void = |amount: &str| format!("trans_type=2&orig_merchant_order_no={sale}&order_amount={amount}");
    till.is_refused(&void("10"), "E04132", "whole").await;
    till.is_refused(&void("26.01"), "E04132", "whole").await;
    // Registers send the amount they sent before; the tip came later.
    let number = till.is_paid(&void("24")).await;
    till.seen(&number).await.has(&[("trans_type", "2"), ("trans_amount", "26")]);
    till.seen(&sale).await.has(&[("trans_status", "3"), ("trans_fee_c", "0")]);
    till.is_refused(&void("24"), "ET002", "orig_merchant_order_no").await;
    till.is_refused(
        &format!("trans_type=3&orig_merchant_order_no={sale}&order_amount=1"),
        "ET003",
        "orig_merchant_order_no",
    )
    .await;
    assert_eq!(till.adjusts_tip(&sale, "1").await.code, "TG005");
    // A number is used up, whatever became of the order it acts on.
    till.is_refused(&format!("merchant_order_no={number}&{}", void("24")), "E04112", "repeated").await;
    assert_eq!(till.is_told(&number).await.get("trans_type"), Some("2"));
}

#[tokio::test]
async fn after_a_tip_was_adjusted_the_whole_is_voided() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    for amount in ["24", "33.5"] {
        let sale = till.is_paid("").await;
        till.adjusts_tip(&sale, "9.5").await.gives("0");
        let number =
            till.is_paid(&format!("trans_type=2&orig_merchant_order_no={sale}&order_amount={amount}")).await;
        till.seen(&number).await.has(&[("trans_amount", "33.5")]);
        assert_eq!(till.status(&sale).await, "3");
    }
}

/// A void the issuer refuses, one nobody answers, one the manager refuses.
#[tokio::test]
async fn voids_that_go_wrong() {
    let world = TestWorld::new().await;
    let (till, terrace) = (till(&world).await, till(&world).await.at(TERRACE));
    let _counter = terminal(&world, COUNTER, &[]).await;
    let _terrace = terminal(&world, TERRACE, &["pay", "manager-refuses", "pay"]).await;
    let sale = till.is_paid("order_amount=10.66").await;
    let number = till.orders(&format!("trans_type=2&orig_merchant_order_no={sale}&order_amount=10.66")).await;
    till.becomes(&number, "1").await.has(&[("trans_error_code", "21")]);
    assert_eq!(till.status(&sale).await, "2", "the sale stands");
    till.is_paid(&format!("trans_type=3&orig_merchant_order_no={sale}&order_amount=10.66")).await;

    let sale = terrace.is_paid("").await;
    let void = format!(
        "trans_type=2&orig_merchant_order_no={sale}&order_amount=24&required_terminal_authentication=true"
    );
    let number = terrace.orders(&void).await;
    terrace.becomes(&number, "1").await.has(&[("trans_error_code", "110")]);
    terrace.is_paid(&void).await;
    assert_eq!(terrace.status(&sale).await, "3");

    let sale = till.is_paid("order_amount=10.67").await;
    let number = till.orders(&format!("trans_type=2&orig_merchant_order_no={sale}&order_amount=10.67")).await;
    till.becomes_within(&number, "2", std::time::Duration::from_secs(25)).await;
    assert_eq!(till.status(&sale).await, "3");
}

#[tokio::test]
async fn parts_are_refunded_at_the_terminal() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let sale = till.is_paid("order_amount=20&tip_amount=4").await;
    let refund = |amount: &str| format!("trans_type=3&orig_merchant_order_no={sale}&order_amount={amount}");
    let first = till.is_paid(&refund("5")).await;
    till.seen(&first).await.has(&[("trans_type", "3"), ("trans_amount", "5"), ("trans_fee_c", "0")]);
    till.is_refused(
        &format!("trans_type=2&orig_merchant_order_no={sale}&order_amount=24"),
        "TG005",
        "refunded",
    )
    .await;
    till.is_refused(&refund("19.01"), "E04126", "refund").await;
    till.is_paid(&refund("19")).await;
    till.is_refused(&refund("0.01"), "E04126", "refund").await;
    till.seen(&sale).await.has(&[("trans_status", "2"), ("paid_amount", "24")]);
    assert_eq!(till.is_told(&first).await.get("trans_type"), Some("3"));
    for (changes, code) in [
        (format!("trans_type=3&orig_merchant_order_no={first}&order_amount=1"), "TG005"),
        (format!("trans_type=2&orig_merchant_order_no={first}&order_amount=5"), "TG005"),
        (format!("trans_type=6&orig_merchant_order_no={sale}&order_amount=5"), "ET003"),
        ("trans_type=3&orig_merchant_order_no=nobody&order_amount=1".into(), "ET003"),
        ("trans_type=2&orig_merchant_order_no=nobody&order_amount=1".into(), "ET002"),
        (format!("trans_type=3&orig_merchant_order_no={sale}&order_amount=1&price_currency=CAD"), "TG002"),
    ] {
        till.is_refused(&changes, code, "").await;
    }
}

/// A refund is refused by the issuer: nothing stays set aside.
#[tokio::test]
async fn a_refund_the_issuer_declines() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let sale = till.is_paid("order_amount=20.58").await;
    let number = till.orders(&format!("trans_type=3&orig_merchant_order_no={sale}&order_amount=20.58")).await;
    till.becomes(&number, "1").await.has(&[("trans_error_code", "57")]);
    till.seen(&sale).await.has(&[("trans_status", "2"), ("paid_amount", "20.58")]);
    let again = till.orders(&format!("trans_type=3&orig_merchant_order_no={sale}&order_amount=20.58")).await;
    till.becomes(&again, "1").await;
}
