//! For whoever integrates: the signed text of a message, which variant fits its signature, or what is most likely wrong.
//!
//! Works with the public key of whoever signed: the app's for requests, the gateway's for answers and callbacks.

use super::Reject;
use super::codes::Code;
use super::decode::read_fields;
use super::fields::{SIGN, SIGN_TYPE};
use super::keys::{PrivateKey, PublicKey};
use super::sign::{self, Nested, Variant, Verified};
use crate::wire::json::{Field, Value};
use crate::wire::query::encode;

/// The text of one message and its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worked {
    /// The names in the text, in its order.
    pub names: Vec<String>,
    pub text: String,
    pub sign: String,
}

/// Signs a message by the documents' rule: a JSON object or a form, whose `sign` is left out.
pub fn sign(body: &str, key: &PrivateKey) -> Result<Worked, Reject> {
    let read = read_fields(body.trim().as_bytes())?;
    let sorted = sign::sorted(&read, Nested::Source);
    let covered = sorted.iter().filter(|(_, value)| Variant::Documented.covers(value));
    let names = covered.map(|(name, _)| (*name).to_owned()).collect();
    let text = sign::joined(&sorted, Variant::Documented);
    Ok(Worked { names, sign: key.sign(&text), text })
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The signature is right, for [`Verified::text`] and by [`Verified::variant`]. It is accepted only if the text is
    /// unambiguous.
    Fits(Verified),
    Fails {
        why: String,
        /// The known mistake that was made, if one explains it.
        mistake: Option<&'static str>,
        /// What should have been signed; empty if the message could not be read.
        text: String,
    },
}

fn fails(why: impl Into<String>, text: String) -> Verdict {
    Verdict::Fails { why: why.into(), mistake: None, text }
}

/// Checks a request, an answer or a callback.
pub fn verify(body: &str, key: &PublicKey) -> Verdict {
    let read = match read_fields(body.trim().as_bytes()) {
        Ok(read) => read,
        Err(reject) => return fails(reject.msg(), String::new()),
    };
    let text = sign::joined(&sign::sorted(&read, Nested::Source), Variant::Documented);
    let sent = match read.iter().find(|field| field.name == SIGN).map(|field| &field.value) {
        Some(Value::Text(sent)) if !sent.is_empty() => &**sent,
        Some(Value::Text(_) | Value::Null) | None => {
            let is_basic = read.iter().any(|field| {
                field.name == SIGN_TYPE && matches!(&field.value, Value::Text(word) if word == "NONE")
            });
            let why = match is_basic {
                true => "sign is missing: sign_type NONE is for apps with Basic authentication",
                false => "sign is missing",
            };
            return fails(why, text);
        }
        Some(Value::Number(_) | Value::Bool(_) | Value::Nested(_)) => {
            return fails("sign must be text", text);
        }
    };
    let Some(signature) = sign::read_signature(sent) else {
        let mended = sign::read_signature(&sent.replace(' ', "+")).is_some();
        let mistake = match mended {
            true => Some("each + of sign has become a space: encode it as %2B in a form"),
            false => sent.contains('%').then_some("sign is URL-encoded twice, or needlessly"),
        };
        return Verdict::Fails { why: "sign is not base64".to_owned(), mistake, text };
    };
    if let Some(verified) = sign::verify(&read, &signature, std::slice::from_ref(key)) {
        return Verdict::Fits(verified);
    }
    let expected = key.signature_bytes();
    if signature.len() != expected {
        let why = format!("sign has {} bytes, this key signs with {expected}", signature.len());
        let is_hex = signature.len() * 4 == expected * 6 && sent.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mistake = is_hex.then_some("sign is hexadecimal, not base64");
        return Verdict::Fails { why, mistake, text };
    }
    let why = "sign does not fit the text, nor any known variant of it".to_owned();
    let mistake = mistake(&read, &text, &signature, key);
    Verdict::Fails { why, mistake, text }
}

/// The code a request with this verdict gets.
pub fn code(verdict: &Verdict) -> Code {
    match verdict {
        Verdict::Fits(verified) if verified.is_unambiguous => Code::Success,
        Verdict::Fits(_) => Code::Signature,
        Verdict::Fails { text, .. } if text.is_empty() => Code::Unreadable,
        Verdict::Fails { .. } => Code::Signature,
    }
}

