//! The simulated wallets' messages: flat JSON objects of texts, signed the way Alipay's old interface signs.
//!
//! Knows: how a message is read, written and signed. Deliberately does not know: what any field means.
//! No value may hold `&`, the separator of the signed text, so one signature belongs to one reading.

use std::borrow::Cow;
use std::fmt;

use md5::{Digest, Md5};
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest message read, in bytes.
const BODY_MAX: usize = 16_384;

/// A message whose signature held.
#[derive(Debug)]
pub struct Fields<'a>(Vec<(Text<'a>, Text<'a>)>);

#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Fields<'a> {
    /// `None` if it is no flat object of texts, holds a key twice or a `&`, or is not signed with `key`.
    pub fn read(body: &'a [u8], key: &str) -> Option<Self> {
        let mut fields: Self =
            (body.len() <= BODY_MAX).then(|| serde_json::from_slice(body).ok()).flatten()?;
        fields.0.sort_by(|(a, _), (b, _)| a.0.cmp(&b.0));
        let twice = fields.0.windows(2).any(|pair| pair[0].0.0 == pair[1].0.0);
        let plain = fields.0.iter().all(|(name, value)| is_name(&name.0) && !value.0.contains('&'));
        if twice || !plain || fields.get("sign_type") != "MD5" {
            return None;
        }
        let pairs = fields.0.iter().map(|(name, value)| (&*name.0, &*value.0));
        same(&sign(pairs, key), fields.get("sign")).then_some(fields)
    }

    /// The value, empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key.0 == name).map_or("", |(_, value)| &value.0)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Compares without stopping at the first difference.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |seen, (x, y)| seen | (x ^ y)) == 0
}

/// Lower-case hex MD5 over the non-empty `k=v`, joined by `&`, then the key. `pairs` come sorted by name.
pub fn sign<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, key: &str) -> String {
    let mut digest = Md5::new();
    let signed = pairs.filter(|(name, value)| !value.is_empty() && !matches!(*name, "sign" | "sign_type"));
    for (position, (name, value)) in signed.enumerate() {
        if position > 0 {
            digest.update(b"&");
        }
        digest.update(name);
        digest.update(b"=");
        digest.update(value);
    }
    digest.update(key);
    hex::encode(digest.finalize())
}

/// The signed message, without its empty fields.
pub fn seal(mut fields: Vec<(&str, Cow<'_, str>)>, key: &str) -> Vec<u8> {
    fields.retain(|(_, value)| !value.is_empty());
    fields.sort_by_key(|(name, _)| *name);
    let signature = sign(fields.iter().map(|(name, value)| (*name, &**value)), key);
    fields.push(("sign", signature.into()));
    fields.push(("sign_type", "MD5".into()));
    serde_json::to_vec(&Message(&fields)).unwrap_or_default()
}

/// Free text as it may stand in a message: the separator becomes its full-width twin.
pub fn free_text(text: &str) -> Cow<'_, str> {
    if text.contains('&') { text.replace('&', "＆").into() } else { text.into() }
}

struct Message<'a>(&'a [(&'a str, Cow<'a, str>)]);

impl Serialize for Message<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FlatObject).map(Fields)
    }
}

struct FlatObject;

impl<'de> Visitor<'de> for FlatObject {
    type Value = Vec<(Text<'de>, Text<'de>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a flat object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::with_capacity(24);
        while let Some(pair) = map.next_entry()? {
            if pairs.len() == 64 {
                return Err(A::Error::custom("too many fields"));
            }
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back_with_its_key_only() {
        let body =
            seal(vec![("status", "paid".into()), ("amount", "1.00".into()), ("reason", "".into())], "k");
        let text = String::from_utf8(body.clone()).unwrap();
        // md5("amount=1.00&status=paidk")
        assert_eq!(
            text,
            r#"{"amount":"1.00","status":"paid","sign":"SIGN","sign_type":"MD5"}"#
                .replace("SIGN", &hex::encode(Md5::digest(b"amount=1.00&status=paidk")))
        );
        assert_eq!(Fields::read(&body, "k").unwrap().get("status"), "paid");
        assert!(Fields::read(&body, "other").is_none());
        assert!(Fields::read(text.replace("1.00", "9.00").as_bytes(), "k").is_none());
        assert!(Fields::read(text.replace("\"paid\"", "1").as_bytes(), "k").is_none());
    }

    #[test]
    fn two_readings_are_refused() {
        let twice = br#"{"a":"1","a":"1","sign":"x","sign_type":"MD5"}"#;
        assert!(Fields::read(twice, "k").is_none());
        let hidden = seal(vec![("a", "1&b=2".into())], "k");
        assert!(Fields::read(&hidden, "k").is_none());
        assert_eq!(free_text("fish & chips"), "fish ＆ chips");
    }
}
