//! When the scheduler has to look at the store next. Setting it later than it stands costs one atomic
//! read; only an earlier time wakes the scheduler.

use std::sync::atomic::{AtomicI64, Ordering};

use tillgate_core::Timestamp;
use tokio::sync::Notify;

#[derive(Debug)]
pub struct Alarm {
    at_ms: AtomicI64,
    moved: Notify,
}

impl Default for Alarm {
    /// Set for the past: the first look is due at once.
    fn default() -> Self {
        Self { at_ms: AtomicI64::new(0), moved: Notify::new() }
    }
}

impl Alarm {
    pub fn set_no_later_than(&self, at: Timestamp) {
        if at.millis() < self.at_ms.load(Ordering::Relaxed)
            && at.millis() < self.at_ms.fetch_min(at.millis(), Ordering::AcqRel)
        {
            self.moved.notify_one();
        }
    }

    /// Before a look: what is set during it must not be lost.
    pub fn clear(&self) {
        self.at_ms.store(i64::MAX, Ordering::Release);
    }

    pub fn at(&self) -> Timestamp {
        Timestamp::from_millis(self.at_ms.load(Ordering::Acquire))
    }

    /// Completes when the alarm is set to an earlier time than it was.
    pub async fn moved(&self) {
        self.moved.notified().await;
    }
}
