//! Puts the parts together and runs them until told to stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use metrics_exporter_prometheus::PrometheusHandle;
use tillgate_protocols::codepay::PrivateKey;
use tillgate_protocols::wire::nonce::NonceKey;
use tillgate_store::Store;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::bus::link;
use crate::channels::{Acquirer, Channel, Channels};
use crate::config::Config;
use crate::database::Opened;
use crate::directory::Directory;
use crate::gateway::{Gateway, ReadyWork};
use crate::http::accept::{self, AcceptLimits};
use crate::http::admin::{self, Health};
use crate::http::body::BodyLimits;
use crate::http::checkout::Pictures;
use crate::http::limits::LongPolls;
use crate::http::router;
use crate::outbound::{AddressRules, Outbound};
use crate::pool::Pool;
use crate::rates::Rates;
use crate::rooms::Rooms;
use crate::rooms::codepay::{self, CodePay};
use crate::rooms::latipay::{self, Latipay};
use crate::rooms::ottpay::{self, OttPay};
use crate::sandbox::Sandbox;
use crate::vault::Vault;
use crate::work::Workers;

/// How long requests and work in progress may take when we stop.
const GRACE: Duration = Duration::from_secs(10);

/// What all handlers share.
#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub gateway: Arc<Gateway>,
    pub latipay: Arc<Latipay>,
    pub ottpay: Arc<OttPay>,
    pub codepay: Arc<CodePay>,
    pub rooms: Rooms,
    /// Reads and makes the secrets of payment links.
    pub nonce_key: Arc<NonceKey>,
    pub long_polls: Arc<LongPolls>,
    /// Shoppers' pages wait apart: they cannot take the places of the merchant's tills.
    pub page_polls: Arc<LongPolls>,
    pub pool: Pool,
    /// Connections that terminals may keep open.
    pub terminal_places: Arc<Semaphore>,
    pub vault: Arc<Vault>,
    /// Of what is sold, for payment pages.
    pub pictures: Pictures,
    health: Health,
    pub sandbox: Option<Arc<Sandbox>>,
}

impl App {
    pub fn body_limits(&self) -> BodyLimits {
        let limits = &self.config.limits;
        BodyLimits { bytes: limits.body_bytes, timeout: Duration::from_secs(limits.body_timeout_s.into()) }
    }

    pub fn health(&self) -> Health {
        self.health.clone()
    }
}

/// A gateway that is ready to serve but does not listen yet.
#[derive(Debug)]
pub struct Assembled {
    pub app: Arc<App>,
    workers: Arc<Workers>,
    ready: ReadyWork,
}

