//! Wake-ups: hints that an order or a terminal's queue has moved, for those who wait here and at other nodes.
//!
//! Knows who waits in this process, and how the other nodes are told. Deliberately does not know what has changed: the
//! store is the truth, and whoever waits reads it again now and then without being woken.

pub mod hint;
pub mod link;
pub mod peers;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tillgate_core::{MerchantId, OrderNo};
use tillgate_store::Nodes;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use hint::Hint;
use peers::Peers;

type Key = (MerchantId, OrderNo);
const SHARDS: usize = 16;
/// Whoever waits for an order reads it this often, if nobody else changes the database.
const READ_AGAIN: Duration = Duration::from_secs(15);
/// The same where other nodes do, and their hints arrive.
const READ_AGAIN_SHARED: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub struct Bus {
    closed: AtomicBool,
    shards: [Mutex<HashMap<Key, Arc<Notify>>>; SHARDS],
    terminals: Mutex<HashMap<(MerchantId, String), Arc<Notify>>>,
    /// None: this process has the database to itself.
    peers: Option<Peers>,
}

/// Somebody who waits for an order; leaving it drops the entry when nobody else waits.
#[derive(Debug)]
pub struct Waiting<'a> {
    bus: &'a Bus,
    key: Key,
    notify: Arc<Notify>,
}

impl Bus {
    pub fn new(nodes: Option<Arc<dyn Nodes>>) -> Self {
        Self { peers: nodes.map(Peers::new), ..Self::default() }
    }

    pub fn peers(&self) -> Option<&Peers> {
        self.peers.as_ref()
    }

    /// Tells the other nodes, if there are any.
    pub fn tell(&self, hint: impl FnOnce() -> Hint) -> bool {
        self.peers.as_ref().is_some_and(|peers| peers.tell(hint))
    }

    /// How long to wait for a wake-up before the order is read all the same.
    pub fn order_patience(&self) -> Duration {
        self.peers.as_ref().map_or(READ_AGAIN, |peers| peers.patience(READ_AGAIN_SHARED))
    }

    /// The same for a terminal's queue.
    pub fn queue_patience(&self) -> Duration {
        self.peers.as_ref().map_or(READ_AGAIN, |peers| peers.patience(READ_AGAIN))
    }

    fn shard(&self, key: &Key) -> &Mutex<HashMap<Key, Arc<Notify>>> {
        &self.shards[(key.1.0 as usize ^ key.0.0 as usize) % SHARDS]
    }

    /// Subscribe before reading the order, so that no change falls between.
    pub fn wait_for(&self, merchant: MerchantId, order: OrderNo) -> Waiting<'_> {
        let key = (merchant, order);
        let notify = self.shard(&key).lock().entry(key).or_default().clone();
        Waiting { bus: self, key, notify }
    }

    /// We are stopping: whoever waits is woken and finds the bus closed.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.wake_all();
    }

    /// Hints may have been lost: all look for themselves.
    pub fn wake_all(&self) {
        for shard in &self.shards {
            shard.lock().values().for_each(|notify| notify.notify_waiters());
        }
        self.terminals.lock().values().for_each(|notify| notify.notify_one());
    }

    /// Something may have changed in the queue of a terminal. It is kept for one who is not waiting at the moment.
    pub fn wake_terminal(&self, merchant: MerchantId, terminal: &str) {
        self.tell(|| Hint::Queue(merchant, terminal.to_owned()));
        self.wake_terminal_here(merchant, terminal);
    }

    pub fn wake_terminal_here(&self, merchant: MerchantId, terminal: &str) {
        if let Some(notify) = self.terminals.lock().get(&(merchant, terminal.to_owned())) {
            notify.notify_one();
        }
    }

    /// The bell of a connected terminal; a newer connection gets a new one.
    pub fn connect_terminal(&self, merchant: MerchantId, terminal: &str) -> Arc<Notify> {
        let bell = Arc::new(Notify::new());
        self.terminals.lock().insert((merchant, terminal.to_owned()), bell.clone());
        bell
    }

    pub fn disconnect_terminal(&self, merchant: MerchantId, terminal: &str, bell: &Arc<Notify>) {
        let mut terminals = self.terminals.lock();
        let key = (merchant, terminal.to_owned());
        if terminals.get(&key).is_some_and(|known| Arc::ptr_eq(known, bell)) {
            terminals.remove(&key);
        }
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Wakes whoever waits for the order, here and elsewhere.
    pub fn wake(&self, merchant: MerchantId, order: OrderNo) {
        self.tell(|| Hint::Order(merchant, order));
        self.wake_here(merchant, order);
    }

    pub fn wake_here(&self, merchant: MerchantId, order: OrderNo) {
        let key = (merchant, order);
        if let Some(notify) = self.shard(&key).lock().get(&key) {
            notify.notify_waiters();
        }
    }
}

impl Waiting<'_> {
    /// A future that completes at the next wake-up after this call.
    pub fn next(&self) -> Notified<'_> {
        self.notify.notified()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut shard = self.bus.shard(&self.key).lock();
        // One of ours and one in the map: nobody else waits.
        if Arc::strong_count(&self.notify) <= 2 {
            shard.remove(&self.key);
        }
    }
}
