//! From bytes to an [`Asked`]: the shape, then who sent it, then when, then what, then each field's rule.

use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use tillgate_core::Timestamp;

use super::calls::Asked;
use super::codes::{Code, Reject};
use super::draft;
use super::fields::{self, APP_ID, Kind, METHOD, SIGN, SIGN_TYPE, TIMESTAMP};
use super::sign::{self, Nested, Variant, Verified};
use super::{Access, App, Method, Route};
use crate::wire::json::{Field, JsonError, Value, read_object};
use crate::wire::query::{QueryError, read_query};

/// How far a `timestamp` may be from our time, either way.
pub(super) const WINDOW_MS: i64 = 15 * 60 * 1_000;

/// A message of the right shape; nothing in it is trusted.
pub struct Received<'a> {
    route: Route,
    fields: Vec<Field<'a>>,
    app_id: String,
}

/// Names only: values may be card data.
impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.fields.iter().map(|field| &*field.name).collect();
        f.debug_struct("Received").field("route", &self.route).field("names", &names).finish_non_exhaustive()
    }
}

/// Reads a body: JSON if its first character that is not white space is `{`, otherwise a form. The header that says
/// which it is does not count, for nobody signs it.
pub fn read_body(route: Route, body: &[u8]) -> Result<Received<'_>, Reject> {
    let fields = read_fields(body)?;
    let app_id = text(&fields, APP_ID)?.to_owned();
    if app_id.is_empty() {
        return Err(Reject::missing(APP_ID));
    }
    Ok(Received { route, fields, app_id })
}

pub(super) fn read_fields(body: &[u8]) -> Result<Vec<Field<'_>>, Reject> {
    let twice = |name: &str| Reject::field(Code::Unreadable, name, "is sent twice");
    if body.trim_ascii_start().starts_with(b"{") {
        return read_object(body).map_err(|error| match error {
            JsonError::Duplicate(name) => twice(&name),
            JsonError::NotUtf8 | JsonError::NotAnObject | JsonError::TooManyFields => {
                Reject::because(Code::Unreadable, error)
            }
        });
    }
    let form =
        std::str::from_utf8(body).map_err(|_| Reject::because(Code::Unreadable, JsonError::NotUtf8))?;
    let pairs = read_query(form.trim_ascii()).map_err(|error| match error {
        QueryError::Duplicate(name) => twice(&name),
        QueryError::NotUtf8 => Reject::because(Code::Unreadable, "the form is not UTF-8"),
        QueryError::TooManyFields => Reject::because(Code::Unreadable, "the form has too many fields"),
    })?;
    Ok(pairs.into_iter().map(|(name, value)| Field { name, value: Value::Text(value) }).collect())
}

