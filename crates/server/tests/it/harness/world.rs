//! Starts, stops and kills a gateway on a data folder of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusHandle;
use tempfile::TempDir;
use tillgate::app::{self, App, Listeners};
use tillgate::config::Config;
use tillgate::database;
use tillgate::http::admin;
use tillgate::sandbox::{Sandbox, Simulation, merchants};
use tillgate_store::Store;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::checks::{self, Books, Expected};
use super::database::Database;
use super::deaf::Deaf;
use super::http::Http;
use super::receiver::Receiver;
use super::sale::Merchant;
use super::{Answer, logs};

/// Where the gateway is now, and the world's receiver of notifications.
#[derive(Debug)]
pub struct Place {
    url: Mutex<String>,
    admin: Mutex<String>,
    pub receiver: Receiver,
    pub http: Http,
    pub database: Database,
}

impl Place {
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url.lock().unwrap())
    }

    pub fn admin_url(&self, path: &str) -> String {
        format!("{}{path}", self.admin.lock().unwrap())
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.http.get(&self.url(path)).await
    }

    pub async fn post(&self, path: &str, body: impl Into<bytes::Bytes>) -> Answer {
        self.http.post_json(&self.url(path), body).await
    }
}

/// The gateway has a runtime of its own: ending that is as sudden as a crash.
struct Running {
    runtime: Runtime,
    stop: watch::Sender<bool>,
    served: JoinHandle<()>,
    app: Arc<App>,
    url: String,
    admin: String,
}

pub struct TestWorld {
    pub place: Arc<Place>,
    pub config: Config,
    outside: Wallets,
    is_deaf: bool,
    running: Option<Running>,
    expected: Expected,
    dir: TempDir,
}

/// Who is outside of the gateway.
#[derive(Clone, Default)]
pub enum Wallets {
    /// A world of its own.
    #[default]
    Here,
    /// One it shares with other gateways.
    There {
        url: String,
        simulation: Arc<Simulation>,
    },
    None,
}

/// What is not usual about a world.
#[derive(Default)]
pub struct Unusual {
    pub outside: Wallets,
    /// Not the usual one.
    pub on: Option<Database>,
    /// One that another gateway has, with its folder.
    pub beside: Option<(Database, PathBuf)>,
    /// Neither hears nor tells other nodes anything.
    pub is_deaf: bool,
}

/// As `tillgate sandbox` runs, but quicker to give up on a silent wallet.
pub fn sandbox_config(dir: &TempDir) -> Config {
    let mut config = Config::load(None).unwrap();
    config.data_dir = dir.path().to_owned();
    config.master_key_file = None;
    config.outbound.allow_networks = vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
    config.outbound.timeout_s = 2;
    config.channels.timeout_s = 1;
    config.orders.answer_within_s = 3;
    config.orders.verdict_within_s = 2;
    config
}

