//! The journal read again from its start: what an order must be after its events.
//!
//! Shares no rule with [`crate::decide`](mod@crate::decide), on purpose: an operator compares the two and trusts
//! neither. It repeats what was recorded and never asks whether that was allowed.

use std::collections::HashSet;

use crate::command::NewOrder;
use crate::counter::{Counter, Pending, Stage};
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
        counter: ordered
            .terms
            .counter
            .map(|_| Box::new(Counter { tip_minor: ordered.terms.tip_minor, ..Counter::default() })),
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
        Event::Created => retell_birth(order),
        Event::Presented(presentation) => order.presentation = presentation.clone(),
        Event::Chosen(method) => {
            order.choices.push(method.clone());
            order.presentation = Presentation::None;
            at_counter(order, |counter| counter.is_unknown = false);
        }
        Event::CardTried { .. } | Event::CardRefused { .. } | Event::Introduced(_) => {
            retell_page(order, event)
        }
        Event::OutcomeUnknown => {
            // Of a wallet it says only that it is asked from now on.
            let is_card = order.is_card();
            at_counter(order, |counter| counter.is_unknown = is_card);
        }
        Event::CloseRequested(reason) | Event::CloseReasonChanged(reason) => {
            order.state = OrderState::Closing(*reason);
        }
        Event::Paid { channel_ref, payer, at: paid_at } => {
            order.state =
                OrderState::Paid { at: *paid_at, channel_ref: channel_ref.clone(), payer: payer.clone() };
            order.funds.captured_minor += order.total().minor;
            if let Some(counter) = &mut order.counter {
                counter.authorized_minor = order.funds.captured_minor;
            }
        }
        Event::Failed(reason) => order.state = failed(at, reason),
        Event::Cancelled => order.state = OrderState::Cancelled { at },
        Event::LatePayment { refund, choice, .. } => {
            order.given_back |= 1 << (choice - 1);
            late.insert(*refund);
            count(order, *refund);
        }
        Event::VoidRequested { refund, amount_minor } => {
            count(order, *refund);
            at_counter(order, |counter| counter.pending = Some(Pending::Void { refund: *refund }));
            if !matches!(order.state, OrderState::Authorized { .. }) {
                order.funds.refunding_minor += amount_minor;
            }
        }
        Event::RefundRequested { refund, amount_minor } => {
            count(order, *refund);
            order.funds.refunding_minor += amount_minor;
        }
        Event::RefundSucceeded { refund, .. } | Event::RefundFailed { refund, .. }
            if late.contains(refund) => {}
        Event::RefundSucceeded { .. } if matches!(order.state, OrderState::Authorized { .. }) => {}
        Event::RefundFailed { refund, .. } if matches!(order.state, OrderState::Authorized { .. }) => {
            no_longer_voiding(order, *refund);
        }
        Event::Offered
        | Event::Taken
        | Event::Slip { .. }
        | Event::Authorized { .. }
        | Event::Done { .. }
        | Event::CaptureRequested { .. }
        | Event::CaptureFailed { .. }
        | Event::Captured { .. }
        | Event::Voided
        | Event::TipRequested { .. }
        | Event::TipAdjusted { .. }
        | Event::TipRefused { .. }
        | Event::IncreaseRequested { .. }
        | Event::Increased { .. }
        | Event::IncreaseRefused { .. }
        | Event::Settled => retell_counter(order, at, event),
        Event::RefundSucceeded { amount_minor, .. } => {
            order.funds.refunding_minor -= amount_minor;
            order.funds.refunded_minor += amount_minor;
        }
        Event::RefundFailed { refund, amount_minor, .. } => {
            order.funds.refunding_minor -= amount_minor;
            no_longer_voiding(order, *refund);
        }
    }
}

fn at_counter(order: &mut Order, change: impl FnOnce(&mut Counter)) {
    if let Some(counter) = &mut order.counter {
        change(counter);
    }
}

fn no_longer_voiding(order: &mut Order, refund: RefundNo) {
    at_counter(order, |counter| {
        if counter.pending == (Some(Pending::Void { refund })) {
            counter.pending = None;
        }
    });
}

fn retell_birth(order: &mut Order) {
    let is_scanned = order.terms.flow == Flow::CustomerPresented && order.terms.payer_code.is_some();
    let is_ours = order.terms.flow == Flow::CardOnline && order.terms.deed().follows_up();
    if is_scanned || is_ours {
        order.presentation = Presentation::Charge;
    }
}

