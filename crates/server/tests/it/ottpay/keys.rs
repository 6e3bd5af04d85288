//! Sign keys that change while tills are at work.

use tillgate::clock;
use tillgate::rooms::key_place;
use tillgate_protocols::ottpay::Action;
use tillgate_store::NewKey;

use super::till::{Said as _, Till, field, till};
use crate::harness::TestWorld;

const NEW: &str = "0123456789ABCDEF0123456789ABCDEF";

async fn rotates(world: &TestWorld, till: &Till, old_valid_s: i64) {
    let store = world.store();
    let merchant = store.load_credential("ottpay", &till.merchant_id).await.unwrap().unwrap().merchant;
    let sealed = world.app().vault.seal(&key_place("ottpay", &till.merchant_id), NEW).unwrap();
    let now = clock::now();
    let key = NewKey { sealed, created_at: now, old_valid_until: now.plus_s(old_valid_s) };
    store.add_key(merchant, "ottpay", &till.merchant_id, key).await.unwrap();
    world.app().ottpay.directory.forget(&till.merchant_id);
}

/// Each till is answered with its own key; callbacks follow once the new key has been used.
#[tokio::test]
async fn old_and_new_key_work_side_by_side() {
    let world = TestWorld::new().await;
    let old = till(&world);
    rotates(&world, &old, 3_600).await;
    let new = Till { key: NEW.into(), ..old.clone() };
    let before = old.active("");
    let shown = old.calls(Action::ActivePay, &before).await;
    old.payer_pays(shown.says("SUCCESS").field("code_url")).await;
    // Nobody has used the new key: the callback opens with the old one.
    old.is_told(field(&before, "order_id")).await;

    let after = new.active("");
    let shown = new.calls(Action::ActivePay, &after).await;
    new.payer_pays(shown.says("SUCCESS").field("code_url")).await;
    new.is_told(field(&after, "order_id")).await;
    assert_eq!(old.order_status(field(&after, "order_id")).await, "success");
}

#[tokio::test]
async fn a_key_that_has_ended_opens_nothing() {
    let world = TestWorld::new().await;
    let old = till(&world);
    rotates(&world, &old, 0).await;
    let body = old.body(Action::ActivePay, &old.active(""));
    let answer = world.place.post("/processV2", body).await;
    assert!(answer.text().contains("PARAM_INVALID"), "{}", answer.text());
    let new = Till { key: NEW.into(), ..old };
    new.calls(Action::ActivePay, &new.active("")).await.says("SUCCESS");
}
