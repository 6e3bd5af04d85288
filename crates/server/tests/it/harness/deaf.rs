//! A node to which no hint comes and that gives none: what is left is what the database says.

use std::sync::Arc;

use tillgate_core::{MerchantId, Timestamp};
use tillgate_store::{Answer, Heard, LineHolder, Nodes};
use tokio::sync::mpsc;

#[derive(Debug)]
pub struct Deaf {
    behind: Arc<dyn Nodes>,
    /// Nothing is ever sent, and the line stays open.
    silence: parking_lot::Mutex<Vec<mpsc::Sender<Heard>>>,
}

impl Deaf {
    pub fn put_before(behind: Arc<dyn Nodes>) -> Arc<dyn Nodes> {
        Arc::new(Self { behind, silence: parking_lot::Mutex::default() })
    }
}

impl Nodes for Deaf {
    fn name(&self) -> &str {
        self.behind.name()
    }

    fn tell(&self, _: String) {}

    fn listen(&self) -> mpsc::Receiver<Heard> {
        let (silence, hears) = mpsc::channel(1);
        self.silence.lock().push(silence);
        hears
    }

    fn keep_alive(&self, now: Timestamp, until: Timestamp) -> Answer<'_, ()> {
        self.behind.keep_alive(now, until)
    }

    fn take_line<'a>(&'a self, merchant: MerchantId, terminal: &'a str, now: Timestamp) -> Answer<'a, u64> {
        self.behind.take_line(merchant, terminal, now)
    }

    fn leave_line<'a>(&'a self, merchant: MerchantId, terminal: &'a str, epoch: u64) -> Answer<'a, ()> {
        self.behind.leave_line(merchant, terminal, epoch)
    }

    fn line_holder<'a>(
        &'a self,
        merchant: MerchantId,
        terminal: &'a str,
        now: Timestamp,
    ) -> Answer<'a, Option<LineHolder>> {
        self.behind.line_holder(merchant, terminal, now)
    }
}
