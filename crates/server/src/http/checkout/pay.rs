//! A card or a wallet is chosen on the page.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use tillgate_channels::Online;
use tillgate_core::{Buyer, Method, OrderState};

use super::form::Sent;
use super::{Nonce, Sale, named, not_found, trouble, view};
use crate::app::App;
use crate::clock;
use crate::gateway::{Problem, billing_of};
use crate::http::body::{self, BodyLimits};
use crate::http::pages::{Visitor, page, redirect};
use crate::pages::{CheckoutPage, CheckoutProblem, Language};
use crate::rooms::codepay::{card_of, order_detail};
use crate::rooms::to_the_end;

/// A form with all its fields filled to the brim is a third of it.
const FORM_BYTES: usize = 16 * 1024;
const FORM_TIMEOUT: Duration = Duration::from_secs(15);

/// What the browser gets.
enum Answer {
    /// The page, or another one.
    See(String),
    /// The form again.
    Form(StatusCode, Box<CheckoutPage>),
    NotFound,
}

/// The link is the secret, and no cookie comes along by itself: another site's page gains nothing it could not do with
/// the link alone. What a browser says of where a form comes from is heard all the same.
fn is_from_here(headers: &HeaderMap, public_url: &str) -> bool {
    let read = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match read("sec-fetch-site") {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => match read(header::ORIGIN.as_str()) {
            // Our pages send no referrer, so browsers name no origin either.
            None | Some("null") => true,
            Some(origin) => {
                let host = read(header::HOST.as_str()).unwrap_or_default();
                let is_host = ["http://", "https://"]
                    .iter()
                    .any(|scheme| origin.strip_prefix(scheme).is_some_and(|rest| rest == host));
                is_host || origin == crate::outbound::origin_of(public_url)
            }
        },
    }
}

async fn sent(request: Request) -> Sent {
    let limits = BodyLimits { bytes: FORM_BYTES, timeout: FORM_TIMEOUT };
    Sent::read(body::read(request.into_body(), limits).await.unwrap_or_default())
}

async fn answer(
    app: &App,
    language: Language,
    work: impl Future<Output = Result<Answer, Problem>> + Send + 'static,
) -> Response<Body> {
    match to_the_end(work, || Err(Problem::Fault("broke off".into()))).await {
        Ok(Answer::See(address)) => redirect(&address),
        Ok(Answer::Form(status, view)) => page(status, view.render()),
        Ok(Answer::NotFound) => not_found(app, language),
        Err(problem) => trouble(language, &problem),
    }
}

pub async fn by_card(
    State(app): State<Arc<App>>,
    path: Nonce,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    request: Request,
) -> Response<Body> {
    let language = Visitor::of(query.as_deref(), &headers).language;
    let is_ours = is_from_here(&headers, &app.config.public_url);
    let (nonce, sent) = (named(path), sent(request).await);
    let shared = app.clone();
    // Once a card is on its way, its answer is heard also for a browser that has gone.
    answer(&app, language, async move { Attempt { app: shared, language }.card(nonce, sent, is_ours).await })
        .await
}

pub async fn by_wallet(
    State(app): State<Arc<App>>,
    path: Nonce,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    request: Request,
) -> Response<Body> {
    let language = Visitor::of(query.as_deref(), &headers).language;
    let is_ours = is_from_here(&headers, &app.config.public_url);
    let (nonce, sent) = (named(path), sent(request).await);
    let shared = app.clone();
    answer(
        &app,
        language,
        async move { Attempt { app: shared, language }.wallet(nonce, sent, is_ours).await },
    )
    .await
}

struct Attempt {
    app: Arc<App>,
    language: Language,
}

impl Attempt {
    fn see(&self, sale: &Sale, more: &str) -> Answer {
        Answer::See(format!("{}?lang={}{more}", sale.path(), self.language.code()))
    }

    /// The form again, with what was typed and may be shown.
    fn form(&self, sale: &Sale, sent: &Sent, status: StatusCode) -> (StatusCode, Box<CheckoutPage>) {
        let mut view = view::page_of(&self.app, sale, self.language);
        view.filled = sent.filled.clone();
        view.problem = None;
        (status, Box::new(view))
    }

    fn problem(&self, sale: &Sale, sent: &Sent, problem: CheckoutProblem) -> Answer {
        let status = match problem {
            CheckoutProblem::NotFromHere => StatusCode::FORBIDDEN,
            _ => StatusCode::OK,
        };
        let (status, mut view) = self.form(sale, sent, status);
        view.problem = Some(problem);
        Answer::Form(status, view)
    }

