//! The sandbox's own pages: start, rules and the merchant's receiver.

use askama::Template;

use super::codepay::{CardRow, CodePayCredentials, RegisterStatus};
use super::links;
use super::method::Method;
use super::texts::{Language, Texts};

/// `/sandbox`: what this is and everything needed to begin.
#[derive(Debug, Clone, Template)]
#[template(path = "sandbox_home.html")]
pub struct SandboxHome {
    pub language: Language,
    /// Where the API answers: `http://127.0.0.1:8080`.
    pub base_url: String,
    pub merchants: Vec<Credentials>,
    pub latipay: ProtocolPaths,
    pub tills: Vec<TillCredentials>,
    pub ottpay: ProtocolPaths,
    /// How to read an OTT Pay answer, ready to be completed.
    pub decrypt: String,
    pub codepay: CodePayCredentials,
}

/// How to begin with a protocol.
#[derive(Debug, Clone)]
pub struct ProtocolPaths {
    /// A signed order, ready to run.
    pub curl: String,
    /// Path of the OpenAPI document.
    pub openapi_url: String,
}

impl ProtocolPaths {
    pub(super) fn openapi_link(&self) -> Option<&str> {
        links::own_path(&self.openapi_url)
    }
}

#[derive(Debug, Clone)]
pub struct Credentials {
    pub name: String,
    pub user_id: String,
    pub api_key: String,
    pub wallets: Vec<CredentialsWallet>,
}

/// A merchant of OTT Pay.
#[derive(Debug, Clone)]
pub struct TillCredentials {
    pub name: String,
    pub merchant_id: String,
    pub sign_key: String,
    /// The one his messages mean comes first.
    pub currencies: Vec<String>,
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
}

/// `/sandbox/rules`: which amounts and cards decide the outcome by themselves.
#[derive(Debug, Clone, Template)]
#[template(path = "sandbox_rules.html")]
pub struct RulesPage {
    pub language: Language,
    pub rules: Vec<RuleRow>,
    pub card_rules: Vec<RuleRow>,
    pub cards: Vec<CardRow>,
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
            "declined" | "refund_declined" | "insufficient_funds" | "do_not_honor" | "void_refused"
            | "tip_refused" | "capture_declined" => "bad",
            "pending_then_paid"
            | "callback_thrice"
            | "no_callback"
            | "pays_itself"
            | "pending_then_approved" => "good",
            "silent_then_paid"
            | "silent_never_paid"
            | "late_success"
            | "refund_silent_then_done"
            | "answer_lost"
            | "request_lost"
            | "outage"
            | "void_silent_then_done"
            | "settle_refused_once" => "late",
            _ => "wait",
        }
    }
}

impl RulesPage {
    /// Each with its place on the page, its title and a word before it.
    fn tables(&self) -> [(&'static str, &'static str, &'static str, &[RuleRow]); 2] {
        let words = self.t().codepay;
        [
            ("wallets", words.wallet_rules, "", &self.rules),
            ("card-amounts", words.card_rules, words.card_rules_body, &self.card_rules),
        ]
    }

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
    /// Of a word that is a number.
    pub meaning: Option<RegisterStatus>,
    pub amount: String,
    /// Empty where the protocol counts in minor units and does not say of what.
    pub currency: String,
    pub verdict: Verdict,
    pub attempt: u32,
    pub answered: ReceiverAnswer,
    pub raw_body: String,
    /// What is in the raw body, where that is not to be read as it stands.
    pub opened: Vec<(String, String)>,
}

/// What the merchant's half of the protocol says about a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Signed,
    /// Encrypted for this merchant, and whole.
    Opened(String),
    NotSigned,
    NotOpened,
}

impl Verdict {
    fn holds(&self) -> bool {
        matches!(self, Verdict::Signed | Verdict::Opened(_))
    }

    fn words(&self, texts: &Texts) -> String {
        match self {
            Verdict::Signed => texts.sandbox.holds.into(),
            Verdict::Opened(merchant) => texts.sandbox.opened.replace("{}", merchant),
            Verdict::NotSigned => texts.sandbox.broken.into(),
            Verdict::NotOpened => texts.sandbox.not_opened.into(),
        }
    }
}

impl ReceivedNotification {
    fn opened_title(&self, texts: &Texts) -> &'static str {
        match self.verdict {
            Verdict::Opened(_) => texts.sandbox.opened_fields,
            _ => texts.codepay.fields,
        }
    }

    fn tone(&self) -> &'static str {
        if let Some(meaning) = self.meaning {
            return meaning.sign();
        }
        match self.status.as_str() {
            "paid" | "success" => "good",
            "failed" | "failure" => "bad",
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
