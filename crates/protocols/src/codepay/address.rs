//! Billing and shipping addresses: what a merchant sends, or a payer types.

use tillgate_core::Address;

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

/// From names and values in any order. `field` is what is said of a wrong part: `billing_address.zip`. The country is
/// required.
pub fn address<'v>(
    field: &str,
    pairs: impl IntoIterator<Item = (&'v str, &'v str)>,
) -> Result<Address, Reject> {
    let mut address = Address::default();
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
        let has_card = if name == "phone" { card::has_whole_pan(value) } else { card::has_pan(value) };
        if has_card {
            return Err(Reject::invalid(&full, "must not have a card number in it"));
        }
        value.clone_into(part(&mut address, name));
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
pub(super) fn read(field: &str, text: &str) -> Result<Address, Reject> {
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
    address(field, pairs)
}

fn part<'a>(address: &'a mut Address, name: &str) -> &'a mut String {
    match name {
        "name" => &mut address.name,
        "province" => &mut address.province,
        "city" => &mut address.city,
        "address1" => &mut address.address1,
        "address2" => &mut address.address2,
        "zip" => &mut address.zip,
        "phone" => &mut address.phone,
        _ => &mut address.country,
    }
}
