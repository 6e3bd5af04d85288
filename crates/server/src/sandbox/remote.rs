//! The simulated world in a process of its own, as `tillgate sim world` serves it: asked over HTTP, and its pages passed
//! on, so that they have the sandbox's addresses.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, Response, StatusCode, header};
use axum::routing::{any, post};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Uri;
use tillgate_sim::Reply;
use zeroize::Zeroizing;

use super::routes::{OF_THE_WORLD, WorldPlace};
use super::world::Counter;
use crate::app::App;
use crate::channels::Wire;
use crate::http::body::{self, BodyLimits};
use crate::http::{json, typed};
use crate::outbound::{AddressRules, Outbound};

const WALLETS_PATH: &str = "/world/wallets";
const ACQUIRER_PATH: &str = "/world/acquirer";
/// Longer than a page's question for news waits, and a terminal for its acquirer.
const TIMEOUT: Duration = Duration::from_secs(40);
/// Of a page, or a file of a day.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// What is passed on of a request.
const ASKED: [HeaderName; 3] = [header::CONTENT_TYPE, header::ACCEPT, header::ACCEPT_LANGUAGE];

/// A client for processes of ours, wherever they are.
pub fn client() -> Outbound {
    let everywhere = ["0.0.0.0/0", "::/0"].iter().filter_map(|network| network.parse().ok()).collect();
    Outbound::new(AddressRules { allowed: everywhere }, TIMEOUT)
}

#[derive(Debug)]
pub struct Remote {
    address: String,
    client: Outbound,
}

impl Remote {
    /// `http://host:port`, without a path.
    pub fn new(address: &str) -> Result<Self> {
        let address = address.trim_end_matches('/');
        let is_plain = address.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.path().trim_matches('/').is_empty()
        });
        if !is_plain {
            bail!("the world's address is not http://host:port");
        }
        Ok(Self { address: address.to_owned(), client: client() })
    }

    pub fn wire(self: &Arc<Self>, counter: Counter) -> RemoteWire {
        RemoteWire { remote: self.clone(), counter }
    }

    async fn pass_on(&self, request: Request, limits: BodyLimits) -> Result<Response<Body>, String> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let mut asked =
            hyper::Request::builder().method(request.method().clone()).uri(format!("{}{path}", self.address));
        for name in ASKED {
            if let Some(value) = request.headers().get(&name) {
                asked = asked.header(name, value);
            }
        }
        let body =
            body::read(request.into_body(), limits).await.map_err(|_| "the body broke off".to_owned())?;
        let asked = asked.body(Full::new(body)).map_err(|error| error.to_string())?;
        let (mut head, body) = self.client.pass_on(asked, ANSWER_BYTES, TIMEOUT).await?.into_parts();
        for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH] {
            head.headers.remove(name);
        }
        Ok(Response::from_parts(head, Body::from(body)))
    }
}

/// Passes on what belongs to the world.
pub fn router(remote: &Arc<Remote>, limits: BodyLimits) -> Router<Arc<App>> {
    let handler = move |State(remote): State<Arc<Remote>>, request: Request| async move {
        remote.pass_on(request, limits).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the simulated world");
            let body = serde_json::json!({ "error": format!("the simulated world: {error}") });
            json(StatusCode::BAD_GATEWAY, body.to_string())
        })
    };
    let routes = OF_THE_WORLD.iter().fold(Router::new(), |router, path| router.route(path, any(handler)));
    routes.with_state(remote.clone())
}

#[derive(Debug)]
pub struct RemoteWire {
    remote: Arc<Remote>,
    counter: Counter,
}

impl Wire for RemoteWire {
    fn send(&self, body: Zeroizing<Vec<u8>>) -> Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send + '_>> {
        let path = match self.counter {
            Counter::Wallets => WALLETS_PATH,
            Counter::Acquirer => ACQUIRER_PATH,
        };
        Box::pin(async move {
            let url = format!("{}{path}", self.remote.address);
            let reply = self.remote.client.post(&url, "application/octet-stream", &body).await.ok()?;
            match reply.status {
                200 => Some(reply.body.to_vec()),
                // The world keeps silent, so the wire does.
                204 => std::future::pending().await,
                _ => None,
            }
        })
    }
}

/// The other end of [`RemoteWire`].
pub fn counters() -> Router<Arc<WorldPlace>> {
    Router::new().route(WALLETS_PATH, post(wallets)).route(ACQUIRER_PATH, post(acquirer))
}

async fn wallets(State(place): State<Arc<WorldPlace>>, request: Request) -> Response<Body> {
    match body::read(request.into_body(), place.limits).await {
        Ok(asked) => replied(place.simulation.ask_wallets(&asked)),
        Err(_) => typed(StatusCode::BAD_REQUEST, "text/plain", ""),
    }
}

async fn acquirer(State(place): State<Arc<WorldPlace>>, request: Request) -> Response<Body> {
    match body::read(request.into_body(), place.limits).await {
        Ok(asked) => replied(place.simulation.ask_acquirer(&asked)),
        Err(_) => typed(StatusCode::BAD_REQUEST, "text/plain", ""),
    }
}

fn replied(reply: Reply) -> Response<Body> {
    let (status, body) = match reply {
        Reply::Answer(body) | Reply::Garbage(body) => (StatusCode::OK, body),
        Reply::Silence => (StatusCode::NO_CONTENT, Vec::new()),
    };
    let mut response = Response::new(Body::from(Bytes::from(body)));
    *response.status_mut() = status;
    response
}
