//! What the channel says of a payment. Paid wins over anything open; nothing overwrites a final state.

use super::{Decision, stop};
use crate::command::{Asked, Outcome};
use crate::event::Event;
use crate::ids::RefundNo;
use crate::ledger;
use crate::order::{FailReason, OrderState};
use crate::refund::{Refund, RefundState};
use crate::time::Timestamp;
use crate::work::{WorkKind, ask_delay_s};

pub fn channel_says(decision: Decision, asked: Asked, outcome: Outcome) -> Decision {
    match (decision.order.state.clone(), outcome) {
        (OrderState::Pending | OrderState::Closing(_), Outcome::Paid { channel_ref, payer, at }) => {
            paid(decision, channel_ref, payer, at)
        }
        (OrderState::Pending, Outcome::Declined { reason }) => declined(decision, asked, reason),
        (OrderState::Closing(close), Outcome::Declined { .. }) => stop::closed(decision, close),
        (OrderState::Pending, Outcome::Pending | Outcome::Unknown) if asked == Asked::Charge => {
            keep_asking(decision)
        }
        (OrderState::Failed { .. } | OrderState::Cancelled { .. }, Outcome::Paid { channel_ref, .. })
            if decision.order.refunds == 0 =>
        {
            late_payment(decision, channel_ref)
        }
        _ => decision,
    }
}

fn paid(mut decision: Decision, channel_ref: String, payer: String, at: Timestamp) -> Decision {
    let order = &mut decision.order;
    order.state = OrderState::Paid { at, channel_ref: channel_ref.clone(), payer: payer.clone() };
    order.funds.captured_minor = order.terms.amount.minor;
    decision.postings = ledger::payment(&decision.order.terms);
    decision.record(Event::Paid { channel_ref, payer, at });
    decision.finish();
    decision
}

fn declined(mut decision: Decision, asked: Asked, reason: String) -> Decision {
    // A channel keeps the same time as we do and may be the first to say that it is up.
    let is_up = asked != Asked::Charge && decision.at >= decision.order.terms.expires_at;
    let reason = if is_up { FailReason::Expired } else { FailReason::Declined(reason) };
    decision.order.state = OrderState::Failed { at: decision.at, reason: reason.clone() };
    decision.record(Event::Failed(reason));
    decision.finish();
    decision
}

/// The charge was sent and we do not know: from now on we only ask.
fn keep_asking(mut decision: Decision) -> Decision {
    decision.record(Event::OutcomeUnknown);
    decision.ends_open_work = true;
    let (ask_at, expires_at) = (decision.at.plus_s(ask_delay_s(0)), decision.order.terms.expires_at);
    decision.owe(WorkKind::Ask, ask_at);
    decision.owe(WorkKind::Expire, expires_at);
    decision
}

/// Money for an order that has ended: it is not the merchant's, it goes back whole.
fn late_payment(mut decision: Decision, channel_ref: String) -> Decision {
    let order = &mut decision.order;
    order.refunds += 1;
    let number = RefundNo(order.refunds);
    decision.refund = Some(Refund {
        merchant: order.merchant,
        order: order.number,
        number,
        amount_minor: order.terms.amount.minor,
        reference: "payment after the order had ended".into(),
        requested_at: decision.at,
        state: RefundState::Requested,
        reverses_late_payment: true,
    });
    decision.postings = ledger::late_payment(&decision.order.terms);
    decision.record(Event::LatePayment { channel_ref, refund: number });
    let now = decision.at;
    decision.owe(WorkKind::Refund(number), now);
    decision
}
