//! Ceilings: what the same HTTP stack does when it does almost nothing.
//!
//! F0 answers a constant. F1 also reads the body, parses it and checks one HMAC. F2 also commits one row durably,
//! grouped with whatever waits, before it answers.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Response, StatusCode, header};
use axum::routing::{get, post};
use rusqlite::Connection;
use tillgate::http::accept::{AcceptLimits, serve};
use tillgate_protocols::latipay::{ApiKey, sign};
use tillgate_protocols::wire::json::{Value, read_object};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::rsa::Cost;
use crate::till::Till;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Floor {
    F0,
    F1,
    F2,
    /// No server at all: RSA on every core (`rsa`).
    #[value(skip)]
    R,
    /// The same with a card opened in each turn.
    #[value(skip)]
    RCard,
}

impl Floor {
    /// What a floor without a server does.
    pub fn bare(self) -> Option<Cost> {
        match self {
            Self::R => Some(Cost::Signed),
            Self::RCard => Some(Cost::WithCard),
            Self::F0 | Self::F1 | Self::F2 => None,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::F0 => "f0",
            Self::F1 => "f1",
            Self::F2 => "f2",
            Self::R => "r",
            Self::RCard => "r'",
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct FloorArgs {
    floor: Floor,
    #[arg(long)]
    listen: SocketAddr,
    /// Where F2 keeps its rows.
    #[arg(long)]
    data_dir: PathBuf,
}

/// What a good answer of a floor, and of Latipay, says.
pub const GOOD: &str = r#""code":0"#;
/// About as long as the answer to a new order.
const ANSWER: &str = concat!(
    r#"{"code":0,"message":"SUCCESS","messageCN":"操作成功","#,
    r#""host_url":"http://127.0.0.1:8080/v2/merchanthosted/gatewaydata","#,
    r#""nonce":"7d5a88202201011200007d5a88119354301ad3fc250404493b","#,
    r#""signature":"840151e0dc39496e22b410b83058b4ddd633b786936c505ae978fae029a1e0f1"}"#
);
const REFUSAL: &str = r#"{"code":206,"message":"signature wrong"}"#;

struct Desk {
    floor: Floor,
    key: ApiKey,
    writer: Option<Sender<Row>>,
}

pub fn run(args: &FloorArgs) -> Result<bool> {
    let writer = (args.floor == Floor::F2).then(|| start_writer(&args.data_dir)).transpose()?;
    let desk = Arc::new(Desk { floor: args.floor, key: Till::default().key, writer });
    let router = Router::new()
        .route("/v2/transaction", post(answer))
        .route("/readyz", get(async || json(ANSWER)))
        .with_state(desk);
    let limits = AcceptLimits {
        connections: 10_000,
        header_timeout: Duration::from_secs(15),
        grace: Duration::from_secs(1),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (_stop, stopped) = watch::channel(false);
        serve(TcpListener::bind(args.listen).await?, router, limits, stopped).await;
        Ok(true)
    })
}

fn json(text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

async fn answer(State(desk): State<Arc<Desk>>, body: Body) -> Response<Body> {
    if desk.floor == Floor::F0 {
        return json(ANSWER);
    }
    let Ok(body) = to_bytes(body, 64 * 1024).await else { return json(REFUSAL) };
    if !is_signed(&body, &desk.key) {
        return json(REFUSAL);
    }
    if let Some(writer) = &desk.writer {
        let (done, stored) = oneshot::channel();
        if writer.send(Row { body: body[..body.len().min(300)].to_vec(), done }).is_err()
            || !matches!(stored.await, Ok(true))
        {
            let mut response = json(REFUSAL);
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            return response;
        }
    }
    json(ANSWER)
}

fn is_signed(body: &[u8], key: &ApiKey) -> bool {
    let Ok(fields) = read_object(body) else { return false };
    let mut signature = "";
    let mut pairs = Vec::with_capacity(fields.len());
    for field in &fields {
        let value = match &field.value {
            Value::Text(text) => text,
            Value::Number(text) | Value::Nested(text) => *text,
            Value::Bool(_) | Value::Null => continue,
        };
        if field.name == "signature" {
            signature = value;
        } else {
            pairs.push((&*field.name, value));
        }
    }
    sign::sign_sorted(&pairs, key) == signature
}

struct Row {
    body: Vec<u8>,
    done: oneshot::Sender<bool>,
}

const GROUP_LIMIT: usize = 256;

/// The same settings as the store's.
fn start_writer(folder: &Path) -> Result<Sender<Row>> {
    let connection = Connection::open(folder.join("floor.sqlite"))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8000;
         PRAGMA cache_size = -8000;
         CREATE TABLE orders (number INTEGER PRIMARY KEY, body BLOB NOT NULL);",
    )?;
    let (rows, waiting) = channel();
    std::thread::Builder::new()
        .name("floor-writer".into())
        .spawn(move || write_all(&connection, &waiting))?;
    Ok(rows)
}

fn write_all(connection: &Connection, waiting: &Receiver<Row>) {
    let mut number = 0;
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        while group.len() < GROUP_LIMIT {
            let Ok(row) = waiting.try_recv() else { break };
            group.push(row);
        }
        let stored = write_group(connection, &group, &mut number).is_ok();
        for row in group {
            let _ = row.done.send(stored);
        }
    }
}

fn write_group(connection: &Connection, group: &[Row], number: &mut i64) -> rusqlite::Result<()> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute(())?;
    let mut insert = connection.prepare_cached("INSERT INTO orders (number, body) VALUES (?1, ?2)")?;
    for row in group {
        *number += 1;
        insert.execute((*number, &row.body))?;
    }
    connection.prepare_cached("COMMIT")?.execute(()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::till::Sale;

    #[test]
    fn a_floor_takes_what_a_till_signs_and_nothing_else() {
        let till = Till::default();
        let sale = Sale {
            reference: "r1",
            wallet_id: "W00000001",
            amount: "1.00",
            method: "alipay",
            callback_url: "http://127.0.0.1/",
        };
        let body = till.order(sale);
        assert!(is_signed(body.as_bytes(), &till.key));
        assert!(!is_signed(body.replace("1.00", "1.01").as_bytes(), &till.key));
    }
}
