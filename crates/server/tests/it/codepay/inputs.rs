//! What a broken, curious or hostile till sends: a signed answer with the documented code, and nothing changed.

use tillgate::sandbox::codepay as sandbox;
use tillgate_protocols::codepay::{Method, client};
use tillgate_protocols::wire::json::Value;

use super::till::{COUNTER, Data, Said as _, TERRACE, Till, changed, field, now_ms, till};
use crate::harness::{TestWorld, checks};

/// Everything the store holds of orders, to see whether anything changed.
fn kept(world: &TestWorld) -> Vec<String> {
    let connection = checks::connect(&world.place.database);
    ["orders", "events", "refunds", "postings", "order_references", "batches", "pairings"]
        .into_iter()
        .flat_map(|table| checks::rows(&connection, &format!("SELECT * FROM {table}")))
        .collect()
}

/// The same message with other text in it, and the signature of before.
fn tampered(till: &Till, from: &str, to: &str) -> String {
    let body = till.body(Method::PayOrder, &till.order(""));
    assert!(body.contains(from), "{body}");
    body.replacen(from, to, 1)
}

#[tokio::test]
async fn who_it_is_has_one_answer() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let basic = till.with_password();
    let order = || till.order("");
    let before = kept(&world);
    let own: Data = order();
    let fields: Vec<(&str, Value<'_>)> =
        own.iter().map(|(name, value)| (name.as_str(), Value::Text(value.as_str().into()))).collect();
    let stamp = now_ms();
    let unsigned =
        |app_id| client::json_body(&client::envelope(Method::PayOrder, app_id, &stamp, false, &fields), None);
    let signed = till.body(Method::PayOrder, &order());
    let nobody = Till { app_id: "wz0000000000000000".into(), ..till.clone() };
    let as_basic = Till { app_id: sandbox::BASIC_APP_ID.into(), ..till.clone() };
    for (what, till, body) in [
        ("a changed amount", &till, tampered(&till, "24.00", "2.40")),
        ("a changed terminal", &till, tampered(&till, COUNTER.0, TERRACE.0)),
        ("a changed method", &till, tampered(&till, "wisehub.cloud.pay.order", "wisehub.cloud.pay.close")),
        ("a field more", &till, tampered(&till, "{", "{\"tip_amount\":\"9\",")),
        ("no signature", &till, signed.split(",\"sign\"").next().unwrap().to_owned() + "}"),
        (
            "an empty signature",
            &till,
            signed.split("\"sign\":").next().unwrap().to_owned() + "\"sign\":\"\"}",
        ),
        ("no base64", &till, signed.split("\"sign\":").next().unwrap().to_owned() + "\"sign\":\"§\"}"),
        ("another's app", &nobody, nobody.body(Method::PayOrder, &order())),
        ("NONE where it must be signed", &till, unsigned(sandbox::APP_ID)),
        ("NONE with somebody's password", &basic, unsigned(sandbox::APP_ID)),
        ("NONE without a password", &till, unsigned(sandbox::BASIC_APP_ID)),
        ("RSA2 where there is a password", &as_basic, as_basic.body(Method::PayOrder, &order())),
        ("RSA2 and a password", &basic, as_basic.body(Method::PayOrder, &order())),
        ("SHA-1", &till, signed.replace("RSA2", "RSA")),
    ] {
        let answer = till.sends(body).await;
        assert_eq!(answer.code, "SYS002", "{what}: {answer:?}");
    }
    for password in ["sandbox:wrong", "wrong:tillgate-sandbox", "sandbox", ""] {
        let wrong = Till { password: Some(password.into()), ..basic.clone() };
        wrong.sends(wrong.body(Method::PayOrder, &order())).await.gives("SYS002");
    }
    assert_eq!(kept(&world), before);
    basic.sends(basic.body(Method::PayOrder, &till.order("expires=1"))).await.gives("0");
    till.sends(till.body(Method::PayOrder, &till.order("expires=1&-notify_url"))).await.gives("0");
    world.app().gateway.store.load_credential("codepay", sandbox::APP_ID).await.unwrap().unwrap();
}

/// Where people look for their mistake they are shown what they should have signed; elsewhere nobody is.
#[tokio::test]
async fn the_text_to_sign_is_for_the_sandbox() {
    for (world, is_shown) in [(TestWorld::new().await, true), (TestWorld::without_wallets().await, false)] {
        let till = till(&world).await;
        let answer = till.sends(tampered(&till, "24.00", "2.40")).await;
        answer.gives("SYS002");
        let text = answer.field("text_to_sign");
        assert_eq!(text.contains("&order_amount=2.40&price_currency=USD&"), is_shown, "{answer:?}");
        assert_eq!(text.is_empty(), !is_shown, "{answer:?}");
    }
}

