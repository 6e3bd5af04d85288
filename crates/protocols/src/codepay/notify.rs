//! Telling the merchant how a transaction ended: the callback, his receipt, when to try again.

use tillgate_core::Timestamp;

use super::Method;
use super::encode::{Object, OrderView, RefundView};
use super::fields::SIGN;
use super::keys::PrivateKey;
use super::sign::text_of;

/// How long the merchant has to answer.
pub const ANSWER_TIME_MS: i64 = 5_000;

/// A POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

/// What a callback is about.
#[derive(Debug, Clone, Copy)]
pub enum Told<'a> {
    Order(&'a OrderView),
    Refund(&'a RefundView),
}

/// A flat JSON object: the fields of the query and an envelope, signed by the gateway. `method` is the one that made
/// the transaction. The same view and time give the same bytes, so `at` is best kept with the notification.
pub fn notification(
    app_id: &str,
    merchant_no: &str,
    method: Method,
    told: Told<'_>,
    at: Timestamp,
    key: &PrivateKey,
) -> Notification {
    let mut object = Object::default();
    for (name, value) in [
        ("app_id", app_id),
        ("merchant_no", merchant_no),
        ("method", method.word()),
        ("format", "JSON"),
        ("charset", "UTF-8"),
        ("sign_type", "RSA2"),
        ("version", "1.0"),
    ] {
        object.text(name, value);
    }
    object.text("timestamp", at.millis().to_string());
    match told {
        Told::Order(view) => view.write(&mut object),
        Told::Refund(view) => view.write(&mut object),
    }
    let sign = key.sign(&text_of(&object.pairs()));
    object.text(SIGN, sign);
    Notification { content_type: "application/json", body: object.json().into_bytes() }
}

/// Whether the merchant's answer is his receipt: any 2xx with the text `success`, quoted or not, in any case.
pub fn acknowledged(status: u16, body: &[u8]) -> bool {
    let body = body.trim_ascii();
    let word = body.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(body);
    (200..300).contains(&status) && word.eq_ignore_ascii_case(b"success")
}

/// Seconds until the next try after `attempt` tries; `None`: no more by itself. Fifteen tries in all.
pub fn retry_delay_s(attempt: u32) -> Option<i64> {
    const DELAYS_S: [i64; 14] =
        [5, 10, 15, 30, 60, 180, 600, 900, 1_800, 1_800, 1_800, 10_800, 10_800, 10_800];
    match attempt {
        0 => Some(0),
        _ => DELAYS_S.get(attempt as usize - 1).copied(),
    }
}
