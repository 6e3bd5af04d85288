//! The second half of a group: what is written of changesets that nothing is in the way of.

use std::collections::{BTreeMap, HashMap};

use tillgate_core::{Decision, MerchantId, Refund, Timestamp};

use super::group::{Finished, Moved, Statement, columns, put_update};
use super::sql;
use crate::notification::{Notification, NotificationAttempt};
use crate::written::{Prepared, Written};

columns!(Events { order: i64, event: i64, at: i64, body: String });
columns!(Postings {
    order: i64,
    event: i64,
    line: i64,
    account: String,
    currency: String,
    amount: i64,
    at: i64,
});
columns!(Refunds {
    order: i64, number: i64, amount: i64, note: String, requested_at: i64, late: i64, state: String,
    reference: Option<String>, choice: i64, means: String,
});
columns!(Ended { order: i64 });
columns!(Works { order: i64, slot: String, slot_no: i64, due_at: i64, attempt: i64 });
columns!(Signatures { order: i64, png: Vec<u8>, });
columns!(Notifications {
    order: i64, event: i64, url: String, content_type: String, body: Vec<u8>, state: String, attempts: i64,
});
columns!(Attempts {
    order: i64, event: i64, attempt: i64, at: i64, took_ms: i64, status: Option<i64>, answer: String,
});

/// Of one merchant.
#[derive(Default)]
struct Effects {
    finished: Finished,
    moved: Moved,
    events: Events,
    postings: Postings,
    refunds: Refunds,
    ended: Ended,
    /// By slot: what is owed last counts.
    works: BTreeMap<(i64, char, u32), (Timestamp, u32)>,
    signatures: Signatures,
    notifications: Notifications,
    attempts: Attempts,
}

pub fn effects<'a>(group: impl Iterator<Item = &'a Prepared>) -> Vec<Statement> {
    let mut all: HashMap<MerchantId, Effects> = HashMap::new();
    for prepared in group {
        put(prepared, &mut all);
    }
    let mut sorted: Vec<_> = all.into_iter().collect();
    sorted.sort_by_key(|(merchant, _)| *merchant);
    sorted.into_iter().flat_map(|(merchant, effects)| effects.statements(merchant)).collect()
}

fn put(prepared: &Prepared, all: &mut HashMap<MerchantId, Effects>) {
    let changeset = &prepared.changeset;
    if let Some(also) = &changeset.also {
        all.entry(also.order.merchant).or_default().decided(also, &prepared.also, changeset.lease_until);
    }
    if let Some(decision) = &changeset.decision {
        let effects = all.entry(decision.order.merchant).or_default();
        if let Some(update) = &changeset.work {
            // The decision stands whoever holds the row by now; a row that moved on is its new holder's.
            put_update(update, &mut effects.finished, &mut effects.moved);
        }
        effects.decided(decision, &prepared.decision, changeset.lease_until);
        if let Some(png) = &changeset.signature {
            effects.signatures.order.push(decision.order.number.0);
            effects.signatures.png.push(png.clone());
        }
    }
    if let Some(notification) = &changeset.notification {
        let effects = all.entry(notification.merchant).or_default();
        effects.notifications.push(notification);
        if let Some(attempt) = &changeset.attempt {
            effects.attempts.push(notification, attempt);
        }
    }
}

impl Effects {
    fn decided(&mut self, decision: &Decision, written: &Written, lease_until: Option<Timestamp>) {
        let (order, at) = (&decision.order, decision.at);
        for (event, body) in (decision.first_event()..).zip(&written.events) {
            self.events.order.push(order.number.0);
            self.events.event.push(event.into());
            self.events.at.push(at.0);
            self.events.body.push(body.clone());
        }
        for (line, posting) in (1..).zip(&decision.postings) {
            self.postings.order.push(order.number.0);
            self.postings.event.push(order.events.into());
            self.postings.line.push(line);
            self.postings.account.push(posting.account.to_string());
            self.postings.currency.push(posting.amount.currency.code().to_owned());
            self.postings.amount.push(posting.amount.minor);
            self.postings.at.push(at.0);
        }
        if let Some(refund) = &decision.refund {
            self.refunds.push(refund, written);
        }
        if decision.ends_open_work {
            self.ended.order.push(order.number.0);
        }
        for work in &decision.work {
            let (slot, slot_no) = work.kind.slot();
            let owed = match lease_until {
                Some(until) if work.due_at <= at => (until, 1),
                _ => (work.due_at, 0),
            };
            self.works.insert((order.number.0, slot, slot_no), owed);
        }
    }

    fn statements(self, merchant: MerchantId) -> impl Iterator<Item = Statement> {
        let mut works = Works::default();
        for ((order, slot, slot_no), (due_at, attempt)) in self.works {
            works.order.push(order);
            works.slot.push(slot.to_string());
            works.slot_no.push(slot_no.into());
            works.due_at.push(due_at.0);
            works.attempt.push(attempt.into());
        }
        [
            self.finished.statement(sql::FINISH_WORK, merchant),
            self.moved.statement(sql::MOVE_WORK, merchant),
            self.events.statement(sql::PUT_EVENTS, merchant),
            self.postings.statement(sql::PUT_POSTINGS, merchant),
            self.refunds.statement(sql::PUT_REFUNDS, merchant),
            self.ended.statement(sql::END_OPEN_WORK, merchant),
            works.statement(sql::PUT_WORKS, merchant),
            self.signatures.statement(sql::PUT_SIGNATURES, merchant),
            self.notifications.statement(sql::PUT_NOTIFICATIONS, merchant),
            self.attempts.statement(sql::PUT_ATTEMPTS, merchant),
        ]
        .into_iter()
        .flatten()
    }
}

impl Refunds {
    fn push(&mut self, refund: &Refund, written: &Written) {
        self.order.push(refund.order.0);
        self.number.push(refund.number.0.into());
        self.amount.push(refund.amount_minor);
        self.note.push(refund.note.clone());
        self.requested_at.push(refund.requested_at.0);
        self.late.push(refund.reverses_late_payment.into());
        self.state.push(written.refund_state.clone());
        self.reference.push(refund.reference.clone());
        self.choice.push(refund.choice.into());
        self.means.push(written.refund_means.clone());
    }
}

impl Notifications {
    fn push(&mut self, notification: &Notification) {
        self.order.push(notification.order.0);
        self.event.push(notification.event.into());
        self.url.push(notification.url.clone());
        self.content_type.push(notification.content_type.clone());
        self.body.push(notification.body.clone());
        self.state.push(notification.state.as_str().to_owned());
        self.attempts.push(notification.attempts.into());
    }
}

impl Attempts {
    fn push(&mut self, notification: &Notification, attempt: &NotificationAttempt) {
        self.order.push(notification.order.0);
        self.event.push(notification.event.into());
        self.attempt.push(attempt.attempt.into());
        self.at.push(attempt.at.0);
        self.took_ms.push(attempt.took_ms);
        self.status.push(attempt.status.map(i64::from));
        self.answer.push(attempt.answer.clone());
    }
}
