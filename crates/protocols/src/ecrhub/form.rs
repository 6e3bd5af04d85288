//! The fields of one JSON object of a frame, read by the rules of [`fields`](super::fields).
//!
//! A request with a wrong field is refused whole. In an answer a wrong field is left out and becomes a [`Fault`]: that
//! money has moved must not get lost over a picture that is too large.

use super::card;
use super::fields::{FieldSpec, Kind};
use crate::wire::json::{Field, JsonError, Value, read_object};

/// A field that was left out, and why. Never says what stood in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub field: &'static str,
    pub why: &'static str,
}

pub(super) const MISSING: &str = "is missing or empty";

pub(super) struct Form<'a>(Vec<Field<'a>>);

impl<'a> Form<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, &'static str> {
        read_object(text.as_bytes()).map(Self).map_err(|error| match error {
            JsonError::Duplicate(_) => "has a field twice",
            JsonError::TooManyFields => "has too many fields",
            JsonError::NotUtf8 | JsonError::NotAnObject => "is not a JSON object",
        })
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value<'a>> {
        let value = self.0.iter().find(|field| field.name == name).map(|field| &field.value);
        value.filter(|value| **value != Value::Null)
    }

    /// An object inside; an empty one if it is absent.
    pub(super) fn object(&self, name: &'static str) -> Result<Form<'a>, Fault> {
        let fault = |why| Fault { field: name, why };
        match self.value(name) {
            None => Ok(Form(Vec::new())),
            Some(Value::Nested(raw)) => Form::read(raw).map_err(fault),
            Some(_) => Err(fault("is not a JSON object")),
        }
    }

    /// A text by its rule; `None` if it is absent or empty.
    pub(super) fn text(&self, spec: &FieldSpec) -> Result<Option<&str>, Fault> {
        let fault = |why| Err(Fault { field: spec.name, why });
        let text = match self.value(spec.name) {
            None => return Ok(None),
            Some(Value::Text(text)) if text.is_empty() => return Ok(None),
            Some(Value::Text(text)) => &**text,
            Some(_) => return fault("must be text"),
        };
        if text.chars().nth(spec.max).is_some() {
            return fault("is too long");
        }
        match spec.kind {
            Kind::Name if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                fault("must be printable ASCII without blanks")
            }
            Kind::Reference if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                fault("must be printable ASCII without blanks")
            }
            Kind::Amount if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
                fault("is not decimal text")
            }
            Kind::Reference | Kind::Amount if card::has_pan(text) => fault("has the number of a card"),
            Kind::Secret | Kind::PayerCode if text.chars().any(char::is_control) => {
                fault("must not have control characters")
            }
            _ => Ok(Some(text)),
        }
    }

    pub(super) fn needed(&self, spec: &FieldSpec) -> Result<&str, Fault> {
        self.text(spec)?.ok_or(Fault { field: spec.name, why: MISSING })
    }

    /// A whole number, as number or text.
    pub(super) fn integer(&self, spec: &FieldSpec) -> Result<Option<u16>, Fault> {
        let literal = match self.value(spec.name) {
            None => return Ok(None),
            Some(Value::Number(literal)) => *literal,
            Some(Value::Text(text)) if text.is_empty() => return Ok(None),
            Some(Value::Text(text)) => text,
            Some(Value::Bool(_) | Value::Null | Value::Nested(_)) => "",
        };
        let is_plain = literal.len() <= spec.max && literal.bytes().all(|byte| byte.is_ascii_digit());
        let number = literal.parse().ok().filter(|_| is_plain);
        number.map(Some).ok_or(Fault { field: spec.name, why: "must be a whole number" })
    }

    /// A text for people: shortened rather than refused, without control characters and numbers of cards.
    pub(super) fn prose(&self, spec: &FieldSpec) -> String {
        match self.value(spec.name) {
            Some(Value::Text(text)) => prose(text, spec.max),
            Some(Value::Number(literal)) => prose(literal, spec.max),
            Some(Value::Bool(_) | Value::Null | Value::Nested(_)) | None => String::new(),
        }
    }
}

fn prose(text: &str, max: usize) -> String {
    let seen = |c: char| if c.is_control() || steers(c) { ' ' } else { c };
    let text: String = text.chars().map(seen).collect();
    card::without_numbers(text.trim()).chars().take(max).collect()
}

/// Characters that are not seen and change how others are: marks of direction, separators of lines.
fn steers(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
