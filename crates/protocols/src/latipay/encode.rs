//! Answers: compact JSON, always with an integer `code`, signed with the profile's first key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use tillgate_core::{Account, Flow, Order, OrderNo, OrderState, Refusal};

use super::codes::{self, Reject};
use super::fields::USER_ID;
use super::{METHOD_WORDS, Profile, Route, method_word, sign};
use crate::wire::time;

#[derive(Serialize)]
struct Status<'a> {
    code: i32,
    message: &'a str,
    #[serde(rename = "messageCN")]
    message_cn: &'a str,
}

impl Status<'static> {
    fn of(code: i32) -> Self {
        let row = codes::find(code);
        Self { code, message: row.message, message_cn: row.message_cn }
    }
}

#[derive(Serialize)]
struct Answer<T> {
    #[serde(flatten)]
    status: Status<'static>,
    #[serde(flatten)]
    body: T,
}

fn success<T: Serialize>(body: T) -> String {
    json(&Answer { status: Status::of(codes::SUCCESS), body })
}

/// Our own structs of strings and numbers always serialize; the fallback is the same answer as for our fault.
fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| r#"{"code":1,"message":"FAIL"}"#.to_owned())
}

/// A decimal as a JSON string, or as a number with all its digits.
struct Decimal {
    text: String,
    as_number: bool,
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match RawValue::from_string(self.text.clone()) {
            Ok(number) if self.as_number => number.serialize(serializer),
            _ => serializer.serialize_str(&self.text),
        }
    }
}

pub(super) fn sign_with_current(profile: &Profile, values: &[&str]) -> String {
    profile.keys.first().map(|key| sign::sign_values(values, key)).unwrap_or_default()
}

/// The words clients test: `pending`, `paid`, `failed`, `canceled`.
pub fn status_word(state: &OrderState) -> &'static str {
    match state {
        OrderState::Pending | OrderState::Closing(_) | OrderState::Authorized { .. } => "pending",
        OrderState::Paid { .. } => "paid",
        OrderState::Failed { .. } => "failed",
        OrderState::Cancelled { .. } | OrderState::Voided { .. } => "canceled",
    }
}

/// Our number as merchants see it: mini app and hosted orders begin with `S`.
pub fn order_id(order: &Order) -> String {
    match order.terms.flow {
        Flow::MiniApp | Flow::HostedPage => format!("S{}", order.number),
        Flow::MerchantPresented | Flow::CustomerPresented | Flow::CardPresent | Flow::CardOnline => {
            order.number.to_string()
        }
    }
}

/// Reads it back, with or without the `S`.
pub fn parse_order_id(text: &str) -> Option<OrderNo> {
    let digits = text.strip_prefix('S').unwrap_or(text);
    let plain = digits.len() <= 16 && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| plain).map(OrderNo)
}

/// When it became final, else when it was created; Beijing's time, as the documents say.
pub(super) fn pay_time(order: &Order) -> String {
    time::spaced(order.state.ended_at().unwrap_or(order.terms.created_at), time::BEIJING_HOURS)
}

/// With the five digits of `currency_rate`.
pub(super) fn rate_text(order: &Order) -> String {
    order.terms.payer_rate.to_places(5)
}

/// The values that carry the signature of a query answer, a notification and a redirect.
pub(super) fn signed_values<'a>(order: &'a Order, amount: &'a str) -> [&'a str; 5] {
    let currency = order.terms.amount.currency.code();
    [&order.reference, method_word(order), status_word(&order.state), currency, amount]
}

/// `host_url` is [`super::GATEWAYDATA`] or [`super::HOSTED_PAGE`] at our public address, by the order's flow.
pub fn transaction_answer(profile: &Profile, host_url: &str, nonce: &str) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        host_url: &'a str,
        nonce: &'a str,
        signature: String,
    }
    success(Body { host_url, nonce, signature: sign_with_current(profile, &[nonce, host_url]) })
}

#[derive(Serialize)]
struct GatewayData<'a> {
    order_id: String,
    nonce: &'a str,
    payment_method: &'a str,
    amount: Decimal,
    amount_cny: Decimal,
    currency: &'a str,
    product_name: &'a str,
    organisation_id: u32,
    organisation_name: &'a str,
    user_id: &'a str,
    user_name: &'a str,
    wallet_id: &'a str,
    wallet_name: &'a str,
    qr_code: String,
    qr_code_url: &'a str,
    currency_rate: String,
    merchant_reference: &'a str,
    signature: String,
}

impl GatewayData<'_> {
    fn sign(&self, profile: &Profile) -> String {
        let organisation_id = self.organisation_id.to_string();
        let pairs = [
            ("order_id", &*self.order_id),
            ("nonce", self.nonce),
            ("payment_method", self.payment_method),
            ("amount", &self.amount.text),
            ("amount_cny", &self.amount_cny.text),
            ("currency", self.currency),
            ("product_name", self.product_name),
            ("organisation_id", &organisation_id),
            ("organisation_name", self.organisation_name),
            ("user_id", self.user_id),
            ("user_name", self.user_name),
            ("wallet_id", self.wallet_id),
            ("wallet_name", self.wallet_name),
            ("qr_code", &self.qr_code),
            ("qr_code_url", self.qr_code_url),
            ("currency_rate", &self.currency_rate),
            ("merchant_reference", self.merchant_reference),
        ];
        profile.keys.first().map(|key| sign::sign_sorted(&pairs, key)).unwrap_or_default()
    }
}

