//! A signed text must mean one request. Each case is signed honestly; what is refused could be another request.

use tillgate_protocols::latipay::sign::{Form, parse_joined};

use super::*;

fn check(route: Route, edits: &str, expected: &str) {
    let result = send(route, &edited(route, edits), &profile());
    assert_eq!(verdict(&result), expected, "{edits}: {result:?}");
}

#[test]
fn values_with_ampersands() {
    let check = |edits: &str, expected: &str| check(Route::Transaction, edits, expected);
    check("product_name=tea & milk", "ok");
    check("product_name=tea&milk", "ok");
    check("product_name=tea&milk=2", "ok");
    check("product_name=tea&amount=3", "ok");
    check("product_name=a=b", "ok");
    check("product_name=tea&user_id=U2", "206 signature");
    check("product_name=tea&return_url=https://x", "206 signature");
    check("product_name=tea&size=2", "206 signature");
    check("product_name=tea&=2", "ok");
    check("product_name=tea&größe=2", "ok");
    check("callback_url=https://x/?a=1&b=2", "ok");
    check("callback_url=https://x/?order=1&token=2", "ok");
    check("callback_url=https://x/a&token=2", "206 signature");
    check("callback_url=https://x/?a=1&ip=2", "206 signature");
    check("return_url=https://x/?a=1&z=2|-host_type", "ok");
    check("return_url=https://x/?a=1&wallet_id=W00000002", "206 signature");
    check("callback_url=https://x/?a=1|d=2", "206 signature");
    check("callback_url=https://x/|d=2", "ok");
    check("odd name=1", "206 signature");
    check("reference=", "ok");
    check("merchant_reference=a&b", "ok");
}

#[test]
fn a_body_cannot_be_told_as_another() {
    // The honest request has a product with an ampersand; the forged one moves the border. One text, two bodies.
    let honest = edited(Route::Transaction, "product_name=tea&return_url=https://evil.example");
    let honest: Vec<_> =
        honest.into_iter().filter(|(name, value)| name != "return_url" || !value.is_empty()).collect();
    let forged = edited(Route::Transaction, "product_name=tea|return_url=https://evil.example");
    let [honest_body, forged_body] =
        [&honest, &forged].map(|fields| client::signed_body(Route::Transaction, &pairs(fields), &key()));
    let signature = |body: &str| body.rsplit_once("signature").unwrap().1.to_owned();
    assert_eq!(signature(&honest_body), signature(&forged_body), "the join is not injective");
    let accepted = [honest_body, forged_body]
        .iter()
        .filter(|body| post(Route::Transaction, body, &profile()).is_ok())
        .count();
    assert_eq!(accepted, 1);
}

#[test]
fn empty_values_kept_are_accepted_and_read_back() {
    let fields = edited(Route::Refund, "reference=");
    let mut sorted = pairs(&fields);
    sorted.sort_unstable();
    let text = Form::SortedWithEmpties.text(&sorted).unwrap();
    assert_eq!(text, "order_id=2018071000000033&reference=&refund_amount=120.00&user_id=U000334333");
    let signature = room::sign::sign_text(Form::SortedWithEmpties, &text, &key());
    let body = format!(
        r#"{{"user_id":"U000334333","order_id":"2018071000000033","refund_amount":"120.00","reference":"","signature":"{signature}"}}"#
    );
    assert!(post(Route::Refund, &body, &profile()).is_ok());
    // The same text as a note that swallows a field does not pass.
    let moved =
        body.replace(r#""refund_amount":"120.00","reference":"""#, r#""reference":"&refund_amount=120.00""#);
    assert_eq!(verdict(&post(Route::Refund, &moved, &profile())), "206 signature");
}

#[test]
fn cancel_in_the_printed_order() {
    let text = "user_id=U000334333&merchant_reference=a";
    let signature = room::sign::sign_text(Form::UserFirst, text, &key());
    let check = |user: &str, reference: &str, expected: &str| {
        let body =
            format!(r#"{{"user_id":"{user}","merchant_reference":"{reference}","signature":"{signature}"}}"#);
        assert_eq!(verdict(&post(Route::Cancel, &body, &profile())), expected, "{body}");
    };
    check(USER, "a", "ok");
    check(USER, "b", "206 signature");
}

#[test]
fn the_legacy_form_is_cut_one_way_only() {
    let check = |on: bool, wallets: &[&str], edits: &str, expected: &str| {
        let mut profile = with_settings(|settings| settings.legacy_signature = on);
        profile.accounts = wallets.iter().map(|code| account(code, "NZD", &["alipay"])).collect();
        let mut fields = edited(Route::Transaction, edits);
        let mut sorted = pairs(&fields);
        sorted.sort_unstable();
        let signature = room::sign::sign_text(Form::Legacy, &Form::Legacy.text(&sorted).unwrap(), &key());
        fields.push(("signature".to_owned(), signature));
        let map: serde_json::Map<_, _> =
            fields.into_iter().map(|(name, value)| (name, value.into())).collect();
        let result = post(Route::Transaction, &serde_json::to_string(&map).unwrap(), &profile);
        assert_eq!(verdict(&result), expected, "{edits}: {result:?}");
    };
    check(false, &["W00000001"], "", "206 signature");
    check(true, &["W00000001"], "", "ok");
    check(true, &["W00000001", "W00000009"], "return_url=https://x/?a=1", "ok");
    // 120.00 into W00000001 or 20.00 into W000000011: nobody can tell.
    check(true, &["W00000001", "W000000011"], "", "206 signature");
    check(true, &["W00000001"], "return_url=https://x/?to=https://y", "206 signature");
    // Could be a query for the reference before the user.
    check(true, &["W00000001"], "callback_url=https://x/U000334333", "206 signature");
}

#[test]
fn reading_back() {
    let check = |route: Route, text: &str, expected: &str| {
        let read = parse_joined(route, text).map_or("nothing".to_owned(), |fields| {
            fields.iter().map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>().join("|")
        });
        assert_eq!(read, expected, "{text}");
    };
    let open = |text: &str, expected: &str| check(Route::Barcode, text, expected);
    open("", "nothing");
    open("x", "nothing");
    open("a=1", "a:1");
    open("a=1&b=2", "a:1|b:2");
    open("b=1&a=2", "b:1&a=2");
    open("a=1&a=2", "a:1&a=2");
    open("a=1&&b=2&", "a:1&|b:2&");
    open("a=&order_id=1&reference=x&y", "a:|order_id:1|reference:x&y");
    open("a_url=x?&b=1&amount=2&p=3", "a_url:x?&b=1|amount:2|p:3");
    let closed = |text: &str, expected: &str| check(Route::Refund, text, expected);
    closed("", "nothing");
    closed("a=1&order_id=2", "nothing");
    closed("order_id=1&a=2&z=3", "order_id:1&a=2&z=3");
    closed("order_id=1&reference=x&y=2&refund_amount=3", "order_id:1|reference:x&y=2|refund_amount:3");
    closed("order_id=1&user_id=U&reference=x", "order_id:1|user_id:U&reference=x");
}
