//! Whole stores moved from file to file; files that were damaged on the way.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, params};
use tillgate_core::{OrderNo, Timestamp};

use super::{Header, Reader, RowSource as _, Summary, Writer, catalogue, is_left_behind};
use crate::contract::{self, Home, NOW, Shop};
use crate::postgres::{Postgres, Settings, transfer as in_postgres};
use crate::sqlite::{Sqlite, transfer};
use crate::terminal::Pairing;
use crate::transfer::TransferError;

fn header() -> Header {
    Header::new("0.0.0", "2018-07-10T01:20:00Z")
}

pub fn exported(database: &Path) -> (Vec<u8>, Summary) {
    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    transfer::read_file(database, &mut writer).unwrap();
    writer.finish().unwrap()
}

pub fn reader(bytes: &[u8]) -> Result<Reader<Cursor<&[u8]>>, TransferError> {
    Reader::open(Cursor::new(bytes))
}

fn imported(bytes: &[u8], database: &Path) -> Result<Summary, TransferError> {
    transfer::create_file(database, &mut reader(bytes)?)
}

/// What no order of the stories has: odd texts, numbers at their ends, bytes of all kinds.
fn adds_oddities(database: &Path) {
    let file = Connection::open(database).unwrap();
    let odd = "ab\u{2028}\u{feff}\u{1F980}\"'\\\r\n\t\u{7f}e\u{301}";
    let all_bytes: Vec<u8> = (0..=255).collect();
    file.execute(
        "INSERT INTO notifications VALUES (1, ?1, 4294967295, ?2, '', ?3, 'waiting', 0)",
        params![i64::MAX, odd, all_bytes],
    )
    .unwrap();
    file.execute("INSERT INTO claims VALUES (1, x'', ?1, NULL, ?2)", params![odd, i64::MIN]).unwrap();
    file.execute("INSERT INTO claims VALUES (1, x'00', '', x'', 0)", ()).unwrap();
    file.execute("INSERT INTO signatures VALUES (1, 1, ?1)", [vec![0_u8; 300_000]]).unwrap();
    for reference in ["b", "B", "a", "é", "e\u{301}", "1 0", "10", "", "\u{10FFFF}", "\u{FFFF}"] {
        file.execute("INSERT INTO order_references VALUES (1, 'odd', ?1, 1, 0)", [reference]).unwrap();
    }
}

/// A story of the contract, and a store of everything that no story has.
pub async fn told<S: Future<Output = ()>>(database: &Path, story: impl FnOnce(Home) -> S) {
    let home: Home = Arc::new(Sqlite::open(database).unwrap());
    story(home.clone()).await;
    home.claim("live").await.unwrap();
    home.check().await.unwrap();
    let merchant = Shop::open(&home).await.merchant;
    let pairing = Pairing {
        merchant,
        terminal: "T9".into(),
        code_digest: b"\x00\xff".to_vec(),
        expires_at: NOW,
        tries_left: 3,
    };
    home.put_pairing(pairing).await.unwrap();
    drop(home);
    adds_oddities(database);
}

async fn audited(home: &Home) -> Vec<String> {
    let mut faults = Vec::new();
    for merchant in home.list_merchants().await.unwrap() {
        for order in home.walk_orders(merchant, OrderNo(i64::MIN), 10_000).await.unwrap() {
            let kept = contract::Kept {
                refunds: home.load_refunds(merchant, order.number).await.unwrap(),
                events: home.load_events(merchant, order.number).await.unwrap(),
                postings: home.load_postings(merchant, order.number).await.unwrap(),
                work: home.load_work(merchant, order.number).await.unwrap(),
                order: Some(order),
            };
            faults.extend(contract::audit(&kept));
        }
    }
    faults
}

/// An empty database of the process's own cluster.
fn database() -> Settings {
    Settings::new(tillgate_scratch::shared().unwrap().fresh_database().unwrap())
}

async fn exported_from(database: &Settings) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    // The connections of a store that was dropped end a little later.
    for _ in 0..100 {
        match in_postgres::read_rows(database, &mut writer).await {
            Err(TransferError::Refused(why)) if why.contains("at work") => {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            done => {
                done.unwrap();
                break;
            }
        }
    }
    writer.finish().unwrap().0
}

