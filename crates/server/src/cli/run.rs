//! `sandbox` and `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use tillgate_protocols::codepay::PrivateKey;
use tillgate_store::{Credential, Store};
use tokio::sync::watch;

use super::say;
use crate::app::{self, Listeners};
use crate::archive::FolderLock;
use crate::config::Config;
use crate::database;
use crate::http::admin;
use crate::rooms::{self, key_place};
use crate::sandbox::merchants::{self, DOCUMENT_KEY, OTTPAY_KEY, PRINTED_KEYS};
use crate::sandbox::{Sandbox, codepay, example_curl, example_ottpay_curl};
use crate::vault::Vault;
use crate::{clock, logging};

#[derive(Debug, clap::Args)]
pub struct SandboxArgs {
    /// Where to listen.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Where health and metrics are.
    #[arg(long)]
    admin_listen: Option<SocketAddr>,
    /// What merchants and shoppers call us; http:// and the address if absent.
    #[arg(long)]
    public_url: Option<String>,
    /// Where the sandbox keeps everything; tillgate-sandbox if absent.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// The address of `tillgate sim world`, which several sandboxes share; each has a world of its own if absent.
    #[arg(long)]
    world: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// The configuration file.
    #[arg(short, long)]
    config: Option<PathBuf>,
    #[arg(long)]
    listen: Option<SocketAddr>,
    #[arg(long)]
    admin_listen: Option<SocketAddr>,
    #[arg(long)]
    public_url: Option<String>,
}

/// What the sandbox has other defaults for.
const SANDBOX_DEFAULTS: &str = r#"
data_dir = "tillgate-sandbox"
[channels]
timeout_s = 2
"#;

fn sandbox_config(args: &SandboxArgs) -> Result<Config> {
    let mut config = Config::load_over(SANDBOX_DEFAULTS, None)?;
    config.listen = args.listen.unwrap_or(config.listen);
    config.admin_listen = args.admin_listen.unwrap_or(config.admin_listen);
    config.data_dir = args.data_dir.clone().unwrap_or(config.data_dir);
    if let Some(public_url) = &args.public_url {
        config.public_url.clone_from(public_url);
    } else if std::env::var_os("TILLGATE_PUBLIC_URL").is_none() {
        config.public_url = format!("http://{}", config.listen);
    }
    let loopback = ["127.0.0.0/8", "::1/128"].iter().filter_map(|net| net.parse::<ipnet::IpNet>().ok());
    config.outbound.allow_networks.extend(loopback);
    Ok(config)
}

pub async fn sandbox(args: SandboxArgs) -> Result<()> {
    let config = sandbox_config(&args)?;
    logging::start(&config.log)?;
    let metrics = admin::start_metrics()?;
    let _lock = folder_lock(&config)?;
    let opened = database::open(&config).await?;
    claim(&*opened.store, "sandbox").await?;
    // First of all, so that a wrong master key seals nothing.
    let key = app::gateway_key(&*opened.store, &opened.vault).await?;
    merchants::seed(&*opened.store, &opened.vault).await?;
    let sandbox = match &args.world {
        Some(address) => Sandbox::with_world_at(address)?,
        None => Sandbox::open(&config.data_dir, &config.public_url)?,
    };
    let stop = stop_signal()?;
    let listeners = Listeners::bind(&config).await?;
    let welcome = welcome(&config, &key)?;
    let assembled = app::assemble(config, opened, Some(sandbox), key)?;
    say(&welcome);
    app::run(assembled, listeners, metrics, stop).await;
    Ok(())
}

fn welcome(config: &Config, gateway_key: &PrivateKey) -> Result<String> {
    let url = &config.public_url;
    let users = merchants::users();
    let mut text = format!(
        "tillgate sandbox: simulated wallets, cards and terminals; no real money\n\n  start page   {url}/sandbox\n"
    );
    for (name, path) in [
        ("terminals", "terminals"),
        ("test wallet", "wallet/alipay"),
        ("demo shop", "shop"),
        ("web shop", "shop/codepay-web"),
        ("receiver", "receiver"),
        ("rules", "rules"),
    ] {
        text += &format!("  {name:<12} {url}/sandbox/{path}\n");
    }
    text += &format!(
        "  metrics      http://{}/metrics\n\nLatipay v2 at {url}, api key {DOCUMENT_KEY}\n",
        config.admin_listen
    );
    for user in users {
        let wallets: Vec<String> =
            user.wallets.iter().map(|(id, _, currency)| format!("{id} ({currency})")).collect();
        text += &format!("  user {:<11} wallets {}\n", user.user_id, wallets.join(", "));
    }
    text += &format!("\nOTT Pay at {url}/processV2, sign key {OTTPAY_KEY}\n");
    for till in merchants::tills() {
        text += &format!("  merchant {:<7} {}\n", till.merchant_id, till.currencies.join(", "));
    }
    text += &format!(
        "\nCodePay at {url}/api/entry, app {} (RSA2; its private key: tillgate codepay sandbox-key)\n\
         \x20 its AES key for cards {}\n\
         \x20 merchant {}, store {}, terminals {}\n\
         \x20 app {} with the password {} instead\n\
         \x20 the gateway's public key, which signs answers ({url}/codepay/public-key):\n  {}\n",
        codepay::APP_ID,
        codepay::CARD_KEY,
        codepay::MERCHANT_NO,
        codepay::STORE_NO,
        codepay::SANDBOX_TERMINALS.map(|(sn, ..)| sn).join(", "),
        codepay::BASIC_APP_ID,
        codepay::BASIC_SECRET,
        gateway_key.public().to_text(),
    );
    Ok(text
        + &format!(
            "\nA signed Latipay order; paste it, then open host_url/nonce of the answer:\n\n{}\n\n\
         An encrypted OTT Pay order; pay it in the test wallet. The answer is read by\n\
         tillgate verify ottpay --key {OTTPAY_KEY} '{{…}}':\n\n{}\n\n\
         A signed CodePay order, good for 15 minutes; it appears on the first terminal\n\
         ({url}/sandbox/terminal/{}):\n\n{}\n\n\
         A signed CodePay checkout, good for 15 minutes; open pay_url of the answer and pay with a test card\n\
         ({url}/sandbox/rules#cards):\n\n{}\n",
            example_curl(url),
            example_ottpay_curl(url),
            codepay::SANDBOX_TERMINALS[0].0,
            codepay::example_curl(url)?,
            codepay::example_checkout_curl(url)?,
        ))
}

