//! Orders and refunds in the documents' words, through each state they can have.

use tillgate_core::{
    Asked as About, BatchPlace, CardKind, Command, Deed, Entry, Facts, NewOrder, NewRefund, Order, OrderNo,
    Outcome, Presentation, Refund, RefundMeans, Reserve, Slip, Terms, Timestamp, decide,
};
use tillgate_protocols::codepay::words::{EntryModel, PayMethod, TransStatus};
use tillgate_protocols::codepay::{OrderView, view};

use super::terms::{ORIGINAL, terms_of};
use super::{NOW, money};

/// Stored and nothing more.
pub fn order(terms: Terms) -> Order {
    let new = NewOrder {
        merchant: tillgate_core::MerchantId(7),
        number: OrderNo(2_024_022_812_345_678),
        room: "codepay".into(),
        reference: "1709106082732".into(),
        terms,
        presentation: Presentation::None,
        card: None,
    };
    decide(None, Command::Create(new), NOW).unwrap().order
}

fn after(mut order: Order, commands: &[Command]) -> Order {
    for command in commands {
        let decision = decide(Some(order), command.clone(), NOW.plus_s(5)).unwrap();
        assert!(!decision.is_nothing(), "{command:?}");
        order = decision.order;
    }
    order
}

fn slip() -> Slip {
    Slip {
        brand: "MasterCard".into(),
        first_six: "545454".into(),
        last_four: "5454".into(),
        kind: Some(CardKind::Debit),
        entry: Some(Entry::Contactless),
        auth_code: "919070".into(),
        ref_no: "306140000003".into(),
        refused: None,
        is_signed: false,
        ..Slip::default()
    }
}

fn says(outcome: Outcome, tip_minor: Option<i64>, slip: Slip) -> Command {
    let batch = Some(BatchPlace { terminal: "WPYB002248000865".into(), number: 1 });
    Command::CounterSays {
        choice: 1,
        asked: About::Charge,
        outcome,
        facts: Facts { slip: Some(slip), tip_minor, batch },
    }
}

fn done(tip_minor: Option<i64>) -> Command {
    says(paid(), tip_minor, slip())
}

fn paid() -> Outcome {
    Outcome::Paid { channel_ref: "C-1".into(), payer: "p***@shop".into(), at: NOW.plus_s(3) }
}

fn declined(slip: Slip) -> Command {
    says(Outcome::Declined { reason: "051 no money".into() }, None, slip)
}

fn reserve(deed: Deed, amount_minor: i64, tip_minor: i64) -> Command {
    let (by, note, open_batch, earlier) = (ORIGINAL, String::new(), Some(1), Vec::new());
    Command::Reserve(Reserve {
        by,
        deed,
        amount_minor,
        tip_minor,
        note,
        open_batch,
        earlier,
        refunds_tip_minor: None,
        only_held: false,
    })
}

fn follow_up(refund: Option<Refund>, is_done: bool) -> Command {
    let facts = Facts::default();
    Command::FollowUpSays { by: ORIGINAL, refund, is_done, facts, channel_ref: "C-2".into() }
}

/// Voided at the terminal.
fn voided(order: Order) -> Order {
    let whole =
        if order.funds.captured_minor > 0 { order.funds.captured_minor } else { order.authorized_minor() };
    let decision = decide(Some(order), reserve(Deed::Void, whole, 0), NOW).unwrap();
    after(decision.order, &[follow_up(decision.refund, true)])
}

fn status(order: &Order) -> (u8, Option<i64>, i64) {
    let view = view::order_view(order);
    assert_eq!(view.trans_status, view::trans_status(order));
    (view.trans_status.number(), view.paid_minor, view.fee_minor)
}

