//! Every code this room answers with: the table, the refusals' codes, and [`Reject`].

use std::borrow::Cow;
use std::fmt;

use tillgate_core::{Refusal, Term};

use super::Route;

pub const SUCCESS: i32 = 0;
pub const FAIL: i32 = 1;
pub const DATA_ERROR: i32 = 3;
pub const USER_NOT_EXIST: i32 = 110;
pub const ORDER_NOT_EXIST: i32 = 201;
pub const FIELD_NULL: i32 = 204;
pub const NO_KEY: i32 = 205;
pub const WRONG_SIGNATURE: i32 = 206;
pub const PARAM_WRONG: i32 = 207;
pub const GATEWAY_NOT_EXIST: i32 = 300;
pub const WRONG_CURRENCY: i32 = 301;
pub const PAYCOMPANY_NOT_EXIST: i32 = 302;
pub const WRONG_PAY_TYPE: i32 = 303;
pub const METHOD_NOT_SUPPORTED: i32 = 304;
pub const NO_MARGIN_PLAN: i32 = 305;
pub const WALLET_NOT_ASSIGNED: i32 = 450;
pub const ABOVE_PAYMENT_LIMIT: i32 = 454;
pub const REFUND_WRONG: i32 = 550;
pub const REFUND_ORDER_NOT_EXIST: i32 = 551;
pub const REFUND_FAIL: i32 = 556;
pub const REFUND_NOT_PAID: i32 = 558;
pub const REFUND_INSUFFICIENT: i32 = 559;
pub const REFUND_REPEATED: i32 = 562;
pub const CANCEL_COMPLETED: i32 = 900;
pub const CANCEL_FAILED: i32 = 901;

/// A code with its two texts.
#[derive(Debug)]
pub struct Code {
    pub code: i32,
    pub message: &'static str,
    pub message_cn: &'static str,
}

const fn code(code: i32, message: &'static str, message_cn: &'static str) -> Code {
    Code { code, message, message_cn }
}

/// The vendor's words; what follows a colon after them is ours.
pub const CODES: &[Code] = &[
    code(SUCCESS, "SUCCESS", "操作成功"),
    code(FAIL, "FAIL", "操作失败"),
    code(DATA_ERROR, "data error", "数据错误"),
    code(USER_NOT_EXIST, "User not exist", "用户不存在"),
    code(ORDER_NOT_EXIST, "order not exist", "订单不存在"),
    code(FIELD_NULL, "some fields are null", "必填字段为空"),
    code(
        NO_KEY,
        "Can not find out corresponding key for the user code or user is disabled or user is not activity",
        "找不到用户密钥或用户未启用",
    ),
    code(WRONG_SIGNATURE, "Signature from Merchant request is wrong", "商户请求签名错误"),
    code(PARAM_WRONG, "param wrong", "参数错误"),
    code(GATEWAY_NOT_EXIST, "gateway not exist", "支付网关不存在"),
    code(WRONG_CURRENCY, "wrong account or currency", "账户或币种错误"),
    code(PAYCOMPANY_NOT_EXIST, "paycompany not exist", "支付公司不存在"),
    code(WRONG_PAY_TYPE, "wrong pay type", "支付方式错误"),
    code(METHOD_NOT_SUPPORTED, "wallet does not support this method", "钱包不支持该支付方式"),
    code(NO_MARGIN_PLAN, "no margin plan", "没有费率方案"),
    code(WALLET_NOT_ASSIGNED, "wallet not assigned to user", "钱包未分配给该用户"),
    code(ABOVE_PAYMENT_LIMIT, "exceeds the single payment limit", "超过单笔支付限额"),
    code(REFUND_WRONG, "refund parameters wrong", "退款参数错误"),
    code(REFUND_ORDER_NOT_EXIST, "refund's order not exist", "退款订单不存在"),
    code(REFUND_FAIL, "create refund fail", "创建退款失败"),
    code(REFUND_NOT_PAID, "refund order not exist", "订单未支付，不能退款"),
    code(REFUND_INSUFFICIENT, "insufficient amount in wallet", "可退金额不足"),
    code(REFUND_REPEATED, "refund request has been done", "退款请求已处理"),
    code(CANCEL_COMPLETED, "transaction has been successfully completed", "交易已成功，不能取消"),
    code(CANCEL_FAILED, "transaction has been failed", "交易已失败，不能取消"),
];

/// The row of a code; an unknown one reads as plain failure.
pub fn find(code: i32) -> &'static Code {
    CODES.iter().find(|row| row.code == code).unwrap_or(&CODES[1])
}

/// The codes a route may answer with, for the reader of the API document.
pub fn of(route: Route) -> &'static [i32] {
    match route {
        Route::Transaction | Route::MiniAlipay => {
            &[0, 1, 3, 110, 204, 205, 206, 207, 300, 301, 302, 303, 304, 305, 450, 454]
        }
        Route::Barcode => &[0, 1, 3, 110, 204, 205, 206, 207, 300, 301, 302, 304, 305, 450, 454],
        Route::Gatewaydata => &[0, 1, 201, 900, 901],
        Route::Query => &[0, 1, 3, 110, 201, 204, 205, 206],
        Route::Refund => &[0, 1, 3, 110, 204, 205, 206, 550, 551, 556, 558, 559, 562],
        Route::Cancel => &[0, 1, 3, 110, 201, 204, 205, 206, 900, 901],
        Route::Detail => &[0, 1, 3, 110, 204, 205, 206, 450],
    }
}

