//! Card numbers: whose network they are of, whether they can be right, what of them may be shown. And the card a payer
//! typed or a merchant sent, on its way to the acquirer.
//!
//! Knows: prefixes, lengths, the check digit, dates. Deliberately does not know: whether a card exists, who issued it, or
//! any protocol's names for these. A card wipes itself from memory; it is neither printed nor serialised.

use std::fmt;

use tillgate_core::Timestamp;
use zeroize::Zeroizing;

use super::time;

/// A card network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Brand {
    Visa,
    MasterCard,
    Amex,
    Discover,
    Jcb,
    DinersClub,
    UnionPay,
}

/// Digits of a number of any network.
const LENGTHS: std::ops::RangeInclusive<usize> = 13..=19;

impl Brand {
    pub const ALL: [Self; 7] = [
        Self::Visa,
        Self::MasterCard,
        Self::Amex,
        Self::Discover,
        Self::Jcb,
        Self::DinersClub,
        Self::UnionPay,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Visa => "Visa",
            Self::MasterCard => "MasterCard",
            Self::Amex => "Amex",
            Self::Discover => "Discover",
            Self::Jcb => "JCB",
            Self::DinersClub => "DinersClub",
            Self::UnionPay => "UnionPay",
        }
    }

    /// Exactly the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }

    /// The network of a number by its first digits, also of one that is still being typed: four always suffice.
    pub fn of(digits: &str) -> Option<Self> {
        let first = |count: usize| {
            let digits = digits.get(..count).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
            digits.and_then(|digits| digits.parse::<u16>().ok()).unwrap_or(0)
        };
        Some(match (first(1), first(2), first(3), first(4)) {
            (4, ..) => Self::Visa,
            (_, 51..=55, ..) | (.., 2221..=2720) => Self::MasterCard,
            (_, 34 | 37, ..) => Self::Amex,
            (_, 65, ..) | (_, _, 644..=649, _) | (.., 6011) => Self::Discover,
            (.., 3528..=3589) => Self::Jcb,
            (_, 36 | 38 | 39, ..) | (_, _, 300..=305, _) => Self::DinersClub,
            (_, 62 | 81, ..) => Self::UnionPay,
            _ => return None,
        })
    }

    /// How many digits its numbers have.
    pub fn lengths(self) -> &'static [usize] {
        match self {
            Self::Visa => &[13, 16, 19],
            Self::MasterCard => &[16],
            Self::Amex => &[15],
            Self::Discover | Self::Jcb | Self::UnionPay => &[16, 17, 18, 19],
            Self::DinersClub => &[14, 15, 16, 17, 18, 19],
        }
    }

    /// Digits of the code on the card.
    pub fn cvv_digits(self) -> usize {
        match self {
            Self::Amex => 4,
            Self::Visa
            | Self::MasterCard
            | Self::Discover
            | Self::Jcb
            | Self::DinersClub
            | Self::UnionPay => 3,
        }
    }
}

/// Whether the last digit is the check digit of the others (Luhn). Digits only.
pub fn is_luhn(pan: &str) -> bool {
    let sum = |sum: u32, (at, byte): (usize, u8)| {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        let doubled = if at % 2 == 0 { digit } else { digit * 2 };
        sum + if doubled > 9 { doubled - 9 } else { doubled }
    };
    is_digits(pan) && pan.bytes().rev().enumerate().fold(0, sum) % 10 == 0
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `411111****1111`: all of a number that may ever be shown. `None` unless it has 13 to 19 digits.
pub fn masked(pan: &str) -> Option<String> {
    let fits = LENGTHS.contains(&pan.len()) && is_digits(pan);
    fits.then(|| format!("{}****{}", &pan[..6], &pan[pan.len() - 4..]))
}

/// Whether a text has as many digits as a card's number with no letter between them: somebody typed it into the wrong
/// field, whatever he put between its groups.
pub fn has_pan(text: &str) -> bool {
    let mut run = 0;
    text.chars().any(|c| {
        if c.is_numeric() {
            run += 1;
        } else if c.is_alphabetic() {
            run = 0;
        }
        run >= *LENGTHS.start()
    })
}

/// The same of a telephone number, which may be as long as a card's: few are one in every respect.
pub fn has_whole_pan(text: &str) -> bool {
    let digits: Zeroizing<String> = Zeroizing::new(text.chars().filter(char::is_ascii_digit).collect());
    let brand = Brand::of(&digits).filter(|brand| brand.lengths().contains(&digits.len()));
    digits.len() > 15 || brand.is_some() && is_luhn(&digits)
}

/// What people type for a number: the digits without the blanks and hyphens between them.
pub fn typed(text: &str) -> Zeroizing<String> {
    let mut kept = Zeroizing::new(String::with_capacity(text.len()));
    kept.extend(text.chars().filter(|c| !matches!(c, ' ' | '-')));
    kept
}

/// What people type for `MMYY`: `1/29`, `01 / 29`, `01/2029`, `0129`. Anything else comes back as it is, to be refused.
pub fn typed_expiry(text: &str) -> Zeroizing<String> {
    let plain = typed(text);
    let Some((month, year)) = plain.split_once('/') else { return plain };
    let year = year.strip_prefix("20").filter(|rest| rest.len() == 2).unwrap_or(year);
    let zero = if month.len() == 1 { "0" } else { "" };
    let mut joined = Zeroizing::new(String::with_capacity(plain.len() + 1));
    joined.extend([zero, month, year]);
    joined
}

/// A part of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    Pan,
    Holder,
    Cvv,
    Expiry,
    CardType,
}

