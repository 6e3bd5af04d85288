//! Walks for reports, balances at a moment, and channels' statements.

use tillgate_core::{Currency, MerchantId, OrderNo, RefundState, Timestamp};

use super::shop::refund;
use super::{Home, NOW, Shop, number, paid};
use crate::report::{LedgerLine, StatementFile, StatementKind, StatementLine};

const ALWAYS: (Timestamp, Timestamp) = (Timestamp(0), Timestamp(i64::MAX));

/// Page by page.
async fn walked(shop: &Shop, span: (Timestamp, Timestamp), page: u32) -> Vec<LedgerLine> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let lines = shop.home.walk_ledger(shop.merchant, span, after, page).await.unwrap();
        assert!(lines.len() <= page as usize);
        let Some(last) = lines.last() else { return all };
        after = Some(last.place);
        all.extend(lines);
    }
}

pub async fn the_ledger_is_walked_by_time(home: Home) {
    let shop = Shop::open(&home).await;
    let other = Shop::open(&home).await;
    // Paid in another order than they were made in.
    for (serial, after_s) in [(1, 30), (2, 10), (3, 20)] {
        shop.sells(serial).await;
        shop.acts(serial, paid(), NOW.plus_s(after_s)).await.unwrap();
    }
    other.sells(1).await;
    other.acts(1, paid(), NOW.plus_s(5)).await.unwrap();
    shop.acts(2, refund(500, "cold"), NOW.plus_s(40)).await.unwrap();
    let asked = shop.kept(2).await.refunds[0].clone();
    assert_eq!(asked.state, RefundState::Requested);
    let outcome = tillgate_core::Outcome::Paid { channel_ref: "r".into(), payer: "p".into(), at: NOW };
    let says = tillgate_core::Command::RefundSays { refund: asked, outcome };
    shop.acts(2, says, NOW.plus_s(50)).await.unwrap();

    let all = walked(&shop, ALWAYS, 100).await;
    for page in [1, 2, 3] {
        assert_eq!(walked(&shop, ALWAYS, page).await, all, "{page} at a time");
    }
    let entries: Vec<(OrderNo, Timestamp)> = {
        let mut entries: Vec<_> = all.iter().map(|line| (line.place.order, line.place.at)).collect();
        entries.dedup();
        entries
    };
    let at = |serial, after_s| (number(serial), NOW.plus_s(after_s));
    assert_eq!(entries, [at(2, 10), at(3, 20), at(1, 30), at(2, 50)]);
    for serial in [1, 2, 3] {
        let own = all.iter().filter(|line| line.place.order == number(serial));
        let own: Vec<_> = own.map(|line| (line.place.event, line.account.clone(), line.amount)).collect();
        let kept = shop.kept(serial).await.postings.into_iter();
        assert_eq!(own, kept.map(|(event, line)| (event, line.account, line.amount)).collect::<Vec<_>>());
    }
    // From its first moment, not to its last.
    let span = (NOW.plus_s(20), NOW.plus_s(30));
    assert!(walked(&shop, span, 2).await.iter().all(|line| line.place.order == number(3)));
    assert_eq!(walked(&shop, span, 2).await.len(), 3);

    let fee = async |before| {
        let balances = home.balances(shop.merchant, before).await.unwrap();
        let fee = balances.into_iter().find(|balance| balance.account.to_string() == "fee_income");
        fee.map(|balance| balance.amount.minor)
    };
    assert_eq!(
        (fee(Some(NOW)).await, fee(Some(NOW.plus_s(30))).await, fee(None).await),
        (None, Some(-288), Some(-432))
    );
    let sum: i64 = home.balances(shop.merchant, None).await.unwrap().iter().map(|one| one.amount.minor).sum();
    assert_eq!(sum, 0);
    assert_eq!(home.stray_lines(shop.merchant).await.unwrap(), []);
    assert_eq!(home.list_merchants().await.unwrap(), [shop.merchant, other.merchant]);
    let moved = home.moved_orders(shop.merchant, span, (OrderNo(0), OrderNo(0))).await.unwrap();
    assert_eq!(moved, [number(3)]);
}

