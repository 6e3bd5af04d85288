//! Each rule of the table, as a timetable: when who asks, and what is said.

use super::*;
use crate::{CARD_RULES, RULES, card_rule_for};

fn check(name: &str, timetable: &[(i64, CardCall, &str)]) -> Desk {
    let ending = CARD_RULES.iter().find(|rule| rule.name == name).unwrap().ending;
    let desk = desk();
    for (now_ms, call, expected) in timetable {
        assert_eq!(desk.says(*now_ms, call), *expected, "{name} ({ending}) at {now_ms}: {call:?}");
    }
    desk
}

#[test]
fn declines() {
    let desk = check("insufficient_funds", &[(0, sale("s", 1_251), "51 INSUFFICIENT FUNDS")]);
    assert_eq!(desk.says(0, &query("s")), "51 INSUFFICIENT FUNDS");
    assert_eq!(desk.says(0, &void("v", "s", 1_251)), "25 ORIGINAL NOT FOUND");
    check("do_not_honor", &[(0, authorization("a", 1_265), "05 DO NOT HONOR")]);
    check(
        "do_not_honor",
        &[(0, authorization("a", 1_200), "approved"), (0, increment("i", "a", 65), "05 DO NOT HONOR")],
    );
}

#[test]
fn pending_then_approved() {
    let desk = check(
        "pending_then_approved",
        &[
            (0, sale("s", 1_252), "pending"),
            (1_000, query("s"), "pending"),
            (2_000, close("s"), "pending"),
            (2_999, sale("s", 1_252), "pending"),
            (3_000, query("s"), "approved"),
            (3_000, close("s"), "approved"),
            (3_000, sale("s", 1_252), "approved"),
        ],
    );
    let answer = desk.terminal(10_000, tapped(SALE, "t", None, 1_352));
    assert_eq!((answer.approved, answer.after_ms), (true, 3_000));
    assert_eq!(desk.terminal(12_000, tapped(SALE, "t", None, 1_352)).after_ms, 1_000);
    assert_eq!(desk.terminal(13_000, tapped(SALE, "t", None, 1_352)).after_ms, 0);
}

#[test]
fn answer_lost() {
    let desk = check(
        "answer_lost",
        &[(0, sale("s", 1_253), "silence"), (0, query("s"), "approved"), (0, sale("s", 1_253), "approved")],
    );
    assert_eq!(desk.terminal_says(0, tapped(SALE, "t", None, 1_353)), "silence");
    assert_eq!(desk.says(0, &close("t")), "approved");
    assert_eq!(desk.says(0, &void("v", "t", 1_353)), "approved", "only the charge's answer is lost");
    assert_eq!(desk.sums(), [1_253, 1_253, 0, 1_253]);
}

#[test]
fn request_lost() {
    let desk = check(
        "request_lost",
        &[
            (0, sale("s", 1_254), "silence"),
            (0, query("s"), "never heard of"),
            (9_000, sale("s", 1_254), "silence"),
            (9_000, close("s"), "12 CLOSED"),
            (9_000, sale("s", 1_254), "12 CLOSED"),
        ],
    );
    assert_eq!(desk.terminal_says(0, tapped(SALE, "t", None, 1_354)), "silence");
    assert_eq!(desk.says(0, &query("t")), "never heard of");
    assert_eq!(desk.sums(), [0; 4]);
}

#[test]
fn refunds_go_wrong() {
    check(
        "refund_declined",
        &[(0, sale("s", 1_258), "approved"), (0, refund("r", "s", 100), "57 NOT PERMITTED")],
    );
    let desk = check(
        "refund_silent_then_done",
        &[
            (0, sale("s", 1_259), "approved"),
            (1_000, refund("r", "s", 100), "silence"),
            (5_999, query("r"), "silence"),
            (5_999, refund("r", "s", 100), "silence"),
            (5_999, query("s"), "approved"),
            (6_000, query("r"), "approved"),
            (6_000, refund("r", "s", 100), "approved"),
        ],
    );
    assert_eq!(desk.sums(), [1_259, 1_259, 100, 1_159]);
    let unreferenced = |trade_no, minor| tapped(TerminalAction::Refund, trade_no, None, minor);
    assert_eq!(desk.terminal_says(0, unreferenced("u", 558)), "57 NOT PERMITTED");
    assert_eq!(desk.terminal_says(0, unreferenced("w", 559)), "silence");
    assert_eq!(desk.terminal_says(5_000, unreferenced("w", 559)), "approved");
}

