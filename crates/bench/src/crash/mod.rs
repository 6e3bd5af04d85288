//! `crash`: kill -9 at random instants, over and over on the same data, and nothing acknowledged may be lost.
//!
//! Points come in rounds. After each restart some of what was acknowledged last is asked for at once; at the end of
//! a round everything settles and every order is compared with the wallet, the store and the notifications.

mod audit;
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
mod receiver;
mod shop;
mod shop_ottpay;

use std::cell::{OnceCell, RefCell};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};
use tokio::task::{JoinHandle, LocalSet, spawn_local};

use crate::child::{self, Recipe};
use crate::client::Connection;
use crate::codepay_till::CodePayTill;
use crate::dice::Dice;
use crate::ottpay_till::OttTill;
use crate::till::Till;
use audit_ottpay::Coverage;
use book::Book;
use check::{Finding, KINDS, Kind};
use desk_ottpay::Desk;
use receiver::Receiver;
use shop::Shop;

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
    /// Tills of Latipay that sell at the same time.
    #[arg(long, default_value_t = 12)]
    tills: u32,
    /// Tills of OTT Pay beside them.
    #[arg(long, default_value_t = 12)]
    ottpay_tills: u32,
    /// Registers of CodePay, which send orders to card terminals.
    #[arg(long, default_value_t = 8)]
    codepay_tills: u32,
    /// Web shops of CodePay, which are given cards.
    #[arg(long, default_value_t = 6)]
    codepay_shops: u32,
    /// The gateway; beside this program if absent.
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// Short enough that open orders end while the test runs.
const LIFETIMES: [(&str, &str); 2] =
    [("TILLGATE_ORDERS__LIFETIME_S", "15"), ("TILLGATE_ORDERS__BARCODE_LIFETIME_S", "12")];
/// The load before a kill, ms.
const LOAD_MS: (u64, u64) = (10, 250);
/// Of a hundred, so many go on for longer: a terminal that lost its line takes half a second to come back.
const LONG_PERCENT: u64 = 30;
const LONG_LOAD_MS: (u64, u64) = (400, 1_300);
/// How often a terminal may lose its power.
const CUT_EVERY: Duration = Duration::from_millis(60);
/// So many of a hundred kills come while it starts.
const STARTING_PERCENT: u64 = 12;
/// Acknowledged orders asked for right after a restart.
const SAMPLE: usize = 25;
/// Findings that are printed; all are counted.
const SHOWN: usize = 30;

#[derive(Debug, Default)]
struct Count {
    points: u32,
    while_starting: u32,
    orders: usize,
    notices: usize,
    findings: Vec<Finding>,
    ottpay: Coverage,
    codepay: codepay::audit::Coverage,
}

pub fn run(args: &CrashArgs) -> Result<bool> {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let seed = args.seed.unwrap_or(clock.as_nanos() as u64 % 1_000_000_000);
    println!("{} kill points, seed {seed}", args.points);
    let mut dice = Dice::new(seed);
    let mut count = Count::default();
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    while count.points < args.points {
        let points = args.round.max(1).min(args.points - count.points);
        let round = round(args, points, dice.fork(), &mut count);
        LocalSet::new().block_on(&runtime, round).with_context(|| format!("seed {seed}"))?;
        println!("{} points after {} s", count.points, started.elapsed().as_secs());
    }
    Ok(summary(&count, seed))
}

fn summary(count: &Count, seed: u64) -> bool {
    for finding in count.findings.iter().take(SHOWN) {
        println!("{:?}: {}", finding.kind, finding.text);
    }
    let of = |kind: Kind| count.findings.iter().filter(|finding| finding.kind == kind).count();
    let kinds: Vec<String> =
        KINDS.iter().map(|kind| format!("{} {}", of(*kind), format!("{kind:?}").to_lowercase())).collect();
    println!(
        "crash test: {} kills ({} while starting), {} orders acknowledged, {} notifications: {}; seed {seed}",
        count.points,
        count.while_starting,
        count.orders,
        count.notices,
        kinds.join(", ")
    );
    println!("of them OTT Pay: {}", count.ottpay);
    println!("of them CodePay: {}", count.codepay);
    count.findings.is_empty()
}

