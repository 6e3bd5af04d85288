//! Cards that are given to us online: tried one after the other, never kept; and more held on what a card holds already.

use super::{Decision, counter};
use crate::buyer::Buyer;
use crate::command::Outcome;
use crate::counter::{OVERDUE_S, Pending};
use crate::event::Event;
use crate::order::{CHOICES_MAX, FailReason, Flow, Method, OrderState, Presentation};
use crate::refusal::{CounterRefusal, Refusal};
use crate::slip::Slip;
use crate::work::WorkKind;

/// A card is about to be sent. Nothing if somebody else chose meanwhile, or if what was shown before may still be paid.
/// From here on the acquirer is asked how it ended; whoever holds the card sends it once.
pub fn try_card(
    mut decision: Decision,
    (method, slip): (Method, Slip),
    (instead_of, is_closed): (u32, bool),
) -> Result<Decision, Refusal> {
    let order = &mut decision.order;
    let is_busy = order.is_charging() || order.presentation != Presentation::None && !is_closed;
    if order.state != OrderState::Pending
        || order.terms.flow != Flow::HostedPage
        || order.choice() != instead_of
        || is_busy
    {
        return Ok(decision);
    }
    if order.counter.is_none() {
        return Err(CounterRefusal::WrongKind.into());
    }
    if order.choices.len() == CHOICES_MAX {
        return Err(Refusal::TooManyChoices);
    }
    order.choices.push(method.clone());
    tried(&mut decision, method, slip);
    decision.ends_open_work = true;
    let expires_at = decision.order.terms.expires_at;
    decision.owe(WorkKind::Expire, expires_at);
    ask_when_overdue(&mut decision);
    Ok(decision)
}

/// The card that an order was made with.
pub fn tried(decision: &mut Decision, method: Method, slip: Slip) {
    let order = &mut decision.order;
    let choice = order.choice();
    order.presentation = Presentation::Charge;
    if let Some(counter) = &mut order.counter {
        counter.card_choices |= 1 << (choice - 1);
        (counter.is_unknown, counter.slip) = (false, Some(slip.clone()));
    }
    decision.record(Event::CardTried { method, slip });
}

/// Whoever sent the card may have died with it.
pub fn ask_when_overdue(decision: &mut Decision) {
    let overdue_at = decision.at.plus_s(OVERDUE_S);
    decision.owe(WorkKind::Ask, overdue_at);
}

/// On a page a card that does not pay is not the end: the payer may try another, until the page is used up.
pub fn choice_refused(mut decision: Decision, slip: Option<Slip>, reason: String) -> Decision {
    let is_up = decision.at >= decision.order.terms.expires_at;
    let order = &mut decision.order;
    if is_up || order.choices.len() == CHOICES_MAX {
        let reason = if is_up { FailReason::Expired } else { FailReason::Declined(reason) };
        order.state = OrderState::Failed { at: decision.at, reason: reason.clone() };
        decision.record(Event::Failed(reason));
        decision.finish();
        return decision;
    }
    counter::note_slip(&mut decision, slip);
    let order = &mut decision.order;
    order.presentation = Presentation::None;
    if let Some(counter) = &mut order.counter {
        counter.is_unknown = false;
    }
    let expires_at = order.terms.expires_at;
    decision.record(Event::ChoiceRefused { reason });
    decision.ends_open_work = true;
    decision.owe(WorkKind::Expire, expires_at);
    decision
}

/// What the payer tells of himself, as long as he may pay.
pub fn introduce(mut decision: Decision, buyer: Buyer) -> Decision {
    let order = &mut decision.order;
    let is_asked = order.state == OrderState::Pending && order.terms.flow == Flow::HostedPage;
    let Some(counter) = order.counter.as_mut().filter(|_| is_asked) else { return decision };
    if counter.buyer.as_ref() == Some(&buyer) {
        return decision;
    }
    counter.buyer = Some(buyer.clone());
    decision.record(Event::Introduced(buyer));
    decision
}

/// Holds more of a card that holds money already.
pub fn increase(mut decision: Decision, amount_minor: i64) -> Result<Decision, Refusal> {
    let order = &mut decision.order;
    let is_card = order.is_card();
    let Some(counter) = order.counter.as_mut().filter(|_| is_card) else {
        return Err(CounterRefusal::WrongKind.into());
    };
    if !matches!(order.state, OrderState::Authorized { .. }) {
        return Err(CounterRefusal::NothingAuthorized.into());
    }
    if counter.pending.is_some() {
        return Err(CounterRefusal::Busy.into());
    }
    counter.increases += 1;
    let number = counter.increases;
    counter.pending = Some(Pending::Increase { number, amount_minor });
    decision.record(Event::IncreaseRequested { number, amount_minor });
    let now = decision.at;
    decision.owe(WorkKind::Increase(number), now);
    Ok(decision)
}

pub fn increase_says(mut decision: Decision, said: u32, outcome: Outcome, auth_code: String) -> Decision {
    let Some(counter) = decision.order.counter.as_mut() else { return decision };
    let Some(Pending::Increase { number, amount_minor }) = counter.pending else { return decision };
    if number != said {
        return decision;
    }
    match outcome {
        Outcome::Paid { .. } => {
            counter.pending = None;
            counter.authorized_minor += amount_minor;
            decision.record(Event::Increased { number, amount_minor, auth_code });
        }
        Outcome::Declined { reason } => {
            counter.pending = None;
            decision.record(Event::IncreaseRefused { number, reason });
        }
        Outcome::Pending | Outcome::Unknown => {}
    }
    decision
}
