//! Every call that leaves this gateway goes through here: address checked and pinned, no redirects,
//! time and size limited. The connector resolves a name, checks what it got and connects to exactly that,
//! so a name that changes its mind between check and use gains nothing.

pub mod guard;

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Method, Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;

pub use guard::AddressRules;

/// Bytes of an answer that are read; one that is longer is cut off there.
const ANSWER_LIMIT: usize = 64 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub body: Bytes,
}

/// The one client.
#[derive(Clone)]
pub struct Outbound {
    client: Client<HttpsConnector<Connector>, Full<Bytes>>,
    timeout: Duration,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbound")
    }
}

impl Outbound {
    pub fn new(rules: AddressRules, timeout: Duration) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(Connector { rules: Arc::new(rules) });
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(16)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { client, timeout }
    }

    /// Fetches at most so many bytes; an answer that is longer, or not 200, is an error.
    pub async fn get(&self, url: &str, limit: usize, timeout: Duration) -> Result<Bytes, String> {
        let exchange = async {
            let request = Request::builder()
                .method(Method::GET)
                .uri(url)
                .header("accept", "image/png,image/jpeg,image/webp,image/gif")
                .header("user-agent", concat!("tillgate/", env!("CARGO_PKG_VERSION")))
                .body(Full::new(Bytes::new()))
                .map_err(|error| format!("bad URL: {error}"))?;
            let response = self.client.request(request).await.map_err(|error| describe(&error))?;
            if response.status() != hyper::StatusCode::OK {
                return Err(format!("status {}", response.status().as_u16()));
            }
            let body = Limited::new(response.into_body(), limit).collect().await;
            body.map(http_body_util::Collected::to_bytes).map_err(|_| "too long, or broken off".to_owned())
        };
        match tokio::time::timeout(timeout, exchange).await {
            Ok(result) => result,
            Err(_) => Err(format!("no answer within {} s", timeout.as_secs())),
        }
    }

    /// Carries somebody's request to a process of ours and its answer back, up to so many bytes.
    pub async fn pass_on(
        &self,
        request: Request<Full<Bytes>>,
        limit: usize,
        timeout: Duration,
    ) -> Result<Response<Bytes>, String> {
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| describe(&error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, limit).collect().await;
            let body = body.map_err(|_| "too long, or broken off".to_owned())?.to_bytes();
            Ok(Response::from_parts(head, body))
        };
        match tokio::time::timeout(timeout, exchange).await {
            Ok(result) => result,
            Err(_) => Err(format!("no answer within {} s", timeout.as_secs())),
        }
    }

    /// Posts once. The error is for people: it names no secret and no address of ours.
    pub async fn post(&self, url: &str, content_type: &str, body: &[u8]) -> Result<Reply, String> {
        let exchange = async {
            let request = Request::builder()
                .method(Method::POST)
                .uri(url)
                .header("content-type", content_type)
                .header("user-agent", concat!("tillgate/", env!("CARGO_PKG_VERSION")))
                .body(Full::new(Bytes::copy_from_slice(body)))
                .map_err(|error| format!("bad URL: {error}"))?;
            let response = self.client.request(request).await.map_err(|error| describe(&error))?;
            let status = response.status().as_u16();
            // An answer longer than the limit is as good as an empty one: the status decides.
            let body = Limited::new(response.into_body(), ANSWER_LIMIT).collect().await;
            Ok(Reply { status, body: body.map(http_body_util::Collected::to_bytes).unwrap_or_default() })
        };
        match tokio::time::timeout(self.timeout, exchange).await {
            Ok(result) => result,
            Err(_) => Err(format!("no answer within {} s", self.timeout.as_secs())),
        }
    }
}

fn describe(error: &hyper_util::client::legacy::Error) -> String {
    let mut source = std::error::Error::source(error);
    let mut last = error.to_string();
    while let Some(inner) = source {
        last = inner.to_string();
        source = inner.source();
    }
    last
}

/// Scheme, host and port of a URL: what limits and pauses go by.
pub fn origin_of(url: &str) -> String {
    url::Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// Connects to an allowed address of the name in the URL.
#[derive(Debug, Clone)]
pub struct Connector {
    rules: Arc<AddressRules>,
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let rules = self.rules.clone();
        Box::pin(async move {
            match tokio::time::timeout(CONNECT_TIMEOUT, connect(&rules, &uri)).await {
                Ok(connected) => connected,
                Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "connecting took too long")),
            }
        })
    }
}

async fn connect(rules: &AddressRules, uri: &Uri) -> std::io::Result<TokioIo<TcpStream>> {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    let Some(address) = addresses.iter().find(|address| rules.allow(address.ip())) else {
        let refused = format!("{host} is at an address this gateway does not call");
        return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, refused));
    };
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(TokioIo::new(stream))
}
