//! A page of ours where the payer chooses his wallet; no browser here, the page's forms by hand.

use serde_json::Value;
use tillgate_core::Method;
use tillgate_protocols::ottpay::Action;
use tillgate_store::OrderKey;

use super::till::{SOON, Said as _, Till, field, till};
use crate::harness::{TestWorld, eventually};

struct Checkout {
    till: Till,
    order_id: String,
    nonce: String,
}

impl Checkout {
    async fn open(till: &Till, changes: &str) -> Self {
        let sale = till.prepay(changes);
        let made = till.calls(Action::PrepayInit, &sale).await;
        let page = made.says("SUCCESS").field("payInfo");
        assert_eq!(page, made.field("payinfo"));
        let nonce = page.strip_prefix(&till.place.url("/pay/")).unwrap_or_else(|| panic!("{page}"));
        assert_eq!(made.field("expire_time").len(), 14);
        Self {
            till: till.clone(),
            order_id: field(&sale, "prepay_order_id").to_owned(),
            nonce: nonce.to_owned(),
        }
    }

    async fn page(&self) -> String {
        let url = self.till.place.url(&format!("/pay/{}", self.nonce));
        self.till.place.http.page(&url).await.text()
    }

    async fn news(&self) -> Value {
        self.till.place.get(&format!("/pay/{}/status", self.nonce)).await.json
    }

    async fn chooses(&self, wallet: &str) {
        let path = format!("/pay/{}", self.nonce);
        let answer = self.till.place.post(&path, format!("method={wallet}")).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
    }

    /// What a scan of the code on the page would read.
    async fn code(&self, world: &TestWorld) -> String {
        self.page().await;
        let key = OrderKey::Reference { room: "ottpay", reference: &self.order_id };
        let credential = world.store().load_credential("ottpay", "QC00005496").await.unwrap().unwrap();
        let order = world.store().load_order(credential.merchant, key).await.unwrap().unwrap();
        match order.presentation {
            tillgate_core::Presentation::Code(text) => text,
            other => panic!("{other:?}"),
        }
    }

    async fn asks(&self) -> tillgate_protocols::ottpay::client::Answer {
        self.till.calls(Action::PrepayQuery, &vec![("prepay_order_id", self.order_id.clone())]).await
    }
}

#[tokio::test]
async fn the_payer_chooses_pays_and_goes_back() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let checkout = Checkout::open(&till, "email=ann@example.com&remarks=gift").await;
    assert_eq!(checkout.news().await["state"], "choosing");
    assert_eq!(checkout.asks().await.says("SUCCESS").field("status"), "PROCESSING");
    checkout.chooses("wechat").await;
    assert_eq!(checkout.news().await["state"], "waiting");
    let code = checkout.code(&world).await;
    assert!(code.starts_with("weixin://"), "{code}");
    till.payer_pays(&code).await;
    let told = till.is_told(&checkout.order_id).await;
    for (name, value) in [("amount", "2500"), ("tip", "0"), ("sale_num", "17"), ("order_status", "success")] {
        assert_eq!(told.get(name), Some(value), "{name}");
    }
    let news = checkout.news().await;
    let back = news["return_url"].as_str().unwrap();
    let bizpay = till.status(&checkout.order_id).await.field("bizpay_order_id").to_owned();
    for part in [
        "/thanks?basket=7&",
        "total_fee=2500",
        &format!("out_trade_no={}", checkout.order_id),
        "trade_status=Trade_Finished",
        "trade_no=",
    ] {
        assert!(back.contains(part), "{back}");
    }
    assert!(bizpay.starts_with("WX"));
    let asked = checkout.asks().await;
    for (name, value) in [
        ("status", "SUCCESS"),
        ("amount", "2500"),
        ("tip", "0"),
        ("sale_num", "17"),
        ("currency_type", "CAD"),
        ("prepay_order_id", &checkout.order_id),
    ] {
        assert_eq!(asked.says("SUCCESS").field(name), value, "{name}");
    }
}

