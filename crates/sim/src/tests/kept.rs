//! What is answered survives the process; callbacks are offered until they are taken.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::*;
use crate::{Config, Filter};

fn open(path: &Path) -> Desk {
    let world = World::open(Config { key: KEY.into(), journal: Some(path.to_owned()) }).unwrap();
    Desk { world, ..desk() }
}

/// Leaves a charge, a paid code with its callback owed, a pending one and a refund behind.
fn live(path: &Path) {
    let desk = open(path);
    desk.ask(1_000, &Call::Charge(barcode("12.00")));
    desk.ask(1_100, &Call::Refund(barcode("12.00"), refund("r1", "2.00")));
    desk.code(1_200, &qr("13.00"));
    desk.world.pay(&qr("13.00").trade_no, 1_300).unwrap();
    desk.code(1_400, &qr("14.52"));
}

#[test]
fn a_restart_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.jsonl");
    live(&path);
    let (before, after) = (open(&path), open(&path));
    assert_eq!(before.world.payments(&Filter::default()), after.world.payments(&Filter::default()));
    assert_eq!(after.world.payments(&Filter::default()).len(), 3);
    assert_eq!(word(after.ask(2_000, &Call::Charge(barcode("12.00")))), "paid");
    let ledger = after.world.ledger(&barcode("12.00").trade_no).unwrap();
    assert_eq!((ledger.charges, ledger.refunded_minor, ledger.duplicate_charges), (1, 200, 1));
    assert_eq!(callback_words(&after.callbacks(2_000)), ["paid"]);
    assert_eq!(callback_words(&after.callbacks(4_400)), ["paid"], "what was planned still happens");
    assert!(open(&path).callbacks(9_000).is_empty(), "what was taken stays taken");
}

/// A journal from before mini programs and late payments were told apart still opens.
#[test]
fn an_older_journal_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.jsonl");
    live(&path);
    let before = open(&path).world.payments(&Filter::default());
    let mut text = fs::read_to_string(&path).unwrap();
    for new in [r#""prepay_id":"","#, r#""late":false,"#, r#""app_id":"","#, r#""payer_id":"","#] {
        assert!(text.contains(new), "{new}");
        text = text.replace(new, "");
    }
    fs::write(&path, text).unwrap();
    assert_eq!(open(&path).world.payments(&Filter::default()), before);
}

/// Cuts the journal at every byte: whatever is left opens, and holds every whole line.
#[test]
fn a_torn_last_line_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.jsonl");
    live(&path);
    let whole = fs::read(&path).unwrap();
    for cut in (0..=whole.len()).step_by(7) {
        fs::write(&path, &whole[..cut]).unwrap();
        let desk = open(&path);
        let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        let trades = [0, 1, 1, 2, 2, 3][lines];
        assert_eq!(desk.world.payments(&Filter::default()).len(), trades, "cut at {cut}");
        desk.ask(5_000, &Call::Charge(barcode("77.00")));
        drop(desk);
        assert_eq!(open(&path).charges(&barcode("77.00")), 1, "it goes on after a cut at {cut}");
    }
}

#[test]
fn a_broken_line_in_the_middle_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.jsonl");
    live(&path);
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"tra\n").unwrap();
    assert!(World::open(Config { key: KEY.into(), journal: Some(path) }).is_err());
}

#[test]
fn callbacks_come_again_until_acknowledged() {
    let desk = desk();
    desk.code(0, &qr("12.00"));
    desk.world.pay(&qr("12.00").trade_no, 0).unwrap();
    let (mut times, mut id) = (Vec::new(), None);
    while times.len() < 9 {
        let due_ms = desk.world.next_due().unwrap();
        let taken = desk.world.take_callbacks(due_ms).unwrap();
        assert_eq!((taken.len(), id.replace(taken[0].id).unwrap_or(taken[0].id)), (1, taken[0].id));
        times.push(due_ms / 1_000);
    }
    assert_eq!(times, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
    desk.world.callback_acknowledged(id.unwrap()).unwrap();
    assert_eq!(desk.world.next_due(), None);
}

#[test]
fn many_threads_charge_once() {
    let desk = desk();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for number in 100..200 {
                    desk.ask(1_000, &Call::Charge(barcode(&format!("{number}.00"))));
                }
            });
        }
    });
    let totals = desk.world.totals();
    assert_eq!((totals.trades, totals.charges, totals.duplicate_charges), (100, 100, 700));
    assert_eq!(totals.net_minor["NZD"], (100..200).sum::<i64>() * 100);
}

/// Prints the cost of a call: `cargo test --release -p tillgate-sim -- --ignored --nocapture cost`.
#[test]
#[ignore = "a measurement"]
fn cost_of_a_call() {
    let folder = tempfile::tempdir().unwrap();
    let desk = open(&folder.path().join("world.jsonl"));
    let count = 100_000;
    let requests: Vec<_> = (0..count)
        .map(|number| {
            let mut payment = barcode("12.00");
            payment.trade_no = format!("1-{number}");
            (desk.channel.encode(&Call::Charge(payment.clone())), desk.channel.encode(&Call::Query(payment)))
        })
        .collect();
    for (name, pick) in [("charge", 0), ("query", 1)] {
        let start = std::time::Instant::now();
        for request in &requests {
            desk.world.handle(1_000, if pick == 0 { &request.0 } else { &request.1 });
        }
        println!("{name}: {} ns", start.elapsed().as_nanos() / count as u128);
    }
}
