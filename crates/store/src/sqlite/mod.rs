//! SQLite: one writer thread that commits whatever is waiting in one durable transaction, readers apart.
//!
//! Point reads (by key) run on the caller's thread, a few microseconds each; see docs/adr/0003.

mod apply;
mod claim;
mod directory;
mod notify;
mod read;
mod report;
mod rows;
mod schema;
mod terminal;
pub mod transfer;
mod writer;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod upgrade;

use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tillgate_core::{
    Account, Event, MerchantId, Order, OrderNo, Posting, Refund, RefundNo, Timestamp, Work, WorkKey,
};

use crate::changeset::Changeset;
use crate::claim::{Claim, Claimed};
use crate::directory::{Credential, NewKey};
use crate::notification::{Notification, NotificationAttempt, NotificationState};
use crate::port::{Answer, OrderKey, Store, StoreError, Totals};
use crate::rate::QuotedRate;
use crate::report::{Balance, BatchHead, LedgerLine, LinePlace, StatementFile, StatementHead, StatementLine};
use crate::search::OrderSearch;
use crate::sql;
use crate::terminal::{Batch, Pairing};
use writer::Writer;

/// An embedded store in one file.
pub struct Sqlite {
    path: PathBuf,
    // Closed in this order: the last connection to close moves the log into the file.
    readers: Mutex<Vec<Connection>>,
    writer: Writer,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Pages of 4 KiB between checkpoints: about 32 MiB of log.
const CHECKPOINT_PAGES: i64 = 8_000;
/// Idle reader connections kept open.
const IDLE_READERS: usize = 8;

fn fault(error: rusqlite::Error) -> StoreError {
    StoreError::Fault(error.to_string())
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection =
        Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(fault)?;
    connection.busy_timeout(Duration::from_secs(10)).map_err(fault)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Plans do not look at parameters. Otherwise SQLite parses a statement again each time one it looked at is bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(fault)?;
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000;").map_err(fault)?;
    Ok(connection)
}

/// Without a write-ahead log (a file system that cannot share memory) readers and the writer would block each other.
fn make_durable(connection: &Connection) -> Result<(), StoreError> {
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0)).map_err(fault)?;
    if mode != "wal" {
        return Err(StoreError::Fault(format!("the file system allows only journal mode {mode}, not wal")));
    }
    connection
        .execute_batch(&format!("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};"))
        .map_err(fault)
}

impl Sqlite {
    /// Opens or creates the file and brings its schema up to date. Refuses one from a newer version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::opened(path, |_| Ok(()))
    }

    /// The same for a command beside a gateway, which may be an older one at work: a schema that is not up to date is
    /// left alone and refused.
    pub fn open_beside(path: &Path) -> Result<Self, StoreError> {
        Self::opened(path, schema::refuse_older)
    }

    /// To read a file that nobody writes: a backup. What would write gets an error.
    pub fn open_copy(path: &Path) -> Result<Self, StoreError> {
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        schema::refuse_older(schema::check(&connection)?)?;
        Ok(Self { path: path.to_owned(), writer: Writer::start(connection)?, readers: Mutex::default() })
    }

    fn opened(path: &Path, allow: fn(usize) -> Result<(), StoreError>) -> Result<Self, StoreError> {
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        allow(schema::check(&connection)?)?;
        make_durable(&connection)?;
        schema::migrate(&connection)?;
        Ok(Self { path: path.to_owned(), writer: Writer::start(connection)?, readers: Mutex::default() })
    }

    fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let pooled = self.readers.lock().pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => open(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        };
        let result = query(&connection).map_err(fault);
        let mut readers = self.readers.lock();
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        result
    }

    fn reading<'a, T: Send + 'a>(
        &'a self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(std::future::ready(self.read(query)))
    }

    fn writing<'a, T: Send + 'static>(
        &'a self,
        change: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Answer<'a, T> {
        self.writer.run(change)
    }
}

