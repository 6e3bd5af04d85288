//! The calls of web shops and of paths: the document's samples, what each field takes and refuses, both envelopes.

use tillgate_protocols::codepay::{
    BatchesCall, CancelCall, CheckoutCall, MerchantCheckoutCall, Number, Origin, PaymentTipCall, RefundParts,
    RefundPartsCall, Whose,
};

use super::*;

/// A sample as printed, without its `sign`, in its own time; placeholders (`string`) have been filled.
fn ask(route: Route, sample: &str) -> Result<Asked, Reject> {
    let map: serde_json::Map<String, serde_json::Value> = serde_json::from_str(sample).unwrap();
    let raw: Vec<(String, String)> = map.iter().map(|(n, v)| (n.clone(), v.to_string())).collect();
    let fields: Vec<Raw<'_>> = raw.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let text = second_text(&fields, not_empty);
    let app = App { app_id: map["app_id"].as_str().unwrap().to_owned(), ..app() };
    let at = map.get("timestamp").map_or(NOW.0, |at| plain_text(&at.to_string()).parse().unwrap());
    let (json, form) = (signed_as(&fields, &text), form(&fields, &text));
    let understand = |body: &str| {
        room::read_body(route, body.as_bytes())?.open(Some(&app), None, Timestamp(at))?.decode(&app)
    };
    let asked = understand(&json);
    assert_eq!(understand(&form), asked, "as a form");
    asked
}

const DETAIL: &str = r#"{\"data\":{\"shipping\":{\"allow_regions\":\"[\\\"US\\\"]\"},\"payment\":{\"disallow_options\":\"[\\\"GooglePay\\\"]\",\"allow_options\":\"[\\\"Card\\\", \\\"ApplePay\\\"]\"},\"theme\":{\"palette\":{\"text\":{\"primary\":\"rgb(173,216,230)\"},\"primary\":{\"contrastText\":\"rgb(230,230,230)\",\"main\":\"rgb(255,0,0)\"}}},\"items\":[{\"image\":\"https://img0.baidu.com/it/u=451654732,3389558718&fm=253&fmt=auto&app=138&f=JPEG?w=607&h=443\",\"amount\":300.68,\"code\":\"C001787199\",\"quantity\":2,\"name\":\"Iphone 16\",\"unit_price\":150.34},{\"image\":\"https://img2.baidu.com/it/u=3979873743,2390981689&fm=253&fmt=auto&app=120&f=JPEG?w=889&h=500\",\"amount\":50.01,\"code\":\"C001787198\",\"quantity\":1,\"name\":\"AirPods 4\",\"unit_price\":50.01}],\"billing\":{\"allow_regions\":\"[\\\"US\\\"]\"}},\"type\":\"GENERAL\"}"#;

/// Signed here, for the test's app signs; the merchant is one of its own.
#[test]
fn hosted_checkout() {
    let sample = r#"{"merchant_no":"302300000926","charset":"UTF-8","method":"pay.checkout","format":"JSON",
        "description":"Iphone 16","order_detail":"DETAIL","version":"1.0",
        "merchant_order_no":"TEST_1734343519886","order_amount":150.34,"app_id":"wze0fcae4016b4da15",
        "sign_type":"RSA2","price_currency":"USD","timestamp":"1734343520010"}"#;
    let asked = ask(Route::Entry, &sample.replace("DETAIL", DETAIL)).unwrap();
    let merchant = AppMerchant { merchant_no: MERCHANT_NO.to_owned(), merchant: MerchantId(7) };
    assert_eq!(asked.whose, Whose::Merchant(merchant));
    let Call::Checkout(call) = asked.call else { panic!("no checkout") };
    assert_eq!(
        (call.merchant_order_no.as_str(), call.description.as_str()),
        ("TEST_1734343519886", "Iphone 16")
    );
    assert_eq!((call.amount, call.expires_s, call.store_no), (money(15_034, "USD"), None, None));
    let detail = call.order_detail;
    let sold: Vec<(&str, u32, Option<i64>, Option<i64>)> = detail
        .items
        .iter()
        .map(|item| (item.name.as_str(), item.quantity, item.unit_minor, item.amount_minor))
        .collect();
    assert_eq!(
        sold,
        [("Iphone 16", 2, Some(15_034), Some(30_068)), ("AirPods 4", 1, Some(5_001), Some(5_001))]
    );
    assert!(detail.items[1].image.as_ref().unwrap().ends_with("f=JPEG?w=889&h=500"));
    assert_eq!(
        (detail.shipping.unwrap().0, detail.billing.unwrap().0),
        (vec!["US".to_owned()], vec!["US".to_owned()])
    );
    assert!(detail.payment.takes_cards() && !detail.payment.takes_wallet("alipay"));
    let color = |color: &Option<room::Color>| color.as_ref().unwrap().as_str().to_owned();
    let theme = (color(&detail.theme.main), color(&detail.theme.contrast), color(&detail.theme.text));
    assert_eq!(theme, ("#ff0000".to_owned(), "#e6e6e6".to_owned(), "#add8e6".to_owned()));
}

