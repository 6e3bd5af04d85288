//! CodePay in the crash test: tills that send orders to card terminals, the terminals, web shops, the acquirer's books.
//!
//! The gateway is killed; so are some terminals. The acquirer, in the gateway's process, has a journal. What all of
//! them say of an order in the end must be the same.

pub mod audit;
mod book;
mod check;
#[cfg(test)]
mod check_tests;
mod desk;
mod online;
mod terminals;
mod till;
mod web_shop;

pub use book::{Book, Told};
pub use desk::Desk;
pub use terminals::Terminals;
pub use till::sell;
pub use web_shop::sell_online;
