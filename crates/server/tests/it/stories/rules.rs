//! The wallets' rules by amount ending, each in the flows where it means something. They run side by side.

use std::time::Duration;

use crate::harness::checks::{connect, rows};
use crate::harness::together::{Story, story, together};
use crate::harness::{Merchant, Order, TestWorld, eventually, pause_ms};

use super::mini_app::trade_pay;

const CODE: &str = "134588558514585062";
/// Longer than any silence and any wait between two questions at first.
const LATER: Duration = Duration::from_secs(20);

type Named = (String, Story);

async fn at_the_till(merchant: &Merchant, amount: &str) -> Order {
    let order = merchant.sells(amount).at_the_till().await;
    order.shown().await;
    order
}

/// The order ends so, the merchant hears it once, and the wallet moved exactly that.
async fn ends(order: &Order, status: &str, moved: (i64, i64)) {
    order.becomes_within(status, LATER).await.is_notified(status).await;
    eventually("the wallet's books", LATER, async || (order.wallet_moved().await == moved).then_some(()))
        .await;
    order.is(status).await;
    assert_eq!(order.notifications().len(), 1);
}

fn shown_by_the_till(merchant: &Merchant) -> Vec<Named> {
    let m = merchant.clone();
    let tell = |name: &str| format!("till, {name}");
    let mut stories: Vec<Named> = Vec::new();
    for (name, amount, status, moved) in [
        ("51 declined", "10.51", "failed", (0, 0)),
        ("53 no answer, later paid", "10.53", "paid", (1053, 0)),
        ("57 no callback, found by asking", "10.57", "paid", (1057, 0)),
        ("61 as usual", "10.61", "paid", (1061, 0)),
    ] {
        let m = m.clone();
        stories.push(story(tell(name), async move {
            let order = at_the_till(&m, amount).await;
            order.wallet_pays().await;
            ends(&order, status, moved).await;
        }));
    }
    for (name, amount, moved) in [("52 by itself", "10.52", (1052, 0)), ("63 by itself", "10.63", (1063, 0))]
    {
        let m = m.clone();
        stories.push(story(
            tell(name),
            async move { ends(&at_the_till(&m, amount).await, "paid", moved).await },
        ));
    }
    stories.push(story(tell("60 garbage, then works"), {
        let m = m.clone();
        async move {
            let order = m.sells("10.60").at_the_till().await;
            order.gatewaydata().await.gives(1);
            let look = async || (order.gatewaydata().await.code() == 0).then_some(());
            eventually("the wallet talks sense", LATER, look).await;
            order.wallet_pays().await;
            ends(&order, "paid", (1060, 0)).await;
        }
    }));
    stories.push(story(tell("62 forged callback"), async move {
        let order = at_the_till(&m, "10.62").await;
        pause_ms(600).await;
        order.is("pending").await.is_never_notified().await.wallet_pays().await;
        ends(&order, "paid", (1062, 0)).await;
    }));
    stories
}

fn scanned_by_the_till(merchant: &Merchant) -> Vec<Named> {
    let mut stories: Vec<Named> = Vec::new();
    for (name, amount, status, moved) in [
        ("51 declined", "10.51", "failed", (0, 0)),
        ("52 pending, then paid", "10.52", "paid", (1052, 0)),
        ("53 no answer, later paid", "10.53", "paid", (1053, 0)),
        ("56 repeated callback", "10.56", "paid", (1056, 0)),
        ("57 no callback", "10.57", "paid", (1057, 0)),
        ("60 garbage", "10.60", "paid", (1060, 0)),
        ("63 as usual", "10.63", "paid", (1063, 0)),
    ] {
        let m = merchant.clone();
        stories.push(story(format!("bar code, {name}"), async move {
            ends(&m.sells(amount).by_bar_code(CODE).await, status, moved).await;
        }));
    }
    for (name, amount, button, status, moved) in [
        ("61 the payer confirms", "10.61", "pay", "paid", (1061, 0)),
        ("61 the payer declines", "10.61", "decline", "failed", (0, 0)),
        ("62 forged callback", "10.62", "pay", "paid", (1062, 0)),
    ] {
        let m = merchant.clone();
        stories.push(story(format!("bar code, {name}"), async move {
            let order = m.sells(amount).by_bar_code(CODE).await;
            eventually("the wallet knows it", LATER, async || order.payment().await).await;
            pause_ms(1_500).await;
            order.is("pending").await.is_never_notified().await;
            assert_eq!(order.payer_presses(button).await.status, 200);
            ends(&order, status, moved).await;
        }));
    }
    stories
}

fn in_the_mini_app(merchant: &Merchant) -> Vec<Named> {
    let mut stories: Vec<Named> = Vec::new();
    for (amount, result, status, moved) in [
        ("10.51", "4000", "failed", (0, 0)),
        ("10.53", "6004", "paid", (1053, 0)),
        ("10.57", "9000", "paid", (1057, 0)),
    ] {
        let m = merchant.clone();
        stories.push(story(format!("mini app, {amount}"), async move {
            let order = m.sells(amount).in_the_mini_app().await;
            assert_eq!(trade_pay(&order, "pay").await, result);
            ends(&order, status, moved).await;
        }));
    }
    let m = merchant.clone();
    stories.push(story("mini app, 60 garbage", async move {
        let sale = m.sells("10.60").without("return_url");
        let route = tillgate_protocols::latipay::Route::MiniAlipay;
        sale.clone().sent_to(route).await.gives(1);
        let ready = async || (sale.clone().sent_to(route).await.code() == 0).then_some(());
        eventually("the same request is answered", LATER, ready).await;
        let order = sale.in_the_mini_app().await;
        assert_eq!(trade_pay(&order, "pay").await, "9000");
        ends(&order, "paid", (1060, 0)).await;
    }));
    stories
}

