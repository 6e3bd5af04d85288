//! A file as the second version left it, with orders in every state they could be in, is brought up to date.

use std::sync::Arc;

use rusqlite::Connection;
use tillgate_core::{Command, MerchantId, OrderState, RefundMeans};

use super::Sqlite;
use crate::contract::{self, Home, NOW, Shop, number};
use crate::port::{OrderKey, StoreError};

/// Number, state, its JSON, tip, captured, refunded, refunding, refunds, given back, choices.
const ORDERS: &[(i64, &str, &str, [i64; 6], &str)] = &[
    (1, "pending", r#""pending""#, [0, 0, 0, 0, 0, 0], "alipay"),
    (2, "pending", r#""pending""#, [300, 0, 0, 0, 0, 0], ""),
    (3, "closing", r#"{"closing":"expired"}"#, [0, 0, 0, 0, 0, 0], "alipay"),
    (4, "closing", r#"{"closing":"cancelled"}"#, [0, 0, 0, 0, 1, 1], "alipay,wechat"),
    (
        5,
        "paid",
        r#"{"paid":{"at":1531180801000,"channel_ref":"c","payer":"p"}}"#,
        [300, 12_300, 500, 11_800, 2, 0],
        "alipay",
    ),
    (6, "failed", r#"{"failed":{"at":1531180801000,"reason":"expired"}}"#, [0, 0, 0, 0, 0, 0], "alipay"),
    (
        7,
        "failed",
        r#"{"failed":{"at":1531180801000,"reason":{"declined":"no"}}}"#,
        [0, 0, 0, 0, 1, 1],
        "alipay",
    ),
    (8, "cancelled", r#"{"cancelled":{"at":1531180801000}}"#, [0, 0, 0, 0, 0, 0], "alipay"),
];

fn fill(old: &Connection) {
    let terms = r#"{"account":"W00000001","method":"alipay","flow":"merchant_presented",
        "amount":{"minor":12000,"currency":"NZD"},"tip_minor":TIP,"payer_currency":"CNY","payer_rate":464490000,
        "fee_bp":120,"description":"","notify_url":"","return_url":"","payer_ip":"","payer_code":null,
        "created_at":1531180800000,"expires_at":1531181700000}"#;
    for (serial, state, body, [tip, captured, refunded, refunding, refunds, given_back], choices) in ORDERS {
        old.execute(
            "INSERT INTO orders VALUES (1, ?1, 1, 'latipay', 'till-' || ?2, ?3, ?4, 'NZD', 12000, ?5, ?6, ?7, ?8, ?9, 1,
                 ?10, ?11, 'ann', 't1', '\"none\"', ?12)",
            rusqlite::params![
                number(*serial).0,
                serial,
                state,
                body,
                tip,
                captured,
                refunded,
                refunding,
                refunds,
                choices,
                given_back,
                terms.replace("TIP", &tip.to_string()),
            ],
        )
        .unwrap();
        old.execute(
            "INSERT INTO order_references VALUES (1, 'latipay', 'till-' || ?1, ?2, 0)",
            [*serial, number(*serial).0],
        )
        .unwrap();
    }
    old.execute_batch(
        r#"INSERT INTO refunds (merchant_id, order_no, refund_no, amount_minor, note, requested_at, late, state_body,
               reference, choice)
           VALUES (1, 2018071000000005, 1, 500, 'cold', 1531180801000, 0, '{"succeeded":{"at":1531180802000}}', 'r1', 1),
               (1, 2018071000000005, 2, 11800, '', 1531180801000, 0, '"requested"', NULL, 1),
               (1, 2018071000000004, 1, 12000, 'late', 1531180801000, 1, '"requested"', NULL, 1);
           INSERT INTO events VALUES (1, 2018071000000005, 1, 1531180801000, '"created"');
           INSERT INTO postings VALUES (1, 2018071000000005, 1, 1, 'late_payments', 'NZD', 5);
           INSERT INTO work VALUES (1, 2018071000000001, 'x', 0, 1531181700000, 0),
               (1, 2018071000000005, 'r', 2, 1531180801000, 3);"#,
    )
    .unwrap();
}

#[tokio::test]
async fn a_file_of_the_second_version_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("till.sqlite");
    let old = Connection::open(&path).unwrap();
    for step in &super::schema::MIGRATIONS[..2] {
        old.execute_batch(step).unwrap();
    }
    old.execute_batch("PRAGMA user_version = 2; PRAGMA application_id = 1953066092;").unwrap();
    old.execute_batch("INSERT INTO merchants VALUES (1, 'Kiwi Coffee', 1531180800000);").unwrap();
    fill(&old);
    drop(old);
    let Err(StoreError::Fault(why)) = Sqlite::open_beside(&path) else { panic!("it was opened") };
    assert!(why.contains("schema 2"), "{why}");

    let home: Home = Arc::new(Sqlite::open(&path).unwrap());
    let shop = Shop { home: home.clone(), merchant: MerchantId(1) };
    for (serial, state, _, [tip, captured, refunded, refunding, refunds, given_back], choices) in ORDERS {
        let order = shop.load(*serial).await;
        let funds = order.funds;
        assert_eq!(order.state.name(), *state);
        assert_eq!((order.tip_minor(), order.authorized_minor()), (*tip, 12_000 + tip));
        assert_eq!((funds.captured_minor, funds.refunded_minor), (*captured, *refunded));
        assert_eq!((funds.refunding_minor, i64::from(order.refunds)), (*refunding, *refunds));
        assert_eq!(
            (i64::from(order.given_back), &*crate::rows::choice_words(&order.choices)),
            (*given_back, *choices)
        );
        assert_eq!((order.counter, order.terms.counter), (None, None));
        let reference = format!("till-{serial}");
        let key = OrderKey::Reference { room: "latipay", reference: &reference };
        assert_eq!(home.load_order(shop.merchant, key).await.unwrap().unwrap().number, number(*serial));
        assert!(home.load_batch(shop.merchant, "t1", 1).await.unwrap().is_none());
    }
    assert_eq!(home.queue_length(shop.merchant, "t1", 9).await.unwrap(), 0);
    let refunds = shop.kept(5).await.refunds;
    assert!(refunds.iter().all(|refund| refund.means == RefundMeans::default()), "{refunds:?}");
    assert_eq!((refunds.len(), refunds[0].reference.as_deref()), (2, Some("r1")));
    assert_eq!((shop.kept(1).await.work.len(), shop.kept(5).await.work[0].attempt), (1, 3));

    // An entry is as old as its event.
    assert_eq!(home.stray_lines(shop.merchant).await.unwrap(), []);
    let ever = (tillgate_core::Timestamp(0), NOW.plus_s(99));
    let lines = home.walk_ledger(shop.merchant, ever, None, 9).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.place.at.0).collect::<Vec<_>>(), [1_531_180_801_000]);

    // Life goes on, each from where it was.
    assert!(matches!(shop.acts(1, contract::paid(), NOW).await.unwrap().state, OrderState::Paid { .. }));
    assert!(matches!(shop.acts(3, contract::paid(), NOW).await.unwrap().state, OrderState::Paid { .. }));
    shop.acts(8, contract::paid(), NOW).await.unwrap();
    assert_eq!(shop.load(8).await.given_back, 1);
    let refund = refunds[1].clone();
    let outcome = tillgate_core::Outcome::Declined { reason: "no".into() };
    shop.acts(5, Command::RefundSays { refund, outcome }, NOW).await.unwrap();
    assert_eq!(shop.load(5).await.funds.refunding_minor, 0);
    drop((home, shop));
    the_checks_hold(&path);
    Sqlite::open_beside(&path).unwrap();
}

/// What no decision would do is refused by the file itself.
fn the_checks_hold(path: &std::path::Path) {
    let file = Connection::open(path).unwrap();
    let paid = "WHERE order_no = 2018071000000005";
    for change in [
        "captured_minor = authorized_minor + 1",
        "captured_minor = -1",
        "refunded_minor = captured_minor + 1",
        "refunding_minor = captured_minor - refunded_minor + 1",
        "refunding_minor = -1",
        "authorized_minor = captured_minor - 1",
        "authorized_minor = -1",
        "tip_minor = -1",
        "amount_minor = 0",
    ] {
        let refused = file.execute(&format!("UPDATE orders SET {change} {paid}"), ()).unwrap_err();
        assert!(refused.to_string().contains("CHECK"), "{change}: {refused}");
    }
    file.execute(&format!("UPDATE orders SET refunding_minor = captured_minor - refunded_minor {paid}"), ())
        .unwrap();
    let nothing = "INSERT INTO batches VALUES (1, 't1', 0, 1, NULL)";
    assert!(file.execute(nothing, ()).unwrap_err().to_string().contains("CHECK"));
}
