//! Work that asks a channel. A charge or a refund is sent at the first attempt only; after that we ask.

use tillgate_channels::{Answer, Call, Payment};
use tillgate_core::work::{ask_delay_s, presented_ask_delay_s};
use tillgate_core::{
    Asked, Command, Flow, Order, OrderState, Outcome, Refund, RefundNo, RefundState, Timestamp, Work,
};
use tillgate_store::{OrderKey, WorkUpdate};

use super::Workers;
use crate::channels::{self};
use crate::clock;
use crate::gateway::Problem;

/// A refund the channel has never heard of counts as failed only after this long, ms:
/// until then the first message may still be on its way.
const REFUND_LOST_AFTER_MS: i64 = 60_000;

impl Workers {
    pub(super) async fn order_of(&self, work: &Work) -> Result<Option<Order>, Problem> {
        Ok(self.gateway.store.load_order(work.key.merchant, OrderKey::Number(work.key.order)).await?)
    }

    /// The one that came with the work, if it did.
    pub(super) async fn order_with(
        &self,
        work: &Work,
        known: Option<Box<Order>>,
    ) -> Result<Option<Order>, Problem> {
        match known {
            Some(order) => Ok(Some(*order)),
            None => self.order_of(work).await,
        }
    }

    async fn payment(&self, order: &Order, choice: u32) -> Result<Option<Payment>, Problem> {
        let seller = async { self.room(&order.room)?.seller(order).await };
        let seller = seller.await.map_err(|error| Problem::Fault(error.to_string()))?;
        Ok(channels::payment(order, choice, &seller))
    }

    fn done(work: &Work) -> WorkUpdate {
        WorkUpdate::Done(*work)
    }

    fn retry(work: &Work, delay_s: i64) -> WorkUpdate {
        WorkUpdate::Retry(*work, clock::now().plus_s(delay_s))
    }

    async fn says(
        &self,
        order: Order,
        asked: Asked,
        outcome: Outcome,
        update: WorkUpdate,
    ) -> Result<(), Problem> {
        let command = Command::ChannelSays { choice: order.choice(), asked, outcome };
        self.gateway.apply_to(order, command, Some(update)).await.map(drop)
    }

    pub(super) async fn charge(&self, work: &Work, known: Option<Box<Order>>) -> Result<(), Problem> {
        let Some(order) = self.order_with(work, known).await? else {
            return self.gateway.settle(Self::done(work)).await;
        };
        if order.state != OrderState::Pending {
            // Ended, or being closed since: nothing may be charged any more.
            return self.gateway.settle(Self::done(work)).await;
        }
        if order.terms.flow == Flow::CardOnline {
            return self.carry_out(work, &order).await;
        }
        if work.attempt > 1 {
            // An earlier worker may have sent it. From here on we only ask.
            return self.says(order, Asked::Charge, Outcome::Unknown, Self::done(work)).await;
        }
        let Some(payment) = self.payment(&order, order.choice()).await? else {
            return self.gateway.settle(Self::done(work)).await;
        };
        let outcome = match self.gateway.channels.ask(&Call::Charge(payment)).await {
            Answer::Outcome(outcome) => outcome,
            Answer::Presented(_) | Answer::NeverHeardOf => Outcome::Unknown,
        };
        self.says(order, Asked::Charge, outcome, Self::done(work)).await
    }

    pub(super) async fn ask(&self, work: &Work) -> Result<(), Problem> {
        let Some(order) = self.order_of(work).await? else {
            return self.gateway.settle(Self::done(work)).await;
        };
        if order.terms.flow == Flow::CardPresent {
            return self.ask_about_card(work, &order).await;
        }
        if order.is_card() {
            return self.ask_about_given_card(work, &order).await;
        }
        if matches!(order.state, OrderState::Paid { .. }) {
            return self.gateway.settle(Self::done(work)).await;
        }
        let Some(payment) = self.payment(&order, order.choice()).await? else {
            // Nothing was chosen, so no channel knows of it.
            return self.gateway.settle(Self::done(work)).await;
        };
        match self.gateway.channels.ask(&Call::Query(payment)).await {
            Answer::Outcome(outcome) if is_final(&outcome) => {
                self.says(order, Asked::Query, outcome, Self::done(work)).await
            }
            // It ended unpaid and the charge never arrived: all is well.
            Answer::NeverHeardOf if order.state.is_final() => self.gateway.settle(Self::done(work)).await,
            // Not paid so far, as far as anyone knows. The order's own time ends the asking.
            Answer::Outcome(_) | Answer::Presented(_) | Answer::NeverHeardOf => {
                let delay_s = match order.terms.flow {
                    Flow::CustomerPresented => ask_delay_s(work.attempt),
                    _ => presented_ask_delay_s(work.attempt),
                };
                self.gateway.settle(Self::retry(work, delay_s)).await
            }
        }
    }

