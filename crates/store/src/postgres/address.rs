//! Where the database is and how it is reached: several hosts, TLS, time-outs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, Config, Connection, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use super::session::{Trouble, told};
use crate::port::StoreError;

/// A host that does not answer is given up for the next.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Connecting, signing on and the first statements; a server that hangs is left for the next host.
const HOST_TIMEOUT: Duration = Duration::from_secs(4);
/// A peer that is gone without a word is noticed after this time, while something is owed to it.
const PEER_TIMEOUT: Duration = Duration::from_secs(10);
/// The same while we only wait for an answer.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// For every session. No time-out for statements: one that ends a COMMIT while it waits for a synchronous standby is
/// reported as done by PostgreSQL, though the standby has nothing.
const SETTINGS: &str = "SET statement_timeout = 0; SET lock_timeout = '10s'; \
     SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'warning'";

/// What everything but reports does goes by a key. Plans are made once, perhaps while a table is still empty, where reading
/// all of it looks cheapest; they must also be right when it has grown by millions. An engine that has no such setting has
/// no such plans.
const BY_KEY: &[&str] = &[
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
];

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Keys,
    Reports,
}

/// How a gateway reaches its database.
#[derive(Clone)]
pub struct Address {
    /// One for each host, in their order.
    hosts: Vec<Config>,
    tls: Option<MakeRustlsConnect>,
}

/// Without its password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.hosts.iter().map(|host| (host.get_hosts(), host.get_ports()));
        f.debug_struct("Address")
            .field("hosts", &places.collect::<Vec<_>>())
            .field("database", &self.hosts.first().and_then(Config::get_dbname))
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

fn bad(what: impl fmt::Display) -> StoreError {
    StoreError::Fault(format!("the database's address: {what}"))
}

impl Address {
    /// Reads `postgres://user@host1,host2/name?target_session_attrs=read-write&sslmode=…&sslrootcert=FILE`. `sslmode` is
    /// `disable`, or `require` or `verify-full`, which mean the same: the server's certificate is always checked. Without
    /// it, whatever leaves this machine is encrypted.
    pub fn parse(text: &str, password: Option<&str>) -> Result<Self, StoreError> {
        let (text, ours) = take_ours(text)?;
        let mut config: Config = text.parse().map_err(|error| bad(told(&error)))?;
        if let Some(password) = password {
            config.password(password);
        }
        if config.get_user().is_none() {
            return Err(bad("names no user"));
        }
        let wants_tls = match ours.mode.as_deref() {
            None => !config.get_hosts().iter().all(is_here),
            Some("disable") => false,
            Some("require" | "verify-full") => true,
            Some(other) => {
                return Err(bad(format!("sslmode={other} is not disable, require or verify-full")));
            }
        };
        config.ssl_mode(if wants_tls { SslMode::Require } else { SslMode::Disable });
        let tls = if wants_tls { Some(connector(ours.roots.as_deref())?) } else { None };
        Ok(Self { hosts: apart(&config)?, tls })
    }

    /// One connection, to the first host that answers in time and may be written to if the address asks for that.
    pub async fn connect(&self, purpose: Use) -> Result<Client, Trouble> {
        self.connect_somewhere(purpose).await.map(|(client, _)| client)
    }

    /// The host that can be reached at the moment, for a connection of another kind.
    pub async fn reachable(&self) -> Result<Config, Trouble> {
        self.connect_somewhere(Use::Keys).await.map(|(_, host)| host.clone())
    }

    /// A host whose kernel still answers but whose server does not must not keep us from the others.
    async fn connect_somewhere(&self, purpose: Use) -> Result<(Client, &Config), Trouble> {
        let mut last = Trouble::Late("no host is named");
        for host in &self.hosts {
            match timeout(HOST_TIMEOUT, self.connect_to(host, purpose)).await {
                Ok(Ok(client)) => return Ok((client, host)),
                Ok(Err(error)) => last = Trouble::Database(error),
                Err(_) => last = Trouble::Late("the server does not answer"),
            }
        }
        Err(last)
    }

