//! An order that was taken: what merchant and payer do with it, and what they see.

use std::time::Duration;

use serde_json::Value;
use tillgate_protocols::latipay::client;

use super::receiver::Received;
use super::sale::Merchant;
use super::{Answer, eventually};

/// How long a test waits for something that should happen soon.
const SOON: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
pub struct Order {
    pub merchant: Merchant,
    pub reference: String,
    pub amount: String,
    pub host_url: String,
    pub nonce: String,
    /// The answer to its creation.
    pub created: Answer,
}

impl Order {
    /// What the till shows. Checked with the client's half.
    pub async fn shown(&self) -> Vec<(String, String)> {
        let answer = self.gatewaydata().await;
        client::check_gatewaydata_answer(&answer.text(), &self.merchant.api_key()).unwrap()
    }

    pub async fn gatewaydata(&self) -> Answer {
        let path = self.host_url.splitn(4, '/').nth(3).unwrap();
        self.merchant.place.get(&format!("/{path}/{}", self.nonce)).await
    }

    /// The page a browser opens.
    pub async fn page(&self) -> Answer {
        let url = self.merchant.place.url(&format!("/pay/{}", self.nonce));
        self.merchant.place.http.page(&url).await
    }

    /// The merchant's question, its answer's signature checked.
    pub async fn query(&self) -> Value {
        let answer = self.merchant.queries(&self.reference).await;
        client::check_query_answer(&answer.text(), &self.merchant.api_key())
            .unwrap_or_else(|error| panic!("{error}: {}", answer.text()));
        answer.json
    }

    pub async fn status(&self) -> String {
        self.query().await["status"].as_str().unwrap().to_owned()
    }

    pub async fn order_id(&self) -> String {
        self.query().await["order_id"].as_str().unwrap().to_owned()
    }

    /// It is that already.
    pub async fn is(&self, status: &str) -> &Self {
        assert_eq!(self.status().await, status, "{}", self.reference);
        self
    }

    /// It is that soon.
    pub async fn becomes(&self, status: &str) -> &Self {
        self.becomes_within(status, SOON).await
    }

    pub async fn becomes_within(&self, status: &str, patience: Duration) -> &Self {
        let what = format!("{} {} is {status}", self.reference, self.amount);
        eventually(&what, patience, async || (self.status().await == status).then_some(())).await;
        self
    }

    /// The payment as the wallet has it; `None` while it has not heard of it.
    pub async fn payment(&self) -> Option<Value> {
        let order_id = self.order_id().await;
        let answer = self.merchant.place.get(&format!("/sandbox/api/orders/{order_id}")).await;
        (answer.status == 200).then_some(answer.json)
    }

    /// The payer presses a button on the phone: pay, decline, walk_away.
    pub async fn payer_presses(&self, button: &str) -> Answer {
        let payment = self.payment().await.expect("the wallet knows the payment");
        let trade_no = payment["trade_no"].as_str().unwrap();
        self.merchant.place.post(&format!("/sandbox/api/payments/{trade_no}/{button}"), "{}").await
    }

    pub async fn wallet_pays(&self) -> &Self {
        let answer = self.payer_presses("pay").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        self
    }

    pub async fn wallet_declines(&self) -> &Self {
        assert_eq!(self.payer_presses("decline").await.status, 200);
        self
    }

    /// Where its notifications go.
    pub fn callback_path(&self) -> String {
        format!("/paid/{}", self.reference)
    }

    /// What came for it so far, each checked with the client's half.
    pub fn notifications(&self) -> Vec<Received> {
        let received = self.merchant.place.receiver.received_at(&self.callback_path());
        for notification in &received {
            client::check_notification(&notification.body, &self.merchant.api_key()).unwrap();
        }
        received
    }

    pub async fn is_notified_times(&self, count: usize) -> Vec<Received> {
        let what = format!("{} is notified {count} times", self.reference);
        eventually(&what, SOON, async || {
            let all = self.notifications();
            (all.len() >= count).then_some(all)
        })
        .await
    }

    /// The merchant hears of it, in the protocol's words and signed.
    pub async fn is_notified(&self, status: &str) -> Received {
        let received = self.is_notified_times(1).await.remove(0);
        let fields = client::check_notification(&received.body, &self.merchant.api_key()).unwrap();
        assert_eq!(fields.get("status"), Some(status));
        assert_eq!(fields.get("merchant_reference"), Some(self.reference.as_str()));
        assert_eq!(received.content_type, "application/x-www-form-urlencoded");
        received
    }

    pub async fn is_never_notified(&self) -> &Self {
        super::pause_ms(300).await;
        assert_eq!(self.notifications().len(), 0, "{}", self.reference);
        self
    }

    pub async fn refunds(&self, amount: &str) -> Answer {
        self.refunds_with_note(amount, "notes about this refund").await
    }

    pub async fn refunds_with_note(&self, amount: &str, note: &str) -> Answer {
        self.merchant.refunds(&self.order_id().await, amount, note).await
    }

    pub async fn cancels(&self) -> Answer {
        self.merchant.cancels(&self.reference).await
    }

    /// Money the wallet took and gave back, in minor units.
    pub async fn wallet_moved(&self) -> (i64, i64) {
        let Some(payment) = self.payment().await else { return (0, 0) };
        let all = self.merchant.place.get("/sandbox/api/ledger").await.json;
        let mine = all.as_array().unwrap().iter().find(|row| row["trade_no"] == payment["trade_no"]);
        let mine = mine.expect("a ledger for each payment");
        assert!(mine["charges"].as_i64().unwrap() <= 1, "charged twice: {mine}");
        (mine["charged_minor"].as_i64().unwrap(), mine["refunded_minor"].as_i64().unwrap())
    }
}
