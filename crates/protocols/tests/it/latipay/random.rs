//! Whatever the fields: what is signed verifies, what is changed does not.

use proptest::prelude::*;

use tillgate_protocols::wire::nonce;

use super::*;

/// Values without the traps of `&`, which have their own table.
fn request() -> impl Strategy<Value = Vec<(String, String)>> {
    let extra = ("x_[a-z]{1,6}", "[ -%'-~é测]{0,12}");
    let reference = "[A-Za-z0-9/_-]{1,64}";
    let product = "[A-Za-z0-9é测'\"\\\\/=?]{1,40}";
    (proptest::collection::vec(extra, 0..4), reference, product, 1_u32..999_999).prop_map(
        |(extra, reference, product, minor)| {
            let amount = format!("{}.{:02}", minor / 100, minor % 100);
            let mut fields = edited(
                Route::Transaction,
                &format!("merchant_reference={reference}|product_name={product}|amount={amount}"),
            );
            for (name, value) in extra {
                if fields.iter().all(|(known, _)| *known != name) {
                    fields.push((name, value));
                }
            }
            fields
        },
    )
}

proptest! {
    #[test]
    fn signed_requests_verify(fields in request()) {
        let result = send(Route::Transaction, &fields, &profile());
        prop_assert!(result.is_ok(), "{result:?}");
    }

    #[test]
    fn changed_requests_do_not(fields in request(), at in any::<prop::sample::Index>(), with in "[ -~]") {
        let body = client::signed_body(Route::Transaction, &pairs(&fields), &key());
        let at = at.index(body.len());
        prop_assume!(body.is_char_boundary(at) && body.is_char_boundary(at + 1) && body[at..=at] != with);
        let mutant = format!("{}{with}{}", &body[..at], &body[at + 1..]);
        // A change of the spelling alone leaves the same request.
        let reads = |body: &str| {
            let read = tillgate_protocols::latipay::explain::Input::parse(body).ok()?;
            let mut fields = read.fields;
            fields.retain(|(_, value)| !value.is_empty());
            fields.sort();
            Some((fields, read.signature))
        };
        prop_assume!(reads(&body) != reads(&mutant));
        let received = room::read_body(Route::Transaction, mutant.as_bytes());
        let verified = received.and_then(|received| received.verify(&profile()));
        prop_assert!(verified.is_err(), "{mutant}");
    }

    #[test]
    fn no_bytes_cause_a_panic(body in proptest::collection::vec(any::<u8>(), 0..200), query in "\\PC{0,80}") {
        for route in Route::ALL {
            let _ = understand(room::read_body(route, &body), &profile());
            let _ = understand(room::read_query(route, &query, &query), &profile());
        }
        let _ = room::explain::Input::parse(&query);
    }

    /// Any text reads back to at most one set of fields, and that set gives the text again.
    #[test]
    fn reading_back_is_exact(text in "(user_id|ip|a|b_url|\\?|=|&|x){0,20}") {
        if let Some(read) = room::sign::parse_joined(Route::Transaction, &text) {
            let again: Vec<String> = read.iter().map(|(name, value)| format!("{name}={value}")).collect();
            prop_assert_eq!(again.join("&"), text.as_str());
            prop_assert!(read.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
    }

    #[test]
    fn nonces_read_back(merchant in 0_u32..1 << 24, order in 0_i64..1 << 52, salt: u8, ms in 0_i64..4_102_444_800_000) {
        let key = nonce::NonceKey::new([3; 32]);
        let (merchant, order) = (MerchantId(merchant), OrderNo(order));
        let nonce = nonce::make(&key, merchant, order, Timestamp(ms), salt);
        prop_assert_eq!(nonce::read(&key, &nonce), Some((merchant, order)));
    }
}
