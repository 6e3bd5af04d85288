//! That the schema can be spread over machines by merchant: keys begin with the merchant, statements name one.

use std::collections::BTreeSet;

use super::sql as own;
use super::tests::{cluster, database};
use super::{Postgres, Settings, wake};
use crate::sql;

/// Tables that are the whole gateway's, the same on each machine.
const EVERYWHERE: &[&str] = &[
    "schema_version",
    "logins",
    "purpose",
    "heartbeat",
    "rates",
    "gateway_keys",
    "statement_files",
    "nodes",
];

/// Reads without a lock that look at all merchants, and what they are for.
const ACROSS: &[(&str, &str)] = &[
    ("DUE", "workers look for what is due, and take it merchant by merchant"),
    ("NEXT_DUE", "how long workers may sleep"),
    ("MERCHANTS", "reports walk merchant by merchant"),
    ("CREDENTIALS", "the list of all logins"),
    ("NOTIFICATIONS", "the operator's list of what was not delivered"),
    ("NEXT_STATED_MERCHANT", "reconciliation walks merchant by merchant"),
    ("COUNT_ORDERS", "a checker's totals"),
    ("SUM_POSTINGS", "a checker's totals"),
    ("COUNT_WORK", "a checker's totals"),
    ("COUNT_EXHAUSTED", "a checker's totals"),
    ("ADD_MERCHANT", "the next free number; the operator's command, not a payment's"),
];

fn words(text: &str) -> Vec<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
    text.split(|letter| !is_part(letter)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The tables a statement names.
fn tables(text: &str, known: &BTreeSet<String>) -> BTreeSet<String> {
    words(text).into_iter().filter(|word| known.contains(word)).collect()
}

/// Why a statement would have to ask every machine, if it would.
fn fault(name: &str, text: &str, known: &BTreeSet<String>) -> Option<String> {
    let named = tables(text, known);
    let spread: Vec<&String> = named.iter().filter(|table| !EVERYWHERE.contains(&table.as_str())).collect();
    if spread.is_empty() || ACROSS.iter().any(|(across, _)| *across == name) {
        return None;
    }
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_insert = flat.starts_with("INSERT INTO");
    let first_is_merchant = flat.contains("(merchant_id, ")
        && (flat.contains("VALUES ($1") || flat.contains("SELECT $1") || flat.contains("SELECT merchant_id"));
    let numbered = |word: &str| (1..=9).any(|number| flat.contains(&format!("{word} = ${number}")));
    let names_one = numbered("merchant_id");
    let is_fine = if is_insert {
        first_is_merchant && (!flat.contains("SELECT merchant_id") || names_one)
    } else {
        names_one
    };
    let locks = ["FOR UPDATE", "FOR SHARE"].iter().any(|lock| flat.contains(lock)) && !names_one;
    let volatile =
        ["now()", "random()", "nextval", "clock_timestamp"].iter().find(|word| flat.contains(**word));
    match (is_fine, locks, volatile) {
        (true, false, None) => None,
        (false, _, _) => Some(format!("{name} names no merchant, but reads or writes {spread:?}")),
        (_, true, _) => Some(format!("{name} locks rows of all merchants")),
        (_, _, Some(word)) => Some(format!("{name} calls {word}")),
    }
}

async fn known_tables() -> (String, BTreeSet<String>) {
    let url = database();
    Postgres::connect(&Settings::new(&url)).await.unwrap();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let list = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'";
    let tables = cluster().psql(&name, list).unwrap();
    (name, tables.lines().map(str::to_owned).collect())
}

#[tokio::test]
async fn each_statement_names_one_merchant() {
    let (_, known) = known_tables().await;
    assert!(known.contains("orders") && known.len() > 20, "{known:?}");
    let search = sql::search_orders(&["operator", "terminal"]);
    let all: Vec<_> = sql::ALL
        .iter()
        .chain(own::ALL)
        .chain(wake::ALL)
        .copied()
        .chain([("search_orders", &*search)])
        .collect();
    assert!(all.len() > 90, "{}", all.len());
    let faults: Vec<_> = all.iter().filter_map(|(name, text)| fault(name, text, &known)).collect();
    assert_eq!(faults, Vec::<String>::new());
    for (name, _) in ACROSS {
        let text = all.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name} is gone")).1;
        assert!(name == &"ADD_MERCHANT" || text.trim_start().starts_with("SELECT"), "{name}");
    }

    for planted in [
        "SELECT body FROM events WHERE order_no = $1",
        "UPDATE orders SET version = 1 WHERE order_no = $1",
        "INSERT INTO work (order_no, slot) VALUES ($1, $2)",
        "SELECT * FROM orders WHERE merchant_id = $1 AND at < now()",
        "DELETE FROM claims WHERE at < $1",
    ] {
        assert!(fault("planted", planted, &known).is_some(), "{planted}");
    }
}

#[tokio::test]
async fn each_key_begins_with_the_merchant() {
    let (name, known) = known_tables().await;
    let keys = "SELECT c.relname || ' ' || i.indexrelid::regclass || ' ' || a.attname
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
        WHERE n.nspname = 'public' AND i.indisunique";
    let foreign = "SELECT conrelid::regclass || ' ' || conname || ' ' || a.attname FROM pg_constraint
        JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1] WHERE contype = 'f'";
    let read = |sql: &str| cluster().psql(&name, sql).unwrap();
    let mut seen = BTreeSet::new();
    for line in read(keys).lines().chain(read(foreign).lines()) {
        let [table, key, column] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        seen.insert(table.to_owned());
        assert!(
            column == "merchant_id" || EVERYWHERE.contains(&table),
            "{key} of {table} begins with {column}"
        );
    }
    // Each table has a key, so that none was overlooked.
    assert_eq!(seen, known);
    let others = "SELECT (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal)
        || ' ' || (SELECT count(*) FROM pg_sequences) || ' '
        || (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)";
    assert_eq!(read(others), "0 0 0\n", "triggers, sequences, functions");
}

/// The operator's file for Citus names every table, as what it is here.
#[tokio::test]
async fn the_file_that_spreads_the_tables_is_whole() {
    let (_, known) = known_tables().await;
    let file = include_str!("../../../../docs/citus.sql");
    let called = |function: &str| -> BTreeSet<String> {
        let opening = format!("{function}('");
        file.split(&opening).skip(1).map(|rest| rest.split('\'').next().unwrap().to_owned()).collect()
    };
    let (spread, everywhere) = (called("create_distributed_table"), called("create_reference_table"));
    let expected: BTreeSet<String> = EVERYWHERE.iter().map(|table| (*table).to_owned()).collect();
    assert_eq!(everywhere, expected);
    assert_eq!(spread, known.difference(&expected).cloned().collect());
    assert_eq!(file.matches("'merchant_id'").count(), spread.len());
}
