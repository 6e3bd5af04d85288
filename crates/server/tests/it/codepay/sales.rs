//! Sales by card at a terminal, and what till and merchant are told of them.

use super::counter::terminal;
use super::till::{COUNTER, Said as _, TERRACE, till};
use crate::harness::TestWorld;

const USUAL: &str = "think=5ms";

/// The document's first use: an order, the terminal, the callback.
#[tokio::test]
async fn a_sale_is_paid_and_told() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &["entry=chip"]).await);
    let number = till.orders("attach=table=4;x&store_no=4123000005").await;
    let paid = till.becomes(&number, "2").await;
    paid.has(&[
        ("merchant_order_no", &number),
        ("trans_type", "1"),
        ("price_currency", "USD"),
        ("order_amount", "24"),
        ("trans_amount", "24"),
        ("paid_amount", "24"),
        ("trans_fee_c", "0.36"),
        ("vat_amount", "0"),
        ("discount_bpc", "0"),
        ("discount_bmopc", "0"),
        ("store_no", "4123000005"),
        ("terminal_sn", COUNTER.0),
        ("pay_scenario", "SWIPE_CARD"),
        ("pay_method_id", "Visa"),
        ("pay_user_account_id", "411111****1111"),
        ("entry_model", "2"),
        ("attach", "table=4;x"),
        ("tip_amount", ""),
        ("cashback_amount", ""),
        ("trans_error_code", ""),
    ]);
    assert_eq!(paid.field("auth_no").len(), 6);
    assert_eq!(paid.field("ref_no").len(), 12);
    assert_eq!(paid.field("trans_end_time").len(), "2023-06-14 08:51:51".len());
    let told = till.is_told(&number).await;
    for (name, value) in paid.data.iter() {
        assert_eq!(told.get(name), Some(value), "{name}: the callback says what the query says");
    }
    for (name, value) in [
        ("app_id", till.app_id.as_str()),
        ("merchant_no", "302300000926"),
        ("method", "wisehub.cloud.pay.order"),
        ("sign_type", "RSA2"),
        ("format", "JSON"),
        ("charset", "UTF-8"),
        ("version", "1.0"),
    ] {
        assert_eq!(told.get(name), Some(value), "{name}");
    }
    let stamp: i64 = told.get("timestamp").unwrap().parse().unwrap();
    assert!((tillgate::clock::now().millis() - stamp).abs() < 60_000);
    // The same by its transaction number, and by the older name of the method.
    let by_trans_no = format!("trans_no={}", paid.field("trans_no"));
    let by_trans_no = till.calls(tillgate_protocols::codepay::Method::OrderQuery, &by_trans_no).await;
    assert_eq!(by_trans_no.data, paid.data);
}

#[tokio::test]
async fn tips_and_cashback() {
    let world = TestWorld::new().await;
    let (till, terrace) = (till(&world).await, till(&world).await.at(TERRACE));
    let _counter = terminal(&world, COUNTER, &["tip=15%,think=5ms"]).await;
    let _terrace = terminal(&world, TERRACE, &[USUAL]).await;
    // The till knows the tip already.
    let number = terrace.is_paid("order_amount=144.34&tip_amount=30").await;
    terrace.seen(&number).await.has(&[
        ("order_amount", "144.34"),
        ("tip_amount", "30"),
        ("trans_amount", "174.34"),
        ("paid_amount", "174.34"),
    ]);
    // The payer adds it on the screen; without being asked nobody does.
    let number = till.is_paid("order_amount=20.00&on_screen_tip=true").await;
    till.seen(&number).await.has(&[
        ("order_amount", "20"),
        ("tip_amount", "3"),
        ("paid_amount", "23"),
        ("trans_fee_c", "0.35"),
    ]);
    let number = till.is_paid("order_amount=20.00&on_screen_tip=false").await;
    till.seen(&number).await.has(&[("tip_amount", ""), ("paid_amount", "20")]);
    let number = terrace.is_paid("trans_type=11&order_amount=10.00&cashback_amount=20.5").await;
    let seen = terrace.seen(&number).await;
    seen.has(&[
        ("trans_type", "11"),
        ("order_amount", "10"),
        ("cashback_amount", "20.5"),
        ("paid_amount", "30.5"),
    ]);
    let number = terrace.is_paid("price_currency=JPY&order_amount=200.0").await;
    terrace.seen(&number).await.has(&[
        ("order_amount", "200"),
        ("price_currency", "JPY"),
        ("paid_amount", "200"),
    ]);
}

