//! What a broken or hostile device sends on its line: it is answered or cut off, and no order changes.

use std::time::{Duration, Instant};

use serde_json::json;

use super::raw::{charged, dialed, raw, result};
use super::till::{COUNTER, Said as _, TERRACE, till};
use crate::harness::together::{story, together};
use crate::harness::{TestWorld, checks};

fn kept(world: &TestWorld) -> Vec<String> {
    let connection = checks::connect(&world.place.database);
    ["orders", "events", "postings"]
        .into_iter()
        .flat_map(|table| checks::rows(&connection, &format!("SELECT * FROM {table}")))
        .collect()
}

#[tokio::test]
async fn who_is_not_let_in() {
    let world = TestWorld::new().await;
    let init = |sn: &str, secret: &str| {
        let biz = json!({ "terminal_sn": sn, "secret": secret });
        json!({ "topic": "ecrhub.init", "request_id": "1", "biz_data": biz }).to_string()
    };
    for first in [
        init(COUNTER.0, "wrong"),
        init(COUNTER.0, TERRACE.1),
        init(COUNTER.0, ""),
        init("WPYB000000000000", COUNTER.1),
        json!({ "topic": "ecrhub.init", "request_id": "1", "biz_data": { "terminal_sn": COUNTER.0 } })
            .to_string(),
        json!({ "topic": "ecrhub.heartbeat", "request_id": "1", "biz_data": {} }).to_string(),
        json!({ "topic": "ecrhub.pay.order", "request_id": "1-1", "response_code": "000", "biz_data": {} })
            .to_string(),
        "hello".into(),
        String::new(),
    ] {
        let mut stranger = dialed(&world).await;
        stranger.sends(first).await;
        stranger.is_closed(4401).await;
    }
    assert_eq!(world.app().gateway.terminals.count(), 0);
    // Not a WebSocket.
    assert_eq!(world.place.get("/terminal/v1").await.status, 426);
    // A good one, and a second greeting on the same line.
    let mut known = raw(&world, COUNTER).await;
    known.sends(init(COUNTER.0, COUNTER.1)).await;
    assert_eq!(known.hears("ecrhub.init").await["response_code"], "202");
}

