//! What the payer sent: read, checked, and parted into the card, which goes to the acquirer and nowhere else, and what
//! may be shown and kept.

use bytes::Bytes;
use tillgate_core::{Address, Buyer, Timestamp};
use tillgate_protocols::wire::card::{self, Brand, CardData, CardError, Flaw, Part, Typed};
use zeroize::{Zeroize as _, Zeroizing};

use crate::pages::{
    AddressForm, AddressKind, AddressLine, AskedAddresses, CheckoutField, CheckoutForm, Country,
    FieldProblem, Wrong,
};

/// A number every acquirer would refuse, in place of one that is wrong already, to find what else is wrong.
const STAND_IN: (&str, &str, &str, &str) = ("4111111111111111", "-", "123", "1299");

/// A sent form. The secrets in it wipe themselves.
pub struct Sent {
    pub filled: CheckoutForm,
    pub method: String,
    number: Zeroizing<String>,
    cvv: Zeroizing<String>,
}

impl Sent {
    /// The bytes are wiped as far as they are ours alone.
    pub fn read(bytes: Bytes) -> Self {
        let mut sent = Self {
            filled: CheckoutForm::default(),
            method: String::new(),
            number: Zeroizing::default(),
            cvv: Zeroizing::default(),
        };
        for (name, value) in url::form_urlencoded::parse(&bytes) {
            let value = Zeroizing::new(value.into_owned());
            match &*name {
                "number" => sent.number = card::typed(value.trim()),
                "cvv" => sent.cvv = card::typed(value.trim()),
                "method" => sent.method = value.trim().chars().take(32).collect(),
                "same" => sent.filled.is_same = true,
                name => sent.fill(name, value.trim()),
            }
        }
        if let Ok(mut bytes) = bytes.try_into_mut() {
            bytes.as_mut().zeroize();
        }
        sent
    }

    fn fill(&mut self, name: &str, value: &str) {
        let field = CheckoutField::all().find(|field| field.name() == name);
        if let Some(place) = field.and_then(|field| place(&mut self.filled, field)) {
            *place = value.into();
        }
    }

    /// Who buys, as far as the shop asks; and what is wrong with it.
    pub fn buyer(&mut self, asked: &AskedAddresses) -> (Buyer, Vec<FieldProblem>) {
        let mut wrong = Vec::new();
        if !asked.is_contact_asked() {
            return (Buyer::default(), wrong);
        }
        self.filled.is_same &= asked.shipping.is_some() && asked.billing.is_some();
        for field in CheckoutField::all() {
            let allowed = match field {
                CheckoutField::Address(kind, _) => match asked.of(kind) {
                    Some(_) if kind == AddressKind::Billing && self.filled.is_same => continue,
                    Some(codes) => codes,
                    None => continue,
                },
                CheckoutField::Name | CheckoutField::Phone | CheckoutField::Email => &[],
                CheckoutField::Number
                | CheckoutField::Expiry
                | CheckoutField::Cvv
                | CheckoutField::Holder => {
                    continue;
                }
            };
            if let Some(what) = self.check(field, allowed) {
                wrong.push(FieldProblem { field, what });
            }
        }
        // The same address may go to a country the card's issuer's must not be in.
        let billing = asked.billing.as_deref().unwrap_or_default();
        if self.filled.is_same && !allows(billing, &self.filled.shipping.country) {
            let field = CheckoutField::Address(AddressKind::Billing, AddressLine::Country);
            (self.filled.is_same, self.filled.billing) = (false, self.filled.shipping.clone());
            wrong.push(FieldProblem { field, what: Wrong::NotTaken });
        }
        (self.introduced(asked), wrong)
    }

    fn introduced(&self, asked: &AskedAddresses) -> Buyer {
        let form = &self.filled;
        let address = |form: &AddressForm| Address {
            name: self.filled.name.clone(),
            country: form.country.clone(),
            province: form.province.clone(),
            city: form.city.clone(),
            address1: form.line1.clone(),
            address2: form.line2.clone(),
            zip: form.zip.clone(),
            phone: self.filled.phone.clone(),
        };
        let billing = if form.is_same { &form.shipping } else { &form.billing };
        Buyer {
            email: form.email.clone(),
            shipping: asked.shipping.as_ref().map(|_| address(&form.shipping)),
            billing: asked.billing.as_ref().map(|_| address(billing)),
        }
    }

