//! All trades, with what finds them, and the journal that outlives the process.
//!
//! Knows: that a change is in the journal before anyone sees it. Deliberately does not know: why it changed.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::journal::Journal;
use crate::outbox::Outbox;
use crate::trade::{CALLBACKS_MAX, Trade};

#[derive(Debug, Default)]
pub struct Books {
    trades: Vec<Trade>,
    by_number: HashMap<String, usize>,
    by_code: HashMap<String, usize>,
    by_prepay: HashMap<String, usize>,
    by_refund: HashMap<String, usize>,
    due: BTreeSet<(i64, usize)>,
    pub outbox: Outbox,
    journal: Option<Journal>,
}

/// A journal line: the whole trade after each change.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    Trade(&'a Trade),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum OwnedLine {
    Trade(Box<Trade>),
}

impl Books {
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut books = Self::default();
        let journal = Journal::open(path, |line| {
            let OwnedLine::Trade(trade) = serde_json::from_slice(line)?;
            if trade.position > books.trades.len() {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a trade is missing in the journal"));
            }
            books.put(*trade);
            Ok(())
        })?;
        Ok(Self { journal: Some(journal), ..books })
    }

    /// Where the next trade will stand.
    pub fn next_position(&self) -> usize {
        self.trades.len()
    }

    pub fn by_number(&self, number: &str) -> Option<&Trade> {
        self.by_number.get(number).and_then(|position| self.trades.get(*position))
    }

    pub fn by_code(&self, code_url: &str) -> Option<&Trade> {
        self.by_code.get(code_url).and_then(|position| self.trades.get(*position))
    }

    pub fn by_prepay_id(&self, prepay_id: &str) -> Option<&Trade> {
        self.by_prepay.get(prepay_id).and_then(|position| self.trades.get(*position))
    }

    /// Whether the number is a refund's of another trade.
    pub fn is_refund_of_another(&self, refund_no: &str, position: usize) -> bool {
        self.by_refund.get(refund_no).is_some_and(|known| *known != position)
    }

    /// The trade a callback is about.
    pub fn by_callback(&self, id: u64) -> Option<&Trade> {
        self.trades.get(usize::try_from(id / CALLBACKS_MAX).ok()?)
    }

    /// All of them, oldest first.
    pub fn trades(&self) -> &[Trade] {
        &self.trades
    }

    /// Keeps the trade as it is now. After an error nothing has changed.
    pub fn save(&mut self, trade: Trade) -> io::Result<()> {
        if let Some(journal) = &mut self.journal {
            let mut line = serde_json::to_vec(&Line::Trade(&trade))?;
            line.push(b'\n');
            journal.append(&line)?;
        }
        self.put(trade);
        Ok(())
    }

    fn put(&mut self, trade: Trade) {
        let position = trade.position;
        let old = self.trades.get(position);
        if let Some(due_ms) = old.and_then(Trade::next_due) {
            self.due.remove(&(due_ms, position));
        }
        if let Some(due_ms) = trade.next_due() {
            self.due.insert((due_ms, position));
        }
        let before = old.map_or(&[][..], |old| &old.callbacks);
        for gone in before.iter().filter(|callback| !trade.callbacks.contains(callback)) {
            self.outbox.remove(gone.id);
        }
        for new in trade.callbacks.iter().filter(|callback| !before.contains(callback)) {
            self.outbox.add(new.id, new.due_ms);
        }
        for refund in trade.refunds.iter().skip(old.map_or(0, |old| old.refunds.len())) {
            self.by_refund.insert(refund.number.clone(), position);
        }
        match self.trades.get_mut(position) {
            Some(place) => *place = trade,
            None => {
                self.by_number.insert(trade.terms.number.clone(), position);
                if !trade.code_url.is_empty() {
                    self.by_code.insert(trade.code_url.clone(), position);
                }
                if !trade.prepay_id.is_empty() {
                    self.by_prepay.insert(trade.prepay_id.clone(), position);
                }
                self.trades.push(trade);
            }
        }
    }

    /// When something happens by itself, or a callback is to be sent.
    pub fn next_due(&self) -> Option<i64> {
        let trade = self.due.first().map(|(due_ms, _)| *due_ms);
        trade.into_iter().chain(self.outbox.next_due()).min()
    }

    /// A copy of the next trade that something happens to by now.
    pub fn next_to_advance(&self, now_ms: i64) -> Option<Trade> {
        let (due_ms, position) = self.due.first()?;
        (*due_ms <= now_ms).then(|| self.trades.get(*position).cloned()).flatten()
    }
}
