//! Seeded random stories: thousands of lives of one order, each step anything that can happen.
//!
//! `STORIES=100000` tells more of them, `STORY_SEED=7` one of them again.

use std::collections::BTreeSet;

use super::story::{Decide, Story};
use super::{fees, sample};
use crate::decide::decide;
use crate::order::Funds;
use crate::{
    AfterTime, Command, Event, Flow, Money, NewOrder, NewRefund, Order, OrderState, Presentation, Tells,
    Timestamp,
};

const STEPS: u64 = 24;

/// xorshift64*: the same seed tells the same story.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    pub fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }

    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as u64) as i64
    }
}

/// An order somebody may want, not yet created.
fn ordered(dice: &mut Dice) -> NewOrder {
    let mut terms = sample::terms(Flow::ALL[dice.below(4) as usize]);
    let largest = [10, 12_000, Money::LIMIT_MINOR][dice.below(3) as usize];
    terms.amount.minor = dice.between(1, largest);
    if dice.below(2) == 0 {
        terms.tip_minor = dice.between(1, largest);
    }
    terms.fees = fees::any_plan(&mut Dice::new(dice.below(1 << 20)));
    if dice.below(4) == 0 {
        terms.notify_url.clear();
    }
    if dice.below(4) == 0 && terms.flow != Flow::CustomerPresented {
        terms.method = None;
    }
    terms.after_time = [AfterTime::Counts, AfterTime::GoesBack][dice.below(2) as usize];
    terms.tells = [Tells::EveryEnd, Tells::EveryEnd, Tells::Payment][dice.below(3) as usize];
    let presentation = sample::presentation(dice.of(&["nothing", "nothing", "code", "app"]));
    NewOrder { presentation, ..sample::new_order(terms) }
}

/// Tells one story until its listener has heard enough. Some lives are hurried, some last until after their time.
fn live(decide: Decide, seed: u64, mut enough: impl FnMut(&Story) -> bool) {
    let mut dice = Dice::new(seed);
    let ordered = ordered(&mut dice);
    let pace_ms = [30_000, 120_000, 900_000][dice.below(3) as usize];
    let mut now = ordered.terms.created_at;
    let mut story = Story::new(decide, ordered);
    story.step(Command::Create(story.ordered()), now);
    for _ in 0..STEPS {
        now = now.plus_ms(dice.between(0, pace_ms));
        let command = happens(&mut dice, &story);
        story.step(command, now);
        if enough(&story) {
            return;
        }
    }
}

pub fn tell(decide: Decide, seed: u64) -> Vec<String> {
    let mut faults = Vec::new();
    live(decide, seed, |story| {
        faults = story.faults();
        !faults.is_empty()
    });
    faults
}

fn happens(dice: &mut Dice, story: &Story) -> Command {
    let current = story.order.as_ref().map_or(0, Order::choice);
    let mut choice = current;
    if dice.below(4) == 0 {
        choice = dice.between(0, i64::from(current) + 1) as u32;
    }
    match dice.below(20) {
        0 => Command::Create(story.ordered()),
        // Only a charged order is ever charging.
        1 | 2 => {
            let presentation = sample::presentation(dice.of(&["nothing", "code", "app"]));
            Command::Present { choice, presentation }
        }
        3 => Command::Cancel,
        4 | 5 => Command::Expire,
        6..=8 => sample::says_by(choice, dice.of(&sample::ASKED), dice.of(&sample::OUTCOMES)),
        9 => sample::says_by(choice, dice.of(&sample::ASKED), "unknown"),
        10..=12 => refund(dice, story),
        13 => sample::choose_open(dice.of(&["alipay", "wechat", "unionpay"]), choice),
        14 | 15 => sample::choose(dice.of(&["alipay", "wechat", "unionpay"]), choice),
        _ if story.refunds.is_empty() => sample::says_by(choice, "callback", "paid"),
        _ => {
            let refund = story.refunds[dice.below(story.refunds.len() as u64) as usize].clone();
            Command::RefundSays { refund, outcome: sample::outcome(dice.of(&sample::OUTCOMES)) }
        }
    }
}

/// A new one, or one of the earlier again: with its number, and with the same amount or another.
fn refund(dice: &mut Dice, story: &Story) -> Command {
    let funds = story.order.as_ref().map_or(Funds::default(), |order| order.funds);
    let reaches = [funds.captured_minor + 1, funds.refundable_minor(), funds.captured_minor / 4];
    let most = reaches[dice.below(3) as usize];
    let least = if dice.below(3) == 0 { most } else { -1 };
    let reference = [None, Some("r1"), Some("r2"), Some("r3")][dice.below(4) as usize];
    let mut new = NewRefund {
        means: Default::default(),
        amount_minor: dice.between(least, most.max(1)),
        reference: reference.map(str::to_owned),
        note: dice.of(&["cold", "late", "wrong size"]).to_owned(),
        earlier: story.refunds.clone(),
    };
    if !story.refunds.is_empty() && dice.below(4) == 0 {
        let again = &story.refunds[dice.below(story.refunds.len() as u64) as usize];
        new.note.clone_from(&again.note);
        new.reference.clone_from(&again.reference);
        new.amount_minor = again.amount_minor + dice.between(-1, 1);
    }
    Command::Refund(new)
}

pub fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn whatever_happens_the_order_is_sound() {
    let seeds = match from_environment("STORY_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..from_environment("STORIES").unwrap_or(15_000),
    };
    for seed in seeds {
        let faults = tell(decide, seed);
        assert!(faults.is_empty(), "STORY_SEED={seed}: {faults:#?}");
    }
}

/// The stories must visit what they are told for, or they prove nothing.
#[test]
fn the_stories_go_everywhere() {
    let mut visited = BTreeSet::new();
    for seed in 0..2_000 {
        live(decide, seed, |story| {
            visits(story, &mut visited);
            false
        });
    }
    let everywhere = [
        "born presented",
        "cancelled",
        "chosen again",
        "chosen by nobody",
        "closing",
        "failed",
        "late",
        "late by two choices",
        "late while pending",
        "paid",
        "paid by another choice",
        "pending",
        "refunded whole",
        "requested",
        "sent back after its time",
        "succeeded",
        "tip refunded",
    ];
    assert_eq!(visited.into_iter().collect::<Vec<_>>(), everywhere);
}

fn visits(story: &Story, visited: &mut BTreeSet<&'static str>) {
    let order = story.order.as_ref().expect("it was created");
    let (funds, terms) = (order.funds, &order.terms);
    let is_paid = matches!(order.state, OrderState::Paid { .. });
    let sent_back = |pair: &[(Timestamp, Event)]| matches!(pair, [(at, Event::Failed(_)), (also_at, Event::LatePayment { .. })] if at == also_at);
    let were_here = [
        ("born presented", order.events == 2 && order.presentation != Presentation::None),
        ("chosen again", order.choice() > 1),
        ("chosen by nobody", order.choice() == 0),
        ("late", order.given_back != 0),
        ("late by two choices", order.given_back.count_ones() > 1),
        ("late while pending", order.given_back != 0 && order.state == OrderState::Pending),
        ("paid by another choice", is_paid && order.choice() > 1),
        ("refunded whole", is_paid && funds.refunded_minor == funds.captured_minor),
        ("sent back after its time", story.journal.windows(2).any(sent_back)),
        ("tip refunded", funds.refunded_minor > terms.amount.minor),
    ];
    visited.insert(order.state.name());
    visited.extend(story.refunds.iter().map(|refund| refund.state.name()));
    visited.extend(were_here.into_iter().filter(|(_, here)| *here).map(|(what, _)| what));
}
