//! When which callback is due. Only in memory: after a restart all that are owed are due at once.
//!
//! Knows: ids, times, attempts. Deliberately does not know: what a callback says.

use std::collections::{BTreeSet, HashMap};

/// The first wait after a callback that was not acknowledged; it doubles each time.
const WAIT_FIRST_MS: i64 = 1_000;
const WAIT_LONGEST_MS: i64 = 60_000;
/// Then the wallet gives up, until it is restarted.
const ATTEMPTS_MAX: u32 = 100;

#[derive(Debug, Default)]
pub struct Outbox {
    queue: BTreeSet<(i64, u64)>,
    /// Id to its next time and the attempts so far.
    waiting: HashMap<u64, (i64, u32)>,
}

impl Outbox {
    pub fn add(&mut self, id: u64, due_ms: i64) {
        if let Some((old, _)) = self.waiting.insert(id, (due_ms, 0)) {
            self.queue.remove(&(old, id));
        }
        self.queue.insert((due_ms, id));
    }

    pub fn remove(&mut self, id: u64) {
        if let Some((due_ms, _)) = self.waiting.remove(&id) {
            self.queue.remove(&(due_ms, id));
        }
    }

    pub fn next_due(&self) -> Option<i64> {
        self.queue.first().map(|(due_ms, _)| *due_ms)
    }

    /// At most `limit` that are due, each put off to its next time.
    pub fn take(&mut self, now_ms: i64, limit: usize) -> Vec<u64> {
        let mut taken = Vec::new();
        while taken.len() < limit && self.next_due().is_some_and(|due_ms| due_ms <= now_ms) {
            let Some((_, id)) = self.queue.pop_first() else { break };
            let Some((due_ms, attempts)) = self.waiting.get_mut(&id) else { continue };
            *due_ms = now_ms.saturating_add((WAIT_FIRST_MS << (*attempts).min(6)).min(WAIT_LONGEST_MS));
            *attempts += 1;
            if *attempts < ATTEMPTS_MAX {
                self.queue.insert((*due_ms, id));
            }
            taken.push(id);
        }
        taken
    }
}
