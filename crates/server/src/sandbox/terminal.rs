//! Card terminals on a page: which there are, what their cards are, pictures of the codes they show.

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, Response, StatusCode, header};

use tillgate_sim::{CARD_RULES, CardBehaviour, CardRule, CardType, TEST_CARDS, TestCard};

use super::routes::Desk;
use crate::app::App;
use crate::http::pages::{error, page};
use crate::http::typed;
use crate::pages::{CardRow, CardView, ErrorKind, Language, RuleRow, TerminalView, TerminalsPage};
use crate::qr;
use crate::rooms::codepay::TERMINALS;

/// Where every terminal connects.
const SOCKET: &str = "/terminal/v1";
/// Sharp on a phone's screen, where it is drawn half as wide.
const QR_PIXELS: u32 = 480;
/// No wallet's code is longer.
const QR_TEXT_MAX: usize = 1_024;

/// `/sandbox/terminal/{sn}`
pub async fn one(desk: Desk, Path(sn): Path<String>) -> Response<Body> {
    let known = match known_terminals(&desk.app).await {
        Ok(known) => known,
        Err(fault) => return broken(&desk, &fault),
    };
    let terminals: Vec<_> = known.into_iter().filter(|one| one.sn == sn).collect();
    match terminals.is_empty() {
        true => error(desk.visitor.language, ErrorKind::NotFound),
        false => page(StatusCode::OK, TerminalsPage { alone: true, ..view(&desk, terminals) }.render()),
    }
}

/// `/sandbox/terminals?sn=…&sn=…`: those, or all.
pub async fn several(desk: Desk) -> Response<Body> {
    let wanted: Vec<String> = url::form_urlencoded::parse(desk.query.as_bytes())
        .filter(|(name, _)| name == "sn")
        .map(|(_, sn)| sn.into_owned())
        .collect();
    let mut terminals = match known_terminals(&desk.app).await {
        Ok(known) => known,
        Err(fault) => return broken(&desk, &fault),
    };
    terminals.retain(|one| wanted.is_empty() || wanted.contains(&one.sn));
    let view = TerminalsPage { chosen: !wanted.is_empty(), ..view(&desk, terminals) };
    page(StatusCode::OK, view.render())
}

fn broken(desk: &Desk, fault: &anyhow::Error) -> Response<Body> {
    tracing::error!(%fault, "listing terminals");
    error(desk.visitor.language, ErrorKind::Ours)
}

fn view(desk: &Desk, terminals: Vec<TerminalView>) -> TerminalsPage {
    let language = desk.visitor.language;
    TerminalsPage { language, alone: false, chosen: false, terminals, cards: cards(language), socket: SOCKET }
}

/// `/sandbox/terminal/{sn}/qr?text=…`: the code an order asks to show, as a picture.
pub async fn code(desk: Desk, Path(_): Path<String>) -> Response<Body> {
    let text = url::form_urlencoded::parse(desk.query.as_bytes())
        .find(|(name, _)| name == "text")
        .map(|(_, text)| text.into_owned())
        .unwrap_or_default();
    let fits = !text.is_empty() && text.len() <= QR_TEXT_MAX;
    let picture =
        if fits { desk.app.pool.run(move || qr::png(&text, QR_PIXELS)).await.flatten() } else { None };
    let Some(picture) = picture else {
        return typed(StatusCode::UNPROCESSABLE_ENTITY, "text/plain", "no code can be made of that\n");
    };
    let mut response = typed(StatusCode::OK, "image/png", picture);
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// All terminals there are, with their secrets: this is play money, and whoever sees the page may play.
async fn known_terminals(app: &App) -> anyhow::Result<Vec<TerminalView>> {
    let mut views = Vec::new();
    for credential in app.gateway.store.list_credentials().await? {
        if credential.room != TERMINALS || !credential.enabled {
            continue;
        }
        let Some(terminal) = app.codepay.terminals.find(&credential.login).await? else { continue };
        let Some(secret) = terminal.secret() else { continue };
        let merchant = app.codepay.merchants.find(&terminal.merchant_no).await?;
        let stores = merchant.as_ref().map_or(&[][..], |merchant| &merchant.stores);
        let store = stores.iter().find(|store| store.store_no == terminal.store_no);
        views.push(TerminalView {
            sn: terminal.terminal_sn.clone(),
            secret: secret.to_owned(),
            merchant: merchant
                .as_ref()
                .map_or(&*terminal.merchant_name, |merchant| &merchant.name)
                .to_owned(),
            store: store.map_or(&*terminal.store_no, |store| &store.name).to_owned(),
        });
    }
    Ok(views)
}

/// What amounts do, for the page of rules.
pub fn rule_rows(language: Language) -> Vec<RuleRow> {
    let row = |rule: &CardRule| {
        let (title, description) = match language {
            Language::English => (rule.title_en, rule.description_en),
            Language::Chinese => (rule.title_zh, rule.description_zh),
        };
        RuleRow { ending: format!("{:02}", rule.ending), name: rule.name, title, description }
    };
    CARD_RULES.iter().map(row).collect()
}

/// The cards, for the same page.
pub fn card_rows(language: Language) -> Vec<CardRow> {
    let row = |card: &TestCard| {
        let (title, about) = match language {
            Language::English => (card.title_en, card.about_en),
            Language::Chinese => (card.title_zh, card.about_zh),
        };
        let sign = match card.behaviour {
            CardBehaviour::Approved | CardBehaviour::IssuerDown | CardBehaviour::NotEnrolled => "good",
            CardBehaviour::WantsPin | CardBehaviour::ContactlessLimit | CardBehaviour::Challenged => "wait",
            CardBehaviour::Unreachable => "late",
            _ => "bad",
        };
        CardRow { pan: card.pan, title, about, sign }
    };
    TEST_CARDS.iter().map(row).collect()
}

fn cards(language: Language) -> Vec<CardView> {
    let word = |english: &'static str, chinese: &'static str| match language {
        Language::English => english.to_owned(),
        Language::Chinese => chinese.to_owned(),
    };
    let view = |card: &TestCard| CardView {
        pan: card.pan.into(),
        brand: card.brand.into(),
        kind: match card.kind {
            CardType::Debit => "debit",
            CardType::Gift => "gift",
            CardType::Ebt => "ebt",
            CardType::Credit => "credit",
        },
        title: word(card.title_en, card.title_zh),
        about: word(card.about_en, card.about_zh),
        asks_pin: matches!(card.behaviour, CardBehaviour::WantsPin | CardBehaviour::WrongPin),
    };
    // Those that are something special only online would be so many more that are simply approved.
    TEST_CARDS.iter().filter(|card| !card.is_for_online()).map(view).collect()
}
