//! Copies of a gateway's data: taken, verified, put back, moved to another store.
//!
//! Knows: files and folders, what is written beside a copy so that it can be verified, sealed secrets (whether they open).
//! Deliberately does not know: tables and rows, which are the store's, and how to print.

mod backup;
mod files;
mod lock;
mod manifest;
mod moving;
mod restore;
mod secrets;
mod verify;

pub use backup::take;
pub use lock::FolderLock;
pub use manifest::{FileSum, Manifest};
pub use moving::{Moved, Place, export, import};
pub use restore::restore;
pub use verify::{Verified, verify};

/// The database in a backup; elsewhere the configuration says what it is called.
const DATABASE: &str = "tillgate.sqlite";
/// What the sandbox's wallets and acquirer remember. They are files, not tables: a real channel has its books elsewhere.
const JOURNALS: [&str; 2] = ["wallets.journal", "acquirer.journal"];
