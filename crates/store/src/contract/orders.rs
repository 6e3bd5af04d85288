//! Orders are stored whole, once, and over the version they were decided on.

use tillgate_core::{Asked, Command, Decision, Flow, MerchantId, Outcome, Presentation, decide};

use super::shop::{Kept, ROOM, paid, refund};
use super::{AMOUNT_MINOR, Home, NOW, Shop, conflict, number, together};
use crate::changeset::{Changeset, WorkUpdate};
use crate::notification::{Notification, NotificationAttempt, NotificationState};
use crate::port::{Conflict, OrderKey, StoreError};

pub async fn an_order_is_found_by_number_and_by_reference(home: Home) {
    let shop = Shop::open(&home).await;
    let order = shop.sells(33).await;
    let found = |merchant, key| home.load_order(merchant, key);
    let by_reference = |room, reference| OrderKey::Reference { room, reference };
    for key in [OrderKey::Number(number(33)), by_reference(ROOM, "till-33")] {
        assert_eq!(found(shop.merchant, key).await.unwrap(), Some(order.clone()));
    }
    let stranger = Shop::open(&home).await.merchant;
    for (merchant, key) in [
        (shop.merchant, OrderKey::Number(number(34))),
        (shop.merchant, by_reference(ROOM, "till-34")),
        (shop.merchant, by_reference("another room", "till-33")),
        (stranger, OrderKey::Number(number(33))),
        (stranger, by_reference(ROOM, "till-33")),
        (MerchantId(MerchantId::MAX), OrderKey::Number(number(33))),
    ] {
        assert_eq!(found(merchant, key.clone()).await.unwrap(), None, "{merchant:?} {key:?}");
    }
}

/// Commits a command and checks that what is read is what was decided.
async fn carries(shop: &Shop, serial: i64, command: Command, kept: &mut Kept) {
    let now = NOW.plus_s(kept.events.len() as i64);
    let mut decision = shop.decides(serial, command, now).await;
    decision.at = now;
    shop.home.commit(Changeset::decided(decision.clone())).await.unwrap();
    add(kept, decision);
    let mut read = shop.kept(serial).await;
    read.work.clear();
    assert_eq!(read, *kept);
}

fn add(kept: &mut Kept, decision: Decision) {
    let last = decision.order.events;
    kept.events.extend(decision.events.into_iter().map(|event| (decision.at, event)));
    kept.postings.extend(decision.postings.into_iter().map(|posting| (last, posting)));
    if let Some(refund) = decision.refund {
        kept.refunds.retain(|earlier| earlier.number != refund.number);
        kept.refunds.push(refund);
        kept.refunds.sort_by_key(|refund| refund.number);
    }
    kept.order = Some(decision.order);
}

pub async fn everything_reads_back_as_it_was_decided(home: Home) {
    let shop = Shop::open(&home).await;
    let declined = || Outcome::Declined { reason: "余额不足 \"quoted\"".into() };
    let says = |asked, outcome| Command::ChannelSays { choice: 1, asked, outcome };
    let shown = [
        Presentation::Code("https://pay.example/q/1?a=b&c='d'".into()),
        Presentation::App(vec![("b".into(), "2".into()), ("a".into(), "1".into())]),
    ];
    let lives: [(Flow, Vec<Command>); 5] = [
        (
            Flow::MerchantPresented,
            vec![Command::Present { choice: 1, presentation: shown[0].clone() }, paid()],
        ),
        (
            Flow::MiniApp,
            vec![
                Command::Present { choice: 1, presentation: shown[1].clone() },
                says(Asked::Query, declined()),
                paid(),
            ],
        ),
        (Flow::CustomerPresented, vec![says(Asked::Charge, Outcome::Unknown), paid()]),
        (Flow::HostedPage, vec![Command::Cancel]),
        (Flow::CustomerPresented, vec![Command::Cancel, says(Asked::Close, declined()), paid()]),
    ];
    for (serial, (flow, commands)) in (1..).zip(lives) {
        let mut kept = Kept {
            order: None,
            refunds: Vec::new(),
            events: Vec::new(),
            postings: Vec::new(),
            work: Vec::new(),
        };
        shop.sells_by(serial, flow).await;
        add(&mut kept, shop.creates(serial, &format!("till-{serial}"), flow));
        for command in commands {
            carries(&shop, serial, command, &mut kept).await;
        }
        if kept.order.as_ref().is_some_and(|order| order.funds.captured_minor > 0) {
            for (minor, outcome) in [(2_000, paid_back()), (3_000, declined())] {
                carries(&shop, serial, refund(minor, "cold"), &mut kept).await;
                let refund = kept.refunds.last().unwrap().clone();
                carries(&shop, serial, Command::RefundSays { refund, outcome }, &mut kept).await;
            }
        }
    }
    let totals = home.totals().await.unwrap();
    assert_eq!(totals.orders, [("cancelled".into(), 2), ("failed".into(), 1), ("paid".into(), 2)]);
    assert_eq!(totals.postings, [("NZD".to_owned(), 0)]);
}

fn paid_back() -> Outcome {
    Outcome::Paid { channel_ref: "r1".into(), payer: String::new(), at: NOW }
}

