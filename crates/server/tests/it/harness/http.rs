//! A plain HTTP client, and what came back.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::HeaderMap;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Http(Client<HttpConnector, Full<Bytes>>);

impl Default for Http {
    fn default() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Null if the body is not JSON.
    pub json: Value,
    pub took: Duration,
}

impl Http {
    pub async fn get(&self, url: &str) -> Answer {
        self.send(Request::get(url).body(Full::default()).unwrap()).await
    }

    /// As a browser asks for a page.
    pub async fn page(&self, url: &str) -> Answer {
        self.send(Request::get(url).header("accept", "text/html").body(Full::default()).unwrap()).await
    }

    pub async fn post_json(&self, url: &str, body: impl Into<Bytes>) -> Answer {
        self.method(Method::POST, url, body).await
    }

    pub async fn method(&self, method: Method, url: &str, body: impl Into<Bytes>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header("content-type", "application/json;charset=UTF-8")
            .body(Full::new(body.into()))
            .unwrap();
        self.send(request).await
    }

    pub async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        self.tries(request).await.expect("a whole answer")
    }

    /// `None`: nobody is there, or the answer broke off.
    pub async fn tries(&self, request: Request<Full<Bytes>>) -> Option<Answer> {
        let started = Instant::now();
        let (head, body) = self.0.request(request).await.ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes().to_vec();
        Some(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            json: serde_json::from_slice(&body).unwrap_or_default(),
            body,
            took: started.elapsed(),
        })
    }
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The protocol's code, which every business answer has with status 200.
    pub fn code(&self) -> i64 {
        assert_eq!(self.status, 200, "{}", self.text());
        assert!(self.header("content-type").contains("json"), "{:?}", self.headers);
        self.json["code"].as_i64().unwrap_or_else(|| panic!("no integer code: {}", self.text()))
    }

    pub fn message(&self) -> &str {
        self.json["message"].as_str().unwrap_or_default()
    }

    /// The code is that one.
    #[track_caller]
    pub fn gives(self, code: i64) -> Self {
        assert_eq!(self.code(), code, "{}", self.text());
        self
    }

    /// The message speaks of it.
    #[track_caller]
    pub fn names(self, word: &str) -> Self {
        assert!(self.message().contains(word), "does not name {word}: {}", self.text());
        self
    }
}
