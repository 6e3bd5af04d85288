//! Telling the merchant how an order ended: the form he is posted, his receipt, when to try again, and the redirect
//! that brings the payer's browser back to his shop.

use tillgate_core::Order;

use super::encode::{order_id, pay_time, rate_text, sign_with_current, signed_values, status_word};
use super::{Ack, Profile, Settings, method_word};
use crate::wire::query::{append_query, write_query};

/// A POST. The same order in the same state gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub url: String,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

/// The caller checks that `notify_url` is not empty (a barcode order may have none).
pub fn notification(profile: &Profile, order: &Order) -> Notification {
    let amount = order.terms.amount.to_string();
    let fields = [
        ("merchant_reference", &*order.reference),
        ("order_id", &order_id(order)),
        ("currency", order.terms.amount.currency.code()),
        ("amount", &amount),
        ("payment_method", method_word(order)),
        ("status", status_word(&order.state)),
        ("pay_time", &pay_time(order)),
        ("amount_cny", &order.terms.payer_amount().to_string()),
        ("rate", &rate_text(order)),
        ("signature", &sign_with_current(profile, &signed_values(order, &amount))),
    ];
    Notification {
        url: order.terms.notify_url.clone(),
        content_type: "application/x-www-form-urlencoded",
        body: write_query(&fields).into_bytes(),
    }
}

/// Whether the merchant's answer is his receipt.
pub fn acknowledged(settings: &Settings, status: u16, body: &[u8]) -> bool {
    match settings.ack {
        Ack::Status200 => status == 200,
        Ack::BodySent => status == 200 && body.trim_ascii().eq_ignore_ascii_case(b"sent"),
    }
}

/// Seconds until the next try after `attempt` tries; `None`: no more by itself.
pub fn retry_delay_s(attempt: u32) -> Option<i64> {
    const QUICK: u32 = 20;
    const LATER_S: [i64; 10] = [60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];
    match attempt {
        0 => Some(0),
        1..=QUICK => Some(30),
        _ => LATER_S.get((attempt - QUICK - 1) as usize).copied(),
    }
}

/// Where the hosted page sends the browser; `None` without a `return_url`. The URL's own query stays in front.
pub fn return_location(profile: &Profile, order: &Order) -> Option<String> {
    let amount = order.terms.amount.to_string();
    let fields = [
        ("merchant_reference", &*order.reference),
        ("payment_method", method_word(order)),
        ("status", status_word(&order.state)),
        ("currency", order.terms.amount.currency.code()),
        ("amount", &amount),
        ("order_id", &order_id(order)),
        ("pay_time", &pay_time(order)),
        ("signature", &sign_with_current(profile, &signed_values(order, &amount))),
    ];
    append_query(&order.terms.return_url, &fields)
}
