//! A merchant with accounts in several currencies, an order, and the way a message goes through the room.

use tillgate_core::{
    Account, AfterTime, Currency, FailReason, FeePlan, Flow, Funds, MerchantId, Method, Money, Order,
    OrderNo, OrderState, Presentation, Rate, Refund, RefundNo, RefundState, Tells, Terms, Timestamp,
};
use tillgate_protocols::ottpay::{
    self as room, Action, Call, Context, Offer, Profile, Reject, Settings, SignKey, client, sign,
};

mod answers;
mod crossing;
mod documents;
mod explained;
mod fuzz;
mod inputs;
mod notified;
mod openapi;
mod random;
mod readings;
mod refusals;
mod uniform;
mod vectors;

pub const MERCHANT: &str = "QC00005496";
/// 2020-08-21 11:44:18 in Toronto, 23:44:18 in Beijing.
pub const NOW: Timestamp = Timestamp(1_598_024_658_000);
pub const KEY: &str = "6698851A525C9433";

pub fn key() -> SignKey {
    SignKey::new(KEY)
}

pub fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

fn account(code: &str, currency_code: &str, methods: &[&str]) -> Account {
    Account {
        code: code.to_owned(),
        name: "test account".to_owned(),
        currency: currency(currency_code),
        methods: methods.iter().map(|word| Method::new(word)).collect(),
        fees: Some(FeePlan::rate(120)),
        payment_limit_minor: Some(1_000_000),
    }
}

pub fn profile() -> Profile {
    let mut no_plan = account("A5", "AUD", &["alipay"]);
    no_plan.fees = None;
    let mut unlimited = account("A6", "EUR", &["alipay"]);
    unlimited.payment_limit_minor = None;
    let settings = Settings::default();
    Profile {
        merchant_id: MERCHANT.to_owned(),
        merchant: MerchantId(7),
        name: "Corner Shop".to_owned(),
        keys: vec![key()],
        enabled: true,
        zone: settings.zone().unwrap(),
        settings,
        accounts: vec![
            account("A1", "CAD", &["alipay", "wechat", "unionpay"]),
            account("A2", "CNY", &["wechat"]),
            account("A3", "KWD", &["alipay"]),
            account("A4", "JPY", &["unionpay"]),
            no_plan,
            unlimited,
        ],
    }
}

/// No rate for KWD; UnionPay's code cannot be shown, and it has no hosted page; WeChat alone pays in mini programs.
pub fn with_context<T>(use_it: impl FnOnce(&Context<'_>) -> T) -> T {
    let rate = |currency: Currency| match currency.code() {
        "CAD" => Rate::parse("5.2"),
        "AUD" | "JPY" | "EUR" => Rate::parse("0.5"),
        _ => None,
    };
    let offer = |method: &Method, flow: Flow| match (method.as_str(), flow) {
        ("unionpay", Flow::HostedPage) => Offer::NoChannel,
        ("unionpay", Flow::MerchantPresented) => Offer::NoFlow,
        _ => Offer::Yes,
    };
    use_it(&Context {
        now: NOW,
        order_lifetime_ms: 900_000,
        passive_lifetime_ms: 60_000,
        rate: &rate,
        offer: &offer,
    })
}

/// What the server does with a body.
pub fn understand(body: &str, profile: &Profile) -> Result<Call, Reject> {
    let opened = room::read_body(body.as_bytes())?.open(Some(profile))?;
    with_context(|context| opened.decode(profile, context))
}

/// The documents' fields, filled in.
pub fn example(action: Action) -> Vec<(String, String)> {
    fields(match action {
        Action::PassivePay => {
            "order_id=TEST0000001|operator_id=0000020156|amount=100|tip=15|sale_num=S1\
             |auth_code=28763443825664394|biz_type=ALIPAY"
        }
        Action::ActivePay => {
            "order_id=TEST0000001|operator_id=0000020156|amount=100|tip=15|biz_type=ALIPAY\
             |call_back_url=https://shop.example/cb"
        }
        Action::StatusQuery => "order_id=TEST0000001",
        Action::Refund => "ori_order_id=TEST0000001|refund_amt=40|order_id=R1",
        Action::ExRateQuery => "fee_type=CAD",
        Action::PrepayInit => {
            "prepay_order_id=PRE1|sale_num=S1|amount=100|currency_type=CAD|biz_type=PREPAY\
             |redirect_url=https://shop.example/thanks|call_back_url=https://shop.example/cb|duration=600\
             |shop_id=5|operator_id=0000020156|email=a@shop.example|remarks=Tea"
        }
        Action::PrepayQuery => "prepay_order_id=PRE1",
        Action::MappPay => {
            "operator_id=0000020156|amount=100|biz_type=WECHATPAY|app_id=wx8888|open_id=oUpF8\
             |call_back_url=https://shop.example/cb|order_id=M1"
        }
    })
}

/// `name=value|name=value`.
pub fn fields(text: &str) -> Vec<(String, String)> {
    let pair = |part: &str| part.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.split('|').filter_map(pair).collect()
}

/// The example with `edits`: `name=value` sets a field, `-name` takes it away.
pub fn edited(action: Action, edits: &str) -> Vec<(String, String)> {
    let mut all = example(action);
    for edit in edits.split('|').filter(|edit| !edit.is_empty()) {
        if let Some(name) = edit.strip_prefix('-') {
            all.retain(|(known, _)| known != name);
            continue;
        }
        let (name, value) = edit.split_once('=').unwrap();
        match all.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1 = value.to_owned(),
            None => all.push((name.to_owned(), value.to_owned())),
        }
    }
    all
}

