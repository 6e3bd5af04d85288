//! Every code of the table, triggered once over HTTP.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use tillgate::channels::{Channel, Channels, Wire};
use tillgate::gateway::Gateway;
use tillgate::http::router;
use tillgate::{app, database, sandbox};
use tillgate_channels::{Answer as Said, Call, Callback, Capabilities, WalletChannel};
use tillgate_core::{Account, Currency, FeePlan, Flow, Method};
use tillgate_protocols::latipay::{Route, client, codes};
use tillgate_store::{Credential, NewKey};
use tower::ServiceExt as _;
use zeroize::Zeroizing;

use crate::harness::world::sandbox_config;
use crate::harness::{Answer, KEY, Merchant, TestWorld, eventually, logs};

const CODE: &str = "134588558514585062";

/// A merchant of whom the sandbox knows nothing.
async fn adds(
    world: &TestWorld,
    user_id: &str,
    enabled: bool,
    with_key: bool,
    accounts: Vec<Account>,
) -> Merchant {
    let (store, now) = (world.store(), tillgate::clock::now());
    let merchant = store.add_merchant(user_id, now).await.unwrap();
    let wallet_id = accounts.first().map_or_else(String::new, |account| account.code.clone());
    let credential = Credential {
        merchant,
        merchant_name: user_id.into(),
        room: "latipay".into(),
        login: user_id.into(),
        name: user_id.into(),
        enabled,
        settings: "{}".into(),
        keys: Vec::new(),
        accounts,
    };
    store.put_credential(credential).await.unwrap();
    if with_key {
        let sealed = world.app().vault.seal(&tillgate::rooms::key_place("latipay", user_id), KEY).unwrap();
        let key = NewKey { sealed, created_at: now, old_valid_until: now };
        store.add_key(merchant, "latipay", user_id, key).await.unwrap();
    }
    Merchant::new(world.place.clone(), user_id, &wallet_id)
}

fn account(code: &str, currency: &str, methods: &[&str], fees: Option<FeePlan>) -> Account {
    Account {
        code: code.into(),
        name: code.into(),
        currency: Currency::from_code(currency).unwrap(),
        methods: methods.iter().map(|method| Method::new(method)).collect(),
        fees,
        payment_limit_minor: None,
    }
}

#[derive(Default)]
struct Seen(BTreeSet<i64>);

impl Seen {
    fn note(&mut self, answer: Answer, code: i64, names: &str) {
        answer.gives(code).names(names);
        self.0.insert(code);
    }
}

async fn codes_of_a_new_order(world: &TestWorld, seen: &mut Seen) {
    let sells = || world.merchant().sells("5.00");
    let route = Route::Transaction;
    for (name, value, code) in [
        ("product_name", "", 204),
        ("amount", "5.001", 207),
        ("currency", "AUD", 301),
        ("payment_method", "bitcoin", 303),
        ("payment_method", "moneymore", 304),
        ("wallet_id", "W000000023", 450),
        ("amount", "1000000.01", 454),
    ] {
        seen.note(sells().but(name, value).sent_to(route).await, code, name);
    }
    seen.note(world.place.post("/v2/transaction", "[]").await, 3, "data error");
    let nobody = Merchant::new(world.place.clone(), "U999999999", "W00000001");
    seen.note(nobody.sells("5.00").sent_to(route).await, 110, "user_id");
    let wrong = world.merchant().with_key("333222111");
    seen.note(wrong.sells("5.00").sent_to(route).await, 206, "ignature");
    let nzd = || vec![account("W1", "NZD", &["alipay"], Some(FeePlan::rate(1)))];
    seen.note(adds(world, "U1", true, false, nzd()).await.sells("5.00").sent_to(route).await, 205, "user_id");
    seen.note(adds(world, "U2", false, true, nzd()).await.sells("5.00").sent_to(route).await, 205, "user_id");
    let free = vec![account("W3", "NZD", &["alipay"], None)];
    seen.note(adds(world, "U3", true, true, free).await.sells("5.00").sent_to(route).await, 305, "wallet_id");
    let yen = vec![account("W4", "JPY", &["alipay"], Some(FeePlan::rate(1)))];
    seen.note(adds(world, "U4", true, true, yen).await.sells("5").sent_to(route).await, 301, "wallet_id");
    let wechat_only = vec![account("W5", "NZD", &["wechat"], Some(FeePlan::rate(1)))];
    let wechat_only = adds(world, "U5", true, true, wechat_only).await;
    seen.note(wechat_only.sells("5.00").sent_to(route).await, 304, "payment_method");
    assert_eq!(wechat_only.asks_detail("W5").await.gives(0).json["payment_method"], "Wechat");
    seen.note(wechat_only.asks_detail("W00000001").await, 450, "wallet_id");
    assert_eq!(
        world.merchant().asks_detail("W00000001").await.gives(0).json["payment_method"],
        "Alipay,Wechat,Upi_upop"
    );
}

