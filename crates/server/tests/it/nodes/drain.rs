//! A node that is told to stop while it is busy.

use std::time::Instant;

use serde_json::json;
use tillgate_protocols::latipay::Route;

use super::{First, SOON, Two, on_postgres};
use crate::codepay::raw::{charged, raw, result};
use crate::codepay::till::{COUNTER, till};
use crate::harness::checks::{connect, rows};
use crate::harness::{Merchant, eventually, pause_ms};

/// The gateway goes away; a terminal finds another.
const GOING_AWAY: u16 = 1_001;

on_postgres! {
    async fn nothing_is_lost_when_a_node_stops_under_load() {
        let mut two = Two::start(First::A).await;
        let elsewhere = Merchant::new(two.b.place.clone(), "U000334333", "W00000001");
        let mut sellers = Vec::new();
        let began = Instant::now();
        for seller in 0..8 {
            let (here, there) = (two.a.merchant(), elsewhere.clone());
            sellers.push(tokio::spawn(async move {
                let mut sold = Vec::new();
                for n in 0..12 {
                    let code = format!("1345885585145{seller:02}{n:03}");
                    let sale = here.sells("4.00").but("pay_code", &code);
                    let kept = ["user_id", "wallet_id", "amount", "merchant_reference", "pay_code", "callback_url"];
                    let mut sale = sale;
                    sale.fields.retain(|(name, value)| kept.contains(&name.as_str()) && !value.is_empty());
                    // Whoever gets no answer asks the other node, with the very same.
                    let answer = here.tries(Route::Barcode, &sale.pairs()).await;
                    if answer.is_none() {
                        there.calls(Route::Barcode, &sale.pairs()).await.gives(0);
                    }
                    sold.push((sale.field("merchant_reference").to_owned(), answer.is_some()));
                }
                sold
            }));
        }
        pause_ms(400).await;
        let stopping = Instant::now();
        two.a.stop().await;
        eprintln!("A stopped within {:?}, {:?} after the beginning", stopping.elapsed(), stopping - began);
        let mut sold = Vec::new();
        for seller in sellers {
            sold.extend(seller.await.unwrap());
        }
        let at_a = sold.iter().filter(|(_, is_at_a)| *is_at_a).count();
        assert!(at_a > 0 && at_a < sold.len(), "A answered {at_a} of {}: it stopped in the middle", sold.len());
        for (reference, _) in &sold {
            eventually("it is paid", SOON, async || {
                (elsewhere.queries(reference).await.gives(0).json["status"] == "paid").then_some(())
            })
            .await;
        }
        let all = [sold.len().to_string()];
        assert_eq!(rows(&connect(two.database()), "SELECT count(*) FROM orders"), all);
        // Nobody waits for the end of A's leases: that would be 30 s.
        let told = "SELECT count(*) FROM notifications WHERE state = 'delivered'";
        eventually("all are told", SOON, async || (rows(&connect(two.database()), told) == all).then_some(())).await;
        eprintln!("all told {:?} after A was told to stop", stopping.elapsed());
    }

    async fn who_waits_and_who_is_connected_is_told() {
        let mut two = Two::with(First::A, false, |config| config.stop.unready_s = 1).await;
        let order = two.a.merchant().sells("5.00").at_the_till().await;
        order.shown().await;
        let waiting = tokio::spawn({
            let order = order.clone();
            async move { order.merchant.waits_for(&order.reference).await }
        });
        eventually("it waits", SOON, async || (two.a.app().long_polls.waiting() == 1).then_some(())).await;
        let till = till(&two.b).await;
        let mut counter = raw(&two.a, COUNTER).await;
        let number = till.orders("").await;
        let sale = counter.takes().await;
        till.becomes(&number, "0").await;
        let word = charged(&two.b, COUNTER.0, &sale, json!({})).await;
        let ready = two.a.place.url("/readyz");
        let (stopped, ()) = tokio::join!(two.a.stop_while(), async {
            // Not ready, and still at work.
            eventually("not ready", SOON, async || {
                (two.b.place.http.get(&ready).await.status == 503).then_some(())
            })
            .await;
            assert!(!waiting.is_finished(), "it still serves");
            counter.is_closed(GOING_AWAY).await;
        });
        assert!((1_000..6_000).contains(&stopped.as_millis()), "{stopped:?}");
        assert_eq!(waiting.await.unwrap().gives(0).json["status"], "pending");
        // The terminal goes on at the other node.
        let mut counter = raw(&two.b, COUNTER).await;
        let again = counter.takes().await;
        assert_eq!(again["request_id"], sale["request_id"]);
        counter.answers(&again, "000", result(&again, &word)).await;
        counter.hears_end().await;
        till.becomes(&number, "2").await;
        assert_eq!(two.b.app().gateway.bus.peers().unwrap().count(), 0, "A has said goodbye");
    }
}
