//! `cargo xtask`: everything a developer or a build machine runs, in one place.
//!
//! Knows: which checks there are, in which order, and what they need. Deliberately does not know: what they check;
//! cargo, `tidy` and `tillgate-bench` do. Only the standard library, so that it builds in a second.
#![allow(clippy::print_stdout, reason = "it talks to people")]

mod machine;
mod steps;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test [--quick]     everything that can be checked; --quick leaves the crash test out
cargo xtask tidy               the rules of the house
cargo xtask bench [--write]    the real binary beside its floors; --write keeps the tables in docs/benchmarks.md;
                               more: --workload create, --seconds 5, --rounds 5, --connections 64, --strict
cargo xtask crash [--release]  kill -9 at random instants; more: --points 300, --seed 7
cargo xtask cluster            a failover: three PostgreSQL under Patroni, two gateways, kill -9 to the leader, then to
                               a gateway; more: --freeze, --planted-loss, --plain (the database alone)
";

/// Why it ends early; already a whole sentence.
type Failure = String;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = root();
    let done = match words.as_slice() {
        ["test"] => steps::test(&root, false),
        ["test", "--quick"] => steps::test(&root, true),
        ["tidy"] => steps::tidy(&root),
        ["bench", more @ ..] => steps::bench(&root, more),
        ["crash", more @ ..] => steps::crash(&root, more),
        ["cluster", more @ ..] => steps::cluster(&root, more),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(format!("not understood: {}\n\n{USAGE}", words.join(" "))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}
