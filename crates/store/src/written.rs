//! A changeset whose JSON has been written on the caller's thread: a writer's time is everybody's.

use tillgate_core::Decision;
use tillgate_core::decide::Expected;

use crate::changeset::Changeset;
use crate::rows::to_json;

pub struct Prepared {
    pub changeset: Changeset,
    pub decision: Written,
    pub also: Written,
}

/// A decision's JSON.
#[derive(Default)]
pub struct Written {
    pub state: String,
    pub presentation: String,
    /// Only for a new order; they never change.
    pub terms: String,
    /// Empty for an order that is not at a counter.
    pub counter: String,
    pub events: Vec<String>,
    pub refund_state: String,
    pub refund_means: String,
}

impl Written {
    fn new(decision: Option<&Decision>) -> Result<Self, serde_json::Error> {
        let Some(decision) = decision else { return Ok(Self::default()) };
        let order = &decision.order;
        let is_new = !matches!(decision.expected, Expected::Version(_));
        let refund = decision.refund.as_ref();
        Ok(Self {
            state: to_json(&order.state)?,
            presentation: to_json(&order.presentation)?,
            terms: if is_new { to_json(&order.terms)? } else { String::new() },
            counter: order.counter.as_ref().map_or(Ok(String::new()), to_json)?,
            events: decision.events.iter().map(to_json).collect::<Result<_, _>>()?,
            refund_state: refund.map_or(Ok(String::new()), |refund| to_json(&refund.state))?,
            refund_means: refund.map_or(Ok(String::new()), |refund| to_json(&refund.means))?,
        })
    }
}

impl Prepared {
    pub fn new(changeset: Changeset) -> Result<Self, serde_json::Error> {
        let decision = Written::new(changeset.decision.as_deref())?;
        let also = Written::new(changeset.also.as_deref())?;
        Ok(Self { changeset, decision, also })
    }
}