/// A file in the folder is one gateway's; a server is shared.
fn folder_lock(config: &Config) -> Result<Option<FolderLock>> {
    (!config.database.is_postgres()).then(|| FolderLock::take(&config.data_dir)).transpose()
}

pub async fn serve(args: ServeArgs) -> Result<()> {
    let mut config = Config::load(args.config.as_deref())?;
    let from_outside = args.public_url.is_some()
        || std::env::var_os("TILLGATE_PUBLIC_URL").is_some()
        || args.config.as_deref().is_some_and(sets_public_url);
    if !from_outside {
        bail!(
            "serve needs public_url: the address merchants and shoppers see (--public-url, TILLGATE_PUBLIC_URL or the file)"
        );
    }
    config.listen = args.listen.unwrap_or(config.listen);
    config.admin_listen = args.admin_listen.unwrap_or(config.admin_listen);
    config.public_url = args.public_url.unwrap_or(config.public_url);
    logging::start(&config.log)?;
    let metrics = admin::start_metrics()?;
    let _lock = folder_lock(&config)?;
    let opened = database::open(&config).await?;
    claim(&*opened.store, "live").await?;
    refuse_document_keys(&opened.store, &opened.vault).await?;
    let stop = stop_signal()?;
    let listeners = Listeners::bind(&config).await?;
    if config.public_url.starts_with("http://") {
        tracing::warn!(public_url = %config.public_url, "payment links without https: merchants and shoppers need TLS in front");
    }
    tracing::warn!("no channel to a wallet is configured: every order is refused until one is");
    tracing::info!(database = %config.database, listen = %config.listen, admin = %config.admin_listen, public_url = %config.public_url, "serving");
    let key = app::gateway_key(&*opened.store, &opened.vault).await?;
    tracing::info!(public_key = %key.public().to_text(), "CodePay apps check answers with this key");
    let assembled = app::assemble(config, opened, None, key)?;
    app::run(assembled, listeners, metrics, stop).await;
    Ok(())
}

/// Play money and real money are never kept together.
async fn claim(store: &dyn Store, purpose: &str) -> Result<()> {
    let word = store.claim(purpose).await?;
    if word != purpose {
        bail!("this database belongs to a {word} gateway; use another one");
    }
    Ok(())
}

fn sets_public_url(file: &std::path::Path) -> bool {
    std::fs::read_to_string(file)
        .ok()
        .and_then(|text| text.parse::<toml::Table>().ok())
        .is_some_and(|table| table.contains_key("public_url"))
}

/// The documents' keys are known to everyone: a live gateway does not start with one.
async fn refuse_document_keys(store: &Arc<dyn Store>, vault: &Vault) -> Result<()> {
    let of_codepay = codepay::printed_keys()?;
    for credential in store.list_credentials().await? {
        let (room, login) = (&credential.room, &credential.login);
        if room == rooms::codepay::ROOM && has_printed_card_key(&credential, vault)? {
            bail!(
                "{login} has a key printed in the documents for its cards; is this a sandbox's data folder? Use another \
                 one, or: tillgate codepay app card-key {login} --generate"
            );
        }
        let now = clock::now();
        let in_use = credential.keys.iter().filter(|key| key.valid_until.is_none_or(|until| until > now));
        for key in in_use {
            let opened = vault
                .open_sealed(&key_place(room, login), &key.sealed)
                .with_context(|| format!("the key of {login}"))?;
            let is_printed = |(place, secret): &(&str, String)| *place == room && *secret == *opened;
            if PRINTED_KEYS.contains(&(room.as_str(), opened.as_str())) || of_codepay.iter().any(is_printed) {
                bail!(
                    "{login} has a key printed in the documents; is this a sandbox's data folder? Use another one, or: tillgate {}",
                    way_out(room, login)
                );
            }
        }
    }
    Ok(())
}

fn has_printed_card_key(app: &Credential, vault: &Vault) -> Result<bool> {
    let settings: rooms::codepay::AppSettings = serde_json::from_str(&app.settings)?;
    let Some(sealed) = settings.card_key else { return Ok(false) };
    Ok(rooms::codepay::open_card_key(vault, &app.login, &sealed)? == codepay::card_key()?)
}

/// How a login gets another key.
fn way_out(room: &str, login: &str) -> String {
    match room {
        rooms::codepay::ROOM => format!("codepay app rotate-key {login} --old-valid-hours 0"),
        rooms::codepay::TERMINALS => format!("codepay terminal pair {login} --end-old-secret"),
        _ => format!("merchant rotate-key {login} --room {room} --old-valid-hours 0"),
    }
}

/// Turns true at SIGTERM or Ctrl-C.
pub(super) fn stop_signal() -> Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let (send, receive) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping");
        let _ = send.send(true);
    });
    Ok(receive)
}
