//! What a card acquirer is asked, and what its answers mean.
//!
//! Knows: the operations on a card transaction, each under a number that is taken once. Deliberately does not
//! know: any acquirer's wire, terminals, when to ask. Card numbers live only here, in memory that is wiped.

use std::fmt;

use tillgate_core::{Entry, Money, Outcome, Slip};
use zeroize::Zeroizing;

/// What every operation that moves or reserves money has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardOperation {
    /// Our number at the acquirer, unique for ever; the acquirer takes each once.
    pub trade_no: String,
    /// Where it is booked. Empty: online; a follow-up is then booked where its original was.
    pub terminal: String,
    /// All of it, tip and cashback included.
    pub amount: Money,
    pub tip_minor: i64,
    pub cashback_minor: i64,
}

/// A card as it was read. It is wiped when dropped, and neither printed nor serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    pub pan: Zeroizing<String>,
    /// `MMYY`.
    pub expiry: Zeroizing<String>,
    pub cvv: Option<Zeroizing<String>>,
    pub entry: Entry,
}

/// A payer in a browser, not at a terminal. Whom its acquirer may send to the card's issuer first (3-D Secure). It
/// tells about a person and holds a link's secret, so it does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Online {
    /// Whom the payer pays, as the issuer's page names him.
    pub seller: String,
    /// Where the payer's browser goes after the issuer's page. It brings nothing that is trusted.
    pub return_url: String,
    pub billing: Option<Billing>,
    pub payer_ip: String,
}

impl fmt::Debug for Online {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Online").field("has_billing", &self.billing.is_some()).finish_non_exhaustive()
    }
}

/// Whose card it is and where he lives, for the issuer to compare. What is not known is empty.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Billing {
    pub name: String,
    pub country: String,
    pub province: String,
    pub city: String,
    pub address1: String,
    pub address2: String,
    pub zip: String,
    pub phone: String,
}

impl fmt::Debug for Billing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Billing").finish_non_exhaustive()
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").field("entry", &self.entry).finish_non_exhaustive()
    }
}

/// What an acquirer can be asked. `original` is the number of the operation it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and for a moment")]
pub enum CardCall {
    /// Reserve the amount; a sale captures it in the same step.
    Authorize {
        operation: CardOperation,
        card: Card,
        is_capture: bool,
        /// `None`: at a terminal, or by mail or telephone, where nobody can be challenged.
        online: Option<Online>,
    },
    /// Reserve so much more.
    Increment {
        operation: CardOperation,
        original: String,
    },
    /// Take what was reserved, or less; once.
    Capture {
        operation: CardOperation,
        original: String,
    },
    /// Undo a sale before settlement, or release what was reserved.
    Void {
        operation: CardOperation,
        original: String,
    },
    Refund {
        operation: CardOperation,
        original: String,
    },
    /// The whole tip from now on. Repeating it is harmless.
    AdjustTip {
        trade_no: String,
        tip: Money,
    },
    /// Repeating it is harmless.
    Settle {
        trade_no: String,
        batch: String,
    },
    /// How an operation itself ended, whatever followed it: an authorization that was voided stays `Paid`.
    Query {
        trade_no: String,
    },
    /// "If you have not done it, never do." `Declined` means shut and not done, `Paid` that it was done.
    Close {
        trade_no: String,
    },
}

