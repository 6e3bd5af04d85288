//! Rules with a fault planted in them: the stories must find each, or their checker sees nothing.

use super::sample;
use super::stories::tell;
use super::story::Decide;
use crate::decide::{Decision, decide};
use crate::{
    CloseReason, Command, Event, LedgerAccount, Order, OrderState, Outcome, Refusal, Timestamp, WorkKind,
};

/// Runs planted faults through the stories: each must be found by some seed, and named.
#[test]
fn planted_faults_are_caught() {
    let plants: [(&str, Decide); 21] = [
        ("a final state changed", late_decline_overwrites),
        ("is not told exactly once", tells_twice),
        ("is not told exactly once", tells_of_the_last_event),
        ("the ledger does not balance", forgets_a_line),
        ("fee_income is not", takes_no_fee),
        ("fee_income is not", keeps_the_fee_of_what_goes_back),
        ("vat_payable is not", takes_no_vat),
        ("do not add up", refund_is_not_set_aside),
        ("funds out of bounds", refunds_without_asking),
        ("were reversed by", reverses_each_late_word),
        ("were reversed by", gives_back_what_was_given_up_twice),
        ("what was given back was forgotten", forgets_what_was_given_back),
        ("money that came is forgotten", hears_nothing_of_what_was_given_up),
        ("the journal tells of another order", writes_another_event),
        ("the journal tells of another order", writes_no_choice),
        ("the journal tells of another order", writes_the_first_choice),
        ("nobody closes the payment", forgets_to_close),
        ("tips_payable:W00000001 is not", loses_the_tip),
        ("tips_payable:W00000001 is not", refunds_the_tip_first),
        ("channel_receivable:wechat is not", books_on_the_first_choice),
        ("a reference names two refunds", forgets_earlier_refunds),
    ];
    for (what, plant) in plants {
        let found = (0..2_000).flat_map(|seed| tell(plant, seed)).any(|fault| fault.contains(what));
        assert!(found, "nobody noticed: {what}");
    }
}

type Decided = Result<Decision, Refusal>;

fn late_decline_overwrites(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let declined = matches!(&command, Command::ChannelSays { outcome: Outcome::Declined { .. }, .. });
    match order {
        Some(mut order) if declined && order.state.is_final() => {
            order.state = OrderState::Pending;
            decide(Some(order), command, now)
        }
        order => decide(order, command, now),
    }
}

fn tells_twice(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    let told = decision.work.iter().copied().filter(|work| matches!(work.kind, WorkKind::Notify(_)));
    let again: Vec<_> = told.collect();
    decision.work.extend(again);
    Ok(decision)
}

fn forgets_a_line(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    decision.postings.pop();
    Ok(decision)
}

/// The merchant has what was to be booked there.
fn without_lines_on(decision: &mut Decision, account: &LedgerAccount) {
    let is_other = |line: &crate::Posting| line.account != *account;
    let minor: i64 =
        decision.postings.iter().filter(|line| !is_other(line)).map(|line| line.amount.minor).sum();
    decision.postings.retain(is_other);
    let payable = |line: &&mut crate::Posting| matches!(line.account, LedgerAccount::MerchantPayable(_));
    if let Some(line) = decision.postings.iter_mut().find(payable) {
        line.amount.minor += minor;
    }
}

fn takes_no_fee(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    without_lines_on(&mut decision, &LedgerAccount::FeeIncome);
    Ok(decision)
}

fn takes_no_vat(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    without_lines_on(&mut decision, &LedgerAccount::VatPayable);
    Ok(decision)
}

fn keeps_the_fee_of_what_goes_back(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let is_refund = matches!(command, Command::RefundSays { .. });
    let mut decision = decide(order, command, now)?;
    if is_refund {
        without_lines_on(&mut decision, &LedgerAccount::FeeIncome);
    }
    Ok(decision)
}

fn refund_is_not_set_aside(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    if matches!(decision.events[..], [Event::RefundRequested { .. }]) {
        decision.order.funds.refunding_minor = 0;
    }
    Ok(decision)
}

fn refunds_without_asking(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let (before, is_refund) = (order.clone(), matches!(command, Command::Refund(_)));
    match decide(order, command, now) {
        Err(Refusal::RefundAboveRest) if is_refund => {
            let mut order = before.expect("it was paid");
            order.funds.captured_minor *= 2;
            let mut decision = decide(Some(order), sample::refund_command(1, Vec::new()), now)?;
            decision.order.funds.captured_minor /= 2;
            decision.order.funds.refunding_minor = decision.order.funds.captured_minor + 1;
            Ok(decision)
        }
        decided => decided,
    }
}

