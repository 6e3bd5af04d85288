//! What a broken, curious or hostile till sends: the documented word, the field by name, and nothing changed.

use serde_json::Value;
use tillgate_protocols::ottpay::client::{self, Envelope};
use tillgate_protocols::ottpay::{Action, SignKey};

use super::till::{Data, Said as _, Till, changed, field, till};
use crate::harness::{TestWorld, checks, openssl};

/// Everything the store holds of orders, to see whether anything changed.
fn kept(world: &TestWorld) -> Vec<String> {
    let connection = checks::connect(&world.place.database);
    ["orders", "events", "refunds", "postings", "order_references"]
        .into_iter()
        .flat_map(|table| checks::rows(&connection, &format!("SELECT * FROM {table}")))
        .collect()
}

async fn raw(till: &Till, body: impl Into<bytes::Bytes>) -> (u16, String) {
    let answer = till.place.post("/processV2", body).await;
    (answer.status, answer.text())
}

fn envelope(body: &str) -> serde_json::Map<String, Value> {
    serde_json::from_str(body).unwrap()
}

/// A message of this text, digested and encrypted by `openssl` alone: our client would not write such a text.
fn sealed(till: &Till, plaintext: &str, digested: &str) -> String {
    let (data, md5) = openssl::ottpay_seal(plaintext.as_bytes(), digested, &till.key);
    serde_json::json!({
        "action": "ACTIVEPAY", "version": "1.0", "merchant_id": till.merchant_id, "data": data, "md5": md5,
    })
    .to_string()
}

#[tokio::test]
async fn everything_about_keys_has_one_answer() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.active("");
    let good = till.body(Action::ActivePay, &sale);
    let with = |name: &str, value: &str| {
        let mut message = envelope(&good);
        message.insert(name.into(), value.into());
        serde_json::to_string(&message).unwrap()
    };
    let data = envelope(&good)["data"].as_str().unwrap().to_owned();
    let other = Till { key: "00000000000000000000000000000000".into(), ..till.clone() };
    let mut flipped = data.clone().into_bytes();
    flipped[40] = if flipped[40] == b'A' { b'B' } else { b'A' };
    let text = "{\"amount\":\"1\"}";
    let cases = [
        ("unknown merchant", with("merchant_id", "QC99999999")),
        ("another merchant", with("merchant_id", "QC00005497x")),
        ("wrong key", other.body(Action::ActivePay, &sale)),
        ("not base64", with("data", "§§§§")),
        ("no whole block", with("data", &data[..data.len() - 8])),
        ("a block less", with("data", &data[..data.len() - 24])),
        ("empty data", with("data", "AAAA")),
        ("a changed byte", with("data", std::str::from_utf8(&flipped).unwrap())),
        ("wrong digest", with("md5", "F70CA0472D1AAA596E720C19A1DD36A0")),
        ("no digest", with("md5", "zz")),
        ("digest of another text", sealed(&till, text, "2")),
        ("no JSON", sealed(&till, "amount=1", "amount=1")),
        ("a list", sealed(&till, "[\"1\"]", "1")),
        ("a name twice", sealed(&till, "{\"amount\":\"1\",\"amount\":\"1\"}", "11")),
        ("a name twice, escaped", sealed(&till, "{\"amount\":\"1\",\"\\u0061mount\":\"1\"}", "11")),
    ];
    let before = kept(&world);
    let mut answers = Vec::new();
    for (what, body) in cases {
        let answer = raw(&till, body).await;
        assert_eq!(answer.0, 200, "{what}");
        assert!(!answer.1.contains("\"data\"") && !answer.1.contains("md5\""), "{what}: {}", answer.1);
        answers.push((what, answer));
    }
    world.store().load_credential("ottpay", "QC00005497").await.unwrap().unwrap();
    for (what, answer) in &answers {
        assert_eq!(answer.1, answers[0].1.1, "{what} is told apart from {}", answers[0].0);
    }
    assert!(answers[0].1.1.contains("PARAM_INVALID"));
    assert_eq!(kept(&world), before);
    till.sends(good).await.says("SUCCESS");
}

#[tokio::test]
async fn a_disabled_merchant_is_an_unknown_one() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let body = till.body(Action::ActivePay, &till.active(""));
    let unknown = raw(&till, body.replace("QC00005496", "QC00000000")).await;
    let mut credential = world.store().load_credential("ottpay", "QC00005496").await.unwrap().unwrap();
    credential.enabled = false;
    world.store().put_credential(credential).await.unwrap();
    world.app().ottpay.directory.forget("QC00005496");
    assert_eq!(raw(&till, body).await, unknown);
}

