//! The steps, each with a headline and its time. The first that fails ends the run.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::{Failure, machine, tidy};

/// Kill points of the crash test that belongs to every run.
const CRASH_POINTS: &str = "20";
const CRASH_POINTS_ALONE: &str = "300";
const BENCHMARKS: &str = "docs/benchmarks.md";

pub fn test(root: &Path, quick: bool) -> Result<(), Failure> {
    let started = Instant::now();
    let (mut browser, mut postgres) = (false, false);
    step("what the checks need", || {
        browser = machine::prepare(machine::BROWSER)?;
        postgres = machine::prepare(machine::POSTGRES)?;
        Ok(())
    })?;
    step("format", || cargo(root, &["fmt", "--all", "--check"], &[]))?;
    step("tidy", || tidy(root))?;
    step("clippy", || cargo(root, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &[]))?;
    let environment: &[_] = if browser { &[("TILLGATE_TEST_BROWSER", "1")] } else { &[] };
    // Whatever needs a server says so in its name.
    let without: &[&str] =
        if postgres { &[] } else { &["--", "--skip", "postgres", "--skip", "nodes", "--skip", "moving"] };
    step("tests", || cargo(root, &[&["test", "--workspace"], without].concat(), environment))?;
    if postgres {
        step("the gateway's tests on PostgreSQL", || {
            let environment = [environment, &[("TILLGATE_TEST_DATABASE", "postgres")]].concat();
            // `backup` is of the embedded store; PostgreSQL has its own.
            let which = ["--skip", "cli::backup"];
            // The whole workspace again: the same features, so that nothing is built a second time.
            let tests = [&["test", "--workspace", "--test", "it", "--"], &which[..]].concat();
            cargo(root, &tests, &environment)
        })?;
    }
    if !quick {
        step("crash test", || {
            // All targets, as the tests had it: the same features, so that nothing is built a second time.
            cargo(root, &["build", "--workspace", "--all-targets"], &[])?;
            run(&program("debug", "tillgate-bench")?, root, &["crash", "--points", CRASH_POINTS], &[])
        })?;
    }
    println!("\nall checks passed in {}", took(started));
    Ok(())
}

pub fn tidy(root: &Path) -> Result<(), Failure> {
    let findings = tidy::check(root);
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() { Ok(()) } else { Err(format!("{} findings", findings.len())) }
}

pub fn bench(root: &Path, more: &[&str]) -> Result<(), Failure> {
    let mut arguments = vec!["load"];
    for word in more {
        arguments.push(word);
        if *word == "--write" {
            arguments.push(BENCHMARKS);
        }
    }
    cargo(root, &["build", "--release", "-p", "tillgate", "-p", "tillgate-bench"], &[])?;
    run(&program("release", "tillgate-bench")?, root, &arguments, &[])
}

/// The development build by default: its debug assertions watch the kills too.
pub fn crash(root: &Path, more: &[&str]) -> Result<(), Failure> {
    let mut arguments = vec!["crash"];
    arguments.extend(more);
    if !arguments.contains(&"--points") {
        arguments.extend(["--points", CRASH_POINTS_ALONE]);
    }
    against_gateway(root, &arguments)
}

/// A failover, with everything that takes part in it. What is missing is a failure: it was asked for.
pub fn cluster(root: &Path, more: &[&str]) -> Result<(), Failure> {
    if !machine::prepare(machine::CLUSTER)? {
        return Err("the failover test needs all of these".into());
    }
    let mut arguments = vec!["cluster"];
    arguments.extend(more);
    against_gateway(root, &arguments)
}

/// Builds the gateway and what tests it, and runs that.
fn against_gateway(root: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let release = arguments.contains(&"--release");
    let mut build = vec!["build", "-p", "tillgate", "-p", "tillgate-bench"];
    if release {
        build.push("--release");
    }
    cargo(root, &build, &[])?;
    let profile = if release { "release" } else { "debug" };
    let arguments: Vec<&str> = arguments.iter().copied().filter(|word| *word != "--release").collect();
    run(&program(profile, "tillgate-bench")?, root, &arguments, &[])
}

fn step(headline: &str, perform: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    println!("\n== {headline}");
    // Before the step's own output.
    let _ = std::io::stdout().flush();
    let started = Instant::now();
    perform().map_err(|failure| format!("{headline}: failed after {}: {failure}", took(started)))?;
    println!("== {headline}: ok in {}", took(started));
    Ok(())
}

fn took(since: Instant) -> String {
    let seconds = since.elapsed().as_secs();
    format!("{}:{:02} min", seconds / 60, seconds % 60)
}

fn cargo(root: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(Path::new(&cargo), root, arguments, environment)
}

fn run(program: &Path, root: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), Failure> {
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let line = format!("{name} {}", arguments.join(" "));
    println!("$ {line}");
    let mut command = Command::new(program);
    command.current_dir(root).args(arguments).envs(environment.iter().copied());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{line}` ended with {status}")),
        Err(error) => Err(format!("`{line}` could not be started: {error}")),
    }
}

/// A program in the same target folder as this one.
fn program(profile: &str, name: &str) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = own.ancestors().nth(2).ok_or("no target folder")?;
    Ok(target.join(profile).join(name))
}
