//! How a message is digested and encrypted, and how it is read without telling a stranger why it was not.
//!
//! `S` is the values of the data object in the order of their keys' UTF-16 code units, nothing between them. `md5` is
//! the upper-case hexadecimal MD5 of `S`, sent in clear. The AES key is characters 8 to 24 of the upper-case
//! hexadecimal MD5 of `md5` + sign key, as ASCII. `data` is the base64 of AES-128-ECB with PKCS7 padding of the
//! object's JSON text.
//!
//! # What it protects, and what not
//! Whoever does not know the sign key cannot read a message or write one of his own. Not covered: the names of the
//! fields and the borders between values (only their concatenation is digested), so whole blocks of one message could be
//! exchanged where `S` stays the same; the envelope (`action`, `merchant_id`, `operator_id`, `terminal_no`); and time: a message
//! can be sent again. Equal blocks show as equal. So an order's number is unique, a refund repeats itself
//! harmlessly, a passive payment without a number gets one made of its digest, and live traffic needs TLS.
//!
//! # What a failure tells
//! Nothing in its bytes: unknown merchant, disabled merchant, no key, wrong key, bad base64, length, padding, UTF-8,
//! JSON, duplicate names and digest give one answer. In time, these are alike on all those ways: at least two keys
//! are tried (a stand-in where a merchant has fewer), and for each the key is derived, the whole text decrypted, the
//! padding looked at in full, a JSON text of the same length read to its end, and two MD5 of about that length
//! computed and compared in constant time. Not alike: a merchant with more than two valid keys takes longer; the JSON
//! reader stops where a text breaks, before it reads a stand-in; whether the server finds a merchant in its memory or
//! in its database; and of course success, which stops at the key that opens.

use std::borrow::Cow;

use aws_lc_rs::cipher::{AES_128, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey};
use aws_lc_rs::constant_time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::SignKey;
use super::double::double_text;
use crate::wire::json::{Field, Value, read_object};

/// Bytes of an AES block.
pub(super) const BLOCK: usize = 16;
/// So many keys are tried at least.
const TRIED_KEYS: usize = 2;

/// How numbers enter `S`; all of one message alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As they are written.
    Literal,
    /// As Java prints them: `100` as `100.0`.
    Double,
}

/// A value's part of `S`: null is empty, what is nested stands as it was written.
pub fn value_text<'v>(value: &'v Value<'_>, reading: Reading) -> Cow<'v, str> {
    match (value, reading) {
        (Value::Number(literal), Reading::Double) => {
            double_text(literal).map_or(Cow::Borrowed(*literal), Cow::Owned)
        }
        (Value::Number(raw) | Value::Nested(raw), _) => Cow::Borrowed(*raw),
        (Value::Text(text), _) => Cow::Borrowed(&**text),
        (Value::Bool(word), _) => Cow::Borrowed(if *word { "true" } else { "false" }),
        (Value::Null, _) => Cow::Borrowed(""),
    }
}

/// `S` of an object.
pub fn text_of(fields: &[Field<'_>], reading: Reading) -> String {
    let pairs = fields.iter().map(|field| (&*field.name, value_text(&field.value, reading)));
    concatenated(pairs.collect())
}

/// `S` of names and values in any order.
pub fn concatenated(mut pairs: Vec<(&str, Cow<'_, str>)>) -> String {
    // Rust orders by UTF-8, which puts astral characters after U+E000..U+FFFF; clients put them before.
    pairs.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    pairs.iter().map(|(_, value)| &**value).collect()
}

/// Upper-case hexadecimal.
pub fn md5_hex(bytes: &[u8]) -> String {
    hex::encode_upper(Md5::digest(bytes))
}

/// The key of one message; `md5` as it was received.
pub fn aes_key(md5: &str, key: &SignKey) -> Zeroizing<[u8; BLOCK]> {
    let mut hasher = Md5::new();
    hasher.update(md5.as_bytes());
    hasher.update(key.reveal().as_bytes());
    let digits = Zeroizing::new(hex::encode_upper(hasher.finalize()));
    let mut derived = Zeroizing::new([0; BLOCK]);
    derived.copy_from_slice(&digits.as_bytes()[8..8 + BLOCK]);
    derived
}

/// The object's JSON text: every value a string, which all clients digest alike.
pub fn plaintext(fields: &[(&str, &str)]) -> String {
    let size = fields.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
    let mut json = Vec::with_capacity(size);
    for (at, (name, value)) in fields.iter().enumerate() {
        json.push(if at == 0 { b'{' } else { b',' });
        quote(&mut json, name);
        json.push(b':');
        quote(&mut json, value);
    }
    if fields.is_empty() {
        json.push(b'{');
    }
    json.push(b'}');
    String::from_utf8(json).unwrap_or_default()
}

/// Cannot fail: the text is UTF-8 and the memory is ours.
fn quote(json: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(json, text);
}

/// The two fields that carry a data object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sealed {
    pub data: String,
    pub md5: String,
}

/// `None` only if the cipher itself fails.
pub fn seal(fields: &[(&str, &str)], key: &SignKey) -> Option<Sealed> {
    let pairs = fields.iter().map(|(name, value)| (*name, Cow::Borrowed(*value)));
    let md5 = md5_hex(concatenated(pairs.collect()).as_bytes());
    let data = encrypt(plaintext(fields).as_bytes(), &aes_key(&md5, key))?;
    Some(Sealed { data, md5 })
}

/// Padded, encrypted, base64 on one line.
pub fn encrypt(plaintext: &[u8], aes_key: &[u8; BLOCK]) -> Option<String> {
    let padding = BLOCK - plaintext.len() % BLOCK;
    let mut buffer = plaintext.to_vec();
    buffer.resize(plaintext.len() + padding, padding as u8);
    let cipher = EncryptingKey::ecb(UnboundCipherKey::new(&AES_128, aes_key).ok()?).ok()?;
    cipher.encrypt(&mut buffer).ok()?;
    Some(STANDARD.encode(buffer))
}

/// Base64 with or without line breaks and blanks.
pub(super) fn decode_base64(data: &str) -> Option<Vec<u8>> {
    let plain: Cow<'_, str> = match data.contains(char::is_whitespace) {
        true => Cow::Owned(data.split_whitespace().collect()),
        false => Cow::Borrowed(data),
    };
    STANDARD.decode(plain.as_bytes()).ok()
}

