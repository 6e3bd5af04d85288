//! The till scans the payer's code, and the answer is the wallet's verdict, if it comes in time.

use tillgate_protocols::ottpay::Action;

use super::till::{Said as _, field, till};
use crate::harness::TestWorld;

#[tokio::test]
async fn each_wallet_pays_at_once_and_the_answer_says_so() {
    let world = TestWorld::new().await;
    let till = till(&world);
    for (wallet, prefix) in [("alipay", "AL"), ("wechat", "WX"), ("unionpay", "UP")] {
        let sale = till.passive(wallet, "tip=150&sale_num=77").await;
        let paid = till.calls(Action::PassivePay, &sale).await;
        paid.says("SUCCESS");
        for (name, value) in [
            ("order_status", "success"),
            ("order_id", field(&sale, "order_id")),
            ("total_amount", "1150"),
            ("receive_amount", "1150"),
            ("pay_amount", "1150"),
            ("exchange_rate", "5.25000000"),
        ] {
            assert_eq!(paid.field(name), value, "{name}");
        }
        assert_eq!(paid.field("buyer_login_id"), paid.field("buyer_logon_id"));
        assert!(paid.field("bizpay_order_id").starts_with(prefix));
        assert!(paid.field("trade_time").ends_with('M'), "{}", paid.field("trade_time"));
        assert_eq!(till.wallets_moved(paid.field("bizpay_order_id")).await, (1150, 0));
    }
}

#[tokio::test]
async fn a_payer_who_must_confirm_is_asked_about() {
    // Longer to confirm than this till waits.
    let world = TestWorld::with(|config| config.orders.verdict_within_s = 0).await;
    let till = till(&world);
    let sale = till.passive("wechat", "amount=1052").await;
    let waiting = till.calls(Action::PassivePay, &sale).await;
    assert_eq!(waiting.says("PROCESSING").field("order_status"), "notpay");
    assert_eq!(waiting.field("order_id"), field(&sale, "order_id"));
    assert_eq!(waiting.field("pay_amount"), "1052");
    till.becomes(field(&sale, "order_id"), "success").await;
}

#[tokio::test]
async fn a_verdict_that_comes_in_time_is_the_answer() {
    let world = TestWorld::with(|config| config.orders.verdict_within_s = 10).await;
    let till = till(&world);
    let paid = till.calls(Action::PassivePay, &till.passive("alipay", "amount=1052").await).await;
    assert_eq!(paid.says("SUCCESS").field("order_status"), "success");
}

#[tokio::test]
async fn a_declined_payment_has_failed_for_good() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.passive("alipay", "amount=1051").await;
    let declined = till.calls(Action::PassivePay, &sale).await;
    assert_eq!(declined.says("FAIL").field("order_status"), "failure");
    let order_id = field(&sale, "order_id");
    assert_eq!(till.order_status(order_id).await, "failure");
    till.refunds(order_id, "1", None).await.says("ORDER_TYPE_ERROR").names("ori_order_id");
    // The number is used up; a till that tries again takes another.
    till.calls(Action::PassivePay, &sale).await.says("ORDER_USED");
}

#[tokio::test]
async fn an_unknown_outcome_is_asked_about_and_never_charged_again() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.passive("unionpay", "amount=1053").await;
    let waiting = till.calls(Action::PassivePay, &sale).await;
    assert_eq!(waiting.says("PROCESSING").field("order_status"), "notpay");
    till.calls(Action::PassivePay, &sale).await.says("PROCESSING");
    till.becomes(field(&sale, "order_id"), "success").await;
    let status = till.status(field(&sale, "order_id")).await;
    assert_eq!(till.wallets_moved(status.field("bizpay_order_id")).await, (1053, 0));
}

#[tokio::test]
async fn the_same_message_again_is_the_same_payment() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.passive("alipay", "").await;
    let body = till.body(Action::PassivePay, &sale);
    let first = till.sends(body.clone()).await;
    first.says("SUCCESS");
    let again = till.sends(body).await;
    assert_eq!(again.says("ORDER_PAID").field("order_status"), "success");
    assert_eq!(again.field("bizpay_order_id"), first.field("bizpay_order_id"));
    till.calls(Action::PassivePay, &super::till::changed(sale, "amount=1001")).await.says("ORDER_USED");
    assert_eq!(till.wallets_moved(first.field("bizpay_order_id")).await, (1000, 0));
}

/// Without an order_id the message itself is the key: whoever sends it again charges nobody.
#[tokio::test]
async fn without_a_number_a_repeated_message_charges_once() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.passive("wechat", "-order_id").await;
    let body = till.body(Action::PassivePay, &sale);
    let first = till.sends(body.clone()).await;
    assert!(!first.says("SUCCESS").field("order_id").is_empty());
    assert_eq!(till.sends(body).await.says("ORDER_PAID").field("order_id"), first.field("order_id"));
    assert_eq!(till.order_status(first.field("order_id")).await, "success");
    assert_eq!(world.store().totals().await.unwrap().orders, [("paid".to_owned(), 1)]);
}
