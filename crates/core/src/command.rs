//! Everything that can happen to an order, whoever it comes from.

use std::sync::Arc;

use crate::buyer::Buyer;
use crate::counter::{Deed, Facts};
use crate::ids::{MerchantId, OrderNo};
use crate::order::{Method, Presentation, Terms};
use crate::refund::{Refund, RefundMeans};
use crate::slip::Slip;
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
    /// The card that is to be sent to the acquirer as soon as the order is stored.
    pub card: Option<Box<Slip>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefund {
    pub amount_minor: i64,
    /// The merchant's number of the refund, where the protocol has one.
    pub reference: Option<String>,
    /// His remark.
    pub note: String,
    pub means: RefundMeans,
    /// The order's refunds so far, to recognise a repeat. Loaded after the order, so that its version covers them.
    pub earlier: Vec<Refund>,
}

/// What an order that acts on another needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserve {
    /// The order that acts.
    pub by: OrderNo,
    pub deed: Deed,
    /// With the tip.
    pub amount_minor: i64,
    pub tip_minor: i64,
    pub note: String,
    /// How much of a refund is tip, where the merchant names the parts.
    pub refunds_tip_minor: Option<i64>,
    /// A void of money that is held, and of nothing that was taken.
    pub only_held: bool,
    /// The batch that is open on the terminal the original was paid at, if that is known.
    pub open_batch: Option<u32>,
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
    /// The payer gave a card, as a choice in place of that one: it is about to be sent to the acquirer. What was shown
    /// gives way as with [`Command::Choose`].
    TryCard { method: Method, slip: Slip, instead_of: u32, is_closed: bool },
    /// What the payer tells of himself.
    Introduce(Buyer),
    /// A card payment's or a follow-up's end, as its terminal or the acquirer tells it, of the payment by that choice.
    CounterSays { choice: u32, asked: Asked, outcome: Outcome, facts: Facts },
    /// The order is being sent to its terminal.
    Offer,
    /// The terminal has it.
    Take,
    /// The terminal scanned the payer's code.
    Scan { payer_code: String },
    /// Of the order that a new one is to act on: sets aside what it needs.
    Reserve(Reserve),
    /// How the order ended that acted on this one.
    FollowUpSays { by: OrderNo, refund: Option<Refund>, is_done: bool, facts: Facts, channel_ref: String },
    /// From a merchant: the whole tip from now on.
    AdjustTip { tip_minor: i64, open_batch: Option<u32> },
    /// The acquirer's word on it.
    TipSays { tip_minor: i64, outcome: Outcome },
    /// From a merchant: hold so much more.
    Increase { amount_minor: i64 },
    /// The acquirer's word on that, with the issuer's approval code.
    IncreaseSays { number: u32, outcome: Outcome, auth_code: String },
    /// The acquirer has taken note that the batch is closed.
    Settle,
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
            Self::TryCard { .. } => "try card",
            Self::Introduce(_) => "introduce",
            Self::CounterSays { outcome: Outcome::Paid { .. }, .. } => "counter says paid",
            Self::CounterSays { outcome: Outcome::Declined { .. }, .. } => "counter says declined",
            Self::CounterSays { outcome: Outcome::Pending, .. } => "counter says pending",
            Self::CounterSays { outcome: Outcome::Unknown, .. } => "counter says nothing",
            Self::Offer => "offer",
            Self::Take => "take",
            Self::Scan { .. } => "scan",
            Self::Reserve(_) => "reserve",
            Self::FollowUpSays { is_done: true, .. } => "follow-up done",
            Self::FollowUpSays { is_done: false, .. } => "follow-up not done",
            Self::AdjustTip { .. } => "adjust tip",
            Self::TipSays { .. } => "acquirer says of tip",
            Self::Increase { .. } => "increase",
            Self::IncreaseSays { .. } => "acquirer says of increase",
            Self::Settle => "settle",
            Self::Cancel => "cancel",
            Self::Expire => "expire",
            Self::Refund(_) => "refund",
            Self::RefundSays { .. } => "channel says of refund",
        }
    }
}
