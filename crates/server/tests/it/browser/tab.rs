//! What people do with a page and what they see on it.

use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::Value;

use super::driver::{Browser, Look};
use super::gate::Gate;
use crate::harness::eventually;

/// A page that must change by itself gets so long; nobody waits longer for a payment's result.
pub const BY_ITSELF: Duration = Duration::from_secs(2);
/// For what a machine under load may take its time with.
pub const SOON: Duration = Duration::from_secs(10);

/// A gateway and somebody who looks at it.
pub struct Scene {
    pub gate: Gate,
    pub browser: Browser,
    /// Complaints of the browser that belong to the story.
    expected: Vec<&'static str>,
}

impl Scene {
    pub async fn begin(look: Look) -> Self {
        Self::with(look, &[]).await
    }

    pub async fn with(look: Look, settings: &[(&str, &str)]) -> Self {
        let (gate, browser) = tokio::join!(Gate::start(settings), Browser::open(look));
        Self { gate, browser, expected: Vec::new() }
    }

    pub fn expect_complaint(&mut self, words: &'static str) {
        self.expected.push(words);
    }

    /// Nothing was blocked, nothing failed.
    pub async fn end(self) {
        let complaints = self.browser.complaints().await;
        let unexpected: Vec<_> = complaints
            .iter()
            .filter(|complaint| !self.expected.iter().any(|words| complaint.contains(words)))
            .collect();
        assert!(unexpected.is_empty(), "the browser complains: {unexpected:#?}");
        self.browser.client.close().await.unwrap();
    }

    pub fn tab(&self) -> &Client {
        &self.browser.client
    }

    pub async fn opens(&self, url: &str) {
        let url = if url.starts_with('/') { self.gate.url(url) } else { url.to_owned() };
        self.tab().goto(&url).await.unwrap();
    }

    /// An element that is there, or comes soon.
    pub async fn finds(&self, css: &str) -> Element {
        eventually(&format!("there is {css}"), SOON, async || self.tab().find(Locator::Css(css)).await.ok())
            .await
    }

    pub async fn has(&self, css: &str) -> bool {
        self.tab().find(Locator::Css(css)).await.is_ok()
    }

    pub async fn clicks(&self, css: &str) {
        self.finds(css).await.click().await.unwrap();
    }

    pub async fn types(&self, css: &str, text: &str) {
        let field = self.finds(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub async fn reads(&self, css: &str) -> String {
        self.finds(css).await.text().await.unwrap()
    }

    /// Somebody sees those words there, now or soon.
    pub async fn sees(&self, css: &str, words: &str) {
        self.sees_within(css, words, SOON).await;
    }

    pub async fn sees_within(&self, css: &str, words: &str, patience: Duration) {
        eventually(&format!("{css} says {words}"), patience, async || {
            let found = self.tab().find(Locator::Css(css)).await.ok()?;
            found.text().await.ok()?.contains(words).then_some(())
        })
        .await;
    }

    pub async fn runs(&self, script: &str) -> Value {
        self.tab().execute(script, Vec::new()).await.unwrap()
    }

    /// The browser is at an address that contains this.
    pub async fn arrives_at(&self, part: &str) -> url::Url {
        eventually(&format!("the browser is at {part}"), SOON, async || {
            self.tab().current_url().await.ok().filter(|url| url.as_str().contains(part))
        })
        .await
    }

    /// Opens the demo shop, fills it in and presses pay.
    pub async fn buys(&self, amount: &str, method: &str, language: &str) {
        self.opens(&format!("/sandbox/shop?lang={language}")).await;
        self.types("#amount", amount).await;
        self.clicks(&format!("input[value={method}]")).await;
        self.clicks("form.counter button").await;
        self.arrives_at("/pay/").await;
        self.finds("img.code").await;
    }

    /// Follows a link that opens a tab of its own, and goes there.
    pub async fn follows_to_new_tab(&self, css: &str) -> Tabs {
        let old = self.tab().window().await.unwrap();
        let before = self.tab().windows().await.unwrap();
        self.clicks(css).await;
        let new = eventually("there is a new tab", SOON, async || {
            self.tab().windows().await.unwrap().into_iter().find(|one| !before.contains(one))
        })
        .await;
        self.tab().switch_to_window(new).await.unwrap();
        Tabs { old }
    }

    /// The same browser, another tab.
    pub async fn opens_another(&self, url: &str) -> Tabs {
        let old = self.tab().window().await.unwrap();
        let new = self.tab().new_window(true).await.unwrap().handle;
        self.tab().switch_to_window(new).await.unwrap();
        self.opens(url).await;
        Tabs { old }
    }

    /// Goes there and leaves this tab open; where one was.
    pub async fn switches_to(&self, tabs: &Tabs) -> Tabs {
        let old = self.tab().window().await.unwrap();
        self.tab().switch_to_window(tabs.old.clone()).await.unwrap();
        Tabs { old }
    }

    pub async fn returns_to(&self, tabs: Tabs) {
        self.tab().close_window().await.unwrap();
        self.tab().switch_to_window(tabs.old).await.unwrap();
    }

    /// Opens the test wallet from the payment page, presses a button there, and comes back.
    pub async fn answers_in_the_wallet(&self, button: &str, result: &str) {
        let tabs = self.follows_to_new_tab("#test-wallet").await;
        self.clicks(&format!(".answers button[value={button}]")).await;
        self.finds(&format!(".result .sign.{result}")).await;
        self.returns_to(tabs).await;
    }

    /// From here on only the page itself may change what it shows.
    pub async fn leaves_the_page_alone(&self) {
        self.runs("window.neverReloaded = true").await;
    }

    pub async fn page_becomes(&self, state: &str, patience: Duration) {
        let css = format!("#live[data-state={state}]");
        let what = format!("the page becomes {state} by itself");
        eventually(&what, patience, async || self.has(&css).await.then_some(())).await;
        assert_eq!(self.runs("return window.neverReloaded").await, true, "the page was loaded anew");
    }

    /// Nothing sticks out to the side.
    pub async fn fits(&self, path: &str) {
        let script = "const page = document.documentElement; return [page.scrollWidth, page.clientWidth]";
        let widths = self.runs(script).await;
        assert!(widths[0].as_i64() <= widths[1].as_i64(), "{path} scrolls sideways: {widths}");
    }
}

/// Where somebody was before.
#[derive(Debug)]
pub struct Tabs {
    old: fantoccini::wd::WindowHandle,
}
