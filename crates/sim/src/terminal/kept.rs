//! The orders that have ended here, and their results until the gateway has confirmed them.
//!
//! Knows: what was told, how often, and when to tell it again. Deliberately does not know: how an order came
//! to its end.

use serde::{Deserialize, Serialize};

use super::codes::{Code, Money};
use super::frame;
use super::order::Order;
use super::outcome::Outcome;
use super::{Action, Terminal};

/// A result is repeated after this long, then after twice as long, …
const REPEAT_MS: i64 = 3_000;
const REPEAT_MAX_MS: i64 = 60_000;
/// Confirmed orders that are remembered, so that one that comes again is not started again.
const REMEMBERED: usize = 200;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ended {
    pub trade_no: String,
    pub request_id: String,
    pub outcome: Outcome,
    pub is_confirmed: bool,
    /// The acquirer still owes its word, although the gateway has said how it ended.
    pub is_asked: bool,
    /// Times it was told.
    pub told: u32,
    due_ms: i64,
    /// For receipts; `None` for an order that never was on the screen.
    pub order: Option<Order>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Oldest first.
    ended: Vec<Ended>,
    pub settled: u64,
}

impl Kept {
    pub fn find(&self, trade_no: &str) -> Option<&Ended> {
        self.ended.iter().rev().find(|ended| ended.trade_no == trade_no)
    }

    pub fn find_mut(&mut self, trade_no: &str) -> Option<&mut Ended> {
        self.ended.iter_mut().rev().find(|ended| ended.trade_no == trade_no)
    }

    pub fn is_all_confirmed(&self) -> bool {
        self.ended.iter().all(|ended| ended.is_confirmed)
    }

    pub fn next_due(&self) -> Option<i64> {
        self.ended.iter().filter(|ended| !ended.is_confirmed).map(|ended| ended.due_ms).min()
    }

    fn push(&mut self, ended: Ended) {
        self.ended.push(ended);
        let may_go = |ended: &Ended| ended.is_confirmed && !ended.is_asked;
        if self.ended.len() > REMEMBERED
            && let Some(oldest) = self.ended.iter().position(may_go)
        {
            self.ended.remove(oldest);
        }
    }

    /// All results are due at once: the line is back.
    pub fn hurry(&mut self, now_ms: i64) {
        for ended in self.ended.iter_mut().filter(|ended| !ended.is_confirmed) {
            ended.due_ms = now_ms;
            ended.told = 0;
        }
    }

    /// A confirmed end that turned out to be another one.
    pub fn reopen(&mut self, trade_no: &str, now_ms: i64) {
        if let Some(ended) = self.find_mut(trade_no).filter(|ended| ended.is_confirmed) {
            (ended.is_confirmed, ended.told, ended.due_ms) = (false, 0, now_ms);
            self.settled = self.settled.saturating_sub(1);
        }
    }

    /// What `restore` finds: nobody is being asked any more.
    pub fn forget_questions(&mut self) {
        for ended in &mut self.ended {
            ended.is_asked = false;
        }
    }
}

impl Ended {
    /// The result as an answer to `ecrhub.pay.order`.
    fn result(&self) -> String {
        let Outcome { code, message, biz } = &self.outcome;
        frame::answer("ecrhub.pay.order", &self.request_id, *code, message, biz)
    }
}

impl Terminal {
    /// Writes down how an order ended; it is told when the line is up, until it is confirmed.
    pub(super) fn keep(&mut self, order: Order, outcome: Outcome, now_ms: i64) {
        self.note("ended", &order.trade_no, &format!("{} {}", outcome.code.text(), outcome.code.message()));
        self.memory.kept.push(Ended {
            trade_no: order.trade_no.clone(),
            request_id: order.request_id.clone(),
            outcome,
            is_confirmed: false,
            is_asked: false,
            told: 0,
            due_ms: now_ms,
            order: Some(order),
        });
        self.is_changed = true;
    }

    /// The same for an order the gateway ended.
    pub(super) fn keep_confirmed(&mut self, order: Order, outcome: Outcome, is_asked: bool, now_ms: i64) {
        let trade_no = order.trade_no.clone();
        self.keep(order, outcome, now_ms);
        if let Some(ended) = self.memory.kept.find_mut(&trade_no) {
            ended.is_asked = is_asked;
        }
        self.confirm(&trade_no);
    }

    /// An order that was never here and never will be: its refusal is its result.
    pub(super) fn keep_refused(&mut self, trade_no: &str, request_id: &str, outcome: Outcome, now_ms: i64) {
        if trade_no.is_empty() {
            return;
        }
        self.memory.kept.push(Ended {
            trade_no: trade_no.to_owned(),
            request_id: request_id.to_owned(),
            outcome,
            is_confirmed: false,
            is_asked: false,
            told: 0,
            due_ms: now_ms,
            order: None,
        });
        self.is_changed = true;
    }

    /// One the gateway asked about in vain: it is not started should it still come.
    pub(super) fn keep_unknown(&mut self, trade_no: &str) {
        let outcome = Outcome::because(trade_no, Code::Cancelled, "was asked about before it came");
        self.keep_refused(trade_no, trade_no, outcome, 0);
        if let Some(ended) = self.memory.kept.find_mut(trade_no) {
            ended.is_confirmed = true;
        }
    }

    pub(super) fn confirm(&mut self, trade_no: &str) {
        let Some(ended) = self.memory.kept.find_mut(trade_no).filter(|ended| !ended.is_confirmed) else {
            return;
        };
        ended.is_confirmed = true;
        self.memory.kept.settled += 1;
        self.is_changed = true;
        self.note("confirmed", trade_no, "");
    }

    /// Tells one result now, if the line is up.
    pub(super) fn tell(&mut self, trade_no: &str, now_ms: i64) {
        if !self.link.is_up() {
            return;
        }
        let Some(ended) = self.memory.kept.find_mut(trade_no) else { return };
        let wait_ms = (REPEAT_MS << ended.told.min(10)).min(REPEAT_MAX_MS);
        ended.due_ms = now_ms + wait_ms;
        ended.told += 1;
        let (text, code, told) = (ended.result(), ended.outcome.code, ended.told);
        self.note(
            "result",
            trade_no,
            &if told > 1 { format!("{} again", code.text()) } else { code.text().into() },
        );
        self.out.push(Action::Send(text));
        self.is_changed = true;
    }

    pub(super) fn repeat_results(&mut self, now_ms: i64) {
        if !self.link.is_up() {
            return;
        }
        let is_due = |ended: &&Ended| !ended.is_confirmed && ended.due_ms <= now_ms;
        let due: Vec<String> =
            self.memory.kept.ended.iter().filter(is_due).map(|ended| ended.trade_no.clone()).collect();
        for trade_no in due {
            self.tell(&trade_no, now_ms);
        }
    }

    /// The gateway's word on an order that ended here: it is the receipt for the result, unless money moved
    /// that the gateway has not heard of and says did not.
    pub(super) fn confirm_by_word(&mut self, trade_no: &str, says_unpaid: bool, now_ms: i64) {
        let Some(ended) = self.memory.kept.find(trade_no) else { return };
        let is_news = ended.told == 0 && ended.outcome.code.money() == Money::Moved && says_unpaid;
        if is_news { self.tell(trade_no, now_ms) } else { self.confirm(trade_no) }
    }
}
