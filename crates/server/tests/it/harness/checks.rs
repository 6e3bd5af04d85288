//! What must hold when a story is over, read from the files by plain SQL: none of our own reading code.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tillgate::books::check::{Finding, check};
use tillgate::sandbox::Simulation;
use tillgate_core::order::CHOICES_MAX;
use tillgate_sim::{Acquirer, Ledger, TransactionState, World};
use tillgate_store::Store;
use tokio::runtime::Handle;

use super::database::Database;

/// How long a world may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(8);
/// More than that, for a machine that has other things to do.
const AT_REST_WITHIN: Duration = Duration::from_secs(20);

#[derive(Debug, Default)]
pub struct Expected {
    pub notifications_owed: bool,
}

pub fn connect(database: &Database) -> Connection {
    database.connect()
}

/// One text per row, columns joined with blanks.
pub fn rows(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let read = statement.query_map((), |row| {
        let column = |at| row.get::<_, rusqlite::types::Value>(at).map(plain);
        Ok((0..columns).map(column).collect::<Result<Vec<_>, _>>()?.join(" "))
    });
    read.unwrap().collect::<Result<_, _>>().unwrap()
}

fn plain(value: rusqlite::types::Value) -> String {
    use rusqlite::types::Value;
    match value {
        Value::Null => "null".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text,
        Value::Blob(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// As if half a minute had gone by while nobody worked.
pub fn let_leases_end(database: &Database) {
    database.execute("UPDATE work SET due_at = 0 WHERE slot <> 'x' AND due_at > 0");
}

/// What stands in the way of calling the story over.
fn unrest(connection: &Connection, expected: &Expected) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |what: &str, sql: &str| {
        found.extend(rows(connection, sql).into_iter().map(|row| format!("{what}: {row}")));
    };
    look(
        "work without an order",
        "SELECT * FROM work WHERE (merchant_id, order_no) NOT IN (SELECT merchant_id, order_no FROM orders)",
    );
    look(
        "work of an order that has ended",
        "SELECT order_no, state, slot, attempt FROM work JOIN orders USING (merchant_id, order_no)
         WHERE state NOT IN ('pending', 'closing') AND slot IN ('x', 'a', 'c', 'k')
         -- a bar code order that ended unpaid is looked at once more
         AND NOT (slot = 'a' AND state <> 'paid' AND (presentation = '\"charge\"' OR presentation LIKE '{\"scanned\"%'))",
    );
    look(
        "work of an order that is being closed",
        "SELECT order_no, state, slot, attempt FROM work JOIN orders USING (merchant_id, order_no)
         WHERE state = 'closing' AND slot IN ('x', 'a', 'c')",
    );
    look(
        "a refund, a tip or a settlement is owed",
        "SELECT order_no, slot, slot_no, attempt FROM work WHERE slot IN ('r', 't', 's')",
    );
    look(
        "something is under way on an order, and nothing that could end it",
        "SELECT order_no, counter ->> 'pending' FROM orders WHERE counter <> '' AND counter ->> 'pending' IS NOT NULL",
    );
    look(
        "nobody will ever end this order",
        "SELECT order_no, state FROM orders WHERE state IN ('pending', 'closing')
         AND NOT EXISTS (SELECT 1 FROM work WHERE work.merchant_id = orders.merchant_id AND work.order_no = orders.order_no
            AND slot = CASE state WHEN 'pending' THEN 'x' ELSE 'k' END)",
    );
    look(
        "money set aside for a refund that is over",
        "SELECT order_no, refunding_minor FROM orders WHERE refunding_minor <> 0",
    );
    if !expected.notifications_owed {
        look("a notification is owed", "SELECT order_no, slot_no, attempt FROM work WHERE slot = 'n'");
        look(
            "a merchant was never told",
            "SELECT order_no, state FROM orders WHERE state NOT IN ('pending', 'closing')
             AND terms ->> 'notify_url' <> '' AND (state = 'paid' OR coalesce(terms ->> 'tells', '') <> 'payment') AND 1 <> (SELECT count(*) FROM notifications
                JOIN events USING (merchant_id, order_no, event_no)
                WHERE notifications.merchant_id = orders.merchant_id AND notifications.order_no = orders.order_no
                AND state = 'delivered' AND events.body NOT LIKE '{\"refund_%')",
        );
    }
    found
}

/// Debits and credits: each event's lines are zero in each currency, and all together are.
fn unbalanced(connection: &Connection) -> Vec<String> {
    let by = |columns: &str| {
        rows(
            connection,
            &format!(
                "SELECT {columns}, sum(amount_minor) FROM postings GROUP BY {columns} HAVING sum(amount_minor) <> 0"
            ),
        )
    };
    let mut found = by("currency");
    found.extend(by("order_no, event_no, currency"));
    // Per order: the wallet owes us what was paid less what went back; the merchant's part and our fee are the same.
    for (accounts, sign) in [
        ("account LIKE 'channel_receivable:%' OR account LIKE 'settlement_receivable:%'", ""),
        (
            "account LIKE 'merchant_payable:%' OR account LIKE 'tips_payable:%' OR account IN ('fee_income', 'vat_payable')",
            "-",
        ),
    ] {
        found.extend(rows(
            connection,
            &format!(
                "SELECT order_no, state, captured_minor, refunded_minor, booked FROM (
                    SELECT orders.*, {sign}coalesce((SELECT sum(amount_minor) FROM postings WHERE ({accounts})
                        AND postings.merchant_id = orders.merchant_id AND postings.order_no = orders.order_no), 0)
                        AS booked FROM orders)
                 WHERE captured_minor - refunded_minor <> booked"
            ),
        ));
    }
    found
}

/// What a card's transaction has moved, and not back.
fn card_net_minor(acquirer: &Acquirer, trade_no: &str) -> Option<i64> {
    let card = acquirer.transaction(trade_no)?;
    let is_voided = card.state == TransactionState::Voided;
    Some(if is_voided { 0 } else { card.captured_minor - card.refunded_minor })
}

/// The wallets' own books, and the acquirer's of cards given online, against the orders: each order that has ended moved
/// exactly its money, once.
fn disagreements(connection: &Connection, ledgers: &[Ledger], acquirer: &Acquirer) -> Vec<String> {
    let ended = rows(
        connection,
        "SELECT merchant_id || '-' || order_no, captured_minor, refunded_minor FROM orders
         WHERE state NOT IN ('pending', 'closing') AND terms ->> 'flow' <> 'card_present'
         AND (counter = '' OR deed IN ('sale', 'authorization'))",
    );
    let mut found = Vec::new();
    for order in ended {
        let parts: Vec<&str> = order.split(' ').collect();
        let (captured, refunded): (i64, i64) = (parts[1].parse().unwrap(), parts[2].parse().unwrap());
        // A trade for each choice of the payer: `1-33`, then `1-33.2`.
        let is_its = |ledger: &&Ledger| ledger.trade_no.split('.').next() == Some(parts[0]);
        let trades: Vec<&Ledger> = ledgers.iter().filter(is_its).collect();
        let later = (2..=CHOICES_MAX).map(|choice| format!("{}.{choice}", parts[0]));
        let cards: Vec<i64> = std::iter::once(parts[0].to_owned())
            .chain(later)
            .filter_map(|trade_no| card_net_minor(acquirer, &trade_no))
            .collect();
        if trades.is_empty() && cards.is_empty() && captured != 0 {
            found.push(format!("{order}: paid, and nobody has heard of it"));
        }
        let net: i64 = trades
            .iter()
            .map(|ledger| ledger.charged_minor - ledger.refunded_minor)
            .chain(cards.iter().copied())
            .sum();
        if net != captured - refunded || trades.iter().any(|ledger| ledger.charges > 1) {
            found.push(format!(
                "{order} (captured, refunded), the wallets say {trades:?}, the acquirer {cards:?}"
            ));
        }
    }
    // A close that overtakes its charge leaves a closed trade behind, which the one charge then finds.
    let twice = ledgers.iter().filter(|ledger| {
        let overtaken = u32::from(ledger.charges == 0);
        ledger.duplicate_charges > overtaken || ledger.duplicate_refunds > 0
    });
    found.extend(twice.map(|ledger| format!("sent twice: {ledger:?}")));
    found
}

/// The card acquirer's books against the orders that take money at a terminal.
fn card_disagreements(connection: &Connection, acquirer: &Acquirer) -> Vec<String> {
    let ended = rows(
        connection,
        "SELECT merchant_id || '-' || order_no, captured_minor - refunded_minor, state FROM orders
         WHERE state NOT IN ('pending', 'closing') AND terms ->> 'flow' = 'card_present'
         AND deed IN ('sale', 'authorization')",
    );
    let mut found = Vec::new();
    for order in ended {
        let parts: Vec<&str> = order.split(' ').collect();
        let net_minor: i64 = parts[1].parse().unwrap();
        let card = acquirer.transaction(parts[0]);
        let charged_minor = card_net_minor(acquirer, parts[0]).unwrap_or(0);
        let is_held = card.as_ref().is_some_and(|card| card.state == TransactionState::Authorized);
        if charged_minor != net_minor || is_held != (parts[2] == "authorized") {
            found.push(format!("{order} (net, state), the acquirer says {card:?}"));
        }
    }
    found
}

/// What the wallets will do by themselves before long: a late success, a callback.
fn planned(wallets: &World) -> Option<String> {
    let soon_ms = tillgate::clock::now().millis() + PATIENCE.as_millis() as i64;
    let due_ms = wallets.next_due().filter(|due_ms| *due_ms < soon_ms)?;
    Some(format!("the wallets have something to do {} ms before the end", soon_ms - due_ms))
}

/// What `tillgate ledger check` would say. On a thread of its own: whoever asks may be on a runtime, and a store on a
/// server needs its gateway's.
fn wrong_in_the_books(store: &dyn Store, runtime: &Handle) -> Vec<String> {
    let mut found = Vec::new();
    let mut tell = |finding: Finding| found.push(finding.to_string());
    let checks = || runtime.block_on(check(store, None, &mut tell)).unwrap();
    std::thread::scope(|scope| scope.spawn(checks).join().unwrap());
    found
}

/// What a story leaves behind.
pub struct Books<'a> {
    pub store: &'a dyn Store,
    /// The gateway's.
    pub runtime: &'a Handle,
    pub outside: Option<&'a Simulation>,
}

