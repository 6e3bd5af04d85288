//! A refund of a paid order: requested, then done or declined by the channel.

use serde::{Deserialize, Serialize};

use crate::fee::Cost;
use crate::ids::{MerchantId, OrderNo, RefundNo};
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// Asked of the channel; the amount is set aside.
    Requested,
    Succeeded {
        at: Timestamp,
        /// What the merchant got back of our fee with it.
        #[serde(default, skip_serializing_if = "Cost::is_nothing")]
        cost_back: Cost,
    },
    Failed {
        at: Timestamp,
        reason: String,
    },
}

impl RefundState {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
        }
    }

    /// What the merchant got back of our fee with it.
    pub fn cost_back(&self) -> Cost {
        match self {
            Self::Succeeded { cost_back, .. } => *cost_back,
            Self::Requested | Self::Failed { .. } => Cost::NOTHING,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub merchant: MerchantId,
    pub order: OrderNo,
    pub number: RefundNo,
    pub amount_minor: i64,
    /// The merchant's number of it, unique among his orders and refunds in the room; where the protocol has one.
    pub reference: Option<String>,
    /// The merchant's remark; with the amount it makes the idempotency key where there is no reference.
    pub note: String,
    /// The choice whose payment it gives back.
    pub choice: u32,
    pub requested_at: Timestamp,
    pub state: RefundState,
    /// Gives back money that came after the order was closed; not a merchant's refund.
    pub reverses_late_payment: bool,
    pub means: RefundMeans,
}

/// How a refund is made, where it is not the usual way.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RefundMeans {
    /// It undoes the whole payment before it is settled: then the order is voided.
    pub is_void: bool,
    /// Carried out by this order, at a terminal or at the acquirer; then the refund asks no channel itself.
    pub carried_by: Option<OrderNo>,
    /// Who is told how it ended; empty: nobody.
    pub notify_url: String,
    /// How much of it is tip. `None`: it comes out of the sale first and out of the tip last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tip_minor: Option<i64>,
}
