//! A till that speaks OTT Pay, and what it sees.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tillgate::sandbox::merchants::OTTPAY_KEY;
use tillgate_protocols::ottpay::client::{self, Answer, Envelope, Fields};
use tillgate_protocols::ottpay::{Action, SignKey};

use crate::harness::{Place, TestWorld, eventually, unique};

pub const SOON: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
pub struct Till {
    pub place: Arc<Place>,
    pub merchant_id: String,
    pub key: String,
    pub terminal: Option<&'static str>,
}

/// Name and value of the data object.
pub type Data<'a> = Vec<(&'a str, String)>;

/// The bakery of the sandbox; Canadian dollars.
pub fn till(world: &TestWorld) -> Till {
    Till {
        place: world.place.clone(),
        merchant_id: "QC00005496".into(),
        key: OTTPAY_KEY.into(),
        terminal: Some("T-07"),
    }
}

/// `amount=1200&tip=100` as fields; `-name` leaves one out.
pub fn changed<'a>(mut data: Data<'a>, changes: &'a str) -> Data<'a> {
    for change in changes.split('&').filter(|change| !change.is_empty()) {
        let (name, value) = change.split_once('=').unwrap_or((change, ""));
        let left_out = name.strip_prefix('-');
        data.retain(|(known, _)| *known != left_out.unwrap_or(name));
        if left_out.is_none() {
            data.push((name, value.to_owned()));
        }
    }
    data
}

impl Till {
    pub fn sign_key(&self) -> SignKey {
        SignKey::new(self.key.as_str())
    }

    pub fn body(&self, action: Action, data: &Data<'_>) -> String {
        let pairs: Vec<(&str, &str)> = data.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let envelope = Envelope { terminal_no: self.terminal, ..Envelope::new(action, &self.merchant_id) };
        client::request_body(&envelope, &pairs, &self.sign_key())
    }

