//! What nobody should send: each gets its documented code and a message that names the field, changes nothing,
//! and is never a failure of ours.

use hyper::Method;
use tillgate_protocols::latipay::{ApiKey, Route, client};

use crate::harness::sale::Sale;
use crate::harness::{Answer, KEY, Merchant, Order, TestWorld};

/// Everything that could have changed.
async fn everything(world: &TestWorld) -> String {
    let totals = world.store().totals().await.unwrap();
    let wallets = world.place.get("/sandbox/api/totals").await.text();
    format!("{:?} {:?} {} {wallets}", totals.orders, totals.postings, totals.work)
}

async fn paid_order(world: &TestWorld) -> Order {
    let order = world.merchant().sells("5.00").by_bar_code("134588558514585062").await;
    order.becomes("paid").await.is_notified("paid").await;
    crate::harness::eventually("settled", std::time::Duration::from_secs(5), async || {
        (world.store().totals().await.unwrap().work == 0).then_some(())
    })
    .await;
    order
}

fn signed(sale: &Sale) -> String {
    client::signed_body(Route::Transaction, &sale.pairs(), &sale.merchant.api_key())
}

fn resigned(sale: &Sale, signature: &str) -> String {
    let body = signed(sale);
    let (head, _) = body.rsplit_once("\"signature\":").unwrap();
    format!("{head}\"signature\":{signature}}}")
}

