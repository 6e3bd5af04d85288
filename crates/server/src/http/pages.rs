//! The pages shoppers see: the hosted payment page and its live status, static files, errors.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use tillgate_core::order::CHOICES_MAX;
use tillgate_core::{FailReason, Method, Money, Order, OrderState, Presentation, Terms};
use tillgate_protocols::latipay as room;
use tillgate_protocols::wire::nonce;
use tillgate_store::OrderKey;

use super::{body, checkout, json, typed};
use crate::app::App;
use crate::clock;
use crate::gateway::Problem;
use crate::pages::{
    self, CONTENT_SECURITY_POLICY, ErrorKind, ErrorPage, HostedPage, HostedState, Language, Method as Wallet,
};
use crate::rooms::{Shown, to_the_end};

/// How long a page's question for news waits; browsers and proxies hold a request that long.
const NEWS_PATIENCE: Duration = Duration::from_secs(25);
/// The same while there is no code to show, for each question asks the channel again.
const CODE_PATIENCE: Duration = Duration::from_secs(3);

/// What a request says about who looks.
#[derive(Debug)]
pub struct Visitor {
    pub language: Language,
    /// What the page shows already, in a question for news.
    pub known: Option<String>,
    /// The number of the choice it shows.
    pub choice: Option<u32>,
    /// What he asked for just now could not be done.
    pub problem: bool,
}

impl Visitor {
    pub fn of(query: Option<&str>, headers: &HeaderMap) -> Self {
        let find = |name: &str| {
            url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let accepts = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self {
            language: Language::choose(find("lang").as_deref(), accepts),
            known: find("known"),
            choice: find("choice").and_then(|choice| choice.parse().ok()),
            problem: find("problem").is_some(),
        }
    }
}

/// A page with the headers every page has.
pub fn page(status: StatusCode, html: Result<String, askama::Error>) -> Response<Body> {
    let (status, html) = match html {
        Ok(html) => (status, html),
        Err(error) => {
            tracing::error!(%error, "rendering a page");
            (StatusCode::INTERNAL_SERVER_ERROR, String::new())
        }
    };
    let mut response = typed(status, "text/html; charset=utf-8", html);
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

pub fn error(language: Language, kind: ErrorKind) -> Response<Body> {
    let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    page(status, ErrorPage { language, kind, incident: None }.render())
}

pub async fn home(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    match app.sandbox {
        Some(_) => redirect("/sandbox"),
        None => error(Visitor::of(query.as_deref(), &headers).language, ErrorKind::NotFound),
    }
}

/// To see another page after a form was sent.
pub fn redirect(to: &str) -> Response<Body> {
    let mut response = typed(StatusCode::SEE_OTHER, "text/plain", "");
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

/// Machines get the protocol's words, people a page.
fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn plain_error(headers: &HeaderMap, query: Option<&str>, kind: ErrorKind, message: &str) -> Response<Body> {
    if wants_page(headers) {
        return error(Visitor::of(query, headers).language, kind);
    }
    let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::NOT_FOUND);
    json(status, room::reject_answer(&room::Reject::data(message)))
}

pub async fn not_found(RawQuery(query): RawQuery, headers: HeaderMap) -> Response<Body> {
    plain_error(&headers, query.as_deref(), ErrorKind::NotFound, "no such route")
}

pub async fn method_not_allowed(RawQuery(query): RawQuery, headers: HeaderMap) -> Response<Body> {
    plain_error(&headers, query.as_deref(), ErrorKind::WrongMethod, "the route does not take this method")
}

/// Kept for good under the address that has its hash. A module that another imports has none: it is asked about
/// each time, or an upgrade would mix old and new.
pub async fn asset(
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(asset) = pages::asset(&name) else {
        return typed(StatusCode::NOT_FOUND, "text/plain", "no such file\n");
    };
    let unchanged =
        headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == asset.etag.as_bytes());
    let mut response = match unchanged {
        true => typed(StatusCode::NOT_MODIFIED, asset.content_type, ""),
        false => typed(StatusCode::OK, asset.content_type, asset.bytes),
    };
    let kept = HeaderValue::from_static(match query {
        Some(_) => "public, max-age=31536000, immutable",
        None => "no-cache",
    });
    response.headers_mut().insert(header::ETAG, HeaderValue::from_static(asset.etag));
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    response
}

fn state_of(order: &Order, shown: &Shown) -> HostedState {
    match &order.state {
        OrderState::Pending if order.choices.is_empty() && !shown.choices.is_empty() => HostedState::Choosing,
        OrderState::Pending if order.presentation == Presentation::None => HostedState::TryAgain,
        OrderState::Pending => HostedState::Waiting,
        OrderState::Closing(_) | OrderState::Authorized { .. } => HostedState::Closing,
        OrderState::Paid { at, .. } => HostedState::Paid { at: clock::display(*at) },
        OrderState::Failed { reason: FailReason::Expired, .. } => HostedState::Expired,
        OrderState::Failed { reason: FailReason::Declined(_), .. } => HostedState::Declined,
        OrderState::Cancelled { .. } | OrderState::Voided { .. } => HostedState::Cancelled,
    }
}

fn checkout_url(nonce: &str, language: Language) -> String {
    format!("/checkout/{nonce}?lang={}", language.code())
}

/// An order and how its room shows it.
struct Payable {
    order: Order,
    shown: Shown,
}

impl Payable {
    /// No wallet shows anything here: the page with all the ways to pay does.
    fn is_checkouts(&self) -> bool {
        checkout::is_checkout(&self.order) && (self.order.method().is_none() || self.order.is_card())
    }

