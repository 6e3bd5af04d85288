//! Mutated cards and order_details, by seed; see `fuzz.rs`. Each target is shown to catch a planted bug.

use serde_json::value::RawValue;
use tillgate_protocols::codepay::{CardKeys, OrderDetail};
use tillgate_protocols::wire::card::is_luhn;

use super::cards::{CARD, aes_key, sealed};
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
    "null",
    "0",
    "-1",
    "1.005",
    "1e9",
    "true",
    "\u{0}",
    "é",
    "\"pan\":\"4000000000000002\",",
    "\"\\u0070an\":\"4000000000000002\",",
    "\"cvv\":\"1\",",
    "\"expiry\":\"0101\",",
    "\"more\":1,",
    "4000000000000002",
    "javascript:alert(1)",
    "\"image\":\"javascript:x\",",
    "\"main\":\"url(x)\",",
    "rgb(1,2,3)",
    "rgb(1,2,300)",
    "#ff",
    "\"[\\\"US\\\"]\"",
    "\"name\":\"<b>\",",
];

const WORDS: Words = Words { tokens: TOKENS, begins: b"{,[" };

/// The number in a card's text, if a reader that shares nothing with the room's finds one card in it.
fn second_pan(text: &str) -> Option<String> {
    let pairs = serde_json::from_str::<Pairs>(text).ok()?.0?;
    let mut pan = None;
    for (name, raw) in &pairs {
        let raw: &RawValue = raw;
        match name.as_str() {
            "pan" => pan = serde_json::from_str::<serde_json::Value>(raw.get()).ok(),
            "holder" | "cvv" | "expiry" | "card_type" => {}
            _ => return None,
        }
    }
    match pan? {
        serde_json::Value::String(pan) => Some(pan),
        serde_json::Value::Number(pan) => Some(pan.to_string()),
        _ => None,
    }
}

fn card_property(planted: bool) -> impl Fn(&[u8]) -> Result<(), String> {
    move |body| {
        let Ok(text) = std::str::from_utf8(body) else { return Ok(()) };
        let aes = aes_key();
        let keys = CardKeys { private: &GATEWAY_KEY, aes: Some(&aes), allows_plain: false };
        // Signed once; what is sealed is what changes.
        let Some(raw) = client::encrypt_card_aes(text, &aes) else { return Ok(()) };
        let opened = match planted {
            true => serde_json::from_str::<serde_json::Value>(text)
                .ok()
                .and_then(|value| value["pan"].as_str().map(str::to_owned)),
            false => {
                let card = sealed(&format!("{raw:?}"), "\"AES\"").map_err(|reject| reject.msg());
                card.and_then(|card| card.open(keys, NOW).map_err(|reject| reject.msg()))
                    .ok()
                    .map(|card| card.pan().to_owned())
            }
        };
        match opened {
            None => Ok(()),
            Some(pan) if second_pan(text).as_deref() == Some(&*pan) && is_luhn(&pan) => Ok(()),
            Some(pan) => Err(format!("reads {pan}")),
        }
    }
}

#[test]
fn a_card_has_one_reading() {
    let iterations = number("FUZZ_ITERATIONS", ITERATIONS / 20);
    let seeds = [CARD.to_owned()];
    assert_eq!(hunt(&seeds, &WORDS, iterations, card_property(false)), None);
    assert!(hunt(&seeds, &WORDS, iterations, card_property(true)).is_some(), "last wins is not caught");
}

fn detail() -> String {
    r##"{"type":"GENERAL","data":{"items":[{"code":"C1","name":"Tea","quantity":2,"unit_price":1.5,"amount":"3.00","image":"https://i.example/t.png"}],"shipping":{"allow_regions":["US","NZ"]},"billing":{},"payment":{"allow_options":["Card"]},"theme":{"palette":{"primary":{"main":"#F00"},"text":{"primary":"rgb(0,1,2)"}}}}}"##.to_owned()
}

/// What is accepted can be shown: addresses are http(s), colours are six digits, codes are codes, and it is kept whole.
fn detail_property(planted: bool) -> impl Fn(&[u8]) -> Result<(), String> {
    move |body| {
        let Ok(text) = std::str::from_utf8(body) else { return Ok(()) };
        let Ok(mut detail) = OrderDetail::read(text, currency("USD")) else { return Ok(()) };
        if planted && text.contains("rgb") {
            detail.items.iter_mut().for_each(|item| item.image = Some("javascript:x".to_owned()));
        }
        for item in &detail.items {
            let image = item.image.as_deref().unwrap_or("https://x").to_ascii_lowercase();
            if !image.starts_with("https://") && !image.starts_with("http://")
                || image.contains(['"', '<', ' '])
            {
                return Err(format!("shows {image}"));
            }
            if item.name.trim().is_empty()
                || item.quantity == 0
                || item.unit_minor.is_some_and(|minor| minor < 0)
            {
                return Err(format!("sells {item:?}"));
            }
        }
        let theme = &detail.theme;
        for color in [&theme.main, &theme.contrast, &theme.text].into_iter().flatten() {
            let digits = color.as_str().strip_prefix('#').unwrap_or_default();
            if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(format!("paints {color:?}"));
            }
        }
        if OrderDetail::from_text(&detail.to_text()) == Some(detail) {
            Ok(())
        } else {
            Err("is not kept whole".to_owned())
        }
    }
}

