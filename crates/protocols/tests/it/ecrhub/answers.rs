//! What terminals answer: codes, amounts, what a card leaves behind.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tillgate_core::{CardKind, Entry, MoneyError, Slip};
use tillgate_protocols::codepay::words::TERMINAL_CODES;

use super::*;

fn png(bytes: usize) -> String {
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture.resize(bytes, 7);
    STANDARD.encode(picture)
}

#[test]
fn a_whole_result() {
    let signature = png(SIGNATURE_BYTES);
    let result = result_of(json!({
        "trade_no": "T50", "trans_amount": "144.34", "tip_amount": "30.00", "cashback_amount": "0",
        "pay_method_id": "Visa", "card_type": 2, "card_no": "411111****1111", "auth_code": "012345",
        "ref_no": "405912345678", "entry_mode": 3, "trans_end_time": "2024-02-28 07:41:33",
        "signature": signature, "unknown": { "a": [1] },
    }));
    let usd = currency("USD");
    assert_eq!(result.minor(AmountField::Trans, usd), Ok(14_434));
    assert_eq!(result.minor(AmountField::Tip, usd), Ok(3_000));
    assert_eq!(result.minor(AmountField::Cashback, usd), Ok(0));
    let expected = Slip {
        brand: "Visa".to_owned(),
        first_six: "411111".to_owned(),
        last_four: "1111".to_owned(),
        kind: Some(CardKind::Credit),
        entry: Some(Entry::Contactless),
        auth_code: "012345".to_owned(),
        ref_no: "405912345678".to_owned(),
        refused: None,
        is_signed: true,
        ..Slip::default()
    };
    assert_eq!(result.slip, expected);
    assert_eq!(result.ended_at, Some(Timestamp(1_709_106_093_000)));
    assert_eq!(result.signature_png.as_ref().map(Vec::len), Some(SIGNATURE_BYTES));
    assert_eq!(result.faults, []);
    assert!(format!("{result:?}").len() < 1_000);
}

#[test]
fn every_code_has_its_meaning() {
    let meaning = |topic, code: &str| answer_of(&answers(topic, code, json!({}))).meaning();
    let (order, query) = ("ecrhub.pay.order", "ecrhub.pay.query");
    for code in Code::ALL {
        let word = code.word();
        let no = Meaning::NotDone { code: code.number(), message: "said".to_owned() };
        let (to_order, to_query) = match code.number() {
            0 => (Meaning::Done, Meaning::Done),
            101 => (Meaning::InProgress, Meaning::InProgress),
            107 | 108 | 109 | 113 | 201 | 999 => (Meaning::DoesNotKnow, Meaning::DoesNotKnow),
            202 => (no, Meaning::DoesNotKnow),
            _ => (no.clone(), no),
        };
        assert_eq!(meaning(order, &word), to_order, "{word} to an order");
        assert_eq!(meaning(query, &word), to_query, "{word} to a query");
        assert_eq!(meaning("ecrhub.pay.close", &word), Meaning::DoesNotKnow, "{word} to a close");
        assert_eq!(Code::from_number(code.number()), Some(code));
    }
    for unlisted in ["1", "100", "103", "116", "118", "200", "500", "998"] {
        assert_eq!(meaning(order, unlisted), Meaning::DoesNotKnow, "{unlisted}");
    }
    assert_eq!(meaning(order, "0"), Meaning::Done);
    let number = answers(order, "000", json!({})).replace("\"000\"", "101");
    assert_eq!(answer_of(&number).meaning(), Meaning::InProgress);
}

/// The two rooms have the table each, for neither may know the other.
#[test]
fn the_codes_are_those_of_the_merchants_protocol() {
    let ours: Vec<(u16, &str)> = Code::ALL.iter().map(|code| (code.number(), code.message())).collect();
    assert_eq!(ours, TERMINAL_CODES);
}

