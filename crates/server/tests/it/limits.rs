//! Clients that are slow, greedy or curious; what operators and browsers see.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Answer, KEY, TestWorld, pause_ms};

async fn connects(world: &TestWorld) -> TcpStream {
    TcpStream::connect(world.place.url("").trim_start_matches("http://")).await.unwrap()
}

/// All that comes until the other side hangs up.
async fn reads_to_the_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(8), stream.read_to_end(&mut bytes)).await;
    let _ = read.expect("the gateway hangs up");
    String::from_utf8_lossy(&bytes).into_owned()
}

fn post(length: usize) -> String {
    format!(
        "POST /v2/transaction HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    )
}

#[tokio::test]
async fn a_header_that_never_ends_is_dropped() {
    let world = TestWorld::with(|config| config.limits.header_timeout_s = 1).await;
    let started = Instant::now();
    let mut idle = connects(&world).await;
    let mut half = connects(&world).await;
    half.write_all(b"POST /v2/transaction HT").await.unwrap();
    let mut dripping = connects(&world).await;
    let dripped = async {
        for byte in std::iter::once(b'G').chain(b"ET /livez HTTP/1.1\r\nx: ".iter().copied().cycle()) {
            if dripping.write_all(&[byte]).await.is_err() || started.elapsed() > Duration::from_secs(6) {
                break;
            }
            pause_ms(100).await;
        }
        started.elapsed()
    };
    let (idle, half, dripped) =
        tokio::join!(reads_to_the_end(&mut idle), reads_to_the_end(&mut half), dripped);
    assert!(!idle.contains(" 200 ") && !half.contains(" 200 "), "{idle}{half}");
    assert!(dripped < Duration::from_secs(4), "a byte now and then does not keep it open: {dripped:?}");
}

#[tokio::test]
async fn bodies_that_are_too_slow_or_too_large() {
    let world = TestWorld::with(|config| config.limits.body_timeout_s = 1).await;
    let mut slow = connects(&world).await;
    slow.write_all(format!("{}{{\"user_id\":", post(100)).as_bytes()).await.unwrap();
    let answer = reads_to_the_end(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"code\":3,"), "{answer}");

    let mut gone = connects(&world).await;
    gone.write_all(format!("{}{{", post(100)).as_bytes()).await.unwrap();
    gone.shutdown().await.unwrap();
    assert!(!reads_to_the_end(&mut gone).await.contains(" 500 "));

    for (size, status) in [(65_536, 200), (65_537, 413), (1_000_000, 413)] {
        let answer = world.place.post("/v2/transaction", vec![b' '; size]).await;
        assert_eq!((answer.status, answer.json["code"].as_i64()), (status, Some(3)), "{size}");
    }
    // The length is only announced: nobody waits for the rest.
    let mut announced = connects(&world).await;
    announced.write_all(post(1_000_000_000).as_bytes()).await.unwrap();
    let answer = reads_to_the_end(&mut announced).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let mut chunked = connects(&world).await;
    let head = "POST /refund HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    chunked.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..20 {
        let _ = chunked.write_all(format!("2000\r\n{}\r\n", "x".repeat(0x2000)).as_bytes()).await;
    }
    let answer = reads_to_the_end(&mut chunked).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let mut long = connects(&world).await;
    let _ = long.write_all(format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(40_000)).as_bytes()).await;
    let answer = reads_to_the_end(&mut long).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test]
