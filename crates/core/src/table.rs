//! The transition table of orders, as data. `docs/states.md` is printed from it, `decide` is checked against it.

use std::fmt::Write as _;

/// From, command, to. A command that is not listed for a state is refused or changes nothing.
pub const TRANSITIONS: &[(&str, &str, &str)] = &[
    ("pending", "create", "pending"),
    ("pending", "present", "pending"),
    ("pending", "choose", "pending"),
    ("pending", "channel says pending", "pending"),
    ("pending", "channel says nothing", "pending"),
    ("pending", "channel says paid", "paid"),
    ("pending", "channel says paid", "pending"),
    ("pending", "channel says of refund", "pending"),
    ("pending", "channel says declined", "failed"),
    ("pending", "channel says declined", "pending"),
    ("pending", "cancel", "cancelled"),
    ("pending", "cancel", "closing"),
    ("pending", "expire", "pending"),
    ("pending", "expire", "failed"),
    ("pending", "expire", "closing"),
    ("closing", "create", "closing"),
    ("closing", "present", "closing"),
    ("closing", "choose", "closing"),
    ("closing", "channel says pending", "closing"),
    ("closing", "channel says nothing", "closing"),
    ("closing", "channel says paid", "paid"),
    ("closing", "channel says paid", "failed"),
    ("closing", "channel says paid", "closing"),
    ("closing", "channel says of refund", "closing"),
    ("closing", "channel says declined", "cancelled"),
    ("closing", "channel says declined", "failed"),
    ("closing", "channel says declined", "closing"),
    ("closing", "cancel", "closing"),
    ("closing", "expire", "closing"),
    ("paid", "channel says paid", "paid"),
    ("paid", "refund", "paid"),
    ("paid", "channel says of refund", "paid"),
    ("failed", "channel says paid", "failed"),
    ("failed", "channel says of refund", "failed"),
    ("cancelled", "channel says paid", "cancelled"),
    ("cancelled", "channel says of refund", "cancelled"),
    ("cancelled", "cancel", "cancelled"),
];

/// What only an order at a terminal can do, besides the arrows above.
pub const COUNTER_TRANSITIONS: &[(&str, &str, &str)] = &[
    ("pending", "offer", "pending"),
    ("pending", "take", "pending"),
    ("pending", "scan", "pending"),
    ("pending", "counter says paid", "paid"),
    ("pending", "counter says paid", "authorized"),
    ("pending", "counter says declined", "failed"),
    ("pending", "counter says nothing", "pending"),
    ("pending", "counter says pending", "pending"),
    ("closing", "counter says paid", "paid"),
    ("closing", "counter says paid", "authorized"),
    ("closing", "counter says declined", "cancelled"),
    ("closing", "counter says declined", "failed"),
    ("pending", "try card", "pending"),
    ("pending", "introduce", "pending"),
    ("pending", "counter says declined", "pending"),
    ("pending", "counter says paid", "pending"),
    ("closing", "counter says paid", "closing"),
    ("authorized", "increase", "authorized"),
    ("authorized", "acquirer says of increase", "authorized"),
    ("authorized", "reserve", "authorized"),
    ("authorized", "follow-up done", "paid"),
    ("authorized", "follow-up done", "voided"),
    ("authorized", "follow-up not done", "authorized"),
    ("paid", "counter says paid", "paid"),
    ("voided", "counter says paid", "voided"),
    ("paid", "reserve", "paid"),
    ("paid", "follow-up done", "paid"),
    ("paid", "follow-up done", "voided"),
    ("paid", "follow-up not done", "paid"),
    ("paid", "channel says of refund", "voided"),
    ("paid", "adjust tip", "paid"),
    ("paid", "acquirer says of tip", "paid"),
    ("paid", "settle", "paid"),
    ("voided", "channel says paid", "voided"),
    ("voided", "channel says of refund", "voided"),
    ("failed", "counter says paid", "failed"),
    ("cancelled", "counter says paid", "cancelled"),
];

/// Whether the tables have the arrow. A command that changes nothing is always allowed to.
pub fn allows(from: &str, command: &str, to: &str) -> bool {
    let stays = from == to && !matches!(from, "pending" | "closing");
    let is_counters = is_counters(command) && from == to;
    stays
        || is_counters
        || TRANSITIONS.contains(&(from, command, to))
        || COUNTER_TRANSITIONS.contains(&(from, command, to))
}

/// A command that only an order at a terminal takes; any other stays as it is.
fn is_counters(command: &str) -> bool {
    COUNTER_TRANSITIONS.iter().any(|(_, known, _)| *known == command) && command != "channel says of refund"
}

const NOTES: &str = "\
- `pending`: the payer may pay. `closing`: the channel is being asked to close the payment; the payer may still have paid.
- `paid`, `failed`, `cancelled` and `voided` are final: no later word changes them; only a void turns `paid` into `voided`.
- A cancelled or expired order the channel never heard of ends at once; any other goes through `closing`.
- `channel says declined` while `closing` means closed and unpaid: it ends as `cancelled` (the merchant asked) or `failed` (time ran out).
- `channel says paid` for an order that has ended unpaid is a late payment: the state stays, the money is given back whole.
- So is one by a choice the payer has given up for another wallet: whatever the state, that money goes back. Any other word on it changes nothing.
- A payment that turns up while `closing` counts, except where the terms say that after its time it goes back: then the order ends as `failed`.
- `channel says nothing` (a time-out, an unreadable answer) never moves an order: the channel is asked again.
- A bar code order that ends unpaid is asked about once more a minute later: its charge may have been on its way.
- At a terminal a card payment is nobody's guess: once the terminal may have it, cancelling and expiry go through `closing`.
- A card's order hears its terminal and the acquirer, a wallet's its channel, also at a counter; the other's word changes nothing.
- On a page a card that is declined leaves the order open: the payer may try another card, or a wallet, until its time is up.
- `authorized` holds money: a completion takes it (`paid`), a void lets it go. `voided`: undone before it was settled.
- A void, a refund, a completion is an order of its own; `follow-up done` is what it does to the order it acts on.
- A refund changes the order's funds, not its state: `refunded + refunding <= captured`.
";

/// The table as a page.
pub fn to_markdown() -> String {
    let mut page = String::from(
        "# States of an order\n\nPrinted from `crates/core/src/table.rs` by a test; do not edit.\n\n| from | command | to |\n|---|---|---|\n",
    );
    for (from, command, to) in TRANSITIONS {
        let _ = writeln!(page, "| {from} | {command} | {to} |");
    }
    page.push_str("\nOrders at a terminal, besides:\n\n| from | command | to |\n|---|---|---|\n");
    for (from, command, to) in COUNTER_TRANSITIONS {
        let _ = writeln!(page, "| {from} | {command} | {to} |");
    }
    page.push('\n');
    page.push_str(NOTES);
    page
}
