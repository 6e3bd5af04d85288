//! Carries decisions out: load, decide, commit, then wake whoever waits and start what is owed.
//!
//! Knows the store, the clock, the bus and the work queue. The rules are in `tillgate_core::decide`;
//! what a protocol calls things is in its room. `shown` is the part that has channels prepare what payers see.

mod card;
mod counter;
mod shown;
mod terminal;
mod wait;

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use tillgate_core::{
    Asked, BatchPlace, Command, Decision, Event, MerchantId, NewOrder, NewRefund, Order, OrderNo, Outcome,
    Presentation, Refund, RefundMeans, RefundNo, Refusal, Timestamp, Work, WorkKey, decide,
};
use tillgate_store::{Changeset, Claim, Conflict, Nodes, OrderKey, Store, StoreError, WorkUpdate};
use tokio::sync::mpsc;

use crate::alarm::Alarm;
use crate::bus::Bus;
use crate::channels::{self, Channels};
use crate::clock;
use crate::meters::Meters;
use crate::numbers::OrderNumbers;
use crate::terminals::Terminals;

pub use card::billing_of;
pub use terminal::Told;

/// How long a worker may hold a row before another takes it, ms.
pub const LEASE_MS: i64 = 30_000;
/// Conflicts in a row before we give up: each means somebody else got on.
const TRIES: u32 = 50;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The very same request came before, and is under way or done.
    #[error("the same request came before")]
    Repeated,
    /// The channel gave no answer that helps; the same may be asked again.
    #[error("the channel does not answer")]
    Unavailable,
    /// Ours. Logged where it arose.
    #[error("fault: {0}")]
    Fault(String),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Conflict(Conflict::Claim)) {
            return Self::Repeated;
        }
        tracing::error!(%error, "store");
        Self::Fault(error.to_string())
    }
}

#[derive(Debug)]
pub struct Gateway {
    pub store: Arc<dyn Store>,
    pub channels: Channels,
    pub bus: Bus,
    pub numbers: OrderNumbers,
    /// Those connected to this process.
    pub terminals: Terminals,
    /// Work this process has already leased, to be done at once, with the end of the lease.
    ready: mpsc::UnboundedSender<Ready>,
    /// When work falls due next, as far as this process knows.
    pub alarm: Alarm,
    /// Orders a channel is preparing at this moment.
    presenting: Mutex<HashSet<OrderPlace>>,
    events: Meters<1>,
    orders: Meters<2>,
}

/// What is stored with a decision on an order at a counter.
#[derive(Debug, Default)]
struct Beside {
    /// What it means for the order it acts on.
    also: Option<Arc<Decision>>,
    /// The batch its money goes into.
    into_batch: Option<BatchPlace>,
    signature: Option<Vec<u8>>,
    claim: Option<Claim>,
}

/// What came of one try to store a new order.
enum Created {
    /// It, or the one the same request made before.
    Order(Order),
    /// Another has its number: the order with a new one, not presented.
    NumberTaken(NewOrder),
}

/// What whoever looks a request up again has to know of what it began.
fn subject_of(decision: &Decision) -> Option<String> {
    decision.events.iter().find_map(|event| match event {
        Event::IncreaseRequested { number, .. } => Some(number.to_string()),
        _ => None,
    })
}

type OrderPlace = (MerchantId, OrderNo);

/// Work to be done at once, and the order as it was stored with it.
#[derive(Debug)]
pub struct Ready {
    pub work: Work,
    pub order: Box<Order>,
}

pub type ReadyWork = mpsc::UnboundedReceiver<Ready>;

impl Gateway {
    pub fn new(
        store: Arc<dyn Store>,
        nodes: Option<Arc<dyn Nodes>>,
        channels: Channels,
    ) -> (Arc<Self>, ReadyWork) {
        let (ready, receiver) = mpsc::unbounded_channel();
        let gateway = Self {
            store,
            channels,
            bus: Bus::new(nodes),
            numbers: OrderNumbers::default(),
            terminals: Terminals::default(),
            ready,
            alarm: Alarm::default(),
            presenting: Mutex::default(),
            events: Meters::new("tillgate_events_total", ["event"]),
            orders: Meters::new("tillgate_orders_total", ["room", "flow"]),
        };
        (Arc::new(gateway), receiver)
    }

