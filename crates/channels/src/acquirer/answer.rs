//! What the simulated acquirer's answers mean. `None` is for words that are not understood.

use tillgate_core::{CardKind, Currency, Entry, Money, Outcome, Slip, Timestamp};

use crate::{CardAnswer, CardCall, CardOperation, CardOutcome};

use super::wire::{Fields, free_text};
use super::{is_capture, minor_text, online};

/// Whether the answer speaks of this very call: service, numbers, amounts.
pub fn is_about(fields: &Fields<'_>, call: &CardCall) -> bool {
    let same_words = match call {
        CardCall::AdjustTip { tip, .. } => {
            fields.get("tip") == tip.minor.to_string() && fields.get("currency") == tip.currency.code()
        }
        CardCall::Settle { batch, .. } => fields.get("batch") == free_text(batch),
        _ => call.operation().is_none_or(|operation| is_about_operation(fields, operation)),
    };
    same_words
        && fields.get("service") == call.name()
        && fields.get("trade_no") == free_text(call.trade_no())
        && call.original().is_none_or(|original| fields.get("original") == free_text(original))
        && is_capture(call).is_none_or(|word| fields.get("capture") == word)
        && online(call).is_none_or(|word| fields.get("online") == word)
}

fn is_about_operation(fields: &Fields<'_>, operation: &CardOperation) -> bool {
    fields.get("amount") == operation.amount.minor.to_string()
        && fields.get("currency") == operation.amount.currency.code()
        && fields.get("tip") == minor_text(operation.tip_minor)
        && fields.get("cashback") == minor_text(operation.cashback_minor)
        && fields.get("terminal") == free_text(&operation.terminal)
}

/// Longest address of an issuer's page.
const URL_MAX: usize = 2_048;

pub fn read(fields: &Fields<'_>, call: &CardCall) -> Option<CardAnswer> {
    let status = fields.get("status");
    if status == "not_found" {
        let is_query = matches!(call, CardCall::Query { .. });
        return is_query.then_some(CardAnswer {
            outcome: CardOutcome::NeverHeardOf,
            slip: None,
            operation: None,
        });
    }
    if status == "challenge" {
        let url = challenge_url(fields, call)?;
        let outcome = CardOutcome::Challenge { url };
        return Some(CardAnswer { outcome, slip: None, operation: operation(fields, call)? });
    }
    let slip = slip(fields)?;
    let outcome = match status {
        "approved" => Outcome::Paid {
            channel_ref: Some(slip.ref_no.clone()).filter(|ref_no| !ref_no.is_empty())?,
            payer: payer(&slip),
            at: Timestamp::from_millis(fields.get("at_ms").parse().ok().filter(|ms| *ms >= 0)?),
        },
        "declined" => Outcome::Declined { reason: slip.refused.as_ref()?.1.clone() },
        "pending" => Outcome::Pending,
        _ => return None,
    };
    let slip = (outcome != Outcome::Pending).then_some(slip);
    Some(CardAnswer { outcome: CardOutcome::Outcome(outcome), slip, operation: operation(fields, call)? })
}

/// Where the payer's browser is sent: nowhere but to the web, and only where someone can be sent.
fn challenge_url(fields: &Fields<'_>, call: &CardCall) -> Option<String> {
    let may_be = match call {
        CardCall::Authorize { online, .. } => online.is_some(),
        _ => matches!(call, CardCall::Query { .. }),
    };
    let url = String::from_utf8(hex::decode(fields.get("challenge_url")).ok()?).ok()?;
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let is_clean = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
        && url.bytes().all(|byte| byte.is_ascii_graphic())
        && url.len() <= URL_MAX;
    (may_be && is_clean).then_some(url)
}

/// Digits that may be kept of a card are exactly six and four; more of them would be a card number.
fn slip(fields: &Fields<'_>) -> Option<Slip> {
    let digits = |name, count: usize| {
        let value = fields.get(name);
        let fits =
            value.is_empty() || value.len() == count && value.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| value.to_owned())
    };
    let (code, words) = (fields.get("response_code"), fields.get("response_msg"));
    Some(Slip {
        brand: fields.get("brand").to_owned(),
        first_six: digits("first_six", 6)?,
        last_four: digits("last_four", 4)?,
        kind: match fields.get("kind") {
            "" => None,
            "debit" => Some(CardKind::Debit),
            "credit" => Some(CardKind::Credit),
            "ebt" => Some(CardKind::Ebt),
            "gift" => Some(CardKind::Gift),
            _ => return None,
        },
        entry: match fields.get("entry") {
            "" => None,
            "swipe" => Some(Entry::Swipe),
            "chip" => Some(Entry::Chip),
            "contactless" => Some(Entry::Contactless),
            "manual" => Some(Entry::Manual),
            _ => return None,
        },
        auth_code: digits("auth_code", 6)?,
        ref_no: digits("ref_no", 12)?,
        refused: (fields.get("status") == "declined" && !matches!(code, "" | "00") && !words.is_empty())
            .then(|| (code.to_owned(), words.to_owned())),
        is_signed: false,
        token: String::new(),
        authentication: authentication(fields.get("authentication"))?,
    })
}

/// A card that takes no part, or a payer who was not believed, was not made sure of.
fn authentication(word: &str) -> Option<String> {
    match word {
        "frictionless" | "challenge" | "attempted" => Some(word.to_owned()),
        "" | "not_enrolled" | "failed" => Some(String::new()),
        _ => None,
    }
}

/// The card as a receipt shows it.
fn payer(slip: &Slip) -> String {
    match slip.last_four.is_empty() {
        true => String::new(),
        false => format!("{}****{}", slip.first_six, slip.last_four),
    }
}

/// The inner `None`: the answer does not say; a closed number never was an operation.
#[expect(clippy::option_option, reason = "the outer one is for what is not understood")]
fn operation(fields: &Fields<'_>, call: &CardCall) -> Option<Option<CardOperation>> {
    if let Some(operation) = call.operation() {
        return Some(Some(operation.clone()));
    }
    if fields.get("amount").is_empty() {
        return Some(None);
    }
    let minor = |name| match fields.get(name) {
        "" => Some(0),
        text => text.parse::<i64>().ok().filter(|minor| (0..=Money::LIMIT_MINOR).contains(minor)),
    };
    let operation = CardOperation {
        trade_no: call.trade_no().to_owned(),
        terminal: fields.get("terminal").to_owned(),
        amount: Money::new(minor("amount")?, Currency::from_code(fields.get("currency"))?),
        tip_minor: minor("tip")?,
        cashback_minor: minor("cashback")?,
    };
    Some(Some(operation))
}
