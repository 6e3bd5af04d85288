//! Bad input, field by field, and which complaint comes first.

use tillgate_protocols::latipay::codes;

use super::*;

fn check(route: Route, edits: &str, expected: &str) {
    let result = send(route, &edited(route, edits), &profile());
    assert_eq!(verdict(&result), expected, "{edits}: {result:?}");
    if let Err(reject) = result {
        let field = reject.field.unwrap();
        assert!(reject.message.contains(&*field), "{} does not name {field}", reject.message);
        assert!(codes::of(route).contains(&reject.code), "{} is not listed for {route:?}", reject.code);
        assert!(!reject.message.contains("111222333"));
    }
}

#[test]
fn fields_of_a_transaction() {
    let check = |edits: &str, expected: &str| check(Route::Transaction, edits, expected);
    for name in
        "wallet_id amount merchant_reference payment_method callback_url ip version product_name user_id"
            .split(' ')
    {
        check(&format!("-{name}"), &format!("204 {name}"));
        check(&format!("{name}="), &format!("204 {name}"));
    }
    for amount in
        ["0", "0.00", "-1", "+1", "1e2", "12.345", "abc", "1,00", " 1", "1.", ".5", "NaN", "99999999999999"]
    {
        check(&format!("amount={amount}"), "207 amount");
    }
    check("amount=10000.00", "ok");
    check("amount=10000.01", "454 amount");
    check("wallet_id=W00000009", "450 wallet_id");
    check("wallet_id=W00000002|amount=120", "ok");
    check("wallet_id=W00000002", "207 amount");
    check("wallet_id=W00000003", "301 wallet_id");
    check("wallet_id=W00000004", "305 wallet_id");
    check("wallet_id=W00000005|payment_method=wechat", "ok");
    check("currency=NZD", "ok");
    check("currency=AUD", "301 currency");
    check("payment_method=cash", "303 payment_method");
    check("payment_method=Alipay", "303 payment_method");
    for word in ["upi_upop", "unionpay", "moneymore", "polipay", "payid"] {
        check(&format!("payment_method={word}"), "304 payment_method");
    }
    check("wallet_id=W00000002|amount=120|payment_method=upi_upop", "300 payment_method");
    check("wallet_id=W00000002|amount=120|payment_method=unionpay|-host_type", "302 payment_method");
    check("host_type=2", "207 host_type");
    check("version=1.0", "207 version");
    check("version=2", "207 version");
    for ip in ["localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "::g", "1.2.3.4:80"] {
        check(&format!("ip={ip}"), "207 ip");
    }
    check("ip=2001:db8::1", "ok");
    check("ip=::ffff:255.255.255.255", "ok");
    for url in
        ["merchantsite.com", "ftp://a.example", "https://u:p@a.example", "https://a.example/#x", "https://"]
    {
        check(&format!("callback_url={url}"), "207 callback_url");
        check(&format!("return_url={url}"), "207 return_url");
    }
    check(&format!("callback_url=https://a.example/{}", "x".repeat(512)), "207 callback_url");
    check(&format!("product_name={}", "酒".repeat(256)), "ok");
    check(&format!("product_name={}", "酒".repeat(257)), "207 product_name");
    check("product_name=a\u{7}b", "207 product_name");
    check(&format!("merchant_reference={}", "r".repeat(64)), "ok");
    check(&format!("merchant_reference={}", "r".repeat(65)), "207 merchant_reference");
    check("merchant_reference=a/b 测", "ok");
    for reference in [" a", "a\n", "a\tb", " ", ".", ".."] {
        check(&format!("merchant_reference={reference}"), "207 merchant_reference");
    }
    check("unknown=x|another=1", "ok");
}

