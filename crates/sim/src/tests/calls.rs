//! Every call there and back.

use super::*;
use crate::{Filter, ShopperAction, StateWord, Wallet};

#[test]
fn a_code_is_shown_scanned_and_paid() {
    let desk = desk();
    for (method, start) in [
        ("alipay", "https://qr.alipay.com/"),
        ("wechat", "weixin://wxpay/bizpayurl?pr="),
        ("unionpay", "https://qr.95516.com/"),
    ] {
        let payment = payment(method, Flow::MerchantPresented, "12.00");
        let code = desk.code(1_000, &payment);
        assert!(code.starts_with(start), "{code}");
        assert_eq!(desk.code(1_001, &payment), code, "a repeat gets the same code");
        assert_eq!(word(desk.ask(1_002, &Call::Query(payment.clone()))), "pending");

        let view = desk.world.scan(&code).unwrap();
        assert_eq!((view.amount.as_str(), view.payer_amount.as_str()), ("12.00", "55.00"));
        assert_eq!(view.seller, "Wine ＆ Co");
        desk.world.pay(&view.trade_no, 2_000).unwrap();
        let Some(Answer::Outcome(Outcome::Paid { channel_ref, at, .. })) =
            desk.ask(2_001, &Call::Query(payment.clone()))
        else {
            panic!("not paid");
        };
        assert_eq!(at, Timestamp::from_millis(2_000));
        let callbacks = desk.callbacks(2_002);
        let [Some(Callback { trade_no, amount, outcome: Outcome::Paid { channel_ref: told, .. } })] =
            &*callbacks
        else {
            panic!("{callbacks:?}");
        };
        assert_eq!(*amount, payment.amount);
        assert_eq!((trade_no, told), (&payment.trade_no, &channel_ref));
        assert_eq!(word(desk.ask(2_003, &Call::Close(payment.clone()))), "paid");
        assert_eq!(desk.charges(&payment), 1);
    }
    assert_eq!(desk.world.next_due(), None);
}

#[test]
fn a_bar_code_is_charged_once() {
    let (desk, payment) = (desk(), barcode("12.00"));
    let first = desk.ask(1_000, &Call::Charge(payment.clone()));
    assert_eq!(word(first.clone()), "paid");
    assert_eq!(desk.ask(9_000, &Call::Charge(payment.clone())), first);
    let ledger = desk.world.ledger(&payment.trade_no).unwrap();
    assert_eq!((ledger.charges, ledger.charged_minor, ledger.duplicate_charges), (1, 1_200, 1));
    assert!(desk.callbacks(9_000).is_empty(), "the answer said it all");

    for code in ["1234567890", "281234567890123456", ""] {
        let mut payment = barcode("12.00");
        payment.trade_no += code;
        payment.trade_no.push('x');
        payment.payer_code = Some(code.into());
        assert_eq!(word(desk.ask(1_000, &Call::Charge(payment))), "declined", "{code:?}");
    }
}

#[test]
fn codes_of_the_phone_can_be_charged() {
    let desk = desk();
    for wallet in Wallet::ALL {
        let code = desk.world.new_payer_code(wallet, 1_000);
        assert_ne!(code, desk.world.new_payer_code(wallet, 1_000));
        let mut payment = payment(wallet.word(), Flow::CustomerPresented, "3.00");
        payment.payer_code = Some(code.clone());
        assert_eq!(word(desk.ask(1_000, &Call::Charge(payment))), "paid");
        let seen = desk.world.payments(&Filter { payer_code: Some(code), ..Filter::default() });
        assert_eq!((seen.len(), seen[0].state), (1, StateWord::Paid));
    }
}

#[test]
fn refunds_are_counted_and_bounded() {
    let (desk, payment) = (desk(), barcode("10.00"));
    let ask = |number: &str, amount: &str| {
        word(desk.ask(2_000, &Call::Refund(payment.clone(), refund(number, amount))))
    };
    let query = |number: &str, amount: &str| {
        word(desk.ask(3_000, &Call::QueryRefund(payment.clone(), refund(number, amount))))
    };
    assert_eq!((ask("r0", "1.00"), query("r0", "1.00")), ("declined", "never heard of"));
    assert_eq!(word(desk.ask(1_000, &Call::Charge(payment.clone()))), "paid");
    assert_eq!((ask("r1", "4.00"), ask("r1", "4.00"), query("r1", "4.00")), ("paid", "paid", "paid"));
    assert_eq!(ask("r1", "5.00"), "unknown", "another amount under the same number");
    assert_eq!((ask("r2", "6.01"), query("r2", "6.01")), ("declined", "declined"));
    assert_eq!((ask("r3", "6.00"), query("r4", "6.00")), ("paid", "never heard of"));
    let ledger = desk.world.ledger(&payment.trade_no).unwrap();
    assert_eq!((ledger.refunds, ledger.refunded_minor, ledger.duplicate_refunds), (2, 1_000, 2));
    assert_eq!(desk.world.totals().net_minor["NZD"], 0);
}

