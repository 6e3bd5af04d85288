//! Billing and shipping addresses: what a merchant sends, or a payer types.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::codes::Reject;
use crate::wire::card;
use crate::wire::country;
use crate::wire::json::{Value, read_object};

/// Bytes of an address's JSON text.
pub(super) const TEXT_BYTES: usize = 4_096;

/// Name and largest length in characters of each part, in the order an address is written.
pub const PARTS: &[(&str, usize)] = &[
    ("name", 128),
    ("country", 2),
    ("province", 64),
    ("city", 64),
    ("address1", 128),
    ("address2", 128),
    ("zip", 16),
    ("phone", 32),
];

/// What is not known is empty; the country is always there.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Address {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub province: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub city: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address1: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address2: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub zip: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub phone: String,
}

/// Where somebody lives is nobody's business in a log.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("country", &self.country).finish_non_exhaustive()
    }
}

impl Address {
    /// From names and values in any order. `field` is what is said of a wrong part: `billing_address.zip`.
    pub fn of<'v>(field: &str, pairs: impl IntoIterator<Item = (&'v str, &'v str)>) -> Result<Self, Reject> {
        let mut address = Self::default();
        for (name, value) in pairs {
            let full = format!("{field}.{name}");
            let known = PARTS.iter().find(|(known, _)| *known == name);
            let (_, max) = known.ok_or_else(|| Reject::invalid(&full, "is no part of an address"))?;
            let value = value.trim();
            if value.chars().count() > *max {
                return Err(Reject::invalid(&full, format_args!("must have {max} characters at most")));
            }
            if value.chars().any(char::is_control) {
                return Err(Reject::invalid(&full, "must not have control characters"));
            }
            if card::has_pan(value) && name != "phone" {
                return Err(Reject::invalid(&full, "must not have a card number in it"));
            }
            value.clone_into(address.part(name));
        }
        let country = format!("{field}.country");
        if address.country.is_empty() {
            return Err(Reject::missing(&country));
        }
        if !country::is_code(&address.country) {
            return Err(Reject::invalid(&country, "must be an ISO 3166 alpha-2 code: US"));
        }
        Ok(address)
    }

    /// The JSON text of a request's field.
    pub(super) fn read(field: &str, text: &str) -> Result<Self, Reject> {
        if text.len() > TEXT_BYTES {
            return Err(Reject::invalid(field, format_args!("must have {TEXT_BYTES} bytes at most")));
        }
        let read = read_object(text.as_bytes())
            .map_err(|_| Reject::invalid(field, "must be a JSON object with each name once"))?;
        let mut pairs = Vec::with_capacity(read.len());
        for part in &read {
            let value = match &part.value {
                Value::Text(text) => text,
                Value::Number(literal) => *literal,
                Value::Null => "",
                Value::Bool(_) | Value::Nested(_) => {
                    return Err(Reject::invalid(&format!("{field}.{}", part.name), "must be text"));
                }
            };
            pairs.push((&*part.name, value));
        }
        Self::of(field, pairs)
    }

    /// As it is kept with an order.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    fn part(&mut self, name: &str) -> &mut String {
        match name {
            "name" => &mut self.name,
            "province" => &mut self.province,
            "city" => &mut self.city,
            "address1" => &mut self.address1,
            "address2" => &mut self.address2,
            "zip" => &mut self.zip,
            "phone" => &mut self.phone,
            _ => &mut self.country,
        }
    }
}
