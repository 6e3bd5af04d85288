//! Orders at terminals: two orders in one changeset, the queue before a screen, a number used again, a signature.

use std::sync::Arc;

use tillgate_core::decide::Expected;
use tillgate_core::{
    Asked, BatchPlace, Command, CounterTerms, Decision, Deed, Facts, Flow, Method, NewOrder, OrderNo,
    Outcome, Queue, RefundState, Reserve, Slip, Timestamp, WorkKind, decide,
};

use super::shop::ROOM;
use super::{AMOUNT_MINOR, Home, NOW, Shop, audit, conflict, number, together};
use crate::changeset::{Changeset, WorkUpdate};
use crate::port::{Conflict, OrderKey, StoreError};

pub const TERMINAL: &str = "WPYB0001";

pub fn place(number: u32) -> BatchPlace {
    BatchPlace { terminal: TERMINAL.into(), number }
}

/// A card's order at [`TERMINAL`]; its reference is its serial.
pub fn at_counter(shop: &Shop, serial: i64, deed: Deed, original: Option<OrderNo>) -> NewOrder {
    let mut new = shop.new_order(serial, &format!("till-{serial}"), Flow::CardPresent);
    new.terms.method = Some(Method::new("card"));
    new.terms.terminal = TERMINAL.into();
    new.terms.counter = Some(CounterTerms {
        deed,
        original,
        cashback_minor: 0,
        asks_tip: true,
        refunds_tip_minor: None,
        queue: Queue::Fifo,
    });
    new
}

pub async fn stored(shop: &Shop, new: NewOrder) -> Decision {
    let at = new.terms.created_at;
    let decision = decide(None, Command::Create(new), at).unwrap();
    shop.home.commit(Changeset::decided(decision.clone())).await.unwrap();
    decision
}

/// The terminal says that it is paid, with a tip.
pub fn done_in(batch: Option<BatchPlace>, tip_minor: i64) -> Command {
    let slip = Slip { brand: "Visa".into(), last_four: "1111".into(), is_signed: true, ..Slip::default() };
    let facts = Facts { slip: Some(slip), tip_minor: Some(tip_minor), batch };
    let outcome =
        Outcome::Paid { channel_ref: "306140000003".into(), payer: "411111****1111".into(), at: NOW };
    Command::CounterSays { choice: 1, asked: Asked::Charge, outcome, facts }
}

/// Sold and paid at the terminal, in the batch that is open there.
pub async fn sold(shop: &Shop, serial: i64, tip_minor: i64) -> Decision {
    stored(shop, at_counter(shop, serial, Deed::Sale, None)).await;
    paid(shop, serial, tip_minor).await
}

pub async fn paid(shop: &Shop, serial: i64, tip_minor: i64) -> Decision {
    let open = shop.home.open_batch(shop.merchant, TERMINAL).await.unwrap();
    let decision = shop.decides(serial, done_in(Some(place(open)), tip_minor), NOW).await;
    let into_batch = Some(place(open));
    let changeset = Changeset { into_batch, ..Changeset::decided(decision.clone()) };
    shop.home.commit(changeset).await.unwrap();
    decision
}

pub async fn reserves(shop: &Shop, serial: i64, by: i64, deed: Deed, amount_minor: i64) -> Decision {
    let reserve = reserve(by, deed, amount_minor);
    shop.decides(serial, reserve, NOW).await
}

fn reserve(by: i64, deed: Deed, amount_minor: i64) -> Command {
    Command::Reserve(Reserve {
        by: number(by),
        deed,
        amount_minor,
        tip_minor: 0,
        note: format!("till-{by}"),
        open_batch: Some(1),
        earlier: Vec::new(),
        refunds_tip_minor: None,
        only_held: false,
    })
}

/// A follow-up of `original` under this serial, with what it sets aside.
async fn follow_up(shop: &Shop, original: i64, serial: i64, deed: Deed, amount_minor: i64) -> Changeset {
    let mut new = at_counter(shop, serial, deed, Some(number(original)));
    new.terms.amount.minor = amount_minor;
    let also = reserves(shop, original, serial, deed, amount_minor).await;
    let create = decide(None, Command::Create(new), NOW).unwrap();
    Changeset { also: Some(Arc::new(also)), ..Changeset::decided(create) }
}