impl Part {
    pub fn name(self) -> &'static str {
        match self {
            Self::Pan => "pan",
            Self::Holder => "holder",
            Self::Cvv => "cvv",
            Self::Expiry => "expiry",
            Self::CardType => "card_type",
        }
    }
}

/// What is wrong with a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("is missing or empty")]
    Missing,
    #[error("must be 13 to 19 digits")]
    NotPan,
    #[error("is not of a card network we know")]
    NoNetwork,
    #[error("has not the length of its network's numbers")]
    Length,
    #[error("has a wrong check digit")]
    Luhn,
    #[error("must be 1 to 64 characters without control characters")]
    NotHolder,
    #[error("must not have a card number in it")]
    PanInHolder,
    #[error("must be 3 digits, or 4 of an Amex card")]
    NotCvv,
    #[error("must be four digits, MMYY")]
    NotExpiry,
    #[error("is in the past")]
    Expired,
    #[error("must be 1, 2, 3 or 4")]
    NotCardType,
}

/// Which part of a card is wrong, and how. Nothing of the card is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} {what}", field.name())]
pub struct CardError {
    pub field: Part,
    pub what: Flaw,
}

/// The texts of a card, nothing of them checked. Empty is absent.
#[derive(Clone, Default)]
pub struct Typed {
    pub pan: Zeroizing<String>,
    pub holder: Zeroizing<String>,
    pub cvv: Zeroizing<String>,
    /// `MMYY`.
    pub expiry: Zeroizing<String>,
    /// `1` debit, `2` credit, `3` EBT, `4` gift.
    pub card_type: Zeroizing<String>,
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}

/// A card that can be right: to be moved to the acquirer and forgotten.
#[derive(Clone, PartialEq, Eq)]
pub struct CardData {
    pan: Zeroizing<String>,
    holder: Zeroizing<String>,
    cvv: Zeroizing<String>,
    expiry: Zeroizing<String>,
    card_type: Option<u8>,
    brand: Brand,
}

impl fmt::Debug for CardData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardData(…)")
    }
}

impl CardData {
    /// What is missing is said before what is wrong.
    pub fn checked(typed: Typed, now: Timestamp) -> Result<Self, CardError> {
        let Typed { pan, holder, cvv, expiry, card_type } = typed;
        let flaw = |field, what| CardError { field, what };
        for (field, text) in
            [(Part::Pan, &pan), (Part::Holder, &holder), (Part::Cvv, &cvv), (Part::Expiry, &expiry)]
        {
            if text.is_empty() {
                return Err(flaw(field, Flaw::Missing));
            }
        }
        let brand = check_pan(&pan).map_err(|what| flaw(Part::Pan, what))?;
        let is_name = holder.chars().count() <= 64 && !holder.chars().any(char::is_control);
        if !is_name || holder.trim().is_empty() {
            return Err(flaw(Part::Holder, Flaw::NotHolder));
        }
        if has_pan(&holder) {
            return Err(flaw(Part::Holder, Flaw::PanInHolder));
        }
        if !is_digits(&cvv) || cvv.len() != brand.cvv_digits() {
            return Err(flaw(Part::Cvv, Flaw::NotCvv));
        }
        check_expiry(&expiry, now).map_err(|what| flaw(Part::Expiry, what))?;
        let card_type = match card_type.as_str() {
            "" => None,
            "1" | "2" | "3" | "4" => card_type.parse().ok(),
            _ => return Err(flaw(Part::CardType, Flaw::NotCardType)),
        };
        Ok(Self { pan, holder, cvv, expiry, card_type, brand })
    }

