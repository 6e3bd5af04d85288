//! Numbers of things. They are made outside (this crate has no randomness) and unique per merchant.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A merchant of this gateway, 1 to 2^24 - 1 (so that it fits into a nonce).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MerchantId(pub u32);

impl MerchantId {
    pub const MAX: u32 = (1 << 24) - 1;
}

/// The gateway's number of an order, unique within its merchant: the date and eight digits, `2018071000000033`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderNo(pub i64);

impl OrderNo {
    /// Numbers a merchant can have on one day.
    pub const PER_DAY: i64 = 100_000_000;

    /// `date` as `yyyyMMdd`, `serial` below [`Self::PER_DAY`].
    pub fn new(date: i64, serial: i64) -> Self {
        debug_assert!((0..Self::PER_DAY).contains(&serial));
        Self(date * Self::PER_DAY + serial)
    }
}

impl fmt::Display for OrderNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The n-th refund of an order, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RefundNo(pub u32);
