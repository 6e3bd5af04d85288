//! Work on cards: asking terminals and the acquirer, tips, settlement. A terminal is asked first, where there is one;
//! the acquirer has the last word.

use tillgate_channels::{CardCall, CardOutcome};
use tillgate_core::work::{ask_delay_s, presented_ask_delay_s};
use tillgate_core::{
    Asked, Command, Facts, Money, Order, OrderState, Outcome, Pending, Refund, RefundState, Work,
};
use tillgate_protocols::ecrhub::{self, Closing, Meaning, TerminalAnswer, Topic};
use tillgate_store::WorkUpdate;

use super::Workers;
use crate::channels::{self, trade_no};
use crate::clock;
use crate::gateway::{Problem, Told};
use crate::terminals::word;

/// A refund or void the acquirer has never heard of is sent again after this long, ms: it takes each number once.
const LOST_AFTER_MS: i64 = 60_000;
/// With the delays between them about four minutes.
const REPRINT_TRIES: u32 = 9;

/// A terminal that has said so often that a card is being charged, some two minutes long, is not waited for any more.
/// To shut the number at the acquirer is safe at any time.
const CHARGING_TRIES: u32 = 8;

impl Workers {
    /// How does a card payment stand?
    pub(super) async fn ask_about_card(&self, work: &Work, order: &Order) -> Result<(), Problem> {
        let is_unknown = order.counter.as_ref().is_some_and(|counter| counter.is_unknown);
        let delay_s = if is_unknown { ask_delay_s } else { presented_ask_delay_s };
        let retry = WorkUpdate::Retry(*work, clock::now().plus_s(delay_s(work.attempt)));
        if !order.state.is_open() {
            return self.gateway.settle(WorkUpdate::Done(*work)).await;
        }
        let number = trade_no(order.merchant, order.number, 1);
        let question = ecrhub::query(&number, &number, clock::now());
        match self.gateway.ask_terminal(order, (Topic::Query, &number), question).await {
            Some(Told { answer, .. }) if answer.meaning() == Meaning::InProgress => {
                return self.gateway.settle(retry).await;
            }
            // Its own word, as if it had come by itself; and so it has, at the node that asked it.
            Some(Told { answer, is_carried_out: true }) if is_own_word(&answer, &number) => {
                return self.gateway.settle(retry).await;
            }
            Some(Told { answer, is_carried_out: false }) if is_own_word(&answer, &number) => {
                word::heard(&self.gateway, order.merchant, &order.terms.terminal, answer).await?;
                return self.gateway.settle(retry).await;
            }
            Some(_) | None => {}
        }
        match self.ask_acquirer(order, CardCall::Query { trade_no: number }).await {
            Some((outcome, facts)) if is_final(&outcome) => {
                self.card_says(work, (Asked::Query, outcome, facts), WorkUpdate::Done(*work)).await
            }
            // Not charged as far as anyone knows. The order's own time ends the asking.
            _ => self.gateway.settle(retry).await,
        }
    }

    /// Takes the order off the screen and shuts its number at the acquirer: closed, or paid after all.
    pub(super) async fn close_card(&self, work: &Work, order: &Order) -> Result<(), Problem> {
        let retry = WorkUpdate::Retry(*work, clock::now().plus_s(ask_delay_s(work.attempt)));
        let number = trade_no(order.merchant, order.number, 1);
        let question = ecrhub::close(&number, &number, clock::now());
        let answer = self.gateway.ask_terminal(order, (Topic::Close, &number), question).await;
        let is_unknown = order.counter.as_ref().is_some_and(|counter| counter.is_unknown);
        let is_charging = answer.is_some_and(|told| told.answer.closing() == Closing::TooLate) && !is_unknown;
        if is_charging && work.attempt <= CHARGING_TRIES {
            // The result comes by itself, or the terminal falls silent.
            return self.gateway.settle(retry).await;
        }
        match self.ask_acquirer(order, CardCall::Close { trade_no: number }).await {
            Some((outcome, facts)) if is_final(&outcome) => {
                self.card_says(work, (Asked::Close, outcome, facts), WorkUpdate::Done(*work)).await
            }
            _ => self.gateway.settle(retry).await,
        }
    }

    /// The acquirer's word, if it is about this order's amount.
    async fn ask_acquirer(&self, order: &Order, call: CardCall) -> Option<(Outcome, Facts)> {
        let answer = self.gateway.channels.ask_acquirer(&call).await;
        if !channels::is_of_amount(order, &answer) {
            tracing::error!(order = %order.number, "the acquirer speaks of another amount");
            return None;
        }
        let facts = channels::facts_of(&answer);
        match answer.outcome {
            CardOutcome::Outcome(outcome) => Some((outcome, facts)),
            // Nobody is challenged at a terminal.
            CardOutcome::NeverHeardOf | CardOutcome::Challenge { .. } => None,
        }
    }

    async fn card_says(
        &self,
        work: &Work,
        (asked, outcome, facts): (Asked, Outcome, Facts),
        update: WorkUpdate,
    ) -> Result<(), Problem> {
        let command = Command::CounterSays { choice: 1, asked, outcome, facts };
        self.gateway.apply(work.key.merchant, work.key.order, command, Some(update)).await.map(drop)
    }

