//! A merchant who listens: keeps what the gateway notifies and answers well or badly as told.
//!
//! Knows: forms and JSON, loosely, to show them. Deliberately does not know: any protocol's signature;
//! whoever does sets the verdict.

use std::collections::VecDeque;

use parking_lot::Mutex;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::wire::Pairs;

/// How many notifications are kept.
const KEPT_MAX: usize = 500;
/// How much of a body is kept, in bytes.
const BODY_MAX: usize = 65_536;

/// How the merchant answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiverAnswer {
    /// What the protocol wants to hear.
    #[default]
    Acknowledge,
    /// Status 200 and the text `sent`, whatever the protocol.
    Sent,
    /// Status 500.
    ServerError,
    /// Nothing.
    TimeOut,
}

/// One request the merchant got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notification {
    /// Counts from 1 since the start.
    pub id: u64,
    pub received_ms: i64,
    pub content_type: String,
    /// As it came, after the `?`.
    pub query: String,
    pub body: String,
    /// From the query and the body, in their order; empty if the body is neither a form nor an object.
    pub fields: Vec<(String, String)>,
    pub answered: ReceiverAnswer,
    /// Whether its signature holds; `None` until someone who can tell has said so.
    pub verdict: Option<bool>,
    pub verdict_text: String,
}

#[derive(Debug, Default)]
pub struct Receiver(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    kept: VecDeque<Notification>,
    count: u64,
    answer: ReceiverAnswer,
    /// How many more requests `answer` is for; `None` until changed.
    remaining: Option<u32>,
}

impl Receiver {
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the request; its id and how to answer it.
    pub fn record(
        &self,
        received_ms: i64,
        content_type: &str,
        query: &str,
        body: &[u8],
    ) -> (u64, ReceiverAnswer) {
        let body = String::from_utf8_lossy(body.get(..BODY_MAX).unwrap_or(body)).into_owned();
        let mut fields = form(query);
        fields.extend(read_body(&body));
        let mut inner = self.0.lock();
        let answered = inner.next_answer();
        inner.count += 1;
        let notification = Notification {
            id: inner.count,
            received_ms,
            content_type: content_type.to_owned(),
            query: query.to_owned(),
            body,
            fields,
            answered,
            verdict: None,
            verdict_text: String::new(),
        };
        if inner.kept.len() == KEPT_MAX {
            inner.kept.pop_front();
        }
        inner.kept.push_back(notification);
        (inner.count, answered)
    }

    /// Says whether a notification's signature holds; one no longer kept is ignored.
    pub fn set_verdict(&self, id: u64, verdict: Option<bool>, text: &str) {
        let mut inner = self.0.lock();
        if let Some(found) = inner.kept.iter_mut().find(|notification| notification.id == id) {
            found.verdict = verdict;
            found.verdict_text = text.to_owned();
        }
    }

    /// Answers the next `requests` this way, or all until changed; afterwards it acknowledges again.
    pub fn answer_with(&self, answer: ReceiverAnswer, requests: Option<u32>) {
        let mut inner = self.0.lock();
        inner.answer = answer;
        inner.remaining = requests;
    }

    /// How the next request will be answered, and for how many more.
    pub fn answering(&self) -> (ReceiverAnswer, Option<u32>) {
        let inner = self.0.lock();
        match inner.remaining {
            Some(0) => (ReceiverAnswer::Acknowledge, None),
            remaining => (inner.answer, remaining),
        }
    }

    /// The last 500, newest first.
    pub fn notifications(&self) -> Vec<Notification> {
        self.0.lock().kept.iter().rev().cloned().collect()
    }

    pub fn clear(&self) {
        self.0.lock().kept.clear();
    }
}

impl Inner {
    fn next_answer(&mut self) -> ReceiverAnswer {
        match &mut self.remaining {
            None => self.answer,
            Some(0) => ReceiverAnswer::Acknowledge,
            Some(remaining) => {
                *remaining -= 1;
                self.answer
            }
        }
    }
}

fn read_body(body: &str) -> Vec<(String, String)> {
    match serde_json::from_str::<Pairs<Box<RawValue>>>(body) {
        Ok(Pairs(pairs)) => pairs.into_iter().map(|(name, value)| (name, plain(&value))).collect(),
        Err(_) => form(body),
    }
}

/// A text without its quotes, anything else as it was written.
fn plain(value: &RawValue) -> String {
    serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

fn form(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.trim().split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}
