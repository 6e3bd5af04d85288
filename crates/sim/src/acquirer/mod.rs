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
mod issuer;
mod issuer_page;
mod record;
mod refusal;
mod rules;
mod statement;
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
pub use issuer::{
    Authentication, CHALLENGE_MS, ChallengeAnswer, ChallengeState, ChallengeView, TEST_CODE, TRIES,
};
pub use record::Operation;
pub use rules::{CARD_PENDING_MS, CARD_RULES, CARD_TROUBLE_MS, CardRule, CardScript, card_rule_for};
pub use terminal::{TerminalAction, TerminalAnswer, TerminalReply, TerminalRequest};
pub use test_cards::{CardBehaviour, TEST_CARDS, TEST_PIN, TestCard, WRONG_CVV, WRONG_ZIP};
pub use totals::{BatchView, TerminalTotals};
pub use view::{ClosedNumber, TransactionFilter, TransactionState, TransactionView};

use crate::statement::{Day, Spoil, csv};
use crate::world::Reply;
use books::Books;
use issuer::Issuer;

#[derive(Clone)]
pub struct AcquirerConfig {
    /// The key that signs requests and answers; the gateway's channel has the same.
    pub key: String,
    /// Where everything is kept; `None` keeps it in memory only. No card number is written to it.
    pub journal: Option<PathBuf>,
    /// Where the issuer's pages are, `https://issuer.example/3ds`; a challenge's number is added.
    pub issuer_pages: String,
    /// What makes that number unguessable. It may be another after a restart: numbers that were given out are kept.
    pub issuer_secret: String,
}

impl fmt::Debug for AcquirerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquirerConfig").field("journal", &self.journal).finish_non_exhaustive()
    }
}

/// What the acquirer has of its own.
struct Own {
    key: hmac::Key,
    issuer: Issuer,
}

/// All cards and all terminals. Thread-safe.
pub struct Acquirer {
    own: Own,
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
        let issuer = Issuer::new(&config.issuer_pages, &config.issuer_secret);
        Ok(Self { own: Own { key: key_of(&config.key), issuer }, books: Mutex::new(books) })
    }

    /// An acquirer that is forgotten.
    pub fn in_memory(key: &str) -> Self {
        let issuer = Issuer::new("https://issuer.example/3ds", "a secret of its own");
        Self { own: Own { key: key_of(key), issuer }, books: Mutex::default() }
    }

    /// A request of the gateway. If the journal cannot be written nothing happens and nothing is answered.
    pub fn handle(&self, now_ms: i64, request: &[u8]) -> Reply {
        counter::handle(&self.own, &self.books, now_ms, request).unwrap_or(Reply::Silence)
    }

    /// A request of a terminal, which is trusted. The same holds if the journal cannot be written.
    pub fn terminal(&self, now_ms: i64, request: TerminalRequest) -> TerminalReply {
        terminal::ask(&self.own, &mut self.books.lock(), now_ms, request).unwrap_or(TerminalReply::Silence)
    }

    /// What the issuer's page shows to the payer; `None` for a number of no challenge.
    pub fn challenge_view(&self, id: &str, now_ms: i64) -> io::Result<Option<ChallengeView>> {
        issuer_page::view(&mut self.books.lock(), id, now_ms)
    }

    /// What the payer does there. Once it is over it stays so.
    pub fn challenge_answer(
        &self,
        id: &str,
        answer: &ChallengeAnswer,
        now_ms: i64,
    ) -> io::Result<Option<ChallengeState>> {
        issuer_page::answer(&mut self.books.lock(), id, answer, now_ms)
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

    /// What moved on a day, as a CSV file.
    pub fn statement(&self, day: Day, spoil: Option<Spoil>) -> String {
        csv(statement::movements(&self.books.lock(), day), spoil)
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
