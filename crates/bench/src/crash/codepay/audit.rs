//! The reckoning of CodePay's orders: collects all sides of each, and lets the checkers judge.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::rc::Rc;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use tillgate::channels::{read_trade_no, trade_no};
use tillgate::rooms::codepay::MERCHANTS;
use tillgate::sandbox::codepay::MERCHANT_NO;
use tillgate_core::{Currency, MerchantId, Order, OrderState};
use tillgate_store::{OrderKey, Store};

use super::super::book::Answer;
use super::super::check::Finding;
use super::super::line::Line;
use super::book::{CounterOrder, Deed, End, Way};
use super::check::{self, BatchSide, Booked, Deal, Facts, Follower, Sums};
use super::desk::Desk;
use super::terminals;
use crate::codepay_till::CURRENCY;
use crate::dice::Dice;

const ROOM: &str = "codepay";
/// More than the acquirer looks back in one list.
const DEALS_MAX: usize = 10_000;

/// What the load has come to: a test that never gets there proves nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Coverage {
    orders: usize,
    /// Sales and authorizations that were done.
    done: usize,
    tips: usize,
    voids: usize,
    refunds: usize,
    submits: usize,
    completions: usize,
    /// Charged and given back: the order had ended.
    late: usize,
    batches: usize,
    pub cuts: usize,
    online: Online,
}

/// Without a terminal.
#[derive(Debug, Default, Clone, Copy)]
struct Online {
    cards: usize,
    cards_done: usize,
    pages: usize,
    pages_done: usize,
    /// A card after another.
    again: usize,
    /// Payers whom their issuers asked, how many of them answered, and how many of those after the gateway had died.
    asked: usize,
    answered: usize,
    answered_later: usize,
    by_path: usize,
    by_path_done: usize,
    increases: usize,
    increases_done: usize,
    /// The same bytes, answered once more.
    repeats: usize,
}

impl Online {
    fn note(&mut self, facts: &Facts<'_>, is_done: usize) {
        let increases = &facts.order.increases;
        match &facts.order.way {
            Way::Terminal => {}
            Way::Card(_) => (self.cards, self.cards_done) = (self.cards + 1, self.cards_done + is_done),
            Way::Page => (self.pages, self.pages_done) = (self.pages + 1, self.pages_done + is_done),
            Way::Path(sent) => {
                (self.by_path, self.by_path_done) = (self.by_path + 1, self.by_path_done + is_done);
                self.repeats += sent.repeats;
            }
        }
        self.again += facts.earlier.len();
        if let Some(challenge) = &facts.order.challenge {
            self.asked += 1;
            self.answered += usize::from(challenge.answered_in.is_some());
            let is_later = challenge.answered_in.is_some_and(|start| start != challenge.asked_in);
            self.answered_later += usize::from(is_later);
        }
        self.increases += increases.len();
        self.increases_done += increases.iter().filter(|one| one.said == Answer::Yes).count();
        self.repeats += increases.iter().map(|one| one.sent.repeats).sum::<usize>();
    }

    fn add(&mut self, other: Self) {
        self.cards += other.cards;
        self.cards_done += other.cards_done;
        self.pages += other.pages;
        self.pages_done += other.pages_done;
        self.again += other.again;
        self.asked += other.asked;
        self.answered += other.answered;
        self.answered_later += other.answered_later;
        self.by_path += other.by_path;
        self.by_path_done += other.by_path_done;
        self.increases += other.increases;
        self.increases_done += other.increases_done;
        self.repeats += other.repeats;
    }
}

impl fmt::Display for Online {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cards sent by shops ({} done), {} pages ({} paid, {} cards before the last), {} payers asked by their \
             issuer ({} answered, {} of them after a kill), {} captures, cancels and \
             refunds by path ({} done), {} increases ({} done), {} answers to the same bytes once more",
            self.cards,
            self.cards_done,
            self.pages,
            self.pages_done,
            self.again,
            self.asked,
            self.answered,
            self.answered_later,
            self.by_path,
            self.by_path_done,
            self.increases,
            self.increases_done,
            self.repeats
        )
    }
}

