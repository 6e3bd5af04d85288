//! Money back: in parts, with a number of its own or without, tips last.

use tillgate_protocols::ottpay::Action;

use super::till::{Said as _, field, till};
use crate::harness::{TestWorld, checks};

#[tokio::test]
async fn parts_add_up_and_the_tip_goes_last() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.passive("alipay", "tip=200").await;
    let order_id = field(&sale, "order_id");
    let bizpay =
        till.calls(Action::PassivePay, &sale).await.says("SUCCESS").field("bizpay_order_id").to_owned();
    let first = till.refunds(order_id, "900", Some("R-1")).await;
    for (name, value) in [
        ("order_id", "R-1"),
        ("ori_order_id", order_id),
        ("refund_amt", "900"),
        ("order_status", "partial_refunded"),
        ("bizpay_order_id", &bizpay),
    ] {
        assert_eq!(first.says("SUCCESS").field(name), value, "{name}");
    }
    assert_eq!(till.status(order_id).await.field("refund_fee"), "900");
    till.refunds(order_id, "301", None).await.says("PARAM_ERROR").names("refund_amt");
    till.refunds(order_id, "1201", None).await.says("PARAM_ERROR").names("refund_amt");
    let last = till.refunds(order_id, "300", Some("R-2")).await;
    assert_eq!(last.says("SUCCESS").field("order_status"), "fully_refunded");
    let status = till.status(order_id).await;
    assert_eq!((status.field("order_status"), status.field("refund_fee")), ("fully_refunded", "1200"));
    assert_eq!(till.wallets_moved(&bizpay).await, (1200, 1200));
    let tips = "SELECT sum(amount_minor), count(*) FROM postings WHERE account LIKE 'tips_payable:%'";
    assert_eq!(checks::rows(&checks::connect(&world.place.database), tips), ["0 2"]);
}

#[tokio::test]
async fn a_refund_is_asked_about_by_its_own_number() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.passive("wechat", "").await;
    let order_id = field(&sale, "order_id");
    till.calls(Action::PassivePay, &sale).await.says("SUCCESS");
    till.refunds(order_id, "400", Some("R-1")).await.says("SUCCESS");
    let refund = till.status("R-1").await;
    for (name, value) in [("order_id", "R-1"), ("ori_order_id", order_id), ("refund_amt", "400")] {
        assert_eq!(refund.says("SUCCESS").field(name), value);
    }
    // A refund is no order: it cannot be refunded, and its number cannot be sold under.
    till.refunds("R-1", "1", None).await.says("ORDER_TYPE_ERROR").names("ori_order_id");
    till.calls(Action::ActivePay, &super::till::changed(till.active(""), "order_id=R-1"))
        .await
        .says("ORDER_USED");
    till.status("R-9").await.says("PARAM_ERROR").names("order_id");
    till.refunds("nobody", "1", None).await.says("PARAM_ERROR").names("ori_order_id");
}

#[tokio::test]
async fn the_same_refund_again_is_the_same_refund() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.passive("alipay", "").await;
    let order_id = field(&sale, "order_id");
    let bizpay = till.calls(Action::PassivePay, &sale).await.field("bizpay_order_id").to_owned();
    for own in [Some("R-1"), None] {
        let (first, again) =
            (till.refunds(order_id, "250", own).await, till.refunds(order_id, "250", own).await);
        assert_eq!(again.says("SUCCESS").field("order_id"), first.says("SUCCESS").field("order_id"));
    }
    assert_eq!(till.wallets_moved(&bizpay).await, (1000, 500));
    // Another content under a number that is taken, by a refund or by an order.
    let used = till.refunds(order_id, "251", Some("R-1")).await;
    assert_eq!(used.says("ORDER_USED").field("order_id"), "R-1");
    till.refunds(order_id, "251", Some(order_id)).await.says("ORDER_USED");
    assert_eq!(till.wallets_moved(&bizpay).await, (1000, 500));
}

/// Rule 58: this wallet declines refunds.
#[tokio::test]
async fn a_declined_refund_frees_its_amount_and_may_be_tried_again() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.passive("alipay", "amount=1058").await;
    let order_id = field(&sale, "order_id");
    till.calls(Action::PassivePay, &sale).await.says("SUCCESS");
    let first = till.refunds(order_id, "1058", None).await;
    assert_eq!(first.says("FAIL").field("order_status"), "failure");
    let again = till.refunds(order_id, "1058", None).await;
    assert_ne!(again.says("FAIL").field("order_id"), first.field("order_id"));
    let asked = till.status(first.field("order_id")).await;
    assert_eq!(asked.says("SUCCESS").field("order_status"), "failure");
    assert_eq!(till.order_status(order_id).await, "success");
}
