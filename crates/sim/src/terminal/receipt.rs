//! What comes out of the printer.
//!
//! Knows: the lines of a receipt and of a batch report. Deliberately does not know: when they are printed.

use super::frame::{Fields, text};
use super::order::Order;

/// A drawn line: 60 by 20 points, one bit each.
pub(super) const SIGNATURE: &str = "iVBORw0KGgoAAAANSUhEUgAAADwAAAAUAQAAAAD5eGOEAAAAZElEQVR42mP4DwUMJDMeQBiN/xvqQYx/\
DHVy9iDGnxoG+/lgBhCf/1/P8P/n/8P/n4MYn4Favv8DMp4DGZ+B8u/PAxk/f/5neCwPZPz5/J/hA9CM//+Y/zP8qAdZwg6z9D7CdgCDQY/0\
OHBpeQAAAABJRU5ErkJggg==";

/// The lines of the copies the order asks for.
pub(super) fn receipts(order: &Order, result: &Fields) -> Vec<String> {
    let copies = [(1, "MERCHANT COPY"), (2, "CUSTOMER COPY")];
    let wanted = copies.into_iter().filter(|(bit, _)| order.prints & bit != 0);
    wanted.flat_map(|(_, copy)| receipt(order, result, copy)).collect()
}

pub(super) fn receipt(order: &Order, result: &Fields, copy: &str) -> Vec<String> {
    let amount = |minor| if minor > 0 { order.print(minor) } else { String::new() };
    let card = format!("{} {}", text(result, "pay_method_id"), text(result, "card_no"));
    let lines = [
        ("", copy.to_owned()),
        ("", order.merchant_name.clone()),
        ("", order.trans_type.title().to_owned()),
        ("order", order.merchant_order_no.clone()),
        ("card", card.trim().to_owned()),
        ("auth", text(result, "auth_code").to_owned()),
        ("tip", amount(order.tip)),
        ("cashback", amount(order.cashback)),
        ("total", format!("{} {}", order.currency, order.print(order.total()))),
        ("", text(result, "trans_end_time").to_owned()),
    ];
    let filled = lines.into_iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| format!("{name} {value}").trim().to_owned()).collect()
}

pub(super) fn batch_report(biz: &Fields, count: i64) -> Vec<String> {
    let part = |name| text(biz, name);
    let (batch, currency, total) = (part("batch_no"), part("price_currency"), part("total_amount"));
    vec![
        format!("BATCH {batch} CLOSED"),
        format!("{count} transactions"),
        format!("total {currency} {total}").replace("  ", " "),
    ]
}
