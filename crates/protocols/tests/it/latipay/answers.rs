//! Answers as they go over the wire, checked as a client checks them.

use tillgate_core::{CloseReason, FailReason, Refusal, Term};
use tillgate_protocols::latipay::codes;

use super::*;

#[test]
fn a_transaction() {
    let url = "https://pay.example/v2/merchanthosted/gatewaydata";
    let answer = room::transaction_answer(&profile(), url, "7d5a88");
    assert_eq!(
        answer,
        r#"{"code":0,"message":"SUCCESS","messageCN":"操作成功","host_url":"https://pay.example/v2/merchanthosted/gatewaydata","nonce":"7d5a88","signature":"2d3f4e"}"#
            .replace("2d3f4e", &room::sign::hmac_hex(&key(), &format!("7d5a88{url}")))
    );
    let hosted = client::check_transaction_answer(&answer, &key()).unwrap();
    assert_eq!((hosted.host_url.as_str(), hosted.nonce.as_str()), (url, "7d5a88"));
    let other = answer.replace("7d5a88", "7d5a89");
    assert_eq!(client::check_transaction_answer(&other, &key()), Err(client::ClientError::Signature));
}

#[test]
fn a_query() {
    let answer = room::query_answer(&profile(), &order(Flow::MerchantPresented, paid()));
    assert_eq!(
        answer,
        r#"{"code":0,"message":"SUCCESS","messageCN":"操作成功","merchant_reference":"dsi39ej430sks03","currency":"NZD","amount":"120.00","payment_method":"alipay","status":"paid","pay_time":"2017-07-07 10:55:00","order_id":"2018071000000033","transaction_id":"2018071000000033","amount_cny":"557.39","rate":"4.64490","signature":"840151e0dc39496e22b410b83058b4ddd633b786936c505ae978fae029a1e0f1"}"#
    );
    let fields = client::check_query_answer(&answer, &key()).unwrap();
    assert_eq!(fields.get("status"), Some("paid"));
    assert!(client::check_query_answer(&answer.replace("120.00", "12.00"), &key()).is_err());
}

#[test]
fn states_and_their_times() {
    let check = |state: OrderState, word: &str, time: &str| {
        let answer = room::query_answer(&profile(), &order(Flow::HostedPage, state));
        let fields = client::check_query_answer(&answer, &key()).unwrap();
        assert_eq!((fields.get("status"), fields.get("pay_time")), (Some(word), Some(time)));
        assert_eq!(fields.get("order_id"), Some("S2018071000000033"));
    };
    let at = NOW.plus_s(70);
    check(OrderState::Pending, "pending", "2017-07-07 10:53:50");
    check(OrderState::Closing(CloseReason::Cancelled), "pending", "2017-07-07 10:53:50");
    check(paid(), "paid", "2017-07-07 10:55:00");
    check(OrderState::Failed { at, reason: FailReason::Expired }, "failed", "2017-07-07 10:55:00");
    check(OrderState::Cancelled { at }, "canceled", "2017-07-07 10:55:00");
}

