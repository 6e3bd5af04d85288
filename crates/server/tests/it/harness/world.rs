//! Starts, stops and kills a gateway on a data folder of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tempfile::TempDir;
use tillgate::app::{self, App, Listeners};
use tillgate::config::Config;
use tillgate::http::admin;
use tillgate::sandbox::{Sandbox, merchants};
use tillgate_store::Store;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::checks::{self, Expected};
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
    pub database: PathBuf,
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
    with_wallets: bool,
    running: Option<Running>,
    expected: Expected,
    dir: TempDir,
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
        Self::begin(change, true).await
    }

    /// The same merchants, and no channel to any wallet.
    pub async fn without_wallets() -> Self {
        Self::begin(|_| {}, false).await
    }

    async fn begin(change: impl FnOnce(&mut Config), with_wallets: bool) -> Self {
        logs::start();
        let dir = tempfile::tempdir().unwrap();
        let mut config = sandbox_config(&dir);
        change(&mut config);
        let running = start(config.clone(), with_wallets).await;
        let place = Arc::new(Place {
            url: Mutex::new(running.url.clone()),
            admin: Mutex::new(running.admin.clone()),
            receiver: Receiver::start(),
            http: Http::default(),
            database: config.database(),
        });
        let expected = Expected::default();
        Self { place, config, with_wallets, running: Some(running), expected, dir }
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
        self.with_wallets = false;
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

    /// Stops as at a power cut; then so much time goes by that all leases have ended.
    pub async fn crash(&mut self) {
        let running = self.running.take().expect("the gateway runs");
        drop(running.app);
        end(running.runtime).await;
        checks::let_leases_end(&self.place.database);
    }

    pub async fn start(&mut self) {
        let running = start(self.config.clone(), self.with_wallets).await;
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

async fn start(mut config: Config, with_wallets: bool) -> Running {
    let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("gateway").enable_all().build();
    let runtime = runtime.unwrap();
    let (stop, stopped) = watch::channel(false);
    let started = runtime.spawn(async move {
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.admin_listen = config.listen;
        let listeners = Listeners::bind(&config).await.unwrap();
        let url = format!("http://{}", listeners.public.local_addr().unwrap());
        let admin = format!("http://{}", listeners.admin.local_addr().unwrap());
        config.public_url = url.clone();
        let (store, vault) = app::open(&config).unwrap();
        merchants::seed(&*store, &vault).await.unwrap();
        let sandbox = with_wallets.then(|| Sandbox::open(&config.data_dir, &config.public_url).unwrap());
        let key = app::gateway_key(&*store, &vault).await.unwrap();
        let assembled = app::assemble(config, store, vault, sandbox, key).unwrap();
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
            let books = (&*running.app.gateway.store, running.app.sandbox.as_deref());
            checks::ends_well(&self.place.database, &self.expected, books);
            checks::no_file_holds(self.dir.path(), super::KEY);
            checks::no_file_holds(self.dir.path(), merchants::OTTPAY_KEY);
            logs::assert_no_secret();
        }
        running.runtime.shutdown_background();
    }
}
