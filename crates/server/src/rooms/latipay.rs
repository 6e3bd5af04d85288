//! Latipay v2 over HTTP: read, find the user, verify, decode, apply, encode.
//! Every business answer is status 200; the words and codes are the room's.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{Response, StatusCode};
use tillgate_core::{
    CloseReason, Command, FailReason, Flow, Method, NewOrder, Order, OrderState, Presentation, RefundState,
    Refusal,
};
use tillgate_protocols::latipay::{
    self as room, Call, Context, CreateCall, Profile, Received, Reject, Route,
};
use tillgate_protocols::wire::nonce::{self, NonceKey};
use tillgate_store::{Credential, OrderKey, Store};

use super::{Boxed, Message, Room, Shown, body_of, keys, to_the_end};
use crate::app::App;
use crate::directory::Directory;
use crate::gateway::{Gateway, Problem};
use crate::http::json;
use crate::rates::Rates;
use crate::vault::Vault;
use crate::{clock, qr, random};

pub const ROOM: &str = "latipay";

/// What the handlers and workers of this room share.
#[derive(Debug)]
pub struct Latipay {
    pub directory: Directory<Profile>,
    pub store: Arc<dyn Store>,
    pub nonce_key: Arc<NonceKey>,
    pub rates: Arc<Rates>,
    pub public_url: String,
    pub order_lifetime_ms: i64,
    pub barcode_lifetime_ms: i64,
    pub answer_within: Duration,
    pub long_poll: Duration,
}

/// An answer that is not what was asked for: the protocol's words, ready to send.
struct Refused(String);

impl From<Reject> for Refused {
    fn from(reject: Reject) -> Self {
        Self(room::reject_answer(&reject))
    }
}

fn refused(route: Route, problem: Problem) -> Refused {
    match problem {
        Problem::Refused(refusal) => Refused(room::refusal_answer(route, &refusal)),
        Problem::Unavailable | Problem::Repeated | Problem::Fault(_) => Refused(room::fault_answer()),
    }
}

/// A profile as the room wants it: secrets opened, old keys that have ended left out.
pub fn profile_of(credential: Credential, vault: &Vault) -> anyhow::Result<Profile> {
    let keys = keys::opened(&credential, vault)?;
    Ok(Profile {
        user_id: credential.login,
        user_name: credential.name,
        organisation_id: credential.merchant,
        organisation_name: credential.merchant_name,
        keys: keys.iter().map(|key| room::ApiKey::new(key.as_str())).collect(),
        enabled: credential.enabled,
        settings: serde_json::from_str(&credential.settings).context("the login's settings")?,
        accounts: credential.accounts,
    })
}

impl Latipay {
    async fn profile(&self, user_id: &str) -> Result<Arc<Profile>, Refused> {
        match self.directory.find(user_id).await {
            Ok(Some(profile)) => Ok(profile),
            Ok(None) => Err(room::unknown_user(user_id).into()),
            Err(error) => {
                tracing::error!(%error, "reading a login");
                Err(Refused(room::fault_answer()))
            }
        }
    }

