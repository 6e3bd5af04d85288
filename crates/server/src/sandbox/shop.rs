//! The start page with everything needed to begin, and a shop that buys from this very gateway
//! the way a real one does: it signs a request, posts it to the API, and sends the shopper to `host_url`.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use tillgate_protocols::latipay::{ApiKey, Route, client};
use tower::ServiceExt as _;

use super::merchants::{DOCUMENT_KEY, OTTPAY_KEY, tills, users};
use super::receiver::callback_url;
use super::routes::{Desk, Form};
use crate::http::pages::{page, redirect};
use crate::http::router;
use crate::pages::{
    Credentials, CredentialsWallet, Method, ProtocolPaths, SandboxHome, ShopPage, ShopProblem, ShopProtocol,
    ShopReturn, ShopWallet, TillCredentials,
};
use crate::random;

pub mod codepay;
pub mod codepay_web;
pub mod ottpay;

pub use ottpay::example_ottpay_curl;

/// A signed order that works as pasted; a new reference each time it is printed.
pub fn example_curl(public_url: &str) -> String {
    let body = example_order(public_url, &format!("demo-{}", random::hex::<4>()));
    format!(
        "curl -s {public_url}/v2/transaction -H 'Content-Type: application/json;charset=UTF-8' -d '{body}'"
    )
}

fn example_order(public_url: &str, reference: &str) -> String {
    let callback = callback_url(public_url);
    let fields = [
        ("user_id", "U000334333"),
        ("wallet_id", "W00000001"),
        ("amount", "120.00"),
        ("payment_method", "alipay"),
        ("merchant_reference", reference),
        ("return_url", ""),
        ("callback_url", &callback),
        ("ip", "122.122.122.1"),
        ("version", "2.0"),
        ("product_name", "Pinot Noir, Otago"),
    ];
    client::signed_body(Route::Transaction, &fields, &ApiKey::new(DOCUMENT_KEY))
}

pub async fn home(desk: Desk) -> Response<Body> {
    let public_url = &desk.app.config.public_url;
    let merchants = users().into_iter().map(|user| Credentials {
        name: user.user_name.into(),
        user_id: user.user_id.into(),
        api_key: DOCUMENT_KEY.into(),
        wallets: user
            .wallets
            .iter()
            .map(|(wallet_id, _, currency)| CredentialsWallet {
                wallet_id: (*wallet_id).into(),
                currency: (*currency).into(),
                methods: Method::ALL.to_vec(),
            })
            .collect(),
    });
    let tills = tills().into_iter().map(|till| TillCredentials {
        name: till.name.into(),
        merchant_id: till.merchant_id.into(),
        sign_key: OTTPAY_KEY.into(),
        currencies: till.currencies.iter().map(|code| (*code).into()).collect(),
    });
    let view = SandboxHome {
        language: desk.visitor.language,
        base_url: public_url.clone(),
        merchants: merchants.collect(),
        latipay: ProtocolPaths {
            curl: example_curl(public_url),
            openapi_url: "/openapi/latipay.json".into(),
        },
        tills: tills.collect(),
        ottpay: ProtocolPaths {
            curl: example_ottpay_curl(public_url),
            openapi_url: "/openapi/ottpay.json".into(),
        },
        decrypt: format!("tillgate verify ottpay --key {OTTPAY_KEY} '{{…}}'"),
        codepay: super::codepay::credentials(public_url),
    };
    page(StatusCode::OK, view.render())
}

/// Sends a request to our own API through the router, like any merchant's; the answer's body.
async fn posted(desk: &Desk, path: &str, body: String) -> Result<String, ShopProblem> {
    let request = Request::post(path).body(Body::from(body)).map_err(|_| ShopProblem::Trouble)?;
    let Ok(response) = router::router(desk.app.clone()).oneshot(request).await;
    let bytes = axum::body::to_bytes(response.into_body(), 65_536).await.map_err(|_| ShopProblem::Trouble)?;
    String::from_utf8(bytes.into()).map_err(|_| ShopProblem::Trouble)
}

