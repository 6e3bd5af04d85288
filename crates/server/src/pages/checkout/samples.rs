//! The payment page filled in, in each of its states, for tests and the preview.

use super::*;

pub fn checkout_states() -> Vec<CheckoutState> {
    use CheckoutState::*;
    vec![
        Open,
        Paying,
        Challenge { url: "/sandbox/3ds/1".into() },
        Closing,
        Paid { at: "2026-03-14 10:42:07".into() },
        Declined,
        NotAuthenticated,
        Expired,
        Cancelled,
        NotFound,
    ]
}

fn brand(
    word: &str,
    name: &str,
    prefixes: &str,
    lengths: &str,
    cvv_length: usize,
    groups: &str,
) -> CheckoutBrand {
    CheckoutBrand {
        word: word.into(),
        name: name.into(),
        prefixes: prefixes.into(),
        lengths: lengths.into(),
        cvv_length,
        groups: groups.into(),
    }
}

fn item(name: &str, quantity: u32, unit_price: &str, amount: &str) -> CheckoutItem {
    CheckoutItem {
        name: name.into(),
        quantity,
        unit_price: Some(unit_price.into()),
        amount: Some(amount.into()),
        has_picture: true,
    }
}

pub fn checkout(language: Language, state: CheckoutState) -> CheckoutPage {
    CheckoutPage {
        language,
        state,
        path: "/checkout/nonce".into(),
        seller: "Harbour Café".into(),
        description: "Web order 33".into(),
        items: vec![
            item("Iphone 16", 2, "150.34", "300.68"),
            item("AirPods 4, white, with a charging case", 1, "50.01", "50.01"),
        ],
        amount: "350.69".into(),
        currency: "USD".into(),
        order_number: "2026031400000033".into(),
        reference: "TEST_1734343519886".into(),
        is_themed: false,
        brands: vec![
            brand("visa", "Visa", "4000-4999", "13,16,19", 3, "4,4,4,4"),
            brand("mastercard", "Mastercard", "2221-2720,5100-5599", "16", 3, "4,4,4,4"),
            brand("amex", "American Express", "3400-3499,3700-3799", "15", 4, "4,6,5"),
            brand("unionpay", "UnionPay", "6200-6299,8100-8199", "16,17,18,19", 3, "4,4,4,4"),
        ],
        wallets: Method::ALL.to_vec(),
        waiting_wallet: None,
        asked: AskedAddresses::default(),
        filled: CheckoutForm::default(),
        wrong: Vec::new(),
        problem: None,
        choice: 1,
        expires_at_ms: 1_773_455_900_000,
        now_ms: 1_773_455_220_000,
        return_url: Some("https://shop.example/thanks?order=33".into()),
        return_s: 5,
        is_sandbox: true,
    }
}

/// With everything a shop can ask for.
pub fn checkout_asking(language: Language) -> CheckoutPage {
    let mut page = checkout(language, CheckoutState::Open);
    page.asked = AskedAddresses {
        shipping: Some(vec!["US".into(), "CA".into(), "HK".into()]),
        billing: Some(Vec::new()),
    };
    page
}

/// Sent with two mistakes, as people make them.
pub fn checkout_mistaken(language: Language) -> CheckoutPage {
    let mut page = checkout(language, CheckoutState::Open);
    (page.filled.holder, page.filled.expiry) = ("ADA LOVELACE".into(), "08/21".into());
    page.wrong = vec![
        FieldProblem { field: CheckoutField::Number, what: Wrong::Bad },
        FieldProblem { field: CheckoutField::Expiry, what: Wrong::Expired },
    ];
    page
}

/// Sent with something wrong in each field.
pub fn checkout_wrong(language: Language, text: &str) -> CheckoutPage {
    let mut page = checkout_asking(language);
    let address = AddressForm {
        country: "US".into(),
        line1: text.into(),
        line2: text.into(),
        city: text.into(),
        province: text.into(),
        zip: text.into(),
    };
    page.filled = CheckoutForm {
        expiry: text.into(),
        holder: text.into(),
        name: text.into(),
        phone: text.into(),
        email: text.into(),
        shipping: address.clone(),
        billing: address,
        is_same: false,
    };
    let kinds = [Wrong::Missing, Wrong::Bad, Wrong::TooLong, Wrong::Expired, Wrong::NotTaken];
    page.wrong = CheckoutField::all()
        .zip(kinds.into_iter().cycle())
        .map(|(field, what)| FieldProblem { field, what })
        .collect();
    page
}
