//! Batches of a terminal, the codes that pair one, and the gateway's own keys.

use std::sync::Arc;

use tillgate_core::{
    Command, Currency, Deed, Facts, Order, OrderState, RefundState, Timestamp, WorkKind, decide,
};

use super::counters::{TERMINAL, at_counter, done_in, paid, place, reserves, sold, stored};
use super::{AMOUNT_MINOR, Home, NOW, Shop, audit, conflict, number};
use crate::changeset::Changeset;
use crate::port::Conflict;
use crate::terminal::{Batch, BatchLine, Pairing};

async fn close(shop: &Shop) -> Option<Batch> {
    shop.home.close_batch(shop.merchant, TERMINAL, NOW.plus_s(60)).await.unwrap()
}

fn line(
    deed: Deed,
    is_voided: bool,
    code: &str,
    (count, total_minor, tip_minor): (u32, i64, i64),
) -> BatchLine {
    let currency = Currency::from_code(code).unwrap();
    BatchLine { deed, is_voided, currency, count, total_minor, tip_minor }
}

/// A follow-up is made and done at the terminal, as the server does it.
async fn followed(shop: &Shop, original: i64, serial: i64, deed: Deed, amount_minor: i64) {
    let mut new = at_counter(shop, serial, deed, Some(number(original)));
    new.terms.amount.minor = amount_minor;
    let also = Some(Arc::new(reserves(shop, original, serial, deed, amount_minor).await));
    let create = decide(None, Command::Create(new), NOW).unwrap();
    shop.home.commit(Changeset { also, ..Changeset::decided(create) }).await.unwrap();
    let refund = shop.kept(original).await.refunds.into_iter().find(|refund| {
        refund.means.carried_by == Some(number(serial)) && refund.state == RefundState::Requested
    });
    let done = shop.decides(serial, done_in(Some(place(1)), 0), NOW).await;
    let facts = Facts { batch: Some(place(1)), ..Facts::default() };
    let channel_ref = "c-2".to_owned();
    let says = Command::FollowUpSays { by: number(serial), refund, is_done: true, facts, channel_ref };
    let also = Some(Arc::new(shop.decides(original, says, NOW).await));
    shop.home
        .commit(Changeset { also, into_batch: Some(place(1)), ..Changeset::decided(done) })
        .await
        .unwrap();
    for serial in [original, serial] {
        assert_eq!(audit(&shop.kept(serial).await), Vec::<String>::new());
    }
}

pub async fn a_batch_is_filled_and_closed(home: Home) {
    let shop = Shop::open(&home).await;
    let open = async || home.open_batch(shop.merchant, TERMINAL).await.unwrap();
    let load = async |number| home.load_batch(shop.merchant, TERMINAL, number).await.unwrap();
    assert_eq!((open().await, load(1).await, close(&shop).await), (1, None, None));
    // Two sales, one with a tip; one in yen; one voided; an authorization that is held, one that was completed; a
    // refund of a part; one that is still on the screen, one that was declined, and a wallet's.
    sold(&shop, 1, 0).await;
    sold(&shop, 2, 500).await;
    let mut yen = at_counter(&shop, 3, Deed::Sale, None);
    yen.terms.amount = tillgate_core::Money::new(900, Currency::from_code("JPY").unwrap());
    stored(&shop, yen).await;
    paid(&shop, 3, 0).await;
    sold(&shop, 4, 0).await;
    followed(&shop, 4, 14, Deed::Void, AMOUNT_MINOR).await;
    for serial in [5, 6] {
        stored(&shop, at_counter(&shop, serial, Deed::Authorization, None)).await;
        shop.acts(serial, done_in(None, 0), NOW).await.unwrap();
    }
    followed(&shop, 6, 16, Deed::Completion, 9_000).await;
    followed(&shop, 2, 12, Deed::Refund, 700).await;
    stored(&shop, at_counter(&shop, 7, Deed::Sale, None)).await;
    stored(&shop, at_counter(&shop, 8, Deed::Sale, None)).await;
    shop.acts(8, Command::Cancel, NOW).await.unwrap();
    shop.sells_paid(9).await;

    let lines = [
        line(Deed::Authorization, false, "NZD", (1, 9_000, 0)),
        line(Deed::Refund, false, "NZD", (1, 700, 0)),
        line(Deed::Sale, false, "JPY", (1, 900, 0)),
        line(Deed::Sale, false, "NZD", (2, 24_500, 500)),
        line(Deed::Sale, true, "NZD", (1, AMOUNT_MINOR, 0)),
    ];
    let running = load(1).await.unwrap();
    assert_eq!((running.number, running.closed_at, &running.lines[..]), (1, None, &lines[..]));
    assert_eq!((open().await, running.count()), (1, 5));
    let currency = |code| Currency::from_code(code).unwrap();
    assert_eq!((running.net_minor(currency("NZD")), running.net_minor(currency("JPY"))), (32_800, 900));
    assert_eq!(running.currencies().len(), 2);

    let closed = close(&shop).await.unwrap();
    assert_eq!((closed.closed_at, &closed.lines), (Some(NOW.plus_s(60)), &running.lines));
    assert_eq!((load(1).await, open().await), (Some(closed), 2));
    assert_eq!((load(2).await, close(&shop).await, open().await), (None, None, 2));
    assert_eq!(owed(&shop).await, [1, 2, 3, 6, 12]);
    settled_once(&shop).await;

    // The next one: what was sold before goes into it when it is paid now, and it is closed by itself.
    paid(&shop, 7, 0).await;
    assert_eq!(load(2).await.unwrap().lines, [line(Deed::Sale, false, "NZD", (1, AMOUNT_MINOR, 0))]);
    assert_eq!(close(&shop).await.unwrap().number, 2);
    assert_eq!((owed(&shop).await, open().await), (vec![7], 3));
}

