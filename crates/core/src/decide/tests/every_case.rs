//! Every state with every presentation meets every command: nothing happens off the table,
//! and nothing stands in the table that cannot happen.

use std::collections::BTreeSet;

use super::sample;
use crate::decide::{Decision, decide};
use crate::table::{TRANSITIONS, to_markdown};
use crate::{Command, Flow, Order, OrderState, Refund, RefundState, Timestamp};

/// An order and its refunds, as the store may hold them.
#[derive(Clone)]
struct Case {
    order: Order,
    refunds: Vec<Refund>,
}

/// Each state and presentation, told or not told, with each way its refunds may stand.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for state in sample::STATES {
        for presentation in sample::PRESENTATIONS {
            let order = sample::order(sample::state(state), sample::presentation(presentation));
            let mut untold = order.clone();
            untold.terms.notify_url.clear();
            for order in [order, untold] {
                cases.extend(with_refunds(&order));
            }
        }
    }
    cases
}

fn with_refunds(order: &Order) -> Vec<Case> {
    let bare = Case { order: order.clone(), refunds: Vec::new() };
    let ways: Vec<Case> = match &order.state {
        OrderState::Pending | OrderState::Closing(_) => Vec::new(),
        OrderState::Paid { .. } => [1, 5_000, sample::AMOUNT_MINOR]
            .into_iter()
            .flat_map(|minor| settled_ways().map(|state| refunded(order, minor, state)))
            .collect(),
        OrderState::Failed { .. } | OrderState::Cancelled { .. } => {
            settled_ways().map(|state| refunded(order, sample::AMOUNT_MINOR, state)).to_vec()
        }
    };
    std::iter::once(bare).chain(ways).collect()
}

fn settled_ways() -> [RefundState; 3] {
    let at = sample::CREATED_AT;
    [
        RefundState::Requested,
        RefundState::Succeeded { at },
        RefundState::Failed { at, reason: "wallet closed".into() },
    ]
}

fn refunded(order: &Order, minor: i64, state: RefundState) -> Case {
    let mut order = order.clone();
    let refund = Refund { state, ..sample::refund_of(&order, 1, minor) };
    order.refunds = 1;
    if !refund.reverses_late_payment {
        match refund.state {
            RefundState::Requested => order.funds.refunding_minor = minor,
            RefundState::Succeeded { .. } => order.funds.refunded_minor = minor,
            RefundState::Failed { .. } => {}
        }
    }
    Case { order, refunds: vec![refund] }
}

fn commands(case: &Case) -> Vec<(Command, Timestamp)> {
    let mut other_terms = case.order.terms.clone();
    other_terms.amount.minor += 1;
    let mut commands = vec![
        (Command::Create(sample::new_order(case.order.terms.clone())), sample::NOW),
        (Command::Create(sample::new_order(other_terms)), sample::NOW),
        (Command::Cancel, sample::NOW),
        (Command::Expire, sample::NOW),
        (Command::Expire, sample::EXPIRES_AT),
    ];
    for presentation in sample::PRESENTATIONS {
        commands.push((Command::Present(sample::presentation(presentation)), sample::NOW));
    }
    for outcome in sample::OUTCOMES {
        for asked in sample::ASKED {
            commands.push((sample::says(asked, outcome), sample::NOW));
        }
        for refund in &case.refunds {
            let outcome = sample::outcome(outcome);
            commands.push((Command::RefundSays { refund: refund.clone(), outcome }, sample::NOW));
        }
    }
    let rest = case.order.funds.refundable_minor();
    for minor in [i64::MIN, -1, 0, 1, 5_000, rest, rest + 1, sample::AMOUNT_MINOR + 1, i64::MAX] {
        commands.push((sample::refund_command(minor, case.refunds.clone()), sample::NOW));
    }
    commands
}

