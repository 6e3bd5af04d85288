//! Planted bugs in made-up records of orders at terminals, one thing wrong in each, and what the checkers must say.

use std::collections::BTreeMap;

use super::super::book::Answer;
use super::super::check::{Finding, Kind};
use super::book::{CounterOrder, Deed, End, Increase, Submit, Told, Way};
use super::check::{
    BatchSide, Booked, Deal, Facts, Follower, Queried, QueriedSubmit, Sums, after_restart, batches,
    earlier_attempt, settled, terminals, told_of_submit,
};

#[derive(Debug, Clone)]
struct Case {
    order: CounterOrder,
    original: String,
    queried: Option<Queried>,
    booked: Option<Booked>,
    deal: Option<Deal>,
    others: Vec<Deal>,
    earlier: Vec<Deal>,
    followers: Vec<Follower>,
    submits: Vec<Option<QueriedSubmit>>,
    told: Vec<Told>,
}

const TRANS_NO: &str = "5000000000000000003300";

fn told(status: &str, amount: &str) -> Told {
    Told { status: status.into(), amount: amount.into(), trans_no: TRANS_NO.into() }
}

fn queried(status: &str, (trans_type, amount): (&str, &str), (tip, paid): (&str, &str)) -> Option<Queried> {
    Some(Queried {
        status: status.into(),
        trans_type: trans_type.into(),
        amount: amount.into(),
        tip: tip.into(),
        paid: paid.into(),
        trans_no: TRANS_NO.into(),
        terminal: "T1".into(),
    })
}

fn deal(operation: &str, amount_minor: i64) -> Deal {
    Deal {
        operation: operation.into(),
        is_approved: true,
        terminal: "T1".into(),
        amount_minor,
        ..Deal::default()
    }
}

/// 12.00 and 1.80 chosen on the screen; 2.00 went back without a terminal, 3.00 at one; its batch is closed.
fn paid() -> Case {
    Case {
        order: CounterOrder {
            number: "cp-1".into(),
            terminal: "T1".into(),
            amount_minor: 1_200,
            asks_tip: true,
            created: Answer::Yes,
            trans_no: Some(TRANS_NO.into()),
            seen: Some(End::Done),
            later_tip: Some((180, Answer::Yes)),
            submits: vec![Submit { number: "cp-1-b0".into(), amount_minor: 200, created: Answer::Yes }],
            ..CounterOrder::default()
        },
        original: String::new(),
        queried: queried("2", ("1", "12"), ("1.8", "13.8")),
        booked: Some(Booked {
            captured_minor: 1_380,
            refunded_minor: 500,
            authorized_minor: 1_380,
            tip_minor: 180,
            total_minor: 1_380,
            batch: Some(("T1".into(), 1, true)),
            is_settled: true,
            ..Booked::default()
        }),
        deal: Some(Deal {
            authorized_minor: 1_380,
            captured_minor: 1_380,
            refunded_minor: 500,
            tip_minor: 180,
            batch: Some("T1-000001".into()),
            ..deal("sale", 1_380)
        }),
        others: vec![deal("refund", 200)],
        earlier: Vec::new(),
        followers: vec![Follower { deed: Deed::Refund, end: Some(End::Done), total_minor: 300 }],
        submits: vec![Some(QueriedSubmit { status: "2".into(), amount: "2".into() })],
        told: vec![told("2", "12")],
    }
}

/// Not paid in time; a card was charged all the same, and the money went back.
fn late() -> Case {
    let mut case = paid();
    case.order.seen = Some(End::Closed);
    case.order.later_tip = None;
    case.order.submits.clear();
    case.submits.clear();
    case.followers.clear();
    case.queried = queried("1", ("1", "12"), ("", ""));
    case.booked = Some(Booked { total_minor: 1_200, ..Booked::default() });
    let back = Deal { captured_minor: 1_200, refunded_minor: 1_200, ..deal("sale", 1_200) };
    (case.deal, case.others) = (Some(back), vec![deal("refund", 1_200)]);
    case.told = vec![told("1", "12")];
    case
}

