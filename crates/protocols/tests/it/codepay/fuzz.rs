//! Mutated requests, by seed. `FUZZ_ITERATIONS=1000000 cargo test -p tillgate-protocols --release codepay::fuzz` runs longer;
//! `FUZZ_SEED` picks another course. A failure prints the input.
//!
//! The room is held against a second reader that shares none of its code. The oracle tests put a planted bug in the
//! room's place: a target that does not catch it is worth nothing.

use std::collections::{BTreeMap, HashSet};

use serde_json::value::RawValue;
use tillgate_protocols::codepay::explain;

use super::*;
use crate::hunt::{Pairs, Words, hunt, number};

const ITERATIONS: u64 = 6_000;

const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u0061",
    "\\ud83d\\ude00",
    "\\ud800",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1.0",
    "1.0E+7",
    "\"a\":\"1\",",
    "\"a\":1,",
    "\"\\u0061\":null,",
    "\"tip_amount\":30.0,",
    "\"attach\":\"@x\",",
    "\"\u{ffee}\":\"h\",",
    "\"😀\":\"a\",",
    "\"b\":{\"c\" : [1]},",
    "\u{0}",
    "\u{feff}",
    " ",
    "\n",
    "é",
    "&",
    "=",
    "+",
    "%",
    "%20",
    "%2B",
    "%zz",
    "%ff",
    "&a=1",
    "&%61=2",
    "&a",
    "&=1",
    "&attach=x%26msg%3D1",
];

pub const WORDS: Words = Words { tokens: TOKENS, begins: b"{,&" };

pub type Texts = Vec<(String, String)>;

fn second_json(text: &str) -> Option<Texts> {
    let pairs = serde_json::from_str::<Pairs>(text).ok()?.0?;
    let value = |raw: &RawValue| match raw.get() {
        "null" => Some(String::new()),
        text if text.starts_with('"') => serde_json::from_str(text).ok(),
        text => Some(text.to_owned()),
    };
    pairs.into_iter().map(|(name, raw)| Some((name, value(&raw)?))).collect()
}

fn second_decode(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, after @ ..] = rest {
        let hex = |byte: &u8| char::from(*byte).to_digit(16);
        rest = after;
        match (first, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [a, b, after @ ..]) if hex(a).is_some() && hex(b).is_some() => {
                bytes.push((hex(a)? * 16 + hex(b)?) as u8);
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok()
}

fn second_form(text: &str) -> Option<Texts> {
    let mut names = HashSet::new();
    let segments = text.split('&').filter(|segment| !segment.is_empty());
    let read = segments.map(|segment| {
        let (name, value) = segment.split_once('=').unwrap_or((segment, ""));
        let name = second_decode(name)?;
        names.insert(name.clone()).then_some((name, second_decode(value)?))
    });
    read.collect()
}

pub fn second_reader(body: &[u8]) -> Option<Texts> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let read = if text.starts_with('{') { second_json(text) } else { second_form(text.trim_ascii()) }?;
    (read.len() <= 128).then_some(read)
}

/// The documents' text, sorted as bytes.
pub fn text_of(read: &Texts) -> String {
    let sorted: BTreeMap<&[u8], &str> = read.iter().map(|(n, v)| (n.as_bytes(), v.as_str())).collect();
    let parts = sorted.iter().filter(|(name, value)| *name != b"sign" && !value.is_empty());
    parts.map(|(n, v)| format!("{}={v}", String::from_utf8_lossy(n))).collect::<Vec<_>>().join("&")
}

