//! The wallets' files of a day.

use super::*;
use crate::{Day, STATEMENT_COLUMNS, Spoil, Wallet};

const DAY_MS: i64 = 86_400_000;

/// Of WeChat Pay on a day counted from 1970-01-01, without the wallet's own numbers.
fn lines(desk: &Desk, day: i64, spoil: Option<Spoil>) -> Vec<String> {
    let file = desk.world.statement(Wallet::Wechat, Day::of(day * DAY_MS), spoil);
    let mut lines = file.lines();
    assert_eq!(lines.next(), Some(STATEMENT_COLUMNS));
    let short = |line: &str| {
        let cells: Vec<_> = line.split(',').collect();
        assert!(cells.len() == 9 && cells[7].starts_with("4200") && cells[8].is_empty(), "{line}");
        cells[..7].join(",")
    };
    lines.map(short).collect()
}

#[test]
fn a_wallets_day_holds_what_it_took_and_gave_back() {
    let desk = desk();
    let (paid, declined, unpaid) = (barcode("12.00"), barcode("12.51"), qr("12.70"));
    assert_eq!(word(desk.ask(123_000, &Call::Charge(paid.clone()))), "paid");
    assert_eq!(word(desk.ask(124_000, &Call::Charge(declined))), "declined");
    desk.code(125_000, &unpaid);
    let back = |now_ms, number: &str, amount: &str| {
        word(desk.ask(now_ms, &Call::Refund(paid.clone(), refund(number, amount))))
    };
    assert_eq!(back(126_000, "r1", "4.00"), "paid");
    assert_eq!(back(127_000, "r2", "9.00"), "declined");
    assert_eq!(back(DAY_MS, "r3", "1.50"), "paid");
    let number = &paid.trade_no;
    let sale = format!("wechat,{number},,sale,12.00,NZD,1970-01-01T00:02:03Z");
    let first = format!("wechat,r1,{number},refund,4.00,NZD,1970-01-01T00:02:06Z");
    let later = format!("wechat,r3,{number},refund,1.50,NZD,1970-01-02T00:00:00Z");
    assert_eq!(lines(&desk, 0, None), [sale.clone(), first.clone()]);
    assert_eq!(lines(&desk, 1, None), [later]);
    assert_eq!(lines(&desk, 2, None), [""; 0]);
    assert_eq!(lines(&desk, 0, Some(Spoil::Missing)), std::slice::from_ref(&first));
    assert_eq!(lines(&desk, 0, Some(Spoil::Doubled)), [sale.clone(), sale.clone(), first.clone()]);
    assert_eq!(lines(&desk, 0, Some(Spoil::Different)), [sale.replace("12.00", "12.01"), first]);
    for other in [Wallet::Alipay, Wallet::Unionpay] {
        let file = desk.world.statement(other, Day::of(0), None);
        assert_eq!(file, format!("{STATEMENT_COLUMNS}\n"));
    }
}
