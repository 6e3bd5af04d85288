//! CodePay Cloud Open API: orders sent to card terminals, checkouts of web shops, closes, captures, queries, refunds, tips,
//! batches.
//!
//! Knows: the methods, fields and words of the document, how messages are signed, which code says what, how a
//! merchant is called back. Deliberately does not know: whether an order exists, what a terminal or a channel says, or
//! who listens on a socket; the server loads the [`App`] and hands it in, and fills the views that are answered.
//!
//! A request's way: [`Route::of`] → [`read_body`] → [`Received`] (the shape checked, nothing trusted) → the server loads
//! the app of [`Received::app_id`] → [`Received::open`] (signature, time, method) → [`Opened::decode`] → [`Asked`].
//! What goes wrong on it is a [`Reject`], which is answered signed as well ([`Reply::reject`]).

use std::fmt;

use serde::{Deserialize, Serialize};
use tillgate_core::MerchantId;

mod address;
mod answers;
mod calls;
mod card;
pub mod client;
pub mod codes;
mod decode;
mod draft;
mod encode;
pub mod explain;
pub mod fields;
mod keys;
mod methods;
mod notify;
pub mod openapi;
mod order_detail;
mod rules;
pub mod sign;
pub mod terms;
pub mod view;
pub mod words;

pub use address::{PARTS as ADDRESS_PARTS, address};
pub use answers::{BatchesView, CheckoutView, MerchantCheckoutView, PaymentView};
pub use calls::{
    Asked, BatchesCall, Call, CancelCall, CaptureCall, CheckoutCall, CloseCall, Decimal, IncreaseCall,
    MerchantCheckoutCall, Number, OrderCall, Origin, PaymentTipCall, RefundCall, RefundParts,
    RefundPartsCall, TipCall, Whose,
};
pub use card::{CardKeys, Encryption, SealedCard};
pub use codes::{Code, Reject};
pub use decode::{Opened, Received, ReplayKey, read_body};
pub use encode::{
    BatchView, OrderView, Psn, RefundView, Reply, Sent, Submitted, masked_pan, message_id, plain,
    read_trans_no, time_text, trans_no,
};
pub use keys::{AesKey, BasicSecret, KeyError, PrivateKey, PublicKey};
pub use methods::{ENTRY, Method, Route};
pub use notify::{ANSWER_TIME_MS, Notification, Told, acknowledged, notification, retry_delay_s};
pub use order_detail::{Color, ITEMS, Item, Options, OrderDetail, Regions, Theme};

/// How an app proves who it is. Fixed per app: a request cannot choose.
#[derive(Clone, PartialEq, Eq)]
pub enum Access {
    /// `sign_type` RSA2. The current key first, then old ones that are still valid. None: nobody can be understood.
    Rsa2(Vec<PublicKey>),
    /// `sign_type` NONE and an `Authorization` header.
    Basic(BasicSecret),
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa2(keys) => write!(f, "Rsa2({} keys)", keys.len()),
            Self::Basic(_) => f.write_str("Basic"),
        }
    }
}

/// An app's switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `data` of answers as an object, as the document prints it. The vendor's clients need it as text.
    pub object_data: bool,
}

/// A merchant an app may act for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppMerchant {
    /// As it stands in messages: `302300000926`.
    pub merchant_no: String,
    pub merchant: MerchantId,
}

/// An app as this room sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// As it stands in messages: `wz6012822ca2f1as78`.
    pub app_id: String,
    pub enabled: bool,
    pub access: Access,
    pub merchants: Vec<AppMerchant>,
    pub settings: Settings,
    /// For cards with `enc_type` AES.
    pub aes_key: Option<AesKey>,
}

impl App {
    pub fn merchant(&self, merchant_no: &str) -> Option<&AppMerchant> {
        self.merchants.iter().find(|known| known.merchant_no == merchant_no)
    }
}
