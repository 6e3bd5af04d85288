//! Mutated envelopes and objects, by seed. `FUZZ_ITERATIONS=10000000 cargo test -p tillgate-protocols --release fuzz`
//! runs longer; `FUZZ_SEED` picks another course. A failure prints the input.
//!
//! Each target holds the room against a second reader that shares none of its code. The oracle tests put a planted bug
//! in the room's place: a target that does not catch it is worth nothing.

use serde_json::value::RawValue;

use super::*;
use crate::hunt::{Pairs, Words, hunt, number};

const ITERATIONS: u64 = 4_000;

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
    "\\u005f",
    "\\ud83d\\ude00",
    "\\ud800",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1.0",
    "1e2",
    "100",
    "1234567890123456",
    "\"a\":\"1\",",
    "\"a\":1,",
    "\"\\u0061\":null,",
    "\"order_id\":\"X\",",
    "\"tip\":\"1\",",
    "\"Tip\":\"1\",",
    "\"md5\":\"\",",
    "\"\u{ffee}\":\"h\",",
    "\"😀\":\"a\",",
    "\"b\":{\"c\":[1]},",
    "\u{0}",
    "\u{feff}",
    " ",
    "\n",
    "é",
];

const WORDS: Words = Words { tokens: TOKENS, begins: b"{," };

fn second_reader(bytes: &[u8]) -> Option<Vec<(String, Box<RawValue>)>> {
    let text = std::str::from_utf8(bytes).ok()?;
    // RawValue takes any string for one; the room resolves escapes, so they must be sound.
    let sound =
        |raw: &RawValue| !raw.get().starts_with('"') || serde_json::from_str::<String>(raw.get()).is_ok();
    let pairs = serde_json::from_str::<Pairs>(text).ok()?.0?;
    (pairs.len() <= 128 && pairs.iter().all(|(_, raw)| sound(raw))).then_some(pairs)
}

fn second_text(raw: &RawValue) -> String {
    match raw.get() {
        "null" => String::new(),
        text if text.starts_with('"') => serde_json::from_str(text).unwrap(),
        text => text.to_owned(),
    }
}

/// `S`, by comparing names unit for unit.
fn second_digest_text(pairs: &[(String, Box<RawValue>)]) -> String {
    let mut sorted: Vec<(Vec<u16>, String)> =
        pairs.iter().map(|(name, raw)| (name.encode_utf16().collect(), second_text(raw))).collect();
    sorted.sort();
    sorted.into_iter().map(|(_, value)| value).collect()
}

fn object_seeds() -> Vec<String> {
    let examples = Action::ALL.map(|action| sign::plaintext(&pairs(&example(action))));
    let own = [
        r#"{"order_id":17,"tip":null,"more":{"a":[1, 2]},"yes":true}"#,
        r#"{"\u006frder_id":"A","amount":100,"Tip":0.5}"#,
        r#"{"😀":"1","￮":"2","z":"3"}"#,
        "{}",
    ];
    examples.into_iter().chain(own.map(str::to_owned)).collect()
}

/// What a reader makes of an object digested by the second reader (or by anything, if that refuses it): `S` and the
/// object re-encoded, if it is accepted.
type ObjectReader = fn(&[u8], &str) -> Option<String>;

fn room_reads(object: &[u8], digest_text: &str) -> Option<String> {
    let md5 = sign::md5_hex(digest_text.as_bytes());
    let data = sign::encrypt(object, &sign::aes_key(&md5, &key())).unwrap();
    let body =
        client::enveloped(&client::Envelope::new(Action::ActivePay, MERCHANT), &sign::Sealed { data, md5 });
    let opened = room::read_body(body.as_bytes()).unwrap().open(Some(&profile())).ok()?;
    let text = opened.digest_text();
    let _ = with_context(|context| opened.decode(&profile(), context));
    Some(text)
}

fn object_property(read: ObjectReader) -> impl Fn(&[u8]) -> Result<(), String> {
    move |object| {
        let pairs = second_reader(object);
        let expected = pairs.as_ref().map(|pairs| second_digest_text(pairs));
        let seen = read(object, expected.as_deref().unwrap_or_default());
        if seen != expected {
            return Err(format!("reads {seen:?}, not {expected:?}"));
        }
        let Some(pairs) = pairs else { return Ok(()) };
        // The same values as strings, in another order: the same S.
        let texts: Vec<(String, String)> =
            pairs.iter().rev().map(|(n, raw)| (n.clone(), second_text(raw))).collect();
        let again = sign::seal(&super::pairs(&texts), &key()).unwrap();
        let md5 = sign::md5_hex(expected.unwrap_or_default().as_bytes());
        if again.md5 == md5 { Ok(()) } else { Err("another digest when encoded again".to_owned()) }
    }
}

