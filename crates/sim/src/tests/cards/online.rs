//! Payers online: what their issuer says, and what he is told.

use tillgate_channels::{Billing, Online};

use super::*;
use crate::{
    Authentication, CHALLENGE_MS, CardBehaviour, ChallengeAnswer, ChallengeState, ChallengeView, TEST_CARDS,
    TEST_CODE, TRIES, TransactionState, WRONG_CVV, WRONG_ZIP,
};

pub const CHALLENGED: &str = "4000000000001091";
const BACK: &str = "https://pay.example/checkout/abc?a=1&b=2";

/// A card without a terminal.
#[derive(Clone, Copy)]
pub struct Typed {
    pub pan: &'static str,
    pub minor: i64,
    pub cvv: &'static str,
    pub zip: &'static str,
}

pub const GOOD: Typed = Typed { pan: VISA, minor: 1_200, cvv: "737", zip: "60601" };

pub fn typed(trade_no: &str, of: Typed) -> CardCall {
    let CardCall::Authorize { operation, card, .. } = sale(trade_no, of.minor) else { unreachable!() };
    let card = Card {
        pan: of.pan.to_owned().into(),
        cvv: Some(of.cvv.to_owned().into()),
        entry: Entry::Manual,
        ..card
    };
    let billing = Billing { name: "Ada Byron".into(), zip: of.zip.into(), ..Billing::default() };
    let online = Online {
        seller: "Harbor Grill & Bar".into(),
        return_url: BACK.into(),
        billing: Some(billing),
        payer_ip: "192.0.2.1".into(),
    };
    let operation = CardOperation { terminal: String::new(), ..operation };
    CardCall::Authorize { operation, card, is_capture: true, online: Some(online) }
}

fn challenged(trade_no: &str, minor: i64) -> CardCall {
    typed(trade_no, Typed { pan: CHALLENGED, minor, ..GOOD })
}

/// The number of the challenge the acquirer sends the payer to.
pub fn challenge_of(desk: &Desk, now_ms: i64, trade_no: &str) -> String {
    match desk.ask(now_ms, &query(trade_no)).unwrap().outcome {
        CardOutcome::Challenge { url } => url.strip_prefix("https://issuer.example/3ds/").unwrap().to_owned(),
        other => panic!("{other:?}"),
    }
}

pub fn code(text: &str) -> ChallengeAnswer {
    ChallengeAnswer::Code(text.into())
}

fn answers(desk: &Desk, now_ms: i64, id: &str, answer: &ChallengeAnswer) -> ChallengeState {
    desk.acquirer.challenge_answer(id, answer, now_ms).unwrap().unwrap()
}

fn done() -> ChallengeState {
    ChallengeState::Done { return_url: BACK.into() }
}

fn shown(desk: &Desk, now_ms: i64, id: &str) -> ChallengeView {
    desk.acquirer.challenge_view(id, now_ms).unwrap().unwrap()
}

#[test]
fn each_card_is_treated_as_the_table_says() {
    let desk = desk();
    for card in TEST_CARDS {
        use Authentication as A;
        let (expected, authentication) = match card.behaviour {
            CardBehaviour::Approved | CardBehaviour::WantsPin | CardBehaviour::ContactlessLimit => {
                ("approved", A::Frictionless)
            }
            CardBehaviour::Challenged => ("challenge", A::None),
            CardBehaviour::NotAuthenticated => ("1A AUTHENTICATION FAILED", A::Failed),
            CardBehaviour::IssuerDown => ("approved", A::Attempted),
            CardBehaviour::NotEnrolled => ("approved", A::NotEnrolled),
            CardBehaviour::WrongPin => ("55 INCORRECT PIN", A::None),
            CardBehaviour::InsufficientFunds => ("51 INSUFFICIENT FUNDS", A::None),
            CardBehaviour::Expired => ("54 EXPIRED CARD", A::None),
            CardBehaviour::Lost => ("41 LOST CARD", A::None),
            CardBehaviour::Stolen => ("43 STOLEN CARD", A::None),
            CardBehaviour::DoNotHonor => ("05 DO NOT HONOR", A::None),
            CardBehaviour::Unreachable => ("silence", A::None),
        };
        let call = typed(card.pan, Typed { pan: card.pan, ..GOOD });
        assert_eq!(desk.says(0, &call), expected, "{}", card.title_en);
        if expected != "silence" {
            assert_eq!(desk.view(card.pan).authentication, authentication, "{}", card.title_en);
            assert_eq!(desk.says(1_000, &query(card.pan)), expected, "asked: {}", card.title_en);
            assert_eq!(desk.says(1_000, &call), expected, "again: {}", card.title_en);
        }
    }
}

