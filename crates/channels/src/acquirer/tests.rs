//! What is sent, and which answers count. The acquirer itself is asked in the simulated world's tests.

use aws_lc_rs::hmac;
use tillgate_core::{CardKind, Currency, Money, Outcome, Timestamp};
use zeroize::Zeroizing;

use super::*;
use crate::CardOutcome;

const KEY: &str = "a shared key";

fn acquirer() -> SimulatedAcquirer {
    SimulatedAcquirer::new("cards", KEY)
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::from_code("USD").unwrap())
}

fn operation() -> CardOperation {
    CardOperation {
        trade_no: "7-33".into(),
        terminal: "WPYB002248000865".into(),
        amount: usd(1_450),
        tip_minor: 250,
        cashback_minor: 0,
    }
}

fn sale() -> CardCall {
    let card = Card {
        pan: Zeroizing::new("4111111111111111".into()),
        expiry: Zeroizing::new("1230".into()),
        cvv: None,
        entry: Entry::Chip,
    };
    CardCall::Authorize { operation: operation(), card, is_capture: true, online: None }
}

fn said(pairs: &[(&'static str, &'static str)]) -> Zeroizing<Vec<u8>> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
    wire::seal(pairs.iter().map(|(name, value)| (*name, (*value).into())).collect(), &key)
}

fn with<const N: usize>(
    pairs: &[(&'static str, &'static str); N],
    name: &str,
    other: &'static str,
) -> Zeroizing<Vec<u8>> {
    said(&pairs.map(|(key, value)| (key, if key == name { other } else { value })))
}

const APPROVED: [(&str, &str); 18] = [
    ("service", "authorize"),
    ("trade_no", "7-33"),
    ("capture", "yes"),
    ("terminal", "WPYB002248000865"),
    ("amount", "1450"),
    ("currency", "USD"),
    ("tip", "250"),
    ("status", "approved"),
    ("response_code", "00"),
    ("auth_code", "031000"),
    ("ref_no", "123456789012"),
    ("at_ms", "5"),
    ("brand", "Visa"),
    ("first_six", "411111"),
    ("last_four", "1111"),
    ("kind", "credit"),
    ("entry", "chip"),
    ("authentication", "challenge"),
];

#[test]
fn a_call_is_sent_whole_and_signed() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
    let body = acquirer().encode(&sale());
    let fields = Fields::read(&body, &key).unwrap();
    for (name, value) in [
        ("service", "authorize"),
        ("trade_no", "7-33"),
        ("capture", "yes"),
        ("amount", "1450"),
        ("currency", "USD"),
        ("tip", "250"),
        ("cashback", ""),
        ("pan", "4111111111111111"),
        ("expiry", "1230"),
        ("entry", "chip"),
    ] {
        assert_eq!(fields.get(name), value, "{name}");
    }
    for (call, name, value) in [
        (CardCall::Increment { operation: operation(), original: "7-1".into() }, "original", "7-1"),
        (CardCall::Capture { operation: operation(), original: "7-1".into() }, "service", "capture"),
        (CardCall::Void { operation: operation(), original: "7-1".into() }, "amount", "1450"),
        (CardCall::Refund { operation: operation(), original: "7&1".into() }, "original", "7＆1"),
        (CardCall::AdjustTip { trade_no: "7-33".into(), tip: usd(0) }, "tip", "0"),
        (CardCall::Settle { trade_no: "7-33".into(), batch: "SN-000012".into() }, "batch", "SN-000012"),
        (CardCall::Query { trade_no: "7-33".into() }, "trade_no", "7-33"),
        (CardCall::Close { trade_no: "7-33".into() }, "service", "close"),
    ] {
        let body = acquirer().encode(&call);
        assert_eq!(Fields::read(&body, &key).unwrap().get(name), value, "{call:?}");
    }
}

#[test]
fn an_approval_says_what_may_be_kept() {
    let answer = acquirer().decode(&sale(), &said(&APPROVED));
    let paid = Outcome::Paid {
        channel_ref: "123456789012".into(),
        payer: "411111****1111".into(),
        at: Timestamp::from_millis(5),
    };
    assert_eq!(answer.outcome, CardOutcome::Outcome(paid));
    assert_eq!(answer.operation, Some(operation()));
    let slip = answer.slip.unwrap();
    assert_eq!(
        (slip.brand.as_str(), slip.first_six.as_str(), slip.last_four.as_str()),
        ("Visa", "411111", "1111")
    );
    assert_eq!((slip.kind, slip.entry), (Some(CardKind::Credit), Some(Entry::Chip)));
    assert_eq!((slip.auth_code.as_str(), slip.ref_no.as_str()), ("031000", "123456789012"));
    assert_eq!((slip.refused, slip.is_signed), (None, false));
    assert_eq!((slip.authentication.as_str(), slip.token.as_str()), ("challenge", ""));
    for (word, kept) in [
        ("frictionless", "frictionless"),
        ("attempted", "attempted"),
        ("not_enrolled", ""),
        ("failed", ""),
        ("", ""),
    ] {
        let answer = acquirer().decode(&sale(), &with(&APPROVED, "authentication", word));
        assert_eq!(answer.slip.unwrap().authentication, kept, "{word}");
    }
}

