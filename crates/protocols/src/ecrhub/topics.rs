//! What a message is about, and who may ask it.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    Init,
    Heartbeat,
    Order,
    Query,
    Close,
    BatchClose,
    TipAdjustment,
    Reprint,
    Result,
    Scan,
}

impl Topic {
    pub const ALL: [Self; 10] = [
        Self::Init,
        Self::Heartbeat,
        Self::Order,
        Self::Query,
        Self::Close,
        Self::BatchClose,
        Self::TipAdjustment,
        Self::Reprint,
        Self::Result,
        Self::Scan,
    ];

    /// As it stands in `topic`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Init => "ecrhub.init",
            Self::Heartbeat => "ecrhub.heartbeat",
            Self::Order => "ecrhub.pay.order",
            Self::Query => "ecrhub.pay.query",
            Self::Close => "ecrhub.pay.close",
            Self::BatchClose => "ecrhub.pay.batch.close",
            Self::TipAdjustment => "ecrhub.pay.tip.adjustment",
            Self::Reprint => "ecrhub.pay.reprint",
            Self::Result => "ecrhub.pay.result",
            Self::Scan => "ecrhub.pay.scan",
        }
    }

    /// Exactly the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.word() == word)
    }

    /// The others are asked by the gateway.
    pub fn is_asked_by_terminal(self) -> bool {
        match self {
            Self::Init | Self::Heartbeat | Self::Scan => true,
            Self::Order
            | Self::Query
            | Self::Close
            | Self::BatchClose
            | Self::TipAdjustment
            | Self::Reprint
            | Self::Result => false,
        }
    }
}
