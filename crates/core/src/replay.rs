//! The journal read again from its start: what an order must be after its events.
//!
//! Shares no rule with [`crate::decide`](mod@crate::decide), on purpose: an operator compares the two and trusts
//! neither. It repeats what was recorded and never asks whether that was allowed.

use crate::command::NewOrder;
use crate::event::Event;
use crate::ids::RefundNo;
use crate::order::{FailReason, Flow, Funds, Order, OrderState, Presentation};
use crate::time::Timestamp;

/// The order that `journal` tells of, made of what was ordered and each event with its time.
///
/// Each commit of an order records one event, so the version is the number of events.
pub fn replay(ordered: NewOrder, journal: &[(Timestamp, Event)]) -> Order {
    let mut order = Order {
        merchant: ordered.merchant,
        number: ordered.number,
        version: 0,
        room: ordered.room,
        reference: ordered.reference,
        terms: ordered.terms,
        state: OrderState::Pending,
        presentation: Presentation::None,
        funds: Funds::default(),
        refunds: 0,
        events: 0,
    };
    for (at, event) in journal {
        order.version += 1;
        order.events += 1;
        retell(&mut order, *at, event);
    }
    order
}

fn retell(order: &mut Order, at: Timestamp, event: &Event) {
    match event {
        Event::Created => {
            if order.terms.flow == Flow::CustomerPresented {
                order.presentation = Presentation::Charge;
            }
        }
        Event::Presented(presentation) => order.presentation = presentation.clone(),
        Event::OutcomeUnknown => {}
        Event::CloseRequested(reason) | Event::CloseReasonChanged(reason) => {
            order.state = OrderState::Closing(*reason);
        }
        Event::Paid { channel_ref, payer, at: paid_at } => {
            order.state =
                OrderState::Paid { at: *paid_at, channel_ref: channel_ref.clone(), payer: payer.clone() };
            order.funds.captured_minor += order.terms.amount.minor;
        }
        Event::Failed(reason) => order.state = failed(at, reason),
        Event::Cancelled => order.state = OrderState::Cancelled { at },
        Event::LatePayment { refund, .. } => count(order, *refund),
        Event::RefundRequested { refund, amount_minor } => {
            count(order, *refund);
            order.funds.refunding_minor += amount_minor;
        }
        Event::RefundSucceeded { amount_minor, .. } if is_paid(order) => {
            order.funds.refunding_minor -= amount_minor;
            order.funds.refunded_minor += amount_minor;
        }
        Event::RefundFailed { amount_minor, .. } if is_paid(order) => {
            order.funds.refunding_minor -= amount_minor;
        }
        // What was given back of an order that ended unpaid was never captured.
        Event::RefundSucceeded { .. } | Event::RefundFailed { .. } => {}
    }
}

fn failed(at: Timestamp, reason: &FailReason) -> OrderState {
    OrderState::Failed { at, reason: reason.clone() }
}

fn is_paid(order: &Order) -> bool {
    matches!(order.state, OrderState::Paid { .. })
}

fn count(order: &mut Order, refund: RefundNo) {
    order.refunds = order.refunds.max(refund.0);
}
