//! Card terminals that are connected to this process: who is there, and a way to ask them.
//!
//! Knows connections, not orders: which order is next stands in the store, and a terminal is told by the session
//! of its connection. One that is not here may be at another node, which `gateway/terminal.rs` asks; whoever needs its
//! word and gets none asks the acquirer instead.

mod pair;
mod session;
pub mod word;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tillgate_core::{MerchantId, Timestamp};
use tillgate_protocols::ecrhub::{TerminalAnswer, Topic};
use tokio::sync::{Notify, mpsc, oneshot};

pub use pair::{PAIRING_LIFETIME_S, code_digest, new_pairing_code, pair};
pub use session::connect;

/// How long a terminal has to answer a question.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Frames that may wait for a terminal that does not read.
const FRAMES_WAITING: usize = 64;

type Place = (MerchantId, String);
type Question = (Topic, String);

#[derive(Debug, Default)]
pub struct Terminals {
    lines: Mutex<HashMap<Place, Arc<Line>>>,
    last_epoch: AtomicU64,
}

/// A connection.
#[derive(Debug)]
pub struct Line {
    epoch: u64,
    outgoing: mpsc::Sender<String>,
    /// Several may ask the same at once: a till that closes an order, and a worker.
    asked: Mutex<HashMap<Question, Vec<oneshot::Sender<TerminalAnswer>>>>,
    /// A newer connection of the same terminal is there, here or at another node; or its secret is no longer good.
    over: Notify,
    /// Which of the two.
    is_unpaired: AtomicBool,
}

impl Terminals {
    pub fn is_online(&self, merchant: MerchantId, terminal: &str) -> bool {
        self.line(merchant, terminal).is_some()
    }

    /// How many are connected.
    pub fn count(&self) -> usize {
        self.lines.lock().len()
    }

    fn line(&self, merchant: MerchantId, terminal: &str) -> Option<Arc<Line>> {
        self.lines.lock().get(&(merchant, terminal.to_owned())).cloned()
    }

    /// Asks a terminal; `None` if it is not here or does not answer in time.
    pub async fn ask(
        &self,
        merchant: MerchantId,
        terminal: &str,
        (topic, request_id): (Topic, &str),
        frame: String,
    ) -> Option<TerminalAnswer> {
        let line = self.line(merchant, terminal)?;
        let question = (topic, request_id.to_owned());
        let (reply, answered) = oneshot::channel();
        line.asked.lock().entry(question.clone()).or_default().push(reply);
        let answer = async {
            line.outgoing.send(frame).await.ok()?;
            answered.await.ok()
        };
        let answer = tokio::time::timeout(ANSWER_WITHIN, answer).await.ok().flatten();
        let mut asked = line.asked.lock();
        if let Some(askers) = asked.get_mut(&question) {
            askers.retain(|asker| !asker.is_closed());
            if askers.is_empty() {
                asked.remove(&question);
            }
        }
        drop(asked);
        answer
    }

    /// Tells a terminal something, if it is here. False: it is not.
    pub async fn tell(&self, merchant: MerchantId, terminal: &str, frame: String) -> bool {
        match self.line(merchant, terminal) {
            Some(line) => {
                let sent = tokio::time::timeout(ANSWER_WITHIN, line.outgoing.send(frame)).await;
                matches!(sent, Ok(Ok(())))
            }
            None => false,
        }
    }

    /// The number of a new connection, where no other node has any. They grow over restarts too: they begin with the
    /// time.
    fn next_epoch(&self, now: Timestamp) -> u64 {
        let now_ms = u64::try_from(now.millis()).unwrap_or(0);
        let next = |last: u64| Some(now_ms.max(last + 1));
        let last = self.last_epoch.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or(0);
        now_ms.max(last + 1)
    }

    /// A new connection; one that was there before is over. Of two that come at once the older may come second.
    fn enter(&self, merchant: MerchantId, terminal: &str, epoch: u64) -> Entered {
        let (outgoing, frames) = mpsc::channel(FRAMES_WAITING);
        let (over, is_unpaired) = (Notify::new(), AtomicBool::new(false));
        let line = Arc::new(Line { epoch, outgoing, asked: Mutex::default(), over, is_unpaired });
        let mut lines = self.lines.lock();
        let place = lines.entry((merchant, terminal.to_owned())).or_insert_with(|| line.clone());
        if place.epoch > epoch {
            line.over.notify_one();
        } else if !Arc::ptr_eq(place, &line) {
            std::mem::replace(place, line.clone()).over.notify_one();
        }
        metrics::gauge!("tillgate_terminals_connected").set(count(lines.len()));
        drop(lines);
        Entered { line, frames }
    }

