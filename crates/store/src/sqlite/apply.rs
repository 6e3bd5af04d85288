//! One changeset as statements. The guard comes first: when it fails nothing of the changeset is written,
//! so a group needs no savepoints.

use rusqlite::{Connection, params};
use tillgate_core::decide::Expected;
use tillgate_core::{Decision, Order, OrderNo, Posting, Refund, RefundState, Timestamp, Work, WorkKey};

use super::rows::{all, run};
use super::{claim, notify, terminal};
use crate::changeset::WorkUpdate;
use crate::port::Conflict;
use crate::written::{Prepared, Written};
use crate::{rows, sql};

pub enum Applied {
    Yes,
    Not(Conflict),
}

pub fn changeset(connection: &Connection, prepared: &Prepared) -> rusqlite::Result<Applied> {
    let changeset = &prepared.changeset;
    if changeset.also.is_none() && changeset.into_batch.is_none() && changeset.claim.is_none() {
        return guarded(connection, prepared);
    }
    // More than one thing may be in the way: what was written before it is found is taken back.
    connection.prepare_cached("SAVEPOINT several")?.execute(())?;
    let applied = several(connection, prepared)?;
    if matches!(applied, Applied::Not(_)) {
        connection.prepare_cached("ROLLBACK TO several")?.execute(())?;
    }
    connection.prepare_cached("RELEASE several")?.execute(())?;
    Ok(applied)
}

fn several(connection: &Connection, prepared: &Prepared) -> rusqlite::Result<Applied> {
    let changeset = &prepared.changeset;
    if let Some(made) = &changeset.claim
        && !claim::put(connection, made)?
    {
        return Ok(Applied::Not(Conflict::Claim));
    }
    if let (Some(place), Some(decision)) = (&changeset.into_batch, &changeset.decision)
        && !terminal::batch_is_open(connection, decision.order.merchant, place, decision.at)?
    {
        return Ok(Applied::Not(Conflict::Batch));
    }
    if let Some(also) = &changeset.also {
        if let Some(conflict) = guard(connection, also, &prepared.also)? {
            return Ok(Applied::Not(conflict));
        }
        apply_decision(connection, also, &prepared.also, changeset.lease_until)?;
    }
    guarded(connection, prepared)
}

fn guarded(connection: &Connection, prepared: &Prepared) -> rusqlite::Result<Applied> {
    let changeset = &prepared.changeset;
    if let Some(decision) = &changeset.decision {
        if let Some(conflict) = guard(connection, decision, &prepared.decision)? {
            return Ok(Applied::Not(conflict));
        }
        if let Some(update) = &changeset.work {
            // The decision stands whoever holds the row by now; a row that moved on is its new holder's.
            update_work(connection, update)?;
        }
        apply_decision(connection, decision, &prepared.decision, changeset.lease_until)?;
        if let Some(png) = &changeset.signature {
            terminal::put_signature(connection, decision.order.merchant, decision.order.number, png)?;
        }
    } else if let Some(update) = &changeset.work
        && !update_work(connection, update)?
    {
        return Ok(Applied::Not(Conflict::Work));
    }
    if let Some(notification) = &changeset.notification {
        notify::put(connection, notification)?;
        if let Some(attempt) = &changeset.attempt {
            notify::put_attempt(connection, notification, attempt)?;
        }
    }
    Ok(Applied::Yes)
}

/// A refund's reference first: it can be given back without a trace when the order turns out to have moved on.
fn guard(
    connection: &Connection,
    decision: &Decision,
    prepared: &Written,
) -> rusqlite::Result<Option<Conflict>> {
    let new_refund = decision
        .refund
        .as_ref()
        .filter(|refund| refund.state == RefundState::Requested && is_known(decision));
    let Some((refund, reference)) =
        new_refund.and_then(|refund| Some((refund, refund.reference.as_deref()?)))
    else {
        return guard_order(connection, decision, prepared);
    };
    let order = &decision.order;
    if !take_reference(connection, order, reference, refund.number.0)? {
        return Ok(Some(Conflict::Reference));
    }
    let conflict = guard_order(connection, decision, prepared)?;
    if conflict.is_some() {
        connection
            .prepare_cached(
                "DELETE FROM order_references WHERE merchant_id = ?1 AND room = ?2 AND reference = ?3",
            )?
            .execute(params![order.merchant.0, order.room, reference])?;
    }
    Ok(conflict)
}

fn is_known(decision: &Decision) -> bool {
    matches!(decision.expected, Expected::Version(_))
}

