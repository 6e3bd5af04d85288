//! What is owed to the outside, carried out under leases.
//!
//! Two sources: rows this process wrote and leased in the same commit (done at once), and rows that
//! fall due, taken from the store. A row whose worker died is taken again when its lease ends.

pub mod breaker;
mod card;
mod channel;
mod counter;
mod notify;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tillgate_core::{Command, Order, Timestamp, Work, WorkKind};
use tillgate_store::{OrderKey, WorkUpdate};
use tokio::sync::{Semaphore, watch};

use crate::bus::hint::Hint;
use crate::clock;
use crate::gateway::{Gateway, LEASE_MS, Problem, Ready, ReadyWork};
use crate::meters::Meters;
use crate::outbound::Outbound;
use crate::random;
use crate::rooms::{Room, Rooms};
use breaker::Breakers;

/// Rows taken from the store at once.
const BATCH: u32 = 64;
/// Calls that move money, in progress at once.
const MONEY_LANE: usize = 512;
/// Questions to channels in progress at once. A channel that is down fills this lane, not the one above.
const ASK_LANE: usize = 256;
/// Notifications in progress at once. A lane of their own: slow merchants must not hold up payments.
const NOTIFY_LANE: usize = 4_096;
/// The store is looked at this often even if nothing said so, ms, plus as much again at random.
const LOOK_AGAIN_MS: i64 = 2_000;

#[derive(Debug)]
pub struct Workers {
    pub gateway: Arc<Gateway>,
    pub rooms: Rooms,
    pub outbound: Outbound,
    pub breakers: Breakers,
    money_lane: Arc<Semaphore>,
    ask_lane: Arc<Semaphore>,
    notify_lane: Arc<Semaphore>,
    begun: Meters<1>,
    /// What is not begun is left to others.
    stops: AtomicBool,
}

impl Workers {
    pub fn new(gateway: Arc<Gateway>, rooms: Rooms, outbound: Outbound, per_endpoint: usize) -> Arc<Self> {
        let breakers = Breakers::new(per_endpoint);
        let lane = |places| Arc::new(Semaphore::new(places));
        let (money_lane, ask_lane, notify_lane) = (lane(MONEY_LANE), lane(ASK_LANE), lane(NOTIFY_LANE));
        Arc::new(Self {
            gateway,
            rooms,
            outbound,
            breakers,
            money_lane,
            ask_lane,
            notify_lane,
            begun: Meters::new("tillgate_work_total", ["kind"]),
            stops: AtomicBool::new(false),
        })
    }

    pub fn room(&self, name: &str) -> anyhow::Result<&Arc<dyn Room>> {
        self.rooms.named(name)
    }

    /// Runs until `stop`; then finishes what is in progress (for `grace` at most). The lease of what is not begun is
    /// given back, that of what does not end in time runs out.
    pub async fn run(
        self: Arc<Self>,
        ready: &mut ReadyWork,
        mut stop: watch::Receiver<bool>,
        grace: Duration,
    ) {
        while !*stop.borrow() {
            let alarm = &self.gateway.alarm;
            let wait_ms = alarm.at().since_ms(clock::now()).clamp(0, 60_000) as u64;
            tokio::select! {
                _ = stop.changed() => break,
                Some(Ready { work, order }) = ready.recv() => self.start(work, Some(order)),
                () = alarm.moved() => {}
                () = tokio::time::sleep(Duration::from_millis(wait_ms)) => {
                    alarm.clear();
                    let next_look = self.take_due().await;
                    alarm.set_no_later_than(next_look);
                }
            }
        }
        self.stops.store(true, Ordering::Release);
        let all = async {
            let asks = self.ask_lane.acquire_many(ASK_LANE as u32).await;
            let money = self.money_lane.acquire_many(MONEY_LANE as u32).await;
            asks.and(money).and(self.notify_lane.acquire_many(NOTIFY_LANE as u32).await).map(drop)
        };
        let _ = tokio::time::timeout(grace, all).await;
    }

    /// What the last requests owe, when there are no more of them.
    pub async fn leave_to_others(&self, ready: &mut ReadyWork) {
        while let Ok(Ready { work, .. }) = ready.try_recv() {
            self.give_back(work).await;
        }
    }

