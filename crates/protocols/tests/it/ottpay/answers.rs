//! What each answer says, read by the client's half and compared field by field.

use super::*;
use tillgate_core::{CloseReason, Cost};

#[test]
fn a_passive_payment_in_every_state() {
    let p = profile();
    let amounts = "pay_amount=115 receive_amount=115 total_amount=115";
    let open = |code: &str, status: &str| {
        format!(
            "{code} | bizpay_order_id=AL2020082100000033 buyer_login_id= buyer_logon_id= exchange_rate=5.20000000 \
             order_id=TEST0000001 order_status={status} {amounts}"
        )
    };
    for (state, presentation, expected) in [
        (OrderState::Pending, Presentation::Charge, open("PROCESSING waiting for the payer", "notpay")),
        (OrderState::Pending, Presentation::None, open("PROCESSING waiting for the payer", "notpay")),
        (
            OrderState::Closing(CloseReason::Expired),
            Presentation::Charge,
            open("PROCESSING waiting for the payer", "canceling"),
        ),
        (declined(), Presentation::Charge, open("FAIL insufficient balance", "failure")),
        (expired(), Presentation::Charge, open("TIMEOUT the payer did not pay in time", "orderclosed")),
        (
            OrderState::Cancelled { at: NOW },
            Presentation::Charge,
            open("FAIL the order was closed", "orderclosed"),
        ),
    ] {
        check(&room::passive_answer(&p, &order(Action::PassivePay, "", state, presentation)), &expected);
    }
    let answer = room::passive_answer(&p, &order(Action::PassivePay, "", paid(), Presentation::Charge));
    let expected = "SUCCESS success | bizpay_order_id=AL2020082100000033 buyer_login_id=136****1234 \
         buyer_logon_id=136****1234 exchange_rate=5.20000000 order_id=TEST0000001 order_status=success \
         pay_amount=115 receive_amount=115 total_amount=115 trade_time=Aug 21, 2020 11:45:28 AM";
    check(&answer, expected);
}

#[test]
fn a_code_to_show() {
    let p = profile();
    let order = order(Action::ActivePay, "", OrderState::Pending, code());
    check(
        &room::active_answer(&p, &order),
        "SUCCESS success | bizpay_order_id=AL2020082100000033 \
         code_url=https://qr.alipay.example/bax1?a=1&b=2 order_id=TEST0000001",
    );
    let nothing = super::order(Action::ActivePay, "", OrderState::Pending, Presentation::None);
    assert_eq!(room::active_answer(&p, &nothing), room::fault_answer(Some(&p)));
}

#[test]
fn fields_for_a_mini_program() {
    let fields = [
        ("appId", "wx8888"),
        ("timeStamp", "1"),
        ("nonceStr", "n"),
        ("package", "prepay_id=w%+"),
        ("paySign", "\""),
    ];
    let app = Presentation::App(fields.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec());
    let order = order(Action::MappPay, "", OrderState::Pending, app.clone());
    let info =
        r#"{"appId":"wx8888","timeStamp":"1","nonceStr":"n","packageStr":"prepay_id=w%+","paySign":"\""}"#;
    check(
        &room::mapp_answer(&profile(), &order),
        &format!(
            "SUCCESS success | amount=100 bizpay_order_id=WX2020082100000033 merchant_id=QC00005496 order_id=M1 payInfo={info}"
        ),
    );
    assert!(read(&room::status_answer(&profile(), &order)).contains(&format!("payInfo={info} ")));
    let none = super::order(Action::MappPay, "", OrderState::Pending, Presentation::None);
    assert_eq!(room::mapp_answer(&profile(), &none), room::fault_answer(Some(&profile())));
}

