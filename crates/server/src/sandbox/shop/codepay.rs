//! The same shop with a card terminal: its register signs an order for a terminal, posts it to the API, and asks with
//! `order.query` how it goes.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use tillgate_core::{Currency, Money};
use tillgate_protocols::codepay as room;
use tillgate_protocols::codepay::client::{self, Answer, Fields};
use tillgate_protocols::codepay::words::{PayMethod, PayScenario, TransStatus, TransType};

use super::{posted, product_of};
use crate::http::json;
use crate::http::pages::{page, redirect};
use crate::pages::{
    Method, RegisterForm, RegisterOrder, RegisterPage, RegisterProblem as Problem, RegisterStatus,
    RegisterTerminal, Way, Wish,
};
use crate::sandbox::codepay::{CURRENCIES, MERCHANT_NO, SANDBOX_TERMINALS, signed_request};
use crate::sandbox::receiver::callback_url;
use crate::sandbox::routes::{Desk, Form};
use crate::{clock, random};

const PATH: &str = "/sandbox/shop/codepay";
/// How long an order waits for its payer.
const EXPIRES_S: &str = "900";
/// The page asks for news; we look this often, this many times.
const NEWS_EVERY: Duration = Duration::from_millis(500);
const NEWS_LOOKS: u32 = 48;

/// Asks our own API like any app; an answer counts only with the gateway's signature.
pub(super) async fn asked(
    desk: &Desk,
    method: room::Method,
    own: &[(&str, &str)],
) -> Result<Answer, Problem> {
    let body = signed_request(method, clock::now(), own).map_err(|_| Problem::Trouble)?;
    let answer = posted(desk, room::ENTRY, body).await.map_err(|_| Problem::Trouble)?;
    let key = desk.app.codepay.key.public();
    client::read_answer(answer.as_bytes(), key).map_err(|_| Problem::Trouble)
}

async fn done(desk: &Desk, method: room::Method, own: &[(&str, &str)]) -> Result<(), Problem> {
    let answer = asked(desk, method, own).await?;
    if answer.is_success() { Ok(()) } else { Err(Problem::Refused(answer.msg)) }
}

async fn query(desk: &Desk, reference: &str) -> Option<Fields> {
    let own = [("merchant_no", MERCHANT_NO), ("merchant_order_no", reference)];
    let answer = asked(desk, room::Method::OrderQuery, &own).await.ok()?;
    answer.is_success().then_some(answer.data)
}

pub async fn show(desk: Desk) -> Response<Body> {
    let reference = Form::read(desk.query.as_bytes()).get("order").to_owned();
    let order = if reference.is_empty() { None } else { Some(order_of(&desk, reference).await) };
    let filled = RegisterForm {
        terminal: order.as_ref().map_or(SANDBOX_TERMINALS[0].0, |order| &order.terminal).to_owned(),
        amount: "24.00".into(),
        currency: "USD".into(),
        way: Way::Card,
        wallet: Method::Alipay,
        wishes: vec![Wish::Tip, Wish::Signature, Wish::Prints],
    };
    register(&desk, filled, None, order).await
}

async fn register(
    desk: &Desk,
    filled: RegisterForm,
    problem: Option<Problem>,
    order: Option<RegisterOrder>,
) -> Response<Body> {
    let mut terminals = Vec::new();
    for (sn, name, _) in SANDBOX_TERMINALS {
        let is_online = is_online(desk, sn).await;
        terminals.push(RegisterTerminal { sn: sn.into(), name: name.into(), is_online });
    }
    let view = RegisterPage {
        language: desk.visitor.language,
        csrf: desk.csrf(),
        terminals,
        currencies: CURRENCIES.to_vec(),
        filled,
        problem,
        order,
    };
    page(StatusCode::OK, view.render())
}

async fn is_online(desk: &Desk, sn: &str) -> bool {
    match desk.app.codepay.terminals.find(sn).await {
        Ok(Some(terminal)) => desk.app.gateway.is_online(terminal.merchant, sn).await,
        _ => false,
    }
}

/// What changes about an order while somebody looks.
fn version(status: RegisterStatus, is_terminal_online: bool) -> String {
    format!("{}-{is_terminal_online}", status.word())
}