fn refunded(merchant: &Merchant) -> Vec<Named> {
    let m = merchant.clone();
    let declined = story("58 refund declined", async move {
        let order = at_the_till(&m, "10.58").await;
        order.wallet_pays().await.becomes("paid").await;
        order.refunds("10.58").await.gives(556).names("REFUND_NOT_ALLOWED");
        order.refunds("10.58").await.gives(556);
        order.refunds("1.00").await.gives(556);
        ends(&order, "paid", (1058, 0)).await;
    });
    let m = merchant.clone();
    let silent = story("59 refund gives no answer", async move {
        let order = m.sells("10.59").by_bar_code(CODE).await;
        order.becomes("paid").await;
        let answer = order.refunds("4.00").await.gives(0);
        assert!(answer.took > Duration::from_secs(2), "it waited for the wallet's word: {:?}", answer.took);
        order.refunds("4.00").await.gives(562);
        order.refunds_with_note("6.60", "too much while the first is open").await.gives(559);
        ends(&order, "paid", (1059, 400)).await;
    });
    vec![declined, silent]
}

#[tokio::test]
async fn orders_with_time() {
    let world = TestWorld::new().await;
    let merchant = world.merchant();
    let mut stories = shown_by_the_till(&merchant);
    stories.extend(scanned_by_the_till(&merchant));
    stories.extend(in_the_mini_app(&merchant));
    stories.extend(refunded(&merchant));
    together(stories).await;
}

/// The same callback three times: one posting, one notification.
#[tokio::test]
async fn a_repeated_callback_is_booked_once() {
    let world = TestWorld::new().await;
    let order = at_the_till(&world.merchant(), "10.56").await;
    order.wallet_pays().await;
    ends(&order, "paid", (1056, 0)).await;
    pause_ms(500).await;
    assert_eq!(order.notifications().len(), 1);
    let connection = connect(&world.place.database);
    let booked = rows(&connection, "SELECT account, amount_minor FROM postings ORDER BY line");
    assert_eq!(
        booked,
        ["channel_receivable:alipay 1056", "merchant_payable:W00000001 -1043", "fee_income -13"]
    );
    assert_eq!(rows(&connection, "SELECT count(*) FROM events WHERE body LIKE '%paid%'"), ["1"]);
}

/// Where nobody pays in time: the order ends as failed, and money that still comes goes back whole.
#[tokio::test]
async fn orders_whose_time_runs_out() {
    let world = TestWorld::with(|config| {
        config.orders.lifetime_s = 3;
        config.orders.barcode_lifetime_s = 3;
    })
    .await;
    let mut stories: Vec<Named> = Vec::new();
    for (name, amount, button, status, moved) in [
        ("54 never paid", "10.54", 503, "failed", (0, 0)),
        ("55 late success", "10.55", 200, "failed", (1055, 1055)),
    ] {
        let m = world.merchant();
        stories.push(story(format!("till, {name}"), async move {
            let order = at_the_till(&m, amount).await;
            assert_eq!(order.payer_presses("pay").await.status, button);
            order.is("pending").await;
            ends(&order, status, moved).await;
            order.cancels().await.gives(901);
        }));
        let m = world.merchant();
        stories.push(story(format!("bar code, {name}"), async move {
            ends(&m.sells(amount).by_bar_code(CODE).await, status, moved).await;
        }));
        let m = world.merchant();
        let result = if button == 200 { "8000" } else { "6002" };
        stories.push(story(format!("mini app, {name}"), async move {
            let order = m.sells(amount).in_the_mini_app().await;
            assert_eq!(trade_pay(&order, "pay").await, result);
            ends(&order, status, moved).await;
        }));
    }
    let m = world.merchant();
    stories.push(story("late success after a cancel", async move {
        let order = at_the_till(&m, "20.55").await;
        order.cancels().await.gives(0);
        ends(&order, "canceled", (2055, 2055)).await;
        order.refunds("20.55").await.gives(558);
    }));
    let m = world.merchant();
    stories.push(story("a silent wallet leaves a cancel open", async move {
        let order = at_the_till(&m, "20.54").await;
        assert_eq!(order.payer_presses("pay").await.status, 503);
        order.cancels().await.gives(1);
        ends(&order, "canceled", (0, 0)).await;
        order.cancels().await.gives(0);
    }));
    let m = world.merchant();
    stories.push(story("a cancel overtakes an expiry", async move {
        let order = at_the_till(&m, "20.54").await;
        pause_ms(2_500).await;
        // From here on the wallet is silent, also when the order's time is up.
        assert_eq!(order.payer_presses("pay").await.status, 503);
        pause_ms(1_500).await;
        order.is("pending").await.cancels().await.gives(1);
        ends(&order, "canceled", (0, 0)).await;
    }));
    together(stories).await;
}
