//! `decide(order, command, now)`: the one place where orders change.
//!
//! Knows the rules and their precedence. Does not perform anything: the [`Decision`] says what to store,
//! and the work in it says what is owed to the outside afterwards.

mod counter;
mod create;
mod online;
mod outcome;
mod refund;
mod stop;

#[cfg(test)]
mod tests;

use crate::command::Command;
use crate::event::Event;
use crate::ledger::Posting;
use crate::order::{Order, OrderState, Tells};
use crate::refund::Refund;
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::work::WorkKind;

/// What must hold in the store for the decision to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No order with this number or reference.
    Absent,
    /// The order at this version.
    Version(u32),
    /// No order with this number; the reference is that of an order which ended unpaid, and passes on from it.
    Instead(crate::ids::OrderNo),
}

/// A row of work to write; it replaces one in the same slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewWork {
    pub kind: WorkKind,
    pub due_at: Timestamp,
}

/// What to store, all in one transaction. Without events there is nothing to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The order as it is after the command.
    pub order: Order,
    pub expected: Expected,
    /// Numbered from `order.events - events.len() + 1` on.
    pub events: Vec<Event>,
    /// Belong to the last event.
    pub postings: Vec<Posting>,
    pub work: Vec<NewWork>,
    /// Drop the work that only an open order needs: expire, charge, ask, close.
    pub ends_open_work: bool,
    /// A refund that is new or changed.
    pub refund: Option<Refund>,
    pub at: Timestamp,
}

impl Decision {
    /// Nothing changes; the order is as it was.
    fn nothing(order: Order, at: Timestamp) -> Self {
        let expected = Expected::Version(order.version);
        Self {
            order,
            expected,
            events: Vec::new(),
            postings: Vec::new(),
            work: Vec::new(),
            ends_open_work: false,
            refund: None,
            at,
        }
    }

    pub fn is_nothing(&self) -> bool {
        self.events.is_empty()
    }

    /// Number of the first event in `events`.
    pub fn first_event(&self) -> u32 {
        self.order.events - self.events.len() as u32 + 1
    }

    fn record(&mut self, event: Event) {
        self.order.version += 1;
        self.order.events += 1;
        self.events.push(event);
    }

    fn owe(&mut self, kind: WorkKind, due_at: Timestamp) {
        self.work.push(NewWork { kind, due_at });
    }

    /// The order has just become final: its timers end, the merchant hears of it.
    fn finish(&mut self) {
        self.ends_open_work = true;
        let terms = &self.order.terms;
        let is_told = match terms.tells {
            Tells::EveryEnd => true,
            Tells::Payment => {
                matches!(self.order.state, OrderState::Paid { .. } | OrderState::Authorized { .. })
            }
        };
        if is_told && !terms.notify_url.is_empty() {
            self.owe(WorkKind::Notify(self.order.events), self.at);
        }
    }
}

/// Decides a command on an order as it stands, or refuses it. Pure.
pub fn decide(order: Option<Order>, command: Command, now: Timestamp) -> Result<Decision, Refusal> {
    let Some(order) = order else {
        return match command {
            Command::Create(new) => Ok(create::create(new, now)),
            _ => Err(Refusal::OrderNotFound),
        };
    };
    let before = order.state.clone();
    let name = command.name();
    let idle = Decision::nothing(order, now);
    let decision = match command {
        Command::Create(new) => return create::again(idle, new),
        Command::Present { choice, presentation } => Ok(create::present(idle, choice, presentation)),
        Command::Choose { method, instead_of, is_closed } => {
            create::choose(idle, method, (instead_of, is_closed))
        }
        Command::ChannelSays { choice, asked, outcome } => {
            Ok(outcome::channel_says(idle, choice, asked, outcome))
        }
        Command::TryCard { method, slip, instead_of, is_closed } => {
            online::try_card(idle, (method, slip), (instead_of, is_closed))
        }
        Command::Introduce(buyer) => Ok(online::introduce(idle, buyer)),
        Command::CounterSays { choice, asked, outcome, facts } => {
            Ok(counter::says(idle, (choice, asked), outcome, facts))
        }
        Command::Offer => Ok(counter::offer(idle)),
        Command::Take => Ok(counter::take(idle)),
        Command::Scan { payer_code } => Ok(counter::scan(idle, payer_code)),
        Command::Reserve(asked) => counter::reserve(idle, asked),
        Command::FollowUpSays { by, refund, is_done, facts, channel_ref } => {
            Ok(counter::follow_up_says(idle, by, refund, is_done, (facts, channel_ref)))
        }
        Command::AdjustTip { tip_minor, open_batch } => counter::adjust_tip(idle, tip_minor, open_batch),
        Command::TipSays { tip_minor, outcome } => Ok(counter::tip_says(idle, tip_minor, outcome)),
        Command::Increase { amount_minor } => online::increase(idle, amount_minor),
        Command::IncreaseSays { number, outcome, auth_code } => {
            Ok(online::increase_says(idle, number, outcome, auth_code))
        }
        Command::Settle => Ok(counter::settle(idle)),
        Command::Cancel => stop::cancel(idle),
        Command::Expire => Ok(stop::expire(idle)),
        Command::Refund(new) => refund::request(idle, new),
        Command::RefundSays { refund, outcome } => Ok(refund::channel_says(idle, refund, outcome)),
    }?;
    debug_assert!(
        crate::table::allows(before.name(), name, decision.order.state.name()),
        "{before:?} --{name}--> {:?} is not in the table",
        decision.order.state
    );
    Ok(decision)
}