    /// A refund or a void that no terminal carries out. The acquirer takes a number once, so it may be sent again.
    pub(super) async fn refund_card(
        &self,
        work: &Work,
        order: &Order,
        refund: &Refund,
    ) -> Result<(), Problem> {
        if refund.state != RefundState::Requested || refund.means.carried_by.is_some() {
            return self.gateway.settle(WorkUpdate::Done(*work)).await;
        }
        let call = channels::card_refund(order, refund);
        let query = CardCall::Query { trade_no: call.trade_no().to_owned() };
        let is_first = work.attempt == 1;
        let mut answer = self.gateway.channels.ask_acquirer(if is_first { &call } else { &query }).await;
        let is_lost = clock::now().since_ms(refund.requested_at) > LOST_AFTER_MS;
        if answer.outcome == CardOutcome::NeverHeardOf && is_lost {
            answer = self.gateway.channels.ask_acquirer(&call).await;
        }
        match answer.outcome {
            CardOutcome::Outcome(outcome) if is_final(&outcome) => {
                self.gateway.refund_says(work.key, refund.number, outcome, WorkUpdate::Done(*work)).await
            }
            CardOutcome::Outcome(_) | CardOutcome::NeverHeardOf | CardOutcome::Challenge { .. } => {
                let then = clock::now().plus_s(ask_delay_s(work.attempt));
                self.gateway.settle(WorkUpdate::Retry(*work, then)).await
            }
        }
    }

    pub(super) async fn tip(&self, work: &Work) -> Result<(), Problem> {
        let done = WorkUpdate::Done(*work);
        let Some(order) = self.order_of(work).await? else { return self.gateway.settle(done).await };
        let pending = order.counter.as_ref().and_then(|counter| counter.pending);
        let Some(Pending::Tip { tip_minor }) = pending else { return self.gateway.settle(done).await };
        let call = CardCall::AdjustTip {
            trade_no: trade_no(order.merchant, order.number, 1),
            tip: Money::new(tip_minor, order.terms.amount.currency),
        };
        match self.gateway.channels.ask_acquirer(&call).await.outcome {
            CardOutcome::Outcome(outcome) if is_final(&outcome) => {
                let command = Command::TipSays { tip_minor, outcome };
                let (merchant, number) = (work.key.merchant, work.key.order);
                self.gateway.apply(merchant, number, command, Some(done)).await.map(drop)
            }
            CardOutcome::Outcome(_) | CardOutcome::NeverHeardOf | CardOutcome::Challenge { .. } => {
                let then = clock::now().plus_s(ask_delay_s(work.attempt));
                self.gateway.settle(WorkUpdate::Retry(*work, then)).await
            }
        }
    }

    /// Its batch was closed: the acquirer takes note of each order in it.
    pub(super) async fn settle_card(&self, work: &Work) -> Result<(), Problem> {
        let done = WorkUpdate::Done(*work);
        let then = clock::now().plus_s(ask_delay_s(work.attempt));
        let Some(order) = self.order_of(work).await? else { return self.gateway.settle(done).await };
        let counter = order.counter.as_deref();
        let place = counter.and_then(|counter| counter.batch.as_ref());
        let is_paid = matches!(order.state, OrderState::Paid { .. });
        let (Some(place), true) = (place, is_paid) else { return self.gateway.settle(done).await };
        if counter.is_some_and(|counter| counter.pending.is_some()) {
            // A tip or a void is on its way: its end decides what is settled.
            return self.gateway.settle(WorkUpdate::Retry(*work, then)).await;
        }
        let call = CardCall::Settle {
            trade_no: trade_no(order.merchant, order.number, 1),
            batch: format!("{}-{:06}", place.terminal, place.number),
        };
        match self.gateway.channels.ask_acquirer(&call).await.outcome {
            CardOutcome::Outcome(Outcome::Paid { .. }) => {
                let (merchant, number) = (work.key.merchant, work.key.order);
                self.gateway.apply(merchant, number, Command::Settle, Some(done)).await.map(drop)
            }
            CardOutcome::Outcome(outcome) => {
                if let Outcome::Declined { reason } = outcome {
                    tracing::error!(order = %order.number, %reason, "the acquirer does not settle an order");
                }
                self.gateway.settle(WorkUpdate::Retry(*work, then)).await
            }
            CardOutcome::NeverHeardOf | CardOutcome::Challenge { .. } => {
                self.gateway.settle(WorkUpdate::Retry(*work, then)).await
            }
        }
    }
}

impl Workers {
    /// Until the terminal has done it, some minutes at most: whoever asked for it has gone by then.
    pub(super) async fn reprint(&self, work: &Work) -> Result<(), Problem> {
        let done = WorkUpdate::Done(*work);
        let Some(order) = self.order_of(work).await? else { return self.gateway.settle(done).await };
        let number = trade_no(order.merchant, order.number, 1);
        let frame = ecrhub::reprint(&number, &number, clock::now());
        let answer = self.gateway.ask_terminal(&order, (Topic::Reprint, &number), frame).await;
        if answer.is_some() || work.attempt > REPRINT_TRIES {
            return self.gateway.settle(done).await;
        }
        let then = clock::now().plus_s(ask_delay_s(work.attempt));
        self.gateway.settle(WorkUpdate::Retry(*work, then)).await
    }
}

fn is_final(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Paid { .. } | Outcome::Declined { .. })
}

/// The terminal's own word on how the order ended, or that it does not end it.
fn is_own_word(answer: &TerminalAnswer, number: &str) -> bool {
    !answer.never_heard_of() && answer.result.trade_no == number && answer.meaning() != Meaning::DoesNotKnow
}
