//! Two hundred terminals with random people, a thousand orders: each ends once, and the books agree to the cent.
//!
//! `ORDERS=2000` sends more; `SEED=…` the same people again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tillgate::cli::sim::terminal::Device;
use tillgate::rooms::codepay::TERMINALS;
use tillgate::rooms::new_key;
use tillgate_protocols::codepay::Method;

use super::counter::{Shelf, device};
use super::till::{COUNTER, Said as _, Till, field, till};
use crate::harness::checks::{connect, rows};
use crate::harness::{Reply, TestWorld, eventually};
use crate::random_stories::Random;

const MANY: usize = 200;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// More terminals like the first one; all have one secret, as nobody's would.
async fn paired(world: &TestWorld, sns: &[String]) {
    let store = world.store();
    let mut terminal = store.load_credential(TERMINALS, COUNTER.0).await.unwrap().unwrap();
    terminal.keys.clear();
    for sn in sns {
        terminal.login.clone_from(sn);
        store.put_credential(terminal.clone()).await.unwrap();
        let key = new_key(&world.app().vault, TERMINALS, sn, "many").unwrap();
        store.add_key(terminal.merchant, TERMINALS, sn, key).await.unwrap();
    }
}

/// One till's morning at its terminal: sales, holds and what follows on them.
async fn sells(till: Till, seed: u64, orders: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let mut numbers: Vec<String> = Vec::new();
    let mut originals: Vec<(String, String)> = Vec::new();
    for _ in 0..orders {
        // No ending at which the acquirer misbehaves, also with a tip of 15%.
        let asks_tip = random.below(3) == 0;
        let amount = match asks_tip {
            true => format!("{}.00", 20 * (1 + random.below(4))),
            false => format!("{}.{:02}", 1 + random.below(60), random.below(50)),
        };
        let kind = random.below(10);
        let (changes, kept) = match (kind, originals.pop()) {
            (0, Some((number, amount))) => {
                (format!("trans_type=2&orig_merchant_order_no={number}&order_amount={amount}"), None)
            }
            (1, Some((number, _))) => {
                (format!("trans_type=3&orig_merchant_order_no={number}&order_amount=0.5"), None)
            }
            (2, known) => {
                originals.extend(known);
                (format!("trans_type=4&order_amount={amount}&on_screen_tip={asks_tip}"), None)
            }
            (3, known) => {
                originals.extend(known);
                (format!("trans_type=11&order_amount={amount}&cashback_amount=5"), None)
            }
            (_, known) => {
                originals.extend(known);
                (format!("order_amount={amount}&on_screen_tip={asks_tip}"), Some(amount))
            }
        };
        let data = till.order(&changes);
        let answer = till.sends(till.body(Method::PayOrder, &data)).await;
        let number = field(&data, "merchant_order_no").to_owned();
        // What acts on an order may come too early, or to one nobody paid.
        let may_be_refused = changes.contains("orig_");
        assert!(answer.code == "0" || may_be_refused, "{changes}: {answer:?}");
        if answer.code == "0" {
            originals.extend(kept.map(|amount| (number.clone(), amount)));
            numbers.push(number);
        }
    }
    numbers
}

/// By terminal: captured and refunded, as the gateway's books have it.
fn booked(world: &TestWorld) -> BTreeMap<String, i64> {
    let sql = "SELECT terminal, sum(captured_minor - refunded_minor) FROM orders GROUP BY terminal";
    let read = rows(&connect(&world.place.database), sql);
    let pairs = read.iter().filter_map(|row| row.split_once(' '));
    pairs
        .map(|(terminal, minor)| (terminal.to_owned(), minor.parse().unwrap()))
        .filter(|(_, minor)| *minor != 0)
        .collect()
}

