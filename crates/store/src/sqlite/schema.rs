//! Brings a database file to this program's schema, one numbered step at a time.

use rusqlite::Connection;

use super::fault;
use crate::port::StoreError;

/// "till" in ASCII: marks the file as ours.
const APPLICATION_ID: i64 = 0x7469_6c6c;
const MIGRATIONS: &[&str] = &[include_str!("../../migrations/sqlite-0001-start.sql")];

pub fn migrate(connection: &Connection) -> Result<(), StoreError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(fault);
    let (version, application) = (pragma("user_version")?, pragma("application_id")?);
    let known = MIGRATIONS.len() as i64;
    if version > 0 && application != APPLICATION_ID {
        return Err(StoreError::Fault("the file is a database of another program".into()));
    }
    if version > known {
        return Err(StoreError::Fault(format!(
            "the database has schema {version}, this program knows up to {known}: use the newer tillgate"
        )));
    }
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(version as usize) {
        connection
            .execute_batch(&format!(
                "BEGIN IMMEDIATE; {sql} PRAGMA user_version = {}; PRAGMA application_id = {APPLICATION_ID}; COMMIT;",
                step + 1
            ))
            .map_err(fault)?;
    }
    Ok(())
}
