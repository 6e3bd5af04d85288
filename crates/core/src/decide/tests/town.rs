//! An order and all that acts on it, with a terminal's batches: decided and stored in pairs, as the server does it.

use std::collections::{BTreeMap, BTreeSet};

use super::counter_words::{counter_terms, place, slip};
use super::life::Life;
use super::sample;
use super::story::Decide;
use crate::decide::Decision;
use crate::{
    Command, Deed, Event, Facts, FeePlan, Flow, Method, NewOrder, OrderNo, OrderState, Outcome, RefundState,
    Reserve, Timestamp,
};

pub struct Town {
    decide: Decide,
    pub now: Timestamp,
    /// By number; the first is the original.
    pub lives: BTreeMap<OrderNo, Life>,
    pub open_batch: u32,
    /// Orders in closed batches, whose settlement is owed.
    pub unsettled: BTreeSet<OrderNo>,
    pub faults: Vec<String>,
}

pub const ORIGINAL: OrderNo = OrderNo(2_018_071_000_000_001);

fn ordered(
    number: OrderNo,
    deed: Deed,
    (amount_minor, tip_minor): (i64, i64),
    (fees, now): (FeePlan, Timestamp),
) -> NewOrder {
    let mut new = sample::new_order(sample::terms(Flow::CardPresent));
    new.number = number;
    new.reference = format!("till-{}", number.0);
    new.terms.counter = Some(counter_terms(deed));
    new.terms.method = Some(Method::new("card"));
    new.terms.fees = fees;
    (new.terms.amount.minor, new.terms.tip_minor) = (amount_minor, tip_minor);
    (new.terms.created_at, new.terms.expires_at) = (now, now.plus_s(300));
    new
}

impl Town {
    pub fn new(decide: Decide, deed: Deed, amounts: (i64, i64), fees: FeePlan) -> Self {
        let now = sample::CREATED_AT;
        let life = Life::born(decide, ordered(ORIGINAL, deed, amounts, (fees, now)));
        let lives = BTreeMap::from([(ORIGINAL, life)]);
        Self { decide, now, lives, open_batch: 1, unsettled: BTreeSet::new(), faults: Vec::new() }
    }

    pub fn original(&self) -> &Life {
        &self.lives[&ORIGINAL]
    }

    fn decided(&mut self, number: OrderNo, command: &Command) -> Option<Decision> {
        let life = &self.lives[&number];
        let (decision, faults) = life.decides(self.decide, command, self.now)?;
        self.faults.extend(faults);
        self.faults.extend(life.forgotten_money(command, &decision.order));
        Some(decision)
    }

    fn keep(&mut self, number: OrderNo, decision: Decision) {
        if let Some(life) = self.lives.get_mut(&number) {
            life.keep(decision);
            self.faults.extend(life.faults());
        }
    }

    /// With what the end of a follow-up means for the original, in the same commit.
    pub fn acts(&mut self, number: OrderNo, command: Command) {
        let command = self.with_batch(number, command);
        let Some(decision) = self.decided(number, &command) else { return };
        let ends = |event: &Event| matches!(event, Event::Done { .. } | Event::Failed(_) | Event::Cancelled);
        let has_ended = decision.events.iter().any(ends);
        let original = decision.order.terms.counter.and_then(|counter| counter.original);
        let also = original.filter(|_| has_ended).and_then(|original| {
            let says = self.ended_on(original, &decision);
            let also = self.decided(original, &says);
            self.must_be_heard(&decision, also.as_ref());
            also
        });
        self.keep(number, decision);
        if let (Some(original), Some(also)) = (original, also) {
            self.keep(original, also);
        }
    }

    /// What is paid at the terminal goes into its open batch.
    fn with_batch(&self, number: OrderNo, command: Command) -> Command {
        let batch = Some(place(self.open_batch));
        let is_open = self.lives[&number].order.state.is_open();
        match command {
            Command::CounterSays { choice, asked, outcome, facts }
                if is_open && matches!(outcome, Outcome::Paid { .. }) =>
            {
                Command::CounterSays { choice, asked, outcome, facts: Facts { batch, ..facts } }
            }
            command => command,
        }
    }

    fn ended_on(&self, original: OrderNo, decision: &Decision) -> Command {
        let by = decision.order.number;
        let refund = self.lives[&original]
            .refunds
            .iter()
            .find(|refund| refund.means.carried_by == Some(by) && refund.state == RefundState::Requested);
        let is_done = matches!(decision.order.state, OrderState::Paid { .. });
        let batch = Some(place(self.open_batch)).filter(|_| decision.order.terms.deed() == Deed::Completion);
        let facts = Facts { slip: Some(slip()), tip_minor: None, batch };
        let (refund, channel_ref) = (refund.cloned(), "c-2".to_owned());
        Command::FollowUpSays { by, refund, is_done, facts, channel_ref }
    }

    /// Each end of a follow-up ends what it had set aside.
    fn must_be_heard(&mut self, decision: &Decision, also: Option<&Decision>) {
        let done = matches!(decision.order.state, OrderState::Paid { .. });
        let expected = match (decision.order.terms.deed(), done) {
            (Deed::Void | Deed::Refund, true) => "refund succeeded",
            (Deed::Void | Deed::Refund, false) => "refund failed",
            (_, true) => "captured",
            (_, false) => "capture failed",
        };
        let heard = also.and_then(|also| also.events.first()).map(Event::name);
        if heard != Some(expected) {
            self.faults.push(format!("the original heard {heard:?} and not {expected}"));
        }
    }

