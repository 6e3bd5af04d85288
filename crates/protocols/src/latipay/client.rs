//! The client's role: what a till or a shop does. Used by the command line, the sandbox's merchant and the tests.

use std::borrow::Cow;

use super::fields::SIGNATURE;
use super::sign::{self, Form, Pair};
use super::{ApiKey, Route};
use crate::wire::json::{Value, read_object};
use crate::wire::query::{self, read_query, write_query};

/// The signature of a request by the documents' rule for the route. `fields` in any order.
pub fn signature(route: Route, fields: &[Pair<'_>], key: &ApiKey) -> String {
    let form = match route {
        Route::Query => Form::ReferenceUser,
        Route::Detail => Form::WalletUser,
        Route::Transaction
        | Route::Gatewaydata
        | Route::Barcode
        | Route::MiniAlipay
        | Route::Refund
        | Route::Cancel => return sign::sign_sorted(fields, key),
    };
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    form.text(&sorted).map(|text| sign::sign_text(form, &text, key)).unwrap_or_default()
}

/// The JSON body of a POST: the fields as strings, then the signature.
pub fn signed_body(route: Route, fields: &[Pair<'_>], key: &ApiKey) -> String {
    let signature = signature(route, fields, key);
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let sent = fields.iter().copied().chain([(SIGNATURE, signature.as_str())]);
    let pairs: Vec<String> = sent.map(|(name, value)| format!("{}:{}", text(name), text(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

/// The query of a GET; the field that is in the path is signed but left out.
pub fn signed_query(route: Route, fields: &[Pair<'_>], key: &ApiKey) -> String {
    let signature = signature(route, fields, key);
    let mut sent: Vec<Pair<'_>> =
        fields.iter().copied().filter(|(name, _)| Some(*name) != route.path_field()).collect();
    sent.push((SIGNATURE, &signature));
    write_query(&sent)
}

/// Why an answer cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    #[error("not readable: {0}")]
    Unreadable(String),
    #[error("the gateway answers {code}: {message}")]
    Refused { code: i32, message: String },
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("the signature is wrong")]
    Signature,
}

/// Fields of an answer or a notification, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields<'a>(Vec<query::Pair<'a>>);

impl<'a> Fields<'a> {
    /// Top-level fields; nested ones keep their raw text.
    pub fn from_json(body: &'a str) -> Result<Self, ClientError> {
        let read =
            read_object(body.as_bytes()).map_err(|error| ClientError::Unreadable(error.to_string()))?;
        let text = |value| match value {
            Value::Text(text) => Some(text),
            Value::Number(raw) | Value::Nested(raw) => Some(Cow::Borrowed(raw)),
            Value::Bool(word) => Some(Cow::Borrowed(if word { "true" } else { "false" })),
            Value::Null => None,
        };
        Ok(Self(read.into_iter().filter_map(|field| Some((field.name, text(field.value)?))).collect()))
    }

    pub fn from_form(body: &'a str) -> Result<Self, ClientError> {
        read_query(body).map(Self).map_err(|error| ClientError::Unreadable(error.to_string()))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    fn need(&self, name: &'static str) -> Result<&str, ClientError> {
        self.get(name).ok_or(ClientError::Missing(name))
    }

    /// `code` 0, or what the gateway says instead.
    pub fn check_code(&self) -> Result<(), ClientError> {
        match self.need("code")?.parse() {
            Ok(0) => Ok(()),
            Ok(code) => {
                let message = self.get("message").unwrap_or_default().to_owned();
                Err(ClientError::Refused { code, message })
            }
            Err(_) => Err(ClientError::Unreadable("code".to_owned())),
        }
    }

    fn check_signature(&self, names: &[&'static str], key: &ApiKey) -> Result<(), ClientError> {
        let values: Vec<&str> = names.iter().map(|name| self.need(name)).collect::<Result<_, _>>()?;
        let signed = sign::check_values(&values, self.need(SIGNATURE)?, key);
        signed.then_some(()).ok_or(ClientError::Signature)
    }
}

const STATE_FIELDS: [&str; 5] = ["merchant_reference", "payment_method", "status", "currency", "amount"];

/// Where to send the payer, or where the QR code is: `host_url` + `/` + `nonce`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosted {
    pub host_url: String,
    pub nonce: String,
}

pub fn check_transaction_answer(body: &str, key: &ApiKey) -> Result<Hosted, ClientError> {
    let fields = Fields::from_json(body)?;
    fields.check_code()?;
    fields.check_signature(&["nonce", "host_url"], key)?;
    Ok(Hosted { host_url: fields.need("host_url")?.to_owned(), nonce: fields.need("nonce")?.to_owned() })
}

/// The order's fields, signed: `status`, `amount`, `pay_time` and so on.
pub fn check_query_answer<'a>(body: &'a str, key: &ApiKey) -> Result<Fields<'a>, ClientError> {
    let fields = Fields::from_json(body)?;
    fields.check_code()?;
    fields.check_signature(&STATE_FIELDS, key)?;
    Ok(fields)
}

/// A notification's body, or the query a browser came back with.
pub fn check_notification<'a>(body: &'a str, key: &ApiKey) -> Result<Fields<'a>, ClientError> {
    let fields = Fields::from_form(body)?;
    fields.check_signature(&STATE_FIELDS, key)?;
    Ok(fields)
}

/// `data` of a gatewaydata answer, signed by the rule of requests.
pub fn check_gatewaydata_answer(body: &str, key: &ApiKey) -> Result<Vec<(String, String)>, ClientError> {
    let answer = Fields::from_json(body)?;
    answer.check_code()?;
    let data = Fields::from_json(answer.need("data")?)?;
    let pairs: Vec<Pair<'_>> = data.0.iter().map(|(name, value)| (&**name, &**value)).collect();
    if sign::sign_sorted(&pairs, key) != data.need(SIGNATURE)? {
        return Err(ClientError::Signature);
    }
    Ok(data.0.iter().map(|(name, value)| (name.clone().into_owned(), value.clone().into_owned())).collect())
}
