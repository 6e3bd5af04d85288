//! The same on a store with a past: each turn on an empty store is followed by one on a store with a million paid
//! orders. Questions are about the past on both sides, so there the other store has a short one. Then the gateway is killed
//! on the full store, in the middle of its work, and started again.
//!
//! Knows: the store is made once (`fill`) and kept for the next time; what the turns add to it is under one in ten.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::child::Recipe;
use crate::client::{Connection, get};
use crate::dice::Dice;
use crate::fill;
use crate::floor::GOOD;
use crate::load::{Shots, is_good};
use crate::till::Till;
use crate::turn::{Ground, Pace, Spread, Turn, gateway_recipe, noise, progress};
use crate::workloads::{Counter, Target, WORKLOADS, Workload, aimed, orders};
use crate::workloads_codepay::now_ms;

pub const NAME: &str = "full-store";
const GOAL: f64 = 0.90;
const RECOVERY_GOAL_MS: f64 = 2_000.0;
const KILLS: usize = 5;
/// The workloads, by name.
const MEASURED: [&str; 3] = ["create", "query", "payment"];
/// What the other store has where the past is asked about: a paid order costs more to show than one that waits.
const SHORT_PAST: u64 = 20_000;
/// Different orders that are asked about; too many to be in any cache of the gateway's own.
const ASKED_ABOUT: u64 = 200_000;

#[derive(Debug)]
struct Row {
    workload: &'static Workload,
    /// On the empty store, on the full one.
    rounds: Vec<(Turn, Turn)>,
}

#[derive(Debug)]
pub struct Full {
    orders: u64,
    gib: f64,
    rows: Vec<Row>,
    recovery_ms: Spread,
}

/// Where it is; made first if it is not there.
fn folder(program: &Path, orders: u64) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).context("no target folder")?;
    let folder = target.join("bench-data").join(format!("full-{orders}"));
    let is_whole = folder.join("whole");
    if !is_whole.exists() {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(folder.join("data"))?;
        eprintln!("making a store of {orders} orders");
        fill::fill(program, &folder.join("data"), orders)?;
        std::fs::write(is_whole, "")?;
    }
    Ok(folder)
}

pub fn measure(program: &Path, pace: Pace, rounds: usize, orders: u64, dice: &mut Dice) -> Result<Full> {
    let short = folder(program, SHORT_PAST)?;
    let folder = folder(program, orders)?;
    let bytes = std::fs::metadata(folder.join("data/tillgate.sqlite"))?.len();
    let mut rows = Vec::new();
    for workload in WORKLOADS.iter().filter(|workload| MEASURED.contains(&workload.name)) {
        let mut row = Row { workload, rounds: Vec::new() };
        for number in 1..=rounds {
            let (empty, past) = match workload.name {
                "query" => (full(program, &short, dice)?, Some(SHORT_PAST)),
                _ => (Ground::empty(gateway_recipe(program, dice)?), None),
            };
            let empty = turn(empty, pace, workload, past)?;
            let round = (empty, turn(full(program, &folder, dice)?, pace, workload, Some(orders))?);
            eprintln!("{NAME} {} {number}/{rounds}: {} (floor: empty)", workload.name, progress(&round));
            row.rounds.push(round);
        }
        rows.push(row);
    }
    let kills = (0..KILLS).map(|_| recovery_ms(program, &folder, dice)).collect::<Result<Vec<f64>>>()?;
    let gib = bytes as f64 / f64::from(1 << 30);
    Ok(Full { orders, gib, rows, recovery_ms: Spread::of(kills.into_iter()) })
}

fn full(program: &Path, folder: &Path, dice: &mut Dice) -> Result<Ground> {
    let recipe = Recipe::sandbox(program.to_owned(), folder, dice)?;
    Ok(Ground { recipe, keeps_data: true, counter: Counter::of_run(format!("{:x}-", now_ms())) })
}

