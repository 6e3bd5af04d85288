//! `load`: floor and gateway in turns, because the machine is noisy; the ratio of each round, then the table.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::child::{self, Memory, READY, Recipe, Running};
use crate::dice::Dice;
use crate::floor::{Floor, GOOD};
use crate::load::{Fire, Measured, Shots, fire};
use crate::noise::Noise;
use crate::workloads::{Counter, MANY, Target, WORKLOADS, Workload, orders};
use crate::{rsa, side_by_side};

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

const WARM_UP: Duration = Duration::from_secs(1);
/// So many answers are looked at closely, where that is worth it.
const LOOKED_AT: u64 = 200;
const STARTS: usize = 5;
/// A round in which others took more of the machine is made again.
const QUIET_ENOUGH: f64 = 0.05;
/// So often at most; then the quietest counts.
const TRIES: usize = 3;

/// One floor or gateway in one round.
#[derive(Debug)]
struct Turn {
    measured: Measured,
    /// Of the machine, taken by others.
    noise: f64,
    server_cpu_s: f64,
    idle: Memory,
    after: Memory,
}

#[derive(Debug)]
struct Row {
    workload: &'static Workload,
    rounds: Vec<(Turn, Turn)>,
}

/// Middle, least, most.
#[derive(Debug, Clone, Copy)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        let last = sorted.len().saturating_sub(1);
        let median = (at(last / 2) + at(last.div_ceil(2))) / 2.0;
        Self { median, min: at(0), max: at(last) }
    }
}

pub fn run(args: &LoadArgs) -> Result<bool> {
    let program = args.binary.clone().map_or_else(|| child::beside("tillgate"), Ok)?;
    let mut dice = Dice::new(u64::from(std::process::id()));
    let mut rows = Vec::new();
    for workload in WORKLOADS {
        if args.workload.as_deref().is_none_or(|only| only == workload.name) {
            rows.push(Row { workload, rounds: measure(args, &program, workload, &mut dice)? });
        }
    }
    let sides = side_by_side(args, &program, &mut dice)?;
    if rows.is_empty() && sides.is_empty() {
        let known: Vec<&str> = WORKLOADS.iter().map(|workload| workload.name).collect();
        bail!("no such workload; there are {}, {}", known.join(", "), side_by_side::NAME);
    }
    let starts = (0..STARTS).map(|_| start_time_ms(&program, &mut dice)).collect::<Result<Vec<f64>>>()?;
    let text = document(args, (&rows, &sides), Spread::of(starts.into_iter()));
    println!("\n{text}");
    if let Some(path) = &args.write {
        std::fs::write(path, &text).with_context(|| format!("writing {}", path.display()))?;
    }
    let right = rows.iter().all(|row| row.wrong() == 0) && sides.iter().all(|side| side.wrong() == 0);
    if !right {
        println!("some answers were wrong");
    }
    let met = rows.iter().all(Row::meets_goals) && side_by_side::meets_goal(&sides);
    Ok(right && (!args.strict || met))
}

