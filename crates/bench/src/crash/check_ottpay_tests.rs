//! Planted bugs in made-up records of OTT Pay orders, one thing wrong in each, and what the checkers must say.

use super::book::Answer;
use super::book_ottpay::{CallBack, End, OttRefund, OttSale, RefundAnswer, Way};
use super::check::{Finding, Kind, Wallet};
use super::check_ottpay::{
    OttBooked, OttFacts, OttQueried, RefundQueried, Trade, after_restart, orphan, settled,
};

#[derive(Debug, Clone)]
struct Case {
    sale: OttSale,
    queried: Option<OttQueried>,
    page_status: Option<String>,
    trades: Vec<Trade>,
    booked: Option<OttBooked>,
    refunds: Vec<Option<RefundQueried>>,
    callbacks: Vec<CallBack>,
}

const NUMBER: &str = "2018071000000033";

fn trade(choice: u32, charges: u32, refunds_minor: &[i64]) -> Trade {
    let charged_minor = i64::from(charges) * 1_250;
    let refunds_minor = refunds_minor.to_vec();
    Trade { choice, wallet: Wallet { charges, charged_minor, refunds_minor, ..Wallet::default() } }
}

/// 12.00 and 0.50 tip, paid by a code; 2.00 refunded; everybody knows.
fn paid() -> Case {
    Case {
        sale: OttSale {
            order_id: "o1".into(),
            way: Way::Active,
            amount_minor: 1_200,
            tip_minor: 50,
            created: Answer::Yes,
            number: Some(NUMBER.into()),
            seen: Some(End::Paid),
            refunds: vec![OttRefund {
                amount_minor: 200,
                number: Some("o1-back-0".into()),
                answer: RefundAnswer::Made,
            }],
            ..OttSale::default()
        },
        queried: Some(OttQueried {
            status: "partial_refunded".into(),
            total: "1250".into(),
            tip: "50".into(),
            refund_fee: "200".into(),
            number: NUMBER.into(),
            code: String::new(),
        }),
        page_status: None,
        trades: vec![trade(1, 1, &[200])],
        booked: Some(OttBooked {
            captured_minor: 1_250,
            refunded_minor: 200,
            refunding_minor: 0,
            choices: 1,
        }),
        refunds: vec![Some(RefundQueried {
            order_id: "o1".into(),
            amount: "200".into(),
            status: "partial_refunded".into(),
        })],
        callbacks: vec![CallBack {
            status: "success".into(),
            amount: "1200".into(),
            tip: "50".into(),
            number: NUMBER.into(),
        }],
    }
}

/// A scanned payment that was closed, then turned out to be paid: the money went back.
fn late() -> Case {
    let mut case = paid();
    case.sale.way = Way::Passive;
    case.sale.seen = Some(End::Closed);
    case.sale.seen_closing = true;
    case.sale.refunds.clear();
    case.refunds.clear();
    case.callbacks.clear();
    case.trades = vec![trade(1, 1, &[1_250])];
    case.booked = Some(OttBooked { captured_minor: 0, refunded_minor: 0, refunding_minor: 0, choices: 1 });
    let queried = queried(&mut case);
    (queried.status, queried.refund_fee) = ("orderclosed".into(), "0".into());
    case
}

/// A page: the payer gave the first wallet up and paid by the second. The first one's money came too, and went back.
fn chosen_again() -> Case {
    let mut case = paid();
    case.sale.way = Way::Page;
    case.page_status = Some("SUCCESS".into());
    case.trades = vec![trade(1, 1, &[1_250]), trade(2, 1, &[200])];
    booked(&mut case).choices = 2;
    case
}

fn queried(case: &mut Case) -> &mut OttQueried {
    case.queried.as_mut().unwrap()
}

fn booked(case: &mut Case) -> &mut OttBooked {
    case.booked.as_mut().unwrap()
}

fn wallet(case: &mut Case, place: usize) -> &mut Wallet {
    &mut case.trades[place].wallet
}

impl Case {
    fn findings(&self) -> Vec<Finding> {
        settled(&OttFacts {
            sale: &self.sale,
            queried: self.queried.clone(),
            page_status: self.page_status.clone(),
            trades: self.trades.clone(),
            booked: self.booked,
            refunds: self.refunds.clone(),
            callbacks: &self.callbacks,
        })
    }
}

