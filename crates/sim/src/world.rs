//! The door to the simulated wallets: one lock, requests in, callbacks out.
//!
//! Knows: the order of things: time first, then the request, then the journal, then the answer.
//! Deliberately does not know: what a service does (`teller`), what a shopper can do (`shopper`).

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fmt, io};

use parking_lot::{Mutex, MutexGuard};

use crate::books::Books;
use crate::statement::{Day, Spoil, csv};
use crate::trade::Trade;
use crate::wallet::Wallet;
use crate::{answer, teller};

/// Callbacks handed out at a time.
const TAKE_MAX: usize = 256;

#[derive(Clone)]
pub struct Config {
    /// The key that signs requests, answers and callbacks; the gateway's channel has the same.
    pub key: String,
    /// Where everything is kept; `None` keeps it in memory only.
    pub journal: Option<PathBuf>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("journal", &self.journal).finish_non_exhaustive()
    }
}

/// What comes back over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A signed JSON body.
    Answer(Vec<u8>),
    /// Nothing, until the caller gives up.
    Silence,
    /// A body nobody can read.
    Garbage(Vec<u8>),
}

/// A message from the wallet to the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingCallback {
    /// For [`World::callback_acknowledged`].
    pub id: u64,
    pub trade_no: String,
    /// A signed JSON body, except where a rule forges it.
    pub body: Vec<u8>,
}

/// All wallets and all shoppers. Thread-safe; every call takes microseconds.
pub struct World {
    pub(crate) key: String,
    books: Mutex<Books>,
    codes_made: AtomicU64,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl World {
    /// Opens the journal, or makes it. A torn last line, whose change nobody saw answered, is dropped;
    /// any other unreadable line is an error.
    pub fn open(config: Config) -> io::Result<Self> {
        let books = match &config.journal {
            Some(path) => Books::open(path)?,
            None => Books::default(),
        };
        Ok(Self { key: config.key, books: Mutex::new(books), codes_made: AtomicU64::new(0) })
    }

    /// A world that is forgotten.
    pub fn in_memory(key: &str) -> Self {
        let books = Mutex::default();
        Self { key: key.to_owned(), books, codes_made: AtomicU64::new(0) }
    }

    /// A request of the gateway. If the journal cannot be written nothing happens and nothing is answered.
    pub fn handle(&self, now_ms: i64, request: &[u8]) -> Reply {
        teller::handle(&self.key, &self.books, now_ms, request).unwrap_or(Reply::Silence)
    }

    /// Lets everything happen that was due by now; how many trades changed.
    pub fn tick(&self, now_ms: i64) -> io::Result<usize> {
        let mut changed = 0;
        loop {
            // the lock is given back in between, so that requests need not wait for a long queue
            let mut books = self.books();
            let Some(mut trade) = books.next_to_advance(now_ms) else { return Ok(changed) };
            trade.advance(now_ms);
            books.save(trade)?;
            changed += 1;
        }
    }

    /// When [`Self::tick`] or [`Self::take_callbacks`] has something to do; `None` if nothing is planned.
    pub fn next_due(&self) -> Option<i64> {
        self.books().next_due()
    }

    /// Callbacks to send now, at most 256; ask again if [`Self::next_due`] is not later than now. Each is offered
    /// again after 1, 2, 4, … 60 s until it is acknowledged, 100 times at most. Ticks first.
    pub fn take_callbacks(&self, now_ms: i64) -> io::Result<Vec<OutgoingCallback>> {
        self.tick(now_ms)?;
        let mut books = self.books();
        let ids = books.outbox.take(now_ms, TAKE_MAX);
        let mut taken = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(trade) = books.by_callback(id) else { continue };
            let Some(callback) = trade.callbacks.iter().find(|callback| callback.id == id) else { continue };
            let body = answer::callback_body(&self.key, trade, callback.forged, now_ms);
            taken.push(OutgoingCallback { id, trade_no: trade.terms.number.clone(), body });
            if callback.forged {
                Self::strike_out(&mut books, id)?;
            }
        }
        Ok(taken)
    }

    /// The gateway took the callback. An unknown id is ignored.
    pub fn callback_acknowledged(&self, id: u64) -> io::Result<()> {
        Self::strike_out(&mut self.books(), id)
    }

    fn strike_out(books: &mut Books, id: u64) -> io::Result<()> {
        match books.by_callback(id).cloned() {
            Some(mut trade) if trade.callbacks.iter().any(|callback| callback.id == id) => {
                trade.callbacks.retain(|callback| callback.id != id);
                books.save(trade)
            }
            _ => Ok(()),
        }
    }

    /// A code for the payer's phone to show; any well-formed one can be charged, for ever.
    pub fn new_payer_code(&self, wallet: Wallet, now_ms: i64) -> String {
        let count = self.codes_made.fetch_add(1, Ordering::Relaxed);
        wallet.payer_code(&format!("{} {now_ms} {count}", self.key))
    }

    /// The code a phone shows in a given minute: the same whenever it is asked for.
    pub fn payer_code_at(&self, wallet: Wallet, minute_ms: i64) -> String {
        wallet.payer_code(&format!("{} minute {minute_ms}", self.key))
    }

    /// What moved at a wallet on a day, as a CSV file.
    pub fn statement(&self, wallet: Wallet, day: Day, spoil: Option<Spoil>) -> String {
        let books = self.books();
        let trades = books.trades().iter().filter(|trade| trade.terms.wallet == wallet);
        let movements = trades.flat_map(Trade::movements).filter(|movement| day.holds(movement.at_ms));
        csv(movements.collect(), spoil)
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock()
    }
}
