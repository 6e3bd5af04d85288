//! The line of one terminal: a WebSocket to the gateway, plain or with TLS.
//!
//! Knows: how it is opened, read, written and ended. Deliberately does not know: what is said on it.

use std::fmt;
use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::Uri;
use hyper_rustls::{HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tillgate_sim::terminal::FRAME_MAX;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tower_service::Service as _;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Nobody waits longer for a goodbye.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

type Socket = WebSocketStream<TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>>;
type Dialing = Pin<Box<dyn Future<Output = Result<Socket, String>> + Send>>;

pub enum Line {
    Off,
    Dialing(Dialing),
    Open(Box<Socket>),
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            Self::Dialing(_) => "Dialing",
            Self::Open(_) => "Open",
        })
    }
}

/// What happens on a line.
#[derive(Debug)]
pub enum Event {
    Connected,
    Text(String),
    /// It ended, or could not be opened: the close code and what is known about why.
    Ended(Option<u16>, String),
}

impl Line {
    /// Towards the gateway at `http://…` or `https://…`.
    pub fn dial(url: &str) -> Self {
        let address = format!("{}/terminal/v1", url.trim_end_matches('/'));
        Self::Dialing(Box::pin(async move {
            match timeout(CONNECT_TIMEOUT, connect(address)).await {
                Ok(connected) => connected,
                Err(_) => Err("connecting took too long".to_owned()),
            }
        }))
    }

    /// The next event; for ever none if the line is off. Nothing is lost if this is dropped half-way.
    pub async fn next(&mut self) -> Event {
        let event = match self {
            Self::Off => pending().await,
            Self::Dialing(dialing) => match dialing.await {
                Ok(socket) => {
                    *self = Self::Open(Box::new(socket));
                    return Event::Connected;
                }
                Err(error) => Event::Ended(None, error),
            },
            Self::Open(socket) => loop {
                match socket.next().await {
                    Some(Ok(Message::Text(text))) => return Event::Text(text.to_string()),
                    Some(Ok(Message::Close(frame))) => {
                        self.leave(None);
                        let reason = frame.as_ref().map(|frame| frame.reason.to_string()).unwrap_or_default();
                        return Event::Ended(frame.map(|frame| u16::from(frame.code)), reason);
                    }
                    Some(Ok(Message::Binary(_))) => {
                        self.leave(Some(CloseCode::Unsupported));
                        return Event::Ended(None, "a binary frame".to_owned());
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => break Event::Ended(None, error.to_string()),
                    None => break Event::Ended(None, String::new()),
                }
            },
        };
        *self = Self::Off;
        event
    }

    /// Off at once; the last words are said aside, so that whoever waits for an event can stop waiting.
    fn leave(&mut self, code: Option<CloseCode>) {
        let Self::Open(mut socket) = std::mem::replace(self, Self::Off) else { return };
        tokio::spawn(async move {
            match code {
                Some(code) => say_goodbye(&mut socket, code).await,
                // The answer to a goodbye is written already.
                None => drop(timeout(CLOSE_TIMEOUT, socket.flush()).await),
            }
        });
    }

    /// False if the line broke; it then is off. On a line that is off nothing is sent.
    pub async fn send(&mut self, text: String) -> bool {
        let Self::Open(socket) = self else { return true };
        let is_sent = matches!(timeout(SEND_TIMEOUT, socket.send(Message::text(text))).await, Ok(Ok(())));
        if !is_sent {
            *self = Self::Off;
        }
        is_sent
    }

    /// With a code: says goodbye. Without: the line is gone, and nobody was told.
    pub async fn close(&mut self, code: Option<u16>) {
        if let (Self::Open(socket), Some(code)) = (&mut *self, code) {
            say_goodbye(socket, CloseCode::from(code)).await;
        }
        *self = Self::Off;
    }
}

async fn say_goodbye(socket: &mut Socket, code: CloseCode) {
    let frame = CloseFrame { code, reason: "".into() };
    let _ = timeout(CLOSE_TIMEOUT, socket.close(Some(frame))).await;
}

async fn connect(address: String) -> Result<Socket, String> {
    let uri: Uri = address.parse().map_err(|error| format!("{address}: {error}"))?;
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let mut connector =
        HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(tcp);
    let stream = connector.call(uri).await.map_err(|error| error.to_string())?;
    let config = WebSocketConfig::default().max_message_size(Some(FRAME_MAX)).max_frame_size(Some(FRAME_MAX));
    // http:// becomes ws://, https:// becomes wss://
    let request = address.replacen("http", "ws", 1);
    let upgraded = client_async_with_config(request, TokioIo::new(stream), Some(config)).await;
    upgraded.map(|(socket, _)| socket).map_err(|error| error.to_string())
}
