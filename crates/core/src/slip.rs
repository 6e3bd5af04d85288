//! What a card left behind: what may be kept of it, and what its issuer said. Never a PAN, never a CVV.

use serde::{Deserialize, Serialize};

/// How the card was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    Swipe,
    Chip,
    Contactless,
    Manual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardKind {
    Debit,
    Credit,
    Ebt,
    Gift,
}

/// The facts of a receipt. What is not known is empty or `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Slip {
    /// The network's word: `Visa`.
    pub brand: String,
    /// Six digits.
    pub first_six: String,
    /// Four digits.
    pub last_four: String,
    pub kind: Option<CardKind>,
    pub entry: Option<Entry>,
    /// The issuer's approval code.
    pub auth_code: String,
    /// The network's retrieval reference number.
    pub ref_no: String,
    /// Code and words of whoever said no.
    pub refused: Option<(String, String)>,
    /// The payer signed on the screen; the picture is kept apart.
    pub is_signed: bool,
    /// Stands for the card in our books: random, and worth nothing elsewhere. Only of cards that were given to us.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// How the card's holder was made sure of online: `frictionless`, `challenge`, `attempted`; empty if he was not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub authentication: String,
}
