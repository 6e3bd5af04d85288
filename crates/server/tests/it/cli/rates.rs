//! `rate set` and `rate list`, beside a gateway that runs and without one.

use std::time::{Duration, Instant};

use super::ottpay::Till;
use super::{prints, refuses, text};
use crate::harness::{TestWorld, pause_ms};

#[test]
fn rates_are_set_listed_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let data = text(dir.path());
    let rate = |args: &[&str]| prints(&[&["rate"], args, &["--data-dir", data]].concat());
    assert!(rate(&["set", "CAD", "5.25"]).contains("1 CAD = 5.25000000 CNY"));
    rate(&["set", "CAD", "5.12345678", "--source", "Bank of Montréal"]);
    rate(&["set", "JPY", "0.04712", "--to", "CNY"]);
    assert!(rate(&["set", "USD", "1.36", "--to", "CAD"]).contains("nothing uses it"));
    let listed = rate(&["list"]);
    let lines: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines.len(), 3, "{listed}");
    assert_eq!(lines[0][..6], ["CAD", "CNY", "5.12345678", "Bank", "of", "Montréal"]);
    assert_eq!(lines[1][..4], ["JPY", "CNY", "0.04712000", "operator"]);
    assert_eq!(lines[2][..4], ["USD", "CAD", "1.36000000", "operator"]);
    assert!(lines.iter().all(|line| line.ends_with(&["UTC"])), "{listed}");
    let all = rate(&["list", "--all"]);
    let first = |line: &str| line.split_whitespace().nth(2).unwrap().to_owned();
    let rates: Vec<String> = all.lines().map(first).collect();
    assert_eq!(rates, ["5.12345678", "5.25000000", "0.04712000", "1.36000000"], "{all}");
}

#[test]
fn what_is_no_rate_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = text(dir.path());
    for (args, word) in [
        (&["XXQ", "5.25"][..], "XXQ is not the code of a currency"),
        (&["cad", "5.25"], "cad is not the code of a currency"),
        (&["XAU", "5.25"], "XAU is not the code of a currency"),
        (&["CAD", "0"], "0 is not a rate"),
        (&["CAD", "0.00000000"], "0.00000000 is not a rate"),
        (&["CAD", "-5.25"], "-5.25 is not a rate"),
        (&["CAD", "5.123456789"], "at most 8 places"),
        (&["CAD", "10000000"], "below 10000000"),
        (&["CAD", "much"], "much is not a rate"),
        (&["CAD", "5,25"], "5,25 is not a rate"),
        (&["CAD", ""], "is not a rate"),
        (&["CAD", "5.25", "--source", ""], "--source is empty"),
        (&["CAD", "5.25", "--source", "  "], "--source is empty"),
        (&["CAD", "5.25", "--source", "a\nb"], "cannot be printed"),
        (&["CAD", "5.25", "--to", "yuan"], "yuan is not the code of a currency"),
        (&["CNY", "1"], "needs no rate"),
        (&["CAD", "1", "--to", "CAD"], "needs no rate"),
        (&["CAD"], "<RATE>"),
    ] {
        let said = refuses(&[&["rate", "set", "--data-dir", data], args].concat());
        assert!(said.contains(word), "{args:?}: {said}");
    }
    assert!(!dir.path().join("tillgate.sqlite").exists(), "nothing was begun");
    // A flag between the two words is not taken for the rate.
    assert!(prints(&["rate", "set", "CAD", "--data-dir", data, "5.25"]).contains("5.25000000"));
}

#[test]
fn currencies_without_a_rate_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let data = text(dir.path());
    let add = ["merchant", "add", "--data-dir", data, "--name", "x"];
    let said =
        prints(&[&add[..], &["--wallet", "W1:NZD:alipay:120", "--wallet", "W2:CNY:alipay:0"]].concat());
    assert!(said.contains("tillgate rate set NZD") && !said.contains("CNY"), "{said}");
    let listed = prints(&["rate", "list", "--data-dir", data]);
    assert!(listed.contains("cannot sell in NZD") && !listed.contains("CNY  CNY"), "{listed}");
    prints(&["rate", "set", "NZD", "4.6", "--data-dir", data]);
    assert!(!prints(&["rate", "list", "--data-dir", data]).contains("cannot sell"));
    let said = prints(&[&add[..], &["--wallet", "W3:NZD:alipay:120"]].concat());
    assert!(!said.contains("rate set"), "{said}");
}

#[tokio::test]
async fn a_running_gateway_sees_a_rate_within_two_seconds() {
    let world = TestWorld::new().await;
    let till = Till::of(&world, "QC00005496");
    let rate = async || till.calls("EX_RATE_QUERY", "fee_type=CAD").await["rate"].clone();
    assert_eq!(rate().await, "525000000");
    prints(&["rate", "set", "CAD", "5.31", "--data-dir", text(&world.data_dir())]);
    let set_at = Instant::now();
    loop {
        let asked_after = set_at.elapsed();
        if rate().await == "531000000" {
            break;
        }
        assert!(asked_after < Duration::from_secs(2), "asked after {asked_after:?} and not seen");
        pause_ms(50).await;
    }
}
