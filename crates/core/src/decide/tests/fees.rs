//! The rule of fees once more, as it is said in words, for the checkers; and lives of payments whose fees are odd.

use super::stories::Dice;
use super::{sample, words};
use crate::decide::decide;
use crate::{
    Command, Cost, Currency, Fee, FeePlan, LedgerAccount, Method, Money, OnRefund, Posting, RefundState,
    Terms, ledger,
};

/// The nearest whole number, a half away from nothing.
fn nearest(above: i128, below: i128) -> i64 {
    let whole = above / below;
    let is_up = (above % below) * 2 >= below;
    i64::try_from(whole + i128::from(is_up)).unwrap()
}

/// Fee and VAT of a payment that are still ours after refunds of so much.
pub fn kept(terms: &Terms, method: &Method, captured_minor: i64, refunded_minor: i64) -> (i64, i64) {
    let fee = terms.fees.by_method.get(method).unwrap_or(&terms.fees.usual);
    let charged = fee.fixed_minor + nearest(i128::from(captured_minor) * i128::from(fee.rate_bp), 10_000);
    let vat = nearest(i128::from(charged) * i128::from(fee.vat_bp), 10_000);
    let left = |whole: i64| match fee.on_refund {
        OnRefund::Keep => whole,
        OnRefund::GiveBack => {
            whole - nearest(i128::from(whole) * i128::from(refunded_minor), i128::from(captured_minor))
        }
    };
    (left(charged), left(vat))
}

/// A fee somebody may have agreed on.
pub fn any_fee(dice: &mut Dice) -> Fee {
    Fee {
        fixed_minor: [0, 0, 1, 30, 5_000][dice.below(5) as usize],
        rate_bp: [0, 1, 120, 333, 10_000][dice.below(5) as usize],
        vat_bp: [0, 0, 1_500, 10_000][dice.below(4) as usize],
        on_refund: [OnRefund::Keep, OnRefund::GiveBack][dice.below(2) as usize],
    }
}

/// With methods of their own, as an order keeps them.
pub fn any_plan(dice: &mut Dice) -> FeePlan {
    let mut plan = FeePlan::flat(any_fee(dice));
    for method in ["alipay", "wechat", "card"] {
        if dice.below(3) == 0 {
            plan.by_method.insert(Method::new(method), any_fee(dice));
        }
    }
    plan
}

fn nzd(minor: i64) -> Money {
    Money::new(minor, Currency::from_code("NZD").unwrap())
}

#[test]
fn a_fee_is_rounded_once_and_its_vat_once() {
    let fee = |fixed_minor, rate_bp, vat_bp| Fee { fixed_minor, rate_bp, vat_bp, on_refund: OnRefund::Keep };
    for (fee, captured, expected) in [
        (fee(0, 120, 0), 12_000, (144, 0)),
        (fee(30, 120, 0), 12_000, (174, 0)),
        (fee(30, 120, 1_900), 12_000, (174, 33)),
        (fee(0, 100, 5_000), 50, (1, 1)),
        (fee(0, 100, 5_000), 49, (0, 0)),
        // The fixed part alone is more than the payment.
        (fee(500, 0, 1_000), 1, (500, 50)),
        (fee(500, 100, 1_000), 0, (0, 0)),
        (fee(0, 10_000, 10_000), Money::LIMIT_MINOR, (Money::LIMIT_MINOR, Money::LIMIT_MINOR)),
    ] {
        let Cost { fee_minor, vat_minor } = fee.of(nzd(captured));
        assert_eq!((fee_minor, vat_minor), expected, "{fee:?} of {captured}");
        assert_eq!(fee.given_back(nzd(captured), captured), Cost::NOTHING);
    }
}

