//! How the wallets behave, by the last two digits of the amount in the shop's currency.
//!
//! Knows: the table, for the behaviour, the page and the docs alike. Deliberately does not know: trades.

use serde::Serialize;

/// A pending payment is paid by itself after this long.
pub const PENDING_TO_PAID_MS: i64 = 3_000;
/// How long a wallet in trouble gives no answer, or an unreadable one.
pub const TROUBLE_MS: i64 = 5_000;
/// A late success comes this long after the payment was closed or expired.
pub const CLOSED_TO_LATE_MS: i64 = 2_000;
/// A code that pays itself does so this long after it was made.
pub const SHOWN_TO_PAID_MS: i64 = 300;

/// What a rule makes a wallet do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    Decline,
    PendingThenPaid,
    SilentThenPaid,
    SilentNeverPaid,
    LateSuccess,
    CallbackThrice,
    NoCallback,
    RefundDeclined,
    RefundSilentThenDone,
    Garbage,
    ConfirmOnPhone,
    ForgedCallback,
    PaysItself,
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// The last two digits, `51` for `12.51 NZD` and `1051 JPY`.
    pub ending: u8,
    pub name: &'static str,
    pub title_en: &'static str,
    pub title_zh: &'static str,
    pub description_en: &'static str,
    pub description_zh: &'static str,
    #[serde(skip)]
    pub script: Script,
}

/// The rule for an amount's last two digits; most have none.
pub fn rule_for(ending: u8) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.ending == ending)
}

