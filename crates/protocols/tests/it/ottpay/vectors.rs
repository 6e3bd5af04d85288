//! The vendor's worked examples (`vectors.json`), made and opened. The expected results are not ours.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vector {
    name: String,
    sign_key: String,
    md5: String,
    aes_key: String,
    plaintext: Option<String>,
    data: Option<String>,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../src/ottpay/vectors.json")).unwrap()
}

#[test]
fn each_key_is_derived() {
    for vector in vectors() {
        let key = SignKey::new(vector.sign_key);
        assert_eq!(*sign::aes_key(&vector.md5, &key), *vector.aes_key.as_bytes(), "{}", vector.name);
    }
}

#[test]
fn each_object_gives_its_digest_and_its_data() {
    let mut made = 0;
    for vector in vectors() {
        let (Some(plaintext), Some(data)) = (vector.plaintext, vector.data) else { continue };
        let key = SignKey::new(vector.sign_key);
        let fields = room::explain::parse_object(&plaintext).unwrap();
        let sealed = sign::seal(&pairs(&fields), &key).unwrap();
        assert_eq!(sealed.md5, vector.md5, "{}", vector.name);
        assert_eq!(sealed.data, data, "{}", vector.name);
        made += 1;
    }
    assert_eq!(made, 3);
}

#[test]
fn each_message_opens() {
    for vector in vectors() {
        let (Some(plaintext), Some(data)) = (vector.plaintext, vector.data) else { continue };
        let key = SignKey::new(vector.sign_key);
        let broken: String =
            data.as_bytes().chunks(61).flat_map(|line| [line, b"\r\n "].concat()).map(char::from).collect();
        for data in [&data, &broken] {
            let opened = sign::unseal(data, &vector.md5, &[&SignKey::new("another"), &key]).unwrap();
            assert_eq!(opened.text, plaintext, "{}", vector.name);
            assert_eq!((opened.key_index, opened.reading), (1, sign::Reading::Literal));
        }
        assert_eq!(sign::unseal(&data, &vector.md5, &[&SignKey::new("another")]), None);
    }
}

#[test]
fn the_request_is_understood() {
    let vector = vectors().into_iter().find(|vector| vector.name == "ACTIVEPAY request").unwrap();
    let sealed = sign::Sealed { data: vector.data.unwrap(), md5: vector.md5 };
    let body = client::enveloped(&client::Envelope::new(Action::ActivePay, MERCHANT), &sealed);
    let Call::Create(create) = understand(&body, &profile()).unwrap() else { panic!("no order") };
    assert_eq!(create.reference.as_deref(), Some("TEST0000001"));
    assert_eq!(create.terms.amount, money(100));
    assert_eq!(create.terms.notify_url, "http://127.0.0.1:9000/cb");
}

/// The seed's own callback text, `\u003d` and all; its key is unknown, so it does not open with ours.
#[test]
fn the_seeds_callback_is_read() {
    let body = r#"{
"data":"hy0yiXxPH4TDXeY5ET7gqIsUcgY5ykO1vQYOahS5SsbN7/5Ha7+hvcXhgY1hz9kHuf5OxqNfv28kVeiYACrLzngk+hA2o8dVAcifT6h3AquN5micrIi3L9owj6cHT1nJRExC74sNUqF8CDY5fb4jLh9it9tq7r8xFOpcpf19VNWceo/Jt1nHca6HPMvMUEDeX1aUjnxOs7R7B2TUQbAENg\u003d\u003d",
"rsp_code":"SUCCESS",
"rsp_msg":"success",
"merchant_id":"QC00005496",
"md5":"F70CA0472D1AAA596E720C19A1DD36A0"
}"#;
    assert_eq!(client::check_notification(body, &key()), Err(client::ClientError::Sealed));
    let room::explain::Verdict::Fails { step, .. } = room::explain::verify(body, &key()) else {
        panic!("opens")
    };
    assert_eq!(step, room::explain::Step::Padding);
}
