//! CodePay in the sandbox: an app that signs, one that does not, a merchant, a store and two terminals. Their keys are
//! known to everyone; a live gateway refuses them.

use anyhow::{Context as _, Result};
use axum::body::Body;
use axum::http::{Response, StatusCode};
use tillgate_channels::{ALIPAY, CARD, UNIONPAY, WECHAT};
use tillgate_core::{Account, Currency, FeePlan, MerchantId, Method, Timestamp};
use tillgate_protocols::codepay::{self, AesKey, PrivateKey, client};
use tillgate_protocols::wire::json::Value;
use tillgate_store::{Credential, Store};

use super::routes::Desk;
use crate::http::typed;
use crate::pages::{CodePayCredentials, ProtocolPaths, asset_url};
use crate::rooms::codepay::{
    AppSettings, Authentication, KnownMerchant, MERCHANTS, MerchantSettings, ROOM, StoreEntry, TERMINALS,
    TerminalSettings, seal_card_key,
};
use crate::rooms::new_key;
use crate::vault::Vault;
use crate::{clock, random};

/// The app of the document's samples; it signs.
pub const APP_ID: &str = "wz6012822ca2f1as78";
/// The same for one that has a password.
pub const BASIC_APP_ID: &str = "wze0fcae4016b4da15";
pub const BASIC_SECRET: &str = "sandbox:tillgate-sandbox";
/// The AES key that the app which signs may encrypt cards with, in base64.
pub const CARD_KEY: &str = "c2FuZGJveC1jYXJkLWtleS0wMTIzNDU2Nzg5YWJjZGU=";
pub const MERCHANT_NO: &str = "302300000926";
pub const MERCHANT_NAME: &str = "Harbor Grill";
pub const STORE_NO: &str = "4123000005";
pub const STORE_NAME: &str = "Main Street";
/// Serial number, name, secret.
pub const SANDBOX_TERMINALS: [(&str, &str, &str); 2] = [
    ("WPYB002248000865", "Counter", "sandbox-terminal-865"),
    ("WPYB002248000866", "Terrace", "sandbox-terminal-866"),
];
pub const CURRENCIES: [&str; 3] = ["USD", "JPY", "CAD"];

/// The private half of the app's key pair, which in life only the app has.
const APP_KEY: &str = include_str!("codepay-app.key");

const GATEWAY_KEY_PATH: &str = "/codepay/public-key";
/// Where the page has the app's.
pub const APP_KEY_PATH: &str = "/sandbox/codepay-app.key";

/// `GET /sandbox/codepay-app.key`: base64 on one line.
pub async fn show_app_key(_: Desk) -> Response<Body> {
    let text: String = APP_KEY.split_ascii_whitespace().collect();
    typed(StatusCode::OK, "text/plain; charset=utf-8", format!("{text}\n"))
}

pub fn card_key() -> Result<AesKey> {
    AesKey::from_text(CARD_KEY).context("the sandbox app's card key")
}

pub fn app_key() -> Result<PrivateKey> {
    PrivateKey::from_text(APP_KEY).context("the sandbox app's key")
}

/// Every secret here, by its directory.
pub fn printed_keys() -> Result<Vec<(&'static str, String)>> {
    let mut printed = vec![(ROOM, app_key()?.public().to_text()), (ROOM, BASIC_SECRET.to_owned())];
    printed.extend(SANDBOX_TERMINALS.map(|(_, _, secret)| (TERMINALS, secret.to_owned())));
    Ok(printed)
}

/// Adds what is missing; what somebody changed since is left alone.
pub async fn seed(store: &dyn Store, vault: &Vault) -> Result<()> {
    let merchant = match store.load_credential(MERCHANTS, MERCHANT_NO).await? {
        Some(known) => known.merchant,
        None => {
            let merchant = store.add_merchant(MERCHANT_NAME, clock::now()).await?;
            store.put_credential(merchant_credential(merchant)?).await?;
            merchant
        }
    };
    let sealed = seal_card_key(vault, APP_ID, &card_key()?)?;
    for (app_id, authentication, secret, card_key) in [
        (APP_ID, Authentication::Rsa2, app_key()?.public().to_text(), Some(sealed)),
        (BASIC_APP_ID, Authentication::Basic, BASIC_SECRET.to_owned(), None),
    ] {
        let known = KnownMerchant { merchant_no: MERCHANT_NO.into(), merchant: merchant.0 };
        let settings = AppSettings { authentication, object_data: false, merchants: vec![known], card_key };
        let settings = serde_json::to_string(&settings)?;
        add(store, vault, login(merchant, (ROOM, app_id, "Harbor Grill's register"), settings), &secret)
            .await?;
    }
    for (sn, name, secret) in SANDBOX_TERMINALS {
        let settings = TerminalSettings {
            merchant_no: MERCHANT_NO.into(),
            merchant_name: MERCHANT_NAME.into(),
            store_no: STORE_NO.into(),
        };
        let settings = serde_json::to_string(&settings)?;
        add(store, vault, login(merchant, (TERMINALS, sn, name), settings), secret).await?;
    }
    Ok(())
}

async fn add(store: &dyn Store, vault: &Vault, credential: Credential, secret: &str) -> Result<()> {
    let (merchant, room, login) = (credential.merchant, credential.room.clone(), credential.login.clone());
    let known = store.load_credential(&room, &login).await?;
    if known.is_some_and(|known| !known.keys.is_empty()) {
        return Ok(());
    }
    store.put_credential(credential).await?;
    store.add_key(merchant, &room, &login, new_key(vault, &room, &login, secret)?).await?;
    Ok(())
}

