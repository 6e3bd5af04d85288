//! The acquirer's messages: flat JSON objects of texts, signed with HMAC-SHA256.
//!
//! Knows: how a message is read, written and signed. Deliberately does not know: the gateway's own code for
//! the same thing; the two are held together by tests.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::wire::Pairs;

const BODY_MAX: usize = 16_384;

pub type Fields<'a> = Vec<(&'static str, Cow<'a, str>)>;

/// A request whose signature held. It may hold a card number, so it is wiped and does not print itself.
pub struct Message(BTreeMap<String, Zeroizing<String>>);

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("service", &self.get("service")).finish_non_exhaustive()
    }
}

impl Message {
    /// `None` if it cannot be read in exactly one way, or is not signed with `key`.
    pub fn read(body: &[u8], key: &hmac::Key) -> Option<Self> {
        let pairs =
            (body.len() <= BODY_MAX).then(|| serde_json::from_slice::<Pairs<String>>(body).ok()).flatten()?;
        let count = pairs.0.len();
        let pairs: BTreeMap<_, _> =
            pairs.0.into_iter().map(|(name, value)| (name, Zeroizing::new(value))).collect();
        let hidden =
            |(name, value): (&String, &Zeroizing<String>)| name.contains(['&', '=']) || value.contains('&');
        if pairs.len() != count || pairs.iter().any(hidden) {
            return None;
        }
        let message = Self(pairs);
        let sign = hex::decode(message.get("sign")).ok()?;
        let pairs = message.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let text = Zeroizing::new(signed_text(pairs, body.len()));
        hmac::verify(key, text.as_bytes(), &sign).ok().map(|()| message)
    }

    /// The value, empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.as_str())
    }

    /// Whole minor units, nothing if it is not said; `None` for anything but digits.
    pub fn minor(&self, name: &str) -> Option<i64> {
        let text = self.get(name);
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if text.is_empty() { Some(0) } else { text.parse().ok().filter(|_| is_digits) }
    }
}

/// `k=v&k=v` over all but empty values and the signature. `pairs` come sorted by name. With enough room it never
/// moves, so that it leaves no copies behind.
fn signed_text<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, room: usize) -> String {
    let mut text = String::with_capacity(room);
    for (name, value) in pairs.filter(|(name, value)| !value.is_empty() && *name != "sign") {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}

/// The body of a message of ours, signed with `key`. Empty fields are left out.
pub fn seal(mut fields: Fields<'_>, key: &hmac::Key) -> Vec<u8> {
    fields.retain(|(_, value)| !value.is_empty());
    fields.sort_unstable();
    let text = signed_text(fields.iter().map(|(name, value)| (*name, &**value)), 2_048);
    fields.push(("sign", hex::encode(hmac::sign(key, text.as_bytes())).into()));
    let object: BTreeMap<_, _> = fields.into_iter().collect();
    serde_json::to_vec(&object).unwrap_or_default()
}
