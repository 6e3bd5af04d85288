//! `codepay app | merchant | store | terminal | key`: what is added, refused by name, and never shown again.

use std::path::Path;

use super::{KEYS, file, openssl, row};
use crate::cli::{prints, refuses, runs, text};
use crate::harness::checks::no_file_holds;

/// A data folder, and the commands in it.
pub struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a merchant and its store.
    fn with_merchant() -> Self {
        let folder = Self::new();
        folder.says("merchant add M1 --name Diner --currency USD,JPY --fee-bp 150 --method card,alipay");
        folder.says("store add --merchant M1 S1 --name Main");
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn args<'a>(&'a self, line: &'a str) -> Vec<&'a str> {
        let words = line.split(' ').map(|word| if word == "KEY" { text(self.key()) } else { word });
        ["codepay"].into_iter().chain(words).chain(["--data-dir", text(self.path())]).collect()
    }

    fn key(&self) -> &'static Path {
        static KEY: std::sync::LazyLock<std::path::PathBuf> =
            std::sync::LazyLock::new(super::public_key_file);
        &KEY
    }

    /// Words have no blanks; `KEY` is the file of a public key.
    #[track_caller]
    fn says(&self, line: &str) -> String {
        prints(&self.args(line))
    }

    #[track_caller]
    fn refuses(&self, line: &str) -> String {
        refuses(&self.args(line))
    }
}

#[test]
fn a_merchant_its_stores_and_terminals() {
    let folder = Folder::with_merchant();
    folder.says("store add --merchant M1 S2 --name Pier");
    let said = folder.says("terminal add T1 --merchant M1 --store S1 --name Counter");
    assert!(said.contains("codepay terminal pair T1"), "{said}");
    let listed = folder.says("merchant list");
    for line in ["M1  Diner  merchant 1  stores 2", "  M1-JPY  JPY  card,alipay  150 bp", "1 listed"] {
        assert!(listed.contains(line), "{listed}");
    }
    assert!(folder.says("store list --merchant M1").contains("S2  Pier  merchant M1"));
    let terminal = "T1  Counter  merchant M1  store S1  not paired  batch 1: empty";
    assert!(folder.says("terminal list").contains(terminal), "{}", folder.says("terminal list"));
    folder.says("terminal set T1 --store S2 --name Pier --disabled");
    let listed = folder.says("terminal list --merchant M1");
    assert!(listed.contains("T1  Pier  merchant M1  store S2") && listed.contains("DISABLED"), "{listed}");
    assert!(folder.refuses("terminal pair T1").contains("switched off"));
    folder.says("terminal set T1 --enabled");
    let before = std::time::SystemTime::now();
    let said = folder.says("terminal pair T1");
    let code = row(&said, "code ");
    assert!(code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()), "{said}");
    assert!(before.elapsed().unwrap().as_secs() < 60 && row(&said, "good ").contains("once"), "{said}");
    no_file_holds(folder.path(), &code);
    assert_ne!(row(&folder.says("terminal pair T1"), "code "), code, "each is new");
    // A merchant's numbers belong to him, and a further one of the same merchant is his too.
    folder.says("merchant add M2 --name Kiosk --currency USD --fee-bp 0 --merchant 1 --limit 50.00");
    let listed = prints(&["merchant", "list", "--data-dir", text(folder.path())]);
    assert!(listed.contains("codepay.merchant M2  Kiosk") && listed.contains("limit 50.00"), "{listed}");
    folder.says("merchant set M1 --name Grill --currency CAD --fee-bp 90");
    let listed = folder.says("merchant list");
    assert!(listed.contains("M1  Grill") && listed.contains("M1-CAD  CAD  card  90 bp"), "{listed}");
    folder.says("merchant set M1 --disabled");
    assert!(folder.says("merchant list").contains("stores 2  DISABLED"));
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_written() {
    let folder = Folder::with_merchant();
    folder.says("terminal add T1 --merchant M1 --store S1");
    folder.says("app add A1 --merchant M1 --basic till");
    for (line, words) in [
        ("merchant add M1 --name x --currency USD --fee-bp 1", "merchant M1 exists"),
        ("merchant add M/2 --name x --currency USD --fee-bp 1", "MERCHANT_NO M/2"),
        ("merchant add M2 --name x --currency USD,XXQ --fee-bp 1", "--currency XXQ"),
        ("merchant add M2 --name x --currency USD,USD --fee-bp 1", "USD is given twice"),
        ("merchant add M2 --name x --currency USD", "--fee-bp"),
        ("merchant add M2 --name x --currency USD --fee-bp 1 --method cash", "--method cash"),
        ("merchant add M2 --name x --currency JPY --fee-bp 1 --limit 1.5", "--limit in JPY"),
        ("merchant add M2 --name x --currency USD --fee-bp 1 --merchant 9", "no merchant 9"),
        ("merchant set M1", "nothing to change"),
        ("merchant set M9 --name x", "no merchant M9"),
        ("store add --merchant M9 S1 --name x", "no merchant M9"),
        ("store list --merchant M9", "no merchant M9"),
        ("terminal add T2 --merchant M9 --store S1", "no merchant M9"),
        ("terminal add T2 --merchant M1 --store S9", "no store S9: it has S1"),
        ("terminal add T1 --merchant M1 --store S1", "terminal T1 exists; it is merchant M1's"),
        ("terminal set T1 --store S9", "no store S9"),
        ("terminal set T1 --enabled --disabled", "cannot be used with"),
        ("terminal set T1", "nothing to change"),
        ("terminal pair T9", "no terminal T9"),
        ("batch list T9", "no terminal T9"),
        ("batch show T1 1", "no batch 1"),
        ("app add A2 --merchant M1", "--public-key-file"),
        ("app add A2 --merchant M1 --basic u --public-key-file KEY", "cannot be used with"),
        ("app add A2 --merchant M9 --basic u", "no merchant M9"),
        ("app add A2 --merchant M1 --merchant M1 --basic u", "M1 is given twice"),
        ("app add A2 --merchant M1 --basic u:p", "no colon"),
        ("app add A2 --merchant M1 --public-key-file /nowhere", "/nowhere"),
        ("app add A1 --merchant M1 --basic u", "app A1 exists"),
        ("app set A1", "nothing to change"),
        ("app set A9 --disabled", "no app A9"),
        ("app rotate-key A1 --public-key-file KEY", "takes no --public-key-file"),
        ("app rotate-key A1 --old-valid-hours 24", "one at a time"),
    ] {
        let said = folder.refuses(line);
        assert!(said.contains(words), "{line}: {said}");
    }
    assert!(folder.says("merchant list").contains("1 listed"));
    assert!(folder.says("app list").contains("1 listed"));
    assert!(folder.says("terminal list").contains("1 listed"));
}