    fn state(&self) -> HostedState {
        state_of(&self.order, &self.shown)
    }
}

/// The order behind a link.
pub(super) async fn linked(app: &App, nonce: &str) -> Result<Option<Order>, Problem> {
    let Some((merchant, number)) = nonce::read(&app.nonce_key, nonce) else { return Ok(None) };
    Ok(app.gateway.store.load_order(merchant, OrderKey::Number(number)).await?)
}

pub(super) async fn shown(app: &App, order: &Order) -> Result<Shown, Problem> {
    let shown = async { app.rooms.named(&order.room)?.shown(order).await };
    shown.await.map_err(|error| Problem::Fault(error.to_string()))
}

/// The same, presented at its channel if that can be done now.
async fn payable(app: &App, nonce: &str) -> Result<Option<Payable>, Problem> {
    let Some(order) = linked(app, nonce).await? else { return Ok(None) };
    let seller = shown(app, &order).await?.seller;
    let order = app.gateway.present(order, &seller).await?;
    Ok(Some(Payable { shown: shown(app, &order).await?, order }))
}

pub async fn hosted(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let visitor = Visitor::of(query.as_deref(), &headers);
    let language = visitor.language;
    let nonce = path.map(|Path(nonce)| nonce).unwrap_or_default();
    match payable(&app, &nonce).await {
        Ok(Some(payable)) if payable.is_checkouts() => redirect(&checkout_url(&nonce, language)),
        Ok(Some(payable)) => page(StatusCode::OK, view(&app, &nonce, &visitor, &payable).render()),
        Ok(None) => {
            page(StatusCode::NOT_FOUND, HostedPage::not_found(language, app.sandbox.is_some()).render())
        }
        Err(problem) => {
            tracing::error!(%problem, "payment page");
            error(language, ErrorKind::Ours)
        }
    }
}

/// The payer chose a wallet on the page. Whatever comes of it, the page shows how things stand; if the wallet shown
/// before cannot be closed now, it says that too.
pub async fn choose(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    request: Request,
) -> Response<Body> {
    let language = Visitor::of(query.as_deref(), &headers).language;
    let (nonce, is_sandbox) = (path.map(|Path(nonce)| nonce).unwrap_or_default(), app.sandbox.is_some());
    let bytes = body::read(request.into_body(), app.body_limits()).await.unwrap_or_default();
    let method = url::form_urlencoded::parse(&bytes).find(|(name, _)| name == "method");
    let method = Method::new(&method.map(|(_, value)| value).unwrap_or_default());
    let address = format!("/pay/{nonce}?lang={}", language.code());
    // Once the last choice is closed, this one is recorded, also for a browser that has gone.
    let chosen = async move {
        let Some(order) = linked(&app, &nonce).await? else { return Ok(false) };
        let shown = shown(&app, &order).await?;
        // Where cards are taken too, another page knows what may be chosen.
        let is_here = !checkout::is_checkout(&order) && shown.choices.contains(&method);
        if is_here && order.choices.len() < CHOICES_MAX {
            app.gateway.choose(order, &method, &shown.seller).await?;
        }
        Ok::<_, Problem>(true)
    };
    match to_the_end(chosen, || Err(Problem::Fault("broke off".into()))).await {
        Ok(true) | Err(Problem::Refused(_)) => redirect(&address),
        Err(Problem::Unavailable) => redirect(&format!("{address}&problem=1")),
        Ok(false) => page(StatusCode::NOT_FOUND, HostedPage::not_found(language, is_sandbox).render()),
        Err(problem) => {
            tracing::error!(%problem, "choosing a wallet");
            error(language, ErrorKind::Ours)
        }
    }
}

/// `1 NZD = 4.64490 CNY`; None if the payer's wallet keeps the shop's currency.
pub fn rate_words(terms: &Terms) -> Option<String> {
    let (shop, payer) = (terms.amount.currency, terms.payer_amount().currency);
    (shop != payer).then(|| format!("1 {} = {} {}", shop.code(), terms.payer_rate.to_places(5), payer.code()))
}

fn view(app: &App, nonce: &str, visitor: &Visitor, payable: &Payable) -> HostedPage {
    let Payable { order, shown } = payable;
    let language = visitor.language;
    let terms = &order.terms;
    let (total, payer) = (terms.total(), terms.payer_amount());
    let foreign = payer.currency != total.currency;
    let code_text = match &order.presentation {
        Presentation::Code(text) => Some(text.clone()),
        Presentation::None
        | Presentation::Charge
        | Presentation::Scanned(_)
        | Presentation::App(_)
        | Presentation::Challenge(_) => None,
    };
    let wallet = |method: &Method| Wallet::from_word(method.as_str());
    let method = order.method().and_then(wallet);
    let money = |minor| Money::new(minor, total.currency).to_string();
    HostedPage {
        language,
        state: payable.state(),
        method,
        // Not when that was the last choice there is.
        choices: match order.choices.len() {
            CHOICES_MAX.. => Vec::new(),
            _ if checkout::is_checkout(order) => Vec::new(),
            _ => shown.choices.iter().filter_map(wallet).collect(),
        },
        choice: order.choice(),
        choice_failed: visitor.problem,
        choose_url: format!("/pay/{nonce}?lang={}", language.code()),
        other_ways_url: checkout::is_checkout(order).then(|| checkout_url(nonce, language)),
        seller: shown.seller.clone(),
        description: terms.description.clone(),
        amount: total.to_string(),
        tip: (terms.tip_minor > 0).then(|| money(terms.tip_minor)),
        currency: total.currency.code().into(),
        payer_amount: foreign.then(|| payer.to_string()),
        rate: rate_words(terms),
        order_number: shown.order_number.clone(),
        reference: order.reference.clone(),
        code_text,
        created_at_ms: terms.created_at.millis(),
        expires_at_ms: terms.expires_at.millis(),
        now_ms: clock::now().millis(),
        return_url: shown.return_url.clone(),
        status_url: format!("/pay/{nonce}/status"),
        is_sandbox: app.sandbox.is_some(),
        test_wallet_url: app.sandbox.as_ref().zip(method).map(|(_, method)| {
            let (wallet, lang) = (format!("/sandbox/wallet/{}", method.word()), language.code());
            match order.presentation {
                // The wallet does not know it yet; its front page shows it as soon as it does.
                Presentation::None => format!("{wallet}?lang={lang}"),
                _ => {
                    let trade_no = crate::channels::trade_no(order.merchant, order.number, order.choice());
                    format!("{wallet}/pay/{trade_no}?lang={lang}")
                }
            }
        }),
    }
}

/// News for the page: answers when the state is another than the page knows, or after a while.
pub async fn hosted_status(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let Visitor { known, choice: known_choice, .. } = Visitor::of(query.as_deref(), &headers);
    let nonce = path.map(|Path(nonce)| nonce).unwrap_or_default();
    let news = async {
        let Some(first) = payable(&app, &nonce).await? else { return Ok(None) };
        let (choice, state) = (first.order.choice(), first.state());
        if known.as_deref() != Some(state.word()) || known_choice.is_some_and(|known| known != choice) {
            return Ok(Some(first));
        }
        let Some(_place) = app.page_polls.enter(first.order.merchant) else {
            return Ok(Some(first));
        };
        let patience = if state == HostedState::TryAgain { CODE_PATIENCE } else { NEWS_PATIENCE };
        let is_news = |order: &Order| order.choice() != choice || state_of(order, &first.shown) != state;
        let order = app.gateway.wait_until(first.order.clone(), patience, is_news).await?;
        let shown = shown(&app, &order).await?;
        Ok::<_, Problem>(Some(Payable { order, shown }))
    };
    match news.await {
        Ok(Some(payable)) => {
            let return_url = payable.shown.return_url.as_ref().filter(|_| payable.order.state.is_final());
            let body = serde_json::json!({
                "state": payable.state().word(), "choice": payable.order.choice(), "return_url": return_url,
            });
            json(StatusCode::OK, body.to_string())
        }
        Ok(None) => json(StatusCode::NOT_FOUND, r#"{"state":"not_found"}"#.into()),
        Err(problem) => {
            tracing::error!(%problem, "payment status");
            json(StatusCode::SERVICE_UNAVAILABLE, r#"{"state":"try_again"}"#.into())
        }
    }
}
