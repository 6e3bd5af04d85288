//! Which word says which no.

use super::*;
use tillgate_core::{Refusal, Term};
use tillgate_protocols::ottpay::codes::{self, CODES};

fn refused(action: Action, refusal: &Refusal) -> String {
    let reject = codes::refusal(action, refusal);
    format!("{} {}", reject.code, reject.field.as_deref().unwrap_or("-"))
}

#[test]
fn every_refusal_has_its_word() {
    let failed = Refusal::AlreadyFailed(FailReason::Expired);
    for (action, refusal, expected) in [
        (Action::StatusQuery, Refusal::OrderNotFound, "PARAM_ERROR order_id"),
        (Action::Refund, Refusal::OrderNotFound, "PARAM_ERROR ori_order_id"),
        (Action::PrepayQuery, Refusal::OrderNotFound, "PARAM_ERROR prepay_order_id"),
        (Action::ActivePay, Refusal::ReferenceReused(Term::Amount), "ORDER_USED order_id"),
        (Action::PrepayInit, Refusal::ReferenceReused(Term::Lifetime), "ORDER_USED prepay_order_id"),
        (Action::Refund, Refusal::ReferenceReused(Term::Amount), "ORDER_USED order_id"),
        (Action::PassivePay, Refusal::ReferenceEnded("paid"), "ORDER_PAID order_id"),
        (Action::PassivePay, Refusal::ReferenceEnded("failed"), "ORDER_USED order_id"),
        (Action::ActivePay, Refusal::ReferenceEnded("closing"), "ORDER_USED order_id"),
        (Action::Refund, Refusal::ReferenceTaken, "ORDER_USED order_id"),
        (Action::MappPay, Refusal::ReferenceTaken, "ORDER_USED order_id"),
        (Action::ActivePay, Refusal::AlreadyPaid, "ORDER_PAID order_id"),
        (Action::Refund, failed, "ORDER_TYPE_ERROR ori_order_id"),
        (Action::Refund, Refusal::AlreadyCancelled, "ORDER_TYPE_ERROR ori_order_id"),
        (Action::Refund, Refusal::NotPaid, "ORDER_TYPE_ERROR ori_order_id"),
        (Action::Refund, Refusal::RefundRepeated(RefundNo(1)), "ORDER_USED order_id"),
        (Action::Refund, Refusal::RefundAboveOrder, "PARAM_ERROR refund_amt"),
        (Action::Refund, Refusal::RefundAboveRest, "PARAM_ERROR refund_amt"),
        (Action::PrepayInit, Refusal::TooManyChoices, "ORDER_TYPE_ERROR prepay_order_id"),
    ] {
        assert_eq!(refused(action, &refusal), expected, "{action:?} {refusal}");
        assert!(codes::of(action).contains(&codes::refusal_code(&refusal)) || !is_possible(action, &refusal));
    }
}

/// What the engine can say to this action at all.
fn is_possible(action: Action, refusal: &Refusal) -> bool {
    !matches!(
        (action, refusal),
        (_, Refusal::TooManyChoices | Refusal::AlreadyFailed(_) | Refusal::AlreadyCancelled)
    )
}

#[test]
fn the_table_is_the_vendors() {
    let documented = "SUCCESS PROCESSING FAIL TIMEOUT SYSTEM_ERROR PARAM_INVALID PARAM_ERROR ORDER_PAID ORDER_USED \
                      ORDER_TYPE_ERROR AUTH_CODE_INVALID";
    let words: Vec<&str> = CODES.iter().map(|code| code.word).collect();
    assert_eq!(words.join(" "), documented);
    for action in Action::ALL {
        let known = |word: &&str| words.contains(word);
        assert!(codes::of(action).iter().all(known), "{action:?}");
        for word in [codes::SUCCESS, codes::SYSTEM_ERROR, codes::PARAM_INVALID, codes::PARAM_ERROR] {
            assert!(codes::of(action).contains(&word), "{action:?} {word}");
        }
    }
}