#[test]
fn a_page_and_how_it_stands() {
    let p = profile();
    let order = order(Action::PrepayInit, "tip=7", OrderState::Pending, Presentation::None);
    let url = "https://pay.example/pay/abc?x=100%25+1";
    check(
        &room::prepay_init_answer(&p, &order, url),
        &format!(
            "SUCCESS success | expire_time=20200821235418 payInfo={url} payinfo={url} prepay_order_id=PRE1"
        ),
    );
    check(
        &room::prepay_query_answer(&p, &order),
        "SUCCESS success | amount=100 bizpay_order_id= create_time=20200821234418 currency_type=CAD \
         email=a@shop.example exchange_rate=5.20000000 expire_time=20200821235418 merchant_id=QC00005496 \
         operator_id=0000020156 order_id=PRE1 order_status=init prepay_order_id=PRE1 remarks=Tea rspCode=SUCCESS \
         rspMsg=success sale_num=S1 shop_id=5 status=PROCESSING tip=7",
    );
    let mut chosen = super::order(Action::PrepayInit, "-email", paid(), code());
    chosen.choices = vec![Method::new("alipay"), Method::new("unionpay")];
    check(
        &room::prepay_query_answer(&p, &chosen),
        "SUCCESS success | amount=100 biz_type=UNIONPAY bizpay_order_id=UP2020082100000033 \
         create_time=20200821234418 currency_type=CAD exchange_rate=5.20000000 expire_time=20200821235418 \
         finish_time=20200821234528 merchant_id=QC00005496 operator_id=0000020156 order_id=PRE1 \
         order_status=success prepay_order_id=PRE1 remarks=Tea rspCode=SUCCESS rspMsg=success sale_num=S1 shop_id=5 \
         status=SUCCESS tip=0",
    );
    for state in [expired(), declined(), OrderState::Cancelled { at: NOW }] {
        let order = super::order(Action::PrepayInit, "", state, code());
        assert!(read(&room::prepay_query_answer(&p, &order)).contains(" status=ORDERCLOSE "));
    }
}

#[test]
fn the_status_of_an_order() {
    let p = profile();
    let answer = |order: &Order| read(&room::status_answer(&p, order));
    let pending = order(Action::ActivePay, "", OrderState::Pending, code());
    check(
        &room::status_answer(&p, &pending),
        "SUCCESS success | bizpay_order_id=AL2020082100000033 exchange_rate=5.20000000 order_id=TEST0000001 \
         order_status=notpay payInfo=https://qr.alipay.example/bax1?a=1&b=2 refund_fee=0 return_code=SUCCESS \
         tip=15 total_amount=115",
    );
    let mut order = order(Action::ActivePay, "", paid(), code());
    check(
        &room::status_answer(&p, &order),
        "SUCCESS success | bizpay_order_id=AL2020082100000033 exchange_rate=5.20000000 order_id=TEST0000001 \
         order_status=success payInfo= refund_fee=0 return_code=SUCCESS tip=15 total_amount=115 \
         trade_time=Aug 21, 2020 11:45:28 AM",
    );
    order.funds.refunded_minor = 40;
    assert!(answer(&order).contains("order_status=partial_refunded payInfo= refund_fee=40 "));
    order.funds.refunded_minor = 115;
    assert!(answer(&order).contains("order_status=fully_refunded payInfo= refund_fee=115 "));
    for (state, presentation, status) in [
        (OrderState::Pending, Presentation::None, "init"),
        (OrderState::Pending, Presentation::Charge, "notpay"),
        (OrderState::Closing(CloseReason::Cancelled), code(), "canceling"),
        (declined(), code(), "failure"),
        (expired(), code(), "orderclosed"),
        (OrderState::Cancelled { at: NOW }, code(), "orderclosed"),
    ] {
        let order = super::order(Action::ActivePay, "", state, presentation);
        assert!(answer(&order).contains(&format!("order_status={status} payInfo= ")), "{}", answer(&order));
        assert_eq!(room::order_status(&order), status);
    }
}

#[test]
fn trade_time_is_where_the_merchant_is() {
    let mut p = profile();
    p.settings.time_zone = "Asia/Tokyo".to_owned();
    p.zone = p.settings.zone().unwrap();
    let order = order(Action::ActivePay, "", paid(), code());
    assert!(read(&room::status_answer(&p, &order)).ends_with("trade_time=Aug 22, 2020 12:45:28 AM"));
    p.settings.time_zone = "Mars/Olympus".to_owned();
    assert_eq!(p.settings.zone(), None);
}