/// Puts the parts together. With a sandbox its wallets are the channels.
pub fn assemble(
    config: Config,
    opened: Opened,
    sandbox: Option<Arc<Sandbox>>,
    gateway_key: Arc<PrivateKey>,
) -> Result<Assembled> {
    let Opened { store, vault, nodes } = opened;
    let timeout = seconds(config.channels.timeout_s);
    let list: Vec<Channel> = sandbox.iter().map(|sandbox| sandbox.channel()).collect();
    let acquirer: Option<Acquirer> = sandbox.as_ref().map(|sandbox| sandbox.acquirer_channel());
    let (gateway, ready) = Gateway::new(store.clone(), nodes, Channels::new(list, acquirer, timeout));
    let nonce_key = Arc::new(NonceKey::new(vault.nonce_key()));
    let rates = Arc::new(Rates::new(store.clone()));
    let latipay = Arc::new(latipay(&config, &store, &vault, (nonce_key.clone(), rates.clone())));
    let long_polls = LongPolls::new(config.limits.long_polls, config.limits.long_polls_per_merchant);
    let shared = (nonce_key.clone(), rates);
    let ottpay = Arc::new(ottpay(&config, &gateway, &vault, (shared, long_polls.clone())));
    let pool = Pool::start(config.limits.crypto_threads)?;
    let shared = (nonce_key.clone(), ottpay.rates.clone());
    let codepay = codepay(&config, &gateway, &vault, (shared, pool.clone(), gateway_key, sandbox.is_some()));
    let codepay = Arc::new(codepay);
    let rooms = Rooms::new(vec![latipay.clone(), ottpay.clone(), codepay.clone()]);
    let rules = AddressRules { allowed: config.outbound.allow_networks.clone() };
    let outbound = Outbound::new(rules, seconds(config.outbound.timeout_s));
    let pictures = Pictures::new(outbound.clone());
    let workers = Workers::new(gateway.clone(), rooms.clone(), outbound, config.notify.per_endpoint);
    let app = Arc::new(App {
        health: Health::new(gateway.store.clone(), long_polls.clone()),
        long_polls,
        page_polls: LongPolls::new(config.limits.long_polls, config.limits.long_polls_per_merchant),
        pool,
        terminal_places: Arc::new(Semaphore::new(config.limits.terminals)),
        config,
        gateway,
        latipay,
        ottpay,
        codepay,
        rooms,
        nonce_key,
        vault,
        pictures,
        sandbox,
    });
    Ok(Assembled { app, workers, ready })
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

type Shared = (Arc<NonceKey>, Arc<Rates>);

fn latipay(
    config: &Config,
    store: &Arc<dyn Store>,
    vault: &Arc<Vault>,
    (nonce_key, rates): Shared,
) -> Latipay {
    let opener = vault.clone();
    Latipay {
        directory: Directory::new(
            latipay::ROOM,
            store.clone(),
            Box::new(move |credential| latipay::profile_of(credential, &opener)),
        ),
        store: store.clone(),
        nonce_key,
        rates,
        public_url: config.public_url.clone(),
        order_lifetime_ms: i64::from(config.orders.lifetime_s) * 1_000,
        barcode_lifetime_ms: i64::from(config.orders.barcode_lifetime_s) * 1_000,
        answer_within: seconds(config.orders.answer_within_s),
        long_poll: seconds(config.limits.long_poll_s),
    }
}

fn ottpay(
    config: &Config,
    gateway: &Arc<Gateway>,
    vault: &Arc<Vault>,
    ((nonce_key, rates), long_polls): (Shared, Arc<LongPolls>),
) -> OttPay {
    let opener = vault.clone();
    OttPay {
        gateway: gateway.clone(),
        directory: Directory::new(
            ottpay::ROOM,
            gateway.store.clone(),
            Box::new(move |credential| ottpay::profile_of(credential, &opener)),
        ),
        store: gateway.store.clone(),
        vault: vault.clone(),
        nonce_key,
        rates,
        public_url: config.public_url.clone(),
        order_lifetime_ms: i64::from(config.orders.lifetime_s) * 1_000,
        passive_lifetime_ms: i64::from(config.orders.barcode_lifetime_s) * 1_000,
        answer_within: seconds(config.orders.answer_within_s),
        verdict_within: seconds(config.orders.verdict_within_s),
        long_polls,
    }
}

/// What a key of the gateway's own is sealed for.
pub fn gateway_key_place(name: &str) -> String {
    format!("gateway/{name}")
}

/// The key that signs CodePay's answers: made at the first start, then the one in the store.
pub async fn gateway_key(store: &dyn Store, vault: &Vault) -> Result<Arc<PrivateKey>> {
    let place = &gateway_key_place(codepay::GATEWAY_KEY);
    let known = store.gateway_key(codepay::GATEWAY_KEY, None).await?;
    let sealed = match known {
        Some(sealed) => sealed,
        None => {
            let made = PrivateKey::generate().context("making the gateway's key")?;
            let sealed = vault.seal(place, &made.to_text())?;
            let kept = store.gateway_key(codepay::GATEWAY_KEY, Some(sealed)).await?;
            kept.context("the gateway's key is gone")?
        }
    };
    let text = vault.open_sealed(place, &sealed)?;
    Ok(Arc::new(PrivateKey::from_text(&text).context("the gateway's key")?))
}

type ForCodePay = (Shared, Pool, Arc<PrivateKey>, bool);

fn codepay(
    config: &Config,
    gateway: &Arc<Gateway>,
    vault: &Arc<Vault>,
    ((nonce_key, rates), pool, key, explains): ForCodePay,
) -> CodePay {
    let store = &gateway.store;
    let (of_apps, of_terminals) = (vault.clone(), vault.clone());
    CodePay {
        gateway: gateway.clone(),
        apps: Directory::new(
            codepay::ROOM,
            store.clone(),
            Box::new(move |credential| codepay::app_of(credential, &of_apps)),
        ),
        merchants: Directory::new(codepay::MERCHANTS, store.clone(), Box::new(codepay::merchant_of)),
        terminals: Directory::new(
            codepay::TERMINALS,
            store.clone(),
            Box::new(move |credential| codepay::terminal_of(credential, &of_terminals)),
        ),
        key,
        nonce_key,
        rates,
        pool,
        public_url: config.public_url.clone(),
        order_lifetime_s: config.orders.lifetime_s.into(),
        answer_within: seconds(config.orders.answer_within_s),
        queue_limit: config.limits.terminal_queue,
        cards_are_open: config.cards.pci_scope_acknowledged || explains,
        allows_plain_cards: explains && !config.cards.pci_scope_acknowledged,
        explains,
    }
}

/// The sockets a gateway listens on.
#[derive(Debug)]
pub struct Listeners {
    pub public: TcpListener,
    pub admin: TcpListener,
}

impl Listeners {
    pub async fn bind(config: &Config) -> Result<Self> {
        let bind = async |address| {
            TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))
        };
        Ok(Self { public: bind(config.listen).await?, admin: bind(config.admin_listen).await? })
    }
}

