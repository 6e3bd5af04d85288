//! Merchants of OTT Pay beside a gateway that runs; `sign` and `verify` are the till.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::peer::SIGN_KEY;
use super::{prints, refuses, runs, text};
use crate::harness::checks::no_file_holds;
use crate::harness::{Place, TestWorld, eventually};

const SEEN: Duration = Duration::from_secs(6);

/// A till that knows nothing but this program's command line.
pub struct Till {
    pub place: Arc<Place>,
    pub merchant_id: String,
    pub key: String,
}

impl Till {
    pub fn of(world: &TestWorld, merchant_id: &str) -> Self {
        Self { place: world.place.clone(), merchant_id: merchant_id.into(), key: SIGN_KEY.into() }
    }

    pub fn request(&self, action: &str, fields: &str, more: &[&str]) -> String {
        let args = ["sign", "ottpay", "--key", &self.key, "--action", action];
        let args = [&args[..], &["--merchant-id", &self.merchant_id], more, &[fields]].concat();
        prints(&args).lines().last().unwrap().to_owned()
    }

    /// The answer as it stands.
    pub async fn posts(&self, body: String) -> Value {
        self.place.post("/processV2", body).await.json
    }

    /// The data object of the answer; null if it does not open.
    pub async fn calls(&self, action: &str, fields: &str) -> Value {
        self.opens(&self.posts(self.request(action, fields, &[])).await)
    }

    pub fn opens(&self, answer: &Value) -> Value {
        let said = runs(&["verify", "ottpay", "--key", &self.key, &answer.to_string()]).stdout;
        let said = String::from_utf8(said).unwrap();
        let plaintext = said.lines().find_map(|line| line.strip_prefix("plaintext"));
        plaintext.map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
    }
}

/// What stands behind a name.
fn row(said: &str, name: &str) -> String {
    let line = said.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name}: {said}")).trim().to_owned()
}

fn add(data: &str, args: &[&str]) -> Vec<String> {
    let fixed = ["merchant", "add", "--room", "ottpay", "--data-dir", data, "--name", "Maple Bakery"];
    [&fixed[..], args].concat().into_iter().map(str::to_owned).collect()
}

fn adds(data: &str, args: &[&str]) -> String {
    prints(&add(data, args).iter().map(String::as_str).collect::<Vec<_>>())
}

fn add_fails(data: &str, args: &[&str]) -> String {
    refuses(&add(data, args).iter().map(String::as_str).collect::<Vec<_>>())
}

fn is_sign_key(key: &str) -> bool {
    key.len() == 32 && key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
}

#[test]
fn merchants_are_added_listed_and_get_new_keys() {
    let dir = tempfile::tempdir().unwrap();
    let data = text(dir.path());
    let accounts = ["--account", "USD:alipay,wechat,unionpay:120:5000.00", "--account", "CAD:wechat:0"];
    let said = adds(data, &accounts);
    let (made, first) = (row(&said, "merchant_id"), row(&said, "sign_key"));
    assert!(made.len() == 10 && made.starts_with("QC"), "{made}");
    assert!(made[2..].bytes().all(|byte| byte.is_ascii_digit()) && is_sign_key(&first), "{said}");
    let own = ["--merchant-id", "QC00005496", "--time-zone", "america/vancouver"];
    adds(data, &[&own[..], &["--account", "CAD:alipay:120"]].concat());
    assert!(add_fails(data, &[&own[..], &["--account", "CAD:alipay:120"]].concat()).contains("exists"));

    let listed = prints(&["merchant", "list", "--data-dir", data]);
    for line in [
        format!("  ottpay {made}  Maple Bakery  keys 1  USD, America/Toronto"),
        format!("    {made}-USD  USD  alipay,wechat,unionpay  120 bp  limit 5000.00"),
        format!("    {made}-CAD  CAD  wechat  0 bp"),
        "  ottpay QC00005496  Maple Bakery  keys 1  CAD, America/Vancouver".to_owned(),
    ] {
        assert!(listed.lines().any(|listed| listed == line), "{line} is missing:\n{listed}");
    }
    let rotate = ["merchant", "rotate-key", "--data-dir", data, &made];
    let second = row(&prints(&[&rotate[..], &["--room", "ottpay"]].concat()), "sign_key");
    let third = row(&prints(&[&rotate[..], &["--old-valid-hours", "0"]].concat()), "sign_key");
    assert!(is_sign_key(&second) && is_sign_key(&third) && first != second && second != third);
    assert!(refuses(&[&rotate[..], &["--room", "latipay"]].concat()).contains("latipay has no login"));
    assert!(refuses(&["merchant", "rotate-key", "--data-dir", data, "QC9"]).contains("QC9"));
    for key in [&first, &second, &third] {
        assert!(!prints(&["merchant", "list", "--data-dir", data]).contains(key.as_str()));
        no_file_holds(dir.path(), key);
    }
}

