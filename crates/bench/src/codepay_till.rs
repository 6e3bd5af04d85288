//! The CodePay merchant of the sandbox, as his register sees the gateway: what it sends, signed or with a password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tillgate::sandbox::codepay as sandbox;
use tillgate_protocols::codepay::client::{self, Answer, ClientError, Sent};
use tillgate_protocols::codepay::{KeyError, Method, PrivateKey, PublicKey};
use tillgate_protocols::wire::card::Typed;
use tillgate_protocols::wire::json::Value;
use zeroize::Zeroizing;

/// Where all methods go.
pub const PATH: &str = "/api/entry";
/// Where the gateway shows the key that signs its answers.
pub const KEY_PATH: &str = "/codepay/public-key";
pub const CURRENCY: &str = "USD";

/// How the register proves who it is.
#[derive(Debug)]
enum Access {
    Rsa2(Box<PrivateKey>),
    /// The header's value.
    Basic(String),
}

#[derive(Debug)]
pub struct CodePayTill {
    access: Access,
}

/// The terms of an order at a terminal; what is empty or false is left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms<'a> {
    pub number: &'a str,
    pub original: &'a str,
    pub terminal: &'a str,
    /// 1 sale, 2 void, 3 refund, 4 authorization, 6 completion.
    pub trans_type: &'a str,
    pub amount: &'a str,
    pub tip: &'a str,
    pub asks_tip: bool,
    pub expires_s: &'a str,
    pub notify_url: &'a str,
}

/// What a web shop sells, but for the card.
#[derive(Debug, Clone, Copy, Default)]
pub struct OnlineSale<'a> {
    pub number: &'a str,
    pub amount: &'a str,
    pub zip: &'a str,
    pub expires_s: &'a str,
    pub notify_url: &'a str,
}

impl CodePayTill {
    /// The app of the documents, which signs.
    pub fn signing() -> anyhow::Result<Self> {
        Ok(Self { access: Access::Rsa2(Box::new(sandbox::app_key()?)) })
    }

    /// The one with a password.
    pub fn with_password() -> Self {
        Self { access: Access::Basic(format!("Basic {}", STANDARD.encode(sandbox::BASIC_SECRET))) }
    }

    /// A whole HTTP request.
    fn request(&self, method: Method, own: &[(&str, &str)], now_ms: i64) -> Vec<u8> {
        let mut fields: Vec<Sent<'_>> = vec![("merchant_no", text(sandbox::MERCHANT_NO))];
        fields.extend(
            own.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (*name, text(value))),
        );
        let stamp = now_ms.to_string();
        let (app_id, key) = match &self.access {
            Access::Rsa2(key) => (sandbox::APP_ID, Some(key.as_ref())),
            Access::Basic(_) => (sandbox::BASIC_APP_ID, None),
        };
        let body = client::json_body(&client::envelope(method, app_id, &stamp, key.is_some(), &fields), key);
        let path = if method.has_word() { PATH } else { method.word() };
        let authorization = match &self.access {
            Access::Rsa2(_) => String::new(),
            Access::Basic(header) => format!("authorization: {header}\r\n"),
        };
        format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{authorization}\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    pub fn order(&self, terms: Terms<'_>, now_ms: i64) -> Vec<u8> {
        let fields = [
            ("store_no", sandbox::STORE_NO),
            ("terminal_sn", terms.terminal),
            ("message_receiving_application", "CodePay Register"),
            ("pay_scenario", "SWIPE_CARD"),
            ("price_currency", CURRENCY),
            ("order_amount", terms.amount),
            ("tip_amount", terms.tip),
            ("on_screen_tip", if terms.asks_tip { "true" } else { "" }),
            ("trans_type", terms.trans_type),
            ("merchant_order_no", terms.number),
            ("orig_merchant_order_no", terms.original),
            ("description", "Fish and chips"),
            ("notify_url", terms.notify_url),
            ("expires", terms.expires_s),
            ("on_screen_signature", "false"),
            ("api_version", "2.0"),
        ];
        self.request(Method::PayOrder, &fields, now_ms)
    }

