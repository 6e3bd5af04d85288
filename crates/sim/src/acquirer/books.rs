//! All operations by their numbers, the numbers that are closed, and the journal that outlives the process.
//!
//! Knows: that a change is in the journal, in one line, before anyone sees it. Deliberately does not know: why it
//! changed. No card number ever comes here.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record::Record;
use crate::journal::Journal;

#[derive(Debug, Default)]
pub struct Books {
    records: Vec<Record>,
    by_number: HashMap<String, usize>,
    by_challenge: HashMap<String, usize>,
    /// With the time it was closed.
    closed: HashMap<String, i64>,
    journal: Option<Journal>,
}

/// A journal line: every record that changed together, whole; or a number that was closed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Records(Vec<Record>),
    Closed { trade_no: String, at_ms: i64 },
}

impl Books {
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut books = Self::default();
        let journal = Journal::open(path, |line| {
            let line: Line = serde_json::from_slice(line)?;
            books.check(&line)?;
            books.put(line);
            Ok(())
        })?;
        Ok(Self { journal: Some(journal), ..books })
    }

    /// Where the next record will stand.
    pub fn next_position(&self) -> usize {
        self.records.len()
    }

    pub fn by_number(&self, trade_no: &str) -> Option<&Record> {
        self.by_number.get(trade_no).and_then(|position| self.at(*position))
    }

    pub fn by_challenge(&self, id: &str) -> Option<&Record> {
        self.by_challenge.get(id).and_then(|position| self.at(*position))
    }

    pub fn at(&self, position: usize) -> Option<&Record> {
        self.records.get(position)
    }

    /// All of them, oldest first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    pub fn is_closed(&self, trade_no: &str) -> bool {
        self.closed.contains_key(trade_no)
    }

    pub fn closed(&self) -> impl Iterator<Item = (&String, i64)> {
        self.closed.iter().map(|(trade_no, at_ms)| (trade_no, *at_ms))
    }

    /// Keeps the records as they are now. After an error nothing has changed.
    pub fn save(&mut self, records: Vec<Record>) -> io::Result<()> {
        self.write(Line::Records(records))
    }

    /// Nothing will ever be done under the number.
    pub fn close(&mut self, trade_no: &str, at_ms: i64) -> io::Result<()> {
        self.write(Line::Closed { trade_no: trade_no.to_owned(), at_ms })
    }

    fn write(&mut self, line: Line) -> io::Result<()> {
        if let Some(journal) = &mut self.journal {
            let mut text = serde_json::to_vec(&line)?;
            text.push(b'\n');
            journal.append(&text)?;
        }
        self.put(line);
        Ok(())
    }

    fn check(&self, line: &Line) -> io::Result<()> {
        let mut next = self.records.len();
        let Line::Records(records) = line else { return Ok(()) };
        for record in records {
            if record.position > next {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "an operation is missing in the journal",
                ));
            }
            next = next.max(record.position + 1);
        }
        Ok(())
    }

    fn put(&mut self, line: Line) {
        match line {
            Line::Closed { trade_no, at_ms } => {
                self.closed.insert(trade_no, at_ms);
            }
            Line::Records(records) => records.into_iter().for_each(|record| self.put_record(record)),
        }
    }

    fn put_record(&mut self, record: Record) {
        match self.records.get_mut(record.position) {
            Some(place) => *place = record,
            None => {
                self.by_number.insert(record.terms.trade_no.clone(), self.records.len());
                if let Some(challenge) = &record.challenge {
                    self.by_challenge.insert(challenge.id.clone(), self.records.len());
                }
                self.records.push(record);
            }
        }
    }
}
