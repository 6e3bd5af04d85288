//! The channels' files of a day, as docs/reconciliation.md describes them.

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, Response, StatusCode, header};
use tillgate_sim::{Day, Spoil, Wallet};

use super::api::{Bad, Result, answer, unprocessable};
use super::routes::WorldDesk;
use crate::clock;
use crate::http::typed;

/// The acquirer's file; a wallet's has the wallet's name.
const ACQUIRER: &str = "acquirer";

/// `GET /sandbox/statements/{name}?day=2026-11-26&spoil=missing`: today's if no day is named.
pub async fn file(desk: WorldDesk, Path(name): Path<String>) -> Response<Body> {
    answer(asked(&desk, &name))
}

fn asked(desk: &WorldDesk, name: &str) -> Result<Response<Body>> {
    let unknown = || Bad(StatusCode::NOT_FOUND, "there is no such statement".into());
    let channel = name.strip_suffix(".csv").ok_or_else(unknown)?;
    let (mut day, mut spoil) = (Day::of(clock::now().millis()), None);
    for (name, value) in url::form_urlencoded::parse(desk.query.as_bytes()) {
        match &*name {
            "day" => day = Day::parse(&value).ok_or_else(|| unprocessable("day: YYYY-MM-DD"))?,
            "spoil" => {
                let word = Spoil::from_word(&value);
                spoil = Some(word.ok_or_else(|| unprocessable("spoil: missing, doubled or different"))?);
            }
            _ => return Err(unprocessable(format!("{name}: not understood"))),
        }
    }
    let simulation = &desk.simulation;
    let file = match Wallet::from_word(channel) {
        Some(wallet) => simulation.world.statement(wallet, day, spoil),
        None if channel == ACQUIRER => simulation.acquirer.statement(day, spoil),
        None => return Err(unknown()),
    };
    let mut response = typed(StatusCode::OK, "text/csv; charset=utf-8", file);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}