impl CardCall {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Authorize { .. } => "authorize",
            Self::Increment { .. } => "increment",
            Self::Capture { .. } => "capture",
            Self::Void { .. } => "void",
            Self::Refund { .. } => "refund",
            Self::AdjustTip { .. } => "adjust_tip",
            Self::Settle { .. } => "settle",
            Self::Query { .. } => "query",
            Self::Close { .. } => "close",
        }
    }

    pub fn trade_no(&self) -> &str {
        match self {
            Self::Authorize { operation, .. }
            | Self::Increment { operation, .. }
            | Self::Capture { operation, .. }
            | Self::Void { operation, .. }
            | Self::Refund { operation, .. } => &operation.trade_no,
            Self::AdjustTip { trade_no, .. }
            | Self::Settle { trade_no, .. }
            | Self::Query { trade_no }
            | Self::Close { trade_no } => trade_no,
        }
    }

    /// What is to be done under a new number, if it is that kind of call.
    pub fn operation(&self) -> Option<&CardOperation> {
        match self {
            Self::Authorize { operation, .. }
            | Self::Increment { operation, .. }
            | Self::Capture { operation, .. }
            | Self::Void { operation, .. }
            | Self::Refund { operation, .. } => Some(operation),
            Self::AdjustTip { .. } | Self::Settle { .. } | Self::Query { .. } | Self::Close { .. } => None,
        }
    }

    /// The number of the operation it follows, if it follows one.
    pub fn original(&self) -> Option<&str> {
        match self {
            Self::Increment { original, .. }
            | Self::Capture { original, .. }
            | Self::Void { original, .. }
            | Self::Refund { original, .. } => Some(original),
            Self::Authorize { .. }
            | Self::AdjustTip { .. }
            | Self::Settle { .. }
            | Self::Query { .. }
            | Self::Close { .. } => None,
        }
    }
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardAnswer {
    pub outcome: CardOutcome,
    /// What the acquirer said about card and issuer, if it said anything.
    pub slip: Option<Slip>,
    /// What the acquirer has under the number: a query learns here what a terminal took, tip included.
    pub operation: Option<CardOperation>,
}

impl CardAnswer {
    /// The answer that could not be read or trusted, or never came.
    pub const UNKNOWN: Self =
        Self { outcome: CardOutcome::Outcome(Outcome::Unknown), slip: None, operation: None };
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardOutcome {
    /// `Paid` means that what was asked is done: reserved, captured, voided, refunded, settled.
    Outcome(Outcome),
    /// The payer is to prove at `url` who he is; the acquirer authorizes by itself after that, once, or gives up. Only
    /// to an online authorization, and to [`CardCall::Query`] as long as that lasts. [`CardCall::Close`] ends it.
    Challenge { url: String },
    /// Only to [`CardCall::Query`]: the operation did not arrive, so nothing was done. It still may, unless it
    /// is closed.
    NeverHeardOf,
}

/// An acquirer's interface: what to send, what the answer means.
pub trait CardAcquirer: fmt::Debug + Send + Sync {
    /// The name in the configuration and the metrics.
    fn name(&self) -> &str;
    /// The body to send. It may hold a card number: it is wiped when dropped, and not logged.
    fn encode(&self, call: &CardCall) -> Zeroizing<Vec<u8>>;
    /// `answer` is the body that came back. One that cannot be read, is not signed, or is not about this very
    /// call is `Unknown`.
    fn decode(&self, call: &CardCall, answer: &[u8]) -> CardAnswer;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tillgate_core::Currency;

    #[test]
    fn a_card_does_not_show_itself() {
        let card = Card {
            pan: Zeroizing::new("4111111111111111".into()),
            expiry: Zeroizing::new("1230".into()),
            cvv: Some(Zeroizing::new("737".into())),
            entry: Entry::Manual,
        };
        let operation = CardOperation {
            trade_no: "1-7".into(),
            terminal: String::new(),
            amount: Money::new(1_200, Currency::from_code("USD").unwrap()),
            tip_minor: 0,
            cashback_minor: 0,
        };
        let billing = Billing { name: "Ada Byron".into(), zip: "60601".into(), ..Billing::default() };
        let online = Some(Online {
            seller: "Harbor Grill".into(),
            return_url: "https://pay.example/secret".into(),
            billing: Some(billing.clone()),
            payer_ip: "192.0.2.1".into(),
        });
        let call = CardCall::Authorize { operation, card, is_capture: true, online };
        let shown = format!("{call:?} {billing:?}");
        assert!(shown.contains("Manual") && shown.contains("1-7") && shown.contains("has_billing: true"));
        let secrets = ["4111", "1230", "737", "Byron", "60601", "secret", "192.0"];
        assert!(!secrets.iter().any(|secret| shown.contains(secret)), "{shown}");
    }
}
