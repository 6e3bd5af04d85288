//! Pictures of what is sold. The gateway fetches them: the payer's browser never calls a shop's or anybody's image
//! server, which would learn of the payment.
//!
//! Taken is only what begins like a picture without scripts; anything else becomes a neutral one of ours. What was
//! fetched is kept in memory for a while, and so is that there was nothing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use lru::LruCache;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Sale;
use crate::app::App;
use crate::http::typed;
use crate::outbound::Outbound;
use crate::pages::asset;
use crate::rooms::codepay::order_detail;

const PICTURE_BYTES: usize = 2 * 1024 * 1024;
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Fetched at the same time; more wait, and not for long.
const FETCHES: usize = 16;
const WAIT: Duration = Duration::from_secs(5);
const KEPT_BYTES: usize = 32 * 1024 * 1024;
const KEPT: usize = 512;
/// A picture that is changed at its address is seen after so long, one that was not there so soon.
const FRESH: Duration = Duration::from_secs(3_600);
const NONE_FRESH: Duration = Duration::from_secs(30);

#[derive(Clone)]
struct Picture {
    content_type: &'static str,
    bytes: Bytes,
}

/// What was found at an address; `None`: no picture.
struct Found {
    picture: Option<Picture>,
    until: Instant,
}

struct Shelf {
    found: LruCache<String, Found>,
    bytes: usize,
}

/// Fetches pictures and keeps those asked for last.
pub struct Pictures {
    outbound: Outbound,
    places: Semaphore,
    shelf: Mutex<Shelf>,
}

impl fmt::Debug for Pictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pictures")
    }
}

impl Pictures {
    pub fn new(outbound: Outbound) -> Self {
        let shelf = Shelf { found: LruCache::unbounded(), bytes: 0 };
        Self { outbound, places: Semaphore::new(FETCHES), shelf: Mutex::new(shelf) }
    }

    async fn at(&self, url: &str) -> Option<Picture> {
        if let Some(known) = self.shelf.lock().look(url, Instant::now()) {
            return known;
        }
        let place = tokio::time::timeout(WAIT, self.places.acquire()).await;
        let Ok(Ok(_place)) = place else { return None };
        // Whoever held the place may have fetched the same.
        if let Some(known) = self.shelf.lock().look(url, Instant::now()) {
            return known;
        }
        let fetched = self.outbound.get(url, PICTURE_BYTES, FETCH_TIMEOUT).await;
        let picture = fetched
            .ok()
            .and_then(|bytes| kind_of(&bytes).map(|content_type| Picture { content_type, bytes }));
        self.shelf.lock().keep(url, picture.clone(), Instant::now());
        picture
    }
}

impl Shelf {
    fn look(&mut self, url: &str, now: Instant) -> Option<Option<Picture>> {
        let found = self.found.get(url).filter(|found| found.until > now)?;
        Some(found.picture.clone())
    }

    fn keep(&mut self, url: &str, picture: Option<Picture>, now: Instant) {
        let size = |found: &Found| found.picture.as_ref().map_or(0, |picture| picture.bytes.len());
        let until = now + if picture.is_some() { FRESH } else { NONE_FRESH };
        let found = Found { picture, until };
        self.bytes += size(&found);
        self.bytes -= self.found.put(url.to_owned(), found).as_ref().map_or(0, size);
        while self.bytes > KEPT_BYTES || self.found.len() > KEPT {
            let Some((_, oldest)) = self.found.pop_lru() else { return };
            self.bytes -= size(&oldest);
        }
    }
}

/// By its first bytes, whatever its server called it. SVG is not among them: it can do things.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// The picture of the order's item of that number, from 0.
pub async fn picture(
    State(app): State<Arc<App>>,
    path: Result<Path<(String, usize)>, PathRejection>,
) -> Response<Body> {
    let Ok(Path((nonce, number))) = path else { return nothing() };
    let Ok(Some(sale)) = Sale::load(&app, nonce).await else { return nothing() };
    let items = order_detail(&sale.order).items;
    let Some(url) = items.get(number).and_then(|item| item.image.as_deref()) else { return nothing() };
    let (mut response, kept) = match app.pictures.at(url).await {
        Some(picture) => {
            let response = typed(StatusCode::OK, picture.content_type, picture.bytes);
            (response, "private, max-age=31536000, immutable")
        }
        None => {
            let ours = asset("no-picture.svg").map(|asset| asset.bytes).unwrap_or_default();
            (typed(StatusCode::OK, "image/svg+xml", ours), "private, max-age=60")
        }
    };
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (header::CACHE_CONTROL, kept),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn nothing() -> Response<Body> {
    typed(StatusCode::NOT_FOUND, "text/plain", "no such picture\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_are_pictures() {
        for (bytes, kind) in [
            (&b"\x89PNG\r\n\x1a\nrest"[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a,", Some("image/gif")),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", Some("image/webp")),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", None),
            (b"<!doctype html>", None),
            (b"RIFF\x01\x02\x03\x04WAVE", None),
            (b"\x89PN", None),
            (b"", None),
        ] {
            assert_eq!(kind_of(bytes), kind, "{bytes:?}");
        }
    }

    #[test]
    fn the_shelf_has_bounds() {
        let mut shelf = Shelf { found: LruCache::unbounded(), bytes: 0 };
        let now = Instant::now();
        let big = Picture { content_type: "image/png", bytes: Bytes::from(vec![0; PICTURE_BYTES]) };
        for number in 0..40 {
            shelf.keep(&format!("https://a/{number}"), Some(big.clone()), now);
            shelf.look("https://a/0", now);
        }
        assert_eq!(shelf.bytes, KEPT_BYTES);
        assert!(shelf.look("https://a/0", now).is_some(), "asked for again and again");
        assert!(shelf.look("https://a/1", now).is_none() && shelf.look("https://a/39", now).is_some());
        shelf.keep("https://a/39", None, now);
        assert_eq!(shelf.bytes, KEPT_BYTES - PICTURE_BYTES);
        assert!(shelf.look("https://a/39", now).unwrap().is_none());
        assert!(
            shelf.look("https://a/39", now + NONE_FRESH).is_none()
                && shelf.look("https://a/0", now + NONE_FRESH).is_some()
        );
        assert!(shelf.look("https://a/0", now + FRESH).is_none(), "it is fetched anew");
        for number in 0..2_000 {
            shelf.keep(&format!("https://b/{number}"), None, now);
        }
        assert_eq!((shelf.found.len(), shelf.bytes), (KEPT, 0));
    }
}
