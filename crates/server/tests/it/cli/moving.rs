//! `export` and `import`: a store moves, all of it or nothing.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::backup::full_disk;
use super::books::busy;
use super::ottpay::Till;
use super::{Process, command, free_port, prints, refuses, runs, text};
use crate::harness::{TestWorld, checks, eventually};

/// A stopped gateway's folder, and one for what is made of it.
struct Stopped {
    world: TestWorld,
    folder: TempDir,
}

impl Stopped {
    async fn new() -> Self {
        let mut world = TestWorld::new().await;
        busy(&world).await;
        let till = Till::of(&world, "QC00005496");
        let fields = "order_id=move-1\nauth_code=134588558514585062\nbiz_type=WECHATPAY\namount=1000\ntip=150\n\
                      operator_id=Zoë";
        let request = till.request("PASSIVEPAY", fields, &["--terminal-no", "T-9"]);
        assert_eq!(till.posts(request).await["rsp_code"], "SUCCESS");
        crate::harness::pause_ms(600).await;
        world.stop().await;
        Self { world, folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn exports(&self, to: &Path) -> String {
        prints(&["export", "--data-dir", text(&self.world.data_dir()), "--to", text(to)])
    }

    /// A new data folder with the same master key.
    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.path(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::copy(self.world.data_dir().join("master.key"), folder.join("master.key")).unwrap();
        folder
    }
}

/// All but the first line, which has a time, and the last, which has a digest of it.
fn rows(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[1..lines.len() - 1].to_vec()
}

#[tokio::test]
async fn a_store_is_moved_and_goes_on() {
    let stopped = Stopped::new().await;
    let (first, second) = (stopped.path("first"), stopped.path("second"));
    let said = stopped.exports(&first);
    assert!(
        said.contains("  orders                 10") && said.contains("ledger NZD: debits less credits 0"),
        "{said}"
    );
    let new = stopped.folder("new");
    let import = ["import", "--data-dir", text(&new), "--from", text(&first)];
    let said = prints(&import);
    assert!(said.contains("the same rows") && said.contains("the books of 10 orders are right"), "{said}");
    prints(&["export", "--data-dir", text(&new), "--to", text(&second)]);
    assert_eq!(rows(&second), rows(&first));

    for asked in [
        &["order", "list", "--login", "U000334333"][..],
        &["ledger", "check"],
        &["report", "balances"],
        &["merchant", "list"],
    ] {
        let of = |folder: &Path| prints(&[asked, &["--data-dir", text(folder)]].concat());
        assert_eq!(of(&new), of(&stopped.world.data_dir()), "{asked:?}");
    }
    let full = refuses(&import);
    assert!(full.contains("is in use: there is something in its table"), "{full}");
    assert!(prints(&["ledger", "check", "--data-dir", text(&new)]).contains("all is right"));

    let port = free_port();
    let (listen, admin) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", free_port()));
    let arguments = ["sandbox", "--data-dir", text(&new), "--listen", &listen, "--admin-listen", &admin];
    let mut gateway = Process::start(&mut command(&arguments));
    gateway.waits_for(port);
    let third = stopped.path("third");
    let at_work = refuses(&["export", "--data-dir", text(&new), "--to", text(&third)]);
    assert!(at_work.contains("a gateway is at work") && !third.exists(), "{at_work}");
    let at_work = refuses(&import);
    assert!(at_work.contains("a gateway is at work"), "{at_work}");
    assert_eq!(gateway.terminates(), Some(0));
}

#[tokio::test]
async fn what_is_not_all_there_is_not_imported() {
    let stopped = Stopped::new().await;
    let whole = stopped.path("whole");
    stopped.exports(&whole);
    let bytes = std::fs::read_to_string(&whole).unwrap();
    let lines: Vec<&str> = bytes.split_inclusive('\n').collect();
    let middle = lines.iter().position(|line| line.starts_with("[\"postings\"")).unwrap();
    let without = [&lines[..middle], &lines[middle + 1..]].concat().concat();
    let new = stopped.folder("new");
    for (text_of_file, words) in [
        ("SQLite format 3".to_owned(), "no export of tillgate"),
        (String::new(), "no export of tillgate"),
        (bytes[..bytes.len() / 2].to_owned(), "cut off"),
        (lines[..lines.len() - 1].concat(), "cut off"),
        (without, "postings: "),
        (bytes.replacen("\"schema\":5", "\"schema\":6", 1), "use the newer tillgate"),
        (bytes.replacen("\"sha256\":\"", "\"sha256\":\"0", 1), "digest"),
        (bytes.replacen("till-1", "till-2", 1).replacen("move-1", "move-2", 1), "not the same ones"),
    ] {
        let file = stopped.path("damaged");
        std::fs::write(&file, text_of_file).unwrap();
        let said = refuses(&["import", "--data-dir", text(&new), "--from", text(&file)]);
        assert!(said.contains(words) && said.contains("nothing was imported"), "{words}: {said}");
        assert!(!new.join("tillgate.sqlite").exists(), "{words}");
        assert!(!new.join("tillgate.sqlite.unfinished").exists(), "{words}");
    }
    let import = ["import", "--data-dir", text(&new), "--from", text(&whole)];
    let short = full_disk(100, &import);
    assert!(!short.status.success() && !new.join("tillgate.sqlite").exists());
    // A key that opens nothing, none at all, and then the right one.
    let key = std::fs::read(new.join("master.key")).unwrap();
    std::fs::write(new.join("master.key"), "ab".repeat(32)).unwrap();
    let said = refuses(&import);
    assert!(said.contains("another master key?") && !new.join("tillgate.sqlite").exists(), "{said}");
    std::fs::remove_file(new.join("master.key")).unwrap();
    let said = refuses(&import);
    assert!(said.contains("must be there first") && !new.join("master.key").exists(), "{said}");
    std::fs::write(new.join("master.key"), key).unwrap();
    prints(&import);
}

#[tokio::test]
async fn an_export_is_whole_or_not_there() {
    let stopped = Stopped::new().await;
    let data = stopped.world.data_dir();
    let file = stopped.path("file");
    std::fs::write(&file, "mine").unwrap();
    let export = ["export", "--data-dir", text(&data), "--to"];
    let said = refuses(&[&export[..], &[text(&file)]].concat());
    assert!(said.contains("is there already"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    std::fs::remove_file(&file).unwrap();
    let none = refuses(&["export", "--data-dir", text(&stopped.path("none")), "--to", text(&file)]);
    assert!(none.contains("there is no database at") && !stopped.path("none").exists(), "{none}");
    let short = full_disk(30, &[&export[..], &[text(&file)]].concat());
    let lengths = std::fs::metadata(&file).map(|file| file.len());
    assert!(!short.status.success(), "{lengths:?}");
    assert_eq!(std::fs::read_dir(stopped.folder.path()).unwrap().count(), 0);
    // Not the key, nor a merchant's key in clear.
    prints(&[&export[..], &[text(&file)]].concat());
    let key = std::fs::read_to_string(data.join("master.key")).unwrap();
    checks::no_file_holds(stopped.folder.path(), key.trim());
    checks::no_file_holds(stopped.folder.path(), "\"111222333\"");
}

/// From the file to PostgreSQL and back into a file.
#[tokio::test]
async fn a_store_is_moved_to_postgres_and_back() {
    let stopped = Stopped::new().await;
    let url = tillgate_scratch::shared().unwrap().fresh_database().unwrap();
    let [first, second] = ["first", "second"].map(|name| stopped.path(name));
    stopped.exports(&first);
    let key = stopped.folder("key");
    let import = ["import", "--data-dir", text(&key), "--database", &url, "--from", text(&first)];
    let said = prints(&import);
    assert!(said.contains("the same rows") && said.contains("the books of 10 orders are right"), "{said}");
    assert!(!key.join("tillgate.sqlite").exists());
    // Sessions of a process that has ended are gone a little later.
    let export = ["export", "--data-dir", text(&key), "--database", &url, "--to", text(&second)];
    let patience = std::time::Duration::from_secs(10);
    let exported = async || runs(&export).status.success().then_some(());
    eventually("nobody is at work in the database", patience, exported).await;
    assert_eq!(rows(&second), rows(&first));
    let full = refuses(&import);
    assert!(full.contains("in use: there is something in its table") || full.contains("at work"), "{full}");
    let back = stopped.folder("back");
    prints(&["import", "--data-dir", text(&back), "--from", text(&second)]);
    let of = |folder: &Path| prints(&["report", "balances", "--data-dir", text(folder)]);
    assert_eq!(of(&back), of(&stopped.world.data_dir()));
}
