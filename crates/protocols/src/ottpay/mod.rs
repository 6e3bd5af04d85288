//! OTT Pay's Payment Web API: passive, active and in-app payments, prepaid pages, refunds, queries.
//!
//! Knows: the actions, fields and words of the documents, how messages are digested and encrypted, which code says
//! what, how a merchant is called back. Deliberately does not know: whether an order exists, what a channel says, how
//! a page looks or who listens on a socket; the server loads the [`Profile`] and hands it in.
//!
//! A request's way: [`read_body`] → [`Received`] (the envelope's shape checked, nothing trusted) → the server loads the
//! profile of [`Received::merchant_id`] → [`Received::open`] → [`Opened::decode`] → [`Call`]. What goes wrong on it is
//! a [`Reject`].

use std::fmt;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};
use tillgate_core::{Account, Currency, Flow, MerchantId, Method, Order, Rate, Timestamp};
use zeroize::Zeroizing;

pub mod client;
pub mod codes;
mod decode;
mod double;
mod draft;
mod encode;
pub mod explain;
pub mod fields;
mod notify;
pub mod openapi;
pub mod sign;

pub use codes::Reject;
pub use decode::{Call, CreateCall, Opened, Received, read_body};
pub use encode::{
    active_answer, bizpay_order_id, fault_answer, mapp_answer, order_status, passive_answer,
    prepay_init_answer, prepay_query_answer, rate_answer, refund_answer, refund_status_answer,
    refusal_answer, reject_answer, status_answer,
};
pub use notify::{Notification, acknowledged, notification, retry_delay_s, return_location};

pub use crate::wire::offer::Offer;

/// Every path it is served at, the documented one first. All take all actions.
pub const PATHS: [&str; 3] = ["/processV2", "/process", "/processV3"];

/// What a request wants; the `action` of its envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The till scans the payer's code.
    PassivePay,
    /// The payer scans the till's code.
    ActivePay,
    /// How an order, or a refund, stands.
    StatusQuery,
    Refund,
    ExRateQuery,
    /// A page of ours where the payer chooses how to pay.
    PrepayInit,
    PrepayQuery,
    /// Inside a WeChat mini program.
    MappPay,
}

impl Action {
    pub const ALL: [Self; 8] = [
        Self::PassivePay,
        Self::ActivePay,
        Self::StatusQuery,
        Self::Refund,
        Self::ExRateQuery,
        Self::PrepayInit,
        Self::PrepayQuery,
        Self::MappPay,
    ];

    /// The word on the wire, on the command line, in logs and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::PassivePay => "PASSIVEPAY",
            Self::ActivePay => "ACTIVEPAY",
            Self::StatusQuery => "STATUS_QUERY",
            Self::Refund => "REFUND",
            Self::ExRateQuery => "EX_RATE_QUERY",
            Self::PrepayInit => "PREPAY_INIT",
            Self::PrepayQuery => "PREPAY_QUERY",
            Self::MappPay => "MAPPPAY",
        }
    }

    /// Exactly the word, in upper case.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }
}

/// A merchant's secret, shared with us: upper-case text, 32 hexadecimal digits if we issue it. Shows itself nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct SignKey(Zeroizing<String>);

impl SignKey {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret itself, to derive keys from or to store encrypted.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignKey(…)")
    }
}

/// A merchant's switches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// ISO 4217: the currency of the account used when a message names none.
    pub currency: String,
    /// IANA name of the zone `trade_time` is printed in.
    pub time_zone: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { currency: "CAD".to_owned(), time_zone: "America/Toronto".to_owned() }
    }
}

impl Settings {
    /// The zone by its name, from the data inside the program; `None` if the name is unknown.
    pub fn zone(&self) -> Option<TimeZone> {
        TimeZoneDatabase::bundled().get(&self.time_zone).ok()
    }

    /// `None` if it is not a currency's code.
    pub fn default_currency(&self) -> Option<Currency> {
        Currency::from_code(&self.currency)
    }
}

/// A merchant as this room sees him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// As it stands in the envelope: `QC00005496`.
    pub merchant_id: String,
    pub merchant: MerchantId,
    pub name: String,
    /// The current key first, then old ones that are still valid. None: nobody can be understood.
    pub keys: Vec<SignKey>,
    pub enabled: bool,
    pub settings: Settings,
    pub accounts: Vec<Account>,
    /// [`Settings::zone`].
    pub zone: TimeZone,
}

impl Profile {
    /// The first account kept in a currency.
    pub fn account_in(&self, currency: Currency) -> Option<&Account> {
        self.accounts.iter().find(|account| account.currency == currency)
    }

    /// The account of messages that name no currency.
    pub fn default_account(&self) -> Option<&Account> {
        self.account_in(self.settings.default_currency()?)
    }
}

/// What a call depends on besides its own fields.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub now: Timestamp,
    pub order_lifetime_ms: i64,
    /// Of an order whose payer shows the code.
    pub passive_lifetime_ms: i64,
    /// Yuan for one unit. CNY itself is never asked for.
    pub rate: &'a dyn Fn(Currency) -> Option<Rate>,
    pub offer: &'a dyn Fn(&Method, Flow) -> Offer,
}

impl Context<'_> {
    pub(super) fn rate_of(&self, currency: Currency) -> Option<Rate> {
        if currency.code() == "CNY" { Some(Rate::ONE) } else { (self.rate)(currency) }
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("now", &self.now).finish_non_exhaustive()
    }
}

/// A `biz_type` of one wallet.
#[derive(Debug)]
pub struct BizType {
    pub word: &'static str,
    /// The channels' word.
    pub method: &'static str,
    /// Before our number in `bizpay_order_id`.
    pub prefix: &'static str,
}

pub const BIZ_TYPES: &[BizType] = &[
    BizType { word: "ALIPAY", method: "alipay", prefix: "AL" },
    BizType { word: "WECHATPAY", method: "wechat", prefix: "WX" },
    BizType { word: "UNIONPAY", method: "unionpay", prefix: "UP" },
];

/// The `biz_type` of a prepaid page, where the payer chooses.
pub const PREPAY: &str = "PREPAY";

/// The wallet an order is paid with; `None` while the payer has not chosen.
pub fn biz_type(order: &Order) -> Option<&'static BizType> {
    let method = order.method()?.as_str();
    BIZ_TYPES.iter().find(|known| known.method == method)
}