    pub fn pan(&self) -> &str {
        &self.pan
    }

    pub fn holder(&self) -> &str {
        &self.holder
    }

    pub fn cvv(&self) -> &str {
        &self.cvv
    }

    /// `MMYY`.
    pub fn expiry(&self) -> &str {
        &self.expiry
    }

    /// 1 debit, 2 credit, 3 EBT, 4 gift, if the sender said.
    pub fn card_type(&self) -> Option<u8> {
        self.card_type
    }

    pub fn brand(&self) -> Brand {
        self.brand
    }

    pub fn first_six(&self) -> &str {
        &self.pan[..6]
    }

    pub fn last_four(&self) -> &str {
        &self.pan[self.pan.len() - 4..]
    }

    /// `411111****1111`.
    pub fn masked(&self) -> String {
        format!("{}****{}", self.first_six(), self.last_four())
    }
}

fn check_pan(pan: &str) -> Result<Brand, Flaw> {
    if !is_digits(pan) || !LENGTHS.contains(&pan.len()) {
        return Err(Flaw::NotPan);
    }
    let brand = Brand::of(pan).ok_or(Flaw::NoNetwork)?;
    if !brand.lengths().contains(&pan.len()) {
        return Err(Flaw::Length);
    }
    if is_luhn(pan) { Ok(brand) } else { Err(Flaw::Luhn) }
}