    /// Another node has the terminal, under that number.
    pub fn taken_over(&self, merchant: MerchantId, terminal: &str, epoch: u64) {
        let mut lines = self.lines.lock();
        let key = (merchant, terminal.to_owned());
        if lines.get(&key).is_some_and(|line| line.epoch < epoch)
            && let Some(line) = lines.remove(&key)
        {
            line.over.notify_one();
        }
    }

    /// A connection is over. What a newer one has put in its place stays.
    fn leave(&self, merchant: MerchantId, terminal: &str, line: &Arc<Line>) {
        let mut lines = self.lines.lock();
        let key = (merchant, terminal.to_owned());
        if lines.get(&key).is_some_and(|known| Arc::ptr_eq(known, line)) {
            lines.remove(&key);
        }
        metrics::gauge!("tillgate_terminals_connected").set(count(lines.len()));
    }

    /// The terminal was paired anew or switched off: whoever is connected with the old secret goes.
    pub fn disconnect(&self, merchant: MerchantId, terminal: &str) {
        if let Some(line) = self.lines.lock().remove(&(merchant, terminal.to_owned())) {
            line.is_unpaired.store(true, Ordering::Release);
            line.over.notify_one();
        }
    }
}

fn count(connected: usize) -> u32 {
    u32::try_from(connected).unwrap_or(u32::MAX)
}

struct Entered {
    line: Arc<Line>,
    frames: mpsc::Receiver<String>,
}

impl Line {
    /// Gives an answer to all who asked.
    fn answered(&self, topic: Topic, request_id: &str, answer: &TerminalAnswer) {
        let askers = self.asked.lock().remove(&(topic, request_id.to_owned()));
        for asker in askers.into_iter().flatten() {
            let _ = asker.send(answer.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const SHOP: MerchantId = MerchantId(1);

    fn is_over(line: &Line) -> bool {
        line.over.notified().now_or_never().is_some()
    }

    #[test]
    fn a_newer_connection_takes_over_and_stays() {
        let terminals = Terminals::default();
        let first = terminals.enter(SHOP, "T1", 1);
        let second = terminals.enter(SHOP, "T1", 2);
        assert!(is_over(&first.line) && !is_over(&second.line));
        terminals.leave(SHOP, "T1", &first.line);
        assert!(terminals.is_online(SHOP, "T1"), "the second is still there");
        assert!(!terminals.is_online(MerchantId(2), "T1"));
        terminals.leave(SHOP, "T1", &second.line);
        assert!(!terminals.is_online(SHOP, "T1"));
    }

    #[test]
    fn an_older_connection_that_comes_second_is_over_at_once() {
        let terminals = Terminals::default();
        let newer = terminals.enter(SHOP, "T1", 2);
        let older = terminals.enter(SHOP, "T1", 1);
        assert!(is_over(&older.line) && !is_over(&newer.line));
        terminals.leave(SHOP, "T1", &older.line);
        assert!(terminals.is_online(SHOP, "T1"));
    }

    #[test]
    fn another_node_takes_over_only_with_a_greater_number() {
        let terminals = Terminals::default();
        let here = terminals.enter(SHOP, "T1", 5);
        terminals.taken_over(SHOP, "T1", 4);
        assert!(terminals.is_online(SHOP, "T1") && !is_over(&here.line));
        terminals.taken_over(SHOP, "T1", 6);
        assert!(!terminals.is_online(SHOP, "T1") && is_over(&here.line));
    }

    #[test]
    fn epochs_grow_when_the_clock_goes_back() {
        let terminals = Terminals::default();
        let first = terminals.next_epoch(Timestamp(5_000));
        let second = terminals.next_epoch(Timestamp(4_000));
        assert_eq!((first, second), (5_000, 5_001));
    }
}
