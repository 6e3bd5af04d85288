//! A merchant and what it asks of the gateway.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tillgate_protocols::latipay::{ApiKey, Route, client};

use super::order::Order;
use super::{Answer, KEY, Place};

/// A reference nobody has used in this process.
pub fn unique(word: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("{word}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

#[derive(Debug, Clone)]
pub struct Merchant {
    pub place: Arc<Place>,
    pub user_id: String,
    pub wallet_id: String,
    pub key: String,
}

impl Merchant {
    pub fn new(place: Arc<Place>, user_id: &str, wallet_id: &str) -> Self {
        Self { place, user_id: user_id.into(), wallet_id: wallet_id.into(), key: KEY.into() }
    }

    pub fn with_wallet(mut self, wallet_id: &str) -> Self {
        self.wallet_id = wallet_id.into();
        self
    }

    pub fn with_key(mut self, key: &str) -> Self {
        self.key = key.into();
        self
    }

    pub fn api_key(&self) -> ApiKey {
        ApiKey::new(self.key.as_str())
    }

    /// Begins a sale; how it is paid ends it.
    pub fn sells(&self, amount: &str) -> Sale {
        let reference = unique("order");
        let callback_url = self.place.receiver.url(&format!("/paid/{reference}"));
        let fields = [
            ("user_id", self.user_id.as_str()),
            ("wallet_id", &self.wallet_id),
            ("amount", amount),
            ("payment_method", "alipay"),
            ("merchant_reference", &reference),
            ("return_url", ""),
            ("callback_url", &callback_url),
            ("ip", "122.122.122.1"),
            ("version", "2.0"),
            ("product_name", "Pinot Noir, Otago"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Sale { merchant: self.clone(), fields }
    }

    /// Signs with our client's half and posts, or gets.
    pub async fn calls(&self, route: Route, fields: &[(&str, &str)]) -> Answer {
        let path = route.paths()[0];
        if route.is_post() {
            return self.place.post(path, client::signed_body(route, fields, &self.api_key())).await;
        }
        let name = route.path_field().unwrap();
        let segment = fields.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| *value);
        let segment = percent_encoding::utf8_percent_encode(segment, percent_encoding::NON_ALPHANUMERIC);
        let path = path.replace(&format!("{{{name}}}"), &segment.to_string());
        let query = client::signed_query(route, fields, &self.api_key());
        self.place.get(&format!("{path}?{query}")).await
    }

    /// Posts; `None` if no answer comes.
    pub async fn tries(&self, route: Route, fields: &[(&str, &str)]) -> Option<Answer> {
        let body = client::signed_body(route, fields, &self.api_key());
        let request = hyper::Request::post(self.place.url(route.paths()[0]))
            .header("content-type", "application/json;charset=UTF-8")
            .body(body.into());
        self.place.http.tries(request.unwrap()).await
    }

    pub async fn queries(&self, reference: &str) -> Answer {
        self.calls(Route::Query, &[("merchant_reference", reference), ("user_id", &self.user_id)]).await
    }

    /// Waits as long as the gateway lets it.
    pub async fn waits_for(&self, reference: &str) -> Answer {
        let fields = [("merchant_reference", reference), ("user_id", &self.user_id), ("is_block", "1")];
        self.calls(Route::Query, &fields).await
    }

    pub async fn cancels(&self, reference: &str) -> Answer {
        self.calls(Route::Cancel, &[("user_id", &self.user_id), ("merchant_reference", reference)]).await
    }

    pub async fn refunds(&self, order_id: &str, amount: &str, note: &str) -> Answer {
        let fields = [
            ("user_id", self.user_id.as_str()),
            ("order_id", order_id),
            ("refund_amount", amount),
            ("reference", note),
        ];
        self.calls(Route::Refund, &fields).await
    }

    pub async fn asks_detail(&self, wallet_id: &str) -> Answer {
        self.calls(Route::Detail, &[("wallet_id", wallet_id), ("user_id", &self.user_id)]).await
    }
}

/// An order that has not been sent yet.
#[derive(Debug, Clone)]
pub struct Sale {
    pub merchant: Merchant,
    pub fields: Vec<(String, String)>,
}

impl Sale {
    /// The payment method.
    pub fn with(self, method: &str) -> Self {
        self.but("payment_method", method)
    }

    /// One field otherwise.
    pub fn but(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// Sends it as it stands.
    pub async fn sent_to(&self, route: Route) -> Answer {
        self.merchant.calls(route, &self.pairs()).await
    }

    fn order(&self, answer: &Answer) -> Order {
        let text = |name: &str| answer.json[name].as_str().unwrap_or_default().to_owned();
        let reference = match self.field("merchant_reference") {
            "" => text("merchant_reference"),
            reference => reference.to_owned(),
        };
        Order {
            merchant: self.merchant.clone(),
            reference,
            amount: self.field("amount").to_owned(),
            host_url: text("host_url"),
            nonce: text("nonce"),
            created: answer.clone(),
        }
    }

    async fn hosted(self) -> Order {
        let answer = self.sent_to(Route::Transaction).await.gives(0);
        let hosted = client::check_transaction_answer(&answer.text(), &self.merchant.api_key());
        let order = self.order(&answer);
        assert_eq!(hosted.unwrap().nonce, order.nonce);
        order
    }

    /// The till shows a QR code.
    pub async fn at_the_till(self) -> Order {
        self.but("host_type", "1").hosted().await
    }

    /// A page of the gateway shows it.
    pub async fn online(self) -> Order {
        self.hosted().await
    }

    /// The till scans the payer's code.
    pub async fn by_bar_code(self, code: &str) -> Order {
        let callback_url = self.field("callback_url").to_owned();
        let mut sale = self.but("pay_code", code);
        let kept = ["user_id", "wallet_id", "amount", "merchant_reference", "pay_code", "callback_url"];
        sale.fields.retain(|(name, value)| kept.contains(&name.as_str()) && !value.is_empty());
        assert_eq!(sale.field("callback_url"), callback_url);
        let answer = sale.sent_to(Route::Barcode).await.gives(0);
        sale.order(&answer)
    }

    pub async fn in_the_mini_app(self) -> Order {
        let sale = self.without("return_url");
        let answer = sale.sent_to(Route::MiniAlipay).await.gives(0);
        sale.order(&answer)
    }
}
