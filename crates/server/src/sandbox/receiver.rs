//! A merchant who listens: takes notifications, checks their signature with the client's half of the
//! room, shows them, and can be told to answer badly.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode, header};
use tillgate_protocols::latipay::client;
use tillgate_sim::ReceiverAnswer as Answer;

use super::routes::{Desk, display};
use super::wallet::news;
use crate::clock;
use crate::http::body;
use crate::http::pages::{page, redirect};
use crate::http::typed;
use crate::pages::{ReceivedNotification, ReceiverAnswer, ReceiverPage};
use crate::rooms::latipay::{ROOM, profile_of};

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
    let (holds, words) = match check(&desk, &String::from_utf8_lossy(&bytes)).await {
        Ok(user_id) => (true, format!("signed for {user_id}")),
        Err(why) => (false, why),
    };
    receiver.set_verdict(id, Some(holds), &words);
    match answer {
        Answer::Acknowledge => typed(StatusCode::OK, "text/plain", ""),
        Answer::Sent => typed(StatusCode::OK, "text/plain", "sent"),
        Answer::ServerError => typed(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "broken, as you asked"),
        Answer::TimeOut => {
            // Longer than anyone waits; the connection limits end it.
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            typed(StatusCode::OK, "text/plain", "too late")
        }
    }
}

/// The receiver listens for every merchant of this sandbox, so any of their keys may be the right one.
async fn check(desk: &Desk, body: &str) -> Result<String, String> {
    let credentials = desk.app.gateway.store.list_credentials().await.map_err(|error| error.to_string())?;
    let mut why = "no merchant of this sandbox has a key".to_owned();
    for credential in credentials.into_iter().filter(|credential| credential.room == ROOM) {
        let profile = profile_of(credential, &desk.app.vault).map_err(|error| error.to_string())?;
        for key in &profile.keys {
            match client::check_notification(body, key) {
                Ok(_) => return Ok(profile.user_id),
                Err(error) => why = error.to_string(),
            }
        }
    }
    Err(why)
}

fn version(desk: &Desk) -> String {
    desk.sandbox.receiver.notifications().first().map_or(0, |newest| newest.id).to_string()
}

pub async fn show(desk: Desk) -> Response<Body> {
    let saved = desk.query.contains("saved=1");
    let receiver = &desk.sandbox.receiver;
    let listed = receiver.notifications();
    let notifications = listed.iter().enumerate().take(100).map(|(place, notification)| {
        let field = |name: &str| {
            let found = notification.fields.iter().find(|(key, _)| key == name);
            found.map_or_else(String::new, |(_, value)| value.clone())
        };
        let reference = field("merchant_reference");
        let same = |fields: &[(String, String)]| {
            fields.iter().any(|(key, value)| key == "merchant_reference" && *value == reference)
        };
        let attempt = listed[place..].iter().filter(|other| same(&other.fields)).count();
        ReceivedNotification {
            at: display(notification.received_ms),
            status: field("status"),
            amount: field("amount"),
            currency: field("currency"),
            signature_holds: notification.verdict == Some(true),
            attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
            answered: to_page(notification.answered),
            raw_body: notification.body.clone(),
            reference,
        }
    });
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
