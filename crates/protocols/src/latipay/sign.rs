//! Signatures: which texts a request may have been signed as, and whether such a text means one thing only.
//!
//! All are HMAC-SHA256 with the api_key, printed as 64 lower-case hexadecimal digits.
//!
//! # Why the signed text is read back
//! `name=value` pairs joined with `&` are not escaped, so two different requests can have one text:
//! `product_name` = `tea&user_id=U2` signs like a `product_name` and a `user_id`. Whoever can choose a value inside a
//! merchant's request (a product's name, a note) could move the borders between fields while the signature stays
//! right. So [`parse_joined`] reads the text back by rules that look at nothing but the text and the route, and a
//! request is accepted only if that gives exactly the fields received. The reading is a function: of all requests
//! that share a text at most one can pass, whatever the rules are. They are chosen so that it is the honest one:
//!
//! - Names in a signed text ascend. A segment whose name does not follow the previous one cannot be a field; it
//!   belongs to the value before it (`product_name=tea & milk`, `callback_url=https://x/?a=1&b=2`).
//! - A known name that follows starts a field, always.
//! - An unknown name that follows starts a field where unknown fields are allowed; but not right after a URL that
//!   has a `?`, for there it is far more likely the URL's own (`callback_url=https://x/?order=1&token=2`). On the
//!   closed routes (`fields::is_closed`) it belongs to the value.
//!
//! # Why a signature is good for one route only
//! No text says which route it is for, and the gatewaydata answer, which shoppers see, is signed like a request. The
//! closed routes take their own fields only, so their texts begin with `order_id` (refund), `merchant_reference` or
//! `user_id` (cancel), `is_block` or `merchant_reference` (query). A new order has an `amount`, so its text begins
//! with that or a name before it, and cannot be read otherwise: what is cut off at the front would be a field the
//! closed route does not know. The gatewaydata answer always reads back with fields new orders are refused with
//! (`fields::stray`). Two pairs of texts are equal by the documents: a query signed by the barcode document without
//! `is_block` is a cancel of the same order, and the nameless texts of query and detail look alike.
//!
//! The forms without names have their own readings: the reference and the wallet stand before the user, who is known;
//! the legacy form is cut at the user, at the one wallet that fits, at the amount's last digit and at each `http`, and
//! must not end with the user, as a query does.

use std::borrow::Cow;

use aws_lc_rs::hmac;

use super::codes::{self, Reject};
use super::fields::{self, SIGNATURE, USER_ID};
use super::{ApiKey, Profile, Route};

/// Name and value, as signed.
pub type Pair<'a> = (&'a str, &'a str);

/// A way a request may be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The documents' rule: by name, empty values left out, key appended.
    Sorted,
    /// The same with empty values: several clients do not drop them.
    SortedWithEmpties,
    /// `is_block` added after signing.
    SortedWithoutWait,
    /// `merchant_reference + user_id`.
    ReferenceUser,
    /// The order in which the cancel example is printed.
    UserFirst,
    /// The mini app example leaves `payment_method` out.
    SortedWithoutMethod,
    /// `wallet_id + user_id`.
    WalletUser,
    /// The rule of 2017: six values, no names, no key.
    Legacy,
}

const LEGACY: [&str; 6] = [USER_ID, "wallet_id", "amount", "payment_method", "return_url", "callback_url"];

/// The forms a route accepts, the usual first. The legacy form is behind a merchant's switch.
pub fn forms(route: Route, legacy: bool) -> &'static [Form] {
    match route {
        Route::Transaction if legacy => &[Form::Sorted, Form::SortedWithEmpties, Form::Legacy],
        Route::Transaction | Route::Barcode | Route::Refund => &[Form::Sorted, Form::SortedWithEmpties],
        Route::MiniAlipay => &[Form::Sorted, Form::SortedWithoutMethod, Form::SortedWithEmpties],
        Route::Cancel => &[Form::Sorted, Form::UserFirst, Form::SortedWithEmpties],
        Route::Query => {
            &[Form::ReferenceUser, Form::Sorted, Form::SortedWithoutWait, Form::SortedWithEmpties]
        }
        Route::Detail => &[Form::WalletUser],
        Route::Gatewaydata => &[],
    }
}