    fn check(&mut self, field: CheckoutField, allowed: &[String]) -> Option<Wrong> {
        let has_zip =
            |form: &AddressForm| Country::from_code(&form.country).is_none_or(Country::has_postcodes);
        let may_be_empty = match field {
            CheckoutField::Address(kind, AddressLine::Zip) => !has_zip(self.filled.address(kind)),
            _ => field.is_optional(),
        };
        let value = place(&mut self.filled, field)?;
        if value.is_empty() {
            return (!may_be_empty).then_some(Wrong::Missing);
        }
        // A card number typed into the wrong field is neither kept nor shown again.
        let is_card = match field {
            CheckoutField::Phone => has_whole_number(value),
            _ => card::has_pan(value),
        };
        if is_card {
            value.zeroize();
            return Some(Wrong::Bad);
        }
        if value.chars().count() > field.max_length() {
            return Some(Wrong::TooLong);
        }
        let is_good = match field {
            CheckoutField::Address(_, AddressLine::Country) => {
                let is_country = Country::from_code(value).is_some();
                return match is_country && allows(allowed, value) {
                    true => None,
                    false if is_country => Some(Wrong::NotTaken),
                    false => Some(Wrong::Bad),
                };
            }
            CheckoutField::Address(_, AddressLine::Zip) => {
                value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-'))
            }
            CheckoutField::Email => is_email(value),
            CheckoutField::Phone => is_phone(value),
            _ => !value.chars().any(char::is_control),
        };
        (!is_good).then_some(Wrong::Bad)
    }

    /// The card, if it can be right and is of a brand that is taken; else all that is wrong with it.
    pub fn card(&mut self, taken: &[Brand], now: Timestamp) -> Result<CardData, Vec<FieldProblem>> {
        let mut typed = Typed {
            pan: std::mem::take(&mut self.number),
            holder: Zeroizing::new(self.filled.holder.clone()),
            cvv: std::mem::take(&mut self.cvv),
            expiry: card::typed_expiry(&self.filled.expiry),
            card_type: Zeroizing::default(),
        };
        let mut wrong = Vec::new();
        for text in [&mut self.filled.holder, &mut self.filled.expiry] {
            if card::has_pan(text) || text.chars().count() > CheckoutField::Holder.max_length() {
                text.zeroize();
            }
        }
        loop {
            let CardError { field, what } = match CardData::checked(typed.clone(), now) {
                Ok(card) if !wrong.is_empty() || taken.contains(&card.brand()) => {
                    return if wrong.is_empty() { Ok(card) } else { Err(in_order(wrong)) };
                }
                Ok(_) => CardError { field: Part::Pan, what: Flaw::NoNetwork },
                Err(error) => error,
            };
            wrong.push(FieldProblem { field: field_of(field), what: wrong_of(what) });
            stand_in(&mut typed, field);
        }
    }
}

/// Without a number nobody knows how long the code is to be.
fn stand_in(typed: &mut Typed, part: Part) {
    let (pan, holder, cvv, expiry) = STAND_IN;
    match part {
        Part::Pan => {
            typed.pan = Zeroizing::new(pan.into());
            let is_some_code =
                matches!(typed.cvv.len(), 3 | 4) && typed.cvv.bytes().all(|b| b.is_ascii_digit());
            if is_some_code {
                typed.cvv = Zeroizing::new(cvv.into());
            }
        }
        Part::Holder => typed.holder = Zeroizing::new(holder.into()),
        Part::Cvv => {
            let digits = Brand::of(&typed.pan).map_or(cvv.len(), Brand::cvv_digits);
            typed.cvv = Zeroizing::new("0".repeat(digits));
        }
        Part::Expiry => typed.expiry = Zeroizing::new(expiry.into()),
        Part::CardType => typed.card_type = Zeroizing::default(),
    }
}

fn field_of(part: Part) -> CheckoutField {
    match part {
        // The form has no field for the kind of card.
        Part::Pan | Part::CardType => CheckoutField::Number,
        Part::Holder => CheckoutField::Holder,
        Part::Cvv => CheckoutField::Cvv,
        Part::Expiry => CheckoutField::Expiry,
    }
}

fn wrong_of(flaw: Flaw) -> Wrong {
    match flaw {
        Flaw::Missing => Wrong::Missing,
        Flaw::NoNetwork => Wrong::NotTaken,
        Flaw::Expired => Wrong::Expired,
        Flaw::NotPan
        | Flaw::Length
        | Flaw::Luhn
        | Flaw::NotHolder
        | Flaw::PanInHolder
        | Flaw::NotCvv
        | Flaw::NotExpiry
        | Flaw::NotCardType => Wrong::Bad,
    }
}

/// As the fields stand on the page.
fn in_order(mut wrong: Vec<FieldProblem>) -> Vec<FieldProblem> {
    let position = |problem: &FieldProblem| CheckoutField::all().position(|field| field == problem.field);
    wrong.sort_by_key(position);
    wrong
}

fn allows(codes: &[String], country: &str) -> bool {
    codes.is_empty() || codes.iter().any(|code| code == country)
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
    let has_dot = host.split_once('.').is_some_and(|(one, two)| !one.is_empty() && !two.is_empty());
    !name.is_empty() && has_dot && text.chars().filter(|c| !is_plain(*c)).count() == 1
}

fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let begins = text.starts_with(|c: char| c == '+' || c.is_ascii_digit() || c == '(');
    let rest =
        text.chars().skip(1).all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '/' | '(' | ')'));
    begins && rest && (5..=15).contains(&digits)
}

/// A telephone number may be as long as a card's; few are one in every respect.
fn has_whole_number(text: &str) -> bool {
    let digits: Zeroizing<String> = Zeroizing::new(text.chars().filter(char::is_ascii_digit).collect());
    let brand = Brand::of(&digits).filter(|brand| brand.lengths().contains(&digits.len()));
    digits.len() > 15 || brand.is_some() && card::is_luhn(&digits)
}

/// Where a field's text is kept; nowhere for what is secret.
fn place(form: &mut CheckoutForm, field: CheckoutField) -> Option<&mut String> {
    Some(match field {
        CheckoutField::Number | CheckoutField::Cvv => return None,
        CheckoutField::Expiry => &mut form.expiry,
        CheckoutField::Holder => &mut form.holder,
        CheckoutField::Name => &mut form.name,
        CheckoutField::Phone => &mut form.phone,
        CheckoutField::Email => &mut form.email,
        CheckoutField::Address(kind, line) => {
            let address = match kind {
                AddressKind::Shipping => &mut form.shipping,
                AddressKind::Billing => &mut form.billing,
            };
            match line {
                AddressLine::Country => &mut address.country,
                AddressLine::Line1 => &mut address.line1,
                AddressLine::Line2 => &mut address.line2,
                AddressLine::City => &mut address.city,
                AddressLine::Province => &mut address.province,
                AddressLine::Zip => &mut address.zip,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-26 12:00:00 UTC.
    const NOW: Timestamp = Timestamp(1_795_694_400_000);

    const CARD: [(&str, &str); 4] = [
        ("number", "4111 1111 1111 1111"),
        ("cvv", "123"),
        ("expiry", "12 / 29"),
        ("holder", "Ada Lovelace"),
    ];
    const ADDRESS: [(&str, &str); 8] = [
        ("name", "Ada Lovelace"),
        ("phone", "+44 20 7946 0000"),
        ("email", ""),
        ("shipping-country", "GB"),
        ("shipping-line1", "12 St James's Square"),
        ("shipping-city", "London"),
        ("shipping-zip", "SW1Y 4JH"),
        ("same", "1"),
    ];

    fn sent(fields: &[(&str, &str)], changes: &[(&str, &str)]) -> Sent {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        let kept = fields.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        text.extend_pairs(kept.chain(changes));
        Sent::read(Bytes::from(text.finish()))
    }

    fn asked() -> AskedAddresses {
        AskedAddresses { shipping: Some(vec!["GB".into(), "HK".into()]), billing: Some(Vec::new()) }
    }

    fn wrong_in(problems: &[FieldProblem]) -> Vec<(String, Wrong)> {
        problems.iter().map(|problem| (problem.field.name(), problem.what)).collect()
    }

    #[test]
    fn a_card_is_read_as_people_type_it() {
        for (changes, expiry) in [
            (vec![], "1229"),
            (vec![("number", "4111-1111-1111-1111"), ("expiry", "1/30")], "0130"),
            (vec![("expiry", "12/2029")], "1229"),
            (vec![("holder", "  Ada Lovelace ")], "1229"),
        ] {
            let mut form = sent(&CARD, &changes);
            let card = form.card(&Brand::ALL, NOW).unwrap();
            assert_eq!(
                (card.pan(), card.cvv(), card.expiry()),
                ("4111111111111111", "123", expiry),
                "{changes:?}"
            );
            assert_eq!(card.holder(), "Ada Lovelace");
        }
    }

    #[test]
    fn everything_that_is_wrong_with_a_card_is_said_at_once() {
        use Wrong::*;
        let long = "x".repeat(5_000);
        for (changes, problems) in [
            (vec![("number", "4111111111111112")], vec![("number", Bad)]),
            (vec![("number", "411111111111")], vec![("number", Bad)]),
            (vec![("number", "9111111111111111")], vec![("number", NotTaken)]),
            (vec![("number", "6200000000000005")], vec![("number", NotTaken)]),
            (vec![("number", "378282246310005")], vec![("cvv", Bad)]),
            (vec![("number", "4111111111111112"), ("cvv", "1234")], vec![("number", Bad)]),
            (vec![("number", "4111111111111112"), ("cvv", "12")], vec![("number", Bad), ("cvv", Bad)]),
            (vec![("expiry", "10/26")], vec![("expiry", Expired)]),
            (vec![("expiry", "13/29")], vec![("expiry", Bad)]),
            (vec![("holder", "4111 1111 1111 1111")], vec![("holder", Bad)]),
            (vec![("holder", &long)], vec![("holder", Bad)]),
            (
                vec![("number", ""), ("cvv", ""), ("expiry", " "), ("holder", "")],
                vec![("number", Missing), ("expiry", Missing), ("cvv", Missing), ("holder", Missing)],
            ),
            (
                vec![("number", "4x"), ("cvv", "x"), ("expiry", "0/0"), ("holder", "\u{7}")],
                vec![("number", Bad), ("expiry", Bad), ("cvv", Bad), ("holder", Bad)],
            ),
        ] {
            let mut form = sent(&CARD, &changes);
            let found = form.card(&[Brand::Visa, Brand::Amex], NOW).map(drop).unwrap_err();
            let expected: Vec<_> = problems.iter().map(|(name, what)| ((*name).to_owned(), *what)).collect();
            assert_eq!(wrong_in(&found), expected, "{changes:?}");
        }
        // No card at all, and no form.
        assert_eq!(
            Sent::read(Bytes::from_static(b"\xff=%zz&&&number")).card(&Brand::ALL, NOW).unwrap_err().len(),
            4
        );
    }

    #[test]
    fn a_card_number_in_the_wrong_field_is_not_kept() {
        for field in CheckoutField::all().filter(|field| !field.is_secret()) {
            let name = field.name();
            let mut fields = ADDRESS.to_vec();
            fields.extend(CARD);
            fields.retain(|(known, _)| *known != "same");
            let mut form = sent(&fields, &[(&name, "4111 1111 1111 1111")]);
            let (buyer, wrong) = form.buyer(&asked());
            let card = form.card(&Brand::ALL, NOW);
            let is_named = |wrong: &[FieldProblem]| wrong.iter().any(|problem| problem.field == field);
            assert!(is_named(&wrong) || card.is_err_and(|wrong| is_named(&wrong)), "{name}");
            assert!(!format!("{:?} {buyer:?}", form.filled).contains("1111"), "{name}");
        }
    }

    #[test]
    fn addresses_are_checked_where_they_are_asked_for() {
        use Wrong::*;
        type Case<'c> = (&'c [(&'c str, &'c str)], &'c [(&'c str, Wrong)]);
        let cases: &[Case<'_>] = &[
            (&[], &[]),
            (&[("shipping-country", "HK"), ("shipping-zip", "")], &[]),
            (&[("shipping-zip", "")], &[("shipping-zip", Missing)]),
            (&[("shipping-zip", "<b>")], &[("shipping-zip", Bad)]),
            (&[("shipping-country", "US")], &[("shipping-country", NotTaken)]),
            (&[("shipping-country", "gb")], &[("shipping-country", Bad)]),
            (&[("name", ""), ("phone", "12")], &[("name", Missing), ("phone", Bad)]),
            (&[("phone", "+86 138 0013 8000")], &[]),
            (&[("email", "ada@example.com")], &[]),
            (&[("email", "ada@example")], &[("email", Bad)]),
            (&[("email", "a b@example.com")], &[("email", Bad)]),
        ];
        for (changes, problems) in cases {
            let (_, wrong) = sent(&ADDRESS, changes).buyer(&asked());
            let expected: Vec<_> = problems.iter().map(|(name, what)| ((*name).to_owned(), *what)).collect();
            assert_eq!(wrong_in(&wrong), expected, "{changes:?}");
        }
        let city = "x".repeat(65);
        let (_, wrong) = sent(&ADDRESS, &[("shipping-city", &city)]).buyer(&asked());
        assert_eq!(wrong_in(&wrong), [("shipping-city".to_owned(), TooLong)]);
    }

    #[test]
    fn one_address_may_stand_for_both() {
        let (buyer, wrong) = sent(&ADDRESS, &[]).buyer(&asked());
        assert!(wrong.is_empty());
        assert_eq!(buyer.billing, buyer.shipping);
        assert_eq!(buyer.shipping.unwrap().phone, "+44 20 7946 0000");
        // The shop wants to send there, but not to be paid from there.
        let only = AskedAddresses { billing: Some(vec!["US".into()]), ..asked() };
        let mut form = sent(&ADDRESS, &[]);
        let (_, wrong) = form.buyer(&only);
        assert_eq!(wrong_in(&wrong), [("billing-country".to_owned(), Wrong::NotTaken)]);
        assert!(!form.filled.is_same, "the address is shown to be changed");
        assert_eq!(form.filled.billing.city, "London");
        // Nobody asked: nothing is kept, whatever is sent.
        let (buyer, wrong) = sent(&ADDRESS, &[]).buyer(&AskedAddresses::default());
        assert_eq!((buyer, wrong.len()), (Buyer::default(), 0));
    }
}
