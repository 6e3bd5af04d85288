//! Latipay v2: merchant hosted offline, hosted online, barcode and Alipay mini app.
//!
//! Knows: the routes, fields and words of the documents, how requests and answers are signed, which code says what, how
//! a merchant is notified. Deliberately does not know: whether an order exists, what a channel says, how a page looks
//! or who listens on a socket; the server loads the [`Profile`] and hands it in.
//!
//! A request's way: [`read_body`] or [`read_query`] → [`Received`] (shape checked, nothing trusted) → the server
//! loads the profile of [`Received::user_id`] → [`Received::verify`] → [`Verified::decode`] → [`Call`].
//! What goes wrong on it is a [`Reject`].

use std::fmt;

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};
use tillgate_core::{Account, Currency, Flow, MerchantId, Method, Order, Rate, Timestamp};
use zeroize::Zeroizing;

pub mod client;
pub mod codes;
mod decode;
mod draft;
mod encode;
pub mod explain;
pub mod fields;
mod notify;
pub mod openapi;
pub mod sign;

pub use codes::Reject;
pub use decode::{Call, CreateCall, Received, RefundAmount, Verified, read_body, read_query};
pub use encode::{
    barcode_answer, detail_answer, fault_answer, gatewaydata_answer, mini_answer, ok_answer, order_id,
    parse_order_id, query_answer, refund_declined_answer, refusal_answer, reject_answer, status_word,
    transaction_answer, unknown_nonce, unknown_user, unresolved_answer,
};
pub use notify::{Notification, acknowledged, notification, retry_delay_s, return_location};

pub use crate::wire::offer::Offer;

/// The page a customer pays on: `{HOSTED_PAGE}/{nonce}`. A page, not an API route.
pub const HOSTED_PAGE: &str = "/pay";
/// Where a till fetches the QR code: `{GATEWAYDATA}/{nonce}`, the `host_url` of an order with `host_type` 1.
pub const GATEWAYDATA: &str = "/v2/merchanthosted/gatewaydata";
/// How long a query with `is_block=1` waits for an end.
pub const WAIT_S: u64 = 180;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    Transaction,
    Gatewaydata,
    Query,
    Barcode,
    MiniAlipay,
    Refund,
    Cancel,
    Detail,
}

impl Route {
    pub const ALL: [Self; 8] = [
        Self::Transaction,
        Self::Gatewaydata,
        Self::Query,
        Self::Barcode,
        Self::MiniAlipay,
        Self::Refund,
        Self::Cancel,
        Self::Detail,
    ];

    /// The word used on the command line, in logs and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Gatewaydata => "gatewaydata",
            Self::Query => "query",
            Self::Barcode => "barcode",
            Self::MiniAlipay => "minialipay",
            Self::Refund => "refund",
            Self::Cancel => "cancel",
            Self::Detail => "detail",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|route| route.word() == word)
    }

    pub fn is_post(self) -> bool {
        match self {
            Self::Gatewaydata | Self::Query | Self::Detail => false,
            Self::Transaction | Self::Barcode | Self::MiniAlipay | Self::Refund | Self::Cancel => true,
        }
    }

    /// Every path it is served at, the documented one first; `{…}` is one path segment.
    pub fn paths(self) -> &'static [&'static str] {
        match self {
            Self::Transaction => &["/v2/transaction", "/v2/transaction/"],
            Self::Gatewaydata => &["/v2/merchanthosted/gatewaydata/{nonce}"],
            Self::Query => &["/v2/transaction/{merchant_reference}"],
            Self::Barcode => &["/barcode", "/v2/barcode"],
            Self::MiniAlipay => &["/v2/minialipay"],
            Self::Refund => &["/refund", "/v2/refund"],
            Self::Cancel => &["/cancel", "/v2/cancel"],
            Self::Detail => &["/v2/detail/{wallet_id}"],
        }
    }

    /// The field that is a segment of the path.
    pub fn path_field(self) -> Option<&'static str> {
        match self {
            Self::Gatewaydata => Some("nonce"),
            Self::Query => Some("merchant_reference"),
            Self::Detail => Some("wallet_id"),
            Self::Transaction | Self::Barcode | Self::MiniAlipay | Self::Refund | Self::Cancel => None,
        }
    }
}

/// A merchant's secret, shared with us. Shows itself nowhere.
#[derive(Clone)]
pub struct ApiKey {
    secret: Zeroizing<String>,
    /// Prepared once; it costs as much as a short text's HMAC.
    hmac: hmac::Key,
}

impl ApiKey {
    pub fn new(key: impl Into<String>) -> Self {
        let secret = Zeroizing::new(key.into());
        let hmac = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Self { secret, hmac }
    }

    /// The secret itself, to sign with or to store encrypted.
    pub fn reveal(&self) -> &str {
        &self.secret
    }
}

impl PartialEq for ApiKey {
    fn eq(&self, other: &Self) -> bool {
        self.secret == other.secret
    }
}

impl Eq for ApiKey {}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// What counts as a merchant's receipt of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Ack {
    /// HTTP 200, whatever the body.
    #[default]
    #[serde(rename = "200")]
    Status200,
    /// HTTP 200 and the body `sent`.
    #[serde(rename = "sent")]
    BodySent,
}

/// A merchant's switches where documents or real clients disagree.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub ack: Ack,
    /// Accept the signature of 2017 on new orders. It covers neither the reference nor the host type.
    pub legacy_signature: bool,
    /// Print amounts in answers as JSON numbers, with all digits, instead of strings.
    pub amount_as_number: bool,
}

/// A merchant as this room sees him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub user_id: String,
    pub user_name: String,
    pub organisation_id: MerchantId,
    pub organisation_name: String,
    /// The current key first, then old ones that are still valid. None: nobody can sign.
    pub keys: Vec<ApiKey>,
    pub enabled: bool,
    pub settings: Settings,
    pub accounts: Vec<Account>,
}

impl Profile {
    pub fn account(&self, code: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.code == code)
    }
}

/// What a new order depends on besides its own fields.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub now: Timestamp,
    pub order_lifetime_ms: i64,
    pub barcode_lifetime_ms: i64,
    /// Yuan for one unit. CNY itself is never asked for.
    pub rate: &'a dyn Fn(Currency) -> Option<Rate>,
    pub offer: &'a dyn Fn(&Method, Flow) -> Offer,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("now", &self.now).finish_non_exhaustive()
    }
}

/// A `payment_method`: its word on the wire, in shop plug-ins, and the channels' method if one exists.
#[derive(Debug)]
pub struct MethodWord {
    pub word: &'static str,
    /// As `/v2/detail` lists it.
    pub label: &'static str,
    pub method: Option<&'static str>,
}

/// The documents' words. The first word of a method is the one answers use.
pub const METHOD_WORDS: &[MethodWord] = &[
    MethodWord { word: "alipay", label: "Alipay", method: Some("alipay") },
    MethodWord { word: "wechat", label: "Wechat", method: Some("wechat") },
    MethodWord { word: "upi_upop", label: "Upi_upop", method: Some("unionpay") },
    MethodWord { word: "unionpay", label: "Upi_upop", method: Some("unionpay") },
    MethodWord { word: "moneymore", label: "Moneymore", method: None },
    MethodWord { word: "polipay", label: "Polipay", method: None },
    MethodWord { word: "payid", label: "Payid", method: None },
];

/// The wire's word for the method of an order; every order of this room has one.
pub fn method_word(order: &Order) -> &str {
    let method = order.method().map_or("", Method::as_str);
    let known = METHOD_WORDS.iter().find(|word| word.method == Some(method));
    known.map_or(method, |word| word.word)
}