#[test]
fn amounts_as_numbers_keep_all_digits() {
    let profile = with_settings(|settings| settings.amount_as_number = true);
    let answer = room::query_answer(&profile, &order(Flow::MerchantPresented, paid()));
    assert!(answer.contains(r#""amount":120.00,"#) && answer.contains(r#""amount_cny":557.39,"#), "{answer}");
    assert!(client::check_query_answer(&answer, &key()).is_ok());
    let data =
        room::gatewaydata_answer(&profile, &order(Flow::MerchantPresented, paid()), "n", "weixin://x", b"");
    assert!(data.contains(r#""amount":120.00,"amount_cny":557.39,"currency":"NZD""#), "{data}");
    assert!(client::check_gatewaydata_answer(&data, &key()).is_ok());
}

#[test]
fn gatewaydata_in_the_documents_order() {
    let order = order(Flow::MerchantPresented, OrderState::Pending);
    let answer = room::gatewaydata_answer(
        &profile(),
        &order,
        "9cbd66",
        "weixin://wxpay/bizpayurl?pr=h&a=1",
        b"\x89PNG",
    );
    let data = client::check_gatewaydata_answer(&answer, &key()).unwrap();
    let names: Vec<&str> = data.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names.join(" "),
        "order_id nonce payment_method amount amount_cny currency product_name organisation_id organisation_name \
         user_id user_name wallet_id wallet_name qr_code qr_code_url currency_rate merchant_reference signature"
    );
    for part in [
        r#"{"code":0,"message":"SUCCESS","messageCN":"操作成功","data":{"order_id":"2018071000000033","nonce":"9cbd66","#,
        r#""organisation_id":7,"organisation_name":"Shops & Co","#,
        r#""wallet_name":"test account","qr_code":"data:image/png;base64,iVBORw==","#,
        r#""amount":"120.00","amount_cny":"557.39","#,
    ] {
        assert!(answer.contains(part), "{part} in {answer}");
    }
    assert!(client::check_gatewaydata_answer(&answer.replace("120.00", "12.00"), &key()).is_err());
}

#[test]
fn the_small_ones() {
    let bar = order(Flow::CustomerPresented, OrderState::Pending);
    let ok = r#""code":0,"message":"SUCCESS","messageCN":"操作成功""#;
    assert_eq!(
        room::barcode_answer(&bar),
        format!(r#"{{{ok},"order_id":"2018071000000033","merchant_reference":"dsi39ej430sks03"}}"#)
    );
    let fields = [("service", "create_forex_trade_wap"), ("_input_charset", "UTF-8"), ("app_pay", "Y")];
    let fields: Vec<(String, String)> =
        fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    assert_eq!(
        room::mini_answer(&profile(), &order(Flow::MiniApp, OrderState::Pending), &fields),
        format!(
            r#"{{{ok},"gatewaydata":{{"service":"create_forex_trade_wap","_input_charset":"UTF-8","app_pay":"Y"}},"paydata":{{"orderId":"S2018071000000033","customerOrderId":"dsi39ej430sks03"}}}}"#
        )
    );
    assert_eq!(
        room::detail_answer(&account("W", "NZD", &["wechat", "alipay", "unionpay", "other"])),
        format!(r#"{{{ok},"payment_method":"Wechat,Alipay,Upi_upop"}}"#)
    );
    assert_eq!(room::ok_answer(), format!("{{{ok}}}"));
    assert_eq!(room::fault_answer(), r#"{"code":1,"message":"FAIL","messageCN":"操作失败"}"#);
    assert!(room::unresolved_answer().starts_with(r#"{"code":1,"message":"FAIL: merchant_reference "#));
    let declined = room::refund_declined_answer("the \"wallet\" says no");
    assert!(
        declined.starts_with(r#"{"code":556,"message":"create refund fail: order_id was declined: the \"w"#)
    );
    let unknown = room::reject_answer(&room::unknown_user("U1\u{7}"));
    assert!(
        unknown.starts_with(r#"{"code":110,"message":"User not exist: user_id \"U1\\u{7}\" is unknown","#)
    );
    assert!(room::reject_answer(&room::unknown_nonce()).starts_with(r#"{"code":201,"#));
    let yen = {
        let mut order = order(Flow::HostedPage, paid());
        order.terms.amount = Money::new(120, currency("JPY"));
        order.choices = vec![Method::new("unionpay")];
        order
    };
    assert!(room::query_answer(&profile(), &yen).contains(r#""amount":"120","payment_method":"upi_upop""#));
}

#[test]
fn refusals_have_their_codes() {
    let check = |route: Route, refusal: Refusal, expected: &str| {
        let reject = codes::refusal(route, &refusal);
        assert_eq!(format!("{} {}", reject.code, reject.field.as_deref().unwrap()), expected);
        let answer = room::refusal_answer(route, &refusal);
        assert!(answer.starts_with(&format!(r#"{{"code":{},"#, reject.code)), "{answer}");
        assert!(answer.contains(reject.field.as_deref().unwrap()));
        assert!(codes::of(route).contains(&reject.code), "{route:?} {}", reject.code);
    };
    check(Route::Query, Refusal::OrderNotFound, "201 merchant_reference");
    check(Route::Cancel, Refusal::OrderNotFound, "201 merchant_reference");
    check(Route::Gatewaydata, Refusal::OrderNotFound, "201 nonce");
    check(Route::Gatewaydata, Refusal::AlreadyPaid, "900 nonce");
    check(Route::Refund, Refusal::OrderNotFound, "551 order_id");
    check(Route::Refund, Refusal::NotPaid, "558 order_id");
    check(Route::Refund, Refusal::RefundRepeated(tillgate_core::RefundNo(1)), "562 reference");
    check(Route::Refund, Refusal::RefundAboveOrder, "550 refund_amount");
    check(Route::Refund, Refusal::RefundAboveRest, "559 refund_amount");
    check(Route::Cancel, Refusal::AlreadyPaid, "900 merchant_reference");
    check(Route::Cancel, Refusal::AlreadyFailed(FailReason::Expired), "901 merchant_reference");
    check(Route::Cancel, Refusal::AlreadyCancelled, "901 merchant_reference");
    check(Route::Transaction, Refusal::ReferenceEnded("paid"), "207 merchant_reference");
    for (term, field) in [
        (Term::Account, "wallet_id"),
        (Term::Method, "payment_method"),
        (Term::Flow, "host_type"),
        (Term::Amount, "amount"),
        (Term::Description, "product_name"),
        (Term::NotifyUrl, "callback_url"),
        (Term::ReturnUrl, "return_url"),
        (Term::PayerIp, "ip"),
    ] {
        check(Route::Transaction, Refusal::ReferenceReused(term), &format!("207 {field}"));
    }
    check(Route::Barcode, Refusal::ReferenceReused(Term::PayerCode), "207 pay_code");
    check(Route::Barcode, Refusal::ReferenceReused(Term::Method), "207 pay_code");
}

#[test]
fn messages_begin_with_the_vendors_words() {
    for (code, words) in [
        (0, "SUCCESS"),
        (1, "FAIL"),
        (3, "data error"),
        (110, "User not exist"),
        (201, "order not exist"),
        (204, "some fields are null"),
        (206, "Signature from Merchant request is wrong"),
        (207, "param wrong"),
        (300, "gateway not exist"),
        (301, "wrong account or currency"),
        (302, "paycompany not exist"),
        (303, "wrong pay type"),
        (304, "wallet does not support this method"),
        (305, "no margin plan"),
        (450, "wallet not assigned to user"),
        (454, "exceeds the single payment limit"),
        (550, "refund parameters wrong"),
        (551, "refund's order not exist"),
        (556, "create refund fail"),
        (558, "refund order not exist"),
        (559, "insufficient amount in wallet"),
        (562, "refund request has been done"),
        (900, "transaction has been successfully completed"),
        (901, "transaction has been failed"),
    ] {
        assert_eq!(codes::find(code).message, words);
    }
    let unpaid = codes::refusal(Route::Refund, &Refusal::NotPaid);
    assert_eq!(unpaid.message, "refund order not exist: order_id belongs to an order that was never paid");
}

#[test]
fn every_code_has_one_row_and_two_texts() {
    for row in codes::CODES {
        assert_eq!(codes::CODES.iter().filter(|other| other.code == row.code).count(), 1);
        assert!(!row.message.is_empty() && !row.message_cn.is_ascii());
        let used = Route::ALL.iter().any(|route| codes::of(*route).contains(&row.code));
        assert!(used, "{} is listed for no route", row.code);
    }
    for route in Route::ALL {
        for code in codes::of(route) {
            assert_eq!(codes::find(*code).code, *code);
        }
    }
}