#[test]
fn only_an_answer_to_this_very_call_counts() {
    for (name, other) in [
        ("service", "capture"),
        ("trade_no", "7-34"),
        ("capture", "no"),
        ("terminal", "another"),
        ("amount", "1451"),
        ("currency", "CAD"),
        ("tip", ""),
        ("status", "approved?"),
        ("status", ""),
        ("status", "not_found"),
        ("status", "declined"),
        ("ref_no", ""),
        ("ref_no", "1"),
        ("auth_code", "A31000"),
        ("at_ms", "-5"),
        ("at_ms", ""),
        ("first_six", "4111111"),
        ("last_four", "4111111111111111"),
        ("kind", "charge"),
        ("entry", "thought"),
        ("authentication", "believed"),
    ] {
        let decoded = acquirer().decode(&sale(), &with(&APPROVED, name, other));
        assert_eq!(decoded, CardAnswer::UNKNOWN, "{name} {other}");
    }
    let foreign = SimulatedAcquirer::new("cards", "another key").decode(&sale(), &said(&APPROVED));
    assert_eq!(foreign, CardAnswer::UNKNOWN);
    for garbage in [&b"<html>"[..], b"", b"{}", b"[]", b"{\"sign\":\"\"}", &[0xff; 40]] {
        assert_eq!(acquirer().decode(&sale(), garbage), CardAnswer::UNKNOWN);
    }
    let request = acquirer().encode(&sale());
    assert_eq!(acquirer().decode(&sale(), &request), CardAnswer::UNKNOWN, "a request is no answer");
}

