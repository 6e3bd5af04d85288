//! The sandbox's web shop: from its basket to the bank's page and back to the shop.

use super::driver::{DESK, Look, PHONE};
use super::tab::Scene;

super::stories! {
    a_basket_is_paid_at_the_bank
    a_declined_total_is_not_a_sale
    an_empty_basket_and_a_made_up_return
    in_chinese_on_a_phone
}

async fn pays_with(scene: &Scene, number: &str) {
    for (css, text) in
        [("#number", number), ("#expiry", "1229"), ("#cvv", "123"), ("#holder", "Ada Lovelace")]
    {
        scene.types(css, text).await;
    }
    scene.clicks("#pay").await;
}

mod story {
    use super::*;

    pub async fn a_basket_is_paid_at_the_bank() {
        let scene = Scene::begin(DESK).await;
        scene.opens("/sandbox?lang=en").await;
        scene.clicks(".doors a[href^='/sandbox/shop/codepay-web']").await;
        scene.types("#tea", "2").await;
        scene.clicks("input[name=asks_shipping]").await;
        scene.clicks("input[value=berry]").await;
        scene.clicks("#check-out").await;
        scene.arrives_at("/checkout/").await;
        // 2 × 12.50, a mug for 14.00, shipping for 5.00.
        scene.sees(".price", "USD 44.00").await;
        scene.sees(".items", "Jasmine tea").await;
        let drawn =
            "return [...document.querySelectorAll('.items img')].every((one) => one.naturalWidth === 240)";
        assert_eq!(scene.runs(drawn).await, true, "the shop's own pictures");
        let button = "return getComputedStyle(document.getElementById('pay')).backgroundColor";
        assert_eq!(scene.runs(button).await, "rgb(142, 36, 87)");
        for (css, text) in
            [("#name", "Ada Lovelace"), ("#phone", "+64 9 123 4567"), ("#shipping-line1", "1 Queen St")]
        {
            scene.types(css, text).await;
        }
        scene.types("#shipping-city", "Auckland").await;
        scene.finds("#shipping-country").await.select_by_value("NZ").await.unwrap();
        scene.types("#shipping-zip", "1010").await;
        pays_with(&scene, "4000000000001091").await;
        scene.arrives_at("/sandbox/3ds/").await;
        scene.types("#code", "1234").await;
        scene.clicks("button[value=confirm]").await;
        scene.arrives_at("/sandbox/shop/codepay-web?lang=en&order=web-").await;
        scene.finds("#live[data-status=successful]").await;
        for words in ["USD 44", "400000****1091", "Thank you"] {
            scene.sees("#live", words).await;
        }
        // The register's terminals have nothing to do with it, and the notification came.
        scene.clicks("#live a").await;
        scene.sees(".letter", "web-").await;
        scene.end().await;
    }

    pub async fn a_declined_total_is_not_a_sale() {
        let scene = Scene::begin(DESK).await;
        scene.opens("/sandbox/shop/codepay-web?lang=en").await;
        scene.finds("#ending").await.select_by_value("51").await.unwrap();
        scene.clicks("#check-out").await;
        scene.arrives_at("/checkout/").await;
        scene.sees(".price", "USD 19.51").await;
        let url = scene.tab().current_url().await.unwrap();
        pays_with(&scene, "4111111111111111").await;
        scene.sees("#problem", "declined this card").await;
        // The order is still open, and the shop says so.
        let orders = scene.gate.http.get(&scene.gate.url("/sandbox/api/acquirer")).await.json;
        assert_eq!(orders["transactions"].as_array().map(Vec::len), Some(1), "{orders} {url}");
        assert_eq!(orders["transactions"][0]["approved"], false);
        scene.end().await;
    }

    pub async fn an_empty_basket_and_a_made_up_return() {
        let scene = Scene::begin(DESK).await;
        scene.opens("/sandbox/shop/codepay-web?lang=en").await;
        scene.types("#mug", "0").await;
        scene.clicks("#check-out").await;
        scene.sees("#problem", "Choose at least one thing").await;
        scene.opens("/sandbox/shop/codepay-web?lang=en&order=nobody-1&trans_status=2").await;
        scene.finds("#live[data-status=unknown]").await;
        scene.end().await;
    }

    pub async fn in_chinese_on_a_phone() {
        let scene = Scene::begin(Look { accepts: "zh-CN,zh", ..PHONE }).await;
        scene.opens("/sandbox/shop/codepay-web").await;
        scene.sees(".wares", "搪瓷杯").await;
        scene.fits("the web shop").await;
        scene.clicks("#check-out").await;
        scene.arrives_at("lang=zh").await;
        scene.sees(".items", "搪瓷杯").await;
        scene.sees(".items", "运费").await;
        scene.fits("its checkout").await;
        scene.end().await;
    }
}
