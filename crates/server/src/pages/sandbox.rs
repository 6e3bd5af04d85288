//! The sandbox's own pages: start, rules, the merchant's receiver and a demo shop.

use askama::Template;

use super::links;
use super::method::Method;
use super::texts::{Language, StateText, Texts};

/// `/sandbox`: what this is and everything needed to begin.
#[derive(Debug, Clone, Template)]
#[template(path = "sandbox_home.html")]
pub struct SandboxHome {
    pub language: Language,
    /// Where the API answers: `http://127.0.0.1:8080`.
    pub base_url: String,
    pub merchants: Vec<Credentials>,
    /// A signed order, ready to run.
    pub curl: String,
    /// Path of the OpenAPI document.
    pub openapi_url: String,
}

#[derive(Debug, Clone)]
pub struct Credentials {
    pub name: String,
    pub user_id: String,
    pub api_key: String,
    pub wallets: Vec<CredentialsWallet>,
}

#[derive(Debug, Clone)]
pub struct CredentialsWallet {
    pub wallet_id: String,
    pub currency: String,
    pub methods: Vec<Method>,
}

impl SandboxHome {
    pub fn render(&self) -> Result<String, askama::Error> {
        Template::render(self)
    }

    fn t(&self) -> &'static Texts {
        self.language.texts()
    }

    fn openapi_link(&self) -> Option<&str> {
        links::own_path(&self.openapi_url)
    }
}

/// `/sandbox/rules`: which amounts decide the outcome by themselves.
#[derive(Debug, Clone, Template)]
#[template(path = "sandbox_rules.html")]
pub struct RulesPage {
    pub language: Language,
    pub rules: Vec<RuleRow>,
}

/// A rule of the simulated world, in the page's language. Whoever simulates the world writes it.
#[derive(Debug, Clone)]
pub struct RuleRow {
    /// The last digits of the amount: `51`.
    pub ending: String,
    pub name: &'static str,
    pub title: &'static str,
    pub description: &'static str,
}

impl RuleRow {
    /// Which of the drawn signs goes with it; a rule we never heard of gets a neutral one.
    pub(super) fn sign(&self) -> &'static str {
        match self.name {
            "declined" | "refund_declined" => "bad",
            "pending_then_paid" | "callback_thrice" | "no_callback" | "pays_itself" => "good",
            "silent_then_paid" | "silent_never_paid" | "late_success" | "refund_silent_then_done" => "late",
            _ => "wait",
        }
    }
}

impl RulesPage {
    pub fn render(&self) -> Result<String, askama::Error> {
        Template::render(self)
    }

    fn t(&self) -> &'static Texts {
        self.language.texts()
    }
}

/// How the receiver answers the next notification; the word is the form's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiverAnswer {
    Ok,
    OkSent,
    Error,
    Silence,
}

impl ReceiverAnswer {
    pub const ALL: [ReceiverAnswer; 4] =
        [ReceiverAnswer::Ok, ReceiverAnswer::OkSent, ReceiverAnswer::Error, ReceiverAnswer::Silence];

    pub fn word(self) -> &'static str {
        match self {
            ReceiverAnswer::Ok => "ok",
            ReceiverAnswer::OkSent => "ok_sent",
            ReceiverAnswer::Error => "error",
            ReceiverAnswer::Silence => "silence",
        }
    }

    pub fn from_word(word: &str) -> Option<ReceiverAnswer> {
        ReceiverAnswer::ALL.into_iter().find(|answer| answer.word() == word)
    }

    fn text(self, texts: &Texts) -> &'static str {
        match self {
            ReceiverAnswer::Ok => texts.sandbox.answer_ok,
            ReceiverAnswer::OkSent => texts.sandbox.answer_sent,
            ReceiverAnswer::Error => texts.sandbox.answer_error,
            ReceiverAnswer::Silence => texts.sandbox.answer_silence,
        }
    }
}

