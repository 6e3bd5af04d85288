//! Refunds: the amount is set aside first, then moved or released by the channel's word.

use super::Decision;
use crate::command::{NewRefund, Outcome, Reserve};
use crate::counter::Pending;
use crate::event::Event;
use crate::fee::Cost;
use crate::ids::RefundNo;
use crate::ledger;
use crate::order::{Flow, Order, OrderState};
use crate::refund::{Refund, RefundMeans, RefundState};
use crate::refusal::{CounterRefusal, Refusal, Term};
use crate::work::WorkKind;

/// Refunds an order at a counter can have; the document says "normally 50".
pub const REFUNDS_MAX: u32 = 50;

pub fn request(decision: Decision, new: NewRefund) -> Result<Decision, Refusal> {
    if !matches!(decision.order.state, OrderState::Paid { .. }) {
        return Err(Refusal::NotPaid);
    }
    if let Some(refusal) = repeated(&new) {
        return Err(refusal);
    }
    if decision.order.counter.as_ref().is_some_and(|counter| counter.pending.is_some()) {
        return Err(CounterRefusal::Busy.into());
    }
    if new.means.is_void {
        // A card at a terminal is voided by an order of its own.
        if decision.order.terms.flow == Flow::CardPresent {
            return Err(CounterRefusal::WrongKind.into());
        }
        if new.amount_minor < decision.order.funds.captured_minor {
            return Err(CounterRefusal::NotWhole.into());
        }
        if decision.order.counter.as_ref().is_some_and(|counter| counter.is_settled) {
            return Err(CounterRefusal::Settled.into());
        }
    }
    let tip_minor = match new.means.is_void {
        true => None,
        false => tip_part(&decision.order, &new.earlier, new.amount_minor, new.means.tip_minor),
    };
    let means = RefundMeans { tip_minor, ..new.means };
    set_aside(decision, (new.amount_minor, new.reference, new.note, means))
}

/// Sets the amount aside. Who carries it out is asked afterwards: a channel, unless an order at a terminal does it.
pub(super) fn set_aside(
    mut decision: Decision,
    (amount_minor, reference, note, means): (i64, Option<String>, String, RefundMeans),
) -> Result<Decision, Refusal> {
    let order = &mut decision.order;
    let is_held_only = means.is_void && matches!(order.state, OrderState::Authorized { .. });
    if !is_held_only {
        if !matches!(order.state, OrderState::Paid { .. }) {
            return Err(Refusal::NotPaid);
        }
        if amount_minor <= 0 || amount_minor > order.funds.captured_minor {
            return Err(Refusal::RefundAboveOrder);
        }
        if amount_minor > order.funds.refundable_minor() {
            return Err(Refusal::RefundAboveRest);
        }
        if order.refunds >= REFUNDS_MAX && order.counter.is_some() {
            return Err(CounterRefusal::TooManyRefunds.into());
        }
        order.funds.refunding_minor += amount_minor;
    }
    order.refunds += 1;
    let number = RefundNo(order.refunds);
    if let Some(counter) = order.counter.as_mut().filter(|_| means.is_void) {
        counter.pending = Some(Pending::Void { refund: number });
    }
    let refund = Refund {
        merchant: order.merchant,
        order: order.number,
        number,
        amount_minor,
        reference,
        note,
        choice: order.choice(),
        requested_at: decision.at,
        state: RefundState::Requested,
        reverses_late_payment: false,
        means,
    };
    decision.record(match refund.means.is_void {
        true => Event::VoidRequested { refund: number, amount_minor },
        false => Event::RefundRequested { refund: number, amount_minor },
    });
    let now = decision.at;
    if refund.means.carried_by.is_none() {
        decision.owe(WorkKind::Refund(refund.number), now);
    }
    decision.refund = Some(refund);
    Ok(decision)
}

/// What earlier refunds left of the sale and of the tip. Parts that they did not name came out of the sale first.
fn left_of_parts(order: &Order, earlier: &[Refund]) -> (i64, i64) {
    let (mut sale_left, mut tip_left) = (order.funds.captured_minor - order.tip_minor(), order.tip_minor());
    let counts = |refund: &&Refund| {
        !refund.reverses_late_payment && !matches!(refund.state, RefundState::Failed { .. })
    };
    for earlier in earlier.iter().filter(counts) {
        let implied = || (earlier.amount_minor - sale_left).max(0);
        let of_tip = earlier.means.tip_minor.unwrap_or_else(implied);
        tip_left -= of_tip;
        sale_left -= earlier.amount_minor - of_tip;
    }
    (sale_left, tip_left)
}

/// How much of a refund is tip, settled when it is asked for: others may be done before it. Where no refund can name its
/// parts nobody needs to know.
pub(super) fn tip_part(
    order: &Order,
    earlier: &[Refund],
    amount_minor: i64,
    named: Option<i64>,
) -> Option<i64> {
    let has_parts = order.counter.is_some() && order.tip_minor() > 0;
    let out_of_the_sale_first = || amount_minor.saturating_sub(left_of_parts(order, earlier).0).max(0);
    named.or_else(|| has_parts.then(out_of_the_sale_first))
}

