//! Orders at terminals: created with what they need of the order they act on, and ended together with it.
//!
//! Knows which two orders belong together and which batch is open. What that means is decided in `tillgate_core`.

use std::sync::Arc;

use tillgate_core::{
    BatchPlace, Command, Decision, Deed, Event, Facts, Flow, NewOrder, Order, OrderNo, Outcome, RefundState,
    Refusal, Reserve, decide,
};
use tillgate_store::{Claim, Conflict, OrderKey, StoreError};

use super::{Beside, Gateway, Problem, TRIES, into_order};
use crate::clock;

impl Gateway {
    /// Creates an order for a terminal, setting aside what it needs of the order it acts on.
    pub async fn create_at_counter(&self, new: NewOrder) -> Result<Order, Problem> {
        self.create_claimed(new, None).await
    }

    /// The same for a request that has its effect once.
    pub async fn create_claimed(&self, new: NewOrder, claim: Option<Claim>) -> Result<Order, Problem> {
        let created = self.create_with(new, claim.clone()).await;
        self.unless_repeated(created, claim).await
    }

    /// What the same request did a moment ago may be what stands in its way now: then it is no refusal.
    pub(super) async fn unless_repeated(
        &self,
        result: Result<Order, Problem>,
        claim: Option<Claim>,
    ) -> Result<Order, Problem> {
        match (result, claim) {
            (Err(Problem::Refused(refusal)), Some(claim)) => {
                match self.store.load_claim(claim.merchant, claim.key).await? {
                    Some(_) => Err(Problem::Repeated),
                    None => Err(refusal.into()),
                }
            }
            (result, _) => result,
        }
    }

