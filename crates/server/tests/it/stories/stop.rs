//! Orders that end without a payment: cancelled or out of time.

use std::time::Duration;

use crate::harness::together::{story, together};
use crate::harness::{TestWorld, pause_ms};

#[tokio::test]
async fn a_cancel_before_and_after_the_code_was_shown() {
    let world = TestWorld::new().await;
    for shown in [false, true] {
        let order = world.merchant().sells("5.00").at_the_till().await;
        if shown {
            order.shown().await;
        }
        order.cancels().await.gives(0);
        order.is("canceled").await.is_notified("canceled").await;
        order.cancels().await.gives(0);
        order.gatewaydata().await.gives(901);
        order.refunds("5.00").await.gives(558);
        assert_eq!(order.wallet_moved().await, (0, 0));
        if shown {
            assert_eq!(order.payer_presses("pay").await.status, 409, "the wallet has closed it");
        }
        pause_ms(100).await;
        assert_eq!(order.notifications().len(), 1);
    }
}

#[tokio::test]
async fn what_is_paid_or_failed_cannot_be_cancelled() {
    let world = TestWorld::new().await;
    let paid = world.merchant().sells("5.00").at_the_till().await;
    paid.shown().await;
    paid.wallet_pays().await.becomes("paid").await;
    paid.cancels().await.gives(900).names("merchant_reference");
    paid.is("paid").await;
    let failed = world.merchant().sells("5.51").by_bar_code("134588558514585062").await;
    failed.becomes("failed").await;
    failed.cancels().await.gives(901).names("merchant_reference");
    let declined = world.merchant().sells("5.00").at_the_till().await;
    declined.shown().await;
    declined.wallet_declines().await.becomes("failed").await;
    declined.cancels().await.gives(901);
    declined.is_notified("failed").await;
}

/// A payer who pays while the merchant cancels: one of them wins, and both agree who.
#[tokio::test]
async fn a_cancel_races_a_payment() {
    let world = TestWorld::new().await;
    for _ in 0..12 {
        let order = world.merchant().sells("6.00").at_the_till().await;
        order.shown().await;
        let (cancel, pay) = tokio::join!(order.cancels(), order.payer_presses("pay"));
        match cancel.code() {
            0 => {
                assert_eq!(pay.status, 409);
                order.is("canceled").await;
                assert_eq!(order.wallet_moved().await, (0, 0));
            }
            900 => {
                assert_eq!(pay.status, 200);
                order.is("paid").await;
            }
            other => panic!("code {other}"),
        }
    }
}

/// A till that cancels right after it has sent a bar code, while the wallet is being asked for the money.
#[tokio::test]
async fn a_cancel_races_a_charge() {
    let world = TestWorld::new().await;
    for _ in 0..12 {
        let order = world.merchant().sells("6.00").by_bar_code("134588558514585062").await;
        let status = match order.cancels().await.code() {
            0 => "canceled",
            900 => "paid",
            other => panic!("code {other}"),
        };
        order.is(status).await.is_notified(status).await;
    }
}

#[tokio::test]
async fn an_order_ends_when_its_time_is_up() {
    let world = TestWorld::with(|config| {
        config.orders.lifetime_s = 1;
        config.orders.barcode_lifetime_s = 1;
    })
    .await;
    let merchant = world.merchant();
    let till = merchant.sells("5.00").at_the_till().await;
    till.shown().await;
    let unseen = merchant.sells("5.00").at_the_till().await;
    let online = merchant.sells("5.00").online().await;
    online.page().await;
    let app = merchant.sells("5.00").in_the_mini_app().await;
    let bar_code = merchant.sells("5.61").by_bar_code("134588558514585062").await;
    let stories = [till, unseen, online, app, bar_code].map(|order| {
        story(order.reference.clone(), async move {
            order.becomes_within("failed", Duration::from_secs(10)).await.is_notified("failed").await;
            order.cancels().await.gives(901);
            assert_eq!(order.wallet_moved().await, (0, 0));
        })
    });
    together(stories.into()).await;
}
