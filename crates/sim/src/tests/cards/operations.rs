//! What each operation does, and what may follow what.

use super::*;
use crate::TransactionState;

/// Calls with what is said to each, in order, at one desk.
fn check(timetable: &[(CardCall, &str)]) -> Desk {
    let desk = desk();
    for (position, (call, expected)) in timetable.iter().enumerate() {
        assert_eq!(desk.says(1_000, call), *expected, "step {position}: {call:?}");
    }
    desk
}

#[test]
fn a_sale_is_captured_at_once() {
    let desk = check(&[(sale("s", 1_200), "approved")]);
    let view = desk.view("s");
    assert_eq!((view.state, view.captured_minor, view.net_minor), (TransactionState::Captured, 1_200, 1_200));
    let slip = desk.ask(1_000, &query("s")).unwrap().slip.unwrap();
    assert_eq!(
        (slip.brand.as_str(), slip.first_six.as_str(), slip.last_four.as_str()),
        ("Visa", "411111", "1111")
    );
    assert_eq!((slip.auth_code.len(), slip.ref_no.len(), slip.entry), (6, 12, Some(Entry::Chip)));
    assert_eq!((&view.auth_code, &view.ref_no), (&slip.auth_code, &slip.ref_no));
}

#[test]
fn an_authorization_is_captured_once_and_for_no_more_than_it_holds() {
    let desk = check(&[
        (authorization("a", 5_000), "approved"),
        (refund("r", "a", 100), "12 NOT CAPTURED"),
        (settle("a", "B1"), "12 NOT CAPTURED"),
        (tip("a", 100), "12 NOT CAPTURED"),
        (increment("i", "a", 1_000), "approved"),
        (capture("c1", "a", 6_001), "61 EXCEEDS AMOUNT"),
        (capture("c2", "a", 5_500), "approved"),
        (capture("c3", "a", 400), "12 ALREADY CAPTURED"),
        (increment("i2", "a", 100), "12 ALREADY CAPTURED"),
        (capture("c4", "nothing", 100), "25 ORIGINAL NOT FOUND"),
        (capture("c5", "c1", 100), "25 ORIGINAL NOT FOUND"),
    ]);
    let view = desk.view("a");
    assert_eq!((view.authorized_minor, view.captured_minor, view.net_minor), (6_000, 5_500, 5_500));
    assert_eq!(desk.sums(), [6_000, 5_500, 0, 5_500]);
    assert_eq!(desk.view("c2").auth_code, view.auth_code);
    assert_ne!(desk.view("c2").ref_no, view.ref_no);
}

#[test]
fn a_void_undoes_all_of_it_before_settlement() {
    let desk = check(&[
        (sale("s", 1_200), "approved"),
        (void("v0", "s", 700), "13 INVALID AMOUNT"),
        (void("v1", "s", 1_200), "approved"),
        (void("v2", "s", 1_200), "12 ALREADY VOIDED"),
        (refund("r1", "s", 100), "12 ALREADY VOIDED"),
        (settle("s", "B1"), "12 ALREADY VOIDED"),
        (tip("s", 100), "12 ALREADY VOIDED"),
        (query("s"), "approved"),
        (query("v1"), "approved"),
        (sale("t", 1_300), "approved"),
        (settle("t", "B1"), "approved"),
        (void("v3", "t", 1_300), "12 ALREADY SETTLED"),
        (refund("r2", "t", 1_300), "approved"),
    ]);
    assert_eq!((desk.view("s").state, desk.view("s").net_minor), (TransactionState::Voided, 0));
    assert_eq!(desk.sums(), [1_300, 1_300, 1_300, 0]);
}

#[test]
fn a_void_releases_an_authorization_and_undoes_a_capture() {
    let desk = check(&[
        (authorization("a", 5_000), "approved"),
        (void("v", "a", 5_000), "approved"),
        (capture("c", "a", 5_000), "12 ALREADY VOIDED"),
        (increment("i", "a", 100), "12 ALREADY VOIDED"),
        (authorization("b", 5_000), "approved"),
        (capture("d", "b", 4_000), "approved"),
        (void("w", "d", 4_000), "approved"),
        (void("x", "b", 4_000), "12 ALREADY VOIDED"),
    ]);
    assert_eq!(desk.sums(), [0; 4]);
}

#[test]
fn refunds_stay_below_what_was_captured() {
    let desk = check(&[
        (authorization("a", 5_000), "approved"),
        (capture("c", "a", 4_000), "approved"),
        (refund("r1", "c", 1_000), "approved"),
        (refund("r2", "a", 3_001), "61 EXCEEDS AMOUNT"),
        (refund("r3", "a", 3_000), "approved"),
        (refund("r4", "a", 1), "61 EXCEEDS AMOUNT"),
        (void("v1", "a", 5_000), "12 ALREADY REFUNDED"),
        (void("v2", "r1", 1_000), "21 CANNOT VOID"),
        (refund("r5", "r1", 1_000), "12 INVALID TRANSACTION"),
        (settle("r1", "B1"), "approved"),
    ]);
    assert_eq!(desk.sums(), [5_000, 4_000, 4_000, 0]);
}

