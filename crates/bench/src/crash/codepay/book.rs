//! What the register knows for certain: every answer it was given, and every callback.

use std::collections::HashMap;

use super::super::book::Answer;

/// What a terminal is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deed {
    #[default]
    Sale,
    Authorization,
    Void,
    Refund,
    Completion,
}

impl Deed {
    /// `trans_type`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sale => "1",
            Self::Void => "2",
            Self::Refund => "3",
            Self::Authorization => "4",
            Self::Completion => "6",
        }
    }

    pub fn takes_a_card(self) -> bool {
        matches!(self, Self::Sale | Self::Authorization)
    }
}

/// How an order stands once it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// No money moved.
    Closed,
    Done,
    /// It was done, then undone.
    TakenBack,
    /// An authorization whose money was taken.
    Captured,
}

impl End {
    /// By the `trans_status`; `None`: not over.
    pub fn of(status: &str) -> Option<Self> {
        match status {
            "1" => Some(Self::Closed),
            "2" => Some(Self::Done),
            "3" => Some(Self::TakenBack),
            "4" => Some(Self::Captured),
            _ => None,
        }
    }

    /// Whether what has ended so may later be seen to have ended as `other`.
    pub fn may_become(self, other: Option<Self>) -> bool {
        match (self, other) {
            (_, None) => false,
            (Self::Closed, Some(other)) => other == Self::Closed,
            (Self::Done, Some(other)) => other != Self::Closed,
            (Self::TakenBack, Some(other)) => other == Self::TakenBack,
            (Self::Captured, Some(other)) => matches!(other, Self::Captured | Self::TakenBack),
        }
    }
}

/// How an order reached the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Way {
    /// For a terminal.
    #[default]
    Terminal,
    /// A web shop sent a card: its number and code.
    Card(TestCard),
    /// The payer types a card on the gateway's page.
    Page,
    /// It acts on another, by a path of its own.
    Path(Sent),
}

/// The issuer's question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Where he asks.
    pub path: String,
    /// Of the gateway's starts the one after which it was asked, and answered.
    pub asked_in: u32,
    pub answered_in: Option<u32>,
}

/// Number and security code.
pub type TestCard = (&'static str, &'static str);

/// A request that may be sent again to the byte.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sent {
    pub request: Vec<u8>,
    /// The first that is not provisional: every later one is the same.
    pub answer: Option<Vec<u8>>,
    /// Answered once more.
    pub repeats: usize,
}

/// More that is to be held.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Increase {
    pub amount_minor: i64,
    pub sent: Sent,
    pub said: Answer,
}

/// An order for a terminal, or without one. Its number is written down before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CounterOrder {
    pub number: String,
    pub deed: Deed,
    /// The place in the book of the order it acts on.
    pub original: Option<usize>,
    pub terminal: String,
    pub amount_minor: i64,
    /// As the register sent it.
    pub tip_minor: i64,
    pub asks_tip: bool,
    pub created: Answer,
    /// It was sent more than once. An attempt that came to nothing frees its number: the next is a new order.
    pub sent_again: bool,
    /// The gateway's number, from the first answer that gave it.
    pub trans_no: Option<String>,
    pub seen: Option<End>,
    /// A close was answered 0.
    pub is_closed: bool,
    /// A later tip, tried once.
    pub later_tip: Option<(i64, Answer)>,
    /// By order.refund.submit.
    pub submits: Vec<Submit>,
    pub way: Way,
    /// Where the gateway's page is.
    pub page: Option<String>,
    /// The payer was to tell his issuer who he is, with the last card.
    pub challenge: Option<Challenge>,
    pub increases: Vec<Increase>,
}

impl CounterOrder {
    /// The issuer's page, while it waits for the payer.
    pub fn open_challenge(&self) -> Option<&str> {
        let open = self.challenge.as_ref().filter(|challenge| challenge.answered_in.is_none());
        open.map(|challenge| challenge.path.as_str())
    }

    /// Whether its end is told: what came by a path has nobody to tell.
    pub fn is_told(&self) -> bool {
        !matches!(self.way, Way::Path(_))
    }

    /// Whether what was seen may have come to `other` since; a closed one may have been tried again.
    pub fn may_be(&self, other: Option<End>) -> bool {
        self.seen.is_none_or(|seen| seen.may_become(other) || seen == End::Closed && self.sent_again)
    }
}

/// A refund that no terminal carries out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Submit {
    pub number: String,
    pub amount_minor: i64,
    pub created: Answer,
}

/// A callback as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub status: String,
    pub amount: String,
    pub trans_no: String,
}

#[derive(Debug, Default)]
pub struct Book {
    /// Of the gateway.
    pub starts: u32,
    pub orders: Vec<CounterOrder>,
    /// By the merchant's number, of orders and refunds.
    pub callbacks: HashMap<String, Vec<Told>>,
}

impl Book {
    pub fn acknowledged(&self) -> usize {
        self.orders.iter().filter(|order| order.created == Answer::Yes).count()
    }
}
