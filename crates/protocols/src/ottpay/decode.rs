//! From bytes to a [`Call`]: the envelope, the encrypted object, then each field's rule in the order of its document.

use std::borrow::Cow;

use tillgate_core::{Currency, Rate, Terms};

use super::codes::{self, Reject};
use super::draft::Draft;
use super::fields::{self, FieldSpec, Presence};
use super::sign::{self, Reading};
use super::{Action, Context, Profile};
use crate::wire::json::{Field, JsonError, Value, read_object};

/// `1.0` as the documents print it, and what clients make of it.
const VERSIONS: [&str; 5] = ["1", "1.0", "1.1", "2", "2.0"];

/// An envelope of the right shape; nothing in it is trusted, and the action and the merchant never will be.
#[derive(Debug)]
pub struct Received<'a> {
    action: Action,
    merchant_id: Cow<'a, str>,
    /// The envelope's own; empty if it has none.
    operator_id: Cow<'a, str>,
    terminal_no: Cow<'a, str>,
    data: Cow<'a, str>,
    md5: Cow<'a, str>,
}

/// A request whose data object somebody with the merchant's key has made.
#[derive(Debug)]
pub struct Opened {
    action: Action,
    operator_id: String,
    terminal_no: String,
    /// JSON without duplicate names.
    text: String,
    md5: String,
    key_index: usize,
    reading: Reading,
}

/// Reads the envelope. What is wrong with it is said plainly ([`codes::PARAM_ERROR`], with the field's name), for it is
/// in clear.
pub fn read_body(body: &[u8]) -> Result<Received<'_>, Reject> {
    let mut read = read_object(body).map_err(|error| match error {
        JsonError::Duplicate(name) => Reject::named(codes::PARAM_ERROR, name.into(), "is sent twice"),
        JsonError::NotUtf8 | JsonError::NotAnObject | JsonError::TooManyFields => Reject::data(error),
    })?;
    let mut texts = Vec::with_capacity(fields::ENVELOPE.len());
    for spec in fields::ENVELOPE {
        texts.push(take(&mut read, spec)?);
    }
    let mut texts = texts.into_iter();
    let mut next = || texts.next().unwrap_or_default();
    let (action, version, merchant_id) = (next(), next(), next());
    let unknown = || Reject::param("action", "is none of the documented actions");
    let action = Action::from_word(&action).ok_or_else(unknown)?;
    if !VERSIONS.contains(&&*version) {
        return Err(Reject::param("version", "must be 1.0, 1.1 or 2.0"));
    }
    let (terminal_no, operator_id, data, md5) = (next(), next(), next(), next());
    Ok(Received { action, merchant_id, operator_id, terminal_no, data, md5 })
}

fn take<'a>(read: &mut Vec<Field<'a>>, spec: &'static FieldSpec) -> Result<Cow<'a, str>, Reject> {
    let at = read.iter().position(|field| field.name == spec.name);
    let text = match at.map(|at| read.swap_remove(at).value) {
        Some(Value::Text(text)) => text,
        Some(Value::Number(literal)) => Cow::Borrowed(literal),
        Some(Value::Null) | None => Cow::Borrowed(""),
        Some(Value::Bool(_) | Value::Nested(_)) => return Err(Reject::param(spec.name, "must be text")),
    };
    if text.is_empty() && spec.presence == Presence::Required {
        return Err(Reject::missing(spec.name));
    }
    Ok(text)
}

impl Received<'_> {
    /// Who claims to have sent it. Never empty.
    pub fn merchant_id(&self) -> &str {
        &self.merchant_id
    }

    pub fn action(&self) -> Action {
        self.action
    }

    /// Decrypts and checks the data object with each key of the profile; `None` if no merchant has that id. Whatever
    /// is wrong gives the same [`codes::PARAM_INVALID`] after the same work; see [`sign`] for what that means.
    pub fn open(self, profile: Option<&Profile>) -> Result<Opened, Reject> {
        let own = |profile: &&Profile| profile.enabled && profile.merchant_id == self.merchant_id;
        let keys = profile.filter(own).map(|profile| profile.keys.iter().collect::<Vec<_>>());
        let unsealed = sign::unseal(&self.data, &self.md5, &keys.unwrap_or_default());
        let unsealed = unsealed.ok_or_else(Reject::uniform)?;
        Ok(Opened {
            action: self.action,
            operator_id: self.operator_id.into_owned(),
            terminal_no: self.terminal_no.into_owned(),
            text: unsealed.text,
            md5: self.md5.to_ascii_uppercase(),
            key_index: unsealed.key_index,
            reading: unsealed.reading,
        })
    }
}

/// What a merchant wants of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "most calls are the large one, and each is moved once")]
pub enum Call {
    Create(CreateCall),
    /// Of an order, or of a refund by its own number.
    Status {
        order_id: String,
    },
    Refund {
        /// The paid order's number, `ori_order_id`.
        order_id: String,
        /// Minor units of the order's currency, above zero.
        amount_minor: i64,
        /// The refund's own number, `order_id`.
        reference: Option<String>,
    },
    /// Yuan for one unit of the currency.
    Rate(Currency, Rate),
    PrepayQuery {
        prepay_order_id: String,
        order_id: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateCall {
    /// `None` only for ACTIVEPAY and MAPPPAY: make one. A PASSIVEPAY without a number is named by its digest, so
    /// that the same bytes again charge nobody twice.
    pub reference: Option<String>,
    pub terms: Terms,
}

impl Opened {
    pub fn action(&self) -> Action {
        self.action
    }

    /// How the client digests numbers.
    pub fn reading(&self) -> Reading {
        self.reading
    }

    /// The text that was digested, for tests and explanations: what two readers must agree on.
    pub fn digest_text(&self) -> String {
        read_object(self.text.as_bytes()).map(|read| sign::text_of(&read, self.reading)).unwrap_or_default()
    }

    /// The profile to encrypt the answer with: a client that still uses an old key reads answers with that key.
    pub fn answering<'p>(&self, profile: &'p Profile) -> Cow<'p, Profile> {
        if self.key_index == 0 || self.key_index >= profile.keys.len() {
            return Cow::Borrowed(profile);
        }
        let mut own = profile.clone();
        own.keys.rotate_left(self.key_index);
        Cow::Owned(own)
    }

    /// Each field by its rule; the first that is wrong is named ([`codes::PARAM_ERROR`], or
    /// [`codes::AUTH_CODE_INVALID`]).
    pub fn decode(self, profile: &Profile, context: &Context<'_>) -> Result<Call, Reject> {
        let read = read_object(self.text.as_bytes()).map_err(|_| Reject::uniform())?;
        let mut draft = Draft::new(&self.operator_id, &self.md5);
        let call = draft
            .read(self.action, &read, &self.terminal_no)
            .and_then(|()| draft.call(self.action, profile, context));
        call.map_err(|reject| Reject { order_id: draft.order_id().to_owned(), ..reject })
    }
}
