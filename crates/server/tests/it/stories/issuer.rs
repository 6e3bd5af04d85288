//! A payer whose card's issuer wants to hear from him: the simulated issuer's page, from the gateway's question to the way
//! back. And the files of what moved.

use std::collections::BTreeMap;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use tillgate_channels::{Card, CardCall, CardOperation, CardOutcome, Online};
use tillgate_core::{Currency, Entry, Money, Outcome};

use crate::harness::{Answer, TestWorld};

const CHALLENGED: &str = "4000000000001091";

fn sale(trade_no: &str, minor: i64, return_url: &str) -> CardCall {
    CardCall::Authorize {
        operation: CardOperation {
            trade_no: trade_no.into(),
            terminal: String::new(),
            amount: Money::new(minor, Currency::from_code("USD").unwrap()),
            tip_minor: 0,
            cashback_minor: 0,
        },
        card: Card {
            pan: CHALLENGED.to_owned().into(),
            expiry: "1239".to_owned().into(),
            cvv: Some("737".to_owned().into()),
            entry: Entry::Manual,
        },
        is_capture: true,
        online: Some(Online {
            seller: "Harbor <Grill>".into(),
            return_url: return_url.into(),
            billing: None,
            payer_ip: "192.0.2.1".into(),
        }),
    }
}

struct Payer<'w> {
    world: &'w TestWorld,
    trade_no: &'static str,
    url: String,
}

impl<'w> Payer<'w> {
    async fn sent(world: &'w TestWorld, trade_no: &'static str, back: &str) -> Self {
        let call = sale(trade_no, 1_200, back);
        let CardOutcome::Challenge { url } = world.app().gateway.channels.ask_acquirer(&call).await.outcome
        else {
            panic!("not challenged")
        };
        assert!(url.starts_with(&world.place.url("/sandbox/3ds/")), "{url}");
        Self { world, trade_no, url }
    }

    async fn answers(&self, form: &str) -> Answer {
        let request = Request::post(format!("{}?lang=en", self.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form.to_owned())))
            .unwrap();
        self.world.place.http.send(request).await
    }

    async fn outcome(&self) -> CardOutcome {
        let query = CardCall::Query { trade_no: self.trade_no.into() };
        self.world.app().gateway.channels.ask_acquirer(&query).await.outcome
    }

    async fn page(&self) -> Answer {
        self.world.place.http.page(&self.url).await
    }
}

fn is_paid(outcome: &CardOutcome) -> bool {
    matches!(outcome, CardOutcome::Outcome(Outcome::Paid { .. }))
}

#[tokio::test]
async fn a_payer_types_in_the_code_and_goes_back() {
    let world = TestWorld::new().await;
    let back = "https://shop.example:8443/back?a=1&b=2";
    let payer = Payer::sent(&world, "9-1", back).await;
    let page = payer.page().await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://shop.example:8443;"), "{policy}");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let html = page.text();
    assert!(html.contains("Harbor &#60;Grill&#62;") && html.contains("USD 12.00"), "{html}");
    assert!(!html.contains(CHALLENGED) && html.contains("1091") && html.contains("the code is 1234."));

    for empty in ["action=confirm", "action=confirm&code=+", "action=dance&code=1234", ""] {
        let answer = payer.answers(empty).await;
        assert!(answer.status == 200 && answer.text().contains("role=\"alert\""), "{empty}");
    }
    let wrong = payer.answers("action=confirm&code=0000").await;
    assert_eq!(wrong.status, 303);
    let again = world.place.http.page(&world.place.url(wrong.header("location"))).await;
    assert!(again.text().contains("You can try 2 more times."), "{}", again.text());
    assert!(matches!(payer.outcome().await, CardOutcome::Challenge { .. }));

    let right = payer.answers("action=confirm&code=1234").await;
    assert_eq!((right.status, right.header("location")), (303, back));
    assert!(is_paid(&payer.outcome().await));
    let over = payer.page().await;
    assert_eq!((over.status, over.header("location")), (303, back), "the page is over");
    assert_eq!(payer.answers("action=fail").await.header("location"), back);
    assert!(is_paid(&payer.outcome().await));
}

