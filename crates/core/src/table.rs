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

/// Whether the table has the arrow. A final state always stays as it is.
pub fn allows(from: &str, command: &str, to: &str) -> bool {
    let is_final = matches!(from, "paid" | "failed" | "cancelled");
    (is_final && from == to) || TRANSITIONS.contains(&(from, command, to))
}

const NOTES: &str = "\
- `pending`: the payer may pay. `closing`: the channel is being asked to close the payment; the payer may still have paid.
- `paid`, `failed` and `cancelled` are final: no later word changes them.
- A cancelled or expired order the channel never heard of ends at once; any other goes through `closing`.
- `channel says declined` while `closing` means closed and unpaid: it ends as `cancelled` (the merchant asked) or `failed` (time ran out).
- `channel says paid` for an order that has ended unpaid is a late payment: the state stays, the money is given back whole.
- So is one by a choice the payer has given up for another wallet: whatever the state, that money goes back. Any other word on it changes nothing.
- A payment that turns up while `closing` counts, except where the terms say that after its time it goes back: then the order ends as `failed`.
- `channel says nothing` (a time-out, an unreadable answer) never moves an order: the channel is asked again.
- A bar code order that ends unpaid is asked about once more a minute later: its charge may have been on its way.
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
    page.push('\n');
    page.push_str(NOTES);
    page
}
