//! Accepts connections and serves each with time limits on its header. The stock `serve` of our router
//! never drops a client that sends half a header; this one does.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

#[derive(Debug, Clone, Copy)]
pub struct AcceptLimits {
    pub connections: usize,
    /// For a whole request header; an idle connection is closed after it too.
    pub header_timeout: Duration,
    /// For requests in progress when we stop.
    pub grace: Duration,
}

/// How long an answer may stay unread.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes the kernel keeps of answers nobody has read, per connection; our largest page fits.
const SEND_BUFFER: usize = 128 * 1024;
/// Bytes read ahead per connection; a header must fit.
const READ_BUFFER: usize = 16 * 1024;

/// Serves until `stop`, then finishes what is in progress.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: AcceptLimits,
    mut stop: watch::Receiver<bool>,
) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(limits.header_timeout).max_buf_size(READ_BUFFER);
    let places = Arc::new(Semaphore::new(limits.connections));
    while !*stop.borrow() {
        // A place first: what we cannot serve waits in the kernel's queue.
        let place = tokio::select! {
            _ = stop.changed() => break,
            place = places.clone().acquire_owned() => place,
        };
        let accepted = tokio::select! {
            _ = stop.changed() => break,
            accepted = listener.accept() => accepted,
        };
        match (place, accepted) {
            (Ok(place), Ok((stream, _))) => serve_one(&server, stream, router.clone(), place, stop.clone()),
            (_, Err(error)) => {
                // Out of file descriptors, most likely: wait for some to come back.
                tracing::warn!(%error, "accepting a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            (Err(_), _) => break,
        }
    }
    drop(listener);
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    if tokio::time::timeout(limits.grace, places.acquire_many(all)).await.is_err() {
        tracing::warn!("connections still open at the end of the grace period");
    }
}

fn serve_one(
    server: &http1::Builder,
    stream: TcpStream,
    router: Router,
    place: OwnedSemaphorePermit,
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    // A client that sends requests and never reads the answers is dropped by the kernel.
    let socket = socket2::SockRef::from(&stream);
    let _ = socket.set_tcp_user_timeout(Some(UNREAD_TIMEOUT));
    let _ = socket.set_send_buffer_size(SEND_BUFFER);
    // Terminals keep theirs open as a WebSocket; those leave this place when they are upgraded.
    let connection = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let connection = connection.with_upgrades();
    let stopped = async move { drop(stop.wait_for(|stopped| *stopped).await.map(drop)) };
    tokio::spawn(async move {
        let mut connection = std::pin::pin!(connection);
        let served = tokio::select! {
            served = connection.as_mut() => served,
            () = stopped => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "connection");
        }
        drop(place);
    });
}
