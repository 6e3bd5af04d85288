//! The checkers of orders at terminals: what the register was told, what the gateway says, what its books show and what
//! the acquirer did must agree to the cent. Pure; planted bugs in the tests show that they bite.

use std::collections::BTreeMap;

use super::super::book::{Answer, decimal};
use super::super::check::{Finding, Kind};
use super::book::{CounterOrder, Deed, End, Submit, Told, Way};

/// An order.query of an order, its signature checked. Empty: not said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Queried {
    pub status: String,
    pub trans_type: String,
    pub amount: String,
    pub tip: String,
    pub paid: String,
    pub trans_no: String,
    pub terminal: String,
}

impl Queried {
    pub fn end(&self) -> Option<End> {
        End::of(&self.status)
    }
}

/// The same of a refund that no terminal carries out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueriedSubmit {
    pub status: String,
    pub amount: String,
}

/// The order in the gateway's own books.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Booked {
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub refunding_minor: i64,
    pub authorized_minor: i64,
    pub tip_minor: i64,
    /// Amount and tip, as they are now.
    pub total_minor: i64,
    /// Something is under way on it.
    pub is_busy: bool,
    /// Terminal and number, and whether it is closed.
    pub batch: Option<(String, u32, bool)>,
    pub is_settled: bool,
}

/// A transaction in the acquirer's books.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deal {
    pub operation: String,
    pub is_approved: bool,
    pub is_voided: bool,
    pub original: String,
    pub terminal: String,
    pub amount_minor: i64,
    pub authorized_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub tip_minor: i64,
    pub batch: Option<String>,
}

/// What became of an order that acts on this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follower {
    pub deed: Deed,
    pub end: Option<End>,
    pub total_minor: i64,
}

const INCREMENT: &str = "increment";

impl Deal {
    /// Whether money is left of it. A refund or a void of late money is counted with what it gave back; two endings
    /// refuse those for good.
    fn is_kept(&self) -> bool {
        let left_minor = self.authorized_minor.max(self.captured_minor) - self.refunded_minor;
        let stays = [58, 66].contains(&(self.amount_minor % 100));
        self.is_approved && !self.is_voided && self.original.is_empty() && left_minor != 0 && !stays
    }
}

/// All there is to know of one order when everything has settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts<'a> {
    pub order: &'a CounterOrder,
    /// The acquirer's number of the order it acts on.
    pub original: String,
    pub queried: Option<Queried>,
    pub booked: Option<Booked>,
    pub deal: Option<Deal>,
    /// What else the acquirer did on it, under numbers that are no order's.
    pub others: Vec<Deal>,
    /// What became of cards that a page was given before the last.
    pub earlier: Vec<Deal>,
    pub followers: Vec<Follower>,
    pub submits: Vec<Option<QueriedSubmit>>,
    pub told: &'a [Told],
}

struct Judge<'a> {
    number: &'a str,
    findings: Vec<Finding>,
}

impl<'a> Judge<'a> {
    fn of(order: &'a CounterOrder) -> Self {
        Self { number: &order.number, findings: Vec::new() }
    }

    fn find(&mut self, wrong: bool, kind: Kind, what: impl FnOnce() -> String) {
        if wrong {
            self.findings.push(Finding::new(kind, format!("codepay {}: {}", self.number, what())));
        }
    }
}

