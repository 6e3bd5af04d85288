//! One order's life as a store would keep it, and the checker that reads it after each step.

use std::collections::{BTreeMap, BTreeSet};

use super::fees;
use crate::decide::{Decision, Expected};
use crate::{
    Command, Event, NewOrder, Order, OrderState, Outcome, Presentation, Refund, RefundState, Refusal, Tells,
    Timestamp, WorkKind, replay,
};

/// The function under test; a planted fault is another one of the same shape.
pub type Decide = fn(Option<Order>, Command, Timestamp) -> Result<Decision, Refusal>;

pub struct Story {
    decide: Decide,
    ordered: NewOrder,
    pub order: Option<Order>,
    pub refunds: Vec<Refund>,
    pub journal: Vec<(Timestamp, Event)>,
    /// Balance of each account by its stored name.
    ledger: BTreeMap<String, i64>,
    /// Rows of work; nobody carries them out, so what an open order needs must be here.
    work: BTreeMap<(char, u32), WorkKind>,
    notified: Vec<u32>,
    /// What was wrong at the moment it happened.
    pub wrong: Vec<String>,
}

impl Story {
    pub fn new(decide: Decide, ordered: NewOrder) -> Self {
        Self {
            decide,
            ordered,
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
        self.ordered.clone()
    }

    fn must(&mut self, holds: bool, what: &str) {
        if !holds {
            self.wrong.push(what.to_owned());
        }
    }

    /// Decides and stores, as the server and the store do.
    pub fn step(&mut self, command: Command, now: Timestamp) {
        let Ok(decision) = (self.decide)(self.order.clone(), command.clone(), now) else { return };
        if decision.is_nothing() {
            let unchanged = self.order.as_ref() == Some(&decision.order);
            self.must(unchanged, "changed without an event");
        } else {
            self.must_follow(&decision);
            self.keep(decision);
        }
        self.must_keep_money(&command);
    }

    /// Money that has come is the order's, or on its way back.
    fn must_keep_money(&mut self, command: &Command) {
        let (Some(order), Command::ChannelSays { choice, outcome: Outcome::Paid { .. }, .. }) =
            (&self.order, command)
        else {
            return;
        };
        let counts = *choice == order.choice() && matches!(order.state, OrderState::Paid { .. });
        let goes_back =
            self.refunds.iter().any(|refund| refund.reverses_late_payment && refund.choice == *choice);
        let nobodys = order.method_of(*choice).is_none();
        self.must(counts || goes_back || nobodys, "money that came is forgotten");
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
            && funds.captured_minor <= now.terms.total().minor;
        self.must(bounded, "funds out of bounds");
        if let Some(had) = had {
            self.must(
                had.choices[..] == now.choices[..had.choices.len().min(now.choices.len())],
                "a choice changed",
            );
            self.must(had.choices.len() <= now.choices.len(), "a choice was forgotten");
            self.must(had.given_back & !now.given_back == 0, "what was given back was forgotten");
            let events = now.events - had.events;
            self.must(
                now.version - had.version == events && events as usize == decision.events.len(),
                "version",
            );
        }
    }

    fn keep(&mut self, decision: Decision) {
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

    /// What each account must hold, from the order and its refunds alone.
    fn expected_ledger(&self, order: &Order) -> BTreeMap<String, i64> {
        let (terms, funds) = (&order.terms, order.funds);
        let mut expected = BTreeMap::new();
        let mut add = |account: String, minor: i64| *expected.entry(account).or_default() += minor;
        let receivable = |choice: u32| {
            let method = order.method_of(choice).map_or("nobody", |method| method.as_str());
            format!("channel_receivable:{method}")
        };
        if funds.captured_minor > 0 {
            let (sale, tip) = (terms.amount.minor, terms.tip_minor);
            let paid_by = order.method().expect("a method");
            let (fee, vat) = fees::kept(terms, paid_by, terms.total().minor, funds.refunded_minor);
            let of_sale = funds.refunded_minor.min(sale);
            add(format!("merchant_payable:{}", terms.account), fee + vat + of_sale - sale);
            add(format!("tips_payable:{}", terms.account), funds.refunded_minor - of_sale - tip);
            add("fee_income".into(), -fee);
            add("vat_payable".into(), -vat);
            add(receivable(order.choice()), sale + tip - funds.refunded_minor);
        }
        for refund in self.refunds.iter().filter(|refund| refund.reverses_late_payment) {
            if !matches!(refund.state, RefundState::Succeeded { .. }) {
                add(receivable(refund.choice), terms.amount.minor + terms.tip_minor);
                add("late_payments".into(), -(terms.amount.minor + terms.tip_minor));
            }
        }
        expected
    }

    fn ledger_faults(&self, order: &Order) -> Vec<String> {
        let expected = self.expected_ledger(order);
        let minor_of = |ledger: &BTreeMap<String, i64>, account| ledger.get(account).copied().unwrap_or(0);
        let accounts: BTreeSet<&String> = expected.keys().chain(self.ledger.keys()).collect();
        let differing = accounts
            .into_iter()
            .filter(|account| minor_of(&expected, *account) != minor_of(&self.ledger, *account));
        let mut faults: Vec<String> = differing
            .map(|account| format!("{account} is not {}: {:?}", minor_of(&expected, account), self.ledger))
            .collect();
        if self.ledger.values().sum::<i64>() != 0 {
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
        let mut faults = Vec::new();
        if (sum(true), sum(false)) != (order.funds.refunding_minor, order.funds.refunded_minor) {
            faults.push(format!("refunds do not add up to {:?}: {:?}", order.funds, self.refunds));
        }
        if order.refunds as usize != self.refunds.len() {
            faults.push(format!("{} refunds counted, {} kept", order.refunds, self.refunds.len()));
        }
        faults.extend(self.late_faults(order));
        faults.extend(self.repeat_faults());
        faults
    }

    /// The money that came late by a choice goes back once and whole.
    fn late_faults(&self, order: &Order) -> Vec<String> {
        let mut faults = Vec::new();
        let journal = self.journal.iter().map(|(_, event)| event);
        let mut told: Vec<u32> = journal
            .filter_map(
                |event| if let Event::LatePayment { choice, .. } = event { Some(*choice) } else { None },
            )
            .collect();
        let late = || self.refunds.iter().filter(|refund| refund.reverses_late_payment);
        let mut reversed: Vec<u32> = late().map(|refund| refund.choice).collect();
        let bits: Vec<u32> =
            (1..=order.choice()).filter(|by| order.given_back & 1 << (by - 1) != 0).collect();
        told.sort_unstable();
        reversed.sort_unstable();
        if told != reversed || bits != reversed {
            faults
                .push(format!("late payments by {told:?} were reversed by {reversed:?}, known are {bits:?}"));
        }
        let is_paid = matches!(order.state, OrderState::Paid { .. });
        if is_paid && bits.contains(&order.choice()) {
            faults.push("what was paid was given back as well".to_owned());
        }
        let total_minor = order.terms.amount.minor + order.terms.tip_minor;
        if late().any(|refund| refund.amount_minor != total_minor) {
            faults.push(format!("late money does not go back whole: {:?}", self.refunds));
        }
        faults
    }

    /// A reference names one refund for ever, amount and note name one that has not failed.
    fn repeat_faults(&self) -> Vec<String> {
        let merchants = || self.refunds.iter().filter(|refund| !refund.reverses_late_payment);
        let references: Vec<&String> = merchants().filter_map(|refund| refund.reference.as_ref()).collect();
        let nameless = merchants().filter(|refund| {
            refund.reference.is_none() && !matches!(refund.state, RefundState::Failed { .. })
        });
        let keys: Vec<(i64, &String)> = nameless.map(|refund| (refund.amount_minor, &refund.note)).collect();
        let mut faults = Vec::new();
        if references.iter().collect::<BTreeSet<_>>().len() != references.len() {
            faults.push(format!("a reference names two refunds: {:?}", self.refunds));
        }
        if keys.iter().collect::<BTreeSet<_>>().len() != keys.len() {
            faults.push(format!("the same refund was made twice: {:?}", self.refunds));
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
            OrderState::Pending => {
                must(owed('x'), "nothing ends the order when its time is up");
                let unseen = order.presentation == Presentation::None;
                must(unseen || owed('a') || owed('c'), "nobody asks about the payment");
            }
            OrderState::Closing(_) => must(owed('k'), "nobody closes the payment"),
            OrderState::Paid { .. }
            | OrderState::Failed { .. }
            | OrderState::Cancelled { .. }
            | OrderState::Authorized { .. }
            | OrderState::Voided { .. } => {
                must(!['c', 'k', 'x'].into_iter().any(owed), "an ended order keeps its timers");
                let may_have_been_charged = order.presentation == Presentation::Charge
                    && !matches!(order.state, OrderState::Paid { .. });
                must(!owed('a') || may_have_been_charged, "an ended order is still asked about");
            }
        }
        must(self.notified == self.told_as_due(order), "the merchant is not told exactly once");
        for refund in &self.refunds {
            must(self.work.contains_key(&('r', refund.number.0)), "nobody carries out the refund");
        }
        faults
    }

    /// The event that ended the order, if its merchant wants to hear of such an end.
    fn told_as_due(&self, order: &Order) -> Vec<u32> {
        let ends = |event: &Event| matches!(event, Event::Paid { .. } | Event::Failed(_) | Event::Cancelled);
        let is_paid = matches!(order.state, OrderState::Paid { .. });
        if order.terms.notify_url.is_empty() || (order.terms.tells == Tells::Payment && !is_paid) {
            return Vec::new();
        }
        let numbered = self.journal.iter().zip(1..);
        numbered.filter_map(|((_, event), number)| ends(event).then_some(number)).collect()
    }
}
