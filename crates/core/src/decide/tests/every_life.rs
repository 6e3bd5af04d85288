//! Every life an order at a terminal can have: from its creation on each command is tried in each state that can be
//! reached. Nothing happens off the table, and nothing stands in the table that cannot happen.

use std::collections::{BTreeSet, HashSet};

use super::counter_words::{BY, OTHER, counter_terms, place, slip};
use super::life::{Arrow, Life};
use super::sample;
use super::story::Decide;
use crate::decide::decide;
use crate::table::COUNTER_TRANSITIONS;
use crate::{
    Buyer, Command, Deed, Facts, Flow, Method, NewOrder, NewRefund, Presentation, RefundMeans, Reserve, Slip,
    Tells, Timestamp,
};

/// Refunds in one life; more of them are no other kind of life.
const REFUNDS: u32 = 2;

pub fn ordered(deed: Deed, flow: Flow, change: impl FnOnce(&mut NewOrder)) -> NewOrder {
    let mut new = sample::new_order(sample::terms(flow));
    new.terms.counter = Some(counter_terms(deed));
    new.terms.payer_code = None;
    if flow == Flow::CardPresent {
        new.terms.method = Some(Method::new("card"));
    }
    change(&mut new);
    new
}

fn beginnings() -> Vec<NewOrder> {
    let mut all: Vec<NewOrder> =
        Deed::ALL.into_iter().map(|deed| ordered(deed, Flow::CardPresent, |_| {})).collect();
    let sale = |change: fn(&mut NewOrder)| ordered(Deed::Sale, Flow::CardPresent, change);
    all.push(sale(|new| {
        new.terms.tip_minor = 300;
        new.terms.tells = Tells::Payment;
        new.terms.counter.as_mut().unwrap().cashback_minor = 2_000;
    }));
    all.push(ordered(Deed::Refund, Flow::CardPresent, |new| new.terms.tip_minor = 300));
    all.push(ordered(Deed::Sale, Flow::CustomerPresented, |_| {}));
    all.push(ordered(Deed::Sale, Flow::MerchantPresented, |new| new.terms.notify_url.clear()));
    all.push(ordered(Deed::Sale, Flow::CardOnline, |new| {
        new.terms.method = Some(Method::new("card"));
        new.card = Some(Box::new(card()));
    }));
    for deed in [Deed::Void, Deed::Refund, Deed::Completion] {
        all.push(ordered(deed, Flow::CardOnline, |new| new.terms.method = Some(Method::new("card"))));
    }
    all.push(ordered(Deed::Sale, Flow::HostedPage, |new| new.terms.method = None));
    all
}

fn card() -> Slip {
    Slip { token: "tok-1".into(), auth_code: String::new(), ref_no: String::new(), ..slip() }
}

/// Cards given on a page, and what only they can do. No more than two choices: more are no other kind of life.
fn online(life: &Life) -> Vec<Command> {
    let method = Method::new("card");
    let challenge = Presentation::Challenge("https://issuer.test/1".into());
    let mut commands = vec![Command::Present { choice: 1, presentation: challenge }];
    // He may say so at any time; once it is known it changes nothing.
    if life.order.choices.is_empty() {
        commands.push(Command::Introduce(Buyer { email: "a@b.test".into(), ..Buyer::default() }));
    }
    if life.order.choices.len() < 2 {
        for (instead_of, is_closed) in [(0, false), (1, false), (1, true)] {
            let (method, slip) = (method.clone(), card());
            commands.push(Command::TryCard { method, slip, instead_of, is_closed });
        }
        commands.push(sample::choose("alipay", life.order.choice()));
    }
    commands
}

/// Once at most.
fn increases(life: &Life) -> Vec<Command> {
    let mut commands = Vec::new();
    let done = life.order.counter.as_ref().map_or(0, |counter| counter.increases);
    if done < 1 {
        commands.push(Command::Increase { amount_minor: 700 });
    }
    for outcome in sample::OUTCOMES {
        for number in [1, 2] {
            let auth_code = "919071".to_owned();
            commands.push(Command::IncreaseSays { number, outcome: sample::outcome(outcome), auth_code });
        }
    }
    commands
}

