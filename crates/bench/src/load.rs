//! The load: requests made beforehand, fired over kept connections from one thread, each answer looked at.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::Barrier;
use tokio::task::LocalSet;

use crate::client::{Connection, Reply};
use crate::histogram::Histogram;

/// Requests, one after the other in memory.
#[derive(Debug, Default)]
pub struct Shots {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Shots {
    pub fn push(&mut self, request: &[u8]) {
        self.bytes.extend_from_slice(request);
        self.ends.push(self.bytes.len());
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, place: usize) -> &[u8] {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[place]]
    }
}

/// How to fire.
#[derive(Debug, Clone, Copy)]
pub struct Fire {
    pub address: SocketAddr,
    pub connections: usize,
    pub limit: Duration,
    /// Start over when all were fired; otherwise that is the end.
    pub again: bool,
}

#[derive(Debug, Default)]
pub struct Measured {
    pub latency: Histogram,
    pub elapsed: Duration,
    /// Answers that were not what they had to be, and connections that broke.
    pub wrong: u64,
    pub first_wrong: Option<String>,
}

impl Measured {
    pub fn per_second(&self) -> f64 {
        self.latency.count() as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    fn note_wrong(&mut self, what: String) {
        self.wrong += 1;
        self.first_wrong.get_or_insert(what);
    }
}

fn is_good(reply: &Reply<'_>) -> bool {
    const SUCCESS: &[u8] = b"\"code\":0";
    reply.status == 200 && reply.body.windows(SUCCESS.len()).any(|part| part == SUCCESS)
}

/// What is fired next, by whichever connection is free.
struct Belt {
    shots: Shots,
    next: Cell<usize>,
    again: bool,
}

impl Belt {
    fn take(&self) -> Option<&[u8]> {
        let place = self.next.replace(self.next.get() + 1);
        let all = self.shots.len();
        (place < all || (self.again && all > 0)).then(|| self.shots.get(place % all))
    }
}

/// Fires until the time is up or nothing is left.
pub fn fire(shots: Shots, how: Fire) -> Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, fire_all(shots, how))
}

async fn fire_all(shots: Shots, how: Fire) -> Result<Measured> {
    let belt = Rc::new(Belt { shots, next: Cell::new(0), again: how.again });
    let measured = Rc::new(RefCell::new(Measured::default()));
    let barrier = Rc::new(Barrier::new(how.connections + 1));
    let mut tasks = Vec::with_capacity(how.connections);
    for _ in 0..how.connections {
        let mut connection = Connection::open(how.address).await?;
        let (belt, measured, barrier) = (belt.clone(), measured.clone(), barrier.clone());
        tasks.push(tokio::task::spawn_local(async move {
            barrier.wait().await;
            let deadline = Instant::now() + how.limit;
            let mut latency = Histogram::default();
            while let Some(request) = belt.take() {
                let sent = Instant::now();
                if sent >= deadline {
                    break;
                }
                match connection.exchange(request).await {
                    Ok(reply) if is_good(&reply) => latency.record(sent.elapsed()),
                    Ok(reply) => {
                        let what = format!("{} {}", reply.status, reply.text());
                        measured.borrow_mut().note_wrong(what);
                    }
                    Err(error) => {
                        measured.borrow_mut().note_wrong(format!("the connection broke: {error}"));
                        break;
                    }
                }
            }
            measured.borrow_mut().latency.merge(&latency);
        }));
    }
    barrier.wait().await;
    let started = Instant::now();
    for task in tasks {
        task.await?;
    }
    let mut measured = measured.take();
    measured.elapsed = started.elapsed();
    Ok(measured)
}
