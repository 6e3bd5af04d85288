//! One chromedriver for all the tests that run at the same time, and a fresh browser for each.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Once, Weak};
use std::time::{Duration, Instant};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::gate::free_port;

pub const SWITCH: &str = "TILLGATE_TEST_BROWSER";

/// Whether to run; says once why not.
pub fn is_wanted() -> bool {
    static SAID: Once = Once::new();
    let wanted = std::env::var(SWITCH).is_ok_and(|value| value == "1");
    if !wanted {
        // Not with eprintln: what a passing test prints is not shown.
        SAID.call_once(|| {
            let _ = writeln!(
                std::io::stderr(),
                "browser tests skipped: {SWITCH}=1 is not set (they need chromium and chromedriver)"
            );
        });
    }
    wanted
}

pub struct Chromedriver {
    process: Child,
    port: u16,
}

impl Chromedriver {
    pub fn shared() -> Arc<Self> {
        static RUNNING: Mutex<Weak<Chromedriver>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(driver) = running.upgrade() {
            return driver;
        }
        let driver = Arc::new(Self::start());
        *running = Arc::downgrade(&driver);
        driver
    }

    fn start() -> Self {
        let port = free_port();
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed");
        let (driver, started) = (Self { process, port }, Instant::now());
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(10), "chromedriver does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        driver
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        // Asked politely it ends the browsers of tests that failed, too.
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            let asked = Instant::now();
            while asked.elapsed() < Duration::from_secs(3) && matches!(self.process.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What kind of browser looks.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub width: u32,
    pub height: u32,
    /// A phone with a touch screen instead of a window.
    pub phone: bool,
    pub scripts: bool,
    /// The languages the browser asks for.
    pub accepts: &'static str,
}

pub const DESK: Look = Look { width: 1280, height: 900, phone: false, scripts: true, accepts: "en-NZ,en" };
pub const PHONE: Look = Look { width: 390, height: 844, phone: true, ..DESK };

/// A browser with a profile of its own.
pub struct Browser {
    pub client: Client,
    _driver: Arc<Chromedriver>,
    _profile: TempDir,
}

impl Browser {
    pub async fn open(look: Look) -> Self {
        let driver = Chromedriver::shared();
        let profile = tempfile::tempdir().unwrap();
        let Value::Object(capabilities) = capabilities(look, &profile) else { unreachable!("an object") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.url())
            .await
            .expect("chromium is installed and starts");
        Self { client, _driver: driver, _profile: profile }
    }

    /// What the browser complained about since it was asked last.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.client.issue_cmd(ReadLog).await.unwrap();
        let entries = entries.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .map(|entry| format!("{} {} {}", entry["level"], entry["source"], entry["message"]))
            .collect()
    }
}

fn capabilities(look: Look, profile: &TempDir) -> Value {
    let mut arguments = vec![
        "--headless=new".to_owned(),
        "--no-sandbox".into(),
        "--disable-gpu".into(),
        "--disable-quic".into(),
        "--no-first-run".into(),
        "--disable-background-networking".into(),
        "--disable-component-update".into(),
        "--disable-sync".into(),
        "--hide-scrollbars".into(),
        format!("--accept-lang={}", look.accepts),
        format!("--user-data-dir={}", profile.path().display()),
    ];
    let mut options = json!({ "prefs": { "intl.accept_languages": look.accepts } });
    if look.phone {
        let metrics = json!({ "width": look.width, "height": look.height, "pixelRatio": 2.0, "touch": true });
        options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
    } else {
        arguments.push(format!("--window-size={},{}", look.width, look.height));
    }
    if !look.scripts {
        options["prefs"]["profile.managed_default_content_settings.javascript"] = json!(2);
    }
    options["args"] = json!(arguments);
    json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } })
}

/// Chromedriver's own command for the browser's log.
#[derive(Debug)]
struct ReadLog;

impl WebDriverCompatibleCommand for ReadLog {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (axum::http::Method, Option<String>) {
        (axum::http::Method::POST, Some(r#"{"type":"browser"}"#.into()))
    }
}