impl Coverage {
    fn note(&mut self, facts: &Facts<'_>) {
        let Some(end) = facts.queried.as_ref().and_then(check::Queried::end) else { return };
        let is_done = usize::from(end != End::Closed);
        self.online.note(facts, is_done);
        self.orders += 1;
        match facts.order.deed {
            Deed::Sale if facts.order.terminal.is_empty() => {}
            Deed::Sale | Deed::Authorization => {
                let tip_minor = facts.booked.as_ref().map_or(0, |booked| booked.tip_minor);
                self.done += is_done;
                self.tips += usize::from(is_done > 0 && tip_minor != facts.order.tip_minor);
                let charged = facts.deal.as_ref().is_some_and(|deal| deal.is_approved);
                self.late += usize::from(is_done == 0 && charged);
                self.submits += facts.others.iter().filter(|deal| is_done > 0 && deal.is_approved).count();
            }
            Deed::Void => self.voids += is_done,
            Deed::Refund => self.refunds += is_done,
            Deed::Completion => self.completions += is_done,
        }
    }

    pub fn add(&mut self, other: Self) {
        self.orders += other.orders;
        self.done += other.done;
        self.tips += other.tips;
        self.voids += other.voids;
        self.refunds += other.refunds;
        self.submits += other.submits;
        self.completions += other.completions;
        self.late += other.late;
        self.batches += other.batches;
        self.cuts += other.cuts;
        self.online.add(other.online);
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { orders, done, tips, voids, refunds, submits, completions, late, batches, cuts, online } =
            self;
        write!(
            f,
            "{orders} orders, {done} with a card done ({tips} with another tip), {voids} voids, {refunds} refunds at \
             terminals, {submits} without, {completions} completions, {late} late payments, {batches} batches closed, \
             {cuts} terminals without power; {online}"
        )
    }
}

/// The acquirer's books, as the sandbox shows them.
#[derive(Debug, Deserialize)]
struct Books {
    transactions: Vec<Transaction>,
    totals: Vec<Total>,
    batches: Vec<BatchTotal>,
}

#[derive(Debug, Deserialize)]
struct Transaction {
    trade_no: String,
    original: String,
    terminal: String,
    operation: String,
    state: String,
    amount_minor: i64,
    approved: bool,
    authorized_minor: i64,
    captured_minor: i64,
    refunded_minor: i64,
    current_tip_minor: i64,
    batch: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Total {
    terminal: String,
    captured_minor: i64,
    refunded_minor: i64,
}

#[derive(Debug, Deserialize)]
struct BatchTotal {
    batch: String,
    trade_nos: Vec<String>,
    net_minor: i64,
}

impl From<Transaction> for Deal {
    fn from(of: Transaction) -> Self {
        Self {
            operation: of.operation,
            is_approved: of.approved,
            is_voided: of.state == "voided",
            original: of.original,
            terminal: of.terminal,
            amount_minor: of.amount_minor,
            authorized_minor: of.authorized_minor,
            captured_minor: of.captured_minor,
            refunded_minor: of.refunded_minor,
            tip_minor: of.current_tip_minor,
            batch: of.batch,
        }
    }
}

/// Both sides while they are being compared.
struct Reckoning<'a> {
    desk: &'a Desk,
    store: &'a dyn Store,
    merchant: MerchantId,
    deals: HashMap<String, Deal>,
    ours: Sums,
    /// Of the batches that are closed.
    nets: BTreeMap<String, i64>,
    coverage: Coverage,
}

/// Closes the batch of every terminal but one, so that what is not settled is looked at too.
pub async fn close_batches(desk: &Desk, line: &mut Line) -> Result<()> {
    for number in 1..terminals::COUNT {
        desk.close_batch(line, &terminals::sn(number)).await?;
    }
    Ok(())
}

/// All sides of all orders, while the gateway runs.
pub async fn orders(desk: &Rc<Desk>, line: &mut Line, store: &dyn Store) -> Result<(Vec<Finding>, Coverage)> {
    let path = format!("/sandbox/api/acquirer?limit={DEALS_MAX}");
    let books: Books = serde_json::from_slice(line.get(&path).await?.body).context("the acquirer's books")?;
    if books.transactions.len() == DEALS_MAX {
        bail!("the acquirer has more transactions than it shows; use a smaller --round");
    }
    let merchant = store.load_credential(MERCHANTS, MERCHANT_NO).await?.context("the merchant is gone")?;
    let deals = books.transactions.into_iter().map(|one| (one.trade_no.clone(), Deal::from(one))).collect();
    let (ours, nets, coverage) = (Sums::new(), BTreeMap::new(), Coverage::default());
    let mut reckoning = Reckoning { desk, store, merchant: merchant.merchant, deals, ours, nets, coverage };
    let mut findings = reckoning.all(line).await?;
    let theirs = books.totals.into_iter().map(|one| (one.terminal, (one.captured_minor, one.refunded_minor)));
    findings.extend(check::terminals(&reckoning.ours, &theirs.collect()));
    let side =
        |one: BatchTotal| (one.batch, BatchSide { net_minor: one.net_minor, trade_nos: one.trade_nos });
    findings.extend(check::batches(&reckoning.nets, &books.batches.into_iter().map(side).collect()));
    reckoning.coverage.batches = reckoning.nets.len();
    Ok((findings, reckoning.coverage))
}

