//! `load`: floor and gateway in turns, because the machine is noisy; the ratio of each round, then the table.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::child;
use crate::dice::Dice;
use crate::floor::GOOD;
use crate::full::{self, Full};
use crate::polls::{self, Polls};
use crate::postgres::{self, Rounds};
use crate::side_by_side::{self, Side};
use crate::turn::{
    Ground, Pace, Spread, Turn, bare_turn, floor_recipe, gateway_recipe, noise, progress, start_time_ms,
};
use crate::workloads::{Counter, MANY, Target, WORKLOADS, Workload, aimed, orders};

#[derive(Debug, clap::Args)]
pub struct LoadArgs {
    /// Only this workload.
    #[arg(long)]
    workload: Option<String>,
    /// How long each measurement lasts.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Floor and gateway in turns, so often.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How many the full store has; it is made once, in some minutes, and kept. 0: none is measured.
    #[arg(long, default_value_t = 1_000_000)]
    orders: u64,
    /// The gateway; beside this program if absent.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Also writes the tables to this file.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Fail if a goal is missed, not only if an answer was wrong.
    #[arg(long)]
    strict: bool,
}

const STARTS: usize = 5;
/// A round in which others took more of the machine is made again.
const QUIET_ENOUGH: f64 = 0.05;
/// So often at most; then the quietest counts.
const TRIES: usize = 3;

#[derive(Debug)]
struct Row {
    workload: &'static Workload,
    rounds: Vec<(Turn, Turn)>,
}

/// All that was measured.
#[derive(Debug)]
struct Report {
    rows: Vec<Row>,
    sides: Vec<Side>,
    full: Option<Full>,
    polls: Option<Polls>,
    postgres: Option<Rounds>,
    starts_ms: Option<Spread>,
}

pub fn run(args: &LoadArgs) -> Result<bool> {
    let program = args.binary.clone().map_or_else(|| child::beside("tillgate"), Ok)?;
    let report = measure_all(args, &program)?;
    let text = report.document(args);
    println!("\n{text}");
    if let Some(path) = &args.write {
        std::fs::write(path, &text).with_context(|| format!("writing {}", path.display()))?;
    }
    let right = report.wrong() == 0;
    if !right {
        println!("some answers were wrong");
    }
    Ok(right && (!args.strict || report.meets_goals()))
}

fn measure_all(args: &LoadArgs, program: &Path) -> Result<Report> {
    let mut dice = Dice::new(u64::from(std::process::id()));
    let is_wanted = |name: &str| args.workload.as_deref().is_none_or(|only| only == name);
    let mut rows = Vec::new();
    for workload in WORKLOADS.iter().filter(|workload| is_wanted(workload.name)) {
        rows.push(Row { workload, rounds: measure(args, program, workload, &mut dice)? });
    }
    let rounds = if is_wanted(side_by_side::NAME) { args.rounds } else { 0 };
    let sides = side_by_side(args, rounds, program, &mut dice)?;
    let full = match is_wanted(full::NAME) && args.orders > 0 {
        true => Some(full::measure(program, args.pace(), args.rounds, args.orders, &mut dice)?),
        false => None,
    };
    let polls = is_wanted(polls::NAME).then(|| polls::measure(program, &mut dice)).transpose()?;
    let postgres = match is_wanted(postgres::NAME) {
        true => Some(postgres::measure(program, args.pace(), args.rounds, &mut dice)?),
        false => None,
    };
    if rows.is_empty() && sides.is_empty() && full.is_none() && polls.is_none() && postgres.is_none() {
        let others = [side_by_side::NAME, full::NAME, polls::NAME, postgres::NAME];
        let known: Vec<&str> = WORKLOADS.iter().map(|workload| workload.name).chain(others).collect();
        bail!("no such workload; there are {}", known.join(", "));
    }
    let starts_ms = match args.workload {
        None => {
            let starts =
                (0..STARTS).map(|_| start_time_ms(program, &mut dice)).collect::<Result<Vec<_>>>()?;
            Some(Spread::of(starts.into_iter()))
        }
        Some(_) => None,
    };
    Ok(Report { rows, sides, full, polls, postgres, starts_ms })
}

impl LoadArgs {
    fn pace(&self) -> Pace {
        Pace { limit: Duration::from_secs(self.seconds), connections: self.connections }
    }
}

fn side_by_side(args: &LoadArgs, rounds: usize, program: &Path, dice: &mut Dice) -> Result<Vec<Side>> {
    let Pace { limit, connections } = args.pace();
    let round = |number: usize| {
        let side = side_by_side::measure(program, limit, connections, dice)?;
        eprintln!("{} {}/{rounds}: {}", side_by_side::NAME, number + 1, side.progress());
        Ok(side)
    };
    (0..rounds).map(round).collect()
}

