//! What the merchant knows for certain: every answer he was given, and every notification.

use std::collections::HashMap;

use super::book_ottpay::OttBook;
use super::codepay;
use crate::pulse::Pulses;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answer {
    /// The gateway died first: it may have happened or not.
    #[default]
    None,
    /// Code 0.
    Yes,
    /// Another code.
    No,
}

/// An order the merchant sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sale {
    pub reference: String,
    pub currency: &'static str,
    pub amount_minor: i64,
    /// It has a `callback_url`.
    pub wants_notice: bool,
    pub created: Answer,
    /// Another till sent the same as well, perhaps first.
    pub sent_again: bool,
    pub order_id: Option<String>,
    /// A cancel was answered 0.
    pub cancelled: bool,
    /// A final status some answer named.
    pub seen: Option<String>,
    /// All of different amounts.
    pub refunds: Vec<RefundTry>,
    /// The body as it was sent, to send it again.
    pub sent: (&'static str, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundTry {
    pub amount_minor: i64,
    pub answer: Answer,
}

/// A notification as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub status: String,
    pub amount: String,
    pub currency: String,
}

#[derive(Debug, Default)]
pub struct Book {
    pub sales: Vec<Sale>,
    pub notices: HashMap<String, Vec<Notice>>,
    pub ottpay: OttBook,
    pub codepay: codepay::Book,
    /// What was wrong at once, without waiting for the end.
    pub complaints: Vec<String>,
    pub faults: Faults,
    /// Of requests that were acknowledged.
    pub pulses: Pulses,
}

/// When the gateway said that it could not, or said nothing.
#[derive(Debug, Default)]
pub struct Faults {
    pub count: usize,
    /// Some of them, for people.
    pub first: Vec<String>,
}

impl Book {
    /// Written down before it is sent.
    pub fn open(&mut self, sale: Sale) -> usize {
        self.sales.push(sale);
        self.sales.len() - 1
    }

    pub fn sale(&mut self, place: usize) -> &mut Sale {
        &mut self.sales[place]
    }

    pub fn acknowledged(&self) -> usize {
        self.sales.iter().filter(|sale| sale.created == Answer::Yes).count()
    }
}

/// `12.34` for 1234; all currencies here have two digits.
pub fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}
