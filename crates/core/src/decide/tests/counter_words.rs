//! The words of the tables for orders at a terminal; see [`words`](super::words) for all others.

use std::fmt::Write as _;

use super::sample;
use crate::{
    BatchPlace, CardKind, Command, Counter, CounterTerms, Deed, Entry, Facts, Flow, Funds, Method, NewOrder,
    Order, OrderNo, OrderState, Pending, Queue, Refund, RefundMeans, RefundNo, Reserve, Slip, Stage,
};

/// The order that acts on the one in the table, and one that does not.
pub const BY: OrderNo = OrderNo(2_018_071_000_000_091);
pub const OTHER: OrderNo = OrderNo(2_018_071_000_000_092);
pub const ORIGINAL: OrderNo = OrderNo(2_018_071_000_000_001);

pub fn slip() -> Slip {
    Slip {
        brand: "Visa".into(),
        first_six: "411111".into(),
        last_four: "1111".into(),
        kind: Some(CardKind::Credit),
        entry: Some(Entry::Chip),
        auth_code: "919070".into(),
        ref_no: "306140000003".into(),
        refused: None,
        is_signed: true,
        ..Slip::default()
    }
}

pub fn place(number: u32) -> BatchPlace {
    BatchPlace { terminal: "WPYB0001".into(), number }
}

pub fn counter_terms(deed: Deed) -> CounterTerms {
    CounterTerms {
        deed,
        original: deed.follows_up().then_some(ORIGINAL),
        cashback_minor: 0,
        asks_tip: false,
        refunds_tip_minor: None,
        queue: Queue::Fifo,
    }
}

/// A card's, unless a wallet is named. Told are the tip, what is held, the stage and so on, in pairs.
pub fn at_counter(order: &mut Order, name: &str, word: &str) -> bool {
    let minor = || -> i64 { word.parse().expect("a number") };
    if name == "deed" {
        become_counters(order, Deed::from_word(word).expect("a deed"));
        return true;
    }
    let OrderParts { counter: Some(counter), terms } = parts(order) else { return false };
    match name {
        "wallet" => {
            let flow = if word == "scanned" { Flow::CustomerPresented } else { Flow::MerchantPresented };
            (terms.flow, terms.method) = (flow, Some(Method::new("alipay")));
            order.choices = vec![Method::new("alipay")];
        }
        "stage" => {
            counter.stage = match word {
                "waiting" => Stage::Waiting,
                "offered" => Stage::Offered,
                "taken" => Stage::Taken,
                other => panic!("no stage is called {other}"),
            }
        }
        "tip" => counter.tip_minor = minor(),
        "asked" => terms.tip_minor = minor(),
        "cashback" => terms.counter.as_mut().expect("a counter").cashback_minor = minor(),
        "held" => counter.authorized_minor = minor(),
        "batch" => counter.batch = Some(place(word.parse().expect("a number"))),
        "settled" => counter.is_settled = true,
        "unknown" => counter.is_unknown = true,
        "slip" => counter.slip = Some(slip()),
        "pending" => counter.pending = Some(pending(word)),
        _ => return false,
    }
    true
}

struct OrderParts<'a> {
    counter: Option<&'a mut Counter>,
    terms: &'a mut crate::Terms,
}

fn parts(order: &mut Order) -> OrderParts<'_> {
    OrderParts { counter: order.counter.as_deref_mut(), terms: &mut order.terms }
}

fn become_counters(order: &mut Order, deed: Deed) {
    let terms = &mut order.terms;
    (terms.flow, terms.method) = (Flow::CardPresent, Some(Method::new("card")));
    terms.counter = Some(counter_terms(deed));
    terms.terminal = "WPYB0001".into();
    order.choices = vec![Method::new("card")];
    order.counter = Some(Box::default());
}

/// `void:1`, `tip:500`, `capture:9000+500`.
fn pending(word: &str) -> Pending {
    let (name, rest) = word.split_once(':').expect("what is pending");
    let minor = |text: &str| -> i64 { text.parse().expect("a number") };
    match name {
        "void" => Pending::Void { refund: RefundNo(minor(rest) as u32) },
        "tip" => Pending::Tip { tip_minor: minor(rest) },
        "capture" => {
            let (amount, tip) = rest.split_once('+').expect("amount and tip");
            Pending::Capture { by: BY, amount_minor: minor(amount), tip_minor: minor(tip) }
        }
        other => panic!("nothing pending is called {other}"),
    }
}

/// What follows from the state: a payment is captured, what is captured was held.
pub fn finish(order: &mut Order) {
    let (total_minor, deed) = (order.total().minor, order.terms.deed());
    let Some(counter) = &mut order.counter else { return };
    let has_paid = matches!(order.state, OrderState::Paid { .. } | OrderState::Voided { .. });
    if counter.authorized_minor == 0 && !deed.follows_up() {
        let is_held = has_paid || matches!(order.state, OrderState::Authorized { .. });
        counter.authorized_minor = if is_held { total_minor } else { 0 };
    }
    let captured_minor = if has_paid && !deed.follows_up() { counter.authorized_minor } else { 0 };
    order.funds = Funds { captured_minor, ..order.funds };
}

