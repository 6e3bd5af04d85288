//! What a terminal says of an order, as a command. Whose order it is and whether the amounts can be right is checked
//! here; what follows from it is decided in `tillgate_core`.

use tillgate_channels::{CardCall, CardOutcome};
use tillgate_core::{
    Asked, Command, Facts, Flow, MerchantId, Money, Order, OrderState, Outcome, Timestamp, order::FailReason,
};
use tillgate_protocols::ecrhub::{self, AmountField, Ended, Meaning, ResultMessage, TerminalAnswer};
use tillgate_store::OrderKey;

use crate::channels::{self, read_trade_no, trade_no};
use crate::clock;
use crate::gateway::{Gateway, Problem};

/// Carries out an answer to an order or to the question how it stands. `None`: it is not this terminal's order.
pub async fn heard(
    gateway: &Gateway,
    merchant: MerchantId,
    terminal: &str,
    answer: TerminalAnswer,
) -> Result<Option<Order>, Problem> {
    let Some((theirs, number, 1)) = read_trade_no(&answer.result.trade_no) else { return Ok(None) };
    if theirs != merchant {
        return Ok(None);
    }
    let order = gateway.store.load_order(merchant, OrderKey::Number(number)).await?;
    let Some(order) = order.filter(|order| order.counter.is_some() && order.terms.terminal == terminal)
    else {
        return Ok(None);
    };
    let meaning = answer.meaning();
    if meaning == Meaning::InProgress {
        return gateway.apply(merchant, number, Command::Take, None).await.map(Some);
    }
    if order.terms.flow != Flow::CardPresent {
        return wallet_word(gateway, order, &meaning).await.map(Some);
    }
    let ended_unpaid = matches!(order.state, OrderState::Failed { .. } | OrderState::Cancelled { .. });
    if meaning == Meaning::Done && ended_unpaid && !order.terms.deed().follows_up() {
        return late_word(gateway, order).await.map(Some);
    }
    let signature = answer.result.signature_png.clone();
    let (outcome, facts) = card_word(&order, meaning, answer);
    let command = Command::CounterSays { choice: 1, asked: Asked::Charge, outcome, facts };
    gateway.apply_signed(merchant, number, command, (None, signature)).await.map(Some)
}

/// A wallet's money is the wallet's to tell; a cashier may give the order up.
async fn wallet_word(gateway: &Gateway, order: Order, meaning: &Meaning) -> Result<Order, Problem> {
    match meaning {
        Meaning::NotDone { .. } if order.state.is_open() => {
            gateway.apply(order.merchant, order.number, Command::Cancel, None).await
        }
        _ => Ok(order),
    }
}

/// Money for an order that ended without any: it is given back, but only money the acquirer knows of.
async fn late_word(gateway: &Gateway, order: Order) -> Result<Order, Problem> {
    let call = CardCall::Query { trade_no: trade_no(order.merchant, order.number, 1) };
    let answer = gateway.channels.ask_acquirer(&call).await;
    let facts = channels::facts_of(&answer);
    match answer.outcome {
        CardOutcome::NeverHeardOf | CardOutcome::Outcome(Outcome::Declined { .. }) => Ok(order),
        CardOutcome::Outcome(Outcome::Paid { .. }) if !channels::is_of_amount(&order, &answer) => {
            tracing::error!(order = %order.number, "a late payment of another amount");
            Err(Problem::Unavailable)
        }
        CardOutcome::Outcome(outcome @ Outcome::Paid { .. }) => {
            let command = Command::CounterSays { choice: 1, asked: Asked::Query, outcome, facts };
            gateway.apply(order.merchant, order.number, command, None).await
        }
        CardOutcome::Outcome(Outcome::Pending | Outcome::Unknown) | CardOutcome::Challenge { .. } => {
            Err(Problem::Unavailable)
        }
    }
}

fn card_word(order: &Order, meaning: Meaning, answer: TerminalAnswer) -> (Outcome, Facts) {
    let result = answer.result;
    let said = |tip_minor| Facts { slip: Some(result.slip.clone()), tip_minor, batch: None };
    match meaning {
        Meaning::Done => match charged_tip(order, &result) {
            Some(tip_minor) => {
                let slip = &result.slip;
                let channel_ref = match slip.ref_no.as_str() {
                    "" => result.trade_no.clone(),
                    ref_no => ref_no.to_owned(),
                };
                let payer = masked(slip);
                let at = ended_at(order, result.ended_at);
                (Outcome::Paid { channel_ref, payer, at }, said(Some(tip_minor)))
            }
            // It says that money moved, but not how much: the acquirer knows.
            None => (Outcome::Unknown, Facts::default()),
        },
        Meaning::NotDone { code, message } => {
            (Outcome::Declined { reason: format!("{code:03} {message}") }, said(None))
        }
        Meaning::InProgress | Meaning::DoesNotKnow => (Outcome::Unknown, Facts::default()),
    }
}

/// The tip that was charged, if the amounts are those of the order.
fn charged_tip(order: &Order, result: &ecrhub::TerminalResult) -> Option<i64> {
    let currency = order.terms.amount.currency;
    let read = |field| result.minor(field, currency).ok();
    let (total, tip, cashback) =
        (read(AmountField::Trans)?, read(AmountField::Tip)?, read(AmountField::Cashback)?);
    let counter = order.terms.counter?;
    let tip_is_allowed = tip == order.tip_minor() || counter.asks_tip && tip >= 0;
    let fits = tip_is_allowed && cashback == counter.cashback_minor && tip <= Money::LIMIT_MINOR;
    (fits && total == order.terms.with_tip(tip).minor).then_some(tip)
}

/// `411111****1111`, or nothing.
pub fn masked(slip: &tillgate_core::Slip) -> String {
    match (slip.first_six.as_str(), slip.last_four.as_str()) {
        ("", _) | (_, "") => String::new(),
        (first, last) => format!("{first}****{last}"),
    }
}

/// The terminal's clock counts only where it can be right.
fn ended_at(order: &Order, said: Option<Timestamp>) -> Timestamp {
    let now = clock::now();
    // Whole seconds: it may seem to have ended just before it began.
    let earliest = order.terms.created_at.plus_s(-1);
    said.filter(|at| (earliest..=now).contains(at)).unwrap_or(now)
}

/// What a terminal is told of an order that has ended; `None` while it has not.
pub fn ended(order: &Order, now: Timestamp) -> Option<String> {
    let (ended, message) = match &order.state {
        OrderState::Pending | OrderState::Closing(_) => return None,
        OrderState::Paid { .. } | OrderState::Authorized { .. } => (Ended::Paid, None),
        OrderState::Voided { .. } => (Ended::TakenBack, None),
        OrderState::Failed { reason: FailReason::Declined(reason), .. } => {
            (Ended::NotPaid, Some(reason.as_str()))
        }
        OrderState::Failed { reason: FailReason::Expired, .. } => (Ended::NotPaid, Some("expired")),
        OrderState::Cancelled { .. } => (Ended::NotPaid, Some("cancelled")),
    };
    let trade_no = trade_no(order.merchant, order.number, 1);
    let brand =
        order.counter.as_ref().and_then(|counter| counter.slip.as_ref()).map(|slip| slip.brand.as_str());
    let is_paid = ended != Ended::NotPaid;
    let message = ResultMessage {
        trade_no: &trade_no,
        ended,
        trans_amount: is_paid.then(|| order.total()),
        pay_method_id: brand.filter(|brand| !brand.is_empty()),
        message,
    };
    Some(ecrhub::result(&trade_no, &message, now))
}
