//! CodePay as tills and terminals use it: signed requests over HTTP, terminals on WebSockets, cards at the simulated
//! acquirer; at the end of each story the books of all of them agree.
//!
//! `till` is the merchant's side, `counter` a whole terminal with people, `raw` one that is moved by hand.

mod breaks;
mod canary;
mod checkout;
mod closing;
pub mod counter;
mod fields;
mod frames;
mod holds;
mod inputs;
mod many;
mod pairing;
mod payments;
mod peer;
mod queue;
pub mod raw;
mod refunds;
mod restart;
mod sales;
mod samples;
pub mod till;
mod tips;
mod told;
mod undone;
mod vectors;
mod wallets;
pub mod web;
