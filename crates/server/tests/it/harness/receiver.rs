//! A merchant's web server, in plain bytes: it records what it is posted and answers as it is told.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// What is outside of every gateway and survives it.
static OUTSIDE: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(1).thread_name("outside").enable_all().build().unwrap()
});

#[derive(Debug, Clone)]
pub enum Reply {
    Status(u16, &'static str),
    /// Takes the request and never answers.
    Silence,
    /// 200 with these bytes, whatever they are called.
    File(&'static str, Vec<u8>),
    /// Answers 200 and goes on sending for ever.
    Endless,
    /// Sends the caller elsewhere.
    Redirect(String),
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub query: String,
    pub content_type: String,
    pub body: String,
}

#[derive(Debug, Default)]
struct Inner {
    received: Vec<Received>,
    /// By path: these first, the last one for ever.
    replies: HashMap<String, VecDeque<Reply>>,
    otherwise: Option<Reply>,
}

#[derive(Debug, Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let receiver = Self { address: listener.local_addr().unwrap(), inner: Arc::default() };
        let inner = receiver.inner.clone();
        OUTSIDE.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, inner.clone()));
            }
        });
        receiver
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers on `path` with these in turn; the last one from then on.
    pub fn answers(&self, path: &str, replies: &[Reply]) {
        self.inner.lock().unwrap().replies.insert(path.to_owned(), replies.iter().cloned().collect());
    }

    /// On every path that has no answer of its own.
    pub fn answers_all(&self, reply: Reply) {
        self.inner.lock().unwrap().otherwise = Some(reply);
    }

    pub fn received(&self) -> Vec<Received> {
        self.inner.lock().unwrap().received.clone()
    }

    pub fn received_at(&self, path: &str) -> Vec<Received> {
        self.received().into_iter().filter(|received| received.path == path).collect()
    }
}

fn reply_to(inner: &Mutex<Inner>, received: Received) -> Reply {
    let mut inner = inner.lock().unwrap();
    let reply = match inner.replies.get_mut(&received.path) {
        Some(replies) if replies.len() > 1 => replies.pop_front(),
        Some(replies) => replies.front().cloned(),
        None => None,
    };
    inner.received.push(received);
    reply.or_else(|| inner.otherwise.clone()).unwrap_or(Reply::Status(200, "ok"))
}

async fn serve(mut stream: TcpStream, inner: Arc<Mutex<Inner>>) {
    let Some(received) = read(&mut stream).await else { return };
    match reply_to(&inner, received) {
        Reply::Status(status, body) => {
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            let _ = stream.write_all(head.as_bytes()).await;
        }
        Reply::File(kind, bytes) => {
            let length = bytes.len();
            let head = format!(
                "HTTP/1.1 200 x\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(&bytes).await;
        }
        Reply::Redirect(to) => {
            let head =
                format!("HTTP/1.1 302 x\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
        }
        Reply::Silence => tokio::time::sleep(Duration::from_secs(60)).await,
        Reply::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 x\r\nconnection: close\r\n\r\n").await;
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
        }
    }
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                let lines = head.lines().filter_map(|line| line.split_once(": "));
                let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
                found.next().map_or("", |(_, value)| value)
            };
            if body.len() >= header("content-length").parse().unwrap_or(0) {
                let target = head.split(' ').nth(1)?;
                let (path, query) = target.split_once('?').unwrap_or((target, ""));
                return Some(Received {
                    path: path.to_owned(),
                    query: query.to_owned(),
                    content_type: header("content-type").to_owned(),
                    body: body.to_owned(),
                });
            }
        }
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
}
