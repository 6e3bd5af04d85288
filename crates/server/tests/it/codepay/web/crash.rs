//! The gateway dies while a card is under way. It has no card any more: it asks, and ends as the acquirer says.

use std::time::Duration;

use tillgate_sim::{TEST_CODE, TransactionState};

use super::super::till::{Said as _, Till, field};
use super::{CHALLENGED, GOOD, at_acquirer, card, shop};
use crate::harness::{TestWorld, eventually};

const PATIENCE: Duration = Duration::from_secs(25);

async fn comes_back(world: &mut TestWorld, suddenly: bool) -> Till {
    if suddenly {
        world.crash().await;
    } else {
        world.stop().await;
        crate::harness::checks::let_leases_end(&world.place.database);
    }
    world.start().await;
    shop(world).await
}

async fn a_challenge_is_outstanding(suddenly: bool) {
    let mut world = TestWorld::new().await;
    let till = shop(&world).await;
    let (right, wrong, revoked) = (till.is_asked("").await, till.is_asked("").await, till.is_asked("").await);
    let till = comes_back(&mut world, suddenly).await;
    till.seen(&right.number).await.has(&[("trans_status", "0")]);
    till.types(&right, TEST_CODE).await;
    till.answers(&wrong, "action=cancel").await;
    till.revokes(&revoked.number).await;
    till.becomes_within(&right.number, "2", PATIENCE).await;
    till.becomes_within(&wrong.number, "1", PATIENCE).await;
    till.becomes_within(&revoked.number, "1", PATIENCE).await;
    assert_eq!(at_acquirer(&world).iter().map(|seen| seen.net_minor).collect::<Vec<_>>(), [0, 0, 2_400]);
}

#[tokio::test]
async fn a_crash_while_the_payer_is_asked() {
    a_challenge_is_outstanding(true).await;
}

#[tokio::test]
async fn an_orderly_stop_while_the_payer_is_asked() {
    a_challenge_is_outstanding(false).await;
}

/// The payer answers while there is no gateway.
#[tokio::test]
async fn a_code_typed_while_it_was_down() {
    let mut world = TestWorld::new().await;
    let till = shop(&world).await;
    let asked = till.is_asked("").await;
    till.types(&asked, TEST_CODE).await;
    let till = comes_back(&mut world, true).await;
    till.becomes_within(&asked.number, "2", PATIENCE).await;
    assert_eq!(at_acquirer(&world).len(), 1);
}

/// Charged, and whoever asked for it dies before it hears so (64); the request got lost (54); the issuer asks, and nobody
/// was told where (53 with his card).
#[tokio::test]
async fn a_crash_after_the_card_was_sent() {
    let mut world = TestWorld::new().await;
    let till = shop(&world).await;
    let mut numbers = Vec::new();
    for (pan, amount) in [(GOOD, "24.64"), (GOOD, "24.54"), (CHALLENGED, "24.53"), (GOOD, "24.60")] {
        let data = till.web_order(&card(pan), &format!("order_amount={amount}"));
        numbers.push(field(&data, "merchant_order_no").to_owned());
        let till = till.clone();
        tokio::spawn(async move {
            // Its connection breaks.
            let body = till.body(tillgate_protocols::codepay::Method::MerchantCheckout, &data);
            let request = hyper::Request::post(till.place.url("/api/entry"))
                .header("content-type", "application/json")
                .body(http_body_util::Full::new(bytes::Bytes::from(body)))
                .unwrap();
            till.place.http.send(request).await
        });
    }
    eventually("the cards were sent", PATIENCE, async || {
        let stored = super::orders(&world).len();
        Some(()).filter(|()| at_acquirer(&world).len() == 3 && stored == 4)
    })
    .await;
    let till = comes_back(&mut world, true).await;
    till.becomes_within(&numbers[0], "2", PATIENCE).await;
    till.becomes_within(&numbers[1], "1", PATIENCE).await;
    till.becomes_within(&numbers[3], "2", PATIENCE).await;
    till.seen(&numbers[2]).await.has(&[("trans_status", "0")]);
    till.revokes(&numbers[2]).await;
    till.becomes_within(&numbers[2], "1", PATIENCE).await;
    let at = at_acquirer(&world);
    let captured = at.iter().filter(|seen| seen.state == TransactionState::Captured).count();
    assert_eq!((at.len(), captured), (3, 2), "{at:?}");
}