    pub async fn sends(&self, body: impl Into<bytes::Bytes>) -> Answer {
        let answer = self.place.post("/processV2", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        client::read_answer(&answer.text(), &self.sign_key())
            .unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
    }

    pub async fn calls(&self, action: Action, data: &Data<'_>) -> Answer {
        self.sends(self.body(action, data)).await
    }

    pub fn active(&self, changes: &str) -> Vec<(&'static str, String)> {
        let order_id = unique("AP");
        let data = vec![
            ("call_back_url", self.place.receiver.url(&format!("/told/{order_id}"))),
            ("order_id", order_id),
            ("operator_id", "0000020156".to_owned()),
            ("amount", "1200".to_owned()),
            ("biz_type", "ALIPAY".to_owned()),
        ];
        owned(changed(data, changes))
    }

    pub fn prepay(&self, changes: &str) -> Vec<(&'static str, String)> {
        let order_id = unique("PP");
        let data = vec![
            ("call_back_url", self.place.receiver.url(&format!("/told/{order_id}"))),
            ("redirect_url", self.place.receiver.url("/thanks?basket=7")),
            ("prepay_order_id", order_id),
            ("sale_num", "17".to_owned()),
            ("operator_id", "0000020156".to_owned()),
            ("amount", "2500".to_owned()),
            ("currency_type", "CAD".to_owned()),
            ("biz_type", "PREPAY".to_owned()),
            ("duration", "600".to_owned()),
            ("shop_id", "shop-1".to_owned()),
        ];
        owned(changed(data, changes))
    }

    pub async fn passive(&self, wallet: &str, changes: &str) -> Vec<(&'static str, String)> {
        let data = vec![
            ("order_id", unique("PA")),
            ("operator_id", "0000020156".to_owned()),
            ("amount", "1000".to_owned()),
            ("auth_code", self.payer_code(wallet).await),
            ("biz_type", biz_type(wallet).to_owned()),
        ];
        owned(changed(data, changes))
    }

    /// What a payer's wallet shows.
    pub async fn payer_code(&self, wallet: &str) -> String {
        let made = self.place.post("/sandbox/api/payer-code", format!(r#"{{"wallet":"{wallet}"}}"#)).await;
        made.json["code"].as_str().unwrap().to_owned()
    }

    pub async fn status(&self, order_id: &str) -> Answer {
        self.calls(Action::StatusQuery, &vec![("order_id", order_id.to_owned())]).await
    }

    pub async fn order_status(&self, order_id: &str) -> String {
        self.status(order_id).await.says("SUCCESS").field("order_status").to_owned()
    }

    /// It is that soon.
    pub async fn becomes(&self, order_id: &str, status: &str) {
        let what = format!("{order_id} is {status}");
        eventually(&what, SOON, async || (self.order_status(order_id).await == status).then_some(())).await;
    }

    pub async fn refunds(&self, order_id: &str, amount: &str, own: Option<&str>) -> Answer {
        let mut data = vec![("ori_order_id", order_id.to_owned()), ("refund_amt", amount.to_owned())];
        data.extend(own.map(|own| ("order_id", own.to_owned())));
        self.calls(Action::Refund, &data).await
    }

    /// The payer scans the code and pays.
    pub async fn payer_pays(&self, code_url: &str) {
        let trade_no = self.scanned(code_url).await;
        let answer = self.place.post(&format!("/sandbox/api/payments/{trade_no}/pay"), "{}").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    pub async fn scanned(&self, code_url: &str) -> String {
        let scan = serde_json::json!({ "code": code_url }).to_string();
        let seen = self.place.post("/sandbox/api/scan", scan).await;
        seen.json["trade_no"].as_str().unwrap_or_else(|| panic!("{}", seen.text())).to_owned()
    }

    /// The callbacks of an order so far, opened.
    pub fn callbacks(&self, order_id: &str) -> Vec<Fields> {
        let received = self.place.receiver.received_at(&format!("/told/{order_id}"));
        received
            .iter()
            .map(|received| client::check_notification(&received.body, &self.sign_key()).unwrap())
            .collect()
    }

    pub async fn is_told(&self, order_id: &str) -> Fields {
        let what = format!("{order_id} is told");
        eventually(&what, SOON, async || self.callbacks(order_id).into_iter().next()).await
    }

    /// Money the wallets took for an order and gave back: all its trades.
    pub async fn wallets_moved(&self, bizpay_order_id: &str) -> (i64, i64) {
        let number = bizpay_order_id.trim_start_matches(|c: char| c.is_ascii_uppercase());
        let all: Value = self.place.get("/sandbox/api/ledger").await.json;
        let is_its = |row: &&Value| {
            let trade_no = row["trade_no"].as_str().unwrap_or_default();
            trade_no.split('-').nth(1).and_then(|rest| rest.split('.').next()) == Some(number)
        };
        let rows = all.as_array().unwrap().iter().filter(is_its);
        let sum = |rows: &[&Value], name: &str| rows.iter().map(|row| row[name].as_i64().unwrap()).sum();
        let rows: Vec<&Value> = rows.collect();
        (sum(&rows, "charged_minor"), sum(&rows, "refunded_minor"))
    }
}

fn owned(data: Data<'_>) -> Vec<(&'static str, String)> {
    // Names come from tables in this file and its callers; a handful per test.
    data.into_iter().map(|(name, value)| (&*name.to_owned().leak(), value)).collect()
}

pub fn biz_type(wallet: &str) -> &'static str {
    match wallet {
        "alipay" => "ALIPAY",
        "wechat" => "WECHATPAY",
        "unionpay" => "UNIONPAY",
        other => panic!("no biz_type for {other}"),
    }
}

pub fn field<'a>(data: &'a Data<'_>, name: &str) -> &'a str {
    data.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

/// What a test says of an answer.
pub trait Said {
    fn says(&self, rsp_code: &str) -> &Self;
    /// An error that names a field.
    fn names(&self, field: &str) -> &Self;
    fn field(&self, name: &str) -> &str;
}

impl Said for Answer {
    fn says(&self, rsp_code: &str) -> &Self {
        assert_eq!(self.rsp_code, rsp_code, "{self:?}");
        assert_eq!(self.rsp_code == "SUCCESS", self.rsp_msg == "success", "{self:?}");
        self
    }

    fn names(&self, field: &str) -> &Self {
        let first = self.rsp_msg.split(' ').next().unwrap_or_default();
        assert_eq!(first, field, "{self:?}");
        self
    }

    fn field(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }
}
