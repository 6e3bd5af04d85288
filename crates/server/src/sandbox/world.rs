//! The wire between the gateway and the simulated wallets, inside this process.

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

#[derive(Debug)]
pub struct Sandbox {
    pub world: Arc<World>,
    pub acquirer: Arc<Acquirer>,
    pub receiver: Receiver,
    pub moved: Arc<Moved>,
}

impl Sandbox {
    /// The world remembers what was paid in a journal beside the database, so that it survives what the
    /// gateway survives.
    pub fn open(data_dir: &Path, public_url: &str) -> Result<Arc<Self>> {
        let journal = data_dir.join("wallets.journal");
        let world = World::open(Config { key: WALLET_KEY.into(), journal: Some(journal) })
            .context("opening the wallets' journal")?;
        let journal = Some(data_dir.join("acquirer.journal"));
        let acquirer = Acquirer::open(AcquirerConfig {
            key: acquirer::KEY.into(),
            journal,
            issuer_pages: format!("{public_url}{}", acquirer::ISSUER_PAGES),
            issuer_secret: random::hex::<32>(),
        })
        .context("opening the acquirer's journal")?;
        let (world, acquirer) = (Arc::new(world), Arc::new(acquirer));
        Ok(Arc::new(Self { world, acquirer, receiver: Receiver::default(), moved: Arc::default() }))
    }

    pub fn acquirer_channel(&self) -> crate::channels::Acquirer {
        acquirer::channel(&self.acquirer)
    }

    pub fn channel(&self) -> Channel {
        Channel {
            codec: Arc::new(SimulatedWallet::new(CHANNEL, WALLET_KEY)),
            wire: Arc::new(InProcess { world: self.world.clone(), moved: self.moved.clone() }),
        }
    }

    /// Lets time pass in the world and carries its callbacks to the gateway.
    pub async fn run(&self, gateway: Arc<Gateway>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let mut broken = false;
            let taken = self.world.take_callbacks(clock::now().millis()).unwrap_or_else(|error| {
                tracing::error!(%error, "the wallets' journal");
                broken = true;
                Vec::new()
            });
            let none = taken.is_empty();
            for callback in taken {
                let (world, gateway) = (self.world.clone(), gateway.clone());
                tokio::spawn(async move {
                    if let Ok(true) = gateway.channel_callback(CHANNEL, &callback.body).await
                        && let Err(error) = world.callback_acknowledged(callback.id)
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

/// Wakes whoever lets time pass in the world, if something happens before he would look by himself.
#[derive(Debug, Default)]
pub struct Moved {
    woken: Notify,
    looks_at_ms: AtomicI64,
}

impl Moved {
    /// To be told after each thing that was done in the world.
    pub fn notify_one(&self, world: &World) {
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
    world: Arc<World>,
    moved: Arc<Moved>,
}

impl Wire for InProcess {
    fn send(&self, body: Zeroizing<Vec<u8>>) -> Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send + '_>> {
        Box::pin(async move {
            let reply = self.world.handle(clock::now().millis(), &body);
            self.moved.notify_one(&self.world);
            match reply {
                Reply::Answer(body) | Reply::Garbage(body) => Some(body),
                Reply::Silence => std::future::pending().await,
            }
        })
    }
}
