//! The gateway from outside: over HTTP as merchants, payers and operators reach it, and as a command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_debug_implementations,
    reason = "tests stop at the first surprise"
)]

mod bad_input;
mod browser;
mod cli;
mod codepay;
mod codes;
mod docs;
mod examples;
mod harness;
mod limits;
mod nodes;
mod ottpay;
mod outbound;
mod random_stories;
mod stories;
