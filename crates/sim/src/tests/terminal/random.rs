//! Random stories: a small gateway and an acquirer around one terminal, and everything goes wrong now and then.
//! Whatever happens, each order ends once, a card is charged once, and what was said about money is true.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Counter, approval, refusal, sale, sale_with};

/// A line of numbers from a seed.
struct Luck(u64);

impl Luck {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_in(&mut self, chance: u64) -> bool {
        self.below(chance) == 0
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Paid,
    Unpaid,
    /// The gateway said unpaid on its own account, while a card was being charged.
    GivenUp,
    TakenBack,
}

#[derive(Debug)]
struct Question {
    due_ms: i64,
    trade_no: String,
    charges: bool,
    /// Nothing comes back.
    is_silent: bool,
    /// The terminal that asked has lost its power since.
    is_orphan: bool,
}

struct Story {
    counter: Counter,
    luck: Luck,
    is_online: bool,
    connects: usize,
    questions: Vec<Question>,
    asked: BTreeMap<String, usize>,
    charged: BTreeMap<String, usize>,
    ends: BTreeMap<String, End>,
    /// The order at the terminal, and whether the terminal does not know how it ended.
    current: Option<(String, bool)>,
    orphans: Vec<String>,
    number: usize,
    has_faults: bool,
}

impl Story {
    fn new(seed: u64) -> Self {
        Self {
            counter: Counter::cold(&[&format!("random({seed})")]),
            luck: Luck(seed),
            is_online: false,
            connects: 0,
            questions: Vec::new(),
            asked: BTreeMap::new(),
            charged: BTreeMap::new(),
            ends: BTreeMap::new(),
            current: None,
            orphans: Vec::new(),
            number: 0,
            has_faults: true,
        }
    }

    fn order(trade_no: &str) -> serde_json::Value {
        // The same order whenever it is sent.
        match trade_no {
            _ if trade_no.ends_with('7') => {
                sale_with(trade_no, json!({ "pay_scenario": "BSCANQR_PAY", "expires": 30 }))
            }
            _ if trade_no.ends_with('8') => {
                sale_with(trade_no, json!({ "required_terminal_authentication": true }))
            }
            _ => sale(trade_no),
        }
    }

    fn step(&mut self) {
        let wait_ms = i64::try_from(self.luck.below(1_500)).unwrap();
        self.counter.wait(wait_ms);
        self.look();
        self.acquirer();
        self.look();
        if self.has_faults {
            self.fault();
        }
        self.gateway();
        self.look();
    }

    /// Reads what the terminal did: connections, questions, frames.
    fn look(&mut self) {
        for asked in std::mem::take(&mut self.counter.asked) {
            let trade_no = asked["trade_no"].as_str().unwrap().to_owned();
            let times = self.asked.entry(trade_no.clone()).or_default();
            *times += 1;
            assert_eq!(*times, 1, "{trade_no} was asked for twice");
            let end = self.ends.get(&trade_no);
            assert!(end.is_none(), "{trade_no} is charged after it ended: {end:?}");
            let due_ms = self.counter.now_ms + i64::try_from(self.luck.below(3_000)).unwrap();
            let (charges, is_silent) = (!self.luck.one_in(6), self.luck.one_in(8));
            self.questions.push(Question { due_ms, trade_no, charges, is_silent, is_orphan: false });
        }
        let has_broken = !std::mem::take(&mut self.counter.closed).is_empty();
        let frames = std::mem::take(&mut self.counter.sent);
        // The last words before a break may get lost.
        if !has_broken || self.luck.one_in(2) {
            frames.iter().for_each(|frame| self.read(frame));
        }
        self.is_online &= !has_broken;
        if self.counter.connects > self.connects {
            self.connects = self.counter.connects;
            self.counter.go_online();
            self.is_online = true;
            self.look();
            if let Some((trade_no, _)) = self.current.clone() {
                let order = Self::order(&trade_no);
                self.send("ecrhub.pay.order", &trade_no, order);
            }
        }
    }

    fn read(&mut self, frame: &serde_json::Value) {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let trade_no = text(&frame["biz_data"]["trade_no"]);
        match (text(&frame["topic"]).as_str(), text(&frame["response_code"]).as_str()) {
            ("ecrhub.pay.scan", _) => {
                let id = frame["request_id"].clone();
                self.hears(&json!({ "topic": "ecrhub.pay.scan", "request_id": id, "response_code": "101" }));
                if !self.ends.contains_key(&trade_no) {
                    *self.charged.entry(trade_no.clone()).or_default() += 1;
                    self.end(&trade_no, End::Paid);
                }
            }
            (_, "101") | ("ecrhub.pay.close", "201") => {}
            ("ecrhub.pay.order" | "ecrhub.pay.query", code) => self.result(&trade_no, code),
            ("ecrhub.pay.close", _) => self.result(&trade_no, "102"),
            _ => {}
        }
    }

