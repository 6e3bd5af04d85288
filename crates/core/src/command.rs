//! Everything that can happen to an order, whoever it comes from.

use std::sync::Arc;

use crate::ids::{MerchantId, OrderNo};
use crate::order::{Method, Presentation, Terms};
use crate::refund::Refund;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    pub merchant: MerchantId,
    pub number: OrderNo,
    pub room: Arc<str>,
    pub reference: String,
    pub terms: Terms,
    /// What the channel has prepared under this number already; nobody has seen it yet.
    pub presentation: Presentation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefund {
    pub amount_minor: i64,
    /// The merchant's number of the refund, where the protocol has one.
    pub reference: Option<String>,
    /// His remark.
    pub note: String,
    /// The order's refunds so far, to recognise a repeat. Loaded after the order, so that its version covers them.
    pub earlier: Vec<Refund>,
}

/// What a channel says of a payment or a refund. Anything not understood is `Unknown`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The money has moved.
    Paid { channel_ref: String, payer: String, at: Timestamp },
    /// It has not and will not; the channel's word for why.
    Declined { reason: String },
    /// It may yet.
    Pending,
    /// No answer, or none that could be read and trusted.
    Unknown,
}

/// What was asked when the channel said so: it decides what a `Declined` or a `Pending` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To charge the payer's code.
    Charge,
    /// How the payment stands.
    Query,
    /// Nothing: it told us.
    Callback,
    /// To close the payment. `Declined` means it is closed and unpaid.
    Close,
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is used up at once")]
pub enum Command {
    /// From a merchant.
    Create(NewOrder),
    /// The channel has prepared the payment and gave us this to show.
    Present { choice: u32, presentation: Presentation },
    /// The payer chose a method in place of that choice, 0 at first. A choice that was shown gives way only if its
    /// channel has closed it.
    Choose { method: Method, instead_of: u32, is_closed: bool },
    /// The channel's word on the payment by that choice.
    ChannelSays { choice: u32, asked: Asked, outcome: Outcome },
    /// From a merchant.
    Cancel,
    /// A timer: the order's time is up.
    Expire,
    /// From a merchant.
    Refund(NewRefund),
    /// The channel's word on a refund, which was loaded after the order.
    RefundSays { refund: Refund, outcome: Outcome },
}

impl Command {
    /// The word used in `docs/states.md`, logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Present { .. } => "present",
            Self::Choose { .. } => "choose",
            Self::ChannelSays { outcome: Outcome::Paid { .. }, .. } => "channel says paid",
            Self::ChannelSays { outcome: Outcome::Declined { .. }, .. } => "channel says declined",
            Self::ChannelSays { outcome: Outcome::Pending, .. } => "channel says pending",
            Self::ChannelSays { outcome: Outcome::Unknown, .. } => "channel says nothing",
            Self::Cancel => "cancel",
            Self::Expire => "expire",
            Self::Refund(_) => "refund",
            Self::RefundSays { .. } => "channel says of refund",
        }
    }
}
