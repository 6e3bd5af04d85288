//! What payers see: a channel prepares it, the order keeps it, and it is closed before there is another.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use tillgate_channels::{Answer, Call, Payment};
use tillgate_core::order::CHOICES_MAX;
use tillgate_core::{
    Asked, Command, MerchantId, Method, NewOrder, Order, OrderNo, OrderState, Outcome, Presentation, Refusal,
    decide,
};
use tillgate_store::OrderKey;

use super::{Created, Gateway, OrderPlace, Problem, TRIES};
use crate::channels;
use crate::clock;

/// Whoever holds it is the only one who asks the channel to prepare the order.
struct Turn<'a> {
    taken: &'a Mutex<HashSet<OrderPlace>>,
    place: OrderPlace,
}

impl<'a> Turn<'a> {
    fn take(taken: &'a Mutex<HashSet<OrderPlace>>, place: OrderPlace) -> Option<Self> {
        // Made only if it is ours: dropping one gives the place back.
        let is_first = taken.lock().insert(place);
        is_first.then(|| Self { taken, place })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.taken.lock().remove(&self.place);
    }
}

impl Gateway {
    /// Creates an order whose code is part of the answer. The channel prepares it first, so that order and code are
    /// one commit: nobody can pay what nobody has seen, and a code that found no order is closed again.
    pub async fn create_presented(
        self: &Arc<Self>,
        mut new: NewOrder,
        seller: &str,
    ) -> Result<Order, Problem> {
        for _ in 0..TRIES {
            let payment = channels::first_payment(&new, seller)
                .ok_or_else(|| Problem::Fault("an order to present needs a method".into()))?;
            let number = new.number;
            let Answer::Presented(presentation) = self.channels.ask(&Call::Present(payment.clone())).await
            else {
                if self.is_taken(new.merchant, number).await? {
                    // It is another order's payment the channel would not prepare again.
                    self.renumber(&mut new);
                    continue;
                }
                self.close_unseen(payment);
                return self.repeated(new).await?.ok_or(Problem::Unavailable);
            };
            new.presentation = presentation;
            match self.create_once(new).await {
                Ok(Created::Order(order)) => {
                    if order.number != number {
                        self.close_unseen(payment);
                    }
                    return Ok(order);
                }
                // The payment under that number is the other order's: it stays as it is.
                Ok(Created::NumberTaken(back)) => new = back,
                Err(problem) => {
                    self.close_unseen(payment);
                    return Err(problem);
                }
            }
        }
        Err(Problem::Fault("too many conflicts".into()))
    }

    async fn is_taken(&self, merchant: MerchantId, number: OrderNo) -> Result<bool, Problem> {
        Ok(self.store.load_order(merchant, OrderKey::Number(number)).await?.is_some())
    }

    /// The order the same request made before, if it did.
    async fn repeated(&self, new: NewOrder) -> Result<Option<Order>, Problem> {
        let key = OrderKey::Reference { room: &new.room, reference: &new.reference };
        let Some(order) = self.store.load_order(new.merchant, key).await? else { return Ok(None) };
        Ok(Some(decide(Some(order), Command::Create(new), clock::now())?.order))
    }

    /// Closes at the channel what no payer has seen. If that fails it runs out by itself. Not if an order has that
    /// number by now: then it is that order's.
    fn close_unseen(self: &Arc<Self>, payment: Payment) {
        let gateway = self.clone();
        tokio::spawn(async move {
            if let Some((merchant, number, 1)) = channels::read_trade_no(&payment.trade_no)
                && gateway.is_taken(merchant, number).await.unwrap_or(true)
            {
                return;
            }
            gateway.channels.ask(&Call::Close(payment)).await;
        });
    }

    /// Closes at the channel a choice of an order that nobody has seen.
    fn close_choice(&self, payment: Payment) {
        let channels = self.channels.clone();
        tokio::spawn(async move { channels.ask(&Call::Close(payment)).await });
    }

