//! A row as a line: a JSON array of the table's name and its values, written in one way only, so that the same row is
//! always the same bytes. Bytes of a blob are base64.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value as Json;

use super::{Kind, Table, TransferError, Value};

/// Appends the line with its line feed.
pub fn write_row(table: &Table, row: &[Value<'_>], line: &mut Vec<u8>) -> Result<(), TransferError> {
    let io = |error: serde_json::Error| TransferError::File(error.into());
    line.push(b'[');
    serde_json::to_writer(&mut *line, &table.name).map_err(io)?;
    for value in row {
        line.push(b',');
        match value {
            Value::Null => line.extend_from_slice(b"null"),
            Value::Integer(number) => serde_json::to_writer(&mut *line, number).map_err(io)?,
            Value::Text(text) => serde_json::to_writer(&mut *line, text).map_err(io)?,
            Value::Blob(bytes) => serde_json::to_writer(&mut *line, &BASE64.encode(bytes)).map_err(io)?,
        }
    }
    line.extend_from_slice(b"]\n");
    Ok(())
}

/// The row of a line and the place of its table, not before `first`: tables come in their order.
pub fn read_row(tables: &[Table], first: usize, line: &[u8]) -> Result<(usize, Vec<Value<'static>>), String> {
    let mut values = match serde_json::from_slice(line) {
        Ok(Json::Array(values)) => values.into_iter(),
        _ => return Err("is not a row".to_owned()),
    };
    let name = values.next();
    let name = name.as_ref().and_then(Json::as_str).ok_or("names no table")?;
    let place = tables.iter().position(|table| table.name == name).ok_or("names a table that is none")?;
    if place < first {
        return Err(format!("{name} comes too late"));
    }
    let table = &tables[place];
    if values.len() != table.columns.len() {
        return Err(format!("{name} has {} columns, not {}", table.columns.len(), values.len()));
    }
    let mut row = Vec::with_capacity(table.columns.len());
    for (column, value) in table.columns.iter().zip(values) {
        let read = match (column.kind, value) {
            (_, Json::Null) if column.may_be_null => Some(Value::Null),
            (Kind::Integer, Json::Number(number)) => number.as_i64().map(Value::Integer),
            (Kind::Text, Json::String(text)) => Some(Value::Text(Cow::Owned(text))),
            (Kind::Blob, Json::String(text)) => {
                BASE64.decode(text).ok().map(|bytes| Value::Blob(Cow::Owned(bytes)))
            }
            _ => None,
        };
        row.push(read.ok_or_else(|| format!("{}.{} cannot hold that", table.name, column.name))?);
    }
    Ok((place, row))
}