    /// Creates the order, or finds the one the same request made before.
    pub async fn create(&self, mut new: NewOrder) -> Result<Order, Problem> {
        for _ in 0..TRIES {
            match self.create_once(new).await? {
                Created::Order(order) => return Ok(order),
                Created::NumberTaken(back) => new = back,
            }
        }
        Err(Problem::Fault("too many conflicts".into()))
    }

    /// What a channel prepared under the old number is no longer this order's.
    fn renumber(&self, new: &mut NewOrder) {
        self.numbers.change_block();
        new.number = self.numbers.next(clock::now());
        new.presentation = Presentation::None;
    }

    async fn create_once(&self, new: NewOrder) -> Result<Created, Problem> {
        let mut new = new;
        for _ in 0..TRIES {
            let presentation = new.presentation.clone();
            let decision = Arc::new(decide(None, Command::Create(new), clock::now())?);
            let conflict = match self.commit(&decision, None).await {
                Ok(()) => {
                    self.count_order(&decision.order);
                    return Ok(Created::Order(into_order(decision)));
                }
                Err(StoreError::Conflict(conflict)) => conflict,
                Err(fault) => return Err(fault.into()),
            };
            let Order { merchant, number, room, reference, terms, .. } = into_order(decision);
            new = NewOrder { merchant, number, room, reference, terms, presentation, card: None };
            if conflict == Conflict::Number {
                self.renumber(&mut new);
                return Ok(Created::NumberTaken(new));
            }
            let key = OrderKey::Reference { room: &new.room, reference: &new.reference };
            if let Some(order) = self.store.load_order(new.merchant, key).await? {
                return Ok(Created::Order(decide(Some(order), Command::Create(new), clock::now())?.order));
            }
            let refund = self.store.find_refund(new.merchant, &new.room, &new.reference).await?;
            if refund.is_some() {
                return Err(Refusal::ReferenceTaken.into());
            }
        }
        Err(Problem::Fault("too many conflicts".into()))
    }

    /// Applies a command to an order. `work` is settled in the same transaction.
    pub async fn apply(
        &self,
        merchant: MerchantId,
        number: OrderNo,
        command: Command,
        work: Option<WorkUpdate>,
    ) -> Result<Order, Problem> {
        self.apply_beside((merchant, number), None, command, (work, Beside::default())).await
    }

    /// The same to an order that was loaded a moment ago: only if it has moved on since it is loaded again.
    pub async fn apply_to(
        &self,
        order: Order,
        command: Command,
        work: Option<WorkUpdate>,
    ) -> Result<Order, Problem> {
        let place = (order.merchant, order.number);
        self.apply_beside(place, Some(order), command, (work, Beside::default())).await
    }

    /// The same for a request that has its effect once.
    pub async fn apply_claimed(
        &self,
        merchant: MerchantId,
        number: OrderNo,
        command: Command,
        claim: Option<Claim>,
    ) -> Result<Order, Problem> {
        let beside = Beside { claim: claim.clone(), ..Beside::default() };
        let applied = self.apply_beside((merchant, number), None, command, (None, beside)).await;
        self.unless_repeated(applied, claim).await
    }

    /// The same, with what the payer signed on a screen.
    pub async fn apply_signed(
        &self,
        merchant: MerchantId,
        number: OrderNo,
        command: Command,
        (work, signature): (Option<WorkUpdate>, Option<Vec<u8>>),
    ) -> Result<Order, Problem> {
        let beside = Beside { signature, ..Beside::default() };
        self.apply_beside((merchant, number), None, command, (work, beside)).await
    }