/// Who is to be settled, once each and due at once.
async fn owed(shop: &Shop) -> Vec<i64> {
    let mut owed = Vec::new();
    for serial in 1..20 {
        let work = shop.home.load_work(shop.merchant, number(serial)).await.unwrap();
        let settle: Vec<_> = work.iter().filter(|work| work.key.kind == WorkKind::Settle).collect();
        assert!(settle.iter().all(|work| (work.due_at, work.attempt) == (NOW.plus_s(60), 0)));
        owed.extend(settle.iter().map(|_| serial));
    }
    owed
}

async fn settled_once(shop: &Shop) {
    let leased = shop.home.lease_due(NOW.plus_s(60), NOW.plus_s(90), 99).await.unwrap();
    for held in leased.into_iter().filter(|work| work.key.kind == WorkKind::Settle) {
        let serial = held.key.order.0 % tillgate_core::OrderNo::PER_DAY;
        let decision = shop.decides(serial, Command::Settle, NOW).await;
        let work = Some(crate::changeset::WorkUpdate::Done(held));
        shop.home.commit(Changeset { work, ..Changeset::decided(decision) }).await.unwrap();
        assert!(shop.decides(serial, Command::Settle, NOW).await.is_nothing());
        assert_eq!(audit(&shop.kept(serial).await), Vec::<String>::new());
    }
    assert_eq!(owed(shop).await, Vec::<i64>::new());
}

pub async fn nothing_joins_a_batch_that_was_closed(home: Home) {
    let shop = Shop::open(&home).await;
    sold(&shop, 1, 0).await;
    stored(&shop, at_counter(&shop, 2, Deed::Sale, None)).await;
    let before = shop.kept(2).await;
    let into = async |number: u32| {
        let decision = shop.decides(2, done_in(Some(place(number)), 0), NOW).await;
        let into_batch = Some(place(number));
        home.commit(Changeset { into_batch, signature: Some(vec![1]), ..Changeset::decided(decision) }).await
    };
    close(&shop).await.unwrap();
    for wrong in [1, 3] {
        assert_eq!(conflict(into(wrong).await), Conflict::Batch);
        assert_eq!(shop.kept(2).await, before);
        assert_eq!(home.load_signature(shop.merchant, number(2)).await.unwrap(), None);
        assert_eq!(home.load_batch(shop.merchant, TERMINAL, 2).await.unwrap(), None);
        assert_eq!(home.load_batch(shop.merchant, TERMINAL, 3).await.unwrap(), None);
    }
    into(2).await.unwrap();
    // Batches are a terminal's and a merchant's.
    assert_eq!(home.open_batch(shop.merchant, "WPYB0002").await.unwrap(), 1);
    let stranger = Shop::open(&home).await;
    assert_eq!(home.open_batch(stranger.merchant, TERMINAL).await.unwrap(), 1);
    assert_eq!(close(&stranger).await, None);
}

/// Many sales are paid while the batch is closed again and again: each is settled in just one.
pub async fn sales_race_with_the_end_of_their_batch(home: Home) {
    const SALES: i64 = 24;
    let shop = Shop::open(&home).await;
    for serial in 1..=SALES {
        stored(&shop, at_counter(&shop, serial, Deed::Sale, None)).await;
    }
    let tills: Vec<_> = (1..=SALES)
        .map(|serial| {
            let shop = shop.clone();
            tokio::spawn(async move { pays(&shop, serial).await })
        })
        .collect();
    let mut closed = Vec::new();
    for till in tills {
        closed.extend(close(&shop).await);
        till.await.unwrap();
    }
    closed.extend(close(&shop).await);
    assert_eq!(closed.iter().map(Batch::count).sum::<u32>(), SALES as u32);
    let numbers: Vec<u32> = closed.iter().map(|batch| batch.number).collect();
    assert_eq!(numbers, (1..=closed.len() as u32).collect::<Vec<_>>());
    for batch in &closed {
        let kept = home.load_batch(shop.merchant, TERMINAL, batch.number).await.unwrap();
        assert_eq!(kept.as_ref(), Some(batch), "nothing came after it was closed");
    }
    let mut settled = 0;
    for serial in 1..=SALES {
        let work = home.load_work(shop.merchant, number(serial)).await.unwrap();
        settled += work.iter().filter(|work| work.key.kind == WorkKind::Settle).count();
    }
    assert_eq!(settled, SALES as usize);
}

