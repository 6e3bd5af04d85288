//! What the channel says of a payment. Paid wins over anything open; nothing overwrites a final state.

use super::{Decision, online, stop};
use crate::command::{Asked, Outcome};
use crate::counter::Deed;
use crate::event::Event;
use crate::ids::RefundNo;
use crate::ledger;
use crate::order::{AfterTime, CloseReason, FailReason, Flow, OrderState, Presentation};
use crate::refund::{Refund, RefundMeans, RefundState};
use crate::time::Timestamp;
use crate::work::{WorkKind, ask_delay_s};

pub fn channel_says(decision: Decision, choice: u32, asked: Asked, outcome: Outcome) -> Decision {
    if decision.order.is_cards_choice(choice) {
        // No wallet has anything to say of it.
        return decision;
    }
    if choice != decision.order.choice() {
        return match outcome {
            // It was closed at its channel, and the money came all the same.
            Outcome::Paid { channel_ref, .. } => late_payment(decision, choice, channel_ref),
            Outcome::Declined { .. } | Outcome::Pending | Outcome::Unknown => decision,
        };
    }
    match (decision.order.state.clone(), outcome) {
        (OrderState::Closing(CloseReason::Expired), Outcome::Paid { channel_ref, .. })
            if decision.order.terms.after_time == AfterTime::GoesBack =>
        {
            late_payment(stop::closed(decision, CloseReason::Expired), choice, channel_ref)
        }
        (OrderState::Pending | OrderState::Closing(_), Outcome::Paid { channel_ref, payer, at }) => {
            paid(decision, channel_ref, payer, at)
        }
        (OrderState::Pending, Outcome::Declined { reason }) if may_choose_again(&decision) => {
            online::choice_refused(decision, None, reason)
        }
        (OrderState::Pending, Outcome::Declined { reason }) => declined(decision, asked, reason),
        (OrderState::Closing(close), Outcome::Declined { .. }) => stop::closed(decision, close),
        (OrderState::Pending, Outcome::Pending | Outcome::Unknown) if asked == Asked::Charge => {
            keep_asking(decision)
        }
        (OrderState::Failed { .. } | OrderState::Cancelled { .. }, Outcome::Paid { channel_ref, .. }) => {
            late_payment(decision, choice, channel_ref)
        }
        _ => decision,
    }
}

/// On a page that takes cards too a wallet's no leaves him the others, as a card's does.
fn may_choose_again(decision: &Decision) -> bool {
    let order = &decision.order;
    order.terms.flow == Flow::HostedPage
        && order.counter.is_some()
        && order.presentation != Presentation::None
}

pub(super) fn paid(mut decision: Decision, channel_ref: String, payer: String, at: Timestamp) -> Decision {
    let order = &mut decision.order;
    let Some(method) = order.method().cloned() else { return decision };
    order.state = OrderState::Paid { at, channel_ref: channel_ref.clone(), payer: payer.clone() };
    let (total_minor, tip_minor) = (order.total().minor, order.tip_minor());
    order.funds.captured_minor = total_minor;
    if let Some(counter) = &mut order.counter {
        counter.authorized_minor = total_minor;
    }
    decision.postings = ledger::payment(&decision.order.terms, &method, total_minor - tip_minor, tip_minor);
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

/// Money that is not the merchant's: the order had ended, or the payer had chosen otherwise. It goes back whole,
/// once for each choice.
pub(super) fn late_payment(mut decision: Decision, choice: u32, channel_ref: String) -> Decision {
    let order = &mut decision.order;
    let Some(method) = order.method_of(choice).cloned() else { return decision };
    let (bit, total) = (1 << (choice - 1), order.total());
    if order.given_back & bit != 0 {
        return decision;
    }
    order.given_back |= bit;
    order.refunds += 1;
    let number = RefundNo(order.refunds);
    decision.refund = Some(Refund {
        merchant: order.merchant,
        order: order.number,
        number,
        amount_minor: total.minor,
        reference: None,
        note: "payment that came too late".into(),
        choice,
        requested_at: decision.at,
        state: RefundState::Requested,
        reverses_late_payment: true,
        means: RefundMeans { is_void: order.terms.deed() == Deed::Authorization, ..RefundMeans::default() },
    });
    decision.postings = ledger::late_payment(&decision.order.terms, &method, total.minor);
    decision.record(Event::LatePayment { channel_ref, refund: number, choice });
    let now = decision.at;
    decision.owe(WorkKind::Refund(number), now);
    decision
}
