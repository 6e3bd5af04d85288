//! The sandbox: this program with simulated wallets, so that anyone can watch a payment happen.
//!
//! Knows how the outside world of `tillgate_sim` is wired to the gateway, in this process or in one of its own, and which
//! merchants it begins with. The wallets' behaviour is theirs; the pages' looks are in `pages`.

mod acquirer;
pub mod api;
pub mod codepay;
mod issuer;
pub mod merchants;
mod receiver;
pub mod remote;
pub mod routes;
mod shop;
mod statements;
mod terminal;
mod wallet;
mod world;

pub use shop::{example_curl, example_ottpay_curl};
pub use world::{CHANNEL, Outside, Sandbox, Simulation};
