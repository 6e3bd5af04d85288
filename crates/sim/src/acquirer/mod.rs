//! The simulated card acquirer: cards, terminals that ask it, and the gateway that asks it too.
//!
//! Knows: how an acquirer behaves, well and badly, by test cards and by rules on the total that everyone can
//! read. Deliberately does not know: how our channel is written, sockets, a clock (the time is an argument, in
//! milliseconds since the Unix epoch). It takes each number once, and never does anything twice for it.

mod books;
mod card;
mod counter;
mod desk;
mod follow_up;
mod record;
mod refusal;
mod rules;
mod terminal;
mod test_cards;
mod totals;
mod view;
mod wire;

use std::path::PathBuf;
use std::{fmt, io};

use aws_lc_rs::hmac;
use parking_lot::Mutex;

pub use card::{CardType, EntryMode, TestCardInput};
pub use record::Operation;
pub use rules::{CARD_PENDING_MS, CARD_RULES, CARD_TROUBLE_MS, CardRule, CardScript, card_rule_for};
pub use terminal::{TerminalAction, TerminalAnswer, TerminalReply, TerminalRequest};
pub use test_cards::{CardBehaviour, TEST_CARDS, TEST_PIN, TestCard};
pub use totals::{BatchView, TerminalTotals};
pub use view::{ClosedNumber, TransactionFilter, TransactionState, TransactionView};

use crate::world::Reply;
use books::Books;

#[derive(Clone)]
pub struct AcquirerConfig {
    /// The key that signs requests and answers; the gateway's channel has the same.
    pub key: String,
    /// Where everything is kept; `None` keeps it in memory only. No card number is written to it.
    pub journal: Option<PathBuf>,
}

impl fmt::Debug for AcquirerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquirerConfig").field("journal", &self.journal).finish_non_exhaustive()
    }
}

/// All cards and all terminals. Thread-safe.
pub struct Acquirer {
    key: hmac::Key,
    books: Mutex<Books>,
}

impl fmt::Debug for Acquirer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquirer").finish_non_exhaustive()
    }
}

impl Acquirer {
    /// Opens the journal, or makes it. A torn last line, whose change nobody saw answered, is dropped;
    /// any other unreadable line is an error.
    pub fn open(config: AcquirerConfig) -> io::Result<Self> {
        let books = match &config.journal {
            Some(path) => Books::open(path)?,
            None => Books::default(),
        };
        Ok(Self { key: key_of(&config.key), books: Mutex::new(books) })
    }

    /// An acquirer that is forgotten.
    pub fn in_memory(key: &str) -> Self {
        Self { key: key_of(key), books: Mutex::default() }
    }

    /// A request of the gateway. If the journal cannot be written nothing happens and nothing is answered.
    pub fn handle(&self, now_ms: i64, request: &[u8]) -> Reply {
        counter::handle(&self.key, &self.books, now_ms, request).unwrap_or(Reply::Silence)
    }

    /// A request of a terminal, which is trusted. The same holds if the journal cannot be written.
    pub fn terminal(&self, now_ms: i64, request: TerminalRequest) -> TerminalReply {
        terminal::ask(&self.key, &mut self.books.lock(), now_ms, request).unwrap_or(TerminalReply::Silence)
    }

    /// Newest first.
    pub fn transactions(&self, filter: &TransactionFilter) -> Vec<TransactionView> {
        view::list(&self.books.lock(), filter)
    }

    pub fn transaction(&self, trade_no: &str) -> Option<TransactionView> {
        self.books.lock().by_number(trade_no).map(TransactionView::from)
    }

    /// By terminal and currency; of one terminal if it is named.
    pub fn totals(&self, terminal: Option<&str>) -> Vec<TerminalTotals> {
        totals::totals(&self.books.lock(), terminal)
    }

    /// What was settled, by batch and currency.
    pub fn batches(&self) -> Vec<BatchView> {
        totals::batches(&self.books.lock())
    }

    /// Numbers that were closed before they were used, oldest first.
    pub fn closed_numbers(&self) -> Vec<ClosedNumber> {
        view::closed(&self.books.lock())
    }
}

fn key_of(key: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes())
}