fn guard_order(
    connection: &Connection,
    decision: &Decision,
    prepared: &Written,
) -> rusqlite::Result<Option<Conflict>> {
    match decision.expected {
        Expected::Absent | Expected::Instead(_) => {
            let order = &decision.order;
            if !insert_order(connection, order, prepared)? {
                return Ok(Some(Conflict::Number));
            }
            let is_ours = match decision.expected {
                Expected::Instead(before) => pass_reference_on(connection, order, before)?,
                _ => take_reference(connection, order, &order.reference, 0)?,
            };
            if is_ours {
                return Ok(None);
            }
            connection
                .prepare_cached("DELETE FROM orders WHERE merchant_id = ?1 AND order_no = ?2")?
                .execute(params![order.merchant.0, order.number.0])?;
            Ok(Some(Conflict::Reference))
        }
        Expected::Version(version) => {
            let order = &decision.order;
            let written = update_order(connection, order, version, prepared)?;
            Ok((!written).then_some(Conflict::Version))
        }
    }
}

fn insert_order(connection: &Connection, order: &Order, prepared: &Written) -> rusqlite::Result<bool> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO orders (merchant_id, order_no, version, room, reference, state, state_body, currency,
             amount_minor, captured_minor, refunded_minor, refunding_minor, refunds, events, presentation, terms,
             tip_minor, choices, given_back, operator, terminal, authorized_minor, deed, counter, queue_rank,
             batch_terminal, batch_no)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
             ?23, ?24, ?25, '', 0)
         ON CONFLICT DO NOTHING",
    )?;
    let written = insert.execute(params![
        order.merchant.0,
        order.number.0,
        order.version,
        &*order.room,
        order.reference,
        order.state.name(),
        prepared.state,
        order.terms.amount.currency.code(),
        order.terms.amount.minor,
        order.funds.captured_minor,
        order.funds.refunded_minor,
        order.funds.refunding_minor,
        order.refunds,
        order.events,
        prepared.presentation,
        prepared.terms,
        order.terms.tip_minor,
        rows::choice_words(&order.choices),
        order.given_back,
        order.terms.operator,
        order.terms.terminal,
        order.authorized_minor(),
        order.terms.deed().as_str(),
        prepared.counter,
        rows::queue_rank(order),
    ])?;
    Ok(written == 1)
}

/// The reference of an order that came to nothing goes to the one that is made instead. False if it was not that
/// order's any more.
fn pass_reference_on(connection: &Connection, order: &Order, before: OrderNo) -> rusqlite::Result<bool> {
    let written = connection
        .prepare_cached(
            "UPDATE order_references SET order_no = ?5
             WHERE merchant_id = ?1 AND room = ?2 AND reference = ?3 AND order_no = ?4 AND refund_no = 0",
        )?
        .execute(params![order.merchant.0, order.room, order.reference, before.0, order.number.0])?;
    Ok(written == 1)
}

/// False if the merchant has used it in this room.
fn take_reference(
    connection: &Connection,
    order: &Order,
    reference: &str,
    refund_no: u32,
) -> rusqlite::Result<bool> {
    let written = connection
        .prepare_cached(
            "INSERT INTO order_references (merchant_id, room, reference, order_no, refund_no)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )?
        .execute(params![order.merchant.0, order.room, reference, order.number.0, refund_no])?;
    Ok(written == 1)
}

fn update_order(
    connection: &Connection,
    order: &Order,
    version: u32,
    prepared: &Written,
) -> rusqlite::Result<bool> {
    let batch = order.counter.as_ref().and_then(|counter| counter.batch.as_ref());
    let mut update = connection.prepare_cached(
        "UPDATE orders SET version = ?4, state = ?5, state_body = ?6, captured_minor = ?7, refunded_minor = ?8,
             refunding_minor = ?9, refunds = ?10, events = ?11, presentation = ?12, choices = ?13, given_back = ?14,
             tip_minor = ?15, authorized_minor = ?16, counter = ?17, queue_rank = ?18, batch_terminal = ?19,
             batch_no = ?20
         WHERE merchant_id = ?1 AND order_no = ?2 AND version = ?3",
    )?;
    let written = update.execute(params![
        order.merchant.0,
        order.number.0,
        version,
        order.version,
        order.state.name(),
        prepared.state,
        order.funds.captured_minor,
        order.funds.refunded_minor,
        order.funds.refunding_minor,
        order.refunds,
        order.events,
        prepared.presentation,
        rows::choice_words(&order.choices),
        order.given_back,
        order.tip_minor(),
        order.authorized_minor(),
        prepared.counter,
        rows::queue_rank(order),
        batch.map_or("", |batch| &batch.terminal),
        batch.map_or(0, |batch| batch.number),
    ])?;
    Ok(written == 1)
}

fn apply_decision(
    connection: &Connection,
    decision: &Decision,
    prepared: &Written,
    lease_until: Option<Timestamp>,
) -> rusqlite::Result<()> {
    let order = &decision.order;
    let mut insert = connection.prepare_cached(
        "INSERT INTO events (merchant_id, order_no, event_no, at, body) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (event_no, body) in (decision.first_event()..).zip(&prepared.events) {
        insert.execute(params![order.merchant.0, order.number.0, event_no, decision.at.0, body])?;
    }
    for (line, posting) in (1..).zip(&decision.postings) {
        insert_posting(connection, order, (line, decision.at), posting)?;
    }
    if let Some(refund) = &decision.refund {
        put_refund(connection, refund, prepared)?;
    }
    if decision.ends_open_work {
        connection
            .prepare_cached(
                "DELETE FROM work WHERE merchant_id = ?1 AND order_no = ?2 AND slot IN ('a', 'c', 'k', 'x')",
            )?
            .execute(params![order.merchant.0, order.number.0])?;
    }
    for work in &decision.work {
        let key = WorkKey { merchant: order.merchant, order: order.number, kind: work.kind };
        match lease_until {
            Some(until) if work.due_at <= decision.at => put_work(connection, &key, until, 1)?,
            _ => put_work(connection, &key, work.due_at, 0)?,
        }
    }
    Ok(())
}

fn insert_posting(
    connection: &Connection,
    order: &Order,
    (line, at): (u32, Timestamp),
    posting: &Posting,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO postings (merchant_id, order_no, event_no, line, account, currency, amount_minor, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            order.merchant.0,
            order.number.0,
            order.events,
            line,
            posting.account.to_string(),
            posting.amount.currency.code(),
            posting.amount.minor,
            at.0,
        ])?;
    Ok(())
}

