//! The checkout page of OTT Pay: shoppers who choose a wallet, and choose again.

use std::io::Cursor;
use std::time::Duration;

use base64::Engine as _;

use super::driver::{DESK, Look, PHONE};
use super::tab::{BY_ITSELF, SOON, Scene};
use crate::harness::eventually;

super::stories! {
    a_wallet_is_chosen_changed_and_paid
    without_scripts_a_wallet_is_chosen_too
    nobody_chooses_and_the_time_runs_out
    in_chinese_on_a_phone_a_wallet_is_chosen
    the_demo_shop_asks_before_it_believes
    a_return_that_says_something_else_is_not_believed
    a_wallet_that_does_not_answer_is_kept
    who_looks_in_two_windows_sees_one_choice
    long_names_fit_the_checkout
}

/// What a phone reads in the picture.
fn code_in(picture: &str) -> String {
    let data = picture.strip_prefix("data:image/png;base64,").expect("a PNG in the page");
    let file = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (frame.width as usize, frame.height as usize);
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1, "one code in the picture");
    grids[0].decode().unwrap().1
}

/// Presses a wallet and sees its code.
async fn chooses(scene: &Scene, wallet: &str, code_begins: &str) {
    scene.clicks(&format!("button[name=method][value={wallet}]")).await;
    scene.finds(&format!("body.{wallet} img.code")).await;
    let source = scene.finds("img.code").await.attr("src").await.unwrap().unwrap();
    let code = code_in(&source);
    assert!(code.starts_with(code_begins), "{wallet}: {code}");
}

/// The address of a paid order, as the protocol writes it.
fn is_finished(url: &url::Url, reference: &str, total: &str) {
    let field = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    assert_eq!(field("total_fee"), total, "{url}");
    assert_eq!(field("out_trade_no"), reference, "{url}");
    assert_eq!(field("trade_status"), "Trade_Finished", "{url}");
    let number = field("trade_no");
    assert!(number.len() == 16 && number.bytes().all(|byte| byte.is_ascii_digit()), "{url}");
}

mod story {
    use super::*;

    pub async fn a_wallet_is_chosen_changed_and_paid() {
        let scene = Scene::begin(DESK).await;
        let (reference, url) = scene.gate.checkout(&[]).await;
        scene.opens(&format!("{url}?lang=en")).await;
        scene.sees(".with", "Choose how to pay").await;
        scene.sees(".price", "CAD 15.00").await;
        scene.sees(".tip", "includes tip 3.00").await;
        let clock = scene.reads(".clock").await;
        eventually("the countdown moves", Duration::from_secs(3), async || {
            (scene.reads(".clock").await != clock).then_some(())
        })
        .await;
        assert!(!scene.has("#test-wallet").await && !scene.has("img.code").await);

        chooses(&scene, "wechat", "weixin://").await;
        scene.sees(".change [aria-current]", "WeChat Pay").await;
        let first = scene.gate.newest_payment().await;
        chooses(&scene, "alipay", "https://qr.alipay.com/").await;
        scene.sees(".change [aria-current]", "Alipay").await;
        // What was shown before can no longer be paid.
        let closed = scene.gate.http.get(&scene.gate.url(&format!("/sandbox/api/payments/{first}"))).await;
        assert_eq!(closed.json["state"], "closed", "{}", closed.text());

        scene.leaves_the_page_alone().await;
        let tabs = scene.follows_to_new_tab("#test-wallet").await;
        assert!(scene.tab().current_url().await.unwrap().path().ends_with(".2"), "the second choice");
        scene.sees(".payee", "CNY 78.75").await;
        scene.clicks(".answers button[value=pay]").await;
        scene.finds(".result .sign.good").await;
        scene.returns_to(tabs).await;
        scene.page_becomes("paid", BY_ITSELF).await;
        assert!(!scene.has(".change").await);
        is_finished(&scene.arrives_at("/sandbox/shop/ottpay").await, &reference, "1500");
        scene.end().await;
    }