    async fn understand(&self, app: &App, received: Received<'_>) -> Result<(Arc<Profile>, Call), Refused> {
        let profile = self.profile(received.user_id()).await?;
        let verified = received.verify(&profile)?;
        let rates = self.rates.table().await.map_err(|error| {
            tracing::error!(%error, "reading the rates");
            Refused(room::fault_answer())
        })?;
        let (call, own) = {
            let context = Context {
                now: clock::now(),
                order_lifetime_ms: self.order_lifetime_ms,
                barcode_lifetime_ms: self.barcode_lifetime_ms,
                rate: &|currency| rates.of(currency),
                offer: &|method: &Method, flow: Flow| app.gateway.channels.offered(method, flow),
            };
            // Answered with the key it was signed with: the client checks our signature with the key it has.
            let own = match verified.answering(&profile) {
                Cow::Borrowed(_) => None,
                Cow::Owned(own) => Some(own),
            };
            (verified.decode(&profile, &context)?, own)
        };
        let Some(own) = own else { return Ok((profile, call)) };
        if let Some(key) = own.keys.first() {
            let login = (ROOM, own.user_id.as_str());
            match keys::note_used(&*self.store, &app.vault, login, key.reveal()).await {
                Ok(true) => self.directory.forget(&own.user_id),
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "noting a new key"),
            }
        }
        Ok((Arc::new(own), call))
    }

    fn new_order(&self, gateway: &Gateway, profile: &Profile, call: CreateCall) -> NewOrder {
        let number = gateway.numbers.next(clock::now());
        NewOrder {
            merchant: profile.organisation_id,
            number,
            room: ROOM.into(),
            reference: call.reference.unwrap_or_else(|| format!("B{number}{}", random::hex::<4>())),
            terms: call.terms,
            presentation: Presentation::None,
            card: None,
        }
    }

    fn nonce(&self, order: &Order) -> String {
        let [salt] = random::bytes::<1>();
        nonce::make(&self.nonce_key, order.merchant, order.number, clock::now(), salt)
    }

    /// The order a nonce leads to, with the profile of its merchant.
    pub async fn order_of_nonce(&self, nonce: &str) -> anyhow::Result<Option<(Order, Arc<Profile>)>> {
        let Some((merchant, number)) = nonce::read(&self.nonce_key, nonce) else { return Ok(None) };
        let Some(order) = self.store.load_order(merchant, OrderKey::Number(number)).await? else {
            return Ok(None);
        };
        if &*order.room != ROOM {
            return Ok(None);
        }
        let profile = self.directory.of_order(&order).await?;
        Ok(Some((order, profile)))
    }

    async fn order_by_reference(&self, profile: &Profile, reference: &str) -> Result<Order, Problem> {
        let key = OrderKey::Reference { room: ROOM, reference };
        let order = self.store.load_order(profile.organisation_id, key).await?;
        Ok(order.filter(|order| belongs_to(order, profile)).ok_or(Refusal::OrderNotFound)?)
    }
}

fn answer(result: Result<String, Refused>) -> Response<Body> {
    let body = match result {
        Ok(body) | Err(Refused(body)) => body,
    };
    json(StatusCode::OK, body)
}

async fn with_body<F>(app: &App, request: Request, handle: F) -> Response<Body>
where
    F: AsyncFnOnce(&[u8]) -> Result<String, Refused>,
{
    match body_of(app, request, |what| room::reject_answer(&Reject::data(what))).await {
        Ok(bytes) => answer(handle(&bytes).await),
        Err(response) => response,
    }
}

/// For what moves money, or has a channel do so: it is carried to its end though the till may have gone.
fn whole(
    work: impl Future<Output = Response<Body>> + Send + 'static,
) -> impl Future<Output = Response<Body>> + Send {
    to_the_end(work, || json(StatusCode::OK, room::fault_answer()))
}

pub async fn transaction(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    with_body(&app, request, async |bytes| {
        let desk = &app.latipay;
        let route = Route::Transaction;
        let (profile, call) = desk.understand(&app, room::read_body(route, bytes)?).await?;
        let Call::Create(call) = call else { return Err(Refused(room::fault_answer())) };
        let new = desk.new_order(&app.gateway, &profile, call);
        let order = app.gateway.create(new).await.map_err(|problem| refused(route, problem))?;
        let host_url = match order.terms.flow {
            Flow::HostedPage => format!("{}/pay", desk.public_url),
            _ => format!("{}/v2/merchanthosted/gatewaydata", desk.public_url),
        };
        Ok(room::transaction_answer(&profile, &host_url, &desk.nonce(&order)))
    })
    .await
}

pub async fn barcode(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    whole(sell_by_code(app, request)).await
}

async fn sell_by_code(app: Arc<App>, request: Request) -> Response<Body> {
    with_body(&app, request, async |bytes| {
        let desk = &app.latipay;
        let route = Route::Barcode;
        let (profile, call) = desk.understand(&app, room::read_body(route, bytes)?).await?;
        let Call::Create(call) = call else { return Err(Refused(room::fault_answer())) };
        let new = desk.new_order(&app.gateway, &profile, call);
        let order = app.gateway.create(new).await.map_err(|problem| refused(route, problem))?;
        Ok(room::barcode_answer(&order))
    })
    .await
}

pub async fn minialipay(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    whole(sell_in_app(app, request)).await
}

