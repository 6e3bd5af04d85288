//! Whatever the texts: what is signed is understood, what is changed is refused or reads the same.

use proptest::prelude::*;
use tillgate_protocols::wire::json::Value;

use super::*;

/// What the room takes a body for.
fn reading(body: &[u8]) -> Option<(String, Result<Asked, Reject>)> {
    let app = app();
    let opened = room::read_body(Route::Entry, body).ok()?.open(Some(&app), None, NOW).ok()?;
    Some((opened.verified().text.clone(), opened.decode(&app)))
}

/// Every byte of one request, changed to every other byte, as JSON and as a form.
#[test]
fn every_changed_byte_is_refused_or_the_same() {
    let changes =
        [("tip_amount", "0"), ("on_screen_tip", "false"), ("attach", r#""@x""#), ("store_no", "null")];
    let fields = request(Method::PayOrder, &changes);
    let text = second_text(&fields, not_empty);
    for body in [signed_as(&fields, &text), form(&fields, &text)] {
        let before = reading(body.as_bytes());
        assert!(before.as_ref().is_some_and(|(_, asked)| asked.is_ok()));
        let with: &[u8] = b"\"\\{}[]:,&=%+ \t\n@0159azAZ_-.e/\xff\0";
        for at in 0..body.len() {
            for with in with.iter().filter(|with| **with != body.as_bytes()[at]) {
                let mut changed = body.clone().into_bytes();
                changed[at] = *with;
                let after = reading(&changed);
                assert!(after.is_none() || after == before, "{}", String::from_utf8_lossy(&changed));
            }
        }
    }
}

/// The same where a client drops values: what it dropped cannot be used to say anything else of money.
#[test]
fn every_changed_byte_of_a_lax_client_moves_no_money() {
    let changes = [("tip_amount", "0"), ("on_screen_signature", "false"), ("attach", r#""@x""#)];
    let fields = request(Method::PayOrder, &changes);
    let text = second_text(&fields, |value| !matches!(value, "" | "0" | "false" | "@x"));
    let body = signed_as(&fields, &text);
    let order = |body: &[u8]| match reading(body) {
        Some((_, Ok(Asked { call: Call::Order(order), .. }))) => Some(order),
        _ => None,
    };
    let before = order(body.as_bytes()).unwrap();
    for at in 0..body.len() {
        for with in b"\"\\{},:@019af ".iter() {
            let mut changed = body.clone().into_bytes();
            changed[at] = *with;
            let Some(mut after) = order(&changed) else { continue };
            // The name of the dropped switch may have been changed: it is then asked for.
            after.on_screen_signature = before.on_screen_signature;
            assert_eq!(after, before, "{}", String::from_utf8_lossy(&changed));
        }
    }
}

/// A name that is no field of ours, and cannot be taken for a part of the value before it.
fn more() -> impl Strategy<Value = Vec<(String, Value<'static>)>> {
    let value = prop_oneof![
        "[^&]{0,12}".prop_map(|text| Value::Text(text.into())),
        any::<i64>().prop_map(|n| Value::Number(n.to_string().leak())),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        Just(Value::Nested("[ 1, {\"a\" : \"b c\"} ]")),
    ];
    proptest::collection::btree_map("x_[a-z0-9]{1,8}", value, 0..5).prop_map(|map| map.into_iter().collect())
}

fn sent<'f>(own: &'f [(&'f str, String)], more: &'f [(String, Value<'static>)]) -> Vec<client::Sent<'f>> {
    let text = own.iter().map(|(name, value)| (*name, Value::Text(value.as_str().into())));
    text.chain(more.iter().map(|(name, value)| (name.as_str(), value.clone()))).collect()
}

fn own(number: &str, description: &str, attach: &str, amount: u32) -> Vec<(&'static str, String)> {
    let amount = format!("{}.{:02}", amount / 100, amount % 100);
    [
        ("merchant_no", MERCHANT_NO),
        ("terminal_sn", "T1"),
        ("message_receiving_application", "CodePay Register"),
        ("price_currency", "USD"),
        ("order_amount", &amount),
        ("trans_type", "1"),
        ("merchant_order_no", number),
        ("description", description),
        ("attach", attach),
        ("api_version", "2.0"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

proptest! {
    #[test]
    fn requests_are_understood(
        number in "[0-9A-Za-z_|*@-]{1,32}",
        description in "[^&\\p{Cc}]{1,64}",
        attach in "[^&]{0,64}",
        amount in 1_u32..,
        more in more(),
        is_form: bool,
    ) {
        let own = own(&number, &description, &attach, amount);
        let fields = sent(&own, &more);
        let fields = client::envelope(Method::PayOrder, APP_ID, "1709106082819", true, &fields);
        let body = if is_form { client::form_body } else { client::json_body }(&fields, Some(&*APP_KEY));
        let (_, asked) = reading(body.as_bytes()).unwrap();
        let Call::Order(order) = asked.unwrap().call else { return Err(TestCaseError::fail("no order")) };
        prop_assert_eq!(order.amount.minor, i64::from(amount));
        prop_assert_eq!(order.merchant_order_no, number);
        prop_assert_eq!(order.description, description);
        prop_assert_eq!(order.attach.unwrap_or_default(), attach);
    }

    #[test]
    fn changed_requests_are_refused_or_the_same(
        attach in "\\PC{0,20}",
        at in any::<prop::sample::Index>(),
        with: u8,
        cut in 0_usize..4,
    ) {
        let own = own("A1", "tea", &attach, 12_345);
        let fields = client::envelope(Method::PayOrder, APP_ID, "1709106082819", true, &sent(&own, &[])).to_vec();
        let body = client::json_body(&fields, Some(&*APP_KEY)).into_bytes();
        let Some(before) = reading(&body) else { return Ok(()) };
        let at = at.index(body.len());
        let mut changed = body.clone();
        changed.splice(at..(at + cut).min(body.len()), [with]);
        let after = reading(&changed);
        prop_assert!(after.is_none() || after.as_ref() == Some(&before), "{}", String::from_utf8_lossy(&changed));
    }

    #[test]
    fn a_text_has_one_reading(pairs in proptest::collection::btree_map("[a-z_]{1,12}", "\\PC{1,20}", 1..6)) {
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let text = sign::text_of(&pairs);
        let read = sign::parse(&text).unwrap();
        // Whatever the reading is, it is a reading of this text, and it is its own.
        prop_assert_eq!(sign::text_of(&read), text.clone());
        prop_assert_eq!(sign::parse(&text).unwrap(), read);
    }

    #[test]
    fn answers_and_callbacks_are_read(attach in "[^&]{0,40}", message in "[^&]{0,40}", minor in 0_i64..10_000_000) {
        let mut view = order_view();
        view.attach = Some(attach.clone());
        view.trans_error = Some(("999".to_owned(), message.clone()));
        view.order_amount = money(minor, "USD");
        let body = answer(|reply| reply.order(&view));
        let read = client::read_answer(body.as_bytes(), GATEWAY_KEY.public()).unwrap();
        prop_assert_eq!(read.data.get("attach").unwrap_or_default(), attach.as_str());
        prop_assert_eq!(read.data.get("trans_error_msg").unwrap_or_default(), message.as_str());
        let told = room::Told::Order(&view);
        let callback = room::notification(APP_ID, MERCHANT_NO, Method::PayOrder, told, NOW, &GATEWAY_KEY);
        let fields = client::check_notification(&callback.body, GATEWAY_KEY.public()).unwrap();
        prop_assert_eq!(fields.get("attach").unwrap_or_default(), attach.as_str());
        let amount = fields.get("order_amount").unwrap();
        prop_assert!(!amount.contains('.') || !amount.ends_with('0'));
        let back = Money::parse_decimal(amount, currency("USD")).unwrap();
        prop_assert_eq!(back.minor, minor);
    }

    #[test]
    fn no_bytes_cause_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
        let _ = reading(&bytes);
        let _ = reading(text.as_bytes());
        let _ = sign::parse(&text);
        let _ = sign::compact(&text);
        let _ = room::explain::verify(&text, APP_KEY.public());
        let _ = client::read_answer(&bytes, APP_KEY.public());
        let _ = room::acknowledged(200, &bytes);
        let _ = room::read_trans_no(&text);
        let _ = Route::of(&text);
        let _ = PrivateKey::from_text(&text);
    }
}
