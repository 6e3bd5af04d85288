//! PostgreSQL: new orders through the store's port beside bare rows, both durable and in groups, on a server of this
//! bench's own.
//!
//! Knows: how rows are inserted with as little as possible. No HTTP on either side: it would be the same on both, and
//! this way all that is measured is the storing. The database's processes share the cores with both.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tillgate::clock;
use tillgate_core::{Command, NewOrder, Order, OrderNo, Presentation, decide};
use tillgate_scratch::{Cluster, Options};
use tillgate_store::postgres::{Postgres, Settings};
use tillgate_store::{Changeset, OrderKey, Store as _};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_postgres::NoTls;

use crate::dice::Dice;
use crate::fill;
use crate::histogram::Histogram;
use crate::load::Measured;
use crate::turn::{Pace, Spread};

pub const NAME: &str = "postgres";
const GOAL: f64 = 0.50;
const GROUP_LIMIT: usize = 256;
/// As many as the store has.
const WRITERS: usize = 3;
const ROW_BYTES: usize = 300;
const WARM_UP: Duration = Duration::from_secs(1);

/// Bare rows, then orders.
#[derive(Debug)]
pub struct Rounds(Vec<(Measured, Measured)>);

pub fn measure(program: &std::path::Path, pace: Pace, rounds: usize, dice: &mut Dice) -> Result<Rounds> {
    let specimen = Arc::new(fill::specimen(program, dice)?);
    let cluster = Cluster::start(&Options { is_durable: true, ..Options::default() })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut all = Vec::new();
    for number in 1..=rounds {
        let floor = runtime.block_on(bare_rows(&cluster.fresh_database()?, pace))?;
        let orders = runtime.block_on(orders(&cluster.fresh_database()?, pace, &specimen))?;
        eprintln!(
            "{NAME} {number}/{rounds}: rows {:.0}/s, orders {:.0}/s = {:.2}; p99 {:.1} and {:.1} ms; {} wrong {}",
            floor.per_second(),
            orders.per_second(),
            orders.per_second() / floor.per_second(),
            floor.latency.quantile_ms(0.99),
            orders.latency.quantile_ms(0.99),
            floor.wrong + orders.wrong,
            orders.first_wrong.as_deref().or(floor.first_wrong.as_deref()).unwrap_or_default(),
        );
        all.push((floor, orders));
    }
    Ok(Rounds(all))
}

