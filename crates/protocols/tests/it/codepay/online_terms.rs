//! From the calls of web shops and paths to terms, and from such orders to answers.

use std::collections::BTreeMap;

use tillgate_core::{
    Account, Asked as About, Command, Deed, Event, Facts, Flow, Method as Wallet, NewOrder, Order, OrderNo,
    Outcome, Presentation, Rate, Slip, Terms, decide,
};
use tillgate_protocols::codepay::terms::{self, Context, FollowUp, kept};
use tillgate_protocols::codepay::{OrderDetail, view};
use tillgate_protocols::wire::offer::Offer;

use super::terms::account;
use super::*;

fn with_context<T>(account: &Account, offer: Offer, make: impl FnOnce(&Context<'_>) -> T) -> T {
    make(&Context {
        app_id: APP_ID,
        merchant_no: MERCHANT_NO,
        account,
        original: None,
        now: NOW,
        lifetime_s: 900,
        rate: Rate::parse("7.1"),
        offer: &|_, _| offer,
    })
}

fn checkout(changes: &[Raw<'_>]) -> Result<Terms, String> {
    let Call::Checkout(call) = call(Method::Checkout, changes).unwrap() else { panic!("no checkout") };
    with_context(&account(), Offer::Yes, |context| terms::checkout(&call, context))
        .map_err(|reject| reject.msg())
}

fn merchant_checkout(changes: &[Raw<'_>], offer: Offer) -> Result<Terms, String> {
    let Call::MerchantCheckout(call) = call(Method::MerchantCheckout, changes).unwrap() else {
        panic!("none")
    };
    with_context(&account(), offer, |context| terms::merchant_checkout(&call, context))
        .map_err(|reject| reject.msg())
}

const ORIGIN: [Raw<'static>; 8] = [
    ("store_no", r#""4021000008""#),
    ("term_ip", r#""203.0.113.7""#),
    ("longitude", "-118.25"),
    ("latitude", "34.05"),
    ("return_url", r#""https://shop.example/back""#),
    ("notify_url", r#""https://shop.example/told""#),
    ("attach", r#""table=5""#),
    ("expires", "60"),
];

fn particulars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn check_common(terms: &Terms) {
    let counter = terms.counter.unwrap();
    assert_eq!((counter.deed, counter.original, counter.asks_tip), (Deed::Sale, None, false));
    assert_eq!((terms.payer_ip.as_str(), terms.terminal.as_str()), ("203.0.113.7", ""));
    assert_eq!(terms.return_url, "https://shop.example/back");
    assert_eq!(terms.notify_url, "https://shop.example/told");
    assert_eq!((terms.created_at, terms.expires_at), (NOW, NOW.plus_s(60)));
    assert_eq!((terms.tip_minor, terms.account.as_str()), (0, "302300000926-USD"));
}

#[test]
fn each_field_of_a_checkout_is_kept() {
    let detail = r##"{"type":"GENERAL","data":{"items":[{"name":"Tea"}],"theme":{"palette":{"text":{"primary":"#fff"}}}}}"##;
    let changes: Vec<Raw<'_>> = ORIGIN.into_iter().chain([("order_detail", detail)]).collect();
    let terms = checkout(&changes).unwrap();
    check_common(&terms);
    assert_eq!((terms.flow, terms.method.as_ref()), (Flow::HostedPage, None));
    assert_eq!((terms.amount, terms.description.as_str()), (money(15_034, "USD"), "Iphone 16"));
    assert_eq!(terms.payer_currency.code(), "CNY");
    let kept_detail = terms.particulars[kept::ORDER_DETAIL].clone();
    assert_eq!(OrderDetail::from_text(&kept_detail), OrderDetail::read(detail, currency("USD")).ok());
    let mut rest = terms.particulars;
    rest.remove(kept::ORDER_DETAIL);
    let expected = particulars(&[
        (kept::APP_ID, APP_ID),
        (kept::MERCHANT_NO, MERCHANT_NO),
        (kept::STORE_NO, "4021000008"),
        (kept::METHOD, "pay.checkout"),
        (kept::TRANS_TYPE, "1"),
        (kept::ATTACH, "table=5"),
        (kept::LONGITUDE, "-118.25"),
        (kept::LATITUDE, "34.05"),
    ]);
    assert_eq!(rest, expected);
    let plain = checkout(&[]).unwrap();
    assert_eq!((plain.expires_at, plain.particulars.get(kept::ORDER_DETAIL)), (NOW.plus_s(900), None));
}

#[test]
fn each_field_of_a_merchant_checkout_is_kept_and_the_card_is_not() {
    let address = ("billing_address", r#"{"country":"US","zip":"90001"}"#);
    let changes: Vec<Raw<'_>> = ORIGIN.into_iter().chain([address, ("card", cards::CARD)]).collect();
    let terms = merchant_checkout(&changes, Offer::Yes).unwrap();
    check_common(&terms);
    assert_eq!((terms.flow, terms.method.clone()), (Flow::CardOnline, Some(Wallet::new("card"))));
    assert_eq!((terms.amount, terms.payer_currency.code()), (money(3_450, "USD"), "USD"));
    let billing: tillgate_core::Address = serde_json::from_str(&terms.particulars[kept::BILLING]).unwrap();
    assert_eq!((billing.country.as_str(), billing.zip.as_str(), billing.city.as_str()), ("US", "90001", ""));
    let shown = serde_json::to_string(&terms).unwrap() + &format!("{terms:?}");
    assert!(!shown.contains("411111") && !shown.contains("987"), "{shown}");
    assert_eq!(terms.particulars[kept::METHOD], "pay.merchant.checkout");
    for offer in [Offer::NoChannel, Offer::NoFlow] {
        assert_eq!(merchant_checkout(&[], offer).unwrap_err(), "[E07303]Cards are not offered here online");
    }
    let limit = merchant_checkout(&[("order_amount", "500.01")], Offer::Yes).unwrap_err();
    assert_eq!(limit, "[TG002]order_amount is above the merchant's limit for one payment");
}

#[test]
fn what_is_left_of_the_options_is_offered() {
    let with = |options: &str| {
        let detail = format!(r#"{{"type":"GENERAL","data":{{"payment":{options}}}}}"#);
        checkout(&[("order_detail", &detail)]).map(|terms| terms.payer_currency.code().to_owned())
    };
    assert_eq!(with(r#"{"allow_options":["Card"]}"#), Ok("USD".to_owned()));
    assert_eq!(with(r#"{"allow_options":["ApplePay","WeChatPay"]}"#), Ok("CNY".to_owned()));
    let nothing = "[TG002]order_detail.data.payment leaves nothing that is offered here";
    assert_eq!(with(r#"{"allow_options":["ApplePay","GooglePay"]}"#).unwrap_err(), nothing);
    assert_eq!(with(r#"{"disallow_options":["Card","Alipay","WeChatPay"]}"#).unwrap_err(), nothing);
    let Call::Checkout(call) = call(Method::Checkout, &[]).unwrap() else { panic!("no checkout") };
    let none = with_context(&account(), Offer::NoFlow, |context| terms::checkout(&call, context));
    assert_eq!(none.unwrap_err().msg(), "[E07303]Nothing is offered here to pay with on a page");
    let mut poor = account();
    poor.fees = None;
    let poor = with_context(&poor, Offer::Yes, |context| terms::checkout(&call, context));
    assert_eq!(poor.unwrap_err().msg(), "[TG002]price_currency has no fee plan yet");
}

fn stored(terms: Terms, card: Option<Slip>) -> Order {
    let new = NewOrder {
        merchant: MerchantId(7),
        number: OrderNo(2_024_022_812_345_678),
        room: "codepay".into(),
        reference: "A1".into(),
        terms,
        presentation: Presentation::None,
        card: card.map(Box::new),
    };
    decide(None, Command::Create(new), NOW).unwrap().order
}

fn slip() -> Slip {
    Slip { brand: "Visa".into(), first_six: "411111".into(), last_four: "1111".into(), ..Slip::default() }
}

fn says(order: Order, outcome: Outcome) -> Order {
    let facts = Facts {
        slip: Some(Slip { auth_code: "919070".into(), ref_no: "3061".into(), ..slip() }),
        ..Facts::default()
    };
    let command = Command::CounterSays { choice: 1, asked: About::Charge, outcome, facts };
    decide(Some(order), command, NOW.plus_s(5)).unwrap().order
}

fn paid() -> Outcome {
    Outcome::Paid { channel_ref: "A17".into(), payer: String::new(), at: NOW.plus_s(5) }
}

#[test]
fn a_merchant_checkout_is_told() {
    let order = stored(merchant_checkout(&[], Offer::Yes).unwrap(), Some(slip()));
    let sent = view::merchant_checkout_view(&order);
    assert_eq!((sent.trans_status, sent.pay_method), (TransStatus::Processing, Some(PayMethod::Visa)));
    assert_eq!((view::method(&order), sent.redirect_url_3dsecure), (Method::MerchantCheckout, None));
    let mut challenged = order.clone();
    challenged.presentation = Presentation::Challenge("https://issuer.example/1".into());
    let told = view::merchant_checkout_view(&challenged);
    assert_eq!(told.redirect_url_3dsecure.as_deref(), Some("https://issuer.example/1"));
    assert_eq!(told.trans_status, TransStatus::Processing);
    let done = says(order.clone(), paid());
    let told = view::merchant_checkout_view(&done);
    assert_eq!((told.trans_status, told.trans_end_time), (TransStatus::Successful, Some(NOW.plus_s(5))));
    assert_eq!(told.pay_user_account_id.as_deref(), Some("411111****1111"));
    assert_eq!((told.ref_no.as_deref(), told.pay_channel_trans_no.as_deref()), (Some("3061"), Some("A17")));
    let payment = view::payment_view(&done);
    assert_eq!(payment.resp, Some(("000".to_owned(), "APPROVAL".to_owned())));
    assert_eq!((payment.auth_no.as_deref(), payment.trans_time), (Some("919070"), NOW.plus_s(5)));
    let declined = says(order, Outcome::Declined { reason: "insufficient funds".into() });
    let payment = view::payment_view(&declined);
    assert_eq!(
        (payment.trans_status, payment.resp),
        (TransStatus::Closed, Some(("115".to_owned(), "INSUFFICIENT FUNDS".to_owned())))
    );
}

#[test]
fn a_page_waits_until_something_was_chosen() {
    let order = stored(checkout(&[]).unwrap(), None);
    let status = |order: &Order| view::order_view(order).trans_status;
    assert_eq!((status(&order), view::method(&order)), (TransStatus::Created, Method::Checkout));
    let command =
        Command::TryCard { method: Wallet::new("card"), slip: slip(), instead_of: 0, is_closed: false };
    let decision = decide(Some(order.clone()), command, NOW).unwrap();
    assert!(decision.events.iter().any(|event| matches!(event, Event::CardTried { .. })));
    let tried = decision.order;
    assert_eq!(
        (status(&tried), view::order_view(&tried).pay_method),
        (TransStatus::Processing, Some(PayMethod::Visa))
    );
    // A refused card leaves the page open, and the wallet that is chosen then is what pays.
    let refused = says(tried, Outcome::Declined { reason: "no".into() });
    assert_eq!(status(&refused), TransStatus::Created);
    let choose = Command::Choose { method: Wallet::new("wechat"), instead_of: 1, is_closed: true };
    let chosen = decide(Some(refused), choose, NOW).unwrap().order;
    let told = view::order_view(&chosen);
    assert_eq!((told.pay_method, told.pay_user_account_id), (Some(PayMethod::WeChatPay), None));
}

#[test]
fn what_a_path_makes_is_an_order_of_its_own() {
    let original = says(stored(merchant_checkout(&ORIGIN, Offer::Yes).unwrap(), Some(slip())), paid());
    for (method, deed, trans_type) in [
        (Method::PaymentCapture, Deed::Completion, "6"),
        (Method::PaymentCancel, Deed::Void, "2"),
        (Method::PaymentRefund, Deed::Refund, "3"),
    ] {
        let asked =
            FollowUp { method, amount: money(2_000, "USD"), tip_minor: 0, refunds_tip_minor: Some(150) };
        let terms =
            with_context(&account(), Offer::Yes, |context| terms::follow_up(&asked, &original, context));
        let terms = terms.unwrap();
        let counter = terms.counter.unwrap();
        assert_eq!((counter.deed, counter.original), (deed, Some(original.number)));
        assert_eq!((terms.flow, counter.refunds_tip_minor), (Flow::CardOnline, Some(150)));
        let expected = particulars(&[
            (kept::APP_ID, APP_ID),
            (kept::MERCHANT_NO, MERCHANT_NO),
            (kept::STORE_NO, "4021000008"),
            (kept::METHOD, method.word()),
            (kept::TRANS_TYPE, trans_type),
            (kept::ORIGINAL, "A1"),
        ]);
        assert_eq!(terms.particulars, expected);
        assert_eq!(view::method(&stored(terms, None)), method);
    }
    let other = FollowUp {
        method: Method::PaymentTip,
        amount: money(1, "USD"),
        tip_minor: 0,
        refunds_tip_minor: None,
    };
    let refused =
        with_context(&account(), Offer::Yes, |context| terms::follow_up(&other, &original, context));
    assert_eq!(refused.unwrap_err().code, Code::NotAuthorized);
}
