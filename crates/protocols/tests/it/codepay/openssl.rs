//! The `openssl` command line as the other side: it makes keys, signs and checks without any of our code.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tillgate_protocols::codepay::PublicKey;

use super::*;

/// A folder for one test's keys.
fn folder(name: &str) -> PathBuf {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("codepay-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn openssl(folder: &Path, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Without the command these tests say nothing; on a build machine it must be there.
fn is_there() -> bool {
    let there = Command::new("openssl").arg("version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "openssl is missing");
    there
}

fn base64(folder: &Path, bytes: &[u8]) -> String {
    String::from_utf8(openssl(folder, &["base64", "-A"], bytes)).unwrap().trim().to_owned()
}

#[test]
fn openssl_signs_a_request() {
    if !is_there() {
        return;
    }
    let folder = folder("signs");
    openssl(
        &folder,
        &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "app.pem"],
        b"",
    );
    let spki = openssl(&folder, &["pkey", "-in", "app.pem", "-pubout", "-outform", "DER"], b"");
    let key = PublicKey::from_text(&base64(&folder, &spki)).unwrap();
    let pem = openssl(&folder, &["pkey", "-in", "app.pem", "-pubout"], b"");
    assert_eq!(PublicKey::from_text(std::str::from_utf8(&pem).unwrap()).unwrap(), key);
    let mut app = app();
    app.access = Access::Rsa2(vec![APP_KEY.public().clone(), key]);
    for method in NAMED {
        let fields = request(method, &[("store_no", "\"é & 中\"")]);
        let text = second_text(&fields, not_empty);
        let signature = openssl(&folder, &["dgst", "-sha256", "-sign", "app.pem"], text.as_bytes());
        let sign = format!("{:?}", base64(&folder, &signature));
        let all = fields.iter().copied().chain([("sign", sign.as_str())]);
        let pairs: Vec<String> = all.map(|(name, raw)| format!("{name:?}:{raw}")).collect();
        let body = format!("{{{}}}", pairs.join(","));
        let opened = opened(&body, &app).unwrap();
        assert_eq!((opened.verified().key_index, opened.verified().text.as_str()), (1, text.as_str()));
        opened.decode(&app).unwrap();
    }
    std::fs::remove_dir_all(folder).unwrap();
}

fn checks(folder: &Path, text: &str, sign: &str) {
    let signature = openssl(folder, &["base64", "-d", "-A"], sign.as_bytes());
    std::fs::write(folder.join("signature"), signature).unwrap();
    let arguments = ["dgst", "-sha256", "-verify", "gateway.pem", "-signature", "signature"];
    assert_eq!(openssl(folder, &arguments, text.as_bytes()).trim_ascii(), b"Verified OK");
}

#[test]
fn openssl_checks_answers_and_callbacks() {
    if !is_there() {
        return;
    }
    let folder = folder("checks");
    let spki = openssl(&folder, &["base64", "-d", "-A"], GATEWAY_KEY.public().to_text().as_bytes());
    std::fs::write(folder.join("gateway.der"), spki).unwrap();
    let arguments = ["pkey", "-pubin", "-inform", "DER", "-in", "gateway.der", "-out", "gateway.pem"];
    openssl(&folder, &arguments, b"");
    let callback = room::notification(
        APP_ID,
        MERCHANT_NO,
        Method::PayOrder,
        room::Told::Order(&order_view()),
        NOW,
        &GATEWAY_KEY,
    );
    for message in [
        answer(|reply| reply.order(&order_view())),
        answer(|reply| reply.done()),
        answer(|reply| reply.reject(&Reject::new(Code::OrderNoInvalid))),
        String::from_utf8(callback.body).unwrap(),
    ] {
        let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&message).unwrap();
        let raw: Vec<(String, String)> =
            fields.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
        let unsigned: Vec<Raw<'_>> =
            raw.iter().filter(|(n, _)| n != "sign").map(|(n, v)| (n.as_str(), v.as_str())).collect();
        checks(&folder, &second_text(&unsigned, not_empty), fields["sign"].as_str().unwrap());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn keys_travel_both_ways() {
    if !is_there() {
        return;
    }
    let folder = folder("keys");
    openssl(
        &folder,
        &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "k.pem"],
        b"",
    );
    let spki = openssl(&folder, &["pkey", "-in", "k.pem", "-pubout", "-outform", "DER"], b"");
    let pkcs8 = openssl(&folder, &["pkcs8", "-topk8", "-nocrypt", "-in", "k.pem", "-outform", "DER"], b"");
    let pkcs1 = openssl(&folder, &["rsa", "-in", "k.pem", "-traditional", "-outform", "DER"], b"");
    for der in [pkcs8, pkcs1] {
        let key = PrivateKey::from_text(&base64(&folder, &der)).unwrap();
        assert_eq!(key.public().to_text(), base64(&folder, &spki));
        let openssl_signs = openssl(&folder, &["dgst", "-sha256", "-sign", "k.pem"], b"a=1");
        assert_eq!(key.sign("a=1"), base64(&folder, &openssl_signs));
    }
    // What we make and store, it reads.
    let der = openssl(&folder, &["base64", "-d", "-A"], GATEWAY_KEY.to_text().as_bytes());
    let public = openssl(&folder, &["pkey", "-inform", "DER", "-pubout", "-outform", "DER"], &der);
    assert_eq!(base64(&folder, &public), GATEWAY_KEY.public().to_text());
    std::fs::remove_dir_all(folder).unwrap();
}

/// A card it encrypts is opened, and it opens what the client's role encrypts: RSA in blocks, and AES.
#[test]
fn cards_travel_both_ways() {
    if !is_there() {
        return;
    }
    let folder = folder("cards");
    let private = openssl(&folder, &["base64", "-d", "-A"], GATEWAY_KEY.to_text().as_bytes());
    std::fs::write(folder.join("key.der"), private).unwrap();
    openssl(&folder, &["pkey", "-inform", "DER", "-in", "key.der", "-out", "key.pem"], b"");
    openssl(&folder, &["pkey", "-in", "key.pem", "-pubout", "-out", "gateway.pub.pem"], b"");
    const OAEP: [&str; 6] =
        ["-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha1", "-pkeyopt", "rsa_mgf1_md:sha1"];
    let with = |own: &[&str], input: &[u8]| {
        let arguments: Vec<&str> = ["pkeyutl"].into_iter().chain(own.iter().copied()).chain(OAEP).collect();
        openssl(&folder, &arguments, input)
    };
    let encrypt = |text: &str| with(&["-encrypt", "-pubin", "-inkey", "gateway.pub.pem"], text.as_bytes());
    let whole = base64(&folder, &encrypt(cards::CARD));
    assert_eq!(cards::open(&format!("{whole:?}"), "", false).unwrap().cvv(), "987");
    let blocks = [encrypt(&cards::CARD[..40]), encrypt(&cards::CARD[40..])].concat();
    let blocks = base64(&folder, &blocks);
    assert_eq!(cards::open(&format!("{blocks:?}"), "", false).unwrap().cvv(), "987");
    // Another hash is another padding.
    let sha256: Vec<&str> = ["pkeyutl", "-encrypt", "-pubin", "-inkey", "gateway.pub.pem"]
        .into_iter()
        .chain(["-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256"])
        .collect();
    let other = base64(&folder, &openssl(&folder, &sha256, cards::CARD.as_bytes()));
    let said = cards::open(&format!("{other:?}"), "", false).unwrap_err();
    assert_eq!(said, "[TG002]card cannot be opened or read");

    let long = cards::CARD.replace('{', &format!("{{{}", " ".repeat(200)));
    let ours = client::encrypt_card(&long, GATEWAY_KEY.public()).unwrap();
    let ours = openssl(&folder, &["base64", "-d", "-A"], ours.as_bytes());
    let plain: Vec<u8> =
        ours.chunks(256).flat_map(|block| with(&["-decrypt", "-inkey", "key.pem"], block)).collect();
    assert_eq!(String::from_utf8(plain).unwrap(), long);

    let key = hex::encode((0..32).collect::<Vec<u8>>());
    let aes = ["enc", "-aes-256-ecb", "-K", &key];
    let sealed = base64(&folder, &openssl(&folder, &aes, cards::CARD.as_bytes()));
    assert_eq!(cards::open(&format!("{sealed:?}"), "\"AES\"", false).unwrap().cvv(), "987");
    assert_eq!(client::encrypt_card_aes(cards::CARD, &cards::aes_key()).unwrap(), sealed);
    std::fs::remove_dir_all(folder).unwrap();
}
