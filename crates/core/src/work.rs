//! What is still owed to the outside: one row per order and slot, carried out by whoever holds its lease.

use serde::{Deserialize, Serialize};

use crate::ids::{MerchantId, OrderNo, RefundNo};
use crate::time::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WorkKind {
    /// A timer: the order's time is up.
    Expire,
    /// Charge the payer's code. Sent at the first attempt only; every later one asks.
    Charge,
    /// Ask the channel how the payment stands.
    Ask,
    /// Ask the channel to close the payment.
    Close,
    /// Give money back. Sent at the first attempt only; every later one asks.
    Refund(RefundNo),
    /// Ask the acquirer to change the tip; setting it twice is harmless.
    Tip,
    /// Have the acquirer hold more; it takes the number once.
    Increase(u32),
    /// Tell the acquirer that the batch is closed; twice is harmless.
    Settle,
    /// Have the terminal print the receipt again. Asked for by a person; it is given up if the terminal stays away.
    Reprint,
    /// Tell the merchant of the event with this number.
    Notify(u32),
}

impl WorkKind {
    /// The stored form: a letter and a number.
    pub fn slot(self) -> (char, u32) {
        match self {
            Self::Expire => ('x', 0),
            Self::Charge => ('c', 0),
            Self::Ask => ('a', 0),
            Self::Close => ('k', 0),
            Self::Refund(RefundNo(n)) => ('r', n),
            Self::Tip => ('t', 0),
            Self::Increase(n) => ('i', n),
            Self::Settle => ('s', 0),
            Self::Reprint => ('p', 0),
            Self::Notify(n) => ('n', n),
        }
    }

    pub fn from_slot(letter: char, number: u32) -> Option<Self> {
        Some(match letter {
            'x' => Self::Expire,
            'c' => Self::Charge,
            'a' => Self::Ask,
            'k' => Self::Close,
            'r' => Self::Refund(RefundNo(number)),
            't' => Self::Tip,
            'i' => Self::Increase(number),
            's' => Self::Settle,
            'p' => Self::Reprint,
            'n' => Self::Notify(number),
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Expire => "expire",
            Self::Charge => "charge",
            Self::Ask => "ask",
            Self::Close => "close",
            Self::Refund(_) => "refund",
            Self::Tip => "tip",
            Self::Increase(_) => "increase",
            Self::Settle => "settle",
            Self::Reprint => "reprint",
            Self::Notify(_) => "notify",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkKey {
    pub merchant: MerchantId,
    pub order: OrderNo,
    pub kind: WorkKind,
}

/// A row of work. Once leased, `attempt` counts leases, this one included, and `due_at` is the lease's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    pub key: WorkKey,
    pub due_at: Timestamp,
    pub attempt: u32,
}

/// Seconds until the channel is asked again, by how often it has been asked.
/// Quick at first (the payer stands at the till), then every five minutes until it answers.
pub fn ask_delay_s(attempt: u32) -> i64 {
    const DELAYS_S: [i64; 9] = [1, 1, 2, 3, 5, 10, 30, 60, 120];
    DELAYS_S.get(attempt as usize).copied().unwrap_or(300)
}

/// The same for a payment the payer has been shown: the channel usually tells us, so we ask less.
pub fn presented_ask_delay_s(attempt: u32) -> i64 {
    const DELAYS_S: [i64; 5] = [10, 10, 20, 30, 60];
    DELAYS_S.get(attempt as usize).copied().unwrap_or(300)
}
