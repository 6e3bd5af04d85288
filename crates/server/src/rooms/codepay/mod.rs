//! CodePay over HTTP: one route for all methods. Read, find the app, open, decode, apply, encode, sign.
//! Every business answer is status 200 and signed; the words and codes are the room's.
//!
//! `people` is who speaks here, `desk` what each call does, `frames` an order on its way to a terminal.

mod batches;
mod desk;
mod frames;
mod once;
mod online;
mod payments;
mod people;
mod refunds;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use tillgate_core::{Order, Timestamp};
use tillgate_protocols::codepay::{
    self as room, App as Client, Asked, BatchView, BatchesView, CheckoutView, Code, MerchantCheckoutView,
    Method, OrderView, PaymentView, PrivateKey, Psn, RefundView, Reject, ReplayKey, Reply, Route, Sent,
    Submitted, Told, view,
};
use tillgate_protocols::wire::card::has_pan;
use tillgate_protocols::wire::nonce::{self, NonceKey};

use super::{Boxed, Message, Room, Shown, body_of, to_the_end};
use crate::app::App;
use crate::directory::Directory;
use crate::gateway::Gateway;
use crate::http::{json, typed};
use crate::pool::Pool;
use crate::rates::Rates;
use crate::{clock, random};

pub use online::{card_of, order_detail};
pub use people::{
    AppSettings, Authentication, KnownMerchant, Merchant, MerchantSettings, StoreEntry, Terminal,
    TerminalSettings, app_of, merchant_of, open_card_key, seal_card_key, terminal_of,
};

/// The name orders carry, and the directory of apps.
pub const ROOM: &str = "codepay";
/// The directory of merchants, by their `merchant_no`.
pub const MERCHANTS: &str = "codepay.merchant";
/// The directory of terminals, by their serial number.
pub const TERMINALS: &str = "codepay.terminal";
/// What the gateway's own key is called in the store.
pub const GATEWAY_KEY: &str = "codepay";

/// What the handlers and workers of this room share.
#[derive(Debug)]
pub struct CodePay {
    pub gateway: Arc<Gateway>,
    pub apps: Directory<Client>,
    pub merchants: Directory<Merchant>,
    pub terminals: Directory<Terminal>,
    /// Signs answers and callbacks.
    pub key: Arc<PrivateKey>,
    pub nonce_key: Arc<NonceKey>,
    pub rates: Arc<Rates>,
    pub pool: Pool,
    pub public_url: String,
    pub order_lifetime_s: i64,
    /// How long a close, a cancel or a tip waits for its end.
    pub answer_within: Duration,
    /// Orders that may wait for one terminal.
    pub queue_limit: u32,
    /// Whether the operator has said that card data may come here.
    pub cards_are_open: bool,
    /// Cards may come without encryption. Never outside a sandbox, nor where somebody said that cards are real.
    pub allows_plain_cards: bool,
    /// A wrong signature is answered with the text that should have been signed. Never outside a sandbox.
    pub explains: bool,
}

/// An app, what it asks for, and by which request.
type Understood = (Arc<Client>, Result<Asked, Reject>, Method, Option<ReplayKey>);

/// What is answered, before it is signed.
#[derive(Debug)]
pub(super) enum Answer {
    Done,
    Sent(Sent),
    Order(Box<OrderView>),
    Refund(RefundView),
    Submitted(Submitted),
    Batch(BatchView),
    Checkout(CheckoutView),
    MerchantCheckout(Box<MerchantCheckoutView>),
    Payment(PaymentView),
    Batches(BatchesView),
    Reject(Reject),
    /// With the text that should have been signed.
    Explained(Reject, String),
}

pub async fn entry(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let desk = app.codepay.clone();
    let Some(route) = Route::of(request.uri().path()) else {
        return no_such_thing();
    };
    let authorization = header(&request, AUTHORIZATION.as_str());
    if let Some(psn) = header(&request, "Http-Request-Psn") {
        let plain: String = psn.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        tracing::debug!(psn = %plain, "a request of a client that numbers them");
    }
    // A body that never came is refused like any other: signed, with status 200.
    match body_of(&app, request, str::to_owned).await {
        Ok(bytes) => {
            let broken =
                || String::from(r#"{"code":"TG009","msg":"[TG009]System error, ask with order.query"}"#);
            let answer = async move { desk.answer(route, bytes, authorization).await };
            json(StatusCode::OK, to_the_end(answer, broken).await)
        }
        Err(response) => {
            let status = response.status();
            let what = match status {
                StatusCode::PAYLOAD_TOO_LARGE => "the body is too large",
                StatusCode::REQUEST_TIMEOUT => "the body took too long",
                _ => "the body broke off",
            };
            let reject = Reject::because(Code::Unreadable, what);
            json(StatusCode::OK, desk.sign(Answer::Reject(reject), false).await)
        }
    }
}

fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name)?.to_str().ok().map(str::to_owned)
}

