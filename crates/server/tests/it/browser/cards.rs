//! CodePay's checkout page: shoppers who pay by card, confirm at their bank, or choose a wallet after all.

use std::time::Duration;

use fantoccini::key::Key;

use super::driver::{DESK, Look, PHONE};
use super::tab::{SOON, Scene};

super::stories! {
    a_card_pays
    a_declined_card_gives_way_to_another
    the_bank_is_told_the_code
    the_bank_is_told_that_it_was_somebody_else
    the_bank_is_left_and_found_again
    a_bank_that_knows_better_says_no_at_once
    a_wallet_is_chosen_and_the_card_again
    mistakes_are_said_beside_their_fields
    without_scripts_a_card_pays_too
    addresses_are_asked_for
    nobody_pays_and_the_time_runs_out
    hostile_goods_are_text
    everything_comes_from_the_gateway
    the_keyboard_alone_will_do
    in_chinese_on_a_phone_it_fits
    unknown_links_say_so
}

const GOOD: &str = "4111111111111111";
const DECLINED: &str = "4000000000000002";
const CHALLENGED: &str = "4000000000001091";
const NOT_THE_PAYER: &str = "4000000000001018";

async fn opens_page(scene: &Scene, changes: &[(&str, &str)]) -> String {
    let (_, url) = scene.gate.cards_page(changes).await;
    scene.opens(&format!("{url}?lang=en")).await;
    scene.finds("#live[data-state=open]").await;
    url
}

async fn types_card(scene: &Scene, number: &str) {
    scene.types("#number", number).await;
    scene.types("#expiry", "1229").await;
    scene.types("#cvv", "123").await;
    scene.types("#holder", "Ada Lovelace").await;
}

async fn pays_with(scene: &Scene, number: &str) {
    types_card(scene, number).await;
    scene.clicks("#pay").await;
}

async fn value(scene: &Scene, css: &str) -> String {
    scene.finds(css).await.prop("value").await.unwrap().unwrap_or_default()
}

/// Neither page nor address has it.
async fn has_no_trace(scene: &Scene, number: &str) {
    let last = &number[number.len() - 8..];
    let script = "return [location.href, document.documentElement.outerHTML, \
        ...[...document.querySelectorAll('input')].map((input) => input.value)].join(' ').replace(/\\s/g, '')";
    let shown = scene.runs(script).await;
    assert!(!shown.as_str().unwrap().contains(last), "the card's number is on the page");
}

mod story {
    use super::*;

    pub async fn a_card_pays() {
        let scene = Scene::begin(DESK).await;
        opens_page(&scene, &[]).await;
        scene.sees(".price", "USD 24.00").await;
        scene.sees("h1", "Harbor Grill").await;
        types_card(&scene, GOOD).await;
        assert_eq!(value(&scene, "#number").await, "4111 1111 1111 1111");
        assert_eq!(value(&scene, "#expiry").await, "12/29");
        scene.sees("#brand", "Visa").await;
        scene.clicks("#pay").await;
        scene.finds("#live[data-state=paid]").await;
        scene.sees(".result", "Payment received").await;
        has_no_trace(&scene, GOOD).await;
        scene.sees("#returning", "shop").await;
        let back = scene.arrives_at("/sandbox?lang=en").await;
        assert_eq!(back.path(), "/sandbox");
        scene.end().await;
    }

    pub async fn a_declined_card_gives_way_to_another() {
        let scene = Scene::begin(PHONE).await;
        opens_page(&scene, &[]).await;
        pays_with(&scene, DECLINED).await;
        scene.sees("#problem", "declined this card").await;
        scene.finds("#problem:focus").await;
        for css in ["#number", "#cvv"] {
            assert_eq!(value(&scene, css).await, "", "{css}");
        }
        has_no_trace(&scene, DECLINED).await;
        pays_with(&scene, "5555 5555 5555 4444").await;
        scene.finds("#live[data-state=paid]").await;
        scene.end().await;
    }

    pub async fn the_bank_is_told_the_code() {
        let scene = Scene::begin(DESK).await;
        opens_page(&scene, &[]).await;
        pays_with(&scene, CHALLENGED).await;
        scene.finds("#live[data-state=challenge]").await;
        scene.arrives_at("/sandbox/3ds/").await;
        scene.types("#code", "1234").await;
        scene.clicks("button[value=confirm]").await;
        scene.finds("#live[data-state=paid]").await;
        scene.arrives_at("/sandbox?lang=en").await;
        scene.end().await;
    }

