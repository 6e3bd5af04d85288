//! For whoever integrates: every step from the fields to `data` and `md5`, and which step of a message went wrong.
//!
//! Shows keys of single messages, never the sign key. Says more than the gateway ever does: for use with one's own key.

use std::borrow::Cow;

use super::sign::{self, BLOCK, Reading};
use super::{Reject, SignKey, codes};
use crate::wire::json::{Field, JsonError, Value, read_object};
use crate::wire::query::encode;

/// Every step of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worked {
    /// The names in the order their values enter `text`.
    pub names: Vec<String>,
    /// `S`: the values, one after the other.
    pub text: String,
    /// Upper-case hexadecimal MD5 of `text`.
    pub md5: String,
    /// Characters 8 to 24 of the upper-case hexadecimal MD5 of `md5` + sign key.
    pub aes_key: String,
    /// The object's JSON text.
    pub plaintext: String,
    /// Encrypted, base64.
    pub data: String,
}

/// A data object: a flat JSON object, or `name=value` lines.
pub fn parse_object(text: &str) -> Result<Vec<(String, String)>, Reject> {
    let text = text.trim();
    if !text.starts_with('{') {
        let pair =
            |line: &str| line.split_once('=').map(|(n, v)| (n.trim().to_owned(), v.trim_end().to_owned()));
        return Ok(text.lines().filter_map(pair).collect());
    }
    let read = read_object(text.as_bytes()).map_err(|error| match error {
        JsonError::Duplicate(name) => Reject::data(format_args!("{name} is sent twice")),
        JsonError::NotUtf8 | JsonError::NotAnObject | JsonError::TooManyFields => Reject::data(error),
    })?;
    let text = |field: &Field<'_>| sign::value_text(&field.value, Reading::Literal).into_owned();
    Ok(read.iter().map(|field| (field.name.clone().into_owned(), text(field))).collect())
}

/// Works a message out. `None` only if the cipher itself fails.
pub fn sign(fields: &[(&str, &str)], key: &SignKey) -> Option<Worked> {
    let pairs: Vec<(&str, Cow<'_, str>)> =
        fields.iter().map(|(name, value)| (*name, Cow::Borrowed(*value))).collect();
    let sealed = sign::seal(fields, key)?;
    Some(Worked {
        names: sorted_names(fields.iter().map(|(name, _)| *name)),
        text: sign::concatenated(pairs),
        aes_key: key_text(&sealed.md5, key),
        plaintext: sign::plaintext(fields),
        md5: sealed.md5,
        data: sealed.data,
    })
}

fn sorted_names<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    names
}

fn key_text(md5: &str, key: &SignKey) -> String {
    String::from_utf8_lossy(&*sign::aes_key(md5, key)).into_owned()
}

/// Where reading a message stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The outer JSON, or `data` or `md5` in it.
    Envelope,
    Base64,
    /// Not a whole number of blocks.
    Length,
    /// Another key, nearly always.
    Padding,
    /// The decrypted bytes are not UTF-8.
    Text,
    /// They are no JSON object, or one with a name twice.
    Object,
    /// The values are not those that were digested.
    Digest,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It opens, and how numbers were digested.
    Opens(Box<Worked>, Reading),
    Fails {
        step: Step,
        why: String,
        /// The known mistake that was made, if one explains it.
        mistake: Option<&'static str>,
        /// The decrypted text, once it is text.
        plaintext: Option<String>,
    },
}

fn fails(step: Step, why: impl Into<String>) -> Verdict {
    Verdict::Fails { step, why: why.into(), mistake: None, plaintext: None }
}

