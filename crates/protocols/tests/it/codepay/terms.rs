//! From a call to an order's terms, and the order in the documents' words again, through each state it can have.

use std::collections::BTreeMap;

use tillgate_core::{
    Account, AfterTime, Asked as About, BatchPlace, CardKind, Command, Deed, Entry, Facts, Flow,
    Method as Wallet, NewOrder, NewRefund, Order, OrderNo, Outcome, Presentation, Queue, Rate, Refund,
    RefundMeans, Reserve, Slip, Tells, Terms, Timestamp, decide,
};
use tillgate_protocols::codepay::terms::{Context, kept, terms};
use tillgate_protocols::codepay::words::{EntryModel, PayMethod, PayScenario, TransStatus, TransType};
use tillgate_protocols::codepay::{Call, Method, OrderView, Reject, view};
use tillgate_protocols::wire::offer::Offer;

use super::{MERCHANT_NO, NOW, Raw, call, money};

const ORIGINAL: OrderNo = OrderNo(2_024_022_800_000_001);

pub fn account() -> Account {
    Account {
        code: "302300000926-USD".into(),
        name: "Kiwi Coffee".into(),
        currency: super::currency("USD"),
        methods: ["card", "alipay", "wechat"].map(Wallet::new).to_vec(),
        fee_bp: Some(120),
        payment_limit_minor: Some(50_000),
    }
}

