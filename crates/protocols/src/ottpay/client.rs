//! The client's role: what a till or a shop does. Used by the command line, the sandbox's merchant and the tests.

use std::borrow::Cow;

use super::sign::{self, Reading, Sealed};
use super::{Action, SignKey, codes};
use crate::wire::json::{Field, Value, read_object};

/// Name and value of a data object.
pub type Pair<'a> = (&'a str, &'a str);

/// What stands around a request's data object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope<'a> {
    pub action: Action,
    pub version: &'a str,
    pub merchant_id: &'a str,
    pub operator_id: Option<&'a str>,
    pub terminal_no: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    /// With the version of the action's document.
    pub fn new(action: Action, merchant_id: &'a str) -> Self {
        let version = match action {
            Action::PrepayInit | Action::PrepayQuery => "2.0",
            Action::MappPay => "1.1",
            Action::PassivePay
            | Action::ActivePay
            | Action::StatusQuery
            | Action::Refund
            | Action::ExRateQuery => "1.0",
        };
        Self { action, version, merchant_id, operator_id: None, terminal_no: None }
    }
}

/// The JSON body of a request. `fields` in any order; all are sent as strings.
pub fn request_body(envelope: &Envelope<'_>, fields: &[Pair<'_>], key: &SignKey) -> String {
    enveloped(envelope, &sign::seal(fields, key).unwrap_or_default())
}

/// The same around a data object that was encrypted elsewhere.
pub fn enveloped(envelope: &Envelope<'_>, sealed: &Sealed) -> String {
    let mut pairs = vec![
        ("action", envelope.action.word()),
        ("version", envelope.version),
        ("merchant_id", envelope.merchant_id),
    ];
    pairs.extend(envelope.terminal_no.map(|terminal| ("terminal_no", terminal)));
    pairs.extend(envelope.operator_id.map(|operator| ("operator_id", operator)));
    pairs.extend([("data", sealed.data.as_str()), ("md5", sealed.md5.as_str())]);
    sign::plaintext(&pairs)
}

/// Why an answer cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    #[error("not readable: {0}")]
    Unreadable(String),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("data and md5 do not open with this key")]
    Sealed,
}

/// The fields of a data object, as text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// In the order they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// An answer. Only `fields` are protected: `rsp_code` and `rsp_msg` travel in clear, so a till that has money at stake
/// looks at `order_status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub rsp_code: String,
    pub rsp_msg: String,
    /// Empty for an error to a sender nobody recognised.
    pub fields: Fields,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        self.rsp_code == codes::SUCCESS
    }
}

/// Reads and checks an answer, whatever it says. A success must carry a data object.
pub fn read_answer(body: &str, key: &SignKey) -> Result<Answer, ClientError> {
    let read = read_object(body.as_bytes()).map_err(|error| ClientError::Unreadable(error.to_string()))?;
    let rsp_code = text(&read, "rsp_code").ok_or(ClientError::Missing("rsp_code"))?.into_owned();
    let rsp_msg = text(&read, "rsp_msg").ok_or(ClientError::Missing("rsp_msg"))?.into_owned();
    let is_bare = text(&read, "data").is_none() && text(&read, "md5").is_none();
    let fields = match is_bare && rsp_code != codes::SUCCESS {
        true => Fields::default(),
        false => open(&read, key)?,
    };
    Ok(Answer { rsp_code, rsp_msg, fields })
}

/// The fields of a callback.
pub fn check_notification(body: &str, key: &SignKey) -> Result<Fields, ClientError> {
    let read = read_object(body.as_bytes()).map_err(|error| ClientError::Unreadable(error.to_string()))?;
    open(&read, key)
}

fn text<'r>(read: &'r [Field<'_>], name: &str) -> Option<Cow<'r, str>> {
    let value = &read.iter().find(|field| field.name == name)?.value;
    (*value != Value::Null).then(|| sign::value_text(value, Reading::Literal))
}

fn open(read: &[Field<'_>], key: &SignKey) -> Result<Fields, ClientError> {
    let need = |name| text(read, name).ok_or(ClientError::Missing(name));
    let unsealed = sign::unseal(&need("data")?, &need("md5")?, &[key]).ok_or(ClientError::Sealed)?;
    let fields = read_object(unsealed.text.as_bytes()).map_err(|_| ClientError::Sealed)?;
    let pair = |field: &Field<'_>| {
        (field.name.clone().into_owned(), sign::value_text(&field.value, Reading::Literal).into_owned())
    };
    Ok(Fields(fields.iter().map(pair).collect()))
}
