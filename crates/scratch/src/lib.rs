//! A PostgreSQL server of one's own, for a test or a benchmark: made in a temporary folder, gone with whoever started it.
//!
//! Knows: how a cluster is made, started and ended, also by root, whom PostgreSQL does not run for. Deliberately does not
//! know: what is kept in it. Nothing has to be running; the packages `postgresql` and `postgresql-client` have to be there.

mod programs;

use std::io::{self, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use programs::Programs;
pub use programs::{Owner, postgres_programs};
use tempfile::TempDir;

const START_TIMEOUT: Duration = Duration::from_secs(60);

/// What a server is for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Waits for the disk, as a real one does. A test of what is stored needs not.
    pub is_durable: bool,
    /// Offers TLS, with a certificate for `localhost` that is its own authority: see [`Cluster::certificate`].
    pub has_tls: bool,
    /// More settings, as in `postgresql.conf`.
    pub settings: Vec<(String, String)>,
}

/// A server at work. It ends, and its folder goes, when this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
    programs: Programs,
    port: u16,
    keeper: Child,
    databases: AtomicU32,
}

/// Ends the server when its standard input ends, which it does with the process that holds the other side.
const KEEPER: &str = r#"
folder=$1; shift
"$@" >"$folder/log" 2>&1 &
server=$!
read -r ended
kill -QUIT "$server"
wait "$server"
rm -rf "$folder"
"#;

/// The process's own server, started when it is first asked for.
pub fn shared() -> Result<&'static Cluster, String> {
    static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
    SHARED
        .get_or_init(|| Cluster::start(&Options::default()).map_err(|error| error.to_string()))
        .as_ref()
        .map_err(Clone::clone)
}

impl Cluster {
    pub fn start(options: &Options) -> io::Result<Self> {
        let programs = Programs::find()?;
        let folder = tempfile::Builder::new().prefix("tillgate-pg-").tempdir()?;
        programs.give(folder.path())?;
        let data = folder.path().join("data");
        let mut initdb = programs.command("initdb");
        initdb.args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]);
        run(initdb.arg("--pgdata").arg(&data))?;
        if options.has_tls {
            make_certificate(&programs, &data)?;
        }
        let port = free_port()?;
        let settings = settings(options, folder.path(), port);
        let mut server = vec![programs.path("postgres").into_os_string(), "-D".into(), data.into_os_string()];
        server.extend(settings.into_iter().flat_map(|setting| ["-c".into(), setting.into()]));
        let mut keeper = programs.as_owner(Path::new("/bin/sh"));
        keeper.args(["-c", KEEPER, "keeper"]).arg(folder.path()).args(server);
        let keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let cluster = Self { folder, programs, port, keeper, databases: AtomicU32::new(0) };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    fn wait_until_ready(&self) -> io::Result<()> {
        let started = Instant::now();
        loop {
            let mut ready = self.programs.command("pg_isready");
            let status = self.addressed(&mut ready).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
            if status.success() {
                return Ok(());
            }
            if started.elapsed() > START_TIMEOUT {
                return Err(io::Error::other(format!("PostgreSQL did not start: {}", self.log())));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn addressed<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .arg("-h")
            .arg(self.folder.path())
            .arg("-p")
            .arg(self.port.to_string())
            .args(["-U", "postgres"])
    }

    /// Every process of the server stands still, and its sockets stay open: a machine that hangs.
    pub fn freeze(&self) -> io::Result<()> {
        self.signal("-STOP")
    }

    /// It goes on.
    pub fn thaw(&self) -> io::Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> io::Result<()> {
        let file = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid"))?;
        let server = file.lines().next().unwrap_or_default().trim().to_owned();
        let children = run(Command::new("pgrep").args(["-P", &server])).unwrap_or_default();
        let all = children.lines().chain([server.as_str()]);
        run(Command::new("kill").arg(signal).args(all)).map(drop)
    }

    /// What the server wrote.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// On the loopback address.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the server's socket is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Of the authority that made the server's certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("data/server.crt")
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The address of a new, empty database.
    pub fn fresh_database(&self) -> io::Result<String> {
        let name = format!("till_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(self.url(&name))
    }

    /// Runs statements through `psql`; gives what it prints, unadorned.
    pub fn psql(&self, database: &str, sql: &str) -> io::Result<String> {
        let mut psql = self.programs.command("psql");
        self.addressed(&mut psql).args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            database,
            "-c",
            sql,
        ]);
        run(&mut psql)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.thaw();
        if let Some(mut stdin) = self.keeper.stdin.take() {
            let _ = stdin.write_all(b"\n");
        }
        let _ = self.keeper.wait();
    }
}

fn settings(options: &Options, folder: &Path, port: u16) -> Vec<String> {
    let mut settings = vec![
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        format!("unix_socket_directories={}", folder.display()),
        "max_connections=400".to_owned(),
        "shared_buffers=128MB".to_owned(),
        "timezone=UTC".to_owned(),
    ];
    if !options.is_durable {
        settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(str::to_owned));
    }
    if options.has_tls {
        settings.push("ssl=on".to_owned());
    }
    settings.extend(options.settings.iter().map(|(name, value)| format!("{name}={value}")));
    settings
}

fn make_certificate(programs: &Programs, data: &Path) -> io::Result<()> {
    let mut openssl = programs.as_owner(Path::new("openssl"));
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]);
    openssl.args(["-addext", "subjectAltName=DNS:localhost"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    run(openssl.arg("-keyout").arg(data.join("server.key")).arg("-out").arg(data.join("server.crt")))
        .map(drop)
}

/// Free a moment ago; another program could take it, which the start then reports.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn run(command: &mut Command) -> io::Result<String> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{}: {}", command.get_program().display(), said.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_comes_and_goes() {
        let cluster = Cluster::start(&Options::default()).unwrap();
        let (first, second) = (cluster.fresh_database().unwrap(), cluster.fresh_database().unwrap());
        assert_ne!(first, second);
        assert_eq!(cluster.psql("till_0", "SELECT 6 * 7").unwrap(), "42\n");
        assert!(cluster.psql("till_0", "SELECT nonsense").unwrap_err().to_string().contains("nonsense"));
        let folder = cluster.folder().to_owned();
        drop(cluster);
        assert!(!folder.exists());
    }
}
