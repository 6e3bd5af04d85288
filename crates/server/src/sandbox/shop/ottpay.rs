//! The same shop with the other protocol: OTT Pay's checkout page, where the shopper chooses his wallet.
//!
//! The browser comes back without a signature, so the shop does what every shop with this protocol has to do: it
//! asks the gateway and believes the encrypted answer.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use tillgate_core::{Currency, Money};
use tillgate_protocols::ottpay::client::{self, Answer, Envelope, Fields};
use tillgate_protocols::ottpay::{Action, PATHS, PREPAY, SignKey};

use super::{posted, product_of};
use crate::http::pages::{page, redirect};
use crate::pages::{AskedReturn, Method, ShopPage, ShopProblem, ShopProtocol, ShopReturn, ShopWallet};
use crate::random;
use crate::sandbox::merchants::{OTTPAY_KEY, SandboxTill, tills};
use crate::sandbox::receiver::callback_url;
use crate::sandbox::routes::{Desk, Form};

/// An encrypted order that works as pasted; a new number each time it is printed.
pub fn example_ottpay_curl(public_url: &str) -> String {
    let (callback, number) = (callback_url(public_url), format!("demo-{}", random::hex::<4>()));
    let fields = [
        ("order_id", number.as_str()),
        ("operator_id", "000011"),
        ("amount", "1200"),
        ("biz_type", "ALIPAY"),
        ("call_back_url", &callback),
        ("order_remark", "Maple syrup"),
    ];
    let body = message(Action::ActivePay, tills()[0].merchant_id, &fields);
    format!("curl -s {public_url}{} -H 'Content-Type: application/json;charset=UTF-8' -d '{body}'", PATHS[0])
}

fn message(action: Action, merchant_id: &str, fields: &[(&str, &str)]) -> String {
    client::request_body(&Envelope::new(action, merchant_id), fields, &SignKey::new(OTTPAY_KEY))
}

async fn asked(
    desk: &Desk,
    action: Action,
    merchant_id: &str,
    fields: &[(&str, &str)],
) -> Result<Answer, ShopProblem> {
    let answer = posted(desk, PATHS[0], message(action, merchant_id, fields)).await?;
    client::read_answer(&answer, &SignKey::new(OTTPAY_KEY)).map_err(|_| ShopProblem::Trouble)
}

/// What the shopper filled in.
struct Filled<'a> {
    /// A merchant and a currency: `QC00005496-CAD`.
    wallet: &'a str,
    amount: &'a str,
    tip: &'a str,
}

fn shop(
    desk: &Desk,
    filled: &Filled<'_>,
    problem: Option<ShopProblem>,
    returned: Option<ShopReturn>,
) -> Response<Body> {
    let wallets = tills().into_iter().flat_map(|till| {
        till.currencies.iter().map(move |currency| ShopWallet {
            wallet_id: format!("{}-{currency}", till.merchant_id),
            label: format!("{} · {currency}", till.name),
        })
    });
    let view = ShopPage {
        language: desk.visitor.language,
        csrf: desk.csrf(),
        protocol: ShopProtocol::OttPay,
        wallets: wallets.collect(),
        chosen_wallet: filled.wallet.into(),
        chosen_method: Method::Alipay,
        amount: filled.amount.into(),
        tip: filled.tip.into(),
        problem,
        returned,
    };
    page(StatusCode::OK, view.render())
}

pub async fn show(desk: Desk) -> Response<Body> {
    let returned = returned(&desk).await;
    shop(&desk, &Filled { wallet: "QC00005496-CAD", amount: "12.00", tip: "" }, None, returned)
}

fn till_of(merchant_id: &str) -> Option<SandboxTill> {
    tills().into_iter().find(|till| till.merchant_id == merchant_id)
}

