//! What is in a batch, by kind of transaction and card brand.

use std::collections::BTreeMap;

use tillgate_core::{Currency, Deed, MerchantId, Order, OrderNo, OrderState};
use tillgate_store::{BatchHead, Store, StoreError};

use super::PAGE;

/// What transactions of a kind, of a brand and in a currency come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    pub deed: Deed,
    /// The network's word; empty where it is not known.
    pub brand: String,
    pub currency: Currency,
    /// Voided before the batch was closed: not in what is settled.
    pub is_voided: bool,
    pub count: u32,
    /// With tips; what a refund gives back is negative.
    pub amount_minor: i64,
    pub tip_minor: i64,
}

pub async fn totals(
    store: &dyn Store,
    merchant: MerchantId,
    head: &BatchHead,
) -> Result<Vec<Total>, StoreError> {
    let mut totals = BTreeMap::<_, Total>::new();
    let mut after = OrderNo(i64::MIN);
    loop {
        let page = store.walk_batch(merchant, (&head.terminal, head.number), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.number;
        for order in &page {
            let total = total_of(order);
            let key = (total.deed.as_str(), total.brand.clone(), total.currency.code(), total.is_voided);
            let summed = totals.entry(key).or_insert(Total {
                count: 0,
                amount_minor: 0,
                tip_minor: 0,
                ..total.clone()
            });
            summed.count += 1;
            summed.amount_minor += total.amount_minor;
            summed.tip_minor += total.tip_minor;
        }
    }
    Ok(totals.into_values().collect())
}

fn total_of(order: &Order) -> Total {
    let deed = order.terms.deed();
    let slip = order.counter.as_ref().and_then(|counter| counter.slip.as_ref());
    Total {
        deed,
        brand: slip.map(|slip| slip.brand.clone()).unwrap_or_default(),
        currency: order.terms.amount.currency,
        is_voided: matches!(order.state, OrderState::Voided { .. }),
        count: 1,
        amount_minor: match deed {
            Deed::Refund => -order.total().minor,
            Deed::Sale | Deed::Authorization | Deed::Void | Deed::Completion => order.funds.captured_minor,
        },
        tip_minor: order.tip_minor(),
    }
}
