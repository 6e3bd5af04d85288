//! One database machine: an etcd, and a Patroni that runs a PostgreSQL. It dies as a whole and comes back with its disk.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use rustix::process::Signal;
use serde_json::{Value, json};
use tillgate_scratch::{Owner, postgres_programs};

use super::processes;
use super::settings::{SUPERUSER, Settings};

/// Where it is reached.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    pub etcd: SocketAddr,
    pub etcd_peer: SocketAddr,
    pub rest: SocketAddr,
    pub postgres: SocketAddr,
}

#[derive(Debug)]
pub struct Machine {
    pub name: String,
    pub at: Addresses,
    folder: PathBuf,
    owner: Option<Owner>,
    /// `name=address` of all, as etcd wants to hear it.
    peers: String,
    running: Vec<Child>,
}

impl Machine {
    /// The first of `all` is what this one is to be.
    pub fn make(folder: &Path, number: usize, all: &[Addresses], settings: &Settings) -> Result<Self> {
        let owner = Owner::find()?;
        let name = name(number);
        let folder = folder.join(&name);
        let peers: Vec<String> = all
            .iter()
            .enumerate()
            .map(|(number, at)| format!("{}=http://{}", self::name(number), at.etcd_peer))
            .collect();
        std::fs::create_dir(&folder)?;
        let machine =
            Self { name, at: all[number], folder, owner, peers: peers.join(","), running: Vec::new() };
        std::fs::write(machine.configuration(), machine.patroni(all, settings)?.to_string())?;
        if let Some(owner) = owner {
            std::os::unix::fs::chown(&machine.folder, Some(owner.uid), Some(owner.gid))?;
        }
        Ok(machine)
    }

    /// Of this one alone, leader or not.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{SUPERUSER}@{}/{database}", self.at.postgres)
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join("patroni.yml")
    }

    /// Patroni reads YAML, of which JSON is a part.
    fn patroni(&self, all: &[Addresses], settings: &Settings) -> Result<Value> {
        let etcds: Vec<String> = all.iter().map(|at| at.etcd.to_string()).collect();
        let (rest, postgres) = (self.at.rest.to_string(), self.at.postgres.to_string());
        Ok(json!({
            "scope": "tillgate",
            "name": self.name,
            "restapi": { "listen": rest, "connect_address": rest },
            "etcd3": { "hosts": etcds },
            "bootstrap": {
                "dcs": settings.shared(),
                "initdb": ["data-checksums", { "encoding": "UTF8" }, { "locale": "C.UTF-8" }],
                "pg_hba": ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"],
            },
            "postgresql": {
                "listen": postgres,
                "connect_address": postgres,
                "data_dir": self.folder.join("data"),
                "bin_dir": postgres_programs()?,
                "pgpass": self.folder.join("pgpass"),
                "authentication": {
                    "superuser": { "username": SUPERUSER },
                    "replication": { "username": "replicator" },
                    "rewind": { "username": SUPERUSER },
                },
                // Not in the data folder: pg_rewind would try to copy the socket.
                "parameters": { "unix_socket_directories": self.folder },
            },
        }))
    }

    /// Both programs, with whatever is on the disk.
    pub fn start(&mut self) -> Result<()> {
        let (etcd, peer) = (format!("http://{}", self.at.etcd), format!("http://{}", self.at.etcd_peer));
        let data = self.folder.join("etcd").display().to_string();
        let options = [
            ("--name", self.name.as_str()),
            ("--data-dir", &data),
            ("--listen-client-urls", &etcd),
            ("--advertise-client-urls", &etcd),
            ("--listen-peer-urls", &peer),
            ("--initial-advertise-peer-urls", &peer),
            ("--initial-cluster", &self.peers),
        ];
        let mut command = self.command("etcd")?;
        command.args(options.iter().flat_map(|(name, value)| [*name, *value]));
        self.running.push(command.spawn().context("starting etcd")?);
        let mut command = self.command("patroni")?;
        command.arg(self.configuration());
        self.running.push(command.spawn().context("starting patroni")?);
        Ok(())
    }

    /// Not for root, and not in the terminal's group: an interrupt would end it in order.
    fn command(&self, program: &str) -> Result<Command> {
        let log = self.log(program);
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| log.display().to_string())?;
        let mut command = Command::new(program);
        if let Some(owner) = self.owner {
            command.uid(owner.uid).gid(owner.gid);
        }
        command.process_group(0).current_dir("/").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }

    fn log(&self, program: &str) -> PathBuf {
        self.folder.join(format!("{program}.log"))
    }

    /// `kill -9` to PostgreSQL with all its processes, Patroni and etcd, in one go; how many there were.
    pub fn die(&mut self) -> Result<usize> {
        let count = processes::end(&self.folder)?;
        for mut child in self.running.drain(..) {
            child.wait()?;
        }
        Ok(count)
    }

    /// Everything of it stands still, with its connections open: as seen from outside, the line is dead.
    pub fn freeze(&self) -> Result<usize> {
        let all = processes::of(&self.folder)?;
        processes::signal(&all, Signal::STOP);
        Ok(all.len())
    }

    /// Goes on as if nothing had happened.
    pub fn thaw(&self) -> Result<()> {
        processes::signal(&processes::of(&self.folder)?, Signal::CONT);
        Ok(())
    }

    /// The ends of its logs.
    pub fn last_words(&self) -> String {
        let end = |program: &str| {
            let log = std::fs::read_to_string(self.log(program)).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            format!("{} {program}: {}", self.name, lines[lines.len().saturating_sub(5)..].join("\n  "))
        };
        format!("{}\n{}", end("etcd"), end("patroni"))
    }
}

fn name(number: usize) -> String {
    format!("m{}", number + 1)
}
