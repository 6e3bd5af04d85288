//! What is asked for at paths of its own: captures, more to be held, cancels, refunds by part, tips, recalls, batches. And
//! what comes of the same bytes sent again.

use tillgate_protocols::codepay::Method;
use tillgate_protocols::codepay::client::Answer;

use super::counter::terminal;
use super::till::{COUNTER, Data, Said as _, TERRACE, Till, changed, till};
use crate::harness::database::skipped_without_a_file;
use crate::harness::{TestWorld, unique};

impl Till {
    fn path_body(&self, method: Method, changes: &str) -> String {
        let data: Data = changed(Vec::new(), changes);
        self.body(method, &data)
    }

    async fn posts(&self, method: Method, body: String) -> Answer {
        self.sends_to(method.word(), "application/json", body).await
    }

    pub async fn asks_at(&self, method: Method, changes: &str) -> Answer {
        self.posts(method, self.path_body(method, changes)).await
    }

    /// Our number of an order that is paid or held.
    pub async fn trans_no(&self, number: &str) -> String {
        self.seen(number).await.field("trans_no").to_owned()
    }

    async fn captures(&self, trans_no: &str, amount: &str) -> Answer {
        let own = format!("merchant_order_no={}&trans_no={trans_no}&trans_amount={amount}", unique("CA"));
        self.asks_at(Method::PaymentCapture, &own).await
    }

    async fn gives_back(&self, trans_no: &str, parts: &str) -> Answer {
        let own = format!("merchant_order_no={}&trans_no={trans_no}&{parts}", unique("RE"));
        self.asks_at(Method::PaymentRefund, &own).await
    }

    async fn cancels(&self, trans_no: &str) -> Answer {
        let own = format!("merchant_order_no={}&trans_no={trans_no}", unique("CN"));
        self.asks_at(Method::PaymentCancel, &own).await
    }
}

#[tokio::test]
async fn held_increased_captured_tipped_and_given_back_by_part() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let held = till.is_paid("trans_type=4&order_amount=100").await;
    let trans_no = till.trans_no(&held).await;
    let more = till.asks_at(Method::PaymentIncrement, &format!("trans_no={trans_no}&trans_amount=30")).await;
    more.gives("0").has(&[("resp_code", "000"), ("resp_msg", "[000]APPROVAL"), ("trans_status", "2")]);
    assert!(!more.field("auth_no").is_empty() && more.field("trans_no").is_empty(), "{more:?}");
    till.captures(&trans_no, "130.01").await.gives("TG002").names("trans_amount");
    let captured = till.captures(&trans_no, "120").await;
    captured.gives("0").has(&[("resp_code", "000"), ("trans_status", "2")]);
    assert_ne!(captured.field("trans_no"), trans_no);
    till.seen(&held).await.has(&[("trans_status", "4"), ("paid_amount", "120")]);
    // Once, and there is nothing left to cancel or to increase.
    till.captures(&trans_no, "5").await.gives("ET003").names("trans_no");
    till.cancels(&trans_no).await.gives("ET002").names("trans_no");
    let more = till.asks_at(Method::PaymentIncrement, &format!("trans_no={trans_no}&trans_amount=1")).await;
    more.gives("ET003").names("trans_no");

    let tip = format!("trans_no={}&tip_amount=12", captured.field("trans_no"));
    till.asks_at(Method::PaymentTip, &tip).await.gives("0").has(&[("trans_status", "2")]);
    till.seen(&held).await.has(&[("paid_amount", "132"), ("tip_amount", "12")]);

    // Parts of which there are none, or not so much.
    till.gives_back(&trans_no, "surcharge_amount=1").await.gives("E04126").names("surcharge_amount");
    till.gives_back(&trans_no, "order_amount=1&sales_tax_amount=0.01").await.gives("E04126");
    till.gives_back(&trans_no, "tip_amount=12.01").await.gives("E04126");
    till.gives_back(&trans_no, "order_amount=120.01").await.gives("E04126");
    let of_tip = till.gives_back(&trans_no, "tip_amount=12").await;
    of_tip.gives("0").has(&[("resp_code", "000"), ("trans_status", "2")]);
    till.gives_back(&trans_no, "tip_amount=0.01").await.gives("E04126");
    let both = till.gives_back(captured.field("trans_no"), "order_amount=20&service_charge_amount=0").await;
    both.gives("0");
    till.gives_back(&trans_no, "order_amount=100.01").await.gives("E04126");
    till.gives_back(&trans_no, "order_amount=100").await.gives("0");
    till.gives_back(&trans_no, "order_amount=0.01").await.gives("E04126");
}