/// 12.00 held, 10.00 taken.
fn captured() -> Case {
    let mut case = paid();
    case.order.deed = Deed::Authorization;
    case.order.later_tip = None;
    case.order.submits.clear();
    (case.submits, case.others) = (Vec::new(), Vec::new());
    case.queried = queried("4", ("4", "12"), ("", "10"));
    let batch = Some(("T1".into(), 1, false));
    case.booked = Some(Booked {
        captured_minor: 1_000,
        authorized_minor: 1_200,
        total_minor: 1_200,
        batch,
        ..Booked::default()
    });
    case.deal = Some(Deal { authorized_minor: 1_200, captured_minor: 1_000, ..deal("authorization", 1_200) });
    case.followers = vec![Follower { deed: Deed::Completion, end: Some(End::Done), total_minor: 1_000 }];
    case
}

/// A sale that was voided, told while it still was paid.
fn voided() -> Case {
    let mut case = paid();
    case.order.later_tip = None;
    case.order.submits.clear();
    (case.submits, case.others) = (Vec::new(), Vec::new());
    case.queried = queried("3", ("1", "12"), ("1.8", "13.8"));
    let booked = case.booked.as_mut().unwrap();
    (booked.refunded_minor, booked.is_settled) = (1_380, false);
    let deal = case.deal.as_mut().unwrap();
    (deal.is_voided, deal.refunded_minor, deal.batch) = (true, 0, None);
    case.followers = vec![Follower { deed: Deed::Void, end: Some(End::Done), total_minor: 1_380 }];
    case
}

/// The void of it.
fn void() -> Case {
    let mut case = voided();
    case.order = CounterOrder {
        deed: Deed::Void,
        original: Some(0),
        seen: Some(End::Done),
        created: Answer::Yes,
        number: "cp-2".into(),
        terminal: "T1".into(),
        amount_minor: 1_200,
        ..CounterOrder::default()
    };
    case.original = "3-33".into();
    case.queried = queried("2", ("2", "12"), ("1.8", "13.8"));
    case.booked = Some(Booked { total_minor: 1_380, tip_minor: 180, ..Booked::default() });
    case.deal = Some(Deal { original: "3-33".into(), ..deal("void", 1_380) });
    case.followers.clear();
    case
}

/// 12.00 held, then 3.00 and 1.50 more; whether 0.70 more was ever decided nobody heard.
fn held_more() -> Case {
    let mut case = captured();
    let increase = |amount_minor, said| Increase { amount_minor, said, ..Increase::default() };
    case.order.increases =
        vec![increase(300, Answer::Yes), increase(150, Answer::Yes), increase(70, Answer::None)];
    case.order.increases.push(increase(90, Answer::No));
    case.queried = queried("2", ("4", "12"), ("", "12"));
    case.booked = Some(Booked { authorized_minor: 1_650, total_minor: 1_200, ..Booked::default() });
    case.deal = Some(Deal { authorized_minor: 1_650, ..deal("authorization", 1_200) });
    case.others = vec![deal("increment", 300), deal("increment", 150)];
    case.followers.clear();
    case
}

/// Paid with a second card: the first one's money had come late, and went back.
fn on_page() -> Case {
    let mut case = paid();
    case.order = CounterOrder {
        number: "cp-3".into(),
        amount_minor: 1_200,
        created: Answer::Yes,
        seen: Some(End::Done),
        way: Way::Page,
        ..CounterOrder::default()
    };
    case.queried = queried("2", ("1", "12"), ("", "12"));
    case.queried().terminal = String::new();
    case.booked = Some(Booked {
        captured_minor: 1_200,
        authorized_minor: 1_200,
        total_minor: 1_200,
        ..Booked::default()
    });
    let charged = |refunded_minor| Deal {
        terminal: String::new(),
        captured_minor: 1_200,
        refunded_minor,
        ..deal("sale", 1_200)
    };
    (case.deal, case.earlier) = (Some(charged(0)), vec![charged(1_200)]);
    (case.others, case.followers, case.submits) = (Vec::new(), Vec::new(), Vec::new());
    case
}