    async fn apply_beside(
        &self,
        (merchant, number): OrderPlace,
        mut known: Option<Order>,
        command: Command,
        (work, with): (Option<WorkUpdate>, Beside),
    ) -> Result<Order, Problem> {
        for _ in 0..TRIES {
            let was_known = known.is_some();
            let order = match known.take() {
                Some(order) => Some(order),
                None => self.store.load_order(merchant, OrderKey::Number(number)).await?,
            };
            let command = self.with_open_batch(order.as_ref(), command.clone()).await?;
            let decided = decide(order, command, clock::now());
            let changes = decided.as_ref().is_ok_and(|decision| !decision.is_nothing());
            if was_known && !changes {
                // Nothing is written over its version then, so it may be an old one that says so.
                continue;
            }
            let decision = Arc::new(decided?);
            let (signature, mut claim) = (with.signature.clone(), with.claim.clone());
            if let (Some(claim), Some(subject)) = (&mut claim, subject_of(&decision)) {
                claim.subject = subject;
            }
            let beside = Beside { signature, claim, ..self.beside(&decision).await? };
            match self.commit_with(&decision, beside, work).await {
                Ok(()) => return Ok(into_order(decision)),
                Err(StoreError::Conflict(Conflict::Version | Conflict::Batch)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::Fault("too many conflicts".into()))
    }

    /// Requests a refund; the channel is asked right after. `name` is the merchant's number of it, if the protocol
    /// has one, and his remark.
    pub async fn refund(
        &self,
        merchant: MerchantId,
        number: OrderNo,
        amount_minor: i64,
        (reference, note): (Option<&str>, &str),
    ) -> Result<RefundNo, Problem> {
        self.refund_by(merchant, number, amount_minor, (reference, note, RefundMeans::default())).await
    }

    /// The same, not in the usual way.
    pub async fn refund_by(
        &self,
        merchant: MerchantId,
        number: OrderNo,
        amount_minor: i64,
        (reference, note, means): (Option<&str>, &str, RefundMeans),
    ) -> Result<RefundNo, Problem> {
        for _ in 0..TRIES {
            let order = self.store.load_order(merchant, OrderKey::Number(number)).await?;
            let earlier = self.store.load_refunds(merchant, number).await?;
            let own = reference.map(str::to_owned);
            let (note, means) = (note.to_owned(), means.clone());
            let new = NewRefund { amount_minor, reference: own, note, means, earlier };
            let decision = Arc::new(decide(order, Command::Refund(new), clock::now())?);
            match self.commit(&decision, None).await {
                Ok(()) => return Ok(RefundNo(decision.order.refunds)),
                Err(StoreError::Conflict(Conflict::Version)) => {}
                Err(StoreError::Conflict(Conflict::Reference)) => {
                    // By the same request, which was faster: decided again it is a repeat.
                    let (room, reference) = (&decision.order.room, reference.unwrap_or_default());
                    let place = self.store.find_refund(merchant, room, reference).await?;
                    if place.is_none_or(|(order, _)| order != number) {
                        return Err(Refusal::ReferenceTaken.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::Fault("too many conflicts".into()))
    }

    /// The channel's word on a refund.
    pub async fn refund_says(
        &self,
        key: WorkKey,
        number: RefundNo,
        outcome: Outcome,
        work: WorkUpdate,
    ) -> Result<(), Problem> {
        for _ in 0..TRIES {
            // The order first: if the refund is settled in between, the order's version no longer fits.
            let order = self.store.load_order(key.merchant, OrderKey::Number(key.order)).await?;
            let Some(refund) = self.load_refund(key.merchant, key.order, number).await? else {
                return self.settle(work).await;
            };
            let command = Command::RefundSays { refund, outcome: outcome.clone() };
            let decision = Arc::new(decide(order, command, clock::now())?);
            match self.commit(&decision, Some(work)).await {
                Ok(()) => return Ok(()),
                Err(StoreError::Conflict(Conflict::Version)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::Fault("too many conflicts".into()))
    }

    async fn reload(&self, order: Order) -> Result<Order, Problem> {
        let now = self.store.load_order(order.merchant, OrderKey::Number(order.number)).await?;
        Ok(now.unwrap_or(order))
    }

    pub async fn load_refund(
        &self,
        merchant: MerchantId,
        order: OrderNo,
        number: RefundNo,
    ) -> Result<Option<Refund>, Problem> {
        let refunds = self.store.load_refunds(merchant, order).await?;
        Ok(refunds.into_iter().find(|refund| refund.number == number))
    }

    /// Settles a row of work with nothing else to store. Losing the lease meanwhile is no fault.
    pub async fn settle(&self, work: WorkUpdate) -> Result<(), Problem> {
        if let WorkUpdate::Retry(_, due_at) | WorkUpdate::Postpone(_, due_at) = work {
            self.alarm.set_no_later_than(due_at);
        }
        match self.store.commit(Changeset::worked(work)).await {
            Ok(()) | Err(StoreError::Conflict(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn commit(&self, decision: &Arc<Decision>, work: Option<WorkUpdate>) -> Result<(), StoreError> {
        self.commit_with(decision, Beside::default(), work).await
    }

    async fn commit_with(
        &self,
        decision: &Arc<Decision>,
        beside: Beside,
        work: Option<WorkUpdate>,
    ) -> Result<(), StoreError> {
        if decision.is_nothing() {
            if let Some(work) = work {
                self.settle(work).await.map_err(|problem| StoreError::Fault(problem.to_string()))?;
            }
            return Ok(());
        }
        let lease_until = decision.at.plus_ms(LEASE_MS);
        let changeset = Changeset {
            decision: Some(decision.clone()),
            also: beside.also.clone(),
            into_batch: beside.into_batch,
            signature: beside.signature,
            claim: beside.claim,
            work,
            lease_until: Some(lease_until),
            ..Changeset::default()
        };
        self.store.commit(changeset).await?;
        if let Some(also) = &beside.also {
            self.after_commit(also, lease_until, None);
        }
        self.after_commit(decision, lease_until, work);
        Ok(())
    }

    fn after_commit(&self, decision: &Decision, lease_until: Timestamp, work: Option<WorkUpdate>) {
        let order = &decision.order;
        match decision.events.first() {
            // Nobody can wait for it yet.
            Some(Event::Created) => self.bus.wake_here(order.merchant, order.number),
            _ => self.bus.wake(order.merchant, order.number),
        }
        if order.counter.is_some() {
            self.bus.wake_terminal(order.merchant, &order.terms.terminal);
        }
        for event in &decision.events {
            self.events.count([event.name()]);
        }
        for new in &decision.work {
            if new.due_at <= decision.at {
                let key = WorkKey { merchant: order.merchant, order: order.number, kind: new.kind };
                let work = Work { key, due_at: lease_until, attempt: 1 };
                let _ = self.ready.send(Ready { work, order: Box::new(order.clone()) });
            } else {
                self.alarm.set_no_later_than(new.due_at);
            }
        }
        if let Some(WorkUpdate::Retry(_, due_at)) = work {
            self.alarm.set_no_later_than(due_at);
        }
    }

    fn count_order(&self, order: &Order) {
        self.orders.count([&order.room, order.terms.flow.as_str()]);
    }

    /// A channel told us something. `false`: it is not theirs, or not about an order of ours.
    pub async fn channel_callback(&self, channel: &str, body: &[u8]) -> Result<bool, Problem> {
        let Some(channel) = self.channels.named(channel) else { return Ok(false) };
        let Some(callback) = channel.codec.decode_callback(body) else {
            metrics::counter!("tillgate_callbacks_refused_total").increment(1);
            tracing::debug!(channel = channel.codec.name(), "a callback that is not signed by the channel");
            return Ok(false);
        };
        let Some((merchant, number, choice)) = channels::read_trade_no(&callback.trade_no) else {
            return Ok(false);
        };
        let order = self.store.load_order(merchant, OrderKey::Number(number)).await?;
        let theirs = order.filter(|order| {
            let offered =
                order.method_of(choice).is_some_and(|method| channel.codec.offers(method, order.terms.flow));
            offered && order.total() == callback.amount
        });
        let Some(order) = theirs else {
            tracing::error!(order = %number, "a signed callback about another channel's order or another amount");
            return Ok(false);
        };
        let command = Command::ChannelSays { choice, asked: Asked::Callback, outcome: callback.outcome };
        match self.apply_to(order, command, None).await {
            Ok(_) => Ok(true),
            Err(Problem::Refused(_)) => Ok(false),
            Err(fault) => Err(fault),
        }
    }
}

/// The order of a decision whose other holder, the writer, is done with it.
fn into_order(decision: Arc<Decision>) -> Order {
    Arc::try_unwrap(decision).map_or_else(|shared| shared.order.clone(), |decision| decision.order)
}