/// All rules, by ending. Every other amount is paid: a bar code at once, a QR code when the shopper pays.
pub const RULES: &[Rule] = &[
    Rule {
        ending: 51,
        name: "declined",
        title_en: "Declined",
        title_zh: "支付失败",
        description_en: "A bar code is declined at once. A QR code or mini app payment is declined when the \
                         shopper presses pay, and the wallet reports it.",
        description_zh: "条码支付立即失败；二维码或小程序支付在付款人点击付款时失败，钱包会发送通知。",
        script: Script::Decline,
    },
    Rule {
        ending: 52,
        name: "pending_then_paid",
        title_en: "Pending, then paid",
        title_zh: "等待后成功",
        description_en: "The payment is pending and paid by itself 3 seconds after it was made, without a \
                         shopper; the wallet then reports it.",
        description_zh: "付款处于等待状态，创建 3 秒后自动成功，无需付款人操作；随后钱包发送通知。",
        script: Script::PendingThenPaid,
    },
    Rule {
        ending: 53,
        name: "silent_then_paid",
        title_en: "No answer, later found paid",
        title_zh: "无应答，之后查到已付款",
        description_en: "The money moves, but for 5 seconds the wallet answers nothing about the payment and it \
                         never reports it; asked later it says paid. A bar code starts this by being charged, \
                         a QR code or mini app when the shopper pays.",
        description_zh: "已扣款，但 5 秒内钱包不作任何应答，也不发送通知；之后查询为已付款。\
                         条码支付在扣款时开始，二维码或小程序在付款人付款时开始。",
        script: Script::SilentThenPaid,
    },
    Rule {
        ending: 54,
        name: "silent_never_paid",
        title_en: "No answer, never paid",
        title_zh: "无应答，未付款",
        description_en: "No money moves. For 5 seconds the wallet answers nothing about the payment; asked later \
                         it says pending, and closing works. A bar code starts this by being charged, a QR code \
                         or mini app when the shopper tries to pay.",
        description_zh: "未扣款。5 秒内钱包不作任何应答；之后查询为等待付款，可以关闭。\
                         条码支付在扣款时开始，二维码或小程序在付款人尝试付款时开始。",
        script: Script::SilentNeverPaid,
    },
    Rule {
        ending: 55,
        name: "late_success",
        title_en: "Late success",
        title_zh: "关闭后到账",
        description_en: "The payment stays pending even if the shopper pays. 2 seconds after it was closed or has \
                         expired it is paid after all, and the wallet reports it. If the payer then chose another \
                         wallet, the payment there is paid as usual.",
        description_zh: "即使付款人付款也保持等待；关闭或过期 2 秒后才成功，钱包发送通知。\
                         如果付款人改选了其他钱包，新的付款正常进行。",
        script: Script::LateSuccess,
    },
    Rule {
        ending: 56,
        name: "callback_thrice",
        title_en: "Repeated callback",
        title_zh: "重复通知",
        description_en: "Paid as usual, and the wallet sends the same callback three times; for a bar code too.",
        description_zh: "正常付款，但钱包发送三次相同的通知；条码支付也一样。",
        script: Script::CallbackThrice,
    },
    Rule {
        ending: 57,
        name: "no_callback",
        title_en: "Paid, callback never comes",
        title_zh: "已付款但没有通知",
        description_en: "The payment is paid but never reported: only asking finds out. A bar code is pending \
                         and paid 3 seconds later, a QR code or mini app when the shopper pays.",
        description_zh: "已付款，但钱包不发送通知，只能查询得知。条码支付等待 3 秒后成功，\
                         二维码或小程序在付款人付款时成功。",
        script: Script::NoCallback,
    },
    Rule {
        ending: 58,
        name: "refund_declined",
        title_en: "Refund declined",
        title_zh: "退款失败",
        description_en: "Paid as usual; every refund of this payment is declined.",
        description_zh: "正常付款；该笔付款的所有退款都会失败。",
        script: Script::RefundDeclined,
    },
    Rule {
        ending: 59,
        name: "refund_silent_then_done",
        title_en: "Refund gives no answer, later found done",
        title_zh: "退款无应答，之后查到已退款",
        description_en: "Paid as usual. A refund of this payment is made, but for 5 seconds the wallet answers \
                         nothing about it; asked later it says refunded.",
        description_zh: "正常付款。退款已执行，但 5 秒内钱包不作应答；之后查询为已退款。",
        script: Script::RefundSilentThenDone,
    },
    Rule {
        ending: 60,
        name: "garbage",
        title_en: "Garbage, then works",
        title_zh: "乱码后恢复",
        description_en: "For 5 seconds after the first request every answer about the payment is an unreadable \
                         page; then all is well. A bar code was paid by the first request. Where the code is part of the \
                         answer (OTT Pay), each try is a new payment with new trouble.",
        description_zh: "首次请求后 5 秒内所有应答均为无法解析的页面，之后恢复正常。条码支付在首次请求时已付款。\
                         若二维码随应答返回（OTT Pay），每次请求都是新的付款，故障重新开始。",
        script: Script::Garbage,
    },
    Rule {
        ending: 61,
        name: "confirm_on_phone",
        title_en: "Payer must confirm",
        title_zh: "需要付款人确认",
        description_en: "A bar code stays pending until the shopper pays or declines on the phone page.",
        description_zh: "条码支付保持等待，直到付款人在手机页面上付款或拒绝。",
        script: Script::ConfirmOnPhone,
    },
    Rule {
        ending: 62,
        name: "forged_callback",
        title_en: "Forged callback",
        title_zh: "伪造通知",
        description_en: "At once someone sends a callback \"paid\" with a wrong signature, once. The payment \
                         stays unpaid, a bar code too, until the shopper pays.",
        description_zh: "立即收到一次签名错误的“已付款”通知。付款（包括条码支付）仍未完成，直到付款人付款。",
        script: Script::ForgedCallback,
    },
    Rule {
        ending: 63,
        name: "pays_itself",
        title_en: "Paid without a shopper",
        title_zh: "无需付款人自动付款",
        description_en: "A QR code or mini app payment is paid by itself 0.3 seconds after it was made: for \
                         automated tests. A bar code is paid at once as usual.",
        description_zh: "二维码或小程序支付在创建 0.3 秒后自动成功，便于自动化测试。条码支付照常立即成功。",
        script: Script::PaysItself,
    },
];
