//! Every code this room answers with, [`Reject`], and what the engine's noes are here.

use std::fmt;

use tillgate_core::{CounterRefusal, Refusal};

/// What `code` of an answer says. `msg` begins with it in brackets, except for a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    Success,
    Signature,
    NotAuthorized,
    TransNoInvalid,
    OrderNoInvalid,
    OrderNoRepeat,
    RefundExceeds,
    RefundAmount,
    TransNoDuplicate,
    PartialRefund,
    NoReversal,
    NoTransaction,
    NoPending,
    Settled,
    Missing,
    Invalid,
    Time,
    Unreadable,
    Refused,
    System,
}

impl Code {
    pub const ALL: [Self; 20] = [
        Self::Success,
        Self::Signature,
        Self::NotAuthorized,
        Self::TransNoInvalid,
        Self::OrderNoInvalid,
        Self::OrderNoRepeat,
        Self::RefundExceeds,
        Self::RefundAmount,
        Self::TransNoDuplicate,
        Self::PartialRefund,
        Self::NoReversal,
        Self::NoTransaction,
        Self::NoPending,
        Self::Settled,
        Self::Missing,
        Self::Invalid,
        Self::Time,
        Self::Unreadable,
        Self::Refused,
        Self::System,
    ];

    /// Those that begin with `TG` are ours.
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "0",
            Self::Signature => "SYS002",
            Self::NotAuthorized => "E07303",
            Self::TransNoInvalid => "E04110",
            Self::OrderNoInvalid => "E04111",
            Self::OrderNoRepeat => "E04112",
            Self::RefundExceeds => "E04126",
            Self::RefundAmount => "E04130",
            Self::TransNoDuplicate => "E04131",
            Self::PartialRefund => "E04132",
            Self::NoReversal => "ET002",
            Self::NoTransaction => "ET003",
            Self::NoPending => "ET007",
            Self::Settled => "ET008",
            Self::Missing => "TG001",
            Self::Invalid => "TG002",
            Self::Time => "TG003",
            Self::Unreadable => "TG004",
            Self::Refused => "TG005",
            Self::System => "TG009",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.word() == word)
    }

    /// What stands behind the brackets if there is nothing more exact to say.
    pub fn message(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Signature => "Signature verification failed",
            Self::NotAuthorized => "API is not authorized or does not exist",
            Self::TransNoInvalid => "Transaction number is invalid",
            Self::OrderNoInvalid => "Merchant order number is invalid",
            Self::OrderNoRepeat => "Merchant order number is repeated",
            Self::RefundExceeds => "Refund amount exceeds the limit",
            Self::RefundAmount => "Refund amount of this transaction is not allowed",
            Self::TransNoDuplicate => "Transaction number is duplicate",
            Self::PartialRefund => "Partial refund is not allowed",
            Self::NoReversal => "Reversal transaction does not exist",
            Self::NoTransaction => "Transaction does not exist",
            Self::NoPending => "There are no pending transactions",
            Self::Settled => "Reversal is not allowed, the transaction is settled",
            Self::Missing => "Parameter is missing",
            Self::Invalid => "Parameter is invalid",
            Self::Time => "Timestamp is more than 15 minutes off",
            Self::Unreadable => "Request is not readable",
            Self::Refused => "Not possible in the state the order is in",
            Self::System => "System error, ask with order.query",
        }
    }

    /// For the reader of the API document.
    pub fn about(self) -> &'static str {
        match self {
            Self::Success => "Accepted; how the transaction stands says trans_status. msg is `success`.",
            Self::Signature => {
                "Unknown app, wrong key or signature, or not the app's way of authentication. Nothing was done."
            }
            Self::NotAuthorized => {
                "No such method, one not served here, or a merchant_no that is not the app's."
            }
            Self::TransNoInvalid => "No transaction has this trans_no.",
            Self::OrderNoInvalid => "No order has this merchant_order_no.",
            Self::OrderNoRepeat => "The merchant_order_no was used before. Nothing was charged again.",
            Self::RefundExceeds => "More than is left of the order.",
            Self::RefundAmount => "More than one transaction may give back, or too many partial refunds.",
            Self::TransNoDuplicate => "The number belongs to another transaction.",
            Self::PartialRefund => "The order can only be given back whole.",
            Self::NoReversal => "There is nothing to reverse.",
            Self::NoTransaction => "The original transaction does not exist.",
            Self::NoPending => "The batch is empty, or nothing waits.",
            Self::Settled => "The batch is closed: refund instead.",
            Self::Missing => "Ours: the parameter named in msg is missing or empty.",
            Self::Invalid => "Ours: the parameter named in msg is wrong, and how.",
            Self::Time => "Ours: the request is more than 15 minutes old or in the future.",
            Self::Unreadable => "Ours: neither a JSON object nor a form, or a field is sent twice.",
            Self::Refused => "Ours: the order is in a state that does not allow it; msg says which.",
            Self::System => "Ours: our fault. Whether it was done is open: ask with order.query.",
        }
    }
}

