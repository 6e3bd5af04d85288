//! A request that has an effect once, however often it is sent.

use tillgate_core::{MerchantId, Timestamp};

/// What is kept of such a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub merchant: MerchantId,
    /// A digest of what makes it one request.
    pub key: Vec<u8>,
    /// What it began, for whoever has to look up how that ended. The store does not read it.
    pub subject: String,
    pub at: Timestamp,
}

/// A claim that was made, with its answer if it has one yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub subject: String,
    pub answer: Option<Vec<u8>>,
}
