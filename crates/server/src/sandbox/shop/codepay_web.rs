//! The same merchant's web shop: a basket, signed as `pay.checkout`, and the shopper sent to `pay_url`. When he comes
//! back the shop asks `order.query`.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use serde_json::json;
use tillgate_core::{Currency, Money};
use tillgate_protocols::codepay as room;

use super::codepay::{asked, order_of, query_of};
use crate::http::pages::{page, redirect};
use crate::pages::{
    Language, RegisterOrder, RegisterProblem, ShopTheme, Ware, WareRow, WebShopForm, WebShopPage,
    WebShopProblem as Problem, asset_url,
};
use crate::random;
use crate::sandbox::codepay::MERCHANT_NO;
use crate::sandbox::receiver::callback_url;
use crate::sandbox::routes::{Desk, Form};
use crate::sandbox::terminal::rule_rows;

const PATH: &str = "/sandbox/shop/codepay-web";
const CURRENCY: &str = "USD";
const SHIPPING_MINOR: i64 = 500;
/// Of each thing.
const MOST: u32 = 9;
const EXPIRES_S: &str = "900";

fn price_minor(ware: Ware) -> i64 {
    match ware {
        Ware::Tea => 1_250,
        Ware::Mug => 1_400,
        Ware::Apron => 3_200,
    }
}

fn money(minor: i64) -> String {
    let currency = Currency::from_code(CURRENCY);
    currency.map(|currency| Money::new(minor, currency).to_string()).unwrap_or_default()
}

pub async fn show(desk: Desk) -> Response<Body> {
    let reference = Form::read(desk.query.as_bytes()).get("order").to_owned();
    let order = if reference.is_empty() { None } else { Some(order_of(&desk, reference).await) };
    let filled = WebShopForm {
        asks_shipping: false,
        asks_billing: false,
        theme: ShopTheme::Plain,
        ending: String::new(),
    };
    let quantity = |ware| if ware == Ware::Mug { "1".into() } else { "0".into() };
    shop(&desk, Ware::ALL.map(quantity), filled, (None, order))
}

fn shop(
    desk: &Desk,
    quantities: [String; 3],
    filled: WebShopForm,
    (problem, order): (Option<Problem>, Option<RegisterOrder>),
) -> Response<Body> {
    let row = |(ware, quantity)| WareRow { ware, price: money(price_minor(ware)), quantity };
    let view = WebShopPage {
        language: desk.visitor.language,
        csrf: desk.csrf(),
        currency: CURRENCY,
        wares: Ware::ALL.into_iter().zip(quantities).map(row).collect(),
        shipping: money(SHIPPING_MINOR),
        filled,
        rules: rule_rows(desk.visitor.language),
        problem,
        order,
    };
    page(StatusCode::OK, view.render())
}

pub async fn buy(desk: Desk, request: Request) -> Response<Body> {
    let form = desk.form(request).await;
    let typed = Ware::ALL.map(|ware| form.get(ware.word()).trim().chars().take(2).collect::<String>());
    let known = |ending: &&str| rule_rows(desk.visitor.language).iter().any(|rule| rule.ending == *ending);
    let filled = WebShopForm {
        asks_shipping: !form.get("asks_shipping").is_empty(),
        asks_billing: !form.get("asks_billing").is_empty(),
        theme: ShopTheme::from_word(form.get("theme")).unwrap_or(ShopTheme::Plain),
        ending: Some(form.get("ending")).filter(known).unwrap_or_default().to_owned(),
    };
    if !desk.is_token(form.get("csrf")) {
        return shop(&desk, typed, filled, (Some(Problem::PageTooOld), None));
    }
    let bought = match basket(&typed) {
        Some(basket) => order(&desk, &basket, &filled).await,
        None => Err(Problem::Empty),
    };
    match bought {
        Ok(pay_url) => redirect(&format!("{pay_url}?lang={}", desk.visitor.language.code())),
        Err(problem) => shop(&desk, typed, filled, (Some(problem), None)),
    }
}

/// What is wanted, and how many of it; `None` unless it is something.
fn basket(typed: &[String; 3]) -> Option<Vec<(Ware, u32)>> {
    let mut basket = Vec::new();
    for (ware, text) in Ware::ALL.into_iter().zip(typed) {
        let quantity = if text.is_empty() { 0 } else { text.parse().ok()? };
        match quantity {
            0 => {}
            1..=MOST => basket.push((ware, quantity)),
            _ => return None,
        }
    }
    Some(basket).filter(|basket| !basket.is_empty())
}

