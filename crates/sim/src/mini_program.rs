//! What a WeChat mini program pays with: the prepay id it is made of, the fields it hands to
//! `wx.requestPayment`, and what it gets back.
//!
//! Knows: WeChat's field names and signature. Deliberately does not know: how a payment goes on.

use md5::{Digest, Md5};
use serde::Serialize;

use crate::ShopperAction;
use crate::answer::Fields;
use crate::trade::Trade;
use crate::view::{PaymentView, StateWord};
use crate::wire::{Pairs, signature};

/// `package` by the name that merchants are given, and by WeChat's own, which a mini program has to use.
const PACKAGE: [&str; 2] = ["packageStr", "package"];

/// What the gateway is told so that it can sign the fields. A repeat gets the same.
pub fn prepay_fields<'a>(trade: &'a Trade, key: &str) -> Fields<'a> {
    vec![
        ("app_id", (&trade.terms.app_id).into()),
        ("payer_id", (&trade.terms.payer_id).into()),
        ("prepay_id", (&trade.prepay_id).into()),
        ("nonce_str", nonce(trade, key).into()),
        ("made_at_ms", trade.created_ms.to_string().into()),
    ]
}

fn nonce(trade: &Trade, key: &str) -> String {
    hex::encode_upper(Md5::digest(format!("{key} nonce {}", trade.prepay_id)))
}

#[derive(Debug)]
pub struct PayInfo {
    pub app_id: String,
    pub prepay_id: String,
}

/// The fields as a JSON object of texts. `None` unless there are just the six, signed with `key`.
pub fn read(pay_info: &str, key: &str) -> Option<PayInfo> {
    let Pairs(fields) = serde_json::from_str::<Pairs<String>>(pay_info).ok()?;
    let value = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let package = PACKAGE.into_iter().find_map(value)?;
    let signed = [
        ("appId", value("appId")?),
        ("nonceStr", value("nonceStr")?),
        ("package", package),
        ("signType", value("signType")?),
        ("timeStamp", value("timeStamp")?),
    ];
    let plain = signed.iter().all(|(_, value)| !value.is_empty() && !value.contains('&'));
    let expected = signature(signed.into_iter(), &format!("&key={key}")).to_uppercase();
    let holds = fields.len() == 6
        && plain
        && value("signType") == Some("MD5")
        && value("paySign") == Some(expected.as_str());
    let prepay_id = package.strip_prefix("prepay_id=").filter(|_| holds)?;
    Some(PayInfo { app_id: value("appId")?.to_owned(), prepay_id: prepay_id.to_owned() })
}

/// What `wx.requestPayment` reports to the mini program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MiniProgramResult {
    /// `requestPayment:ok`, `requestPayment:fail cancel` if the payer left, else `requestPayment:fail` and why.
    pub err_msg: String,
    pub payment: Option<PaymentView>,
}

impl MiniProgramResult {
    pub(crate) fn of(payment: PaymentView, action: ShopperAction) -> Self {
        let silent = payment.rule.and_then(crate::rule_for).map(|rule| rule.script)
            == Some(crate::Script::SilentThenPaid);
        let why = match (action, payment.state) {
            (ShopperAction::Decline | ShopperAction::WalkAway, _) => "cancel",
            (_, StateWord::Paid) if silent => "the result is not known",
            (_, StateWord::Paid) => return Self::with("ok", Some(payment)),
            (_, StateWord::Pending) => "in progress",
            (_, StateWord::Declined | StateWord::Closed | StateWord::Expired) => "declined",
        };
        Self::with(&format!("fail {why}"), Some(payment))
    }

    pub(crate) fn failed(why: &str) -> Self {
        Self::with(&format!("fail {why}"), None)
    }

    fn with(word: &str, payment: Option<PaymentView>) -> Self {
        Self { err_msg: format!("requestPayment:{word}"), payment }
    }
}
