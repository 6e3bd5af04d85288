//! Every state with every presentation meets every command: nothing happens off the table,
//! and nothing stands in the table that cannot happen.

use std::collections::BTreeSet;

use super::sample;
use super::words::order;
use crate::decide::{Decision, decide};
use crate::table::{TRANSITIONS, to_markdown};
use crate::{
    AfterTime, Command, Cost, Event, Flow, LedgerAccount, Method, Order, OrderState, Outcome, Presentation,
    Refund, RefundState, Tells, Timestamp, WorkKind,
};

/// An order and its refunds, as the store may hold them.
#[derive(Clone)]
struct Case {
    order: Order,
    refunds: Vec<Refund>,
}

/// With a tip or not, chosen once, twice or not yet, told of every end, of payments or of nothing, and what becomes
/// of money after its time. Twice means there is a choice that was given up.
const VARIANTS: [&str; 12] = [
    "choice 1",
    "tip 3000",
    "tip 3000 choice 2",
    "choice 2",
    "choice 2 after goes-back",
    "choice 0",
    "choice 0 tip 3000 tells payment",
    "after goes-back",
    "after goes-back tip 3000",
    "tells payment",
    "tells payment after goes-back",
    "tells payment choice 2",
];

/// Each state and presentation in each variant, told or not told, with each way its refunds may stand.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for state in sample::STATES {
        for presentation in sample::PRESENTATIONS {
            for variant in VARIANTS {
                let order = order(&format!("{state} {presentation} {variant}"));
                if !can_be(&order) {
                    continue;
                }
                let mut untold = order.clone();
                untold.terms.notify_url.clear();
                for order in [order, untold] {
                    cases.extend(with_refunds(&order));
                }
            }
        }
    }
    cases
}

/// Nobody shows, charges or pays what nobody has chosen.
fn can_be(order: &Order) -> bool {
    let ended_unseen = matches!(order.state, OrderState::Failed { .. } | OrderState::Cancelled { .. });
    let unseen = order.presentation == Presentation::None;
    order.choice() > 0 || unseen && (order.state == OrderState::Pending || ended_unseen)
}

/// The late money that may be on its way back, each with every refund the merchant may have asked for.
fn with_refunds(order: &Order) -> Vec<Case> {
    let is_paid = matches!(order.state, OrderState::Paid { .. });
    let current = order.state.is_final() && !is_paid;
    let late_by: Vec<u32> =
        (1..=order.choice()).filter(|choice| *choice < order.choice() || current).collect();
    let mut cases = vec![Case { order: order.clone(), refunds: Vec::new() }];
    for choice in late_by {
        let without = cases.clone();
        for case in without {
            cases.extend(ways().map(|state| given_back(&case, choice, state)));
        }
    }
    if is_paid {
        let (sale_minor, total_minor) = (sample::AMOUNT_MINOR, order.terms.total().minor);
        for case in cases.clone() {
            for minor in BTreeSet::from([1, 5_000, sale_minor, total_minor]) {
                cases.extend(ways().map(|state| refunded(&case, minor, state)));
            }
        }
    }
    cases
}

fn ways() -> [RefundState; 3] {
    let at = sample::CREATED_AT;
    [
        RefundState::Requested,
        RefundState::Succeeded { at, cost_back: Cost::NOTHING },
        RefundState::Failed { at, reason: "wallet closed".into() },
    ]
}

fn given_back(case: &Case, choice: u32, state: RefundState) -> Case {
    let mut case = case.clone();
    case.order.given_back |= 1 << (choice - 1);
    case.order.refunds += 1;
    let refund = Refund { state, ..sample::late_refund_of(&case.order, case.order.refunds, choice) };
    case.refunds.push(refund);
    case
}