#[test]
fn a_refund_without_an_original_needs_a_card_and_can_be_voided() {
    let desk = desk();
    let bare = CardCall::Refund { operation: operation("r0", 500), original: String::new() };
    assert_eq!(desk.says(1_000, &bare), "30 FORMAT ERROR");
    assert_eq!(desk.terminal_says(1_000, tapped(TerminalAction::Refund, "r1", None, 500)), "approved");
    assert_eq!(desk.sums(), [0, 0, 500, -500]);
    assert_eq!(desk.view("r1").net_minor, -500);
    assert_eq!(desk.says(1_000, &void("v0", "r1", 400)), "13 INVALID AMOUNT");
    assert_eq!(desk.says(1_000, &void("v1", "r1", 500)), "approved");
    assert_eq!(desk.says(1_000, &void("v2", "r1", 500)), "12 ALREADY VOIDED");
    assert_eq!(desk.sums(), [0; 4]);
}

#[test]
fn the_tip_is_set_until_settlement() {
    let desk = check(&[
        (sale("s", 1_200), "approved"),
        (tip("s", 200), "approved"),
        (tip("s", 200), "approved"),
        (tip("s", 300), "approved"),
        (refund("r", "s", 1_400), "approved"),
        (tip("s", 100), "13 INVALID AMOUNT"),
        (tip("s", 0), "13 INVALID AMOUNT"),
        (tip("s", i64::MAX), "13 INVALID AMOUNT"),
        (settle("s", "B1"), "approved"),
        (tip("s", 300), "approved"),
        (tip("s", 400), "12 ALREADY SETTLED"),
        (tip("never", 100), "25 ORIGINAL NOT FOUND"),
    ]);
    let view = desk.view("s");
    assert_eq!((view.amount_minor, view.captured_minor, view.current_tip_minor), (1_200, 1_500, 300));
    assert_eq!(desk.sums(), [1_500, 1_500, 1_400, 100]);
    let euro = Money::new(300, Currency::from_code("EUR").unwrap());
    let foreign = CardCall::AdjustTip { trade_no: "s".into(), tip: euro };
    assert_eq!(desk.says(1_000, &foreign), "12 INVALID TRANSACTION");
}

#[test]
fn a_batch_holds_what_was_settled_under_its_name() {
    let desk = check(&[
        (sale("s", 1_200), "approved"),
        (authorization("a", 5_000), "approved"),
        (capture("c", "a", 4_000), "approved"),
        (refund("r", "s", 200), "approved"),
        (void("v", "a", 9), "13 INVALID AMOUNT"),
        (settle("s", "SN-000001"), "approved"),
        (settle("s", "SN-000001"), "approved"),
        (settle("s", "SN-000002"), "12 ALREADY SETTLED"),
        (settle("c", "SN-000001"), "approved"),
        (settle("a", "SN-000001"), "approved"),
        (settle("r", "SN-000002"), "approved"),
        (settle("v", "SN-000002"), "25 ORIGINAL NOT FOUND"),
        (settle("s", ""), "30 FORMAT ERROR"),
        (settle("never", "SN-000002"), "25 ORIGINAL NOT FOUND"),
    ]);
    let batches = desk.acquirer.batches();
    let rows: Vec<_> = batches
        .iter()
        .map(|batch| (batch.batch.as_str(), batch.trade_nos.join(" "), batch.net_minor))
        .collect();
    assert_eq!(rows, [("SN-000001", "s a".into(), 5_200), ("SN-000002", "r".into(), -200)]);
}

#[test]
fn other_currencies_and_bad_amounts_are_refused() {
    let euros =
        CardOperation { amount: Money::new(100, Currency::from_code("EUR").unwrap()), ..operation("r", 100) };
    let too_much_tip = CardOperation { tip_minor: 60, cashback_minor: 60, ..operation("t", 100) };
    let tipped = CardOperation { tip_minor: 40, cashback_minor: 60, ..operation("u", 100) };
    let desk = check(&[
        (sale("s", 1_200), "approved"),
        (CardCall::Refund { operation: euros, original: "s".into() }, "12 INVALID TRANSACTION"),
        (sale("zero", 0), "13 INVALID AMOUNT"),
        (
            CardCall::Authorize { operation: too_much_tip, card: card(VISA), is_capture: true, online: None },
            "13 INVALID AMOUNT",
        ),
        (
            CardCall::Authorize { operation: tipped, card: card(VISA), is_capture: true, online: None },
            "approved",
        ),
    ]);
    let taken = desk.ask(1_000, &query("u")).unwrap().operation.unwrap();
    assert_eq!((taken.tip_minor, taken.cashback_minor, taken.terminal.as_str()), (40, 60, TILL));
    assert_eq!(desk.says(1_000, &tip("u", 20)), "approved");
    assert_eq!(desk.view("u").captured_minor, 80);
}

#[test]
fn money_counts_where_it_was_moved() {
    let desk = desk();
    let at = |terminal: &str, trade_no: &str, minor| CardOperation {
        terminal: terminal.into(),
        ..operation(trade_no, minor)
    };
    let authorize = CardCall::Authorize {
        operation: at("A", "a", 900),
        card: card(VISA),
        is_capture: false,
        online: None,
    };
    let capture = |terminal, trade_no, original: &str, minor| CardCall::Capture {
        operation: at(terminal, trade_no, minor),
        original: original.into(),
    };
    let refund = CardCall::Refund { operation: at("", "r", 100), original: "a".into() };
    for call in [authorize, capture("B", "c", "a", 800), refund] {
        assert_eq!(desk.says(0, &call), "approved");
    }
    let totals = |terminal| {
        let totals = desk.acquirer.totals(Some(terminal));
        totals.iter().map(|t| (t.authorized_minor, t.captured_minor, t.refunded_minor)).collect::<Vec<_>>()
    };
    assert_eq!(totals("A"), [(900, 0, 100)], "a refund that names no terminal is its original's");
    assert_eq!(totals("B"), [(0, 800, 0)]);
    assert_eq!(totals(""), []);
}