fn facts() -> [Facts; 3] {
    [
        Facts::default(),
        Facts { slip: Some(slip()), tip_minor: None, batch: Some(place(1)) },
        Facts { slip: None, tip_minor: Some(500), batch: Some(place(1)) },
    ]
}

fn commands(life: &Life) -> Vec<(Command, Timestamp)> {
    let mut again = life.ordered.clone();
    again.number = OTHER;
    let mut commands = vec![
        Command::Create(life.ordered.clone()),
        Command::Create(again),
        Command::Offer,
        Command::Take,
        Command::Scan { payer_code: "28763443825664394".into() },
        Command::Cancel,
        Command::Expire,
        Command::Settle,
        sample::choose("wechat", 1),
        sample::choose("wechat", 0),
        Command::Present { choice: 1, presentation: sample::presentation("code") },
        Command::Present { choice: 1, presentation: Presentation::Charge },
    ];
    for outcome in sample::OUTCOMES {
        for asked in sample::ASKED {
            commands.extend([1, 2].map(|choice| sample::says_by(choice, asked, outcome)));
            let moves = matches!(outcome, "paid" | "declined");
            commands.extend(facts().into_iter().take(if moves { 3 } else { 1 }).map(|facts| {
                let (asked, outcome) = (sample::asked(asked), sample::outcome(outcome));
                Command::CounterSays { choice: 1, asked, outcome, facts }
            }));
            if life.order.choice() == 2 && moves {
                let (asked, outcome) = (sample::asked(asked), sample::outcome(outcome));
                commands.push(Command::CounterSays { choice: 2, asked, outcome, facts: Facts::default() });
            }
        }
    }
    commands.extend(online(life));
    commands.extend(increases(life));
    commands.extend(tips());
    commands.extend(follow_ups(life));
    commands.extend(refunds(life));
    let at = |command| (command, sample::NOW);
    let mut commands: Vec<_> = commands.into_iter().map(at).collect();
    commands.push((Command::Expire, sample::EXPIRES_AT));
    commands
}

fn tips() -> Vec<Command> {
    let mut commands = Vec::new();
    for tip_minor in [0, 500] {
        for open_batch in [None, Some(1), Some(2)] {
            commands.push(Command::AdjustTip { tip_minor, open_batch });
        }
        for outcome in sample::OUTCOMES {
            commands.push(Command::TipSays { tip_minor, outcome: sample::outcome(outcome) });
        }
    }
    commands
}

fn amounts(life: &Life) -> BTreeSet<i64> {
    let (held, funds) = (life.order.authorized_minor(), life.order.funds);
    let mut amounts = BTreeSet::from([
        5_000,
        funds.captured_minor,
        held.max(funds.captured_minor) + 1,
        funds.refundable_minor(),
    ]);
    if life.order.refunds == 0 {
        amounts.extend([0, held, i64::MAX]);
    }
    amounts
}

fn follow_ups(life: &Life) -> Vec<Command> {
    let mut commands = Vec::new();
    let is_full = life.order.refunds >= REFUNDS;
    for deed in Deed::ALL {
        for amount_minor in amounts(life).into_iter().filter(|minor| *minor > 0 || deed != Deed::Completion) {
            // Only a void asks for it.
            let batches = [Some(1), Some(2), None];
            for open_batch in batches.into_iter().take(if deed == Deed::Void { 3 } else { 1 }) {
                let (by, note) = (BY, "void-1".to_owned());
                let tip_minor = if amount_minor == 5_000 { 100 } else { 0 };
                let earlier = life.refunds.clone();
                let reserve = Reserve {
                    by,
                    deed,
                    amount_minor,
                    tip_minor,
                    note,
                    open_batch,
                    earlier,
                    refunds_tip_minor: None,
                    only_held: false,
                };
                if deed == Deed::Completion || !is_full {
                    commands.push(Command::Reserve(reserve));
                }
            }
        }
    }
    // A follow-up ends once: when it has, there is nothing open of it.
    let open = life.refunds.iter().filter(|refund| refund.means.carried_by.is_some());
    for refund in open.cloned().map(Some).chain([None]) {
        for by in [BY, OTHER] {
            for is_done in [true, false] {
                let [facts, _, batch] = facts();
                let facts = if is_done { batch } else { facts };
                let (refund, channel_ref) = (refund.clone(), "c-2".to_owned());
                commands.push(Command::FollowUpSays { by, refund, is_done, facts, channel_ref });
            }
        }
    }
    commands
}

