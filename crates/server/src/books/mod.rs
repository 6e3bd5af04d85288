//! The books read again: whether they are right, what they say of a day, whether channels say the same.
//!
//! Knows: how an order's state and refunds must stand in the ledger. Shares no rule with what wrote it: it works the sums
//! out once more and trusts neither. Does not print, and changes nothing.

pub mod batch;
pub mod check;
mod expected;
pub mod reconcile;
pub mod statement;

/// Orders or lines read at once.
const PAGE: u32 = 500;
