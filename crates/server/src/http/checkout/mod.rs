//! CodePay's payment page over HTTP: what it shows of an order, cards and wallets that are chosen on it, the way to the
//! bank and back, pictures of what is sold.
//!
//! The link's nonce is the only secret; nothing else that a browser brings along is believed. A card is read, sent to
//! the acquirer and forgotten within one request: it is in no page, no address, no log.

mod form;
mod pay;
mod picture;
mod view;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use tillgate_core::{Deed, Flow, Order};

use super::pages::{Visitor, error, linked, page, redirect, shown};
use super::{json, typed};
use crate::app::App;
use crate::gateway::Problem;
use crate::pages::{CheckoutPage, CheckoutProblem, ErrorKind, Language};
use crate::rooms::Shown;
use crate::rooms::codepay::order_detail;

pub use pay::{by_card, by_wallet};
pub use picture::{Pictures, picture};

/// How long a page's question for news waits.
const NEWS_PATIENCE: Duration = Duration::from_secs(25);

type Nonce = Result<Path<String>, PathRejection>;

/// A card may be given for it on our page.
pub fn is_checkout(order: &Order) -> bool {
    order.terms.flow == Flow::HostedPage && order.counter.is_some()
}

/// The payer meets us over it: on our page, or on his way back from the bank to a shop that took the card itself.
fn has_page(order: &Order) -> bool {
    let pays = matches!(order.terms.deed(), Deed::Sale | Deed::Authorization);
    is_checkout(order) || order.terms.flow == Flow::CardOnline && pays
}

/// An order and how its room shows it.
struct Sale {
    nonce: String,
    order: Order,
    shown: Shown,
}

impl Sale {
    async fn load(app: &App, nonce: String) -> Result<Option<Self>, Problem> {
        let Some(order) = linked(app, &nonce).await?.filter(has_page) else { return Ok(None) };
        let shown = shown(app, &order).await?;
        Ok(Some(Self { nonce, order, shown }))
    }

    fn path(&self) -> String {
        format!("/checkout/{}", self.nonce)
    }
}

fn not_found(app: &App, language: Language) -> Response<Body> {
    page(StatusCode::NOT_FOUND, CheckoutPage::not_found(language, app.sandbox.is_some()).render())
}

fn trouble(language: Language, problem: &Problem) -> Response<Body> {
    tracing::error!(%problem, "checkout page");
    error(language, ErrorKind::Ours)
}

fn named(path: Nonce) -> String {
    path.map(|Path(nonce)| nonce).unwrap_or_default()
}

pub async fn show(
    State(app): State<Arc<App>>,
    path: Nonce,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let visitor = Visitor::of(query.as_deref(), &headers);
    let language = visitor.language;
    match Sale::load(&app, named(path)).await {
        Ok(Some(sale)) => {
            let mut view = view::page_of(&app, &sale, language);
            if visitor.problem {
                view.problem = Some(CheckoutProblem::Unavailable);
            }
            page(StatusCode::OK, view.render())
        }
        Ok(None) => not_found(&app, language),
        Err(problem) => trouble(language, &problem),
    }
}

/// Somebody who looks again at what answered his form sees the page instead.
pub async fn look_again(path: Nonce, RawQuery(query): RawQuery, headers: HeaderMap) -> Response<Body> {
    let language = Visitor::of(query.as_deref(), &headers).language;
    let nonce = named(path);
    redirect(&format!("/checkout/{}?lang={}", crate::pages::encoded(&nonce), language.code()))
}

/// Back from the bank. Whatever stands in the address: the acquirer is asked.
pub async fn come_back(
    State(app): State<Arc<App>>,
    path: Nonce,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let language = Visitor::of(query.as_deref(), &headers).language;
    let asked = async {
        let Some(sale) = Sale::load(&app, named(path)).await? else { return Ok(None) };
        let path = sale.path();
        app.gateway.ask_card_now(sale.order).await?;
        Ok::<_, Problem>(Some(path))
    };
    match asked.await {
        Ok(Some(path)) => redirect(&format!("{path}?lang={}", language.code())),
        Ok(None) => not_found(&app, language),
        Err(problem) => trouble(language, &problem),
    }
}

/// News for the page: answers when it knows something else than the page, or after a while.
pub async fn status(
    State(app): State<Arc<App>>,
    path: Nonce,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let known = Visitor::of(query.as_deref(), &headers).known;
    let news = async {
        let Some(sale) = Sale::load(&app, named(path)).await? else { return Ok(None) };
        let first = view::known(&sale.order);
        if known.as_deref() != Some(&first) {
            return Ok(Some(first));
        }
        let Some(_place) = app.page_polls.enter(sale.order.merchant) else { return Ok(Some(first)) };
        let is_news = |order: &Order| view::known(order) != first;
        let order = app.gateway.wait_until(sale.order, NEWS_PATIENCE, is_news).await?;
        Ok::<_, Problem>(Some(view::known(&order)))
    };
    match news.await {
        Ok(Some(known)) => json(StatusCode::OK, serde_json::json!({ "known": known }).to_string()),
        Ok(None) => json(StatusCode::NOT_FOUND, r#"{"known":"not_found"}"#.into()),
        Err(problem) => {
            tracing::error!(%problem, "checkout status");
            json(StatusCode::SERVICE_UNAVAILABLE, r#"{"known":"try_again"}"#.into())
        }
    }
}

/// The shop's colours. They stand in the order's terms, which never change.
pub async fn theme(State(app): State<Arc<App>>, path: Nonce) -> Response<Body> {
    let Ok(Some(sale)) = Sale::load(&app, named(path)).await else {
        return typed(StatusCode::NOT_FOUND, "text/plain", "");
    };
    let sheet = view::palette(&order_detail(&sale.order)).style_sheet();
    let mut response = typed(StatusCode::OK, "text/css; charset=utf-8", sheet);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "private, max-age=3600"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
