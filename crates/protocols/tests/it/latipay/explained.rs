//! `explain`: what is signed, and what went wrong.

use tillgate_protocols::latipay::explain::{self, Input, KEY_MARK, Verdict};
use tillgate_protocols::wire::query::encode;

use super::*;

#[test]
fn every_form_with_its_text() {
    let input = Input::parse(r#"{"user_id":"U1","merchant_reference":"R","is_block":1}"#).unwrap();
    let texts: Vec<String> =
        explain::sign(Route::Query, &input, &key()).into_iter().map(|worked| worked.text).collect();
    assert_eq!(
        texts,
        [
            "RU1".to_owned(),
            format!("is_block=1&merchant_reference=R&user_id=U1{KEY_MARK}"),
            format!("merchant_reference=R&user_id=U1{KEY_MARK}"),
        ]
    );
    let forms = explain::sign(Route::Transaction, &Input::from_pairs(example(Route::Transaction)), &key());
    assert_eq!(forms[0].signature, "14b8268bd86e1815c192debb1d13a16ab1fe008f49e57eea5d64aaf111a8ed67");
    assert!(forms.iter().all(|worked| !worked.text.contains("111222333")));
}

#[test]
fn inputs_of_three_kinds() {
    let expected =
        Input { fields: fields("user_id=U1|merchant_reference=a b"), signature: Some("ff".to_owned()) };
    for text in [
        r#"{"user_id":"U1","merchant_reference":"a b","signature":"ff"}"#,
        "user_id=U1\nmerchant_reference=a b\nsignature=ff\n",
        "user_id=U1&merchant_reference=a%20b&signature=ff",
        "https://pay.example/v2/x?user_id=U1&merchant_reference=a+b&signature=ff",
    ] {
        assert_eq!(Input::parse(text), Ok(expected.clone()), "{text}");
    }
    assert!(Input::parse(r#"{"a":1,"a":2}"#).unwrap_err().message.contains("a is sent twice"));
}

#[test]
fn mistakes_are_named() {
    let plain = "amount=1.00&callback_url=https://x/y&product_name=a b&user_id=U1";
    let check = |signature: String, expected: &str| {
        let mut fields =
            fields("user_id=U1|amount=1.00|product_name=a b|callback_url=https://x/y|reference=");
        fields.push(("signature".to_owned(), signature));
        let said = match explain::verify(Route::Transaction, &Input::from_pairs(fields), &key()) {
            Verdict::Matches(worked) => worked.name.to_owned(),
            Verdict::Refused { why, .. } => why,
            Verdict::Mistake(what) => what.to_owned(),
            Verdict::Unknown => "unknown".to_owned(),
            Verdict::Missing => "missing".to_owned(),
        };
        assert!(said.contains(expected), "{said} for {expected}");
    };
    let hmac = |text: &str| room::sign::hmac_hex(&key(), text);
    check(hmac(&format!("{plain}111222333")), "empty values left out");
    let empties = plain.replace("&user_id", "&reference=&user_id");
    check(hmac(&format!("{empties}111222333")), "empty values kept");
    check(hmac("U11.00https://x/y"), "only with the merchant's legacy switch");
    check(hmac(&format!("{plain}111222333")).to_uppercase(), "lower-case");
    check(hmac(plain), "not appended");
    check(hmac(&format!("{plain}&key=111222333")), "&key=");
    check(
        hmac("user_id=U1&amount=1.00&product_name=a b&callback_url=https://x/y111222333"),
        "in the order they are sent",
    );
    let encoded = plain.replace("https://x/y", &encode("https://x/y")).replace("a b", "a%20b");
    check(hmac(&format!("{encoded}111222333")), "URL-encoded");
    check(hmac(&format!("{}111222333", plain.replace('/', "\\/"))), "slashes");
    check("00".repeat(32), "unknown");
    check(String::new(), "missing");
}

#[test]
fn right_but_refused() {
    let check = |route: Route, lines: &str, expected: &str| {
        let mut input = Input::from_pairs(fields(lines));
        input.signature = explain::sign(route, &input, &key()).first().map(|worked| worked.signature.clone());
        let said = match explain::verify(route, &input, &key()) {
            Verdict::Matches(_) => "ok".to_owned(),
            Verdict::Refused { worked, why } => {
                assert_eq!(Some(worked.signature), input.signature);
                why
            }
            other => format!("{other:?}"),
        };
        assert_eq!(said, expected, "{lines}");
    };
    let ambiguous = "signature is right, but its text can be read as other fields; see `&` in values";
    check(Route::Transaction, "amount=1|product_name=tea & milk|user_id=U1", "ok");
    check(Route::Transaction, "amount=1|product_name=tea&user_id=U2", ambiguous);
    check(Route::Transaction, "amount=1|user_id=U1|extra=x", "ok");
    check(Route::Transaction, "amount=1|amount=2|user_id=U1", "amount is sent twice");
    check(Route::Transaction, "amount_cny=1|currency_rate=2", "amount_cny is not a field of this request");
    check(Route::Cancel, "merchant_reference=R|user_id=U1", "ok");
    check(Route::Cancel, "merchant_reference=R|user_id=U1|amount=1", "amount is not a field of this request");
    check(Route::Query, "merchant_reference=R|user_id=U1|extra=1", "extra is not a field of this request");
    let mut legacy = Input::from_pairs(fields(
        "user_id=U1|wallet_id=W1|amount=1.00|payment_method=alipay|callback_url=https://x/?to=https://y",
    ));
    let worked = explain::sign(Route::Transaction, &legacy, &key());
    legacy.signature = worked.last().map(|worked| worked.signature.clone());
    assert!(matches!(explain::verify(Route::Transaction, &legacy, &key()), Verdict::Refused { .. }));
}
