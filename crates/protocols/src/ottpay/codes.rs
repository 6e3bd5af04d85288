//! Every `rsp_code` this room answers with, the refusals' codes, and [`Reject`].

use std::borrow::Cow;
use std::fmt;

use tillgate_core::{Refusal, Term};

use super::Action;

pub const SUCCESS: &str = "SUCCESS";
pub const PROCESSING: &str = "PROCESSING";
pub const FAIL: &str = "FAIL";
pub const TIMEOUT: &str = "TIMEOUT";
pub const SYSTEM_ERROR: &str = "SYSTEM_ERROR";
pub const PARAM_INVALID: &str = "PARAM_INVALID";
pub const PARAM_ERROR: &str = "PARAM_ERROR";
pub const ORDER_PAID: &str = "ORDER_PAID";
pub const ORDER_USED: &str = "ORDER_USED";
pub const ORDER_TYPE_ERROR: &str = "ORDER_TYPE_ERROR";
pub const AUTH_CODE_INVALID: &str = "AUTH_CODE_INVALID";

/// The `rsp_msg` of a success, to the letter: clients compare it.
pub const SUCCESS_MESSAGE: &str = "success";
/// The one answer to whatever is wrong with keys; see `sign`.
pub const UNIFORM_MESSAGE: &str = "merchant_id, data and md5 do not belong together";

/// A word and what it means here.
#[derive(Debug)]
pub struct Code {
    pub word: &'static str,
    pub about: &'static str,
}

const fn code(word: &'static str, about: &'static str) -> Code {
    Code { word, about }
}

/// The vendor's words that we use. Its `PWD_INCORRECT` and `DB_ERROR` have nothing to say here.
pub const CODES: &[Code] = &[
    code(SUCCESS, "Done, or known. rsp_msg is `success`."),
    code(PROCESSING, "Not decided yet: ask again with STATUS_QUERY."),
    code(FAIL, "The payment or the refund was declined; rsp_msg has the reason."),
    code(TIMEOUT, "The payer did not pay in time. What arrives later goes back to him."),
    code(SYSTEM_ERROR, "Our fault. Whether it was done is open: ask with STATUS_QUERY."),
    code(
        PARAM_INVALID,
        "Unknown merchant, wrong key, or a message changed on its way. Has neither data nor md5.",
    ),
    code(PARAM_ERROR, "A field is missing or wrong; rsp_msg begins with its name."),
    code(ORDER_PAID, "The order is paid already. Nothing was charged again."),
    code(ORDER_USED, "The number belongs to another order or refund, or to one that has ended."),
    code(ORDER_TYPE_ERROR, "The action does not fit the order: a refund of what was never paid."),
    code(AUTH_CODE_INVALID, "auth_code is no code of that wallet."),
];

/// The codes an action may answer with, for the reader of the API document.
pub fn of(action: Action) -> &'static [&'static str] {
    match action {
        Action::PassivePay => &[
            SUCCESS,
            PROCESSING,
            FAIL,
            TIMEOUT,
            SYSTEM_ERROR,
            PARAM_INVALID,
            PARAM_ERROR,
            ORDER_PAID,
            ORDER_USED,
            AUTH_CODE_INVALID,
        ],
        Action::ActivePay | Action::PrepayInit | Action::MappPay => {
            &[SUCCESS, SYSTEM_ERROR, PARAM_INVALID, PARAM_ERROR, ORDER_PAID, ORDER_USED]
        }
        Action::StatusQuery | Action::ExRateQuery => &[SUCCESS, SYSTEM_ERROR, PARAM_INVALID, PARAM_ERROR],
        Action::Refund => &[
            SUCCESS,
            PROCESSING,
            FAIL,
            SYSTEM_ERROR,
            PARAM_INVALID,
            PARAM_ERROR,
            ORDER_USED,
            ORDER_TYPE_ERROR,
        ],
        Action::PrepayQuery => &[SUCCESS, SYSTEM_ERROR, PARAM_INVALID, PARAM_ERROR, ORDER_TYPE_ERROR],
    }
}

/// A call that was not understood: the room's own answer, before any rule of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    pub code: &'static str,
    /// The field to blame.
    pub field: Option<Cow<'static, str>>,
    /// English, begins with the field's name, never holds a key or a decrypted value.
    pub message: String,
    /// The number of the order it is about, as far as it could be read; empty if not.
    pub order_id: String,
}

impl Reject {
    /// A body that could not be taken in at all.
    pub fn data(what: impl fmt::Display) -> Self {
        Self { code: PARAM_ERROR, field: None, message: what.to_string(), order_id: String::new() }
    }

    /// Whatever is wrong with merchant, key, encryption or digest: always the same.
    pub(super) fn uniform() -> Self {
        let message = UNIFORM_MESSAGE.to_owned();
        Self { code: PARAM_INVALID, field: None, message, order_id: String::new() }
    }

    /// `field` and what is wrong with it.
    pub(super) fn field(code: &'static str, field: &'static str, what: impl fmt::Display) -> Self {
        Self::named(code, Cow::Borrowed(field), what)
    }

