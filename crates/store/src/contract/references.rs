//! The merchant's numbers, shared by orders and refunds; orders by who sold them; choices; rates.

use tillgate_core::{
    Asked, Command, Currency, Flow, Method, Order, OrderNo, Outcome, Presentation, Rate, RefundNo, Terms,
    decide,
};

use super::shop::{ROOM, numbered_refund};
use super::{Home, NOW, Shop, conflict, number};
use crate::changeset::Changeset;
use crate::port::{Conflict, OrderKey};
use crate::rate::QuotedRate;
use crate::search::OrderSearch;

pub async fn orders_and_refunds_share_the_merchants_numbers(home: Home) {
    let shop = Shop::open(&home).await;
    shop.sells_paid(1).await;
    shop.sells_paid(2).await;
    shop.acts(1, numbered_refund(500, "back-1"), NOW).await.unwrap();
    let place = |reference| home.find_refund(shop.merchant, ROOM, reference);
    assert_eq!(place("back-1").await.unwrap(), Some((number(1), RefundNo(1))));
    for unknown in ["back-2", "till-1", ""] {
        assert_eq!(place(unknown).await.unwrap(), None, "{unknown}");
    }
    assert_eq!(home.find_refund(shop.merchant, "another room", "back-1").await.unwrap(), None);

    // Another order's refund, and its own second one, under a number that is taken.
    for (serial, reference) in [(2, "back-1"), (1, "till-2"), (1, "till-1")] {
        let before = shop.kept(serial).await;
        let decision = shop.decides(serial, numbered_refund(700, reference), NOW).await;
        assert_eq!(conflict(home.commit(Changeset::decided(decision)).await), Conflict::Reference);
        assert_eq!(shop.kept(serial).await, before);
    }
    // An order under a refund's number, which is not found as an order either.
    let create = shop.creates(3, "back-1", Flow::HostedPage);
    assert_eq!(conflict(home.commit(Changeset::decided(create)).await), Conflict::Reference);
    assert_eq!(shop.kept(3).await.order, None);
    let key = OrderKey::Reference { room: ROOM, reference: "back-1" };
    assert_eq!(home.load_order(shop.merchant, key).await.unwrap(), None);
}

/// Words that no merchant may use, but anybody may ask for.
pub async fn a_word_that_cannot_be_stored_is_found_nowhere(home: Home) {
    let shop = Shop::open(&home).await;
    shop.sells(1).await;
    let key = OrderKey::Reference { room: ROOM, reference: "till-1\0" };
    assert_eq!(home.load_order(shop.merchant, key).await.unwrap(), None);
    assert_eq!(home.find_refund(shop.merchant, ROOM, "\0").await.unwrap(), None);
    assert_eq!(home.load_credential(ROOM, "U\0").await.unwrap(), None);
    assert_eq!(home.load_login_of(shop.merchant, ROOM, "W\0").await.unwrap(), None);
    assert_eq!(home.load_queue(shop.merchant, "T\0", 9).await.unwrap(), []);
    let search = OrderSearch { operator: "ann\0".into(), limit: 9, ..OrderSearch::default() };
    assert_eq!(home.search_orders(shop.merchant, &search).await.unwrap(), []);
}

/// The number of a refund that came too late is free again, for the one that is decided anew.
pub async fn a_refund_decided_on_an_old_version_leaves_its_number_free(home: Home) {
    let shop = Shop::open(&home).await;
    shop.sells_paid(1).await;
    let old = shop.decides(1, numbered_refund(500, "back-1"), NOW).await;
    shop.acts(1, numbered_refund(100, "back-0"), NOW).await.unwrap();
    assert_eq!(conflict(home.commit(Changeset::decided(old)).await), Conflict::Version);
    assert_eq!(home.find_refund(shop.merchant, ROOM, "back-1").await.unwrap(), None);
    shop.acts(1, numbered_refund(500, "back-1"), NOW).await.unwrap();
    let kept = shop.kept(1).await;
    let references: Vec<_> = kept.refunds.iter().map(|refund| refund.reference.as_deref()).collect();
    assert_eq!(references, [Some("back-0"), Some("back-1")]);
}

async fn sold(shop: &Shop, serial: i64, change: impl FnOnce(&mut Terms)) -> Order {
    let mut new = shop.new_order(serial, &format!("till-{serial}"), Flow::HostedPage);
    change(&mut new.terms);
    let decision = decide(None, Command::Create(new), NOW).unwrap();
    shop.home.commit(Changeset::decided(decision.clone())).await.unwrap();
    decision.order
}