async fn pays(shop: &Shop, serial: i64) -> Order {
    loop {
        let open = shop.home.open_batch(shop.merchant, TERMINAL).await.unwrap();
        let decision = shop.decides(serial, done_in(Some(place(open)), 0), NOW).await;
        let order = decision.order.clone();
        let into_batch = Some(place(open));
        match shop.home.commit(Changeset { into_batch, ..Changeset::decided(decision) }).await {
            Ok(()) => return order,
            refused => assert_eq!(conflict(refused), Conflict::Batch),
        }
    }
}

/// Voided since: it is no longer to be settled, and stands apart in its batch.
pub async fn a_batch_of_voids_alone_is_closed_without_settling(home: Home) {
    let shop = Shop::open(&home).await;
    sold(&shop, 1, 300).await;
    followed(&shop, 1, 2, Deed::Void, AMOUNT_MINOR + 300).await;
    assert!(matches!(shop.load(1).await.state, OrderState::Voided { .. }));
    let batch = close(&shop).await.unwrap();
    assert_eq!(batch.lines, [line(Deed::Sale, true, "NZD", (1, AMOUNT_MINOR + 300, 300))]);
    assert_eq!((batch.count(), batch.net_minor(Currency::from_code("NZD").unwrap())), (0, 0));
    assert_eq!(owed(&shop).await, Vec::<i64>::new());
}

fn pairing(shop: &Shop, code: &[u8], expires_at: Timestamp) -> Pairing {
    let (terminal, code_digest) = (TERMINAL.to_owned(), code.to_vec());
    Pairing { merchant: shop.merchant, terminal, code_digest, expires_at, tries_left: 3 }
}

pub async fn a_terminal_is_paired_once(home: Home) {
    let shop = Shop::open(&home).await;
    let take = async |terminal: &str, code: &[u8], second: i64| {
        home.take_pairing(shop.merchant, terminal, code.to_vec(), NOW.plus_s(second)).await.unwrap()
    };
    let put = async |code: &[u8]| home.put_pairing(pairing(&shop, code, NOW.plus_s(600))).await.unwrap();
    assert!(!take(TERMINAL, b"right", 0).await);
    put(b"right").await;
    assert!(!take("WPYB0002", b"right", 0).await, "another terminal's");
    let stranger = Shop::open(&home).await.merchant;
    assert!(!home.take_pairing(stranger, TERMINAL, b"right".to_vec(), NOW).await.unwrap());
    assert!(take(TERMINAL, b"right", 0).await);
    assert!(!take(TERMINAL, b"right", 0).await, "used up");
    // Two wrong tries leave one, the third takes the code away.
    put(b"right").await;
    assert!(!take(TERMINAL, b"wrong", 0).await && !take(TERMINAL, b"", 0).await);
    assert!(take(TERMINAL, b"right", 599).await);
    put(b"right").await;
    for _ in 0..3 {
        assert!(!take(TERMINAL, b"wrong", 0).await);
    }
    assert!(!take(TERMINAL, b"right", 0).await);
    // A new code replaces the old one, with its tries.
    put(b"old").await;
    assert!(!take(TERMINAL, b"wrong", 0).await);
    put(b"new").await;
    assert!(!take(TERMINAL, b"old", 0).await && !take(TERMINAL, b"old", 0).await);
    assert!(take(TERMINAL, b"new", 0).await);
    // Too late, and then there is none any more.
    put(b"right").await;
    assert!(!take(TERMINAL, b"right", 600).await);
    assert!(!take(TERMINAL, b"right", 0).await);
}

pub async fn of_two_who_pair_at_once_one_does(home: Home) {
    let shop = Shop::open(&home).await;
    for _ in 0..8 {
        home.put_pairing(pairing(&shop, b"right", NOW.plus_s(600))).await.unwrap();
        let takes: Vec<_> = (0..4)
            .map(|_| {
                let (home, merchant) = (home.clone(), shop.merchant);
                tokio::spawn(
                    async move { home.take_pairing(merchant, TERMINAL, b"right".to_vec(), NOW).await },
                )
            })
            .collect();
        let mut paired = 0;
        for take in takes {
            paired += u32::from(take.await.unwrap().unwrap());
        }
        assert_eq!(paired, 1);
    }
}

pub async fn the_first_gateway_key_stays(home: Home) {
    assert_eq!(home.gateway_key("codepay", None).await.unwrap(), None);
    let tries: Vec<_> = (0..8_u8)
        .map(|number| {
            let home = home.clone();
            tokio::spawn(async move { home.gateway_key("codepay", Some(vec![number; 40])).await })
        })
        .collect();
    let mut given = Vec::new();
    for one in tries {
        given.push(one.await.unwrap().unwrap());
    }
    assert!(given.windows(2).all(|pair| pair[0] == pair[1]) && given[0].is_some(), "{given:?}");
    assert_eq!(home.gateway_key("codepay", None).await.unwrap(), given[0]);
    assert_eq!(home.gateway_key("another", Some(vec![9])).await.unwrap(), Some(vec![9]));
    assert_eq!(home.gateway_key("codepay", Some(vec![9])).await.unwrap(), given[0]);
}
