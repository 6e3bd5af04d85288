//! Reads an order and everything about it, and says what does not fit together.

use std::collections::BTreeMap;

use tillgate_core::{LedgerAccount, NewOrder, Presentation, RefundState, replay};

use super::shop::Kept;

/// Settled or not.
fn is_receivable(account: &LedgerAccount) -> bool {
    matches!(account, LedgerAccount::ChannelReceivable(_) | LedgerAccount::SettlementReceivable(_))
}

/// Empty when the journal, the order, its refunds and its ledger tell the same.
pub fn audit(kept: &Kept) -> Vec<String> {
    let Some(order) = &kept.order else { return vec!["there is no order".into()] };
    let mut faults = Vec::new();
    let ordered = NewOrder {
        merchant: order.merchant,
        number: order.number,
        room: order.room.clone(),
        reference: order.reference.clone(),
        terms: order.terms.clone(),
        presentation: Presentation::None,
        card: None,
    };
    let retold = replay(ordered, &kept.events);
    if retold != *order {
        faults.push(format!("the journal tells of {retold:?}, the store of {order:?}"));
    }
    let sum = |wanted: fn(&RefundState) -> bool| -> i64 {
        let own = kept.refunds.iter().filter(|refund| !refund.reverses_late_payment);
        own.filter(|refund| wanted(&refund.state)).map(|refund| refund.amount_minor).sum()
    };
    let (open, done) = (
        sum(|state| matches!(state, RefundState::Requested)),
        sum(|state| matches!(state, RefundState::Succeeded { .. })),
    );
    if (open, done) != (order.funds.refunding_minor, order.funds.refunded_minor) {
        faults.push(format!("refunds of {open} open and {done} done, but {:?}", order.funds));
    }
    if open + done > order.funds.captured_minor {
        faults.push(format!("refunds of {} exceed {}", open + done, order.funds.captured_minor));
    }
    let mut by_event = BTreeMap::<u32, i64>::new();
    for (event, posting) in &kept.postings {
        *by_event.entry(*event).or_default() += posting.amount.minor;
    }
    if by_event.values().any(|sum| *sum != 0) {
        faults.push(format!("an entry does not balance: {:?}", kept.postings));
    }
    let receivable: i64 = kept
        .postings
        .iter()
        .filter(|(_, posting)| is_receivable(&posting.account))
        .map(|(_, posting)| posting.amount.minor)
        .sum();
    let late_open = kept.refunds.iter().filter(|refund| refund.reverses_late_payment);
    let late_open: i64 = late_open
        .filter(|refund| !matches!(refund.state, RefundState::Succeeded { .. }))
        .map(|refund| refund.amount_minor)
        .sum();
    if receivable != order.funds.captured_minor - order.funds.refunded_minor + late_open {
        faults.push(format!("{receivable} receivable, but {:?}", order.funds));
    }
    faults
}
