//! The simulated issuer's page: a payer online proves there who he is.
//!
//! Knows: how the page and its form talk to the simulated acquirer. Deliberately does not know: orders. The number in the
//! address is the secret that lets somebody answer, so the form has no other. Browsers go back only where the gateway
//! said when it sent the card.

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::{HeaderValue, Response, StatusCode, header};
use tillgate_sim::{ChallengeAnswer, ChallengeState, ChallengeView, TEST_CODE, TRIES};
use url::Url;

use super::acquirer::ISSUER_PAGES;
use super::routes::WorldDesk;
use crate::clock;
use crate::http::pages::{error, page, redirect};
use crate::pages::{CONTENT_SECURITY_POLICY, ErrorKind, IssuerPage, IssuerProblem};

/// `GET /sandbox/3ds/{id}`
pub async fn show(desk: WorldDesk, Path(id): Path<String>) -> Response<Body> {
    // After a code that was wrong the page is asked for anew, so that to load it again costs no try.
    let problem = desk.visitor.problem.then_some(IssuerProblem::WrongCode);
    shown(&desk, &id, problem)
}

fn shown(desk: &WorldDesk, id: &str, problem: Option<IssuerProblem>) -> Response<Body> {
    match desk.simulation.acquirer.challenge_view(id, clock::now().millis()) {
        Ok(Some(view)) if view.is_over => redirect(&view.return_url),
        Ok(Some(view)) => open(desk, id, view, problem),
        Ok(None) => error(desk.visitor.language, ErrorKind::NotFound),
        Err(fault) => broken(desk, &fault),
    }
}

fn open(desk: &WorldDesk, id: &str, view: ChallengeView, problem: Option<IssuerProblem>) -> Response<Body> {
    let policy = policy(&view.return_url);
    let shown = IssuerPage {
        language: desk.visitor.language,
        action: desk.path(&format!("{ISSUER_PAGES}/{id}")),
        seller: view.seller,
        amount: view.amount,
        currency: view.currency,
        brand: view.brand,
        last_four: view.last_four,
        tries_left: view.tries_left,
        code: TEST_CODE,
        // Of somebody who kept the address.
        problem: problem.filter(|problem| *problem != IssuerProblem::WrongCode || view.tries_left < TRIES),
    };
    let mut response = page(StatusCode::OK, shown.render());
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// A browser holds the answer to a form to the page's policy: it may go back to where the payer came from.
fn policy(return_url: &str) -> String {
    let origin = Url::parse(return_url).map(|url| url.origin().ascii_serialization());
    let allowed = format!("form-action 'self' {}", origin.unwrap_or_default());
    CONTENT_SECURITY_POLICY.replace("form-action 'self'", allowed.trim_end())
}

fn broken(desk: &WorldDesk, fault: &std::io::Error) -> Response<Body> {
    tracing::error!(%fault, "the acquirer's journal");
    error(desk.visitor.language, ErrorKind::Ours)
}

/// `POST /sandbox/3ds/{id}`
pub async fn answer(desk: WorldDesk, Path(id): Path<String>, request: Request) -> Response<Body> {
    let form = desk.form(request).await;
    let answer = match form.get("action") {
        "confirm" if form.get("code").trim().is_empty() => {
            return shown(&desk, &id, Some(IssuerProblem::NoCode));
        }
        "confirm" => ChallengeAnswer::Code(form.get("code").to_owned()),
        "cancel" => ChallengeAnswer::Cancel,
        "fail" => ChallengeAnswer::Fail,
        _ => return shown(&desk, &id, Some(IssuerProblem::NotUnderstood)),
    };
    match desk.simulation.acquirer.challenge_answer(&id, &answer, clock::now().millis()) {
        Ok(Some(ChallengeState::Done { return_url })) => redirect(&return_url),
        Ok(Some(ChallengeState::Again { .. })) => {
            redirect(&format!("{}&problem=1", desk.path(&format!("{ISSUER_PAGES}/{id}"))))
        }
        Ok(None) => error(desk.visitor.language, ErrorKind::NotFound),
        Err(fault) => broken(&desk, &fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_payers_way_back_is_added_to_the_policy() {
        for (url, expected) in [
            ("https://pay.example:8443/checkout/abc?a=1", "form-action 'self' https://pay.example:8443;"),
            ("http://127.0.0.1:8080/x;script-src *", "form-action 'self' http://127.0.0.1:8080;"),
            ("nonsense", "form-action 'self';"),
        ] {
            let policy = policy(url);
            assert!(policy.contains(expected), "{policy}");
            assert!(
                policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self';"),
                "{policy}"
            );
        }
    }
}
