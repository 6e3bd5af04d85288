//! The driver against a small gateway and acquirer of its own, on real sockets.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use futures_util::{SinkExt as _, StreamExt as _};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tillgate_sim::terminal::{Script, Stop};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::terminal::{Config, Device, Happening, Key, Summary, run};

const SECRET: &str = "a secret";

#[derive(Default)]
struct Seen {
    /// Questions to the acquirer, by trade_no.
    asked: HashMap<String, usize>,
    /// Results, by trade_no.
    results: HashMap<String, Vec<Value>>,
    connections: usize,
    happenings: Vec<Happening>,
}

/// How the gateway of a test behaves.
#[derive(Clone, Copy)]
struct Manners {
    /// Orders for each terminal, one after the other.
    orders: usize,
    /// Cuts the line when the first result of each terminal comes.
    drops_first_result: bool,
    /// The acquirer answers 504.
    is_acquirer_silent: bool,
    /// Refuses everybody with this close code.
    refuses: Option<u16>,
}

const POLITE: Manners =
    Manners { orders: 1, drops_first_result: false, is_acquirer_silent: false, refuses: None };

struct Gateway {
    url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Gateway {
    async fn open(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Seen>>::default();
        let inside = seen.clone();
        let settled = Arc::<Mutex<HashMap<String, usize>>>::default();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, manners, inside.clone(), settled.clone()));
            }
        });
        Self { url, seen }
    }

    fn config(&self, terminals: Vec<Device>) -> Config {
        let seen = self.seen.clone();
        Config {
            url: self.url.clone(),
            terminals,
            acquirer_timeout: Duration::from_secs(5),
            count: None,
            report: Arc::new(move |happening| seen.lock().happenings.push(happening.clone())),
        }
    }

    async fn run(&self, config: Config) -> Vec<Summary> {
        let (_keep, stop) = watch::channel(false);
        tokio::time::timeout(Duration::from_secs(60), run(config, stop)).await.unwrap().unwrap()
    }
}

async fn serve(
    stream: TcpStream,
    manners: Manners,
    seen: Arc<Mutex<Seen>>,
    settled: Arc<Mutex<HashMap<String, usize>>>,
) {
    let mut start = [0; 16];
    let read = stream.peek(&mut start).await.unwrap_or(0);
    if start[..read].starts_with(b"POST") {
        return post(stream, manners, seen).await;
    }
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
    seen.lock().connections += 1;
    if let Some(code) = manners.refuses {
        let frame = CloseFrame { code: code.into(), reason: "no".into() };
        let _ = socket.close(Some(frame)).await;
        return;
    }
    let mut sn = String::new();
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap();
        let topic = frame["topic"].as_str().unwrap();
        let mut replies = Vec::new();
        match (topic, frame.get("response_code").and_then(Value::as_str)) {
            ("ecrhub.init", None) => {
                assert_eq!(frame["biz_data"]["secret"], SECRET);
                sn = frame["biz_data"]["terminal_sn"].as_str().unwrap().to_owned();
                replies.push(json!({
                    "topic": "ecrhub.init", "request_id": frame["request_id"], "response_code": "000",
                    "biz_data": { "heartbeat_s": 20 },
                }));
                replies.extend(next_order(&sn, manners, &settled));
            }
            ("ecrhub.pay.order", Some(code)) if code != "101" => {
                let trade_no = frame["request_id"].as_str().unwrap().to_owned();
                let is_first = {
                    let mut seen = seen.lock();
                    let results = seen.results.entry(trade_no.clone()).or_default();
                    results.push(frame.clone());
                    results.len() == 1
                };
                if manners.drops_first_result && is_first {
                    return;
                }
                let word = json!({ "trade_no": trade_no, "trans_status": if code == "000" { 2 } else { 1 } });
                replies
                    .push(json!({ "topic": "ecrhub.pay.result", "request_id": trade_no, "biz_data": word }));
                if trade_no == open_order(&sn, &settled) {
                    *settled.lock().entry(sn.clone()).or_default() += 1;
                    replies.extend(next_order(&sn, manners, &settled));
                }
            }
            _ => {}
        }
        for reply in replies {
            let _ = socket.send(Message::text(reply.to_string())).await;
        }
    }
}