/// A field's text. Null is as good as absent; numbers and booleans stand for their literals.
pub(super) fn text<'r>(read: &'r [Field<'_>], name: &str) -> Result<&'r str, Reject> {
    match read.iter().find(|field| field.name == name).map(|field| &field.value) {
        Some(Value::Text(text)) => Ok(text),
        Some(Value::Number(literal)) => Ok(literal),
        Some(Value::Bool(true)) => Ok("true"),
        Some(Value::Bool(false)) => Ok("false"),
        Some(Value::Null) | None => Ok(""),
        Some(Value::Nested(_)) => Err(Reject::invalid(name, "must not be an object or a list")),
    }
}

fn needed<'r>(read: &'r [Field<'_>], name: &str) -> Result<&'r str, Reject> {
    let text = text(read, name)?;
    if text.is_empty() { Err(Reject::missing(name)) } else { Ok(text) }
}

impl<'a> Received<'a> {
    /// Who claims to have sent it. Never empty.
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// The text that its signature should be of, by the documents' rule.
    pub fn signed_text(&self) -> String {
        self.unsigned().text
    }

    /// What it claims to want, for logs.
    pub fn method(&self) -> Option<Method> {
        match self.route {
            Route::Path(method) => Some(method),
            Route::Entry => text(&self.fields, METHOD).ok().and_then(Method::from_word),
        }
    }

    /// Checks the signature (or the `authorization` header), the envelope and the time. `None`: no app has that id.
    /// Whatever is wrong with app, key and signature gives the same [`Code::Signature`].
    pub fn open(
        mut self,
        app: Option<&App>,
        authorization: Option<&str>,
        now: Timestamp,
    ) -> Result<Opened<'a>, Reject> {
        let wrong = || Reject::new(Code::Signature);
        let app = app.filter(|app| app.enabled && app.app_id == self.app_id).ok_or_else(wrong)?;
        let sign_type = text(&self.fields, SIGN_TYPE)?;
        let is_minimal = matches!(self.route, Route::Path(_));
        if sign_type.is_empty() && !is_minimal {
            return Err(Reject::missing(SIGN_TYPE));
        }
        let (verified, signature) = match &app.access {
            Access::Rsa2(keys) => {
                if !matches!(sign_type, "RSA2" | "") {
                    return Err(wrong());
                }
                let signature = sign::read_signature(text(&self.fields, SIGN)?).ok_or_else(wrong)?;
                let verified = sign::verify(&self.fields, &signature, keys).ok_or_else(wrong)?;
                (verified, Some(signature))
            }
            Access::Basic(secret) => {
                let is_right = authorization.is_some_and(|header| secret.matches(header));
                if !matches!(sign_type, "NONE" | "") || !is_right {
                    return Err(wrong());
                }
                (self.unsigned(), None)
            }
        };
        if !verified.is_unambiguous {
            return Err(Reject::because(Code::Signature, AMBIGUOUS));
        }
        let method = self.envelope(&verified)?;
        check_time(method, text(&self.fields, TIMESTAMP)?, now)?;
        let dropped = self.drop_uncovered(method, &verified);
        let replay_key = signature.map(|bytes| ReplayKey::new(&self.app_id, method, &bytes));
        Ok(Opened { method, fields: self.fields, dropped, verified, replay_key })
    }

    /// The text an app that does not sign would have signed.
    fn unsigned(&self) -> Verified {
        let (variant, nested) = (Variant::Documented, Nested::Source);
        let sorted = sign::sorted(&self.fields, nested);
        let text = sign::joined(&sorted, variant);
        let is_unambiguous = sign::reads_back(&text, &sorted, variant);
        Verified { key_index: 0, variant, nested, text, is_unambiguous }
    }

    fn envelope(&self, verified: &Verified) -> Result<Method, Reject> {
        if let Route::Path(method) = self.route {
            // Signed for the one path of all methods; the same fields would mean something else here.
            if !text(&self.fields, METHOD)?.is_empty() {
                return Err(Reject::invalid(METHOD, "must not be sent to this path"));
            }
            // The envelope may be cut short here, not wrong.
            self.check_words(text)?;
            return Ok(method);
        }
        self.check_words(needed)?;
        let word = needed(&self.fields, METHOD)?;
        if !verified.covers(word) {
            return Err(Reject::missing(METHOD));
        }
        Method::from_word(word).ok_or_else(|| Reject::new(Code::NotAuthorized))
    }

    /// Format, charset and version; what `find` takes for absent may be.
    fn check_words(
        &self,
        find: for<'r> fn(&'r [Field<'_>], &str) -> Result<&'r str, Reject>,
    ) -> Result<(), Reject> {
        for spec in fields::ENVELOPE {
            let words: &[&str] = match spec.kind {
                Kind::Format => &["JSON"],
                Kind::Charset => &["UTF-8", "UTF8"],
                Kind::Version => &["1.0"],
                _ => continue,
            };
            let sent = find(&self.fields, spec.name)?;
            let fits = sent.is_empty() || words.iter().any(|word| word.eq_ignore_ascii_case(sent));
            if !fits {
                return Err(Reject::invalid(spec.name, format_args!("must be {}", words[0])));
            }
        }
        Ok(())
    }

    /// Takes out what the signature does not protect; the names that were taken.
    fn drop_uncovered(&mut self, method: Method, verified: &Verified) -> Vec<String> {
        let mut dropped = Vec::new();
        self.fields.retain(|field| {
            let value = sign::value_text(&field.value, verified.nested);
            let kind = fields::find(method, &field.name).map(|spec| spec.kind);
            let moves_no_money = matches!(kind, Some(Kind::Flag | Kind::ReceiptPrint));
            let stays = value.is_empty()
                || verified.covers(&value)
                || field.name == SIGN
                || (moves_no_money && !value.starts_with('@'));
            if !stays {
                dropped.push(field.name.clone().into_owned());
            }
            stays
        });
        dropped
    }
}

/// What is said of a right signature whose text does not read back.
pub(super) const AMBIGUOUS: &str = "The signed text can be read as other fields; see & in values";

fn check_time(method: Method, text: &str, now: Timestamp) -> Result<(), Reject> {
    if text.is_empty() {
        return if method.is_timed() { Err(Reject::missing(TIMESTAMP)) } else { Ok(()) };
    }
    let is_plain = text.len() == 13 && text.bytes().all(|byte| byte.is_ascii_digit());
    let at = text.parse().ok().filter(|_| is_plain).map(Timestamp::from_millis);
    let at = at.ok_or_else(|| Reject::invalid(TIMESTAMP, "must be 13 digits, milliseconds since 1970"))?;
    if now.since_ms(at).saturating_abs() > WINDOW_MS {
        return Err(Reject::field(Code::Time, TIMESTAMP, "is more than 15 minutes from the gateway's time"));
    }
    Ok(())
}

/// A request by somebody with the app's key or password.
pub struct Opened<'a> {
    method: Method,
    fields: Vec<Field<'a>>,
    dropped: Vec<String>,
    verified: Verified,
    replay_key: Option<ReplayKey>,
}

impl fmt::Debug for Opened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("method", &self.method).finish_non_exhaustive()
    }
}

impl Opened<'_> {
    pub fn method(&self) -> Method {
        self.method
    }

    /// How it was signed; of an app that does not sign, how it would have been.
    pub fn verified(&self) -> &Verified {
        &self.verified
    }

    /// Where [`Method::needs_replay_key`] the server keeps it for 30 days: the same key gets the stored answer and has
    /// no second effect. `None` for an app that does not sign.
    pub fn replay_key(&self) -> Option<&ReplayKey> {
        self.replay_key.as_ref()
    }

    /// Each field by its rule; the first that is wrong is named.
    pub fn decode(&self, app: &App) -> Result<Asked, Reject> {
        draft::read(self.method, &self.fields, &self.dropped, app)
    }
}

/// RSA signatures are the same for the same text, so a request sent again has the same key, in whatever alphabet its
/// signature is written and whatever white space it has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReplayKey {
    pub app_id: String,
    /// [`Method::word`].
    pub route: Cow<'static, str>,
    /// Lower-case hexadecimal SHA-256 of the signature's bytes.
    pub sign: String,
}

impl ReplayKey {
    fn new(app_id: &str, method: Method, signature: &[u8]) -> Self {
        let sign = hex::encode(digest(&SHA256, signature));
        Self { app_id: app_id.to_owned(), route: method.word().into(), sign }
    }
}