/// Waits until the world is at rest, then checks its books.
pub fn ends_well(database: &Database, expected: &Expected, books: &Books<'_>) {
    let started = Instant::now();
    loop {
        let connection = connect(database);
        let mut found = unrest(&connection, expected);
        found.extend(unbalanced(&connection));
        found.extend(wrong_in_the_books(books.store, books.runtime));
        if let Some(Simulation { world, acquirer, .. }) = books.outside {
            found.extend(disagreements(&connection, &world.ledgers(), acquirer));
            found.extend(card_disagreements(&connection, acquirer));
            found.extend(planned(world));
        }
        if found.is_empty() {
            return;
        }
        assert!(started.elapsed() < AT_REST_WITHIN, "the story does not end well:\n{}", found.join("\n"));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// No row of any table holds the text.
pub fn no_row_holds(database: &Database, secret: &str) {
    let connection = connect(database);
    for table in rows(&connection, "SELECT name FROM sqlite_schema WHERE type = 'table'") {
        let found = rows(&connection, &format!("SELECT * FROM {table}"));
        assert!(found.iter().all(|row| !row.contains(secret)), "{table} holds a secret in clear");
    }
}

/// No file below the folder holds the text. Another process reads them: whoever closes a database's file in the
/// gateway's own process ends the locks SQLite has on it, and the next command beside it takes it for nobody's.
pub fn no_file_holds(folder: &Path, secret: &str) {
    let grep =
        Command::new("grep").args(["-rlasF", "-e", secret]).arg(folder).output().expect("grep is installed");
    let found = String::from_utf8_lossy(&grep.stdout);
    assert!(found.is_empty() && !grep.status.success(), "these hold a secret in clear:\n{found}");
}
