//! `cluster`: a real failover. Three PostgreSQL under Patroni and etcd, a load on them, the leader killed as if its
//! machine had died; later it comes back. Nothing that was acknowledged may be lost.
//!
//! Knows: how such a cluster is started, killed and looked at. Deliberately does not know: what the load is about; the
//! crash test's merchants and checkers do.

mod keeper;
mod machine;
mod patroni;
mod plain;
mod processes;
mod settings;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, bail};
use tokio::task::LocalSet;
use tokio::time::sleep;

use crate::child::free_address;
use crate::crash::check::Finding;
use crate::dice::Dice;
use keeper::Keeper;
pub use keeper::{KeeperArgs, run as keep};
use patroni::{Cluster, MACHINES, WHOLE_WITHIN};
use plain::Plain;
use settings::Settings;

#[derive(Debug, clap::Args)]
pub struct ClusterArgs {
    /// The database alone, written to by `psql`.
    #[arg(long)]
    plain: bool,
    /// Replication that does not wait, and replicas that lag: something is lost, and has to be found.
    #[arg(long)]
    planted_loss: bool,
    /// The leader's machine is cut off, not killed, and comes back as if nothing had happened.
    #[arg(long)]
    freeze: bool,
    /// The same seed makes the same choices; chance of its own if absent.
    #[arg(long)]
    seed: Option<u64>,
}

/// The load before the leader dies, and after each change.
const LOAD: Duration = Duration::from_secs(10);
const WRITES_AGAIN_WITHIN: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(100);
/// Findings that are printed; all are counted.
const SHOWN: usize = 30;

pub fn run(args: &ClusterArgs) -> Result<bool> {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let seed = args.seed.unwrap_or(clock.as_nanos() as u64 % 1_000_000_000);
    let keeper = Keeper::start("cluster")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let told = LocalSet::new().block_on(&runtime, story(args, &keeper, Dice::new(seed)));
    let findings = match told {
        Ok(findings) => findings,
        Err(error) => {
            println!("the logs are kept in {}", keeper.keep_folder()?.display());
            return Err(error.context(format!("seed {seed}")));
        }
    };
    for finding in findings.iter().take(SHOWN) {
        println!("{:?}: {}", finding.kind, finding.text);
    }
    println!("{} findings; seed {seed}", findings.len());
    if args.planted_loss {
        return Ok(!findings.is_empty());
    }
    if !findings.is_empty() {
        println!("the data is kept in {}", keeper.keep_folder()?.display());
    }
    Ok(findings.is_empty())
}

async fn story(args: &ClusterArgs, keeper: &Keeper, mut dice: Dice) -> Result<Vec<Finding>> {
    let settings = Settings { is_synchronous: !args.planted_loss };
    println!("{MACHINES} machines; {settings}");
    let mut taken = HashSet::new();
    let free = || free_apart(&mut dice, &mut taken);
    let mut cluster = Cluster::start(&keeper.folder, settings, free)?;
    let took = cluster.wait_until_whole(MACHINES - 1, WHOLE_WITHIN).await?;
    println!("whole after {:.1} s", took.as_secs_f64());
    cluster.make_database().await?;
    let load = Plain::prepare(&cluster).await?;
    let tasks = load.open();
    sleep(LOAD).await;
    lose_leader(args, &mut cluster, &load).await?;
    for task in tasks {
        task.abort();
    }
    load.reckon().await
}

/// No port twice, though none is in use yet.
fn free_apart(dice: &mut Dice, taken: &mut HashSet<SocketAddr>) -> Result<SocketAddr> {
    for _ in 0..100 {
        let address = free_address(dice)?;
        if taken.insert(address) {
            return Ok(address);
        }
    }
    bail!("no free port")
}

async fn lose_leader(args: &ClusterArgs, cluster: &mut Cluster, load: &Plain) -> Result<()> {
    let leader = cluster.leader().await?;
    if args.planted_loss {
        cluster.hold_replicas_back().await?;
        sleep(Duration::from_secs(1)).await;
    }
    let killed = Instant::now();
    let machine = &mut cluster.machines[leader];
    let count = if args.freeze { machine.freeze()? } else { machine.die()? };
    let how = if args.freeze { "stopped" } else { "killed" };
    println!("the leader {} is {how}: {count} processes", machine.name);
    wait_for_writes(load, killed).await.context("after the leader")?;
    if args.planted_loss {
        cluster.let_replicas_follow().await?;
    }
    cluster.wait_until_whole(1, WHOLE_WITHIN).await?;
    sleep(LOAD).await;
    println!("leader: {}", load.pulses.borrow().describe(killed, Instant::now()));
    let machine = &mut cluster.machines[leader];
    let back = Instant::now();
    if args.freeze {
        machine.thaw()?
    } else {
        machine.start()?
    }
    let took = cluster.wait_until_whole(MACHINES - 1, WHOLE_WITHIN).await?;
    println!("the old leader is a replica after {:.1} s", took.as_secs_f64());
    sleep(LOAD).await;
    println!("return: {}", load.pulses.borrow().describe(back, Instant::now()));
    Ok(())
}

async fn wait_for_writes(load: &Plain, since: Instant) -> Result<()> {
    // What was on its way when it died does not count.
    let later = since + Duration::from_secs(1);
    while since.elapsed() < WRITES_AGAIN_WITHIN {
        if load.pulses.borrow().all.count_since(later) > 0 {
            return Ok(());
        }
        sleep(LOOK).await;
    }
    bail!("no write was acknowledged for {} s", WRITES_AGAIN_WITHIN.as_secs())
}
