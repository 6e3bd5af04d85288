//! WeChat mini programs: who pays is known beforehand, and only he can.

use tillgate_core::AppPayer;

use super::*;
use crate::{Filter, ShopperAction, StateWord};

const APP: &str = "wx8888888888888888";
const PAYER: &str = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";

fn order(amount: &str) -> Payment {
    let app_payer = Some(AppPayer { app_id: APP.into(), payer_id: PAYER.into() });
    Payment { app_payer, ..payment("wechat", Flow::MiniApp, amount) }
}

fn fields(desk: &Desk, payment: &Payment) -> Vec<(String, String)> {
    match desk.ask(1_000, &Call::Present(payment.clone())) {
        Some(Answer::Presented(Presentation::App(fields))) => fields,
        other => panic!("no fields: {other:?}"),
    }
}

/// As OTT Pay's `payInfo`.
fn pay_info(fields: &[(String, String)]) -> String {
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name:?}:{value:?}")).collect();
    format!("{{{}}}", pairs.join(","))
}

fn pay(desk: &Desk, info: &str) -> String {
    desk.world.pay_mini_program(info, PAYER, ShopperAction::Pay, 2_000).err_msg
}

const REFUSED: &str = "requestPayment:fail the fields cannot be read or their signature is wrong";

#[test]
fn the_payer_pays() {
    let desk = desk();
    let fields = fields(&desk, &order("12.00"));
    let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.join(" "), "appId timeStamp nonceStr packageStr signType paySign");
    let prepay_id = fields[3].1.strip_prefix("prepay_id=").unwrap();
    assert!(prepay_id.len() == 36 && prepay_id.starts_with("wx"), "{prepay_id}");
    assert_eq!((fields[0].1.as_str(), fields[1].1.as_str(), fields[2].1.len()), (APP, "1", 32));
    assert_eq!(self::fields(&desk, &order("12.00")), fields, "a repeat gets the same");

    let info = pay_info(&fields);
    let leave = |action| desk.world.pay_mini_program(&info, PAYER, action, 2_000).err_msg;
    assert_eq!(leave(ShopperAction::WalkAway), "requestPayment:fail cancel");
    assert_eq!(desk.world.scan(&info).unwrap().trade_no, order("12.00").trade_no);
    let result = desk.world.pay_mini_program(&info, PAYER, ShopperAction::Pay, 2_000);
    assert_eq!(result.err_msg, "requestPayment:ok");
    let view = result.payment.unwrap();
    assert_eq!((view.state, view.app_id.as_str(), view.payer.as_str()), (StateWord::Paid, APP, PAYER));
    assert_eq!(pay(&desk, &info), "requestPayment:fail the payment is not open any more");

    let Some(Answer::Outcome(Outcome::Paid { payer, .. })) = desk.ask(2_001, &Call::Query(order("12.00")))
    else {
        panic!("not paid");
    };
    assert_eq!(payer, PAYER);
    assert_eq!(callback_words(&desk.callbacks(2_001)), ["paid"]);
    assert_eq!(word(desk.ask(2_002, &Call::Refund(order("12.00"), refund("r1", "12.00")))), "paid");
}

#[test]
fn a_mini_program_may_call_the_package_by_wechats_name() {
    let desk = desk();
    let info = pay_info(&fields(&desk, &order("12.00"))).replace("packageStr", "package");
    assert_eq!(pay(&desk, &info), "requestPayment:ok");
}

#[test]
fn rules_reach_the_mini_program() {
    let desk = desk();
    for (amount, said) in [
        ("1.51", "fail declined"),
        ("1.53", "fail the result is not known"),
        ("1.54", "fail no connection"),
        ("1.55", "fail in progress"),
        ("1.56", "ok"),
    ] {
        let info = pay_info(&fields(&desk, &order(amount)));
        assert_eq!(pay(&desk, &info), format!("requestPayment:{said}"), "{amount}");
    }
}

