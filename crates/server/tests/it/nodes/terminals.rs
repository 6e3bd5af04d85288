//! Terminals at one node, tills at the other.

use std::time::Duration;

use serde_json::json;

use super::{First, SOON, Two, on_postgres};
use crate::codepay::counter::terminal;
use crate::codepay::raw::{charged, raw, result};
use crate::codepay::till::{COUNTER, Said as _, till};
use crate::harness::eventually;

/// What a terminal hears when another connection of it is there.
const TAKEN_OVER: u16 = 4_409;

on_postgres! {
    async fn an_order_made_here_is_paid_at_a_terminal_there() {
        let two = Two::start(First::A).await;
        let till = till(&two.a).await;
        till.is_refused("reject_trade_when_terminal_offline=true", "TG005", "offline").await;
        let device = terminal(&two.b, COUNTER, &["pay"]).await;
        let began = std::time::Instant::now();
        let number = till.is_paid("reject_trade_when_terminal_offline=true").await;
        eprintln!("sold at A, paid at a terminal at B: {:?}", began.elapsed());
        till.is_told(&number).await;
        till.is_paid("").await;
        assert_eq!(device.count("order"), 2);
        let merchant = two.a.app().codepay.terminals.find(COUNTER.0).await.unwrap().unwrap().merchant;
        device.off().await;
        eventually("A knows that it is gone", SOON, async || {
            (!two.a.app().gateway.is_online(merchant, COUNTER.0).await).then_some(())
        })
        .await;
    }

    async fn a_terminal_that_moves_in_the_middle_of_an_order() {
        let two = Two::start(First::A).await;
        let till = till(&two.a).await;
        let mut here = raw(&two.a, COUNTER).await;
        let number = till.orders("").await;
        let order = here.takes().await;
        till.becomes(&number, "0").await;
        let word = charged(&two.a, COUNTER.0, &order, json!({})).await;
        // The line to A is half dead: A learns from B that it is over.
        let mut there = raw(&two.b, COUNTER).await;
        here.is_closed(TAKEN_OVER).await;
        let again = there.takes().await;
        assert_eq!(again["request_id"], order["request_id"]);
        there.answers(&again, "000", result(&again, &word)).await;
        there.hears_end().await;
        till.becomes(&number, "2").await;
        till.is_told(&number).await;
    }

    async fn it_moves_without_hints_too() {
        let two = Two::deaf(First::A).await;
        let till = till(&two.a).await;
        let mut here = raw(&two.a, COUNTER).await;
        let mut there = raw(&two.b, COUNTER).await;
        here.is_closed(TAKEN_OVER).await;
        let number = till.orders("reject_trade_when_terminal_offline=true").await;
        let order = there.takes().await;
        let word = charged(&two.b, COUNTER.0, &order, json!({})).await;
        there.answers(&order, "000", result(&order, &word)).await;
        there.hears_end().await;
        till.becomes(&number, "2").await;
    }

    async fn a_till_here_asks_the_terminal_there_to_close() {
        let two = Two::start(First::A).await;
        let till = till(&two.a).await;
        let mut counter = raw(&two.b, COUNTER).await;
        let number = till.orders("").await;
        let order = counter.takes().await;
        till.becomes(&number, "0").await;
        let word = charged(&two.b, COUNTER.0, &order, json!({})).await;
        let (answer, question) = tokio::join!(till.closes(&number), async {
            let question = counter.hears("ecrhub.pay.close").await;
            counter.answers(&question, "201", json!({})).await;
            question
        });
        answer.gives("TG005").names("charged");
        assert_eq!(question["request_id"], order["request_id"]);
        counter.answers(&order, "000", result(&order, &word)).await;
        counter.hears_end().await;
        till.becomes(&number, "2").await;
        // A tip is shown on its screen, and the batch printed.
        till.adjusts_tip(&number, "3").await.gives("0");
        counter.hears("ecrhub.pay.tip.adjustment").await;
        till.closes_batch().await.gives("0");
        counter.hears("ecrhub.pay.batch.close").await;
    }

    /// The card is charged, the result was lost on the way: whichever node asks, the terminal's own node carries it out.
    async fn a_terminals_word_is_asked_for_across_nodes() {
        let two = Two::start(First::A).await;
        let till = till(&two.a).await;
        let mut counter = raw(&two.b, COUNTER).await;
        let number = till.orders("").await;
        let order = counter.takes().await;
        till.becomes(&number, "0").await;
        let word = charged(&two.b, COUNTER.0, &order, json!({})).await;
        // B does not ask: it is A's work when it falls due.
        let sold = two.a.store();
        let merchant = two.a.app().codepay.terminals.find(COUNTER.0).await.unwrap().unwrap().merchant;
        let key = tillgate_store::OrderKey::Reference { room: "codepay", reference: &number };
        let stored = sold.load_order(merchant, key).await.unwrap().unwrap();
        let about = order["request_id"].as_str().unwrap().to_owned();
        let frame = json!({ "topic": "ecrhub.pay.query", "request_id": about, "version": "1.0",
            "biz_data": { "trade_no": about } });
        let gateway = two.a.app().gateway.clone();
        let asks = async {
            gateway.ask_terminal(&stored, (tillgate_protocols::ecrhub::Topic::Query, &about), frame.to_string()).await
        };
        let (told, ()) = tokio::join!(asks, async {
            let question = counter.hears("ecrhub.pay.query").await;
            counter.answers(&question, "000", result(&order, &word)).await;
        });
        let told = told.expect("B has the terminal");
        assert!(told.is_carried_out && told.answer.is_done());
        assert!(told.answer.result.trans_amount.is_none(), "no amounts travel among hints");
        till.becomes_within(&number, "2", Duration::from_secs(2)).await;
        counter.hears_end().await;
    }

    async fn a_dead_nodes_terminals_are_offline_before_long() {
        let mut two = Two::start(First::B).await;
        let _counter = raw(&two.a, COUNTER).await;
        let app = two.b.app().clone();
        let merchant = app.codepay.terminals.find(COUNTER.0).await.unwrap().unwrap().merchant;
        let is_online = async || app.gateway.is_online(merchant, COUNTER.0).await;
        assert!(is_online().await, "at A");
        let began = std::time::Instant::now();
        two.a.crash().await;
        let patience = Duration::from_secs(20);
        eventually("offline", patience, async || (!is_online().await).then_some(())).await;
        eprintln!("A died, its terminal is offline after {:?}", began.elapsed());
    }
}