pub async fn two_decisions_are_stored_together(home: Home) {
    let shop = Shop::open(&home).await;
    sold(&shop, 1, 0).await;
    let both = follow_up(&shop, 1, 2, Deed::Refund, 5_000).await;
    let lease_until = Some(NOW.plus_s(30));
    home.commit(Changeset { lease_until, ..both.clone() }).await.unwrap();
    let (original, refund) = (shop.kept(1).await, shop.kept(2).await);
    assert_eq!(original.order.as_ref(), Some(&both.also.as_ref().unwrap().order));
    assert_eq!(refund.order.as_ref(), Some(&both.decision.as_ref().unwrap().order));
    assert_eq!((original.refunds.len(), original.refunds[0].means.carried_by), (1, Some(number(2))));
    assert_eq!(audit(&original), Vec::<String>::new());
    assert_eq!(audit(&refund), Vec::<String>::new());

    // Its end and what it means for the original: both versions move, and the work of one of them is done with it.
    let done = shop.decides(2, done_in(Some(place(1)), 0), NOW).await;
    let says = Command::FollowUpSays {
        by: number(2),
        refund: Some(original.refunds[0].clone()),
        is_done: true,
        facts: Facts::default(),
        channel_ref: "c-2".into(),
    };
    let also = Some(Arc::new(shop.decides(1, says, NOW).await));
    let leased = home.lease_due(NOW.plus_s(900), NOW.plus_s(930), 9).await.unwrap();
    let held = leased.iter().find(|work| work.key.order == number(2)).copied().unwrap();
    let changeset = Changeset {
        also,
        into_batch: Some(place(1)),
        work: Some(WorkUpdate::Done(held)),
        signature: Some(b"\x89PNG".to_vec()),
        ..Changeset::decided(done)
    };
    home.commit(changeset).await.unwrap();
    let (original, refund) = (shop.kept(1).await, shop.kept(2).await);
    assert_eq!(original.order.as_ref().unwrap().funds.refunded_minor, 5_000);
    assert!(matches!(original.refunds[0].state, RefundState::Succeeded { .. }));
    assert_eq!(audit(&original), Vec::<String>::new());
    assert_eq!(audit(&refund), Vec::<String>::new());
    assert!(refund.work.iter().all(|work| matches!(work.key.kind, WorkKind::Notify(_))), "{:?}", refund.work);
    let signed = |serial| home.load_signature(shop.merchant, number(serial));
    assert_eq!(signed(2).await.unwrap().as_deref(), Some(&b"\x89PNG"[..]));
    assert_eq!(signed(1).await.unwrap(), None);
    let stranger = Shop::open(&home).await.merchant;
    assert_eq!(home.load_signature(stranger, number(2)).await.unwrap(), None);
}