/// A card holds to the end of its month, wherever on earth that is.
fn check_expiry(expiry: &str, now: Timestamp) -> Result<(), Flaw> {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u16>().ok());
    let is_date = expiry.len() == 4 && is_digits(expiry);
    let (month, year) = (number(expiry.get(..2)), number(expiry.get(2..)));
    let date = month.zip(year).filter(|(month, _)| is_date && (1..=12).contains(month));
    let (month, year) = date.ok_or(Flaw::NotExpiry)?;
    // `2026-11-26 …`, twelve hours behind UTC.
    let today = time::spaced(now, -12);
    let this = number(today.get(..4)).zip(number(today.get(5..7))).unwrap_or_default();
    if (2_000 + year, month) < this { Err(Flaw::Expired) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-26 12:00:00 UTC.
    const NOW: Timestamp = Timestamp(1_795_694_400_000);

    fn card(pan: &str, cvv: &str, expiry: &str) -> Result<CardData, CardError> {
        let text = |text: &str| Zeroizing::new(text.to_owned());
        let typed = Typed {
            pan: text(pan),
            holder: text("Zoë O'Neil"),
            cvv: text(cvv),
            expiry: text(expiry),
            card_type: text(""),
        };
        CardData::checked(typed, NOW)
    }

    #[test]
    fn numbers_of_each_network() {
        // The networks' published test numbers.
        for (pan, brand, cvv) in [
            ("4111111111111111", Brand::Visa, "123"),
            ("4222222222222", Brand::Visa, "123"),
            ("5555555555554444", Brand::MasterCard, "123"),
            ("2223003122003222", Brand::MasterCard, "123"),
            ("378282246310005", Brand::Amex, "1234"),
            ("6011111111111117", Brand::Discover, "123"),
            ("3530111333300000", Brand::Jcb, "123"),
            ("30569309025904", Brand::DinersClub, "123"),
            ("38520000023237", Brand::DinersClub, "123"),
            ("6200000000000005", Brand::UnionPay, "123"),
        ] {
            let card = card(pan, cvv, "1226").unwrap();
            assert_eq!((card.brand(), Brand::of(&pan[..4])), (brand, Some(brand)), "{pan}");
            assert_eq!(Brand::from_word(brand.word()), Some(brand));
            assert_eq!(card.masked(), format!("{}****{}", &pan[..6], &pan[pan.len() - 4..]));
            assert_eq!(masked(pan), Some(card.masked()));
        }
        assert_eq!(Brand::of("2720"), Some(Brand::MasterCard));
        for none in ["", "1", "2220", "2721", "3", "x411", "5077", "6", "9", "٤١١١"] {
            assert_eq!(Brand::of(none), None, "{none}");
        }
    }

    #[test]
    fn what_cannot_be_right_is_named() {
        for (pan, cvv, expiry, said) in [
            ("", "123", "1226", "pan is missing or empty"),
            ("411111111111", "123", "1226", "pan must be 13 to 19 digits"),
            ("41111111111111111111", "123", "1226", "pan must be 13 to 19 digits"),
            ("4111 1111 1111 1111", "123", "1226", "pan must be 13 to 19 digits"),
            ("411111111111111x", "123", "1226", "pan must be 13 to 19 digits"),
            ("٤١١١١١١١", "123", "1226", "pan must be 13 to 19 digits"),
            ("9111111111111111", "123", "1226", "pan is not of a card network we know"),
            ("41111111111111", "123", "1226", "pan has not the length of its network's numbers"),
            ("4111111111111112", "123", "1226", "pan has a wrong check digit"),
            ("4111111111111111", "", "1226", "cvv is missing or empty"),
            ("4111111111111111", "12", "1226", "cvv must be 3 digits, or 4 of an Amex card"),
            ("4111111111111111", "1234", "1226", "cvv must be 3 digits, or 4 of an Amex card"),
            ("378282246310005", "123", "1226", "cvv must be 3 digits, or 4 of an Amex card"),
            ("4111111111111111", "12x", "1226", "cvv must be 3 digits, or 4 of an Amex card"),
            ("4111111111111111", "123", "", "expiry is missing or empty"),
            ("4111111111111111", "123", "1026", "expiry is in the past"),
            ("4111111111111111", "123", "1225", "expiry is in the past"),
            ("4111111111111111", "123", "0026", "expiry must be four digits, MMYY"),
            ("4111111111111111", "123", "1326", "expiry must be four digits, MMYY"),
            ("4111111111111111", "123", "11/26", "expiry must be four digits, MMYY"),
            ("4111111111111111", "123", "+126", "expiry must be four digits, MMYY"),
            ("4111111111111111", "123", "1é6", "expiry must be four digits, MMYY"),
        ] {
            assert_eq!(card(pan, cvv, expiry).unwrap_err().to_string(), said, "{pan} {cvv} {expiry}");
        }
        assert!(card("4111111111111111", "123", "1126").is_ok());
    }

    #[test]
    fn a_month_ends_where_it_ends_last() {
        let at = |ms: i64| check_expiry("1126", Timestamp(ms));
        let midnight = 1_796_083_200_000;
        assert_eq!(time::spaced(Timestamp(midnight), 0), "2026-12-01 00:00:00");
        assert_eq!(at(midnight + 12 * 3_600_000 - 1), Ok(()));
        assert_eq!(at(midnight + 12 * 3_600_000), Err(Flaw::Expired));
    }

    #[test]
    fn holders_and_types() {
        let with = |holder: &str, card_type: &str| {
            let text = |text: &str| Zeroizing::new(text.to_owned());
            let typed = Typed {
                pan: text("4111111111111111"),
                holder: text(holder),
                cvv: text("123"),
                expiry: text("1226"),
                card_type: text(card_type),
            };
            CardData::checked(typed, NOW).map_err(|error| error.to_string())
        };
        assert_eq!(with("张三", "2").unwrap().card_type(), Some(2));
        assert_eq!(with(&"é".repeat(64), "").unwrap().card_type(), None);
        let shape = "holder must be 1 to 64 characters without control characters";
        for holder in [" ", "a\u{0}b", "a\nb", &"é".repeat(65)] {
            assert_eq!(with(holder, "").unwrap_err(), shape);
        }
        for holder in ["4111111111111111", "J 4111 1111-1111 1111"] {
            assert_eq!(with(holder, "").unwrap_err(), "holder must not have a card number in it");
        }
        for kind in ["0", "5", "22", "x", "+1"] {
            assert_eq!(with("J", kind).unwrap_err(), "card_type must be 1, 2, 3 or 4");
        }
    }

    #[test]
    fn what_people_type() {
        assert_eq!(*typed("4111 1111-1111 1111"), "4111111111111111");
        for (text, read) in
            [("1/29", "0129"), ("01 / 29", "0129"), ("12/2029", "1229"), ("0129", "0129"), ("x", "x")]
        {
            assert_eq!(*typed_expiry(text), read, "{text}");
        }
        assert!(check_expiry(&typed_expiry("1/2/9"), NOW).is_err());
    }

    #[test]
    fn nothing_shows_itself() {
        let card = card("4111111111111111", "987", "1226").unwrap();
        let typed = Typed { pan: Zeroizing::new("4111111111111111".to_owned()), ..Typed::default() };
        assert_eq!(format!("{card:?}{typed:?}"), "CardData(…)Typed(…)");
        assert_eq!(masked("411111111111"), None);
    }
}
