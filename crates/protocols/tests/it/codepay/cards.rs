//! The encrypted card: what opens, and that whatever does not open says the same.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tillgate_protocols::codepay::{AesKey, CardKeys, SealedCard};
use tillgate_protocols::wire::card::{Brand, CardData, Typed};
use zeroize::Zeroizing;

use super::*;

pub const CARD: &str =
    r#"{"pan":"4111111111111111","holder":"Zo\u00eb O'Neil","cvv":"987","expiry":"1230","card_type":"2"}"#;
const CLOSED: &str = "[TG002]card cannot be opened or read";

pub fn aes_key() -> AesKey {
    AesKey::new(std::array::from_fn(|at| at as u8))
}

/// The card of a request that was signed and understood.
pub fn sealed(raw: &str, enc_type: &str) -> Result<SealedCard, Reject> {
    match call(Method::MerchantCheckout, &[("card", raw), ("enc_type", enc_type)])? {
        Call::MerchantCheckout(call) => Ok(call.card),
        other => panic!("{other:?}"),
    }
}

pub fn open(raw: &str, enc_type: &str, allows_plain: bool) -> Result<CardData, String> {
    let aes = aes_key();
    let keys = CardKeys { private: &GATEWAY_KEY, aes: Some(&aes), allows_plain };
    sealed(raw, enc_type).and_then(|card| card.open(keys, NOW)).map_err(|reject| reject.msg())
}

fn encrypted(text: &str) -> String {
    client::encrypt_card(text, GATEWAY_KEY.public()).unwrap()
}

/// What is said of a text that was encrypted for the gateway.
fn said_of(text: &str) -> String {
    open(&format!("{:?}", encrypted(text)), "", false).map_or_else(|said| said, |_| "ok".to_owned())
}

fn check(card: &CardData) {
    assert_eq!((card.pan(), card.cvv(), card.expiry()), ("4111111111111111", "987", "1230"));
    assert_eq!((card.holder(), card.card_type()), ("Zoë O'Neil", Some(2)));
    assert_eq!((card.brand(), card.masked().as_str()), (Brand::Visa, "411111****1111"));
}

#[test]
fn what_was_encrypted_opens() {
    let text = encrypted(CARD);
    check(&open(&format!("{text:?}"), "", false).unwrap());
    check(&open(&format!("{text:?}"), "\"RSA\"", false).unwrap());
    let bytes = STANDARD.decode(&text).unwrap();
    assert_eq!(bytes.len(), 256);
    check(&open(&format!("{:?}", URL_SAFE_NO_PAD.encode(&bytes)), "", false).unwrap());
    let lines: Vec<&str> =
        text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    check(&open(&format!("{:?}", lines.join("\r\n")), "", false).unwrap());
    // Two blocks, also cut elsewhere than where the first is full.
    let long = CARD.replace('{', &format!("{{{}", " ".repeat(150)));
    assert_eq!(STANDARD.decode(encrypted(&long)).unwrap().len(), 512);
    check(&open(&format!("{:?}", encrypted(&long)), "", false).unwrap());
    let parts = [&CARD[..30], &CARD[30..]].map(|part| STANDARD.decode(encrypted(part)).unwrap());
    check(&open(&format!("{:?}", STANDARD.encode(parts.concat())), "", false).unwrap());
    let aes = client::encrypt_card_aes(CARD, &aes_key()).unwrap();
    check(&open(&format!("{aes:?}"), "\"AES\"", false).unwrap());
}

#[test]
fn the_client_writes_what_the_gateway_reads() {
    let text = |text: &str| Zeroizing::new(text.to_owned());
    let typed = Typed {
        pan: text("4111111111111111"),
        holder: text("Zoë O'Neil"),
        cvv: text("987"),
        expiry: text("1230"),
        card_type: text("2"),
    };
    assert_eq!(said_of(&client::card_text(&typed)), "ok");
    assert_eq!(*client::card_text(&Typed::default()), "{}");
}

#[test]
fn a_plain_card_is_for_the_sandbox() {
    let quoted = format!("{CARD:?}");
    for raw in [CARD, &quoted] {
        check(&open(raw, "", true).unwrap());
        assert_eq!(
            open(raw, "", false).unwrap_err(),
            "[TG002]card must be encrypted with the gateway's public key"
        );
        assert_eq!(open(raw, "\"RSA\"", true).unwrap_err(), "[TG002]enc_type is for an encrypted card");
    }
    assert_eq!(open("[1]", "", true).unwrap_err(), CLOSED);
    assert_eq!(open("{\"pan\":1", "", true).unwrap_err(), "[TG004]the body is not a JSON object");
}