#[tokio::test]
async fn who_says_nothing_is_not_waited_for() {
    let world = TestWorld::new().await;
    let mut silent = dialed(&world).await;
    let started = Instant::now();
    tokio::time::sleep(Duration::from_secs(5)).await;
    silent.is_closed(4401).await;
    assert!((9..25).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}

/// Three heartbeats were missed. Takes a minute.
#[tokio::test]
#[ignore = "takes a minute"]
async fn a_silent_terminal_is_offline() {
    let world = TestWorld::new().await;
    let mut silent = raw(&world, COUNTER).await;
    tokio::time::sleep(Duration::from_secs(53)).await;
    assert_eq!(world.app().gateway.terminals.count(), 1);
    silent.is_closed(4408).await;
    super::raw::is_offline(&world).await;
}

#[tokio::test]
async fn frames_that_are_none() {
    let world = TestWorld::new().await;
    let before = kept(&world);
    for (text, code) in [
        ("hello", 4400),
        ("", 4400),
        ("[]", 4400),
        ("null", 4400),
        ("{\"topic\":\"ecrhub.heartbeat\"}", 4400),
        ("{\"request_id\":\"1\"}", 4400),
        ("{\"topic\":\"ecrhub.heartbeat\",\"topic\":\"ecrhub.init\",\"request_id\":\"1\"}", 4400),
        (
            "{\"topic\":\"ecrhub.pay.order\",\"request_id\":\"1-1\",\"response_code\":\"000\",\"biz_data\":[]}",
            4400,
        ),
        (
            "{\"topic\":\"ecrhub.pay.order\",\"request_id\":\"1-1\",\"response_code\":\"000\",\"biz_data\":{\"trade_no\":\"1-2\"}}",
            4400,
        ),
        (
            "{\"topic\":\"ecrhub.pay.order\",\"request_id\":\"1-1\",\"response_code\":\"1e9\",\"biz_data\":{}}",
            4400,
        ),
    ] {
        let mut counter = raw(&world, COUNTER).await;
        counter.sends(text).await;
        counter.is_closed(code).await;
    }
    let mut counter = raw(&world, COUNTER).await;
    counter.sends(format!("{{\"topic\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000))).await;
    counter.is_closed(4400).await;
    let mut counter = raw(&world, COUNTER).await;
    counter.sends_bytes(b"{}".to_vec()).await;
    counter.is_closed(1003).await;
    // A little too large, and much.
    for bytes in [65_537, 1 << 20] {
        let mut counter = raw(&world, COUNTER).await;
        counter.tries("x".repeat(bytes)).await;
        counter.is_closed(1009).await;
    }
    let mut counter = raw(&world, COUNTER).await;
    let mut frame = json!({ "topic": "ecrhub.heartbeat", "request_id": "full", "filler": "" });
    let rest = 65_536 - frame.to_string().len();
    frame["filler"] = json!("x".repeat(rest));
    counter.sends(frame.to_string()).await;
    assert_eq!(counter.hears("ecrhub.heartbeat").await["request_id"], "full");
    assert_eq!(kept(&world), before);
}

#[tokio::test]
async fn topics_nobody_knows() {
    let world = TestWorld::new().await;
    let mut counter = raw(&world, COUNTER).await;
    for topic in ["ecrhub.pay.order", "ecrhub.pay.result", "ecrhub.pay.gift", "x"] {
        counter.asks(topic, json!({})).await;
        let answer = counter.hears_any().await;
        assert_eq!(
            (answer["topic"].as_str(), answer["response_code"].as_str()),
            (Some(topic), Some("202")),
            "{answer}"
        );
    }
    // Answers nobody asked for are not answered.
    for topic in [
        "ecrhub.pay.gift",
        "ecrhub.heartbeat",
        "ecrhub.init",
        "ecrhub.pay.scan",
        "ecrhub.pay.close",
        "ecrhub.pay.query",
    ] {
        counter.says(topic, "77", "000", json!({})).await;
    }
    counter.hears_nothing_for(200).await;
    counter.asks("ecrhub.heartbeat", json!({})).await;
    let answer = counter.hears("ecrhub.heartbeat").await;
    let ms = answer["biz_data"]["time"].as_i64().unwrap();
    assert!((tillgate::clock::now().millis() - ms).abs() < 10_000);
}

/// Another terminal's order, an order that never was, another merchant's number.
#[tokio::test]
async fn results_of_what_is_not_ones_own() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let (mut counter, mut terrace) = (raw(&world, COUNTER).await, raw(&world, TERRACE).await);
    let number = till.orders("").await;
    let order = counter.takes().await;
    till.becomes(&number, "0").await;
    let word = charged(&world, COUNTER.0, &order, json!({})).await;
    let before = kept(&world);
    let trade_no = order["request_id"].as_str().unwrap();
    let mut said = result(&order, &word);
    for code in ["000", "102", "107", "101"] {
        terrace.says("ecrhub.pay.order", trade_no, code, said.clone()).await;
    }
    for stranger in [
        "1-1",
        "0-0",
        "x",
        "9999-1",
        &format!("{trade_no}.1"),
        &format!("9{trade_no}"),
        &format!("{trade_no}0"),
    ] {
        said["trade_no"] = json!(stranger);
        counter.says("ecrhub.pay.order", stranger, "000", said.clone()).await;
    }
    counter.hears_nothing_for(200).await;
    terrace.hears_nothing_for(100).await;
    assert_eq!(kept(&world), before);
    counter.answers(&order, "000", result(&order, &word)).await;
    counter.hears("ecrhub.pay.result").await;
    till.becomes(&number, "2").await;
}

/// Fields of a slip that make no sense are left out; the payment counts, and no card number is kept.
#[tokio::test]
async fn slips_that_make_no_sense() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    let number = till.orders("").await;
    let order = counter.takes().await;
    let word = charged(&world, COUNTER.0, &order, json!({})).await;
    let mut said = result(&order, &word);
    for (name, value) in [
        ("card_no", json!("4111111111111111")),
        ("card_type", json!(9)),
        ("entry_mode", json!("chip")),
        ("auth_code", json!("4111111111111111")),
        ("ref_no", json!({ "a": 1 })),
        ("trans_end_time", json!("tomorrow")),
        ("signature", json!("bm8gcG5n")),
        ("pay_method_id", json!("x".repeat(500))),
    ] {
        said[name] = value;
    }
    counter.answers(&order, "000", said).await;
    counter.hears("ecrhub.pay.result").await;
    let seen = till.becomes(&number, "2").await;
    seen.has(&[
        ("pay_user_account_id", "411111****1111"),
        ("auth_no", ""),
        ("entry_model", ""),
        ("electron_sign_url", ""),
    ]);
    till.is_told(&number).await;
    checks::no_file_holds(&world.data_dir(), "4111111111111111");
}

/// One that sends without end, and does not read, costs nobody else anything.
#[tokio::test]
async fn a_flood() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut flood = raw(&world, COUNTER).await;
    let mut terrace = raw(&world, TERRACE).await;
    let mut stories = Vec::new();
    stories.push(story("flood", async move {
        let beat = json!({ "topic": "ecrhub.heartbeat", "request_id": "x".repeat(64) }).to_string();
        let until = Instant::now() + Duration::from_secs(1);
        while Instant::now() < until {
            let sent = tokio::time::timeout(Duration::from_millis(200), flood.tries(beat.clone())).await;
            if sent.is_err() {
                break;
            }
        }
    }));
    stories.push(story("the other", async move {
        let number = till.at(TERRACE).orders("").await;
        let order = terrace.takes().await;
        terrace.answers(&order, "102", json!({})).await;
        till.becomes(&number, "1").await;
    }));
    together(stories).await;
}
