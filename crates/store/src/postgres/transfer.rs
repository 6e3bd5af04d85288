//! A database as rows, and an empty one filled with rows: each in one transaction over one connection.

use std::borrow::Cow;
use std::pin::pin;

use bytes::BytesMut;
use futures_util::TryStreamExt as _;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{CopyInSink, Row};

use super::Settings;
use super::address::{Address, Use};
use super::schema::{self, Older};
use super::session::{Session, Trouble};
use crate::port::StoreError;
use crate::transfer::{
    Kind, RowSink, RowSource, Summary, Summing, Table, TransferError, Value, as_told, catalogue,
};

fn failed(error: tokio_postgres::Error) -> TransferError {
    TransferError::Store(Trouble::from(error).into())
}

fn troubled(trouble: Trouble) -> TransferError {
    TransferError::Store(trouble.into())
}

/// Gives every row as it is at one moment. No gateway may be at work, and none starts meanwhile.
pub async fn read_rows(settings: &Settings, sink: &mut dyn RowSink) -> Result<(), TransferError> {
    let session = alone(settings).await?;
    session.plainly("BEGIN ISOLATION LEVEL REPEATABLE READ").await.map_err(troubled)?;
    // Whoever starts would update this row's lock; it also tells whether the schema is ours.
    let version =
        session.client().query_one("SELECT version FROM schema_version WHERE one = 1 FOR SHARE", &[]);
    let version: i64 = version.await.and_then(|row| row.try_get(0)).map_err(failed)?;
    if version != schema::STEPS.len() as i64 {
        return Err(TransferError::Refused(format!(
            "the database has schema {version}, this program {}: use the tillgate that runs it",
            schema::STEPS.len()
        )));
    }
    send_rows(&session, catalogue(), sink).await?;
    session.plainly("COMMIT").await.map_err(troubled)
}

/// Fills a database in which nothing is, all or nothing, after it was read back.
pub async fn fill(settings: &Settings, source: &mut dyn RowSource) -> Result<Summary, TransferError> {
    let session = alone(settings).await?;
    session.plainly("BEGIN").await.map_err(troubled)?;
    schema::bring_up(&session, schema::STEPS, Older::BringUp).await.map_err(troubled)?;
    hold_schema(&session).await?;
    refuse_full(&session).await?;
    take_rows(&session, source).await?;
    session
        .plainly(
            "INSERT INTO logins (room, login, merchant_id) SELECT room, login, merchant_id FROM credentials",
        )
        .await
        .map_err(troubled)?;
    let mut summing = Summing::new(source.tables());
    send_rows(&session, source.tables(), &mut summing).await?;
    let found = as_told(source, summing.finish())?;
    session.plainly("COMMIT").await.map_err(|trouble| {
        TransferError::Refused(format!(
            "{trouble}: the connection was lost at the very end; look whether the rows are there before you try again"
        ))
    })?;
    // So that the first queries are planned with what is there now. It comes right by itself too.
    let _ = session.plainly("ANALYZE").await;
    Ok(found)
}

/// Refuses another schema. A gateway that starts locks this row: it waits until we are through.
async fn hold_schema(session: &Session) -> Result<(), TransferError> {
    let version = "SELECT version FROM schema_version WHERE one = 1 FOR SHARE";
    let version = session.client().query_one(version, &[]).await.and_then(|row| row.try_get(0));
    let (version, known): (i64, i64) = (version.map_err(failed)?, schema::STEPS.len() as i64);
    if version != known {
        return Err(TransferError::Refused(format!(
            "the database has schema {version}, this program {known}: use the tillgate that runs it"
        )));
    }
    Ok(())
}

/// A connection, if no other tillgate has one.
async fn alone(settings: &Settings) -> Result<Session, TransferError> {
    let address = Address::parse(&settings.url, settings.password.as_deref())?;
    let session =
        Session::open(&std::sync::Arc::new(address), Use::Reports).await.map_err(StoreError::from)?;
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND application_name = current_setting('application_name')";
    let others: i64 =
        session.client().query_one(others, &[]).await.and_then(|row| row.try_get(0)).map_err(failed)?;
    if others > 0 {
        return Err(TransferError::Refused(format!(
            "a gateway is at work in the database, or another command ({others} connections): stop it first"
        )));
    }
    Ok(session)
}

async fn refuse_full(session: &Session) -> Result<(), TransferError> {
    for table in catalogue() {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM \"{}\")", table.name);
        let row = session.client().query_one(&sql, &[]).await.map_err(failed)?;
        if row.try_get(0).map_err(failed)? {
            return Err(TransferError::Refused(format!(
                "the database is in use: there is something in its table {}",
                table.name
            )));
        }
    }
    Ok(())
}