/// Of the things, of the shipping. The shipping makes up for the digits that somebody wants to see at the end.
fn amounts(basket: &[(Ware, u32)], ending: &str) -> (i64, i64) {
    let goods: i64 = basket.iter().map(|(ware, quantity)| price_minor(*ware) * i64::from(*quantity)).sum();
    let more = ending.parse::<i64>().map_or(0, |ending| (ending - goods - SHIPPING_MINOR).rem_euclid(100));
    (goods, SHIPPING_MINOR + more)
}

/// Main colour, what is written on it, other text.
fn palette(theme: ShopTheme) -> Option<serde_json::Value> {
    let (main, contrast, text) = match theme {
        ShopTheme::Plain => return None,
        ShopTheme::Harbor => ("#0b5d75", "#ffffff", "#0d2a33"),
        ShopTheme::Berry => ("#8e2457", "#ffffff", "#2e0f1f"),
        ShopTheme::Sunny => ("#f2b705", "#1f1a00", "#2b2410"),
    };
    Some(json!({ "primary": { "main": main, "contrastText": contrast }, "text": { "primary": text } }))
}

fn order_detail(
    public_url: &str,
    language: Language,
    basket: &[(Ware, u32)],
    shipping_minor: i64,
    filled: &WebShopForm,
) -> String {
    let item = |(ware, quantity): &(Ware, u32)| {
        json!({
            "code": ware.word(),
            "name": ware.name(language),
            "quantity": quantity,
            "unit_price": money(price_minor(*ware)),
            "amount": money(price_minor(*ware) * i64::from(*quantity)),
            "image": format!("{public_url}{}", asset_url(ware.picture())),
        })
    };
    let mut items: Vec<serde_json::Value> = basket.iter().map(item).collect();
    items.push(json!({ "name": language.texts().webshop.shipping, "amount": money(shipping_minor) }));
    let mut data = json!({ "items": items });
    for (name, is_asked) in [("shipping", filled.asks_shipping), ("billing", filled.asks_billing)] {
        if is_asked {
            data[name] = json!({});
        }
    }
    if let Some(palette) = palette(filled.theme) {
        data["theme"] = json!({ "palette": palette });
    }
    json!({ "type": "GENERAL", "data": data }).to_string()
}

/// Asks our own API like any app; where the shopper is to go.
async fn order(desk: &Desk, basket: &[(Ware, u32)], filled: &WebShopForm) -> Result<String, Problem> {
    let (public_url, language) = (&desk.app.config.public_url, desk.visitor.language);
    let reference = format!("web-{}", random::hex::<6>());
    let (goods, shipping) = amounts(basket, &filled.ending);
    let (amount, callback) = (money(goods + shipping), callback_url(public_url));
    let detail = order_detail(public_url, language, basket, shipping, filled);
    let return_url = format!("{public_url}{}&{}", desk.path(PATH), query_of(&reference));
    let own = [
        ("merchant_no", MERCHANT_NO),
        ("merchant_order_no", reference.as_str()),
        ("price_currency", CURRENCY),
        ("order_amount", &amount),
        ("description", basket[0].0.name(language)),
        ("order_detail", &detail),
        ("term_ip", "127.0.0.1"),
        ("return_url", &return_url),
        ("notify_url", &callback),
        ("expires", EXPIRES_S),
    ];
    let answer = asked(desk, room::Method::Checkout, &own).await.map_err(|problem| match problem {
        RegisterProblem::Refused(said) => Problem::Refused(said),
        _ => Problem::Trouble,
    })?;
    match answer.data.get("pay_url") {
        Some(pay_url) if answer.is_success() => Ok(pay_url.to_owned()),
        _ => Err(Problem::Refused(answer.msg)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(tea: &str, mug: &str, apron: &str) -> [String; 3] {
        [tea, mug, apron].map(str::to_owned)
    }

    #[test]
    fn a_basket_is_something_and_not_too_much() {
        assert_eq!(basket(&typed("0", "1", "")), Some(vec![(Ware::Mug, 1)]));
        assert_eq!(basket(&typed("9", "", "2")), Some(vec![(Ware::Tea, 9), (Ware::Apron, 2)]));
        for bad in [typed("0", "0", "0"), typed("", "", ""), typed("10", "1", ""), typed("-1", "1", "")] {
            assert_eq!(basket(&bad), None, "{bad:?}");
        }
    }

    #[test]
    fn the_shipping_makes_the_total_end_as_wished() {
        let basket = [(Ware::Tea, 1), (Ware::Mug, 2)];
        assert_eq!(amounts(&basket, ""), (4_050, 500));
        for ending in ["51", "05", "49", "50"] {
            let (goods, shipping) = amounts(&basket, ending);
            let ends = ending.parse::<i64>().unwrap();
            assert_eq!((goods, (goods + shipping) % 100), (4_050, ends));
            assert!((500..600).contains(&shipping), "{shipping}");
        }
    }
}
