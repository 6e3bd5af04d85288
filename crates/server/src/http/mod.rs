//! Our own accept loop, the router, and what all handlers share.
//!
//! Knows HTTP and its limits. Does not know protocols: those handlers are in `rooms`.

pub mod accept;
pub mod admin;
pub mod body;
pub mod checkout;
pub mod limits;
pub mod pages;
pub mod router;
mod timed;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};

/// A JSON answer. Merchants' clients look for `json` in the type and for status 200.
pub fn json(status: StatusCode, body: String) -> Response<Body> {
    typed(status, "application/json;charset=UTF-8", body)
}

pub fn typed(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