/// Moves the store of a story to another file, to PostgreSQL and back, and gives what was in it.
async fn moves<S: Future<Output = ()>>(story: impl FnOnce(Home) -> S) -> Summary {
    let folder = tempfile::tempdir().unwrap();
    let [first, second, third] = ["first", "second", "third"].map(|name| folder.path().join(name));
    told(&first, story).await;
    let (bytes, summary) = exported(&first);
    assert_eq!(imported(&bytes, &second).unwrap(), summary);
    assert_eq!(exported(&second).0, bytes, "the same rows, byte for byte");
    let other = database();
    assert_eq!(in_postgres::fill(&other, &mut reader(&bytes).unwrap()).await.unwrap(), summary);
    assert_eq!(exported_from(&other).await, bytes, "the same rows, byte for byte, from PostgreSQL");
    imported(&exported_from(&other).await, &third).unwrap();
    assert_eq!(exported(&third).0, bytes, "the same rows after both moves");

    let before: Home = Arc::new(Sqlite::open(&first).unwrap());
    goes_on(&before, Arc::new(Sqlite::open(&third).unwrap()), &summary).await;
    goes_on(&before, Arc::new(Postgres::connect(&other).await.unwrap()), &summary).await;
    summary
}

async fn goes_on(before: &Home, home: Home, summary: &Summary) {
    assert_eq!(home.totals().await.unwrap(), before.totals().await.unwrap());
    assert_eq!(audited(&home).await, audited(before).await);
    for credential in before.list_credentials().await.unwrap() {
        let found = home.load_credential(&credential.room, &credential.login).await.unwrap();
        assert_eq!(found, Some(credential));
    }
    for merchant in home.list_merchants().await.unwrap() {
        let balances = home.balances(merchant, None).await.unwrap();
        let told: Vec<_> =
            summary.balances.iter().filter(|held| held.merchant == i64::from(merchant.0)).collect();
        assert_eq!(balances.len(), told.len());
        for (balance, held) in balances.iter().zip(told) {
            assert_eq!(
                (balance.account.to_string(), balance.amount.minor),
                (held.account.clone(), held.minor)
            );
        }
    }
    // Life goes on where it is now.
    Shop::open(&home).await.sells_paid(99_999).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_with_everything_in_it_is_moved_whole() {
    let stories = [
        moves(contract::everything_reads_back_as_it_was_decided).await,
        moves(contract::random_stories_on_a_few_orders_stay_sound).await,
        moves(contract::a_notification_keeps_its_bytes_and_its_tries).await,
        moves(contract::logins_are_found_with_keys_and_accounts).await,
        moves(contract::a_rotated_key_ends_and_the_new_one_is_first).await,
        moves(contract::rates_stay_and_the_newest_is_first).await,
        moves(contract::an_order_at_a_terminal_reads_back).await,
        moves(contract::a_batch_is_filled_and_closed).await,
        moves(contract::the_first_gateway_key_stays).await,
        moves(contract::a_request_has_its_effect_once).await,
        moves(contract::a_statement_is_kept_once_and_whole).await,
    ];
    for table in catalogue() {
        let rows: u64 = stories.iter().map(|summary| summary.rows_of(&table.name)).sum();
        assert!(rows > 0, "no story has anything in {}", table.name);
    }
}

/// A new table or column that the catalogue does not have would be left behind.
#[test]
fn the_catalogue_is_the_databases_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("till.sqlite");
    drop(Sqlite::open(&path).unwrap());
    assert_eq!(transfer::schema_of(&path).unwrap(), super::SCHEMA as usize);
    let file = Connection::open(&path).unwrap();
    let mut names = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names: Vec<String> = names.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let (left, moved): (Vec<_>, Vec<_>) = names.iter().partition(|name| is_left_behind(name));
    assert_eq!(left, ["heartbeat"]);
    assert_eq!(moved.len(), catalogue().len(), "{moved:?}");
    for table in catalogue() {
        let mut query = file
            .prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1) ORDER BY cid")
            .unwrap();
        let real: Vec<(String, String, bool, u32)> = query
            .query_map([&table.name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let ours: Vec<_> = (0..)
            .zip(&table.columns)
            .map(|(place, column)| {
                let kind = match column.kind {
                    super::Kind::Integer => "INTEGER",
                    super::Kind::Text => "TEXT",
                    super::Kind::Blob => "BLOB",
                };
                let in_key = table.key.iter().position(|key| *key == place).map_or(0, |at| at as u32 + 1);
                // A rowid is never null, though SQLite does not say so.
                let is_rowid = in_key == 1 && table.key.len() == 1 && kind == "INTEGER";
                (column.name.clone(), kind.to_owned(), !column.may_be_null && !is_rowid, in_key)
            })
            .collect();
        assert_eq!(real, ours, "{}", table.name);
    }
}

/// The same of PostgreSQL; the order of columns may be another there.
#[tokio::test]
async fn the_catalogue_is_postgres_own() {
    let cluster = tillgate_scratch::shared().unwrap();
    let settings = database();
    drop(Postgres::connect(&settings).await.unwrap());
    let name = settings.url.rsplit('/').next().unwrap();
    let asks = |sql: &str| -> Vec<String> {
        let told = cluster.psql(name, sql).unwrap();
        told.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let mut tables =
        asks("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1");
    tables.retain(|name| !is_left_behind(name));
    let mut ours: Vec<&str> = catalogue().iter().map(|table| table.name.as_str()).collect();
    ours.sort_unstable();
    assert_eq!(tables, ours);
    for table in catalogue() {
        let mut columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| {
                let kind = match column.kind {
                    super::Kind::Integer => "bigint",
                    super::Kind::Text => "text",
                    super::Kind::Blob => "bytea",
                };
                format!("{} {kind} {}", column.name, if column.may_be_null { "YES" } else { "NO" })
            })
            .collect();
        columns.sort_unstable();
        let mut real = asks(&format!(
            "SELECT column_name || ' ' || data_type || ' ' || is_nullable FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name = '{}'",
            table.name
        ));
        real.sort_unstable();
        assert_eq!(real, columns, "{}", table.name);
        let key = asks(&format!(
            "SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM pg_index i,
                 unnest(i.indkey) WITH ORDINALITY AS k (at, place), pg_attribute a
             WHERE i.indrelid = '{0}'::regclass AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.at",
            table.name
        ));
        assert_eq!(key, [table.key_names().join(", ")], "{}", table.name);
    }
}

/// Neither text, nor a store in use, nor half a file.
#[tokio::test]
async fn postgres_is_filled_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("till.sqlite");
    let whole = small().await;
    imported(&whole, &path).unwrap();
    let settings = database();
    let cut = String::from_utf8(whole.clone()).unwrap();
    let cut: Vec<&str> = cut.split_inclusive('\n').collect();
    let cut = cut[..cut.len() - 1].concat();
    // The session of the try before may not have left yet.
    let fills = async |bytes: &[u8]| loop {
        match in_postgres::fill(&settings, &mut reader(bytes).unwrap()).await {
            Err(error) if error.to_string().contains("at work") => {}
            filled => break filled,
        }
    };
    let refused = async |bytes: &[u8]| fills(bytes).await.unwrap_err().to_string();
    assert!(refused(cut.as_bytes()).await.contains("cut off"));
    let file = Connection::open(&path).unwrap();
    file.execute("INSERT INTO notification_attempts VALUES (1, 2, 3, 4, 5, 6, 200, ?1)", ["a\0b"]).unwrap();
    drop(file);
    let said = refused(&exported(&path).0).await;
    assert!(
        said.contains("notification_attempts.answer of the row 1, 2, 3, 4 has the character U+0000"),
        "{said}"
    );
    let doubled = String::from_utf8(whole.clone()).unwrap();
    let line = doubled.split_inclusive('\n').find(|line| line.starts_with("[\"orders\"")).unwrap();
    let doubled = doubled.replacen(line, &format!("{line}{line}"), 1);
    let said = refused(doubled.as_bytes()).await;
    assert!(said.contains("a row of orders is refused: store: duplicate key"), "{said}");

    // Nothing is left of these: it can still be filled, once.
    fills(&whole).await.unwrap();
    let said = refused(&whole).await;
    assert!(said.contains("something in its table merchants"), "{said}");
    assert_eq!(exported_from(&settings).await, whole);
    let gateway = Postgres::connect(&settings).await.unwrap();
    let said = in_postgres::fill(&settings, &mut reader(&whole).unwrap()).await.unwrap_err().to_string();
    assert!(said.contains("a gateway is at work in the database"), "{said}");
    drop(gateway);
}

