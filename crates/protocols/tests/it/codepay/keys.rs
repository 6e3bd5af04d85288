//! Keys: what is read, what is refused, and that none shows itself.

use tillgate_protocols::codepay::{KeyError, PublicKey};

use super::*;

#[test]
fn keys_show_nothing() {
    let secret = BasicSecret::new("shop", "hunter2").unwrap();
    let shown = format!("{:?} {:?} {:?} {:?}", *APP_KEY, APP_KEY.public(), secret, app());
    for part in [&APP_KEY.to_text()[100..140], &APP_KEY.public().to_text()[60..100], "hunter2", "shop:"] {
        assert!(!shown.contains(part), "{shown}");
    }
    assert!(shown.starts_with("PrivateKey(…) PublicKey(…) BasicSecret(…)"));
}

#[test]
fn a_key_reads_back() {
    let text = APP_KEY.to_text();
    let again = PrivateKey::from_text(&text).unwrap();
    assert_eq!(*again.to_text(), *text);
    assert_eq!(again.sign("x"), APP_KEY.sign("x"));
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\r\n{}\r\n{}\r\n-----END PRIVATE KEY-----\r\n",
        &text[..64],
        &text[64..]
    );
    assert_eq!(PrivateKey::from_text(&pem).unwrap().sign("x"), APP_KEY.sign("x"));
    assert_ne!(PrivateKey::generate().unwrap().public(), APP_KEY.public());
}

#[test]
fn what_is_no_key_is_refused() {
    let public = |text: &str| PublicKey::from_text(text).unwrap_err();
    let private = |text: &str| PrivateKey::from_text(text).unwrap_err();
    assert_eq!(public("ä"), KeyError::NotBase64);
    assert_eq!(public(""), KeyError::NotPublic);
    assert_eq!(public("AAAA"), KeyError::NotPublic);
    assert_eq!(public(&APP_KEY.to_text()), KeyError::NotPublic);
    assert_eq!(public(&"A".repeat(9_000)), KeyError::Size);
    assert_eq!(private(&APP_KEY.public().to_text()), KeyError::NotPrivate);
    assert_eq!(private("%"), KeyError::NotBase64);
    // 1024 bits, made with openssl.
    let short = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDQS4E4M6sNOBbfacOarl8H15zs8ZFNmlxJBAurX5s0ddwKKxwMSXe9QWvGDAIWKRs1hXec\
                 QYvKo/kWu8sPUViM+UpiLuiGI2aOcsjbf14K3zBhea+gueAUxV63cg5dDOnjEh4bofhcG4daAzfi/WEcKkiIcrEJS9wWV81TZ0C4xwIDAQAB";
    assert_eq!(public(short), KeyError::Size);
}
