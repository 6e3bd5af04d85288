//! A group of changesets as statements: first what may be in somebody's way, then everything else.
//!
//! Each statement writes the rows of one merchant as arrays. Whether a changeset may be stored is known when the first
//! half has been answered: by then nothing else of it has been written. Locks are taken in one order: kind by kind, within
//! a kind by merchant and key.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use tillgate_core::decide::Expected;
use tillgate_core::{Decision, MerchantId, Order, OrderNo, RefundState, Timestamp, Work};
use tokio_postgres::types::ToSql;

use super::sql;
use crate::changeset::WorkUpdate;
use crate::port::Conflict;
use crate::rows::{choice_words, queue_rank};
use crate::written::{Prepared, Written};

pub type Column = Box<dyn ToSql + Send + Sync>;

/// One statement for one merchant: a column of arrays for each of its parameters after the first.
pub struct Statement {
    pub sql: &'static str,
    pub merchant: MerchantId,
    pub columns: Vec<Column>,
}

/// What two changesets of one group must not both touch: the second waits for the next group, and sees the first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    Order(MerchantId, OrderNo),
    Reference(MerchantId, Arc<str>, String),
    Claim(MerchantId, Vec<u8>),
}

pub fn keys(prepared: &Prepared) -> Vec<Key> {
    let changeset = &prepared.changeset;
    let mut keys = Vec::new();
    for decision in [&changeset.decision, &changeset.also].into_iter().flatten() {
        let order = &decision.order;
        keys.push(Key::Order(order.merchant, order.number));
        if let Some((reference, _)) = taken_reference(decision) {
            keys.push(Key::Reference(order.merchant, order.room.clone(), reference.to_owned()));
        }
    }
    if let Some(claim) = &changeset.claim {
        keys.push(Key::Claim(claim.merchant, claim.key.clone()));
    }
    if let Some(update) = &changeset.work {
        let key = held(update).key;
        keys.push(Key::Order(key.merchant, key.order));
    }
    if let Some(notification) = &changeset.notification {
        keys.push(Key::Order(notification.merchant, notification.order));
    }
    keys
}

fn held(update: &WorkUpdate) -> &Work {
    match update {
        WorkUpdate::Done(work) | WorkUpdate::Retry(work, _) | WorkUpdate::Postpone(work, _) => work,
    }
}

fn is_known(decision: &Decision) -> bool {
    matches!(decision.expected, Expected::Version(_))
}

/// The merchant's number that a decision takes, and of which refund (0: of the order itself).
fn taken_reference(decision: &Decision) -> Option<(&str, u32)> {
    if !is_known(decision) {
        return Some((&decision.order.reference, 0));
    }
    let refund = decision.refund.as_ref().filter(|refund| refund.state == RefundState::Requested)?;
    Some((refund.reference.as_deref()?, refund.number.0))
}

/// Rows of one table for one merchant, column by column.
macro_rules! columns {
    ($name:ident { $($field:ident: $kind:ty),* $(,)? }) => {
        #[derive(Default)]
        pub struct $name { $(pub $field: Vec<$kind>,)* }

        impl $name {
            /// `None` without rows.
            pub fn statement(self, sql: &'static str, merchant: MerchantId) -> Option<$crate::postgres::group::Statement> {
                let counts = [$(self.$field.len()),*];
                (counts[0] > 0).then(|| $crate::postgres::group::Statement {
                    sql,
                    merchant,
                    columns: vec![$(Box::new(self.$field)),*],
                })
            }
        }
    };
}

pub(super) use columns;

