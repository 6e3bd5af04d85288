//! The port: what the server asks of a store, whichever it is.

use std::future::Future;
use std::pin::Pin;

use tillgate_core::{
    Account, Event, MerchantId, Order, OrderNo, Posting, Refund, RefundNo, Timestamp, Work, WorkKey,
};

use crate::changeset::Changeset;
use crate::claim::{Claim, Claimed};
use crate::directory::{Credential, NewKey};
use crate::notification::{Notification, NotificationAttempt, NotificationState};
use crate::rate::QuotedRate;
use crate::report::{Balance, BatchHead, LedgerLine, LinePlace, StatementFile, StatementHead, StatementLine};
use crate::search::OrderSearch;
use crate::terminal::{Batch, Pairing};

/// How an order is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderKey<'a> {
    Number(OrderNo),
    Reference { room: &'a str, reference: &'a str },
}

/// Somebody was faster; load again and decide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The merchant has used the reference in this room, for an order or a refund.
    Reference,
    /// The order's number is taken; take another.
    Number,
    /// The order has moved on.
    Version,
    /// The work was done or leased by another.
    Work,
    /// The batch was closed.
    Batch,
    /// The same request came before.
    Claim,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    #[error("conflict: {0:?}")]
    Conflict(Conflict),
    /// Ours: disk, database, a bug. Nothing was stored.
    #[error("store: {0}")]
    Fault(String),
}

pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Every call names its merchant, except the look-ups by login and the two that share work.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Stores the changeset whole and durably, or nothing of it.
    fn commit(&self, changeset: Changeset) -> Answer<'_, ()>;

    fn load_order<'a>(&'a self, merchant: MerchantId, key: OrderKey<'a>) -> Answer<'a, Option<Order>>;
    fn load_refunds(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Vec<Refund>>;
    fn load_events(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Vec<(Timestamp, Event)>>;
    /// Where the refund is that the merchant calls so in this room.
    fn find_refund<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        reference: &'a str,
    ) -> Answer<'a, Option<(OrderNo, RefundNo)>>;
    /// Newest first.
    fn search_orders<'a>(&'a self, merchant: MerchantId, search: &'a OrderSearch) -> Answer<'a, Vec<Order>>;
    /// The open orders of a terminal: what it has first, then those that wait, in their order.
    fn load_queue<'a>(
        &'a self,
        merchant: MerchantId,
        terminal: &'a str,
        limit: u32,
    ) -> Answer<'a, Vec<Order>>;
    /// How many there are, counted up to the limit.
    fn queue_length<'a>(&'a self, merchant: MerchantId, terminal: &'a str, limit: u32) -> Answer<'a, u32>;
    /// The number of a terminal's open batch.
    fn open_batch<'a>(&'a self, merchant: MerchantId, terminal: &'a str) -> Answer<'a, u32>;
    fn load_batch<'a>(
        &'a self,
        merchant: MerchantId,
        terminal: &'a str,
        number: u32,
    ) -> Answer<'a, Option<Batch>>;
    /// Closes the open batch: its orders are to be settled, what comes goes into the next. `None`: nothing is in it.
    fn close_batch<'a>(
        &'a self,
        merchant: MerchantId,
        terminal: &'a str,
        now: Timestamp,
    ) -> Answer<'a, Option<Batch>>;
    fn load_signature(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Option<Vec<u8>>>;
    /// The terminal's code from now on.
    fn put_pairing(&self, pairing: Pairing) -> Answer<'_, ()>;
    /// Uses the code up. A wrong one costs a try.
    fn take_pairing<'a>(
        &'a self,
        merchant: MerchantId,
        terminal: &'a str,
        code_digest: Vec<u8>,
        now: Timestamp,
    ) -> Answer<'a, bool>;
    /// What is known of a request that came before.
    fn load_claim(&self, merchant: MerchantId, key: Vec<u8>) -> Answer<'_, Option<Claimed>>;
    /// Keeps the answer of a request, also of one that began nothing. The first answer stays, and is given back. Some of
    /// the merchant's that are older than that are forgotten.
    fn answer_claim(&self, claim: Claim, answer: Vec<u8>, forget_before: Timestamp) -> Answer<'_, Vec<u8>>;
    /// With the number of the event each belongs to.
    fn load_postings(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Vec<(u32, Posting)>>;
    /// Work still owed for an order, leased or not.
    fn load_work(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Vec<Work>>;

    /// Owes a piece of work for an order; one in the same slot is replaced.
    fn owe(&self, key: WorkKey, due_at: Timestamp) -> Answer<'_, ()>;
    /// Takes up to `limit` rows that are due, until `lease_until`. Each comes with its attempt counted and
    /// the end of its lease.
    fn lease_due(&self, now: Timestamp, lease_until: Timestamp, limit: u32) -> Answer<'_, Vec<Work>>;
    /// When the next row is due.
    fn next_due(&self) -> Answer<'_, Option<Timestamp>>;

    fn load_notification(
        &self,
        merchant: MerchantId,
        order: OrderNo,
        event: u32,
    ) -> Answer<'_, Option<Notification>>;
    /// Newest first; all merchants if none is named.
    fn list_notifications(
        &self,
        merchant: Option<MerchantId>,
        state: Option<NotificationState>,
        limit: u32,
    ) -> Answer<'_, Vec<Notification>>;
    fn load_attempts(
        &self,
        merchant: MerchantId,
        order: OrderNo,
        event: u32,
    ) -> Answer<'_, Vec<NotificationAttempt>>;
    /// Puts a notification that waits or has ended back to the front. False if there is none.
    fn resend(&self, merchant: MerchantId, order: OrderNo, event: u32, now: Timestamp) -> Answer<'_, bool>;

    fn load_credential<'a>(&'a self, room: &'a str, login: &'a str) -> Answer<'a, Option<Credential>>;
    /// The login an account belongs to: its key signs what is sent about the account's orders.
    fn load_login_of<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        account: &'a str,
    ) -> Answer<'a, Option<String>>;
    fn list_credentials(&self) -> Answer<'_, Vec<Credential>>;
    /// The merchant's logins in a room, in their order.
    fn list_logins<'a>(&'a self, merchant: MerchantId, room: &'a str) -> Answer<'a, Vec<String>>;
    /// A new merchant with the next free number.
    fn add_merchant<'a>(&'a self, name: &'a str, now: Timestamp) -> Answer<'a, MerchantId>;
    /// Adds the login or changes its name, switches and accounts. Its keys are left alone.
    fn put_credential(&self, credential: Credential) -> Answer<'_, ()>;
    fn put_account<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        login: &'a str,
        account: Account,
    ) -> Answer<'a, ()>;
    fn add_key<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        login: &'a str,
        key: NewKey,
    ) -> Answer<'a, ()>;

    /// All there are, by number.
    fn list_merchants(&self) -> Answer<'_, Vec<MerchantId>>;
    /// A page of the merchant's orders, by number, after that one.
    fn walk_orders(&self, merchant: MerchantId, after: OrderNo, limit: u32) -> Answer<'_, Vec<Order>>;
    /// All of the merchant's batches, by terminal and number.
    fn list_batches(&self, merchant: MerchantId) -> Answer<'_, Vec<BatchHead>>;
    /// A page of the orders in a batch, by number, after that one.
    fn walk_batch<'a>(
        &'a self,
        merchant: MerchantId,
        batch: (&'a str, u32),
        after: OrderNo,
        limit: u32,
    ) -> Answer<'a, Vec<Order>>;
    /// What each account held before a moment, or holds now; those that hold nothing too, if they ever did.
    fn balances(&self, merchant: MerchantId, before: Option<Timestamp>) -> Answer<'_, Vec<Balance>>;
    /// A page of the ledger's lines booked in a span of time, after that place.
    fn walk_ledger(
        &self,
        merchant: MerchantId,
        span: (Timestamp, Timestamp),
        after: Option<LinePlace>,
        limit: u32,
    ) -> Answer<'_, Vec<LedgerLine>>;
    /// Orders and events of the ledger's lines that no event of an order stands behind; there are none.
    fn stray_lines(&self, merchant: MerchantId) -> Answer<'_, Vec<(OrderNo, u32)>>;
    /// Orders with an entry in a span of time; and among those of the given numbers, orders that may only hold money.
    fn moved_orders(
        &self,
        merchant: MerchantId,
        span: (Timestamp, Timestamp),
        numbers: (OrderNo, OrderNo),
    ) -> Answer<'_, Vec<OrderNo>>;
    /// Keeps a channel's statement, all of it. False if the channel has given us this very file before.
    fn put_statement(&self, file: StatementFile) -> Answer<'_, bool>;
    /// What is known of a file with these bytes.
    fn find_statement<'a>(&'a self, channel: &'a str, digest: &'a [u8]) -> Answer<'a, Option<StatementHead>>;
    /// All that were imported, in that order.
    fn list_statements(&self) -> Answer<'_, Vec<StatementHead>>;
    /// Merchants that statements name; 0 stands for numbers that are none of ours.
    fn stated_merchants(&self) -> Answer<'_, Vec<MerchantId>>;
    /// Orders the channel names in a span of time.
    fn stated_orders<'a>(
        &'a self,
        merchant: MerchantId,
        channel: &'a str,
        span: (Timestamp, Timestamp),
    ) -> Answer<'a, Vec<OrderNo>>;
    /// All that the channel ever said of an order.
    fn statement_lines<'a>(
        &'a self,
        merchant: MerchantId,
        channel: &'a str,
        order: OrderNo,
    ) -> Answer<'a, Vec<StatementLine>>;

    /// Adds a rate; the newest of its pair counts.
    fn put_rate(&self, rate: QuotedRate) -> Answer<'_, ()>;
    /// All there have been, by pair, each pair's newest first.
    fn list_rates(&self) -> Answer<'_, Vec<QuotedRate>>;
    /// The newest of each pair.
    fn current_rates(&self) -> Answer<'_, Vec<QuotedRate>>;

    /// A key of the gateway's own, sealed. The first that is given stays.
    fn gateway_key<'a>(&'a self, name: &'a str, new: Option<Vec<u8>>) -> Answer<'a, Option<Vec<u8>>>;
    /// What the database is for; the first to say so decides. Gives the word that holds.
    fn claim<'a>(&'a self, purpose: &'a str) -> Answer<'a, String>;
    /// A request was signed with this key of the login, at that time.
    fn key_was_used<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        login: &'a str,
        key: (u32, Timestamp),
    ) -> Answer<'a, ()>;
    /// Writes something durably: an error says the store does not take writes.
    fn check(&self) -> Answer<'_, ()>;
    /// Totals for a checker: orders by state, the sum of all postings (which is zero), work owed.
    fn totals(&self) -> Answer<'_, Totals>;
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    pub orders: Vec<(String, i64)>,
    /// Currency and sum of debits minus credits.
    pub postings: Vec<(String, i64)>,
    pub work: i64,
    pub notifications_exhausted: i64,
}
