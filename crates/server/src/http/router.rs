//! Every route of the gateway, grouped by who calls it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, Method, Response, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::routing::{get, post};
use std::time::{Duration, Instant};
use tower_http::cors::{Any, CorsLayer};

use super::{admin, json, pages};
use crate::app::App;
use crate::rooms::latipay;
use crate::sandbox;

/// The routes that merchants, shoppers and channels reach.
pub fn router(app: Arc<App>) -> Router {
    let merchants = Router::new()
        .route("/v2/transaction", post(latipay::transaction))
        .route("/v2/transaction/", post(latipay::transaction))
        .route("/v2/transaction/{reference}", get(latipay::query))
        .route("/v2/merchanthosted/gatewaydata/{nonce}", get(latipay::gatewaydata))
        .route("/v2/minialipay", post(latipay::minialipay))
        .route("/v2/detail/{wallet_id}", get(latipay::detail))
        .route("/barcode", post(latipay::barcode))
        .route("/v2/barcode", post(latipay::barcode))
        .route("/refund", post(latipay::refund))
        .route("/v2/refund", post(latipay::refund))
        .route("/cancel", post(latipay::cancel))
        .route("/v2/cancel", post(latipay::cancel))
        .route("/openapi/latipay.json", get(latipay::openapi))
        .layer(cors());
    let shoppers = Router::new()
        .route("/", get(pages::home))
        .route("/pay/{nonce}", get(pages::hosted))
        .route("/pay/{nonce}/status", get(pages::hosted_status))
        .route("/static/{name}", get(pages::asset));
    let channels = Router::new().route("/channels/{name}/callback", post(channel_callback));
    let health = app.health();
    let operators = Router::new()
        .route("/livez", get(admin::live))
        .route("/readyz", get(move || admin::ready(State(health.clone()))));
    let sandbox = if app.sandbox.is_some() { sandbox::routes::router() } else { Router::new() };
    merchants
        .merge(shoppers)
        .merge(channels)
        .merge(operators)
        .merge(sandbox)
        .fallback(pages::not_found)
        .method_not_allowed_fallback(pages::method_not_allowed)
        .layer(from_fn(measure))
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

/// Counts and times requests by route, never by the path itself.
async fn measure(request: Request, next: Next) -> Response<Body> {
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_owned();
    let started = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    metrics::counter!("tillgate_http_requests_total", "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!("tillgate_http_seconds", "route" => route).record(started.elapsed());
    response
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
