//! `order show` and `order list` for both rooms.

use super::ottpay::Till;
use super::{prints, refuses, text};
use crate::harness::{TestWorld, eventually};

#[track_caller]
fn has(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word} is missing:\n{said}");
    }
}

#[tokio::test]
async fn an_order_of_ott_pay_shows_all_it_knows() {
    let world = TestWorld::new().await;
    let till = Till::of(&world, "QC00005496");
    let fields = "order_id=show-1\nauth_code=134588558514585062\nbiz_type=WECHATPAY\namount=1000\ntip=150\n\
                  operator_id=Zoë\nsale_num=S77\norder_remark=bread";
    let request = till.request("PASSIVEPAY", fields, &["--terminal-no", "T-9"]);
    let answer = till.posts(request).await;
    assert_eq!(answer["rsp_code"], "SUCCESS", "{answer}");
    let bizpay = till.opens(&answer)["bizpay_order_id"].as_str().unwrap().to_owned();
    let refund = till.request("REFUND", "ori_order_id=show-1\nrefund_amt=400\norder_id=back-1", &[]);
    assert_eq!(till.posts(refund).await["rsp_code"], "SUCCESS");

    let data = world.data_dir();
    let show = ["order", "show", "--data-dir", text(&data)];
    let said = prints(&[&show[..], &["--room", "ottpay", "--login", "QC00005496", "show-1"]].concat());
    has(
        &said,
        &[
            "(ottpay)\nreference  show-1\nstate      paid",
            "amount     10.00 CAD\ntip        1.50 CAD\ntotal      11.50 CAD = 60.38 CNY at 5.25000000\n",
            "how        wechat, customer_presented, account QC00005496-CAD\n",
            "operator   Zoë\nterminal   T-9\nsale_num   S77\n",
            "refund 1   4.00 CAD, ",
            ", reference back-1, ",
        ],
    );
    // Whatever the merchant calls it, and without naming the room.
    for key in ["show-1", "back-1", &bizpay, bizpay.trim_start_matches("WX")] {
        let again = prints(&[&show[..], &["--merchant-id", "QC00005496", key]].concat());
        assert_eq!(again.lines().next(), said.lines().next(), "{key}");
    }
    let other = [&show[..], &["--login", "QC00005497", "show-1"]].concat();
    assert!(refuses(&other).contains("QC00005497 has no order show-1"));
    let wrong_room = [&show[..], &["--room", "latipay", "--login", "QC00005496", "show-1"]].concat();
    assert!(refuses(&wrong_room).contains("latipay has no login QC00005496"));
}

/// A payer who changes his mind leaves both choices behind.
#[tokio::test]
async fn choices_are_shown_in_turn() {
    let world = TestWorld::new().await;
    let till = Till::of(&world, "QC00005496");
    let fields = "prepay_order_id=page-1\namount=2500\ncurrency_type=CAD\nbiz_type=PREPAY\nsale_num=17\n\
                  operator_id=1\nshop_id=shop 1\nduration=600\nredirect_url=http://127.0.0.1:9/x\n\
                  call_back_url=http://127.0.0.1:9/x";
    let page = till.calls("PREPAY_INIT", fields).await["payInfo"].as_str().unwrap().to_owned();
    let data = world.data_dir();
    let show = || prints(&["order", "show", "--data-dir", text(&data), "--login", "QC00005496", "page-1"]);
    has(&show(), &["how        not chosen yet, hosted_page, ", "sale_num   17\n", "shop_id    shop 1\n"]);
    let listed = prints(&["order", "list", "--data-dir", text(&data), "--login", "QC00005496"]);
    has(&listed, &["  page-1  pending  25.00 CAD  -  -  1  -  "]);
    for method in ["alipay", "unionpay"] {
        let answer = world.place.http.post_json(&page, format!("method={method}")).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
    }
    has(&show(), &["how        unionpay, hosted_page, ", "choices    alipay, unionpay\n"]);
}

#[tokio::test]
async fn an_order_of_latipay_is_shown_as_before() {
    let world = TestWorld::new().await;
    let order = world.merchant().sells("12.00").by_bar_code("134588558514585062").await;
    order.becomes("paid").await;
    order.refunds("4.00").await.gives(0);
    let data = world.data_dir();
    let order_id = order.order_id().await;
    for option in ["--user-id", "--login"] {
        let said = prints(&["order", "show", "--data-dir", text(&data), option, "U000334333", &order_id]);
        has(&said, &["(latipay)", "refund 1   4.00 NZD, ", "amount     12.00 NZD = "]);
        assert!(!said.contains("tip  ") && !said.contains("operator  "), "{said}");
    }
}