#[test]
fn what_refunds_give_back_adds_up() {
    let mut dice = Dice::new(5);
    for _ in 0..20_000 {
        let fee = Fee { on_refund: OnRefund::GiveBack, ..any_fee(&mut dice) };
        let largest = [3, 100, 12_000, Money::LIMIT_MINOR][dice.below(4) as usize];
        let captured = nzd(dice.between(1, largest));
        let (mut refunded, mut sum) = (0, Cost::NOTHING);
        while refunded < captured.minor {
            let part = match dice.below(3) {
                0 => captured.minor - refunded,
                _ => dice.between(1, captured.minor - refunded),
            };
            let back = fee.given_back(captured, refunded + part).less(fee.given_back(captured, refunded));
            assert!(back.fee_minor >= 0 && back.vat_minor >= 0, "{fee:?} {captured:?} {back:?}");
            refunded += part;
            sum =
                Cost { fee_minor: sum.fee_minor + back.fee_minor, vat_minor: sum.vat_minor + back.vat_minor };
            assert_eq!(sum, fee.given_back(captured, refunded));
            let left = fee.of(captured).less(sum);
            assert!(left.fee_minor >= 0 && left.vat_minor >= 0);
        }
        assert_eq!(sum, fee.of(captured), "{fee:?} {captured:?}");
    }
}

/// What each account was left with.
fn balance(postings: &[Posting], account: &LedgerAccount) -> i64 {
    postings.iter().filter(|line| line.account == *account).map(|line| line.amount.minor).sum()
}

/// A payment, its tip changed, then refunds whose tip parts are named, or a void.
#[test]
fn the_ledger_is_what_the_formula_says() {
    let mut dice = Dice::new(11);
    let method = Method::new("card");
    for round in 0..20_000 {
        let mut terms = sample::terms(crate::Flow::CardPresent);
        terms.fees = any_plan(&mut dice);
        let (sale, mut tip) = (dice.between(1, 12_000), dice.between(0, 500));
        let mut all = ledger::payment(&terms, &method, sale, tip);
        let add = |lines: Vec<Posting>, all: &mut Vec<Posting>| {
            assert_eq!(lines.iter().map(|line| line.amount.minor).sum::<i64>(), 0, "{lines:?}");
            all.extend(lines);
        };
        for _ in 0..dice.below(3) {
            let after = dice.between(0, 20_000);
            add(ledger::tip(&terms, &method, sale, (tip, after)), &mut all);
            tip = after;
        }
        let (mut of_sale, mut of_tip) = (0, 0);
        let is_voided = round % 5 == 0;
        if is_voided {
            add(ledger::void(&terms, &method, sale, tip), &mut all);
        } else {
            for _ in 0..dice.below(5) {
                let parts = (dice.between(0, sale - of_sale), dice.between(0, tip - of_tip));
                let so_far = (of_sale + of_tip, parts.0 + parts.1);
                add(ledger::refund(&terms, &method, (sale, tip), so_far, Some(parts.1)), &mut all);
                (of_sale, of_tip) = (of_sale + parts.0, of_tip + parts.1);
            }
        }
        let (fee, vat) = if is_voided { (0, 0) } else { kept(&terms, &method, sale + tip, of_sale + of_tip) };
        if is_voided {
            (of_sale, of_tip) = (sale, tip);
        }
        assert!(fee >= 0 && vat >= 0);
        for (account, minor) in [
            (LedgerAccount::ChannelReceivable("card".into()), sale + tip - of_sale - of_tip),
            (LedgerAccount::MerchantPayable(terms.account.clone()), fee + vat - (sale - of_sale)),
            (LedgerAccount::TipsPayable(terms.account.clone()), of_tip - tip),
            (LedgerAccount::FeeIncome, -fee),
            (LedgerAccount::VatPayable, -vat),
        ] {
            assert_eq!(balance(&all, &account), minor, "{account} {terms:?} {all:?}");
        }
    }
}

/// The refund says what it gave back; the order says the same of all of them.
#[test]
fn a_refund_keeps_what_it_gave_back() {
    let mut order = words::order("paid code tip 500 fixed 30 vat 1900 back 1");
    let (mut refunds, mut sum) = (Vec::new(), Cost::NOTHING);
    assert_eq!(order.cost(), Cost { fee_minor: 180, vat_minor: 34 });
    for amount_minor in [1, 3_333, 9_166] {
        let asked = sample::refund_command(amount_minor, refunds.clone());
        let asked = decide(Some(order), asked, sample::NOW).unwrap();
        let refund = asked.refund.unwrap();
        let outcome = sample::outcome("paid");
        let says = Command::RefundSays { refund, outcome };
        let done = decide(Some(asked.order), says, sample::NOW).unwrap();
        let refund = done.refund.unwrap();
        let RefundState::Succeeded { cost_back, .. } = refund.state else { panic!("{refund:?}") };
        let booked = [LedgerAccount::FeeIncome, LedgerAccount::VatPayable]
            .map(|account| balance(&done.postings, &account));
        assert_eq!([cost_back.fee_minor, cost_back.vat_minor], booked);
        sum = Cost {
            fee_minor: sum.fee_minor + cost_back.fee_minor,
            vat_minor: sum.vat_minor + cost_back.vat_minor,
        };
        assert_eq!(done.order.cost_given_back(), sum);
        (order, refunds) = (done.order, [refunds, vec![refund]].concat());
    }
    assert_eq!((sum, order.cost()), (Cost { fee_minor: 180, vat_minor: 34 }, sum));
}

