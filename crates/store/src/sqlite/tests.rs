//! The contract on SQLite, and what only SQLite promises: the file, its mode, the group.

use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, StatementStatus, params};
use tempfile::TempDir;
use tillgate_core::{Flow, MerchantId, Method};

use super::Sqlite;
use crate::changeset::Changeset;
use crate::contract::{self, Home, NOW, Shop, contract_tests, number};
use crate::port::{Conflict, OrderKey, StoreError};

async fn fresh() -> (Home, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("till.sqlite")).unwrap();
    (Arc::new(store), folder)
}

contract_tests!(fresh);

#[tokio::test]
async fn a_commit_is_on_disk_before_it_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("till.sqlite")).unwrap();
    let pragmas = store.writing(|connection| {
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        Ok((mode, number("synchronous")?, number("foreign_keys")?, number("wal_autocheckpoint")?))
    });
    assert_eq!(pragmas.await.unwrap(), ("wal".into(), 2, 1, 8_000));
}

/// Of a query with parameters, asked three times: how often it was parsed again.
fn parsed_again(connection: &Connection) -> i32 {
    let mut query = connection
        .prepare(
            "SELECT count(*) FROM (SELECT 1 FROM orders
                 WHERE merchant_id = ?1 AND terminal = ?2 AND queue_rank IS NOT NULL LIMIT ?3)",
        )
        .unwrap();
    for limit in [5, 6, 7] {
        let found: i64 = query.query_row(params![1, "T1", limit], |row| row.get(0)).unwrap();
        assert_eq!(found, 0);
    }
    query.get_status(StatementStatus::RePrepare)
}

#[test]
fn a_statement_is_parsed_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("till.sqlite");
    drop(Sqlite::open(&path).unwrap());
    let connection = super::open(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    assert_eq!(parsed_again(&connection), 0);
    // What it costs otherwise.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, false).unwrap();
    assert!(parsed_again(&connection) > 0);
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("till.sqlite");
    let home: Home = Arc::new(Sqlite::open(&path).unwrap());
    let shop = Shop::open(&home).await;
    for serial in 1..=20 {
        shop.sells_paid(serial).await;
    }
    let kept = (shop.kept(7).await, home.totals().await.unwrap(), home.next_due().await.unwrap());
    drop((home, shop));

    let home: Home = Arc::new(Sqlite::open(&path).unwrap());
    let shop = Shop { home: home.clone(), merchant: MerchantId(1) };
    let again = (shop.kept(7).await, home.totals().await.unwrap(), home.next_due().await.unwrap());
    assert_eq!(again, kept);
    assert_eq!(contract::audit(&again.0), Vec::<String>::new());
    shop.sells(21).await;
}

/// Opens a database that was first changed by `sql`, and gives why it was refused.
fn refused(sql: &str, is_ours: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("till.sqlite");
    if is_ours {
        drop(Sqlite::open(&path).unwrap());
    }
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let before = std::fs::read(&path).unwrap();
    let Err(StoreError::Fault(why)) = Sqlite::open(&path) else { panic!("it was opened: {sql}") };
    assert_eq!(std::fs::read(&path).unwrap(), before, "it was changed: {sql}");
    why
}

#[test]
fn a_newer_database_is_refused_and_left_alone() {
    assert!(refused("PRAGMA user_version = 99; PRAGMA wal_checkpoint;", true).contains("schema 99"));
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    for sql in [
        "PRAGMA application_id = 252006674; PRAGMA user_version = 1; CREATE TABLE t (a)",
        "PRAGMA application_id = 252006674; CREATE TABLE t (a)",
        "PRAGMA user_version = 1; CREATE TABLE orders (a)",
        "CREATE TABLE orders (a)",
    ] {
        assert!(refused(sql, false).contains("another program"), "{sql}");
    }
}

#[test]
fn an_empty_file_becomes_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("till.sqlite");
    std::fs::write(&path, b"").unwrap();
    drop(Sqlite::open(&path).unwrap());
    Sqlite::open(&path).unwrap();
}

/// While another holds the lock everything waits, so that all of it is one group: one of them cannot be
/// stored at all, one has a conflict, and the rest is stored.
#[tokio::test]
async fn in_one_group_each_has_its_own_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("till.sqlite");
    let home: Home = Arc::new(Sqlite::open(&path).unwrap());
    let shop = Shop::open(&home).await;
    shop.sells(1).await;
    let blocker = Connection::open(&path).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();

    let creates = |serial: i64, reference: &str| shop.creates(serial, reference, Flow::HostedPage);
    let mut decisions: Vec<_> = (2..=30).map(|serial| creates(serial, &format!("till-{serial}"))).collect();
    decisions[10].order.funds.captured_minor = i64::MAX;
    decisions[20].order.reference = "till-1".into();
    let waiting: Vec<_> =
        decisions.into_iter().map(|decision| home.commit(Changeset::decided(decision))).collect();
    blocker.execute_batch("ROLLBACK").unwrap();
    for (serial, answer) in (2..).zip(waiting) {
        let result = answer.await;
        let stored = shop.kept(serial).await.order.is_some();
        match serial {
            12 => assert!(matches!(result, Err(StoreError::Fault(_))) && !stored),
            22 => assert!(matches!(result, Err(StoreError::Conflict(_))) && !stored),
            _ => assert!(result.is_ok() && stored, "{serial}: {result:?}"),
        }
    }
    assert_eq!(home.totals().await.unwrap().orders, [("pending".to_owned(), 28)]);
    assert_eq!(home.load_work(shop.merchant, number(12)).await.unwrap(), []);
}

