//! The phone: pending codes to scan, one payment with its buttons, a code for the till to scan.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::{Response, StatusCode};
use tillgate_sim::{Filter, PaymentView, RULES, Rule, ShopperAction, ShopperError, StateWord, Wallet};
use tillgate_store::OrderKey;

use super::routes::{Look, WorldDesk, age_s, display};
use crate::channels::read_trade_no;
use crate::clock;
use crate::http::json;
use crate::http::pages::{error, page, rate_words, redirect};
use crate::pages::{
    ErrorKind, Language, LastCharge, Method, PayCodePage, PendingCard, RuleRow, ScanPage, WalletPaymentPage,
    WalletPaymentState, WalletProblem,
};

/// A payer's code is another one each minute.
const CODE_RENEWS_S: i64 = 60;
/// Payments a phone lists.
const LISTED: usize = 30;
/// Pages ask for news; we look this often, this many times.
const NEWS_EVERY: Duration = Duration::from_millis(400);
const NEWS_LOOKS: u32 = 60;

fn row(rule: &Rule, language: Language) -> RuleRow {
    let (title, description) = match language {
        Language::English => (rule.title_en, rule.description_en),
        Language::Chinese => (rule.title_zh, rule.description_zh),
    };
    RuleRow { ending: format!("{:02}", rule.ending), name: rule.name, title, description }
}

pub fn rule_rows(language: Language) -> Vec<RuleRow> {
    RULES.iter().map(|rule| row(rule, language)).collect()
}

fn rule_of(view: &PaymentView, language: Language) -> Option<RuleRow> {
    let rule = view.rule.and_then(tillgate_sim::rule_for)?;
    Some(row(rule, language))
}

fn both(word: &str) -> Option<(Wallet, Method)> {
    Wallet::from_word(word).zip(Method::from_word(word))
}

fn pending(desk: &WorldDesk, wallet: Wallet) -> Vec<PaymentView> {
    let filter =
        Filter { wallet: Some(wallet), state: Some(StateWord::Pending), limit: LISTED, ..Filter::default() };
    desk.simulation.world.payments(&filter)
}

/// Changes when the list does.
fn version(views: &[PaymentView]) -> String {
    let newest = views.first().map_or(0, |view| view.position + 1);
    format!("{newest}-{}", views.len())
}

pub async fn scan_page(desk: WorldDesk, Path(wallet): Path<String>) -> Response<Body> {
    scan_with(&desk, &wallet, String::new(), None)
}

fn scan_with(desk: &WorldDesk, word: &str, pasted: String, problem: Option<WalletProblem>) -> Response<Body> {
    let language = desk.visitor.language;
    let Some((wallet, method)) = both(word) else { return error(language, ErrorKind::NotFound) };
    let views = pending(desk, wallet);
    let version = version(&views);
    let pending = views.into_iter().map(|view| card(view, language)).collect();
    let status_url = format!("/sandbox/wallet/{word}/status");
    let view =
        ScanPage { language, method, csrf: desk.csrf(), pending, pasted, problem, version, status_url };
    page(StatusCode::OK, view.render())
}

fn card(view: PaymentView, language: Language) -> PendingCard {
    PendingCard {
        rule: rule_of(&view, language),
        trade_no: view.trade_no,
        code_text: view.code_url,
        seller: view.seller,
        product: view.subject,
        amount: view.amount,
        currency: view.currency,
        payer_amount: view.payer_amount,
        age_s: age_s(view.created_ms),
    }
}

/// Somebody pasted a code's text, or the text a mini app would pay with.
pub async fn scan(desk: WorldDesk, Path(word): Path<String>, request: Request) -> Response<Body> {
    let form = desk.form(request).await;
    let pasted = form.get("code").trim().to_owned();
    let problem = if !desk.is_token(form.get("csrf")) {
        WalletProblem::PageTooOld
    } else {
        let found = desk.simulation.world.scan(&pasted).or_else(|| of_app_order(&desk, &pasted));
        match found {
            Some(view) if view.wallet.word() == word => {
                return redirect(&desk.path(&format!("/sandbox/wallet/{word}/pay/{}", view.trade_no)));
            }
            Some(_) => WalletProblem::OtherWallet,
            None => WalletProblem::UnknownCode,
        }
    };
    scan_with(&desk, &word, pasted, Some(problem))
}

/// The payment an `orderStr` is about; its signature is checked when it is paid.
fn of_app_order(desk: &WorldDesk, text: &str) -> Option<PaymentView> {
    let number = text.split('&').find_map(|part| part.strip_prefix("out_trade_no="))?;
    desk.simulation.world.payment(number.trim_matches('"'))
}

/// Waits until `version` gives something other than what the page knows.
pub async fn news(look: &Look, version: impl Fn() -> String) -> Response<Body> {
    let mut current = version();
    for _ in 0..NEWS_LOOKS {
        if look.visitor.known.as_deref() != Some(&current) {
            break;
        }
        tokio::time::sleep(NEWS_EVERY).await;
        current = version();
    }
    json(StatusCode::OK, serde_json::json!({ "version": current }).to_string())
}

pub async fn scan_status(desk: WorldDesk, Path(word): Path<String>) -> Response<Body> {
    match both(&word) {
        Some((wallet, _)) => news(&desk, || version(&pending(&desk, wallet))).await,
        None => error(desk.visitor.language, ErrorKind::NotFound),
    }
}

