//! Traps of the signed text: literals, empties, `@`, nested values, forms, doubles, borders.

use super::*;

const WRONG: &str = "[SYS002]Signature verification failed";

fn outcome(body: &str) -> String {
    understand(body).map_or_else(|reject| reject.msg(), |_| "ok".to_owned())
}

/// An order with changes, signed over the expected text of these (written out, in order) and the usual rest.
fn signed_with(changes: &[Raw<'_>], keep: impl Fn(&str) -> bool) -> String {
    let fields = request(Method::PayOrder, changes);
    signed_as(&fields, &second_text(&fields, keep))
}

fn variant(body: &str) -> (sign::Variant, sign::Nested) {
    let app = app();
    let opened = opened(body, &app).unwrap();
    (opened.verified().variant, opened.verified().nested)
}

/// The whole text of one request, written by hand.
#[test]
fn literals_stand_as_they_are_written() {
    let changes = [
        ("tip_amount", "30.0"),
        ("on_screen_tip", "false"),
        ("on_screen_signature", "true"),
        ("cashback_amount", "0"),
        ("attach", "\"\\u4e2d\\/ é\""),
        ("store_no", "null"),
        ("notify_url", "\"\""),
        ("unknown_number", "1.0E+7"),
        ("timestamp", "\"1709106082819\""),
    ];
    let text = "api_version=2.0&app_id=wz6012822ca2f1as78&attach=中/ é&cashback_amount=0&charset=UTF-8\
                &description=IPhone White X2&expires=300&format=JSON&merchant_no=302300000926\
                &merchant_order_no=1709106082732&message_receiving_application=CodePay Register\
                &method=wisehub.cloud.pay.order&on_screen_signature=true&on_screen_tip=false\
                &order_amount=144.34&price_currency=USD&sign_type=RSA2&terminal_sn=WPYB002248000865\
                &timestamp=1709106082819&tip_amount=30.0&trans_type=1&unknown_number=1.0E+7&version=1.0";
    let fields = request(Method::PayOrder, &changes);
    let Call::Order(order) = understand(&signed_as(&fields, text)).unwrap().call else { panic!("no order") };
    assert_eq!(order.tip_minor, 3_000);
    assert_eq!(order.attach.as_deref(), Some("中/ é"));
    assert_eq!(order.store_no, None);
    // The same number written otherwise is another text.
    for (name, raw) in [("tip_amount", "30"), ("tip_amount", "30.00"), ("unknown_number", "10000000")] {
        let other = request(Method::PayOrder, &[&changes[..], &[(name, raw)]].concat());
        assert_eq!(outcome(&signed_as(&other, text)), WRONG, "{name} {raw}");
    }
    // A number and its text are alike.
    let other = request(Method::PayOrder, &[&changes[..], &[("tip_amount", "\"30.0\"")]].concat());
    assert_eq!(outcome(&signed_as(&other, text)), "ok");
}

#[test]
fn known_variants_fit_and_no_others() {
    let changes = [
        ("tip_amount", "0"),
        ("on_screen_signature", "false"),
        ("attach", "\"@home\""),
        ("store_no", "\"\""),
    ];
    use sign::Nested::Source;
    let check = |keep: &dyn Fn(&str) -> bool, expected| {
        let body = signed_with(&changes, keep);
        assert_eq!(variant(&body), (expected, Source));
        assert_eq!(outcome(&body), "ok");
    };
    let at = |value: &str| value.starts_with('@');
    let falsy = |value: &str| value == "0" || value == "false";
    check(&|value| !value.is_empty(), sign::Variant::Documented);
    check(&|_| true, sign::Variant::WithEmpties);
    check(&|value| !value.is_empty() && !at(value), sign::Variant::WithoutAt);
    check(&|value| !value.is_empty() && !falsy(value), sign::Variant::WithoutFalsy);
    check(&|value| !value.is_empty() && !at(value) && !falsy(value), sign::Variant::WithoutAtAndFalsy);
    for other in ["USD", "1", "144.34", "RSA2", "1709106082819"] {
        let body = signed_with(&changes, |value| !value.is_empty() && value != other);
        assert_eq!(outcome(&body), WRONG, "{other}");
    }
    // `0.0`, `-0` and `False` are no zero and no false here.
    for raw in ["0.0", "\"False\""] {
        let changes = [("unknown", raw)];
        let body = signed_with(&changes, |value| !matches!(value, "" | "0.0" | "False"));
        assert_eq!(outcome(&body), WRONG, "{raw}");
    }
}

/// What a variant drops, anybody could have added: it counts as absent.
#[test]
fn what_is_not_signed_is_not_read() {
    let order = |changes: &[Raw<'_>], keep: &dyn Fn(&str) -> bool| {
        let Call::Order(order) = understand(&signed_with(changes, keep)).unwrap().call else {
            panic!("no order")
        };
        order
    };
    let without_at = |value: &str| !value.is_empty() && !value.starts_with('@');
    let changes = [("attach", "\"@x\""), ("orig_merchant_order_no", "\"@1\""), ("store_no", "\"@s\"")];
    let read = order(&changes, &without_at);
    assert_eq!((read.attach, read.orig_merchant_order_no, read.store_no), (None, None, None));
    let signed = order(&changes, &not_empty);
    assert_eq!(signed.attach.as_deref(), Some("@x"));
    assert_eq!(signed.orig_merchant_order_no.as_deref(), Some("@1"));
    let without_falsy = |value: &str| !matches!(value, "" | "0" | "false");
    let changes = [("on_screen_signature", "false"), ("receipt_print_mode", "0"), ("attach", "\"0\"")];
    let read = order(&changes, &without_falsy);
    assert!(!read.on_screen_signature);
    assert_eq!(read.attach, None);
    // What is required must be signed.
    let fields = request(Method::PayOrder, &[("merchant_order_no", "\"@1\"")]);
    let body = signed_as(&fields, &second_text(&fields, without_at));
    assert_eq!(outcome(&body), "[TG001]merchant_order_no is not covered by the signature");
    let fields = request(Method::TipAdjustment, &[("tip_adjustment_amount", "0")]);
    let body = signed_as(&fields, &second_text(&fields, without_falsy));
    assert_eq!(outcome(&body), "[TG001]tip_adjustment_amount is not covered by the signature");
}

#[test]
fn nested_values_are_their_source_or_compact() {
    let source = r#"[ "WPYB001, 1" , {"a" : 1.50,"\u0062":"\" ]"} ]"#;
    let compact = r#"["WPYB001, 1",{"a":1.50,"\u0062":"\" ]"}]"#;
    assert_eq!(sign::compact(source), compact);
    let fields = request(Method::PayOrder, &[("terminal_sn_list", source)]);
    let text = |nested: &str| {
        let fields = request(Method::PayOrder, &[("terminal_sn_list", nested)]);
        second_text(&fields, not_empty)
    };
    use sign::Variant::Documented;
    assert_eq!(variant(&signed_as(&fields, &text(source))), (Documented, sign::Nested::Source));
    assert_eq!(variant(&signed_as(&fields, &text(compact))), (Documented, sign::Nested::Compact));
    let sorted = r#"["WPYB001, 1",{"a":1.5,"b":"\" ]"}]"#;
    assert_eq!(outcome(&signed_as(&fields, &text(sorted))), WRONG);
    // As JSON text in a string there is one way only.
    let quoted = format!("{compact:?}");
    let fields = request(Method::PayOrder, &[("terminal_sn_list", &quoted)]);
    assert_eq!(variant(&signed_as(&fields, &text(compact))), (Documented, sign::Nested::Source));
    assert_eq!(outcome(&signed_as(&fields, &text(source))), WRONG);
    // A field that should be text.
    let fields = request(Method::PayOrder, &[("description", r#"{"a":1}"#)]);
    let body = signed_as(&fields, &second_text(&fields, not_empty));
    assert_eq!(outcome(&body), "[TG002]description must not be an object or a list");
}

#[test]
fn forms_are_decoded_before_they_are_verified() {
    let changes = [("description", "\"100% é & x=1+1 中\""), ("tip_amount", "30.0")];
    let fields = request(Method::PayOrder, &changes);
    let text = second_text(&fields, not_empty);
    let body = form(&fields, &text);
    assert!(body.contains("100%25%20%C3%A9%20%26%20x%3D1%2B1"));
    let Call::Order(order) = understand(&body).unwrap().call else { panic!("no order") };
    assert_eq!(order.description, "100% é & x=1+1 中");
    assert_eq!(order.tip_minor, 3_000);
    assert_eq!(outcome(&body.replace("%20", "+")), "ok");
    assert_eq!(outcome(&format!("\r\n{body}\n")), "ok");
    // A % that starts no escape stands for itself.
    assert_eq!(outcome(&body.replace("100%25%20", "100%%20")), "ok");
    // A + that is not encoded is a space.
    assert_eq!(outcome(&body.replace("%2B1%20", "+1%20")), WRONG);
    assert_eq!(outcome(&body.replace("%C3%A9", "%FF")), "[TG004]the form is not UTF-8");
    // One field more, empty or not.
    assert_eq!(outcome(&format!("{body}&store_no=")), "ok");
    assert_eq!(outcome(&format!("{body}&store_no=1")), WRONG);
}

#[test]
fn doubles_are_refused_in_both() {
    let fields = request(Method::PayOrder, &[]);
    let text = second_text(&fields, not_empty);
    let json = signed_as(&fields, &text);
    for more in [
        r#""order_amount":144.34}"#,
        r#""order_amount":1}"#,
        r#""order\u005famount":1}"#,
        r#""sign":""}"#,
        r#""\u0073ign":"x"}"#,
    ] {
        let body = json.replace('}', &[",", more].concat());
        assert!(outcome(&body).ends_with("is sent twice"), "{body}");
        assert!(outcome(&body).starts_with("[TG004]"), "{body}");
    }
    let form = form(&fields, &text);
    for more in ["&order_amount=144.34", "&order%5Famount=1", "&%73ign=", "&sign"] {
        let said = outcome(&[&form, more].concat());
        assert!(said.ends_with("is sent twice") && said.starts_with("[TG004]"), "{more}: {said}");
    }
}

#[test]
fn what_is_neither_is_said() {
    for (body, said) in [
        ("", "[TG001]app_id is missing or empty"),
        ("[]", "[TG001]app_id is missing or empty"),
        ("{", "[TG004]the body is not a JSON object"),
        ("{}{}", "[TG004]the body is not a JSON object"),
        (r#"{"app_id":null}"#, "[TG001]app_id is missing or empty"),
        (r#"{"app_id":{}}"#, "[TG002]app_id must not be an object or a list"),
        (r#"{"app_id":"wz6012822ca2f1as78"}"#, "[TG001]sign_type is missing or empty"),
        (r#"{"app_id":"wz6012822ca2f1as78","sign_type":"RSA2"}"#, WRONG),
        (r#"{"app_id":"wz6012822ca2f1as78","sign_type":"RSA2","sign":"="}"#, WRONG),
        (r#"{"app_id":"another","sign_type":"RSA2","sign":"AAAA"}"#, WRONG),
    ] {
        assert_eq!(outcome(body), said, "{body}");
    }
    assert!(room::read_body(Route::Entry, b"\xff{").is_err());
    let many: Vec<String> = (0..200).map(|n| format!("f{n}=1")).collect();
    assert_eq!(outcome(&many.join("&")), "[TG004]the form has too many fields");
}

/// The text has one reading: borders moved between values never pass, honest values do.
#[test]
fn borders_cannot_be_moved() {
    let ambiguous = "[SYS002]The signed text can be read as other fields; see & in values";
    let moved = |changes: &[Raw<'_>], as_if: &[Raw<'_>]| {
        let fields = request(Method::PayOrder, as_if);
        signed_as(&request(Method::PayOrder, changes), &second_text(&fields, not_empty))
    };
    // One text, two requests: at most one is accepted.
    let both: [[&[Raw<'_>]; 2]; 4] = [
        [&[("attach", r#""x&cashback_amount=5""#)], &[("attach", r#""x""#), ("cashback_amount", "5")]],
        [&[("description", r#""x&expires=300""#), ("expires", "")], &[("description", r#""x""#)]],
        [
            &[("notify_url", r#""https://a.example/?x=1&order_amount=144.34""#), ("order_amount", "")],
            &[("notify_url", r#""https://a.example/?x=1""#)],
        ],
        [&[("price_currency", r#""USD&sign_type=RSA2""#), ("sign_type", "")], &[]],
    ];
    for [joined, apart] in both {
        let forged = moved(joined, apart);
        assert_ne!(outcome(&forged), "ok", "{forged}");
    }
    for doubtful in [
        ("attach", r#""x&cashback_amount=5""#),
        ("attach", r#""x&b=2""#),
        ("description", r#""tea&tip_amount=5""#),
        ("attach", r#""x&merchant_order_no=A&trans_status=2&u=""#),
    ] {
        assert_eq!(outcome(&signed_with(&[doubtful], not_empty)), ambiguous, "{doubtful:?}");
    }
    for honest in [
        ("attach", r#""a=1&b=2&zz=3""#),
        ("attach", r#""{\"a\":\"x & y\"}""#),
        ("attach", r#""salt&pepper""#),
        ("description", r#""tea & milk""#),
        ("description", r#""R&D=1""#),
        ("description", r#""a&description=b""#),
        ("notify_url", r#""https://a.example/cb?a=1&z=2&b=3""#),
        ("terminal_sn_list", r#""[\"a&timestamp=1&version=2\"]""#),
        ("zzz", r#""1""#),
        ("operator_id", r#""5""#),
    ] {
        assert_eq!(outcome(&signed_with(&[honest], not_empty)), "ok", "{honest:?}");
    }
    assert_eq!(sign::parse(""), Some(vec![]));
    assert_eq!(sign::parse("no border"), None);
}

#[test]
fn signatures_are_read_in_both_alphabets() {
    let fields = request(Method::OrderQuery, &[]);
    let body = signed_as(&fields, &second_text(&fields, not_empty));
    let key = |body: &str| opened(body, &app()).unwrap().replay_key().unwrap().clone();
    let (before, sign) = body.split_once(r#""sign":"#).unwrap();
    let url = sign.replace('+', "-").replace('/', "_");
    for other in [url.clone(), url.replace('=', ""), sign.replace('=', ""), sign.replace('/', "\\/")] {
        let other = [before, "\n\"sign\": ", &other].concat();
        assert_eq!(outcome(&other), "ok");
        assert_eq!(key(&other), key(&body));
    }
    for (text, bytes) in
        [("_-8", [255, 239]), ("__8=", [255, 255]), ("//8", [255, 255]), ("++8=", [251, 239])]
    {
        assert_eq!(sign::read_signature(text).unwrap(), bytes, "{text}");
    }
    // Two alphabets in one, white space, bits that mean nothing.
    for text in ["_+8=", "__ 8", "__9="] {
        assert_eq!(sign::read_signature(text), None, "{text}");
    }
    let key = key(&body);
    assert_eq!((key.app_id.as_str(), &*key.route, key.sign.len()), (APP_ID, "order.query", 64));
    for wrong in ["", "AAAA", &sign.trim_matches(['"', '}'])[..340], "ä"] {
        assert_eq!(outcome(&format!("{before}\"sign\":{wrong:?}}}")), WRONG, "{wrong}");
    }
}

#[test]
fn old_keys_are_tried_and_others_not() {
    let mut app = app();
    let body = body(Method::OrderQuery, &[]);
    app.access = Access::Rsa2(vec![GATEWAY_KEY.public().clone(), APP_KEY.public().clone()]);
    assert_eq!(opened(&body, &app).unwrap().verified().key_index, 1);
    app.access = Access::Rsa2(vec![GATEWAY_KEY.public().clone()]);
    assert_eq!(opened(&body, &app).unwrap_err().msg(), WRONG);
    app.access = Access::Rsa2(vec![]);
    assert_eq!(opened(&body, &app).unwrap_err().msg(), WRONG);
    app = super::app();
    app.enabled = false;
    assert_eq!(opened(&body, &app).unwrap_err().msg(), WRONG);
    let received = room::read_body(Route::Entry, body.as_bytes()).unwrap();
    assert_eq!((received.app_id(), received.method()), (APP_ID, Some(Method::OrderQuery)));
    assert!(!format!("{received:?}").contains("1686732708342"));
    assert_eq!(received.open(None, None, NOW).unwrap_err().msg(), WRONG);
}