    async fn connect_to(&self, host: &Config, purpose: Use) -> Result<Client, tokio_postgres::Error> {
        let client = match &self.tls {
            Some(tls) => carried(host.connect(tls.clone()).await?),
            None => carried(host.connect(NoTls).await?),
        };
        client.batch_execute(SETTINGS).await?;
        if purpose == Use::Keys {
            for setting in BY_KEY {
                match client.batch_execute(setting).await {
                    Err(error) if error.as_db_error().is_none() => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(client)
    }

    pub fn tls(&self) -> Option<&MakeRustlsConnect> {
        self.tls.as_ref()
    }
}

/// What the client says and hears travels by itself, until it is dropped.
fn carried<T: TlsStream + Unpin + Send + 'static>(
    (client, connection): (Client, Connection<Socket, T>),
) -> Client {
    tokio::spawn(async move { drop(connection.await) });
    client
}

/// The same for each host by itself.
fn apart(config: &Config) -> Result<Vec<Config>, StoreError> {
    if !config.get_hostaddrs().is_empty() {
        return Err(bad("hostaddr is not supported, name the host"));
    }
    let ports = config.get_ports();
    let port = |place: usize| ports.get(place).or(ports.first()).copied().unwrap_or(5432);
    let of_host = |(place, host): (usize, &Host)| {
        let mut one = Config::new();
        match host {
            Host::Tcp(name) => one.host(name),
            Host::Unix(folder) => one.host_path(folder),
        };
        one.port(port(place)).ssl_mode(config.get_ssl_mode()).ssl_negotiation(config.get_ssl_negotiation());
        one.target_session_attrs(config.get_target_session_attrs())
            .channel_binding(config.get_channel_binding());
        one.keepalives(config.get_keepalives()).keepalives_idle(KEEPALIVE_IDLE);
        one.keepalives_interval(KEEPALIVE_INTERVAL).keepalives_retries(KEEPALIVE_RETRIES);
        one.connect_timeout(config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT));
        one.tcp_user_timeout(config.get_tcp_user_timeout().copied().unwrap_or(PEER_TIMEOUT));
        one.application_name(config.get_application_name().unwrap_or("tillgate"));
        if let Some(user) = config.get_user() {
            one.user(user);
        }
        if let Some(password) = config.get_password() {
            one.password(password);
        }
        if let Some(dbname) = config.get_dbname() {
            one.dbname(dbname);
        }
        if let Some(options) = config.get_options() {
            one.options(options);
        }
        one
    };
    Ok(config.get_hosts().iter().enumerate().map(of_host).collect())
}

/// What tokio-postgres does not read.
#[derive(Default)]
struct Ours {
    mode: Option<String>,
    roots: Option<String>,
}

/// Several hosts make it no URL by the book, so only what follows the `?` is read as one.
fn take_ours(text: &str) -> Result<(String, Ours), StoreError> {
    if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
        return Err(bad("does not begin with postgres://"));
    }
    let mut ours = Ours::default();
    let Some((place, query)) = text.split_once('?') else { return Ok((text.to_owned(), ours)) };
    let mut query_only = Url::parse("postgres://h/").map_err(bad)?;
    query_only.set_query(Some(query));
    let pairs: Vec<(String, String)> = query_only.query_pairs().into_owned().collect();
    let mut kept = query_only.clone();
    kept.query_pairs_mut().clear();
    for (name, value) in pairs {
        match name.as_str() {
            "sslmode" => ours.mode = Some(value),
            "sslrootcert" => ours.roots = Some(value),
            _ => drop(kept.query_pairs_mut().append_pair(&name, &value)),
        }
    }
    // A `+` for a space is a form's way, not an address's.
    let rest = kept.query().unwrap_or_default().replace('+', "%20");
    Ok((if rest.is_empty() { place.to_owned() } else { format!("{place}?{rest}") }, ours))
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

fn connector(roots: Option<&str>) -> Result<MakeRustlsConnect, StoreError> {
    let mut known = RootCertStore::empty();
    match roots {
        Some(file) => {
            let certificates = CertificateDer::pem_file_iter(file)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|error| bad(format!("sslrootcert {file}: {error}")))?;
            for certificate in certificates {
                known.add(certificate).map_err(|error| bad(format!("sslrootcert {file}: {error}")))?;
            }
        }
        None => known.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(bad)?
        .with_root_certificates(known)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let read = |text: &str| Address::parse(text, None);
        for (text, is_encrypted) in [
            ("postgres://till@127.0.0.1/till", false),
            ("postgres://till@localhost:5433,[::1]:5434/till", false),
            ("postgres://till@%2Frun%2Fpostgresql/till", false),
            ("postgresql://till@db1,db2,db3/till?target_session_attrs=read-write", true),
            ("postgres://till@db1/till?sslmode=disable", false),
            ("postgres://till@127.0.0.1/till?application_name=a%20b&sslmode=verify-full", true),
        ] {
            let address = read(text).unwrap();
            assert_eq!(address.tls.is_some(), is_encrypted, "{text}");
        }
        for (text, what) in [
            ("sqlite://x", "does not begin"),
            ("postgres://127.0.0.1/till", "names no user"),
            ("postgres://till@h/till?sslmode=prefer", "sslmode=prefer"),
            ("postgres://till@h/till?sslcert=x", "sslcert"),
            ("postgres://till@h/till?sslrootcert=/nowhere.pem", "/nowhere.pem"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(what), "{text}: {error}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let address = Address::parse("postgres://till:geheim@db1/till", None).unwrap();
        assert!(!format!("{address:?}").contains("geheim"));
        let given = Address::parse("postgres://till@db1/till", Some("geheim")).unwrap();
        assert_eq!(given.hosts[0].get_password(), Some(&b"geheim"[..]));
        assert!(!format!("{given:?}").contains("geheim"));
    }
}
