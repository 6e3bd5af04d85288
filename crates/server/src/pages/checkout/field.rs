//! The fields of the payment form: their names, what a browser may fill in, how they look when something is wrong.

use crate::pages::Language;
use crate::pages::texts::{CheckoutTexts, FieldText};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckoutField {
    Number,
    Expiry,
    Cvv,
    Holder,
    Name,
    Phone,
    Email,
    Address(AddressKind, AddressLine),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    Shipping,
    Billing,
}

impl AddressKind {
    pub fn word(self) -> &'static str {
        match self {
            AddressKind::Shipping => "shipping",
            AddressKind::Billing => "billing",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressLine {
    Country,
    Line1,
    Line2,
    City,
    Province,
    Zip,
}

impl AddressLine {
    pub const ALL: [AddressLine; 6] = [
        AddressLine::Country,
        AddressLine::Line1,
        AddressLine::Line2,
        AddressLine::City,
        AddressLine::Province,
        AddressLine::Zip,
    ];

    fn word(self) -> &'static str {
        match self {
            AddressLine::Country => "country",
            AddressLine::Line1 => "line1",
            AddressLine::Line2 => "line2",
            AddressLine::City => "city",
            AddressLine::Province => "province",
            AddressLine::Zip => "zip",
        }
    }

    fn autocomplete(self) -> &'static str {
        match self {
            AddressLine::Country => "country",
            AddressLine::Line1 => "address-line1",
            AddressLine::Line2 => "address-line2",
            AddressLine::City => "address-level2",
            AddressLine::Province => "address-level1",
            AddressLine::Zip => "postal-code",
        }
    }
}

impl CheckoutField {
    /// In the order they stand on the page.
    pub fn all() -> impl Iterator<Item = CheckoutField> {
        use CheckoutField::*;
        let lines = |kind| AddressLine::ALL.map(|line| Address(kind, line));
        let card = [Number, Expiry, Cvv, Holder];
        [Name, Phone, Email]
            .into_iter()
            .chain(lines(AddressKind::Shipping))
            .chain(lines(AddressKind::Billing))
            .chain(card)
    }

    /// The name in the form, and the `id` on the page.
    pub fn name(self) -> String {
        match self {
            CheckoutField::Number => "number".into(),
            CheckoutField::Expiry => "expiry".into(),
            CheckoutField::Cvv => "cvv".into(),
            CheckoutField::Holder => "holder".into(),
            CheckoutField::Name => "name".into(),
            CheckoutField::Phone => "phone".into(),
            CheckoutField::Email => "email".into(),
            CheckoutField::Address(kind, line) => format!("{}-{}", kind.word(), line.word()),
        }
    }

    /// What is never sent back to the page.
    pub fn is_secret(self) -> bool {
        matches!(self, CheckoutField::Number | CheckoutField::Cvv)
    }

    /// The longest text it takes, in characters.
    pub fn max_length(self) -> usize {
        match self {
            CheckoutField::Number => 32,
            CheckoutField::Expiry => 7,
            CheckoutField::Cvv => 4,
            CheckoutField::Holder | CheckoutField::Name => 64,
            CheckoutField::Phone => 32,
            CheckoutField::Email => 128,
            CheckoutField::Address(_, AddressLine::Country) => 2,
            CheckoutField::Address(_, AddressLine::Line1 | AddressLine::Line2) => 128,
            CheckoutField::Address(_, AddressLine::City | AddressLine::Province) => 64,
            CheckoutField::Address(_, AddressLine::Zip) => 16,
        }
    }

    pub fn is_optional(self) -> bool {
        matches!(
            self,
            CheckoutField::Email | CheckoutField::Address(_, AddressLine::Line2 | AddressLine::Province)
        )
    }

    fn autocomplete(self) -> String {
        match self {
            CheckoutField::Number => "cc-number".into(),
            CheckoutField::Expiry => "cc-exp".into(),
            CheckoutField::Cvv => "cc-csc".into(),
            CheckoutField::Holder => "cc-name".into(),
            CheckoutField::Name => "name".into(),
            CheckoutField::Phone => "tel".into(),
            CheckoutField::Email => "email".into(),
            CheckoutField::Address(kind, line) => format!("{} {}", kind.word(), line.autocomplete()),
        }
    }