async fn sell_in_app(app: Arc<App>, request: Request) -> Response<Body> {
    with_body(&app, request, async |bytes| {
        let desk = &app.latipay;
        let route = Route::MiniAlipay;
        let (profile, call) = desk.understand(&app, room::read_body(route, bytes)?).await?;
        let Call::Create(call) = call else { return Err(Refused(room::fault_answer())) };
        let new = desk.new_order(&app.gateway, &profile, call);
        let order = app.gateway.create(new).await.map_err(|problem| refused(route, problem))?;
        let order = app
            .gateway
            .present(order, &profile.user_name)
            .await
            .map_err(|problem| refused(route, problem))?;
        match &order.presentation {
            Presentation::App(fields) => Ok(room::mini_answer(&profile, &order, fields)),
            // The channel does not answer now; the same request may come again.
            _ => Err(Refused(room::fault_answer())),
        }
    })
    .await
}

pub async fn refund(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    whole(give_back(app, request)).await
}

async fn give_back(app: Arc<App>, request: Request) -> Response<Body> {
    with_body(&app, request, async |bytes| {
        let desk = &app.latipay;
        let route = Route::Refund;
        let (profile, call) = desk.understand(&app, room::read_body(route, bytes)?).await?;
        let Call::Refund { order, amount, reference } = call else {
            return Err(Refused(room::fault_answer()));
        };
        let merchant = profile.organisation_id;
        let problem = |problem| refused(route, problem);
        let found =
            desk.store.load_order(merchant, OrderKey::Number(order)).await.map_err(|e| problem(e.into()))?;
        let found = found
            .filter(|found| belongs_to(found, &profile))
            .ok_or_else(|| problem(Refusal::OrderNotFound.into()))?;
        let amount = amount.read(found.terms.amount.currency)?;
        let number =
            app.gateway.refund(merchant, order, amount.minor, (None, &reference)).await.map_err(problem)?;
        let state = app
            .gateway
            .wait_for_refund(merchant, order, number, desk.answer_within)
            .await
            .map_err(problem)?;
        match state {
            RefundState::Failed { reason, .. } => Err(Refused(room::refund_declined_answer(&reason))),
            // Requested: it is stored and will be carried to its end.
            RefundState::Succeeded { .. } | RefundState::Requested => Ok(room::ok_answer()),
        }
    })
    .await
}

pub async fn cancel(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    whole(call_off(app, request)).await
}

async fn call_off(app: Arc<App>, request: Request) -> Response<Body> {
    with_body(&app, request, async |bytes| {
        let desk = &app.latipay;
        let route = Route::Cancel;
        let (profile, call) = desk.understand(&app, room::read_body(route, bytes)?).await?;
        let Call::Cancel { reference } = call else { return Err(Refused(room::fault_answer())) };
        let problem = |problem| refused(route, problem);
        let order = desk.order_by_reference(&profile, &reference).await.map_err(problem)?;
        let order =
            app.gateway.apply(order.merchant, order.number, Command::Cancel, None).await.map_err(problem)?;
        let order = app
            .gateway
            .wait_until(order, desk.answer_within, |order| order.state.is_final())
            .await
            .map_err(problem)?;
        match order.state {
            OrderState::Cancelled { .. } | OrderState::Voided { .. } => Ok(room::ok_answer()),
            OrderState::Paid { .. } => Err(problem(Refusal::AlreadyPaid.into())),
            OrderState::Failed { reason, .. } => Err(problem(Refusal::AlreadyFailed(reason).into())),
            OrderState::Pending | OrderState::Closing(_) | OrderState::Authorized { .. } => {
                Err(Refused(room::unresolved_answer()))
            }
        }
    })
    .await
}

pub async fn query(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let handle = async {
        let desk = &app.latipay;
        let route = Route::Query;
        let reference = path_value(path)?;
        let received = room::read_query(route, &reference, query.as_deref().unwrap_or_default())?;
        let (profile, call) = desk.understand(&app, received).await?;
        let Call::Query { reference, wait } = call else { return Err(Refused(room::fault_answer())) };
        let problem = |problem| refused(route, problem);
        let mut order = desk.order_by_reference(&profile, &reference).await.map_err(problem)?;
        if wait
            && !order.state.is_final()
            && let Some(_place) = app.long_polls.enter(order.merchant)
        {
            order = app
                .gateway
                .wait_until(order, desk.long_poll, |order| order.state.is_final())
                .await
                .map_err(problem)?;
        }
        Ok(room::query_answer(&profile, &order))
    };
    answer(handle.await)
}

