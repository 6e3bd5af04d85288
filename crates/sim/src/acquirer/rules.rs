//! How the acquirer behaves, by the last two digits of a transaction's total.
//!
//! Knows: the table, for the behaviour, the page and the docs alike. Deliberately does not know: transactions.
//! An ending that the wallets have a rule for means the same thing here, or nothing.

use serde::Serialize;

/// A pending authorization is approved after this long.
pub const CARD_PENDING_MS: i64 = 3_000;
/// How long the acquirer in trouble gives no answer, or an unreadable one.
pub const CARD_TROUBLE_MS: i64 = 5_000;

/// What a rule makes the acquirer do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardScript {
    InsufficientFunds,
    PendingThenApproved,
    AnswerLost,
    RequestLost,
    RefundDeclined,
    RefundSilentThenDone,
    Garbage,
    Outage,
    DoNotHonor,
    VoidRefused,
    VoidSilentThenDone,
    SettleRefusedOnce,
    TipRefused,
    CaptureDeclined,
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CardRule {
    /// The last two digits, `51` for `12.51 USD` and `1051 JPY`.
    pub ending: u8,
    pub name: &'static str,
    pub title_en: &'static str,
    pub title_zh: &'static str,
    pub description_en: &'static str,
    pub description_zh: &'static str,
    #[serde(skip)]
    pub script: CardScript,
}

/// The rule for a total in minor units; most have none.
pub fn card_rule_for(total_minor: i64) -> Option<&'static CardRule> {
    CARD_RULES.iter().find(|rule| i64::from(rule.ending) == total_minor.rem_euclid(100))
}

/// All rules, by ending. They go by the total of a sale or an authorization, tip and cashback included; its
/// captures, voids and refunds follow the same rule. A refund without an original goes by its own amount.
pub const CARD_RULES: &[CardRule] = &[
    CardRule {
        ending: 51,
        name: "insufficient_funds",
        title_en: "Insufficient funds",
        title_zh: "余额不足",
        description_en: "Declined at once with response code 51.",
        description_zh: "立即拒绝，响应码 51。",
        script: CardScript::InsufficientFunds,
    },
    CardRule {
        ending: 52,
        name: "pending_then_approved",
        title_en: "Slow: pending, then approved",
        title_zh: "响应缓慢：等待后批准",
        description_en: "The issuer takes 3 seconds: the terminal waits that long for its approval, and whoever \
                         asks meanwhile hears pending.",
        description_zh: "发卡行需要 3 秒：终端要等待 3 秒才收到批准，期间查询的结果为等待中。",
        script: CardScript::PendingThenApproved,
    },
    CardRule {
        ending: 53,
        name: "answer_lost",
        title_en: "No answer, later found approved",
        title_zh: "无应答，之后查到已批准",
        description_en: "The card is charged, but the answer is lost. Asking finds out, and so does sending the \
                         same request again: it charges nothing more.",
        description_zh: "已扣款，但应答丢失。查询可得知结果；重发同一请求也会得到结果，不会重复扣款。",
        script: CardScript::AnswerLost,
    },
    CardRule {
        ending: 54,
        name: "request_lost",
        title_en: "No answer, never charged",
        title_zh: "无应答，未扣款",
        description_en: "The request never arrives, however often it is sent. The acquirer has never heard of \
                         the number, until it is closed.",
        description_zh: "请求始终无法送达，重发也一样。收单机构对该交易号一无所知，直到该交易号被关闭。",
        script: CardScript::RequestLost,
    },
    CardRule {
        ending: 58,
        name: "refund_declined",
        title_en: "Refund declined",
        title_zh: "退款被拒绝",
        description_en: "Approved as usual; every refund of it is declined with response code 57.",
        description_zh: "正常批准；该笔交易的所有退款均被拒绝，响应码 57。",
        script: CardScript::RefundDeclined,
    },
    CardRule {
        ending: 59,
        name: "refund_silent_then_done",
        title_en: "Refund gives no answer, later found done",
        title_zh: "退款无应答，之后查到已退款",
        description_en: "Approved as usual. A refund of it is made, but for 5 seconds nothing is answered about \
                         the refund; asked later it is done.",
        description_zh: "正常批准。退款已执行，但 5 秒内对该退款不作任何应答；之后查询为已完成。",
        script: CardScript::RefundSilentThenDone,
    },
    CardRule {
        ending: 60,
        name: "garbage",
        title_en: "Garbage, then works",
        title_zh: "乱码后恢复",
        description_en: "The card is charged by the first request, but for 5 seconds every answer about it is an \
                         unreadable page; a terminal hears nothing.",
        description_zh: "首次请求时已扣款，但 5 秒内所有应答均为无法解析的页面；终端收不到应答。",
        script: CardScript::Garbage,
    },
    CardRule {
        ending: 64,
        name: "outage",
        title_en: "Silent to everyone, then found approved",
        title_zh: "全面无应答，之后查到已批准",
        description_en: "The card is charged, but for 5 seconds nobody gets an answer about it, a query neither.",
        description_zh: "已扣款，但 5 秒内任何一方都得不到应答，查询也不例外。",
        script: CardScript::Outage,
    },
    CardRule {
        ending: 65,
        name: "do_not_honor",
        title_en: "Do not honor",
        title_zh: "不予承兑",
        description_en: "Declined at once with response code 05.",
        description_zh: "立即拒绝，响应码 05。",
        script: CardScript::DoNotHonor,
    },
    CardRule {
        ending: 66,
        name: "void_refused",
        title_en: "Void refused",
        title_zh: "撤销被拒绝",
        description_en: "Approved as usual; every void of it is refused with response code 21. A refund works.",
        description_zh: "正常批准；该笔交易的所有撤销均被拒绝，响应码 21。可以退款。",
        script: CardScript::VoidRefused,
    },
    CardRule {
        ending: 67,
        name: "void_silent_then_done",
        title_en: "Void gives no answer, later found done",
        title_zh: "撤销无应答，之后查到已撤销",
        description_en: "Approved as usual. A void of it is made, but for 5 seconds nothing is answered about the \
                         void; asked later it is done.",
        description_zh: "正常批准。撤销已执行，但 5 秒内对该撤销不作任何应答；之后查询为已完成。",
        script: CardScript::VoidSilentThenDone,
    },
    CardRule {
        ending: 68,
        name: "settle_refused_once",
        title_en: "Settlement refused once",
        title_zh: "首次结算被拒绝",
        description_en: "Approved as usual; the first try to settle it is refused with response code 96, the next \
                         works.",
        description_zh: "正常批准；首次结算被拒绝，响应码 96，再次结算成功。",
        script: CardScript::SettleRefusedOnce,
    },
    CardRule {
        ending: 69,
        name: "tip_refused",
        title_en: "Tip refused",
        title_zh: "小费调整被拒绝",
        description_en: "Approved as usual; every later change of its tip is refused with response code 57.",
        description_zh: "正常批准；之后所有小费调整均被拒绝，响应码 57。",
        script: CardScript::TipRefused,
    },
    CardRule {
        ending: 70,
        name: "capture_declined",
        title_en: "Capture declined",
        title_zh: "预授权完成被拒绝",
        description_en: "An authorization is approved as usual, but every capture of it is declined with response \
                         code 05. A void works.",
        description_zh: "预授权正常批准，但所有预授权完成均被拒绝，响应码 05。可以撤销。",
        script: CardScript::CaptureDeclined,
    },
];