#[test]
fn merchant_checkout() {
    let sample = r#"{"app_id":"wz3c35784c2cbe6f37","format":"JSON","charset":"UTF-8","sign_type":"RSA2",
        "version":"1.0","timestamp":1693280636972,"method":"pay.merchant.checkout",
        "merchant_no":"302300000926","store_no":"4021000008",
        "card":{"pan":"4111111111111111","holder":"A B","cvv":"123","expiry":"1230"},
        "billing_address":{"name":"A B","country":"US","province":"CA","city":"LA","address1":"1 Main St",
        "address2":"","zip":"90001","phone":"+1 555"},"merchant_order_no":"1217752501201407033233368018",
        "price_currency":"USD","order_amount":34.5,"expires":5,"description":"IPhone White X2",
        "term_ip":"203.0.113.7","longitude":"-118.25","latitude":"34.05",
        "return_url":"https://shop.example/back","attach":"{“key”:”value”, “key2”:”value2”}"}"#;
    let Call::MerchantCheckout(call) = ask(Route::Entry, sample).unwrap().call else { panic!("none") };
    let MerchantCheckoutCall { card, billing, origin, .. } = &call;
    assert!(card.is_plain());
    assert!(!format!("{call:?}").contains("4111"));
    assert_eq!(
        (billing.country.as_str(), billing.zip.as_str(), billing.address2.as_str()),
        ("US", "90001", "")
    );
    let expected = Origin {
        term_ip: Some("203.0.113.7".to_owned()),
        longitude: Some("-118.25".to_owned()),
        latitude: Some("34.05".to_owned()),
    };
    assert_eq!(*origin, expected);
    assert_eq!((call.amount, call.expires_s), (money(3_450, "USD"), Some(5)));
    assert_eq!(call.attach.as_deref(), Some("{“key”:”value”, “key2”:”value2”}"));
    assert_eq!(call.return_url.as_deref(), Some("https://shop.example/back"));
    assert_eq!(call.store_no.as_deref(), Some("4021000008"));
}

