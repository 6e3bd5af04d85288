//! Answers: views in the documents' words, and the signed envelope around them.
//!
//! `data` is JSON text inside a string, for the vendor's clients read nothing else; as an object only where an app has
//! asked for it. The signature is the same. Nothing at the top level is ever null or empty, also of an error.

use tillgate_core::{Money, Timestamp};

use super::codes::{Code, Reject};
use super::keys::PrivateKey;
use super::sign::text_of;
use super::words::{EntryModel, OnlineStatus, PayMethod, PayScenario, TransStatus, TransType};
use crate::wire::time;

/// The number of an answer: 20 digits, `MMddHHmmss` in UTC and ten random ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Psn(String);

impl Psn {
    /// The last ten decimal digits of `random` are taken.
    pub fn new(at: Timestamp, random: u64) -> Self {
        let stamp = time::compact(at, 0);
        Self(format!("{}{:010}", stamp.get(4..14).unwrap_or("0101000000"), random % 10_000_000_000))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Our number of a transaction: `50`, 18 digits of the order's number and two of the attempt, for a declined attempt
/// uses one up. `None` if they do not fit, rather than a number given before.
pub fn trans_no(number: u64, attempt: u8) -> Option<String> {
    let fits = number < 1_000_000_000_000_000_000 && attempt < 100;
    fits.then(|| format!("50{number:018}{attempt:02}"))
}

/// The number and the attempt of a [`trans_no`]; `None` if we never gave such a number.
pub fn read_trans_no(text: &str) -> Option<(u64, u8)> {
    let digits = text.strip_prefix("50").filter(|rest| rest.len() == 20)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (number, attempt) = digits.split_at(18);
    Some((number.parse().ok()?, attempt.parse().ok()?))
}

/// The number of the message to a terminal: the transaction's with an `M` for its first digit.
pub fn message_id(trans_no: &str) -> String {
    ["M", trans_no.get(1..).unwrap_or_default()].concat()
}

/// `411111****1111`: how a card is shown. `None` unless it is six and four digits.
pub fn masked_pan(first_six: &str, last_four: &str) -> Option<String> {
    let is = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    (is(first_six, 6) && is(last_four, 4)).then(|| format!("{first_six}****{last_four}"))
}

/// An amount without zeros at its end: `200`, `12.4`.
pub fn plain(money: Money) -> String {
    let text = money.to_string();
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `2023-06-14 08:51:51` in UTC.
pub fn time_text(at: Timestamp) -> String {
    time::spaced(at, 0)
}

/// A JSON object being written: names and values are texts or integers; what is absent or empty is left out.
#[derive(Debug, Clone, Default)]
pub(super) struct Object {
    /// Name, value, whether it stands in quotes.
    pairs: Vec<(&'static str, String, bool)>,
}

impl Object {
    pub(super) fn text(&mut self, name: &'static str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.pairs.push((name, text, true));
        }
    }

    pub(super) fn some(&mut self, name: &'static str, text: Option<&str>) {
        self.text(name, text.unwrap_or_default());
    }

    pub(super) fn number(&mut self, name: &'static str, number: impl ToString) {
        self.pairs.push((name, number.to_string(), false));
    }

    /// Decimal text.
    fn amount(&mut self, name: &'static str, money: Money) {
        self.text(name, plain(money));
    }

    pub(super) fn pairs(&self) -> Vec<(&str, &str)> {
        self.pairs.iter().map(|(name, value, _)| (*name, value.as_str())).collect()
    }

    pub(super) fn json(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let value = |text: &str, in_quotes| if in_quotes { quoted(text) } else { text.to_owned() };
        let pairs = self
            .pairs
            .iter()
            .map(|(name, text, in_quotes)| [quoted(name).as_str(), ":", &value(text, *in_quotes)].concat());
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
    }
}

/// An order, for order.query and the callback. Texts that are `None` are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderView {
    pub merchant_order_no: String,
    pub trans_no: String,
    pub trans_type: TransType,
    pub trans_status: TransStatus,
    /// Without tip and cashback.
    pub order_amount: Money,
    /// Minor units of the order's currency, like all below. `None`: there was never any.
    pub tip_minor: Option<i64>,
    pub cashback_minor: Option<i64>,
    /// What has been paid; `None` before.
    pub paid_minor: Option<i64>,
    pub fee_minor: i64,
    pub vat_minor: i64,
    /// Discounts of the payment channel, and of the merchant.
    pub discount_bpc_minor: i64,
    pub discount_bmopc_minor: i64,
    pub trans_end_time: Option<Timestamp>,
    pub store_no: Option<String>,
    pub terminal_sn: Option<String>,
    pub pay_scenario: Option<PayScenario>,
    pub pay_method: Option<PayMethod>,
    /// A masked PAN or the payer as his wallet names him.
    pub pay_user_account_id: Option<String>,
    pub pay_channel_trans_no: Option<String>,
    pub pay_platform_trans_no: Option<String>,
    pub entry_model: Option<EntryModel>,
    /// The card network's retrieval reference number.
    pub ref_no: Option<String>,
    pub auth_no: Option<String>,
    pub attach: Option<String>,
    /// Code and text, for [`TransStatus::Closed`]; the code is one of
    /// [`TERMINAL_CODES`](super::words::TERMINAL_CODES) or the channel's.
    pub trans_error: Option<(String, String)>,
    pub electron_sign_url: Option<String>,
}

impl OrderView {
    fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.order_amount.currency)
    }

