//! Reads of more than one statement.

use tillgate_core::{MerchantId, Order};

use super::Postgres;
use super::session::Value;
use crate::port::{OrderKey, StoreError, Totals};
use crate::rate::QuotedRate;
use crate::report::StatementLine;
use crate::rows;
use crate::search::OrderSearch;
use crate::sql;

impl Postgres {
    pub(super) async fn order(
        &self,
        merchant: MerchantId,
        key: OrderKey<'_>,
    ) -> Result<Option<Order>, StoreError> {
        let merchant = i64::from(merchant.0);
        match key {
            OrderKey::Number(number) => self.one(sql::ORDER, &[&merchant, &number.0], rows::order).await,
            OrderKey::Reference { room, reference } => {
                self.one(sql::ORDER_BY_REFERENCE, &[&merchant, &room, &reference], rows::order).await
            }
        }
    }

    pub(super) async fn search(
        &self,
        merchant: MerchantId,
        search: &OrderSearch,
    ) -> Result<Vec<Order>, StoreError> {
        let words = search.words();
        let (merchant, limit) = (i64::from(merchant.0), i64::from(search.limit));
        let mut values: Vec<Value<'_>> = vec![&merchant];
        values.extend(words.iter().map(|(_, word)| *word as Value<'_>));
        values.push(&limit);
        let columns: Vec<&str> = words.iter().map(|(column, _)| *column).collect();
        self.all(&sql::search_orders(&columns), &values, rows::order).await
    }

    /// Two steps by the primary key for each pair there is, however long its history.
    pub(super) async fn newest_rates(&self) -> Result<Vec<QuotedRate>, StoreError> {
        let mut current = Vec::new();
        let mut pair = (String::new(), String::new());
        while let Some(next) = self.one(sql::NEXT_PAIR, &[&pair.0, &pair.1], rows::pair_of_words).await? {
            current.extend(self.one(sql::NEWEST_RATE, &[&next.0, &next.1], rows::rate).await?);
            pair = next;
        }
        Ok(current)
    }

    pub(super) async fn merchants_stated(&self) -> Result<Vec<MerchantId>, StoreError> {
        let (mut found, mut last) = (Vec::new(), -1_i64);
        loop {
            let next = self.report(sql::NEXT_STATED_MERCHANT, &[&last], |row| row.optional_int(0)).await?;
            let Some(merchant) = next.into_iter().flatten().next() else { return Ok(found) };
            found.push(MerchantId(u32::try_from(merchant).unwrap_or_default()));
            last = merchant;
        }
    }

    pub(super) async fn lines_stated(
        &self,
        merchant: MerchantId,
        channel: &str,
        order: i64,
    ) -> Result<Vec<StatementLine>, StoreError> {
        let values: &[Value<'_>] = &[&i64::from(merchant.0), &channel, &order];
        self.report(sql::STATEMENT_LINES, values, rows::statement_line).await
    }

    pub(super) async fn count(&self) -> Result<Totals, StoreError> {
        let number = async |sql| -> Result<i64, StoreError> {
            Ok(self.report(sql, &[], |row| row.long(0)).await?.pop().unwrap_or_default())
        };
        Ok(Totals {
            orders: self.report(sql::COUNT_ORDERS, &[], rows::word_and_count).await?,
            postings: self.report(sql::SUM_POSTINGS, &[], rows::word_and_count).await?,
            work: number(sql::COUNT_WORK).await?,
            notifications_exhausted: number(sql::COUNT_EXHAUSTED).await?,
        })
    }
}