/// `/sandbox/receiver`: a merchant's callback address with the lid off.
#[derive(Debug, Clone, Template)]
#[template(path = "sandbox_receiver.html")]
pub struct ReceiverPage {
    pub language: Language,
    pub csrf: String,
    /// The address to give as callback_url.
    pub callback_url: String,
    pub answer: ReceiverAnswer,
    /// The form was just sent.
    pub saved: bool,
    /// Newest first.
    pub notifications: Vec<ReceivedNotification>,
    pub version: String,
    pub status_url: String,
}

#[derive(Debug, Clone)]
pub struct ReceivedNotification {
    pub at: String,
    pub reference: String,
    /// The word on the wire: `paid`.
    pub status: String,
    pub amount: String,
    pub currency: String,
    pub signature_holds: bool,
    pub attempt: u32,
    pub answered: ReceiverAnswer,
    pub raw_body: String,
}

impl ReceivedNotification {
    fn tone(&self) -> &'static str {
        match self.status.as_str() {
            "paid" => "good",
            "failed" => "bad",
            _ => "plain",
        }
    }
}

impl ReceiverPage {
    pub fn render(&self) -> Result<String, askama::Error> {
        Template::render(self)
    }

    fn t(&self) -> &'static Texts {
        self.language.texts()
    }

    fn live_url(&self) -> &str {
        links::own_path(&self.status_url).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShopProblem {
    BadAmount,
    BadMethod,
    PageTooOld,
    Trouble,
}

/// `/sandbox/shop`: a shop with one product, to see a payment without writing code.
#[derive(Debug, Clone, Template)]
#[template(path = "sandbox_shop.html")]
pub struct ShopPage {
    pub language: Language,
    pub csrf: String,
    pub wallets: Vec<ShopWallet>,
    /// The wallet id, the method and the amount that are filled in.
    pub chosen_wallet: String,
    pub chosen_method: Method,
    pub amount: String,
    pub problem: Option<ShopProblem>,
    /// Somebody just came back from paying.
    pub returned: Option<ShopReturn>,
}

/// What the address says that a shopper came back with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShopReturn {
    /// Its signature holds.
    Signed {
        /// The word on the wire: `paid`.
        status: String,
        amount: String,
        currency: String,
        reference: String,
    },
    Forged,
}

impl ShopReturn {
    fn word(&self) -> &str {
        match self {
            ShopReturn::Signed { status, .. } => status,
            ShopReturn::Forged => "forged",
        }
    }

    fn text(&self, texts: &'static Texts) -> &'static StateText {
        match self.word() {
            "paid" => &texts.sandbox.shop_paid,
            "failed" => &texts.sandbox.shop_failed,
            "canceled" => &texts.sandbox.shop_cancelled,
            "forged" => &texts.sandbox.shop_forged,
            _ => &texts.sandbox.shop_open,
        }
    }

    fn sign(&self) -> &'static str {
        match self.word() {
            "paid" => "good",
            "failed" | "forged" => "bad",
            "canceled" => "none",
            _ => "late",
        }
    }
}

#[derive(Debug, Clone)]
pub struct ShopWallet {
    pub wallet_id: String,
    /// `Harbour Café · NZD`.
    pub label: String,
}

impl ShopPage {
    pub fn render(&self) -> Result<String, askama::Error> {
        Template::render(self)
    }

    fn t(&self) -> &'static Texts {
        self.language.texts()
    }

    fn problem_text(&self) -> Option<&'static str> {
        let texts = self.t();
        self.problem.map(|problem| match problem {
            ShopProblem::BadAmount => texts.sandbox.shop_bad_amount,
            ShopProblem::BadMethod => texts.sandbox.shop_bad_method,
            ShopProblem::PageTooOld => texts.wallet_problems.page_too_old,
            ShopProblem::Trouble => texts.sandbox.shop_trouble,
        })
    }
}
