//! `backup` beside a gateway at work, `restore`, and what is found in a backup that was damaged.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use tillgate::archive::{FileSum, Manifest};
use tillgate_store::sqlite::transfer;

use super::books::busy;
use super::{Process, command, free_port, prints, refuses, runs, text};
use crate::harness::database::Database;
use crate::harness::{KEY, TestWorld, checks};

/// A folder with a backup in it of a world in which much has happened, and the world's key apart.
struct Kept {
    folder: TempDir,
    world: TestWorld,
    said: String,
}

impl Kept {
    async fn new() -> Self {
        let world = TestWorld::new().await;
        busy(&world).await;
        crate::harness::pause_ms(600).await;
        let folder = tempfile::tempdir().unwrap();
        let backup = folder.path().join("backup");
        let said = prints(&["backup", "--data-dir", text(&world.data_dir()), "--to", text(&backup)]);
        Self { folder, world, said }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A copy of it for a test to damage.
    fn copy(&self, name: &str) -> PathBuf {
        let copy = self.path(name);
        std::fs::create_dir(&copy).unwrap();
        for file in std::fs::read_dir(self.path("backup")).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
        }
        copy
    }

    fn key_file(&self) -> PathBuf {
        self.world.data_dir().join("master.key")
    }

    /// Looks only, with the master key.
    fn verify(&self, backup: &Path) -> Output {
        let mut command = command(&["restore", "--verify", "--from", text(backup)]);
        command.env("TILLGATE_MASTER_KEY_FILE", self.key_file()).output().unwrap()
    }
}

fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