/// The merchants with their tills, and the terminals: all that outlives the gateway.
struct Sides {
    book: Rc<RefCell<Book>>,
    shop: Rc<Shop>,
    desk: Rc<Desk>,
    counter: Rc<codepay::Desk>,
    terminals: codepay::Terminals,
}

impl Sides {
    async fn new(folder: &Path, address: SocketAddr, dice: &mut Dice) -> Result<Self> {
        let book = Rc::new(RefCell::new(Book::default()));
        let key = Rc::new(OnceCell::new());
        let receiver = Receiver { book: book.clone(), codepay_key: key.clone() };
        let notify = receiver::start(receiver, dice.fork()).await?;
        let (till, signing) = (CodePayTill::with_password(), CodePayTill::signing()?);
        Ok(Self {
            shop: Rc::new(Shop { book: book.clone(), till: Till::default(), notify }),
            desk: Rc::new(Desk { book: book.clone(), till: OttTill::default(), notify }),
            counter: Rc::new(codepay::Desk { book: book.clone(), till, signing, notify, key }),
            terminals: codepay::Terminals::new(folder, address, dice),
            book,
        })
    }

    /// The tills open, the terminals are switched on; until the connections break.
    fn open(&self, args: &CrashArgs, address: SocketAddr, dice: &mut Dice) -> Vec<JoinHandle<()>> {
        let mut tills = Vec::new();
        self.book.borrow_mut().codepay.starts += 1;
        for _ in 0..args.tills {
            tills.push(spawn_local(shop::sell(self.shop.clone(), address, dice.fork())));
        }
        for _ in 0..args.ottpay_tills {
            tills.push(spawn_local(shop_ottpay::sell(self.desk.clone(), address, dice.fork())));
        }
        for _ in 0..args.codepay_tills {
            tills.push(spawn_local(codepay::sell(self.counter.clone(), address, dice.fork())));
        }
        for _ in 0..args.codepay_shops {
            tills.push(spawn_local(codepay::sell_online(self.counter.clone(), address, dice.fork())));
        }
        tills
    }

    /// Time passes; now and then a terminal loses its power.
    async fn wait(&mut self, dice: &mut Dice) {
        let range = if dice.percent(LONG_PERCENT) { LONG_LOAD_MS } else { LOAD_MS };
        let until = Instant::now() + Duration::from_millis(dice.between(range.0, range.1));
        while Instant::now() < until {
            tokio::time::sleep(CUT_EVERY.min(until.saturating_duration_since(Instant::now()))).await;
            self.terminals.cut_some(dice);
        }
    }
}

/// Kills on one data folder, then the reckoning. The folder stays if something was found.
async fn round(args: &CrashArgs, points: u32, mut dice: Dice, count: &mut Count) -> Result<()> {
    let program = args.binary.clone().map_or_else(|| child::beside("tillgate"), Ok)?;
    let folder = child::fresh_folder("crash")?;
    let mut recipe = Recipe::sandbox(program, &folder, &mut dice)?;
    recipe.environment.extend(LIFETIMES.map(|(name, value)| (name, value.to_owned())));
    let (mut sides, data) = (Sides::new(&folder, recipe.address, &mut dice).await?, folder.join("data"));
    let findings_before = count.findings.len();
    // Measured as we go, so that kills while it starts come while it starts.
    let mut start_ms = 50;
    for point in 0..points {
        count.points += 1;
        // The first start makes the folder and the merchants: kill that one in every other round.
        let starting = dice.percent(if point < 3 { 50 } else { STARTING_PERCENT });
        if starting {
            count.while_starting += 1;
            let running = recipe.start()?;
            tokio::time::sleep(Duration::from_micros(dice.between(0, start_ms * 1_200))).await;
            running.kill()?;
            continue;
        }
        let (running, took) = recipe.start_and_wait().with_context(|| format!("after {point} kills"))?;
        start_ms = took.as_millis() as u64;
        sides.terminals.introduce(&data).await?;
        count.findings.extend(sample(&sides, running.address, &mut dice).await?);
        sides.terminals.gateway_is_back(&mut dice);
        let tills = sides.open(args, running.address, &mut dice);
        sides.wait(&mut dice).await;
        running.kill()?;
        for till in tills {
            till.await?;
        }
    }
    reckon(&recipe, &mut sides, &data, count).await?;
    if count.findings.len() == findings_before {
        std::fs::remove_dir_all(&folder)?;
    } else {
        let kept = child::fresh_folder(&format!("crash-found-{}", count.points))?;
        std::fs::rename(&folder, &kept)?;
        println!("the data is kept in {}", kept.display());
    }
    Ok(())
}

