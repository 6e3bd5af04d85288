//! `cluster`: a real failover. Three PostgreSQL under Patroni and etcd, two gateways on them with merchants of all
//! protocols. The leader is killed as if its machine had died, and comes back; then a gateway is. Nothing that was
//! acknowledged may be lost.
//!
//! Knows: how such a cluster is started, killed and looked at. Deliberately does not know: what the load is about; the
//! crash test's merchants and checkers do.

mod balancer;
mod gateways;
mod keeper;
mod load;
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

use crate::child::free_address;
use crate::crash::check::Finding;
use crate::crash::sides::Crowd;
use crate::dice::Dice;
use gateways::Gateways;
use keeper::Keeper;
pub use keeper::{KeeperArgs, run as keep};
use load::Load;
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
    /// Replicas that have to have a write before it is acknowledged.
    #[arg(long, default_value_t = 2)]
    synchronous: usize,
    /// The same seed makes the same choices; chance of its own if absent.
    #[arg(long)]
    seed: Option<u64>,
}

/// The load before the leader dies, and after each change.
const LOAD: Duration = Duration::from_secs(10);
/// For so long replicas that are held back fall behind.
const LAG: Duration = Duration::from_secs(2);
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
    let settings = Settings { synchronous: if args.planted_loss { 0 } else { args.synchronous } };
    println!("{MACHINES} machines; {settings}");
    let (mut ports, mut taken) = (dice.fork(), HashSet::new());
    let mut free = || free_apart(&mut ports, &mut taken);
    let mut cluster = Cluster::start(&keeper.folder, settings, &mut free)?;
    let took = cluster.wait_until_whole(MACHINES - 1, WHOLE_WITHIN).await?;
    println!("whole after {:.1} s", took.as_secs_f64());
    cluster.make_database().await?;
    let mut load = if args.plain {
        Load::Plain(Plain::prepare(&cluster).await?)
    } else {
        let gateways =
            Gateways::prepare(&keeper.folder, &cluster, Crowd::SMALL, dice.fork(), &mut free).await?;
        Load::Gateways(Box::new(gateways))
    };
    let tasks = load.open();
    load.wait(LOAD).await;
    lose_leader(args, &mut cluster, &mut load).await?;
    if let (true, Load::Gateways(gateways)) = (args.planted_loss, &mut load) {
        // Found already. The wallets remember what the gateways have lost, so that all would never come to rest.
        return Ok(std::mem::take(&mut gateways.count.findings));
    }
    lose_gateway(&mut load).await?;
    for task in tasks {
        task.abort();
    }
    match load {
        Load::Plain(plain) => plain.reckon().await,
        Load::Gateways(gateways) => {
            let count = gateways.reckon().await?;
            println!("{count}");
            Ok(count.findings)
        }
    }
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

/// The leader's machine dies, another takes over, and it comes back as a replica.
async fn lose_leader(args: &ClusterArgs, cluster: &mut Cluster, load: &mut Load) -> Result<()> {
    let leader = cluster.leader().await?;
    if args.planted_loss {
        cluster.hold_replicas_back().await?;
        load.wait(LAG).await;
    }
    let killed = Instant::now();
    let machine = &mut cluster.machines[leader];
    let count = if args.freeze { machine.freeze()? } else { machine.die()? };
    let how = if args.freeze { "stopped" } else { "killed" };
    println!("the leader {} is {how}: {count} processes", machine.name);
    load.wait_for_writes(killed).await.context("after the leader")?;
    if args.planted_loss {
        cluster.let_replicas_follow().await?;
    }
    if let Load::Gateways(gateways) = load {
        gateways.sample().await.context("after the leader")?;
    }
    cluster.wait_until_whole(MACHINES - 2, WHOLE_WITHIN).await?;
    load.wait(LOAD).await;
    println!("leader: {}", load.describe_gap(killed));
    let machine = &mut cluster.machines[leader];
    let back = Instant::now();
    if args.freeze {
        machine.thaw()?
    } else {
        machine.start()?
    }
    let took = cluster.wait_until_whole(MACHINES - 1, WHOLE_WITHIN).await?;
    println!("the old leader is a replica after {:.1} s", took.as_secs_f64());
    load.wait(LOAD).await;
    println!("its return: {}", load.describe_gap(back));
    Ok(())
}

/// A gateway dies and comes back; the other goes on.
async fn lose_gateway(load: &mut Load) -> Result<()> {
    let killed = Instant::now();
    let Load::Gateways(gateways) = load else { return Ok(()) };
    gateways.kill(0)?;
    gateways.sample().await.context("after a gateway")?;
    gateways.wait(LOAD).await;
    let took = gateways.revive(0).await?;
    println!("a gateway is killed, and back within {:.1} s of its start", took.as_secs_f64());
    load.wait(LOAD).await;
    println!("gateway: {}", load.describe_gap(killed));
    Ok(())
}