/// The finding must speak of what was planted, not of something beside it.
fn check(case: &Case, plant: impl FnOnce(&mut Case), expected: Kind, words: &str) {
    let mut case = case.clone();
    plant(&mut case);
    let findings = case.findings();
    let caught = findings.iter().any(|finding| finding.kind == expected && finding.text.contains(words));
    assert!(caught, "{expected:?} with {words:?} not in {findings:?}");
}

#[test]
fn what_is_right_is_not_reported() {
    assert_eq!(paid().findings(), []);
    assert_eq!(late().findings(), []);
    assert_eq!(chosen_again().findings(), []);
    let mut unknown = paid();
    unknown.sale =
        OttSale { order_id: "o1".into(), amount_minor: 1_200, tip_minor: 50, ..OttSale::default() };
    (unknown.queried, unknown.booked) = (None, None);
    (unknown.trades, unknown.refunds, unknown.callbacks) = (Vec::new(), Vec::new(), Vec::new());
    assert_eq!(unknown.findings(), []);
}

#[test]
fn a_lost_order_is_reported() {
    check(&paid(), |case| (case.queried, case.booked) = (None, None), Kind::Lost, "is not there");
    check(&paid(), |case| case.booked = None, Kind::Lost, "not in the store");
    check(&paid(), |case| queried(case).total = "1251".into(), Kind::Lost, "was sent with");
    check(&paid(), |case| queried(case).number = "2018071000000034".into(), Kind::Lost, NUMBER);
    check(&paid(), |case| queried(case).status = "orderclosed".into(), Kind::Lost, "was Some(Paid)");
    check(&late(), |case| queried(case).status = "success".into(), Kind::Lost, "was Some(Closed)");
    assert_eq!(after_restart(&paid().sale, None)[0].kind, Kind::Lost);
}

#[test]
fn a_charge_without_an_order_is_reported() {
    let gone = |case: &mut Case| {
        case.sale.created = Answer::None;
        (case.sale.seen, case.queried, case.booked) = (None, None, None);
    };
    check(&paid(), gone, Kind::Lost, "the wallets have it");
    assert_eq!(orphan("4-33", &Wallet::default()), None);
    assert_eq!(orphan("4-33", &trade(1, 1, &[]).wallet).unwrap().kind, Kind::Lost);
    assert_eq!(orphan("4-33", &trade(1, 1, &[1_250]).wallet).unwrap().kind, Kind::Lost);
}

#[test]
fn a_doubled_charge_is_reported() {
    let twice = |case: &mut Case| case.trades[0] = trade(1, 2, &[200]);
    check(&paid(), twice, Kind::Doubled, "charged 2 times");
    check(&paid(), |case| wallet(case, 0).duplicate_charges = 1, Kind::Doubled, "charged again");
    // Both wallets were paid, and nobody gave the first one's money back.
    check(&chosen_again(), |case| case.trades[0] = trade(1, 1, &[]), Kind::OneSided, "was kept");
}

#[test]
fn a_lost_tip_is_reported() {
    check(&paid(), |case| wallet(case, 0).charged_minor = 1_200, Kind::OneSided, "another amount");
    check(&paid(), |case| booked(case).captured_minor = 1_200, Kind::OneSided, "we booked");
    check(&paid(), |case| case.callbacks[0].tip = "0".into(), Kind::OneSided, "told");
    let untipped = |case: &mut Case| {
        let queried = queried(case);
        (queried.total, queried.tip) = ("1200".into(), "0".into());
    };
    check(&paid(), untipped, Kind::Lost, "was sent with");
}

#[test]
fn late_money_that_was_kept_is_reported() {
    check(&late(), |case| case.trades[0] = trade(1, 1, &[]), Kind::OneSided, "was kept");
    check(&late(), |case| case.trades[0] = trade(1, 1, &[1_200]), Kind::OneSided, "was kept");
}

#[test]
fn late_money_that_went_back_twice_is_reported() {
    check(&late(), |case| case.trades[0] = trade(1, 1, &[1_250, 1_250]), Kind::Doubled, "went back twice");
    check(&late(), |case| wallet(case, 0).duplicate_refunds = 1, Kind::Doubled, "refunded again");
    let asked_twice = |case: &mut Case| wallet(case, 0).declined_minor = vec![1_250];
    check(&late(), asked_twice, Kind::Doubled, "went back twice");
    let twice = |case: &mut Case| case.trades[0] = trade(1, 1, &[1_250, 1_250]);
    check(&chosen_again(), twice, Kind::Doubled, "went back twice");
}