fn measure(
    args: &LoadArgs,
    program: &Path,
    workload: &'static Workload,
    dice: &mut Dice,
) -> Result<Vec<(Turn, Turn)>> {
    let mut rounds = Vec::new();
    for number in 1..=args.rounds {
        let mut best: Option<(Turn, Turn)> = None;
        for _ in 0..TRIES {
            let round = round(args, program, workload, dice)?;
            eprintln!("{} {number}/{}: {}", workload.name, args.rounds, progress(&round));
            if best.as_ref().is_none_or(|best| noise(&round) < noise(best)) {
                best = Some(round);
            }
            if best.as_ref().is_some_and(|best| noise(best) <= QUIET_ENOUGH) {
                break;
            }
        }
        rounds.extend(best);
    }
    Ok(rounds)
}

fn round(
    args: &LoadArgs,
    program: &Path,
    workload: &'static Workload,
    dice: &mut Dice,
) -> Result<(Turn, Turn)> {
    let pace = args.pace();
    let floor = match workload.floor.bare() {
        Some(cost) => bare_turn(cost, pace.limit)?,
        None => Ground::empty(floor_recipe(workload.floor, dice)?).turn(
            pace,
            (MANY, None),
            |target, counter, act| Ok(aimed(orders(counter, act.count), target.address, act, false, GOOD)),
        )?,
    };
    let ground = Ground::empty(gateway_recipe(program, dice)?);
    let prepare = |target: Target<'_>, counter: &mut Counter, act| workload.prepare(target, counter, act);
    Ok((floor, ground.turn(pace, (workload.warm_up, workload.check), prepare)?))
}

impl Row {
    fn spread(&self, value: impl Fn(&(Turn, Turn)) -> f64) -> Spread {
        Spread::of(self.rounds.iter().map(value))
    }

    fn ratio(&self) -> Spread {
        self.spread(|(floor, gateway)| gateway.measured.per_second() / floor.measured.per_second())
    }

    fn p99_ms(&self) -> Spread {
        self.spread(|(_, gateway)| gateway.measured.latency.quantile_ms(0.99))
    }

    fn wrong(&self) -> u64 {
        self.rounds.iter().map(|(floor, gateway)| floor.measured.wrong + gateway.measured.wrong).sum()
    }

    fn meets_goals(&self) -> bool {
        self.workload.goal.is_none_or(|goal| self.ratio().median >= goal)
            && self.workload.p99_goal_ms.is_none_or(|goal| self.p99_ms().median <= goal)
    }

    fn line(&self) -> String {
        let ratio = self.ratio();
        let p99_goal = self.workload.p99_goal_ms.map_or(String::new(), |goal| format!(", p99 <= {goal} ms"));
        let goal = self.workload.goal.map_or("none".to_owned(), |goal| format!(">= {goal:.2}{p99_goal}"));
        let met = match (self.workload.goal, self.meets_goals()) {
            (None, _) => "",
            (Some(_), true) => "yes",
            (Some(_), false) => "**no**",
        };
        format!(
            "| {} | {:.0}/s | {} {:.0}/s | **{:.2}** ({:.2}-{:.2}) | {goal} | {met} | {:.1} ms | {:.1} ms | {:.1} ms | {:.1} us, {:.1} us | {:.0} % | {} |",
            self.workload.title,
            self.spread(|(_, gateway)| gateway.measured.per_second()).median,
            self.workload.floor.word().to_uppercase(),
            self.spread(|(floor, _)| floor.measured.per_second()).median,
            ratio.median,
            ratio.min,
            ratio.max,
            self.spread(|(_, gateway)| gateway.measured.latency.quantile_ms(0.5)).median,
            self.p99_ms().median,
            self.spread(|(floor, _)| floor.measured.latency.quantile_ms(0.99)).median,
            self.spread(|(_, gateway)| gateway.cpu_us()).median,
            self.spread(|(floor, _)| floor.cpu_us()).median,
            100.0 * self.spread(noise).max,
            self.wrong(),
        )
    }

    fn memory_line(&self) -> String {
        let mib = |of: fn(&Turn) -> u64| self.spread(move |(_, gateway)| of(gateway) as f64 / 1_024.0).max;
        format!(
            "| {} | {:.1} MiB | {:.1} MiB | {:.1} MiB |",
            self.workload.title,
            mib(|turn| turn.idle.now_kib),
            mib(|turn| turn.after.most_kib),
            mib(|turn| turn.after.now_kib),
        )
    }
}

impl Report {
    fn wrong(&self) -> u64 {
        self.rows.iter().map(Row::wrong).sum::<u64>()
            + self.sides.iter().map(Side::wrong).sum::<u64>()
            + self.full.as_ref().map_or(0, Full::wrong)
            + self.postgres.as_ref().map_or(0, Rounds::wrong)
    }

