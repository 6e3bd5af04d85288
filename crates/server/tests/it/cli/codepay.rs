//! `sign codepay` and `verify codepay`, held against the room's vectors and the `openssl` command line. `codepay …` in
//! modules of its own.

mod orders;
mod people;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{command, prints, refuses, runs, text};

fn openssl(folder: &Path, args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut openssl = Command::new("openssl")
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    openssl.stdin.take().unwrap().write_all(input).unwrap();
    let output = openssl.wait_with_output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A key pair made by openssl, in the forms people have.
struct Keys {
    folder: tempfile::TempDir,
    /// Bare base64 of SPKI and of PKCS#8.
    public: String,
    private: String,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| openssl(folder.path(), args, b"");
    run(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "app.pem"]);
    run(&["pkey", "-in", "app.pem", "-pubout", "-out", "app.pub.pem"]);
    run(&["rsa", "-in", "app.pem", "-traditional", "-out", "pkcs1.pem"]);
    let bare = |pem: &str| {
        let text = std::fs::read_to_string(folder.path().join(pem)).unwrap();
        text.lines().filter(|line| !line.starts_with("-----")).collect::<String>()
    };
    let (public, private) = (bare("app.pub.pem"), bare("app.pem"));
    std::fs::write(folder.path().join("bare.key"), format!("{private}\n")).unwrap();
    Keys { folder, public, private }
});

/// Of a key pair nobody else has.
pub fn public_key_file() -> PathBuf {
    file("app.pub.pem")
}

fn file(name: &str) -> PathBuf {
    KEYS.folder.path().join(name)
}

/// By openssl.
fn signature(signed: &str) -> String {
    let raw = openssl(KEYS.folder.path(), &["dgst", "-sha256", "-sign", "app.pem"], signed.as_bytes());
    let text = openssl(KEYS.folder.path(), &["base64", "-A"], &raw);
    String::from_utf8(text).unwrap().trim().to_owned()
}

fn sign(args: &[&str]) -> String {
    prints(&[&["sign", "codepay", "--key", text(&file("app.pem"))], args].concat())
}

fn verify(message: &str) -> Output {
    runs(&["verify", "codepay", "--key", &KEYS.public, message])
}

fn holds(message: &str) -> String {
    let output = verify(message);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{message}: {said}");
    said
}

fn fails(message: &str) -> String {
    let output = verify(message);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}: {said}");
    said
}

/// What stands behind a word at the beginning of a line.
fn row(said: &str, word: &str) -> String {
    let line = said.lines().find_map(|line| line.strip_prefix(word));
    line.unwrap_or_else(|| panic!("no {word}: {said}")).trim().to_owned()
}

/// Computed elsewhere.
#[test]
fn the_rooms_vectors() {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../../protocols/src/codepay/vectors.json")).unwrap();
    assert!(vectors.len() >= 3);
    for vector in vectors {
        let key = vector["public_key"].as_str().unwrap();
        let mut message = vector["fields"].clone();
        assert_eq!(row(&sign(&[&message.to_string()]), "text "), vector["text"], "{vector}");
        message["sign"] = vector["sign"].clone();
        let said = prints(&["verify", "codepay", "--key", key, &message.to_string()]);
        assert!(said.starts_with("the signature holds"), "{said}");
        assert_eq!(row(&said, "text "), vector["text"]);
    }
}

