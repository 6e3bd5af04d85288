//! A connection with its prepared statements, and rows as the decoders read them.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Statement};

use super::address::{Address, Use};
use crate::port::StoreError;
use crate::rows::{BadRow, Columns, bad};

pub type Value<'a> = &'a (dyn ToSql + Sync);

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("{}", told(.0))]
    Database(#[from] tokio_postgres::Error),
    #[error(transparent)]
    Row(#[from] BadRow),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No answer, and perhaps there will be none.
    #[error("{0}")]
    Late(&'static str),
    /// Somebody else is doing the same at the moment.
    #[error("others are at it: {0}")]
    Busy(String),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Not our own mistake, such as a value of another type than the column's.
fn of_the_wire(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

/// tokio-postgres says only "db error"; the server's words tell more. What was stored is not in them, except for a
/// constraint's detail, which is left out.
pub fn told(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{} ({})", said.message(), said.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Store(error) => error,
            other => Self::Fault(other.to_string()),
        }
    }
}

/// What may be done after a trouble, when nothing has been stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The same again: others were in the way.
    Again,
    /// On a new connection: this one is broken, or its server may not be written to any more.
    Elsewhere,
    None,
}

impl Trouble {
    /// What was looked for holds a U+0000, which PostgreSQL keeps in no text: it is not there.
    pub fn is_about_a_word(&self) -> bool {
        matches!(self, Self::Database(error)
            if error.code() == Some(&SqlState::CHARACTER_NOT_IN_REPERTOIRE))
    }

    /// What two do at once that only one can: the other comes after him.
    pub fn unless_taken(self) -> Self {
        match &self {
            Self::Database(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                Self::Busy(self.to_string())
            }
            _ => self,
        }
    }

    pub fn remedy(&self) -> Remedy {
        let error = match self {
            Self::Database(error) => error,
            Self::Busy(_) => return Remedy::Again,
            Self::Late(_) => return Remedy::Elsewhere,
            _ => return Remedy::None,
        };
        match error.code() {
            None if error.is_closed() || of_the_wire(error) => Remedy::Elsewhere,
            None => Remedy::None,
            Some(code) if *code == SqlState::T_R_SERIALIZATION_FAILURE => Remedy::Again,
            Some(code) if *code == SqlState::T_R_DEADLOCK_DETECTED => Remedy::Again,
            Some(code) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Remedy::Elsewhere,
            // Of a statement that was prepared before the schema was changed; a new session prepares it anew.
            Some(code) if *code == SqlState::FEATURE_NOT_SUPPORTED => Remedy::Elsewhere,
            // The server is stopping, starting, or ended us: class 57P.
            Some(code) if code.code().starts_with("57P") || code.code().starts_with("08") => {
                Remedy::Elsewhere
            }
            Some(_) => Remedy::None,
        }
    }
}

pub struct Session {
    client: Client,
    /// Which server it is, and since when it runs.
    server: String,
    address: Arc<Address>,
    statements: Mutex<HashMap<String, Statement>>,
}

/// An answer that is not there after this time is overdue: a server that hangs keeps its connections.
const OVERDUE: Duration = Duration::from_secs(8);
const WHO: &str =
    "SELECT concat(inet_server_addr(), ' ', inet_server_port(), ' ', pg_postmaster_start_time())";

async fn server_of(client: &Client) -> Result<String, Trouble> {
    Ok(client.query_one(WHO, &[]).await?.get(0))
}

impl Session {
    pub async fn open(address: &Arc<Address>, purpose: Use) -> Result<Self, Trouble> {
        let client = address.connect(purpose).await?;
        let server = server_of(&client).await?;
        Ok(Self { client, server, address: address.clone(), statements: Mutex::default() })
    }

    /// Waits for an answer as long as the server that owes it is the one others are sent to. Once that is another, nothing
    /// will come: the first one hangs, or was voted out while it did. A COMMIT that waits for a standby is waited for.
    pub async fn patiently<T>(&self, answer: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        let mut answer = std::pin::pin!(answer);
        loop {
            match timeout(OVERDUE, &mut answer).await {
                Ok(answered) => return answered,
                Err(_) => {
                    let now = async { server_of(&self.address.connect(Use::Reports).await?).await };
                    let elsewhere = timeout(OVERDUE, now).await;
                    if elsewhere.is_ok_and(|now| now.is_ok_and(|server| server != self.server)) {
                        return Err(Trouble::Late(
                            "the server does not answer, and another has taken its place",
                        ));
                    }
                }
            }
        }
    }

    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Prepared once per connection.
    pub async fn prepared(&self, sql: &str) -> Result<Statement, Trouble> {
        if let Some(known) = self.statements.lock().get(sql) {
            return Ok(known.clone());
        }
        let statement = self.patiently(async { Ok(self.client.prepare(sql).await?) }).await?;
        self.statements.lock().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub async fn all<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        decode: fn(&dyn Columns) -> Result<T, BadRow>,
    ) -> Result<Vec<T>, Trouble> {
        let statement = self.prepared(sql).await?;
        let rows = self.patiently(async { Ok(self.client.query(&statement, values).await?) }).await?;
        rows.iter().map(|row| decode(row).map_err(Trouble::Row)).collect()
    }

    pub async fn one<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        decode: fn(&dyn Columns) -> Result<T, BadRow>,
    ) -> Result<Option<T>, Trouble> {
        Ok(self.all(sql, values, decode).await?.pop())
    }

    /// How many rows a statement wrote.
    pub async fn run(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, Trouble> {
        let statement = self.prepared(sql).await?;
        self.patiently(async { Ok(self.client.execute(&statement, values).await?) }).await
    }

    pub async fn plainly(&self, sql: &str) -> Result<(), Trouble> {
        self.patiently(async { Ok(self.client.batch_execute(sql).await?) }).await
    }

    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// Polls them in their order until all are done: a session sends what is asked of it when it is first polled, so that they
/// travel one behind the other without waiting for answers.
pub async fn in_a_row<F: Future + Unpin>(mut asked: Vec<F>) -> Vec<F::Output> {
    let mut answers: Vec<Option<F::Output>> = asked.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        let mut waits = false;
        for (future, answer) in asked.iter_mut().zip(&mut answers) {
            if answer.is_none() {
                match Pin::new(future).poll(context) {
                    Poll::Ready(value) => *answer = Some(value),
                    Poll::Pending => waits = true,
                }
            }
        }
        if waits { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    answers.into_iter().flatten().collect()
}

fn value<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, BadRow> {
    row.try_get(column).map_err(|error| bad(column, error.to_string()))
}

impl Columns for Row {
    fn optional_int(&self, column: usize) -> Result<Option<i64>, BadRow> {
        // Literals in a statement are narrower than columns.
        match self.columns().get(column).map(|column| column.type_()) {
            Some(&Type::INT4) => Ok(value::<Option<i32>>(self, column)?.map(i64::from)),
            _ => value(self, column),
        }
    }

    fn optional_text(&self, column: usize) -> Result<Option<&str>, BadRow> {
        value(self, column)
    }

    fn optional_bytes(&self, column: usize) -> Result<Option<&[u8]>, BadRow> {
        value(self, column)
    }
}
