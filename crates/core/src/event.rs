//! The journal of an order: what happened, in order. Replaying it gives the order's state.

use serde::{Deserialize, Serialize};

use crate::ids::RefundNo;
use crate::order::{CloseReason, FailReason, Method, Presentation};
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
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
            Self::LatePayment { .. } => "late payment",
            Self::RefundRequested { .. } => "refund requested",
            Self::RefundSucceeded { .. } => "refund succeeded",
            Self::RefundFailed { .. } => "refund failed",
        }
    }
}