fn put_refund(connection: &Connection, refund: &Refund, prepared: &Written) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO refunds
                 (merchant_id, order_no, refund_no, amount_minor, note, requested_at, late, state_body, reference, choice, means)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (merchant_id, order_no, refund_no) DO UPDATE SET state_body = excluded.state_body",
        )?
        .execute(params![
            refund.merchant.0,
            refund.order.0,
            refund.number.0,
            refund.amount_minor,
            refund.note,
            refund.requested_at.0,
            refund.reverses_late_payment,
            prepared.refund_state,
            refund.reference,
            refund.choice,
            prepared.refund_means,
        ])?;
    Ok(())
}

pub fn put_work(
    connection: &Connection,
    key: &WorkKey,
    due_at: Timestamp,
    attempt: u32,
) -> rusqlite::Result<()> {
    let (slot, slot_no) = key.kind.slot();
    let values = params![key.merchant.0, key.order.0, slot.to_string(), slot_no, due_at.0, attempt];
    run(connection, sql::PUT_WORK, values).map(drop)
}

/// False if another has done or leased it since.
fn update_work(connection: &Connection, update: &WorkUpdate) -> rusqlite::Result<bool> {
    let written = match update {
        WorkUpdate::Done(held) => {
            let (slot, slot_no) = held.key.kind.slot();
            connection
                .prepare_cached(
                    "DELETE FROM work WHERE merchant_id = ?1 AND order_no = ?2 AND slot = ?3 AND slot_no = ?4
                         AND attempt = ?5 AND due_at = ?6",
                )?
                .execute(params![
                    held.key.merchant.0,
                    held.key.order.0,
                    slot.to_string(),
                    slot_no,
                    held.attempt,
                    held.due_at.0,
                ])?
        }
        WorkUpdate::Retry(held, due_at) => move_work(connection, held, *due_at, held.attempt)?,
        WorkUpdate::Postpone(held, due_at) => {
            move_work(connection, held, *due_at, held.attempt.saturating_sub(1))?
        }
    };
    Ok(written == 1)
}

/// Compare-and-set on the lease: its end and its attempt.
fn move_work(
    connection: &Connection,
    held: &Work,
    due_at: Timestamp,
    attempt: u32,
) -> rusqlite::Result<usize> {
    let (slot, slot_no) = held.key.kind.slot();
    connection
        .prepare_cached(
            "UPDATE work SET due_at = ?7, attempt = ?8
             WHERE merchant_id = ?1 AND order_no = ?2 AND slot = ?3 AND slot_no = ?4 AND attempt = ?5
                 AND due_at = ?6",
        )?
        .execute(params![
            held.key.merchant.0,
            held.key.order.0,
            slot.to_string(),
            slot_no,
            held.attempt,
            held.due_at.0,
            due_at.0,
            attempt,
        ])
}

pub fn lease_due(
    connection: &Connection,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> rusqlite::Result<Vec<Work>> {
    let mut leased = all(connection, sql::DUE, params![now.0, limit], rows::work)?;
    for work in &mut leased {
        move_work(connection, work, lease_until, work.attempt + 1)?;
        (work.due_at, work.attempt) = (lease_until, work.attempt + 1);
    }
    Ok(leased)
}