/// Reads a request, an answer or a callback step by step.
pub fn verify(body: &str, key: &SignKey) -> Verdict {
    let read = match read_object(body.trim().as_bytes()) {
        Ok(read) => read,
        Err(JsonError::Duplicate(name)) => return fails(Step::Envelope, format!("{name} is sent twice")),
        Err(error) => return fails(Step::Envelope, error.to_string()),
    };
    let text = |name: &str| match read.iter().find(|field| field.name == name).map(|field| &field.value) {
        Some(Value::Text(text)) if !text.is_empty() => Some(&**text),
        _ => None,
    };
    match (text("data"), text("md5")) {
        (Some(data), Some(md5)) => verify_sealed(data, md5, key),
        (None, _) if text("rsp_code").is_some_and(|code| code != codes::SUCCESS) => {
            fails(Step::Envelope, "data is missing: an error to a sender the gateway did not recognise")
        }
        (None, _) => fails(Step::Envelope, "data is missing"),
        (_, None) => fails(Step::Envelope, "md5 is missing"),
    }
}

/// The same of the two fields alone.
pub fn verify_sealed(data: &str, md5: &str, key: &SignKey) -> Verdict {
    let Some(encrypted) = sign::decode_base64(data) else {
        let mended = sign::decode_base64(&data.replace(' ', "+")).is_some();
        return Verdict::Fails {
            step: Step::Base64,
            why: "data is not base64 of the usual alphabet with padding".to_owned(),
            mistake: mended.then_some("each + of data has become a space: it was URL-decoded without need"),
            plaintext: None,
        };
    };
    if encrypted.is_empty() || !encrypted.len().is_multiple_of(BLOCK) {
        let why = format!("data has {} bytes, not a whole number of {BLOCK}-byte blocks", encrypted.len());
        return fails(Step::Length, why);
    }
    match decrypted(&encrypted, &sign::aes_key(md5, key)) {
        Ok(text) => verify_text(text, data, md5, key),
        Err(step) => {
            let why = match step {
                Step::Padding => {
                    "the padding is wrong: decrypted with another key, or data is damaged at its end"
                }
                _ => "the decrypted bytes are not UTF-8: another key, another charset, or data is damaged",
            };
            let mistake = key_mistake(&encrypted, md5, key);
            Verdict::Fails { step, why: why.to_owned(), mistake, plaintext: None }
        }
    }
}

fn decrypted(encrypted: &[u8], aes_key: &[u8; BLOCK]) -> Result<String, Step> {
    let mut buffer = encrypted.to_vec();
    sign::decrypt(&mut buffer, aes_key).ok_or(Step::Padding)?;
    let (length, is_padded) = sign::unpadded(&buffer);
    if !is_padded {
        return Err(Step::Padding);
    }
    buffer.truncate(length);
    String::from_utf8(buffer).map_err(|_| Step::Text)
}

fn verify_text(plaintext: String, data: &str, md5: &str, key: &SignKey) -> Verdict {
    let read = match read_object(plaintext.as_bytes()) {
        Ok(read) => read,
        Err(error) => {
            let why = match error {
                JsonError::Duplicate(name) => format!("{name} is in the data object twice"),
                error => format!("the decrypted text: {error}"),
            };
            return Verdict::Fails { step: Step::Object, why, mistake: None, plaintext: Some(plaintext) };
        }
    };
    for reading in [Reading::Literal, Reading::Double] {
        let text = sign::text_of(&read, reading);
        if sign::md5_hex(text.as_bytes()).eq_ignore_ascii_case(md5) {
            let names = sorted_names(read.iter().map(|field| &*field.name));
            let (md5, aes_key) = (md5.to_owned(), key_text(md5, key));
            let data = data.to_owned();
            let worked = Worked { names, text, md5, aes_key, plaintext: plaintext.clone(), data };
            return Verdict::Opens(Box::new(worked), reading);
        }
    }
    let expected = sign::md5_hex(sign::text_of(&read, Reading::Literal).as_bytes());
    let why = format!("md5 is {md5}, but the values give {expected}");
    let mistake = digest_mistake(&read, &plaintext, md5, key);
    Verdict::Fails { step: Step::Digest, why, mistake, plaintext: Some(plaintext) }
}

