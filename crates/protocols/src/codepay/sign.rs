//! Signatures: which texts a message may have been signed as, and whether such a text means one thing only.
//!
//! All are SHA256withRSA (PKCS#1 v1.5) in base64, over `name=value` pairs joined with `&`: every top-level field except
//! `sign` and empty ones, sorted by the bytes of the name, nothing encoded. Numbers and booleans stand as they are
//! written, nested values as their source text. Requests are signed by the app, answers and callbacks by the gateway.
//!
//! # Known variants
//! If that text does not fit, a nested value is tried in compact form, then the texts of clients known to differ: empty
//! values kept; values that begin with `@` dropped; `0` and `false` dropped; both. Nothing else is tried.
//!
//! What a variant drops is not signed, so anybody on the way could have added it. Such a field counts as absent, except
//! a switch that is `false` and the print mode 0, which move no money (`Verified::covers`).
//!
//! # Why the signed text is read back
//! Pairs are not escaped, so two requests can have one text: `description` = `tea&tip_amount=5` signs like a
//! `description` and a `tip_amount`. Whoever can choose a value inside a merchant's request could move the borders
//! between fields while the signature stays right. So [`parse`] reads the text back by rules that look at nothing but
//! the text, and a request is accepted only if that gives exactly the fields received. The reading is a function: of
//! all requests that share a text at most one can pass, whatever the rules are. They are chosen so that it is the
//! honest one:
//!
//! - Names ascend. A segment whose name does not follow the previous one belongs to the value before it.
//! - A known name of any message of this room that follows starts a field, except inside unfinished JSON of a field that
//!   holds JSON.
//! - An unknown name that follows starts a field; but not right after a URL with a `?` or a free text with a `=`, for
//!   there it is far more likely part of the value (`notify_url=https://x/?a=1&z=2`, `attach=a=1&b=2`).
//!
//! Our callbacks repeat `attach` in a text of their own, so requests of apps that do not sign are held to the same rule.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::fields::{self, SIGN};
use super::keys::PublicKey;
use crate::wire::json::{Field, Value};

/// Name and value, as signed.
pub type Pair<'a> = (&'a str, &'a str);

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const USUAL: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// Which values are in the signed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// The documents' rule: all but empty ones.
    Documented,
    /// Empty ones too.
    WithEmpties,
    /// Those that begin with `@` dropped.
    WithoutAt,
    /// `0` and `false` dropped.
    WithoutFalsy,
    /// Both dropped.
    WithoutAtAndFalsy,
}

impl Variant {
    pub const ALL: [Self; 5] =
        [Self::Documented, Self::WithEmpties, Self::WithoutAt, Self::WithoutFalsy, Self::WithoutAtAndFalsy];

    pub fn about(self) -> &'static str {
        match self {
            Self::Documented => "the documents' rule",
            Self::WithEmpties => "empty values are kept",
            Self::WithoutAt => "values that begin with @ are dropped",
            Self::WithoutFalsy => "0 and false are dropped",
            Self::WithoutAtAndFalsy => "values that begin with @, 0 and false are dropped",
        }
    }

    /// Whether a value is in the text.
    pub fn covers(self, value: &str) -> bool {
        let (at, falsy) = (value.starts_with('@'), matches!(value, "0" | "false"));
        match self {
            Self::WithEmpties => true,
            Self::Documented => !value.is_empty(),
            Self::WithoutAt => !value.is_empty() && !at,
            Self::WithoutFalsy => !value.is_empty() && !falsy,
            Self::WithoutAtAndFalsy => !value.is_empty() && !at && !falsy,
        }
    }
}

/// How objects and arrays stand in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nested {
    /// As they were sent.
    Source,
    /// Without white space between the tokens.
    Compact,
}

/// A value as it is signed; null is empty.
pub fn value_text<'v>(value: &'v Value<'_>, nested: Nested) -> Cow<'v, str> {
    match value {
        Value::Text(text) => Cow::Borrowed(text),
        Value::Number(literal) => Cow::Borrowed(literal),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Null => Cow::Borrowed(""),
        Value::Nested(raw) if nested == Nested::Compact => Cow::Owned(compact(raw)),
        Value::Nested(raw) => Cow::Borrowed(raw),
    }
}

/// JSON without white space outside of its strings; numbers and escapes stay as they are written.
pub fn compact(raw: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    raw.chars()
        .filter(|c| {
            let is_kept = in_string || !c.is_ascii_whitespace();
            match (in_string, escaped, c) {
                (true, true, _) => escaped = false,
                (true, false, '\\') => escaped = true,
                (_, _, '"') => in_string = !in_string,
                _ => {}
            }
            is_kept
        })
        .collect()
}

/// All fields but `sign`, by name, as text.
pub fn sorted<'r>(read: &'r [Field<'_>], nested: Nested) -> Vec<(&'r str, Cow<'r, str>)> {
    let mut pairs: Vec<(&str, Cow<'_, str>)> = read
        .iter()
        .filter(|field| field.name != SIGN)
        .map(|field| (&*field.name, value_text(&field.value, nested)))
        .collect();
    pairs.sort_unstable_by(|a, b| a.0.cmp(b.0));
    pairs
}

/// The text of sorted pairs.
pub fn joined<T: AsRef<str>>(sorted: &[(&str, T)], variant: Variant) -> String {
    let mut text = String::with_capacity(768);
    for (name, value) in sorted.iter().filter(|(_, value)| variant.covers(value.as_ref())) {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value.as_ref());
    }
    text
}

