//! A terminal's words, and terminal and gateway at one acquirer.

use super::*;
use crate::{TransactionFilter, TransactionState};

#[test]
fn a_request_is_read_as_it_is_written() {
    let text = r#"{"terminal":"T1","trade_no":"1-33","action":{"authorize":{"is_capture":true}},
        "amount_minor":1250,"tip_minor":250,"currency":"USD",
        "card":{"pan":"4111111111111111","entry":"contactless"}}"#;
    let request: TerminalRequest = serde_json::from_str(text).unwrap();
    assert_eq!((request.action, request.tip_minor, request.cashback_minor), (SALE, 250, 0));
    let written = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<TerminalRequest>(&written).unwrap(), request);
    assert!(!format!("{request:?}").contains("4111"));
    let void = r#"{"terminal":"T1","trade_no":"1-34","orig_trade_no":"1-33","action":"void","amount_minor":0,
        "currency":"USD"}"#;
    let void: TerminalRequest = serde_json::from_str(void).unwrap();
    let desk = desk();
    let sold = desk.terminal(5, request);
    let shown = serde_json::to_value(TerminalReply::Answer(sold.clone())).unwrap();
    assert_eq!(shown["answer"]["card_no"], "411111****1111");
    assert_eq!(serde_json::to_value(TerminalReply::Silence).unwrap(), "silence");
    let undone = desk.terminal(6, void);
    assert_eq!((undone.approved, undone.card_no, undone.entry_mode), (true, sold.card_no, 3));
    assert_eq!((undone.auth_code, undone.at_ms), (sold.auth_code, 6));
    assert_eq!(desk.sums(), [0; 4]);
}

#[test]
fn a_terminal_and_the_gateway_see_one_transaction() {
    let desk = desk();
    assert_eq!(desk.terminal_says(0, tapped(AUTHORIZATION, "a", None, 5_000)), "approved");
    assert_eq!(desk.says(0, &capture("c", "a", 4_000)), "approved");
    assert_eq!(
        desk.terminal_says(0, tapped(TerminalAction::Capture, "d", Some("a"), 100)),
        "12 ALREADY CAPTURED"
    );
    assert_eq!(desk.says(0, &tip("c", 600)), "approved");
    assert_eq!(desk.terminal_says(0, tapped(TerminalAction::Refund, "r", Some("c"), 4_600)), "approved");
    assert_eq!(desk.says(0, &query("r")), "approved");
    assert_eq!(desk.sums(), [5_000, 4_600, 4_600, 0]);
}

#[test]
fn what_cannot_be_kept_is_refused_without_a_trace() {
    let desk = desk();
    let good = tapped(SALE, "s", None, 1_200);
    let bad = [
        TerminalRequest { trade_no: String::new(), ..good.clone() },
        TerminalRequest { trade_no: "a&b".into(), ..good.clone() },
        TerminalRequest { terminal: "\n".into(), ..good.clone() },
        TerminalRequest { currency: "usd".into(), ..good.clone() },
        TerminalRequest { currency: "DOLLAR".into(), ..good.clone() },
        TerminalRequest { orig_trade_no: Some("x".repeat(65)), ..good.clone() },
    ];
    for request in bad {
        assert_eq!(desk.terminal_says(0, request.clone()), "30 FORMAT ERROR", "{request:?}");
    }
    assert_eq!(desk.acquirer.transactions(&TransactionFilter::default()), []);
    for (trade_no, changed) in [
        ("n1", TerminalRequest { amount_minor: -1, ..good.clone() }),
        ("n2", TerminalRequest { amount_minor: i64::MAX, ..good.clone() }),
        ("n3", TerminalRequest { tip_minor: -1, ..good.clone() }),
        ("n4", TerminalRequest { tip_minor: i64::MAX, cashback_minor: i64::MAX, ..good.clone() }),
    ] {
        let request = TerminalRequest { trade_no: trade_no.into(), ..changed };
        assert_eq!(desk.terminal_says(0, request), "13 INVALID AMOUNT", "{trade_no}");
    }
    let followed = TerminalRequest { orig_trade_no: Some("s".into()), ..good };
    assert_eq!(desk.terminal_says(0, followed), "12 INVALID TRANSACTION");
}

#[test]
fn lists_are_filtered_and_paged() {
    let desk = desk();
    for number in 0..10 {
        let amount = if number % 2 == 0 { 1_200 } else { 1_251 };
        desk.terminal_says(0, tapped(SALE, &format!("s{number}"), None, amount));
    }
    desk.says(0, &settle("s0", "B1"));
    let numbers = |filter: &TransactionFilter| {
        let list = desk.acquirer.transactions(filter);
        list.iter().map(|view| view.trade_no.clone()).collect::<Vec<_>>().join(" ")
    };
    let all = TransactionFilter::default();
    assert_eq!(numbers(&TransactionFilter { limit: 2, ..all.clone() }), "s9 s8");
    assert_eq!(numbers(&TransactionFilter { limit: 2, before: Some(8), ..all.clone() }), "s7 s6");
    let captured = TransactionFilter { state: Some(TransactionState::Captured), ..all.clone() };
    assert_eq!(numbers(&captured), "s8 s6 s4 s2 s0");
    assert_eq!(numbers(&TransactionFilter { batch: Some("B1".into()), ..all.clone() }), "s0");
    assert_eq!(numbers(&TransactionFilter { terminal: Some("T9".into()), ..all.clone() }), "");
    assert_eq!(numbers(&TransactionFilter { before: Some(0), ..all }), "");
    let totals = &desk.acquirer.totals(Some(TILL))[0];
    assert_eq!((totals.transactions, totals.declines, totals.net_minor), (5, 5, 6_000));
    let shown = serde_json::to_value(desk.view("s1")).unwrap();
    assert_eq!(
        (&shown["state"], &shown["operation"], &shown["rule"]),
        (&"declined".into(), &"sale".into(), &51.into())
    );
}
