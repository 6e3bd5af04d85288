//! The demo shop: one product, each protocol, and what a shopper came back with.

use askama::Template;

use super::method::Method;
use super::texts::{Language, StateText, Texts};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShopProblem {
    BadAmount,
    BadTip,
    BadMethod,
    PageTooOld,
    Trouble,
}

/// Which protocol the shop buys with. Each has an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShopProtocol {
    Latipay,
    OttPay,
    /// Has a page of its own.
    CodePay,
    /// The same, without a terminal.
    CodePayWeb,
}

impl ShopProtocol {
    pub const ALL: [ShopProtocol; 4] =
        [ShopProtocol::Latipay, ShopProtocol::OttPay, ShopProtocol::CodePay, ShopProtocol::CodePayWeb];

    pub fn path(self) -> &'static str {
        match self {
            ShopProtocol::Latipay => "/sandbox/shop",
            ShopProtocol::OttPay => "/sandbox/shop/ottpay",
            ShopProtocol::CodePay => "/sandbox/shop/codepay",
            ShopProtocol::CodePayWeb => "/sandbox/shop/codepay-web",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            ShopProtocol::Latipay => "Latipay v2",
            ShopProtocol::OttPay => "OTT Pay",
            ShopProtocol::CodePay | ShopProtocol::CodePayWeb => "CodePay",
        }
    }

    pub(super) fn about(self, texts: &Texts) -> &'static str {
        match self {
            ShopProtocol::Latipay => texts.sandbox.shop_latipay,
            ShopProtocol::OttPay => texts.sandbox.shop_ottpay,
            ShopProtocol::CodePay => texts.codepay.about,
            ShopProtocol::CodePayWeb => texts.webshop.about,
        }
    }
}

/// `/sandbox/shop` and `/sandbox/shop/ottpay`: to see a payment without writing code.
#[derive(Debug, Clone, Template)]
#[template(path = "sandbox_shop.html")]
pub struct ShopPage {
    pub language: Language,
    pub csrf: String,
    pub protocol: ShopProtocol,
    /// Where the money may go.
    pub wallets: Vec<ShopWallet>,
    /// What is filled in. With OTT Pay the shopper chooses the method later.
    pub chosen_wallet: String,
    pub chosen_method: Method,
    pub amount: String,
    /// With OTT Pay only.
    pub tip: String,
    pub problem: Option<ShopProblem>,
    /// Somebody just came back from paying.
    pub returned: Option<ShopReturn>,
}

/// What the address says that a shopper came back with, and why the shop believes it or does not.
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
    /// It is not signed, so the shop asked the gateway.
    Asked(Box<AskedReturn>),
    /// It is not signed, and the gateway knows no such order.
    NotKnown {
        reference: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedReturn {
    pub reference: String,
    /// The address's words: `Trade_Finished` and minor units.
    pub address_status: String,
    pub address_total: String,
    /// The gateway's: SUCCESS, PROCESSING, ORDERCLOSE.
    pub status: String,
    /// With the tip: `15.00`.
    pub amount: String,
    pub tip: Option<String>,
    pub currency: String,
    /// The address says the same as the gateway.
    pub agrees: bool,
}

impl ShopReturn {
    fn word(&self) -> &str {
        match self {
            ShopReturn::Signed { status, .. } => status,
            ShopReturn::Forged => "forged",
            ShopReturn::NotKnown { .. } => "unknown",
            ShopReturn::Asked(asked) => match asked.status.as_str() {
                "SUCCESS" => "paid",
                "ORDERCLOSE" => "failed",
                _ => "pending",
            },
        }
    }

    fn text(&self, texts: &'static Texts) -> &'static StateText {
        match self.word() {
            "paid" => &texts.sandbox.shop_paid,
            "failed" => &texts.sandbox.shop_failed,
            "canceled" => &texts.sandbox.shop_cancelled,
            "forged" => &texts.sandbox.shop_forged,
            "unknown" => &texts.sandbox.shop_not_known,
            _ => &texts.sandbox.shop_open,
        }
    }

    fn sign(&self) -> &'static str {
        match self.word() {
            "paid" => "good",
            "failed" | "forged" | "unknown" => "bad",
            "canceled" => "none",
            _ => "late",
        }
    }

    /// The chip's colour goes with the sign.
    fn tone(&self) -> &'static str {
        if self.sign() == "none" { "" } else { self.sign() }
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
            ShopProblem::BadTip => texts.sandbox.shop_bad_tip,
            ShopProblem::BadMethod => texts.sandbox.shop_bad_method,
            ShopProblem::PageTooOld => texts.wallet_problems.page_too_old,
            ShopProblem::Trouble => texts.sandbox.shop_trouble,
        })
    }
}
