//! The port, call by call.

use tillgate_core::{
    Account, Event, MerchantId, Order, OrderNo, Posting, Refund, RefundNo, Timestamp, Work, WorkKey,
};

use super::{Postgres, Value};
use crate::changeset::Changeset;
use crate::claim::{Claim, Claimed};
use crate::directory::{Credential, NewKey};
use crate::notification::{Notification, NotificationAttempt, NotificationState};
use crate::port::{Answer, OrderKey, Store, StoreError, Totals};
use crate::rate::QuotedRate;
use crate::report::{Balance, BatchHead, LedgerLine, LinePlace, StatementFile, StatementHead, StatementLine};
use crate::rows::{self, AT_TERMINAL_RANK};
use crate::search::OrderSearch;
use crate::sql;
use crate::terminal::{Batch, Pairing};

fn id(merchant: MerchantId) -> i64 {
    merchant.0.into()
}

fn missing(what: &str) -> StoreError {
    StoreError::Fault(format!("the database gave no {what}"))
}

impl Store for Postgres {
    fn commit(&self, changeset: Changeset) -> Answer<'_, ()> {
        Box::pin(self.writers.commit(changeset))
    }

    fn load_order<'a>(&'a self, merchant: MerchantId, key: OrderKey<'a>) -> Answer<'a, Option<Order>> {
        Box::pin(self.order(merchant, key))
    }

    fn load_refunds(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Vec<Refund>> {
        Box::pin(async move { self.all(sql::REFUNDS, &[&id(merchant), &order.0], rows::refund).await })
    }

    fn load_events(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Vec<(Timestamp, Event)>> {
        Box::pin(async move { self.all(sql::EVENTS, &[&id(merchant), &order.0], rows::event).await })
    }

    fn find_refund<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        reference: &'a str,
    ) -> Answer<'a, Option<(OrderNo, RefundNo)>> {
        Box::pin(async move {
            self.one(sql::REFUND_PLACE, &[&id(merchant), &room, &reference], rows::refund_place).await
        })
    }

    fn search_orders<'a>(&'a self, merchant: MerchantId, search: &'a OrderSearch) -> Answer<'a, Vec<Order>> {
        Box::pin(self.search(merchant, search))
    }

    fn load_queue<'a>(&'a self, merchant: MerchantId, name: &'a str, limit: u32) -> Answer<'a, Vec<Order>> {
        Box::pin(async move {
            let values: [Value<'_>; 4] = [&id(merchant), &name, &AT_TERMINAL_RANK, &i64::from(limit)];
            self.all(sql::QUEUE, &values, rows::order).await
        })
    }

    fn queue_length<'a>(&'a self, merchant: MerchantId, name: &'a str, limit: u32) -> Answer<'a, u32> {
        Box::pin(async move {
            let counted = self
                .one(sql::QUEUE_LENGTH, &[&id(merchant), &name, &i64::from(limit)], |row| row.int(0))
                .await?;
            Ok(counted.unwrap_or_default())
        })
    }

    fn open_batch<'a>(&'a self, merchant: MerchantId, name: &'a str) -> Answer<'a, u32> {
        Box::pin(async move {
            let newest = self.one(sql::NEWEST_BATCH, &[&id(merchant), &name], rows::open_batch).await?;
            Ok(newest.unwrap_or(1))
        })
    }

    fn load_batch<'a>(
        &'a self,
        merchant: MerchantId,
        name: &'a str,
        number: u32,
    ) -> Answer<'a, Option<Batch>> {
        Box::pin(self.batch(merchant, name, number))
    }

    fn close_batch<'a>(
        &'a self,
        merchant: MerchantId,
        name: &'a str,
        now: Timestamp,
    ) -> Answer<'a, Option<Batch>> {
        Box::pin(self.end_batch(merchant, name, now))
    }

    fn load_signature(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Option<Vec<u8>>> {
        Box::pin(
            async move { self.one(sql::SIGNATURE, &[&id(merchant), &order.0], |row| row.bytes(0)).await },
        )
    }

    fn put_pairing(&self, pairing: Pairing) -> Answer<'_, ()> {
        Box::pin(async move {
            let Pairing { merchant, terminal, code_digest, expires_at, tries_left } = &pairing;
            let values: [Value<'_>; 5] =
                [&id(*merchant), terminal, code_digest, &expires_at.0, &i64::from(*tries_left)];
            self.write(sql::PUT_PAIRING, &values).await.map(drop)
        })
    }

    fn take_pairing<'a>(
        &'a self,
        merchant: MerchantId,
        name: &'a str,
        code_digest: Vec<u8>,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        Box::pin(self.use_pairing(merchant, name, code_digest, now))
    }

    fn load_claim(&self, merchant: MerchantId, key: Vec<u8>) -> Answer<'_, Option<Claimed>> {
        Box::pin(async move { self.one(sql::CLAIM, &[&id(merchant), &key], rows::claimed).await })
    }

    fn answer_claim(&self, made: Claim, answer: Vec<u8>, forget_before: Timestamp) -> Answer<'_, Vec<u8>> {
        Box::pin(async move {
            let merchant = id(made.merchant);
            self.write(sql::FORGET_CLAIMS, &[&merchant, &forget_before.millis()]).await?;
            let values: [Value<'_>; 5] = [&merchant, &made.key, &made.subject, &answer, &made.at.millis()];
            self.write_one(sql::ANSWER_CLAIM, &values, |row| row.bytes(0)).await
        })
    }

    fn load_postings(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Vec<(u32, Posting)>> {
        Box::pin(async move { self.all(sql::POSTINGS, &[&id(merchant), &order.0], rows::posting).await })
    }

    fn load_work(&self, merchant: MerchantId, order: OrderNo) -> Answer<'_, Vec<Work>> {
        Box::pin(async move { self.all(sql::WORK, &[&id(merchant), &order.0], rows::work).await })
    }

    fn owe(&self, key: WorkKey, due_at: Timestamp) -> Answer<'_, ()> {
        Box::pin(self.put_work(key, due_at))
    }

    fn lease_due(&self, now: Timestamp, lease_until: Timestamp, limit: u32) -> Answer<'_, Vec<Work>> {
        Box::pin(self.lease(now, lease_until, limit))
    }

    fn next_due(&self) -> Answer<'_, Option<Timestamp>> {
        Box::pin(async move { self.one(sql::NEXT_DUE, &[], |row| row.time(0)).await })
    }

    fn load_notification(
        &self,
        merchant: MerchantId,
        order: OrderNo,
        event: u32,
    ) -> Answer<'_, Option<Notification>> {
        Box::pin(async move {
            let place: [Value<'_>; 3] = [&id(merchant), &order.0, &i64::from(event)];
            self.one(sql::NOTIFICATION, &place, rows::notification).await
        })
    }

    fn list_notifications(
        &self,
        merchant: Option<MerchantId>,
        state: Option<NotificationState>,
        limit: u32,
    ) -> Answer<'_, Vec<Notification>> {
        Box::pin(async move {
            let (state, limit) = (state.map_or("", NotificationState::as_str), i64::from(limit));
            match merchant {
                Some(merchant) => {
                    let values: [Value<'_>; 3] = [&id(merchant), &state, &limit];
                    self.report(sql::NOTIFICATIONS_OF, &values, rows::notification).await
                }
                None => self.report(sql::NOTIFICATIONS, &[&state, &limit], rows::notification).await,
            }
        })
    }

    fn load_attempts(
        &self,
        merchant: MerchantId,
        order: OrderNo,
        event: u32,
    ) -> Answer<'_, Vec<NotificationAttempt>> {
        Box::pin(async move {
            self.all(sql::ATTEMPTS, &[&id(merchant), &order.0, &i64::from(event)], rows::attempt).await
        })
    }

    fn resend(&self, merchant: MerchantId, order: OrderNo, event: u32, now: Timestamp) -> Answer<'_, bool> {
        Box::pin(self.tell_again(merchant, order, event, now))
    }

    fn load_credential<'a>(&'a self, room: &'a str, login: &'a str) -> Answer<'a, Option<Credential>> {
        Box::pin(self.login(room, login))
    }

    fn load_login_of<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        account: &'a str,
    ) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            self.one(sql::LOGIN_OF, &[&id(merchant), &room, &account], |row| row.string(0)).await
        })
    }

    fn list_credentials(&self) -> Answer<'_, Vec<Credential>> {
        Box::pin(self.all_logins())
    }

    fn list_logins<'a>(&'a self, merchant: MerchantId, room: &'a str) -> Answer<'a, Vec<String>> {
        Box::pin(async move { self.all(sql::LOGINS, &[&id(merchant), &room], |row| row.string(0)).await })
    }

    fn add_merchant<'a>(&'a self, name: &'a str, now: Timestamp) -> Answer<'a, MerchantId> {
        Box::pin(self.new_merchant(name, now))
    }

    fn put_credential(&self, credential: Credential) -> Answer<'_, ()> {
        Box::pin(self.keep_credential(credential))
    }

    fn put_account<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        login: &'a str,
        account: Account,
    ) -> Answer<'a, ()> {
        Box::pin(self.keep_account_of(merchant, (room, login), account))
    }

    fn add_key<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        login: &'a str,
        key: NewKey,
    ) -> Answer<'a, ()> {
        Box::pin(self.keep_key(merchant, (room, login), key))
    }

    fn list_merchants(&self) -> Answer<'_, Vec<MerchantId>> {
        Box::pin(async move { self.report(sql::MERCHANTS, &[], |row| row.merchant(0)).await })
    }

    fn walk_orders(&self, merchant: MerchantId, after: OrderNo, limit: u32) -> Answer<'_, Vec<Order>> {
        Box::pin(async move {
            let values: [Value<'_>; 3] = [&id(merchant), &after.0, &i64::from(limit)];
            self.report(sql::WALK_ORDERS, &values, rows::order).await
        })
    }

    fn list_batches(&self, merchant: MerchantId) -> Answer<'_, Vec<BatchHead>> {
        Box::pin(async move { self.report(sql::BATCHES, &[&id(merchant)], rows::batch_head).await })
    }

    fn walk_batch<'a>(
        &'a self,
        merchant: MerchantId,
        (terminal, number): (&'a str, u32),
        after: OrderNo,
        limit: u32,
    ) -> Answer<'a, Vec<Order>> {
        Box::pin(async move {
            let values: [Value<'_>; 5] =
                [&id(merchant), &terminal, &i64::from(number), &after.0, &i64::from(limit)];
            self.report(sql::WALK_BATCH, &values, rows::order).await
        })
    }

    fn balances(&self, merchant: MerchantId, before: Option<Timestamp>) -> Answer<'_, Vec<Balance>> {
        Box::pin(async move {
            let before = before.map_or(i64::MAX, |before| before.0);
            self.report(sql::BALANCES, &[&id(merchant), &before], rows::balance).await
        })
    }

    fn walk_ledger(
        &self,
        merchant: MerchantId,
        (from, until): (Timestamp, Timestamp),
        after: Option<LinePlace>,
        limit: u32,
    ) -> Answer<'_, Vec<LedgerLine>> {
        Box::pin(async move {
            let LinePlace { at, order, event, line } = after.unwrap_or(LinePlace::before(from));
            let (event, line, limit) = (i64::from(event), i64::from(line), i64::from(limit));
            let values: [Value<'_>; 7] = [&id(merchant), &at.0, &until.0, &order.0, &event, &line, &limit];
            self.report(sql::WALK_LEDGER, &values, rows::ledger_line).await
        })
    }

    fn stray_lines(&self, merchant: MerchantId) -> Answer<'_, Vec<(OrderNo, u32)>> {
        Box::pin(async move { self.report(sql::STRAY_LINES, &[&id(merchant)], rows::stray_line).await })
    }

    fn moved_orders(
        &self,
        merchant: MerchantId,
        (from, until): (Timestamp, Timestamp),
        (first, last): (OrderNo, OrderNo),
    ) -> Answer<'_, Vec<OrderNo>> {
        Box::pin(async move {
            let values: [Value<'_>; 5] = [&id(merchant), &from.0, &until.0, &first.0, &last.0];
            self.report(sql::MOVED_ORDERS, &values, |row| row.number(0)).await
        })
    }

    fn put_statement(&self, file: StatementFile) -> Answer<'_, bool> {
        Box::pin(self.keep_statement(file))
    }

    fn find_statement<'a>(&'a self, channel: &'a str, digest: &'a [u8]) -> Answer<'a, Option<StatementHead>> {
        Box::pin(
            async move { self.one(sql::STATEMENT_FILE, &[&channel, &digest], rows::statement_head).await },
        )
    }

    fn list_statements(&self) -> Answer<'_, Vec<StatementHead>> {
        Box::pin(async move { self.report(sql::STATEMENT_FILES, &[], rows::statement_head).await })
    }

    fn stated_merchants(&self) -> Answer<'_, Vec<MerchantId>> {
        Box::pin(self.merchants_stated())
    }

    fn stated_orders<'a>(
        &'a self,
        merchant: MerchantId,
        channel: &'a str,
        (from, until): (Timestamp, Timestamp),
    ) -> Answer<'a, Vec<OrderNo>> {
        Box::pin(async move {
            let values: [Value<'_>; 4] = [&id(merchant), &channel, &from.0, &until.0];
            self.report(sql::STATED_ORDERS, &values, |row| row.number(0)).await
        })
    }

    fn statement_lines<'a>(
        &'a self,
        merchant: MerchantId,
        channel: &'a str,
        order: OrderNo,
    ) -> Answer<'a, Vec<StatementLine>> {
        Box::pin(self.lines_stated(merchant, channel, order.0))
    }

    fn put_rate(&self, rate: QuotedRate) -> Answer<'_, ()> {
        Box::pin(async move {
            let (base, quote, e8) = (rate.base.code(), rate.quote.code(), rate.rate.e8());
            let values: [Value<'_>; 5] = [&base, &quote, &rate.set_at.0, &e8, &rate.source];
            self.write(sql::PUT_RATE, &values).await.map(drop)
        })
    }

    fn list_rates(&self) -> Answer<'_, Vec<QuotedRate>> {
        Box::pin(async move { self.all(sql::RATES, &[], rows::rate).await })
    }

    fn current_rates(&self) -> Answer<'_, Vec<QuotedRate>> {
        Box::pin(self.newest_rates())
    }

    fn gateway_key<'a>(&'a self, name: &'a str, new: Option<Vec<u8>>) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            if let Some(new) = &new {
                self.write(sql::PUT_GATEWAY_KEY, &[&name, new]).await?;
            }
            self.one(sql::GATEWAY_KEY, &[&name], |row| row.bytes(0)).await
        })
    }

    fn claim<'a>(&'a self, purpose: &'a str) -> Answer<'a, String> {
        Box::pin(async move {
            self.write(sql::PUT_PURPOSE, &[&purpose]).await?;
            self.one(sql::PURPOSE, &[], |row| row.string(0)).await?.ok_or_else(|| missing("purpose"))
        })
    }

    fn key_was_used<'a>(
        &'a self,
        merchant: MerchantId,
        room: &'a str,
        login: &'a str,
        (key_no, at): (u32, Timestamp),
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let values: [Value<'_>; 5] = [&at.0, &id(merchant), &room, &login, &i64::from(key_no)];
            self.write(sql::KEY_WAS_USED, &values).await.map(drop)
        })
    }

    fn check(&self) -> Answer<'_, ()> {
        Box::pin(async move { self.write(sql::BEAT, &[]).await.map(drop) })
    }

    fn totals(&self) -> Answer<'_, Totals> {
        Box::pin(self.count())
    }
}
