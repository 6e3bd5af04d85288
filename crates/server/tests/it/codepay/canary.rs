//! Marked cards go every way a card can come here, and afterwards nothing anywhere holds one of them: not the store nor
//! its write-ahead log, not the sandbox's journals, no log line at debug level, no answer, callback, page or metric, no
//! output of the command line. The scan itself is shown to find what is planted.
//!
//! What it looks for are a number's digits, whole or most of them, in groups, as hexadecimal, packed, in UTF-16 and in
//! base64 wherever it begins; the holder's name; and the encrypted texts, which the gateway's key would open.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use tillgate::sandbox::codepay as sandbox;
use tillgate_protocols::codepay::client::{self, Answer};

use super::till::{Data, Said as _, Till, field};
use super::web::{ADDRESS, CHALLENGED, sealed, shop};
use crate::cli::{prints, text};
use crate::harness::database::Database;
use crate::harness::{TestWorld, logs};

const VISA: &str = "4539718520936146";
const MASTERCARD: &str = "5562718520936143";
const AMEX: &str = "374718520936142";
/// Somebody's slip of the finger: nearly a card number all the same.
const MISTYPED: &str = "4539718520936147";
const HOLDER: &str = "QUOKKA ZYMURGIST";
const PATIENCE: Duration = Duration::from_secs(25);

fn card(pan: &str) -> String {
    let cvv = if pan == AMEX { "7391" } else { "739" };
    format!(r#"{{"pan":"{pan}","holder":"{HOLDER}","cvv":"{cvv}","expiry":"1130"}}"#)
}

/// Base64 of a text in the middle of another, wherever that begins.
fn base64_of(plain: &[u8]) -> Vec<String> {
    let at = |before: usize| {
        let whole = STANDARD.encode([&vec![0; before][..], plain].concat());
        let (first, last) = ((before * 8).div_ceil(6), (before + plain.len()) * 8 / 6);
        whole[first..last].to_owned()
    };
    (0..3).map(at).collect()
}

/// Every text that gives a number away.
fn texts_of(pan: &str) -> Vec<String> {
    let groups = |by: &str| {
        let four: Vec<&str> = [&pan[..4], &pan[4..8], &pan[8..12], &pan[12..]].to_vec();
        four.join(by)
    };
    let mut texts = vec![pan[..10].to_owned(), pan[pan.len() - 9..].to_owned()];
    texts.extend([" ", "-", "+", "%20", "."].map(groups));
    texts.push(hex::encode(pan));
    texts.push(hex::encode_upper(pan));
    texts.extend(base64_of(pan.as_bytes()));
    texts
}

/// The same, and what is no text.
fn needles_of(pan: &str) -> Vec<Vec<u8>> {
    let packed = |digits: &str| hex::decode(&digits[..digits.len() / 2 * 2]).unwrap();
    let mut needles: Vec<Vec<u8>> = texts_of(pan).into_iter().map(String::into_bytes).collect();
    needles.push(packed(pan));
    needles.push(pan.encode_utf16().flat_map(u16::to_le_bytes).collect());
    needles.push(pan.encode_utf16().flat_map(u16::to_be_bytes).collect());
    needles
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    let ends = haystack.len().saturating_sub(needle.len());
    (0..=ends).any(|at| haystack[at] == needle[0] && haystack[at..].starts_with(needle))
}

/// Everything that was said or kept, and what must not be in it.
#[derive(Default)]
struct Scan {
    found_in: Vec<(String, Vec<u8>)>,
    needles: Vec<Vec<u8>>,
}

impl Scan {
    fn looks_for(&mut self, needle: impl Into<Vec<u8>>) {
        self.needles.push(needle.into());
    }

    fn looks_at(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.found_in.push((name.into(), bytes.into()));
    }

    /// All files below a folder. A copy is read: whoever closes the database's file in its own process ends its locks.
    fn looks_into(&mut self, folder: &Path) {
        let copy = tempfile::tempdir().unwrap();
        let copied = std::process::Command::new("cp").arg("-r").arg(folder).arg(copy.path()).status();
        assert!(copied.unwrap().success());
        self.reads(copy.path());
    }

    fn reads(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.reads(&path);
            } else {
                self.looks_at(path.file_name().unwrap().to_string_lossy(), std::fs::read(&path).unwrap());
            }
        }
    }

    /// Where one of the needles is.
    fn hits(&self) -> Vec<&str> {
        let is_hit = |bytes: &[u8]| {
            self.needles
                .iter()
                .any(|needle| !bytes.is_empty() && needle.len() <= bytes.len() && holds(bytes, needle))
        };
        self.found_in.iter().filter(|(_, bytes)| is_hit(bytes)).map(|(name, _)| name.as_str()).collect()
    }
}

/// A world in which everything is overheard.
struct Story {
    shop: Till,
    scan: Scan,
    numbers: Vec<String>,
}

impl Story {
    fn heard(&mut self, what: &str, answer: &Answer) {
        self.scan.looks_at(format!("the answer to {what}"), format!("{answer:?}"));
    }