#[test]
fn a_key_sent_twice_is_unknown() {
    let text = String::from_utf8(said(&APPROVED).to_vec()).unwrap();
    let twice = text.replacen('{', r#"{"status":"approved","#, 1);
    assert_eq!(acquirer().decode(&sale(), twice.as_bytes()), CardAnswer::UNKNOWN);
}

#[test]
fn follow_ups_are_held_to_their_original() {
    let call = CardCall::Refund { operation: operation(), original: "7-1".into() };
    let answer = |original| {
        let mut pairs = APPROVED.map(|(name, value)| match name {
            "service" => (name, "refund"),
            "capture" => ("original", original),
            _ => (name, value),
        });
        pairs.sort_unstable();
        acquirer().decode(&call, &said(&pairs)).outcome
    };
    assert!(matches!(answer("7-1"), CardOutcome::Outcome(Outcome::Paid { .. })));
    assert_eq!(answer("7-2"), CardOutcome::Outcome(Outcome::Unknown));
}

#[test]
fn tips_and_batches_are_held_to_what_was_asked() {
    let tip = CardCall::AdjustTip { trade_no: "7-33".into(), tip: usd(300) };
    let settle = CardCall::Settle { trade_no: "7-33".into(), batch: "SN-000012".into() };
    let common = |service| {
        [
            ("service", service),
            ("trade_no", "7-33"),
            ("status", "approved"),
            ("ref_no", "123456789012"),
            ("at_ms", "5"),
            ("tip", "300"),
            ("currency", "USD"),
            ("batch", "SN-000012"),
        ]
    };
    let is_paid = |answer: CardAnswer| matches!(answer.outcome, CardOutcome::Outcome(Outcome::Paid { .. }));
    assert!(is_paid(acquirer().decode(&tip, &said(&common("adjust_tip")))));
    assert!(is_paid(acquirer().decode(&settle, &said(&common("settle")))));
    assert!(!is_paid(acquirer().decode(&tip, &with(&common("adjust_tip"), "tip", "301"))));
    assert!(!is_paid(acquirer().decode(&tip, &with(&common("adjust_tip"), "currency", "CAD"))));
    assert!(!is_paid(acquirer().decode(&settle, &with(&common("settle"), "batch", "SN-000013"))));
}

#[test]
fn a_query_learns_what_was_taken() {
    let call = CardCall::Query { trade_no: "7-33".into() };
    let mut pairs = APPROVED;
    pairs[0].1 = "query";
    let answer = acquirer().decode(&call, &said(&pairs));
    assert_eq!(answer.operation, Some(operation()));
    for (name, other) in [("amount", "-1450"), ("amount", "1e3"), ("currency", "XXX"), ("tip", "2.50")] {
        assert_eq!(
            acquirer().decode(&call, &with(&pairs, name, other)),
            CardAnswer::UNKNOWN,
            "{name} {other}"
        );
    }
    let never = acquirer()
        .decode(&call, &said(&[("service", "query"), ("trade_no", "7-33"), ("status", "not_found")]));
    assert_eq!(never.outcome, CardOutcome::NeverHeardOf);
    let pending = acquirer().decode(&call, &with(&pairs, "status", "pending"));
    assert_eq!((pending.outcome, pending.slip), (CardOutcome::Outcome(Outcome::Pending), None));
    let refused = [
        ("service", "query"),
        ("trade_no", "7-33"),
        ("status", "declined"),
        ("response_code", "12"),
        ("response_msg", "CLOSED"),
    ];
    let closed = acquirer().decode(&call, &said(&refused));
    assert_eq!(closed.outcome, CardOutcome::Outcome(Outcome::Declined { reason: "CLOSED".into() }));
    assert_eq!(closed.slip.unwrap().refused, Some(("12".into(), "CLOSED".into())));
    assert_eq!(closed.operation, None);
}

#[test]
fn the_key_does_not_show_itself() {
    assert_eq!(format!("{:?}", acquirer()), r#"SimulatedAcquirer { name: "cards", .. }"#);
    assert_eq!(acquirer().name(), "cards");
}

fn online_sale() -> CardCall {
    let CardCall::Authorize { operation, card, is_capture, .. } = sale() else { unreachable!() };
    let billing = Billing { name: "Ada & Co".into(), zip: "60601".into(), ..Billing::default() };
    let online = Online {
        seller: "Fish & Chips".into(),
        return_url: "https://pay.example/checkout/abc?a=1&b=%20".into(),
        billing: Some(billing),
        payer_ip: "192.0.2.1".into(),
    };
    CardCall::Authorize { operation, card, is_capture, online: Some(online) }
}

#[test]
fn an_online_payer_is_sent_along() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
    let body = acquirer().encode(&online_sale());
    let fields = Fields::read(&body, &key).unwrap();
    assert_eq!(hex::decode(fields.get("return_url")).unwrap(), b"https://pay.example/checkout/abc?a=1&b=%20");
    for (name, value) in [
        ("online", "yes"),
        ("seller", "Fish ＆ Chips"),
        ("payer_ip", "192.0.2.1"),
        ("bill_name", "Ada ＆ Co"),
        ("bill_zip", "60601"),
        ("bill_city", ""),
        ("pan", "4111111111111111"),
    ] {
        assert_eq!(fields.get(name), value, "{name}");
    }
    let body = acquirer().encode(&sale());
    assert_eq!(Fields::read(&body, &key).unwrap().get("online"), "");
}

/// An answer that sends the payer to `url`; `online` is what it says of the call.
fn challenged(service: &'static str, url: &str, online: &'static str) -> Zeroizing<Vec<u8>> {
    let url = hex::encode(url);
    let mut pairs: Vec<(&str, Cow<'_, str>)> =
        APPROVED[1..7].iter().map(|(name, value)| (*name, (*value).into())).collect();
    pairs.extend([("service", service.into()), ("online", online.into()), ("status", "challenge".into())]);
    pairs.push(("challenge_url", url.into()));
    wire::seal(pairs, &hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes()))
}

#[test]
fn a_payer_is_sent_to_his_issuer() {
    let url = "http://127.0.0.1:8080/sandbox/3ds/0123456789abcdef";
    let expected = CardAnswer {
        outcome: CardOutcome::Challenge { url: url.into() },
        slip: None,
        operation: Some(operation()),
    };
    assert_eq!(acquirer().decode(&online_sale(), &challenged("authorize", url, "yes")), expected);
    let query = CardCall::Query { trade_no: "7-33".into() };
    assert_eq!(acquirer().decode(&query, &challenged("query", url, "")), expected);
}

#[test]
fn nobody_is_sent_elsewhere() {
    let good = "https://issuer.example/3ds/1";
    for url in
        ["", "javascript:alert(1)", "https://", "https:// x", "http://a b", "//issuer.example", "https://é"]
    {
        let answer = acquirer().decode(&online_sale(), &challenged("authorize", url, "yes"));
        assert_eq!(answer, CardAnswer::UNKNOWN, "{url}");
    }
    let close = CardCall::Close { trade_no: "7-33".into() };
    let void = CardCall::Void { operation: operation(), original: "7-1".into() };
    for (call, service, online) in [
        (online_sale(), "authorize", ""),
        (sale(), "authorize", ""),
        (sale(), "authorize", "yes"),
        (close, "close", ""),
        (void, "void", ""),
    ] {
        let answer = acquirer().decode(&call, &challenged(service, good, online));
        assert_eq!(answer, CardAnswer::UNKNOWN, "{call:?}");
    }
}
