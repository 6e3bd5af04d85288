//! Exchange rates as the rooms ask for them: read from the store and kept for a moment.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use parking_lot::RwLock;
use tillgate_core::{Currency, Rate};
use tillgate_store::Store;

/// A new rate counts after this at the latest, also when another process (the command line) set it.
const KEEP: Duration = Duration::from_secs(2);

/// What payers' wallets count in.
pub const PAYERS: &str = "CNY";

/// Yuan for one unit of each currency, by its code.
#[derive(Debug, Default)]
pub struct RateTable(HashMap<&'static str, Rate>);

impl RateTable {
    pub fn of(&self, currency: Currency) -> Option<Rate> {
        if currency.code() == PAYERS {
            return Some(Rate::ONE);
        }
        self.0.get(currency.code()).copied()
    }
}

#[derive(Debug)]
pub struct Rates {
    store: Arc<dyn Store>,
    kept: RwLock<Option<(Instant, Arc<RateTable>)>>,
}

impl Rates {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, kept: RwLock::default() }
    }

    pub async fn table(&self) -> Result<Arc<RateTable>> {
        if let Some((read_at, table)) = &*self.kept.read()
            && read_at.elapsed() < KEEP
        {
            return Ok(table.clone());
        }
        let mut table = RateTable::default();
        for quoted in self.store.current_rates().await? {
            if quoted.quote.code() == PAYERS {
                table.0.insert(quoted.base.code(), quoted.rate);
            }
        }
        let table = Arc::new(table);
        *self.kept.write() = Some((Instant::now(), table.clone()));
        Ok(table)
    }
}
