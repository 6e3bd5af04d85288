//! One slow or dead endpoint must not delay anybody else: a few calls at once per endpoint, and a pause
//! for one that keeps failing. In memory only; what has to be sent is in the store.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tillgate_core::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who may wait for each place at an endpoint.
const QUEUED_PER_PLACE: usize = 4;
/// Failures in a row before an endpoint is left alone.
const FAILURES: u32 = 5;
/// First pause; it doubles up to [`LONGEST_PAUSE_MS`].
const PAUSE_MS: i64 = 2_000;
const LONGEST_PAUSE_MS: i64 = 60_000;
/// Endpoints remembered; past that the quiet ones are forgotten.
const REMEMBERED: usize = 10_000;

#[derive(Debug)]
struct Endpoint {
    places: Arc<Semaphore>,
    /// Who waits for a place; bounded, so that one endpoint cannot occupy all workers.
    queue: Arc<Semaphore>,
    failures: u32,
    open_until: Timestamp,
}

#[derive(Debug)]
pub struct Breakers {
    per_endpoint: usize,
    endpoints: Mutex<HashMap<String, Endpoint>>,
}

/// Whether a call may go out now.
#[derive(Debug)]
pub enum Pass {
    Go(OwnedSemaphorePermit),
    /// All places are taken: wait for one, holding this place in the queue.
    Queue(OwnedSemaphorePermit, Arc<Semaphore>),
    /// The queue is full too: try again a moment later.
    Busy,
    /// It keeps failing: not before then.
    NotBefore(Timestamp),
}

impl Breakers {
    pub fn new(per_endpoint: usize) -> Self {
        Self { per_endpoint, endpoints: Mutex::default() }
    }

    pub fn ask(&self, origin: &str, now: Timestamp) -> Pass {
        let mut endpoints = self.endpoints.lock();
        if endpoints.len() >= REMEMBERED {
            endpoints.retain(|_, endpoint| endpoint.failures > 0 && endpoint.open_until > now);
        }
        let endpoint = endpoints.entry(origin.to_owned()).or_insert_with(|| Endpoint {
            places: Arc::new(Semaphore::new(self.per_endpoint)),
            queue: Arc::new(Semaphore::new(self.per_endpoint * QUEUED_PER_PLACE)),
            failures: 0,
            open_until: Timestamp::from_millis(0),
        });
        if endpoint.open_until > now {
            return Pass::NotBefore(endpoint.open_until);
        }
        match endpoint.places.clone().try_acquire_owned() {
            Ok(place) => Pass::Go(place),
            Err(_) => match endpoint.queue.clone().try_acquire_owned() {
                Ok(queued) => Pass::Queue(queued, endpoint.places.clone()),
                Err(_) => Pass::Busy,
            },
        }
    }

    /// After a pause one failure is enough to pause again, for longer.
    pub fn report(&self, origin: &str, answered: bool, now: Timestamp) {
        let mut endpoints = self.endpoints.lock();
        let Some(endpoint) = endpoints.get_mut(origin) else { return };
        if answered {
            endpoint.failures = 0;
            return;
        }
        endpoint.failures = endpoint.failures.saturating_add(1);
        if endpoint.failures >= FAILURES {
            let doublings = (endpoint.failures - FAILURES).min(5);
            endpoint.open_until = now.plus_ms((PAUSE_MS << doublings).min(LONGEST_PAUSE_MS));
            metrics::counter!("tillgate_endpoint_pauses_total").increment(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn an_endpoint_that_keeps_failing_is_left_alone_and_others_are_not() {
        let breakers = Breakers::new(2);
        for _ in 0..FAILURES {
            assert!(matches!(breakers.ask("http://dead", at(0)), Pass::Go(_)));
            breakers.report("http://dead", false, at(0));
        }
        assert!(
            matches!(breakers.ask("http://dead", at(1)), Pass::NotBefore(until) if until == at(PAUSE_MS))
        );
        assert!(matches!(breakers.ask("http://alive", at(1)), Pass::Go(_)));
        assert!(matches!(breakers.ask("http://dead", at(PAUSE_MS)), Pass::Go(_)));
        breakers.report("http://dead", false, at(PAUSE_MS));
        let paused = breakers.ask("http://dead", at(PAUSE_MS + 1));
        assert!(matches!(paused, Pass::NotBefore(until) if until == at(3 * PAUSE_MS)));
        breakers.report("http://dead", true, at(4 * PAUSE_MS));
        assert!(matches!(breakers.ask("http://dead", at(4 * PAUSE_MS)), Pass::Go(_)));
    }

    #[test]
    fn a_few_calls_at_once() {
        let breakers = Breakers::new(2);
        let (first, second) = (breakers.ask("x", at(0)), breakers.ask("x", at(0)));
        assert!(matches!((&first, &second), (Pass::Go(_), Pass::Go(_))));
        let queued: Vec<Pass> = (0..8).map(|_| breakers.ask("x", at(0))).collect();
        assert!(queued.iter().all(|pass| matches!(pass, Pass::Queue(..))));
        assert!(matches!(breakers.ask("x", at(0)), Pass::Busy));
        drop(first);
        assert!(matches!(breakers.ask("x", at(0)), Pass::Go(_)));
    }
}