pub fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

pub fn body(action: Action, fields: &[(String, String)]) -> String {
    client::request_body(&client::Envelope::new(action, MERCHANT), &pairs(fields), &key())
}

pub fn send(action: Action, edits: &str) -> Result<Call, Reject> {
    understand(&body(action, &edited(action, edits)), &profile())
}

/// A message around an object written by hand, digested as `text`.
pub fn body_of(action: Action, object: &str, text: &str) -> String {
    let md5 = sign::md5_hex(text.as_bytes());
    let data = sign::encrypt(object.as_bytes(), &sign::aes_key(&md5, &key())).unwrap();
    client::enveloped(&client::Envelope::new(action, MERCHANT), &sign::Sealed { data, md5 })
}

/// `ok`, or the code and the field to blame.
pub fn verdict<T>(result: &Result<T, Reject>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(reject) => format!("{} {}", reject.code, reject.field.as_deref().unwrap_or("-")),
    }
}

pub fn terms(action: Action, edits: &str) -> Terms {
    match send(action, edits) {
        Ok(Call::Create(create)) => create.terms,
        other => panic!("{other:?}"),
    }
}

/// An order of the action's example.
pub fn order(action: Action, edits: &str, state: OrderState, presentation: Presentation) -> Order {
    let Ok(Call::Create(create)) = send(action, edits) else { panic!("{action:?} makes no order") };
    let is_paid = matches!(state, OrderState::Paid { .. });
    let captured_minor = if is_paid { create.terms.total().minor } else { 0 };
    Order {
        merchant: MerchantId(7),
        number: OrderNo(2020082100000033),
        version: 1,
        room: "ottpay".into(),
        reference: create.reference.unwrap_or_else(|| "MADE".to_owned()),
        choices: create.terms.method.iter().cloned().collect(),
        given_back: 0,
        terms: create.terms,
        state,
        presentation,
        counter: None,
        funds: Funds { captured_minor, ..Funds::default() },
        refunds: 0,
        events: 1,
    }
}

pub fn paid() -> OrderState {
    OrderState::Paid { at: NOW.plus_s(70), channel_ref: "c".to_owned(), payer: "136****1234".to_owned() }
}

pub fn declined() -> OrderState {
    OrderState::Failed { at: NOW, reason: FailReason::Declined("insufficient balance".to_owned()) }
}

pub fn expired() -> OrderState {
    OrderState::Failed { at: NOW, reason: FailReason::Expired }
}

pub fn code() -> Presentation {
    Presentation::Code("https://qr.alipay.example/bax1?a=1&b=2".to_owned())
}

pub fn refund(state: RefundState) -> Refund {
    Refund {
        merchant: MerchantId(7),
        order: OrderNo(2020082100000033),
        number: RefundNo(1),
        amount_minor: 40,
        reference: Some("R1".to_owned()),
        note: String::new(),
        choice: 1,
        requested_at: NOW,
        state,
        reverses_late_payment: false,
        means: Default::default(),
    }
}

/// An answer read by the client's half, as `code message | name=value …`, names in order.
pub fn read(answer: &str) -> String {
    let answer = client::read_answer(answer, &key()).unwrap();
    let mut fields: Vec<String> =
        answer.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    fields.sort();
    format!("{} {} | {}", answer.rsp_code, answer.rsp_msg, fields.join(" "))
}

/// Compares, with every value a string and nothing a URL decoder would change.
pub fn check(answer: &str, expected: &str) {
    assert_eq!(read(answer), expected);
    assert!(!answer.contains(['%', '+']), "{answer}");
    let json: serde_json::Map<String, serde_json::Value> = serde_json::from_str(answer).unwrap();
    assert!(json.values().all(serde_json::Value::is_string), "{answer}");
}

fn is_passive(terms: &Terms) -> bool {
    (terms.tells, terms.after_time) == (Tells::Payment, AfterTime::GoesBack)
}

fn money(minor: i64) -> Money {
    Money::new(minor, currency("CAD"))
}
