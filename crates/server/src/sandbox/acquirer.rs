//! The simulated card acquirer: how the gateway reaches it, and how simulated terminals do.
//!
//! A real terminal has a line of its own to its acquirer; here that is a route. What it takes and gives is in
//! docs/sandbox.md.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::{Response, StatusCode};
use serde::Deserialize;
use tillgate_channels::CardAcquirer;
use tillgate_channels::acquirer::SimulatedAcquirer;
use tillgate_core::{Currency, Money};
use tillgate_sim::{
    CARD_RULES, EntryMode, TEST_CARDS, TerminalAction, TerminalReply, TerminalRequest, TestCardInput,
    TransactionFilter,
};
use zeroize::Zeroizing;

use super::api::{Bad, Result, answer, bad, good, input, unprocessable};
use super::routes::{Desk, WorldDesk};
use crate::clock;
use crate::http::json;

/// The acquirer's name in metrics.
const NAME: &str = "simulated-acquirer";
/// What acquirer and channel sign with. It protects play money only.
pub const KEY: &str = "sandbox-acquirer-key";
/// Where the cards' simulated issuer asks payers who they are.
pub const ISSUER_PAGES: &str = "/sandbox/3ds";
/// How long a terminal waits for an acquirer that does not answer.
const SILENCE: Duration = Duration::from_secs(3);
/// Read off a card that nobody named.
const USUAL_CARD: &str = "4111111111111111";

pub fn codec() -> Arc<dyn CardAcquirer> {
    Arc::new(SimulatedAcquirer::new(NAME, KEY))
}

/// What a terminal asks of its acquirer. Amounts are decimal text, `amount` with tip and cashback.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    trade_no: String,
    orig_trade_no: Option<String>,
    action: Action,
    #[serde(default)]
    is_capture: bool,
    amount: String,
    #[serde(default)]
    tip: String,
    #[serde(default)]
    cashback: String,
    currency: String,
    pan: Option<Zeroizing<String>>,
    expiry: Option<Zeroizing<String>>,
    pin: Option<Zeroizing<String>>,
    entry: Option<EntryMode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Authorize,
    Capture,
    Void,
    Refund,
}

fn request(terminal: String, asked: Asked) -> Result<TerminalRequest> {
    let unknown = || unprocessable("currency: not known");
    let currency = Currency::from_code(&asked.currency).ok_or_else(unknown)?;
    let minor = |name: &str, text: &str| match text {
        "" => Ok(0),
        text => Money::parse_decimal(text, currency)
            .map(|money| money.minor)
            .map_err(|error| unprocessable(format!("{name}: {error}"))),
    };
    let action = match asked.action {
        Action::Authorize => TerminalAction::Authorize { is_capture: asked.is_capture },
        Action::Capture => TerminalAction::Capture,
        Action::Void => TerminalAction::Void,
        Action::Refund => TerminalAction::Refund,
    };
    let needs_card = matches!(action, TerminalAction::Authorize { .. });
    let usual = || Zeroizing::new(USUAL_CARD.to_owned());
    let pan = asked.pan.or_else(|| needs_card.then(usual));
    let card = pan.map(|pan| TestCardInput {
        pan,
        expiry: asked.expiry.unwrap_or_default(),
        entry: asked.entry.unwrap_or(EntryMode::Contactless),
        kind: None,
        pin: asked.pin,
    });
    Ok(TerminalRequest {
        terminal,
        trade_no: asked.trade_no,
        orig_trade_no: asked.orig_trade_no,
        action,
        amount_minor: minor("amount", &asked.amount)?,
        tip_minor: minor("tip", &asked.tip)?,
        cashback_minor: minor("cashback", &asked.cashback)?,
        currency: currency.code().to_owned(),
        card,
    })
}

/// `POST /sandbox/api/terminals/{sn}/card`: 504 is an acquirer that does not answer.
pub async fn card(desk: WorldDesk, Path(terminal): Path<String>, body: Request) -> Response<Body> {
    answer(async { asked(&desk, terminal, body).await }.await)
}

async fn asked(desk: &WorldDesk, terminal: String, body: Request) -> Result<Response<Body>> {
    // A world of its own knows no gateway's terminals.
    if let Some(app) = desk.app()
        && !matches!(app.codepay.terminals.find(&terminal).await, Ok(Some(_)))
    {
        return Err(Bad(StatusCode::NOT_FOUND, "there is no such terminal".into()));
    }
    let request = request(terminal, input(desk, body).await?)?;
    let reply = desk.simulation.acquirer.terminal(clock::now().millis(), request);
    match reply {
        TerminalReply::Answer(told) => {
            tokio::time::sleep(Duration::from_millis(told.after_ms.unsigned_abs())).await;
            Ok(good(&told))
        }
        TerminalReply::Silence => {
            tokio::time::sleep(SILENCE).await;
            Ok(bad(StatusCode::GATEWAY_TIMEOUT, "the acquirer does not answer"))
        }
    }
}

/// `GET /sandbox/api/cards`: the test cards, and what amounts do.
pub async fn cards(_: Desk) -> Response<Body> {
    json(StatusCode::OK, serde_json::json!({ "cards": TEST_CARDS, "rules": CARD_RULES }).to_string())
}

/// `GET /sandbox/api/acquirer?terminal=…&limit=100`: transactions, totals and batches as the acquirer has them.
pub async fn books(desk: WorldDesk) -> Response<Body> {
    let mut filter = TransactionFilter::default();
    for (name, value) in url::form_urlencoded::parse(desk.query.as_bytes()) {
        match (&*name, value.parse()) {
            ("terminal", _) => filter.terminal = Some(value.into_owned()),
            ("limit", Ok(limit)) => filter.limit = limit,
            _ => return bad(StatusCode::UNPROCESSABLE_ENTITY, &format!("{name}: not understood")),
        }
    }
    let acquirer = &desk.simulation.acquirer;
    let totals = acquirer.totals(filter.terminal.as_deref());
    good(&serde_json::json!({
        "transactions": acquirer.transactions(&filter),
        "totals": totals,
        "batches": acquirer.batches(),
        "closed": acquirer.closed_numbers(),
    }))
}
