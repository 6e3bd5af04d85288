//! Ends everything when whoever started it is gone, however he went: Ctrl-C, a panic, `kill -9`.
//!
//! A process of its own, outside the terminal's group. Its standard input ends with its starter.

use std::io::{Read as _, stdin};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

use super::processes;

/// In the folder: it is to stay.
const KEPT: &str = "kept";

#[derive(Debug, clap::Args)]
pub struct KeeperArgs {
    /// Whose processes end, and which is removed.
    folder: PathBuf,
}

/// The keeper's own side.
pub fn run(args: &KeeperArgs) -> Result<bool> {
    // What comes does not matter; that it ends does.
    let _ = stdin().read_to_end(&mut Vec::new());
    processes::end(&args.folder)?;
    if !args.folder.join(KEPT).exists() {
        std::fs::remove_dir_all(&args.folder)?;
    }
    Ok(true)
}

/// A temporary folder that goes, with all that runs in it, when this is dropped or this process ends.
#[derive(Debug)]
pub struct Keeper {
    pub folder: PathBuf,
    child: Child,
}

impl Keeper {
    pub fn start(name: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("tillgate-{name}-{}", std::process::id()));
        std::fs::create_dir(&folder).with_context(|| format!("making {}", folder.display()))?;
        let child = Command::new(std::env::current_exe()?)
            .arg("keeper")
            .arg(&folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self { folder, child })
    }

    /// The folder stays, for whoever looks for the reason.
    pub fn keep_folder(&self) -> Result<&Path> {
        std::fs::write(self.folder.join(KEPT), "")?;
        Ok(&self.folder)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