/// Whatever is in the way of either of them, nothing of both is written, and numbers stay free.
pub async fn a_conflict_on_either_of_two_writes_nothing(home: Home) {
    let shop = Shop::open(&home).await;
    sold(&shop, 1, 0).await;
    shop.sells(9).await;
    let both = follow_up(&shop, 1, 2, Deed::Refund, 5_000).await;
    let with = |decision: Decision| Changeset { decision: Some(Arc::new(decision)), ..both.clone() };
    let mut old = both.clone();
    let also = Arc::make_mut(old.also.as_mut().unwrap());
    also.expected = Expected::Version(1);
    let mut taken_number = (**both.decision.as_ref().unwrap()).clone();
    taken_number.order.number = number(9);
    let mut taken_reference = (**both.decision.as_ref().unwrap()).clone();
    taken_reference.order.reference = "till-9".into();
    let mut closed = both.clone();
    closed.into_batch = Some(place(2));
    let before = (shop.kept(1).await, shop.kept(9).await, home.totals().await.unwrap());
    for (changeset, why) in [
        (old, Conflict::Version),
        (with(taken_number), Conflict::Number),
        (with(taken_reference), Conflict::Reference),
        (closed, Conflict::Batch),
    ] {
        let changeset = Changeset { signature: Some(vec![1]), ..changeset };
        // Among others, which are stored all the same.
        let beside = Changeset::worked(WorkUpdate::Retry(before.1.work[0], before.1.work[0].due_at));
        let results = together(&home, vec![beside.clone(), changeset, beside]).await;
        let [Ok(()), Err(StoreError::Conflict(found)), Ok(())] = results[..] else { panic!("{results:?}") };
        assert_eq!(found, why);
        let after = (shop.kept(1).await, shop.kept(9).await, home.totals().await.unwrap());
        assert_eq!(after, before, "{why:?}");
        assert_eq!(shop.kept(2).await.order, None);
        assert_eq!(home.load_signature(shop.merchant, number(2)).await.unwrap(), None);
        let free = OrderKey::Reference { room: ROOM, reference: "till-2" };
        assert_eq!(home.load_order(shop.merchant, free).await.unwrap(), None);
    }
    home.commit(both).await.unwrap();
}

/// What one cannot store at all spoils neither its own half nor the group.
pub async fn a_fault_in_one_of_two_writes_neither(home: Home) {
    let shop = Shop::open(&home).await;
    sold(&shop, 1, 0).await;
    let mut both = follow_up(&shop, 1, 2, Deed::Refund, 5_000).await;
    let before = shop.kept(1).await;
    Arc::make_mut(both.decision.as_mut().unwrap()).order.funds.captured_minor = 1;
    let other = Changeset::decided(shop.creates(3, "till-3", Flow::HostedPage));
    let results = together(&home, vec![both, other]).await;
    assert!(matches!(results[..], [Err(StoreError::Fault(_)), Ok(())]), "{results:?}");
    assert_eq!(shop.kept(1).await, before);
    assert_eq!(shop.kept(2).await.order, None);
    assert!(shop.kept(3).await.order.is_some());
}

pub async fn a_number_passes_on_from_an_order_that_came_to_nothing(home: Home) {
    let shop = Shop::open(&home).await;
    stored(&shop, at_counter(&shop, 1, Deed::Sale, None)).await;
    shop.acts(1, Command::Cancel, NOW).await.unwrap();
    let before = shop.kept(1).await;
    let again = |serial: i64| {
        let mut new = at_counter(&shop, serial, Deed::Sale, None);
        new.reference = "till-1".into();
        decide(before.order.clone(), Command::Create(new), NOW).unwrap()
    };
    assert_eq!(again(2).expected, Expected::Instead(number(1)));
    let many: Vec<_> = (2..=9).map(|serial| Changeset::decided(again(serial))).collect();
    let results = together(&home, many).await;
    let won = results.iter().position(Result::is_ok).expect("one of them");
    let lost = |result: &&Result<_, _>| matches!(result, Err(StoreError::Conflict(Conflict::Reference)));
    assert_eq!(results.iter().filter(lost).count(), 7, "{results:?}");
    let key = OrderKey::Reference { room: ROOM, reference: "till-1" };
    let found = home.load_order(shop.merchant, key).await.unwrap().unwrap();
    assert_eq!(found.number, number(won as i64 + 2));
    // The first attempt is still there, by its own number, and those who lost left nothing.
    assert_eq!(shop.kept(1).await, before);
    assert_eq!(home.totals().await.unwrap().orders.iter().map(|(_, count)| count).sum::<i64>(), 2);
    // A number that is taken: another order's, and a refund's.
    let mut taken = again(won as i64 + 2);
    assert_eq!(conflict(home.commit(Changeset::decided(taken.clone())).await), Conflict::Number);
    taken.order.number = number(20);
    assert_eq!(conflict(home.commit(Changeset::decided(taken)).await), Conflict::Reference);
    assert_eq!(shop.kept(20).await.order, None);
}

