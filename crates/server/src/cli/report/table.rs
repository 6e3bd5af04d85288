//! Rows as a table for people, as CSV for programs and spreadsheets, or as JSON.

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::super::{one_line, say};

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Table,
    Csv,
    Json,
}

/// Every row has a cell for each column.
#[derive(Debug)]
pub struct Table {
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(columns: &'static [&'static str]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    pub fn push(&mut self, row: Vec<String>) {
        debug_assert_eq!(row.len(), self.columns.len());
        self.rows.push(row);
    }

    /// `page` is what is printed as JSON.
    pub fn print(&self, format: Format, page: &impl Serialize) -> Result<()> {
        match format {
            Format::Table => self.shown().iter().for_each(|line| say(line)),
            Format::Csv => say(self.csv()?.trim_end_matches('\n')),
            Format::Json => say(&serde_json::to_string_pretty(page)?),
        }
        Ok(())
    }

    fn shown(&self) -> Vec<String> {
        let head: Vec<String> = self.columns.iter().map(|column| (*column).to_owned()).collect();
        let rows: Vec<Vec<String>> = std::iter::once(head)
            .chain(self.rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()))
            .collect();
        let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or_default();
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let is_number = |at: usize| {
            !self.rows.is_empty() && self.rows.iter().all(|row| row[at].is_empty() || is_decimal(&row[at]))
        };
        let right: Vec<bool> = (0..self.columns.len()).map(is_number).collect();
        rows.iter()
            .map(|row| {
                let cells = row.iter().enumerate().map(|(at, cell)| {
                    let width = widths[at];
                    if right[at] { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
                });
                cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
            })
            .collect()
    }

    fn csv(&self) -> Result<String> {
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| harmless(cell)))?;
        }
        let bytes = writer.into_inner().context("CSV")?;
        Ok(String::from_utf8(bytes)?)
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// A spreadsheet takes a cell that begins like this for a formula. What a merchant called his order is none: it gets an
/// apostrophe before it. Numbers stay as they are.
fn harmless(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_decimal(cell);
    if is_formula { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cells: &[&str]) -> Table {
        let mut table = Table::new(&["a", "b"]);
        for pair in cells.chunks(2) {
            table.push(pair.iter().map(|cell| (*cell).to_owned()).collect());
        }
        table
    }

    #[test]
    fn cells_are_quoted_as_rfc_4180_says() {
        let csv = table(&["1,5", "say \"no\"", "two\nlines", "plain"]).csv().unwrap();
        assert_eq!(csv, "a,b\n\"1,5\",\"say \"\"no\"\"\"\n\"two\nlines\",plain\n");
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let read: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(read[0], vec!["1,5", "say \"no\""]);
        assert_eq!(read[1], vec!["two\nlines", "plain"]);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-cmd", "'-cmd"),
            ("-5.00", "-5.00"),
            ("-", "'-"),
            ("\t=1", "'\t=1"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), written);
        }
    }

    #[test]
    fn columns_stand_under_each_other() {
        assert_eq!(
            table(&["long word", "5.00", "x", "-15.00"]).shown(),
            ["a               b", "long word    5.00", "x          -15.00"]
        );
    }
}
