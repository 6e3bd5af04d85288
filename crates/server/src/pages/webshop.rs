//! The demo web shop: three things, what the gateway's page is to ask and to look like, and the order somebody came
//! back for.

use askama::Template;

use super::codepay::{RegisterOrder, RegisterStatus};
use super::sandbox::RuleRow;
use super::shop::ShopProtocol;
use super::texts::{Language, StateText, Texts, WebShopTexts};

/// What is sold; the word is the form's field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ware {
    Tea,
    Mug,
    Apron,
}

impl Ware {
    pub const ALL: [Ware; 3] = [Ware::Tea, Ware::Mug, Ware::Apron];

    pub fn word(self) -> &'static str {
        match self {
            Ware::Tea => "tea",
            Ware::Mug => "mug",
            Ware::Apron => "apron",
        }
    }

    /// The static file with its picture.
    pub fn picture(self) -> &'static str {
        match self {
            Ware::Tea => "shop-tea.png",
            Ware::Mug => "shop-mug.png",
            Ware::Apron => "shop-apron.png",
        }
    }

    pub fn name(self, language: Language) -> &'static str {
        self.text(language.texts().webshop)
    }

    fn text(self, texts: &WebShopTexts) -> &'static str {
        match self {
            Ware::Tea => texts.tea,
            Ware::Mug => texts.mug,
            Ware::Apron => texts.apron,
        }
    }
}

/// Colours that the shop asks the gateway's page to wear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShopTheme {
    Plain,
    Harbor,
    Berry,
    Sunny,
}

impl ShopTheme {
    pub const ALL: [ShopTheme; 4] = [ShopTheme::Plain, ShopTheme::Harbor, ShopTheme::Berry, ShopTheme::Sunny];

    pub fn word(self) -> &'static str {
        match self {
            ShopTheme::Plain => "plain",
            ShopTheme::Harbor => "harbor",
            ShopTheme::Berry => "berry",
            ShopTheme::Sunny => "sunny",
        }
    }

    pub fn from_word(word: &str) -> Option<ShopTheme> {
        ShopTheme::ALL.into_iter().find(|theme| theme.word() == word)
    }

    fn text(self, texts: &WebShopTexts) -> &'static str {
        match self {
            ShopTheme::Plain => texts.plain,
            ShopTheme::Harbor => texts.harbor,
            ShopTheme::Berry => texts.berry,
            ShopTheme::Sunny => texts.sunny,
        }
    }
}

/// One of the shop's things with its price and how many are wanted.
#[derive(Debug, Clone)]
pub struct WareRow {
    pub ware: Ware,
    /// `12.50`.
    pub price: String,
    pub quantity: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebShopForm {
    pub asks_shipping: bool,
    pub asks_billing: bool,
    pub theme: ShopTheme,
    /// The total's last two digits; empty: as they come.
    pub ending: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebShopProblem {
    Empty,
    PageTooOld,
    /// The gateway's own words.
    Refused(String),
    Trouble,
}

/// `/sandbox/shop/codepay-web`
#[derive(Debug, Clone, Template)]
#[template(path = "sandbox_webshop.html")]
pub struct WebShopPage {
    pub language: Language,
    pub csrf: String,
    pub currency: &'static str,
    pub wares: Vec<WareRow>,
    /// `5.00`.
    pub shipping: String,
    pub filled: WebShopForm,
    pub rules: Vec<RuleRow>,
    pub problem: Option<WebShopProblem>,
    /// Somebody came back from paying it.
    pub order: Option<RegisterOrder>,
}

impl WebShopPage {
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

    fn order_text(&self, order: &RegisterOrder) -> &'static StateText {
        let texts = self.t();
        match order.status {
            RegisterStatus::Created | RegisterStatus::Processing => &texts.sandbox.shop_open,
            RegisterStatus::Successful | RegisterStatus::Captured | RegisterStatus::Done => {
                &texts.sandbox.shop_paid
            }
            RegisterStatus::Closed => &texts.sandbox.shop_failed,
            RegisterStatus::Cancelled => &texts.codepay.cancelled,
            RegisterStatus::NotKnown => &texts.codepay.not_known,
        }
    }

    fn problem_text(&self) -> Option<String> {
        let texts = self.t();
        self.problem.as_ref().map(|problem| match problem {
            WebShopProblem::Empty => texts.webshop.empty.into(),
            WebShopProblem::PageTooOld => texts.wallet_problems.page_too_old.into(),
            WebShopProblem::Refused(said) => texts.codepay.refused.replace("{}", said),
            WebShopProblem::Trouble => texts.sandbox.shop_trouble.into(),
        })
    }
}
