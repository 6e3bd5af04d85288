//! Each field of each method by its rule: refused by name, and nothing changed.

use tillgate::rooms::codepay::{MERCHANTS, TERMINALS};
use tillgate::sandbox::codepay as sandbox;
use tillgate_protocols::codepay::Method;
use tillgate_protocols::codepay::client;
use tillgate_protocols::wire::json::Value;

use super::till::{COUNTER, Said as _, now_ms, till};
use crate::harness::{TestWorld, checks};

fn orders(world: &TestWorld) -> Vec<String> {
    checks::rows(&checks::connect(&world.place.database), "SELECT * FROM orders")
}

#[tokio::test]
async fn amounts_of_an_order() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let before = orders(&world);
    for amount in [
        "24.005",
        "-1",
        "0",
        "0.00",
        "ten",
        "1.0E+7",
        "1e2",
        " 1",
        "1,000.00",
        "+1",
        "1.",
        ".5",
        "１",
        "99999999999999",
        "0x1",
    ] {
        till.is_refused(&format!("order_amount={amount}"), "TG002", "order_amount").await;
    }
    for amount in ["-1", "x", "1.001", "1E+2"] {
        till.is_refused(&format!("tip_amount={amount}"), "TG002", "tip_amount").await;
        till.is_refused(&format!("trans_type=11&cashback_amount={amount}"), "TG002", "cashback_amount").await;
    }
    assert_eq!(orders(&world), before);
}

#[tokio::test]
async fn fields_of_an_order() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let before = orders(&world);
    for (changes, code, names) in [
        ("price_currency=JPY&order_amount=200.5", "TG002", "order_amount"),
        ("price_currency=usd", "TG002", "price_currency"),
        ("price_currency=GBP", "TG002", "price_currency"),
        ("price_currency=", "TG001", "price_currency"),
        ("-order_amount", "TG001", "order_amount"),
        ("order_amount=1000000.01", "TG002", "order_amount"),
        ("order_amount=999999&tip_amount=9999", "TG002", "order_amount"),
        ("cashback_amount=5", "TG002", "cashback_amount"),
        ("trans_type=2", "TG001", "orig_merchant_order_no"),
        ("trans_type=3", "TG001", "orig_merchant_order_no"),
        ("trans_type=6", "TG001", "orig_merchant_order_no"),
        ("trans_type=5", "TG002", "trans_type"),
        ("trans_type=12", "TG002", "trans_type"),
        ("trans_type=01", "TG002", "trans_type"),
        ("trans_type=sale", "TG002", "trans_type"),
        ("-trans_type", "TG001", "trans_type"),
        ("trans_type=2&orig_merchant_order_no=nobody", "ET002", "orig_merchant_order_no"),
        ("trans_type=3&orig_merchant_order_no=nobody", "ET003", "orig_merchant_order_no"),
        ("trans_type=6&orig_merchant_order_no=a b", "E04111", ""),
        ("merchant_order_no=", "TG001", "merchant_order_no"),
        ("merchant_order_no=a b", "TG002", "merchant_order_no"),
        ("merchant_order_no=012345678901234567890123456789012", "TG002", "merchant_order_no"),
        ("trans_type=2&merchant_order_no=X1&orig_merchant_order_no=X1", "TG002", "merchant_order_no"),
        ("terminal_sn=WPYB002248000867", "TG002", "terminal_sn"),
        ("terminal_sn=", "TG001", "terminal_sn"),
        ("store_no=4123000006", "TG002", "store_no"),
        ("message_receiving_application=Register", "TG002", "message_receiving_application"),
        ("pay_scenario=CASH", "TG002", "pay_scenario"),
        ("pay_scenario=SCANQR_PAY", "TG001", "pay_method_id"),
        ("pay_scenario=SCANQR_PAY&pay_method_id=Visa", "TG002", "pay_method_id"),
        ("pay_scenario=SCANQR_PAY&pay_method_id=Alipay&trans_type=4", "TG002", "pay_scenario"),
        ("pay_scenario=SCANQR_PAY&pay_method_id=Alipay&on_screen_tip=true", "TG002", "on_screen_tip"),
        ("pay_method_id=Gold", "TG002", "pay_method_id"),
        ("pay_method_id=PayPal", "TG002", "pay_method_id"),
        ("card_type=9", "TG002", "card_type"),
        ("on_screen_tip=yes", "TG002", "on_screen_tip"),
        ("trans_type=11&on_screen_tip=true", "TG002", "on_screen_tip"),
        ("receipt_print_mode=4", "TG002", "receipt_print_mode"),
        ("order_queue_mode=LIFO", "TG002", "order_queue_mode"),
        ("expires=0", "TG002", "expires"),
        ("expires=604801", "TG002", "expires"),
        ("expires=-1", "TG002", "expires"),
        ("expires=soon", "TG002", "expires"),
        ("api_version=1.0", "TG002", "api_version"),
        ("-api_version", "TG001", "api_version"),
        ("-description", "TG001", "description"),
        ("description=a\nb", "TG002", "description"),
        ("notify_url=/told", "TG002", "notify_url"),
        ("notify_url=ftp://shop.example/", "TG002", "notify_url"),
        ("notify_url=http://user:word@shop.example/", "TG002", "notify_url"),
    ] {
        till.is_refused(changes, code, names).await;
    }
    till.is_refused(&format!("description={}", "x".repeat(129)), "TG002", "description").await;
    till.is_refused(&format!("attach={}", "x".repeat(129)), "TG002", "attach").await;
    assert_eq!(orders(&world), before);
}

