//! The wallets' own process: its pages through any gateway, its callbacks to whichever takes them.

use super::{First, Outside, SOON, Two, on_postgres};
use crate::harness::{TestWorld, Unusual, eventually};

/// Needs no PostgreSQL: one gateway, on whatever the tests run on.
#[tokio::test]
async fn callbacks_go_to_the_next_gateway_when_one_is_not_there() {
    let mut outside = Outside::new();
    let world =
        TestWorld::unusual(Unusual { outside: outside.wallets(), ..Unusual::default() }, |_| {}).await;
    outside.serves(vec!["http://127.0.0.1:1".into(), world.place.url("")]);
    let order = world.merchant().sells("5.00").at_the_till().await;
    order.shown().await;
    order.wallet_pays().await.becomes("paid").await.is_notified("paid").await;
    order.refunds("2.00").await.gives(0);
    assert_eq!(order.wallet_moved().await, (500, 200));
    let world = &outside.simulation.world;
    eventually("no callback is left", SOON, async || world.next_due().is_none().then_some(())).await;
}

#[tokio::test]
async fn its_pages_are_passed_on() {
    let mut outside = Outside::new();
    let world =
        TestWorld::unusual(Unusual { outside: outside.wallets(), ..Unusual::default() }, |_| {}).await;
    outside.serves(vec![world.place.url("")]);
    let order = world.merchant().sells("5.00").at_the_till().await;
    order.shown().await;
    for path in [
        "/sandbox/wallet/alipay",
        "/sandbox/wallet/alipay/code",
        "/sandbox/statements/alipay.csv",
        "/sandbox/statements/acquirer.csv",
        "/sandbox/api/payments?limit=3",
        "/sandbox/api/acquirer",
        "/sandbox/api/totals",
        "/sandbox/api/ledger",
        "/sandbox/api/rules",
        "/sandbox/api/cards",
        "/sandbox/rules",
        "/sandbox",
    ] {
        let answer = world.place.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    assert_eq!(world.place.get("/sandbox/3ds/nobody").await.status, 404);
    assert_eq!(world.place.get("/sandbox/api/payments?wallet=nobody").await.status, 422);
}

/// A world that is not there is a wallet that does not answer.
#[tokio::test]
async fn without_its_world_nothing_is_paid() {
    let outside = Outside::new();
    let wallets = outside.wallets();
    let world = TestWorld::unusual(Unusual { outside: wallets, ..Unusual::default() }, |_| {}).await;
    drop(outside);
    let refused = world.place.get("/sandbox/api/totals").await;
    assert_eq!(refused.status, 502, "{}", refused.text());
}

on_postgres! {
    async fn callbacks_reach_the_other_node_when_one_has_stopped() {
        let mut two = Two::start(First::A).await;
        let elsewhere = crate::harness::Merchant::new(two.b.place.clone(), "U000334333", "W00000001");
        let order = elsewhere.sells("5.00").at_the_till().await;
        order.shown().await;
        two.a.stop().await;
        order.wallet_pays().await.becomes("paid").await.is_notified("paid").await;
        // Acknowledged: it is not offered again.
        let world = &two.outside().simulation.world;
        eventually("no callback is left", SOON, async || world.next_due().is_none().then_some(())).await;
    }
}
