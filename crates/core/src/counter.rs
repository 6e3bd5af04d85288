//! An order that is paid at a card terminal on a counter, or by a card online: what is to be done, and how far it is.
//!
//! Some of these orders take money (a sale, an authorization), the others act on one that did: a void, a refund, a
//! completion. Those are orders too, with a number, a time and an end of their own; what they do to the money is
//! booked on the order they act on, in the same transaction.

use serde::{Deserialize, Serialize};

use crate::buyer::Buyer;
use crate::ids::{OrderNo, RefundNo};
use crate::slip::Slip;

/// A result that has not come by then is asked for, s.
pub const OVERDUE_S: i64 = 30;

/// What a terminal is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    Sale,
    /// The money is held, not taken.
    Authorization,
    /// Undoes a sale whose batch is open, or lets a held amount go.
    Void,
    Refund,
    /// Takes what an authorization holds, or less.
    Completion,
}

impl Deed {
    pub const ALL: [Self; 5] = [Self::Sale, Self::Authorization, Self::Void, Self::Refund, Self::Completion];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Authorization => "authorization",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::Completion => "completion",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.as_str() == word)
    }

    /// Whether it acts on an earlier order.
    pub fn follows_up(self) -> bool {
        match self {
            Self::Void | Self::Refund | Self::Completion => true,
            Self::Sale | Self::Authorization => false,
        }
    }
}

/// Which of the waiting orders a terminal gets first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// The oldest.
    #[default]
    Fifo,
    /// This one, before all that wait already.
    Filo,
}

/// What the merchant asked the terminal for. Fixed when the order is created; which terminal stands in
/// [`Terms::terminal`](crate::Terms::terminal).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterTerms {
    pub deed: Deed,
    /// The order it acts on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<OrderNo>,
    /// Paid with the sale and handed out in cash; in the order's currency.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cashback_minor: i64,
    /// The payer is asked for a tip on the screen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks_tip: bool,
    /// How much of what a refund gives back is tip, where the merchant names the parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunds_tip_minor: Option<i64>,
    #[serde(default)]
    pub queue: Queue,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(minor: &i64) -> bool {
    *minor == 0
}

/// How far an order is on its way to the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// No terminal has heard of it.
    #[default]
    Waiting,
    /// Sent; the terminal may have it.
    Offered,
    /// The terminal said that it has it.
    Taken,
}

/// Where a transaction is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPlace {
    pub terminal: String,
    /// From 1, per terminal.
    pub number: u32,
}

/// What is under way at the acquirer on an order that has been paid or authorized. One thing at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pending {
    /// A completion, carried by that order.
    Capture { by: OrderNo, amount_minor: i64, tip_minor: i64 },
    /// It is being voided, by that refund of all.
    Void { refund: RefundNo },
    /// The tip is to become this.
    Tip { tip_minor: i64 },
    /// So much more is to be held; numbered from 1.
    Increase { number: u32, amount_minor: i64 },
}

/// The part of an order's state that only an order at a counter has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counter {
    pub stage: Stage,
    /// As it is now: asked for, chosen on the screen, adjusted.
    pub tip_minor: i64,
    /// Held or taken by the acquirer: `captured <= authorized`.
    pub authorized_minor: i64,
    pub slip: Option<Slip>,
    pub batch: Option<BatchPlace>,
    /// Its batch is closed and the acquirer has taken note.
    pub is_settled: bool,
    pub pending: Option<Pending>,
    /// The terminal did not know how it ended; the acquirer is being asked.
    pub is_unknown: bool,
    /// Choices that were cards, bit by bit from the first, where the payer chooses.
    #[serde(skip_serializing_if = "is_none_of_them")]
    pub card_choices: u32,
    /// How often more was asked to be held.
    #[serde(skip_serializing_if = "is_none_of_them")]
    pub increases: u32,
    /// What the payer told of himself on our page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer: Option<Buyer>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_none_of_them(number: &u32) -> bool {
    *number == 0
}

/// What a terminal or the acquirer knows of a payment besides whether it was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    pub slip: Option<Slip>,
    /// The tip that was charged with it.
    pub tip_minor: Option<i64>,
    /// The terminal's open batch, for what will be settled.
    pub batch: Option<BatchPlace>,
}
