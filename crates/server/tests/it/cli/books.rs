//! `ledger check`, `report` and `reconcile`: after stories with wallets and cards, and on books that somebody spoilt.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{prints, refuses, runs, text};
use crate::codepay::counter::terminal;
use crate::codepay::till::{COUNTER, Said as _, Till, till};
use crate::harness::database::{Database, skipped_without_a_file};
use crate::harness::{TestWorld, checks};

/// Wallets and cards: paid, tipped, given back in parts, voided, held and taken, settled.
pub async fn busy(world: &TestWorld) -> Till {
    let order = world.merchant().sells("10.00").by_bar_code("134588558514585062").await;
    order.becomes("paid").await;
    order.refunds_with_note("4.00", "one, \"cracked\" bottle").await.gives(0);
    let unpaid = world.merchant().sells("5.00").at_the_till().await;
    unpaid.cancels().await;
    let till = till(world).await;
    let _terminal = terminal(world, COUNTER, &[]).await;
    let sale = till.is_paid("tip_amount=2").await;
    till.is_paid(&format!("trans_type=3&orig_merchant_order_no={sale}&order_amount=5")).await;
    let voided = till.is_paid("").await;
    till.is_paid(&format!("trans_type=2&orig_merchant_order_no={voided}&order_amount=24")).await;
    let held = till.is_paid("trans_type=4&order_amount=100").await;
    till.is_paid(&format!("trans_type=6&orig_merchant_order_no={held}&order_amount=80&tip_amount=5")).await;
    till.closes_batch().await.gives("0");
    let tipped = till.is_paid("").await;
    till.adjusts_tip(&tipped, "3").await.gives("0");
    till
}

/// The books as they are, in a folder of their own.
struct Copy(TempDir, Database);

impl Copy {
    fn of(world: &TestWorld) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = match &world.place.database {
            Database::File(_) => {
                let target = folder.path().join("tillgate.sqlite");
                checks::connect(&world.place.database).execute("VACUUM INTO ?1", [text(&target)]).unwrap();
                Database::File(target)
            }
            Database::Server(url) => {
                let copy = Database::on_a_server();
                let Database::Server(to) = &copy else { unreachable!() };
                let copies = format!("pg_dump --no-owner '{url}' | psql -X -q -v ON_ERROR_STOP=1 '{to}'");
                assert!(
                    Command::new("sh")
                        .args(["-c", &copies])
                        .stdout(Stdio::null())
                        .status()
                        .unwrap()
                        .success()
                );
                copy.is_beside(folder.path());
                copy
            }
        };
        std::fs::copy(world.data_dir().join("master.key"), folder.path().join("master.key")).unwrap();
        Self(folder, database)
    }

    fn database(&self) -> &Database {
        &self.1
    }

    fn spoilt(self, sql: &str) -> Self {
        let changed = checks::connect(self.database()).execute(sql, ()).unwrap();
        assert!(changed > 0, "nothing was spoilt: {sql}");
        self
    }

    fn path(&self) -> &str {
        text(self.0.path())
    }

    /// What a command that fails says on its usual output.
    fn finds(&self, args: &[&str]) -> String {
        let output = runs(&[args, &["--data-dir", self.path()]].concat());
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        said
    }

    fn prints(&self, args: &[&str]) -> String {
        prints(&[args, &["--data-dir", self.path()]].concat())
    }

    fn refuses(&self, args: &[&str]) -> String {
        refuses(&[args, &["--data-dir", self.path()]].concat())
    }
}

