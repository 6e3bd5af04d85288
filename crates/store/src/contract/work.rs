//! Work that is owed: leased once at a time, and only its holder says what became of it.

use std::collections::BTreeSet;

use tillgate_core::{Asked, Command, Flow, Outcome, Presentation, Work, WorkKind};

use super::shop::paid;
use super::{Home, NOW, Shop, conflict};
use crate::changeset::{Changeset, WorkUpdate};
use crate::port::Conflict;

/// Kinds, when they are due (seconds from [`NOW`]) and how often they have been leased, in order of the kind.
fn words(work: &[Work]) -> Vec<(&'static str, i64, u32)> {
    let mut words: Vec<_> = work
        .iter()
        .map(|work| (work.key.kind.name(), work.due_at.since_ms(NOW) / 1_000, work.attempt))
        .collect();
    words.sort_unstable();
    words
}

pub async fn due_work_is_leased_once(home: Home) {
    let shop = Shop::open(&home).await;
    assert_eq!(home.next_due().await.unwrap(), None);
    for serial in 1..=3 {
        shop.sells_by(serial, Flow::CustomerPresented).await;
    }
    assert_eq!(home.next_due().await.unwrap(), Some(NOW));
    let lease = |at_s, until_s, limit| home.lease_due(NOW.plus_s(at_s), NOW.plus_s(until_s), limit);
    assert_eq!(lease(-1, 30, 10).await.unwrap(), []);
    let first = lease(0, 30, 2).await.unwrap();
    let rest = lease(0, 30, 10).await.unwrap();
    assert_eq!((first.len(), rest.len()), (2, 1));
    assert!(first.iter().chain(&rest).all(|work| (work.key.kind, work.attempt) == (WorkKind::Charge, 1)));
    assert_eq!(lease(0, 30, 10).await.unwrap(), []);
    assert_eq!(lease(29, 60, 10).await.unwrap(), []);
    assert_eq!(home.next_due().await.unwrap(), Some(NOW.plus_s(30)));
    let again = lease(30, 60, 10).await.unwrap();
    assert_eq!(again.iter().map(|work| work.attempt).collect::<Vec<_>>(), [2, 2, 2]);
    assert_eq!(words(&shop.kept(1).await.work), [("charge", 60, 2), ("expire", 900, 0)]);
    let oldest_first = lease(900, 1_000, 10).await.unwrap();
    assert_eq!(oldest_first[0].key.kind, WorkKind::Charge);
    assert_eq!(oldest_first.len(), 6);
}