/// A cancel by a path: it names no amount, and nobody is told of it.
fn by_path() -> Case {
    let mut case = void();
    case.order.way = Way::Path(super::book::Sent::default());
    case.order.amount_minor = 0;
    case.told.clear();
    case
}

impl Case {
    fn findings(&self) -> Vec<Finding> {
        settled(&Facts {
            order: &self.order,
            original: self.original.clone(),
            queried: self.queried.clone(),
            booked: self.booked.clone(),
            deal: self.deal.clone(),
            others: self.others.clone(),
            earlier: self.earlier.clone(),
            followers: self.followers.clone(),
            submits: self.submits.clone(),
            told: &self.told,
        })
    }

    fn booked(&mut self) -> &mut Booked {
        self.booked.as_mut().unwrap()
    }

    fn deal(&mut self) -> &mut Deal {
        self.deal.as_mut().unwrap()
    }

    fn queried(&mut self) -> &mut Queried {
        self.queried.as_mut().unwrap()
    }
}

fn check(case: &Case, plant: impl FnOnce(&mut Case), expected: Kind) {
    let mut case = case.clone();
    plant(&mut case);
    let findings = case.findings();
    assert!(findings.iter().any(|finding| finding.kind == expected), "{expected:?} not in {findings:?}");
}

#[test]
fn what_is_right_is_not_reported() {
    for case in [paid(), late(), captured(), voided(), void(), held_more(), on_page(), by_path()] {
        assert_eq!(case.findings(), [], "{case:?}");
    }
    let mut unknown = paid();
    unknown.order.created = Answer::None;
    (unknown.order.seen, unknown.order.submits) = (None, Vec::new());
    (unknown.queried, unknown.booked, unknown.deal) = (None, None, None);
    (unknown.others, unknown.submits, unknown.followers) = (Vec::new(), Vec::new(), Vec::new());
    assert_eq!(unknown.findings(), []);
}

#[test]
fn a_lost_or_changed_order_is_reported() {
    check(&paid(), |case| case.queried = None, Kind::Lost);
    check(&paid(), |case| case.booked = None, Kind::Lost);
    check(&paid(), |case| case.queried().amount = "12.01".into(), Kind::Lost);
    check(&paid(), |case| case.queried().terminal = "T2".into(), Kind::Lost);
    check(&paid(), |case| case.queried().trans_no = "50".into(), Kind::Lost);
    check(&paid(), |case| case.queried().status = "1".into(), Kind::Lost);
    check(&late(), |case| case.queried().status = "2".into(), Kind::Lost);
    check(&paid(), |case| case.order.is_closed = true, Kind::Lost);
    check(&paid(), |case| case.order.later_tip = Some((90, Answer::Yes)), Kind::Lost);
    assert_eq!(after_restart(&paid().order, None)[0].kind, Kind::Lost);
}

#[test]
fn a_charge_without_an_order_is_reported() {
    check(
        &paid(),
        |case| {
            case.order.created = Answer::None;
            (case.queried, case.booked, case.order.seen) = (None, None, None);
        },
        Kind::Lost,
    );
}

#[test]
fn money_that_differs_is_reported() {
    check(&paid(), |case| case.deal = None, Kind::OneSided);
    check(&paid(), |case| case.deal().is_approved = false, Kind::OneSided);
    check(&paid(), |case| case.deal().is_voided = true, Kind::OneSided);
    check(&paid(), |case| case.deal().captured_minor = 1_381, Kind::OneSided);
    check(&paid(), |case| case.deal().refunded_minor = 200, Kind::OneSided);
    check(&paid(), |case| case.deal().tip_minor = 0, Kind::OneSided);
    check(&paid(), |case| case.booked().captured_minor = 1_200, Kind::OneSided);
    check(&paid(), |case| case.queried().paid = "12".into(), Kind::OneSided);
    check(&late(), |case| case.deal().refunded_minor = 0, Kind::OneSided);
    check(&late(), |case| case.booked().captured_minor = 1_200, Kind::OneSided);
    check(&captured(), |case| case.deal().captured_minor = 1_200, Kind::OneSided);
    check(&voided(), |case| case.deal().is_voided = false, Kind::OneSided);
}

