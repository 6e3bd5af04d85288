//! What an order did at its channel: each operation with the number it has there.

use tillgate_channels::CARD;
use tillgate_core::{Deed, Event, Money, Order, Refund, RefundNo, RefundState, Timestamp};
use tillgate_store::{StatementKind, StatementLine};

use crate::channels::{refund_order, trade_no};

/// Whether we hold it for done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    Done,
    /// We do not know yet.
    Open,
    /// It came to nothing.
    Not,
}

impl Made {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Open => "open",
            Self::Not => "not done",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub trade_no: String,
    /// What it follows; empty if nothing.
    pub original: String,
    pub kind: StatementKind,
    pub amount: Money,
    pub made: Made,
    /// When it was done, or asked for.
    pub at: Timestamp,
    /// The choice of the payer's it belongs to.
    pub choice: u32,
}

impl Operation {
    pub fn differs_from(&self, line: &StatementLine) -> Vec<&'static str> {
        let differs = [
            ("state", self.made != Made::Done),
            ("kind", self.kind != line.kind),
            ("amount", self.amount.minor != line.amount_minor),
            ("currency", self.amount.currency != line.currency),
            ("original", self.original != line.original_trade_no),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what).collect()
    }
}

/// Of an order that takes money, and of all that was done to it. One that acts on another has none of its own.
pub fn operations(order: &Order, events: &[(Timestamp, Event)], refunds: &[Refund]) -> Vec<Operation> {
    if order.terms.deed().follows_up() {
        return Vec::new();
    }
    let mut made = Vec::new();
    for choice in 1..=order.choice() {
        made.push(charge(order, events, refunds, choice));
    }
    for (at, event) in events {
        if let Event::CaptureRequested { by, amount_minor, .. } = event {
            made.push(capture(order, events, (*by, *amount_minor, *at)));
        }
    }
    made.extend(refunds.iter().map(|refund| given_back(order, refund)));
    made
}

/// The payment itself, by one of the payer's choices.
fn charge(order: &Order, events: &[(Timestamp, Event)], refunds: &[Refund], choice: u32) -> Operation {
    let is_held = order.terms.deed() == Deed::Authorization;
    let late = events.iter().find_map(|(at, event)| match event {
        Event::LatePayment { refund, choice: late, .. } if *late == choice => Some((*at, *refund)),
        _ => None,
    });
    let paid_at = events.iter().find_map(|(_, event)| match event {
        Event::Paid { at, .. } | Event::Authorized { at, .. } => Some(*at),
        _ => None,
    });
    let is_counting = choice == order.choice();
    let (made, at, minor) = match (late, paid_at) {
        (Some((at, RefundNo(number))), _) => {
            let refund = refunds.iter().find(|refund| refund.number.0 == number);
            (Made::Done, at, refund.map_or_else(|| order.total().minor, |refund| refund.amount_minor))
        }
        (None, Some(at)) if is_counting => {
            let minor = if is_held { order.authorized_minor() } else { order.funds.captured_minor };
            (Made::Done, at, minor)
        }
        _ => {
            let made = if is_counting && order.state.is_open() { Made::Open } else { Made::Not };
            (made, order.terms.created_at, order.total().minor)
        }
    };
    Operation {
        trade_no: trade_no(order.merchant, order.number, choice),
        original: String::new(),
        kind: if is_held { StatementKind::Authorization } else { StatementKind::Sale },
        amount: Money::new(minor, order.terms.amount.currency),
        made,
        at,
        choice,
    }
}

fn capture(
    order: &Order,
    events: &[(Timestamp, Event)],
    (by, amount_minor, asked_at): (tillgate_core::OrderNo, i64, Timestamp),
) -> Operation {
    let end = events.iter().find_map(|(_, event)| match event {
        Event::Captured { by: done, at, .. } if *done == by => Some((Made::Done, *at)),
        Event::CaptureFailed { by: failed } if *failed == by => Some((Made::Not, asked_at)),
        _ => None,
    });
    let (made, at) = end.unwrap_or((Made::Open, asked_at));
    // A tip that was changed later is in it.
    let minor = if made == Made::Done { order.funds.captured_minor } else { amount_minor };
    Operation {
        trade_no: trade_no(order.merchant, by, 1),
        original: trade_no(order.merchant, order.number, order.choice()),
        kind: StatementKind::Capture,
        amount: Money::new(minor, order.terms.amount.currency),
        made,
        at,
        choice: order.choice(),
    }
}

fn given_back(order: &Order, refund: &Refund) -> Operation {
    let (made, at) = match &refund.state {
        RefundState::Requested => (Made::Open, refund.requested_at),
        RefundState::Succeeded { at, .. } => (Made::Done, *at),
        RefundState::Failed { .. } => (Made::Not, refund.requested_at),
    };
    let is_card = order.method_of(refund.choice).is_some_and(|method| method.as_str() == CARD);
    let number = match refund.means.carried_by {
        Some(carrier) => trade_no(order.merchant, carrier, 1),
        None => refund_order(order, refund).refund_no,
    };
    Operation {
        trade_no: number,
        original: trade_no(order.merchant, order.number, refund.choice),
        // A wallet knows refunds only.
        kind: if refund.means.is_void && is_card { StatementKind::Void } else { StatementKind::Refund },
        amount: Money::new(refund.amount_minor, order.terms.amount.currency),
        made,
        at,
        choice: refund.choice,
    }
}