columns!(Claims { key: Vec<u8>, subject: String, at: i64, });
columns!(NewBatches { terminal: String, number: i64, opened_at: i64 });
columns!(HeldBatches { terminal: String, number: i64 });
columns!(NewOrders {
    number: i64, version: i64, room: String, reference: String, state: String, state_body: String, currency: String,
    amount: i64, captured: i64, refunded: i64, refunding: i64, refunds: i64, events: i64, presentation: String,
    terms: String, tip: i64, choices: String, given_back: i64, operator: String, terminal: String, authorized: i64,
    deed: String, counter: String, queue_rank: Option<i64>,
});
columns!(Orders {
    number: i64, expected: i64, version: i64, state: String, state_body: String, captured: i64, refunded: i64,
    refunding: i64, refunds: i64, events: i64, presentation: String, choices: String, given_back: i64, tip: i64,
    authorized: i64, counter: String, queue_rank: Option<i64>, batch_terminal: String, batch_no: i64,
});
columns!(References { room: String, reference: String, order: i64, refund: i64 });
columns!(Passed { room: String, reference: String, earlier: i64, order: i64 });
columns!(Finished { order: i64, slot: String, slot_no: i64, due_at: i64, attempt: i64 });
columns!(Moved {
    order: i64,
    slot: String,
    slot_no: i64,
    due_at: i64,
    attempt: i64,
    new_due_at: i64,
    new_attempt: i64,
});

/// What may be in the way, of one merchant.
#[derive(Default)]
struct Guards {
    claims: Claims,
    new_batches: NewBatches,
    held_batches: HeldBatches,
    new_orders: NewOrders,
    orders: Orders,
    references: References,
    passed: Passed,
    finished: Finished,
    moved: Moved,
}

/// The first half of a group, in the order in which it is sent.
pub fn guards<'a>(group: impl Iterator<Item = &'a Prepared>) -> Vec<Statement> {
    let mut all: BTreeMap<MerchantId, Guards> = BTreeMap::new();
    let mut sorted: Vec<&Prepared> = group.collect();
    sorted.sort_by_cached_key(|prepared| first_key(prepared));
    for prepared in sorted {
        guard(prepared, &mut all);
    }
    let mut kinds: [Vec<Statement>; 9] = Default::default();
    for (merchant, guards) in all {
        let statements = [
            guards.claims.statement(sql::PUT_CLAIMS, merchant),
            guards.new_batches.statement(sql::BEGIN_BATCHES, merchant),
            guards.held_batches.statement(sql::HOLD_BATCHES, merchant),
            guards.new_orders.statement(sql::INSERT_ORDERS, merchant),
            guards.orders.statement(sql::UPDATE_ORDERS, merchant),
            guards.references.statement(sql::TAKE_REFERENCES, merchant),
            guards.passed.statement(sql::PASS_REFERENCES, merchant),
            guards.finished.statement(sql::FINISH_WORK, merchant),
            guards.moved.statement(sql::MOVE_WORK, merchant),
        ];
        kinds.iter_mut().zip(statements).for_each(|(kind, statement)| kind.extend(statement));
    }
    kinds.into_iter().flatten().collect()
}

/// By order: two groups that both want two orders take them in the same turn.
fn first_key(prepared: &Prepared) -> Option<(MerchantId, OrderNo)> {
    let changeset = &prepared.changeset;
    let decided = [&changeset.decision, &changeset.also].into_iter().flatten();
    let of_decisions = decided.map(|decision| (decision.order.merchant, decision.order.number)).min();
    of_decisions.or_else(|| {
        let key = held(changeset.work.as_ref()?).key;
        Some((key.merchant, key.order))
    })
}

fn guard(prepared: &Prepared, all: &mut BTreeMap<MerchantId, Guards>) {
    let changeset = &prepared.changeset;
    if let Some(claim) = &changeset.claim {
        let claims = &mut all.entry(claim.merchant).or_default().claims;
        claims.key.push(claim.key.clone());
        claims.subject.push(claim.subject.clone());
        claims.at.push(claim.at.millis());
    }
    if let (Some(place), Some(decision)) = (&changeset.into_batch, &changeset.decision) {
        let guards = all.entry(decision.order.merchant).or_default();
        let (held, number) = (&mut guards.held_batches, i64::from(place.number));
        if !held.terminal.iter().zip(&held.number).any(|known| known == (&place.terminal, &number)) {
            held.terminal.push(place.terminal.clone());
            held.number.push(number);
            guards.new_batches.terminal.push(place.terminal.clone());
            guards.new_batches.number.push(number);
            guards.new_batches.opened_at.push(decision.at.millis());
        }
    }
    let mut decided: Vec<(&Decision, &Written)> = Vec::with_capacity(2);
    decided.extend(changeset.also.iter().map(|also| (&**also, &prepared.also)));
    decided.extend(changeset.decision.iter().map(|decision| (&**decision, &prepared.decision)));
    decided.sort_by_key(|(decision, _)| decision.order.number);
    for (decision, written) in decided {
        guard_decision(decision, written, all.entry(decision.order.merchant).or_default());
    }
    if changeset.decision.is_none()
        && let Some(update) = &changeset.work
    {
        let guards = all.entry(held(update).key.merchant).or_default();
        put_update(update, &mut guards.finished, &mut guards.moved);
    }
}

