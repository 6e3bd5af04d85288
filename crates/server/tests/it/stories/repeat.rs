//! The same merchant_reference again.

use tillgate_protocols::latipay::{Route, client};

use crate::harness::TestWorld;

#[tokio::test]
async fn the_same_content_is_the_same_order_with_a_fresh_nonce() {
    let world = TestWorld::new().await;
    let sale = world.merchant().sells("9.00");
    let order = sale.clone().at_the_till().await;
    let again = sale.clone().at_the_till().await;
    assert_ne!(order.nonce, again.nonce);
    let id = |shown: &[(String, String)]| shown[0].1.clone();
    assert_eq!(id(&order.shown().await), id(&again.shown().await));
    order.wallet_pays().await.becomes("paid").await;
    sale.but("host_type", "1").sent_to(Route::Transaction).await.gives(207).names("merchant_reference");
    assert_eq!(order.wallet_moved().await, (900, 0));
}

#[tokio::test]
async fn other_content_names_the_field() {
    let world = TestWorld::new().await;
    let sale = world.merchant().sells("9.00").but("host_type", "1");
    let order = sale.clone().at_the_till().await;
    for (name, value) in [
        ("wallet_id", "W00000002"),
        ("amount", "9.01"),
        ("payment_method", "wechat"),
        ("return_url", "https://shop.example/thanks"),
        ("callback_url", "https://shop.example/confirm"),
        ("ip", "122.122.122.2"),
        ("product_name", "Pinot Gris"),
        ("host_type", ""),
    ] {
        let answer = sale.clone().but(name, value).sent_to(Route::Transaction).await;
        answer.gives(207).names(name);
    }
    sale.clone().but("amount", "9.0").sent_to(Route::Transaction).await.gives(0);
    order.is("pending").await.cancels().await.gives(0);
    sale.sent_to(Route::Transaction).await.gives(207).names("merchant_reference");
}

#[tokio::test]
async fn a_bar_code_sent_twice_is_charged_once() {
    let world = TestWorld::new().await;
    // The wallet waits for the payer's confirmation, so the order stays open.
    let sale = world.merchant().sells("9.61");
    let order = sale.clone().by_bar_code("134588558514585062").await;
    let again = sale.clone().by_bar_code("134588558514585062").await;
    assert_eq!(order.created.json["order_id"], again.created.json["order_id"]);
    let other = sale.clone().without("payment_method").but("pay_code", "134588558514585063");
    let answer = client::signed_body(
        Route::Barcode,
        &other.pairs().into_iter().filter(|(name, _)| fits_bar_code(name)).collect::<Vec<_>>(),
        &other.merchant.api_key(),
    );
    world.place.post("/barcode", answer).await.gives(207).names("pay_code");
    order.wallet_pays().await.becomes("paid").await;
    assert_eq!(order.wallet_moved().await, (961, 0));
}

fn fits_bar_code(name: &str) -> bool {
    ["user_id", "wallet_id", "amount", "merchant_reference", "pay_code", "callback_url"].contains(&name)
}

#[tokio::test]
async fn twenty_at_the_same_moment_make_one_order() {
    let world = TestWorld::new().await;
    let sale = world.merchant().sells("9.00");
    let many: Vec<_> = (0..20).map(|_| tokio::spawn(sale.clone().at_the_till())).collect();
    let mut ids = std::collections::BTreeSet::new();
    for order in many {
        ids.insert(order.await.unwrap().shown().await[0].1.clone());
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(world.store().totals().await.unwrap().orders, [("pending".to_owned(), 1)]);
    sale.merchant.cancels(sale.field("merchant_reference")).await.gives(0);
}

#[tokio::test]
async fn two_merchants_may_use_the_same_reference() {
    let world = TestWorld::new().await;
    let ours = world.merchant().sells("9.00").but("merchant_reference", "till 1/7").at_the_till().await;
    let them = crate::harness::Merchant::new(world.place.clone(), "U000000013", "W000000023");
    let theirs = them.sells("4.00").but("merchant_reference", "till 1/7").at_the_till().await;
    assert_eq!(ours.query().await["amount"], "9.00");
    assert_eq!(theirs.query().await["amount"], "4.00");
    theirs.cancels().await.gives(0);
    ours.is("pending").await;
}
