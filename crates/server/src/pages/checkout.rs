//! CodePay's payment page: what is bought, a form for the card and the addresses the shop asks for, wallets, and how
//! it ended.
//!
//! A card number or a CVV has no place in the view: what is not there cannot be sent back by mistake.

mod country;
mod field;
#[cfg(test)]
pub mod samples;
#[cfg(test)]
mod tests;
mod theme;

use askama::Template;

use super::links;
use super::method::Method;
use super::texts::{CheckoutTexts, Language, StateText, Texts};

pub use country::Country;
pub use field::{AddressForm, AddressKind, AddressLine, CheckoutField, CheckoutForm, FieldProblem, Wrong};
pub use theme::{Colour, Palette};

use field::FieldView;

/// Where the payment stands, as far as the payer is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckoutState {
    /// A card, or another one, or a wallet may be used.
    Open,
    /// A card was sent and the answer is not there.
    Paying,
    /// The bank waits for the payer at this address.
    Challenge {
        url: String,
    },
    /// The time is over and the last attempt is being asked about.
    Closing,
    Paid {
        at: String,
    },
    Declined,
    NotAuthenticated,
    Expired,
    Cancelled,
    /// No payment behind this address; of the view, only the language matters.
    NotFound,
}

impl CheckoutState {
    pub fn word(&self) -> &'static str {
        match self {
            CheckoutState::Open => "open",
            CheckoutState::Paying => "paying",
            CheckoutState::Challenge { .. } => "challenge",
            CheckoutState::Closing => "closing",
            CheckoutState::Paid { .. } => "paid",
            CheckoutState::Declined => "declined",
            CheckoutState::NotAuthenticated => "not_authenticated",
            CheckoutState::Expired => "expired",
            CheckoutState::Cancelled => "cancelled",
            CheckoutState::NotFound => "not_found",
        }
    }

    /// Nothing on the page will change any more.
    pub fn is_final(&self) -> bool {
        use CheckoutState::*;
        match self {
            Paid { .. } | Declined | NotAuthenticated | Expired | Cancelled | NotFound => true,
            Open | Paying | Challenge { .. } | Closing => false,
        }
    }

    fn text(&self, t: &'static CheckoutTexts) -> &'static StateText {
        match self {
            CheckoutState::Open => &t.open,
            CheckoutState::Paying => &t.paying,
            CheckoutState::Challenge { .. } => &t.challenge,
            CheckoutState::Closing => &t.closing,
            CheckoutState::Paid { .. } => &t.paid,
            CheckoutState::Declined => &t.declined,
            CheckoutState::NotAuthenticated => &t.not_authenticated,
            CheckoutState::Expired => &t.expired,
            CheckoutState::Cancelled => &t.cancelled,
            CheckoutState::NotFound => &t.not_found,
        }
    }

    fn sign(&self) -> &'static str {
        match self {
            CheckoutState::Paid { .. } => "good",
            CheckoutState::Declined | CheckoutState::NotAuthenticated => "bad",
            CheckoutState::Expired => "late",
            CheckoutState::Cancelled | CheckoutState::NotFound => "none",
            CheckoutState::Paying | CheckoutState::Closing => "busy",
            CheckoutState::Open | CheckoutState::Challenge { .. } => "wait",
        }
    }
}

/// Why the payer sees the form again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckoutProblem {
    CardDeclined,
    CardNotAuthenticated,
    /// The acquirer or the wallet could not be reached, and nothing was sent.
    Unavailable,
    TooManyTries,
    /// The form was sent by another site's page.
    NotFromHere,
}

impl CheckoutProblem {
    pub const ALL: [CheckoutProblem; 5] = [
        CheckoutProblem::CardDeclined,
        CheckoutProblem::CardNotAuthenticated,
        CheckoutProblem::Unavailable,
        CheckoutProblem::TooManyTries,
        CheckoutProblem::NotFromHere,
    ];