fn by_path(path: &str, own: &str) -> Asked {
    let asked =
        ask(Route::of(path).unwrap(), &format!(r#"{{"app_id":"wz9f2a175d0e0ef632",{own}}}"#)).unwrap();
    assert_eq!(asked.whose, Whose::AnyOfTheApp, "{path}");
    asked
}

#[test]
fn payments_by_path() {
    let (order_no, trans_no) =
        ("1217752501201407033233368018".to_owned(), "5021000010210602000003".to_owned());
    let both = r#""merchant_order_no":"1217752501201407033233368018","trans_no":"5021000010210602000003""#;
    let trans = r#""trans_no":"5021000010210602000003""#;
    let usd = currency("USD");
    let asked = by_path("/api/payments/capture", &format!(r#"{both},"trans_amount":85"#));
    let Call::Capture(call) = asked.call else { panic!("no capture") };
    assert_eq!((&call.merchant_order_no, &call.trans_no), (&order_no, &trans_no));
    assert_eq!(call.amount.money(usd), Ok(money(8_500, "USD")));
    let asked = by_path("/api/payments/incremental_authorization", &format!(r#"{trans},"trans_amount":85"#));
    let Call::Increase(call) = asked.call else { panic!("no increase") };
    assert_eq!((&call.trans_no, call.amount.money(usd)), (&trans_no, Ok(money(8_500, "USD"))));
    let asked = by_path("/api/payments/cancel", both);
    let expected = CancelCall { merchant_order_no: order_no.clone(), trans_no: trans_no.clone() };
    assert_eq!(asked.call, Call::CancelPayment(expected));
    let asked = by_path("/api/payments/refund", &format!(r#"{both},"order_amount":2"#));
    let Call::RefundParts(RefundPartsCall { parts, .. }) = asked.call else { panic!("no refund") };
    assert_eq!(parts.total(usd), Ok((money(200, "USD"), 0)));
    let asked = by_path("/api/payments/tip_adjustment", &format!(r#"{trans},"tip_amount":1"#));
    let Call::PaymentTip(PaymentTipCall { tip, .. }) = asked.call else { panic!("no tip") };
    assert_eq!(tip.money(usd), Ok(money(100, "USD")));
    let asked = by_path("/api/payments/recall", trans);
    assert_eq!(asked.call, Call::Recall(Number::Trans(trans_no)));
}

#[test]
fn batches_by_path() {
    let sample = r#"{"app_id":"wz9f2a175d0e0ef632","merchant_no":"302100041048","store_no":"4021000008",
        "terminal_sn_list":["WPYB001234567890","WPYB001234567891"]}"#;
    let expected = BatchesCall {
        store_no: Some("4021000008".to_owned()),
        terminals: vec!["WPYB001234567890".to_owned(), "WPYB001234567891".to_owned()],
    };
    let close = ask(Route::of("/api/batch/close").unwrap(), sample).unwrap();
    assert_eq!(close.call, Call::CloseBatches(expected.clone()));
    let merchant = AppMerchant { merchant_no: "302100041048".to_owned(), merchant: MerchantId(8) };
    assert_eq!(close.whose, Whose::Merchant(merchant));
    let open = ask(Route::of("/api/batch/open").unwrap(), sample).unwrap();
    assert_eq!(open.call, Call::OpenBatches(expected));
}

#[test]
fn a_checkout_with_all_choices() {
    let Call::Checkout(call) = call(
        Method::Checkout,
        &[
            ("store_no", "5"),
            ("expires", "604800"),
            ("term_ip", r#""2001:db8:ffff:ffff:ffff:ffff:ffff:ffff""#),
            ("longitude", "-180.000"),
            ("latitude", r#""89.99999""#),
            ("return_url", r#""https://shop.example/back?a=1&b=2""#),
            ("notify_url", r#""https://shop.example/told""#),
            ("attach", r#""a\nb""#),
        ],
    )
    .unwrap() else {
        panic!("no checkout")
    };
    let expected = CheckoutCall {
        merchant_order_no: "TEST_1734343519886".to_owned(),
        store_no: Some("5".to_owned()),
        amount: money(15_034, "USD"),
        expires_s: Some(604_800),
        description: "Iphone 16".to_owned(),
        order_detail: room::OrderDetail::default(),
        origin: Origin {
            term_ip: Some("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff".to_owned()),
            longitude: Some("-180.000".to_owned()),
            latitude: Some("89.99999".to_owned()),
        },
        return_url: Some("https://shop.example/back?a=1&b=2".to_owned()),
        notify_url: Some("https://shop.example/told".to_owned()),
        attach: Some("a\nb".to_owned()),
    };
    assert_eq!(call, expected);
}

#[test]
fn what_a_web_shop_cannot_say() {
    let url = "must be an absolute http or https URL";
    let address = "must be a JSON object with each name once";
    for (name, raw, what) in [
        ("term_ip", r#""string""#, "must be an IP address"),
        ("term_ip", r#""203.0.113.007""#, "must be an IP address"),
        ("longitude", "180.1", "must be decimal degrees, -180 to 180"),
        ("longitude", r#""+1""#, "must be decimal degrees, -180 to 180"),
        ("longitude", "1e2", "must be decimal degrees, -180 to 180"),
        ("latitude", "-90.01", "must be decimal degrees, -90 to 90"),
        ("latitude", r#""NaN""#, "must be decimal degrees, -90 to 90"),
        ("return_url", r#""javascript:alert(1)""#, url),
        ("return_url", r#""data:text/html,x""#, url),
        ("return_url", r#""//shop.example""#, url),
        ("return_url", r#""app://shop""#, url),
        ("return_url", r#""https://a:b@shop.example""#, "must not carry a user name or a password"),
        ("expires", "604801", "must be 1 to 604800 seconds, in digits"),
        ("order_amount", "0", "must be greater than zero"),
        ("price_currency", r#""XXX""#, "is not a currency we know"),
        ("merchant_order_no", r#""a b""#, "must be 1 to 32 letters, digits or _-|*@"),
    ] {
        for method in [Method::Checkout, Method::MerchantCheckout] {
            let said = said(method, &[(name, raw)]);
            assert_eq!(said, format!("[TG002]{name} {what}"), "{method:?} {raw}");
        }
    }
    for (name, raw, msg) in [
        ("enc_type", r#""DES""#, "[TG002]enc_type must be RSA or AES"),
        ("enc_type", r#""AES""#, "ok"),
        ("enc_type", r#""RSA""#, "ok"),
        ("billing_address", r#""{}""#, "[TG001]billing_address.country is missing or empty"),
        ("billing_address", r#""x""#, &format!("[TG002]billing_address {address}")),
        ("billing_address", "[1]", &format!("[TG002]billing_address {address}")),
        (
            "billing_address",
            r#"{"country":"US","country":"US"}"#,
            &format!("[TG002]billing_address {address}"),
        ),
        (
            "billing_address",
            r#"{"country":"usa"}"#,
            "[TG002]billing_address.country must have 2 characters at most",
        ),
        (
            "billing_address",
            r#"{"country":"XX"}"#,
            "[TG002]billing_address.country must be an ISO 3166 alpha-2 code: US",
        ),
        (
            "billing_address",
            r#"{"country":"US","street":"x"}"#,
            "[TG002]billing_address.street is no part of an address",
        ),
        ("billing_address", r#"{"country":"US","zip":[1]}"#, "[TG002]billing_address.zip must be text"),
        (
            "billing_address",
            r#"{"country":"US","zip":"12345678901234567"}"#,
            "[TG002]billing_address.zip must have 16 characters at most",
        ),
        (
            "billing_address",
            r#"{"country":"US","city":"a\u0007"}"#,
            "[TG002]billing_address.city must not have control characters",
        ),
        (
            "billing_address",
            r#"{"country":"US","name":"4111 1111 1111 1111"}"#,
            "[TG002]billing_address.name must not have a card number in it",
        ),
        ("billing_address", r#"{"country":"US","zip":90001,"name":null}"#, "ok"),
    ] {
        assert_eq!(said(Method::MerchantCheckout, &[(name, raw)]), msg, "{name} {raw}");
    }
    let long = format!("{:?}", "A".repeat(4_097));
    let said = said(Method::MerchantCheckout, &[("card", &long)]);
    assert_eq!(said, "[TG002]card must have 4096 characters at most");
}

#[test]
fn what_a_path_cannot_say() {
    let decimal = "must be a plain decimal number, 32 characters at most";
    for (method, name, raw, what) in [
        (Method::PaymentCapture, "trans_amount", "0", "must be greater than zero"),
        (Method::PaymentCapture, "trans_amount", "-1", decimal),
        (Method::PaymentIncrement, "trans_amount", "0.00", "must be greater than zero"),
        (Method::PaymentIncrement, "trans_amount", "1E2", decimal),
        (Method::PaymentRefund, "tip_amount", r#""x""#, decimal),
        (Method::PaymentRefund, "surcharge_amount", "-1", decimal),
        (Method::PaymentRefund, "sales_tax_amount", "1,5", "not JSON"),
        (Method::PaymentTip, "tip_amount", "-0.01", decimal),
        (Method::PaymentCancel, "merchant_order_no", r#""a b""#, "must be 1 to 32 letters, digits or _-|*@"),
        (Method::PaymentCapture, "format", r#""XML""#, "must be JSON"),
        (Method::PaymentCapture, "charset", r#""GBK""#, "must be UTF-8"),
        (Method::PaymentCapture, "version", r#""2.0""#, "must be 1.0"),
    ] {
        let said = said(method, &[(name, raw)]);
        match what {
            "not JSON" => assert_eq!(said, "[TG004]the body is not a JSON object"),
            what => assert_eq!(said, format!("[TG002]{name} {what}"), "{method:?} {raw}"),
        }
    }
    let unknown = "[E04110]Transaction number is invalid";
    assert_eq!(said(Method::PaymentCapture, &[("trans_no", r#""50-1""#)]), unknown);
    let neither = said(Method::PaymentRecall, &[("trans_no", "")]);
    assert_eq!(neither, "[TG001]merchant_order_no or trans_no is required");
    let late = said(Method::PaymentTip, &[("timestamp", "1709100000000")]);
    assert_eq!(late, "[TG003]timestamp is more than 15 minutes from the gateway's time");
    let foreign = said(Method::PaymentTip, &[("merchant_no", "1")]);
    assert_eq!(foreign, "[E07303]merchant_no is not one this app may act for");
}

#[test]
fn refunds_by_parts() {
    let parts = |changes: &[Raw<'_>]| match call(Method::PaymentRefund, changes) {
        Ok(Call::RefundParts(call)) => Ok(call.parts),
        Ok(other) => panic!("{other:?}"),
        Err(reject) => Err(reject.msg()),
    };
    let nothing = Err("[TG001]order_amount or another part must be greater than zero".to_owned());
    assert_eq!(parts(&[("order_amount", "")]), nothing);
    assert_eq!(parts(&[("order_amount", "0"), ("tip_amount", "0.00"), ("surcharge_amount", "0")]), nothing);
    let all: RefundParts = parts(&[
        ("order_amount", "2"),
        ("tip_amount", "0.5"),
        ("surcharge_amount", "0.25"),
        ("sales_tax_amount", "0.1"),
        ("service_charge_amount", "1.15"),
    ])
    .unwrap();
    assert_eq!(all.total(currency("USD")), Ok((money(400, "USD"), 50)));
    assert_eq!(all.never_charged().map(room::Decimal::field), Some("surcharge_amount"));
    let msg = all.total(currency("JPY")).unwrap_err().msg();
    assert_eq!(msg, "[TG002]tip_amount has more than JPY's 0 digits after the point");
    let tip = parts(&[("order_amount", ""), ("tip_amount", "3"), ("sales_tax_amount", "0")]).unwrap();
    assert_eq!(tip.total(currency("USD")), Ok((money(300, "USD"), 300)));
    assert_eq!((tip.order, tip.surcharge.is_none()), (None, true));
    let large = parts(&[("order_amount", "100000000000"), ("tip_amount", "0.01")]).unwrap();
    let msg = large.total(currency("USD")).unwrap_err().msg();
    assert_eq!(msg, "[TG002]tip_amount with the other parts is too large");
}

#[test]
fn lists_of_terminals() {
    let list = |raw: &str| match call(Method::OpenBatch, &[("terminal_sn_list", raw)]) {
        Ok(Call::OpenBatches(call)) => call.terminals.join(","),
        Ok(other) => panic!("{other:?}"),
        Err(reject) => reject.msg(),
    };
    assert_eq!(list(""), "");
    assert_eq!(list("[]"), "");
    assert_eq!(list(r#"["A", "B"]"#), "A,B");
    assert_eq!(list(r#""[\"A\",\"B\"]""#), "A,B");
    let wrong =
        "[TG002]terminal_sn_list must be a list of at most 100 serial numbers of at most 32 characters";
    let (many, long) = (format!("[{}]", vec!["\"A\""; 101].join(",")), format!("[{:?}]", "x".repeat(33)));
    for raw in ["{}", r#""A""#, "[1]", r#"[["A"]]"#, r#"[""]"#, r#"["a\u0000"]"#, "[null]", &many, &long] {
        assert_eq!(list(raw), wrong, "{raw}");
    }
    assert_eq!(list(r#"["A","A"]"#), "[TG002]terminal_sn_list has a terminal twice");
    assert_eq!(list("1"), wrong);
}

/// Either envelope; a merchant may be named where the document names none, and is then meant.
#[test]
fn both_envelopes() {
    for method in Method::ALL.into_iter().filter(|method| !method.has_word()) {
        let full = asked(method, &[]).unwrap();
        let merchant = AppMerchant { merchant_no: MERCHANT_NO.to_owned(), merchant: MerchantId(7) };
        assert_eq!(full.whose, Whose::Merchant(merchant), "{method:?}");
        let envelope = ["format", "charset", "sign_type", "version", "timestamp"].map(|name| (name, ""));
        assert_eq!(asked(method, &envelope).unwrap(), full, "{method:?}");
        let body = body(method, &envelope);
        let app = app();
        let opened = opened_at(route(method), &body, &app).unwrap();
        let key = opened.replay_key().unwrap();
        assert_eq!((&*key.route, key.app_id.as_str()), (method.word(), APP_ID));
        // The same bytes with white space: the same key.
        let spaced = body.replace("\":", "\" : ");
        assert_eq!(opened_at(route(method), &spaced, &app).unwrap().replay_key(), Some(key));
    }
}