    pub(super) async fn close(&self, work: &Work) -> Result<(), Problem> {
        let Some(order) = self.order_of(work).await? else {
            return self.gateway.settle(Self::done(work)).await;
        };
        if !order.state.is_open() {
            return self.gateway.settle(Self::done(work)).await;
        }
        if order.terms.flow == Flow::CardPresent {
            return self.close_card(work, &order).await;
        }
        if order.is_card() {
            return self.close_given_card(work, &order).await;
        }
        let Some(payment) = self.payment(&order, order.choice()).await? else {
            // Nothing was chosen, so no channel knows of it.
            return self.gateway.settle(Self::done(work)).await;
        };
        let mut answer = self.gateway.channels.ask(&Call::Close(payment.clone())).await;
        if !is_decided(&answer) {
            // It may not let itself be closed because it is paid: asking tells.
            answer = self.gateway.channels.ask(&Call::Query(payment)).await;
        }
        match answer {
            Answer::Outcome(outcome) if is_final(&outcome) => {
                self.says(order, Asked::Close, outcome, Self::done(work)).await
            }
            Answer::Outcome(_) | Answer::Presented(_) | Answer::NeverHeardOf => {
                self.gateway.settle(Self::retry(work, ask_delay_s(work.attempt))).await
            }
        }
    }

    pub(super) async fn refund(&self, work: &Work, number: RefundNo) -> Result<(), Problem> {
        let order = self.order_of(work).await?;
        let refund = self.gateway.load_refund(work.key.merchant, work.key.order, number).await?;
        let (Some(order), Some(refund)) = (order, refund) else {
            return self.gateway.settle(Self::done(work)).await;
        };
        if order.is_cards_choice(refund.choice) {
            return self.refund_card(work, &order, &refund).await;
        }
        if refund.state != RefundState::Requested {
            return self.gateway.settle(Self::done(work)).await;
        }
        match self.ask_for_refund(work, &order, &refund).await? {
            Answer::Outcome(outcome) if is_final(&outcome) => {
                self.gateway.refund_says(work.key, number, outcome, Self::done(work)).await
            }
            Answer::NeverHeardOf if lost(refund.requested_at) => {
                let outcome = Outcome::Declined { reason: "the channel never received it".into() };
                self.gateway.refund_says(work.key, number, outcome, Self::done(work)).await
            }
            Answer::Outcome(_) | Answer::Presented(_) | Answer::NeverHeardOf => {
                self.gateway.settle(Self::retry(work, ask_delay_s(work.attempt))).await
            }
        }
    }

    /// Sends it at the first attempt, asks at the others. One that got lost for certain is sent again under
    /// its number, where the channel takes a number once only: the merchant was told it will be done.
    async fn ask_for_refund(&self, work: &Work, order: &Order, refund: &Refund) -> Result<Answer, Problem> {
        let Some(payment) = self.payment(order, refund.choice).await? else {
            return Err(Problem::Fault("a refund of a choice that was never made".into()));
        };
        let refund_order = channels::refund_order(order, refund);
        let channels = &self.gateway.channels;
        if work.attempt > 1 {
            let answer = channels.ask(&Call::QueryRefund(payment.clone(), refund_order.clone())).await;
            let is_lost = answer == Answer::NeverHeardOf && lost(refund.requested_at);
            if !is_lost || !channels.refund_may_be_resent(&payment) {
                return Ok(answer);
            }
        }
        Ok(channels.ask(&Call::Refund(payment, refund_order)).await)
    }
}

fn is_final(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Paid { .. } | Outcome::Declined { .. })
}

fn is_decided(answer: &Answer) -> bool {
    matches!(answer, Answer::Outcome(outcome) if is_final(outcome))
}

fn lost(requested_at: Timestamp) -> bool {
    clock::now().since_ms(requested_at) > REFUND_LOST_AFTER_MS
}