#[test]
fn garbage() {
    let desk = check(
        "garbage",
        &[
            (0, sale("s", 1_260), "unknown"),
            (4_999, query("s"), "unknown"),
            (4_999, settle("s", "B1"), "unknown"),
            (5_000, query("s"), "approved"),
        ],
    );
    assert_eq!(desk.terminal_says(0, tapped(SALE, "t", None, 1_360)), "silence");
    assert_eq!((desk.view("s").batch, desk.sums()[3]), (None, 2_620));
}

#[test]
fn outage() {
    let desk = check(
        "outage",
        &[
            (0, sale("s", 1_264), "silence"),
            (4_999, query("s"), "silence"),
            (4_999, close("s"), "silence"),
            (5_000, close("s"), "approved"),
        ],
    );
    assert_eq!(desk.terminal_says(4_999, tapped(SALE, "s", None, 1_264)), "silence");
    assert_eq!(desk.terminal_says(5_000, tapped(SALE, "s", None, 1_264)), "approved");
}

#[test]
fn voids_go_wrong() {
    check(
        "void_refused",
        &[
            (0, sale("s", 1_266), "approved"),
            (0, void("v", "s", 1_266), "21 CANNOT VOID"),
            (0, refund("r", "s", 1_266), "approved"),
        ],
    );
    let desk = check(
        "void_silent_then_done",
        &[
            (0, sale("s", 1_267), "approved"),
            (0, void("v", "s", 1_267), "silence"),
            (4_999, query("v"), "silence"),
            (5_000, query("v"), "approved"),
        ],
    );
    assert_eq!(desk.sums(), [0; 4]);
}

#[test]
fn settlement_tips_and_captures_go_wrong() {
    check(
        "settle_refused_once",
        &[
            (0, sale("s", 1_268), "approved"),
            (0, settle("s", "B1"), "96 TRY AGAIN LATER"),
            (0, settle("s", "B1"), "approved"),
            (0, settle("s", "B1"), "approved"),
        ],
    );
    check("tip_refused", &[(0, sale("s", 1_269), "approved"), (0, tip("s", 100), "57 NOT PERMITTED")]);
    check(
        "capture_declined",
        &[
            (0, authorization("a", 1_270), "approved"),
            (0, capture("c", "a", 1_000), "05 DO NOT HONOR"),
            (0, void("v", "a", 1_270), "approved"),
        ],
    );
}

#[test]
fn the_table_is_whole_and_does_not_contradict_the_wallets() {
    assert!(CARD_RULES.windows(2).all(|pair| pair[0].ending < pair[1].ending));
    for rule in CARD_RULES {
        let texts = [rule.title_en, rule.title_zh, rule.description_en, rule.description_zh];
        assert!(texts.iter().all(|text| !text.is_empty() && !text.contains("  ")), "{}", rule.name);
        assert_eq!(card_rule_for(i64::from(rule.ending) + 1_200), Some(rule));
    }
    // the endings both have, and what the wallets call them
    let shared: Vec<_> = CARD_RULES
        .iter()
        .filter_map(|rule| {
            RULES.iter().find(|wallets| wallets.ending == rule.ending).map(|w| (w.name, rule.name))
        })
        .collect();
    assert_eq!(
        shared,
        [
            ("declined", "insufficient_funds"),
            ("pending_then_paid", "pending_then_approved"),
            ("silent_then_paid", "answer_lost"),
            ("silent_never_paid", "request_lost"),
            ("refund_declined", "refund_declined"),
            ("refund_silent_then_done", "refund_silent_then_done"),
            ("garbage", "garbage"),
        ]
    );
}