/// What is done to the books, and what the check must say.
const PLANTS: &[(&str, &str)] = &[
    ("DELETE FROM postings WHERE account = 'fee_income'", "is off by"),
    (
        "UPDATE postings SET amount_minor = amount_minor + 1 WHERE account = 'fee_income' AND amount_minor < -1",
        "is off by 1",
    ),
    (
        "DELETE FROM postings WHERE account LIKE 'settlement%' OR event_no IN (SELECT event_no FROM events e WHERE e.order_no = postings.order_no AND body = '\"settled\"')",
        "settlement_receivable:card holds 0",
    ),
    (
        "UPDATE postings SET account = 'merchant_payable:another' WHERE account LIKE 'merchant_payable:%'",
        "merchant_payable:another holds",
    ),
    ("UPDATE postings SET account = 'fee_income' WHERE account LIKE 'tips_payable:%'", "tips_payable:"),
    ("UPDATE postings SET currency = 'JPY' WHERE account = 'fee_income'", " JPY"),
    ("UPDATE postings SET at = at + 1 WHERE account = 'fee_income'", "is not in the journal at that time"),
    (
        "INSERT INTO postings VALUES (1, 7, 1, 1, 'fee_income', 'NZD', 5, 0)",
        "order 7  the ledger books event 1",
    ),
    ("UPDATE refunds SET amount_minor = amount_minor - 1", "the journal tells of"),
    ("UPDATE refunds SET state_body = '\"requested\"'", "is requested, the journal tells: succeeded"),
    (
        "UPDATE refunds SET state_body = json_set(state_body, '$.succeeded.cost_back', json('{\"fee_minor\":1}')) WHERE means NOT LIKE '%\"is_void\":true%'",
        "the refunds gave back 1 of the fee",
    ),
    ("DELETE FROM refunds", "refunds are counted, 0 are kept"),
    ("UPDATE orders SET refunded_minor = refunded_minor - 1 WHERE refunded_minor > 1", "refunded is"),
    (
        "UPDATE orders SET captured_minor = captured_minor - 1 WHERE captured_minor > refunded_minor",
        "captured is",
    ),
    (
        "UPDATE orders SET state_body = '\"pending\"' WHERE state = 'paid'",
        "is pending, the journal tells of paid",
    ),
    ("UPDATE orders SET terms = json_set(terms, '$.fees', 7)", "fee_income holds"),
    ("DELETE FROM events WHERE event_no = 2", "events are counted"),
    (
        "UPDATE orders SET batch_no = 2 WHERE batch_no = 1 AND deed = 'sale' AND state = 'paid'",
        "does not say that it is in it",
    ),
];

#[tokio::test]
async fn planted_faults_in_the_books_are_found() {
    if skipped_without_a_file("planted_faults_in_the_books_are_found") {
        return;
    }
    let world = TestWorld::new().await;
    busy(&world).await;
    crate::harness::pause_ms(600).await;
    let said = Copy::of(&world).prints(&["ledger", "check"]);
    assert!(said.contains("all is right") && said.lines().count() == 1, "{said}");
    assert!(!said.contains(" 0 batches"), "{said}");
    for (sql, words) in PLANTS {
        let said = Copy::of(&world).spoilt(sql).finds(&["ledger", "check"]);
        assert!(said.contains(words), "{sql}: not {words}\n{said}");
        assert!(said.contains(" wrong\n"), "{said}");
    }
    let one = Copy::of(&world).spoilt(PLANTS[0].0);
    assert!(one.finds(&["ledger", "check", "--merchant", "1"]).contains("1 merchants"));
    assert!(one.refuses(&["ledger", "check", "--merchant", "999"]).contains("--merchant 999"));
}

fn today() -> String {
    tillgate::clock::iso(tillgate::clock::now())[..10].to_owned()
}

fn records(csv: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let head = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    (head, rows)
}

/// In minor units of a currency with two digits.
fn minor(decimal: &str) -> i64 {
    decimal.replace('.', "").parse().unwrap()
}