async fn codes_of_an_order(world: &TestWorld, seen: &mut Seen) {
    let merchant = world.merchant();
    seen.note(merchant.queries("nothing").await, 201, "merchant_reference");
    let silent = merchant.sells("5.60").at_the_till().await;
    seen.note(silent.gatewaydata().await, 1, "FAIL");
    seen.note(silent.refunds("1.00").await, 558, "order_id");

    let paid = merchant.sells("5.00").by_bar_code(CODE).await;
    paid.becomes("paid").await;
    seen.note(paid.cancels().await, 900, "merchant_reference");
    seen.note(paid.refunds("5.01").await, 550, "refund_amount");
    seen.note(paid.refunds("0").await, 550, "refund_amount");
    seen.note(merchant.refunds("S1", "1.00", "").await, 551, "order_id");
    seen.note(paid.refunds("4.00").await, 0, "SUCCESS");
    seen.note(paid.refunds("4.00").await, 562, "reference");
    seen.note(paid.refunds("1.01").await, 559, "refund_amount");
    let kept = merchant.sells("5.58").by_bar_code(CODE).await;
    kept.becomes("paid").await;
    seen.note(kept.refunds("5.58").await, 556, "declined");
    let failed = merchant.sells("5.51").by_bar_code(CODE).await;
    failed.becomes("failed").await;
    seen.note(failed.cancels().await, 901, "merchant_reference");
    eventually("the wallet talks sense again", Duration::from_secs(9), async || {
        (silent.gatewaydata().await.code() == 0).then_some(())
    })
    .await;
}

/// A wallet that can only be shown on a page of ours.
#[derive(Debug)]
struct PagesOnly(Capabilities);

impl WalletChannel for PagesOnly {
    fn name(&self) -> &str {
        "pages only"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.0
    }

    fn encode(&self, _: &Call) -> Vec<u8> {
        Vec::new()
    }

    fn decode(&self, _: &Call, _: &[u8]) -> Said {
        Said::NeverHeardOf
    }

    fn decode_callback(&self, _: &[u8]) -> Option<Callback> {
        None
    }
}

#[derive(Debug)]
struct NoWire;

impl Wire for NoWire {
    fn send(&self, _: Zeroizing<Vec<u8>>) -> Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send + '_>> {
        Box::pin(std::future::ready(None))
    }
}

/// The answer of a gateway that has this one channel.
async fn without_a_gateway_for_tills(seen: &mut Seen, sale: crate::harness::sale::Sale) {
    let dir = tempfile::tempdir().unwrap();
    let config = sandbox_config(&dir);
    let opened = database::open(&config).await.unwrap();
    let store = opened.store.clone();
    sandbox::merchants::seed(&*store, &opened.vault).await.unwrap();
    let key = app::gateway_key(&*store, &opened.vault).await.unwrap();
    let app = app::assemble(config, opened, None, key).unwrap().app;
    let mut app = Arc::into_inner(app).expect("nobody else holds it yet");
    let capabilities = Capabilities {
        methods: vec![Method::new("alipay")],
        flows: vec![Flow::HostedPage],
        refund_number_is_key: true,
    };
    let channel = Channel { codec: Arc::new(PagesOnly(capabilities)), wire: Arc::new(NoWire) };
    let channels = Channels::new(vec![channel], None, Duration::from_secs(1));
    let (gateway, _queues) = Gateway::new(store, None, channels);
    app.gateway = gateway;
    let body = client::signed_body(Route::Transaction, &sale.pairs(), &sale.merchant.api_key());
    let request = Request::post("/v2/transaction").body(Body::from(body)).unwrap();
    let response = router::router(Arc::new(app)).oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 65_536).await.unwrap().to_vec();
    let answer = Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        json: serde_json::from_slice(&body).unwrap(),
        body,
        took: Duration::ZERO,
    };
    seen.note(answer, 300, "payment_method");
}

#[tokio::test]
async fn every_code_of_the_table() {
    logs::start();
    let mut seen = Seen::default();
    let world = TestWorld::new().await;
    codes_of_a_new_order(&world, &mut seen).await;
    codes_of_an_order(&world, &mut seen).await;
    let no_wallets = TestWorld::without_wallets().await;
    let refused = no_wallets.merchant().sells("5.00").sent_to(Route::Transaction).await;
    seen.note(refused, 302, "payment_method");
    without_a_gateway_for_tills(&mut seen, world.merchant().sells("5.00").but("host_type", "1")).await;

    let table: BTreeSet<i64> = codes::CODES.iter().map(|row| row.code.into()).collect();
    let documented = [
        0, 1, 3, 110, 201, 204, 205, 206, 207, 300, 301, 302, 303, 304, 305, 450, 454, 550, 551, 556, 558,
        559, 562, 900, 901,
    ];
    assert_eq!(table, BTreeSet::from(documented));
    assert_eq!(seen.0, table);
}
