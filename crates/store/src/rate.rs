//! Exchange rates: one table for the whole gateway, with where each comes from.

use tillgate_core::{Currency, Rate, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotedRate {
    /// One unit of it is worth `rate` of `quote`.
    pub base: Currency,
    pub quote: Currency,
    pub rate: Rate,
    /// Who says so: an operator, a bank, the sandbox.
    pub source: String,
    pub set_at: Timestamp,
}
