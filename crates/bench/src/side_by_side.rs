//! Two protocols on one gateway: Latipay's orders, which cost microseconds, at an even pace, first alone, then beside
//! CodePay's, which cost half a millisecond of RSA and come as fast as they are answered. The one must not make the
//! other wait.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::task::JoinSet;

use crate::child::{self, Recipe};
use crate::client::Connection;
use crate::dice::Dice;
use crate::floor::GOOD;
use crate::histogram::Histogram;
use crate::load::{Fire, Measured, Shots, fire, is_good};
use crate::workloads::{Counter, Target, orders};
use crate::workloads_codepay::{CREATE, orders as codepay_orders};

pub const NAME: &str = "side-by-side";
/// Latipay's orders per second: far from what the machine can do.
const PACE: usize = 1_000;
/// The p99 they must keep to, ms.
const P99_GOAL_MS: f64 = 3.0;
/// More than CodePay can be asked in a second.
const CODEPAY_PER_SECOND: usize = 5_000;

/// One round; all on the same gateway.
#[derive(Debug)]
pub struct Side {
    alone: Measured,
    beside: Measured,
    codepay: Measured,
}

impl Side {
    pub fn wrong(&self) -> u64 {
        self.alone.wrong + self.beside.wrong + self.codepay.wrong
    }

    pub fn progress(&self) -> String {
        let first =
            [&self.alone, &self.beside, &self.codepay].into_iter().find_map(|one| one.first_wrong.as_deref());
        format!(
            "Latipay p99 {:.1} ms alone, {:.1} ms beside; CodePay {:.0}/s; {} wrong {}",
            self.alone.latency.quantile_ms(0.99),
            self.beside.latency.quantile_ms(0.99),
            self.codepay.per_second(),
            self.wrong(),
            first.unwrap_or_default(),
        )
    }
}

pub fn measure(program: &Path, limit: Duration, connections: usize, dice: &mut Dice) -> Result<Side> {
    let folder = child::fresh_folder("gateway")?;
    let recipe = Recipe::sandbox(program.to_owned(), &folder, dice)?;
    let (running, _) = recipe.start_and_wait()?;
    let (mut counter, address) = (Counter::default(), running.address);
    let data = folder.join("data");
    let seconds = limit.as_secs() as usize + 2;
    let latipay = |counter: &mut Counter| orders(counter, PACE * seconds);
    let codepay =
        codepay_orders(Target { address, data: &data }, &mut counter, CODEPAY_PER_SECOND * seconds)?;
    paced(latipay(&mut counter), address, connections, Duration::from_secs(1))?;
    let alone = paced(latipay(&mut counter), address, connections, limit)?;
    let shots = latipay(&mut counter);
    // A second before and after, so that the one is never alone.
    let around = limit + Duration::from_secs(2);
    let how =
        Fire { address, connections, limit: around, again: false, marker: CREATE.marker, keep_every: 0 };
    let (beside, codepay) = std::thread::scope(|scope| {
        let heavy = scope.spawn(|| fire(codepay, how));
        std::thread::sleep(Duration::from_secs(1));
        let beside = paced(shots, address, connections, limit);
        (beside, heavy.join().unwrap_or_else(|_| Err(anyhow!("a thread died"))))
    });
    running.stop()?;
    std::fs::remove_dir_all(&folder)?;
    Ok(Side { alone, beside: beside?, codepay: codepay? })
}

/// Fires at an even pace whatever the answers take. A request that had to wait for the one before it on its connection
/// is timed from when it was due.
fn paced(shots: Shots, address: SocketAddr, connections: usize, limit: Duration) -> Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let shots = std::sync::Arc::new(shots);
        let mut lines = Vec::new();
        for _ in 0..connections {
            lines.push(Connection::open(address).await?);
        }
        let started = Instant::now();
        let mut all = JoinSet::new();
        for (number, line) in lines.into_iter().enumerate() {
            all.spawn(one_line(line, shots.clone(), (number, connections), (started, limit)));
        }
        let mut measured = Measured::default();
        while let Some(one) = all.join_next().await {
            let (latency, wrong) = one?;
            measured.latency.merge(&latency);
            for what in wrong {
                measured.note_wrong(what);
            }
        }
        measured.elapsed = started.elapsed();
        Ok(measured)
    })
}

async fn one_line(
    mut line: Connection,
    shots: std::sync::Arc<Shots>,
    (number, lines): (usize, usize),
    (started, limit): (Instant, Duration),
) -> (Histogram, Vec<String>) {
    let (mut latency, mut wrong) = (Histogram::default(), Vec::new());
    for place in (number..shots.len()).step_by(lines) {
        let due = started + Duration::from_secs_f64(place as f64 / PACE as f64);
        if due >= started + limit {
            break;
        }
        let is_late = Instant::now() > due;
        tokio::time::sleep_until(due.into()).await;
        // The timer's own delay is not the gateway's.
        let since = if is_late { due } else { Instant::now() };
        match line.exchange(shots.get(place)).await {
            Ok(reply) if is_good(&reply, GOOD) => latency.record(since.elapsed()),
            Ok(reply) => wrong.push(reply.text()),
            Err(error) => {
                wrong.push(error.to_string());
                break;
            }
        }
    }
    (latency, wrong)
}

/// The middle of the rounds.
fn middle(rounds: &[Side], value: impl Fn(&Side) -> f64) -> f64 {
    let mut sorted: Vec<f64> = rounds.iter().map(value).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

pub fn meets_goal(rounds: &[Side]) -> bool {
    rounds.is_empty() || middle(rounds, |side| side.beside.latency.quantile_ms(0.99)) <= P99_GOAL_MS
}

pub fn table(rounds: &[Side]) -> String {
    let mut text = String::new();
    if rounds.is_empty() {
        return text;
    }
    let times = |of: fn(&Side) -> &Measured| {
        let quantile = |share| middle(rounds, |side| of(side).latency.quantile_ms(share));
        format!("{:.1} ms | {:.1} ms", quantile(0.5), quantile(0.99))
    };
    let codepay = middle(rounds, |side| side.codepay.per_second());
    text += "\n| side by side on one gateway | CodePay's rate | p50 | p99 | goal | met |\n|---|---|---|---|---|---|\n";
    let _ = writeln!(
        text,
        "| Latipay: {PACE} orders/s at an even pace, alone | | {} | | |",
        times(|side| &side.alone)
    );
    let _ = writeln!(
        text,
        "| the same, and CodePay orders as fast as they are answered | {codepay:.0}/s | {} | p99 <= {P99_GOAL_MS} ms | {} |",
        times(|side| &side.beside),
        if meets_goal(rounds) { "yes" } else { "**no**" },
    );
    text
}
