//! Who may call: logins with their opened secrets, read from the store and kept for a moment.
//!
//! A rotated key or a new account is seen after [`KEEP`] at the latest, also when another process
//! (the command line) wrote it. Unknown logins are not kept, so nobody can fill the memory with them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use parking_lot::RwLock;
use tillgate_store::{Credential, Store};

const KEEP: Duration = Duration::from_secs(2);

type Build<P> = Box<dyn Fn(Credential) -> Result<P> + Send + Sync>;

/// `P` is what the room wants to know of a login.
pub struct Directory<P> {
    room: &'static str,
    store: Arc<dyn Store>,
    build: Build<P>,
    known: RwLock<HashMap<String, (Instant, Arc<P>)>>,
}

impl<P> fmt::Debug for Directory<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Directory({})", self.room)
    }
}

impl<P: Send + Sync> Directory<P> {
    pub fn new(room: &'static str, store: Arc<dyn Store>, build: Build<P>) -> Self {
        Self { room, store, build, known: RwLock::default() }
    }

    /// What is kept of a login is no longer true.
    pub fn forget(&self, login: &str) {
        self.known.write().remove(login);
    }

    /// `None` if nobody has this login.
    pub async fn find(&self, login: &str) -> Result<Option<Arc<P>>> {
        if let Some((read_at, profile)) = self.known.read().get(login)
            && read_at.elapsed() < KEEP
        {
            return Ok(Some(profile.clone()));
        }
        let Some(credential) = self.store.load_credential(self.room, login).await? else {
            self.known.write().remove(login);
            return Ok(None);
        };
        let profile = Arc::new((self.build)(credential)?);
        self.known.write().insert(login.to_owned(), (Instant::now(), profile.clone()));
        Ok(Some(profile))
    }
}
