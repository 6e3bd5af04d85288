//! What the store keeps of terminals besides their orders: batches, pairing codes.

use tillgate_core::{Currency, Deed, MerchantId, Timestamp};

/// One line of a batch: the transactions of a kind in a currency that stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchLine {
    pub deed: Deed,
    /// Voided before the batch was closed: shown, and not in any total.
    pub is_voided: bool,
    pub currency: Currency,
    pub count: u32,
    /// With tips and cashback. What a refund gives back is positive here.
    pub total_minor: i64,
    pub tip_minor: i64,
}

/// A batch with its lines, by kind and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub number: u32,
    pub closed_at: Option<Timestamp>,
    pub lines: Vec<BatchLine>,
}

impl Batch {
    /// Transactions that stand.
    pub fn count(&self) -> u32 {
        self.lines.iter().filter(|line| !line.is_voided).map(|line| line.count).sum()
    }

    /// What the acquirer is to pay in a currency: taken less given back.
    pub fn net_minor(&self, currency: Currency) -> i64 {
        let standing = self.lines.iter().filter(|line| !line.is_voided && line.currency == currency);
        standing
            .map(|line| if line.deed == Deed::Refund { -line.total_minor } else { line.total_minor })
            .sum()
    }

    /// Each once.
    pub fn currencies(&self) -> Vec<Currency> {
        let mut currencies: Vec<Currency> = Vec::new();
        for line in &self.lines {
            if !currencies.contains(&line.currency) {
                currencies.push(line.currency);
            }
        }
        currencies
    }
}

/// A code by which a terminal gets its secret, once. Of the code itself only a digest is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing {
    pub merchant: MerchantId,
    pub terminal: String,
    pub code_digest: Vec<u8>,
    pub expires_at: Timestamp,
    /// Wrong codes that may still be tried.
    pub tries_left: u32,
}