async fn small() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("till.sqlite");
    let home: Home = Arc::new(Sqlite::open(&path).unwrap());
    Shop::open(&home).await.sells_paid(1).await;
    drop(home);
    exported(&path).0
}

/// Reads to the end, as an import would.
fn read_all(bytes: &[u8]) -> Result<(), TransferError> {
    let mut reader = reader(bytes)?;
    while reader.next_row()?.is_some() {}
    Ok(())
}

#[tokio::test]
async fn every_flipped_byte_and_every_cut_is_noticed() {
    let whole = small().await;
    read_all(&whole).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= if at % 2 == 0 { 1 } else { 0x20 };
        assert!(read_all(&bytes).is_err(), "byte {at}: {}", String::from_utf8_lossy(&bytes));
        assert!(at % 5 > 0 || read_all(&whole[..at]).is_err(), "cut at {at}");
    }
}

/// Lines of the file, changed, with how it is refused.
#[tokio::test]
async fn a_file_that_is_not_all_there_makes_no_database() {
    let whole = String::from_utf8(small().await).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let order = lines.iter().position(|line| line.starts_with("[\"orders\"")).unwrap();
    let event = lines.iter().position(|line| line.starts_with("[\"events\"")).unwrap();
    let without = |at: usize| [&lines[..at], &lines[at + 1..]].concat().concat();
    let twice = |at: usize| [&lines[..=at], &lines[at..]].concat().concat();
    let swapped = {
        let mut lines = lines.clone();
        lines.swap(event, event + 1);
        lines.concat()
    };
    let header = |from: &str, to: &str| {
        assert!(lines[0].contains(from));
        [lines[0].replacen(from, to, 1), lines[1..].concat()].concat()
    };
    for (file, words) in [
        (without(order), "orders: 0 rows, there should be 1"),
        (twice(order), "a row of orders is refused: UNIQUE"),
        (swapped, "events: 2 rows, but not the same ones"),
        (lines[..lines.len() - 1].concat(), "cut off"),
        (lines[..order].concat(), "cut off"),
        (whole.trim_end().to_owned(), "cut off"),
        (twice(lines.len() - 1), "more follows"),
        (format!("{whole}["), "more follows"),
        (whole.replacen("[\"orders\",1,", "[\"orders\",1.0,", 1), "orders.merchant_id cannot hold that"),
        (whole.replacen("[\"orders\",1,", "[\"orders\",null,", 1), "orders.merchant_id cannot hold that"),
        (whole.replacen("[\"orders\",1,", "[\"orders\", 1,", 1), "is not written as we write it"),
        (whole.replacen("[\"orders\",1,", "[\"sqlite_schema\",1,", 1), "names a table that is none"),
        ([&lines[..=event], &lines[order..=order], &lines[event..]].concat().concat(), "comes too late"),
        (whole.replacen("[\"orders\",1,", "[\"orders\",", 1), "has 27 columns, not 26"),
        (header("\"schema\":5", "\"schema\":6"), "use the newer tillgate"),
        (header("\"schema\":5", "\"schema\":4"), "with the tillgate that made it"),
        (header("\"tillgate_export\":1", "\"tillgate_export\":2"), "use the newer tillgate"),
        (header("\"name\":\"orders\"", "\"name\":\"orders\\\" --\""), "not described as it must be"),
        (header("order_no int", "order_no text"), "are not those of that schema"),
        (String::new(), "no export of tillgate"),
        ("{}\n".to_owned(), "no export of tillgate"),
        ("SQLite format 3\0".to_owned(), "no export of tillgate"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("till.sqlite");
        let refused = imported(file.as_bytes(), &path).unwrap_err().to_string();
        assert!(refused.contains(words), "{words}: {refused}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{words}: something is left");
    }
}

#[tokio::test]
async fn only_an_empty_store_is_filled() {
    let bytes = small().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("till.sqlite");
    drop(Sqlite::open(&path).unwrap());
    imported(&bytes, &path).unwrap();
    assert_eq!(exported(&path).0, bytes);
    let refused = imported(&bytes, &path).unwrap_err().to_string();
    assert!(refused.contains("something in its table merchants"), "{refused}");
    assert_eq!(exported(&path).0, bytes, "it was changed");
    let other = folder.path().join("other.sqlite");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    assert!(imported(&bytes, &other).unwrap_err().to_string().contains("another program"));
}

/// While one writes, a copy is of one moment, and it is whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_taken_while_another_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("till.sqlite");
    let home: Home = Arc::new(Sqlite::open(&path).unwrap());
    let shop = Shop::open(&home).await;
    let writing = tokio::spawn(async move {
        for serial in 1..=600 {
            shop.sells_paid(serial).await;
        }
    });
    let mut counts = Vec::new();
    while !writing.is_finished() {
        let copy = folder.path().join(format!("copy-{}.sqlite", counts.len()));
        transfer::copy_file(&path, &copy).unwrap();
        assert_eq!(transfer::faults_in_file(&copy).unwrap(), Vec::<String>::new());
        let summary = transfer::sum_file(&copy, catalogue()).unwrap();
        let home: Home = Arc::new(Sqlite::open_copy(&copy).unwrap());
        assert_eq!(audited(&home).await, Vec::<String>::new());
        assert_eq!(
            home.totals().await.unwrap().orders.iter().map(|(_, n)| *n).sum::<i64>(),
            summary.rows_of("orders") as i64
        );
        assert!(home.add_merchant("x", Timestamp(0)).await.is_err(), "a copy is not written");
        counts.push(summary.rows_of("orders"));
    }
    writing.await.unwrap();
    assert!(counts.len() > 2 && counts.is_sorted(), "{counts:?}");
    assert!(counts.iter().any(|count| (1..600).contains(count)), "none was taken meanwhile: {counts:?}");
}