/// What the merchant got back has his number on it, so that both kinds of repeat are met.
fn refunded(case: &Case, minor: i64, state: RefundState) -> Case {
    let mut case = case.clone();
    let order = &mut case.order;
    order.refunds += 1;
    match state {
        RefundState::Requested => order.funds.refunding_minor = minor,
        RefundState::Succeeded { .. } => order.funds.refunded_minor = minor,
        RefundState::Failed { .. } => {}
    }
    let reference = Some("r1".to_owned());
    case.refunds.push(Refund { state, reference, ..sample::refund_of(order, order.refunds, minor) });
    case
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
    for choice in 0..=3 {
        for presentation in sample::PRESENTATIONS {
            let presentation = sample::presentation(presentation);
            commands.push((Command::Present { choice, presentation }, sample::NOW));
        }
        for method in ["alipay", "wechat", "unionpay"] {
            commands.push((sample::choose(method, choice), sample::NOW));
            commands.push((sample::choose_open(method, choice), sample::NOW));
        }
        for outcome in sample::OUTCOMES {
            for asked in sample::ASKED {
                commands.push((sample::says_by(choice, asked, outcome), sample::NOW));
            }
        }
    }
    for refund in &case.refunds {
        for outcome in sample::OUTCOMES {
            let outcome = sample::outcome(outcome);
            commands.push((Command::RefundSays { refund: refund.clone(), outcome }, sample::NOW));
        }
    }
    let rest = case.order.funds.refundable_minor();
    let total = case.order.terms.total().minor;
    for minor in [i64::MIN, -1, 0, 1, 5_000, rest, rest + 1, total, total + 1, i64::MAX] {
        for reference in [None, Some("r1"), Some("r2")] {
            commands.push((refund_command(minor, reference, &case.refunds), sample::NOW));
        }
    }
    commands
}

fn refund_command(minor: i64, reference: Option<&str>, earlier: &[Refund]) -> Command {
    let mut command = sample::refund_command(minor, earlier.to_vec());
    if let Command::Refund(new) = &mut command {
        new.reference = reference.map(str::to_owned);
    }
    command
}

/// What must hold of a decision, whatever was decided. Empty when it does.
fn faults(before: &Order, command: &str, decision: &Decision) -> Vec<String> {
    let after = &decision.order;
    let mut faults = choice_faults(before, decision);
    let mut must = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
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
            && funds.captured_minor <= after.terms.total().minor,
        "funds out of bounds",
    );
    let paid = matches!(after.state, OrderState::Paid { .. });
    must(funds.captured_minor == if paid { after.terms.total().minor } else { 0 }, "captured");
    must(decision.postings.iter().map(|line| line.amount.minor).sum::<i64>() == 0, "ledger unbalanced");
    must(decision.postings.iter().all(|line| line.amount.minor != 0), "an empty ledger line");
    let events = decision.events.len() as u32;
    must(after.version == before.version + events, "version");
    must(after.events == before.events + events, "event number");
    let in_one = matches!(decision.events[..], [] | [_] | [Event::Failed(_), Event::LatePayment { .. }]);
    must(in_one, "events that do not belong into one commit");
    let ended = after.state.is_final() && !before.state.is_final();
    must(told(decision) == told_as_due(before, after, decision), "told");
    must(!ended || decision.ends_open_work, "an ended order keeps its timers");
    in_full(faults, before, command, decision)
}

fn in_full(faults: Vec<String>, before: &Order, command: &str, decision: &Decision) -> Vec<String> {
    let full = |what: String| format!("{what}: {before:?} --{command}--> {decision:?}");
    faults.into_iter().map(full).collect()
}

/// The events the merchant is told of.
fn told(decision: &Decision) -> Vec<u32> {
    let event = |work: &crate::decide::NewWork| match work.kind {
        WorkKind::Notify(event) => Some(event),
        _ => None,
    };
    decision.work.iter().filter_map(event).collect()
}

/// The one that ended the order, if this merchant wants to hear of such an end.
fn told_as_due(before: &Order, after: &Order, decision: &Decision) -> Vec<u32> {
    let ends = |event: &Event| matches!(event, Event::Paid { .. } | Event::Failed(_) | Event::Cancelled);
    let wants = !after.terms.notify_url.is_empty()
        && (after.terms.tells == Tells::EveryEnd || matches!(after.state, OrderState::Paid { .. }));
    let end = decision.events.iter().position(ends).map(|at| before.events + 1 + at as u32);
    end.filter(|_| wants).into_iter().collect()
}

