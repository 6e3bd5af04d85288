//! The `openssl` command line: a judge of signatures that is none of our code.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// HMAC-SHA256 in lower-case hex.
pub fn hmac(key: &str, message: &str) -> String {
    let mut openssl = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", key])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    openssl.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
    let output = openssl.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().rsplit(' ').next().unwrap().to_owned()
}

/// The documents' rule in a few lines: by name, without empty values, joined, the key appended.
pub fn sign_sorted(fields: &[(&str, &str)], key: &str) -> String {
    let mut kept: Vec<_> = fields.iter().filter(|(_, value)| !value.is_empty()).collect();
    kept.sort();
    let joined: Vec<String> = kept.iter().map(|(name, value)| format!("{name}={value}")).collect();
    hmac(key, &format!("{}{key}", joined.join("&")))
}

fn run(args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut openssl = Command::new("openssl")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    openssl.stdin.take().unwrap().write_all(input).unwrap();
    let output = openssl.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {args:?}");
    output.stdout
}

/// Upper-case hex.
pub fn md5(text: &str) -> String {
    let printed = String::from_utf8(run(&["dgst", "-md5", "-r"], text.as_bytes())).unwrap();
    printed.split(' ').next().unwrap().to_uppercase()
}

/// OTT Pay's message key as `-K` wants it.
fn ottpay_key(digest: &str, sign_key: &str) -> String {
    hex::encode(&md5(&format!("{digest}{sign_key}"))[8..24])
}

/// `data` and `md5` of a text whose digest is that of `digested`.
pub fn ottpay_seal(plaintext: &[u8], digested: &str, sign_key: &str) -> (String, String) {
    let digest = md5(digested);
    let key = ottpay_key(&digest, sign_key);
    let data = run(&["enc", "-aes-128-ecb", "-K", &key, "-base64", "-A"], plaintext);
    (String::from_utf8(data).unwrap(), digest)
}

/// The text of a message.
pub fn ottpay_open(data: &str, digest: &str, sign_key: &str) -> String {
    let key = ottpay_key(digest, sign_key);
    let text = run(&["enc", "-d", "-aes-128-ecb", "-K", &key, "-base64", "-A"], data.as_bytes());
    String::from_utf8(text).unwrap()
}

/// A key as bare base64 in a file that openssl reads, in `folder`.
fn pem(folder: &std::path::Path, label: &str, bare: &str) -> String {
    let bare: Vec<char> = bare.chars().filter(|c| !c.is_whitespace()).collect();
    let lines: Vec<String> = bare.chunks(64).map(|line| line.iter().collect()).collect();
    let path = folder.join(format!("{}.pem", label.replace(' ', "-")));
    std::fs::write(&path, format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")))
        .unwrap();
    path.to_str().unwrap().to_owned()
}

/// SHA256withRSA in base64, with a private key as bare base64 of PKCS#8.
pub fn rsa_sign(folder: &std::path::Path, private: &str, text: &str) -> String {
    let key = pem(folder, "PRIVATE KEY", private);
    let raw = run(&["dgst", "-sha256", "-sign", &key], text.as_bytes());
    String::from_utf8(run(&["base64", "-A"], &raw)).unwrap().trim().to_owned()
}

/// Whether it holds, with a public key as bare base64 of SPKI.
pub fn rsa_verifies(folder: &std::path::Path, public: &str, text: &str, sign: &str) -> bool {
    let key = pem(folder, "PUBLIC KEY", public);
    let signature = folder.join("signature");
    std::fs::write(&signature, run(&["base64", "-d", "-A"], sign.as_bytes())).unwrap();
    let mut openssl = Command::new("openssl")
        .args(["dgst", "-sha256", "-verify", &key, "-signature", signature.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl is installed");
    openssl.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    openssl.wait().unwrap().success()
}
