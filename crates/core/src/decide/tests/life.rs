//! One order at a terminal as a store keeps it, and the checker that reads it after each step.
//!
//! It can be copied, so that a search can go on from any moment of it.

use std::collections::{BTreeMap, BTreeSet};

use super::fees;
use super::story::Decide;
use crate::decide::{Decision, Expected};
use crate::table::{COUNTER_TRANSITIONS, TRANSITIONS};
use crate::{
    Command, Deed, Event, Flow, NewOrder, Order, OrderState, Outcome, Pending, Presentation, Refund,
    RefundState, Stage, Tells, Timestamp, WorkKind, replay,
};

#[derive(Debug, Clone)]
pub struct Life {
    pub ordered: NewOrder,
    pub order: Order,
    pub refunds: Vec<Refund>,
    pub journal: Vec<(Timestamp, Event)>,
    /// Balance of each account by its stored name.
    pub ledger: BTreeMap<String, i64>,
    pub work: BTreeSet<(char, u32)>,
    /// Events the merchant is told of, and those whoever asked for a refund is told of.
    notified: Vec<u32>,
}

/// Kept, and what the arrow was called.
pub type Arrow = (&'static str, &'static str, &'static str);

impl Life {
    pub fn born(decide: Decide, ordered: NewOrder) -> Self {
        let now = ordered.terms.created_at;
        let decision = decide(None, Command::Create(ordered.clone()), now).expect("it is created");
        Self::of(ordered, decision)
    }

    /// Of a decision that made the order.
    pub fn of(ordered: NewOrder, decision: Decision) -> Self {
        let mut life = Self {
            ordered,
            order: decision.order.clone(),
            refunds: Vec::new(),
            journal: Vec::new(),
            ledger: BTreeMap::new(),
            work: BTreeSet::new(),
            notified: Vec::new(),
        };
        life.keep(decision);
        life
    }

    /// Decides; `None` if it is refused. With what is wrong with the decision.
    pub fn decides(
        &self,
        decide: Decide,
        command: &Command,
        now: Timestamp,
    ) -> Option<(Decision, Vec<String>)> {
        let decision = decide(Some(self.order.clone()), command.clone(), now).ok()?;
        if let Expected::Instead(before) = decision.expected {
            // Another order, under the same reference; this one stays as it is.
            assert!(before == self.order.number && decision.order.state == OrderState::Pending);
            return None;
        }
        let faults = self.decision_faults(command.name(), &decision);
        Some((decision, faults))
    }

    fn decision_faults(&self, command: &'static str, decision: &Decision) -> Vec<String> {
        let mut faults = Vec::new();
        let mut must = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("{what}: {decision:?}"));
            }
        };
        let (before, after) = (&self.order, &decision.order);
        let changed = !decision.is_nothing();
        let row: Arrow = (before.state.name(), command, after.state.name());
        let is_known = TRANSITIONS.contains(&row) || COUNTER_TRANSITIONS.contains(&row);
        must(!changed || is_known, "off the table");
        let idle = decision.work.is_empty() && decision.postings.is_empty() && decision.refund.is_none();
        must(changed || before == after, "changed without an event");
        must(changed || idle && !decision.ends_open_work, "something without an event");
        must(decision.expected == Expected::Version(before.version), "expects another version");
        let events = decision.events.len() as u32;
        must(after.events == before.events + events && after.version == after.events, "version");
        // Only on a page the payer chooses, and what he chose before stays known.
        let is_chosen = match after.terms.flow {
            Flow::HostedPage => after.choices.starts_with(&before.choices),
            _ => after.choices == before.choices,
        };
        must(after.terms == before.terms && is_chosen, "what was ordered has changed");
        let stays = !before.state.is_final() || before.state == after.state;
        let from_paid = matches!(before.state, OrderState::Paid { .. });
        let is_voided = from_paid && matches!(after.state, OrderState::Voided { .. });
        let by_void = matches!(decision.events[..], [Event::RefundSucceeded { .. }, Event::Voided]);
        must(stays || is_voided && by_void, "a final state changed");
        must(decision.postings.iter().map(|line| line.amount.minor).sum::<i64>() == 0, "unbalanced");
        must(decision.postings.iter().all(|line| line.amount.minor != 0), "an empty line");
        faults
    }

    pub fn keep(&mut self, decision: Decision) {
        for event in decision.events {
            self.journal.push((decision.at, event));
        }
        for posting in decision.postings {
            *self.ledger.entry(posting.account.to_string()).or_default() += posting.amount.minor;
        }
        if let Some(refund) = decision.refund {
            self.refunds.retain(|kept| kept.number != refund.number);
            self.refunds.push(refund);
        }
        if decision.ends_open_work {
            self.work.retain(|(slot, _)| !matches!(slot, 'a' | 'c' | 'k' | 'x'));
        }
        for work in decision.work {
            if let WorkKind::Notify(event) = work.kind {
                self.notified.push(event);
            } else {
                self.work.insert(work.kind.slot());
            }
        }
        self.order = decision.order;
        // Its worker finds nothing to do any more.
        let pending = self.order.counter.as_ref().and_then(|counter| counter.pending);
        if !matches!(pending, Some(Pending::Tip { .. })) {
            self.work.remove(&('t', 0));
        }
        if !matches!(pending, Some(Pending::Increase { .. })) {
            self.work.retain(|(letter, _)| *letter != 'i');
        }
        let refunds = &self.refunds;
        let is_open = |number| {
            refunds.iter().any(|refund| refund.number.0 == number && refund.state == RefundState::Requested)
        };
        self.work.retain(|(slot, number)| *slot != 'r' || is_open(*number));
    }

    /// The checker: what is wrong with the order as it stands; empty when all holds.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if replay(self.ordered.clone(), &self.journal) != self.order {
            faults.push(format!("the journal tells of another order: {:?}", self.journal));
        }
        self.funds_faults(&mut faults);
        self.pending_faults(&mut faults);
        self.ledger_faults(&mut faults);
        self.work_faults(&mut faults);
        faults
    }

    fn funds_faults(&self, faults: &mut Vec<String>) {
        let mut must = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("{what}: {:?} {:?}", self.order, self.refunds));
            }
        };
        let (order, funds) = (&self.order, self.order.funds);
        let held_minor = order.authorized_minor();
        must(
            0 <= funds.refunded_minor
                && 0 <= funds.refunding_minor
                && funds.refunded_minor + funds.refunding_minor <= funds.captured_minor
                && funds.captured_minor <= held_minor,
            "funds out of bounds",
        );
        let acts = order.terms.deed().follows_up();
        let takes = !acts && matches!(order.state, OrderState::Paid { .. } | OrderState::Voided { .. });
        let was_held_only = matches!(order.state, OrderState::Voided { .. })
            && !self
                .journal
                .iter()
                .any(|(_, event)| matches!(event, Event::Paid { .. } | Event::Captured { .. }));
        must((funds.captured_minor > 0) == (takes && !was_held_only), "captured");
        must(!acts || held_minor == 0, "a follow-up holds money");
        if let OrderState::Voided { .. } = order.state {
            must(funds.refunded_minor == funds.captured_minor, "voided and not given back");
        }
        if order.terms.deed() == Deed::Sale && takes {
            must(funds.captured_minor == order.total().minor, "a sale takes all of it");
        }
        let sum = |open: bool| -> i64 {
            let counts = |refund: &&Refund| {
                let held_only = refund.means.is_void && funds.captured_minor == 0;
                !refund.reverses_late_payment
                    && !held_only
                    && match refund.state {
                        RefundState::Requested => open,
                        RefundState::Succeeded { .. } => !open,
                        RefundState::Failed { .. } => false,
                    }
            };
            self.refunds.iter().filter(counts).map(|refund| refund.amount_minor).sum()
        };
        must((sum(true), sum(false)) == (funds.refunding_minor, funds.refunded_minor), "do not add up");
        must(order.refunds as usize == self.refunds.len(), "refunds are counted");
        let (tip, sale) = (order.tip_minor(), funds.captured_minor - order.tip_minor());
        let tip_back = self.tip_refunded();
        must((0..=tip).contains(&tip_back), "more of the tip went back than there was");
        let is_voided = matches!(order.state, OrderState::Voided { .. });
        must(
            is_voided || funds.captured_minor == 0 || (0..=sale).contains(&(funds.refunded_minor - tip_back)),
            "more of the sale went back than there was",
        );
        let late = self.refunds.iter().filter(|refund| refund.reverses_late_payment);
        must(late.clone().count() == order.given_back.count_ones() as usize, "late money goes back once");
        must(late.clone().all(|refund| refund.amount_minor == order.total().minor), "and whole");
        let is_kept = matches!(
            order.state,
            OrderState::Paid { .. } | OrderState::Authorized { .. } | OrderState::Voided { .. }
        );
        let of_this_choice = 1 << order.choice().saturating_sub(1);
        must(!is_kept || order.given_back & of_this_choice == 0, "what was paid was given back as well");
    }

    /// What is under way is what the refunds say, and nothing else is.
    fn pending_faults(&self, faults: &mut Vec<String>) {
        let mut must = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("{what}: {:?} {:?}", self.order, self.refunds));
            }
        };
        let order = &self.order;
        let Some(counter) = &order.counter else { return must(false, "the counter is lost") };
        let open = self
            .refunds
            .iter()
            .filter(|refund| refund.state == RefundState::Requested && !refund.reverses_late_payment);
        let mut voids = open.clone().filter(|refund| refund.means.is_void);
        match counter.pending {
            Some(Pending::Void { refund }) => {
                must(voids.next().is_some_and(|void| void.number == refund), "voided by nobody");
                must(open.count() == 1, "voided and refunded");
                let is_held = matches!(order.state, OrderState::Paid { .. } | OrderState::Authorized { .. });
                must(is_held, "voided what was not paid");
            }
            Some(Pending::Capture { amount_minor, .. }) => {
                must(matches!(order.state, OrderState::Authorized { .. }), "captured what is not held");
                must(amount_minor <= counter.authorized_minor, "captures more than is held");
            }
            Some(Pending::Tip { .. }) => {
                must(matches!(order.state, OrderState::Paid { .. }), "a tip on what was not paid");
                must(open.count() == 0, "the tip of what is given back");
                must(!counter.is_settled, "the tip of what is settled");
            }
            Some(Pending::Increase { amount_minor, .. }) => {
                must(matches!(order.state, OrderState::Authorized { .. }), "more of what is not held");
                must(amount_minor > 0, "holds less");
            }
            None => must(voids.next().is_none(), "a void nobody knows of"),
        }
        if counter.is_settled {
            must(counter.batch.is_some(), "settled in no batch");
            must(matches!(order.state, OrderState::Paid { .. }), "settled and not paid");
        }
    }

    /// What each account must hold, from the order and its refunds alone.
    fn expected_ledger(&self) -> BTreeMap<String, i64> {
        let (order, funds) = (&self.order, self.order.funds);
        let terms = &order.terms;
        let mut expected = BTreeMap::new();
        let mut add = |account: String, minor: i64| *expected.entry(account).or_default() += minor;
        let method = order.method().map_or("nobody", |method| method.as_str());
        let (receivable, settled) =
            (format!("channel_receivable:{method}"), format!("settlement_receivable:{method}"));
        if matches!(order.state, OrderState::Paid { .. }) && funds.captured_minor > 0 {
            let (tip, captured) = (order.tip_minor(), funds.captured_minor);
            let paid_by = order.method().expect("a method");
            let (fee, vat) = fees::kept(terms, paid_by, captured, funds.refunded_minor);
            let of_sale = funds.refunded_minor - self.tip_refunded();
            add(format!("merchant_payable:{}", terms.account), fee + vat + of_sale - (captured - tip));
            add(format!("tips_payable:{}", terms.account), funds.refunded_minor - of_sale - tip);
            add("fee_income".into(), -fee);
            add("vat_payable".into(), -vat);
            add(receivable.clone(), captured - funds.refunded_minor);
        }
        if order.counter.as_ref().is_some_and(|counter| counter.is_settled) {
            let minor =
                if terms.deed() == Deed::Refund { -order.total().minor } else { funds.captured_minor };
            add(settled, minor);
            add(receivable.clone(), -minor);
        }
        for refund in self.refunds.iter().filter(|refund| refund.reverses_late_payment) {
            if !matches!(refund.state, RefundState::Succeeded { .. }) {
                let paid_by = order.method_of(refund.choice).map_or("nobody", |method| method.as_str());
                add(format!("channel_receivable:{paid_by}"), order.total().minor);
                add("late_payments".into(), -order.total().minor);
            }
        }
        expected
    }

    /// Each refund says how much of it was tip, as soon as there is any.
    fn tip_refunded(&self) -> i64 {
        let done = |refund: &&Refund| {
            !refund.reverses_late_payment && matches!(refund.state, RefundState::Succeeded { .. })
        };
        self.refunds.iter().filter(done).map(|refund| refund.means.tip_minor.unwrap_or(0)).sum()
    }

    fn ledger_faults(&self, faults: &mut Vec<String>) {
        let mut expected = self.expected_ledger();
        expected.retain(|_, minor| *minor != 0);
        let mut found = self.ledger.clone();
        found.retain(|_, minor| *minor != 0);
        if expected != found {
            faults.push(format!("the ledger is {found:?}, not {expected:?}: {:?}", self.order));
        }
    }

    fn work_faults(&self, faults: &mut Vec<String>) {
        let order = &self.order;
        let mut must = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("{what} ({}): {:?} {:?}", order.state.name(), self.work, self.journal));
            }
        };
        let owed = |letter: char| self.work.contains(&(letter, 0));
        let counter = order.counter.as_deref();
        let is_card = order.terms.flow == Flow::CardPresent;
        match order.state {
            OrderState::Pending => {
                must(owed('x'), "nothing ends the order when its time is up");
                let is_known = order.presentation != Presentation::None
                    || is_card
                        && counter.is_some_and(|counter| counter.stage == Stage::Taken || counter.is_unknown);
                must(!is_known || owed('a') || owed('c'), "nobody asks about the payment");
            }
            OrderState::Closing(_) => must(owed('k'), "nobody closes the payment"),
            _ => {
                must(!['c', 'k', 'x'].into_iter().any(owed), "an ended order keeps its timers");
                let looks_again = order.is_charging() && !matches!(order.state, OrderState::Paid { .. });
                must(!owed('a') || looks_again, "an ended order is still asked about");
            }
        }
        let pending = counter.and_then(|counter| counter.pending);
        must(matches!(pending, Some(Pending::Tip { .. })) == owed('t'), "who asks for the tip");
        let increase = match pending {
            Some(Pending::Increase { number, .. }) => Some(number),
            _ => None,
        };
        let asked_for: Vec<u32> =
            self.work.iter().filter(|(letter, _)| *letter == 'i').map(|(_, number)| *number).collect();
        must(asked_for == Vec::from_iter(increase), "who has more held");
        for refund in &self.refunds {
            let is_asked = self.work.contains(&('r', refund.number.0));
            let is_due = refund.state == RefundState::Requested && refund.means.carried_by.is_none();
            must(is_asked == is_due, "who carries out the refund");
        }
        must(self.notified == self.told_as_due(), "not told exactly once");
    }

    /// The events that ended the order, and those that ended a refund somebody waits for.
    fn told_as_due(&self) -> Vec<u32> {
        let terms = &self.order.terms;
        let wants = |event: &Event| match event {
            Event::Paid { .. } | Event::Authorized { .. } | Event::Done { .. } => true,
            Event::Failed(_) | Event::Cancelled => terms.tells == Tells::EveryEnd,
            _ => false,
        };
        let waits = |event: &Event| match event {
            Event::RefundSucceeded { refund, .. } | Event::RefundFailed { refund, .. } => {
                self.refunds.iter().any(|known| known.number == *refund && !known.means.notify_url.is_empty())
            }
            _ => false,
        };
        let is_due = |event: &Event| wants(event) && !terms.notify_url.is_empty() || waits(event);
        let numbered = self.journal.iter().zip(1..);
        numbered.filter_map(|((_, event), number)| is_due(event).then_some(number)).collect()
    }

    /// Money that was reported is the order's or on its way back; a follow-up that was done while it could be is done.
    pub fn forgotten_money(&self, command: &Command, after: &Order) -> Option<String> {
        let was = &self.order;
        let is_paid = match command {
            Command::CounterSays { outcome: Outcome::Paid { .. }, choice, .. } => {
                *choice <= was.choice() && was.is_cards_choice(*choice)
            }
            Command::ChannelSays { outcome: Outcome::Paid { .. }, choice, .. } => {
                *choice <= was.choice() && !was.is_cards_choice(*choice)
            }
            _ => false,
        };
        let counts = matches!(
            after.state,
            OrderState::Paid { .. } | OrderState::Authorized { .. } | OrderState::Voided { .. }
        );
        let too_late = was.terms.deed().follows_up() && was.state.is_final();
        let holds = !is_paid || counts || after.given_back != 0 || too_late;
        (!holds).then(|| "money that came is forgotten".to_owned())
    }
}
