//! One order's life as a store would keep it, and the checker that reads it after each step.

use std::collections::BTreeMap;

use super::sample;
use crate::decide::{Decision, Expected};
use crate::{
    Command, Event, NewOrder, Order, OrderState, Refund, RefundState, Refusal, Terms, Timestamp, WorkKind,
    replay,
};

/// The function under test; a planted fault is another one of the same shape.
pub type Decide = fn(Option<Order>, Command, Timestamp) -> Result<Decision, Refusal>;

pub struct Story {
    decide: Decide,
    terms: Terms,
    pub order: Option<Order>,
    pub refunds: Vec<Refund>,
    journal: Vec<(Timestamp, Event)>,
    /// Balance of each account by its stored name, without what follows the colon.
    ledger: BTreeMap<String, i64>,
    /// Rows of work; nobody carries them out, so what an open order needs must be here.
    work: BTreeMap<(char, u32), WorkKind>,
    notified: Vec<u32>,
    /// What was wrong at the moment it happened.
    pub wrong: Vec<String>,
}

impl Story {
    pub fn new(decide: Decide, terms: Terms) -> Self {
        Self {
            decide,
            terms,
            order: None,
            refunds: Vec::new(),
            journal: Vec::new(),
            ledger: BTreeMap::new(),
            work: BTreeMap::new(),
            notified: Vec::new(),
            wrong: Vec::new(),
        }
    }

    pub fn ordered(&self) -> NewOrder {
        sample::new_order(self.terms.clone())
    }

    fn must(&mut self, holds: bool, what: &str) {
        if !holds {
            self.wrong.push(what.to_owned());
        }
    }

    /// Decides and stores, as the server and the store do.
    pub fn step(&mut self, command: Command, now: Timestamp) {
        let Ok(decision) = (self.decide)(self.order.clone(), command, now) else { return };
        if decision.is_nothing() {
            let unchanged = self.order.as_ref() == Some(&decision.order);
            self.must(unchanged, "changed without an event");
            return;
        }
        self.must_follow(&decision);
        self.keep(decision);
    }

    fn must_follow(&mut self, decision: &Decision) {
        let (had, now) = (self.order.clone(), &decision.order);
        let expected = had.as_ref().map_or(Expected::Absent, |order| Expected::Version(order.version));
        self.must(decision.expected == expected, "expects another version");
        self.must(decision.first_event() as usize == self.journal.len() + 1, "event numbers have a gap");
        let was_final = had.as_ref().filter(|order| order.state.is_final());
        self.must(was_final.is_none_or(|order| order.state == now.state), "a final state changed");
        let funds = now.funds;
        let bounded = 0 <= funds.refunded_minor
            && 0 <= funds.refunding_minor
            && funds.refunded_minor + funds.refunding_minor <= funds.captured_minor
            && funds.captured_minor <= now.terms.amount.minor;
        self.must(bounded, "funds out of bounds");
    }

    fn keep(&mut self, decision: Decision) {
        for event in decision.events {
            self.journal.push((decision.at, event));
        }
        for posting in decision.postings {
            let account = posting.account.to_string();
            let account = account.split(':').next().unwrap_or_default().to_owned();
            *self.ledger.entry(account).or_default() += posting.amount.minor;
        }
        if let Some(refund) = decision.refund {
            self.refunds.retain(|kept| kept.number != refund.number);
            self.refunds.push(refund);
        }
        if decision.ends_open_work {
            self.work.retain(|(slot, _), _| !matches!(slot, 'a' | 'c' | 'k' | 'x'));
        }
        for work in decision.work {
            if let WorkKind::Notify(event) = work.kind {
                self.notified.push(event);
            }
            self.work.insert(work.kind.slot(), work.kind);
        }
        self.order = Some(decision.order);
    }

