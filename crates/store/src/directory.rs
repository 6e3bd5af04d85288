//! Merchants and how they log on to a room. Secrets come sealed and leave sealed.

use tillgate_core::{Account, MerchantId, Timestamp};

/// A secret as the server sealed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedKey {
    pub number: u32,
    pub sealed: Vec<u8>,
    pub created_at: Timestamp,
    /// An old key that was rotated out is accepted until then.
    pub valid_until: Option<Timestamp>,
    /// A request has been signed with it: the merchant has it in use.
    pub is_used: bool,
}

/// A new secret for a login; the ones before it end at `old_valid_until`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    pub sealed: Vec<u8>,
    pub created_at: Timestamp,
    pub old_valid_until: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub merchant: MerchantId,
    pub merchant_name: String,
    pub room: String,
    pub login: String,
    pub name: String,
    pub enabled: bool,
    /// The room's own switches, as JSON.
    pub settings: String,
    /// Newest first.
    pub keys: Vec<SealedKey>,
    pub accounts: Vec<Account>,
}