#[tokio::test]
async fn a_statement_leads_from_balance_to_balance() {
    let world = TestWorld::new().await;
    busy(&world).await;
    crate::harness::pause_ms(600).await;
    let (books, day) = (Copy::of(&world), today());
    let csv = books.prints(&["report", "statement", "--day", &day, "--format", "csv"]);
    let (head, rows) = records(&csv);
    let at = |name: &str| head.iter().position(|column| column == name).unwrap();
    let (mut balance, mut kinds) = (0, Vec::new());
    for row in &rows {
        let kind = row[at("kind")].as_str();
        kinds.push(kind);
        if kind == "opening" {
            balance = minor(&row[at("balance")]);
            continue;
        }
        if kind != "closing" {
            let parts = ["amount", "tip", "fee", "vat"].map(|name| minor(&row[at(name)]));
            assert_eq!(parts.iter().sum::<i64>(), minor(&row[at("net")]), "{row:?}");
            balance += minor(&row[at("net")]);
        }
        assert_eq!(minor(&row[at("balance")]), balance, "{row:?}");
    }
    for kind in ["payment", "refund", "void", "tip_change", "settlement"] {
        assert!(kinds.contains(&kind), "no {kind}: {csv}");
    }
    // 10.00 less 1.2 %, then 4.00 back: our fee stays.
    let page: Value =
        serde_json::from_str(&books.prints(&["report", "statement", "--day", &day, "--format", "json"]))
            .unwrap();
    let of_nzd = page["statements"].as_array().unwrap().iter().find(|one| one["currency"] == "NZD").unwrap();
    assert_eq!((&of_nzd["opening"], &of_nzd["closing"]), (&"0.00".into(), &"5.88".into()), "{page}");
    let payment = &of_nzd["movements"][0];
    assert_eq!(
        (&payment["amount"], &payment["fee"], &payment["net"]),
        (&"10.00".into(), &"-0.12".into(), &"9.88".into())
    );
    assert_eq!((&payment["kind"], &payment["method"]), (&"payment".into(), &"wechat".into()));
    // The books' balances say the same.
    let balances: Value =
        serde_json::from_str(&books.prints(&["report", "balances", "--format", "json"])).unwrap();
    let payable = |account: &str| {
        let all = balances["balances"].as_array().unwrap().iter();
        all.filter(|row| row["account"] == account)
            .map(|row| minor(row["balance"].as_str().unwrap()))
            .sum::<i64>()
    };
    for one in page["statements"].as_array().unwrap() {
        let account = one["account"].as_str().unwrap();
        let owed =
            payable(&format!("merchant_payable:{account}")) + payable(&format!("tips_payable:{account}"));
        assert_eq!(-owed, minor(one["closing"].as_str().unwrap()), "{account}");
    }
    // Nothing had happened the day before; and the day after begins where this one ended.
    let before = books.prints(&["report", "statement", "--day", "2020-01-01", "--format", "csv"]);
    assert_eq!(records(&before).1.len(), 0, "{before}");
    let after = books.prints(&["report", "statement", "--day", "2099-01-01", "--format", "csv"]);
    assert!(after.contains(",opening,") && after.contains(",5.88"), "{after}");
    assert!(books.refuses(&["report", "statement", "--day", "2026-13-01"]).contains("--day 2026-13-01"));
    assert!(books.prints(&["report", "balances"]).contains("fee_income"));
}

#[tokio::test]
async fn batches_come_to_what_is_in_them() {
    let world = TestWorld::new().await;
    busy(&world).await;
    crate::harness::pause_ms(600).await;
    let books = Copy::of(&world);
    let (_, rows) = records(&books.prints(&[
        "report",
        "batch",
        "--terminal",
        COUNTER.0,
        "--number",
        "1",
        "--format",
        "csv",
    ]));
    let shown: Vec<String> = rows.iter().map(|row| row[5..].join(" ")).collect();
    assert_eq!(shown.len(), 4, "{shown:?}");
    for (kind, end) in [
        ("authorization", "no 1 85.00 5.00"),
        ("refund", "no 1 -5.00 0.00"),
        ("sale", "no 1 26.00 2.00"),
        ("sale", "yes 1 24.00 0.00"),
    ] {
        assert!(
            shown.iter().any(|row| row.starts_with(kind) && row.ends_with(end)),
            "{kind} {end}: {shown:?}"
        );
    }
    assert!(
        shown.iter().filter(|row| row.contains(" Visa ") || row.contains(" MasterCard ")).count() >= 3,
        "{shown:?}"
    );
    let page: Value = serde_json::from_str(&books.prints(&[
        "report",
        "batch",
        "--terminal",
        COUNTER.0,
        "--format",
        "json",
    ]))
    .unwrap();
    let batches = page["batches"].as_array().unwrap();
    assert_eq!(
        (batches.len(), batches[0]["closed"].is_string(), batches[1]["closed"].is_null()),
        (2, true, true)
    );
    assert!(
        books.refuses(&["report", "batch", "--terminal", "nobody"]).contains("there is no terminal nobody")
    );
    assert!(
        books.refuses(&["report", "batch", "--terminal", COUNTER.0, "--number", "9"]).contains("no batch 9")
    );
}