/// What the shopper calls the goods; the page sends it in his language.
fn product_of(form: &Form) -> String {
    let product: String = form.get("product").trim().chars().take(200).collect();
    if product.is_empty() { "Pinot Noir, Otago".into() } else { product }
}

fn shop(desk: &Desk, chosen: (&str, Method, &str), problem: Option<ShopProblem>) -> Response<Body> {
    let user = &users()[0];
    let wallets = user.wallets.iter().map(|(wallet_id, _, currency)| ShopWallet {
        wallet_id: (*wallet_id).into(),
        label: format!("{} · {currency}", user.user_name),
    });
    let view = ShopPage {
        language: desk.visitor.language,
        csrf: desk.csrf(),
        protocol: ShopProtocol::Latipay,
        wallets: wallets.collect(),
        chosen_wallet: chosen.0.into(),
        chosen_method: chosen.1,
        amount: chosen.2.into(),
        tip: String::new(),
        returned: if problem.is_none() { returned(&desk.query) } else { None },
        problem,
    };
    page(StatusCode::OK, view.render())
}

/// What the gateway wrote behind our `return_url`, believed only with its signature.
fn returned(query: &str) -> Option<ShopReturn> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "status")?;
    let Ok(fields) = client::check_notification(query, &ApiKey::new(DOCUMENT_KEY)) else {
        return Some(ShopReturn::Forged);
    };
    let field = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    Some(ShopReturn::Signed {
        status: field("status"),
        amount: field("amount"),
        currency: field("currency"),
        reference: field("merchant_reference"),
    })
}

pub async fn show(desk: Desk) -> Response<Body> {
    shop(&desk, ("W00000001", Method::Alipay, "12.00"), None)
}

pub async fn buy(desk: Desk, request: Request) -> Response<Body> {
    let form = desk.form(request).await;
    let Some(method) = Method::from_word(form.get("method")) else {
        let chosen = (form.get("wallet_id"), Method::Alipay, form.get("amount"));
        return shop(&desk, chosen, Some(ShopProblem::BadMethod));
    };
    let chosen = (form.get("wallet_id"), method, form.get("amount").trim());
    if !desk.is_token(form.get("csrf")) {
        return shop(&desk, chosen, Some(ShopProblem::PageTooOld));
    }
    match order(&desk, &product_of(&form), chosen).await {
        Ok(location) => redirect(&location),
        Err(problem) => shop(&desk, chosen, Some(problem)),
    }
}

/// Posts to our own API through the router, signed like any merchant's request.
async fn order(
    desk: &Desk,
    product: &str,
    (wallet_id, method, amount): (&str, Method, &str),
) -> Result<String, ShopProblem> {
    let public_url = &desk.app.config.public_url;
    let (callback, reference) = (callback_url(public_url), format!("shop-{}", random::hex::<6>()));
    let return_url = format!("{public_url}{}", desk.path("/sandbox/shop"));
    let fields = [
        ("user_id", users()[0].user_id),
        ("wallet_id", wallet_id),
        ("amount", amount),
        ("payment_method", method.word()),
        ("merchant_reference", &reference),
        ("return_url", &return_url),
        ("callback_url", &callback),
        ("ip", "127.0.0.1"),
        ("version", "2.0"),
        ("product_name", product),
    ];
    let body = client::signed_body(Route::Transaction, &fields, &ApiKey::new(DOCUMENT_KEY));
    let answer = posted(desk, "/v2/transaction", body).await?;
    let answer: serde_json::Value = serde_json::from_str(&answer).map_err(|_| ShopProblem::Trouble)?;
    match (answer["host_url"].as_str(), answer["nonce"].as_str()) {
        (Some(host_url), Some(nonce)) => Ok(desk.path(&format!("{host_url}/{nonce}"))),
        _ if answer["message"].as_str().is_some_and(|message| message.contains("amount")) => {
            Err(ShopProblem::BadAmount)
        }
        _ => Err(ShopProblem::Trouble),
    }
}