/// Of a refund that names its parts: no more of the tip, and no more of the sale, than is left of it.
pub(super) fn is_left_of_its_parts(order: &Order, asked: &Reserve) -> Result<(), Refusal> {
    let Some(tip_minor) = asked.refunds_tip_minor else { return Ok(()) };
    let (sale_left, tip_left) = left_of_parts(order, &asked.earlier);
    let sale_minor = asked.amount_minor.saturating_sub(tip_minor);
    let fits = (0..=tip_left).contains(&tip_minor) && (0..=sale_left).contains(&sale_minor);
    if fits { Ok(()) } else { Err(CounterRefusal::PartAboveRest.into()) }
}

/// A reference names one refund for ever. Without one, amount and note do, and a refund that failed does not stand
/// in the way of the same one again.
fn repeated(new: &NewRefund) -> Option<Refusal> {
    let merchants = || new.earlier.iter().filter(|earlier| !earlier.reverses_late_payment);
    if new.reference.is_some() {
        let known = merchants().find(|earlier| earlier.reference == new.reference)?;
        return Some(match known.amount_minor == new.amount_minor {
            true => Refusal::RefundRepeated(known.number),
            false => Refusal::ReferenceReused(Term::Amount),
        });
    }
    let same = |earlier: &&Refund| {
        earlier.amount_minor == new.amount_minor
            && earlier.note == new.note
            && !matches!(earlier.state, RefundState::Failed { .. })
    };
    merchants().find(same).map(|known| Refusal::RefundRepeated(known.number))
}

pub fn channel_says(decision: Decision, refund: Refund, outcome: Outcome) -> Decision {
    if refund.state != RefundState::Requested {
        return decision;
    }
    match outcome {
        Outcome::Paid { .. } => succeeded(decision, refund),
        Outcome::Declined { reason } => failed(decision, refund, reason),
        Outcome::Pending | Outcome::Unknown => decision,
    }
}

fn succeeded(mut decision: Decision, mut refund: Refund) -> Decision {
    let amount_minor = refund.amount_minor;
    let order = &mut decision.order;
    let Some(method) = order.method_of(refund.choice).cloned() else { return decision };
    let is_held_only = refund.means.is_void && matches!(order.state, OrderState::Authorized { .. });
    let mut cost_back = Cost::NOTHING;
    if refund.reverses_late_payment {
        decision.postings = ledger::late_payment_returned(&order.terms, &method, amount_minor);
    } else if is_held_only {
        // Nothing had been taken.
    } else if refund.means.is_void {
        order.funds.refunding_minor -= amount_minor;
        order.funds.refunded_minor += amount_minor;
        let tip_minor = order.tip_minor();
        cost_back = order.cost();
        decision.postings = ledger::void(&order.terms, &method, amount_minor - tip_minor, tip_minor);
    } else {
        let (before_minor, cost_before) = (order.funds.refunded_minor, order.cost_given_back());
        order.funds.refunding_minor -= amount_minor;
        order.funds.refunded_minor += amount_minor;
        cost_back = order.cost_given_back().less(cost_before);
        let tip_minor = order.tip_minor();
        let parts = (order.funds.captured_minor - tip_minor, tip_minor);
        let (so_far, of_tip) = ((before_minor, amount_minor), refund.means.tip_minor);
        decision.postings = ledger::refund(&order.terms, &method, parts, so_far, of_tip);
    }
    refund.state = RefundState::Succeeded { at: decision.at, cost_back };
    decision.record(Event::RefundSucceeded { refund: refund.number, amount_minor });
    // Before the order is voided: the event to tell of is the refund's.
    tell(&mut decision, &refund);
    if refund.means.is_void && !refund.reverses_late_payment {
        voided(&mut decision);
    }
    decision.refund = Some(refund);
    decision
}

fn voided(decision: &mut Decision) {
    let at = decision.at;
    let order = &mut decision.order;
    if let Some(counter) = &mut order.counter {
        counter.pending = None;
    }
    if let OrderState::Paid { channel_ref, payer, .. } | OrderState::Authorized { channel_ref, payer, .. } =
        order.state.clone()
    {
        order.state = OrderState::Voided { at, channel_ref, payer };
        decision.record(Event::Voided);
    }
}

/// Whoever asked for the refund hears how it ended.
fn tell(decision: &mut Decision, refund: &Refund) {
    if !refund.means.notify_url.is_empty() {
        let (event, now) = (decision.order.events, decision.at);
        decision.owe(WorkKind::Notify(event), now);
    }
}

/// The amount is free again. Late money that could not be returned stays in `late_payments` for a person to see.
fn failed(mut decision: Decision, mut refund: Refund, reason: String) -> Decision {
    let amount_minor = refund.amount_minor;
    let is_held_only = refund.means.is_void && matches!(decision.order.state, OrderState::Authorized { .. });
    if !refund.reverses_late_payment && !is_held_only {
        decision.order.funds.refunding_minor -= amount_minor;
    }
    if let Some(counter) = decision.order.counter.as_mut().filter(|_| refund.means.is_void) {
        counter.pending = None;
    }
    refund.state = RefundState::Failed { at: decision.at, reason: reason.clone() };
    decision.record(Event::RefundFailed { refund: refund.number, amount_minor, reason });
    tell(&mut decision, &refund);
    decision.refund = Some(refund);
    decision
}