/// An amount as answers print it: without zeros at its end.
pub fn plain(minor: i64) -> String {
    decimal(minor).trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What may be asked right after a restart, before anything has settled: was an acknowledged thing lost?
pub fn after_restart(order: &CounterOrder, queried: Option<&Queried>) -> Vec<Finding> {
    let mut judge = Judge::of(order);
    let Some(queried) = queried else {
        let known = order.created == Answer::Yes || order.seen.is_some();
        judge.find(known, Kind::Lost, || "was acknowledged and is not there".into());
        return judge.findings;
    };
    let sent = (order.deed.word(), plain(order.amount_minor), order.terminal.as_str());
    // A cancel names no amount: it is of all that is held.
    let is_of_all = matches!(order.way, Way::Path(_)) && order.deed == Deed::Void;
    let is_same = (queried.trans_type.as_str(), queried.terminal.as_str()) == (sent.0, sent.2)
        && (is_of_all || queried.amount == sent.1);
    judge.find(!is_same, Kind::Lost, || format!("{queried:?} was sent as {sent:?}"));
    let renumbered =
        order.trans_no.as_ref().is_some_and(|number| *number != queried.trans_no) && !order.sent_again;
    judge.find(renumbered, Kind::Lost, || format!("was {:?} and is {}", order.trans_no, queried.trans_no));
    let turned = !order.may_be(queried.end());
    judge.find(turned, Kind::Lost, || format!("was {:?} and is {}", order.seen, queried.status));
    let revived = order.is_closed && queried.end() != Some(End::Closed) && !order.sent_again;
    judge.find(revived, Kind::Lost, || format!("was closed and is {}", queried.status));
    judge.findings
}

/// Everything, once nothing is owed any more.
pub fn settled(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = after_restart(facts.order, facts.queried.as_ref());
    let mut judge = Judge::of(facts.order);
    match (&facts.queried, &facts.booked) {
        (Some(queried), Some(booked)) => {
            judge.find(queried.end().is_none(), Kind::Unsettled, || format!("still {}", queried.status));
            let open = booked.is_busy || booked.refunding_minor > 0;
            judge.find(open, Kind::Unsettled, || format!("something is under way: {booked:?}"));
            match (facts.order.deed.takes_a_card(), queried.end()) {
                (true, Some(end)) => card(&mut judge, facts, booked, end),
                (false, Some(end)) => follow_up(&mut judge, facts, booked, end),
                (_, None) => {}
            }
            batch(&mut judge, facts, booked);
            callbacks(&mut judge, facts, queried);
        }
        (Some(_), None) => judge.find(true, Kind::Lost, || "answered, but not in the store".into()),
        (None, _) => {
            let lost = facts.deal.is_some() || !facts.others.is_empty();
            judge.find(lost, Kind::Lost, || format!("the acquirer has it and we have not: {:?}", facts.deal));
        }
    }
    submits(&mut judge, facts);
    findings.extend(judge.findings);
    findings
}

/// A sale or an authorization against what the acquirer charged, and what was done to it since.
fn card(judge: &mut Judge<'_>, facts: &Facts<'_>, booked: &Booked, end: End) {
    let deal = facts.deal.clone().filter(|deal| deal.is_approved).unwrap_or_default();
    let kept_minor =
        if deal.is_voided { 0 } else { deal.authorized_minor.max(deal.captured_minor) - deal.refunded_minor };
    let said = || format!("{end:?}, we booked {booked:?}, the acquirer {:?}", facts.deal);
    let agrees = match end {
        End::Closed => (kept_minor == 0 || stays_by_rule(facts, &deal)) && booked.captured_minor == 0,
        End::TakenBack => deal.is_voided && booked.captured_minor == booked.refunded_minor,
        End::Done if facts.order.deed == Deed::Authorization => {
            deal.is_approved
                && !deal.is_voided
                && deal.captured_minor == 0
                && deal.authorized_minor == booked.authorized_minor
                && booked.captured_minor == 0
        }
        End::Done | End::Captured => {
            !deal.is_voided
                && deal.captured_minor > 0
                && deal.captured_minor == booked.captured_minor
                && deal.refunded_minor == booked.refunded_minor
                && deal.tip_minor == booked.tip_minor
        }
    };
    judge.find(!agrees, Kind::OneSided, said);
    if let Some(queried) = &facts.queried {
        let paid_minor = if end == End::Done && booked.captured_minor == 0 {
            booked.total_minor
        } else {
            booked.captured_minor
        };
        let shows = end == End::Closed && queried.paid.is_empty()
            || end == End::TakenBack
            || queried.paid == plain(paid_minor) && queried.tip == shown_tip(booked.tip_minor);
        judge.find(!shows, Kind::OneSided, || format!("{queried:?}, we booked {booked:?}"));
    }
    let moved = end != End::Closed && end != End::TakenBack;
    let tip_lost =
        matches!(facts.order.later_tip, Some((tip, Answer::Yes)) if moved && tip != booked.tip_minor);
    judge.find(tip_lost, Kind::Lost, || {
        format!("the tip {:?} is {}", facts.order.later_tip, booked.tip_minor)
    });
    for one in facts.earlier.iter().filter(|one| one.is_kept()) {
        judge.find(true, Kind::Doubled, || format!("an earlier card was charged and kept: {one:?}"));
    }
    if facts.order.deed == Deed::Authorization {
        increases(judge, facts, &deal, end);
    }
    followers(judge, facts, booked, end);
}

/// More was held as often as somebody asked for it, and each time he was told so.
fn increases(judge: &mut Judge<'_>, facts: &Facts<'_>, deal: &Deal, end: End) {
    let made = || facts.others.iter().filter(|one| one.operation == INCREMENT && one.is_approved);
    let mut left: Vec<i64> = made().map(|one| one.amount_minor).collect();
    let tried = &facts.order.increases;
    let mut take = |amount_minor: i64| {
        left.iter().position(|left| *left == amount_minor).map(|place| left.swap_remove(place)).is_some()
    };
    for one in tried.iter().filter(|one| one.said == Answer::Yes) {
        let is_there = take(one.amount_minor);
        judge.find(!is_there, Kind::Lost, || format!("{} more was to be held", one.amount_minor));
    }
    for one in tried.iter().filter(|one| one.said == Answer::None) {
        take(one.amount_minor);
    }
    judge.find(!left.is_empty(), Kind::Doubled, || format!("{left:?} more is held than was asked for"));
    let sum_minor = deal.amount_minor + made().map(|one| one.amount_minor).sum::<i64>();
    let differs = end == End::Done && deal.authorized_minor != sum_minor;
    judge.find(differs, Kind::OneSided, || format!("{sum_minor} should be held, {deal:?}"));
}

/// Rules of the sandbox's acquirer: this refund, this void is refused for good. Late money stays for a person to see.
fn stays_by_rule(facts: &Facts<'_>, deal: &Deal) -> bool {
    let ending = if facts.order.deed == Deed::Sale { 58 } else { 66 };
    deal.amount_minor % 100 == ending
}

fn shown_tip(tip_minor: i64) -> String {
    if tip_minor > 0 { plain(tip_minor) } else { String::new() }
}

/// What the orders say that act on this one.
fn followers(judge: &mut Judge<'_>, facts: &Facts<'_>, booked: &Booked, end: End) {
    let done =
        |deed: Deed| facts.followers.iter().filter(move |one| one.deed == deed && one.end == Some(End::Done));
    let (voids, completions) = (done(Deed::Void).count(), done(Deed::Completion).count());
    judge.find(voids > 1 || completions > 1, Kind::Doubled, || format!("{:?}", facts.followers));
    let voided = (voids == 1) == (end == End::TakenBack);
    judge.find(!voided, Kind::OneSided, || format!("{end:?} and {voids} voids were done"));
    let is_hold = facts.order.deed == Deed::Authorization;
    let captured = end == End::Captured || is_hold && end == End::TakenBack && booked.captured_minor > 0;
    judge.find((completions == 1) != captured, Kind::OneSided, || {
        format!("{end:?} and {completions} completions were done")
    });
    if end == End::Captured {
        let taken_minor: i64 = done(Deed::Completion).map(|one| one.total_minor).sum();
        let other = taken_minor != booked.captured_minor;
        judge.find(other, Kind::OneSided, || format!("completed {taken_minor}, {booked:?}"));
    }
    if matches!(end, End::Done | End::Captured) {
        let at_terminals: i64 = done(Deed::Refund).map(|one| one.total_minor).sum();
        let without: i64 = made(facts).map(|submit| submit.amount_minor).sum();
        let wrong = at_terminals + without != booked.refunded_minor;
        judge.find(wrong, Kind::OneSided, || {
            format!("refunds of {at_terminals} at terminals and {without} without, {booked:?}")
        });
    }
}

/// The submitted refunds that the gateway says are made.
fn made<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a Submit> {
    let is_made = |queried: &Option<QueriedSubmit>| {
        queried.as_ref().is_some_and(|queried| End::of(&queried.status) == Some(End::Done))
    };
    facts
        .order
        .submits
        .iter()
        .zip(&facts.submits)
        .filter(move |(_, queried)| is_made(queried))
        .map(|(submit, _)| submit)
}

/// A void, a refund, a completion: done exactly if the acquirer did it, on the right order, of the right amount.
fn follow_up(judge: &mut Judge<'_>, facts: &Facts<'_>, booked: &Booked, end: End) {
    let deal = facts.deal.as_ref().filter(|deal| deal.is_approved);
    let is_done = end != End::Closed;
    judge.find(is_done != deal.is_some(), Kind::OneSided, || {
        format!("{end:?}, the acquirer {:?}", facts.deal)
    });
    let Some(deal) = deal else { return };
    let operation = match facts.order.deed {
        Deed::Void => "void",
        Deed::Refund => "refund",
        Deed::Completion => "capture",
        Deed::Sale | Deed::Authorization => "",
    };
    let fits = deal.operation == operation
        && deal.original == facts.original
        && deal.amount_minor == booked.total_minor
        && deal.terminal == facts.order.terminal;
    judge.find(!fits, Kind::OneSided, || format!("{booked:?} on {}, the acquirer {deal:?}", facts.original));
}

/// In one batch if money moved there, and settled exactly if that is closed.
fn batch(judge: &mut Judge<'_>, facts: &Facts<'_>, booked: &Booked) {
    let end = facts.queried.as_ref().and_then(Queried::end);
    let is_due = match facts.order.deed {
        // What no terminal took is in no batch.
        _ if facts.order.terminal.is_empty() => false,
        Deed::Sale | Deed::Refund => end == Some(End::Done),
        Deed::Authorization => end == Some(End::Captured),
        Deed::Void | Deed::Completion => false,
    };
    let settled_as = facts.deal.as_ref().and_then(|deal| deal.batch.clone());
    let expected = match &booked.batch {
        Some((terminal, number, true)) if is_due => Some(format!("{terminal}-{number:06}")),
        _ => None,
    };
    let homeless = is_due && booked.batch.is_none();
    let astray = facts.order.terminal.is_empty() && booked.batch.is_some();
    judge.find(astray, Kind::OneSided, || format!("no terminal took it: {booked:?}"));
    judge.find(homeless, Kind::OneSided, || format!("is in no batch: {booked:?}"));
    let is_settled = booked.is_settled == expected.is_some();
    judge.find(!is_settled, Kind::Unsettled, || format!("settled or not: {booked:?}"));
    let agrees = settled_as == expected;
    judge.find(!agrees, Kind::OneSided, || format!("the acquirer settled it in {settled_as:?}, {booked:?}"));
}

/// Every end is told; a later one may have been told in place of the first.
fn callbacks(judge: &mut Judge<'_>, facts: &Facts<'_>, queried: &Queried) {
    let Some(end) = queried.end() else { return };
    let is_told = facts.told.iter().any(|told| told.trans_no == queried.trans_no);
    let untold = facts.order.is_told() && !is_told;
    judge.find(untold, Kind::Undelivered, || format!("nobody was told that it is {}", queried.status));
    let own = |told: &&Told| told.trans_no == queried.trans_no;
    // The attempts before came to nothing.
    let earlier = |told: &Told| facts.order.sent_again && End::of(&told.status) == Some(End::Closed);
    for told in facts.told {
        let fits = End::of(&told.status).is_some_and(|told| told.may_become(Some(end)));
        let is_right = told.amount == queried.amount && if own(&told) { fits } else { earlier(told) };
        judge.find(!is_right, Kind::OneSided, || format!("told {told:?}, answered {queried:?}"));
    }
}

/// Each refund that was acknowledged is there; those that are made, and no others, the acquirer made.
fn submits(judge: &mut Judge<'_>, facts: &Facts<'_>) {
    for (submit, queried) in facts.order.submits.iter().zip(&facts.submits) {
        let Some(queried) = queried else {
            judge.find(submit.created == Answer::Yes, Kind::Lost, || format!("{submit:?} is not there"));
            continue;
        };
        let is_same = queried.amount == plain(submit.amount_minor);
        judge.find(!is_same, Kind::Lost, || format!("{submit:?} is {queried:?}"));
        let open = End::of(&queried.status).is_none();
        judge.find(open, Kind::Unsettled, || format!("{submit:?} is {queried:?}"));
    }
    let is_closed = facts.queried.as_ref().and_then(Queried::end) == Some(End::Closed);
    if is_closed {
        // What the acquirer did besides was to give it back; `card` looks at what is left.
        return;
    }
    let mut asked: Vec<i64> = made(facts).map(|submit| submit.amount_minor).collect();
    let mut done: Vec<i64> = facts
        .others
        .iter()
        .filter(|deal| deal.is_approved && deal.operation != INCREMENT)
        .map(|deal| deal.amount_minor)
        .collect();
    asked.sort_unstable();
    done.sort_unstable();
    let kind = if done.len() > asked.len() { Kind::Doubled } else { Kind::Lost };
    judge.find(asked != done, kind, || format!("refunds of {asked:?}, the acquirer made {done:?}"));
}

/// What the acquirer did under a number that is no order's of the book: an earlier attempt at one, which came to
/// nothing, so that nothing may be left of it. `came_to_nothing`: what the store says; `None`: it has no such order.
pub fn earlier_attempt(trade_no: &str, deal: &Deal, came_to_nothing: Option<bool>) -> Option<Finding> {
    let text = |what: &str| format!("codepay: the acquirer has {trade_no}, {what}: {deal:?}");
    match came_to_nothing {
        None => Some(Finding::new(Kind::Lost, text("which is no order of ours"))),
        Some(false) => Some(Finding::new(Kind::Doubled, text("beside another attempt at the same order"))),
        Some(true) if deal.is_kept() => {
            Some(Finding::new(Kind::OneSided, text("an attempt that came to nothing")))
        }
        Some(true) => None,
    }
}

/// Captured and refunded, by terminal.
pub type Sums = BTreeMap<String, (i64, i64)>;

/// Both sides of each terminal.
pub fn terminals(ours: &Sums, theirs: &Sums) -> Vec<Finding> {
    let names: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let differ = names.into_iter().filter(|name| {
        ours.get(*name).copied().unwrap_or_default() != theirs.get(*name).copied().unwrap_or_default()
    });
    differ
        .map(|name| {
            let text = format!(
                "codepay terminal {name}: ours {:?}, the acquirer's {:?}",
                ours.get(name),
                theirs.get(name)
            );
            Finding::new(Kind::OneSided, text)
        })
        .collect()
}

/// A closed batch on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BatchSide {
    pub net_minor: i64,
    pub trade_nos: Vec<String>,
}

