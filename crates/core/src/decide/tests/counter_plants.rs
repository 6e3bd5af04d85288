//! Rules for terminals with a fault planted in them: the search and the stories must find each.

use super::every_life::{explore, ordered};
use super::story::Decide;
use super::town_stories::tell;
use crate::decide::{Decision, decide};
use crate::{
    Command, Deed, Event, Flow, Order, OrderState, Outcome, Refusal, Reserve, Stage, Timestamp, WorkKind,
};

type Decided = Result<Decision, Refusal>;

#[test]
fn faults_planted_at_the_counter_are_found_by_the_search() {
    let plants: [(&str, Deed, Decide); 12] = [
        ("voided and not given back", Deed::Sale, voids_without_giving_back),
        ("the ledger is", Deed::Sale, settles_twice),
        ("money that came is forgotten", Deed::Sale, forgets_late_money),
        ("a sale takes all of it", Deed::Sale, keeps_the_tip),
        ("nobody asks about the payment", Deed::Sale, takes_and_waits),
        ("nobody asks about the payment", Deed::Sale, does_not_know_and_waits),
        ("captures more than is held", Deed::Authorization, captures_anything),
        ("voided and refunded", Deed::Sale, voids_what_is_busy),
        ("the journal tells of another order", Deed::Sale, tells_no_tip),
        ("off the table", Deed::Sale, offers_what_is_closing),
        ("not told exactly once", Deed::Authorization, keeps_authorizations_to_itself),
        ("a final state changed", Deed::Sale, voids_what_was_cancelled),
    ];
    for (what, deed, plant) in plants {
        let found = explore(plant, vec![ordered(deed, Flow::CardPresent, |_| {})]).faults;
        let found = found.iter().any(|fault| fault.starts_with(what));
        assert!(found, "nobody noticed: {what}");
    }
}

#[test]
fn faults_planted_between_two_orders_are_found_by_the_stories() {
    let plants: [(&str, Decide); 5] = [
        ("the original heard", is_deaf_to_follow_ups),
        ("never comes to rest", leaves_it_pending),
        ("is settled of", settles_refunds_as_sales),
        ("not told exactly once", tells_of_no_follow_up),
        ("the ledger is", refunds_without_a_line),
    ];
    for (what, plant) in plants {
        let found = (0..400).flat_map(|seed| tell(plant, seed)).any(|fault| fault.contains(what));
        assert!(found, "nobody noticed: {what}");
    }
}

fn voids_without_giving_back(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    if matches!(decision.order.state, OrderState::Voided { .. }) {
        decision.order.funds.refunded_minor = 0;
    }
    Ok(decision)
}

fn settles_twice(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let forgetful = order.map(|mut order| {
        if let (Command::Settle, Some(counter)) = (&command, &mut order.counter) {
            counter.is_settled = false;
        }
        order
    });
    decide(forgetful, command, now)
}

/// As if nothing had been said.
fn unheard(order: Order, now: Timestamp) -> Decided {
    decide(Some(order), Command::Present { choice: 0, presentation: Default::default() }, now)
}

fn forgets_late_money(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let is_paid = matches!(command, Command::CounterSays { outcome: Outcome::Paid { .. }, .. });
    match order {
        Some(order) if is_paid && matches!(order.state, OrderState::Failed { .. }) => unheard(order, now),
        order => decide(order, command, now),
    }
}

fn keeps_the_tip(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let captured = order.as_ref().map_or(0, |order| order.funds.captured_minor);
    let mut decision = decide(order, command, now)?;
    if matches!(decision.events[..], [Event::TipAdjusted { .. }]) {
        decision.order.funds.captured_minor = captured;
    }
    Ok(decision)
}

fn takes_and_waits(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    if matches!(decision.events[..], [Event::Taken]) {
        decision.work.clear();
    }
    Ok(decision)
}

