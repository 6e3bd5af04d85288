//! The card acquirer of the sandbox, behind one JSON interface. Amounts are whole minor units.
//!
//! Knows: what to send and what an answer means. Deliberately does not know: how the simulated world behaves.
//! An answer counts only if it is signed and speaks of the very call that was made: service, numbers, amounts.

mod answer;
mod wire;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::hmac;
use tillgate_core::Entry;
use zeroize::Zeroizing;

use crate::{Billing, Card, CardAcquirer, CardAnswer, CardCall, CardOperation, Online};
use wire::{Fields, free_text};

/// The simulated acquirer, which shares a key with the simulated world.
pub struct SimulatedAcquirer {
    name: String,
    key: hmac::Key,
}

impl SimulatedAcquirer {
    pub fn new(name: &str, key: &str) -> Self {
        Self { name: name.to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()) }
    }
}

impl fmt::Debug for SimulatedAcquirer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedAcquirer").field("name", &self.name).finish_non_exhaustive()
    }
}

impl CardAcquirer for SimulatedAcquirer {
    fn name(&self) -> &str {
        &self.name
    }

    fn encode(&self, call: &CardCall) -> Zeroizing<Vec<u8>> {
        let mut fields: Vec<(&'static str, Cow<'_, str>)> = Vec::with_capacity(32);
        fields.push(("service", call.name().into()));
        fields.push(("trade_no", free_text(call.trade_no())));
        fields.push(("original", free_text(call.original().unwrap_or_default())));
        fields.push(("capture", is_capture(call).unwrap_or_default().into()));
        fields.extend(call.operation().into_iter().flat_map(operation_fields));
        match call {
            CardCall::Authorize { card, online, .. } => {
                fields.extend(card_fields(card));
                fields.extend(online.iter().flat_map(online_fields));
                let billing = online.as_ref().and_then(|online| online.billing.as_ref());
                fields.extend(billing.into_iter().flat_map(billing_fields));
            }
            CardCall::AdjustTip { tip, .. } => {
                fields.push(("tip", tip.minor.to_string().into()));
                fields.push(("currency", tip.currency.code().into()));
            }
            CardCall::Settle { batch, .. } => fields.push(("batch", free_text(batch))),
            CardCall::Increment { .. }
            | CardCall::Capture { .. }
            | CardCall::Void { .. }
            | CardCall::Refund { .. }
            | CardCall::Query { .. }
            | CardCall::Close { .. } => {}
        }
        wire::seal(fields, &self.key)
    }

    fn decode(&self, call: &CardCall, answer: &[u8]) -> CardAnswer {
        Fields::read(answer, &self.key)
            .filter(|fields| answer::is_about(fields, call))
            .and_then(|fields| answer::read(&fields, call))
            .unwrap_or(CardAnswer::UNKNOWN)
    }
}

/// Whether an authorization is a sale, in the acquirer's words.
fn is_capture(call: &CardCall) -> Option<&'static str> {
    match call {
        CardCall::Authorize { is_capture, .. } => Some(if *is_capture { "yes" } else { "no" }),
        _ => None,
    }
}

/// Whether an authorization is online, in the acquirer's words; `None` for everything else.
fn online(call: &CardCall) -> Option<&'static str> {
    match call {
        CardCall::Authorize { online, .. } => Some(if online.is_some() { "yes" } else { "" }),
        _ => None,
    }
}

/// Nothing is not said.
fn minor_text(minor: i64) -> String {
    if minor == 0 { String::new() } else { minor.to_string() }
}

fn operation_fields(operation: &CardOperation) -> [(&'static str, Cow<'_, str>); 5] {
    [
        ("terminal", free_text(&operation.terminal)),
        ("amount", operation.amount.minor.to_string().into()),
        ("currency", operation.amount.currency.code().into()),
        ("tip", minor_text(operation.tip_minor).into()),
        ("cashback", minor_text(operation.cashback_minor).into()),
    ]
}

fn card_fields(card: &Card) -> [(&'static str, Cow<'_, str>); 4] {
    let entry = match card.entry {
        Entry::Swipe => "swipe",
        Entry::Chip => "chip",
        Entry::Contactless => "contactless",
        Entry::Manual => "manual",
    };
    [
        ("pan", free_text(&card.pan)),
        ("expiry", free_text(&card.expiry)),
        ("cvv", free_text(card.cvv.as_deref().map_or("", String::as_str))),
        ("entry", entry.into()),
    ]
}

/// An address may hold the separator of the signed text, so it travels in hex.
fn online_fields(online: &Online) -> [(&'static str, Cow<'_, str>); 4] {
    [
        ("online", "yes".into()),
        ("seller", free_text(&online.seller)),
        ("return_url", hex::encode(&online.return_url).into()),
        ("payer_ip", free_text(&online.payer_ip)),
    ]
}

fn billing_fields(billing: &Billing) -> [(&'static str, Cow<'_, str>); 8] {
    [
        ("bill_name", free_text(&billing.name)),
        ("bill_country", free_text(&billing.country)),
        ("bill_province", free_text(&billing.province)),
        ("bill_city", free_text(&billing.city)),
        ("bill_line_one", free_text(&billing.address1)),
        ("bill_line_two", free_text(&billing.address2)),
        ("bill_zip", free_text(&billing.zip)),
        ("bill_phone", free_text(&billing.phone)),
    ]
}