#[tokio::test]
async fn a_cancel_lets_the_money_go() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let held = till.is_paid("trans_type=4&order_amount=40").await;
    let trans_no = till.trans_no(&held).await;
    let recalled = till.asks_at(Method::PaymentRecall, &format!("trans_no={trans_no}")).await;
    recalled.gives("0").has(&[("resp_code", "000"), ("trans_status", "2"), ("trans_no", &trans_no)]);
    till.cancels(&trans_no).await.gives("0").has(&[("resp_code", "000"), ("trans_status", "2")]);
    till.captures(&trans_no, "40").await.gives("ET003").names("trans_no");
    till.cancels(&trans_no).await.gives("ET002").names("trans_no");
    let recalled = till.asks_at(Method::PaymentRecall, &format!("merchant_order_no={held}")).await;
    recalled.gives("0").has(&[("trans_status", "3"), ("trans_no", &trans_no)]);
    // A sale holds nothing.
    let sold = till.is_paid("order_amount=8").await;
    till.cancels(&till.trans_no(&sold).await).await.gives("ET002").names("trans_no");
}

/// The acquirer's no is an answer, not an error; what was held stays held.
#[tokio::test]
async fn what_the_issuer_declines() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let held = till.is_paid("trans_type=4&order_amount=40").await;
    let trans_no = till.trans_no(&held).await;
    let more = format!("trans_no={trans_no}&trans_amount=10.51");
    till.asks_at(Method::PaymentIncrement, &more).await.gives("0").has(&[("trans_status", "1")]);
    till.captures(&trans_no, "40").await.gives("0").has(&[("trans_status", "2")]);
    // Every capture of this one is declined.
    let held = till.is_paid("trans_type=4&order_amount=10.70").await;
    let trans_no = till.trans_no(&held).await;
    let declined = till.captures(&trans_no, "10.70").await;
    declined.gives("0").has(&[("trans_status", "1"), ("resp_code", "05")]);
    till.cancels(&trans_no).await.gives("0").has(&[("trans_status", "2")]);
}

#[tokio::test]
async fn the_same_bytes_have_one_effect_and_one_answer() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let held = till.is_paid("trans_type=4&order_amount=50").await;
    let trans_no = till.trans_no(&held).await;
    let more = till.path_body(Method::PaymentIncrement, &format!("trans_no={trans_no}&trans_amount=10"));
    let many = (0..6).map(|_| {
        let (till, body) = (till.clone(), more.clone());
        tokio::spawn(async move { till.posts(Method::PaymentIncrement, body).await })
    });
    for answer in many.collect::<Vec<_>>() {
        let answer = answer.await.unwrap();
        assert!(answer.code == "0" || answer.code == "TG009", "{answer:?}");
    }
    let first = till.posts(Method::PaymentIncrement, more.clone()).await;
    let again = till.posts(Method::PaymentIncrement, more.clone()).await;
    first.gives("0").has(&[("trans_status", "2")]);
    assert_eq!(first, again);
    let own = format!("merchant_order_no={}&trans_no={trans_no}&trans_amount=60", unique("CA"));
    let capture = till.path_body(Method::PaymentCapture, &own);
    let captured = till.posts(Method::PaymentCapture, capture.clone()).await;
    captured.gives("0").has(&[("trans_status", "2")]);
    assert_eq!(till.posts(Method::PaymentCapture, capture.clone()).await, captured);

    // An older tip, seen by somebody and sent again, does not come back.
    let tip = |amount: &str| {
        till.path_body(Method::PaymentTip, &format!("trans_no={trans_no}&tip_amount={amount}"))
    };
    let (low, high) = (tip("1"), tip("9"));
    let set = till.posts(Method::PaymentTip, low.clone()).await;
    till.posts(Method::PaymentTip, high).await.gives("0");
    assert_eq!(till.posts(Method::PaymentTip, low).await, set);
    assert_eq!(till.seen(&held).await.field("tip_amount"), "9");

    // A no stays a no.
    let own = format!("merchant_order_no={}&trans_no={trans_no}&order_amount=60.01", unique("RE"));
    let refund = till.path_body(Method::PaymentRefund, &own);
    let refused = till.posts(Method::PaymentRefund, refund.clone()).await;
    refused.gives("E04126");
    assert_eq!(till.posts(Method::PaymentRefund, refund).await, refused);

    // It is the same after the gateway was killed.
    let mut world = world;
    world.stop().await;
    world.start().await;
    assert_eq!(till.posts(Method::PaymentCapture, capture).await, captured);
    assert_eq!(till.posts(Method::PaymentIncrement, more).await, first);
    assert_eq!(till.seen(&held).await.field("paid_amount"), "69");
}

