//! A card terminal without a body: what comes over the line goes in, what a terminal then does comes out.
//!
//! Knows: the terminal protocol from the terminal's side, the people at the counter (by a [`Script`]), what a
//! terminal remembers when the line breaks or the power fails. Deliberately does not know: sockets, a clock
//! (the time is an argument, in milliseconds since the Unix epoch), randomness (it has a seed), how a gateway
//! decides, and what an acquirer does with a question.
//!
//! Whoever drives it performs the [`Action`]s each call gives back, in their order, having first stored what
//! [`Terminal::save`] gives if [`Terminal::take_change`] says so: a terminal writes down that it asks the
//! acquirer before it asks. He calls [`Terminal::tick`] when [`Terminal::next_due`] has come.

mod acquirer;
mod codes;
mod dice;
mod frame;
mod kept;
mod link;
mod order;
mod outcome;
mod receipt;
mod screen;
mod script;
mod topics;

use serde::{Deserialize, Serialize};

use dice::Dice;
use kept::Kept;
use link::Link;
use screen::OnScreen;

pub use acquirer::Question;
pub use link::Stop;
pub use script::{Break, Entry, Payer, SCRIPT_WORDS, Script, Tip};

/// The longest text frame either side sends, in bytes.
pub const FRAME_MAX: usize = 65_536;

/// What a terminal wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Open the connection; tell by [`Terminal::connected`] or [`Terminal::disconnected`].
    Connect,
    /// Send this text frame.
    Send(String),
    /// Ask the acquirer, once; tell by [`Terminal::acquirer_says`].
    Ask(Question),
    /// End the connection with this close code, or break it without a word. Nothing more is to be told of it.
    Close(Option<u16>),
    /// A line of a receipt.
    Print(String),
    /// Something to be seen at the terminal.
    Note(Note),
}

/// One happening, for people who watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// A word: `order`, `approved`, `result`, …
    pub what: &'static str,
    /// Empty if it is about no order.
    pub trade_no: String,
    pub text: String,
}

/// Who a terminal is.
#[derive(Clone)]
pub struct Identity {
    pub sn: String,
    pub secret: String,
    /// Free text for `ecrhub.init`.
    pub software: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("sn", &self.sn).finish_non_exhaustive()
    }
}

/// What survives a power cut.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    screen: Option<OnScreen>,
    kept: Kept,
    dice: Dice,
    /// Orders that were put on the screen: they pick the script.
    taken: u64,
    requests: u64,
}

/// One terminal.
#[derive(Debug)]
pub struct Terminal {
    identity: Identity,
    scripts: Vec<Script>,
    memory: Memory,
    link: Link,
    out: Vec<Action>,
    is_changed: bool,
}

impl Terminal {
    /// A new one, switched on. Without scripts everybody simply pays.
    pub fn new(identity: Identity, scripts: Vec<Script>, seed: u64) -> Self {
        let memory = Memory { screen: None, kept: Kept::default(), dice: Dice(seed), taken: 0, requests: 0 };
        Self { identity, scripts, memory, link: Link::off(0), out: Vec::new(), is_changed: true }
    }

    /// The same one after a power cut: `saved` is from [`Self::save`]. Whoever was asking the acquirer then
    /// does not know how it ended.
    pub fn restore(
        identity: Identity,
        scripts: Vec<Script>,
        saved: &str,
        now_ms: i64,
    ) -> Result<Self, serde_json::Error> {
        let memory = serde_json::from_str(saved)?;
        let mut terminal =
            Self { identity, scripts, memory, link: Link::off(0), out: Vec::new(), is_changed: true };
        terminal.wake(now_ms);
        terminal.out.clear();
        Ok(terminal)
    }

    /// JSON for [`Self::restore`]. The secret is not in it.
    pub fn save(&self) -> String {
        serde_json::to_string(&self.memory).unwrap_or_default()
    }

    /// Whether there is something to save since it was last asked.
    pub fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.is_changed)
    }

    pub fn sn(&self) -> &str {
        &self.identity.sn
    }

    /// Orders whose end the gateway has confirmed.
    pub fn settled(&self) -> u64 {
        self.memory.kept.settled
    }

    /// Neither an order on the screen nor a result the gateway has not confirmed.
    pub fn is_idle(&self) -> bool {
        self.memory.screen.is_none() && self.memory.kept.is_all_confirmed()
    }

    /// Set when it will not connect again by itself.
    pub fn stopped(&self) -> Option<Stop> {
        self.link.stopped()
    }

    /// Lets happen what was due by now.
    pub fn tick(&mut self, now_ms: i64) -> Vec<Action> {
        self.tick_link(now_ms);
        self.tick_screen(now_ms);
        self.repeat_results(now_ms);
        self.actions()
    }

    /// When [`Self::tick`] has something to do; `None` if nothing is planned.
    pub fn next_due(&self) -> Option<i64> {
        let screen = self.memory.screen.as_ref().and_then(OnScreen::next_due);
        let results = self.link.is_up().then(|| self.memory.kept.next_due()).flatten();
        [self.link.next_due(), screen, results].into_iter().flatten().min()
    }

    /// The connection stands.
    pub fn connected(&mut self, now_ms: i64) -> Vec<Action> {
        self.greet(now_ms);
        self.actions()
    }

    /// The connection could not be made, or ended by the other side or an error.
    pub fn disconnected(&mut self, close_code: Option<u16>, now_ms: i64) -> Vec<Action> {
        self.lose_line(close_code, now_ms);
        self.actions()
    }

    /// A text frame of the gateway.
    pub fn received(&mut self, text: &str, now_ms: i64) -> Vec<Action> {
        self.read_frame(text, now_ms);
        self.actions()
    }

    /// The body of the acquirer's answer with status 200; `None` if there was none: it is not known what happened.
    pub fn acquirer_says(&mut self, trade_no: &str, body: Option<&str>, now_ms: i64) -> Vec<Action> {
        self.hear_acquirer(trade_no, body, now_ms);
        self.actions()
    }

    fn actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.out)
    }

    fn send(&mut self, text: String) {
        self.out.push(Action::Send(text));
    }

    fn note(&mut self, what: &'static str, trade_no: &str, text: &str) {
        self.out.push(Action::Note(Note { what, trade_no: trade_no.to_owned(), text: text.to_owned() }));
    }

    /// A request of ours; its number.
    fn request(&mut self, topic: &str, now_ms: i64, biz: serde_json::Value) -> String {
        self.memory.requests += 1;
        self.is_changed = true;
        let request_id = format!("{}-{}", self.identity.sn, self.memory.requests);
        self.send(frame::request(topic, &request_id, now_ms, biz));
        request_id
    }
}
