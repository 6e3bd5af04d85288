//! Many at once on few orders: whoever loses loads and decides again, and nothing is lost or doubled.

use tillgate_core::decide::Expected;
use tillgate_core::{
    Asked, Command, Flow, NewRefund, Outcome, Presentation, Refund, RefundNo, RefundState, Refusal, decide,
};

use super::shop::refund;
use super::{AMOUNT_MINOR, Home, NOW, Shop, audit, number};
use crate::changeset::Changeset;
use crate::port::{Conflict, OrderKey, StoreError};

pub async fn a_reference_sent_by_many_at_once_makes_one_order(home: Home) {
    let shop = Shop::open(&home).await;
    let changesets = (1..=32)
        .map(|serial| Changeset::decided(shop.creates(serial, "the same", Flow::MerchantPresented)))
        .collect();
    let results = super::together(&home, changesets).await;
    let lost = |result: &&Result<_, _>| matches!(result, Err(StoreError::Conflict(Conflict::Reference)));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(results.iter().filter(lost).count(), 31);
    let key = OrderKey::Reference { room: "latipay", reference: "the same" };
    let order = home.load_order(shop.merchant, key).await.unwrap().unwrap();
    assert_eq!(home.load_work(shop.merchant, order.number).await.unwrap().len(), 1);
    assert_eq!(home.totals().await.unwrap().work, 1);
}

pub async fn racing_refunds_never_exceed_the_order(home: Home) {
    let shop = Shop::open(&home).await;
    shop.sells_paid(1).await;
    let tills: Vec<_> = (0..32)
        .map(|till| {
            let shop = shop.clone();
            let command = refund(500 + till * 37, &format!("till {till}"));
            tokio::spawn(async move { shop.acts(1, command, NOW).await })
        })
        .collect();
    let mut accepted = 0;
    for till in tills {
        match till.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(refusal) => assert_eq!(refusal, Refusal::RefundAboveRest),
        }
    }
    let kept = shop.kept(1).await;
    assert_eq!(audit(&kept), Vec::<String>::new());
    assert_eq!(kept.refunds.len(), accepted);
    let refunding = kept.order.as_ref().unwrap().funds.refunding_minor;
    assert!(AMOUNT_MINOR - 1_647 < refunding && refunding <= AMOUNT_MINOR, "{refunding}");

    // Each word of the channel comes twice, from two workers; it counts once.
    let words: Vec<_> = kept
        .refunds
        .iter()
        .flat_map(|refund| [refund.clone(), refund.clone()])
        .map(|refund| {
            let (shop, outcome) = (shop.clone(), settled());
            tokio::spawn(async move { shop.acts(1, Command::RefundSays { refund, outcome }, NOW).await })
        })
        .collect();
    for word in words {
        word.await.unwrap().unwrap();
    }
    let kept = shop.kept(1).await;
    assert_eq!(audit(&kept), Vec::<String>::new());
    let funds = kept.order.unwrap().funds;
    assert_eq!((funds.refunding_minor, funds.refunded_minor), (0, refunding));
    assert!(kept.refunds.iter().all(|refund| matches!(refund.state, RefundState::Succeeded { .. })));
}

fn settled() -> Outcome {
    Outcome::Paid { channel_ref: "r1".into(), payer: String::new(), at: NOW }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn happens(dice: &mut Dice, refunds: &[Refund]) -> Command {
    let outcomes = [settled(), Outcome::Declined { reason: "no".into() }, Outcome::Pending, Outcome::Unknown];
    let outcome = outcomes[dice.below(4) as usize].clone();
    match dice.below(10) {
        0 => Command::Present { choice: 1, presentation: Presentation::Code("q".into()) },
        1 => Command::Cancel,
        2 => Command::Expire,
        3 => Command::ChannelSays { choice: 1, asked: Asked::Charge, outcome: Outcome::Unknown },
        4 | 5 => Command::ChannelSays { choice: 1, asked: Asked::Query, outcome },
        6..=8 if !refunds.is_empty() => {
            let refund = refunds[dice.below(refunds.len() as u64) as usize].clone();
            Command::RefundSays { refund, outcome }
        }
        _ => Command::Refund(NewRefund {
            means: Default::default(),
            amount_minor: 1 + dice.below(AMOUNT_MINOR as u64 / 2) as i64,
            reference: None,
            note: format!("{}", dice.below(1_000)),
            earlier: Vec::new(),
        }),
    }
}

pub async fn random_stories_on_a_few_orders_stay_sound(home: Home) {
    const ORDERS: i64 = 6;
    const SEED: u64 = 0x7469_6c6c;
    let shop = Shop::open(&home).await;
    for serial in 0..ORDERS {
        shop.sells_by(serial, Flow::ALL[serial as usize % 4]).await;
    }
    let actors: Vec<_> = (1..=8)
        .map(|actor| {
            let shop = shop.clone();
            tokio::spawn(async move {
                let mut dice = Dice(SEED + actor);
                for step in 0..40 {
                    let serial = dice.below(ORDERS as u64) as i64;
                    let refunds = shop.home.load_refunds(shop.merchant, number(serial)).await.unwrap();
                    let command = happens(&mut dice, &refunds);
                    let _ = shop.acts(serial, command, NOW.plus_s(step * 30)).await;
                }
            })
        })
        .collect();
    for actor in actors {
        actor.await.unwrap();
    }
    for serial in 0..ORDERS {
        assert_eq!(audit(&shop.kept(serial).await), Vec::<String>::new(), "seed {SEED}");
    }
    let totals = home.totals().await.unwrap();
    assert!(totals.postings.iter().all(|(_, sum)| *sum == 0), "seed {SEED}: {totals:?}");
    assert_eq!(totals.orders.iter().map(|(_, orders)| orders).sum::<i64>(), ORDERS);
}

/// The planted fault: a writer that decided on an old order and claims it was the new one.
pub async fn the_audit_notices_a_lost_update(home: Home) {
    let shop = Shop::open(&home).await;
    let old = shop.sells_paid(1).await;
    shop.acts(1, refund(AMOUNT_MINOR, "first"), NOW).await.unwrap();
    assert_eq!(audit(&shop.kept(1).await), Vec::<String>::new());

    let mut decision = decide(Some(old.clone()), refund(AMOUNT_MINOR - 1, "second"), NOW).unwrap();
    decision.expected = Expected::Version(old.version + 1);
    decision.order.version += 1;
    decision.order.events += 1;
    decision.refund.as_mut().unwrap().number = RefundNo(2);
    home.commit(Changeset::decided(decision)).await.unwrap();
    let faults = audit(&shop.kept(1).await);
    for what in ["the journal tells of", "refunds of", "exceed"] {
        assert!(faults.iter().any(|fault| fault.contains(what)), "{what}: {faults:?}");
    }
}
