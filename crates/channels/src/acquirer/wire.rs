//! The simulated acquirer's messages: flat JSON objects of texts, signed with HMAC-SHA256.
//!
//! Knows: how a message is read, written and signed. Deliberately does not know: what any field means.
//! No value may hold `&`, the separator of the signed text, so one signature belongs to one reading.

use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::hmac;
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// Longest message read, in bytes.
const BODY_MAX: usize = 16_384;
/// A byte of text is no more bytes of JSON.
const ESCAPED_MAX: usize = 6;
/// `"":"",` of a field.
const QUOTES: usize = 6;
const FIELDS_MAX: usize = 64;

/// A message whose signature held.
#[derive(Debug)]
pub struct Fields<'a>(Vec<(Text<'a>, Text<'a>)>);

#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Fields<'a> {
    /// `None` if it is no flat object of texts, holds a key twice or a `&`, or is not signed with `key`.
    pub fn read(body: &'a [u8], key: &hmac::Key) -> Option<Self> {
        let mut fields: Self =
            (body.len() <= BODY_MAX).then(|| serde_json::from_slice(body).ok()).flatten()?;
        fields.0.sort_by(|(a, _), (b, _)| a.0.cmp(&b.0));
        let twice = fields.0.windows(2).any(|pair| pair[0].0.0 == pair[1].0.0);
        let plain = fields.0.iter().all(|(name, value)| is_name(&name.0) && !value.0.contains('&'));
        if twice || !plain {
            return None;
        }
        let pairs = fields.0.iter().map(|(name, value)| (&*name.0, &*value.0));
        let text = signed_text(pairs).collect::<Vec<_>>().concat();
        let sign = hex::decode(fields.get("sign")).ok()?;
        hmac::verify(key, text.as_bytes(), &sign).ok().map(|()| fields)
    }

    /// The value, empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key.0 == name).map_or("", |(_, value)| &value.0)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The pieces of `k=v&k=v` over all but empty values and the signature. `pairs` come sorted by name.
fn signed_text<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> impl Iterator<Item = &'a str> {
    pairs
        .filter(|(name, value)| !value.is_empty() && *name != "sign")
        .enumerate()
        .flat_map(|(position, (name, value))| [if position > 0 { "&" } else { "" }, name, "=", value])
}

/// The signed message, without its empty fields. It has room for all of it from the start, however much of it is
/// escaped, so that writing it leaves no copies of a card number behind.
pub fn seal(mut fields: Vec<(&str, Cow<'_, str>)>, key: &hmac::Key) -> Zeroizing<Vec<u8>> {
    fields.retain(|(_, value)| !value.is_empty());
    fields.sort_by_key(|(name, _)| *name);
    let mut context = hmac::Context::with_key(key);
    signed_text(fields.iter().map(|(name, value)| (*name, &**value)))
        .for_each(|piece| context.update(piece.as_bytes()));
    fields.push(("sign", hex::encode(context.sign()).into()));
    let room =
        fields.iter().map(|(name, value)| name.len() + ESCAPED_MAX * value.len() + QUOTES).sum::<usize>();
    let mut body = Zeroizing::new(Vec::with_capacity(room + QUOTES));
    match serde_json::to_writer(&mut *body, &Message(&fields)) {
        Ok(()) => body,
        Err(_) => Zeroizing::default(),
    }
}

/// Text from outside as it may stand in a message: the separator becomes its full-width twin.
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
            if pairs.len() == FIELDS_MAX {
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

    fn key(text: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())
    }

    #[test]
    fn a_message_reads_back_with_its_key_only() {
        let body = seal(
            vec![("status", "approved".into()), ("amount", "100".into()), ("batch", "".into())],
            &key("k"),
        );
        let text = String::from_utf8(body.to_vec()).unwrap();
        let expected = hex::encode(hmac::sign(&key("k"), b"amount=100&status=approved"));
        assert_eq!(text, format!(r#"{{"amount":"100","status":"approved","sign":"{expected}"}}"#));
        assert_eq!(Fields::read(&body, &key("k")).unwrap().get("status"), "approved");
        assert!(Fields::read(&body, &key("other")).is_none());
        for (from, to) in [("100", "900"), ("\"approved\"", "1"), ("approved", "declined")] {
            assert!(Fields::read(text.replace(from, to).as_bytes(), &key("k")).is_none(), "{to}");
        }
    }

    #[test]
    fn a_message_never_moves_while_it_is_written() {
        let value = "\u{1}\"".repeat(2_000);
        let fields: Vec<(&str, Cow<'_, str>)> = vec![("a", value.as_str().into()), ("b", "c".into())];
        let room = ESCAPED_MAX * (value.len() + 1 + 64) + 4 * QUOTES + 6;
        let body = seal(fields, &key("k"));
        assert!(body.len() > value.len() && body.len() <= body.capacity() && body.capacity() <= room);
    }

    #[test]
    fn two_readings_are_refused() {
        let sign = hex::encode(hmac::sign(&key("k"), b"a=1&a=1"));
        let twice = format!(r#"{{"a":"1","a":"1","sign":"{sign}"}}"#);
        assert!(Fields::read(twice.as_bytes(), &key("k")).is_none());
        let sign = hex::encode(hmac::sign(&key("k"), b"a=1"));
        let signed_twice = format!(r#"{{"a":"1","sign":"{sign}","sign":"{sign}"}}"#);
        assert!(Fields::read(signed_twice.as_bytes(), &key("k")).is_none());
        assert!(Fields::read(&seal(vec![("a", "1&b=2".into())], &key("k")), &key("k")).is_none());
        assert!(Fields::read(&[b' '; BODY_MAX + 1], &key("k")).is_none());
        assert_eq!(free_text("fish & chips"), "fish ＆ chips");
    }
}