async fn connections_up_to_the_cap_do_not_stop_the_operator() {
    let world = TestWorld::with(|config| {
        config.limits.connections = 8;
        config.limits.header_timeout_s = 2;
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(connects(&world).await);
    }
    pause_ms(200).await;
    let started = Instant::now();
    let (public, admin) = tokio::join!(world.place.get("/livez"), async {
        let answer = world.place.http.get(&world.place.admin_url("/readyz")).await;
        assert!(answer.took < Duration::from_secs(1), "the operator need not wait: {:?}", answer.took);
        answer
    });
    assert_eq!((public.status, admin.status), (200, 200));
    assert!(public.took > Duration::from_secs(1), "it waited for a place: {:?}", public.took);
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn browsers_of_other_origins_may_call_the_api() {
    let world = TestWorld::new().await;
    let ask = Request::options(world.place.url("/v2/transaction"))
        .header("origin", "https://playground.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .body(Full::<Bytes>::default())
        .unwrap();
    let answer = world.place.http.send(ask).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "*"));
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    assert!(answer.header("access-control-allow-headers").contains("content-type"));
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let post = Request::post(world.place.url("/refund"))
        .header("origin", "https://playground.example")
        .body(Full::from("{}"))
        .unwrap();
    let answer = world.place.http.send(post).await.gives(204);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let page = world.place.http.page(&world.place.url("/sandbox")).await;
    assert_eq!(page.header("access-control-allow-origin"), "", "pages are not for other origins");
}

#[tokio::test]
async fn pages_carry_their_security_headers() {
    let world = TestWorld::new().await;
    let order =
        world.merchant().sells("5.00").but("product_name", "<script>alert(1)</script>").online().await;
    let paths =
        ["/sandbox", "/sandbox/shop", "/sandbox/wallet/alipay", "/sandbox/rules", "/sandbox/receiver"];
    let hosted = format!("/pay/{}", order.nonce);
    for path in paths.iter().copied().chain([hosted.as_str(), "/nothing", "/pay/nothing"]) {
        let page = world.place.http.page(&world.place.url(path)).await;
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") || policy.contains("default-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(page.header(name), value, "{path}");
        }
        assert!(!page.text().contains("<script>alert"), "{path}");
    }
    order.cancels().await.gives(0);
}

/// A line of the text format: a comment, or a name, labels and a number.
fn check_metric(line: &str) {
    if line.is_empty() || line.starts_with('#') {
        return;
    }
    let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
    let word = name.split('{').next().unwrap();
    assert!(word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{line}");
    assert!(name == word || name.ends_with('}'), "{line}");
    assert!(value.parse::<f64>().is_ok(), "{line}");
}

#[tokio::test]
async fn health_and_metrics_for_the_operator() {
    let world = TestWorld::new().await;
    let reference = "a-reference-nobody-should-read";
    let order =
        world.merchant().sells("5.00").but("merchant_reference", reference).by_bar_code("134588558514585062");
    let order = order.await;
    order.becomes("paid").await;
    world.place.get(&format!("/v2/transaction/{reference}/secret?x={reference}")).await;
    let admin = async |path: &str| world.place.http.get(&world.place.admin_url(path)).await;
    for path in ["/livez", "/readyz"] {
        let (inside, outside): (Answer, Answer) = (admin(path).await, world.place.get(path).await);
        assert_eq!((inside.status, outside.status, inside.text().as_str()), (200, 200, "ok\n"));
    }
    assert_eq!(world.place.get("/metrics").await.status, 404, "metrics are not for the public");
    let metrics = admin("/metrics").await;
    assert_eq!(metrics.status, 200);
    let text = metrics.text();
    text.lines().for_each(check_metric);
    assert!(!text.contains(reference) && !text.contains(KEY) && !text.contains(&order.order_id().await));
    assert!(!text.contains("U000334333"), "no merchant is a label");
    let counted: BTreeMap<&str, usize> = text.lines().fold(BTreeMap::new(), |mut counts, line| {
        *counts.entry(line.split(['{', ' ']).next().unwrap()).or_default() += 1;
        counts
    });
    for name in [
        "tillgate_http_requests_total",
        "tillgate_orders_total",
        "tillgate_events_total",
        "tillgate_channel_calls_total",
        "tillgate_notification_attempts_total",
        "tillgate_long_polls",
    ] {
        assert!(counted.contains_key(name), "{name} is missing");
    }
}