/// Which wrong key opens it, after the mistakes people make.
fn key_mistake(encrypted: &[u8], md5: &str, key: &SignKey) -> Option<&'static str> {
    let secret = key.reveal();
    let digest = sign::md5_hex([md5, secret].concat().as_bytes());
    let (first, last) = (digest[..16].to_owned(), digest[16..].to_owned());
    let middle = |text: &str| text.get(8..24).unwrap_or_default().to_owned();
    let of = |parts: [&str; 2]| middle(&sign::md5_hex(parts.concat().as_bytes()));
    let tries = [
        ("the sign key has blanks or a line break around it", of([md5, secret.trim()])),
        ("the sign key is in the wrong case: it is upper-case", of([md5, &secret.to_uppercase()])),
        (
            "the key is derived from the md5 in upper case, but md5 is sent otherwise",
            of([&md5.to_uppercase(), secret]),
        ),
        (
            "the key is derived from the md5 in lower case, but md5 is sent otherwise",
            of([&md5.to_lowercase(), secret]),
        ),
        ("the sign key stands before the md5, not after it", of([secret, md5])),
        ("the AES key is lower-case hexadecimal, not upper-case", middle(&digest).to_lowercase()),
        ("the AES key is the first 16 characters of the digest, not the middle ones", first),
        ("the AES key is the last 16 characters of the digest, not the middle ones", last),
        ("the AES key is cut out of md5 itself, without the sign key", middle(md5)),
        ("the AES key is the sign key's digest, without md5", middle(&sign::md5_hex(secret.as_bytes()))),
        ("the AES key is the sign key itself", secret.to_owned()),
    ];
    let opens = |aes_key: &str| {
        let key: Option<&[u8; BLOCK]> = aes_key.as_bytes().first_chunk().filter(|_| aes_key.len() == BLOCK);
        key.is_some_and(|key| decrypted(encrypted, key).is_ok_and(|text| text.starts_with('{')))
    };
    tries.into_iter().find(|(_, aes_key)| opens(aes_key)).map(|(what, _)| what)
}

/// What was digested instead, after the mistakes people make.
fn digest_mistake(read: &[Field<'_>], plaintext: &str, md5: &str, key: &SignKey) -> Option<&'static str> {
    let text = |field: &Field<'_>| sign::value_text(&field.value, Reading::Literal).into_owned();
    let sent: Vec<(&str, String)> = read.iter().map(|field| (&*field.name, text(field))).collect();
    let (mut by_name, mut no_case, mut by_value) = (sent.clone(), sent.clone(), sent.clone());
    by_name.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
    no_case.sort_by_key(|pair| pair.0.to_lowercase());
    by_value.sort_by(|a, b| a.1.cmp(&b.1));
    let values = |pairs: &[(&str, String)]| pairs.iter().map(|pair| pair.1.as_str()).collect::<String>();
    let parts = |part: fn(&str, &str) -> String, joint: &str| {
        by_name.iter().map(|(name, value)| part(name, value)).collect::<Vec<_>>().join(joint)
    };
    let (plain, secret) = (values(&by_name), key.reveal());
    let tries = [
        ("the values are taken in the order they are sent, not by their names", values(&sent)),
        ("the names are ordered without regard to case; upper case comes first", values(&no_case)),
        ("the values are ordered by themselves, not by their names", values(&by_value)),
        ("the names are digested too", parts(|name, value| [name, value].concat(), "")),
        ("name=value pairs joined with & are digested", parts(|name, value| format!("{name}={value}"), "&")),
        ("the values are URL-encoded before digesting", parts(|_, value| encode(value), "")),
        (
            "empty values are digested as null",
            parts(|_, value| if value.is_empty() { "null".to_owned() } else { value.to_owned() }, ""),
        ),
        ("the JSON text is digested, not the values", plaintext.to_owned()),
        ("the sign key is appended to the digested text", [&plain, secret].concat()),
        ("the sign key stands before the digested text", [secret, &plain].concat()),
    ];
    let fits = |text: &str| sign::md5_hex(text.as_bytes()).eq_ignore_ascii_case(md5);
    tries.into_iter().find(|(_, text)| fits(text)).map(|(what, _)| what)
}
