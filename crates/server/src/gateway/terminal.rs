//! Terminals, whichever node has their line: whether one is there, and asking it.

use std::time::Duration;

use tillgate_core::{MerchantId, Order};
use tillgate_protocols::ecrhub::{TerminalAnswer, TerminalResult, Topic};

use super::Gateway;
use crate::bus::hint::Hint;
use crate::bus::peers::Relayed;
use crate::clock;

/// How long another node has to ask its terminal: longer than it waits itself.
const RELAYED_WITHIN: Duration = Duration::from_secs(4);

/// A register is not kept waiting for longer.
const FOUND_WITHIN: Duration = Duration::from_secs(2);

/// What a terminal said to a question.
#[derive(Debug)]
pub struct Told {
    pub answer: TerminalAnswer,
    /// Its own node was told all of it and has carried it out; this is how it ended, without amounts.
    pub is_carried_out: bool,
}

impl Gateway {
    /// Connected to this node, or to another that lives.
    pub async fn is_online(&self, merchant: MerchantId, terminal: &str) -> bool {
        self.terminals.is_online(merchant, terminal) || self.holder(merchant, terminal).await.is_some()
    }

    /// Asks an order's terminal; `None` if it is not there or does not answer in time.
    pub async fn ask_terminal(
        &self,
        order: &Order,
        (topic, about): (Topic, &str),
        frame: String,
    ) -> Option<Told> {
        let (merchant, terminal) = (order.merchant, order.terms.terminal.as_str());
        if self.terminals.is_online(merchant, terminal) {
            let answer = self.terminals.ask(merchant, terminal, (topic, about), frame).await?;
            return Some(Told { answer, is_carried_out: false });
        }
        let to = self.holder(merchant, terminal).await?;
        let peers = self.bus.peers()?;
        let mut question = peers.question();
        let (number, from) = (question.number, (merchant, terminal.to_owned()));
        let is_told = peers.tell(|| Hint::Ask {
            to,
            number,
            merchant: from.0,
            terminal: from.1,
            topic: topic.word().to_owned(),
            about: about.to_owned(),
            frame,
        });
        if !is_told {
            return None;
        }
        let relayed = tokio::time::timeout(RELAYED_WITHIN, &mut question.answered).await.ok()?.ok()?;
        let Relayed { code, message, trade_no } = relayed;
        let result = TerminalResult { trade_no, ..TerminalResult::default() };
        Some(Told { answer: TerminalAnswer { topic, code, message, result }, is_carried_out: true })
    }

    /// Tells a terminal something, if it is there.
    pub async fn tell_terminal(&self, merchant: MerchantId, terminal: &str, frame: String) {
        if self.terminals.is_online(merchant, terminal) {
            self.terminals.tell(merchant, terminal, frame).await;
        } else if let Some(to) = self.holder(merchant, terminal).await {
            let terminal = terminal.to_owned();
            self.bus.tell(|| Hint::Tell { to, merchant, terminal, frame });
        }
    }

    /// The other node that has the terminal's line. Where that cannot be told in time the terminal counts as offline:
    /// whoever needs its word can do without it.
    async fn holder(&self, merchant: MerchantId, terminal: &str) -> Option<String> {
        let peers = self.bus.peers()?;
        let holder = peers.nodes.line_holder(merchant, terminal, clock::now());
        match tokio::time::timeout(FOUND_WITHIN, holder).await {
            Ok(Ok(holder)) => {
                let node = holder.filter(|holder| holder.is_alive)?.node;
                Some(node).filter(|node| node != peers.nodes.name())
            }
            Ok(Err(error)) => {
                tracing::error!(%error, terminal, "looking for a terminal's node");
                None
            }
            Err(_) => {
                tracing::error!(terminal, "looking for a terminal's node takes too long");
                None
            }
        }
    }

    /// It gets a new secret: whoever is connected with the old one goes, wherever he is.
    pub fn disconnect_terminal(&self, merchant: MerchantId, terminal: &str) {
        self.bus.tell(|| Hint::Unpaired(merchant, terminal.to_owned()));
        self.terminals.disconnect(merchant, terminal);
    }
}
