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
