//! Orders at a terminal: on their way to the screen, their end, and what is done later to what they paid.

use super::{Decision, online, outcome, refund, stop};
use crate::command::{Asked, Outcome, Reserve};
use crate::counter::{BatchPlace, Counter, Deed, Facts, OVERDUE_S, Pending, Stage};
use crate::event::Event;
use crate::ids::OrderNo;
use crate::ledger;
use crate::order::{FailReason, Flow, Order, OrderState, Presentation};
use crate::refund::{Refund, RefundMeans};
use crate::refusal::{CounterRefusal, Refusal};
use crate::slip::Slip;
use crate::time::Timestamp;
use crate::work::{WorkKind, ask_delay_s};

pub fn offer(mut decision: Decision) -> Decision {
    let order = &mut decision.order;
    let Some(counter) = waiting_at(order, Stage::Waiting) else { return decision };
    counter.stage = Stage::Offered;
    decision.record(Event::Offered);
    decision
}

pub fn take(mut decision: Decision) -> Decision {
    let order = &mut decision.order;
    let is_card = order.terms.flow == Flow::CardPresent;
    let Some(counter) = waiting_at(order, Stage::Offered) else { return decision };
    counter.stage = Stage::Taken;
    decision.record(Event::Taken);
    if is_card {
        let overdue_at = decision.at.plus_s(OVERDUE_S);
        decision.owe(WorkKind::Ask, overdue_at);
    }
    decision
}

/// The counter of an order that is pending at this stage.
fn waiting_at(order: &mut Order, stage: Stage) -> Option<&mut Counter> {
    let is_pending = order.state == OrderState::Pending;
    order.counter.as_deref_mut().filter(|counter| is_pending && counter.stage == stage)
}

/// The terminal scanned the payer's code: it is charged like one a till sent.
pub fn scan(mut decision: Decision, payer_code: String) -> Decision {
    let order = &mut decision.order;
    let fits = order.state == OrderState::Pending
        && order.counter.is_some()
        && order.terms.flow == Flow::CustomerPresented
        && order.presentation == Presentation::None;
    if !fits {
        return decision;
    }
    order.presentation = Presentation::Scanned(payer_code);
    let presented = Event::Presented(order.presentation.clone());
    decision.record(presented);
    let now = decision.at;
    decision.owe(WorkKind::Charge, now);
    decision
}

/// A terminal's or the acquirer's word. Done wins over anything open; nothing overwrites an end.
pub fn says(decision: Decision, (choice, asked): (u32, Asked), outcome: Outcome, facts: Facts) -> Decision {
    if !decision.order.is_cards_choice(choice) {
        // A wallet's money is the wallet's to tell.
        return decision;
    }
    if choice != decision.order.choice() {
        return match outcome {
            // It was shut at the acquirer, and the money came all the same.
            Outcome::Paid { channel_ref, .. } => outcome::late_payment(decision, choice, channel_ref),
            Outcome::Declined { .. } | Outcome::Pending | Outcome::Unknown => decision,
        };
    }
    match (decision.order.state.clone(), outcome) {
        (OrderState::Pending | OrderState::Closing(_), Outcome::Paid { channel_ref, payer, at }) => {
            done(decision, facts, (channel_ref, payer, at))
        }
        (OrderState::Pending, Outcome::Declined { reason })
            if decision.order.terms.flow == Flow::HostedPage =>
        {
            match decision.order.presentation {
                // That card has had its answer.
                Presentation::None => decision,
                _ => online::choice_refused(decision, facts.slip, reason),
            }
        }
        (OrderState::Pending, Outcome::Declined { reason }) => declined(decision, facts, reason),
        (OrderState::Closing(close), Outcome::Declined { .. }) => stop::closed(decision, close),
        (OrderState::Pending, Outcome::Unknown | Outcome::Pending) if asked == Asked::Charge => {
            keep_asking(decision)
        }
        (OrderState::Failed { .. } | OrderState::Cancelled { .. }, Outcome::Paid { channel_ref, .. })
            if !decision.order.terms.deed().follows_up() =>
        {
            late(decision, choice, facts, channel_ref)
        }
        _ => decision,
    }
}

type PaidBy = (String, String, Timestamp);