async fn statement(world: &TestWorld, folder: &Path, channel: &str, spoil: &str) -> PathBuf {
    let answer = world.place.get(&format!("/sandbox/statements/{channel}.csv?{spoil}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let file = folder.join(format!("{channel}{spoil}.csv"));
    std::fs::write(&file, &answer.body).unwrap();
    file
}

#[tokio::test]
async fn statements_are_held_against_the_books() {
    let world = TestWorld::new().await;
    busy(&world).await;
    crate::harness::pause_ms(600).await;
    let (folder, day) = (tempfile::tempdir().unwrap(), today());
    for channel in ["acquirer", "wechat"] {
        let books = Copy::of(&world);
        let import = |file: &Path| {
            ["reconcile", "import", "--channel", channel, "--file", text(file)].map(str::to_owned)
        };
        let show = ["reconcile", "show", "--day", &day];
        assert!(books.refuses(&show).contains("no statement has been imported"));
        let file = statement(&world, folder.path(), channel, "").await;
        let args = import(&file);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        assert!(books.prints(&args).contains(" kept"));
        let said = books.prints(&show);
        assert!(said.contains("they agree") && !said.starts_with("0 operations"), "{said}");
        // The same bytes under another name are the same file.
        let twin = folder.path().join("twin.csv");
        std::fs::copy(&file, &twin).unwrap();
        let again = import(&twin);
        let again: Vec<&str> = again.iter().map(String::as_str).collect();
        assert!(books.refuses(&again).contains(&format!("was imported already, as {channel}.csv")));
        assert_eq!(books.prints(&show), said);
        for (spoil, trouble) in
            [("missing", "missing at the channel"), ("doubled", "doubled"), ("different", "different")]
        {
            let books = Copy::of(&world);
            let file = statement(&world, folder.path(), channel, &format!("spoil={spoil}")).await;
            let args = import(&file);
            books.prints(&args.iter().map(String::as_str).collect::<Vec<_>>());
            let found: Value =
                serde_json::from_str(&books.finds(&[&show[..], &["--format", "json"]].concat())).unwrap();
            let differences = found["differences"].as_array().unwrap();
            assert_eq!((differences.len(), &differences[0]["trouble"]), (1, &trouble.into()), "{found}");
            let sides =
                (differences[0]["ours"].is_object(), differences[0]["theirs"].as_array().unwrap().len());
            assert_eq!(
                sides,
                (
                    true,
                    match spoil {
                        "missing" => 0,
                        "doubled" => 2,
                        _ => 1,
                    }
                ),
                "{found}"
            );
            if spoil == "different" {
                assert_eq!(differences[0]["differs_in"], serde_json::json!(["amount"]), "{found}");
            }
            assert!(books.finds(&show).contains(&format!("1 {trouble}")));
        }
    }
}

#[tokio::test]
async fn what_only_the_channel_knows_is_listed() {
    let world = TestWorld::new().await;
    let order = world.merchant().sells("10.00").by_bar_code("134588558514585062").await;
    order.becomes("paid").await;
    let declined = world.merchant().sells("3.51").by_bar_code("134588558514585063").await;
    declined.becomes("failed").await;
    let (books, day) = (Copy::of(&world), today());
    let folder = tempfile::tempdir().unwrap();
    let rows = checks::rows(
        &checks::connect(books.database()),
        "SELECT merchant_id || '-' || order_no FROM orders ORDER BY order_no",
    );
    let line = |trade_no: &str, kind: &str, amount: &str, at: &str| {
        format!("wechat,{trade_no},,{kind},{amount},NZD,{at},W1,\n")
    };
    // A day late; one that failed here; one of no order; one of nobody.
    let text_of_file = [
        "channel,trade_no,original_trade_no,kind,amount,currency,time,reference,batch\n".to_owned(),
        line(&rows[0], "sale", "10.00", "2099-01-01T00:00:00Z"),
        line(&rows[1], "sale", "3.51", &format!("{day}T00:00:00Z")),
        line("1-2018071000000099", "sale", "1.00", &format!("{day}T00:00:01Z")),
        line("somebody-elses", "refund", "2.00", &format!("{day}T00:00:02Z")),
    ]
    .concat();
    let file = folder.path().join("wechat.csv");
    std::fs::write(&file, &text_of_file).unwrap();
    let said = books.prints(&["reconcile", "import", "--channel", "wechat", "--file", text(&file)]);
    assert!(said.contains("4 lines") && said.contains("1 of them"), "{said}");
    let found: Value =
        serde_json::from_str(&books.finds(&["reconcile", "show", "--day", &day, "--format", "json"]))
            .unwrap();
    let said: Vec<String> = found["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{} {} {}",
                one["trade_no"].as_str().unwrap(),
                one["trouble"].as_str().unwrap(),
                one["differs_in"]
            )
        })
        .collect();
    assert_eq!(said.len(), 3, "{found}");
    for expected in [
        format!("{} different [\"state\"]", rows[1]),
        "1-2018071000000099 missing here []".to_owned(),
        "somebody-elses missing here []".to_owned(),
    ] {
        assert!(said.contains(&expected), "{expected}: {said:?}");
    }
    let csv = books.finds(&["reconcile", "show", "--from", &day, "--to", &day, "--format", "csv"]);
    assert_eq!(records(&csv).1.len(), 3, "{csv}");
    // Nothing of a file that is malformed is kept.
    std::fs::write(&file, text_of_file.replace("2.00,NZD", "2.00,NZ")).unwrap();
    let refused = books.refuses(&["reconcile", "import", "--channel", "wechat", "--file", text(&file)]);
    assert!(refused.contains("line 5, column currency"), "{refused}");
    let kept = checks::rows(&checks::connect(books.database()), "SELECT count(*) FROM statement_lines");
    assert_eq!(kept, ["4"]);
    assert!(
        books
            .refuses(&["reconcile", "import", "--channel", "paypal", "--file", "x"])
            .contains("--channel paypal")
    );
    assert!(
        books
            .refuses(&["reconcile", "show", "--from", &day, "--to", "2020-01-01"])
            .contains("--to is before")
    );
}

