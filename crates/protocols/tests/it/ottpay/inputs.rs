//! One bad thing at a time, and the field that is blamed for it.

use super::*;

fn check_cases(cases: &[(Action, &str, &str)]) {
    for (action, edits, expected) in cases {
        assert_eq!(verdict(&send(*action, edits)), *expected, "{action:?} {edits}");
    }
}

#[test]
fn amounts_are_digits() {
    check_cases(&[
        (Action::ActivePay, "amount=1.00", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount=-5", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount=+5", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount=", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount= 5", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount=1e2", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount=0x10", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount=１００", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount=NaN", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount=999999999999999999999999999999", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount=999999999999999", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount=0", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount=000", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount=0100", "ok"),
        (Action::ActivePay, "amount=1000000|tip=0", "ok"),
        (Action::ActivePay, "amount=1000000|tip=1", "PARAM_ERROR amount"),
        (Action::ActivePay, "amount=1000001|tip=0", "PARAM_ERROR amount"),
        (Action::PrepayInit, "currency_type=EUR|amount=10000000000000", "ok"),
        (Action::PrepayInit, "currency_type=EUR|amount=10000000000001", "PARAM_ERROR amount"),
        (Action::ActivePay, "tip=-1", "PARAM_ERROR tip"),
        (Action::ActivePay, "tip=1.5", "PARAM_ERROR tip"),
        (Action::ActivePay, "tip=0", "ok"),
        (Action::Refund, "refund_amt=0", "PARAM_ERROR refund_amt"),
        (Action::Refund, "refund_amt=1.00", "PARAM_ERROR refund_amt"),
        (Action::Refund, "refund_amt=-40", "PARAM_ERROR refund_amt"),
        (Action::Refund, "refund_amt=999999999999999999999999999999", "PARAM_ERROR refund_amt"),
    ]);
}

#[test]
fn numbers_and_notes_have_limits() {
    let long = |count: usize| "x".repeat(count);
    let l65 = long(65);
    check_cases(&[
        (Action::ActivePay, "order_id= A", "PARAM_ERROR order_id"),
        (Action::ActivePay, "order_id=A ", "PARAM_ERROR order_id"),
        (Action::ActivePay, "order_id=A\u{3000}", "PARAM_ERROR order_id"),
        (Action::ActivePay, "order_id=A\nB", "PARAM_ERROR order_id"),
        (Action::ActivePay, "order_id=A\0B", "PARAM_ERROR order_id"),
        (Action::ActivePay, "order_id=张三/1 & 2", "ok"),
        (Action::ActivePay, &format!("order_id={l65}"), "PARAM_ERROR order_id"),
        (Action::ActivePay, &format!("order_id={}", long(64)), "ok"),
        (Action::StatusQuery, &format!("order_id={l65}"), "PARAM_ERROR order_id"),
        (Action::Refund, &format!("order_id={l65}"), "PARAM_ERROR order_id"),
        (Action::Refund, &format!("ori_order_id={l65}"), "PARAM_ERROR ori_order_id"),
        (Action::PrepayInit, &format!("prepay_order_id={l65}"), "PARAM_ERROR prepay_order_id"),
        (Action::PrepayQuery, "prepay_order_id=a\tb", "PARAM_ERROR prepay_order_id"),
        (Action::PrepayQuery, &format!("order_id={l65}"), "PARAM_ERROR order_id"),
        (Action::PassivePay, &format!("operator_id={l65}"), "PARAM_ERROR operator_id"),
        (Action::PassivePay, "operator_id=a\u{7f}", "PARAM_ERROR operator_id"),
        (Action::PassivePay, &format!("sale_num={l65}"), "PARAM_ERROR sale_num"),
        (Action::PrepayInit, &format!("shop_id={l65}"), "PARAM_ERROR shop_id"),
        (Action::PrepayInit, &format!("email={}", long(255)), "PARAM_ERROR email"),
        (Action::PrepayInit, "email=a\r\nBcc: b", "PARAM_ERROR email"),
        (Action::PrepayInit, &format!("remarks={}", long(257)), "PARAM_ERROR remarks"),
        (Action::ActivePay, &format!("order_remark={}", long(257)), "PARAM_ERROR order_remark"),
    ]);
}

#[test]
fn wallets_currencies_and_addresses_must_fit() {
    let long = |count: usize| "x".repeat(count);
    check_cases(&[
        (Action::PassivePay, "auth_code=134588558514585062", "AUTH_CODE_INVALID auth_code"),
        (Action::PassivePay, "auth_code=134588558514585062|biz_type=WECHATPAY", "ok"),
        (Action::PassivePay, "auth_code=6212345678901234567|biz_type=UNIONPAY", "ok"),
        (Action::PassivePay, "auth_code=1", "AUTH_CODE_INVALID auth_code"),
        (Action::PassivePay, "auth_code=28763443825664 39", "AUTH_CODE_INVALID auth_code"),
        (Action::PassivePay, "biz_type=alipay", "PARAM_ERROR biz_type"),
        (Action::PassivePay, "biz_type=PREPAY", "PARAM_ERROR biz_type"),
        (Action::ActivePay, "biz_type=UNIONPAY", "PARAM_ERROR biz_type"),
        (Action::ActivePay, "biz_type=PAYPAL", "PARAM_ERROR biz_type"),
        (Action::PrepayInit, "biz_type=ALIPAY", "PARAM_ERROR biz_type"),
        (Action::MappPay, "biz_type=ALIPAY", "PARAM_ERROR biz_type"),
        (Action::PrepayInit, "currency_type=XYZ", "PARAM_ERROR currency_type"),
        (Action::PrepayInit, "currency_type=cad", "PARAM_ERROR currency_type"),
        (Action::PrepayInit, "currency_type=USD", "PARAM_ERROR currency_type"),
        (Action::PrepayInit, "currency_type=KWD", "PARAM_ERROR currency_type"),
        (Action::PrepayInit, "currency_type=JPY", "PARAM_ERROR biz_type"),
        (Action::PrepayInit, "currency_type=AUD", "PARAM_ERROR biz_type"),
        (Action::ExRateQuery, "fee_type=XYZ", "PARAM_ERROR fee_type"),
        (Action::ExRateQuery, "fee_type=KWD", "PARAM_ERROR fee_type"),
        (Action::ExRateQuery, "fee_type=100", "PARAM_ERROR fee_type"),
        (Action::PrepayInit, "duration=0", "PARAM_ERROR duration"),
        (Action::PrepayInit, "duration=1", "ok"),
        (Action::PrepayInit, "duration=604800", "ok"),
        (Action::PrepayInit, "duration=604801", "PARAM_ERROR duration"),
        (Action::PrepayInit, "duration=-60", "PARAM_ERROR duration"),
        (Action::PrepayInit, "duration=+60", "PARAM_ERROR duration"),
        (Action::PrepayInit, "duration=6e1", "PARAM_ERROR duration"),
        (Action::PrepayInit, "duration=99999999999999999999", "PARAM_ERROR duration"),
        (Action::ActivePay, "call_back_url=shop.example/cb", "PARAM_ERROR call_back_url"),
        (Action::ActivePay, "call_back_url=https://u:p@shop.example/", "PARAM_ERROR call_back_url"),
        (Action::MappPay, "call_back_url=ftp://shop.example/", "PARAM_ERROR call_back_url"),
        (Action::PrepayInit, "redirect_url=javascript:alert(1)", "PARAM_ERROR redirect_url"),
        (
            Action::PrepayInit,
            &format!("redirect_url=https://a.example/{}", long(512)),
            "PARAM_ERROR redirect_url",
        ),
        (Action::MappPay, "app_id=a b", "PARAM_ERROR app_id"),
        (Action::MappPay, &format!("open_id={}", long(129)), "PARAM_ERROR open_id"),
        (Action::MappPay, "open_id=开", "PARAM_ERROR open_id"),
    ]);
}

#[test]
fn messages_begin_with_the_field_and_know_the_order() {
    let reject = send(Action::ActivePay, "amount=1.00").unwrap_err();
    assert_eq!(reject.message, "amount must be minor units in 1 to 15 digits, like 100 for 1.00");
    assert_eq!(reject.order_id, "TEST0000001");
    assert_eq!(send(Action::Refund, "refund_amt=0").unwrap_err().order_id, "R1");
}

#[test]
fn a_merchant_without_the_account_cannot_sell() {
    let body = body(Action::ActivePay, &example(Action::ActivePay));
    for (currency, what) in [
        ("USD", "biz_type cannot be paid: the merchant has no account in USD"),
        ("no", "biz_type cannot be paid: the merchant has no account in no"),
        ("KWD", "biz_type cannot be paid: no rate from KWD to CNY"),
        ("AUD", "biz_type has no fee plan with this merchant"),
        ("CNY", "biz_type is none the merchant's account takes"),
    ] {
        let mut profile = profile();
        profile.settings.currency = currency.to_owned();
        assert_eq!(understand(&body, &profile).unwrap_err().message, what);
    }
}

fn envelope(edits: &[(&str, &str)]) -> String {
    let mut json: Vec<(String, String)> = Vec::new();
    let body = body(Action::StatusQuery, &example(Action::StatusQuery));
    let map: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&body).unwrap();
    json.extend(map.iter().map(|(name, value)| (name.clone(), value.to_string())));
    for (name, raw) in edits {
        json.retain(|(known, _)| known != name);
        json.push(((*name).to_owned(), (*raw).to_owned()));
    }
    let pairs: Vec<String> = json.iter().map(|(name, raw)| format!("\"{name}\":{raw}")).collect();
    format!("{{{}}}", pairs.join(","))
}