/// What came back with the shopper, beside what the gateway says when asked.
async fn returned(desk: &Desk) -> Option<ShopReturn> {
    let query = Form::read(desk.query.as_bytes());
    let (status, reference) = (query.get("trade_status"), query.get("out_trade_no"));
    if status.is_empty() {
        return None;
    }
    let not_known = ShopReturn::NotKnown { reference: reference.to_owned() };
    let Some(till) = till_of(query.get("merchant")) else { return Some(not_known) };
    let fields = [("prepay_order_id", reference)];
    let answer = asked(desk, Action::PrepayQuery, till.merchant_id, &fields).await;
    let answer = answer.ok().filter(Answer::is_success);
    Some(answer.and_then(|answer| compared(&query, &answer.fields)).unwrap_or(not_known))
}

/// `None` if the answer is not what the document promises.
fn compared(address: &Form, answer: &Fields) -> Option<ShopReturn> {
    let field = |name| answer.get(name).unwrap_or_default();
    let currency = Currency::from_code(field("currency_type"))?;
    let minor = |name| field(name).parse::<i64>().ok();
    let (amount, tip) = (minor("amount")?, minor("tip")?);
    let total = amount.checked_add(tip)?;
    let says_paid = address.get("trade_status") == "Trade_Finished";
    let money = |minor| Money::new(minor, currency).to_string();
    Some(ShopReturn::Asked(Box::new(AskedReturn {
        reference: field("prepay_order_id").to_owned(),
        address_status: address.get("trade_status").to_owned(),
        address_total: address.get("total_fee").to_owned(),
        status: field("status").to_owned(),
        amount: money(total),
        tip: (tip > 0).then(|| money(tip)),
        currency: currency.code().to_owned(),
        agrees: says_paid == (field("status") == "SUCCESS") && address.get("total_fee") == total.to_string(),
    })))
}

pub async fn buy(desk: Desk, request: Request) -> Response<Body> {
    let form = desk.form(request).await;
    let filled = Filled {
        wallet: form.get("wallet_id"),
        amount: form.get("amount").trim(),
        tip: form.get("tip").trim(),
    };
    if !desk.is_token(form.get("csrf")) {
        return shop(&desk, &filled, Some(ShopProblem::PageTooOld), None);
    }
    match order(&desk, &product_of(&form), &filled).await {
        Ok(location) => redirect(&location),
        Err(problem) => shop(&desk, &filled, Some(problem), None),
    }
}

/// Asks our own API for a checkout page; its address.
async fn order(desk: &Desk, product: &str, filled: &Filled<'_>) -> Result<String, ShopProblem> {
    let public_url = &desk.app.config.public_url;
    let (merchant_id, currency) = filled.wallet.split_once('-').ok_or(ShopProblem::Trouble)?;
    let (Some(till), Some(currency)) = (till_of(merchant_id), Currency::from_code(currency)) else {
        return Err(ShopProblem::Trouble);
    };
    let minor = |text| Money::parse_decimal(text, currency).map(|money| money.minor);
    let amount = minor(filled.amount).ok().filter(|minor| *minor > 0).ok_or(ShopProblem::BadAmount)?;
    let tip = if filled.tip.is_empty() { Ok(0) } else { minor(filled.tip) };
    let (amount, tip) = (amount.to_string(), tip.map_err(|_| ShopProblem::BadTip)?.to_string());
    let (callback, number) = (callback_url(public_url), format!("shop-{}", random::hex::<6>()));
    let lifetime_s = desk.app.config.orders.lifetime_s.to_string();
    let back = format!("{public_url}{}&merchant={}", desk.path("/sandbox/shop/ottpay"), till.merchant_id);
    let fields = [
        ("prepay_order_id", number.as_str()),
        ("sale_num", &number),
        ("amount", &amount),
        ("tip", &tip),
        ("currency_type", currency.code()),
        ("biz_type", PREPAY),
        ("redirect_url", &back),
        ("call_back_url", &callback),
        ("duration", &lifetime_s),
        ("shop_id", "1"),
        ("operator_id", "web"),
        ("remarks", product),
    ];
    let answer = asked(desk, Action::PrepayInit, till.merchant_id, &fields).await?;
    match answer.fields.get("payInfo").filter(|_| answer.is_success()) {
        Some(address) => Ok(desk.path(address)),
        None if answer.rsp_msg.contains("amount") => Err(ShopProblem::BadAmount),
        None => Err(ShopProblem::Trouble),
    }
}
