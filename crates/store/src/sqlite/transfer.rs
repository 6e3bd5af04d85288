//! A database file as rows, and a file from rows; a copy of one that is in use.
//!
//! A file is made under another name and gets its own when all of it is there, checked and on the disk.

use std::borrow::Cow;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Row, Statement};

use super::{fault, open, schema};
use crate::port::StoreError;
use crate::transfer::{
    RowSink, RowSource, Summary, Summing, Table, TransferError, Value, as_told, catalogue,
};

fn failed(error: rusqlite::Error) -> TransferError {
    TransferError::Store(fault(error))
}

/// Gives every row as it is at one moment, while others go on writing. Refuses a file of another schema.
pub fn read_file(path: &Path, sink: &mut dyn RowSink) -> Result<(), TransferError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    schema::refuse_older(schema::check(&connection)?)?;
    read_rows(&connection, catalogue(), sink)
}

/// The same of a copy that nobody writes.
pub fn read_copy(path: &Path, sink: &mut dyn RowSink) -> Result<(), TransferError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    schema::refuse_older(schema::check(&connection)?)?;
    read_rows(&connection, catalogue(), sink)
}

/// What the rows of a file come to, by the tables it is said to have.
pub fn sum_file(path: &Path, tables: &[Table]) -> Result<Summary, TransferError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut summing = Summing::new(tables);
    read_rows(&connection, tables, &mut summing)?;
    Ok(summing.finish())
}

/// The number of the file's schema. Refuses what is not ours or newer.
pub fn schema_of(path: &Path) -> Result<usize, StoreError> {
    schema::check(&open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

/// What SQLite itself finds wrong in a file; nothing, if it is sound.
pub fn faults_in_file(path: &Path) -> Result<Vec<String>, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let words = |sql: &str| -> rusqlite::Result<Vec<String>> {
        connection.prepare(sql)?.query_map((), |row| row.get(0))?.collect()
    };
    let mut faults = words("PRAGMA integrity_check(20)").map_err(fault)?;
    faults.retain(|fault| fault != "ok");
    let orphans = words(
        "SELECT \"table\" || ': a row refers to one in ' || parent || ' that is not there'
         FROM pragma_foreign_key_check LIMIT 20",
    );
    faults.extend(orphans.map_err(fault)?);
    Ok(faults)
}

fn read_rows(connection: &Connection, tables: &[Table], sink: &mut dyn RowSink) -> Result<(), TransferError> {
    // A transaction that reads sees one moment.
    connection.execute_batch("BEGIN").map_err(failed)?;
    for table in tables {
        let sql = format!(
            "SELECT \"{}\" FROM \"{}\" ORDER BY \"{}\"",
            table.names().join("\", \""),
            table.name,
            table.key_names().join("\", \"")
        );
        let mut statement = connection.prepare(&sql).map_err(failed)?;
        let mut rows = statement.query(()).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            sink.row(table, &values(table, row)?)?;
        }
    }
    connection.execute_batch("COMMIT").map_err(failed)
}

fn values<'a>(table: &Table, row: &'a Row<'_>) -> Result<Vec<Value<'a>>, TransferError> {
    let bad = |column: &str| {
        TransferError::Refused(format!(
            "{}.{column} holds something that is neither number nor text",
            table.name
        ))
    };
    let columns = table.columns.iter().enumerate();
    columns
        .map(|(place, column)| {
            Ok(match row.get_ref(place).map_err(failed)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::Integer(number),
                ValueRef::Text(bytes) => {
                    Value::Text(Cow::Borrowed(std::str::from_utf8(bytes).map_err(|_| bad(&column.name))?))
                }
                ValueRef::Blob(bytes) => Value::Blob(Cow::Borrowed(bytes)),
                ValueRef::Real(_) => return Err(bad(&column.name)),
            })
        })
        .collect()
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Where a file is until it is whole.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

/// Makes a new database of all rows. There must be none, or one in which nothing is. Afterwards it is read back.
pub fn create_file(path: &Path, source: &mut dyn RowSource) -> Result<Summary, TransferError> {
    refuse_full(path)?;
    let new = unfinished(path);
    remove(&new)?;
    let made = fill(&new, source).and_then(|summary| put_in_place(&new, path).map(|()| summary));
    if made.is_err() {
        let _ = remove(&new);
    }
    made
}

