//! Ways to reach a payer's money: wallets and card acquirers. Pure codecs, no sockets.
//!
//! Knows: how one vendor is asked and what its answers mean. Deliberately does not know: merchants'
//! protocols, other channels, HTTP clients. Whatever cannot be read or trusted is [`Outcome::Unknown`].

pub mod acquirer;
mod card;
pub mod simulated;

use std::fmt;

pub use card::{Billing, Card, CardAcquirer, CardAnswer, CardCall, CardOperation, CardOutcome, Online};
use tillgate_core::{AppPayer, Flow, Method, Money, Outcome, Presentation, Timestamp};

/// The words for methods that channels and rooms share.
pub const ALIPAY: &str = "alipay";
pub const WECHAT: &str = "wechat";
pub const UNIONPAY: &str = "unionpay";
/// A card at a terminal, whatever its network.
pub const CARD: &str = "card";

/// One payment as a channel sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Our number at the channel, unique for ever: merchant and order, `1-2018071000000033`; `.2` follows for the
    /// payer's second choice of how to pay the order.
    pub trade_no: String,
    pub method: Method,
    pub flow: Flow,
    /// What the payer pays in the shop's currency, a tip included.
    pub amount: Money,
    /// What the payer sees.
    pub payer_amount: Money,
    pub description: String,
    pub seller: String,
    /// The code the payer showed, for [`Call::Charge`].
    pub payer_code: Option<String>,
    /// Who pays in the mini app, where the wallet must know beforehand.
    pub app_payer: Option<AppPayer>,
    pub expires_at: Timestamp,
}

/// One refund as a channel sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundOrder {
    /// Our number of the refund at the channel: the trade's and the refund's, `1-2018071000000033-1`,
    /// `1-2018071000000033.2-1`.
    pub refund_no: String,
    pub amount: Money,
}

/// What a channel can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Prepare the payment: a QR code's text, or a mini app's fields. Repeating it is harmless.
    Present(Payment),
    /// Charge the payer's code. Never repeated.
    Charge(Payment),
    Query(Payment),
    /// Close it if it is unpaid. Repeating it is harmless.
    Close(Payment),
    /// Repeated only if it got lost for certain and [`Capabilities::refund_number_is_key`].
    Refund(Payment, RefundOrder),
    QueryRefund(Payment, RefundOrder),
}

impl Call {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Present(_) => "present",
            Self::Charge(_) => "charge",
            Self::Query(_) => "query",
            Self::Close(_) => "close",
            Self::Refund(..) => "refund",
            Self::QueryRefund(..) => "query refund",
        }
    }

    pub fn payment(&self) -> &Payment {
        match self {
            Self::Present(payment)
            | Self::Charge(payment)
            | Self::Query(payment)
            | Self::Close(payment)
            | Self::Refund(payment, _)
            | Self::QueryRefund(payment, _) => payment,
        }
    }
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Only to [`Call::Present`].
    Presented(Presentation),
    /// To [`Call::Close`], `Declined` means closed and unpaid; to a refund call, `Paid` means refunded.
    Outcome(Outcome),
    /// To [`Call::Query`] and [`Call::QueryRefund`]: the channel never heard of it, so the call before it
    /// did not arrive. The money has not moved; it is still not sent again without a new decision.
    NeverHeardOf,
}

/// A channel's own message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    pub trade_no: String,
    /// What the channel says was to be paid; the gateway checks it against the order.
    pub amount: Money,
    pub outcome: Outcome,
}

/// What a channel can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    pub methods: Vec<Method>,
    pub flows: Vec<Flow>,
    /// The same refund number moves money once, however often it is sent. Only then may a refund the channel
    /// has never heard of be sent again.
    pub refund_number_is_key: bool,
}

impl Capabilities {
    /// Whether both are there; a channel may be narrower, ask [`WalletChannel::offers`].
    pub fn offers(&self, method: &Method, flow: Flow) -> bool {
        self.methods.contains(method) && self.flows.contains(&flow)
    }
}

/// A vendor's wallet interface: what to send, what the answer means.
pub trait WalletChannel: fmt::Debug + Send + Sync {
    /// The name in the configuration, the callback's route and the metrics.
    fn name(&self) -> &str;
    fn capabilities(&self) -> &Capabilities;
    /// Whether this method can be paid this way here.
    fn offers(&self, method: &Method, flow: Flow) -> bool {
        self.capabilities().offers(method, flow)
    }
    /// The body to send.
    fn encode(&self, call: &Call) -> Vec<u8>;
    /// `answer` is the body that came back. One that cannot be read or whose signature is wrong is `Unknown`.
    fn decode(&self, call: &Call, answer: &[u8]) -> Answer;
    /// `None` if it is not a message of this channel, or not signed by it.
    fn decode_callback(&self, body: &[u8]) -> Option<Callback>;
}