/// Choices are only added to; late money goes back once for each, by the channel it came from.
fn choice_faults(before: &Order, decision: &Decision) -> Vec<String> {
    let after = &decision.order;
    let mut faults = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    let chosen: Vec<&Method> = decision
        .events
        .iter()
        .filter_map(|event| if let Event::Chosen(method) = event { Some(method) } else { None })
        .collect();
    let added = after.choices.strip_prefix(&before.choices[..]);
    must(added.is_some_and(|added| added.iter().eq(chosen.iter().copied())), "choices changed");
    if !chosen.is_empty() {
        must(after.presentation == Presentation::None, "what was given up is still shown");
        let expires = |work: &crate::decide::NewWork| work.kind == WorkKind::Expire;
        must(decision.ends_open_work && decision.work.iter().all(expires), "asks about what was given up");
    }
    let late: Vec<u32> = decision
        .events
        .iter()
        .filter_map(|event| if let Event::LatePayment { choice, .. } = event { Some(*choice) } else { None })
        .collect();
    let bits = late.iter().fold(0, |bits, choice| bits | 1 << (choice - 1));
    must(before.given_back & bits == 0, "late money given back twice");
    must(after.given_back == before.given_back | bits, "given back is not what the events say");
    for choice in late {
        let number = before.refunds + 1;
        let total_minor = after.terms.total().minor;
        let returns = decision.refund.as_ref().is_some_and(|refund| {
            let open = refund.reverses_late_payment && refund.state == RefundState::Requested;
            open && (refund.number.0, refund.choice, refund.amount_minor) == (number, choice, total_minor)
        });
        must(returns && after.refunds == number, "late money has no refund");
        let carried = decision.work.iter().any(|work| work.kind == WorkKind::Refund(crate::RefundNo(number)));
        must(carried, "nobody gives the late money back");
        let owes = after.method_of(choice).map(|method| {
            let account = LedgerAccount::ChannelReceivable(method.as_str().to_owned());
            decision.postings.iter().any(|line| line.account == account && line.amount.minor == total_minor)
        });
        must(owes == Some(true), "another channel owes the late money");
    }
    faults
}

/// Money a channel reports is the order's, or on its way back: it is never only heard.
fn money_faults(command: &Command, decision: &Decision) -> Vec<String> {
    let after = &decision.order;
    let Command::ChannelSays { choice, outcome: Outcome::Paid { .. }, .. } = command else {
        return Vec::new();
    };
    if after.method_of(*choice).is_none() {
        return Vec::new();
    }
    let kept = *choice == after.choice() && matches!(after.state, OrderState::Paid { .. });
    let given_back = after.given_back & 1 << (choice - 1) != 0;
    let right = kept != given_back;
    if right { Vec::new() } else { vec![format!("money was lost or kept twice: {command:?} {decision:?}")] }
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
            if let Ok(decision) = decide(Some(case.order.clone()), command.clone(), now) {
                reached.insert((case.order.state.name(), name, decision.order.state.name()));
                wrong.extend(faults(&case.order, name, &decision));
                wrong.extend(money_faults(&command, &decision));
            }
        }
    }
    assert!(tried > 200_000, "only {tried} cases");
    assert!(wrong.is_empty(), "{} wrong, the first: {}", wrong.len(), wrong[0]);
    let dead: Vec<_> = TRANSITIONS.iter().filter(|row| !reached.contains(*row)).collect();
    assert!(dead.is_empty(), "rows of the table that nothing reaches: {dead:?}");
    let off: Vec<_> = reached.iter().filter(|row| !crate::table::allows(row.0, row.1, row.2)).collect();
    assert!(off.is_empty(), "happens, and is not in the table: {off:?}");
}

/// The cases must be what they are told for, or they prove nothing.
#[test]
fn the_cases_are_of_every_kind() {
    type Kind = fn(&Case) -> bool;
    let kinds: [(&str, Kind); 9] = [
        ("a tip", |case| case.order.terms.tip_minor > 0),
        ("no choice", |case| case.order.choices.is_empty()),
        ("two choices", |case| case.order.choice() == 2),
        ("goes back", |case| case.order.terms.after_time == AfterTime::GoesBack),
        ("told of payments", |case| case.order.terms.tells == Tells::Payment),
        ("a tip refunded", |case| case.order.funds.refunded_minor > case.order.terms.amount.minor),
        ("late while pending", |case| case.order.given_back != 0 && case.order.state == OrderState::Pending),
        ("late by both", |case| case.order.given_back == 3),
        ("late and refunded", |case| case.order.given_back != 0 && case.order.funds.refunded_minor > 0),
    ];
    let cases = cases();
    for (what, kind) in kinds {
        assert!(cases.iter().any(kind), "no case has {what}");
        assert!(!cases.iter().all(kind), "every case has {what}");
    }
}

