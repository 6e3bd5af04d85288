//! Two gateways on one PostgreSQL, with one world of wallets and cards between them.

mod commands;
mod drain;
mod hints;
mod keys;
mod payments;
mod terminals;
mod world;

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tillgate::cli::sim::world::serve;
use tillgate::config::Config;
use tillgate::sandbox::Simulation;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::harness::database::Database;
use crate::harness::{TestWorld, Unusual, Wallets, eventually};

pub const SOON: Duration = Duration::from_secs(10);

/// The world is dropped last: the gateways' books are held against it.
pub struct Two {
    pub a: TestWorld,
    pub b: TestWorld,
    outside: Outside,
}

/// The wallets' own process, as it were.
pub struct Outside {
    pub url: String,
    pub simulation: Arc<Simulation>,
    listener: Option<std::net::TcpListener>,
    stop: watch::Sender<bool>,
    runtime: Option<Runtime>,
    _folder: TempDir,
}

impl Outside {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let simulation = Simulation::open(folder.path(), &url).unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("world").enable_all().build();
        let (stop, _) = watch::channel(false);
        let (runtime, listener) = (Some(runtime.unwrap()), Some(listener));
        Self { url, simulation, listener, stop, runtime, _folder: folder }
    }

    /// From now on, with callbacks to these gateways.
    pub fn serves(&mut self, nodes: Vec<String>) {
        let (listener, stop) = (self.listener.take().unwrap(), self.stop.subscribe());
        let simulation = self.simulation.clone();
        self.runtime.as_ref().unwrap().spawn(async move {
            listener.set_nonblocking(true).unwrap();
            serve(&simulation, TcpListener::from_std(listener).unwrap(), nodes, stop).await;
        });
    }

    pub fn wallets(&self) -> Wallets {
        Wallets::There { url: self.url.clone(), simulation: self.simulation.clone() }
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Where callbacks are sent first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum First {
    A,
    B,
}

/// Without PostgreSQL there are no nodes; a build machine has it.
pub fn is_possible(test: &str) -> bool {
    match tillgate_scratch::shared() {
        Ok(_) => true,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{error}");
            eprintln!("skipped without PostgreSQL: {test}: {error}");
            false
        }
    }
}

impl Two {
    pub async fn start(first: First) -> Self {
        Self::with(first, false, |_| {}).await
    }

    /// They neither hear nor tell each other anything.
    pub async fn deaf(first: First) -> Self {
        Self::with(first, true, |_| {}).await
    }

    pub async fn with(first: First, is_deaf: bool, change: impl Fn(&mut Config)) -> Self {
        let mut outside = Outside::new();
        // The first makes the master key, in its own folder.
        let on = Some(Database::on_a_server());
        let unusual = Unusual { outside: outside.wallets(), on, beside: None, is_deaf };
        let a = TestWorld::unusual(unusual, &change).await;
        let b = beside(&a, &outside, is_deaf, &change).await;
        let mut nodes = vec![a.place.url(""), b.place.url("")];
        if first == First::B {
            nodes.reverse();
        }
        outside.serves(nodes);
        let two = Self { a, b, outside };
        if !is_deaf {
            two.know_each_other().await;
        }
        two
    }

    pub async fn know_each_other(&self) {
        for node in [&self.a, &self.b] {
            let peers = node.app().gateway.bus.peers().expect("nodes");
            let is_met = async || (peers.count() == 1 && !peers.is_deaf()).then_some(());
            eventually("the nodes hear each other", SOON, is_met).await;
        }
    }

    pub fn database(&self) -> &Database {
        &self.a.place.database
    }

    pub fn outside(&self) -> &Outside {
        &self.outside
    }
}

pub async fn beside(
    a: &TestWorld,
    outside: &Outside,
    is_deaf: bool,
    change: impl FnOnce(&mut Config),
) -> TestWorld {
    let beside = Some((a.place.database.clone(), a.data_dir()));
    TestWorld::unusual(Unusual { outside: outside.wallets(), on: None, beside, is_deaf }, change).await
}

/// Tests that are skipped, visibly, where there is no PostgreSQL.
macro_rules! on_postgres {
    ($($(#[$about:meta])* async fn $name:ident() $body:block)*) => {
        $(
            $(#[$about])*
            #[tokio::test]
            async fn $name() {
                if crate::nodes::is_possible(stringify!($name)) {
                    $body
                }
            }
        )*
    };
}
pub(crate) use on_postgres;
