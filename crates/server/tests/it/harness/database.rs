//! Where a test's gateway keeps everything: a file, or with `TILLGATE_TEST_DATABASE=postgres` a database of its own in a
//! PostgreSQL server that lives as long as the tests.
//!
//! What stands in a database is looked at by plain SQL of SQLite: of PostgreSQL a copy is made.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::types::Value;
use tillgate::database::Address;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, NoTls, Row};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    File(PathBuf),
    Server(String),
}

/// Databases of worlds by their data folders, for commands beside a gateway.
static OF_FOLDERS: LazyLock<Mutex<HashMap<PathBuf, String>>> = LazyLock::new(Mutex::default);

pub fn is_postgres() -> bool {
    std::env::var("TILLGATE_TEST_DATABASE").is_ok_and(|name| name == "postgres")
}

/// For a test about the file itself; it says so.
pub fn skipped_without_a_file(test: &str) -> bool {
    if is_postgres() {
        eprintln!("skipped on PostgreSQL, it is about SQLite's file: {test}");
    }
    is_postgres()
}

/// The database of the gateway with this data folder, unless it is in there.
pub fn beside(folder: &Path) -> Option<String> {
    OF_FOLDERS.lock().unwrap().get(folder).cloned()
}

impl Database {
    pub fn of(folder: &Path) -> Self {
        if !is_postgres() {
            return Self::File(folder.join("tillgate.sqlite"));
        }
        let database = Self::on_a_server();
        database.is_beside(folder);
        database
    }

    /// New and empty, in PostgreSQL.
    pub fn on_a_server() -> Self {
        let server = tillgate_scratch::shared().unwrap_or_else(|error| panic!("{error}"));
        Self::Server(server.fresh_database().unwrap())
    }

    /// Commands with this data folder use it.
    pub fn is_beside(&self, folder: &Path) {
        if let Self::Server(url) = self {
            OF_FOLDERS.lock().unwrap().insert(folder.to_owned(), url.clone());
        }
    }

    /// As the configuration has it.
    pub fn address(&self) -> Address {
        match self {
            Self::File(_) => Address::default(),
            Self::Server(url) => Address::new(url),
        }
    }

    /// To be looked at; what is written there is lost.
    pub fn connect(&self) -> Connection {
        match self {
            Self::File(path) => {
                let connection = Connection::open(path).unwrap();
                connection.busy_timeout(Duration::from_secs(10)).unwrap();
                connection
            }
            Self::Server(_) => self.on_server(async |client| copy(&client).await),
        }
    }

    /// Changes something behind the gateway's back, in words that both understand.
    pub fn execute(&self, sql: &str) {
        match self {
            Self::File(_) => self.connect().execute_batch(sql).unwrap(),
            Self::Server(_) => self.on_server(async |client| client.batch_execute(sql).await.unwrap()),
        }
    }

    /// On a thread of its own: whoever asks may be on a runtime.
    pub fn on_server<T: Send>(&self, ask: impl AsyncFnOnce(Client) -> T + Send) -> T {
        let Self::Server(url) = self else { panic!("not on a server") };
        let asks = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
                tokio::spawn(connection);
                ask(client).await
            })
        };
        std::thread::scope(|scope| scope.spawn(asks).join().unwrap())
    }
}

/// All tables as they are at one moment.
async fn copy(client: &Client) -> Connection {
    let copy = Connection::open_in_memory().unwrap();
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.unwrap();
    let tables = "SELECT table_name, string_agg(column_name, ', ' ORDER BY ordinal_position) AS columns
        FROM information_schema.columns WHERE table_schema = 'public' GROUP BY table_name";
    for table in client.query(tables, &[]).await.unwrap() {
        let (name, columns): (String, String) = (table.get(0), table.get(1));
        copy.execute_batch(&format!("CREATE TABLE {name} ({columns})")).unwrap();
        let rows = client.query(&format!("SELECT {columns} FROM {name}"), &[]).await.unwrap();
        let places = vec!["?"; columns.split(',').count()].join(", ");
        copy.execute_batch("BEGIN").unwrap();
        let mut insert = copy.prepare(&format!("INSERT INTO {name} VALUES ({places})")).unwrap();
        for row in &rows {
            insert.execute(rusqlite::params_from_iter((0..row.len()).map(|at| value(row, at)))).unwrap();
        }
        drop(insert);
        copy.execute_batch("COMMIT").unwrap();
    }
    copy
}

fn value(row: &Row, at: usize) -> Value {
    let kind = row.columns()[at].type_();
    let value = match *kind {
        Type::INT8 => row.get::<_, Option<i64>>(at).map(Value::Integer),
        Type::INT4 => row.get::<_, Option<i32>>(at).map(|number| Value::Integer(number.into())),
        Type::BOOL => row.get::<_, Option<bool>>(at).map(|is| Value::Integer(is.into())),
        Type::BYTEA => row.get::<_, Option<Vec<u8>>>(at).map(Value::Blob),
        _ => row.get::<_, Option<String>>(at).map(Value::Text),
    };
    value.unwrap_or(Value::Null)
}