/// What `trans_status` means for this kind of order.
pub fn status_of<'f>(field: impl Fn(&str) -> Option<&'f str>) -> RegisterStatus {
    let number = field("trans_status").and_then(|text| text.parse().ok());
    let pays = [TransType::Sale, TransType::SaleWithCashback].map(|kind| kind.number().to_string());
    let is_payment = field("trans_type").is_none_or(|kind| pays.iter().any(|known| known == kind));
    match number.and_then(TransStatus::from_number) {
        Some(TransStatus::Successful) if !is_payment => RegisterStatus::Done,
        Some(TransStatus::Created) => RegisterStatus::Created,
        Some(TransStatus::Processing) => RegisterStatus::Processing,
        Some(TransStatus::Successful) => RegisterStatus::Successful,
        Some(TransStatus::Closed) => RegisterStatus::Closed,
        Some(TransStatus::Cancelled) => RegisterStatus::Cancelled,
        Some(TransStatus::Captured) => RegisterStatus::Captured,
        None => RegisterStatus::NotKnown,
    }
}

pub(super) async fn order_of(desk: &Desk, reference: String) -> RegisterOrder {
    let fields = query(desk, &reference).await.unwrap_or_default();
    let field = |name| fields.get(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let status = status_of(|name| fields.get(name));
    let terminal = field("terminal_sn").unwrap_or_default();
    let is_terminal_online = is_online(desk, &terminal).await;
    let currency = field("price_currency").unwrap_or_default();
    let known = Currency::from_code(&currency);
    // `24` as a till prints it.
    let printed = |text: String| match known.and_then(|currency| Money::parse_decimal(&text, currency).ok()) {
        Some(money) => money.to_string(),
        None => text,
    };
    let paid = status != RegisterStatus::Closed;
    let amount = field("trans_amount").filter(|_| paid).or_else(|| field("order_amount")).unwrap_or_default();
    let joined = |names: [&'static str; 2]| {
        let words: Vec<String> = names.into_iter().filter_map(field).collect();
        if words.is_empty() { None } else { Some(words.join(" ")) }
    };
    let is_card_sale = field("pay_scenario").is_none_or(|word| word == PayScenario::SwipeCard.word())
        && field("trans_type").is_some_and(|number| number == TransType::Sale.number().to_string());
    let tip = field("tip_amount").filter(|text| text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)));
    let public_url = &desk.app.config.public_url;
    RegisterOrder {
        status,
        is_terminal_online,
        total: format!("{currency} {}", printed(amount)),
        tip: tip.filter(|_| paid).map(printed),
        paid_with: joined(["pay_method_id", "pay_user_account_id"]),
        auth_code: field("auth_no"),
        // Our own link, wherever the visitor's browser found this page.
        signature_path: field("electron_sign_url")
            .and_then(|url| url.strip_prefix(public_url.as_str()).map(str::to_owned)),
        why: joined(["trans_error_code", "trans_error_msg"]),
        may_void: is_card_sale && status == RegisterStatus::Successful,
        version: version(status, is_terminal_online),
        status_url: format!("{PATH}/status?{}", query_of(&reference)),
        terminal,
        reference,
    }
}

pub(super) fn query_of(reference: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("order", reference).finish()
}

/// The page asks again and again; each answer waits a while for something new.
pub async fn status(desk: Desk) -> Response<Body> {
    let reference = Form::read(desk.query.as_bytes()).get("order").to_owned();
    let mut current = String::new();
    for look in 0..NEWS_LOOKS {
        if look > 0 {
            tokio::time::sleep(NEWS_EVERY).await;
        }
        let fields = query(&desk, &reference).await.unwrap_or_default();
        let sn = fields.get("terminal_sn").unwrap_or_default();
        current = version(status_of(|name| fields.get(name)), is_online(&desk, sn).await);
        if desk.visitor.known.as_deref() != Some(&current) {
            break;
        }
    }
    json(StatusCode::OK, serde_json::json!({ "version": current }).to_string())
}

fn filled(form: &Form) -> RegisterForm {
    let given = |wish: &Wish| !form.get(wish.word()).is_empty();
    RegisterForm {
        terminal: form.get("terminal").into(),
        amount: form.get("amount").trim().into(),
        currency: form.get("currency").into(),
        way: Way::from_word(form.get("way")).unwrap_or(Way::Card),
        wallet: Method::from_word(form.get("wallet")).unwrap_or(Method::Alipay),
        wishes: Wish::ALL.into_iter().filter(given).collect(),
    }
}

pub async fn act(desk: Desk, request: Request) -> Response<Body> {
    let form = desk.form(request).await;
    let reference = form.get("reference").to_owned();
    let acted = if !desk.is_token(form.get("csrf")) {
        Err(Problem::PageTooOld)
    } else {
        match form.get("act") {
            "close" => close(&desk, &reference).await,
            "void" => void(&desk, &reference).await,
            _ => sell(&desk, &product_of(&form), &filled(&form)).await,
        }
    };
    match acted {
        Ok(reference) => redirect(&format!("{}&{}", desk.path(PATH), query_of(&reference))),
        Err(problem) if reference.is_empty() => register(&desk, filled(&form), Some(problem), None).await,
        Err(problem) => {
            let order = order_of(&desk, reference).await;
            let again = RegisterForm { amount: "24.00".into(), currency: "USD".into(), ..filled(&form) };
            register(&desk, again, Some(problem), Some(order)).await
        }
    }
}

