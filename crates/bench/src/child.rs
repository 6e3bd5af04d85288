//! Processes under test: started on free ports with a data folder on disk, looked at, stopped or killed.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::dice::Dice;

const READY_WITHIN: Duration = Duration::from_secs(30);
pub const READY: &str = "/readyz";
const POLL: Duration = Duration::from_millis(2);
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// A program beside this one: `target/release/tillgate` beside `target/release/tillgate-bench`.
pub fn beside(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let path = own.with_file_name(name);
    if !path.is_file() {
        bail!("{} is missing; build it with the same profile first", path.display());
    }
    Ok(path)
}

/// A new empty folder in the target folder, so that it is on a disk.
pub fn fresh_folder(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).context("no target folder")?;
    let folder = target.join("bench-data").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A port nobody listens on. Below the range the system gives to outgoing connections: one of those could take it
/// while a killed gateway is down, or even connect to itself.
pub fn free_address(dice: &mut Dice) -> Result<SocketAddr> {
    for _ in 0..200 {
        let port = dice.between(20_000, 32_000) as u16;
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return Ok(listener.local_addr()?);
        }
    }
    bail!("no free port on 127.0.0.1")
}

/// How to start a gateway; the same each time.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub environment: Vec<(&'static str, String)>,
    pub address: SocketAddr,
    /// Answers with 200 when all is well.
    pub ready: &'static str,
    /// Where its metrics are; a floor has none.
    pub admin: SocketAddr,
    /// Its error output is appended here.
    pub log: PathBuf,
}

impl Recipe {
    /// The sandbox with its data in `folder`.
    pub fn sandbox(program: PathBuf, folder: &Path, dice: &mut Dice) -> Result<Self> {
        Ok(Self::sandbox_at(program, folder, (free_address(dice)?, free_address(dice)?)))
    }

    /// The same, where merchants and where the operator reach it.
    pub fn sandbox_at(program: PathBuf, folder: &Path, at: (SocketAddr, SocketAddr)) -> Self {
        Self::sandbox_in(program, &folder.join("data"), folder.join("log.txt"), at)
    }

    pub fn sandbox_in(
        program: PathBuf,
        data: &Path,
        log: PathBuf,
        (address, admin): (SocketAddr, SocketAddr),
    ) -> Self {
        let arguments = ["sandbox", "--listen", &address.to_string(), "--admin-listen", &admin.to_string()];
        let mut arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
        arguments.extend(["--data-dir".to_owned(), data.display().to_string()]);
        let environment = vec![("TILLGATE_LOG__FILTER", "warn".to_owned())];
        Self { program, arguments, environment, address, admin, ready: READY, log }
    }

    /// Wallets, acquirer and issuer for several sandboxes, where payers reach these.
    pub fn world(
        program: PathBuf,
        folder: &Path,
        address: SocketAddr,
        sandboxes: &[SocketAddr],
        public: SocketAddr,
    ) -> Self {
        let data = folder.join("world").display().to_string();
        let (address_text, public) = (address.to_string(), format!("http://{public}"));
        let words = ["sim", "world", "--listen", &address_text, "--data-dir", &data, "--public-url", &public];
        let mut arguments: Vec<String> = words.map(str::to_owned).to_vec();
        arguments.extend(sandboxes.iter().flat_map(|at| ["--node".to_owned(), format!("http://{at}")]));
        let environment = vec![("TILLGATE_LOG__FILTER", "warn".to_owned())];
        let ready = "/sandbox/api/totals";
        Self {
            program,
            arguments,
            environment,
            address,
            admin: address,
            ready,
            log: folder.join("world.txt"),
        }
    }

    pub fn start(&self) -> Result<Running> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log)?;
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("starting {}", self.program.display()))?;
        Ok(Running { child, address: self.address, ready: self.ready, started: Instant::now() })
    }

    pub fn start_and_wait(&self) -> Result<(Running, Duration)> {
        let mut running = self.start()?;
        let took = running.wait_until_ready().with_context(|| self.last_words())?;
        Ok((running, took))
    }

    /// The end of the log.
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

/// A process that is killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    pub address: SocketAddr,
    ready: &'static str,
    started: Instant,
}

/// Resident memory in KiB, now and at most so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    pub now_kib: u64,
    pub most_kib: u64,
}

impl Running {
    /// Polls until it says it is ready; how long that took since it was started.
    pub fn wait_until_ready(&mut self) -> Result<Duration> {
        while self.started.elapsed() < READY_WITHIN {
            if is_ready(self.address, self.ready) {
                return Ok(self.started.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended while starting: {status}");
            }
            std::thread::sleep(POLL);
        }
        bail!("not ready within {} s", READY_WITHIN.as_secs())
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn memory(&self) -> Memory {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
        };
        Memory { now_kib: kib("VmRSS:"), most_kib: kib("VmHWM:") }
    }

    /// `kill -9`, at once.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM; it has to end well.
    pub fn stop(mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        // The shell's own `kill`: a minimal system has no other, and a system call would need unsafe code.
        Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid]).status()?;
        let asked = Instant::now();
        while asked.elapsed() < STOP_WITHIN {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("it ended with {status} after SIGTERM"),
                None => std::thread::sleep(POLL),
            }
        }
        bail!("it did not end within {} s of SIGTERM", STOP_WITHIN.as_secs())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_ready(address: SocketAddr, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(3)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer.starts_with(b"HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}

/// Whether a log speaks of a panic; the line.
pub fn find_panic(log: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(log).ok()?.read_to_string(&mut text).ok()?;
    text.lines().find(|line| line.contains("panicked at")).map(str::to_owned)
}
