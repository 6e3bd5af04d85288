//! The computed messages (`vectors.json`), both ways. The signatures are not ours.

use std::collections::BTreeMap;

use serde::Deserialize;
use tillgate_protocols::codepay::PublicKey;

use super::*;

#[derive(Deserialize)]
struct Vector {
    name: String,
    public_key: String,
    text: String,
    sign: String,
    fields: BTreeMap<String, String>,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../src/codepay/vectors.json")).unwrap()
}

fn pairs(vector: &Vector) -> Vec<(&str, &str)> {
    vector.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn signed(vector: &Vector) -> String {
    let mut fields = vector.fields.clone();
    fields.insert("sign".to_owned(), vector.sign.clone());
    serde_json::to_string(&fields).unwrap()
}

#[test]
fn each_message_gives_its_text() {
    for vector in vectors() {
        assert_eq!(sign::text_of(&pairs(&vector)), vector.text, "{}", vector.name);
    }
}

#[test]
fn each_signature_fits_its_text() {
    for vector in vectors() {
        let key = PublicKey::from_text(&vector.public_key).unwrap();
        assert_eq!(key.to_text(), vector.public_key);
        let signature = sign::read_signature(&vector.sign).unwrap();
        assert_eq!(signature.len(), 256);
        assert!(key.verifies(vector.text.as_bytes(), &signature), "{}", vector.name);
        assert!(!key.verifies([&vector.text, " "].concat().as_bytes(), &signature));
        let read = sign::parse(&vector.text).unwrap();
        assert_eq!(read, pairs(&vector), "{}", vector.name);
    }
}

#[test]
fn the_order_is_understood_as_json_and_as_a_form() {
    let vector = vectors().remove(0);
    let mut app = app();
    app.access = Access::Rsa2(vec![PublicKey::from_text(&vector.public_key).unwrap()]);
    let fields: Vec<(&str, &str)> =
        pairs(&vector).into_iter().chain([("sign", vector.sign.as_str())]).collect();
    let form = tillgate_protocols::wire::query::write_query(&fields);
    for body in [signed(&vector), form] {
        let opened = opened(&body, &app).unwrap();
        assert_eq!(opened.verified().text, vector.text);
        let Call::Order(order) = opened.decode(&app).unwrap().call else { panic!("no order") };
        assert_eq!((order.amount, order.tip_minor), (money(14_434, "USD"), 3_000));
        assert_eq!(order.description, "IPhone 15 white & X2 +é中");
    }
}

#[test]
fn the_minimal_envelope_is_understood() {
    let vector = vectors().remove(1);
    let mut app = app();
    app.app_id = "wz9f2a175d0e0ef632".to_owned();
    app.access = Access::Rsa2(vec![PublicKey::from_text(&vector.public_key).unwrap()]);
    let route = Route::of("/api/payments/capture").unwrap();
    let body = signed(&vector);
    let opened = room::read_body(route, body.as_bytes()).unwrap().open(Some(&app), None, NOW).unwrap();
    assert_eq!(opened.method(), Method::PaymentCapture);
    assert!(opened.method().needs_replay_key());
    let asked = opened.decode(&app).unwrap();
    assert_eq!(asked.whose, room::Whose::AnyOfTheApp);
    let Call::Capture(capture) = asked.call else { panic!("no capture") };
    assert_eq!(capture.merchant_order_no, "1217752501201407033233368018");
    assert_eq!(capture.trans_no, "5021000010210602000003");
    assert_eq!(capture.amount.money(currency("USD")), Ok(money(8_500, "USD")));
}

#[test]
fn the_answer_is_read() {
    let vector = vectors().remove(2);
    let key = PublicKey::from_text(&vector.public_key).unwrap();
    let answer = client::read_answer(signed(&vector).as_bytes(), &key).unwrap();
    assert!(answer.is_success());
    assert_eq!(answer.psn, "08290344008038160280");
    assert_eq!(answer.data.get("terminal_online_status"), Some("online"));
    assert_eq!(answer.data.get("trans_no"), Some("5021000010210602000003"));
}
