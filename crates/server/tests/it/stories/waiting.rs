//! Long polls: a till asks once and hears of the end.

use std::time::Duration;

use crate::harness::{Answer, Order, TestWorld, eventually, pause_ms};

fn waits(order: &Order) -> tokio::task::JoinHandle<Answer> {
    let order = order.clone();
    tokio::spawn(async move { order.merchant.waits_for(&order.reference).await })
}

#[tokio::test]
async fn it_answers_at_the_payment_and_not_before() {
    let world = TestWorld::new().await;
    let order = world.merchant().sells("5.00").at_the_till().await;
    order.shown().await;
    let waiting: Vec<_> = (0..5).map(|_| waits(&order)).collect();
    pause_ms(700).await;
    assert!(waiting.iter().all(|one| !one.is_finished()), "nothing has happened yet");
    order.wallet_pays().await;
    for one in waiting {
        let answer = one.await.unwrap().gives(0);
        assert_eq!(answer.json["status"], "paid");
        assert!((700..3_000).contains(&answer.took.as_millis()), "{:?}", answer.took);
    }
    let answer = order.merchant.waits_for(&order.reference).await.gives(0);
    assert!(answer.took < Duration::from_millis(500), "final already: {:?}", answer.took);
    assert_eq!(world.app().long_polls.waiting(), 0);
}

#[tokio::test]
async fn it_hears_of_a_cancel_and_of_a_failure() {
    let world = TestWorld::new().await;
    let (cancelled, declined) = (
        world.merchant().sells("5.00").at_the_till().await,
        world.merchant().sells("5.00").at_the_till().await,
    );
    declined.shown().await;
    let (first, second) = (waits(&cancelled), waits(&declined));
    pause_ms(100).await;
    cancelled.cancels().await.gives(0);
    declined.wallet_declines().await;
    assert_eq!(first.await.unwrap().json["status"], "canceled");
    assert_eq!(second.await.unwrap().json["status"], "failed");
}

#[tokio::test]
async fn it_gives_up_after_its_time_with_the_order_as_it_is() {
    let world = TestWorld::with(|config| config.limits.long_poll_s = 1).await;
    let order = world.merchant().sells("5.00").at_the_till().await;
    let answer = waits(&order).await.unwrap().gives(0);
    assert_eq!(answer.json["status"], "pending");
    assert!((900..2_500).contains(&answer.took.as_millis()), "{:?}", answer.took);
}

#[tokio::test]
async fn only_so_many_may_wait_and_who_leaves_makes_room() {
    let world = TestWorld::with(|config| {
        config.limits.long_polls = 3;
        config.limits.long_polls_per_merchant = 2;
    })
    .await;
    let polls = world.app().long_polls.clone();
    let ours = world.merchant().sells("5.00").at_the_till().await;
    let theirs = crate::harness::Merchant::new(world.place.clone(), "U000000013", "W000000023");
    let theirs = theirs.sells("5.00").at_the_till().await;
    let (first, second) = (waits(&ours), waits(&ours));
    let soon = Duration::from_secs(3);
    eventually("two wait", soon, async || (polls.waiting() == 2).then_some(())).await;
    let third = waits(&ours).await.unwrap().gives(0);
    assert!(third.json["status"] == "pending" && third.took < Duration::from_secs(1));

    let other = waits(&theirs);
    eventually("three wait", soon, async || (polls.waiting() == 3).then_some(())).await;
    assert!(waits(&theirs).await.unwrap().took < Duration::from_secs(1), "the cap over all merchants");

    first.abort();
    eventually("one has left", soon, async || (polls.waiting() == 2).then_some(())).await;
    let third = waits(&ours);
    eventually("another came in", soon, async || (polls.waiting() == 3).then_some(())).await;
    ours.cancels().await.gives(0);
    theirs.cancels().await.gives(0);
    for waiting in [second, third, other] {
        assert_eq!(waiting.await.unwrap().json["status"], "canceled");
    }
}

/// Who waits is answered, so that a stop need not wait for them.
#[tokio::test]
async fn at_a_stop_everybody_is_answered() {
    let mut world = TestWorld::new().await;
    let order = world.merchant().sells("5.00").at_the_till().await;
    let waiting = waits(&order);
    let polls = world.app().long_polls.clone();
    eventually("it waits", Duration::from_secs(3), async || (polls.waiting() == 1).then_some(())).await;
    let started = std::time::Instant::now();
    let (answer, ()) = tokio::join!(waiting, world.stop());
    assert_eq!(answer.unwrap().gives(0).json["status"], "pending");
    assert!(started.elapsed() < Duration::from_secs(12), "{:?}", started.elapsed());
    world.start().await;
    order.cancels().await.gives(0);
}
