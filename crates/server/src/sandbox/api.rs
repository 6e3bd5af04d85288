//! The sandbox's JSON API: what a shopper or a merchant's developer does by hand, for someone's CI.
//!
//! Questions are GET; everything that acts is a POST with `Content-Type: application/json`, so that no
//! foreign page can do it. Errors are `{"error": "…"}` with 404 (unknown), 409 (too late) or 422 (bad input).

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::{Response, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tillgate_core::order::CHOICES_MAX;
use tillgate_core::{MerchantId, OrderNo};
use tillgate_sim::{
    Filter, PaymentView, RULES, ReceiverAnswer, ShopperAction, ShopperError, StateWord, Wallet,
};

use super::merchants;
use super::routes::{Desk, Look, WorldDesk};
use crate::channels::trade_no;
use crate::clock;
use crate::http::{body, json};

/// Why not: a status and words for the developer.
pub(super) struct Bad(pub StatusCode, pub String);

pub(super) type Result<T> = std::result::Result<T, Bad>;

pub(super) fn good<T: serde::Serialize>(value: &T) -> Response<Body> {
    match serde_json::to_string(value) {
        Ok(body) => json(StatusCode::OK, body),
        Err(error) => bad(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

pub(super) fn bad(status: StatusCode, error: &str) -> Response<Body> {
    json(status, serde_json::json!({ "error": error }).to_string())
}

pub(super) fn answer(result: Result<Response<Body>>) -> Response<Body> {
    result.unwrap_or_else(|Bad(status, error)| bad(status, &error))
}

pub(super) fn unprocessable(error: impl ToString) -> Bad {
    Bad(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
}

pub(super) async fn input<T: DeserializeOwned>(look: &Look, request: Request) -> Result<T> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(unprocessable("Content-Type must be application/json"));
    }
    let bytes = body::read(request.into_body(), look.limits)
        .await
        .map_err(|_| unprocessable("the body is too large or broke off"))?;
    let text = if bytes.is_empty() { b"{}".as_slice() } else { &bytes };
    serde_json::from_slice(text).map_err(unprocessable)
}

fn found(view: Option<PaymentView>) -> Response<Body> {
    view.map_or_else(|| bad(StatusCode::NOT_FOUND, "there is no such payment"), |view| good(&view))
}

/// `GET /sandbox/api/rules`: the amount endings and what they do.
pub async fn rules(_: Desk) -> Response<Body> {
    good(&RULES)
}

/// `GET /sandbox/api/payments?wallet=alipay&state=pending&payer_code=…&limit=100`, newest first.
pub async fn payments(desk: WorldDesk) -> Response<Body> {
    let mut filter = Filter::default();
    for (name, value) in url::form_urlencoded::parse(desk.query.as_bytes()) {
        if !narrow(&mut filter, &name, &value) {
            return bad(StatusCode::UNPROCESSABLE_ENTITY, &format!("{name}: not understood"));
        }
    }
    good(&desk.simulation.world.payments(&filter))
}

/// False if the condition is not understood.
fn narrow(filter: &mut Filter, name: &str, value: &str) -> bool {
    match name {
        "wallet" => filter.wallet = Wallet::from_word(value),
        "state" => filter.state = state(value),
        "payer_code" => filter.payer_code = Some(value.to_owned()),
        "limit" => match value.parse() {
            Ok(limit) if limit <= 1_000 => filter.limit = limit,
            Ok(_) | Err(_) => return false,
        },
        _ => return false,
    }
    // A word nobody knows must not widen what is listed.
    (name != "wallet" || filter.wallet.is_some()) && (name != "state" || filter.state.is_some())
}

fn state(word: &str) -> Option<StateWord> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

/// `GET /sandbox/api/payments/{trade_no}`: one payment as the wallet has it.
pub async fn payment(desk: WorldDesk, Path(trade_no): Path<String>) -> Response<Body> {
    found(desk.simulation.world.payment(&trade_no))
}

/// `GET /sandbox/api/orders/{order_id}`: the same, by the order number the merchant knows; the payer's last choice.
pub async fn payment_of_order(desk: WorldDesk, Path(order_id): Path<String>) -> Response<Body> {
    let number = order_id.trim_start_matches(|c: char| c.is_ascii_uppercase()).parse().map(OrderNo);
    let view = number.ok().and_then(|number| {
        let trades = (1..=CHOICES_MAX as u32).rev().flat_map(|choice| {
            (1..=merchants::COUNT).map(move |merchant| trade_no(MerchantId(merchant), number, choice))
        });
        trades.into_iter().find_map(|trade_no| desk.simulation.world.payment(&trade_no))
    });
    found(view)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// `POST /sandbox/api/payments/{trade_no}/{pay|decline|walk_away}`: the shopper's buttons.
pub async fn act(
    desk: WorldDesk,
    Path((trade_no, word)): Path<(String, String)>,
    request: Request,
) -> Response<Body> {
    let acted = async {
        let _: Nothing = input(&desk, request).await?;
        let action = action(&word)?;
        let view = desk.simulation.world.act(&trade_no, action, clock::now().millis()).map_err(|error| {
            let status = match error {
                ShopperError::NotFound => StatusCode::NOT_FOUND,
                ShopperError::NotPayable(_) => StatusCode::CONFLICT,
                ShopperError::NoConnection | ShopperError::Journal(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            Bad(status, error.to_string())
        });
        desk.simulation.has_moved();
        Ok(good(&view?))
    };
    answer(acted.await)
}

fn action(word: &str) -> Result<ShopperAction> {
    match word {
        "pay" => Ok(ShopperAction::Pay),
        "decline" => Ok(ShopperAction::Decline),
        "walk_away" => Ok(ShopperAction::WalkAway),
        _ => Err(Bad(StatusCode::NOT_FOUND, "action: pay, decline or walk_away".into())),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scan {
    code: String,
}

/// `POST /sandbox/api/scan {"code": "https://qr.alipay.com/…"}`: the payment behind a QR code's text, or behind a
/// WeChat mini program's fields.
pub async fn scan(desk: WorldDesk, request: Request) -> Response<Body> {
    answer(input::<Scan>(&desk, request).await.map(|scan| found(desk.simulation.world.scan(&scan.code))))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PayerCode {
    wallet: Wallet,
}

/// `POST /sandbox/api/payer-code {"wallet": "wechat"}`: a code for the till to scan.
pub async fn payer_code(desk: WorldDesk, request: Request) -> Response<Body> {
    let made = input::<PayerCode>(&desk, request).await.map(|wanted| {
        let code = desk.simulation.world.new_payer_code(wanted.wallet, clock::now().millis());
        good(&serde_json::json!({ "wallet": wanted.wallet, "code": code }))
    });
    answer(made)
}

/// What a mini app gives to its wallet: Alipay's text, or WeChat's fields with who holds the phone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AppOrder {
    order_str: Option<String>,
    /// An object, or its text as OTT Pay gives it.
    pay_info: Option<serde_json::Value>,
    payer_id: Option<String>,
    #[serde(default = "pay")]
    action: ShopperAction,
}

fn pay() -> ShopperAction {
    ShopperAction::Pay
}

/// `POST /sandbox/api/app-order {"order_str": "…", "action": "pay"}`: what `my.tradePay` does, with its `resultCode`.
/// `{"pay_info": {…}, "payer_id": "o…"}`: what `wx.requestPayment` does, with its `errMsg`.
pub async fn app_order(desk: WorldDesk, request: Request) -> Response<Body> {
    let acted = async {
        let order: AppOrder = input(&desk, request).await?;
        let (world, now_ms) = (&desk.simulation.world, clock::now().millis());
        let answer = match (order.order_str, order.pay_info, order.payer_id) {
            (Some(order_str), None, None) => good(&world.pay_app_order(&order_str, order.action, now_ms)),
            (None, Some(pay_info), Some(payer_id)) => {
                let text = pay_info.as_str().map_or_else(|| pay_info.to_string(), str::to_owned);
                good(&world.pay_mini_program(&text, &payer_id, order.action, now_ms))
            }
            _ => return Err(unprocessable("either order_str (Alipay), or pay_info and payer_id (WeChat)")),
        };
        desk.simulation.has_moved();
        Ok(answer)
    };
    answer(acted.await)
}

/// `GET /sandbox/api/totals`: what all wallets moved; duplicates are requests that came twice.
pub async fn totals(desk: WorldDesk) -> Response<Body> {
    good(&desk.simulation.world.totals())
}

/// `GET /sandbox/api/ledger`: each payment's executed charges and refunds.
pub async fn ledger(desk: WorldDesk) -> Response<Body> {
    good(&desk.simulation.world.ledgers())
}

/// `GET /sandbox/api/notifications`: what the receiver got, newest first, with whether the signature holds.
pub async fn notifications(desk: Desk) -> Response<Body> {
    good(&desk.sandbox.receiver.notifications())
}

/// `DELETE /sandbox/api/notifications`
pub async fn forget_notifications(desk: Desk) -> Response<Body> {
    desk.sandbox.receiver.clear();
    good(&serde_json::json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HowToAnswer {
    answer: ReceiverAnswer,
    /// For so many requests; until changed if absent.
    requests: Option<u32>,
}

/// `POST /sandbox/api/receiver {"answer": "server_error", "requests": 2}`: how the receiver answers.
pub async fn receiver(desk: Desk, request: Request) -> Response<Body> {
    let changed = input::<HowToAnswer>(&desk, request).await.map(|how| {
        desk.sandbox.receiver.answer_with(how.answer, how.requests);
        good(&serde_json::json!({ "answer": how.answer, "requests": how.requests }))
    });
    answer(changed)
}
