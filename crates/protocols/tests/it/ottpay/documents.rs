//! Every row of the documents' tables: what each field becomes, what is required, and what our answers have.

use std::collections::BTreeMap;

use super::*;
use tillgate_protocols::ottpay::fields::{self, Presence};

fn create(action: Action, edits: &str) -> (Option<String>, Terms) {
    match send(action, edits) {
        Ok(Call::Create(create)) => (create.reference, create.terms),
        other => panic!("{other:?}"),
    }
}

fn particulars(text: &str) -> BTreeMap<String, String> {
    super::fields(text).into_iter().collect()
}

#[test]
fn a_passive_payment() {
    let (reference, terms) = create(Action::PassivePay, "order_remark=Tea");
    assert_eq!(reference.as_deref(), Some("TEST0000001"));
    assert_eq!((terms.account.as_str(), terms.flow), ("A1", Flow::CustomerPresented));
    assert_eq!(terms.method, Some(Method::new("alipay")));
    assert_eq!((terms.amount, terms.tip_minor, terms.total()), (money(100), 15, money(115)));
    assert_eq!(terms.payer_code.as_deref(), Some("28763443825664394"));
    assert_eq!((terms.operator.as_str(), terms.description.as_str()), ("0000020156", "Tea"));
    assert_eq!(terms.particulars, particulars("sale_num=S1"));
    assert_eq!((terms.payer_currency, terms.payer_rate.to_string()), (currency("CNY"), "5.20000000".into()));
    assert_eq!((terms.notify_url.as_str(), terms.return_url.as_str(), terms.payer_ip.as_str()), ("", "", ""));
    assert_eq!((terms.created_at, terms.expires_at, &terms.fees), (NOW, NOW.plus_s(60), &FeePlan::rate(120)));
    assert!(is_passive(&terms));
}

#[test]
fn an_active_payment() {
    let (reference, terms) = create(Action::ActivePay, "order_remark=Tea|sale_num=S2");
    assert_eq!(reference.as_deref(), Some("TEST0000001"));
    assert_eq!((terms.flow, terms.tip_minor), (Flow::MerchantPresented, 15));
    assert_eq!(terms.notify_url, "https://shop.example/cb");
    assert_eq!((terms.payer_code.clone(), terms.app_payer.clone()), (None, None));
    assert_eq!((terms.description.as_str(), terms.expires_at), ("Tea", NOW.plus_s(900)));
    assert_eq!(terms.particulars, particulars("sale_num=S2"));
    assert_eq!((terms.tells, terms.after_time), (Tells::Payment, AfterTime::Counts));
}

#[test]
fn a_prepaid_page() {
    let (reference, terms) = create(Action::PrepayInit, "");
    assert_eq!(reference.as_deref(), Some("PRE1"));
    assert_eq!((terms.flow, terms.method.clone()), (Flow::HostedPage, None));
    assert_eq!((terms.amount, terms.tip_minor), (money(100), 0));
    assert_eq!(terms.return_url, "https://shop.example/thanks");
    assert_eq!(terms.notify_url, "https://shop.example/cb");
    assert_eq!((terms.expires_at, terms.description.as_str()), (NOW.plus_s(600), "Tea"));
    assert_eq!(terms.particulars, particulars("sale_num=S1|shop_id=5|email=a@shop.example"));
    assert_eq!((terms.operator.as_str(), terms.tells), ("0000020156", Tells::Payment));
    let (_, terms) = create(Action::PrepayInit, "currency_type=EUR|duration=1|tip=7");
    assert_eq!((terms.account.as_str(), terms.expires_at, terms.tip_minor), ("A6", NOW.plus_s(1), 7));
    let (_, terms) = create(Action::PrepayInit, "-email|-remarks");
    assert_eq!((terms.account.as_str(), terms.particulars.len()), ("A1", 2));
}

#[test]
fn a_mini_program() {
    let (reference, terms) = create(Action::MappPay, "");
    assert_eq!((reference.as_deref(), terms.flow), (Some("M1"), Flow::MiniApp));
    let payer = terms.app_payer.unwrap();
    assert_eq!((payer.app_id.as_str(), payer.payer_id.as_str()), ("wx8888", "oUpF8"));
    assert_eq!((terms.method, terms.expires_at), (Some(Method::new("wechat")), NOW.plus_s(900)));
    assert_eq!(terms.notify_url, "https://shop.example/cb");
}

#[test]
fn yuan_need_no_rate() {
    let (_, terms) = create(Action::PrepayInit, "currency_type=CNY");
    assert_eq!((terms.payer_rate, terms.account.as_str()), (Rate::ONE, "A2"));
    let rate = send(Action::ExRateQuery, "fee_type=CNY");
    assert_eq!(rate, Ok(Call::Rate(currency("CNY"), Rate::ONE)));
}

