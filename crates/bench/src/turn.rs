//! One turn of one server: started, warmed up, measured, looked at, taken away.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::child::{self, Memory, READY, Recipe, Running};
use crate::dice::Dice;
use crate::floor::Floor;
use crate::load::Measured;
use crate::noise::Noise;
use crate::rsa;
use crate::workloads::{Act, Check, Counter, Ready, Target};

const WARM_UP: Duration = Duration::from_secs(1);
/// So many answers are looked at closely, where that is worth it.
const LOOKED_AT: u64 = 200;

/// How long, and over how many connections.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub limit: Duration,
    pub connections: usize,
}

/// One floor or gateway in one round.
#[derive(Debug)]
pub struct Turn {
    pub measured: Measured,
    /// Of the machine, taken by others.
    pub noise: f64,
    pub server_cpu_s: f64,
    pub idle: Memory,
    pub after: Memory,
}

/// Middle, least, most.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        let last = sorted.len().saturating_sub(1);
        let median = (at(last / 2) + at(last.div_ceil(2))) / 2.0;
        Self { median, min: at(0), max: at(last) }
    }
}

/// The server of a turn.
#[derive(Debug)]
pub struct Ground {
    pub recipe: Recipe,
    /// It is there before and after the turn; otherwise it goes with the server.
    pub keeps_data: bool,
    pub counter: Counter,
}

impl Ground {
    pub fn empty(recipe: Recipe) -> Self {
        Self { recipe, keeps_data: false, counter: Counter::default() }
    }

    /// Starts the server, warms it up, measures, and takes it away again.
    pub fn turn(
        self,
        pace: Pace,
        (warm_up, check): (usize, Option<Check>),
        prepare: impl Fn(Target<'_>, &mut Counter, Act) -> Result<Ready>,
    ) -> Result<Turn> {
        let Self { recipe, keeps_data, mut counter } = self;
        let (running, _) = recipe.start_and_wait()?;
        std::thread::sleep(Duration::from_millis(300));
        let idle = running.memory();
        let Pace { limit, connections } = pace;
        let address = running.address;
        let data = recipe.log.with_file_name("data");
        let target = Target { address, data: &data };
        let act = Act { connections, count: warm_up, limit: WARM_UP, keep_every: 0 };
        let warm = prepare(target, &mut counter, act)?()?;
        let enough = warm.per_second() * limit.as_secs_f64();
        let keep_every =
            if check.is_some() { (enough as u64 / LOOKED_AT / connections as u64).max(1) } else { 0 };
        let count = (enough * 1.6) as usize + warm_up / 9;
        let ready = prepare(target, &mut counter, Act { connections, count, limit, keep_every })?;
        let listening = Noise::listen(running.id());
        let mut measured = ready()?;
        let (noise, server_cpu_s) = (listening.share(), listening.server_cpu_s());
        let after = running.memory();
        for wrong in check.map(|check| check(address, &measured.kept)).transpose()?.into_iter().flatten() {
            measured.note_wrong(wrong);
        }
        end(running, &recipe, keeps_data)?;
        Ok(Turn { measured, noise, server_cpu_s, idle, after })
    }
}

/// R or R', in this process.
pub fn bare_turn(cost: rsa::Cost, limit: Duration) -> Result<Turn> {
    rsa::measure(cost, Duration::from_millis(200))?;
    let listening = Noise::listen_alone();
    let measured = rsa::measure(cost, limit)?;
    let (noise, server_cpu_s) = (listening.share(), listening.server_cpu_s());
    Ok(Turn { measured, noise, server_cpu_s, idle: Memory::default(), after: Memory::default() })
}

pub fn floor_recipe(floor: Floor, dice: &mut Dice) -> Result<Recipe> {
    let folder = child::fresh_folder(floor.word())?;
    let address = child::free_address(dice)?;
    let data = folder.display().to_string();
    let arguments = ["floor", floor.word(), "--listen", &address.to_string(), "--data-dir", &data];
    Ok(Recipe {
        program: std::env::current_exe()?,
        arguments: arguments.map(str::to_owned).to_vec(),
        environment: Vec::new(),
        address,
        admin: address,
        ready: READY,
        log: folder.join("log.txt"),
    })
}

pub fn gateway_recipe(program: &Path, dice: &mut Dice) -> Result<Recipe> {
    let folder = child::fresh_folder("gateway")?;
    Recipe::sandbox(PathBuf::from(program), &folder, dice)
}

fn end(running: Running, recipe: &Recipe, keeps_data: bool) -> Result<()> {
    if recipe.arguments.first().is_some_and(|word| word == "floor") {
        running.kill()?;
    } else {
        running.stop().with_context(|| recipe.last_words())?;
    }
    if let Some(folder) = recipe.log.parent().filter(|_| !keeps_data) {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}

/// On a data folder that exists, as after a restart.
pub fn start_time_ms(program: &Path, dice: &mut Dice) -> Result<f64> {
    let folder = child::fresh_folder("start")?;
    let recipe = Recipe::sandbox(program.to_owned(), &folder, dice)?;
    recipe.start_and_wait()?.0.stop()?;
    let (running, took) = recipe.start_and_wait()?;
    end(running, &recipe, false)?;
    Ok(took.as_secs_f64() * 1_000.0)
}

impl Turn {
    pub fn cpu_us(&self) -> f64 {
        self.server_cpu_s * 1e6 / self.measured.latency.count().max(1) as f64
    }
}

/// What of the machine others took of a round.
pub fn noise((one, other): &(Turn, Turn)) -> f64 {
    one.noise.max(other.noise)
}

/// Both turns, for who waits for the table.
pub fn progress(round: &(Turn, Turn)) -> String {
    let (floor, gateway) = (&round.0.measured, &round.1.measured);
    format!(
        "floor {:.0}/s, gateway {:.0}/s = {:.2}; p99 {:.1} and {:.1} ms; CPU {:.1} and {:.1} us; others took {:.0} %; {} wrong {}",
        floor.per_second(),
        gateway.per_second(),
        gateway.per_second() / floor.per_second(),
        floor.latency.quantile_ms(0.99),
        gateway.latency.quantile_ms(0.99),
        round.0.cpu_us(),
        round.1.cpu_us(),
        100.0 * noise(round),
        floor.wrong + gateway.wrong,
        gateway.first_wrong.as_deref().or(floor.first_wrong.as_deref()).unwrap_or_default(),
    )
}