    pub(super) fn named(code: &'static str, field: Cow<'static, str>, what: impl fmt::Display) -> Self {
        let shown: String = field.chars().take(64).collect();
        Self { code, message: format!("{shown} {what}"), field: Some(field), order_id: String::new() }
    }

    pub(super) fn param(field: &'static str, what: impl fmt::Display) -> Self {
        Self::field(PARAM_ERROR, field, what)
    }

    pub(super) fn missing(field: &'static str) -> Self {
        Self::param(field, "is missing or empty")
    }

    /// Whether it is the answer that gives nothing away and so carries no `data`.
    pub fn is_uniform(&self) -> bool {
        self.code == PARAM_INVALID
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.message)
    }
}

impl std::error::Error for Reject {}

/// The number nobody has, under the name the action gives it.
pub fn unknown_order(action: Action) -> Reject {
    Reject::param(order_field(action), "is not the number of an order")
}

/// The number belongs to something the action cannot be done with: a refund, an order that is no prepaid page.
pub fn wrong_type(action: Action) -> Reject {
    let what = match action {
        Action::Refund => "belongs to a refund, which cannot be refunded",
        Action::PrepayQuery => "belongs to an order that is no prepaid page",
        Action::PassivePay
        | Action::ActivePay
        | Action::StatusQuery
        | Action::ExRateQuery
        | Action::PrepayInit
        | Action::MappPay => "belongs to something of another kind",
    };
    Reject::field(ORDER_TYPE_ERROR, order_field(action), what)
}

/// What an action calls the number of the order it is about.
pub fn order_field(action: Action) -> &'static str {
    match action {
        Action::Refund => "ori_order_id",
        Action::PrepayInit | Action::PrepayQuery => "prepay_order_id",
        Action::PassivePay
        | Action::ActivePay
        | Action::StatusQuery
        | Action::ExRateQuery
        | Action::MappPay => "order_id",
    }
}

/// The engine's no as a code.
pub fn refusal_code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::OrderNotFound => PARAM_ERROR,
        Refusal::ReferenceEnded("paid") | Refusal::AlreadyPaid => ORDER_PAID,
        Refusal::ReferenceReused(_)
        | Refusal::ReferenceEnded(_)
        | Refusal::ReferenceTaken
        | Refusal::RefundRepeated(_) => ORDER_USED,
        // Nobody cancels, chooses or pays at a terminal through this room.
        Refusal::AlreadyFailed(_)
        | Refusal::AlreadyCancelled
        | Refusal::TooManyChoices
        | Refusal::AtCounter(_) => ORDER_TYPE_ERROR,
        Refusal::NotPaid => ORDER_TYPE_ERROR,
        Refusal::RefundAboveOrder | Refusal::RefundAboveRest => PARAM_ERROR,
    }
}

/// The same as an answer that names the wire's field.
pub fn refusal(action: Action, refusal: &Refusal) -> Reject {
    let code = refusal_code(refusal);
    let order = order_field(action);
    // A refund's own number is `order_id`, the order's is not.
    let own = if action == Action::Refund { "order_id" } else { order };
    match refusal {
        Refusal::OrderNotFound => unknown_order(action),
        Refusal::ReferenceReused(term) => {
            let differs = term_field(action, *term);
            Reject::field(code, own, format_args!("was used before with another {differs}"))
        }
        Refusal::ReferenceEnded(state) => {
            Reject::field(code, own, format_args!("belongs to an order that is already {state}"))
        }
        Refusal::ReferenceTaken => Reject::field(code, own, "belongs to something else"),
        Refusal::AlreadyPaid => Reject::field(code, order, "belongs to an order that is paid"),
        Refusal::AlreadyFailed(_) => Reject::field(code, order, "belongs to an order that has failed"),
        Refusal::AlreadyCancelled => Reject::field(code, order, "belongs to an order that is closed"),
        Refusal::NotPaid => Reject::field(code, order, "belongs to an order that was never paid"),
        Refusal::RefundRepeated(_) => Reject::field(code, own, "belongs to a refund requested before"),
        Refusal::RefundAboveOrder => Reject::field(code, "refund_amt", "exceeds the amount of the order"),
        Refusal::RefundAboveRest => Reject::field(code, "refund_amt", "exceeds what is left of the order"),
        Refusal::TooManyChoices | Refusal::AtCounter(_) => Reject::field(code, order, refusal),
    }
}

/// The field that carries a term in an action.
pub fn term_field(action: Action, term: Term) -> &'static str {
    match term {
        Term::Account if action == Action::PrepayInit => "currency_type",
        Term::Account | Term::Method => "biz_type",
        Term::Flow => "action",
        Term::Amount if action == Action::Refund => "refund_amt",
        Term::Amount => "amount",
        Term::Tip => "tip",
        Term::Description if action == Action::PrepayInit => "remarks",
        Term::Description => "order_remark",
        Term::NotifyUrl => "call_back_url",
        Term::ReturnUrl => "redirect_url",
        Term::PayerCode if action == Action::MappPay => "app_id or open_id",
        Term::PayerCode => "auth_code",
        Term::Operator => "operator_id",
        Term::Terminal => "terminal_no",
        Term::Particulars => "sale_num, shop_id or email",
        Term::Lifetime => "duration",
        // A term this room does not have.
        Term::PayerIp => "order_id",
    }
}