#[test]
fn an_app_that_signs_changes_its_key() {
    let folder = Folder::with_merchant();
    let said = folder.says("app add A1 --merchant M1 --public-key-file KEY --name Register");
    assert_eq!(row(&said, "sign_type "), "RSA2");
    let listed = folder.says("app list");
    assert!(
        listed.contains("A1  Register  RSA2  keys 1  merchants M1") && !listed.contains(&KEYS.public[..40])
    );
    let again = folder.refuses("app rotate-key A1 --public-key-file KEY");
    assert!(again.contains("this is the key app A1 has"), "{again}");
    assert!(folder.refuses("app rotate-key A1").contains("--public-key-file"));
    // The next key, as one line of base64; the old one goes on for a while.
    let next = folder.path().join("next.pem");
    openssl(folder.path(), &["genrsa", "-out", "next.key", "2048"], b"");
    openssl(folder.path(), &["pkey", "-in", "next.key", "-pubout", "-out", text(&next)], b"");
    let rotate = format!("app rotate-key A1 --public-key-file {}", text(&next));
    assert!(row(&folder.says(&rotate), "old keys ").starts_with("valid until 20"));
    assert!(folder.says("app list").contains("keys 2"));
    folder.says("app rotate-key A1 --public-key-file KEY --old-valid-hours 0");
    assert!(folder.says("app list").contains("keys 1"));
    folder.says("app set A1 --object-data --disabled");
    assert!(folder.says("app list").contains("object data  DISABLED"));
    folder.says("app set A1 --object-data=false --enabled");
    assert!(!folder.says("app list").contains("object data"));
    // Not a private key, and not one whose private half everyone has.
    let refused = format!("app add A2 --merchant M1 --public-key-file {}", text(&file("app.pem")));
    let said = folder.refuses(&refused);
    assert!(said.contains("a private key") && !said.contains(&KEYS.private[..40]), "{said}");
    let sandbox = folder.path().join("sandbox.key");
    std::fs::write(&sandbox, prints(&["codepay", "sandbox-key"])).unwrap();
    let public = prints(&["sign", "codepay", "--key", text(&sandbox), "a=1"]);
    assert!(public.contains("a=1"));
    let pem = std::fs::read_to_string(&sandbox).unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{pem}-----END PRIVATE KEY-----\n");
    std::fs::write(&sandbox, pem).unwrap();
    let well_known = folder.path().join("sandbox.pem");
    openssl(folder.path(), &["pkey", "-in", text(&sandbox), "-pubout", "-out", text(&well_known)], b"");
    let refused = format!("app add A2 --merchant M1 --public-key-file {}", text(&well_known));
    assert!(folder.refuses(&refused).contains("it is the sandbox's"));
}

