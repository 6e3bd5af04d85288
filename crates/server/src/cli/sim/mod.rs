//! `sim`: simulated devices that talk to a running gateway, and the simulated world where several gateways share it.
//!
//! Knows: how a device of `tillgate_sim`, or all of its world, is put on a real line. Deliberately does not know: the gateway's
//! insides; it is reached by its address like anybody's.

mod args;
mod line;
mod state;
pub mod terminal;
pub mod world;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use anyhow::Result;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Card terminals: they take orders, ask the sandbox's acquirer and tell how it went.
    Terminal(args::TerminalArgs),
    /// Wallets, card acquirer and issuer of several sandboxes on one database.
    World(world::WorldArgs),
}

pub(super) async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Terminal(args) => args::run(args).await,
        Command::World(args) => world::run(args).await,
    }
}
