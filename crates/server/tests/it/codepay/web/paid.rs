//! A card that needs nobody's word but the acquirer's: paid, declined, late, given back.

use std::time::Duration;

use futures_util::future::join_all;
use tillgate::sandbox::codepay as sandbox;
use tillgate_protocols::codepay::client;
use tillgate_protocols::codepay::{AesKey, Method};
use tillgate_sim::{TEST_CARDS, TransactionState};

use super::super::till::{Said as _, field};
use super::{ADDRESS, CHALLENGED, GOOD, at_acquirer, card, orders, shop};
use crate::harness::{TestWorld, unique};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn paid_at_once() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    for (pan, brand, masked) in [
        (GOOD, "Visa", "411111****1111"),
        ("5555555555554444", "MasterCard", "555555****4444"),
        ("378282246310005", "Amex", "378282****0005"),
        ("6200000000000005", "UnionPay", "620000****0005"),
    ] {
        let (number, answer) = shop.charges(pan, "").await;
        answer.has(&[
            ("trans_status", "2"),
            ("pay_user_account_id", masked),
            ("pay_method_id", brand),
            ("redirect_url_3dsecure", ""),
        ]);
        for name in ["trans_no", "ref_no", "trans_end_time", "pay_channel_trans_no"] {
            assert!(!answer.field(name).is_empty(), "{name}: {answer:?}");
        }
        let seen = shop.seen(&number).await;
        seen.has(&[
            ("trans_status", "2"),
            ("trans_type", "1"),
            ("merchant_order_no", &number),
            ("order_amount", "24"),
            ("paid_amount", "24"),
            ("price_currency", "USD"),
            ("store_no", "4123000005"),
            ("terminal_sn", ""),
            ("entry_model", "4"),
            ("attach", "cart 7"),
        ]);
        for (name, value) in answer.data.iter() {
            assert_eq!(seen.field(name), value, "{name}");
        }
        let told = shop.is_told(&number).await;
        assert_eq!(told.get("method"), Some("pay.merchant.checkout"));
        for (name, value) in seen.data.iter() {
            assert_eq!(told.get(name), Some(value), "{name}");
        }
        let at = at_acquirer(&world);
        assert_eq!((at[0].card_no.as_str(), at[0].authentication.word()), (masked, "frictionless"));
        assert_eq!(at[0].terminal, "");
    }
    assert_eq!(at_acquirer(&world).len(), 4);
}

/// An app may have a key of its own for cards; another app's is of no use, and the way is said to whom has none.
#[tokio::test]
async fn paid_with_a_card_under_the_apps_own_key() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let aes = |text: &str| {
        format!(
            "enc_type=AES&card={}",
            client::encrypt_card_aes(text, &sandbox::card_key().unwrap()).unwrap()
        )
    };
    let (_, answer) = shop.charges(GOOD, &aes(&card(GOOD))).await;
    answer.has(&[("trans_status", "2"), ("pay_user_account_id", "411111****1111")]);
    let foreign = AesKey::new([7; 32]);
    let foreign = client::encrypt_card_aes(&card(GOOD), &foreign).unwrap();
    let closed = ("TG002", "card cannot be opened or read");
    shop.is_not_charged("", &format!("enc_type=AES&card={foreign}"), closed).await;
    shop.is_not_charged("", &aes(&card(GOOD)).replace("AES", "RSA"), closed).await;
    let wrong = card(GOOD).replace("1230", "1025");
    shop.is_not_charged("", &aes(&wrong), ("TG002", "card.expiry")).await;
    shop.with_password().is_not_charged("", &aes(&card(GOOD)), ("TG002", "enc_type")).await;
    assert_eq!(at_acquirer(&world).len(), 1);
}

/// The payer whom the issuer cannot be asked about, and whose card takes no part.
#[tokio::test]
async fn paid_without_a_word_of_the_issuer() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    for (pan, word) in [("4000000000001059", "attempted"), ("4000000000001067", "not_enrolled")] {
        let (_, answer) = shop.charges(pan, "").await;
        answer.has(&[("trans_status", "2")]);
        assert_eq!(at_acquirer(&world)[0].authentication.word(), word);
    }
}

