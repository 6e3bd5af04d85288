//! Refunds: the amount is set aside first, then moved or released by the channel's word.

use super::Decision;
use crate::command::{NewRefund, Outcome};
use crate::event::Event;
use crate::ids::RefundNo;
use crate::ledger;
use crate::order::OrderState;
use crate::refund::{Refund, RefundState};
use crate::refusal::{Refusal, Term};
use crate::work::WorkKind;

pub fn request(mut decision: Decision, new: NewRefund) -> Result<Decision, Refusal> {
    let order = &mut decision.order;
    if !matches!(order.state, OrderState::Paid { .. }) {
        return Err(Refusal::NotPaid);
    }
    if let Some(refusal) = repeated(&new) {
        return Err(refusal);
    }
    if new.amount_minor <= 0 || new.amount_minor > order.funds.captured_minor {
        return Err(Refusal::RefundAboveOrder);
    }
    if new.amount_minor > order.funds.refundable_minor() {
        return Err(Refusal::RefundAboveRest);
    }
    order.refunds += 1;
    order.funds.refunding_minor += new.amount_minor;
    let refund = Refund {
        merchant: order.merchant,
        order: order.number,
        number: RefundNo(order.refunds),
        amount_minor: new.amount_minor,
        reference: new.reference,
        note: new.note,
        choice: order.choice(),
        requested_at: decision.at,
        state: RefundState::Requested,
        reverses_late_payment: false,
    };
    decision.record(Event::RefundRequested { refund: refund.number, amount_minor: refund.amount_minor });
    let now = decision.at;
    decision.owe(WorkKind::Refund(refund.number), now);
    decision.refund = Some(refund);
    Ok(decision)
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
    if refund.reverses_late_payment {
        decision.postings = ledger::late_payment_returned(&order.terms, &method);
    } else {
        let before_minor = order.funds.refunded_minor;
        order.funds.refunding_minor -= amount_minor;
        order.funds.refunded_minor += amount_minor;
        decision.postings = ledger::refund(&order.terms, &method, before_minor, amount_minor);
    }
    refund.state = RefundState::Succeeded { at: decision.at };
    decision.record(Event::RefundSucceeded { refund: refund.number, amount_minor });
    decision.refund = Some(refund);
    decision
}

/// The amount is free again. Late money that could not be returned stays in `late_payments` for a person to see.
fn failed(mut decision: Decision, mut refund: Refund, reason: String) -> Decision {
    let amount_minor = refund.amount_minor;
    if !refund.reverses_late_payment {
        decision.order.funds.refunding_minor -= amount_minor;
    }
    refund.state = RefundState::Failed { at: decision.at, reason: reason.clone() };
    decision.record(Event::RefundFailed { refund: refund.number, amount_minor, reason });
    decision.refund = Some(refund);
    decision
}
