//! A web shop: it asks for the card on a form of its own (pay.merchant.checkout), or sends payers to a page of ours
//! (pay.checkout).
//!
//! `challenge` is what the card's issuer asks a payer, `crash` a gateway that dies in between, `inputs` what is refused,
//! `pages` the calls for a page.

mod challenge;
mod crash;
mod inputs;
mod pages;
mod paid;

use tillgate::sandbox::codepay as sandbox;
use tillgate_protocols::codepay::client::{self, Answer};
use tillgate_protocols::codepay::{Method, PublicKey};
use tillgate_sim::{TransactionFilter, TransactionView};

use super::till::{Data, Said as _, Till, changed, field, till};
use crate::harness::{Reply, TestWorld, checks, unique};

pub const GOOD: &str = "4111111111111111";
pub const CHALLENGED: &str = "4000000000001091";

/// The JSON text of a card.
pub fn card(pan: &str) -> String {
    let cvv = if pan.starts_with("37") { "9871" } else { "987" };
    format!(r#"{{"pan":"{pan}","holder":"Zoe Payer","cvv":"{cvv}","expiry":"1230"}}"#)
}

pub fn sealed(text: &str, key: &PublicKey) -> String {
    client::encrypt_card(text, key).unwrap()
}

pub const ADDRESS: &str =
    r#"{"country":"US","province":"CA","city":"Oakland","address1":"1 Main","zip":"94601"}"#;

/// What the acquirer has on its books, the newest first.
pub fn at_acquirer(world: &TestWorld) -> Vec<TransactionView> {
    world.simulation().acquirer.transactions(&TransactionFilter::default())
}

pub fn orders(world: &TestWorld) -> Vec<String> {
    checks::rows(&checks::connect(&world.place.database), "SELECT * FROM orders")
}

impl Till {
    /// A sale with a card that was typed at the shop; `changes` make something else of it.
    pub fn web_order(&self, text: &str, changes: &str) -> Data {
        let card = sealed(text, &self.key);
        let data = [
            ("merchant_no", sandbox::MERCHANT_NO),
            ("store_no", sandbox::STORE_NO),
            ("price_currency", "USD"),
            ("order_amount", "24.00"),
            ("merchant_order_no", &unique("WEB")),
            ("description", "A lamp"),
            ("card", &card),
            ("billing_address", ADDRESS),
            ("term_ip", "203.0.113.7"),
            ("return_url", "https://shop.example/back"),
            ("notify_url", "(told)"),
            ("expires", "300"),
            ("attach", "cart 7"),
        ];
        let data = data.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let mut data = changed(data, changes);
        let number = field(&data, "merchant_order_no").to_owned();
        if let Some((_, url)) = data.iter_mut().find(|(_, value)| value == "(told)") {
            let path = format!("/told/{number}");
            self.place.receiver.answers(&path, &[Reply::Status(200, "success")]);
            *url = self.place.receiver.url(&path);
        }
        data
    }

    pub async fn sends_web(&self, data: &Data) -> Answer {
        self.sends(self.body(Method::MerchantCheckout, data)).await
    }

    /// The order's number, and what was answered.
    pub async fn charges(&self, pan: &str, changes: &str) -> (String, Answer) {
        let data = self.web_order(&card(pan), changes);
        let answer = self.sends_web(&data).await;
        answer.gives("0");
        (field(&data, "merchant_order_no").to_owned(), answer)
    }

    /// The order is refused so, and there is none.
    pub async fn is_not_charged(&self, text: &str, changes: &str, (code, names): (&str, &str)) {
        let data = self.web_order(text, changes);
        let answer = self.sends_web(&data).await;
        answer.gives(code).names(names);
        let number = field(&data, "merchant_order_no");
        if number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            self.query(number).await.gives("E04111");
        }
    }
}

pub async fn shop(world: &TestWorld) -> Till {
    till(world).await
}