fn refunds(life: &Life) -> Vec<Command> {
    let mut commands = Vec::new();
    for refund in life.refunds.iter().filter(|refund| refund.means.carried_by.is_none()) {
        for outcome in sample::OUTCOMES {
            let outcome = sample::outcome(outcome);
            commands.push(Command::RefundSays { refund: refund.clone(), outcome });
        }
    }
    if life.order.refunds >= REFUNDS {
        return commands;
    }
    for amount_minor in amounts(life) {
        let url = if life.order.refunds == 0 { "https://shop.example/r" } else { "" };
        for (is_void, notify_url) in [(false, ""), (true, url)] {
            let means =
                RefundMeans { is_void, carried_by: None, notify_url: notify_url.into(), tip_minor: None };
            commands.push(Command::Refund(NewRefund {
                amount_minor,
                reference: None,
                note: format!("{}", life.order.refunds),
                means,
                earlier: life.refunds.clone(),
            }));
        }
    }
    commands
}

/// What matters of a life for what may follow.
fn essence(life: &Life) -> String {
    let mut order = life.order.clone();
    (order.version, order.events) = (0, 0);
    if let Some(counter) = &mut order.counter {
        counter.slip = None;
        if !order.state.is_open() {
            (counter.stage, counter.is_unknown) = Default::default();
        }
    }
    let refunds: Vec<_> = life
        .refunds
        .iter()
        .map(|refund| (refund.amount_minor, &refund.state, &refund.means, refund.reverses_late_payment))
        .collect();
    format!("{order:?} {refunds:?} {:?} {:?}", life.work, life.ledger)
}

pub struct Explored {
    lives: usize,
    steps: usize,
    reached: BTreeSet<Arrow>,
    pub faults: Vec<String>,
}

/// Until nothing new is found, or something is wrong.
pub fn explore(decide: Decide, beginnings: Vec<NewOrder>) -> Explored {
    let mut found = Explored { lives: 0, steps: 0, reached: BTreeSet::new(), faults: Vec::new() };
    for ordered in beginnings {
        let first = Life::born(decide, ordered);
        found.faults.extend(first.faults());
        let mut seen = HashSet::from([essence(&first)]);
        // The same life by another step is read again, but not lived again.
        let mut read = HashSet::new();
        let mut open = vec![first];
        while let Some(life) = open.pop() {
            found.lives += 1;
            for (command, now) in commands(&life) {
                found.steps += 1;
                let Some((decision, mut faults)) = life.decides(decide, &command, now) else { continue };
                faults.extend(life.forgotten_money(&command, &decision.order));
                if !decision.is_nothing() {
                    let events = format!("{:?} {:?}", decision.events, decision.postings);
                    let arrow = (life.order.state.name(), command.name(), decision.order.state.name());
                    found.reached.insert(arrow);
                    let mut next = life.clone();
                    next.keep(decision);
                    let essence = essence(&next);
                    if seen.insert(essence.clone()) {
                        open.push(next.clone());
                    }
                    if read.insert(essence + &events) {
                        faults.extend(next.faults());
                    }
                }
                let told = |fault: &String| format!("{fault} after {command:?} of {:?}", life.order);
                found.faults.extend(faults.iter().map(told));
                if found.faults.len() > 5 {
                    return found;
                }
            }
        }
    }
    found
}

#[test]
fn every_life_is_sound_and_all_of_the_table_is_lived() {
    let found = explore(decide, beginnings());
    assert!(found.faults.is_empty(), "{:#?}", found.faults);
    let dead: Vec<_> = COUNTER_TRANSITIONS.iter().filter(|row| !found.reached.contains(*row)).collect();
    assert!(dead.is_empty(), "rows of the table that nothing reaches: {dead:?}");
    assert!(
        found.lives > 1_000 && found.steps > 100_000,
        "only {} lives, {} steps",
        found.lives,
        found.steps
    );
}