fn done(mut decision: Decision, facts: Facts, (channel_ref, payer, at): PaidBy) -> Decision {
    let deed = decision.order.terms.deed();
    let batch = facts.batch.clone().filter(|_| matches!(deed, Deed::Sale | Deed::Refund));
    note(&mut decision, Facts { batch, ..facts });
    match deed {
        Deed::Sale => outcome::paid(decision, channel_ref, payer, at),
        Deed::Authorization => authorized(decision, (channel_ref, payer, at)),
        Deed::Void | Deed::Refund | Deed::Completion => {
            let order = &mut decision.order;
            order.state = OrderState::Paid { at, channel_ref: channel_ref.clone(), payer: payer.clone() };
            decision.record(Event::Done { channel_ref, payer, at });
            decision.finish();
            decision
        }
    }
}

fn authorized(mut decision: Decision, (channel_ref, payer, at): PaidBy) -> Decision {
    let amount_minor = decision.order.total().minor;
    if let Some(counter) = &mut decision.order.counter {
        counter.authorized_minor = amount_minor;
    }
    decision.order.state =
        OrderState::Authorized { at, channel_ref: channel_ref.clone(), payer: payer.clone() };
    decision.record(Event::Authorized { channel_ref, payer, at, amount_minor });
    decision.finish();
    decision
}

/// Keeps what is known of the payment besides its end.
fn note(decision: &mut Decision, facts: Facts) {
    let may_tip = matches!(decision.order.terms.deed(), Deed::Sale | Deed::Authorization);
    let Some(counter) = &mut decision.order.counter else { return };
    let tip_minor = facts.tip_minor.filter(|_| may_tip).unwrap_or(counter.tip_minor);
    if facts.slip.is_none() && facts.batch.is_none() && tip_minor == counter.tip_minor {
        return;
    }
    let slip = of_the_same_card(facts.slip, counter.slip.as_ref());
    (counter.slip, counter.tip_minor) = (slip.clone(), tip_minor);
    counter.batch.clone_from(&facts.batch);
    decision.record(Event::Slip { slip, tip_minor, batch: facts.batch });
}

/// The token is ours: no acquirer knows it.
fn of_the_same_card(slip: Option<Slip>, known: Option<&Slip>) -> Option<Slip> {
    let Some(known) = known.filter(|known| !known.token.is_empty()) else { return slip };
    let slip = slip.unwrap_or_else(|| known.clone());
    Some(Slip { token: known.token.clone(), ..slip })
}

/// What the acquirer said of the card, beside what is known of it.
pub fn note_slip(decision: &mut Decision, slip: Option<Slip>) {
    note(decision, Facts { slip, ..Facts::default() });
}

fn declined(mut decision: Decision, facts: Facts, reason: String) -> Decision {
    note(&mut decision, Facts { slip: facts.slip, ..Facts::default() });
    let reason = FailReason::Declined(reason);
    decision.order.state = OrderState::Failed { at: decision.at, reason: reason.clone() };
    decision.record(Event::Failed(reason));
    decision.finish();
    decision
}

/// The terminal does not know whether the card was charged: the acquirer is asked, now and until it answers.
fn keep_asking(mut decision: Decision) -> Decision {
    let Some(counter) = decision.order.counter.as_mut().filter(|counter| !counter.is_unknown) else {
        return decision;
    };
    counter.is_unknown = true;
    decision.record(Event::OutcomeUnknown);
    let ask_at = decision.at.plus_s(ask_delay_s(0));
    decision.owe(WorkKind::Ask, ask_at);
    decision
}

fn late(mut decision: Decision, choice: u32, facts: Facts, channel_ref: String) -> Decision {
    if decision.order.given_back == 0 {
        note(&mut decision, Facts { batch: None, ..facts });
    }
    outcome::late_payment(decision, choice, channel_ref)
}