fn guard_decision(decision: &Decision, written: &Written, guards: &mut Guards) {
    let order = &decision.order;
    match decision.expected {
        Expected::Version(version) => guards.orders.push(order, version, written),
        Expected::Absent | Expected::Instead(_) => guards.new_orders.push(order, written),
    }
    if let Expected::Instead(earlier) = decision.expected {
        let passed = &mut guards.passed;
        passed.room.push(order.room.to_string());
        passed.reference.push(order.reference.clone());
        passed.earlier.push(earlier.0);
        passed.order.push(order.number.0);
    } else if let Some((reference, refund)) = taken_reference(decision) {
        let references = &mut guards.references;
        references.room.push(order.room.to_string());
        references.reference.push(reference.to_owned());
        references.order.push(order.number.0);
        references.refund.push(refund.into());
    }
}

impl NewOrders {
    fn push(&mut self, order: &Order, written: &Written) {
        let terms = &order.terms;
        self.number.push(order.number.0);
        self.version.push(order.version.into());
        self.room.push(order.room.to_string());
        self.reference.push(order.reference.clone());
        self.state.push(order.state.name().to_owned());
        self.state_body.push(written.state.clone());
        self.currency.push(terms.amount.currency.code().to_owned());
        self.amount.push(terms.amount.minor);
        self.captured.push(order.funds.captured_minor);
        self.refunded.push(order.funds.refunded_minor);
        self.refunding.push(order.funds.refunding_minor);
        self.refunds.push(order.refunds.into());
        self.events.push(order.events.into());
        self.presentation.push(written.presentation.clone());
        self.terms.push(written.terms.clone());
        self.tip.push(terms.tip_minor);
        self.choices.push(choice_words(&order.choices));
        self.given_back.push(order.given_back.into());
        self.operator.push(terms.operator.clone());
        self.terminal.push(terms.terminal.clone());
        self.authorized.push(order.authorized_minor());
        self.deed.push(terms.deed().as_str().to_owned());
        self.counter.push(written.counter.clone());
        self.queue_rank.push(queue_rank(order));
    }
}

impl Orders {
    fn push(&mut self, order: &Order, expected: u32, written: &Written) {
        let batch = order.counter.as_ref().and_then(|counter| counter.batch.as_ref());
        self.number.push(order.number.0);
        self.expected.push(expected.into());
        self.version.push(order.version.into());
        self.state.push(order.state.name().to_owned());
        self.state_body.push(written.state.clone());
        self.captured.push(order.funds.captured_minor);
        self.refunded.push(order.funds.refunded_minor);
        self.refunding.push(order.funds.refunding_minor);
        self.refunds.push(order.refunds.into());
        self.events.push(order.events.into());
        self.presentation.push(written.presentation.clone());
        self.choices.push(choice_words(&order.choices));
        self.given_back.push(order.given_back.into());
        self.tip.push(order.tip_minor());
        self.authorized.push(order.authorized_minor());
        self.counter.push(written.counter.clone());
        self.queue_rank.push(queue_rank(order));
        self.batch_terminal.push(batch.map_or(String::new(), |batch| batch.terminal.clone()));
        self.batch_no.push(batch.map_or(0, |batch| batch.number.into()));
    }
}

