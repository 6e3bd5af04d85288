//! The page a customer pays on: code, amounts, time left, result, way back to the shop.

use askama::Template;

use super::links;
use super::method::Method;
use super::picture;
use super::texts::{Language, StateText, Texts};

/// Where the payment stands, as far as the customer is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostedState {
    /// The customer has not said which wallet he pays with.
    Choosing,
    Waiting,
    /// The time is over and the wallet is being asked a last time.
    Closing,
    Paid {
        at: String,
    },
    Declined,
    Expired,
    Cancelled,
    /// No payment behind this address; of the view, only the language matters.
    NotFound,
    /// The wallet's service is in trouble; we go on asking.
    TryAgain,
}

impl HostedState {
    /// The word in the status answer's `state` and in `?known=`.
    pub fn word(&self) -> &'static str {
        match self {
            HostedState::Choosing => "choosing",
            HostedState::Waiting => "waiting",
            HostedState::Closing => "closing",
            HostedState::Paid { .. } => "paid",
            HostedState::Declined => "declined",
            HostedState::Expired => "expired",
            HostedState::Cancelled => "cancelled",
            HostedState::NotFound => "not_found",
            HostedState::TryAgain => "try_again",
        }
    }

    /// Nothing on the page will change any more.
    pub fn is_final(&self) -> bool {
        use HostedState::*;
        match self {
            Paid { .. } | Declined | Expired | Cancelled | NotFound => true,
            Choosing | Waiting | Closing | TryAgain => false,
        }
    }

    fn text(&self, texts: &'static Texts) -> &'static StateText {
        let hosted = &texts.hosted;
        match self {
            HostedState::Choosing => &hosted.choosing,
            HostedState::Waiting => &hosted.waiting,
            HostedState::Closing => &hosted.closing,
            HostedState::Paid { .. } => &hosted.paid,
            HostedState::Declined => &hosted.declined,
            HostedState::Expired => &hosted.expired,
            HostedState::Cancelled => &hosted.cancelled,
            HostedState::NotFound => &hosted.not_found,
            HostedState::TryAgain => &hosted.try_again,
        }
    }

    /// Which of the drawn signs goes with it.
    fn sign(&self) -> &'static str {
        match self {
            HostedState::Paid { .. } => "good",
            HostedState::Declined => "bad",
            HostedState::Expired => "late",
            HostedState::Cancelled | HostedState::NotFound => "none",
            HostedState::Closing => "busy",
            HostedState::Choosing | HostedState::Waiting | HostedState::TryAgain => "wait",
        }
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "hosted.html")]
pub struct HostedPage {
    pub language: Language,
    pub state: HostedState,
    /// What he pays with; None while he chooses.
    pub method: Option<Method>,
    /// What he may choose from, again too; empty if the shop has chosen.
    pub choices: Vec<Method>,
    /// Counts what was chosen so far, for the question whether there is news.
    pub choice: u32,
    /// Path that takes his choice.
    pub choose_url: String,
    /// Path of the page with all the ways to pay, if there is one.
    pub other_ways_url: Option<String>,
    /// His choice could not be carried out just now; what is shown is what holds.
    pub choice_failed: bool,
    pub seller: String,
    pub description: String,
    /// What he pays in the shop's currency, without its name: `128.00`.
    pub amount: String,
    /// How much of it is a tip.
    pub tip: Option<String>,
    pub currency: String,
    /// What the wallet takes, in CNY; None when the shop sells in CNY.
    pub payer_amount: Option<String>,
    /// `1 NZD = 4.64490 CNY`.
    pub rate: Option<String>,
    pub order_number: String,
    pub reference: String,
    /// What the wallet scans; None while it is being made.
    pub code_text: Option<String>,
    /// The server's clock, all three: the device's clock is never asked.
    pub created_at_ms: i64,
    pub expires_at_ms: i64,
    pub now_ms: i64,
    /// Already signed. Anything that is not http(s) is not shown.
    pub return_url: Option<String>,
    /// Path of the status answer on this server.
    pub status_url: String,
    pub is_sandbox: bool,
    /// Path of the test wallet, with this payment in front if possible.
    pub test_wallet_url: Option<String>,
}