    pub async fn the_bank_is_told_that_it_was_somebody_else() {
        let scene = Scene::begin(DESK).await;
        opens_page(&scene, &[]).await;
        pays_with(&scene, CHALLENGED).await;
        scene.arrives_at("/sandbox/3ds/").await;
        scene.clicks("button[value=fail]").await;
        scene.sees("#problem", "could not confirm it was you").await;
        pays_with(&scene, GOOD).await;
        scene.finds("#live[data-state=paid]").await;
        scene.end().await;
    }

    pub async fn the_bank_is_left_and_found_again() {
        let scene = Scene::begin(DESK).await;
        let url = opens_page(&scene, &[]).await;
        pays_with(&scene, CHALLENGED).await;
        scene.arrives_at("/sandbox/3ds/").await;
        // A return that was made up says nothing.
        scene.opens(&format!("{url}/return?lang=en&status=paid&trans_status=2")).await;
        scene.finds("#live[data-state=challenge]").await;
        scene.leaves_the_page_alone().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(scene.runs("return window.neverReloaded").await, true, "he is not sent there again");
        scene.clicks("#bank").await;
        scene.arrives_at("/sandbox/3ds/").await;
        scene.opens(&format!("{url}?lang=en")).await;
        // Or another card: the bank's question is over.
        scene.clicks(".other-ways summary").await;
        pays_with(&scene, GOOD).await;
        scene.finds("#live[data-state=paid]").await;
        scene.end().await;
    }

    pub async fn a_bank_that_knows_better_says_no_at_once() {
        let scene = Scene::begin(DESK).await;
        opens_page(&scene, &[]).await;
        pays_with(&scene, NOT_THE_PAYER).await;
        scene.sees("#problem", "could not confirm it was you").await;
        scene.end().await;
    }

    pub async fn a_wallet_is_chosen_and_the_card_again() {
        let scene = Scene::begin(DESK).await;
        opens_page(&scene, &[]).await;
        scene.types("#number", GOOD).await;
        scene.clicks("button[value=wechat]").await;
        scene.finds("body.wechat img.code").await;
        scene.clicks("#other-ways").await;
        scene.sees(".waiting", "You chose WeChat Pay").await;
        pays_with(&scene, DECLINED).await;
        scene.sees("#problem", "declined this card").await;
        scene.clicks("button[value=alipay]").await;
        scene.finds("body.alipay img.code").await;
        let trade_no = scene.gate.newest_payment().await;
        scene.gate.payer_presses(&trade_no, "pay").await;
        scene.sees_within("#live[data-state=paid]", "Payment received", SOON).await;
        scene.end().await;
    }

    pub async fn mistakes_are_said_beside_their_fields() {
        let mut scene = Scene::begin(PHONE).await;
        scene.expect_complaint("422");
        let url = opens_page(&scene, &[]).await;
        scene.types("#number", "4111111111111112").await;
        scene.types("#expiry", "0121").await;
        scene.types("#holder", "Ada").await;
        scene.clicks("#pay").await;
        for (css, words) in [
            ("#summary", "Card number: This is not a card number"),
            ("#number-error", "This is not a card number"),
            ("#expiry-error", "This card has expired"),
            ("#cvv-error", "Enter the security code"),
        ] {
            scene.sees(css, words).await;
        }
        assert_eq!(scene.runs("return document.activeElement.id").await, "summary");
        scene.clicks("#summary a[href='#expiry']").await;
        assert_eq!(scene.runs("return document.activeElement.id").await, "expiry");
        scene.types("#expiry", "1229").await;
        assert!(!scene.has("#expiry[aria-invalid]").await, "said no longer once it is right");
        scene.fits("the mistakes").await;
        // The gateway says the same, whatever the browser lets through.
        scene.types("#number", "4111111111111112").await;
        scene.types("#cvv", "737").await;
        scene.runs("document.getElementById('order').submit()").await;
        scene.sees("#number-error", "This is not a card number").await;
        assert_eq!(value(&scene, "#number").await + &value(&scene, "#cvv").await, "");
        assert_eq!(
            (value(&scene, "#expiry").await, value(&scene, "#holder").await),
            ("12/29".into(), "Ada".into())
        );
        let here = scene.tab().current_url().await.unwrap();
        assert!(here.as_str().starts_with(&format!("{url}?")), "loading it anew shows the page: {here}");
        has_no_trace(&scene, "4111111111111112").await;
        scene.end().await;
    }

