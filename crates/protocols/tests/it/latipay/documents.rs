//! The documents' example requests, as printed where the printed signature is right, else signed again.

use tillgate_core::{FeePlan, Flow, OrderNo};
use tillgate_protocols::latipay::{Call, Route, client, read_query};

use super::*;

#[test]
fn the_hosted_offline_example() {
    let Call::Create(call) = send(Route::Transaction, &example(Route::Transaction), &profile()).unwrap()
    else {
        panic!("not a new order")
    };
    let terms = call.terms;
    assert_eq!(call.reference.as_deref(), Some("dsi39ej430sks03"));
    assert_eq!((terms.flow, method_of(&terms)), (Flow::MerchantPresented, "alipay"));
    assert_eq!((terms.amount.minor, terms.payer_amount().to_string()), (12_000, "557.39".to_owned()));
    assert_eq!((&terms.fees, terms.account.as_str()), (&FeePlan::rate(120), "W00000001"));
    assert_eq!(terms.description, "Pinot Noir, Otago");
    assert_eq!(
        (terms.notify_url.as_str(), terms.return_url.as_str()),
        ("https://merchantsite.com/confirm", "")
    );
    assert_eq!((terms.payer_ip.as_str(), terms.payer_code), ("122.122.122.1", None));
    assert_eq!((terms.created_at, terms.expires_at), (NOW, NOW.plus_s(900)));
}

#[test]
fn the_curl_demo_with_its_own_spelling() {
    let signature = "14b8268bd86e1815c192debb1d13a16ab1fe008f49e57eea5d64aaf111a8ed67";
    let body = format!(
        r#"{{"signature":"{signature}","wallet_id":"W00000001","amount":"120.00","user_id":"U000334333","merchant_reference":"dsi39ej430sks03","return_url":"","callback_url":"https:\/\/merchantsite.com\/confirm","ip":"122.122.122.1","version":"2.0","product_name":"Pinot Noir, Otago","payment_method":"alipay","host_type" :"1","extra":null}}"#
    );
    assert!(post(Route::Transaction, &body, &profile()).is_ok());
}

#[test]
fn hosted_online_has_no_host_type() {
    for edits in ["-host_type", "host_type="] {
        let fields = edited(Route::Transaction, &format!("{edits}|return_url=https://shop.example/thanks"));
        let Call::Create(call) = send(Route::Transaction, &fields, &profile()).unwrap() else { panic!() };
        assert_eq!(call.terms.flow, Flow::HostedPage);
        assert_eq!(call.terms.return_url, "https://shop.example/thanks");
    }
    assert!(send(Route::Transaction, &edited(Route::Transaction, "-host_type"), &profile()).is_ok());
}

#[test]
fn the_barcode_example() {
    let body = r#"{
        "user_id": "U00001534", "wallet_id": "W00000001", "amount": "0.05", "pay_code": "134588558514585062",
        "signature": "e66d54f711bc6a1dde59838c8b0de73ccc8b025a2ae65ae878216f010a05f599"
    }"#;
    let mut other_user = profile();
    other_user.user_id = "U00001534".to_owned();
    let Call::Create(call) = post(Route::Barcode, body, &other_user).unwrap() else { panic!() };
    assert_eq!((call.reference, call.terms.flow), (None, Flow::CustomerPresented));
    assert_eq!(call.terms.payer_code.as_deref(), Some("134588558514585062"));
    assert_eq!((method_of(&call.terms), call.terms.amount.minor), ("wechat", 5));
    assert_eq!((call.terms.description.as_str(), call.terms.notify_url.as_str()), ("", ""));
    assert_eq!(call.terms.expires_at, NOW.plus_s(60));
    let named = edited(Route::Barcode, "merchant_reference=6000324|callback_url=https://shop.example/n");
    let Call::Create(call) = send(Route::Barcode, &named, &profile()).unwrap() else { panic!() };
    assert_eq!(call.reference.as_deref(), Some("6000324"));
    assert_eq!(call.terms.notify_url, "https://shop.example/n");
}