#[test]
fn without_an_order_only_create_is_heard() {
    let paid = order("paid code refunding 5");
    let case = Case { refunds: vec![sample::refund_of(&paid, 1, 5)], order: order("pending nothing") };
    for (command, now) in commands(&case) {
        let creates = matches!(command, Command::Create(_));
        let decided = decide(None, command, now);
        assert_eq!(decided.is_ok(), creates, "{decided:?}");
    }
}

type Plant = fn(&mut Decision);

fn notices(before: &Order, command: &Command, plants: &[(&str, Plant)]) {
    let name = command.name();
    for (what, plant) in plants {
        let mut decision =
            decide(Some(before.clone()), command.clone(), sample::NOW).expect("it is not refused");
        assert_eq!(faults(before, name, &decision), Vec::<String>::new());
        plant(&mut decision);
        let found = faults(before, name, &decision);
        assert!(found.iter().any(|fault| fault.starts_with(what)), "{what} was not noticed: {found:?}");
    }
}

#[test]
fn a_planted_fault_is_noticed() {
    notices(
        &order("pending code"),
        &sample::says("query", "paid"),
        &[
            ("off the table", |decision| decision.order.state = OrderState::Cancelled { at: sample::NOW }),
            ("funds out of bounds", |decision| {
                decision.order.funds.refunded_minor = sample::AMOUNT_MINOR + 1;
            }),
            ("ledger unbalanced", |decision| decision.postings.truncate(2)),
            ("changed without an event", |decision| decision.events.clear()),
            ("told", |decision| decision.work.clear()),
            ("terms changed", |decision| decision.order.terms.fees.usual.rate_bp += 1),
            ("captured", |decision| decision.order.funds.captured_minor -= 1),
            ("choices changed", |decision| decision.order.choices.clear()),
            ("version", |decision| decision.order.version += 1),
        ],
    );
}

#[test]
fn a_planted_fault_of_choices_is_noticed() {
    notices(
        &order("closing:expired code choice 2 after goes-back"),
        &sample::says_by(2, "query", "paid"),
        &[
            ("told", |decision| decision.work[0].kind = WorkKind::Notify(decision.order.events)),
            ("events that do not belong", |decision| decision.events.swap(0, 1)),
            ("given back is not", |decision| decision.order.given_back = 3),
            ("late money has no refund", |decision| decision.refund = None),
            ("nobody gives the late money back", |decision| decision.work.truncate(1)),
            ("another channel owes", |decision| {
                decision.postings[0].account = LedgerAccount::ChannelReceivable("alipay".into());
            }),
        ],
    );
    notices(
        &order("pending code"),
        &sample::choose("wechat", 1),
        &[
            ("choices changed", |decision| decision.order.choices.truncate(1)),
            ("what was given up", |decision| decision.order.presentation = sample::presentation("code")),
            ("asks about what", |decision| decision.ends_open_work = false),
        ],
    );
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

/// The charged flow is born into another presentation; otherwise what the channel has prepared already decides.
#[test]
fn only_a_charged_order_is_born_charging() {
    for flow in Flow::ALL {
        for prepared in ["nothing", "code", "app"] {
            for method in [None, Some(Method::new("alipay"))] {
                let mut new = sample::new_order(sample::terms(flow));
                new.presentation = sample::presentation(prepared);
                new.terms.method = method.clone();
                let shown = new.presentation.clone();
                let decision = decide(None, Command::Create(new), sample::CREATED_AT).unwrap();
                let expected = match (flow, method) {
                    (Flow::CustomerPresented, _) => Presentation::Charge,
                    (_, Some(_)) => shown,
                    (_, None) => Presentation::None,
                };
                let presents = !matches!(expected, Presentation::None | Presentation::Charge);
                assert_eq!(decision.order.presentation, expected);
                let (order, events) = (&decision.order, 1 + u32::from(presents));
                assert_eq!((order.version, order.events, decision.first_event()), (events, events, 1));
                assert_eq!(order.choices, order.terms.method.iter().cloned().collect::<Vec<_>>());
            }
        }
    }
}