    /// The checker. Everything that is wrong with the story as it stands; empty when all holds.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = self.wrong.clone();
        let Some(order) = &self.order else { return faults };
        if replay(self.ordered(), &self.journal) != *order {
            faults.push(format!("the journal tells of another order: {:?}", self.journal));
        }
        faults.extend(self.ledger_faults(order));
        faults.extend(self.refund_faults(order));
        faults.extend(self.work_faults(order));
        faults
    }

    fn ledger_faults(&self, order: &Order) -> Vec<String> {
        let funds = order.funds;
        let fee = if funds.captured_minor > 0 {
            order.terms.amount.basis_points(order.terms.fee_bp).minor
        } else {
            0
        };
        let late: i64 = self
            .refunds
            .iter()
            .filter(|refund| refund.reverses_late_payment)
            .filter(|refund| !matches!(refund.state, RefundState::Succeeded { .. }))
            .map(|refund| refund.amount_minor)
            .sum();
        let expected = [
            ("merchant_payable", -(funds.captured_minor - fee) + funds.refunded_minor),
            ("channel_receivable", funds.captured_minor - funds.refunded_minor + late),
            ("fee_income", -fee),
            ("late_payments", -late),
        ];
        let balance = |account: &str| self.ledger.get(account).copied().unwrap_or(0);
        let differing = expected.iter().filter(|(account, minor)| balance(account) != *minor);
        let mut faults: Vec<String> = differing
            .map(|(account, minor)| format!("{account} is not {minor}: {:?}", self.ledger))
            .collect();
        if self.ledger.values().sum::<i64>() != 0 || self.ledger.len() > expected.len() {
            faults.push(format!("the ledger does not balance: {:?}", self.ledger));
        }
        faults
    }

    fn refund_faults(&self, order: &Order) -> Vec<String> {
        let sum = |open: bool| -> i64 {
            let counted = |refund: &&Refund| {
                !refund.reverses_late_payment
                    && match refund.state {
                        RefundState::Requested => open,
                        RefundState::Succeeded { .. } => !open,
                        RefundState::Failed { .. } => false,
                    }
            };
            self.refunds.iter().filter(counted).map(|refund| refund.amount_minor).sum()
        };
        let late = self.refunds.iter().filter(|refund| refund.reverses_late_payment).count();
        let told_late =
            self.journal.iter().filter(|(_, event)| matches!(event, Event::LatePayment { .. })).count();
        let mut faults = Vec::new();
        if (sum(true), sum(false)) != (order.funds.refunding_minor, order.funds.refunded_minor) {
            faults.push(format!("refunds do not add up to {:?}: {:?}", order.funds, self.refunds));
        }
        if order.refunds as usize != self.refunds.len() {
            faults.push(format!("{} refunds counted, {} kept", order.refunds, self.refunds.len()));
        }
        if late != told_late || late > 1 {
            faults.push(format!("{told_late} late payments were reversed {late} times"));
        }
        faults
    }

    /// An open order always has work that will bring it to an end; an ended one tells the merchant once.
    fn work_faults(&self, order: &Order) -> Vec<String> {
        let mut faults = Vec::new();
        let mut must = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("{what} ({}): {:?}", order.state.name(), self.work));
            }
        };
        let owed = |letter: char| self.work.contains_key(&(letter, 0));
        match order.state {
            OrderState::Pending => must(owed('x'), "nothing ends the order when its time is up"),
            OrderState::Closing(_) => must(owed('k'), "nobody closes the payment"),
            OrderState::Paid { .. } | OrderState::Failed { .. } | OrderState::Cancelled { .. } => {
                must(!['c', 'k', 'x'].into_iter().any(owed), "an ended order keeps its timers");
                let may_have_been_charged = order.presentation == crate::Presentation::Charge
                    && !matches!(order.state, OrderState::Paid { .. });
                must(!owed('a') || may_have_been_charged, "an ended order is still asked about");
            }
        }
        let tells = usize::from(order.state.is_final() && !order.terms.notify_url.is_empty());
        must(self.notified.len() == tells, "the merchant is not told exactly once");
        for refund in &self.refunds {
            must(self.work.contains_key(&('r', refund.number.0)), "nobody carries out the refund");
        }
        faults
    }
}
