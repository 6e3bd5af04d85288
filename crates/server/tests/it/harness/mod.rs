//! A gateway in this process with everything around it: wallets, a merchant's shop, a merchant's receiver.
//!
//! Knows how to start it, how a merchant calls it, and what must hold when a story is over.
//! Deliberately does not know any story.

pub mod checks;
pub mod database;
pub mod deaf;
pub mod http;
pub mod logs;
pub mod openssl;
pub mod order;
pub mod receiver;
pub mod sale;
pub mod together;
pub mod world;

pub use http::Answer;
pub use order::Order;
pub use receiver::Reply;
pub use sale::{Merchant, unique};
pub use world::{Place, TestWorld, Unusual, Wallets};

use std::time::{Duration, Instant};

/// The api key of the sandbox's merchants.
pub const KEY: &str = "111222333";

/// Looks again and again until there is something, or fails after `patience`.
pub async fn eventually<T>(what: &str, patience: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < patience, "not within {patience:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub async fn pause_ms(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}
