//! A merchant who listens: takes notifications, checks or opens them with the client's half of their room, shows
//! them, and can be told to answer badly.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode, header};
use tillgate_sim::{Notification, ReceiverAnswer as Answer};
use tillgate_store::{Credential, StoreError};

use self::letter::{Checked, Letter, Means};
use super::routes::{Desk, display};
use super::shop::codepay::status_of;
use super::wallet::news;
use crate::clock;
use crate::http::pages::{page, redirect};
use crate::http::{body, json, typed};
use crate::pages::{ReceivedNotification, ReceiverAnswer, ReceiverPage, Verdict};

/// What OTT Pay's merchants answer.
const RECEIPT: &str = r#"{"rsp_code":"SUCCESS"}"#;
/// What CodePay's do.
const SUCCESS: &str = "success";
/// The verdict on a message that was decrypted and is whole; then the merchant.
const OPENED: &str = "opened and digest holds for ";
/// Notifications the page lists.
const SHOWN: usize = 100;

mod letter;
#[cfg(test)]
mod tests;

fn to_page(answer: Answer) -> ReceiverAnswer {
    match answer {
        Answer::Acknowledge => ReceiverAnswer::Ok,
        Answer::Sent => ReceiverAnswer::OkSent,
        Answer::ServerError => ReceiverAnswer::Error,
        Answer::TimeOut => ReceiverAnswer::Silence,
    }
}

fn from_page(answer: ReceiverAnswer) -> Answer {
    match answer {
        ReceiverAnswer::Ok => Answer::Acknowledge,
        ReceiverAnswer::OkSent => Answer::Sent,
        ReceiverAnswer::Error => Answer::ServerError,
        ReceiverAnswer::Silence => Answer::TimeOut,
    }
}

/// The address the sandbox gives merchants as their `callback_url`.
pub fn callback_url(public_url: &str) -> String {
    format!("{public_url}/sandbox/receiver/notify")
}

pub async fn notify(desk: Desk, request: Request) -> Response<Body> {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let Ok(bytes) = body::read(request.into_body(), desk.app.body_limits()).await else {
        return typed(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "too large\n");
    };
    let receiver = &desk.sandbox.receiver;
    let (id, answer) = receiver.record(clock::now().millis(), &content_type, &desk.query, &bytes);
    let text = String::from_utf8_lossy(&bytes);
    let letter = Letter::of(&text);
    let checked = match credentials(&desk).await {
        Ok(credentials) => letter.check(&means(&desk, &credentials)),
        Err(error) => Err(error.to_string()),
    };
    let (holds, words) = match checked {
        Ok(Checked { merchant, .. }) => match letter {
            Letter::Latipay(_) => (true, format!("signed for {merchant}")),
            Letter::OttPay(_) => (true, format!("{OPENED}{merchant}")),
            Letter::CodePay(_) => (true, format!("signed by the gateway for {merchant}")),
        },
        Err(why) => (false, why),
    };
    receiver.set_verdict(id, Some(holds), &words);
    match (answer, letter) {
        (Answer::Acknowledge, Letter::Latipay(_)) => typed(StatusCode::OK, "text/plain", ""),
        (Answer::Acknowledge, Letter::OttPay(_)) => json(StatusCode::OK, RECEIPT.into()),
        (Answer::Acknowledge, Letter::CodePay(_)) => typed(StatusCode::OK, "text/plain", SUCCESS),
        (Answer::Sent, _) => typed(StatusCode::OK, "text/plain", "sent"),
        (Answer::ServerError, _) => {
            typed(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "broken, as you asked")
        }
        (Answer::TimeOut, _) => {
            // Longer than anyone waits; the connection limits end it.
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            typed(StatusCode::OK, "text/plain", "too late")
        }
    }
}

fn means<'m>(desk: &'m Desk, credentials: &'m [Credential]) -> Means<'m> {
    Means { credentials, vault: &desk.app.vault, gateway_key: desk.app.codepay.key.public() }
}