#[test]
fn forged_and_foreign_fields_pay_nothing() {
    let desk = desk();
    let (mine, other) = (fields(&desk, &order("12.00")), fields(&desk, &order("13.00")));
    for position in 0..6 {
        let mut altered = mine.clone();
        altered[position].1.push('1');
        assert_eq!(pay(&desk, &pay_info(&altered)), REFUSED, "{}", altered[position].0);
        let mut without = mine.clone();
        without.remove(position);
        assert_eq!(pay(&desk, &pay_info(&without)), REFUSED, "{}", mine[position].0);
        let mut twice = mine.clone();
        twice.push(mine[position].clone());
        assert_eq!(pay(&desk, &pay_info(&twice)), REFUSED, "{}", mine[position].0);
    }
    let mut mixed = mine.clone();
    mixed[3] = other[3].clone();
    assert_eq!(pay(&desk, &pay_info(&mixed)), REFUSED, "another payment's prepay id");
    for nonsense in ["", "{}", "[]", "null", "appId=1&paySign=2", &"[".repeat(10_000)] {
        assert_eq!(pay(&desk, nonsense), REFUSED, "{nonsense}");
    }
    let elsewhere = super::desk();
    assert!(pay(&elsewhere, &pay_info(&mine)).contains("does not know"), "another sandbox with the same key");
    let stranger = Desk { world: World::in_memory("another key"), ..super::desk() };
    assert_eq!(pay(&stranger, &pay_info(&mine)), REFUSED);
    assert_eq!(desk.world.totals().charges, 0);
}

#[test]
fn another_payer_pays_nothing() {
    let desk = desk();
    let info = pay_info(&fields(&desk, &order("12.00")));
    for payer in ["", "oSomebodyElse"] {
        let result = desk.world.pay_mini_program(&info, payer, ShopperAction::Pay, 2_000);
        assert_eq!(result.err_msg, "requestPayment:fail the payment is another payer's");
        assert_eq!(result.payment, None);
    }
    assert_eq!(word(desk.ask(2_001, &Call::Query(order("12.00")))), "pending");
}

#[test]
fn a_payment_needs_its_payer_and_keeps_him() {
    let desk = desk();
    let payer = |app_id: &str, payer_id: &str| Payment {
        app_payer: Some(AppPayer { app_id: app_id.into(), payer_id: payer_id.into() }),
        ..order("12.00")
    };
    let nobody = Payment { app_payer: None, ..order("12.00") };
    for lacking in [nobody.clone(), payer("", PAYER), payer(APP, "")] {
        let refused = Answer::Outcome(Outcome::Declined { reason: "OPENID_MISSING".into() });
        assert_eq!(desk.ask(1_000, &Call::Present(lacking)), Some(refused));
    }
    assert!(desk.world.payments(&Filter::default()).is_empty(), "nothing was made");
    assert_eq!(word(desk.ask(1_000, &Call::Query(nobody.clone()))), "never heard of");

    fields(&desk, &order("12.00"));
    for other in [payer(APP, "oSomebodyElse"), payer("wxAnother", PAYER)] {
        assert_eq!(word(desk.ask(1_001, &Call::Present(other))), "unknown");
    }
    assert_eq!(word(desk.ask(1_002, &Call::Close(nobody))), "declined", "closing needs no payer");
    assert_eq!(word(desk.ask(1_003, &Call::Present(order("12.00")))), "declined", "it is closed");
}

#[test]
fn odd_names_of_app_and_payer_are_kept_apart_from_the_signature() {
    let desk = desk();
    let app_payer = Some(AppPayer { app_id: "wx&timeStamp=9".into(), payer_id: "o&1=2\"\\".into() });
    let odd = fields(&desk, &Payment { app_payer, ..order("12.00") });
    assert_eq!(odd[0].1, "wx＆timeStamp=9");
    let result = desk.world.pay_mini_program(&pay_info(&odd), "o＆1=2\"\\", ShopperAction::Pay, 2_000);
    assert_eq!(result.err_msg, "requestPayment:ok");
}

#[test]
fn prepay_ids_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world.jsonl");
    let open = || {
        let config = crate::Config { key: KEY.into(), journal: Some(path.clone()) };
        Desk { world: World::open(config).unwrap(), ..desk() }
    };
    let info = pay_info(&fields(&open(), &order("12.00")));
    assert_eq!(pay(&open(), &info), "requestPayment:ok");
}

#[test]
fn alipays_and_wechats_fields_do_not_pass_for_each_other() {
    let desk = desk();
    let alipay = fields(&desk, &payment("alipay", Flow::MiniApp, "12.00"));
    assert_eq!(pay(&desk, &pay_info(&alipay)), REFUSED);
    let joined: Vec<_> = fields(&desk, &order("12.00")).iter().map(|(n, v)| format!("{n}={v}")).collect();
    assert_eq!(desk.world.pay_app_order(&joined.join("&"), ShopperAction::Pay, 2_000).result_code, "4000");
}
