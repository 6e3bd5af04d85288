//! Response codes, and the codes a connection is closed with.

use super::Topic;

/// What an answer says. Numbers not listed here may arrive; they mean what [`Code::Unclear`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    Success,
    InProgress,
    Cancelled,
    DoesNotExist,
    Failed,
    Timeout,
    Unknown,
    Network,
    OperatorCancelled,
    CardTimeout,
    QrTimeout,
    DuplicateNumber,
    TypeUnsupported,
    Rejected,
    ScenarioUnsupported,
    CannotVoid,
    AmountLimit,
    AmountFormat,
    CloseFailed,
    ParameterError,
    Unclear,
}

impl Code {
    pub const ALL: [Self; 21] = [
        Self::Success,
        Self::InProgress,
        Self::Cancelled,
        Self::DoesNotExist,
        Self::Failed,
        Self::Timeout,
        Self::Unknown,
        Self::Network,
        Self::OperatorCancelled,
        Self::CardTimeout,
        Self::QrTimeout,
        Self::DuplicateNumber,
        Self::TypeUnsupported,
        Self::Rejected,
        Self::ScenarioUnsupported,
        Self::CannotVoid,
        Self::AmountLimit,
        Self::AmountFormat,
        Self::CloseFailed,
        Self::ParameterError,
        Self::Unclear,
    ];

    pub fn number(self) -> u16 {
        match self {
            Self::Success => 0,
            Self::InProgress => 101,
            Self::Cancelled => 102,
            Self::DoesNotExist => 104,
            Self::Failed => 106,
            Self::Timeout => 107,
            Self::Unknown => 108,
            Self::Network => 109,
            Self::OperatorCancelled => 110,
            Self::CardTimeout => 111,
            Self::QrTimeout => 112,
            Self::DuplicateNumber => 113,
            Self::TypeUnsupported => 114,
            Self::Rejected => 115,
            Self::ScenarioUnsupported => 117,
            Self::CannotVoid => 119,
            Self::AmountLimit => 120,
            Self::AmountFormat => 121,
            Self::CloseFailed => 201,
            Self::ParameterError => 202,
            Self::Unclear => 999,
        }
    }

    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// As it stands in `response_code`: three digits.
    pub fn word(self) -> String {
        format!("{:03}", self.number())
    }

    /// What stands in `response_msg` if there is nothing more exact to say.
    pub fn message(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::InProgress => "in progress",
            Self::Cancelled => "cancelled",
            Self::DoesNotExist => "does not exist",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Unknown => "unknown",
            Self::Network => "network",
            Self::OperatorCancelled => "operator cancelled",
            Self::CardTimeout => "card timeout",
            Self::QrTimeout => "QR timeout",
            Self::DuplicateNumber => "duplicate number",
            Self::TypeUnsupported => "type unsupported",
            Self::Rejected => "rejected",
            Self::ScenarioUnsupported => "scenario unsupported",
            Self::CannotVoid => "cannot void",
            Self::AmountLimit => "amount limit",
            Self::AmountFormat => "amount format",
            Self::CloseFailed => "close failed",
            Self::ParameterError => "parameter error",
            Self::Unclear => "unknown",
        }
    }

    /// What it says of an order's money, in an answer to [`Topic::Order`] or [`Topic::Query`].
    pub(super) fn money(self, topic: Topic) -> MoneyMoved {
        match self {
            Self::Success => MoneyMoved::Yes,
            Self::InProgress => MoneyMoved::NotYet,
            Self::Cancelled
            | Self::DoesNotExist
            | Self::Failed
            | Self::OperatorCancelled
            | Self::CardTimeout
            | Self::QrTimeout
            | Self::TypeUnsupported
            | Self::Rejected
            | Self::ScenarioUnsupported
            | Self::CannotVoid
            | Self::AmountLimit
            | Self::AmountFormat => MoneyMoved::No,
            // An order the terminal does not understand is not charged; a question it does not understand is not
            // answered, and the order may be on its screen.
            Self::ParameterError if topic == Topic::Order => MoneyMoved::No,
            // A duplicate may be the very order that is sent again, charged before the break. A close that failed has
            // a card being charged.
            Self::ParameterError
            | Self::DuplicateNumber
            | Self::CloseFailed
            | Self::Timeout
            | Self::Unknown
            | Self::Network
            | Self::Unclear => MoneyMoved::Perhaps,
        }
    }
}

/// For certain, unless it is `Perhaps`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MoneyMoved {
    Yes,
    NotYet,
    No,
    Perhaps,
}

/// Why a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CloseCode {
    Binary,
    TooLarge,
    NotReadable,
    NotKnown,
    Silent,
    TakenOver,
    PairedAnew,
}

impl CloseCode {
    pub const ALL: [Self; 7] = [
        Self::Binary,
        Self::TooLarge,
        Self::NotReadable,
        Self::NotKnown,
        Self::Silent,
        Self::TakenOver,
        Self::PairedAnew,
    ];

    pub fn number(self) -> u16 {
        match self {
            Self::Binary => 1003,
            Self::TooLarge => 1009,
            Self::NotReadable => 4400,
            Self::NotKnown => 4401,
            Self::Silent => 4408,
            Self::TakenOver => 4409,
            Self::PairedAnew => 4410,
        }
    }

    /// The reason in the close frame.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Binary => "binary frame",
            Self::TooLarge => "frame too large",
            Self::NotReadable => "not readable",
            Self::NotKnown => "not known",
            Self::Silent => "silence",
            Self::TakenOver => "taken over by a newer connection",
            Self::PairedAnew => "paired anew or switched off",
        }
    }
}
