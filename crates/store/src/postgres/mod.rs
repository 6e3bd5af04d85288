//! PostgreSQL: several gateways on one database, which may itself be several machines.
//!
//! Knows: connections, grouped writes, retries, the schema. Deliberately does not know: who else uses the database. Reads
//! follow each other over a few shared connections; changesets are written in groups (see [`writer`]); every other write is
//! a transaction of its own.

mod address;
mod directory;
mod effects;
mod group;
mod pool;
mod read;
mod schema;
mod session;
mod sql;
mod store;
mod terminal;
pub mod transfer;
mod wake;
mod writer;

#[cfg(test)]
mod shards;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use crate::port::StoreError;
use crate::rows::{BadRow, Columns};
use address::{Address, Use};
use pool::{Lines, Readers, Shared, Tries};
use schema::{Older, Step};
use session::{Remedy, Value};
use writer::Writers;

pub use wake::PostgresNodes;

/// How a gateway uses its database.
#[derive(Clone)]
pub struct Settings {
    /// As in [`Address::parse`]; may hold a password.
    pub url: String,
    /// Instead of one in the address.
    pub password: Option<String>,
    /// Connections of this process at most, three or more.
    pub connections: usize,
}

/// Without passwords.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("connections", &self.connections).finish_non_exhaustive()
    }
}

impl Settings {
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), password: None, connections: 12 }
    }
}

pub struct Postgres {
    address: Arc<Address>,
    readers: Readers,
    /// Reads that take long do not stand before others.
    reports: Shared,
    lines: Lines,
    writers: Writers,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Postgres {
    /// Connects and brings the schema up to date. Refuses one that needs a newer program.
    pub async fn connect(settings: &Settings) -> Result<Self, StoreError> {
        Self::connected(settings, schema::STEPS, Older::BringUp).await
    }

    /// The same for a command beside gateways, which may be older ones at work: a schema that is not up to date is left
    /// alone and refused.
    pub async fn connect_beside(settings: &Settings) -> Result<Self, StoreError> {
        Self::connected(settings, schema::STEPS, Older::Refuse).await
    }

    async fn connected(
        settings: &Settings,
        steps: &'static [Step],
        older: Older,
    ) -> Result<Self, StoreError> {
        let address = Arc::new(Address::parse(&settings.url, settings.password.as_deref())?);
        let each = settings.connections.saturating_sub(1) / 3;
        let lines = Lines::new(address.clone(), each);
        lines
            .transact(|session| Box::pin(async move { schema::bring_up(&session, steps, older).await }))
            .await
            .map_err(|error| StoreError::Fault(format!("the database's schema: {error}")))?;
        let for_writers = (0..each.max(1)).map(|_| Shared::new(address.clone(), Use::Keys)).collect();
        Ok(Self {
            readers: Readers::new(&address, each),
            reports: Shared::new(address.clone(), Use::Reports),
            writers: Writers::start(for_writers),
            lines,
            address,
        })
    }

    /// Reads, on another connection if one breaks.
    async fn read<T>(
        &self,
        from: &Shared,
        (sql, values): (&str, &[Value<'_>]),
        decode: fn(&dyn Columns) -> Result<T, BadRow>,
    ) -> Result<Vec<T>, StoreError> {
        let mut tries = Tries::new();
        loop {
            let trouble = match from.session().await {
                Ok(session) => match session.all(sql, values, decode).await {
                    Ok(rows) => return Ok(rows),
                    Err(trouble) if trouble.is_about_a_word() => return Ok(Vec::new()),
                    Err(trouble) => {
                        if trouble.remedy() == Remedy::Elsewhere {
                            from.leave(&session).await;
                        }
                        trouble
                    }
                },
                Err(trouble) => trouble,
            };
            tries.after(trouble).await?;
        }
    }

    async fn all<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        decode: fn(&dyn Columns) -> Result<T, BadRow>,
    ) -> Result<Vec<T>, StoreError> {
        self.read(self.readers.next(), (sql, values), decode).await
    }

    async fn one<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        decode: fn(&dyn Columns) -> Result<T, BadRow>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(sql, values, decode).await?.pop())
    }

    /// The same for what may read much.
    async fn report<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        decode: fn(&dyn Columns) -> Result<T, BadRow>,
    ) -> Result<Vec<T>, StoreError> {
        self.read(&self.reports, (sql, values), decode).await
    }

    /// One statement that writes. How many rows it wrote.
    async fn write(&self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        self.lines.transact(|session| Box::pin(async move { session.run(sql, values).await })).await
    }

    /// One that also gives back what it wrote.
    async fn write_one<T>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        decode: fn(&dyn Columns) -> Result<T, BadRow>,
    ) -> Result<T, StoreError> {
        let written = self
            .lines
            .transact(|session| Box::pin(async move { session.one(sql, values, decode).await }))
            .await?;
        written.ok_or_else(|| StoreError::Fault("the database gave nothing back".into()))
    }
}