#[test]
fn security_codes_and_addresses() {
    let desk = desk();
    for (number, (cvv, zip, expected)) in [
        ("737", "60601", "approved"),
        (WRONG_CVV, "60601", "N7 CVV MISMATCH"),
        ("9999", "60601", "N7 CVV MISMATCH"),
        ("0999", "60601", "approved"),
        ("737", WRONG_ZIP, "59 ADDRESS MISMATCH"),
        (WRONG_CVV, WRONG_ZIP, "N7 CVV MISMATCH"),
        ("", "", "approved"),
    ]
    .into_iter()
    .enumerate()
    {
        let trade_no = format!("s{number}");
        assert_eq!(desk.says(0, &typed(&trade_no, Typed { cvv, zip, ..GOOD })), expected, "{cvv} {zip}");
        // The same after a challenge, and the issuer asks before it says so.
        let trade_no = format!("c{number}");
        let call = typed(&trade_no, Typed { pan: CHALLENGED, cvv, zip, ..GOOD });
        assert_eq!(desk.says(0, &call), "challenge");
        let id = challenge_of(&desk, 0, &trade_no);
        assert_eq!(answers(&desk, 0, &id, &code(TEST_CODE)), done());
        assert_eq!(desk.says(0, &query(&trade_no)), expected, "challenged {cvv} {zip}");
    }
}

#[test]
fn a_payer_who_knows_the_code_has_paid_once() {
    let desk = desk();
    let call = challenged("s", 1_200);
    assert_eq!(desk.says(0, &call), "challenge");
    assert_eq!((desk.sums(), desk.view("s").state), ([0; 4], TransactionState::Challenged));
    assert_eq!(desk.view("s").response_code, "");
    let id = challenge_of(&desk, 0, "s");
    assert_eq!(
        shown(&desk, 0, &id),
        ChallengeView {
            seller: "Harbor Grill ＆ Bar".into(),
            amount: "12.00".into(),
            currency: "USD".into(),
            brand: "Visa".into(),
            last_four: "1091".into(),
            tries_left: TRIES,
            is_over: false,
            return_url: BACK.into(),
        }
    );
    // Nothing follows what is not there yet.
    assert_eq!(desk.says(0, &void("v", "s", 1_200)), "25 ORIGINAL NOT FOUND");
    assert_eq!(desk.says(0, &refund("r", "s", 1_200)), "25 ORIGINAL NOT FOUND");
    assert_eq!(desk.says(0, &settle("s", "B1")), "25 ORIGINAL NOT FOUND");
    assert_eq!(answers(&desk, 60_000, &id, &code(" 1234 ")), done());
    for _ in 0..3 {
        assert_eq!(desk.says(60_000, &query("s")), "approved");
        assert_eq!(desk.says(60_000, &call), "approved");
        assert_eq!(desk.says(60_000, &close("s")), "approved");
        for answer in [code(TEST_CODE), code("0000"), ChallengeAnswer::Cancel, ChallengeAnswer::Fail] {
            assert_eq!(answers(&desk, 60_001, &id, &answer), done(), "it is over");
        }
    }
    assert_eq!(desk.sums(), [1_200, 1_200, 0, 1_200]);
    let view = desk.view("s");
    assert_eq!((view.authentication, view.at_ms), (Authentication::Challenge, 60_000));
    assert_eq!(desk.says(60_001, &refund("r2", "s", 1_200)), "approved");
    assert!(shown(&desk, 70_000, &id).is_over);
}