#[test]
fn what_does_not_open_says_one_thing() {
    let whole = STANDARD.decode(encrypted(CARD)).unwrap();
    let block = |text: &str| STANDARD.decode(encrypted(text)).unwrap();
    let foreign = STANDARD.decode(client::encrypt_card(CARD, APP_KEY.public()).unwrap()).unwrap();
    let mut changed = whole.clone();
    changed[100] ^= 1;
    let two = [block(&CARD[..30]), block(&CARD[30..])];
    let turned: Vec<u8> = two.iter().rev().flatten().copied().collect();
    let broken_second = [whole.clone(), vec![7; 256]].concat();
    let broken_first = [vec![7; 256], whole.clone()].concat();
    let five = block(&CARD[..1]).into_iter().chain((1..5).flat_map(|_| block(" "))).collect::<Vec<u8>>();
    for (what, bytes) in [
        ("another key", foreign),
        ("a bit", changed),
        ("cut", whole[..255].to_vec()),
        ("half", two[0].clone()),
        ("turned", turned),
        ("padded", [whole.clone(), vec![0; 16]].concat()),
        ("a block of zeros", [whole.clone(), vec![0; 256]].concat()),
        ("twice", [whole.clone(), whole.clone()].concat()),
        ("too many blocks", five),
        ("a broken block behind", broken_second),
        ("a broken block before", broken_first),
        ("nothing", vec![]),
        ("above the modulus", vec![0xff; 256]),
    ] {
        let raw = format!("{:?}", STANDARD.encode(&bytes));
        let said = open(&raw, "", false).unwrap_err();
        let expected = if bytes.is_empty() { "[TG001]card is missing or empty" } else { CLOSED };
        assert_eq!(said, expected, "{what}");
        if !bytes.is_empty() {
            assert_eq!(open(&raw, "\"AES\"", false).unwrap_err(), CLOSED, "{what}");
        }
    }
    for text in ["???", "A", "é", &format!("{}=", encrypted(CARD)), &format!("-{}", encrypted(CARD))] {
        assert_eq!(open(&format!("{text:?}"), "", false).unwrap_err(), CLOSED, "{text}");
    }
    for text in [
        "",
        " ",
        "null",
        "[]",
        "{",
        "{}x",
        r#"{"pan":"4111111111111111","pan":"4111111111111111"}"#,
        r#"{"pan":"4111111111111111","track2":"x"}"#,
        r#"{"pan":"\u0034111111111111111"}"#,
        r#"{"pan":["4111111111111111"]}"#,
        r#"{"pan":true}"#,
        "4111111111111111",
        &format!("{CARD}\0"),
        &format!("{{{}{}", " ".repeat(1_100), &CARD[1..]),
    ] {
        // The empty text has no blocks.
        let sealed = encrypted(text);
        let raw = if sealed.is_empty() { "\"AAAA\"".to_owned() } else { format!("{sealed:?}") };
        assert_eq!(open(&raw, "", false).unwrap_err(), CLOSED, "{text:?}");
        let sealed = client::encrypt_card_aes(text, &aes_key()).unwrap();
        assert_eq!(open(&format!("{sealed:?}"), "\"AES\"", false).unwrap_err(), CLOSED, "{text:?}");
    }
}

#[test]
fn what_opens_and_is_wrong_is_named() {
    let with = |from: &str, to: &str| said_of(&CARD.replace(from, to));
    for (from, to, said) in [
        ("4111111111111111", "411111111111", "[TG002]card.pan must be 13 to 19 digits"),
        ("4111111111111111", "41111111111111111111", "[TG002]card.pan must be 13 to 19 digits"),
        ("4111111111111111", "4111111111111112", "[TG002]card.pan has a wrong check digit"),
        ("4111111111111111", "", "[TG001]card.pan is missing or empty"),
        ("\"987\"", "987", "ok"),
        ("987", "98", "[TG002]card.cvv must be 3 digits, or 4 of an Amex card"),
        ("\"987\"", "null", "[TG001]card.cvv is missing or empty"),
        ("1230", "0124", "[TG002]card.expiry is in the past"),
        ("1230", "3012", "[TG002]card.expiry must be four digits, MMYY"),
        ("O'Neil", "\\n", "[TG002]card.holder must be 1 to 64 characters without control characters"),
        ("O'Neil", "4111111111111111", "[TG002]card.holder must not have a card number in it"),
        ("\"2\"", "9", "[TG002]card.card_type must be 1, 2, 3 or 4"),
    ] {
        assert_eq!(with(from, to), said, "{from} {to}");
    }
    assert_eq!(said_of("{}"), "[TG001]card.pan is missing or empty");
}

