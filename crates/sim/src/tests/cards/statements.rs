//! The file of a day: a line for each movement, with the figures as they stand.

use super::*;
use crate::{Day, STATEMENT_COLUMNS, Spoil};

/// 2026-11-26, 01:02:03.
const NOW_MS: i64 = 1_795_654_923_000;

fn day() -> Day {
    Day::parse("2026-11-26").unwrap()
}

/// The lines without channel and reference, which has twelve digits.
fn lines(file: &str) -> Vec<String> {
    let mut lines = file.lines();
    assert_eq!(lines.next(), Some(STATEMENT_COLUMNS));
    let short = |line: &str| {
        let cells: Vec<_> = line.split(',').collect();
        assert_eq!((cells.len(), cells[0], cells[7].len()), (9, "acquirer", 12), "{line}");
        [&cells[1..7], &cells[8..]].concat().join(",")
    };
    lines.map(short).collect()
}

fn lived() -> Desk {
    let desk = desk();
    let yen = |trade_no: &str| CardCall::Authorize {
        operation: CardOperation {
            amount: Money::new(1_200, Currency::from_code("JPY").unwrap()),
            ..operation(trade_no, 1_200)
        },
        card: card(VISA),
        is_capture: true,
        online: None,
    };
    for (after_ms, call, expected) in [
        (0, sale("s", 1_200), "approved"),
        (1_000, authorization("a", 5_000), "approved"),
        (2_000, increment("i", "a", 500), "approved"),
        (3_000, capture("c", "a", 5_100), "approved"),
        (4_000, tip("s", 300), "approved"),
        (5_000, refund("r", "s", 700), "approved"),
        (6_000, sale("n", 1_251), "51 INSUFFICIENT FUNDS"),
        (7_000, sale("u", 605), "approved"),
        (8_000, void("v", "u", 605), "approved"),
        (9_000, yen("y"), "approved"),
        (9_000, settle("s", "B1"), "approved"),
        (9_000, settle("c", "B1"), "approved"),
        (9_000, authorization("h", 900), "approved"),
        (9_500, void("w", "h", 900), "approved"),
        (10_000, settle("r", "B2"), "approved"),
        (86_400_000, sale("tomorrow", 1_200), "approved"),
    ] {
        assert_eq!(desk.says(NOW_MS + after_ms, &call), expected, "{call:?}");
    }
    desk
}

const LINES: [&str; 9] = [
    "s,,sale,15.00,USD,2026-11-26T01:02:03Z,B1",
    "a,,authorization,55.00,USD,2026-11-26T01:02:04Z,",
    "c,a,capture,51.00,USD,2026-11-26T01:02:06Z,B1",
    "r,s,refund,7.00,USD,2026-11-26T01:02:08Z,B2",
    "u,,sale,6.05,USD,2026-11-26T01:02:10Z,",
    "v,u,void,6.05,USD,2026-11-26T01:02:11Z,",
    "y,,sale,1200,JPY,2026-11-26T01:02:12Z,",
    "h,,authorization,9.00,USD,2026-11-26T01:02:12Z,",
    "w,h,void,9.00,USD,2026-11-26T01:02:12Z,",
];

#[test]
fn a_day_is_told_line_by_line() {
    let desk = lived();
    assert_eq!(lines(&desk.acquirer.statement(day(), None)), LINES);
    let next = lines(&desk.acquirer.statement(Day::parse("2026-11-27").unwrap(), None));
    assert_eq!(next, ["tomorrow,,sale,12.00,USD,2026-11-27T01:02:03Z,"]);
    let before = desk.acquirer.statement(Day::parse("2026-11-25").unwrap(), None);
    assert_eq!(before, format!("{STATEMENT_COLUMNS}\n"));
}

#[test]
fn a_file_is_spoiled_in_its_first_line() {
    let desk = lived();
    let spoiled = |spoil| lines(&desk.acquirer.statement(day(), Some(spoil)));
    assert_eq!(spoiled(Spoil::Missing), LINES[1..]);
    assert_eq!(spoiled(Spoil::Doubled)[..2], [LINES[0], LINES[0]]);
    assert_eq!(spoiled(Spoil::Doubled)[2..], LINES[1..]);
    assert_eq!(spoiled(Spoil::Different)[0], LINES[0].replace("15.00", "15.01"));
    assert_eq!(spoiled(Spoil::Different)[1..], LINES[1..]);
    let none = Day::parse("2026-01-01").unwrap();
    for spoil in [Spoil::Missing, Spoil::Doubled, Spoil::Different] {
        assert_eq!(desk.acquirer.statement(none, Some(spoil)), format!("{STATEMENT_COLUMNS}\n"));
    }
}

#[test]
fn what_a_payer_is_still_asked_about_is_in_no_file() {
    let desk = desk();
    let challenged = super::online::Typed { pan: super::online::CHALLENGED, ..super::online::GOOD };
    desk.says(NOW_MS, &super::online::typed("s", challenged));
    assert_eq!(lines(&desk.acquirer.statement(day(), None)), [""; 0]);
    let id = super::online::challenge_of(&desk, NOW_MS, "s");
    desk.acquirer.challenge_answer(&id, &super::online::code("1234"), NOW_MS + 60_000).unwrap();
    assert_eq!(lines(&desk.acquirer.statement(day(), None)), ["s,,sale,12.00,USD,2026-11-26T01:03:03Z,"]);
}
