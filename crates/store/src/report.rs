//! What reports and reconciliation read and keep: the ledger by time, batches one by one, channels' statements.

use tillgate_core::{Currency, LedgerAccount, MerchantId, Money, OrderNo, Timestamp};

/// A line of the ledger with its place. Lines are read in this order: by time, then by order, event and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerLine {
    pub place: LinePlace,
    pub account: LedgerAccount,
    pub amount: Money,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinePlace {
    pub at: Timestamp,
    pub order: OrderNo,
    pub event: u32,
    pub line: u32,
}

impl LinePlace {
    /// Before all that was booked at a time.
    pub fn before(at: Timestamp) -> Self {
        Self { at, order: OrderNo(i64::MIN), event: 0, line: 0 }
    }
}

/// What an account holds in a currency: debits less credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    pub account: LedgerAccount,
    pub amount: Money,
}

/// A terminal's batch, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchHead {
    pub terminal: String,
    pub number: u32,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

/// What a channel says was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StatementKind {
    Sale,
    Authorization,
    Capture,
    Refund,
    Void,
}

impl StatementKind {
    pub const ALL: [Self; 5] = [Self::Sale, Self::Authorization, Self::Capture, Self::Refund, Self::Void];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Authorization => "authorization",
            Self::Capture => "capture",
            Self::Refund => "refund",
            Self::Void => "void",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A line of a channel's statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// In its file, from 1; the header is line 1.
    pub line_no: u32,
    /// The merchant and the order of ours that the number names. `None`: it is none of ours.
    pub order: Option<(MerchantId, OrderNo)>,
    pub trade_no: String,
    /// Empty where the operation follows none.
    pub original_trade_no: String,
    pub kind: StatementKind,
    pub amount_minor: i64,
    pub currency: Currency,
    pub at: Timestamp,
    /// The channel's own number.
    pub reference: String,
    pub batch: String,
}

/// A file that a channel gave us. The same bytes are the same file, whatever its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementFile {
    pub channel: String,
    pub digest: Vec<u8>,
    pub name: String,
    pub imported_at: Timestamp,
    pub lines: Vec<StatementLine>,
}

/// What is kept of an imported file besides its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementHead {
    pub channel: String,
    pub name: String,
    pub line_count: u32,
    pub imported_at: Timestamp,
}