    fn result(&mut self, trade_no: &str, code: &str) {
        let charged = self.charged.get(trade_no).copied().unwrap_or(0);
        let end = self.ends.get(trade_no).copied();
        match (code, end) {
            ("000", None) => self.end(trade_no, End::Paid),
            ("000", Some(End::GivenUp)) => self.end(trade_no, End::TakenBack),
            ("107" | "108", None) => self.current = Some((trade_no.to_owned(), true)),
            (_, None) => {
                assert_eq!(charged, 0, "{trade_no}: {code}, but a card was charged");
                self.end(trade_no, End::Unpaid);
            }
            (_, Some(end)) => self.tell(trade_no, end),
        }
    }

    fn end(&mut self, trade_no: &str, end: End) {
        let before = self.ends.insert(trade_no.to_owned(), end);
        assert!(
            before.is_none_or(|before| (before, end) == (End::GivenUp, End::TakenBack)),
            "{trade_no} ended twice"
        );
        self.current.take_if(|(current, _)| current == trade_no);
        self.tell(trade_no, end);
    }

    fn tell(&mut self, trade_no: &str, end: End) {
        let status = match end {
            End::Paid => 2,
            End::Unpaid | End::GivenUp => 1,
            End::TakenBack => 3,
        };
        self.send("ecrhub.pay.result", trade_no, json!({ "trade_no": trade_no, "trans_status": status }));
    }

    fn send(&mut self, topic: &str, trade_no: &str, biz: serde_json::Value) {
        self.hears(&json!({ "topic": topic, "request_id": trade_no, "biz_data": biz }));
    }

    /// One in twenty frames is lost with its line.
    fn hears(&mut self, frame: &serde_json::Value) {
        if !self.is_online {
            return;
        }
        if self.has_faults && self.luck.one_in(20) {
            self.counter.line_breaks();
            self.is_online = false;
            return;
        }
        self.counter.hears(frame);
    }

    fn acquirer(&mut self) {
        let now_ms = self.counter.now_ms;
        let (due, later) = std::mem::take(&mut self.questions).into_iter().partition(|q| q.due_ms <= now_ms);
        self.questions = later;
        for Question { trade_no, charges, is_silent, is_orphan, .. } in due {
            if charges {
                *self.charged.entry(trade_no.clone()).or_default() += 1;
            }
            let body = if charges { approval() } else { refusal() };
            self.counter.notes.clear();
            if !is_orphan {
                self.counter.acquirer_says(&trade_no, Some(&body).filter(|_| !is_silent));
            }
            // Silence, or the power of who asked has failed since.
            if !self.counter.notes.iter().any(|note| note == "approved") {
                self.orphans.push(trade_no);
            }
        }
    }

    fn fault(&mut self) {
        if self.luck.one_in(40) && self.is_online {
            self.counter.line_breaks();
            self.is_online = false;
        } else if self.luck.one_in(60) {
            // What was said last may have been lost with the power.
            self.counter.loses_power();
            self.is_online = false;
            self.questions.iter_mut().for_each(|question| question.is_orphan = true);
        }
    }

    fn gateway(&mut self) {
        let Some((trade_no, is_unknown)) = self.current.clone() else {
            if self.is_online && self.has_faults {
                self.number += 1;
                let trade_no = format!("7-{}", self.number);
                let order = Self::order(&trade_no);
                self.current = Some((trade_no.clone(), false));
                self.send("ecrhub.pay.order", &trade_no, order);
            }
            return;
        };
        let is_asking = self.questions.iter().any(|question| question.trade_no == trade_no);
        let charged = self.charged.get(&trade_no).copied().unwrap_or(0);
        match self.luck.below(12) {
            _ if is_unknown && !is_asking => {
                self.end(&trade_no, if charged > 0 { End::Paid } else { End::Unpaid });
            }
            0 => self.send("ecrhub.pay.query", &trade_no, json!({ "trade_no": trade_no })),
            1 => self.send("ecrhub.pay.close", &trade_no, json!({ "trade_no": trade_no })),
            2 => {
                let order = Self::order(&trade_no);
                self.send("ecrhub.pay.order", &trade_no, order);
            }
            3 if is_asking && self.has_faults => self.end(&trade_no, End::GivenUp),
            _ => {}
        }
    }

    fn check(&self) {
        for (trade_no, end) in &self.ends {
            let charged = self.charged.get(trade_no).copied().unwrap_or(0);
            let right = match end {
                End::Paid | End::TakenBack => charged == 1,
                End::Unpaid => charged == 0,
                // Money the terminal could not know of is the gateway's to find.
                End::GivenUp => charged == 0 || self.orphans.contains(trade_no),
            };
            assert!(right, "{trade_no} is {end:?}, charged {charged} times");
        }
    }
}

#[test]
fn random_stories_end_well() {
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..100 {
        let mut story = Story::new(seed);
        for _ in 0..300 {
            story.step();
        }
        story.has_faults = false;
        for _ in 0..400 {
            story.step();
        }
        story.check();
        assert!(story.current.is_none(), "seed {seed}: {:?} never ended", story.current);
        assert!(story.counter.terminal.is_idle(), "seed {seed}: something was not confirmed");
        assert_eq!(story.ends.len(), story.number, "seed {seed}");
        for end in story.ends.values() {
            *ends.entry(format!("{end:?}")).or_default() += 1;
        }
    }
    assert!(ends.len() == 4 && ends.values().all(|count| *count > 10), "{ends:?}");
}
