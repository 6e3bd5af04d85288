//! How pages look: sizes, languages, wrong addresses, hostile texts.

use super::driver::{DESK, Look, PHONE};
use super::tab::Scene;

super::stories! {
    long_names_fit_a_phone
    long_names_fit_a_desk
    a_chinese_browser_is_answered_in_chinese
    unknown_links_say_so
    hostile_names_are_text
    a_forged_return_is_not_believed
    mistakes_are_explained
}

/// The longest name there may be, with and without places to break it.
fn long_names() -> [String; 2] {
    let spaced = "Harbour & Sons Specialty Teas and Coffees (New Zealand), formerly 海港茶叶咖啡有限公司 ";
    [spaced.repeat(4).chars().take(256).collect(), "W".repeat(256)]
}

mod story {
    use super::*;

    pub async fn long_names_fit_a_phone() {
        long_names_fit(PHONE).await;
    }

    pub async fn long_names_fit_a_desk() {
        long_names_fit(DESK).await;
    }

    async fn long_names_fit(look: Look) {
        let scene = Scene::begin(look).await;
        for name in long_names() {
            let reference = "r".repeat(60) + &name[..1];
            let changes = [("product_name", name.as_str()), ("merchant_reference", &reference)];
            let (_, url) = scene.gate.order(&changes).await;
            scene.opens(&url).await;
            scene.finds("img.code").await;
            scene.fits(&url).await;
            let trade_no = scene.gate.newest_payment().await;
            let payment = format!("/sandbox/wallet/alipay/pay/{trade_no}");
            for path in [payment.as_str(), "/sandbox/wallet/alipay", "/sandbox/wallet/alipay/code"] {
                scene.opens(path).await;
                scene.fits(path).await;
            }
            scene.gate.payer_presses(&trade_no, "pay").await;
            scene.opens(&url).await;
            scene.finds("#live[data-state=paid]").await;
            scene.fits(&url).await;
        }
        scene.opens("/sandbox/receiver").await;
        scene.clicks(".letter summary").await;
        scene.fits("the receiver").await;
        for path in ["/sandbox", "/sandbox/shop", "/sandbox/rules"] {
            for language in ["en", "zh"] {
                let path = format!("{path}?lang={language}");
                scene.opens(&path).await;
                scene.fits(&path).await;
            }
        }
        scene.end().await;
    }

    pub async fn a_chinese_browser_is_answered_in_chinese() {
        let scene = Scene::begin(Look { accepts: "zh-CN,zh", ..DESK }).await;
        let (_, url) = scene.gate.order(&[]).await;
        scene.opens(&url).await;
        scene.sees(".act", "请用支付宝扫一扫").await;
        // Its owner's own choice wins.
        scene.clicks("a.language").await;
        scene.sees(".act", "Scan with Alipay").await;
        scene.clicks("a.language").await;
        scene.sees(".act", "请用支付宝扫一扫").await;
        scene.opens("/sandbox").await;
        scene.sees("h1", "沙箱").await;
        scene.end().await;
    }

    pub async fn unknown_links_say_so() {
        let mut scene = Scene::begin(DESK).await;
        scene.expect_complaint("404 (Not Found)");
        for (path, title) in [
            ("/pay/nobody-made-this-link?lang=en", "No such payment"),
            ("/pay/nobody-made-this-link?lang=zh", "找不到这笔付款"),
            ("/nowhere?lang=en", "Page not found"),
            ("/nowhere?lang=zh", "找不到页面"),
            ("/sandbox/wallet/alipay/pay/9-9?lang=zh", "找不到页面"),
        ] {
            assert_eq!(scene.gate.http.page(&scene.gate.url(path)).await.status, 404, "{path}");
            scene.opens(path).await;
            scene.sees("h1", title).await;
            assert!(scene.tab().title().await.unwrap().contains(title), "{path}");
            scene.fits(path).await;
        }
        scene.end().await;
    }

    pub async fn hostile_names_are_text() {
        let scene = Scene::begin(DESK).await;
        let name = r#"<script>alert(1)</script><img src=x onerror=alert(2)>"'"#;
        let (_, url) =
            scene.gate.order(&[("product_name", name), ("merchant_reference", "\"><b>x</b>")]).await;
        scene.opens(&url).await;
        assert_eq!(scene.reads(".product").await, name);
        scene.sees(".facts", "\"><b>x</b>").await;
        let trade_no = scene.gate.newest_payment().await;
        scene.opens(&format!("/sandbox/wallet/alipay/pay/{trade_no}")).await;
        scene.sees(".clamp", name).await;
        scene.opens("/sandbox/wallet/alipay").await;
        assert_eq!(scene.reads(".card .product").await, name);
        let smuggled = "return document.querySelectorAll('main script, main b, main img:not(.code)').length";
        assert_eq!(scene.runs(smuggled).await, 0);
        scene.end().await;
    }

    pub async fn a_forged_return_is_not_believed() {
        let scene = Scene::begin(DESK).await;
        let forged =
            "status=paid&amount=1.00&currency=NZD&payment_method=alipay&merchant_reference=x&signature=1";
        scene.opens(&format!("/sandbox/shop?lang=en&{forged}")).await;
        scene.sees("#returned[data-status=forged]", "cannot be trusted").await;
        assert!(!scene.reads("#returned").await.contains("1.00"));
        scene.end().await;
    }

    pub async fn mistakes_are_explained() {
        let scene = Scene::begin(PHONE).await;
        scene.opens("/sandbox/shop?lang=en").await;
        scene.types("#amount", "twelve").await;
        scene.clicks("form.counter button").await;
        scene.sees(".banner", "Enter an amount").await;
        scene.opens("/sandbox/wallet/alipay?lang=zh").await;
        scene.types("#code", "no code of ours").await;
        scene.clicks(".paste button").await;
        scene.sees(".banner", "无法识别").await;
        // What was typed is not lost.
        assert_eq!(scene.finds("#code").await.prop("value").await.unwrap().unwrap(), "no code of ours");
        scene.fits("the wallet").await;
        scene.end().await;
    }
}
