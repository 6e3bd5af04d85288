//! Whether sealed secrets open with the master key that is there.

use tillgate_store::transfer::{RowSink, RowSource, Summary, Table, TransferError, Value};

use crate::rooms::key_place;
use crate::vault::Vault;

/// Opens each secret that goes by: logins' keys and the gateway's own.
pub struct Opening<'a> {
    vault: &'a Vault,
    pub opened: u64,
}

impl std::fmt::Debug for Opening<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening").field("opened", &self.opened).finish_non_exhaustive()
    }
}

impl<'a> Opening<'a> {
    pub fn new(vault: &'a Vault) -> Self {
        Self { vault, opened: 0 }
    }

    fn look(&mut self, table: &Table, row: &[Value<'_>]) -> Result<(), TransferError> {
        let at = |column: &str| table.place(column).and_then(|place| row.get(place));
        let text = |column: &str| match at(column) {
            Some(Value::Text(text)) => text.as_ref(),
            _ => "",
        };
        let place = match table.name.as_str() {
            "credential_keys" => key_place(text("room"), text("login")),
            "gateway_keys" => crate::app::gateway_key_place(text("name")),
            _ => return Ok(()),
        };
        if let Some(Value::Blob(sealed)) = at("sealed") {
            self.vault
                .open_sealed(&place, sealed)
                .map_err(|error| TransferError::Refused(error.to_string()))?;
            self.opened += 1;
        }
        Ok(())
    }
}

impl RowSink for Opening<'_> {
    fn row(&mut self, table: &Table, row: &[Value<'_>]) -> Result<(), TransferError> {
        self.look(table, row)
    }
}

/// Rows on their way to another store, none of which has a secret that this gateway could not open.
#[derive(Debug)]
pub struct Opened<'a, S> {
    pub source: S,
    pub opening: Opening<'a>,
}

impl<S: RowSource> RowSource for Opened<'_, S> {
    fn tables(&self) -> &[Table] {
        self.source.tables()
    }

    fn next_row(&mut self) -> Result<Option<(usize, Vec<Value<'static>>)>, TransferError> {
        let next = self.source.next_row()?;
        if let Some((table, row)) = &next
            && let Some(table) = self.source.tables().get(*table)
        {
            self.opening.look(table, row)?;
        }
        Ok(next)
    }

    fn summary(&self) -> Option<&Summary> {
        self.source.summary()
    }
}
