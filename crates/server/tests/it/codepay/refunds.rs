//! order.refund.submit and order.refund.query: money goes back without a terminal.

use tillgate_protocols::codepay::Method;
use tillgate_protocols::codepay::client::Answer;

use super::counter::terminal;
use super::till::{COUNTER, Said as _, Till, till};
use crate::harness::{Reply, TestWorld, eventually, unique};

impl Till {
    pub async fn submits_refund(&self, changes: &str) -> Answer {
        let base =
            format!("merchant_order_no={}&price_currency=USD&description=cold&{changes}", unique("RF"));
        self.calls(
            Method::RefundSubmit,
            &super::till::changed(Vec::new(), &base)
                .iter()
                .map(|(n, v)| format!("{n}={v}"))
                .collect::<Vec<_>>()
                .join("&"),
        )
        .await
    }

    pub async fn refund(&self, number: &str) -> Answer {
        self.calls(Method::RefundQuery, &format!("merchant_order_no={number}")).await
    }

    /// The refund ends so.
    pub async fn refund_becomes(&self, number: &str, status: &str) -> Answer {
        eventually(&format!("refund {number} has trans_status {status}"), super::till::SOON, async || {
            let seen = self.refund(number).await;
            seen.gives("0");
            Some(seen).filter(|seen| seen.field("trans_status") == status)
        })
        .await
    }
}

#[tokio::test]
async fn parts_go_back_by_either_number() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let sale = till.is_paid("order_amount=200").await;
    let trans_no = till.seen(&sale).await.field("trans_no").to_owned();
    // The schema's name of the amount, and the sample's.
    let first = unique("RF");
    let answer = till
        .submits_refund(&format!("orig_merchant_order_no={sale}&merchant_order_no={first}&order_amount=2.50"))
        .await;
    answer.gives("0").has(&[("trans_amount", "2.5"), ("trans_fee_c", "0"), ("vat_amount", "0")]);
    till.refund_becomes(&first, "2").await.has(&[
        ("merchant_order_no", &first),
        ("trans_no", answer.field("trans_no")),
        ("trans_type", "3"),
        ("order_amount", "2.5"),
        ("trans_amount", "2.5"),
        ("price_currency", "USD"),
    ]);
    let answer = till.submits_refund(&format!("orig_trans_no={trans_no}&trans_amount=100")).await;
    answer.gives("0").has(&[("trans_amount", "100")]);
    let by_trans_no =
        till.calls(Method::RefundQuery, &format!("trans_no={}", answer.field("trans_no"))).await;
    by_trans_no.gives("0").has(&[("trans_amount", "100")]);
    till.submits_refund(&format!("orig_merchant_order_no={sale}&order_amount=1&trans_amount=1.00"))
        .await
        .gives("0");
    let both =
        till.submits_refund(&format!("orig_merchant_order_no={sale}&order_amount=1&trans_amount=2")).await;
    both.gives("TG002").names("trans_amount");
    // Of two numbers trans_no counts.
    till.submits_refund(&format!("orig_merchant_order_no=nobody&orig_trans_no={trans_no}&order_amount=1"))
        .await
        .gives("0");
    till.submits_refund(&format!("orig_merchant_order_no={sale}&order_amount=95.51")).await.gives("E04126");
    till.submits_refund(&format!("orig_merchant_order_no={sale}&order_amount=200.01")).await.gives("E04126");
    till.submits_refund(&format!("orig_merchant_order_no={sale}&order_amount=95.50")).await.gives("0");
    till.submits_refund(&format!("orig_merchant_order_no={sale}&order_amount=0.01")).await.gives("E04126");
}

#[tokio::test]
async fn its_number_is_used_once() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let (sale, other) = (till.is_paid("").await, till.is_paid("").await);
    let refund = format!("merchant_order_no=R-{sale}&order_amount=1&orig_merchant_order_no=");
    till.submits_refund(&format!("{refund}{sale}")).await.gives("0");
    till.submits_refund(&format!("{refund}{sale}")).await.gives("E04112");
    till.submits_refund(&format!("{refund}{other}")).await.gives("E04112");
    till.submits_refund(&format!("merchant_order_no={other}&order_amount=1&orig_merchant_order_no={sale}"))
        .await
        .gives("E04112");
    till.submits_refund(&format!("merchant_order_no={sale}&order_amount=1&orig_merchant_order_no={sale}"))
        .await
        .gives("TG002")
        .names("merchant_order_no");
    till.is_refused(&format!("merchant_order_no=R-{sale}"), "E04112", "").await;
    till.refund_becomes(&format!("R-{sale}"), "2").await;
}