impl Form {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sorted => "sorted by name, empty values left out, api_key appended",
            Self::SortedWithEmpties => "sorted by name, empty values kept, api_key appended",
            Self::SortedWithoutWait => "sorted by name without is_block, api_key appended",
            Self::ReferenceUser => "merchant_reference + user_id",
            Self::UserFirst => {
                "user_id before merchant_reference as printed in the cancel example, api_key appended"
            }
            Self::SortedWithoutMethod => "sorted by name without payment_method, api_key appended",
            Self::WalletUser => "wallet_id + user_id",
            Self::Legacy => {
                "legacy, only with the merchant's legacy switch: \
                 user_id + wallet_id + amount + payment_method + return_url + callback_url"
            }
        }
    }

    /// Whether the key stands at the end of the text, besides being the HMAC's key.
    pub fn appends_key(self) -> bool {
        match self {
            Self::Sorted
            | Self::SortedWithEmpties
            | Self::SortedWithoutWait
            | Self::UserFirst
            | Self::SortedWithoutMethod => true,
            Self::ReferenceUser | Self::WalletUser | Self::Legacy => false,
        }
    }

    /// The text without the key; `None` if the fields do not fit the form. `sorted` is by name, without `signature`.
    pub fn text(self, sorted: &[Pair<'_>]) -> Option<String> {
        match self {
            Self::Sorted | Self::SortedWithEmpties | Self::SortedWithoutWait | Self::SortedWithoutMethod => {
                Some(join(sorted.iter().copied().filter(|pair| self.covers(*pair))))
            }
            Self::UserFirst => match sorted {
                [("merchant_reference", reference), (USER_ID, user)] => {
                    Some(join([(USER_ID, *user), ("merchant_reference", *reference)].into_iter()))
                }
                _ => None,
            },
            Self::ReferenceUser => {
                Some([value(sorted, "merchant_reference"), value(sorted, USER_ID)].concat())
            }
            Self::WalletUser => Some([value(sorted, "wallet_id"), value(sorted, USER_ID)].concat()),
            Self::Legacy => Some(LEGACY.map(|name| value(sorted, name)).concat()),
        }
    }

    /// Of the sorted forms: whether the pair is in the text.
    fn covers(self, (name, value): Pair<'_>) -> bool {
        match self {
            Self::SortedWithEmpties => true,
            Self::SortedWithoutWait => !value.is_empty() && name != "is_block",
            Self::SortedWithoutMethod => !value.is_empty() && name != "payment_method",
            Self::Sorted | Self::UserFirst | Self::ReferenceUser | Self::WalletUser | Self::Legacy => {
                !value.is_empty()
            }
        }
    }

    /// Whether `text` can only mean these fields; see the module's page. `user_id` has been proven to own the key.
    /// `wallets` are the user's.
    pub(super) fn reads_back<'w>(
        self,
        route: Route,
        text: &str,
        sorted: &[Pair<'_>],
        wallets: impl Iterator<Item = &'w str>,
    ) -> bool {
        match self {
            Self::Sorted | Self::SortedWithEmpties | Self::SortedWithoutWait | Self::SortedWithoutMethod => {
                let covered = sorted.iter().copied().filter(|pair| self.covers(*pair));
                parse_joined(route, text).is_some_and(|read| read.into_iter().eq(covered))
            }
            Self::UserFirst => text
                .strip_prefix("user_id=")
                .and_then(|rest| rest.split_once("&merchant_reference="))
                .is_some_and(|(user, reference)| {
                    user == value(sorted, USER_ID) && reference == value(sorted, "merchant_reference")
                }),
            // The user ends the text and is known, so what stands before him is fixed.
            Self::ReferenceUser | Self::WalletUser => true,
            Self::Legacy => parse_legacy(text, value(sorted, USER_ID), wallets)
                .is_some_and(|read| read == LEGACY.map(|name| value(sorted, name))),
        }
    }
}

/// What is said of a right signature whose text does not read back.
pub(super) const AMBIGUOUS: &str = "is right, but its text can be read as other fields; see `&` in values";

pub(super) fn value<'a>(sorted: &[Pair<'a>], name: &str) -> &'a str {
    sorted.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

fn join<'a>(pairs: impl Iterator<Item = Pair<'a>>) -> String {
    let mut text = String::with_capacity(384);
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}