#[test]
fn closing_what_never_arrived_keeps_it_from_arriving() {
    let (desk, payment) = (desk(), barcode("12.00"));
    assert_eq!(word(desk.ask(1_000, &Call::Query(payment.clone()))), "never heard of");
    assert_eq!(word(desk.ask(1_001, &Call::Close(payment.clone()))), "declined");
    assert_eq!(word(desk.ask(1_002, &Call::Charge(payment.clone()))), "declined");
    assert_eq!(word(desk.ask(1_003, &Call::Query(payment.clone()))), "declined");
    assert_eq!(desk.charges(&payment), 0);
}

#[test]
fn what_has_expired_cannot_be_paid() {
    let (desk, payment) = (desk(), qr("12.00"));
    desk.code(1_000, &payment);
    assert_eq!(desk.world.next_due(), Some(EXPIRES_MS));
    assert_eq!(desk.world.tick(EXPIRES_MS).unwrap(), 1);
    assert!(desk.world.pay(&payment.trade_no, EXPIRES_MS).is_err());
    assert_eq!(word(desk.ask(EXPIRES_MS, &Call::Query(payment))), "declined");
    assert_eq!(word(desk.ask(EXPIRES_MS, &Call::Charge(barcode("13.00")))), "declined");
}

#[test]
fn a_shopper_declines_or_walks_away() {
    let desk = desk();
    let (declined, left) = (qr("12.00"), qr("9.52"));
    desk.code(1_000, &declined);
    desk.code(1_000, &left);
    assert_eq!(desk.world.decline(&declined.trade_no, 1_100).unwrap().state, StateWord::Declined);
    assert!(desk.world.walk_away(&left.trade_no, 1_100).unwrap().walked_away);
    assert_eq!(callback_words(&desk.callbacks(60_000)), ["declined"]);
    assert_eq!(word(desk.ask(60_000, &Call::Query(left))), "pending");
    let listed = |state| desk.world.payments(&Filter { state: Some(state), ..Filter::default() }).len();
    assert_eq!((listed(StateWord::Pending), listed(StateWord::Declined), listed(StateWord::Paid)), (1, 1, 0));
}

fn order_str(desk: &Desk, payment: &Payment) -> String {
    let Some(Answer::Presented(Presentation::App(fields))) = desk.ask(1_000, &Call::Present(payment.clone()))
    else {
        panic!("no fields");
    };
    fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

#[test]
fn a_mini_app_pays() {
    let mut desk = desk();
    desk.channel = SimulatedWallet::new("simulated", KEY)
        .with_addresses("https://x.example/n?a=1&body=2", "https://x/&r");
    let app = |amount| payment("alipay", Flow::MiniApp, amount);
    let pay = |order: &str, action| desk.world.pay_app_order(order, action, 2_000).result_code;

    let order = order_str(&desk, &app("12.00"));
    assert_eq!(pay(&order.replace("total_fee=12.00", "total_fee=0.01"), ShopperAction::Pay), "4000");
    assert_eq!(pay(&order, ShopperAction::WalkAway), "6001");
    assert_eq!(pay(&order, ShopperAction::Pay), "9000");
    assert_eq!(pay(&order, ShopperAction::Pay), "4000");
    assert_eq!(word(desk.ask(2_000, &Call::Query(app("12.00")))), "paid");

    for (amount, code) in [("1.51", "4000"), ("1.53", "6004"), ("1.54", "6002"), ("1.55", "8000")] {
        assert_eq!(pay(&order_str(&desk, &app(amount)), ShopperAction::Pay), code, "{amount}");
    }
    assert_eq!(pay("", ShopperAction::Pay), "4000");
    assert_eq!(pay("&&=&service=create_forex_trade_wap", ShopperAction::Pay), "4000");
}

#[test]
fn a_mini_apps_fields_may_be_reordered() {
    let desk = desk();
    let order = order_str(&desk, &payment("alipay", Flow::MiniApp, "12.00"));
    let mut parts: Vec<_> = order.split('&').collect();
    parts.sort_unstable();
    let result = desk.world.pay_app_order(&parts.join("&"), ShopperAction::Pay, 2_000);
    assert_eq!(result.result_code, "9000", "{}", result.memo);
}
