//! An order as its terminal is sent it.

use tillgate_core::{Money, Order, Presentation, Timestamp};
use tillgate_protocols::codepay::terms::kept;
use tillgate_protocols::codepay::view;
use tillgate_protocols::ecrhub::{self, OrderMessage};

use crate::channels::trade_no;

/// `seller`: the name on the screen.
pub fn order_frame(order: &Order, seller: &str, now: Timestamp) -> String {
    let kept = |name: &str| order.terms.particulars.get(name).map(String::as_str);
    let number = |name: &str| kept(name).and_then(|text| text.parse::<u8>().ok());
    let is_on = |name: &str| kept(name).is_some();
    let counter = order.terms.counter;
    let own = trade_no(order.merchant, order.number, 1);
    let original = counter.and_then(|counter| counter.original);
    let original = original.map(|original| trade_no(order.merchant, original, 1));
    let left_s = order.terms.expires_at.since_ms(now).max(0) / 1_000;
    let scenario = view::pay_scenario(order);
    let currency = order.terms.amount.currency;
    ecrhub::order(
        &OrderMessage {
            trade_no: &own,
            orig_trade_no: original.as_deref(),
            trans_no: &view::order_trans_no(order),
            merchant_order_no: &order.reference,
            orig_merchant_order_no: kept(kept::ORIGINAL),
            trans_type: view::trans_type(order).number(),
            order_amount: Money::new(order.terms.amount.minor, currency),
            tip_minor: order.tip_minor(),
            cashback_minor: counter.map_or(0, |counter| counter.cashback_minor),
            pay_scenario: scenario.map_or("SWIPE_CARD", |scenario| scenario.word()),
            pay_method_id: kept(kept::PAY_METHOD),
            card_type: number(kept::CARD_TYPE),
            qr_code: match &order.presentation {
                Presentation::Code(text) => Some(text),
                _ => None,
            },
            on_screen_tip: counter.is_some_and(|counter| counter.asks_tip),
            on_screen_signature: !is_on(kept::NO_SIGNATURE),
            confirm_on_terminal: is_on(kept::CONFIRM),
            required_terminal_authentication: is_on(kept::AUTHENTICATE),
            receipt_print_mode: number(kept::RECEIPT_PRINT).unwrap_or(0),
            expires_s: u32::try_from(left_s).unwrap_or(u32::MAX),
            order_queue_mode: kept(kept::QUEUE_MODE),
            attach: kept(kept::ATTACH),
            description: Some(&order.terms.description),
            merchant_name: Some(seller),
        },
        now,
    )
}
