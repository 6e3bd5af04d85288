//! A request has an effect once: its claim and what it does are stored together, its first answer stays.

use std::sync::Arc;

use tillgate_core::Flow;

use super::{Home, NOW, Shop, conflict};
use crate::changeset::Changeset;
use crate::claim::{Claim, Claimed};
use crate::port::Conflict;

fn claim(shop: &Shop, key: &[u8]) -> Claim {
    Claim { merchant: shop.merchant, key: key.to_vec(), subject: "capture".into(), at: NOW }
}

pub async fn a_request_has_its_effect_once(home: Home) {
    let shop = Shop::open(&home).await;
    let with = |serial: i64, key: &[u8]| Changeset {
        claim: Some(claim(&shop, key)),
        ..Changeset::decided(shop.creates(serial, &format!("till-{serial}"), Flow::MerchantPresented))
    };
    home.commit(with(1, b"one")).await.unwrap();
    let again = home.commit(with(2, b"one")).await;
    assert_eq!(conflict(again), Conflict::Claim);
    assert!(shop.kept(2).await.order.is_none(), "the second was stored");
    home.commit(with(2, b"two")).await.unwrap();

    // What could not be stored claims nothing.
    let taken = Changeset {
        claim: Some(claim(&shop, b"three")),
        ..Changeset::decided(shop.creates(3, "till-1", Flow::MerchantPresented))
    };
    assert_eq!(conflict(home.commit(taken).await), Conflict::Reference);
    assert_eq!(home.load_claim(shop.merchant, b"three".to_vec()).await.unwrap(), None);
    let begun = Claimed { subject: "capture".into(), answer: None };
    assert_eq!(home.load_claim(shop.merchant, b"one".to_vec()).await.unwrap(), Some(begun));
    let stranger = home.add_merchant("another", NOW).await.unwrap();
    assert_eq!(home.load_claim(stranger, b"one".to_vec()).await.unwrap(), None, "another merchant's");
}

pub async fn the_first_answer_stays(home: Home) {
    let shop = Shop::open(&home).await;
    let one = claim(&shop, b"one");
    let answers = async |claim: &Claim, text: &str, before| {
        home.answer_claim(claim.clone(), text.as_bytes().to_vec(), before).await.unwrap()
    };
    let long_ago = NOW.plus_s(-30 * 86_400);
    assert_eq!(answers(&one, "first", long_ago).await, b"first");
    assert_eq!(answers(&one, "second", long_ago).await, b"first");
    let many = (0..8).map(|n| {
        let (home, one) = (Arc::clone(&home), claim(&shop, b"race"));
        tokio::spawn(async move { home.answer_claim(one, vec![n], long_ago).await.unwrap() })
    });
    let mut heard = Vec::new();
    for answer in many.collect::<Vec<_>>() {
        heard.push(answer.await.unwrap());
    }
    assert!(heard.iter().all(|answer| *answer == heard[0]), "{heard:?}");
    // Old ones are forgotten when newer ones are answered.
    let later = Claim { at: NOW.plus_s(60), ..claim(&shop, b"later") };
    answers(&later, "later", NOW.plus_s(30)).await;
    assert_eq!(home.load_claim(shop.merchant, b"one".to_vec()).await.unwrap(), None);
    assert!(home.load_claim(shop.merchant, b"later".to_vec()).await.unwrap().is_some());
}