    /// A sale by this card; the encrypted text is looked for too.
    async fn sells(&mut self, what: &str, data: &Data) -> Answer {
        let sent = field(data, "card");
        if !sent.starts_with('{') && sent.len() > 80 {
            self.scan.looks_for(&sent.as_bytes()[..60]);
            logs::watch_for(&sent[..60]);
        }
        let answer = self.shop.sends_web(data).await;
        self.heard(what, &answer);
        if answer.code == "0" {
            self.numbers.push(field(data, "merchant_order_no").to_owned());
        }
        answer
    }

    async fn sells_by(&mut self, pan: &str, changes: &str) -> Answer {
        let data = self.shop.web_order(&card(pan), changes);
        self.sells(changes, &data).await
    }

    async fn posts(&mut self, url: &str, form: &str) -> String {
        let request = Request::post(url).header("content-type", "application/x-www-form-urlencoded");
        let body = Full::new(Bytes::from(form.to_owned()));
        let answer = self.shop.place.http.send(request.body(body).unwrap()).await;
        let location = answer.header("location").to_owned();
        self.scan.looks_at(format!("the headers of {url}"), format!("{:?}", answer.headers));
        self.scan.looks_at(format!("the answer of {url}"), answer.body);
        location
    }

    async fn sees(&mut self, url: &str) {
        let answer = self.shop.place.http.page(url).await;
        self.scan.looks_at(format!("the page {url}"), answer.body);
    }
}

async fn cards_of_a_shop(story: &mut Story) {
    let shop = story.shop.clone();
    for pan in [VISA, MASTERCARD, AMEX] {
        story.sells_by(pan, "").await.gives("0").has(&[("trans_status", "2")]);
    }
    let aes = client::encrypt_card_aes(&card(VISA), &sandbox::card_key().unwrap()).unwrap();
    story.sells_by(VISA, &format!("enc_type=AES&card={aes}")).await.gives("0");
    story.sells_by(VISA, &format!("card={}", card(VISA))).await.gives("0");
    story.sells_by(MASTERCARD, "order_amount=24.51").await.has(&[("trans_status", "1")]);
    let zip = ADDRESS.replace("94601", "99999");
    story.sells_by(AMEX, &format!("billing_address={zip}")).await.has(&[("trans_status", "1")]);
    for amount in ["24.53", "24.54", "24.60", "24.64"] {
        story.sells_by(VISA, &format!("order_amount={amount}")).await.gives("0");
    }
    // What is refused.
    for text in [
        card(MISTYPED),
        card(VISA).replace("1130", "1025"),
        card(VISA).replace("739", "73"),
        card(VISA).replace(HOLDER, VISA),
        card(VISA).replace("}", ",\"track2\":\"x\"}"),
    ] {
        for plain in [false, true] {
            let sent = if plain { text.clone() } else { sealed(&text, &shop.key) };
            let data = shop.web_order(&text, &format!("card={sent}"));
            assert_ne!(story.sells("a wrong card", &data).await.code, "0");
        }
    }
    let in_address = ADDRESS.replace("1 Main", VISA);
    for changes in [
        format!("billing_address={in_address}"),
        format!("card={VISA}"),
        format!("enc_type=DES&card={}", card(VISA)),
        format!("merchant_order_no={VISA}&term_ip={VISA}"),
        format!("order_amount={VISA}"),
        format!("store_no={VISA}"),
    ] {
        assert_ne!(story.sells_by(VISA, &changes).await.code, "0", "{changes}");
    }
    // Signed by nobody, and no JSON at all.
    let data = shop.web_order(&card(VISA), &format!("card={}", card(VISA)));
    let body = shop.body(tillgate_protocols::codepay::Method::MerchantCheckout, &data);
    let unsigned = body.replace("\"sign\":\"", "\"sign\":\"A");
    // A sandbox explains a wrong signature with the text that should have been signed, but for this.
    let answer = shop.sends(unsigned).await;
    answer.gives("SYS002");
    story.heard("a wrong signature", &answer);
    let answer = shop.sends(body.replace("{\"app_id\"", "{\"card\":\"x\",\"app_id\"")).await;
    story.heard("a field sent twice", &answer);
    let answer = shop.sends(body[..body.len() / 2].to_owned()).await;
    story.heard("half a body", &answer);
}

async fn a_challenged_card(story: &mut Story) {
    for form in ["action=confirm&code=1234", "action=cancel"] {
        let answer = story.sells_by(CHALLENGED, "").await;
        let url = answer.field("redirect_url_3dsecure").to_owned();
        story.sees(&url).await;
        let back = story.posts(&url, form).await;
        story.sees(&back).await;
    }
}

