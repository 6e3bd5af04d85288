//! The simulated wallets and the acquirer, and the wire between them and the gateway inside this process.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tillgate_channels::simulated::SimulatedWallet;
use tillgate_sim::{Acquirer, AcquirerConfig, Config, Receiver, Reply, World};
use tokio::sync::{Notify, watch};
use zeroize::Zeroizing;

use super::acquirer;
use super::remote::Remote;
use crate::channels::{Channel, Wire};
use crate::clock;
use crate::gateway::Gateway;
use crate::random;

/// The channel's name, as in `/channels/simulated/callback`.
pub const CHANNEL: &str = "simulated";
/// What wallets and channel sign with. It protects play money only.
const WALLET_KEY: &str = "sandbox-wallet-key";
/// The world's clock is looked at this often if nothing happens.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Wallets, the card acquirer and the cards' issuer, in this process.
#[derive(Debug)]
pub struct Simulation {
    pub world: World,
    pub acquirer: Acquirer,
    moved: Moved,
}

impl Simulation {
    /// What was paid is remembered in journals, so that it survives what the gateway survives. `public_url`: where payers
    /// find the issuer's pages.
    pub fn open(folder: &Path, public_url: &str) -> Result<Arc<Self>> {
        let journal = folder.join("wallets.journal");
        let world = World::open(Config { key: WALLET_KEY.into(), journal: Some(journal) })
            .context("opening the wallets' journal")?;
        let journal = Some(folder.join("acquirer.journal"));
        let acquirer = Acquirer::open(AcquirerConfig {
            key: acquirer::KEY.into(),
            journal,
            issuer_pages: format!("{public_url}{}", acquirer::ISSUER_PAGES),
            issuer_secret: random::hex::<32>(),
        })
        .context("opening the acquirer's journal")?;
        Ok(Arc::new(Self { world, acquirer, moved: Moved::default() }))
    }

    /// A request to the wallets.
    pub fn ask_wallets(&self, body: &[u8]) -> Reply {
        let reply = self.world.handle(clock::now().millis(), body);
        self.has_moved();
        reply
    }

    pub fn ask_acquirer(&self, body: &[u8]) -> Reply {
        self.acquirer.handle(clock::now().millis(), body)
    }

    /// To be told after each thing that was done in the world.
    pub fn has_moved(&self) {
        self.moved.notify_one(&self.world);
    }

    /// Lets time pass in the world. `deliver` carries a callback to the gateway and says whether it was taken; one that
    /// was not is offered again.
    pub async fn run<F>(self: &Arc<Self>, deliver: impl Fn(Vec<u8>) -> F, mut stop: watch::Receiver<bool>)
    where
        F: Future<Output = bool> + Send + 'static,
    {
        while !*stop.borrow() {
            let mut broken = false;
            let taken = self.world.take_callbacks(clock::now().millis()).unwrap_or_else(|error| {
                tracing::error!(%error, "the wallets' journal");
                broken = true;
                Vec::new()
            });
            let none = taken.is_empty();
            for callback in taken {
                let (simulation, delivered) = (self.clone(), deliver(callback.body));
                tokio::spawn(async move {
                    if delivered.await
                        && let Err(error) = simulation.world.callback_acknowledged(callback.id)
                    {
                        tracing::error!(%error, "the wallets' journal");
                    }
                });
            }
            let pause = async {
                match broken {
                    true => tokio::time::sleep(LOOK_AGAIN).await,
                    false => self.moved.until_due(&self.world, LOOK_AGAIN).await,
                }
            };
            if none {
                tokio::select! {
                    _ = stop.changed() => {}
                    () = pause => {}
                }
            }
        }
    }
}

/// Where the sandbox's outside world is.
#[derive(Debug, Clone)]
pub enum Outside {
    Here(Arc<Simulation>),
    /// In a process of its own, which several gateways share.
    There(Arc<Remote>),
}

#[derive(Debug)]
pub struct Sandbox {
    pub outside: Outside,
    pub receiver: Receiver,
}