#[tokio::test]
async fn the_envelope_is_read_strictly() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let good = till.body(Action::ActivePay, &till.active(""));
    let before = kept(&world);
    let mut check = Vec::new();
    for (body, names) in [
        (good.replace("ACTIVEPAY", "PAYACTIVE"), "action"),
        (good.replace("ACTIVEPAY", "activepay"), "action"),
        (good.replace("\"1.0\"", "\"9.0\""), "version"),
        (good.replace("\"1.0\"", "true"), "version"),
        (good.replacen('{', "{\"action\":\"REFUND\",", 1), "action"),
        (good.replacen('{', "{\"\\u0061ction\":\"REFUND\",", 1), "action"),
        (good.replacen('{', "{\"md5\":\"\",", 1), "md5"),
        (good.replace("\"merchant_id\"", "\"merchant\""), "merchant_id"),
        (good.replace("\"data\"", "\"date\""), "data"),
        (good.replace("\"md5\"", "\"md4\""), "md5"),
    ] {
        let (status, text) = raw(&till, body).await;
        let answer = client::read_answer(&text, &till.sign_key()).unwrap();
        assert_eq!(status, 200);
        answer.says("PARAM_ERROR").names(names);
        check.push(text);
    }
    for body in ["", "{", "[]", "null", "\"x\"", "{\"action\":1}", "\u{feff}{}"] {
        let (status, text) = raw(&till, body.to_owned()).await;
        assert_eq!(status, 200, "{text}");
        assert!(text.contains("PARAM_ERROR"), "{body}: {text}");
    }
    let deep = format!("{{\"action\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    assert!(raw(&till, deep).await.1.contains("PARAM_ERROR"));
    let large = raw(&till, format!("{{\"data\":\"{}\"}}", "A".repeat(70_000))).await;
    assert_eq!(large.0, 413);
    assert_eq!(kept(&world), before);
    // Numbers where texts are usual, and the other two paths.
    for path in ["/process", "/processV3"] {
        let body = till.body(Action::ActivePay, &till.active("")).replace("\"1.0\"", "1.0");
        let answer = world.place.post(path, body).await;
        client::read_answer(&answer.text(), &till.sign_key()).unwrap().says("SUCCESS");
    }
}

async fn refused(till: &Till, action: Action, data: Data<'_>, rsp_code: &str, names: &str) {
    let shown = format!("{action:?} {data:?}");
    let answer = till.calls(action, &data).await;
    assert_eq!(answer.rsp_code, rsp_code, "{shown}: {answer:?}");
    assert_eq!(answer.rsp_msg.split(' ').next(), Some(names), "{shown}: {answer:?}");
    // Whoever opens the message finds the same words inside, where nobody can change them.
    assert_eq!(answer.fields.get("rsp_code"), Some(rsp_code), "{shown}");
}

#[tokio::test]
async fn each_field_is_refused_by_name() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let passive = till.passive("alipay", "").await;
    let wechat = till.payer_code("wechat").await;
    let before = kept(&world);
    for amount in
        ["1.00", "-5", "", "0", "000000000000000000000000000100", "1e2", " 1", "１", "0x1", "+1", "1,000"]
    {
        let change = format!("amount={amount}");
        refused(&till, Action::ActivePay, changed(till.active(""), &change), "PARAM_ERROR", "amount").await;
        refused(&till, Action::PassivePay, changed(passive.clone(), &change), "PARAM_ERROR", "amount").await;
        refused(&till, Action::PrepayInit, changed(till.prepay(""), &change), "PARAM_ERROR", "amount").await;
        let tip = format!("tip={amount}");
        if !["0", ""].contains(&amount) {
            refused(&till, Action::ActivePay, changed(till.active(""), &tip), "PARAM_ERROR", "tip").await;
        }
    }
    let long = format!("order_id={}", "9".repeat(65));
    for (action, data, names) in [
        (Action::ActivePay, changed(till.active(""), "-operator_id"), "operator_id"),
        (Action::ActivePay, changed(till.active(""), "-call_back_url"), "call_back_url"),
        (Action::ActivePay, changed(till.active(""), "call_back_url=javascript:alert(1)"), "call_back_url"),
        (Action::ActivePay, changed(till.active(""), "call_back_url=http://u:p@a.example/"), "call_back_url"),
        (Action::ActivePay, changed(till.active(""), "-biz_type"), "biz_type"),
        (Action::ActivePay, changed(till.active(""), "biz_type=CASH"), "biz_type"),
        (Action::ActivePay, changed(till.active(""), "amount=100000001"), "amount"),
        (Action::ActivePay, changed(till.active(""), "amount=99999999&tip=2"), "amount"),
        (Action::ActivePay, changed(till.active(""), &long), "order_id"),
        (Action::ActivePay, changed(till.active(""), "order_id= x"), "order_id"),
        (Action::ActivePay, changed(till.active(""), "tip=1&Tip=1"), "tip"),
        (Action::PassivePay, changed(passive.clone(), "-auth_code"), "auth_code"),
        (Action::PrepayInit, changed(till.prepay(""), "currency_type=NZD"), "currency_type"),
        (Action::PrepayInit, changed(till.prepay(""), "currency_type=cad$"), "currency_type"),
        (Action::PrepayInit, changed(till.prepay(""), "duration=0"), "duration"),
        (Action::PrepayInit, changed(till.prepay(""), "duration=9999999"), "duration"),
        (Action::PrepayInit, changed(till.prepay(""), "redirect_url=ftp://a.example"), "redirect_url"),
        (Action::PrepayInit, changed(till.prepay(""), "biz_type=ALIPAY"), "biz_type"),
        (Action::PrepayInit, changed(till.prepay(""), "-prepay_order_id"), "prepay_order_id"),
        (Action::PrepayInit, changed(till.prepay(""), "-sale_num"), "sale_num"),
        (Action::PrepayInit, changed(till.prepay(""), "-currency_type"), "currency_type"),
        (Action::PrepayInit, changed(till.prepay(""), "-duration"), "duration"),
        (Action::PrepayInit, changed(till.prepay(""), "-shop_id"), "shop_id"),
        (Action::PrepayInit, changed(till.prepay(""), "-operator_id"), "operator_id"),
        (Action::MappPay, changed(till.active(""), "biz_type=ALIPAY&app_id=wx1&open_id=o1"), "biz_type"),
        (Action::MappPay, changed(till.active(""), "biz_type=WECHATPAY&app_id=wx1"), "open_id"),
        (Action::ExRateQuery, vec![("fee_type", "QQQ".into())], "fee_type"),
        (Action::ExRateQuery, vec![("fee_type", "EUR".into())], "fee_type"),
        (Action::StatusQuery, vec![], "order_id"),
        (Action::StatusQuery, vec![("order_id", "nobody".into())], "order_id"),
        (Action::Refund, vec![("refund_amt", "1".into())], "ori_order_id"),
        (Action::Refund, vec![("ori_order_id", "x".into())], "refund_amt"),
        (Action::Refund, vec![("ori_order_id", "x".into()), ("refund_amt", "0".into())], "refund_amt"),
    ] {
        refused(&till, action, data, "PARAM_ERROR", names).await;
    }
    for code in [wechat.as_str(), "1234", "99999999999999999999", "28763443825664394x"] {
        let data = changed(passive.clone(), "-auth_code");
        let data = data.into_iter().chain([("auth_code", code.to_owned())]).collect();
        refused(&till, Action::PassivePay, data, "AUTH_CODE_INVALID", "auth_code").await;
    }
    assert_eq!(kept(&world), before);
}

