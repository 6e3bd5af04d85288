//! Simplified Chinese.

use super::IssuerTexts;

pub(in crate::pages::texts) static TEXTS: IssuerTexts = IssuerTexts {
    bank: "沙箱银行",
    department: "卡片安全验证",
    title: "确认付款",
    lead: "扣款前需确认是您本人操作。请输入我们发送到您手机的验证码。",
    merchant: "收款方",
    amount: "金额",
    card: "卡号",
    card_ending: "尾号",
    code: "验证码",
    code_hint: "10 分钟内有效。请勿告诉任何人。",
    test_code: "这是模拟页面：验证码为 {}。",
    confirm: "确认付款",
    cancel: "取消",
    for_tests: "用于测试",
    fail: "声明并非持卡人本人",
    wrong_code: "验证码错误，还可以再试 {} 次。",
    wrong_code_last: "验证码错误，还可以再试一次。",
    no_code: "请先输入验证码。",
    not_understood: "操作未成功，请重试。",
};