pub async fn two_who_lease_at_once_share_the_work(home: Home) {
    let shop = Shop::open(&home).await;
    for serial in 1..=40 {
        shop.sells_by(serial, Flow::CustomerPresented).await;
    }
    let leasers: Vec<_> = (0..8)
        .map(|_| {
            let home = home.clone();
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let leased = home.lease_due(NOW, NOW.plus_s(30), 3).await.unwrap();
                    if leased.is_empty() {
                        return taken;
                    }
                    taken.extend(leased.into_iter().map(|work| work.key.order));
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for leaser in leasers {
        taken.extend(leaser.await.unwrap());
    }
    assert_eq!(taken.len(), 40);
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>().len(), 40);
}

pub async fn only_the_holder_says_what_became_of_work(home: Home) {
    let shop = Shop::open(&home).await;
    shop.sells_by(1, Flow::CustomerPresented).await;
    let lease = |at_s| home.lease_due(NOW.plus_s(at_s), NOW.plus_s(at_s + 30), 1);
    let says = |update| home.commit(Changeset::worked(update));
    let first = lease(0).await.unwrap()[0];
    let second = lease(30).await.unwrap()[0];
    assert_eq!((first.attempt, second.attempt, second.due_at), (1, 2, NOW.plus_s(60)));

    let due_at = NOW.plus_s(45);
    let same_number = Work { attempt: 2, ..first };
    for held in [first, same_number, Work { attempt: 3, ..second }] {
        for update in
            [WorkUpdate::Done(held), WorkUpdate::Retry(held, due_at), WorkUpdate::Postpone(held, due_at)]
        {
            assert_eq!(conflict(says(update).await), Conflict::Work, "{update:?}");
            assert_eq!(words(&shop.kept(1).await.work), [("charge", 60, 2), ("expire", 900, 0)]);
        }
    }
    says(WorkUpdate::Retry(second, due_at)).await.unwrap();
    assert_eq!(words(&shop.kept(1).await.work), [("charge", 45, 2), ("expire", 900, 0)]);
    let third = lease(45).await.unwrap()[0];
    assert_eq!(third.attempt, 3);
    says(WorkUpdate::Postpone(third, NOW.plus_s(50))).await.unwrap();
    assert_eq!(words(&shop.kept(1).await.work), [("charge", 50, 2), ("expire", 900, 0)]);
    let again = lease(50).await.unwrap()[0];
    assert_eq!(again.attempt, 3);
    assert_eq!(conflict(says(WorkUpdate::Done(third)).await), Conflict::Work);
    says(WorkUpdate::Done(again)).await.unwrap();
    assert_eq!(words(&shop.kept(1).await.work), [("expire", 900, 0)]);
    assert_eq!(conflict(says(WorkUpdate::Done(again)).await), Conflict::Work);
}

pub async fn work_due_now_is_written_as_leased(home: Home) {
    let shop = Shop::open(&home).await;
    let decision = shop.creates(1, "till-1", Flow::CustomerPresented);
    let changeset = Changeset { lease_until: Some(NOW.plus_s(20)), ..Changeset::decided(decision) };
    home.commit(changeset).await.unwrap();
    assert_eq!(words(&shop.kept(1).await.work), [("charge", 20, 1), ("expire", 900, 0)]);
    assert_eq!(home.lease_due(NOW.plus_s(19), NOW.plus_s(60), 10).await.unwrap(), []);
    let held = shop.kept(1).await.work[0];
    home.commit(Changeset::worked(WorkUpdate::Done(held))).await.unwrap();
    assert_eq!(words(&shop.kept(1).await.work), [("expire", 900, 0)]);
}

pub async fn a_decision_replaces_and_ends_work(home: Home) {
    let shop = Shop::open(&home).await;
    shop.sells_by(1, Flow::CustomerPresented).await;
    shop.sells_by(2, Flow::CustomerPresented).await;
    let unknown = Command::ChannelSays { choice: 1, asked: Asked::Charge, outcome: Outcome::Unknown };
    shop.acts(1, unknown, NOW.plus_s(2)).await.unwrap();
    assert_eq!(words(&shop.kept(1).await.work), [("ask", 3, 0), ("expire", 900, 0)]);
    shop.acts(1, Command::Cancel, NOW.plus_s(4)).await.unwrap();
    assert_eq!(words(&shop.kept(1).await.work), [("close", 4, 0)]);
    shop.acts(1, paid(), NOW.plus_s(5)).await.unwrap();
    assert_eq!(words(&shop.kept(1).await.work), [("notify", 5, 0)]);
    assert_eq!(words(&shop.kept(2).await.work), [("charge", 0, 0), ("expire", 900, 0)]);
    assert_eq!(home.totals().await.unwrap().work, 3);
}

/// The channel's word is true whoever holds the lease by now; the other's row is left to him.
pub async fn a_decision_stands_though_its_work_has_moved_on(home: Home) {
    let shop = Shop::open(&home).await;
    shop.sells(1).await;
    shop.acts(1, Command::Present { choice: 1, presentation: Presentation::Code("q".into()) }, NOW)
        .await
        .unwrap();
    let lease = |at_s| home.lease_due(NOW.plus_s(at_s), NOW.plus_s(at_s + 5), 1);
    let lost = lease(10).await.unwrap()[0];
    assert_eq!(lease(15).await.unwrap()[0].attempt, 2);
    let decision = shop.decides(1, Command::Cancel, NOW.plus_s(16)).await;
    let work = Some(WorkUpdate::Done(lost));
    home.commit(Changeset { work, ..Changeset::decided(decision) }).await.unwrap();
    assert_eq!(words(&shop.kept(1).await.work), [("close", 16, 0)]);
}