impl Reckoning<'_> {
    async fn all(&mut self, line: &mut Line) -> Result<Vec<Finding>> {
        let orders = self.desk.book.borrow().codepay.orders.clone();
        let callbacks = self.desk.book.borrow().codepay.callbacks.clone();
        let mut known = Vec::new();
        for order in &orders {
            let key = OrderKey::Reference { room: ROOM, reference: &order.number };
            known.push(self.store.load_order(self.merchant, key).await?);
        }
        let mut all = Vec::new();
        for (order, stored) in orders.iter().zip(&known) {
            let told = callbacks.get(&order.number).map_or(&[][..], Vec::as_slice);
            let mut facts = self.facts(line, order, stored.as_ref()).await?;
            facts.told = told;
            let original = order.original.and_then(|place| known[place].as_ref());
            facts.original =
                original.map(|original| self.names(original).pop().unwrap_or_default()).unwrap_or_default();
            all.push(facts);
        }
        self.link(&mut all, &known);
        let mut findings: Vec<Finding> = all.iter().flat_map(check::settled).collect();
        findings.extend(self.untold_submits(&all, &callbacks));
        for facts in &all {
            self.coverage.note(facts);
            self.sum(facts);
        }
        findings.extend(self.earlier_attempts(&orders).await?);
        Ok(findings)
    }

    /// What the acquirer has under numbers that are left.
    async fn earlier_attempts(&mut self, orders: &[CounterOrder]) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for (name, deal) in std::mem::take(&mut self.deals) {
            let root = if deal.original.is_empty() { &name } else { &deal.original };
            let number = read_trade_no(root).map(|(_, number, _)| OrderKey::Number(number));
            let stored = match number {
                Some(key) => self.store.load_order(self.merchant, key).await?,
                None => None,
            };
            let stored = stored.filter(|stored| {
                orders.iter().any(|order| order.sent_again && order.number == stored.reference)
            });
            let nothing = stored.map(|stored| {
                matches!(stored.state, OrderState::Failed { .. } | OrderState::Cancelled { .. })
            });
            findings.extend(check::earlier_attempt(&name, &deal, nothing));
            if deal.is_approved && !deal.is_voided && deal.original.is_empty() {
                let sums = self.ours.entry(deal.terminal.clone()).or_default();
                (sums.0, sums.1) = (sums.0 + deal.captured_minor, sums.1 + deal.refunded_minor);
            }
        }
        Ok(findings)
    }

    async fn facts<'o>(
        &mut self,
        line: &mut Line,
        order: &'o CounterOrder,
        stored: Option<&Order>,
    ) -> Result<Facts<'o>> {
        let queried = self.desk.query(line, &order.number).await?;
        let mut submits = Vec::new();
        for submit in &order.submits {
            submits.push(self.desk.query_submit(line, &submit.number).await?);
        }
        let mut booked = None;
        if let Some(stored) = stored {
            booked = Some(self.booked(stored).await?);
        }
        let names = stored.map_or_else(Vec::new, |stored| self.names(stored));
        let mut deals: Vec<Option<Deal>> = names.iter().map(|name| self.deals.remove(name)).collect();
        let deal = deals.pop().flatten();
        let earlier = deals.into_iter().flatten().collect();
        let (original, others, followers) = (String::new(), Vec::new(), Vec::new());
        Ok(Facts { order, original, queried, booked, deal, others, earlier, followers, submits, told: &[] })
    }

    /// What the acquirer knows an order by: a number for each card it was tried with, the last one last.
    fn names(&self, stored: &Order) -> Vec<String> {
        (1..=stored.choice().max(1)).map(|choice| trade_no(self.merchant, stored.number, choice)).collect()
    }

    async fn booked(&mut self, stored: &Order) -> Result<Booked> {
        let counter = stored.counter.as_ref().context("an order without a counter")?;
        let mut batch = None;
        if let Some(place) = &counter.batch {
            let closed = self.store.load_batch(self.merchant, &place.terminal, place.number).await?;
            let closed = closed.filter(|batch| batch.closed_at.is_some());
            batch = Some((place.terminal.clone(), place.number, closed.is_some()));
            if let (Some(closed), Some(currency)) = (closed, Currency::from_code(CURRENCY)) {
                let name = format!("{}-{:06}", place.terminal, place.number);
                self.nets.insert(name, closed.net_minor(currency));
            }
        }
        Ok(Booked {
            captured_minor: stored.funds.captured_minor,
            refunded_minor: stored.funds.refunded_minor,
            refunding_minor: stored.funds.refunding_minor,
            authorized_minor: counter.authorized_minor,
            tip_minor: counter.tip_minor,
            total_minor: stored.total().minor,
            is_busy: counter.pending.is_some(),
            batch,
            is_settled: counter.is_settled,
        })
    }

    /// Gives each order those that act on it, and what else the acquirer did on it.
    fn link(&mut self, all: &mut [Facts<'_>], known: &[Option<Order>]) {
        for place in 0..all.len() {
            let follower = Follower {
                deed: all[place].order.deed,
                end: all[place].queried.as_ref().and_then(check::Queried::end),
                total_minor: all[place].booked.as_ref().map_or(0, |booked| booked.total_minor),
            };
            if let Some(original) = all[place].order.original {
                all[original].followers.push(follower);
            }
            let Some(stored) = &known[place] else { continue };
            let own = self.names(stored);
            let theirs: Vec<String> = self
                .deals
                .iter()
                .filter(|(_, deal)| own.contains(&deal.original))
                .map(|(name, _)| name.clone())
                .collect();
            let last = own.last().cloned().unwrap_or_default();
            // An order's own number is taken when its turn comes: what is left now is nobody's.
            let others = theirs.iter().filter_map(|name| self.deals.remove(name));
            // What gave an earlier card its money back is counted there.
            all[place].others.extend(others.filter(|deal| deal.original == last));
        }
    }

    /// What we say each terminal captured and gave back.
    fn sum(&mut self, facts: &Facts<'_>) {
        let (Some(booked), Some(end)) = (&facts.booked, facts.queried.as_ref().and_then(check::Queried::end))
        else {
            return;
        };
        let own = &facts.order.terminal;
        let mut add = |terminal: &str, captured: i64, refunded: i64| {
            let sums = self.ours.entry(terminal.to_owned()).or_default();
            (sums.0, sums.1) = (sums.0 + captured, sums.1 + refunded);
        };
        for deal in facts.earlier.iter().filter(|deal| !deal.is_voided) {
            add(own, deal.captured_minor, deal.refunded_minor);
        }
        match (facts.order.deed, end) {
            (Deed::Sale | Deed::Authorization, End::Closed) => {
                // Late money comes and goes; `check` sees to it that all of it goes.
                if let Some(deal) = facts.deal.as_ref().filter(|deal| !deal.is_voided) {
                    add(own, deal.captured_minor, deal.refunded_minor);
                }
            }
            (Deed::Sale | Deed::Authorization, End::TakenBack) => {}
            (Deed::Sale | Deed::Authorization, End::Done | End::Captured) => {
                let at = booked.batch.as_ref().map_or(own.as_str(), |(terminal, ..)| terminal);
                add(at, booked.captured_minor, 0);
                let is_made = |queried: &check::QueriedSubmit| End::of(&queried.status) == Some(End::Done);
                let submits = facts.order.submits.iter().zip(&facts.submits);
                let made = submits.filter(|(_, queried)| queried.as_ref().is_some_and(is_made));
                add(own, 0, made.map(|(submit, _)| submit.amount_minor).sum());
            }
            (Deed::Refund, End::Done) => add(own, 0, booked.total_minor),
            (Deed::Void | Deed::Refund | Deed::Completion, _) => {}
        }
    }

    /// A submitted refund's end is told under its own number.
    fn untold_submits(
        &self,
        all: &[Facts<'_>],
        callbacks: &HashMap<String, Vec<super::book::Told>>,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for facts in all {
            for (submit, queried) in facts.order.submits.iter().zip(&facts.submits) {
                findings.extend(check::told_of_submit(
                    submit,
                    queried.as_ref(),
                    callbacks.get(&submit.number),
                ));
            }
        }
        findings
    }
}

/// What was acknowledged last is most at risk: it must be there at once.
pub async fn sample(desk: &Rc<Desk>, line: &mut Line, dice: &mut Dice, size: usize) -> Result<Vec<Finding>> {
    let known = |order: &&CounterOrder| order.created == Answer::Yes;
    let recent: Vec<CounterOrder> =
        desk.book.borrow().codepay.orders.iter().rev().filter(known).take(4 * size).cloned().collect();
    let mut findings = Vec::new();
    for _ in 0..size.min(recent.len()) {
        let Some(order) = dice.pick(&recent) else { break };
        let queried = desk.query(line, &order.number).await?;
        findings.extend(check::after_restart(order, queried.as_ref()));
    }
    Ok(findings)
}