impl TestWorld {
    /// The sandbox with its merchants and wallets.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::begin(change, Unusual::default()).await
    }

    /// The same merchants, and no channel to any wallet.
    pub async fn without_wallets() -> Self {
        Self::begin(|_| {}, Unusual { outside: Wallets::None, ..Unusual::default() }).await
    }

    async fn begin(change: impl FnOnce(&mut Config), unusual: Unusual) -> Self {
        logs::start();
        let dir = tempfile::tempdir().unwrap();
        let mut config = sandbox_config(&dir);
        let database = match unusual.beside {
            Some((database, folder)) => {
                config.master_key_file = Some(folder.join("master.key"));
                database.is_beside(dir.path());
                database
            }
            None => unusual
                .on
                .inspect(|own| own.is_beside(dir.path()))
                .unwrap_or_else(|| Database::of(dir.path())),
        };
        Self::begin_on(database, dir, (config, change), (unusual.outside, unusual.is_deaf)).await
    }

    async fn begin_on(
        database: Database,
        dir: TempDir,
        (mut config, change): (Config, impl FnOnce(&mut Config)),
        (outside, is_deaf): (Wallets, bool),
    ) -> Self {
        config.database = database.address();
        change(&mut config);
        let running = start(config.clone(), &outside, is_deaf).await;
        let place = Arc::new(Place {
            url: Mutex::new(running.url.clone()),
            admin: Mutex::new(running.admin.clone()),
            receiver: Receiver::start(),
            http: Http::default(),
            database,
        });
        let expected = Expected::default();
        Self { place, config, outside, is_deaf, running: Some(running), expected, dir }
    }

    /// Not as usual: beside another gateway, for one.
    pub async fn unusual(unusual: Unusual, change: impl FnOnce(&mut Config)) -> Self {
        Self::begin(change, unusual).await
    }

    /// The world outside, wherever it is.
    pub fn simulation(&self) -> &Arc<Simulation> {
        match &self.outside {
            Wallets::There { simulation, .. } => simulation,
            Wallets::Here | Wallets::None => {
                let sandbox = self.app().sandbox.as_ref().expect("a sandbox");
                sandbox.simulation().expect("a world of its own")
            }
        }
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the gateway runs")
    }

    pub fn app(&self) -> &Arc<App> {
        &self.running().app
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        &self.running().app.gateway.store
    }

    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// Harbour Cellars and its New Zealand dollars.
    pub fn merchant(&self) -> Merchant {
        Merchant::new(self.place.clone(), "U000334333", "W00000001")
    }

    /// The next start is that of a gateway which is no sandbox.
    pub fn loses_its_sandbox(&mut self) {
        self.outside = Wallets::None;
    }

    /// This story ends with merchants who have not acknowledged.
    pub fn leaves_notifications_owed(&mut self) {
        self.expected.notifications_owed = true;
    }

    /// Stops as at SIGTERM: what is in progress is finished.
    pub async fn stop(&mut self) {
        let running = self.running.take().expect("the gateway runs");
        running.stop.send(true).unwrap();
        running.served.await.unwrap();
        end(running.runtime).await;
    }

    /// The same; how long it took.
    pub async fn stop_while(&mut self) -> Duration {
        let began = Instant::now();
        self.stop().await;
        began.elapsed()
    }

    /// Stops as at a power cut; then so much time goes by that all leases have ended.
    pub async fn crash(&mut self) {
        let running = self.running.take().expect("the gateway runs");
        drop(running.app);
        end(running.runtime).await;
        checks::let_leases_end(&self.place.database);
    }

    pub async fn start(&mut self) {
        let running = start(self.config.clone(), &self.outside, self.is_deaf).await;
        self.place.url.lock().unwrap().clone_from(&running.url);
        self.place.admin.lock().unwrap().clone_from(&running.admin);
        self.running = Some(running);
    }
}

async fn end(runtime: Runtime) {
    tokio::task::spawn_blocking(move || runtime.shutdown_timeout(Duration::from_secs(5))).await.unwrap();
}

/// One recorder per process.
fn metrics() -> PrometheusHandle {
    static METRICS: LazyLock<PrometheusHandle> = LazyLock::new(|| admin::start_metrics().unwrap());
    METRICS.clone()
}

async fn start(mut config: Config, outside: &Wallets, is_deaf: bool) -> Running {
    let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("gateway").enable_all().build();
    let runtime = runtime.unwrap();
    let (stop, stopped) = watch::channel(false);
    let outside = outside.clone();
    let started = runtime.spawn(async move {
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.admin_listen = config.listen;
        let listeners = Listeners::bind(&config).await.unwrap();
        let url = format!("http://{}", listeners.public.local_addr().unwrap());
        let admin = format!("http://{}", listeners.admin.local_addr().unwrap());
        config.public_url = url.clone();
        let mut opened = database::open(&config).await.unwrap();
        let key = app::gateway_key(&*opened.store, &opened.vault).await.unwrap();
        merchants::seed(&*opened.store, &opened.vault).await.unwrap();
        if is_deaf {
            opened.nodes = opened.nodes.map(Deaf::put_before);
        }
        let sandbox = match outside {
            Wallets::Here => Some(Sandbox::open(&config.data_dir, &config.public_url).unwrap()),
            Wallets::There { url, .. } => Some(Sandbox::with_world_at(&url).unwrap()),
            Wallets::None => None,
        };
        let assembled = app::assemble(config, opened, sandbox, key).unwrap();
        let app = assembled.app.clone();
        let served = tokio::spawn(app::run(assembled, listeners, metrics(), stopped));
        (served, app, url, admin)
    });
    let (served, app, url, admin) = started.await.unwrap();
    Running { runtime, stop, served, app, url, admin }
}

impl Drop for TestWorld {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        if !std::thread::panicking() {
            let own = running.app.sandbox.as_ref().and_then(|sandbox| sandbox.simulation());
            let outside = match &self.outside {
                Wallets::There { simulation, .. } => Some(&**simulation),
                Wallets::Here | Wallets::None => own.map(|simulation| &**simulation),
            };
            let (store, runtime) = (&*running.app.gateway.store, running.runtime.handle());
            checks::ends_well(&self.place.database, &self.expected, &Books { store, runtime, outside });
            for secret in [super::KEY, merchants::OTTPAY_KEY] {
                checks::no_file_holds(self.dir.path(), secret);
                if super::database::is_postgres() {
                    checks::no_row_holds(&self.place.database, secret);
                }
            }
            logs::assert_no_secret();
        }
        running.runtime.shutdown_background();
    }
}