#[test]
fn a_close_and_a_query_need_no_numbers() {
    let answer = |topic, code: &str| answer_of(&answers(topic, code, json!({})));
    for (code, closing) in [
        ("000", Closing::Closed),
        ("201", Closing::TooLate),
        ("104", Closing::NeverHeardOf),
        ("101", Closing::DoesNotKnow),
        ("106", Closing::DoesNotKnow),
        ("777", Closing::DoesNotKnow),
    ] {
        assert_eq!(answer("ecrhub.pay.close", code).closing(), closing, "{code}");
        assert_eq!(answer("ecrhub.pay.order", code).closing(), Closing::DoesNotKnow, "{code}");
    }
    assert!(answer("ecrhub.pay.query", "104").never_heard_of());
    assert!(answer("ecrhub.pay.close", "104").never_heard_of());
    assert!(!answer("ecrhub.pay.order", "104").never_heard_of());
    assert!(answer("ecrhub.pay.reprint", "000").is_done());
    assert!(!answer("ecrhub.pay.batch.close", "106").is_done());
}

#[test]
fn a_no_is_the_issuers_or_the_terminals() {
    let refused = |code, biz| answer_of(&answers("ecrhub.pay.order", code, biz)).result.slip.refused;
    let said = |code: &str, words: &str| Some((code.to_owned(), words.to_owned()));
    let both = json!({ "processor_code": "51", "processor_msg": "Not sufficient\u{202e} funds" });
    assert_eq!(refused("115", both), said("51", "Not sufficient  funds"));
    assert_eq!(refused("115", json!({ "processor_code": "51" })), said("51", "said"));
    assert_eq!(refused("115", json!({ "processor_msg": "no" })), said("115", "no"));
    assert_eq!(refused("110", json!({})), said("110", "said"));
    for code in ["000", "101", "107", "113", "555"] {
        assert_eq!(refused(code, json!({})), None, "{code}");
    }
    let silent = r#"{"topic":"ecrhub.pay.order","request_id":"T50","response_code":"111"}"#;
    assert_eq!(answer_of(silent).result.slip.refused, said("111", "card timeout"));
    assert_eq!(answer_of(silent).result.trade_no, "T50");
}

#[test]
fn amounts_are_read_exactly_or_not_at_all() {
    let read = |amount: Value, code: &str| {
        result_of(json!({ "trans_amount": amount })).minor(AmountField::Trans, currency(code))
    };
    for (text, code, minor) in [
        ("144.34", "USD", 14_434),
        ("144", "USD", 14_400),
        ("0", "USD", 0),
        ("30", "JPY", 30),
        ("1.234", "KWD", 1_234),
    ] {
        assert_eq!(read(json!(text), code), Ok(minor), "{text} {code}");
    }
    for literal in [json!(144.34), json!(1), json!(true), json!({ "a": 1 })] {
        assert_eq!(read(literal.clone(), "USD"), Err(AmountError::NotText), "{literal}");
    }
    for text in [
        "-1",
        "+1",
        "1e2",
        "1.0E+7",
        "1,00",
        " 1",
        "1 ",
        "NaN",
        "١",
        "$1",
        "4111111111111111",
        "11111111111111111",
    ] {
        assert_eq!(read(json!(text), "USD"), Err(AmountError::NotText), "{text}");
    }
    for (text, code, error) in [
        ("1.", "USD", MoneyError::NotDecimal),
        (".5", "USD", MoneyError::NotDecimal),
        ("1.2.3", "USD", MoneyError::NotDecimal),
        ("1.005", "USD", MoneyError::TooPrecise),
        ("30.0", "JPY", MoneyError::TooPrecise),
        ("100000000000.01", "USD", MoneyError::TooLarge),
    ] {
        assert_eq!(read(json!(text), code), Err(AmountError::Decimal(error)), "{text} {code}");
    }
    assert_eq!(read(Value::Null, "USD"), Err(AmountError::Missing));
    let none = result_of(json!({}));
    assert_eq!(none.minor(AmountField::Tip, currency("USD")), Ok(0));
    let wrong = result_of(json!({ "trans_amount": "1", "tip_amount": 5 }));
    assert_eq!(wrong.minor(AmountField::Tip, currency("USD")), Err(AmountError::NotText));
}