async fn send_rows(session: &Session, tables: &[Table], sink: &mut dyn RowSink) -> Result<(), TransferError> {
    for table in tables {
        let key = table.key.iter().filter_map(|place| table.columns.get(*place)).map(|column| {
            let bytewise = if column.kind == Kind::Text { " COLLATE \"C\"" } else { "" };
            format!("\"{}\"{bytewise}", column.name)
        });
        let sql = format!(
            "SELECT \"{}\" FROM \"{}\" ORDER BY {}",
            table.names().join("\", \""),
            table.name,
            key.collect::<Vec<_>>().join(", ")
        );
        let statement = session.client().prepare(&sql).await.map_err(failed)?;
        let rows = session.client().query_raw(&statement, Vec::<i64>::new()).await.map_err(failed)?;
        let mut rows = pin!(rows);
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            sink.row(table, &values(table, &row)?)?;
        }
    }
    Ok(())
}

fn values<'a>(table: &Table, row: &'a Row) -> Result<Vec<Value<'a>>, TransferError> {
    let read = |(place, kind): (usize, Kind)| -> Result<Value<'a>, tokio_postgres::Error> {
        Ok(match kind {
            Kind::Integer => row.try_get::<_, Option<i64>>(place)?.map(Value::Integer),
            Kind::Text => row.try_get::<_, Option<&str>>(place)?.map(|text| Value::Text(Cow::Borrowed(text))),
            Kind::Blob => {
                row.try_get::<_, Option<&[u8]>>(place)?.map(|bytes| Value::Blob(Cow::Borrowed(bytes)))
            }
        }
        .unwrap_or(Value::Null))
    };
    let kinds = table.columns.iter().map(|column| column.kind).enumerate();
    kinds.map(read).collect::<Result<_, _>>().map_err(failed)
}

async fn take_rows(session: &Session, source: &mut dyn RowSource) -> Result<(), TransferError> {
    let tables = source.tables().to_vec();
    let mut row = source.next_row()?;
    while let Some((place, _)) = row {
        let table = &tables[place];
        let sql = format!(
            "COPY \"{}\" (\"{}\") FROM STDIN (FORMAT binary)",
            table.name,
            table.names().join("\", \"")
        );
        let sink: CopyInSink<bytes::Bytes> = session.client().copy_in(&sql).await.map_err(failed)?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types(table)));
        while let Some((_, values)) = row.take_if(|(same, _)| *same == place) {
            refuse_nul(table, &values)?;
            let values: Vec<&(dyn ToSql + Sync)> =
                values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
            writer.as_mut().write(&values).await.map_err(|error| refused(table, error))?;
            row = source.next_row()?;
        }
        writer.finish().await.map_err(|error| refused(table, error))?;
    }
    Ok(())
}

fn refused(table: &Table, error: tokio_postgres::Error) -> TransferError {
    let why = StoreError::from(Trouble::from(error));
    TransferError::Refused(format!("a row of {} is refused: {why}", table.name))
}

/// PostgreSQL's texts cannot have it.
fn refuse_nul(table: &Table, row: &[Value<'_>]) -> Result<(), TransferError> {
    for (column, value) in table.columns.iter().zip(row) {
        if let Value::Text(text) = value
            && text.contains('\0')
        {
            let key = table.key.iter().filter_map(|place| row.get(*place)).map(|value| match value {
                Value::Integer(number) => number.to_string(),
                Value::Text(text) => format!("{text:?}"),
                Value::Null | Value::Blob(_) => "…".to_owned(),
            });
            return Err(TransferError::Refused(format!(
                "{}.{} of the row {} has the character U+0000, which PostgreSQL cannot keep",
                table.name,
                column.name,
                key.collect::<Vec<_>>().join(", ")
            )));
        }
    }
    Ok(())
}

fn types(table: &Table) -> Vec<Type> {
    let kind = |kind| match kind {
        Kind::Integer => Type::INT8,
        Kind::Text => Type::TEXT,
        Kind::Blob => Type::BYTEA,
    };
    table.columns.iter().map(|column| kind(column.kind)).collect()
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(number) => number.to_sql(ty, out),
            Value::Text(text) => text.as_ref().to_sql(ty, out),
            Value::Blob(bytes) => bytes.as_ref().to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(ty)
    }

    to_sql_checked!();
}