#[test]
fn a_challenge_ends_in_a_no_in_every_other_way() {
    type Step = (i64, &'static str);
    let wrong: &[Step] = &[(0, "0000"), (1, "4321"), (2, "")];
    let cases: [(&str, &[Step], &str); 5] = [
        ("wrong thrice", wrong, "1A AUTHENTICATION FAILED"),
        ("says it is not he", &[(0, "fail")], "1A AUTHENTICATION FAILED"),
        ("cancels", &[(0, "0000"), (5, "cancel")], "1A AUTHENTICATION CANCELLED"),
        ("never comes back", &[(CHALLENGE_MS - 1, "0000")], "1A AUTHENTICATION TIMED OUT"),
        ("comes too late", &[(CHALLENGE_MS, TEST_CODE)], "1A AUTHENTICATION TIMED OUT"),
    ];
    for (name, steps, expected) in cases {
        let desk = desk();
        assert_eq!(desk.says(0, &challenged("s", 1_200)), "challenge");
        let id = challenge_of(&desk, 0, "s");
        for (now_ms, word) in steps {
            let answer = match *word {
                "cancel" => ChallengeAnswer::Cancel,
                "fail" => ChallengeAnswer::Fail,
                text => code(text),
            };
            answers(&desk, *now_ms, &id, &answer);
        }
        assert_eq!(desk.says(CHALLENGE_MS, &query("s")), expected, "{name}");
        assert_eq!(answers(&desk, CHALLENGE_MS, &id, &code(TEST_CODE)), done(), "{name}");
        assert_eq!(desk.says(CHALLENGE_MS, &query("s")), expected, "{name}");
        assert_eq!((desk.sums(), desk.view("s").authentication), ([0; 4], Authentication::Failed), "{name}");
        assert_eq!(desk.view("s").state, TransactionState::Declined, "{name}");
    }
}

#[test]
fn wrong_codes_are_counted() {
    let desk = desk();
    desk.says(0, &challenged("s", 1_200));
    let id = challenge_of(&desk, 0, "s");
    for tries_left in [2, 1] {
        assert_eq!(answers(&desk, 0, &id, &code("12345")), ChallengeState::Again { tries_left });
        assert_eq!(shown(&desk, 0, &id).tries_left, tries_left);
        assert_eq!(desk.says(0, &query("s")), "challenge");
    }
    assert_eq!(answers(&desk, 0, &id, &code(TEST_CODE)), done(), "the last try may be right");
    assert_eq!(desk.says(0, &query("s")), "approved");
}

#[test]
fn closing_shuts_a_challenge() {
    let desk = desk();
    desk.says(0, &challenged("s", 1_200));
    let id = challenge_of(&desk, 0, "s");
    assert_eq!(desk.says(5, &close("s")), "12 CLOSED");
    assert_eq!(answers(&desk, 6, &id, &code(TEST_CODE)), done());
    for call in [query("s"), close("s"), challenged("s", 1_200)] {
        assert_eq!(desk.says(7, &call), "12 CLOSED", "{call:?}");
    }
    assert_eq!(desk.sums(), [0; 4]);
}

/// Of a right code and a close that race, exactly one wins, and both know which.
#[test]
fn a_code_and_a_close_agree() {
    let desk = desk();
    let mut paid = 0;
    for number in 0..100 {
        let trade_no = format!("s{number}");
        desk.says(0, &challenged(&trade_no, 1_000));
        let id = challenge_of(&desk, 0, &trade_no);
        let closed = std::thread::scope(|scope| {
            let answering = (0..2).map(|_| scope.spawn(|| answers(&desk, 1, &id, &code(TEST_CODE))));
            let answering: Vec<_> = answering.collect();
            let closed = desk.says(1, &close(&trade_no));
            answering.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), done()));
            closed
        });
        assert_eq!(desk.says(2, &query(&trade_no)), closed);
        assert!(["approved", "12 CLOSED"].contains(&closed.as_str()), "{closed}");
        paid += i64::from(closed == "approved");
    }
    assert_eq!(desk.sums()[1], paid * 1_000);
}

