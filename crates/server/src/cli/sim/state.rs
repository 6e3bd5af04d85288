//! What a simulated terminal keeps in a file, as a real one does in its flash memory.
//!
//! Knows: the file. Deliberately does not know: what a terminal remembers; that is its own text.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct Saved {
    pub terminal_sn: String,
    pub secret: String,
    /// Empty if it was only paired so far.
    #[serde(default)]
    pub memory: String,
}

/// `None` if there is no such file.
pub fn load(path: &Path, sn: &str) -> Result<Option<Saved>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let saved: Saved = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    if saved.terminal_sn != sn {
        bail!("{} is of terminal {}, not of {sn}", path.display(), saved.terminal_sn);
    }
    Ok(Some(saved))
}

/// The file is the old one or the new one, never half of it. Only its owner reads it: the secret is in it.
pub fn store(path: &Path, saved: &Saved) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(&serde_json::to_vec(saved)?)?;
    fs::rename(&beside, path)?;
    Ok(())
}