fn names(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let mut names: Vec<String> = files.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_is_taken_beside_the_gateway_and_put_back_whole() {
    let kept = Kept::new().await;
    let backup = kept.path("backup");
    assert_eq!(names(&backup), ["acquirer.journal", "manifest.json", "tillgate.sqlite", "wallets.journal"]);
    let key = std::fs::read_to_string(kept.key_file()).unwrap();
    assert!(kept.said.contains(&format!("({}) is not in it", text(&kept.key_file()))), "{}", kept.said);
    checks::no_file_holds(&backup, key.trim());
    checks::no_file_holds(&backup, KEY);

    let verified = kept.verify(&backup);
    assert!(verified.status.success(), "{}", said(&verified));
    for words in ["rows are as they were written", "The books of 9 orders are right", " secrets open with"] {
        assert!(said(&verified).contains(words), "{words} is missing: {}", said(&verified));
    }
    let without_key = prints(&["restore", "--verify", "--from", text(&backup)]);
    assert!(without_key.contains("No secret was opened: there is no master key"), "{without_key}");
    let nowhere = refuses(&["restore", "--from", text(&backup)]);
    assert!(nowhere.contains("--data-dir"), "{nowhere}");

    let new = kept.path("new");
    let restore = ["restore", "--from", text(&backup), "--data-dir", text(&new)];
    let restored = prints(&restore);
    assert!(restored.contains("Put the master key at"), "{restored}");
    assert_eq!(names(&new), ["acquirer.journal", "tillgate.lock", "tillgate.sqlite", "wallets.journal"]);
    let again = refuses(&restore);
    assert!(again.contains("is there already"), "{again}");
    std::fs::copy(kept.key_file(), new.join("master.key")).unwrap();

    // The same answers from there.
    for asked in
        [&["order", "list", "--login", "U000334333"][..], &["ledger", "check"], &["report", "balances"]]
    {
        let of = |folder: &Path| prints(&[asked, &["--data-dir", text(folder)]].concat());
        assert_eq!(of(&new), of(&kept.world.data_dir()), "{asked:?}");
    }
    let (port, admin) = (free_port(), free_port());
    let (listen, admin) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{admin}"));
    let arguments = ["sandbox", "--data-dir", text(&new), "--listen", &listen, "--admin-listen", &admin];
    let mut gateway = Process::start(&mut command(&arguments));
    gateway.waits_for(port);
    assert!(prints(&["healthcheck", "--address", &admin]).contains("200"));
    let second = refuses(&[
        "sandbox",
        "--data-dir",
        text(&new),
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "127.0.0.1:0",
    ]);
    assert!(second.contains("a gateway is at work"), "{second}");
    assert_eq!(gateway.terminates(), Some(0));
}

/// Whoever changes one byte, anywhere, is found out.
#[tokio::test]
async fn a_flipped_byte_is_found_wherever_it_is() {
    let kept = Kept::new().await;
    for name in names(&kept.path("backup")) {
        let length = std::fs::metadata(kept.path("backup").join(&name)).unwrap().len();
        let places = if name == "tillgate.sqlite" { 24 } else { 8 };
        for place in 0..places {
            let damaged = kept.copy(&format!("{name}-{place}"));
            let mut bytes = std::fs::read(damaged.join(&name)).unwrap();
            let at = (length - 1) * place / (places - 1);
            bytes[at as usize] ^= 0x10;
            std::fs::write(damaged.join(&name), bytes).unwrap();
            let verified = kept.verify(&damaged);
            assert_eq!(verified.status.code(), Some(1), "byte {at} of {name}: {}", said(&verified));
            std::fs::remove_dir_all(&damaged).unwrap();
        }
    }
}

#[tokio::test]
async fn damage_is_named_and_nothing_is_restored() {
    let kept = Kept::new().await;
    let sql = |sql: &'static str| {
        move |folder: &Path| {
            let database = Database::File(folder.join("tillgate.sqlite")).connect();
            database.pragma_update(None, "foreign_keys", false).unwrap();
            let changed = database.execute(sql, ()).unwrap();
            assert!(changed > 0, "{sql}");
        }
    };
    let manifest = |from: &'static str, to: &'static str| {
        move |folder: &Path| {
            let path = folder.join("manifest.json");
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{text}");
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        }
    };
    let remove = |name: &'static str| move |folder: &Path| std::fs::remove_file(folder.join(name)).unwrap();
    let cut = |name: &'static str| {
        move |folder: &Path| {
            let file = std::fs::File::options().write(true).open(folder.join(name)).unwrap();
            file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        }
    };
    type Damage = Box<dyn Fn(&Path)>;
    let damages: Vec<(Damage, &str)> = vec![
        (Box::new(sql("DELETE FROM orders WHERE state = 'cancelled'")), "orders: 8 rows, there should be 9"),
        (Box::new(sql("UPDATE events SET at = at + 1 WHERE event_no = 1")), "but not the same ones"),
        (Box::new(sql("DELETE FROM postings WHERE account = 'fee_income'")), "fee_income should hold -"),
        (Box::new(sql("INSERT INTO rates VALUES ('NZD', 'XXX', 1, 1, '')")), "rates: "),
        (
            Box::new(sql("DELETE FROM credentials WHERE login = 'U000334333'")),
            "a row refers to one in credentials",
        ),
        (Box::new(cut("tillgate.sqlite")), "bytes, there should be"),
        (Box::new(cut("manifest.json")), "is damaged"),
        (Box::new(remove("tillgate.sqlite")), "tillgate.sqlite"),
        (Box::new(remove("manifest.json")), "is no backup of tillgate"),
        (Box::new(remove("wallets.journal")), "wallets.journal"),
        (Box::new(manifest("\"schema\": 5", "\"schema\": 6")), "use the newer tillgate"),
        (Box::new(manifest("\"tillgate_backup\": 1", "\"tillgate_backup\": 2")), "use the newer tillgate"),
        (Box::new(manifest("\"rows\": 9", "\"rows\": 8")), "not what was written"),
        (Box::new(manifest("wallets.journal", "../wallets.jrnl")), "not what was written"),
    ];
    for (place, (damage, words)) in damages.iter().enumerate() {
        let damaged = kept.copy(&format!("damaged-{place}"));
        damage(&damaged);
        let found = kept.verify(&damaged);
        assert!(!found.status.success() && said(&found).contains(words), "{words}: {}", said(&found));
        let new = kept.path("new");
        let restored = runs(&["restore", "--from", text(&damaged), "--data-dir", text(&new)]);
        assert!(!restored.status.success(), "{words}: {}", said(&restored));
        let left = if new.exists() { names(&new) } else { Vec::new() };
        assert!(left.is_empty() || left == ["tillgate.lock"], "{words}: {left:?}");
    }
}

