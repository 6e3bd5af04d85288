//! Each number is taken once, whoever uses it; a closed one never is.

use super::*;
use crate::TransactionFilter;

#[test]
fn the_same_request_gets_the_same_answer() {
    let desk = desk();
    let calls = [
        authorization("a", 5_000),
        increment("i", "a", 100),
        capture("c", "a", 4_000),
        refund("r", "a", 100),
        sale("s", 1_200),
        void("v", "s", 1_200),
        sale("no", 1_265),
    ];
    let first: Vec<_> = calls.iter().map(|call| desk.ask(1_000, call)).collect();
    let sums = desk.sums();
    let again: Vec<_> = calls.iter().map(|call| desk.ask(9_000, call)).collect();
    assert_eq!((first, sums), (again, desk.sums()));
    assert_eq!(desk.acquirer.transactions(&TransactionFilter::default()).len(), 7);
    let queried = desk.ask(9_000, &query("s")).unwrap();
    assert_eq!(Some(queried), desk.ask(9_000, &sale("s", 1_200)), "asking says the same as doing");
}

#[test]
fn other_content_under_a_number_is_refused() {
    let desk = desk();
    assert_eq!(desk.says(0, &sale("s", 1_200)), "approved");
    let sale_with = |operation, pan: &str| CardCall::Authorize {
        operation,
        card: card(pan),
        is_capture: true,
        online: None,
    };
    let others = [
        sale("s", 1_201),
        authorization("s", 1_200),
        sale_with(CardOperation { terminal: "another".into(), ..operation("s", 1_200) }, VISA),
        sale_with(CardOperation { tip_minor: 100, ..operation("s", 1_200) }, VISA),
        sale_with(operation("s", 1_200), "5555555555554444"),
        void("s", "s", 1_200),
        refund("s", "s", 1_200),
    ];
    for other in others {
        assert_eq!(desk.says(0, &other), "94 DUPLICATE NUMBER", "{other:?}");
    }
    assert_eq!(desk.sums(), [1_200, 1_200, 0, 1_200]);
    assert_eq!(desk.terminal_says(0, tapped(AUTHORIZATION, "s", None, 1_200)), "94 DUPLICATE NUMBER");
}

#[test]
fn a_closed_number_is_never_used() {
    let desk = desk();
    assert_eq!(desk.says(0, &query("s")), "never heard of");
    assert_eq!(desk.says(0, &close("s")), "12 CLOSED");
    assert_eq!(desk.says(0, &close("s")), "12 CLOSED");
    assert_eq!(desk.says(0, &query("s")), "12 CLOSED");
    assert_eq!(desk.says(0, &sale("s", 1_200)), "12 CLOSED");
    assert_eq!(desk.terminal_says(0, tapped(SALE, "s", None, 1_200)), "12 CLOSED");
    assert_eq!((desk.sums(), desk.acquirer.transactions(&TransactionFilter::default()).len()), ([0; 4], 0));
    let closed: Vec<_> = desk.acquirer.closed_numbers().into_iter().map(|closed| closed.trade_no).collect();
    assert_eq!(closed, ["s"]);

    assert_eq!(desk.says(0, &sale("t", 1_200)), "approved");
    assert_eq!(desk.says(0, &close("v")), "12 CLOSED");
    assert_eq!(desk.says(0, &void("v", "t", 1_200)), "12 CLOSED", "a void's number can be closed as well");
    assert_eq!(desk.sums(), [1_200, 1_200, 0, 1_200]);
}

#[test]
fn closing_comes_too_late_for_what_was_done() {
    let desk = desk();
    desk.terminal(0, tapped(SALE, "s", None, 1_200));
    let answer = desk.ask(0, &close("s")).unwrap();
    assert_eq!(answer.operation.as_ref().unwrap().amount, usd(1_200));
    assert_eq!(word(Some(answer)), "approved");
    desk.terminal(0, tapped(SALE, "n", None, 1_251));
    assert_eq!(desk.says(0, &close("n")), "51 INSUFFICIENT FUNDS");
    assert_eq!(desk.says(0, &close("n")), desk.says(0, &query("n")));
}

#[test]
fn what_is_not_signed_or_understood_changes_nothing() {
    let desk = desk();
    let foreign = SimulatedAcquirer::new("cards", "a wrong key");
    let signed = String::from_utf8(desk.channel.encode(&sale("s", 1_200)).to_vec()).unwrap();
    let bodies = [
        foreign.encode(&sale("s", 1_200)).to_vec(),
        signed.replace("\"1200\"", "\"1300\"").into_bytes(),
        signed.replacen('{', r#"{"amount":"1200","#, 1).into_bytes(),
        signed.replacen('{', r#"{"amount":1200,"#, 1).into_bytes(),
        signed[..signed.len() - 2].into(),
        b"[]".to_vec(),
        Vec::new(),
        vec![b'{'; 100_000],
        desk.channel.encode(&query(&"9".repeat(65))).to_vec(),
        desk.channel.encode(&query("")).to_vec(),
    ];
    for body in bodies {
        let Reply::Answer(answer) = desk.acquirer.handle(0, &body) else { panic!("no answer") };
        assert!(String::from_utf8(answer.clone()).unwrap().contains(r#""status":"error""#));
        assert_eq!(desk.channel.decode(&sale("s", 1_200), &answer), CardAnswer::UNKNOWN);
    }
    assert_eq!(desk.says(0, &query("s")), "never heard of");
}

#[test]
fn eight_threads_charge_a_number_once() {
    let desk = desk();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for number in 0..100 {
                    let (sold, given_back) = (format!("s{number}"), format!("r{number}"));
                    assert_eq!(desk.says(1_000, &sale(&sold, 1_000)), "approved");
                    assert_eq!(desk.terminal_says(1_000, tapped(SALE, &sold, None, 1_000)), "approved");
                    assert_eq!(desk.says(1_000, &refund(&given_back, &sold, 600)), "approved");
                }
            });
        }
    });
    assert_eq!(desk.sums(), [100_000, 100_000, 60_000, 40_000]);
}

/// Of a sale and a close that race, exactly one wins, and both hear which.
#[test]
fn a_sale_and_a_close_agree() {
    let desk = desk();
    for number in 0..200 {
        let trade_no = format!("s{number}");
        let (sold, closed) = std::thread::scope(|scope| {
            let selling = scope.spawn(|| desk.says(1_000, &sale(&trade_no, 1_000)));
            let closing = scope.spawn(|| desk.says(1_000, &close(&trade_no)));
            (selling.join().unwrap(), closing.join().unwrap())
        });
        assert_eq!(sold, closed);
        assert!(["approved", "12 CLOSED"].contains(&sold.as_str()), "{sold}");
    }
}
