//! Every no of the engine has a code, a text of its own where that helps, and never money's.

use tillgate_core::refusal::{CounterRefusal, Refusal, Term};
use tillgate_core::{FailReason, RefundNo};
use tillgate_protocols::codepay::{Code, Reject};

#[test]
fn every_refusal_has_its_code() {
    let counter = Refusal::AtCounter;
    let all = [
        (Refusal::OrderNotFound, "[E04111]Merchant order number is invalid"),
        (Refusal::ReferenceReused(Term::Amount), "[E04112]Merchant order number is repeated"),
        (Refusal::ReferenceEnded("paid"), "[E04112]Merchant order number is repeated"),
        (Refusal::ReferenceTaken, "[E04112]Merchant order number is repeated"),
        (Refusal::RefundRepeated(RefundNo(1)), "[E04112]Merchant order number is repeated"),
        (Refusal::AlreadyPaid, "[TG005]the order has been paid"),
        (Refusal::AlreadyFailed(FailReason::Expired), "[TG005]the order has failed"),
        (Refusal::AlreadyCancelled, "[TG005]the order has been cancelled"),
        (Refusal::NotPaid, "[TG005]the order was never paid"),
        (Refusal::RefundAboveOrder, "[E04126]the refund exceeds the order"),
        (Refusal::RefundAboveRest, "[E04126]the refund exceeds what is left of the order"),
        (Refusal::TooManyChoices, "[TG005]the payer has chosen too often"),
        (counter(CounterRefusal::Settled), "[ET008]Reversal is not allowed, the transaction is settled"),
        (counter(CounterRefusal::Busy), "[TG005]the order is busy"),
        (counter(CounterRefusal::NotWhole), "[E04132]only the whole order can be voided"),
        (counter(CounterRefusal::PartlyRefunded), "[TG005]a part of the order has been refunded"),
        (counter(CounterRefusal::NothingToCapture), "[TG005]nothing can be captured"),
        (counter(CounterRefusal::AboveAuthorized), "[TG005]more than is authorized"),
        (counter(CounterRefusal::TooManyRefunds), "[E04130]too many refunds"),
        (counter(CounterRefusal::WrongKind), "[TG005]not this kind of order"),
    ];
    for (refusal, msg) in all {
        let reject = Reject::of(&refusal);
        assert_eq!((reject.msg().as_str(), reject.field.as_deref()), (msg, None), "{refusal:?}");
        assert!(reject.code != Code::Success && reject.code != Code::System, "{refusal:?}");
    }
}
