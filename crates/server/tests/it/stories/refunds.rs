//! Money back, in one piece or in parts.

use crate::harness::{Order, TestWorld};

async fn paid(world: &TestWorld, amount: &str) -> Order {
    let order = world.merchant().sells(amount).by_bar_code("134588558514585062").await;
    order.becomes("paid").await;
    order
}

#[tokio::test]
async fn parts_up_to_the_whole() {
    let world = TestWorld::new().await;
    let order = paid(&world, "10.00").await;
    order.refunds_with_note("4.00", "one bottle").await.gives(0);
    order.refunds_with_note("4.00", "one bottle").await.gives(562).names("reference");
    order.refunds_with_note("4.00", "another bottle").await.gives(0);
    order.refunds_with_note("2.01", "the rest").await.gives(559).names("refund_amount");
    order.refunds_with_note("10.01", "too much").await.gives(550).names("refund_amount");
    order.refunds_with_note("2", "the rest").await.gives(0);
    order.refunds_with_note("0.01", "nothing is left").await.gives(559);
    order.refunds_with_note("2.00", "the rest").await.gives(562);
    order.is("paid").await;
    assert_eq!(order.wallet_moved().await, (1000, 1000));
    order.is_notified("paid").await;
    assert_eq!(order.notifications().len(), 1, "a refund is not notified");
}

/// Ten tills send the same refund at the same moment.
#[tokio::test]
async fn the_same_refund_at_the_same_moment() {
    let world = TestWorld::new().await;
    let order = paid(&world, "10.00").await;
    let same = (0..10).map(|_| {
        let order = order.clone();
        tokio::spawn(async move { order.refunds_with_note("3.00", "same").await.code() })
    });
    let mut codes = Vec::new();
    for answer in same.collect::<Vec<_>>() {
        codes.push(answer.await.unwrap());
    }
    codes.sort_unstable();
    assert_eq!(codes, [[0].as_slice(), &[562; 9]].concat());
    assert_eq!(order.wallet_moved().await, (1000, 300));
}

/// Different ones that together are more than was paid.
#[tokio::test]
async fn refunds_never_exceed_the_payment() {
    let world = TestWorld::new().await;
    let order = paid(&world, "10.00").await;
    let each = (0..10).map(|number| {
        let order = order.clone();
        tokio::spawn(async move { order.refunds_with_note("3.00", &format!("part {number}")).await.code() })
    });
    let mut codes = Vec::new();
    for answer in each.collect::<Vec<_>>() {
        codes.push(answer.await.unwrap());
    }
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 3);
    assert_eq!(codes.iter().filter(|code| **code == 559).count(), 7);
    assert_eq!(order.wallet_moved().await, (1000, 900));
}

#[tokio::test]
async fn only_what_was_paid_to_this_merchant() {
    let world = TestWorld::new().await;
    let order = paid(&world, "10.00").await;
    let order_id = order.order_id().await;
    let stranger = crate::harness::Merchant::new(world.place.clone(), "U000000013", "W000000023");
    stranger.refunds(&order_id, "1.00", "mine now").await.gives(551).names("order_id");
    stranger.cancels(&order.reference).await.gives(201);
    stranger.queries(&order.reference).await.gives(201);
    order.merchant.refunds("23479798sdf7987234", "1.00", "").await.gives(551);
    order.merchant.refunds("2018071000000033", "1.00", "").await.gives(551);
    let unpaid = world.merchant().sells("5.00").at_the_till().await;
    unpaid.refunds("5.00").await.gives(558);
    assert_eq!(order.wallet_moved().await, (1000, 0));
}
