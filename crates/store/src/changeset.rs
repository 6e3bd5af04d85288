//! What is stored in one transaction.

use std::sync::Arc;

use tillgate_core::{BatchPlace, Decision, Timestamp, Work};

use crate::claim::Claim;
use crate::notification::{Notification, NotificationAttempt};

/// What became of a row of work that was leased. Only who holds the lease, by its end and its attempt, may say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkUpdate {
    Done(Work),
    Retry(Work, Timestamp),
    /// Not tried after all (an endpoint that is known to be down): the attempt is given back.
    Postpone(Work, Timestamp),
}

/// Everything in it is stored together, or nothing is.
#[derive(Debug, Clone, Default)]
pub struct Changeset {
    pub decision: Option<Arc<Decision>>,
    /// What the same thing means for another order of the same merchant: the one it acts on.
    pub also: Option<Arc<Decision>>,
    /// The batch that must still be open; the decision puts its order into it.
    pub into_batch: Option<BatchPlace>,
    /// What the payer of the decision's order signed, as a PNG.
    pub signature: Option<Vec<u8>>,
    /// That this request has not come before.
    pub claim: Option<Claim>,
    pub work: Option<WorkUpdate>,
    pub notification: Option<Notification>,
    pub attempt: Option<NotificationAttempt>,
    /// Work of the decision that is due now is written as leased to the caller until then (its first attempt).
    pub lease_until: Option<Timestamp>,
}

impl Changeset {
    pub fn decided(decision: Decision) -> Self {
        Self { decision: Some(Arc::new(decision)), ..Self::default() }
    }

    pub fn worked(update: WorkUpdate) -> Self {
        Self { work: Some(update), ..Self::default() }
    }
}