    fn meets_goals(&self) -> bool {
        self.rows.iter().all(Row::meets_goals)
            && side_by_side::meets_goal(&self.sides)
            && self.full.as_ref().is_none_or(Full::meets_goals)
            && self.polls.is_none_or(Polls::meets_goal)
            && self.postgres.as_ref().is_none_or(Rounds::meets_goal)
    }

    fn document(&self, args: &LoadArgs) -> String {
        let mut text = String::from(EXPLANATION);
        let _ = writeln!(text, "- machine: {}", machine());
        let _ = writeln!(text, "- commit: {}", commit());
        let _ = writeln!(
            text,
            "- command: `cargo xtask bench --seconds {} --rounds {} --connections {} --orders {}`\n",
            args.seconds, args.rounds, args.connections, args.orders
        );
        if !self.rows.is_empty() {
            text += "| work | gateway | floor | ratio, median (least-most) | goal | met | p50 | p99 | floor's p99 | CPU per answer, floor's | taken by others | wrong answers |\n";
            text += "|---|---|---|---|---|---|---|---|---|---|---|---|\n";
            for row in &self.rows {
                text += &row.line();
                text.push('\n');
            }
            text += "\n| resident memory of the gateway | idle (goal <= 30 MB) | most, under load (goal <= 128 MB) | right after |\n";
            text += "|---|---|---|---|\n";
            for row in &self.rows {
                text += &row.memory_line();
                text.push('\n');
            }
        }
        text += &side_by_side::table(&self.sides);
        text += &self.full.as_ref().map_or(String::new(), Full::table);
        text += &self.postgres.as_ref().map_or(String::new(), Rounds::table);
        text += &self.polls.map_or(String::new(), Polls::line);
        if let Some(Spread { median, min, max }) = self.starts_ms {
            let _ = writeln!(
                text,
                "\nStart to the first answer: {median:.0} ms ({min:.0}-{max:.0}), goal < 300 ms."
            );
        }
        text
    }
}

const EXPLANATION: &str = "\
# Benchmarks

Written by `cargo xtask bench --write`; do not edit. Figures of one machine say little, so each is put beside a floor
measured in the same minute: what the same HTTP stack does when it does almost nothing.

- F0: a constant answer. F1: F0, the body parsed, one HMAC checked. F2: F1 and one row of 300 bytes committed durably
  (SQLite, `synchronous=FULL`, all that waits in one transaction) before the answer.
- R: no server, RSA alone. As many threads as there are cores, each verifies one RSA-2048 signature and makes one, over
  and over (aws-lc-rs, keys loaded and parsed), for as long as the gateway's turn and with nothing else running.
- R': R, and between the two a block of RSA-2048 OAEP is opened, as a card comes.
- The real binary (`tillgate sandbox`) runs as its own process with its data on disk. The requests are signed before
  the clock starts; no two are the same where that matters. Each answer is looked at.
- CodePay's requests are signed (RSA2) before the clock starts too, on all cores; of its answers some 200 per turn have
  their signature checked after it. Its orders go to 200 terminals that are not connected.
- pay.merchant.checkout is a whole payment: signed and its card encrypted before the clock starts, answered when the
  sandbox's acquirer has approved it and order and ledger are stored, in the same process. It has no goal.
- A whole payment is a charge of a payer's code, the wallet's yes, the ledger's lines, the notification, which the bench
  acknowledges, and the till's question that is answered *paid*: three requests and three durable commits, counted as
  payments. PASSIVEPAY is one request that is answered when all but the notification is done.
- The simulated wallets run inside the measured process and keep every payment in memory: what they take of time and
  memory is in the gateway's figures. Of ACTIVEPAY's instructions a sixth is the wallet itself, and as much again
  speaking with it.
- The full store is made by `tillgate-bench fill`: orders of the last 30 days by the same rules, each paid, booked and its
  merchant told. *Query* asks about its orders there, everything else adds to it; *empty* is the same gateway on an
  empty store (for *query* on one of 20,000 such orders), in turns with it.
- The load generator is one thread on the same cores. Floor and gateway take turns, each turn on empty data. A
  round in which other processes took more than 5 % of the machine is made again, three times at most.
- Where the time goes, and why a goal is missed: [ADR 0030](adr/0030-where-the-time-goes.md).

";

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown", |(_, name)| name.trim());
    format!("{cores} cores, {model}, shared with the load generator")
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").args(arguments).output().ok().filter(|output| output.status.success());
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "unknown".to_owned() };
    let changed = git(&["status", "--porcelain"]).is_some_and(|changes| !changes.is_empty());
    if changed { format!("{commit} with changes") } else { commit }
}
