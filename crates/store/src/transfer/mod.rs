//! A whole store as rows, for moving it to another one and for checking a copy of it.
//!
//! Knows: which tables there are, how a row is one line of text, what all rows come to. Deliberately does not know: what
//! a row means (the ledger's apart, which is summed), where files are put, or which database gives and takes the rows.

mod catalogue;
mod line;
mod reader;
mod summary;
#[cfg(test)]
mod tests;
mod writer;

use std::borrow::Cow;

pub use catalogue::{Column, Kind, SCHEMA, Table, catalogue, is_left_behind};
pub use line::write_row;
pub use reader::Reader;
pub use summary::{Held, Summary, Summing, TableSum};
pub use writer::{Header, Writer};

use crate::port::StoreError;

/// What stands in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    Null,
    Integer(i64),
    Text(Cow<'a, str>),
    Blob(Cow<'a, [u8]>),
}

/// Takes the rows of a store: table by table in the catalogue's order, each by its primary key.
pub trait RowSink: Send {
    fn row(&mut self, table: &Table, row: &[Value<'_>]) -> Result<(), TransferError>;
}

/// Gives the rows of a store in that order. The end comes only once it is certain that all of them were given.
pub trait RowSource: Send {
    fn tables(&self) -> &[Table];
    /// The row and the place of its table among them.
    fn next_row(&mut self) -> Result<Option<(usize, Vec<Value<'static>>)>, TransferError>;
    /// What all rows must come to. `None` before the end.
    fn summary(&self) -> Option<&Summary>;
}

/// What was read back, if it is what the source said.
pub(crate) fn as_told(source: &dyn RowSource, found: Summary) -> Result<Summary, TransferError> {
    let told = source.summary().ok_or_else(|| TransferError::Refused("the file has no end".to_owned()))?;
    let differences = told.differences(&found);
    if differences.is_empty() { Ok(found) } else { Err(TransferError::Differs(differences)) }
}

#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the file: {0}")]
    File(#[from] std::io::Error),
    #[error("line {line}: {why}")]
    Line { line: u64, why: String },
    /// Not a file for this program, or not all of it.
    #[error("{0}")]
    Refused(String),
    /// Two that must be the same are not.
    #[error("{}", .0.join("\n"))]
    Differs(Vec<String>),
}
