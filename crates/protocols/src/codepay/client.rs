//! The client's role: what a till or a shop does. Used by the command line, the sandbox's merchant and the tests.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::codes::Code;
use super::decode::text;
use super::fields::{APP_ID, SIGN, SIGN_TYPE, TIMESTAMP};
use super::keys::{AesKey, PrivateKey, PublicKey};
use super::sign::{self, Nested, Variant};
use super::{Method, Reject};
use crate::wire::card::Typed;
use crate::wire::json::{Field, Value, read_object};
use crate::wire::query::write_query;

/// A field of a request, as JSON has it.
pub type Sent<'a> = (&'a str, Value<'a>);

/// The envelope around the fields of a method, without the signature. `sign_type` is RSA2 if there is a key to sign with.
pub fn envelope<'a>(
    method: Method,
    app_id: &'a str,
    timestamp: &'a str,
    signs: bool,
    own: &[Sent<'a>],
) -> Vec<Sent<'a>> {
    let text = |value: &'a str| Value::Text(Cow::Borrowed(value));
    let mut fields = vec![(APP_ID, text(app_id))];
    if method.has_word() {
        fields.extend([
            ("format", text("JSON")),
            ("charset", text("UTF-8")),
            (SIGN_TYPE, text(if signs { "RSA2" } else { "NONE" })),
            ("version", text("1.0")),
            (TIMESTAMP, text(timestamp)),
            ("method", text(method.word())),
        ]);
    }
    fields.extend_from_slice(own);
    fields
}

fn read<'a>(fields: &[Sent<'a>]) -> Vec<Field<'a>> {
    fields.iter().map(|(name, value)| Field { name: Cow::Borrowed(*name), value: value.clone() }).collect()
}

/// The signature of a request by the documents' rule.
pub fn signature(fields: &[Sent<'_>], key: &PrivateKey) -> String {
    let read = read(fields);
    key.sign(&sign::joined(&sign::sorted(&read, Nested::Source), Variant::Documented))
}

/// The JSON body of a request, signed if there is a key.
pub fn json_body(fields: &[Sent<'_>], key: Option<&PrivateKey>) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let value = |value: &Value<'_>| match value {
        Value::Text(text) => quoted(text),
        Value::Null => "null".to_owned(),
        other => sign::value_text(other, Nested::Source).into_owned(),
    };
    let mut pairs: Vec<String> =
        fields.iter().map(|(name, sent)| [quoted(name).as_str(), ":", &value(sent)].concat()).collect();
    pairs.extend(key.map(|key| format!("\"{SIGN}\":{}", quoted(&signature(fields, key)))));
    format!("{{{}}}", pairs.join(","))
}

/// The same as a form.
pub fn form_body(fields: &[Sent<'_>], key: Option<&PrivateKey>) -> String {
    let sign = key.map(|key| signature(fields, key));
    let texts: Vec<(&str, Cow<'_, str>)> =
        fields.iter().map(|(name, value)| (*name, sign::value_text(value, Nested::Source))).collect();
    let mut pairs: Vec<(&str, &str)> = texts.iter().map(|(name, value)| (*name, &**value)).collect();
    pairs.extend(sign.as_deref().map(|sign| (SIGN, sign)));
    write_query(&pairs)
}

/// Why an answer or a callback cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    #[error("not readable: {0}")]
    Unreadable(String),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("the signature is wrong")]
    Signature,
    #[error("the signed text can be read as other fields")]
    Ambiguous,
}

/// Names and values as text; numbers and booleans are their literals, nested values their source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    fn of(read: &[Field<'_>]) -> Self {
        let text = |field: &Field<'_>| sign::value_text(&field.value, Nested::Source).into_owned();
        Self(read.iter().map(|field| (field.name.clone().into_owned(), text(field))).collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// In the order they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// An answer whose signature is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub code: String,
    pub msg: String,
    pub psn: String,
    pub data: Fields,
}

impl Answer {
    /// The request was accepted; whether money moved says `trans_status`.
    pub fn is_success(&self) -> bool {
        self.code == Code::Success.word()
    }
}

/// Reads and checks an answer with the gateway's key, whatever it says. `data` is text, or an object of the same text.
pub fn read_answer(body: &[u8], key: &PublicKey) -> Result<Answer, ClientError> {
    let read = checked(body, key)?;
    let owned = |name: &'static str| {
        let text = text(&read, name).map_err(unreadable)?;
        if text.is_empty() { Err(ClientError::Missing(name)) } else { Ok(text.to_owned()) }
    };
    let data = read.iter().find(|field| field.name == "data").ok_or(ClientError::Missing("data"))?;
    let data = sign::value_text(&data.value, Nested::Source);
    let data =
        read_object(data.as_bytes()).map_err(|error| ClientError::Unreadable(format!("data: {error}")))?;
    let data = Fields::of(&data);
    Ok(Answer { code: owned("code")?, msg: owned("msg")?, psn: owned("psn")?, data })
}

/// The fields of a callback, checked with the gateway's key.
pub fn check_notification(body: &[u8], key: &PublicKey) -> Result<Fields, ClientError> {
    Ok(Fields::of(&checked(body, key)?))
}

fn unreadable(reject: Reject) -> ClientError {
    ClientError::Unreadable(reject.msg())
}

fn checked<'b>(body: &'b [u8], key: &PublicKey) -> Result<Vec<Field<'b>>, ClientError> {
    let read = read_object(body).map_err(|error| ClientError::Unreadable(error.to_string()))?;
    let sent = text(&read, SIGN).map_err(unreadable)?;
    if sent.is_empty() {
        return Err(ClientError::Missing(SIGN));
    }
    let signature = sign::read_signature(sent).ok_or(ClientError::Signature)?;
    let text = sign::joined(&sign::sorted(&read, Nested::Source), Variant::Documented);
    if !key.verifies(text.as_bytes(), &signature) {
        return Err(ClientError::Signature);
    }
    let sorted = sign::sorted(&read, Nested::Source);
    if sign::reads_back(&text, &sorted, Variant::Documented) { Ok(read) } else { Err(ClientError::Ambiguous) }
}

/// The JSON text of a card, to be encrypted.
pub fn card_text(card: &Typed) -> Zeroizing<String> {
    let parts = [
        ("pan", &card.pan),
        ("holder", &card.holder),
        ("cvv", &card.cvv),
        ("expiry", &card.expiry),
        ("card_type", &card.card_type),
    ];
    let mut text = Zeroizing::new(String::with_capacity(512));
    for (name, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
        let value = Zeroizing::new(serde_json::Value::from(value.as_str()).to_string());
        let before = if text.is_empty() { "{\"" } else { ",\"" };
        text.extend([before, name, "\":", value.as_str()]);
    }
    let end = if text.is_empty() { "{}" } else { "}" };
    text.push_str(end);
    text
}

/// `card` for the gateway's public key: `enc_type` RSA, or none.
pub fn encrypt_card(text: &str, key: &PublicKey) -> Option<String> {
    Some(STANDARD.encode(key.encrypt(text.as_bytes())?))
}

/// `card` with the app's own key: `enc_type` AES.
pub fn encrypt_card_aes(text: &str, key: &AesKey) -> Option<String> {
    Some(STANDARD.encode(key.encrypt(text.as_bytes())?))
}