/// A call that was not understood or not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    pub code: Code,
    /// The parameter that is wrong.
    pub field: Option<String>,
    pub(super) message: String,
}

impl Reject {
    /// With the code's own message.
    pub fn new(code: Code) -> Self {
        Self { code, field: None, message: code.message().to_owned() }
    }

    /// With a message of one's own. The engine's noes are said with it too.
    pub fn because(code: Code, message: impl fmt::Display) -> Self {
        Self { code, field: None, message: message.to_string() }
    }

    /// `field` and what is wrong with it.
    pub fn field(code: Code, field: &str, what: impl fmt::Display) -> Self {
        // It may be a stranger's, and stands in a text that we sign.
        let plain = |c: char| if c.is_ascii_alphanumeric() || "_.-[]".contains(c) { c } else { '?' };
        let shown: String = field.chars().map(plain).take(64).collect();
        Self { code, message: format!("{shown} {what}"), field: Some(field.to_owned()) }
    }

    /// The engine's no.
    pub fn of(refusal: &Refusal) -> Self {
        let because = |code| Self::because(code, refusal);
        match refusal {
            Refusal::OrderNotFound => Self::new(Code::OrderNoInvalid),
            Refusal::ReferenceReused(_)
            | Refusal::ReferenceEnded(_)
            | Refusal::ReferenceTaken
            | Refusal::RefundRepeated(_) => Self::new(Code::OrderNoRepeat),
            Refusal::RefundAboveOrder
            | Refusal::RefundAboveRest
            | Refusal::AtCounter(CounterRefusal::PartAboveRest) => because(Code::RefundExceeds),
            Refusal::AtCounter(CounterRefusal::TooManyRefunds) => because(Code::RefundAmount),
            Refusal::AtCounter(CounterRefusal::NotWhole) => because(Code::PartialRefund),
            Refusal::AtCounter(CounterRefusal::Settled) => Self::new(Code::Settled),
            Refusal::AlreadyPaid
            | Refusal::AlreadyFailed(_)
            | Refusal::AlreadyCancelled
            | Refusal::NotPaid
            | Refusal::TooManyChoices
            | Refusal::AtCounter(
                CounterRefusal::Busy
                | CounterRefusal::PartlyRefunded
                | CounterRefusal::NothingToCapture
                | CounterRefusal::AboveAuthorized
                | CounterRefusal::NothingAuthorized
                | CounterRefusal::WrongKind,
            ) => because(Code::Refused),
        }
    }

    /// A parameter that is wrong, and what is wrong with it.
    pub fn invalid(field: &str, what: impl fmt::Display) -> Self {
        Self::field(Code::Invalid, field, what)
    }

    pub(super) fn missing(field: &str) -> Self {
        Self::field(Code::Missing, field, "is missing or empty")
    }

    /// The `msg` of the answer.
    pub fn msg(&self) -> String {
        format!("[{}]{}", self.code.word(), self.message)
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.msg())
    }
}

impl std::error::Error for Reject {}