/// The same as the acquirer has it.
async fn moved(world: &TestWorld) -> BTreeMap<String, i64> {
    let books = world.place.get("/sandbox/api/acquirer?limit=1").await.json;
    let totals = books["totals"].as_array().unwrap().clone();
    let net =
        |row: &Value| (row["terminal"].as_str().unwrap().to_owned(), row["net_minor"].as_i64().unwrap());
    totals.iter().map(net).filter(|(_, minor)| *minor != 0).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_terminals() {
    let seed = number("SEED").unwrap_or_else(|| std::process::id().into());
    let orders = number("ORDERS").unwrap_or(1_000);
    eprintln!("SEED={seed} ORDERS={orders}");
    let began = Instant::now();
    let world = TestWorld::with(|config| config.notify.per_endpoint = 16).await;
    world.place.receiver.answers_all(Reply::Status(200, "success"));
    let sns: Vec<String> = (0..MANY).map(|number| format!("MANY{number:04}")).collect();
    paired(&world, &sns).await;
    let script = |number: usize| Device {
        scripts: vec![format!("random({}),offline=300ms", seed.wrapping_add(number as u64)).parse().unwrap()],
        seed: seed.wrapping_add(number as u64),
        ..device(("", "many"), &[])
    };
    let devices =
        sns.iter().enumerate().map(|(number, sn)| Device { sn: sn.clone(), ..script(number) }).collect();
    let shelf = Shelf { url: world.place.url(""), devices, acquirer_timeout: Duration::from_secs(5) };
    let terminals = shelf.switched_on();
    terminals.sees("online", MANY).await;
    let till = Arc::new(till(&world).await.with_password());
    let mut selling = Vec::new();
    for (position, sn) in sns.iter().enumerate() {
        let own = Till { terminal_sn: sn.clone(), ..(*till).clone() };
        selling.push(tokio::spawn(sells(
            own,
            seed.wrapping_mul(1_000_003).wrapping_add(position as u64),
            orders / MANY as u64,
        )));
    }
    let mut numbers = Vec::new();
    for one in selling {
        numbers.extend(one.await.unwrap_or_else(|why| panic!("SEED={seed}: {why}")));
    }
    let sent = began.elapsed();
    let database = &world.place.database;
    eventually(&format!("SEED={seed}: every order has ended"), Duration::from_secs(600), async || {
        let open = "SELECT order_no, state FROM orders WHERE state IN ('pending', 'closing') LIMIT 1";
        rows(&connect(database), open).is_empty().then_some(())
    })
    .await;
    let ended = began.elapsed();
    let all = rows(&connect(database), "SELECT count(*) FROM orders");
    assert_eq!(all, [numbers.len().to_string()], "SEED={seed}");
    let ends = "SELECT order_no, count(*) FROM events WHERE body LIKE '{\"paid\"%' OR body LIKE '{\"authorized\"%' OR body LIKE '{\"done\"%'
         OR body LIKE '{\"failed\"%' OR body = '\"cancelled\"' GROUP BY merchant_id, order_no HAVING count(*) <> 1";
    assert_eq!(rows(&connect(database), ends), [""; 0], "SEED={seed}");
    assert_eq!(booked(&world), moved(&world).await, "SEED={seed}");
    let charged: i64 = booked(&world).values().sum();
    assert!(charged > 0, "SEED={seed}");
    // Told, or at least owed; in the end told.
    let untold = "SELECT order_no FROM orders WHERE NOT EXISTS (SELECT 1 FROM work WHERE work.order_no = orders.order_no AND slot = 'n')
         AND NOT EXISTS (SELECT 1 FROM notifications WHERE notifications.order_no = orders.order_no AND state = 'delivered')";
    assert_eq!(rows(&connect(database), untold), [""; 0], "SEED={seed}");
    eventually(&format!("SEED={seed}: everybody is told"), Duration::from_secs(300), async || {
        rows(&connect(database), "SELECT 1 FROM work WHERE slot = 'n' LIMIT 1").is_empty().then_some(())
    })
    .await;
    let told = began.elapsed();
    eventually(&format!("SEED={seed}: every result is confirmed"), Duration::from_secs(120), async || {
        (terminals.count("confirmed") >= terminals.count("ended")).then_some(())
    })
    .await;
    let states = rows(&connect(database), "SELECT deed, state, count(*) FROM orders GROUP BY deed, state");
    eprintln!(
        "{} orders: sent {sent:?}, ended {ended:?}, told {told:?}, {charged} cents; {states:?}",
        numbers.len()
    );
    let lost = rows(
        &connect(database),
        "SELECT currency, sum(amount_minor) FROM postings GROUP BY currency HAVING sum(amount_minor) <> 0",
    );
    assert_eq!(lost, [""; 0], "SEED={seed}");
    let summaries = terminals.all_off().await;
    assert!(
        summaries.iter().all(|summary| summary.is_idle && summary.stopped.is_none()),
        "SEED={seed}: {summaries:?}"
    );
    // Nothing of it is this till's business any more; the checks of the world's end compare order by order.
    till.query(&numbers[0]).await.gives("0");
}
