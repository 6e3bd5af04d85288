//! Channels' statements against what we did: matched by the number of each operation, whatever day either side puts it on.
//!
//! Knows: which operations an order made at its channel, and under which numbers. What a file looks like: `file.rs`.

pub mod file;
mod operations;

use std::collections::{BTreeMap, BTreeSet};

use tillgate_channels::{ALIPAY, CARD, UNIONPAY, WECHAT};
use tillgate_core::{Event, MerchantId, Method, Order, OrderNo, Timestamp};
use tillgate_store::{OrderKey, StatementLine, Store, StoreError};

pub use operations::Operation;
use operations::{Made, operations};

use crate::clock;

/// What statements call a channel, and the method it stands for.
pub const CHANNELS: [(&str, &str); 4] =
    [("acquirer", CARD), (ALIPAY, ALIPAY), (WECHAT, WECHAT), (UNIONPAY, UNIONPAY)];

pub fn method_of(channel: &str) -> Option<Method> {
    CHANNELS.iter().find(|(name, _)| *name == channel).map(|(_, method)| Method::new(method))
}

/// An order may hold money so long after it was made, s: it is not in the ledger meanwhile.
const HELD_WITHIN_S: i64 = 8 * 24 * 3_600;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// We did it, the channel does not say so.
    MissingThere,
    /// The channel says so, and it is not known here.
    MissingHere,
    /// The channel says so more than once.
    Doubled,
    /// Both say so, and not the same.
    Different,
}

impl Trouble {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingThere => "missing at the channel",
            Self::MissingHere => "missing here",
            Self::Doubled => "doubled",
            Self::Different => "different",
        }
    }
}

/// One operation on which the two sides do not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub channel: String,
    pub trouble: Trouble,
    /// In what, if both know it: `amount`, `currency`, `kind`, `original`, `state`.
    pub in_what: Vec<&'static str>,
    pub trade_no: String,
    pub order: Option<(MerchantId, OrderNo)>,
    pub ours: Option<Operation>,
    pub theirs: Vec<StatementLine>,
}

/// How much was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    /// Operations of ours in that time.
    pub ours: u64,
    /// Lines of the channel's in that time.
    pub theirs: u64,
}

/// Compares what both sides put into a span of time, and hands each difference to `tell`.
pub async fn compare(
    store: &dyn Store,
    channel: &str,
    (from, until): (Timestamp, Timestamp),
    tell: &mut (dyn FnMut(Difference) + Send),
) -> Result<Compared, StoreError> {
    let mut merchants: BTreeSet<MerchantId> = store.list_merchants().await?.into_iter().collect();
    merchants.extend(store.stated_merchants().await?);
    let mut compared = Compared::default();
    for merchant in merchants {
        let mut roots = BTreeSet::new();
        for number in touched(store, merchant, channel, (from, until)).await? {
            roots.insert(root_of(store, merchant, number).await?);
        }
        for root in roots {
            let side = Sides::of(store, merchant, channel, root).await?;
            side.compare((from, until), &mut compared, tell);
        }
    }
    Ok(compared)
}

/// Orders that either side did something with in that time.
async fn touched(
    store: &dyn Store,
    merchant: MerchantId,
    channel: &str,
    (from, until): (Timestamp, Timestamp),
) -> Result<BTreeSet<OrderNo>, StoreError> {
    let first = OrderNo::new(clock::wallet_date(from.plus_s(-HELD_WITHIN_S)), 0);
    let last = OrderNo::new(clock::wallet_date(until), OrderNo::PER_DAY - 1);
    let mut touched: BTreeSet<OrderNo> =
        store.moved_orders(merchant, (from, until), (first, last)).await?.into_iter().collect();
    touched.extend(store.stated_orders(merchant, channel, (from, until)).await?);
    Ok(touched)
}

/// An order that acts on another is compared together with that one.
async fn root_of(store: &dyn Store, merchant: MerchantId, number: OrderNo) -> Result<OrderNo, StoreError> {
    let order = store.load_order(merchant, OrderKey::Number(number)).await?;
    let original = order.and_then(|order| order.terms.counter?.original);
    Ok(original.unwrap_or(number))
}

/// What both sides know of an order and of those that act on it.
struct Sides<'c> {
    channel: &'c str,
    merchant: MerchantId,
    root: OrderNo,
    ours: Vec<Operation>,
    theirs: Vec<StatementLine>,
}

impl<'c> Sides<'c> {
    async fn of(
        store: &dyn Store,
        merchant: MerchantId,
        channel: &'c str,
        root: OrderNo,
    ) -> Result<Self, StoreError> {
        let mut numbers = BTreeSet::from([root]);
        let mut ours = Vec::new();
        if let Some(order) = store.load_order(merchant, OrderKey::Number(root)).await? {
            let events = store.load_events(merchant, root).await?;
            let refunds = store.load_refunds(merchant, root).await?;
            numbers.extend(refunds.iter().filter_map(|refund| refund.means.carried_by));
            numbers.extend(events.iter().filter_map(|(_, event)| match event {
                Event::CaptureRequested { by, .. } => Some(*by),
                _ => None,
            }));
            ours = operations(&order, &events, &refunds);
            ours.retain(|operation| is_at(&order, operation, channel));
        }
        let mut theirs = Vec::new();
        for number in numbers {
            theirs.extend(store.statement_lines(merchant, channel, number).await?);
        }
        Ok(Self { channel, merchant, root, ours, theirs })
    }

    fn compare(
        self,
        (from, until): (Timestamp, Timestamp),
        compared: &mut Compared,
        tell: &mut (dyn FnMut(Difference) + Send),
    ) {
        let is_meant = |at: Timestamp| at >= from && at < until;
        let mut theirs = BTreeMap::<String, Vec<StatementLine>>::new();
        for line in self.theirs {
            compared.theirs += u64::from(is_meant(line.at));
            theirs.entry(line.trade_no.clone()).or_default().push(line);
        }
        let order = (self.merchant.0 > 0 && self.root.0 > 0).then_some((self.merchant, self.root));
        let difference =
            |trouble, trade_no: &str, ours: Option<Operation>, theirs: Vec<StatementLine>| Difference {
                channel: self.channel.to_owned(),
                trouble,
                in_what: Vec::new(),
                trade_no: trade_no.to_owned(),
                order,
                ours,
                theirs,
            };
        for ours in self.ours {
            let trade_no = ours.trade_no.clone();
            let lines = theirs.remove(&trade_no).unwrap_or_default();
            let is_ours_meant = ours.made == Made::Done && is_meant(ours.at);
            compared.ours += u64::from(is_ours_meant);
            if !is_ours_meant && !lines.iter().any(|line| is_meant(line.at)) {
                continue;
            }
            match (&lines[..], ours.made) {
                ([], Made::Done) => tell(difference(Trouble::MissingThere, &trade_no, Some(ours), lines)),
                ([], _) => {}
                ([_, _, ..], _) => tell(difference(Trouble::Doubled, &trade_no, Some(ours), lines)),
                ([line], _) => {
                    let in_what = ours.differs_from(line);
                    if !in_what.is_empty() {
                        let found = difference(Trouble::Different, &trade_no, Some(ours), lines);
                        tell(Difference { in_what, ..found });
                    }
                }
            }
        }
        for (trade_no, lines) in theirs {
            if lines.iter().any(|line| is_meant(line.at)) {
                tell(difference(Trouble::MissingHere, &trade_no, None, lines));
            }
        }
    }
}

fn is_at(order: &Order, operation: &Operation, channel: &str) -> bool {
    order.method_of(operation.choice) == method_of(channel).as_ref()
}
