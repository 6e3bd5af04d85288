//! Payments from the shop to the shop, as shoppers live through them.

use std::time::Duration;

use tillgate_protocols::latipay::{ApiKey, client};

use super::driver::{DESK, Look, PHONE};
use super::tab::{BY_ITSELF, SOON, Scene};
use crate::harness::{KEY, eventually, openssl};

super::stories! {
    a_shopper_buys_and_comes_back
    a_payment_is_declined
    somebody_walks_away_and_the_time_runs_out
    the_shop_cancels_while_somebody_looks
    without_scripts_the_result_comes_all_the_same
    in_chinese_on_a_phone
    a_till_scans_the_payers_code
    the_receiver_shows_what_comes
}

/// The address the browser came back with is signed: by our client's half and by openssl.
fn signed_return(url: &url::Url, status: &str, amount: &str) {
    let query = url.query().unwrap();
    let fields = client::check_notification(query, &ApiKey::new(KEY)).unwrap();
    assert_eq!((fields.get("status"), fields.get("amount")), (Some(status), Some(amount)));
    let values = ["merchant_reference", "payment_method", "status", "currency", "amount"]
        .map(|name| fields.get(name).unwrap())
        .concat();
    assert_eq!(fields.get("signature"), Some(openssl::hmac(KEY, &values).as_str()));
    let forged = query.replace(&format!("amount={amount}"), "amount=99.99");
    assert!(client::check_notification(&forged, &ApiKey::new(KEY)).is_err());
}

mod story {
    use super::*;

    pub async fn a_shopper_buys_and_comes_back() {
        let scene = Scene::begin(DESK).await;
        scene.buys("12.00", "alipay", "en").await;
        scene.sees(".price", "NZD 12.00").await;
        scene.sees(".payer", "CNY 55.74").await;
        scene.sees(".facts", "1 NZD = 4.64490 CNY").await;
        let drawn = scene.runs("return document.querySelector('img.code').naturalWidth").await;
        assert!(drawn.as_i64().unwrap() > 100, "the QR code is {drawn} wide");
        let clock = scene.reads(".clock").await;
        assert!(clock.starts_with("14:") || clock == "15:00", "{clock}");
        eventually("the countdown moves", Duration::from_secs(3), async || {
            (scene.reads(".clock").await != clock).then_some(())
        })
        .await;
        scene.leaves_the_page_alone().await;

        let tabs = scene.follows_to_new_tab("#test-wallet").await;
        scene.sees(".payee", "CNY 55.74").await;
        scene.sees(".facts", "NZD 12.00").await;
        scene.sees(".facts", "1 NZD = 4.64490 CNY").await;
        scene.clicks(".answers button[value=pay]").await;
        scene.finds(".result .sign.good").await;
        scene.returns_to(tabs).await;

        scene.page_becomes("paid", BY_ITSELF).await;
        scene.sees(".result", "Payment received").await;
        scene.sees("#announcer", "Payment received").await;
        signed_return(&scene.arrives_at("/sandbox/shop").await, "paid", "12.00");
        scene.sees("#returned[data-status=paid]", "Thank you").await;
        scene.sees("#returned .seal", "Signature holds").await;
        let reference = scene.reads("#returned .cells div:nth-child(3) dd").await;
        assert!(reference.starts_with("shop-"), "{reference}");

        scene.clicks("#returned a").await;
        scene.sees(".letter .seal.good", "Signature holds").await;
        scene.sees(".letter .cells", &reference).await;
        scene.sees(".letter .chip.good", "paid").await;
        scene.end().await;
    }

    pub async fn a_payment_is_declined() {
        let scene = Scene::begin(DESK).await;
        scene.buys("12.51", "wechat", "en").await;
        scene.leaves_the_page_alone().await;
        scene.answers_in_the_wallet("pay", "bad").await;
        scene.page_becomes("declined", BY_ITSELF).await;
        scene.sees(".result", "No money was taken").await;
        signed_return(&scene.arrives_at("/sandbox/shop").await, "failed", "12.51");
        scene.sees("#returned[data-status=failed]", "Not paid").await;
        scene.end().await;
    }

    pub async fn somebody_walks_away_and_the_time_runs_out() {
        let scene = Scene::with(DESK, &[("TILLGATE_ORDERS__LIFETIME_S", "4")]).await;
        scene.buys("12.00", "unionpay", "en").await;
        scene.leaves_the_page_alone().await;
        scene.finds(".sheet.hurry .clock").await;
        scene.answers_in_the_wallet("leave", "late").await;
        assert!(scene.has("#live[data-state=waiting]").await, "nobody answered");
        scene.page_becomes("expired", SOON).await;
        scene.sees(".result", "Time is over").await;
        signed_return(&scene.arrives_at("/sandbox/shop").await, "failed", "12.00");
        scene.end().await;
    }

