//! The nodes of a PostgreSQL database: hints by LISTEN and NOTIFY, and the lines of terminals.
//!
//! One connection listens, another speaks. What there is to tell is collected while the last of it is on its way, so
//! that hints cost a round trip now and then and none for each order; no commit of the store waits for them. The
//! speaking connection waits for no disk: what it writes is worth nothing after a crash.

use std::collections::HashSet;
use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tillgate_core::{MerchantId, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_postgres::tls::TlsStream;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls, Socket};

use super::address::{Address, Use};
use super::session::told;
use crate::nodes::{HINT_BYTES, Heard, LineHolder, Nodes};
use crate::port::{Answer, StoreError};

const CHANNEL: &str = "tillgate";
/// PostgreSQL takes payloads below 8,000 bytes.
const PAYLOAD_BYTES: usize = 7_900;
/// Hints that wait to be told. More are lost, which does no harm.
const HINTS_WAITING: usize = 16_384;
/// Hints that wait to be heard.
const HEARD_WAITING: usize = 16_384;
/// Told at once.
const BATCH: usize = 4_096;
/// Between two times of telling: those who notify take turns in the whole database.
const PAUSE: Duration = Duration::from_millis(2);
/// Nodes speak more often than that, and hear themselves: a line on which nothing comes is dead.
const SILENCE: Duration = Duration::from_secs(12);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Before the listener tries again: twice as long each time, up to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// A node that has been dead for a day is forgotten.
const FORGOTTEN_MS: i64 = 86_400_000;

const KEEP_ALIVE: &str = "INSERT INTO nodes (node, alive_until) VALUES ($1, $2)
    ON CONFLICT (node) DO UPDATE SET alive_until = excluded.alive_until";
const FORGET_NODES: &str = "DELETE FROM nodes WHERE alive_until < $1";
const TAKE_LINE: &str =
    "INSERT INTO terminal_lines (merchant_id, terminal, node, epoch) VALUES ($1, $2, $3, $4)
    ON CONFLICT (merchant_id, terminal) DO UPDATE SET node = excluded.node,
    epoch = greatest(terminal_lines.epoch + 1, excluded.epoch)
    RETURNING epoch";
const LEAVE_LINE: &str =
    "UPDATE terminal_lines SET node = '' WHERE merchant_id = $1 AND terminal = $2 AND epoch = $3";
const LINE_HOLDER: &str = "SELECT terminal_lines.node, epoch, alive_until FROM terminal_lines
    LEFT JOIN nodes ON nodes.node = terminal_lines.node WHERE merchant_id = $1 AND terminal = $2";

/// What is asked of the tables of nodes, by name.
#[cfg(test)]
pub const ALL: &[(&str, &str)] = &[
    ("KEEP_ALIVE", KEEP_ALIVE),
    ("FORGET_NODES", FORGET_NODES),
    ("TAKE_LINE", TAKE_LINE),
    ("LEAVE_LINE", LEAVE_LINE),
    ("LINE_HOLDER", LINE_HOLDER),
];

fn fault(error: impl std::fmt::Display) -> StoreError {
    StoreError::Fault(error.to_string())
}

fn broken(error: tokio_postgres::Error) -> StoreError {
    StoreError::Fault(told(&error))
}

/// This process among those on its database.
#[derive(Debug)]
pub struct PostgresNodes {
    line: Arc<Line>,
    told: mpsc::Sender<String>,
    /// Until somebody speaks.
    untold: Mutex<Option<mpsc::Receiver<String>>>,
    /// The listener's task ends when this is dropped or replaced.
    listening: Mutex<Option<watch::Sender<()>>>,
}