    fn text(self, t: &'static CheckoutTexts) -> &'static StateText {
        match self {
            CheckoutProblem::CardDeclined => &t.card_declined,
            CheckoutProblem::CardNotAuthenticated => &t.card_not_authenticated,
            CheckoutProblem::Unavailable => &t.unavailable,
            CheckoutProblem::TooManyTries => &t.too_many_cards,
            CheckoutProblem::NotFromHere => &t.not_from_here,
        }
    }
}

/// A line of the order, amounts already written.
#[derive(Debug, Clone)]
pub struct CheckoutItem {
    pub name: String,
    pub quantity: u32,
    pub unit_price: Option<String>,
    pub amount: Option<String>,
    pub has_picture: bool,
}

/// A brand of cards, as the script tells them apart.
#[derive(Debug, Clone)]
pub struct CheckoutBrand {
    pub word: String,
    pub name: String,
    /// First four digits: `4000-4999`, `2221-2720,5100-5599`.
    pub prefixes: String,
    /// How many digits: `13,16,19`.
    pub lengths: String,
    pub cvv_length: usize,
    /// How the digits stand on the card: `4,6,5`.
    pub groups: String,
}

/// The addresses a shop asks for, each with the codes of the countries it allows; empty means every one.
#[derive(Debug, Clone, Default)]
pub struct AskedAddresses {
    pub shipping: Option<Vec<String>>,
    pub billing: Option<Vec<String>>,
}

impl AskedAddresses {
    pub fn of(&self, kind: AddressKind) -> Option<&[String]> {
        match kind {
            AddressKind::Shipping => self.shipping.as_deref(),
            AddressKind::Billing => self.billing.as_deref(),
        }
    }

    pub fn is_contact_asked(&self) -> bool {
        self.shipping.is_some() || self.billing.is_some()
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "checkout.html")]
pub struct CheckoutPage {
    pub language: Language,
    pub state: CheckoutState,
    /// `/checkout/{nonce}`; every address of the page is below it.
    pub path: String,
    pub seller: String,
    pub description: String,
    pub items: Vec<CheckoutItem>,
    pub amount: String,
    pub currency: String,
    pub order_number: String,
    pub reference: String,
    pub is_themed: bool,
    /// Empty if cards are not taken.
    pub brands: Vec<CheckoutBrand>,
    pub wallets: Vec<Method>,
    /// The wallet that was chosen and shows its code.
    pub waiting_wallet: Option<Method>,
    pub asked: AskedAddresses,
    pub filled: CheckoutForm,
    pub wrong: Vec<FieldProblem>,
    pub problem: Option<CheckoutProblem>,
    /// Counts the attempts, so that news can be told apart.
    pub choice: u32,
    /// The server's clock, both: the device's clock is never asked.
    pub expires_at_ms: i64,
    pub now_ms: i64,
    pub return_url: Option<String>,
    /// How long the page waits before it goes there by itself, s.
    pub return_s: u32,
    pub is_sandbox: bool,
}

impl CheckoutPage {
    pub fn render(&self) -> Result<String, askama::Error> {
        Template::render(self)
    }

    /// The page for an address without a payment behind it.
    pub fn not_found(language: Language, is_sandbox: bool) -> CheckoutPage {
        CheckoutPage {
            language,
            state: CheckoutState::NotFound,
            path: String::new(),
            seller: String::new(),
            description: String::new(),
            items: Vec::new(),
            amount: String::new(),
            currency: String::new(),
            order_number: String::new(),
            reference: String::new(),
            is_themed: false,
            brands: Vec::new(),
            wallets: Vec::new(),
            waiting_wallet: None,
            asked: AskedAddresses::default(),
            filled: CheckoutForm::default(),
            wrong: Vec::new(),
            problem: None,
            choice: 0,
            expires_at_ms: 0,
            now_ms: 0,
            return_url: None,
            return_s: 0,
            is_sandbox,
        }
    }

    /// What news are told apart by: the word in the status answer and in `?known=`.
    pub fn version(state: &CheckoutState, choice: u32) -> String {
        match state {
            CheckoutState::Paying | CheckoutState::Challenge { .. } => format!("{}-{choice}", state.word()),
            _ => state.word().into(),
        }
    }

    fn t(&self) -> &'static Texts {
        self.language.texts()
    }

