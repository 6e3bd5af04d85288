//! One slow or dead endpoint must not delay anybody else: a few calls at once per endpoint, and a pause
//! for one that keeps failing. In memory only; what has to be sent is in the store.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tillgate_core::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Calls at once to an endpoint that has not answered yet.
const UNPROVEN_AT_ONCE: usize = 4;
/// Who may wait for each place at an endpoint.
const QUEUED_PER_PLACE: usize = 4;
/// Failures in a row before an endpoint is left alone.
const FAILURES: u32 = 5;
/// First pause; it doubles up to [`LONGEST_PAUSE_MS`].
const PAUSE_MS: i64 = 2_000;
const LONGEST_PAUSE_MS: i64 = 25_000;
/// Before asking again at an endpoint that is busy, and at one that fails.
const BUSY_MS: i64 = 300;
const BUSY_FAILING_MS: i64 = 2_000;
/// Endpoints remembered; past that the quiet ones are forgotten.
const REMEMBERED: usize = 10_000;

#[derive(Debug)]
struct Endpoint {
    places: Arc<Semaphore>,
    /// Who waits for a place; bounded, so that one endpoint cannot occupy all workers.
    queue: Arc<Semaphore>,
    /// It has answered before. One we do not know yet gets a few calls only.
    proven: bool,
    /// In a row, up to now.
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
    /// Nobody may wait, or the queue is full: try again after so many milliseconds.
    Busy(i64),
    /// It keeps failing: not before then.
    NotBefore(Timestamp),
}

impl Endpoint {
    fn new(per_endpoint: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(per_endpoint)),
            queue: Arc::new(Semaphore::new(per_endpoint * QUEUED_PER_PLACE)),
            proven: false,
            failures: 0,
            open_until: Timestamp::from_millis(0),
        }
    }

    /// Calls at once: one while it fails, a few until it has answered, then all.
    fn allowed(&self, per_endpoint: usize) -> usize {
        match (self.failures, self.proven) {
            (0, true) => per_endpoint,
            (0, false) => per_endpoint.min(UNPROVEN_AT_ONCE),
            _ => 1,
        }
    }
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
        let endpoint = endpoints.entry(origin.to_owned()).or_insert_with(|| Endpoint::new(self.per_endpoint));
        if endpoint.open_until > now {
            return Pass::NotBefore(endpoint.open_until);
        }
        let in_progress = self.per_endpoint - endpoint.places.available_permits();
        if in_progress < endpoint.allowed(self.per_endpoint)
            && let Ok(place) = endpoint.places.clone().try_acquire_owned()
        {
            return Pass::Go(place);
        }
        if endpoint.failures > 0 {
            // Its one call is running into its time-out; no use in coming back before.
            return Pass::Busy(BUSY_FAILING_MS);
        }
        let queued = self.per_endpoint * QUEUED_PER_PLACE - endpoint.queue.available_permits();
        match endpoint.queue.clone().try_acquire_owned() {
            Ok(place) if endpoint.proven || queued < UNPROVEN_AT_ONCE => {
                Pass::Queue(place, endpoint.places.clone())
            }
            Ok(_) | Err(_) => Pass::Busy(BUSY_MS),
        }
    }

    /// After a pause one failure is enough to pause again, for longer.
    pub fn report(&self, origin: &str, answered: bool, now: Timestamp) {
        let mut endpoints = self.endpoints.lock();
        let Some(endpoint) = endpoints.get_mut(origin) else { return };
        if answered {
            (endpoint.failures, endpoint.proven) = (0, true);
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
        let strangers: Vec<Pass> = (0..5).map(|_| breakers.ask("x", at(0))).collect();
        assert_eq!(strangers.iter().filter(|pass| matches!(pass, Pass::Queue(..))).count(), UNPROVEN_AT_ONCE);
        drop(strangers);
        breakers.report("x", true, at(0));
        let queued: Vec<Pass> = (0..8).map(|_| breakers.ask("x", at(0))).collect();
        assert!(queued.iter().all(|pass| matches!(pass, Pass::Queue(..))));
        assert!(matches!(breakers.ask("x", at(0)), Pass::Busy(_)));
        drop(first);
        assert!(matches!(breakers.ask("x", at(0)), Pass::Go(_)));
    }

    #[test]
    fn one_that_fails_gets_one_call_at_a_time_and_a_stranger_a_few() {
        let breakers = Breakers::new(16);
        let calls: Vec<Pass> = (0..6).map(|_| breakers.ask("x", at(0))).collect();
        assert_eq!(calls.iter().filter(|pass| matches!(pass, Pass::Go(_))).count(), UNPROVEN_AT_ONCE);
        drop(calls);
        breakers.report("x", false, at(0));
        let _only = breakers.ask("x", at(0));
        assert!(matches!(breakers.ask("x", at(0)), Pass::Busy(_)));
    }
}