pub async fn orders_are_found_by_operator_and_terminal(home: Home) {
    let shop = Shop::open(&home).await;
    for (serial, operator, terminal) in [(1, "ann", "t1"), (2, "bob", "t1"), (3, "ann", ""), (4, "", "t2")] {
        sold(&shop, serial, |terms| {
            terms.operator = operator.into();
            terms.terminal = terminal.into();
        })
        .await;
    }
    shop.acts(3, Command::Cancel, NOW).await.unwrap();
    let stranger = Shop::open(&home).await;
    sold(&stranger, 5, |terms| terms.operator = "ann".into()).await;
    let find = async |words: [&str; 4], limit: u32| -> Vec<OrderNo> {
        let [operator, terminal, room, state] = words.map(str::to_owned);
        let search = OrderSearch { room, operator, terminal, state, limit };
        let found = home.search_orders(shop.merchant, &search).await.unwrap();
        found.into_iter().map(|order| order.number).collect()
    };
    let numbers = |serials: &[i64]| serials.iter().map(|serial| number(*serial)).collect::<Vec<_>>();
    for (words, limit, serials) in [
        (["ann", "", "", ""], 9, &[3, 1][..]),
        (["ann", "", "", ""], 1, &[3]),
        (["", "t1", "", ""], 9, &[2, 1]),
        (["ann", "t1", "", ""], 9, &[1]),
        (["ann", "", ROOM, "pending"], 9, &[1]),
        (["ann", "", "another room", ""], 9, &[]),
        (["ANN", "", "", ""], 9, &[]),
        (["", "", "", ""], 9, &[4, 3, 2, 1]),
    ] {
        assert_eq!(find(words, limit).await, numbers(serials), "{words:?}");
    }
}

/// Tip, choices and money that came by a choice which was given up.
pub async fn a_payer_who_chooses_reads_back(home: Home) {
    let shop = Shop::open(&home).await;
    sold(&shop, 1, |terms| {
        terms.method = None;
        terms.tip_minor = 300;
        terms.particulars.insert("sale_num".into(), "17".into());
    })
    .await;
    let paid = |choice| Command::ChannelSays {
        choice,
        asked: Asked::Callback,
        outcome: Outcome::Paid { channel_ref: "c".into(), payer: "p".into(), at: NOW },
    };
    let choose =
        |word, instead_of| Command::Choose { method: Method::new(word), instead_of, is_closed: true };
    let shown = Presentation::Code("q".into());
    for command in [
        choose("alipay", 0),
        Command::Present { choice: 1, presentation: shown },
        choose("wechat", 1),
        paid(1),
        paid(2),
    ] {
        let decision = shop.decides(1, command, NOW).await;
        assert!(!decision.is_nothing());
        home.commit(Changeset::decided(decision.clone())).await.unwrap();
        assert_eq!(shop.load(1).await, decision.order);
    }
    let kept = shop.kept(1).await;
    let order = kept.order.clone().unwrap();
    assert_eq!((order.choice(), order.given_back, order.funds.captured_minor), (2, 1, 12_300));
    assert_eq!((kept.refunds[0].choice, kept.refunds[0].amount_minor), (1, 12_300));
    assert_eq!(super::audit(&kept), Vec::<String>::new());
    let accounts: Vec<String> = kept.postings.iter().map(|(_, line)| line.account.to_string()).collect();
    assert!(accounts.contains(&"tips_payable:W00000001".to_owned()), "{accounts:?}");
}

pub async fn rates_stay_and_the_newest_is_first(home: Home) {
    let currency = |code| Currency::from_code(code).unwrap();
    let quoted = |base, rate, seconds, source: &str| QuotedRate {
        base: currency(base),
        quote: currency("CNY"),
        rate: Rate::parse(rate).unwrap(),
        source: source.into(),
        set_at: NOW.plus_s(seconds),
    };
    let rates = [
        quoted("CAD", "5.1", 5, "bank"),
        quoted("CAD", "5.0", 0, "operator"),
        quoted("NZD", "4.6449", 1, "operator"),
    ];
    for rate in rates.iter().rev() {
        home.put_rate(rate.clone()).await.unwrap();
    }
    assert_eq!(home.list_rates().await.unwrap(), rates);
    let newest = [rates[0].clone(), rates[2].clone()];
    assert_eq!(home.current_rates().await.unwrap(), newest);
    let again = quoted("CAD", "5.2", 5, "bank");
    home.put_rate(again.clone()).await.unwrap();
    assert_eq!(home.list_rates().await.unwrap()[0], again);
}
