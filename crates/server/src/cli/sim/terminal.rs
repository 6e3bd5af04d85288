//! Simulated card terminals on real lines: as many as wanted in one process.
//!
//! Knows: clock, line, acquirer's address, file. Deliberately does not know: what a terminal does; it is asked
//! for its actions, and they are performed in their order, after its memory was stored.

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use serde_json::{Value, json};
use tillgate_sim::terminal::{Action, Identity, Question, Script, Stop, Terminal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::line::{Event, Line};
use super::state::{self, Saved};
use crate::clock;
use crate::outbound::{AddressRules, Outbound};

const SOFTWARE: &str = concat!("tillgate-sim ", env!("CARGO_PKG_VERSION"));

/// How a terminal proves who it is.
#[derive(Clone)]
pub enum Key {
    Secret(String),
    /// Good once; what comes of it is kept in the state file.
    PairingCode(String),
    /// The state file has it.
    Saved,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret",
            Self::PairingCode(_) => "PairingCode",
            Self::Saved => "Saved",
        })
    }
}

#[derive(Debug, Clone)]
pub struct Device {
    pub sn: String,
    pub key: Key,
    pub scripts: Vec<Script>,
    pub seed: u64,
    /// Read if it is there, written at each change.
    pub state: Option<PathBuf>,
}

/// Something that happened at a terminal.
#[derive(Debug, Clone, Serialize)]
pub struct Happening {
    pub time: i64,
    pub terminal_sn: String,
    /// `online`, `order`, `charging`, `approved`, `result`, `print`, …
    pub what: &'static str,
    /// Empty if it is about no order.
    pub trade_no: String,
    pub text: String,
}

/// Who is told what happens.
pub type Report = Arc<dyn Fn(&Happening) + Send + Sync>;

#[derive(Clone)]
pub struct Config {
    /// `http://127.0.0.1:8080`
    pub url: String,
    pub terminals: Vec<Device>,
    /// After this long without an answer the acquirer is taken to be silent.
    pub acquirer_timeout: Duration,
    /// Ends when as many orders are settled, of all terminals together.
    pub count: Option<u64>,
    pub report: Report,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("url", &self.url)
            .field("terminals", &self.terminals)
            .finish_non_exhaustive()
    }
}

/// What became of a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub sn: String,
    /// Orders that were settled in this run.
    pub settled: u64,
    /// Neither an order on the screen nor a result nobody has confirmed.
    pub is_idle: bool,
    /// Why it stopped by itself.
    pub stopped: Option<Stop>,
}

/// Runs all terminals until `stop` turns true, the count is reached, or all have stopped by themselves.
/// A terminal that cannot start (a used pairing code, an unreadable file) is an error for all.
pub async fn run(config: Config, mut stop: watch::Receiver<bool>) -> Result<Vec<Summary>> {
    if !config.url.starts_with("http://") && !config.url.starts_with("https://") {
        bail!("the gateway's address begins with http:// or https://: {}", config.url);
    }
    let everywhere = ["0.0.0.0/0", "::/0"].iter().filter_map(|net| net.parse().ok()).collect();
    let http = Outbound::new(AddressRules { allowed: everywhere }, config.acquirer_timeout);
    let config = Arc::new(config);
    let (enough, is_enough) = watch::channel(false);
    let shared = Shared { config: config.clone(), http, settled: Arc::default(), enough: Arc::new(enough) };
    let mut running = JoinSet::new();
    for device in &config.terminals {
        running.spawn(Driver::start(device.clone(), shared.clone(), is_enough.clone()));
    }
    let mut summaries = Vec::new();
    loop {
        tokio::select! {
            ended = running.join_next() => match ended {
                Some(ended) => summaries.push(ended.context("a terminal's task died")??),
                None => break,
            },
            _ = stop.wait_for(|stop| *stop), if !*is_enough.borrow() => {
                let _ = shared.enough.send(true);
            }
        }
    }
    summaries.sort_by(|a, b| a.sn.cmp(&b.sn));
    Ok(summaries)
}

#[derive(Clone)]
struct Shared {
    config: Arc<Config>,
    http: Outbound,
    settled: Arc<AtomicU64>,
    enough: Arc<watch::Sender<bool>>,
}

/// The acquirer's answer to a question: a body, or nothing.
type Answer = (String, Option<String>);

struct Driver {
    terminal: Terminal,
    secret: String,
    state: Option<PathBuf>,
    line: Line,
    answers: mpsc::UnboundedReceiver<Answer>,
    answering: mpsc::UnboundedSender<Answer>,
    /// What the terminal had settled when last looked, and before this run.
    settled: u64,
    settled_before: u64,
    shared: Shared,
}

impl Driver {
    async fn start(device: Device, shared: Shared, is_enough: watch::Receiver<bool>) -> Result<Summary> {
        let saved = device.state.as_deref().map(|path| state::load(path, &device.sn)).transpose()?.flatten();
        let secret = secret(&device, saved.as_ref(), &shared).await?;
        let identity = Identity { sn: device.sn.clone(), secret: secret.clone(), software: SOFTWARE.into() };
        let memory = saved.map(|saved| saved.memory).filter(|memory| !memory.is_empty());
        let terminal = match &memory {
            Some(memory) => Terminal::restore(identity, device.scripts, memory, now_ms())
                .with_context(|| format!("what {} remembers", device.sn))?,
            None => Terminal::new(identity, device.scripts, device.seed),
        };
        let (answering, answers) = mpsc::unbounded_channel();
        let settled = terminal.settled();
        let driver = Self {
            terminal,
            secret,
            state: device.state,
            line: Line::Off,
            answers,
            answering,
            settled,
            settled_before: settled,
            shared,
        };
        driver.drive(is_enough).await
    }