#[test]
fn fields_of_the_others() {
    let bar = |edits: &str, expected: &str| check(Route::Barcode, edits, expected);
    for code in [
        "1",
        "13458855851458506",
        "1345885585145850622",
        "99458855851458506",
        "13458855851458506x",
        "é1",
        "62",
    ] {
        bar(&format!("pay_code={code}"), "207 pay_code");
    }
    bar("pay_code=280000000000000001", "ok");
    bar(&format!("pay_code=30{}", "0".repeat(22)), "ok");
    bar(&format!("pay_code=30{}", "0".repeat(23)), "207 pay_code");
    bar("pay_code=6200000000000000001", "304 pay_code");
    bar("wallet_id=W00000002|amount=5|pay_code=6200000000000000001", "ok");
    bar("-pay_code", "204 pay_code");
    bar("callback_url=x", "207 callback_url");
    let mini = |edits: &str, expected: &str| check(Route::MiniAlipay, edits, expected);
    mini("payment_method=wechat", "304 payment_method");
    mini("payment_method=nothing", "303 payment_method");
    mini("wallet_id=W00000005|-payment_method", "304 payment_method");
    mini("-version", "204 version");
    let refund = |edits: &str, expected: &str| check(Route::Refund, edits, expected);
    for amount in ["0", "0.00", "-1", "1e2", "x", "1.", "", &"9".repeat(33)] {
        let code = if amount.is_empty() { "204 refund_amount" } else { "550 refund_amount" };
        refund(&format!("refund_amount={amount}"), code);
    }
    for id in ["x", "S", "SS1", "0", "-5", "20180710000000331"] {
        refund(&format!("order_id={id}"), "551 order_id");
    }
    refund("-order_id", "204 order_id");
    refund(&format!("reference={}", "n".repeat(256)), "ok");
    for note in ["n".repeat(257), "a\nb".to_owned(), "\u{85}".to_owned(), "a\0".to_owned()] {
        refund(&format!("reference={note}"), "550 reference");
    }
    check(Route::Cancel, "-merchant_reference", "204 merchant_reference");
    check(Route::Cancel, "merchant_reference=..", "ok");
    check(Route::Query, "merchant_reference=", "204 merchant_reference");
}

#[test]
fn fields_of_other_requests() {
    for route in [Route::Refund, Route::Cancel, Route::Query, Route::Detail] {
        for edits in ["unknown=x", "unknown=", "amount=1.00", "version=2.0", "Signature=x", "Ünknown=x"] {
            let name = edits.split_once('=').unwrap().0;
            check(route, edits, &format!("3 {name}"));
            let reject = send(route, &edited(route, edits), &profile()).unwrap_err();
            assert_eq!(reject.message, format!("data error: {name} is not a field of this request"));
        }
    }
    check(Route::Cancel, "is_block=1", "3 is_block");
    check(Route::Detail, "merchant_reference=R", "3 merchant_reference");
    check(Route::Query, "is_block=1", "ok");
    for route in [Route::Transaction, Route::Barcode, Route::MiniAlipay] {
        check(route, "unknown=x|order_id=1|amount_cny=1", "ok");
        check(route, "amount_cny=1|currency_rate=1", "3 amount_cny");
    }
    let null = br#"{"user_id":"U000334333","merchant_reference":"R","unknown":null,"signature":"x"}"#;
    assert_eq!(verdict(&understand(room::read_body(Route::Cancel, null), &profile())), "206 signature");
}