async fn cards_on_a_page(story: &mut Story) {
    let shop = story.shop.clone();
    for (pan, amount, cvv) in
        [(VISA, "24.00", "739"), (AMEX, "24.51", "7391"), (MISTYPED, "24.00", "739"), (VISA, "24.00", "999")]
    {
        let data = shop.page_order(&format!("order_amount={amount}"));
        let answer = shop.sends_page(&data).await;
        answer.gives("0");
        let number = field(&data, "merchant_order_no").to_owned();
        let url = answer.field("pay_url").to_owned();
        story.sees(&url).await;
        let spaced = [&pan[..4], &pan[4..8], &pan[8..12], &pan[12..]].join("+");
        let holder = HOLDER.replace(' ', "+");
        let form = format!("number={spaced}&cvv={cvv}&expiry=11%2F30&holder={holder}");
        let next = story.posts(&format!("{url}/card"), &form).await;
        // The wrong number stays out of the page that says so; the holder's name may stand in the form again.
        let pages = format!("the answer of {url}/card");
        for (name, bytes) in &mut story.scan.found_in {
            if *name == pages {
                *bytes = String::from_utf8_lossy(bytes).replace(HOLDER, "").into_bytes();
            }
        }
        if next.starts_with('/') {
            story.sees(&shop.place.url(&next)).await;
        }
        story.sees(&url).await;
        let is_paid = pan == VISA && cvv == "739";
        assert_eq!(shop.status(&number).await == "2", is_paid, "{number}");
        story.numbers.push(number.clone());
        if !is_paid {
            shop.revokes(&number).await.gives("0");
        }
    }
}

#[tokio::test]
async fn no_card_is_left_anywhere() {
    let world = TestWorld::new().await;
    let mut story = Story { shop: shop(&world).await, scan: Scan::default(), numbers: Vec::new() };
    for pan in [VISA, MASTERCARD, AMEX, MISTYPED] {
        story.scan.needles.extend(needles_of(pan));
        texts_of(pan).iter().for_each(|text| logs::watch_for(text));
    }
    // This one stands on the sandbox's page of test cards.
    story.scan.looks_for(CHALLENGED);
    logs::watch_for(CHALLENGED);
    story.scan.looks_for(HOLDER);
    logs::watch_for(HOLDER);
    cards_of_a_shop(&mut story).await;
    a_challenged_card(&mut story).await;
    cards_on_a_page(&mut story).await;
    assert!(story.numbers.len() > 12);
    for number in story.numbers.clone() {
        let ended = crate::harness::eventually(&number, PATIENCE, async || {
            let seen = story.shop.seen(&number).await;
            Some(seen).filter(|seen| ["1", "2", "3"].contains(&seen.field("trans_status")))
        });
        let seen = ended.await;
        story.heard("a query", &seen);
        let data = world.data_dir();
        let shown =
            prints(&["order", "show", "--data-dir", text(&data), "--login", sandbox::MERCHANT_NO, &number]);
        assert!(shown.contains(&number), "{shown}");
        story.scan.looks_at("order show", shown);
    }
    for told in world.place.receiver.received() {
        story.scan.looks_at("a callback", format!("{told:?}"));
    }
    let metrics = world.place.http.get(&world.place.admin_url("/metrics")).await;
    assert!(metrics.text().contains("tillgate_codepay_rejects_total"));
    story.scan.looks_at("the metrics", metrics.body);
    for path in ["/sandbox/api/acquirer", "/sandbox/receiver", "/sandbox/api/notifications"] {
        let page = world.place.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        story.scan.looks_at(path, page.body);
    }
    let scan = &mut story.scan;
    scan.looks_into(&world.data_dir());
    match &world.place.database {
        Database::File(_) => {
            assert!(scan.found_in.iter().any(|(name, bytes)| name.ends_with("-wal") && !bytes.is_empty()));
        }
        Database::Server(url) => {
            let dumped = std::process::Command::new("pg_dump").arg(url).output().unwrap();
            assert!(dumped.status.success() && dumped.stdout.len() > 10_000);
            scan.looks_at("the database", dumped.stdout);
        }
    }
    assert_eq!(scan.hits(), Vec::<&str>::new());
    logs::assert_no_secret();
    what_is_planted_is_found(&world, scan);
}

/// In every form, in the place that was just found clean.
fn what_is_planted_is_found(world: &TestWorld, scan: &mut Scan) {
    let planted = world.data_dir().join("planted");
    let base64 = STANDARD.encode(card(AMEX));
    for leak in [
        format!("card {VISA} ").into_bytes(),
        b"card 4539 7185 2093 6146 ".to_vec(),
        b"pan=4539718520****46".to_vec(),
        format!("\"card\":\"{base64}\"").into_bytes(),
        hex::encode(format!("x{MASTERCARD}")).into_bytes(),
        hex::decode(format!("00{MASTERCARD}ff")).unwrap(),
        VISA.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        HOLDER.as_bytes().to_vec(),
    ] {
        std::fs::write(&planted, &leak).unwrap();
        scan.found_in.clear();
        scan.looks_into(&world.data_dir());
        assert_eq!(scan.hits(), ["planted"], "{:?}", String::from_utf8_lossy(&leak));
    }
    std::fs::remove_file(&planted).unwrap();
}