fn seeds() -> Vec<String> {
    let mut seeds = vec!["{\"😀\":\"1\",\"\u{ffee}\":2,\"z\":null}".to_owned()];
    for method in NAMED {
        let fields =
            request(method, &[("attach", r#""a&b=1+1 é%""#), ("tip_amount", "30.0"), ("x", "[1, 2]")]);
        let pairs: Vec<String> = fields.iter().map(|(name, raw)| format!("{name:?}:{raw}")).collect();
        seeds.push(format!("{{{}}}", pairs.join(",")));
        seeds.push(form(&fields, "").split("&sign=").next().unwrap().to_owned());
    }
    seeds
}

/// The signed text of a body, if it is accepted.
type TextReader = fn(&[u8]) -> Option<String>;

fn room_text(body: &[u8]) -> Option<String> {
    explain::sign(std::str::from_utf8(body).ok()?, &APP_KEY).ok().map(|worked| worked.text)
}

fn text_property(read: TextReader) -> impl Fn(&[u8]) -> Result<(), String> {
    move |body| {
        let expected = second_reader(body).as_ref().map(text_of);
        let seen = read(body);
        if seen == expected { Ok(()) } else { Err(format!("reads {seen:?}, not {expected:?}")) }
    }
}

#[test]
fn bodies_have_one_text() {
    assert_eq!(hunt(&seeds(), &WORDS, number("FUZZ_ITERATIONS", ITERATIONS), text_property(room_text)), None);
}

#[test]
fn a_planted_bug_is_caught() {
    let last_wins: TextReader = |body| {
        room_text(body).or_else(|| {
            let map: BTreeMap<String, serde_json::Value> = serde_json::from_slice(body).ok()?;
            Some(map.into_keys().collect())
        })
    };
    let utf16_order: TextReader = |body| {
        let mut read = second_reader(body)?;
        read.retain(|(name, value)| name != "sign" && !value.is_empty());
        read.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
        Some(read.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("&"))
    };
    let null_word: TextReader = |body| {
        let has_null = body.windows(6).any(|window| window == b"\":null");
        room_text(body).map(|text| if has_null { text + "null" } else { text })
    };
    let plus_stays: TextReader = |body| {
        let text = String::from_utf8_lossy(body).replace('+', "%2B");
        if body.starts_with(b"{") { room_text(body) } else { room_text(text.as_bytes()) }
    };
    for (name, planted) in [
        ("last wins", last_wins),
        ("UTF-16 order", utf16_order),
        ("null is a word", null_word),
        ("+ stays", plus_stays),
    ] {
        assert!(
            hunt(&seeds(), &WORDS, number("FUZZ_ITERATIONS", ITERATIONS), text_property(planted)).is_some(),
            "{name} is not caught"
        );
    }
}

/// What the second reader signs, the room takes for signed: it may refuse it for anything but its signature, and if it
/// accepts it, it has read the same fields.
#[test]
fn what_the_second_reader_signs_is_signed() {
    let property = |body: &[u8]| {
        let Some(read) = second_reader(body) else { return Ok(()) };
        let find = |name: &str| read.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        if find("sign").is_some() || find("app_id") != Some(APP_ID) || find("sign_type") != Some("RSA2") {
            return Ok(());
        }
        let (text, body) = (text_of(&read), std::str::from_utf8(body).unwrap().trim());
        let sign = APP_KEY.sign(&text);
        let signed = match body.strip_suffix('}').filter(|_| body.starts_with('{')) {
            Some(open) => format!("{open},\"sign\":{sign:?}}}"),
            None => format!("{body}&sign={}", tillgate_protocols::wire::query::encode(&sign)),
        };
        match understand(&signed) {
            Err(reject) if reject == Reject::new(Code::Signature) => {
                Err("is not taken for signed".to_owned())
            }
            Err(_) => Ok(()),
            Ok(asked) => {
                let is = |name: &str, value: &str| find(name) == Some(value);
                let fits = match &asked.call {
                    Call::Order(order) => {
                        is("merchant_order_no", &order.merchant_order_no)
                            && is("description", &order.description)
                            && find("attach").filter(|text| !text.is_empty()) == order.attach.as_deref()
                            && find("order_amount")
                                .is_some_and(|text| text.starts_with(&room::plain(order.amount)))
                    }
                    Call::Close(close) => is("merchant_order_no", &close.merchant_order_no),
                    Call::Revoke { merchant_order_no } => is("merchant_order_no", merchant_order_no),
                    Call::CloseBatch { terminal_sn } => is("terminal_sn", terminal_sn),
                    Call::Checkout(call) => {
                        is("merchant_order_no", &call.merchant_order_no)
                            && find("return_url").filter(|url| !url.is_empty()) == call.return_url.as_deref()
                    }
                    Call::MerchantCheckout(call) => is("merchant_order_no", &call.merchant_order_no),
                    Call::Query(_) | Call::RefundQuery(_) | Call::Refund(_) | Call::AdjustTip(_) => true,
                    other => return Err(format!("reads {other:?}, which has another path")),
                };
                let of = |whose: &room::Whose| match whose {
                    room::Whose::Merchant(merchant) => is("merchant_no", &merchant.merchant_no),
                    room::Whose::AnyOfTheApp => false,
                };
                if fits && of(&asked.whose) { Ok(()) } else { Err(format!("reads {asked:?}")) }
            }
        }
    };
    assert_eq!(hunt(&seeds(), &WORDS, number("FUZZ_ITERATIONS", ITERATIONS), property), None);
}