#[test]
fn the_envelope_is_strict() {
    let check = |body: &str, expected: &str| {
        assert_eq!(verdict(&understand(body, &profile())), expected, "{body}");
    };
    for version in ["1", "1.0", "1.1", "2", "2.0", "\"1\"", "\"1.0\"", "\"1.1\"", "\"2\"", "\"2.0\""] {
        check(&envelope(&[("version", version)]), "ok");
    }
    for version in ["3", "\"1.00\"", "1.00", "10", "\"v1\"", "\" 1.0\"", "true", "[1]", "null", "\"\""] {
        check(&envelope(&[("version", version)]), "PARAM_ERROR version");
    }
    for action in ["\"PAY\"", "\"refund\"", "\"\"", "null", "7", "{}", "\"REFUND \""] {
        check(&envelope(&[("action", action)]), "PARAM_ERROR action");
    }
    for name in ["merchant_id", "data", "md5"] {
        for raw in ["null", "\"\"", "true", "[]", "{\"a\":1}"] {
            check(&envelope(&[(name, raw)]), &format!("PARAM_ERROR {name}"));
        }
    }
    for name in ["operator_id", "terminal_no"] {
        check(&envelope(&[(name, "{}")]), &format!("PARAM_ERROR {name}"));
        check(&envelope(&[(name, "7")]), "ok");
        check(&envelope(&[(name, "null")]), "ok");
    }
    check(&envelope(&[("terminal_no", &format!("\"{}\"", "x".repeat(65)))]), "PARAM_ERROR terminal_no");
    check(&envelope(&[("terminal_no", "\"a\\u0001\"")]), "PARAM_ERROR terminal_no");
    check(&envelope(&[("unknown", "{\"a\":[1]}")]), "ok");
    let twice = |name: &str| envelope(&[]).replacen('{', &format!("{{\"{name}\":\"QC1\","), 1);
    check(&twice("merchant_id"), "PARAM_ERROR merchant_id");
    check(&twice("\\u006derchant_id"), "PARAM_ERROR merchant_id");
    check(&twice("md5"), "PARAM_ERROR md5");
    check(&twice("d\\u0061ta"), "PARAM_ERROR data");
    for body in ["", "null", "[]", "{", "action=REFUND", "\u{feff}{}", "{}{}"] {
        assert!(verdict(&understand(body, &profile())).starts_with("PARAM_ERROR"), "{body}");
    }
    assert_eq!(verdict(&room::read_body(b"{\"action\":\"\xff\"}")), "PARAM_ERROR -");
}

