//! Notifications as merchants of both rooms get them, those of the documents and one who came later.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Response};
use tillgate_core::MerchantId;
use tillgate_protocols::codepay::{self as codepay_room, PrivateKey, client as codepay_client};
use tillgate_protocols::latipay::{ApiKey, Settings, sign};
use tillgate_protocols::ottpay::{self as ott_room, SignKey};
use tillgate_protocols::wire::json::Value;
use tower::ServiceExt as _;

use crate::app::{self, App};
use crate::clock;
use crate::config::Config;
use crate::database;
use crate::http::router;
use crate::rooms::{latipay, new_key, ottpay};
use crate::sandbox::Sandbox;
use crate::sandbox::codepay;
use crate::sandbox::merchants::{self, DOCUMENT_KEY, OTTPAY_KEY};
use tillgate_store::Credential;

/// A sandbox that listens nowhere.
async fn sandbox() -> (Arc<App>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::load(None).unwrap();
    config.data_dir = dir.path().to_owned();
    config.public_url = "http://127.0.0.1:1".into();
    let opened = database::open(&config).await.unwrap();
    merchants::seed(&*opened.store, &opened.vault).await.unwrap();
    let sandbox = Sandbox::open(&config.data_dir, &config.public_url).unwrap();
    let key = app::gateway_key(&*opened.store, &opened.vault).await.unwrap();
    let assembled = app::assemble(config, opened, Some(sandbox), key).unwrap();
    (assembled.app, dir)
}

async fn joins(app: &App, room: &str, login: &str, settings: String, secret: &str) {
    let store = &app.gateway.store;
    let merchant = store.add_merchant("Late Ltd", clock::now()).await.unwrap();
    let credential = Credential {
        merchant,
        merchant_name: "Late Ltd".into(),
        room: room.into(),
        login: login.into(),
        name: "Late".into(),
        enabled: true,
        settings,
        keys: Vec::new(),
        accounts: Vec::new(),
    };
    store.put_credential(credential).await.unwrap();
    let key = new_key(&app.vault, room, login, secret).unwrap();
    store.add_key(merchant, room, login, key).await.unwrap();
    assert!(merchant > MerchantId(merchants::COUNT));
}

async fn sends(app: &Arc<App>, content_type: &str, body: &str) -> Response<Body> {
    let request = Request::post("/sandbox/receiver/notify").header("content-type", content_type);
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let Ok(response) = router::router(app.clone()).oneshot(request).await;
    response
}

async fn text(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.into()).unwrap()
}

/// What the receiver says of the newest.
fn verdict(app: &App) -> (Option<bool>, String) {
    let newest = app.sandbox.as_ref().unwrap().receiver.notifications().remove(0);
    (newest.verdict, newest.verdict_text)
}

fn form(key: &str) -> String {
    let values = ["r-1", "alipay", "paid", "NZD", "12.00"];
    let signature = sign::sign_values(&values, &ApiKey::new(key));
    format!(
        "merchant_reference=r-1&payment_method=alipay&status=paid&currency=NZD&amount=12.00&signature={signature}"
    )
}