/// Next time it might be a yes: the shop is told to ask again.
#[tokio::test]
async fn a_no_that_could_not_be_kept_is_not_said() {
    if skipped_without_a_file("a_no_that_could_not_be_kept_is_not_said") {
        return;
    }
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let sale = till.is_paid("order_amount=40").await;
    let trans_no = till.trans_no(&sale).await;
    let own = format!("merchant_order_no={}&trans_no={trans_no}&order_amount=40.01", unique("RE"));
    let refund = till.path_body(Method::PaymentRefund, &own);
    // Another writer, for longer than anyone waits for him.
    let other = world.place.database.connect();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    till.posts(Method::PaymentRefund, refund.clone()).await.gives("TG009");
    other.execute_batch("ROLLBACK").unwrap();
    let refused = till.posts(Method::PaymentRefund, refund.clone()).await;
    refused.gives("E04126");
    assert_eq!(till.posts(Method::PaymentRefund, refund).await, refused);
}

#[tokio::test]
async fn what_is_not_there_or_somebody_elses() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let sold = till.is_paid("order_amount=9").await;
    let trans_no = till.trans_no(&sold).await;
    for wrong in ["1", "50210000102106020000039", "not a number"] {
        till.captures(wrong, "1").await.gives("E04110");
        till.asks_at(Method::PaymentRecall, &format!("trans_no={wrong}")).await.gives("E04110");
    }
    till.asks_at(Method::PaymentRecall, "merchant_order_no=nobody-1").await.gives("E04111");
    till.asks_at(Method::PaymentRecall, "").await.gives("TG001");
    till.captures(&trans_no, "9").await.gives("ET003").names("trans_no");
    till.captures(&trans_no, "0").await.gives("TG002").names("trans_amount");
    till.captures(&trans_no, "9.001").await.gives("TG002").names("trans_amount");
    till.gives_back(&trans_no, "order_amount=0&tip_amount=0").await.gives("TG001").names("order_amount");
    // The number of another transaction.
    let own = format!("merchant_order_no={sold}&trans_no={trans_no}&order_amount=1");
    till.asks_at(Method::PaymentRefund, &own).await.gives("E04112");
    // Signed by nobody.
    let body = till
        .path_body(Method::PaymentRecall, &format!("trans_no={trans_no}"))
        .replace("sign\":\"", "sign\":\"A");
    till.posts(Method::PaymentRecall, body).await.gives("SYS002");
}

#[tokio::test]
async fn batches_of_all_terminals_at_once() {
    let world = TestWorld::new().await;
    let (till, terrace) = (till(&world).await, till(&world).await.at(TERRACE));
    let _terminals = (terminal(&world, COUNTER, &[]).await, terminal(&world, TERRACE, &[]).await);
    let sold = till.is_paid("order_amount=20").await;
    terrace.is_paid("order_amount=30.50").await;
    till.gives_back(&till.trans_no(&sold).await, "order_amount=5").await.gives("0");
    let merchant = format!("merchant_no={}", tillgate::sandbox::codepay::MERCHANT_NO);
    let open = till.asks_at(Method::OpenBatch, &merchant).await;
    open.gives("0").has(&[("count", "3"), ("total_amount", "45.5")]);
    let one = format!("{merchant}&terminal_sn_list=[\"{}\"]", TERRACE.0);
    till.asks_at(Method::OpenBatch, &one).await.gives("0").has(&[("count", "1"), ("total_amount", "30.5")]);
    let stranger = format!("{merchant}&terminal_sn_list=[\"P3171916581910\"]");
    till.asks_at(Method::OpenBatchClose, &stranger).await.gives("TG002").names("terminal_sn_list");
    let closed = till.asks_at(Method::OpenBatchClose, &merchant).await;
    closed.gives("0").has(&[("count", "3"), ("total_amount", "45.5")]);
    till.asks_at(Method::OpenBatchClose, &merchant).await.gives("ET007");
    till.asks_at(Method::OpenBatch, &merchant).await.gives("0").has(&[("count", "0")]);
    till.is_refused(&format!("trans_type=2&orig_merchant_order_no={sold}&order_amount=20"), "ET008", "")
        .await;
}