/// Of a store with a past, the past is asked about.
fn turn(ground: Ground, pace: Pace, workload: &'static Workload, past: Option<u64>) -> Result<Turn> {
    ground.turn(pace, (workload.warm_up, workload.check), |target: Target<'_>, counter, act| match past {
        Some(orders) if workload.name == "query" => {
            let shots = past_queries(orders, act.count as u64);
            Ok(aimed(shots, target.address, act, true, r#""status":"paid""#))
        }
        _ => workload.prepare(target, counter, act),
    })
}

/// All over the past.
fn past_queries(orders: u64, count: u64) -> Shots {
    const STRIDE: u64 = 104_729;
    let till = Till::default();
    let mut shots = Shots::default();
    for place in 0..count.min(ASKED_ABOUT) {
        shots.push(&get(&till.query(&fill::reference(place * STRIDE % orders))));
    }
    shots
}

/// From its start after a `kill -9` until it answers; what it answers is right.
fn recovery_ms(program: &Path, folder: &Path, dice: &mut Dice) -> Result<f64> {
    let ground = full(program, folder, dice)?;
    let (running, _) = ground.recipe.start_and_wait()?;
    let (address, mut counter) = (running.address, ground.counter);
    let shots = orders(&mut counter, 100_000);
    let firing = std::thread::spawn(move || {
        let limit = Duration::from_secs(20);
        let act = crate::workloads::Act { connections: 64, count: 0, limit, keep_every: 0 };
        aimed(shots, address, act, false, GOOD)()
    });
    std::thread::sleep(Duration::from_millis(1_500));
    running.kill()?;
    let Ok(fired) = firing.join() else { bail!("a thread died") };
    let acknowledged = fired?.latency.count();
    let (running, took) = ground.recipe.start_and_wait()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut line = Connection::open(running.address).await?;
        let reply = line.get(&Till::default().query(&fill::reference(7))).await?;
        ensure!(is_good(&reply, r#""status":"paid""#), "after the kill it answered {}", reply.text());
        anyhow::Ok(())
    })?;
    running.stop()?;
    let ms = took.as_secs_f64() * 1_000.0;
    eprintln!("{NAME}: killed after {acknowledged} new orders, answers again after {ms:.0} ms");
    Ok(ms)
}

impl Row {
    fn ratio(&self) -> Spread {
        let ratio = |(empty, full): &(Turn, Turn)| full.measured.per_second() / empty.measured.per_second();
        Spread::of(self.rounds.iter().map(ratio))
    }

    fn middle(&self, value: impl Fn(&(Turn, Turn)) -> f64) -> f64 {
        Spread::of(self.rounds.iter().map(value)).median
    }
}

impl Full {
    pub fn wrong(&self) -> u64 {
        let rounds = self.rows.iter().flat_map(|row| &row.rounds);
        rounds.map(|(empty, full)| empty.measured.wrong + full.measured.wrong).sum()
    }

    pub fn meets_goals(&self) -> bool {
        self.rows.iter().all(|row| row.ratio().median >= GOAL) && self.recovery_ms.median < RECOVERY_GOAL_MS
    }

    pub fn table(&self) -> String {
        let mut text = format!(
            "\n| with {} orders in the store ({:.1} GiB) | full | empty | ratio, median (least-most) | goal | met | CPU per answer, empty's | taken by others | most memory |\n|---|---|---|---|---|---|---|---|---|\n",
            self.orders, self.gib
        );
        for row in &self.rows {
            let ratio = row.ratio();
            let most_kib = |(_, full): &(Turn, Turn)| full.after.most_kib as f64;
            let _ = writeln!(
                text,
                "| {} | {:.0}/s | {:.0}/s | **{:.2}** ({:.2}-{:.2}) | >= {GOAL:.2} | {} | {:.1} us, {:.1} us | {:.0} % | {:.0} MiB |",
                row.workload.title,
                row.middle(|(_, full)| full.measured.per_second()),
                row.middle(|(empty, _)| empty.measured.per_second()),
                ratio.median,
                ratio.min,
                ratio.max,
                if ratio.median >= GOAL { "yes" } else { "**no**" },
                row.middle(|(_, full)| full.cpu_us()),
                row.middle(|(empty, _)| empty.cpu_us()),
                100.0 * Spread::of(row.rounds.iter().map(noise)).max,
                Spread::of(row.rounds.iter().map(most_kib)).max / 1_024.0,
            );
        }
        let Spread { median, min, max } = self.recovery_ms;
        let _ = writeln!(
            text,
            "\nKilled (`kill -9`) at work there and started again, until the first answer: {median:.0} ms ({min:.0}-{max:.0}), goal < {RECOVERY_GOAL_MS:.0} ms.",
        );
        text
    }
}
