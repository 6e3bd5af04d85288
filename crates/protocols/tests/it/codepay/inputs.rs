//! What each field takes and refuses, by name.

use tillgate_protocols::codepay::words::{CardType, PayScenario, QueueMode, ReceiptPrint};
use tillgate_protocols::codepay::{CloseCall, Number, OrderCall, TipCall};

use super::*;

fn order(changes: &[Raw<'_>]) -> OrderCall {
    match call(Method::PayOrder, changes) {
        Ok(Call::Order(order)) => order,
        other => panic!("{other:?}"),
    }
}

fn ordered(changes: &[Raw<'_>]) -> String {
    said(Method::PayOrder, changes)
}

#[test]
fn an_order_without_choices() {
    let order = order(&[("expires", "")]);
    assert_eq!(
        order,
        OrderCall {
            trans_type: TransType::Sale,
            merchant_order_no: "1709106082732".to_owned(),
            orig_merchant_order_no: None,
            store_no: None,
            terminal_sn: "WPYB002248000865".to_owned(),
            pay_scenario: PayScenario::SwipeCard,
            pay_method: None,
            card_type: None,
            amount: money(14_434, "USD"),
            tip_minor: 0,
            cashback_minor: 0,
            on_screen_tip: false,
            on_screen_signature: true,
            confirm_on_terminal: false,
            receipt_print: ReceiptPrint::None,
            needs_terminal_authentication: false,
            reject_when_offline: false,
            queue_mode: QueueMode::Fifo,
            description: "IPhone White X2".to_owned(),
            attach: None,
            notify_url: None,
            expires_s: None,
        }
    );
}

#[test]
fn an_order_with_all_choices() {
    let order = order(&[
        ("trans_type", "11"),
        ("orig_merchant_order_no", r#""A-1|*@_""#),
        ("store_no", r#""4021000201""#),
        ("pay_scenario", r#""BSCANQR_PAY""#),
        ("pay_method_id", r#""WeChatPay""#),
        ("card_type", "4"),
        ("tip_amount", "1.5"),
        ("cashback_amount", r#""20""#),
        ("on_screen_signature", "false"),
        ("confirm_on_terminal", r#""true""#),
        ("receipt_print_mode", "3"),
        ("required_terminal_authentication", "1"),
        ("reject_trade_when_terminal_offline", "true"),
        ("order_queue_mode", r#""FILO""#),
        ("attach", r#""{\"key\":\"value\"}""#),
        ("notify_url", r#""https://shop.example/cb?x=1""#),
    ]);
    assert_eq!(order.trans_type, TransType::SaleWithCashback);
    assert_eq!(order.orig_merchant_order_no.as_deref(), Some("A-1|*@_"));
    assert_eq!(order.store_no.as_deref(), Some("4021000201"));
    assert_eq!((order.pay_scenario, order.pay_method), (PayScenario::BScanQr, Some(PayMethod::WeChatPay)));
    assert_eq!(order.card_type, Some(CardType::Gift));
    assert_eq!((order.tip_minor, order.cashback_minor), (150, 2_000));
    assert!(!order.on_screen_signature && order.confirm_on_terminal && order.reject_when_offline);
    assert!(order.needs_terminal_authentication && !order.on_screen_tip);
    assert_eq!((order.receipt_print, order.queue_mode), (ReceiptPrint::Both, QueueMode::Filo));
    assert_eq!(order.attach.as_deref(), Some(r#"{"key":"value"}"#));
    assert_eq!(order.notify_url.as_deref(), Some("https://shop.example/cb?x=1"));
    assert_eq!(order.expires_s, Some(300));
}

#[test]
fn amounts() {
    let amount = |raw: &str, code: &str| {
        let code = format!("{code:?}");
        match call(Method::PayOrder, &[("order_amount", raw), ("price_currency", &code)]) {
            Ok(Call::Order(order)) => order.amount.minor.to_string(),
            Ok(other) => panic!("{other:?}"),
            Err(reject) => {
                assert_eq!(reject.field.as_deref(), Some("order_amount"));
                reject.msg()
            }
        }
    };
    for (raw, code, minor) in [
        ("34.5", "USD", "3450"),
        ("34.50", "USD", "3450"),
        ("30", "USD", "3000"),
        ("30.0", "USD", "3000"),
        ("30.000", "USD", "3000"),
        ("\"30.05\"", "USD", "3005"),
        ("0.01", "USD", "1"),
        ("\"007.10\"", "USD", "710"),
        ("500", "JPY", "500"),
        ("500.0", "JPY", "500"),
        ("1.234", "KWD", "1234"),
        ("100000000000", "USD", "10000000000000"),
    ] {
        assert_eq!(amount(raw, code), minor, "{raw} {code}");
    }
    let digits = |code, n| format!("[TG002]order_amount has more than {code}'s {n} digits after the point");
    assert_eq!(amount("1.005", "USD"), digits("USD", 2));
    assert_eq!(amount("500.5", "JPY"), digits("JPY", 0));
    assert_eq!(amount("1.2345", "KWD"), digits("KWD", 3));
    for zero in ["0", "0.00", "\"0\"", "\"00.0\""] {
        assert_eq!(amount(zero, "USD"), "[TG002]order_amount must be greater than zero", "{zero}");
    }
    for wrong in [
        "-1",
        "-0.01",
        "1.0E+7",
        "1e2",
        "\"1.0E+7\"",
        "\"+1\"",
        "\"1,000.00\"",
        "\" 1\"",
        "\"1 \"",
        "\"1.\"",
        "\".5\"",
        "\"NaN\"",
        "\"１\"",
        "true",
        "123456789012345678901234567890.123",
    ] {
        let said = amount(wrong, "USD");
        assert_eq!(
            said, "[TG002]order_amount must be a plain decimal number, 32 characters at most",
            "{wrong}"
        );
    }
    assert_eq!(amount("100000000000.01", "USD"), "[TG002]order_amount is too large");
    assert_eq!(amount("9999999999999999999999", "USD"), "[TG002]order_amount is too large");
    assert_eq!(amount("[1]", "USD"), "[TG002]order_amount must not be an object or a list");
    let together = [("order_amount", "99999999999.99"), ("tip_amount", "0.02")];
    assert_eq!(ordered(&together), "[TG002]order_amount with tip and cashback is too large");
    for tip in ["-1", "1.0E+7", "1.005"] {
        assert!(ordered(&[("tip_amount", tip)]).starts_with("[TG002]tip_amount "), "{tip}");
    }
    assert_eq!(ordered(&[("tip_amount", "0")]), "ok");
}

#[test]
fn every_required_field_is_asked_for() {
    for method in Method::ALL {
        let envelope = room::fields::ENVELOPE.iter();
        let is_required = |spec: &&room::fields::FieldSpec| room::fields::is_required(method, spec);
        for spec in envelope.chain(room::fields::of(method)).filter(is_required) {
            for raw in ["", "null", "\"\""] {
                let said = said(method, &[(spec.name, raw)]);
                let expected = format!("[TG001]{} is missing or empty", spec.name);
                assert_eq!(said, expected, "{method:?} {raw}");
            }
        }
        assert_eq!(said(method, &[]), "ok", "{method:?}");
    }
}

#[test]
fn the_envelope() {
    for (name, raw, msg) in [
        ("format", r#""XML""#, "[TG002]format must be JSON"),
        ("charset", r#""GBK""#, "[TG002]charset must be UTF-8"),
        ("version", r#""2.0""#, "[TG002]version must be 1.0"),
        ("charset", r#""utf-8""#, "ok"),
        ("version", "1.0", "ok"),
        ("sign_type", r#""NONE""#, "[SYS002]Signature verification failed"),
        ("sign_type", r#""RSA""#, "[SYS002]Signature verification failed"),
        ("method", r#""bscanc.pay.submit""#, "[E07303]API is not authorized or does not exist"),
        ("method", r#""WISEHUB.CLOUD.PAY.ORDER""#, "[E07303]API is not authorized or does not exist"),
        ("method", r#""/api/batch/open""#, "[E07303]API is not authorized or does not exist"),
        ("merchant_no", r#""1""#, "[E07303]merchant_no is not one this app may act for"),
    ] {
        assert_eq!(ordered(&[(name, raw)]), msg, "{name} {raw}");
    }
    assert_eq!(said(Method::OrderQuery, &[("method", r#""pay.orderquery""#)]), "ok");
}

#[test]
fn the_time() {
    let late = "[TG003]timestamp is more than 15 minutes from the gateway's time";
    let shape = "[TG002]timestamp must be 13 digits, milliseconds since 1970";
    for (raw, msg) in [
        ("1709106082819", "ok"),
        (r#""1709106082819""#, "ok"),
        ("1709105182819", "ok"),
        ("1709105182818", late),
        ("1709106982819", "ok"),
        ("1709106982820", late),
        ("9999999999999", late),
        ("0000000000000", "not JSON"),
        (r#""0000000000000""#, late),
        ("1709106082", shape),
        ("17091060828190", shape),
        ("1709106082819.0", shape),
        ("1.709106082819E12", shape),
        (r#""2024-02-28""#, shape),
        (r#""-170910608281""#, shape),
        (r#""+170910608281""#, shape),
        ("true", shape),
    ] {
        let said = ordered(&[("timestamp", raw)]);
        match msg {
            "not JSON" => assert_eq!(said, "[TG004]the body is not a JSON object"),
            msg => assert_eq!(said, msg, "{raw}"),
        }
    }
}

#[test]
fn numbers_of_orders() {
    for raw in [r#""a""#, r#""ABCabc019_-|*@""#, "17", r#""12345678901234567890123456789012""#] {
        assert_eq!(ordered(&[("merchant_order_no", raw)]), "ok", "{raw}");
    }
    let shape = "[TG002]merchant_order_no must be 1 to 32 letters, digits or _-|*@";
    for raw in [
        r#""a b""#,
        r#""é""#,
        r#""a.b""#,
        r#""a/b""#,
        r#""a&b""#,
        r#""a\n""#,
        "1.5",
        r#""123456789012345678901234567890123""#,
    ] {
        assert_eq!(ordered(&[("merchant_order_no", raw)]), shape, "{raw}");
    }
    // A number no order can have is not found, rather than wrong.
    for method in [Method::OrderQuery, Method::RefundQuery, Method::PayClose, Method::Revoke] {
        let said = said(method, &[("merchant_order_no", r#""a b""#)]);
        assert_eq!(said, "[E04111]Merchant order number is invalid", "{method:?}");
    }
    let trans = [("trans_no", r#""50-1""#)];
    assert_eq!(said(Method::OrderQuery, &trans), "[E04110]Transaction number is invalid");
}

#[test]
fn originals_tips_cashback_and_scenarios() {
    for kind in ["2", "3", "6"] {
        let missing = format!("[TG001]orig_merchant_order_no is required for trans_type {kind}");
        assert_eq!(ordered(&[("trans_type", kind)]), missing);
        assert_eq!(ordered(&[("trans_type", kind), ("orig_merchant_order_no", r#""A1""#)]), "ok");
        let same = [("trans_type", kind), ("orig_merchant_order_no", r#""1709106082732""#)];
        assert_eq!(ordered(&same), "[TG002]merchant_order_no must not be the original order's");
    }
    for kind in ["5", "7", "8", "12"] {
        let said = ordered(&[("trans_type", kind)]);
        assert_eq!(said, format!("[TG002]trans_type {kind} is not served here"));
    }
    for raw in ["0", "9", "13", "-1", "1.0", "01", "true", r#""sale""#, "257"] {
        let expected = match raw {
            "01" => "[TG004]the body is not a JSON object",
            _ => "[TG002]trans_type must be 1, 2, 3, 4, 6 or 11",
        };
        assert_eq!(ordered(&[("trans_type", raw)]), expected, "{raw}");
    }
    let original = ("orig_merchant_order_no", r#""A1""#);
    for (kind, may) in [("1", true), ("2", false), ("3", true), ("4", true), ("6", false), ("11", false)] {
        let said = ordered(&[("trans_type", kind), ("on_screen_tip", "true"), original]);
        let expected = if may { "ok" } else { "[TG002]on_screen_tip is for trans_type 1, 3 and 4 only" };
        assert_eq!(said, expected, "{kind}");
        assert_eq!(ordered(&[("trans_type", kind), ("on_screen_tip", "false"), original]), "ok");
        let said = ordered(&[("trans_type", kind), ("cashback_amount", "5"), original]);
        let is_cashback = kind == "11";
        let expected = if is_cashback { "ok" } else { "[TG002]cashback_amount is for trans_type 11 only" };
        assert_eq!(said, expected, "{kind}");
        assert_eq!(ordered(&[("trans_type", kind), ("cashback_amount", "0.00"), original]), "ok");
    }
    for scenario in [r#""SCANQR_PAY""#, r#""BSCANQR_PAY""#] {
        let said = ordered(&[("pay_scenario", scenario)]);
        assert_eq!(said, "[TG001]pay_method_id is required for a QR scenario");
        assert_eq!(ordered(&[("pay_scenario", scenario), ("pay_method_id", r#""Alipay""#)]), "ok");
    }
}

#[test]
fn other_fields() {
    let long = |n: usize| format!("{:?}", "é".repeat(n));
    let (at_128, at_129, at_33) = (long(128), long(129), long(33));
    let url = format!("\"https://a.example/{}\"", "x".repeat(240));
    for (name, raw, msg) in [
        ("expires", "1", "ok"),
        ("expires", r#""604800""#, "ok"),
        ("expires", "0", "[TG002]expires must be 1 to 604800 seconds, in digits"),
        ("expires", "604801", "[TG002]expires must be 1 to 604800 seconds, in digits"),
        ("expires", "-5", "[TG002]expires must be 1 to 604800 seconds, in digits"),
        ("expires", "60.0", "[TG002]expires must be 1 to 604800 seconds, in digits"),
        ("expires", r#""+60""#, "[TG002]expires must be 1 to 604800 seconds, in digits"),
        ("price_currency", r#""usd""#, "[TG002]price_currency is not a currency we know"),
        ("price_currency", r#""XAU""#, "[TG002]price_currency is not a currency we know"),
        ("pay_scenario", r#""swipe""#, "[TG002]pay_scenario must be SWIPE_CARD, SCANQR_PAY or BSCANQR_PAY"),
        ("pay_method_id", r#""Bitcoin""#, "[TG002]pay_method_id is none we know"),
        ("card_type", "5", "[TG002]card_type must be 1, 2, 3 or 4"),
        ("receipt_print_mode", "4", "[TG002]receipt_print_mode must be 0, 1, 2 or 3"),
        ("order_queue_mode", r#""LIFO""#, "[TG002]order_queue_mode must be FIFO or FILO"),
        ("on_screen_tip", r#""yes""#, "[TG002]on_screen_tip must be true or false"),
        ("api_version", r#""1.0""#, "[TG002]api_version must be 2.0"),
        ("api_version", "2.0", "ok"),
        (
            "message_receiving_application",
            r#""Other""#,
            "[TG002]message_receiving_application must be CodePay Register",
        ),
        ("description", &at_128, "ok"),
        ("description", &at_129, "[TG002]description must have 128 characters at most"),
        ("description", r#""a\u0000b""#, "[TG002]description must not have control characters"),
        ("attach", r#""a\n\tb""#, "ok"),
        ("attach", &at_129, "[TG002]attach must have 128 characters at most"),
        ("store_no", &at_33, "[TG002]store_no must have 32 characters at most"),
        ("terminal_sn", &at_33, "[TG002]terminal_sn must have 32 characters at most"),
        ("notify_url", r#""shop.example/cb""#, "[TG002]notify_url must be an absolute http or https URL"),
        ("notify_url", r#""ftp://shop.example""#, "[TG002]notify_url must be an absolute http or https URL"),
        (
            "notify_url",
            r#""https://a:b@shop.example""#,
            "[TG002]notify_url must not carry a user name or a password",
        ),
        ("notify_url", &url, "[TG002]notify_url is too long"),
        ("sign_extra", "{\"deep\": [1, 2]}", "ok"),
    ] {
        assert_eq!(ordered(&[(name, raw)]), msg, "{name} {raw}");
    }
}

#[test]
fn the_other_calls() {
    let ask = |method, changes: &[Raw<'_>]| call(method, changes).unwrap();
    assert_eq!(
        ask(Method::PayClose, &[("description", r#""changed his mind""#), ("store_no", "5")]),
        Call::Close(CloseCall {
            store_no: Some("5".to_owned()),
            terminal_sn: "WPYB002248000865".to_owned(),
            merchant_order_no: "1709188002729".to_owned(),
            description: Some("changed his mind".to_owned()),
        })
    );
    let both = [("trans_no", "50210004102306140000003")];
    let trans = Number::Trans("50210004102306140000003".to_owned());
    assert_eq!(ask(Method::OrderQuery, &both), Call::Query(trans.clone()));
    assert_eq!(ask(Method::RefundQuery, &both), Call::RefundQuery(trans));
    let merchant = Number::Merchant("TEST_1686732708342".to_owned());
    assert_eq!(ask(Method::OrderQuery, &[]), Call::Query(merchant));
    let neither = said(Method::OrderQuery, &[("merchant_order_no", "")]);
    assert_eq!(neither, "[TG001]merchant_order_no or trans_no is required");
    assert_eq!(ask(Method::Revoke, &[]), Call::Revoke { merchant_order_no: "TEST_1654765371046".to_owned() });
    assert_eq!(ask(Method::BatchClose, &[]), Call::CloseBatch { terminal_sn: "P3171916581910".to_owned() });
    let Call::AdjustTip(TipCall { tip, .. }) = ask(Method::TipAdjustment, &[]) else { panic!("no tip") };
    assert_eq!(tip.money(currency("USD")), Ok(money(3_005, "USD")));
    let reject = tip.money(currency("JPY")).unwrap_err();
    assert_eq!(reject.msg(), "[TG002]tip_adjustment_amount has more than JPY's 0 digits after the point");
    assert_eq!(said(Method::TipAdjustment, &[("tip_adjustment_amount", "0")]), "ok");
}

#[test]
fn refunds() {
    let refund = |changes: &[Raw<'_>]| match call(Method::RefundSubmit, changes) {
        Ok(Call::Refund(refund)) => refund,
        other => panic!("{other:?}"),
    };
    let own = refund(&[]);
    assert_eq!(own.original, Number::Merchant("1709106082732".to_owned()));
    assert_eq!((own.currency, own.merchant_order_no.as_str()), (Some(currency("USD")), "R1"));
    assert_eq!(own.amount.money(currency("USD")), Ok(money(10_000, "USD")));
    let by_trans = refund(&[("orig_trans_no", r#""5021""#), ("orig_merchant_order_no", "")]);
    assert_eq!(by_trans.original, Number::Trans("5021".to_owned()));
    let plain = refund(&[("price_currency", ""), ("order_amount", ""), ("trans_amount", "100.0")]);
    assert_eq!(plain.currency, None);
    assert_eq!(plain.amount.money(currency("JPY")), Ok(money(100, "JPY")));
    assert_eq!(said(Method::RefundSubmit, &[("trans_amount", "100.00")]), "ok");
    for (changes, msg) in [
        (vec![("trans_amount", "99")], "[TG002]trans_amount differs from order_amount"),
        (vec![("order_amount", "")], "[TG001]order_amount is missing or empty"),
        (vec![("order_amount", "0")], "[TG002]order_amount must be greater than zero"),
        (
            vec![("order_amount", "-1")],
            "[TG002]order_amount must be a plain decimal number, 32 characters at most",
        ),
        (vec![("order_amount", "1.001")], "[TG002]order_amount has more than USD's 2 digits after the point"),
        (vec![("orig_merchant_order_no", "")], "[TG001]orig_merchant_order_no or orig_trans_no is required"),
        (
            vec![("merchant_order_no", r#""1709106082732""#)],
            "[TG002]merchant_order_no must not be the original order's",
        ),
        (
            vec![("description", "\"12345678901234567890123456789012345678901234567890123456789012345\"")],
            "[TG002]description must have 64 characters at most",
        ),
    ] {
        assert_eq!(said(Method::RefundSubmit, &changes), msg, "{changes:?}");
    }
}
