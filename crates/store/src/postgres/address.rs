//! Where the database is and how it is reached: several hosts, TLS, time-outs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use super::session::told;
use crate::port::StoreError;

/// A host that does not answer is given up for the next.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
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
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

/// Without its password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("hosts", &self.config.get_hosts())
            .field("ports", &self.config.get_ports())
            .field("database", &self.config.get_dbname())
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
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(PEER_TIMEOUT);
        }
        config.keepalives_idle(KEEPALIVE_IDLE);
        config.keepalives_interval(KEEPALIVE_INTERVAL);
        config.keepalives_retries(KEEPALIVE_RETRIES);
        if config.get_application_name().is_none() {
            config.application_name("tillgate");
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
        Ok(Self { config, tls })
    }

    /// One connection, to the first host that may be written to if the address asks for that.
    pub async fn connect(&self, purpose: Use) -> Result<Client, tokio_postgres::Error> {
        let client = match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                tokio::spawn(async move { drop(connection.await) });
                client
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                tokio::spawn(async move { drop(connection.await) });
                client
            }
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

    /// For a connection that also listens.
    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn tls(&self) -> Option<&MakeRustlsConnect> {
        self.tls.as_ref()
    }
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
        assert_eq!(given.config.get_password(), Some(&b"geheim"[..]));
        assert!(!format!("{given:?}").contains("geheim"));
    }
}
