//! The gateway stops or dies in the middle of everything; on the same data folder everything ends.

use std::time::Duration;

use crate::harness::checks::{connect, rows};
use crate::harness::together::{story, together};
use crate::harness::{Order, Reply, TestWorld, eventually};

const CODE: &str = "134588558514585062";
const PATIENCE: Duration = Duration::from_secs(15);

struct Open {
    pending: Order,
    unseen: Order,
    charging: Order,
    closing: Order,
    refunding: Order,
    told_badly: Order,
}

async fn open_orders(world: &TestWorld) -> Open {
    let merchant = world.merchant();
    let pending = merchant.sells("10.00").at_the_till().await;
    pending.shown().await;
    let unseen = merchant.sells("11.00").at_the_till().await;
    // The wallet has taken the money and says nothing.
    let charging = merchant.sells("10.53").by_bar_code(CODE).await;
    // The wallet does not answer the close.
    let closing = merchant.sells("10.54").at_the_till().await;
    closing.shown().await;
    assert_eq!(closing.payer_presses("pay").await.status, 503);
    // The wallet gives the money back and says nothing.
    let refunding = merchant.sells("10.59").by_bar_code(CODE).await;
    refunding.becomes("paid").await.is_notified("paid").await;
    let sale = merchant.sells("12.00");
    let path = format!("/paid/{}", sale.field("merchant_reference"));
    world.place.receiver.answers(&path, &[Reply::Status(500, ""), Reply::Status(200, "")]);
    let told_badly = sale.by_bar_code(CODE).await;
    told_badly.is_notified("paid").await;
    Open { pending, unseen, charging, closing, refunding, told_badly }
}

/// A cancel and a refund are on their way to the wallet when it happens.
async fn in_flight(open: &Open) {
    let (closing, refunding) = (open.closing.clone(), open.refunding.clone());
    let order_id = refunding.order_id().await;
    tokio::spawn(async move { closing.cancels().await });
    tokio::spawn(async move { refunding.merchant.refunds(&order_id, "10.00", "back").await });
    let database = open.pending.merchant.place.database.clone();
    eventually("both are stored", PATIENCE, async || {
        let sql =
            "SELECT 1 FROM orders WHERE state = 'closing' UNION ALL SELECT 1 FROM work WHERE slot = 'r'";
        (rows(&connect(&database), sql).len() == 2).then_some(())
    })
    .await;
}

async fn everything_ends(open: Open) {
    let Open { pending, unseen, charging, closing, refunding, told_badly } = open;
    together(vec![
        story("pending", async move {
            pending.is("pending").await.shown().await;
            pending.wallet_pays().await.becomes("paid").await.is_notified("paid").await;
            pending.refunds("10.00").await.gives(0);
        }),
        story("never shown", async move {
            unseen.shown().await;
            unseen.wallet_pays().await.becomes("paid").await.is_notified("paid").await;
        }),
        story("charging", async move {
            charging.becomes_within("paid", PATIENCE).await.is_notified("paid").await;
            assert_eq!(charging.wallet_moved().await, (1053, 0));
        }),
        story("closing", async move {
            closing.becomes_within("canceled", PATIENCE).await.is_notified("canceled").await;
        }),
        story("refund requested", async move {
            let done = async || (refunding.wallet_moved().await == (1059, 1000)).then_some(());
            eventually("the money is back", PATIENCE, done).await;
            refunding.refunds_with_note("10.00", "back").await.gives(562);
            refunding.refunds_with_note("0.60", "more than is left").await.gives(559);
        }),
        story("notification owed", async move {
            let all = told_badly.is_notified_times(2).await;
            assert_eq!(all[0].body, all[1].body);
        }),
    ])
    .await;
}

#[tokio::test]
async fn a_crash_in_the_middle_of_everything() {
    let mut world = TestWorld::new().await;
    let open = open_orders(&world).await;
    in_flight(&open).await;
    world.crash().await;
    world.start().await;
    everything_ends(open).await;
}

#[tokio::test]
async fn an_orderly_stop_in_the_middle_of_everything() {
    let mut world = TestWorld::new().await;
    let open = open_orders(&world).await;
    in_flight(&open).await;
    world.stop().await;
    crate::harness::checks::let_leases_end(&world.place.database);
    world.start().await;
    everything_ends(open).await;
}

/// While it was down the time of an order ran out, and a payer paid another.
#[tokio::test]
async fn what_happened_while_it_was_down() {
    let mut world = TestWorld::with(|config| config.orders.lifetime_s = 2).await;
    let late = world.merchant().sells("5.00").at_the_till().await;
    late.shown().await;
    let unseen = world.merchant().sells("5.00").at_the_till().await;
    let paid = world.merchant().sells("5.63").at_the_till().await;
    paid.shown().await;
    world.crash().await;
    crate::harness::pause_ms(2_200).await;
    world.start().await;
    late.becomes("failed").await.is_notified("failed").await;
    unseen.becomes("failed").await.is_notified("failed").await;
    paid.becomes("paid").await.is_notified("paid").await;
}
