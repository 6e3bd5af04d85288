//! A merchant cancels, or time runs out. A channel that may have taken money is asked first.

use super::Decision;
use crate::event::Event;
use crate::order::{CloseReason, FailReason, Order, OrderState, Presentation};
use crate::refusal::Refusal;
use crate::work::WorkKind;

/// Longer than any channel's time-out.
const LOOK_AGAIN_AFTER_CHARGE_S: i64 = 60;

pub fn cancel(mut decision: Decision) -> Result<Decision, Refusal> {
    match &decision.order.state {
        OrderState::Paid { .. } | OrderState::Authorized { .. } | OrderState::Voided { .. } => {
            Err(Refusal::AlreadyPaid)
        }
        OrderState::Failed { reason, .. } => Err(Refusal::AlreadyFailed(reason.clone())),
        OrderState::Cancelled { .. } | OrderState::Closing(CloseReason::Cancelled) => Ok(decision),
        OrderState::Closing(CloseReason::Expired) => {
            decision.order.state = OrderState::Closing(CloseReason::Cancelled);
            decision.record(Event::CloseReasonChanged(CloseReason::Cancelled));
            Ok(decision)
        }
        OrderState::Pending => Ok(stop(decision, CloseReason::Cancelled)),
    }
}

pub fn expire(mut decision: Decision) -> Decision {
    if decision.order.state != OrderState::Pending {
        return decision;
    }
    if decision.at < decision.order.terms.expires_at {
        return decision;
    }
    decision = stop(decision, CloseReason::Expired);
    decision
}

fn stop(mut decision: Decision, reason: CloseReason) -> Decision {
    if cannot_have_paid(&decision.order) {
        return closed(decision, reason);
    }
    decision.order.state = OrderState::Closing(reason);
    decision.record(Event::CloseRequested(reason));
    decision.ends_open_work = true;
    let now = decision.at;
    decision.owe(WorkKind::Close, now);
    decision
}

/// No channel has heard of it, and no terminal has it that could read a card.
fn cannot_have_paid(order: &Order) -> bool {
    let is_unknown = order.counter.as_ref().is_some_and(|counter| counter.is_unknown);
    let may_read_a_card = order.is_card() && (order.is_at_terminal() || is_unknown);
    order.presentation == Presentation::None && !may_read_a_card
}

/// The payment is closed and unpaid, for certain.
pub fn closed(mut decision: Decision, reason: CloseReason) -> Decision {
    let at = decision.at;
    match reason {
        CloseReason::Cancelled => {
            decision.order.state = OrderState::Cancelled { at };
            decision.record(Event::Cancelled);
        }
        CloseReason::Expired => {
            decision.order.state = OrderState::Failed { at, reason: FailReason::Expired };
            decision.record(Event::Failed(FailReason::Expired));
        }
    }
    decision.finish();
    if decision.order.is_charging() {
        // The charge may have been on its way when the channel closed what it did not know yet: look again.
        let look_at = decision.at.plus_s(LOOK_AGAIN_AFTER_CHARGE_S);
        decision.owe(WorkKind::Ask, look_at);
    }
    decision
}