#[test]
fn what_is_signed_openssl_signs_alike() {
    for (input, signed) in [
        (r#"{"b":"2","a":34.50,"sign":"old","e":"","n":null,"t":true}"#, "a=34.50&b=2&t=true"),
        ("b=2\na=1 + 1 & more\n", "a=1 + 1 & more&b=2"),
        ("b=2&a=1+%2B+1", "a=1 + 1&b=2"),
        (r#"{"list":[1, 2],"a":"张三"}"#, "a=张三&list=[1, 2]"),
        ("a=b=c", "a=b=c"),
    ] {
        let said = sign(&[input]);
        assert_eq!(row(&said, "text "), signed, "{input}");
        assert_eq!(row(&said, "sign "), signature(signed), "{input}");
    }
    let said = sign(&[r#"{"b":"2","e":"","n":null}"#]);
    assert_eq!((row(&said, "fields "), row(&said, "left out ")), ("b".into(), "e, n (empty)".into()));
}

#[test]
fn keys_are_files_or_base64() {
    let expected = sign(&["a=1"]);
    let at_file = format!("@{}", file("app.pem").display());
    for key in [text(&file("pkcs1.pem")), text(&file("bare.key")), &at_file, &KEYS.private] {
        assert_eq!(prints(&["sign", "codepay", "--key", key, "a=1"]), expected);
    }
    let by_environment =
        command(&["sign", "codepay", "a=1"]).env("CODEPAY_PRIVATE_KEY", &KEYS.private).output().unwrap();
    assert_eq!(String::from_utf8(by_environment.stdout).unwrap(), expected);
    let mut help = command(&["sign", "codepay", "--help"]);
    let help = help.env("CODEPAY_PRIVATE_KEY", &KEYS.private).output().unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains(&KEYS.private[..40]));
    let message = json!({ "a": "1", "sign": signature("a=1") }).to_string();
    for key in [text(&file("app.pub.pem")), &KEYS.public] {
        assert!(prints(&["verify", "codepay", "--key", key, &message]).starts_with("the signature holds"));
    }
    for (key, words) in [
        ("/nowhere/at/all", "neither a file that is there nor a key"),
        ("@/nowhere/at/all", "/nowhere/at/all"),
        (&KEYS.public, "is not an RSA private key"),
    ] {
        let said = refuses(&["sign", "codepay", "--key", key, "a=1"]);
        assert!(said.contains(words), "{key}: {said}");
    }
    let said = refuses(&["verify", "codepay", "--key", &KEYS.private, &message]);
    assert!(said.contains("is not an RSA public key") && !said.contains(&KEYS.private[..40]), "{said}");
}

#[test]
fn the_message_is_printed_as_it_is_posted() {
    let args = ["--app-id", "wz6012822ca2f1as78", "--timestamp", "1709106082819", "--method"];
    let whole = |more: &[&str]| sign(&[&args[..], more].concat()).lines().last().unwrap().to_owned();
    let fields = r#"{"merchant_no":"302300000926","trans_no":"5021","attach":"a & \"b\""}"#;
    let body = whole(&["order.query", fields]);
    let message: Value = serde_json::from_str(&body).unwrap();
    for (name, value) in [
        ("app_id", "wz6012822ca2f1as78"),
        ("method", "order.query"),
        ("sign_type", "RSA2"),
        ("timestamp", "1709106082819"),
        ("trans_no", "5021"),
        ("attach", "a & \"b\""),
    ] {
        assert_eq!(message[name], value, "{name}");
    }
    let said = holds(&body);
    assert!(said.contains("the documents' rule"), "{said}");
    assert_eq!(row(&said, "timestamp "), "2024-02-28 07:41:22 UTC");
    let form = whole(&["order.query", "--form", fields]);
    assert!(form.starts_with("app_id=wz6012822ca2f1as78&") && form.contains("&sign="), "{form}");
    assert_eq!(row(&holds(&form), "text "), row(&said, "text "));
    // What has a path of its own has no method in it.
    let path: Value = serde_json::from_str(&whole(&["/api/payments/capture", "trans_no=5021"])).unwrap();
    assert_eq!((&path["method"], &path["timestamp"]), (&Value::Null, &Value::Null));
    // A whole message by itself.
    let said = sign(&[r#"{"app_id":"wz1","a":1.50,"sign":"old"}"#]);
    let body = said.lines().last().unwrap();
    assert!(body.starts_with(r#"{"app_id":"wz1","a":1.50,"sign":""#), "{body}");
    holds(body);
}

#[test]
fn each_variant_is_named() {
    for (message, signed, variant) in [
        (json!({ "a": "1", "b": "" }), "a=1", "the documents' rule"),
        (json!({ "a": "1", "b": "" }), "a=1&b=", "empty values are kept"),
        (json!({ "a": "1", "b": "@x" }), "a=1", "values that begin with @ are dropped"),
        (json!({ "a": "1", "b": false }), "a=1", "0 and false are dropped"),
        (json!({ "a": "1", "b": 0, "c": "@x" }), "a=1", "values that begin with @, 0 and false are dropped"),
    ] {
        let mut sent = message.clone();
        sent["sign"] = signature(signed).into();
        let said = holds(&sent.to_string());
        assert!(row(&said, "variant ").starts_with(variant), "{message}: {said}");
        assert_eq!(row(&said, "text "), signed);
        let dropped = variant.contains("dropped");
        assert_eq!(said.contains("not signed  b"), dropped || variant == "the documents' rule", "{said}");
    }
    let spaced = format!(r#"{{"a":{{"k": [1, 2]}},"sign":"{}"}}"#, signature(r#"a={"k":[1,2]}"#));
    assert!(holds(&spaced).contains("without white space"));
}

/// An answer and a callback are signed by the gateway by the same rule.
#[test]
fn an_answer_is_checked_and_shown() {
    let data = r#"{"trans_no":"5021","trans_status":2}"#;
    let signed = format!("code=0&data={data}&msg=success&psn=02280741220000000001");
    let answer = json!({ "code": "0", "msg": "success", "psn": "02280741220000000001", "data": data,
        "sign": signature(&signed) });
    assert_eq!(row(&holds(&answer.to_string()), "data "), data);
}

#[test]
fn a_failure_is_explained() {
    let message =
        |signed: &str| json!({ "b": "2", "a": "1", "sign_type": "RSA2", "sign": signature(signed) });
    let right = "a=1&b=2&sign_type=RSA2";
    let hex = openssl(KEYS.folder.path(), &["dgst", "-sha256", "-sign", "app.pem", "-hex"], right.as_bytes());
    let hex = String::from_utf8(hex).unwrap().trim().rsplit(' ').next().unwrap().to_owned();
    let with_sign = |sign: &str| json!({ "b": "2", "a": "1", "sign_type": "RSA2", "sign": sign }).to_string();
    // Maps have an order of their own here.
    let sign = signature("b=2&a=1&sign_type=RSA2");
    let unordered = format!(r#"{{"b":"2","a":"1","sign_type":"RSA2","sign":"{sign}"}}"#);
    for (message, words) in [
        (unordered, "in the order they are sent"),
        (message("a=1&b=2").to_string(), "sign_type is left out"),
        (message("something else").to_string(), "another key, or other values"),
        (with_sign(&hex), "hexadecimal, not base64"),
        (with_sign(&signature(right).replace(['+', '/'], " ")), "not base64"),
        (r#"{"a":"1"}"#.to_owned(), "sign is missing"),
        (r#"{"a":"1","a":"2"}"#.to_owned(), "a is sent twice"),
        (r#"{"a":"1","sign_type":"NONE"}"#.to_owned(), "Basic authentication"),
    ] {
        let said = fails(&message);
        assert!(said.starts_with("the signature does not hold") && said.contains(words), "{words}: {said}");
    }
    let said = fails(&message("something else").to_string());
    assert_eq!(row(&said, "text "), right);
    assert!(said.contains("it gets SYS002"), "{said}");
}

#[test]
fn two_readings_are_shown() {
    let signed = "description=tea&tip_amount=5";
    let message = json!({ "description": "tea&tip_amount=5", "sign": signature(signed) }).to_string();
    let said = fails(&message);
    assert!(said.contains("can be read as other fields") && said.contains("  tip_amount = 5"), "{said}");
    // Who signs it is warned.
    assert!(sign(&["description=tea&tip_amount=5\nx=1"]).contains("SYS002"));
    assert!(!sign(&["description=tea & milk\nx=1"]).contains("SYS002"));
}

/// What a sender writes into a field cannot pass for a line of ours.
#[test]
fn a_line_break_in_a_value_stays_in_its_line() {
    let message =
        json!({ "a": "1\nsign      FORGED", "sign": signature("a=1\nsign      FORGED") }).to_string();
    assert!(!holds(&message).lines().any(|line| line.starts_with("sign ")));
}

#[test]
fn what_cannot_be_signed_is_refused() {
    let key = file("app.pem");
    let refuse = |args: &[&str]| refuses(&[&["sign", "codepay", "--key", text(&key)], args].concat());
    for (input, words) in [
        ("neither", "neither"),
        ("a=1\na=2", "a is given twice"),
        (r#"{"a":"#, "not a JSON object"),
        ("@/nowhere/at/all", "/nowhere/at/all"),
    ] {
        let said = refuse(&[input]);
        assert!(said.contains(words), "{input}: {said}");
    }
    assert!(refuse(&["--app-id", "wz1", "--method", "pay", "{}"]).contains("order.query"));
    assert!(refuse(&["--app-id", "wz1", "{}"]).contains("--method"));
    assert!(
        refuse(&["--app-id", "wz1", "--method", "order.query", "app_id=2"]).contains("app_id is sent twice")
    );
    assert!(refuses(&["sign", "codepay", "{}"]).contains("--key"));
}

#[test]
fn the_document_is_printed() {
    let document: Value = serde_json::from_str(&prints(&["openapi", "codepay"])).unwrap();
    assert!(document["paths"]["/api/entry"]["post"].is_object());
}
