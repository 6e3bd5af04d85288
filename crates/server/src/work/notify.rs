//! Tells a merchant what became of an order: the same bytes at each try, on the room's schedule.

use std::time::{Duration, Instant};

use tillgate_core::{Order, Work};
use tillgate_store::{
    Changeset, Notification, NotificationAttempt, NotificationState, StoreError, WorkUpdate,
};

use super::Workers;
use super::breaker::Pass;
use crate::clock;
use crate::gateway::Problem;
use crate::outbound::{Reply, origin_of};
use crate::random;

/// How long a notification waits for a place at its endpoint; well within the lease.
const QUEUE_PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of the merchant's answer that are kept for support.
const ANSWER_KEPT: usize = 256;

impl Workers {
    pub(super) async fn notify(
        &self,
        work: &Work,
        event: u32,
        known: Option<Box<Order>>,
    ) -> Result<(), Problem> {
        let done = WorkUpdate::Done(*work);
        // Nothing can be stored of an event that is this young.
        let is_first = known.as_ref().is_some_and(|order| order.events == event);
        let Some(order) = self.order_with(work, known).await? else {
            return self.gateway.settle(done).await;
        };
        let notification = match is_first {
            true => self.first_notification(&order, event).await?,
            false => self.notification(work, &order, event).await?,
        };
        // Per merchant: one who answers badly does not pause another on the same host.
        let origin = format!("{} {}", order.merchant.0, origin_of(&notification.url));
        let now = clock::now();
        let postponed = |due_at| WorkUpdate::Postpone(*work, due_at);
        let _place = match self.breakers.ask(&origin, now) {
            Pass::Go(place) => place,
            Pass::Queue(_queued, places) => {
                match tokio::time::timeout(QUEUE_PATIENCE, places.acquire_owned()).await {
                    Ok(Ok(place)) => place,
                    Ok(Err(_)) | Err(_) => return self.gateway.settle(postponed(now.plus_s(1))).await,
                }
            }
            Pass::Busy(wait_ms) => {
                let then = now.plus_ms(wait_ms + random::below(wait_ms));
                return self.gateway.settle(postponed(then)).await;
            }
            Pass::NotBefore(then) => {
                return self.gateway.settle(postponed(then.plus_ms(random::below(1_000)))).await;
            }
        };
        let started = Instant::now();
        let reply =
            self.outbound.post(&notification.url, &notification.content_type, &notification.body).await;
        let took_ms = started.elapsed().as_millis() as i64;
        self.breakers.report(&origin, reply.as_ref().is_ok_and(|reply| reply.status < 500), clock::now());
        let acknowledged = match &reply {
            Ok(reply) => self.acknowledged(&order, reply).await?,
            Err(_) => false,
        };
        let status = if acknowledged { "acknowledged" } else { "failed" };
        metrics::counter!("tillgate_notification_attempts_total", "result" => status).increment(1);
        self.store_attempt(work, &order, notification, acknowledged, &reply, took_ms).await
    }

    /// The stored one, or a new one that is stored with the first attempt.
    async fn notification(&self, work: &Work, order: &Order, event: u32) -> Result<Notification, Problem> {
        let (merchant, number) = (work.key.merchant, work.key.order);
        if let Some(stored) = self.gateway.store.load_notification(merchant, number, event).await? {
            return Ok(stored);
        }
        self.first_notification(order, event).await
    }

    async fn first_notification(&self, order: &Order, event: u32) -> Result<Notification, Problem> {
        let (merchant, number) = (order.merchant, order.number);
        let message = async { self.room(&order.room)?.notification(order, event).await };
        let message = message.await.map_err(|error| Problem::Fault(error.to_string()))?;
        Ok(Notification {
            merchant,
            order: number,
            event,
            url: message.url,
            content_type: message.content_type,
            body: message.body,
            state: NotificationState::Waiting,
            attempts: 0,
        })
    }

    async fn acknowledged(&self, order: &Order, reply: &Reply) -> Result<bool, Problem> {
        let answer = async { self.room(&order.room)?.acknowledged(order, reply.status, &reply.body).await };
        answer.await.map_err(|error| Problem::Fault(error.to_string()))
    }

    async fn store_attempt(
        &self,
        work: &Work,
        order: &Order,
        mut notification: Notification,
        acknowledged: bool,
        reply: &Result<Reply, String>,
        took_ms: i64,
    ) -> Result<(), Problem> {
        let now = clock::now();
        notification.attempts += 1;
        let attempt = NotificationAttempt {
            attempt: notification.attempts,
            at: now,
            took_ms,
            status: reply.as_ref().ok().map(|reply| reply.status),
            answer: match reply {
                Ok(reply) => kept(&reply.body),
                Err(error) => error.clone(),
            },
        };
        let room = self.room(&order.room).map_err(|error| Problem::Fault(error.to_string()))?;
        // The schedule counts from the last time it was put to the front, so a re-sent one is retried too.
        let delay_s = if acknowledged { None } else { room.retry_delay_s(work.attempt) };
        let update = match delay_s {
            Some(delay_s) => {
                notification.state = NotificationState::Waiting;
                WorkUpdate::Retry(*work, now.plus_s(delay_s))
            }
            None => {
                if !acknowledged {
                    metrics::counter!("tillgate_notifications_exhausted_total").increment(1);
                }
                notification.state =
                    if acknowledged { NotificationState::Delivered } else { NotificationState::Exhausted };
                WorkUpdate::Done(*work)
            }
        };
        let changeset = Changeset {
            work: Some(update),
            notification: Some(notification),
            attempt: Some(attempt),
            ..Changeset::default()
        };
        self.gateway.bus.wake_here(order.merchant, order.number);
        match self.gateway.store.commit(changeset).await {
            Ok(()) | Err(StoreError::Conflict(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The beginning of an answer, as a text that every store takes.
fn kept(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(ANSWER_KEPT)]).replace('\0', "\u{FFFD}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_answer_is_kept_as_text() {
        assert_eq!(super::kept(b"sent\0\xff"), "sent\u{FFFD}\u{FFFD}");
        assert_eq!(super::kept(&[b'a'; 300]).len(), 256);
    }
}
