//! Counts and times the requests of one route. The meters are looked up once, when the router is made,
//! not at each request, and never by the path itself.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use axum::http::Response;
use metrics::{Counter, Histogram};
use tower::{Layer, Service};

#[derive(Clone)]
pub struct Timed {
    seconds: Histogram,
    good: Counter,
    bad_request: Counter,
    our_fault: Counter,
}

impl std::fmt::Debug for Timed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Timed")
    }
}

impl Timed {
    pub fn new(route: &'static str) -> Self {
        let count =
            |status| metrics::counter!("tillgate_http_requests_total", "route" => route, "status" => status);
        Self {
            seconds: metrics::histogram!("tillgate_http_seconds", "route" => route),
            good: count("2xx-3xx"),
            bad_request: count("4xx"),
            our_fault: count("5xx"),
        }
    }

    fn record(&self, status: u16, started: Instant) {
        match status {
            0..400 => self.good.increment(1),
            400..500 => self.bad_request.increment(1),
            500.. => self.our_fault.increment(1),
        }
        self.seconds.record(started.elapsed());
    }
}

impl<S> Layer<S> for Timed {
    type Service = TimedService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TimedService { inner, timed: self.clone() }
    }
}

#[derive(Debug, Clone)]
pub struct TimedService<S> {
    inner: S,
    timed: Timed,
}

impl<S> Service<Request> for TimedService<S>
where
    S: Service<Request, Response = Response<Body>>,
    S::Future: Unpin,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = TimedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        TimedFuture { inner: self.inner.call(request), timed: self.timed.clone(), started: Instant::now() }
    }
}

#[derive(Debug)]
pub struct TimedFuture<F> {
    inner: F,
    timed: Timed,
    started: Instant,
}

impl<F, E> Future for TimedFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>> + Unpin,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(Pin::new(&mut self.inner).poll(cx));
        if let Ok(response) = &result {
            self.timed.record(response.status().as_u16(), self.started);
        }
        Poll::Ready(result)
    }
}
