//! The operator's listener: alive, ready, metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tillgate_store::Store;
use tokio::sync::{Mutex, watch};

use super::limits::LongPolls;
use super::typed;

const BUCKETS_S: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Starts recording; the handle prints what was recorded.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), BUCKETS_S)?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    // A second start in one process (tests) records into the first one.
    let _ = metrics::set_global_recorder(recorder);
    Ok(handle)
}

/// Until then each observation is kept by itself, 16 bytes of it.
const UPKEEP_EVERY: Duration = Duration::from_secs(1);

/// Adds up what was observed, also where nobody asks for it.
pub async fn keep_up(metrics: PrometheusHandle, mut stop: watch::Receiver<bool>) {
    let mut every = tokio::time::interval(UPKEEP_EVERY);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            _ = every.tick() => metrics.run_upkeep(),
        }
    }
}

/// A readiness answer is good for this long: probing costs a durable write, and anyone may probe.
const READY_KEPT: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub struct Health {
    store: Arc<dyn Store>,
    long_polls: Arc<LongPolls>,
    last: Arc<Mutex<Option<(Instant, bool)>>>,
    stops: Arc<AtomicBool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readiness {
    Ready,
    NoWrites,
    Stopping,
}

impl Health {
    pub fn new(store: Arc<dyn Store>, long_polls: Arc<LongPolls>) -> Self {
        Self { store, long_polls, last: Arc::default(), stops: Arc::default() }
    }

    /// From now on it is not ready.
    pub fn stops(&self) {
        self.stops.store(true, Ordering::Release);
    }

    async fn readiness(&self) -> Readiness {
        if self.stops.load(Ordering::Acquire) {
            return Readiness::Stopping;
        }
        if self.takes_writes().await { Readiness::Ready } else { Readiness::NoWrites }
    }

    /// The store takes a durable write within two seconds. One probe at a time.
    async fn takes_writes(&self) -> bool {
        let mut last = self.last.lock().await;
        if let Some((at, ready)) = *last
            && at.elapsed() < READY_KEPT
        {
            return ready;
        }
        let ready =
            matches!(tokio::time::timeout(Duration::from_secs(2), self.store.check()).await, Ok(Ok(())));
        *last = Some((Instant::now(), ready));
        ready
    }
}

pub fn router(health: Health, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .with_state(health.clone())
        .route("/metrics", get(move || print_metrics(health.clone(), metrics.clone())))
}

pub async fn live() -> Response<Body> {
    typed(StatusCode::OK, "text/plain", "ok\n")
}

pub async fn ready(State(health): State<Health>) -> Response<Body> {
    let not_ready = |why| typed(StatusCode::SERVICE_UNAVAILABLE, "text/plain", why);
    match health.readiness().await {
        Readiness::Ready => typed(StatusCode::OK, "text/plain", "ok\n"),
        Readiness::NoWrites => not_ready("the store does not take writes\n"),
        Readiness::Stopping => not_ready("stopping\n"),
    }
}

async fn print_metrics(health: Health, metrics: PrometheusHandle) -> Response<Body> {
    let waiting = u32::try_from(health.long_polls.waiting()).unwrap_or(u32::MAX);
    metrics::gauge!("tillgate_long_polls").set(waiting);
    metrics.run_upkeep();
    typed(StatusCode::OK, "text/plain; version=0.0.4", metrics.render())
}
