//! The wire between the gateway and the simulated wallets, inside this process.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tillgate_channels::simulated::SimulatedWallet;
use tillgate_sim::{Config, Receiver, Reply, World};
use tokio::sync::{Notify, watch};

use crate::channels::{Channel, Wire};
use crate::clock;
use crate::gateway::Gateway;

/// The channel's name, as in `/channels/simulated/callback`.
pub const CHANNEL: &str = "simulated";
/// What wallets and channel sign with. It protects play money only.
const WALLET_KEY: &str = "sandbox-wallet-key";
/// The world's clock is looked at this often if nothing happens.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Sandbox {
    pub world: Arc<World>,
    pub receiver: Receiver,
    /// Something may have to be told to the gateway.
    pub moved: Arc<Notify>,
}

impl Sandbox {
    /// The world remembers what was paid in a journal beside the database, so that it survives what the
    /// gateway survives.
    pub fn open(data_dir: &Path) -> Result<Arc<Self>> {
        let journal = data_dir.join("wallets.journal");
        let world = World::open(Config { key: WALLET_KEY.into(), journal: Some(journal) })
            .context("opening the wallets' journal")?;
        Ok(Arc::new(Self { world: Arc::new(world), receiver: Receiver::default(), moved: Arc::default() }))
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
            if none {
                let due_ms = self.world.next_due().map_or(i64::MAX, |due| due - clock::now().millis());
                let due_ms = if broken { i64::MAX } else { due_ms };
                let pause = Duration::from_millis(due_ms.clamp(1, LOOK_AGAIN.as_millis() as i64) as u64);
                tokio::select! {
                    _ = stop.changed() => {}
                    () = self.moved.notified() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }
}

/// Carries bytes to the world. Where the world is silent, so is the wire.
#[derive(Debug)]
struct InProcess {
    world: Arc<World>,
    moved: Arc<Notify>,
}

impl Wire for InProcess {
    fn send(&self, body: Vec<u8>) -> Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send + '_>> {
        Box::pin(async move {
            let reply = self.world.handle(clock::now().millis(), &body);
            self.moved.notify_one();
            match reply {
                Reply::Answer(body) | Reply::Garbage(body) => Some(body),
                Reply::Silence => std::future::pending().await,
            }
        })
    }
}