    /// The order with tip and cashback.
    pub fn trans_amount(&self) -> Money {
        let more = self.tip_minor.unwrap_or(0).saturating_add(self.cashback_minor.unwrap_or(0));
        self.money(self.order_amount.minor.saturating_add(more))
    }

    pub(super) fn write(&self, to: &mut Object) {
        to.text("merchant_order_no", &self.merchant_order_no);
        to.text("trans_no", &self.trans_no);
        to.number("trans_type", self.trans_type.number());
        to.number("trans_status", self.trans_status.number());
        to.text("price_currency", self.order_amount.currency.code());
        to.amount("order_amount", self.order_amount);
        to.amount("trans_amount", self.trans_amount());
        for (name, minor) in [
            ("paid_amount", self.paid_minor),
            ("tip_amount", self.tip_minor),
            ("cashback_amount", self.cashback_minor),
            ("trans_fee_c", Some(self.fee_minor)),
            ("vat_amount", Some(self.vat_minor)),
            ("discount_bpc", Some(self.discount_bpc_minor)),
            ("discount_bmopc", Some(self.discount_bmopc_minor)),
        ] {
            if let Some(minor) = minor {
                to.amount(name, self.money(minor));
            }
        }
        to.some("trans_end_time", self.trans_end_time.map(time_text).as_deref());
        to.some("store_no", self.store_no.as_deref());
        to.some("terminal_sn", self.terminal_sn.as_deref());
        to.some("pay_scenario", self.pay_scenario.map(PayScenario::word));
        to.some("pay_method_id", self.pay_method.map(PayMethod::word));
        to.some("pay_user_account_id", self.pay_user_account_id.as_deref());
        to.some("pay_channel_trans_no", self.pay_channel_trans_no.as_deref());
        to.some("pay_platform_trans_no", self.pay_platform_trans_no.as_deref());
        if let Some(model) = self.entry_model {
            to.number("entry_model", model.number());
        }
        to.some("ref_no", self.ref_no.as_deref());
        to.some("auth_no", self.auth_no.as_deref());
        to.some("attach", self.attach.as_deref());
        let error = self.trans_error.as_ref();
        to.some("trans_error_code", error.map(|(code, _)| code.as_str()));
        // A channel's own words: a & in them could be taken for a border in the signed text of a callback.
        to.some("trans_error_msg", error.map(|(_, message)| message.replace('&', "+")).as_deref());
        to.some("electron_sign_url", self.electron_sign_url.as_deref());
    }
}

/// A refund, for order.refund.query and its callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundView {
    /// The refund's own.
    pub merchant_order_no: String,
    pub trans_no: String,
    pub trans_status: TransStatus,
    pub order_amount: Money,
    pub fee_minor: i64,
    pub vat_minor: i64,
    pub trans_end_time: Option<Timestamp>,
    pub pay_channel_trans_no: Option<String>,
}

