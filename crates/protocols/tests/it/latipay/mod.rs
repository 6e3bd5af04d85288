//! A merchant with two wallets, an order, and the way a request goes through the room.

use tillgate_core::{
    Account, Currency, FeePlan, Flow, Funds, MerchantId, Method, Money, Order, OrderNo, OrderState,
    Presentation, Rate, Terms, Timestamp,
};
use tillgate_protocols::latipay::{
    self as room, ApiKey, Call, Context, Offer, Profile, Reject, Route, Settings, client,
};

mod ambiguity;
mod answers;
mod crossing;
mod documents;
mod explained;
mod inputs;
mod notified;
mod openapi;
mod random;
mod vectors;

pub const USER: &str = "U000334333";
/// 2017-07-07 10:53:50 in Beijing.
pub const NOW: Timestamp = Timestamp(1_499_396_030_000);

pub fn key() -> ApiKey {
    ApiKey::new("111222333")
}

/// The method asked for.
pub fn method_of(terms: &Terms) -> &str {
    terms.method.as_ref().map_or("", Method::as_str)
}

pub fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

pub fn account(code: &str, currency_code: &str, methods: &[&str]) -> Account {
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
    let mut no_plan = account("W00000004", "NZD", &["alipay"]);
    no_plan.fees = None;
    Profile {
        user_id: USER.to_owned(),
        user_name: "Corner Shop".to_owned(),
        organisation_id: MerchantId(7),
        organisation_name: "Shops & Co".to_owned(),
        keys: vec![key()],
        enabled: true,
        settings: Settings::default(),
        accounts: vec![
            account("W00000001", "NZD", &["alipay", "wechat"]),
            account("W00000002", "JPY", &["alipay", "wechat", "unionpay"]),
            account("W00000003", "KWD", &["alipay"]),
            no_plan,
            account("W00000005", "CNY", &["wechat"]),
        ],
    }
}

pub fn with_settings(change: impl FnOnce(&mut Settings)) -> Profile {
    let mut profile = profile();
    change(&mut profile.settings);
    profile
}

/// There is no rate for KWD; WeChat cannot pay in a mini app, UnionPay has no channel for hosted pages.
pub fn understand(request: Result<room::Received<'_>, Reject>, profile: &Profile) -> Result<Call, Reject> {
    let rate = |currency: Currency| match currency.code() {
        "NZD" => Rate::parse("4.64490"),
        "JPY" => Rate::parse("0.0476"),
        _ => None,
    };
    let offer = |method: &Method, flow: Flow| match (method.as_str(), flow) {
        ("unionpay", Flow::HostedPage) => Offer::NoChannel,
        ("unionpay", Flow::MerchantPresented) => Offer::NoFlow,
        _ => Offer::Yes,
    };
    let context = Context {
        now: NOW,
        order_lifetime_ms: 900_000,
        barcode_lifetime_ms: 60_000,
        rate: &rate,
        offer: &offer,
    };
    request?.verify(profile)?.decode(profile, &context)
}

pub fn post(route: Route, body: &str, profile: &Profile) -> Result<Call, Reject> {
    understand(room::read_body(route, body.as_bytes()), profile)
}

/// The documents' example requests, field by field.
pub fn example(route: Route) -> Vec<(String, String)> {
    let text = match route {
        Route::Transaction => {
            "wallet_id=W00000001|amount=120.00|user_id=U000334333|merchant_reference=dsi39ej430sks03|return_url=\
             |callback_url=https://merchantsite.com/confirm|ip=122.122.122.1|version=2.0\
             |product_name=Pinot Noir, Otago|payment_method=alipay|host_type=1"
        }
        Route::MiniAlipay => {
            "user_id=U000334333|wallet_id=W00000001|amount=120.00|payment_method=alipay\
             |callback_url=https://merchantsite.com/confirm|merchant_reference=dsi39ej430sks03|ip=122.122.122.1\
             |version=2.0|product_name=Pinot Noir, Otago"
        }
        Route::Barcode => "user_id=U000334333|wallet_id=W00000001|amount=0.05|pay_code=134588558514585062",
        Route::Refund => {
            "user_id=U000334333|order_id=2018071000000033|refund_amount=120.00|reference=notes about this refund"
        }
        Route::Cancel => "user_id=U000334333|merchant_reference=9872428736782682",
        Route::Query => "merchant_reference=1289323A122DB|user_id=U000334333",
        Route::Detail => "wallet_id=W00000001|user_id=U000334333",
        Route::Gatewaydata => "",
    };
    fields(text)
}

/// `name=value|name=value`.
pub fn fields(text: &str) -> Vec<(String, String)> {
    let pair = |part: &str| part.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.split('|').filter_map(pair).collect()
}

pub fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// The example with `edits`: `name=value` sets a field, `-name` takes it away.
pub fn edited(route: Route, edits: &str) -> Vec<(String, String)> {
    let mut all = example(route);
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

/// Signed by the documents' rule and sent.
pub fn send(route: Route, fields: &[(String, String)], profile: &Profile) -> Result<Call, Reject> {
    let fields = pairs(fields);
    if route.is_post() {
        return post(route, &client::signed_body(route, &fields, &key()), profile);
    }
    let query = client::signed_query(route, &fields, &key());
    let in_path = |pair: &&(&str, &str)| Some(pair.0) == route.path_field();
    let path_value = fields.iter().find(in_path).map_or("", |(_, value)| value);
    understand(room::read_query(route, path_value, &query), profile)
}

/// `ok`, or the code and the field to blame.
pub fn verdict(result: &Result<Call, Reject>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(reject) => format!("{} {}", reject.code, reject.field.as_deref().unwrap_or("-")),
    }
}

pub fn order(flow: Flow, state: OrderState) -> Order {
    Order {
        merchant: MerchantId(7),
        number: OrderNo(2018071000000033),
        version: 1,
        room: "latipay".into(),
        reference: "dsi39ej430sks03".to_owned(),
        choices: vec![Method::new("alipay")],
        given_back: 0,
        terms: Terms {
            account: "W00000001".to_owned(),
            method: Some(Method::new("alipay")),
            tip_minor: 0,
            app_payer: None,
            operator: String::new(),
            terminal: String::new(),
            particulars: Default::default(),
            tells: Default::default(),
            after_time: Default::default(),
            counter: None,
            flow,
            amount: Money::new(12_000, currency("NZD")),
            payer_currency: currency("CNY"),
            payer_rate: Rate::parse("4.64490").unwrap(),
            fees: FeePlan::rate(120),
            description: "Pinot Noir, Otago".to_owned(),
            notify_url: "https://merchantsite.com/confirm?shop=1".to_owned(),
            return_url: "https://merchantsite.com/thanks?lang=en".to_owned(),
            payer_ip: "122.122.122.1".to_owned(),
            payer_code: None,
            created_at: NOW,
            expires_at: NOW.plus_s(900),
        },
        state,
        presentation: Presentation::None,
        counter: None,
        funds: Funds::default(),
        refunds: 0,
        events: 1,
    }
}

pub fn paid() -> OrderState {
    OrderState::Paid { at: NOW.plus_s(70), channel_ref: "c".to_owned(), payer: "p".to_owned() }
}
