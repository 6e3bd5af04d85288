//! What terminals ask, and frames that are none.

use super::*;

#[test]
fn a_terminal_says_who_it_is() {
    let biz = json!({ "terminal_sn": "WPYB002248000865", "secret": "s3cr3t-of-the-terminal", "software": "Register\n2.1" });
    let read = ecrhub::read(&asks("ecrhub.init", biz)).unwrap();
    assert!(!format!("{read:?}").contains("s3cr3t"), "{read:?}");
    let FromTerminal::Init { request_id, terminal_sn, secret, software } = read else { panic!("{read:?}") };
    assert_eq!((request_id.as_str(), terminal_sn.as_str()), ("r-1", "WPYB002248000865"));
    assert_eq!((secret.as_str(), software.as_str()), ("s3cr3t-of-the-terminal", "Register 2.1"));
}

#[test]
fn a_terminal_is_there_and_scans() {
    let read = ecrhub::read(r#"{"topic":"ecrhub.heartbeat","request_id":"7"}"#).unwrap();
    assert!(matches!(read, FromTerminal::Heartbeat { request_id } if request_id == "7"));
    let biz = json!({ "trade_no": "T50", "payer_code": "287634438256643941" });
    let read = ecrhub::read(&asks("ecrhub.pay.scan", biz)).unwrap();
    assert!(!format!("{read:?}").contains("2876"), "{read:?}");
    let FromTerminal::Scan { request_id, trade_no, payer_code } = read else { panic!("{read:?}") };
    assert_eq!((&*request_id, &*trade_no, payer_code.as_str()), ("r-1", "T50", "287634438256643941"));
}

/// Requests that only the gateway sends are unknown from a terminal; answers to what it never asks are dropped.
#[test]
fn the_wrong_way_round() {
    for word in ["ecrhub.pay.order", "ecrhub.pay.result", "ecrhub.pay.close", "ecrhub.pay.refund", "x"] {
        let read = ecrhub::read(&asks(word, json!([1, { "a": 1 }]))).unwrap();
        let FromTerminal::UnknownTopic { request_id, topic } = read else { panic!("{read:?}") };
        assert_eq!((request_id.as_str(), topic.as_str()), ("r-1", word));
        let back: Value = serde_json::from_str(&unknown_topic(&topic, &request_id)).unwrap();
        assert_eq!(back["response_code"], "202");
    }
    for word in ["ecrhub.init", "ecrhub.heartbeat", "ecrhub.pay.scan", "x"] {
        let read = ecrhub::read(&answers(word, "000", json!({}))).unwrap();
        assert!(matches!(&read, FromTerminal::Stray { topic } if topic == word), "{read:?}");
    }
}

#[test]
fn a_request_with_a_wrong_field_is_answered() {
    let (long, tabbed) = ("9".repeat(513), "1\t2");
    for (biz, message) in [
        (json!({ "payer_code": "28" }), "trade_no is missing or empty"),
        (json!({ "trade_no": "", "payer_code": "28" }), "trade_no is missing or empty"),
        (json!({ "trade_no": "T50", "payer_code": null }), "payer_code is missing or empty"),
        (json!({ "trade_no": "T50", "payer_code": 28 }), "payer_code must be text"),
        (json!({ "trade_no": "T50", "payer_code": long }), "payer_code is too long"),
        (json!({ "trade_no": "T50", "payer_code": tabbed }), "payer_code must not have control characters"),
        (json!({ "trade_no": "T 50", "payer_code": "1" }), "trade_no must be printable ASCII without blanks"),
        (json!("x"), "biz_data is not a JSON object"),
        (json!([]), "biz_data is not a JSON object"),
    ] {
        let error = ecrhub::read(&asks("ecrhub.pay.scan", biz)).unwrap_err();
        assert_eq!(error.to_string(), message);
        let answer: Value = serde_json::from_str(&error.answer().unwrap()).unwrap();
        let expected = json!({ "topic": "ecrhub.pay.scan", "request_id": "r-1", "response_code": "202",
            "response_msg": message, "biz_data": {} });
        assert_eq!(answer, expected);
    }
    // Who does not say properly who he is is nobody.
    for biz in
        [json!({}), json!({ "terminal_sn": "W", "secret": 5 }), json!({ "terminal_sn": "ü", "secret": "s" })]
    {
        let error = ecrhub::read(&asks("ecrhub.init", biz)).unwrap_err();
        assert_eq!((error.answer(), error.close_code()), (None, CloseCode::NotKnown), "{error:?}");
    }
}

#[test]
fn what_is_no_message_closes_the_connection() {
    let nested = format!("{{\"topic\":\"x\",\"request_id\":\"1\",\"biz_data\":{}", "[".repeat(60_000));
    let many: Vec<String> = (0..200).map(|n| format!("\"f{n}\":{n}")).collect();
    for text in [
        "",
        "\u{0}\u{1}\u{fffd}PNG",
        "[]",
        "null",
        "{}",
        "{\"topic\":\"ecrhub.heartbeat\"}",
        "{\"topic\":7,\"request_id\":\"1\"}",
        "{\"topic\":\"ecrhub.heartbeat\",\"request_id\":1}",
        "{\"topic\":\"ecrhub.heartbeat\",\"request_id\":\"a b\"}",
        "{\"topic\":\"ecrhub.heartbeat\",\"request_id\":\"1\",\"request_id\":\"2\"}",
        "{\"topic\":\"ecrhub.heartbeat\",\"request_id\":\"1\",\"request_i\\u0064\":\"2\"}",
        "{\"topic\":\"ecrhub.heartbeat\",\"request_id\":\"1\"}{}",
        "{\"topic\":\"ecrhub.pay.order\",\"request_id\":\"1\",\"response_code\":\"ok\"}",
        "{\"topic\":\"ecrhub.pay.order\",\"request_id\":\"1\",\"response_code\":\"0000\"}",
        "{\"topic\":\"ecrhub.pay.order\",\"request_id\":\"1\",\"response_code\":-1}",
        "{\"topic\":\"ecrhub.pay.order\",\"request_id\":\"1\",\"response_code\":1.0}",
        "{\"topic\":\"ecrhub.pay.order\",\"request_id\":\"1\",\"response_code\":true}",
        "{\"topic\":\"ecrhub.pay.order\",\"request_id\":\"1\",\"response_code\":\"000\",\"biz_data\":\"{}\"}",
        "{\"topic\":\"ecrhub.pay.order\",\"request_id\":\"1\",\"response_code\":\"000\",\"biz_data\":{\"a\":1,\"a\":2}}",
        &format!("{{\"topic\":\"{}\",\"request_id\":\"1\"}}", "t".repeat(65)),
        &format!("{{\"topic\":\"t\",\"request_id\":\"{}\"}}", "1".repeat(65)),
        &format!("{{\"topic\":\"t\",\"request_id\":\"1\",{}}}", many.join(",")),
        &nested,
    ] {
        let error = ecrhub::read(text).unwrap_err();
        assert_eq!((error.answer(), error.close_code()), (None, CloseCode::NotReadable), "{text}: {error:?}");
    }
    let huge = asks("ecrhub.heartbeat", json!({ "a": "x".repeat(1 << 20) }));
    let error = ecrhub::read(&huge).unwrap_err();
    assert_eq!((error.clone(), error.close_code()), (Unreadable::TooLarge, CloseCode::TooLarge));
}

#[test]
fn a_frame_may_be_as_large_as_the_limit_and_as_deep_as_it_likes() {
    let empty = asks("ecrhub.heartbeat", json!({ "a": "" })).len();
    let full = asks("ecrhub.heartbeat", json!({ "a": "x".repeat(FRAME_BYTES - empty) }));
    assert_eq!(full.len(), FRAME_BYTES);
    assert!(ecrhub::read(&full).is_ok());
    assert_eq!(ecrhub::read(&format!("{full} ")).unwrap_err(), Unreadable::TooLarge);
    let (open, shut) = ("[".repeat(30_000), "]".repeat(30_000));
    let deep = format!(
        "{{\"topic\":\"ecrhub.heartbeat\",\"request_id\":\"1\",\"biz_data\":{{\"a\":{open}{shut}}}}}"
    );
    assert!(ecrhub::read(&deep).is_ok());
}

/// Errors are logged: they must not carry what a stranger wrote.
#[test]
fn an_error_says_nothing_of_what_was_sent() {
    for text in [
        "{\"4111111111111111\":1,\"4111111111111111\":2}".to_owned(),
        asks(
            "ecrhub.init",
            json!({ "terminal_sn": "4111111111111111", "secret": 4_111_111_111_111_111_u64 }),
        ),
        asks("ecrhub.pay.scan", json!({ "trade_no": "4111 1111 1111 1111" })),
    ] {
        let error = ecrhub::read(&text).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("4111"), "{error:?}");
    }
}
