//! A rule said no. Rooms turn these into their codes in one total match.

use crate::ids::RefundNo;
use crate::order::FailReason;

/// A term of an order a merchant may have sent differently the second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    Account,
    Method,
    Flow,
    Amount,
    Description,
    NotifyUrl,
    ReturnUrl,
    PayerIp,
    PayerCode,
    Tip,
    Operator,
    Terminal,
    Particulars,
    /// How long the order can be paid.
    Lifetime,
}

/// In order of precedence: the first that holds is the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the order does not exist")]
    OrderNotFound,
    #[error("the reference belongs to an order with another {0:?}")]
    ReferenceReused(Term),
    #[error("the reference belongs to an order that has ended ({0})")]
    ReferenceEnded(&'static str),
    /// By a refund, or by another order's.
    #[error("the reference belongs to something else")]
    ReferenceTaken,
    #[error("the order has been paid")]
    AlreadyPaid,
    #[error("the order has failed")]
    AlreadyFailed(FailReason),
    #[error("the order has been cancelled")]
    AlreadyCancelled,
    #[error("the order was never paid")]
    NotPaid,
    #[error("the same refund has been requested")]
    RefundRepeated(RefundNo),
    /// Or it is zero or negative, which no order contains.
    #[error("the refund exceeds the order")]
    RefundAboveOrder,
    #[error("the refund exceeds what is left of the order")]
    RefundAboveRest,
    /// Only what is done at terminals can be refused so.
    #[error(transparent)]
    AtCounter(#[from] CounterRefusal),
    #[error("the payer has chosen too often")]
    TooManyChoices,
}

/// What stands in the way of what is done to an order at a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CounterRefusal {
    /// Its batch is closed: it cannot be voided, nor its tip changed.
    #[error("the order is settled")]
    Settled,
    /// Something else is under way on it.
    #[error("the order is busy")]
    Busy,
    /// A void undoes all of it.
    #[error("only the whole order can be voided")]
    NotWhole,
    #[error("a part of the order has been refunded")]
    PartlyRefunded,
    /// Or it is no authorization, or has been captured.
    #[error("nothing can be captured")]
    NothingToCapture,
    #[error("more than is authorized")]
    AboveAuthorized,
    /// It holds no money that could be increased.
    #[error("nothing is authorized")]
    NothingAuthorized,
    /// More of the tip, or of the sale, than is left of it.
    #[error("more than is left of that part")]
    PartAboveRest,
    #[error("too many refunds")]
    TooManyRefunds,
    /// What is asked for is done with other orders only.
    #[error("not this kind of order")]
    WrongKind,
}
