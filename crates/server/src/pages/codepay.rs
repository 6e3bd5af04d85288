//! CodePay in the sandbox: what stands on the start page, test cards, and a register that sends orders to terminals.

use askama::Template;

use super::links;
use super::method::Method;
use super::sandbox::ProtocolPaths;
use super::shop::ShopProtocol;
use super::texts::{CodePayTexts, Language, StateText, Texts};

/// Everything needed to begin.
#[derive(Debug, Clone)]
pub struct CodePayCredentials {
    pub merchant_name: String,
    pub merchant_no: String,
    pub store_no: String,
    pub currencies: Vec<String>,
    pub app_id: String,
    /// Where the app's private key can be read; it opens nothing but the sandbox.
    pub app_key_path: &'static str,
    /// What that app may encrypt cards with.
    pub card_key: String,
    pub basic_app_id: String,
    /// `user:password`.
    pub basic_secret: String,
    /// Where the public half of the gateway's key can be read.
    pub gateway_key_path: &'static str,
    /// Serial numbers.
    pub terminals: Vec<String>,
    pub paths: ProtocolPaths,
    /// A signed checkout, ready to run.
    pub checkout_curl: String,
    /// How to check an answer, ready to be completed.
    pub verify: String,
}

/// A test card, in the page's language.
#[derive(Debug, Clone)]
pub struct CardRow {
    pub pan: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    /// A drawn sign.
    pub sign: &'static str,
}

/// How a payer is to pay at the terminal; the word is the form's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Card,
    ShownCode,
    ScannedCode,
}

impl Way {
    pub const ALL: [Way; 3] = [Way::Card, Way::ShownCode, Way::ScannedCode];

    pub fn word(self) -> &'static str {
        match self {
            Way::Card => "card",
            Way::ShownCode => "shown",
            Way::ScannedCode => "scanned",
        }
    }

    pub fn from_word(word: &str) -> Option<Way> {
        Way::ALL.into_iter().find(|way| way.word() == word)
    }

    fn text(self, texts: &CodePayTexts) -> &'static str {
        match self {
            Way::Card => texts.by_card,
            Way::ShownCode => texts.by_shown_code,
            Way::ScannedCode => texts.by_scanned_code,
        }
    }
}

/// What the terminal is asked to do besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Tip,
    Signature,
    Cashier,
    Prints,
}

impl Wish {
    pub const ALL: [Wish; 4] = [Wish::Tip, Wish::Signature, Wish::Cashier, Wish::Prints];

    pub fn word(self) -> &'static str {
        match self {
            Wish::Tip => "tip",
            Wish::Signature => "signature",
            Wish::Cashier => "cashier",
            Wish::Prints => "prints",
        }
    }

    fn text(self, texts: &CodePayTexts) -> &'static str {
        match self {
            Wish::Tip => texts.asks_tip,
            Wish::Signature => texts.asks_signature,
            Wish::Cashier => texts.asks_cashier,
            Wish::Prints => texts.prints,
        }
    }
}

/// The register's form.
#[derive(Debug, Clone)]
pub struct RegisterForm {
    pub terminal: String,
    pub amount: String,
    pub currency: String,
    pub way: Way,
    pub wallet: Method,
    pub wishes: Vec<Wish>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegisterProblem {
    BadAmount,
    BadTerminal,
    PageTooOld,
    /// The gateway's own words.
    Refused(String),
    Trouble,
}

#[derive(Debug, Clone)]
pub struct RegisterTerminal {
    pub sn: String,
    pub name: String,
    pub is_online: bool,
}

/// Where an order is: `trans_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisterStatus {
    Created,
    Processing,
    Successful,
    /// A void, a refund, an authorization was carried out.
    Done,
    Closed,
    Cancelled,
    Captured,
    NotKnown,
}