/// As many at once as there are connections elsewhere; each begins when the one before it is stored.
async fn abreast<F>(pace: Pace, store: impl Fn(u64) -> F + Clone + Send + 'static) -> Result<Measured>
where
    F: Future<Output = Result<()>> + Send,
{
    let number = Arc::new(AtomicU64::new(0));
    let mut measured = Measured::default();
    for limit in [WARM_UP, pace.limit] {
        measured = Measured::default();
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..pace.connections {
            let (store, number) = (store.clone(), number.clone());
            tasks.spawn(async move {
                let (mut latency, mut wrong) = (Histogram::default(), None);
                while started.elapsed() < limit && wrong.is_none() {
                    let begun = Instant::now();
                    match store(number.fetch_add(1, Ordering::Relaxed)).await {
                        Ok(()) => latency.record(begun.elapsed()),
                        Err(error) => wrong = Some(error.to_string()),
                    }
                }
                (latency, wrong)
            });
        }
        while let Some(done) = tasks.join_next().await {
            let (latency, wrong) = done?;
            measured.latency.merge(&latency);
            wrong.into_iter().for_each(|what| measured.note_wrong(what));
        }
        measured.elapsed = started.elapsed();
    }
    Ok(measured)
}

struct Row {
    number: i64,
    done: oneshot::Sender<bool>,
}

/// One row for each, inserted by whoever is free with all that wait.
async fn bare_rows(url: &str, pace: Pace) -> Result<Measured> {
    let (rows, waiting) = mpsc::unbounded_channel::<Row>();
    let waiting = Arc::new(Mutex::new(waiting));
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute("CREATE TABLE rows (number BIGINT PRIMARY KEY, body BYTEA NOT NULL)").await?;
    for _ in 0..WRITERS {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        tokio::spawn(insert_all(client, waiting.clone()));
    }
    let store = move |number: u64| {
        let (done, stored) = oneshot::channel();
        let sent = rows.send(Row { number: number as i64, done }).is_ok();
        async move {
            let is_stored = sent && stored.await.unwrap_or(false);
            is_stored.then_some(()).context("a row was not stored")
        }
    };
    let measured = abreast(pace, store).await?;
    let found: i64 = client.query_one("SELECT count(*) FROM rows", &[]).await?.get(0);
    checked(measured, found as u64)
}

async fn insert_all(client: tokio_postgres::Client, waiting: Arc<Mutex<mpsc::UnboundedReceiver<Row>>>) {
    const INSERT: &str = "INSERT INTO rows (number, body) SELECT * FROM unnest($1::BIGINT[], $2::BYTEA[])";
    let Ok(insert) = client.prepare(INSERT).await else { return };
    let mut group = Vec::with_capacity(GROUP_LIMIT);
    while waiting.lock().await.recv_many(&mut group, GROUP_LIMIT).await > 0 {
        let numbers: Vec<i64> = group.iter().map(|row| row.number).collect();
        let bodies = vec![[b'r'; ROW_BYTES].as_slice(); group.len()];
        let stored = client.execute(&insert, &[&numbers, &bodies]).await;
        let all = stored.is_ok_and(|count| count == group.len() as u64);
        for row in group.drain(..) {
            let _ = row.done.send(all);
        }
    }
}

async fn orders(url: &str, pace: Pace, specimen: &Arc<Order>) -> Result<Measured> {
    let settings = Settings::new(url);
    let store = Arc::new(Postgres::connect(&settings).await.map_err(anyhow::Error::new)?);
    let create = {
        let (store, specimen) = (store.clone(), specimen.clone());
        move |number: u64| {
            let (store, specimen) = (store.clone(), specimen.clone());
            async move {
                let now = clock::now();
                let decision = decide(None, Command::Create(new_order(&specimen, number)), now)?;
                let lease_until = Some(now.plus_s(30));
                Ok(store.commit(Changeset { lease_until, ..Changeset::decided(decision) }).await?)
            }
        }
    };
    let measured = abreast(pace, create).await?;
    let last = new_order(specimen, measured.latency.count() / 2);
    let key = OrderKey::Reference { room: &last.room, reference: &last.reference };
    let is_there =
        store.load_order(last.merchant, key).await?.is_some_and(|order| order.number == last.number);
    let found = if is_there { measured.latency.count() } else { 0 };
    checked(measured, found)
}

/// Fewer found than were said to be stored is wrong.
fn checked(mut measured: Measured, found: u64) -> Result<Measured> {
    if found < measured.latency.count() {
        measured.note_wrong(format!("{} were stored, {found} found", measured.latency.count()));
    }
    Ok(measured)
}

fn new_order(specimen: &Order, number: u64) -> NewOrder {
    NewOrder {
        merchant: specimen.merchant,
        number: OrderNo::new(clock::wallet_date(clock::now()), number as i64),
        room: specimen.room.clone(),
        reference: format!("bench-{number:09}"),
        terms: specimen.terms.clone(),
        presentation: Presentation::None,
        card: None,
    }
}

impl Rounds {
    fn middle(&self, value: impl Fn(&(Measured, Measured)) -> f64) -> f64 {
        Spread::of(self.0.iter().map(value)).median
    }

    fn ratio(&self) -> Spread {
        Spread::of(self.0.iter().map(|(floor, orders)| orders.per_second() / floor.per_second()))
    }

    pub fn wrong(&self) -> u64 {
        self.0.iter().map(|(floor, orders)| floor.wrong + orders.wrong).sum()
    }

    pub fn meets_goal(&self) -> bool {
        self.ratio().median >= GOAL
    }

    pub fn table(&self) -> String {
        let ratio = self.ratio();
        format!(
            "\n| PostgreSQL, in groups, durable, no HTTP | orders | bare rows | ratio, median (least-most) | goal | met | p50 | p99 | bare p99 |\n|---|---|---|---|---|---|---|---|---|\n\
             | new orders through the store's port | {:.0}/s | {:.0}/s | **{:.2}** ({:.2}-{:.2}) | >= {GOAL:.2} | {} | {:.1} ms | {:.1} ms | {:.1} ms |\n",
            self.middle(|(_, orders)| orders.per_second()),
            self.middle(|(floor, _)| floor.per_second()),
            ratio.median,
            ratio.min,
            ratio.max,
            if self.meets_goal() { "yes" } else { "**no**" },
            self.middle(|(_, orders)| orders.latency.quantile_ms(0.5)),
            self.middle(|(_, orders)| orders.latency.quantile_ms(0.99)),
            self.middle(|(floor, _)| floor.latency.quantile_ms(0.99)),
        )
    }
}