/// What was signed instead, after the mistakes people make.
fn mistake(read: &[Field<'_>], text: &str, signature: &[u8], key: &PublicKey) -> Option<&'static str> {
    if key.verifies_sha1(text.as_bytes(), signature) {
        return Some("signed with SHA1withRSA; RSA2 is SHA256withRSA");
    }
    let mut found = texts(read, text).into_iter().filter(|(_, text)| !text.is_empty());
    let fits = |text: &str| key.verifies(text.as_bytes(), signature);
    found.find(|(_, text)| fits(text)).map(|(what, _)| what)
}

fn texts(read: &[Field<'_>], text: &str) -> Vec<(&'static str, String)> {
    let sorted = sign::sorted(read, Nested::Source);
    let pairs: Vec<(&str, String)> =
        sorted.iter().filter(|(_, v)| !v.is_empty()).map(|(n, v)| (*n, v.to_string())).collect();
    let join = |pairs: &[(&str, String)], between: &str| {
        pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(between)
    };
    let each = |change: &dyn Fn(&str) -> String| {
        join(&pairs.iter().map(|(name, value)| (*name, change(value))).collect::<Vec<_>>(), "&")
    };
    let without = |names: &[&str]| {
        join(&pairs.iter().filter(|(name, _)| !names.contains(name)).cloned().collect::<Vec<_>>(), "&")
    };
    let is_sent =
        |field: &&Field<'_>| field.name != SIGN && !sign::value_text(&field.value, Nested::Source).is_empty();
    let as_sent: Vec<(&str, String)> = read
        .iter()
        .filter(is_sent)
        .map(|field| (&*field.name, sign::value_text(&field.value, Nested::Source).into_owned()))
        .collect();
    let mut no_case = pairs.clone();
    no_case.sort_by_key(|(name, _)| name.to_lowercase());
    let short = |value: &str| match value.split_once('.') {
        Some((_, fraction)) if fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
            value.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => value.to_owned(),
    };
    let is_number = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let capital = |value: &str| match value {
        "true" => "True".to_owned(),
        "false" => "False".to_owned(),
        _ => value.to_owned(),
    };
    let php = pairs.iter().filter(|(_, value)| value != "false");
    let php: Vec<(&str, String)> = php
        .map(|(name, value)| (*name, if value == "true" { "1".to_owned() } else { value.clone() }))
        .collect();
    let values: String = pairs.iter().map(|(_, value)| value.as_str()).collect();
    let nulls: Vec<&str> =
        read.iter().filter(|field| field.value == Value::Null).map(|field| &*field.name).collect();
    let with_nulls: Vec<(&str, String)> = sorted
        .iter()
        .map(|(n, v)| (*n, if nulls.contains(n) { "null".to_owned() } else { v.to_string() }))
        .collect();
    vec![
        ("the fields are taken in the order they are sent, not by their names", join(&as_sent, "&")),
        ("the names are ordered without regard to case; upper case comes first", join(&no_case, "&")),
        ("sign_type is left out; only sign and empty fields are", without(&[SIGN_TYPE])),
        ("method is left out; only sign and empty fields are", without(&["method"])),
        ("format, charset, sign_type and version are left out", without(TECHNICAL)),
        ("the values are URL-encoded before signing", each(&|value| encode(value))),
        ("the same, with + for a space", each(&|value| encode(value).replace("%20", "+"))),
        ("each + of a value has become a space on the way", each(&|value| value.replace(' ', "+"))),
        (
            "zeros behind the point of an amount are signed otherwise than sent (30 for 30.0)",
            each_amount(&pairs, &short),
        ),
        (
            "whole numbers are signed with .0 behind them, but sent without",
            each_amount(&pairs, &|v| if is_number(v) { format!("{v}.0") } else { v.to_owned() }),
        ),
        ("booleans are signed as True and False", each(&capital)),
        ("booleans are signed as PHP prints them: true as 1, false as nothing", join(&php, "&")),
        ("null is signed as the word null; it is empty", join(&with_nulls, "&")),
        ("the values are signed without their names", values),
        ("the pairs are joined without &", join(&pairs, "")),
        ("a & stands at the end of the text", [text, "&"].concat()),
        ("a line break stands at the end of the text", [text, "\n"].concat()),
        ("sign= stands at the end of the text", [text, "&sign="].concat()),
        ("the upper-case text is signed", text.to_uppercase()),
        ("the hexadecimal SHA-256 of the text is signed, not the text", sha256(text)),
    ]
}

const TECHNICAL: &[&str] = &["format", "charset", SIGN_TYPE, "version"];

fn each_amount(pairs: &[(&str, String)], change: &dyn Fn(&str) -> String) -> String {
    let changed = pairs.iter().map(|(name, value)| match name.ends_with("_amount") {
        true => format!("{name}={}", change(value)),
        false => format!("{name}={value}"),
    });
    changed.collect::<Vec<_>>().join("&")
}

fn sha256(text: &str) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()))
}