fn login(merchant: MerchantId, (room, login, name): (&str, &str, &str), settings: String) -> Credential {
    Credential {
        merchant,
        merchant_name: MERCHANT_NAME.into(),
        room: room.into(),
        login: login.into(),
        name: name.into(),
        enabled: true,
        settings,
        keys: Vec::new(),
        accounts: Vec::new(),
    }
}

fn merchant_credential(merchant: MerchantId) -> Result<Credential> {
    let stores = vec![StoreEntry { store_no: STORE_NO.into(), name: STORE_NAME.into() }];
    let settings = serde_json::to_string(&MerchantSettings { stores })?;
    let accounts = CURRENCIES.map(|currency| account(MERCHANT_NO, currency));
    Ok(Credential {
        accounts: accounts.into_iter().collect::<Result<_>>()?,
        ..login(merchant, (MERCHANTS, MERCHANT_NO, MERCHANT_NAME), settings)
    })
}

/// Where a merchant's money of one currency goes, with all that can be paid with here.
fn account(merchant_no: &str, currency: &str) -> Result<Account> {
    Ok(Account {
        code: format!("{merchant_no}-{currency}"),
        name: format!("{MERCHANT_NAME} {currency}"),
        currency: Currency::from_code(currency).context("a currency")?,
        methods: [CARD, ALIPAY, WECHAT, UNIONPAY].into_iter().map(Method::new).collect(),
        fees: Some(FeePlan::rate(150)),
        payment_limit_minor: Some(100_000_000),
    })
}

/// A signed order for the first terminal, ready to paste.
pub fn example_curl(public_url: &str) -> Result<String> {
    let body = example_order(public_url, clock::now(), &format!("demo-{}", random::hex::<4>()))?;
    Ok(format!("curl -s {public_url}/api/entry -H 'Content-Type: application/json' -d '{body}'"))
}

pub fn example_order(public_url: &str, now: Timestamp, reference: &str) -> Result<String> {
    let own = [
        ("merchant_no", MERCHANT_NO),
        ("store_no", STORE_NO),
        ("terminal_sn", SANDBOX_TERMINALS[0].0),
        ("message_receiving_application", "CodePay Register"),
        ("pay_scenario", "SWIPE_CARD"),
        ("price_currency", "USD"),
        ("order_amount", "24.00"),
        ("trans_type", "1"),
        ("on_screen_tip", "true"),
        ("merchant_order_no", reference),
        ("description", "Fish and chips"),
        ("notify_url", &format!("{public_url}/sandbox/receiver/notify")),
        ("expires", "900"),
        ("api_version", "2.0"),
    ];
    signed_request(codepay::Method::PayOrder, now, &own)
}

/// A signed checkout of a web shop, ready to paste.
pub fn example_checkout_curl(public_url: &str) -> Result<String> {
    let body = example_checkout(public_url, clock::now(), &format!("web-{}", random::hex::<4>()))?;
    Ok(format!("curl -s {public_url}/api/entry -H 'Content-Type: application/json' -d '{body}'"))
}

fn example_checkout(public_url: &str, now: Timestamp, reference: &str) -> Result<String> {
    let detail = serde_json::json!({
        "type": "GENERAL",
        "data": {
            "items": [{
                "name": "Enamel mug",
                "quantity": 2,
                "unit_price": "12.00",
                "amount": "24.00",
                "image": format!("{public_url}{}", asset_url("shop-mug.png")),
            }],
            "theme": { "palette": { "primary": { "main": "#0b5d75", "contrastText": "#ffffff" } } },
        },
    });
    let own = [
        ("merchant_no", MERCHANT_NO),
        ("store_no", STORE_NO),
        ("price_currency", "USD"),
        ("order_amount", "24.00"),
        ("merchant_order_no", reference),
        ("description", "Two enamel mugs"),
        ("order_detail", &detail.to_string()),
        ("return_url", &format!("{public_url}/sandbox/shop/codepay-web?order={reference}")),
        ("notify_url", &format!("{public_url}/sandbox/receiver/notify")),
        ("expires", "900"),
    ];
    signed_request(codepay::Method::Checkout, now, &own)
}

/// The body of any request, signed by the app that signs.
pub fn signed_request(method: codepay::Method, now: Timestamp, own: &[(&str, &str)]) -> Result<String> {
    let own: Vec<_> = own.iter().map(|(name, text)| (*name, Value::Text((*text).into()))).collect();
    let stamp = now.millis().to_string();
    let fields = client::envelope(method, APP_ID, &stamp, true, &own);
    Ok(client::json_body(&fields, Some(&app_key()?)))
}

/// For the start page.
pub fn credentials(public_url: &str) -> CodePayCredentials {
    CodePayCredentials {
        merchant_name: MERCHANT_NAME.into(),
        merchant_no: MERCHANT_NO.into(),
        store_no: STORE_NO.into(),
        currencies: CURRENCIES.map(str::to_owned).to_vec(),
        app_id: APP_ID.into(),
        app_key_path: APP_KEY_PATH,
        card_key: CARD_KEY.into(),
        basic_app_id: BASIC_APP_ID.into(),
        basic_secret: BASIC_SECRET.into(),
        gateway_key_path: GATEWAY_KEY_PATH,
        terminals: SANDBOX_TERMINALS.map(|(sn, ..)| sn.to_owned()).to_vec(),
        paths: ProtocolPaths {
            curl: example_curl(public_url).unwrap_or_default(),
            openapi_url: "/openapi/codepay.json".into(),
        },
        checkout_curl: example_checkout_curl(public_url).unwrap_or_default(),
        verify: format!(
            "curl -s {public_url}{GATEWAY_KEY_PATH} > gateway.pub\ntillgate verify codepay --key gateway.pub '{{…}}'"
        ),
    }
}
