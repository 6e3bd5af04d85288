//! QR codes at a terminal: the wallet's word counts, the terminal shows, scans and hears how it went.

use serde_json::json;
use tillgate_protocols::codepay::Method;

use super::counter::terminal;
use super::raw::raw;
use super::till::{COUNTER, Said as _, Till, till};
use crate::harness::TestWorld;

const SHOWN: &str = "pay_scenario=SCANQR_PAY&pay_method_id=Alipay";
const SCANNED: &str = "pay_scenario=BSCANQR_PAY&pay_method_id=WeChatPay";

impl Till {
    /// The wallet's number of the payment behind a code.
    async fn scanned(&self, code: &str) -> String {
        let seen = self.place.post("/sandbox/api/scan", json!({ "code": code }).to_string()).await;
        seen.json["trade_no"].as_str().unwrap_or_else(|| panic!("{}", seen.text())).to_owned()
    }

    async fn payer_presses(&self, code: &str, button: &str) {
        let trade_no = self.scanned(code).await;
        let pressed = self.place.post(&format!("/sandbox/api/payments/{trade_no}/{button}"), "{}").await;
        assert_eq!(pressed.status, 200, "{}", pressed.text());
    }

    pub async fn revokes(&self, number: &str) -> tillgate_protocols::codepay::client::Answer {
        self.calls(Method::Revoke, &format!("merchant_order_no={number}")).await
    }
}

#[tokio::test]
async fn a_code_on_the_screen() {
    let world = TestWorld::new().await;
    let (till, terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let number = till.orders(&format!("{SHOWN}&tip_amount=1.50")).await;
    till.becomes(&number, "0").await;
    let code = terminal.sees("code", 1).await.remove(0).text;
    till.payer_presses(&code, "pay").await;
    let paid = till.becomes(&number, "2").await;
    paid.has(&[
        ("pay_scenario", "SCANQR_PAY"),
        ("pay_method_id", "Alipay"),
        ("paid_amount", "25.5"),
        ("entry_model", ""),
    ]);
    assert!(!paid.field("pay_channel_trans_no").is_empty());
    assert_eq!(till.is_told(&number).await.get("pay_method_id"), Some("Alipay"));
    // The screen is free for the next, which the payer declines.
    let number = till.orders(SHOWN).await;
    let code = terminal.sees("code", 2).await.remove(1).text;
    till.payer_presses(&code, "decline").await;
    till.becomes(&number, "1").await;
    // Card things are not for wallets.
    till.adjusts_tip(&number, "1").await.gives("TG005");
    let paid = till.orders(SHOWN).await;
    let code = terminal.sees("code", 3).await.remove(2).text;
    till.payer_presses(&code, "pay").await;
    till.becomes(&paid, "2").await;
    till.is_refused(
        &format!("trans_type=2&orig_merchant_order_no={paid}&order_amount=24"),
        "TG005",
        "order.revoker",
    )
    .await;
    till.submits_refund(&format!("orig_merchant_order_no={paid}&order_amount=4")).await.gives("0");
    till.closes_batch().await.gives("ET007");
}

/// The cashier gives up what the payer has just paid: the wallet's word counts.
#[tokio::test]
async fn cancelled_at_the_terminal_while_it_is_paid() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    let number = till.orders(SHOWN).await;
    let order = counter.takes().await;
    till.payer_presses(order["biz_data"]["qr_code"].as_str().unwrap(), "pay").await;
    counter.answers(&order, "110", json!({ "trade_no": order["biz_data"]["trade_no"] })).await;
    till.becomes(&number, "2").await;
    let ended = counter.hears("ecrhub.pay.result").await;
    assert_eq!(ended["biz_data"]["trans_status"], 2, "{ended}");
    assert_eq!(ended["biz_data"]["trans_amount"], "24.00");
    // Given up before anybody paid it is closed.
    let number = till.orders(SHOWN).await;
    let order = counter.takes().await;
    counter.answers(&order, "110", json!({})).await;
    till.becomes(&number, "1").await;
    assert_eq!(counter.hears("ecrhub.pay.result").await["biz_data"]["trans_status"], 1);
    // A terminal cannot say that a wallet paid.
    let number = till.orders(SHOWN).await;
    let order = counter.takes().await;
    counter.answers(&order, "000", json!({ "trans_amount": "24.00" })).await;
    counter.hears_nothing_for(300).await;
    assert_eq!(till.status(&number).await, "0");
    till.closes(&number).await.gives("0");
}