/// A day at the till, recorded and sent again: no second effect.
#[tokio::test]
async fn replayed_messages_change_nothing() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let (passive, bare) = (till.passive("alipay", "").await, till.passive("wechat", "-order_id").await);
    let (active, prepay) = (till.active("tip=100"), till.prepay(""));
    let refund =
        vec![("ori_order_id", field(&passive, "order_id").to_owned()), ("refund_amt", "300".to_owned())];
    let mut own = refund.clone();
    own.push(("order_id", "R-1".to_owned()));
    let day: Vec<String> = [
        (Action::PassivePay, &passive),
        (Action::PassivePay, &bare),
        (Action::ActivePay, &active),
        (Action::PrepayInit, &prepay),
        (Action::Refund, &refund),
        (Action::Refund, &own),
        (Action::ExRateQuery, &vec![]),
    ]
    .map(|(action, data)| till.body(action, data))
    .into();
    for body in &day {
        till.sends(body.clone()).await.says("SUCCESS");
    }
    let before = kept(&world);
    for body in day.iter().chain(&day) {
        let answer = till.sends(body.clone()).await;
        assert!(["SUCCESS", "ORDER_PAID"].contains(&answer.rsp_code.as_str()), "{answer:?}");
    }
    assert_eq!(kept(&world), before);
}

/// An answer of ours, or a request for something else, is no request: `action` is outside of what is digested.
#[tokio::test]
async fn a_message_under_another_action_lacks_its_fields() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let sale = till.active("");
    let body = till.body(Action::ActivePay, &sale);
    till.sends(body.clone()).await.says("SUCCESS");
    for action in
        [Action::Refund, Action::PassivePay, Action::PrepayInit, Action::PrepayQuery, Action::MappPay]
    {
        let answer = till.sends(body.replace("ACTIVEPAY", action.word())).await;
        assert!(["PARAM_ERROR", "ORDER_USED"].contains(&answer.rsp_code.as_str()), "{action:?}: {answer:?}");
    }
    assert_eq!(till.order_status(field(&sale, "order_id")).await, "notpay");
}

/// A colleague's orders under another merchant_id are not his, whoever knows their numbers.
#[tokio::test]
async fn merchants_do_not_see_each_other() {
    let world = TestWorld::new().await;
    let till = till(&world);
    let other = Till { merchant_id: "QC00005497".into(), ..till.clone() };
    let sale = till.passive("alipay", "").await;
    till.calls(Action::PassivePay, &sale).await.says("SUCCESS");
    let order_id = field(&sale, "order_id");
    other.status(order_id).await.says("PARAM_ERROR").names("order_id");
    other.refunds(order_id, "1", None).await.says("PARAM_ERROR").names("ori_order_id");
    let envelope = Envelope::new(Action::StatusQuery, &other.merchant_id);
    let key = SignKey::new(other.key.as_str());
    let body = client::request_body(&envelope, &[("order_id", order_id)], &key);
    other.sends(body).await.says("PARAM_ERROR");
}
