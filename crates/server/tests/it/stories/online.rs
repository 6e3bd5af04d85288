//! Hosted online: a page of the gateway shows the code and sends the payer back to the shop.

use tillgate_protocols::latipay::client;

use crate::harness::TestWorld;

#[tokio::test]
async fn the_page_shows_the_code_and_brings_the_payer_back() {
    let world = TestWorld::new().await;
    let back = world.place.receiver.url("/thanks?basket=7");
    let order = world.merchant().sells("45.10").with("wechat").but("return_url", &back).online().await;
    assert_eq!(order.host_url, world.place.url("/pay"));

    let page = order.page().await;
    assert_eq!(page.status, 200);
    let html = page.text();
    assert!(html.contains("45.10") && html.contains("209.48") && html.contains("<svg"), "{html}");
    assert!(order.order_id().await.starts_with('S'));

    let status = world.place.get(&format!("/pay/{}/status", order.nonce)).await;
    assert_eq!(status.json, serde_json::json!({ "state": "waiting", "choice": 1, "return_url": null }));
    let waits = tokio::spawn({
        let (place, nonce) = (world.place.clone(), order.nonce.clone());
        async move { place.get(&format!("/pay/{nonce}/status?known=waiting")).await }
    });
    crate::harness::pause_ms(200).await;
    assert!(!waits.is_finished());
    order.wallet_pays().await;
    let news = waits.await.unwrap().json;
    assert_eq!(news["state"], "paid");

    let location = news["return_url"].as_str().unwrap();
    let query = location.strip_prefix(&format!("{back}&")).expect("the shop's own query stays");
    let fields = client::check_notification(query, &order.merchant.api_key()).unwrap();
    assert_eq!((fields.get("status"), fields.get("amount")), (Some("paid"), Some("45.10")));
    order.is_notified("paid").await;
    order.refunds("45.10").await.gives(0);
}

#[tokio::test]
async fn a_page_nobody_opens_is_no_trouble() {
    let world = TestWorld::new().await;
    let order = world.merchant().sells("8.00").online().await;
    assert!(order.payment().await.is_none(), "no wallet is asked before somebody looks");
    order.cancels().await.gives(0);
    order.is("canceled").await.is_notified("canceled").await;
    assert_eq!(order.page().await.status, 200, "the page says so");
    let unknown = world
        .place
        .http
        .page(&world.place.url("/pay/7d5a88119354301ad3fc250404493bd27abf4467283a061d1e"))
        .await;
    assert_eq!(unknown.status, 404);
}

/// A page, its reload and its question for news may all be the first to look at an order.
#[tokio::test]
async fn visitors_who_come_at_once_see_one_code() {
    let world = TestWorld::new().await;
    let order = world.merchant().sells("12.00").online().await;
    let url = world.place.url(&format!("/pay/{}", order.nonce));
    let visits: Vec<_> = (0..24)
        .map(|_| {
            let (place, url) = (world.place.clone(), url.clone());
            tokio::spawn(async move { place.http.page(&url).await })
        })
        .collect();
    for visit in visits {
        let page = tokio::time::timeout(std::time::Duration::from_secs(10), visit).await.unwrap().unwrap();
        assert!(page.status == 200 && page.text().contains("<svg"), "{}", page.text());
    }
    let payments = world.place.get("/sandbox/api/payments").await.json;
    assert_eq!(payments.as_array().map(Vec::len), Some(1));
    order.cancels().await.gives(0);
}
