//! 简体中文。

use super::WebShopTexts;

pub(in crate::pages::texts) static TEXTS: WebShopTexts = WebShopTexts {
    title: "网店",
    about: "收银页，线上刷卡",
    lead: "只卖三样东西的网店。结账在网关的付款页完成，可用测试卡或钱包付款。",
    tea: "茉莉花茶 100 克",
    mug: "搪瓷杯",
    apron: "亚麻围裙",
    shipping: "运费",
    quantity: "数量：",
    asks: "付款页要求填写",
    asks_shipping: "收货地址",
    asks_billing: "账单地址",
    theme: "付款页配色",
    plain: "默认",
    harbor: "海港",
    berry: "莓果",
    sunny: "阳光",
    ending: "付款结果",
    no_ending: "由测试卡决定",
    ending_hint: "运费会随之调整，使总额以这两位数字结尾。",
    cards: "测试卡与金额规则",
    check_out: "去结账",
    empty: "请至少选一样，每样最多 9 件。",
    asked: "返回地址中的内容不可信。商店用 order.query 向网关查询，以下是查询结果。",
    open: "演示网店",
    curl: "用 curl 发起第一笔线上付款",
    curl_body: "已签名，15 分钟内有效。打开应答中的 pay_url，用测试卡付款。",
};
