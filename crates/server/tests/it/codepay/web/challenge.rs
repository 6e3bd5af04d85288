//! The issuer wants to hear from the payer: on his page, right, wrong, cancelled, never. The browser that comes back
//! proves nothing.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use tillgate_protocols::codepay::client::Answer as Signed;
use tillgate_sim::{TEST_CODE, TransactionState};

use super::super::till::{Said as _, Till};
use super::{CHALLENGED, GOOD, at_acquirer, shop};
use crate::harness::{Answer, TestWorld};

const FORGED: [&str; 5] = [
    "?trans_status=2",
    "?status=paid&PaRes=eJzVV1mTokgQ&MD=1",
    "?order_no=1&merchant_order_no=x&sign=AAAA",
    "?cres=%7B%22transStatus%22%3A%22Y%22%7D",
    "?%00=%ff&lang=%3Cscript%3E",
];

/// The acquirer is asked 10 seconds after the payer was sent to the issuer, if his browser does not come back before.
const LOOKED_AT: Duration = Duration::from_secs(20);

/// The issuer's page of a payer who is asked for.
pub struct Asked {
    pub path: String,
    pub number: String,
}

impl Till {
    /// A card whose issuer asks.
    pub async fn is_asked(&self, changes: &str) -> Asked {
        let (number, answer) = self.charges(CHALLENGED, changes).await;
        answer.has(&[("trans_status", "0"), ("trans_end_time", ""), ("ref_no", "")]);
        Asked { path: page_of(&answer), number }
    }

    pub async fn answers(&self, asked: &Asked, form: &str) -> Answer {
        let request = Request::post(self.place.url(&asked.path))
            .header("content-type", "application/x-www-form-urlencoded");
        self.place.http.send(request.body(Full::new(Bytes::from(form.to_owned()))).unwrap()).await
    }

    /// His browser comes back, with whatever it says.
    async fn returns(&self, world: &TestWorld, asked: &Asked, query: &str) -> Answer {
        let acquirer = &world.simulation().acquirer;
        let id = asked.path.rsplit('/').next().unwrap();
        let view = acquirer.challenge_view(id, tillgate::clock::now().millis()).unwrap().unwrap();
        self.place.get(&format!("{}{query}", path_of(&view.return_url))).await
    }

    pub async fn types(&self, asked: &Asked, code: &str) -> Answer {
        self.answers(asked, &format!("action=confirm&code={code}")).await
    }
}

fn page_of(answer: &Signed) -> String {
    let url = answer.field("redirect_url_3dsecure");
    let at = url.find("/sandbox/3ds/").unwrap_or_else(|| panic!("no page of the issuer: {answer:?}"));
    url[at..].to_owned()
}

/// The path of an address of ours.
pub fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

#[tokio::test]
async fn the_right_code() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let asked = shop.is_asked("").await;
    let page = shop.place.http.page(&shop.place.url(&asked.path)).await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(text.contains("Harbor Grill") && text.contains("24.00") && text.contains("1091"), "{text}");
    assert!(!text.contains(CHALLENGED));
    assert_eq!(at_acquirer(&world)[0].state, TransactionState::Challenged);
    shop.seen(&asked.number).await.has(&[("trans_status", "0"), ("paid_amount", "")]);
    for forged in FORGED {
        assert_eq!(shop.returns(&world, &asked, forged).await.status, 303, "{forged}");
        shop.seen(&asked.number).await.has(&[("trans_status", "0"), ("paid_amount", "")]);
    }
    let back = shop.types(&asked, TEST_CODE).await;
    assert_eq!(back.status, 303, "{}", back.text());
    let path = path_of(back.header("location")).to_owned();
    assert!(path.starts_with("/checkout/") && path.ends_with("/return"), "{path}");
    assert_eq!(shop.place.get(&path).await.status, 303);
    shop.seen(&asked.number)
        .await
        .has(&[("trans_status", "2")])
        .has(&[("pay_user_account_id", "400000****1091")]);
    assert_eq!(shop.is_told(&asked.number).await.get("trans_status"), Some("2"));
    // Once more on the same page: it is over, and nothing more is charged.
    assert_eq!(shop.types(&asked, TEST_CODE).await.status, 303);
    let at = at_acquirer(&world);
    assert_eq!((at.len(), at[0].net_minor, at[0].authentication.word()), (1, 2_400, "challenge"));
    shop.revokes(&asked.number).await.gives("0");
    shop.becomes(&asked.number, "3").await;
}

