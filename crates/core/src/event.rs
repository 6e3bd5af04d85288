//! The journal of an order: what happened, in order. Replaying it gives the order's state.

use serde::{Deserialize, Serialize};

use crate::buyer::Buyer;
use crate::counter::BatchPlace;
use crate::ids::{OrderNo, RefundNo};
use crate::order::{CloseReason, FailReason, Method, Presentation};
use crate::slip::Slip;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The terms stand in the order itself and never change.
    Created,
    Presented(Presentation),
    /// The payer chose a method, the first time or another one.
    Chosen(Method),
    /// The channel was asked and gave no clear answer.
    OutcomeUnknown,
    CloseRequested(CloseReason),
    /// A close that a cancelling merchant has overtaken.
    CloseReasonChanged(CloseReason),
    Paid {
        channel_ref: String,
        payer: String,
        at: Timestamp,
    },
    /// A card was given as the next choice, and is being sent to the acquirer from here on. Never its digits.
    CardTried {
        method: Method,
        slip: Slip,
    },
    /// That card, or that wallet, did not pay; the payer may try another.
    ChoiceRefused {
        reason: String,
    },
    Introduced(Buyer),
    /// Sent to its terminal.
    Offered,
    /// Its terminal has it.
    Taken,
    /// What the card left behind, with the tip that was charged and the batch it is settled in.
    Slip {
        slip: Option<Slip>,
        tip_minor: i64,
        batch: Option<BatchPlace>,
    },
    /// The money is held.
    Authorized {
        channel_ref: String,
        payer: String,
        at: Timestamp,
        amount_minor: i64,
    },
    /// A follow-up was done: its money is booked on the order it acted on.
    Done {
        channel_ref: String,
        payer: String,
        at: Timestamp,
    },
    CaptureRequested {
        by: OrderNo,
        amount_minor: i64,
        tip_minor: i64,
    },
    CaptureFailed {
        by: OrderNo,
    },
    /// Some or all of what was held has been taken. The tip is part of the amount.
    Captured {
        by: OrderNo,
        amount_minor: i64,
        tip_minor: i64,
        at: Timestamp,
        batch: Option<BatchPlace>,
    },
    Voided,
    TipRequested {
        tip_minor: i64,
    },
    TipAdjusted {
        tip_minor: i64,
    },
    TipRefused {
        reason: String,
    },
    IncreaseRequested {
        number: u32,
        amount_minor: i64,
    },
    /// So much more is held.
    Increased {
        number: u32,
        amount_minor: i64,
        auth_code: String,
    },
    IncreaseRefused {
        number: u32,
        reason: String,
    },
    Settled,
    Failed(FailReason),
    Cancelled,
    /// Money came for an order that had already ended otherwise, or by a choice that was given up; it goes back.
    LatePayment {
        channel_ref: String,
        refund: RefundNo,
        #[serde(default = "first_choice")]
        choice: u32,
    },
    RefundRequested {
        refund: RefundNo,
        amount_minor: i64,
    },
    /// The same for a void: all of it, before it is settled.
    VoidRequested {
        refund: RefundNo,
        amount_minor: i64,
    },
    RefundSucceeded {
        refund: RefundNo,
        amount_minor: i64,
    },
    RefundFailed {
        refund: RefundNo,
        amount_minor: i64,
        reason: String,
    },
}

/// What journals of before there was a choice mean.
fn first_choice() -> u32 {
    1
}

impl Event {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Presented(_) => "presented",
            Self::Chosen(_) => "chosen",
            Self::OutcomeUnknown => "outcome unknown",
            Self::CloseRequested(_) => "close requested",
            Self::CloseReasonChanged(_) => "close reason changed",
            Self::Paid { .. } => "paid",
            Self::CardTried { .. } => "card tried",
            Self::ChoiceRefused { .. } => "choice refused",
            Self::Introduced(_) => "introduced",
            Self::Offered => "offered",
            Self::Taken => "taken",
            Self::Slip { .. } => "slip",
            Self::Authorized { .. } => "authorized",
            Self::Done { .. } => "done",
            Self::CaptureRequested { .. } => "capture requested",
            Self::CaptureFailed { .. } => "capture failed",
            Self::Captured { .. } => "captured",
            Self::Voided => "voided",
            Self::TipRequested { .. } => "tip requested",
            Self::TipAdjusted { .. } => "tip adjusted",
            Self::TipRefused { .. } => "tip refused",
            Self::IncreaseRequested { .. } => "increase requested",
            Self::Increased { .. } => "increased",
            Self::IncreaseRefused { .. } => "increase refused",
            Self::Settled => "settled",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
            Self::LatePayment { .. } => "late payment",
            Self::RefundRequested { .. } => "refund requested",
            Self::VoidRequested { .. } => "void requested",
            Self::RefundSucceeded { .. } => "refund succeeded",
            Self::RefundFailed { .. } => "refund failed",
        }
    }
}
