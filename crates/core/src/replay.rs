//! The journal read again from its start: what an order must be after its events.
//!
//! Shares no rule with [`crate::decide`](mod@crate::decide), on purpose: an operator compares the two and trusts
//! neither. It repeats what was recorded and never asks whether that was allowed.

use std::collections::HashSet;

use crate::command::NewOrder;
use crate::event::Event;
use crate::ids::RefundNo;
use crate::order::{FailReason, Flow, Funds, Order, OrderState, Presentation};
use crate::time::Timestamp;

/// The order that `journal` tells of, made of what was ordered and each event with its time.
///
/// The version of an order is the number of its events.
pub fn replay(ordered: NewOrder, journal: &[(Timestamp, Event)]) -> Order {
    let mut order = Order {
        merchant: ordered.merchant,
        number: ordered.number,
        version: 0,
        room: ordered.room,
        reference: ordered.reference,
        choices: ordered.terms.method.iter().cloned().collect(),
        given_back: 0,
        terms: ordered.terms,
        state: OrderState::Pending,
        presentation: Presentation::None,
        funds: Funds::default(),
        refunds: 0,
        events: 0,
    };
    let mut late = HashSet::new();
    for (at, event) in journal {
        order.version += 1;
        order.events += 1;
        retell(&mut order, &mut late, *at, event);
    }
    order
}

/// `late`: the refunds so far of money that was never captured.
fn retell(order: &mut Order, late: &mut HashSet<RefundNo>, at: Timestamp, event: &Event) {
    match event {
        Event::Created => {
            if order.terms.flow == Flow::CustomerPresented {
                order.presentation = Presentation::Charge;
            }
        }
        Event::Presented(presentation) => order.presentation = presentation.clone(),
        Event::Chosen(method) => {
            order.choices.push(method.clone());
            order.presentation = Presentation::None;
        }
        Event::OutcomeUnknown => {}
        Event::CloseRequested(reason) | Event::CloseReasonChanged(reason) => {
            order.state = OrderState::Closing(*reason);
        }
        Event::Paid { channel_ref, payer, at: paid_at } => {
            order.state =
                OrderState::Paid { at: *paid_at, channel_ref: channel_ref.clone(), payer: payer.clone() };
            order.funds.captured_minor += order.terms.amount.minor + order.terms.tip_minor;
        }
        Event::Failed(reason) => order.state = failed(at, reason),
        Event::Cancelled => order.state = OrderState::Cancelled { at },
        Event::LatePayment { refund, choice, .. } => {
            order.given_back |= 1 << (choice - 1);
            late.insert(*refund);
            count(order, *refund);
        }
        Event::RefundRequested { refund, amount_minor } => {
            count(order, *refund);
            order.funds.refunding_minor += amount_minor;
        }
        Event::RefundSucceeded { refund, .. } | Event::RefundFailed { refund, .. }
            if late.contains(refund) => {}
        Event::RefundSucceeded { amount_minor, .. } => {
            order.funds.refunding_minor -= amount_minor;
            order.funds.refunded_minor += amount_minor;
        }
        Event::RefundFailed { amount_minor, .. } => order.funds.refunding_minor -= amount_minor,
    }
}

fn failed(at: Timestamp, reason: &FailReason) -> OrderState {
    OrderState::Failed { at, reason: reason.clone() }
}

fn count(order: &mut Order, refund: RefundNo) {
    order.refunds = order.refunds.max(refund.0);
}
