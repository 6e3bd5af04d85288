//! Card terminals in a browser: what payers, cashiers and bad days do to an order.

use std::time::Duration;

use tillgate_protocols::codepay::Method;

use super::driver::{DESK, Look, PHONE};
use super::tab::{SOON, Scene};
use super::terminal::Terminal;
use super::till::{COUNTER, TERRACE, Till};
use crate::harness::eventually;

super::stories! {
    cards_are_presented
    bad_days_charge_once
    codes_voids_and_a_batch
    a_register_and_two_terminals
    a_terminal_speaks_chinese_on_a_phone
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

mod story {
    use super::*;

    pub async fn cards_are_presented() {
        let scene = Scene::begin(DESK).await;
        let (till, terminal) = (Till::of(&scene.gate).await, Terminal::open(&scene, "en").await);
        let wishes = [
            ("on_screen_tip", "true"),
            ("on_screen_signature", "true"),
            ("confirm_on_terminal", "true"),
            ("receipt_print_mode", "3"),
        ];
        let reference = till.orders(&wishes).await;
        terminal.shows("confirm").await;
        terminal.says(&reference).await;
        assert_eq!(till.order(&reference).await.get("trans_status"), Some("0"));
        terminal.presses("confirm").await;
        terminal.presses("tip-18").await;
        terminal.says("28.32").await;
        terminal.takes_out("5555555555554444").await;
        terminal.presses("insert").await;
        terminal.shows("signature").await;
        terminal.presses("sign").await;
        terminal.says("sign").await;
        terminal.presses("sign-sample").await;
        terminal.presses("sign").await;
        terminal.ends("approved").await;
        terminal.presses("done").await;
        for copy in ["merchant", "customer"] {
            let strip = terminal.css(&format!(".strip[data-copy={copy}]"));
            for words in ["Harbor Grill", "24.00", "4.32", "28.32", "555555****4444"] {
                scene.sees(&strip, words).await;
            }
        }
        assert!(scene.has(&terminal.css(".strip[data-copy=merchant] img")).await);
        terminal.is_put_away().await;
        let order = till.becomes(&reference, "2").await;
        for (name, value) in [
            ("order_amount", "24"),
            ("tip_amount", "4.32"),
            ("trans_amount", "28.32"),
            ("pay_method_id", "MasterCard"),
            ("pay_user_account_id", "555555****4444"),
            ("entry_model", "2"),
        ] {
            assert_eq!(order.get(name), Some(value), "{order:?}");
        }
        let signed = scene.gate.http.get(order.get("electron_sign_url").unwrap()).await;
        assert_eq!((signed.status, &signed.headers["content-type"]), (200, &"image/png".parse().unwrap()));
        assert!(signed.body.starts_with(PNG) && signed.body.len() < 24 * 1024);

        // The issuer says no, and why.
        let reference = till.orders(&[]).await;
        terminal.takes_out("4000000000009987").await;
        terminal.presses("tap").await;
        terminal.ends("declined").await;
        terminal.says("41").await;
        terminal.is_put_away().await;
        let order = till.becomes(&reference, "1").await;
        assert!(order.get("trans_error_msg").is_some_and(|words| !words.is_empty()), "{order:?}");

        // A PIN that is wrong, and one that is right.
        for (pin, outcome, status) in [("4321", "declined", "1"), ("1234", "approved", "2")] {
            let reference = till.orders(&[]).await;
            terminal.takes_out("4000056655665556").await;
            terminal.presses("insert").await;
            terminal.shows("pin").await;
            terminal.says("1234").await;
            terminal.types_pin(pin).await;
            terminal.ends(outcome).await;
            terminal.is_put_away().await;
            till.becomes(&reference, status).await;
        }
        let reference = keyed(&scene, &till, &terminal).await;
        assert_eq!(till.moved(COUNTER).await, (3, 2832 + 2400 + 2400));

        scene.opens("/sandbox/receiver?lang=en").await;
        scene.sees(".letter .seal.good", "Signature holds").await;
        scene.sees(".letter .chip.good", "2 · Paid").await;
        scene.sees(".letter .cells", "200, acknowledged · Attempt 1").await;
        scene.clicks(".letter summary").await;
        scene.sees(".letter .opened", &reference).await;
        assert!(!scene.has(".letter .seal.bad").await);
        scene.end().await;
    }

    /// Typed by hand: mistakes are explained, the expiry goes to the acquirer.
    async fn keyed(scene: &Scene, till: &Till<'_>, terminal: &Terminal<'_>) -> String {
        let reference = till.orders(&[]).await;
        terminal.takes_out("4111111111111111").await;
        terminal.presses("key-in").await;
        terminal.presses("use-sample").await;
        scene.types(&terminal.css("[name=expiry]"), "12/20").await;
        terminal.presses("key-in-send").await;
        scene.finds(&terminal.css("[name=expiry][aria-invalid=true]")).await;
        scene.types(&terminal.css("[name=expiry]"), "11/38").await;
        terminal.presses("key-in-send").await;
        terminal.ends("approved").await;
        assert_eq!(till.becomes(&reference, "2").await.get("entry_model"), Some("4"));
        reference
    }

    pub async fn bad_days_charge_once() {
        let scene = Scene::begin(DESK).await;
        let (till, terminal) = (Till::of(&scene.gate).await, Terminal::open(&scene, "en").await);
        // No power while the acquirer is asked, which takes it 3 seconds.
        let reference = till.orders(&[("order_amount", "24.52")]).await;
        terminal.takes_out("4111111111111111").await;
        terminal.presses("tap").await;
        terminal.shows("processing").await;
        terminal.presses("plug").await;
        terminal.shows("unplugged").await;
        terminal.presses("plug-in").await;
        terminal.is("online").await;
        assert_eq!(till.becomes(&reference, "2").await.get("trans_amount"), Some("24.52"));
        assert_eq!(till.moved(COUNTER).await, (1, 2452));
        terminal.ends("approved").await;
        terminal.is_put_away().await;

        // No power while somebody signs: charged is charged.
        let reference = till.orders(&[("on_screen_signature", "true")]).await;
        terminal.takes_out("4111111111111111").await;
        terminal.presses("swipe").await;
        terminal.shows("signature").await;
        terminal.presses("plug").await;
        terminal.presses("plug-in").await;
        till.becomes(&reference, "2").await;
        assert_eq!(till.moved(COUNTER).await, (2, 4852));
        terminal.is("online").await;
        terminal.shows("waiting").await;

        // Offline while a card is charged: the result is held.
        let reference = till.orders(&[]).await;
        terminal.shows("card").await;
        terminal.turns("offline").await;
        terminal.is("off").await;
        terminal.is_paid_by_tap().await;
        assert_eq!(till.order(&reference).await.get("trans_status"), Some("0"));
        terminal.turns("offline").await;
        till.becomes(&reference, "2").await;

        // Twice the same answer: one sale.
        terminal.is("online").await;
        terminal.turns("twice").await;
        let before = terminal.said("ecrhub.pay.order", "000").await;
        let reference = till.orders(&[]).await;
        terminal.is_paid_by_tap().await;
        till.becomes(&reference, "2").await;
        assert_eq!(terminal.said("ecrhub.pay.order", "000").await - before, 2);
        terminal.turns("twice").await;

        // Late: the register waits as long.
        terminal.is_late_by(5).await;
        let reference = till.orders(&[]).await;
        terminal.is_paid_by_tap().await;
        assert_eq!(till.order(&reference).await.get("trans_status"), Some("0"));
        till.becomes(&reference, "2").await;
        terminal.is_late_by(0).await;
        assert_eq!(till.moved(COUNTER).await, (5, 4852 + 3 * 2400));

        // It ended while the terminal was offline, and is not sent again: the terminal asks by saying what it shows.
        let code = [("pay_scenario", "SCANQR_PAY"), ("pay_method_id", "Alipay")];
        let reference = till.orders(&code).await;
        terminal.shows("qr").await;
        terminal.turns("offline").await;
        terminal.is("off").await;
        let trade_no = scene.gate.newest_payment().await;
        scene.gate.payer_presses(&trade_no, "pay").await;
        till.becomes(&reference, "2").await;
        terminal.shows("qr").await;
        terminal.turns("offline").await;
        terminal.ends("approved").await;

        // A second window takes over; the first does not fight.
        terminal.is_put_away().await;
        let tabs = scene.opens_another(&format!("/sandbox/terminal/{COUNTER}?lang=en")).await;
        terminal.is("online").await;
        scene.returns_to(tabs).await;
        terminal.is("taken").await;
        terminal.presses("connect").await;
        terminal.is("online").await;
        scene.end().await;
    }

    pub async fn codes_voids_and_a_batch() {
        let scene = Scene::begin(DESK).await;
        let (till, terminal) = (Till::of(&scene.gate).await, Terminal::open(&scene, "en").await);
        let shown = till.orders(&[("pay_scenario", "SCANQR_PAY"), ("pay_method_id", "WeChatPay")]).await;
        terminal.shows("qr").await;
        let drawn = format!("document.querySelector(\"{}\").naturalWidth", terminal.css(".qr-picture"));
        eventually("the code is drawn", SOON, async || {
            let width = scene.runs(&format!("return {drawn}")).await;
            width.as_i64().filter(|width| *width > 100)
        })
        .await;
        // The payer's phone.
        let tabs = scene.opens_another("/sandbox/wallet/wechat?lang=en").await;
        scene.clicks(".card").await;
        scene.clicks(".answers button[value=pay]").await;
        scene.finds(".result .sign.good").await;
        scene.returns_to(tabs).await;
        terminal.ends("approved").await;
        terminal.is_put_away().await;
        assert_eq!(till.becomes(&shown, "2").await.get("pay_method_id"), Some("WeChatPay"));

        let scanned = till.orders(&[("pay_scenario", "BSCANQR_PAY"), ("pay_method_id", "Alipay")]).await;
        terminal.shows("scan").await;
        terminal.presses("scan").await;
        scene.finds(&terminal.css(".problem")).await;
        terminal.presses("fetch-code").await;
        eventually("a code is there", SOON, async || {
            let value = scene.finds(&terminal.css("[name=code]")).await.prop("value").await.unwrap();
            value.filter(|code| code.len() > 15)
        })
        .await;
        terminal.presses("scan").await;
        terminal.ends("approved").await;
        terminal.is_put_away().await;
        assert_eq!(till.becomes(&scanned, "2").await.get("pay_method_id"), Some("Alipay"));

        // A sale, and its void, which a manager allows.
        let sale = till.orders(&[]).await;
        terminal.is_paid_by_tap().await;
        till.becomes(&sale, "2").await;
        let void = [
            ("trans_type", "2"),
            ("orig_merchant_order_no", sale.as_str()),
            ("required_terminal_authentication", "true"),
            ("receipt_print_mode", "1"),
        ];
        let void = till.orders(&void).await;
        terminal.shows("manager").await;
        terminal.types_pin("1111").await;
        scene.sees(&terminal.css(".problem"), "not the manager").await;
        terminal.types_pin("0000").await;
        terminal.ends("approved").await;
        terminal.presses("done").await;
        scene.sees(&terminal.css(".strip[data-copy=merchant]"), "VOID").await;
        terminal.is_put_away().await;
        till.becomes(&void, "2").await;
        till.becomes(&sale, "3").await;
        assert_eq!(till.moved(COUNTER).await, (1, 0));

        // Only what is still there is in the batch.
        let kept = till.orders(&[("order_amount", "10.00")]).await;
        terminal.is_paid_by_tap().await;
        till.becomes(&kept, "2").await;
        let batch = till.asks(Method::BatchClose, &[("terminal_sn", COUNTER)]).await;
        assert!(batch.is_success(), "{batch:?}");
        assert_eq!((batch.data.get("count"), batch.data.get("total_amount")), (Some("1"), Some("10")));
        terminal.shows("paper").await;
        scene.sees(&terminal.css(".strip[data-batch]"), "10.00").await;
        terminal.is_put_away().await;
        terminal.presses("history").await;
        scene.finds(&terminal.css(".past-orders [data-status=approved]")).await;
        scene.end().await;
    }

    pub async fn a_register_and_two_terminals() {
        let scene = Scene::begin(DESK).await;
        let till = Till::of(&scene.gate).await;
        scene.opens("/sandbox/shop/codepay?lang=en").await;
        scene.types("#amount", "twelve").await;
        scene.clicks("button[value=send]").await;
        scene.sees(".banner", "Enter an amount").await;
        scene.types("#amount", "30.00").await;
        scene.clicks(&format!("#terminal_sn option[value={TERRACE}]")).await;
        scene.clicks("input[name=signature]").await;
        scene.clicks("button[value=send]").await;
        scene.sees("#live[data-status=created]", "Waiting for the terminal").await;
        scene.sees("#live", "not connected").await;
        scene.leaves_the_page_alone().await;

        let tabs = scene.opens_another("/sandbox/terminals?lang=en").await;
        let terminal = |sn| Terminal::on(&scene, sn);
        let (counter, terrace) = (terminal(COUNTER), terminal(TERRACE));
        counter.is("online").await;
        terrace.shows("tip").await;
        let elsewhere = till.orders(&[("order_amount", "7.00")]).await;
        counter.shows("card").await;
        counter.says("7.00").await;
        terrace.says("30.00").await;
        terrace.presses("tip-other").await;
        scene.types(&terrace.css("[name=tip]"), "500").await;
        terrace.presses("tip-apply").await;
        scene.finds(&terrace.css("[name=tip][aria-invalid=true]")).await;
        scene.types(&terrace.css("[name=tip]"), "2.50").await;
        terrace.presses("tip-apply").await;
        terrace.takes_out("4111111111111111").await;
        terrace.presses("tap").await;
        terrace.ends("approved").await;
        counter.is_paid_by_tap().await;
        till.becomes(&elsewhere, "2").await;
        assert_eq!((till.moved(COUNTER).await, till.moved(TERRACE).await), ((1, 700), (1, 3250)));
        terrace.presses("done").await;
        terrace.is_put_away().await;
        let alone = scene.switches_to(&tabs).await;

        scene.sees("#live[data-status=successful]", "USD 32.50").await;
        scene.sees("#live", "includes tip 2.50").await;
        scene.sees("#live", "Visa 411111****1111").await;
        assert_eq!(scene.runs("return window.neverReloaded").await, true, "the page was loaded anew");
        scene.clicks("#live button[value=void]").await;
        scene.finds("#live[data-status=processing], #live[data-status=created]").await;
        scene.switches_to(&alone).await;
        terrace.shows("manager").await;
        terrace.types_pin("0000").await;
        terrace.ends("approved").await;
        scene.switches_to(&tabs).await;
        scene.sees("#live[data-status=done]", "Done").await;
        eventually("the money is back", Duration::from_secs(5), async || {
            (till.moved(TERRACE).await == (1, 0)).then_some(())
        })
        .await;
        scene.end().await;
    }

    pub async fn a_terminal_speaks_chinese_on_a_phone() {
        let scene = Scene::begin(Look { accepts: "zh-CN,zh", ..PHONE }).await;
        let (till, terminal) = (Till::of(&scene.gate).await, Terminal::open(&scene, "zh").await);
        // The longest name, with no place to break it, on a terminal that comes to the page.
        let long = "W".repeat(128);
        let script = format!(
            "const one = document.querySelector('till-terminal');
             one.querySelector('.welcome .headline').textContent = '{long}'"
        );
        scene.runs(&script).await;
        terminal.fits("a long name").await;
        let number = format!("{}{}", "n".repeat(16), crate::harness::unique("x").replace('.', "-"));
        let number: String = number.chars().take(32).collect();
        let wishes = [
            ("description", long.as_str()),
            ("merchant_order_no", &number),
            ("order_amount", "999999.00"),
            ("on_screen_tip", "true"),
            ("confirm_on_terminal", "true"),
            ("on_screen_signature", "true"),
            ("receipt_print_mode", "3"),
        ];
        till.orders(&wishes).await;
        terminal.shows("confirm").await;
        terminal.fits("confirm").await;
        terminal.presses("confirm").await;
        terminal.shows("tip").await;
        terminal.says("小费").await;
        terminal.fits("tip").await;
        terminal.presses("tip-none").await;
        terminal.takes_out("4000056655665556").await;
        terminal.fits("card").await;
        terminal.presses("insert").await;
        terminal.shows("pin").await;
        terminal.says("测试密码：1234").await;
        terminal.fits("pin").await;
        let key = scene.finds(&terminal.css("[data-key='1']")).await.rectangle().await.unwrap();
        assert!(key.2 >= 44.0 && key.3 >= 44.0, "too small for a finger: {} x {}", key.2, key.3);
        terminal.types_pin("1234").await;
        terminal.shows("signature").await;
        terminal.fits("signature").await;
        terminal.presses("sign-sample").await;
        terminal.presses("sign").await;
        terminal.ends("approved").await;
        terminal.says("999,999.00").await;
        terminal.fits("outcome").await;
        terminal.presses("done").await;
        terminal.shows("paper").await;
        terminal.fits("paper").await;
        terminal.is_put_away().await;
        assert_eq!(till.becomes(&number, "2").await.get("trans_amount"), Some("999999"));
        for path in
            ["/sandbox/terminals", "/sandbox/shop/codepay", "/sandbox/rules", "/sandbox/receiver", "/sandbox"]
        {
            scene.opens(path).await;
            scene.fits(path).await;
        }
        scene.opens(&format!("/sandbox/shop/codepay?order={number}")).await;
        scene.sees("#live[data-status=successful]", "已付款").await;
        scene.fits("the register").await;
        let drawn = scene.runs("return document.querySelector('.signed img').naturalWidth").await;
        assert!(drawn.as_i64().is_some_and(|width| width > 50), "{drawn}");
        scene.end().await;
    }
}
