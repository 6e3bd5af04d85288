//! Connections: shared ones, over which reads follow each other, and some that a transaction has to itself.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::address::{Address, Use};
use super::session::{Remedy, Session, Trouble};
use crate::port::StoreError;

/// How long somebody waits for a database that cannot be reached at the moment. Longer is for whoever asked to decide.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);
/// Others may be in the way this often.
const TRIES: u32 = 12;

/// A connection many share: it is made when it is needed, and again when it broke.
pub struct Shared {
    address: Arc<Address>,
    purpose: Use,
    session: tokio::sync::Mutex<Option<Arc<Session>>>,
}

impl Shared {
    pub fn new(address: Arc<Address>, purpose: Use) -> Self {
        Self { address, purpose, session: tokio::sync::Mutex::default() }
    }

    pub async fn session(&self) -> Result<Arc<Session>, Trouble> {
        let mut session = self.session.lock().await;
        if let Some(open) = session.as_ref().filter(|session| !session.is_closed()) {
            return Ok(open.clone());
        }
        let made = Arc::new(Session::open(&self.address, self.purpose).await?);
        *session = Some(made.clone());
        Ok(made)
    }

    /// The next who asks gets a new connection.
    pub async fn leave(&self, broken: &Arc<Session>) {
        let mut session = self.session.lock().await;
        if session.as_ref().is_some_and(|current| Arc::ptr_eq(current, broken)) {
            *session = None;
        }
    }
}

/// Counts what may be tried again.
pub struct Tries {
    began: Instant,
    left: u32,
}

impl Tries {
    pub fn new() -> Self {
        Self { began: Instant::now(), left: TRIES }
    }

    /// Waits if the same may be tried again after that trouble; gives it back if not.
    pub async fn after(&mut self, trouble: Trouble) -> Result<(), Trouble> {
        match trouble.remedy() {
            Remedy::Again if self.left > 0 => {
                self.left -= 1;
                // Those in each other's way do not meet again at once.
                let spread =
                    std::process::id().wrapping_mul(31).wrapping_add(self.began.elapsed().subsec_nanos());
                tokio::time::sleep(Duration::from_micros(u64::from(spread % 4_000))).await;
                Ok(())
            }
            Remedy::Elsewhere if self.began.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
                Ok(())
            }
            _ => Err(trouble),
        }
    }
}

/// Connections for reads.
pub struct Readers {
    shared: Vec<Shared>,
    next: AtomicUsize,
}

impl Readers {
    pub fn new(address: &Arc<Address>, count: usize) -> Self {
        Self {
            shared: (0..count.max(1)).map(|_| Shared::new(address.clone(), Use::Keys)).collect(),
            next: AtomicUsize::new(0),
        }
    }

    pub fn next(&self) -> &Shared {
        &self.shared[self.next.fetch_add(1, Ordering::Relaxed) % self.shared.len()]
    }
}

/// Connections that one at a time has to itself.
pub struct Lines {
    address: Arc<Address>,
    free: Mutex<Vec<Arc<Session>>>,
    places: Semaphore,
}

/// What is done in a transaction.
pub type Done<'a, T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send + 'a>>;

impl Lines {
    pub fn new(address: Arc<Address>, count: usize) -> Self {
        Self { address, free: Mutex::default(), places: Semaphore::new(count.max(1)) }
    }

    /// Lets it be done in one transaction, again as long as others are in the way or the database is away.
    pub async fn transact<'a, T>(
        &self,
        work: impl Fn(Arc<Session>) -> Done<'a, T> + Send,
    ) -> Result<T, StoreError> {
        let mut tries = Tries::new();
        loop {
            let done = {
                let work = &work;
                self.once(work)
            };
            match done.await {
                Ok(value) => return Ok(value),
                Err(trouble) => tries.after(trouble).await?,
            }
        }
    }

    async fn once<'a, T>(&self, work: &(impl Fn(Arc<Session>) -> Done<'a, T> + Send)) -> Result<T, Trouble> {
        let gone = || StoreError::Fault("the store has stopped".into());
        let _place = self.places.acquire().await.map_err(|_| gone())?;
        let session = self.line().await?;
        session.plainly("BEGIN").await?;
        let done = work(session.clone());
        match done.await {
            Ok(value) => {
                commit(&session).await?;
                self.free.lock().push(session);
                Ok(value)
            }
            Err(trouble) => {
                // A connection that cannot even do this is not kept.
                if trouble.remedy() != Remedy::Elsewhere && session.plainly("ROLLBACK").await.is_ok() {
                    self.free.lock().push(session);
                }
                Err(trouble)
            }
        }
    }

    async fn line(&self) -> Result<Arc<Session>, Trouble> {
        let free = self.free.lock().pop().filter(|session| !session.is_closed());
        match free {
            Some(session) => Ok(session),
            None => Ok(Arc::new(Session::open(&self.address, Use::Keys).await?)),
        }
    }
}

/// Whether it is stored is not known if the connection breaks here: whoever asked is told of a fault, and nothing is tried
/// again that might have been done.
pub async fn commit(session: &Session) -> Result<(), Trouble> {
    session.plainly("COMMIT").await.map_err(uncertain)
}

pub fn uncertain(trouble: Trouble) -> Trouble {
    match trouble.remedy() {
        Remedy::Elsewhere => {
            let what = format!("the connection broke at the end, it may be stored: {trouble}");
            Trouble::Store(StoreError::Fault(what))
        }
        _ => trouble,
    }
}