/// Each batch that is closed has the same net on both sides, and no transaction is in two.
pub fn batches(ours: &BTreeMap<String, i64>, theirs: &BTreeMap<String, BatchSide>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let names: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    for name in names {
        let (own, other) =
            (ours.get(name).copied().unwrap_or(0), theirs.get(name).map_or(0, |side| side.net_minor));
        if own != other {
            let text = format!("codepay batch {name}: ours is {own}, the acquirer's {other}");
            findings.push(Finding::new(Kind::OneSided, text));
        }
    }
    let mut seen = BTreeMap::<&String, &String>::new();
    for (name, side) in theirs {
        for trade_no in &side.trade_nos {
            if let Some(before) = seen.insert(trade_no, name) {
                let text = format!("codepay {trade_no} is settled in {before} and in {name}");
                findings.push(Finding::new(Kind::Doubled, text));
            }
        }
    }
    findings
}

/// Whoever asked for a refund without a terminal hears how it ended, under its own number.
pub fn told_of_submit(
    submit: &Submit,
    queried: Option<&QueriedSubmit>,
    told: Option<&Vec<Told>>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let told = told.map_or(&[][..], Vec::as_slice);
    let Some(queried) = queried.filter(|queried| End::of(&queried.status).is_some()) else { return findings };
    if told.is_empty() {
        let text = format!("codepay {}: nobody was told that it is {}", submit.number, queried.status);
        findings.push(Finding::new(Kind::Undelivered, text));
    }
    for told in told.iter().filter(|told| told.status != queried.status || told.amount != queried.amount) {
        let text = format!("codepay {}: told {told:?}, answered {queried:?}", submit.number);
        findings.push(Finding::new(Kind::OneSided, text));
    }
    findings
}