impl RegisterStatus {
    /// For styles and tests.
    pub fn word(self) -> &'static str {
        match self {
            RegisterStatus::Created => "created",
            RegisterStatus::Processing => "processing",
            RegisterStatus::Successful => "successful",
            RegisterStatus::Done => "done",
            RegisterStatus::Closed => "closed",
            RegisterStatus::Cancelled => "cancelled",
            RegisterStatus::Captured => "captured",
            RegisterStatus::NotKnown => "unknown",
        }
    }

    fn is_open(self) -> bool {
        matches!(self, RegisterStatus::Created | RegisterStatus::Processing)
    }

    pub(super) fn sign(self) -> &'static str {
        match self {
            RegisterStatus::Created => "wait",
            RegisterStatus::Processing => "busy",
            RegisterStatus::Successful | RegisterStatus::Done | RegisterStatus::Captured => "good",
            RegisterStatus::Closed | RegisterStatus::NotKnown => "bad",
            RegisterStatus::Cancelled => "late",
        }
    }

    pub(super) fn text(self, texts: &'static CodePayTexts) -> &'static StateText {
        match self {
            RegisterStatus::Created => &texts.created,
            RegisterStatus::Processing => &texts.processing,
            RegisterStatus::Successful => &texts.successful,
            RegisterStatus::Done => &texts.done,
            RegisterStatus::Closed => &texts.closed,
            RegisterStatus::Cancelled => &texts.cancelled,
            RegisterStatus::Captured => &texts.captured,
            RegisterStatus::NotKnown => &texts.not_known,
        }
    }
}

/// What the gateway answers about the order that was sent.
#[derive(Debug, Clone)]
pub struct RegisterOrder {
    pub reference: String,
    pub status: RegisterStatus,
    pub terminal: String,
    pub is_terminal_online: bool,
    /// `USD 28.32`.
    pub total: String,
    pub tip: Option<String>,
    /// `Visa 411111****1111`.
    pub paid_with: Option<String>,
    pub auth_code: Option<String>,
    /// A path of ours.
    pub signature_path: Option<String>,
    pub why: Option<String>,
    pub may_void: bool,
    pub version: String,
    pub status_url: String,
}

/// `/sandbox/shop/codepay`
#[derive(Debug, Clone, Template)]
#[template(path = "sandbox_register.html")]
pub struct RegisterPage {
    pub language: Language,
    pub csrf: String,
    pub terminals: Vec<RegisterTerminal>,
    pub currencies: Vec<&'static str>,
    pub filled: RegisterForm,
    pub problem: Option<RegisterProblem>,
    pub order: Option<RegisterOrder>,
}

impl RegisterPage {
    pub fn render(&self) -> Result<String, askama::Error> {
        Template::render(self)
    }

    fn t(&self) -> &'static Texts {
        self.language.texts()
    }

    /// In the other language it is about the same order.
    fn more_query(&self) -> String {
        self.order.as_ref().map(RegisterOrder::query).unwrap_or_default()
    }

    fn problem_text(&self) -> Option<String> {
        let (texts, words) = (self.t(), self.t().codepay);
        self.problem.as_ref().map(|problem| match problem {
            RegisterProblem::BadAmount => texts.sandbox.shop_bad_amount.into(),
            RegisterProblem::BadTerminal => words.bad_terminal.into(),
            RegisterProblem::PageTooOld => texts.wallet_problems.page_too_old.into(),
            RegisterProblem::Refused(said) => words.refused.replace("{}", said),
            RegisterProblem::Trouble => texts.sandbox.shop_trouble.into(),
        })
    }
}

impl RegisterOrder {
    /// What an address of a page about this order ends in.
    pub(super) fn query(&self) -> String {
        format!("&order={}", links::encoded(&self.reference))
    }

    pub(super) fn live_url(&self) -> &str {
        links::own_path(&self.status_url).unwrap_or_default()
    }

    fn signature_link(&self) -> Option<&str> {
        self.signature_path.as_deref().and_then(links::own_path)
    }
}
