//! What writes while the cluster is disturbed: the gateways' merchants, or `psql` alone.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::gateways::Gateways;
use super::plain::Plain;
use crate::pulse::Pulses;

const WRITES_AGAIN_WITHIN: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(100);

pub enum Load {
    Plain(Plain),
    Gateways(Box<Gateways>),
}

impl Load {
    pub fn open(&mut self) -> Vec<JoinHandle<()>> {
        match self {
            Self::Plain(plain) => plain.open(),
            Self::Gateways(gateways) => gateways.open(),
        }
    }

    pub async fn wait(&mut self, time: Duration) {
        match self {
            Self::Plain(_) => sleep(time).await,
            Self::Gateways(gateways) => gateways.wait(time).await,
        }
    }

    fn with_pulses<T>(&self, see: impl FnOnce(&Pulses) -> T) -> T {
        match self {
            Self::Plain(plain) => see(&plain.pulses.borrow()),
            Self::Gateways(gateways) => see(&gateways.sides.book.borrow().pulses),
        }
    }

    /// Until something is acknowledged again.
    pub async fn wait_for_writes(&self, since: Instant) -> Result<()> {
        // What was on its way does not count.
        let later = since + Duration::from_secs(1);
        while since.elapsed() < WRITES_AGAIN_WITHIN {
            if self.with_pulses(|pulses| pulses.all.count_since(later)) > 0 {
                return Ok(());
            }
            sleep(LOOK).await;
        }
        bail!("no write was acknowledged for {} s", WRITES_AGAIN_WITHIN.as_secs())
    }

    /// For how long none was, from then until now.
    pub fn describe_gap(&self, since: Instant) -> String {
        self.with_pulses(|pulses| pulses.describe(since, Instant::now()))
    }
}