async fn credentials(desk: &Desk) -> Result<Vec<Credential>, StoreError> {
    desk.app.gateway.store.list_credentials().await
}

fn version(desk: &Desk) -> String {
    desk.sandbox.receiver.notifications().first().map_or(0, |newest| newest.id).to_string()
}

/// A notification as the page shows it, with what was inside if it still opens. `earlier` came before it.
fn shown(
    notification: &Notification,
    earlier: &[Notification],
    open: impl Fn(Letter<'_>) -> Option<Checked>,
) -> ReceivedNotification {
    let letter = Letter::of(&notification.body);
    let holds = notification.verdict == Some(true);
    let (opened, names, verdict) = match letter {
        Letter::Latipay(_) => {
            let verdict = if holds { Verdict::Signed } else { Verdict::NotSigned };
            (Vec::new(), ["merchant_reference", "status", "amount", "currency"], verdict)
        }
        Letter::OttPay(_) => {
            let opened = Some(letter).filter(|_| holds).and_then(open).map(|checked| checked.fields);
            let merchant = notification.verdict_text.strip_prefix(OPENED).map(str::to_owned);
            let verdict = merchant.map_or(Verdict::NotOpened, Verdict::Opened);
            (opened.unwrap_or_default(), ["order_id", "order_status", "amount", "currency"], verdict)
        }
        Letter::CodePay(_) => {
            let verdict = if holds { Verdict::Signed } else { Verdict::NotSigned };
            let names = ["merchant_order_no", "trans_status", "trans_amount", "price_currency"];
            (notification.fields.clone(), names, verdict)
        }
    };
    let fields = if opened.is_empty() { &notification.fields } else { &opened };
    let [reference, status, amount, currency] = names.map(|name| {
        fields.iter().find(|(key, _)| key == name).map_or_else(String::new, |(_, value)| value.clone())
    });
    let meaning = match letter {
        Letter::CodePay(_) => Some(status_of(|name| {
            fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        })),
        _ => None,
    };
    // Each try of a notification has the same bytes.
    let tries = earlier.iter().filter(|other| other.body == notification.body).count() + 1;
    ReceivedNotification {
        at: display(notification.received_ms),
        reference,
        status,
        meaning,
        amount,
        currency,
        verdict,
        attempt: u32::try_from(tries).unwrap_or(u32::MAX),
        answered: to_page(notification.answered),
        raw_body: notification.body.clone(),
        opened,
    }
}

pub async fn show(desk: Desk) -> Response<Body> {
    let saved = desk.query.contains("saved=1");
    let receiver = &desk.sandbox.receiver;
    let listed = receiver.notifications();
    let credentials = credentials(&desk).await.unwrap_or_default();
    let means = means(&desk, &credentials);
    let open = |letter: Letter<'_>| letter.check(&means).ok();
    let notifications = listed
        .iter()
        .enumerate()
        .take(SHOWN)
        .map(|(place, notification)| shown(notification, &listed[place + 1..], open));
    let view = ReceiverPage {
        language: desk.visitor.language,
        csrf: desk.csrf(),
        callback_url: callback_url(&desk.app.config.public_url),
        answer: to_page(receiver.answering().0),
        saved,
        notifications: notifications.collect(),
        version: version(&desk),
        status_url: "/sandbox/receiver/status".into(),
    };
    page(StatusCode::OK, view.render())
}

pub async fn status(desk: Desk) -> Response<Body> {
    news(&desk, || version(&desk)).await
}

pub async fn change(desk: Desk, request: Request) -> Response<Body> {
    let form = desk.form(request).await;
    if desk.is_token(form.get("csrf"))
        && let Some(answer) = ReceiverAnswer::from_word(form.get("answer"))
    {
        desk.sandbox.receiver.answer_with(from_page(answer), None);
        return redirect(&format!("{}&saved=1", desk.path("/sandbox/receiver")));
    }
    redirect(&desk.path("/sandbox/receiver"))
}
