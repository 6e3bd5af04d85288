//! Files that are whole or not there: written under another name, synced, then renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::digest::{Context as Digest, SHA256};

pub fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

/// Nothing is written over.
pub fn refuse_existing(path: &Path) -> Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        bail!("{} is there already", path.display());
    }
    Ok(())
}

/// A new file that only its owner reads: it holds what merchants and payers did.
pub fn create_private(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).with_context(|| format!("creating {}", path.display()))
}

pub fn create_private_folder(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| format!("creating {}", path.display()))
}

pub fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut file = create_private(path)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("writing {}", path.display()))
}

/// So that a file's name outlives a power cut too.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Gives a whole file or folder its name.
pub fn put_in_place(new: &Path, path: &Path) -> Result<()> {
    refuse_existing(path)?;
    fs::rename(new, path)
        .and_then(|()| sync_folder_of(path))
        .with_context(|| format!("naming {}", path.display()))
}

/// Copies so many bytes, or all, into a new private file.
pub fn copy(from: &Path, to: &Path, bytes: Option<u64>) -> Result<()> {
    let source = File::open(from).with_context(|| format!("opening {}", from.display()))?;
    let mut file = create_private(to)?;
    io::copy(&mut source.take(bytes.unwrap_or(u64::MAX)), &mut file)
        .and_then(|_| file.sync_all())
        .with_context(|| format!("copying {} to {}", from.display(), to.display()))
}

/// Length and digest, in hex.
pub fn sum(path: &Path) -> Result<(u64, String)> {
    let reading = || format!("reading {}", path.display());
    let mut file = File::open(path).with_context(reading)?;
    let (mut digest, mut total, mut buffer) = (Digest::new(&SHA256), 0, vec![0; 1 << 18]);
    loop {
        let read = file.read(&mut buffer).with_context(reading)?;
        if read == 0 {
            return Ok((total, hex::encode(digest.finish())));
        }
        digest.update(&buffer[..read]);
        total += read as u64;
    }
}
