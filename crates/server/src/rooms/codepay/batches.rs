//! The open batches of several terminals at once.

use tillgate_core::{Currency, Money};
use tillgate_protocols::codepay::{BatchesCall, BatchesView, Code, Reject};
use tillgate_store::Batch;

use super::desk::Caller;
use super::{Answer, TERMINALS, fault};

impl Caller<'_> {
    /// Closed one after the other; those with nothing in them are left open.
    pub(super) async fn close_batches(&self, call: &BatchesCall) -> Result<Answer, Reject> {
        let mut closed = Vec::new();
        for terminal in self.batch_terminals(call).await? {
            match self.close_one(&terminal).await {
                Ok(batch) => closed.extend(batch),
                Err(reject) if closed.is_empty() => return Err(reject),
                // What was closed is closed, and is told; the others are still open.
                Err(_) => break,
            }
        }
        if closed.is_empty() {
            return Err(Reject::new(Code::NoPending));
        }
        Ok(Answer::Batches(sums(&closed)))
    }

    pub(super) async fn open_batches(&self, call: &BatchesCall) -> Result<Answer, Reject> {
        let store = &self.desk.gateway.store;
        let mut open = Vec::new();
        for terminal in self.batch_terminals(call).await? {
            let number = store.open_batch(self.merchant, &terminal).await.map_err(fault)?;
            open.extend(store.load_batch(self.merchant, &terminal, number).await.map_err(fault)?);
        }
        Ok(Answer::Batches(sums(&open)))
    }

    /// The terminals that were named, or all of the store, or all of the merchant.
    async fn batch_terminals(&self, call: &BatchesCall) -> Result<Vec<String>, Reject> {
        let merchant = self.merchant().await?;
        let store_no = call.store_no.as_deref();
        if let Some(store_no) = store_no
            && merchant.stores.iter().all(|store| store.store_no != store_no)
        {
            return Err(Reject::invalid("store_no", "is not a store of this merchant"));
        }
        if !call.terminals.is_empty() {
            for terminal_sn in &call.terminals {
                self.terminal(terminal_sn, store_no).await.map_err(|reject| match reject.code {
                    Code::System => reject,
                    _ => Reject::invalid(
                        "terminal_sn_list",
                        format_args!("has {terminal_sn}, which is not a terminal in use there"),
                    ),
                })?;
            }
            return Ok(call.terminals.clone());
        }
        let store = &self.desk.gateway.store;
        let mut own = Vec::new();
        for terminal_sn in store.list_logins(self.merchant, TERMINALS).await.map_err(fault)? {
            let terminal = self.desk.terminals.find(&terminal_sn).await.map_err(fault)?;
            let is_meant = terminal.is_some_and(|terminal| {
                terminal.merchant_no == self.merchant_no
                    && store_no.is_none_or(|store_no| store_no == terminal.store_no)
            });
            if is_meant {
                own.push(terminal_sn);
            }
        }
        Ok(own)
    }
}

/// Of several currencies there is no sum.
fn sums(batches: &[Batch]) -> BatchesView {
    let mut currencies: Vec<Currency> = batches.iter().flat_map(Batch::currencies).collect();
    currencies.sort_by_key(|currency| currency.code());
    currencies.dedup();
    let total = match currencies[..] {
        [currency] => Some(Money::new(batches.iter().map(|batch| batch.net_minor(currency)).sum(), currency)),
        _ => None,
    };
    BatchesView { count: batches.iter().map(Batch::count).sum(), total }
}