#[test]
fn what_is_no_merchant_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = text(dir.path());
    let cad = ["--account", "CAD:alipay:120"];
    for bad in [
        "CAD",
        "CAD:alipay",
        "XXQ:alipay:120",
        "CAD:cash:120",
        "CAD:alipay:x",
        "CAD:alipay:10001",
        "CAD:alipay:-1",
        "JPY:alipay:120:1.5",
        "CAD:alipay:120:1.234",
        "CAD:alipay:120:5.00:1",
        "",
    ] {
        let said = add_fails(data, &["--account", bad]);
        assert!(said.contains(&format!("--account {bad}")), "{bad}: {said}");
    }
    assert!(add_fails(data, &[]).contains("--account"));
    assert!(add_fails(data, &[&cad[..], &cad[..]].concat()).contains("-CAD is given twice"));
    assert!(add_fails(data, &[&cad[..], &["--time-zone", "Mars/Olympus"]].concat()).contains("Mars/Olympus"));
    assert!(add_fails(data, &[&cad[..], &["--merchant-id", "Q C"]].concat()).contains("--merchant-id Q C"));
    assert!(add_fails(data, &[&cad[..], &["--merchant", "7"]].concat()).contains("no merchant 7"));
    for foreign in [
        &["--wallet", "W1:CAD:alipay:120"][..],
        &["--user-id", "U1"],
        &["--ack", "sent"],
        &["--amount-as-number"],
        &["--legacy-signature"],
    ] {
        let said = add_fails(data, &[&cad[..], foreign].concat());
        assert!(said.contains(&format!("{} is an option of latipay", foreign[0])), "{said}");
    }
    let latipay = ["merchant", "add", "--data-dir", data, "--name", "x", "--wallet", "W1:CAD:alipay:120"];
    for foreign in [&cad[..], &["--merchant-id", "QC1"], &["--time-zone", "Asia/Tokyo"]] {
        let said = refuses(&[&latipay[..], foreign].concat());
        assert!(said.contains(&format!("{} is an option of ottpay", foreign[0])), "{said}");
    }
    assert!(refuses(&["merchant", "add", "--data-dir", data, "--name", "x"]).contains("--wallet"));
    assert!(refuses(&[&latipay[..], &["--room", "nopay"]].concat()).contains("nopay"));
    assert!(prints(&["merchant", "list", "--data-dir", data]).is_empty(), "nobody was added");
}