/// What must hold of a decision, whatever was decided. Empty when it does.
fn faults(before: &Order, command: &str, decision: &Decision) -> Vec<String> {
    let after = &decision.order;
    let mut faults = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            faults.push(format!("{what}: {before:?} --{command}--> {decision:?}"));
        }
    };
    let row = (before.state.name(), command, after.state.name());
    let changed = !decision.is_nothing();
    must(!changed || TRANSITIONS.contains(&row), "off the table");
    must(changed || *after == *before, "changed without an event");
    must(changed || decision.work.is_empty() && decision.postings.is_empty(), "owes without an event");
    must(changed || decision.refund.is_none() && !decision.ends_open_work, "stores without an event");
    must(!before.state.is_final() || after.state == before.state, "a final state changed");
    must(after.terms == before.terms, "terms changed");
    let funds = after.funds;
    must(
        0 <= funds.refunded_minor
            && 0 <= funds.refunding_minor
            && funds.refunded_minor + funds.refunding_minor <= funds.captured_minor
            && funds.captured_minor <= after.terms.amount.minor,
        "funds out of bounds",
    );
    must(decision.postings.iter().map(|line| line.amount.minor).sum::<i64>() == 0, "ledger unbalanced");
    must(decision.postings.iter().all(|line| line.amount.minor != 0), "an empty ledger line");
    must(after.version == before.version + u32::from(changed), "version");
    must(after.events == before.events + decision.events.len() as u32, "event number");
    must(decision.events.len() <= 1, "one event for each commit, as replay counts on");
    let ended = after.state.is_final() && !before.state.is_final();
    let told = decision.work.iter().any(|work| work.kind == crate::WorkKind::Notify(after.events));
    must(told == (ended && !after.terms.notify_url.is_empty()), "told");
    must(!ended || decision.ends_open_work, "an ended order keeps its timers");
    faults
}

#[test]
fn every_state_meets_every_command() {
    let mut reached = BTreeSet::new();
    let mut wrong = Vec::new();
    let mut tried = 0;
    for case in cases() {
        for (command, now) in commands(&case) {
            let name = command.name();
            tried += 1;
            if let Ok(decision) = decide(Some(case.order.clone()), command, now) {
                reached.insert((case.order.state.name(), name, decision.order.state.name()));
                wrong.extend(faults(&case.order, name, &decision));
            }
        }
    }
    assert!(tried > 5_000, "only {tried} cases");
    assert!(wrong.is_empty(), "{} wrong, the first: {}", wrong.len(), wrong[0]);
    let dead: Vec<_> = TRANSITIONS.iter().filter(|row| !reached.contains(*row)).collect();
    assert!(dead.is_empty(), "rows of the table that nothing reaches: {dead:?}");
}

#[test]
fn without_an_order_only_create_is_heard() {
    let case = Case {
        order: sample::order(OrderState::Pending, crate::Presentation::None),
        refunds: vec![sample::refund_of(
            &sample::order(sample::state("paid"), crate::Presentation::None),
            1,
            5,
        )],
    };
    for (command, now) in commands(&case) {
        let creates = matches!(command, Command::Create(_));
        let decided = decide(None, command, now);
        assert_eq!(decided.is_ok(), creates, "{decided:?}");
    }
}

#[test]
fn a_planted_fault_is_noticed() {
    let before = sample::order(OrderState::Pending, sample::presentation("code"));
    type Plant = fn(&mut Decision);
    let plants: [(&str, Plant); 6] = [
        ("off the table", |decision| decision.order.state = OrderState::Cancelled { at: sample::NOW }),
        ("funds out of bounds", |decision| decision.order.funds.refunded_minor = sample::AMOUNT_MINOR + 1),
        ("ledger unbalanced", |decision| decision.postings.truncate(2)),
        ("changed without an event", |decision| decision.events.clear()),
        ("told", |decision| decision.work.clear()),
        ("terms changed", |decision| decision.order.terms.fee_bp += 1),
    ];
    for (what, plant) in plants {
        let mut decision =
            decide(Some(before.clone()), sample::says("query", "paid"), sample::NOW).expect("it is paid");
        assert_eq!(faults(&before, "channel says paid", &decision), Vec::<String>::new());
        plant(&mut decision);
        let found = faults(&before, "channel says paid", &decision);
        assert!(found.iter().any(|fault| fault.starts_with(what)), "{what} was not noticed: {found:?}");
    }
}

/// `UPDATE_DOCS=1 cargo test -p tillgate-core` writes the page.
#[test]
fn the_printed_table_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/states.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, to_markdown()).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(page, to_markdown(), "docs/states.md has drifted: run with UPDATE_DOCS=1");
}

/// The charged flow is born into another presentation; the flow alone decides which.
#[test]
fn only_a_charged_order_is_born_charging() {
    for flow in Flow::ALL {
        let decision =
            decide(None, Command::Create(sample::new_order(sample::terms(flow))), sample::CREATED_AT)
                .unwrap();
        let charging = decision.order.presentation == crate::Presentation::Charge;
        assert_eq!(charging, flow == Flow::CustomerPresented);
        assert_eq!((decision.order.version, decision.order.events, decision.first_event()), (1, 1, 1));
    }
}
