//! `sim world`: the sandbox's wallets, acquirer and issuer in a process of their own, for several gateways.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::super::run::stop_signal;
use super::super::say;
use crate::config::{Config, LogFormat};
use crate::http::accept::{self, AcceptLimits};
use crate::http::body::BodyLimits;
use crate::outbound::Outbound;
use crate::sandbox::routes::{WorldPlace, world_router};
use crate::sandbox::{CHANNEL, Simulation, remote};
use crate::{logging, random};

#[derive(Debug, clap::Args)]
pub struct WorldArgs {
    /// Where gateways and payers reach it.
    #[arg(long, default_value = "127.0.0.1:8070")]
    listen: SocketAddr,
    /// Where it keeps what was paid.
    #[arg(long, default_value = "tillgate-world")]
    data_dir: PathBuf,
    /// Where payers find the card issuer's pages; a gateway's or a load balancer's address will do. http:// and the
    /// address if absent.
    #[arg(long)]
    public_url: Option<String>,
    /// A gateway that callbacks go to; repeated: if one does not take it, the next.
    #[arg(long, required = true)]
    node: Vec<String>,
}

const LIMITS: BodyLimits = BodyLimits { bytes: 65_536, timeout: Duration::from_secs(10) };

pub async fn run(args: WorldArgs) -> Result<ExitCode> {
    let log = Config::load(None)?.log;
    logging::start(&crate::config::Log { format: LogFormat::Human, ..log })?;
    std::fs::create_dir_all(&args.data_dir)
        .with_context(|| format!("creating {}", args.data_dir.display()))?;
    let listener =
        TcpListener::bind(args.listen).await.with_context(|| format!("listening on {}", args.listen))?;
    let address = listener.local_addr()?;
    let public_url = args.public_url.unwrap_or_else(|| format!("http://{address}"));
    let simulation = Simulation::open(&args.data_dir, &public_url)?;
    let stop = stop_signal()?;
    say(&format!(
        "the simulated world of several sandboxes\n\n  wallets      http://{address}/sandbox/wallet/alipay\n  \
         gateways     tillgate sandbox --world http://{address}\n  callbacks to {}",
        args.node.join(", ")
    ));
    serve(&simulation, listener, args.node, stop).await;
    Ok(ExitCode::SUCCESS)
}

/// Serves the world and carries its callbacks, until `stop` turns true.
pub async fn serve(
    simulation: &Arc<Simulation>,
    listener: TcpListener,
    nodes: Vec<String>,
    stop: watch::Receiver<bool>,
) {
    let place =
        WorldPlace { simulation: simulation.clone(), key: random::bytes(), limits: LIMITS, gateway: None };
    let router = world_router().merge(remote::counters()).with_state(Arc::new(place));
    let limits = AcceptLimits {
        connections: 10_000,
        header_timeout: Duration::from_secs(15),
        grace: Duration::from_secs(3),
    };
    let callbacks = Arc::new(Callbacks { client: remote::client(), nodes, at: AtomicUsize::new(0) });
    let deliver = |body: Vec<u8>| {
        let callbacks = callbacks.clone();
        async move { callbacks.deliver(&body).await }
    };
    tokio::join!(accept::serve(listener, router, limits, stop.clone()), simulation.run(deliver, stop));
}

struct Callbacks {
    client: Outbound,
    nodes: Vec<String>,
    /// The one that took the last.
    at: AtomicUsize,
}

impl Callbacks {
    /// True: taken. A node that is not there, or cannot at the moment, is passed over.
    async fn deliver(&self, body: &[u8]) -> bool {
        let first = self.at.load(Ordering::Relaxed);
        for step in 0..self.nodes.len() {
            let at = (first + step) % self.nodes.len();
            let url = format!("{}/channels/{CHANNEL}/callback", self.nodes[at].trim_end_matches('/'));
            match self.client.post(&url, "application/json", body).await {
                Ok(reply) if reply.status == 200 => {
                    self.at.store(at, Ordering::Relaxed);
                    return reply.body.as_ref() == br#"{"result":"success"}"#;
                }
                Ok(reply) => tracing::debug!(url, status = reply.status, "a callback"),
                Err(error) => tracing::debug!(url, error, "a callback"),
            }
        }
        tracing::warn!("no gateway takes a callback; it is offered again");
        false
    }
}
