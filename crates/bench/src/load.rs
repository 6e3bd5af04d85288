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

    pub fn get(&self, place: usize) -> &[u8] {
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
    /// What only a good answer says.
    pub marker: &'static str,
    /// Every so many answers one is kept, to be looked at afterwards; 0: none.
    pub keep_every: u64,
}

#[derive(Debug, Default)]
pub struct Measured {
    pub latency: Histogram,
    pub elapsed: Duration,
    /// Answers that were not what they had to be, and connections that broke.
    pub wrong: u64,
    pub first_wrong: Option<String>,
    /// Bodies of good answers.
    pub kept: Vec<Vec<u8>>,
}

impl Measured {
    pub fn per_second(&self) -> f64 {
        self.latency.count() as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    pub fn note_wrong(&mut self, what: String) {
        self.wrong += 1;
        self.first_wrong.get_or_insert(what);
    }
}

pub fn is_good(reply: &Reply<'_>, marker: &str) -> bool {
    let marker = marker.as_bytes();
    reply.status == 200 && reply.body.windows(marker.len()).any(|part| part == marker)
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
            let mut kept = Vec::new();
            while let Some(request) = belt.take() {
                let sent = Instant::now();
                if sent >= deadline {
                    break;
                }
                match connection.exchange(request).await {
                    Ok(reply) if is_good(&reply, how.marker) => {
                        latency.record(sent.elapsed());
                        if how.keep_every > 0 && latency.count() % how.keep_every == 0 {
                            kept.push(reply.body.to_vec());
                        }
                    }
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
            let mut measured = measured.borrow_mut();
            measured.latency.merge(&latency);
            measured.kept.extend(kept);
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::floor::GOOD;

    /// Answers each request (of a known length) well or, the seventh, badly; counts them.
    fn serve(listener: TcpListener, length: usize, seen: Arc<AtomicU64>) {
        for stream in listener.incoming() {
            let (mut stream, seen) = (stream.unwrap(), seen.clone());
            stream.set_nodelay(true).unwrap();
            std::thread::spawn(move || {
                let mut request = vec![0; length];
                while stream.read_exact(&mut request).is_ok() {
                    let number = seen.fetch_add(1, Ordering::Relaxed);
                    let body = if number == 7 { r#"{"code":206}"# } else { r#"{"code":0}"# };
                    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    // In two pieces: a reader must put them together.
                    let (first, second) = answer.split_at(30);
                    stream.write_all(first.as_bytes()).unwrap();
                    stream.write_all(second.as_bytes()).unwrap();
                }
            });
        }
    }

    #[test]
    fn every_request_is_fired_once_and_every_answer_looked_at() {
        const ALL: u64 = 500;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut shots = Shots::default();
        for number in 0..ALL {
            shots.push(format!("request {number:05}").as_bytes());
        }
        let seen = Arc::new(AtomicU64::new(0));
        let counted = seen.clone();
        std::thread::spawn(move || serve(listener, "request 00000".len(), counted));
        let limit = Duration::from_secs(20);
        let how = Fire { address, connections: 4, limit, again: false, marker: GOOD, keep_every: 10 };
        let measured = fire(shots, how).unwrap();
        assert_eq!(seen.load(Ordering::Relaxed), ALL);
        assert_eq!((measured.latency.count(), measured.wrong), (ALL - 1, 1));
        assert!(!measured.kept.is_empty() && measured.kept.iter().all(|body| body == br#"{"code":0}"#));
        assert!(measured.first_wrong.unwrap().contains("206"));
    }
}
