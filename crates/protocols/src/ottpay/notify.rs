//! Telling the merchant that an order was paid.

use tillgate_core::Order;

use super::Profile;

/// A POST. The same order gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub url: String,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

pub fn notification(_profile: &Profile, order: &Order) -> Notification {
    Notification { url: order.terms.notify_url.clone(), content_type: "application/json", body: Vec::new() }
}
pub fn acknowledged(status: u16, _body: &[u8]) -> bool {
    status == 200
}
pub fn retry_delay_s(_attempt: u32) -> Option<i64> {
    None
}
pub fn return_location(_order: &Order) -> Option<String> {
    None
}
