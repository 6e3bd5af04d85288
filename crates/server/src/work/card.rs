//! Work on cards that no terminal has a part in: how one given online stands, follow-ups that we carry out, more to be
//! held. The card itself was sent once, by whoever was given it; here it is only asked about.

use tillgate_channels::{CardAnswer, CardCall, CardOperation, CardOutcome};
use tillgate_core::work::{ask_delay_s, presented_ask_delay_s};
use tillgate_core::{Asked, Command, Deed, Money, Order, OrderState, Outcome, Pending, Presentation, Work};
use tillgate_store::{OrderKey, WorkUpdate};

use super::Workers;
use crate::channels::{self, increase_no, trade_no};
use crate::clock;
use crate::gateway::Problem;

impl Workers {
    /// How does a payment stand that was tried with a card given to us? If its message never arrived it never will:
    /// the number is shut.
    pub(super) async fn ask_about_given_card(&self, work: &Work, order: &Order) -> Result<(), Problem> {
        let is_asked = order.state.is_open() && order.presentation != Presentation::None;
        if !is_asked || order.terms.deed().follows_up() {
            return self.gateway.settle(WorkUpdate::Done(*work)).await;
        }
        let trade_no = trade_no(order.merchant, order.number, order.choice());
        let mut answer =
            self.gateway.channels.ask_acquirer(&CardCall::Query { trade_no: trade_no.clone() }).await;
        let mut asked = Asked::Query;
        if answer.outcome == CardOutcome::NeverHeardOf {
            answer = self.gateway.channels.ask_acquirer(&CardCall::Close { trade_no }).await;
            asked = Asked::Close;
        }
        let is_shown = matches!(order.presentation, Presentation::Challenge(_));
        let delay_s = if is_shown { presented_ask_delay_s } else { ask_delay_s };
        let retry = WorkUpdate::Retry(*work, clock::now().plus_s(delay_s(work.attempt)));
        self.card_answers(work, order, (asked, answer), retry).await
    }

    pub(super) async fn close_given_card(&self, work: &Work, order: &Order) -> Result<(), Problem> {
        let trade_no = trade_no(order.merchant, order.number, order.choice());
        let answer = self.gateway.channels.ask_acquirer(&CardCall::Close { trade_no }).await;
        let retry = WorkUpdate::Retry(*work, clock::now().plus_s(ask_delay_s(work.attempt)));
        self.card_answers(work, order, (Asked::Close, answer), retry).await
    }

    /// What has ended is stored, and the work with it; anything else is asked again.
    async fn card_answers(
        &self,
        work: &Work,
        order: &Order,
        (asked, answer): (Asked, CardAnswer),
        retry: WorkUpdate,
    ) -> Result<(), Problem> {
        match channels::card_word(order, order.choice(), asked, answer) {
            Some(command @ Command::CounterSays { .. }) => {
                let done = WorkUpdate::Done(*work);
                self.gateway.apply(order.merchant, order.number, command, Some(done)).await.map(drop)
            }
            Some(command) => {
                self.gateway.apply(order.merchant, order.number, command, Some(retry)).await.map(drop)
            }
            None => self.gateway.settle(retry).await,
        }
    }

    /// A capture, a void or a refund that no terminal does. The acquirer takes its number once, so it may be sent again.
    pub(super) async fn carry_out(&self, work: &Work, order: &Order) -> Result<(), Problem> {
        let Some(call) = self.follow_up_call(order).await? else {
            return self.gateway.settle(WorkUpdate::Done(*work)).await;
        };
        let answer = self.send_or_ask(work, &call).await;
        let retry = WorkUpdate::Retry(*work, clock::now().plus_s(ask_delay_s(work.attempt)));
        self.card_answers(work, order, (Asked::Charge, answer), retry).await
    }

    /// Sent at first; later it is asked about, and sent again if it never arrived.
    async fn send_or_ask(&self, work: &Work, call: &CardCall) -> CardAnswer {
        let acquirer = &self.gateway.channels;
        if work.attempt == 1 {
            return acquirer.ask_acquirer(call).await;
        }
        let query = CardCall::Query { trade_no: call.trade_no().to_owned() };
        let answer = acquirer.ask_acquirer(&query).await;
        match answer.outcome {
            CardOutcome::NeverHeardOf => acquirer.ask_acquirer(call).await,
            _ => answer,
        }
    }

    async fn follow_up_call(&self, order: &Order) -> Result<Option<CardCall>, Problem> {
        let Some(number) = order.terms.counter.and_then(|counter| counter.original) else { return Ok(None) };
        let original = self.gateway.store.load_order(order.merchant, OrderKey::Number(number)).await?;
        let Some(original) = original else { return Ok(None) };
        let original = trade_no(original.merchant, original.number, original.choice());
        let deed = order.terms.deed();
        let operation = CardOperation {
            trade_no: trade_no(order.merchant, order.number, 1),
            terminal: order.terms.terminal.clone(),
            amount: order.total(),
            tip_minor: if deed == Deed::Completion { order.tip_minor() } else { 0 },
            cashback_minor: 0,
        };
        Ok(match deed {
            Deed::Completion => Some(CardCall::Capture { operation, original }),
            Deed::Void => Some(CardCall::Void { operation, original }),
            Deed::Refund => Some(CardCall::Refund { operation, original }),
            Deed::Sale | Deed::Authorization => None,
        })
    }

    /// More is to be held.
    pub(super) async fn increase(&self, work: &Work, number: u32) -> Result<(), Problem> {
        let done = WorkUpdate::Done(*work);
        let Some(order) = self.order_of(work).await? else { return self.gateway.settle(done).await };
        let pending = order.counter.as_ref().and_then(|counter| counter.pending);
        let amount_minor = match pending {
            Some(Pending::Increase { number: open, amount_minor }) if open == number => amount_minor,
            _ => return self.gateway.settle(done).await,
        };
        debug_assert!(matches!(order.state, OrderState::Authorized { .. }));
        let operation = CardOperation {
            trade_no: increase_no(&order, number),
            terminal: order.terms.terminal.clone(),
            amount: Money::new(amount_minor, order.terms.amount.currency),
            tip_minor: 0,
            cashback_minor: 0,
        };
        let original = trade_no(order.merchant, order.number, order.choice());
        let answer = self.send_or_ask(work, &CardCall::Increment { operation, original }).await;
        let auth_code = answer.slip.map(|slip| slip.auth_code).unwrap_or_default();
        match answer.outcome {
            CardOutcome::Outcome(outcome @ (Outcome::Paid { .. } | Outcome::Declined { .. })) => {
                let command = Command::IncreaseSays { number, outcome, auth_code };
                self.gateway.apply(order.merchant, order.number, command, Some(done)).await.map(drop)
            }
            CardOutcome::Outcome(_) | CardOutcome::Challenge { .. } | CardOutcome::NeverHeardOf => {
                let then = clock::now().plus_s(ask_delay_s(work.attempt));
                self.gateway.settle(WorkUpdate::Retry(*work, then)).await
            }
        }
    }
}