#[tokio::test]
async fn the_envelope_is_read_strictly() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let before = kept(&world);
    let now: i64 = now_ms().parse().unwrap();
    for (stamp, code) in [
        ((now - 16 * 60_000).to_string(), "TG003"),
        ((now + 16 * 60_000).to_string(), "TG003"),
        ((now / 1_000).to_string(), "TG002"),
        (format!("{now}0"), "TG002"),
        ("yesterday".into(), "TG002"),
        (String::new(), "TG001"),
    ] {
        let answer = till.sends(till.body_at(&stamp, Method::PayOrder, &till.order(""))).await;
        answer.gives(code).names("timestamp");
    }
    // Signed as they are, so only the envelope is wrong. An envelope's field sent as one's own comes twice.
    let sealed = |change: &str| {
        let own = till.order("");
        let stamp = now_ms();
        let fields: Vec<(&str, Value<'_>)> =
            own.iter().map(|(name, value)| (name.as_str(), Value::Text(value.as_str().into()))).collect();
        let mut all = client::envelope(Method::PayOrder, &till.app_id, &stamp, true, &fields);
        let (name, value) = change.split_once('=').unwrap();
        for (known, old) in &mut all {
            if *known == name {
                *old = Value::Text(value.to_owned().into());
            }
        }
        client::json_body(&all, Some(&sandbox::app_key().unwrap()))
    };
    for (change, code, names) in [
        ("format=XML", "TG002", "format"),
        ("charset=GBK", "TG002", "charset"),
        ("version=2.0", "TG002", "version"),
        ("method=", "TG001", "method"),
        ("method=order.delete", "E07303", ""),
        ("method=ORDER.QUERY", "E07303", ""),
        ("sign_type=", "TG001", "sign_type"),
        ("app_id=", "TG001", "app_id"),
        ("merchant_no=302300000927", "E07303", "merchant_no"),
        ("merchant_no=", "TG001", "merchant_no"),
    ] {
        till.sends(sealed(change)).await.gives(code).names(names);
    }
    for body in
        ["", "{", "[]", "null", "\"x\"", "{\"app_id\":1,\"app_id\":2}", "a=1&a=2", "\u{feff}{}", "app_id=%FF"]
    {
        let answer = till.sends(body).await;
        assert!(["TG004", "TG001"].contains(&answer.code.as_str()), "{body}: {answer:?}");
    }
    let deep = format!("{{\"app_id\":\"x\",\"a\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    assert!(["TG004", "SYS002"].contains(&till.sends(deep).await.code.as_str()));
    till.sends(vec![0xff, 0xfe, b'{', b'}']).await.gives("TG004");
    till.sends(format!("{{\"app_id\":\"{}\"}}", "A".repeat(70_000))).await.gives("TG004").names("too large");
    let got = world.place.get("/api/entry").await;
    assert_eq!(got.status, 405);
    client::read_answer(&got.body, &till.key).unwrap().gives("TG004").names("POST");
    assert_eq!(kept(&world), before);
}

/// Both encodings, on every path that clients are known for.
#[tokio::test]
async fn forms_and_paths() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let form = |data: &Data| {
        let stamp = now_ms();
        let own: Vec<(&str, Value<'_>)> =
            data.iter().map(|(name, value)| (name.as_str(), Value::Text(value.as_str().into()))).collect();
        let fields = client::envelope(Method::PayOrder, &till.app_id, &stamp, true, &own);
        client::form_body(&fields, Some(&sandbox::app_key().unwrap()))
    };
    for path in ["/api/entry", "//api/entry", "/api/entry/", "/api/entry/wisehub.cloud.pay.order"] {
        let data = till.order("-notify_url&description=Caf\u{e9} + 2 \u{8336} 100%");
        let answer = till.sends_to(path, "application/x-www-form-urlencoded", form(&data)).await;
        answer.gives("0");
        let number = field(&data, "merchant_order_no");
        till.sends_to(path, "text/plain", till.body(Method::OrderQuery, &changed(data.clone(), "-x")))
            .await
            .gives("0");
        till.closes(number).await.gives("0");
    }
    let before = kept(&world);
    let once = form(&till.order(""));
    till.sends_to("/api/entry", "application/x-www-form-urlencoded", format!("{once}&order_amount=1.00"))
        .await
        .gives("TG004")
        .names("order_amount");
    let number = till.order("");
    let twice = till.body(Method::PayOrder, &number).replacen('{', "{\"order_amount\":\"1.00\",", 1);
    till.sends(twice).await.gives("TG004").names("order_amount");
    let escaped = till.body(Method::PayOrder, &number).replacen('{', "{\"order_\\u0061mount\":\"1.00\",", 1);
    till.sends(escaped).await.gives("TG004").names("order_amount");
    assert_eq!(kept(&world), before);
}
