//! `tillgate-bench`: starts the real binary and measures it, or kills it over and over.
//!
//! Knows: how a client signs, how a process is started, stopped and killed, what must never be lost. Deliberately
//! does not know: how the gateway works inside; it is reached over its sockets only. The one exception is a look at
//! the store after the fact.
#![allow(clippy::float_arithmetic, reason = "rates and ratios, never money")]
#![allow(clippy::print_stdout, reason = "what is measured is printed")]

mod child;
mod client;
mod cluster;
mod codepay_till;
mod crash;
mod dice;
mod fill;
mod floor;
mod full;
mod histogram;
mod load;
mod noise;
mod ottpay_till;
mod polls;
mod postgres;
mod pulse;
mod report;
mod rsa;
mod side_by_side;
mod till;
mod turn;
mod whole;
mod workloads;
mod workloads_codepay;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(name = "tillgate-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measures the workloads, each beside its floor, and prints the table.
    Load(report::LoadArgs),
    /// Kills the gateway at random instants and checks that nothing was lost or done twice.
    Crash(crash::CrashArgs),
    /// Kills the leader of a database cluster, then a gateway, under load, and checks that nothing was lost.
    Cluster(cluster::ClusterArgs),
    /// Ends what `cluster` started when it is gone. Started by `cluster`.
    #[command(hide = true)]
    Keeper(cluster::KeeperArgs),
    /// Makes a store with so many paid orders in it.
    Fill(fill::FillArgs),
    /// Serves a floor: what the same stack does at most. Started by `load`.
    Floor(floor::FloorArgs),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Load(args) => report::run(&args),
        Command::Crash(args) => crash::run(&args),
        Command::Cluster(args) => cluster::run(&args),
        Command::Keeper(args) => cluster::keep(&args),
        Command::Fill(args) => fill::run(&args),
        Command::Floor(args) => floor::run(&args),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("tillgate-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