#[test]
fn a_refund_in_every_state() {
    let p = profile();
    let mut order = order(Action::ActivePay, "", paid(), code());
    let failed = RefundState::Failed { at: NOW, reason: "no funds".to_owned() };
    let silent = RefundState::Failed { at: NOW, reason: String::new() };
    let done = RefundState::Succeeded { at: NOW.plus_s(3_600), cost_back: Cost::NOTHING };
    let part = |status: &str| {
        format!(
            "bizpay_order_id=AL2020082100000033 order_id=R1 order_status={status} ori_order_id=TEST0000001 refund_amt=40"
        )
    };
    let time = "trade_time=Aug 21, 2020 12:44:18 PM";
    let both = |order: &Order, state: &RefundState, own: &str, query: &str| {
        check(&room::refund_answer(&p, order, &refund(state.clone())), own);
        check(&room::refund_status_answer(&p, order, &refund(state.clone())), query);
    };
    let query = |status: &str| format!("SUCCESS success | {} return_code=SUCCESS", part(status));
    both(
        &order,
        &RefundState::Requested,
        &format!("PROCESSING the refund is under way | {}", part("init")),
        &query("init"),
    );
    both(&order, &failed, &format!("FAIL no funds | {}", part("failure")), &query("failure"));
    both(&order, &silent, &format!("FAIL declined | {}", part("failure")), &query("failure"));
    for (refunded_minor, status) in [(40, "partial_refunded"), (115, "fully_refunded")] {
        order.funds.refunded_minor = refunded_minor;
        both(
            &order,
            &done,
            &format!("SUCCESS success | {} {time}", part(status)),
            &format!("{} {time}", query(status)),
        );
    }
    let nameless = Refund { reference: None, ..refund(RefundState::Requested) };
    assert!(read(&room::refund_answer(&p, &order, &nameless)).contains(" order_id= "));
}

#[test]
fn a_rate() {
    let answer = room::rate_answer(&profile(), currency("CAD"), Rate::parse("6.5").unwrap());
    check(&answer, "SUCCESS success | feeType=CAD rate=650000000");
}

#[test]
fn a_fault() {
    let text = "internal error, ask with STATUS_QUERY before you try again";
    assert_eq!(room::fault_answer(None), format!(r#"{{"rsp_code":"SYSTEM_ERROR","rsp_msg":"{text}"}}"#));
    check(
        &room::fault_answer(Some(&profile())),
        &format!("SYSTEM_ERROR {text} | rsp_code=SYSTEM_ERROR rsp_msg={text}"),
    );
}

/// A success without a data object proves nothing.
#[test]
fn a_bare_success_is_not_believed() {
    let read = |body: &str| client::read_answer(body, &key());
    assert_eq!(
        read(r#"{"rsp_code":"SUCCESS","rsp_msg":"success"}"#),
        Err(client::ClientError::Missing("data"))
    );
    assert!(!read(r#"{"rsp_code":"FAIL","rsp_msg":"x"}"#).unwrap().is_success());
    assert!(read(r#"{"rsp_code":"FAIL","rsp_msg":"x","md5":"A"}"#).is_err());
    assert!(read(r#"{"rsp_msg":"x"}"#).is_err());
    assert!(read("<html>").is_err());
}

#[test]
fn a_reason_is_escaped_whatever_it_holds() {
    let reason = "50% off + \"quotes\" \\ \u{1} 余额不足";
    let state = OrderState::Failed { at: NOW, reason: FailReason::Declined(reason.to_owned()) };
    let answer =
        room::passive_answer(&profile(), &order(Action::PassivePay, "", state, Presentation::Charge));
    assert!(!answer.contains(['%', '+']), "{answer}");
    assert_eq!(client::read_answer(&answer, &key()).unwrap().rsp_msg, reason);
}