    async fn card(&self, nonce: String, mut sent: Sent, is_ours: bool) -> Result<Answer, Problem> {
        let Some(mut sale) = Sale::load(&self.app, nonce).await? else { return Ok(Answer::NotFound) };
        let detail = order_detail(&sale.order);
        let brands = view::card_brands(&sale, &detail);
        if sale.order.state != OrderState::Pending || brands.is_empty() {
            return Ok(self.see(&sale, ""));
        }
        if !is_ours {
            return Ok(self.problem(&sale, &sent, CheckoutProblem::NotFromHere));
        }
        let (buyer, mut wrong) = sent.buyer(&view::asked(&detail));
        let card = match sent.card(&brands, clock::now()) {
            Ok(card) if wrong.is_empty() => card,
            card => {
                wrong.extend(card.err().unwrap_or_default());
                let (status, mut view) = self.form(&sale, &sent, StatusCode::UNPROCESSABLE_ENTITY);
                view.wrong = wrong;
                return Ok(Answer::Form(status, view));
            }
        };
        self.keep(&mut sale, &buyer).await?;
        let online = self.online(&sale, &buyer);
        let tried = self.app.gateway.try_card(sale.order.clone(), card_of(card), online).await;
        match tried {
            Ok(_) => Ok(self.see(&sale, "&sent=1")),
            Err(Problem::Unavailable) => Ok(self.problem(&sale, &sent, CheckoutProblem::Unavailable)),
            Err(Problem::Refused(_)) => Ok(self.problem(&sale, &sent, CheckoutProblem::TooManyTries)),
            Err(fault) => Err(fault),
        }
    }

    async fn wallet(&self, nonce: String, mut sent: Sent, is_ours: bool) -> Result<Answer, Problem> {
        let Some(mut sale) = Sale::load(&self.app, nonce).await? else { return Ok(Answer::NotFound) };
        let detail = order_detail(&sale.order);
        let method = Method::new(&sent.method);
        if sale.order.state != OrderState::Pending || !view::wallets(&sale, &detail).contains(&method) {
            return Ok(self.see(&sale, ""));
        }
        if !is_ours {
            return Ok(self.problem(&sale, &sent, CheckoutProblem::NotFromHere));
        }
        let (buyer, wrong) = sent.buyer(&view::asked(&detail));
        if !wrong.is_empty() {
            let (status, mut view) = self.form(&sale, &sent, StatusCode::UNPROCESSABLE_ENTITY);
            view.wrong = wrong;
            return Ok(Answer::Form(status, view));
        }
        self.keep(&mut sale, &buyer).await?;
        match self.app.gateway.choose(sale.order.clone(), &method, &sale.shown.seller).await {
            Ok(order) if order.method() == Some(&method) && order.state == OrderState::Pending => {
                Ok(Answer::See(format!("/pay/{}?lang={}", sale.nonce, self.language.code())))
            }
            Ok(_) => Ok(self.see(&sale, "")),
            Err(Problem::Unavailable) => Ok(self.problem(&sale, &sent, CheckoutProblem::Unavailable)),
            Err(Problem::Refused(_)) => Ok(self.problem(&sale, &sent, CheckoutProblem::TooManyTries)),
            Err(fault) => Err(fault),
        }
    }

    /// Who buys is stored before he pays.
    async fn keep(&self, sale: &mut Sale, buyer: &Buyer) -> Result<(), Problem> {
        if *buyer != Buyer::default() {
            sale.order = self.app.gateway.keep_buyer(&sale.order, buyer.clone()).await?;
        }
        Ok(())
    }

    fn online(&self, sale: &Sale, buyer: &Buyer) -> Online {
        Online {
            seller: sale.shown.seller.clone(),
            return_url: format!(
                "{}{}/return?lang={}",
                self.app.config.public_url,
                sale.path(),
                self.language.code()
            ),
            billing: buyer.billing.as_ref().map(billing_of),
            payer_ip: sale.order.terms.payer_ip.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(headers: &[(&'static str, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        is_from_here(&map, "https://pay.example")
    }

    #[test]
    fn other_sites_forms_are_not_taken() {
        for good in [
            vec![],
            vec![("sec-fetch-site", "same-origin"), ("origin", "null")],
            vec![("sec-fetch-site", "none")],
            vec![("origin", "null")],
            vec![("origin", "https://pay.example")],
            vec![("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")],
        ] {
            assert!(from(&good), "{good:?}");
        }
        for bad in [
            vec![("sec-fetch-site", "cross-site")],
            vec![("sec-fetch-site", "same-site"), ("origin", "https://pay.example")],
            vec![("origin", "https://evil.example"), ("host", "pay.example")],
            vec![("origin", "https://pay.example.evil"), ("host", "pay.example")],
        ] {
            assert!(!from(&bad), "{bad:?}");
        }
    }
}
