//! The response codes, and what each says about the money.
//!
//! Knows: the page's table. Deliberately does not know: who answers what, and when.

use serde::{Deserialize, Serialize};

/// A response code of the terminal protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Code {
    Success,
    InProgress,
    Cancelled,
    DoesNotExist,
    Failed,
    TimeOut,
    Unknown,
    OperatorCancelled,
    CardTimeOut,
    QrTimeOut,
    TypeUnsupported,
    Rejected,
    ScenarioUnsupported,
    CannotVoid,
    AmountFormat,
    CloseFailed,
    ParameterError,
}

/// Whether money moved, as far as a terminal can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Money {
    Moved,
    /// For certain.
    Stayed,
    Unknown,
}

impl Code {
    pub fn text(self) -> &'static str {
        self.row().0
    }

    pub fn message(self) -> &'static str {
        self.row().1
    }

    /// What a result with this code says.
    pub fn money(self) -> Money {
        match self {
            Self::Success => Money::Moved,
            Self::TimeOut | Self::Unknown => Money::Unknown,
            _ => Money::Stayed,
        }
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::Success => ("000", "success"),
            Self::InProgress => ("101", "in progress"),
            Self::Cancelled => ("102", "cancelled"),
            Self::DoesNotExist => ("104", "does not exist"),
            Self::Failed => ("106", "failed"),
            Self::TimeOut => ("107", "timeout"),
            Self::Unknown => ("108", "unknown"),
            Self::OperatorCancelled => ("110", "operator cancelled"),
            Self::CardTimeOut => ("111", "card timeout"),
            Self::QrTimeOut => ("112", "QR timeout"),
            Self::TypeUnsupported => ("114", "type unsupported"),
            Self::Rejected => ("115", "rejected"),
            Self::ScenarioUnsupported => ("117", "scenario unsupported"),
            Self::CannotVoid => ("119", "cannot void"),
            Self::AmountFormat => ("121", "amount format"),
            Self::CloseFailed => ("201", "close failed"),
            Self::ParameterError => ("202", "parameter error"),
        }
    }
}
