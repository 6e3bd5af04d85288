//! Answers as the vendor's clients need them: `data` is text, everything at the top is text and not empty.

use tillgate_protocols::codepay::{
    BatchView, BatchesView, CheckoutView, MerchantCheckoutView, PaymentView, Sent, Submitted, plain,
    time_text,
};

use super::*;

/// `code msg psn | data`, after the checks every answer must pass.
fn read(body: &str) -> String {
    let json: serde_json::Map<String, serde_json::Value> = serde_json::from_str(body).unwrap();
    let mut names: Vec<&str> = json.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["code", "data", "msg", "psn", "sign"]);
    for (name, value) in &json {
        assert!(value.as_str().is_some_and(|text| !text.is_empty()), "{name} in {body}");
    }
    assert_eq!(json["sign"].as_str().unwrap().len(), 344);
    let answer = client::read_answer(body.as_bytes(), GATEWAY_KEY.public()).unwrap();
    assert_eq!(answer.is_success(), answer.code == "0");
    format!("{} {} {} | {}", answer.code, answer.msg, answer.psn, json["data"].as_str().unwrap())
}

#[test]
fn the_whole_envelope() {
    let sent = Sent { trans_no: "5021000010210602000003".to_owned(), terminal: ONLINE };
    let body = answer(|reply| reply.sent(&sent));
    let data = r#"{"message_id":"M021000010210602000003","trans_no":"5021000010210602000003","terminal_online_status":"online"}"#;
    assert_eq!(
        read(&body),
        format!("0 success 02280741224008038160 | {data}").replace("4008038160", "8038160280")
    );
    let text = format!("code=0&data={data}&msg=success&psn=02280741228038160280");
    assert!(body.ends_with(&format!(r#""sign":"{}"}}"#, GATEWAY_KEY.sign(&text))));
    // As an object: the same signature, and our own reader takes it too.
    let object = Reply { key: &GATEWAY_KEY, psn: &psn(), object_data: true }.sent(&sent);
    assert!(object.contains(&format!(r#""data":{data},"#)));
    assert!(object.ends_with(&format!(r#""sign":"{}"}}"#, GATEWAY_KEY.sign(&text))));
    assert_eq!(
        client::read_answer(object.as_bytes(), GATEWAY_KEY.public()),
        client::read_answer(body.as_bytes(), GATEWAY_KEY.public())
    );
}

#[test]
fn answers_of_each_method() {
    let data = |body: &str| read(body).split_once(" | ").unwrap().1.to_owned();
    assert_eq!(data(&answer(|reply| reply.done())), "{}");
    let closed = Sent { trans_no: "5021000010210602000003".to_owned(), terminal: None };
    assert_eq!(
        data(&answer(|reply| reply.sent(&closed))),
        r#"{"message_id":"M021000010210602000003","trans_no":"5021000010210602000003"}"#
    );
    let submitted = Submitted {
        trans_no: "519018719199919".to_owned(),
        amount: money(10_000, "USD"),
        fee_minor: 0,
        vat_minor: 0,
    };
    assert_eq!(
        data(&answer(|reply| reply.submitted(&submitted))),
        r#"{"trans_no":"519018719199919","trans_amount":"100","trans_fee_c":"0","vat_amount":"0"}"#
    );
    assert_eq!(data(&answer(|reply| reply.batch(&BatchView::default()))), "{}");
    let batch = BatchView { count: Some(1), total: Some(money(10_050, "USD")) };
    assert_eq!(data(&answer(|reply| reply.batch(&batch))), r#"{"count":1,"total_amount":100.5}"#);
    assert_eq!(
        data(&answer(|reply| reply.refund(&refund_view()))),
        r#"{"merchant_order_no":"TEST_1686732708342","trans_no":"50210004102306140000003","trans_type":3,"trans_status":2,"price_currency":"JPY","order_amount":"200","trans_amount":"200","trans_fee_c":"0","vat_amount":"0","trans_end_time":"2023-06-14 08:51:51","pay_channel_trans_no":"20230614190741010007G0004187182"}"#
    );
}

/// 2025-09-10 20:07:21 UTC.
const TRANS_TIME: Timestamp = Timestamp(1_757_534_841_000);

pub fn payment_view() -> PaymentView {
    PaymentView {
        resp: PaymentView::approval(),
        trans_no: Some("50023000003250910000008".to_owned()),
        auth_no: Some("919070".to_owned()),
        trans_time: TRANS_TIME,
        trans_status: TransStatus::Successful,
    }
}

pub fn merchant_checkout_view() -> MerchantCheckoutView {
    MerchantCheckoutView {
        trans_no: "5021000010210602000003".to_owned(),
        trans_status: TransStatus::Processing,
        pay_channel_trans_no: Some("A17".to_owned()),
        pay_user_account_id: Some("411111****1111".to_owned()),
        trans_end_time: Some(TRANS_TIME),
        ref_no: Some("306140000003".to_owned()),
        pay_method: Some(PayMethod::Visa),
        redirect_url_3dsecure: Some("https://issuer.example/3ds?id=1".to_owned()),
    }
}

/// As the document's samples have them, in `data`'s order of fields where it is the same.
#[test]
fn answers_of_web_shops_and_paths() {
    let data = |body: &str| read(body).split_once(" | ").unwrap().1.to_owned();
    let checkout = CheckoutView { pay_url: "https://pay.example/checkout/1".to_owned() };
    let expected = r#"{"pay_url":"https://pay.example/checkout/1"}"#;
    assert_eq!(data(&answer(|reply| reply.checkout(&checkout))), expected);
    let challenged = merchant_checkout_view();
    assert_eq!(
        data(&answer(|reply| reply.merchant_checkout(&challenged))),
        r#"{"trans_no":"5021000010210602000003","trans_status":0,"pay_channel_trans_no":"A17","pay_user_account_id":"411111****1111","trans_end_time":"2025-09-10 20:07:21","ref_no":"306140000003","pay_method_id":"Visa","redirect_url_3dsecure":"https://issuer.example/3ds?id=1"}"#
    );
    let bare = MerchantCheckoutView {
        pay_channel_trans_no: None,
        pay_user_account_id: Some(String::new()),
        trans_end_time: None,
        ref_no: None,
        pay_method: None,
        redirect_url_3dsecure: None,
        ..challenged
    };
    let expected = r#"{"trans_no":"5021000010210602000003","trans_status":0}"#;
    assert_eq!(data(&answer(|reply| reply.merchant_checkout(&bare))), expected);
    let payment = payment_view();
    assert_eq!(
        data(&answer(|reply| reply.payment(&payment))),
        r#"{"resp_msg":"[000]APPROVAL","resp_code":"000","trans_no":"50023000003250910000008","auth_no":"919070","trans_time":"2025-09-10 20:07:21","trans_status":2}"#
    );
    let tip = PaymentView { resp: None, trans_no: None, auth_no: None, ..payment };
    let expected = r#"{"trans_time":"2025-09-10 20:07:21","trans_status":2}"#;
    assert_eq!(data(&answer(|reply| reply.payment(&tip))), expected);
    let batches = |total| data(&answer(|reply| reply.batches(&BatchesView { count: 1, total })));
    assert_eq!(batches(Some(money(10_000, "USD"))), r#"{"count":1,"total_amount":100}"#);
    assert_eq!(batches(None), r#"{"count":1}"#);
}

#[test]
fn a_query_has_every_field() {
    let body = answer(|reply| reply.order(&order_view()));
    let answer = client::read_answer(body.as_bytes(), GATEWAY_KEY.public()).unwrap();
    let fields: Vec<String> = answer.data.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        fields.join("\n"),
        "merchant_order_no=TEST_1686732708342\ntrans_no=50210004102306140000003\ntrans_type=1\ntrans_status=2\n\
         price_currency=USD\norder_amount=200\ntrans_amount=212.4\npaid_amount=212.4\ntip_amount=12.4\n\
         cashback_amount=0\ntrans_fee_c=0\nvat_amount=0\ndiscount_bpc=0\ndiscount_bmopc=0\n\
         trans_end_time=2023-06-14 08:51:51\nstore_no=4021000201\nterminal_sn=WPYB002248000865\n\
         pay_scenario=BSCANQR_PAY\npay_method_id=Alipay+\npay_user_account_id=411111****1111\n\
         pay_channel_trans_no=20230614190741010007G0004187182\n\
         pay_platform_trans_no=20230614198881010003B0000463071\nentry_model=2\nref_no=306140000003\n\
         auth_no=919070\nattach=table=5 \"é中\"\ntrans_error_code=110\ntrans_error_msg=operator cancelled\n\
         electron_sign_url=https://till.example/s/1?a=2"
    );
    // The status is an integer, amounts are texts.
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    let data: serde_json::Value = serde_json::from_str(json["data"].as_str().unwrap()).unwrap();
    assert!(data["trans_status"].is_i64() && data["trans_type"].is_i64() && data["order_amount"].is_string());
    let mut bare = order_view();
    (bare.tip_minor, bare.cashback_minor, bare.paid_minor) = (None, None, None);
    (bare.trans_end_time, bare.attach, bare.trans_error) = (None, Some(String::new()), None);
    let body = super::answer(|reply| reply.order(&bare));
    let answer = client::read_answer(body.as_bytes(), GATEWAY_KEY.public()).unwrap();
    for name in
        ["tip_amount", "cashback_amount", "paid_amount", "trans_end_time", "attach", "trans_error_code"]
    {
        assert_eq!(answer.data.get(name), None, "{name}");
    }
    assert_eq!(answer.data.get("trans_amount"), Some("200"));
}

#[test]
fn errors_are_signed_too() {
    for code in Code::ALL.into_iter().filter(|code| *code != Code::Success) {
        let body = answer(|reply| reply.reject(&Reject::new(code)));
        let (word, message) = (code.word(), code.message());
        assert_eq!(read(&body), format!("{word} [{word}]{message} 02280741228038160280 | {{}}"));
        assert_eq!(Code::from_word(word), Some(code));
        assert!(!code.about().is_empty());
    }
    let body = answer(|reply| reply.reject(&Reject::new(Code::OrderNoInvalid)));
    assert!(body.starts_with(r#"{"code":"E04111","msg":"[E04111]Merchant order number is invalid","psn":"#));
    let own = Reject::because(Code::Refused, "the order is \"paid\" & done");
    let body = answer(|reply| reply.reject(&own));
    assert_eq!(read(&body), "TG005 [TG005]the order is \"paid\" & done 02280741228038160280 | {}");
    assert_eq!(own.to_string(), own.msg());
}

/// Nothing a stranger sends can make an answer of ours ambiguous.
#[test]
fn answers_quote_nobody() {
    let body = r#"{"app_id":"A","x&psn=1&z=\n":1,"x&psn=1&z=\n":2}"#;
    let reject = room::read_body(Route::Entry, body.as_bytes()).unwrap_err();
    assert_eq!(reject.msg(), "[TG004]x?psn?1?z?? is sent twice");
    read(&answer(|reply| reply.reject(&reject)));
    let mut view = order_view();
    view.trans_error = Some(("999".to_owned(), "no&trans_status=2".to_owned()));
    let told = room::Told::Order(&view);
    let callback = room::notification(APP_ID, MERCHANT_NO, Method::PayOrder, told, NOW, &GATEWAY_KEY);
    let fields = client::check_notification(&callback.body, GATEWAY_KEY.public()).unwrap();
    assert_eq!(fields.get("trans_error_msg"), Some("no+trans_status=2"));
}

#[test]
fn amounts_and_times() {
    for (minor, code, text) in [
        (20_000, "USD", "200"),
        (1_240, "USD", "12.4"),
        (1_234, "USD", "12.34"),
        (5, "USD", "0.05"),
        (0, "USD", "0"),
        (200, "JPY", "200"),
        (100, "JPY", "100"),
        (1_230, "KWD", "1.23"),
    ] {
        assert_eq!(plain(money(minor, code)), text);
    }
    assert_eq!(time_text(NOW), "2024-02-28 07:41:22");
    assert_eq!(Psn::new(NOW, 7).as_str(), "02280741220000000007");
    assert_eq!(Psn::new(NOW, u64::MAX).as_str(), "02280741224073709551615"[..10].to_owned() + "3709551615");
}

#[test]
fn forged_answers_are_refused() {
    let body = answer(|reply| reply.order(&order_view()));
    let check = |body: &str| client::read_answer(body.as_bytes(), GATEWAY_KEY.public());
    use client::ClientError::{Missing, Signature, Unreadable};
    assert_eq!(check(&body.replace("212.4", "212.5")), Err(Signature));
    assert_eq!(check(&body.replace("\"psn\"", "\"psm\"")), Err(Signature));
    assert_eq!(check(&body.replace("\"sign\"", "\"sigm\"")), Err(Missing("sign")));
    assert!(matches!(check(""), Err(Unreadable(_))));
    let app_signed =
        body.split_once("\"sign\"").unwrap().0.to_owned() + "\"sign\":\"" + &APP_KEY.sign("x") + "\"}";
    assert_eq!(check(&app_signed), Err(Signature));
    // Data that is no JSON, rightly signed.
    let text = "code=0&data=x&msg=success&psn=1";
    let sign = GATEWAY_KEY.sign(text);
    let bad = format!(r#"{{"code":"0","data":"x","msg":"success","psn":"1","sign":"{sign}"}}"#);
    assert!(matches!(check(&bad), Err(Unreadable(_))));
}
