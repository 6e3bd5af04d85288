//! For whoever integrates: what exactly is signed, and why a signature does not match.
//!
//! The key is shown as `«api_key»`, never itself.

use aws_lc_rs::digest;

use super::fields::{self, SIGNATURE};
use super::sign::{self, Form, Pair};
use super::{ApiKey, Reject, Route};
use crate::wire::json::{JsonError, Value, read_object};
use crate::wire::query::{encode, read_query};

/// Stands where the key is.
pub const KEY_MARK: &str = "«api_key»";

/// A request's fields in the order they were given, the signature apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    pub fields: Vec<(String, String)>,
    pub signature: Option<String>,
}

impl Input {
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut fields: Vec<(String, String)> = pairs.into_iter().collect();
        let at = fields.iter().position(|(name, _)| name == SIGNATURE);
        let signature = at.map(|at| fields.remove(at).1);
        Self { fields, signature }
    }

    /// A JSON object, `name=value` lines, or a URL query.
    pub fn parse(text: &str) -> Result<Self, Reject> {
        let text = text.trim();
        if text.starts_with('{') {
            return Self::parse_json(text);
        }
        if text.contains('\n') {
            let pair = |line: &str| {
                line.split_once('=').map(|(n, v)| (n.trim().to_owned(), v.trim_end().to_owned()))
            };
            return Ok(Self::from_pairs(text.lines().filter_map(pair)));
        }
        let query =
            text.rsplit_once('?').filter(|(path, _)| !path.contains('=')).map_or(text, |(_, query)| query);
        let read = read_query(query).map_err(Reject::data)?;
        Ok(Self::from_pairs(read.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned()))))
    }

    fn parse_json(text: &str) -> Result<Self, Reject> {
        let read = read_object(text.as_bytes()).map_err(|error| match error {
            JsonError::Duplicate(name) => Reject::data(format_args!("{name} is sent twice")),
            JsonError::NotUtf8 | JsonError::NotAnObject | JsonError::TooManyFields => Reject::data(error),
        })?;
        Ok(Self::from_pairs(read.into_iter().filter_map(|field| {
            let text = match field.value {
                Value::Text(text) => text.into_owned(),
                Value::Number(raw) | Value::Nested(raw) => raw.to_owned(),
                Value::Bool(word) => word.to_string(),
                Value::Null => return None,
            };
            Some((field.name.into_owned(), text))
        })))
    }

    fn pairs(&self) -> Vec<Pair<'_>> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    fn sorted(&self) -> Vec<Pair<'_>> {
        let mut sorted = self.pairs();
        sorted.sort_unstable();
        sorted
    }
}

/// One accepted form, worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worked {
    pub form: Form,
    pub name: &'static str,
    /// What is signed, with [`KEY_MARK`] for the key.
    pub text: String,
    pub signature: String,
}