/// Reads a joined text back into fields; see the module's page.
pub fn parse_joined(route: Route, text: &str) -> Option<Vec<Pair<'_>>> {
    struct Open<'t> {
        name: &'t str,
        from: usize,
        to: usize,
        url_with_query: bool,
    }
    let mut read: Vec<Open<'_>> = Vec::with_capacity(16);
    let known = |name: &str| fields::find(route, name).is_some();
    let open = !fields::is_closed(route);
    let mut at = 0;
    for segment in text.split('&') {
        let end = at + segment.len();
        let name = segment.split_once('=').map(|(name, _)| name);
        let starts = name.filter(|name| match read.last() {
            None => open || known(name),
            Some(before) if *name <= before.name => false,
            Some(before) => known(name) || (open && is_identifier(name) && !before.url_with_query),
        });
        match (starts, read.last_mut()) {
            (Some(name), _) => {
                let from = at + name.len() + 1;
                let url_with_query = name.ends_with("_url") && text[from..end].contains('?');
                read.push(Open { name, from, to: end, url_with_query });
            }
            (None, Some(before)) => {
                before.to = end;
                before.url_with_query |= before.name.ends_with("_url") && segment.contains('?');
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

/// Cuts the legacy text; `None` if two cuts are possible (two wallets fit, a URL inside a URL) or if it could be a
/// query's.
fn parse_legacy<'t, 'w>(
    text: &'t str,
    user_id: &str,
    wallets: impl Iterator<Item = &'w str>,
) -> Option<[&'t str; 6]> {
    let rest = text.strip_prefix(user_id).filter(|rest| !rest.ends_with(user_id))?;
    let mut fitting = wallets.filter_map(|wallet| {
        let amount = rest.strip_prefix(wallet)?;
        amount.starts_with(|c: char| c.is_ascii_digit()).then_some(wallet.len())
    });
    let (wallet, rest) = rest.split_at(fitting.next()?);
    if fitting.next().is_some() {
        return None;
    }
    let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (amount, rest) = rest.split_at(digits);
    let urls: Vec<usize> = rest.match_indices("http").map(|(at, _)| at).collect();
    let (return_url, callback_url) = match urls[..] {
        [callback] => ("", &rest[callback..]),
        [back, callback] => (&rest[back..callback], &rest[callback..]),
        _ => return None,
    };
    let method = &rest[..*urls.first()?];
    Some([&text[..user_id.len()], wallet, amount, method, return_url, callback_url])
}

/// The HMAC of a text as it is printed.
pub fn hmac_hex(key: &ApiKey, text: &str) -> String {
    hex::encode(hmac::sign(&key.hmac, text.as_bytes()))
}

/// The signature of a text in a form, which may append the key.
pub fn sign_text(form: Form, text: &str, key: &ApiKey) -> String {
    hmac_hex(key, &full_text(form, text, key))
}

fn full_text<'a>(form: Form, text: &'a str, key: &ApiKey) -> Cow<'a, str> {
    if form.appends_key() { Cow::Owned([text, key.reveal()].concat()) } else { Cow::Borrowed(text) }
}

/// Signs pairs in any order by the documents' rule.
pub fn sign_sorted(pairs: &[Pair<'_>], key: &ApiKey) -> String {
    let mut sorted: Vec<Pair<'_>> =
        pairs.iter().copied().filter(|(name, value)| *name != SIGNATURE && !value.is_empty()).collect();
    sorted.sort_unstable();
    sign_text(Form::Sorted, &join(sorted.into_iter()), key)
}

/// The answer's and the notification's text, in their order: reference, method, status, currency, amount.
pub fn sign_values(values: &[&str], key: &ApiKey) -> String {
    hmac_hex(key, &values.concat())
}

/// Compares in constant time.
pub fn check_values(values: &[&str], signature: &str, key: &ApiKey) -> bool {
    read_signature(signature)
        .is_ok_and(|tag| hmac::verify(&key.hmac, values.concat().as_bytes(), &tag).is_ok())
}

/// 64 lower-case hexadecimal digits; otherwise what is wrong with them.
pub(super) fn read_signature(text: &str) -> Result<[u8; 32], &'static str> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("must be 64 lower-case hexadecimal digits");
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("must be lower-case hexadecimal, upper-case was sent");
    }
    let mut tag = [0; 32];
    hex::decode_to_slice(text, &mut tag).map_err(|_| "must be 64 lower-case hexadecimal digits")?;
    Ok(tag)
}

/// Which of the profile's keys signed the request, and how.
pub(super) fn verify(
    route: Route,
    sorted: &[Pair<'_>],
    signature: &str,
    profile: &Profile,
) -> Result<(usize, Form), Reject> {
    let wrong = |what: &str| Reject::field(codes::WRONG_SIGNATURE, SIGNATURE, what);
    let tag = read_signature(signature).map_err(wrong)?;
    let mut tried: Option<String> = None;
    for form in forms(route, profile.settings.legacy_signature) {
        let Some(text) = form.text(sorted).filter(|text| tried.as_ref() != Some(text)) else { continue };
        for (index, key) in profile.keys.iter().enumerate() {
            if hmac::verify(&key.hmac, full_text(*form, &text, key).as_bytes(), &tag).is_ok() {
                let wallets = profile.accounts.iter().map(|account| account.code.as_str());
                return match form.reads_back(route, &text, sorted, wallets) {
                    true => Ok((index, *form)),
                    false => Err(wrong(AMBIGUOUS)),
                };
            }
        }
        tried = Some(text);
    }
    Err(wrong("does not match"))
}