#[test]
fn a_merchant_brings_the_key_its_tills_have() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("key"));
    let args = ["--account", "CAD:alipay:120", "--key-file", text(&file)];
    let own = "0123456789ABCDEF";
    std::fs::write(&file, format!("{own}\n")).unwrap();
    let said = adds(text(&data), &[&args[..], &["--merchant-id", "QC00000001"]].concat());
    assert!(!said.contains(own) && said.contains("(the one you gave)"), "{said}");
    no_file_holds(&data, own);
    for (bad, word) in [
        ("6698851A525C9433", "printed in the documents"),
        ("6698851a525c9433", "printed in the documents"),
        ("A8B5FE540E38A5A9", "printed in the documents"),
        ("111222333", "printed in the documents"),
        ("0123456789ABCDE", "at least 16 characters"),
        ("0123456789ABCDEF 0", "no blanks"),
        ("0123456789abcdef", "upper-case hexadecimal"),
        ("0123456789ABCDEG", "upper-case hexadecimal"),
        ("", "at least 16 characters"),
    ] {
        std::fs::write(&file, bad).unwrap();
        let said = add_fails(text(&data), &args);
        assert!(said.contains(word) && (bad.is_empty() || !said.contains(bad)), "{bad}: {said}");
    }
}

/// A merchant who is added while the gateway runs sells at once; what is changed reaches it.
#[tokio::test]
async fn merchants_are_added_and_changed_beside_a_running_gateway() {
    let world = TestWorld::new().await;
    let data = world.data_dir();
    let data = text(&data);
    let said = adds(data, &["--account", "CAD:wechat:120:50.00", "--merchant-id", "QC00000077"]);
    let mut till = Till { key: row(&said, "sign_key"), ..Till::of(&world, "QC00000077") };
    let pays = "operator_id=1\nauth_code=134588558514585062\nbiz_type=WECHATPAY\namount=";
    let sale = |more: &str| format!("{pays}{more}");
    let code = async |till: &Till, fields: String| {
        till.posts(till.request("PASSIVEPAY", &fields, &[])).await["rsp_code"].clone()
    };
    assert_eq!(code(&till, sale("5000\norder_id=A")).await, "SUCCESS");
    assert_eq!(code(&till, sale("5001\norder_id=B")).await, "PARAM_ERROR");

    let set = |spec: &str| prints(&["merchant", "set-account", "--data-dir", data, "QC00000077", spec]);
    assert!(set("CAD:wechat,alipay:120:60.00").contains("QC00000077-CAD"));
    eventually("the limit is seen", SEEN, async || {
        (code(&till, sale("5001\norder_id=B")).await == "SUCCESS").then_some(())
    })
    .await;
    assert!(set("USD:alipay:100").contains("account QC00000077-USD set"));
    prints(&["merchant", "set", "--data-dir", data, "QC00000077", "--currency", "USD"]);
    eventually("the currency is seen", SEEN, async || {
        (till.calls("EX_RATE_QUERY", "{}").await["feeType"] == "USD").then_some(())
    })
    .await;

    // Both keys open while both are valid; then only the new one.
    let rotate = ["merchant", "rotate-key", "--data-dir", data, "QC00000077", "--room", "ottpay"];
    let new_key = row(&prints(&rotate), "sign_key");
    let old = Till { key: till.key.clone(), ..Till::of(&world, "QC00000077") };
    till.key = new_key;
    let rate = async |till: &Till| till.calls("EX_RATE_QUERY", "fee_type=CAD").await["rate"].clone();
    eventually("the key is seen", SEEN, async || (rate(&till).await == "525000000").then_some(())).await;
    assert_eq!(rate(&old).await, "525000000");
    till.key = row(&prints(&[&rotate[..], &["--old-valid-hours", "0"]].concat()), "sign_key");
    eventually("the key is seen", SEEN, async || (rate(&till).await == "525000000").then_some(())).await;
    eventually("the old one ends", SEEN, async || rate(&old).await.is_null().then_some(())).await;

    let word = async || till.posts(till.request("EX_RATE_QUERY", "{}", &[])).await["rsp_code"].clone();
    for (command, expected) in [("disable", "PARAM_INVALID"), ("enable", "SUCCESS")] {
        prints(&["merchant", command, "--data-dir", data, "QC00000077"]);
        let what = format!("{command} is seen");
        eventually(&what, SEEN, async || (word().await == expected).then_some(())).await;
    }
}
