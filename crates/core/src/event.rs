//! The journal of an order: what happened, in order. Replaying it gives the order's state.

use serde::{Deserialize, Serialize};

use crate::ids::RefundNo;
use crate::order::{CloseReason, FailReason, Presentation};
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The terms stand in the order itself and never change.
    Created,
    Presented(Presentation),
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
    /// Money came for an order that had already ended otherwise; it is given back.
    LatePayment {
        channel_ref: String,
        refund: RefundNo,
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

impl Event {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Presented(_) => "presented",
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