#[test]
fn known_fields_must_be_plain() {
    for (object, text, expected) in [
        (r#"{"order_id":["A"]}"#, r#"["A"]"#, "PARAM_ERROR order_id"),
        (r#"{"order_id":{"a":1}}"#, r#"{"a":1}"#, "PARAM_ERROR order_id"),
        (r#"{"order_id":true}"#, "true", "PARAM_ERROR order_id"),
        (r#"{"order_id":null}"#, "", "PARAM_ERROR order_id"),
        (r#"{}"#, "", "PARAM_ERROR order_id"),
        (r#"{"order_id":17}"#, "17", "ok"),
        (r#"{"order_id":"A","more":{"a":[1, 2]},"yes":true,"no":null}"#, r#"{"a":[1, 2]}Atrue"#, "ok"),
    ] {
        let body = body_of(Action::StatusQuery, object, text);
        assert_eq!(verdict(&understand(&body, &profile())), expected, "{object}");
    }
}

#[test]
fn an_old_key_is_answered_with_the_old_key() {
    let (old, new) = (key(), SignKey::new("0123456789ABCDEF0123456789ABCDEF"));
    let mut profile = profile();
    profile.keys = vec![new.clone(), old.clone()];
    let body = body(Action::StatusQuery, &example(Action::StatusQuery));
    let opened = room::read_body(body.as_bytes()).unwrap().open(Some(&profile)).unwrap();
    assert_eq!(opened.action(), Action::StatusQuery);
    assert_eq!(opened.answering(&profile).keys, [old.clone(), new.clone()]);
    let body = client::request_body(
        &client::Envelope::new(Action::StatusQuery, MERCHANT),
        &[("order_id", "A")],
        &new,
    );
    let opened = room::read_body(body.as_bytes()).unwrap().open(Some(&profile)).unwrap();
    assert_eq!(opened.answering(&profile).keys, [new, old]);
}
