//! A merchant's statement of a span of time: what he was owed before, each movement, what he is owed after.

use std::collections::BTreeMap;

use tillgate_core::{Currency, Event, LedgerAccount, MerchantId, Method, Order, OrderNo, Timestamp};
use tillgate_store::{LedgerLine, OrderKey, Store, StoreError};

use super::PAGE;

/// One entry of the ledger as it concerns a merchant, in minor units. What is his is positive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub at: Timestamp,
    pub order: OrderNo,
    /// The merchant's number of the order.
    pub reference: String,
    /// `payment`, `refund`, `void`, `tip_change`, `settlement`; anything else in the journal's word.
    pub kind: &'static str,
    pub method: String,
    /// The sale's part.
    pub amount_minor: i64,
    pub tip_minor: i64,
    pub fee_minor: i64,
    pub vat_minor: i64,
    /// What the channel has taken note of; it changes nothing of what he is owed.
    pub settled_minor: i64,
    /// What he is owed from here on.
    pub balance_minor: i64,
}

impl Movement {
    pub fn net_minor(&self) -> i64 {
        self.amount_minor + self.tip_minor + self.fee_minor + self.vat_minor
    }
}

/// Of one account in one currency, tips included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub merchant: MerchantId,
    pub account: String,
    pub currency: Currency,
    pub opening_minor: i64,
    pub movements: Vec<Movement>,
    pub closing_minor: i64,
}

/// By account and currency's code.
type Statements = BTreeMap<(String, &'static str), Statement>;

/// The merchant's statements from `from` until before `until`, by account; accounts with nothing to say are left out.
pub async fn statements(
    store: &dyn Store,
    merchant: MerchantId,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<Statement>, StoreError> {
    let mut statements = Statements::new();
    for balance in store.balances(merchant, Some(from)).await? {
        if let LedgerAccount::MerchantPayable(account) | LedgerAccount::TipsPayable(account) = balance.account
        {
            let statement = opened(&mut statements, merchant, account, balance.amount.currency);
            statement.opening_minor -= balance.amount.minor;
            statement.closing_minor -= balance.amount.minor;
        }
    }
    let (mut entry, mut after): (Vec<LedgerLine>, _) = (Vec::new(), None);
    loop {
        let page = store.walk_ledger(merchant, (from, until), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.place);
        for line in page {
            let is_same = |first: &LedgerLine| {
                (first.place.order, first.place.event) == (line.place.order, line.place.event)
            };
            if !entry.first().is_none_or(is_same) {
                book(store, merchant, &mut statements, &std::mem::take(&mut entry)).await?;
            }
            entry.push(line);
        }
    }
    book(store, merchant, &mut statements, &entry).await?;
    let says_something = |statement: &Statement| {
        statement.opening_minor != 0 || statement.closing_minor != 0 || !statement.movements.is_empty()
    };
    Ok(statements.into_values().filter(says_something).collect())
}

fn opened(
    statements: &mut Statements,
    merchant: MerchantId,
    account: String,
    currency: Currency,
) -> &mut Statement {
    statements.entry((account.clone(), currency.code())).or_insert_with(|| Statement {
        merchant,
        account,
        currency,
        opening_minor: 0,
        movements: Vec::new(),
        closing_minor: 0,
    })
}

async fn book(
    store: &dyn Store,
    merchant: MerchantId,
    statements: &mut Statements,
    entry: &[LedgerLine],
) -> Result<(), StoreError> {
    let Some(first) = entry.first() else { return Ok(()) };
    if entry.iter().any(|line| line.account == LedgerAccount::LatePayments) {
        // Nobody's sale.
        return Ok(());
    }
    let place = first.place;
    let Some(order) = store.load_order(merchant, OrderKey::Number(place.order)).await? else {
        return Err(StoreError::Fault(format!("order {} has entries and is not there", place.order)));
    };
    let events = store.load_events(merchant, place.order).await?;
    let event = events.get((place.event as usize).wrapping_sub(1)).map(|(_, event)| event);
    let mut movement = movement(&order, place.at, event.map_or("unknown", kind));
    for line in entry {
        let minor = line.amount.minor;
        match &line.account {
            LedgerAccount::MerchantPayable(_) => movement.amount_minor -= minor,
            LedgerAccount::TipsPayable(_) => movement.tip_minor -= minor,
            LedgerAccount::FeeIncome => movement.fee_minor += minor,
            LedgerAccount::VatPayable => movement.vat_minor += minor,
            LedgerAccount::SettlementReceivable(_) => movement.settled_minor += minor,
            LedgerAccount::ChannelReceivable(_) | LedgerAccount::LatePayments => {}
        }
    }
    // What is owed to him for the sale is booked with our fee taken off.
    movement.amount_minor -= movement.fee_minor + movement.vat_minor;
    let statement = opened(statements, merchant, order.terms.account, first.amount.currency);
    statement.closing_minor += movement.net_minor();
    movement.balance_minor = statement.closing_minor;
    statement.movements.push(movement);
    Ok(())
}

fn movement(order: &Order, at: Timestamp, kind: &'static str) -> Movement {
    Movement {
        at,
        order: order.number,
        reference: order.reference.clone(),
        kind,
        method: order.method().map_or("", Method::as_str).to_owned(),
        amount_minor: 0,
        tip_minor: 0,
        fee_minor: 0,
        vat_minor: 0,
        settled_minor: 0,
        balance_minor: 0,
    }
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Paid { .. } | Event::Captured { .. } => "payment",
        Event::RefundSucceeded { .. } => "refund",
        Event::Voided => "void",
        Event::TipAdjusted { .. } => "tip_change",
        Event::Settled => "settlement",
        other => other.name(),
    }
}