#[test]
fn a_key_for_cards_is_given_and_taken_away() {
    let folder = Folder::with_merchant();
    folder.says("app add A1 --merchant M1 --basic till");
    let said = folder.says("app card-key A1 --generate");
    let key = row(&said, "card key ");
    assert_eq!(key.len(), 44, "{said}");
    let listed = folder.says("app list");
    assert!(listed.contains("merchants M1  card key") && !listed.contains(&key), "{listed}");
    no_file_holds(folder.path(), &key);
    assert_ne!(row(&folder.says("app card-key A1 --generate"), "card key "), key, "each is new");
    folder.says("app set A1 --name Register");
    assert!(folder.says("app list").contains("card key"));
    folder.says("app card-key A1 --remove");
    assert!(!folder.says("app list").contains("card key"));
    let (own, short, known) = ("5a".repeat(32), "5a".repeat(16), tillgate::sandbox::codepay::CARD_KEY);
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{text}\n")).unwrap();
        format!("app card-key A1 --key-file {}", super::super::text(&path))
    };
    assert!(!folder.says(&file("own", &own)).contains(&own));
    std::fs::remove_file(folder.path().join("own")).unwrap();
    no_file_holds(folder.path(), &own);
    let too_short = folder.refuses(&file("short", &short));
    assert!(too_short.contains("AES-256") && !too_short.contains(&short), "{too_short}");
    let said = folder.refuses(&file("known", known));
    assert!(said.contains("it is the sandbox's") && !said.contains(known), "{said}");
    for (line, words) in [
        ("app card-key A9 --generate", "no app A9"),
        ("app card-key A1", "--generate"),
        ("app card-key A1 --generate --remove", "cannot be used with"),
        ("app card-key A1 --key-file /nowhere", "/nowhere"),
    ] {
        let said = folder.refuses(line);
        assert!(said.contains(words), "{line}: {said}");
    }
    folder.says("app card-key A1 --remove");
    assert!(folder.refuses("app card-key A1 --remove").contains("has no card key"));
}

#[test]
fn a_password_is_shown_once() {
    let folder = Folder::with_merchant();
    let said = folder.says("app add A1 --merchant M1 --basic till");
    let first = row(&said, "password ");
    assert_eq!((row(&said, "user "), first.len()), ("till".into(), 48));
    let said = folder.says("app rotate-key A1");
    let second = row(&said, "password ");
    assert!(first != second && !said.contains(&first), "{said}");
    assert_eq!(row(&said, "user "), "till");
    let listed = folder.says("app list");
    assert!(listed.contains("A1  A1  Basic  keys 1  merchants M1"), "{listed}");
    for password in [&first, &second] {
        assert!(!listed.contains(password.as_str()));
        no_file_holds(folder.path(), password);
    }
}

#[test]
fn the_gateways_key_is_the_same_each_time() {
    let folder = Folder::with_merchant();
    let key = folder.says("key");
    assert!(key.trim().len() > 300 && !key.contains("PRIVATE"), "{key}");
    assert_eq!(folder.says("key"), key);
    // Where there is no database nothing is made.
    let empty = Folder::new();
    assert!(empty.refuses("key").contains("master key"));
    let said = runs(&["codepay", "sandbox-key"]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("everyone knows it"));
}
