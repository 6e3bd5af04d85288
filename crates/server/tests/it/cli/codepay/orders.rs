//! A terminal that is added, paired and paid at, beside a gateway that runs; then its orders and batches.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::{file, row};
use crate::cli::{Process, command, free_port, prints, refuses, text};
use crate::harness::eventually;
use crate::harness::http::Http;

const PATIENCE: Duration = Duration::from_secs(20);

/// The sandbox with an app, a merchant, a store and a terminal that nobody knew before.
struct Counter {
    folder: tempfile::TempDir,
    url: String,
    http: Http,
    _gateway: Process,
    _terminal: Process,
}

impl Counter {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = text(folder.path());
        let (port, admin) = (free_port(), free_port());
        let [listen, admin] = [port, admin].map(|port| format!("127.0.0.1:{port}"));
        let sandbox = ["sandbox", "--listen", &listen, "--admin-listen", &admin, "--data-dir", data];
        let mut gateway =
            Process(command(&sandbox).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        gateway.waits_for(port);
        let codepay = |line: &str| {
            let words = line.split(' ');
            prints(&["codepay"].into_iter().chain(words).chain(["--data-dir", data]).collect::<Vec<_>>())
        };
        codepay("merchant add M77 --name Diner --currency USD --fee-bp 150");
        codepay("store add --merchant M77 S1 --name Main");
        codepay(&format!("app add wz77 --merchant M77 --public-key-file {}", text(&file("app.pub.pem"))));
        codepay("terminal add T77 --merchant M77 --store S1");
        let code = row(&codepay("terminal pair T77"), "code ");
        let url = format!("http://{listen}");
        let sim = ["sim", "terminal", "--url", &url, "--sn", "T77", "--pairing-code", &code];
        let script = ["--script", "pay tip=3.00 entry=chip"];
        let terminal = command(&[&sim[..], &script].concat()).stdout(Stdio::null()).spawn().unwrap();
        let (gateway, terminal) = (gateway, Process(terminal));
        let counter = Self { folder, url, http: Http::default(), _gateway: gateway, _terminal: terminal };
        eventually("it is paired", PATIENCE, async || {
            counter.says("codepay terminal list").contains("S1  paired").then_some(())
        })
        .await;
        counter
    }

    #[track_caller]
    fn says(&self, line: &str) -> String {
        prints(&line.split(' ').chain(["--data-dir", text(self.folder.path())]).collect::<Vec<_>>())
    }

    #[track_caller]
    fn refuses(&self, line: &str) -> String {
        refuses(&line.split(' ').chain(["--data-dir", text(self.folder.path())]).collect::<Vec<_>>())
    }

    async fn asks(&self, method: &str, mut fields: Value) -> Value {
        fields["merchant_no"] = "M77".into();
        let key = file("app.pem");
        let sign = ["sign", "codepay", "--key", text(&key), "--app-id", "wz77", "--method", method];
        let said = prints(&[&sign[..], &[&fields.to_string()]].concat());
        self.http
            .post_json(&format!("{}/api/entry", self.url), said.lines().last().unwrap().to_owned())
            .await
            .json
    }

    async fn order(&self, trans_type: &str, number: &str, more: Value) {
        let mut fields = json!({ "terminal_sn": "T77", "message_receiving_application": "CodePay Register",
            "price_currency": "USD", "order_amount": "24.00", "trans_type": trans_type,
            "merchant_order_no": number, "description": "x", "api_version": "2.0",
            "notify_url": format!("{}/sandbox/receiver/notify?{number}", self.url) });
        for (name, value) in more.as_object().unwrap() {
            fields[name] = value.clone();
        }
        let answer = self.asks("wisehub.cloud.pay.order", fields).await;
        assert_eq!(answer["code"], "0", "{answer}");
    }

    /// Shows it once it is in that state.
    async fn shown(&self, number: &str, state: &str) -> String {
        let show = format!("order show --login M77 {number}");
        let wanted = format!("state      {state} ");
        eventually(&wanted, PATIENCE, async || {
            let said = self.says(&show);
            said.contains(&wanted).then_some(said)
        })
        .await
    }
}

