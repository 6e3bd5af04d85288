//! What the checks need of the machine beyond Rust and a C compiler: a browser for the tests of the pages, PostgreSQL, a
//! database cluster's programs for the failover test.
//!
//! Knows: Debian's names, and how to say plainly what is missing. On a build machine (`CI` is set) a missing part
//! is a failure; elsewhere the tests that need it are skipped.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Failure;

pub struct Need {
    /// Debian's package.
    package: &'static str,
    what_for: &'static str,
    is_there: fn() -> bool,
}

pub const BROWSER: &[Need] = &[
    Need { package: "chromium", what_for: "the tests of the pages", is_there: || find("chromium").is_some() },
    Need {
        package: "chromium-driver",
        what_for: "the tests of the pages",
        is_there: || find("chromedriver").is_some(),
    },
    Need {
        package: "fonts-noto-cjk",
        what_for: "Chinese text in the tests of the pages",
        is_there: has_chinese_font,
    },
];

const DATABASE: &str = "the tests on PostgreSQL";

pub const POSTGRES: &[Need] = &[
    Need { package: "postgresql", what_for: DATABASE, is_there: has_postgres },
    Need { package: "postgresql-client", what_for: DATABASE, is_there: || find("psql").is_some() },
    Need { package: "procps", what_for: DATABASE, is_there: || find("pgrep").is_some() },
    Need { package: "openssl", what_for: DATABASE, is_there: || find("openssl").is_some() },
];

const FAILOVER: &str = "the failover test";

pub const CLUSTER: &[Need] = &[
    Need { package: "patroni", what_for: FAILOVER, is_there: || find("patroni").is_some() },
    Need { package: "python3-etcd", what_for: FAILOVER, is_there: || is_python_package("etcd") },
    Need { package: "etcd-server", what_for: FAILOVER, is_there: || find("etcd").is_some() },
    Need { package: "postgresql", what_for: FAILOVER, is_there: has_postgres },
    Need { package: "postgresql-client", what_for: FAILOVER, is_there: || find("psql").is_some() },
];

/// Gets what is missing, if it may. True if all is there.
pub fn prepare(needs: &'static [Need]) -> Result<bool, Failure> {
    let missing = missing(needs);
    if !missing.is_empty() {
        println!("missing: {}", names(&missing));
        install(&missing);
    }
    let still = self::missing(needs);
    for need in needs {
        let gone = still.iter().any(|other| other.package == need.package);
        println!("{:<16} {}", need.package, if gone { "not there" } else { "there" });
    }
    if !still.is_empty() && std::env::var_os("CI").is_some() {
        return Err(format!("could not get {}", names(&still)));
    }
    for need in &still {
        println!("skipped without {}: {}", need.package, need.what_for);
    }
    Ok(still.is_empty())
}

fn missing(needs: &'static [Need]) -> Vec<&'static Need> {
    needs.iter().filter(|need| !(need.is_there)()).collect()
}

fn names(needs: &[&Need]) -> String {
    let names: Vec<&str> = needs.iter().map(|need| need.package).collect();
    names.join(", ")
}

/// Says itself why it could not.
fn install(needs: &[&Need]) {
    if find("apt-get").is_none() {
        println!("there is no apt-get here; install them by hand");
        return;
    }
    let Some(prefix) = rights() else {
        println!("neither root nor sudo without a password; install them by hand");
        return;
    };
    let mut install = vec!["apt-get", "install", "-y", "-q", "--no-install-recommends"];
    install.extend(needs.iter().map(|need| need.package));
    for command in [vec!["apt-get", "update", "-q"], install] {
        let words: Vec<&str> = prefix.iter().copied().chain(command).collect();
        println!("$ {}", words.join(" "));
        let [program, arguments @ ..] = words.as_slice() else { return };
        let done = Command::new(program)
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .status();
        if !done.is_ok_and(|status| status.success()) {
            println!("that failed");
        }
    }
}

/// What to put before a command so that it may install; `None` if nothing helps.
fn rights() -> Option<&'static [&'static str]> {
    if output("id", &["-u"]).is_some_and(|id| id.trim() == "0") {
        return Some(&[]);
    }
    output("sudo", &["-n", "true"]).map(|_| ["sudo", "-n"].as_slice())
}

fn has_chinese_font() -> bool {
    output("fc-list", &[":lang=zh", "family"]).is_some_and(|fonts| !fonts.trim().is_empty())
        || Path::new("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").is_file()
}

fn is_python_package(name: &str) -> bool {
    Path::new("/usr/lib/python3/dist-packages").join(name).is_dir()
}

/// Debian keeps its programs apart, by version.
fn has_postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}

/// What it prints, if it ends well.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|place| place.is_file())
}
