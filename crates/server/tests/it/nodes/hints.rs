//! Hints that are lost: everything is right, only later.

use std::time::Duration;

use super::{First, SOON, Two, on_postgres};
use crate::harness::eventually;

/// Ends every connection to the database, of the listeners too.
fn break_all_lines(two: &Two) {
    two.database().execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
}

on_postgres! {
    async fn lines_that_break_are_made_again() {
        let two = Two::start(First::B).await;
        let order = two.a.merchant().sells("5.00").at_the_till().await;
        order.shown().await;
        let waiting = tokio::spawn({
            let order = order.clone();
            async move { order.merchant.waits_for(&order.reference).await }
        });
        eventually("it waits", SOON, async || (two.a.app().long_polls.waiting() == 1).then_some(())).await;
        break_all_lines(&two);
        order.wallet_pays().await;
        let answer = waiting.await.unwrap().gives(0);
        assert_eq!(answer.json["status"], "paid");
        assert!(answer.took < Duration::from_secs(8), "{:?}", answer.took);
        two.know_each_other().await;
        order.is_notified("paid").await;
        // Again and again, while orders are made and paid.
        for n in 0..5 {
            break_all_lines(&two);
            let order = two.a.merchant().sells("6.00").by_bar_code(&format!("13458855851458510{n}")).await;
            order.becomes("paid").await.is_notified("paid").await;
            assert_eq!(order.wallet_moved().await, (600, 0));
        }
    }

    async fn a_key_that_changed_at_one_node_counts_at_the_other() {
        let two = Two::start(First::A).await;
        let login = "U000334333";
        let forgotten = two.b.app().latipay.directory.find(login).await.unwrap().unwrap();
        two.a.app().gateway.bus.tell(|| tillgate::bus::hint::Hint::Login("latipay".into(), login.into()));
        // Kept for two seconds, unless it is told to forget.
        eventually("B reads it anew", Duration::from_millis(1_500), async || {
            let now = two.b.app().latipay.directory.find(login).await.unwrap().unwrap();
            (!std::sync::Arc::ptr_eq(&now, &forgotten)).then_some(())
        })
        .await;
    }
}
