//! Every route of the gateway, grouped by who calls it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, Method, Response, StatusCode, header};
use axum::routing::{MethodRouter, get, post};
use std::time::Duration;
use tower_http::cors::{Any, CorsLayer};

use super::timed::Timed;
use super::{admin, checkout, json, pages};
use crate::app::App;
use crate::rooms::{codepay, latipay, ottpay};
use crate::{sandbox, terminals};

/// The routes that merchants, shoppers and channels reach.
pub fn router(app: Arc<App>) -> Router {
    let merchants = Router::new()
        .on("/v2/transaction", post(latipay::transaction))
        .on("/v2/transaction/", post(latipay::transaction))
        .on("/v2/transaction/{reference}", get(latipay::query))
        .on("/v2/merchanthosted/gatewaydata/{nonce}", get(latipay::gatewaydata))
        .on("/v2/minialipay", post(latipay::minialipay))
        .on("/v2/detail/{wallet_id}", get(latipay::detail))
        .on("/barcode", post(latipay::barcode))
        .on("/v2/barcode", post(latipay::barcode))
        .on("/refund", post(latipay::refund))
        .on("/v2/refund", post(latipay::refund))
        .on("/cancel", post(latipay::cancel))
        .on("/v2/cancel", post(latipay::cancel))
        .on("/openapi/latipay.json", get(latipay::openapi))
        .on("/processV2", post(ottpay::process).fallback(ottpay::wrong_method))
        .on("/process", post(ottpay::process).fallback(ottpay::wrong_method))
        .on("/processV3", post(ottpay::process).fallback(ottpay::wrong_method))
        .on("/openapi/ottpay.json", get(ottpay::openapi))
        .on("/api/entry", post(codepay::entry).fallback(codepay::wrong_method))
        .on("/api/entry/", post(codepay::entry).fallback(codepay::wrong_method))
        .on("/api/entry/{*method}", post(codepay::entry).fallback(codepay::wrong_method))
        .on("//api/entry", post(codepay::entry).fallback(codepay::wrong_method))
        .on("/api/payments/{action}", post(codepay::entry).fallback(codepay::wrong_method))
        .on("/api/batch/{action}", post(codepay::entry).fallback(codepay::wrong_method))
        .on("/openapi/codepay.json", get(codepay::openapi))
        .on("/codepay/public-key", get(codepay::public_key))
        .on("/codepay/signature/{nonce}", get(codepay::signature))
        // Set before the layer: a pre-flight is a method no route takes.
        .method_not_allowed_fallback(pages::method_not_allowed)
        .layer(cors());
    let shoppers = Router::new()
        .on("/", get(pages::home))
        .on("/pay/{nonce}", get(pages::hosted).post(pages::choose))
        .on("/pay/{nonce}/status", get(pages::hosted_status))
        .on("/checkout/{nonce}", get(checkout::show))
        .on("/checkout/{nonce}/card", get(checkout::look_again).post(checkout::by_card))
        .on("/checkout/{nonce}/wallet", get(checkout::look_again).post(checkout::by_wallet))
        .on("/checkout/{nonce}/return", get(checkout::come_back))
        .on("/checkout/{nonce}/status", get(checkout::status))
        .on("/checkout/{nonce}/theme.css", get(checkout::theme))
        .on("/checkout/{nonce}/image/{number}", get(checkout::picture))
        .on("/static/{name}", get(pages::asset))
        .method_not_allowed_fallback(pages::method_not_allowed);
    let channels = Router::new().on("/channels/{name}/callback", post(channel_callback));
    let terminals = Router::new()
        .route("/terminal/v1", get(terminals::connect))
        .on("/terminal/v1/pair", post(terminals::pair));
    let health = app.health();
    let operators = Router::new()
        .on("/livez", get(admin::live))
        .route("/readyz", get(move || admin::ready(State(health.clone()))));
    let sandbox = app.sandbox.as_ref().map(|own| sandbox::routes::router(&app, own)).unwrap_or_default();
    merchants
        .merge(shoppers)
        .merge(channels)
        .merge(terminals)
        .merge(operators)
        .merge(sandbox)
        .fallback(pages::not_found)
        .with_state(app)
}

/// The vendor's API playground is a page in a browser: any origin may call, without cookies.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::CONTENT_TYPE, header::ACCEPT, HeaderName::from_static("x-requested-with")])
        .max_age(Duration::from_secs(3600))
}

trait TimedRoutes {
    /// A route whose requests are counted and timed under its path.
    fn on(self, path: &'static str, route: MethodRouter<Arc<App>>) -> Self;
}

impl TimedRoutes for Router<Arc<App>> {
    fn on(self, path: &'static str, route: MethodRouter<Arc<App>>) -> Self {
        self.route(path, route.layer(Timed::new(path)))
    }
}

async fn channel_callback(
    State(app): State<Arc<App>>,
    axum::extract::Path(name): axum::extract::Path<String>,
    request: Request,
) -> Response<Body> {
    let Ok(body) = super::body::read(request.into_body(), app.body_limits()).await else {
        return json(StatusCode::PAYLOAD_TOO_LARGE, r#"{"result":"refused"}"#.into());
    };
    match app.gateway.channel_callback(&name, &body).await {
        Ok(true) => json(StatusCode::OK, r#"{"result":"success"}"#.into()),
        Ok(false) => json(StatusCode::OK, r#"{"result":"refused"}"#.into()),
        Err(_) => json(StatusCode::SERVICE_UNAVAILABLE, r#"{"result":"again"}"#.into()),
    }
}
