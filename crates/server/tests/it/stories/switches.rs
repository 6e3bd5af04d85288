//! A merchant's switches, and the ways real clients sign.

use tillgate_protocols::latipay::{Route, client};

use crate::harness::{KEY, Merchant, TestWorld, eventually, openssl};

async fn switched(world: &TestWorld, settings: &str) -> Merchant {
    let mut login = world.store().load_credential("latipay", "U000334333").await.unwrap().unwrap();
    login.settings = settings.into();
    world.store().put_credential(login).await.unwrap();
    world.merchant()
}

#[tokio::test]
async fn amounts_as_numbers_keep_all_their_digits() {
    let world = TestWorld::new().await;
    let merchant = switched(&world, r#"{"amount_as_number":true}"#).await;
    let order = merchant.sells("12.5").at_the_till().await;
    assert!(order.gatewaydata().await.text().contains(r#""amount":12.50,"amount_cny":58.06,"#));
    order.shown().await;
    let answer = merchant.queries(&order.reference).await.gives(0);
    assert!(answer.text().contains(r#""amount":12.50,"#), "{}", answer.text());
    client::check_query_answer(&answer.text(), &merchant.api_key()).unwrap();
    order.wallet_pays().await.becomes("paid").await.is_notified("paid").await;
}

/// The rule of 2017 covers neither reference nor host type: only for who asked for it.
#[tokio::test]
async fn the_legacy_signature_is_off_unless_switched_on() {
    let world = TestWorld::new().await;
    let merchant = world.merchant();
    let sale = merchant.sells("12.00").but("return_url", "https://shop.example/thanks");
    let covered = ["user_id", "wallet_id", "amount", "payment_method", "return_url", "callback_url"];
    let text: String = covered.map(|name| sale.field(name)).concat();
    let signed = sale.clone().but("signature", &openssl::hmac(KEY, &text));
    let body: serde_json::Map<String, serde_json::Value> =
        signed.fields.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let body = serde_json::Value::from(body).to_string();
    let post = async || world.place.post("/v2/transaction", body.clone()).await;
    post().await.gives(206);
    switched(&world, r#"{"legacy_signature":true}"#).await;
    eventually("the switch is seen", std::time::Duration::from_secs(5), async || {
        (post().await.code() == 0).then_some(())
    })
    .await;
    sale.sent_to(Route::Transaction).await.gives(0);
}

#[tokio::test]
async fn empties_numbers_and_escapes_as_clients_send_them() {
    let world = TestWorld::new().await;
    let place = &world.place;
    let sign = |text: &str| openssl::hmac(KEY, &format!("{text}{KEY}"));
    let order = world.merchant().sells("12.00").by_bar_code("134588558514585062").await;
    order.becomes("paid").await;
    let order_id = order.order_id().await;
    // An empty note that was signed, and an amount that is a number.
    let signature = sign(&format!("order_id={order_id}&reference=&refund_amount=1.50&user_id=U000334333"));
    let body = format!(
        r#"{{"user_id":"U000334333","order_id":"{order_id}","refund_amount":1.50,"reference":"","signature":"{signature}"}}"#
    );
    place.post("/refund", body).await.gives(0);
    assert_eq!(order.wallet_moved().await, (1200, 150));
    // The sorted form of a query, with and without is_block under the signature.
    let reference = &order.reference;
    for text in [
        format!("is_block=1&merchant_reference={reference}&user_id=U000334333"),
        format!("merchant_reference={reference}&user_id=U000334333"),
    ] {
        let signature = sign(&text);
        let query =
            format!("/v2/transaction/{reference}?user_id=U000334333&is_block=1&signature={signature}");
        place.get(&query).await.gives(0);
    }
    // Escapes mean the letters they stand for.
    let escaped = r#"{"user_id":"U000334333","merchant_reference":"caf\u00e9\/1","signature":"SIG"}"#;
    let signature = sign("merchant_reference=café/1&user_id=U000334333");
    place.post("/cancel", escaped.replace("SIG", &signature)).await.gives(201);
}
