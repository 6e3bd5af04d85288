//! Telling merchants: the same bytes until they acknowledge, and nobody waits for somebody else.

use std::time::Duration;

use tillgate_core::MerchantId;
use tillgate_store::{Notification, NotificationAttempt, NotificationState};

use crate::harness::checks::{connect, rows};
use crate::harness::receiver::Receiver;
use crate::harness::{Order, Reply, TestWorld, eventually};

const CODE: &str = "134588558514585062";
const SOON: Duration = Duration::from_secs(20);
const US: MerchantId = MerchantId(1);

/// The stored notification of the only order there is, once it has been tried so often.
async fn tried(world: &TestWorld, times: u32) -> (Notification, Vec<NotificationAttempt>) {
    let store = world.store();
    let listed = eventually("tries", SOON, async || {
        let listed = store.list_notifications(Some(US), None, 10).await.unwrap();
        listed.into_iter().find(|notification| notification.attempts == times)
    })
    .await;
    let attempts = store.load_attempts(US, listed.order, listed.event).await.unwrap();
    (listed, attempts)
}

fn owed(world: &TestWorld) -> Vec<String> {
    let sql = "SELECT attempt, due_at - unixepoch('now', 'subsec') * 1000 FROM work WHERE slot = 'n'";
    rows(&connect(&world.place.database), sql)
}

/// Seconds until the next try, rounded up.
fn next_try_s(world: &TestWorld) -> i64 {
    let [row] = owed(world).try_into().unwrap();
    let ms = row.split(' ').next_back().unwrap().split('.').next().unwrap().parse::<i64>().unwrap();
    (ms + 999) / 1_000
}

async fn sent_again(world: &TestWorld, notification: &Notification) {
    let now = tillgate::clock::now();
    assert!(world.store().resend(US, notification.order, notification.event, now).await.unwrap());
}

async fn sold(world: &TestWorld, replies: &[Reply]) -> Order {
    let sale = world.merchant().sells("5.00");
    let path = format!("/paid/{}", sale.field("merchant_reference"));
    world.place.receiver.answers(&path, replies);
    sale.by_bar_code(CODE).await
}

#[tokio::test]
async fn a_failed_try_is_repeated_with_the_same_bytes() {
    let world = TestWorld::new().await;
    let order = sold(&world, &[Reply::Status(500, "broken"), Reply::Silence, Reply::Status(200, "")]).await;
    let (first, attempts) = tried(&world, 1).await;
    assert_eq!((first.state, attempts[0].status), (NotificationState::Waiting, Some(500)));
    assert_eq!(attempts[0].answer, "broken");
    assert!((27..=30).contains(&next_try_s(&world)), "{:?}", owed(&world));

    sent_again(&world, &first).await;
    let (second, attempts) = tried(&world, 2).await;
    assert_eq!(attempts[1].status, None);
    assert!(attempts[1].answer.contains("no answer") && attempts[1].took_ms >= 1_900, "{attempts:?}");
    assert!((27..=30).contains(&next_try_s(&world)));

    sent_again(&world, &second).await;
    let (third, attempts) = tried(&world, 3).await;
    assert_eq!((third.state, attempts[2].status), (NotificationState::Delivered, Some(200)));
    assert!(owed(&world).is_empty());
    let received = order.notifications();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|one| one.body == received[0].body && one.query == received[0].query));
    assert_eq!(third.body, received[0].body.as_bytes());
}

