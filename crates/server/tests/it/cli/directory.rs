//! Merchants, orders and notifications beside a gateway, running or not.

use crate::harness::checks::no_file_holds;
use crate::harness::{Reply, TestWorld, eventually};

use super::{prints, refuses, text};

fn key_of(said: &str) -> String {
    let line = said.lines().find_map(|line| line.strip_prefix("api_key")).expect("a key is printed");
    line.trim().to_owned()
}

#[test]
fn merchants_are_added_listed_and_get_new_keys() {
    let dir = tempfile::tempdir().unwrap();
    let data = text(dir.path());
    let wallet = "W00000077:NZD:alipay,wechat:120:5000.00";
    let add = ["merchant", "add", "--data-dir", data, "--name", "Corner Café", "--user-id", "U000000077"];
    let said = prints(&[&add[..], &["--wallet", wallet, "--wallet", "W00000078:AUD:alipay:0"]].concat());
    let first = key_of(&said);
    assert!(first.len() >= 32 && said.contains("U000000077"), "{said}");
    assert!(refuses(&[&add[..], &["--wallet", wallet]].concat()).contains("exists"));
    for bad in [
        "W1:NZD:alipay",
        "W1:XXQ:alipay:120",
        "W1:NZD:cash:120",
        "W1:NZD:alipay:x",
        "W1:NZD:alipay:120:1.234",
    ] {
        let said = refuses(&["merchant", "add", "--data-dir", data, "--name", "x", "--wallet", bad]);
        assert!(said.contains(bad), "{said}");
    }
    let second = key_of(&prints(&["merchant", "rotate-key", "--data-dir", data, "U000000077"]));
    assert_ne!(first, second);
    let said =
        prints(&["merchant", "rotate-key", "--data-dir", data, "U000000077", "--old-valid-hours", "0"]);
    let third = key_of(&said);
    assert!(!said.contains(&first) && !said.contains(&second), "old keys are not printed");
    let list = prints(&["merchant", "list", "--data-dir", data]);
    for word in ["Corner Café", "U000000077", "W00000077", "W00000078", "NZD", "AUD", "alipay,wechat"] {
        assert!(list.contains(word), "{list}");
    }
    for key in [&first, &second, &third] {
        assert!(!list.contains(key.as_str()));
        no_file_holds(dir.path(), key);
    }
    assert!(refuses(&["merchant", "rotate-key", "--data-dir", data, "U9"]).contains("U9"));
}

#[tokio::test]
async fn an_order_and_its_notifications_beside_a_running_gateway() {
    let world = TestWorld::new().await;
    let sale = world.merchant().sells("12.00");
    let path = format!("/paid/{}", sale.field("merchant_reference"));
    world.place.receiver.answers(&path, &[Reply::Status(500, "broken"), Reply::Status(200, "")]);
    let order = sale.by_bar_code("134588558514585062").await;
    order.becomes("paid").await.is_notified("paid").await;
    order.refunds("4.00").await.gives(0);
    let (data, order_id) = (world.data_dir(), order.order_id().await);
    let data = text(&data);

    let listed = || prints(&["notify", "list", "--data-dir", data, "--state", "waiting"]);
    let waits = std::time::Duration::from_secs(5);
    let row = eventually("it is listed", waits, async || {
        listed().lines().find(|line| line.contains(&order_id)).map(str::to_owned)
    })
    .await;
    let id = row.split_whitespace().next().unwrap();
    for key in [order.reference.as_str(), order_id.as_str()] {
        let said = prints(&["order", "show", "--data-dir", data, "--user-id", "U000334333", key]);
        for word in [
            order.reference.as_str(),
            &order_id,
            "paid",
            "12.00 NZD",
            "merchant_payable:W00000001",
            "refund 1",
            "broken",
            "owed       notify",
        ] {
            assert!(said.contains(word), "{word} is missing:\n{said}");
        }
        assert!(!said.contains("111222333"));
    }
    assert!(
        refuses(&["order", "show", "--data-dir", data, "--user-id", "U000334333", "nothing"])
            .contains("nothing")
    );
    assert!(refuses(&["order", "show", "--data-dir", data, "--user-id", "U9", "x"]).contains("U9"));

    prints(&["notify", "resend", "--data-dir", data, id]);
    order.is_notified_times(2).await;
    assert!(refuses(&["notify", "resend", "--data-dir", data, "1/1/1"]).contains("1/1/1"));
    assert!(refuses(&["notify", "resend", "--data-dir", data, "nonsense"]).contains("nonsense"));
    eventually("it is delivered", waits, async || {
        prints(&["notify", "list", "--data-dir", data, "--state", "delivered"]).contains(id).then_some(())
    })
    .await;
}

/// Changes from the command line reach a gateway that runs.
#[tokio::test]
async fn wallets_and_users_are_changed_beside_a_running_gateway() {
    let world = TestWorld::new().await;
    let data = world.data_dir();
    let set = |wallet: &str| {
        ["merchant", "set-wallet", "--data-dir", text(&data), "U000334333", wallet].map(str::to_owned)
    };
    let merchant = world.merchant().with_wallet("W00000009");
    merchant.asks_detail("W00000009").await.gives(450);
    let wanted = set("W00000009:NZD:wechat:0:50.00");
    prints(&wanted.each_ref().map(String::as_str));
    let seen = std::time::Duration::from_secs(6);
    eventually("the wallet is known", seen, async || {
        (merchant.asks_detail("W00000009").await.code() == 0).then_some(())
    })
    .await;
    let route = tillgate_protocols::latipay::Route::Transaction;
    merchant.sells("50.01").with("wechat").sent_to(route).await.gives(454);
    merchant.sells("50.00").with("alipay").sent_to(route).await.gives(304);
    let order = merchant.sells("50.00").with("wechat").at_the_till().await;
    let other_currency = set("W00000009:AUD:wechat:0");
    assert!(refuses(&other_currency.each_ref().map(String::as_str)).contains("W00000009"));

    for (command, code) in [("disable", 205), ("enable", 0)] {
        prints(&["merchant", command, "--data-dir", text(&data), "U000334333"]);
        let what = format!("{command} is seen");
        eventually(&what, seen, async || {
            (merchant.queries(&order.reference).await.code() == code).then_some(())
        })
        .await;
    }
    order.cancels().await.gives(0);
}

#[test]
fn a_merchant_brings_the_key_its_tills_have() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("key"));
    let add = |user: &str, key: &str| {
        std::fs::write(&file, format!("{key}\n")).unwrap();
        let args = ["merchant", "add", "--data-dir", text(&data), "--name", "x", "--user-id", user];
        let args = [&args[..], &["--wallet", "W1:NZD:alipay:120", "--key-file", text(&file)]].concat();
        super::runs(&args)
    };
    let added = add("U1", "the-key-of-the-tills");
    assert!(
        added.status.success() && !String::from_utf8_lossy(&added.stdout).contains("the-key-of-the-tills")
    );
    no_file_holds(&data, "the-key-of-the-tills");
    for bad in ["111222333", "short", "with a blank", ""] {
        let refused = add("U2", bad);
        assert!(!refused.status.success(), "{bad}");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(bad.is_empty() || !said.contains(bad), "{said}");
    }
}