/// A worker that leases in the same group as a changeset that cannot be stored still gets each row once.
#[tokio::test]
async fn a_lease_survives_a_spoilt_group() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("till.sqlite");
    let home: Home = Arc::new(Sqlite::open(&path).unwrap());
    let shop = Shop::open(&home).await;
    shop.sells_by(1, Flow::CustomerPresented).await;
    let blocker = Connection::open(&path).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let first = home.check();
    let leased = home.lease_due(NOW, NOW.plus_s(30), 10);
    let mut spoiler = shop.creates(2, "till-2", Flow::HostedPage);
    spoiler.order.funds.refunding_minor = 1;
    let spoilt = home.commit(Changeset::decided(spoiler));
    blocker.execute_batch("ROLLBACK").unwrap();
    first.await.unwrap();
    let leased = leased.await.unwrap();
    assert!(matches!(spoilt.await, Err(StoreError::Fault(_))));
    assert_eq!(leased.iter().map(|work| work.attempt).collect::<Vec<_>>(), [1]);
    assert_eq!(shop.kept(1).await.work[0].attempt, 1);
}

/// A file as the first version left it: one order paid, one that ended and whose late money went back.
const FIRST_VERSION: &str = r#"
INSERT INTO merchants VALUES (1, 'Kiwi Coffee', 1531180800000);
INSERT INTO orders VALUES (1, 2018071000000001, 2, 'latipay', 'till-1', 'paid',
    '{"paid":{"at":1531180801000,"channel_ref":"2018071022001","payer":"p"}}', 'NZD', 12000, 12000, 500, 0, 1, 4,
    '{"code":"q"}', '{"account":"W00000001","method":"alipay","flow":"merchant_presented",
    "amount":{"minor":12000,"currency":"NZD"},"payer_currency":"CNY","payer_rate":464490000,"fee_bp":120,
    "description":"","notify_url":"","return_url":"","payer_ip":"","payer_code":null,
    "created_at":1531180800000,"expires_at":1531181700000}');
INSERT INTO orders SELECT 1, 2018071000000002, 3, room, 'till-2', 'cancelled',
    '{"cancelled":{"at":1531180801000}}', currency, amount_minor, 0, 0, 0, 1, 3, presentation, terms FROM orders;
INSERT INTO events VALUES (1, 2018071000000002, 1, 1531180800000, '"created"'),
    (1, 2018071000000002, 2, 1531180800000, '{"presented":{"code":"q"}}'),
    (1, 2018071000000002, 3, 1531180801000, '"cancelled"'),
    (1, 2018071000000002, 4, 1531180801000, '{"late_payment":{"channel_ref":"c","refund":1}}');
INSERT INTO refunds VALUES (1, 2018071000000001, 1, 500, 'cold coffee', 1531180801000, 0,
    '{"succeeded":{"at":1531180802000}}'), (1, 2018071000000002, 1, 12000, 'late', 1531180801000, 1, '"requested"');
UPDATE orders SET events = 4, version = 4 WHERE order_no = 2018071000000002;
"#;

#[tokio::test]
async fn a_file_of_the_first_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("till.sqlite");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(super::schema::MIGRATIONS[0]).unwrap();
    old.execute_batch("PRAGMA user_version = 1; PRAGMA application_id = 1953066092;").unwrap();
    old.execute_batch(FIRST_VERSION).unwrap();
    drop(old);
    // A command does not do it: the gateway that is at work on it may be of that version too.
    let Err(StoreError::Fault(why)) = Sqlite::open_beside(&path) else { panic!("it was opened") };
    assert!(why.contains("schema 1"), "{why}");
    let home: Home = Arc::new(Sqlite::open(&path).unwrap());
    let shop = Shop { home: home.clone(), merchant: MerchantId(1) };

    let paid = shop.load(1).await;
    assert_eq!(
        (paid.method().map(Method::as_str), paid.given_back, paid.terms.tip_minor),
        (Some("alipay"), 0, 0)
    );
    assert_eq!((paid.version, paid.funds.refunded_minor), (paid.events, 500));
    let late = shop.kept(2).await;
    assert_eq!(
        contract::audit(&late).len(),
        1,
        "only its ledger was left out here: {:?}",
        contract::audit(&late)
    );
    let order = late.order.unwrap();
    assert_eq!((order.given_back, late.refunds[0].choice, late.refunds[0].note.as_str()), (1, 1, "late"));
    assert_eq!(shop.kept(1).await.refunds[0].reference, None);

    let key = OrderKey::Reference { room: "latipay", reference: "till-1" };
    assert_eq!(home.load_order(shop.merchant, key).await.unwrap(), Some(paid));
    let taken = shop.creates(3, "till-2", Flow::HostedPage);
    assert_eq!(contract::conflict(home.commit(Changeset::decided(taken)).await), Conflict::Reference);
    // It goes on as if it had always been so: the money that is on its way back is not sent twice.
    assert!(shop.decides(2, contract::paid(), NOW).await.is_nothing());
    shop.sells_paid(4).await;
    Sqlite::open_beside(&path).unwrap();
}
