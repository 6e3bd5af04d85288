//! An order is born, asked for again, and shown to a payer.

use super::{Decision, Expected};
use crate::command::NewOrder;
use crate::event::Event;
use crate::order::{Flow, Funds, Order, OrderState, Presentation, Terms};
use crate::refusal::{Refusal, Term};
use crate::time::Timestamp;
use crate::work::{WorkKind, presented_ask_delay_s};

pub fn create(new: NewOrder, now: Timestamp) -> Decision {
    let charged = new.terms.flow == Flow::CustomerPresented;
    let expires_at = new.terms.expires_at;
    let order = Order {
        merchant: new.merchant,
        number: new.number,
        version: 0,
        room: new.room,
        reference: new.reference,
        terms: new.terms,
        state: OrderState::Pending,
        presentation: if charged { Presentation::Charge } else { Presentation::None },
        funds: Funds::default(),
        refunds: 0,
        events: 0,
    };
    let mut decision = Decision { expected: Expected::Absent, ..Decision::nothing(order, now) };
    decision.record(Event::Created);
    decision.owe(WorkKind::Expire, expires_at);
    if charged {
        decision.owe(WorkKind::Charge, now);
    }
    decision
}

/// The same reference again: the same order if it is still open and nothing differs.
pub fn repeat(decision: Decision, new: &NewOrder) -> Result<Decision, Refusal> {
    let order = &decision.order;
    if let Some(term) = first_difference(&order.terms, &new.terms) {
        return Err(Refusal::ReferenceReused(term));
    }
    if order.state != OrderState::Pending {
        return Err(Refusal::ReferenceEnded(order.state.name()));
    }
    Ok(decision)
}

fn first_difference(had: &Terms, got: &Terms) -> Option<Term> {
    [
        (Term::Account, had.account != got.account),
        (Term::Method, had.method != got.method),
        (Term::Flow, had.flow != got.flow),
        (Term::Amount, had.amount != got.amount),
        (Term::Description, had.description != got.description),
        (Term::NotifyUrl, had.notify_url != got.notify_url),
        (Term::ReturnUrl, had.return_url != got.return_url),
        (Term::PayerIp, had.payer_ip != got.payer_ip),
        (Term::PayerCode, had.payer_code != got.payer_code),
    ]
    .into_iter()
    .find_map(|(term, differs)| differs.then_some(term))
}

/// The channel prepared the payment. The first presentation stays; a later one, or nothing to show, changes nothing.
pub fn present(mut decision: Decision, presentation: Presentation) -> Decision {
    let order = &mut decision.order;
    if order.state != OrderState::Pending
        || order.presentation != Presentation::None
        || presentation == Presentation::None
    {
        return decision;
    }
    order.presentation = presentation.clone();
    decision.record(Event::Presented(presentation));
    let ask_at = decision.at.plus_s(presented_ask_delay_s(0));
    decision.owe(WorkKind::Ask, ask_at);
    decision
}
