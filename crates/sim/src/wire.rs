//! The wallets' messages: flat JSON objects of texts, signed with MD5 as Alipay's old interface does.
//!
//! Knows: how a message is read, written and signed. Deliberately does not know: the gateway's own code for
//! the same thing; the two are held together by tests.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use md5::{Digest, Md5};
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A JSON object in its written order.
#[derive(Debug)]
pub struct Pairs<V>(pub Vec<(String, V)>);

impl<'de, V: DeserializeOwned> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<V>(PhantomData<V>);
        impl<'de, V: DeserializeOwned> Visitor<'de> for Object<V> {
            type Value = Pairs<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}

/// A request whose signature held.
#[derive(Debug)]
pub struct Message(Vec<(String, String)>);

impl Message {
    /// `None` if it cannot be read in exactly one way, or is not signed with `key`.
    pub fn read(body: &[u8], key: &str) -> Option<Self> {
        let Pairs(mut pairs) = serde_json::from_slice::<Pairs<String>>(body).ok()?;
        pairs.sort();
        let twice = pairs.windows(2).any(|two| two[0].0 == two[1].0);
        let hidden = pairs.iter().any(|(name, value)| name.contains(['&', '=']) || value.contains('&'));
        let signature = signature(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())), key);
        let message = Self(pairs);
        let signed = message.get("sign_type") == "MD5" && message.get("sign") == signature;
        (signed && !twice && !hidden).then_some(message)
    }

    /// The value, empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// Lower-case hex MD5 over the non-empty `k=v` joined by `&`, then the key. `pairs` come sorted by name.
pub fn signature<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, key: &str) -> String {
    let mut text = String::with_capacity(512);
    for (name, value) in pairs {
        if value.is_empty() || name == "sign" || name == "sign_type" {
            continue;
        }
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text.push_str(key);
    hex::encode(Md5::digest(text))
}

/// The body of a message of ours, signed with `key`. Empty fields are left out.
pub fn seal(mut fields: Vec<(&str, Cow<'_, str>)>, key: &str) -> Vec<u8> {
    fields.retain(|(_, value)| !value.is_empty());
    fields.sort_unstable();
    let signature = signature(fields.iter().map(|(name, value)| (*name, &**value)), key);
    fields.push(("sign", signature.into()));
    fields.push(("sign_type", "MD5".into()));
    let mut body = Vec::with_capacity(512);
    for (position, (name, value)) in fields.iter().enumerate() {
        body.extend_from_slice(if position == 0 { b"{\"" } else { b",\"" });
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(b"\":");
        body.extend(serde_json::to_vec(value).unwrap_or_default());
    }
    body.push(b'}');
    body
}