    fn c(&self) -> &'static CheckoutTexts {
        self.t().checkout
    }

    fn says(&self) -> &'static StateText {
        self.state.text(self.c())
    }

    fn known(&self) -> String {
        Self::version(&self.state, self.choice)
    }

    /// An address below the page's own: `card`, `wallet`, `status`.
    fn below(&self, what: &str) -> String {
        match links::own_path(&self.path) {
            Some(path) => format!("{path}/{what}"),
            None => String::new(),
        }
    }

    /// A browser without scripts looks again by itself, but not from under somebody who types or reads.
    fn reloads(&self) -> bool {
        matches!(self.state, CheckoutState::Paying | CheckoutState::Closing)
    }

    fn is_open(&self) -> bool {
        self.state == CheckoutState::Open
    }

    /// The form stands below a challenge too, folded: the bank's page may be what does not work.
    fn has_form(&self) -> bool {
        let takes = self.is_open() || matches!(self.state, CheckoutState::Challenge { .. });
        takes && (self.takes_cards() || !self.wallets.is_empty())
    }

    fn takes_cards(&self) -> bool {
        !self.brands.is_empty()
    }

    fn field(&self, field: CheckoutField) -> FieldView<'_> {
        FieldView::of(field, self.language, &self.filled, &self.wrong)
    }

    fn line(&self, kind: &AddressKind, line: AddressLine) -> FieldView<'_> {
        self.field(CheckoutField::Address(*kind, line))
    }

    fn addresses(&self) -> Vec<AddressKind> {
        let kinds = [AddressKind::Shipping, AddressKind::Billing];
        kinds.into_iter().filter(|kind| self.asked.of(*kind).is_some()).collect()
    }

    fn address_title(&self, kind: &AddressKind) -> &'static str {
        match kind {
            AddressKind::Shipping => self.c().shipping,
            AddressKind::Billing => self.c().billing,
        }
    }

    fn may_be_same(&self, kind: &AddressKind) -> bool {
        *kind == AddressKind::Billing && self.asked.shipping.is_some()
    }

    fn countries(&self, kind: &AddressKind) -> Vec<&'static Country> {
        Country::allowed(self.asked.of(*kind).unwrap_or_default(), self.language)
    }

    /// A shop that allows one country leaves no choice.
    fn is_chosen(&self, kind: &AddressKind, country: &Country, of: usize) -> bool {
        of == 1 || self.filled.address(*kind).country == country.code
    }

    /// On a phone the list is in the way of what matters more.
    fn shows_goods(&self) -> bool {
        self.items.len() <= 2 && self.is_open() && self.wrong.is_empty() && self.problem.is_none()
    }

    /// Beside each field that is wrong, and all of them at the top.
    fn wrong_words(&self) -> Vec<(String, String)> {
        let language = self.language;
        let words = |one: &FieldProblem| format!("{}: {}", one.field.called(language), one.words(language));
        self.wrong.iter().map(|one| (one.field.name(), words(one))).collect()
    }

    fn problem_text(&self) -> Option<&'static StateText> {
        self.problem.filter(|_| !self.state.is_final()).map(|problem| problem.text(self.c()))
    }

    fn pay_words(&self) -> String {
        self.c().pay.replace("{}", &format!("{} {}", self.currency, self.amount))
    }

    /// `waits` for the wallet that was chosen before.
    fn with_wallet(&self, words: &str) -> Option<String> {
        self.waiting_wallet
            .filter(|_| self.is_open())
            .map(|wallet| words.replace("{}", wallet.name(self.t())))
    }

    /// What answered a form is not what is looked at again.
    fn page_url(&self) -> String {
        match links::own_path(&self.path) {
            Some(path) => format!("{path}?lang={}", self.language.code()),
            None => String::new(),
        }
    }

    fn other_language_url(&self) -> String {
        format!("{}?lang={}", links::own_path(&self.path).unwrap_or_default(), self.language.other().code())
    }

    fn wallet_page(&self) -> String {
        let nonce = self.path.rsplit('/').next().unwrap_or_default();
        let page = format!("/pay/{nonce}?lang={}", self.language.code());
        links::own_path(&page).map(str::to_owned).unwrap_or_default()
    }

    fn bank_link(&self) -> Option<&str> {
        match &self.state {
            CheckoutState::Challenge { url } => links::web_address(url).or_else(|| links::own_path(url)),
            _ => None,
        }
    }

    fn return_link(&self) -> Option<&str> {
        self.return_url.as_deref().filter(|_| self.state.is_final()).and_then(links::web_address)
    }

    fn left_ms(&self) -> i64 {
        self.expires_at_ms.saturating_sub(self.now_ms).max(0)
    }

    /// `6 d 23 h`, `2:13:04`, `14:32`; rounded up like the script does.
    fn left_text(&self) -> String {
        let seconds = self.left_ms().saturating_add(999) / 1000;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        if hours >= 24 {
            let days = self.c().days_hours.replacen("{}", &(hours / 24).to_string(), 1);
            return days.replacen("{}", &(hours % 24).to_string(), 1);
        }
        match hours {
            0 => format!("{minutes}:{:02}", seconds % 60),
            _ => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
        }
    }
}
