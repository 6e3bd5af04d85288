//! The simulated phone: codes to scan, one payment to answer, payment codes for a till.

use askama::Template;

use super::links;
use super::method::Method;
use super::picture;
use super::sandbox::RuleRow;
use super::texts::{Language, StateText, Texts};

/// Why the last step did not work; shown as a banner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalletProblem {
    UnknownCode,
    OtherWallet,
    AlreadyOver,
    /// The form's token was too old or wrong.
    PageTooOld,
    Trouble,
}

impl WalletProblem {
    fn text(self, texts: &Texts) -> &'static str {
        match self {
            WalletProblem::UnknownCode => texts.wallet_problems.unknown_code,
            WalletProblem::OtherWallet => texts.wallet_problems.other_wallet,
            WalletProblem::AlreadyOver => texts.wallet_problems.already_over,
            WalletProblem::PageTooOld => texts.wallet_problems.page_too_old,
            WalletProblem::Trouble => texts.wallet_problems.trouble,
        }
    }
}

/// `/sandbox/wallet/{method}`: the payments waiting to be scanned.
#[derive(Debug, Clone, Template)]
#[template(path = "wallet_scan.html")]
pub struct ScanPage {
    pub language: Language,
    pub method: Method,
    pub csrf: String,
    pub pending: Vec<PendingCard>,
    /// What was pasted last, shown again beside a problem.
    pub pasted: String,
    pub problem: Option<WalletProblem>,
    /// Changes whenever the list does; sent back as `?known=`.
    pub version: String,
    pub status_url: String,
}

#[derive(Debug, Clone)]
pub struct PendingCard {
    pub trade_no: String,
    pub code_text: String,
    pub seller: String,
    pub product: String,
    pub amount: String,
    pub currency: String,
    /// In CNY.
    pub payer_amount: String,
    pub age_s: u64,
    /// None: no rule, a person decides.
    pub rule: Option<RuleRow>,
}

impl PendingCard {
    fn picture(&self) -> String {
        picture::qr_svg(&self.code_text)
    }

    fn age(&self, language: &Language) -> String {
        language.duration(self.age_s)
    }

    /// A trade number in a path: letters, digits, `-`, `_` and `.` inside as they are, everything else dropped.
    fn slug(&self) -> String {
        slug(&self.trade_no)
    }
}

fn slug(trade_no: &str) -> String {
    let kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    trade_no.chars().filter(kept).skip_while(|c| *c == '.').collect()
}

impl ScanPage {
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
pub enum WalletPaymentState {
    Open,
    Paid,
    Declined,
    WalkedAway,
    /// Over without this wallet's doing: cancelled or expired.
    Gone,
}

/// `/sandbox/wallet/{method}/pay/{trade_no}`: one payment, and what became of it.
#[derive(Debug, Clone, Template)]
#[template(path = "wallet_pay.html")]
pub struct WalletPaymentPage {
    pub language: Language,
    pub method: Method,
    pub csrf: String,
    pub state: WalletPaymentState,
    pub trade_no: String,
    pub seller: String,
    pub product: String,
    pub amount: String,
    pub currency: String,
    /// In CNY.
    pub payer_amount: String,
    /// `1 NZD = 4.64490 CNY`.
    pub rate: Option<String>,
    pub rule: Option<RuleRow>,
    pub problem: Option<WalletProblem>,
}

impl WalletPaymentPage {
    pub fn render(&self) -> Result<String, askama::Error> {
        Template::render(self)
    }

    fn t(&self) -> &'static Texts {
        self.language.texts()
    }

    fn slug(&self) -> String {
        slug(&self.trade_no)
    }

    fn is_open(&self) -> bool {
        self.state == WalletPaymentState::Open
    }

    /// What the result screen says; an open payment has none.
    fn result(&self) -> Option<&'static StateText> {
        let wallet = &self.t().wallet;
        match self.state {
            WalletPaymentState::Open => None,
            WalletPaymentState::Paid => Some(&wallet.paid),
            WalletPaymentState::Declined => Some(&wallet.declined),
            WalletPaymentState::WalkedAway => Some(&wallet.left),
            WalletPaymentState::Gone => Some(&wallet.gone),
        }
    }

    fn sign(&self) -> &'static str {
        match self.state {
            WalletPaymentState::Paid => "good",
            WalletPaymentState::Declined => "bad",
            WalletPaymentState::WalkedAway => "late",
            WalletPaymentState::Open | WalletPaymentState::Gone => "none",
        }
    }
}

/// `/sandbox/wallet/{method}/code`: what a till scans.
#[derive(Debug, Clone, Template)]
#[template(path = "wallet_code.html")]
pub struct PayCodePage {
    pub language: Language,
    pub method: Method,
    /// Digits only.
    pub code: String,
    /// Seconds until the page asks for a new code.
    pub renews_in_s: u32,
    pub last_charge: Option<LastCharge>,
    /// Changes with every charge; sent back as `?known=`.
    pub version: String,
    pub status_url: String,
    pub problem: Option<WalletProblem>,
}

#[derive(Debug, Clone)]
pub struct LastCharge {
    pub seller: String,
    pub amount: String,
    pub currency: String,
    /// In CNY.
    pub payer_amount: String,
    pub at: String,
    pub paid: bool,
}

impl PayCodePage {
    pub fn render(&self) -> Result<String, askama::Error> {
        Template::render(self)
    }

    fn t(&self) -> &'static Texts {
        self.language.texts()
    }

    fn live_url(&self) -> &str {
        links::own_path(&self.status_url).unwrap_or_default()
    }

    fn bars(&self) -> String {
        picture::bar_code_svg(&self.code)
    }

    fn qr(&self) -> String {
        picture::qr_svg(&self.code)
    }

    /// Digits in groups of four, as people read them to each other.
    fn grouped(&self) -> String {
        let digits: Vec<char> = self.code.chars().collect();
        digits.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
    }
}