    /// `card` is encrypted already: [`sealed_card`].
    pub fn merchant_checkout(&self, sale: &OnlineSale<'_>, card: &str, now_ms: i64) -> Vec<u8> {
        let billing = format!(r#"{{"name":"Zoë Payer","country":"US","zip":"{}"}}"#, sale.zip);
        let fields = [
            ("card", card),
            ("billing_address", &billing),
            ("term_ip", "203.0.113.9"),
            ("merchant_order_no", sale.number),
            ("price_currency", CURRENCY),
            ("order_amount", sale.amount),
            ("expires", sale.expires_s),
            ("description", "Books"),
            ("notify_url", sale.notify_url),
        ];
        self.request(Method::MerchantCheckout, &fields, now_ms)
    }

    /// A sale on a page of the gateway's.
    pub fn checkout(&self, sale: &OnlineSale<'_>, now_ms: i64) -> Vec<u8> {
        let fields = [
            ("merchant_order_no", sale.number),
            ("price_currency", CURRENCY),
            ("order_amount", sale.amount),
            ("expires", sale.expires_s),
            ("description", "Books"),
            ("notify_url", sale.notify_url),
        ];
        self.request(Method::Checkout, &fields, now_ms)
    }

    /// What has a path instead of a method. The same fields make the same bytes.
    pub fn by_path(&self, method: Method, fields: &[(&str, &str)]) -> Vec<u8> {
        self.request(method, fields, 0)
    }

    pub fn query(&self, number: &str, now_ms: i64) -> Vec<u8> {
        self.request(Method::OrderQuery, &[("merchant_order_no", number)], now_ms)
    }

    /// A refund that no terminal carries out.
    pub fn refund(
        &self,
        (number, original): (&str, &str),
        amount: &str,
        notify_url: &str,
        now_ms: i64,
    ) -> Vec<u8> {
        let fields = [
            ("orig_merchant_order_no", original),
            ("merchant_order_no", number),
            ("price_currency", CURRENCY),
            ("order_amount", amount),
            ("description", "Cold"),
            ("notify_url", notify_url),
        ];
        self.request(Method::RefundSubmit, &fields, now_ms)
    }

    pub fn adjust_tip(&self, number: &str, tip: &str, now_ms: i64) -> Vec<u8> {
        let fields = [("merchant_order_no", number), ("tip_adjustment_amount", tip)];
        self.request(Method::TipAdjustment, &fields, now_ms)
    }

    pub fn close(&self, (number, terminal): (&str, &str), now_ms: i64) -> Vec<u8> {
        let fields = [
            ("store_no", sandbox::STORE_NO),
            ("terminal_sn", terminal),
            ("merchant_order_no", number),
            ("message_receiving_application", "CodePay Register"),
        ];
        self.request(Method::PayClose, &fields, now_ms)
    }

    pub fn close_batch(&self, terminal: &str, now_ms: i64) -> Vec<u8> {
        self.request(Method::BatchClose, &[("terminal_sn", terminal)], now_ms)
    }
}

fn text(text: &str) -> Value<'_> {
    Value::Text(text.into())
}

/// A card, number and code, as only the gateway can read it.
pub fn sealed_card((pan, cvv): (&str, &str), key: &PublicKey) -> Option<String> {
    let text = |text: &str| Zeroizing::new(text.to_owned());
    let card = Typed {
        pan: text(pan),
        holder: text("Zoe Payer"),
        cvv: text(cvv),
        expiry: text("1239"),
        card_type: text("2"),
    };
    client::encrypt_card(&client::card_text(&card), key)
}

/// The gateway's key, as it shows it.
pub fn gateway_key(shown: &str) -> Result<PublicKey, KeyError> {
    PublicKey::from_text(shown)
}

/// An answer, if its signature is right.
pub fn read(body: &[u8], key: &PublicKey) -> Result<Answer, ClientError> {
    client::read_answer(body, key)
}