/// A fee is agreed on, charged, shown, and given back by the last cent.
#[tokio::test]
async fn fees_are_agreed_on_and_come_back() {
    let world = TestWorld::new().await;
    let dir = world.data_dir();
    let data = ["--data-dir", text(&dir)];
    let run = |args: &[&str]| prints(&[args, &data].concat());
    let set = ["merchant", "set-fee", "U000334333", "W00000001"];
    let said =
        run(&[&set[..], &["--fee-fixed", "0.30", "--vat-bp", "1500", "--fee-on-refund", "give-back"]]
            .concat());
    assert!(said.contains("120 bp + 0.30, VAT 1500 bp, given back"), "{said}");
    let said = run(&[&set[..], &["--for", "alipay", "--fee-bp", "90"]].concat());
    assert!(said.contains("; alipay 90 bp + 0.30, VAT 1500 bp, given back"), "{said}");
    run(&["merchant", "set-wallet", "U000334333", "W00000001:NZD:alipay,wechat:110"]);
    let listed = run(&["merchant", "list"]);
    assert!(listed.contains("110 bp + 0.30, VAT 1500 bp, given back; alipay 90 bp"), "{listed}");
    assert!(!run(&[&set[..], &["--for", "alipay", "--as-usual"]].concat()).contains("; alipay"));
    for (args, words) in [
        (&["--for", "card", "--fee-bp", "1"][..], "--for card"),
        (&["--for", "alipay"], "nothing to change"),
        (&["--fee-fixed", "0.301"], "--fee-fixed in NZD"),
        (&["--fee-fixed", "-1"], "--fee-fixed"),
        (&["--fee-bp", "10001"], "10001"),
        (&["--as-usual"], "--for"),
    ] {
        let said = refuses(&[&set[..], args, &data].concat());
        assert!(said.contains(words), "{args:?}: {said}");
    }
    assert!(
        refuses(&[&["merchant", "set-fee", "U000334333", "W9", "--fee-bp", "1"], &data[..]].concat())
            .contains("no account W9")
    );
    // Until the gateway has seen it.
    crate::harness::pause_ms(2_500).await;
    let order = world.merchant().sells("10.00").by_bar_code("134588558514585062").await;
    order.becomes("paid").await;
    let earned = || {
        let rows = checks::rows(
            &checks::connect(&world.place.database),
            "SELECT account, sum(amount_minor) FROM postings WHERE account IN ('fee_income', 'vat_payable') GROUP BY account",
        );
        rows.join(", ")
    };
    // 0.30 + 1.1 % of 10.00, and 15 % of that.
    assert_eq!(earned(), "fee_income -41, vat_payable -6");
    for (amount, left) in [
        ("0.01", "fee_income -41, vat_payable -6"),
        ("4.99", "fee_income -20, vat_payable -3"),
        ("2.50", "fee_income -10, vat_payable -1"),
        ("2.50", "fee_income 0, vat_payable 0"),
    ] {
        order.refunds_with_note(amount, &format!("{amount} {left}")).await.gives(0);
        crate::harness::pause_ms(300).await;
        assert_eq!(earned(), left, "after {amount}");
    }
    assert!(run(&["ledger", "check"]).contains("all is right"));
}