    pub async fn without_scripts_a_card_pays_too() {
        let mut scene = Scene::begin(Look { scripts: false, ..DESK }).await;
        scene.expect_complaint("422");
        opens_page(&scene, &[]).await;
        pays_with(&scene, "4111 1111 1111 1112").await;
        scene.sees("#summary", "Card number: This is not a card number").await;
        scene.types("#number", "4111-1111-1111-1111").await;
        scene.types("#cvv", "123").await;
        scene.clicks("#pay").await;
        scene.finds("#live[data-state=paid]").await;
        scene.clicks("#return").await;
        scene.arrives_at("/sandbox?lang=en").await;
        scene.end().await;
    }

    pub async fn addresses_are_asked_for() {
        let mut scene = Scene::begin(DESK).await;
        scene.expect_complaint("422");
        let detail =
            r#"{"type":"GENERAL","data":{"shipping":{"allow_regions":"[\"NZ\",\"HK\"]"},"billing":{}}}"#;
        let url = opens_page(&scene, &[("order_detail", detail)]).await;
        assert!(!scene.finds("#billing-city").await.is_displayed().await.unwrap(), "it is the same address");
        for (css, text) in
            [("#name", "Ada Lovelace"), ("#phone", "+64 9 123 4567"), ("#shipping-line1", "1 Queen St")]
        {
            scene.types(css, text).await;
        }
        scene.types("#shipping-city", "Auckland").await;
        types_card(&scene, DECLINED).await;
        scene.clicks("#pay").await;
        scene.sees("#summary", "Shipping address, Country or region: Choose a country").await;
        scene.finds("#shipping-country").await.select_by_value("HK").await.unwrap();
        scene.clicks("#pay").await;
        scene.sees("#problem", "declined this card").await;
        // He need not write it again.
        assert_eq!(value(&scene, "#shipping-city").await, "Auckland");
        scene.opens(&format!("{url}?lang=en")).await;
        assert_eq!(value(&scene, "#shipping-country").await, "HK");
        scene.clicks("#same").await;
        assert!(scene.finds("#billing-city").await.is_displayed().await.unwrap());
        scene.clicks("#same").await;
        pays_with(&scene, GOOD).await;
        scene.finds("#live[data-state=paid]").await;
        scene.end().await;
    }

    pub async fn nobody_pays_and_the_time_runs_out() {
        let scene = Scene::begin(DESK).await;
        opens_page(&scene, &[("expires", "5"), ("return_url", "")]).await;
        scene.types("#holder", "Ada").await;
        scene.leaves_the_page_alone().await;
        scene.finds(".sheet.hurry .clock").await;
        scene.page_becomes("expired", SOON + SOON).await;
        scene.sees(".result", "Time is over").await;
        scene.sees("#announcer", "Time is over").await;
        assert!(!scene.has("#number").await && !scene.has("button[value=alipay]").await);
        scene.end().await;
    }

