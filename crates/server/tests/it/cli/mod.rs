//! The program as a command: what it prints, refuses and leaves behind.

mod backup;
mod books;
mod codepay;
mod directory;
mod moving;
mod orders;
mod ottpay;
mod peer;
mod rates;
mod running;
mod sealing;
mod settings;
mod signing;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// Options that are keys and may stand in the environment.
const KEYS: [&str; 4] = ["LATIPAY_API_KEY", "OTTPAY_SIGN_KEY", "CODEPAY_PRIVATE_KEY", "CODEPAY_PUBLIC_KEY"];

/// Without anything of this process's environment that could configure it.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tillgate"));
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("TILLGATE_") || KEYS.contains(&&*name_text) {
            command.env_remove(name);
        }
    }
    let folder = args.iter().skip_while(|arg| **arg != "--data-dir").nth(1);
    if let Some(url) = folder.and_then(|folder| crate::harness::database::beside(Path::new(folder))) {
        command.env("TILLGATE_DATABASE", url);
    }
    command.args(args).stdin(Stdio::null());
    command
}

pub fn runs(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

/// What it prints when all is well.
#[track_caller]
pub fn prints(args: &[&str]) -> String {
    let output = runs(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What it says when it refuses.
#[track_caller]
pub fn refuses(args: &[&str]) -> String {
    let output = runs(args);
    assert!(!output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

/// A port outside of the range the system gives out by itself, so that nobody else takes it meanwhile.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 15_000 + (std::process::id() % 1_500) as u16 * 10;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A gateway in a process of its own; it is killed when the test ends early.
pub struct Process(pub Child);

impl Process {
    pub fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Until something listens there.
    pub fn waits_for(&mut self, port: u16) {
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(self.0.try_wait().unwrap().is_none(), "it ended");
            assert!(started.elapsed() < Duration::from_secs(15), "nobody listens at {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends SIGTERM; the exit code.
    pub fn terminates(&mut self) -> Option<i32> {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(started.elapsed() < Duration::from_secs(15), "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
