//! A merchant changes the api key while its tills still use the old one.

use std::time::Duration;

use tillgate::rooms::key_place;
use tillgate::rooms::latipay::ROOM;
use tillgate_protocols::latipay::client;
use tillgate_store::NewKey;

use crate::harness::{KEY, TestWorld, checks, eventually, logs, pause_ms};

const USER: &str = "U000334333";
/// Other processes see a new key after two seconds.
const SEEN: Duration = Duration::from_secs(6);

async fn rotate(world: &TestWorld, key: &str, old_valid_s: i64) {
    logs::watch_for(key);
    let now = tillgate::clock::now();
    let login = world.store().load_credential(ROOM, USER).await.unwrap().unwrap();
    let sealed = world.app().vault.seal(&key_place(ROOM, USER), key).unwrap();
    let new = NewKey { sealed, created_at: now, old_valid_until: now.plus_s(old_valid_s) };
    world.store().add_key(login.merchant, ROOM, USER, new).await.unwrap();
}

#[tokio::test]
async fn the_old_key_is_valid_for_a_while() {
    let world = TestWorld::new().await;
    let (old, new) = (world.merchant(), world.merchant().with_key("a-new-secret-of-the-shop"));
    let order = old.sells("5.00").at_the_till().await;
    order.shown().await;
    new.queries(&order.reference).await.gives(206);
    let early = old.sells("7.00").at_the_till().await;
    early.shown().await;
    rotate(&world, &new.key, 8).await;

    // Nobody has used the new key yet, so the shop may not have it: it is told in the old one.
    pause_ms(2_500).await;
    early.wallet_pays().await;
    let path = early.callback_path();
    let told = eventually("told", SEEN, async || world.place.receiver.received_at(&path).pop()).await;
    client::check_notification(&told.body, &old.api_key()).expect("signed with the key in use");
    eventually("the new key is known", SEEN, async || {
        (new.queries(&order.reference).await.code() == 0).then_some(())
    })
    .await;

    // Each client can check the answers with the key it has.
    for merchant in [&old, &new] {
        let answer = merchant.queries(&order.reference).await.gives(0);
        client::check_query_answer(&answer.text(), &merchant.api_key()).unwrap();
        merchant.sells("6.00").at_the_till().await.cancels().await.gives(0);
    }
    order.wallet_pays().await;
    let path = order.callback_path();
    let told = eventually("told", SEEN, async || world.place.receiver.received_at(&path).pop()).await;
    client::check_notification(&told.body, &new.api_key())
        .expect("signed with the new key, once it is in use");
    assert!(client::check_notification(&told.body, &old.api_key()).is_err());

    eventually("the old key ends", Duration::from_secs(12), async || {
        (old.queries(&order.reference).await.code() == 206).then_some(())
    })
    .await;
    new.queries(&order.reference).await.gives(0);
    checks::no_file_holds(&world.data_dir(), &new.key);
    assert_eq!(old.key, KEY);
}

#[tokio::test]
async fn a_key_can_end_at_once_and_a_login_be_switched_off() {
    let world = TestWorld::new().await;
    let (old, new) = (world.merchant(), world.merchant().with_key("another-secret-of-the-shop"));
    rotate(&world, &new.key, 0).await;
    old.queries("nothing").await.gives(206);
    new.queries("nothing").await.gives(201);
    let mut login = world.store().load_credential(ROOM, USER).await.unwrap().unwrap();
    login.enabled = false;
    world.store().put_credential(login).await.unwrap();
    eventually("switched off", SEEN, async || (new.queries("nothing").await.code() == 205).then_some(()))
        .await;
}
