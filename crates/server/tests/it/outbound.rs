//! Calls to addresses that merchants choose: what may be reached, and how long and how much.

use std::time::Duration;

use tillgate_core::MerchantId;
use tillgate_protocols::latipay::Route;
use tillgate_store::{NotificationAttempt, NotificationState};

use crate::harness::{Merchant, Reply, TestWorld, eventually};

const CODE: &str = "134588558514585062";
const SOON: Duration = Duration::from_secs(20);

/// The first try of each notification, with the address and its state.
async fn tries(world: &TestWorld, count: usize) -> Vec<(String, NotificationState, NotificationAttempt)> {
    let store = world.store();
    let listed = eventually("each has been tried", SOON, async || {
        let listed = store.list_notifications(Some(MerchantId(1)), None, 100).await.unwrap();
        (listed.len() == count).then_some(listed)
    })
    .await;
    let mut tried = Vec::new();
    for one in listed {
        let attempts = store.load_attempts(one.merchant, one.order, one.event).await.unwrap();
        tried.push((one.url, one.state, attempts[0].clone()));
    }
    tried
}

async fn pays(merchant: &Merchant, callback_url: &str) {
    merchant.sells("5.00").but("callback_url", callback_url).by_bar_code(CODE).await.becomes("paid").await;
}

#[tokio::test]
async fn addresses_inside_are_not_called() {
    let mut world = TestWorld::with(|config| config.outbound.allow_networks.clear()).await;
    world.leaves_notifications_owed();
    let port = world.place.receiver.address.port();
    let mut taken = 0;
    // Several are the same address: a port each, or one failing endpoint would be tried once at a time.
    for (other_port, host) in (port..).zip([
        "127.0.0.1",
        "127.0.0.2",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "localhost",
        "LOCALHOST.",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "[fe80::1]",
        "[fd00::1]",
    ]) {
        let sale = world
            .merchant()
            .sells("5.00")
            .but("callback_url", &format!("http://{host}:{other_port}/confirm"));
        let sale = sale.but("pay_code", CODE);
        let fields: Vec<_> = sale.pairs().into_iter().filter(|(name, _)| *name != "payment_method").collect();
        let answer = sale.merchant.calls(Route::Barcode, &fields).await;
        // Either the address is refused at once, or it is never called.
        match answer.code() {
            0 => taken += 1,
            _ => drop(answer.gives(207).names("callback_url")),
        }
    }
    assert!(taken > 5, "most are only known when they are resolved");
    for (url, state, attempt) in tries(&world, taken).await {
        assert_eq!((state, attempt.status), (NotificationState::Waiting, None), "{url}");
        assert!(!attempt.answer.contains("127.0.0.1") || url.contains("127.0.0.1"), "{}", attempt.answer);
    }
    assert!(world.place.receiver.received().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let mut world = TestWorld::new().await;
    world.leaves_notifications_owed();
    let receiver = &world.place.receiver;
    receiver.answers("/confirm", &[Reply::Redirect(receiver.url("/inside"))]);
    pays(&world.merchant(), &receiver.url("/confirm")).await;
    let [(_, state, attempt)] = tries(&world, 1).await.try_into().unwrap();
    assert_eq!((state, attempt.status), (NotificationState::Waiting, Some(302)));
    assert_eq!(world.place.receiver.received().len(), 1);
}

#[tokio::test]
async fn an_endless_answer_is_cut_and_a_long_one_is_not_kept() {
    let mut world = TestWorld::new().await;
    world.leaves_notifications_owed();
    let receiver = &world.place.receiver;
    receiver.answers("/endless", &[Reply::Endless]);
    receiver.answers("/silent", &[Reply::Silence]);
    let long: &'static str = Box::leak("y".repeat(5_000).into_boxed_str());
    receiver.answers("/long", &[Reply::Status(500, long)]);
    for path in ["/endless", "/silent", "/long"] {
        pays(&world.merchant(), &receiver.url(path)).await;
    }
    for (url, state, attempt) in tries(&world, 3).await {
        assert!(attempt.took_ms < 3_500 && attempt.answer.len() <= 512, "{url}: {attempt:?}");
        match url.rsplit('/').next().unwrap() {
            "endless" => assert_eq!((state, attempt.status), (NotificationState::Delivered, Some(200))),
            "silent" => assert_eq!((state, attempt.status), (NotificationState::Waiting, None)),
            _ => assert_eq!((state, attempt.status), (NotificationState::Waiting, Some(500))),
        }
    }
}

#[tokio::test]
async fn nobody_listens_there() {
    let mut world = TestWorld::new().await;
    world.leaves_notifications_owed();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    pays(&world.merchant(), &format!("http://{free}/confirm")).await;
    pays(&world.merchant(), &format!("https://{}/confirm", world.place.receiver.address)).await;
    pays(&world.merchant(), "http://no-such-shop.invalid/confirm").await;
    for (url, state, attempt) in tries(&world, 3).await {
        assert_eq!((state, attempt.status), (NotificationState::Waiting, None), "{url}");
        assert!(!attempt.answer.is_empty());
    }
}