/// Every form the route accepts, the one to use first; forms that give the same text are listed once.
pub fn sign(route: Route, input: &Input, key: &ApiKey) -> Vec<Worked> {
    let sorted = input.sorted();
    let mut worked: Vec<Worked> = Vec::new();
    for form in sign::forms(route, true) {
        let Some(text) = form.text(&sorted) else { continue };
        let signature = sign::sign_text(*form, &text, key);
        if worked.iter().all(|earlier| earlier.signature != signature) {
            let text = if form.appends_key() { text + KEY_MARK } else { text };
            worked.push(Worked { form: *form, name: form.name(), text, signature });
        }
    }
    worked
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The signature is right in this form.
    Matches(Worked),
    /// It is, but the gateway refuses the request all the same.
    Refused {
        worked: Worked,
        why: String,
    },
    /// It is not, and this is the known mistake that was made.
    Mistake(&'static str),
    /// It is not, and no known mistake gives it either: most likely another key or other values.
    Unknown,
    Missing,
}

/// Judges `input.signature`.
pub fn verify(route: Route, input: &Input, key: &ApiKey) -> Verdict {
    let Some(given) = input.signature.as_deref().filter(|given| !given.is_empty()) else {
        return Verdict::Missing;
    };
    let forms = sign(route, input, key);
    if let Some(worked) = forms.iter().find(|worked| worked.signature == given) {
        let worked = worked.clone();
        return match refused_although_right(route, input, worked.form) {
            Some(why) => Verdict::Refused { worked, why },
            None => Verdict::Matches(worked),
        };
    }
    if forms.iter().any(|worked| worked.signature.eq_ignore_ascii_case(given.trim())) {
        return Verdict::Mistake("the signature is right but not in plain lower-case hex");
    }
    let given = given.trim().to_ascii_lowercase();
    let mistakes = mistakes(route, input, key);
    let made = mistakes.into_iter().find(|(_, signature)| *signature == given);
    made.map_or(Verdict::Unknown, |(what, _)| Verdict::Mistake(what))
}

/// What is wrong with the fields themselves, by the gateway's own rules.
fn refused_although_right(route: Route, input: &Input, form: Form) -> Option<String> {
    let sorted = input.sorted();
    if let Some(twice) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Some(format!("{} is sent twice", twice[0].0));
    }
    if let Some(stray) = fields::stray(route, sorted.iter().map(|(name, _)| *name)) {
        return Some(format!("{stray} {}", fields::NOT_A_FIELD));
    }
    let text = form.text(&sorted)?;
    // The user's other wallets are not known here; they could only make the text less clear.
    let wallets = std::iter::once(sign::value(&sorted, "wallet_id"));
    (!form.reads_back(route, &text, &sorted, wallets)).then(|| format!("{SIGNATURE} {}", sign::AMBIGUOUS))
}

/// What a request would be signed as after the mistakes people make.
fn mistakes(route: Route, input: &Input, key: &ApiKey) -> Vec<(&'static str, String)> {
    let join = |pairs: &[Pair<'_>], value: fn(&str) -> String| {
        let parts: Vec<String> = pairs
            .iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| format!("{name}={}", value(text)))
            .collect();
        parts.join("&")
    };
    let (given, sorted) = (input.pairs(), input.sorted());
    let plain = join(&sorted, str::to_owned);
    let secret = key.reveal();
    let hmac = |text: String| sign::hmac_hex(key, &text);
    let sha256 = |text: String| hex::encode(digest::digest(&digest::SHA256, text.as_bytes()));
    let trimmed = ApiKey::new(secret.trim());
    let mut mistakes = vec![
        ("the key is not appended to the signed text", hmac(plain.clone())),
        ("the key is appended with a `&` before it", hmac(format!("{plain}&{secret}"))),
        ("the key is appended as `&key=`", hmac(format!("{plain}&key={secret}"))),
        ("the key is appended as `&api_key=`", hmac(format!("{plain}&api_key={secret}"))),
        (
            "the fields are signed in the order they are sent, not by name",
            hmac(join(&given, str::to_owned) + secret),
        ),
        ("the values are URL-encoded before signing", hmac(join(&sorted, encode) + secret)),
        (
            "the values are URL-encoded before signing, spaces as +",
            hmac(join(&sorted, |text| encode(text).replace("%20", "+")) + secret),
        ),
        ("an empty signature field is signed too", hmac(with_empty_signature(&sorted) + secret)),
        ("plain SHA-256 is used, not HMAC-SHA256", sha256(format!("{plain}{secret}"))),
        ("the key has blanks or a line break around it", sign::sign_sorted(&sorted, &trimmed)),
        ("the slashes are escaped as in JSON", hmac(plain.replace('/', "\\/") + secret)),
    ];
    for form in sign::forms(route, true).iter().filter(|form| !form.appends_key()) {
        if let Some(text) = form.text(&sorted) {
            mistakes.push(("this form has no key at its end", hmac(text + secret)));
        }
    }
    mistakes
}

fn with_empty_signature(sorted: &[Pair<'_>]) -> String {
    let mut all = sorted.to_vec();
    all.push((SIGNATURE, ""));
    all.sort_unstable();
    Form::SortedWithEmpties.text(&all).unwrap_or_default()
}
