//! Where protocols meet the gateway: one file per room with its handlers, and what workers and pages need of it.
//!
//! The rules of a protocol are in `tillgate_protocols`; here are only the steps: read, find the login,
//! verify, decode, apply, encode.

pub mod codepay;
mod keys;
pub mod latipay;
pub mod ottpay;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context as _;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use tillgate_core::{Method, Order};

use crate::app::App;
use crate::http::body::{self, BodyError};
use crate::http::json;

pub use keys::{key_place, new_key};

/// What a room tells a merchant of an order, ready to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub url: String,
    pub content_type: String,
    pub body: Vec<u8>,
}

/// An order as a payer sees it, in the room's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub seller: String,
    pub order_number: String,
    /// Where his browser goes next; `None` if the merchant named no place.
    pub return_url: Option<String>,
    /// What he may choose from; empty if the merchant has chosen.
    pub choices: Vec<Method>,
}

pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the workers and the pages ask of a room.
pub trait Room: Send + Sync + fmt::Debug {
    fn name(&self) -> &'static str;
    /// The name the payer sees.
    fn seller<'a>(&'a self, order: &'a Order) -> Boxed<'a, anyhow::Result<String>>;
    fn shown<'a>(&'a self, order: &'a Order) -> Boxed<'a, anyhow::Result<Shown>>;
    /// `event` is the number of the event it is about.
    fn notification<'a>(&'a self, order: &'a Order, event: u32) -> Boxed<'a, anyhow::Result<Message>>;
    /// Whether the merchant's answer acknowledges it.
    fn acknowledged<'a>(
        &'a self,
        order: &'a Order,
        status: u16,
        body: &'a [u8],
    ) -> Boxed<'a, anyhow::Result<bool>>;
    /// Seconds until the next try after that many; `None` when the schedule is over.
    fn retry_delay_s(&self, attempts: u32) -> Option<i64>;
}

/// All rooms of this gateway, by the name orders carry.
#[derive(Debug, Clone)]
pub struct Rooms(Arc<[Arc<dyn Room>]>);

impl Rooms {
    pub fn new(rooms: Vec<Arc<dyn Room>>) -> Self {
        Self(rooms.into())
    }

    pub fn named(&self, name: &str) -> anyhow::Result<&Arc<dyn Room>> {
        self.0
            .iter()
            .find(|room| room.name() == name)
            .with_context(|| format!("no room {name}: the order was made by another version"))
    }
}

/// Reads the body within the limits; one that is too large or too slow is a status of its own, with the words the
/// room finds for it.
async fn body_of(
    app: &App,
    request: Request,
    words: impl Fn(&'static str) -> String,
) -> Result<Bytes, Response<Body>> {
    body::read(request.into_body(), app.body_limits()).await.map_err(|error| {
        let (status, what) = match error {
            BodyError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
            BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body took too long"),
            BodyError::Broken => (StatusCode::BAD_REQUEST, "the body broke off"),
        };
        json(status, words(what))
    })
}

/// Carries a request to its end even if its sender goes away: what was stored is followed by what it owes.
///
/// Begins at once, and no `async fn`: that would keep the work, ten kilobytes of it, in each future that waits for it.
pub fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
    broken: impl FnOnce() -> T + Send,
) -> impl Future<Output = T> + Send {
    // In a box, or it is copied three times on its way into the task.
    let task = tokio::spawn(Box::pin(work));
    async move {
        match task.await {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(%error, "a request broke off");
                broken()
            }
        }
    }
}
