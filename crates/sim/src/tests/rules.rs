//! Each rule as a timetable: at a time, do, and see.

use super::*;
use crate::{CLOSED_TO_LATE_MS, PENDING_TO_PAID_MS, RULES, SHOWN_TO_PAID_MS, StateWord, TROUBLE_MS};

const START: i64 = 1_000;

struct Case {
    desk: Desk,
    payment: Payment,
}

impl Case {
    fn charge(amount: &str) -> (Self, &'static str) {
        let case = Self { desk: desk(), payment: barcode(amount) };
        let said = word(case.desk.ask(START, &Call::Charge(case.payment.clone())));
        (case, said)
    }

    fn shown(amount: &str) -> Self {
        let case = Self { desk: desk(), payment: qr(amount) };
        case.desk.code(START, &case.payment);
        case
    }

    fn query(&self, now_ms: i64) -> &'static str {
        word(self.desk.ask(now_ms, &Call::Query(self.payment.clone())))
    }

    fn close(&self, now_ms: i64) -> &'static str {
        word(self.desk.ask(now_ms, &Call::Close(self.payment.clone())))
    }

    fn pay(&self, now_ms: i64) -> Result<StateWord, String> {
        let paid = self.desk.world.pay(&self.payment.trade_no, now_ms);
        paid.map(|view| view.state).map_err(|error| error.to_string())
    }

    fn callbacks(&self, now_ms: i64) -> Vec<&'static str> {
        callback_words(&self.desk.callbacks(now_ms))
    }

    fn charges(&self) -> u32 {
        self.desk.charges(&self.payment)
    }
}

#[test]
fn the_table_is_whole() {
    let endings: Vec<u8> = RULES.iter().map(|rule| rule.ending).collect();
    assert_eq!(endings, (51..=63).collect::<Vec<u8>>());
    for rule in RULES {
        assert!(!rule.description_en.contains("  ") && !rule.description_zh.contains("  "), "{}", rule.name);
    }
}

#[test]
fn rule_51_declined() {
    let (case, said) = Case::charge("1.51");
    assert_eq!((said, case.query(START), case.charges()), ("declined", "declined", 0));
    let case = Case::shown("1.51");
    assert_eq!(case.pay(START), Ok(StateWord::Declined));
    assert_eq!((case.callbacks(START), case.charges()), (vec!["declined"], 0));
}

#[test]
fn rule_52_pending_then_paid() {
    let later = START + PENDING_TO_PAID_MS;
    let (case, said) = Case::charge("1.52");
    assert_eq!((said, case.query(later - 1), case.query(later)), ("pending", "pending", "paid"));
    assert_eq!(case.callbacks(later), ["paid"]);
    let case = Case::shown("1.52");
    assert_eq!(case.desk.world.next_due(), Some(later));
    assert_eq!((case.callbacks(later - 1), case.callbacks(later)), (vec![], vec!["paid"]));
    assert_eq!(case.charges(), 1);
    let case = Case::shown("1.52");
    assert_eq!((case.close(later - 1), case.query(later)), ("declined", "declined"));
}

#[test]
fn rule_53_silent_then_paid() {
    let later = START + TROUBLE_MS;
    let (case, said) = Case::charge("1.53");
    assert_eq!((said, case.query(later - 1), case.close(later - 1)), ("silence", "silence", "silence"));
    assert_eq!((case.query(later), case.close(later), case.charges()), ("paid", "paid", 1));
    let case = Case::shown("1.53");
    assert_eq!((case.query(START), case.pay(START)), ("pending", Ok(StateWord::Paid)));
    assert_eq!((case.close(later - 1), case.close(later), case.charges()), ("silence", "paid", 1));
    assert!(case.callbacks(later).is_empty());
}

#[test]
fn rule_54_silent_never_paid() {
    let later = START + TROUBLE_MS;
    let (case, said) = Case::charge("1.54");
    assert_eq!((said, case.query(later - 1), case.close(later - 1)), ("silence", "silence", "silence"));
    assert_eq!(
        (case.query(later), case.close(later), case.query(later)),
        ("pending", "declined", "declined")
    );
    let case = Case::shown("1.54");
    assert!(case.pay(START).is_err());
    assert_eq!((case.query(later - 1), case.query(later), case.charges()), ("silence", "pending", 0));
}

