//! Alipay's mini app: the merchant's app hands our fields to the wallet.

use tillgate_protocols::latipay::{Route, client::Fields};

use crate::harness::{Answer, Order, TestWorld};

/// As the document's example prints them.
const NAMES: [&str; 18] = [
    "service",
    "partner",
    "_input_charset",
    "sign_type",
    "sign",
    "notify_url",
    "return_url",
    "subject",
    "body",
    "out_trade_no",
    "currency",
    "total_fee",
    "supplier",
    "secondary_merchant_id",
    "secondary_merchant_name",
    "secondary_merchant_industry",
    "product_code",
    "app_pay",
];

/// What the document's script makes of the answer.
pub fn order_str(answer: &Answer) -> String {
    let fields = &answer.json["gatewaydata"];
    let part = |name: &&str| fields[*name].as_str().map(|value| format!("{name}={value}"));
    NAMES.iter().filter_map(part).collect::<Vec<_>>().join("&")
}

/// `my.tradePay`; its result code.
pub async fn trade_pay(order: &Order, action: &str) -> String {
    let body = serde_json::json!({ "order_str": order_str(&order.created), "action": action }).to_string();
    let result = order.merchant.place.post("/sandbox/api/app-order", body).await;
    assert_eq!(result.status, 200, "{}", result.text());
    result.json["resultCode"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_wallet_takes_our_order_str() {
    let world = TestWorld::new().await;
    let order = world.merchant().sells("0.01").in_the_mini_app().await;
    let text = order.created.text();
    let raw = Fields::from_json(&text).unwrap().get("gatewaydata").unwrap().to_owned();
    let places: Vec<_> = NAMES.iter().map(|name| raw.find(&format!("\"{name}\":"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{raw}");
    assert_eq!(order.created.json["gatewaydata"].as_object().unwrap().len(), NAMES.len());
    let paydata = &order.created.json["paydata"];
    assert_eq!(paydata["customerOrderId"], order.reference.as_str());
    let order_id = paydata["orderId"].as_str().unwrap();
    assert!(order_id.starts_with('S') && order_id == order.order_id().await);

    assert_eq!(trade_pay(&order, "pay").await, "9000");
    order.becomes("paid").await.is_notified("paid").await;
    // A refund takes the number with and without its letter.
    order.merchant.refunds(order_id.trim_start_matches('S'), "0.01", "").await.gives(0);
}

#[tokio::test]
async fn an_order_str_that_was_touched_pays_nothing() {
    let world = TestWorld::new().await;
    let order = world.merchant().sells("99.00").in_the_mini_app().await;
    let cheap = order_str(&order.created).replace("total_fee=99.00", "total_fee=0.01");
    let body = serde_json::json!({ "order_str": cheap }).to_string();
    let result = world.place.post("/sandbox/api/app-order", body).await;
    assert_eq!(result.json["resultCode"], "4000");
    order.is("pending").await;
    order.cancels().await.gives(0);
    assert_eq!(trade_pay(&order, "pay").await, "4000");
}

#[tokio::test]
async fn the_same_request_again_gives_the_same_fields_and_only_alipay_may() {
    let world = TestWorld::new().await;
    let sale = world.merchant().sells("7.00").without("return_url");
    let order = sale.clone().in_the_mini_app().await;
    let again = sale.clone().in_the_mini_app().await;
    assert_eq!(order_str(&order.created), order_str(&again.created));
    sale.with("wechat").but("merchant_reference", "m-2").sent_to(Route::MiniAlipay).await.gives(304);
    assert_eq!(trade_pay(&order, "decline").await, "6001");
    order.becomes("failed").await.is_notified("failed").await;
}