/// Starts it for the last time, lets everything come to rest, and compares all sides.
async fn reckon(recipe: &Recipe, sides: &mut Sides, data: &Path, count: &mut Count) -> Result<()> {
    let (running, _) = recipe.start_and_wait().context("after the last kill")?;
    sides.terminals.introduce(data).await?;
    sides.terminals.all_on();
    let watching = spawn_local(audit_ottpay::watch(sides.desk.clone(), running.address));
    count.findings.extend(audit::settle(data).await?);
    watching.abort();
    let mut line = Connection::open(running.address).await?;
    sides.counter.learn_key(&mut line).await?;
    codepay::audit::close_batches(&sides.counter, &mut line).await?;
    count.findings.extend(audit::settle(data).await?);
    let left = sides.terminals.all_off().await;
    count.findings.extend(left.into_iter().map(|text| Finding::new(Kind::Unsettled, text)));
    let reckoned = audit::orders(&sides.shop, &sides.desk, &sides.counter, &running, data).await;
    let (found, coverage, mut at_terminals) =
        reckoned.with_context(|| format!("the reckoning; {}", recipe.last_words()))?;
    count.findings.extend(found);
    count.ottpay.add(coverage);
    at_terminals.cuts = sides.terminals.cuts;
    count.codepay.add(at_terminals);
    running.stop().with_context(|| recipe.last_words())?;
    count.findings.extend(audit::books(data, &recipe.log).await?);
    let mut book = sides.book.borrow_mut();
    let complaints = std::mem::take(&mut book.complaints);
    count.findings.extend(complaints.into_iter().map(|text| Finding::new(Kind::OneSided, text)));
    count.orders += book.acknowledged() + book.ottpay.acknowledged() + book.codepay.acknowledged();
    count.notices += book.notices.values().map(Vec::len).sum::<usize>();
    count.notices += book.ottpay.callbacks.values().map(Vec::len).sum::<usize>();
    count.notices += book.codepay.callbacks.values().map(Vec::len).sum::<usize>();
    Ok(())
}

/// What was acknowledged last is most at risk: it must be there at once.
async fn sample(sides: &Sides, address: SocketAddr, dice: &mut Dice) -> Result<Vec<Finding>> {
    let shop = &sides.shop;
    let recent: Vec<book::Sale> = shop.book.borrow().sales.iter().rev().take(4 * SAMPLE).cloned().collect();
    let mut findings = Vec::new();
    let mut line = Connection::open(address).await?;
    for _ in 0..SAMPLE.min(recent.len()) {
        let Some(sale) = dice.pick(&recent) else { break };
        let queried = shop.query(&mut line, &sale.reference).await?;
        findings.extend(check::after_restart(sale, queried.as_ref()));
    }
    findings.extend(audit_ottpay::sample(&sides.desk, &mut line, dice, SAMPLE).await?);
    sides.counter.learn_key(&mut line).await?;
    findings.extend(codepay::audit::sample(&sides.counter, &mut line, dice, SAMPLE).await?);
    Ok(findings)
}
