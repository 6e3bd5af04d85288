//! Whatever the texts: what is sealed opens, what is changed does not.

use proptest::prelude::*;

use super::*;

/// Names and values of any characters; names once each.
fn object() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::btree_map(any::<String>(), any::<String>(), 0..8)
        .prop_map(|map| map.into_iter().collect())
}

fn request() -> impl Strategy<Value = Vec<(String, String)>> {
    let words = ("[A-Za-z0-9张三é😀/_-]{1,64}", "\\PC{1,40}", "[0-9]{1,8}", 1_u32..900_000, 0_u32..100_000);
    (words, object()).prop_map(|((number, remark, operator, amount, tip), more)| {
        let mut fields = example(Action::ActivePay);
        for (name, value) in [
            ("order_id", number),
            ("order_remark", remark),
            ("operator_id", operator),
            ("amount", amount.to_string()),
            ("tip", tip.to_string()),
        ] {
            fields.retain(|(known, _)| known != name);
            fields.push((name.to_owned(), value));
        }
        for (name, value) in more {
            let is_known = name.eq_ignore_ascii_case("tip") || fields.iter().any(|(known, _)| *known == name);
            if !is_known && name != "sale_num" {
                fields.push((name, value));
            }
        }
        fields
    })
}

fn value<'f>(fields: &'f [(String, String)], name: &str) -> &'f str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

proptest! {
    #[test]
    fn what_is_sealed_opens(fields in object(), secret in "\\PC{0,40}") {
        let key = SignKey::new(secret);
        let sealed = sign::seal(&pairs(&fields), &key).unwrap();
        let opened = sign::unseal(&sealed.data, &sealed.md5, &[&key]).unwrap();
        prop_assert_eq!(room::explain::parse_object(&opened.text).unwrap(), fields);
    }

    #[test]
    fn requests_are_understood(fields in request()) {
        let Ok(Call::Create(create)) = understand(&body(Action::ActivePay, &fields), &profile()) else {
            return Err(TestCaseError::fail("not understood"));
        };
        prop_assert_eq!(create.reference.as_deref(), Some(value(&fields, "order_id")));
        prop_assert_eq!(create.terms.amount.minor.to_string(), value(&fields, "amount"));
        prop_assert_eq!(create.terms.tip_minor.to_string(), value(&fields, "tip"));
        prop_assert_eq!(&create.terms.operator, value(&fields, "operator_id"));
        prop_assert_eq!(&create.terms.description, value(&fields, "order_remark"));
    }

    #[test]
    fn answers_are_read(text in any::<String>(), reason in any::<String>()) {
        let p = profile();
        let state = OrderState::Failed { at: NOW, reason: FailReason::Declined(reason.clone()) };
        let mut order = order(Action::PassivePay, "", state, Presentation::Charge);
        order.reference = text.clone();
        let passive = client::read_answer(&room::passive_answer(&p, &order), &key()).unwrap();
        prop_assert_eq!(passive.rsp_msg, if reason.is_empty() { "declined" } else { &reason });
        order.state = OrderState::Paid { at: NOW, channel_ref: String::new(), payer: reason };
        order.terms.particulars.insert("sale_num".to_owned(), text.clone());
        for body in [
            room::passive_answer(&p, &order),
            room::status_answer(&p, &order),
            room::prepay_query_answer(&p, &order),
            String::from_utf8(room::notification(&p, &order).body).unwrap(),
        ] {
            prop_assert!(!body.contains(['%', '+']));
            let answer = client::read_answer(&body, &key()).unwrap();
            prop_assert_eq!(answer.fields.get("order_id"), Some(text.as_str()));
        }
    }

    /// Only the data object and its digest are protected; the envelope here has nothing else to lose.
    #[test]
    fn changed_requests_are_refused_or_the_same(fields in request(), at in any::<prop::sample::Index>(), with: u8) {
        let body = body(Action::ActivePay, &fields).into_bytes();
        let before = reading(&body);
        prop_assert!(before.is_some());
        let mut changed = body.clone();
        changed[at.index(body.len())] = with;
        let after = reading(&changed);
        prop_assert!(after.is_none() || after == before, "{}", String::from_utf8_lossy(&changed));
    }

    #[test]
    fn no_bytes_cause_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
        let _ = reading(&bytes);
        let _ = reading(text.as_bytes());
        let _ = sign::unseal(&text, &text, &[&key()]);
        let _ = room::explain::verify(&text, &key());
        let _ = room::explain::verify_sealed(&text, &text, &key());
        let _ = room::explain::parse_object(&text);
        let _ = client::read_answer(&text, &key());
        let _ = room::acknowledged(200, &bytes);
    }
}

/// What the room takes a body for.
fn reading(body: &[u8]) -> Option<(Action, String, String, Result<Call, Reject>)> {
    let received = room::read_body(body).ok()?;
    let (action, merchant) = (received.action(), received.merchant_id().to_owned());
    let opened = received.open(Some(&profile())).ok()?;
    let text = opened.digest_text();
    Some((action, merchant, text, with_context(|context| opened.decode(&profile(), context))))
}

/// Every byte of one request, changed to every other byte.
#[test]
fn every_changed_byte_is_refused_or_the_same() {
    let body = body(Action::StatusQuery, &example(Action::StatusQuery)).into_bytes();
    let before = reading(&body);
    let mut same = 0;
    for at in 0..body.len() {
        for with in (0..=255).filter(|with| *with != body[at]) {
            let mut changed = body.clone();
            changed[at] = with;
            let after = reading(&changed);
            assert!(after.is_none() || after == before, "{}", String::from_utf8_lossy(&changed));
            same += usize::from(after.is_some());
        }
    }
    // The version 1.0 may become 1.1 or 2.0.
    assert_eq!(same, 2);
}
