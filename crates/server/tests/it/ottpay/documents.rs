//! The seed's tables, row by row: each field of a request is asked for or left out, each field of an answer is there.

use tillgate_protocols::ottpay::Action;

use super::till::{Data, Said as _, changed, till};
use crate::harness::TestWorld;

/// Rows of a request's data: name and whether the document requires it.
const PASSIVE: [(&str, bool); 7] = [
    ("order_id", false),
    ("operator_id", true),
    ("amount", true),
    ("tip", false),
    ("sale_num", false),
    ("auth_code", true),
    ("biz_type", true),
];
const ACTIVE: [(&str, bool); 6] = [
    ("order_id", false),
    ("operator_id", true),
    ("amount", true),
    ("tip", false),
    ("biz_type", true),
    ("call_back_url", true),
];

fn without<'a>(data: &Data<'a>, name: &str) -> Data<'a> {
    data.iter().filter(|(known, _)| *known != name).cloned().collect()
}

#[tokio::test]
async fn each_row_of_the_requests() {
    let world = TestWorld::new().await;
    let mut till = till(&world);
    // An operator in the envelope would stand in for the one in the data.
    till.terminal = None;
    for (name, required) in PASSIVE {
        let sale = without(&till.passive("alipay", "tip=10&sale_num=1").await, name);
        let answer = till.calls(Action::PassivePay, &sale).await;
        match required {
            true => answer.says("PARAM_ERROR").names(name),
            false => answer.says("SUCCESS"),
        };
    }
    for (name, required) in ACTIVE {
        let sale = without(&changed(till.active(""), "tip=10"), name);
        let answer = till.calls(Action::ActivePay, &sale).await;
        match required {
            true => answer.says("PARAM_ERROR").names(name),
            false => answer.says("SUCCESS"),
        };
    }
}

#[tokio::test]
async fn each_row_of_the_answers_and_the_callback() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let paid = till.calls(Action::PassivePay, &till.passive("wechat", "").await).await;
    for name in [
        "order_status",
        "trade_time",
        "order_id",
        "buyer_login_id",
        "total_amount",
        "receive_amount",
        "pay_amount",
    ] {
        assert!(!paid.field(name).is_empty(), "{name}");
    }
    let sale = till.active("");
    let shown = till.calls(Action::ActivePay, &sale).await;
    assert!(!shown.field("code_url").is_empty() && !shown.field("order_id").is_empty());
    till.payer_pays(shown.field("code_url")).await;
    let told = till.is_told(super::till::field(&sale, "order_id")).await;
    for name in ["finish_time", "order_id", "amount", "tip", "bizpay_order_id", "merchant_id"] {
        assert!(told.get(name).is_some_and(|value| !value.is_empty()), "{name}");
    }
}

/// The WeChat mini program's payer: the fields the phone hands on, which the wallet takes.
#[tokio::test]
async fn a_mini_program_pays() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = changed(till.active(""), "biz_type=WECHATPAY&app_id=wx1234567890&open_id=oABC");
    let made = till.calls(Action::MappPay, &sale).await;
    assert_eq!((made.says("SUCCESS").field("merchant_id"), made.field("amount")), ("QC00005496", "1200"));
    let info: serde_json::Value = serde_json::from_str(made.field("payInfo")).unwrap();
    for name in ["appId", "timeStamp", "nonceStr", "packageStr", "signType", "paySign"] {
        assert!(info[name].as_str().is_some_and(|value| !value.is_empty()), "{name}: {info}");
    }
    assert_eq!(info["appId"], "wx1234567890");
    // The phone: only the payer the order was made for may hand the fields on.
    for (payer_id, paid) in [("oXYZ", false), ("oABC", true)] {
        let phone = serde_json::json!({ "pay_info": info, "payer_id": payer_id, "action": "pay" });
        let answer = till.place.post("/sandbox/api/app-order", phone.to_string()).await;
        assert_eq!(answer.text().contains(":ok"), paid, "{payer_id}: {}", answer.text());
    }
    let order_id = super::till::field(&sale, "order_id");
    assert_eq!(till.is_told(order_id).await.get("amount"), Some("1200"));
}

#[tokio::test]
async fn rates_are_asked_for() {
    let world = TestWorld::new().await;
    let till = till(&world);
    for (data, fee_type, rate) in [
        (vec![], "CAD", "525000000"),
        (vec![("fee_type", "USD".to_owned())], "USD", "712000000"),
        (vec![("fee_type", "CNY".to_owned())], "CNY", "100000000"),
        // A client misnames it: the merchant's currency then.
        (vec![("feeType", "USD".to_owned())], "CAD", "525000000"),
    ] {
        let answer = till.calls(Action::ExRateQuery, &data).await;
        assert_eq!((answer.says("SUCCESS").field("feeType"), answer.field("rate")), (fee_type, rate));
    }
}
