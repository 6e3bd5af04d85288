//! Merchants, logins, keys and accounts; keys of the gateway's own; statements of channels.

use std::collections::BTreeMap;

use tillgate_core::{Account, MerchantId, Timestamp};

use super::group::columns;
use super::session::{Session, Trouble};
use super::{Postgres, sql as own};
use crate::directory::{Credential, NewKey};
use crate::port::StoreError;
use crate::report::{StatementFile, StatementLine};
use crate::rows::{self, to_json};
use crate::sql;

impl Postgres {
    pub(super) async fn login(&self, room: &str, login: &str) -> Result<Option<Credential>, StoreError> {
        let of_login = self.one(own::MERCHANT_OF_LOGIN, &[&room, &login], |row| row.long(0)).await?;
        let Some(merchant) = of_login else { return Ok(None) };
        let found = self.one(sql::CREDENTIAL, &[&merchant, &room, &login], rows::credential).await?;
        let Some(found) = found else { return Ok(None) };
        self.complete(found).await.map(Some)
    }

    async fn complete(&self, mut found: Credential) -> Result<Credential, StoreError> {
        let merchant = i64::from(found.merchant.0);
        let key: &[super::Value<'_>] = &[&merchant, &found.room, &found.login];
        let keys = self.all(sql::KEYS, key, rows::sealed_key).await?;
        let accounts = self.all(sql::ACCOUNTS, key, |row| row.json(0)).await?;
        (found.keys, found.accounts) = (keys, accounts);
        Ok(found)
    }

    pub(super) async fn all_logins(&self) -> Result<Vec<Credential>, StoreError> {
        let mut complete = Vec::new();
        for found in self.report(sql::CREDENTIALS, &[], rows::credential).await? {
            complete.push(self.complete(found).await?);
        }
        Ok(complete)
    }

    /// Two who add a merchant at once take the same number; the second takes the next.
    pub(super) async fn new_merchant(&self, name: &str, now: Timestamp) -> Result<MerchantId, StoreError> {
        let added = self
            .lines
            .transact(|session| {
                Box::pin(async move {
                    let added = session.one(sql::ADD_MERCHANT, &[&name, &now.0], |row| row.merchant(0)).await;
                    added.map_err(Trouble::unless_taken)
                })
            })
            .await?;
        added.ok_or_else(|| StoreError::Fault("the database gave no number".into()))
    }

    pub(super) async fn keep_credential(&self, credential: Credential) -> Result<(), StoreError> {
        let credential = &credential;
        self.lines
            .transact(|session| {
                Box::pin(async move {
                    let Credential { merchant, room, login, name, enabled, settings, .. } = credential;
                    let merchant = i64::from(merchant.0);
                    if session.run(own::TAKE_LOGIN, &[room, login, &merchant]).await? == 0 {
                        let taken = format!("the login {login} of {room} is another merchant's");
                        return Err(Trouble::Store(StoreError::Fault(taken)));
                    }
                    let enabled = i64::from(*enabled);
                    session
                        .run(sql::PUT_CREDENTIAL, &[&merchant, room, login, name, &enabled, settings])
                        .await?;
                    for account in &credential.accounts {
                        keep_account(&session, merchant, (room, login), account).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    pub(super) async fn keep_account_of(
        &self,
        merchant: MerchantId,
        place: (&str, &str),
        account: Account,
    ) -> Result<(), StoreError> {
        let account = &account;
        self.lines
            .transact(|session| {
                Box::pin(async move { keep_account(&session, merchant.0.into(), place, account).await })
            })
            .await
    }

    pub(super) async fn keep_key(
        &self,
        merchant: MerchantId,
        (room, login): (&str, &str),
        key: NewKey,
    ) -> Result<(), StoreError> {
        let key = &key;
        self.lines
            .transact(|session| {
                Box::pin(async move {
                    let merchant = i64::from(merchant.0);
                    let ends = [&key.old_valid_until.0 as super::Value<'_>, &merchant, &room, &login];
                    session.run(sql::END_KEYS, &ends).await?;
                    let values: [super::Value<'_>; 5] =
                        [&merchant, &room, &login, &key.sealed, &key.created_at.0];
                    session.run(sql::ADD_KEY, &values).await.map(drop)
                })
            })
            .await
    }

    /// False, and nothing is kept, if the channel has given us this very file before.
    pub(super) async fn keep_statement(&self, file: StatementFile) -> Result<bool, StoreError> {
        let file = &file;
        self.lines.transact(|session| Box::pin(async move { put_statement(&session, file).await })).await
    }
}

async fn keep_account(
    session: &Session,
    merchant: i64,
    (room, login): (&str, &str),
    account: &Account,
) -> Result<(), Trouble> {
    let body = to_json(account)?;
    session.run(sql::PUT_ACCOUNT, &[&merchant, &room, &login, &account.code, &body]).await.map(drop)
}

columns!(Lines {
    order: i64,
    number: i64,
    trade_no: String,
    original: String,
    kind: String,
    amount: i64,
    currency: String,
    at: i64,
    reference: String,
    batch: String,
});

impl Lines {
    fn push(&mut self, order: i64, line: &StatementLine) {
        self.order.push(order);
        self.number.push(line.line_no.into());
        self.trade_no.push(line.trade_no.clone());
        self.original.push(line.original_trade_no.clone());
        self.kind.push(line.kind.as_str().to_owned());
        self.amount.push(line.amount_minor);
        self.currency.push(line.currency.code().to_owned());
        self.at.push(line.at.0);
        self.reference.push(line.reference.clone());
        self.batch.push(line.batch.clone());
    }
}

async fn put_statement(session: &Session, file: &StatementFile) -> Result<bool, Trouble> {
    let StatementFile { channel, digest, name, imported_at, lines } = file;
    let count = lines.len() as i64;
    let values: [super::Value<'_>; 5] = [channel, digest, name, &count, &imported_at.0];
    if session.run(sql::PUT_STATEMENT_FILE, &values).await? == 0 {
        return Ok(false);
    }
    let mut of_merchants: BTreeMap<MerchantId, Lines> = BTreeMap::new();
    for line in lines {
        let (merchant, order) =
            line.order.map_or((MerchantId(0), 0), |(merchant, order)| (merchant, order.0));
        of_merchants.entry(merchant).or_default().push(order, line);
    }
    for (merchant, lines) in of_merchants {
        let merchant_id = i64::from(merchant.0);
        let Some(statement) = lines.statement(own::PUT_STATEMENT_LINES, merchant) else { continue };
        let mut values: Vec<super::Value<'_>> = vec![&merchant_id, channel, digest];
        values.extend(statement.columns.iter().map(|column| &**column as super::Value<'_>));
        session.run(statement.sql, &values).await?;
    }
    Ok(true)
}