#[test]
fn the_other_calls() {
    assert_eq!(send(Action::StatusQuery, ""), Ok(Call::Status { order_id: "TEST0000001".into() }));
    let refund = |reference: Option<&str>| Call::Refund {
        order_id: "TEST0000001".into(),
        amount_minor: 40,
        reference: reference.map(str::to_owned),
    };
    assert_eq!(send(Action::Refund, ""), Ok(refund(Some("R1"))));
    assert_eq!(send(Action::Refund, "-order_id"), Ok(refund(None)));
    let cad = Call::Rate(currency("CAD"), Rate::parse("5.2").unwrap());
    assert_eq!(send(Action::ExRateQuery, ""), Ok(cad.clone()));
    // Misnamed by a client, so ignored: the merchant's currency.
    assert_eq!(send(Action::ExRateQuery, "-fee_type|feeType=EUR"), Ok(cad));
    let query = |order_id: Option<&str>| Call::PrepayQuery {
        prepay_order_id: "PRE1".into(),
        order_id: order_id.map(str::to_owned),
    };
    assert_eq!(send(Action::PrepayQuery, ""), Ok(query(None)));
    assert_eq!(send(Action::PrepayQuery, "order_id=PRE1"), Ok(query(Some("PRE1"))));
}

/// The same bytes twice must not charge twice.
#[test]
fn a_payment_without_a_number_is_named_by_its_digest() {
    let fields = edited(Action::PassivePay, "-order_id");
    let md5 = sign::seal(&pairs(&fields), &key()).unwrap().md5;
    let body = body(Action::PassivePay, &fields);
    let reference = |body: &str| match understand(body, &profile()) {
        Ok(Call::Create(create)) => create.reference,
        other => panic!("{other:?}"),
    };
    assert_eq!(reference(&body), Some(format!("P{md5}")));
    assert_eq!(reference(&body), reference(&body));
    let [active, mapp] = [Action::ActivePay, Action::MappPay].map(|action| create(action, "-order_id").0);
    assert_eq!((active, mapp), (None, None));
}

#[test]
fn operator_and_terminal_may_stand_in_the_envelope() {
    let fields = edited(Action::ActivePay, "-operator_id");
    let mut envelope = client::Envelope::new(Action::ActivePay, MERCHANT);
    envelope.terminal_no = Some("T1");
    let request = |envelope: &client::Envelope<'_>, fields: &[(String, String)]| {
        understand(&client::request_body(envelope, &pairs(fields), &key()), &profile())
    };
    assert_eq!(verdict(&request(&envelope, &fields)), "PARAM_ERROR operator_id");
    envelope.operator_id = Some("7");
    let Ok(Call::Create(create)) = request(&envelope, &fields) else { panic!("no order") };
    assert_eq!((create.terms.operator.as_str(), create.terms.terminal.as_str()), ("7", "T1"));
    let Ok(Call::Create(create)) = request(&envelope, &example(Action::ActivePay)) else {
        panic!("no order")
    };
    assert_eq!(create.terms.operator, "0000020156");
}

#[test]
fn tip_may_begin_with_a_capital() {
    assert_eq!(terms(Action::PassivePay, "-tip|Tip=20").tip_minor, 20);
    assert_eq!(terms(Action::PassivePay, "-tip").tip_minor, 0);
    assert_eq!(verdict(&send(Action::PassivePay, "Tip=20")), "PARAM_ERROR tip");
    assert_eq!(verdict(&send(Action::PassivePay, "-tip|Tip=-1")), "PARAM_ERROR tip");
}

#[test]
fn every_field_is_required_or_not_as_its_row_says() {
    for action in Action::ALL {
        for spec in fields::of(action) {
            let name = spec.name;
            let expected =
                if spec.presence == Presence::Required { format!("PARAM_ERROR {name}") } else { "ok".into() };
            assert_eq!(verdict(&send(action, &format!("-{name}"))), expected, "{action:?} without {name}");
            assert_eq!(verdict(&send(action, &format!("{name}="))), expected, "{action:?} empty {name}");
        }
        let envelope: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&body(action, &example(action))).unwrap();
        for spec in fields::ENVELOPE.iter().filter(|spec| spec.is_required()) {
            let mut without = envelope.clone();
            without.remove(spec.name);
            let text = serde_json::to_string(&without).unwrap();
            assert_eq!(verdict(&understand(&text, &profile())), format!("PARAM_ERROR {}", spec.name));
        }
    }
}

/// The tables of the Payment Web API, word for word.
#[test]
fn the_documents_fields_are_all_there() {
    for (action, names) in [
        (Action::PassivePay, "order_id operator_id amount tip sale_num auth_code biz_type"),
        (Action::ActivePay, "order_id operator_id amount tip biz_type call_back_url order_remark"),
        (Action::StatusQuery, "order_id"),
        (Action::Refund, "ori_order_id refund_amt order_id"),
        (Action::ExRateQuery, "fee_type"),
        (
            Action::PrepayInit,
            "prepay_order_id sale_num amount currency_type biz_type redirect_url call_back_url duration shop_id \
             operator_id email remarks",
        ),
        (Action::PrepayQuery, "prepay_order_id order_id"),
        (Action::MappPay, "operator_id amount biz_type app_id open_id call_back_url order_id"),
    ] {
        for name in names.split_whitespace() {
            assert!(fields::find(action, name).is_some(), "{action:?} {name}");
        }
        assert_eq!(Action::from_word(action.word()), Some(action));
    }
    let envelope: Vec<&str> = fields::ENVELOPE.iter().map(|spec| spec.name).collect();
    assert_eq!(envelope.join(" "), "action version merchant_id terminal_no operator_id data md5");
}