impl Store for Sqlite {
    fn commit(&self, changeset: Changeset) -> Answer<'_, ()> {
        Box::pin(self.writer.commit(changeset))
    }

    fn load_order<'a>(&'a self, merchant: MerchantId, key: OrderKey<'a>) -> Answer<'a, Option<Order>> {
        self.reading(move |connection| read::order(connection, merchant, &key))
    }

    fn load_refunds(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Vec<Refund>> {
        self.reading(move |connection| read::refunds(connection, merchant, order))
    }

    fn find_refund<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        reference: &'a str,
    ) -> Answer<'a, Option<(OrderNo, RefundNo)>> {
        self.reading(move |connection| read::refund_place(connection, merchant, room, reference))
    }

    fn search_orders<'a>(&'a self, merchant: MerchantId, search: &'a OrderSearch) -> Answer<'a, Vec<Order>> {
        self.reading(move |connection| read::search(connection, merchant, search))
    }

    fn load_queue<'a>(&'a self, merchant: MerchantId, name: &'a str, limit: u32) -> Answer<'a, Vec<Order>> {
        self.reading(move |connection| terminal::queue(connection, merchant, name, limit))
    }

    fn queue_length<'a>(&'a self, merchant: MerchantId, name: &'a str, limit: u32) -> Answer<'a, u32> {
        self.reading(move |connection| terminal::queue_length(connection, merchant, name, limit))
    }

    fn open_batch<'a>(&'a self, merchant: MerchantId, name: &'a str) -> Answer<'a, u32> {
        self.reading(move |connection| terminal::open_batch(connection, merchant, name))
    }

    fn load_batch<'a>(
        &'a self,
        merchant: MerchantId,
        name: &'a str,
        number: u32,
    ) -> Answer<'a, Option<Batch>> {
        self.reading(move |connection| terminal::batch(connection, merchant, name, number))
    }

    fn close_batch<'a>(
        &'a self,
        merchant: MerchantId,
        name: &'a str,
        now: Timestamp,
    ) -> Answer<'a, Option<Batch>> {
        let name = name.to_owned();
        self.writing(move |connection| terminal::close_batch(connection, merchant, &name, now))
    }

    fn load_signature(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Option<Vec<u8>>> {
        self.reading(move |connection| terminal::signature(connection, merchant, order))
    }

    fn put_pairing(&self, pairing: Pairing) -> Answer<'_, ()> {
        self.writing(move |connection| terminal::put_pairing(connection, &pairing))
    }

    fn take_pairing<'a>(
        &'a self,
        merchant: MerchantId,
        name: &'a str,
        code_digest: Vec<u8>,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        let name = name.to_owned();
        self.writing(move |connection| terminal::take_pairing(connection, merchant, &name, &code_digest, now))
    }

    fn load_claim(&self, merchant: MerchantId, key: Vec<u8>) -> Answer<'_, Option<Claimed>> {
        self.reading(move |connection| claim::load(connection, merchant, &key))
    }

    fn answer_claim(&self, made: Claim, answer: Vec<u8>, forget_before: Timestamp) -> Answer<'_, Vec<u8>> {
        self.writing(move |connection| claim::answer(connection, &made, &answer, forget_before))
    }

    fn list_merchants(&self) -> Answer<'_, Vec<MerchantId>> {
        self.reading(report::merchants)
    }

    fn walk_orders(&self, merchant: MerchantId, after: OrderNo, limit: u32) -> Answer<'_, Vec<Order>> {
        self.reading(move |connection| report::walk_orders(connection, merchant, after, limit))
    }

    fn list_batches(&self, merchant: MerchantId) -> Answer<'_, Vec<BatchHead>> {
        self.reading(move |connection| report::batches(connection, merchant))
    }

    fn walk_batch<'a>(
        &'a self,
        merchant: MerchantId,
        batch: (&'a str, u32),
        after: OrderNo,
        limit: u32,
    ) -> Answer<'a, Vec<Order>> {
        self.reading(move |connection| report::walk_batch(connection, merchant, batch, after, limit))
    }

    fn balances(&self, merchant: MerchantId, before: Option<Timestamp>) -> Answer<'_, Vec<Balance>> {
        self.reading(move |connection| report::balances(connection, merchant, before))
    }

    fn walk_ledger(
        &self,
        merchant: MerchantId,
        span: (Timestamp, Timestamp),
        after: Option<LinePlace>,
        limit: u32,
    ) -> Answer<'_, Vec<LedgerLine>> {
        self.reading(move |connection| report::walk_ledger(connection, merchant, span, after, limit))
    }

    fn stray_lines(&self, merchant: MerchantId) -> Answer<'_, Vec<(OrderNo, u32)>> {
        self.reading(move |connection| report::stray_lines(connection, merchant))
    }

    fn moved_orders(
        &self,
        merchant: MerchantId,
        span: (Timestamp, Timestamp),
        numbers: (OrderNo, OrderNo),
    ) -> Answer<'_, Vec<OrderNo>> {
        self.reading(move |connection| report::moved_orders(connection, merchant, span, numbers))
    }

    fn put_statement(&self, file: StatementFile) -> Answer<'_, bool> {
        self.writing(move |connection| report::put_statement(connection, &file))
    }

    fn find_statement<'a>(&'a self, channel: &'a str, digest: &'a [u8]) -> Answer<'a, Option<StatementHead>> {
        self.reading(move |connection| report::statement(connection, channel, digest))
    }

    fn list_statements(&self) -> Answer<'_, Vec<StatementHead>> {
        self.reading(report::statements)
    }

    fn stated_merchants(&self) -> Answer<'_, Vec<MerchantId>> {
        self.reading(report::stated_merchants)
    }

    fn stated_orders<'a>(
        &'a self,
        merchant: MerchantId,
        channel: &'a str,
        span: (Timestamp, Timestamp),
    ) -> Answer<'a, Vec<OrderNo>> {
        self.reading(move |connection| report::stated_orders(connection, merchant, channel, span))
    }

    fn statement_lines<'a>(
        &'a self,
        merchant: MerchantId,
        channel: &'a str,
        order: OrderNo,
    ) -> Answer<'a, Vec<StatementLine>> {
        self.reading(move |connection| report::lines_of_order(connection, merchant, channel, order))
    }

    fn put_rate(&self, rate: QuotedRate) -> Answer<'_, ()> {
        self.writing(move |connection| directory::put_rate(connection, &rate))
    }

    fn list_rates(&self) -> Answer<'_, Vec<QuotedRate>> {
        self.reading(read::rates)
    }

    fn current_rates(&self) -> Answer<'_, Vec<QuotedRate>> {
        self.reading(read::current_rates)
    }

    fn load_events(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Vec<(Timestamp, Event)>> {
        self.reading(move |connection| read::events(connection, merchant, order))
    }

    fn load_postings(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Vec<(u32, Posting)>> {
        self.reading(move |connection| read::postings(connection, merchant, order))
    }

    fn load_work(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Vec<Work>> {
        self.reading(move |connection| read::work(connection, merchant, order))
    }

    fn owe(&self, key: WorkKey, due_at: Timestamp) -> Answer<'_, ()> {
        self.writing(move |connection| apply::put_work(connection, &key, due_at, 0))
    }

    fn lease_due(&self, now: Timestamp, lease_until: Timestamp, limit: u32) -> Answer<'_, Vec<Work>> {
        self.writing(move |connection| apply::lease_due(connection, now, lease_until, limit))
    }

    fn next_due(&self) -> Answer<'_, Option<Timestamp>> {
        self.reading(read::next_due)
    }

    fn load_notification(
        &self,
        merchant: MerchantId,
        order: OrderNo,
        event: u32,
    ) -> Answer<'_, Option<Notification>> {
        self.reading(move |connection| read::notification(connection, merchant, order, event))
    }

    fn list_notifications(
        &self,
        merchant: Option<MerchantId>,
        state: Option<NotificationState>,
        limit: u32,
    ) -> Answer<'_, Vec<Notification>> {
        self.reading(move |connection| read::notifications(connection, merchant, state, limit))
    }

    fn load_attempts(
        &self,
        merchant: MerchantId,
        order: OrderNo,
        event: u32,
    ) -> Answer<'_, Vec<NotificationAttempt>> {
        self.reading(move |connection| read::attempts(connection, merchant, order, event))
    }

    fn resend(&self, merchant: MerchantId, order: OrderNo, event: u32, now: Timestamp) -> Answer<'_, bool> {
        self.writing(move |connection| notify::resend(connection, merchant, order, event, now))
    }

    fn load_credential<'a>(&'a self, room: &'a str, login: &'a str) -> Answer<'a, Option<Credential>> {
        self.reading(move |connection| directory::credential(connection, room, login))
    }

    fn load_login_of<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        account: &'a str,
    ) -> Answer<'a, Option<String>> {
        self.reading(move |connection| directory::login_of(connection, merchant, room, account))
    }

    fn list_credentials(&self) -> Answer<'_, Vec<Credential>> {
        self.reading(directory::credentials)
    }

    fn list_logins<'a>(&'a self, merchant: MerchantId, room: &'a str) -> Answer<'a, Vec<String>> {
        self.reading(move |connection| directory::logins(connection, merchant, room))
    }

    fn add_merchant<'a>(&'a self, name: &'a str, now: Timestamp) -> Answer<'a, MerchantId> {
        let name = name.to_owned();
        self.writing(move |connection| directory::add_merchant(connection, &name, now))
    }

    fn put_credential(&self, credential: Credential) -> Answer<'_, ()> {
        self.writing(move |connection| directory::put_credential(connection, &credential))
    }

    fn put_account<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        login: &'a str,
        account: Account,
    ) -> Answer<'a, ()> {
        let (room, login) = (room.to_owned(), login.to_owned());
        self.writing(move |connection| directory::put_account(connection, merchant, &room, &login, &account))
    }

    fn add_key<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        login: &'a str,
        key: NewKey,
    ) -> Answer<'a, ()> {
        let (room, login) = (room.to_owned(), login.to_owned());
        self.writing(move |connection| directory::add_key(connection, merchant, &room, &login, &key))
    }

    fn key_was_used<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        login: &'a str,
        key: (u32, Timestamp),
    ) -> Answer<'a, ()> {
        let (room, login) = (room.to_owned(), login.to_owned());
        self.writing(move |connection| directory::key_was_used(connection, merchant, &room, &login, key))
    }

    fn gateway_key<'a>(&'a self, name: &'a str, new: Option<Vec<u8>>) -> Answer<'a, Option<Vec<u8>>> {
        let name = name.to_owned();
        self.writing(move |connection| directory::gateway_key(connection, &name, new.as_deref()))
    }

    fn claim<'a>(&'a self, purpose: &'a str) -> Answer<'a, String> {
        let purpose = purpose.to_owned();
        self.writing(move |connection| directory::purpose(connection, &purpose))
    }

    fn check(&self) -> Answer<'_, ()> {
        self.writing(|connection| rows::run(connection, sql::BEAT, ()).map(drop))
    }

    fn totals(&self) -> Answer<'_, Totals> {
        self.reading(read::totals)
    }
}