#[test]
fn a_sale_is_told_in_each_state() {
    let new = || order(terms_of(&[("order_amount", "120")]));
    let taken = || after(new(), &[Command::Offer, Command::Take]);
    assert_eq!(status(&new()), (9, None, 0));
    assert_eq!(status(&after(new(), &[Command::Offer])), (9, None, 0));
    assert_eq!(status(&after(new(), &[Command::Offer, Command::Cancel])), (9, None, 0));
    assert_eq!(status(&taken()), (0, None, 0));
    assert_eq!(status(&after(taken(), &[Command::Cancel])), (0, None, 0));
    assert_eq!(status(&after(taken(), &[done(Some(0))])), (2, Some(12_000), 144));
    assert_eq!(status(&after(taken(), &[done(Some(500))])), (2, Some(12_500), 150));
    assert_eq!(status(&after(new(), &[Command::Cancel])), (1, None, 0));
    assert_eq!(status(&after(taken(), &[declined(slip())])), (1, None, 0));
    assert_eq!(status(&voided(after(taken(), &[done(Some(500))]))), (3, Some(12_500), 0));
    // A tip that was adjusted, up and down.
    let tip = |tip_minor| {
        [
            Command::AdjustTip { tip_minor, open_batch: Some(1) },
            Command::TipSays { tip_minor, outcome: paid() },
        ]
    };
    let mut order = after(taken(), &[done(Some(500))]);
    for (tip_minor, expected) in [(1_000, (2, Some(13_000), 156)), (0, (2, Some(12_000), 144))] {
        order = after(order, &tip(tip_minor));
        assert_eq!(status(&order), expected);
        assert_eq!(view::order_view(&order).tip_minor, Some(tip_minor).filter(|minor| *minor > 0));
        assert_eq!(view::order_view(&order).trans_amount().minor, 12_000 + tip_minor);
    }
    // While it is asked for the old one counts; after a refund the payment is what it was.
    let asked = after(order.clone(), &tip(700)[..1]);
    assert_eq!(status(&asked), (2, Some(12_000), 144));
    let refunding = after(order, &[reserve(Deed::Refund, 5_000, 0)]);
    assert_eq!(status(&refunding), (2, Some(12_000), 144));
    assert_eq!(status(&after(taken(), &[done(Some(0)), Command::Settle])), (2, Some(12_000), 144));
}

#[test]
fn an_authorization_is_told_in_each_state() {
    let taken = after(
        order(terms_of(&[("trans_type", "4"), ("order_amount", "120")])),
        &[Command::Offer, Command::Take],
    );
    assert_eq!(status(&taken), (0, None, 0));
    let held = after(taken, &[done(Some(0))]);
    assert_eq!(status(&held), (2, Some(12_000), 0));
    assert_eq!(status(&voided(held.clone())), (3, Some(12_000), 0));
    let asked = after(held, &[reserve(Deed::Completion, 9_000, 500)]);
    assert_eq!(status(&asked), (2, Some(12_000), 0));
    assert_eq!(status(&after(asked.clone(), &[follow_up(None, false)])), (2, Some(12_000), 0));
    let captured = after(asked, &[follow_up(None, true)]);
    assert_eq!(status(&captured), (4, Some(9_000), 108));
    assert_eq!(view::order_view(&captured).tip_minor, Some(500));
}