    /// Anyone may begin it now.
    async fn give_back(&self, work: Work) {
        let now = clock::now();
        match self.gateway.settle(WorkUpdate::Postpone(work, now)).await {
            Ok(()) => drop(self.gateway.bus.tell(|| Hint::Work(now))),
            // Its lease runs out.
            Err(problem) => tracing::warn!(%problem, order = %work.key.order, "giving work back"),
        }
    }

    /// Leases what is due and says when to look again.
    async fn take_due(self: &Arc<Self>) -> Timestamp {
        let now = clock::now();
        let jittered = now.plus_ms(LOOK_AGAIN_MS + random::below(LOOK_AGAIN_MS));
        let leased = match self.gateway.store.lease_due(now, now.plus_ms(LEASE_MS), BATCH).await {
            Ok(leased) => leased,
            Err(error) => {
                tracing::error!(%error, "taking work");
                return jittered;
            }
        };
        let full = leased.len() == BATCH as usize;
        for work in leased {
            self.start(work, None);
        }
        match self.gateway.store.next_due().await {
            _ if full => now,
            Ok(Some(due_at)) => due_at.min(jittered),
            Ok(None) | Err(_) => jittered,
        }
    }

    /// `work.due_at` is the end of our lease: whoever waits for a place longer than that lets go. `known`: the order as
    /// it was a moment ago; who had to wait reads it again.
    fn start(self: &Arc<Self>, work: Work, mut known: Option<Box<Order>>) {
        let workers = self.clone();
        tokio::spawn(async move {
            let lane = match work.key.kind {
                WorkKind::Notify(_) => &workers.notify_lane,
                WorkKind::Ask => &workers.ask_lane,
                WorkKind::Expire
                | WorkKind::Charge
                | WorkKind::Close
                | WorkKind::Refund(_)
                | WorkKind::Tip
                | WorkKind::Increase(_)
                | WorkKind::Reprint
                | WorkKind::Settle => &workers.money_lane,
            };
            let _place = match lane.try_acquire() {
                Ok(place) => place,
                Err(_) => {
                    known = None;
                    let Ok(place) = lane.acquire().await else { return };
                    place
                }
            };
            // Whoever stands at a till with a code that was scanned is not left waiting.
            if workers.stops.load(Ordering::Acquire) && work.key.kind != WorkKind::Charge {
                return workers.give_back(work).await;
            }
            workers.begun.count([work.key.kind.name()]);
            // In a box: what waits for its place, and is copied into its task, is small.
            if let Err(problem) = Box::pin(workers.perform(&work, known)).await {
                // The row stays; it is taken again when the lease ends.
                tracing::error!(%problem, kind = work.key.kind.name(), order = %work.key.order, "work failed");
            }
        });
    }

    async fn perform(&self, work: &Work, known: Option<Box<Order>>) -> Result<(), Problem> {
        if work.due_at <= clock::now() {
            return Ok(());
        }
        match work.key.kind {
            WorkKind::Expire => self.expire(work).await,
            WorkKind::Charge => self.charge(work, known).await,
            WorkKind::Ask => self.ask(work).await,
            WorkKind::Close => self.close(work).await,
            WorkKind::Refund(number) => self.refund(work, number).await,
            WorkKind::Tip => self.tip(work).await,
            WorkKind::Increase(number) => self.increase(work, number).await,
            WorkKind::Settle => self.settle_card(work).await,
            WorkKind::Reprint => self.reprint(work).await,
            WorkKind::Notify(event) => self.notify(work, event, known).await,
        }
    }

    async fn expire(&self, work: &Work) -> Result<(), Problem> {
        let key = OrderKey::Number(work.key.order);
        let Some(order) = self.gateway.store.load_order(work.key.merchant, key).await? else {
            return self.gateway.settle(WorkUpdate::Done(*work)).await;
        };
        let expires_at = order.terms.expires_at;
        if clock::now() < expires_at {
            // The clock was set back since the row fell due.
            return self.gateway.settle(WorkUpdate::Retry(*work, expires_at)).await;
        }
        let done = WorkUpdate::Done(*work);
        self.gateway.apply(work.key.merchant, work.key.order, Command::Expire, Some(done)).await.map(drop)
    }
}
