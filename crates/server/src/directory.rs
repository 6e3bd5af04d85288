//! Who may call: logins with their opened secrets, read from the store and kept for a moment.
//!
//! A rotated key or a new account is seen after [`KEEP`] at the latest, also when another process
//! (the command line) wrote it; so is whose an account is. Unknown logins are kept as well, so that asking for one takes
//! as long as asking for a known one; only so many of them that nobody can fill the memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use parking_lot::RwLock;
use tillgate_core::{MerchantId, Order};
use tillgate_store::{Credential, Store};

const KEEP: Duration = Duration::from_secs(2);

type Build<P> = Box<dyn Fn(Credential) -> Result<P> + Send + Sync>;

const UNKNOWN_MAX: usize = 1_024;
/// Longer names are nobody's and are not kept.
const NAME_MAX: usize = 64;

type Kept<P> = (Instant, Arc<P>);
type Account = (MerchantId, String);

/// `P` is what the room wants to know of a login.
pub struct Directory<P> {
    room: &'static str,
    store: Arc<dyn Store>,
    build: Build<P>,
    known: RwLock<HashMap<String, Kept<P>>>,
    unknown: RwLock<HashMap<String, Instant>>,
    /// The login of each account that orders were looked up by.
    owners: RwLock<HashMap<Account, (Instant, String)>>,
    /// Some login there is.
    stand_in: RwLock<Option<String>>,
}

impl<P> fmt::Debug for Directory<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Directory({})", self.room)
    }
}

impl<P: Send + Sync> Directory<P> {
    pub fn new(room: &'static str, store: Arc<dyn Store>, build: Build<P>) -> Self {
        Self {
            room,
            store,
            build,
            known: RwLock::default(),
            unknown: RwLock::default(),
            owners: RwLock::default(),
            stand_in: RwLock::default(),
        }
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
        if self.unknown.read().get(login).is_some_and(|read_at| read_at.elapsed() < KEEP) {
            return Ok(None);
        }
        let loaded = self.store.load_credential(self.room, login).await?;
        self.as_much_again(loaded.is_some()).await?;
        let Some(credential) = loaded else {
            self.known.write().remove(login);
            let mut unknown = self.unknown.write();
            if unknown.len() >= UNKNOWN_MAX {
                unknown.clear();
            }
            if login.len() <= NAME_MAX {
                unknown.insert(login.to_owned(), Instant::now());
            }
            return Ok(None);
        };
        let profile = Arc::new((self.build)(credential)?);
        self.stand_in.write().get_or_insert_with(|| login.to_owned());
        self.known.write().insert(login.to_owned(), (Instant::now(), profile.clone()));
        Ok(Some(profile))
    }

    /// The one whose key speaks about the order.
    pub async fn of_order(&self, order: &Order) -> Result<Arc<P>> {
        let account = (order.merchant, order.terms.account.clone());
        let kept = self.owners.read().get(&account).filter(|(read_at, _)| read_at.elapsed() < KEEP).cloned();
        let login = match kept {
            Some((_, login)) => login,
            None => self.read_owner(account).await?,
        };
        self.find(&login).await?.context("the order's login is gone")
    }

    async fn read_owner(&self, account: Account) -> Result<String> {
        let login = self.store.load_login_of(account.0, self.room, &account.1).await?;
        let login = login.context("the order's account has no login")?;
        self.owners.write().insert(account, (Instant::now(), login.clone()));
        Ok(login)
    }

    /// What the other case costs: after a known login a look-up that finds nothing, after an unknown one all that is
    /// done for a known one. So neither takes longer.
    async fn as_much_again(&self, is_known: bool) -> Result<()> {
        let stand_in = self.stand_in.read().clone().filter(|_| !is_known);
        let other = self.store.load_credential(self.room, stand_in.as_deref().unwrap_or_default()).await?;
        if let Some(credential) = other {
            drop((self.build)(credential)?);
        }
        Ok(())
    }
}