/// A call that was not understood or not signed: the room's own answer, before any rule of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    pub code: i32,
    /// The field to blame.
    pub field: Option<Cow<'static, str>>,
    /// English, names the field, never holds a key or a signed text.
    pub message: String,
}

impl Reject {
    /// A body that could not be taken in at all.
    pub fn data(what: impl fmt::Display) -> Self {
        Self::whole(DATA_ERROR, what)
    }

    /// `field` and what is wrong with it.
    pub(super) fn field(code: i32, field: &'static str, what: impl fmt::Display) -> Self {
        Self::named(code, Cow::Borrowed(field), what)
    }

    pub(super) fn named(code: i32, field: Cow<'static, str>, what: impl fmt::Display) -> Self {
        let shown: String = field.chars().take(64).collect();
        let message = format!("{}: {shown} {what}", find(code).message);
        Self { code, field: Some(field), message }
    }

    pub(super) fn whole(code: i32, what: impl fmt::Display) -> Self {
        Self { code, field: None, message: format!("{}: {what}", find(code).message) }
    }

    pub(super) fn missing(field: &'static str) -> Self {
        Self::field(FIELD_NULL, field, "is missing or empty")
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.message)
    }
}

impl std::error::Error for Reject {}

/// The engine's no as a code.
pub fn refusal_code(route: Route, refusal: &Refusal) -> i32 {
    match refusal {
        Refusal::OrderNotFound if route == Route::Refund => REFUND_ORDER_NOT_EXIST,
        Refusal::OrderNotFound => ORDER_NOT_EXIST,
        Refusal::ReferenceReused(_) | Refusal::ReferenceEnded(_) | Refusal::ReferenceTaken => PARAM_WRONG,
        // Nobody chooses in this room, nor pays at a terminal.
        Refusal::TooManyChoices | Refusal::AtCounter(_) => PARAM_WRONG,
        Refusal::AlreadyPaid => CANCEL_COMPLETED,
        Refusal::AlreadyFailed(_) | Refusal::AlreadyCancelled => CANCEL_FAILED,
        Refusal::NotPaid => REFUND_NOT_PAID,
        Refusal::RefundRepeated(_) => REFUND_REPEATED,
        Refusal::RefundAboveOrder => REFUND_WRONG,
        Refusal::RefundAboveRest => REFUND_INSUFFICIENT,
    }
}

/// The same as an answer that names the wire's field.
pub fn refusal(route: Route, refusal: &Refusal) -> Reject {
    let code = refusal_code(route, refusal);
    let order_field = match route {
        Route::Refund => "order_id",
        Route::Gatewaydata => "nonce",
        Route::Transaction
        | Route::Query
        | Route::Barcode
        | Route::MiniAlipay
        | Route::Cancel
        | Route::Detail => "merchant_reference",
    };
    match refusal {
        Refusal::OrderNotFound => Reject::field(code, order_field, "is not the number of an order"),
        Refusal::ReferenceReused(term) => {
            let field = term_field(route, *term);
            Reject::field(code, field, "differs from the earlier order with this merchant_reference")
        }
        Refusal::ReferenceEnded(state) => Reject::field(
            code,
            "merchant_reference",
            format_args!("belongs to an order that is already {state}"),
        ),
        Refusal::ReferenceTaken | Refusal::TooManyChoices | Refusal::AtCounter(_) => {
            Reject::field(code, "merchant_reference", refusal)
        }
        Refusal::AlreadyPaid => Reject::field(code, order_field, "belongs to an order that is paid"),
        Refusal::AlreadyFailed(_) => Reject::field(code, order_field, "belongs to an order that has failed"),
        Refusal::AlreadyCancelled => Reject::field(code, order_field, "belongs to an order that is canceled"),
        Refusal::NotPaid => Reject::field(code, order_field, "belongs to an order that was never paid"),
        Refusal::RefundRepeated(_) => {
            Reject::field(code, "reference", "was sent before with the same order_id and refund_amount")
        }
        Refusal::RefundAboveOrder => Reject::field(code, "refund_amount", "exceeds the amount of the order"),
        Refusal::RefundAboveRest => Reject::field(code, "refund_amount", "exceeds what is left of the order"),
    }
}

/// The field that carries a term on a route.
pub fn term_field(route: Route, term: Term) -> &'static str {
    match term {
        Term::Account => "wallet_id",
        Term::Method if route == Route::Barcode => "pay_code",
        Term::Method => "payment_method",
        Term::Flow if route == Route::Transaction => "host_type",
        Term::Flow => "merchant_reference",
        Term::Amount => "amount",
        Term::Description => "product_name",
        Term::NotifyUrl => "callback_url",
        Term::ReturnUrl => "return_url",
        Term::PayerIp => "ip",
        Term::PayerCode => "pay_code",
        // Terms this room does not have.
        Term::Tip | Term::Operator | Term::Terminal | Term::Particulars | Term::Lifetime => {
            "merchant_reference"
        }
    }
}
