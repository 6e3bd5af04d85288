//! The fields of the envelope and of each action's data object, as data: decoding and the OpenAPI document read these.

use super::Action;

/// What a value must be. Each kind has its one rule in `draft` (the envelope's in `decode`) and its schema in `openapi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Action,
    Version,
    MerchantId,
    Data,
    Md5,
    /// The number of a new order or refund, or the second of two.
    OrderId,
    /// The number of the order it is about.
    KnownOrderId,
    Operator,
    Terminal,
    /// Whole minor units, greater than zero.
    Amount,
    RefundAmount,
    /// Whole minor units, zero allowed.
    Tip,
    /// Kept with the order, and said again under the same name.
    Particular,
    Description,
    AuthCode,
    BizType,
    CallBackUrl,
    RedirectUrl,
    Currency,
    FeeType,
    Duration,
    AppId,
    OpenId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Absent, null and empty are refused.
    Required,
    Optional,
}

/// One row of a document's table.
#[derive(Debug)]
pub struct FieldSpec {
    pub name: &'static str,
    pub kind: Kind,
    pub presence: Presence,
    /// Largest length in characters (URLs: bytes).
    pub max: usize,
    pub about: &'static str,
    /// Document and section.
    pub source: &'static str,
}

impl FieldSpec {
    pub fn is_required(&self) -> bool {
        self.presence == Presence::Required
    }
}

const fn field(name: &'static str, kind: Kind, max: usize, source: &'static str) -> FieldSpec {
    let about = about(kind);
    FieldSpec { name, kind, presence: Presence::Optional, max, about, source }
}

impl FieldSpec {
    const fn required(self) -> Self {
        Self { presence: Presence::Required, ..self }
    }

    const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }
}

/// Where things are documented.
pub mod source {
    pub const PASSIVE: &str = "Payment Web API, Passive Payment Order";
    pub const ACTIVE: &str = "Payment Web API, Active Payment Order";
    pub const CALL_BACK: &str = "Payment Web API, Call-Back Message Data";
    pub const STATUS: &str = "Payment Web API, Status Query";
    pub const REFUND: &str = "Payment Web API, Refund";
    pub const RATE: &str = "Payment Web API, Exchange Rate Query";
    pub const PREPAY: &str = "Payment Web API 2.0, Prepay";
    pub const MAPP: &str = "Payment Web API 1.1, Mini App Payment";
    pub const OURS: &str = "tillgate";
}
use source::*;

const fn about(kind: Kind) -> &'static str {
    match kind {
        Kind::Action => "What is wanted.",
        Kind::Version => "1, 1.0, 1.1, 2 or 2.0, as text or as a number. All mean the same here.",
        Kind::MerchantId => "The merchant: `QC00005496`.",
        Kind::Data => "The encrypted data object, base64. White space in it is ignored.",
        Kind::Md5 => {
            "The digest of the data object's values, 32 hexadecimal digits; the case of the digits is free, but the key is derived from the text as sent."
        }
        Kind::OrderId => "The merchant's number of the order, unique per merchant.",
        Kind::KnownOrderId => "The number of the paid order.",
        Kind::Operator => {
            "Who sells, in the merchant's words. If the data object has none, the envelope's is taken."
        }
        Kind::Terminal => "At which till, in the merchant's words.",
        Kind::Amount => "Minor units: `100` is 1.00. 1 to 15 digits, greater than zero.",
        Kind::RefundAmount => {
            "Minor units: `100` is 1.00. Greater than zero, at most what is left of the order."
        }
        Kind::Tip => "Minor units, on top of the amount; may be zero. `Tip` is the same field.",
        Kind::Particular => "Kept with the order.",
        Kind::Description => "What is sold, shown to the payer.",
        Kind::AuthCode => "The digits of the code the payer's wallet shows.",
        Kind::BizType => "The payer's wallet; the merchant's account must take it.",
        Kind::CallBackUrl => {
            "Where the payment is reported: an absolute http(s) URL without credentials and fragment."
        }
        Kind::RedirectUrl => {
            "Where the payer's browser goes from our page: an absolute http(s) URL without credentials and fragment."
        }
        Kind::Currency => {
            "ISO 4217: the merchant's account in it is used. Absent: the merchant's default currency."
        }
        Kind::FeeType => "ISO 4217: the currency asked about. Absent: the merchant's default currency.",
        Kind::Duration => "Seconds the page can be paid, 1 to 604800.",
        Kind::AppId => "The mini program's id at WeChat.",
        Kind::OpenId => "The payer's id in that mini program.",
    }
}

/// In the order `decode` reads it.
pub const ENVELOPE: &[FieldSpec] = &[
    field("action", Kind::Action, 32, PASSIVE).required(),
    field("version", Kind::Version, 8, PASSIVE).required(),
    field("merchant_id", Kind::MerchantId, 64, PASSIVE).required(),
    field("terminal_no", Kind::Terminal, 64, PASSIVE),
    field("operator_id", Kind::Operator, 64, ACTIVE),
    field("data", Kind::Data, usize::MAX, PASSIVE).required(),
    field("md5", Kind::Md5, 32, PASSIVE).required(),
];

const OWN_NUMBER: &str = "The merchant's number of the order, unique per merchant. Absent: made of the message's digest, so that the same message again \
     is the same order.";