/// Whole blocks, in place and with their padding.
pub(super) fn decrypt(buffer: &mut [u8], aes_key: &[u8; BLOCK]) -> Option<()> {
    let cipher = DecryptingKey::ecb(UnboundCipherKey::new(&AES_128, aes_key).ok()?).ok()?;
    cipher.decrypt(buffer, DecryptionContext::None).ok().map(drop)
}

/// The text's length without its padding, and whether that was right. Always looks at a whole block.
pub(super) fn unpadded(buffer: &[u8]) -> (usize, bool) {
    let Some((&count, tail)) = buffer.last().zip(buffer.last_chunk::<BLOCK>()) else { return (0, false) };
    let mut wrong = u8::from(count == 0) | u8::from(usize::from(count) > BLOCK);
    for (byte, at) in tail.iter().rev().zip(0_u8..) {
        let inside = u8::from(at < count).wrapping_neg();
        wrong |= inside & (byte ^ count);
    }
    let taken = usize::from(count) * usize::from(wrong == 0);
    (buffer.len() - taken, wrong == 0)
}

/// A data object that was understood. Its text is JSON without duplicates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsealed {
    pub text: String,
    /// Which of the keys it was.
    pub key_index: usize,
    pub reading: Reading,
}

/// Tries all keys until one opens it; what opens says so anyway. `None` whatever is wrong, after the same work.
pub fn unseal(data: &str, md5: &str, keys: &[&SignKey]) -> Option<Unsealed> {
    let decoded = decode_base64(data);
    let whole = |bytes: &Vec<u8>| !bytes.is_empty() && bytes.len().is_multiple_of(BLOCK);
    let stand_in = || vec![0; (data.len() * 3 / 4).next_multiple_of(BLOCK).max(BLOCK)];
    let (encrypted, is_whole) = match decoded {
        Some(bytes) if whole(&bytes) => (bytes, true),
        Some(_) | None => (stand_in(), false),
    };
    let nobody = SignKey::new("0".repeat(32));
    for key_index in 0..keys.len().max(TRIED_KEYS) {
        let key = keys.get(key_index).copied();
        let opened = try_key(encrypted.clone(), md5, key.unwrap_or(&nobody));
        if let Some((text, reading)) = opened.filter(|_| is_whole && key.is_some()) {
            return Some(Unsealed { text, key_index, reading });
        }
    }
    None
}

fn try_key(mut buffer: Vec<u8>, md5: &str, key: &SignKey) -> Option<(String, Reading)> {
    let is_decrypted = decrypt(&mut buffer, &aes_key(md5, key)).is_some();
    let (length, is_padded) = unpadded(&buffer);
    buffer.truncate(length);
    let object = read_object(&buffer);
    let is_object = object.is_ok();
    let fields = object.unwrap_or_else(|_| {
        let _ = read_object(format!("{{\"a\":\"{}\"}}", "x".repeat(length.saturating_sub(8))).as_bytes());
        Vec::new()
    });
    let given = md5.to_ascii_uppercase();
    let is_digest = |reading: Reading| {
        let text = text_of(&fields, reading);
        // What is no object is digested as it stands, to take as long.
        let text = if is_object { text.as_bytes() } else { &*buffer };
        constant_time::verify_slices_are_equal(md5_hex(text).as_bytes(), given.as_bytes()).is_ok()
    };
    let is_read = is_decrypted & is_padded & is_object;
    // The second reading only if the first does not hold: whoever gets that far has the key.
    let reading =
        [Reading::Literal, Reading::Double].into_iter().find(|reading| is_digest(*reading) & is_read);
    drop(fields);
    let reading = reading?;
    String::from_utf8(buffer).ok().map(|text| (text, reading))
}
