//! Where PostgreSQL's programs are, and for whom they are run.

use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian keeps them, by version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Who runs a server, if not whoever asks for it: PostgreSQL does not run for root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    pub uid: u32,
    pub gid: u32,
}

impl Owner {
    /// `None` unless we are root.
    pub fn find() -> io::Result<Option<Self>> {
        let is_root = std::fs::metadata("/proc/self")?.uid() == 0;
        if !is_root {
            return Ok(None);
        }
        let users = std::fs::read_to_string("/etc/passwd")?;
        let owner = ["postgres", "nobody"].iter().find_map(|name| named(&users, name));
        owner
            .map(Some)
            .ok_or_else(|| io::Error::other("root needs a user postgres or nobody to run PostgreSQL as"))
    }
}

fn named(users: &str, name: &str) -> Option<Owner> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some(Owner { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
}

/// The newest version's programs.
pub fn postgres_programs() -> io::Result<PathBuf> {
    let of =
        |entry: std::fs::DirEntry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path()));
    let debian = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten().filter_map(of);
    let folders = debian.filter(|(_, path)| path.join("bin/initdb").exists());
    if let Some((_, newest)) = folders.max() {
        return Ok(newest.join("bin"));
    }
    let output = Command::new("pg_config").arg("--bindir").output();
    let bin = output.ok().map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    bin.filter(|bin| bin.join("initdb").exists()).ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, "PostgreSQL's initdb was not found: install `postgresql`")
    })
}

#[derive(Debug)]
pub struct Programs {
    bin: PathBuf,
    owner: Option<Owner>,
}

impl Programs {
    pub fn find() -> io::Result<Self> {
        Ok(Self { bin: postgres_programs()?, owner: Owner::find()? })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// The folder is the owner's from now on.
    pub fn give(&self, folder: &Path) -> io::Result<()> {
        match self.owner {
            Some(owner) => chown(folder, Some(owner.uid), Some(owner.gid)),
            None => Ok(()),
        }
    }

    pub fn command(&self, name: &str) -> Command {
        self.as_owner(&self.path(name))
    }

    pub fn as_owner(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some(owner) = self.owner {
            command.uid(owner.uid).gid(owner.gid);
        }
        // Not the starter's settings of PostgreSQL, nor a folder the owner may not enter.
        for name in ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGSERVICE", "PGOPTIONS"] {
            command.env_remove(name);
        }
        command.current_dir("/");
        command
    }
}
