//! OTT Pay over HTTP: one route, the action in the message. Read, find the merchant, open, decode, apply, encode.
//! Every business answer is status 200; the words and codes are the room's.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use tillgate_core::{Flow, Method, NewOrder, Order, OrderState, Presentation, Refund, RefundState, Refusal};
use tillgate_protocols::ottpay::{
    self as room, Action, Call, Context, CreateCall, Offer, Opened, Profile, Reject, SignKey, codes,
};
use tillgate_protocols::wire::nonce::{self, NonceKey};
use tillgate_store::{Credential, OrderKey, Store};

use super::{Boxed, Message, Room, Shown, body_of, keys, to_the_end};
use crate::app::App;
use crate::directory::Directory;
use crate::gateway::{Gateway, Problem};
use crate::http::json;
use crate::http::limits::LongPolls;
use crate::rates::Rates;
use crate::vault::Vault;
use crate::{clock, random};

pub const ROOM: &str = "ottpay";

/// What the handlers and workers of this room share.
#[derive(Debug)]
pub struct OttPay {
    pub gateway: Arc<Gateway>,
    pub directory: Directory<Profile>,
    pub store: Arc<dyn Store>,
    pub vault: Arc<Vault>,
    pub nonce_key: Arc<NonceKey>,
    pub rates: Arc<Rates>,
    pub public_url: String,
    pub order_lifetime_ms: i64,
    pub passive_lifetime_ms: i64,
    /// How long a refund waits for the channel's word.
    pub answer_within: Duration,
    /// How long a passive payment does.
    pub verdict_within: Duration,
    /// Who waits takes a place among the merchant's long polls; without one he is answered at once.
    pub long_polls: Arc<LongPolls>,
}

/// A profile as the room wants it: secrets opened, old keys that have ended left out.
pub fn profile_of(credential: Credential, vault: &Vault) -> anyhow::Result<Profile> {
    let keys = keys::opened(&credential, vault)?;
    let settings: room::Settings =
        serde_json::from_str(&credential.settings).context("the login's settings")?;
    Ok(Profile {
        zone: settings.zone().with_context(|| format!("there is no time zone {}", settings.time_zone))?,
        merchant_id: credential.login,
        merchant: credential.merchant,
        name: credential.name,
        keys: keys.iter().map(|key| SignKey::new(key.as_str())).collect(),
        enabled: credential.enabled,
        settings,
        accounts: credential.accounts,
    })
}

/// A merchant whose message opened, and what it asked for.
struct Till<'a> {
    desk: &'a OttPay,
    /// The key the message came with is the first: the answer goes back under it.
    profile: Arc<Profile>,
    action: Action,
}

/// An answer that is not what was asked for: the protocol's words, ready to send.
struct Refused(String);

fn fault(profile: Option<&Profile>, error: impl std::fmt::Display) -> Refused {
    tracing::error!(%error, "ottpay");
    Refused(room::fault_answer(profile))
}

pub async fn process(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let words = |what| room::reject_answer(None, &Reject::data(what));
    match body_of(&app, request, words).await {
        Ok(bytes) => {
            let desk = app.ottpay.clone();
            let answer = async move {
                let (Ok(body) | Err(Refused(body))) = desk.answer(&bytes).await;
                body
            };
            json(StatusCode::OK, to_the_end(answer, || room::fault_answer(None)).await)
        }
        Err(response) => response,
    }
}

/// Only POST is known here.
pub async fn wrong_method() -> Response<Body> {
    let reject = Reject::data("the route takes POST");
    json(StatusCode::METHOD_NOT_ALLOWED, room::reject_answer(None, &reject))
}

pub async fn openapi() -> Response<Body> {
    json(StatusCode::OK, room::openapi::document().to_string())
}

impl OttPay {
    async fn answer(&self, bytes: &[u8]) -> Result<String, Refused> {
        let bare = |reject: Reject| Refused(room::reject_answer(None, &reject));
        let received = room::read_body(bytes).map_err(bare)?;
        let found = self.directory.find(received.merchant_id()).await.map_err(|error| fault(None, error))?;
        // Also without a profile: a merchant we do not know costs the work of one whose key is wrong.
        let opened = received.open(found.as_deref()).map_err(bare)?;
        let Some(profile) = found else { return Err(fault(None, "a message of nobody opened")) };
        let profile = self.answering(&opened, profile).await;
        let action = opened.action();
        let table = self.rates.table().await.map_err(|error| fault(Some(&profile), error))?;
        let call = {
            let context = Context {
                now: clock::now(),
                order_lifetime_ms: self.order_lifetime_ms,
                passive_lifetime_ms: self.passive_lifetime_ms,
                rate: &|currency| table.of(currency),
                offer: &|method, flow| self.gateway.channels.offered(method, flow),
            };
            opened.decode(&profile, &context)
        };
        let till = Till { desk: self, profile, action };
        match call.map_err(|reject| till.reject(&reject))? {
            Call::Create(call) => till.sell(call).await,
            Call::Status { order_id } => till.status(&order_id).await,
            Call::Refund { order_id, amount_minor, reference } => {
                till.refund(&order_id, amount_minor, reference).await
            }
            Call::Rate(currency, rate) => Ok(room::rate_answer(&till.profile, currency, rate)),
            Call::PrepayQuery { prepay_order_id, order_id } => {
                till.prepay_query(&prepay_order_id, order_id.as_deref()).await
            }
        }
    }