/// Serves until `stop` turns true; then ends gracefully: first it is no longer ready, then it takes nothing new, then
/// what is in progress is finished and what is not begun is left to others.
pub async fn run(
    assembled: Assembled,
    listeners: Listeners,
    metrics: PrometheusHandle,
    stop: watch::Receiver<bool>,
) {
    let Assembled { app, workers, mut ready } = assembled;
    let limits = AcceptLimits {
        connections: app.config.limits.connections,
        header_timeout: Duration::from_secs(app.config.limits.header_timeout_s.into()),
        grace: GRACE,
    };
    let (ends, end) = watch::channel(false);
    let admin_limits = AcceptLimits { connections: 64, ..limits };
    let public = accept::serve(listeners.public, router::router(app.clone()), limits, end.clone());
    let upkeep = admin::keep_up(metrics.clone(), end.clone());
    let admin = admin::router(app.health(), metrics);
    let admin = accept::serve(listeners.admin, admin, admin_limits, end.clone());
    let world = async {
        if let Some(sandbox) = &app.sandbox {
            sandbox.run(app.gateway.clone(), end.clone()).await;
        }
    };
    let ending = async {
        stopped(stop).await;
        app.health.stops();
        // Whoever sends us requests sees that we are not ready, and sends them elsewhere.
        tokio::time::sleep(seconds(app.config.stop.unready_s)).await;
        ends.send_replace(true);
        app.gateway.bus.close();
        // Terminals have left the listener's places; they are told that it stops before anybody else is let in.
        let all = u32::try_from(app.config.limits.terminals).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(GRACE, app.terminal_places.acquire_many(all)).await;
    };
    let serving = async {
        tokio::join!(
            ending,
            public,
            admin,
            upkeep,
            workers.clone().run(&mut ready, end.clone(), GRACE),
            world
        );
        workers.leave_to_others(&mut ready).await;
    };
    tokio::select! {
        () = serving => {}
        () = link::run(&app) => {}
    }
    link::say_goodbye(&app).await;
}

/// True, or nobody is left who could say so.
async fn stopped(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopped| *stopped).await;
}
