//! OTT Pay's cryptography with the `openssl` command line alone: none of our code takes part.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// The sandbox merchants' sign key, printed in the vendor's document.
pub const SIGN_KEY: &str = "6698851A525C9433";

fn openssl(args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut openssl = Command::new("openssl")
        .args(args)
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

/// In upper-case hexadecimal.
pub fn md5(text: &str) -> String {
    let said = String::from_utf8(openssl(&["dgst", "-md5"], text.as_bytes())).unwrap();
    said.trim().rsplit(' ').next().unwrap().to_uppercase()
}

/// The middle of the digest of digest and secret.
pub fn aes_key(md5_sent: &str, sign_key: &str) -> String {
    md5(&format!("{md5_sent}{sign_key}"))[8..24].to_owned()
}

fn in_hex(aes_key: &str) -> String {
    aes_key.bytes().map(|byte| format!("{byte:02x}")).collect()
}

pub fn decrypt(data: &str, aes_key: &str) -> String {
    let args = ["enc", "-d", "-aes-128-ecb", "-K", &in_hex(aes_key), "-base64", "-A"];
    String::from_utf8(openssl(&args, data.as_bytes())).unwrap()
}

pub fn encrypt(plaintext: &str, aes_key: &str) -> String {
    let args = ["enc", "-aes-128-ecb", "-K", &in_hex(aes_key), "-base64", "-A"];
    String::from_utf8(openssl(&args, plaintext.as_bytes())).unwrap().trim().to_owned()
}

/// A message whose data object is `plaintext`, digested as `digested`.
pub fn message(plaintext: &str, digested: &str, sign_key: &str) -> serde_json::Value {
    let md5 = md5(digested);
    let data = encrypt(plaintext, &aes_key(&md5, sign_key));
    serde_json::json!({ "rsp_code": "SUCCESS", "rsp_msg": "success", "data": data, "md5": md5 })
}
