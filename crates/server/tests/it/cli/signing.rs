//! `sign` and `verify`, held against the documents' worked examples and OpenSSL.

use serde_json::Value;

use super::{command, prints, runs};
use crate::harness::{KEY, openssl};

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../../protocols/src/latipay/vectors.json")).unwrap()
}

/// The request an example is of: its route and fields.
fn request(vector: &Value) -> Option<(&'static str, Vec<(String, String)>)> {
    let name = vector["name"].as_str()?;
    let route = [
        ("barcode request", "barcode"),
        ("query request", "query"),
        ("refund request", "refund"),
        ("cancel request", "cancel"),
        ("mini app request", "minialipay"),
        ("transaction request", "transaction"),
    ];
    let (_, route) = route.into_iter().find(|(start, _)| name.starts_with(start))?;
    let text = vector["message"].as_str()?.strip_suffix(KEY)?;
    let pairs = text.split('&').map(|pair| pair.split_once('=').unwrap());
    Some((route, pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
}

fn json(fields: &[(String, String)], signature: Option<&str>) -> String {
    let mut object: serde_json::Map<String, Value> =
        fields.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    object.extend(signature.map(|signature| ("signature".to_owned(), signature.into())));
    Value::from(object).to_string()
}

#[test]
fn the_documents_examples() {
    let mut checked = 0;
    for vector in vectors() {
        let (message, signature) =
            (vector["message"].as_str().unwrap(), vector["signature"].as_str().unwrap());
        assert_eq!(openssl::hmac(KEY, message), signature, "{vector}");
        let Some((route, fields)) = request(&vector) else { continue };
        let input = json(&fields, None);
        let said = prints(&["sign", "latipay", "--route", route, "--key", KEY, &input]);
        assert!(said.contains(signature), "{vector}: {said}");
        assert!(!said.contains(KEY), "the key is not printed: {said}");
        let input = json(&fields, Some(signature));
        let said = prints(&["verify", "latipay", "--route", route, "--key", KEY, &input]);
        assert!(said.starts_with("the signature holds") && !said.contains(KEY), "{said}");
        checked += 1;
    }
    assert!(checked >= 7, "{checked} requests among the vectors");
}

#[test]
fn a_query_lines_a_file_and_the_input_are_read_alike() {
    let expected = "e66d54f711bc6a1dde59838c8b0de73ccc8b025a2ae65ae878216f010a05f599";
    let query = "user_id=U00001534&wallet_id=W00000001&amount=0.05&pay_code=134588558514585062";
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("request.txt");
    std::fs::write(&file, query.replace('&', "\n")).unwrap();
    for input in [query.to_owned(), query.replace('&', "\n"), format!("@{}", file.display())] {
        let mut sign = command(&["sign", "latipay", "--route", "barcode", &input]);
        let output = sign.env("LATIPAY_API_KEY", KEY).output().unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains(expected), "{input}");
    }
    let mut sign = command(&["sign", "latipay", "--route", "barcode", "--key", KEY, "-"]);
    let output = sign.stdin(std::fs::File::open(&file).unwrap()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains(expected));
}

#[test]
fn a_wrong_signature_is_explained() {
    let verify = |signature: &str| {
        let input = format!(
            "user_id=U00001534&wallet_id=W00000001&amount=0.05&pay_code=134588558514585062&signature={signature}"
        );
        let output = runs(&["verify", "latipay", "--route", "barcode", "--key", KEY, &input]);
        assert_eq!(output.status.code(), Some(1), "{signature}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("expected one of") && !said.contains(KEY), "{said}");
        said
    };
    let right = "e66d54f711bc6a1dde59838c8b0de73ccc8b025a2ae65ae878216f010a05f599";
    assert!(verify(&right.to_uppercase()).contains("case"), "upper case is named");
    verify("00");
    assert!(verify("").contains("no signature"));
}
