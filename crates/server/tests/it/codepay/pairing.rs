//! A terminal gets its secret for a code that a person reads out.

use serde_json::json;
use tillgate::terminals::{code_digest, new_pairing_code};
use tillgate_protocols::codepay::Method;
use tillgate_store::Pairing;

use super::raw::{dialed, raw};
use super::till::{COUNTER, Said as _, TERRACE, till};
use crate::harness::{Answer, TestWorld};

/// What the back office does; the code.
async fn code_for(world: &TestWorld, sn: &str, lifetime_s: i64) -> String {
    let code = new_pairing_code();
    assert!(code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()));
    let terminal = world.app().codepay.terminals.find(sn).await.unwrap().unwrap();
    let pairing = Pairing {
        merchant: terminal.merchant,
        terminal: sn.into(),
        code_digest: code_digest(sn, &code),
        expires_at: tillgate::clock::now().plus_s(lifetime_s),
        tries_left: 5,
    };
    world.store().put_pairing(pairing).await.unwrap();
    code
}

async fn pairs(world: &TestWorld, sn: &str, code: &str) -> Answer {
    let body = json!({ "terminal_sn": sn, "pairing_code": code }).to_string();
    world.place.post("/terminal/v1/pair", body).await
}

/// Another code of eight digits.
fn wrong(code: &str) -> String {
    format!("{:08}", (code.parse::<u32>().unwrap() + 1) % 100_000_000)
}

#[tokio::test]
async fn a_code_is_good_once() {
    let world = TestWorld::new().await;
    let mut old = raw(&world, COUNTER).await;
    let code = code_for(&world, COUNTER.0, 60).await;
    assert_eq!(pairs(&world, TERRACE.0, &code).await.status, 403, "another terminal's");
    let answer = pairs(&world, COUNTER.0, &code).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        (
            &answer.json["terminal_sn"],
            &answer.json["merchant_no"],
            &answer.json["store_no"],
            &answer.json["name"]
        ),
        (&json!(COUNTER.0), &json!("302300000926"), &json!("4123000005"), &json!("Counter"))
    );
    // Who was connected with the old secret goes, and does not come back.
    old.is_closed(4410).await;
    let mut again = dialed(&world).await;
    again.asks("ecrhub.init", json!({ "terminal_sn": COUNTER.0, "secret": COUNTER.1 })).await;
    again.is_closed(4401).await;
    let used = pairs(&world, COUNTER.0, &code).await;
    assert_eq!((used.status, used.json["secret"].is_null()), (403, true));
    let secret = answer.json["secret"].as_str().unwrap();
    assert!(secret.len() >= 32);
    let mut counter = raw(&world, (COUNTER.0, secret)).await;
    let till = till(&world).await;
    let number = till.orders("").await;
    let order = counter.takes().await;
    counter.answers(&order, "102", json!({})).await;
    till.becomes(&number, "1").await;
    till.calls(Method::OrderQuery, &format!("merchant_order_no={number}")).await.gives("0");
}

#[tokio::test]
async fn five_wrong_codes_end_it() {
    let world = TestWorld::new().await;
    let code = code_for(&world, COUNTER.0, 60).await;
    for _ in 0..4 {
        assert_eq!(pairs(&world, COUNTER.0, &wrong(&code)).await.status, 403);
    }
    assert_eq!(pairs(&world, COUNTER.0, &code).await.status, 200, "after four it is still good");
    let code = code_for(&world, COUNTER.0, 60).await;
    let mut said = Vec::new();
    for _ in 0..5 {
        said.push(pairs(&world, COUNTER.0, &wrong(&code)).await.text());
    }
    let dead = pairs(&world, COUNTER.0, &code).await;
    assert_eq!(dead.status, 403);
    said.push(dead.text());
    // Of a terminal nobody knows, of one without a code: the same words.
    said.push(pairs(&world, "nobody", &code).await.text());
    said.push(pairs(&world, TERRACE.0, &code).await.text());
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
}

#[tokio::test]
async fn a_code_grows_old_or_is_none() {
    let world = TestWorld::new().await;
    let code = code_for(&world, COUNTER.0, 0).await;
    assert_eq!(pairs(&world, COUNTER.0, &code).await.status, 403);
    let (first, second) = (code_for(&world, COUNTER.0, 60).await, code_for(&world, COUNTER.0, 60).await);
    assert_eq!(pairs(&world, COUNTER.0, &first).await.status, 403, "a newer code ends it");
    for (body, status) in [
        (String::new(), 400),
        ("[]".into(), 400),
        ("{}".into(), 400),
        (json!({ "terminal_sn": COUNTER.0, "pairing_code": 12_345_678 }).to_string(), 400),
        (json!({ "terminal_sn": COUNTER.0, "pairing_code": "1234567" }).to_string(), 400),
        (json!({ "terminal_sn": COUNTER.0, "pairing_code": "１２３４５６７８" }).to_string(), 400),
        (json!({ "terminal_sn": "x".repeat(33), "pairing_code": second }).to_string(), 400),
        (format!("{{\"terminal_sn\":\"{}\"}}", "x".repeat(70_000)), 413),
    ] {
        let answer = world.place.post("/terminal/v1/pair", body.clone()).await;
        assert_eq!(answer.status, status, "{body:.80}: {}", answer.text());
        assert!(answer.json["error"].is_string());
    }
    assert_eq!(pairs(&world, COUNTER.0, &second).await.status, 200);
}
