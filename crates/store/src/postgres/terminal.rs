//! Terminals: batches, pairing codes. Work that is shared, and putting a notification back to the front.

use tillgate_core::{MerchantId, OrderNo, Timestamp, Work, WorkKey, WorkKind};

use super::session::{Session, Trouble};
use super::{Postgres, Value, group, sql as own, writer};
use crate::port::StoreError;
use crate::rows;
use crate::sql;
use crate::terminal::Batch;

impl Postgres {
    pub(super) async fn batch(
        &self,
        merchant: MerchantId,
        terminal: &str,
        number: u32,
    ) -> Result<Option<Batch>, StoreError> {
        self.lines
            .transact(|session| Box::pin(async move { batch(&session, merchant, terminal, number).await }))
            .await
    }

    /// Closes the open batch and owes the settlement of each order in it. `None` if there is nothing in it.
    pub(super) async fn end_batch(
        &self,
        merchant: MerchantId,
        terminal: &str,
        now: Timestamp,
    ) -> Result<Option<Batch>, StoreError> {
        self.lines
            .transact(|session| Box::pin(async move { close_batch(&session, merchant, terminal, now).await }))
            .await
    }

    /// Uses the terminal's code up. A wrong one costs a try, the last try the code.
    pub(super) async fn use_pairing(
        &self,
        merchant: MerchantId,
        terminal: &str,
        code_digest: Vec<u8>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let code_digest = &code_digest;
        self.lines
            .transact(|session| {
                Box::pin(async move {
                    let merchant = i64::from(merchant.0);
                    let values: [Value<'_>; 4] = [&merchant, &terminal, code_digest, &now.0];
                    let taken = session.run(sql::TAKE_PAIRING, &values).await?;
                    if taken == 0 {
                        session.run(sql::MISS_PAIRING, &[&merchant, &terminal]).await?;
                        session.run(sql::DROP_PAIRING, &[&merchant, &terminal, &now.0]).await?;
                    }
                    Ok(taken == 1)
                })
            })
            .await
    }

    /// Looks without a lock and takes what is still as it looked: several who do so at once share the rows.
    pub(super) async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Work>, StoreError> {
        let due = self.all(sql::DUE, &[&now.0, &i64::from(limit)], rows::work).await?;
        if due.is_empty() {
            return Ok(due);
        }
        let due = &due;
        self.lines
            .transact(|session| {
                Box::pin(async move {
                    let taken = writer::lease(&session, &group::leases(due, until)).await?;
                    let is_ours = |work: &&Work| {
                        let (slot, slot_no) = work.key.kind.slot();
                        let key = (work.key.merchant, work.key.order.0, slot.to_string(), i64::from(slot_no));
                        taken.work.contains(&key)
                    };
                    let leased = |work: &Work| Work { due_at: until, attempt: work.attempt + 1, ..*work };
                    Ok(due.iter().filter(is_ours).map(leased).collect())
                })
            })
            .await
    }

    pub(super) async fn put_work(&self, key: WorkKey, due_at: Timestamp) -> Result<(), StoreError> {
        self.lines.transact(|session| Box::pin(async move { put_work(&session, key, due_at).await })).await
    }

    pub(super) async fn tell_again(
        &self,
        merchant: MerchantId,
        order: OrderNo,
        event: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.lines
            .transact(|session| {
                Box::pin(async move {
                    let values: [Value<'_>; 3] = [&i64::from(merchant.0), &order.0, &i64::from(event)];
                    let is_known = session.run(sql::RESEND, &values).await? == 1;
                    if is_known {
                        let key = WorkKey { merchant, order, kind: WorkKind::Notify(event) };
                        put_work(&session, key, now).await?;
                    }
                    Ok(is_known)
                })
            })
            .await
    }
}

async fn put_work(session: &Session, key: WorkKey, due_at: Timestamp) -> Result<(), Trouble> {
    let (slot, slot_no) = key.kind.slot();
    let (merchant, slot, slot_no) = (i64::from(key.merchant.0), slot.to_string(), i64::from(slot_no));
    session.run(sql::PUT_WORK, &[&merchant, &key.order.0, &slot, &slot_no, &due_at.0, &0_i64]).await.map(drop)
}

async fn batch(
    session: &Session,
    merchant: MerchantId,
    terminal: &str,
    number: u32,
) -> Result<Option<Batch>, Trouble> {
    let place: [Value<'_>; 3] = [&i64::from(merchant.0), &terminal, &i64::from(number)];
    let Some(closed_at) = session.one(sql::BATCH_END, &place, rows::batch_end).await? else {
        return Ok(None);
    };
    let lines = session.all(sql::BATCH_LINES, &place, rows::batch_line).await?;
    Ok(Some(Batch { number, closed_at, lines }))
}

async fn close_batch(
    session: &Session,
    merchant: MerchantId,
    terminal: &str,
    now: Timestamp,
) -> Result<Option<Batch>, Trouble> {
    let id = i64::from(merchant.0);
    // Whoever is putting an order into it is waited for, and whoever comes then finds it closed.
    let newest = session.one(own::HOLD_NEWEST_BATCH, &[&id, &terminal], rows::open_batch).await?;
    let number = newest.unwrap_or(1);
    let found = batch(session, merchant, terminal, number).await?;
    let Some(batch) = found.filter(|batch| !batch.lines.is_empty()) else { return Ok(None) };
    let place = i64::from(number);
    session.run(own::CLOSE_BATCH, &[&id, &terminal, &place, &now.0]).await?;
    session.run(sql::OWE_SETTLEMENT, &[&now.0, &id, &terminal, &place]).await?;
    Ok(Some(Batch { closed_at: Some(now), ..batch }))
}
