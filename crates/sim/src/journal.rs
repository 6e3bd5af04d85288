//! An append-only file of JSON lines that survives the death of the process (not of the machine).
//!
//! Knows: lines. Deliberately does not know: what they mean. One `write` per line, no fsync.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

#[derive(Debug)]
pub struct Journal {
    file: File,
    len: u64,
}

impl Journal {
    /// Gives every whole line to `each`, cuts a torn last one off, and is ready to append.
    pub fn open(path: &Path, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let (mut reader, mut line, mut len) = (BufReader::with_capacity(1 << 16, &file), Vec::new(), 0);
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line)?;
            if line.pop_if(|last| *last == b'\n').is_none() {
                break;
            }
            each(&line)?;
            len += read as u64;
        }
        file.set_len(len)?;
        Ok(Self { file, len })
    }

    /// Appends `line`, which ends with its line feed. After an error nothing of it is left.
    pub fn append(&mut self, line: &[u8]) -> io::Result<()> {
        match self.file.write_all(line) {
            Ok(()) => {
                self.len += line.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.file.set_len(self.len)?;
                Err(error)
            }
        }
    }
}
