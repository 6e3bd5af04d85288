//! `sign` shows the steps; `verify` says which one went wrong, and which mistake was made if it is a known one.

use super::*;
use tillgate_protocols::ottpay::explain::{self, Step, Verdict};

const OBJECT: [(&str, &str); 4] = [("b", "2"), ("a", "1"), ("C", "x y"), ("d", "")];

#[test]
fn the_steps_of_the_vendors_example() {
    let fields = explain::parse_object(
        r#"{"orderId":"1234567890","idCardName":"张三","idCardNum":"123456789012345678","bankCardNum":"62000000000010","mobile":"13711111111","idCardType":"1"}"#,
    )
    .unwrap();
    let worked = explain::sign(&pairs(&fields), &key()).unwrap();
    assert_eq!(worked.names.join(" "), "bankCardNum idCardName idCardNum idCardType mobile orderId");
    assert_eq!(worked.text, "62000000000010张三1234567890123456781137111111111234567890");
    assert_eq!(worked.md5, "C12F9560769C2CB55E6954935B325916");
    assert_eq!(worked.aes_key, "EF1712FC070C2C21");
    assert!(worked.data.starts_with("Y2+GoqBBPc6EJ9JzXRFoOziK"));
    assert!(!format!("{worked:?}").contains(KEY));
    let lines = explain::parse_object("orderId=1\n amount = 2=3 \n").unwrap();
    assert_eq!(lines, [("orderId".into(), "1".into()), ("amount".to_owned(), " 2=3".to_owned())]);
    assert!(explain::parse_object(r#"{"a":1,"a":2}"#).is_err());
}

fn message(data: &str, md5: &str) -> String {
    format!(r#"{{"rsp_code":"SUCCESS","data":"{data}","md5":"{md5}"}}"#)
}

fn failed(body: &str) -> (Step, Option<&'static str>) {
    match explain::verify(body, &key()) {
        Verdict::Fails { step, mistake, why, .. } => {
            assert!(!why.contains(KEY) && !why.is_empty());
            (step, mistake)
        }
        Verdict::Opens(..) => panic!("opens"),
    }
}

#[test]
fn what_opens_is_worked_out_again() {
    let sealed = sign::seal(&OBJECT, &key()).unwrap();
    let Verdict::Opens(worked, reading) = explain::verify(&message(&sealed.data, &sealed.md5), &key()) else {
        panic!("fails")
    };
    assert_eq!((worked.text.as_str(), reading), ("x y12", sign::Reading::Literal));
    assert_eq!(*worked, explain::sign(&OBJECT, &key()).unwrap());
}

#[test]
fn the_step_that_failed() {
    let sealed = sign::seal(&OBJECT, &key()).unwrap();
    let (data, md5) = (sealed.data.as_str(), sealed.md5.as_str());
    let text = |object: &str| sign::encrypt(object.as_bytes(), &sign::aes_key(md5, &key())).unwrap();
    let latin = sign::encrypt(b"{\"a\":\"\xe9\"}", &sign::aes_key(md5, &key())).unwrap();
    for (body, step) in [
        ("{".to_owned(), Step::Envelope),
        (r#"{"data":"a","data":"b"}"#.to_owned(), Step::Envelope),
        (r#"{"rsp_code":"PARAM_INVALID"}"#.to_owned(), Step::Envelope),
        (r#"{"data":"a"}"#.to_owned(), Step::Envelope),
        (message("*", md5), Step::Base64),
        (message("AAAA", md5), Step::Length),
        (message(data, &"0".repeat(32)), Step::Padding),
        (message(&latin, md5), Step::Text),
        (message(&text("[]"), md5), Step::Object),
        (message(&text(r#"{"a":"1","\u0061":"2"}"#), md5), Step::Object),
        (message(&text(r#"{"a":"1"}"#), md5), Step::Digest),
    ] {
        assert_eq!(failed(&body), (step, None), "{body}");
    }
}

#[test]
fn mistakes_with_the_key() {
    let sealed = sign::seal(&OBJECT, &key()).unwrap();
    let plain = sign::plaintext(&OBJECT);
    let md5 = sealed.md5.as_str();
    let digest = sign::md5_hex([md5, KEY].concat().as_bytes());
    let by =
        |aes_key: &str| sign::encrypt(plain.as_bytes(), aes_key.as_bytes().first_chunk().unwrap()).unwrap();
    for (aes_key, words) in [
        (&digest[..16], "first 16"),
        (&digest[16..], "last 16"),
        (&digest.to_lowercase()[8..24], "lower-case hexadecimal"),
        (&sign::md5_hex([KEY, md5].concat().as_bytes())[8..24], "before the md5"),
        (KEY, "sign key itself"),
    ] {
        let (step, mistake) = failed(&message(&by(aes_key), md5));
        assert!(matches!(step, Step::Padding | Step::Text));
        assert!(mistake.is_some_and(|what| what.contains(words)), "{words}: {mistake:?}");
    }
    let (_, mistake) = failed(&message(&sealed.data, &md5.to_lowercase()));
    assert!(mistake.unwrap().contains("in upper case"));
    let plus =
        (0..).map(|n| sign::seal(&[("n", &format!("{n}"))], &key()).unwrap()).find(|s| s.data.contains('+'));
    let plus = plus.unwrap();
    let (step, mistake) = failed(&message(&plus.data.replace('+', " "), &plus.md5));
    assert!(matches!(step, Step::Base64 | Step::Length), "{step:?}");
    assert!(mistake.is_some_and(|what| what.contains("URL-decoded")), "{mistake:?}");
}

#[test]
fn mistakes_with_the_digest() {
    let object = sign::plaintext(&OBJECT);
    for (text, words) in [
        ("21x y", "in the order they are sent"),
        ("12x y", "without regard to case"),
        ("Cx ya1b2d", "names are digested too"),
        ("C=x y&a=1&b=2&d=", "joined with &"),
        ("x%20y12", "URL-encoded"),
        ("x y12null", "as null"),
        (object.as_str(), "the JSON text"),
        (&format!("x y12{KEY}"), "appended"),
        (&format!("{KEY}x y12"), "before the digested"),
    ] {
        let md5 = sign::md5_hex(text.as_bytes());
        let data = sign::encrypt(object.as_bytes(), &sign::aes_key(&md5, &key())).unwrap();
        let (step, mistake) = failed(&message(&data, &md5));
        assert_eq!(step, Step::Digest);
        assert!(mistake.is_some_and(|what| what.contains(words)), "{words}: {mistake:?}");
    }
}