fn sealed(merchant_id: &str, key: &str) -> String {
    let fields = [
        ("order_id", "o-1"),
        ("order_status", "success"),
        ("amount", "1200"),
        ("tip", "300"),
        ("merchant_id", merchant_id),
    ];
    let sealed = ott_room::sign::seal(&fields, &SignKey::new(key)).unwrap();
    serde_json::json!({
        "rsp_code": "SUCCESS", "rsp_msg": "success", "merchant_id": merchant_id, "data": sealed.data, "md5": sealed.md5,
    })
    .to_string()
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

#[tokio::test]
async fn a_merchant_added_later_is_checked_with_his_own_key() {
    let (app, _dir) = sandbox().await;
    let (latipay_key, ottpay_key) = ("a-key-of-his-own", "0123456789ABCDEF0123456789ABCDEF");
    let holds = |who: &str| (Some(true), who.to_owned());

    sends(&app, FORM, &form(DOCUMENT_KEY)).await;
    assert_eq!(verdict(&app).0, Some(true));
    sends(&app, FORM, &form(latipay_key)).await;
    assert_eq!(verdict(&app).0, Some(false));
    let settings = serde_json::to_string(&Settings::default()).unwrap();
    joins(&app, latipay::ROOM, "U900000001", settings, latipay_key).await;
    sends(&app, FORM, &form(latipay_key)).await;
    assert_eq!(verdict(&app), holds("signed for U900000001"));

    sends(&app, JSON, &sealed("QC00005497", OTTPAY_KEY)).await;
    assert_eq!(verdict(&app), holds("opened and digest holds for QC00005497"));
    sends(&app, JSON, &sealed("QC90000001", ottpay_key)).await;
    assert_eq!(verdict(&app).0, Some(false));
    let settings = serde_json::to_string(&ott_room::Settings::default()).unwrap();
    joins(&app, ottpay::ROOM, "QC90000001", settings, ottpay_key).await;
    sends(&app, JSON, &sealed("QC90000001", ottpay_key)).await;
    assert_eq!(verdict(&app), holds("opened and digest holds for QC90000001"));
    // A key opens only what is about its own merchant.
    sends(&app, JSON, &sealed("QC00005496", ottpay_key)).await;
    assert_eq!(verdict(&app).0, Some(false));
}

#[tokio::test]
async fn each_protocol_gets_the_receipt_it_asks_for_and_is_shown_readable() {
    let (app, _dir) = sandbox().await;
    let answer = sends(&app, FORM, &form(DOCUMENT_KEY)).await;
    assert_eq!((answer.status().as_u16(), text(answer).await.as_str()), (200, ""));
    let body = sealed("QC00005496", OTTPAY_KEY);
    let answer = sends(&app, JSON, &body).await;
    assert!(ott_room::acknowledged(answer.status().as_u16(), text(answer).await.as_bytes()));
    assert_eq!(text(sends(&app, JSON, &body).await).await, r#"{"rsp_code":"SUCCESS"}"#);

    let request = Request::get("/sandbox/receiver?lang=en").body(Body::empty()).unwrap();
    let Ok(shown) = router::router(app.clone()).oneshot(request).await;
    let html = text(shown).await;
    assert_eq!(html.matches("Opened and digest holds for QC00005496").count(), 2);
    assert!(html.contains("Signature holds") && html.contains("Attempt 2"));
    assert!(html.contains("<dd>o-1</dd>") && html.contains("<dt>tip</dt><dd>300</dd>"), "{html}");
}

/// A callback as the gateway makes it, signed with a key.
fn callback(key: &PrivateKey) -> String {
    let text = |text: &'static str| Value::Text(text.into());
    let fields = [
        ("app_id", text(codepay::APP_ID)),
        ("merchant_no", text(codepay::MERCHANT_NO)),
        ("merchant_order_no", text("c-1")),
        ("trans_type", Value::Number("1")),
        ("trans_status", Value::Number("2")),
        ("trans_amount", Value::Number("28.32")),
        ("price_currency", text("USD")),
    ];
    codepay_client::json_body(&fields, Some(key))
}

#[tokio::test]
async fn a_terminals_callback_counts_with_the_gateways_signature_only() {
    let (app, _dir) = sandbox().await;
    let body = callback(&app.codepay.key);
    let answer = sends(&app, JSON, &body).await;
    assert!(codepay_room::acknowledged(answer.status().as_u16(), text(answer).await.as_bytes()));
    assert_eq!(verdict(&app), (Some(true), "signed by the gateway for 302300000926".into()));
    for forged in [
        body.replace("28.32", "0.01"),
        callback(&codepay::app_key().unwrap()),
        body.split(",\"sign\"").next().unwrap().to_owned() + "}",
    ] {
        assert_ne!(forged, body);
        sends(&app, JSON, &forged).await;
        assert_eq!(verdict(&app).0, Some(false), "{forged}");
    }
    let request = Request::get("/sandbox/receiver?lang=en").body(Body::empty()).unwrap();
    let Ok(shown) = router::router(app.clone()).oneshot(request).await;
    let html = text(shown).await;
    assert_eq!(html.matches("Signature does not hold").count(), 3);
    assert!(html.contains("2 · Paid") && html.contains("USD 28.32"), "{html}");
}
