//! Planted bugs: made-up records of an order, one thing wrong in each, and what the checkers must say.

use super::book::{Answer, Notice, RefundTry, Sale};
use super::check::{Booked, Facts, Finding, Kind, Queried, Wallet, after_restart, settled};

#[derive(Clone)]
struct Case {
    sale: Sale,
    queried: Option<Queried>,
    wallet: Option<Wallet>,
    booked: Option<Booked>,
    notices: Vec<Notice>,
}

/// Paid 12.00, 2.00 refunded, everybody knows.
fn paid() -> Case {
    let text = |text: &str| text.to_owned();
    Case {
        sale: Sale {
            reference: text("r1"),
            currency: "NZD",
            amount_minor: 1_200,
            wants_notice: true,
            created: Answer::Yes,
            seen: Some(text("paid")),
            refunds: vec![RefundTry { amount_minor: 200, answer: Answer::Yes }],
            ..Sale::default()
        },
        queried: Some(Queried { status: text("paid"), amount: text("12.00"), currency: text("NZD") }),
        wallet: Some(Wallet {
            charges: 1,
            charged_minor: 1_200,
            refunds_minor: vec![200],
            ..Wallet::default()
        }),
        booked: Some(Booked { captured_minor: 1_200, refunded_minor: 200 }),
        notices: vec![Notice { status: text("paid"), amount: text("12.00"), currency: text("NZD") }],
    }
}

/// Cancelled, then paid after all, and the money went back.
fn late() -> Case {
    let mut case = paid();
    case.sale.seen = None;
    case.sale.cancelled = true;
    case.sale.refunds.clear();
    if let Some(queried) = &mut case.queried {
        queried.status = "canceled".into();
    }
    if let Some(wallet) = &mut case.wallet {
        wallet.refunds_minor = vec![1_200];
    }
    case.booked = Some(Booked { captured_minor: 0, refunded_minor: 0 });
    case.notices[0].status = "canceled".into();
    case
}

impl Case {
    fn findings(&self) -> Vec<Finding> {
        settled(&Facts {
            sale: &self.sale,
            queried: self.queried.clone(),
            wallet: self.wallet.clone(),
            booked: self.booked,
            notices: &self.notices,
        })
    }
}

fn check(case: &Case, plant: impl FnOnce(&mut Case), expected: Kind) {
    let mut case = case.clone();
    plant(&mut case);
    let findings = case.findings();
    assert!(findings.iter().any(|finding| finding.kind == expected), "{expected:?} not in {findings:?}");
}

fn wallet(case: &mut Case) -> &mut Wallet {
    case.wallet.as_mut().unwrap()
}

#[test]
fn what_is_right_is_not_reported() {
    assert_eq!(paid().findings(), []);
    assert_eq!(late().findings(), []);
    let mut unknown = paid();
    unknown.sale.created = Answer::None;
    (unknown.queried, unknown.wallet, unknown.booked) = (None, None, None);
    (unknown.sale.seen, unknown.notices, unknown.sale.refunds) = (None, Vec::new(), Vec::new());
    assert_eq!(unknown.findings(), []);
}

#[test]
fn a_lost_order_is_reported() {
    check(&paid(), |case| (case.queried, case.booked) = (None, None), Kind::Lost);
    check(&paid(), |case| case.booked = None, Kind::Lost);
    check(&paid(), |case| case.queried.as_mut().unwrap().amount = "12.01".into(), Kind::Lost);
    check(&paid(), |case| case.queried.as_mut().unwrap().currency = "AUD".into(), Kind::Lost);
    check(&paid(), |case| case.queried.as_mut().unwrap().status = "failed".into(), Kind::Lost);
    check(&late(), |case| case.queried.as_mut().unwrap().status = "paid".into(), Kind::Lost);
    let sale = paid().sale;
    assert_eq!(after_restart(&sale, None)[0].kind, Kind::Lost);
}

#[test]
fn a_lost_refund_is_reported() {
    check(&paid(), |case| wallet(case).refunds_minor.clear(), Kind::Lost);
}

#[test]
fn a_charge_without_an_order_is_reported() {
    check(
        &paid(),
        |case| {
            case.sale.created = Answer::None;
            (case.queried, case.booked) = (None, None);
        },
        Kind::Lost,
    );
}

#[test]
fn a_doubled_charge_or_refund_is_reported() {
    check(&paid(), |case| wallet(case).charges = 2, Kind::Doubled);
    check(&paid(), |case| wallet(case).duplicate_charges = 1, Kind::Doubled);
    check(&paid(), |case| wallet(case).duplicate_refunds = 1, Kind::Doubled);
    check(&paid(), |case| wallet(case).refunds_minor = vec![200, 200], Kind::Doubled);
    check(&paid(), |case| wallet(case).refunds_minor = vec![200, 300], Kind::Doubled);
}

#[test]
fn an_undelivered_notification_is_reported() {
    check(&paid(), |case| case.notices.clear(), Kind::Undelivered);
}

#[test]
fn sides_that_disagree_are_reported() {
    check(&paid(), |case| case.notices[0].status = "failed".into(), Kind::OneSided);
    check(&paid(), |case| case.notices[0].amount = "1.00".into(), Kind::OneSided);
    check(&paid(), |case| case.wallet = None, Kind::OneSided);
    check(&paid(), |case| case.booked.as_mut().unwrap().captured_minor = 0, Kind::OneSided);
    check(&paid(), |case| case.booked.as_mut().unwrap().refunded_minor = 0, Kind::OneSided);
    check(&late(), |case| wallet(case).refunds_minor.clear(), Kind::OneSided);
}

#[test]
fn an_order_that_never_ends_is_reported() {
    check(
        &paid(),
        |case| {
            case.sale.seen = None;
            case.queried.as_mut().unwrap().status = "pending".into();
        },
        Kind::Unsettled,
    );
}
