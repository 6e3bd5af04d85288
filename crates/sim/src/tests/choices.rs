//! An order whose payer chose another wallet: a trade for each choice, `1-33` and `1-33.2`.

use super::*;
use crate::{CLOSED_TO_LATE_MS, Config, Filter, Ledger, StateWord, Totals};

const FIRST: &str = "1-2018071000000033";
const SECOND: &str = "1-2018071000000033.2";

fn chosen(trade_no: &str, method: &str, amount: &str) -> Payment {
    Payment { trade_no: trade_no.into(), ..payment(method, Flow::HostedPage, amount) }
}

/// Alipay was shown and closed, then WeChat Pay was shown.
fn switch(desk: &Desk, amount: &str) -> (Payment, Payment) {
    let (first, second) = (chosen(FIRST, "alipay", amount), chosen(SECOND, "wechat", amount));
    desk.code(1_000, &first);
    assert_eq!(word(desk.ask(2_000, &Call::Close(first.clone()))), "declined");
    desk.code(2_001, &second);
    (first, second)
}

fn ledgers(desk: &Desk) -> [Ledger; 2] {
    desk.world.ledgers().try_into().unwrap()
}

#[test]
fn each_choice_is_a_trade_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("world.jsonl");
    let open = || Desk {
        world: World::open(Config { key: KEY.into(), journal: Some(journal.clone()) }).unwrap(),
        ..desk()
    };
    let desk = open();
    let (first, second) = switch(&desk, "12.00");
    assert!(desk.world.pay(FIRST, 2_002).is_err(), "it is closed");
    assert_eq!(desk.world.scan(&desk.code(2_003, &second)).unwrap().trade_no, SECOND);
    assert_eq!(desk.world.pay(SECOND, 2_004).unwrap().state, StateWord::Paid);
    let callbacks = desk.callbacks(2_005);
    assert_eq!(callbacks[0].as_ref().unwrap().trade_no, SECOND);
    let back = RefundOrder { refund_no: format!("{SECOND}-1"), amount: money("5.00", "NZD") };
    assert_eq!(word(desk.ask(2_006, &Call::Refund(second.clone(), back.clone()))), "paid");
    drop(desk);

    let desk = open();
    assert_eq!(word(desk.ask(3_000, &Call::Query(first))), "declined");
    assert_eq!(word(desk.ask(3_000, &Call::Query(second.clone()))), "paid");
    assert_eq!(word(desk.ask(3_000, &Call::QueryRefund(second, back))), "paid");
    let view = desk.world.payment(SECOND).unwrap();
    assert_eq!((view.late, view.refunds[0].refund_no.as_str()), (false, "1-2018071000000033.2-1"));
    assert_eq!(desk.world.payments(&Filter::default()).len(), 2);
    let [one, two] = ledgers(&desk);
    assert_eq!((one.trade_no.as_str(), two.trade_no.as_str()), (FIRST, SECOND));
    assert_eq!((one.order.as_str(), two.order.as_str()), (FIRST, FIRST));
    assert_eq!((one.charges, two.charges, two.charged_minor, two.refunded_minor), (0, 1, 1_200, 500));
    let totals = desk.world.totals();
    assert_eq!((totals.orders, totals.trades, totals.charges, totals.late_charges), (1, 2, 1, 0));
}

/// The payer's first wallet takes the money after it was closed, the second one as usual.
#[test]
fn late_money_of_the_first_wallet_is_told_apart() {
    let desk = desk();
    let (first, second) = switch(&desk, "12.55");
    assert_eq!(desk.world.pay(SECOND, 2_500).unwrap().state, StateWord::Paid);
    assert_eq!(desk.world.payment(SECOND).unwrap().rule, None);
    assert_eq!(callback_words(&desk.callbacks(3_000)), ["paid"]);

    let callbacks = desk.callbacks(2_000 + CLOSED_TO_LATE_MS);
    assert_eq!(callback_words(&callbacks), ["paid"]);
    assert_eq!(callbacks[0].as_ref().unwrap().trade_no, FIRST);
    let view = desk.world.payment(FIRST).unwrap();
    assert_eq!((view.state, view.late, view.rule), (StateWord::Paid, true, Some(55)));
    let money_of = |totals: &Totals| (totals.net_minor["NZD"], totals.late_net_minor["NZD"]);
    let totals = desk.world.totals();
    assert_eq!((totals.orders, totals.charges, totals.late_charges), (1, 2, 1));
    assert_eq!(money_of(&totals), (2_510, 1_255), "the wallets have been paid twice");

    let back = RefundOrder { refund_no: format!("{FIRST}-1"), amount: first.amount };
    assert_eq!(word(desk.ask(5_000, &Call::Refund(first, back))), "paid");
    assert_eq!(money_of(&desk.world.totals()), (1_255, 0));
    let [one, two] = ledgers(&desk);
    assert_eq!((one.late, one.charged_minor, one.refunded_minor), (true, 1_255, 1_255));
    assert_eq!((two.late, two.charged_minor, two.refunded_minor), (false, 1_255, 0));
    assert_eq!(word(desk.ask(5_001, &Call::Query(second))), "paid");
}

#[test]
fn what_expired_and_was_paid_is_late_too() {
    let desk = desk();
    desk.code(1_000, &chosen(FIRST, "alipay", "12.55"));
    desk.world.tick(EXPIRES_MS + CLOSED_TO_LATE_MS).unwrap();
    assert!(desk.world.ledger(FIRST).unwrap().late);
}

#[test]
fn a_refunds_number_belongs_to_one_trade() {
    let desk = desk();
    let (first, second) = (chosen(FIRST, "alipay", "12.00"), chosen(SECOND, "wechat", "12.00"));
    for payment in [&first, &second] {
        desk.code(1_000, payment);
        desk.world.pay(&payment.trade_no, 1_001).unwrap();
    }
    let back = RefundOrder { refund_no: format!("{FIRST}-1"), amount: money("5.00", "NZD") };
    assert_eq!(word(desk.ask(2_000, &Call::Refund(first, back.clone()))), "paid");
    let foreign = desk.ask(2_001, &Call::Refund(second.clone(), back.clone()));
    assert_eq!(foreign, Some(Answer::Outcome(Outcome::Declined { reason: "REFUND_NO_USED".into() })));
    assert_eq!(word(desk.ask(2_002, &Call::QueryRefund(second, back))), "never heard of");
    assert_eq!(ledgers(&desk).map(|ledger| ledger.refunded_minor), [500, 0]);
}

#[test]
fn alipays_mini_app_pays_a_later_choice() {
    let desk = desk();
    let payment = Payment { flow: Flow::MiniApp, ..chosen(SECOND, "alipay", "12.00") };
    let Some(Answer::Presented(Presentation::App(fields))) = desk.ask(1_000, &Call::Present(payment)) else {
        panic!("no fields");
    };
    let order: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert!(order.contains(&format!("out_trade_no={SECOND}")));
    let result = desk.world.pay_app_order(&order.join("&"), crate::ShopperAction::Pay, 2_000);
    assert_eq!(result.result_code, "9000", "{}", result.memo);
}