impl HostedPage {
    pub fn render(&self) -> Result<String, askama::Error> {
        Template::render(self)
    }

    /// The page for an address without a payment behind it.
    pub fn not_found(language: Language, is_sandbox: bool) -> HostedPage {
        HostedPage {
            language,
            state: HostedState::NotFound,
            method: None,
            choices: Vec::new(),
            choice: 0,
            choose_url: String::new(),
            other_ways_url: None,
            choice_failed: false,
            seller: String::new(),
            description: String::new(),
            amount: String::new(),
            tip: None,
            currency: String::new(),
            payer_amount: None,
            rate: None,
            order_number: String::new(),
            reference: String::new(),
            code_text: None,
            created_at_ms: 0,
            expires_at_ms: 0,
            now_ms: 0,
            return_url: None,
            status_url: String::new(),
            is_sandbox,
            test_wallet_url: None,
        }
    }

    fn t(&self) -> &'static Texts {
        self.language.texts()
    }

    fn says(&self) -> &'static StateText {
        self.state.text(self.t())
    }

    /// The wallet's name, or the word for any.
    fn method_name(&self) -> &'static str {
        self.method.map_or(self.t().hosted.wallet, |method| method.name(self.t()))
    }

    fn choose_link(&self) -> &str {
        links::own_path(&self.choose_url).unwrap_or_default()
    }

    fn other_ways_link(&self) -> Option<&str> {
        self.other_ways_url.as_deref().filter(|_| !self.state.is_final()).and_then(links::own_path)
    }

    /// There is another wallet to go over to.
    fn may_change(&self) -> bool {
        let is_open = matches!(self.state, HostedState::Waiting | HostedState::TryAgain);
        is_open && self.choices.iter().any(|one| Some(*one) != self.method)
    }

    fn is_current(&self, method: Method) -> bool {
        self.method == Some(method)
    }

    /// Said only while he can still do something about it.
    fn choice_problem(&self) -> Option<&'static str> {
        let is_open = self.state == HostedState::Choosing || self.may_change();
        (self.choice_failed && is_open).then_some(self.t().hosted.choice_failed)
    }

    /// Seconds until a browser without scripts looks again: not from under somebody who reads and chooses.
    fn reload_s(&self) -> u32 {
        if self.state == HostedState::Choosing || self.choice_problem().is_some() { 15 } else { 3 }
    }

    fn tip_words(&self) -> Option<String> {
        self.tip.as_ref().map(|tip| self.t().includes_tip.replace("{}", tip))
    }

    /// The code, while it may be paid: not in trouble, when nobody knows whether it was paid already.
    fn code(&self) -> Option<&str> {
        self.code_text.as_deref().filter(|_| self.state == HostedState::Waiting)
    }

    fn code_picture(&self) -> Option<String> {
        self.code().and_then(picture::qr_png_data_url)
    }

    /// What stands beside the clock while it runs.
    fn counting(&self) -> Option<&'static str> {
        match self.state {
            HostedState::Choosing => Some(self.t().hosted.time_left),
            _ => self.code().map(|_| self.says().title),
        }
    }

    fn wallet_link(&self) -> Option<&str> {
        self.code().and_then(links::wallet_address)
    }

    fn return_link(&self) -> Option<&str> {
        self.return_url.as_deref().filter(|_| self.state.is_final()).and_then(links::web_address)
    }

    fn test_wallet_link(&self) -> Option<&str> {
        self.test_wallet_url.as_deref().filter(|_| self.is_sandbox).and_then(links::own_path)
    }

    fn left_ms(&self) -> i64 {
        self.expires_at_ms.saturating_sub(self.now_ms).max(0)
    }

    fn whole_ms(&self) -> i64 {
        self.expires_at_ms.saturating_sub(self.created_at_ms).max(1)
    }

    /// `14:32`, rounded up like the script does.
    fn left_text(&self) -> String {
        let seconds = self.left_ms().saturating_add(999) / 1000;
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }

    /// How much of the ring is drawn, of 100.
    fn left_percent(&self) -> i64 {
        self.left_ms().saturating_mul(100) / self.whole_ms()
    }
}
