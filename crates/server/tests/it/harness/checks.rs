//! What must hold when a story is over, read from the files by plain SQL: none of our own reading code.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tillgate_sim::{Ledger, World};

/// How long a world may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(8);

#[derive(Debug, Default)]
pub struct Expected {
    pub notifications_owed: bool,
}

pub fn connect(database: &Path) -> Connection {
    let connection = Connection::open(database).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection
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
pub fn let_leases_end(database: &Path) {
    connect(database).execute("UPDATE work SET due_at = min(due_at, 0) WHERE slot <> 'x'", ()).unwrap();
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
         AND NOT (slot = 'a' AND state <> 'paid' AND presentation = '\"charge\"')",
    );
    look(
        "work of an order that is being closed",
        "SELECT order_no, state, slot, attempt FROM work JOIN orders USING (merchant_id, order_no)
         WHERE state = 'closing' AND slot IN ('x', 'a', 'c')",
    );
    look("a refund is owed", "SELECT order_no, slot_no, attempt FROM work WHERE slot = 'r'");
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
                WHERE notifications.merchant_id = orders.merchant_id AND notifications.order_no = orders.order_no
                AND state = 'delivered')",
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
        ("account LIKE 'channel_receivable:%'", ""),
        ("account LIKE 'merchant_payable:%' OR account LIKE 'tips_payable:%' OR account = 'fee_income'", "-"),
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

/// The wallets' own books against the orders: each order that has ended moved exactly its money, once.
fn disagreements(connection: &Connection, ledgers: &[Ledger]) -> Vec<String> {
    let ended = rows(
        connection,
        "SELECT merchant_id || '-' || order_no, captured_minor, refunded_minor FROM orders
         WHERE state NOT IN ('pending', 'closing')",
    );
    let mut found = Vec::new();
    for order in ended {
        let parts: Vec<&str> = order.split(' ').collect();
        let (captured, refunded): (i64, i64) = (parts[1].parse().unwrap(), parts[2].parse().unwrap());
        // A trade for each choice of the payer: `1-33`, then `1-33.2`.
        let is_its = |ledger: &&Ledger| ledger.trade_no.split('.').next() == Some(parts[0]);
        let trades: Vec<&Ledger> = ledgers.iter().filter(is_its).collect();
        if trades.is_empty() && captured != 0 {
            found.push(format!("{order}: paid, and no wallet has heard of it"));
        }
        let net: i64 = trades.iter().map(|ledger| ledger.charged_minor - ledger.refunded_minor).sum();
        if net != captured - refunded || trades.iter().any(|ledger| ledger.charges > 1) {
            found.push(format!("{order} (captured, refunded), the wallets say {trades:?}"));
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

/// What the wallets will do by themselves before long: a late success, a callback.
fn planned(wallets: &World) -> Option<String> {
    let soon_ms = tillgate::clock::now().millis() + PATIENCE.as_millis() as i64;
    let due_ms = wallets.next_due().filter(|due_ms| *due_ms < soon_ms)?;
    Some(format!("the wallets have something to do {} ms before the end", soon_ms - due_ms))
}

/// Waits until the world is at rest, then checks its books.
pub fn ends_well(database: &Path, expected: &Expected, wallets: Option<&World>) {
    let connection = connect(database);
    let started = Instant::now();
    loop {
        let mut found = unrest(&connection, expected);
        found.extend(unbalanced(&connection));
        if let Some(wallets) = wallets {
            found.extend(disagreements(&connection, &wallets.ledgers()));
            found.extend(planned(wallets));
        }
        if found.is_empty() {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "the story does not end well:\n{}", found.join("\n"));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// No file below the folder holds the text.
pub fn no_file_holds(folder: &Path, secret: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            no_file_holds(&path, secret);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{} holds a secret in clear", path.display());
    }
}