#[tokio::test]
async fn fifty_parts_and_no_more() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let sale = till.is_paid("order_amount=100").await;
    for _ in 0..50 {
        till.submits_refund(&format!("orig_merchant_order_no={sale}&order_amount=1")).await.gives("0");
    }
    till.submits_refund(&format!("orig_merchant_order_no={sale}&order_amount=1")).await.gives("E04130");
}

#[tokio::test]
async fn the_merchant_is_told_of_a_refund() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let (sale, declined) = (till.is_paid("").await, till.is_paid("order_amount=20.58").await);
    for (sale, status) in [(sale, "2"), (declined, "1")] {
        let path = format!("/refunded/{sale}");
        world.place.receiver.answers(&path, &[Reply::Status(200, "success")]);
        let number = unique("RF");
        let url = world.place.receiver.url(&path);
        let own = format!(
            "merchant_order_no={number}&orig_merchant_order_no={sale}&order_amount=3&notify_url={url}"
        );
        till.submits_refund(&own).await.gives("0");
        let told = eventually("the refund is told", super::till::SOON, async || {
            till.callbacks_at(&path).into_iter().next()
        })
        .await;
        let seen = till.refund_becomes(&number, status).await;
        for (name, value) in seen.data.iter() {
            assert_eq!(told.get(name), Some(value), "{name}");
        }
        assert_eq!(told.get("method"), Some("order.refund.submit"));
        assert_eq!(told.get("merchant_order_no"), Some(number.as_str()));
        assert_eq!(till.callbacks_at(&format!("/told/{sale}")).len(), 1, "the sale is not told again");
    }
}

/// A refund made at a terminal is one too; anything else is none.
#[tokio::test]
async fn what_a_refund_query_finds() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let sale = till.is_paid("").await;
    let at_terminal =
        till.is_paid(&format!("trans_type=3&orig_merchant_order_no={sale}&order_amount=4")).await;
    till.refund(&at_terminal).await.gives("0").has(&[
        ("trans_type", "3"),
        ("trans_status", "2"),
        ("trans_amount", "4"),
    ]);
    till.refund(&sale).await.gives("ET003");
    till.refund("nobody").await.gives("E04111");
    till.calls(Method::RefundQuery, "trans_no=50000000000000000000").await.gives("E04110");
    till.calls(Method::RefundQuery, "").await.gives("TG001").names("merchant_order_no");
    till.submits_refund("orig_merchant_order_no=nobody&order_amount=1").await.gives("ET003");
    till.submits_refund("order_amount=1").await.gives("TG001").names("orig_merchant_order_no");
    till.submits_refund(&format!("orig_merchant_order_no={at_terminal}&order_amount=1")).await.gives("TG005");
    till.submits_refund(&format!("orig_merchant_order_no={sale}")).await.gives("TG001").names("order_amount");
    till.submits_refund(&format!("orig_merchant_order_no={sale}&order_amount=1&price_currency=CAD"))
        .await
        .gives("TG002")
        .names("price_currency");
    // An order that has not been paid.
    let open = till.at(super::till::TERRACE).orders("").await;
    till.submits_refund(&format!("orig_merchant_order_no={open}&order_amount=1")).await.gives("TG005");
    till.at(super::till::TERRACE).closes(&open).await.gives("0");
}

/// 59: the money goes back, and for a while nobody says so.
#[tokio::test]
async fn a_refund_nobody_answers() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let sale = till.is_paid("order_amount=30.59").await;
    let number = unique("RF");
    till.submits_refund(&format!(
        "merchant_order_no={number}&orig_merchant_order_no={sale}&order_amount=30.59"
    ))
    .await
    .gives("0");
    till.refund(&number).await.gives("0").has(&[("trans_status", "0")]);
    till.refund_becomes(&number, "2").await;
}