fn waits(shop: &Shop, serial: i64, queue: Queue, second: i64) -> NewOrder {
    let mut new = at_counter(shop, serial, Deed::Sale, None);
    new.terms.counter.as_mut().unwrap().queue = queue;
    (new.terms.created_at, new.terms.expires_at) = (NOW.plus_s(second), NOW.plus_s(900));
    new
}

pub async fn a_terminal_has_its_queue(home: Home) {
    let shop = Shop::open(&home).await;
    let queue = async |limit: u32| -> Vec<i64> {
        let orders = home.load_queue(shop.merchant, TERMINAL, limit).await.unwrap();
        orders.iter().map(|order| order.number.0 % OrderNo::PER_DAY).collect()
    };
    let length = async |limit: u32| home.queue_length(shop.merchant, TERMINAL, limit).await.unwrap();
    assert_eq!((queue(9).await, length(9).await), (vec![], 0));
    // Not in the order of their numbers; 8 goes to another terminal, 9 to none.
    for (serial, mode, second) in [
        (5, Queue::Fifo, 0),
        (3, Queue::Fifo, 1),
        (4, Queue::Filo, 2),
        (1, Queue::Filo, 3),
        (2, Queue::Fifo, 4),
    ] {
        stored(&shop, waits(&shop, serial, mode, second)).await;
    }
    let mut elsewhere = waits(&shop, 8, Queue::Filo, 5);
    elsewhere.terms.terminal = "WPYB0002".into();
    stored(&shop, elsewhere).await;
    shop.sells(9).await;
    let stranger = Shop::open(&home).await;
    stored(&stranger, waits(&stranger, 7, Queue::Fifo, 0)).await;

    assert_eq!(queue(9).await, [1, 4, 5, 3, 2]);
    assert_eq!(queue(2).await, [1, 4]);
    assert_eq!((length(9).await, length(3).await, length(0).await), (5, 3, 0));
    // What the terminal has comes first, though it came last; and stays while it is being closed.
    shop.acts(2, Command::Offer, NOW).await.unwrap();
    assert_eq!(queue(9).await, [2, 1, 4, 5, 3]);
    shop.acts(2, Command::Take, NOW).await.unwrap();
    shop.acts(2, Command::Cancel, NOW).await.unwrap();
    assert_eq!(queue(9).await, [2, 1, 4, 5, 3]);
    // Each end leaves the queue: paid, declined, cancelled, expired.
    shop.acts(2, done_in(None, 0), NOW).await.unwrap();
    shop.acts(1, Command::Cancel, NOW).await.unwrap();
    assert_eq!(queue(9).await, [4, 5, 3]);
    let declined = Outcome::Declined { reason: "05".into() };
    let (asked, facts) = (Asked::Charge, Facts::default());
    shop.acts(4, Command::CounterSays { choice: 1, asked, outcome: declined, facts }, NOW).await.unwrap();
    shop.acts(5, Command::Expire, NOW.plus_s(900)).await.unwrap();
    assert_eq!((queue(9).await, length(9).await), (vec![3], 1));
    assert_eq!(stranger.home.queue_length(stranger.merchant, TERMINAL, 9).await.unwrap(), 1);
}

/// Of the same instant: the first is first, and in a stack the last.
pub async fn a_queue_keeps_its_order_within_an_instant(home: Home) {
    let shop = Shop::open(&home).await;
    for (serial, mode) in [(1, Queue::Fifo), (2, Queue::Fifo), (3, Queue::Filo), (4, Queue::Filo)] {
        stored(&shop, waits(&shop, serial, mode, 0)).await;
    }
    let orders = home.load_queue(shop.merchant, TERMINAL, 9).await.unwrap();
    let serials: Vec<i64> = orders.iter().map(|order| order.number.0 % OrderNo::PER_DAY).collect();
    assert_eq!(serials, [4, 3, 1, 2]);
}