/// The documents' text of pairs in any order.
pub fn text_of(pairs: &[Pair<'_>]) -> String {
    let mut sorted: Vec<Pair<'_>> = pairs.iter().copied().filter(|(name, _)| *name != SIGN).collect();
    sorted.sort_unstable();
    joined(&sorted, Variant::Documented)
}

/// A signature in base64 or base64url, padded or not.
pub fn read_signature(text: &str) -> Option<Vec<u8>> {
    let engine = if text.contains(['-', '_']) { &URL } else { &USUAL };
    engine.decode(text).ok()
}

/// How a message was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Which of the keys.
    pub key_index: usize,
    pub variant: Variant,
    pub nested: Nested,
    /// What was signed.
    pub text: String,
    /// Whether the text reads back as the fields received and nothing else.
    pub is_unambiguous: bool,
}

impl Verified {
    /// Whether the field's value is protected by the signature.
    pub fn covers(&self, value: &str) -> bool {
        self.variant.covers(value)
    }
}

/// Tries each text with each key; `None` if nothing fits.
pub fn verify(read: &[Field<'_>], signature: &[u8], keys: &[PublicKey]) -> Option<Verified> {
    let has_nested = read.iter().any(|field| matches!(field.value, Value::Nested(_)));
    let source = sorted(read, Nested::Source);
    let compact = has_nested.then(|| sorted(read, Nested::Compact));
    let forms = [(Nested::Source, Some(&source)), (Nested::Compact, compact.as_ref())];
    let mut tried: Vec<String> = Vec::new();
    for variant in Variant::ALL {
        for (nested, pairs) in forms {
            let Some(pairs) = pairs else { continue };
            let text = joined(pairs, variant);
            if tried.contains(&text) {
                continue;
            }
            for (key_index, key) in keys.iter().enumerate() {
                if key.verifies(text.as_bytes(), signature) {
                    let is_unambiguous = reads_back(&text, pairs, variant);
                    return Some(Verified { key_index, variant, nested, text, is_unambiguous });
                }
            }
            tried.push(text);
        }
    }
    None
}

/// Whether `text` can only mean these fields; see the module's page.
pub fn reads_back<T: AsRef<str>>(text: &str, sorted: &[(&str, T)], variant: Variant) -> bool {
    let covered = sorted.iter().map(|(name, value)| (*name, value.as_ref()));
    parse(text).is_some_and(|read| read.into_iter().eq(covered.filter(|(_, value)| variant.covers(value))))
}

/// A field being read out of a text.
struct Open<'t> {
    name: &'t str,
    from: usize,
    to: usize,
    brackets: Brackets,
}

impl Open<'_> {
    /// Whether an unknown name after it is rather part of its value.
    fn swallows(&self, text: &str) -> bool {
        let value = &text[self.from..self.to];
        match self.name {
            name if name.ends_with("_url") => value.contains('?'),
            "attach" | "description" => value.contains('='),
            _ => false,
        }
    }
}

/// How deep inside a JSON value a reader is.
#[derive(Default)]
struct Brackets {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Brackets {
    fn read(&mut self, part: &str) {
        for byte in part.bytes() {
            match (self.in_string, byte) {
                _ if self.escaped => self.escaped = false,
                (true, b'\\') => self.escaped = true,
                (_, b'"') => self.in_string = !self.in_string,
                (false, b'{' | b'[') => self.depth += 1,
                (false, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn is_open(&self) -> bool {
        self.depth > 0
    }
}

/// Reads a signed text back into fields; see the module's page. The empty text has none.
pub fn parse(text: &str) -> Option<Vec<Pair<'_>>> {
    let mut read: Vec<Open<'_>> = Vec::with_capacity(32);
    let mut at = 0;
    for segment in text.split('&').filter(|_| !text.is_empty()) {
        let end = at + segment.len();
        let name = segment.split_once('=').map(|(name, _)| name);
        let starts = name.filter(|name| match read.last() {
            None => true,
            Some(before) if *name <= before.name || before.brackets.is_open() => false,
            Some(before) => fields::is_known(name) || (is_identifier(name) && !before.swallows(text)),
        });
        match (starts, read.last_mut()) {
            (Some(name), _) => {
                let from = at + name.len() + 1;
                let mut open = Open { name, from, to: end, brackets: Brackets::default() };
                if fields::is_nested(name) && text[from..end].starts_with(['{', '[']) {
                    open.brackets.read(&text[from..end]);
                }
                read.push(open);
            }
            (None, Some(before)) => {
                before.to = end;
                if before.brackets.is_open() {
                    before.brackets.read(segment);
                }
            }
            (None, None) => return None,
        }
        at = end + 1;
    }
    Some(read.into_iter().map(|field| (field.name, &text[field.from..field.to])).collect())
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