#[tokio::test]
async fn orders_and_batches_of_a_terminal() {
    let counter = Counter::new().await;
    counter.order("1", "sale-1", json!({ "on_screen_tip": "true" })).await;
    let said = counter.shown("sale-1", "paid").await;
    for line in [
        "amount     24.00 USD",
        "tip        3.00 USD",
        "total      27.00 USD",
        "authorized 27.00 USD",
        "deed       sale",
        "stage      taken by the terminal",
        "batch      1 of T77, not settled",
        "terminal   T77",
        "tips_payable:M77-USD",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let slip = row(&said, "slip ");
    assert!(slip.starts_with("Visa, 4") && slip.contains("****") && slip.contains("chip"), "{slip}");
    // By our number, with the tip's place in it.
    let trans_no = row(&said, "trans_no ");
    assert!(counter.says(&format!("order show --login M77 {trans_no}")).contains("reference  sale-1"));
    assert!(counter.refuses("order show --login M77 nothing").contains("nothing"));
    assert!(counter.refuses(&format!("order show --login 302300000926 {trans_no}")).contains(&trans_no));

    counter.order("4", "hold-1", json!({})).await;
    let said = counter.shown("hold-1", "authorized").await;
    assert!(said.contains("deed       authorization") && said.contains("captured 0"), "{said}");
    counter.order("2", "void-1", json!({ "orig_merchant_order_no": "sale-1" })).await;
    let said = counter.shown("void-1", "paid").await;
    assert!(row(&said, "deed ").starts_with("void, acts on") && said.contains("(sale-1)"), "{said}");
    let said = counter.shown("sale-1", "voided").await;
    assert!(said.contains("a void, carried out at a terminal by order"), "{said}");
    for (state, number) in [("voided", "sale-1"), ("authorized", "hold-1"), ("paid", "void-1")] {
        let listed = counter.says(&format!("order list --login M77 --state {state}"));
        assert!(listed.contains(number) && listed.contains("1 listed"), "{state}: {listed}");
    }

    counter.order("1", "sale-2", json!({ "order_amount": "10.00" })).await;
    counter.shown("sale-2", "paid").await;
    let refund = json!({ "orig_merchant_order_no": "sale-2", "merchant_order_no": "back-2", "order_amount": "4",
        "description": "cold", "notify_url": format!("{}/sandbox/receiver/notify?back", counter.url) });
    assert_eq!(counter.asks("order.refund.submit", refund).await["code"], "0");
    let said = eventually("the refund is done", PATIENCE, async || {
        let said = counter.says("order show --login M77 back-2");
        said.contains("succeeded, told ").then_some(said)
    })
    .await;
    assert!(said.contains("reference  sale-2") && said.contains("reference back-2"), "{said}");

    let listed = counter.says("codepay terminal list --merchant M77");
    assert!(listed.contains("batch 1: 1 transaction, 10.00 USD"), "{listed}");
    let shown = counter.says("codepay batch show T77 1");
    assert!(shown.contains("voided: not in the total") && shown.contains("open"), "{shown}");
    assert_eq!(counter.asks("batch.close", json!({ "terminal_sn": "T77" })).await["code"], "0");
    let shown = eventually("it is settled", PATIENCE, async || {
        let shown = counter.says("codepay batch show T77 1 --orders");
        shown.contains("1 of 1 settled").then_some(shown)
    })
    .await;
    assert!(shown.contains("closed 20"), "{shown}");
    assert!(counter.shown("sale-2", "paid").await.contains("batch      1 of T77, settled"));
    assert!(counter.says("codepay batch list T77").contains("1 transaction"));
    assert!(counter.says("codepay terminal list").contains("batch 2: empty"));
    // Each was told to its address, and can be told again.
    let delivered = counter.says("notify list --state delivered");
    let line = delivered.lines().find(|line| line.ends_with("/notify?sale-2"));
    let id = line.and_then(|line| line.split(' ').next()).unwrap_or_else(|| panic!("{delivered}"));
    counter.says(&format!("notify resend {id}"));
}