#[test]
fn an_order_keeps_the_fees_it_may_need() {
    let (alipay, wechat, card) = (Method::new("alipay"), Method::new("wechat"), Method::new("card"));
    let by_method =
        [(alipay.clone(), Fee::rate(90)), (wechat.clone(), Fee::rate(120)), (card.clone(), Fee::rate(250))];
    let plan = FeePlan { usual: Fee::rate(120), by_method: by_method.into() };
    let choosable = [alipay.clone(), wechat.clone()];
    assert_eq!(plan.kept_for(Some(&card), &choosable), FeePlan::rate(250));
    assert_eq!(plan.kept_for(Some(&wechat), &choosable), FeePlan::rate(120));
    let kept = plan.kept_for(None, &choosable);
    assert_eq!(kept, FeePlan { usual: Fee::rate(120), by_method: [(alipay.clone(), Fee::rate(90))].into() });
    for method in choosable {
        assert_eq!(kept.of(&method), plan.of(&method));
    }
}

#[test]
fn a_plan_is_written_as_it_always_was_where_it_is_a_rate() {
    let full = Fee { fixed_minor: 30, rate_bp: 150, vat_bp: 1_900, on_refund: OnRefund::GiveBack };
    for (plan, text) in [
        (FeePlan::rate(120), "120"),
        (FeePlan::rate(0), "0"),
        (FeePlan::flat(Fee { fixed_minor: 30, ..Fee::rate(120) }), r#"{"fixed_minor":30,"rate_bp":120}"#),
        (FeePlan::flat(full), r#"{"fixed_minor":30,"rate_bp":150,"vat_bp":1900,"on_refund":"give_back"}"#),
        (
            FeePlan {
                usual: Fee::rate(120),
                by_method: [(Method::new("card"), full), (Method::new("alipay"), Fee::rate(9))].into(),
            },
            r#"{"rate_bp":120,"methods":{"alipay":9,"card":{"fixed_minor":30,"rate_bp":150,"vat_bp":1900,"on_refund":"give_back"}}}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&plan).unwrap(), text);
        assert_eq!(serde_json::from_str::<FeePlan>(text).unwrap(), plan);
    }
    for bad in [
        "-1",
        "4294967296",
        "1.5",
        "null",
        r#""120""#,
        "[]",
        r#"{"rate":1}"#,
        r#"{"methods":{"card":{"methods":{"card":1}}}}"#,
        r#"{"on_refund":"burn"}"#,
    ] {
        assert!(serde_json::from_str::<FeePlan>(bad).is_err(), "{bad}");
    }
}

/// Accounts and orders of before there was anything but a rate.
#[test]
fn what_was_stored_before_is_read() {
    let account = r#"{"code":"W1","name":"W1","currency":"NZD","methods":["alipay"],"fee_bp":FEE,"payment_limit_minor":null}"#;
    let read = |fee: &str| serde_json::from_str::<crate::Account>(&account.replace("FEE", fee)).unwrap().fees;
    assert_eq!((read("120"), read("null")), (Some(FeePlan::rate(120)), None));
    let terms = sample::terms(crate::Flow::HostedPage);
    let now = serde_json::to_string(&terms).unwrap();
    let before = now.replace(r#""fees":120"#, r#""fee_bp":120"#);
    assert_ne!(now, before);
    assert_eq!(serde_json::from_str::<Terms>(&before).unwrap(), terms);
    let at = r#"{"succeeded":{"at":7}}"#;
    let succeeded: RefundState = serde_json::from_str(at).unwrap();
    assert_eq!(
        (succeeded.cost_back(), serde_json::to_string(&succeeded).unwrap()),
        (Cost::NOTHING, at.to_owned())
    );
}
