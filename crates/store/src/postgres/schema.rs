//! Brings a database to this program's schema, one numbered step at a time, under the lock of the table that numbers them.
//!
//! Two versions of the program may work side by side: a step adds what the newer one needs and leaves what the older one
//! uses (expand); what nobody uses any more goes in a later step (contract). Each step says the oldest version of the schema
//! whose programs can work on what it leaves.

use super::session::{Session, Trouble};
use crate::port::StoreError;
use crate::rows::{BadRow, Columns};

/// A step from the version before it, which is its place in the list.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub sql: &'static str,
    /// Programs that know the schema up to here still work.
    pub oldest: i64,
}

pub const STEPS: &[Step] = &[
    Step { sql: include_str!("../../migrations/postgres-0001-start.sql"), oldest: 1 },
    Step { sql: include_str!("../../migrations/postgres-0002-nodes.sql"), oldest: 1 },
];

/// One row: which step the schema is at, and the oldest program that can use it.
const MAKE: &str = "CREATE TABLE IF NOT EXISTS schema_version (
    one     BIGINT PRIMARY KEY CHECK (one = 1),
    version BIGINT NOT NULL,
    oldest  BIGINT NOT NULL
)";

/// What may be done to a schema that is older than the program's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    BringUp,
    /// A command beside gateways, which may be older ones at work, leaves it alone.
    Refuse,
}

fn fault(what: String) -> Trouble {
    Trouble::Store(StoreError::Fault(what))
}

fn pair(row: &dyn Columns) -> Result<(i64, i64), BadRow> {
    Ok((row.long(0)?, row.long(1)?))
}

/// In one transaction, which the table's row serializes.
pub async fn bring_up(session: &Session, steps: &[Step], older: Older) -> Result<(), Trouble> {
    refuse_strangers(session).await?;
    // `IF NOT EXISTS` does not see what another transaction is making.
    session.plainly(MAKE).await.map_err(Trouble::unless_taken)?;
    session.plainly("INSERT INTO schema_version VALUES (1, 0, 0) ON CONFLICT DO NOTHING").await?;
    let read = "SELECT version, oldest FROM schema_version WHERE one = 1 FOR UPDATE";
    let (version, oldest) = session.one(read, &[], pair).await?.unwrap_or_default();
    let known = steps.len() as i64;
    if oldest > known {
        return Err(fault(format!(
            "the database has schema {version}, which needs a program that knows schema {oldest}, this one knows up to \
             {known}: use the newer tillgate"
        )));
    }
    if version >= known {
        return Ok(());
    }
    if older == Older::Refuse && version > 0 {
        return Err(fault(format!(
            "the database has schema {version}, this program {known}: start this version's gateway once, it brings it up \
             to date"
        )));
    }
    for (number, step) in (1_i64..).zip(steps).skip(usize::try_from(version).unwrap_or_default()) {
        session.plainly(step.sql).await?;
        let write = "UPDATE schema_version SET version = $1, oldest = $2 WHERE one = 1";
        session.run(write, &[&number, &step.oldest]).await?;
    }
    Ok(())
}

/// A database with tables of somebody else's.
async fn refuse_strangers(session: &Session) -> Result<(), Trouble> {
    let count = "SELECT count(*), count(*) FILTER (WHERE table_name = 'schema_version')
        FROM information_schema.tables WHERE table_schema = current_schema()";
    match session.one(count, &[], pair).await?.unwrap_or_default() {
        (tables, 0) if tables > 0 => {
            Err(fault("the database's schema holds tables of another program".into()))
        }
        _ => Ok(()),
    }
}
