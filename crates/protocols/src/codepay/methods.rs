//! The methods of the documents as one table, and the paths they are served at.

/// What a request wants: the `method` of its envelope, or the path it was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    PayOrder,
    PayClose,
    OrderQuery,
    RefundSubmit,
    RefundQuery,
    Revoke,
    TipAdjustment,
    BatchClose,
    Checkout,
    MerchantCheckout,
    PaymentCapture,
    PaymentIncrement,
    PaymentCancel,
    PaymentRefund,
    PaymentTip,
    PaymentRecall,
    OpenBatchClose,
    OpenBatch,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    /// The `method`, or the path of what has no method.
    word: &'static str,
    /// The document says it has a `timestamp`. Without one a request can be sent again by whoever sees it.
    is_timed: bool,
}

impl Method {
    pub const ALL: [Self; 18] = [
        Self::PayOrder,
        Self::PayClose,
        Self::OrderQuery,
        Self::RefundSubmit,
        Self::RefundQuery,
        Self::Revoke,
        Self::TipAdjustment,
        Self::BatchClose,
        Self::Checkout,
        Self::MerchantCheckout,
        Self::PaymentCapture,
        Self::PaymentIncrement,
        Self::PaymentCancel,
        Self::PaymentRefund,
        Self::PaymentTip,
        Self::PaymentRecall,
        Self::OpenBatchClose,
        Self::OpenBatch,
    ];

    fn row(self) -> Row {
        let entry = |word| Row { word, is_timed: true };
        let path = |word| Row { word, is_timed: false };
        match self {
            Self::PayOrder => entry("wisehub.cloud.pay.order"),
            Self::PayClose => entry("wisehub.cloud.pay.close"),
            Self::OrderQuery => entry("order.query"),
            Self::RefundSubmit => entry("order.refund.submit"),
            Self::RefundQuery => entry("order.refund.query"),
            Self::Revoke => entry("order.revoker"),
            Self::TipAdjustment => entry("tip.adjustment"),
            Self::BatchClose => entry("batch.close"),
            Self::Checkout => entry("pay.checkout"),
            Self::MerchantCheckout => entry("pay.merchant.checkout"),
            Self::PaymentCapture => path("/api/payments/capture"),
            Self::PaymentIncrement => path("/api/payments/incremental_authorization"),
            Self::PaymentCancel => path("/api/payments/cancel"),
            Self::PaymentRefund => path("/api/payments/refund"),
            Self::PaymentTip => path("/api/payments/tip_adjustment"),
            Self::PaymentRecall => path("/api/payments/recall"),
            Self::OpenBatchClose => path("/api/batch/close"),
            Self::OpenBatch => path("/api/batch/open"),
        }
    }

    /// The `method` on the wire, or the path of what has none. Also in logs and metrics.
    pub fn word(self) -> &'static str {
        self.row().word
    }

    /// Exactly the word; `pay.orderquery` is `order.query`.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = if word == "pay.orderquery" { "order.query" } else { word };
        Self::ALL.into_iter().find(|method| method.has_word() && method.word() == word)
    }

    /// Whether the envelope names it; otherwise the path does.
    pub fn has_word(self) -> bool {
        !self.word().starts_with('/')
    }

    /// Whether its requests carry a `timestamp`.
    pub fn is_timed(self) -> bool {
        self.row().is_timed
    }

    /// Whether the server must keep the request's [`ReplayKey`](super::ReplayKey): what moves money and has no
    /// `timestamp`. Reads have nothing to protect, and a batch is closed with the same bytes every day.
    pub fn needs_replay_key(self) -> bool {
        match self {
            Self::PaymentCapture
            | Self::PaymentIncrement
            | Self::PaymentCancel
            | Self::PaymentRefund
            | Self::PaymentTip => true,
            Self::PaymentRecall | Self::OpenBatch | Self::OpenBatchClose => false,
            Self::PayOrder
            | Self::PayClose
            | Self::OrderQuery
            | Self::RefundSubmit
            | Self::RefundQuery
            | Self::Revoke
            | Self::TipAdjustment
            | Self::BatchClose
            | Self::Checkout
            | Self::MerchantCheckout => false,
        }
    }
}

/// Where a request was posted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `/api/entry` and everything below it: `method` says what is wanted.
    Entry,
    /// A path of its own.
    Path(Method),
}

/// The one path of all the vendor's clients.
pub const ENTRY: &str = "/api/entry";

impl Route {
    /// `None`: not a path of this room. Clients whose base address ends with a slash send `//api/entry`.
    pub fn of(path: &str) -> Option<Self> {
        let path = path.trim_start_matches('/');
        let is = |known: &str| path == known.trim_start_matches('/');
        let below = path.strip_prefix(ENTRY.trim_start_matches('/'));
        if below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return Some(Self::Entry);
        }
        Method::ALL.into_iter().find(|method| !method.has_word() && is(method.word())).map(Self::Path)
    }
}
