//! Brings a database file to this program's schema, one numbered step at a time.

use rusqlite::Connection;

use super::fault;
use crate::port::StoreError;

/// "till" in ASCII: marks the file as ours.
const APPLICATION_ID: i64 = 0x7469_6c6c;
pub const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite-0001-start.sql"),
    include_str!("../../migrations/sqlite-0002-tips-choices-rates.sql"),
    include_str!("../../migrations/sqlite-0003-counters.sql"),
    include_str!("../../migrations/sqlite-0004-online.sql"),
    include_str!("../../migrations/sqlite-0005-back-office.sql"),
];

/// The file's schema version. Refuses a database of another program or of a newer tillgate, and changes nothing.
pub fn check(connection: &Connection) -> Result<usize, StoreError> {
    let number = |sql: &str| connection.query_row(sql, (), |row| row.get::<_, i64>(0)).map_err(fault);
    let version = number("PRAGMA user_version")?;
    let is_empty = version == 0 && number("SELECT count(*) FROM sqlite_schema")? == 0;
    if number("PRAGMA application_id")? != APPLICATION_ID && !is_empty {
        return Err(StoreError::Fault("the file is a database of another program".into()));
    }
    let known = MIGRATIONS.len();
    usize::try_from(version).ok().filter(|version| *version <= known).ok_or_else(|| {
        StoreError::Fault(format!(
            "the database has schema {version}, this program knows up to {known}: use the newer tillgate"
        ))
    })
}

/// A new file is nobody's yet.
pub fn refuse_older(version: usize) -> Result<(), StoreError> {
    let known = MIGRATIONS.len();
    if version == 0 || version == known {
        return Ok(());
    }
    Err(StoreError::Fault(format!(
        "the database has schema {version}, this program {known}: start this version's gateway once, it brings it up to date"
    )))
}

pub fn migrate(connection: &Connection) -> Result<(), StoreError> {
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(check(connection)?) {
        connection
            .execute_batch(&format!(
                "BEGIN IMMEDIATE; {sql} PRAGMA user_version = {}; PRAGMA application_id = {APPLICATION_ID}; COMMIT;",
                step + 1
            ))
            .map_err(fault)?;
    }
    Ok(())
}