#[tokio::test]
async fn another_wallet_may_be_chosen_and_the_first_code_is_closed() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let checkout = Checkout::open(&till, "").await;
    checkout.chooses("alipay").await;
    let first = checkout.code(&world).await;
    checkout.chooses("unionpay").await;
    let news = checkout.news().await;
    assert_eq!((&news["state"], &news["choice"]), (&Value::from("waiting"), &Value::from(2)));
    let second = checkout.code(&world).await;
    assert_ne!(first, second);
    let trade_no = till.scanned(&first).await;
    let refused = till.place.post(&format!("/sandbox/api/payments/{trade_no}/pay"), "{}").await;
    assert_ne!(refused.status, 200, "a closed code was paid: {}", refused.text());
    till.payer_pays(&second).await;
    let bizpay = till.is_told(&checkout.order_id).await.get("bizpay_order_id").unwrap().to_owned();
    assert!(bizpay.starts_with("UP"), "{bizpay}");
    assert_eq!(till.wallets_moved(&bizpay).await, (2500, 0));
}

/// Rule 55: this wallet reports a payment after it said it had closed it. The payer pays with the other one too:
/// the first money goes back, the second counts.
#[tokio::test]
async fn late_money_of_a_choice_given_up_goes_back() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let checkout = Checkout::open(&till, "amount=2555").await;
    checkout.chooses("alipay").await;
    let first = till.scanned(&checkout.code(&world).await).await;
    checkout.chooses("wechat").await;
    let bizpay = till.status(&checkout.order_id).await.field("bizpay_order_id").to_owned();
    eventually("the late money came and went back", SOON, async || {
        (till.wallets_moved(&bizpay).await == (2555, 2555)).then_some(())
    })
    .await;
    assert!(!first.contains('.'), "{first}");
    assert_eq!(till.order_status(&checkout.order_id).await, "init");
    till.payer_pays(&checkout.code(&world).await).await;
    till.is_told(&checkout.order_id).await;
    assert_eq!(till.wallets_moved(&bizpay).await, (5110, 2555));
    assert_eq!(till.order_status(&checkout.order_id).await, "success");
}

#[tokio::test]
async fn nonsense_on_the_page_chooses_nothing() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let checkout = Checkout::open(&till, "").await;
    for wallet in ["", "cash", "ALIPAY", "alipay%00"] {
        checkout.chooses(wallet).await;
        assert_eq!(checkout.news().await["state"], "choosing", "{wallet}");
    }
    let unknown = till.place.post("/pay/0000", "method=alipay").await;
    assert_eq!(unknown.status, 404);
    // A page whose wallet the shop has chosen takes no other.
    let order = world.merchant().sells("12.00").online().await;
    till.place.post(&format!("/pay/{}", order.nonce), "method=wechat").await;
    order.page().await;
    assert_eq!(order.query().await["payment_method"], "alipay");
    order.cancels().await;
    let key = OrderKey::Reference { room: "latipay", reference: &order.reference };
    let merchant = world.store().load_credential("latipay", "U000334333").await.unwrap().unwrap().merchant;
    let kept = world.store().load_order(merchant, key).await.unwrap().unwrap();
    assert_eq!(kept.choices, [Method::new("alipay")]);
}

#[tokio::test]
async fn an_expired_page_is_closed() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let checkout = Checkout::open(&till, "duration=1").await;
    eventually("closed", SOON, async || {
        (checkout.asks().await.field("status") == "ORDERCLOSE").then_some(())
    })
    .await;
    assert_eq!(checkout.news().await["state"], "expired");
    assert_eq!(till.order_status(&checkout.order_id).await, "orderclosed");
    till.calls(Action::PrepayQuery, &vec![("prepay_order_id", "nobody".into())])
        .await
        .says("PARAM_ERROR")
        .names("prepay_order_id");
    let sale = till.active("");
    till.calls(Action::ActivePay, &sale).await.says("SUCCESS");
    let order_id = field(&sale, "order_id").to_owned();
    till.calls(Action::PrepayQuery, &vec![("prepay_order_id", order_id)]).await.says("ORDER_TYPE_ERROR");
}