impl RefundView {
    pub(super) fn write(&self, to: &mut Object) {
        let currency = self.order_amount.currency;
        to.text("merchant_order_no", &self.merchant_order_no);
        to.text("trans_no", &self.trans_no);
        to.number("trans_type", TransType::Refund.number());
        to.number("trans_status", self.trans_status.number());
        to.text("price_currency", currency.code());
        to.amount("order_amount", self.order_amount);
        to.amount("trans_amount", self.order_amount);
        to.amount("trans_fee_c", Money::new(self.fee_minor, currency));
        to.amount("vat_amount", Money::new(self.vat_minor, currency));
        to.some("trans_end_time", self.trans_end_time.map(time_text).as_deref());
        to.some("pay_channel_trans_no", self.pay_channel_trans_no.as_deref());
    }
}

/// What wisehub.cloud.pay.order, .close and order.revoker answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub trans_no: String,
    /// Of the order alone.
    pub terminal: Option<OnlineStatus>,
}

/// What order.refund.submit answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    pub trans_no: String,
    pub amount: Money,
    pub fee_minor: i64,
    pub vat_minor: i64,
}

/// A batch. The answer of batch.close has no fields in the document; those of its later sister are said if known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BatchView {
    pub count: Option<u32>,
    pub total: Option<Money>,
}

/// What every answer to one request has in common.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// The gateway's.
    pub key: &'a PrivateKey,
    pub psn: &'a Psn,
    /// [`Settings::object_data`](super::Settings::object_data); `false` if the app is unknown.
    pub object_data: bool,
}

impl Reply<'_> {
    /// `data` as JSON text of an object.
    fn write(&self, code: &str, msg: &str, data: &str) -> String {
        let psn = self.psn.as_str();
        let text = text_of(&[("code", code), ("data", data), ("msg", msg), ("psn", psn)]);
        let sign = self.key.sign(&text);
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let data = if self.object_data { data.to_owned() } else { quoted(data) };
        format!(
            r#"{{"code":{},"msg":{},"psn":{},"data":{data},"sign":{}}}"#,
            quoted(code),
            quoted(msg),
            quoted(psn),
            quoted(&sign)
        )
    }

    pub(super) fn success(&self, data: &Object) -> String {
        self.write(Code::Success.word(), Code::Success.message(), &data.json())
    }

    /// A success without anything to say: tip.adjustment.
    pub fn done(&self) -> String {
        self.success(&Object::default())
    }

    pub fn sent(&self, sent: &Sent) -> String {
        let mut data = Object::default();
        data.text("message_id", message_id(&sent.trans_no));
        data.text("trans_no", &sent.trans_no);
        data.some("terminal_online_status", sent.terminal.map(OnlineStatus::word));
        self.success(&data)
    }

    pub fn order(&self, view: &OrderView) -> String {
        let mut data = Object::default();
        view.write(&mut data);
        self.success(&data)
    }

    pub fn refund(&self, view: &RefundView) -> String {
        let mut data = Object::default();
        view.write(&mut data);
        self.success(&data)
    }

    pub fn submitted(&self, refund: &Submitted) -> String {
        let currency = refund.amount.currency;
        let mut data = Object::default();
        data.text("trans_no", &refund.trans_no);
        data.amount("trans_amount", refund.amount);
        data.amount("trans_fee_c", Money::new(refund.fee_minor, currency));
        data.amount("vat_amount", Money::new(refund.vat_minor, currency));
        self.success(&data)
    }

    pub fn batch(&self, view: &BatchView) -> String {
        let mut data = Object::default();
        if let Some(count) = view.count {
            data.number("count", count);
        }
        if let Some(total) = view.total {
            data.number("total_amount", plain(total));
        }
        self.success(&data)
    }

    /// The same with the text that should have been signed: for a sandbox, where people look for their mistake.
    pub fn reject_explained(&self, reject: &Reject, signed_text: &str) -> String {
        let mut data = Object::default();
        data.text("text_to_sign", signed_text);
        self.write(reject.code.word(), &reject.msg(), &data.json())
    }

    /// Also the engine's no, made with [`Reject::new`], [`Reject::because`] or [`Reject::field`].
    pub fn reject(&self, reject: &Reject) -> String {
        self.write(reject.code.word(), &reject.msg(), "{}")
    }
}
