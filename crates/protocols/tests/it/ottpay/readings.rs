//! Numbers under both readings, the order of names, nulls: what different clients digest, and we must too.

use super::*;
use tillgate_protocols::ottpay::sign::Reading;

fn reading(object: &str, text: &str) -> Option<Reading> {
    let body = body_of(Action::ExRateQuery, object, text);
    let opened = room::read_body(body.as_bytes()).unwrap().open(Some(&profile())).ok()?;
    assert_eq!(opened.digest_text(), text);
    Some(opened.reading())
}

#[test]
fn numbers_have_two_readings() {
    let (literal, double) = (Some(Reading::Literal), Some(Reading::Double));
    for (object, text, expected) in [
        (r#"{"a":"1","b":2}"#, "12", literal),
        (r#"{"a":"1","b":2}"#, "12.0", double),
        (r#"{"a":1,"b":2}"#, "1.02.0", double),
        // All alike, not one this way and one that.
        (r#"{"a":1,"b":2}"#, "1.02", None),
        (r#"{"a":1,"b":2}"#, "12.0", None),
        (r#"{"a":10000000}"#, "1.0E7", double),
        (r#"{"a":0.0001}"#, "1.0E-4", double),
        (r#"{"a":1.50}"#, "1.50", literal),
        (r#"{"a":1.50}"#, "1.5", double),
        (r#"{"a":123456789012345}"#, "1.23456789012345E14", double),
        // Sixteen digits have one reading only.
        (r#"{"a":1234567890123456}"#, "1234567890123456", literal),
        (r#"{"a":1234567890123456}"#, "1.234567890123456E15", None),
        // A number in a string is text.
        (r#"{"a":"1"}"#, "1.0", None),
        (r#"{"a":{"b":1}}"#, r#"{"b":1.0}"#, None),
    ] {
        assert_eq!(reading(object, text), expected, "{object} {text}");
    }
}

#[test]
fn an_amount_may_be_a_number_of_digits() {
    let object = |amount: &str| {
        format!(r#"{{"amount":{amount},"biz_type":"ALIPAY","call_back_url":"http://a/","operator_id":1}}"#)
    };
    for (amount, text, expected) in [
        ("100", "100ALIPAYhttp://a/1", "ok"),
        ("100", "100.0ALIPAYhttp://a/1.0", "ok"),
        ("100.0", "100.0ALIPAYhttp://a/1", "PARAM_ERROR amount"),
        ("1e2", "1e2ALIPAYhttp://a/1", "PARAM_ERROR amount"),
        ("1e2", "100.0ALIPAYhttp://a/1.0", "PARAM_ERROR amount"),
        ("-5", "-5ALIPAYhttp://a/1", "PARAM_ERROR amount"),
        ("true", "trueALIPAYhttp://a/1", "PARAM_ERROR amount"),
        ("null", "ALIPAYhttp://a/1", "PARAM_ERROR amount"),
    ] {
        let body = body_of(Action::ActivePay, &object(amount), text);
        let call = understand(&body, &profile());
        assert_eq!(verdict(&call), expected, "{amount} {text}");
        if let Ok(Call::Create(create)) = call {
            assert_eq!((create.terms.amount, create.terms.operator.as_str()), (money(100), "1"));
        }
    }
}

/// `\u{ffee}` is one unit, greater than the first unit of `😀`; in UTF-8 it is the other way round.
#[test]
fn names_are_ordered_by_utf16() {
    let object = r#"{"😀":"astral","￮":"high","z":"small","Z":"capital","":"none","zz":"long"}"#;
    assert_eq!(reading(object, "nonecapitalsmalllongastralhigh"), Some(Reading::Literal));
    assert_eq!(reading(object, "nonecapitalsmalllonghighastral"), None);
    let sealed = sign::seal(&[("￮", "high"), ("😀", "astral")], &key()).unwrap();
    assert_eq!(sealed.md5, sign::md5_hex(b"astralhigh"));
}

#[test]
fn null_and_absent_are_empty() {
    assert_eq!(reading(r#"{"a":null,"b":"x","c":""}"#, "x"), Some(Reading::Literal));
    assert_eq!(reading(r#"{"b":"x"}"#, "x"), Some(Reading::Literal));
    assert_eq!(
        reading(r#"{"a":false,"b":[ 1, null ],"c":true}"#, "false[ 1, null ]true"),
        Some(Reading::Literal)
    );
    assert_eq!(reading(r#"{"a":null}"#, "null"), None);
    assert_eq!(reading("{}", ""), Some(Reading::Literal));
}

#[test]
fn values_are_digested_with_their_escapes_resolved() {
    assert_eq!(reading(r#"{"\u0061":"\u5f20\u4e09\/\n\ud83d\ude00"}"#, "张三/\n😀"), Some(Reading::Literal));
}

#[test]
fn the_digest_is_compared_without_case() {
    let fields = example(Action::StatusQuery);
    let text: String =
        sign::concatenated(fields.iter().map(|(n, v)| (n.as_str(), v.as_str().into())).collect());
    // A client that writes md5 in lower case and derives the key from what it writes.
    let md5 = sign::md5_hex(text.as_bytes()).to_lowercase();
    let data =
        sign::encrypt(sign::plaintext(&pairs(&fields)).as_bytes(), &sign::aes_key(&md5, &key())).unwrap();
    let body =
        client::enveloped(&client::Envelope::new(Action::StatusQuery, MERCHANT), &sign::Sealed { data, md5 });
    assert_eq!(verdict(&understand(&body, &profile())), "ok");
}
