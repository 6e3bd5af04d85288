//! From bytes to a [`Call`]: shape, signature, then each field's rule in the order of its document.

use std::borrow::Cow;

use tillgate_core::{Account, Currency, Flow, Money, OrderNo, Terms};

use super::codes::{self, Reject};
use super::draft::{Draft, amount_problem};
use super::fields::{self, SIGNATURE, USER_ID};
use super::sign::{self, Form};
use super::{Context, Profile, Route, encode};
use crate::wire::json::{JsonError, Value, read_object};
use crate::wire::query::{self, Pair, QueryError};

/// A request of the right shape; nothing in it is trusted yet.
#[derive(Debug)]
pub struct Received<'a> {
    route: Route,
    /// By name, without `signature` and without nulls.
    fields: Vec<Pair<'a>>,
    signature: Cow<'a, str>,
}

/// A request its merchant has signed.
#[derive(Debug)]
pub struct Verified<'a> {
    route: Route,
    fields: Vec<Pair<'a>>,
    key_index: usize,
    form: Form,
}

/// Reads the body of a POST.
pub fn read_body(route: Route, body: &[u8]) -> Result<Received<'_>, Reject> {
    let read = read_object(body).map_err(|error| match error {
        JsonError::Duplicate(name) => Reject::named(codes::DATA_ERROR, name.into(), "is sent twice"),
        JsonError::NotUtf8 | JsonError::NotAnObject | JsonError::TooManyFields => {
            Reject::whole(codes::DATA_ERROR, error)
        }
    })?;
    let mut fields = Vec::with_capacity(read.len());
    for field in read {
        let value = match field.value {
            Value::Text(text) => text,
            Value::Number(literal) => Cow::Borrowed(literal),
            Value::Bool(word) if fields::find(route, &field.name).is_none() => {
                Cow::Borrowed(if word { "true" } else { "false" })
            }
            Value::Null => continue,
            Value::Bool(_) | Value::Nested(_) => {
                let name = field.name.into_owned().into();
                return Err(Reject::named(codes::DATA_ERROR, name, "must be a string"));
            }
        };
        fields.push((field.name, value));
    }
    Received::new(route, fields)
}

/// Reads a GET: `path_value` is the decoded segment of the path, `query` the raw text after `?`.
pub fn read_query<'a>(route: Route, path_value: &'a str, query: &'a str) -> Result<Received<'a>, Reject> {
    let mut fields = query::read_query(query).map_err(|error| match error {
        QueryError::Duplicate(name) => Reject::named(codes::DATA_ERROR, name.into(), "is sent twice"),
        QueryError::NotUtf8 | QueryError::TooManyFields => Reject::whole(codes::DATA_ERROR, error),
    })?;
    if let Some(name) = route.path_field() {
        if fields.iter().any(|(sent, _)| sent == name) {
            return Err(Reject::field(codes::DATA_ERROR, name, "is sent twice"));
        }
        fields.push((Cow::Borrowed(name), Cow::Borrowed(path_value)));
    }
    Received::new(route, fields)
}

fn lookup<'f>(fields: &'f [Pair<'_>], name: &str) -> &'f str {
    let found = fields.binary_search_by(|(known, _)| (**known).cmp(name));
    found.map_or("", |at| &*fields[at].1)
}

impl<'a> Received<'a> {
    fn new(route: Route, mut fields: Vec<Pair<'a>>) -> Result<Self, Reject> {
        fields.sort_unstable();
        let signature = fields.iter().position(|(name, _)| name == SIGNATURE);
        let signature = signature.map(|at| fields.remove(at).1).unwrap_or_default();
        if let Some(name) = fields::stray(route, fields.iter().map(|(name, _)| &**name)) {
            return Err(Reject::named(codes::DATA_ERROR, name.to_owned().into(), fields::NOT_A_FIELD));
        }
        if lookup(&fields, USER_ID).is_empty() {
            return Err(Reject::missing(USER_ID));
        }
        Ok(Self { route, fields, signature })
    }

    /// Who claims to have sent it. Never empty.
    pub fn user_id(&self) -> &str {
        lookup(&self.fields, USER_ID)
    }

    pub fn verify(self, profile: &Profile) -> Result<Verified<'a>, Reject> {
        if profile.user_id != self.user_id() {
            return Err(encode::unknown_user(self.user_id()));
        }
        if !profile.enabled || profile.keys.is_empty() {
            return Err(Reject::field(codes::NO_KEY, USER_ID, "has no valid key"));
        }
        if self.signature.is_empty() {
            return Err(Reject::missing(SIGNATURE));
        }
        let pairs: Vec<sign::Pair<'_>> =
            self.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        let (key_index, form) = sign::verify(self.route, &pairs, &self.signature, profile)?;
        Ok(Verified { route: self.route, fields: self.fields, key_index, form })
    }
}

/// What a merchant wants of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "most calls are the large one, and each is moved once")]
pub enum Call {
    Create(CreateCall),
    /// `wait`: answer when the order is final, or after [`super::WAIT_S`].
    Query {
        reference: String,
        wait: bool,
    },
    Refund {
        order: OrderNo,
        amount: RefundAmount,
        reference: String,
    },
    Cancel {
        reference: String,
    },
    Detail(Account),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateCall {
    /// `None` only for a barcode: make one.
    pub reference: Option<String>,
    pub terms: Terms,
}

/// A positive decimal whose currency is known only when its order is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundAmount(pub(super) String);

impl RefundAmount {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The amount, once the order and so its currency is known.
    pub fn read(&self, currency: Currency) -> Result<Money, Reject> {
        let wrong = |what: &str| Reject::field(codes::REFUND_WRONG, "refund_amount", what);
        let money = Money::parse_decimal(&self.0, currency).map_err(|error| wrong(amount_problem(error)))?;
        if money.minor == 0 { Err(wrong("must be greater than zero")) } else { Ok(money) }
    }
}

impl Verified<'_> {
    /// How the request was signed.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The profile to sign the answer with: a client that still uses an old key checks answers with that key.
    pub fn answering<'p>(&self, profile: &'p Profile) -> Cow<'p, Profile> {
        if self.key_index == 0 {
            return Cow::Borrowed(profile);
        }
        let mut own = profile.clone();
        own.keys.rotate_left(self.key_index);
        Cow::Owned(own)
    }

    fn value(&self, name: &str) -> &str {
        lookup(&self.fields, name)
    }

    pub fn decode(self, profile: &Profile, context: &Context<'_>) -> Result<Call, Reject> {
        let table = fields::of(self.route);
        // `signature` is required too, but is no longer among the fields.
        let missing = table
            .iter()
            .find(|spec| spec.is_required() && spec.name != SIGNATURE && self.value(spec.name).is_empty());
        if let Some(spec) = missing {
            return Err(Reject::missing(spec.name));
        }
        let mut draft = Draft::default();
        for spec in table {
            draft.read(spec, self.value(spec.name), profile, context)?;
        }
        let reference = draft.reference.to_owned();
        match self.route {
            Route::Transaction | Route::Gatewaydata => draft.create(Flow::HostedPage, context),
            Route::Barcode => draft.create(Flow::CustomerPresented, context),
            Route::MiniAlipay => draft.create_mini(context),
            Route::Query => Ok(Call::Query { reference, wait: draft.wait }),
            Route::Cancel => Ok(Call::Cancel { reference }),
            Route::Refund => draft.refund(),
            Route::Detail => draft.account.cloned().map(Call::Detail).ok_or(Reject::missing("wallet_id")),
        }
    }
}