    /// Which keys a phone offers.
    fn keyboard(self) -> &'static str {
        match self {
            CheckoutField::Number | CheckoutField::Expiry | CheckoutField::Cvv => "numeric",
            CheckoutField::Phone => "tel",
            CheckoutField::Email => "email",
            CheckoutField::Holder | CheckoutField::Name | CheckoutField::Address(..) => "text",
        }
    }

    pub fn called(self, language: Language) -> String {
        let t = language.texts().checkout;
        let label = self.text(t).label;
        match self {
            CheckoutField::Address(AddressKind::Shipping, _) => format!("{}, {label}", t.shipping),
            CheckoutField::Address(AddressKind::Billing, _) => format!("{}, {label}", t.billing),
            _ => label.into(),
        }
    }

    fn text(self, t: &'static CheckoutTexts) -> &'static FieldText {
        match self {
            CheckoutField::Number => &t.number,
            CheckoutField::Expiry => &t.expiry,
            CheckoutField::Cvv => &t.cvv,
            CheckoutField::Holder => &t.holder,
            CheckoutField::Name => &t.name,
            CheckoutField::Phone => &t.phone,
            CheckoutField::Email => &t.email,
            CheckoutField::Address(_, AddressLine::Country) => &t.country,
            CheckoutField::Address(_, AddressLine::Line1) => &t.line1,
            CheckoutField::Address(_, AddressLine::Line2) => &t.line2,
            CheckoutField::Address(_, AddressLine::City) => &t.city,
            CheckoutField::Address(_, AddressLine::Province) => &t.province,
            CheckoutField::Address(_, AddressLine::Zip) => &t.zip,
        }
    }
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldProblem {
    pub field: CheckoutField,
    pub what: Wrong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    Missing,
    Bad,
    TooLong,
    /// A card whose last month is over.
    Expired,
    /// A card of a brand that is not taken here, a country the shop does not deliver to.
    NotTaken,
}

impl FieldProblem {
    pub fn words(self, language: Language) -> &'static str {
        let t = language.texts().checkout;
        let text = self.field.text(t);
        match self.what {
            Wrong::Missing => text.missing,
            Wrong::Bad => text.bad,
            Wrong::TooLong => t.too_long,
            Wrong::Expired => t.card_expired,
            Wrong::NotTaken if self.field == CheckoutField::Number => t.card_not_taken,
            Wrong::NotTaken => t.country_not_taken,
        }
    }
}

/// One field, ready to be drawn.
#[derive(Debug)]
pub struct FieldView<'a> {
    pub id: String,
    pub label: &'static str,
    /// The label as it stands in the list at the top, where nobody sees which address it is about.
    pub called: String,
    pub is_optional: bool,
    pub autocomplete: String,
    pub keyboard: &'static str,
    pub max_length: usize,
    pub value: &'a str,
    pub error: Option<&'static str>,
    pub missing: &'static str,
    pub bad: &'static str,
}

impl<'a> FieldView<'a> {
    pub fn of(
        field: CheckoutField,
        language: Language,
        filled: &'a CheckoutForm,
        problems: &[FieldProblem],
    ) -> Self {
        let text = field.text(language.texts().checkout);
        let problem = problems.iter().find(|problem| problem.field == field);
        Self {
            id: field.name(),
            label: text.label,
            called: field.called(language),
            is_optional: field.is_optional(),
            autocomplete: field.autocomplete(),
            keyboard: field.keyboard(),
            max_length: field.max_length(),
            value: filled.value(field),
            error: problem.map(|problem| problem.words(language)),
            missing: text.missing,
            bad: text.bad,
        }
    }
}

/// What the payer typed that may be shown to him again. There is no place in it for a card number or a CVV.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckoutForm {
    pub expiry: String,
    pub holder: String,
    pub name: String,
    pub phone: String,
    pub email: String,
    pub shipping: AddressForm,
    pub billing: AddressForm,
    /// The billing address is the shipping address.
    pub is_same: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressForm {
    pub country: String,
    pub line1: String,
    pub line2: String,
    pub city: String,
    pub province: String,
    pub zip: String,
}

impl AddressForm {
    pub fn value(&self, line: AddressLine) -> &str {
        match line {
            AddressLine::Country => &self.country,
            AddressLine::Line1 => &self.line1,
            AddressLine::Line2 => &self.line2,
            AddressLine::City => &self.city,
            AddressLine::Province => &self.province,
            AddressLine::Zip => &self.zip,
        }
    }
}

impl CheckoutForm {
    pub fn address(&self, kind: AddressKind) -> &AddressForm {
        match kind {
            AddressKind::Shipping => &self.shipping,
            AddressKind::Billing => &self.billing,
        }
    }

    /// Empty for what is secret.
    pub fn value(&self, field: CheckoutField) -> &str {
        match field {
            CheckoutField::Number | CheckoutField::Cvv => "",
            CheckoutField::Expiry => &self.expiry,
            CheckoutField::Holder => &self.holder,
            CheckoutField::Name => &self.name,
            CheckoutField::Phone => &self.phone,
            CheckoutField::Email => &self.email,
            CheckoutField::Address(kind, line) => self.address(kind).value(line),
        }
    }
}
