//! The other nodes on this database, as far as they are known here.
//!
//! A hint may be lost at any time. Whether any arrive at all is known by our own, which come back to us; while they
//! do not, the store is read more often.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tillgate_store::{HINT_BYTES, Nodes};
use tokio::sync::oneshot;

use super::hint::Hint;
use crate::random;

/// How often a node says that it is there.
pub const SAYS_HERE: Duration = Duration::from_secs(3);
/// One that has said nothing for as long is gone; hints that have not come back for as long do not arrive.
pub const SILENCE: Duration = Duration::from_secs(12);

/// What a terminal at another node said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relayed {
    pub code: u16,
    pub message: String,
    pub trade_no: String,
}

#[derive(Debug)]
pub struct Peers {
    pub nodes: Arc<dyn Nodes>,
    others: Mutex<HashMap<String, Instant>>,
    echo_at: Mutex<Option<Instant>>,
    questions: Mutex<HashMap<u64, oneshot::Sender<Relayed>>>,
    next_question: AtomicU64,
}

impl Peers {
    pub fn new(nodes: Arc<dyn Nodes>) -> Self {
        Self {
            nodes,
            others: Mutex::default(),
            echo_at: Mutex::default(),
            questions: Mutex::default(),
            next_question: AtomicU64::new(1),
        }
    }

    /// Tells the other nodes, if there are any. False: nobody was told.
    pub fn tell(&self, hint: impl FnOnce() -> Hint) -> bool {
        if self.others.lock().is_empty() {
            return false;
        }
        let text = hint().text();
        if text.len() > HINT_BYTES {
            return false;
        }
        self.nodes.tell(text);
        true
    }

    /// Tells whoever listens, known or not.
    pub fn announce(&self, hint: &Hint) {
        self.nodes.tell(hint.text());
    }

    /// A node is there. True: it was not before.
    pub fn saw(&self, name: &str) -> bool {
        self.others.lock().insert(name.to_owned(), Instant::now()).is_none()
    }

    pub fn lost(&self, name: &str) {
        self.others.lock().remove(name);
    }

    /// How many others there are, without those that have fallen silent.
    pub fn count(&self) -> usize {
        let mut others = self.others.lock();
        others.retain(|_, seen_at| seen_at.elapsed() < SILENCE);
        others.len()
    }

    pub fn echoed(&self) {
        *self.echo_at.lock() = Some(Instant::now());
    }

    pub fn is_deaf(&self) -> bool {
        self.echo_at.lock().is_none_or(|at| at.elapsed() >= SILENCE)
    }

    pub fn became_deaf(&self) {
        *self.echo_at.lock() = None;
    }

    /// A question to a terminal that another node has.
    pub fn question(&self) -> Question<'_> {
        let number = self.next_question.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        self.questions.lock().insert(number, answer);
        Question { peers: self, number, answered }
    }

    pub fn answered(&self, number: u64, relayed: Relayed) {
        if let Some(question) = self.questions.lock().remove(&number) {
            let _ = question.send(relayed);
        }
    }

    /// How long whoever waits for a hint waits before he reads the store all the same. `quiet`: while hints arrive.
    pub fn patience(&self, quiet: Duration) -> Duration {
        let longest = if self.is_deaf() { Duration::from_secs(2) } else { quiet };
        jittered(longest)
    }
}

/// From a half to the whole.
fn jittered(longest: Duration) -> Duration {
    let half_ms = i64::try_from(longest.as_millis() / 2).unwrap_or(0);
    longest / 2 + Duration::from_millis(random::below(half_ms + 1).unsigned_abs())
}

/// Dropped, it is forgotten.
pub struct Question<'a> {
    peers: &'a Peers,
    pub number: u64,
    pub answered: oneshot::Receiver<Relayed>,
}

impl std::fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.peers.questions.lock().remove(&self.number);
    }
}