#[test]
fn rule_55_late_success() {
    let (case, said) = Case::charge("1.55");
    assert_eq!((said, case.close(2_000), case.query(2_000)), ("pending", "declined", "declined"));
    assert_eq!((case.callbacks(2_000 + CLOSED_TO_LATE_MS), case.charges()), (vec!["paid"], 1));
    let case = Case::shown("1.55");
    assert_eq!(case.pay(START), Ok(StateWord::Pending));
    assert_eq!((case.query(EXPIRES_MS), case.query(EXPIRES_MS + CLOSED_TO_LATE_MS)), ("declined", "paid"));
}

#[test]
fn rule_56_callback_thrice() {
    let (case, said) = Case::charge("1.56");
    assert_eq!((said, case.callbacks(START)), ("paid", vec!["paid"; 3]));
    let case = Case::shown("1.56");
    case.pay(START).unwrap();
    let bodies = case.desk.world.take_callbacks(START).unwrap();
    assert!(bodies.len() == 3 && bodies.iter().all(|callback| callback.body == bodies[0].body));
    assert_eq!(case.charges(), 1);
}

#[test]
fn rule_57_no_callback() {
    let later = START + PENDING_TO_PAID_MS;
    let (case, said) = Case::charge("1.57");
    assert_eq!((said, case.query(later)), ("pending", "paid"));
    assert!(case.callbacks(later).is_empty());
    let case = Case::shown("1.57");
    case.pay(START).unwrap();
    assert!(case.callbacks(START + 99_000).is_empty());
    assert_eq!(case.query(START), "paid");
}

#[test]
fn rules_58_and_59_refunds() {
    let ask = |case: &Case, now_ms| {
        word(case.desk.ask(now_ms, &Call::Refund(case.payment.clone(), refund("r", "1.00"))))
    };
    let query = |case: &Case, now_ms| {
        word(case.desk.ask(now_ms, &Call::QueryRefund(case.payment.clone(), refund("r", "1.00"))))
    };
    let (case, said) = Case::charge("1.58");
    assert_eq!((said, ask(&case, START), query(&case, START)), ("paid", "declined", "declined"));
    let (case, said) = Case::charge("1.59");
    let later = START + TROUBLE_MS;
    assert_eq!((said, ask(&case, START), query(&case, later - 1)), ("paid", "silence", "silence"));
    assert_eq!((query(&case, later), case.query(START)), ("paid", "paid"));
    assert_eq!(case.desk.world.ledger(&case.payment.trade_no).unwrap().refunded_minor, 100);
}

#[test]
fn rule_60_garbage() {
    let later = START + TROUBLE_MS;
    let (case, said) = Case::charge("1.60");
    assert_eq!((said, case.query(later - 1), case.query(later)), ("unknown", "unknown", "paid"));
    let (desk, payment) = (desk(), qr("1.60"));
    let present = |now_ms| word(desk.ask(now_ms, &Call::Present(payment.clone())));
    assert_eq!((present(START), present(later - 1), present(later)), ("unknown", "unknown", "presented"));
}

#[test]
fn rule_61_confirm_on_phone() {
    let (case, said) = Case::charge("1.61");
    assert_eq!((said, case.query(START + 60_000)), ("pending", "pending"));
    assert_eq!(case.pay(START + 60_000), Ok(StateWord::Paid));
    assert_eq!(case.callbacks(START + 60_000), ["paid"]);
}

#[test]
fn rule_62_forged_callback() {
    for case in [Case::charge("1.62").0, Case::shown("1.62")] {
        let forged = case.desk.world.take_callbacks(START).unwrap();
        assert!(String::from_utf8_lossy(&forged[0].body).contains("paid"));
        assert_eq!(case.desk.channel.decode_callback(&forged[0].body), None);
        assert_eq!((case.query(START), case.charges()), ("pending", 0));
        assert!(case.callbacks(START + 99_000).is_empty(), "it is sent once");
        assert_eq!(case.pay(START), Ok(StateWord::Paid));
        case.desk.world.callback_acknowledged(forged[0].id).unwrap();
        assert_eq!(case.callbacks(START), ["paid"], "taking the forged one does not take the true one");
    }
}

#[test]
fn rule_63_pays_itself() {
    let case = Case::shown("1.63");
    assert_eq!((case.query(START), case.callbacks(START + SHOWN_TO_PAID_MS)), ("pending", vec!["paid"]));
    assert_eq!(Case::charge("1.63").1, "paid");
}
