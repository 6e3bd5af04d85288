//! Things that happen at once, and tills that go away in the middle.

use std::time::Duration;

use tillgate_core::{Asked, Command, Method, NewOrder, Order, OrderState, Outcome, Presentation};
use tillgate_protocols::ottpay::Action;
use tillgate_store::OrderKey;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::till::{Said as _, Till, field, till};
use crate::harness::{TestWorld, unique};

async fn load(world: &TestWorld, reference: &str) -> Order {
    let merchant = world.store().load_credential("ottpay", "QC00005496").await.unwrap().unwrap().merchant;
    let key = OrderKey::Reference { room: "ottpay", reference };
    world.store().load_order(merchant, key).await.unwrap().unwrap()
}

/// A new page: the order's number and its path.
async fn page(till: &Till, changes: &str) -> (String, String) {
    let sale = till.prepay(changes);
    let made = till.calls(Action::PrepayInit, &sale).await;
    let path = made.says("SUCCESS").field("payInfo").replace(&till.place.url(""), "");
    (field(&sale, "prepay_order_id").to_owned(), path)
}

async fn at_once<F>(calls: impl Iterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let begun: Vec<_> = calls.map(tokio::spawn).collect();
    let mut done = Vec::new();
    for call in begun {
        done.push(call.await.unwrap());
    }
    done
}

async fn press(till: &Till, trade_no: &str) -> u16 {
    till.place.post(&format!("/sandbox/api/payments/{trade_no}/pay"), "{}").await.status
}

/// The page was shown after the choice was loaded: what was shown is closed before there is another.
#[tokio::test]
async fn a_choice_made_on_an_old_view_closes_what_was_shown_since() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let (reference, path) = page(&till, "amount=2557").await;
    till.place.post(&path, "method=alipay").await;
    let stale = load(&world, &reference).await;
    assert_eq!(stale.presentation, Presentation::None);
    till.place.http.page(&till.place.url(&path)).await;
    let Presentation::Code(first) = load(&world, &reference).await.presentation else { panic!("not shown") };
    let after = world.app().gateway.choose(stale, &Method::new("wechat"), "Maple Bakery").await.unwrap();
    assert_eq!((after.choice(), &after.presentation), (2, &Presentation::None));
    let trade_no = till.scanned(&first).await;
    assert_ne!(press(&till, &trade_no).await, 200, "the first code could still be paid");
}

/// Whoever asked a channel decides on the order he asked about. It may have moved on since.
#[tokio::test]
async fn a_word_on_an_old_view_is_decided_on_the_order_as_it_is() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let (reference, path) = page(&till, "amount=2559").await;
    let unchosen = load(&world, &reference).await;
    till.place.post(&path, "method=alipay").await;
    // To the old view this is about a choice nobody has made.
    let shows = Command::Present { choice: 1, presentation: Presentation::Code("shown".into()) };
    let shown = world.app().gateway.apply_to(unchosen, shows, None).await.unwrap();
    assert_eq!((shown.choice(), &shown.presentation), (1, &Presentation::Code("shown".into())));
    let (reference, path) = page(&till, "amount=2558").await;
    till.place.post(&path, "method=alipay").await;
    till.place.http.page(&till.place.url(&path)).await;
    let unpaid = load(&world, &reference).await;
    let Presentation::Code(code) = &unpaid.presentation else { panic!("not shown") };
    assert_eq!(press(&till, &till.scanned(code).await).await, 200);
    let paid = till_paid(&world, &reference).await;
    for outcome in [Outcome::Declined { reason: "no".into() }, Outcome::Pending] {
        let says = Command::ChannelSays { choice: 1, asked: Asked::Query, outcome };
        let after = world.app().gateway.apply_to(unpaid.clone(), says, None).await.unwrap();
        assert_eq!(after, paid, "what the old view said was written over the new one");
    }
}

