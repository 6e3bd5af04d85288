//! What a merchant was told, and how each try went.

use tillgate_core::{MerchantId, OrderNo, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationState {
    Waiting,
    Delivered,
    /// The schedule is over; it stays listed and can be sent again.
    Exhausted,
}

impl NotificationState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Exhausted => "exhausted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Delivered, Self::Exhausted].into_iter().find(|state| state.as_str() == text)
    }
}

/// Encoded once; each try sends the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub merchant: MerchantId,
    pub order: OrderNo,
    /// The event it tells of.
    pub event: u32,
    pub url: String,
    pub content_type: String,
    pub body: Vec<u8>,
    pub state: NotificationState,
    pub attempts: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationAttempt {
    pub attempt: u32,
    pub at: Timestamp,
    pub took_ms: i64,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// First bytes of the answer, or why there was none.
    pub answer: String,
}