    /// Makes sure the channel has prepared the payment, so that there is something to show.
    /// An order that cannot be presented now comes back as it is.
    pub async fn present(&self, order: Order, seller: &str) -> Result<Order, Problem> {
        if order.state.is_final() || order.presentation != Presentation::None || order.is_card() {
            return Ok(order);
        }
        let Some(_turn) = Turn::take(&self.presenting, (order.merchant, order.number)) else {
            // Another visitor has asked the channel already: one call is enough.
            let is_shown = |order: &Order| order.state.is_final() || order.presentation != Presentation::None;
            return self.wait_until(order, self.channels.timeout(), is_shown).await;
        };
        let choice = order.choice();
        let Some(payment) = channels::payment(&order, choice, seller) else { return Ok(order) };
        match self.channels.ask(&Call::Present(payment.clone())).await {
            Answer::Presented(presentation) => {
                let command = Command::Present { choice, presentation };
                let order = self.apply(order.merchant, order.number, command, None).await?;
                let is_unpaid =
                    matches!(order.state, OrderState::Failed { .. } | OrderState::Cancelled { .. });
                if is_unpaid && order.presentation == Presentation::None || order.choice() != choice {
                    // Ended, or chosen otherwise, while the channel prepared it: nobody has seen the code.
                    self.close_choice(payment);
                }
                Ok(order)
            }
            // Closed there, or paid meanwhile.
            Answer::Outcome(outcome @ (Outcome::Declined { .. } | Outcome::Paid { .. })) => {
                let command = Command::ChannelSays { choice, asked: Asked::Query, outcome };
                self.apply(order.merchant, order.number, command, None).await
            }
            Answer::Outcome(_) | Answer::NeverHeardOf => Ok(order),
        }
    }

    /// The payer chose how to pay, perhaps again. What he was shown before is closed at its channel first: a payment
    /// that was made there after all is found out now, and one that comes later still goes back.
    pub async fn choose(&self, mut order: Order, method: &Method, seller: &str) -> Result<Order, Problem> {
        for _ in 0..TRIES {
            if order.state != OrderState::Pending || order.method() == Some(method) {
                return Ok(order);
            }
            if order.choices.len() >= CHOICES_MAX {
                // Before anything is closed for nothing.
                return Err(Refusal::TooManyChoices.into());
            }
            let choice = order.choice();
            let is_closed = match order.presentation {
                Presentation::None => false,
                Presentation::Charge
                | Presentation::Scanned(_)
                | Presentation::Code(_)
                | Presentation::App(_)
                | Presentation::Challenge(_) => match self.close_shown(&order, seller).await? {
                    Ok(()) => true,
                    Err(order) => return Ok(order),
                },
            };
            let command = Command::Choose { method: method.clone(), instead_of: choice, is_closed };
            order = self.apply(order.merchant, order.number, command, None).await?;
            let was_shown_meanwhile = order.choice() == choice && !is_closed;
            if !was_shown_meanwhile {
                return Ok(order);
            }
        }
        Err(Problem::Fault("too many conflicts".into()))
    }

    /// Closed and unpaid, or the order that was paid after all; nothing in between lets the payer choose again.
    pub(super) async fn close_shown(
        &self,
        order: &Order,
        seller: &str,
    ) -> Result<Result<(), Order>, Problem> {
        if order.is_card() {
            return self.shut_card(order).await;
        }
        let choice = order.choice();
        let payment = channels::payment(order, choice, seller).ok_or(Problem::Unavailable)?;
        match self.channels.ask(&Call::Close(payment)).await {
            Answer::Outcome(Outcome::Declined { .. }) => Ok(Ok(())),
            Answer::Outcome(outcome @ Outcome::Paid { .. }) => {
                let command = Command::ChannelSays { choice, asked: Asked::Close, outcome };
                Ok(Err(self.apply(order.merchant, order.number, command, None).await?))
            }
            Answer::Outcome(Outcome::Pending | Outcome::Unknown)
            | Answer::Presented(_)
            | Answer::NeverHeardOf => Err(Problem::Unavailable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_turn_at_a_time() {
        let taken = Mutex::new(HashSet::new());
        let place = (MerchantId(1), OrderNo(1));
        let turn = Turn::take(&taken, place);
        assert!(turn.is_some());
        assert!(Turn::take(&taken, place).is_none());
        assert!(Turn::take(&taken, (MerchantId(1), OrderNo(2))).is_some());
        assert!(Turn::take(&taken, place).is_none(), "the first still holds it");
        drop(turn);
        assert!(Turn::take(&taken, place).is_some());
    }
}
