//! Whatever is wrong with merchant, key, encryption or digest: the same bytes.

use super::*;

fn answer(body: &str, profile: Option<&Profile>) -> String {
    let received = room::read_body(body.as_bytes()).unwrap();
    let reject = received.open(profile).unwrap_err();
    // The server may or may not have a profile at hand when it answers.
    assert_eq!(room::reject_answer(profile, &reject), room::reject_answer(None, &reject));
    room::reject_answer(None, &reject)
}

fn sealed(data: &str, md5: &str) -> String {
    let sealed = sign::Sealed { data: data.to_owned(), md5: md5.to_owned() };
    client::enveloped(&client::Envelope::new(Action::Refund, MERCHANT), &sealed)
}

/// Encrypted bytes with a padding of one's own.
fn raw(bytes: &[u8], md5: &str) -> String {
    use aws_lc_rs::cipher::{AES_128, EncryptingKey, UnboundCipherKey};
    let key = UnboundCipherKey::new(&AES_128, &*sign::aes_key(md5, &key())).unwrap();
    let mut buffer = bytes.to_vec();
    EncryptingKey::ecb(key).unwrap().encrypt(&mut buffer).unwrap();
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(buffer)
}

#[test]
fn all_causes_look_alike() {
    let expected =
        r#"{"rsp_code":"PARAM_INVALID","rsp_msg":"merchant_id, data and md5 do not belong together"}"#;
    let good = body(Action::Refund, &example(Action::Refund));
    let own = profile();
    assert!(room::read_body(good.as_bytes()).unwrap().open(Some(&own)).is_ok());
    let changed = |change: fn(&mut Profile)| {
        let mut profile = profile();
        change(&mut profile);
        profile
    };
    let check = |what: &str, body: &str, profile: Option<&Profile>| {
        assert_eq!(answer(body, profile), expected, "{what}");
    };
    check("unknown merchant", &good, None);
    check("another merchant's profile", &good, Some(&changed(|p| p.merchant_id = "QC1".into())));
    check("disabled", &good, Some(&changed(|p| p.enabled = false)));
    check("no keys", &good, Some(&changed(|p| p.keys.clear())));
    check("wrong key", &good, Some(&changed(|p| p.keys = vec![SignKey::new("A8B5FE540E38A5A9")])));
    let three = ["A", "B", "C"].map(SignKey::new).to_vec();
    let mut many = profile();
    many.keys = three;
    check("three wrong keys", &good, Some(&many));

    let fields = example(Action::Refund);
    let right = sign::seal(&pairs(&fields), &key()).unwrap();
    let (data, md5) = (right.data.as_str(), right.md5.as_str());
    let other_md5 = "0".repeat(32);
    for (what, data, md5) in [
        ("wrong md5", data, other_md5.as_str()),
        ("md5 too short", data, &md5[1..]),
        ("md5 no hex", data, "x"),
        ("md5 in lower case, the key derived from upper", data, &md5.to_lowercase()),
        ("no base64", "*not base64*", md5),
        ("url-safe base64", &data.replace('/', "_").replace('+', "-"), md5),
        ("base64 without padding", data.trim_end_matches('='), md5),
        ("data in lower case", &data.to_lowercase(), md5),
        ("half a block", "AAAAAAAAAAA=", md5),
        ("a block and a half", &data[..32], md5),
        ("one block less", &data[..data.len() - 64], md5),
        ("nothing", " ", md5),
    ] {
        if data.contains(['-', '_']) || !what.starts_with("url-safe") {
            check(what, &sealed(data, md5), Some(&own));
        }
    }
    let seal_text = |bytes: &[u8]| sign::encrypt(bytes, &sign::aes_key(md5, &key())).unwrap();
    for (what, bytes) in [
        ("not UTF-8", &b"{\"order_id\":\"\xff\xfe\"}"[..]),
        ("no object", b"[\"TEST0000001\"]"),
        ("no JSON", b"order_id=TEST0000001"),
        ("empty", b""),
        ("more behind", b"{\"a\":\"1\"}x"),
        ("a name twice", b"{\"order_id\":\"R1\",\"ori_order_id\":\"TEST0000001\",\"refund_amt\":\"40\",\"refund_amt\":\"\"}"),
        ("a name twice, escaped", b"{\"order_id\":\"R1\",\"ori_order_id\":\"TEST0000001\",\"refund_amt\":\"40\",\"refund\\u005famt\":\"\"}"),
        ("other values", b"{\"order_id\":\"R1\",\"ori_order_id\":\"TEST0000001\",\"refund_amt\":\"99\"}"),
    ] {
        check(what, &sealed(&seal_text(bytes), md5), Some(&own));
    }
    let object = sign::plaintext(&pairs(&fields));
    let pad = |tail: &[u8]| {
        let mut bytes = object.clone().into_bytes();
        bytes.resize(bytes.len().next_multiple_of(16) + 16 - tail.len(), b' ');
        [&bytes, tail].concat()
    };
    assert!(
        room::read_body(sealed(&raw(&pad(&[3, 3, 3]), md5), md5).as_bytes())
            .unwrap()
            .open(Some(&own))
            .is_ok()
    );
    for tail in [&[0_u8][..], &[17], &[255], &[3, 2, 3], &[2, 3, 3], &[0, 2], &[16]] {
        check("padding", &sealed(&raw(&pad(tail), md5), md5), Some(&own));
    }
    check("no padding", &sealed(&raw(&pad(b"  "), md5), md5), Some(&own));
}

/// The dummy key fills up to two; it must never open anything.
#[test]
fn the_stand_in_key_opens_nothing() {
    for text in ["", &"0".repeat(32), "0"] {
        let stand_in = SignKey::new(text);
        let body = client::request_body(
            &client::Envelope::new(Action::StatusQuery, MERCHANT),
            &[("order_id", "A")],
            &stand_in,
        );
        for profile in [None, Some(&profile())] {
            let received = room::read_body(body.as_bytes()).unwrap();
            assert!(received.open(profile).is_err(), "{text}");
        }
    }
}

#[test]
fn keys_do_not_show_themselves() {
    let shown = format!("{:?} {:?}", key(), profile());
    assert!(!shown.contains(KEY), "{shown}");
}
