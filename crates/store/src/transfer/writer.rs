//! Writes the file: a line that says what it is, a line per row, a line that says what all of it comes to.

use std::io::Write;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::{RowSink, SCHEMA, Summary, Summing, Table, TransferError, Value, catalogue};

/// The file's format.
pub const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub tillgate_export: u32,
    pub schema: u32,
    pub program: String,
    pub made_at: String,
    pub tables: Vec<Table>,
}

impl Header {
    pub fn new(program: &str, made_at: &str) -> Self {
        Self {
            tillgate_export: FORMAT,
            schema: SCHEMA,
            program: program.to_owned(),
            made_at: made_at.to_owned(),
            tables: catalogue().to_vec(),
        }
    }
}

/// The last line. `sha256`: of all lines before it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    pub tillgate_export_end: u32,
    pub sha256: String,
    pub summary: Summary,
}

pub struct Writer<W> {
    file: W,
    digest: Context,
    summing: Summing,
}

impl<W> std::fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

fn line_of(value: &impl Serialize) -> Result<Vec<u8>, TransferError> {
    let mut line = serde_json::to_vec(value).map_err(|error| TransferError::File(error.into()))?;
    line.push(b'\n');
    Ok(line)
}

impl<W: Write> Writer<W> {
    pub fn new(mut file: W, header: &Header) -> Result<Self, TransferError> {
        let (line, mut digest) = (line_of(header)?, Context::new(&SHA256));
        digest.update(&line);
        file.write_all(&line)?;
        Ok(Self { file, digest, summing: Summing::new(&header.tables) })
    }

    /// Writes the last line and gives the file back.
    pub fn finish(mut self) -> Result<(W, Summary), TransferError> {
        let closing = Closing {
            tillgate_export_end: FORMAT,
            sha256: hex::encode(self.digest.finish()),
            summary: self.summing.finish(),
        };
        self.file.write_all(&line_of(&closing)?)?;
        self.file.flush()?;
        Ok((self.file, closing.summary))
    }
}

impl<W: Write + Send> RowSink for Writer<W> {
    fn row(&mut self, table: &Table, row: &[Value<'_>]) -> Result<(), TransferError> {
        let line = self.summing.add(table, row)?;
        self.digest.update(line);
        Ok(self.file.write_all(line)?)
    }
}