fn envelope_seeds() -> Vec<String> {
    let bodies = Action::ALL.map(|action| body(action, &example(action)));
    let own = [
        r#"{"action":"REFUND","version":1.0,"merchant_id":17,"data":"AA==","md5":"0","operator_id":null,"terminal_no":5}"#,
        r#"{"\u0061ction":"STATUS_QUERY","version":"2.0","merchant_id":"Q\u0043","data":"A\n=","md5":"A","x":{}}"#,
    ];
    bodies.into_iter().chain(own.map(str::to_owned)).collect()
}

type EnvelopeReader = fn(&[u8]) -> Option<(String, String)>;

/// Action and merchant, if accepted; and the rest of the way must not panic.
fn room_reads_envelope(body: &[u8]) -> Option<(String, String)> {
    let received = room::read_body(body).ok()?;
    let seen = (received.action().word().to_owned(), received.merchant_id().to_owned());
    if let Ok(opened) = received.open(Some(&profile())) {
        let _ = with_context(|context| opened.decode(&profile(), context));
    }
    Some(seen)
}

fn envelope_property(read: EnvelopeReader) -> impl Fn(&[u8]) -> Result<(), String> {
    move |body| {
        let pairs = second_reader(body);
        let plain = |name: &str| {
            let (_, raw) = pairs.as_ref()?.iter().find(|(known, _)| known == name)?;
            let is_plain = !matches!(raw.get().as_bytes()[0], b'{' | b'[' | b't' | b'f');
            is_plain.then(|| second_text(raw)).filter(|text| !text.is_empty())
        };
        let is_optional_plain = |name: &str| {
            let found = pairs.as_ref().and_then(|pairs| pairs.iter().find(|(known, _)| known == name));
            found.is_none_or(|(_, raw)| !matches!(raw.get().as_bytes()[0], b'{' | b'[' | b't' | b'f'))
        };
        let expected = (|| {
            let (action, merchant) = (plain("action")?, plain("merchant_id")?);
            plain("data").and(plain("md5"))?;
            let version = plain("version")?;
            let fits = ["1", "1.0", "1.1", "2", "2.0"].contains(&version.as_str())
                && Action::from_word(&action).is_some()
                && is_optional_plain("operator_id")
                && is_optional_plain("terminal_no");
            fits.then_some((action, merchant))
        })();
        let seen = read(body);
        if seen == expected { Ok(()) } else { Err(format!("reads {seen:?}, not {expected:?}")) }
    }
}

fn iterations() -> u64 {
    number("FUZZ_ITERATIONS", ITERATIONS)
}

#[test]
fn objects_have_one_reading() {
    assert_eq!(hunt(&object_seeds(), &WORDS, iterations(), object_property(room_reads)), None);
}

#[test]
fn envelopes_have_one_reading() {
    assert_eq!(hunt(&envelope_seeds(), &WORDS, iterations(), envelope_property(room_reads_envelope)), None);
}

#[test]
fn a_planted_bug_in_objects_is_caught() {
    let last_wins: ObjectReader = |object, text| {
        let map: std::collections::BTreeMap<String, Box<RawValue>> = serde_json::from_slice(object).ok()?;
        let pairs: Vec<_> = map.into_iter().collect();
        room_reads(object, text).or_else(|| Some(second_digest_text(&pairs)))
    };
    let utf8_order: ObjectReader = |object, _| {
        let mut pairs = second_reader(object)?;
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        Some(pairs.iter().map(|(_, raw)| second_text(raw)).collect())
    };
    let null_word: ObjectReader = |object, text| {
        room_reads(object, text)
            .map(|s| if object.windows(5).any(|w| w == b":null") { s + "null" } else { s })
    };
    let panics: ObjectReader = |object, text| {
        assert!(!object.windows(6).any(|window| window == b"\\ud800"), "planted");
        room_reads(object, text)
    };
    for (name, planted) in [
        ("last wins", last_wins),
        ("UTF-8 order", utf8_order),
        ("null is a word", null_word),
        ("panics", panics),
    ] {
        assert!(
            hunt(&object_seeds(), &WORDS, ITERATIONS, object_property(planted)).is_some(),
            "{name} is not caught"
        );
    }
}

#[test]
fn a_planted_bug_in_envelopes_is_caught() {
    let last_wins: EnvelopeReader = |body| {
        room_reads_envelope(body).or_else(|| {
            let map: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).ok()?;
            let text = |name: &str| map.get(name)?.as_str().map(str::to_owned);
            Some((text("action")?, text("merchant_id")?))
        })
    };
    let tail_ignored: EnvelopeReader = |body| {
        let end = body.iter().rposition(|byte| *byte == b'}').map_or(0, |at| at + 1);
        room_reads_envelope(&body[..end])
    };
    for (name, planted) in [("last wins", last_wins), ("what follows is ignored", tail_ignored)] {
        assert!(
            hunt(&envelope_seeds(), &WORDS, ITERATIONS, envelope_property(planted)).is_some(),
            "{name} is not caught"
        );
    }
}