const PASSIVE_PAY: &[FieldSpec] = &[
    field("order_id", Kind::OrderId, 64, PASSIVE).about(OWN_NUMBER),
    field("operator_id", Kind::Operator, 64, PASSIVE).required(),
    field("amount", Kind::Amount, 15, PASSIVE).required(),
    field("tip", Kind::Tip, 15, PASSIVE),
    field("sale_num", Kind::Particular, 64, PASSIVE),
    field("auth_code", Kind::AuthCode, 32, PASSIVE).required(),
    field("biz_type", Kind::BizType, 16, PASSIVE).required(),
    field("order_remark", Kind::Description, 256, OURS),
];

const ACTIVE_PAY: &[FieldSpec] = &[
    field("order_id", Kind::OrderId, 64, ACTIVE)
        .about("The merchant's number of the order, unique per merchant. Absent: one is made and returned."),
    field("operator_id", Kind::Operator, 64, ACTIVE).required(),
    field("amount", Kind::Amount, 15, ACTIVE).required(),
    field("tip", Kind::Tip, 15, ACTIVE),
    field("biz_type", Kind::BizType, 16, ACTIVE).required(),
    field("call_back_url", Kind::CallBackUrl, 512, ACTIVE).required(),
    field("order_remark", Kind::Description, 256, ACTIVE),
    field("sale_num", Kind::Particular, 64, OURS),
];

const STATUS_QUERY: &[FieldSpec] = &[field("order_id", Kind::KnownOrderId, 64, STATUS)
    .required()
    .about("The merchant's number of the order or of the refund.")];

const REFUND_ORDER: &[FieldSpec] = &[
    field("ori_order_id", Kind::KnownOrderId, 64, REFUND).required(),
    field("refund_amt", Kind::RefundAmount, 15, REFUND).required(),
    field("order_id", Kind::OrderId, 64, REFUND).about(
        "The refund's own number, unique per merchant. The same again is the same refund: no money moves twice.",
    ),
];

const EX_RATE_QUERY: &[FieldSpec] = &[field("fee_type", Kind::FeeType, 3, RATE)];

const PREPAY_INIT: &[FieldSpec] = &[
    field("prepay_order_id", Kind::OrderId, 64, PREPAY).required(),
    field("sale_num", Kind::Particular, 64, PREPAY).required(),
    field("amount", Kind::Amount, 15, PREPAY).required(),
    field("tip", Kind::Tip, 15, OURS),
    field("currency_type", Kind::Currency, 3, PREPAY).required(),
    field("biz_type", Kind::BizType, 16, PREPAY).required().about("`PREPAY`: the payer chooses on the page."),
    field("redirect_url", Kind::RedirectUrl, 512, PREPAY).required(),
    field("call_back_url", Kind::CallBackUrl, 512, PREPAY).required(),
    field("duration", Kind::Duration, 6, PREPAY).required(),
    field("shop_id", Kind::Particular, 64, PREPAY).required(),
    field("operator_id", Kind::Operator, 64, PREPAY).required(),
    field("email", Kind::Particular, 254, PREPAY),
    field("remarks", Kind::Description, 256, PREPAY),
];

const PREPAY_QUERY: &[FieldSpec] = &[
    field("prepay_order_id", Kind::KnownOrderId, 64, PREPAY)
        .required()
        .about("The number the page was asked for with."),
    field("order_id", Kind::OrderId, 64, PREPAY).about("As earlier answers gave it."),
];

const MAPP_PAY: &[FieldSpec] = &[
    field("order_id", Kind::OrderId, 64, MAPP)
        .about("The merchant's number of the order, unique per merchant. Absent: one is made and returned."),
    field("operator_id", Kind::Operator, 64, MAPP).required(),
    field("amount", Kind::Amount, 15, MAPP).required(),
    field("tip", Kind::Tip, 15, OURS),
    field("biz_type", Kind::BizType, 16, MAPP).required().about("`WECHATPAY`."),
    field("app_id", Kind::AppId, 128, MAPP).required(),
    field("open_id", Kind::OpenId, 128, MAPP).required(),
    field("call_back_url", Kind::CallBackUrl, 512, MAPP).required(),
    field("order_remark", Kind::Description, 256, OURS),
    field("sale_num", Kind::Particular, 64, OURS),
];

/// The data object of a request, in the order of its document; ours last.
pub fn of(action: Action) -> &'static [FieldSpec] {
    match action {
        Action::PassivePay => PASSIVE_PAY,
        Action::ActivePay => ACTIVE_PAY,
        Action::StatusQuery => STATUS_QUERY,
        Action::Refund => REFUND_ORDER,
        Action::ExRateQuery => EX_RATE_QUERY,
        Action::PrepayInit => PREPAY_INIT,
        Action::PrepayQuery => PREPAY_QUERY,
        Action::MappPay => MAPP_PAY,
    }
}

/// The row of a field, if the action knows it.
pub fn find(action: Action, name: &str) -> Option<&'static FieldSpec> {
    of(action).iter().find(|spec| spec.name == name)
}

/// Names of [`Kind::Particular`] as the order keeps them.
pub mod particular {
    pub const SALE_NUM: &str = "sale_num";
    pub const SHOP_ID: &str = "shop_id";
    pub const EMAIL: &str = "email";
}