pub async fn a_reference_and_a_number_are_taken_once(home: Home) {
    let shop = Shop::open(&home).await;
    let first = shop.sells(1).await;
    let create = |serial, reference| {
        let decision = shop.creates(serial, reference, Flow::HostedPage);
        home.commit(Changeset::decided(decision))
    };
    assert_eq!(conflict(create(2, "till-1").await), Conflict::Reference);
    assert_eq!(conflict(create(1, "till-2").await), Conflict::Number);
    assert_eq!(conflict(create(1, "till-1").await), Conflict::Number);
    assert_eq!(shop.load(1).await, first);
    assert_eq!(shop.kept(2).await.work, []);
    create(2, "till-2").await.unwrap();

    let stranger = Shop::open(&home).await;
    let same = stranger.creates(1, "till-1", Flow::HostedPage);
    home.commit(Changeset::decided(same)).await.unwrap();
    let mut other_room = shop.creates(3, "till-1", Flow::HostedPage);
    other_room.order.room = "another room".into();
    home.commit(Changeset::decided(other_room)).await.unwrap();
}

pub async fn whoever_decides_on_an_old_version_is_told(home: Home) {
    let shop = Shop::open(&home).await;
    shop.sells_paid(1).await;
    let mut decisions = Vec::new();
    for reference in ["first", "second"] {
        decisions.push(shop.decides(1, refund(AMOUNT_MINOR, reference), NOW).await);
    }
    let second = decisions.pop().unwrap();
    home.commit(Changeset::decided(decisions.pop().unwrap())).await.unwrap();
    let kept = shop.kept(1).await;
    assert_eq!(conflict(home.commit(Changeset::decided(second.clone())).await), Conflict::Version);
    assert_eq!(shop.kept(1).await, kept);

    let mut nowhere = second;
    nowhere.order.number = number(99);
    assert_eq!(conflict(home.commit(Changeset::decided(nowhere)).await), Conflict::Version);
}

/// A changeset with a part for every table, decided on an order that has moved on since.
async fn late_with_everything(shop: &Shop, serial: i64) -> Changeset {
    shop.sells(serial).await;
    let decision = shop.decides(serial, paid(), NOW).await;
    let leased = shop.kept(serial).await.work.remove(0);
    shop.acts(serial, Command::Present { choice: 1, presentation: Presentation::Code("q".into()) }, NOW)
        .await
        .unwrap();
    Changeset {
        also: None,
        into_batch: None,
        claim: None,
        signature: None,
        decision: Some(decision.into()),
        work: Some(WorkUpdate::Done(leased)),
        notification: Some(Notification {
            merchant: shop.merchant,
            order: number(serial),
            event: 2,
            url: "https://shop.example/notify".into(),
            content_type: "application/json".into(),
            body: b"{}".to_vec(),
            state: NotificationState::Waiting,
            attempts: 1,
        }),
        attempt: Some(NotificationAttempt {
            attempt: 1,
            at: NOW,
            took_ms: 3,
            status: Some(500),
            answer: "no".into(),
        }),
        lease_until: Some(NOW.plus_s(30)),
    }
}

pub async fn a_conflict_writes_nothing_even_among_others(home: Home) {
    let shop = Shop::open(&home).await;
    let mut changesets = Vec::new();
    for serial in (0..40).step_by(4) {
        changesets.push(late_with_everything(&shop, serial).await);
        for new in serial + 1..serial + 4 {
            let decision = shop.creates(new, &format!("till-{new}"), Flow::MerchantPresented);
            changesets.push(Changeset::decided(decision));
        }
    }
    let mut before = Vec::new();
    for serial in (0..40).step_by(4) {
        before.push(shop.kept(serial).await);
    }
    for (serial, result) in (0..).zip(together(&home, changesets).await) {
        if serial % 4 == 0 {
            assert_eq!(conflict(result), Conflict::Version);
            assert_eq!(shop.kept(serial).await, before[serial as usize / 4]);
        } else {
            result.unwrap();
            shop.load(serial).await;
        }
    }
    assert_eq!(home.list_notifications(None, None, 100).await.unwrap(), []);
    assert_eq!(home.load_attempts(shop.merchant, number(0), 2).await.unwrap(), []);
}

pub async fn a_fault_spoils_nobody_else(home: Home) {
    let shop = Shop::open(&home).await;
    shop.sells_paid(0).await;
    let kept = shop.kept(0).await;
    let plants: [fn(&mut Decision); 5] = [
        |decision| decision.order.funds.refunded_minor = AMOUNT_MINOR + 1,
        |decision| decision.order.funds.refunding_minor = AMOUNT_MINOR + 1,
        |decision| decision.order.funds.refunding_minor = -1,
        |decision| decision.order.funds.captured_minor = AMOUNT_MINOR + 1,
        |decision| decision.refund.as_mut().unwrap().amount_minor = 0,
    ];
    let mut changesets: Vec<Changeset> = (1..=20)
        .map(|serial| shop.creates(serial, &format!("till-{serial}"), Flow::MerchantPresented))
        .map(Changeset::decided)
        .collect();
    for (place, plant) in (3..).step_by(4).zip(plants) {
        let order = shop.load(0).await;
        let mut decision = decide(Some(order), refund(100, "cold"), NOW).unwrap();
        plant(&mut decision);
        changesets.insert(place, Changeset::decided(decision));
    }
    let results = together(&home, changesets).await;
    let faults = results.iter().filter(|result| matches!(result, Err(StoreError::Fault(_)))).count();
    assert_eq!((faults, results.iter().filter(|result| result.is_ok()).count()), (plants.len(), 20));
    for serial in 1..=20 {
        assert_eq!(shop.kept(serial).await.events.len(), 1);
    }
    assert_eq!(shop.kept(0).await, kept);
    home.check().await.unwrap();
}
