//! `sign ottpay` and `verify ottpay`, held against the vendor's worked example and OpenSSL.

use serde_json::{Value, json};

use super::peer::{self, SIGN_KEY};
use super::{command, prints, refuses, runs, text};

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../../protocols/src/ottpay/vectors.json")).unwrap()
}

/// What stands behind a name at the beginning of a line.
fn row(said: &str, name: &str) -> String {
    let line = said.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in:\n{said}")).trim().to_owned()
}

fn sign(input: &str) -> String {
    prints(&["sign", "ottpay", "--key", SIGN_KEY, input])
}

/// What it says of a message that is right.
#[track_caller]
fn opens(message: &str, key: &str) -> String {
    let said = prints(&["verify", "ottpay", "--key", key, message]);
    assert!(said.starts_with("the digest holds") && !said.contains(key), "{said}");
    said
}

/// What it says of one that is not.
#[track_caller]
fn fails(message: &str, key: &str) -> String {
    let output = runs(&["verify", "ottpay", "--key", key, message]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains("the digest holds") && !said.contains(key), "{said}");
    said
}

#[test]
fn the_vendors_worked_example() {
    let mut checked = 0;
    for vector in vectors() {
        let word = |name: &str| vector[name].as_str();
        let (Some(plaintext), Some(data)) = (word("plaintext"), word("data")) else { continue };
        let (key, md5) = (word("sign_key").unwrap(), word("md5").unwrap());
        let said = prints(&["sign", "ottpay", "--key", key, plaintext]);
        assert_eq!(row(&said, "md5"), md5, "{vector}");
        assert_eq!(row(&said, "AES key"), word("aes_key").unwrap(), "{vector}");
        assert_eq!(row(&said, "plaintext"), plaintext, "{vector}");
        assert_eq!(row(&said, "data"), data, "{vector}");
        assert!(!said.contains(key), "the key is not printed: {said}");
        let said = opens(&json!({ "data": data, "md5": md5 }).to_string(), key);
        assert_eq!(row(&said, "plaintext"), plaintext);
        assert_eq!(row(&said, "md5 computed"), md5);
        checked += 1;
    }
    assert!(checked >= 3, "{checked} whole messages among the vectors");
}