async fn till_paid(world: &TestWorld, reference: &str) -> Order {
    for _ in 0..200 {
        let order = load(world, reference).await;
        if matches!(order.state, OrderState::Paid { .. }) {
            return order;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{reference} was not paid");
}

#[tokio::test]
async fn a_page_and_a_choice_at_once_leave_no_code_open() {
    let world = TestWorld::new().await;
    let till = till(&world);
    for n in 0..60_u64 {
        let (reference, path) = page(&till, "amount=2500").await;
        till.place.post(&path, "method=alipay").await;
        let url = till.place.url(&path);
        let chooses = async {
            tokio::time::sleep(Duration::from_micros(n * 60)).await;
            till.place.post(&path, "method=wechat").await
        };
        tokio::join!(till.place.http.page(&url), chooses);
        let order = load(&world, &reference).await;
        if order.choice() == 2 {
            // What nobody saw is closed on the side.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let first = format!("{}-{}", order.merchant.0, order.number.0);
            assert_ne!(press(&till, &first).await, 200, "{n}: the choice given up could still be paid");
        }
    }
}

#[tokio::test]
async fn one_refund_sent_many_times_at_once_is_one_refund_for_all() {
    let world = TestWorld::new().await;
    let till = till(&world);
    for own in [Some("R-77"), None] {
        let sale = till.passive("alipay", "").await;
        let bizpay = till.calls(Action::PassivePay, &sale).await.field("bizpay_order_id").to_owned();
        let order_id = field(&sale, "order_id").to_owned();
        let answers = at_once((0..8).map(|_| {
            let (till, order_id) = (till.clone(), order_id.clone());
            async move { till.refunds(&order_id, "100", own).await }
        }))
        .await;
        for answer in &answers {
            assert_eq!(answer.says("SUCCESS").field("order_id"), answers[0].field("order_id"));
        }
        assert_eq!(till.wallets_moved(&bizpay).await, (1000, 100));
    }
}

#[tokio::test]
async fn one_payment_sent_many_times_at_once_charges_once() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.passive("wechat", "").await;
    let answers = at_once((0..8).map(|_| {
        let (till, sale) = (till.clone(), sale.clone());
        async move { till.calls(Action::PassivePay, &sale).await }
    }))
    .await;
    let bizpay = answers[0].field("bizpay_order_id").to_owned();
    assert!(answers.iter().all(|answer| ["SUCCESS", "ORDER_PAID"].contains(&answer.rsp_code.as_str())));
    assert_eq!(till.wallets_moved(&bizpay).await, (1000, 0));
}

/// Numbers are drawn in blocks; two gateways may draw the same. The order that has it keeps its payment.
#[tokio::test]
async fn a_number_that_is_taken_leaves_the_other_order_alone() {
    let world = TestWorld::new().await;
    let till = till(&world);
    for amount_minor in [1200, 1300] {
        let sale = till.active("amount=1200");
        let shown = till.calls(Action::ActivePay, &sale).await;
        let theirs = load(&world, field(&sale, "order_id")).await;
        let mut terms = theirs.terms.clone();
        terms.amount.minor = amount_minor;
        let new = NewOrder {
            merchant: theirs.merchant,
            number: theirs.number,
            room: theirs.room.clone(),
            reference: unique("X"),
            terms,
            presentation: Presentation::None,
            card: None,
        };
        let made = world.app().gateway.create_presented(new, "Maple Bakery").await.unwrap();
        assert_ne!(made.number, theirs.number);
        tokio::time::sleep(Duration::from_millis(100)).await;
        till.payer_pays(shown.field("code_url")).await;
        till.is_told(field(&sale, "order_id")).await;
    }
}

/// The till's line breaks just after it sent: what was stored is carried out all the same.
#[tokio::test]
async fn a_till_that_goes_away_is_charged_no_later() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let host = world.place.url("").replace("http://", "");
    let mut sent = Vec::new();
    for n in 0..80_u64 {
        let sale = till.passive("alipay", "").await;
        let body = till.body(Action::PassivePay, &sale);
        let request = format!(
            "POST /processV2 HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut line = TcpStream::connect(&host).await.unwrap();
        line.write_all(request.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_micros(n * 25)).await;
        drop(line);
        sent.push(field(&sale, "order_id").to_owned());
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    for order_id in sent {
        let answer = till.status(&order_id).await;
        // It may never have arrived; if it did, it was charged at once.
        if answer.rsp_code == "SUCCESS" {
            assert_eq!(answer.field("order_status"), "success", "{order_id}");
        }
    }
}

/// A message that comes while the channel is silent: the order made before is still the answer.
#[tokio::test]
async fn a_repeat_is_answered_while_the_wallet_is_silent() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.active("");
    let first = till.calls(Action::ActivePay, &sale).await;
    let order = load(&world, field(&sale, "order_id")).await;
    let new = NewOrder {
        merchant: order.merchant,
        number: tillgate_core::OrderNo(order.number.0 + 1),
        room: order.room.clone(),
        reference: order.reference.clone(),
        // The flow of a wallet that offers no code: the channel will not prepare it.
        terms: tillgate_core::Terms { flow: tillgate_core::Flow::CustomerPresented, ..order.terms.clone() },
        presentation: Presentation::None,
        card: None,
    };
    let refused = world.app().gateway.create_presented(new, "x").await;
    assert!(format!("{refused:?}").contains("Flow"), "the order it repeats was not looked up: {refused:?}");
    assert_eq!(till.calls(Action::ActivePay, &sale).await.field("code_url"), first.field("code_url"));
}
