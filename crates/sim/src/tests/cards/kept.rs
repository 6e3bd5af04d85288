//! What is answered survives the process, and no card number is written down.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::*;
use crate::TransactionFilter;

pub fn open(path: &Path) -> Desk {
    let config = AcquirerConfig { journal: Some(path.to_owned()), ..config() };
    Desk { acquirer: Acquirer::open(config).unwrap(), ..desk() }
}

fn life() -> Vec<(CardCall, &'static str)> {
    vec![
        (sale("s", 1_200), "approved"),
        (tip("s", 300), "approved"),
        (refund("r", "s", 500), "approved"),
        (authorization("a", 5_000), "approved"),
        (increment("i", "a", 500), "approved"),
        (capture("c", "a", 5_100), "approved"),
        (close("x"), "12 CLOSED"),
        (sale("n", 1_265), "05 DO NOT HONOR"),
        (sale("t", 1_268), "approved"),
        (settle("t", "B1"), "96 TRY AGAIN LATER"),
        (settle("t", "B1"), "approved"),
        (sale("u", 700), "approved"),
        (void("v", "u", 700), "approved"),
        (settle("s", "B1"), "approved"),
    ]
}

type Everything = (Vec<TransactionView>, [i64; 4], usize, usize);

fn everything(desk: &Desk) -> Everything {
    let acquirer = &desk.acquirer;
    (
        acquirer.transactions(&TransactionFilter::default()),
        desk.sums(),
        acquirer.batches().len(),
        acquirer.closed_numbers().len(),
    )
}

#[test]
fn the_process_may_die_after_every_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acquirer.jsonl");
    let steady = desk();
    for (call, expected) in life() {
        assert_eq!(steady.says(1_000, &call), expected, "{call:?}");
        let answer = open(&path).says(1_000, &call);
        assert_eq!(answer, expected, "{call:?}");
        assert_eq!(everything(&open(&path)), everything(&steady), "after {call:?}");
    }
    for (call, expected) in life().into_iter().filter(|(call, _)| call.operation().is_some()) {
        assert_eq!(open(&path).says(9_000, &call), expected, "again: {call:?}");
    }
    assert_eq!(everything(&open(&path)), everything(&steady));
    assert_eq!(open(&path).says(9_000, &sale("x", 1_200)), "12 CLOSED");
}

/// Each step of a challenge, with a process that dies after it.
#[test]
fn a_payer_is_still_asked_after_a_restart() {
    use super::online::{CHALLENGED, GOOD, Typed, challenge_of, code, typed};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acquirer.jsonl");
    let challenged = |minor: i64| typed(&minor.to_string(), Typed { pan: CHALLENGED, minor, ..GOOD });
    assert_eq!(open(&path).says(0, &challenged(1_200)), "challenge");
    assert_eq!(open(&path).says(0, &challenged(1_251)), "challenge");
    let ids = ["1200", "1251"].map(|trade_no| challenge_of(&open(&path), 1, trade_no));
    let other = AcquirerConfig { journal: Some(path.clone()), issuer_secret: "a new one".into(), ..config() };
    let other = Desk { acquirer: Acquirer::open(other).unwrap(), ..desk() };
    assert_eq!(challenge_of(&other, 1, "1200"), ids[0], "a number that was given out stays");
    for (id, expected) in ids.iter().zip(["approved", "51 INSUFFICIENT FUNDS"]) {
        open(&path).acquirer.challenge_answer(id, &code("0000"), 2).unwrap();
        assert_eq!(open(&path).acquirer.challenge_view(id, 2).unwrap().unwrap().tries_left, 2);
        open(&path).acquirer.challenge_answer(id, &code("1234"), 3).unwrap();
        assert!(open(&path).acquirer.challenge_view(id, 3).unwrap().unwrap().is_over);
        let trade_no = if expected == "approved" { "1200" } else { "1251" };
        assert_eq!(open(&path).says(4, &query(trade_no)), expected);
    }
    assert_eq!(open(&path).sums(), [1_200, 1_200, 0, 1_200]);
}

/// Cuts the journal all over: whatever is left opens, and holds every whole line and nothing of a torn one.
#[test]
fn a_torn_last_line_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acquirer.jsonl");
    let desk = open(&path);
    let mut after_lines = vec![everything(&desk)];
    for (call, _) in life() {
        desk.says(1_000, &call);
        after_lines.push(everything(&desk));
    }
    drop(desk);
    let whole = fs::read(&path).unwrap();
    for cut in (0..=whole.len()).step_by(29) {
        fs::write(&path, &whole[..cut]).unwrap();
        let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        let desk = open(&path);
        assert_eq!(everything(&desk), after_lines[lines], "cut at {cut}");
        assert_eq!(desk.says(1_000, &sale("new", 1_000)), "approved");
        drop(desk);
        assert_eq!(open(&path).view("new").captured_minor, 1_000, "it goes on after a cut at {cut}");
    }
}

#[test]
fn a_broken_line_in_the_middle_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acquirer.jsonl");
    let config_of = || AcquirerConfig { journal: Some(path.clone()), ..config() };
    open(&path).says(0, &sale("s", 1_200));
    let first = fs::read_to_string(&path).unwrap();
    for bad in ["{\"rec\n".to_owned(), first.replace("\"position\":0", "\"position\":2")] {
        fs::write(&path, &first).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(bad.as_bytes()).unwrap();
        assert!(Acquirer::open(config_of()).is_err());
    }
    assert!(!format!("{:?}", config_of()).contains(KEY));
}

#[test]
fn no_card_number_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acquirer.jsonl");
    let desk = open(&path);
    life().iter().for_each(|(call, _)| drop(desk.ask(0, call)));
    let mut bad = TestCardInput::new("4242424242424241");
    bad.pin = Some("8642".to_owned().into());
    desk.terminal_says(0, TerminalRequest { card: Some(bad), ..tapped(SALE, "bad", None, 1_200) });
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("411111") && text.contains("1111"));
    for secret in [VISA, "1111111111", "424242424", "8642", "\"737\"", "1239"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

/// Prints the cost of a call: `cargo test --release -p tillgate-sim -- --ignored --nocapture cost`.
#[test]
#[ignore = "a measurement"]
fn cost_of_a_call() {
    let folder = tempfile::tempdir().unwrap();
    let desk = open(&folder.path().join("acquirer.jsonl"));
    let numbers: Vec<_> = (0..20_000).map(|number| format!("1-{number}")).collect();
    type Make = fn(&str) -> CardCall;
    let kinds: [(&str, Make); 3] =
        [("sale", |number| sale(number, 1_200)), ("query", query), ("tip", |number| tip(number, 100))];
    for (name, make) in kinds {
        let requests: Vec<_> = numbers.iter().map(|number| desk.channel.encode(&make(number))).collect();
        let start = std::time::Instant::now();
        for request in &requests {
            desk.acquirer.handle(1_000, request);
        }
        println!("{name}: {} ns", start.elapsed().as_nanos() / requests.len() as u128);
    }
}
