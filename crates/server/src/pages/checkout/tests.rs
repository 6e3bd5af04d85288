//! What the payment page shows, and what it never does.

use super::samples::*;
use super::*;

fn english(state: CheckoutState) -> CheckoutPage {
    checkout(Language::English, state)
}

#[test]
fn the_form_is_there_while_it_can_be_paid() {
    for state in checkout_states() {
        let html = english(state.clone()).render().unwrap();
        let takes = matches!(state, CheckoutState::Open | CheckoutState::Challenge { .. });
        assert_eq!(html.contains("id=\"number\""), takes, "{state:?}");
        assert_eq!(html.contains("formaction=\"/checkout/nonce/wallet?lang=en\""), takes, "{state:?}");
        assert_eq!(
            html.contains("class=\"clock\""),
            !state.is_final() && state != CheckoutState::Closing,
            "{state:?}"
        );
        assert_eq!(
            html.contains("href=\"https://shop.example/thanks?order=33\""),
            state.is_final(),
            "{state:?}"
        );
        let reloads = matches!(state, CheckoutState::Paying | CheckoutState::Closing);
        assert_eq!(html.contains("http-equiv=\"refresh\""), reloads, "{state:?}");
    }
}

#[test]
fn only_what_is_taken_is_offered() {
    let mut page = english(CheckoutState::Open);
    page.brands.clear();
    let html = page.render().unwrap();
    assert!(!html.contains("id=\"number\"") && !html.contains("cc-csc"), "cards are closed");
    assert!(html.contains("value=\"alipay\""));
    page.wallets.clear();
    let html = page.render().unwrap();
    assert!(!html.contains("<form") && html.contains("offers no way to pay"));
}

#[test]
fn a_card_is_never_sent_back() {
    let html = checkout_wrong(Language::English, "4111111111111111").render().unwrap();
    for field in CheckoutField::all() {
        let id = field.name();
        let tag = html.split('<').find(|tag| tag.contains(&format!("id=\"{id}\" "))).unwrap();
        let is_kept = tag.contains("value=\"4111111111111111\"");
        let is_choice = matches!(field, CheckoutField::Address(_, AddressLine::Country));
        assert_eq!(is_kept, !field.is_secret() && !is_choice, "{id}: {tag}");
        assert!(!field.is_secret() || tag.contains("value=\"\""), "{tag}");
    }
}

#[test]
fn what_is_wrong_is_said_at_the_top_and_beside_the_field() {
    let mut page = english(CheckoutState::Open);
    let html = page.render().unwrap();
    assert!(html.contains("id=\"summary\" role=\"alert\" tabindex=\"-1\" hidden>"));
    assert!(!html.contains("aria-invalid"));
    page.wrong = vec![
        FieldProblem { field: CheckoutField::Number, what: Wrong::NotTaken },
        FieldProblem { field: CheckoutField::Expiry, what: Wrong::Expired },
    ];
    let html = page.render().unwrap();
    assert!(html.contains("id=\"summary\" role=\"alert\" tabindex=\"-1\" autofocus>"));
    for (id, label, words) in [
        ("number", "Card number", "Cards of this kind"),
        ("expiry", "Expires (MM/YY)", "This card has expired"),
    ] {
        assert!(html.contains(&format!("<a href=\"#{id}\">{label}: {words}")), "{id} at the top");
        assert!(html.contains(&format!("id=\"{id}-error\">{words}")), "{id} beside the field");
    }
    assert_eq!(html.matches("aria-invalid=\"true\"").count(), 2);
    assert!(html.contains("<title>Please check"), "a screen reader begins with the title");
}

#[test]
fn addresses_are_asked_for_where_the_shop_wants_them() {
    let html = english(CheckoutState::Open).render().unwrap();
    assert!(!html.contains("shipping-") && !html.contains("billing-") && !html.contains("id=\"email\""));
    let html = checkout_asking(Language::English).render().unwrap();
    let shipping = html.split("id=\"shipping-country\"").nth(1).unwrap().split("</select>").next().unwrap();
    assert_eq!(shipping.matches("<option").count(), 4);
    assert!(shipping.contains("value=\"HK\" data-no-zip>Hong Kong"), "{shipping}");
    let billing = html.split("id=\"billing-country\"").nth(1).unwrap().split("</select>").next().unwrap();
    assert_eq!(billing.matches("<option").count(), 250);
    assert!(html.contains("id=\"same\"") && html.contains("shipping address-line1"));
    let html = checkout_asking(Language::Chinese).render().unwrap();
    assert!(html.contains(">美国</option>") && !html.contains(">United States<"));

    let mut page = english(CheckoutState::Open);
    page.asked.billing = Some(vec!["US".into()]);
    let html = page.render().unwrap();
    assert!(html.contains("<option value=\"US\" selected>") && !html.contains("id=\"same\""));
}

#[test]
fn the_bank_is_reached_by_web_addresses_only() {
    let html = |url: &str| english(CheckoutState::Challenge { url: url.into() }).render().unwrap();
    for good in ["https://acs.example/3ds?id=1", "/sandbox/3ds/7"] {
        assert!(html(good).contains(&format!("id=\"bank\" href=\"{good}\"")), "{good}");
    }
    for bad in ["javascript:alert(1)", "//evil.example", "data:text/html,x"] {
        let html = html(bad);
        assert!(!html.contains("id=\"bank\"") && !html.contains(bad), "{bad}");
    }
}

#[test]
fn pictures_come_from_this_gateway() {
    let html = english(CheckoutState::Open).render().unwrap();
    assert!(
        html.contains("src=\"/checkout/nonce/image/0\"") && html.contains("src=\"/checkout/nonce/image/1\"")
    );
}

#[test]
fn a_wallet_that_was_chosen_can_be_gone_on_with() {
    let mut page = english(CheckoutState::Open);
    assert!(!page.render().unwrap().contains("show-code"));
    page.waiting_wallet = Some(Method::Wechat);
    let html = page.render().unwrap();
    assert!(html.contains("id=\"show-code\" href=\"/pay/nonce?lang=en\">Go on with WeChat Pay"), "{html}");
}

#[test]
fn the_time_left_is_written_as_people_say_it() {
    let mut page = english(CheckoutState::Open);
    for (left_ms, english, chinese) in [
        (680_000, "11:20", "11:20"),
        (679_001, "11:20", "11:20"),
        (7_984_000, "2:13:04", "2:13:04"),
        (86_400_000, "1 d 0 h", "1 天 0 小时"),
        (604_799_000, "6 d 23 h", "6 天 23 小时"),
        (-5, "0:00", "0:00"),
    ] {
        page.expires_at_ms = page.now_ms + left_ms;
        page.language = Language::English;
        assert_eq!(page.left_text(), english);
        page.language = Language::Chinese;
        assert_eq!(page.left_text(), chinese);
    }
}

#[test]
fn news_are_told_apart() {
    let known = |state: &CheckoutState, choice| CheckoutPage::version(state, choice);
    let challenge = CheckoutState::Challenge { url: "/x".into() };
    assert_eq!(known(&CheckoutState::Open, 1), known(&CheckoutState::Open, 2), "nobody's form is taken away");
    assert_ne!(known(&challenge, 1), known(&challenge, 2));
    assert_ne!(known(&CheckoutState::Paying, 1), known(&challenge, 1));
}
