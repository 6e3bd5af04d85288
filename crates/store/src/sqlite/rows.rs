//! SQLite's rows as the decoders read them.

use rusqlite::types::{FromSqlError, Type, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use serde::Serialize;

use crate::rows::{self, BadRow, Columns, bad};

impl From<BadRow> for rusqlite::Error {
    fn from(error: BadRow) -> Self {
        Self::FromSqlConversionFailure(error.column, Type::Text, Box::new(error))
    }
}

fn unreadable(column: usize) -> impl Fn(FromSqlError) -> BadRow {
    move |error| bad(column, error.to_string())
}

fn value<'a>(row: &'a Row<'_>, column: usize) -> Result<ValueRef<'a>, BadRow> {
    row.get_ref(column).map_err(|error| bad(column, error.to_string()))
}

impl Columns for Row<'_> {
    fn optional_int(&self, column: usize) -> Result<Option<i64>, BadRow> {
        value(self, column)?.as_i64_or_null().map_err(unreadable(column))
    }

    fn optional_text(&self, column: usize) -> Result<Option<&str>, BadRow> {
        value(self, column)?.as_str_or_null().map_err(unreadable(column))
    }

    fn optional_bytes(&self, column: usize) -> Result<Option<&[u8]>, BadRow> {
        value(self, column)?.as_blob_or_null().map_err(unreadable(column))
    }
}

pub fn to_json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    rows::to_json(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

type Decode<T> = fn(&dyn Columns) -> Result<T, BadRow>;

/// All rows of a query.
pub fn all<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    decode: Decode<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare_cached(sql)?.query_map(values, |row| Ok(decode(row)?))?.collect()
}

/// Its one row, if there is one.
pub fn one<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    decode: Decode<T>,
) -> rusqlite::Result<Option<T>> {
    connection.prepare_cached(sql)?.query_row(values, |row| Ok(decode(row)?)).optional()
}

/// How many rows a statement wrote.
pub fn run(connection: &Connection, sql: &str, values: impl Params) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql)?.execute(values)
}
