//! A register that signs CodePay orders for the sandbox's terminals and asks how they went.

use std::time::Duration;

use tillgate::sandbox::codepay::{MERCHANT_NO, SANDBOX_TERMINALS, signed_request};
use tillgate_core::Timestamp;
use tillgate_protocols::codepay::client::{self, Answer, Fields};
use tillgate_protocols::codepay::{ENTRY, Method, PublicKey};

use super::gate::Gate;
use crate::harness::{eventually, unique};

pub const COUNTER: &str = SANDBOX_TERMINALS[0].0;
pub const TERRACE: &str = SANDBOX_TERMINALS[1].0;

pub struct Till<'g> {
    gate: &'g Gate,
    key: PublicKey,
}

impl<'g> Till<'g> {
    pub async fn of(gate: &'g Gate) -> Self {
        let key = gate.http.get(&gate.url("/codepay/public-key")).await.text();
        Self { gate, key: PublicKey::from_text(key.trim()).unwrap() }
    }

    /// Every answer is checked with the gateway's key.
    pub async fn asks(&self, method: Method, own: &[(&str, &str)]) -> Answer {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now = Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap());
        let own = [&[("merchant_no", MERCHANT_NO)], own].concat();
        let body = signed_request(method, now, &own).unwrap();
        let answer = self.gate.http.post_json(&self.gate.url(ENTRY), body).await;
        client::read_answer(answer.text().as_bytes(), &self.key).unwrap()
    }

    /// A sale of 24.00 at the counter, changed here and there; its number.
    pub async fn orders(&self, changes: &[(&str, &str)]) -> String {
        let reference = unique("till").replace('.', "-");
        let callback = self.gate.url("/sandbox/receiver/notify");
        let mut own = vec![
            ("terminal_sn", COUNTER),
            ("message_receiving_application", "CodePay Register"),
            ("price_currency", "USD"),
            ("order_amount", "24.00"),
            ("trans_type", "1"),
            ("merchant_order_no", &reference),
            ("description", "Fish & chips"),
            ("notify_url", &callback),
            ("on_screen_signature", "false"),
            ("expires", "300"),
            ("api_version", "2.0"),
        ];
        for (name, value) in changes {
            own.retain(|(known, _)| known != name);
            own.push((*name, *value));
        }
        let answer = self.asks(Method::PayOrder, &own).await;
        assert!(answer.is_success(), "{answer:?}");
        reference
    }

    pub async fn order(&self, reference: &str) -> Fields {
        let answer = self.asks(Method::OrderQuery, &[("merchant_order_no", reference)]).await;
        assert!(answer.is_success(), "{answer:?}");
        answer.data
    }

    /// Soon the order has this `trans_status`.
    pub async fn becomes(&self, reference: &str, status: &str) -> Fields {
        let what = format!("{reference} gets trans_status {status}");
        eventually(&what, Duration::from_secs(15), async || {
            Some(self.order(reference).await).filter(|order| order.get("trans_status") == Some(status))
        })
        .await
    }

    /// How often a terminal's cards were charged and what of that money is still here, as the acquirer has it.
    pub async fn moved(&self, terminal: &str) -> (usize, i64) {
        let url = self.gate.url(&format!("/sandbox/api/acquirer?terminal={terminal}"));
        let books = self.gate.http.get(&url).await.json;
        let transactions = books["transactions"].as_array().unwrap();
        let charges =
            transactions.iter().filter(|one| one["operation"] == "sale" && one["approved"] == true).count();
        (charges, transactions.iter().map(|one| one["net_minor"].as_i64().unwrap()).sum())
    }
}