/// Sets aside what a follow-up needs of this order.
pub fn reserve(decision: Decision, asked: Reserve) -> Result<Decision, Refusal> {
    match asked.deed {
        Deed::Sale | Deed::Authorization => Err(CounterRefusal::WrongKind.into()),
        Deed::Void => reserve_void(decision, asked),
        Deed::Completion => reserve_capture(decision, &asked),
        Deed::Refund => {
            // What a wallet paid goes back by the wallet, not onto a card.
            let counter = card_counter(&decision.order)?;
            if counter.pending.is_some() {
                return Err(CounterRefusal::Busy.into());
            }
            if decision.order.terms.deed().follows_up() {
                return Err(CounterRefusal::WrongKind.into());
            }
            refund::is_left_of_its_parts(&decision.order, &asked)?;
            let named = asked.refunds_tip_minor;
            let tip_minor = refund::tip_part(&decision.order, &asked.earlier, asked.amount_minor, named);
            let means = RefundMeans { carried_by: Some(asked.by), tip_minor, ..RefundMeans::default() };
            refund::set_aside(decision, (asked.amount_minor, None, asked.note, means))
        }
    }
}

fn reserve_void(decision: Decision, asked: Reserve) -> Result<Decision, Refusal> {
    let order = &decision.order;
    let counter = card_counter(order)?;
    let whole_minor = match order.state {
        OrderState::Paid { .. } if asked.only_held => return Err(CounterRefusal::NothingAuthorized.into()),
        OrderState::Paid { .. } => order.funds.captured_minor,
        OrderState::Authorized { .. } => counter.authorized_minor,
        _ => return Err(Refusal::NotPaid),
    };
    if order.terms.deed().follows_up() {
        return Err(CounterRefusal::WrongKind.into());
    }
    if matches!(order.state, OrderState::Paid { .. }) {
        is_in_open_batch(counter, asked.open_batch)?;
    }
    is_idle(order, counter)?;
    if asked.amount_minor != whole_minor {
        return Err(CounterRefusal::NotWhole.into());
    }
    let means = RefundMeans { is_void: true, carried_by: Some(asked.by), ..RefundMeans::default() };
    refund::set_aside(decision, (whole_minor, None, asked.note, means))
}

fn reserve_capture(mut decision: Decision, asked: &Reserve) -> Result<Decision, Refusal> {
    let order = &decision.order;
    let counter = card_counter(order)?;
    if !matches!(order.state, OrderState::Authorized { .. }) {
        return Err(CounterRefusal::NothingToCapture.into());
    }
    is_idle(order, counter)?;
    if asked.amount_minor > counter.authorized_minor {
        return Err(CounterRefusal::AboveAuthorized.into());
    }
    let (by, amount_minor, tip_minor) = (asked.by, asked.amount_minor, asked.tip_minor);
    put_pending(&mut decision, Some(Pending::Capture { by, amount_minor, tip_minor }));
    decision.record(Event::CaptureRequested { by, amount_minor, tip_minor });
    Ok(decision)
}

fn card_counter(order: &Order) -> Result<&Counter, Refusal> {
    let is_card = order.is_card();
    order.counter.as_deref().filter(|_| is_card).ok_or(Refusal::AtCounter(CounterRefusal::WrongKind))
}

/// Nothing is under way on it and nothing has been given back.
fn is_idle(order: &Order, counter: &Counter) -> Result<(), Refusal> {
    if counter.pending.is_some() || order.funds.refunding_minor > 0 {
        return Err(CounterRefusal::Busy.into());
    }
    if order.funds.refunded_minor > 0 { Err(CounterRefusal::PartlyRefunded.into()) } else { Ok(()) }
}

fn is_in_open_batch(counter: &Counter, open_batch: Option<u32>) -> Result<(), Refusal> {
    let number = counter.batch.as_ref().map(|batch| batch.number);
    if number.is_some() && number == open_batch && !counter.is_settled {
        Ok(())
    } else {
        Err(CounterRefusal::Settled.into())
    }
}

fn put_pending(decision: &mut Decision, pending: Option<Pending>) {
    if let Some(counter) = &mut decision.order.counter {
        counter.pending = pending;
    }
}

/// The order that acted on this one has ended.
pub fn follow_up_says(
    decision: Decision,
    by: OrderNo,
    refund: Option<Refund>,
    is_done: bool,
    (facts, channel_ref): (Facts, String),
) -> Decision {
    if let Some(refund) = refund {
        let at = decision.at;
        let outcome = match is_done {
            true => Outcome::Paid { channel_ref, payer: String::new(), at },
            false => Outcome::Declined { reason: "not done at the terminal".into() },
        };
        return refund::channel_says(decision, refund, outcome);
    }
    let pending = decision.order.counter.as_ref().and_then(|counter| counter.pending);
    match pending {
        Some(Pending::Capture { by: known, amount_minor, tip_minor }) if known == by => match is_done {
            true => captured(decision, by, (amount_minor, tip_minor), facts.batch),
            false => capture_failed(decision, by),
        },
        _ => decision,
    }
}

