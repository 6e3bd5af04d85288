//! What all rows come to: how many, their digests, what each account holds. Two stores with the same summary are the same.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::{RowSink, Table, TransferError, Value, write_row};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    pub tables: Vec<TableSum>,
    pub balances: Vec<Held>,
}

/// `sha256`: of the table's lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSum {
    pub table: String,
    pub rows: u64,
    pub sha256: String,
}

/// What a merchant's account holds: debits less credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    pub merchant: i64,
    pub account: String,
    pub currency: String,
    pub minor: i64,
}

impl Summary {
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|sum| sum.rows).sum()
    }

    pub fn rows_of(&self, table: &str) -> u64 {
        self.tables.iter().find(|sum| sum.table == table).map_or(0, |sum| sum.rows)
    }

    /// Debits less credits of all accounts, which is zero.
    pub fn by_currency(&self) -> BTreeMap<&str, i64> {
        let mut sums = BTreeMap::<&str, i64>::new();
        for held in &self.balances {
            let sum = sums.entry(&held.currency).or_default();
            *sum = sum.saturating_add(held.minor);
        }
        sums
    }

    /// Empty if `found` is the same; otherwise what is not, in words.
    pub fn differences(&self, found: &Self) -> Vec<String> {
        let mut words = Vec::new();
        for expected in &self.tables {
            let (name, rows) = (&expected.table, expected.rows);
            match found.tables.iter().find(|sum| sum.table == *name) {
                None => words.push(format!("{name}: is not there")),
                Some(sum) if sum.rows != rows => {
                    words.push(format!("{name}: {} rows, there should be {rows}", sum.rows));
                }
                Some(sum) if sum.sha256 != expected.sha256 => {
                    words.push(format!("{name}: {rows} rows, but not the same ones"));
                }
                Some(_) => {}
            }
        }
        let is_new = |sum: &&TableSum| !self.tables.iter().any(|expected| expected.table == sum.table);
        words.extend(found.tables.iter().filter(is_new).map(|sum| format!("{}: is not expected", sum.table)));
        for held in self.balances.iter().filter(|held| !found.balances.contains(held)) {
            let Held { merchant, account, currency, minor } = held;
            words
                .push(format!("merchant {merchant}: {account} should hold {minor} {currency} (minor units)"));
        }
        if words.is_empty() && self.balances != found.balances {
            words.push("accounts hold something that should hold nothing".to_owned());
        }
        words
    }
}

/// Sums up what goes by.
pub struct Summing {
    /// Of each table how many rows, and the digest so far.
    sums: Vec<(String, u64, Context)>,
    /// A merchant's accounts; there are few.
    balances: BTreeMap<i64, Vec<Held>>,
    line: Vec<u8>,
}

impl std::fmt::Debug for Summing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Summing")
    }
}

impl Summing {
    /// A table without rows counts too.
    pub fn new(tables: &[Table]) -> Self {
        let sums = tables.iter().map(|table| (table.name.clone(), 0, Context::new(&SHA256))).collect();
        Self { sums, balances: BTreeMap::new(), line: Vec::new() }
    }

    pub fn finish(self) -> Summary {
        let sum = |(table, rows, digest): (String, u64, Context)| TableSum {
            table,
            rows,
            sha256: hex::encode(digest.finish()),
        };
        let mut balances: Vec<Held> = self.balances.into_values().flatten().collect();
        balances.sort_by(|a, b| {
            (a.merchant, &a.account, &a.currency).cmp(&(b.merchant, &b.account, &b.currency))
        });
        Summary { tables: self.sums.into_iter().map(sum).collect(), balances }
    }

    /// Gives the row's line.
    pub fn add(&mut self, table: &Table, row: &[Value<'_>]) -> Result<&[u8], TransferError> {
        self.line.clear();
        write_row(table, row, &mut self.line)?;
        if let Some((_, rows, digest)) = self.sums.iter_mut().find(|(name, ..)| *name == table.name) {
            *rows += 1;
            digest.update(&self.line);
        }
        if table.name == "postings" {
            self.book(table, row)?;
        }
        Ok(&self.line)
    }

    fn book(&mut self, table: &Table, row: &[Value<'_>]) -> Result<(), TransferError> {
        let at = |column: &str| table.place(column).and_then(|place| row.get(place));
        let (Some(Value::Integer(merchant)), Some(Value::Integer(minor))) =
            (at("merchant_id"), at("amount_minor"))
        else {
            return Ok(());
        };
        let (Some(Value::Text(account)), Some(Value::Text(currency))) = (at("account"), at("currency"))
        else {
            return Ok(());
        };
        let accounts = self.balances.entry(*merchant).or_default();
        match accounts.iter_mut().find(|held| held.account == *account && held.currency == *currency) {
            Some(held) => {
                held.minor = held.minor.checked_add(*minor).ok_or_else(|| {
                    TransferError::Refused(format!(
                        "merchant {merchant}: {account} holds more than can be counted"
                    ))
                })?;
            }
            None => accounts.push(Held {
                merchant: *merchant,
                account: account.to_string(),
                currency: currency.to_string(),
                minor: *minor,
            }),
        }
        Ok(())
    }
}

impl RowSink for Summing {
    fn row(&mut self, table: &Table, row: &[Value<'_>]) -> Result<(), TransferError> {
        self.add(table, row).map(drop)
    }
}
