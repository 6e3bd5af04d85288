//! The rule of each kind of field, as far as it can be said of a value by itself.

use std::fmt::Display;

use tillgate_core::Currency;

use super::calls::Decimal;
use super::card::Encryption;
use super::codes::{Code, Reject};
use super::fields::{FieldSpec, Kind};
use super::words::{CardType, PayMethod, PayScenario, QueueMode, ReceiptPrint, TransType};
use crate::wire::url::check_callable;

const EXPIRES_S: std::ops::RangeInclusive<i64> = 1..=604_800;
const APPLICATION: &str = "CodePay Register";

/// What can be said of a field by itself.
pub(super) fn check(spec: &FieldSpec, text: &str) -> Result<(), Reject> {
    let wrong = |what: &dyn Display| Err(Reject::invalid(spec.name, what));
    let fits = match spec.kind {
        // The envelope's own, read before.
        Kind::AppId | Kind::Format | Kind::Charset | Kind::SignType | Kind::Sign => true,
        Kind::Version | Kind::Timestamp | Kind::Method => true,
        Kind::Text | Kind::MerchantNo | Kind::TerminalSn => {
            check_length(spec, text)?;
            if text.chars().any(char::is_control) {
                return wrong(&"must not have control characters");
            }
            true
        }
        Kind::Attach => return check_length(spec, text),
        Kind::Application => text == APPLICATION,
        Kind::ApiVersion => text == "2.0",
        Kind::Scenario => PayScenario::from_word(text).is_some(),
        Kind::PayMethod => PayMethod::from_word(text).is_some(),
        Kind::CardType => number(text).and_then(CardType::from_number).is_some(),
        Kind::Currency => Currency::from_code(text).is_some(),
        Kind::Amount | Kind::ExtraAmount => return Decimal::new(spec, text).map(|_| ()),
        Kind::TransType => match number(text).and_then(TransType::from_number) {
            Some(known) if !known.is_served() => {
                return wrong(&format_args!("{} is not served here", known.number()));
            }
            known => known.is_some(),
        },
        Kind::NewOrderNo => is_order_no(text),
        Kind::KnownOrderNo => {
            return if is_order_no(text) { Ok(()) } else { Err(unknown(Code::OrderNoInvalid, spec)) };
        }
        Kind::KnownTransNo => {
            let fits = text.len() <= spec.max && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return if fits { Ok(()) } else { Err(unknown(Code::TransNoInvalid, spec)) };
        }
        Kind::NotifyUrl | Kind::ReturnUrl => {
            return check_callable(text, spec.max).map_err(|error| Reject::invalid(spec.name, error));
        }
        Kind::Expires => seconds(text).is_some(),
        Kind::QueueMode => QueueMode::from_word(text).is_some(),
        Kind::Flag => flag(text).is_some(),
        Kind::ReceiptPrint => number(text).and_then(ReceiptPrint::from_number).is_some(),
        Kind::Ip => text.parse::<std::net::IpAddr>().is_ok(),
        Kind::Longitude => is_degrees(text, 180),
        Kind::Latitude => is_degrees(text, 90),
        Kind::EncType => Encryption::from_word(text).is_some(),
        Kind::Card => return check_length(spec, text),
        // Read whole when the call is made.
        Kind::Address | Kind::OrderDetail | Kind::Terminals => true,
    };
    if fits { Ok(()) } else { wrong(&rule(spec.kind)) }
}

/// No order and no transaction can have such a number.
fn unknown(code: Code, spec: &FieldSpec) -> Reject {
    Reject { field: Some(spec.name.to_owned()), ..Reject::new(code) }
}

fn rule(kind: Kind) -> &'static str {
    match kind {
        Kind::Application => "must be CodePay Register",
        Kind::ApiVersion => "must be 2.0",
        Kind::Scenario => "must be SWIPE_CARD, SCANQR_PAY or BSCANQR_PAY",
        Kind::CardType => "must be 1, 2, 3 or 4",
        Kind::Currency => "is not a currency we know",
        Kind::TransType => "must be 1, 2, 3, 4, 6 or 11",
        Kind::NewOrderNo => "must be 1 to 32 letters, digits or _-|*@",
        Kind::Expires => "must be 1 to 604800 seconds, in digits",
        Kind::QueueMode => "must be FIFO or FILO",
        Kind::Flag => "must be true or false",
        Kind::ReceiptPrint => "must be 0, 1, 2 or 3",
        Kind::Ip => "must be an IP address",
        Kind::Longitude => "must be decimal degrees, -180 to 180",
        Kind::Latitude => "must be decimal degrees, -90 to 90",
        Kind::EncType => "must be RSA or AES",
        _ => "is none we know",
    }
}

fn check_length(spec: &FieldSpec, text: &str) -> Result<(), Reject> {
    let fits = text.chars().count() <= spec.max;
    let what = format_args!("must have {} characters at most", spec.max);
    if fits { Ok(()) } else { Err(Reject::invalid(spec.name, what)) }
}

fn is_order_no(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|*@".contains(&byte);
    (1..=32).contains(&text.len()) && text.bytes().all(fits)
}

/// One or two digits.
pub(super) fn number(text: &str) -> Option<u8> {
    let fits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| fits && (text.len() == 1 || !text.starts_with('0')))
}

pub(super) fn seconds(text: &str) -> Option<i64> {
    let fits = text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|seconds| fits && EXPIRES_S.contains(seconds))
}

/// Forms of some languages write `1` and `0`.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A sign if it is below zero, digits, a point, digits; not beyond `most` either way.
fn is_degrees(text: &str, most: u16) -> bool {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, "0"));
    let digits =
        |part: &str, max| (1..=max).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = fraction.bytes().all(|byte| byte == b'0');
    let fits = |whole: u16| whole < most || whole == most && is_whole;
    digits(whole, 3) && digits(fraction, 16) && whole.parse().is_ok_and(fits)
}
