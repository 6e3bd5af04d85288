//! A store with a past: a million orders, each paid, booked, and its merchant told.
//!
//! Knows: the sandbox sells one order in earnest, and that one is the pattern. Each of the others is decided by the same
//! rules and goes through the store's port, at moments of the last thirty days, so that rows, events, lines and
//! notifications are like real ones. Only the notification's text is a copy, and its signature with it: nobody reads
//! it again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tillgate::clock;
use tillgate_core::{
    Asked, Command, Event, MerchantId, NewOrder, Order, OrderNo, Outcome, Presentation, Timestamp, Work,
    WorkKey, decide,
};
use tillgate_store::{
    Changeset, Notification, NotificationAttempt, NotificationState, OrderKey, Sqlite, Store, WorkUpdate,
};

use crate::child::{self, Recipe};
use crate::client::{Connection, post_json};
use crate::dice::Dice;
use crate::floor::GOOD;
use crate::load::is_good;
use crate::till::{self, Sale, Till};

#[derive(Debug, clap::Args)]
pub struct FillArgs {
    #[arg(long, default_value_t = 1_000_000)]
    orders: u64,
    /// A new folder, or one that was filled before and is to have more.
    #[arg(long)]
    data_dir: PathBuf,
    /// The gateway; beside this program if absent.
    #[arg(long)]
    binary: Option<PathBuf>,
}

const ROOM: &str = "latipay";
/// Orders on their way to the store at once: about a group of its writer's.
const ABREAST: u64 = 256;
const DAYS: i64 = 30;
const DAY_MS: i64 = 86_400_000;
/// From its creation until it is paid, and until its merchant has been told, ms.
const PAID_AFTER_MS: i64 = 4_000;
const TOLD_AFTER_MS: i64 = 4_100;
/// Consecutive numbers, as the gateway draws them, and how many such blocks a day has.
const BLOCK: i64 = 1_000;
const BLOCKS: i64 = OrderNo::PER_DAY / BLOCK;
/// Without a common factor with that, so that blocks do not repeat.
const STRIDE: i64 = 7_919;

pub fn run(args: &FillArgs) -> Result<bool> {
    let program = args.binary.clone().map_or_else(|| child::beside("tillgate"), Ok)?;
    std::fs::create_dir_all(&args.data_dir)?;
    let began = Instant::now();
    fill(&program, &args.data_dir, args.orders)?;
    println!("{} orders in {:.0} s", args.orders, began.elapsed().as_secs_f64());
    Ok(true)
}

/// The merchant's number of the n-th.
pub fn reference(number: u64) -> String {
    format!("past-{number:09}")
}

/// The order that all others are made after, and what its merchant was told.
struct Pattern {
    order: Order,
    told: Notification,
    attempt: NotificationAttempt,
}

