//! A JSON object as an ordered list of its top-level fields, numbers as they were written.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::MAX_FIELDS;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    pub name: Cow<'a, str>,
    pub value: Value<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// With its escapes resolved.
    Text(Cow<'a, str>),
    /// The literal: `120.00` stays `120.00`.
    Number(&'a str),
    Bool(bool),
    Null,
    /// The raw text of an object or an array.
    Nested(&'a str),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    #[error("the body is not UTF-8")]
    NotUtf8,
    #[error("the body is not a JSON object")]
    NotAnObject,
    #[error("the field is sent twice")]
    Duplicate(String),
    #[error("the body has too many fields")]
    TooManyFields,
}

/// Reads `{…}`, in the order written. A name that occurs twice, also if escaped differently, is refused:
/// two readers could otherwise take different values for the signed one.
pub fn read_object(body: &[u8]) -> Result<Vec<Field<'_>>, JsonError> {
    let text = std::str::from_utf8(body).map_err(|_| JsonError::NotUtf8)?;
    let mut refused = None;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let fields = deserializer.deserialize_map(Fields { refused: &mut refused });
    match (fields, refused) {
        (_, Some(error)) => Err(error),
        (Ok(fields), None) if deserializer.end().is_ok() => Ok(fields),
        _ => Err(JsonError::NotAnObject),
    }
}

/// Reads `[…]` of at most `most` values. `None`: it is no such list.
pub fn read_list(text: &str, most: usize) -> Option<Vec<Value<'_>>> {
    let raw: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    if raw.len() > most {
        return None;
    }
    raw.into_iter().map(|raw| read_value(raw.get()).ok()).collect()
}

struct Fields<'s> {
    refused: &'s mut Option<JsonError>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Vec<Field<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields: Vec<Field<'de>> = Vec::with_capacity(16);
        while let Some(Text(name)) = map.next_key()? {
            let raw: &'de RawValue = map.next_value()?;
            let problem = if fields.iter().any(|field| field.name == name) {
                Some(JsonError::Duplicate(name.clone().into_owned()))
            } else {
                (fields.len() == MAX_FIELDS).then_some(JsonError::TooManyFields)
            };
            if let Some(problem) = problem {
                *self.refused = Some(problem);
                return Err(A::Error::custom("refused"));
            }
            fields.push(Field { name, value: read_value(raw.get()).map_err(A::Error::custom)? });
        }
        Ok(fields)
    }
}

/// `raw` is one complete JSON value: its grammar has been checked, string escapes have not been resolved.
fn read_value(raw: &str) -> Result<Value<'_>, serde_json::Error> {
    Ok(match raw.as_bytes().first() {
        Some(b'"') if !raw.contains('\\') => Value::Text(Cow::Borrowed(&raw[1..raw.len() - 1])),
        Some(b'"') => Value::Text(serde_json::from_str::<Text<'_>>(raw)?.0),
        Some(b'{' | b'[') => Value::Nested(raw),
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n') | None => Value::Null,
        Some(_) => Value::Number(raw),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_numbers_their_text() {
        let body =
            r#" {"b":"x","a":120.00,"n":null,"t":true,"o":{"k":[1, 2]},"l":[],"u":"\u00e9\/","e":1E+2} "#;
        let fields = read_object(body.as_bytes()).unwrap();
        let names: Vec<&str> = fields.iter().map(|field| &*field.name).collect();
        assert_eq!(names, ["b", "a", "n", "t", "o", "l", "u", "e"]);
        let values: Vec<Value<'_>> = fields.into_iter().map(|field| field.value).collect();
        assert_eq!(
            values,
            [
                Value::Text("x".into()),
                Value::Number("120.00"),
                Value::Null,
                Value::Bool(true),
                Value::Nested(r#"{"k":[1, 2]}"#),
                Value::Nested("[]"),
                Value::Text("é/".into()),
                Value::Number("1E+2"),
            ]
        );
    }

    #[test]
    fn plain_strings_are_borrowed() {
        let fields = read_object(br#"{"a":"plain","b":"esc\n"}"#).unwrap();
        assert!(matches!(fields[0].value, Value::Text(Cow::Borrowed("plain"))));
        assert!(matches!(fields[1].value, Value::Text(Cow::Owned(_))));
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        let check = |body: &[u8], expected: JsonError| {
            assert_eq!(read_object(body), Err(expected), "{}", String::from_utf8_lossy(body));
        };
        for body in [
            "",
            " ",
            "null",
            "1",
            "\"a\"",
            "[]",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":01}",
            "{\"a\":1}x",
            "{\"a\":1}{}",
            "{'a':1}",
            "{a:1}",
            "{\"a\":\"\u{1}\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":NaN}",
            "{\"a\":+1}",
            "\u{feff}{}",
            "{\"a\":[1,]}",
        ] {
            check(body.as_bytes(), JsonError::NotAnObject);
        }
        check(b"{\"a\":\"\xff\"}", JsonError::NotUtf8);
        check(br#"{"a":1,"a":1}"#, JsonError::Duplicate("a".into()));
        check(br#"{"a":1,"\u0061":2}"#, JsonError::Duplicate("a".into()));
        let many: Vec<String> = (0..=MAX_FIELDS).map(|n| format!("\"f{n}\":{n}")).collect();
        check(format!("{{{}}}", many.join(",")).as_bytes(), JsonError::TooManyFields);
    }

    #[test]
    fn lists() {
        let read = read_list(r#" ["a", 1.0, null, [2], {"b" : 3}, "\u0061"] "#, 6).unwrap();
        let expected = [
            Value::Text("a".into()),
            Value::Number("1.0"),
            Value::Null,
            Value::Nested("[2]"),
            Value::Nested(r#"{"b" : 3}"#),
            Value::Text("a".into()),
        ];
        assert_eq!(read, expected);
        for other in ["", "{}", "[1", "[1]]", "[1,]", "1", r#"["\ud800"]"#, "[1,2,3]"] {
            assert_eq!(read_list(other, 2), None, "{other}");
        }
    }

    #[test]
    fn deep_nesting_is_read_without_recursion() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(read_object(deep.as_bytes()).unwrap()[0].value, Value::Nested(_)));
    }
}