    async fn drive(mut self, mut is_enough: watch::Receiver<bool>) -> Result<Summary> {
        while self.terminal.stopped().is_none() {
            let due_ms = self.terminal.next_due();
            let actions = tokio::select! {
                _ = is_enough.wait_for(|enough| *enough) => break,
                Some((trade_no, body)) = self.answers.recv() => {
                    self.terminal.acquirer_says(&trade_no, body.as_deref(), now_ms())
                }
                event = self.line.next() => self.hear(event),
                () = until(due_ms) => self.terminal.tick(now_ms()),
            };
            self.perform(actions).await?;
            self.count();
        }
        self.line.close(Some(1000)).await;
        Ok(Summary {
            sn: self.terminal.sn().to_owned(),
            settled: self.terminal.settled().saturating_sub(self.settled_before),
            is_idle: self.terminal.is_idle(),
            stopped: self.terminal.stopped(),
        })
    }

    fn hear(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Connected => self.terminal.connected(now_ms()),
            Event::Text(text) => self.terminal.received(&text, now_ms()),
            Event::Ended(code, why) => {
                if !why.is_empty() {
                    self.report("line", "", &why);
                }
                self.terminal.disconnected(code, now_ms())
            }
        }
    }

    async fn perform(&mut self, actions: Vec<Action>) -> Result<()> {
        let mut queue = VecDeque::from(actions);
        self.save()?;
        while let Some(action) = queue.pop_front() {
            match action {
                Action::Connect => self.line = Line::dial(&self.shared.config.url),
                Action::Send(text) => {
                    if !self.line.send(text).await {
                        queue.extend(self.terminal.disconnected(None, now_ms()));
                        self.save()?;
                    }
                }
                Action::Ask(question) => self.ask(question),
                Action::Close(code) => self.line.close(code).await,
                Action::Print(line) => self.report("print", "", &line),
                Action::Note(note) => self.report(note.what, &note.trade_no, &note.text),
            }
        }
        Ok(())
    }

    /// Whatever is no answer of the acquirer is silence: it may have charged the card.
    fn ask(&self, question: Question) {
        let base = self.shared.config.url.trim_end_matches('/');
        let url = format!("{base}/sandbox/api/terminals/{}/card", self.terminal.sn());
        let (http, answering) = (self.shared.http.clone(), self.answering.clone());
        tokio::spawn(async move {
            let reply = http.post(&url, "application/json", question.body.as_bytes()).await;
            let body = reply.ok().filter(|reply| reply.status == 200);
            let body = body.map(|reply| String::from_utf8_lossy(&reply.body).into_owned());
            let _ = answering.send((question.trade_no, body));
        });
    }

    fn save(&mut self) -> Result<()> {
        let is_changed = self.terminal.take_change();
        let Some(path) = self.state.as_deref().filter(|_| is_changed) else { return Ok(()) };
        let (terminal_sn, secret) = (self.terminal.sn().to_owned(), self.secret.clone());
        state::store(path, &Saved { terminal_sn, secret, memory: self.terminal.save() })
            .with_context(|| path.display().to_string())
    }

    /// Adds what was settled since, and says when it is enough.
    fn count(&mut self) {
        let now = self.terminal.settled();
        let more = now.saturating_sub(self.settled);
        self.settled = now.max(self.settled);
        let total = self.shared.settled.fetch_add(more, Ordering::Relaxed) + more;
        if more > 0 && self.shared.config.count.is_some_and(|count| total >= count) {
            let _ = self.shared.enough.send(true);
        }
    }

    fn report(&self, what: &'static str, trade_no: &str, text: &str) {
        (self.shared.config.report)(&Happening {
            time: now_ms(),
            terminal_sn: self.terminal.sn().to_owned(),
            what,
            trade_no: trade_no.to_owned(),
            text: text.to_owned(),
        });
    }
}

fn now_ms() -> i64 {
    clock::now().millis()
}

/// For ever, if nothing is planned.
async fn until(due_ms: Option<i64>) {
    match due_ms {
        Some(due_ms) => {
            let wait_ms = u64::try_from(due_ms.saturating_sub(now_ms())).unwrap_or(0);
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
        None => std::future::pending().await,
    }
}

/// A terminal that was paired stays paired: a code is good once, and the command is run again.
async fn secret(device: &Device, saved: Option<&Saved>, shared: &Shared) -> Result<String> {
    match (&device.key, saved) {
        (Key::Secret(secret), _) => Ok(secret.clone()),
        (_, Some(saved)) => Ok(saved.secret.clone()),
        (Key::Saved, None) => bail!("{}: no secret, no pairing code, and no state file with one", device.sn),
        (Key::PairingCode(code), None) => {
            let secret = pair(&device.sn, code, shared).await?;
            if let Some(path) = &device.state {
                let saved = Saved { terminal_sn: device.sn.clone(), secret, memory: String::new() };
                state::store(path, &saved).with_context(|| path.display().to_string())?;
                return Ok(saved.secret);
            }
            Ok(secret)
        }
    }
}

async fn pair(sn: &str, code: &str, shared: &Shared) -> Result<String> {
    let url = format!("{}/terminal/v1/pair", shared.config.url.trim_end_matches('/'));
    let body = json!({ "terminal_sn": sn, "pairing_code": code }).to_string();
    let reply = shared.http.post(&url, "application/json", body.as_bytes()).await;
    let reply = reply.map_err(anyhow::Error::msg).with_context(|| format!("pairing {sn}"))?;
    let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    match answer["secret"].as_str() {
        Some(secret) if reply.status == 200 => Ok(secret.to_owned()),
        _ => bail!("pairing {sn}: {} {}", reply.status, answer["error"].as_str().unwrap_or_default()),
    }
}