/// The rules on amounts, with a card nobody asks about and with one that is asked about: when who asks, what is said.
#[test]
fn amounts_decide_online_too() {
    type Later = &'static [(i64, &'static str)];
    let table: [(i64, &str, Later); 7] = [
        (1_251, "51 INSUFFICIENT FUNDS", &[(0, "51 INSUFFICIENT FUNDS")]),
        (1_265, "05 DO NOT HONOR", &[(0, "05 DO NOT HONOR")]),
        (1_252, "pending", &[(2_999, "pending"), (3_000, "approved")]),
        (1_253, "silence", &[(0, "approved")]),
        (1_260, "unknown", &[(4_999, "unknown"), (5_000, "approved")]),
        (1_264, "silence", &[(4_999, "silence"), (5_000, "approved")]),
        (1_200, "approved", &[(0, "approved")]),
    ];
    for (minor, first, later) in table {
        let desk = desk();
        assert_eq!(desk.says(0, &typed("s", Typed { minor, ..GOOD })), first, "{minor}");
        later.iter().for_each(|(now_ms, word)| assert_eq!(desk.says(*now_ms, &query("s")), *word, "{minor}"));
        // Challenged: what goes wrong goes wrong with the authorization, after the code; only a lost answer is lost
        // before.
        let asked = if minor == 1_253 { "silence" } else { "challenge" };
        assert_eq!(desk.says(0, &challenged("c", minor)), asked, "{minor}");
        let id = challenge_of(&desk, 10_000, "c");
        assert_eq!(answers(&desk, 10_000, &id, &code(TEST_CODE)), done(), "{minor}");
        for (now_ms, word) in later {
            assert_eq!(desk.says(10_000 + now_ms, &query("c")), *word, "challenged {minor} at {now_ms}");
        }
        let taken = if later.last().unwrap().1 == "approved" { 2 * minor } else { 0 };
        assert_eq!(desk.sums()[1], taken, "{minor}");
    }
    let desk = desk();
    for trade_no in ["s", "c"] {
        let pan = if trade_no == "s" { VISA } else { CHALLENGED };
        assert_eq!(desk.says(0, &typed(trade_no, Typed { pan, minor: 1_254, ..GOOD })), "silence");
        assert_eq!(desk.says(0, &query(trade_no)), "never heard of");
        assert_eq!(desk.says(0, &close(trade_no)), "12 CLOSED");
    }
    assert_eq!(desk.sums(), [0; 4]);
}

#[test]
fn a_challenge_is_found_by_its_number_only() {
    let (desk, other) = (desk(), super::open_with("another secret"));
    let mut ids = std::collections::BTreeSet::new();
    for number in 0..50 {
        let trade_no = format!("1-{number}");
        for desk in [&desk, &other] {
            desk.says(0, &challenged(&trade_no, 1_200));
            let id = challenge_of(desk, 0, &trade_no);
            assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
            assert!(ids.insert(id), "a number twice");
        }
    }
    for id in ["", "1-1", "0", "../s", &"0".repeat(32)] {
        assert_eq!(desk.acquirer.challenge_view(id, 0).unwrap(), None);
        assert_eq!(desk.acquirer.challenge_answer(id, &code(TEST_CODE), 0).unwrap(), None);
    }
}

#[test]
fn other_content_under_a_number_is_refused_while_it_waits() {
    let desk = desk();
    desk.says(0, &challenged("s", 1_200));
    for other in [challenged("s", 1_300), typed("s", GOOD), sale("s", 1_200)] {
        assert_eq!(desk.says(0, &other), "94 DUPLICATE NUMBER", "{other:?}");
    }
    assert_eq!(desk.says(0, &query("s")), "challenge");
}

#[test]
fn nobody_is_sent_back_elsewhere_than_to_the_web() {
    let desk = desk();
    for bad in ["", "javascript:alert(1)", "/checkout", "https://a b", "https://pay.example/\r\nX: y"] {
        let mut call = typed("s", GOOD);
        if let CardCall::Authorize { online: Some(online), .. } = &mut call {
            online.return_url = bad.into();
        }
        assert_eq!(desk.says(0, &call), "unknown", "{bad}");
    }
    assert_eq!(desk.says(0, &query("s")), "never heard of");
}