struct Line {
    name: String,
    address: Arc<Address>,
    speaker: tokio::sync::Mutex<Option<Arc<Client>>>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PostgresNodes {
    /// Connects when it is first needed.
    fn new(address: Arc<Address>, name: String) -> Self {
        let (told, untold) = mpsc::channel(HINTS_WAITING);
        let line = Arc::new(Line { name, address, speaker: tokio::sync::Mutex::default() });
        Self { line, told, untold: Mutex::new(Some(untold)), listening: Mutex::default() }
    }
}

impl super::Postgres {
    /// The others on this database. No two nodes have the same name.
    pub fn nodes(&self, name: String) -> PostgresNodes {
        PostgresNodes::new(self.address.clone(), name)
    }
}

impl Line {
    async fn client(&self) -> Result<Arc<Client>, StoreError> {
        let mut speaker = self.speaker.lock().await;
        if let Some(client) = speaker.as_ref().filter(|client| !client.is_closed()) {
            return Ok(client.clone());
        }
        let client = self.address.connect(Use::Keys).await?;
        client.batch_execute("SET synchronous_commit = off").await.map_err(broken)?;
        let client = Arc::new(client);
        *speaker = Some(client.clone());
        Ok(client)
    }
}

/// Runs while its node is there.
async fn speak(line: Weak<Line>, mut untold: mpsc::Receiver<String>) {
    let mut texts = Vec::new();
    while untold.recv_many(&mut texts, BATCH).await > 0 {
        let Some(line) = line.upgrade() else { return };
        if let Err(error) = notify(&line, &texts).await {
            tracing::warn!(%error, "hints to other nodes");
        }
        texts.clear();
        sleep(PAUSE).await;
    }
}

async fn notify(line: &Line, texts: &[String]) -> Result<(), StoreError> {
    let payloads = pack(&line.name, texts);
    let client = line.client().await?;
    let tell = format!("SELECT pg_notify('{CHANNEL}', told) FROM unnest($1::text[]) AS told");
    let payloads: [(&(dyn ToSql + Sync), Type); 1] = [(&payloads, Type::TEXT_ARRAY)];
    timeout(SILENCE, client.execute_typed(&tell, &payloads)).await.map_err(fault)?.map_err(broken).map(drop)
}

/// The sender's name, then a line for each text; the same is told once.
fn pack(name: &str, texts: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut payloads: Vec<String> = Vec::new();
    for text in texts.iter().filter(|text| seen.insert(text.as_str())) {
        match payloads.last_mut() {
            Some(payload) if payload.len() + 1 + text.len() <= PAYLOAD_BYTES => {
                payload.push('\n');
                payload.push_str(text);
            }
            _ => payloads.push(format!("{name}\n{text}")),
        }
    }
    payloads
}

/// Listens until it is no longer wanted, and begins anew when the line breaks.
async fn listen(line: Weak<Line>, heard: mpsc::Sender<Heard>, mut wanted: watch::Receiver<()>) {
    let (first, longest) = BACKOFF;
    let mut pause = first;
    loop {
        let named = line.upgrade().map(|line| (line.name.clone(), line.address.clone()));
        let Some((name, address)) = named else { return };
        let mut has_heard = false;
        let ended = tokio::select! {
            ended = listen_once(&name, &address, (&heard, &mut has_heard)) => ended,
            _ = wanted.changed() => return,
        };
        let Err(error) = ended else { return };
        tracing::warn!(%error, "listening for other nodes; the database is read more often meanwhile");
        pause = if has_heard { first } else { (pause * 2).min(longest) };
        if heard.send(Heard::Lost).await.is_err() {
            return;
        }
        tokio::select! {
            () = sleep(pause) => {}
            _ = wanted.changed() => return,
        }
    }
}

/// `Ok`: nobody wants to hear any more.
async fn listen_once(
    name: &str,
    address: &Address,
    ear: (&mpsc::Sender<Heard>, &mut bool),
) -> Result<(), StoreError> {
    let late = |_| fault("no connection in time");
    let host = address.reachable().await?;
    match address.tls() {
        Some(tls) => {
            let connected = timeout(CONNECT_TIMEOUT, host.connect(tls.clone())).await;
            listen_on(name, connected.map_err(late)?.map_err(broken)?, ear).await
        }
        None => {
            let connected = timeout(CONNECT_TIMEOUT, host.connect(NoTls)).await;
            listen_on(name, connected.map_err(late)?.map_err(broken)?, ear).await
        }
    }
}

async fn listen_on<T: TlsStream + Unpin>(
    name: &str,
    (client, mut connection): (Client, Connection<Socket, T>),
    (heard, has_heard): (&mpsc::Sender<Heard>, &mut bool),
) -> Result<(), StoreError> {
    let begin = format!("LISTEN {CHANNEL}");
    let mut begin = std::pin::pin!(client.batch_execute(&begin));
    let mut has_begun = false;
    loop {
        let message = poll_fn(|context| connection.poll_message(context));
        let message = tokio::select! {
            begun = &mut begin, if !has_begun => {
                begun.map_err(broken)?;
                has_begun = true;
                // What was told before this moment we have not heard.
                if heard.send(Heard::Lost).await.is_err() {
                    return Ok(());
                }
                continue;
            }
            message = timeout(SILENCE, message) => message.map_err(|_| fault("nothing is heard"))?,
        };
        match message {
            Some(Ok(AsyncMessage::Notification(notification))) => {
                *has_heard = true;
                for one in unpack(name, notification.payload()) {
                    if heard.send(one).await.is_err() {
                        return Ok(());
                    }
                }
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(broken(error)),
            None => return Err(fault("the connection was closed")),
        }
    }
}

fn unpack(own: &str, payload: &str) -> Vec<Heard> {
    match payload.split_once('\n') {
        Some((from, _)) if from == own => vec![Heard::Echo],
        Some((from, texts)) => texts
            .split('\n')
            .map(|text| Heard::Hint { from: from.to_owned(), text: text.to_owned() })
            .collect(),
        None => Vec::new(),
    }
}

impl Nodes for PostgresNodes {
    fn name(&self) -> &str {
        &self.line.name
    }

    fn tell(&self, text: String) {
        if text.len() > HINT_BYTES || text.contains('\n') {
            return;
        }
        if let Some(untold) = self.untold.lock().take() {
            tokio::spawn(speak(Arc::downgrade(&self.line), untold));
        }
        // Full: it is lost.
        let _ = self.told.try_send(text);
    }

    fn listen(&self) -> mpsc::Receiver<Heard> {
        let (heard, hears) = mpsc::channel(HEARD_WAITING);
        let (listening, wanted) = watch::channel(());
        tokio::spawn(listen(Arc::downgrade(&self.line), heard, wanted));
        *self.listening.lock() = Some(listening);
        hears
    }

    fn keep_alive(&self, now: Timestamp, until: Timestamp) -> Answer<'_, ()> {
        Box::pin(async move {
            let client = self.line.client().await?;
            client.execute(KEEP_ALIVE, &[&self.line.name, &until.0]).await.map_err(broken)?;
            let long_ago = now.0 - FORGOTTEN_MS;
            client.execute(FORGET_NODES, &[&long_ago]).await.map_err(broken).map(drop)
        })
    }

    fn take_line<'a>(&'a self, merchant: MerchantId, terminal: &'a str, now: Timestamp) -> Answer<'a, u64> {
        Box::pin(async move {
            let client = self.line.client().await?;
            let taken = client
                .query_one(TAKE_LINE, &[&i64::from(merchant.0), &terminal, &self.line.name, &now.0])
                .await
                .map_err(broken)?;
            let epoch: i64 = taken.get(0);
            u64::try_from(epoch).map_err(fault)
        })
    }

    fn leave_line<'a>(&'a self, merchant: MerchantId, terminal: &'a str, epoch: u64) -> Answer<'a, ()> {
        Box::pin(async move {
            let client = self.line.client().await?;
            let epoch = i64::try_from(epoch).map_err(fault)?;
            client.execute(LEAVE_LINE, &[&i64::from(merchant.0), &terminal, &epoch]).await.map_err(broken)?;
            Ok(())
        })
    }

    fn line_holder<'a>(
        &'a self,
        merchant: MerchantId,
        terminal: &'a str,
        now: Timestamp,
    ) -> Answer<'a, Option<LineHolder>> {
        Box::pin(async move {
            let client = self.line.client().await?;
            let found =
                client.query_opt(LINE_HOLDER, &[&i64::from(merchant.0), &terminal]).await.map_err(broken)?;
            let Some(row) = found else { return Ok(None) };
            let (node, epoch, alive_until): (String, i64, Option<i64>) = (row.get(0), row.get(1), row.get(2));
            Ok(Some(LineHolder {
                node,
                epoch: u64::try_from(epoch).map_err(fault)?,
                is_alive: alive_until.is_some_and(|until| until > now.0),
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use tillgate_scratch::Cluster;

    use super::super::{Postgres, Settings};
    use super::*;

    const SHOP: MerchantId = MerchantId(7);
    const NOW: Timestamp = Timestamp(1_700_000_000_000);
    const PATIENCE: Duration = Duration::from_secs(10);

    /// Two nodes on a new database.
    async fn two() -> (&'static Cluster, String, [PostgresNodes; 2]) {
        let cluster = tillgate_scratch::shared().unwrap();
        let url = cluster.fresh_database().unwrap();
        let database = url.rsplit('/').next().unwrap().to_owned();
        let home = Postgres::connect(&Settings::new(url)).await.unwrap();
        let nodes = ["a", "b"].map(|name| home.nodes(name.to_owned()));
        (cluster, database, nodes)
    }

    /// What comes next, other than echoes.
    async fn next(hears: &mut mpsc::Receiver<Heard>) -> Heard {
        loop {
            match timeout(PATIENCE, hears.recv()).await.expect("nothing is heard").unwrap() {
                Heard::Echo => {}
                other => return other,
            }
        }
    }

    fn hint(from: &str, text: &str) -> Heard {
        Heard::Hint { from: from.into(), text: text.into() }
    }

    #[tokio::test]
    async fn nodes_hear_each_other_and_themselves() {
        let (_, _, [a, b]) = two().await;
        let (mut at_a, mut at_b) = (a.listen(), b.listen());
        assert_eq!(
            (next(&mut at_a).await, next(&mut at_b).await),
            (Heard::Lost, Heard::Lost),
            "it begins there"
        );
        a.tell("one".into());
        a.tell("two, with 'quotes' and 好".into());
        assert_eq!(next(&mut at_b).await, hint("a", "one"));
        assert_eq!(next(&mut at_b).await, hint("a", "two, with 'quotes' and 好"));
        assert_eq!(timeout(PATIENCE, at_a.recv()).await.unwrap(), Some(Heard::Echo));
        b.tell("three".into());
        assert_eq!(next(&mut at_a).await, hint("b", "three"));
    }

    #[tokio::test]
    async fn a_line_that_breaks_is_made_again() {
        let (cluster, database, [a, b]) = two().await;
        let mut at_b = b.listen();
        assert_eq!(next(&mut at_b).await, Heard::Lost);
        a.tell("before".into());
        assert_eq!(next(&mut at_b).await, hint("a", "before"));
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let ended: u32 = cluster.psql(&database, end).unwrap().trim().parse().unwrap();
        assert!(ended >= 2, "a speaks, b listens");
        assert_eq!(next(&mut at_b).await, Heard::Lost, "that it broke");
        assert_eq!(next(&mut at_b).await, Heard::Lost, "that it hears again");
        a.tell("after".into());
        assert_eq!(next(&mut at_b).await, hint("a", "after"));
    }

    #[tokio::test]
    async fn the_newest_connection_has_the_line_while_its_node_lives() {
        let (_, _, [a, b]) = two().await;
        let holder = async |at: Timestamp| a.line_holder(SHOP, "T1", at).await.unwrap();
        assert_eq!(holder(NOW).await, None);
        a.keep_alive(NOW, NOW.plus_s(10)).await.unwrap();
        let first = a.take_line(SHOP, "T1", NOW).await.unwrap();
        assert_eq!(first, 1_700_000_000_000);
        let at_a = LineHolder { node: "a".into(), epoch: first, is_alive: true };
        assert_eq!(holder(NOW).await, Some(at_a.clone()));
        assert_eq!(holder(NOW.plus_s(10)).await, Some(LineHolder { is_alive: false, ..at_a }));
        // The other node's clock is behind.
        b.keep_alive(NOW, NOW.plus_s(60)).await.unwrap();
        let second = b.take_line(SHOP, "T1", NOW.plus_s(-5)).await.unwrap();
        assert_eq!(second, first + 1);
        a.leave_line(SHOP, "T1", first).await.unwrap();
        let at_b = LineHolder { node: "b".into(), epoch: second, is_alive: true };
        assert_eq!(holder(NOW).await, Some(at_b.clone()), "what is newer stays");
        assert_eq!(a.line_holder(MerchantId(8), "T1", NOW).await.unwrap(), None);
        b.leave_line(SHOP, "T1", second).await.unwrap();
        assert!(!holder(NOW).await.unwrap().is_alive);
        assert_eq!(a.take_line(SHOP, "T1", NOW.plus_s(-5)).await.unwrap(), second + 1, "it only grows");
        b.keep_alive(NOW, NOW.plus_ms(-1)).await.unwrap();
        b.take_line(SHOP, "T1", NOW).await.unwrap();
        assert!(!holder(NOW).await.unwrap().is_alive, "b has said goodbye");
    }

    #[tokio::test]
    async fn many_terminals_that_connect_at_once_get_numbers_of_their_own() {
        let (_, _, [a, b]) = two().await;
        let nodes = [Arc::new(a), Arc::new(b)];
        let taken = (0..20).map(|at| {
            let node = nodes[at % 2].clone();
            tokio::spawn(async move { node.take_line(SHOP, "T1", NOW).await.unwrap() })
        });
        let mut epochs = HashSet::new();
        for epoch in taken.collect::<Vec<_>>() {
            epochs.insert(epoch.await.unwrap());
        }
        assert_eq!(epochs.len(), 20);
    }

    #[test]
    fn hints_are_packed_into_payloads_that_fit() {
        let texts: Vec<String> = (0..2_000).map(|n| format!("hint {}", n % 1_500)).collect();
        let payloads = pack("node", &texts);
        assert!(payloads.iter().all(|payload| payload.len() <= PAYLOAD_BYTES) && payloads.len() < 4);
        let heard: Vec<Heard> = payloads.iter().flat_map(|payload| unpack("other", payload)).collect();
        assert_eq!(heard.len(), 1_500, "the same is told once");
        assert_eq!(heard[1_499], hint("node", "hint 1499"));
        assert_eq!(unpack("node", &payloads[0]), [Heard::Echo]);
        assert_eq!(unpack("node", "nonsense"), []);
        let long = "x".repeat(HINT_BYTES);
        assert_eq!(pack("node", &[long.clone(), long]).len(), 1);
    }
}