#[test]
fn follow_ups_that_differ_are_reported() {
    check(&void(), |case| case.deal = None, Kind::OneSided);
    check(&void(), |case| case.deal().is_approved = false, Kind::OneSided);
    check(&void(), |case| case.deal().original = "3-34".into(), Kind::OneSided);
    check(&void(), |case| case.deal().amount_minor = 1_200, Kind::OneSided);
    check(&void(), |case| case.deal().terminal = "T2".into(), Kind::OneSided);
    check(&void(), |case| case.deal().operation = "refund".into(), Kind::OneSided);
    let undone = |case: &mut Case| (case.order.seen, case.queried().status) = (None, "1".into());
    check(&void(), undone, Kind::OneSided);
    check(&voided(), |case| case.followers.clear(), Kind::OneSided);
    check(&paid(), |case| case.followers[0].deed = Deed::Void, Kind::OneSided);
    check(&paid(), |case| case.followers.clear(), Kind::OneSided);
    check(&captured(), |case| case.followers.clear(), Kind::OneSided);
    check(&captured(), |case| case.followers[0].total_minor = 900, Kind::OneSided);
    check(&captured(), |case| case.followers.push(case.followers[0]), Kind::Doubled);
    check(&voided(), |case| case.followers.push(case.followers[0]), Kind::Doubled);
}

#[test]
fn submitted_refunds_that_differ_are_reported() {
    check(&paid(), |case| case.submits[0] = None, Kind::Lost);
    check(&paid(), |case| case.others.clear(), Kind::Lost);
    check(&paid(), |case| case.others.push(deal("refund", 200)), Kind::Doubled);
    check(&paid(), |case| case.submits[0].as_mut().unwrap().amount = "3".into(), Kind::Lost);
    check(&paid(), |case| case.submits[0].as_mut().unwrap().status = "0".into(), Kind::Unsettled);
    let submit = &paid().order.submits[0];
    let done = QueriedSubmit { status: "2".into(), amount: "2".into() };
    let said = vec![told("2", "2")];
    assert_eq!(told_of_submit(submit, Some(&done), Some(&said)), []);
    assert_eq!(told_of_submit(submit, Some(&done), None)[0].kind, Kind::Undelivered);
    let other = vec![told("1", "2")];
    assert_eq!(told_of_submit(submit, Some(&done), Some(&other))[0].kind, Kind::OneSided);
}

#[test]
fn batches_that_differ_are_reported() {
    check(&paid(), |case| case.booked().batch = None, Kind::OneSided);
    check(&paid(), |case| case.booked().is_settled = false, Kind::Unsettled);
    check(&paid(), |case| case.deal().batch = None, Kind::OneSided);
    check(&paid(), |case| case.deal().batch = Some("T1-000002".into()), Kind::OneSided);
    check(&captured(), |case| case.booked().is_settled = true, Kind::Unsettled);
    check(&captured(), |case| case.deal().batch = Some("T1-000001".into()), Kind::OneSided);
    check(&voided(), |case| case.deal().batch = Some("T1-000001".into()), Kind::OneSided);
    let ours = BTreeMap::from([("T1-000001".to_owned(), 1_380)]);
    let side = BatchSide { net_minor: 1_380, trade_nos: vec!["3-33".into()] };
    let theirs = BTreeMap::from([("T1-000001".to_owned(), side.clone())]);
    assert_eq!(batches(&ours, &theirs), []);
    assert_eq!(batches(&ours, &BTreeMap::new())[0].kind, Kind::OneSided);
    let twice = BTreeMap::from([("T1-000001".to_owned(), side.clone()), ("T1-000002".to_owned(), side)]);
    assert!(batches(&ours, &twice).iter().any(|finding| finding.kind == Kind::Doubled));
}