/// Numbers and switches as JSON has them, and values that are neither.
#[tokio::test]
async fn literals() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let before = orders(&world);
    let key = sandbox::app_key().unwrap();
    let send = async |name: &'static str, value: Value<'static>| {
        let (own, stamp) = (till.order("-notify_url"), now_ms());
        let mut fields: Vec<(&str, Value<'_>)> = own
            .iter()
            .filter(|(known, _)| known != name)
            .map(|(name, value)| (name.as_str(), Value::Text(value.as_str().into())))
            .collect();
        fields.push((name, value));
        let number = super::till::field(&own, "merchant_order_no").to_owned();
        let fields = client::envelope(Method::PayOrder, &till.app_id, &stamp, true, &fields);
        (number, till.sends(client::json_body(&fields, Some(&key))).await)
    };
    for literal in ["1.0E+7", "1e2", "-24", "24.005"] {
        send("order_amount", Value::Number(literal)).await.1.gives("TG002").names("order_amount");
    }
    send("order_amount", Value::Bool(true)).await.1.gives("TG002").names("order_amount");
    send("order_amount", Value::Null).await.1.gives("TG001").names("order_amount");
    send("order_amount", Value::Nested("[24]")).await.1.gives("TG002").names("order_amount");
    send("description", Value::Nested("{\"a\": 1}")).await.1.gives("TG002").names("description");
    assert_eq!(orders(&world), before);
    for (name, value) in [
        ("order_amount", Value::Number("144.340")),
        ("on_screen_tip", Value::Bool(true)),
        ("tip_amount", Value::Number("30.0")),
    ] {
        let (number, answer) = send(name, value).await;
        answer.gives("0");
        till.closes(&number).await.gives("0");
    }
}

#[tokio::test]
async fn fields_of_the_other_methods() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let number = till.orders("").await;
    let before = orders(&world);
    for (method, changes, code, names) in [
        (Method::OrderQuery, "", "TG001", "merchant_order_no"),
        (Method::OrderQuery, "merchant_order_no=nobody", "E04111", ""),
        (Method::OrderQuery, "merchant_order_no=a b", "E04111", ""),
        (Method::OrderQuery, "trans_no=nobody", "E04110", ""),
        (Method::OrderQuery, "trans_no=50000000000000000001", "E04110", ""),
        (Method::OrderQuery, &*format!("trans_no=x y&merchant_order_no={number}"), "E04110", ""),
        (Method::RefundQuery, "merchant_order_no=nobody", "E04111", ""),
        (Method::Revoke, "", "TG001", "merchant_order_no"),
        (Method::Revoke, "merchant_order_no=nobody", "E04111", ""),
        (Method::TipAdjustment, "tip_adjustment_amount=1", "TG001", "merchant_order_no"),
        (Method::TipAdjustment, "merchant_order_no=x", "TG001", "tip_adjustment_amount"),
        (Method::BatchClose, "", "TG001", "terminal_sn"),
        (Method::BatchClose, "terminal_sn=WPYB002248000867", "TG002", "terminal_sn"),
        (Method::PayClose, "terminal_sn=x&merchant_order_no=x", "TG001", "message_receiving_application"),
        (
            Method::RefundSubmit,
            "orig_merchant_order_no=x&merchant_order_no=y&order_amount=0&price_currency=USD&description=d",
            "TG002",
            "order_amount",
        ),
        (
            Method::RefundSubmit,
            "orig_merchant_order_no=x&merchant_order_no=y&order_amount=1",
            "TG001",
            "description",
        ),
    ] {
        till.calls(method, changes).await.gives(code).names(names);
    }
    till.is_refused(&format!("merchant_order_no={number}"), "E04112", "repeated").await;
    assert_eq!(orders(&world), before);
    till.closes(&number).await.gives("0");
}

