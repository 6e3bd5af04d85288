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