#[tokio::test]
async fn a_code_on_the_payers_phone() {
    let world = TestWorld::new().await;
    let (till, terminal) = (till(&world).await, terminal(&world, COUNTER, &["pay", "cancel", "pay"]).await);
    let number = till.orders(SCANNED).await;
    let paid = till.becomes(&number, "2").await;
    paid.has(&[("pay_scenario", "BSCANQR_PAY"), ("pay_method_id", "WeChatPay"), ("paid_amount", "24")]);
    let cancelled = till.orders(SCANNED).await;
    till.becomes(&cancelled, "1").await.has(&[("trans_error_code", "102")]);
    // 51: not enough money.
    let declined = till.orders(&format!("{SCANNED}&order_amount=10.51")).await;
    let seen = till.becomes(&declined, "1").await;
    assert!(!seen.field("trans_error_code").is_empty(), "{seen:?}");
    assert_eq!(terminal.count("order"), 3);
}

/// Twice the same code, a code for another's order, a code nobody knows.
#[tokio::test]
async fn scans_that_are_odd() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let mut counter = raw(&world, COUNTER).await;
    let number = till.orders(SCANNED).await;
    let order = counter.takes().await;
    let trade_no = order["biz_data"]["trade_no"].as_str().unwrap().to_owned();
    let card = till.orders("").await;
    for (trade_no, code) in
        [("1-1", "104"), ("x", "104"), (&*format!("{trade_no}.2"), "104"), (&*format!("2{trade_no}"), "104")]
    {
        counter
            .asks("ecrhub.pay.scan", json!({ "trade_no": trade_no, "payer_code": "134588558514585062" }))
            .await;
        let answer = counter.hears("ecrhub.pay.scan").await;
        assert_eq!(answer["response_code"], code, "{trade_no}: {answer}");
    }
    counter.asks("ecrhub.pay.scan", json!({ "trade_no": trade_no })).await;
    let answer = counter.hears("ecrhub.pay.scan").await;
    assert_eq!(answer["response_code"], "202");
    let made = till.place.post("/sandbox/api/payer-code", r#"{"wallet":"wechat"}"#).await;
    for _ in 0..2 {
        counter
            .asks("ecrhub.pay.scan", json!({ "trade_no": trade_no, "payer_code": made.json["code"] }))
            .await;
    }
    till.becomes(&number, "2").await;
    let mut heard = Vec::new();
    for _ in 0..4 {
        heard.push(counter.hears_any().await["topic"].as_str().unwrap().to_owned());
    }
    heard.sort();
    assert_eq!(heard, ["ecrhub.pay.order", "ecrhub.pay.result", "ecrhub.pay.scan", "ecrhub.pay.scan"]);
    drop(counter);
    let _terminal = terminal(&world, COUNTER, &[]).await;
    till.becomes(&card, "2").await;
}

#[tokio::test]
async fn whatever_became_of_it_is_cancelled() {
    let world = TestWorld::new().await;
    let (till, terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let paid = till.orders(SHOWN).await;
    let code = terminal.sees("code", 1).await.remove(0).text;
    till.payer_presses(&code, "pay").await;
    let seen = till.becomes(&paid, "2").await;
    till.revokes(&paid).await.gives("0").has(&[("trans_no", seen.field("trans_no"))]);
    till.becomes(&paid, "3").await;
    till.revokes(&paid).await.gives("0");
    till.submits_refund(&format!("orig_merchant_order_no={paid}&order_amount=1")).await.gives("TG005");
    let open = till.orders(SHOWN).await;
    terminal.sees("code", 2).await;
    till.revokes(&open).await.gives("0");
    assert_eq!(till.status(&open).await, "1");
    let card = till.is_paid("").await;
    till.revokes(&card).await.gives("TG005").names("void");
    assert_eq!(till.status(&card).await, "2");
    till.revokes("nobody").await.gives("E04111");
    // A part has gone back already: the rest does.
    let part = till.orders(SHOWN).await;
    let code = terminal.sees("code", 3).await.remove(2).text;
    till.payer_presses(&code, "pay").await;
    till.becomes(&part, "2").await;
    till.submits_refund(&format!("merchant_order_no=R-{part}&orig_merchant_order_no={part}&order_amount=4"))
        .await
        .gives("0");
    till.refund_becomes(&format!("R-{part}"), "2").await;
    let answer = till.revokes(&part).await;
    assert!(
        ["TG005", "E04126"].contains(&answer.code.as_str()),
        "what was given back is not given twice: {answer:?}"
    );
}