    pub async fn without_scripts_a_wallet_is_chosen_too() {
        let scene = Scene::begin(Look { scripts: false, ..DESK }).await;
        let (reference, url) = scene.gate.checkout(&[]).await;
        scene.opens(&url).await;
        scene.sees(".with", "Choose how to pay").await;
        chooses(&scene, "unionpay", "https://qr.95516.com/").await;
        chooses(&scene, "wechat", "weixin://").await;
        let trade_no = scene.gate.newest_payment().await;
        scene.gate.payer_presses(&trade_no, "pay").await;
        scene.sees_within("#live[data-state=paid]", "Payment received", Duration::from_secs(5)).await;
        scene.clicks("#return").await;
        is_finished(&scene.arrives_at("/sandbox/shop/ottpay").await, &reference, "1500");
        scene.end().await;
    }

    pub async fn nobody_chooses_and_the_time_runs_out() {
        let scene = Scene::begin(DESK).await;
        let (reference, url) = scene.gate.checkout(&[("duration", "9")]).await;
        scene.opens(&format!("{url}?lang=en")).await;
        scene.finds(".choose button").await;
        scene.leaves_the_page_alone().await;
        scene.finds(".sheet.hurry .clock").await;
        scene.page_becomes("expired", SOON + SOON).await;
        scene.sees(".result", "Time is over").await;
        assert!(!scene.has("button[name=method]").await);
        let back = scene.arrives_at("/sandbox/shop/ottpay").await;
        assert!(!back.as_str().contains("Trade_Finished") && back.as_str().contains(&reference), "{back}");
        scene.sees("#returned[data-status=failed]", "Not paid").await;
        scene.end().await;
    }

    pub async fn in_chinese_on_a_phone_a_wallet_is_chosen() {
        let scene = Scene::begin(Look { accepts: "zh-CN,zh", ..PHONE }).await;
        let (_, url) = scene.gate.checkout(&[]).await;
        scene.opens(&url).await;
        scene.sees(".with", "请选择支付方式").await;
        scene.sees(".tip", "含小费 3.00").await;
        scene.fits("choosing").await;
        let (_, _, width, height) = scene.finds(".choose button").await.rectangle().await.unwrap();
        assert!(width > 280.0 && height >= 64.0, "too small for a finger: {width} x {height}");
        chooses(&scene, "alipay", "https://qr.alipay.com/").await;
        scene.sees(".act", "请用支付宝扫一扫").await;
        scene.sees(".change", "换一种支付方式").await;
        scene.fits("the code").await;
        let (_, _, _, height) = scene.finds(".change button").await.rectangle().await.unwrap();
        assert!(height >= 44.0, "too small for a finger: {height}");
        scene.leaves_the_page_alone().await;
        let tabs = scene.follows_to_new_tab(".on-phone a.button").await;
        scene.clicks(".answers button[value=pay]").await;
        scene.sees(".result", "付款成功").await;
        scene.returns_to(tabs).await;
        scene.page_becomes("paid", BY_ITSELF).await;
        scene.sees(".result", "感谢您的付款").await;
        scene.end().await;
    }

    pub async fn the_demo_shop_asks_before_it_believes() {
        let scene = Scene::begin(DESK).await;
        scene.opens("/sandbox/shop?lang=en").await;
        scene.clicks(".protocols a:not([aria-current])").await;
        scene.types("#amount", "20.00").await;
        scene.types("#tip", "free").await;
        scene.clicks("form.counter button").await;
        scene.sees(".banner", "Enter a tip").await;
        assert_eq!(scene.finds("#amount").await.prop("value").await.unwrap().unwrap(), "20.00");
        scene.types("#tip", "2.50").await;
        scene.clicks("form.counter button").await;
        scene.arrives_at("/pay/").await;
        scene.sees(".price", "CAD 22.50").await;
        chooses(&scene, "unionpay", "https://qr.95516.com/").await;
        scene.leaves_the_page_alone().await;
        scene.answers_in_the_wallet("pay", "good").await;
        scene.page_becomes("paid", BY_ITSELF).await;
        scene.arrives_at("trade_status=Trade_Finished").await;
        scene.sees("#returned[data-status=paid]", "does not sign").await;
        scene.sees("#returned .asked", "CAD 22.50").await;
        scene.sees("#returned .asked", "includes tip 2.50").await;
        let reference = scene.reads("#returned .cells div:nth-child(3) dd").await;
        scene.clicks("#returned a").await;
        scene.sees(".letter .seal.good", "Opened and digest holds for QC00005496").await;
        scene.sees(".letter .cells", &reference).await;
        scene.sees(".letter .chip.good", "success").await;
        scene.clicks(".letter summary").await;
        scene.sees(".letter .opened", "250").await;
        scene.fits("the receiver").await;
        scene.end().await;
    }

