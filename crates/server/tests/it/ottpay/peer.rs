//! The `openssl` command line as the till: it digests, encrypts and decrypts; none of our code does.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::till::{Till, till};
use crate::harness::{TestWorld, eventually, openssl, unique};

/// S as the document says: the values in the order of their names.
fn joined(data: &BTreeMap<String, String>) -> String {
    data.values().map(String::as_str).collect()
}

fn opened(till: &Till, message: &Value) -> BTreeMap<String, String> {
    let (data, md5) = (message["data"].as_str().unwrap(), message["md5"].as_str().unwrap());
    let text = openssl::ottpay_open(data, md5, &till.key);
    let object: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
    assert_eq!(openssl::md5(&joined(&object)), md5, "{text}");
    object
}

async fn call(till: &Till, action: &str, data: Value) -> (Value, BTreeMap<String, String>) {
    let object: BTreeMap<String, String> = serde_json::from_value(data).unwrap();
    let text = serde_json::to_string(&object).unwrap();
    let (sealed, md5) = openssl::ottpay_seal(text.as_bytes(), &joined(&object), &till.key);
    let message = json!({ "action": action, "version": "1.0", "merchant_id": till.merchant_id, "data": sealed, "md5": md5 });
    let answer = till.place.post("/processV2", message.to_string()).await;
    assert!(!answer.text().contains('%') && !answer.text().contains('+'), "{}", answer.text());
    let opened = opened(till, &answer.json);
    (answer.json, opened)
}

#[tokio::test]
async fn a_till_made_of_openssl_takes_a_payment() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let order_id = unique("SSL-张三");
    let callback = till.place.receiver.url("/told/openssl");
    let (answer, shown) = call(
        &till,
        "ACTIVEPAY",
        json!({ "order_id": order_id, "operator_id": "0000020156", "amount": "100", "tip": "20",
                "biz_type": "WECHATPAY", "call_back_url": callback }),
    )
    .await;
    assert_eq!((answer["rsp_code"].as_str(), answer["rsp_msg"].as_str()), (Some("SUCCESS"), Some("success")));
    assert_eq!(shown["order_id"], order_id);
    till.payer_pays(&shown["code_url"]).await;
    let received = eventually("the callback", super::till::SOON, async || {
        till.place.receiver.received_at("/told/openssl").into_iter().next()
    })
    .await;
    let message: Value = serde_json::from_str(&received.body).unwrap();
    assert_eq!(message["merchant_id"], "QC00005496");
    let told = opened(&till, &message);
    assert_eq!((told["amount"].as_str(), told["tip"].as_str()), ("100", "20"));
    let (answer, refund) =
        call(&till, "REFUND", json!({ "ori_order_id": order_id, "refund_amt": "120", "order_id": "SSL-R" }))
            .await;
    assert_eq!(answer["rsp_code"], "SUCCESS");
    assert_eq!(refund["order_status"], "fully_refunded");
    let (_, status) = call(&till, "STATUS_QUERY", json!({ "order_id": order_id })).await;
    assert_eq!((status["order_status"].as_str(), status["refund_fee"].as_str()), ("fully_refunded", "120"));
}

/// Both readings of numbers that clients are known for, and both spellings of the tip.
#[tokio::test]
async fn numbers_are_read_as_their_senders_digest_them() {
    let world = TestWorld::new().await;
    let till = till(&world);
    for (amount, tip, digested_amount, digested_tip) in
        [("100", "20", "100", "20"), ("100", "20", "100.0", "20.0"), ("10000000", "0", "1.0E7", "0.0")]
    {
        let order_id = unique("NUM");
        let callback = "http://127.0.0.1:9/";
        let text = format!(
            "{{\"Tip\":{tip},\"amount\":{amount},\"biz_type\":\"ALIPAY\",\"call_back_url\":\"{callback}\",\
             \"nothing\":null,\"operator_id\":\"1\",\"order_id\":\"{order_id}\"}}"
        );
        let digested = format!("{digested_tip}{digested_amount}ALIPAY{callback}1{order_id}");
        let (data, md5) = openssl::ottpay_seal(text.as_bytes(), &digested, &till.key);
        // Line breaks as some base64 writers put them.
        let data = data
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line))
            .collect::<Vec<_>>()
            .join("\r\n");
        let message = json!({ "action": "ACTIVEPAY", "version": 1.0, "merchant_id": till.merchant_id, "data": data, "md5": md5 });
        let answer = till.place.post("/processV2", message.to_string()).await;
        assert_eq!(answer.json["rsp_code"], "SUCCESS", "{text}: {}", answer.text());
        let (_, status) = call(&till, "STATUS_QUERY", json!({ "order_id": order_id })).await;
        let total: i64 = amount.parse::<i64>().unwrap() + tip.parse::<i64>().unwrap();
        assert_eq!(
            (status["total_amount"].as_str(), status["tip"].as_str()),
            (total.to_string().as_str(), tip)
        );
    }
}
