//! A terminal by hand: every frame is the test's own, so that it may misbehave.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::harness::{TestWorld, eventually};

/// Longer than the gateway waits before it asks by itself, whatever was not heard.
const PATIENCE: Duration = Duration::from_secs(45);

pub struct Raw {
    socket: WebSocketStream<TcpStream>,
    requests: u32,
}

/// Connected, and nothing said.
pub async fn dialed(world: &TestWorld) -> Raw {
    let url = world.place.url("/terminal/v1");
    let stream =
        TcpStream::connect(url.trim_start_matches("http://").split('/').next().unwrap()).await.unwrap();
    let (socket, _) = client_async(url.replace("http://", "ws://"), stream).await.unwrap();
    Raw { socket, requests: 0 }
}

/// Connected and let in.
pub async fn raw(world: &TestWorld, (sn, secret): (&str, &str)) -> Raw {
    let mut raw = dialed(world).await;
    raw.asks("ecrhub.init", json!({ "terminal_sn": sn, "secret": secret, "software": "by hand" })).await;
    let answer = raw.hears("ecrhub.init").await;
    assert_eq!(answer["response_code"], "000", "{answer}");
    raw
}

impl Raw {
    pub async fn sends(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    pub async fn sends_bytes(&mut self, bytes: Vec<u8>) {
        let _ = self.socket.send(Message::binary(bytes)).await;
    }

    /// It may be cut off while it sends.
    pub async fn tries(&mut self, text: String) {
        let _ = self.socket.send(Message::text(text)).await;
    }

    pub async fn asks(&mut self, topic: &str, biz: Value) {
        self.requests += 1;
        let frame = json!({ "topic": topic, "request_id": format!("raw-{}", self.requests), "version": "1.0", "biz_data": biz });
        self.sends(frame.to_string()).await;
    }

    pub async fn answers(&mut self, request: &Value, code: &str, biz: Value) {
        self.says(request["topic"].as_str().unwrap(), request["request_id"].as_str().unwrap(), code, biz)
            .await;
    }

    pub async fn says(&mut self, topic: &str, request_id: &str, code: &str, biz: Value) {
        let frame = json!({ "topic": topic, "request_id": request_id, "response_code": code, "response_msg": "by hand", "biz_data": biz });
        self.sends(frame.to_string()).await;
    }

    async fn next(&mut self) -> Option<Message> {
        let next =
            tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the gateway says something");
        next?.ok()
    }

    /// The next frame.
    pub async fn hears_any(&mut self) -> Value {
        loop {
            match self.next().await {
                Some(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("a text frame, not {other:?}"),
            }
        }
    }

    /// The next frame is about that.
    #[track_caller]
    pub fn hears(&mut self, topic: &'static str) -> impl Future<Output = Value> {
        let place = std::panic::Location::caller();
        async move {
            let frame = self.hears_any().await;
            assert_eq!(frame["topic"], topic, "{place}: {frame}");
            frame
        }
    }

    /// The next order, which it takes. The end of one before may be told more than once.
    pub async fn takes(&mut self) -> Value {
        let order = loop {
            let frame = self.hears_any().await;
            if frame["topic"] != "ecrhub.pay.result" {
                break frame;
            }
        };
        assert_eq!(order["topic"], "ecrhub.pay.order", "{order}");
        self.answers(&order, "101", json!({})).await;
        order
    }

    /// How the order ended. Whoever asks meanwhile hears that it is under way.
    pub async fn hears_end(&mut self) -> Value {
        loop {
            let frame = self.hears_any().await;
            match frame["topic"].as_str().unwrap() {
                "ecrhub.pay.query" => {
                    self.answers(&frame, "101", json!({ "trade_no": frame["request_id"] })).await
                }
                "ecrhub.pay.result" => return frame,
                other => panic!("{other} instead of an end: {frame}"),
            }
        }
    }

    /// Nothing is said for a while.
    pub async fn hears_nothing_for(&mut self, ms: u64) {
        if let Ok(heard) = tokio::time::timeout(Duration::from_millis(ms), self.socket.next()).await {
            panic!("silence, not {heard:?}");
        }
    }

    /// The gateway hangs up with this code.
    pub async fn is_closed(&mut self, code: u16) {
        loop {
            match self.next().await {
                Some(Message::Close(Some(frame))) => {
                    return assert_eq!(u16::from(frame.code), code, "{frame:?}");
                }
                Some(Message::Close(None)) | None => panic!("closed without a code, not with {code}"),
                Some(_) => {}
            }
        }
    }

    /// The cable is pulled.
    pub fn vanishes(self) {
        drop(self.socket);
    }
}

/// Asks the acquirer as the terminal of an order would: the whole of it, on a Visa.
pub async fn charged(world: &TestWorld, sn: &str, order: &Value, more: Value) -> Value {
    let biz = &order["biz_data"];
    let mut asked = json!({
        "trade_no": biz["trade_no"], "action": "authorize", "is_capture": true, "amount": biz["order_amount"],
        "currency": biz["price_currency"], "pan": "4111111111111111", "entry": "chip",
    });
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = world.place.post(&format!("/sandbox/api/terminals/{sn}/card"), asked.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json
}

/// What a terminal tells of an approval.
pub fn result(order: &Value, word: &Value) -> Value {
    json!({
        "trade_no": order["biz_data"]["trade_no"], "trans_amount": order["biz_data"]["order_amount"],
        "pay_method_id": word["brand"], "card_type": word["card_type"], "card_no": word["card_no"],
        "auth_code": word["auth_code"], "ref_no": word["ref_no"], "entry_mode": word["entry_mode"],
    })
}

/// The gateway no longer knows a connection of the terminal.
pub async fn is_offline(world: &TestWorld) {
    let terminals = &world.app().gateway.terminals;
    eventually("the terminal is offline", PATIENCE, async || (terminals.count() == 0).then_some(())).await;
}
