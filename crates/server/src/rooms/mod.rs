//! Where protocols meet the gateway: one file per room with its handlers, and what workers need of it.
//!
//! The rules of a protocol are in `tillgate_protocols`; here are only the steps: read, find the login,
//! verify, decode, apply, encode.

pub mod latipay;

use std::fmt;
use std::pin::Pin;

use tillgate_core::Order;

/// What a room tells a merchant of an order, ready to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub url: String,
    pub content_type: String,
    pub body: Vec<u8>,
}

pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the workers ask of a room.
pub trait Room: Send + Sync + fmt::Debug {
    fn name(&self) -> &'static str;
    /// The name the payer sees.
    fn seller<'a>(&'a self, order: &'a Order) -> Boxed<'a, anyhow::Result<String>>;
    fn notification<'a>(&'a self, order: &'a Order) -> Boxed<'a, anyhow::Result<Message>>;
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
