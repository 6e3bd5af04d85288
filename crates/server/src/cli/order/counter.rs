//! What `order show` says of an order at a terminal, besides what every order has.

use tillgate_core::Money;
use tillgate_core::{
    CardKind, Counter, CounterTerms, Deed, Entry, Flow, MerchantId, Order, OrderNo, OrderState, Pending,
    Slip, Stage,
};
use tillgate_store::{OrderKey, Store};

use super::{one_line, say};

/// Amounts as they are now: the tip may have come later, and what is held may not be taken yet.
pub fn show_amounts(order: &Order, counter: &CounterTerms) {
    let terms = &order.terms;
    let currency = terms.amount.currency;
    let show = |name: &str, minor: i64| {
        if minor != 0 {
            say(&format!("{name:<10} {:?}", Money::new(minor, currency)));
        }
    };
    say(&format!("amount     {:?}", terms.amount));
    if terms.deed() == Deed::Authorization && order.funds.captured_minor > 0 {
        // What was taken need not be what was held, and the tip is the completion's.
        show("authorized", order.authorized_minor());
        show("captured", order.funds.captured_minor);
        show("of it tip", order.tip_minor());
        return;
    }
    show("tip", order.tip_minor());
    show("cashback", counter.cashback_minor);
    let payer = match terms.payer_currency == currency {
        true => String::new(),
        false => format!(" = {:?} at {}", terms.payer_amount(), terms.payer_rate),
    };
    say(&format!("total      {:?}{payer}", order.total()));
    show("authorized", order.authorized_minor());
}

pub async fn show(
    store: &dyn Store,
    order: &Order,
    (terms, counter): (&CounterTerms, &Counter),
) -> anyhow::Result<()> {
    let mut deed = terms.deed.as_str().to_owned();
    if let Some(original) = terms.original {
        deed += &format!(", acts on {}", named(store, order.merchant, original).await?);
    }
    say(&format!("deed       {deed}"));
    say(&format!("stage      {}", stage(order, counter)));
    if let Some(slip) = &counter.slip {
        say(&format!("slip       {}", slip_words(slip)));
    }
    if let Some(place) = &counter.batch {
        let settled = match order.state {
            OrderState::Voided { .. } => "not in its total",
            _ if counter.is_settled => "settled",
            _ => "not settled",
        };
        say(&format!("batch      {} of {}, {settled}", place.number, one_line(&place.terminal)));
    }
    if let Some(pending) = counter.pending {
        say(&format!("pending    {}", pending_words(order, pending)));
    }
    Ok(())
}

/// Our number of an order, and the merchant's.
async fn named(store: &dyn Store, merchant: MerchantId, number: OrderNo) -> anyhow::Result<String> {
    let order = store.load_order(merchant, OrderKey::Number(number)).await?;
    Ok(match order {
        Some(order) => format!("{number} ({})", one_line(&order.reference)),
        None => number.to_string(),
    })
}

/// How far it came on its way to the screen, and who is asked if nobody knows how it ended.
fn stage(order: &Order, counter: &Counter) -> &'static str {
    let is_unknown = counter.is_unknown && order.state.is_open();
    let is_card = order.terms.flow == Flow::CardPresent;
    match (counter.stage, &order.state) {
        _ if is_unknown => "taken; the terminal does not know how it ended, the acquirer is asked",
        (_, OrderState::Closing(_)) if is_card => "being closed at the terminal and at the acquirer",
        (Stage::Waiting, state) if state.is_open() => "waiting; the terminal has not been sent it",
        (Stage::Waiting, _) => "waiting; it never reached the terminal",
        (Stage::Offered, _) => "offered; the terminal was sent it and has not said that it has it",
        (Stage::Taken, _) => "taken by the terminal",
    }
}

/// What may be kept of a card: never more than six and four digits.
fn slip_words(slip: &Slip) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            words.push(format!("{name}{}", one_line(value)));
        }
    };
    add("", &slip.brand);
    if let Some(card) = tillgate_protocols::codepay::masked_pan(&slip.first_six, &slip.last_four) {
        add("", &card);
    }
    add("", slip.kind.map_or("", kind_word));
    add("", slip.entry.map_or("", entry_word));
    add("auth ", &slip.auth_code);
    add("ref ", &slip.ref_no);
    if let Some((code, message)) = &slip.refused {
        add("refused ", &format!("{code} {message}"));
    }
    add("", if slip.is_signed { "signed" } else { "" });
    if words.is_empty() { "-".into() } else { words.join(", ") }
}

fn kind_word(kind: CardKind) -> &'static str {
    match kind {
        CardKind::Debit => "debit",
        CardKind::Credit => "credit",
        CardKind::Ebt => "EBT",
        CardKind::Gift => "gift",
    }
}

fn entry_word(entry: Entry) -> &'static str {
    match entry {
        Entry::Swipe => "swiped",
        Entry::Chip => "chip",
        Entry::Contactless => "contactless",
        Entry::Manual => "typed in",
    }
}

fn pending_words(order: &Order, pending: Pending) -> String {
    let money = |minor| Money::new(minor, order.terms.amount.currency);
    match pending {
        Pending::Capture { by, amount_minor, tip_minor: 0 } => {
            format!("a completion of {:?} by order {by}", money(amount_minor))
        }
        Pending::Capture { by, amount_minor, tip_minor } => {
            format!("a completion of {:?}, tip {:?}, by order {by}", money(amount_minor), money(tip_minor))
        }
        Pending::Increase { number, amount_minor } => {
            format!("increase {number}: {:?} more are to be held", money(amount_minor))
        }
        Pending::Void { refund } => format!("a void, refund {}", refund.0),
        Pending::Tip { tip_minor } => format!("the tip is to become {:?}", money(tip_minor)),
    }
}
