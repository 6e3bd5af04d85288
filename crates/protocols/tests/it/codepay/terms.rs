//! From a call to an order's terms: each field is kept, what is not said has its default, what cannot be is refused.

use std::collections::BTreeMap;

use tillgate_core::{
    Account, AfterTime, Deed, FeePlan, Flow, Method as Wallet, OrderNo, Queue, Rate, Tells, Terms,
};
use tillgate_protocols::codepay::terms::{Context, kept, terms};
use tillgate_protocols::codepay::words::{PayMethod, PayScenario, TransType};
use tillgate_protocols::codepay::{Call, Method, Reject, view};
use tillgate_protocols::wire::offer::Offer;

use super::views::order;
use super::{MERCHANT_NO, NOW, Raw, call, money};

pub const ORIGINAL: OrderNo = OrderNo(2_024_022_800_000_001);

pub fn account() -> Account {
    Account {
        code: "302300000926-USD".into(),
        name: "Kiwi Coffee".into(),
        currency: super::currency("USD"),
        methods: ["card", "alipay", "wechat"].map(Wallet::new).to_vec(),
        fees: Some(FeePlan::rate(120)),
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
    assert_eq!(
        (terms.payer_currency.code(), terms.payer_rate, terms.fees),
        ("USD", Rate::ONE, FeePlan::rate(120))
    );
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
    poor.fees = None;
    assert!(terms_for(&[], &poor, &|_, _| Offer::Yes).unwrap_err().msg().contains("price_currency"));
    poor.methods.clear();
    assert!(terms_for(&[], &poor, &|_, _| Offer::Yes).unwrap_err().msg().contains("pay_scenario"));
}
