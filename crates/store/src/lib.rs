//! Where tillgate keeps orders, events, ledger and work.
//!
//! Knows: one small port, [`Store`], and how SQLite and PostgreSQL keep it. Deliberately does not know: protocols,
//! channels, or the rules; a [`Changeset`] arrives decided and is stored whole or not at all.

pub mod changeset;
pub mod claim;
#[cfg(test)]
mod contract;
pub mod directory;
pub mod nodes;
pub mod notification;
pub mod port;
pub mod postgres;
pub mod rate;
pub mod report;
mod rows;
pub mod search;
mod sql;
pub mod sqlite;
pub mod terminal;
pub mod transfer;
mod written;

pub use changeset::{Changeset, WorkUpdate};
pub use claim::{Claim, Claimed};
pub use directory::{Credential, NewKey, SealedKey};
pub use nodes::{HINT_BYTES, Heard, LineHolder, Nodes};
pub use notification::{Notification, NotificationAttempt, NotificationState};
pub use port::{Answer, Conflict, OrderKey, Store, StoreError};
pub use postgres::Postgres;
pub use rate::QuotedRate;
pub use report::{
    Balance, BatchHead, LedgerLine, LinePlace, StatementFile, StatementHead, StatementKind, StatementLine,
};
pub use search::OrderSearch;
pub use sqlite::Sqlite;
pub use terminal::{Batch, BatchLine, Pairing};