pub async fn detail(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let handle = async {
        let wallet_id = path_value(path)?;
        let received = room::read_query(Route::Detail, &wallet_id, query.as_deref().unwrap_or_default())?;
        match app.latipay.understand(&app, received).await? {
            (_, Call::Detail(account)) => Ok(room::detail_answer(&account)),
            _ => Err(Refused(room::fault_answer())),
        }
    };
    answer(handle.await)
}

pub async fn gatewaydata(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
) -> Response<Body> {
    let handle = async {
        let desk = &app.latipay;
        let route = Route::Gatewaydata;
        let nonce = path_value(path)?;
        let fault = |error: anyhow::Error| {
            tracing::error!(%error, "gatewaydata");
            Refused(room::fault_answer())
        };
        let problem = |problem| refused(route, problem);
        let (order, profile) = desk
            .order_of_nonce(&nonce)
            .await
            .map_err(fault)?
            .ok_or_else(|| Refused::from(room::unknown_nonce()))?;
        if let Some(refusal) = ended(&order) {
            return Err(problem(refusal.into()));
        }
        let order = app.gateway.present(order, &profile.user_name).await.map_err(problem)?;
        if let Some(refusal) = ended(&order) {
            return Err(problem(refusal.into()));
        }
        let Presentation::Code(text) = order.presentation.clone() else {
            return Err(Refused(room::fault_answer()));
        };
        let picture = app.pool.run(move || (qr::png(&text, qr::TILL_PIXELS), text)).await;
        let Some((Some(png), text)) = picture else { return Err(Refused(room::fault_answer())) };
        Ok(room::gatewaydata_answer(&profile, &order, &nonce, &text, &png))
    };
    answer(handle.await)
}

/// A user acts on the orders of his own wallets; his colleague's under the same merchant are not his.
fn belongs_to(order: &Order, profile: &Profile) -> bool {
    &*order.room == ROOM && profile.account(&order.terms.account).is_some()
}

/// The path's own field, or the answer for one that is not UTF-8.
fn path_value(path: Result<Path<String>, PathRejection>) -> Result<String, Refused> {
    path.map(|Path(value)| value).map_err(|_| Reject::data("the path is not UTF-8").into())
}

/// A nonce is good until its order is final or being closed.
fn ended(order: &Order) -> Option<Refusal> {
    match &order.state {
        OrderState::Pending => None,
        OrderState::Closing(CloseReason::Cancelled) => Some(Refusal::AlreadyCancelled),
        OrderState::Closing(CloseReason::Expired) => Some(Refusal::AlreadyFailed(FailReason::Expired)),
        OrderState::Paid { .. } | OrderState::Authorized { .. } => Some(Refusal::AlreadyPaid),
        OrderState::Failed { reason, .. } => Some(Refusal::AlreadyFailed(reason.clone())),
        OrderState::Cancelled { .. } | OrderState::Voided { .. } => Some(Refusal::AlreadyCancelled),
    }
}

pub async fn openapi() -> Response<Body> {
    json(StatusCode::OK, room::openapi::document().to_string())
}

impl Room for Latipay {
    fn name(&self) -> &'static str {
        ROOM
    }

    fn seller<'a>(&'a self, order: &'a Order) -> Boxed<'a, anyhow::Result<String>> {
        Box::pin(async { Ok(self.directory.of_order(order).await?.user_name.clone()) })
    }

    fn shown<'a>(&'a self, order: &'a Order) -> Boxed<'a, anyhow::Result<Shown>> {
        Box::pin(async {
            let profile = self.directory.of_order(order).await?;
            Ok(Shown {
                seller: profile.user_name.clone(),
                order_number: room::order_id(order),
                return_url: room::return_location(&profile, order),
                choices: Vec::new(),
            })
        })
    }

    fn notification<'a>(&'a self, order: &'a Order, _event: u32) -> Boxed<'a, anyhow::Result<Message>> {
        Box::pin(async {
            let profile = self.directory.of_order(order).await?;
            let message = room::notification(&profile, order);
            Ok(Message { url: message.url, content_type: message.content_type.into(), body: message.body })
        })
    }

    fn acknowledged<'a>(
        &'a self,
        order: &'a Order,
        status: u16,
        body: &'a [u8],
    ) -> Boxed<'a, anyhow::Result<bool>> {
        Box::pin(async move {
            let profile = self.directory.of_order(order).await?;
            Ok(room::acknowledged(&profile.settings, status, body))
        })
    }

    fn retry_delay_s(&self, attempts: u32) -> Option<i64> {
        room::retry_delay_s(attempts)
    }
}