pub async fn orders_are_walked_by_number(home: Home) {
    let shop = Shop::open(&home).await;
    for serial in [5, 1, 9, 3] {
        shop.sells(serial).await;
    }
    let (mut seen, mut after) = (Vec::new(), OrderNo(i64::MIN));
    while let Some(order) = home.walk_orders(shop.merchant, after, 1).await.unwrap().pop() {
        after = order.number;
        seen.push(order.number);
    }
    assert_eq!(seen, [1, 3, 5, 9].map(number));
    let rest = home.walk_orders(shop.merchant, number(3), 9).await.unwrap();
    assert_eq!(rest.len(), 2);
    assert_eq!(home.walk_orders(MerchantId(77), OrderNo(0), 9).await.unwrap(), []);
}

fn line(line_no: u32, order: Option<(MerchantId, OrderNo)>, after_s: i64) -> StatementLine {
    StatementLine {
        line_no,
        order,
        trade_no: format!("trade-{line_no}"),
        original_trade_no: "1-33".into(),
        kind: StatementKind::ALL[line_no as usize % 5],
        amount_minor: i64::from(line_no) * 100,
        currency: Currency::from_code("JPY").unwrap(),
        at: NOW.plus_s(after_s),
        reference: "A, \"1\"".into(),
        batch: "7".into(),
    }
}

pub async fn a_statement_is_kept_once_and_whole(home: Home) {
    let (ours, theirs) = ((MerchantId(5), OrderNo(33)), (MerchantId(7), OrderNo(33)));
    let lines = vec![
        line(2, Some(ours), 0),
        line(3, Some(theirs), 10),
        line(4, None, 20),
        line(5, Some(ours), 90_000),
    ];
    let file = StatementFile {
        channel: "alipay".into(),
        digest: vec![1, 2, 3],
        name: "monday.csv".into(),
        imported_at: NOW,
        lines: lines.clone(),
    };
    assert!(home.put_statement(file.clone()).await.unwrap());
    let again = StatementFile { name: "copy.csv".into(), ..file.clone() };
    assert!(!home.put_statement(again).await.unwrap(), "the same bytes");
    let known = home.find_statement("alipay", &[1, 2, 3]).await.unwrap().unwrap();
    assert_eq!((known.name.as_str(), known.line_count, known.imported_at), ("monday.csv", 4, NOW));
    assert_eq!(home.find_statement("wechat", &[1, 2, 3]).await.unwrap(), None);
    assert!(home.put_statement(StatementFile { channel: "wechat".into(), ..file.clone() }).await.unwrap());
    assert_eq!(home.list_statements().await.unwrap().len(), 2);
    assert_eq!(home.stated_merchants().await.unwrap(), [MerchantId(0), ours.0, theirs.0]);
    let of = |(merchant, order)| home.statement_lines(merchant, "alipay", order);
    assert_eq!(of(ours).await.unwrap(), [lines[0].clone(), lines[3].clone()]);
    assert_eq!(of(theirs).await.unwrap(), [lines[1].clone()]);
    assert_eq!(of((MerchantId(0), OrderNo(0))).await.unwrap(), [lines[2].clone()]);
    let named = |merchant, span| home.stated_orders(merchant, "alipay", span);
    assert_eq!(named(ours.0, (NOW, NOW.plus_s(1))).await.unwrap(), [ours.1]);
    assert_eq!(named(ours.0, (NOW.plus_s(1), NOW.plus_s(90_000))).await.unwrap(), []);
    // What cannot be kept leaves nothing behind: a line twice in one file.
    let spoilt = StatementFile { digest: vec![9], lines: vec![line(2, None, 0), line(2, None, 1)], ..file };
    assert!(home.put_statement(spoilt).await.is_err());
    assert_eq!(home.find_statement("alipay", &[9]).await.unwrap(), None);
    assert_eq!(of((MerchantId(0), OrderNo(0))).await.unwrap().len(), 1);
}
