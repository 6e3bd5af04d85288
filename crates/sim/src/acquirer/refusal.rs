//! Every way the acquirer says no, with the code and the words a terminal prints.
//!
//! Knows: response codes in the manner of ISO 8583. Deliberately does not know: when they apply.

use serde::{Deserialize, Serialize};

/// The code of an approval, and its word.
pub const APPROVED: (&str, &str) = ("00", "APPROVAL");

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    DoNotHonor,
    /// The number was closed before it was used.
    Closed,
    Invalid,
    Voided,
    Settled,
    Captured,
    NotCaptured,
    Refunded,
    InvalidAmount,
    InvalidCard,
    CannotVoid,
    OriginalNotFound,
    Format,
    LostCard,
    StolenCard,
    InsufficientFunds,
    ExpiredCard,
    WrongPin,
    NotPermitted,
    ExceedsAmount,
    InsertCard,
    PinRequired,
    /// The number was used for something else.
    DuplicateNumber,
    TryAgain,
    AuthenticationFailed,
    AuthenticationCancelled,
    AuthenticationTimedOut,
    AddressMismatch,
    CvvMismatch,
}

impl Refusal {
    pub fn code(self) -> &'static str {
        self.both().0
    }

    pub fn words(self) -> &'static str {
        self.both().1
    }

    fn both(self) -> (&'static str, &'static str) {
        match self {
            Self::DoNotHonor => ("05", "DO NOT HONOR"),
            Self::Closed => ("12", "CLOSED"),
            Self::Invalid => ("12", "INVALID TRANSACTION"),
            Self::Voided => ("12", "ALREADY VOIDED"),
            Self::Settled => ("12", "ALREADY SETTLED"),
            Self::Captured => ("12", "ALREADY CAPTURED"),
            Self::NotCaptured => ("12", "NOT CAPTURED"),
            Self::Refunded => ("12", "ALREADY REFUNDED"),
            Self::InvalidAmount => ("13", "INVALID AMOUNT"),
            Self::InvalidCard => ("14", "INVALID CARD NUMBER"),
            Self::CannotVoid => ("21", "CANNOT VOID"),
            Self::OriginalNotFound => ("25", "ORIGINAL NOT FOUND"),
            Self::Format => ("30", "FORMAT ERROR"),
            Self::LostCard => ("41", "LOST CARD"),
            Self::StolenCard => ("43", "STOLEN CARD"),
            Self::InsufficientFunds => ("51", "INSUFFICIENT FUNDS"),
            Self::ExpiredCard => ("54", "EXPIRED CARD"),
            Self::WrongPin => ("55", "INCORRECT PIN"),
            Self::NotPermitted => ("57", "NOT PERMITTED"),
            Self::ExceedsAmount => ("61", "EXCEEDS AMOUNT"),
            Self::InsertCard => ("65", "INSERT CARD"),
            Self::PinRequired => ("70", "PIN REQUIRED"),
            Self::DuplicateNumber => ("94", "DUPLICATE NUMBER"),
            Self::TryAgain => ("96", "TRY AGAIN LATER"),
            Self::AuthenticationFailed => ("1A", "AUTHENTICATION FAILED"),
            Self::AuthenticationCancelled => ("1A", "AUTHENTICATION CANCELLED"),
            Self::AuthenticationTimedOut => ("1A", "AUTHENTICATION TIMED OUT"),
            Self::AddressMismatch => ("59", "ADDRESS MISMATCH"),
            Self::CvvMismatch => ("N7", "CVV MISMATCH"),
        }
    }
}