    pub async fn the_shop_cancels_while_somebody_looks() {
        let scene = Scene::begin(DESK).await;
        let (reference, url) = scene.gate.order(&[("return_url", "")]).await;
        scene.opens(&format!("{url}?lang=en")).await;
        scene.finds("img.code").await;
        scene.leaves_the_page_alone().await;
        scene.gate.cancel(&reference).await;
        scene.page_becomes("cancelled", BY_ITSELF).await;
        scene.sees(".result", "The shop cancelled this payment").await;
        scene.sees(".result", "You can close this page").await;
        assert!(!scene.has("img.code").await && !scene.has("#return").await);
        scene.end().await;
    }

    pub async fn without_scripts_the_result_comes_all_the_same() {
        let scene = Scene::begin(Look { scripts: false, ..DESK }).await;
        scene.buys("12.00", "alipay", "en").await;
        let trade_no = scene.gate.newest_payment().await;
        scene.gate.payer_presses(&trade_no, "pay").await;
        scene.sees_within("#live[data-state=paid]", "Payment received", Duration::from_secs(5)).await;
        scene.clicks("#return").await;
        signed_return(&scene.arrives_at("/sandbox/shop").await, "paid", "12.00");
        scene.sees("#returned", "Thank you").await;
        scene.opens("/sandbox/wallet/alipay?lang=en").await;
        scene.sees(".empty", "No code to scan").await;
        scene.end().await;
    }

    pub async fn in_chinese_on_a_phone() {
        let scene = Scene::begin(PHONE).await;
        scene.buys("12.00", "wechat", "zh").await;
        scene.sees(".act", "请用微信支付扫一扫").await;
        scene.sees(".payer", "CNY 55.74").await;
        scene.leaves_the_page_alone().await;
        // The way to the wallet for somebody who holds the phone that shows the code.
        let tabs = scene.follows_to_new_tab(".on-phone a.button").await;
        scene.sees(".answers", "确认付款").await;
        scene.fits("the wallet").await;
        scene.clicks(".answers button[value=pay]").await;
        scene.sees(".result", "付款成功").await;
        scene.returns_to(tabs).await;
        scene.page_becomes("paid", BY_ITSELF).await;
        scene.sees(".result", "感谢您的付款").await;
        signed_return(&scene.arrives_at("/sandbox/shop?lang=zh").await, "paid", "12.00");
        scene.sees("#returned", "感谢您的订购").await;
        assert_eq!(scene.runs("return document.documentElement.lang").await, "zh-Hans");
        scene.end().await;
    }

    pub async fn a_till_scans_the_payers_code() {
        let scene = Scene::begin(PHONE).await;
        scene.opens("/sandbox/wallet/wechat/code?lang=en").await;
        scene.sees(".last", "No till has used a code yet").await;
        for picture in [".bars-box svg", ".qr-box svg"] {
            let (_, _, width, height) = scene.finds(picture).await.rectangle().await.unwrap();
            assert!(width > 150.0 && height > 60.0, "{picture} is {width} x {height}");
        }
        scene.runs("window.neverReloaded = true").await;
        let code = scene.reads("#digits").await.replace(' ', "");
        scene.gate.charge(&code, "7.00").await.gives(0);
        scene.sees_within(".charge", "NZD 7.00", BY_ITSELF).await;
        scene.sees(".charge", "CNY 32.51").await;
        scene.sees(".charge .chip.good", "Paid").await;
        let code = scene.reads("#digits").await.replace(' ', "");
        scene.gate.charge(&code, "7.51").await;
        scene.sees_within(".charge", "NZD 7.51", BY_ITSELF).await;
        scene.sees(".charge .chip.bad", "Declined").await;
        assert_eq!(scene.runs("return window.neverReloaded").await, true);
        scene.end().await;
    }

    pub async fn the_receiver_shows_what_comes() {
        let scene = Scene::begin(DESK).await;
        scene.opens("/sandbox/receiver?lang=en").await;
        scene.sees(".empty", "Nothing received yet").await;
        scene.clicks("input[value=error]").await;
        scene.clicks("form.panel button").await;
        scene.sees("form.panel [role=status]", "Applied").await;
        let (reference, url) = scene.gate.order(&[]).await;
        assert_eq!(scene.gate.http.page(&url).await.status, 200);
        let trade_no = scene.gate.newest_payment().await;
        scene.gate.payer_presses(&trade_no, "pay").await;
        scene.sees(".letter .cells", &reference).await;
        scene.sees(".letter .cells", "500 · Attempt 1").await;
        scene.clicks(".letter summary").await;
        scene.sees(".letter pre", &format!("merchant_reference={reference}")).await;
        scene.end().await;
    }
}