#[test]
fn aes_needs_the_apps_key() {
    let text = client::encrypt_card_aes(CARD, &aes_key()).unwrap();
    let card = sealed(&format!("{text:?}"), "\"AES\"").unwrap();
    let none = CardKeys { private: &GATEWAY_KEY, aes: None, allows_plain: true };
    let msg = card.open(none, NOW).unwrap_err().msg();
    assert_eq!(msg, "[TG002]enc_type AES needs a key for cards, and this app has none");
    let other = AesKey::new([9; 32]);
    let other = CardKeys { aes: Some(&other), ..none };
    assert_eq!(card.open(other, NOW).unwrap_err().msg(), CLOSED);
    let mut bytes = STANDARD.decode(&text).unwrap();
    for at in 0..bytes.len() {
        bytes[at] ^= 1;
        let raw = format!("{:?}", STANDARD.encode(&bytes));
        // Without a digest a changed block can only be seen by what it says: never another card number.
        if let Ok(card) = open(&raw, "\"AES\"", false) {
            assert_eq!(card.pan(), "4111111111111111");
        }
        bytes[at] ^= 1;
    }
    for text in [
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    ] {
        assert_eq!(AesKey::from_text(text).unwrap(), aes_key());
    }
    assert_eq!(*aes_key().to_text(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    for text in ["", "AAAA", "zz", &"0".repeat(63), &"g".repeat(64)] {
        assert_eq!(
            AesKey::from_text(text).unwrap_err().to_string(),
            "is not an AES-256 key (32 bytes in base64 or hexadecimal)"
        );
    }
}

/// `openssl enc -aes-256-ecb -K 000102…1f` of the text.
#[test]
fn a_card_encrypted_elsewhere() {
    let text = r#"{"pan":"4111111111111111","holder":"A B","cvv":"123","expiry":"1230"}"#;
    let sealed = "YI2IOpQ7ado00w3MQVAU1QT2HUSx1y94I1UbRjQ3l50i4u8/HRsXkxCcSuI3QHvgE3hYwU9O4rrH+PkRYWhwr/R7iiCeiQEjRwMAYg7GqKI=";
    let card = open(&format!("{sealed:?}"), "\"AES\"", false).unwrap();
    assert_eq!(
        (card.pan(), card.holder(), card.cvv(), card.expiry()),
        ("4111111111111111", "A B", "123", "1230")
    );
    assert_eq!(client::encrypt_card_aes(text, &aes_key()).unwrap(), sealed);
}

#[test]
fn nothing_is_opened_before_the_signature_was_checked() {
    let card = format!("{:?}", encrypted(CARD));
    let fields = request(Method::MerchantCheckout, &[("card", &card)]);
    let text = second_text(&fields, not_empty);
    assert!(understand(&signed_as(&fields, &text)).is_ok());
    let msg = understand(&signed_as(&fields, &text.replace("order_amount=34.5", "order_amount=3.45")))
        .unwrap_err()
        .msg();
    assert_eq!(msg, "[SYS002]Signature verification failed");
}

#[test]
fn cards_do_not_show_themselves() {
    let aes = aes_key();
    let keys = CardKeys { private: &GATEWAY_KEY, aes: Some(&aes), allows_plain: true };
    let call = call(Method::MerchantCheckout, &[("card", CARD)]).unwrap();
    let shown = format!("{call:?} {keys:?} {aes:?}");
    assert!(!shown.contains("4111") && !shown.contains("987") && !shown.contains("AAEC"), "{shown}");
    let body = body(Method::MerchantCheckout, &[("card", CARD)]);
    let received = room::read_body(Route::Entry, body.as_bytes()).unwrap();
    assert!(!format!("{received:?}").contains("4111"));
}