fn does_not_know_and_waits(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    if matches!(decision.events[..], [Event::OutcomeUnknown]) {
        decision.work.clear();
    }
    Ok(decision)
}

fn captures_anything(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let before = order.clone();
    match (decide(order, command.clone(), now), command) {
        (Err(_), Command::Reserve(asked)) if asked.deed == Deed::Completion => {
            let Some(before) = before.filter(|order| matches!(order.state, OrderState::Authorized { .. }))
            else {
                return Err(Refusal::NotPaid);
            };
            let mut decision =
                decide(Some(before), Command::Reserve(Reserve { amount_minor: 1, ..asked }), now)?;
            if let Some(counter) = &mut decision.order.counter {
                let amount_minor = counter.authorized_minor + 1;
                let pending = crate::Pending::Capture { by: asked.by, amount_minor, tip_minor: 0 };
                counter.pending = Some(pending);
            }
            Ok(decision)
        }
        (decided, _) => decided,
    }
}

fn voids_what_is_busy(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let refunding = order.as_ref().map_or(0, |order| order.funds.refunding_minor);
    let careless = order.map(|mut order| {
        if matches!(&command, Command::Reserve(asked) if asked.deed == Deed::Void) {
            order.funds.refunding_minor = 0;
        }
        order
    });
    let mut decision = decide(careless, command, now)?;
    if matches!(decision.events[..], [Event::VoidRequested { .. }]) {
        decision.order.funds.refunding_minor += refunding;
    }
    Ok(decision)
}

fn tells_no_tip(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    for event in &mut decision.events {
        if let Event::Slip { tip_minor, .. } = event {
            *tip_minor = 0;
        }
    }
    Ok(decision)
}

fn offers_what_is_closing(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    match (order, command) {
        (Some(mut order), Command::Take) if matches!(order.state, OrderState::Closing(_)) => {
            order.state = OrderState::Pending;
            decide(Some(order), Command::Take, now)
        }
        (order, command) => decide(order, command, now),
    }
}

fn keeps_authorizations_to_itself(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    if matches!(decision.events.last(), Some(Event::Authorized { .. })) {
        decision.work.clear();
    }
    Ok(decision)
}

fn voids_what_was_cancelled(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let was_cancelled =
        order.as_ref().is_some_and(|order| matches!(order.state, OrderState::Cancelled { .. }));
    let mut decision = decide(order, command, now)?;
    if was_cancelled && matches!(decision.events.last(), Some(Event::RefundSucceeded { .. })) {
        let (at, channel_ref, payer) = (now, String::new(), String::new());
        decision.order.state = OrderState::Voided { at, channel_ref, payer };
    }
    Ok(decision)
}

fn is_deaf_to_follow_ups(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    match order {
        Some(order) if matches!(command, Command::FollowUpSays { is_done: true, .. }) => unheard(order, now),
        order => decide(order, command, now),
    }
}

fn leaves_it_pending(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let pending = order.as_ref().and_then(|order| order.counter.as_ref()?.pending);
    let mut decision = decide(order, command, now)?;
    if let ([Event::CaptureFailed { .. }], Some(counter)) =
        (&decision.events[..], &mut decision.order.counter)
    {
        counter.pending = pending;
    }
    Ok(decision)
}

fn settles_refunds_as_sales(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    if matches!(decision.events[..], [Event::Settled]) && decision.order.terms.deed() == Deed::Refund {
        decision.postings.clear();
    }
    Ok(decision)
}

fn tells_of_no_follow_up(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    if decision.order.terms.deed().follows_up() {
        decision.work.retain(|work| !matches!(work.kind, WorkKind::Notify(_)));
    }
    Ok(decision)
}

fn refunds_without_a_line(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    if decision.order.counter.as_ref().is_some_and(|counter| counter.stage != Stage::Waiting)
        && matches!(decision.events[..], [Event::RefundSucceeded { .. }])
    {
        decision.postings.clear();
    }
    Ok(decision)
}
