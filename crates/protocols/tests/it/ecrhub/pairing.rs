//! A pairing code for a secret.

use super::*;

#[test]
fn a_code_is_eight_digits() {
    let read = |body: Value| read_pair(body.to_string().as_bytes());
    let request = read(json!({ "terminal_sn": "WPYB002248000865", "pairing_code": "48291377" })).unwrap();
    assert_eq!((&*request.terminal_sn, request.pairing_code.as_str()), ("WPYB002248000865", "48291377"));
    assert!(!format!("{request:?}").contains("4829"));
    for code in [
        json!("4829137"),
        json!("482913770"),
        json!("4829137x"),
        json!("４８２９１３７７"),
        json!(48_291_377),
        json!(""),
    ] {
        assert!(read(json!({ "terminal_sn": "W", "pairing_code": code })).is_err(), "{code}");
    }
    for body in ["", "[]", "{\"terminal_sn\":\"W\"}", "{\"pairing_code\":\"48291377\"}"] {
        assert!(read_pair(body.as_bytes()).is_err(), "{body}");
    }
    let twice = br#"{"terminal_sn":"W","pairing_code":"48291377","pairing_code":"48291378"}"#;
    assert!(read_pair(twice).is_err());
    assert!(read_pair(b"{\"terminal_sn\":\"\xff\"}").is_err());
    assert_eq!(read_pair(&vec![b' '; FRAME_BYTES + 1]), Err(Unreadable::TooLarge));
}

#[test]
fn the_answers() {
    let told =
        Paired { terminal_sn: "W", secret: "s3cr3t", merchant_no: "3023", store_no: "1", name: "Till \"1\"" };
    assert!(!format!("{told:?}").contains("s3cr3t"));
    let body: Value = serde_json::from_str(&paired(&told)).unwrap();
    let expected = json!({ "terminal_sn": "W", "secret": "s3cr3t", "merchant_no": "3023", "store_no": "1", "name": "Till \"1\"" });
    assert_eq!(body, expected);
    assert_eq!(pair_refused("no such code"), r#"{"error":"no such code"}"#);
}
