//! The till shows a code, the payer scans it, the merchant is called back.

use tillgate_protocols::ottpay::Action;
use tillgate_store::{OrderKey, OrderSearch};

use super::till::{Said as _, changed, field, till};
use crate::harness::{Reply, TestWorld, eventually, pause_ms};

#[tokio::test]
async fn a_code_is_paid_and_the_callback_tells_all() {
    let world = TestWorld::new().await;
    let till = till(&world);
    for (biz_type, prefix) in [("ALIPAY", "AL"), ("WECHATPAY", "WX"), ("UNIONPAY", "UP")] {
        let sale = till.active(&format!("biz_type={biz_type}&tip=150&order_remark=two loaves"));
        let order_id = field(&sale, "order_id");
        let shown = till.calls(Action::ActivePay, &sale).await;
        assert_eq!(shown.says("SUCCESS").field("order_id"), order_id);
        let status = till.status(order_id).await;
        assert_eq!(status.says("SUCCESS").field("order_status"), "notpay");
        assert_eq!(status.field("payInfo"), shown.field("code_url"));
        till.payer_pays(shown.field("code_url")).await;

        let told = till.is_told(order_id).await;
        let bizpay = shown.field("bizpay_order_id");
        for (name, value) in [
            ("order_id", order_id),
            ("amount", "1200"),
            ("tip", "150"),
            ("bizpay_order_id", bizpay),
            ("merchant_id", "QC00005496"),
            ("order_status", "success"),
            ("exchange_rate", "5.25000000"),
        ] {
            assert_eq!(told.get(name), Some(value), "{name}");
        }
        assert!(bizpay.starts_with(prefix));
        assert!(told.get("finish_time").is_some_and(|time| time.len() == 14));
        let status = till.status(order_id).await;
        for (name, value) in [("order_status", "success"), ("total_amount", "1350"), ("tip", "150")] {
            assert_eq!(status.field(name), value, "{name}");
        }
        assert_eq!(till.wallets_moved(bizpay).await, (1350, 0));
    }
}

/// The tip is owed apart, the fee comes out of the sale.
#[tokio::test]
async fn a_tip_has_its_own_account_in_the_ledger() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.active("tip=300");
    let shown = till.calls(Action::ActivePay, &sale).await;
    till.payer_pays(shown.field("code_url")).await;
    till.is_told(field(&sale, "order_id")).await;
    let lines = crate::harness::checks::rows(
        &crate::harness::checks::connect(&world.place.database),
        "SELECT account, amount_minor FROM postings ORDER BY account",
    );
    assert_eq!(
        lines,
        [
            "channel_receivable:alipay 1500",
            "fee_income -18",
            "merchant_payable:QC00005496-CAD -1182",
            "tips_payable:QC00005496-CAD -300",
        ]
    );
}

#[tokio::test]
async fn the_same_order_again_shows_the_same_code() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.active("");
    let first = till.calls(Action::ActivePay, &sale).await;
    let again = till.calls(Action::ActivePay, &sale).await;
    assert_eq!(again.says("SUCCESS").field("code_url"), first.field("code_url"));
    for other in ["amount=1201", "tip=1", "biz_type=WECHATPAY", "operator_id=other", "order_remark=x"] {
        till.calls(Action::ActivePay, &changed(sale.clone(), other)).await.says("ORDER_USED");
    }
    till.payer_pays(first.field("code_url")).await;
    till.is_told(field(&sale, "order_id")).await;
    till.calls(Action::ActivePay, &sale).await.says("ORDER_PAID");
    // What the repeats prepared at the wallet was closed again: one payment is known there as open or paid.
    eventually("the unseen codes are closed", super::till::SOON, async || {
        let all = world.place.get("/sandbox/api/payments").await.json;
        let open = all.as_array().unwrap().iter().filter(|view| view["state"] == "pending").count();
        (open == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_number_is_made_where_none_is_given() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = changed(till.active(""), "-order_id");
    let (a, b) = (till.calls(Action::ActivePay, &sale).await, till.calls(Action::ActivePay, &sale).await);
    assert_ne!(a.says("SUCCESS").field("order_id"), b.says("SUCCESS").field("order_id"));
    assert_eq!(till.order_status(a.field("order_id")).await, "notpay");
}

#[tokio::test]
async fn operators_and_terminals_are_kept_and_found() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let ann = till.active("operator_id=ann");
    let bob = till.active("operator_id=bob");
    for sale in [&ann, &bob] {
        till.calls(Action::ActivePay, sale).await.says("SUCCESS");
    }
    let key = OrderKey::Reference { room: "ottpay", reference: field(&ann, "order_id") };
    let merchant = world.store().load_credential("ottpay", "QC00005496").await.unwrap().unwrap().merchant;
    let order = world.store().load_order(merchant, key).await.unwrap().unwrap();
    assert_eq!((order.terms.operator.as_str(), order.terms.terminal.as_str()), ("ann", "T-07"));
    for (operator, terminal, count) in [("ann", "", 1), ("", "T-07", 2), ("bob", "T-07", 1), ("eve", "", 0)] {
        let search = OrderSearch {
            operator: operator.into(),
            terminal: terminal.into(),
            limit: 10,
            ..OrderSearch::default()
        };
        let found = world.store().search_orders(merchant, &search).await.unwrap();
        assert_eq!(found.len(), count, "{operator} {terminal}");
    }
}

/// Only a payment is told; a FAIL in the merchant's words is no receipt.
#[tokio::test]
async fn a_callback_is_repeated_until_it_is_acknowledged() {
    let mut world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.active("");
    let order_id = field(&sale, "order_id");
    let no = Reply::Status(200, r#"{"rsp_code":"FAIL"}"#);
    let yes = Reply::Status(200, r#"{"rsp_code":"SUCCESS"}"#);
    world.place.receiver.answers(&format!("/told/{order_id}"), &[no, yes]);
    let shown = till.calls(Action::ActivePay, &sale).await;
    till.payer_pays(shown.field("code_url")).await;
    till.is_told(order_id).await;
    pause_ms(300).await;
    assert_eq!(till.callbacks(order_id).len(), 1);
    // The second try is due in 15 s; a restart with all leases ended does not wait for it.
    world.crash().await;
    world.start().await;
    eventually("told again", super::till::SOON, async || (till.callbacks(order_id).len() == 2).then_some(()))
        .await;
    let bodies = world.place.receiver.received_at(&format!("/told/{order_id}"));
    assert_eq!(bodies[0].body, bodies[1].body);
    assert_eq!(bodies[0].content_type, "application/json");
}

#[tokio::test]
async fn what_was_not_paid_is_not_told() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.active("amount=1251");
    let shown = till.calls(Action::ActivePay, &sale).await;
    till.payer_pays(shown.field("code_url")).await;
    till.becomes(field(&sale, "order_id"), "failure").await;
    pause_ms(300).await;
    assert_eq!(till.callbacks(field(&sale, "order_id")), []);
}