fn side_by_side(args: &LoadArgs, program: &Path, dice: &mut Dice) -> Result<Vec<side_by_side::Side>> {
    let wanted = args.workload.as_deref().is_none_or(|only| only == side_by_side::NAME);
    let rounds = if wanted { args.rounds } else { 0 };
    let limit = Duration::from_secs(args.seconds);
    let round = |number: usize| {
        let side = side_by_side::measure(program, limit, args.connections, dice)?;
        eprintln!("{} {}/{}: {}", side_by_side::NAME, number + 1, args.rounds, side.progress());
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
    let floor = match workload.floor.bare() {
        Some(cost) => bare_turn(args, cost)?,
        None => {
            let orders = |_: Target<'_>, counter: &mut Counter, count| Ok(orders(counter, count));
            let how = Shooting { again: false, marker: GOOD, warm_up: MANY, check: None };
            turn(args, floor_recipe(workload.floor, dice)?, &how, orders)?
        }
    };
    let folder = child::fresh_folder("gateway")?;
    let recipe = Recipe::sandbox(program.to_owned(), &folder, dice)?;
    let Workload { again, marker, warm_up, check, .. } = *workload;
    Ok((floor, turn(args, recipe, &Shooting { again, marker, warm_up, check }, workload.shots)?))
}

fn noise((floor, gateway): &(Turn, Turn)) -> f64 {
    floor.noise.max(gateway.noise)
}

fn progress(round: &(Turn, Turn)) -> String {
    let (floor, gateway) = (&round.0.measured, &round.1.measured);
    format!(
        "floor {:.0}/s, gateway {:.0}/s = {:.2}; p99 {:.1} and {:.1} ms; others took {:.0} %; {} wrong {}",
        floor.per_second(),
        gateway.per_second(),
        gateway.per_second() / floor.per_second(),
        floor.latency.quantile_ms(0.99),
        gateway.latency.quantile_ms(0.99),
        100.0 * noise(round),
        floor.wrong + gateway.wrong,
        gateway.first_wrong.as_deref().or(floor.first_wrong.as_deref()).unwrap_or_default(),
    )
}

fn floor_recipe(floor: Floor, dice: &mut Dice) -> Result<Recipe> {
    let folder = child::fresh_folder(floor.word())?;
    let address = child::free_address(dice)?;
    let data = folder.display().to_string();
    let arguments = ["floor", floor.word(), "--listen", &address.to_string(), "--data-dir", &data];
    Ok(Recipe {
        program: std::env::current_exe()?,
        arguments: arguments.map(str::to_owned).to_vec(),
        environment: Vec::new(),
        address,
        ready: READY,
        log: folder.join("log.txt"),
    })
}

/// How a server is fired at.
struct Shooting {
    again: bool,
    marker: &'static str,
    warm_up: usize,
    check: Option<Check>,
}

type Check = fn(SocketAddr, &[Vec<u8>]) -> Result<Vec<String>>;

/// Starts a server, warms it up, fires at it, and takes it away again with its data.
fn turn(
    args: &LoadArgs,
    recipe: Recipe,
    shooting: &Shooting,
    make: impl Fn(Target<'_>, &mut Counter, usize) -> Result<Shots>,
) -> Result<Turn> {
    let (running, _) = recipe.start_and_wait()?;
    std::thread::sleep(Duration::from_millis(300));
    let idle = running.memory();
    let mut counter = Counter::default();
    let Shooting { again, marker, warm_up, check } = *shooting;
    let (address, connections) = (running.address, args.connections);
    let data = recipe.log.with_file_name("data");
    let target = Target { address, data: &data };
    let warm = make(target, &mut counter, warm_up)?;
    let warm = fire(warm, Fire { address, connections, limit: WARM_UP, again, marker, keep_every: 0 })?;
    let limit = Duration::from_secs(args.seconds);
    let enough = warm.per_second() * limit.as_secs_f64();
    let keep_every =
        if check.is_some() { (enough as u64 / LOOKED_AT / connections as u64).max(1) } else { 0 };
    let shots = make(target, &mut counter, (enough * 1.6) as usize + warm_up / 9)?;
    let listening = Noise::listen(running.id());
    let mut measured = fire(shots, Fire { address, connections, limit, again, marker, keep_every })?;
    let (noise, server_cpu_s) = (listening.share(), listening.server_cpu_s());
    let after = running.memory();
    for wrong in check.map(|check| check(address, &measured.kept)).transpose()?.into_iter().flatten() {
        measured.note_wrong(wrong);
    }
    end(running, &recipe)?;
    Ok(Turn { measured, noise, server_cpu_s, idle, after })
}

/// R or R', in this process.
fn bare_turn(args: &LoadArgs, cost: rsa::Cost) -> Result<Turn> {
    rsa::measure(cost, Duration::from_millis(200))?;
    let listening = Noise::listen_alone();
    let measured = rsa::measure(cost, Duration::from_secs(args.seconds))?;
    let (noise, server_cpu_s) = (listening.share(), listening.server_cpu_s());
    Ok(Turn { measured, noise, server_cpu_s, idle: Memory::default(), after: Memory::default() })
}

fn end(running: Running, recipe: &Recipe) -> Result<()> {
    if recipe.arguments.first().is_some_and(|word| word == "floor") {
        running.kill()?;
    } else {
        running.stop().with_context(|| recipe.last_words())?;
    }
    if let Some(folder) = recipe.log.parent() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}

/// On a data folder that exists, as after a restart.
fn start_time_ms(program: &Path, dice: &mut Dice) -> Result<f64> {
    let folder = child::fresh_folder("start")?;
    let recipe = Recipe::sandbox(program.to_owned(), &folder, dice)?;
    recipe.start_and_wait()?.0.stop()?;
    let (running, took) = recipe.start_and_wait()?;
    end(running, &recipe)?;
    Ok(took.as_secs_f64() * 1_000.0)
}

impl Turn {
    fn cpu_us(&self) -> f64 {
        self.server_cpu_s * 1e6 / self.measured.latency.count().max(1) as f64
    }
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

fn document(args: &LoadArgs, (rows, sides): (&[Row], &[side_by_side::Side]), start_ms: Spread) -> String {
    let mut text = String::from(EXPLANATION);
    let _ = writeln!(text, "- machine: {}", machine());
    let _ = writeln!(text, "- commit: {}", commit());
    let _ = writeln!(
        text,
        "- command: `cargo xtask bench --seconds {} --rounds {} --connections {}`\n",
        args.seconds, args.rounds, args.connections
    );
    text += "| work | gateway | floor | ratio, median (least-most) | goal | met | p50 | p99 | floor's p99 | CPU per answer, floor's | taken by others | wrong answers |\n";
    text += "|---|---|---|---|---|---|---|---|---|---|---|---|\n";
    for row in rows {
        text += &row.line();
        text.push('\n');
    }
    text += "\n| resident memory of the gateway | idle (goal <= 30 MB) | most, under load (goal <= 128 MB) | right after |\n";
    text += "|---|---|---|---|\n";
    for row in rows {
        text += &row.memory_line();
        text.push('\n');
    }
    text += &side_by_side::table(sides);
    let _ = writeln!(
        text,
        "\nStart to the first answer: {:.0} ms ({:.0}-{:.0}), goal < 300 ms.",
        start_ms.median, start_ms.min, start_ms.max
    );
    text
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
- A whole payment is one request that is answered when the sandbox's wallet has paid, and the order and the ledger's
  lines are stored: two durable commits, the charge between them, and the wallet itself in the same process. It is
  counted as payments.
- The load generator is one thread on the same cores. Floor and gateway take turns, each turn on empty data. A
  round in which other processes took more than 5 % of the machine is made again, three times at most.

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