/// Amounts in a currency without minor units, and the same card again.
#[tokio::test]
async fn paid_in_yen() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let (number, answer) = shop.charges(GOOD, "price_currency=JPY&order_amount=1200").await;
    answer.has(&[("trans_status", "2")]);
    shop.seen(&number).await.has(&[("paid_amount", "1200"), ("price_currency", "JPY")]);
    assert_eq!(at_acquirer(&world)[0].amount_minor, 1_200);
}

#[tokio::test]
async fn declined_and_the_number_used_again() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    for (pan, changes, code) in [
        ("4000000000009995", "", "51"),
        ("4000000000000002", "", "05"),
        ("4000000000009987", "", "41"),
        ("4000000000001018", "", "1A"),
        (GOOD, "order_amount=24.51", "51"),
        (GOOD, "order_amount=24.65", "05"),
    ] {
        let (number, answer) = shop.charges(pan, changes).await;
        answer.has(&[("trans_status", "1"), ("redirect_url_3dsecure", "")]);
        let seen = shop.seen(&number).await;
        seen.has(&[("trans_status", "1"), ("trans_error_code", code), ("paid_amount", "")]);
        let told = shop.is_told(&number).await;
        assert_eq!((told.get("trans_status"), told.get("trans_error_code")), (Some("1"), Some(code)));
        let again = format!("{changes}&order_amount=24.00&merchant_order_no={number}");
        let (_, second) = shop.charges(GOOD, &again).await;
        second.has(&[("trans_status", "2")]);
        assert_ne!(second.field("trans_no"), answer.field("trans_no"));
        shop.seen(&number).await.has(&[("trans_status", "2"), ("trans_no", second.field("trans_no"))]);
        let data = shop.web_order(&card(GOOD), &again);
        shop.sends_web(&data).await.gives("E04112");
    }
    let charged = at_acquirer(&world).iter().filter(|seen| seen.net_minor == 2_400).count();
    assert_eq!(charged, 6);
}

/// The security code and the postal code are the issuer's to check, and which of them it was is said.
#[tokio::test]
async fn declined_for_what_the_payer_typed() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let zip = ADDRESS.replace("94601", "99999");
    let wrong_cvv = card(GOOD).replace("987", "999");
    let mut codes = Vec::new();
    for (text, changes) in [
        (card(GOOD), format!("billing_address={zip}")),
        (wrong_cvv.clone(), String::new()),
        (wrong_cvv, format!("billing_address={zip}")),
    ] {
        let data = shop.web_order(&text, &changes);
        shop.sends_web(&data).await.gives("0").has(&[("trans_status", "1")]);
        let seen = shop.seen(field(&data, "merchant_order_no")).await;
        seen.has(&[("trans_status", "1")]);
        codes.push((seen.field("trans_error_code").to_owned(), seen.field("trans_error_msg").to_owned()));
    }
    assert_eq!(codes[1], codes[2], "the security code is looked at first");
    assert_ne!(codes[0].0, codes[1].0);
    assert!(codes.iter().all(|(code, words)| !code.is_empty() && !words.is_empty()), "{codes:?}");
    assert!(at_acquirer(&world).iter().all(|seen| seen.state == TransactionState::Declined));
}

/// The acquirer in trouble: asked until it says how it ended; the card is sent once.
#[tokio::test]
async fn no_answer_is_asked_about() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let amounts = [("24.52", "2"), ("24.53", "2"), ("24.54", "1"), ("24.60", "2"), ("24.64", "2")];
    let ends = amounts.map(async |(amount, status)| {
        let (number, answer) = shop.charges(GOOD, &format!("order_amount={amount}")).await;
        assert!([status, "0"].contains(&answer.field("trans_status")), "{amount}: {answer:?}");
        shop.becomes_within(&number, status, PATIENCE).await;
        let told = shop.is_told(&number).await;
        assert_eq!(told.get("trans_status"), Some(status), "{amount}");
    });
    join_all(ends).await;
    // Nothing ever arrived; its acquirer does not answer, and does not take the number any more.
    let unreachable = TEST_CARDS.iter().find(|card| card.title_en == "Acquirer unreachable").unwrap().pan;
    let (number, _) = shop.charges(unreachable, "").await;
    shop.becomes_within(&number, "1", PATIENCE).await;
    let at = at_acquirer(&world);
    assert_eq!(at.iter().filter(|seen| seen.state == TransactionState::Captured).count(), 4, "{at:?}");
}

