//! `crash`: kill -9 at random instants, over and over on the same data, and nothing acknowledged may be lost.
//!
//! Points come in rounds. After each restart some of what was acknowledged last is asked for at once; at the end of
//! a round everything settles and every order is compared with the wallet, the store and the notifications.

pub mod audit;
mod audit_ottpay;
mod book;
mod book_ottpay;
pub mod check;
mod check_ottpay;
#[cfg(test)]
mod check_ottpay_tests;
#[cfg(test)]
mod check_tests;
mod codepay;
mod desk_ottpay;
pub mod home;
mod line;
mod receiver;
pub mod reckoning;
mod shop;
mod shop_ottpay;
pub mod sides;

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};
use tillgate_scratch::{Cluster as Server, Options as ServerOptions};
use tokio::task::LocalSet;

use crate::child::{self, Recipe};
use crate::dice::Dice;
use check::{Finding, Kind};
use home::Home;
use reckoning::Count;
use sides::{Crowd, Sides, Then};

#[derive(Debug, clap::Args)]
pub struct CrashArgs {
    /// How often the gateway is killed.
    #[arg(long, default_value_t = 300)]
    points: u32,
    /// The same seed makes the same choices; chance of its own if absent.
    #[arg(long)]
    seed: Option<u64>,
    /// Kills on one data folder.
    #[arg(long, default_value_t = 500)]
    round: u32,
    #[command(flatten)]
    crowd: Crowd,
    /// Where the gateway keeps everything.
    #[arg(long, value_enum, default_value_t)]
    database: Kept,
    /// The gateway; beside this program if absent.
    #[arg(long)]
    binary: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Kept {
    #[default]
    Sqlite,
    /// A server of its own, which is not killed.
    Postgres,
}

/// Short enough that open orders end while the test runs.
pub const LIFETIMES: [(&str, &str); 2] =
    [("TILLGATE_ORDERS__LIFETIME_S", "15"), ("TILLGATE_ORDERS__BARCODE_LIFETIME_S", "12")];
/// The load before a kill, ms.
const LOAD_MS: (u64, u64) = (10, 250);
/// Of a hundred, so many go on for longer: a terminal that lost its line takes half a second to come back.
const LONG_PERCENT: u64 = 30;
const LONG_LOAD_MS: (u64, u64) = (400, 1_300);
/// So many of a hundred kills come while it starts.
const STARTING_PERCENT: u64 = 12;

#[derive(Debug, Default)]
struct Kills {
    points: u32,
    while_starting: u32,
}

pub fn run(args: &CrashArgs) -> Result<bool> {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let seed = args.seed.unwrap_or(clock.as_nanos() as u64 % 1_000_000_000);
    println!("{} kill points, seed {seed}", args.points);
    let mut dice = Dice::new(seed);
    let (mut kills, mut count) = (Kills::default(), Count::default());
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    while kills.points < args.points {
        let points = args.round.max(1).min(args.points - kills.points);
        let round = round(args, points, dice.fork(), (&mut kills, &mut count));
        LocalSet::new().block_on(&runtime, round).with_context(|| format!("seed {seed}"))?;
        println!("{} points after {} s", kills.points, started.elapsed().as_secs());
    }
    let is_clean = count.report();
    println!("crash test: {} kills ({} while starting); seed {seed}", kills.points, kills.while_starting);
    println!("{count}");
    Ok(is_clean)
}

/// Kills on one data folder, then the reckoning. The folder stays if something was found.
async fn round(
    args: &CrashArgs,
    points: u32,
    mut dice: Dice,
    (kills, count): (&mut Kills, &mut Count),
) -> Result<()> {
    let program = args.binary.clone().map_or_else(|| child::beside("tillgate"), Ok)?;
    let folder = child::fresh_folder("crash")?;
    let mut recipe = Recipe::sandbox(program, &folder, &mut dice)?;
    recipe.environment.extend(LIFETIMES.map(|(name, value)| (name, value.to_owned())));
    let mut sides = Sides::new(&folder, recipe.address, &mut dice).await?;
    let data = folder.join("data");
    let (_server, home) = match args.database {
        Kept::Sqlite => (None, Home::new(&data)),
        Kept::Postgres => {
            let server = Server::start(&ServerOptions::default())?;
            let address = server.fresh_database()?;
            recipe.environment.push(("TILLGATE_DATABASE", address.clone()));
            (Some(server), Home::shared(&data, &address))
        }
    };
    let findings_before = count.findings.len();
    // Measured as we go, so that kills while it starts come while it starts.
    let mut start_ms = 50;
    for point in 0..points {
        kills.points += 1;
        // The first start makes the folder and the merchants: kill that one in every other round.
        let starting = dice.percent(if point < 3 { 50 } else { STARTING_PERCENT });
        if starting {
            kills.while_starting += 1;
            let running = recipe.start()?;
            tokio::time::sleep(Duration::from_micros(dice.between(0, start_ms * 1_200))).await;
            running.kill()?;
            continue;
        }
        let (running, took) = recipe.start_and_wait().with_context(|| format!("after {point} kills"))?;
        start_ms = took.as_millis() as u64;
        sides.terminals.introduce(&home).await?;
        count.findings.extend(sides.sample(running.address, &mut dice).await?);
        sides.terminals.gateway_is_back(&mut dice);
        let tills = sides.open(args.crowd, running.address, Then::Ends, &mut dice);
        let range = if dice.percent(LONG_PERCENT) { LONG_LOAD_MS } else { LOAD_MS };
        sides.wait(Duration::from_millis(dice.between(range.0, range.1)), &mut dice).await;
        running.kill()?;
        for till in tills {
            till.await?;
        }
    }
    reckon(&recipe, &mut sides, &home, count).await?;
    if count.findings.len() == findings_before {
        std::fs::remove_dir_all(&folder)?;
    } else {
        let kept = child::fresh_folder(&format!("crash-found-{}", kills.points))?;
        std::fs::rename(&folder, &kept)?;
        println!("the data is kept in {}", kept.display());
    }
    Ok(())
}

/// Starts it for the last time, lets everything come to rest, and compares all sides.
async fn reckon(recipe: &Recipe, sides: &mut Sides, home: &Home, count: &mut Count) -> Result<()> {
    let (running, _) = recipe.start_and_wait().context("after the last kill")?;
    count.settle(sides, home, running.address).await.with_context(|| recipe.last_words())?;
    running.stop().with_context(|| recipe.last_words())?;
    count.findings.extend(audit::books(home, &[&recipe.log]).await?);
    let faults = std::mem::take(&mut sides.book.borrow_mut().faults);
    let fault =
        |text: String| Finding::new(Kind::OneSided, format!("{} faults, one of them: {text}", faults.count));
    count.findings.extend(faults.first.into_iter().map(fault));
    Ok(())
}