fn no_such_thing() -> Response<Body> {
    json(StatusCode::NOT_FOUND, r#"{"error":"there is no such thing"}"#.into())
}

/// Only POST is known here.
pub async fn wrong_method(State(app): State<Arc<App>>) -> Response<Body> {
    let reject = Reject::because(Code::Unreadable, "the route takes POST");
    json(StatusCode::METHOD_NOT_ALLOWED, app.codepay.sign(Answer::Reject(reject), false).await)
}

pub async fn openapi() -> Response<Body> {
    json(StatusCode::OK, room::openapi::document().to_string())
}

/// The public half of the key that signs our answers, as apps are configured with it.
pub async fn public_key(State(app): State<Arc<App>>) -> Response<Body> {
    typed(StatusCode::OK, "text/plain; charset=utf-8", format!("{}\n", app.codepay.key.public().to_text()))
}

/// What a payer signed, for who has its link.
pub async fn signature(
    State(app): State<Arc<App>>,
    axum::extract::Path(nonce): axum::extract::Path<String>,
) -> Response<Body> {
    let place = nonce.strip_suffix(".png").and_then(|nonce| nonce::read(&app.nonce_key, nonce));
    let Some((merchant, number)) = place else { return no_such_thing() };
    match app.gateway.store.load_signature(merchant, number).await {
        Ok(Some(png)) => typed(StatusCode::OK, "image/png", png),
        Ok(None) => no_such_thing(),
        Err(error) => {
            tracing::error!(%error, "loading a signature");
            json(StatusCode::SERVICE_UNAVAILABLE, "{}".into())
        }
    }
}

impl CodePay {
    async fn answer(&self, route: Route, bytes: Bytes, authorization: Option<String>) -> String {
        let (answer, object_data) = match self.understood(route, &bytes, authorization.as_deref()).await {
            Err(reject) => (self.explained(route, &bytes, reject), false),
            Ok((client, Ok(Asked { whose, call }), method, replay_key)) if method.needs_replay_key() => {
                return self.answer_once(&client, (whose, call), replay_key.as_ref()).await;
            }
            Ok((client, asked, ..)) => {
                let answer = match asked {
                    Ok(asked) => self.carry_out(&client, asked).await,
                    Err(reject) => Err(reject),
                };
                (answer.unwrap_or_else(Answer::Reject), client.settings.object_data)
            }
        };
        if let Answer::Reject(reject) | Answer::Explained(reject, _) = &answer {
            metrics::counter!("tillgate_codepay_rejects_total", "code" => reject.code.word()).increment(1);
        }
        self.sign(answer, object_data).await
    }

    /// Who asks for what. An `Err` outside: nobody we know.
    async fn understood(
        &self,
        route: Route,
        bytes: &[u8],
        authorization: Option<&str>,
    ) -> Result<Understood, Reject> {
        let received = room::read_body(route, bytes)?;
        let client = self.apps.find(received.app_id()).await.map_err(fault)?;
        let opened = received.open(client.as_deref(), authorization, clock::now())?;
        let client = client.ok_or_else(|| Reject::new(Code::Signature))?;
        let asked = opened.decode(&client);
        let key = opened.replay_key().cloned();
        Ok((client, asked, opened.method(), key))
    }

    fn explained(&self, route: Route, bytes: &[u8], reject: Reject) -> Answer {
        if !self.explains || reject.code != Code::Signature {
            return Answer::Reject(reject);
        }
        match room::read_body(route, bytes).map(|received| received.signed_text()) {
            Ok(text) if !has_bare_card(&text) => Answer::Explained(reject, text),
            Ok(_) | Err(_) => Answer::Reject(reject),
        }
    }

    /// RSA takes longer than a request should hold an async worker.
    async fn sign(&self, answer: Answer, object_data: bool) -> String {
        let key = self.key.clone();
        let psn = Psn::new(clock::now(), u64::from_le_bytes(random::bytes()));
        let sign = move || {
            let reply = Reply { key: &key, psn: &psn, object_data };
            match &answer {
                Answer::Done => reply.done(),
                Answer::Sent(sent) => reply.sent(sent),
                Answer::Order(order) => reply.order(order),
                Answer::Refund(refund) => reply.refund(refund),
                Answer::Submitted(refund) => reply.submitted(refund),
                Answer::Batch(batch) => reply.batch(batch),
                Answer::Checkout(view) => reply.checkout(view),
                Answer::MerchantCheckout(view) => reply.merchant_checkout(view),
                Answer::Payment(view) => reply.payment(view),
                Answer::Batches(view) => reply.batches(view),
                Answer::Reject(reject) => reply.reject(reject),
                Answer::Explained(reject, text) => reply.reject_explained(reject, text),
            }
        };
        self.pool.run(sign).await.unwrap_or_default()
    }

    /// An order for its terminal.
    pub async fn order_frame(&self, order: &Order, now: Timestamp) -> anyhow::Result<String> {
        Ok(frames::order_frame(order, &self.merchant_of(order).await?.name, now))
    }

    async fn merchant_of(&self, order: &Order) -> anyhow::Result<Arc<Merchant>> {
        let merchant_no = order.terms.particulars.get(room::terms::kept::MERCHANT_NO);
        let merchant_no = merchant_no.context("the order names no merchant")?;
        self.merchants.find(merchant_no).await?.context("the order's merchant is gone")
    }

    fn view(&self, order: &Order) -> OrderView {
        let mut view = view::order_view(order);
        let slip = order.counter.as_ref().and_then(|counter| counter.slip.as_ref());
        if slip.is_some_and(|slip| slip.is_signed) {
            // The same link each time: an answer that is asked for twice is the same.
            let nonce = nonce::make(&self.nonce_key, order.merchant, order.number, order.terms.created_at, 0);
            view.electron_sign_url = Some(format!("{}/codepay/signature/{nonce}.png", self.public_url));
        }
        view
    }
}

/// A card that was not encrypted is not said again, not even to its sender.
fn has_bare_card(signed_text: &str) -> bool {
    let mut cards = signed_text.split('&').filter_map(|pair| pair.strip_prefix("card="));
    cards.any(|card| card.trim_start().starts_with('{') || has_pan(card))
}

pub(super) fn fault(error: impl std::fmt::Display) -> Reject {
    tracing::error!(%error, "codepay");
    Reject::new(Code::System)
}

impl Room for CodePay {
    fn name(&self) -> &'static str {
        ROOM
    }

    fn seller<'a>(&'a self, order: &'a Order) -> Boxed<'a, anyhow::Result<String>> {
        Box::pin(async { Ok(self.merchant_of(order).await?.name.clone()) })
    }

    fn shown<'a>(&'a self, order: &'a Order) -> Boxed<'a, anyhow::Result<Shown>> {
        Box::pin(async {
            let merchant = self.merchant_of(order).await?;
            Ok(Shown {
                seller: merchant.name.clone(),
                order_number: order.reference.clone(),
                return_url: Some(order.terms.return_url.clone()).filter(|url| !url.is_empty()),
                choices: self.choosable(order, &merchant),
            })
        })
    }

    fn notification<'a>(&'a self, order: &'a Order, event: u32) -> Boxed<'a, anyhow::Result<Message>> {
        Box::pin(async move {
            let refund = self.refund_told(order, event).await?;
            let kept = |name: &str| order.terms.particulars.get(name).cloned().unwrap_or_default();
            let (app_id, merchant_no) =
                (kept(room::terms::kept::APP_ID), kept(room::terms::kept::MERCHANT_NO));
            let (order_view, key, now) = (self.view(order), self.key.clone(), clock::now());
            let url = match &refund {
                Some(refund) => refund.means.notify_url.clone(),
                None => order.terms.notify_url.clone(),
            };
            let refund = refund.map(|refund| view::refund_view(order, &refund));
            let method = view::method(order);
            let sign = move || {
                let (method, told) = match &refund {
                    Some(refund) => (Method::RefundSubmit, Told::Refund(refund)),
                    None => (method, Told::Order(&order_view)),
                };
                room::notification(&app_id, &merchant_no, method, told, now, &key)
            };
            let message = self.pool.run(sign).await.context("the pool has stopped")?;
            Ok(Message { url, content_type: message.content_type.into(), body: message.body })
        })
    }

    fn acknowledged<'a>(
        &'a self,
        _order: &'a Order,
        status: u16,
        body: &'a [u8],
    ) -> Boxed<'a, anyhow::Result<bool>> {
        Box::pin(std::future::ready(Ok(room::acknowledged(status, body))))
    }

    fn retry_delay_s(&self, attempts: u32) -> Option<i64> {
        room::retry_delay_s(attempts)
    }
}

impl CodePay {
    /// The refund whose end an event is.
    async fn refund_told(&self, order: &Order, event: u32) -> anyhow::Result<Option<tillgate_core::Refund>> {
        let store = &self.gateway.store;
        let events = store.load_events(order.merchant, order.number).await?;
        let told = events.get((event as usize).wrapping_sub(1)).map(|(_, event)| event);
        let Some(number) = told.and_then(view::refund_ended_by) else { return Ok(None) };
        let refunds = store.load_refunds(order.merchant, order.number).await?;
        Ok(refunds.into_iter().find(|refund| refund.number == number))
    }
}
