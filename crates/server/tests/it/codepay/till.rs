//! A till that speaks CodePay: it signs with its app's key and believes nothing the gateway has not signed.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use tillgate::sandbox::codepay as sandbox;
use tillgate_protocols::codepay::client::{self, Answer, Fields};
use tillgate_protocols::codepay::{Method, PublicKey};
use tillgate_protocols::wire::json::Value;

use crate::harness::{Place, Reply, TestWorld, eventually, unique};

pub const SOON: Duration = Duration::from_secs(10);
pub const COUNTER: (&str, &str) = (sandbox::SANDBOX_TERMINALS[0].0, sandbox::SANDBOX_TERMINALS[0].2);
pub const TERRACE: (&str, &str) = (sandbox::SANDBOX_TERMINALS[1].0, sandbox::SANDBOX_TERMINALS[1].2);

#[derive(Debug, Clone)]
pub struct Till {
    pub place: Arc<Place>,
    pub app_id: String,
    /// `user:password` of an app that does not sign.
    pub password: Option<String>,
    pub terminal_sn: String,
    /// The gateway's.
    pub key: PublicKey,
}

/// Fields of a request: name and value as text.
pub type Data = Vec<(String, String)>;

/// Harbor Grill's till beside its first terminal.
pub async fn till(world: &TestWorld) -> Till {
    let key = world.place.get("/codepay/public-key").await;
    assert_eq!(key.status, 200);
    Till {
        place: world.place.clone(),
        app_id: sandbox::APP_ID.into(),
        password: None,
        terminal_sn: COUNTER.0.into(),
        key: PublicKey::from_text(&key.text()).unwrap(),
    }
}

/// `order_amount=12.00&-expires`: sets fields, leaves out those with a minus.
pub fn changed(mut data: Data, changes: &str) -> Data {
    for change in changes.split('&').filter(|change| !change.is_empty()) {
        let (name, value) = change.split_once('=').unwrap_or((change, ""));
        let left_out = name.strip_prefix('-');
        data.retain(|(known, _)| known != left_out.unwrap_or(name));
        if left_out.is_none() {
            data.push((name.to_owned(), value.to_owned()));
        }
    }
    data
}

pub fn field<'a>(data: &'a Data, name: &str) -> &'a str {
    data.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

pub fn now_ms() -> String {
    tillgate::clock::now().millis().to_string()
}

impl Till {
    pub fn at(&self, terminal: (&str, &str)) -> Self {
        Self { terminal_sn: terminal.0.into(), ..self.clone() }
    }

    /// The same shop's other program, which has a password.
    pub fn with_password(&self) -> Self {
        Self {
            app_id: sandbox::BASIC_APP_ID.into(),
            password: Some(sandbox::BASIC_SECRET.into()),
            ..self.clone()
        }
    }

    /// The whole message, signed if this till signs.
    pub fn body(&self, method: Method, data: &Data) -> String {
        self.body_at(&now_ms(), method, data)
    }