#[tokio::test]
async fn books_and_secrets_are_looked_into() {
    let kept = Kept::new().await;
    let other = kept.path("other.key");
    std::fs::write(&other, "ab".repeat(32)).unwrap();
    let mut with_other = command(&["restore", "--verify", "--from", text(&kept.path("backup"))]);
    let refused = with_other.env("TILLGATE_MASTER_KEY_FILE", &other).output().unwrap();
    assert!(
        !refused.status.success() && said(&refused).contains("another master key?"),
        "{}",
        said(&refused)
    );

    // A backup of books that were wrong already is whole, and yet not good.
    let wrong = kept.copy("wrong");
    for (name, at) in [("manifest.json", ""), ("wallets.journal", ""), ("acquirer.journal", "")] {
        std::fs::remove_file(wrong.join(format!("{name}{at}"))).unwrap();
    }
    Database::File(wrong.join("tillgate.sqlite"))
        .connect()
        .execute("UPDATE orders SET refunded_minor = refunded_minor - 1 WHERE refunded_minor > 1", ())
        .unwrap();
    let backup = kept.path("wrong-backup");
    prints(&["backup", "--data-dir", text(&wrong), "--to", text(&backup)]);
    let found = kept.verify(&backup);
    assert!(!found.status.success() && said(&found).contains("refunded is"), "{}", said(&found));
    // Without a look into the books it is restored as it is.
    prints(&["restore", "--from", text(&backup), "--data-dir", text(&kept.path("as-it-is"))]);
    let deep =
        runs(&["restore", "--verify", "--from", text(&backup), "--data-dir", text(&kept.path("deep"))]);
    assert!(!deep.status.success() && said(&deep).contains("nothing was restored"), "{}", said(&deep));
    assert_eq!(names(&kept.path("deep")), ["tillgate.lock"]);
}

#[tokio::test]
async fn what_cannot_be_backed_up_leaves_nothing_behind() {
    let kept = Kept::new().await;
    let data = kept.world.data_dir();
    let backup = kept.path("backup");
    let before = std::fs::read(backup.join("manifest.json")).unwrap();
    let twice = refuses(&["backup", "--data-dir", text(&data), "--to", text(&backup)]);
    assert!(twice.contains("is there already"), "{twice}");
    assert_eq!(std::fs::read(backup.join("manifest.json")).unwrap(), before);
    let none = refuses(&["backup", "--data-dir", text(&kept.path("none")), "--to", text(&kept.path("x"))]);
    assert!(none.contains("there is no database at") && !kept.path("none").exists(), "{none}");

    // An older database is its own program's to copy; a newer one too.
    let older = kept.copy("older");
    for (version, words) in
        [(4, "before this one's gateway brings it up to date"), (6, "use the newer tillgate")]
    {
        Database::File(older.join("tillgate.sqlite"))
            .connect()
            .pragma_update(None, "user_version", version)
            .unwrap();
        let refused = refuses(&["backup", "--data-dir", text(&older), "--to", text(&kept.path("x"))]);
        assert!(refused.contains(words), "{refused}");
    }
    // As on a full disk: a file cannot become that long.
    let short = full_disk(100, &["backup", "--data-dir", text(&data), "--to", text(&kept.path("x"))]);
    assert!(!short.status.success(), "{}", said(&short));
    let short = full_disk(100, &["restore", "--from", text(&backup), "--data-dir", text(&kept.path("y"))]);
    assert!(!short.status.success(), "{}", said(&short));
    assert_eq!(names(&kept.path("y")), ["tillgate.lock"]);
    assert!(!names(kept.folder.path()).iter().any(|name| name.starts_with('x')), "something is left");
}

