//! A merchant who listens: takes notifications, checks or opens them with the client's half of their room, shows
//! them, and can be told to answer badly.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode, header};
use tillgate_protocols::latipay::client as latipay_client;
use tillgate_protocols::ottpay::client as ottpay_client;
use tillgate_sim::{Notification, ReceiverAnswer as Answer};
use tillgate_store::{Credential, StoreError};

use super::routes::{Desk, display};
use super::wallet::news;
use crate::clock;
use crate::http::pages::{page, redirect};
use crate::http::{body, json, typed};
use crate::pages::{ReceivedNotification, ReceiverAnswer, ReceiverPage, Verdict};
use crate::rooms::{latipay, ottpay};
use crate::vault::Vault;

/// What OTT Pay's merchants answer.
const RECEIPT: &str = r#"{"rsp_code":"SUCCESS"}"#;
/// The verdict on a message that was decrypted and is whole; then the merchant.
const OPENED: &str = "opened and digest holds for ";
/// Notifications the page lists.
const SHOWN: usize = 100;

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
        Ok(credentials) => letter.check(&credentials, &desk.app.vault),
        Err(error) => Err(error.to_string()),
    };
    let (holds, words) = match checked {
        Ok(Checked { merchant, .. }) => match letter {
            Letter::Latipay(_) => (true, format!("signed for {merchant}")),
            Letter::OttPay(_) => (true, format!("{OPENED}{merchant}")),
        },
        Err(why) => (false, why),
    };
    receiver.set_verdict(id, Some(holds), &words);
    match (answer, letter) {
        (Answer::Acknowledge, Letter::Latipay(_)) => typed(StatusCode::OK, "text/plain", ""),
        (Answer::Acknowledge, Letter::OttPay(_)) => json(StatusCode::OK, RECEIPT.into()),
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

async fn credentials(desk: &Desk) -> Result<Vec<Credential>, StoreError> {
    desk.app.gateway.store.list_credentials().await
}

/// Whose it is and what it says, in the protocol's names.
struct Checked {
    merchant: String,
    fields: Vec<(String, String)>,
}

/// A notification's body, by the protocol it looks like.
#[derive(Clone, Copy)]
enum Letter<'a> {
    Latipay(&'a str),
    OttPay(&'a str),
}

impl<'a> Letter<'a> {
    /// Latipay sends forms, OTT Pay JSON.
    fn of(body: &'a str) -> Self {
        if body.trim_start().starts_with('{') { Self::OttPay(body) } else { Self::Latipay(body) }
    }

    /// The receiver listens for every merchant of this sandbox, so any of their keys may be the right one.
    fn check(self, credentials: &[Credential], vault: &Vault) -> Result<Checked, String> {
        let room = match self {
            Self::Latipay(_) => latipay::ROOM,
            Self::OttPay(_) => ottpay::ROOM,
        };
        let mut why = "no merchant of this sandbox has a key".to_owned();
        for credential in credentials.iter().filter(|credential| credential.room == room) {
            match self.check_for(credential.clone(), vault) {
                Ok(checked) => return Ok(checked),
                Err(other) => why = other,
            }
        }
        Err(why)
    }

    fn check_for(self, credential: Credential, vault: &Vault) -> Result<Checked, String> {
        let merchant = credential.login.clone();
        let mut why = format!("{merchant} has no key");
        match self {
            Self::Latipay(body) => {
                let profile = latipay::profile_of(credential, vault).map_err(|error| error.to_string())?;
                for key in &profile.keys {
                    match latipay_client::check_notification(body, key) {
                        Ok(_) => return Ok(Checked { merchant, fields: Vec::new() }),
                        Err(error) => why = error.to_string(),
                    }
                }
            }
            Self::OttPay(body) => {
                let profile = ottpay::profile_of(credential, vault).map_err(|error| error.to_string())?;
                for key in &profile.keys {
                    match ottpay_client::check_notification(body, key) {
                        // Two merchants may have the same key, as those of the documents do.
                        Ok(fields) if fields.get("merchant_id").is_some_and(|id| id != merchant) => {
                            why = format!("opens with the key of {merchant}, but is another's");
                        }
                        Ok(fields) => {
                            let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
                            return Ok(Checked { merchant, fields: fields.iter().map(pair).collect() });
                        }
                        Err(error) => why = error.to_string(),
                    }
                }
            }
        }
        Err(why)
    }
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
    };
    let fields = if opened.is_empty() { &notification.fields } else { &opened };
    let [reference, status, amount, currency] = names.map(|name| {
        fields.iter().find(|(key, _)| key == name).map_or_else(String::new, |(_, value)| value.clone())
    });
    // Each try of a notification has the same bytes.
    let tries = earlier.iter().filter(|other| other.body == notification.body).count() + 1;
    ReceivedNotification {
        at: display(notification.received_ms),
        reference,
        status,
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
    let open = |letter: Letter<'_>| letter.check(&credentials, &desk.app.vault).ok();
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
