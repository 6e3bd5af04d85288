//! The terminal protocol, the gateway's half: the envelope of CodePay's ECR Hub over a WebSocket that a card terminal
//! opens. The wire is described in `docs/terminal-protocol.md`.
//!
//! Knows: topics, fields, limits and codes; how a frame is read without trusting it, and what may be kept of a card.
//! Deliberately does not know: sockets and clocks, which terminal is paired, which order is on a screen, whether an
//! amount is the one that was asked for. Never holds a whole card number longer than it takes to cut it.
//!
//! A frame's way in: [`read`] → [`FromTerminal`], or [`Unreadable`], which says how to answer or close. The way out: a
//! function per message ([`order`], [`query`], …), each giving the text of one frame.

mod card;
pub mod codes;
mod decode;
mod encode;
pub mod fields;
mod form;
mod pairing;
mod result;
mod topics;

pub use codes::{CloseCode, Code};
pub use decode::{Closing, FromTerminal, Meaning, TerminalAnswer, Unreadable, read};
pub use encode::{
    BatchClose, Ended, Init, OrderMessage, ResultMessage, answer, batch_close, close, heartbeat_answer,
    init_answer, order, query, reprint, result, tip_adjustment, unknown_topic,
};
pub use form::Fault;
pub use pairing::{PairRequest, Paired, pair_refused, paired, read_pair};
pub use result::{AmountError, AmountField, SIGNATURE_BYTES, TerminalResult};
pub use topics::Topic;

/// Of a frame, either way.
pub const FRAME_BYTES: usize = 65_536;
/// How often a terminal says that it is there.
pub const HEARTBEAT_S: u32 = 20;
/// After as long a silence a terminal is offline.
pub const SILENCE_S: u32 = 3 * HEARTBEAT_S;
/// How long a new connection has to say who it is.
pub const INIT_WITHIN_S: u32 = 10;
/// Of the protocol, in each request.
pub const VERSION: &str = "1.0";