#[test]
fn terminals_that_differ_are_reported() {
    let ours = Sums::from([("T1".to_owned(), (1_380, 500)), ("T2".to_owned(), (0, 0))]);
    let theirs = Sums::from([("T1".to_owned(), (1_380, 500))]);
    assert_eq!(terminals(&ours, &theirs), []);
    for other in [(1_381, 500), (1_380, 501), (1_480, 600)] {
        let theirs = Sums::from([("T1".to_owned(), other)]);
        assert_eq!(terminals(&ours, &theirs)[0].kind, Kind::OneSided);
    }
    let more = Sums::from([("T1".to_owned(), (1_380, 500)), ("T3".to_owned(), (1, 0))]);
    assert_eq!(terminals(&ours, &more).len(), 1);
}

#[test]
fn what_is_untold_or_never_ends_is_reported() {
    check(&paid(), |case| case.told.clear(), Kind::Undelivered);
    check(&paid(), |case| case.told[0].amount = "13.8".into(), Kind::OneSided);
    check(&paid(), |case| case.told[0].status = "3".into(), Kind::OneSided);
    check(&late(), |case| case.told[0].status = "2".into(), Kind::OneSided);
    let open = |case: &mut Case| (case.order.seen, case.queried().status) = (None, "0".into());
    check(&paid(), open, Kind::Unsettled);
    check(&paid(), |case| case.booked().is_busy = true, Kind::Unsettled);
    check(&paid(), |case| case.booked().refunding_minor = 1, Kind::Unsettled);
}

#[test]
fn an_attempt_that_came_to_nothing_frees_the_number() {
    let mut case = paid();
    case.order.sent_again = true;
    let before = Told { trans_no: "5000000000000000002200".into(), ..told("1", "12") };
    case.told.push(before);
    case.order.trans_no = Some("5000000000000000002200".into());
    assert_eq!(case.findings(), []);
    check(&case, |case| case.told[1].status = "2".into(), Kind::OneSided);
    check(&case, |case| drop(case.told.remove(0)), Kind::Undelivered);
    check(&case, |case| case.order.sent_again = false, Kind::Lost);
}

#[test]
fn money_left_of_an_earlier_attempt_is_reported() {
    let kind = |deal: &Deal, nothing| earlier_attempt("3-22", deal, nothing).map(|finding| finding.kind);
    let charged = Deal { authorized_minor: 1_200, captured_minor: 1_200, ..deal("sale", 1_200) };
    assert_eq!(kind(&charged, Some(true)), Some(Kind::OneSided));
    assert_eq!(kind(&charged, Some(false)), Some(Kind::Doubled));
    assert_eq!(kind(&charged, None), Some(Kind::Lost));
    assert_eq!(kind(&Deal { refunded_minor: 1_200, ..charged.clone() }, Some(true)), None);
    assert_eq!(kind(&Deal { is_voided: true, ..charged.clone() }, Some(true)), None);
    assert_eq!(kind(&Deal { is_approved: false, ..charged }, Some(true)), None);
}

#[test]
fn what_is_held_more_is_held_once() {
    let case = held_more();
    check(&case, |case| case.others.push(deal("increment", 300)), Kind::Doubled);
    check(&case, |case| case.others.push(deal("increment", 90)), Kind::Doubled);
    check(&case, |case| drop(case.others.remove(0)), Kind::Lost);
    check(&case, |case| case.deal().authorized_minor = 1_950, Kind::OneSided);
    check(&case, |case| case.booked().authorized_minor = 1_200, Kind::OneSided);
    let mut heard_of_later = case.clone();
    heard_of_later.others.push(deal("increment", 70));
    heard_of_later.deal().authorized_minor = 1_720;
    heard_of_later.booked().authorized_minor = 1_720;
    assert_eq!(heard_of_later.findings(), []);
}

#[test]
fn a_page_takes_one_card() {
    let case = on_page();
    check(&case, |case| case.earlier[0].refunded_minor = 0, Kind::Doubled);
    check(&case, |case| case.booked().batch = Some(("T1".into(), 1, false)), Kind::OneSided);
    check(&case, |case| case.deal = None, Kind::OneSided);
    check(&case, |case| case.told.clear(), Kind::Undelivered);
    check(&by_path(), |case| case.deal = None, Kind::OneSided);
}