#[test]
fn a_wallet_that_declines_refunds_keeps_late_money_only_where_its_rule_says_so() {
    let declined = |case: &mut Case| {
        *wallet(case, 0) =
            Wallet { charges: 1, charged_minor: 1_250, declined_minor: vec![1_250], ..Wallet::default() };
    };
    check(&late(), declined, Kind::OneSided, "was kept");
    let mut case = late();
    case.sale.tip_minor = 58;
    let queried = queried(&mut case);
    (queried.total, queried.tip) = ("1258".into(), "58".into());
    *wallet(&mut case, 0) =
        Wallet { charges: 1, charged_minor: 1_258, declined_minor: vec![1_258], ..Wallet::default() };
    assert_eq!(case.findings(), []);
}

#[test]
fn a_payment_nobody_waited_for_is_reported() {
    let revived = |case: &mut Case| {
        case.sale.seen = None;
        queried(case).status = "success".into();
        case.trades = vec![trade(1, 1, &[])];
        booked(case).captured_minor = 1_250;
    };
    check(&late(), revived, Kind::OneSided, "unseen by its till");
}

#[test]
fn a_lost_or_doubled_refund_is_reported() {
    check(&paid(), |case| wallet(case, 0).refunds_minor.clear(), Kind::Lost, "not made");
    check(&paid(), |case| case.refunds[0] = None, Kind::Lost, "is not there");
    check(&paid(), |case| wallet(case, 0).refunds_minor = vec![200, 200], Kind::Doubled, "made 2 times");
    check(&paid(), |case| wallet(case, 0).refunds_minor = vec![200, 300], Kind::Doubled, "nobody asked for");
    let open = |case: &mut Case| {
        case.sale.refunds[0].answer = RefundAnswer::Open;
        case.refunds[0] = None;
        wallet(case, 0).refunds_minor.clear();
    };
    check(&paid(), open, Kind::Lost, "is not there");
    let failed = |case: &mut Case| case.refunds[0].as_mut().unwrap().status = "failure".into();
    check(&paid(), failed, Kind::OneSided, "was made 1 times");
    // Taken from the wallet that was given up.
    let astray = |case: &mut Case| case.trades = vec![trade(1, 1, &[1_250, 200]), trade(2, 1, &[])];
    check(&chosen_again(), astray, Kind::Doubled, "went back twice");
}

#[test]
fn a_missing_callback_is_reported() {
    check(&paid(), |case| case.callbacks.clear(), Kind::Undelivered, "nobody was told");
    check(&chosen_again(), |case| case.callbacks.clear(), Kind::Undelivered, "nobody was told");
}

#[test]
fn a_callback_of_a_failed_or_passive_order_is_reported() {
    let told = |case: &mut Case| case.callbacks = paid().callbacks;
    check(&late(), told, Kind::OneSided, "what is not paid");
    check(&paid(), |case| case.sale.way = Way::Passive, Kind::OneSided, "a passive payment was told");
    check(&paid(), |case| case.callbacks[0].status = "orderclosed".into(), Kind::OneSided, "told");
    check(&paid(), |case| case.callbacks[0].number = "7".into(), Kind::OneSided, "told");
}

#[test]
fn sides_that_disagree_are_reported() {
    check(&paid(), |case| case.trades.clear(), Kind::OneSided, "the wallet did not charge");
    check(&paid(), |case| booked(case).refunded_minor = 0, Kind::OneSided, "we booked");
    check(&paid(), |case| wallet(case, 0).declined_minor = vec![1_200], Kind::OneSided, "could not make");
    check(&paid(), |case| queried(case).refund_fee = "0".into(), Kind::OneSided, "we booked");
    check(&paid(), |case| queried(case).status = "success".into(), Kind::OneSided, "success and");
    check(&chosen_again(), |case| case.page_status = Some("ORDERCLOSE".into()), Kind::OneSided, "the page");
    // Booked as paid by the wallet that was given up.
    check(&chosen_again(), |case| booked(case).choices = 1, Kind::OneSided, "we booked");
}

#[test]
fn an_order_that_never_ends_is_reported() {
    let pending = |case: &mut Case| {
        case.sale.seen = None;
        queried(case).status = "canceling".into();
    };
    check(&paid(), pending, Kind::Unsettled, "still canceling");
    check(&paid(), |case| booked(case).refunding_minor = 1, Kind::Unsettled, "still open");
    let open = |case: &mut Case| case.refunds[0].as_mut().unwrap().status = "init".into();
    check(&paid(), open, Kind::Unsettled, "still open");
}