#[tokio::test]
async fn at_the_end_of_the_schedule_it_stops_and_stays_listed() {
    let world = TestWorld::new().await;
    let order = sold(&world, &[Reply::Status(500, ""), Reply::Status(404, ""), Reply::Status(200, "")]).await;
    tried(&world, 1).await;
    // Thirty tries later.
    world.place.database.execute("UPDATE work SET attempt = 30, due_at = 0 WHERE slot = 'n'");
    let (last, _) = tried(&world, 2).await;
    assert_eq!(last.state, NotificationState::Exhausted);
    assert!(owed(&world).is_empty());
    assert_eq!(world.store().totals().await.unwrap().notifications_exhausted, 1);
    let listed =
        world.store().list_notifications(None, Some(NotificationState::Exhausted), 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    sent_again(&world, &last).await;
    assert_eq!(tried(&world, 3).await.0.state, NotificationState::Delivered);
    assert_eq!(order.notifications().len(), 3);
}

#[tokio::test]
async fn a_merchant_who_must_say_sent() {
    let world = TestWorld::new().await;
    let mut login = world.store().load_credential("latipay", "U000334333").await.unwrap().unwrap();
    login.settings = r#"{"ack":"sent"}"#.into();
    world.store().put_credential(login).await.unwrap();
    sold(&world, &[Reply::Status(200, "ok"), Reply::Status(500, "sent"), Reply::Status(200, "sent")]).await;
    let (first, _) = tried(&world, 1).await;
    assert_eq!(first.state, NotificationState::Waiting);
    sent_again(&world, &first).await;
    let (second, _) = tried(&world, 2).await;
    assert_eq!(second.state, NotificationState::Waiting);
    sent_again(&world, &second).await;
    assert_eq!(tried(&world, 3).await.0.state, NotificationState::Delivered);
}

#[tokio::test]
async fn only_status_200_acknowledges() {
    let mut world = TestWorld::new().await;
    world.leaves_notifications_owed();
    for status in [201, 204, 302, 400, 503] {
        let order = sold(&world, &[Reply::Status(status, "")]).await;
        order.is_notified("paid").await;
    }
    let store = world.store();
    let waiting = eventually("five have been tried", SOON, async || {
        let listed = store.list_notifications(Some(US), Some(NotificationState::Waiting), 10).await.unwrap();
        (listed.len() == 5).then_some(listed)
    })
    .await;
    assert!(waiting.iter().all(|notification| notification.attempts == 1));
}

#[tokio::test]
async fn the_address_keeps_its_own_query_and_odd_texts_arrive_whole() {
    let world = TestWorld::new().await;
    let reference = "table 5 & bar/1 茶+";
    let url = world.place.receiver.url("/confirm?shop=7&token=a%20b");
    let sale = world.merchant().sells("5.00").but("callback_url", &url).but("merchant_reference", reference);
    let order = sale.by_bar_code(CODE).await;
    assert_eq!(order.becomes("paid").await.reference, reference);
    let receiver = &world.place.receiver;
    let received = eventually("told", SOON, async || receiver.received_at("/confirm").pop()).await;
    assert_eq!(received.query, "shop=7&token=a%20b");
    assert!(received.body.contains("table%205%20%26%20bar%2F1%20%E8%8C%B6%2B"), "{}", received.body);
    let key = order.merchant.api_key();
    let fields = tillgate_protocols::latipay::client::check_notification(&received.body, &key).unwrap();
    assert_eq!(fields.get("merchant_reference"), Some(reference));
}

/// Forty orders of a merchant whose server takes everything and answers nothing.
#[tokio::test]
async fn a_dead_endpoint_delays_nobody_else() {
    let mut world = TestWorld::new().await;
    world.leaves_notifications_owed();
    let dead = Receiver::start();
    dead.answers("/confirm", &[Reply::Silence]);
    let begun: Vec<_> = (0..40)
        .map(|_| world.merchant().sells("5.00").but("callback_url", &dead.url("/confirm")))
        .map(|sale| tokio::spawn(sale.by_bar_code(CODE)))
        .collect();
    for order in begun {
        order.await.unwrap().becomes("paid").await;
    }
    for _ in 0..5 {
        let order = world.merchant().sells("5.00").by_bar_code(CODE).await;
        let started = std::time::Instant::now();
        order.is_notified("paid").await;
        assert!(started.elapsed() < Duration::from_millis(4_000), "{:?}", started.elapsed());
    }
    assert!(dead.received().len() <= 40, "no more than a place each");
}
