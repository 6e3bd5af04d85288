//! The documents' example requests with the bodies printed there, against the sandbox's merchants. Trailing commas
//! are left out, and a signature that is wrong in the document is the right one here.

use tillgate_protocols::latipay::{Route, client};

use crate::harness::{KEY, Merchant, TestWorld, openssl};

const HOSTED_OFFLINE: &str = r#"{"signature":"14b8268bd86e1815c192debb1d13a16ab1fe008f49e57eea5d64aaf111a8ed67","wallet_id":"W00000001","amount":"120.00","user_id":"U000334333","merchant_reference":"dsi39ej430sks03","return_url":"","callback_url":"https://merchantsite.com/confirm","ip":"122.122.122.1","version":"2.0","product_name":"Pinot Noir, Otago","payment_method":"alipay","host_type" :"1"}"#;

#[tokio::test]
async fn merchant_hosted_offline() {
    let world = TestWorld::new().await;
    let place = &world.place;
    let printed = HOSTED_OFFLINE.replace("14b8268bd86e1815", "a60318f763c88d7f");
    place.post("/v2/transaction", printed).await.gives(206);
    let created = place.post("/v2/transaction", HOSTED_OFFLINE).await.gives(0);
    let hosted = client::check_transaction_answer(&created.text(), &world.merchant().api_key()).unwrap();
    let shown = place.http.get(&format!("{}/{}", hosted.host_url, hosted.nonce)).await.gives(0);
    assert_eq!(shown.json["data"]["product_name"], "Pinot Noir, Otago");
    assert_eq!(shown.json["data"]["merchant_reference"], "dsi39ej430sks03");

    let signature = openssl::hmac(KEY, "dsi39ej430sks03U000334333");
    let query = format!("/v2/transaction/dsi39ej430sks03?user_id=U000334333&signature={signature}");
    let answer = place.get(&query).await.gives(0).json;
    assert_eq!((&answer["amount"], &answer["status"]), (&"120.00".into(), &"pending".into()));
    let query = "/v2/transaction/1289323A122DB?user_id=U000334333";
    let placeholder = "14d5b06a2a5a2ec509a148277ed4cbeb3c43301b239f080a3467ff0aba4070e3";
    place.get(&format!("{query}&signature={placeholder}")).await.gives(206);
    let signature = openssl::hmac(KEY, "1289323A122DBU000334333");
    place.get(&format!("{query}&signature={signature}")).await.gives(201);
}

#[tokio::test]
async fn the_refund_and_the_cancel() {
    let world = TestWorld::new().await;
    let refund = r#"{
    "user_id": "U000334333",
    "order_id": "23479798sdf7987234",
    "refund_amount": "120.00",
    "reference": "notes about this refund",

    "signature": "3052b51072570b743bf9a12a20a45b0adf280aee84907ef0e54d1079fb3f961c"
  }"#;
    world.place.post("/refund", refund).await.gives(551).names("order_id");
    let printed = r#"{
    "user_id":"U000000013",
    "merchant_reference":"9872428736782682",

    "signature": "3052b51072570b743bf9a12a20a45b0adf280aee84907ef0e54d1079fb3f961c"
  }"#;
    let right = "da3b80be09665913e632f1bc0822e3d98d8dd235aebeb6f532b6bb7e329b9635";
    let wrong = "3052b51072570b743bf9a12a20a45b0adf280aee84907ef0e54d1079fb3f961c";
    let cancel = printed.replace(wrong, right);
    world.place.post("/cancel", printed).await.gives(206);
    world.place.post("/cancel", cancel.clone()).await.gives(201);
    let dairy = Merchant::new(world.place.clone(), "U000000013", "W000000023");
    let order = dairy.sells("4.00").but("merchant_reference", "9872428736782682").at_the_till().await;
    world.place.post("/cancel", cancel.clone()).await.gives(0);
    order.is("canceled").await;
    world.place.post("/v2/cancel", cancel).await.gives(0);
}

#[tokio::test]
async fn the_bar_code() {
    let world = TestWorld::new().await;
    let place = &world.place;
    let demo = r#"{
"user_id": "U000000013",
"wallet_id": "W000000023",
"amount": "0.05",
"pay_code": "1234567890",
"signature": "fdaa4b9763d77cb034ffd9691324eda4ae5e845487f794c92a48db338298fde3"
}"#;
    place.post("/barcode", demo).await.gives(206);
    let fields = [
        ("user_id", "U000000013"),
        ("wallet_id", "W000000023"),
        ("amount", "0.05"),
        ("pay_code", "1234567890"),
    ];
    let right = demo.replace(
        "fdaa4b9763d77cb034ffd9691324eda4ae5e845487f794c92a48db338298fde3",
        &openssl::sign_sorted(&fields, KEY),
    );
    place.post("/barcode", right).await.gives(207).names("pay_code");
    let example = r#"{
"user_id": "U00001534",
"wallet_id": "W00000001",
"amount": "0.05",
"pay_code": "134588558514585062",
"signature": "e66d54f711bc6a1dde59838c8b0de73ccc8b025a2ae65ae878216f010a05f599"
}"#;
    let answer = place.post("/barcode", example).await.gives(0).json;
    assert_eq!((&answer["message"], answer["order_id"].as_str().unwrap().len()), (&"SUCCESS".into(), 16));
    let hall = Merchant::new(place.clone(), "U00001534", "W00000001");
    let reference = answer["merchant_reference"].as_str().unwrap();
    crate::harness::eventually("paid", std::time::Duration::from_secs(5), async || {
        (hall.queries(reference).await.json["status"] == "paid").then_some(())
    })
    .await;

    let query = "/v2/transaction/6000324?user_id=U000000013&signature=58f93f458880120d650611f2452917a25a39edc2f5e3a03baac73a7a49bc81f4";
    place.get(query).await.gives(201);
    let dairy = Merchant::new(place.clone(), "U000000013", "W000000023");
    dairy.sells("120.00").but("merchant_reference", "6000324").at_the_till().await;
    assert_eq!(place.get(query).await.gives(0).json["amount"], "120.00");
}

#[tokio::test]
async fn the_mini_app() {
    let world = TestWorld::new().await;
    let example = r#"{
    "user_id": "U000334333",
    "wallet_id": "W00000001",
    "amount": "120.00",
    "payment_method": "alipay",
    "callback_url": "https://merchantsite.com/confirm",
    "merchant_reference": "dsi39ej430sks03",
    "ip": "122.122.122.1",
    "version": "2.0",
    "product_name": "Pinot Noir, Otago",

    "signature": "1f8e75dd34fc5ca7b478772efdb6fa9e1a5c89e8e0412ccde81912fc16e2ed07"
  }"#;
    let answer = world.place.post("/v2/minialipay", example).await.gives(0).json;
    assert_eq!((&answer["message"], &answer["messageCN"]), (&"SUCCESS".into(), &"操作成功".into()));
    let fields = &answer["gatewaydata"];
    assert_eq!((&fields["total_fee"], &fields["currency"]), (&"120.00".into(), &"NZD".into()));
    assert_eq!(answer["paydata"]["customerOrderId"], "dsi39ej430sks03");
    // The same reference again over the other route is another way of paying.
    let other = world.merchant().sells("120.00").but("merchant_reference", "dsi39ej430sks03");
    other
        .but("callback_url", "https://merchantsite.com/confirm")
        .sent_to(Route::Transaction)
        .await
        .gives(207);
}
