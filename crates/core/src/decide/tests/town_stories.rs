//! Seeded random stories of an order at a terminal and of what is done to it later, in any order.
//!
//! `STORIES=100000` tells more of them, `STORY_SEED=7` one of them again.

use std::collections::BTreeSet;

use super::counter_words::slip;
use super::stories::{Dice, from_environment};
use super::story::Decide;
use super::town::{ORIGINAL, Town};
use super::{fees, sample};
use crate::decide::decide;
use crate::{Command, Deed, Facts, NewRefund, OrderNo, OrderState, Pending, RefundState};

const STEPS: u64 = 40;

fn begins(decide: Decide, dice: &mut Dice) -> Town {
    let deed = [Deed::Sale, Deed::Authorization][dice.below(2) as usize];
    let largest = [10, 12_000][dice.below(2) as usize];
    let amount = dice.between(1, largest);
    let tip = if dice.below(2) == 0 { 0 } else { dice.between(0, amount) };
    Town::new(decide, deed, (amount, tip), fees::any_plan(dice))
}

fn happens(dice: &mut Dice, town: &mut Town) {
    town.now = town.now.plus_ms(dice.between(0, 40_000));
    let numbers: Vec<OrderNo> = town.lives.keys().copied().collect();
    let newest = numbers[numbers.len() - 1];
    let any = numbers[dice.below(numbers.len() as u64) as usize];
    let number = if dice.below(3) == 0 { any } else { newest };
    match dice.below(20) {
        0 | 1 => town.acts(number, Command::Offer),
        2 | 3 => town.acts(number, Command::Take),
        4..=6 => word(dice, town, number, "paid"),
        7 => {
            let outcome = dice.of(&sample::OUTCOMES);
            word(dice, town, number, outcome);
        }
        8 => town.acts(number, [Command::Cancel, Command::Expire][dice.below(2) as usize].clone()),
        9..=12 => follows(dice, town),
        13 => {
            let tip_minor = dice.between(0, 600);
            let open_batch = Some(town.open_batch);
            town.acts(ORIGINAL, Command::AdjustTip { tip_minor, open_batch });
        }
        14 => tip_word(dice, town),
        15 if dice.below(3) == 0 => town.closes_batch(),
        16 => town.settles(),
        17 => refund(dice, town),
        _ => refund_word(dice, town, any),
    }
}

/// The acquirer's or the terminal's; a sale or an authorization may come with another tip.
fn word(dice: &mut Dice, town: &mut Town, number: OrderNo, outcome: &str) {
    let tip_minor = (dice.below(3) == 0).then(|| dice.between(0, 500));
    let facts = Facts { slip: Some(slip()), tip_minor, batch: None };
    town.acts(number, sample::counter_says(dice.of(&sample::ASKED), outcome, facts));
}

fn follows(dice: &mut Dice, town: &mut Town) {
    if town.lives.len() > 9 {
        return;
    }
    let deed = [Deed::Void, Deed::Refund, Deed::Refund, Deed::Completion][dice.below(4) as usize];
    let order = &town.original().order;
    let (held, funds) = (order.authorized_minor(), order.funds);
    let whole = if funds.captured_minor > 0 { funds.captured_minor } else { held };
    let amount_minor = match (deed, dice.below(4)) {
        (Deed::Void, 1..) => whole,
        (Deed::Refund, 0) => funds.refundable_minor(),
        _ => dice.between(1, whole.max(1) + 1),
    };
    let tip_minor = if deed == Deed::Completion { dice.between(0, amount_minor - 1) } else { 0 };
    if amount_minor > 0 {
        let most = town.original().order.tip_minor().min(amount_minor);
        let of_tip = (deed == Deed::Refund && dice.below(3) == 0).then(|| dice.between(0, most));
        town.follows(deed, (amount_minor - tip_minor, tip_minor), of_tip);
    }
}

fn tip_word(dice: &mut Dice, town: &mut Town) {
    let pending = town.original().order.counter.as_ref().and_then(|counter| counter.pending);
    if let Some(Pending::Tip { tip_minor }) = pending {
        let outcome = sample::outcome(dice.of(&sample::OUTCOMES));
        town.acts(ORIGINAL, Command::TipSays { tip_minor, outcome });
    }
}