/// Another merchant's terminal, orders and numbers; a terminal and a merchant that are switched off.
#[tokio::test]
async fn what_is_not_ones_own() {
    let world = TestWorld::new().await;
    let till = till(&world).await;
    let number = till.orders("").await;
    let trans_no = till.seen(&number).await.field("trans_no").to_owned();
    // A second merchant for the same app, with a terminal.
    let store = world.store();
    let mut merchant = store.load_credential(MERCHANTS, sandbox::MERCHANT_NO).await.unwrap().unwrap();
    let mut app = store.load_credential("codepay", sandbox::APP_ID).await.unwrap().unwrap();
    let mut terminal = store.load_credential(TERMINALS, COUNTER.0).await.unwrap().unwrap();
    let other = store.add_merchant("Other", tillgate::clock::now()).await.unwrap();
    (merchant.merchant, merchant.login) = (other, "302300000999".into());
    merchant.accounts.retain(|account| account.currency.code() == "USD");
    merchant.accounts[0].code = "other-USD".into();
    store.put_credential(merchant.clone()).await.unwrap();
    (terminal.merchant, terminal.login) = (other, "OTHER1".into());
    terminal.settings = terminal.settings.replace(sandbox::MERCHANT_NO, "302300000999");
    store.put_credential(terminal).await.unwrap();
    let known = format!("{{\"merchant_no\":\"302300000999\",\"merchant\":{}}}", other.0);
    app.settings = app.settings.replace("\"merchants\":[", &format!("\"merchants\":[{known},"));
    store.put_credential(app).await.unwrap();
    world.app().codepay.apps.forget(sandbox::APP_ID);
    let before = orders(&world);
    till.is_refused("terminal_sn=OTHER1", "TG002", "terminal_sn").await;
    till.is_refused("merchant_no=302300000999", "TG002", "terminal_sn").await;
    let theirs = "merchant_no=302300000999&";
    till.calls(Method::OrderQuery, &format!("{theirs}merchant_order_no={number}")).await.gives("E04111");
    till.calls(Method::OrderQuery, &format!("{theirs}trans_no={trans_no}")).await.gives("E04110");
    till.calls(Method::Revoke, &format!("{theirs}merchant_order_no={number}")).await.gives("E04111");
    till.calls(Method::TipAdjustment, &format!("{theirs}merchant_order_no={number}&tip_adjustment_amount=1"))
        .await
        .gives("E04111");
    till.calls(Method::BatchClose, &format!("{theirs}terminal_sn={}", COUNTER.0)).await.gives("TG002");
    till.is_refused(
        &format!("{theirs}terminal_sn=OTHER1&trans_type=2&orig_merchant_order_no={number}&order_amount=24"),
        "ET002",
        "",
    )
    .await;
    assert_eq!(orders(&world), before);
    till.closes(&number).await.gives("0");
    // The same number is free for the other merchant.
    let data =
        till.order(&format!("{theirs}terminal_sn=OTHER1&merchant_order_no={number}&expires=1&-notify_url"));
    till.sends(till.body(Method::PayOrder, &data)).await.gives("0");
    merchant.enabled = false;
    store.put_credential(merchant).await.unwrap();
    world.app().codepay.merchants.forget("302300000999");
    till.is_refused(&format!("{theirs}terminal_sn=OTHER1"), "E07303", "").await;
    let mut counter = store.load_credential(TERMINALS, COUNTER.0).await.unwrap().unwrap();
    counter.enabled = false;
    store.put_credential(counter).await.unwrap();
    world.app().codepay.terminals.forget(COUNTER.0);
    till.is_refused("", "TG002", "switched off").await;
}