impl Sandbox {
    /// With a world of its own, beside the database.
    pub fn open(data_dir: &Path, public_url: &str) -> Result<Arc<Self>> {
        let outside = Outside::Here(Simulation::open(data_dir, public_url)?);
        Ok(Arc::new(Self { outside, receiver: Receiver::default() }))
    }

    /// With the world at that address.
    pub fn with_world_at(address: &str) -> Result<Arc<Self>> {
        let outside = Outside::There(Arc::new(Remote::new(address)?));
        Ok(Arc::new(Self { outside, receiver: Receiver::default() }))
    }

    /// The world, if it is in this process.
    pub fn simulation(&self) -> Option<&Arc<Simulation>> {
        match &self.outside {
            Outside::Here(simulation) => Some(simulation),
            Outside::There(_) => None,
        }
    }

    pub fn acquirer_channel(&self) -> crate::channels::Acquirer {
        crate::channels::Acquirer { codec: acquirer::codec(), wire: self.wire(Counter::Acquirer) }
    }

    pub fn channel(&self) -> Channel {
        Channel {
            codec: Arc::new(SimulatedWallet::new(CHANNEL, WALLET_KEY)),
            wire: self.wire(Counter::Wallets),
        }
    }

    fn wire(&self, counter: Counter) -> Arc<dyn Wire> {
        match &self.outside {
            Outside::Here(simulation) => Arc::new(InProcess { simulation: simulation.clone(), counter }),
            Outside::There(remote) => Arc::new(remote.wire(counter)),
        }
    }

    /// Lets time pass in a world of its own and carries its callbacks to the gateway.
    pub async fn run(&self, gateway: Arc<Gateway>, stop: watch::Receiver<bool>) {
        let Outside::Here(simulation) = &self.outside else { return };
        let deliver = |body: Vec<u8>| {
            let gateway = gateway.clone();
            async move { matches!(gateway.channel_callback(CHANNEL, &body).await, Ok(true)) }
        };
        simulation.run(deliver, stop).await;
    }
}

/// Whom in the world a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    Wallets,
    Acquirer,
}

/// Wakes whoever lets time pass in the world, if something happens before he would look by himself.
#[derive(Debug, Default)]
struct Moved {
    woken: Notify,
    looks_at_ms: AtomicI64,
}

impl Moved {
    fn notify_one(&self, world: &World) {
        // Done before this is read, and read again by him after it is written: one of the two sees the other.
        if world.next_due().is_some_and(|due_ms| due_ms < self.looks_at_ms.load(Ordering::SeqCst)) {
            self.woken.notify_one();
        }
    }

    /// Waits until something is due, at most a while.
    async fn until_due(&self, world: &World, longest: Duration) {
        let now_ms = clock::now().millis();
        let latest_ms = now_ms + longest.as_millis() as i64;
        let looks_at_ms = world.next_due().map_or(latest_ms, |due_ms| due_ms.clamp(now_ms + 1, latest_ms));
        self.looks_at_ms.store(looks_at_ms, Ordering::SeqCst);
        if world.next_due().is_some_and(|due_ms| due_ms < looks_at_ms && due_ms > now_ms) {
            return;
        }
        let pause = Duration::from_millis((looks_at_ms - now_ms) as u64);
        tokio::select! {
            () = self.woken.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Carries bytes to the world. Where the world is silent, so is the wire.
#[derive(Debug)]
struct InProcess {
    simulation: Arc<Simulation>,
    counter: Counter,
}

impl Wire for InProcess {
    fn send(&self, body: Zeroizing<Vec<u8>>) -> Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send + '_>> {
        Box::pin(async move {
            let reply = match self.counter {
                Counter::Wallets => self.simulation.ask_wallets(&body),
                Counter::Acquirer => self.simulation.ask_acquirer(&body),
            };
            match reply {
                Reply::Answer(body) | Reply::Garbage(body) => Some(body),
                Reply::Silence => std::future::pending().await,
            }
        })
    }
}