fn refuse_full(path: &Path) -> Result<(), TransferError> {
    if !path.exists() {
        return Ok(());
    }
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if schema::check(&connection)? == 0 {
        return Ok(());
    }
    schema::refuse_older(schema::check(&connection)?)?;
    for table in catalogue() {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM \"{}\")", table.name);
        if connection.query_row(&sql, (), |row| row.get(0)).map_err(failed)? {
            return Err(TransferError::Refused(format!(
                "{} is in use: there is something in its table {}",
                path.display(),
                table.name
            )));
        }
    }
    Ok(())
}

/// If it dies half-way the file is not whole, but nobody takes it for one: so nothing is written twice.
fn fill(new: &Path, source: &mut dyn RowSource) -> Result<Summary, TransferError> {
    let connection = open(new, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    connection
        .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -64000;")
        .map_err(failed)?;
    schema::migrate(&connection)?;
    connection.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
    insert_all(&connection, source)?;
    connection.execute_batch("COMMIT").map_err(failed)?;
    let mut summing = Summing::new(source.tables());
    read_rows(&connection, source.tables(), &mut summing)?;
    as_told(source, summing.finish())
}

fn insert_all(connection: &Connection, source: &mut dyn RowSource) -> Result<(), TransferError> {
    let tables = source.tables().to_vec();
    let mut current: Option<(usize, Statement<'_>)> = None;
    while let Some((place, row)) = source.next_row()? {
        let statement = match current.take() {
            Some((same, statement)) if same == place => statement,
            _ => connection.prepare(&insert(&tables[place])).map_err(failed)?,
        };
        let (_, statement) = current.insert((place, statement));
        statement.execute(rusqlite::params_from_iter(&row)).map_err(|error| {
            TransferError::Refused(format!("a row of {} is refused: {error}", tables[place].name))
        })?;
    }
    Ok(())
}

fn insert(table: &Table) -> String {
    let names = table.names();
    let places = vec!["?"; names.len()].join(", ");
    format!("INSERT INTO \"{}\" (\"{}\") VALUES ({places})", table.name, names.join("\", \""))
}

/// Removes a file and what SQLite keeps beside it.
fn remove(path: &Path) -> std::io::Result<()> {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        match fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Gives a whole file its name, for good.
pub fn put_in_place(new: &Path, path: &Path) -> Result<(), TransferError> {
    File::open(new)?.sync_all()?;
    remove(path)?;
    fs::rename(new, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok(File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?)
}

/// Pages copied between two syncs, 8 MiB. A large file synced at once would hold up the syncs of whoever is at work.
const PAGES_AT_ONCE: i32 = 2_048;

/// Copies a database as it is at one moment, while others go on writing, and syncs it. Refuses one of another schema.
pub fn copy_file(from: &Path, to: &Path) -> Result<(), TransferError> {
    // Whoever is the last to close it moves the log into the file, which one who only reads cannot.
    let source = open(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    schema::refuse_older(schema::check(&source)?)?;
    let mut copy = open(to, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(failed)?;
    // A transaction that has read stays at its moment; without it each write of another would make the copy begin again.
    source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;").map_err(failed)?;
    let file = File::open(to)?;
    let backup = Backup::new(&source, &mut copy).map_err(failed)?;
    loop {
        match backup.step(PAGES_AT_ONCE).map_err(failed)? {
            StepResult::Done => break,
            StepResult::More => file.sync_data()?,
            _ => {
                return Err(TransferError::Refused(
                    "the database could not be locked for reading".to_owned(),
                ));
            }
        }
    }
    drop(backup);
    source.execute_batch("COMMIT").map_err(failed)?;
    // One file, which can be read where nothing can be written.
    copy.query_row("PRAGMA journal_mode = DELETE", (), |row| row.get::<_, String>(0)).map_err(failed)?;
    drop(copy);
    Ok(file.sync_all()?)
}