/// What a till shows: `code_text` is the text in the QR code, `qr_png` its picture.
pub fn gatewaydata_answer(
    profile: &Profile,
    order: &Order,
    nonce: &str,
    code_text: &str,
    qr_png: &[u8],
) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        data: GatewayData<'a>,
    }
    let terms = &order.terms;
    let decimal = |text| Decimal { text, as_number: profile.settings.amount_as_number };
    let mut data = GatewayData {
        order_id: order_id(order),
        nonce,
        payment_method: method_word(order),
        amount: decimal(terms.amount.to_string()),
        amount_cny: decimal(terms.payer_amount().to_string()),
        currency: terms.amount.currency.code(),
        product_name: &terms.description,
        organisation_id: profile.organisation_id.0,
        organisation_name: &profile.organisation_name,
        user_id: &profile.user_id,
        user_name: &profile.user_name,
        wallet_id: &terms.account,
        wallet_name: profile.account(&terms.account).map_or("", |account| &account.name),
        qr_code: format!("data:image/png;base64,{}", STANDARD.encode(qr_png)),
        qr_code_url: code_text,
        currency_rate: rate_text(order),
        merchant_reference: &order.reference,
        signature: String::new(),
    };
    data.signature = data.sign(profile);
    success(Body { data })
}

pub fn query_answer(profile: &Profile, order: &Order) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        merchant_reference: &'a str,
        currency: &'a str,
        amount: Decimal,
        payment_method: &'a str,
        status: &'a str,
        pay_time: String,
        order_id: String,
        transaction_id: String,
        amount_cny: Decimal,
        rate: String,
        signature: String,
    }
    let decimal = |text| Decimal { text, as_number: profile.settings.amount_as_number };
    let amount = order.terms.amount.to_string();
    let signature = sign_with_current(profile, &signed_values(order, &amount));
    success(Body {
        merchant_reference: &order.reference,
        currency: order.terms.amount.currency.code(),
        amount: decimal(amount),
        payment_method: method_word(order),
        status: status_word(&order.state),
        pay_time: pay_time(order),
        order_id: order_id(order),
        transaction_id: order_id(order),
        amount_cny: decimal(order.terms.payer_amount().to_string()),
        rate: rate_text(order),
        signature,
    })
}

/// The reference is returned because it may be one we made.
pub fn barcode_answer(order: &Order) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        order_id: String,
        merchant_reference: &'a str,
    }
    success(Body { order_id: order_id(order), merchant_reference: &order.reference })
}

/// `fields` in the channel's order: the app joins them into `orderStr` as they come.
pub fn mini_answer(_profile: &Profile, order: &Order, fields: &[(String, String)]) -> String {
    struct Fields<'a>(&'a [(String, String)]);
    impl Serialize for Fields<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(self.0.len()))?;
            for (name, value) in self.0 {
                map.serialize_entry(name, value)?;
            }
            map.end()
        }
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct PayData<'a> {
        order_id: String,
        customer_order_id: &'a str,
    }
    #[derive(Serialize)]
    struct Body<'a> {
        gatewaydata: Fields<'a>,
        paydata: PayData<'a>,
    }
    let paydata = PayData { order_id: order_id(order), customer_order_id: &order.reference };
    success(Body { gatewaydata: Fields(fields), paydata })
}

/// The methods shop plug-ins show buttons for.
pub fn detail_answer(account: &Account) -> String {
    #[derive(Serialize)]
    struct Body {
        payment_method: String,
    }
    let label = |method: &tillgate_core::Method| {
        METHOD_WORDS.iter().find(|word| word.method == Some(method.as_str())).map(|word| word.label)
    };
    let labels: Vec<&str> = account.methods.iter().filter_map(label).collect();
    success(Body { payment_method: labels.join(",") })
}

/// A cancel that is done, a refund the channel has taken on.
pub fn ok_answer() -> String {
    json(&Status::of(codes::SUCCESS))
}

pub fn reject_answer(reject: &Reject) -> String {
    json(&Status {
        code: reject.code,
        message: &reject.message,
        message_cn: codes::find(reject.code).message_cn,
    })
}

pub fn refusal_answer(route: Route, refusal: &Refusal) -> String {
    reject_answer(&codes::refusal(route, refusal))
}

/// A cancel whose outcome the channel has not told in time; the client may ask again.
pub fn unresolved_answer() -> String {
    reject_answer(&Reject::whole(codes::FAIL, "merchant_reference is being closed, ask again"))
}

/// Our fault; what it was is in our log.
pub fn fault_answer() -> String {
    json(&Status::of(codes::FAIL))
}

pub fn refund_declined_answer(reason: &str) -> String {
    let what = format_args!("was declined: {reason}");
    reject_answer(&Reject::field(codes::REFUND_FAIL, "order_id", what))
}

pub fn unknown_user(user_id: &str) -> Reject {
    let shown: String = user_id.chars().take(64).collect();
    Reject::field(codes::USER_NOT_EXIST, USER_ID, format_args!("{shown:?} is unknown"))
}

/// A nonce we did not make, or whose order we do not know. One of an order that has ended is the engine's to refuse:
/// 900 or 901, by [`refusal_answer`].
pub fn unknown_nonce() -> Reject {
    Reject::field(codes::ORDER_NOT_EXIST, "nonce", "belongs to no order")
}
