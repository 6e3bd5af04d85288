//! A payment nobody waits for any more is cancelled, and what was paid after all goes back.

use tillgate_protocols::ottpay::Action;

use super::till::{SOON, Said as _, field, till};
use crate::harness::{TestWorld, eventually};

async fn short_lived() -> TestWorld {
    TestWorld::with(|config| {
        config.orders.barcode_lifetime_s = 1;
        config.orders.verdict_within_s = 0;
    })
    .await
}

/// Rule 53: the wallet takes the money and says nothing for five seconds; when it speaks, the order's time is up.
#[tokio::test]
async fn what_turns_out_to_be_paid_goes_back() {
    let world = short_lived().await;
    let till = till(&world);
    let sale = till.passive("alipay", "amount=1053&tip=100").await;
    let order_id = field(&sale, "order_id");
    // The tip makes it end in 53 still: 1153.
    till.calls(Action::PassivePay, &sale).await.says("PROCESSING");
    till.becomes(order_id, "canceling").await;
    // A till that lost its answer asks again: the same order, not a number that is used up.
    let again = till.calls(Action::PassivePay, &sale).await;
    assert_eq!(again.says("PROCESSING").field("order_status"), "canceling");
    till.becomes(order_id, "orderclosed").await;
    let bizpay = till.status(order_id).await.field("bizpay_order_id").to_owned();
    eventually("the money is back", SOON, async || {
        (till.wallets_moved(&bizpay).await == (1153, 1153)).then_some(())
    })
    .await;
    assert_eq!(till.order_status(order_id).await, "orderclosed");
    till.refunds(order_id, "1153", None).await.says("ORDER_TYPE_ERROR");
}

/// Rule 54: it takes nothing, and says so in the end.
#[tokio::test]
async fn what_was_never_paid_is_closed() {
    let world = short_lived().await;
    let till = till(&world);
    let sale = till.passive("wechat", "amount=1054").await;
    let order_id = field(&sale, "order_id");
    till.calls(Action::PassivePay, &sale).await.says("PROCESSING");
    till.becomes(order_id, "orderclosed").await;
    let again = till.calls(Action::PassivePay, &sale).await;
    again.says("ORDER_USED");
    let bizpay = till.status(order_id).await.field("bizpay_order_id").to_owned();
    assert_eq!(till.wallets_moved(&bizpay).await, (0, 0));
}

/// The gateway dies while the wallet is silent: the next one finds out, and charges nobody again.
#[tokio::test]
async fn a_crash_in_between_changes_nothing() {
    let mut world = TestWorld::with(|config| config.orders.verdict_within_s = 0).await;
    let till = till(&world);
    let sale = till.passive("unionpay", "amount=1053").await;
    till.calls(Action::PassivePay, &sale).await.says("PROCESSING");
    world.crash().await;
    world.start().await;
    till.becomes(field(&sale, "order_id"), "success").await;
    let bizpay = till.status(field(&sale, "order_id")).await.field("bizpay_order_id").to_owned();
    assert_eq!(till.wallets_moved(&bizpay).await, (1053, 0));
}