/// A name's order by UTF-16 differs from that by UTF-8 only beyond the BMP; openssl is given `S` by hand.
#[test]
fn what_is_signed_openssl_decrypts() {
    for (input, text, plaintext) in [
        (
            r#"{"order_id":"S-1","amount":100,"tip":null,"biz_type":"ALIPAY"}"#,
            "100ALIPAYS-1",
            r#"{"order_id":"S-1","amount":"100","tip":"","biz_type":"ALIPAY"}"#,
        ),
        (
            "order_id=张三 & söhne\namount=1.50\n",
            "1.50张三 & söhne",
            r#"{"order_id":"张三 & söhne","amount":"1.50"}"#,
        ),
        (r#"{"b":"1","B":"2","a\"":"3","_":"4"}"#, "2431", r#"{"b":"1","B":"2","a\"":"3","_":"4"}"#),
        ("{}", "", "{}"),
    ] {
        let said = sign(input);
        let md5 = row(&said, "md5");
        assert_eq!(row(&said, "S "), text, "{input}");
        assert_eq!(md5, peer::md5(text), "{input}");
        let aes_key = peer::aes_key(&md5, SIGN_KEY);
        assert_eq!(row(&said, "AES key"), aes_key);
        assert_eq!(peer::decrypt(&row(&said, "data"), &aes_key), plaintext, "{input}");
    }
}

#[test]
fn what_openssl_encrypts_is_opened() {
    let literal = "with numbers as they are written";
    let double = "with numbers as Java prints doubles";
    for (plaintext, digested, reading) in [
        (r#"{"order_id":"1","amount":"100"}"#, "1001", literal),
        (r#"{ "order_id" : "1", "amount" : 100 }"#, "1001", literal),
        (r#"{"order_id":"1","amount":100}"#, "100.01", double),
        (r#"{"name":"张三","empty":"","none":null}"#, "张三", literal),
    ] {
        let message = peer::message(plaintext, digested, SIGN_KEY);
        let said = opens(&message.to_string(), SIGN_KEY);
        assert!(said.contains(reading), "{plaintext}: {said}");
        assert_eq!(row(&said, "plaintext"), plaintext);
        assert_eq!(row(&said, "S "), digested);
        assert_eq!(row(&said, "md5 computed"), row(&said, "md5 received"));
        // As some libraries print base64, and as some print digests.
        let mut broken_lines = message.clone();
        broken_lines["data"] = message["data"].as_str().unwrap().replace('=', "\r\n=").into();
        opens(&broken_lines.to_string(), SIGN_KEY);
    }
}

#[test]
fn a_failure_is_named_and_explained() {
    let plaintext = r#"{"order_id":"2020041553699O153O0407","amount":"100","operator_id":"7"}"#;
    let right = peer::message(plaintext, "10072020041553699O153O0407", SIGN_KEY);
    let changed = |name: &str, value: &str| {
        let mut message = right.clone();
        message[name] = value.into();
        message.to_string()
    };
    let data = right["data"].as_str().unwrap();
    let another_key = "another sign key, or the md5 of another message";
    let cut = "the key is right; data was cut off or changed on its way";
    for (message, key, word) in [
        (right.to_string(), "6698851A525C9434", another_key),
        (changed("md5", &peer::md5("another")), SIGN_KEY, another_key),
        (changed("data", &data[..64]), SIGN_KEY, cut),
        (changed("data", &data[..60]), SIGN_KEY, cut),
        (changed("data", &data[..61]), SIGN_KEY, cut),
        (changed("data", ""), SIGN_KEY, "data is missing"),
        ("nonsense".to_owned(), SIGN_KEY, "not a JSON object"),
        (changed("md5", "").replace("\"md5\":\"\",", ""), SIGN_KEY, "md5 is missing"),
        (right.to_string(), "6698851a525c9433", "wrong case"),
        (
            peer::message(plaintext, plaintext, SIGN_KEY).to_string(),
            SIGN_KEY,
            "the JSON text is digested, not the values",
        ),
        (
            peer::message(plaintext, "something else", SIGN_KEY).to_string(),
            SIGN_KEY,
            "the sender digests other values than it sends",
        ),
        (peer::message("[1]", "1", SIGN_KEY).to_string(), SIGN_KEY, "no proper JSON object"),
        (json!({ "rsp_code": "PARAM_INVALID", "rsp_msg": "x" }).to_string(), SIGN_KEY, "did not recognise"),
    ] {
        let said = fails(&message, key);
        assert!(said.contains(word), "{word} is missing:\n{said}");
    }
    let said = fails(&peer::message(plaintext, "something else", SIGN_KEY).to_string(), SIGN_KEY);
    assert_eq!(row(&said, "md5 received"), peer::md5("something else"));
    assert_eq!(row(&said, "md5 computed"), peer::md5("10072020041553699O153O0407"));
    assert_eq!(row(&said, "plaintext"), plaintext);
}

/// What a sender writes into a field cannot pass for a line of ours.
#[test]
fn a_line_break_in_a_value_stays_in_its_line() {
    let said = opens(
        &peer::message(r#"{"a":"1\nmd5 computed  FORGED"}"#, "1\nmd5 computed  FORGED", SIGN_KEY).to_string(),
        SIGN_KEY,
    );
    assert_eq!(said.lines().filter(|line| line.starts_with("md5 computed")).count(), 1, "{said}");
}

#[test]
fn a_file_the_input_and_the_environment_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("object.json");
    std::fs::write(&file, r#"{"order_id":"1","amount":"100"}"#).unwrap();
    let at_file = format!("@{}", text(&file));
    let expected = sign(r#"{"order_id":"1","amount":"100"}"#);
    assert_eq!(sign(&at_file), expected);
    assert_eq!(sign("order_id=1\namount=100"), expected);
    let mut by_input = command(&["sign", "ottpay", "-"]);
    by_input.env("OTTPAY_SIGN_KEY", SIGN_KEY).stdin(std::fs::File::open(&file).unwrap());
    assert_eq!(String::from_utf8(by_input.output().unwrap().stdout).unwrap(), expected);

    let message = peer::message(r#"{"a":"1"}"#, "1", SIGN_KEY).to_string();
    std::fs::write(&file, format!("{message}\n")).unwrap();
    let said = opens(&message, SIGN_KEY);
    assert_eq!(opens(&at_file, SIGN_KEY), said);
    let mut by_input = command(&["verify", "ottpay", "-"]);
    by_input.env("OTTPAY_SIGN_KEY", SIGN_KEY).stdin(std::fs::File::open(&file).unwrap());
    assert_eq!(String::from_utf8(by_input.output().unwrap().stdout).unwrap(), said);
    let help = String::from_utf8(
        command(&["sign", "ottpay", "--help"]).env("OTTPAY_SIGN_KEY", SIGN_KEY).output().unwrap().stdout,
    );
    assert!(!help.unwrap().contains(SIGN_KEY));
}

#[test]
fn what_cannot_be_signed_is_refused() {
    let sign = |args: &[&str]| refuses(&[&["sign", "ottpay", "--key", SIGN_KEY], args].concat());
    for (input, word) in [
        ("neither", "neither"),
        ("a=1\na=2", "a is given twice"),
        (r#"{"a":1,"a":2}"#, "a is sent twice"),
        (r#"{"a":"#, "not a JSON object"),
        ("@/nowhere/at/all", "/nowhere/at/all"),
    ] {
        let said = sign(&[input]);
        assert!(said.contains(word), "{input}: {said}");
    }
    assert!(sign(&["--merchant-id", "QC1", "--action", "PAY", "{}"]).contains("ACTIVEPAY"));
    assert!(sign(&["--action", "ACTIVEPAY", "{}"]).contains("--merchant-id"));
    assert!(sign(&["--merchant-id", "QC1", "{}"]).contains("--action"));
    assert!(sign(&["--terminal-no", "T1", "{}"]).contains("--merchant-id"));
    assert!(refuses(&["sign", "ottpay", "{}"]).contains("--key"));
}

/// The request that is printed last is whole.
#[test]
fn the_request_is_printed_as_it_is_posted() {
    let args = ["sign", "ottpay", "--key", SIGN_KEY, "--merchant-id", "QC00005496", "--action"];
    let last = |more: &[&str]| {
        let said = prints(&[&args[..], more].concat());
        serde_json::from_str::<Value>(said.lines().last().unwrap()).unwrap()
    };
    let body = last(&["REFUND", "--operator-id", "O'Neill", "--terminal-no", "T 1", "ori_order_id=1"]);
    assert_eq!(
        peer::decrypt(
            body["data"].as_str().unwrap(),
            &peer::aes_key(body["md5"].as_str().unwrap(), SIGN_KEY)
        ),
        r#"{"ori_order_id":"1"}"#
    );
    for (name, value) in [
        ("action", "REFUND"),
        ("version", "1.0"),
        ("merchant_id", "QC00005496"),
        ("operator_id", "O'Neill"),
        ("terminal_no", "T 1"),
        ("md5", &peer::md5("1")),
    ] {
        assert_eq!(body[name], value, "{name}");
    }
    assert_eq!(last(&["PREPAY_INIT", "{}"])["version"], "2.0");
    assert_eq!(last(&["PREPAY_INIT", "--version", "1.1", "{}"])["version"], "1.1");
}
