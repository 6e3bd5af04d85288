//! Card terminals on a page: which there are, what their cards are, pictures of the codes they show.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, Response, StatusCode, header};

use super::routes::Desk;
use crate::app::App;
use crate::http::pages::{error, page};
use crate::http::typed;
use crate::pages::{CardView, ErrorKind, Language, TerminalView, TerminalsPage};
use crate::qr;

/// Where every terminal connects.
const SOCKET: &str = "/terminal/v1";
/// Sharp on a phone's screen, where it is drawn half as wide.
const QR_PIXELS: u32 = 480;
/// No wallet's code is longer.
const QR_TEXT_MAX: usize = 1_024;

/// `/sandbox/terminal/{sn}`
pub async fn one(desk: Desk, Path(sn): Path<String>) -> Response<Body> {
    let terminals: Vec<_> = known_terminals(&desk.app).into_iter().filter(|one| one.sn == sn).collect();
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
    let mut terminals = known_terminals(&desk.app);
    terminals.retain(|one| wanted.is_empty() || wanted.contains(&one.sn));
    let view = TerminalsPage { chosen: !wanted.is_empty(), ..view(&desk, terminals) };
    page(StatusCode::OK, view.render())
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

// To be wired: the sandbox's own terminals with their secrets.
fn known_terminals(_: &Arc<App>) -> Vec<TerminalView> {
    ["WPYB002248000865", "WPYB002248000866"]
        .map(|sn| TerminalView {
            sn: sn.into(),
            secret: "sandbox-terminal".into(),
            merchant: "Harbor Grill".into(),
            store: "Main Street".into(),
        })
        .into()
}

/// A test card: number, brand, kind, whether it asks for a PIN, and title and effect in English and Chinese.
type Card = (&'static str, &'static str, &'static str, bool, [&'static str; 2], [&'static str; 2]);

const CARDS: [Card; 7] = [
    (
        "4111111111111111",
        "Visa",
        "credit",
        false,
        ["Harbor Credit", "海港信用卡"],
        ["Approved.", "交易成功。"],
    ),
    (
        "5555555555554444",
        "MasterCard",
        "credit",
        false,
        ["World Card", "环球信用卡"],
        ["Approved.", "交易成功。"],
    ),
    (
        "378282246310005",
        "Amex",
        "credit",
        false,
        ["Corporate", "公务卡"],
        ["Approved; a security code of four digits.", "交易成功；安全码为四位。"],
    ),
    (
        "4000056655665556",
        "Visa",
        "debit",
        true,
        ["Everyday Debit", "借记卡"],
        ["Approved; asks for a PIN.", "交易成功；需要输入密码。"],
    ),
    (
        "4000000000009995",
        "Visa",
        "credit",
        false,
        ["Empty Pockets", "空空如也"],
        ["Declined: not enough money.", "拒绝：余额不足。"],
    ),
    (
        "5200000000000007",
        "MasterCard",
        "credit",
        false,
        ["Lost Card", "挂失卡"],
        ["Declined: reported lost.", "拒绝：已挂失。"],
    ),
    (
        "4000000000000341",
        "Visa",
        "credit",
        false,
        ["Slow Bank", "慢银行"],
        ["The bank does not answer.", "银行不应答。"],
    ),
];

// To be wired: the acquirer's own list.
fn cards(language: Language) -> Vec<CardView> {
    let words = |texts: [&'static str; 2]| match language {
        Language::English => texts[0].to_owned(),
        Language::Chinese => texts[1].to_owned(),
    };
    let view = |(pan, brand, kind, pin, title, about): Card| CardView {
        pan: pan.into(),
        brand: brand.into(),
        kind: kind.into(),
        title: words(title),
        about: words(about),
        pin,
    };
    CARDS.into_iter().map(view).collect()
}
