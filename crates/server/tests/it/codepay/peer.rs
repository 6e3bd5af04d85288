//! A till made of the `openssl` command line: it signs and checks by the document's rule in its own few lines, through
//! one whole payment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::counter::terminal;
use super::till::{COUNTER, SOON};
use crate::harness::{Place, Reply, TestWorld, eventually, openssl};

struct Peer {
    place: Arc<Place>,
    folder: PathBuf,
    own_key: &'static str,
    gateway_key: String,
}

/// All but empty values and the signature, by name.
fn text_of(message: &Map<String, Value>) -> String {
    let as_text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let sorted: BTreeMap<&String, String> = message
        .iter()
        .map(|(name, value)| (name, as_text(value)))
        .filter(|(name, text)| *name != "sign" && !text.is_empty())
        .collect();
    sorted.iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>().join("&")
}

impl Peer {
    fn checked(&self, body: &[u8]) -> Map<String, Value> {
        let message: Map<String, Value> = serde_json::from_slice(body).unwrap();
        let sign = message["sign"].as_str().unwrap();
        assert!(
            openssl::rsa_verifies(&self.folder, &self.gateway_key, &text_of(&message), sign),
            "{message:?}"
        );
        message
    }

    /// Code and data.
    async fn calls(&self, method: &str, own: Value) -> (String, Value) {
        let mut message = json!({
            "app_id": "wz6012822ca2f1as78", "format": "JSON", "charset": "UTF-8", "sign_type": "RSA2", "version": "1.0",
            "timestamp": super::till::now_ms(), "method": method, "merchant_no": "302300000926",
        });
        let message = message.as_object_mut().unwrap();
        message.extend(own.as_object().unwrap().clone());
        let sign = openssl::rsa_sign(&self.folder, self.own_key, &text_of(message));
        message.insert("sign".into(), sign.into());
        let answer = self.place.post("/api/entry", Value::Object(message.clone()).to_string()).await;
        let answer = self.checked(&answer.body);
        let data = serde_json::from_str(answer["data"].as_str().unwrap()).unwrap();
        (answer["code"].as_str().unwrap().to_owned(), data)
    }

    async fn becomes(&self, number: &str, status: i64) -> Value {
        eventually(&format!("{number} is {status}"), SOON, async || {
            let (code, seen) = self.calls("order.query", json!({ "merchant_order_no": number })).await;
            assert_eq!(code, "0");
            (seen["trans_status"] == status).then_some(seen)
        })
        .await
    }
}

#[tokio::test]
async fn openssl_sells_and_gives_back() {
    let world = TestWorld::new().await;
    let gateway_key = world.place.get("/codepay/public-key").await.text();
    let own_key = include_str!("../../../src/sandbox/codepay-app.key");
    let peer = Peer { place: world.place.clone(), folder: world.data_dir(), own_key, gateway_key };
    let _counter = terminal(&world, COUNTER, &["tip=10%"]).await;
    world.place.receiver.answers("/told/openssl", &[Reply::Status(200, "success")]);
    let order = |number: &str, more: Value| {
        let mut order = json!({
            "terminal_sn": COUNTER.0, "message_receiving_application": "CodePay Register", "price_currency": "USD",
            "order_amount": 34.50, "trans_type": 1, "merchant_order_no": number, "description": "茶 & 1+1=2",
            "expires": 300, "api_version": "2.0", "on_screen_tip": true, "attach": "a=1&z=2&~",
        });
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    };
    let told = json!({ "notify_url": world.place.receiver.url("/told/openssl") });
    let (code, sent) = peer.calls("wisehub.cloud.pay.order", order("SSL-1", told)).await;
    assert_eq!((code.as_str(), &sent["terminal_online_status"]), ("0", &json!("online")));
    let seen = peer.becomes("SSL-1", 2).await;
    assert_eq!(
        (&seen["paid_amount"], &seen["tip_amount"], &seen["attach"]),
        (&json!("37.95"), &json!("3.45"), &json!("a=1&z=2&~"))
    );
    let received = eventually("the callback", SOON, async || {
        peer.place.receiver.received_at("/told/openssl").into_iter().next()
    })
    .await;
    let callback = peer.checked(received.body.as_bytes());
    assert_eq!(
        (&callback["merchant_order_no"], &callback["trans_status"], &callback["attach"]),
        (&json!("SSL-1"), &json!(2), &json!("a=1&z=2&~"))
    );
    assert_eq!(callback["trans_no"], sent["trans_no"]);
    let back = json!({
        "orig_merchant_order_no": "SSL-1", "merchant_order_no": "SSL-R", "trans_amount": 7.95, "price_currency": "USD",
        "description": "cold",
    });
    assert_eq!(peer.calls("order.refund.submit", back).await.0, "0");
    eventually("it is back", SOON, async || {
        let (_, seen) = peer.calls("order.refund.query", json!({ "merchant_order_no": "SSL-R" })).await;
        (seen["trans_status"] == 2).then_some(())
    })
    .await;
    let (code, batch) = peer.calls("batch.close", json!({ "terminal_sn": COUNTER.0 })).await;
    assert_eq!((code.as_str(), &batch["count"]), ("0", &json!(1)), "{batch}");
    let void = json!({ "trans_type": 2, "orig_merchant_order_no": "SSL-1", "on_screen_tip": false });
    assert_eq!(peer.calls("wisehub.cloud.pay.order", order("SSL-V", void)).await.0, "ET008");
    // An error is signed as well; a wrong signature is told in what should have been signed.
    let (code, _) = peer.calls("order.query", json!({ "merchant_order_no": "nobody" })).await;
    assert_eq!(code, "E04111");
    let unsigned = json!({ "app_id": "wz6012822ca2f1as78", "sign_type": "RSA2", "b": 1, "a": "x" });
    let answer = peer.checked(&world.place.post("/api/entry", unsigned.to_string()).await.body);
    assert_eq!(answer["code"], "SYS002");
    assert_eq!(answer["data"], r#"{"text_to_sign":"a=x&app_id=wz6012822ca2f1as78&b=1&sign_type=RSA2"}"#);
}