    pub fn body_at(&self, timestamp: &str, method: Method, data: &Data) -> String {
        let own: Vec<(&str, Value<'_>)> =
            data.iter().map(|(name, value)| (name.as_str(), Value::Text(value.as_str().into()))).collect();
        let signs = self.password.is_none();
        let fields = client::envelope(method, &self.app_id, timestamp, signs, &own);
        let key = sandbox::app_key().unwrap();
        client::json_body(&fields, signs.then_some(&key))
    }

    /// Posts it and checks the gateway's signature on what comes.
    pub async fn sends(&self, body: impl Into<Bytes>) -> Answer {
        self.sends_to("/api/entry", "application/json", body).await
    }

    pub async fn sends_to(&self, path: &str, kind: &str, body: impl Into<Bytes>) -> Answer {
        let mut request = Request::post(self.place.url(path)).header("content-type", kind);
        if let Some(password) = &self.password {
            request = request.header("authorization", format!("Basic {}", STANDARD.encode(password)));
        }
        let answer = self.place.http.send(request.body(Full::new(body.into())).unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        for name in ["code", "msg", "psn", "data", "sign"] {
            let is_text = answer.json[name].as_str().is_some_and(|text| !text.is_empty());
            assert!(is_text, "{name} must be a text with something in it: {}", answer.text());
        }
        client::read_answer(&answer.body, &self.key)
            .unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
    }

    pub async fn calls(&self, method: Method, changes: &str) -> Answer {
        let data = changed(vec![("merchant_no".into(), sandbox::MERCHANT_NO.into())], changes);
        self.sends(self.body(method, &data)).await
    }

    /// A sale by card; `changes` make something else of it.
    pub fn order(&self, changes: &str) -> Data {
        let data = [
            ("merchant_no", sandbox::MERCHANT_NO),
            ("terminal_sn", &self.terminal_sn),
            ("message_receiving_application", "CodePay Register"),
            ("price_currency", "USD"),
            ("order_amount", "24.00"),
            ("trans_type", "1"),
            ("merchant_order_no", &unique("CP")),
            ("description", "Fish and chips"),
            ("notify_url", "(told)"),
            ("expires", "300"),
            ("api_version", "2.0"),
        ];
        let data = data.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let mut data = changed(data, changes);
        let told = self.place.receiver.url(&format!("/told/{}", field(&data, "merchant_order_no")));
        if let Some((_, url)) = data.iter_mut().find(|(_, value)| value == "(told)") {
            *url = told;
        }
        data
    }

    /// Sends an order that is taken. Its number; the merchant's server takes what it is told.
    pub async fn orders(&self, changes: &str) -> String {
        self.orders_data(&self.order(changes)).await
    }

    pub async fn orders_data(&self, data: &Data) -> String {
        let number = field(data, "merchant_order_no").to_owned();
        self.place.receiver.answers(&format!("/told/{number}"), &[Reply::Status(200, "success")]);
        let answer = self.sends(self.body(Method::PayOrder, data)).await;
        answer.gives("0");
        assert_eq!(answer.field("message_id"), format!("M{}", &answer.field("trans_no")[1..]));
        assert!(["online", "offline"].contains(&answer.field("terminal_online_status")));
        number
    }

    /// The order is refused so.
    pub async fn is_refused(&self, changes: &str, code: &str, names: &str) {
        let data = self.order(changes);
        let answer = self.sends(self.body(Method::PayOrder, &data)).await;
        answer.gives(code).names(names);
    }

    pub async fn query(&self, number: &str) -> Answer {
        self.calls(Method::OrderQuery, &format!("merchant_order_no={number}")).await
    }

    /// The order as it is.
    pub async fn seen(&self, number: &str) -> Answer {
        let answer = self.query(number).await;
        answer.gives("0");
        answer
    }

    pub async fn status(&self, number: &str) -> String {
        self.seen(number).await.field("trans_status").to_owned()
    }

    /// It is that soon.
    pub async fn becomes(&self, number: &str, status: &str) -> Answer {
        self.becomes_within(number, status, SOON).await
    }

    pub async fn becomes_within(&self, number: &str, status: &str, patience: Duration) -> Answer {
        eventually(&format!("{number} has trans_status {status}"), patience, async || {
            let seen = self.seen(number).await;
            let is_other_end =
                ["1", "2", "3"].contains(&seen.field("trans_status")) && ["1", "2"].contains(&status);
            assert!(!is_other_end || seen.field("trans_status") == status, "not {status}: {seen:?}");
            Some(seen).filter(|seen| seen.field("trans_status") == status)
        })
        .await
    }

    /// Sells and is paid: the number.
    pub async fn is_paid(&self, changes: &str) -> String {
        let number = self.orders(changes).await;
        self.becomes(&number, "2").await;
        number
    }

    pub async fn closes(&self, number: &str) -> Answer {
        let own = format!(
            "terminal_sn={}&merchant_order_no={number}&message_receiving_application=CodePay Register",
            self.terminal_sn
        );
        self.calls(Method::PayClose, &own).await
    }

    pub async fn adjusts_tip(&self, number: &str, tip: &str) -> Answer {
        let own = format!("merchant_order_no={number}&tip_adjustment_amount={tip}");
        self.calls(Method::TipAdjustment, &own).await
    }

    pub async fn closes_batch(&self) -> Answer {
        self.calls(Method::BatchClose, &format!("terminal_sn={}", self.terminal_sn)).await
    }

    /// The callbacks to a path so far, each with the gateway's signature.
    pub fn callbacks_at(&self, path: &str) -> Vec<Fields> {
        let received = self.place.receiver.received_at(path);
        let check = |body: &str| client::check_notification(body.as_bytes(), &self.key);
        received
            .iter()
            .map(|one| check(&one.body).unwrap_or_else(|why| panic!("{why}: {}", one.body)))
            .collect()
    }

    /// What the merchant is told of an order, the first time.
    pub async fn is_told(&self, number: &str) -> Fields {
        let path = format!("/told/{number}");
        eventually(&format!("{number} is told"), SOON, async || self.callbacks_at(&path).into_iter().next())
            .await
    }
}

/// What a test says of an answer.
pub trait Said {
    fn gives(&self, code: &str) -> &Self;
    /// The message speaks of it.
    fn names(&self, word: &str) -> &Self;
    /// Empty if it is not there.
    fn field(&self, name: &str) -> &str;
    /// `name=value` for each pair.
    fn has(&self, expected: &[(&str, &str)]) -> &Self;
}

impl Said for Answer {
    #[track_caller]
    fn gives(&self, code: &str) -> &Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(
            if code == "0" { self.msg == "success" } else { self.msg.starts_with(&format!("[{code}]")) },
            "{self:?}"
        );
        self
    }

    #[track_caller]
    fn names(&self, word: &str) -> &Self {
        assert!(self.msg.contains(word), "does not name {word}: {self:?}");
        self
    }

    fn field(&self, name: &str) -> &str {
        self.data.get(name).unwrap_or_default()
    }

    #[track_caller]
    fn has(&self, expected: &[(&str, &str)]) -> &Self {
        for (name, value) in expected {
            assert_eq!(self.field(name), *value, "{name} of {self:?}");
        }
        self
    }
}