#[test]
fn an_order_detail_that_is_taken_can_be_shown() {
    let iterations = number("FUZZ_ITERATIONS", ITERATIONS);
    let seeds = [detail()];
    assert_eq!(hunt(&seeds, &WORDS, iterations, detail_property(false)), None);
    assert!(hunt(&seeds, &WORDS, iterations, detail_property(true)).is_some(), "a script is not caught");
}

/// What a path's call says, as far as it can be said in texts.
fn said_by(call: &Call) -> Vec<(&'static str, String)> {
    let amount = |decimal: &room::Decimal| {
        let money = decimal.money(currency("USD"));
        money.map_or_else(|_| "?".to_owned(), |money| money.minor.to_string())
    };
    match call {
        Call::Capture(call) => vec![
            ("merchant_order_no", call.merchant_order_no.clone()),
            ("trans_no", call.trans_no.clone()),
            ("trans_amount", amount(&call.amount)),
        ],
        Call::Increase(call) => {
            vec![("trans_no", call.trans_no.clone()), ("trans_amount", amount(&call.amount))]
        }
        Call::CancelPayment(call) => {
            vec![("merchant_order_no", call.merchant_order_no.clone()), ("trans_no", call.trans_no.clone())]
        }
        Call::RefundParts(call) => {
            let total = call.parts.order.as_ref().map_or_else(String::new, amount);
            vec![("merchant_order_no", call.merchant_order_no.clone()), ("order_amount", total)]
        }
        Call::PaymentTip(call) => {
            vec![("trans_no", call.trans_no.clone()), ("tip_amount", amount(&call.tip))]
        }
        Call::Recall(room::Number::Trans(number)) => vec![("trans_no", number.clone())],
        Call::Recall(room::Number::Merchant(number)) => vec![("merchant_order_no", number.clone())],
        Call::CloseBatches(call) | Call::OpenBatches(call) => {
            vec![("store_no", call.store_no.clone().unwrap_or_default())]
        }
        _ => Vec::new(),
    }
}

/// Minor units of a decimal of US dollars, without the room's code; other texts as they are.
fn second_value(name: &str, text: &str) -> String {
    if !name.ends_with("_amount") {
        return text.to_owned();
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let is_money = !text.is_empty() && fraction.len() <= 2;
    let minor = format!("{whole}{fraction:0<2}").parse::<i64>();
    if text.is_empty() {
        return String::new();
    }
    minor
        .ok()
        .filter(|minor| is_money && *minor <= 10_000_000_000_000)
        .map_or_else(|| "?".to_owned(), |minor| minor.to_string())
}

/// What the second reader signs for a path is signed there, and says the same.
#[test]
fn what_is_signed_for_a_path_says_the_same() {
    let minimal = ["format", "charset", "sign_type", "version", "timestamp", "merchant_no"];
    for method in Method::ALL.into_iter().filter(|method| !method.has_word()) {
        let is_batch = matches!(method, Method::OpenBatch | Method::OpenBatchClose);
        let left_out = &minimal[..if is_batch { 5 } else { 6 }];
        let changes: Vec<Raw<'_>> = left_out.iter().map(|name| (*name, "")).collect();
        let fields = request(method, &changes);
        let pairs: Vec<String> = fields.iter().map(|(name, raw)| format!("{name:?}:{raw}")).collect();
        let form = form(&fields, "");
        let seeds = [format!("{{{}}}", pairs.join(",")), form.split("&sign=").next().unwrap().to_owned()];
        let property = |body: &[u8]| {
            let Some(read) = fuzz::second_reader(body) else { return Ok(()) };
            let find = |name: &str| {
                let found = read.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value.as_str())
            };
            if find("sign").is_some() || find("app_id") != Some(APP_ID) || find("sign_type").is_some() {
                return Ok(());
            }
            let body = std::str::from_utf8(body).unwrap().trim();
            let sign = APP_KEY.sign(&fuzz::text_of(&read));
            let signed = match body.strip_suffix('}').filter(|_| body.starts_with('{')) {
                Some(open) => format!("{open},\"sign\":{sign:?}}}"),
                None => format!("{body}&sign={}", tillgate_protocols::wire::query::encode(&sign)),
            };
            let app = app();
            match opened_at(route(method), &signed, &app).and_then(|opened| opened.decode(&app)) {
                Err(reject) if reject == Reject::new(Code::Signature) => {
                    Err("is not taken for signed".to_owned())
                }
                Err(_) => Ok(()),
                Ok(asked) => {
                    let said = said_by(&asked.call);
                    let is_same = |(name, value): &(&str, String)| {
                        second_value(name, find(name).unwrap_or_default()) == *value
                    };
                    let is_right = !said.is_empty() && said.iter().all(is_same);
                    if is_right { Ok(()) } else { Err(format!("reads {asked:?}")) }
                }
            }
        };
        let iterations = number("FUZZ_ITERATIONS", ITERATIONS / 8);
        assert_eq!(hunt(&seeds, &fuzz::WORDS, iterations, property), None, "{method:?}");
    }
}