fn capture_failed(mut decision: Decision, by: OrderNo) -> Decision {
    put_pending(&mut decision, None);
    decision.record(Event::CaptureFailed { by });
    decision
}

fn captured(
    mut decision: Decision,
    by: OrderNo,
    (amount_minor, tip_minor): (i64, i64),
    batch: Option<BatchPlace>,
) -> Decision {
    let at = decision.at;
    let order = &mut decision.order;
    let OrderState::Authorized { channel_ref, payer, .. } = order.state.clone() else { return decision };
    let Some(method) = order.method().cloned() else { return decision };
    order.state = OrderState::Paid { at, channel_ref, payer };
    order.funds.captured_minor = amount_minor;
    if let Some(counter) = &mut order.counter {
        (counter.pending, counter.tip_minor) = (None, tip_minor);
        counter.batch.clone_from(&batch);
    }
    decision.postings = ledger::payment(&decision.order.terms, &method, amount_minor - tip_minor, tip_minor);
    decision.record(Event::Captured { by, amount_minor, tip_minor, at, batch });
    decision
}

pub fn adjust_tip(
    mut decision: Decision,
    tip_minor: i64,
    open_batch: Option<u32>,
) -> Result<Decision, Refusal> {
    let order = &decision.order;
    let counter = card_counter(order)?;
    if order.terms.deed().follows_up() {
        return Err(CounterRefusal::WrongKind.into());
    }
    if !matches!(order.state, OrderState::Paid { .. }) {
        return Err(Refusal::NotPaid);
    }
    is_in_open_batch(counter, open_batch)?;
    if counter.pending == Some(Pending::Tip { tip_minor })
        || counter.pending.is_none() && counter.tip_minor == tip_minor
    {
        return Ok(decision);
    }
    is_idle(order, counter)?;
    put_pending(&mut decision, Some(Pending::Tip { tip_minor }));
    decision.record(Event::TipRequested { tip_minor });
    let now = decision.at;
    decision.owe(WorkKind::Tip, now);
    Ok(decision)
}

pub fn tip_says(mut decision: Decision, tip_minor: i64, outcome: Outcome) -> Decision {
    let order = &mut decision.order;
    let (Some(method), Some(counter)) = (order.choices.last().cloned(), order.counter.as_mut()) else {
        return decision;
    };
    if counter.pending != Some(Pending::Tip { tip_minor }) {
        return decision;
    }
    match outcome {
        Outcome::Paid { .. } => {
            let before_minor = counter.tip_minor;
            (counter.pending, counter.tip_minor) = (None, tip_minor);
            counter.authorized_minor += tip_minor - before_minor;
            order.funds.captured_minor += tip_minor - before_minor;
            let sale_minor = order.funds.captured_minor - tip_minor;
            let terms = &decision.order.terms;
            decision.postings = ledger::tip(terms, &method, sale_minor, (before_minor, tip_minor));
            decision.record(Event::TipAdjusted { tip_minor });
        }
        Outcome::Declined { reason } => {
            counter.pending = None;
            decision.record(Event::TipRefused { reason });
        }
        Outcome::Pending | Outcome::Unknown => {}
    }
    decision
}

/// Its batch was closed: what the acquirer owes for it is now on its way.
pub fn settle(mut decision: Decision) -> Decision {
    let order = &mut decision.order;
    let is_paid = matches!(order.state, OrderState::Paid { .. });
    let minor = match order.terms.deed() {
        Deed::Refund => -order.total().minor,
        _ => order.funds.captured_minor,
    };
    let Some(method) = order.choices.last().cloned() else { return decision };
    let Some(counter) = order.counter.as_mut().filter(|counter| counter.batch.is_some()) else {
        return decision;
    };
    if !is_paid || counter.is_settled || counter.pending.is_some() {
        return decision;
    }
    counter.is_settled = true;
    decision.postings = ledger::settlement(&decision.order.terms, &method, minor);
    decision.record(Event::Settled);
    decision
}