/// What a payer does with cards on a page, and what the one card does that an order was made with.
fn retell_page(order: &mut Order, event: &Event) {
    match event {
        Event::CardTried { method, slip } => {
            if order.terms.flow == Flow::HostedPage {
                order.choices.push(method.clone());
            }
            order.presentation = Presentation::Charge;
            let bit = 1 << (order.choices.len() - 1);
            at_counter(order, |counter| {
                counter.card_choices |= bit;
                (counter.is_unknown, counter.slip) = (false, Some(slip.clone()));
            });
        }
        Event::CardRefused { .. } => {
            order.presentation = Presentation::None;
            at_counter(order, |counter| counter.is_unknown = false);
        }
        Event::Introduced(buyer) => at_counter(order, |counter| counter.buyer = Some(buyer.clone())),
        _ => {}
    }
}

/// What happens at terminals only.
fn retell_counter(order: &mut Order, at: Timestamp, event: &Event) {
    match event {
        Event::Offered => at_counter(order, |counter| counter.stage = Stage::Offered),
        Event::Taken => at_counter(order, |counter| counter.stage = Stage::Taken),
        Event::Slip { slip, tip_minor, batch } => at_counter(order, |counter| {
            (counter.slip, counter.tip_minor, counter.batch) = (slip.clone(), *tip_minor, batch.clone());
        }),
        Event::Authorized { channel_ref, payer, at, amount_minor } => {
            let (channel_ref, payer) = (channel_ref.clone(), payer.clone());
            order.state = OrderState::Authorized { at: *at, channel_ref, payer };
            at_counter(order, |counter| counter.authorized_minor = *amount_minor);
        }
        Event::Done { channel_ref, payer, at } => {
            let (channel_ref, payer) = (channel_ref.clone(), payer.clone());
            order.state = OrderState::Paid { at: *at, channel_ref, payer };
        }
        Event::CaptureRequested { by, amount_minor, tip_minor } => {
            let (by, amount_minor, tip_minor) = (*by, *amount_minor, *tip_minor);
            let pending = Some(Pending::Capture { by, amount_minor, tip_minor });
            at_counter(order, |counter| counter.pending = pending);
        }
        Event::IncreaseRequested { number, amount_minor } => {
            let (number, amount_minor) = (*number, *amount_minor);
            at_counter(order, |counter| {
                counter.increases = number;
                counter.pending = Some(Pending::Increase { number, amount_minor });
            });
        }
        Event::Increased { amount_minor, .. } => at_counter(order, |counter| {
            counter.pending = None;
            counter.authorized_minor += amount_minor;
        }),
        Event::CaptureFailed { .. } | Event::TipRefused { .. } | Event::IncreaseRefused { .. } => {
            at_counter(order, |counter| counter.pending = None);
        }
        Event::Captured { amount_minor, tip_minor, at, batch, .. } => {
            order.funds.captured_minor = *amount_minor;
            if let OrderState::Authorized { channel_ref, payer, .. } = order.state.clone() {
                order.state = OrderState::Paid { at: *at, channel_ref, payer };
            }
            at_counter(order, |counter| {
                (counter.pending, counter.tip_minor, counter.batch) = (None, *tip_minor, batch.clone());
            });
        }
        Event::TipRequested { tip_minor } => {
            let pending = Some(Pending::Tip { tip_minor: *tip_minor });
            at_counter(order, |counter| counter.pending = pending);
        }
        Event::TipAdjusted { tip_minor } => {
            let more = tip_minor - order.tip_minor();
            order.funds.captured_minor += more;
            at_counter(order, |counter| {
                (counter.pending, counter.tip_minor) = (None, *tip_minor);
                counter.authorized_minor += more;
            });
        }
        Event::Voided => {
            at_counter(order, |counter| counter.pending = None);
            if let OrderState::Paid { channel_ref, payer, .. }
            | OrderState::Authorized { channel_ref, payer, .. } = order.state.clone()
            {
                order.state = OrderState::Voided { at, channel_ref, payer };
            }
        }
        Event::Settled => at_counter(order, |counter| counter.is_settled = true),
        _ => {}
    }
}

fn failed(at: Timestamp, reason: &FailReason) -> OrderState {
    OrderState::Failed { at, reason: reason.clone() }
}

fn count(order: &mut Order, refund: RefundNo) {
    order.refunds = order.refunds.max(refund.0);
}