pub fn fill(program: &Path, data: &Path, orders: u64) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut dice = Dice::new(u64::from(std::process::id()));
    let log = data.join("fill-log.txt");
    let at = (child::free_address(&mut dice)?, child::free_address(&mut dice)?);
    let recipe = Recipe::sandbox_in(program.to_owned(), data, log, at);
    let (running, _) = recipe.start_and_wait()?;
    let file = data.join("tillgate.sqlite");
    let pattern = runtime.block_on(pattern(running.address, &file))?;
    running.stop()?;
    let store: Arc<dyn Store> = Arc::new(Sqlite::open_beside(&file)?);
    let began = Timestamp::from_millis(clock::now().millis() - DAYS * DAY_MS);
    let past = Arc::new(Past { store, pattern, began, orders, made: AtomicU64::new(0) });
    runtime.block_on(async {
        let mut makers = tokio::task::JoinSet::new();
        for first in 0..ABREAST.min(orders) {
            let past = past.clone();
            makers.spawn(async move {
                for number in (first..past.orders).step_by(ABREAST as usize) {
                    past.make(number).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(made) = makers.join_next().await {
            made??;
        }
        past.look_back().await
    })
}

/// An order that was sold in earnest, for who makes more of its kind.
pub fn specimen(program: &Path, dice: &mut Dice) -> Result<Order> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = child::fresh_folder("specimen")?;
    let recipe = Recipe::sandbox(program.to_owned(), &folder, dice)?;
    let (running, _) = recipe.start_and_wait()?;
    let pattern = runtime.block_on(pattern(running.address, &folder.join("data/tillgate.sqlite")))?;
    running.stop()?;
    std::fs::remove_dir_all(&folder)?;
    Ok(pattern.order)
}

/// Sells one in earnest: charged, paid, booked, told.
async fn pattern(address: std::net::SocketAddr, file: &Path) -> Result<Pattern> {
    let till = Till::default();
    let reference = format!("pattern-{}", clock::now().millis());
    let callback_url = format!("http://{address}/sandbox/receiver/notify");
    let sale = Sale {
        reference: &reference,
        wallet_id: "W00000001",
        amount: "12.00",
        method: "",
        callback_url: &callback_url,
    };
    let mut line = Connection::open(address).await?;
    let reply = line.exchange(&post_json("/barcode", &till.bar_code(sale, "280000000000000001"))).await?;
    ensure!(is_good(&reply, GOOD), "the pattern was not sold: {}", reply.text());
    let store = Sqlite::open_beside(file)?;
    let merchant = store.load_credential(ROOM, till::USER).await?.context("no such user")?.merchant;
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let key = OrderKey::Reference { room: ROOM, reference: &reference };
        let Some(order) = store.load_order(merchant, key).await? else { continue };
        let told = store.load_notification(merchant, order.number, order.events).await?;
        let Some(told) = told.filter(|told| told.state == NotificationState::Delivered) else { continue };
        let attempts = store.load_attempts(merchant, order.number, told.event).await?;
        let attempt = attempts.into_iter().next_back().context("delivered without an attempt")?;
        return Ok(Pattern { order, told, attempt });
    }
    bail!("the pattern's merchant was not told")
}

struct Past {
    store: Arc<dyn Store>,
    pattern: Pattern,
    began: Timestamp,
    orders: u64,
    made: AtomicU64,
}

impl Past {
    fn merchant(&self) -> MerchantId {
        self.pattern.order.merchant
    }

    /// When it was sold, and its number: neighbours in time are neighbours in the table, a thousand at a time.
    fn place(&self, number: u64) -> (Timestamp, OrderNo) {
        let number = number as i64;
        let at = self.began.plus_ms(DAYS * DAY_MS / self.orders.max(1) as i64 * number);
        let block = (number / BLOCK * STRIDE) % BLOCKS;
        (at, OrderNo::new(clock::wallet_date(at), block * BLOCK + number % BLOCK))
    }

    fn new_order(&self, number: u64) -> NewOrder {
        let (at, order_no) = self.place(number);
        let pattern = &self.pattern.order;
        let mut terms = pattern.terms.clone();
        let lifetime_ms = terms.expires_at.since_ms(terms.created_at);
        (terms.created_at, terms.expires_at) = (at, at.plus_ms(lifetime_ms));
        terms.amount.minor = 100 + (number as i64 * 37) % 50_000;
        NewOrder {
            merchant: pattern.merchant,
            number: order_no,
            room: pattern.room.clone(),
            reference: reference(number),
            terms,
            presentation: Presentation::None,
            card: None,
        }
    }

    /// Three commits, as an order that is charged at once has.
    async fn make(&self, number: u64) -> Result<()> {
        let new = self.new_order(number);
        let (order_no, at) = (new.number, new.terms.created_at);
        let created = decide(None, Command::Create(new), at)?;
        let order = created.order.clone();
        let lease_until = Some(at.plus_s(30));
        self.store.commit(Changeset { lease_until, ..Changeset::decided(created) }).await?;
        let paid_at = at.plus_ms(PAID_AFTER_MS);
        let channel_ref = format!("2026{number:024}");
        let outcome = Outcome::Paid { channel_ref, payer: "2088000000000001".into(), at: paid_at };
        let says = Command::ChannelSays { choice: order.choice(), asked: Asked::Charge, outcome };
        let paid = decide(Some(order), says, paid_at)?;
        let owed = paid.work.first().context("nobody is to be told")?.kind;
        let event = paid.order.events;
        let lease_until = paid_at.plus_s(30);
        let changeset = Changeset { lease_until: Some(lease_until), ..Changeset::decided(paid) };
        self.store.commit(changeset).await?;
        let key = WorkKey { merchant: self.merchant(), order: order_no, kind: owed };
        let done = WorkUpdate::Done(Work { key, due_at: lease_until, attempt: 1 });
        let Pattern { told, attempt, .. } = &self.pattern;
        self.store
            .commit(Changeset {
                notification: Some(Notification { order: order_no, event, ..told.clone() }),
                attempt: Some(NotificationAttempt { at: at.plus_ms(TOLD_AFTER_MS), ..attempt.clone() }),
                ..Changeset::worked(done)
            })
            .await?;
        let made = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        if made.is_multiple_of(100_000) {
            eprintln!("{made} orders");
        }
        Ok(())
    }

    /// A look at some of them: paid, told, nothing owed.
    async fn look_back(&self) -> Result<()> {
        for number in (0..self.orders).step_by((self.orders as usize / 50).max(1)) {
            let reference = reference(number);
            let key = OrderKey::Reference { room: ROOM, reference: &reference };
            let order = self.store.load_order(self.merchant(), key).await?;
            let order = order.with_context(|| format!("{reference} is missing"))?;
            let events = self.store.load_events(order.merchant, order.number).await?;
            let is_paid = events.iter().any(|(_, event)| matches!(event, Event::Paid { .. }));
            let lines = self.store.load_postings(order.merchant, order.number).await?;
            let owed = self.store.load_work(order.merchant, order.number).await?;
            let told = self.store.load_notification(order.merchant, order.number, order.events).await?;
            ensure!(
                is_paid && !lines.is_empty() && owed.is_empty() && told.is_some(),
                "{reference} is not as it should be: {} lines, owed {owed:?}",
                lines.len(),
            );
        }
        Ok(())
    }
}
