//! Cards: how one is read, which network's it is, what may be kept of it.
//!
//! Knows: number ranges, the check digit, expiry dates. Deliberately does not know: which cards are made for
//! tests (`test_cards`). A whole number is never kept, printed or written.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryMode {
    Swipe = 1,
    Chip = 2,
    Contactless = 3,
    Manual = 4,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardType {
    Debit = 1,
    Credit = 2,
    Ebt = 3,
    Gift = 4,
}

/// A card held to a simulated terminal. It is serialised for the terminal's call alone; it does not print itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestCardInput {
    pub pan: Zeroizing<String>,
    /// `MMYY`; empty if it was not read.
    #[serde(default)]
    pub expiry: Zeroizing<String>,
    pub entry: EntryMode,
    /// The test card's own if not said, credit if it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<CardType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Zeroizing<String>>,
}

impl TestCardInput {
    /// A card by its number, read with its chip.
    pub fn new(pan: &str) -> Self {
        let (pan, expiry) = (Zeroizing::new(pan.to_owned()), Zeroizing::default());
        Self { pan, expiry, entry: EntryMode::Chip, kind: None, pin: None }
    }
}

impl fmt::Debug for TestCardInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestCardInput").field("entry", &self.entry).finish_non_exhaustive()
    }
}

/// What is kept of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardFacts {
    pub brand: String,
    pub first_six: String,
    pub last_four: String,
    pub kind: CardType,
    pub entry: EntryMode,
}

impl CardFacts {
    /// Nothing is kept of a number too short to hide the middle of.
    pub fn of(card: &TestCardInput, kind: CardType) -> Self {
        let pan = card.pan.as_str();
        let is_long = is_number(pan);
        let part =
            |from: usize, to: usize| pan.get(from..to).filter(|_| is_long).unwrap_or_default().to_owned();
        Self {
            brand: if is_long { brand_of(pan) } else { "" }.to_owned(),
            first_six: part(0, 6),
            last_four: part(pan.len().saturating_sub(4), pan.len()),
            kind,
            entry: card.entry,
        }
    }

    /// As a receipt shows it, `411111****1111`.
    pub fn masked(&self) -> String {
        match self.first_six.is_empty() {
            true => String::new(),
            false => format!("{}****{}", self.first_six, self.last_four),
        }
    }
}

/// 13 to 19 digits.
fn is_number(pan: &str) -> bool {
    (13..=19).contains(&pan.len()) && pan.bytes().all(|byte| byte.is_ascii_digit())
}

/// A card number whose check digit is right.
pub fn is_valid(pan: &str) -> bool {
    let luhn = |sum: u32, (position, byte): (usize, u8)| {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        sum + match position % 2 {
            0 => digit,
            _ if digit > 4 => digit * 2 - 9,
            _ => digit * 2,
        }
    };
    is_number(pan) && pan.bytes().rev().enumerate().fold(0, luhn) % 10 == 0
}

/// The network's word, empty for a number of none.
pub fn brand_of(pan: &str) -> &'static str {
    let first = |count: usize| pan.get(..count).and_then(|digits| digits.parse::<u32>().ok()).unwrap_or(0);
    match (first(2), first(3), first(4)) {
        (40..=49, _, _) => "Visa",
        (51..=55, _, _) | (_, _, 2221..=2720) => "MasterCard",
        (34 | 37, _, _) => "Amex",
        (65, _, _) | (_, 644..=649, _) | (_, _, 6011) => "Discover",
        (_, _, 3528..=3589) => "JCB",
        (36 | 38 | 39, _, _) | (_, 300..=305, _) => "DinersClub",
        (62 | 81, _, _) => "UnionPay",
        _ => "",
    }
}

/// Whether `MMYY` is over in UTC; `None` if it is no such date.
pub fn is_expired(expiry: &str, now_ms: i64) -> Option<bool> {
    let is_date = expiry.len() == 4 && expiry.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| text.parse::<i64>().ok();
    let (month, year) = expiry.split_at_checked(2).filter(|_| is_date)?;
    let month = number(month).filter(|month| (1..=12).contains(month))?;
    Some(months_at(now_ms) > (2000 + number(year)?) * 12 + month - 1)
}

/// Months since the year 0 in the proleptic Gregorian calendar: years begin with March here, so that the leap
/// day is the last.
fn months_at(now_ms: i64) -> i64 {
    let days = now_ms.div_euclid(86_400_000) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    (era * 400 + year_of_era) * 12 + (5 * day_of_year + 2) / 153 + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_lasts_to_the_end_of_its_month() {
        // 2026-11-25 and the first moment of 2026-12
        let (november_ms, december_ms) = (1_795_564_800_000, 1_796_083_200_000);
        for (expiry, now_ms, expired) in [
            ("1126", november_ms, Some(false)),
            ("1126", december_ms - 1, Some(false)),
            ("1126", december_ms, Some(true)),
            ("1026", november_ms, Some(true)),
            ("1230", 0, Some(false)),
            ("0224", 1_709_164_800_000, Some(false)), // 2024-02-29
            ("0224", 1_709_251_200_000, Some(true)),
            ("1326", 0, None),
            ("0026", 0, None),
            ("126", 0, None),
            ("1２6", 0, None),
        ] {
            assert_eq!(is_expired(expiry, now_ms), expired, "{expiry} {now_ms}");
        }
    }

    #[test]
    fn numbers_are_checked_and_hidden() {
        assert!(is_valid("4111111111111111") && !is_valid("4111111111111112"));
        assert!(!is_valid("4111") && !is_valid("") && !is_valid("411111111111111x"));
        let facts = |pan: &str| CardFacts::of(&TestCardInput::new(pan), CardType::Credit);
        assert_eq!(facts("4111111111111111").masked(), "411111****1111");
        assert_eq!(facts("41111111").masked(), "", "too short to hide anything of");
        assert!(!format!("{:?}", TestCardInput::new("4111111111111111")).contains("4111"));
        assert_eq!([brand_of("2720990000000007"), brand_of("9999")], ["MasterCard", ""]);
    }
}