/// Refunds at the terminal are set aside by many at once while one tries to void: only one of both kinds wins.
pub async fn refunds_and_a_void_race_for_an_order(home: Home) {
    let shop = Shop::open(&home).await;
    sold(&shop, 1, 0).await;
    let tills: Vec<_> = (10..34)
        .map(|serial| {
            let shop = shop.clone();
            let (deed, minor) =
                if serial % 4 == 0 { (Deed::Void, AMOUNT_MINOR) } else { (Deed::Refund, 900 + serial * 7) };
            tokio::spawn(async move { (deed, follows(&shop, serial, deed, minor).await) })
        })
        .collect();
    let mut won = Vec::new();
    for till in tills {
        let (deed, is_made) = till.await.unwrap();
        won.extend(is_made.then_some(deed));
    }
    let kept = shop.kept(1).await;
    assert_eq!(audit(&kept), Vec::<String>::new());
    let funds = kept.order.unwrap().funds;
    if won.contains(&Deed::Void) {
        assert_eq!((won.len(), funds.refunding_minor), (1, AMOUNT_MINOR));
    } else {
        assert!(won.len() > 5 && funds.refunding_minor > AMOUNT_MINOR - 1_200, "{won:?} {funds:?}");
    }
    assert_eq!(kept.refunds.len(), won.len());
    let orders = home.totals().await.unwrap().orders;
    assert!(orders.contains(&("pending".to_owned(), won.len() as i64)), "{orders:?}");
}

/// As the server does it; false if it was refused.
async fn follows(shop: &Shop, serial: i64, deed: Deed, amount_minor: i64) -> bool {
    loop {
        let order = shop.load(1).await;
        let Ok(also) = decide(Some(order), reserve(serial, deed, amount_minor), NOW) else { return false };
        let mut new = at_counter(shop, serial, deed, Some(number(1)));
        new.terms.amount.minor = amount_minor;
        let create = decide(None, Command::Create(new), NOW).unwrap();
        let changeset = Changeset { also: Some(Arc::new(also)), ..Changeset::decided(create) };
        match shop.home.commit(changeset).await {
            Ok(()) => return true,
            Err(StoreError::Conflict(Conflict::Version)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Each part of an order that only a terminal's has reads back.
pub async fn an_order_at_a_terminal_reads_back(home: Home) {
    let shop = Shop::open(&home).await;
    let mut new = at_counter(&shop, 1, Deed::Authorization, None);
    let terms = new.terms.counter.as_mut().unwrap();
    (terms.cashback_minor, terms.queue) = (700, Queue::Filo);
    stored(&shop, new).await;
    let unknown = Command::CounterSays {
        choice: 1,
        asked: Asked::Charge,
        outcome: Outcome::Unknown,
        facts: Facts::default(),
    };
    let by = number(2);
    let done = Command::FollowUpSays {
        by,
        refund: None,
        is_done: true,
        facts: Facts { batch: Some(place(1)), ..Facts::default() },
        channel_ref: "c-2".into(),
    };
    let tip = Command::AdjustTip { tip_minor: 800, open_batch: Some(1) };
    let said = Command::TipSays {
        tip_minor: 800,
        outcome: Outcome::Paid { channel_ref: String::new(), payer: String::new(), at: NOW },
    };
    for command in [
        Command::Offer,
        Command::Take,
        unknown,
        done_in(None, 500),
        reserve(2, Deed::Completion, 9_000),
        done,
        tip,
        said,
        Command::Settle,
    ] {
        let decision = shop.decides(1, command.clone(), NOW).await;
        assert!(!decision.is_nothing(), "{command:?}");
        home.commit(Changeset::decided(decision.clone())).await.unwrap();
        assert_eq!(shop.load(1).await, decision.order);
    }
    let kept = shop.kept(1).await;
    let order = kept.order.clone().unwrap();
    let counter = order.counter.as_deref().unwrap();
    assert!(counter.is_settled && counter.is_unknown && counter.slip.is_some(), "{counter:?}");
    assert_eq!((order.funds.captured_minor, counter.tip_minor), (9_800, 800));
    assert_eq!(audit(&kept), Vec::<String>::new());
    let _: Timestamp = order.state.ended_at().unwrap();
}
