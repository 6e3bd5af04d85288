//! `ledger check`: every order, every entry, every batch, page by page. It may run beside a gateway at work.

use std::collections::BTreeMap;
use std::fmt;

use tillgate_core::{Deed, MerchantId, Order, OrderNo, OrderState};
use tillgate_store::{BatchHead, BatchLine, OrderKey, Store, StoreError};

use super::PAGE;
use super::expected::Kept;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub merchant: MerchantId,
    pub order: Option<OrderNo>,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "merchant {}", self.merchant.0)?;
        if let Some(order) = self.order {
            write!(f, "  order {order}")?;
        }
        write!(f, "  {}", self.what)
    }
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    pub merchants: u64,
    pub orders: u64,
    pub entries: u64,
    pub batches: u64,
    pub findings: u64,
}

/// What changed while it was read is read again, this often.
const TRIES: u32 = 5;

/// Checks one merchant's books, or everybody's. `found` hears of each thing that is wrong.
pub async fn check(
    store: &dyn Store,
    merchant: Option<MerchantId>,
    found: &mut (dyn FnMut(Finding) + Send),
) -> Result<Looked, StoreError> {
    let merchants = match merchant {
        Some(merchant) => vec![merchant],
        None => store.list_merchants().await?,
    };
    let mut looked = Looked::default();
    for merchant in merchants {
        looked.merchants += 1;
        let mut say = |order: Option<OrderNo>, what: String| {
            looked.findings += 1;
            found(Finding { merchant, order, what });
        };
        let mut after = OrderNo(i64::MIN);
        loop {
            let page = store.walk_orders(merchant, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.number;
            for order in page {
                let number = order.number;
                let (faults, entries) = order_faults(store, order).await?;
                (looked.orders, looked.entries) = (looked.orders + 1, looked.entries + entries);
                faults.into_iter().for_each(|what| say(Some(number), what));
            }
        }
        for (order, event) in store.stray_lines(merchant).await? {
            say(
                Some(order),
                format!("the ledger books event {event}, which is not in the journal at that time"),
            );
        }
        for head in store.list_batches(merchant).await? {
            looked.batches += 1;
            for what in batch_faults(store, merchant, &head).await? {
                say(None, format!("batch {} of terminal {}: {what}", head.number, head.terminal));
            }
        }
    }
    Ok(looked)
}

/// What is wrong with an order, and how many entries it has. Its parts are read one after the other: if it has moved on
/// meanwhile they need not fit, and are read again.
async fn order_faults(store: &dyn Store, mut order: Order) -> Result<(Vec<String>, u64), StoreError> {
    for _ in 1..TRIES {
        let (merchant, number, version) = (order.merchant, order.number, order.version);
        let kept = load(store, order).await?;
        let faults = kept.faults();
        let entries = entries(&kept);
        if faults.is_empty() {
            return Ok((faults, entries));
        }
        let now = store.load_order(merchant, OrderKey::Number(number)).await?;
        match now.filter(|now| now.version != version) {
            Some(now) => order = now,
            None => return Ok((faults, entries)),
        }
    }
    let kept = load(store, order).await?;
    Ok((kept.faults(), entries(&kept)))
}

async fn load(store: &dyn Store, order: Order) -> Result<Kept, StoreError> {
    let (merchant, number) = (order.merchant, order.number);
    Ok(Kept {
        events: store.load_events(merchant, number).await?,
        refunds: store.load_refunds(merchant, number).await?,
        postings: store.load_postings(merchant, number).await?,
        order,
    })
}

fn entries(kept: &Kept) -> u64 {
    let mut events: Vec<u32> = kept.postings.iter().map(|(event, _)| *event).collect();
    events.dedup();
    events.len() as u64
}

/// The sums a batch shows against the orders in it.
async fn batch_faults(
    store: &dyn Store,
    merchant: MerchantId,
    head: &BatchHead,
) -> Result<Vec<String>, StoreError> {
    let mut faults = Vec::new();
    for _ in 0..TRIES {
        faults.clear();
        let shown = store.load_batch(merchant, &head.terminal, head.number).await?;
        let lines = shown.map(|batch| batch.lines).unwrap_or_default();
        let mut summed = BTreeMap::new();
        let mut after = OrderNo(i64::MIN);
        loop {
            let page = store.walk_batch(merchant, (&head.terminal, head.number), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.number;
            for order in &page {
                let is_there = order.counter.as_ref().and_then(|counter| counter.batch.as_ref());
                if is_there.is_none_or(|place| place.terminal != head.terminal || place.number != head.number)
                {
                    faults.push(format!("order {} does not say that it is in it", order.number));
                }
                add(&mut summed, order);
            }
        }
        let shown: BTreeMap<_, _> = lines.iter().map(|line| (key(line), sums(line))).collect();
        if shown != summed {
            faults.push(format!("it shows {shown:?}, its orders come to {summed:?}"));
        }
        if faults.is_empty() {
            break;
        }
    }
    Ok(faults)
}

type Key = (&'static str, bool, &'static str);
type Sums = (u32, i64, i64);

fn key(line: &BatchLine) -> Key {
    (line.deed.as_str(), line.is_voided, line.currency.code())
}

fn sums(line: &BatchLine) -> Sums {
    (line.count, line.total_minor, line.tip_minor)
}

fn add(summed: &mut BTreeMap<Key, Sums>, order: &Order) {
    let deed = order.terms.deed();
    let is_voided = matches!(order.state, OrderState::Voided { .. });
    let minor = if deed == Deed::Refund { order.total().minor } else { order.funds.captured_minor };
    let sums = summed.entry((deed.as_str(), is_voided, order.terms.amount.currency.code())).or_default();
    *sums = (sums.0 + 1, sums.1 + minor, sums.2 + order.tip_minor());
}
