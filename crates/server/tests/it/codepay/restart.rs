//! The gateway stops or dies in the middle of everything at the counter; on the same data folder everything ends.

use std::time::Duration;

use serde_json::json;

use super::counter::{switched_on, terminal};
use super::raw::{charged, raw, result};
use super::till::{COUNTER, Said as _, TERRACE, Till, till};
use crate::harness::TestWorld;

const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway has another address after its restart.
async fn goes_down(world: &mut TestWorld, suddenly: bool) {
    if suddenly {
        world.crash().await;
    } else {
        world.stop().await;
        crate::harness::checks::let_leases_end(&world.place.database);
    }
}

async fn everything_ends(suddenly: bool) {
    let mut world = TestWorld::new().await;
    let (till, terrace): (Till, Till) = (till(&world).await, till(&world).await.at(TERRACE));
    let state = world.data_dir().join("terrace.json");
    let device = switched_on(
        &world.place.url(""),
        TERRACE,
        &["pay", "pay", "pay", "pay", "walk-away", "pay"],
        Some(state.clone()),
    );
    let sale = terrace.is_paid("").await;
    let held = terrace.is_paid("trans_type=4&order_amount=50").await;
    let tipped = terrace.is_paid("order_amount=30").await;
    let refunded = terrace.is_paid("order_amount=30.59").await;
    let on_screen = terrace.orders("").await;
    terrace.becomes(&on_screen, "0").await;
    let waiting = [
        terrace.orders(&format!("trans_type=2&orig_merchant_order_no={sale}&order_amount=24")).await,
        terrace.orders(&format!("trans_type=6&orig_merchant_order_no={held}&order_amount=45")).await,
        terrace.orders("").await,
    ];
    // Charged, and the terminal cannot say so.
    let mut counter = raw(&world, COUNTER).await;
    let charging = till.orders("").await;
    let order = counter.takes().await;
    till.becomes(&charging, "0").await;
    let word = charged(&world, COUNTER.0, &order, json!({})).await;
    // A tip and a refund are on their way.
    let back = format!("merchant_order_no=R-{refunded}&orig_merchant_order_no={refunded}&order_amount=9");
    terrace.submits_refund(&back).await.gives("0");
    let _ = tokio::time::timeout(Duration::from_millis(5), terrace.adjusts_tip(&tipped, "3")).await;
    goes_down(&mut world, suddenly).await;
    device.off().await;
    drop(counter);
    world.start().await;
    let _device = switched_on(&world.place.url(""), TERRACE, &["pay"], Some(state));
    let mut counter = raw(&world, COUNTER).await;
    let again = counter.takes().await;
    assert_eq!(again["request_id"], order["request_id"]);
    counter.answers(&again, "000", result(&again, &word)).await;
    counter.hears_end().await;
    till.becomes(&charging, "2").await;
    terrace.closes(&on_screen).await;
    for number in &waiting {
        terrace.becomes_within(number, "2", PATIENCE).await;
    }
    terrace.becomes(&sale, "3").await;
    terrace.becomes(&held, "4").await;
    terrace.is_told(&waiting[1]).await;
    crate::harness::eventually("the tip is decided", PATIENCE, async || {
        let seen = terrace.seen(&tipped).await;
        ["", "3"].contains(&seen.field("tip_amount")).then_some(())
    })
    .await;
    terrace.adjusts_tip(&tipped, "4").await.gives("0");
    terrace.refund_becomes(&format!("R-{refunded}"), "2").await;
}

#[tokio::test]
async fn a_crash_at_the_counter() {
    everything_ends(true).await;
}

#[tokio::test]
async fn an_orderly_stop_at_the_counter() {
    everything_ends(false).await;
}

/// Connections are ended in good order, and the terminal comes back by itself.
#[tokio::test]
async fn terminals_are_told_that_it_stops() {
    let mut world = TestWorld::new().await;
    let mut counter = raw(&world, COUNTER).await;
    world.stop().await;
    counter.is_closed(1001).await;
    world.start().await;
    let till = till(&world).await;
    let _terminal = terminal(&world, COUNTER, &[]).await;
    till.is_paid("").await;
}
