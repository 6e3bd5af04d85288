//! Every table that is moved, with its columns and its key. Tests hold it against each store's own catalogue.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Changes whenever a table or a column does; equal to the number of SQLite's migrations.
pub const SCHEMA: u32 = 5;

/// Name, primary key, columns; `?`: may be absent. A table stands behind those it refers to.
const TABLES: &[(&str, &str, &str)] = &[
    ("purpose", "one", "one int, word text"),
    ("gateway_keys", "name", "name text, sealed blob"),
    ("rates", "base, quote, set_at", "base text, quote text, set_at int, rate_e8 int, source text"),
    ("merchants", "merchant_id", "merchant_id int, name text, created_at int"),
    (
        "credentials",
        "merchant_id, room, login",
        "merchant_id int, room text, login text, name text, enabled int, settings text",
    ),
    (
        "credential_keys",
        "merchant_id, room, login, key_no",
        "merchant_id int, room text, login text, key_no int, sealed blob, created_at int, valid_until int?, used_at int?",
    ),
    ("accounts", "merchant_id, room, code", "merchant_id int, room text, login text, code text, body text"),
    (
        "orders",
        "merchant_id, order_no",
        "merchant_id int, order_no int, version int, room text, reference text, state text, state_body text, \
         currency text, amount_minor int, tip_minor int, authorized_minor int, captured_minor int, \
         refunded_minor int, refunding_minor int, refunds int, events int, choices text, given_back int, \
         operator text, terminal text, presentation text, terms text, deed text, counter text, queue_rank int?, \
         batch_terminal text, batch_no int",
    ),
    (
        "order_references",
        "merchant_id, room, reference",
        "merchant_id int, room text, reference text, order_no int, refund_no int",
    ),
    (
        "events",
        "merchant_id, order_no, event_no",
        "merchant_id int, order_no int, event_no int, at int, body text",
    ),
    (
        "postings",
        "merchant_id, order_no, event_no, line",
        "merchant_id int, order_no int, event_no int, line int, account text, currency text, amount_minor int, at int",
    ),
    (
        "refunds",
        "merchant_id, order_no, refund_no",
        "merchant_id int, order_no int, refund_no int, amount_minor int, note text, requested_at int, late int, \
         state_body text, reference text?, choice int, means text",
    ),
    (
        "work",
        "merchant_id, order_no, slot, slot_no",
        "merchant_id int, order_no int, slot text, slot_no int, due_at int, attempt int",
    ),
    (
        "notifications",
        "merchant_id, order_no, event_no",
        "merchant_id int, order_no int, event_no int, url text, content_type text, body blob, state text, attempts int",
    ),
    (
        "notification_attempts",
        "merchant_id, order_no, event_no, attempt",
        "merchant_id int, order_no int, event_no int, attempt int, at int, took_ms int, status int?, answer text",
    ),
    (
        "batches",
        "merchant_id, terminal, batch_no",
        "merchant_id int, terminal text, batch_no int, opened_at int, closed_at int?",
    ),
    ("signatures", "merchant_id, order_no", "merchant_id int, order_no int, png blob"),
    (
        "pairings",
        "merchant_id, terminal",
        "merchant_id int, terminal text, code_digest blob, expires_at int, tries_left int",
    ),
    (
        "claims",
        "merchant_id, claim_key",
        "merchant_id int, claim_key blob, subject text, answer blob?, at int",
    ),
    (
        "statement_files",
        "channel, digest",
        "channel text, digest blob, name text, line_count int, imported_at int",
    ),
    (
        "statement_lines",
        "merchant_id, channel, order_no, digest, line_no",
        "merchant_id int, order_no int, channel text, digest blob, line_no int, trade_no text, \
         original_trade_no text, kind text, amount_minor int, currency text, at int, reference text, batch text",
    ),
];

/// Tables that stay where they are: the row a readiness probe writes, what can be told from `credentials`, the schema's number.
const LEFT_BEHIND: &[&str] = &["heartbeat", "logins", "nodes", "schema_version", "terminal_lines"];

pub fn is_left_behind(table: &str) -> bool {
    LEFT_BEHIND.contains(&table)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Integer,
    Text,
    Blob,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    pub may_be_null: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Table {
    pub name: String,
    /// Places of the primary key's columns among all, in the key's order.
    pub key: Vec<usize>,
    pub columns: Vec<Column>,
}

/// As it stands in files.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    key: String,
    columns: String,
}

impl TryFrom<Written> for Table {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        Self::read(&written.name, &written.key, &written.columns)
            .ok_or_else(|| format!("table {} is not described as it must be", written.name))
    }
}

impl From<Table> for Written {
    fn from(table: Table) -> Self {
        let kind = |kind| match kind {
            Kind::Integer => "int",
            Kind::Text => "text",
            Kind::Blob => "blob",
        };
        let column = |column: &Column| {
            format!("{} {}{}", column.name, kind(column.kind), if column.may_be_null { "?" } else { "" })
        };
        Self {
            key: table.key_names().join(", "),
            columns: table.columns.iter().map(column).collect::<Vec<_>>().join(", "),
            name: table.name,
        }
    }
}

/// Goes into SQL as it is; files are not believed to hold nothing else.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl Table {
    fn read(name: &str, key: &str, columns: &str) -> Option<Self> {
        let column = |text: &str| {
            let (name, kind) = text.split_once(' ')?;
            let (kind, may_be_null) = kind.strip_suffix('?').map_or((kind, false), |kind| (kind, true));
            let kind = match kind {
                "int" => Kind::Integer,
                "text" => Kind::Text,
                "blob" => Kind::Blob,
                _ => return None,
            };
            is_name(name).then(|| Column { name: name.to_owned(), kind, may_be_null })
        };
        let columns = columns.split(", ").map(column).collect::<Option<Vec<_>>>()?;
        let place = |name: &str| columns.iter().position(|column| column.name == name);
        let key = key.split(", ").map(place).collect::<Option<Vec<_>>>()?;
        is_name(name).then(|| Self { name: name.to_owned(), key, columns })
    }

    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    pub fn key_names(&self) -> Vec<&str> {
        self.key
            .iter()
            .filter_map(|place| self.columns.get(*place))
            .map(|column| column.name.as_str())
            .collect()
    }

    pub fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|other| other.name == column)
    }
}

/// The tables as this program has them.
pub fn catalogue() -> &'static [Table] {
    static ALL: LazyLock<Vec<Table>> = LazyLock::new(|| {
        TABLES.iter().filter_map(|(name, key, columns)| Table::read(name, key, columns)).collect()
    });
    &ALL
}