#[tokio::test]
async fn wrong_three_times_cancelled_or_not_the_payer() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    for forms in [
        &["action=confirm&code=0000", "action=confirm&code=1111", "action=confirm&code=9"][..],
        &["action=confirm&code=", "action=what", "action=cancel"],
        &["action=confirm&code=0000", "action=fail"],
    ] {
        let asked = shop.is_asked("").await;
        for form in forms {
            shop.seen(&asked.number).await.has(&[("trans_status", "0")]);
            shop.answers(&asked, form).await;
        }
        shop.returns(&world, &asked, "?trans_status=2&transStatus=Y").await;
        let seen = shop.becomes(&asked.number, "1").await;
        assert!(!seen.field("trans_error_code").is_empty(), "{seen:?}");
        assert_eq!(shop.is_told(&asked.number).await.get("trans_status"), Some("1"));
        assert_eq!(shop.types(&asked, TEST_CODE).await.status, 303);
        shop.seen(&asked.number).await.has(&[("trans_status", "1")]);
        assert_eq!(at_acquirer(&world)[0].net_minor, 0);
        // The number is free again, and another card pays.
        let again = format!("merchant_order_no={}", asked.number);
        shop.charges(GOOD, &again).await.1.has(&[("trans_status", "2")]);
    }
}

/// The issuer may be sure who pays, and say no to the amount.
#[tokio::test]
async fn declined_after_the_right_code() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let asked = shop.is_asked("order_amount=24.51").await;
    shop.types(&asked, TEST_CODE).await;
    let seen = shop.becomes_within(&asked.number, "1", LOOKED_AT).await;
    seen.has(&[("trans_error_code", "51")]);
}

#[tokio::test]
async fn revoked_while_the_payer_is_asked() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let asked = shop.is_asked("").await;
    shop.revokes(&asked.number).await.gives("0");
    shop.seen(&asked.number).await.has(&[("trans_status", "1")]);
    shop.types(&asked, TEST_CODE).await;
    shop.revokes(&asked.number).await.gives("0");
    let at = at_acquirer(&world);
    assert_eq!(at.iter().map(|seen| seen.net_minor).sum::<i64>(), 0, "{at:?}");
    shop.seen(&asked.number).await.has(&[("trans_status", "1"), ("paid_amount", "")]);
}

/// An order that nobody comes back to ends at its time, and the issuer's page is of no use any more.
#[tokio::test]
async fn expired_while_the_payer_is_asked() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let asked = shop.is_asked("expires=1").await;
    let seen = shop.becomes_within(&asked.number, "1", Duration::from_secs(15)).await;
    seen.has(&[("trans_error_code", "107")]);
    shop.types(&asked, TEST_CODE).await;
    shop.seen(&asked.number).await.has(&[("trans_status", "1")]);
    assert_eq!(at_acquirer(&world).iter().map(|seen| seen.net_minor).sum::<i64>(), 0);
    assert_eq!(shop.is_told(&asked.number).await.get("trans_error_code"), Some("107"));
}

/// Addresses of the issuer's page that nobody was given.
#[tokio::test]
async fn pages_of_no_challenge() {
    let world = TestWorld::new().await;
    let shop = shop(&world).await;
    let asked = shop.is_asked("").await;
    for id in ["0", "../../..", "00000000000000000000000000000000", "%00", &"a".repeat(4_000)] {
        let stranger = Asked { path: format!("/sandbox/3ds/{id}"), number: String::new() };
        assert!((400..500).contains(&shop.types(&stranger, TEST_CODE).await.status), "{id}");
    }
    shop.seen(&asked.number).await.has(&[("trans_status", "0")]);
    shop.revokes(&asked.number).await.gives("0");
}