#[tokio::test]
async fn orders_are_listed_newest_first_and_by_who_sold_them() {
    let world = TestWorld::new().await;
    let till = Till::of(&world, "QC00005496");
    for (number, operator, terminal, more) in [
        ("l-1", "ann", "T1", "amount=1000\nbiz_type=WECHATPAY"),
        ("l-2", "bob", "T1", "amount=1000\nbiz_type=WECHATPAY\ntip=50"),
        ("l-3", "ann", "T2", "amount=1000\nbiz_type=WECHATPAY"),
    ] {
        let fields =
            format!("order_id={number}\noperator_id={operator}\nauth_code=134588558514585062\n{more}");
        let answer = till.posts(till.request("PASSIVEPAY", &fields, &["--terminal-no", terminal])).await;
        assert_eq!(answer["rsp_code"], "SUCCESS", "{answer}");
    }
    let open =
        "order_id=l-4\noperator_id=ann\namount=2000\nbiz_type=ALIPAY\ncall_back_url=http://127.0.0.1:9/x";
    assert_eq!(till.posts(till.request("ACTIVEPAY", open, &[])).await["rsp_code"], "SUCCESS");

    let data = world.data_dir();
    let list = |more: &[&str]| {
        let fixed = ["order", "list", "--data-dir", text(&data), "--login", "QC00005496"];
        prints(&[&fixed[..], more].concat())
    };
    let listed = |more: &[&str]| {
        let said = list(more);
        let orders: Vec<String> =
            said.lines().filter_map(|line| line.split_whitespace().nth(1)).map(str::to_owned).collect();
        let (last, orders) = orders.split_last().unwrap();
        assert!(last == "listed" && said.ends_with(&format!("{} listed\n", orders.len())), "{said}");
        orders.join(" ")
    };
    for (more, expected) in [
        (&[][..], "l-4 l-3 l-2 l-1"),
        (&["--room", "ottpay", "--limit", "2"], "l-4 l-3"),
        (&["--operator", "ann"], "l-4 l-3 l-1"),
        (&["--terminal", "T1"], "l-2 l-1"),
        (&["--operator", "ann", "--terminal", "T1"], "l-1"),
        (&["--state", "pending"], "l-4"),
        (&["--state", "paid", "--operator", "bob"], "l-2"),
        (&["--operator", "nobody"], ""),
    ] {
        assert_eq!(listed(more), expected, "{more:?}");
    }
    let said = list(&["--operator", "bob"]);
    let columns: Vec<&str> = said.lines().next().unwrap().split("  ").collect();
    assert_eq!(columns[1..8], ["l-2", "paid", "10.00 CAD", "0.50", "wechat", "bob", "T1"]);
    assert!(columns[8].ends_with("UTC"), "{said}");
    has(&list(&["--state", "pending"]), &["20.00 CAD  -  alipay  ann  -  "]);

    let fixed = ["order", "list", "--data-dir", text(&data)];
    assert!(refuses(&fixed).contains("--login"));
    assert!(refuses(&[&fixed[..], &["--login", "QC9"]].concat()).contains("QC9"));
    let bad_state = [&fixed[..], &["--login", "QC00005496", "--state", "lost"]].concat();
    assert!(refuses(&bad_state).contains("lost"));
    assert!(refuses(&[&fixed[..], &["--login", "QC00005496", "--limit", "0"]].concat()).contains("--limit"));
}

/// Two logins of one merchant do not see each other's orders, however few are asked for.
#[tokio::test]
async fn a_colleagues_orders_are_not_listed() {
    let world = TestWorld::new().await;
    let data = world.data_dir();
    let data = text(&data);
    let list = prints(&["merchant", "list", "--data-dir", data]);
    let own = list.lines().take_while(|line| !line.contains("QC00005496")).collect::<Vec<_>>();
    let number = own.iter().rev().find_map(|line| line.strip_prefix("merchant ")).unwrap();
    let number = number.split_whitespace().next().unwrap();
    let add = ["merchant", "add", "--data-dir", data, "--room", "ottpay", "--name", "Stall"];
    let more = ["--merchant", number, "--merchant-id", "QC00000012", "--account", "CAD:wechat:0"];
    let said = prints(&[&add[..], &more].concat());
    let key = said.lines().find_map(|line| line.strip_prefix("sign_key")).unwrap().trim().to_owned();
    let colleague = Till { key, ..Till::of(&world, "QC00000012") };
    let till = Till::of(&world, "QC00005496");
    let sale = |order: &str| {
        format!(
            "order_id={order}\noperator_id=1\namount=1000\nbiz_type=WECHATPAY\nauth_code=134588558514585062"
        )
    };
    let patience = std::time::Duration::from_secs(6);
    eventually("the colleague is known", patience, async || {
        let answer = colleague.posts(colleague.request("PASSIVEPAY", &sale("first"), &[])).await;
        (answer["rsp_code"] == "SUCCESS").then_some(())
    })
    .await;
    for number in 1..=6 {
        till.posts(till.request("PASSIVEPAY", &sale(&format!("n-{number}")), &[])).await;
    }
    let list = |login: &str, limit: &str| {
        prints(&["order", "list", "--data-dir", data, "--login", login, "--limit", limit])
    };
    let said = list("QC00000012", "1");
    assert!(said.contains("  first  ") && said.ends_with("1 listed\n"), "{said}");
    let said = list("QC00005496", "3");
    has(&said, &["n-6", "n-5", "n-4", "3 listed"]);
}