#[tokio::test]
async fn what_the_payer_signed_has_a_link() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &["sign,think=5ms"]).await);
    let number = till.is_paid("on_screen_signature=true").await;
    let link = till.seen(&number).await.field("electron_sign_url").to_owned();
    let picture = world.place.http.get(&link).await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/png"));
    assert!(picture.body.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert_eq!(till.is_told(&number).await.get("electron_sign_url"), Some(link.as_str()));
    // Nobody else's link is guessed from it.
    let mut other = link.trim_end_matches(".png").to_owned();
    let last = other.pop().unwrap();
    other.push(if last == 'A' { 'B' } else { 'A' });
    for wrong in [
        format!("{other}.png"),
        link.trim_end_matches(".png").to_owned(),
        world.place.url("/codepay/signature/x.png"),
    ] {
        assert_eq!(world.place.http.get(&wrong).await.status, 404, "{wrong}");
    }
    let unsigned = till.is_paid("on_screen_signature=false").await;
    assert_eq!(till.seen(&unsigned).await.field("electron_sign_url"), "");
}

/// What went wrong is said in the words of whoever said it, and the number can be used again.
#[tokio::test]
async fn a_sale_that_is_not_paid() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let scripts = ["decline", "cancel", "card=4000000000009995", "pay", "manager-refuses"];
    let _terminal = terminal(&world, COUNTER, &scripts).await;
    let mut number = String::new();
    let mut trans_nos = Vec::new();
    for (code, words) in [("Z1", "DECLINED BY THE CARD"), ("102", "cancelled"), ("51", "")] {
        let changes = if number.is_empty() { String::new() } else { format!("merchant_order_no={number}") };
        number = till.orders(&changes).await;
        let seen = till.becomes(&number, "1").await;
        seen.has(&[("trans_error_code", code), ("paid_amount", ""), ("order_amount", "24")]);
        assert!(seen.field("trans_error_msg").contains(words), "{seen:?}");
        trans_nos.push(seen.field("trans_no").to_owned());
    }
    till.is_paid(&format!("merchant_order_no={number}&order_amount=25.00")).await;
    trans_nos.push(till.seen(&number).await.field("trans_no").to_owned());
    trans_nos.dedup();
    assert_eq!(trans_nos.len(), 4, "each attempt has a number of its own: {trans_nos:?}");
    let first = till
        .calls(tillgate_protocols::codepay::Method::OrderQuery, &format!("trans_no={}", trans_nos[0]))
        .await;
    first.has(&[("trans_status", "1"), ("trans_error_code", "Z1"), ("order_amount", "24")]);
    till.is_refused(&format!("merchant_order_no={number}"), "E04112", "repeated").await;
    let refused = till.orders("required_terminal_authentication=true").await;
    till.becomes(&refused, "1").await.has(&[("trans_error_code", "110")]);
}

/// 53: charged, and nobody was told. 54: the acquirer never heard of it.
#[tokio::test]
async fn the_acquirer_is_silent() {
    let world = TestWorld::new().await;
    let (till, terrace) = (till(&world).await, till(&world).await.at(TERRACE));
    let _counter = terminal(&world, COUNTER, &[USUAL]).await;
    let _terrace = terminal(&world, TERRACE, &[USUAL]).await;
    let charged = till.orders("order_amount=10.53").await;
    let lost = terrace.orders("order_amount=10.54&expires=6").await;
    till.becomes_within(&charged, "2", std::time::Duration::from_secs(20))
        .await
        .has(&[("paid_amount", "10.53")]);
    terrace
        .becomes_within(&lost, "1", std::time::Duration::from_secs(20))
        .await
        .has(&[("trans_error_code", "107")]);
    assert_eq!(till.is_told(&lost).await.get("trans_status"), Some("1"));
}
