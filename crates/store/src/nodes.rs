//! What processes that serve from one database tell each other, and which of them has which terminal.
//!
//! Knows short texts and terminals' lines. Deliberately does not know what the texts mean: they are hints, and any of
//! them may be lost. A store in a file has no nodes.

use tillgate_core::{MerchantId, Timestamp};
use tokio::sync::mpsc;

use crate::port::Answer;

/// Longer texts are not carried.
pub const HINT_BYTES: usize = 7_000;

/// What comes from the other nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// From another node, by its name.
    Hint { from: String, text: String },
    /// One of ours has made its way: hints arrive.
    Echo,
    /// The line is down, or was: hints may have been lost.
    Lost,
}

/// Who has a terminal's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineHolder {
    pub node: String,
    /// The number of the connection: a greater one has taken over.
    pub epoch: u64,
    /// The node was alive a moment ago.
    pub is_alive: bool,
}

/// The nodes of a store that several share.
pub trait Nodes: Send + Sync + std::fmt::Debug {
    /// Ours.
    fn name(&self) -> &str;
    /// Tells all other nodes, soon. Never waits, and nobody learns whether it arrived.
    fn tell(&self, text: String);
    /// What is heard from now on; an earlier listener hears no more.
    fn listen(&self) -> mpsc::Receiver<Heard>;

    /// This node lives until then, unless it says so again. A time that is over: it has stopped.
    fn keep_alive(&self, now: Timestamp, until: Timestamp) -> Answer<'_, ()>;
    /// A terminal has connected here. Gives the connection's number, greater than any before it.
    fn take_line<'a>(&'a self, merchant: MerchantId, terminal: &'a str, now: Timestamp) -> Answer<'a, u64>;
    /// That connection is over. What a newer one has put in its place stays.
    fn leave_line<'a>(&'a self, merchant: MerchantId, terminal: &'a str, epoch: u64) -> Answer<'a, ()>;
    fn line_holder<'a>(
        &'a self,
        merchant: MerchantId,
        terminal: &'a str,
        now: Timestamp,
    ) -> Answer<'a, Option<LineHolder>>;
}