fn terms_for(
    changes: &[Raw<'_>],
    account: &Account,
    offer: &(dyn Fn(&Wallet, Flow) -> Offer + Sync),
) -> Result<Terms, Reject> {
    let Call::Order(call) = call(Method::PayOrder, changes)? else { panic!("another call") };
    let original = call.orig_merchant_order_no.is_some().then_some(ORIGINAL);
    let context = Context {
        app_id: super::APP_ID,
        merchant_no: MERCHANT_NO,
        account,
        original,
        now: NOW,
        lifetime_s: 900,
        rate: Rate::parse("7.1"),
        offer,
    };
    terms(&call, &context)
}

pub fn terms_of(changes: &[Raw<'_>]) -> Terms {
    terms_for(changes, &account(), &|_, _| Offer::Yes).unwrap()
}

fn refused(changes: &[Raw<'_>]) -> String {
    terms_for(changes, &account(), &|_, _| Offer::Yes).unwrap_err().msg()
}

fn particulars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn what_is_not_said_has_its_default() {
    let terms = terms_of(&[("expires", "")]);
    let counter = terms.counter.unwrap();
    assert_eq!((terms.flow, terms.method.as_ref().map(Wallet::as_str)), (Flow::CardPresent, Some("card")));
    assert_eq!(
        (terms.amount, terms.tip_minor, terms.total()),
        (money(14_434, "USD"), 0, money(14_434, "USD"))
    );
    assert_eq!((counter.deed, counter.original, counter.queue), (Deed::Sale, None, Queue::Fifo));
    assert_eq!((counter.cashback_minor, counter.asks_tip), (0, false));
    assert_eq!((terms.created_at, terms.expires_at), (NOW, NOW.plus_s(900)));
    assert_eq!((terms.terminal.as_str(), terms.operator.as_str()), ("WPYB002248000865", ""));
    assert_eq!((terms.payer_currency.code(), terms.payer_rate, terms.fee_bp), ("USD", Rate::ONE, 120));
    assert_eq!((terms.tells, terms.after_time), (Tells::EveryEnd, AfterTime::Counts));
    assert_eq!((terms.account.as_str(), terms.notify_url.as_str()), ("302300000926-USD", ""));
    assert_eq!(terms.description, "IPhone White X2");
    assert_eq!((terms.payer_code, terms.app_payer), (None, None));
    let always = [
        (kept::APP_ID, super::APP_ID),
        (kept::MERCHANT_NO, MERCHANT_NO),
        (kept::METHOD, "wisehub.cloud.pay.order"),
        (kept::TRANS_TYPE, "1"),
        (kept::PAY_SCENARIO, "SWIPE_CARD"),
        (kept::RECEIPT_PRINT, "0"),
    ];
    let mut found = terms.particulars;
    found.remove(kept::RECEIPT_PRINT).unwrap();
    assert_eq!(found, particulars(&always[..5]));
}

#[test]
fn each_field_is_kept() {
    let terms = terms_of(&[
        ("trans_type", "11"),
        ("order_amount", "100"),
        ("cashback_amount", "20.5"),
        ("tip_amount", "3"),
        ("store_no", r#""4021000201""#),
        ("pay_method_id", r#""Visa""#),
        ("card_type", "2"),
        ("attach", r#""table=5 \"é中\"""#),
        ("order_queue_mode", r#""FILO""#),
        ("receipt_print_mode", "3"),
        ("on_screen_signature", "false"),
        ("confirm_on_terminal", "true"),
        ("required_terminal_authentication", "true"),
        ("notify_url", r#""https://shop.example/told?a=1""#),
        ("expires", "60"),
    ]);
    let counter = terms.counter.unwrap();
    assert_eq!((terms.amount.minor, terms.tip_minor, counter.cashback_minor), (10_000, 300, 2_050));
    assert_eq!((terms.total().minor, counter.queue), (12_350, Queue::Filo));
    assert_eq!(
        (terms.expires_at, terms.notify_url.as_str()),
        (NOW.plus_s(60), "https://shop.example/told?a=1")
    );
    let expected = particulars(&[
        (kept::APP_ID, super::APP_ID),
        (kept::MERCHANT_NO, MERCHANT_NO),
        (kept::STORE_NO, "4021000201"),
        (kept::METHOD, "wisehub.cloud.pay.order"),
        (kept::TRANS_TYPE, "11"),
        (kept::PAY_SCENARIO, "SWIPE_CARD"),
        (kept::PAY_METHOD, "Visa"),
        (kept::CARD_TYPE, "2"),
        (kept::ATTACH, "table=5 \"é中\""),
        (kept::QUEUE_MODE, "FILO"),
        (kept::RECEIPT_PRINT, "3"),
        (kept::NO_SIGNATURE, "1"),
        (kept::CONFIRM, "1"),
        (kept::AUTHENTICATE, "1"),
    ]);
    assert_eq!(terms.particulars, expected);
    // And said again.
    let said = view::order_view(&order(terms));
    assert_eq!((said.trans_type, said.order_amount), (TransType::SaleWithCashback, money(10_000, "USD")));
    assert_eq!((said.tip_minor, said.cashback_minor), (Some(300), Some(2_050)));
    assert_eq!(
        (said.store_no.as_deref(), said.attach.as_deref()),
        (Some("4021000201"), Some("table=5 \"é中\""))
    );
    assert_eq!((said.pay_scenario, said.pay_method), (Some(PayScenario::SwipeCard), Some(PayMethod::Visa)));
    assert_eq!(said.terminal_sn.as_deref(), Some("WPYB002248000865"));
    assert_eq!(said.trans_amount(), money(12_350, "USD"));
}

#[test]
fn each_kind_has_its_deed() {
    for (number, deed) in [
        ("1", Deed::Sale),
        ("2", Deed::Void),
        ("3", Deed::Refund),
        ("4", Deed::Authorization),
        ("6", Deed::Completion),
    ] {
        let original = if deed.follows_up() { r#""1709106082000""# } else { "" };
        let terms = terms_of(&[("trans_type", number), ("orig_merchant_order_no", original)]);
        let counter = terms.counter.unwrap();
        assert_eq!((counter.deed, counter.original), (deed, deed.follows_up().then_some(ORIGINAL)));
        let told = terms.particulars.get(kept::ORIGINAL).map(String::as_str);
        assert_eq!(told, deed.follows_up().then_some("1709106082000"));
        assert_eq!(view::trans_type(&order(terms)).number().to_string(), number);
    }
    for kind in TransType::ALL {
        assert_eq!(kind.deed().is_some(), kind.is_served(), "{kind:?}");
        assert_eq!(kind.deed().is_some_and(Deed::follows_up), kind.needs_original(), "{kind:?}");
    }
    assert!(terms_of(&[("on_screen_tip", "true")]).counter.unwrap().asks_tip);
}

#[test]
fn a_wallet_pays_by_code_and_a_card_does_not() {
    let way = |scenario: &str, method: &str| {
        let (scenario, method) = (format!("{scenario:?}"), format!("{method:?}"));
        let changes = [("pay_scenario", scenario.as_str()), ("pay_method_id", method.as_str())];
        let terms = terms_for(&changes, &account(), &|_, _| Offer::Yes);
        terms.map(|terms| (terms.flow, terms.method.unwrap(), terms.payer_currency.code()))
    };
    let wallet = Wallet::new;
    assert_eq!(way("SCANQR_PAY", "Alipay"), Ok((Flow::MerchantPresented, wallet("alipay"), "CNY")));
    assert_eq!(way("SCANQR_PAY", "Alipay+"), Ok((Flow::MerchantPresented, wallet("alipay"), "CNY")));
    assert_eq!(way("BSCANQR_PAY", "WeChatPay"), Ok((Flow::CustomerPresented, wallet("wechat"), "CNY")));
    assert_eq!(way("SWIPE_CARD", "UnionPay"), Ok((Flow::CardPresent, wallet("card"), "USD")));
    let no = "[TG002]pay_method_id is not offered here for this pay_scenario";
    // UnionPay's codes are not this account's.
    for method in ["Visa", "MasterCard", "Amex", "PayPal", "Venmo", "CashPay", "UnionPay"] {
        assert_eq!(way("SCANQR_PAY", method).unwrap_err().msg(), no, "{method}");
        assert_eq!(way("BSCANQR_PAY", method).unwrap_err().msg(), no, "{method}");
    }
    for method in ["Alipay", "Alipay+", "WeChatPay", "PayPal", "Venmo", "CashPay"] {
        assert_eq!(way("SWIPE_CARD", method).unwrap_err().msg(), no, "{method}");
    }
}

#[test]
fn what_cannot_be_sold_is_refused_with_its_field() {
    let by_code = [("pay_scenario", r#""SCANQR_PAY""#), ("pay_method_id", r#""Alipay""#)];
    let with = |more: &[Raw<'static>]| -> Vec<Raw<'static>> { by_code.iter().chain(more).copied().collect() };
    let original = ("orig_merchant_order_no", r#""1""#);
    assert!(refused(&with(&[("trans_type", "3"), original])).contains("pay_scenario"));
    assert!(refused(&with(&[("trans_type", "4")])).contains("pay_scenario"));
    assert!(refused(&with(&[("on_screen_tip", "true")])).contains("on_screen_tip"));
    assert!(refused(&[("order_amount", "499"), ("tip_amount", "1.01")]).contains("order_amount"));
    assert_eq!(terms_of(&[("order_amount", "499"), ("tip_amount", "1")]).total().minor, 50_000);
    for offer in [Offer::NoChannel, Offer::NoFlow] {
        let refused = |changes: &[Raw<'_>]| terms_for(changes, &account(), &|_, _| offer).unwrap_err().msg();
        assert_eq!(refused(&[]), "[TG002]pay_scenario SWIPE_CARD is not offered here");
        assert!(refused(&by_code).contains("pay_method_id"));
    }
    let mut poor = account();
    poor.fee_bp = None;
    assert!(terms_for(&[], &poor, &|_, _| Offer::Yes).unwrap_err().msg().contains("price_currency"));
    poor.methods.clear();
    assert!(terms_for(&[], &poor, &|_, _| Offer::Yes).unwrap_err().msg().contains("pay_scenario"));
}

/// Stored and nothing more.
pub fn order(terms: Terms) -> Order {
    let new = NewOrder {
        merchant: tillgate_core::MerchantId(7),
        number: OrderNo(2_024_022_812_345_678),
        room: "codepay".into(),
        reference: "1709106082732".into(),
        terms,
        presentation: Presentation::None,
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
    }
}

fn says(outcome: Outcome, tip_minor: Option<i64>, slip: Slip) -> Command {
    let batch = Some(BatchPlace { terminal: "WPYB002248000865".into(), number: 1 });
    Command::CounterSays {
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
    Command::Reserve(Reserve { by, deed, amount_minor, tip_minor, note, open_batch, earlier })
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
