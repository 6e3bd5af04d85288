//! Pairing: a code that a person reads out, once, for a secret that only the terminal has.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use tillgate_protocols::ecrhub::{self, Paired};

use crate::app::App;
use crate::bus::hint::Hint;
use crate::http::{body, json};
use crate::rooms::codepay::TERMINALS;
use crate::rooms::new_key;
use crate::{clock, random};

/// How long a code is good.
pub const PAIRING_LIFETIME_S: i64 = 15 * 60;

/// Eight digits.
pub fn new_pairing_code() -> String {
    format!("{:08}", random::below(100_000_000))
}

/// What is kept of a code; bound to its terminal.
pub fn code_digest(terminal_sn: &str, code: &str) -> Vec<u8> {
    digest(&SHA256, format!("tillgate pairing {terminal_sn} {code}").as_bytes()).as_ref().to_vec()
}

/// Why there is no secret. All the same to a stranger.
const REFUSED: &str = "no such code, used, too old, or for another terminal";

pub async fn pair(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let refused = |status, why: &str| json(status, ecrhub::pair_refused(why));
    let Ok(bytes) = body::read(request.into_body(), app.body_limits()).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large or too slow");
    };
    let asked = match ecrhub::read_pair(&bytes) {
        Ok(asked) => asked,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match paired(&app, &asked.terminal_sn, &asked.pairing_code).await {
        Ok(Some(answer)) => json(StatusCode::OK, answer),
        Ok(None) => refused(StatusCode::FORBIDDEN, REFUSED),
        Err(error) => {
            tracing::error!(%error, "pairing");
            refused(StatusCode::SERVICE_UNAVAILABLE, "try again")
        }
    }
}

async fn paired(app: &App, terminal_sn: &str, code: &str) -> anyhow::Result<Option<String>> {
    let store = &app.gateway.store;
    let Some(terminal) = app.codepay.terminals.find(terminal_sn).await? else { return Ok(None) };
    let digest = code_digest(terminal_sn, code);
    let is_right = store.take_pairing(terminal.merchant, terminal_sn, digest, clock::now()).await?;
    if !is_right || !terminal.enabled {
        return Ok(None);
    }
    let secret = random::hex::<32>();
    let key = new_key(&app.vault, TERMINALS, terminal_sn, &secret)?;
    store.add_key(terminal.merchant, TERMINALS, terminal_sn, key).await?;
    app.codepay.terminals.forget(terminal_sn);
    app.gateway.bus.tell(|| Hint::Login(TERMINALS.to_owned(), terminal_sn.to_owned()));
    app.gateway.disconnect_terminal(terminal.merchant, terminal_sn);
    Ok(Some(ecrhub::paired(&Paired {
        terminal_sn,
        secret: &secret,
        merchant_no: &terminal.merchant_no,
        store_no: &terminal.store_no,
        name: &terminal.name,
    })))
}