#[tokio::test]
async fn fields_that_break_their_rule() {
    let world = TestWorld::new().await;
    let before = everything(&world).await;
    let sale = world.merchant().sells("5.00");
    let route = Route::Transaction;
    for amount in
        ["0", "0.00", "-1", "+1", "1e2", "12.345", "NaN", "Infinity", "1,00", "0x10", " 1", "1.", ".5", "١"]
    {
        sale.clone().but("amount", amount).sent_to(route).await.gives(207).names("amount");
    }
    let huge = "9".repeat(32);
    for amount in ["99999999999999999999", "100000000000.01", &huge] {
        sale.clone().but("amount", amount).sent_to(route).await.gives(207).names("amount");
    }
    let long = "x".repeat(300);
    for (name, value) in [
        ("version", "3.0"),
        ("host_type", "2"),
        ("ip", "999.1.1.1"),
        ("ip", "localhost"),
        ("callback_url", "javascript:alert(1)"),
        ("callback_url", "ftp://shop.example/"),
        ("callback_url", "https://user:pass@shop.example/"),
        ("callback_url", "/confirm"),
        ("callback_url", "https://shop.example/\u{7}"),
        ("return_url", "not a url"),
        ("merchant_reference", &long),
        ("merchant_reference", " blank"),
        ("merchant_reference", "line\nfeed"),
        ("merchant_reference", ".."),
        ("product_name", &long),
        ("product_name", "null\u{0}byte"),
    ] {
        sale.clone().but(name, value).sent_to(route).await.gives(207).names(name);
    }
    for name in
        ["wallet_id", "amount", "payment_method", "merchant_reference", "callback_url", "ip", "version"]
    {
        sale.clone().but(name, "").sent_to(route).await.gives(204).names(name);
        sale.clone().without(name).sent_to(route).await.gives(204).names(name);
    }
    sale.clone().but("user_id", "").sent_to(route).await.gives(204).names("user_id");
    sale.clone().but("user_id", "U'; DROP TABLE orders; --").sent_to(route).await.gives(110).names("user_id");
    sale.but("wallet_id", "W000000023").sent_to(route).await.gives(450).names("wallet_id");
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn signatures_that_do_not_hold() {
    let world = TestWorld::new().await;
    let before = everything(&world).await;
    let sale = world.merchant().sells("5.00");
    let right = client::signature(Route::Transaction, &sale.pairs(), &ApiKey::new(KEY));
    let post = async |body: String| world.place.post("/v2/transaction", body).await;
    for wrong in ["0".repeat(64), right.to_uppercase(), right[..63].to_owned(), "x".into(), "签".into()] {
        post(resigned(&sale, &format!("\"{wrong}\""))).await.gives(206).names("ignature");
    }
    for missing in ["\"\"", "null"] {
        post(resigned(&sale, missing)).await.gives(204).names("signature");
    }
    post(resigned(&sale, "{}")).await.gives(3).names("signature");
    // Signed, then changed on the way.
    post(signed(&sale).replace("5.00", "0.01")).await.gives(206);
    // One field's border moved into another: the signed text is the same.
    let moved = sale.clone().but("product_name", "tea&user_id=U000334333").without("user_id");
    let text = signed(&moved).replace('{', r#"{"user_id":"U000334333","#);
    post(text).await.gives(206);
    let stranger = Merchant::new(world.place.clone(), "U000000013", "W000000023").with_key("their own");
    stranger.queries("anything").await.gives(206);
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn bodies_that_are_not_what_they_should_be() {
    let world = TestWorld::new().await;
    let before = everything(&world).await;
    let good = signed(&world.merchant().sells("5.00"));
    let post = async |body: Vec<u8>| world.place.post("/v2/transaction", body).await;
    for body in ["", "[]", "null", "\"text\"", "12", "{", "{\"a\"", "{}x", "{\"a\":1,}", "user_id=U000334333"]
    {
        post(body.into()).await.gives(3);
    }
    post(b"{}".to_vec()).await.gives(204).names("user_id");
    post(good.as_bytes()[..good.len() - 9].to_vec()).await.gives(3);
    post([good.as_bytes(), b"}"].concat()).await.gives(3);
    post(good.replace("Pinot", "\u{1}Pinot").into_bytes()).await.gives(3);
    let mut latin1 = good.clone().into_bytes();
    latin1[20] = 0xff;
    post(latin1).await.gives(3);
    post(good.replace('{', r#"{"user_id":"U000334333","#).into_bytes()).await.gives(3).names("user_id");
    post(good.replace('{', r#"{"product_name":"Tea","#).into_bytes()).await.gives(3).names("product_name");
    for wrong in ["[5]", "{\"a\":5}", "true"] {
        post(good.replace("\"5.00\"", wrong).into_bytes()).await.gives(3).names("amount");
    }
    post(good.replace("\"5.00\"", "null").into_bytes()).await.gives(206);
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    post(good.replace("\"5.00\"", &deep).into_bytes()).await.gives(3);
    let many: Vec<String> = (0..4_000).map(|number| format!("\"f{number}\":1")).collect();
    post(format!("{{{}}}", many.join(",")).into_bytes()).await.gives(3);
    let large = post(vec![b' '; 65 * 1024]).await;
    assert_eq!((large.status, large.json["code"].as_i64()), (413, Some(3)), "{}", large.text());
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn refunds_and_cancels_that_cannot_be() {
    let world = TestWorld::new().await;
    let order = paid_order(&world).await;
    let before = everything(&world).await;
    for amount in ["0", "-1", "1e2", "1.234", "NaN", "", "5.01", "99999999999999999999999999999999"] {
        let answer = order.refunds(amount).await;
        assert!([204, 550].contains(&answer.code()), "{amount}: {}", answer.text());
        answer.names("refund_amount");
    }
    order.refunds_with_note("1.00", &"x".repeat(257)).await.gives(550).names("reference");
    for order_id in ["0", "-1", "S", "SS1", "18446744073709551616", "' OR 1=1 --"] {
        order.merchant.refunds(order_id, "1.00", "").await.gives(551).names("order_id");
    }
    order.cancels().await.gives(900).names("merchant_reference");
    order.merchant.cancels("nothing").await.gives(201).names("merchant_reference");
    order.merchant.cancels("").await.gives(204).names("merchant_reference");
    let sale = world.merchant().sells("5.00").but("merchant_reference", &order.reference);
    sale.sent_to(Route::Transaction).await.gives(207).names("merchant_reference");
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn routes_methods_and_queries() {
    let world = TestWorld::new().await;
    let before = everything(&world).await;
    let (place, http) = (&world.place, &world.place.http);
    let refused = |answer: Answer, status: u16| {
        assert_eq!((answer.status, answer.json["code"].as_i64()), (status, Some(3)), "{}", answer.text());
        assert!(answer.header("content-type").contains("json"));
    };
    for path in [
        "/nothing",
        "/v2",
        "/v2/transactions",
        "/refund/",
        "/v2/cancel/",
        "/V2/transaction",
        "/v2//transaction",
    ] {
        refused(place.post(path, "{}").await, 404);
    }
    for (method, path) in [
        (Method::GET, "/v2/transaction"),
        (Method::GET, "/refund"),
        (Method::PUT, "/cancel"),
        (Method::DELETE, "/v2/transaction/x"),
        (Method::POST, "/v2/detail/W00000001"),
    ] {
        refused(http.method(method, &place.url(path), "").await, 405);
    }
    let page = http.page(&place.url("/nothing")).await;
    assert!(page.status == 404 && page.text().contains("<html"), "people get a page");
    for nonce in [
        "x",
        "7d5a88119354301ad3fc250404493bd27abf4467283a061d1ed11860a46e1bf3",
        "%00",
        "..%2f..%2fetc%2fpasswd",
    ] {
        place.get(&format!("/v2/merchanthosted/gatewaydata/{nonce}")).await.gives(201).names("nonce");
    }
    for (query, code, word) in [
        ("", 204, "user_id"),
        ("user_id=U000334333", 204, "signature"),
        ("user_id=U000334333&signature=00", 206, "ignature"),
        ("user_id=U000334333&user_id=U2&signature=00", 3, "user_id"),
        ("user_id=%ff&signature=00", 3, "data error"),
        ("user_id=U999&signature=00", 110, "user_id"),
        ("user_id=U000334333&merchant_reference=y&signature=00", 3, "merchant_reference"),
    ] {
        place.get(&format!("/v2/transaction/x?{query}")).await.gives(code).names(word);
        if code == 204 || code == 110 {
            place.get(&format!("/v2/detail/x?{query}")).await.gives(code).names(word);
        }
    }
    assert_eq!(everything(&world).await, before);
    let slash = signed(&world.merchant().sells("5.00"));
    place.post("/v2/transaction/", slash).await.gives(0);
}

/// A good request with something broken somewhere: whatever is answered, it is an answer.
#[tokio::test]
async fn good_requests_with_random_damage() {
    let world = TestWorld::new().await;
    let mut random = crate::random_stories::Random::new(7);
    let good = signed(&world.merchant().sells("5.00"));
    let before = everything(&world).await;
    for _ in 0..400 {
        let mut body = good.clone().into_bytes();
        for _ in 0..=random.below(3) {
            let at = random.below(body.len() as u64) as usize;
            match random.below(3) {
                0 => body[at] = random.below(256) as u8,
                1 => drop(body.remove(at)),
                _ => body.insert(at, b"\"{}[],:\\ e\x00"[random.below(11) as usize]),
            }
        }
        if body == good.as_bytes() {
            continue;
        }
        let answer = world.place.post("/v2/transaction", body.clone()).await;
        let code = answer.code();
        // A blank between two fields is the only damage that does no harm.
        if code == 0 {
            let read = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
            assert_eq!(read(&body), read(good.as_bytes()), "{}", String::from_utf8_lossy(&body));
            return;
        }
        assert!(code != 1, "{} gives {}", String::from_utf8_lossy(&body), answer.text());
        assert_eq!(everything(&world).await, before);
    }
}