#[test]
fn the_mini_app_example_is_signed_without_its_method() {
    let printed = "1f8e75dd34fc5ca7b478772efdb6fa9e1a5c89e8e0412ccde81912fc16e2ed07";
    let mut fields = example(Route::MiniAlipay);
    fields.push(("signature".to_owned(), printed.to_owned()));
    let map: serde_json::Map<_, _> = fields.into_iter().map(|(name, value)| (name, value.into())).collect();
    let Call::Create(call) =
        post(Route::MiniAlipay, &serde_json::to_string(&map).unwrap(), &profile()).unwrap()
    else {
        panic!()
    };
    assert_eq!((call.terms.flow, method_of(&call.terms)), (Flow::MiniApp, "alipay"));
    for edits in ["", "-payment_method", "payment_method="] {
        assert!(send(Route::MiniAlipay, &edited(Route::MiniAlipay, edits), &profile()).is_ok(), "{edits}");
    }
}

#[test]
fn the_query_examples() {
    let check = |query: &str, wait: bool| {
        let call = understand(read_query(Route::Query, "6000324", query), &{
            let mut profile = profile();
            profile.user_id = "U000000013".to_owned();
            profile
        });
        assert_eq!(call, Ok(Call::Query { reference: "6000324".to_owned(), wait }), "{query}");
    };
    let printed = "58f93f458880120d650611f2452917a25a39edc2f5e3a03baac73a7a49bc81f4";
    check(&format!("user_id=U000000013&signature={printed}"), false);
    check(&format!("user_id=U000000013&is_block=1&signature={printed}"), true);
    check(&format!("user_id=U000000013&is_block=0&signature={printed}"), false);
    let fields = [("merchant_reference", "6000324"), ("user_id", "U000000013"), ("is_block", "1")];
    check(&client::signed_query(Route::Query, &fields, &key()), true);
    let sorted = client::signature(Route::Cancel, &fields, &key());
    check(&format!("user_id=U000000013&is_block=1&signature={sorted}"), true);
}

#[test]
fn the_refund_example() {
    // The printed signature is right; the printed order number is none of ours.
    let body = r#"{"user_id": "U000334333", "order_id": "23479798sdf7987234", "refund_amount": "120.00",
        "reference": "notes about this refund",
        "signature": "3052b51072570b743bf9a12a20a45b0adf280aee84907ef0e54d1079fb3f961c"}"#;
    assert_eq!(verdict(&post(Route::Refund, body, &profile())), "551 order_id");
    for (edits, number) in [("", 2018071000000033), ("order_id=S2020072900000036", 2020072900000036)] {
        let call = send(Route::Refund, &edited(Route::Refund, edits), &profile()).unwrap();
        let Call::Refund { order, amount, reference } = call else { panic!() };
        assert_eq!((order, reference.as_str()), (OrderNo(number), "notes about this refund"));
        assert_eq!(amount.read(currency("NZD")).unwrap().minor, 12_000);
        assert_eq!(amount.read(currency("JPY")).unwrap_err().code, 550);
    }
    for edits in ["reference=", "-reference"] {
        assert!(send(Route::Refund, &edited(Route::Refund, edits), &profile()).is_ok());
    }
}

#[test]
fn the_cancel_example_in_both_orders() {
    let mut profile = profile();
    profile.user_id = "U000000013".to_owned();
    for signature in [
        "da3b80be09665913e632f1bc0822e3d98d8dd235aebeb6f532b6bb7e329b9635",
        "20d55646730202fcbe9e763a900f2fa4d601ba58414ef18ef446dd2cb82a4b9b",
    ] {
        let body = format!(
            r#"{{"user_id":"U000000013","merchant_reference":"9872428736782682","signature":"{signature}"}}"#
        );
        let call = Call::Cancel { reference: "9872428736782682".to_owned() };
        assert_eq!(post(Route::Cancel, &body, &profile), Ok(call));
    }
}

#[test]
fn the_detail_of_a_wallet() {
    let call = send(Route::Detail, &example(Route::Detail), &profile());
    assert_eq!(call, Ok(Call::Detail(profile().accounts[0].clone())));
    assert_eq!(
        verdict(&send(Route::Detail, &edited(Route::Detail, "wallet_id=W9"), &profile())),
        "450 wallet_id"
    );
}