#[test]
fn shapes() {
    let check = |body: &[u8], expected: &str| {
        let result = understand(room::read_body(Route::Transaction, body), &profile());
        assert_eq!(verdict(&result), expected, "{result:?}");
    };
    for body in ["", "{", "[]", "null", "\"x\"", "{\"user_id\":\"U\",}"] {
        check(body.as_bytes(), "3 -");
    }
    check(b"{\"user_id\":\"\xff\"}", "3 -");
    check(br#"{"user_id":"U","user_id":"V"}"#, "3 user_id");
    check(br#"{"user_id":"U","\u0075ser_id":"V"}"#, "3 user_id");
    check(br#"{"user_id":["U"]}"#, "3 user_id");
    check(br#"{"user_id":true}"#, "3 user_id");
    check(br#"{"user_id":"U","product_name":{"a":1}}"#, "3 product_name");
    check(br#"{"user_id":"U","signature":false}"#, "3 signature");
    check(br#"{"user_id":"U","unknown":[]}"#, "3 unknown");
    check(br#"{"signature":"x"}"#, "204 user_id");
    check(br#"{"user_id":null}"#, "204 user_id");
    check(br#"{"user_id":"U"}"#, "110 user_id");
    check(br#"{"user_id":"U000334333"}"#, "204 signature");
    check(br#"{"user_id":"U000334333","signature":""}"#, "204 signature");
    check(br#"{"user_id":"U000334333","signature":"x"}"#, "206 signature");
    let query = |path: &str, query: &str, expected: &str| {
        let result = understand(room::read_query(Route::Query, path, query), &profile());
        assert_eq!(verdict(&result), expected, "{query}: {result:?}");
    };
    query("R", "", "204 user_id");
    query("R", "user_id=a&user_id=b", "3 user_id");
    query("R", "user_id=a&merchant_reference=R", "3 merchant_reference");
    query("R", "user_id=%ff", "3 -");
    query("R", "user_id=U000334333", "204 signature");
}

#[test]
fn numbers_are_signed_as_written() {
    for literal in ["120", "120.5", "0.01", "120.00"] {
        let fields = edited(Route::Transaction, &format!("amount={literal}"));
        let body = client::signed_body(Route::Transaction, &pairs(&fields), &key());
        let as_number = body.replace(&format!("\"amount\":\"{literal}\""), &format!("\"amount\":{literal}"));
        assert_ne!(body, as_number);
        assert!(post(Route::Transaction, &as_number, &profile()).is_ok(), "{literal}");
    }
    let fields = edited(Route::Transaction, "gift=true|merchant_reference=12");
    let body = client::signed_body(Route::Transaction, &pairs(&fields), &key())
        .replace("\"true\"", "true")
        .replace("\"12\"", "12");
    assert!(post(Route::Transaction, &body, &profile()).is_ok());
}

#[test]
fn keys_and_users() {
    let body = client::signed_body(Route::Transaction, &pairs(&example(Route::Transaction)), &key());
    let check = |change: &dyn Fn(&mut Profile), expected: &str| {
        let mut profile = profile();
        change(&mut profile);
        assert_eq!(verdict(&post(Route::Transaction, &body, &profile)), expected);
    };
    check(&|_| (), "ok");
    check(&|profile| profile.keys.clear(), "205 user_id");
    check(&|profile| profile.enabled = false, "205 user_id");
    check(&|profile| profile.keys = vec![ApiKey::new("other")], "206 signature");
    check(&|profile| profile.user_id = "U1".to_owned(), "110 user_id");
    check(&|profile| profile.keys.insert(0, ApiKey::new("new")), "ok");
    assert_eq!(format!("{:?}", profile()).matches("111222333").count(), 0);
}

#[test]
fn an_old_key_signs_the_answer_to_its_own_request() {
    let body = client::signed_body(Route::Transaction, &pairs(&example(Route::Transaction)), &key());
    let mut profile = profile();
    profile.keys.insert(0, ApiKey::new("new"));
    let verified = room::read_body(Route::Transaction, body.as_bytes()).unwrap().verify(&profile).unwrap();
    let answer = room::transaction_answer(&verified.answering(&profile), "https://pay.example", "nonce");
    assert!(client::check_transaction_answer(&answer, &key()).is_ok());
    let answer = room::transaction_answer(&profile, "https://pay.example", "nonce");
    assert!(client::check_transaction_answer(&answer, &ApiKey::new("new")).is_ok());
}

#[test]
fn signatures_are_64_lower_case_digits() {
    let body = client::signed_body(Route::Transaction, &pairs(&example(Route::Transaction)), &key());
    let signature = client::signature(Route::Transaction, &pairs(&example(Route::Transaction)), &key());
    for (other, says) in [
        (signature.to_uppercase(), "lower-case"),
        (signature[1..].to_owned(), "64"),
        (format!("{signature}0"), "64"),
        (format!("{}g", &signature[1..]), "64"),
        (signature.replace(|c: char| c.is_ascii_digit(), "0"), "does not match"),
    ] {
        let reject = post(Route::Transaction, &body.replace(&signature, &other), &profile()).unwrap_err();
        assert_eq!(reject.code, 206);
        assert!(reject.message.contains(says), "{}", reject.message);
    }
}