#[test]
fn terms_have_the_names_of_the_wire() {
    for (action, term, field) in [
        (Action::ActivePay, Term::Account, "biz_type"),
        (Action::PrepayInit, Term::Account, "currency_type"),
        (Action::ActivePay, Term::Method, "biz_type"),
        (Action::ActivePay, Term::Flow, "action"),
        (Action::ActivePay, Term::Amount, "amount"),
        (Action::Refund, Term::Amount, "refund_amt"),
        (Action::ActivePay, Term::Tip, "tip"),
        (Action::ActivePay, Term::Description, "order_remark"),
        (Action::PrepayInit, Term::Description, "remarks"),
        (Action::ActivePay, Term::NotifyUrl, "call_back_url"),
        (Action::PrepayInit, Term::ReturnUrl, "redirect_url"),
        (Action::PassivePay, Term::PayerCode, "auth_code"),
        (Action::MappPay, Term::PayerCode, "app_id or open_id"),
        (Action::PassivePay, Term::Operator, "operator_id"),
        (Action::PassivePay, Term::Terminal, "terminal_no"),
        (Action::PassivePay, Term::Particulars, "sale_num, shop_id or email"),
        (Action::PrepayInit, Term::Lifetime, "duration"),
    ] {
        assert_eq!(codes::term_field(action, term), field);
        let message = codes::refusal(action, &Refusal::ReferenceReused(term)).message;
        assert!(message.ends_with(&format!("was used before with another {field}")), "{message}");
    }
}

#[test]
fn errors_to_a_known_sender_are_sealed() {
    let p = profile();
    let reject = send(Action::ActivePay, "amount=0").unwrap_err();
    check(
        &room::reject_answer(Some(&p), &reject),
        "PARAM_ERROR amount must be greater than zero | order_id=TEST0000001 rsp_code=PARAM_ERROR \
         rsp_msg=amount must be greater than zero",
    );
    let bare = room::reject_answer(None, &room::read_body(b"{}").unwrap_err());
    assert_eq!(bare, r#"{"rsp_code":"PARAM_ERROR","rsp_msg":"action is missing or empty"}"#);
    check(
        &room::refusal_answer(&p, Action::Refund, &Refusal::RefundAboveRest, "R1", None),
        "PARAM_ERROR refund_amt exceeds what is left of the order | order_id=R1 rsp_code=PARAM_ERROR \
         rsp_msg=refund_amt exceeds what is left of the order",
    );
    let unnamed = room::refusal_answer(&p, Action::ActivePay, &Refusal::ReferenceTaken, "", None);
    assert!(!read(&unnamed).contains("order_id="), "{}", read(&unnamed));
    check(
        &room::reject_answer(Some(&p), &codes::wrong_type(Action::PrepayQuery)),
        "ORDER_TYPE_ERROR prepay_order_id belongs to an order that is no prepaid page | rsp_code=ORDER_TYPE_ERROR \
         rsp_msg=prepay_order_id belongs to an order that is no prepaid page",
    );
    assert_eq!(codes::unknown_order(Action::Refund).field.as_deref(), Some("ori_order_id"));
}

#[test]
fn a_repeat_of_a_paid_order_says_how_it_stands() {
    let order = order(Action::PassivePay, "", paid(), Presentation::Charge);
    let ended = Refusal::ReferenceEnded("paid");
    check(
        &room::refusal_answer(&profile(), Action::PassivePay, &ended, "TEST0000001", Some(&order)),
        "ORDER_PAID order_id belongs to an order that is already paid | bizpay_order_id=AL2020082100000033 \
         exchange_rate=5.20000000 order_id=TEST0000001 order_status=success payInfo= refund_fee=0 \
         return_code=SUCCESS rsp_code=ORDER_PAID rsp_msg=order_id belongs to an order that is already paid tip=15 \
         total_amount=115 trade_time=Aug 21, 2020 11:45:28 AM",
    );
    // Of another's content nothing is told.
    let used = Refusal::ReferenceReused(Term::Amount);
    let answer =
        read(&room::refusal_answer(&profile(), Action::PassivePay, &used, "TEST0000001", Some(&order)));
    assert!(!answer.contains("order_status"), "{answer}");
}
