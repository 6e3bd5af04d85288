//! Reads the file row by row. It ends well only if the last line is there and agrees with what was read.

use std::io::{BufRead, Read};

use aws_lc_rs::digest::{Context, SHA256};

use super::line::read_row;
use super::writer::{Closing, FORMAT};
use super::{Header, RowSource, SCHEMA, Summary, Summing, Table, TransferError, Value, catalogue};

/// Longer is no line of ours: 16 times the longest the gateway takes in.
const LINE_BYTES: u64 = 16 << 20;
/// The last line lists every account.
const CLOSING_BYTES: u64 = 4 << 30;

pub struct Reader<R> {
    file: R,
    header: Header,
    line: Vec<u8>,
    line_no: u64,
    digest: Context,
    summing: Option<Summing>,
    table: usize,
    summary: Option<Summary>,
}

impl<R> std::fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("line", &self.line_no).finish_non_exhaustive()
    }
}

/// A line with its line feed; nothing at the end of the file.
fn read_line(file: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<()> {
    line.clear();
    let is_closing = file.fill_buf()?.starts_with(b"{");
    file.take(if is_closing { CLOSING_BYTES } else { LINE_BYTES }).read_until(b'\n', line)?;
    Ok(())
}

fn refused(why: impl Into<String>) -> TransferError {
    TransferError::Refused(why.into())
}

/// What every version's first line has.
#[derive(serde::Deserialize)]
struct AnyHeader {
    tillgate_export: u32,
    schema: u32,
    program: String,
}

fn read_header(line: &[u8]) -> Result<Header, TransferError> {
    let any: AnyHeader =
        serde_json::from_slice(line).map_err(|_| refused("this is no export of tillgate"))?;
    let by = format!("it was exported by tillgate {} with schema {}", any.program, any.schema);
    if any.tillgate_export > FORMAT || any.schema > SCHEMA {
        return Err(refused(format!("{by}, this program has {SCHEMA}: use the newer tillgate")));
    }
    if any.schema < SCHEMA {
        return Err(refused(format!(
            "{by}, this program has {SCHEMA}: import it with the tillgate that made it; a gateway of this version then brings it up to date"
        )));
    }
    let header: Header =
        serde_json::from_slice(line).map_err(|error| refused(format!("the first line: {error}")))?;
    if header.tables != catalogue() {
        return Err(refused(format!("{by}, but its tables are not those of that schema")));
    }
    Ok(header)
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line. Refuses a file of another program or version.
    pub fn open(mut file: R) -> Result<Self, TransferError> {
        let mut line = Vec::new();
        file.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line)?;
        let header = read_header(&line)?;
        let mut digest = Context::new(&SHA256);
        digest.update(&line);
        let summing = Some(Summing::new(&header.tables));
        Ok(Self { file, header, line, line_no: 1, digest, summing, table: 0, summary: None })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    fn close(&mut self) -> Result<(), TransferError> {
        let closing: Closing =
            serde_json::from_slice(&self.line).map_err(|_| self.bad("is not the last line"))?;
        if !self.file.fill_buf()?.is_empty() {
            return Err(self.bad("is the last line, and more follows"));
        }
        let found = self.summing.take().map(Summing::finish).unwrap_or_default();
        let mut differences = closing.summary.differences(&found);
        if closing.tillgate_export_end != self.header.tillgate_export {
            return Err(self.bad("ends another file"));
        }
        if closing.sha256 != hex::encode(self.digest.clone().finish()) {
            differences.push("the file's digest is not what its last line says".to_owned());
        }
        if !differences.is_empty() {
            return Err(TransferError::Differs(differences));
        }
        self.summary = Some(found);
        Ok(())
    }

    fn bad(&self, why: impl Into<String>) -> TransferError {
        TransferError::Line { line: self.line_no, why: why.into() }
    }
}

impl<R: BufRead + Send> RowSource for Reader<R> {
    fn tables(&self) -> &[Table] {
        &self.header.tables
    }

    fn next_row(&mut self) -> Result<Option<(usize, Vec<Value<'static>>)>, TransferError> {
        if self.summary.is_some() {
            return Ok(None);
        }
        read_line(&mut self.file, &mut self.line)?;
        self.line_no += 1;
        if !self.line.ends_with(b"\n") {
            return Err(refused(format!("the file ends at line {}: it was cut off", self.line_no)));
        }
        if self.line.starts_with(b"{") {
            self.close()?;
            return Ok(None);
        }
        let (table, row) =
            read_row(&self.header.tables, self.table, &self.line).map_err(|why| self.bad(why))?;
        self.table = table;
        self.digest.update(&self.line);
        if let Some(summing) = &mut self.summing {
            let line = summing.add(&self.header.tables[table], &row)?;
            if line != self.line {
                return Err(self.bad("is not written as we write it"));
            }
        }
        Ok(Some((table, row)))
    }

    fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }
}
