//! Names and switches that are changed after a login was added, and logins of both rooms side by side.

use super::{prints, refuses, text};
use crate::harness::{TestWorld, eventually};

fn line_of(data: &str, login: &str) -> String {
    let listed = prints(&["merchant", "list", "--data-dir", data]);
    let line = listed.lines().find(|line| line.split_whitespace().nth(1) == Some(login));
    line.unwrap_or_else(|| panic!("no {login} in\n{listed}")).trim().to_owned()
}

#[test]
fn names_and_switches_are_changed() {
    let dir = tempfile::tempdir().unwrap();
    let data = text(dir.path());
    let add = ["merchant", "add", "--data-dir", data, "--name", "Old Name"];
    let latipay = ["--user-id", "U1", "--wallet", "W1:NZD:alipay:120", "--ack", "sent"];
    prints(&[&add[..], &latipay, &["--amount-as-number"]].concat());
    prints(&[&add[..], &["--room", "ottpay", "--merchant-id", "QC1", "--account", "CAD:alipay:0"]].concat());
    let set = |args: &[&str]| prints(&[&["merchant", "set", "--data-dir", data], args].concat());
    let fails = |args: &[&str]| refuses(&[&["merchant", "set", "--data-dir", data], args].concat());

    assert_eq!(line_of(data, "U1"), "latipay U1  Old Name  keys 1  ack sent  amount as number");
    set(&["U1", "--name", "Näw Name"]);
    assert_eq!(line_of(data, "U1"), "latipay U1  Näw Name  keys 1  ack sent  amount as number");
    set(&["--legacy-signature", "U1", "--ack", "200", "--amount-as-number=false"]);
    assert_eq!(line_of(data, "U1"), "latipay U1  Näw Name  keys 1  LEGACY SIGNATURE");
    set(&["U1", "--room", "latipay", "--legacy-signature=false"]);
    assert_eq!(line_of(data, "U1"), "latipay U1  Näw Name  keys 1");
    set(&["QC1", "--time-zone", "Asia/Tokyo", "--name", "Maple"]);
    assert_eq!(line_of(data, "QC1"), "ottpay QC1  Maple  keys 1  CAD, Asia/Tokyo");

    for (args, word) in [
        (&["U1"][..], "nothing to change"),
        (&["U9", "--name", "x"], "no room has a login U9"),
        (&["U1", "--name", " "], "--name is empty"),
        (&["U1", "--time-zone", "Asia/Tokyo"], "--time-zone is an option of ottpay"),
        (&["U1", "--currency", "NZD"], "--currency is an option of ottpay"),
        (&["QC1", "--ack", "sent"], "--ack is an option of latipay"),
        (&["QC1", "--amount-as-number"], "--amount-as-number is an option of latipay"),
        (&["QC1", "--currency", "USD"], "no account in USD"),
        (&["QC1", "--time-zone", "Tokyo/Asia"], "Tokyo/Asia"),
        (&["U1", "--ack", "maybe"], "maybe"),
    ] {
        let said = fails(args);
        assert!(said.contains(word), "{args:?}: {said}");
    }
}

#[test]
fn a_login_is_found_in_its_room() {
    let dir = tempfile::tempdir().unwrap();
    let data = text(dir.path());
    let add = ["merchant", "add", "--data-dir", data, "--name", "Both"];
    prints(&[&add[..], &["--user-id", "SAME", "--wallet", "W1:CAD:alipay:120"]].concat());
    let ottpay = ["--room", "ottpay", "--account", "CAD:alipay:120"];
    prints(&[&add[..], &ottpay, &["--merchant-id", "SAME", "--merchant", "1"]].concat());
    let listed = prints(&["merchant", "list", "--data-dir", data]);
    assert_eq!(listed.matches("merchant 1").count(), 1, "one merchant in two rooms:\n{listed}");
    let only = prints(&["merchant", "list", "--data-dir", data, "--room", "ottpay"]);
    assert!(only.contains("SAME-CAD") && !only.contains("W1"), "{only}");

    for command in [&["rotate-key", "SAME"][..], &["disable", "SAME"], &["set", "SAME", "--name", "x"]] {
        let run = [&["merchant"], command, &["--data-dir", data]].concat();
        assert!(refuses(&run).contains("--room"), "{command:?}");
        prints(&[&run[..], &["--room", "ottpay"]].concat());
    }
    assert!(!line_of(data, "SAME").contains("DISABLED"), "the other room's is as it was");

    let account = |command: &str, room: &str, spec: &str| {
        ["merchant", command, "SAME", spec, "--data-dir", data, "--room", room].map(str::to_owned)
    };
    let run = |args: [String; 8]| prints(&args.each_ref().map(String::as_str));
    let fails = |args: [String; 8]| refuses(&args.each_ref().map(String::as_str));
    run(account("set-wallet", "latipay", "W2:USD:wechat:10"));
    run(account("set-account", "ottpay", "USD:wechat:10"));
    assert!(fails(account("set-wallet", "ottpay", "W2:USD:wechat:10")).contains("set-account"));
    assert!(fails(account("set-account", "latipay", "USD:wechat:10")).contains("set-wallet"));
    assert!(fails(account("set-account", "ottpay", "USD:cash:10")).contains("cash"));

    // A colleague's wallet is not taken over.
    let colleague = ["--merchant", "1", "--user-id", "U2", "--wallet", "W1:CAD:alipay:120"];
    assert!(refuses(&[&add[..], &colleague].concat()).contains("W1 belongs to SAME"));
    assert!(!prints(&["merchant", "list", "--data-dir", data]).contains("U2"));
}

/// The name a payer reads on the page.
#[tokio::test]
async fn a_new_name_reaches_a_running_gateway() {
    let world = TestWorld::new().await;
    let order = world.merchant().sells("12.00").at_the_till().await;
    let data = world.data_dir();
    prints(&["merchant", "set", "--data-dir", text(&data), "U000334333", "--name", "Renamed Cellars"]);
    let profile = || world.app().latipay.directory.find("U000334333");
    eventually("the name is known", std::time::Duration::from_secs(6), async || {
        (profile().await.unwrap().unwrap().user_name == "Renamed Cellars").then_some(())
    })
    .await;
    order.cancels().await.gives(0);
}