#[test]
fn a_follow_up_is_told_as_an_order_of_its_own() {
    for kind in ["2", "3", "6"] {
        let changes = [("trans_type", kind), ("orig_merchant_order_no", r#""1""#), ("order_amount", "50")];
        let new = order(terms_of(&changes));
        assert_eq!(status(&new), (9, None, 0));
        let done = after(new.clone(), &[Command::Offer, Command::Take, done(None)]);
        assert_eq!(status(&done), (2, Some(5_000), 0), "{kind}");
        assert_eq!(status(&after(new, &[Command::Cancel])), (1, None, 0));
        let view = view::refund_order_view(&done);
        assert_eq!((view.trans_status, view.order_amount), (TransStatus::Successful, money(5_000, "USD")));
        assert_eq!((view.trans_no, view.trans_end_time), (view::order_trans_no(&done), Some(NOW.plus_s(3))));
    }
}

#[test]
fn what_the_card_left_behind_is_told_and_its_number_is_not() {
    let sale = || after(order(terms_of(&[("pay_method_id", r#""Visa""#)])), &[Command::Offer, Command::Take]);
    let OrderView {
        pay_method,
        pay_user_account_id,
        entry_model,
        ref_no,
        auth_no,
        pay_channel_trans_no,
        trans_end_time,
        trans_error,
        ..
    } = view::order_view(&after(sale(), &[done(None)]));
    // The card that was read, not the one that was named.
    assert_eq!(
        (pay_method, pay_user_account_id.as_deref()),
        (Some(PayMethod::MasterCard), Some("545454****5454"))
    );
    assert_eq!(
        (entry_model, ref_no.as_deref(), auth_no.as_deref()),
        (Some(EntryModel::Contactless), Some("306140000003"), Some("919070"))
    );
    assert_eq!(
        (pay_channel_trans_no.as_deref(), trans_end_time, trans_error),
        (Some("C-1"), Some(NOW.plus_s(3)), None)
    );
    // Digits that are none are not told.
    for (first_six, last_four) in
        [("411111111111", "1111"), ("", "1111"), ("4111x1", "1111"), ("411111", "111")]
    {
        let slip = Slip { first_six: first_six.into(), last_four: last_four.into(), ..Slip::default() };
        let view = view::order_view(&after(sale(), &[says(paid(), None, slip)]));
        assert_eq!(view.pay_user_account_id.as_deref(), Some("p***@shop"));
        assert_eq!((view.ref_no, view.auth_no, view.entry_model), (None, None, None));
        assert_eq!(view.pay_method, Some(PayMethod::Visa), "as it was ordered");
    }
    for (entry, number) in [(Entry::Swipe, 1), (Entry::Chip, 2), (Entry::Contactless, 3), (Entry::Manual, 4)]
    {
        let slip = Slip { entry: Some(entry), ..slip() };
        let view = view::order_view(&after(sale(), &[says(paid(), None, slip)]));
        assert_eq!(view.entry_model.map(EntryModel::number), Some(number));
    }
    for (kind, number) in
        [(CardKind::Debit, 1), (CardKind::Credit, 2), (CardKind::Ebt, 3), (CardKind::Gift, 4)]
    {
        assert_eq!(view::card_type(kind).number(), number);
    }
}

#[test]
fn why_nothing_was_paid_is_told() {
    let sale = || after(order(terms_of(&[])), &[Command::Offer, Command::Take]);
    let error = |order: &Order| view::order_view(order).trans_error;
    let pair = |code: &str, words: &str| Some((code.to_owned(), words.to_owned()));
    let refused = Slip { refused: pair("51", "insufficient funds"), ..slip() };
    assert_eq!(error(&after(sale(), &[declined(refused)])), pair("51", "insufficient funds"));
    assert_eq!(error(&after(sale(), &[declined(slip())])), pair("115", "051 no money"));
    assert_eq!(error(&after(order(terms_of(&[])), &[Command::Cancel])), pair("102", "cancelled"));
    let late = NOW.plus_s(900);
    let expired = decide(Some(order(terms_of(&[]))), Command::Expire, late).unwrap().order;
    assert_eq!(error(&expired), pair("107", "timeout"));
    assert_eq!(view::order_view(&expired).trans_end_time, Some::<Timestamp>(late));
    assert_eq!((error(&sale()), error(&after(sale(), &[done(None)]))), (None, None));
    assert_eq!(error(&voided(after(sale(), &[done(None)]))), None);
}

#[test]
fn a_refund_that_was_submitted_is_told() {
    let paid_order = after(order(terms_of(&[])), &[Command::Offer, Command::Take, done(None)]);
    let new = NewRefund {
        amount_minor: 5_000,
        reference: Some("R1".into()),
        note: "cold".into(),
        means: RefundMeans::default(),
        earlier: Vec::new(),
    };
    let asked = decide(Some(paid_order), Command::Refund(new), NOW).unwrap();
    let refund = asked.refund.unwrap();
    let told = view::refund_view(&asked.order, &refund);
    assert_eq!((told.merchant_order_no.as_str(), told.trans_status), ("R1", TransStatus::Processing));
    assert_eq!((told.order_amount, told.trans_end_time), (money(5_000, "USD"), None));
    assert_eq!(told.trans_no, "5000202402281234567801");
    assert_ne!(told.trans_no, view::order_trans_no(&asked.order));
    for (outcome, status) in
        [(paid(), TransStatus::Successful), (Outcome::Declined { reason: "no".into() }, TransStatus::Closed)]
    {
        let ends = Command::RefundSays { refund: refund.clone(), outcome };
        let decision = decide(Some(asked.order.clone()), ends, NOW.plus_s(9)).unwrap();
        let told = view::refund_view(&decision.order, decision.refund.as_ref().unwrap());
        assert_eq!((told.trans_status, told.trans_end_time), (status, Some(NOW.plus_s(9))));
        assert_eq!(view::refund_ended_by(&decision.events[0]), Some(refund.number));
    }
}