    async fn create_with(&self, mut new: NewOrder, claim: Option<Claim>) -> Result<Order, Problem> {
        let mut known = self.same_follow_up(&new).await?;
        for _ in 0..TRIES {
            let decision = Arc::new(decide(known.take(), Command::Create(new.clone()), clock::now())?);
            let beside = Beside { claim: claim.clone(), ..self.reservation(&new).await? };
            match self.commit_with(&decision, beside, None).await {
                Ok(()) => {
                    self.count_order(&decision.order);
                    return Ok(into_order(decision));
                }
                Err(StoreError::Conflict(Conflict::Number)) => self.renumber(&mut new),
                Err(StoreError::Conflict(Conflict::Reference)) => {
                    let key = OrderKey::Reference { room: &new.room, reference: &new.reference };
                    known = self.store.load_order(new.merchant, key).await?;
                    if known.is_none() {
                        return Err(Refusal::ReferenceTaken.into());
                    }
                }
                Err(StoreError::Conflict(Conflict::Version | Conflict::Batch)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::Fault("too many conflicts".into()))
    }

    /// What has the number of a follow-up already. Whoever sends a void twice is to hear that, and not that there is
    /// nothing left to void.
    async fn same_follow_up(&self, new: &NewOrder) -> Result<Option<Order>, Problem> {
        if new.terms.counter.and_then(|counter| counter.original).is_none() {
            return Ok(None);
        }
        let key = OrderKey::Reference { room: &new.room, reference: &new.reference };
        let known = self.store.load_order(new.merchant, key).await?;
        if known.is_none() && self.store.find_refund(new.merchant, &new.room, &new.reference).await?.is_some()
        {
            return Err(Refusal::ReferenceTaken.into());
        }
        Ok(known)
    }

    async fn reservation(&self, new: &NewOrder) -> Result<Beside, Problem> {
        let Some(counter) = &new.terms.counter else { return Ok(Beside::default()) };
        let Some(original) = counter.original else { return Ok(Beside::default()) };
        let order = self.store.load_order(new.merchant, OrderKey::Number(original)).await?;
        let earlier = self.store.load_refunds(new.merchant, original).await?;
        let place = order.as_ref().and_then(|order| order.counter.as_ref()?.batch.clone());
        let open_batch = match &place {
            Some(place) => Some(self.store.open_batch(new.merchant, &place.terminal).await?),
            None => None,
        };
        let reserve = Reserve {
            by: new.number,
            deed: counter.deed,
            amount_minor: new.terms.total().minor,
            tip_minor: new.terms.tip_minor,
            note: new.reference.clone(),
            open_batch,
            earlier,
            refunds_tip_minor: counter.refunds_tip_minor,
            only_held: new.terms.flow == Flow::CardOnline,
        };
        let also = decide(order, Command::Reserve(reserve), clock::now())?;
        let into_batch = place.filter(|_| counter.deed == Deed::Void);
        Ok(Beside { also: Some(Arc::new(also)), into_batch, ..Beside::default() })
    }

    /// Money that was taken or given back at a terminal goes into the batch that is open there.
    pub(super) async fn with_open_batch(
        &self,
        order: Option<&Order>,
        command: Command,
    ) -> Result<Command, Problem> {
        Ok(match (order, command) {
            (Some(order), Command::CounterSays { choice, asked, outcome, facts })
                if matches!(outcome, Outcome::Paid { .. }) && order.state.is_open() =>
            {
                let batch = self.open_batch_of(order).await?;
                Command::CounterSays { choice, asked, outcome, facts: Facts { batch, ..facts } }
            }
            (Some(order), Command::AdjustTip { tip_minor, .. }) => {
                let place = order.counter.as_ref().and_then(|counter| counter.batch.as_ref());
                let open_batch = match place {
                    Some(place) => Some(self.store.open_batch(order.merchant, &place.terminal).await?),
                    None => None,
                };
                Command::AdjustTip { tip_minor, open_batch }
            }
            (_, command) => command,
        })
    }

    async fn open_batch_of(&self, order: &Order) -> Result<Option<BatchPlace>, Problem> {
        // What a page or a merchant's own form took is in no batch; what follows up a terminal's is where that is.
        if !order.is_card() || order.terms.terminal.is_empty() {
            return Ok(None);
        }
        let terminal = order.terms.terminal.clone();
        let number = self.store.open_batch(order.merchant, &terminal).await?;
        Ok(Some(BatchPlace { terminal, number }))
    }

    /// What a decision brings with it: the batch it joins, and the end of a follow-up on the order it acted on.
    pub(super) async fn beside(&self, decision: &Decision) -> Result<Beside, Problem> {
        let order = &decision.order;
        if order.counter.is_none() || decision.is_nothing() {
            return Ok(Beside::default());
        }
        let mut into_batch = decision.events.iter().find_map(|event| match event {
            Event::Slip { batch, .. } => batch.clone(),
            Event::TipRequested { .. } => order.counter.as_ref().and_then(|counter| counter.batch.clone()),
            _ => None,
        });
        let mut also = None;
        let has_ended = decision
            .events
            .iter()
            .any(|event| matches!(event, Event::Done { .. } | Event::Failed(_) | Event::Cancelled));
        if let Some(original) = order.terms.counter.and_then(|counter| counter.original)
            && has_ended
        {
            let batch = match order.terms.deed() {
                Deed::Completion => self.open_batch_of(order).await?,
                _ => None,
            };
            let decision = self.ended_on(order, original, batch.clone()).await?;
            if decision.events.iter().any(|event| matches!(event, Event::Captured { .. })) {
                into_batch = batch;
            }
            also = Some(Arc::new(decision)).filter(|decision| !decision.is_nothing());
        }
        Ok(Beside { also, into_batch, ..Beside::default() })
    }

    async fn ended_on(
        &self,
        follow_up: &Order,
        original: OrderNo,
        batch: Option<BatchPlace>,
    ) -> Result<Decision, Problem> {
        // The order first: if a refund of it is settled in between, the order's version no longer fits.
        let order = self.store.load_order(follow_up.merchant, OrderKey::Number(original)).await?;
        let refunds = self.store.load_refunds(follow_up.merchant, original).await?;
        let refund = refunds.into_iter().find(|refund| {
            refund.means.carried_by == Some(follow_up.number) && refund.state == RefundState::Requested
        });
        let (is_done, channel_ref) = match &follow_up.state {
            tillgate_core::OrderState::Paid { channel_ref, .. } => (true, channel_ref.clone()),
            _ => (false, String::new()),
        };
        let slip = follow_up.counter.as_ref().and_then(|counter| counter.slip.clone());
        let facts = Facts { slip, tip_minor: None, batch };
        let says = Command::FollowUpSays { by: follow_up.number, refund, is_done, facts, channel_ref };
        Ok(decide(order, says, clock::now())?)
    }
}
