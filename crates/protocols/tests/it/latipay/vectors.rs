//! Worked examples of the vendor's documents (`vectors.json`), made and checked.

use serde::Deserialize;
use tillgate_core::MerchantId;
use tillgate_protocols::latipay::sign::{check_values, hmac_hex, parse_joined};
use tillgate_protocols::latipay::{ApiKey, Profile, Route, Settings, read_body, read_query};

#[derive(Deserialize)]
struct Vector {
    name: String,
    api_key: String,
    message: String,
    signature: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../src/latipay/vectors.json")).unwrap()
}

#[test]
fn each_message_gives_its_signature() {
    for vector in vectors() {
        let key = ApiKey::new(vector.api_key);
        assert_eq!(hmac_hex(&key, &vector.message), vector.signature, "{}", vector.name);
        assert!(check_values(&[&vector.message], &vector.signature, &key), "{}", vector.name);
    }
}

#[test]
fn each_signed_request_is_accepted() {
    let mut accepted = 0;
    for vector in vectors() {
        let route = match vector.name.split(' ').take(2).collect::<Vec<_>>()[..] {
            ["barcode", _] => Route::Barcode,
            ["refund", _] => Route::Refund,
            ["cancel", _] => Route::Cancel,
            ["mini", _] => Route::MiniAlipay,
            ["transaction", _] => Route::Transaction,
            ["query", "request,"] => Route::Query,
            _ => continue,
        };
        let text = vector.message.strip_suffix(&vector.api_key).unwrap();
        let mut fields: Vec<(&str, &str)> = match text.split_once('&').unwrap() {
            // Not sorted, so the room's own reader does not apply.
            (user, reference) if user.starts_with("user_id=") => {
                [user, reference].map(|part| part.split_once('=').unwrap()).to_vec()
            }
            _ => parse_joined(route, text).unwrap(),
        };
        let value = |name: &str| fields.iter().find(|(known, _)| *known == name).unwrap().1;
        let profile = Profile {
            user_id: value("user_id").to_owned(),
            user_name: String::new(),
            organisation_id: MerchantId(1),
            organisation_name: String::new(),
            keys: vec![ApiKey::new(vector.api_key.clone())],
            enabled: true,
            settings: Settings::default(),
            accounts: Vec::new(),
        };
        if route == Route::Query {
            let query = format!("user_id={}&signature={}", value("user_id"), vector.signature);
            let received = read_query(route, value("merchant_reference"), &query).unwrap();
            assert!(received.verify(&profile).is_ok(), "{}", vector.name);
        } else {
            fields.push(("signature", &vector.signature));
            let map: serde_json::Map<_, _> =
                fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
            let body = serde_json::to_vec(&map).unwrap();
            assert!(read_body(route, &body).unwrap().verify(&profile).is_ok(), "{}", vector.name);
        }
        accepted += 1;
    }
    assert_eq!(accepted, 7);
}
