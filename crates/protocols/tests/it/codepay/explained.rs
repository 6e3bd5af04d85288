//! What an integrator is told.

use tillgate_protocols::codepay::explain::{self, Verdict};

use super::*;

fn mistake(text: &str) -> Option<&'static str> {
    let changes = [
        ("tip_amount", "30.0"),
        ("on_screen_tip", "false"),
        ("confirm_on_terminal", "true"),
        ("store_no", "null"),
        ("attach", r#""a b""#),
    ];
    let fields = request(Method::PayOrder, &changes);
    match explain::verify(&signed_as(&fields, text), APP_KEY.public()) {
        Verdict::Fails { mistake, text, .. } => {
            assert_eq!(text, second_text(&fields, not_empty));
            mistake
        }
        Verdict::Fits(_) => panic!("fits"),
    }
}

#[test]
fn mistakes_are_named() {
    let changes = [
        ("tip_amount", "30.0"),
        ("on_screen_tip", "false"),
        ("confirm_on_terminal", "true"),
        ("store_no", "null"),
        ("attach", r#""a b""#),
    ];
    let fields = request(Method::PayOrder, &changes);
    let right = second_text(&fields, not_empty);
    let as_sent: Vec<String> = fields
        .iter()
        .map(|(name, raw)| (name, plain_text(raw)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    for (text, part) in [
        (as_sent.join("&"), "in the order they are sent"),
        (right.replace("&sign_type=RSA2", ""), "sign_type is left out"),
        (right.replace("&method=wisehub.cloud.pay.order", ""), "method is left out"),
        (right.replace(' ', "%20"), "URL-encoded"),
        (
            right
                .replace("a b", "a+b")
                .replace("CodePay Register", "CodePay+Register")
                .replace("IPhone White X2", "IPhone+White+X2"),
            "+ for a space",
        ),
        (right.replace("30.0", "30"), "zeros behind the point"),
        (right.replace("=false", "=False").replace("=true", "=True"), "True and False"),
        (right.replace("&on_screen_tip=false", "").replace("=true", "=1"), "PHP"),
        (right.replace("&terminal_sn", "&store_no=null&terminal_sn"), "the word null"),
        (right.to_uppercase(), "upper-case"),
        (right.clone() + "\n", "line break"),
        (right.replace('&', ""), "without &"),
    ] {
        let named = mistake(&text);
        assert!(named.is_some_and(|named| named.contains(part)), "{part}: {named:?}");
    }
    assert_eq!(mistake("something else"), None);
}

#[test]
fn what_fits_says_how() {
    let fields = request(Method::PayOrder, &[("tip_amount", "0")]);
    let without = second_text(&fields, |value| !value.is_empty() && value != "0");
    for (text, variant) in
        [(second_text(&fields, not_empty), sign::Variant::Documented), (without, sign::Variant::WithoutFalsy)]
    {
        let verdict = explain::verify(&signed_as(&fields, &text), APP_KEY.public());
        assert_eq!(explain::code(&verdict), Code::Success);
        let Verdict::Fits(verified) = verdict else { panic!("{verdict:?}") };
        assert_eq!((verified.variant, verified.text), (variant, text));
        assert!(!verified.variant.about().is_empty());
    }
    let fields = request(Method::PayOrder, &[("attach", r#""x&b=2""#)]);
    let verdict = explain::verify(&signed_as(&fields, &second_text(&fields, not_empty)), APP_KEY.public());
    assert_eq!(explain::code(&verdict), Code::Signature);
    assert!(matches!(verdict, Verdict::Fits(verified) if !verified.is_unambiguous));
    // Answers and callbacks, with the other key.
    let body = answer(|reply| reply.done());
    assert!(matches!(explain::verify(&body, GATEWAY_KEY.public()), Verdict::Fits(_)));
    assert!(matches!(explain::verify(&body, APP_KEY.public()), Verdict::Fails { mistake: None, .. }));
}

#[test]
fn shapes_are_named() {
    let why = |body: &str| match explain::verify(body, APP_KEY.public()) {
        Verdict::Fails { why, mistake, .. } => format!("{why} / {}", mistake.unwrap_or_default()),
        Verdict::Fits(_) => "fits".to_owned(),
    };
    assert_eq!(why("{"), "[TG004]the body is not a JSON object / ");
    assert_eq!(why("a=1"), "sign is missing / ");
    assert!(why(r#"{"a":1,"sign_type":"NONE"}"#).contains("Basic authentication"));
    assert_eq!(why(r#"{"sign":5}"#), "sign must be text / ");
    assert_eq!(why("a=1&sign=AA AA"), "sign is not base64 / ");
    assert!(why("a=1&sign=AAA+AAAA").contains("%2B"));
    assert!(why("a=1&sign=AA%252B").contains("URL-encoded twice"));
    assert_eq!(why("a=1&sign=AAAA"), "sign has 3 bytes, this key signs with 256 / ");
    let hex: String = (0..512).map(|n| char::from(b"0123456789abcdef"[n % 16])).collect();
    assert!(why(&format!("a=1&sign={hex}")).contains("hexadecimal"));
    assert_eq!(why(&format!("a=1&sign={hex}&a=2")), "[TG004]a is sent twice / ");
}

#[test]
fn a_message_is_worked_out() {
    let worked = explain::sign(r#"{"b":"2","a":1.50,"c":"","sign":"x","d":null}"#, &APP_KEY).unwrap();
    assert_eq!((worked.names.join(","), worked.text.as_str()), ("a,b".to_owned(), "a=1.50&b=2"));
    assert_eq!(worked.sign, APP_KEY.sign("a=1.50&b=2"));
    assert_eq!(explain::sign("b=2&a=1.50", &APP_KEY).unwrap(), worked);
    assert!(explain::sign(r#"{"a":1,"a":2}"#, &APP_KEY).is_err());
}