pub fn put_update(update: &WorkUpdate, finished: &mut Finished, moved: &mut Moved) {
    let work = held(update);
    let (slot, slot_no) = work.key.kind.slot();
    let (new_due_at, new_attempt) = match update {
        WorkUpdate::Done(_) => {
            finished.order.push(work.key.order.0);
            finished.slot.push(slot.to_string());
            finished.slot_no.push(slot_no.into());
            finished.due_at.push(work.due_at.0);
            finished.attempt.push(work.attempt.into());
            return;
        }
        WorkUpdate::Retry(_, due_at) => (due_at, work.attempt),
        WorkUpdate::Postpone(_, due_at) => (due_at, work.attempt.saturating_sub(1)),
    };
    moved.order.push(work.key.order.0);
    moved.slot.push(slot.to_string());
    moved.slot_no.push(slot_no.into());
    moved.due_at.push(work.due_at.0);
    moved.attempt.push(work.attempt.into());
    moved.new_due_at.push(new_due_at.0);
    moved.new_attempt.push(new_attempt.into());
}

/// Rows of work by their key, taken over to others until a time.
pub fn leases(due: &[Work], until: Timestamp) -> Vec<Statement> {
    let mut all: BTreeMap<MerchantId, Moved> = BTreeMap::new();
    let mut sorted: Vec<&Work> = due.iter().collect();
    sorted.sort_by_key(|work| (work.key.merchant, work.key.order, work.key.kind.slot()));
    for work in sorted {
        let moved = all.entry(work.key.merchant).or_default();
        let lease = WorkUpdate::Retry(*work, until);
        put_update(&lease, &mut Finished::default(), moved);
        if let Some(attempt) = moved.new_attempt.last_mut() {
            *attempt += 1;
        }
    }
    all.into_iter().filter_map(|(merchant, moved)| moved.statement(sql::MOVE_WORK, merchant)).collect()
}

/// What the first half was answered: what was written or held.
#[derive(Debug, Default)]
pub struct Found {
    pub claims: HashSet<(MerchantId, Vec<u8>)>,
    pub batches: HashSet<(MerchantId, String, i64)>,
    pub orders: HashSet<(MerchantId, i64)>,
    pub references: HashSet<(MerchantId, String, String)>,
    pub work: HashSet<(MerchantId, i64, String, i64)>,
}

/// What is in the changeset's way, if anything: the first thing in the order in which the embedded store looks.
pub fn conflict(prepared: &Prepared, found: &Found) -> Option<Conflict> {
    let changeset = &prepared.changeset;
    if let Some(claim) = &changeset.claim
        && !found.claims.contains(&(claim.merchant, claim.key.clone()))
    {
        return Some(Conflict::Claim);
    }
    if let (Some(place), Some(decision)) = (&changeset.into_batch, &changeset.decision) {
        let key = (decision.order.merchant, place.terminal.clone(), i64::from(place.number));
        if !found.batches.contains(&key) {
            return Some(Conflict::Batch);
        }
    }
    let decided = [&changeset.also, &changeset.decision].into_iter().flatten();
    if let Some(conflict) = decided.into_iter().find_map(|decision| in_the_way(decision, found)) {
        return Some(conflict);
    }
    let update = changeset.work.as_ref().filter(|_| changeset.decision.is_none())?;
    let key = held(update).key;
    let (slot, slot_no) = key.kind.slot();
    let is_ours = found.work.contains(&(key.merchant, key.order.0, slot.to_string(), slot_no.into()));
    (!is_ours).then_some(Conflict::Work)
}

fn in_the_way(decision: &Decision, found: &Found) -> Option<Conflict> {
    let order = &decision.order;
    let is_written = found.orders.contains(&(order.merchant, order.number.0));
    if !is_known(decision) && !is_written {
        return Some(Conflict::Number);
    }
    if let Some((reference, _)) = taken_reference(decision)
        && !found.references.contains(&(order.merchant, order.room.to_string(), reference.to_owned()))
    {
        return Some(Conflict::Reference);
    }
    (!is_written).then_some(Conflict::Version)
}