/// Runs it where no file can be longer.
pub fn full_disk(kib: u32, args: &[&str]) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$@\"");
    Command::new("bash")
        .args(["-c", &script, "bash", env!("CARGO_BIN_EXE_tillgate")])
        .args(args)
        .output()
        .unwrap()
}

/// What a manifest says is what other programs count.
#[tokio::test]
async fn the_manifest_can_be_read_by_others() {
    let kept = Kept::new().await;
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(kept.path("backup").join("manifest.json")).unwrap()).unwrap();
    let sum = Command::new("sha256sum").arg(kept.path("backup").join("tillgate.sqlite")).output().unwrap();
    let digest = String::from_utf8(sum.stdout).unwrap();
    assert_eq!(manifest["files"][0]["sha256"], digest.split(' ').next().unwrap());
    let copy = Database::File(kept.path("backup").join("tillgate.sqlite")).connect();
    for table in manifest["summary"]["tables"].as_array().unwrap() {
        let name = table["table"].as_str().unwrap();
        assert_eq!(
            checks::rows(&copy, &format!("SELECT count(*) FROM {name}")),
            [table["rows"].to_string()],
            "{name}"
        );
    }
    let held: i64 = manifest["summary"]["balances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|held| held["minor"].as_i64().unwrap())
        .sum();
    assert_eq!(held, 0);
}

/// The backup of a database before the latest step of its schema, as that program would have made it.
fn made_older(backup: &Path) {
    let database = backup.join("tillgate.sqlite");
    Database::File(database.clone())
        .connect()
        .execute_batch(
            "DROP TABLE statement_lines; DROP TABLE statement_files; DROP INDEX postings_at;
             ALTER TABLE postings DROP COLUMN at; PRAGMA user_version = 4;",
        )
        .unwrap();
    let path = backup.join("manifest.json");
    let text =
        std::fs::read_to_string(&path).unwrap().replace("amount_minor int, at int\"", "amount_minor int\"");
    let mut manifest: Manifest = serde_json::from_str(&text).unwrap();
    manifest.schema = 4;
    manifest.tables.retain(|table| !table.name.starts_with("statement_"));
    manifest.summary = transfer::sum_file(&database, &manifest.tables).unwrap();
    manifest.files[0] = FileSum::of(backup, "tillgate.sqlite").unwrap();
    std::fs::remove_file(path).unwrap();
    manifest.write(backup).unwrap();
}

/// What an older program has backed up is verified by its own columns, restored, and brought up to date by the gateway.
#[tokio::test]
async fn a_backup_of_an_older_schema_is_restored() {
    let kept = Kept::new().await;
    let older = kept.copy("older");
    made_older(&older);
    let new = kept.path("new");
    let restored = prints(&["restore", "--verify", "--from", text(&older), "--data-dir", text(&new)]);
    assert!(restored.contains("The books were not read: schema 4"), "{restored}");
    std::fs::copy(kept.key_file(), new.join("master.key")).unwrap();
    let check = ["ledger", "check", "--data-dir", text(&new)];
    assert!(refuses(&check).contains("schema 4"));
    let port = free_port();
    let (listen, admin) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", free_port()));
    let arguments = ["sandbox", "--data-dir", text(&new), "--listen", &listen, "--admin-listen", &admin];
    let mut gateway = Process::start(&mut command(&arguments));
    gateway.waits_for(port);
    assert_eq!(gateway.terminates(), Some(0));
    assert_eq!(prints(&check), prints(&["ledger", "check", "--data-dir", text(&kept.world.data_dir())]));
    // A row that is not there is found by the old columns too.
    Database::File(older.join("tillgate.sqlite"))
        .connect()
        .execute("DELETE FROM postings WHERE line = 1", ())
        .unwrap();
    let found = kept.verify(&older);
    assert!(!found.status.success() && said(&found).contains("postings: "), "{}", said(&found));
}
