//! The payer shows a code, the till scans it.

use tillgate_protocols::latipay::Route;

use crate::harness::TestWorld;

#[tokio::test]
async fn each_wallets_code_pays_at_once() {
    let world = TestWorld::new().await;
    for (wallet, word) in [("alipay", "alipay"), ("wechat", "wechat"), ("unionpay", "upi_upop")] {
        let made = world.place.post("/sandbox/api/payer-code", format!(r#"{{"wallet":"{wallet}"}}"#)).await;
        let order = world.merchant().sells("3.20").by_bar_code(made.json["code"].as_str().unwrap()).await;
        order.becomes("paid").await;
        assert_eq!(order.query().await["payment_method"], word);
        assert_eq!(order.created.json["order_id"], order.query().await["order_id"]);
        order.is_notified("paid").await;
        order.refunds("3.20").await.gives(0);
        assert_eq!(order.wallet_moved().await, (320, 320));
    }
}

#[tokio::test]
async fn without_a_reference_one_is_made_and_without_an_address_nobody_is_told() {
    let world = TestWorld::new().await;
    let sale = world.merchant().sells("3.30").without("merchant_reference").without("callback_url");
    let order = sale.by_bar_code("134588558514585062").await;
    assert!(!order.reference.is_empty());
    order.becomes("paid").await;
    order.cancels().await.gives(900);
    assert!(world.place.receiver.received().is_empty());
}

#[tokio::test]
async fn a_code_no_wallet_shows_is_refused() {
    let world = TestWorld::new().await;
    for code in ["1234567890", "164588558514585062", "13458855851458506", "13458855851458506x", "-1"] {
        let sale = world.merchant().sells("3.40").but("pay_code", code);
        sale.sent_to(Route::Barcode).await.gives(207).names("pay_code");
    }
    assert!(world.store().totals().await.unwrap().orders.is_empty());
}
