//! Waiting for what becomes of an order or a refund.
//!
//! Knows: wake-ups are hints, the store is the truth. Does not know who waits, or what they answer.

use std::time::Duration;

use tillgate_core::{MerchantId, Order, OrderNo, RefundNo, RefundState, Refusal};
use tillgate_store::OrderKey;
use tokio::time::Instant;

use super::{Gateway, Problem};

impl Gateway {
    /// Waits until the order satisfies `done` or the time is up; gives the order as it is then.
    /// Wake-ups are hints: behind them the store is read again now and then.
    ///
    /// Thousands may wait at once, so the order itself is dropped meanwhile; that is why this is no `async fn`, which
    /// would keep its arguments.
    pub fn wait_until<'a>(
        &'a self,
        order: Order,
        patience: Duration,
        done: impl Fn(&Order) -> bool + Send + 'a,
    ) -> impl Future<Output = Result<Order, Problem>> + Send + 'a {
        let (merchant, number) = (order.merchant, order.number);
        drop(order);
        async move {
            let deadline = Instant::now() + patience;
            let waiting = self.bus.wait_for(merchant, number);
            loop {
                // Registered before the read, so that no wake-up falls between.
                let mut woken = std::pin::pin!(waiting.next());
                woken.as_mut().enable();
                {
                    let order = self.store.load_order(merchant, OrderKey::Number(number)).await?;
                    let order = order.ok_or(Refusal::OrderNotFound)?;
                    let is_over = self.bus.is_closed() || Instant::now() >= deadline;
                    if is_over || done(&order) {
                        return Ok(order);
                    }
                }
                let until = deadline.min(Instant::now() + self.bus.order_patience());
                let _ = tokio::time::timeout_at(until, woken).await;
            }
        }
    }

    /// Waits for the channel's word on a refund; `Requested` when the time is up first.
    pub async fn wait_for_refund(
        &self,
        merchant: MerchantId,
        order: OrderNo,
        number: RefundNo,
        patience: Duration,
    ) -> Result<RefundState, Problem> {
        let deadline = Instant::now() + patience;
        let waiting = self.bus.wait_for(merchant, order);
        loop {
            let mut woken = std::pin::pin!(waiting.next());
            woken.as_mut().enable();
            let state = self.load_refund(merchant, order, number).await?.map(|refund| refund.state);
            match state {
                Some(RefundState::Requested) if Instant::now() < deadline && !self.bus.is_closed() => {
                    let until = deadline.min(Instant::now() + self.bus.order_patience());
                    let _ = tokio::time::timeout_at(until, woken).await;
                }
                Some(state) => return Ok(state),
                None => return Err(Problem::Fault("the refund is gone".into())),
            }
        }
    }
}
