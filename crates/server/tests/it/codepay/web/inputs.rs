//! What is refused of a card sent by a shop, by the name of what is wrong: no order is made, nothing is sent, nothing kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tillgate::sandbox::codepay as sandbox;

use super::super::till::Said as _;
use super::{ADDRESS, GOOD, at_acquirer, card, orders, sealed, shop};
use crate::harness::TestWorld;

const CLOSED: (&str, &str) = ("TG002", "card cannot be opened or read");

#[tokio::test]
async fn cards_that_do_not_open() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let bytes = |text: &str| STANDARD.decode(sealed(text, &shop.key)).unwrap();
    let text = card(GOOD);
    let whole = bytes(&text);
    let others_key = sandbox::app_key().unwrap();
    let parts = [bytes(&text[..40]), bytes(&text[40..])];
    let turned = [parts[1].clone(), parts[0].clone()].concat();
    let mut changed = whole.clone();
    changed[17] ^= 1;
    for (what, sent) in [
        ("the app's key", sealed(&text, others_key.public())),
        ("cut", STANDARD.encode(&whole[..255])),
        ("half of it", STANDARD.encode(&parts[0])),
        ("re-ordered", STANDARD.encode(&turned)),
        ("padded", STANDARD.encode([whole.clone(), vec![0; 16]].concat())),
        ("a block more", STANDARD.encode([whole.clone(), vec![0; 256]].concat())),
        ("twice", STANDARD.encode([whole.clone(), whole.clone()].concat())),
        ("one bit", STANDARD.encode(&changed)),
        ("no base64", "****".to_owned()),
        ("the number alone", GOOD.to_owned()),
        ("of AES, for which the app has another key", STANDARD.encode([7; 96])),
    ] {
        let aes = if what.starts_with("of AES") { "&enc_type=AES" } else { "" };
        println!("{what}");
        shop.is_not_charged(&text, &format!("card={sent}{aes}"), CLOSED).await;
    }
    // In order it opens.
    let (_, answer) = shop.charges(GOOD, &format!("card={}", STANDARD.encode(parts.concat()))).await;
    answer.has(&[("trans_status", "2")]);
    assert_eq!((orders(&world).len(), at_acquirer(&world).len()), (1, 1));
}

#[tokio::test]
async fn cards_that_cannot_be() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let with = |from: &str, to: &str| card(GOOD).replace(from, to);
    for (text, code, names) in [
        (with("1230", "1025"), "TG002", "card.expiry"),
        (with("1230", "1330"), "TG002", "card.expiry"),
        (with("1230", "12/30"), "TG002", "card.expiry"),
        (with("1111\"", "1112\""), "TG002", "card.pan"),
        (with("4111111111111111", "411111111116"), "TG002", "card.pan"),
        (with("4111111111111111", "41111111111111111115"), "TG002", "card.pan"),
        (with("4111111111111111", "9111111111111111"), "TG002", "card.pan"),
        (with("4111111111111111", "4111 1111 1111 1111"), "TG002", "card.pan"),
        (with("4111111111111111", ""), "TG001", "card.pan"),
        (with("987", "98"), "TG002", "card.cvv"),
        (with("987", ""), "TG001", "card.cvv"),
        (with("Zoe Payer", GOOD), "TG002", "card.holder"),
        (with("Zoe Payer", ""), "TG001", "card.holder"),
        (with("}", ",\"card_type\":\"9\"}"), "TG002", "card.card_type"),
        (with("}", ",\"track2\":\"x\"}"), "TG002", "card"),
        ("{}".to_owned(), "TG001", "card.pan"),
    ] {
        println!("{names} {code}");
        shop.is_not_charged(&text, "", (code, names)).await;
    }
    assert_eq!((orders(&world).len(), at_acquirer(&world).len()), (0, 0));
}

#[tokio::test]
async fn fields_of_the_call() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let before = orders(&world);
    let long = format!("https://shop.example/{}", "a".repeat(256));
    let (no_country, no_region) = (ADDRESS.replace("US", ""), ADDRESS.replace("US", "QQ"));
    let with_pan = ADDRESS.replace("1 Main", GOOD);
    for (changes, code, names) in [
        ("return_url=javascript:alert(1)", "TG002", "return_url"),
        ("return_url=data:text/html,x", "TG002", "return_url"),
        ("return_url=file:///etc/passwd", "TG002", "return_url"),
        ("return_url=//shop.example/x", "TG002", "return_url"),
        ("return_url=https://a:b@shop.example/", "TG002", "return_url"),
        (&format!("return_url={long}"), "TG002", "return_url"),
        ("notify_url=ftp://shop.example/", "TG002", "notify_url"),
        ("-card", "TG001", "card"),
        ("card=", "TG001", "card"),
        (&format!("card={}", "A".repeat(4_100)), "TG002", "card"),
        ("enc_type=DES", "TG002", "enc_type"),
        ("-billing_address", "TG001", "billing_address"),
        ("billing_address=Oakland", "TG002", "billing_address"),
        (&format!("billing_address={no_country}"), "TG001", "billing_address.country"),
        (&format!("billing_address={no_region}"), "TG002", "billing_address.country"),
        (&format!("billing_address={with_pan}"), "TG002", "billing_address.address1"),
        ("term_ip=localhost", "TG002", "term_ip"),
        ("longitude=181", "TG002", "longitude"),
        ("latitude=x", "TG002", "latitude"),
        ("expires=604801", "TG002", "expires"),
        ("expires=0", "TG002", "expires"),
        ("order_amount=0", "TG002", "order_amount"),
        ("order_amount=1000000.01", "TG002", "order_amount"),
        ("price_currency=GBP", "TG002", "price_currency"),
        ("store_no=4123000006", "TG002", "store_no"),
        ("merchant_no=302300000999", "E07303", ""),
        ("-description", "TG001", "description"),
        (&format!("attach={}", "a".repeat(129)), "TG002", "attach"),
    ] {
        println!("{changes:.60}");
        shop.is_not_charged(&card(GOOD), changes, (code, names)).await;
    }
    assert_eq!(orders(&world), before);
    assert!(at_acquirer(&world).is_empty());
}

/// Where it is said that cards are real here, one that is not encrypted is refused.
#[tokio::test]
async fn plain_cards_are_for_those_who_play() {
    let plain = format!("card={}", card(GOOD));
    let world = TestWorld::new().await;
    let shop = super::shop(&world).await;
    let (number, answer) = shop.charges(GOOD, &plain).await;
    answer.has(&[("trans_status", "2")]);
    shop.is_not_charged("", &format!("{plain}&enc_type=RSA"), ("TG002", "enc_type")).await;
    shop.becomes(&number, "2").await;
    let world = TestWorld::with(|config| config.cards.pci_scope_acknowledged = true).await;
    let shop = super::shop(&world).await;
    shop.is_not_charged("", &plain, ("TG002", "card must be encrypted")).await;
    shop.charges(GOOD, "").await.1.has(&[("trans_status", "2")]);
    assert_eq!(orders(&world).len(), 1);
}

/// A gateway that is no sandbox: closed until its operator says that he knows what cards mean.
#[tokio::test]
async fn a_live_gateway_takes_no_cards_before_it_is_told_to() {
    let world = TestWorld::without_wallets().await;
    let shop = shop(&world).await;
    shop.is_not_charged(&card(GOOD), "", ("E07303", "cards.pci_scope_acknowledged")).await;
    shop.is_not_charged("", &format!("card={}", card(GOOD)), ("E07303", "cards.pci_scope_acknowledged"))
        .await;
    assert!(orders(&world).is_empty());
}
