//! The line to the gateway: first words, heartbeats, breaks, when to try again.
//!
//! Knows: the life of a connection. Deliberately does not know: orders; they hear of a line that is back.

use serde_json::json;

use super::frame::{Frame, text, whole};
use super::{Action, Terminal};

/// For the answer to the first words.
const GREETING_MS: i64 = 10_000;
const HEARTBEAT_S: i64 = 20;
/// The first wait before a new try; doubled each time.
const RETRY_MS: i64 = 500;
const RETRY_MAX_MS: i64 = 30_000;

/// Why a terminal does not connect again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// 4401: the secret is wrong.
    WrongSecret,
    /// 4409: another connection speaks for this terminal. Whoever came first does not fight.
    TakenOver,
    /// 4410: paired anew or switched off.
    SwitchedOff,
}

#[derive(Debug)]
enum State {
    Off { connect_at_ms: i64 },
    Dialing,
    Greeting { request_id: String, until_ms: i64 },
    Up { heartbeat_ms: i64, beat_at_ms: i64, heard_ms: i64 },
    Stopped(Stop),
}

#[derive(Debug)]
pub(super) struct Link {
    state: State,
    /// Tries since the line last stood.
    failures: u32,
}

impl Link {
    pub fn off(connect_at_ms: i64) -> Self {
        Self { state: State::Off { connect_at_ms }, failures: 0 }
    }

    pub fn is_up(&self) -> bool {
        matches!(self.state, State::Up { .. })
    }

    pub fn stopped(&self) -> Option<Stop> {
        match self.state {
            State::Stopped(stop) => Some(stop),
            _ => None,
        }
    }

    pub fn next_due(&self) -> Option<i64> {
        match &self.state {
            State::Off { connect_at_ms } => Some(*connect_at_ms),
            State::Greeting { until_ms, .. } => Some(*until_ms),
            State::Up { heartbeat_ms, beat_at_ms, heard_ms } => {
                Some((*beat_at_ms).min(silent_at(*heartbeat_ms, *heard_ms)))
            }
            State::Dialing | State::Stopped(_) => None,
        }
    }
}

fn silent_at(heartbeat_ms: i64, heard_ms: i64) -> i64 {
    heard_ms + 3 * heartbeat_ms
}

impl Terminal {
    pub(super) fn tick_link(&mut self, now_ms: i64) {
        match &mut self.link.state {
            State::Off { connect_at_ms } if *connect_at_ms <= now_ms => {
                self.link.state = State::Dialing;
                self.out.push(Action::Connect);
            }
            State::Greeting { until_ms, .. } if *until_ms <= now_ms => {
                self.hang_up("no answer to ecrhub.init", now_ms)
            }
            State::Up { heartbeat_ms, heard_ms, .. } if silent_at(*heartbeat_ms, *heard_ms) <= now_ms => {
                self.hang_up("the gateway is silent", now_ms);
            }
            State::Up { heartbeat_ms, beat_at_ms, .. } if *beat_at_ms <= now_ms => {
                *beat_at_ms = now_ms + *heartbeat_ms;
                self.request("ecrhub.heartbeat", now_ms, json!({}));
            }
            _ => {}
        }
    }

    pub(super) fn greet(&mut self, now_ms: i64) {
        let biz = json!({
            "terminal_sn": self.identity.sn,
            "secret": self.identity.secret,
            "software": self.identity.software,
        });
        let request_id = self.request("ecrhub.init", now_ms, biz);
        self.link.state = State::Greeting { request_id, until_ms: now_ms + GREETING_MS };
    }

    /// An answer to our first words: is the line up?
    pub(super) fn hear_greeting(&mut self, frame: &Frame, now_ms: i64) {
        let State::Greeting { request_id, .. } = &self.link.state else { return };
        if *request_id != frame.request_id {
            return;
        }
        if frame.code.as_deref() != Some("000") {
            return self.hang_up(&format!("ecrhub.init was refused: {}", frame.message), now_ms);
        }
        let seconds = whole(&frame.biz, "heartbeat_s").flatten().unwrap_or(HEARTBEAT_S).clamp(1, 3_600);
        let heartbeat_ms = seconds * 1_000;
        self.link.state = State::Up { heartbeat_ms, beat_at_ms: now_ms + heartbeat_ms, heard_ms: now_ms };
        self.link.failures = 0;
        let shop = format!("{} {}", text(&frame.biz, "merchant_no"), text(&frame.biz, "name"));
        self.note("online", "", shop.trim());
        self.line_is_back(now_ms);
    }

    /// Anything that comes shows that the gateway is there.
    pub(super) fn heard(&mut self, now_ms: i64) {
        if let State::Up { heard_ms, .. } = &mut self.link.state {
            *heard_ms = now_ms;
        }
    }

    pub(super) fn lose_line(&mut self, close_code: Option<u16>, now_ms: i64) {
        if matches!(self.link.state, State::Off { .. } | State::Stopped(_)) {
            return;
        }
        let stop = match close_code {
            Some(4401) => Some(Stop::WrongSecret),
            Some(4409) => Some(Stop::TakenOver),
            Some(4410) => Some(Stop::SwitchedOff),
            _ => None,
        };
        let code = close_code.map_or_else(|| "no close code".to_owned(), |code| format!("close code {code}"));
        self.note("offline", "", &code);
        match stop {
            Some(stop) => self.link.state = State::Stopped(stop),
            None => self.try_again(now_ms),
        }
    }

    /// We end the connection, because something is wrong with it.
    pub(super) fn hang_up(&mut self, why: &str, now_ms: i64) {
        self.note("offline", "", why);
        self.hang_up_with(1000, now_ms);
    }

    pub(super) fn hang_up_with(&mut self, close_code: u16, now_ms: i64) {
        self.out.push(Action::Close(Some(close_code)));
        self.try_again(now_ms);
    }

    /// The cable is pulled: the gateway gets no word.
    pub(super) fn unplug(&mut self, for_ms: i64, now_ms: i64) {
        self.note("unplugged", "", &format!("for {for_ms} ms"));
        self.out.push(Action::Close(None));
        self.link.state = State::Off { connect_at_ms: now_ms + for_ms };
    }

    /// Later each time, and not all terminals at the same moment.
    fn try_again(&mut self, now_ms: i64) {
        let wait_ms = (RETRY_MS << self.link.failures.min(10)).min(RETRY_MAX_MS);
        self.link.failures += 1;
        let connect_at_ms = now_ms + wait_ms / 2 + self.memory.dice.below(wait_ms / 2 + 1);
        self.link.state = State::Off { connect_at_ms };
    }
}
