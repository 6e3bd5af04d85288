//! An amount as it came over the wire: its text, and the same in minor units.
//!
//! Knows: decimals with all digits of their currency, `12.50`. Deliberately does not know: currencies.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Amount {
    pub text: String,
    /// The digits without the point.
    pub minor: i64,
    /// Digits after the point.
    pub decimals: usize,
}

impl Amount {
    /// `None` unless it is digits with at most one point inside and fits 10^15 minor units.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, part) = match text.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits = || whole.bytes().chain(part.bytes());
        if whole.is_empty() || digits().count() > 15 || !digits().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let minor = digits().fold(0_i64, |sum, byte| sum * 10 + i64::from(byte - b'0'));
        Some(Self { text: text.to_owned(), minor, decimals: part.len() })
    }

    /// The last two digits, by which the rules go.
    pub fn ending(&self) -> u8 {
        u8::try_from(self.minor.rem_euclid(100)).unwrap_or_default()
    }
}

impl TryFrom<String> for Amount {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not an amount")
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_exactly() {
        for (text, minor, decimals, ending) in
            [("120.51", 12_051, 2, 51), ("1051", 1_051, 0, 51), ("1.051", 1_051, 3, 51), ("0.07", 7, 2, 7)]
        {
            let amount = Amount::parse(text).unwrap();
            assert_eq!((amount.minor, amount.decimals, amount.ending()), (minor, decimals, ending));
        }
        for text in ["", ".5", "1.", "-1", "1.2.3", "1e5", "1234567890123456"] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }
}
