//! Payments that two nodes have a part in.

use std::time::Duration;

use tillgate_protocols::latipay::Route;

use super::{First, SOON, Two, on_postgres};
use crate::harness::checks::{connect, rows};
use crate::harness::{Answer, Merchant, Order, eventually, pause_ms};

/// Longer than any of them looks at the store by itself.
const TWO_LOOKS_MS: u64 = 5_500;

fn waits(order: &Order) -> tokio::task::JoinHandle<Answer> {
    let order = order.clone();
    tokio::spawn(async move { order.merchant.waits_for(&order.reference).await })
}

/// The same merchant, at the other node.
fn at(two: &Two, order: &Order) -> Order {
    let merchant = Merchant::new(two.b.place.clone(), "U000334333", "W00000001");
    Order { merchant, ..order.clone() }
}

/// How long after the payment the poll on A was answered, while B heard of the payment.
async fn answered_after(two: &Two) -> Duration {
    let order = two.a.merchant().sells("5.00").at_the_till().await;
    order.shown().await;
    let waiting = waits(&order);
    pause_ms(500).await;
    assert!(!waiting.is_finished(), "nothing has happened yet");
    let began = std::time::Instant::now();
    order.wallet_pays().await;
    let answer = waiting.await.unwrap().gives(0);
    assert_eq!(answer.json["status"], "paid");
    let took = began.elapsed();
    order.is_notified("paid").await;
    took
}

on_postgres! {
    async fn a_long_poll_is_answered_when_the_other_node_hears_of_the_payment() {
        let two = Two::start(First::B).await;
        let mut took = Vec::new();
        for _ in 0..5 {
            took.push(answered_after(&two).await);
        }
        took.sort();
        eprintln!("a poll on A, after the wallet paid and told B: {took:?}");
        // Without a hint it looks after 2.5 s at the earliest, and half a second is over.
        assert!(took[2] < Duration::from_millis(1_500), "{took:?}");
    }

    async fn without_hints_it_is_answered_later() {
        let two = Two::deaf(First::B).await;
        let took = answered_after(&two).await;
        assert!(took < Duration::from_secs(5), "{took:?}");
    }

    async fn a_request_repeated_at_the_other_node_has_one_effect() {
        let two = Two::start(First::B).await;
        let sale = two.a.merchant().sells("7.00").but("host_type", "1");
        let elsewhere = at(&two, &sale.clone().at_the_till().await).merchant;
        let again = elsewhere.calls(Route::Transaction, &sale.pairs()).await.gives(0);
        assert!(!again.json["nonce"].as_str().unwrap().is_empty());
        let other = sale.clone().but("amount", "7.01");
        assert_ne!(elsewhere.calls(Route::Transaction, &other.pairs()).await.json["code"], 0);
        // All at once, at both.
        let sale = two.a.merchant().sells("8.00").but("host_type", "1");
        let sent = (0..20).map(|at| {
            let merchant = if at % 2 == 0 { two.a.merchant() } else { elsewhere.clone() };
            let sale = sale.clone();
            tokio::spawn(async move { merchant.calls(Route::Transaction, &sale.pairs()).await.gives(0) })
        });
        for answer in sent.collect::<Vec<_>>() {
            answer.await.unwrap();
        }
        assert_eq!(rows(&connect(two.database()), "SELECT count(*) FROM orders"), ["2"]);
    }

    async fn it_is_charged_and_told_once_though_both_work() {
        let two = Two::start(First::A).await;
        let mut orders = Vec::new();
        for n in 0..6 {
            let merchant = if n % 2 == 0 { two.a.merchant() } else { at(&two, &orders[0]).merchant };
            orders.push(merchant.sells("9.00").by_bar_code(&format!("13458855851458510{n}")).await);
        }
        for order in &orders {
            order.becomes("paid").await.is_notified("paid").await;
        }
        pause_ms(TWO_LOOKS_MS).await;
        for order in &orders {
            assert_eq!(order.notifications().len(), 1);
            assert_eq!(order.wallet_moved().await, (900, 0));
        }
        // What one sold the other gives back.
        let elsewhere = at(&two, &orders[0]);
        elsewhere.merchant.refunds(&orders[0].order_id().await, "4.00", "back").await.gives(0);
        assert_eq!(orders[0].wallet_moved().await, (900, 400));
    }

    /// Its work is taken over when its leases have ended.
    async fn a_node_that_dies_leaves_nothing_undone() {
        let mut two = Two::start(First::A).await;
        let mut orders = Vec::new();
        for n in 0..4 {
            orders.push(two.a.merchant().sells("9.00").by_bar_code(&format!("13458855851458510{n}")).await);
        }
        let open = two.a.merchant().sells("5.00").at_the_till().await;
        open.shown().await;
        two.a.crash().await;
        // The wallets find out that A is gone.
        at(&two, &open).wallet_pays().await.becomes("paid").await;
        orders.push(open);
        for told in &orders {
            let order = at(&two, told);
            order.becomes("paid").await;
            eventually("it was told", SOON, async || (told.notifications().len() == 1).then_some(())).await;
            assert_eq!(order.wallet_moved().await.1, 0);
        }
    }
}