    /// Sets aside and creates, or does neither.
    /// `of_tip`: the part of a refund that is tip, where the merchant names it.
    pub fn follows(&mut self, deed: Deed, (amount_minor, tip_minor): (i64, i64), of_tip: Option<i64>) {
        let by = OrderNo(ORIGINAL.0 + self.lives.len() as i64);
        let original = self.original();
        let in_batch = original.order.counter.as_ref().is_some_and(|counter| counter.batch.is_some());
        let reserve = Command::Reserve(Reserve {
            by,
            deed,
            amount_minor: amount_minor + tip_minor,
            tip_minor,
            note: by.to_string(),
            open_batch: Some(self.open_batch).filter(|_| in_batch),
            earlier: original.refunds.clone(),
            refunds_tip_minor: of_tip,
            only_held: false,
        });
        let Some(also) = self.decided(ORIGINAL, &reserve) else { return };
        self.keep(ORIGINAL, also);
        let fees = self.original().order.terms.fees.clone();
        let life = Life::born(self.decide, ordered(by, deed, (amount_minor, tip_minor), (fees, self.now)));
        self.lives.insert(by, life);
    }

    pub fn closes_batch(&mut self) {
        let here = Some(place(self.open_batch));
        let is_in = |life: &Life| {
            let is_paid = matches!(life.order.state, OrderState::Paid { .. });
            is_paid && life.order.counter.as_ref().is_some_and(|counter| counter.batch == here)
        };
        let paid: Vec<OrderNo> =
            self.lives.iter().filter(|(_, life)| is_in(life)).map(|(number, _)| *number).collect();
        self.unsettled.extend(paid);
        self.open_batch += 1;
    }

    /// The acquirer takes note of what is owed; what is in the way is waited for.
    pub fn settles(&mut self) {
        for number in self.unsettled.clone() {
            let is_busy =
                |life: &Life| life.order.counter.as_ref().is_some_and(|counter| counter.pending.is_some());
            if is_busy(&self.lives[&number]) {
                continue;
            }
            self.acts(number, Command::Settle);
            self.unsettled.remove(&number);
        }
    }

    /// Everybody says a last word: after that nothing may be open.
    pub fn comes_to_rest(&mut self) {
        self.now = self.now.plus_s(1_000);
        for number in self.lives.keys().copied().collect::<Vec<_>>().into_iter().rev() {
            self.acts(number, Command::Expire);
            self.acts(number, sample::counter_says("close", "declined", Facts::default()));
        }
        let original = self.original();
        let pending = original.order.counter.as_ref().and_then(|counter| counter.pending);
        if let Some(crate::Pending::Tip { tip_minor }) = pending {
            self.acts(ORIGINAL, Command::TipSays { tip_minor, outcome: sample::outcome("paid") });
        }
        for (number, life) in self.lives.clone() {
            for refund in life.refunds.iter().filter(|refund| refund.means.carried_by.is_none()) {
                let (refund, outcome) = (refund.clone(), sample::outcome("paid"));
                self.acts(number, Command::RefundSays { refund, outcome });
            }
        }
        self.closes_batch();
        self.settles();
        self.must_rest();
    }

    fn must_rest(&mut self) {
        let mut faults = Vec::new();
        for life in self.lives.values() {
            let order = &life.order;
            let is_busy = order.counter.as_ref().is_none_or(|counter| counter.pending.is_some());
            if order.state.is_open() || is_busy || order.funds.refunding_minor > 0 || !life.work.is_empty() {
                faults.push(format!("never comes to rest: {order:?} {:?}", life.work));
            }
        }
        let sum =
            |account: &str| -> i64 { self.lives.values().filter_map(|life| life.ledger.get(account)).sum() };
        let (original, funds) = (self.original(), self.original().order.funds);
        let carried: i64 = self.carried_out(Deed::Refund);
        let is_voided = matches!(original.order.state, OrderState::Voided { .. });
        let taken = if is_voided { 0 } else { funds.captured_minor };
        // What no terminal carried out is in no batch: the acquirer nets it with the next.
        let by_channel = if is_voided { 0 } else { funds.refunded_minor - carried };
        let settled = sum("settlement_receivable:card");
        if settled != taken - carried {
            faults.push(format!("{settled} is settled of {taken} less {carried}"));
        }
        let receivable = sum("channel_receivable:card");
        // Late money that could not be sent back stays for a person to see.
        let stuck = -sum("late_payments");
        if receivable != stuck - by_channel {
            faults.push(format!(
                "{receivable} is receivable: {by_channel} were refunded by the channel, {stuck} are stuck"
            ));
        }
        self.faults.extend(faults);
    }

    /// What the orders of that kind say they did.
    fn carried_out(&self, deed: Deed) -> i64 {
        let done = self.lives.values().filter(|life| {
            life.order.terms.deed() == deed && matches!(life.order.state, OrderState::Paid { .. })
        });
        done.map(|life| life.order.total().minor).sum()
    }
}
