//! The real program on free ports with a data folder of its own, and the merchant's side of it.

use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tillgate::sandbox::codepay;
use tillgate::sandbox::merchants::OTTPAY_KEY;
use tillgate_core::Timestamp;
use tillgate_protocols::codepay::Method as CodePayMethod;
use tillgate_protocols::latipay::{ApiKey, Route, client};
use tillgate_protocols::ottpay::client::{self as ottpay_client, Envelope};
use tillgate_protocols::ottpay::{Action, SignKey};

use crate::harness::http::{Answer, Http};
use crate::harness::{KEY, eventually};

const USER: &str = "U000334333";
const TILL: &str = "QC00005496";

pub struct Gate {
    process: Child,
    pub base: String,
    pub http: Http,
    dir: TempDir,
}

/// A port nobody listens on at this moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Gate {
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (port, admin) = (free_port(), free_port());
        let log = File::create(dir.path().join("log")).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_tillgate"));
        // Only what the story sets: not what the developer has in the environment.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TILLGATE_")) {
            program.env_remove(name);
        }
        let process = program
            .args(["sandbox", "--listen", &format!("127.0.0.1:{port}")])
            .args(["--admin-listen", &format!("127.0.0.1:{admin}"), "--data-dir"])
            .arg(dir.path().join("data"))
            .envs(settings.iter().copied())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let gate = Self { process, base: format!("http://127.0.0.1:{port}"), http: Http::default(), dir };
        eventually("the gateway listens", Duration::from_secs(15), async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        gate
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// An order as a shop makes it, changed here and there; where its shopper goes.
    pub async fn order(&self, changes: &[(&str, &str)]) -> (String, String) {
        let reference = crate::harness::unique("browser");
        let (callback, back) = (self.url("/sandbox/receiver/notify"), self.url("/sandbox/shop?lang=en"));
        let mut fields = vec![
            ("user_id", USER),
            ("wallet_id", "W00000001"),
            ("amount", "120.00"),
            ("payment_method", "alipay"),
            ("merchant_reference", &reference),
            ("return_url", &back),
            ("callback_url", &callback),
            ("ip", "122.122.122.1"),
            ("version", "2.0"),
            ("product_name", "Pinot Noir, Otago"),
        ];
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            fields.push((*name, *value));
        }
        let answer = self.post(Route::Transaction, &fields).await.gives(0);
        let hosted = client::check_transaction_answer(&answer.text(), &ApiKey::new(KEY)).unwrap();
        (reference.clone(), format!("{}/{}", hosted.host_url, hosted.nonce))
    }

    /// A checkout page of OTT Pay as a shop asks for it, changed here and there; where its shopper goes.
    pub async fn checkout(&self, changes: &[(&str, &str)]) -> (String, String) {
        let reference = crate::harness::unique("checkout");
        let callback = self.url("/sandbox/receiver/notify");
        let back = self.url(&format!("/sandbox/shop/ottpay?lang=en&merchant={TILL}"));
        let mut fields = vec![
            ("prepay_order_id", reference.as_str()),
            ("sale_num", "S-1"),
            ("amount", "1200"),
            ("tip", "300"),
            ("currency_type", "CAD"),
            ("biz_type", "PREPAY"),
            ("redirect_url", &back),
            ("call_back_url", &callback),
            ("duration", "900"),
            ("shop_id", "1"),
            ("operator_id", "web"),
            ("remarks", "Maple syrup, one bottle"),
        ];
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            fields.push((*name, *value));
        }
        let (envelope, key) = (Envelope::new(Action::PrepayInit, TILL), SignKey::new(OTTPAY_KEY));
        let body = ottpay_client::request_body(&envelope, &fields, &key);
        let answer = self.http.post_json(&self.url("/processV2"), body).await;
        let answer = ottpay_client::read_answer(&answer.text(), &key).unwrap();
        assert!(answer.is_success(), "{answer:?}");
        (reference.clone(), answer.fields.get("payInfo").unwrap().to_owned())
    }

    /// CodePay's checkout page as a shop asks for it, changed here and there; where its shopper goes.
    pub async fn cards_page(&self, changes: &[(&str, &str)]) -> (String, String) {
        let reference = crate::harness::unique("cards");
        let (callback, back) = (self.url("/sandbox/receiver/notify"), self.url("/sandbox?lang=en"));
        let mut fields = vec![
            ("merchant_no", codepay::MERCHANT_NO),
            ("merchant_order_no", reference.as_str()),
            ("price_currency", "USD"),
            ("order_amount", "24.00"),
            ("expires", "900"),
            ("description", "Web order"),
            ("notify_url", &callback),
            ("return_url", &back),
        ];
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            fields.push((*name, *value));
        }
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
        let now = Timestamp::from_millis(i64::try_from(now).unwrap());
        let body = codepay::signed_request(CodePayMethod::Checkout, now, &fields).unwrap();
        let answer = self.http.post_json(&self.url("/api/entry"), body).await;
        let data = answer.json["data"].as_str().unwrap_or_else(|| panic!("{}", answer.text()));
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        let url = data["pay_url"].as_str().unwrap_or_else(|| panic!("{}", answer.text()));
        (reference.clone(), url.to_owned())
    }

    pub async fn cancel(&self, reference: &str) {
        let fields = [("user_id", USER), ("merchant_reference", reference)];
        self.post(Route::Cancel, &fields).await.gives(0);
    }

    /// The till scanned a payer's code.
    pub async fn charge(&self, code: &str, amount: &str) -> Answer {
        let fields = [("user_id", USER), ("wallet_id", "W00000001"), ("amount", amount), ("pay_code", code)];
        self.post(Route::Barcode, &fields).await
    }

    async fn post(&self, route: Route, fields: &[(&str, &str)]) -> Answer {
        let body = client::signed_body(route, fields, &ApiKey::new(KEY));
        self.http.post_json(&self.url(route.paths()[0]), body).await
    }

    /// The newest payment, as the wallets have it.
    pub async fn newest_payment(&self) -> String {
        eventually("the wallets have a payment", Duration::from_secs(3), async || {
            let payments = self.http.get(&self.url("/sandbox/api/payments?limit=1")).await.json;
            payments[0]["trade_no"].as_str().map(str::to_owned)
        })
        .await
    }

    pub async fn payer_presses(&self, trade_no: &str, button: &str) {
        let url = self.url(&format!("/sandbox/api/payments/{trade_no}/{button}"));
        let answer = self.http.post_json(&url, "{}").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            eprintln!("what the gateway wrote:\n{log}");
        }
    }
}