pub fn order_words(order: &Order) -> String {
    let mut words = String::new();
    let Some(counter) = &order.counter else { return words };
    match counter.stage {
        Stage::Waiting => {}
        Stage::Offered => words.push_str(" stage offered"),
        Stage::Taken => words.push_str(" stage taken"),
    }
    for (name, minor) in [("tip", counter.tip_minor), ("held", counter.authorized_minor)] {
        if minor != 0 {
            let _ = write!(words, " {name} {minor}");
        }
    }
    if order.funds.captured_minor != 0 {
        let _ = write!(words, " captured {}", order.funds.captured_minor);
    }
    if let Some(batch) = &counter.batch {
        let _ = write!(words, " batch {}", batch.number);
    }
    for (name, is_on) in
        [("settled", counter.is_settled), ("unknown", counter.is_unknown), ("slip", counter.slip.is_some())]
    {
        if is_on {
            let _ = write!(words, " {name}");
        }
    }
    match counter.pending {
        None => {}
        Some(Pending::Void { refund }) => {
            let _ = write!(words, " pending void:{}", refund.0);
        }
        Some(Pending::Tip { tip_minor }) => {
            let _ = write!(words, " pending tip:{tip_minor}");
        }
        Some(Pending::Capture { amount_minor, tip_minor, .. }) => {
            let _ = write!(words, " pending capture:{amount_minor}+{tip_minor}");
        }
        Some(Pending::Increase { number, amount_minor }) => {
            let _ = write!(words, " pending increase:{number}:{amount_minor}");
        }
    }
    words
}

/// `None`: not a word of the counter's.
pub fn command(order: Option<&Order>, words: &[&str]) -> Option<Command> {
    let minor = |word: &str| -> i64 { word.parse().expect("an amount") };
    Some(match *words {
        ["offer"] => Command::Offer,
        ["take"] => Command::Take,
        ["scan"] => Command::Scan { payer_code: "28763443825664394".into() },
        ["settle"] => Command::Settle,
        ["counter", asked, outcome, ref facts @ ..] => Command::CounterSays {
            choice: 1,
            asked: sample::asked(asked),
            outcome: sample::outcome(outcome),
            facts: facts_of(facts),
        },
        ["reserve", deed, amount, ref rest @ ..] => {
            let (tip, batch) = (value_of(rest, "tip"), value_of(rest, "batch"));
            Command::Reserve(Reserve {
                by: BY,
                deed: Deed::from_word(deed).expect("a deed"),
                amount_minor: minor(amount),
                tip_minor: tip.unwrap_or_default(),
                note: "void-1".into(),
                open_batch: batch.map(|number| number as u32),
                earlier: Vec::new(),
                refunds_tip_minor: None,
                only_held: false,
            })
        }
        ["follow-up", name @ ("refund" | "void"), amount, done] => {
            let order = order.expect("an order");
            let refund = carried(order, minor(amount), name == "void");
            follow_up(BY, Some(refund), done, &[])
        }
        ["follow-up", "capture", done, ref facts @ ..] => follow_up(BY, None, done, facts),
        ["follow-up", "other", done] => follow_up(OTHER, None, done, &[]),
        ["tip", tip, "says", outcome] => {
            Command::TipSays { tip_minor: minor(tip), outcome: sample::outcome(outcome) }
        }
        ["tip", tip, ref rest @ ..] => {
            let open_batch = value_of(rest, "batch").map(|number| number as u32);
            Command::AdjustTip { tip_minor: minor(tip), open_batch }
        }
        ["void", amount] => {
            let Command::Refund(mut new) = sample::refund_command(minor(amount), Vec::new()) else {
                return None;
            };
            new.means.is_void = true;
            Command::Refund(new)
        }
        ["again", ref words @ ..] => Command::Create(new_again(words)),
        _ => return None,
    })
}

fn follow_up(by: OrderNo, refund: Option<Refund>, done: &str, facts: &[&str]) -> Command {
    let is_done = match done {
        "done" => true,
        "not-done" => false,
        other => panic!("no follow-up ends {other}"),
    };
    Command::FollowUpSays { by, refund, is_done, facts: facts_of(facts), channel_ref: "c-2".into() }
}

/// The newest refund, which [`BY`] carries out.
fn carried(order: &Order, amount_minor: i64, is_void: bool) -> Refund {
    let means = RefundMeans { is_void, carried_by: Some(BY), ..RefundMeans::default() };
    Refund { means, ..sample::refund_of(order, order.refunds, amount_minor) }
}

fn value_of(words: &[&str], name: &str) -> Option<i64> {
    let at = words.iter().position(|word| *word == name)?;
    words.get(at + 1).map(|word| word.parse().expect("a number"))
}

fn facts_of(words: &[&str]) -> Facts {
    Facts {
        slip: words.contains(&"slip").then(slip),
        tip_minor: value_of(words, "tip"),
        batch: value_of(words, "batch").map(|number| place(number as u32)),
    }
}

/// The number that was used, for a new sale or for an order of another kind.
fn new_again(words: &[&str]) -> NewOrder {
    let flow = if words.contains(&"elsewhere") { Flow::HostedPage } else { Flow::CardPresent };
    let mut new = sample::new_order(sample::terms(flow));
    new.number = BY;
    if flow == Flow::CardPresent {
        let deed = words.iter().find_map(|word| Deed::from_word(word)).unwrap_or(Deed::Sale);
        (new.terms.counter, new.terms.method) = (Some(counter_terms(deed)), Some(Method::new("card")));
    }
    if words.contains(&"scanned") {
        (new.terms.flow, new.terms.method) = (Flow::CustomerPresented, Some(Method::new("alipay")));
    }
    new.terms.tip_minor = value_of(words, "tip").unwrap_or_default();
    new
}