    pub async fn a_return_that_says_something_else_is_not_believed() {
        let scene = Scene::begin(PHONE).await;
        let (reference, _) = scene.gate.checkout(&[]).await;
        let shop = "/sandbox/shop/ottpay?lang=en&merchant=QC00005496&trade_no=1&trade_status=Trade_Finished";
        scene.opens(&format!("{shop}&total_fee=1500&out_trade_no={reference}")).await;
        scene.sees("#returned[data-status=pending] .banner", "something else than the gateway").await;
        scene.sees("#returned .asked", "PROCESSING").await;
        scene.fits("the return").await;
        scene.opens(&format!("{shop}&total_fee=1500&out_trade_no=nobody")).await;
        scene.sees("#returned[data-status=unknown]", "cannot be trusted").await;
        scene.end().await;
    }

    pub async fn a_wallet_that_does_not_answer_is_kept() {
        let scene = Scene::begin(DESK).await;
        // Paid, but for 5 seconds the wallet does not say so.
        let (_, url) = scene.gate.checkout(&[("amount", "1253"), ("tip", "0")]).await;
        scene.opens(&format!("{url}?lang=en")).await;
        chooses(&scene, "wechat", "weixin://").await;
        let trade_no = scene.gate.newest_payment().await;
        scene.gate.payer_presses(&trade_no, "pay").await;
        scene.clicks(".change button[value=alipay]").await;
        scene.sees(".act .banner", "Please try again").await;
        scene.sees(".change [aria-current]", "WeChat Pay").await;
        let here = scene.tab().current_url().await.unwrap();
        assert!(!here.as_str().contains("problem"), "said once: {here}");
        scene.leaves_the_page_alone().await;
        scene.page_becomes("paid", Duration::from_secs(20)).await;
        scene.end().await;
    }

    pub async fn who_looks_in_two_windows_sees_one_choice() {
        let scene = Scene::begin(DESK).await;
        let (_, url) = scene.gate.checkout(&[]).await;
        scene.opens(&format!("{url}?lang=en")).await;
        scene.finds(".choose button").await;
        scene.leaves_the_page_alone().await;
        for (wallet, name) in [("wechat", "WeChat Pay"), ("alipay", "Alipay"), ("wechat", "WeChat Pay")] {
            let answer =
                scene.gate.http.method(axum::http::Method::POST, &url, format!("method={wallet}")).await;
            assert_eq!(answer.status, 303);
            scene.sees_within(".with", &format!("Scan with {name}"), BY_ITSELF).await;
        }
        assert_eq!(scene.runs("return window.neverReloaded").await, true);
        scene.end().await;
    }

    pub async fn long_names_fit_the_checkout() {
        for look in [PHONE, DESK] {
            let scene = Scene::begin(look).await;
            for name in ["W".repeat(256), "Maple & Sons 枫糖浆特产店 ".repeat(12).trim().to_owned()] {
                let number = "r".repeat(40) + &crate::harness::unique("x");
                let changes = [("remarks", name.as_str()), ("prepay_order_id", &number)];
                let (_, url) = scene.gate.checkout(&changes).await;
                scene.opens(&url).await;
                scene.fits("choosing").await;
                chooses(&scene, "alipay", "https://qr.alipay.com/").await;
                scene.fits("the code").await;
                let trade_no = scene.gate.newest_payment().await;
                scene.gate.payer_presses(&trade_no, "pay").await;
                scene.arrives_at("/sandbox/shop/ottpay").await;
                scene.fits("the return").await;
            }
            for path in ["/sandbox/shop/ottpay?lang=zh", "/sandbox/receiver?lang=zh", "/sandbox?lang=en"] {
                scene.opens(path).await;
                scene.fits(path).await;
            }
            scene.end().await;
        }
    }
}