/// An order for the terminal; its number.
async fn sell(desk: &Desk, product: &str, filled: &RegisterForm) -> Result<String, Problem> {
    if SANDBOX_TERMINALS.iter().all(|(sn, ..)| *sn != filled.terminal) {
        return Err(Problem::BadTerminal);
    }
    let currency = Currency::from_code(&filled.currency).ok_or(Problem::BadAmount)?;
    let amount = Money::parse_decimal(&filled.amount, currency);
    let amount = amount.ok().filter(|money| money.minor > 0).ok_or(Problem::BadAmount)?;
    let product: String = product.chars().take(40).collect();
    let (reference, callback) = (number(), callback_url(&desk.app.config.public_url));
    let wishes = |wish| if filled.wishes.contains(&wish) { "true" } else { "false" };
    let scenario = match filled.way {
        Way::Card => PayScenario::SwipeCard,
        Way::ShownCode => PayScenario::ScanQr,
        Way::ScannedCode => PayScenario::BScanQr,
    };
    let mut own = for_terminal(&filled.terminal, &reference, TransType::Sale);
    let amount = amount.to_string();
    own.extend([
        ("pay_scenario", scenario.word()),
        ("price_currency", currency.code()),
        ("order_amount", amount.as_str()),
        ("description", &product),
        ("notify_url", &callback),
        ("expires", EXPIRES_S),
        ("on_screen_signature", wishes(Wish::Signature)),
        ("confirm_on_terminal", wishes(Wish::Cashier)),
        ("receipt_print_mode", if filled.wishes.contains(&Wish::Prints) { "3" } else { "0" }),
    ]);
    match filled.way {
        Way::Card => own.push(("on_screen_tip", wishes(Wish::Tip))),
        _ => own.push(("pay_method_id", wallet_word(filled.wallet))),
    }
    done(desk, room::Method::PayOrder, &own).await?;
    Ok(reference)
}

fn number() -> String {
    format!("register-{}", random::hex::<6>())
}

fn wallet_word(wallet: Method) -> &'static str {
    match wallet {
        Method::Alipay => PayMethod::Alipay.word(),
        Method::Wechat => PayMethod::WeChatPay.word(),
        Method::Unionpay => PayMethod::UnionPay.word(),
    }
}

fn for_terminal<'a>(sn: &'a str, reference: &'a str, kind: TransType) -> Vec<(&'a str, &'a str)> {
    let number = match kind {
        TransType::Void => "2",
        _ => "1",
    };
    vec![
        ("merchant_no", MERCHANT_NO),
        ("terminal_sn", sn),
        ("message_receiving_application", "CodePay Register"),
        ("trans_type", number),
        ("merchant_order_no", reference),
        ("api_version", "2.0"),
    ]
}

async fn close(desk: &Desk, reference: &str) -> Result<String, Problem> {
    let known = query(desk, reference).await.ok_or(Problem::Trouble)?;
    let own = [
        ("merchant_no", MERCHANT_NO),
        ("terminal_sn", known.get("terminal_sn").unwrap_or_default()),
        ("message_receiving_application", "CodePay Register"),
        ("merchant_order_no", reference),
    ];
    done(desk, room::Method::PayClose, &own).await?;
    Ok(reference.to_owned())
}

/// A void is an order of its own, which a manager allows on the terminal; its number.
async fn void(desk: &Desk, original: &str) -> Result<String, Problem> {
    let known = query(desk, original).await.ok_or(Problem::Trouble)?;
    let field = |name| known.get(name).unwrap_or_default();
    let reference = number();
    let mut own = for_terminal(field("terminal_sn"), &reference, TransType::Void);
    let callback = callback_url(&desk.app.config.public_url);
    own.extend([
        ("orig_merchant_order_no", original),
        ("price_currency", field("price_currency")),
        ("order_amount", field("order_amount")),
        ("description", "Void"),
        ("notify_url", &callback),
        ("expires", EXPIRES_S),
        ("required_terminal_authentication", "true"),
        ("on_screen_signature", "false"),
        ("receipt_print_mode", "3"),
    ]);
    done(desk, room::Method::PayOrder, &own).await?;
    Ok(reference)
}
