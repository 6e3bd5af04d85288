//! Every route of the sandbox, and what its pages share.

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::{Arc, Weak};

use aws_lc_rs::{constant_time, hmac};
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, RawQuery};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::{get, post};
use tillgate_core::Timestamp;

use super::world::{Outside, Sandbox, Simulation};
use super::{acquirer, api, codepay, issuer, receiver, remote, shop, statements, terminal, wallet};
use crate::app::App;
use crate::clock;
use crate::http::body::{self, BodyLimits};
use crate::http::pages::{Visitor, error, page};
use crate::pages::{ErrorKind, RulesPage};

/// What the simulated world itself serves, wherever it is.
pub const OF_THE_WORLD: [&str; 13] = [
    "/sandbox/wallet/{*rest}",
    "/sandbox/3ds/{*rest}",
    "/sandbox/statements/{*rest}",
    "/sandbox/api/payments",
    "/sandbox/api/payments/{*rest}",
    "/sandbox/api/orders/{*rest}",
    "/sandbox/api/scan",
    "/sandbox/api/payer-code",
    "/sandbox/api/app-order",
    "/sandbox/api/acquirer",
    "/sandbox/api/terminals/{*rest}",
    "/sandbox/api/totals",
    "/sandbox/api/ledger",
];

/// All routes of a sandbox: its own, and its world's.
pub fn router(app: &Arc<App>, sandbox: &Sandbox) -> Router<Arc<App>> {
    let world = match &sandbox.outside {
        Outside::Here(simulation) => {
            let key = app.vault.form_key();
            let gateway = Some(Arc::downgrade(app));
            let place =
                WorldPlace { simulation: simulation.clone(), key, limits: app.body_limits(), gateway };
            world_router().with_state(Arc::new(place))
        }
        Outside::There(remote) => remote::router(remote, app.body_limits()),
    };
    gateway_router().merge(world)
}

fn gateway_router() -> Router<Arc<App>> {
    Router::new()
        .route("/sandbox", get(shop::home))
        .route("/sandbox/rules", get(rules))
        .route("/sandbox/shop", get(shop::show).post(shop::buy))
        .route("/sandbox/shop/ottpay", get(shop::ottpay::show).post(shop::ottpay::buy))
        .route("/sandbox/shop/codepay", get(shop::codepay::show).post(shop::codepay::act))
        .route("/sandbox/shop/codepay/status", get(shop::codepay::status))
        .route("/sandbox/shop/codepay-web", get(shop::codepay_web::show).post(shop::codepay_web::buy))
        .route(codepay::APP_KEY_PATH, get(codepay::show_app_key))
        .route("/sandbox/terminals", get(terminal::several))
        .route("/sandbox/terminal/{sn}", get(terminal::one))
        .route("/sandbox/terminal/{sn}/qr", get(terminal::code))
        .route("/sandbox/receiver", get(receiver::show).post(receiver::change))
        .route("/sandbox/receiver/status", get(receiver::status))
        .route("/sandbox/receiver/notify", post(receiver::notify))
        .route("/sandbox/api/rules", get(api::rules))
        .route("/sandbox/api/cards", get(acquirer::cards))
        .route("/sandbox/api/notifications", get(api::notifications).delete(api::forget_notifications))
        .route("/sandbox/api/receiver", post(api::receiver))
}

pub fn world_router() -> Router<Arc<WorldPlace>> {
    Router::new()
        .route("/sandbox/wallet/{wallet}", get(wallet::scan_page).post(wallet::scan))
        .route("/sandbox/wallet/{wallet}/status", get(wallet::scan_status))
        .route("/sandbox/wallet/{wallet}/code", get(wallet::code_page))
        .route("/sandbox/wallet/{wallet}/code/status", get(wallet::code_status))
        .route("/sandbox/wallet/{wallet}/pay/{trade_no}", get(wallet::payment_page).post(wallet::act))
        .route("/sandbox/3ds/{id}", get(issuer::show).post(issuer::answer))
        .route("/sandbox/statements/{name}", get(statements::file))
        .route("/sandbox/api/payments", get(api::payments))
        .route("/sandbox/api/payments/{trade_no}", get(api::payment))
        .route("/sandbox/api/payments/{trade_no}/{action}", post(api::act))
        .route("/sandbox/api/orders/{order_id}", get(api::payment_of_order))
        .route("/sandbox/api/scan", post(api::scan))
        .route("/sandbox/api/payer-code", post(api::payer_code))
        .route("/sandbox/api/app-order", post(api::app_order))
        .route("/sandbox/api/acquirer", get(acquirer::books))
        .route("/sandbox/api/terminals/{sn}/card", post(acquirer::card))
        .route("/sandbox/api/totals", get(api::totals))
        .route("/sandbox/api/ledger", get(api::ledger))
}

