//! A URL query or a form body as an ordered list of decoded fields, and the way back.

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::percent_decode;

use super::MAX_FIELDS;

/// Name and value, decoded.
pub type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    #[error("the query is not UTF-8")]
    NotUtf8,
    #[error("the field is sent twice")]
    Duplicate(String),
    #[error("the query has too many fields")]
    TooManyFields,
}

/// Reads `a=1&b=two+words`: `+` is a space, `%` that starts no escape stands for itself, a name without `=` has
/// an empty value. A name that occurs twice is refused.
pub fn read_query(query: &str) -> Result<Vec<Pair<'_>>, QueryError> {
    let mut fields: Vec<Pair<'_>> = Vec::with_capacity(8);
    for segment in query.split('&').filter(|segment| !segment.is_empty()) {
        let (name, value) = segment.split_once('=').unwrap_or((segment, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if fields.iter().any(|(earlier, _)| *earlier == name) {
            return Err(QueryError::Duplicate(name.into_owned()));
        }
        if fields.len() == MAX_FIELDS {
            return Err(QueryError::TooManyFields);
        }
        fields.push((name, value));
    }
    Ok(fields)
}

fn decode(text: &str) -> Result<Cow<'_, str>, QueryError> {
    if !text.contains('+') {
        return percent_decode(text.as_bytes()).decode_utf8().map_err(|_| QueryError::NotUtf8);
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8().map_err(|_| QueryError::NotUtf8)?;
    Ok(Cow::Owned(decoded.into_owned()))
}

/// Percent-encodes all but letters, digits and `-._~`; a space becomes `%20`, which every reader understands.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

/// `name=value` joined with `&`, values encoded; the names are ours and need none.
pub fn write_query(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    pairs.join("&")
}

/// A URL with `fields` behind its own query; `None` without a URL.
pub fn append_query(url: &str, fields: &[(&str, &str)]) -> Option<String> {
    let joint = match url.split_once('?') {
        _ if url.is_empty() => return None,
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    Some([url, joint, &write_query(fields)].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_browsers_and_shops_send() {
        let check = |query: &str, expected: &str| {
            let read = read_query(query).map(|fields| {
                fields.iter().map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>().join("|")
            });
            assert_eq!(read.unwrap_or_else(|error| error.to_string()), expected, "{query}");
        };
        check("", "");
        check("a=1&b=2", "a:1|b:2");
        check("&a=1&&b", "a:1|b:");
        check("a=x+y%20z%2B", "a:x y z+");
        check("a=%E6%B5%8B&b=1=2", "a:测|b:1=2");
        check("a=100%&b=%zz", "a:100%|b:%zz");
        check("a=1&%61=2", "the field is sent twice");
        check("a=%ff", "the query is not UTF-8");
        check("a=+%ff", "the query is not UTF-8");
        check(
            &(0..200).map(|n| format!("f{n}")).collect::<Vec<_>>().join("&"),
            "the query has too many fields",
        );
    }

    #[test]
    fn what_is_written_reads_back() {
        let written = write_query(&[("a", "x y&z=1+é"), ("b", "")]);
        assert_eq!(written, "a=x%20y%26z%3D1%2B%C3%A9&b=");
        assert_eq!(read_query(&written).unwrap()[0].1, "x y&z=1+é");
    }
}