fn open_order(sn: &str, settled: &Mutex<HashMap<String, usize>>) -> String {
    format!("{sn}-{}", settled.lock().get(sn).copied().unwrap_or(0) + 1)
}

fn next_order(sn: &str, manners: Manners, settled: &Mutex<HashMap<String, usize>>) -> Option<Value> {
    let is_more = settled.lock().get(sn).copied().unwrap_or(0) < manners.orders;
    let trade_no = open_order(sn, settled);
    is_more.then(|| {
        json!({
            "topic": "ecrhub.pay.order", "request_id": trade_no, "version": "1.0",
            "biz_data": {
                "trade_no": trade_no, "trans_type": 1, "order_amount": "30.00", "price_currency": "USD",
                "pay_scenario": "SWIPE_CARD", "expires": 60, "on_screen_signature": true, "receipt_print_mode": 1,
            },
        })
    })
}

/// The acquirer and the pairing, on one connection, request after request.
async fn post(mut stream: TcpStream, manners: Manners, seen: Arc<Mutex<Seen>>) {
    let mut read = Vec::new();
    loop {
        let Some(head) = read.windows(4).position(|part| part == b"\r\n\r\n") else {
            if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
                return;
            }
            continue;
        };
        let text = String::from_utf8_lossy(&read[..head]).to_lowercase();
        let length =
            text.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse::<usize>().unwrap();
        while read.len() < head + 4 + length {
            if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let body: Value = serde_json::from_slice(&read[head + 4..head + 4 + length]).unwrap();
        read.drain(..head + 4 + length);
        let (status, answer) = if text.starts_with("post /terminal/v1/pair ") {
            let is_right = body["pairing_code"] == "48291377";
            if is_right {
                (200, json!({ "secret": SECRET }))
            } else {
                (403, json!({ "error": "no such code" }))
            }
        } else {
            assert!(text.contains("/sandbox/api/terminals/") && text.contains("/card "), "{text}");
            *seen.lock().asked.entry(body["trade_no"].as_str().unwrap().to_owned()).or_default() += 1;
            let approval =
                json!({ "approved": true, "brand": "Visa", "auth_code": "A1", "card_no": "411111****1111" });
            if manners.is_acquirer_silent { (504, json!({})) } else { (200, approval) }
        };
        let answer = answer.to_string();
        let reply = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn device(sn: &str, script: &str) -> Device {
    let scripts: Vec<Script> = vec![script.parse().unwrap()];
    Device { sn: sn.to_owned(), key: Key::Secret(SECRET.to_owned()), scripts, seed: 1, state: None }
}

#[tokio::test]
async fn a_terminal_is_paid_over_a_real_line() {
    let gateway = Gateway::open(Manners { orders: 3, ..POLITE }).await;
    let config = Config { count: Some(3), ..gateway.config(vec![device("T1", "entry=chip")]) };
    let summaries = gateway.run(config).await;
    assert_eq!(summaries, [Summary { sn: "T1".into(), settled: 3, is_idle: true, stopped: None }]);
    let seen = gateway.seen.lock();
    let result = &seen.results["T1-1"][0];
    assert_eq!(
        (&result["response_code"], &result["biz_data"]["trans_amount"]),
        (&json!("000"), &json!("30.00"))
    );
    let signature = result["biz_data"]["signature"].as_str().unwrap();
    let picture = base64::engine::general_purpose::STANDARD.decode(signature).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info().unwrap();
    let mut drawn = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut drawn).unwrap();
    assert!(drawn.contains(&0xff) && drawn.iter().any(|byte| *byte != 0xff), "something is drawn");
    let whats: HashSet<_> = seen.happenings.iter().map(|happening| happening.what).collect();
    for what in ["online", "order", "charging", "approved", "print", "result", "confirmed"] {
        assert!(whats.contains(what), "{what}: {whats:?}");
    }
}

#[tokio::test]
async fn a_lost_result_is_told_again_after_the_break() {
    let gateway = Gateway::open(Manners { drops_first_result: true, ..POLITE }).await;
    let config = Config { count: Some(1), ..gateway.config(vec![device("T1", "pay")]) };
    gateway.run(config).await;
    let seen = gateway.seen.lock();
    assert_eq!((seen.connections, seen.asked["T1-1"]), (2, 1));
    assert!(
        seen.results["T1-1"].len() > 1 && seen.results["T1-1"].iter().all(|r| r["response_code"] == "000")
    );
}

#[tokio::test]
async fn silence_of_the_acquirer_is_told_as_such() {
    let gateway = Gateway::open(Manners { is_acquirer_silent: true, ..POLITE }).await;
    let config = Config { count: Some(1), ..gateway.config(vec![device("T1", "pay")]) };
    gateway.run(config).await;
    assert_eq!(gateway.seen.lock().results["T1-1"][0]["response_code"], "107");
}

#[tokio::test]
async fn a_wrong_secret_stops_it() {
    let gateway = Gateway::open(Manners { refuses: Some(4401), ..POLITE }).await;
    let summaries = gateway.run(gateway.config(vec![device("T1", "pay")])).await;
    assert_eq!(summaries[0].stopped, Some(Stop::WrongSecret));
}

#[tokio::test]
async fn it_is_paired_once_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t1.json");
    let gateway = Gateway::open(Manners { orders: 2, ..POLITE }).await;
    let paired = |code: &str| {
        let mut device = device("T1", "pay");
        (device.key, device.state) = (Key::PairingCode(code.into()), Some(path.clone()));
        Config { count: Some(1), ..gateway.config(vec![device]) }
    };
    let (_keep, stop) = watch::channel(false);
    let error = run(paired("00000000"), stop).await.unwrap_err();
    assert!(error.to_string().contains("no such code"), "{error}");
    assert!(!path.exists());
    for _ in 0..2 {
        // The second time the code is a used one, and nobody looks at it.
        assert_eq!(gateway.run(paired("48291377")).await[0].settled, 1);
    }
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("T1-1") && text.contains("T1-2"));
    let others = Device { sn: "T2".into(), state: Some(path), ..device("T2", "pay") };
    let (_keep, stop) = watch::channel(false);
    assert!(run(gateway.config(vec![others]), stop).await.is_err(), "another terminal's file");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_terminals_in_one_process() {
    let gateway = Gateway::open(Manners { orders: 2, drops_first_result: true, ..POLITE }).await;
    let terminals = (0..200).map(|number| device(&format!("T{number}"), "think=5ms")).collect();
    let config = Config { count: Some(400), ..gateway.config(terminals) };
    let summaries = gateway.run(config).await;
    assert_eq!(summaries.iter().map(|summary| summary.settled).sum::<u64>(), 400);
    let seen = gateway.seen.lock();
    assert!(seen.asked.len() == 400 && seen.asked.values().all(|times| *times == 1));
}

#[tokio::test]
async fn it_waits_for_a_gateway_that_is_not_there() {
    let gateway = Gateway::open(POLITE).await;
    let mut config = gateway.config(vec![device("T1", "pay")]);
    config.url = "http://127.0.0.1:1".to_owned();
    let (send, stop) = watch::channel(false);
    let running = tokio::spawn(run(config, stop));
    tokio::time::sleep(Duration::from_millis(900)).await;
    send.send(true).unwrap();
    assert_eq!(running.await.unwrap().unwrap()[0].settled, 0);
    let seen = gateway.seen.lock();
    assert!(seen.happenings.iter().filter(|happening| happening.what == "offline").count() >= 2);
}