    pub async fn hostile_goods_are_text() {
        let scene = Scene::begin(DESK).await;
        let name = "<script>alert(1)</script><img src=x onerror=alert(2)>\\\"'";
        let detail = format!(
            r##"{{"type":"GENERAL","data":{{"items":[{{"name":"{name}","quantity":2,"unit_price":1.5,"amount":3,
                "image":"http://169.254.169.254/latest/meta-data"}}],
                "theme":{{"palette":{{"primary":{{"main":"#ff0","contrastText":"#ffe"}},"text":{{"primary":"#fefefe"}}}}}}}}}}"##
        );
        opens_page(&scene, &[("order_detail", &detail), ("description", "<b>bold</b>")]).await;
        assert_eq!(scene.reads(".items .name").await, name.replace('\\', ""));
        scene.sees(".product", "<b>bold</b>").await;
        let smuggled =
            "return document.querySelectorAll('main script, main b, main img:not(.items img)').length";
        assert_eq!(scene.runs(smuggled).await, 0);
        // Yellow on the button is read all the same, and so is the page.
        let drawn = "return [getComputedStyle(document.getElementById('pay')).color, \
            getComputedStyle(document.getElementById('pay')).backgroundColor, getComputedStyle(document.body).color].join()";
        assert_eq!(scene.runs(drawn).await, "rgb(18, 26, 38),rgb(255, 255, 0),rgb(18, 26, 38)");
        // What is no picture becomes one of ours.
        let picture = scene
            .runs("const one = document.querySelector('.items img'); return one.complete && one.naturalWidth")
            .await;
        assert!(picture.as_i64().is_some_and(|width| width > 0), "{picture}");
        scene.end().await;
    }

    pub async fn everything_comes_from_the_gateway() {
        let scene = Scene::begin(DESK).await;
        let image = scene.gate.url("/sandbox/terminal/WPYB002248000865/qr");
        let detail = format!(
            r##"{{"type":"GENERAL","data":{{"items":[{{"name":"Tea","quantity":1,"image":"{image}"}},
                {{"name":"Cup","quantity":1,"image":"https://images.example/cup.png"}}],
                "theme":{{"palette":{{"primary":{{"main":"#aa0000"}}}}}}}}}}"##
        );
        opens_page(&scene, &[("order_detail", &detail)]).await;
        types_card(&scene, GOOD).await;
        let script = "return performance.getEntriesByType('resource').map((entry) => entry.name)";
        let asked = scene.runs(script).await;
        let asked: Vec<&str> = asked.as_array().unwrap().iter().filter_map(|name| name.as_str()).collect();
        assert!(asked.iter().any(|name| name.contains("/image/1")), "{asked:?}");
        assert!(asked.iter().any(|name| name.contains("/theme.css")), "{asked:?}");
        let base = format!("{}/", scene.gate.base);
        assert!(asked.iter().all(|name| name.starts_with(&base)), "{asked:?}");
        assert!(!asked.iter().any(|name| name.contains("4111")), "{asked:?}");
        scene.end().await;
    }

    pub async fn the_keyboard_alone_will_do() {
        let scene = Scene::begin(DESK).await;
        opens_page(&scene, &[]).await;
        scene.runs("document.querySelector('.language').focus()").await;
        let press =
            async |keys: &str| scene.tab().active_element().await.unwrap().send_keys(keys).await.unwrap();
        let tab = Key::Tab.to_string();
        press(&tab).await;
        let mut order = Vec::new();
        for text in [GOOD, "1229", "123", "Ada Lovelace"] {
            let id = scene.tab().active_element().await.unwrap().attr("id").await.unwrap();
            order.push(id.unwrap_or_default());
            press(&format!("{text}{tab}")).await;
        }
        assert_eq!(order, ["number", "expiry", "cvv", "holder"]);
        assert_eq!(scene.runs("return document.activeElement.id").await, "pay");
        let ring = "return getComputedStyle(document.activeElement).outlineStyle";
        assert_eq!(scene.runs(ring).await, "solid", "the focus is seen");
        press(&Key::Enter.to_string()).await;
        scene.finds("#live[data-state=paid]").await;
        scene.end().await;
    }

    pub async fn in_chinese_on_a_phone_it_fits() {
        let scene = Scene::begin(Look { accepts: "zh-CN,zh", ..PHONE }).await;
        let long = "W".repeat(200);
        let detail = format!(
            r#"{{"type":"GENERAL","data":{{"items":[{{"name":"{long}","quantity":999999,"unit_price":1234567.89,"amount":99999999.99}}],
                "shipping":{{}},"billing":{{"allow_regions":"[\"CN\"]"}}}}}}"#
        );
        let (_, url) =
            scene.gate.cards_page(&[("order_detail", &detail), ("description", &"M".repeat(128))]).await;
        scene.opens(&url).await;
        scene.sees("#card", "银行卡支付").await;
        scene.sees("#shipping", "收货地址").await;
        scene.fits("the form").await;
        scene.clicks("#pay").await;
        scene.sees("#summary", "请输入卡片正面的卡号").await;
        scene.fits("the mistakes").await;
        let (_, _, width, height) = scene.finds("#pay").await.rectangle().await.unwrap();
        assert!(width > 280.0 && height >= 48.0, "too small for a finger: {width} x {height}");
        scene.end().await;
    }

    pub async fn unknown_links_say_so() {
        let mut scene = Scene::begin(DESK).await;
        scene.expect_complaint("404 (Not Found)");
        // Another protocol's order has no such page.
        let (_, other) = scene.gate.order(&[]).await;
        let nonce = other.rsplit('/').next().unwrap().to_owned();
        for nonce in ["nobody-made-this-link", nonce.as_str()] {
            scene.opens(&format!("/checkout/{nonce}?lang=en")).await;
            scene.sees("h1", "No such payment").await;
        }
        // And this one is shown where all the ways to pay are.
        let (_, url) = scene.gate.cards_page(&[]).await;
        scene.opens(&url.replace("/checkout/", "/pay/")).await;
        scene.arrives_at("/checkout/").await;
        scene.finds("#number").await;
        scene.end().await;
    }
}
