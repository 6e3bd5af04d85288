//! `sim terminal`: what it is told on the command line, and how it prints.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tillgate_sim::terminal::{SCRIPT_WORDS, Script, Stop};
use tokio::sync::watch;

use super::super::{one_line, say};
use super::terminal::{self, Config, Device, Happening, Key, Report};
use crate::{clock, random};
use tillgate_core::Timestamp;

#[derive(clap::Args)]
#[command(after_long_help = SCRIPTS)]
pub struct TerminalArgs {
    /// The gateway.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The terminal's serial number; may be repeated.
    #[arg(long, required_unless_present = "file")]
    sn: Vec<String>,
    /// What it was given when it was paired; one for each --sn, in their order, or one for all.
    #[arg(long, conflicts_with = "pairing_code")]
    secret: Vec<String>,
    /// Pairs it first, with the code that `codepay terminal pair` printed; one for each --sn.
    #[arg(long)]
    pairing_code: Vec<String>,
    /// More terminals: a line each, with serial number, secret, and a script if there is one.
    #[arg(long)]
    file: Option<PathBuf>,
    /// What people do with an order, by the words below; repeated: order by order, the last for all that follow.
    #[arg(long)]
    script: Vec<Script>,
    /// Where a terminal keeps what it must not forget; with several, one file for each: FILE.SN.
    #[arg(long)]
    state: Option<PathBuf>,
    /// Exits when as many orders have ended.
    #[arg(long)]
    count: Option<u64>,
    /// Exits after this long, as in 60s or 5m.
    #[arg(long = "for", value_parser = duration)]
    for_time: Option<Duration>,
    /// How long the acquirer may take.
    #[arg(long, default_value = "30s", value_parser = duration)]
    acquirer_timeout: Duration,
    /// Makes payers' codes and waits the same in each run.
    #[arg(long)]
    seed: Option<u64>,
    /// Prints a JSON object for each happening.
    #[arg(long)]
    json: bool,
}

impl std::fmt::Debug for TerminalArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TerminalArgs").field("url", &self.url).field("sn", &self.sn).finish_non_exhaustive()
    }
}

const SCRIPTS: &str = SCRIPT_WORDS;

pub async fn run(args: TerminalArgs) -> Result<ExitCode> {
    let config = Config {
        url: args.url.clone(),
        terminals: devices(&args)?,
        acquirer_timeout: args.acquirer_timeout,
        count: args.count,
        report: if args.json { report_json() } else { report_text() },
    };
    let (send, stop) = watch::channel(false);
    let for_time = args.for_time;
    tokio::spawn(async move {
        let time = async {
            match for_time {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = time => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        let _ = send.send(true);
    });
    let mut code = ExitCode::SUCCESS;
    for summary in terminal::run(config, stop).await? {
        let Some(stopped) = summary.stopped else { continue };
        code = ExitCode::FAILURE;
        let why = match stopped {
            Stop::WrongSecret => "the gateway does not take its secret",
            Stop::TakenOver => "another connection speaks for it",
            Stop::SwitchedOff => "it was paired anew or switched off",
        };
        eprintln!("tillgate: {}: {why}", one_line(&summary.sn));
    }
    Ok(code)
}

fn devices(args: &TerminalArgs) -> Result<Vec<Device>> {
    let mut devices = Vec::new();
    let keys = args.secret.len().max(args.pairing_code.len());
    if keys > args.sn.len() || keys > 1 && keys < args.sn.len() {
        bail!("{keys} secrets or pairing codes for {} terminals", args.sn.len());
    }
    for (at, sn) in args.sn.iter().enumerate() {
        let secret = args.secret.get(at).or_else(|| args.secret.first());
        let key = match (secret, args.pairing_code.get(at)) {
            (Some(secret), _) => Key::Secret(secret.clone()),
            (None, Some(code)) => Key::PairingCode(code.clone()),
            (None, None) => Key::Saved,
        };
        devices.push((sn.clone(), key, args.script.clone()));
    }
    if let Some(path) = &args.file {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            devices.push(listed(line, &args.script)?);
        }
    }
    let is_alone = devices.len() == 1;
    let seed = args.seed.unwrap_or_else(|| u64::from_le_bytes(random::bytes()));
    let numbered = devices.into_iter().zip(0_u64..);
    Ok(numbered
        .map(|((sn, key, scripts), number)| {
            let state = args.state.as_deref().map(|path| state_path(path, &sn, is_alone));
            Device { sn, key, scripts, seed: seed.wrapping_add(number), state }
        })
        .collect())
}

/// `SN SECRET [SCRIPT]`
fn listed(line: &str, scripts: &[Script]) -> Result<(String, Key, Vec<Script>)> {
    let mut words = line.splitn(3, char::is_whitespace);
    let (Some(sn), Some(secret)) = (words.next(), words.next()) else {
        bail!("a line of the file has no secret: {}", one_line(line));
    };
    let scripts = match words.next() {
        Some(script) => vec![script.parse().map_err(anyhow::Error::msg)?],
        None => scripts.to_vec(),
    };
    Ok((sn.to_owned(), Key::Secret(secret.to_owned()), scripts))
}

fn state_path(path: &Path, sn: &str, is_alone: bool) -> PathBuf {
    if is_alone {
        return path.to_owned();
    }
    let mut each = path.as_os_str().to_owned();
    // A serial number is no path.
    each.push(format!(".{}", sn.replace(['/', '\\'], "_")));
    PathBuf::from(each)
}

fn report_text() -> Report {
    Arc::new(|happening: &Happening| {
        let Happening { time, terminal_sn, what, trade_no, text } = happening;
        let time = clock::display(Timestamp::from_millis(*time));
        say(one_line(&format!("{time}  {terminal_sn}  {what:<12} {trade_no}  {text}")).trim_end());
    })
}

fn report_json() -> Report {
    Arc::new(|happening: &Happening| say(&serde_json::to_string(happening).unwrap_or_default()))
}

fn duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.parse().map_err(|_| format!("{text} is no time, as in 60s"))?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number * 60)),
        "h" => Ok(Duration::from_secs(number * 3_600)),
        _ => Err(format!("{text} is no time, as in 60s")),
    }
}