/// The rest of the answer stays: that the money has moved must be known.
#[test]
fn a_wrong_field_is_left_out_and_named() {
    let jpeg = STANDARD.encode(b"\xff\xd8\xff\xe0 not a PNG");
    for (name, value) in [
        ("signature", json!(jpeg)),
        ("signature", json!("not base64!")),
        ("signature", json!(png(SIGNATURE_BYTES + 1))),
        ("signature", json!("A".repeat(40_000))),
        ("signature", json!(1)),
        ("card_no", json!("Visa 1111")),
        ("card_no", json!(4_111_111_111_111_111_u64)),
        ("card_no", json!("4".repeat(33))),
        ("card_type", json!(5)),
        ("card_type", json!("debit")),
        ("entry_mode", json!(0)),
        ("entry_mode", json!(1.0)),
        ("trans_end_time", json!("2024-02-30 00:00:00")),
        ("trans_end_time", json!("2024-02-28T07:41:33Z")),
        ("trans_end_time", json!(1_709_106_093)),
        ("auth_code", json!("1234567890123")),
        ("auth_code", json!("12\n34")),
        ("ref_no", json!("4111111111111111")),
        ("ref_no", json!("9".repeat(33))),
        ("processor_code", json!("4111111111111111")),
    ] {
        let result = result_of(json!({ "trans_amount": "1.00", name: value }));
        let named: Vec<&str> = result.faults.iter().map(|fault| fault.field).collect();
        assert_eq!(named, [name], "{value}");
        assert_eq!(result.minor(AmountField::Trans, currency("USD")), Ok(100));
        assert_eq!(
            (result.slip, result.signature_png, result.ended_at),
            (Slip::default(), None, None),
            "{value}"
        );
    }
}

#[test]
fn numbers_as_text_are_numbers() {
    let result = result_of(json!({ "card_type": "1", "entry_mode": "4" }));
    assert_eq!((result.slip.kind, result.slip.entry), (Some(CardKind::Debit), Some(Entry::Manual)));
}

#[test]
fn a_card_in_clear_is_nowhere_kept() {
    let text = json!({ "topic": "ecrhub.pay.order", "request_id": "T50", "response_code": "115",
        "response_msg": "card 4111 1111 1111 1111 refused", "biz_data": { "card_no": "4111111111111111",
        "pay_method_id": "Visa 4111111111111111", "processor_msg": "4111-1111-1111-1111", "ref_no": "4111111111111111",
        "trans_amount": "4111111111111111" } });
    let answer = answer_of(&text.to_string());
    let slip = &answer.result.slip;
    assert_eq!((slip.first_six.as_str(), slip.last_four.as_str()), ("411111", "1111"));
    assert_eq!(
        (slip.brand.as_str(), answer.message.as_str()),
        ("Visa 411111****1111", "card 411111****1111 refused")
    );
    let shown = format!("{answer:?}").replace([' ', '-'], "");
    assert!(!shown.contains("4111111111"), "{shown}");
}

/// Cutting comes after: else the cut would leave all but the last digits.
#[test]
fn a_number_at_the_end_of_a_long_text_is_cut_first() {
    let message = format!("{}4111111111111111", "x".repeat(115));
    let text = json!({ "topic": "ecrhub.pay.order", "request_id": "T50", "response_code": "106", "response_msg": message });
    let answer = answer_of(&text.to_string());
    assert!(answer.message.len() <= 128 && answer.message.ends_with("411111****111"), "{}", answer.message);
}

#[test]
fn a_result_for_another_order_is_nobodys() {
    let error = ecrhub::read(&answers("ecrhub.pay.order", "000", json!({ "trade_no": "T51" }))).unwrap_err();
    assert_eq!(error.close_code(), CloseCode::NotReadable);
    // A query has a number of its own.
    assert_eq!(
        answer_of(&answers("ecrhub.pay.query", "000", json!({ "trade_no": "T51" }))).result.trade_no,
        "T51"
    );
    assert_eq!(answer_of(&answers("ecrhub.pay.query", "000", json!({}))).result.trade_no, "");
}