/// Where the world's pages are served.
#[derive(Debug)]
pub struct WorldPlace {
    pub simulation: Arc<Simulation>,
    /// Of forms' tokens.
    pub key: [u8; 32],
    pub limits: BodyLimits,
    /// The gateway, if it is in this process.
    pub gateway: Option<Weak<App>>,
}

/// Who looks at a page, and what pages need for forms.
#[derive(Debug)]
pub struct Look {
    pub visitor: Visitor,
    pub query: String,
    pub limits: BodyLimits,
    key: [u8; 32],
}

/// The sandbox of this gateway and who looks at it.
#[derive(Debug)]
pub struct Desk {
    pub app: Arc<App>,
    pub sandbox: Arc<Sandbox>,
    look: Look,
}

/// The simulated world and who looks at it.
#[derive(Debug)]
pub struct WorldDesk {
    pub simulation: Arc<Simulation>,
    gateway: Option<Weak<App>>,
    look: Look,
}

impl WorldDesk {
    pub fn app(&self) -> Option<Arc<App>> {
        self.gateway.as_ref().and_then(Weak::upgrade)
    }
}

impl Deref for Desk {
    type Target = Look;

    fn deref(&self) -> &Look {
        &self.look
    }
}

impl Deref for WorldDesk {
    type Target = Look;

    fn deref(&self) -> &Look {
        &self.look
    }
}

impl FromRequestParts<Arc<App>> for Desk {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        let look = Look::of(parts, app.vault.form_key(), app.body_limits());
        match &app.sandbox {
            Some(sandbox) => Ok(Self { app: app.clone(), sandbox: sandbox.clone(), look }),
            None => Err(error(look.visitor.language, ErrorKind::NotFound)),
        }
    }
}

impl FromRequestParts<Arc<WorldPlace>> for WorldDesk {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, place: &Arc<WorldPlace>) -> Result<Self, Infallible> {
        let look = Look::of(parts, place.key, place.limits);
        Ok(Self { simulation: place.simulation.clone(), gateway: place.gateway.clone(), look })
    }
}

const DAY_MS: i64 = 86_400_000;

impl Look {
    fn of(parts: &Parts, key: [u8; 32], limits: BodyLimits) -> Self {
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let visitor = Visitor::of(Some(&query), &parts.headers);
        Self { visitor, query, limits, key }
    }

    fn token_of_day(&self, day: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.key);
        hex::encode(&hmac::sign(&key, format!("sandbox forms {day}").as_bytes()).as_ref()[..16])
    }

    /// Other sites cannot read our pages, so they do not know today's token.
    pub fn csrf(&self) -> String {
        self.token_of_day(clock::now().millis() / DAY_MS)
    }

    pub fn is_token(&self, token: &str) -> bool {
        let today = clock::now().millis() / DAY_MS;
        [today, today - 1].iter().any(|day| {
            constant_time::verify_slices_are_equal(self.token_of_day(*day).as_bytes(), token.as_bytes())
                .is_ok()
        })
    }

    /// The fields of a form that was sent from one of our pages.
    pub async fn form(&self, request: Request) -> Form {
        let bytes = body::read(request.into_body(), self.limits).await.unwrap_or_default();
        Form::read(&bytes)
    }

    /// With the language the visitor chose.
    pub fn path(&self, path: &str) -> String {
        format!("{path}?lang={}", self.visitor.language.code())
    }
}

#[derive(Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    pub fn read(bytes: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// Empty if it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }
}

/// How long ago, in whole seconds.
pub fn age_s(then_ms: i64) -> u64 {
    u64::try_from((clock::now().millis() - then_ms) / 1_000).unwrap_or(0)
}

pub fn display(ms: i64) -> String {
    clock::display(Timestamp::from_millis(ms))
}

async fn rules(State(_): State<Arc<App>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response<Body> {
    let language = Visitor::of(query.as_deref(), &headers).language;
    let (card_rules, cards) = (terminal::rule_rows(language), terminal::card_rows(language));
    page(
        StatusCode::OK,
        RulesPage { language, rules: wallet::rule_rows(language), card_rules, cards }.render(),
    )
}
