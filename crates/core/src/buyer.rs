//! Who buys, as he told it on a payment page or the merchant told it for him. Kept for the merchant, and for the card's
//! issuer to compare.

use serde::{Deserialize, Serialize};

/// What is not known is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    pub name: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    pub province: String,
    pub city: String,
    pub address1: String,
    pub address2: String,
    pub zip: String,
    pub phone: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Buyer {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Address>,
}
