//! A card terminal on a page, and what people do with it.

use super::tab::Scene;
use super::till::COUNTER;

/// One terminal on the page.
pub struct Terminal<'s> {
    scene: &'s Scene,
    sn: &'s str,
}

impl<'s> Terminal<'s> {
    pub fn on(scene: &'s Scene, sn: &'s str) -> Self {
        Self { scene, sn }
    }

    pub async fn open(scene: &'s Scene, language: &str) -> Self {
        scene.opens(&format!("/sandbox/terminal/{COUNTER}?lang={language}")).await;
        let terminal = Self::on(scene, COUNTER);
        terminal.is("online").await;
        terminal
    }

    pub fn css(&self, inside: &str) -> String {
        format!("till-terminal[data-sn={}] {inside}", self.sn)
    }

    pub async fn is(&self, state: &str) {
        self.scene.finds(&format!("till-terminal[data-sn={}][data-state={state}]", self.sn)).await;
    }

    pub async fn shows(&self, screen: &str) {
        self.scene.finds(&self.css(&format!("section[data-screen={screen}]"))).await;
    }

    pub async fn says(&self, words: &str) {
        self.scene.sees(&self.css("section"), words).await;
    }

    pub async fn presses(&self, act: &str) {
        self.scene.clicks(&self.css(&format!("[data-act={act}]"))).await;
    }

    /// Puts a card on the counter.
    pub async fn takes_out(&self, pan: &str) {
        self.shows("card").await;
        let found = self.css(&format!("input[data-pan='{pan}']"));
        self.scene.runs(&format!("document.querySelector(\"{found}\").click()")).await;
    }

    /// Turns a bad day on or off.
    pub async fn turns(&self, bad: &str) {
        let found = self.css(&format!("[data-bad={bad}]"));
        self.scene.runs(&format!("document.querySelector(\"{found}\").click()")).await;
    }

    pub async fn is_late_by(&self, seconds: u32) {
        let found = self.css("[data-bad=late]");
        self.scene
            .runs(&format!(
                "const slide = document.querySelector(\"{found}\");
                 slide.value = {seconds}; slide.dispatchEvent(new Event('input'))"
            ))
            .await;
    }

    pub async fn types_pin(&self, digits: &str) {
        for digit in digits.chars() {
            self.scene.clicks(&self.css(&format!("[data-key='{digit}']"))).await;
        }
        self.scene.clicks(&self.css("[data-key=ok]")).await;
    }

    pub async fn ends(&self, status: &str) {
        self.scene.finds(&self.css(&format!("section[data-screen=outcome] [data-status={status}]"))).await;
    }

    pub async fn is_put_away(&self) {
        self.presses("done").await;
        self.shows("waiting").await;
    }

    /// From an order on the screen to an approval that was seen.
    pub async fn is_paid_by_tap(&self) {
        self.takes_out("4111111111111111").await;
        self.presses("tap").await;
        self.ends("approved").await;
        self.is_put_away().await;
    }

    /// How many frames of a topic went out with a code.
    pub async fn said(&self, topic: &str, code: &str) -> i64 {
        let found = self.css(&format!("[data-log] li[data-topic='{topic}'][data-way=out]"));
        let script = format!(
            "return [...document.querySelectorAll(\"{found}\")]
                .filter((one) => one.querySelector('.chip')?.textContent === '{code}').length"
        );
        self.scene.runs(&script).await.as_i64().unwrap()
    }

    /// Nothing sticks out of the screen to the side.
    pub async fn fits(&self, what: &str) {
        self.scene.fits(what).await;
        let found = self.css(".glass");
        let script = format!(
            "const glass = document.querySelector(\"{found}\"); return [glass.scrollWidth, glass.clientWidth]"
        );
        let widths = self.scene.runs(&script).await;
        assert!(widths[0].as_i64() <= widths[1].as_i64(), "{what} sticks out: {widths}");
    }
}
