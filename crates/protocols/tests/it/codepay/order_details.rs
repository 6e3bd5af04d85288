//! `order_detail`: as text in text, as objects, and all that is refused by name.

use tillgate_protocols::codepay::{Color, OrderDetail};
use tillgate_protocols::wire::card::Brand;

use super::*;

fn read(text: &str) -> Result<OrderDetail, String> {
    OrderDetail::read(text, currency("USD")).map_err(|reject| reject.msg())
}

fn data(data: &str) -> Result<OrderDetail, String> {
    read(&format!(r#"{{"type":"GENERAL","data":{data}}}"#))
}

/// The refusal, without `[TG002]order_detail.data.`.
fn wrong(text: &str) -> String {
    let said = data(text).unwrap_err();
    said.strip_prefix("[TG002]order_detail.data.").unwrap_or(&said).to_owned()
}

#[test]
fn objects_and_their_texts_are_the_same() {
    let as_objects = r##"{"type":"GENERAL","data":{"items":[{"code":"C1","name":"Tea","quantity":2,"unit_price":1.5,"amount":"3.00","image":"https://i.example/t.png"}],"shipping":{"allow_regions":["US","NZ","US"]},"billing":{},"payment":{"allow_options":["Card"],"disallow_options":["Amex"]},"theme":{"palette":{"primary":{"main":"#F00","contrastText":"rgb(255, 255,255)"},"text":{"primary":"#00ff7F"}}}}}"##;
    let detail = read(as_objects).unwrap();
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    let value: serde_json::Value = serde_json::from_str(as_objects).unwrap();
    let mut texts = value.clone();
    for path in [
        "/data/items",
        "/data/shipping/allow_regions",
        "/data/payment/allow_options",
        "/data/shipping",
        "/data/theme",
        "/data",
    ] {
        let inner = texts.pointer(path).unwrap().to_string();
        *texts.pointer_mut(path).unwrap() = serde_json::Value::from(inner);
        assert_eq!(read(&texts.to_string()).as_ref(), Ok(&detail), "{path}");
    }
    assert_eq!(detail.shipping.as_ref().unwrap().0, ["US", "NZ"]);
    assert!(detail.shipping.as_ref().unwrap().allow("NZ") && !detail.shipping.as_ref().unwrap().allow("DE"));
    assert!(detail.billing.as_ref().unwrap().allow("DE"));
    assert_eq!(detail.theme.main.as_ref().unwrap().as_str(), "#ff0000");
    assert_eq!(detail.theme.contrast.as_ref().unwrap().as_str(), "#ffffff");
    assert_eq!(detail.theme.text.as_ref().unwrap().as_str(), "#00ff7f");
    // And what is kept is read again.
    assert_eq!(OrderDetail::from_text(&detail.to_text()), Some(detail.clone()));
    assert!(detail.to_text().len() < as_objects.len());
    assert_eq!(OrderDetail::from_text(&OrderDetail::default().to_text()), Some(OrderDetail::default()));
    let request = |raw: &str| match call(Method::Checkout, &[("order_detail", raw)]) {
        Ok(Call::Checkout(call)) => call.order_detail,
        other => panic!("{other:?}"),
    };
    assert_eq!(request(as_objects), detail);
    assert_eq!(request(&quote(as_objects)), detail);
}

#[test]
fn names_are_any_text() {
    for name in ["<script>alert(1)</script>", "{{7*7}}", "' OR 1=1 --", "茶 & ☕", "\u{202e}abc"] {
        let item = serde_json::json!([{ "name": name }]).to_string();
        let detail = data(&format!(r#"{{"items":{item}}}"#)).unwrap();
        assert_eq!((detail.items[0].name.as_str(), detail.items[0].quantity), (name, 1));
    }
}

#[test]
fn what_is_no_order_detail() {
    let object = "[TG002]order_detail must be a JSON object with each name once";
    for text in ["x", "[]", "1", "null", "{", r#"{"type":"GENERAL","type":"GENERAL"}"#] {
        assert_eq!(read(text).unwrap_err(), object, "{text}");
    }
    assert_eq!(read("{}").unwrap_err(), "[TG001]order_detail.type is missing or empty");
    assert_eq!(read(r#"{"type":"OTHER"}"#).unwrap_err(), "[TG002]order_detail.type must be GENERAL");
    assert_eq!(read(r#"{"type":["GENERAL"]}"#).unwrap_err(), "[TG002]order_detail.type must be text");
    assert_eq!(read(r#"{"type":"GENERAL","more":1}"#).unwrap_err(), "[TG002]order_detail.more is not known");
    assert_eq!(read(r#"{"type":"GENERAL","a]b\n":1}"#).unwrap_err(), "[TG002]order_detail.a]b? is not known");
    let large = format!(r#"{{"type":"GENERAL","data":"{}"}}"#, " ".repeat(16_384));
    assert_eq!(read(&large).unwrap_err(), "[TG002]order_detail must have 16384 bytes at most");
    assert_eq!(read(&"x".repeat(1 << 20)).unwrap_err(), "[TG002]order_detail must have 16384 bytes at most");
    let deep = format!(r#"{{"type":"GENERAL","data":{}{}}}"#, "[".repeat(8_000), "]".repeat(8_000));
    assert_eq!(
        read(&deep).unwrap_err(),
        "[TG002]order_detail.data must be a JSON object with each name once"
    );
    assert_eq!(said(Method::Checkout, &[("order_detail", "\"x\"")]), object);
    assert_eq!(said(Method::Checkout, &[("order_detail", "true")]), object);
}

#[test]
fn items() {
    let item = |part: &str| data(&format!(r#"{{"items":[{{"name":"A"}},{{"name":"B",{part}}}]}}"#));
    let refused = |part: &str| item(part).unwrap_err().replace("[TG002]order_detail.data.", "");
    for (part, what) in [
        (r#""image":"javascript:alert(1)""#, "items[1].image must be an absolute http or https URL"),
        (r#""image":"data:image/png;base64,AA""#, "items[1].image must be an absolute http or https URL"),
        (r#""image":"//i.example/x""#, "items[1].image must be an absolute http or https URL"),
        (r#""image":"https://u:p@i.example/x""#, "items[1].image must not carry a user name or a password"),
        (
            r#""image":"https://i.example/\"onerror=x""#,
            "items[1].image has a character that a URL cannot have",
        ),
        (r#""quantity":0"#, "items[1].quantity must be a whole number from 1 to 999999"),
        (r#""quantity":-1"#, "items[1].quantity must be a whole number from 1 to 999999"),
        (r#""quantity":1.5"#, "items[1].quantity must be a whole number from 1 to 999999"),
        (r#""quantity":1000000"#, "items[1].quantity must be a whole number from 1 to 999999"),
        (r#""unit_price":-1"#, "items[1].unit_price must be a plain decimal number, 32 characters at most"),
        (r#""unit_price":1.005"#, "items[1].unit_price has more than USD's 2 digits after the point"),
        (r#""amount":"x""#, "items[1].amount must be a plain decimal number, 32 characters at most"),
        (r#""amount":[1]"#, "items[1].amount must be text"),
        (r#""amount":1e400"#, "items[1].amount must be a plain decimal number, 32 characters at most"),
        (r#""code":"a\u0000""#, "items[1].code must not have control characters"),
        (r#""colour":"red""#, "items[1].colour is not known"),
        (r#""name":"B""#, "items[1] must be a JSON object with each name once"),
    ] {
        assert_eq!(refused(part), what, "{part}");
    }
    for part in
        [r#""quantity":"2.0""#, r#""unit_price":0"#, r#""amount":null"#, r#""image":"""#, r#""code":7"#]
    {
        assert!(item(part).is_ok(), "{part}");
    }
    for text in [r#"{"items":[{}]}"#, r#"{"items":[{"name":" "}]}"#] {
        assert_eq!(data(text).unwrap_err(), "[TG001]order_detail.data.items[0].name is missing or empty");
    }
    let long = format!(r#"{{"items":[{{"name":"{}"}}]}}"#, "é".repeat(257));
    assert_eq!(wrong(&long), "items[0].name must have 256 characters at most");
    let many = |count| format!(r#"{{"items":[{}]}}"#, vec![r#"{"name":"A"}"#; count].join(","));
    assert_eq!(data(&many(100)).unwrap().items.len(), 100);
    assert_eq!(wrong(&many(101)), "items must be a list of at most 100 items");
    for text in [r#"{"items":{}}"#, r#"{"items":"x"}"#, r#"{"items":"[1"}"#] {
        assert_eq!(wrong(text), "items must be a list of at most 100 items", "{text}");
    }
    assert_eq!(wrong(r#"{"items":1}"#), "items must be an object or a list");
    assert_eq!(data(r#"{"items":"","shipping":null}"#).unwrap().items, []);
}

#[test]
fn regions_options_and_other_parts() {
    for (text, what) in [
        (
            r#"{"shipping":{"allow_regions":["USA"]}}"#,
            "shipping.allow_regions must be ISO 3166 alpha-2 codes: US",
        ),
        (
            r#"{"billing":{"allow_regions":"[\"us\"]"}}"#,
            "billing.allow_regions must be ISO 3166 alpha-2 codes: US",
        ),
        (
            r#"{"billing":{"allow_regions":"US"}}"#,
            "billing.allow_regions must be a list of at most 249 words",
        ),
        (r#"{"billing":{"allow_regions":[1]}}"#, "billing.allow_regions must be a list of at most 249 words"),
        (r#"{"billing":{"regions":[]}}"#, "billing.regions is not known"),
        (
            r#"{"payment":{"allow_options":["a\n"]}}"#,
            "payment.allow_options must be a list of at most 32 words",
        ),
        (r#"{"payment":{"allow":[]}}"#, "payment.allow is not known"),
        (r#"{"theme":{"mode":"dark"}}"#, "theme.mode is not known"),
        (
            r##"{"theme":{"palette":{"secondary":{"main":"#fff"}}}}"##,
            "theme.palette.secondary.main is not known",
        ),
        (r##"{"theme":{"palette":{"primary":{"dark":"#fff"}}}}"##, "theme.palette.primary.dark is not known"),
        (
            r#"{"theme":{"palette":{"primary":{"main":"red;}body{display:none"}}}}"#,
            "theme.palette.primary.main must be a colour: #rgb, #rrggbb or rgb(r,g,b)",
        ),
        (r#"{"tracking":{}}"#, "tracking is not known"),
    ] {
        assert_eq!(wrong(text), what, "{text}");
    }
    assert!(data(r#"{"shipping":{"allow_regions":[]}}"#).unwrap().shipping.unwrap().allow("DE"));
}

#[test]
fn colours() {
    for (text, read) in [
        ("#abc", "#aabbcc"),
        ("#ABCDEF", "#abcdef"),
        ("rgb(0,0,0)", "#000000"),
        ("rgb(173, 216, 230)", "#add8e6"),
        ("rgb(007,8,9)", "#070809"),
    ] {
        assert_eq!(Color::read(text).unwrap().as_str(), read);
    }
    for text in [
        "",
        "#",
        "#ab",
        "#abcd",
        "#abcdefg",
        "#ggg",
        "#ää",
        "abc",
        "red",
        "rgb(0,0)",
        "rgb(0,0,0,0)",
        "rgb(256,0,0)",
        "rgb(-1,0,0)",
        "rgb(+1,0,0)",
        "rgb(1.0,0,0)",
        "rgb(0,0,0",
        "rgba(0,0,0,1)",
        "rgb(0,0,0);x",
        "var(--x)",
        "url(x)",
        "#fff ",
    ] {
        assert_eq!(Color::read(text), None, "{text}");
    }
    assert!(OrderDetail::from_text(r#"{"theme":{"main":"url(x)"}}"#).is_none());
}

#[test]
fn options_allow_and_forbid() {
    let options = |text: &str| data(&format!(r#"{{"payment":{text}}}"#)).unwrap().payment;
    let nothing_said = options("{}");
    assert!(nothing_said.takes_cards() && nothing_said.takes_wallet("alipay"));
    assert!(options(r#"{"allow_options":[]}"#).takes_cards());
    let apple = options(r#"{"allow_options":["ApplePay","GooglePay"]}"#);
    assert!(!apple.takes_cards() && !apple.takes_wallet("wechat"));
    let no_amex = options(r#"{"allow_options":["card"],"disallow_options":["AMEX"]}"#);
    assert!(no_amex.takes_brand(Brand::Visa) && !no_amex.takes_brand(Brand::Amex) && no_amex.takes_cards());
    let only_visa = options(r#"{"allow_options":["Visa","WeChatPay"]}"#);
    assert!(only_visa.takes_brand(Brand::Visa) && !only_visa.takes_brand(Brand::MasterCard));
    assert!(only_visa.takes_wallet("wechat") && !only_visa.takes_wallet("alipay"));
    let no_cards = options(r#"{"disallow_options":["Card"]}"#);
    assert!(!no_cards.takes_cards() && no_cards.takes_wallet("alipay"));
    assert!(!options(r#"{"disallow_options":["Alipay+"]}"#).takes_wallet("alipay"));
}
