//! What all rooms meet: flat JSON objects, URL queries, URLs, civil times, payers' codes, cards, countries, the secrets of
//! payment links, the question who takes a method.
//!
//! Knows how such a text is taken apart without losing what was signed (numbers stay literals). Deliberately does not
//! know any field by name.

pub mod card;
pub mod country;
pub mod json;
pub mod nonce;
pub mod offer;
pub mod pay_code;
pub mod query;
pub mod time;
pub mod url;

/// More fields than any documented request has; beyond it a body is refused before it costs time.
pub const MAX_FIELDS: usize = 128;