/// By the channel, without a terminal.
fn refund(dice: &mut Dice, town: &mut Town) {
    let original = town.original();
    let amount_minor = dice.between(1, original.order.funds.refundable_minor().max(1));
    let note = format!("{}", dice.below(100));
    let (means, earlier) = (Default::default(), original.refunds.clone());
    town.acts(ORIGINAL, Command::Refund(NewRefund { amount_minor, reference: None, note, means, earlier }));
}

fn refund_word(dice: &mut Dice, town: &mut Town, number: OrderNo) {
    let refunds = &town.lives[&number].refunds;
    let mut own = refunds
        .iter()
        .filter(|refund| refund.means.carried_by.is_none() && refund.state == RefundState::Requested);
    if let Some(refund) = own.next().cloned() {
        let outcome = sample::outcome(dice.of(&sample::OUTCOMES));
        town.acts(number, Command::RefundSays { refund, outcome });
    }
}

fn live(decide: Decide, seed: u64, mut listener: impl FnMut(&Town)) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let mut town = begins(decide, &mut dice);
    for _ in 0..STEPS {
        happens(&mut dice, &mut town);
        listener(&town);
        if !town.faults.is_empty() {
            return town.faults;
        }
    }
    town.comes_to_rest();
    listener(&town);
    town.faults
}

pub fn tell(decide: Decide, seed: u64) -> Vec<String> {
    live(decide, seed, |_| {})
}

#[test]
fn whatever_is_done_to_an_order_at_a_terminal_the_money_is_sound() {
    let seeds = match from_environment("STORY_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..from_environment("STORIES").unwrap_or(2_000),
    };
    for seed in seeds {
        let faults = tell(decide, seed);
        assert!(faults.is_empty(), "STORY_SEED={seed}: {faults:#?}");
    }
}

/// The stories must visit what they are told for, or they prove nothing.
#[test]
fn the_stories_of_a_terminal_go_everywhere() {
    let mut visited = BTreeSet::new();
    for seed in 0..1_500 {
        live(decide, seed, |town| visits(town, &mut visited));
    }
    let everywhere = [
        "authorized",
        "cancelled",
        "captured less than was held",
        "closing",
        "failed",
        "late",
        "paid",
        "pending",
        "refunded by terminal and by channel",
        "refunded whole by three",
        "settled in another batch than its refund",
        "tip changed",
        "tip refunded before the sale",
        "voided",
        "voided a capture",
        "voided what was held",
    ];
    assert_eq!(visited.into_iter().collect::<Vec<_>>(), everywhere);
}

fn visits(town: &Town, visited: &mut BTreeSet<&'static str>) {
    let original = town.original();
    let (order, funds) = (&original.order, original.order.funds);
    let counter = order.counter.as_ref().expect("a counter");
    let done = |refund: &&crate::Refund| matches!(refund.state, RefundState::Succeeded { .. });
    let by_terminal = original.refunds.iter().filter(done).filter(|refund| refund.means.carried_by.is_some());
    let is_voided = matches!(order.state, OrderState::Voided { .. });
    let in_other_batch = |life: &super::life::Life| {
        life.order.counter.as_ref().is_some_and(|own| own.is_settled && own.batch != counter.batch)
    };
    let told = |name: &str| original.journal.iter().any(|(_, event)| event.name() == name);
    let were_here = [
        ("captured less than was held", told("captured") && funds.captured_minor < counter.authorized_minor),
        ("late", order.given_back != 0),
        (
            "refunded by terminal and by channel",
            by_terminal.clone().count() > 0
                && by_terminal.clone().count() < original.refunds.iter().filter(done).count(),
        ),
        (
            "refunded whole by three",
            !is_voided
                && funds.captured_minor > 0
                && funds.captured_minor == funds.refunded_minor
                && by_terminal.count() > 2,
        ),
        (
            "settled in another batch than its refund",
            counter.is_settled && town.lives.values().any(in_other_batch),
        ),
        ("tip changed", told("tip adjusted")),
        (
            "tip refunded before the sale",
            original
                .refunds
                .iter()
                .filter(done)
                .any(|refund| refund.means.tip_minor == Some(refund.amount_minor)),
        ),
        ("voided a capture", is_voided && told("captured")),
        ("voided what was held", is_voided && funds.captured_minor == 0),
    ];
    visited.extend(town.lives.values().map(|life| life.order.state.name()));
    visited.extend(were_here.into_iter().filter(|(_, here)| *here).map(|(what, _)| what));
}
