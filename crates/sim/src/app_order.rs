//! The text a merchant's mini app hands to `my.tradePay`, and what it gets back.
//!
//! Knows: Alipay's field names and result codes. Deliberately does not know: trades.
//! Values are raw, so a `&` may stand inside an address: a part that does not start with a known name
//! belongs to the value before it.

use serde::Serialize;

use crate::ShopperAction;
use crate::view::{PaymentView, StateWord};
use crate::wire::signature;

/// The fields of `create_forex_trade_wap` in their documented order.
const NAMES: [&str; 18] = [
    "service",
    "partner",
    "_input_charset",
    "sign_type",
    "sign",
    "notify_url",
    "return_url",
    "subject",
    "body",
    "out_trade_no",
    "currency",
    "total_fee",
    "supplier",
    "secondary_merchant_id",
    "secondary_merchant_name",
    "secondary_merchant_industry",
    "product_code",
    "app_pay",
];

#[derive(Debug)]
pub struct AppOrder {
    pub number: String,
    pub total_fee: String,
    pub currency: String,
}

/// `None` if it cannot be read or is not signed with `key`. The fields may come in any order.
pub fn read(order_str: &str, key: &str) -> Option<AppOrder> {
    let any_order = pairs(order_str, |name, seen| !seen.contains(&name));
    let documented_order = pairs(order_str, |name, seen| NAMES.get(seen.len()) == Some(&name));
    signed(any_order, key).or_else(|| signed(documented_order, key))
}

type Pair = (&'static str, String);

/// Splits where a name starts that `may_start` after those seen.
fn pairs(order_str: &str, may_start: impl Fn(&'static str, &[&'static str]) -> bool) -> Vec<Pair> {
    let (mut pairs, mut seen) = (Vec::<Pair>::new(), Vec::new());
    for part in order_str.split('&') {
        let named = part.split_once('=').and_then(|(name, value)| {
            let name = NAMES.into_iter().find(|known| *known == name)?;
            may_start(name, &seen).then_some((name, value))
        });
        match (named, pairs.last_mut()) {
            (Some((name, value)), _) => {
                seen.push(name);
                pairs.push((name, value.to_owned()));
            }
            (None, Some((_, value))) => {
                value.push('&');
                value.push_str(part);
            }
            (None, None) => return Vec::new(),
        }
    }
    pairs
}

fn signed(mut pairs: Vec<Pair>, key: &str) -> Option<AppOrder> {
    pairs.sort_unstable();
    let expected = signature(pairs.iter().map(|(name, value)| (*name, value.as_str())), key);
    let value = |name: &str| pairs.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value);
    let holds = value("service") == "create_forex_trade_wap"
        && value("sign_type") == "MD5"
        && value("sign") == expected;
    holds.then(|| AppOrder {
        number: value("out_trade_no").to_owned(),
        total_fee: value("total_fee").to_owned(),
        currency: value("currency").to_owned(),
    })
}

/// What `my.tradePay` reports to the mini app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppOrderResult {
    /// `9000` paid, `8000` in progress, `6004` perhaps paid, `6002` no connection, `6001` the payer left,
    /// `4000` failed.
    pub result_code: &'static str,
    pub memo: String,
    pub payment: Option<PaymentView>,
}

impl AppOrderResult {
    pub(crate) fn of(payment: PaymentView, action: ShopperAction) -> Self {
        let silent = payment.rule.and_then(crate::rule_for).map(|rule| rule.script)
            == Some(crate::Script::SilentThenPaid);
        let (result_code, memo) = match (action, payment.state) {
            (ShopperAction::Decline | ShopperAction::WalkAway, _) => ("6001", "the payer left"),
            (_, StateWord::Paid) if silent => ("6004", "the result is not known"),
            (_, StateWord::Paid) => ("9000", "paid"),
            (_, StateWord::Pending) => ("8000", "in progress"),
            (_, StateWord::Declined | StateWord::Closed | StateWord::Expired) => ("4000", "declined"),
        };
        Self { result_code, memo: memo.to_owned(), payment: Some(payment) }
    }

    pub(crate) fn failed(memo: &str) -> Self {
        Self { result_code: "4000", memo: memo.to_owned(), payment: None }
    }

    pub(crate) fn no_connection() -> Self {
        Self { result_code: "6002", memo: "no connection".to_owned(), payment: None }
    }
}