#[tokio::test]
async fn revoked_and_given_back_in_part() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let (whole, _) = shop.charges(GOOD, "").await;
    shop.revokes(&whole).await.gives("0");
    shop.becomes(&whole, "3").await;
    shop.revokes(&whole).await.gives("0");
    assert_eq!(at_acquirer(&world).iter().map(|seen| seen.net_minor).sum::<i64>(), 0);
    let (partly, _) = shop.charges(GOOD, "").await;
    let first = unique("RF");
    let part = format!("merchant_order_no={first}&orig_merchant_order_no={partly}&order_amount=4");
    shop.submits_refund(&part).await.gives("0").has(&[("trans_amount", "4")]);
    shop.refund_becomes(&first, "2").await;
    shop.submits_refund(&format!("orig_merchant_order_no={partly}&order_amount=20.01")).await.gives("E04126");
    let second = unique("RF");
    let rest = format!("merchant_order_no={second}&orig_merchant_order_no={partly}&order_amount=20");
    shop.submits_refund(&rest).await.gives("0");
    shop.refund_becomes(&second, "2").await;
    assert_eq!(at_acquirer(&world).iter().map(|seen| seen.net_minor).sum::<i64>(), 0);
    // A sale takes its money at once: there is nothing to capture, to let go or to hold more of.
    let (sold, _) = shop.charges(GOOD, "").await;
    let trans_no = shop.trans_no(&sold).await;
    let more = shop.asks_at(Method::PaymentIncrement, &format!("trans_no={trans_no}&trans_amount=1")).await;
    more.gives("ET003").names("trans_no");
    let own = format!("merchant_order_no={}&trans_no={trans_no}", unique("CN"));
    shop.asks_at(Method::PaymentCancel, &own).await.gives("ET002").names("trans_no");
}

/// Several requests with one number at once: one card is charged.
#[tokio::test]
async fn the_same_number_at_once() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let number = unique("WEB");
    let sent = (0..6).map(|_| {
        let (shop, number) = (shop.clone(), number.clone());
        tokio::spawn(async move {
            let data = shop.web_order(&card(GOOD), &format!("merchant_order_no={number}"));
            shop.sends_web(&data).await.code
        })
    });
    let mut codes = Vec::new();
    for one in sent.collect::<Vec<_>>() {
        codes.push(one.await.unwrap());
    }
    codes.sort();
    assert_eq!(codes, ["0", "E04112", "E04112", "E04112", "E04112", "E04112"]);
    assert_eq!((at_acquirer(&world).len(), orders(&world).len()), (1, 1));
    shop.becomes(&number, "2").await;
}

#[tokio::test]
async fn an_order_without_a_way_to_be_told() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let (number, _) = shop.charges(GOOD, "-notify_url&-return_url&-term_ip&-expires&-attach&-store_no").await;
    let (first, again) = (shop.seen(&number).await, shop.seen(&number).await);
    assert_eq!(first.data, again.data);
    first.has(&[("trans_status", "2"), ("store_no", ""), ("attach", "")]);
}

/// The bytes hold the card: sent again by somebody who kept them, they charge nobody, not even where the number is free
/// again.
#[tokio::test]
async fn the_same_bytes_never_charge_twice() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    for (pan, revoked) in [(GOOD, false), (CHALLENGED, true)] {
        let data = shop.web_order(&card(pan), "");
        let number = field(&data, "merchant_order_no").to_owned();
        let body = shop.body(Method::MerchantCheckout, &data);
        let many = (0..4).map(|_| {
            let (shop, body) = (shop.clone(), body.clone());
            tokio::spawn(async move { shop.sends(body).await })
        });
        for answer in many.collect::<Vec<_>>() {
            answer.await.unwrap().gives("0");
        }
        if revoked {
            shop.calls(Method::Revoke, &format!("merchant_order_no={number}")).await.gives("0");
            shop.becomes(&number, "1").await;
        }
        let seen = shop.seen(&number).await;
        let charged = at_acquirer(&world).len();
        let again = shop.sends(body).await;
        again
            .gives("0")
            .has(&[("trans_no", seen.field("trans_no")), ("trans_status", seen.field("trans_status"))]);
        assert_eq!(at_acquirer(&world).len(), charged, "{number} was sent again");
    }
}
