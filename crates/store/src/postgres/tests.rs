//! The contract on PostgreSQL, and what only PostgreSQL promises: several at once, lost connections, the schema.

use std::sync::Arc;
use std::time::Duration;

use tillgate_core::{Flow, Timestamp};
use tillgate_scratch::{Cluster, Options};
use tokio_postgres::NoTls;

use super::schema::{Older, STEPS, Step};
use super::{Postgres, Settings};
use crate::changeset::Changeset;
use crate::contract::{self, Home, NOW, Shop, contract_tests, paid};
use crate::port::{Store, StoreError};

pub fn cluster() -> &'static Cluster {
    tillgate_scratch::shared().unwrap()
}

/// The address of an empty database in the process's own cluster.
pub fn database() -> String {
    cluster().fresh_database().unwrap()
}

async fn open(url: &str) -> Home {
    Arc::new(Postgres::connect(&Settings::new(url)).await.unwrap())
}

async fn fresh() -> (Home, ()) {
    (open(&database()).await, ())
}

contract_tests!(fresh);

/// A connection beside the store's.
async fn beside(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_race_on_one_database() {
    let url = database();
    let (first, second) = (open(&url).await, open(&url).await);
    let shop = Shop::open(&first).await;
    let other = Shop { home: second, merchant: shop.merchant };
    // The same references, at once, through both: each makes one order.
    let mut sent = Vec::new();
    for serial in 1..=40 {
        for (shop, number) in [(&shop, serial), (&other, serial + 1_000)] {
            let decision = shop.creates(number, &format!("till-{serial}"), Flow::MerchantPresented);
            let home = shop.home.clone();
            sent.push(tokio::spawn(async move { home.commit(Changeset::decided(decision)).await }));
        }
    }
    let mut made = 0;
    for task in sent {
        match task.await.unwrap() {
            Ok(()) => made += 1,
            Err(StoreError::Conflict(conflict)) => assert_eq!(conflict, crate::Conflict::Reference),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(made, 40);
    // Work is shared: each row is leased to one of the two.
    let lease = |home: &Home| {
        let home = home.clone();
        async move { home.lease_due(NOW.plus_s(1_000), NOW.plus_s(1_100), 100).await.unwrap() }
    };
    let (one, two) = tokio::join!(lease(&shop.home), lease(&other.home));
    let mut keys: Vec<_> = one.iter().chain(&two).map(|work| work.key).collect();
    keys.sort_unstable_by_key(|key| (key.order, key.kind.slot()));
    let all = keys.len();
    keys.dedup();
    assert_eq!((keys.len(), all), (40, 40));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merchants_added_at_once_get_numbers_of_their_own() {
    let home = open(&database()).await;
    let adding: Vec<_> = (0..6)
        .map(|_| {
            let home = home.clone();
            tokio::spawn(async move { home.add_merchant("Kiwi Coffee", NOW).await.unwrap() })
        })
        .collect();
    let mut numbers = Vec::new();
    for added in adding {
        numbers.push(added.await.unwrap().0);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
}

/// Each in its turn takes two orders that the other has taken the other way round: PostgreSQL ends one, which tries again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_ended_in_a_deadlock_tries_again() {
    let url = database();
    let home = open(&url).await;
    let shop = Shop::open(&home).await;
    for serial in [1, 2] {
        shop.sells(serial).await;
    }
    let rival = beside(&url).await;
    let touch = |serial: i64| {
        format!("UPDATE orders SET given_back = given_back WHERE order_no = {}", contract::number(serial).0)
    };
    // He holds the second and will want the first; we hold the first and want the second.
    rival.batch_execute(&format!("BEGIN; SET deadlock_timeout = '1min'; {}", touch(2))).await.unwrap();
    let both = {
        let (one, two) = (shop.decides(1, paid(), NOW).await, shop.decides(2, paid(), NOW).await);
        Changeset { also: Some(Arc::new(two)), ..Changeset::decided(one) }
    };
    let ours = {
        let home = home.clone();
        tokio::spawn(async move { home.commit(both).await })
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    rival.batch_execute(&touch(1)).await.unwrap();
    rival.batch_execute("COMMIT").await.unwrap();
    ours.await.unwrap().unwrap();
    for serial in [1, 2] {
        assert_eq!(contract::audit(&shop.kept(serial).await), Vec::<String>::new());
        assert_eq!(shop.load(serial).await.funds.captured_minor, contract::AMOUNT_MINOR);
    }
    assert!(cluster().log().contains("deadlock detected"));
}

/// The database ends all our connections: what was told is there, and we go on by ourselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_connections_lose_nothing() {
    let url = database();
    let home = open(&url).await;
    let shop = Shop::open(&home).await;
    let rival = beside(&url).await;
    let killer = tokio::spawn(async move {
        for _ in 0..6 {
            tokio::time::sleep(Duration::from_millis(40)).await;
            let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
            rival.batch_execute(kill).await.unwrap();
        }
    });
    let (mut stored, mut unsure) = (Vec::new(), 0);
    let mut serial = 0;
    while !killer.is_finished() || serial < 50 {
        serial += 1;
        let decision = shop.creates(serial, &format!("till-{serial}"), Flow::MerchantPresented);
        match home.commit(Changeset::decided(decision)).await {
            Ok(()) => stored.push(serial),
            Err(StoreError::Fault(_)) => unsure += 1,
            Err(StoreError::Conflict(conflict)) => panic!("{conflict:?}"),
        }
    }
    killer.await.unwrap();
    assert!(stored.len() > 10, "{} stored, {unsure} unsure", stored.len());
    for serial in stored {
        let kept = shop.kept(serial).await;
        assert_eq!(contract::audit(&kept), Vec::<String>::new());
    }
}

/// An older program works beside a newer one until what it uses is taken away.
#[tokio::test]
async fn two_versions_work_side_by_side() {
    let known = STEPS.len() as i64;
    let after = |steps: &[Step], sql: &'static str, oldest: i64| -> &'static [Step] {
        Vec::leak([steps, &[Step { sql, oldest }]].concat())
    };
    let expanded = after(STEPS, "ALTER TABLE orders ADD COLUMN mood TEXT NOT NULL DEFAULT ''", known);
    let contracted = after(expanded, "ALTER TABLE orders DROP COLUMN given_back", known + 1);
    let url = database();
    let settings = Settings::new(&url);
    let old: Home = open(&url).await;
    let shop = Shop::open(&old).await;
    shop.sells_paid(1).await;

    let beside = Postgres::connected(&settings, expanded, Older::Refuse).await.unwrap_err();
    assert!(beside.to_string().contains("start this version's gateway once"), "{beside}");
    let new = Postgres::connected(&settings, expanded, Older::BringUp).await.unwrap();
    // The older one goes on, and another of it starts.
    shop.sells_paid(2).await;
    Postgres::connect(&settings).await.unwrap();
    Postgres::connect_beside(&settings).await.unwrap();
    assert_eq!(new.totals().await.unwrap().orders, [("paid".to_owned(), 2)]);

    Postgres::connected(&settings, contracted, Older::BringUp).await.unwrap();
    let too_old = Postgres::connect(&settings).await.unwrap_err().to_string();
    let why = format!("schema {}, which needs a program that knows schema {}", known + 2, known + 1);
    assert!(too_old.contains(&why), "{too_old}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_start_at_once_make_the_schema_once() {
    let url = database();
    let starting: Vec<_> = (0..8)
        .map(|_| {
            let settings = Settings::new(&url);
            tokio::spawn(async move { Postgres::connect(&settings).await })
        })
        .collect();
    for start in starting {
        start.await.unwrap().unwrap();
    }
    let name = url.rsplit('/').next().unwrap();
    let version = cluster().psql(name, "SELECT version FROM schema_version").unwrap();
    assert_eq!(version.trim(), STEPS.len().to_string());
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    let url = database();
    let name = url.rsplit('/').next().unwrap();
    cluster().psql(name, "CREATE TABLE theirs (x INT)").unwrap();
    let error = Postgres::connect(&Settings::new(&url)).await.unwrap_err();
    assert!(error.to_string().contains("another program"), "{error}");
    assert_eq!(
        cluster().psql(name, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").unwrap(),
        "1\n"
    );
}

/// Several hosts, of which one is dead and one may only be read: the one that can be written to is found.
#[tokio::test]
async fn the_host_that_can_be_written_to_is_found() {
    let read_only = Cluster::start(&Options {
        settings: vec![("default_transaction_read_only".into(), "on".into())],
        ..Options::default()
    })
    .unwrap();
    let url = database();
    let name = url.rsplit('/').next().unwrap();
    let dead = tillgate_scratch::free_port().unwrap();
    let hosts = format!("127.0.0.1:{dead},127.0.0.1:{},127.0.0.1:{}", read_only.port(), cluster().port());
    let all = format!("postgres://postgres@{hosts}/{name}?target_session_attrs=read-write");
    let home = open(&all).await;
    Shop::open(&home).await.sells(1).await;
    let only_one = format!("postgres://postgres@127.0.0.1:{}/postgres", read_only.port());
    let error = Postgres::connect(&Settings::new(only_one)).await.unwrap_err().to_string();
    assert!(error.contains("read-only"), "{error}");
}

/// The machine of the primary hangs, with its connections open, and another takes its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_left() {
    let hangs = Cluster::start(&Options::default()).unwrap();
    let url = database();
    let name = url.rsplit('/').next().unwrap();
    hangs.psql("postgres", &format!("CREATE DATABASE {name}")).unwrap();
    let both = format!("127.0.0.1:{},127.0.0.1:{}", hangs.port(), cluster().port());
    let home = open(&format!("postgres://postgres@{both}/{name}?target_session_attrs=read-write")).await;
    // What the other has is its own here; all that counts is that we come there.
    let there = Shop::open(&open(&url).await).await;
    let shop = Shop::open(&home).await;
    shop.sells(1).await;
    hangs.freeze().unwrap();
    let began = std::time::Instant::now();
    let decision = shop.creates(2, "till-2", Flow::MerchantPresented);
    let (written, read) = tokio::join!(home.commit(Changeset::decided(decision)), home.totals());
    written.unwrap();
    assert!(read.unwrap().work <= 1, "read from the one that is there");
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    assert_eq!(there.kept(2).await.order.map(|order| order.reference).as_deref(), Some("till-2"));
}

#[tokio::test]
async fn tls_is_checked() {
    let cluster = Cluster::start(&Options { has_tls: true, ..Options::default() }).unwrap();
    // Readable by us, whoever the server runs as.
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("root.crt");
    std::fs::copy(cluster.certificate(), &roots).unwrap();
    let at = |host: &str, query: &str| {
        format!("postgres://postgres@{host}:{}/postgres?sslmode=verify-full{query}", cluster.port())
    };
    let with_root = format!("&sslrootcert={}", roots.display());
    let home = open(&at("localhost", &with_root)).await;
    Shop::open(&home).await.sells(1).await;
    let encrypted = "SELECT count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE ssl AND application_name = 'tillgate'";
    assert_eq!(cluster.psql("postgres", encrypted).unwrap(), "t\n");
    // Another name than the certificate's, and an authority nobody knows.
    for url in [at("127.0.0.1", &with_root), at("localhost", "")] {
        let error = Postgres::connect(&Settings::new(url)).await.unwrap_err().to_string();
        assert!(error.contains("certificate"), "{error}");
    }
}

/// What many write at once is stored in few transactions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_together_is_stored_together() {
    let url = database();
    let home = open(&url).await;
    let shop = Shop::open(&home).await;
    let client = beside(&url).await;
    let stored = async || {
        client.batch_execute("SELECT pg_stat_clear_snapshot()").await.unwrap();
        let count = "SELECT count(DISTINCT xmin::text) FROM orders";
        client.query_one(count, &[]).await.unwrap().get::<_, i64>(0)
    };
    let all = (1..=400)
        .map(|serial| Changeset::decided(shop.creates(serial, &format!("till-{serial}"), Flow::MiniApp)));
    for result in contract::together(&home, all.collect()).await {
        result.unwrap();
    }
    let transactions = stored().await;
    assert!((1..100).contains(&transactions), "{transactions}");
    let until = Timestamp(NOW.0 + 2_000_000);
    assert_eq!(home.lease_due(until, until.plus_s(1), 1_000).await.unwrap().len(), 400);
}
