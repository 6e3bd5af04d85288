//! What moved on one day, as the file a channel gives to whoever settles with it.
//!
//! Knows: the file's columns, days in UTC, and how a file can be wrong. Deliberately does not know: where movements come
//! from (`acquirer::statement`, `books`). The format is in docs/reconciliation.md.

use std::fmt::Write as _;

use crate::{civil, money};

/// The first line.
pub const STATEMENT_COLUMNS: &str =
    "channel,trade_no,original_trade_no,kind,amount,currency,time,reference,batch";
const DAY_MS: i64 = 86_400_000;

/// A day in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    start_ms: i64,
}

impl Day {
    /// `2026-11-26`, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let number =
            |part: &str| part.parse::<i64>().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit()));
        let (year, rest) = text.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        let lengths = (year.len(), month.len(), day.len()) == (4, 2, 2);
        let (year, month, day) = (number(year)?, number(month)?, number(day)?);
        let days = civil::days_of(year, month, day)?;
        lengths.then_some(Self { start_ms: days * DAY_MS })
    }

    pub fn of(at_ms: i64) -> Self {
        Self { start_ms: at_ms.div_euclid(DAY_MS) * DAY_MS }
    }

    pub fn holds(self, at_ms: i64) -> bool {
        Self::of(at_ms) == self
    }
}

/// How a file is made wrong, for tests of whoever reads it. It is always the first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    Missing,
    Doubled,
    /// Its amount is one minor unit more.
    Different,
}

impl Spoil {
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "missing" => Some(Self::Missing),
            "doubled" => Some(Self::Doubled),
            "different" => Some(Self::Different),
            _ => None,
        }
    }
}

/// One line.
#[derive(Debug, Clone)]
pub struct Movement<'a> {
    pub channel: &'static str,
    pub trade_no: &'a str,
    /// What it follows, empty if nothing.
    pub original: &'a str,
    pub kind: Kind,
    pub amount_minor: i64,
    /// After the point.
    pub digits: usize,
    pub currency: &'a str,
    pub at_ms: i64,
    pub reference: &'a str,
    pub batch: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sale,
    Authorization,
    Capture,
    Refund,
    Void,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Authorization => "authorization",
            Self::Capture => "capture",
            Self::Refund => "refund",
            Self::Void => "void",
        }
    }
}

/// The file: a line for each movement, oldest first.
pub fn csv(mut movements: Vec<Movement<'_>>, spoil: Option<Spoil>) -> String {
    movements.sort_by_key(|movement| movement.at_ms);
    match (movements.first().cloned(), spoil) {
        (Some(_), Some(Spoil::Missing)) => drop(movements.remove(0)),
        (Some(first), Some(Spoil::Doubled)) => movements.insert(0, first),
        (Some(first), Some(Spoil::Different)) => movements[0].amount_minor = first.amount_minor + 1,
        (None, _) | (_, None) => {}
    }
    let mut file = format!("{STATEMENT_COLUMNS}\n");
    for movement in &movements {
        let cells = [
            movement.channel,
            movement.trade_no,
            movement.original,
            movement.kind.word(),
            &money::print(movement.amount_minor, movement.digits),
            movement.currency,
            &civil::print_utc(movement.at_ms),
            movement.reference,
            movement.batch,
        ];
        let line = cells.map(cell).join(",");
        let _ = writeln!(file, "{line}");
    }
    file
}

/// A text that holds a separator stands in quotes.
fn cell(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_strictly() {
        let day = Day::parse("2026-11-26").unwrap();
        assert_eq!(day, Day::of(1_795_651_200_000));
        assert!(day.holds(1_795_651_200_000) && day.holds(1_795_737_599_999));
        assert!(!day.holds(1_795_651_199_999) && !day.holds(1_795_737_600_000));
        assert!(Day::parse("2024-02-29").is_some() && Day::parse("1969-12-31").unwrap().holds(-1));
        for bad in [
            "",
            "2026-11",
            "26-11-2026",
            "2026-1-26",
            "2026-13-01",
            "2026-02-29",
            "2026-00-10",
            "2026-01-00",
            "2026-01-+1",
            "2026-01-01 ",
            "２026-01-01",
        ] {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn separators_stand_in_quotes() {
        assert_eq!([cell("1-7"), cell("a,b"), cell("a\"b")], ["1-7", "\"a,b\"", "\"a\"\"b\""]);
    }
}