pub async fn payment_page(desk: WorldDesk, Path((word, trade_no)): Path<(String, String)>) -> Response<Body> {
    payment_with(&desk, &word, &trade_no, None).await
}

/// The wallet sees amounts only; the rate is the order's, which a world of its own does not see.
async fn rate_of(desk: &WorldDesk, trade_no: &str) -> Option<String> {
    let (merchant, number, _) = read_trade_no(trade_no)?;
    let order = desk.app()?.gateway.store.load_order(merchant, OrderKey::Number(number)).await.ok()??;
    rate_words(&order.terms)
}

async fn payment_with(
    desk: &WorldDesk,
    word: &str,
    trade_no: &str,
    problem: Option<WalletProblem>,
) -> Response<Body> {
    let language = desk.visitor.language;
    let found = desk.simulation.world.payment(trade_no).filter(|view| view.wallet.word() == word);
    let (Some((_, method)), Some(view)) = (both(word), found) else {
        return error(language, ErrorKind::NotFound);
    };
    let state = match view.state {
        StateWord::Pending if view.walked_away => WalletPaymentState::WalkedAway,
        StateWord::Pending => WalletPaymentState::Open,
        StateWord::Paid => WalletPaymentState::Paid,
        StateWord::Declined => WalletPaymentState::Declined,
        StateWord::Closed | StateWord::Expired => WalletPaymentState::Gone,
    };
    let view = WalletPaymentPage {
        language,
        method,
        csrf: desk.csrf(),
        state,
        rule: rule_of(&view, language),
        trade_no: view.trade_no,
        seller: view.seller,
        product: view.subject,
        amount: view.amount,
        currency: view.currency,
        payer_amount: view.payer_amount,
        rate: rate_of(desk, trade_no).await,
        problem,
    };
    page(StatusCode::OK, view.render())
}

pub async fn act(
    desk: WorldDesk,
    Path((word, trade_no)): Path<(String, String)>,
    request: Request,
) -> Response<Body> {
    let form = desk.form(request).await;
    if !desk.is_token(form.get("csrf")) {
        return payment_with(&desk, &word, &trade_no, Some(WalletProblem::PageTooOld)).await;
    }
    let action = match form.get("action") {
        "pay" => ShopperAction::Pay,
        "decline" => ShopperAction::Decline,
        "leave" => ShopperAction::WalkAway,
        _ => return payment_with(&desk, &word, &trade_no, Some(WalletProblem::Trouble)).await,
    };
    let acted = desk.simulation.world.act(&trade_no, action, clock::now().millis());
    desk.simulation.has_moved();
    match acted {
        Ok(_) => redirect(&desk.path(&format!("/sandbox/wallet/{word}/pay/{trade_no}"))),
        Err(ShopperError::NotPayable(_)) => {
            payment_with(&desk, &word, &trade_no, Some(WalletProblem::AlreadyOver)).await
        }
        Err(ShopperError::NotFound) => error(desk.visitor.language, ErrorKind::NotFound),
        Err(ShopperError::NoConnection | ShopperError::Journal(_)) => {
            payment_with(&desk, &word, &trade_no, Some(WalletProblem::Trouble)).await
        }
    }
}

/// The code of this minute, the same for everyone who looks.
fn code_of_minute(desk: &WorldDesk, wallet: Wallet) -> String {
    let minute_ms = clock::now().millis() / (CODE_RENEWS_S * 1_000) * (CODE_RENEWS_S * 1_000);
    desk.simulation.world.payer_code_at(wallet, minute_ms)
}

fn last_charge(desk: &WorldDesk, wallet: Wallet) -> Option<PaymentView> {
    let filter = Filter { wallet: Some(wallet), limit: 20, ..Filter::default() };
    desk.simulation.world.payments(&filter).into_iter().find(|view| !view.payer_code.is_empty())
}

fn charge_version(view: Option<&PaymentView>) -> String {
    view.map_or_else(String::new, |view| format!("{}-{:?}", view.position, view.state))
}

pub async fn code_page(desk: WorldDesk, Path(word): Path<String>) -> Response<Body> {
    let language = desk.visitor.language;
    let Some((wallet, method)) = both(&word) else { return error(language, ErrorKind::NotFound) };
    let last = last_charge(&desk, wallet);
    let into_minute_s = clock::now().millis() / 1_000 % CODE_RENEWS_S;
    let view = PayCodePage {
        language,
        method,
        code: code_of_minute(&desk, wallet),
        renews_in_s: u32::try_from(CODE_RENEWS_S - into_minute_s).unwrap_or(1),
        version: charge_version(last.as_ref()),
        last_charge: last.map(|view| LastCharge {
            seller: view.seller,
            amount: view.amount,
            currency: view.currency,
            payer_amount: view.payer_amount,
            at: display(view.ended_ms.unwrap_or(view.created_ms)),
            paid: view.state == StateWord::Paid,
        }),
        status_url: format!("/sandbox/wallet/{word}/code/status"),
        problem: None,
    };
    page(StatusCode::OK, view.render())
}

pub async fn code_status(desk: WorldDesk, Path(word): Path<String>) -> Response<Body> {
    match both(&word) {
        Some((wallet, _)) => news(&desk, || charge_version(last_charge(&desk, wallet).as_ref())).await,
        None => error(desk.visitor.language, ErrorKind::NotFound),
    }
}
