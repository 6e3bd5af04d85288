//! An order is born, asked for again, and shown to a payer.

use super::{Decision, Expected, online};
use crate::command::NewOrder;
use crate::counter::Counter;
use crate::event::Event;
use crate::order::{CHOICES_MAX, Flow, Funds, Method, Order, OrderState, Presentation, Terms};
use crate::refusal::{Refusal, Term};
use crate::time::Timestamp;
use crate::work::{WorkKind, presented_ask_delay_s};

pub fn create(new: NewOrder, now: Timestamp) -> Decision {
    let is_scanned = new.terms.flow == Flow::CustomerPresented && new.terms.payer_code.is_some();
    // The acquirer does what no terminal is to do.
    let is_ours = new.terms.flow == Flow::CardOnline && new.terms.deed().follows_up();
    let charged = is_scanned || is_ours;
    let expires_at = new.terms.expires_at;
    let prepared = new.presentation;
    let order = Order {
        merchant: new.merchant,
        number: new.number,
        version: 0,
        room: new.room,
        reference: new.reference,
        choices: new.terms.method.iter().cloned().collect(),
        given_back: 0,
        counter: new
            .terms
            .counter
            .map(|_| Box::new(Counter { tip_minor: new.terms.tip_minor, ..Counter::default() })),
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
    if let (Some(slip), Some(method), false) = (new.card, decision.order.method().cloned(), charged) {
        online::tried(&mut decision, method, *slip);
        online::ask_when_overdue(&mut decision);
    }
    let choice = decision.order.choice();
    present(decision, choice, prepared)
}

/// The same reference again. At a counter it is used up, unless nothing came of its order: then it stands for a new
/// one.
pub fn again(decision: Decision, new: NewOrder) -> Result<Decision, Refusal> {
    let order = &decision.order;
    if order.terms.counter.is_none() {
        return repeat(decision, &new);
    }
    let came_to_nothing = matches!(order.state, OrderState::Failed { .. } | OrderState::Cancelled { .. });
    if !came_to_nothing || new.terms.counter.is_none() {
        return Err(Refusal::ReferenceTaken);
    }
    Ok(Decision { expected: Expected::Instead(order.number), ..create(new, decision.at) })
}

/// The same order if it has not ended and nothing differs.
fn repeat(decision: Decision, new: &NewOrder) -> Result<Decision, Refusal> {
    let order = &decision.order;
    if let Some(term) = first_difference(&order.terms, &new.terms) {
        return Err(Refusal::ReferenceReused(term));
    }
    if order.state.is_final() {
        return Err(Refusal::ReferenceEnded(order.state.name()));
    }
    Ok(decision)
}

fn first_difference(had: &Terms, got: &Terms) -> Option<Term> {
    let lifetime_ms = |terms: &Terms| terms.expires_at.since_ms(terms.created_at);
    [
        (Term::Account, had.account != got.account),
        (Term::Method, had.method != got.method),
        (Term::Flow, had.flow != got.flow),
        (Term::Amount, had.amount != got.amount),
        (Term::Tip, had.tip_minor != got.tip_minor),
        (Term::Description, had.description != got.description),
        (Term::NotifyUrl, had.notify_url != got.notify_url),
        (Term::ReturnUrl, had.return_url != got.return_url),
        (Term::PayerIp, had.payer_ip != got.payer_ip),
        (Term::PayerCode, had.payer_code != got.payer_code || had.app_payer != got.app_payer),
        (Term::Operator, had.operator != got.operator),
        (Term::Terminal, had.terminal != got.terminal),
        (Term::Particulars, had.particulars != got.particulars),
        (Term::Lifetime, got.method.is_none() && lifetime_ms(had) != lifetime_ms(got)),
    ]
    .into_iter()
    .find_map(|(term, differs)| differs.then_some(term))
}

/// The channel prepared the payment. The first presentation of a choice stays; a later one, one of a choice that
/// was given up, or nothing to show, changes nothing.
pub fn present(mut decision: Decision, choice: u32, presentation: Presentation) -> Decision {
    let order = &mut decision.order;
    // A card is not shown anything, and a code that is to be scanned is the payer's.
    let is_scanned = matches!(order.terms.flow, Flow::CardPresent | Flow::CustomerPresented);
    // Only what is sent to a card's acquirer comes back with a challenge, and nothing else does.
    let expected = match order.is_card() && !is_scanned {
        true => Presentation::Charge,
        false => Presentation::None,
    };
    if order.state != OrderState::Pending
        || order.counter.is_some() && is_scanned
        || order.presentation != expected
        || presentation == Presentation::None
        || matches!(presentation, Presentation::Challenge(_)) != (expected == Presentation::Charge)
        || order.choice() != choice
        || order.choices.is_empty()
    {
        return decision;
    }
    order.presentation = presentation.clone();
    decision.record(Event::Presented(presentation));
    let ask_at = decision.at.plus_s(presented_ask_delay_s(0));
    decision.owe(WorkKind::Ask, ask_at);
    decision
}

/// The payer chose. Nothing if he has chosen this already, if the order is at a terminal, where the merchant chose, if somebody else chose meanwhile, or if what was shown may
/// still be paid: two open codes for one order would be paid twice.
pub fn choose(
    mut decision: Decision,
    method: Method,
    (instead_of, is_closed): (u32, bool),
) -> Result<Decision, Refusal> {
    let order = &mut decision.order;
    if order.state != OrderState::Pending
        || order.counter.is_some() && order.terms.flow != Flow::HostedPage
        || order.choice() != instead_of
        || order.is_charging()
        || order.presentation != Presentation::None && !is_closed
        || order.method() == Some(&method)
    {
        return Ok(decision);
    }
    if order.choices.len() == CHOICES_MAX {
        return Err(Refusal::TooManyChoices);
    }
    order.choices.push(method.clone());
    order.presentation = Presentation::None;
    if let Some(counter) = &mut order.counter {
        counter.is_unknown = false;
    }
    let expires_at = order.terms.expires_at;
    decision.record(Event::Chosen(method));
    decision.ends_open_work = true;
    decision.owe(WorkKind::Expire, expires_at);
    Ok(decision)
}
