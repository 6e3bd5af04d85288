//! Seeded random stories: thousands of lives of one order, each step anything that can happen.
//!
//! `STORIES=100000` tells more of them, `STORY_SEED=7` one of them again.

use super::sample;
use super::story::{Decide, Story};
use crate::decide::{Decision, decide};
use crate::order::Funds;
use crate::{
    CloseReason, Command, Event, Flow, Money, NewRefund, Order, OrderState, Outcome, RefundState, Refusal,
    Timestamp, WorkKind,
};

const STEPS: u64 = 24;

/// xorshift64*: the same seed tells the same story.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as u64) as i64
    }
}

fn tell(decide: Decide, seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let mut terms = sample::terms(Flow::ALL[dice.below(4) as usize]);
    let largest = [10, 12_000, Money::LIMIT_MINOR][dice.below(3) as usize];
    terms.amount.minor = dice.between(1, largest);
    terms.fee_bp = [0, 1, 120, 10_000][dice.below(4) as usize];
    if dice.below(4) == 0 {
        terms.notify_url.clear();
    }
    let mut now = terms.created_at;
    let mut story = Story::new(decide, terms);
    story.step(Command::Create(story.ordered()), now);
    for _ in 0..STEPS {
        now = now.plus_ms(dice.between(0, 120_000));
        let command = happens(&mut dice, &story);
        story.step(command, now);
        let faults = story.faults();
        if !faults.is_empty() {
            return faults;
        }
    }
    Vec::new()
}

fn happens(dice: &mut Dice, story: &Story) -> Command {
    match dice.below(16) {
        0 => Command::Create(story.ordered()),
        1 | 2 => Command::Present(sample::presentation(dice.of(&sample::PRESENTATIONS))),
        3 => Command::Cancel,
        4 | 5 => Command::Expire,
        6..=8 => sample::says(dice.of(&sample::ASKED), dice.of(&sample::OUTCOMES)),
        9 => sample::says(dice.of(&sample::ASKED), "unknown"),
        10..=12 => {
            let funds = story.order.as_ref().map_or(Funds::default(), |order| order.funds);
            let reaches = [funds.captured_minor + 1, funds.refundable_minor(), funds.captured_minor / 4];
            let most = reaches[dice.below(3) as usize];
            let least = if dice.below(3) == 0 { most } else { -1 };
            Command::Refund(NewRefund {
                amount_minor: dice.between(least, most.max(1)),
                reference: dice.of(&["cold", "late", "wrong size"]).to_owned(),
                earlier: story.refunds.clone(),
            })
        }
        _ if story.refunds.is_empty() => sample::says("callback", "paid"),
        _ => {
            let refund = story.refunds[dice.below(story.refunds.len() as u64) as usize].clone();
            Command::RefundSays { refund, outcome: sample::outcome(dice.of(&sample::OUTCOMES)) }
        }
    }
}

fn from_environment(name: &str) -> Option<u64> {
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
    let mut visited = std::collections::BTreeSet::new();
    for seed in 0..2_000 {
        let mut dice = Dice::new(seed);
        let mut story = Story::new(decide, sample::terms(Flow::ALL[dice.below(4) as usize]));
        story.step(Command::Create(story.ordered()), sample::CREATED_AT);
        for step in 0..STEPS as i64 {
            let command = happens(&mut dice, &story);
            story.step(command, sample::CREATED_AT.plus_s(step * 60));
            let order = story.order.as_ref().expect("it was created");
            visited.insert(order.state.name());
            visited.extend(story.refunds.iter().map(|refund| refund.state.name()));
            if story.refunds.iter().any(|refund| refund.reverses_late_payment) {
                visited.insert("late");
            }
            if order.funds.refunded_minor == order.funds.captured_minor && order.funds.captured_minor > 0 {
                visited.insert("refunded whole");
            }
        }
    }
    let everywhere = [
        "cancelled",
        "closing",
        "failed",
        "late",
        "paid",
        "pending",
        "refunded whole",
        "requested",
        "succeeded",
    ];
    assert_eq!(visited.into_iter().collect::<Vec<_>>(), everywhere);
}

/// Runs planted faults through the stories: each must be found by some seed, and named.
#[test]
fn planted_faults_are_caught() {
    let plants: [(&str, Decide); 9] = [
        ("a final state changed", late_decline_overwrites),
        ("is not told exactly once", tells_twice),
        ("the ledger does not balance", forgets_a_line),
        ("fee_income is not", takes_no_fee),
        ("do not add up", refund_is_not_set_aside),
        ("funds out of bounds", refunds_without_asking),
        ("late payments were reversed", reverses_each_late_word),
        ("the journal tells of another order", writes_another_event),
        ("nobody closes the payment", forgets_to_close),
    ];
    for (what, plant) in plants {
        let found = (0..500).flat_map(|seed| tell(plant, seed)).any(|fault| fault.contains(what));
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

fn takes_no_fee(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let mut decision = decide(order, command, now)?;
    if matches!(decision.order.state, OrderState::Paid { .. }) && decision.postings.len() == 3 {
        let fee = decision.postings.remove(2).amount.minor;
        decision.postings[1].amount.minor += fee;
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

fn reverses_each_late_word(order: Option<Order>, command: Command, now: Timestamp) -> Decided {
    let Some(before) = order.clone().filter(|order| order.refunds > 0) else {
        return decide(order, command, now);
    };
    let mut first = before.clone();
    first.refunds = 0;
    let mut decision = decide(Some(first), command, now)?;
    decision.order.refunds = before.refunds;
    if let (Some(refund), [Event::LatePayment { refund: number, .. }]) =
        (&mut decision.refund, &mut decision.events[..])
    {
        decision.order.refunds += 1;
        number.0 = decision.order.refunds;
        refund.number = *number;
        refund.state = RefundState::Requested;
    }
    Ok(decision)
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