#[tokio::test]
async fn a_payer_may_also_say_no() {
    let world = TestWorld::new().await;
    let back = world.place.url("/back");
    for (trade_no, forms) in [
        ("9-1", &["action=cancel"][..]),
        ("9-2", &["action=fail"]),
        ("9-3", &["action=confirm&code=1", "action=confirm&code=2", "action=confirm&code=3"]),
    ] {
        let payer = Payer::sent(&world, trade_no, &back).await;
        let mut last = String::new();
        for form in forms {
            last = payer.answers(form).await.header("location").to_owned();
        }
        assert_eq!(last, back, "{trade_no}");
        assert!(
            matches!(payer.outcome().await, CardOutcome::Outcome(Outcome::Declined { .. })),
            "{trade_no}"
        );
    }
    let unknown =
        world.place.http.page(&world.place.url("/sandbox/3ds/0123456789abcdef0123456789abcdef")).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_payer_is_waited_for_over_a_restart() {
    let mut world = TestWorld::new().await;
    let url = Payer::sent(&world, "9-1", "https://shop.example/back").await.url;
    let id = url.rsplit('/').next().unwrap().to_owned();
    world.crash().await;
    world.start().await;
    let url = world.place.url(&format!("/sandbox/3ds/{id}"));
    let payer = Payer { world: &world, trade_no: "9-1", url };
    assert_eq!(payer.page().await.status, 200);
    assert_eq!(payer.answers("action=confirm&code=1234").await.status, 303);
    assert!(is_paid(&payer.outcome().await));
}

#[tokio::test]
async fn channels_give_their_day_as_a_file() {
    let world = TestWorld::new().await;
    let payer = Payer::sent(&world, "9-1", "https://shop.example/back").await;
    payer.answers("action=confirm&code=1234").await;
    let order = world.merchant().sells("12.00").with("wechat").online().await;
    order.page().await;
    order.wallet_pays().await.is_notified("paid").await;
    let mut lines = BTreeMap::new();
    for name in ["acquirer", "wechat", "alipay", "unionpay"] {
        let file = world.place.get(&format!("/sandbox/statements/{name}.csv")).await;
        assert_eq!((file.status, file.header("content-type")), (200, "text/csv; charset=utf-8"));
        let text = file.text();
        assert!(
            text.starts_with(
                "channel,trade_no,original_trade_no,kind,amount,currency,time,reference,batch\n"
            )
        );
        lines.insert(name, text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>());
    }
    assert!(lines["acquirer"][0].starts_with("acquirer,9-1,,sale,12.00,USD,20"), "{lines:?}");
    assert!(
        lines["wechat"][0].starts_with("wechat,1-") && lines["wechat"][0].contains(",,sale,12.00,NZD,20")
    );
    assert_eq!(lines.values().map(Vec::len).collect::<Vec<_>>(), [1, 0, 0, 1], "{lines:?}");
    for (query, count) in
        [("day=2020-02-29", 0), ("spoil=missing", 0), ("spoil=doubled", 2), ("spoil=different", 1)]
    {
        let file = world.place.get(&format!("/sandbox/statements/acquirer.csv?{query}")).await.text();
        assert_eq!(file.lines().count(), count + 1, "{query}");
        assert_eq!(file.contains(",12.01,"), query == "spoil=different");
    }
    for (path, status) in [
        ("acquirer.csv?day=2020-02-30", 422),
        ("acquirer.csv?spoil=some", 422),
        ("acquirer.csv?dya=2020-02-29", 422),
        ("acquirer", 404),
        ("paypal.csv", 404),
    ] {
        let answer = world.place.get(&format!("/sandbox/statements/{path}")).await;
        assert!(answer.status == status && answer.json["error"].is_string(), "{path}: {}", answer.text());
    }
}