/// As if nothing had been given back yet of the choices in `forgotten`.
fn forgetting(
    order: Option<Order>,
    command: Command,
    now: Timestamp,
    forgotten: fn(&Order) -> u32,
) -> Decided {
    let had = order.as_ref().map_or(0, |order| order.given_back);
    let forgetful = order.map(|mut order| {
        order.given_back &= !forgotten(&order);
        order
    });
    let mut decision = decide(forgetful, command, now)?;
    decision.order.given_back |= had;
    Ok(decision)
}

fn reverses_each_late_word(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    forgetting(order, command, now, |order| 1_u32.checked_shl(order.choice().wrapping_sub(1)).unwrap_or(0))
}

fn gives_back_what_was_given_up_twice(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    forgetting(order, command, now, |order| (1 << order.choice().saturating_sub(1)) - 1)
}

fn forgets_what_was_given_back(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    if matches!(decision.events[..], [Event::Chosen(_)]) {
        decision.order.given_back = 0;
    }
    Ok(decision)
}

fn hears_nothing_of_what_was_given_up(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let by = if let Command::ChannelSays { choice, .. } = command { Some(choice) } else { None };
    match order {
        Some(order) if by.is_some_and(|choice| choice < order.choice()) => {
            // Something that never changes an order.
            decide(Some(order), Command::Present { choice: 0, presentation: Default::default() }, now)
        }
        order => decide(order, command, now),
    }
}

fn tells_of_the_last_event(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    for work in &mut decision.work {
        if let WorkKind::Notify(event) = &mut work.kind {
            *event = decision.order.events;
        }
    }
    Ok(decision)
}

fn writes_no_choice(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    if let [event @ Event::Chosen(_)] = &mut decision.events[..] {
        *event = Event::OutcomeUnknown;
    }
    Ok(decision)
}

fn writes_the_first_choice(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    for event in &mut decision.events {
        if let Event::LatePayment { choice, .. } = event {
            *choice = 1;
        }
    }
    Ok(decision)
}

/// All that is paid is the merchant's.
fn loses_the_tip(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    for line in &mut decision.postings {
        if let LedgerAccount::TipsPayable(account) = &line.account {
            line.account = LedgerAccount::MerchantPayable(account.clone());
        }
    }
    Ok(decision)
}

fn refunds_the_tip_first(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let before_minor = order.as_ref().map_or(0, |order| order.funds.refunded_minor);
    let mut decision = decide(order, command, now)?;
    let terms = decision.order.terms.clone();
    let of_tip = decision.order.funds.refunded_minor.min(terms.tip_minor) - before_minor.min(terms.tip_minor);
    let refunded = decision.order.funds.refunded_minor - before_minor;
    if refunded > 0 {
        let tips = |line: &&mut crate::Posting| matches!(line.account, LedgerAccount::TipsPayable(_));
        let was =
            decision.postings.iter_mut().find(tips).map_or(0, |line| std::mem::take(&mut line.amount.minor));
        decision.postings[0].amount.minor += was - of_tip;
        let amount = crate::Money { minor: of_tip, ..terms.amount };
        decision.postings.push(crate::Posting { account: LedgerAccount::TipsPayable(terms.account), amount });
    }
    Ok(decision)
}

fn books_on_the_first_choice(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    let first = decision.order.method_of(1).cloned();
    for line in &mut decision.postings {
        if let (LedgerAccount::ChannelReceivable(method), Some(first)) = (&mut line.account, &first) {
            *method = first.as_str().to_owned();
        }
    }
    Ok(decision)
}

fn forgets_earlier_refunds(order: Option<Order>, mut command: Command, now: Timestamp) -> Decided {
    if let Command::Refund(new) = &mut command {
        new.earlier.clear();
    }
    decide(order, command, now)
}

fn writes_another_event(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    if let [Event::CloseRequested(reason)] = &mut decision.events[..] {
        *reason = CloseReason::Expired;
    }
    Ok(decision)
}

fn forgets_to_close(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    decision.work.retain(|work| work.kind != WorkKind::Close);
    Ok(decision)
}