    /// The profile to answer with: the client reads our answer with the key it has.
    async fn answering(&self, opened: &Opened, profile: Arc<Profile>) -> Arc<Profile> {
        let own = match opened.answering(&profile) {
            Cow::Borrowed(_) => None,
            Cow::Owned(own) => Some(own),
        };
        let Some(own) = own else { return profile };
        if let Some(key) = own.keys.first() {
            let login = (ROOM, own.merchant_id.as_str());
            match keys::note_used(&*self.store, &self.vault, login, key.reveal()).await {
                Ok(true) => self.directory.forget(&own.merchant_id),
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "noting a new key"),
            }
        }
        Arc::new(own)
    }

    fn page_url(&self, order: &Order) -> String {
        let [salt] = random::bytes::<1>();
        let nonce = nonce::make(&self.nonce_key, order.merchant, order.number, clock::now(), salt);
        format!("{}/pay/{nonce}", self.public_url)
    }
}

impl Till<'_> {
    fn reject(&self, reject: &Reject) -> Refused {
        Refused(room::reject_answer(Some(&self.profile), reject))
    }

    fn problem(&self, problem: Problem, order_id: &str, order: Option<&Order>) -> Refused {
        match problem {
            Problem::Refused(refusal) => {
                Refused(room::refusal_answer(&self.profile, self.action, &refusal, order_id, order))
            }
            // Logged where it arose.
            Problem::Unavailable | Problem::Repeated | Problem::Fault(_) => {
                Refused(room::fault_answer(Some(&self.profile)))
            }
        }
    }

    async fn sell(&self, call: CreateCall) -> Result<String, Refused> {
        let gateway = &self.desk.gateway;
        let number = gateway.numbers.next(clock::now());
        let new = NewOrder {
            merchant: self.profile.merchant,
            number,
            room: ROOM.into(),
            reference: call
                .reference
                .unwrap_or_else(|| format!("{number}O{}", random::hex::<4>().to_uppercase())),
            terms: call.terms,
            presentation: Presentation::None,
            card: None,
        };
        let reference = new.reference.clone();
        let created = match new.terms.flow {
            Flow::MerchantPresented | Flow::MiniApp => {
                gateway.create_presented(new, &self.profile.name).await
            }
            Flow::CustomerPresented | Flow::HostedPage | Flow::CardPresent | Flow::CardOnline => {
                gateway.create(new).await
            }
        };
        let order = match created {
            Ok(order) => order,
            Err(problem @ Problem::Refused(Refusal::ReferenceEnded(_))) => {
                let ended = self.find(&reference).await?;
                return Err(self.problem(problem, &reference, ended.as_ref()));
            }
            Err(problem) => return Err(self.problem(problem, &reference, None)),
        };
        self.sold(order).await
    }

    async fn sold(&self, order: Order) -> Result<String, Refused> {
        let profile = &self.profile;
        match (order.terms.flow, &order.presentation) {
            (Flow::CustomerPresented, _) => {
                let reference = order.reference.clone();
                let place = self.desk.long_polls.enter(order.merchant);
                let patience = place.as_ref().map_or(Duration::ZERO, |_| self.desk.verdict_within);
                let order =
                    self.desk.gateway.wait_until(order, patience, |order| order.state.is_final()).await;
                let order = order.map_err(|problem| self.problem(problem, &reference, None))?;
                Ok(room::passive_answer(profile, &order))
            }
            (Flow::HostedPage, _) => {
                Ok(room::prepay_init_answer(profile, &order, &self.desk.page_url(&order)))
            }
            (Flow::MerchantPresented, Presentation::Code(_)) => Ok(room::active_answer(profile, &order)),
            (Flow::MiniApp, Presentation::App(_)) => Ok(room::mapp_answer(profile, &order)),
            (Flow::MerchantPresented | Flow::MiniApp | Flow::CardPresent | Flow::CardOnline, _) => {
                Err(fault(Some(profile), "a channel gave something else to show than was asked for"))
            }
        }
    }

    /// An order of this merchant_id; a colleague's under the same merchant is not his.
    async fn find(&self, reference: &str) -> Result<Option<Order>, Refused> {
        let key = OrderKey::Reference { room: ROOM, reference };
        let found = self.desk.store.load_order(self.profile.merchant, key).await;
        let found = found.map_err(|error| fault(Some(&self.profile), error))?;
        Ok(found.filter(|order| self.is_own(order)))
    }

    fn is_own(&self, order: &Order) -> bool {
        self.profile.accounts.iter().any(|account| account.code == order.terms.account)
    }

    /// A refund by the merchant's own number of it, with its order.
    async fn find_refund(&self, reference: &str) -> Result<Option<(Order, Refund)>, Refused> {
        let broken = |error: &dyn std::fmt::Display| fault(Some(&self.profile), error);
        let (store, merchant) = (&self.desk.store, self.profile.merchant);
        let place = store.find_refund(merchant, ROOM, reference).await.map_err(|error| broken(&error))?;
        let Some((number, refund)) = place else { return Ok(None) };
        let order = store.load_order(merchant, OrderKey::Number(number)).await;
        let order = order.map_err(|error| broken(&error))?.filter(|order| self.is_own(order));
        let refund = self.desk.gateway.load_refund(merchant, number, refund).await;
        Ok(order.zip(refund.map_err(|problem| self.problem(problem, reference, None))?))
    }

    async fn status(&self, order_id: &str) -> Result<String, Refused> {
        if let Some(order) = self.find(order_id).await? {
            return Ok(room::status_answer(&self.profile, &order));
        }
        match self.find_refund(order_id).await? {
            Some((order, refund)) => Ok(room::refund_status_answer(&self.profile, &order, &refund)),
            None => Err(self.reject(&codes::unknown_order(self.action))),
        }
    }

    async fn refund(
        &self,
        order_id: &str,
        amount_minor: i64,
        reference: Option<String>,
    ) -> Result<String, Refused> {
        let Some(order) = self.find(order_id).await? else {
            let is_refund = self.find_refund(order_id).await?.is_some();
            let why =
                if is_refund { codes::wrong_type(self.action) } else { codes::unknown_order(self.action) };
            return Err(self.reject(&why));
        };
        let (gateway, merchant, number) = (&self.desk.gateway, order.merchant, order.number);
        // The number the till gave the refund, if it gave one: that is what it looks for.
        let own = reference.clone();
        let problem = |problem| self.problem(problem, own.as_deref().unwrap_or(order_id), None);
        let reference = match reference {
            Some(reference) => reference,
            None => self.refund_reference(&order, amount_minor).await?,
        };
        let refund = match gateway.refund(merchant, number, amount_minor, (Some(&reference), "")).await {
            // The same message again: the same refund.
            Ok(refund) | Err(Problem::Refused(Refusal::RefundRepeated(refund))) => refund,
            Err(other) => return Err(problem(other)),
        };
        gateway.wait_for_refund(merchant, number, refund, self.desk.answer_within).await.map_err(problem)?;
        match self.find_refund(&reference).await? {
            Some((order, refund)) => Ok(room::refund_answer(&self.profile, &order, &refund)),
            None => Err(fault(Some(&self.profile), "the refund is gone")),
        }
    }

    /// The number of a refund the merchant gave none: the same for the same amount of the same order, so that a
    /// message that comes twice refunds once. One that failed may be tried again.
    async fn refund_reference(&self, order: &Order, amount_minor: i64) -> Result<String, Refused> {
        let earlier = self.desk.store.load_refunds(order.merchant, order.number).await;
        let earlier = earlier.map_err(|error| fault(Some(&self.profile), error))?;
        let failed = |reference: &str| {
            earlier.iter().any(|refund| {
                refund.reference.as_deref() == Some(reference)
                    && matches!(refund.state, RefundState::Failed { .. })
            })
        };
        let name = |tries: usize| format!("{}R{amount_minor}-{tries}", order.number);
        let tries = (1..=earlier.len()).find(|tries| !failed(&name(*tries)));
        Ok(name(tries.unwrap_or(earlier.len() + 1)))
    }

    async fn prepay_query(&self, prepay_order_id: &str, order_id: Option<&str>) -> Result<String, Refused> {
        let Some(order) = self.find(prepay_order_id).await? else {
            return Err(self.reject(&codes::unknown_order(self.action)));
        };
        let is_meant = order_id.is_none_or(|id| id == order.reference || id == order.number.to_string());
        if !is_meant {
            return Err(self.reject(&codes::unknown_order(self.action)));
        }
        if order.terms.method.is_some() || order.terms.flow != Flow::HostedPage {
            return Err(self.reject(&codes::wrong_type(self.action)));
        }
        Ok(room::prepay_query_answer(&self.profile, &order))
    }
}

impl Room for OttPay {
    fn name(&self) -> &'static str {
        ROOM
    }

    fn seller<'a>(&'a self, order: &'a Order) -> Boxed<'a, anyhow::Result<String>> {
        Box::pin(async { Ok(self.directory.of_order(order).await?.name.clone()) })
    }

    fn shown<'a>(&'a self, order: &'a Order) -> Boxed<'a, anyhow::Result<Shown>> {
        Box::pin(async {
            let profile = self.directory.of_order(order).await?;
            let account = profile.accounts.iter().find(|account| account.code == order.terms.account);
            let is_open = order.terms.method.is_none() && order.state == OrderState::Pending;
            let methods = account.filter(|_| is_open).map_or(&[][..], |account| &account.methods);
            let offered =
                |method: &&Method| self.gateway.channels.offered(method, order.terms.flow) == Offer::Yes;
            Ok(Shown {
                seller: profile.name.clone(),
                order_number: order.number.to_string(),
                return_url: room::return_location(order),
                choices: methods.iter().filter(offered).cloned().collect(),
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
